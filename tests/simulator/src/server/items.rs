//! What a push leaves to a person, and what people decided.

use std::collections::BTreeMap;
use std::sync::Arc;

use protocol::conflict::{self, Item, Judgement, Kind, Source};
use protocol::error::{Refusal, RefusalCode};
use protocol::merge::{Merged, ReviewColumn, merge};
use protocol::mutation::{Change, Mutation, Op};
use protocol::permission::Roles;
use protocol::safety::RULES_VERSION;
use protocol::table::{TableName, Values};
use protocol::validate::moment_text;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Mistake;
use super::push::{Done, Origin, Writing};

/// A chain of mergers is followed so far.
const LONGEST_CHAIN: usize = 20;

type Checked<T> = Result<T, Refusal>;

/// A decision of a mutation, beside the item that it is about.
pub(super) struct Decision<'a> {
    change: &'a Change,
    item: Values,
    judgement: Judgement,
}

/// The decisions of a mutation, by their items.
pub(super) type Decisions<'a> = BTreeMap<Uuid, Decision<'a>>;

/// What becomes of a change in view of the mutation's decisions.
#[derive(PartialEq, Eq)]
pub(super) enum Course {
    /// It is merged like any other.
    Merge,
    /// It is done already, or another decision holds.
    Leave,
}

/// Looks at the decisions before anything is merged.
pub(super) fn decisions<'a>(
    writing: &Writing,
    roles: &Roles,
    mutation: &'a Mutation,
) -> Checked<Decisions<'a>> {
    let mut decisions = Decisions::new();
    for change in &mutation.changes {
        if change.table != TableName::SyncConflicts || change.op == Op::Insert {
            continue;
        }
        let Some(held) = writing.visible((change.table, change.id)) else {
            merge(change, None, roles, 0)?;
            continue;
        };
        let item = held.row.values.clone();
        let judgement = conflict::judge(&item, change, roles)?;
        decisions.insert(change.id, Decision { change, item, judgement });
    }
    Ok(decisions)
}

/// Checks what a change has to do with a decision, and whether that decision holds.
pub(super) fn course(decisions: &Decisions<'_>, change: &Change) -> Checked<Course> {
    let id = match change.decides {
        Some(id) => id,
        None if change.table == TableName::SyncConflicts && change.op != Op::Insert => change.id,
        None => return Ok(Course::Merge),
    };
    let Some(decision) = decisions.get(&id) else {
        return Err(Refusal::new(
            RefusalCode::BadValue,
            "A change carries out a decision that was not made.",
        ));
    };
    if change.decides.is_some() {
        conflict::check_deed(&decision.item, decision.change, change)?;
    }
    Ok(if decision.judgement == Judgement::First { Course::Merge } else { Course::Leave })
}

/// Writes down in an item who decided it and when.
pub(super) fn sign(row: &mut Values, origin: &Origin<'_>) {
    row.insert("resolved_by".to_owned(), json!(origin.actor));
    row.insert("resolved_name".to_owned(), json!(origin.name));
    row.insert("resolved_at".to_owned(), json!(moment_text(origin.recorded_at)));
}

/// The item that asks whether `row` is registered a second time as `other`.
pub(super) fn duplicate(row: Uuid, other: Uuid, rule: &'static str) -> Item {
    Item {
        id: conflict::duplicate_id(row, other),
        kind: Kind::Duplicate,
        table: TableName::Patients,
        row,
        column: None,
        patient: Some(row),
        rule: Some((rule, RULES_VERSION)),
        base: Value::Null,
        theirs: json!(other),
        ours: json!(row),
        theirs_from: Source::default(),
        ours_from: Source::default(),
    }
}

impl Writing {
    /// What follows from the decisions beyond the rows that the mutation writes.
    pub(super) fn conclude(
        &mut self,
        origin: &Origin<'_>,
        decisions: &Decisions<'_>,
        done: &mut Done,
    ) -> Checked<()> {
        for (id, decision) in decisions {
            match decision.judgement {
                Judgement::Same => done.met_others = true,
                Judgement::Differs => {
                    let words = [
                        "again",
                        &id.to_string(),
                        &self.caller.device.to_string(),
                        &origin.sequence.to_string(),
                    ];
                    let from = self.source(origin);
                    let item =
                        conflict::again(&decision.item, decision.change, conflict::id_of(&words), from);
                    let Some(item) = item else { continue };
                    done.met_others = true;
                    done.review.push(ReviewColumn {
                        table: TableName::SyncConflicts,
                        id: *id,
                        column: "choice".to_owned(),
                        base: item.base.clone(),
                        theirs: item.theirs.clone(),
                        ours: item.ours.clone(),
                    });
                    self.open(&item);
                }
                Judgement::First if Kind::of(&decision.item) == Some(Kind::Duplicate) => {
                    for name in ["row_id", "theirs"] {
                        let patient = decision.item.get(name).and_then(Value::as_str);
                        if let Some(patient) = patient.and_then(|id| id.parse().ok()) {
                            self.unmark(origin, patient)?;
                        }
                    }
                }
                Judgement::First => {}
            }
        }
        Ok(())
    }

    /// Takes the mark from a patient about whom nothing is asked any more.
    fn unmark(&mut self, origin: &Origin<'_>, patient: Uuid) -> Checked<()> {
        let id = json!(patient);
        let is_asked = self.tenant.rows.iter().any(|((table, _), held)| {
            let says = |name: &str, value: &Value| held.row.values.get(name) == Some(value);
            *table == TableName::SyncConflicts
                && says("kind", &json!("duplicate"))
                && says("state", &json!("open"))
                && (says("row_id", &id) || says("theirs", &id))
        });
        let key = (TableName::Patients, patient);
        let Some(held) = self.tenant.rows.get(&key) else { return Ok(()) };
        let mut row = held.row.clone();
        if !is_asked && row.values.get("needs_review") == Some(&Value::Bool(true)) {
            row.values.insert("needs_review".to_owned(), false.into());
            self.write(origin, key, row)?;
        }
        Ok(())
    }

    /// Opens what a person asks: whether two registrations are one person.
    pub(super) fn propose(&mut self, origin: &Origin<'_>, change: &Change) -> Checked<bool> {
        conflict::check_proposal(change)?;
        let id = |name: &str| change.set.get(name).and_then(|set| set.value.as_str()?.parse::<Uuid>().ok());
        let (Some(row), Some(other)) = (id("row_id"), id("theirs")) else { return Ok(false) };
        for patient in [row, other] {
            let held = self.tenant.rows.get(&(TableName::Patients, patient));
            if held.is_none_or(|held| held.row.deleted) {
                let detail = "A patient of whom it is asked does not exist here.";
                return Err(Refusal::new(RefusalCode::MissingParent, detail));
            }
        }
        let item = Item {
            theirs_from: self.source_of(TableName::Patients, other),
            ours_from: self.source(origin),
            ..duplicate(row, other, "proposed")
        };
        Ok(self.open(&item))
    }

    /// Asks whether a patient is the one that was there before under the same number and name.
    pub(super) fn ask_whether_one(&mut self, origin: &Origin<'_>, row: Uuid, other: Uuid) {
        let item = Item {
            theirs_from: self.source_of(TableName::Patients, other),
            ours_from: self.source(origin),
            ..duplicate(row, other, "same_number_and_name")
        };
        self.open(&item);
    }

    /// Two patients who were merged into each other by people who did not know of each other: the first merger holds.
    pub(super) fn keep_out_of_circles(&self, change: &Change, merged: &mut Merged) -> Checked<()> {
        let into = |values: &Values| {
            values.get("merged_into_id").and_then(Value::as_str).and_then(|text| text.parse::<Uuid>().ok())
        };
        let Some(wanted) = into(&merged.row.values) else { return Ok(()) };
        if wanted == change.id {
            return Err(Refusal::new(RefusalCode::BadValue, "Nobody is merged into themselves."));
        }
        let mut next = Some(wanted);
        for _ in 0..LONGEST_CHAIN {
            let Some(id) = next else { return Ok(()) };
            if id == change.id {
                break;
            }
            next = self.tenant.rows.get(&(TableName::Patients, id)).and_then(|held| into(&held.row.values));
        }
        let before = change.set.get("merged_into_id").map_or(Value::Null, |set| set.base.clone());
        merged.met_others = true;
        merged.review.push(ReviewColumn {
            table: change.table,
            id: change.id,
            column: "merged_into_id".to_owned(),
            base: before.clone(),
            theirs: before.clone(),
            ours: json!(wanted),
        });
        merged.row.values.insert("merged_into_id".to_owned(), before);
        Ok(())
    }

    /// Opens what the merge of one change left to a person.
    pub(super) fn open_reviews(&mut self, origin: &Origin<'_>, reviews: &[ReviewColumn], row: &Values) {
        if self.mistake == Some(Mistake::AsksNobody) {
            return;
        }
        for review in reviews {
            let kind = match (review.table, review.column.as_str()) {
                (_, conflict::DELETED) => Kind::DeleteEdit,
                (TableName::Prescriptions, "status") => Kind::TwoAmendments,
                _ => Kind::Column,
            };
            let words = [
                "merge",
                &self.caller.device.to_string(),
                &origin.sequence.to_string(),
                review.table.as_str(),
                &review.id.to_string(),
                &review.column,
            ];
            let item = Item {
                id: conflict::id_of(&words),
                kind,
                table: review.table,
                row: review.id,
                column: Some(review.column.clone()),
                patient: self.patient_of((review.table, review.id), row),
                rule: None,
                base: review.base.clone(),
                theirs: review.theirs.clone(),
                ours: review.ours.clone(),
                theirs_from: self.source_of(review.table, review.id),
                ours_from: self.source(origin),
            };
            self.open(&item);
        }
    }

    pub(super) fn patient_of(&self, (table, row): (TableName, Uuid), values: &Values) -> Option<Uuid> {
        let id = |values: &Values, name: &str| {
            values.get(name).and_then(Value::as_str).and_then(|text| text.parse().ok())
        };
        match table {
            TableName::Patients => Some(row),
            TableName::PrescriptionItems => {
                let key = (TableName::Prescriptions, id(values, "prescription_id")?);
                id(&self.tenant.rows.get(&key)?.row.values, "patient_id")
            }
            _ => id(values, "patient_id"),
        }
    }

    pub(super) fn source_of(&self, table: TableName, id: Uuid) -> Source {
        self.tenant.rows.get(&(table, id)).map(Arc::as_ref).map(|held| held.from.clone()).unwrap_or_default()
    }
}

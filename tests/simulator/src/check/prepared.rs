//! What was prepared for the doctors: it is kept as it was given, it is no prescription, whoever takes it up has all of it,
//! and until then every doctor is offered it, once.

use std::collections::{BTreeMap, BTreeSet};

use protocol::api::DeviceScope;
use protocol::id::PatientId;
use protocol::merge::same;
use protocol::mutation::{Change, Mutation, Op, SetValue};
use protocol::table::{Row, TableName, Values};
use protocol::validate::day_text;
use replica::testing::HeldRow;
use serde_json::Value;
use time::Duration;
use uuid::Uuid;

use super::log::mutation;
use crate::desk::Desk;
use crate::server::Tenant;

/// By what a draft is given.
const GIVEN: &str = "give_draft";
/// What may become another value: the server says whose it is, and it may be taken back.
const MAY_CHANGE: &[&str] = &["prepared_by", "status"];

fn text<'a>(values: &'a Values, name: &str) -> &'a str {
    values.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The prepared drafts that a prescription names.
fn named(values: &Values) -> Vec<Uuid> {
    let named = values.get("taken_up").and_then(Value::as_array).into_iter().flatten();
    named.filter_map(|id| id.as_str()?.parse().ok()).collect()
}

/// Looks at what the desktops of a tenant signed, and at what the server has of it.
pub(super) fn check(tenant: &Tenant) -> Vec<String> {
    let mut wrong = Vec::new();
    let (mut given, mut begun) = (BTreeMap::new(), Vec::new());
    for (id, device) in &tenant.devices {
        for sequence in 1..=device.log.len() as i64 {
            let Some(mutation) = mutation(tenant, *id, sequence) else { continue };
            let is_in = device.receipt(sequence).is_some_and(|receipt| receipt.fate.is_in());
            if is_in && mutation.kind == GIVEN {
                wrong.extend(kept(tenant, &mutation));
                given.extend(Said::of(&mutation));
            }
            // What a person corrected says what they want.
            if mutation.settles.is_none() {
                begun.extend(Said::of(&mutation));
            }
        }
    }
    for (id, said) in begun {
        let mut given = said.taken_up.iter().filter_map(|id| given.get(id));
        if given.any(|given| !said.has_all_of(given)) {
            wrong.push(format!("prescription {id} takes up what was prepared, and does not say all of it"));
        }
    }
    wrong
}

/// What is lost of a draft that was given, or became more than that.
fn kept(tenant: &Tenant, given: &Mutation) -> Vec<String> {
    let mut wrong = Vec::new();
    for change in &given.changes {
        let name = format!("{} {} that was prepared", change.table.as_str(), change.id);
        let held = tenant.rows.get(&(change.table, change.id)).filter(|held| !held.row.deleted);
        let Some(values) = held.map(|held| &held.row.values) else {
            wrong.push(format!("{name} is gone"));
            continue;
        };
        let is_kept = |name: &str, set: &SetValue| {
            MAY_CHANGE.contains(&name) || same(values.get(name).unwrap_or(&Value::Null), &set.value)
        };
        let lost = change.set.iter().find(|(name, set)| !is_kept(name, set));
        wrong.extend(lost.map(|(column, _)| format!("{column} of {name} is another one now")));
        let is_draft = matches!(text(values, "status"), "draft" | "discarded")
            && text(values, "prescription_number").is_empty();
        if change.table == TableName::Prescriptions && !is_draft {
            wrong.push(format!("{name} became a prescription"));
        }
    }
    wrong
}

/// What is said by whoever begins a prescription.
struct Said {
    taken_up: Vec<Uuid>,
    has_complaints: bool,
    has_weight: bool,
    medicines: BTreeSet<String>,
}

impl Said {
    fn of(mutation: &Mutation) -> Option<(Uuid, Self)> {
        let new = |table: TableName| {
            let of_table = move |change: &&Change| change.table == table;
            mutation.changes.iter().filter(of_table).filter(|change| change.op == Op::Insert)
        };
        let begun = new(TableName::Prescriptions).next()?;
        let values = begun.values();
        let complaints = values.get("chief_complaints").and_then(Value::as_array);
        let lines =
            new(TableName::PrescriptionItems).map(|line| text(&line.values(), "medicine_id").to_owned());
        let said = Self {
            taken_up: named(&values),
            has_complaints: complaints.is_some_and(|words| !words.is_empty()),
            has_weight: values.get("vitals").is_some_and(|vitals| vitals.get("weight_kg").is_some()),
            medicines: lines.filter(|id| !id.is_empty()).collect(),
        };
        Some((begun.id, said))
    }

    fn has_all_of(&self, given: &Self) -> bool {
        (self.has_complaints || !given.has_complaints)
            && (self.has_weight || !given.has_weight)
            && self.medicines.is_superset(&given.medicines)
    }
}

/// Where a clinician sits, each draft that nobody has taken up or back is offered once, nothing else is, and none of them is
/// shown as a prescription.
pub(super) fn offered(desk: &Desk, rows: &[HeldRow]) -> Vec<String> {
    let is_clinician = desk.facts.scope == DeviceScope::Clinical && desk.person.roles.is_clinician();
    let Some(replica) = desk.station.as_ref().map(|station| &station.replica).filter(|_| is_clinician) else {
        return vec![];
    };
    let first = match replica.day_here() {
        Ok(today) => day_text(today.saturating_sub(Duration::days(2))),
        Err(error) => return vec![format!("it does not know its day: {error:?}")],
    };
    let is_recent = |row: &&Row| {
        row.table == TableName::Prescriptions
            && !row.deleted
            && text(&row.values, "visit_date") >= first.as_str()
    };
    let recent: Vec<&Row> = rows.iter().map(|held| &held.shown).filter(is_recent).collect();
    let holds = |row: &&&Row| !matches!(text(&row.values, "status"), "voided" | "superseded" | "discarded");
    let taken_up: BTreeSet<Uuid> = recent.iter().filter(holds).flat_map(|row| named(&row.values)).collect();
    let mut wrong = Vec::new();
    for row in recent.iter().filter(|row| !text(&row.values, "prepared_at").is_empty()) {
        let is_due = text(&row.values, "status") == "draft" && !taken_up.contains(&row.id);
        let Ok(patient) = text(&row.values, "patient_id").parse::<PatientId>() else { continue };
        let chart = match replica.chart(patient) {
            Ok(chart) => chart,
            // The patient was deleted.
            Err(replica::Error::NotFound) => continue,
            Err(error) => {
                wrong.push(format!("the chart of {patient} does not open: {error:?}"));
                continue;
            }
        };
        // Nor is anything offered of one of two registrations that was deleted.
        if chart.patient.id != patient && chart.merged.iter().all(|other| other.id != patient) {
            continue;
        }
        let n_offered = chart.prepared.iter().filter(|one| one.id.0 == row.id).count();
        if n_offered != usize::from(is_due) {
            wrong.push(format!("{} was prepared, and is offered {n_offered} times", row.id));
        }
        if chart.prescriptions.iter().any(|one| one.id.0 == row.id) {
            wrong.push(format!("{} was prepared, and is shown as a prescription", row.id));
        }
    }
    wrong
}

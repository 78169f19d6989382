//! What a push leaves to a person: items are opened beside the rows that they are about, and decided by mutations.

use std::collections::BTreeMap;

use protocol::conflict::{self, Item, Judgement, Kind, Source};
use protocol::error::{Refusal, RefusalCode};
use protocol::id::{DeviceId, TenantId, UserId};
use protocol::merge::{Merged, ReviewColumn, merge};
use protocol::mutation::{Change, Mutation, Op};
use protocol::permission::Roles;
use protocol::safety::RULES_VERSION;
use protocol::table::{TableName, Values};
use protocol::validate::moment_text;
use serde_json::{Value, json};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::mutation::{Done, Failure};
use super::rows::{self, Origin};
use super::session::Session;
use crate::error::Result;

/// Opens an item, if it was not opened before. Answers whether it is new.
pub(crate) async fn open(
    tx: &mut PgConnection,
    tenant: TenantId,
    item: &Item,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let values = item.values(now);
    let value = |name: &str| values.get(name).filter(|value| !value.is_null());
    let text = |name: &str| value(name).and_then(Value::as_str);
    let opened = sqlx::query!(
        "insert into sync_conflicts (tenant_id, id, kind, scope, table_name, row_id, column_name, patient_id, rule,
                                     rule_version, base, theirs, ours, theirs_from, ours_from, opened_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
         on conflict (tenant_id, id) do nothing",
        tenant.0,
        item.id,
        text("kind"),
        text("scope"),
        text("table_name"),
        item.row,
        text("column_name"),
        item.patient,
        text("rule"),
        item.rule.and_then(|(_, version)| i32::try_from(version).ok()),
        value("base"),
        value("theirs"),
        value("ours"),
        value("theirs_from"),
        value("ours_from"),
        now
    )
    .execute(tx)
    .await?;
    Ok(opened.rows_affected() > 0)
}

/// A decision of a mutation, beside the item that it is about.
pub(super) struct Decision<'a> {
    change: &'a Change,
    item: Values,
    judgement: Judgement,
}

/// The decisions of a mutation, by the items that they are about.
pub(super) type Decisions<'a> = BTreeMap<Uuid, Decision<'a>>;

/// Looks at the decisions before anything is merged: of two that differ the first holds, with all that it wrote.
pub(super) async fn decisions<'a>(
    tx: &mut PgConnection,
    session: &Session,
    roles: &Roles,
    mutation: &'a Mutation,
) -> Result<Decisions<'a>, Failure> {
    let mut decisions = Decisions::new();
    for change in &mutation.changes {
        if change.table != TableName::SyncConflicts || change.op == Op::Insert {
            continue;
        }
        // Whoever may not see an item hears that there is none.
        let Some(item) = session.lock(tx, change).await? else {
            merge(change, None, roles, 0)?;
            continue;
        };
        let judgement = conflict::judge(&item.values, change, roles)?;
        decisions.insert(change.id, Decision { change, item: item.values, judgement });
    }
    Ok(decisions)
}

/// What becomes of a change in view of the mutation's decisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Course {
    /// It is merged like any other.
    Merge,
    /// It is done already, or another decision holds.
    Leave,
}

/// Checks what a change has to do with a decision, and whether that decision holds.
pub(super) fn course(decisions: &Decisions<'_>, change: &Change) -> Result<Course, Refusal> {
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
pub(super) fn sign(row: &mut Values, origin: Origin, name: &str) {
    row.insert("resolved_by".to_owned(), json!(origin.actor));
    row.insert("resolved_name".to_owned(), json!(name));
    row.insert("resolved_at".to_owned(), json!(moment_text(origin.recorded_at)));
}

/// What follows from the decisions beyond the rows that the mutation writes: one that differs from an earlier one
/// asks anew, and two patients about whom is decided are not marked any more.
pub(super) async fn conclude(
    tx: &mut PgConnection,
    session: &mut Session,
    origin: Origin,
    sequence: i64,
    decisions: &Decisions<'_>,
    done: &mut Done,
) -> Result<(), Failure> {
    for (id, decision) in decisions {
        match decision.judgement {
            Judgement::Same => done.met_others = true,
            Judgement::Differs => {
                let from = session.source(tx, origin).await?;
                let words = ["again", &id.to_string(), &origin.device.to_string(), &sequence.to_string()];
                let item = conflict::again(&decision.item, decision.change, conflict::id_of(&words), from);
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
                session.open(tx, &item).await?;
            }
            Judgement::First if Kind::of(&decision.item) == Some(Kind::Duplicate) => {
                for name in ["row_id", "theirs"] {
                    let patient = decision.item.get(name).and_then(Value::as_str);
                    if let Some(patient) = patient.and_then(|id| id.parse().ok()) {
                        unmark(tx, session, origin, patient).await?;
                    }
                }
            }
            Judgement::First => {}
        }
    }
    Ok(())
}

/// Takes the mark from a patient about whom nothing is asked any more.
async fn unmark(
    tx: &mut PgConnection,
    session: &mut Session,
    origin: Origin,
    patient: Uuid,
) -> Result<(), Failure> {
    let id = patient.to_string();
    let is_asked = sqlx::query_scalar!(
        r#"select exists (
               select from sync_conflicts
               where tenant_id = $1 and kind = 'duplicate' and state = 'open'
                 and (row_id = $2 or theirs = to_jsonb($3::text))
           ) as "asked!""#,
        origin.tenant.0,
        patient,
        id
    )
    .fetch_one(&mut *tx)
    .await?;
    let Some(mut row) = rows::lock(tx, origin.tenant, TableName::Patients, patient).await? else {
        return Ok(());
    };
    if !is_asked && row.values.get("needs_review") == Some(&Value::Bool(true)) {
        row.values.insert("needs_review".to_owned(), false.into());
        rows::write(tx, origin, TableName::Patients, patient, &row, true).await?;
        session.wrote(TableName::Patients, patient);
    }
    Ok(())
}

/// Opens what a person asks: whether two registrations are one person. Asked before, it is asked once.
pub(super) async fn propose(
    tx: &mut PgConnection,
    session: &mut Session,
    origin: Origin,
    change: &Change,
) -> Result<bool, Failure> {
    conflict::check_proposal(change)?;
    let id = |name: &str| change.set.get(name).and_then(|set| set.value.as_str()?.parse::<Uuid>().ok());
    let (Some(row), Some(other)) = (id("row_id"), id("theirs")) else { return Ok(false) };
    for patient in [row, other] {
        let found = rows::lock(tx, origin.tenant, TableName::Patients, patient).await?;
        if found.is_none_or(|found| found.deleted) {
            let detail = "A patient of whom it is asked does not exist here.";
            return Err(Refusal::new(RefusalCode::MissingParent, detail).into());
        }
    }
    let item = Item {
        theirs_from: rows::source(tx, origin.tenant, TableName::Patients, other).await?,
        ours_from: session.source(tx, origin).await?,
        ..duplicate(row, other, ("proposed", RULES_VERSION))
    };
    Ok(session.open(tx, &item).await?)
}

/// Asks whether a patient is the one that was there before under the same number and name.
pub(super) async fn ask_whether_one(
    tx: &mut PgConnection,
    session: &mut Session,
    origin: Origin,
    row: Uuid,
    other: Uuid,
) -> Result<(), Failure> {
    let item = Item {
        theirs_from: rows::source(tx, origin.tenant, TableName::Patients, other).await?,
        ours_from: session.source(tx, origin).await?,
        ..duplicate(row, other, ("same_number_and_name", RULES_VERSION))
    };
    session.open(tx, &item).await?;
    Ok(())
}

/// Asks about every patient who is marked as perhaps registered twice and about whom nothing was asked yet: those that an
/// import or a clinic that moved brought. Answers how many questions there are now.
pub(crate) async fn ask_about_marked(tx: &mut PgConnection, tenant: TenantId) -> Result<usize> {
    let pairs = sqlx::query!(
        r#"select p.id, o.id as other
           from patients p
           join lateral (
               select id from patients
               where tenant_id = $1 and mobile_number = p.mobile_number and first_name_norm = p.first_name_norm
                 and id <> p.id and deleted_at is null and merged_into_id is null
               order by duplicate_ordinal limit 1
           ) o on true
           where p.tenant_id = $1 and p.needs_review and p.duplicate_ordinal > 0 and p.deleted_at is null
             and p.merged_into_id is null
             and not exists (
                 select from sync_conflicts c
                 where c.tenant_id = $1 and c.kind = 'duplicate'
                   and (c.row_id = p.id or c.theirs = to_jsonb(p.id::text))
             )"#,
        tenant.0
    )
    .fetch_all(&mut *tx)
    .await?;
    let now = OffsetDateTime::now_utc();
    for pair in &pairs {
        let item = Item {
            theirs_from: rows::source(tx, tenant, TableName::Patients, pair.other).await?,
            ours_from: rows::source(tx, tenant, TableName::Patients, pair.id).await?,
            ..duplicate(pair.id, pair.other, ("same_number_and_name", RULES_VERSION))
        };
        open(tx, tenant, &item, now).await?;
    }
    Ok(pairs.len())
}

/// A chain of mergers is followed so far.
const LONGEST_CHAIN: usize = 20;

/// Two patients who were merged into each other by people who did not know of each other: the first merger holds,
/// and a person looks at the second. Nobody is merged into themselves.
pub(super) async fn keep_out_of_circles(
    tx: &mut PgConnection,
    tenant: TenantId,
    change: &Change,
    merged: &mut Merged,
) -> Result<(), Failure> {
    let into = |values: &Values| {
        values.get("merged_into_id").and_then(Value::as_str).and_then(|text| text.parse::<Uuid>().ok())
    };
    let Some(wanted) = into(&merged.row.values) else { return Ok(()) };
    if wanted == change.id {
        return Err(Refusal::new(RefusalCode::BadValue, "Nobody is merged into themselves.").into());
    }
    let mut next = Some(wanted);
    for _ in 0..LONGEST_CHAIN {
        let Some(id) = next else { return Ok(()) };
        if id == change.id {
            break;
        }
        next = sqlx::query_scalar!(
            "select merged_into_id from patients where tenant_id = $1 and id = $2",
            tenant.0,
            id
        )
        .fetch_optional(&mut *tx)
        .await?
        .flatten();
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

/// The item that asks whether `row` is registered a second time as `other`.
pub(crate) fn duplicate(row: Uuid, other: Uuid, rule: (&'static str, u32)) -> Item {
    Item {
        id: conflict::duplicate_id(row, other),
        kind: Kind::Duplicate,
        table: TableName::Patients,
        row,
        column: None,
        patient: Some(row),
        rule: Some(rule),
        base: Value::Null,
        theirs: json!(other),
        ours: json!(row),
        theirs_from: Source::default(),
        ours_from: Source::default(),
    }
}

/// Opens what the merge of one change left to a person.
pub(super) async fn open_reviews(
    tx: &mut PgConnection,
    session: &mut Session,
    origin: Origin,
    sequence: i64,
    reviews: &[ReviewColumn],
    row: &Values,
) -> Result<(), Failure> {
    for review in reviews {
        let patient = patient_of(tx, origin.tenant, (review.table, review.id), row).await?;
        let kind = match (review.table, review.column.as_str()) {
            (_, conflict::DELETED) => Kind::DeleteEdit,
            (TableName::Prescriptions, "status") => Kind::TwoAmendments,
            _ => Kind::Column,
        };
        let words = [
            "merge",
            &origin.device.to_string(),
            &sequence.to_string(),
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
            patient,
            rule: None,
            base: review.base.clone(),
            theirs: review.theirs.clone(),
            ours: review.ours.clone(),
            theirs_from: source_of(tx, origin.tenant, review, patient).await?,
            ours_from: session.source(tx, origin).await?,
        };
        session.open(tx, &item).await?;
    }
    Ok(())
}

/// Whose record a row is.
pub(super) async fn patient_of(
    tx: &mut PgConnection,
    tenant: TenantId,
    (table, row_id): (TableName, Uuid),
    row: &Values,
) -> sqlx::Result<Option<Uuid>> {
    let id = |name: &str| row.get(name).and_then(Value::as_str).and_then(|text| text.parse().ok());
    match table {
        TableName::Patients => Ok(Some(row_id)),
        TableName::PrescriptionItems => {
            let prescription: Option<Uuid> = id("prescription_id");
            sqlx::query_scalar!(
                "select patient_id from prescriptions where tenant_id = $1 and id = $2",
                tenant.0,
                prescription
            )
            .fetch_optional(tx)
            .await
        }
        _ => Ok(id("patient_id")),
    }
}

/// Who last wrote the fact that a review is about. The log of a patient's record knows; elsewhere the row knows who
/// last wrote any of it.
async fn source_of(
    tx: &mut PgConnection,
    tenant: TenantId,
    review: &ReviewColumn,
    patient: Option<Uuid>,
) -> Result<Source> {
    let columns: Vec<String> = if review.column == conflict::DELETED {
        vec![]
    } else {
        match review.theirs.as_object() {
            Some(fact) => fact.keys().cloned().chain([review.column.clone()]).collect(),
            None => vec![review.column.clone()],
        }
    };
    let found = sqlx::query!(
        r#"select l.user_id, u.full_name as "full_name?", l.device_id, d.name as "device?",
                  coalesce(l.occurred_at, l."timestamp") as "at!"
           from tenant_audit_log l
           left join users u on u.tenant_id = $1 and u.id = l.user_id
           left join devices d on d.tenant_id = $1 and d.id = l.device_id
           where l.tenant_id = $1 and l.patient_id = $2 and l.lane = 'writes' and l.table_name = $3
             and l.record_id = $4
             and (l.changes is null or cardinality($5::text[]) = 0
                  or jsonb_exists_any(l.changes -> 'columns', $5::text[]))
           order by l."timestamp" desc, l.seq desc limit 1"#,
        tenant.0,
        patient,
        review.table.as_str(),
        review.id,
        &columns
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(found) = found else { return Ok(rows::source(tx, tenant, review.table, review.id).await?) };
    Ok(Source {
        by: found.user_id.map(UserId),
        name: found.full_name,
        device_id: found.device_id.map(DeviceId),
        device: found.device,
        at: Some(moment_text(found.at)),
    })
}

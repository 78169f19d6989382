//! Rows that are in both tenants already: what changed in one of them since the clinic last moved comes to the other.
//!
//! What changed on one side only holds. What changed on both is merged by the rules by which two desktops are merged,
//! except that nobody knows any more what both had seen: whatever differs met the other.

use std::collections::BTreeMap;

use anyhow::Context;
use protocol::conflict::{self, Item, Kind, Source};
use protocol::id::TenantId;
use protocol::merge::{Current, merge};
use protocol::mutation::{Change, SetValue};
use protocol::permission::{Role, Roles};
use protocol::table::{Column, Merge, Table, TableName, Values, Writer};
use serde_json::{Map, Value, json};
use sqlx::types::Json;
use sqlx::{Connection, PgConnection};
use time::OffsetDateTime;
use uuid::Uuid;

use super::copy::{Copier, RowCounts, id_in};
use super::statements;
use crate::error::violated_constraint;
use crate::sync::{conflicts, rows};

/// Columns that say what a row is in its tenant; they stay what they are there.
const OWN: &[(TableName, &[&str])] = &[
    (TableName::Clinics, &["clinic_code", "is_primary", "is_active"]),
    (TableName::Doctors, &["user_id", "is_active"]),
    (TableName::Patients, &["duplicate_ordinal", "needs_review", "beyond_plan"]),
];

/// Columns of a prescription that only its withdrawal writes.
const WITHDRAWAL: &[&str] = &["superseded_by_id", "void_reason", "voided_at", "voided_by"];

/// The versions up to which both tenants have the same; none if the clinic never went from one to the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct LastMove {
    pub(super) source_version: i64,
    pub(super) target_version: i64,
    /// Whether that includes the patients.
    pub(super) with_patients: bool,
}

impl LastMove {
    /// Each tenant remembers both versions. Its own are the better ones: the last move may have broken off between the two.
    pub(super) async fn of(
        from: &mut PgConnection,
        to: &mut PgConnection,
        [source, target]: [TenantId; 2],
        clinic: Uuid,
    ) -> sqlx::Result<Option<Self>> {
        let own = versions(from, source, clinic, target).await?;
        let other = versions(to, target, clinic, source).await?;
        Ok(match (own, other) {
            (Some((source_version, _, here)), Some((target_version, _, there))) => {
                Some(Self { source_version, target_version, with_patients: here && there })
            }
            (Some((source_version, target_version, with_patients)), None)
            | (None, Some((target_version, source_version, with_patients))) => {
                Some(Self { source_version, target_version, with_patients })
            }
            (None, None) => None,
        })
    }
}

/// A tenant's version and the other's at the last move between them, and whether the patients went too.
async fn versions(
    tx: &mut PgConnection,
    tenant: TenantId,
    clinic: Uuid,
    other: TenantId,
) -> sqlx::Result<Option<(i64, i64, bool)>> {
    let row = sqlx::query!(
        "select version, other_version, with_patients from clinic_moves
         where tenant_id = $1 and clinic_id = $2 and other_tenant_id = $3",
        tenant.0,
        clinic,
        other.0
    )
    .fetch_optional(tx)
    .await?;
    Ok(row.map(|row| (row.version, row.other_version, row.with_patients)))
}

/// Writes down, in one of the two, that both have the same now, of the patients too if they went along.
pub(super) async fn remember(
    tx: &mut PgConnection,
    tenant: TenantId,
    clinic: Uuid,
    other: TenantId,
    [version, other_version]: [i64; 2],
    with_patients: bool,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into clinic_moves (tenant_id, clinic_id, other_tenant_id, version, other_version, with_patients)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (tenant_id, clinic_id, other_tenant_id)
         do update set version = excluded.version, other_version = excluded.other_version,
                       with_patients = excluded.with_patients, moved_at = excluded.moved_at",
        tenant.0,
        clinic,
        other.0,
        version,
        other_version,
        with_patients
    )
    .execute(tx)
    .await?;
    Ok(())
}

type JsonRow = Map<String, Value>;

impl Copier<'_> {
    /// Brings what changed of these rows, which are in both tenants.
    pub(super) async fn catch_up(
        &mut self,
        from: &mut PgConnection,
        to: &mut PgConnection,
        table: &'static Table,
        ids: &[Uuid],
        count: &mut RowCounts,
    ) -> anyhow::Result<()> {
        let mut there = read(to, self.target, table, ids).await?;
        for (id, mut row) in read(from, self.source, table, ids).await? {
            let theirs = there.remove(&id).context("BUG: a row that is there is there")?;
            self.settle_references(table, &mut row)?;
            for column in own(table.name) {
                row.insert((*column).to_owned(), theirs.get(*column).cloned().unwrap_or(Value::Null));
            }
            let is_later =
                |row: &JsonRow, version: i64| row["sync_version"].as_i64().is_some_and(|its| its > version);
            let [has_changed, they_changed] = match self.last_move {
                Some(last) => [is_later(&row, last.source_version), is_later(&theirs, last.target_version)],
                None => [true, true],
            };
            if !has_changed || is_same(table, &row, &theirs) {
                count.there += 1;
            } else if !they_changed && self.overwrite(to, table, id, row, &theirs).await? {
                count.updated += 1;
            } else {
                self.merge(from, to, table, id, count).await?;
            }
        }
        Ok(())
    }

    /// The row as the source has it; false if a rule of the database refuses it, such as a line of what is signed there.
    async fn overwrite(
        &mut self,
        to: &mut PgConnection,
        table: &Table,
        id: Uuid,
        mut row: JsonRow,
        theirs: &JsonRow,
    ) -> anyhow::Result<bool> {
        if table.name == TableName::Patients
            && ["mobile_number", "first_name_norm", "deleted_at", "merged_into_id"]
                .iter()
                .any(|name| row[*name] != theirs[*name])
        {
            self.find_place(to, id, &mut row).await?;
        }
        let text = |row: &JsonRow, name: &str| row[name].as_str().map(str::to_owned);
        let is_withdrawn =
            |row: &JsonRow| matches!(text(row, "status").as_deref(), Some("superseded" | "voided"));
        if table.name == TableName::Prescriptions && theirs["status"] == "draft" && is_withdrawn(&row) {
            // It was signed in between, and the database takes no shorter way.
            let mut signed = row.clone();
            signed.insert("status".to_owned(), json!("finalised"));
            for column in WITHDRAWAL {
                signed.insert((*column).to_owned(), Value::Null);
            }
            if !self.write(to, table, id, &signed).await? {
                return Ok(false);
            }
        }
        self.write(to, table, id, &row).await
    }

    async fn write(
        &self,
        to: &mut PgConnection,
        table: &Table,
        id: Uuid,
        row: &JsonRow,
    ) -> anyhow::Result<bool> {
        let mut savepoint = to.begin().await?;
        let written = sqlx::query(statements::update(table))
            .bind(self.target.0)
            .bind(id)
            .bind(Json(row))
            .execute(&mut *savepoint)
            .await;
        match written {
            Ok(_) => savepoint.commit().await.map(|()| true).map_err(Into::into),
            Err(error) if violated_constraint(&error).is_some() => {
                savepoint.rollback().await?;
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The next free place among the patients of one number and name.
    async fn find_place(&mut self, to: &mut PgConnection, id: Uuid, row: &mut JsonRow) -> anyhow::Result<()> {
        let place = sqlx::query!(
            r#"select max(duplicate_ordinal) + 1 as next,
                      coalesce(bool_or(duplicate_ordinal = $5), false) as "is_taken!"
               from patients
               where tenant_id = $1 and mobile_number = $2 and first_name_norm = $3 and id <> $4
                 and deleted_at is null and merged_into_id is null"#,
            self.target.0,
            row["mobile_number"].as_str(),
            row["first_name_norm"].as_str(),
            id,
            row["duplicate_ordinal"].as_i64().and_then(|place| i32::try_from(place).ok())
        )
        .fetch_one(to)
        .await?;
        let is_living = row["deleted_at"].is_null() && row["merged_into_id"].is_null();
        if is_living && place.is_taken {
            row.insert("duplicate_ordinal".to_owned(), json!(place.next));
            row.insert("needs_review".to_owned(), json!(true));
            self.to_review += 1;
        }
        Ok(())
    }

    /// Both changed: the rules say what holds, and what is left to a person.
    async fn merge(
        &mut self,
        from: &mut PgConnection,
        to: &mut PgConnection,
        table: &'static Table,
        id: Uuid,
        count: &mut RowCounts,
    ) -> anyhow::Result<()> {
        // An item is decided where it stands.
        if table.name == TableName::SyncConflicts {
            count.there += 1;
            return Ok(());
        }
        let ours =
            rows::lock(from, self.source, table.name, id).await?.context("BUG: the source has the row")?;
        let theirs =
            rows::lock(to, self.target, table.name, id).await?.context("BUG: the target has the row")?;
        let since = ours.clocks.values().copied().max().unwrap_or(0);
        let set = self.differences(table, &ours.values, &theirs.values);
        let change = Change::update(table.name, id, set);
        // Whoever wrote it was allowed to, there.
        let everyone = Roles(vec![Role::Admin, Role::Doctor, Role::Dentist, Role::Receptionist, Role::Nurse]);
        let mut reviews = Vec::new();
        if ours.deleted && !theirs.deleted {
            reviews.push((conflict::DELETED.to_owned(), json!(false), json!(true)));
        } else {
            let merged = merge(&change, Some(theirs.clone()), &everyone, since).ok();
            let is_kept = match &merged {
                Some(merged) if merged.changed => self.write(to, table, id, &merged_row(&merged.row)).await?,
                Some(_) => true,
                None => false,
            };
            match merged.filter(|_| is_kept) {
                Some(merged) => {
                    reviews.extend(merged.review.into_iter().map(|it| (it.column, it.theirs, it.ours)));
                }
                // What is fixed there stays; a person hears of what it is here.
                None => reviews.extend(facts(table, &change, &theirs.values)),
            }
        }
        count.merged += 1;
        for (column, theirs_value, ours_value) in reviews {
            let kind = match (table.name, column.as_str()) {
                (_, conflict::DELETED) => Kind::DeleteEdit,
                (TableName::Prescriptions, "status") => Kind::TwoAmendments,
                _ => Kind::Column,
            };
            let (own, other) = (ours_value.to_string(), theirs_value.to_string());
            let item = Item {
                id: conflict::id_of(&["move", table.sql_name, &id.to_string(), &column, &own, &other]),
                kind,
                table: table.name,
                row: id,
                column: Some(column),
                patient: self.patient_of(to, table, id, &theirs.values).await?,
                rule: None,
                base: Value::Null,
                theirs: theirs_value,
                ours: ours_value,
                theirs_from: rows::source(to, self.target, table.name, id).await?,
                // The name says enough: its ids are another tenant's.
                ours_from: Source {
                    by: None,
                    device_id: None,
                    ..rows::source(from, self.source, table.name, id).await?
                },
            };
            if conflicts::open(to, self.target, &item, OffsetDateTime::now_utc()).await? {
                self.asked += 1;
            }
        }
        Ok(())
    }

    /// What differs, as a change of someone who saw neither. What the server alone writes is not among it.
    fn differences(&self, table: &Table, ours: &Values, theirs: &Values) -> BTreeMap<String, SetValue> {
        let nobody_saw = json!({ "seen": "nothing" });
        let value = |values: &Values, name: &str| values.get(name).cloned().unwrap_or(Value::Null);
        table
            .columns
            .iter()
            .filter(|column| is_shared(table.name, column))
            .filter_map(|column| {
                let mut own = value(ours, column.name);
                let stays = column.refers_to.zip(own.as_str().and_then(|id| id.parse().ok()));
                if stays.is_some_and(|(parent, id)| !self.chosen.has(parent, id)) {
                    own = Value::Null;
                }
                (own != value(theirs, column.name))
                    .then(|| (column.name.to_owned(), SetValue { base: nobody_saw.clone(), value: own }))
            })
            .collect()
    }

    async fn patient_of(
        &self,
        to: &mut PgConnection,
        table: &Table,
        id: Uuid,
        values: &Values,
    ) -> anyhow::Result<Option<Uuid>> {
        let named = |name: &str| values.get(name).and_then(Value::as_str).and_then(|id| id.parse().ok());
        Ok(match table.name {
            TableName::Patients => Some(id),
            TableName::PrescriptionItems => {
                let prescription: Option<Uuid> = named("prescription_id");
                sqlx::query_scalar!(
                    "select patient_id from prescriptions where tenant_id = $1 and id = $2",
                    self.target.0,
                    prescription
                )
                .fetch_optional(to)
                .await?
            }
            _ => named("patient_id"),
        })
    }
}

/// The facts that differ, with what the target has and what the source has.
fn facts(table: &'static Table, change: &Change, theirs: &Values) -> Vec<(String, Value, Value)> {
    let mut facts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let is_withdrawal = |name: &str| name == "status" || WITHDRAWAL.contains(&name);
    for name in change.set.keys() {
        let lead = match table.column(name) {
            Some(_) if table.name == TableName::Prescriptions && is_withdrawal(name) => "status",
            Some(column) => column.fact(),
            None => continue,
        };
        facts.entry(lead).or_default().push(name);
    }
    let side = |names: &[&str], value: &dyn Fn(&str) -> Value| match names {
        [name] => value(name),
        names => names.iter().map(|name| ((*name).to_owned(), value(name))).collect(),
    };
    facts
        .into_iter()
        .map(|(lead, names)| {
            let theirs = side(&names, &|name| theirs.get(name).cloned().unwrap_or(Value::Null));
            let ours = side(&names, &|name| change.set[name].value.clone());
            (lead.to_owned(), theirs, ours)
        })
        .collect()
}

/// A merged row as it is written: its values, and that it is not deleted.
fn merged_row(row: &Current) -> JsonRow {
    let mut written: JsonRow = row.values.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    written.insert("deleted_at".to_owned(), Value::Null);
    written.insert("clocks".to_owned(), json!(row.clocks));
    written
}

fn own(table: TableName) -> &'static [&'static str] {
    OWN.iter().find(|(name, _)| *name == table).map_or(&[], |(_, columns)| columns)
}

/// Whether a column means the same in both tenants, and a person may decide about it.
fn is_shared(table: TableName, column: &Column) -> bool {
    !own(table).contains(&column.name) && column.writer != Writer::Nobody && column.merge != Merge::ServerOnly
}

fn is_same(table: &Table, one: &JsonRow, other: &JsonRow) -> bool {
    one["deleted_at"].is_null() == other["deleted_at"].is_null()
        && table.columns.iter().all(|column| one[column.name] == other[column.name])
}

async fn read(
    tx: &mut PgConnection,
    tenant: TenantId,
    table: &Table,
    ids: &[Uuid],
) -> anyhow::Result<BTreeMap<Uuid, JsonRow>> {
    let rows: Vec<Json<JsonRow>> =
        sqlx::query_scalar(statements::rows(table)).bind(tenant.0).bind(ids).fetch_all(tx).await?;
    rows.into_iter().map(|Json(row)| Ok((id_in(&row, "id").context("BUG: a row has an id")?, row))).collect()
}

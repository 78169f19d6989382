//! Rows from one tenant into another. They keep their ids: what is signed covers them, and a tenant's rows are told
//! from another's by the tenant, which is part of every key.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, ensure};
use protocol::id::TenantId;
use protocol::table::{Table, TableName};
use serde::Serialize;
use serde_json::{Map, Value, json};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::catch_up::LastMove;
use super::choose::Chosen;
use super::staff::Staff;
use super::{CHUNK, statements};
use crate::limits::Room;

/// What became of the rows of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RowCounts {
    /// Copied now.
    pub copied: usize,
    /// There already, and brought to what this tenant made of them since.
    pub updated: usize,
    /// There already, and changed in both tenants since: merged, and what the rules leave open is for a person.
    pub merged: usize,
    /// There already, and left as they are.
    pub there: usize,
}

impl RowCounts {
    fn all(self) -> usize {
        self.copied + self.updated + self.merged + self.there
    }
}

/// Where rows come from and go to.
pub(super) struct Copier<'a> {
    pub(super) source: TenantId,
    pub(super) target: TenantId,
    pub(super) clinic: Uuid,
    /// The clinic's code in the target.
    pub(super) clinic_code: &'a str,
    pub(super) chosen: &'a Chosen,
    pub(super) staff: &'a Staff,
    /// Up to where both have the same; none if the clinic, with what goes now, never went between the two.
    pub(super) last_move: Option<LastMove>,
    /// How many more patients the target's plan has room for.
    pub(super) room: Room,
    /// Patients for whom it has none.
    pub(super) beyond_plan: usize,
    /// Patients copied so far, who keep their places beside each other.
    pub(super) copied: Vec<Uuid>,
    /// Questions that are asked in the target, since both tenants changed a row.
    pub(super) asked: usize,
    /// Patients whose number and name another patient of the target has.
    pub(super) to_review: usize,
    /// Prescribers who have an active profile in the target, or no place in it.
    pub(super) inactive_doctors: usize,
}

impl Copier<'_> {
    /// Copies every table; what a row of another table refers to is looked at in the end.
    pub(super) async fn copy_all(
        &mut self,
        from: &mut PgConnection,
        to: &mut PgConnection,
    ) -> anyhow::Result<BTreeMap<&'static str, RowCounts>> {
        let mut counts = BTreeMap::new();
        for table in in_order() {
            let mut count = RowCounts::default();
            for ids in self.chosen.of(table.name).chunks(CHUNK) {
                let there: BTreeSet<Uuid> = sqlx::query_scalar(statements::present(table))
                    .bind(self.target.0)
                    .bind(ids)
                    .fetch_all(&mut *to)
                    .await?
                    .into_iter()
                    .collect();
                let missing: Vec<Uuid> = ids.iter().copied().filter(|id| !there.contains(id)).collect();
                let rows: Vec<Json<Map<String, Value>>> = sqlx::query_scalar(statements::rows(table))
                    .bind(self.source.0)
                    .bind(&missing)
                    .fetch_all(&mut *from)
                    .await?;
                let mut rows: Vec<Map<String, Value>> = rows.into_iter().map(|row| row.0).collect();
                self.settle(to, table, &mut rows).await?;
                let inserted =
                    sqlx::query(statements::insert(table)).bind(Json(&rows)).execute(&mut *to).await?;
                count.copied += usize::try_from(inserted.rows_affected())?;
                if table.name == TableName::Patients {
                    self.copied.extend(&missing);
                }
                let there: Vec<Uuid> = there.into_iter().collect();
                self.catch_up(from, to, table, &there, &mut count).await?;
            }
            ensure!(
                count.all() == self.chosen.of(table.name).len(),
                "BUG: not every row of {} was copied",
                table.sql_name
            );
            counts.insert(table.sql_name, count);
        }
        Ok(counts)
    }

    /// Makes rows of the source rows of the target.
    async fn settle(
        &mut self,
        to: &mut PgConnection,
        table: &Table,
        rows: &mut [Map<String, Value>],
    ) -> anyhow::Result<()> {
        for row in &mut *rows {
            row.insert("tenant_id".to_owned(), json!(self.target));
            self.settle_references(table, row)?;
        }
        match table.name {
            TableName::Clinics => self.settle_clinics(to, rows).await,
            TableName::Doctors => self.settle_doctors(to, rows).await,
            TableName::Patients => self.settle_patients(to, rows).await,
            _ => Ok(()),
        }
    }

    /// Leaves out what a row refers to and what stays behind.
    pub(super) fn settle_references(
        &self,
        table: &Table,
        row: &mut Map<String, Value>,
    ) -> anyhow::Result<()> {
        for column in table.columns {
            let Some(parent) = column.refers_to else { continue };
            let stays = id_in(row, column.name).is_some_and(|id| !self.chosen.has(parent, id));
            if stays {
                ensure!(column.nullable, "BUG: {}.{} stays behind", table.sql_name, column.name);
                row.insert(column.name.to_owned(), Value::Null);
            }
        }
        Ok(())
    }

    /// Another clinic is there only because something that was signed there went along: as a closed one.
    async fn settle_clinics(
        &self,
        to: &mut PgConnection,
        rows: &mut [Map<String, Value>],
    ) -> anyhow::Result<()> {
        let codes =
            sqlx::query_scalar!("select clinic_code from clinics where tenant_id = $1", self.target.0)
                .fetch_all(to)
                .await?;
        for row in rows {
            let id = id_in(row, "id").context("BUG: a clinic has an id")?;
            let is_it = id == self.clinic;
            row.insert("is_primary".to_owned(), json!(false));
            row.insert("is_active".to_owned(), json!(is_it));
            let code = row.get("clinic_code").and_then(Value::as_str).unwrap_or_default();
            if is_it {
                row.insert("clinic_code".to_owned(), json!(self.clinic_code));
            } else if codes.iter().any(|known| known == code) || code == self.clinic_code {
                row.insert("clinic_code".to_owned(), json!(format!("{code:.17}_{}", id.simple())));
            }
        }
        Ok(())
    }

    /// A prescriber who has a profile in the target gets a second one, not active, under which what they signed stands.
    async fn settle_doctors(
        &mut self,
        to: &mut PgConnection,
        rows: &mut [Map<String, Value>],
    ) -> anyhow::Result<()> {
        for row in rows {
            let text = |name: &str| row.get(name).and_then(Value::as_str);
            let id = id_in(row, "id").context("BUG: a doctor has an id")?;
            let user = id_in(row, "user_id").and_then(|user| self.staff.ids.get(&user).copied());
            let is_known = sqlx::query_scalar!(
                r#"select exists (
                       select from doctors
                       where tenant_id = $1
                         and (user_id = $2
                              or is_active and registration_council = $3 and registration_number = $4)
                   ) as "known!""#,
                self.target.0,
                user,
                text("registration_council"),
                text("registration_number")
            )
            .fetch_one(&mut *to)
            .await?;
            if is_known || !self.chosen.own_doctors.contains(&id) {
                row.insert("user_id".to_owned(), Value::Null);
                row.insert("is_active".to_owned(), json!(false));
                self.inactive_doctors += 1;
            } else {
                row.insert("user_id".to_owned(), json!(user));
            }
        }
        Ok(())
    }

    /// A patient with the number and the name of one who is there: both are kept, and a person decides.
    async fn settle_patients(
        &mut self,
        to: &mut PgConnection,
        rows: &mut [Map<String, Value>],
    ) -> anyhow::Result<()> {
        let number =
            |row: &Map<String, Value>| row.get("mobile_number").and_then(Value::as_str).map(str::to_owned);
        let numbers: Vec<String> = rows.iter().filter_map(number).collect();
        // What came with an earlier move, of whichever clinic, has its place there as well.
        let there = sqlx::query!(
            r#"select mobile_number, first_name_norm, max(duplicate_ordinal) as "last!"
               from patients
               where tenant_id = $1 and mobile_number = any ($2) and deleted_at is null
                 and merged_into_id is null and not id = any ($3)
               group by mobile_number, first_name_norm"#,
            self.target.0,
            &numbers,
            &self.copied
        )
        .fetch_all(to)
        .await?;
        let there: BTreeMap<(String, String), i32> =
            there.into_iter().map(|row| ((row.mobile_number, row.first_name_norm), row.last)).collect();
        for row in rows {
            let is_living = row["deleted_at"].is_null() && row["merged_into_id"].is_null();
            let name = row.get("first_name_norm").and_then(Value::as_str).unwrap_or_default().to_owned();
            let last = number(row).and_then(|number| there.get(&(number, name)));
            let is_beyond = is_living && !self.room.take();
            row.insert("beyond_plan".to_owned(), json!(is_beyond));
            self.beyond_plan += usize::from(is_beyond);
            if let Some(last) = last.filter(|_| is_living) {
                let own = row.get("duplicate_ordinal").and_then(Value::as_i64).unwrap_or(0);
                row.insert("duplicate_ordinal".to_owned(), json!(i64::from(*last) + 1 + own));
                row.insert("needs_review".to_owned(), json!(true));
                self.to_review += 1;
            }
        }
        Ok(())
    }
}

/// The lines come before their prescriptions: nothing is added to what is signed.
fn in_order() -> impl Iterator<Item = &'static Table> {
    let lines = TableName::PrescriptionItems;
    std::iter::once(lines.table()).chain(Table::of_tenant().filter(move |table| table.name != lines))
}

pub(super) fn id_in(row: &Map<String, Value>, column: &str) -> Option<Uuid> {
    row.get(column).and_then(Value::as_str).and_then(|text| text.parse().ok())
}

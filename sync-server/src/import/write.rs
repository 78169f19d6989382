//! Putting rows into the tenant's tables, a batch at a time.

use std::collections::HashMap;

use protocol::id::TenantId;
use protocol::table::Values;
use protocol::validate::moment_text;
use serde_json::{Map, Value, json};
use sqlx::types::Json;
use sqlx::{Connection, PgConnection};
use time::OffsetDateTime;
use uuid::Uuid;

use super::statements;

/// A row to be written.
#[derive(Clone, Debug)]
pub(super) struct NewRow {
    /// Where.
    pub(super) table: &'static str,
    /// Its id.
    pub(super) id: Uuid,
    /// Every column but the common ones.
    pub(super) values: Values,
    /// When it was made, where it comes from.
    pub(super) created_at: Option<Value>,
    /// When it changed last there.
    pub(super) updated_at: Option<Value>,
    /// When it was deleted there.
    pub(super) deleted_at: Option<Value>,
}

/// What the database made of rows that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// They are in.
    Whole,
    /// A rule refuses one of them, and none is in; the constraint, where it has a name.
    Refused(Option<String>),
}

/// Puts groups of rows in, each whole or not at all: all together, and if the database refuses that, one by one, so
/// that only what it refuses stays out.
pub(super) async fn write_groups(
    tx: &mut PgConnection,
    tenant: TenantId,
    groups: &[&[NewRow]],
    now: OffsetDateTime,
) -> sqlx::Result<Vec<Written>> {
    let all: Vec<&NewRow> = groups.iter().copied().flatten().collect();
    match write(tx, tenant, &all, now).await {
        Ok(()) => return Ok(vec![Written::Whole; groups.len()]),
        Err(error) if is_about_content(&error) => {}
        Err(error) => return Err(error),
    }
    let mut written = Vec::with_capacity(groups.len());
    for group in groups {
        let rows: Vec<&NewRow> = group.iter().collect();
        written.push(match write(tx, tenant, &rows, now).await {
            Ok(()) => Written::Whole,
            Err(error) if is_about_content(&error) => {
                Written::Refused(crate::error::violated_constraint(&error).map(str::to_owned))
            }
            Err(error) => return Err(error),
        });
    }
    Ok(written)
}

/// Whether a row is to blame, and not the server.
fn is_about_content(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| code.starts_with("22") || code.starts_with("23"))
}

/// Puts rows in, all or none; lines first, since nothing is added to what is signed.
pub(super) async fn write(
    tx: &mut PgConnection,
    tenant: TenantId,
    rows: &[&NewRow],
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let mut savepoint = tx.begin().await?;
    // Plans of the triggers were made while the tables were smaller, and any index seemed good enough.
    sqlx::raw_sql("discard plans").execute(&mut *savepoint).await?;
    let mut tables: Vec<&'static str> = Vec::new();
    for row in rows {
        if !tables.contains(&row.table) {
            tables.push(row.table);
        }
    }
    tables.sort_by_key(|table| *table != "prescription_items");
    for table in tables {
        let of_table: Vec<&NewRow> = rows.iter().copied().filter(|row| row.table == table).collect();
        let mut columns: Vec<&str> = vec!["tenant_id", "id", "created_at", "updated_at"];
        columns.extend(of_table[0].values.keys().map(String::as_str));
        if table != "users" {
            columns.push("deleted_at");
        }
        let rows: Vec<Map<String, Value>> = of_table.iter().map(|row| as_json(row, tenant, now)).collect();
        sqlx::query(statements::insert(table, &columns)).bind(Json(rows)).execute(&mut *savepoint).await?;
    }
    // What refers to nothing is found here and not in the end.
    sqlx::raw_sql("set constraints all immediate; set constraints all deferred")
        .execute(&mut *savepoint)
        .await?;
    savepoint.commit().await
}

fn as_json(row: &NewRow, tenant: TenantId, now: OffsetDateTime) -> Map<String, Value> {
    let mut json: Map<String, Value> = row.values.clone().into_iter().collect();
    let now = json!(moment_text(now));
    let created = row.created_at.clone().unwrap_or_else(|| now.clone());
    json.insert("tenant_id".to_owned(), json!(tenant));
    json.insert("id".to_owned(), json!(row.id));
    json.insert("updated_at".to_owned(), row.updated_at.clone().unwrap_or_else(|| created.clone()));
    json.insert("created_at".to_owned(), created);
    json.insert("deleted_at".to_owned(), row.deleted_at.clone().unwrap_or(Value::Null));
    json
}

/// The same number and first name as another patient's: both are kept, and a person decides. How many there are.
pub(super) async fn mark_duplicates(
    tx: &mut PgConnection,
    tenant: TenantId,
    patients: &mut [&mut NewRow],
) -> sqlx::Result<usize> {
    let text = |row: &NewRow, name: &str| {
        row.values.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let numbers: Vec<String> = patients.iter().map(|row| text(row, "mobile_number")).collect();
    let there = sqlx::query!(
        r#"select mobile_number, first_name_norm, max(duplicate_ordinal) as "last!"
           from patients
           where tenant_id = $1 and mobile_number = any ($2) and deleted_at is null and merged_into_id is null
           group by mobile_number, first_name_norm"#,
        tenant.0,
        &numbers
    )
    .fetch_all(tx)
    .await?;
    let mut last: HashMap<(String, String), i32> =
        there.into_iter().map(|row| ((row.mobile_number, row.first_name_norm), row.last)).collect();
    let mut marked = 0;
    for row in patients.iter_mut().filter(|row| row.deleted_at.is_none()) {
        let key = (text(row, "mobile_number"), text(row, "first_name_norm"));
        let ordinal = last.get(&key).map_or(0, |last| last + 1);
        last.insert(key, ordinal);
        if ordinal > 0 {
            row.values.insert("duplicate_ordinal".to_owned(), json!(ordinal));
            row.values.insert("needs_review".to_owned(), json!(true));
            marked += 1;
        }
    }
    Ok(marked)
}

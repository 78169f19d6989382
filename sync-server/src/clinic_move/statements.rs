//! All SQL here that is put together from names. They are those of the declaration of the synced tables.

use protocol::table::{Column, Table};
use sqlx::AssertSqlSafe;

/// What every synced row has beside its own columns, but for what is new in another tenant: the version, which the
/// table's trigger gives, and the desktop, which is not one of that tenant's.
const KEPT: &[&str] =
    &["created_at", "created_by", "updated_at", "updated_by", "deleted_at", "client_recorded_at", "clocks"];

/// `(tenant, parents)` → the ids of the rows that point at one of them, and whether each is deleted.
pub(super) fn children(table: &Table, column: &Column) -> AssertSqlSafe<String> {
    let (table, column) = (table.sql_name, column.name);
    AssertSqlSafe(format!(
        "select id, deleted_at is not null from {table} where tenant_id = $1 and {column} = any ($2)"
    ))
}

/// `(tenant, ids)` → what these rows point at.
pub(super) fn parents(table: &Table, column: &Column) -> AssertSqlSafe<String> {
    let (table, column) = (table.sql_name, column.name);
    AssertSqlSafe(format!(
        "select distinct {column} from {table} where tenant_id = $1 and id = any ($2) and {column} is not null"
    ))
}

/// `(tenant, ids)` → those that are there.
pub(super) fn present(table: &Table) -> AssertSqlSafe<String> {
    AssertSqlSafe(format!("select id from {} where tenant_id = $1 and id = any ($2)", table.sql_name))
}

/// `(tenant, ids)` → these rows as JSON.
pub(super) fn rows(table: &Table) -> AssertSqlSafe<String> {
    let table = table.sql_name;
    AssertSqlSafe(format!("select to_jsonb(r) from {table} r where r.tenant_id = $1 and r.id = any ($2)"))
}

/// `(rows)`: puts in an array of such rows.
pub(super) fn insert(table: &Table) -> AssertSqlSafe<String> {
    let own = table.columns.iter().map(|column| column.name);
    let columns: Vec<&str> = ["tenant_id", "id"].into_iter().chain(own).chain(KEPT.iter().copied()).collect();
    let (table, columns) = (table.sql_name, columns.join(", "));
    AssertSqlSafe(format!(
        "insert into {table} ({columns}) select {columns} from jsonb_populate_recordset(null::{table}, $1)"
    ))
}

/// `(tenant, id, row)`: makes a row what such a row says. Its author is who wrote it there.
pub(super) fn update(table: &Table) -> AssertSqlSafe<String> {
    let own = table.columns.iter().map(|column| column.name);
    let columns: Vec<&str> = own.chain(["deleted_at", "clocks"]).collect();
    let (table, columns) = (table.sql_name, columns.join(", "));
    AssertSqlSafe(format!(
        "update {table} set ({columns}) = (select {columns} from jsonb_populate_record(null::{table}, $3))
         where tenant_id = $1 and id = $2"
    ))
}

/// `(tenant, patients, clinic)` → those of the patients who have such a row in another clinic.
pub(super) fn seen_elsewhere(table: &Table, patient: &Column, clinic: &Column) -> AssertSqlSafe<String> {
    let (table, patient, clinic) = (table.sql_name, patient.name, clinic.name);
    AssertSqlSafe(format!(
        "select distinct {patient} from {table}
         where tenant_id = $1 and {patient} = any ($2) and {clinic} <> $3 and deleted_at is null"
    ))
}

/// The text of every statement here, for the tests that look at them.
#[cfg(feature = "testing")]
pub(crate) fn all() -> Vec<String> {
    let of_table = |table: &'static Table| {
        let references = table.columns.iter().filter(|column| column.refers_to.is_some());
        let of_references = references.flat_map(move |column| {
            [children(table, column), parents(table, column), seen_elsewhere(table, column, column)]
        });
        [present(table), rows(table), insert(table), update(table)].into_iter().chain(of_references)
    };
    Table::of_tenant().flat_map(of_table).map(|sql| sql.0).collect()
}

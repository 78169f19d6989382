//! What an import puts together from the names of our own tables and columns.

use sqlx::AssertSqlSafe;

/// `(rows)`: puts in an array of JSON objects with these columns.
pub(super) fn insert(table: &str, columns: &[&str]) -> AssertSqlSafe<String> {
    let columns = columns.join(", ");
    AssertSqlSafe(format!(
        "insert into {table} ({columns}) select {columns} from jsonb_populate_recordset(null::{table}, $1)"
    ))
}

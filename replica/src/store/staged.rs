//! Rows of a pull: kept as they come, applied together once nothing is missing.

use protocol::api::Position;
use protocol::table::{Row, TableName};
use rusqlite::Transaction;

use super::rows::{Stored, put_row};
use super::{Contact, Store, carried, confirmed, note_contact, set_meta};
use crate::error::Result;

impl Store {
    /// Keeps rows of a pull that runs, and where it goes on if it breaks off.
    pub fn stage(&self, rows: &[Row]) -> Result<()> {
        self.write_later(|tx| {
            let mut insert = tx.prepare_cached("insert into staged_rows (row) values (?1)")?;
            for row in rows {
                insert.execute([serde_json::to_string(row)?])?;
            }
            // The catalogue has an order of its own and comes whole or not at all.
            if let Some(last) = rows.iter().rfind(|row| row.table != TableName::Medicines) {
                let position = Position { version: last.version, table: last.table, id: last.id };
                set_meta(tx, "staged_after", &position.to_string())?;
            }
            Ok(())
        })
    }

    /// Forgets a pull that has not reached its end: it begins again behind what was applied last.
    pub fn forget_staged(&self) -> Result<()> {
        self.write(forget)
    }

    /// Applies every staged row, and then these, in one transaction with the new cursor: this file then holds the
    /// tenant's data at `head`. Answers whether anything changed.
    pub fn apply_staged(
        &self,
        last: Vec<Row>,
        (head, catalogue): (i64, i64),
        contact: Contact,
    ) -> Result<bool> {
        // Cursor and rows are lost together, if at all, and asked for again.
        self.write_later(|tx| {
            note_contact(tx, contact)?;
            let mut is_changed = false;
            let mut statement = tx.prepare("select row from staged_rows order by place")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let row: Row =
                    serde_json::from_str(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?)?;
                is_changed |= apply(tx, row)?;
            }
            drop(rows);
            drop(statement);
            for row in last {
                is_changed |= apply(tx, row)?;
            }
            forget(tx)?;
            set_cursor(tx, head, catalogue)?;
            Ok(is_changed)
        })
    }
}

/// Takes a row; answers whether it is news.
fn apply(tx: &Transaction<'_>, row: Row) -> Result<bool> {
    if row.table == TableName::Medicines { put_shared(tx, row) } else { confirmed::apply(tx, &row) }
}

/// Forgets a pull that has not reached its end, or just has.
pub(super) fn forget(tx: &Transaction<'_>) -> Result<()> {
    tx.execute("delete from staged_rows", [])?;
    tx.execute("delete from meta where name = 'staged_after'", [])?;
    Ok(())
}

/// From now on this file holds the tenant's data at `head`, and the shared medicines at `catalogue`.
pub(super) fn set_cursor(tx: &Transaction<'_>, head: i64, catalogue: i64) -> Result<()> {
    set_meta(tx, "head", &head)?;
    set_meta(tx, "after", &Position::after_version(head).to_string())?;
    set_meta(tx, "catalogue", &catalogue)
}

/// Takes a row of the shared catalogue.
pub(super) fn put_shared(tx: &Transaction<'_>, row: Row) -> Result<bool> {
    let stored = Stored { version: row.version, is_deleted: row.deleted, values: row.values.clone() };
    if !put_row(tx, row.table, row.id, &stored)? {
        carried::keep(tx, &row)?;
    }
    Ok(true)
}

//! Rows as the server has them, and what still waits laid over them.

use protocol::mutation::{Mutation, Op};
use protocol::table::Row;
use rusqlite::Transaction;

use super::carried;
use super::rows::{Stored, get_row, put_row};
use crate::error::Result;

/// Takes a row from the server. What was done here and has no final answer yet is laid over it again.
///
/// Answers whether the row is news; an older one than this file has is left alone.
pub(super) fn apply(tx: &Transaction<'_>, row: &Row) -> Result<bool> {
    let known = get_row(tx, row.table, row.id)?;
    if known.is_some_and(|known| known.version > row.version) {
        return Ok(false);
    }
    let mut shown = Stored { version: row.version, is_deleted: row.deleted, values: row.values.clone() };
    let pending = pending(tx, row)?;
    let (name, id) = (row.table.as_str(), row.id.to_string());
    if pending.is_empty() {
        tx.prepare_cached("delete from confirmed_rows where table_name = ?1 and id = ?2")?
            .execute((name, id))?;
    } else {
        let sql = "insert into confirmed_rows (table_name, id, row) values (?1, ?2, ?3) \
                   on conflict (table_name, id) do update set row = excluded.row";
        tx.prepare_cached(sql)?.execute((name, id, serde_json::to_string(row)?))?;
        for mutation in pending {
            lay_over(&mut shown, &mutation, row);
        }
    }
    if !put_row(tx, row.table, row.id, &shown)? {
        carried::keep(tx, row)?;
    }
    Ok(true)
}

/// Remembers a row as the server has it, before the first change to it that the server does not know.
pub(super) fn keep(tx: &Transaction<'_>, row: &Row) -> Result<()> {
    let sql = "insert into confirmed_rows (table_name, id, row) values (?1, ?2, ?3) \
               on conflict (table_name, id) do nothing";
    tx.prepare_cached(sql)?.execute((row.table.as_str(), row.id.to_string(), serde_json::to_string(row)?))?;
    Ok(())
}

fn pending(tx: &Transaction<'_>, row: &Row) -> Result<Vec<Mutation>> {
    let sql = "select m.body from pending_rows p join mutations m on m.sequence = p.sequence \
               where p.table_name = ?1 and p.id = ?2 order by p.sequence";
    let mut statement = tx.prepare_cached(sql)?;
    let bodies =
        statement.query_map((row.table.as_str(), row.id.to_string()), |row| row.get::<_, String>(0))?;
    bodies.map(|body| Ok(serde_json::from_str(&body?)?)).collect()
}

fn lay_over(shown: &mut Stored, mutation: &Mutation, row: &Row) {
    for change in mutation.changes.iter().filter(|change| change.table == row.table && change.id == row.id) {
        match change.op {
            Op::Insert | Op::Update => shown.values.extend(change.values()),
            Op::Delete => shown.is_deleted = true,
        }
    }
}

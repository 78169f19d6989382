//! Rows as the server has them, and what still waits laid over them.

use protocol::mutation::{Change, Mutation, Op};
use protocol::table::{Row, TableName, Values};
use rusqlite::{OptionalExtension, Transaction};
use serde_json::Value;
use uuid::Uuid;

use super::carried;
use super::rows::{Stored, get_row, put_row, remove_row};
use crate::error::Result;

/// Takes a row from the server. What was done here and has no final answer yet is laid over it again.
///
/// Answers whether the row is news; an older one than this file has is left alone.
pub(super) fn apply(tx: &Transaction<'_>, row: &Row) -> Result<bool> {
    let is_news = !is_older(tx, row)?;
    if is_news {
        put(tx, row)?;
    }
    Ok(is_news)
}

/// Takes in what was carried. The server sent it before it may have lost it: what is noted as only here stays noted.
pub(super) fn take_in(tx: &Transaction<'_>, row: &Row) -> Result<()> {
    if is_older(tx, row)? { Ok(()) } else { put_beneath(tx, row) }
}

/// Whether this file has a newer one.
fn is_older(tx: &Transaction<'_>, row: &Row) -> Result<bool> {
    let known = get_row(tx, row.table, row.id)?;
    Ok(known.is_some_and(|known| known.version > row.version))
}

/// Takes a row from the server, whatever version is here.
pub(super) fn put(tx: &Transaction<'_>, row: &Row) -> Result<()> {
    tx.prepare_cached("delete from only_here where table_name = ?1 and id = ?2")?
        .execute((row.table.as_str(), row.id.to_string()))?;
    put_beneath(tx, row)
}

/// Puts a row beneath what waits for it.
fn put_beneath(tx: &Transaction<'_>, row: &Row) -> Result<()> {
    let mut shown = Stored::from(row.clone());
    let pending = pending(tx, row.table, row.id, (i64::MAX, i64::MAX))?;
    if pending.is_empty() {
        forget(tx, row.table, row.id)?;
    } else {
        let sql = "insert into confirmed_rows (table_name, id, row) values (?1, ?2, ?3) \
                   on conflict (table_name, id) do update set row = excluded.row";
        let text = serde_json::to_string(row)?;
        tx.prepare_cached(sql)?.execute((row.table.as_str(), row.id.to_string(), text))?;
        for change in pending.iter().flat_map(|mutation| &mutation.changes) {
            if change.table == row.table && change.id == row.id {
                lay_over(&mut shown, change);
            }
        }
    }
    if !put_row(tx, row.table, row.id, &shown)? {
        carried::keep(tx, row)?;
    }
    Ok(())
}

/// The row as the server last sent it, in the columns that this program knows; none if it is only here.
pub(super) fn held(tx: &Transaction<'_>, table: TableName, id: Uuid) -> Result<Option<Row>> {
    let mut statement =
        tx.prepare_cached("select row from confirmed_rows where table_name = ?1 and id = ?2")?;
    let text: Option<String> =
        statement.query_row((table.as_str(), id.to_string()), |row| row.get(0)).optional()?;
    if let Some(text) = text {
        return Ok(Some(serde_json::from_str(&text)?));
    }
    // What the server has and nobody changed here stands in its table alone.
    let stored = get_row(tx, table, id)?.filter(|stored| stored.version > 0);
    Ok(stored.map(|stored| stored.into_row(table, id)))
}

/// Forgets what the server had of a row.
fn forget(tx: &Transaction<'_>, table: TableName, id: Uuid) -> Result<()> {
    tx.prepare_cached("delete from confirmed_rows where table_name = ?1 and id = ?2")?
        .execute((table.as_str(), id.to_string()))?;
    Ok(())
}

/// Remembers a row as the server has it, before the first change to it that the server does not know.
pub(super) fn keep(tx: &Transaction<'_>, row: &Row) -> Result<()> {
    let sql = "insert into confirmed_rows (table_name, id, row) values (?1, ?2, ?3) \
               on conflict (table_name, id) do nothing";
    tx.prepare_cached(sql)?.execute((row.table.as_str(), row.id.to_string(), serde_json::to_string(row)?))?;
    Ok(())
}

/// The same where a change to it waits already.
pub(super) fn keep_beneath(tx: &Transaction<'_>, row: &Row) -> Result<()> {
    let sql = "select 1 from pending_rows where table_name = ?1 and id = ?2";
    if tx.prepare_cached(sql)?.exists((row.table.as_str(), row.id.to_string()))? {
        keep(tx, row)?;
    }
    Ok(())
}

/// The row as the server has it with what waits laid over, or only what stands before this place among what waits; none
/// if nothing of it came to be.
pub(super) fn shown(
    tx: &Transaction<'_>,
    table: TableName,
    id: Uuid,
    before: Option<(i64, i64)>,
) -> Result<Option<Stored>> {
    let mut shown = held(tx, table, id)?.map(Stored::from);
    for mutation in pending(tx, table, id, before.unwrap_or((i64::MAX, i64::MAX)))? {
        for change in mutation.changes.iter().filter(|change| change.table == table && change.id == id) {
            shown = match (shown, change.op) {
                (None, Op::Insert) => Some(begun(change)),
                (Some(mut shown), _) => {
                    lay_over(&mut shown, change);
                    Some(shown)
                }
                (None, Op::Update | Op::Delete) => None,
            };
        }
    }
    Ok(shown)
}

/// Shows a row anew after what waits for it became another.
pub(super) fn relay(tx: &Transaction<'_>, table: TableName, id: Uuid) -> Result<()> {
    match shown(tx, table, id, None)? {
        Some(shown) => drop(put_row(tx, table, id, &shown)?),
        None => remove_row(tx, table, id)?,
    }
    let sql = "delete from confirmed_rows where table_name = ?1 and id = ?2 and not exists ( \
               select 1 from pending_rows p where p.table_name = ?1 and p.id = ?2)";
    tx.prepare_cached(sql)?.execute((table.as_str(), id.to_string()))?;
    Ok(())
}

/// A new row as its desktop made it.
fn begun(change: &Change) -> Stored {
    let mut values = Values::new();
    for column in change.table.table().columns {
        let default = column.default.and_then(|default| serde_json::from_str(default).ok());
        values.insert(column.name.to_owned(), default.unwrap_or(Value::Null));
    }
    values.extend(change.values());
    Stored { version: 0, is_deleted: false, values }
}

fn pending(tx: &Transaction<'_>, table: TableName, id: Uuid, before: (i64, i64)) -> Result<Vec<Mutation>> {
    let sql = "select m.body from pending_rows p join mutations m on m.sequence = p.sequence \
               where p.table_name = ?1 and p.id = ?2 and (coalesce(p.place, p.sequence), p.sequence) < (?3, ?4) \
               order by coalesce(p.place, p.sequence), p.sequence";
    let mut statement = tx.prepare_cached(sql)?;
    let params = (table.as_str(), id.to_string(), before.0, before.1);
    let bodies = statement.query_map(params, |row| row.get::<_, String>(0))?;
    bodies.map(|body| Ok(serde_json::from_str(&body?)?)).collect()
}

fn lay_over(shown: &mut Stored, change: &Change) {
    match change.op {
        Op::Insert | Op::Update => shown.values.extend(change.values()),
        Op::Delete => shown.is_deleted = true,
    }
}

//! Mutations that the server set aside: what takes their place here, and what became of them there.

use protocol::api::{Receipt, ReceiptsAnswer};
use protocol::merge::{self, Current};
use protocol::table::TableName;
use rusqlite::{OptionalExtension, Transaction};
use time::OffsetDateTime;
use uuid::Uuid;

use super::outbox::{NewMutation, mark};
use super::{Store, confirmed, meta};
use crate::error::Result;

/// Since when it is asked, after a restore, what became of every change.
pub(super) const ASKED_SINCE: &str = "asked_since";

impl Store {
    /// The mutations behind this one of which is asked what became of them, at most so many: those that wait for a person as
    /// far as this file knows, and after a restore, once, all of the last months.
    pub fn set_aside(&self, after: i64, limit: usize) -> Result<Vec<i64>> {
        self.read(|tx| {
            let since: Option<String> = meta(tx, ASKED_SINCE)?;
            let sql = "select sequence from mutations where fate in ('quarantined', 'blocked') and sequence > ?1 \
                       union select sequence from mutations \
                       where ?3 is not null and acknowledged_at >= ?3 and sequence > ?1 order by 1 limit ?2";
            let mut statement = tx.prepare_cached(sql)?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let found = statement.query_map((after, limit, since), |row| row.get(0))?;
            Ok(found.collect::<std::result::Result<_, _>>()?)
        })
    }

    /// It was asked of all of them: from now on only of those that wait.
    pub fn asked_all(&self) -> Result<()> {
        if self.read(|tx| meta::<String>(tx, ASKED_SINCE))?.is_none() {
            return Ok(());
        }
        self.write(|tx| {
            tx.execute("delete from meta where name = ?1", [ASKED_SINCE])?;
            Ok(())
        })
    }

    /// Takes what became of mutations that waited for a person. Answers whether anything is new.
    pub fn take_receipts(&self, answer: &ReceiptsAnswer, at: OffsetDateTime) -> Result<bool> {
        self.write(|tx| {
            let n_new = mark(tx, &answer.receipts, at)?;
            if n_new > 0 {
                for row in &answer.rows {
                    confirmed::apply(tx, row)?;
                }
            }
            Ok(n_new > 0)
        })
    }
}

/// Lays a correction over the rows, where what it corrects was laid over until now.
///
/// # Errors
///
/// [`crate::Error::Refused`] where the server would refuse it too.
pub(super) fn replace(
    tx: &Transaction<'_>,
    refused: i64,
    sequence: i64,
    new: &mut NewMutation<'_>,
) -> Result<()> {
    let sql = "select coalesce(place, sequence) from pending_rows where sequence = ?1 limit 1";
    let place: i64 =
        tx.prepare_cached(sql)?.query_row([refused], |row| row.get(0)).optional()?.unwrap_or(refused);
    let now_ms = i64::try_from(new.at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX);
    for change in &mut new.changes {
        let before = confirmed::shown(tx, change.table, change.id, Some((place, refused)))?;
        change.base_version = before.as_ref().map_or(0, |before| before.version);
        let before = before.map(|before| Current {
            deleted: before.is_deleted,
            values: before.values,
            clocks: merge::Clocks::new(),
        });
        merge::merge(change, before, &new.person.roles, now_ms)?;
        let sql =
            "insert or ignore into pending_rows (table_name, id, sequence, place) values (?1, ?2, ?3, ?4)";
        tx.prepare_cached(sql)?.execute((change.table.as_str(), change.id.to_string(), sequence, place))?;
    }
    tx.prepare_cached("delete from pending_rows where sequence = ?1")?.execute([refused])?;
    Ok(())
}

/// Takes a mutation off the rows on which it lay until a person decided. What the server says of them comes beside.
pub(super) fn take_off(tx: &Transaction<'_>, receipt: &Receipt) -> Result<()> {
    let sql = "delete from pending_rows where sequence = ?1 returning table_name, id";
    let mut statement = tx.prepare_cached(sql)?;
    let rows: Vec<(String, String)> = statement
        .query_map([receipt.sequence], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<std::result::Result<_, _>>()?;
    for (table, id) in rows {
        if let (Some(table), Ok(id)) = (TableName::find(&table), id.parse::<Uuid>()) {
            confirmed::relay(tx, table, id)?;
        }
    }
    Ok(())
}

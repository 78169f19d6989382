//! What this file has of the server's rows, to compare it with what the server has, and mending what differs.

use std::collections::{BTreeMap, BTreeSet};

use protocol::digest::{BUCKETS, Digest, bucket};
use protocol::table::{Row, TableName};
use protocol::validate::{moment_text, parse_moment};
use rusqlite::{Transaction, params};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use super::rows::are_same;
use super::{Store, confirmed, meta, set_meta, staged};
use crate::error::{Error, Result};

/// Rows are looked at in slices of so many, so that no reader waits long.
const SLICE: u32 = 20_000;

/// The last comparison with the server that came to an end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// When.
    at: String,
    /// How many rows were mended when there last were any, and when that was.
    mended: Option<(u32, String)>,
}

impl Compared {
    /// When both were equal.
    pub fn at(&self) -> Option<OffsetDateTime> {
        parse_moment(&self.at)
    }

    /// How many rows were mended when there last were any, and when that was, as a moment's text.
    pub fn mended(&self) -> Option<(u32, &str)> {
        self.mended.as_ref().map(|(rows, at)| (*rows, at.as_str()))
    }
}

/// What the server has, and what it answered of some ids.
#[derive(Debug)]
pub struct Fetched {
    /// The table.
    pub table: TableName,
    /// What was asked for.
    pub ids: Vec<Uuid>,
    /// Those that there are.
    pub rows: Vec<Row>,
}

impl Store {
    /// The digest of each bucket of a table, over the rows as the server last sent them.
    pub fn digests(&self, table: TableName) -> Result<Vec<Digest>> {
        let mut digests = vec![Digest::default(); BUCKETS];
        self.each_held(table, |id, version| digests[usize::from(bucket(id))].add(id, version))?;
        Ok(digests)
    }

    /// The ids of these rows in some buckets, with their versions.
    pub fn held(&self, table: TableName, buckets: &[u8]) -> Result<BTreeMap<Uuid, i64>> {
        let mut held = BTreeMap::new();
        self.each_held(table, |id, version| {
            if buckets.contains(&bucket(id)) {
                held.insert(id, version);
            }
        })?;
        Ok(held)
    }

    fn each_held(&self, table: TableName, mut look: impl FnMut(Uuid, i64)) -> Result<()> {
        let name = table.as_str();
        let plain = format!(
            "select id, sync_version, is_deleted from {name} where id > ?1 and sync_version > 0 and id not in \
             (select id from pending_rows where table_name = ?2 \
              union all select id from confirmed_rows where table_name = ?2 \
              union all select id from only_here where table_name = ?2) order by id limit ?3"
        );
        let mut after = String::new();
        loop {
            let rows = self.read(|tx| {
                let mut statement = tx.prepare_cached(&plain)?;
                let mut rows = statement.query(params![after, name, SLICE])?;
                let mut n_rows = 0;
                while let Some(row) = rows.next()? {
                    let id: String = row.get(0)?;
                    if !row.get::<_, bool>(2)? {
                        look(parse(&id)?, row.get(1)?);
                    }
                    n_rows += 1;
                    after = id;
                }
                Ok(n_rows)
            })?;
            if rows < SLICE {
                break;
            }
        }
        self.read(|tx| {
            let sql = "select row from confirmed_rows where table_name = ?1 \
                       and id not in (select id from only_here where table_name = ?1)";
            let mut statement = tx.prepare_cached(sql)?;
            let mut rows = statement.query([name])?;
            while let Some(row) = rows.next()? {
                let row: Row = serde_json::from_str(&row.get::<_, String>(0)?)?;
                if !row.deleted {
                    look(row.id, row.version);
                }
            }
            let sql =
                "select id, server_version from only_here where table_name = ?1 and server_version is not null";
            let mut statement = tx.prepare_cached(sql)?;
            let mut rows = statement.query([name])?;
            while let Some(row) = rows.next()? {
                look(parse(&row.get::<_, String>(0)?)?, row.get(1)?);
            }
            Ok(())
        })
    }

    /// Takes rows as the server has them; what was done here and waits is laid over them. What the server does not have,
    /// or only as it was before, is never given up: it stays as it is here, and is noted. Answers how many rows were
    /// taken.
    pub fn mend(&self, fetched: &Fetched) -> Result<u32> {
        self.write(|tx| {
            let mut mended = 0;
            let mut absent: BTreeSet<Uuid> = fetched.ids.iter().copied().collect();
            for row in &fetched.rows {
                absent.remove(&row.id);
                mended += u32::from(take(tx, row)?);
            }
            for id in absent {
                note_lost(tx, fetched.table, id)?;
            }
            Ok(mended)
        })
    }

    /// Notes that both sides were equal at this moment, after so many rows were mended.
    pub fn mark_compared(&self, at: OffsetDateTime, mended: u32) -> Result<()> {
        self.write(|tx| {
            let mut compared: Compared = meta(tx, "compared")?.unwrap_or_default();
            compared.at = moment_text(at);
            if mended > 0 {
                compared.mended = Some((mended, compared.at.clone()));
            }
            set_meta(tx, "compared", &compared)?;
            set_meta(tx, "differs", &false)
        })
    }

    /// Notes that this computer still differs after mending: also after a restart it does, until it is found equal.
    pub fn note_differs(&self) -> Result<()> {
        self.write(|tx| set_meta(tx, "differs", &true))
    }
}

fn parse(id: &str) -> Result<Uuid> {
    Uuid::try_parse(id).map_err(|_| Error::StoreDamaged)
}

/// Takes a row, unless what is here is newer. Answers whether it was another one here.
fn take(tx: &Transaction<'_>, row: &Row) -> Result<bool> {
    match confirmed::held(tx, row.table, row.id)? {
        Some(held) if is_same(&held, row) => {
            // What was sent again after a restore lies on a row of which nothing was kept beneath.
            confirmed::keep_beneath(tx, row)?;
            return Ok(false);
        }
        Some(held) if held.version > row.version => {
            note_only_here(tx, row.table, row.id, (!row.deleted).then_some(row.version))?;
            return Ok(false);
        }
        Some(_) | None => {}
    }
    if row.table.table().is_shared() {
        staged::put_shared(tx, row.clone())?;
    } else {
        confirmed::put(tx, row)?;
    }
    Ok(true)
}

fn is_same(held: &Row, sent: &Row) -> bool {
    held.version == sent.version
        && held.deleted == sent.deleted
        && are_same(sent.table, &held.values, &sent.values)
}

/// The server does not have the row at all.
fn note_lost(tx: &Transaction<'_>, table: TableName, id: Uuid) -> Result<()> {
    match confirmed::held(tx, table, id)? {
        Some(held) if !held.deleted => note_only_here(tx, table, id, None),
        Some(_) | None => Ok(()),
    }
}

fn note_only_here(tx: &Transaction<'_>, table: TableName, id: Uuid, has: Option<i64>) -> Result<()> {
    let sql = "insert into only_here (table_name, id, server_version) values (?1, ?2, ?3) \
               on conflict (table_name, id) do update set server_version = excluded.server_version";
    tx.prepare_cached(sql)?.execute((table.as_str(), id.to_string(), has))?;
    Ok(())
}

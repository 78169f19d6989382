//! Whether this computer's rows are the server's, compared whole: on demand, for support staff.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::StreamExt;
use protocol::api::{PullLine, PullQuery};
use protocol::merge::same;
use protocol::table::{Row, TABLES, TableName};
use rusqlite::{OptionalExtension, Transaction};
use serde::Serialize;
use uuid::Uuid;

use crate::desk::{Desk, blocking};
use crate::error::{Error, Result};
use crate::store::{Store, get_row};
use crate::sync::belief::Page;
use crate::sync::limits::MOST_HELD;

/// Rows are compared in portions of this many.
const PORTION: usize = 500;
/// At most this many rows are named.
const NAMED: usize = 100;

/// A row by its name; never what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowName {
    /// Whose.
    pub table: &'static str,
    /// Which.
    pub id: Uuid,
}

/// What a comparison found. Of each kind at most a hundred rows are named.
#[derive(Debug, Default, Serialize)]
pub struct Comparison {
    /// How many rows the server has for this computer.
    pub rows: u32,
    /// How many are not the same here and there.
    pub wrong: u32,
    /// Rows that say something else here, or are of another version.
    pub differing: Vec<RowName>,
    /// Rows that only the server has.
    pub missing: Vec<RowName>,
    /// Rows that only this computer has although the server once sent them.
    pub surplus: Vec<RowName>,
}

impl Comparison {
    fn add(&mut self, table: TableName, id: Uuid, verdict: Verdict) {
        let list = match verdict {
            Verdict::Same => return,
            Verdict::Differs => &mut self.differing,
            Verdict::Missing => &mut self.missing,
            Verdict::Surplus => &mut self.surplus,
        };
        if list.len() < NAMED {
            list.push(RowName { table: table.as_str(), id });
        }
        self.wrong += 1;
    }
}

#[derive(Clone, Copy)]
enum Verdict {
    Same,
    Differs,
    Missing,
    Surplus,
}

impl Desk {
    /// Asks the server for every row that this computer may have and compares it, value by value. What waits to be sent
    /// is left out of it: compared is what the server is known to have.
    ///
    /// # Errors
    ///
    /// [`Error::Locked`]; [`Error::ServerUnreachable`] if the line breaks; [`Error::BadAnswer`], [`Error::AnswerTooLong`].
    /// Nothing is changed.
    pub async fn compare(&self) -> Result<Comparison> {
        let (client, token) = self.line()?;
        let store = Arc::clone(&self.replica()?.store);
        let (epoch, tenant) = (store.sync_state()?.epoch, store.facts()?.tenant_id);
        let (mut after, mut found, mut seen) = (None, Comparison::default(), HashSet::new());
        loop {
            let query = PullQuery { epoch, after: after.clone(), catalogue: 0, limit: None };
            // The shared medicines come with every page that does not say that it has them.
            let lines = client.pull(&token, &query).await?;
            let mut lines = std::pin::pin!(lines);
            let mut page = Page::after(tenant, after.as_deref());
            let (mut rows, mut held) = (Vec::new(), 0);
            let more = loop {
                let (line, length) = lines.next().await.ok_or(Error::ServerUnreachable)??;
                match line {
                    PullLine::Head { version, catalogue, .. } => page.head(version, catalogue, None)?,
                    PullLine::Unknown(row) => {
                        page.unknown(&row)?;
                        after = Some(row.position());
                    }
                    PullLine::Row(row) => {
                        page.row(&row)?;
                        if row.table != TableName::Medicines {
                            let at = protocol::api::Position {
                                version: row.version,
                                table: row.table,
                                id: row.id,
                            };
                            after = Some(at.to_string());
                        }
                        rows.push(row);
                        held += length;
                        if rows.len() == PORTION || held > MOST_HELD {
                            held = 0;
                            compare_portion(&store, &mut rows, &mut found, &mut seen).await?;
                        }
                    }
                    PullLine::End { more } => {
                        page.end(more)?;
                        break more;
                    }
                }
            };
            compare_portion(&store, &mut rows, &mut found, &mut seen).await?;
            if !more {
                break;
            }
        }
        blocking(move || {
            store.read(|tx| {
                for (table, id) in received(tx)? {
                    if !seen.contains(&(table, id)) {
                        found.add(table, id, Verdict::Surplus);
                    }
                }
                Ok(found)
            })
        })
        .await
    }
}

async fn compare_portion(
    store: &Arc<Store>,
    rows: &mut Vec<Row>,
    found: &mut Comparison,
    seen: &mut HashSet<(TableName, Uuid)>,
) -> Result<()> {
    let (portion, store) = (std::mem::take(rows), Arc::clone(store));
    let names: Vec<(TableName, Uuid)> = portion.iter().map(|row| (row.table, row.id)).collect();
    let verdicts = blocking(move || {
        store.read(|tx| portion.iter().map(|row| verdict(tx, row)).collect::<Result<Vec<Verdict>>>())
    })
    .await?;
    for ((table, id), verdict) in names.into_iter().zip(verdicts) {
        if seen.insert((table, id)) {
            found.rows += 1;
            found.add(table, id, verdict);
        }
    }
    Ok(())
}

fn verdict(tx: &Transaction<'_>, row: &Row) -> Result<Verdict> {
    let sql = "select row from confirmed_rows where table_name = ?1 and id = ?2";
    let confirmed: Option<String> = tx
        .prepare_cached(sql)?
        .query_row((row.table.as_str(), row.id.to_string()), |row| row.get(0))
        .optional()?;
    let (version, is_deleted, values) = match confirmed {
        Some(text) => {
            let row: Row = serde_json::from_str(&text)?;
            (row.version, row.deleted, row.values)
        }
        None => match get_row(tx, row.table, row.id)? {
            Some(here) => (here.version, here.is_deleted, here.values),
            None => return Ok(if row.deleted { Verdict::Same } else { Verdict::Missing }),
        },
    };
    let is_same = version == row.version
        && is_deleted == row.deleted
        && row.values.iter().all(|(name, there)| match values.get(name) {
            Some(here) => same(here, there),
            // A column of a newer server: it is carried beside the row.
            None => row.table.table().column(name).is_none(),
        });
    Ok(if is_same { Verdict::Same } else { Verdict::Differs })
}

/// The rows that came from the server and are not deleted.
fn received(tx: &Transaction<'_>) -> Result<Vec<(TableName, Uuid)>> {
    let mut received = Vec::new();
    for table in TABLES {
        let sql = format!("select id from {} where sync_version > 0 and is_deleted = 0", table.sql_name);
        let mut statement = tx.prepare(&sql)?;
        let ids = statement.query_map([], |row| row.get::<_, String>(0))?;
        for id in ids {
            received.push((table.name, id?.parse().map_err(|_| Error::StoreDamaged)?));
        }
    }
    Ok(received)
}

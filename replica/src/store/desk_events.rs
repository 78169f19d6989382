//! What people did with this copy: chained as it happens, told to the server when it can be reached.

use protocol::audit::{Action, ChainedEvent, DeskEvent, DeskEvents};
use protocol::id::{PatientId, UserId};
use protocol::mutation::Hash;
use protocol::table::TableName;
use rusqlite::{OptionalExtension, Transaction};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Store;
use crate::error::{Error, Result};

/// So many events stay here that the server keeps as well.
const KEPT: i64 = 10_000;

/// Something that a person did just now.
pub(crate) struct NewEvent {
    /// Who.
    pub user: UserId,
    /// When, by this computer's clock.
    pub at: OffsetDateTime,
    /// What.
    pub action: Action,
    /// To which row of which table.
    pub record: Option<(TableName, Uuid)>,
    /// Whose record it is.
    pub patient: Option<PatientId>,
}

impl Store {
    /// Writes an event down behind the last one.
    pub(crate) fn note(&self, new: NewEvent) -> Result<()> {
        self.write(|tx| {
            let (last, previous) = tx
                .prepare_cached("select sequence, hash from desk_events order by sequence desc limit 1")?
                .query_row([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))
                .optional()?
                .map_or(Ok((0, Hash::ZERO)), |(last, hash): (i64, String)| {
                    Ok::<_, Error>((last, parse(&hash)?))
                })?;
            let event = DeskEvent {
                sequence: last + 1,
                at: new.at,
                user: new.user,
                action: new.action,
                table: new.record.map(|(table, _)| table),
                record: new.record.map(|(_, id)| id),
                patient: new.patient,
            };
            let chained = ChainedEvent::new(&event, previous)?;
            tx.prepare_cached("insert into desk_events (sequence, body, hash) values (?1, ?2, ?3)")?
                .execute((event.sequence, chained.body, chained.hash.to_string()))?;
            Ok(())
        })
    }

    /// The next events that the server does not keep yet; none if it has all.
    pub(crate) fn next_events(&self, most: usize) -> Result<Option<DeskEvents>> {
        self.read(|tx| {
            let kept = kept(tx)?;
            let previous: Option<String> = tx
                .prepare_cached("select hash from desk_events where sequence = ?1")?
                .query_row([kept], |row| row.get(0))
                .optional()?;
            let mut statement = tx.prepare_cached(
                "select body, hash from desk_events where sequence > ?1 order by sequence limit ?2",
            )?;
            let rows = statement.query_map((kept, i64::try_from(most).unwrap_or(i64::MAX)), |row| {
                Ok((row.get(0)?, row.get::<_, String>(1)?))
            })?;
            let events = rows
                .map(|row| {
                    let (body, hash) = row?;
                    Ok(ChainedEvent { body, hash: parse(&hash)? })
                })
                .collect::<Result<Vec<_>>>()?;
            let previous_hash = previous.map_or(Ok(Hash::ZERO), |hash| parse(&hash))?;
            Ok((!events.is_empty()).then_some(DeskEvents { previous_hash, events }))
        })
    }

    /// The server keeps all up to this one. Answers whether those are more than before.
    pub(crate) fn events_kept(&self, last: i64) -> Result<bool> {
        self.write(|tx| {
            // One that this computer does not have is no reason to forget those that it has.
            let own: Option<i64> =
                tx.query_row("select max(sequence) from desk_events where sequence <= ?1", [last], |row| {
                    row.get(0)
                })?;
            let Some(own) = own.filter(|own| kept(tx).is_ok_and(|kept| *own > kept)) else {
                return Ok(false);
            };
            super::set_meta(tx, "events_kept", &own)?;
            // A server that is restored is told again what it lost.
            tx.execute("delete from desk_events where sequence < ?1", [own - KEPT])?;
            Ok(true)
        })
    }
}

/// The server may have lost them: all that are here are told again, and it leaves out what it has. Of an event that follows
/// one which is gone nobody can show what it follows.
pub(super) fn tell_again(tx: &Transaction<'_>) -> Result<()> {
    let first: Option<i64> = tx.query_row("select min(sequence) from desk_events", [], |row| row.get(0))?;
    match first {
        Some(first) => super::set_meta(tx, "events_kept", &if first == 1 { 0 } else { first }),
        None => Ok(()),
    }
}

fn kept(tx: &Transaction<'_>) -> Result<i64> {
    Ok(super::meta(tx, "events_kept")?.unwrap_or(0))
}

fn parse(hash: &str) -> Result<Hash> {
    Hash::parse(hash).ok_or_else(|| Error::StoreDamaged)
}

//! What was done here: written with the rows it changed, sent in order, acknowledged by name.

use std::collections::BTreeSet;

use ed25519_dalek::SigningKey;
use protocol::SCHEMA_VERSION;
use protocol::api::{Fate, Position, PushResponse, Receipt, StaffMember};
use protocol::id::{DeviceId, PatientId};
use protocol::merge::{self, Current};
use protocol::mutation::{Change, Hash, Mutation, Op, SetValue, SignedMutation};
use protocol::settlement::{Settlement, Way};
use protocol::table::{Column, UnknownRow};
use protocol::validate::moment_text;
use rusqlite::{OptionalExtension, Transaction};
use serde_json::Value;
use time::OffsetDateTime;

use super::carried::keep_unknown;
use super::renewal::{past, past_until};
use super::rows::{Stored, get_row, put_row};
use super::{Contact, Store, confirmed, meta, note_contact, set_meta, settled};
use crate::error::{Error, Result};

/// Something that a person did just now.
pub(crate) struct NewMutation<'a> {
    /// In the words of the product.
    pub kind: &'a str,
    /// Who.
    pub person: &'a StaffMember,
    /// Whom it concerns.
    pub patient: Option<PatientId>,
    /// Where.
    pub device: DeviceId,
    /// When, by this computer's clock.
    pub at: OffsetDateTime,
    /// The rows that it changes.
    pub changes: Vec<Change>,
    /// The refused mutation of which it says what becomes.
    pub settles: Option<Settlement>,
}

/// With what a mutation is signed.
#[derive(Clone, Copy)]
pub(crate) struct Keys<'a> {
    /// This computer's.
    pub device: &'a SigningKey,
    /// That of whoever is signed in.
    pub own: Option<&'a SigningKey>,
}

/// Changes the rows and writes the mutation that says so; both or neither.
///
/// # Errors
///
/// [`Error::Invalid`] or [`Error::Forbidden`] where the server would refuse it too.
pub(crate) fn record(tx: &Transaction<'_>, mut new: NewMutation<'_>, keys: Keys<'_>) -> Result<()> {
    let (last, previous_hash) = last(tx)?;
    let sequence = last + 1;
    // What takes the place of another computer's change takes no place among those of this one.
    let replaces = |settles: &&Settlement| settles.way == Way::Replace && settles.device_id == new.device;
    match new.settles.as_ref().filter(replaces).map(|settles| settles.sequence) {
        Some(refused) => settled::replace(tx, refused, sequence, &mut new)?,
        None => {
            for change in &mut new.changes {
                lay(tx, change, sequence, new.person, new.at)?;
            }
        }
    }
    let rows: Vec<_> = new.changes.iter().map(|change| (change.table, change.id)).collect();
    let is_correction = new.settles.is_some();
    write(tx, new, sequence, previous_hash, keys)?;
    // Only now does the correction stand among what is laid over.
    for (table, id) in rows.into_iter().filter(|_| is_correction) {
        confirmed::relay(tx, table, id)?;
    }
    Ok(())
}

/// Changes a row as a person does it now.
fn lay(
    tx: &Transaction<'_>,
    change: &mut Change,
    sequence: i64,
    person: &StaffMember,
    at: OffsetDateTime,
) -> Result<()> {
    let current = get_row(tx, change.table, change.id)?;
    change.base_version = current.as_ref().map_or(0, |current| current.version);
    if let (Op::Update, Some(current)) = (change.op, &current) {
        complete_facts(change, current);
    }
    apply(tx, change, current, person, at)?;
    let sql = "insert or ignore into pending_rows (table_name, id, sequence) values (?1, ?2, ?3)";
    tx.prepare_cached(sql)?.execute((change.table.as_str(), change.id.to_string(), sequence))?;
    Ok(())
}

fn write(
    tx: &Transaction<'_>,
    new: NewMutation<'_>,
    sequence: i64,
    previous_hash: Hash,
    keys: Keys<'_>,
) -> Result<()> {
    let mutation = Mutation {
        device_id: new.device,
        sequence,
        actor_user_id: new.person.id,
        recorded_at: new.at,
        clock_offset_ms: meta(tx, "clock_offset_ms")?.unwrap_or(0),
        schema: SCHEMA_VERSION,
        kind: new.kind.to_owned(),
        changes: new.changes,
        settles: new.settles,
    };
    let mut signed = SignedMutation::sign(&mutation, previous_hash, keys.device)?;
    if let Some(own) = keys.own.filter(|_| mutation.needs_own_signature()) {
        signed = signed.signed_by(own);
    }
    let settles = mutation.settles.as_ref();
    let sql = "insert into mutations (sequence, kind, body, previous_hash, hash, signature, recorded_at, \
               actor_user_id, actor_name, patient_id, settles, settles_sequence, way, reason, own_signature) \
               values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
    tx.prepare_cached(sql)?.execute((
        sequence,
        &mutation.kind,
        &signed.body,
        signed.previous_hash.to_string(),
        signed.hash.to_string(),
        &signed.signature,
        moment_text(new.at),
        new.person.id.to_string(),
        &new.person.full_name,
        new.patient.map(|patient| patient.to_string()),
        settles.map(|settles| settles.item().to_string()),
        settles.filter(|settles| settles.device_id == new.device).map(|settles| settles.sequence),
        settles.map(|settles| settles.way.as_str()),
        settles.and_then(|settles| settles.reason.as_deref()),
        &signed.own_signature,
    ))?;
    Ok(())
}

fn last(tx: &Transaction<'_>) -> Result<(i64, Hash)> {
    let sql = "select sequence, hash from mutations order by sequence desc limit 1";
    let last: Option<(i64, String)> =
        tx.prepare_cached(sql)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    match last {
        None => Ok((0, Hash::ZERO)),
        Some((sequence, hash)) => {
            let hash = Hash::parse(&hash).ok_or_else(|| Error::StoreDamaged)?;
            Ok((sequence, hash))
        }
    }
}

fn apply(
    tx: &Transaction<'_>,
    change: &Change,
    current: Option<Stored>,
    person: &StaffMember,
    at: OffsetDateTime,
) -> Result<()> {
    let version = current.as_ref().map_or(0, |current| current.version);
    if let Some(current) = &current
        && version > 0
    {
        confirmed::keep(tx, &current.clone().into_row(change.table, change.id))?;
    }
    let before = current.map(|current| Current {
        deleted: current.is_deleted,
        values: current.values,
        clocks: merge::Clocks::new(),
    });
    let now_ms = i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX);
    let merged = merge::merge(change, before, &person.roles, now_ms)?;
    let stored = Stored { version, is_deleted: merged.row.deleted, values: merged.row.values };
    put_row(tx, change.table, change.id, &stored)?;
    Ok(())
}

/// Of a fact of several columns the others are sent too, as the person saw them: whoever changed any of it meanwhile
/// is then met.
fn complete_facts(change: &mut Change, current: &Stored) {
    let table = change.table.table();
    let leads: BTreeSet<&str> =
        change.set.keys().filter_map(|name| table.column(name)).map(Column::fact).collect();
    for column in leads.into_iter().flat_map(|lead| table.fact(lead)) {
        let value = current.values.get(column.name).cloned().unwrap_or(Value::Null);
        change
            .set
            .entry(column.name.to_owned())
            .or_insert_with(|| SetValue { base: value.clone(), value: value.clone() });
    }
}

impl Store {
    /// The mutations that wait, in their order: at most so many and of so many bytes, but at least one if any
    /// waits.
    pub fn next_batch(&self, max_mutations: usize, max_bytes: usize) -> Result<Vec<SignedMutation>> {
        let limit = i64::try_from(max_mutations).unwrap_or(i64::MAX);
        self.read(|tx| waiting(tx, (past_until(tx)?, i64::MAX), limit, max_bytes))
    }

    /// The last mutation of each computer that this one was until its keys were lost, with the id of that one, and the last
    /// that was brought, or will be, under the id that it has; as far as there are any.
    pub fn last_of_each(&self) -> Result<Vec<(Option<DeviceId>, SignedMutation)>> {
        self.read(|tx| {
            let (mut found, mut first) = (Vec::new(), 0);
            for was in past(tx)? {
                if was.is_recovered {
                    found
                        .extend(last_within(tx, (first, was.until))?.map(|last| (Some(was.device_id), last)));
                }
                first = was.until;
            }
            found.extend(last_within(tx, (first, i64::MAX))?.map(|last| (None, last)));
            Ok(found)
        })
    }

    /// Everything that was done here under the id that it has waits again, from the first on: the server does not say what it lost, and answers
    /// what it has as it did before.
    pub fn send_all_again(&self) -> Result<()> {
        self.write(|tx| {
            let sql =
                "update mutations set fate = null, detail = null, acknowledged_at = null where sequence > ?1";
            tx.execute(sql, [past_until(tx)?])?;
            Ok(())
        })
    }

    /// Marks exactly the mutations that these receipts name, of which none went in.
    pub fn mark(&self, receipts: &[Receipt], at: OffsetDateTime) -> Result<()> {
        self.write(|tx| mark(tx, receipts, at).map(|_| ()))
    }

    /// Takes the server's answer to a push: marks exactly the mutations that it names, and takes its rows. Answers whether
    /// nothing else of what the server has is missing here.
    pub fn acknowledge(
        &self,
        answer: &PushResponse,
        unknown: &[UnknownRow],
        contact: Contact,
    ) -> Result<bool> {
        // If this is lost with the power, the same mutations are sent again, and get the same receipts.
        self.write_later(|tx| {
            note_contact(tx, contact)?;
            keep_unknown(tx, unknown)?;
            mark(tx, &answer.receipts, contact.1)?;
            for row in &answer.rows {
                confirmed::apply(tx, row)?;
            }
            let is_level = meta::<i64>(tx, "head")? == Some(answer.head_before)
                && meta::<String>(tx, "staged_after")?.is_none();
            if is_level {
                set_meta(tx, "head", &answer.head)?;
                set_meta(tx, "after", &Position::after_version(answer.head).to_string())?;
            }
            Ok(is_level)
        })
    }
}

/// Those that wait behind the first of these numbers and up to the other: at most so many and of so many bytes, but at
/// least one if any waits.
pub(super) fn waiting(
    tx: &Transaction<'_>,
    (after, until): (i64, i64),
    limit: i64,
    max_bytes: usize,
) -> Result<Vec<SignedMutation>> {
    let sql = "select body, previous_hash, hash, signature, own_signature from mutations where fate is null \
               and sequence > ?1 and sequence <= ?2 order by sequence limit ?3";
    let mut statement = tx.prepare_cached(sql)?;
    let mut rows = statement.query((after, until, limit))?;
    let (mut batch, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let signed = signed(row)?;
        // Quotation marks are escaped on the way, and the envelope comes on top.
        bytes += signed.body.len() * 5 / 4 + 400;
        if bytes > max_bytes && !batch.is_empty() {
            break;
        }
        batch.push(signed);
    }
    Ok(batch)
}

/// The last one behind the first of these numbers and up to the other.
fn last_within(tx: &Transaction<'_>, range: (i64, i64)) -> Result<Option<SignedMutation>> {
    let sql = "select body, previous_hash, hash, signature, own_signature from mutations \
               where sequence > ?1 and sequence <= ?2 order by sequence desc limit 1";
    let mut statement = tx.prepare_cached(sql)?;
    let mut rows = statement.query(range)?;
    rows.next()?.map(signed).transpose()
}

/// A mutation as it was signed, from its body, both hashes and both signatures.
pub(crate) fn signed(row: &rusqlite::Row<'_>) -> Result<SignedMutation> {
    let hash = |text: String| Hash::parse(&text).ok_or_else(|| Error::StoreDamaged);
    Ok(SignedMutation {
        body: row.get(0)?,
        previous_hash: hash(row.get(1)?)?,
        hash: hash(row.get(2)?)?,
        signature: row.get(3)?,
        own_signature: row.get(4)?,
    })
}

/// What is said of a change with which a later server did something that this program does not know.
const UNKNOWN_FATE: &str = "The server did something with this change that this version of Clinic Desk does not know. The change is kept here and on the server; what became of it shows once Clinic Desk is updated.";

/// Marks exactly the mutations that these receipts name. Answers of how many that is news.
pub(super) fn mark(tx: &Transaction<'_>, receipts: &[Receipt], at: OffsetDateTime) -> Result<usize> {
    let mut n_new = 0;
    for receipt in receipts {
        // Only the mutation that the server saw: the same number with another hash is not it.
        let sql = "select fate, detail from mutations where sequence = ?1 and hash = ?2";
        let known: Option<(Option<String>, Option<String>)> = tx
            .prepare_cached(sql)?
            .query_row((receipt.sequence, receipt.hash.to_string()), |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((before, known_detail)) = known else { continue };
        // This file has no word for it; it is asked for again until a later program has one.
        let fate = if receipt.fate == Fate::Other { Fate::Blocked } else { receipt.fate };
        let fate = serde_json::to_value(fate)?;
        let detail = detail(receipt);
        if before.as_deref() == fate.as_str() && known_detail == detail {
            continue;
        }
        n_new += 1;
        let sql = "update mutations set fate = ?1, detail = ?2, code = ?3, blocked_by = ?4, \
                   acknowledged_at = case when fate is ?1 then acknowledged_at else ?5 end where sequence = ?6";
        tx.prepare_cached(sql)?.execute((
            fate.as_str(),
            detail,
            receipt.code.map(serde_json::to_value).transpose()?.as_ref().and_then(Value::as_str),
            receipt.blocked_by,
            moment_text(at),
            receipt.sequence,
        ))?;
        match before {
            _ if receipt.fate.is_aside() => {}
            // Its rows come with the answer.
            None if receipt.fate.is_in() => {
                tx.prepare_cached("delete from pending_rows where sequence = ?1")?
                    .execute([receipt.sequence])?;
            }
            _ => settled::take_off(tx, receipt)?,
        }
    }
    Ok(n_new)
}

fn detail(receipt: &Receipt) -> Option<String> {
    match receipt.fate {
        Fate::Applied | Fate::Merged | Fate::Quarantined | Fate::Replaced | Fate::Discarded => {
            receipt.detail.clone()
        }
        Fate::Blocked => {
            receipt.blocked_by.map(|number| format!("It waits with change {number}, which it builds on."))
        }
        Fate::Conflict => {
            let columns: Vec<String> =
                receipt.review.iter().map(|review| review.column.replace('_', " ")).collect();
            Some(format!(
                "Changed on two computers: {}. The value that the server had stays until a person decides.",
                columns.join(", ")
            ))
        }
        Fate::Other => Some(receipt.detail.clone().unwrap_or_else(|| UNKNOWN_FATE.to_owned())),
    }
}

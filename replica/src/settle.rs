//! Changes that the server refused, as they are shown, and what a person makes of them: also without the network.

use std::collections::BTreeSet;

use protocol::conflict::Choice;
use protocol::error::RefusalCode;
use protocol::id::{ConflictId, DeviceId, PatientId, UserId};
use protocol::mutation::{Change, Mutation, Op};
use protocol::patient::{normalise_name, parse_mobile};
use protocol::settlement::{Settlement, Settler, Way};
use protocol::table::{Column, Scope, TableName, Values};
use protocol::validate::check_value;
use rusqlite::{OptionalExtension, Row, Transaction};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::amend::reopen;
use crate::conflicts::shown_text;
use crate::entry::{entry_for, typed_entry};
use crate::error::{Error, Result};
use crate::language::Language;
use crate::ledger::title;
use crate::replica::{NewSettlement, Replica};
use crate::store;
use crate::view::{AskedOfRefused, CorrectedField, RefusedChange, RefusedField, RefusedItem};

/// At most this many are listed; what waits behind them is counted.
const SHOWN: i64 = 200;

/// A refused change as it stands in the file.
struct Refused {
    sequence: i64,
    kind: String,
    mutation: Mutation,
    patient: Option<PatientId>,
}

impl Replica {
    /// The changes that the server refused and that wait for a person, the oldest first.
    pub fn refused(&self) -> Result<Vec<RefusedChange>> {
        self.store.read(|tx| {
            let sql = "select m.sequence from mutations m where m.fate = 'quarantined' order by m.sequence limit ?1";
            let mut statement = tx.prepare_cached(sql)?;
            let found = statement.query_map([SHOWN], |row| row.get::<_, i64>(0))?;
            found.map(|sequence| self.refused_change(tx, sequence?)).collect()
        })
    }

    /// Says what becomes of a refused change of this computer. Corrected values are written in its place; a prescription
    /// goes back to the pad instead, and is discarded. Whatever waits behind it goes on once the server has heard of it.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if it was decided already, or a reason or value is missing; [`Error::Refused`] where the
    /// server would refuse it too.
    pub fn settle(&self, sequence: u32, way: Way, reason: &str, corrected: &[CorrectedField]) -> Result<()> {
        self.record_settlement(|tx, person| {
            let refused = find(tx, sequence.into())?;
            must_be_undecided(tx, refused.sequence)?;
            let is_author = refused.mutation.actor_user_id == person.id;
            let is_prescription = is_prescription(&refused.mutation);
            let (way, reason) = match way {
                Way::Replace if is_prescription => {
                    self.must_read_clinical()?;
                    reopen(tx, self, &refused.mutation)?;
                    (Way::Discard, format!("Opened again in the pad. {}", reason.trim()))
                }
                way => (way, reason.to_owned()),
            };
            let changes = match way {
                Way::Replace => self.corrected(tx, &refused.mutation, corrected)?,
                Way::Retry | Way::HandOver | Way::Discard => vec![],
            };
            let reason = Some(reason.trim().to_owned()).filter(|reason| !reason.is_empty());
            if store::past(tx)?.iter().any(|past| refused.sequence <= past.until) {
                return Err(Error::Invalid(
                    "This was done before this computer's disk was copied or its keys were lost: it is before the admins, \
                     who decide. Nothing was decided yet."
                        .into(),
                ));
            }
            let device_id = self.facts.device_id;
            let settlement = Settlement { device_id, sequence: refused.sequence, way, reason };
            settlement.check(Settler { roles: &person.roles, is_author, is_there: true, is_lost: false }, &changes)?;
            Ok(NewSettlement { patient: refused.patient, settlement, changes })
        })
    }

    /// Decides about a change that was handed to the admins: the server tries it again, or it is discarded.
    pub(crate) fn settle_item(
        &self,
        id: ConflictId,
        item: &Values,
        choice: Choice,
        reason: &str,
    ) -> Result<()> {
        let way = match choice {
            Choice::Ours => Way::Retry,
            Choice::Theirs => Way::Discard,
            Choice::Other | Choice::Merged | Choice::Apart | Choice::Settled => {
                return Err(Error::Invalid(
                    "It is tried again or discarded. Nothing was decided yet.".into(),
                ));
            }
        };
        self.record_settlement(|tx, person| {
            if item.get("state").is_some_and(|state| state == "resolved") || asked_of(tx, id.0)?.is_some() {
                return Err(decided_already());
            }
            let device_id: DeviceId = part(item, "ours", "device_id").ok_or(Error::NotFound)?;
            let sequence: i64 = part(item, "ours", "sequence").ok_or(Error::NotFound)?;
            let author: Option<UserId> = part(item, "ours_from", "by");
            let reason = Some(reason.trim().to_owned()).filter(|reason| !reason.is_empty());
            let settlement = Settlement { device_id, sequence, way, reason };
            let is_there = device_id == self.facts.device_id;
            let is_author = author == Some(person.id);
            settlement.check(Settler { roles: &person.roles, is_author, is_there, is_lost: false }, &[])?;
            let patient = item.get("patient_id").and_then(|id| PatientId::deserialize(id).ok());
            Ok(NewSettlement { patient, settlement, changes: vec![] })
        })
    }

    fn refused_change(&self, tx: &Transaction<'_>, sequence: i64) -> Result<RefusedChange> {
        let sql = "select m.actor_name, m.recorded_at, m.code, m.detail, m.patient_name, p.first_name, p.last_name, \
                   (select count(*) from mutations b where b.fate = 'blocked' and b.blocked_by = m.sequence) \
                   from mutations m left join patients p on p.id = m.patient_id where m.sequence = ?1";
        let refused = find(tx, sequence)?;
        let is_correctable = is_correctable(&refused.mutation);
        let is_prescription = is_prescription(&refused.mutation);
        // What was only prepared is opened again by whoever may prepare it.
        let may_reopen =
            self.prescriber().is_some() || self.is_clinical() && !refused.mutation.needs_own_signature();
        let fields = self.fields(tx, &refused.mutation)?;
        let settler = Settler {
            roles: &self.person.roles,
            is_author: refused.mutation.actor_user_id == self.person.id,
            is_there: true,
            is_lost: false,
        };
        let asked = asked_about(tx, sequence)?;
        let shown = tx.prepare_cached(sql)?.query_row([sequence], |row| {
            let code: Option<String> = row.get(2)?;
            Ok(RefusedChange {
                sequence: u32::try_from(sequence).unwrap_or(u32::MAX),
                title: self.say(title(&refused.kind)),
                patient_id: refused.patient,
                patient_name: patient_name(row.get(5)?, row.get(6)?, row.get(4)?),
                actor_name: row.get(0)?,
                recorded_at: row.get(1)?,
                code: code.and_then(|code| RefusalCode::deserialize(json!(code)).ok()),
                detail: row.get::<_, Option<String>>(3)?.map(|detail| self.say(detail)),
                behind: row.get(7)?,
                may_correct: is_correctable && fields.iter().any(|field| field.entry.is_some()),
                may_reopen: is_prescription && may_reopen,
                may_discard: settler.may(Way::Discard),
                asked,
                fields,
            })
        })?;
        Ok(shown)
    }

    /// The values of a change that this person may read.
    pub(crate) fn fields(&self, tx: &Transaction<'_>, mutation: &Mutation) -> Result<Vec<RefusedField>> {
        let mut fields = Vec::new();
        for (record, change) in mutation.changes.iter().enumerate() {
            for (column, set) in columns(change) {
                if column.scope == Scope::Clinical && !self.is_clinical() || is_derived(column) {
                    continue;
                }
                let may_write = self.person.roles.may_write(column.writer);
                fields.push(RefusedField {
                    record: u32::try_from(record).unwrap_or(u32::MAX),
                    table: change.table.as_str().to_owned(),
                    column: column.name.to_owned(),
                    value: shown_text(tx, &set.value)?,
                    entry: entry_for(column).filter(|_| may_write),
                });
            }
        }
        Ok(fields)
    }

    /// The changes with other values in them.
    pub(crate) fn corrected(
        &self,
        tx: &Transaction<'_>,
        mutation: &Mutation,
        corrected: &[CorrectedField],
    ) -> Result<Vec<Change>> {
        let invalid = |why: &str| Error::Invalid(format!("{why} Nothing was changed yet."));
        if !is_correctable(mutation) {
            return Err(invalid(
                "This cannot be corrected: try it again, hand it to an admin, or discard it.",
            ));
        }
        let today = self.day(tx)?;
        let mut changes = mutation.changes.clone();
        let mut is_other = false;
        for field in corrected {
            let change = usize::try_from(field.record).ok().and_then(|record| changes.get_mut(record));
            let change = change.ok_or_else(|| invalid("There is no such record in it."))?;
            let column = change.table.table().column(&field.column).filter(|column| !is_derived(column));
            let (column, entry) = column
                .and_then(|column| Some((column, entry_for(column)?)))
                .ok_or_else(|| invalid("This is not typed in here."))?;
            let typed = field.typed.trim();
            let value = match typed {
                "" if column.nullable => Value::Null,
                "" => return Err(invalid(&format!("{} is missing.", column.name.replace('_', " ")))),
                typed if column.name == "mobile_number" => {
                    json!(parse_mobile(typed).ok_or_else(|| invalid("The mobile number is not complete."))?)
                }
                typed => typed_entry(column.name, &entry, typed, today)?,
            };
            check_value(column, &value)?;
            let Some(set) = change.set.get_mut(column.name) else {
                return Err(invalid("This was not part of the change."));
            };
            is_other |= set.value != value;
            set.value = value;
            if column.name == "first_name"
                && let Some(norm) = change.set.get_mut("first_name_norm")
            {
                norm.value = json!(normalise_name(typed));
            }
        }
        if is_other { Ok(changes) } else { Err(invalid("No value is another one.")) }
    }
}

/// A refused change of this computer.
fn find(tx: &Transaction<'_>, sequence: i64) -> Result<Refused> {
    let sql = "select kind, body, patient_id from mutations where sequence = ?1 and fate = 'quarantined'";
    let found: Option<(String, String, Option<String>)> = tx
        .prepare_cached(sql)?
        .query_row([sequence], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((kind, body, patient)) = found else { return Err(decided_already()) };
    let patient = patient.and_then(|id| id.parse().ok());
    Ok(Refused { sequence, kind, mutation: serde_json::from_str(&body)?, patient })
}

fn decided_already() -> Error {
    Error::Invalid("This was decided already. What was decided holds; the ledger says what it was.".into())
}

/// Refuses a second decision while the first one waits to be sent, and about what was corrected.
fn must_be_undecided(tx: &Transaction<'_>, sequence: i64) -> Result<()> {
    match asked_about(tx, sequence)? {
        Some(asked) if asked.way == Way::HandOver && asked.is_sent => Ok(()),
        Some(_) => Err(decided_already()),
        None => Ok(()),
    }
}

/// What was last asked for about a refused change of this computer, as long as it counts: what was tried again in vain
/// is open again.
fn asked_about(tx: &Transaction<'_>, sequence: i64) -> Result<Option<AskedOfRefused>> {
    let sql = "select way, actor_name, recorded_at, reason, fate is not null from mutations \
               where settles_sequence = ?1 and (fate is null or way <> 'retry') \
               and (way = 'replace' or fate is null or fate in ('applied', 'merged')) \
               order by sequence desc limit 1";
    let asked = tx.prepare_cached(sql)?.query_row([sequence], asked).optional()?;
    Ok(asked.flatten())
}

fn asked(row: &Row<'_>) -> rusqlite::Result<Option<AskedOfRefused>> {
    let way: String = row.get(0)?;
    let Ok(way) = Way::deserialize(json!(way)) else { return Ok(None) };
    Ok(Some(AskedOfRefused {
        way,
        who: row.get(1)?,
        at: row.get(2)?,
        reason: row.get(3)?,
        is_sent: row.get(4)?,
    }))
}

/// What was asked for here about an item, and waits to be sent.
pub(crate) fn asked_of(tx: &Transaction<'_>, item: Uuid) -> Result<Option<Way>> {
    let sql = "select way from mutations where settles = ?1 and fate is null and way <> 'hand_over' limit 1";
    let way: Option<String> =
        tx.prepare_cached(sql)?.query_row([item.to_string()], |row| row.get(0)).optional()?;
    Ok(way.and_then(|way| Way::deserialize(json!(way)).ok()))
}

/// A change that was handed to the admins, as its item tells it.
pub(crate) fn refused_item(
    tx: &Transaction<'_>,
    id: Uuid,
    item: &Values,
    language: Language,
) -> Result<RefusedItem> {
    let text = |side: &str, name: &str| part::<Option<String>>(item, side, name).flatten();
    Ok(RefusedItem {
        title: language.say(title(&text("ours", "kind").unwrap_or_default())),
        detail: text("ours", "detail").map(|detail| language.say(detail)),
        why: text("theirs", "why"),
        tried_at: text("ours", "tried_at"),
        asked: asked_of(tx, id)?,
    })
}

fn part<T: DeserializeOwned>(item: &Values, side: &str, name: &str) -> Option<T> {
    let value = item.get(side)?.get(name)?;
    serde_json::from_value(value.clone()).ok()
}

/// A patient's name as their row says it, or as it was before the row went.
pub(crate) fn patient_name(
    first: Option<String>,
    last: Option<String>,
    kept: Option<String>,
) -> Option<String> {
    match first {
        Some(first) => Some(format!("{first} {}", last.unwrap_or_default()).trim().to_owned()),
        None => kept,
    }
}

fn columns(change: &Change) -> impl Iterator<Item = (&'static Column, &protocol::mutation::SetValue)> {
    let table = change.table.table();
    change.set.iter().filter_map(|(name, set)| Some((table.column(name)?, set)))
}

/// What is made for the search says nothing that people read.
fn is_derived(column: &Column) -> bool {
    column.name == "first_name_norm"
}

fn is_prescription(mutation: &Mutation) -> bool {
    mutation.changes.iter().any(|change| change.table == TableName::Prescriptions && change.op == Op::Insert)
}

/// What was signed is not corrected, and a decision is made anew.
pub(crate) fn is_correctable(mutation: &Mutation) -> bool {
    let fixed = [TableName::Prescriptions, TableName::PrescriptionItems, TableName::SyncConflicts];
    let tables: BTreeSet<TableName> = mutation.changes.iter().map(|change| change.table).collect();
    !tables.is_empty() && tables.iter().all(|table| !fixed.contains(table))
}

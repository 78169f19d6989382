//! The server's data began a new life: it was restored from a backup.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use protocol::api::{
    Earlier, EpochState, LostDevice, MAX_RECALLED, NewDoctor, OnlyHere, RecalledPerson, Recollection, Secret,
    StaffMember,
};
use protocol::id::{DeviceId, DoctorId, Epoch};
use protocol::mutation::{Hash, Mutation};
use protocol::permission::Role;
use protocol::standing::{Lease, Order, SignedOrder};
use protocol::table::TableName;
use protocol::validate::{moment_text, parse_moment};
use rusqlite::{OptionalExtension, Transaction};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::rekey::adopt_again;
use super::renewal::past_until;
use super::rows::get_row;
use super::settled::ASKED_SINCE;
use super::{Past, Store, desk_events, files, meta, past, set_lane, set_meta, staged};
use crate::error::{Error, Result};
use crate::replica::{some_text, text};

/// So many of those that this computer was are told with their leases: more are too long for one request, and were recovered
/// long before any backup.
const MOST_LOST: usize = 3;
/// Nor are more than so many bytes of this told: with too much the computer would never come back.
const MOST_LOST_BYTES: usize = 48 * 1024;

/// What was decided on other computers since the backup, a restored server may have lost. No backup is older than this.
const OLDEST_BACKUP: Duration = Duration::days(90);

/// That the server's data was restored, as this computer learnt it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    at: String,
    /// How many mutations of this computer the server had lost, and gets again.
    pub sent_again: u32,
}

impl Restored {
    /// When this computer learnt it.
    pub fn at(&self) -> Option<OffsetDateTime> {
        parse_moment(&self.at)
    }
}

impl Store {
    /// Keeps the server's latest word of this life of its data: should it be restored, it hears of it again. What comes
    /// from another life is not that word.
    pub fn remember(&self, order: &SignedOrder) -> Result<()> {
        let Ok(Order::Lease(lease)) = serde_json::from_str(&order.body) else { return Ok(()) };
        self.write(|tx| {
            let epoch = meta::<Epoch>(tx, "epoch")?;
            if lease.epoch.is_some() && lease.epoch == epoch {
                set_meta(tx, "remembered", order)?;
                bring_of_gone(tx, &lease)
            } else {
                Ok(())
            }
        })
    }

    /// What a restored server, which is in this epoch now, is told before anything is sent again; none if nothing is
    /// known.
    pub fn recollection(&self, epoch: Epoch) -> Result<Option<Recollection>> {
        self.read(|tx| {
            let Some(order) = meta::<SignedOrder>(tx, "remembered")? else { return Ok(None) };
            let Ok(Order::Lease(lease)) = serde_json::from_str(&order.body) else { return Ok(None) };
            let mut people = Vec::new();
            for colleague in lease.people.iter().take(MAX_RECALLED) {
                let staff = meta::<StaffMember>(tx, &format!("staff/{}", colleague.user_id))?;
                let doctor = match colleague.doctor_id {
                    Some(id) => profile(tx, id)?,
                    None => None,
                };
                people.extend(staff.map(|staff| RecalledPerson {
                    user_id: staff.id,
                    full_name: staff.full_name,
                    // Another one may have come while they were not at it.
                    email: colleague.email.clone().unwrap_or(staff.email),
                    doctor,
                }));
            }
            Ok(Some(Recollection { epoch, lease: Some(order), people, sent_again: None, only_here: None }))
        })
    }

    /// What a server that does not know this computer must hear of what it was before, the earliest first; and its own word
    /// that one of those is out of service whose disk was copied, if it gave it.
    pub fn earlier(&self) -> Result<(Vec<Earlier>, Option<SignedOrder>)> {
        self.read(|tx| {
            let (mut earlier, pasts) = (Vec::new(), past(tx)?);
            let word = meta::<SignedOrder>(tx, "remembered")?;
            let gone = word.as_ref().map(revoked_in).unwrap_or_default();
            let is_gone = |was: &Past| !was.is_recovered && gone.contains(&was.device_id);
            let word = word.filter(|_| pasts.iter().any(is_gone));
            let bytes = serde_json::to_string(&word)?.len();
            let word = word.filter(|_| bytes <= MOST_LOST_BYTES);
            let mut left = MOST_LOST_BYTES.saturating_sub(bytes);
            for was in pasts.into_iter().rev() {
                let sql = "select hash from mutations where sequence = ?1";
                let hash: Option<String> = tx.query_row(sql, [was.until], |row| row.get(0)).optional()?;
                let until_hash =
                    hash.as_deref().map_or(Some(Hash::ZERO), Hash::parse).ok_or(Error::StoreDamaged)?;
                let is_out = was.is_recovered || word.is_some() && is_gone(&was);
                let Past { device_id, until, is_recovered, .. } = was;
                let mut lost = None;
                if earlier.len() < MOST_LOST && is_out {
                    let known = meta::<LostDevice>(tx, &format!("lost/{device_id}"))?;
                    let bytes = serde_json::to_string(&known)?.len();
                    lost = known.filter(|_| bytes <= left);
                    left = left.saturating_sub(bytes);
                }
                earlier.push(Earlier { device_id, until, until_hash, is_recovered, lost });
            }
            earlier.reverse();
            Ok((earlier, word))
        })
    }

    /// The server's half of the server slot, for a server that lost this computer with the half that it gave. Until it has
    /// begun its new epoch here it is asked with the same one: it may have it, and its answer was lost.
    pub fn half(&self) -> Result<Secret> {
        self.write(|tx| {
            if let Some(half) = meta::<Secret>(tx, "half")? {
                return Ok(half);
            }
            let mut bytes = Zeroizing::new([0; 32]);
            getrandom::fill(bytes.as_mut_slice()).map_err(Error::internal)?;
            let half = Secret(BASE64_STANDARD.encode(*bytes));
            set_meta(tx, "half", &half)?;
            Ok(half)
        })
    }

    /// What the operator of a restored server should know of the rows here; none if that was told.
    pub fn untold(&self) -> Result<Option<Recollection>> {
        self.read(|tx| {
            let Some(restored) = meta::<Restored>(tx, "restored")? else { return Ok(None) };
            let Some(epoch) = meta::<Epoch>(tx, "epoch")? else { return Ok(None) };
            let mut only_here: Vec<OnlyHere> = Vec::new();
            let mut statement =
                tx.prepare_cached("select table_name, id from only_here order by table_name, id")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let (name, id): (String, String) = (row.get(0)?, row.get(1)?);
                let Some(table) = TableName::find(&name) else { continue };
                if only_here.last().is_none_or(|last| last.table != table) {
                    only_here.push(OnlyHere { table, rows: 0, ids: Vec::new() });
                }
                let Some(last) = only_here.last_mut() else { continue };
                last.rows += 1;
                last.ids.extend(id.parse::<Uuid>().ok().filter(|_| last.ids.len() < MAX_RECALLED));
            }
            let (sent_again, only_here) = (Some(restored.sent_again), Some(only_here));
            let report = Recollection { epoch, lease: None, people: vec![], sent_again, only_here };
            Ok((meta::<Recollection>(tx, "told")?.as_ref() != Some(&report)).then_some(report))
        })
    }

    /// The server has heard this.
    pub fn told(&self, report: &Recollection) -> Result<()> {
        self.write(|tx| set_meta(tx, "told", report))
    }

    /// Goes on with the data that the server has now. Every row stays; what the server had acknowledged and lost waits
    /// again; rows are compared before this computer is called in step.
    pub fn begin_epoch(&self, now: &EpochState, at: OffsetDateTime) -> Result<()> {
        self.write(|tx| {
            if meta::<Epoch>(tx, "epoch")? == Some(now.epoch) {
                return Ok(());
            }
            set_meta(tx, "epoch", &now.epoch)?;
            staged::forget(tx)?;
            let sql = "delete from meta where name in \
                       ('filling', 'compared', 'last_level_at', 'last_synced_at', 'half')";
            tx.execute(sql, [])?;
            if let Some(lane) = &now.lane {
                set_lane(tx, lane)?;
            }
            // A computer that was still being filled begins anew.
            if meta::<i64>(tx, "head")?.is_some() {
                staged::set_cursor(tx, now.version, now.catalogue)?;
            }
            files::ask_again(tx)?;
            desk_events::tell_again(tx)?;
            let sent_again = send_again(tx, now)?;
            // The server says how far it has come with this computer, not with those that it was before their keys were lost.
            adopt_again(tx, |was| was.is_recovered)?;
            set_meta(tx, ASKED_SINCE, &moment_text(at.saturating_sub(OLDEST_BACKUP)))?;
            set_meta(tx, "restored", &Restored { at: moment_text(at), sent_again })
        })
    }
}

/// The computers out of service that a lease names.
fn revoked_in(order: &SignedOrder) -> Vec<DeviceId> {
    match serde_json::from_str(&order.body) {
        Ok(Order::Lease(lease)) => lease.revoked,
        _ => Vec::new(),
    }
}

/// What stands under somebody's prescriptions, as far as it is here.
fn profile(tx: &Transaction<'_>, id: DoctorId) -> Result<Option<NewDoctor>> {
    let Some(row) = get_row(tx, TableName::Doctors, id.0)?.filter(|row| !row.is_deleted) else {
        return Ok(None);
    };
    let role = match text(&row.values, "kind") {
        "physician" => Role::Doctor,
        "dentist" => Role::Dentist,
        _ => return Ok(None),
    };
    Ok(Some(NewDoctor {
        role,
        specialization: some_text(&row.values, "specialization"),
        qualifications: some_text(&row.values, "qualifications"),
        registration_number: text(&row.values, "registration_number").to_owned(),
        registration_council: text(&row.values, "registration_council").to_owned(),
    }))
}

/// What a restored server may have lost of a computer of whose disk this one's is a copy waits again once that one is out of
/// service: nobody else brings it any more. Once in each life of the data; what the server has keeps its answer.
fn bring_of_gone(tx: &Transaction<'_>, lease: &Lease) -> Result<()> {
    if meta::<Restored>(tx, "restored")?.is_none() {
        return Ok(());
    }
    for was in past(tx)? {
        let name = format!("gone/{}", was.device_id);
        let is_gone = !was.is_recovered && lease.revoked.contains(&was.device_id);
        if is_gone && meta::<Epoch>(tx, &name)? != lease.epoch {
            set_meta(tx, &name, &lease.epoch)?;
            adopt_again(tx, |one| one.device_id == was.device_id)?;
        }
    }
    Ok(())
}

/// What the server does not have waits again; answers how much that is.
fn send_again(tx: &Transaction<'_>, now: &EpochState) -> Result<u32> {
    let sql = "select hash from mutations where sequence = ?1";
    let known: Option<String> = tx.query_row(sql, [now.last_sequence], |row| row.get(0)).optional()?;
    let is_same_past = now.last_sequence == 0 || known == Some(now.last_hash.to_string());
    // What was brought under an earlier id bears the signature of that id: it cannot be brought again under this one.
    let first = past_until(tx)?;
    let after = now.last_sequence.max(first);
    let sql = "select sequence, body from mutations where sequence > ?1 and fate is not null";
    let mut statement = tx.prepare(sql)?;
    let mut rows = statement.query([after])?;
    let mut n_mutations = 0;
    while let Some(row) = rows.next()? {
        let (sequence, body): (i64, String) = (row.get(0)?, row.get(1)?);
        let mutation: Mutation = serde_json::from_str(&body)?;
        for change in &mutation.changes {
            let sql = "insert or ignore into pending_rows (table_name, id, sequence) values (?1, ?2, ?3)";
            tx.prepare_cached(sql)?.execute((change.table.as_str(), change.id.to_string(), sequence))?;
        }
        n_mutations += 1;
    }
    let sql = "update mutations set fate = null, detail = null, acknowledged_at = null where sequence > ?1";
    if is_same_past {
        tx.execute(sql, [after])?;
        return Ok(n_mutations);
    }
    // Another computer with this one's disk came first, and what it did stands under these numbers. How much of it both have
    // the server says later: all of it waits, so that the next push finds out that there are two, and none is left behind.
    let n_waiting = tx.execute(sql, [first])?;
    Ok(u32::try_from(n_waiting).unwrap_or(u32::MAX))
}

//! The encrypted file: one tenant's rows, what was done here, and what of it still waits.

mod carried;
mod comparing;
mod confirmed;
mod contents;
mod desk_events;
mod epoch;
pub(crate) mod file;
pub(crate) mod files;
mod filling;
mod log_ends;
mod outbox;
mod own_keys;
mod rekey;
mod renewal;
mod rows;
mod settled;
mod staged;
pub(crate) mod upgrade;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use protocol::api::{DeviceScope, StaffMember};
use protocol::id::{ClinicId, DeviceId, Epoch, TenantId, UserId};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::keyring::TokenKey;

pub use comparing::Compared;
pub(crate) use comparing::Fetched;
pub(crate) use contents::Sealed;
pub(crate) use desk_events::NewEvent;
pub use epoch::Restored;
pub use files::FileCounts;
pub use filling::Filling;
pub(crate) use filling::{Header, Portion};
pub(crate) use outbox::{Keys, NewMutation, record};
pub use own_keys::OwnSignature;
pub(crate) use own_keys::{OwnKeys, own_keys};
pub(crate) use rekey::{Last, rekey, remove_database};
pub(crate) use renewal::{Past, Renewed, past};
pub(crate) use rows::{get_row, query_ids};

/// The raw key of the encrypted file.
#[derive(Clone)]
pub struct DatabaseKey(pub(crate) Zeroizing<[u8; 32]>);

impl DatabaseKey {
    /// A new key.
    pub fn random() -> Result<Self> {
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(key.as_mut_slice()).map_err(Error::internal)?;
        Ok(Self(key))
    }
}

/// Where this computer belongs; stored inside the encrypted file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Whose data it holds.
    pub tenant_id: TenantId,
    /// The tenant's name.
    pub tenant_name: String,
    /// Which of the tenant's devices it is.
    pub device_id: DeviceId,
    /// What staff call it.
    pub device_name: String,
    /// The letter before the numbers that it gives.
    pub lane: String,
    /// Where it stands.
    pub clinic_id: ClinicId,
    /// The clinic's name.
    pub clinic_name: String,
    /// What it may receive.
    pub scope: DeviceScope,
    /// The server's address.
    pub server: String,
    /// The server's name, part of all that the device signs for it.
    pub server_name: String,
    /// The epoch of the tenant's data when it was enrolled.
    pub epoch: Epoch,
}

/// How far this computer has come with the server.
#[derive(Clone, Debug, PartialEq)]
pub struct SyncState {
    /// The epoch of the tenant's data.
    pub epoch: Epoch,
    /// After which row the next page begins: a [`protocol::api::Position`], perhaps of a table that only the server
    /// knows.
    pub after: Option<String>,
    /// The version in it.
    pub after_version: Option<i64>,
    /// The version of the shared catalogue.
    pub catalogue: i64,
    /// The tenant's version whose data this file holds whole; none as long as it is being filled.
    pub head: Option<i64>,
    /// How far it has been filled; none before that begins, and once all is here.
    pub filling: Option<Filling>,
    /// The last comparison with the server; none before the first.
    pub compared: Option<Compared>,
    /// Whether what differed from the server was fetched again and still did, and no comparison has ended well since.
    pub differs: bool,
    /// How many rows are here of which the server has nothing, or only something older.
    pub only_here: u32,
    /// That the server's data was restored, if it ever was.
    pub restored: Option<Restored>,
    /// What must be added to this computer's clock for the server's.
    pub clock_offset_ms: i64,
    /// How many mutations wait for the network.
    pub waiting: u32,
    /// How many attached files wait for it, and how many the server will not take.
    pub files: FileCounts,
    /// The number of the last mutation.
    pub last_sequence: i64,
    /// How many the server set aside, for a person to look at; those of which this program does not know what became
    /// among them.
    pub set_aside: u32,
    /// How many it did something with that this program does not know.
    pub unknown: u32,
    /// When this computer last had everything and nothing waited.
    pub last_level_at: Option<OffsetDateTime>,
    /// When that was so and nothing was only here.
    pub last_synced_at: Option<OffsetDateTime>,
    /// When the server last answered.
    pub last_contact_at: Option<OffsetDateTime>,
    /// Whether the audit log on the server is not what this computer knew of it.
    pub is_log_changed: bool,
}

/// Refused changes of which nobody has said yet what becomes: those about which something waits to be sent, and those
/// that an admin sees to, need nobody here.
pub(crate) const NEEDS_SOMEONE: &str = "select count(*) from mutations m where m.fate = 'quarantined' and not exists ( \
    select 1 from mutations s where s.settles_sequence = m.sequence and (s.fate is null or s.way = 'hand_over' and s.fate in ('applied', 'merged')))";

/// Changes with which a later server did something that this program does not know: that wait behind no other one.
pub(crate) const UNKNOWN: &str =
    "select count(*) from mutations m where m.fate = 'blocked' and m.blocked_by is null";

/// How many mutations wait, and the number of the last one.
pub(crate) const WAITING: &str = "select count(*) from mutations where fate is null";
pub(crate) const LAST: &str = "select coalesce(max(sequence), 0) from mutations";

/// How many rows are here of which the server has nothing, or only something older.
pub(crate) const ONLY_HERE: &str = "select count(*) from only_here";

/// That the server answered: how far this computer's clock is from its own in milliseconds, if it said that, and when that was.
pub(crate) type Contact = (Option<i64>, OffsetDateTime);

/// The encrypted file, open. Reads do not wait for writes.
pub struct Store {
    writer: Mutex<Connection>,
    reader: Mutex<Connection>,
    pub(crate) contents: contents::Contents,
    /// Opens this computer's refresh token.
    pub(crate) token_key: TokenKey,
    /// Whether nothing that people do is taken any more.
    is_leaving: AtomicBool,
    // Ends after the connections.
    _in_use: upgrade::InUse,
    #[cfg(feature = "testing")]
    watcher: Mutex<Option<Watcher>>,
}

/// Where a write stands.
#[cfg(feature = "testing")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    /// Everything is written, and nothing is on disk.
    Near,
    /// It counts, and is on disk later.
    Later,
    /// It is on disk, and so is what came before.
    Done,
}

/// Is told of every commit; an error keeps it from happening.
#[cfg(feature = "testing")]
pub type Watcher = Box<dyn FnMut(Commit) -> Result<()> + Send>;

impl Store {
    /// Reads from one consistent state.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let mut connection = lock(&self.reader);
        let tx = connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
        work(&tx)
    }

    /// Writes all or nothing; when it returns, what was written is on disk.
    pub(crate) fn write<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let mut connection = lock(&self.writer);
        let answer = self.write_through(&mut connection, work)?;
        #[cfg(feature = "testing")]
        self.watched(Commit::Done)?;
        Ok(answer)
    }

    /// Writes all or nothing, for what comes again if it is lost: it is on disk with the next [`Store::write`], or before,
    /// and never without what was written before it.
    pub(crate) fn write_later<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let mut connection = lock(&self.writer);
        connection.pragma_update(None, "synchronous", "normal")?;
        // Also after a panic the next one waits for the disk.
        let written = catch_unwind(AssertUnwindSafe(|| self.write_through(&mut connection, work)));
        connection.pragma_update(None, "synchronous", "full")?;
        let answer = written.unwrap_or_else(|panic| resume_unwind(panic))?;
        #[cfg(feature = "testing")]
        self.watched(Commit::Later)?;
        Ok(answer)
    }

    fn write_through<T>(
        &self,
        connection: &mut Connection,
        work: impl FnOnce(&Transaction<'_>) -> Result<T>,
    ) -> Result<T> {
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let answer = work(&tx)?;
        #[cfg(feature = "testing")]
        self.watched(Commit::Near)?;
        tx.commit()?;
        Ok(answer)
    }

    /// From now on nothing that people do is taken: what was, is there to be handed over.
    pub(crate) fn take_no_more_work(&self) {
        // Whoever is writing has written before this returns.
        let _alone = lock(&self.writer);
        self.is_leaving.store(true, Ordering::SeqCst);
    }

    /// Refuses what nobody would hand over. Asked within a write.
    pub(crate) fn must_take_work(&self) -> Result<()> {
        if !self.is_leaving.load(Ordering::SeqCst) {
            return Ok(());
        }
        Err(Error::Invalid(
            "This computer was taken out of service while this was being saved. It was not saved: write it down for \
             another computer. What was saved before is handed over to the clinic."
                .into(),
        ))
    }

    /// From now on this is told of every commit.
    #[cfg(feature = "testing")]
    pub fn watch(&self, watcher: Watcher) {
        *self.watcher.lock().unwrap_or_else(PoisonError::into_inner) = Some(watcher);
    }

    /// From now on the file does not grow, or may again.
    #[cfg(feature = "testing")]
    pub fn set_disk_full(&self, is_full: bool) -> Result<()> {
        // No fewer pages than there are: that is what SQLite makes of a smaller number.
        let pages = if is_full { 1_u32 } else { u32::MAX - 1 };
        let sql = format!("pragma max_page_count = {pages}");
        Ok(lock(&self.writer).query_row(&sql, [], |_| Ok(()))?)
    }

    #[cfg(feature = "testing")]
    fn watched(&self, commit: Commit) -> Result<()> {
        let mut watcher = self.watcher.lock().unwrap_or_else(PoisonError::into_inner);
        watcher.as_mut().map_or(Ok(()), |watcher| watcher(commit))
    }

    /// Where this computer belongs.
    pub fn facts(&self) -> Result<Facts> {
        self.read(|tx| meta(tx, "facts")?.ok_or_else(|| Error::StoreDamaged))
    }

    /// Remembers who signed in here, and what they may do.
    pub fn put_staff(&self, person: &StaffMember) -> Result<()> {
        self.write(|tx| set_meta(tx, &format!("staff/{}", person.id), person))
    }

    /// Who signed in here, as the server last described them.
    pub fn staff(&self, id: UserId) -> Result<Option<StaffMember>> {
        self.read(|tx| meta(tx, &format!("staff/{id}")))
    }

    /// The tenant's code, as it stood in the code that enrolled this computer.
    pub fn tenant_code(&self) -> Result<Option<String>> {
        self.read(|tx| meta(tx, "tenant_code"))
    }

    /// Remembers the tenant's code.
    pub fn put_tenant_code(&self, code: &str) -> Result<()> {
        self.write(|tx| set_meta(tx, "tenant_code", &code))
    }

    /// The server gave this computer another letter for its numbers.
    pub fn set_lane(&self, lane: &str) -> Result<()> {
        self.write(|tx| set_lane(tx, lane))
    }

    /// The public half of the server's order key, once it is known.
    pub fn order_key(&self) -> Result<Option<String>> {
        self.read(|tx| meta(tx, "order_key"))
    }

    /// Remembers the public half of the server's order key.
    pub fn put_order_key(&self, key: &str) -> Result<()> {
        if self.order_key()?.as_deref() == Some(key) {
            return Ok(());
        }
        self.write(|tx| set_meta(tx, "order_key", &key))
    }

    /// How far this computer has come with the server.
    pub fn sync_state(&self) -> Result<SyncState> {
        self.read(|tx| {
            let count = |sql: &str| tx.prepare_cached(sql)?.query_row([], |row| row.get(0));
            let epoch = meta(tx, "epoch")?.ok_or_else(|| Error::StoreDamaged)?;
            let moment = |name: &str| {
                let at: Option<String> = meta(tx, name)?;
                Ok::<_, Error>(at.and_then(|at| protocol::validate::parse_moment(&at)))
            };
            let unknown: u32 = count(UNKNOWN)?;
            let after: Option<String> = match meta(tx, "staged_after")? {
                Some(after) => Some(after),
                None => meta(tx, "after")?,
            };
            Ok(SyncState {
                epoch,
                after_version: after.as_ref().and_then(|after| after.split('.').next()?.parse().ok()),
                after,
                catalogue: meta(tx, "catalogue")?.unwrap_or(0),
                head: meta(tx, "head")?,
                filling: meta(tx, "filling")?,
                compared: meta(tx, "compared")?,
                differs: meta(tx, "differs")?.unwrap_or(false),
                restored: meta(tx, "restored")?,
                only_here: count(ONLY_HERE)?,
                clock_offset_ms: meta(tx, "clock_offset_ms")?.unwrap_or(0),
                last_sequence: tx.prepare_cached(LAST)?.query_row([], |row| row.get(0))?,
                waiting: count(WAITING)?,
                files: files::counts(tx)?,
                set_aside: count(NEEDS_SOMEONE)? + unknown,
                unknown,
                last_level_at: moment("last_level_at")?,
                last_synced_at: moment("last_synced_at")?,
                last_contact_at: moment("last_contact_at")?,
                is_log_changed: meta(tx, "is_log_changed")?.unwrap_or(false),
            })
        })
    }

    /// The tenant's version whose data this file holds whole; none as long as it is being filled.
    pub fn head(&self) -> Result<Option<i64>> {
        self.read(|tx| meta(tx, "head"))
    }

    /// How many items wait for a decision: those that are clinical as well, or only the others.
    pub fn decisions(&self, with_clinical: bool) -> Result<u32> {
        self.read(|tx| {
            let sql = "select count(*) from sync_conflicts \
                       where state = 'open' and is_deleted = 0 and (?1 or scope = 'everyone')";
            Ok(tx.prepare_cached(sql)?.query_row([with_clinical], |row| row.get(0))?)
        })
    }

    /// Remembers that the server answered.
    pub fn note_contact(&self, contact: Contact) -> Result<()> {
        self.write_later(|tx| note_contact(tx, contact))
    }

    /// Nothing is missing here. If nothing waits either, and it is known of every change what became of it, this moment is
    /// remembered; both sides were equal only if the server lacked nothing.
    pub fn mark_level(&self, at: OffsetDateTime) -> Result<()> {
        // A moment that is lost with the power makes nothing look better than it is.
        self.write_later(|tx| {
            let count =
                |sql: &str| -> Result<u32> { Ok(tx.prepare_cached(sql)?.query_row([], |row| row.get(0))?) };
            if count(WAITING)? > 0 || count(UNKNOWN)? > 0 || files::counts(tx)?.waiting > 0 {
                return Ok(());
            }
            let at = protocol::validate::moment_text(at);
            set_meta(tx, "last_level_at", &at)?;
            if count(ONLY_HERE)? == 0 { set_meta(tx, "last_synced_at", &at) } else { Ok(()) }
        })
    }
}

/// The file, and what SQLite keeps beside it: what is not yet in it, and what processes share.
pub(crate) fn files_of(path: &Path) -> [PathBuf; 3] {
    ["", "-wal", "-shm"].map(|ending| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        name.into()
    })
}

/// The letter before the numbers that this computer gives, which may be another one since somebody signed in.
pub(crate) fn lane(tx: &Transaction<'_>) -> Result<String> {
    let facts: Facts = meta(tx, "facts")?.ok_or(Error::StoreDamaged)?;
    Ok(facts.lane)
}

fn set_lane(tx: &Transaction<'_>, lane: &str) -> Result<()> {
    let facts: Facts = meta(tx, "facts")?.ok_or(Error::StoreDamaged)?;
    set_meta(tx, "facts", &Facts { lane: lane.to_owned(), ..facts })
}

/// Remembers that the server answered.
fn note_contact(tx: &Transaction<'_>, (offset_ms, at): Contact) -> Result<()> {
    set_meta(tx, "last_contact_at", &protocol::validate::moment_text(at))?;
    offset_ms.map_or(Ok(()), |offset_ms| set_meta(tx, "clock_offset_ms", &offset_ms))
}

/// A remembered value.
pub(crate) fn meta<T: for<'de> Deserialize<'de>>(tx: &Transaction<'_>, name: &str) -> Result<Option<T>> {
    let mut statement = tx.prepare_cached("select value from meta where name = ?1")?;
    let text: Option<String> = statement.query_row([name], |row| row.get(0)).optional()?;
    Ok(text.map(|text| serde_json::from_str(&text)).transpose()?)
}

/// Remembers a value.
pub(crate) fn set_meta<T: Serialize>(tx: &Transaction<'_>, name: &str, value: &T) -> Result<()> {
    let sql = "insert into meta (name, value) values (?1, ?2) on conflict (name) do update set value = ?2";
    tx.prepare_cached(sql)?.execute([name, &serde_json::to_string(value)?])?;
    Ok(())
}

fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    // A panic in the middle of a transaction has rolled it back: the connection is still good.
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

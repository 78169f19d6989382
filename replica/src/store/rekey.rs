//! The data of a computer whose keys were lost: copied under another key. The old files are only read, byte by byte; the
//! copy counts once the slots name it.

use std::path::Path;

use protocol::id::DeviceId;
use protocol::mutation::{Hash, SignedMutation};
use protocol::recovery::RecoveryMade;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction};

use super::contents::Contents as Files;
use super::file::{connect, migrate, raw, restrict};
use super::outbox::waiting;
use super::renewal::{Past, keep_known_by, past};
use super::upgrade::{Contents, alone, check, remove, settle};
use super::{DatabaseKey, Facts, Store, files_of, meta, set_meta};
use crate::error::{Error, Result};
use crate::files;

/// The last mutation that was made here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Last {
    /// Its number; 0 if there is none.
    pub sequence: i64,
    /// Its hash.
    pub hash: Hash,
}

/// Copies the database, and what lies beside it, under another key. An attempt before this one is thrown away. Nobody
/// else may have the old one open.
///
/// # Errors
///
/// [`Error::StoreDoesNotOpen`] for another key than the old one's, [`Error::StoreDamaged`] if the copy is not what the
/// old one was. The old one is as it was.
pub fn rekey(old: (&Path, &DatabaseKey), new: (&Path, &DatabaseKey)) -> Result<()> {
    if !old.0.exists() {
        return Err(Error::StoreMissing);
    }
    let _alone = alone(old.0)?;
    remove_database(new.0)?;
    let done = copy(old, new);
    if done.is_err() {
        // The error itself says what went wrong, not this.
        remove_database(new.0).ok();
    }
    done
}

/// Removes a database with all that lies beside it, if it is there.
pub fn remove_database(path: &Path) -> Result<()> {
    remove(path)?;
    files::remove_dir(&path.with_extension("files"))?;
    files::remove(&path.with_extension("lock"))
}

fn copy(old: (&Path, &DatabaseKey), new: (&Path, &DatabaseKey)) -> Result<()> {
    let [old_file, old_log, _] = files_of(old.0);
    let [new_file, new_log, _] = files_of(new.0);
    std::fs::copy(old_file, new_file)?;
    restrict(new.0)?;
    if old_log.exists() {
        // What an interruption left beside the file belongs to it.
        std::fs::copy(old_log, &new_log)?;
        restrict(&new_log)?;
    }
    let mut connection = connect(new.0, old.1, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    migrate(&mut connection)?;
    let before = Contents::of(&connection)?;
    // Every page is written anew, and nothing is left beside the file.
    connection.pragma_update(None, "journal_mode", "delete")?;
    connection.pragma_update(None, "rekey", raw(new.1).as_str())?;
    connection.close().map_err(|(_, error)| error)?;
    let connection = connect(new.0, new.1, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    check(&connection, &before).map_err(|error| match error {
        Error::UpgradeFailed => Error::StoreDamaged,
        error => error,
    })?;
    copy_files(&connection, &Files::beside(old.0, old.1), &Files::beside(new.0, new.1))?;
    settle(new.0, connection)?;
    std::fs::File::options().read(true).write(true).open(new.0)?.sync_all()?;
    Ok(())
}

/// The contents of attached files, under the new key. One that is damaged or missing is known to be, once the copy is
/// opened.
fn copy_files(connection: &Connection, old: &Files, new: &Files) -> Result<()> {
    let mut statement = connection.prepare("select sha256 from files")?;
    let known = statement.query_map([], |row| row.get::<_, String>(0))?;
    let known = known.collect::<rusqlite::Result<Vec<_>>>()?;
    if known.is_empty() {
        return Ok(());
    }
    let alone = new.alone()?;
    for text in known {
        match old.read(&Hash::parse(&text).ok_or(Error::StoreDamaged)?) {
            Ok(Some(bytes)) => {
                let sealed = alone.seal(&mut bytes.as_slice(), bytes.len() as u64)?;
                alone.put(&sealed)?;
            }
            Ok(None) | Err(Error::FileDamaged) => tracing::error!("an attached file was missing or damaged"),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

impl Store {
    /// The last mutation that was made here.
    pub fn last(&self) -> Result<Last> {
        self.read(|tx| {
            let sql = "select sequence, hash from mutations order by sequence desc limit 1";
            let last: Option<(i64, String)> =
                tx.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
            match last {
                None => Ok(Last { sequence: 0, hash: Hash::ZERO }),
                Some((sequence, hash)) => {
                    Ok(Last { sequence, hash: Hash::parse(&hash).ok_or(Error::StoreDamaged)? })
                }
            }
        })
    }

    /// Becomes the computer of these facts. What was done here stays under the id under which it was signed.
    pub fn go_on_as(&self, facts: &Facts, was: &Past) -> Result<()> {
        self.write(|tx| {
            let old: Facts = meta(tx, "facts")?.ok_or(Error::StoreDamaged)?;
            keep_known_by(tx, was, old.lane)?;
            let mut past = past(tx)?;
            past.push(was.clone());
            set_meta(tx, "past", &past)?;
            set_meta(tx, "facts", facts)?;
            let sql = "delete from meta where name in ('copied', 'renewal', 'renewed', 'recovery')";
            tx.execute(sql, [])?;
            Ok(())
        })
    }

    /// The mutations of a computer that this one was until its keys were lost or its disk was copied, and which the server
    /// does not have: in their order, as they were signed. Those of the computers passed over wait.
    pub fn next_adopted(
        &self,
        passed_over: &[DeviceId],
        max_mutations: usize,
        max_bytes: usize,
    ) -> Result<Option<(DeviceId, Vec<SignedMutation>)>> {
        self.read(|tx| {
            let (mut first, limit) = (0, i64::try_from(max_mutations).unwrap_or(i64::MAX));
            for was in past(tx)? {
                if !passed_over.contains(&was.device_id) {
                    let batch = waiting(tx, (first, was.until), limit, max_bytes)?;
                    if !batch.is_empty() {
                        return Ok(Some((was.device_id, batch)));
                    }
                }
                first = was.until;
            }
            Ok(None)
        })
    }

    /// All that was done under that earlier id waits again: the server lost some of it, and does not say what.
    pub fn adopt_all_again(&self, device: DeviceId) -> Result<()> {
        self.write(|tx| adopt_again(tx, |was| was.device_id == device))
    }

    /// Remembers which recovery code opens this computer, until the server knows it.
    pub fn put_recovery(&self, made: &RecoveryMade) -> Result<()> {
        self.write(|tx| set_meta(tx, "recovery", made))
    }

    /// The recovery code of which the server does not know yet.
    pub fn untold_recovery(&self) -> Result<Option<RecoveryMade>> {
        self.read(|tx| meta(tx, "recovery"))
    }

    /// The server knows it, unless there is another one since.
    pub fn recovery_told(&self, told: &RecoveryMade) -> Result<()> {
        self.write(|tx| {
            if meta::<RecoveryMade>(tx, "recovery")?.as_ref() == Some(told) {
                tx.execute("delete from meta where name = 'recovery'", [])?;
            }
            Ok(())
        })
    }
}

/// All that was done under these earlier ids waits again.
pub(super) fn adopt_again(tx: &Transaction<'_>, is_one: impl Fn(&Past) -> bool) -> Result<()> {
    let mut first = 0;
    for was in past(tx)? {
        if is_one(&was) {
            let sql = "update mutations set fate = null, detail = null, acknowledged_at = null \
                       where sequence > ?1 and sequence <= ?2";
            tx.execute(sql, (first, was.until))?;
        }
        first = was.until;
    }
    Ok(())
}

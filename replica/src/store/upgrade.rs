//! A file of an earlier program becomes one of this program: in a copy, which takes its place only once it was checked.
//! Until then the old file is untouched, whatever happens.

use std::fs::File;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::file::{MIGRATIONS, connect, migrate, restrict, version};
use super::{DatabaseKey, files_of};
use crate::error::{Error, Result};
use crate::files;

/// How far it has come, for tests that stop it there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The old file is whole, with nothing beside it.
    Settled,
    /// The copy is there.
    Copied,
    /// The copy has this program's schema.
    Migrated,
    /// The copy was checked and is on the disk.
    Checked,
    /// The copy is in the old file's place.
    Replaced,
}

/// Brings the file to this program's schema. Nobody else may have it open. `reached` is told of every step; an error of
/// it stops there.
///
/// # Errors
///
/// [`Error::UpgradeFailed`] if the copy is not what the old file was.
pub fn upgrade(path: &Path, key: &DatabaseKey, mut reached: impl FnMut(Step) -> Result<()>) -> Result<()> {
    let copy = path.with_extension("upgrade");
    // What an attempt before this one left.
    remove(&copy)?;
    let old = connect(path, key, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    if version(&old)? == MIGRATIONS.len() {
        return Ok(());
    }
    let before = Contents::of(&old)?;
    settle(path, old)?;
    reached(Step::Settled)?;
    let done = in_copy(path, &copy, key, &before, &mut reached);
    if done.is_err() {
        // The file itself says what went wrong, not this.
        remove(&copy).ok();
    }
    done?;
    files::rename(&copy, path)?;
    reached(Step::Replaced)
}

fn in_copy(
    path: &Path,
    copy: &Path,
    key: &DatabaseKey,
    before: &Contents,
    reached: &mut impl FnMut(Step) -> Result<()>,
) -> Result<()> {
    std::fs::copy(path, copy)?;
    restrict(copy)?;
    reached(Step::Copied)?;
    let mut new = connect(copy, key, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    migrate(&mut new)?;
    reached(Step::Migrated)?;
    check(&new, before)?;
    settle(copy, new)?;
    File::options().read(true).write(true).open(copy)?.sync_all()?;
    reached(Step::Checked)
}

/// Writes everything into the file itself, so that it can be copied or moved alone.
pub(super) fn settle(path: &Path, connection: Connection) -> Result<()> {
    let is_busy: bool = connection.query_row("pragma wal_checkpoint(truncate)", [], |row| row.get(0))?;
    connection.close().map_err(|(_, error)| error)?;
    let [_, wal, _] = files_of(path);
    let is_left = std::fs::metadata(&wal).is_ok_and(|wal| wal.len() > 0);
    if is_busy || is_left { Err(Error::StoreInUse) } else { remove_beside(path) }
}

pub(super) fn remove(path: &Path) -> Result<()> {
    remove_beside(path)?;
    files::remove(path)
}

fn remove_beside(path: &Path) -> Result<()> {
    let [_, wal, shm] = files_of(path);
    files::remove(&wal)?;
    files::remove(&shm)
}

/// What must be the same before and after.
pub(super) struct Contents {
    /// How many rows each table has.
    rows: Vec<(String, i64)>,
    /// The last of the chain of mutations, and how many wait.
    mutations: (i64, Option<String>, i64),
}

impl Contents {
    pub(super) fn of(connection: &Connection) -> Result<Self> {
        let sql =
            "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' order by name";
        let mut statement = connection.prepare(sql)?;
        let names = statement.query_map([], |row| row.get::<_, String>(0))?;
        let mut rows = Vec::new();
        for name in names {
            let name = name?;
            // Rows that wait for a program that knows them may leave this one; the finder's own tables are its own, and what
            // was learned from the lines is learned anew.
            if !["carried_rows", "medicine_use"].contains(&name.as_str()) && !name.contains("finder") {
                rows.push((name, 0));
            }
        }
        for (name, count) in &mut rows {
            *count = count_of(connection, name)?;
        }
        let mutations = connection.query_row(
            "select count(*), (select hash from mutations order by sequence desc limit 1), \
                    count(*) filter (where fate is null) from mutations",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        Ok(Self { rows, mutations })
    }
}

fn count_of(connection: &Connection, table: &str) -> Result<i64> {
    // The name comes from the file's own schema.
    Ok(connection.query_row(&format!("select count(*) from \"{table}\""), [], |row| row.get(0))?)
}

pub(super) fn check(new: &Connection, before: &Contents) -> Result<()> {
    for pragma in ["integrity_check", "cipher_integrity_check"] {
        let mut statement = new.prepare(&format!("pragma {pragma}"))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let answer: String = row.get(0)?;
            if answer != "ok" {
                tracing::error!(pragma, answer, "the upgraded copy is damaged");
                return Err(Error::UpgradeFailed);
            }
        }
    }
    let after = Contents::of(new)?;
    for (table, rows) in &before.rows {
        // What was carried for this program is taken in: there may be more, never less.
        let is_kept = after.rows.iter().any(|(name, count)| name == table && count >= rows);
        if !is_kept {
            tracing::error!(table, rows, "the upgraded copy lacks rows");
            return Err(Error::UpgradeFailed);
        }
    }
    if after.mutations != before.mutations {
        tracing::error!("the upgraded copy lacks mutations");
        return Err(Error::UpgradeFailed);
    }
    Ok(())
}

/// Keeps every other process from the file, if none has it open.
pub(crate) fn alone(path: &Path) -> Result<File> {
    let lock = lock_file(path)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(std::fs::TryLockError::WouldBlock) => Err(Error::StoreInUse),
        Err(std::fs::TryLockError::Error(error)) => Err(error.into()),
    }
}

/// Held for as long as the file is open.
pub struct InUse(#[expect(dead_code, reason = "the lock ends with it")] File);

/// Keeps the file from being upgraded by another process while it is open here; upgrades it first, if it must be.
pub fn open_for_use(path: &Path, key: &DatabaseKey) -> Result<InUse> {
    let lock = lock_file(path)?;
    let is_old = {
        lock.lock_shared()?;
        let found = connect(path, key, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        version(&found)? < MIGRATIONS.len()
    };
    if is_old {
        lock.unlock()?;
        let alone = alone(path)?;
        upgrade(path, key, |_| Ok(()))?;
        alone.unlock()?;
        lock.lock_shared()?;
    }
    Ok(InUse(lock))
}

/// The same for a file that was just made.
pub fn new_for_use(path: &Path) -> Result<InUse> {
    let lock = lock_file(path)?;
    lock.lock_shared()?;
    Ok(InUse(lock))
}

fn lock_file(path: &Path) -> Result<File> {
    let path: PathBuf = path.with_extension("lock");
    let file = File::options().create(true).truncate(false).read(true).write(true).open(path)?;
    files::make_private(&file)?;
    Ok(file)
}

//! Making and opening the encrypted file.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};
use zeroize::Zeroizing;

use super::contents::Contents;
use super::upgrade::{InUse, new_for_use, open_for_use};
use super::{DatabaseKey, Facts, Store, carried, set_meta};
use crate::error::{Error, Result};
use crate::keyring::TokenKey;

/// Every step of the local schema, oldest first. A released step never changes.
pub const MIGRATIONS: &[&str] = &[
    include_str!("../../../migrations/sqlite/0001_setup.sql"),
    include_str!("../../../migrations/sqlite/0002_more_tables.sql"),
    include_str!("../../../migrations/sqlite/0003_desk_events.sql"),
    include_str!("../../../migrations/sqlite/0004_beyond_plan.sql"),
    include_str!("../../../migrations/sqlite/0005_medicines.sql"),
    include_str!("../../../migrations/sqlite/0006_log_ends.sql"),
    include_str!("../../../migrations/sqlite/0007_conflicts.sql"),
    include_str!("../../../migrations/sqlite/0008_only_here.sql"),
    include_str!("../../../migrations/sqlite/0009_settlements.sql"),
    include_str!("../../../migrations/sqlite/0010_medicine_use.sql"),
    include_str!("../../../migrations/sqlite/0011_files.sql"),
    include_str!("../../../migrations/sqlite/0013_own_keys.sql"),
    include_str!("../../../migrations/sqlite/0016_blocked.sql"),
    include_str!("../../../migrations/sqlite/0017_visits.sql"),
    include_str!("../../../migrations/sqlite/0018_prepared.sql"),
    include_str!("../../../migrations/sqlite/0019_pregnancy_asked.sql"),
    include_str!("../../../migrations/sqlite/0020_injections_learned.sql"),
    include_str!("../../../migrations/sqlite/0021_last_visits.sql"),
];

/// The page caches of whoever writes and of whoever reads, in KiB. Decrypting a page costs more than keeping it; beyond
/// this a new desktop took no less time.
const WRITER_CACHE_KIB: i64 = 20 * 1024;
const READER_CACHE_KIB: i64 = 12 * 1024;

impl Store {
    /// Makes a new file.
    ///
    /// # Errors
    ///
    /// [`Error::AlreadyEnrolled`] if there is one: an old file is never overwritten.
    pub fn create(path: &Path, key: &DatabaseKey, facts: &Facts) -> Result<Self> {
        if path.exists() {
            return Err(Error::AlreadyEnrolled);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let mut connection = connect(path, key, flags)?;
        restrict(path)?;
        migrate(&mut connection)?;
        let store = Self::with(path, key, connection, new_for_use(path)?)?;
        store.write(|tx| {
            set_meta(tx, "facts", facts)?;
            set_meta(tx, "epoch", &facts.epoch)
        })?;
        Ok(store)
    }

    /// Opens a file that was made before. One of an earlier program is upgraded first, in a copy.
    ///
    /// # Errors
    ///
    /// [`Error::StoreDoesNotOpen`] for another key, [`Error::StoreMissing`], [`Error::StoreTooNew`] for a newer
    /// program's file, [`Error::StoreInUse`] for one that must be upgraded and is open elsewhere. The file is left as
    /// it is.
    pub fn open(path: &Path, key: &DatabaseKey) -> Result<Self> {
        if !path.exists() {
            return Err(Error::StoreMissing);
        }
        let in_use = open_for_use(path, key)?;
        let connection = connect(path, key, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let store = Self::with(path, key, connection, in_use)?;
        // Rows are there all the same; it is done the next time.
        if let Err(error) = store.sweep_files() {
            tracing::warn!(%error, "the folder of attached files was not put in order");
        }
        Ok(store)
    }

    fn with(path: &Path, key: &DatabaseKey, writer: Connection, in_use: InUse) -> Result<Self> {
        let reader = connect(path, key, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        reader.pragma_update(None, "query_only", true)?;
        reader.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
        Ok(Self {
            writer: Mutex::new(writer),
            reader: Mutex::new(reader),
            contents: Contents::beside(path, key),
            token_key: TokenKey::of(key),
            is_leaving: AtomicBool::new(false),
            _in_use: in_use,
            #[cfg(feature = "testing")]
            watcher: Mutex::default(),
        })
    }
}

pub(crate) fn connect(path: &Path, key: &DatabaseKey, flags: OpenFlags) -> Result<Connection> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.pragma_update(None, "key", raw(key).as_str())?;
    connection.busy_timeout(Duration::from_secs(10))?;
    // The first read shows whether the key fits.
    let fits = connection.query_row("select count(*) from sqlite_schema", [], |_| Ok(()));
    if let Err(rusqlite::Error::SqliteFailure(error, _)) = &fits
        && error.code == ErrorCode::NotADatabase
    {
        return Err(Error::StoreDoesNotOpen);
    }
    fits?;
    // Before anything is written: a newer program's file is left as it is.
    if version(&connection)? > MIGRATIONS.len() {
        return Err(Error::StoreTooNew);
    }
    connection.pragma_update(None, "journal_mode", "wal")?;
    // "Saved" means on disk.
    connection.pragma_update(None, "synchronous", "full")?;
    // On a Mac that takes more than a sync; elsewhere these change nothing.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

/// A key as SQLCipher takes it: as it is, not as a password.
pub(super) fn raw(key: &DatabaseKey) -> Zeroizing<String> {
    let mut raw = Zeroizing::new(String::with_capacity(67));
    raw.push_str("x'");
    for byte in key.0.iter() {
        raw.push_str(&format!("{byte:02x}"));
    }
    raw.push('\'');
    raw
}

/// How many steps of the schema the file has been through.
pub(crate) fn version(connection: &Connection) -> Result<usize> {
    let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    usize::try_from(version).map_err(Error::internal)
}

/// Takes the missing steps, in one transaction.
pub(super) fn migrate(connection: &mut Connection) -> Result<()> {
    let Some(missing) = MIGRATIONS.get(version(connection)?..) else { return Err(Error::StoreTooNew) };
    let tx = connection.transaction()?;
    for step in missing {
        tx.execute_batch(step)?;
    }
    if !missing.is_empty() {
        carried::take_in(&tx)?;
    }
    tx.pragma_update(None, "user_version", MIGRATIONS.len() as u32)?;
    Ok(tx.commit()?)
}

/// Makes the file its owner's alone.
pub(super) fn restrict(path: &Path) -> Result<()> {
    #[cfg(unix)]
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

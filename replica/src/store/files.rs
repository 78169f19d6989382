//! Which contents of attached files are here, which of them wait to be sent, and which make room for others.

use std::io::Read;

use protocol::file::MAX_FILE_BYTES;
use protocol::mutation::Hash;
use protocol::validate::moment_text;
use rusqlite::{OptionalExtension, Transaction};
use time::OffsetDateTime;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::Store;
use super::contents::Sealed;
use crate::error::{Error, Result};

/// What the server has may take so much room here, in bytes; what was not looked at for longest goes first.
const ROOM_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// A row that is not deleted names the content, and the server has it or will get it: a row that it refused waits for a
/// person, and its file with it.
const IS_ON_ITS_WAY: &str = "exists (select 1 from dental_attachments a where a.sha256 = f.sha256 and a.is_deleted = 0 \
    and (a.sync_version > 0 or exists (select 1 from pending_rows p join mutations m on m.sequence = p.sequence \
         where p.table_name = 'dental_attachments' and p.id = a.id and m.fate is null)))";

/// A row of which the server does not know yet that its content is stored, and which it has or will get.
const IS_UNSTORED: &str = "a.upload_state <> 'stored' and (a.sync_version > 0 or exists ( \
    select 1 from pending_rows p join mutations m on m.sequence = p.sequence \
    where p.table_name = 'dental_attachments' and p.id = a.id and m.fate is null))";

/// A content that is here, or should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeldFile {
    pub state: FileState,
    /// Why the server refused it.
    pub detail: Option<String>,
}

/// How a content stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileState {
    /// The server does not have it yet.
    Waiting,
    /// The server will not take it.
    Refused,
    /// The server has it as well.
    Kept,
    /// It was never sent, and is not here any more.
    Lost,
}

/// The next content to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DueFile {
    pub sha256: Hash,
    /// Its length.
    pub bytes: u64,
    /// A row that names it and that the server has.
    pub attachment: Uuid,
    /// All of those.
    pub rows: Vec<Uuid>,
    /// Whether all of those say that the server has it.
    pub is_marked: bool,
}

/// How many contents wait, and how many cannot go to the server: it refused them, or they are missing here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileCounts {
    /// To be sent.
    pub waiting: u32,
    /// That the server will not take.
    pub refused: u32,
}

/// Notes that a content is here and must be sent.
pub(crate) fn put_waiting(tx: &Transaction<'_>, sealed: &Sealed, at: OffsetDateTime) -> Result<()> {
    let sql = "insert into files (sha256, byte_size, state, used_at) values (?1, ?2, 'waiting', ?3) \
               on conflict (sha256) do update set state = 'waiting', detail = null, used_at = excluded.used_at";
    tx.prepare_cached(sql)?.execute((
        sealed.sha256.to_string(),
        as_integer(sealed.bytes),
        moment_text(at),
    ))?;
    Ok(())
}

/// A length as SQLite holds it.
fn as_integer(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

fn length(row: &rusqlite::Row<'_>, place: usize) -> Result<u64> {
    u64::try_from(row.get::<_, i64>(place)?).map_err(|_| Error::StoreDamaged)
}

/// How a content stands here; none if it is not.
pub(crate) fn held(tx: &Transaction<'_>, sha256: &str) -> Result<Option<HeldFile>> {
    let mut statement = tx.prepare_cached("select state, detail from files where sha256 = ?1")?;
    let held = statement.query_row([sha256], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)));
    held.optional()?.map(|(state, detail)| Ok(HeldFile { state: state_of(&state)?, detail })).transpose()
}

pub(super) fn counts(tx: &Transaction<'_>) -> Result<FileCounts> {
    let count = |state: &str| -> Result<u32> {
        let sql = format!("select count(*) from files f where f.state = ?1 and {IS_ON_ITS_WAY}");
        Ok(tx.prepare_cached(&sql)?.query_row([state], |row| row.get(0))?)
    };
    Ok(FileCounts { waiting: count("waiting")?, refused: count("refused")? + count("lost")? })
}

/// How many contents would be lost with this computer.
pub(crate) fn only_here(tx: &Transaction<'_>) -> Result<u32> {
    let sql = "select count(*) from files f where f.state in ('waiting', 'refused') and exists ( \
               select 1 from dental_attachments a where a.sha256 = f.sha256 and a.is_deleted = 0)";
    Ok(tx.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

/// The server's data was restored: it is asked again about all that is here.
pub(super) fn ask_again(tx: &Transaction<'_>) -> Result<()> {
    tx.execute("update files set state = 'waiting', detail = null where state in ('kept', 'refused')", [])?;
    Ok(())
}

/// The rows that are not deleted, name this content and are so: those first that the server got first, and last those that
/// it lost, for which it takes nothing.
fn rows_of(tx: &Transaction<'_>, sha256: &Hash, are: &'static str) -> Result<Vec<Uuid>> {
    let sql = format!(
        "select a.id from dental_attachments a where a.sha256 = ?1 and a.is_deleted = 0 and {are} \
         order by exists (select 1 from only_here o where o.table_name = 'dental_attachments' and o.id = a.id), \
         a.sync_version, a.id"
    );
    let mut statement = tx.prepare_cached(&sql)?;
    let ids = statement.query_map([sha256.to_string()], |row| row.get::<_, String>(0))?;
    ids.map(|id| id?.parse().map_err(|_| Error::StoreDamaged)).collect()
}

fn state_of(text: &str) -> Result<FileState> {
    Ok(match text {
        "waiting" => FileState::Waiting,
        "refused" => FileState::Refused,
        "kept" => FileState::Kept,
        "lost" => FileState::Lost,
        _ => return Err(Error::StoreDamaged),
    })
}

fn hash(text: &str) -> Result<Hash> {
    Hash::parse(text).ok_or(Error::StoreDamaged)
}

impl Store {
    /// Seals what comes from there, and lets `write` say in the database what it is. Both are on the disk when this
    /// returns, or neither counts.
    pub(crate) fn take_in<T>(
        &self,
        source: &mut dyn Read,
        check: impl FnOnce(&Sealed) -> Result<()>,
        write: impl FnOnce(&Sealed) -> Result<T>,
    ) -> Result<T> {
        let alone = self.contents.alone()?;
        let sealed = alone.seal(source, MAX_FILE_BYTES)?;
        if let Err(error) = check(&sealed) {
            sealed.discard();
            return Err(error);
        }
        alone.put(&sealed)?;
        let written = write(&sealed);
        if written.is_err() && self.read(|tx| held(tx, &sealed.sha256.to_string()))?.is_none() {
            // The error itself says what went wrong, not this; what is left is swept up.
            alone.remove(&sealed.sha256).ok();
        }
        written
    }

    /// The content; none if it is not here. It was looked at now.
    ///
    /// # Errors
    ///
    /// [`Error::FileDamaged`], unless the server has it: then what is here is removed.
    pub(crate) fn content(&self, sha256: &Hash, at: OffsetDateTime) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let text = sha256.to_string();
        match self.contents.read(sha256) {
            Ok(Some(bytes)) => {
                let noted = self.write(|tx| {
                    let sql = "update files set used_at = ?2 where sha256 = ?1";
                    tx.prepare_cached(sql)?.execute((&text, moment_text(at)))?;
                    Ok(())
                });
                // A disk that is full keeps nobody from looking.
                if let Err(error) = noted {
                    tracing::warn!(%error, "it was not noted that a file was looked at");
                }
                Ok(Some(bytes))
            }
            Ok(None) => Ok(None),
            Err(Error::FileDamaged) if self.forget(sha256)? => {
                tracing::error!("a kept file was damaged; it is fetched again");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// The content; none if it is not here. Nobody looked at it: what makes room for others stays the same.
    pub(crate) fn whole(&self, sha256: &Hash) -> Result<Option<Zeroizing<Vec<u8>>>> {
        self.contents.read(sha256)
    }

    /// Removes a content that the server has too; answers whether it has.
    fn forget(&self, sha256: &Hash) -> Result<bool> {
        let alone = self.contents.alone()?;
        let sql = "delete from files where sha256 = ?1 and state = 'kept'";
        let is_kept = self.write(|tx| Ok(tx.execute(sql, [sha256.to_string()])? > 0))?;
        if is_kept {
            alone.remove(sha256)?;
        }
        Ok(is_kept)
    }

    /// A piece of a content; none if it is not here.
    pub(crate) fn piece(
        &self,
        sha256: &Hash,
        from: u64,
        length: usize,
    ) -> Result<Option<Zeroizing<Vec<u8>>>> {
        self.contents.piece(sha256, from, length)
    }

    /// Keeps a content that came from the server, and makes room for it. One that waits goes on waiting: the server has it by
    /// another row, and must be asked to take it for those that were written here.
    pub(crate) fn keep_content(&self, bytes: &[u8], at: OffsetDateTime) -> Result<()> {
        let keep = |sealed: &Sealed| {
            self.write(|tx| {
                let sql = "insert into files (sha256, byte_size, state, used_at) values (?1, ?2, 'kept', ?3) \
                           on conflict (sha256) do update set state = iif(state = 'waiting', state, 'kept'), \
                           detail = null, used_at = ?3";
                tx.prepare_cached(sql)?.execute((
                    sealed.sha256.to_string(),
                    as_integer(sealed.bytes),
                    moment_text(at),
                ))?;
                Ok(())
            })
        };
        self.take_in(&mut &*bytes, |_| Ok(()), keep)?;
        self.make_room(ROOM_BYTES)
    }

    /// The next content to be sent, but for these. Those whose row the server does not have yet come later.
    pub(crate) fn next_file(&self, but_for: &[Hash]) -> Result<Option<DueFile>> {
        self.read(|tx| {
            let sql = "select f.sha256, f.byte_size, \
                       not exists (select 1 from dental_attachments a where a.sha256 = f.sha256 and a.is_deleted = 0 \
                                   and a.sync_version > 0 and a.upload_state <> 'stored') \
                       from files f where f.state = 'waiting' order by f.used_at";
            let mut statement = tx.prepare_cached(sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let sha256 = hash(&row.get::<_, String>(0)?)?;
                let rows = rows_of(tx, &sha256, "a.sync_version > 0")?;
                let Some(attachment) = rows.first().copied().filter(|_| !but_for.contains(&sha256)) else {
                    continue;
                };
                let (bytes, is_marked) = (length(row, 1)?, row.get(2)?);
                return Ok(Some(DueFile { sha256, bytes, attachment, rows, is_marked }));
            }
            Ok(None)
        })
    }

    /// The server has it for these rows. If it was put into another record meanwhile, it goes on waiting until the server has
    /// it for that row as well; answers whether it does not.
    pub(crate) fn file_sent(&self, due: &DueFile) -> Result<bool> {
        let named = self.read(|tx| rows_of(tx, &due.sha256, IS_UNSTORED))?;
        let is_kept = named.iter().all(|row| due.rows.contains(row));
        if is_kept {
            self.set_state(&due.sha256, FileState::Kept, None)?;
            self.make_room(ROOM_BYTES)?;
        }
        Ok(is_kept)
    }

    /// The server will not take it.
    pub(crate) fn file_refused(&self, sha256: &Hash, detail: &str) -> Result<()> {
        self.set_state(sha256, FileState::Refused, Some(detail))
    }

    /// It waits again.
    pub(crate) fn file_again(&self, sha256: &Hash) -> Result<()> {
        self.set_state(sha256, FileState::Waiting, None)
    }

    /// It was never sent, and is not here any more.
    pub(crate) fn file_lost(&self, sha256: &Hash) -> Result<()> {
        self.set_state(sha256, FileState::Lost, None)
    }

    fn set_state(&self, sha256: &Hash, state: FileState, detail: Option<&str>) -> Result<()> {
        let state = match state {
            FileState::Waiting => "waiting",
            FileState::Refused => "refused",
            FileState::Kept => "kept",
            FileState::Lost => "lost",
        };
        self.write(|tx| {
            let sql = "update files set state = ?2, detail = ?3 where sha256 = ?1";
            tx.prepare_cached(sql)?.execute((sha256.to_string(), state, detail))?;
            Ok(())
        })
    }

    /// Removes what the server has too until that takes no more than so many bytes; what was looked at last stays.
    pub(crate) fn make_room(&self, room: u64) -> Result<()> {
        let too_much: Vec<Hash> = self.read(|tx| {
            let sql =
                "select sha256, byte_size from files where state = 'kept' order by used_at desc, sha256";
            let mut statement = tx.prepare_cached(sql)?;
            let mut rows = statement.query([])?;
            let (mut taken, mut too_much) = (0, Vec::new());
            while let Some(row) = rows.next()? {
                let bytes = length(row, 1)?;
                taken += bytes;
                if taken > room && taken > bytes {
                    too_much.push(hash(&row.get::<_, String>(0)?)?);
                }
            }
            Ok(too_much)
        })?;
        for sha256 in too_much {
            self.forget(&sha256)?;
        }
        Ok(())
    }

    /// Reads every content that is known here: how many there are, and which of them are missing or damaged.
    pub(crate) fn check_files(&self) -> Result<(u32, Vec<Hash>)> {
        let known: Vec<Hash> = self.read(|tx| {
            let mut statement = tx.prepare("select sha256 from files order by sha256")?;
            let known = statement.query_map([], |row| row.get::<_, String>(0))?;
            known.map(|text| hash(&text?)).collect()
        })?;
        let n_files = u32::try_from(known.len()).unwrap_or(u32::MAX);
        let mut wrong = Vec::new();
        for sha256 in known {
            match self.contents.read(&sha256) {
                Ok(Some(_)) => {}
                Ok(None) | Err(Error::FileDamaged) => wrong.push(sha256),
                Err(error) => return Err(error),
            }
        }
        Ok((n_files, wrong))
    }

    /// How many contents would be lost with this computer.
    pub(crate) fn files_only_here(&self) -> Result<u32> {
        self.read(only_here)
    }

    /// Puts the folder and the database in step after a crash, unless another program works with them now: what no row
    /// of `files` knows is removed, and what is missing is known to be.
    pub(super) fn sweep_files(&self) -> Result<()> {
        let has_any: bool =
            self.read(|tx| Ok(tx.query_row("select exists (select 1 from files)", [], |row| row.get(0))?))?;
        if !has_any && !self.contents.has_folder() {
            return Ok(());
        }
        let Some(alone) = self.contents.alone_now()? else { return Ok(()) };
        let known = self.write(|tx| {
            let mut statement = tx.prepare("select sha256, state from files")?;
            let known = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let known: Vec<(String, String)> = known.collect::<std::result::Result<_, _>>()?;
            let mut here = Vec::new();
            for (text, state) in known {
                let sha256 = hash(&text)?;
                match (self.contents.has(&sha256), state_of(&state)?) {
                    (true, FileState::Lost) => {
                        tx.execute("update files set state = 'waiting' where sha256 = ?1", [&text])?;
                    }
                    (true, _) => {}
                    (false, FileState::Kept) => {
                        tx.execute("delete from files where sha256 = ?1", [&text])?;
                    }
                    (false, FileState::Lost) => {}
                    (false, FileState::Waiting | FileState::Refused) => {
                        tracing::error!("a file that waits is missing from the folder");
                        tx.execute("update files set state = 'lost' where sha256 = ?1", [&text])?;
                    }
                }
                here.push(sha256);
            }
            Ok(here)
        })?;
        let n_removed = alone.sweep(|sha256| known.contains(sha256))?;
        if n_removed > 0 {
            tracing::info!(n_removed, "removed what an interruption had left of attached files");
        }
        Ok(())
    }
}

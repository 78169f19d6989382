//! When the power of a desktop fails, and what is left of its file: of its write-ahead log, what was waited for. The last
//! commits that nobody waited for may be gone; here they always are.

use std::fs;
use std::path::{Path, PathBuf};

use replica::testing::Commit;

/// The log's header: where the size of a page and the two salts stand in it is said by SQLite's file format.
const HEADER: usize = 32;
/// What stands before each page.
const FRAME_HEADER: usize = 24;
/// Where the shared memory says how many frames are in the file itself, which waits for the log before.
const BACKFILLED_AT: usize = 96;

/// Ends a desktop in the middle of something.
#[derive(Debug, Default)]
pub struct Doom {
    /// At which commit from now, counted from 0, and where in it.
    pub at: Option<(u32, bool)>,
    /// It has come.
    pub has_come: bool,
}

impl Doom {
    pub(crate) fn meets(&mut self, commit: Commit) -> bool {
        match &mut self.at {
            Some((0, is_done)) if *is_done == (commit != Commit::Near) => {
                self.at = None;
                self.has_come = true;
            }
            Some((n, is_done)) if *n > 0 && *is_done == (commit != Commit::Near) => *n -= 1,
            _ => {}
        }
        self.has_come
    }
}

/// How far a log was on disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OnDisk {
    salts: [u8; 8],
    frames: usize,
}

/// The file and its log as the disk has them.
#[derive(Debug)]
pub struct Left {
    file: PathBuf,
    bytes: Vec<u8>,
    log: Vec<u8>,
}

fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    name.into()
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes.get(at..).and_then(<[u8]>::first_chunk).copied().unwrap_or([0; N])
}

fn frame_bytes(log: &[u8]) -> usize {
    FRAME_HEADER + u32::from_be_bytes(number(log, 8)) as usize
}

/// The frames of the log as it is.
fn frames(log: &[u8]) -> OnDisk {
    let salts = number(log, 16);
    let bodies = log.get(HEADER..).unwrap_or_default().chunks_exact(frame_bytes(log));
    // Behind them stands what an earlier round of the log left.
    let frames = bodies.take_while(|frame| number(frame, 8) == salts).count();
    OnDisk { salts, frames }
}

/// All that is written was waited for.
pub fn all_on_disk(file: &Path) -> OnDisk {
    frames(&fs::read(beside(file, "-wal")).unwrap_or_default())
}

impl Left {
    /// What the disk has of an open file whose log was last waited for then.
    pub fn of(file: &Path, waited: OnDisk) -> Self {
        let bytes = fs::read(file).expect("BUG: a file that is open");
        let mut log = fs::read(beside(file, "-wal")).unwrap_or_default();
        let backfilled =
            u32::from_ne_bytes(number(&fs::read(beside(file, "-shm")).unwrap_or_default(), BACKFILLED_AT));
        let known = if frames(&log).salts == waited.salts { waited.frames } else { 0 };
        let kept = known.max(backfilled as usize);
        log.truncate(HEADER + kept * frame_bytes(&log));
        Self { file: file.to_owned(), bytes, log }
    }

    /// Puts it in place of what a program leaves that has time to close its file.
    pub fn put_back(self) {
        let put = || {
            fs::write(&self.file, &self.bytes)?;
            fs::write(beside(&self.file, "-wal"), &self.log)
        };
        put().expect("BUG: room for a file");
        fs::remove_file(beside(&self.file, "-shm")).ok();
    }
}

#[cfg(test)]
mod tests {
    use replica::testing::{DatabaseKey, Store};
    use tempfile::TempDir;
    use time::OffsetDateTime;

    use super::*;

    #[test]
    fn a_power_cut_takes_what_nobody_waited_for_and_nothing_else() {
        let folder = TempDir::new().expect("BUG: a folder");
        let (file, key) = (folder.path().join("clinic.db"), DatabaseKey::of([7; 32]));
        let place = crate::clinic::place(0, 0);
        let store = Store::create(&file, &key, &place.facts).expect("BUG: a new file");
        store.put_staff(&place.person).expect("BUG: room");
        let waited = all_on_disk(&file);
        store.note_contact((None, OffsetDateTime::UNIX_EPOCH)).expect("BUG: room");
        assert_ne!(all_on_disk(&file), waited);
        let left = Left::of(&file, waited);
        drop(store);
        left.put_back();
        let store = Store::open(&file, &key).expect("BUG: a good file");
        assert!(store.staff(place.person.id).expect("BUG: a good file").is_some());
        assert_eq!(store.sync_state().expect("BUG: a good file").last_contact_at, None);
    }
}

//! Files and folders that only their owner reads, written whole or not at all.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use uuid::Uuid;

use crate::error::Result;

/// Makes a folder, and makes it its owner's alone.
pub fn make_private_dir(path: &Path) -> Result<()> {
    std::fs::create_dir_all(path)?;
    #[cfg(unix)]
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    Ok(())
}

/// Makes a file its owner's alone. On Windows the folder below the account's own is so already.
pub fn make_private(file: &File) -> Result<()> {
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

/// Folders on whose disk no file is written any more, for tests.
#[cfg(test)]
pub static FULL: std::sync::Mutex<std::collections::BTreeSet<std::path::PathBuf>> =
    std::sync::Mutex::new(std::collections::BTreeSet::new());

/// Writes a file so that a power cut leaves the old one or the new one, never a part.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    #[cfg(test)]
    if path.parent().is_some_and(|folder| FULL.lock().expect("BUG: nobody panics").contains(folder)) {
        return Err(crate::error::Error::DiskFull);
    }
    let new = path.with_extension("new");
    let mut file = File::create(&new)?;
    make_private(&file)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    rename(&new, path)
}

/// Writes a file that somebody saves where they choose: it has its name only once all of it is on the disk. A new one only
/// they read, and whoever could read the one that it replaces can read it.
pub fn save<T, E: From<std::io::Error>>(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> std::result::Result<T, E>,
) -> std::result::Result<T, E> {
    // Of a link, what it leads to is replaced.
    let path = path.canonicalize().or_else(|_| std::path::absolute(path))?;
    let new = path.with_file_name(format!(".{}.part", Uuid::now_v7()));
    let saved = write_beside(&new, &path, write);
    if saved.is_err() {
        // The error itself says what went wrong, not this.
        std::fs::remove_file(&new).ok();
    }
    saved
}

fn write_beside<T, E: From<std::io::Error>>(
    new: &Path,
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> std::result::Result<T, E>,
) -> std::result::Result<T, E> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = BufWriter::new(options.open(new)?);
    let written = write(&mut file)?;
    let file = file.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    #[cfg(unix)]
    if let Ok(replaced) = path.metadata() {
        // A share may have no such thing: that keeps nobody from saving there.
        file.set_permissions(replaced.permissions()).ok();
    }
    file.sync_all()?;
    drop(file);
    std::fs::rename(new, path)?;
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        // So says a share that cannot do this for a folder.
        if let Err(error) = synced
            && error.kind() != std::io::ErrorKind::InvalidInput
        {
            return Err(error.into());
        }
    }
    Ok(written)
}

/// Renames a file within its folder, and makes the new name last.
pub fn rename(from: &Path, to: &Path) -> Result<()> {
    std::fs::rename(from, to)?;
    // Windows cannot open a folder as a file, and makes the rename itself durable.
    #[cfg(unix)]
    if let Some(folder) = to.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// Removes a file, if it is there, and makes that last.
pub fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// Removes a folder with all that is in it, if it is there.
pub fn remove_dir(path: &Path) -> Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn a_file_that_is_not_written_whole_has_no_name_and_leaves_the_one_that_was_there() {
        let folder = tempfile::tempdir().expect("BUG: a folder");
        let (there, new) = (folder.path().join("ledger.csv"), folder.path().join("new.csv"));
        std::fs::write(&there, "what was there").expect("BUG: written");
        for path in [&there, &new] {
            let saved: Result<()> = save(path, |file| {
                file.write_all(b"half of it")?;
                file.flush()?;
                Err(Error::DiskFull)
            });
            assert!(matches!(saved, Err(Error::DiskFull)));
        }
        assert_eq!(std::fs::read(&there).expect("BUG: read"), b"what was there");
        assert_eq!(std::fs::read_dir(folder.path()).expect("BUG: read").count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_saved_over_a_link_is_where_the_link_leads() {
        let folder = tempfile::tempdir().expect("BUG: a folder");
        let (file, link) = (folder.path().join("on-the-share.pdf"), folder.path().join("link.pdf"));
        std::fs::write(&file, "what was there").expect("BUG: written");
        std::os::unix::fs::symlink(&file, &link).expect("BUG: linked");
        let saved: std::io::Result<()> = save(&link, |to| to.write_all(b"a prescription"));
        saved.expect("BUG: saved");
        assert_eq!(std::fs::read(&file).expect("BUG: read"), b"a prescription");
        assert!(link.symlink_metadata().expect("BUG: there").is_symlink());
    }
}

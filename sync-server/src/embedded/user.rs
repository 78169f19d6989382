//! Postgres refuses to run as root: started by root, it runs as an unprivileged user, who must be able to
//! reach its programs and its data.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::Error;

/// `nobody` on the systems that Postgres is started on as root.
pub(super) const UNPRIVILEGED: u32 = 65534;

/// Who Postgres runs as: whoever runs this, or, for root, the unprivileged one.
#[derive(Clone, Copy, Debug)]
pub(super) struct User {
    #[cfg_attr(not(unix), expect(dead_code, reason = "only Unix has uids"))]
    is_root: bool,
}

#[cfg(unix)]
impl User {
    /// Finds out who runs this, from a file that it makes in the folder.
    pub(super) fn for_postgres(folder: &Path) -> Result<Self, Error> {
        use std::os::unix::fs::MetadataExt;
        let probe = tempfile::NamedTempFile::new_in(folder)?;
        Ok(Self { is_root: probe.as_file().metadata()?.uid() == 0 })
    }

    /// Lets the user into the folder, if it is theirs to open, and checks that the way there is open too.
    pub(super) fn open_folder(self, folder: &Path) -> Result<(), Error> {
        use std::os::unix::fs::PermissionsExt;
        if self.is_root {
            std::fs::set_permissions(folder, PermissionsExt::from_mode(0o711))?;
            if let Some(closed) = self.closed_on_the_way(folder) {
                return Err(Error::Unreachable(closed));
            }
        } else {
            std::fs::set_permissions(folder, PermissionsExt::from_mode(0o700))?;
        }
        Ok(())
    }

    /// The programs, copied into the data folder if the user cannot reach them where they lie.
    pub(super) fn reachable_programs(self, bin: PathBuf, data_dir: &Path) -> Result<PathBuf, Error> {
        let bin = bin.canonicalize()?;
        if self.closed_on_the_way(&bin).is_none() {
            return Ok(bin);
        }
        let copy = data_dir.join("programs");
        let installation = bin.parent().ok_or(Error::NoPrograms)?;
        if !copy.exists() {
            let unfinished = data_dir.join("programs.new");
            copy_folder(installation, &unfinished)?;
            std::fs::rename(unfinished, &copy)?;
        }
        Ok(copy.join(bin.file_name().ok_or(Error::NoPrograms)?))
    }

    /// Gives a file or folder to the user.
    pub(super) fn own(self, path: &Path) -> Result<(), Error> {
        if self.is_root {
            std::os::unix::fs::chown(path, Some(UNPRIVILEGED), Some(UNPRIVILEGED))?;
        }
        Ok(())
    }

    /// Makes a command run as the user, in a folder that they can enter.
    pub(super) fn become_in(self, command: &mut Command) {
        use std::os::unix::process::CommandExt;
        if self.is_root {
            command.uid(UNPRIVILEGED).gid(UNPRIVILEGED).current_dir("/");
        }
    }

    fn closed_on_the_way(self, path: &Path) -> Option<PathBuf> {
        use std::os::unix::fs::PermissionsExt;
        let is_closed = |folder: &&Path| {
            !std::fs::metadata(folder).is_ok_and(|folder| folder.permissions().mode() & 0o001 != 0)
        };
        path.ancestors().filter(|_| self.is_root).find(is_closed).map(Path::to_owned)
    }
}

#[cfg(not(unix))]
#[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "the same calls as on Unix")]
impl User {
    pub(super) fn for_postgres(_folder: &Path) -> Result<Self, Error> {
        Ok(Self { is_root: false })
    }

    pub(super) fn open_folder(self, _folder: &Path) -> Result<(), Error> {
        Ok(())
    }

    pub(super) fn reachable_programs(self, bin: PathBuf, _data_dir: &Path) -> Result<PathBuf, Error> {
        Ok(bin)
    }

    pub(super) fn own(self, _path: &Path) -> Result<(), Error> {
        Ok(())
    }

    pub(super) fn become_in(self, _command: &mut Command) {}
}

#[cfg(unix)]
fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    if to.exists() {
        std::fs::remove_dir_all(to)?;
    }
    std::fs::create_dir(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(std::fs::read_link(entry.path())?, target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

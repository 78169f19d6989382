//! `cargo xtask demo`: builds everything and hands over to the program that runs the demo.

use std::path::{Path, PathBuf};

use crate::setup::{self, Need};
use crate::shell;

/// Builds and runs the demo, or its tour where there is no display.
pub fn run(fresh: bool, tour: bool) -> anyhow::Result<()> {
    let tour = tour || !has_display();
    setup::packages(if tour { Need::Window } else { Need::Build })?;
    setup::npm_packages()?;
    setup::build_ui()?;
    shell::cargo(&["build", "--workspace", "--bins"])?;
    let mut demo = shell::command(shell::binary("clinic-demo", "debug"), ["--folder"]);
    demo.arg(folder(shell::target_dir().join("demo")));
    if fresh {
        demo.arg("--fresh");
    }
    if tour {
        demo.arg("--tour");
    }
    shell::become_program(demo)
}

/// Where the demo keeps everything: beside what is built, if its database gets there. Started by root, that runs as another
/// user.
fn folder(wanted: PathBuf) -> PathBuf {
    if is_root() && wanted.ancestors().any(is_closed) {
        return PathBuf::from("/var/tmp/clinic-desk-demo");
    }
    wanted
}

#[cfg(target_os = "linux")]
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;

    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

#[cfg(not(target_os = "linux"))]
fn is_root() -> bool {
    false
}

/// Whether only its owner enters this folder.
#[cfg(target_os = "linux")]
fn is_closed(folder: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;

    folder.metadata().is_ok_and(|found| found.permissions().mode() & 0o001 == 0)
}

#[cfg(not(target_os = "linux"))]
fn is_closed(_: &Path) -> bool {
    false
}

fn has_display() -> bool {
    !cfg!(target_os = "linux")
        || ["DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

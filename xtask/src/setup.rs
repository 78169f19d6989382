//! What a machine needs beyond Rust and Node, and how it gets it.

use anyhow::bail;

use crate::shell;

/// Needed to build the window on Linux.
const BUILD_PACKAGES: &[&str] =
    &["build-essential", "pkg-config", "libwebkit2gtk-4.1-dev", "libxdo-dev", "libssl-dev", "librsvg2-dev"];

/// Needed to drive the window without a display.
const WINDOW_PACKAGES: &[&str] =
    &["xvfb", "xauth", "webkit2gtk-driver", "dbus", "dbus-x11", "gnome-keyring", "fonts-noto-core", "procps"];

/// pg_dump and pg_restore, and a server of their version: what the tests of backups back up.
const DATABASE_PACKAGES: &[&str] = &["postgresql"];

/// Which packages a task needs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// To build the programs.
    Build,
    /// To build them, to drive the window under a virtual display, and to run every other test.
    Window,
}

/// Installs what is missing. On Debian and Ubuntu through apt if this user may; otherwise says the exact
/// command and stops.
pub fn packages(need: Need) -> anyhow::Result<()> {
    if !shell::has("npm") {
        bail!("Node.js with npm is missing. Install Node 20.19 or later, then run the command again.");
    }
    if cfg!(windows) && !shell::has("perl") {
        bail!(
            "Perl is missing; it builds the library that encrypts. Run `winget install StrawberryPerl.StrawberryPerl`, open a new terminal, then run the command again."
        );
    }
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    let wanted: Vec<&str> = match need {
        Need::Build => BUILD_PACKAGES.to_vec(),
        Need::Window => [BUILD_PACKAGES, WINDOW_PACKAGES, DATABASE_PACKAGES].concat(),
    };
    if !shell::has("dpkg-query") {
        shell::say(
            "This is not Debian or Ubuntu: if the build misses a library, install what these packages hold:",
        );
        shell::say(&format!("  {}", wanted.join(" ")));
        return Ok(());
    }
    let missing: Vec<&str> = wanted.into_iter().filter(|package| !is_installed(package)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let install = format!("apt-get install -y --no-install-recommends {}", missing.join(" "));
    if !may_install() {
        bail!(
            "Some packages are missing. Run this, then the command again:\n  sudo apt-get update && sudo {install}"
        );
    }
    shell::say(&format!("Installing {}", missing.join(", ")));
    let apt = |args: &[&str]| {
        let mut apt = shell::command("apt-get", args);
        apt.env("DEBIAN_FRONTEND", "noninteractive").stdout(std::process::Stdio::null());
        shell::run(apt)
    };
    apt(&["update", "-q"])?;
    apt(&[&["install", "-y", "-q", "--no-install-recommends"], missing.as_slice()].concat())
}

fn is_installed(package: &str) -> bool {
    shell::output(shell::command("dpkg-query", ["-W", "-f=${Status}", package]))
        .is_ok_and(|status| status.contains("install ok installed"))
}

fn may_install() -> bool {
    shell::output(shell::command("id", ["-u"])).is_ok_and(|id| id.trim() == "0")
}

/// Rust's formatter and linter, which a minimal installation lacks.
pub fn rust_components() -> anyhow::Result<()> {
    for component in ["fmt", "clippy"] {
        if shell::output(shell::command(env!("CARGO"), [component, "--version"])).is_err() {
            return shell::run(shell::command("rustup", ["component", "add", "rustfmt", "clippy"]));
        }
    }
    Ok(())
}

/// The window's and the database's npm packages, exactly as locked.
pub fn npm_packages() -> anyhow::Result<()> {
    for folder in ["ui", "sync-server/postgres"] {
        let folder_path = shell::root().join(folder);
        let locked =
            std::fs::metadata(folder_path.join("package-lock.json")).and_then(|lock| lock.modified());
        let installed = std::fs::metadata(folder_path.join("node_modules/.package-lock.json"))
            .and_then(|installed| installed.modified());
        if let (Ok(locked), Ok(installed)) = (locked, installed)
            && installed >= locked
        {
            continue;
        }
        shell::npm(folder, &["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])?;
    }
    Ok(())
}

/// Builds what the window shows into `ui/dist`, from where it is put inside the program.
pub fn build_ui() -> anyhow::Result<()> {
    shell::npm("ui", &["run", "--silent", "build"])
}

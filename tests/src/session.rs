//! A desktop session without a display: a virtual screen, a message bus and an unlocked keyring, all of
//! them its own, so that nothing of the person who runs it is touched.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context;

use crate::process::{Process, wait_for};

/// The size of the virtual screen.
const SCREEN: &str = "1440x900x24";

/// The session. It ends when it is dropped.
pub struct Session {
    display: String,
    bus: String,
    folder: PathBuf,
    // In the order in which they must end.
    _keyring: Process,
    _bus: Process,
    _screen: Process,
}

impl Session {
    /// Starts a session that keeps its keyring in `folder`.
    ///
    /// # Errors
    ///
    /// If a program that it needs is missing; `cargo xtask` installs them.
    pub fn start(folder: &Path) -> anyhow::Result<Self> {
        for part in ["data", "config", "cache", "run"] {
            std::fs::create_dir_all(folder.join(part))?;
        }
        std::fs::set_permissions(folder.join("run"), std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
        // Without a window it must stay as it is: one that comes while it begins anew is turned away.
        let mut screen = Process::spawn(
            Command::new("Xvfb")
                .args(["-displayfd", "1", "-screen", "0", SCREEN, "-nolisten", "tcp", "-noreset"])
                .stdout(Stdio::piped())
                .stderr(Stdio::null()),
        )?;
        let display = format!(":{}", first_line(&mut screen)?);
        let mut bus = Process::spawn(
            Command::new("dbus-daemon")
                .args(["--session", "--nofork", "--nopidfile", "--print-address=1"])
                .stdout(Stdio::piped())
                .stderr(Stdio::null()),
        )?;
        let bus_address = first_line(&mut bus)?;
        let mut keyring = Process::spawn(
            dressed(&mut Command::new("gnome-keyring-daemon"), &display, &bus_address, folder)
                .args(["--unlock", "--components=secrets", "--foreground"])
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null()),
        )?;
        // An empty password, but a whole line: without it the keyring stays locked.
        keyring.child().stdin.take().context("a pipe")?.write_all(b"\n")?;
        let session = Self {
            display,
            bus: bus_address,
            folder: folder.to_owned(),
            _keyring: keyring,
            _bus: bus,
            _screen: screen,
        };
        wait_for("the keyring", Duration::from_secs(20), || {
            let answer = session
                .command("dbus-send")
                .args(["--session", "--print-reply", "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus"])
                .args(["org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.secrets"])
                .output()?;
            Ok(String::from_utf8_lossy(&answer.stdout).contains("true").then_some(()))
        })?;
        Ok(session)
    }

    /// The address of its message bus.
    pub fn bus(&self) -> &str {
        &self.bus
    }

    /// A command that runs in this session.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        dressed(&mut command, &self.display, &self.bus, &self.folder);
        command
    }
}

fn dressed<'a>(command: &'a mut Command, display: &str, bus: &str, folder: &Path) -> &'a mut Command {
    command
        .env("DISPLAY", display)
        .env_remove("WAYLAND_DISPLAY")
        .env("DBUS_SESSION_BUS_ADDRESS", bus)
        .env("XDG_DATA_HOME", folder.join("data"))
        .env("XDG_CONFIG_HOME", folder.join("config"))
        .env("XDG_CACHE_HOME", folder.join("cache"))
        .env("XDG_RUNTIME_DIR", folder.join("run"))
        .env("NO_AT_BRIDGE", "1")
}

fn first_line(process: &mut Process) -> anyhow::Result<String> {
    let out = process.child().stdout.take().context("a pipe")?;
    let mut line = String::new();
    BufReader::new(out).read_line(&mut line)?;
    let line = line.trim().to_owned();
    anyhow::ensure!(!line.is_empty(), "a program of the session ended at once");
    Ok(line)
}

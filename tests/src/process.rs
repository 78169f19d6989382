//! The product's programs as processes that end with their test.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

/// A process that is killed, with all that it started, when it is dropped.
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts a command in a process group of its own.
    pub fn spawn(command: &mut Command) -> anyhow::Result<Self> {
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command.spawn().with_context(|| format!("{name} did not start"))?;
        Ok(Self { child })
    }

    /// The child itself.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// How much memory what it started has, in MB, without itself; what they share counted once. Of Linux only.
    ///
    /// # Errors
    ///
    /// If the system does not say it.
    pub fn memory_mb(&self) -> anyhow::Result<f64> {
        let mut parents = Vec::new();
        for entry in std::fs::read_dir("/proc")?.flatten() {
            let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
                continue;
            };
            // A process that ended meanwhile has none.
            let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
            let parent =
                stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse().ok());
            parents.extend(parent.map(|parent: u32| (id, parent)));
        }
        let mut family = vec![self.child.id()];
        let mut place = 0;
        while let Some(parent) = family.get(place).copied() {
            family.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(id, _)| *id));
            place += 1;
        }
        let kib = |id: &u32| -> Option<f64> {
            let text = std::fs::read_to_string(format!("/proc/{id}/smaps_rollup")).ok()?;
            let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
            line.trim().trim_end_matches(" kB").trim().parse().ok()
        };
        Ok(family.iter().skip(1).filter_map(kib).sum::<f64>() / 1_000.0)
    }

    /// Asks the process to end, as Ctrl-C does, and waits until it has.
    pub fn stop(mut self) -> anyhow::Result<()> {
        self.signal("-INT");
        wait_for("a process to end", Duration::from_secs(30), || Ok(self.child.try_wait()?.map(|_| ())))
    }

    /// Kills the process at once, with all that it started, as a power cut would.
    pub fn kill(mut self) -> anyhow::Result<()> {
        self.signal("-KILL");
        self.child.wait()?;
        Ok(())
    }

    /// Kills the process at once, and leaves alone what it started.
    pub fn kill_alone(mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    fn signal(&mut self, signal: &str) {
        if cfg!(unix) {
            let group = format!("-{}", self.child.id());
            Command::new("kill").args([signal, "--", &group]).stderr(Stdio::null()).status().ok();
        } else {
            self.child.kill().ok();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            self.signal("-TERM");
            let ended = wait_for("a process to end", Duration::from_secs(5), || {
                Ok(self.child.try_wait()?.map(|_| ()))
            });
            if ended.is_err() {
                self.signal("-KILL");
            }
            self.child.wait().ok();
        }
    }
}

/// Asks again and again until there is an answer.
///
/// # Errors
///
/// That of `ask`, or that the time is over.
pub fn wait_for<T>(
    what: &str,
    patience: Duration,
    mut ask: impl FnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask()? {
            return Ok(answer);
        }
        if start.elapsed() > patience {
            bail!("waited {} s in vain for {what}", patience.as_secs());
        }
        std::thread::sleep(Duration::from_millis(25));
    }
}

/// The folder in which cargo has put the programs.
///
/// # Errors
///
/// If the running program does not lie in cargo's target folder.
pub fn programs() -> anyhow::Result<PathBuf> {
    let me = std::env::current_exe()?;
    let folder = me.parent().context("a program lies in a folder")?;
    let is_within = folder.ends_with("deps") || folder.ends_with("examples");
    let folder = if is_within { folder.parent().unwrap_or(folder) } else { folder };
    Ok(folder.to_owned())
}

/// One of the product's programs.
///
/// # Errors
///
/// If it was not built.
pub fn program(name: &str) -> anyhow::Result<PathBuf> {
    let path = programs()?.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if !path.is_file() {
        bail!("{name} is not built; `cargo xtask test` builds it, or `cargo build --workspace --bins`");
    }
    Ok(path)
}

/// Runs a command to its end with this on its standard input, and returns what it printed.
///
/// # Errors
///
/// Its own words, if it failed.
pub fn output(command: &mut Command, input: &str) -> anyhow::Result<String> {
    use std::io::Write;
    let name = Path::new(command.get_program())
        .file_name()
        .unwrap_or(OsStr::new("?"))
        .to_string_lossy()
        .into_owned();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context(name.clone())?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes()).ok();
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("{name} ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

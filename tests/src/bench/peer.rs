//! This program again, in another role.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, ensure};
use serde_json::Value;

/// The server's process. It ends when this is dropped.
pub struct Peer {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts this program again with the word `server`; its Postgres waits for the disk.
    ///
    /// # Errors
    ///
    /// If it does not start.
    pub fn server() -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.env(clinic_sync::testing::DURABLE, "1");
        let mut child = command.arg("server").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let input = child.stdin.take().context("a pipe")?;
        let output = BufReader::new(child.stdout.take().context("a pipe")?);
        Ok(Self { child, input, output })
    }

    /// Tells it something, and waits for the line that it answers.
    ///
    /// # Errors
    ///
    /// If it ended.
    pub fn ask(&mut self, what: &str) -> anyhow::Result<Value> {
        writeln!(self.input, "{what}")?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        serde_json::from_str(&line).with_context(|| format!("the server ended at {what:?}"))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It stops its Postgres when its input ends.
        writeln!(self.input, "stop").ok();
        self.child.wait().ok();
    }
}

/// Runs it to its end.
///
/// # Errors
///
/// If it fails.
pub fn run(args: &[&str]) -> anyhow::Result<Value> {
    let output = Command::new(std::env::current_exe()?).args(args).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "{args:?} ended with {}", output.status);
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The most memory that this process had since the last call, in MB. Of Linux only.
///
/// # Errors
///
/// If the system does not say it.
pub fn peak_mb() -> anyhow::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("Linux says it")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").trim().parse()?;
    std::fs::write("/proc/self/clear_refs", "5")?;
    Ok(kib / 1_000.0)
}

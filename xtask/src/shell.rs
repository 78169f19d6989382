//! Running other programs, and saying so.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use anyhow::{Context, bail};

/// The repository's root: that of the copy from which cargo runs this, whichever copy it was built from.
pub fn root() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).to_owned(), PathBuf::from);
    here.parent().unwrap_or(&here).to_owned()
}

/// Where cargo puts what it builds.
pub fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// A program of this workspace, built for development or release.
pub fn binary(name: &str, profile: &str) -> PathBuf {
    target_dir().join(profile).join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// Says what happens next.
pub fn say(text: &str) {
    #[expect(clippy::print_stdout, reason = "this is a command's output")]
    {
        println!("{text}");
    }
}

/// A command in the repository's root.
pub fn command<I, S>(program: impl AsRef<OsStr>, args: I) -> Command
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    let mut command = Command::new(program);
    command.args(args).current_dir(root());
    command
}

/// Runs a command to its end; anything but success is an error that names it.
pub fn run(mut command: Command) -> anyhow::Result<()> {
    let shown = shown(&command);
    say(&format!("› {shown}"));
    let status = command.status().with_context(|| format!("{shown} did not start"))?;
    if !status.success() {
        bail!("{shown} ended with {status}");
    }
    Ok(())
}

/// A program that runs beside others, with what of the processors they leave. It is stopped when this is dropped.
pub struct Aside {
    child: Child,
    shown: String,
}

impl Aside {
    /// Starts a program.
    pub fn start(program: &Path, args: &[&str]) -> anyhow::Result<Self> {
        let mut command = if cfg!(unix) {
            let mut nice = command("nice", ["-n", "19"]);
            nice.arg(program);
            nice
        } else {
            command(program, [""; 0])
        };
        command.args(args);
        let shown = shown(&command);
        say(&format!("› {shown} (beside what follows)"));
        let child = command.spawn().with_context(|| format!("{shown} did not start"))?;
        Ok(Self { child, shown })
    }

    /// Waits for its end; anything but success is an error that names it.
    pub fn end(mut self) -> anyhow::Result<()> {
        let status = self.child.wait().with_context(|| format!("{} was lost", self.shown))?;
        if !status.success() {
            bail!("{} ended with {status}", self.shown);
        }
        Ok(())
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        // One that has ended is not there to be stopped.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Hands over to a command: from now on Ctrl-C is for it, and the terminal waits until it has ended.
#[cfg(unix)]
pub fn become_program(mut command: Command) -> anyhow::Result<()> {
    let shown = shown(&command);
    say(&format!("› {shown}"));
    let error = std::os::unix::process::CommandExt::exec(&mut command);
    Err(error).with_context(|| format!("{shown} did not start"))
}

/// Hands over to a command: Ctrl-C reaches both, and this program only waits.
#[cfg(not(unix))]
pub fn become_program(command: Command) -> anyhow::Result<()> {
    run(command)
}

/// Runs cargo to its end.
pub fn cargo(args: &[&str]) -> anyhow::Result<()> {
    run(command(env!("CARGO"), args))
}

/// Runs npm to its end, in a folder below the root.
pub fn npm(folder: &str, args: &[&str]) -> anyhow::Result<()> {
    let program = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let mut npm = command(program, args);
    npm.current_dir(root().join(folder));
    run(npm)
}

/// Runs a command and returns what it printed.
pub fn output(mut command: Command) -> anyhow::Result<String> {
    let shown = shown(&command);
    let output = command.output().with_context(|| format!("{shown} did not start"))?;
    if !output.status.success() {
        bail!("{shown} ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a program of this name is on the path.
pub fn has(program: &str) -> bool {
    let names = [program.to_owned(), format!("{program}.exe"), format!("{program}.cmd")];
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| names.iter().any(|name| folder.join(name).is_file()))
    })
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

//! Where the operator's commands get passwords from.

use std::io::{IsTerminal, Read, Write};
use std::path::Path;

use anyhow::{Context, bail};
use protocol::api::Secret;

use super::options::PasswordSource;

/// Reads the first line of the file, of the standard input, or of what someone types.
pub(super) fn read_password(source: &PasswordSource) -> anyhow::Result<Secret> {
    read_secret(source.password_file.as_deref(), "Password (12 characters or more): ")
}

/// Reads the first line of the file, of the standard input (`-`), or of what someone types when asked.
pub(crate) fn read_secret(file: Option<&Path>, question: &str) -> anyhow::Result<Secret> {
    let text = match file {
        Some(path) if path == Path::new("-") => {
            let mut text = String::new();
            std::io::stdin().take(4096).read_to_string(&mut text)?;
            text
        }
        Some(path) => std::fs::read_to_string(path)
            .with_context(|| format!("The password cannot be read from {}.", path.display()))?,
        None if std::io::stdin().is_terminal() => ask(question)?,
        None => bail!("Give a file for it, or - to read it from the standard input: {}", question.trim_end()),
    };
    let line = text.lines().next().unwrap_or_default();
    Ok(Secret(line.to_owned()))
}

/// Asks on the terminal, without showing what is typed where the terminal can do that.
fn ask(question: &str) -> anyhow::Result<String> {
    let echo =
        |mode: &str| std::process::Command::new("stty").arg(mode).status().is_ok_and(|it| it.success());
    let mut error = std::io::stderr();
    write!(error, "{question}")?;
    error.flush()?;
    let hidden = echo("-echo");
    let mut text = String::new();
    let read = std::io::stdin().read_line(&mut text);
    if hidden {
        echo("echo");
        writeln!(error)?;
    }
    read?;
    Ok(text)
}

//! The bans of `deny.toml`, looked for in `Cargo.lock`: what `cargo deny` says of them, without the network.

use anyhow::{Context, bail};

use crate::shell;

/// The three numbers of a version.
type Version = [u64; 3];

/// Fails if a crate is locked in a version that is banned.
pub fn check() -> anyhow::Result<()> {
    let [denied, locked] =
        ["deny.toml", "Cargo.lock"].map(|file| std::fs::read_to_string(shell::root().join(file)));
    let found = banned(&denied?, &locked?)?;
    if !found.is_empty() {
        bail!("Cargo.lock has what deny.toml bans: {}", found.join(", "));
    }
    Ok(())
}

/// What is locked and banned.
fn banned(denied: &str, locked: &str) -> anyhow::Result<Vec<String>> {
    let bans = bans(denied)?;
    let mut found = Vec::new();
    for (name, locked) in packages(locked) {
        let is_it = |(banned, below): &(&str, Version)| {
            *banned == name && version(locked).is_none_or(|locked| locked < *below)
        };
        if bans.iter().any(is_it) {
            found.push(format!("{name} {locked}"));
        }
    }
    Ok(found)
}

/// Each crate that is banned, and below which version.
fn bans(text: &str) -> anyhow::Result<Vec<(&str, Version)>> {
    let (_, bans) = text.split_once("[bans]").context("deny.toml has no bans")?;
    let list = bans.split_once("\ndeny = [\n").and_then(|(_, list)| list.split_once("\n]"));
    let (list, _) = list.context("deny.toml has no list of bans")?;
    let lines = list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| ban(line).with_context(|| format!("this ban is not understood: {line}"))).collect()
}

/// Reads a line like `{ crate = "tauri:<2.11" },`.
fn ban(line: &str) -> Option<(&str, Version)> {
    let (name, below) = line.strip_prefix("{ crate = \"")?.strip_suffix("\" },")?.split_once(":<")?;
    Some((name, version(below)?))
}

/// Every crate that is locked, and its version.
fn packages(lock: &str) -> impl Iterator<Item = (&str, &str)> {
    lock.split("[[package]]\n").skip(1).filter_map(|package| {
        let mut lines = package.lines();
        Some((quoted(lines.next()?, "name")?, quoted(lines.next()?, "version")?))
    })
}

fn quoted<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    line.strip_prefix(key)?.strip_prefix(" = \"")?.strip_suffix('"')
}

fn version(text: &str) -> Option<Version> {
    let numbers = text.split(['-', '+']).next()?;
    let mut version = [0; 3];
    for (part, number) in version.iter_mut().zip(numbers.split('.')) {
        *part = number.parse().ok()?;
    }
    Some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DENIED: &str =
        "[bans]\nwildcards = \"deny\"\ndeny = [\n  # Why.\n  { crate = \"tauri:<2.11\" },\n]\n\n[sources]\n";

    fn locked(version: &str) -> String {
        format!(
            "version = 4\n\n[[package]]\nname = \"tauri-build\"\nversion = \"2.1.0\"\n\n\
             [[package]]\nname = \"tauri\"\nversion = \"{version}\"\nsource = \"registry\"\n"
        )
    }

    #[test]
    fn a_version_below_the_one_that_is_named_is_found_and_no_other() {
        for (version, is_banned) in
            [("2.10.9", true), ("1.99.0", true), ("2.11.0", false), ("2.11.0+x", false), ("3.0.0", false)]
        {
            let found = banned(DENIED, &locked(version)).expect("understood");
            assert_eq!(found.is_empty(), !is_banned, "{version}: {found:?}");
        }
    }

    #[test]
    fn a_ban_that_is_not_understood_is_no_ban_that_passes() {
        let other = DENIED.replace(":<2.11", "");
        assert!(banned(&other, &locked("2.11.0")).is_err());
        assert!(banned("", &locked("2.11.0")).is_err());
    }

    #[test]
    fn what_this_repository_locks_is_not_banned() {
        check().expect("nothing is banned");
        let lock = std::fs::read_to_string(shell::root().join("Cargo.lock")).expect("a lock");
        assert!(packages(&lock).any(|(name, _)| name == "sqlx"), "the lock is understood");
    }
}

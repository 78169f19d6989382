//! Calls pg_dump and pg_restore. What they need to get in is in their environment: arguments are read by every user
//! of the machine.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, ensure};
use percent_encoding::percent_decode_str;
use tokio::process::Command;
use url::Url;

use crate::config::DatabaseUrl;
use crate::embedded::programs;

/// pg_dump or pg_restore, of this major version of Postgres or a later one, for this database.
pub(super) fn program(
    name: &'static str,
    bin: Option<&Path>,
    version: u32,
    database: &DatabaseUrl,
) -> anyhow::Result<Command> {
    let major = version / 10_000;
    let folder = programs::find_dump(bin, major).with_context(|| {
        format!(
            "There is no {name} of Postgres {major} or later here. Install it (Debian: postgresql-client-{major}), or \
             name its folder with --postgres-bin."
        )
    })?;
    let mut command = Command::new(programs::program(&folder, name));
    let url: Url = database.0.0.parse().context("The database's URL is not understood.")?;
    lead_to(&mut command, &url);
    command.arg("--no-password").stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
    Ok(command)
}

/// Leads a program to the very database to which this URL leads the server: all that it may say counts here too.
fn lead_to(command: &mut Command, url: &Url) {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    for (variable, value) in [
        ("PGHOST", url.host_str().map(decoded)),
        ("PGPORT", url.port().map(|port| port.to_string())),
        ("PGUSER", Some(decoded(url.username())).filter(|user| !user.is_empty())),
        ("PGPASSWORD", url.password().map(decoded)),
        ("PGDATABASE", Some(decoded(url.path().trim_start_matches('/'))).filter(|name| !name.is_empty())),
    ] {
        if let Some(value) = value {
            command.env(variable, value);
        }
    }
    for (key, value) in url.query_pairs() {
        let variable = match key.as_ref() {
            "sslmode" | "ssl-mode" => "PGSSLMODE",
            "sslrootcert" | "ssl-root-cert" | "ssl-ca" => "PGSSLROOTCERT",
            "sslcert" | "ssl-cert" => "PGSSLCERT",
            "sslkey" | "ssl-key" => "PGSSLKEY",
            "host" | "hostaddr" => "PGHOST",
            "port" => "PGPORT",
            "user" => "PGUSER",
            "password" => "PGPASSWORD",
            "dbname" => "PGDATABASE",
            _ => continue,
        };
        command.env(variable, value.as_ref());
    }
}

/// Runs it to its end.
///
/// # Errors
///
/// What it said last. pg_restore may quote a row that does not fit: only its first line, without details, is kept.
pub(super) async fn run(name: &'static str, mut command: Command) -> anyhow::Result<()> {
    let output = command.stderr(Stdio::piped()).output().await?;
    let said = String::from_utf8_lossy(&output.stderr);
    let first = said.lines().next().unwrap_or("it said nothing").to_owned();
    ensure!(output.status.success(), "{name} failed: {first}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pg_dump_goes_where_the_server_goes_however_the_url_says_it() {
        let text = "postgres:///clinic?host=/run/postgresql&port=5433&user=clinic_ops&ssl-mode=verify-full";
        let url: Url = text.parse().expect("a URL");
        let mut command = Command::new("pg_dump");
        lead_to(&mut command, &url);
        let mut told: Vec<_> = command.as_std().get_envs().collect();
        told.sort_unstable();
        let told: Vec<_> =
            told.iter().map(|(name, value)| (name.to_str(), value.and_then(|it| it.to_str()))).collect();
        let expected = [
            ("PGDATABASE", "clinic"),
            ("PGHOST", "/run/postgresql"),
            ("PGPORT", "5433"),
            ("PGSSLMODE", "verify-full"),
            ("PGUSER", "clinic_ops"),
        ];
        assert_eq!(told, expected.map(|(name, value)| (Some(name), Some(value))));
    }
}

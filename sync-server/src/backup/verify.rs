//! A backup is worth what a restore of it gives: so it is restored.

use std::fmt::Display;
use std::fs::{self, File, Metadata};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use protocol::api::Secret;
use serde::Serialize;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};
use tempfile::TempDir;
use url::Url;
use uuid::Uuid;

use super::create::migrations;
use super::{Record, dump, fingerprint, record_path};
use crate::archive::catalogue::count_all;
use crate::audit::verify::{self as audit, Known};
use crate::config::DatabaseUrl;
use crate::database::{self, LoginPasswords};
use crate::doctor;
use crate::embedded::{Embedded, Options};

/// What `doctor` says of the server on which the trial takes place, not of what was backed up. Roles are the server's, too: a
/// dump has none.
const OF_THE_SERVER: &[&str] = &[
    "postgres_version",
    "durability",
    "session_settings",
    "quiet_log",
    "encrypted_connection",
    "clock",
    "free_disk",
    "no_trial_left",
    "app_role",
    "ops_role",
    "owner_role",
    "report_role",
    "no_other_way_in",
    "role_settings",
    "parameters_revoked",
    "no_trust",
];

/// The databases of trials that were killed. One that goes on has a connection that bears its name from before it is made
/// until it is dropped: between two of its programs nobody is connected to the database itself.
pub(crate) const LEFT_OVER: &str = "select d.datname::text from pg_database d
     where d.datname ~ '^clinic_verify_[0-9a-f]{32}$'
       and not exists (select from pg_stat_activity a where d.datname in (a.datname, a.application_name::name))
     order by 1";

/// How the name of a trial's own folder begins.
const FOLDER: &str = "clinic-verify-";
/// A trial takes the lock of its folder at once; a younger folder may not have come to that.
const BEGINNING: Duration = Duration::from_mins(1);

/// Where a backup is restored on trial.
#[derive(Clone, Debug)]
pub enum Scratch {
    /// In a Postgres that is started for it, and removed with its folder.
    New {
        /// Where its programs are.
        postgres_bin: Option<PathBuf>,
    },
    /// In a new database of this server, which is dropped.
    On(DatabaseUrl),
}

/// What was checked.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// In the order in which it was checked.
    pub checks: Vec<Checked>,
}

/// One check.
#[derive(Clone, Debug, Serialize)]
pub struct Checked {
    /// Of what.
    pub name: &'static str,
    /// What is wrong; nothing, if all is well.
    pub problems: Vec<String>,
    /// What was seen.
    pub seen: String,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_whole(&self) -> bool {
        self.checks.iter().all(|check| check.problems.is_empty())
    }

    fn add(&mut self, name: &'static str, seen: impl Display, problems: Vec<String>) {
        self.checks.push(Checked { name, problems, seen: seen.to_string() });
    }

    /// Writes it for people.
    pub(super) fn write(&self, out: &mut impl Write) -> std::io::Result<()> {
        for Checked { name, problems, seen } in &self.checks {
            let state = if problems.is_empty() { "good" } else { "WRONG" };
            writeln!(out, "{state:5}  {name:12} {seen}")?;
            for problem in problems {
                writeln!(out, "         {problem}")?;
            }
        }
        Ok(())
    }
}

/// Restores a dump and compares what comes out with its record. Whatever happens, `stop` too, the trial's database is
/// removed: it holds every tenant's patients.
///
/// # Errors
///
/// What has nothing to do with the backup: no programs, no place, an operator who stops it. A bad backup is no error.
pub async fn verify(
    dump: &Path,
    scratch: &Scratch,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<Report> {
    let mut report = Report::default();
    let record = read_record(dump, &mut report)?;
    if !report.is_whole() {
        return Ok(report);
    }
    match scratch {
        Scratch::New { postgres_bin } => {
            let folder = tempfile::Builder::new().prefix(FOLDER).tempdir()?;
            sweep_beside(folder.path())?;
            let embedded = start(&folder, postgres_bin.clone()).await?;
            let admin = embedded.urls().admin.clone();
            let trial = on_trial(dump, record.as_ref(), &admin, postgres_bin.as_deref(), &mut report);
            let done = unless(stop, trial).await;
            tokio::task::spawn_blocking(|| embedded.stop()).await??;
            done?;
        }
        Scratch::On(server) => {
            let name = format!("clinic_verify_{}", Uuid::new_v4().simple());
            let admin = trial_url(server, &name)?;
            let options: PgConnectOptions = server.0.0.parse()?;
            let mut connection = options.application_name(&name).connect().await?;
            sweep(&mut connection).await?;
            // The name is made here, of hexadecimal digits.
            sqlx::raw_sql(AssertSqlSafe(format!("create database {name} template template0")))
                .execute(&mut connection)
                .await?;
            let done = unless(stop, on_trial(dump, record.as_ref(), &admin, None, &mut report)).await;
            sqlx::raw_sql(AssertSqlSafe(format!("drop database {name} with (force)")))
                .execute(&mut connection)
                .await?;
            done?;
        }
    }
    Ok(report)
}

/// The trial's database on the scratch server. There `dbname` would lead to another one than the path does.
fn trial_url(server: &DatabaseUrl, name: &str) -> anyhow::Result<DatabaseUrl> {
    let mut url: Url = server.0.0.parse().context("The scratch server's URL is not understood.")?;
    let others: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(key, _)| *key != *"dbname")
        .map(|(key, value)| (key.into_owned(), value.into_owned()))
        .collect();
    url.set_path(name);
    url.set_query(None);
    if !others.is_empty() {
        url.query_pairs_mut().extend_pairs(others);
    }
    Ok(DatabaseUrl(Secret(url.into())))
}

/// Removes what trials that were killed have left: every tenant's patients. What cannot be removed is told of, and keeps no
/// backup from being verified.
async fn sweep(connection: &mut PgConnection) -> sqlx::Result<()> {
    let left: Vec<String> = sqlx::query_scalar(LEFT_OVER).fetch_all(&mut *connection).await?;
    for name in left {
        // The name is of hexadecimal digits. Without force: nobody's connection is cut.
        let statement = AssertSqlSafe(format!("drop database if exists {name}"));
        if let Err(error) = sqlx::raw_sql(statement).execute(&mut *connection).await {
            tracing::warn!(%error, database = %name, "the database of an earlier trial was not removed");
        }
    }
    Ok(())
}

/// The same of the folders of trials that were killed, beside this one's own. A Postgres that runs on in one of them stops by
/// itself once its files are gone.
fn sweep_beside(own: &Path) -> std::io::Result<()> {
    let Some(place) = own.parent() else { return Ok(()) };
    for entry in fs::read_dir(place)? {
        let entry = entry?;
        let is_of_a_trial = entry.file_name().to_str().is_some_and(|name| name.starts_with(FOLDER));
        let folder = entry.path();
        if is_of_a_trial
            && folder != own
            && let Err(error) = remove_given_up(&folder, own)
        {
            tracing::warn!(%error, folder = %folder.display(), "the folder of an earlier trial was not removed");
        }
    }
    Ok(())
}

fn remove_given_up(folder: &Path, own: &Path) -> std::io::Result<()> {
    let (left, own) = (fs::symlink_metadata(folder)?, fs::symlink_metadata(own)?);
    let is_old = left.modified()?.elapsed().is_ok_and(|age| age >= BEGINNING);
    if left.is_dir()
        && is_old
        && is_one_owners(&left, &own)
        && File::create(folder.join("lock"))?.try_lock().is_ok()
    {
        fs::remove_dir_all(folder)?;
    }
    Ok(())
}

/// Whoever else uses this machine may make a folder of this name.
#[cfg(unix)]
fn is_one_owners(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    one.uid() == other.uid()
}

#[cfg(not(unix))]
fn is_one_owners(_: &Metadata, _: &Metadata) -> bool {
    true
}

/// The trial, as long as nobody stops it.
async fn unless(
    stop: impl Future<Output = ()>,
    trial: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<()> {
    tokio::select! {
        biased;
        () = stop => bail!("It was stopped before it had ended. Nothing of the trial is left."),
        done = trial => done,
    }
}

async fn start(folder: &TempDir, postgres_bin: Option<PathBuf>) -> anyhow::Result<Embedded> {
    let options = Options { data_dir: folder.path().to_owned(), postgres_bin, durable: false };
    Ok(tokio::task::spawn_blocking(move || Embedded::start(&options)).await??)
}

/// The record beside the dump, if there is one, and whether the dump is the file that it tells of.
fn read_record(dump: &Path, report: &mut Report) -> anyhow::Result<Option<Record>> {
    let (bytes, sha256) = fingerprint(dump).with_context(|| format!("{} cannot be read.", dump.display()))?;
    let path = record_path(dump);
    if !path.is_file() {
        report.add("file", format!("{bytes} bytes; no record beside it, so rows are not compared"), vec![]);
        return Ok(None);
    }
    let record = fs::read(&path).ok().and_then(|text| serde_json::from_slice::<Record>(&text).ok());
    let problems = match &record {
        None => vec![format!("{} is not a record of a backup.", path.display())],
        Some(record) if (record.bytes, &record.sha256) != (bytes, &sha256) => {
            vec!["It is not the file that was written: its length or its SHA-256 differs.".to_owned()]
        }
        Some(_) => vec![],
    };
    report.add("file", format!("{bytes} bytes"), problems);
    Ok(record)
}

/// Everything that needs a database.
async fn on_trial(
    dump: &Path,
    record: Option<&Record>,
    admin: &DatabaseUrl,
    postgres_bin: Option<&Path>,
    report: &mut Report,
) -> anyhow::Result<()> {
    database::prepare_for_restore(&admin.0).await?;
    let version = record.map_or(150_000, |record| record.postgres_version);
    let mut command = dump::program("pg_restore", postgres_bin, version, admin)?;
    command.args(["--exit-on-error", "--dbname"]).arg(database_name(admin)?).arg(dump);
    let restored = dump::run("pg_restore", command).await;
    let problems = restored.err().map(|error| error.to_string());
    report.add("restore", "tables, keys and references are made anew", problems.into_iter().collect());
    if !report.is_whole() {
        return Ok(());
    }
    let mut connection = database::session(&admin.0)?.connect().await?;
    compare(&mut connection, record, report).await?;
    connection.close().await?;
    database::migrate(&admin.0, &LoginPasswords::default()).await.context("It cannot be migrated.")?;
    examine(admin, report).await?;
    verify_logs(admin, record, report).await
}

fn database_name(admin: &DatabaseUrl) -> anyhow::Result<String> {
    let url: Url = admin.0.0.parse()?;
    Ok(url.path().trim_start_matches('/').to_owned())
}

/// The migrations and the rows that were there are there again.
async fn compare(
    connection: &mut PgConnection,
    record: Option<&Record>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let found = migrations(connection).await?;
    let unknown = found.iter().filter(|version| !database::MIGRATIONS.version_exists(**version));
    let mut problems: Vec<String> =
        unknown.map(|version| format!("This program does not know migration {version}.")).collect();
    if record.is_some_and(|record| record.migrations != found) {
        problems.push("They are not those that the database had.".to_owned());
    }
    report.add("migrations", format!("{} of them", found.len()), problems);
    let rows = count_all(connection).await?;
    let seen = format!("{} in {} tables", rows.values().sum::<i64>(), rows.len());
    let Some(record) = record else {
        report.add("rows", format!("{seen}; not compared"), vec![]);
        return Ok(());
    };
    let tables = record.rows.keys().chain(rows.keys()).collect::<std::collections::BTreeSet<_>>();
    let differs = |table: &&&String| record.rows.get(**table) != rows.get(**table);
    let told = |count: Option<&i64>| count.map_or_else(|| "no table".to_owned(), ToString::to_string);
    let problems = tables
        .iter()
        .filter(differs)
        .map(|table| {
            format!(
                "{table}: {} in the backup, {} in the database then",
                told(rows.get(*table)),
                told(record.rows.get(*table))
            )
        })
        .collect();
    report.add("rows", seen, problems);
    Ok(())
}

async fn examine(admin: &DatabaseUrl, report: &mut Report) -> anyhow::Result<()> {
    let (mut connection, here) = doctor::connect(admin, None).await?;
    let found = doctor::examine(&mut connection, &here).await?;
    connection.close().await?;
    let of_the_backup = found.wrong.iter().filter(|wrong| !OF_THE_SERVER.contains(&wrong.check));
    let problems =
        of_the_backup.map(|wrong| format!("{}: {}", wrong.check, wrong.objects.join(", "))).collect();
    report.add("doctor", format!("{} checks", found.checked), problems);
    Ok(())
}

async fn verify_logs(
    admin: &DatabaseUrl,
    record: Option<&Record>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let db = database::connect_ops(&admin.0).await?;
    let kept = record.map(|record| record.heads.clone()).unwrap_or_default();
    let known = Known { key: None, kept };
    let tenants = db.audited_tenants(None).await?;
    let (mut entries, mut problems) = (0, Vec::new());
    for tenant in &tenants {
        let mut tx = db.read(*tenant).await?;
        sqlx::raw_sql("set local statement_timeout = 0; set local enable_nestloop = off")
            .execute(&mut *tx)
            .await?;
        let log = audit::verify(&mut tx, *tenant, &known).await?;
        entries += log.entries;
        problems.extend(
            log.findings.iter().map(|it| format!("tenant {tenant}, {} {}: {}", it.lane, it.seq, it.problem)),
        );
    }
    db.close().await;
    let seen = format!("{entries} entries of {} tenants, chains and ends", tenants.len());
    report.add("audit log", seen, problems);
    Ok(())
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    use std::time::SystemTime;

    use super::*;

    #[test]
    #[cfg(unix)]
    fn the_folder_of_a_trial_that_was_killed_goes_with_the_next_one_and_none_that_is_in_use() {
        let place = tempfile::tempdir().expect("BUG: a folder");
        let long_ago = SystemTime::now() - BEGINNING * 2;
        let folders = ["verify-own", "verify-killed", "verify-used", "verify-begun", "export-killed"]
            .map(|name| place.path().join(format!("clinic-{name}")));
        let locks = folders.each_ref().map(|folder| {
            fs::create_dir(folder).expect("BUG: a folder");
            File::create(folder.join("lock")).expect("BUG: a lock")
        });
        let [own, killed, used, _, other] = &folders;
        locks[2].try_lock().expect("BUG: locked");
        for folder in [own, killed, used, other] {
            File::open(folder).expect("BUG: there").set_modified(long_ago).expect("BUG: its time");
        }
        sweep_beside(own).expect("BUG: swept");
        assert_eq!(folders.map(|folder| folder.exists()), [true, false, true, true, true]);
    }

    #[test]
    fn a_trial_goes_to_its_own_database_whatever_the_scratch_server_s_url_says() {
        let cases = [
            ("postgres://admin@db/clinic", "postgres://admin@db/trial"),
            ("postgres://admin@db/?dbname=clinic", "postgres://admin@db/trial"),
            (
                "postgres://admin@db:5433/clinic?sslmode=verify-full&dbname=clinic&sslrootcert=%2Fca.pem",
                "postgres://admin@db:5433/trial?sslmode=verify-full&sslrootcert=%2Fca.pem",
            ),
        ];
        for (server, expected) in cases {
            let server = DatabaseUrl(Secret(server.to_owned()));
            let url = trial_url(&server, "trial").expect("BUG: a URL").0.0;
            assert_eq!(url, expected);
            let options: PgConnectOptions = url.parse().expect("BUG: options");
            assert_eq!(options.get_database(), Some("trial"));
        }
    }
}

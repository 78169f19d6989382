//! `clinic-sync doctor`: is this deployment as it must be? Each check is a rule, and what does not keep it is
//! named. It reads the catalogue of the database only, never a row of a tenant.

/// Roles, grants and who owns what.
mod privileges;
/// Versions, settings, clock, disk: what is not the schema.
mod running;
/// The declared tables, triggers, indexes and constraints.
mod shape;
/// What keeps tenants apart.
mod walls;

use std::io::Write;
use std::path::Path;

use clap::Args;
use serde::Serialize;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions, Connection, PgConnection};
use time::OffsetDateTime;

use crate::config::{CommonOptions, DatabaseUrl};
use crate::{database, embedded};

/// Options of `doctor`.
#[derive(Args, Clone, Copy, Debug)]
pub struct DoctorOptions {
    /// Answers in JSON.
    #[arg(long)]
    pub json: bool,
}

/// A rule that a deployment keeps.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// What people and scripts call it.
    pub name: &'static str,
    /// What must hold, and why where it is not plain.
    pub rule: &'static str,
    /// What to do when it does not hold.
    pub remedy: &'static str,
    find: Find,
}

/// How to find what breaks a rule.
#[derive(Clone, Copy, Debug)]
enum Find {
    /// By a question to the catalogue: each row of its answer, a text, is a thing that breaks the rule.
    Sql(&'static str),
    /// By code.
    Roles,
    Version,
    Migrations,
    Trust,
    Columns,
    Connection,
    Clock,
    Disk,
}

/// A rule that is broken.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// The name of the check.
    pub check: &'static str,
    /// What must hold.
    pub rule: &'static str,
    /// What breaks it: tables, functions, roles, settings.
    pub objects: Vec<String>,
    /// What to do.
    pub remedy: &'static str,
}

/// What was found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// What is wrong; nothing, if all is well.
    pub wrong: Vec<Finding>,
    /// What is good to know and no fault.
    pub notes: Vec<String>,
    /// How many rules were looked at. Fewer than all when one is broken without which the others mean nothing.
    pub checked: usize,
}

/// What is known without the database.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// This machine's clock.
    pub clock: fn() -> OffsetDateTime,
    /// Bytes free where the database keeps its data, where that can be known.
    pub free_bytes: Option<u64>,
    /// Whether the database runs on this machine.
    pub is_local: bool,
    /// How the connection is encrypted.
    pub ssl_mode: PgSslMode,
    /// The oldest major version of Postgres that is supported.
    pub oldest_postgres: i32,
}

impl Surroundings {
    fn of(options: &PgConnectOptions, data_dir: Option<&Path>) -> std::io::Result<Self> {
        let host = options.get_host();
        let is_local = host == "localhost"
            || host.starts_with('/')
            || host.trim_matches(['[', ']']).parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
        Ok(Self {
            clock: OffsetDateTime::now_utc,
            free_bytes: data_dir.map(fs4::available_space).transpose()?,
            is_local: is_local || options.get_socket().is_some(),
            ssl_mode: options.get_ssl_mode(),
            oldest_postgres: 15,
        })
    }
}

/// Opens the connection over which [`examine`] asks. `data_dir` is that of the embedded database, if it is one.
///
/// # Errors
///
/// The database cannot be reached, or the folder cannot be looked at.
pub async fn connect(
    url: &DatabaseUrl,
    data_dir: Option<&Path>,
) -> anyhow::Result<(PgConnection, Surroundings)> {
    let session = database::session(&url.0)?;
    let here = Surroundings::of(&session, data_dir)?;
    Ok((session.connect().await?, here))
}

/// Every check, in the order in which they are made.
pub fn checks() -> impl Iterator<Item = &'static Check> {
    running::FIRST.iter().chain(others())
}

fn others() -> impl Iterator<Item = &'static Check> {
    [walls::CHECKS, privileges::CHECKS, shape::CHECKS, running::CHECKS].into_iter().flatten()
}

/// Makes every check over this connection, of `clinic_ops` or an administrator.
///
/// # Errors
///
/// Those of the database. What is wrong with the deployment is no error.
pub async fn examine(connection: &mut PgConnection, here: &Surroundings) -> sqlx::Result<Report> {
    let mut report = Report::default();
    for check in running::FIRST {
        report.make(check, connection, here).await?;
    }
    if !report.is_well() {
        report.notes.push(format!("{} more checks can be made once this is mended.", others().count()));
        return Ok(report);
    }
    for check in others() {
        report.make(check, connection, here).await?;
    }
    Ok(report)
}

async fn find(
    find: Find,
    connection: &mut PgConnection,
    here: &Surroundings,
    notes: &mut Vec<String>,
) -> sqlx::Result<Vec<String>> {
    match find {
        Find::Sql(sql) => sqlx::query_scalar(sql).fetch_all(connection).await,
        Find::Roles => running::missing_roles(connection).await,
        Find::Version => running::version(connection, here, notes).await,
        Find::Migrations => running::migrations(connection).await,
        Find::Trust => privileges::trusted(connection, notes).await,
        Find::Columns => shape::columns(connection).await,
        Find::Connection => Ok(running::connection(here)),
        Find::Clock => running::clock(connection, here, notes).await,
        Find::Disk => Ok(running::disk(here, notes)),
    }
}

impl Report {
    async fn make(
        &mut self,
        check: &Check,
        connection: &mut PgConnection,
        here: &Surroundings,
    ) -> sqlx::Result<()> {
        let objects = find(check.find, connection, here, &mut self.notes).await?;
        self.checked += 1;
        if !objects.is_empty() {
            let Check { name, rule, remedy, .. } = *check;
            self.wrong.push(Finding { check: name, rule, objects, remedy });
        }
        Ok(())
    }

    /// Whether nothing is wrong.
    pub fn is_well(&self) -> bool {
        self.wrong.is_empty()
    }

    /// Writes it for people.
    fn write(&self, out: &mut impl Write) -> std::io::Result<()> {
        for finding in &self.wrong {
            writeln!(out, "WRONG  {}: {}", finding.check, finding.rule)?;
            for object in &finding.objects {
                writeln!(out, "       - {object}")?;
            }
            writeln!(out, "       {}\n", finding.remedy)?;
        }
        for note in &self.notes {
            writeln!(out, "note   {note}")?;
        }
        match self.wrong.len() {
            0 => writeln!(out, "All {} checks passed.", self.checked),
            wrong => writeln!(out, "{wrong} of {} checks failed.", self.checked),
        }
    }
}

/// Runs `doctor`.
///
/// # Errors
///
/// The database cannot be reached or asked, or something is wrong with the deployment.
pub async fn run(common: &CommonOptions, options: DoctorOptions, out: &mut impl Write) -> anyhow::Result<()> {
    let (url, data_dir) = match &common.database_url {
        Some(url) => (url.clone(), None),
        None => (embedded::Urls::of_running(&common.data_dir)?.ops, Some(common.data_dir.as_path())),
    };
    let (mut connection, here) = connect(&url, data_dir).await?;
    let report = examine(&mut connection, &here).await?;
    connection.close().await?;
    if options.json {
        writeln!(out, "{:#}", serde_json::to_value(&report)?)?;
    } else {
        report.write(out)?;
    }
    anyhow::ensure!(report.is_well(), "something is wrong; what it is and what to do is said above");
    Ok(())
}

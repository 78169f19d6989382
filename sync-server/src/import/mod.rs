//! What a clinic brings along: the database of an earlier program, or a spreadsheet of its patients.

/// Ages and dates of birth.
mod age;
/// Days and times as people write them.
mod calendar;
/// A spreadsheet of patients.
pub mod csv;
/// Where rows went that were brought along.
mod keys;
/// The database of an earlier program.
pub mod legacy;
/// Names as people write them.
mod name;
/// What every import knows of patients.
mod patient;
/// Telephone numbers as people write them.
mod phone;
mod statements;
/// Values of columns.
mod value;
/// Other names of columns and choices.
mod words;
/// Putting rows in.
mod write;

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

use anyhow::{Context, ensure};
use clap::Subcommand;
use protocol::id::TenantId;
use sqlx::PgConnection;

use crate::{Db, limits};

/// `clinic-sync import …`.
#[derive(Debug, Subcommand)]
pub enum ImportCommand {
    /// The database of an earlier program, of one clinic, becomes a tenant.
    ///
    /// Everything is tried in one transaction, which is taken back unless --write is said.
    Legacy(legacy::LegacyOptions),
    /// The patients of a spreadsheet, saved as CSV, come to a tenant that is there.
    ///
    /// Begin with --preview. Everything is tried in one transaction, which is taken back unless --write is said.
    Csv(csv::CsvOptions),
}

/// Runs `import …`; `db` is asked for unless the command is a preview.
///
/// # Errors
///
/// Sentences for the operator.
pub async fn run(
    db: impl AsyncFnOnce() -> anyhow::Result<Db>,
    command: ImportCommand,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    match command {
        ImportCommand::Legacy(options) => legacy::run(&db().await?, &options, out).await.map(|_| ()),
        ImportCommand::Csv(options) if options.preview => csv::preview(&options, out),
        ImportCommand::Csv(options) => csv::run(&db().await?, &options, out).await.map(|_| ()),
    }
}

/// The text of every statement that an import makes for our own tables, for the tests that look at them. What asks an
/// old database stands by itself: that one is not ours.
#[cfg(feature = "testing")]
pub(crate) fn statements() -> Vec<String> {
    let of_table = |table: &protocol::table::Table| {
        let columns: Vec<&str> =
            ["tenant_id", "id"].into_iter().chain(table.columns.iter().map(|column| column.name)).collect();
        [statements::insert(table.sql_name, &columns), legacy::taken_ids(table.sql_name)].map(|sql| sql.0)
    };
    protocol::table::Table::of_tenant().flat_map(of_table).collect()
}

fn must_be_source(source: &str) -> anyhow::Result<()> {
    let is_source = !source.is_empty()
        && source.len() <= 50
        && source.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
    ensure!(is_source, "A source has 1 to 50 letters, digits, dots, dashes and underscores.");
    Ok(())
}

/// An import takes its time, and its rows may come before those that they refer to.
async fn begin_import(tx: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::raw_sql(
        "set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0;
         set local jit = off; set constraints all deferred",
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// What is deferred is looked at before anything is said of it.
async fn end_import(tx: &mut PgConnection) -> anyhow::Result<()> {
    sqlx::raw_sql("set constraints all immediate")
        .execute(tx)
        .await
        .context("A row refers to one that is not there; nothing was written.")?;
    Ok(())
}

/// Refuses what a tenant that is there already has no room for.
async fn must_have_room(tx: &mut PgConnection, tenant: TenantId) -> anyhow::Result<()> {
    limits::must_have_room_for_patients(tx, tenant, 0).await.map_err(|_| {
        anyhow::anyhow!(
            "The tenant's plan has no room for so many patients. Nothing was written; give it a larger one with \
             `tenant set-plan --max-patients`."
        )
    })
}

/// The same of doctors and dentists.
async fn must_have_room_for_doctors(tx: &mut PgConnection, tenant: TenantId) -> anyhow::Result<()> {
    let missing = limits::doctors_beyond(tx, tenant).await?;
    ensure!(
        missing == 0,
        "The tenant's plan has no room for {missing} of the doctors and dentists. Nothing was written; give it a larger \
         one with `tenant set-plan --max-doctors`."
    );
    Ok(())
}

/// A new file that only this user reads: it names patients.
fn private_file(path: &Path) -> anyhow::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .with_context(|| format!("The report {} cannot be made, or is there already.", path.display()))
}

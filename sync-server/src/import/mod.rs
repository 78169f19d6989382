//! What a clinic brings along: the database of an earlier program, or a spreadsheet of its patients.

pub mod legacy;

use std::io::Write;

use clap::Subcommand;

use crate::Db;

/// `clinic-sync import …`.
#[derive(Debug, Subcommand)]
pub enum ImportCommand {
    /// The database of an earlier program, of one clinic, becomes a tenant.
    ///
    /// Everything is tried in one transaction, which is taken back unless --write is said.
    Legacy(legacy::LegacyOptions),
}

/// Runs `import …`.
///
/// # Errors
///
/// Sentences for the operator.
pub async fn run(db: &Db, command: ImportCommand, out: &mut impl Write) -> anyhow::Result<()> {
    match command {
        ImportCommand::Legacy(options) => legacy::run(db, &options, out).await.map(|_| ()),
    }
}

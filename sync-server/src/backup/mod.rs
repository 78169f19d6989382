//! Backups of the whole database: made with Postgres's own pg_dump, and checked by bringing them back.

/// Making one.
mod create;
/// pg_dump and pg_restore.
mod dump;
/// Bringing one back on trial.
mod verify;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use protocol::id::TenantId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use crate::audit::heads::hex;
use crate::audit::verify::KeptHead;
use crate::config::DatabaseUrl;

pub use create::create;
pub(crate) use verify::LEFT_OVER;
pub use verify::{Report, Scratch, verify};

/// `clinic-sync backup …`.
#[derive(Debug, Subcommand)]
pub enum BackupCommand {
    /// Writes the whole database into a folder, with pg_dump, which must be installed. The backup is NOT encrypted.
    Create(BackupCreate),
    /// Restores a backup into a database that is thrown away, and says whether it is whole. Exit code 1 if not.
    Verify(BackupVerify),
}

/// Options of `backup create`.
#[derive(Args, Clone, Debug)]
pub struct BackupCreate {
    /// The folder; one more dump and its record go there.
    #[arg(long)]
    pub out: PathBuf,
}

/// Options of `backup verify`.
#[derive(Args, Clone, Debug)]
pub struct BackupVerify {
    /// The folder of `backup create`; its newest backup is verified.
    #[arg(long, required_unless_present = "dump", conflicts_with = "dump")]
    pub backups: Option<PathBuf>,
    /// A dump in pg_dump's custom format. Without the record beside it no rows are counted.
    #[arg(long)]
    pub dump: Option<PathBuf>,
    /// Another server for the trial, as an administrator of it; without it, a Postgres is started in a new folder.
    #[arg(long, env = "CLINIC_SYNC_SCRATCH_URL", hide_env_values = true)]
    pub scratch_url: Option<DatabaseUrl>,
    /// Answers in JSON.
    #[arg(long)]
    pub json: bool,
}

/// What is known of a backup, in a file beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The dump's file, in the same folder.
    pub dump: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its hash, in hexadecimal digits.
    pub sha256: String,
    /// The moment that it shows.
    #[serde(with = "time::serde::rfc3339")]
    pub made_at: OffsetDateTime,
    /// Of the program that made it.
    pub product_version: String,
    /// Of Postgres: 180004 is 18.4.
    pub postgres_version: u32,
    /// Those that the database had.
    pub migrations: Vec<i64>,
    /// Rows of every table.
    pub rows: BTreeMap<String, i64>,
    /// The ends of each tenant's audit log.
    pub heads: BTreeMap<TenantId, Vec<KeptHead>>,
}

/// Runs one of the commands. `ops_url` is the database that is backed up; what is on trial is removed on `stop` as well.
///
/// # Errors
///
/// Sentences for the operator; for `verify`, also if the backup is not whole, which was written to `out` before.
pub async fn run(
    ops_url: impl FnOnce() -> anyhow::Result<DatabaseUrl>,
    postgres_bin: Option<&Path>,
    command: BackupCommand,
    stop: impl Future<Output = ()>,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    match command {
        BackupCommand::Create(options) => {
            let (path, record) = create(&ops_url()?, postgres_bin, &options.out).await?;
            let rows: i64 = record.rows.values().sum();
            writeln!(out, "Wrote {rows} rows of {} tables to {}.", record.rows.len(), path.display())?;
            writeln!(
                out,
                "It is NOT encrypted. Whether it can be restored, `clinic-sync backup verify` says."
            )?;
            Ok(())
        }
        BackupCommand::Verify(options) => {
            let scratch = match options.scratch_url {
                Some(url) => Scratch::On(url),
                None => Scratch::New { postgres_bin: postgres_bin.map(Path::to_owned) },
            };
            let dump = match (options.dump, options.backups) {
                (Some(dump), _) => dump,
                (None, Some(folder)) => newest(&folder)?,
                (None, None) => anyhow::bail!("Give --backups or --dump."),
            };
            let report = verify(&dump, &scratch, stop).await?;
            if options.json {
                writeln!(out, "{:#}", serde_json::to_value(&report)?)?;
            } else {
                writeln!(out, "{}", dump.display())?;
                report.write(out)?;
            }
            anyhow::ensure!(
                report.is_whole(),
                "This backup is not whole. Keep it, and make another one now."
            );
            Ok(())
        }
    }
}

/// The newest dump that has a record: the record is written last.
fn newest(folder: &Path) -> anyhow::Result<PathBuf> {
    let mut dumps = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|it| it == "dump") && record_path(&path).is_file() {
            dumps.push(path);
        }
    }
    dumps.into_iter().max().ok_or_else(|| anyhow::anyhow!("There is no backup in {}.", folder.display()))
}

/// Where the record of a dump lies.
fn record_path(dump: &Path) -> PathBuf {
    dump.with_extension("json")
}

/// The length and the hash of a file.
fn fingerprint(path: &Path) -> io::Result<(u64, String)> {
    struct Hashing(Sha256);
    impl Write for Hashing {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.update(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut hashing = Hashing(Sha256::new());
    let bytes = io::copy(&mut File::open(path)?, &mut hashing)?;
    Ok((bytes, hex(&hashing.0.finalize())))
}

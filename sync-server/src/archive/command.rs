//! `clinic-sync tenant export | restore | delete`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use age::x25519;
use anyhow::{Context, bail, ensure};
use clap::{Args, Subcommand};
use protocol::api::Secret;
use protocol::audit::Action;
use protocol::id::TenantId;
use serde_json::json;

use super::{Doors, Key, Lock, delete, export, restore, sheets};
use crate::audit::{self, Event, Lane};
use crate::operator::{called, read_secret};

const LEAST_PASSPHRASE_CHARS: usize = 12;

/// A tenant leaves or comes back.
#[derive(Debug, Subcommand)]
pub enum ArchiveCommand {
    /// Writes everything of a tenant into one encrypted file, or into sheets that are not encrypted.
    Export(TenantExport),
    /// Brings a tenant back from its archive, where none has its code or that one has no data yet.
    ///
    /// Computers must be enrolled again, and their data begins a new life (epoch).
    Restore(TenantRestore),
    /// Deletes everything of a tenant but its audit log, after an export that was read back.
    ///
    /// Without --yes it only says what would be deleted.
    Delete(TenantDelete),
}

/// With what an archive is closed: a passphrase, which is asked for unless it is in a file, or public keys.
#[derive(Args, Clone, Debug)]
pub struct LockOptions {
    /// A file with the passphrase on its first line, or `-` for the standard input.
    #[arg(long)]
    pub passphrase_file: Option<PathBuf>,
    /// A public key (age1…) instead of a passphrase. Can be given more than once.
    #[arg(long, conflicts_with = "passphrase_file")]
    pub recipient: Vec<x25519::Recipient>,
}

/// Options of `tenant export`.
#[derive(Args, Clone, Debug)]
pub struct TenantExport {
    /// The tenant.
    #[arg(long)]
    pub tenant_code: String,
    /// The archive; it must not exist.
    #[arg(long, required_unless_present = "csv", conflicts_with = "csv")]
    pub out: Option<PathBuf>,
    /// A new folder for one sheet a table, which are NOT encrypted.
    #[arg(long)]
    pub csv: Option<PathBuf>,
    /// With the hashes of passwords, so that staff can sign in again after a restore with the passwords they have.
    #[arg(long, conflicts_with = "csv")]
    pub with_credentials: bool,
    /// How to close it.
    #[command(flatten)]
    pub lock: LockOptions,
    /// Answers in JSON.
    #[arg(long)]
    pub json: bool,
}

/// Options of `tenant restore`.
#[derive(Args, Clone, Debug)]
pub struct TenantRestore {
    /// The archive.
    #[arg(long)]
    pub file: PathBuf,
    /// Another code than the archive's.
    #[arg(long)]
    pub as_code: Option<String>,
    /// A file with the passphrase on its first line, or `-` for the standard input.
    #[arg(long)]
    pub passphrase_file: Option<PathBuf>,
    /// A file with the private key (AGE-SECRET-KEY-1…), for an archive that was closed with --recipient.
    #[arg(long, conflicts_with = "passphrase_file")]
    pub identity_file: Option<PathBuf>,
    /// Answers in JSON.
    #[arg(long)]
    pub json: bool,
}

/// Options of `tenant delete`.
#[derive(Args, Clone, Debug)]
pub struct TenantDelete {
    /// The tenant.
    #[arg(long)]
    pub tenant_code: String,
    /// Where the archive goes; it must not exist. With the hashes of passwords.
    #[arg(long, required_if_eq("yes", "true"))]
    pub export_to: Option<PathBuf>,
    /// Really deletes.
    #[arg(long)]
    pub yes: bool,
    /// The tenant's code once more, where nobody can be asked to type it.
    #[arg(long)]
    pub confirm_code: Option<String>,
    /// Deletes although attached files are missing, which are then not in the archive either.
    #[arg(long)]
    pub leave_missing_files: bool,
    /// How to close the archive.
    #[command(flatten)]
    pub lock: LockOptions,
    /// A file with the private key to --recipient, with which the archive is read back.
    #[arg(long, requires = "recipient")]
    pub identity_file: Option<PathBuf>,
    /// Answers in JSON.
    #[arg(long)]
    pub json: bool,
}

/// Runs one of the commands.
///
/// # Errors
///
/// Sentences for the operator.
pub async fn run(doors: &Doors, command: ArchiveCommand, out: &mut impl Write) -> anyhow::Result<()> {
    match command {
        ArchiveCommand::Export(options) => run_export(doors, options, out).await,
        ArchiveCommand::Restore(options) => run_restore(doors, options, out).await,
        ArchiveCommand::Delete(options) => run_delete(doors, options, out).await,
    }
}

async fn run_export(doors: &Doors, options: TenantExport, out: &mut impl Write) -> anyhow::Result<()> {
    let (tenant, code) = find_tenant(doors, &options.tenant_code).await?;
    if let Some(folder) = options.csv {
        record_export(doors, tenant, "csv", false).await?;
        let rows = sheets::write(doors, tenant, &folder).await?;
        if options.json {
            writeln!(out, "{:#}", json!({"tenant_code": code, "folder": folder, "rows": rows}))?;
        } else {
            writeln!(out, "Wrote {rows} rows of {code} to {}.", folder.display())?;
            writeln!(out, "These sheets are NOT encrypted: whoever has them reads every patient's record.")?;
        }
        return Ok(());
    }
    let path = options.out.context("Give --out or --csv.")?;
    let lock = read_lock(&options.lock)?;
    record_export(doors, tenant, "archive", options.with_credentials).await?;
    let exported = export(doors, tenant, options.with_credentials, &lock, &path).await?;
    let (included, missing) = exported.files();
    let rows: BTreeMap<&str, u64> =
        exported.manifest.tables.iter().map(|table| (table.name.as_str(), table.rows)).collect();
    if options.json {
        let answer = json!({
            "tenant_code": code, "file": path, "sha256": exported.file_sha256, "rows": rows,
            "attachments": included, "attachments_missing": missing,
        });
        writeln!(out, "{answer:#}")?;
    } else {
        writeln!(out, "Exported {} rows of {code} to {}.", rows.values().sum::<u64>(), path.display())?;
        writeln!(out, "SHA-256 {}", exported.file_sha256)?;
        write_files(out, included, missing)?;
        writeln!(out, "Without the passphrase or key nobody can open it, you included: keep both.")?;
    }
    Ok(())
}

fn write_files(out: &mut impl Write, included: usize, missing: usize) -> std::io::Result<()> {
    if included > 0 {
        writeln!(out, "{included} attached files are in it.")?;
    }
    if missing > 0 {
        writeln!(
            out,
            "{missing} attached files are not on this server, or damaged, and not in it: those that were never sent are on the \
             computers at which they were added."
        )?;
    }
    Ok(())
}

async fn run_restore(doors: &Doors, options: TenantRestore, out: &mut impl Write) -> anyhow::Result<()> {
    let name = options.file.display();
    let mut file = File::open(&options.file).with_context(|| format!("{name} cannot be opened."))?;
    let key = match &options.identity_file {
        Some(path) => Key::from_identity_file(path)?,
        None => Key::Passphrase(read_secret(options.passphrase_file.as_deref(), "Passphrase: ")?),
    };
    let restored = restore(doors, &mut file, &key, options.as_code.as_deref()).await?;
    let rows: u64 = restored.rows.values().sum();
    if options.json {
        let answer = json!({
            "tenant_code": restored.tenant_code, "tenant_id": restored.tenant, "epoch": restored.epoch,
            "from_tenant_id": restored.manifest.tenant_id, "rows": restored.rows,
            "with_credentials": restored.manifest.with_credentials,
        });
        writeln!(out, "{answer:#}")?;
        return Ok(());
    }
    writeln!(out, "Restored {rows} rows as {} ({}).", restored.tenant_code, restored.tenant)?;
    if restored.tenant != restored.manifest.tenant_id {
        writeln!(out, "It has a new id: {} is known here already.", restored.manifest.tenant_id)?;
    }
    writeln!(out, "Its computers must be enrolled again.")?;
    writeln!(out, "Its plan and limits are those of the archive: look at them with `tenant show`.")?;
    if !restored.manifest.with_credentials {
        writeln!(
            out,
            "The archive has no passwords: an admin gets one first, of two operators (user restore-admin), and gives the \
             others theirs."
        )?;
    }
    Ok(())
}

async fn run_delete(doors: &Doors, options: TenantDelete, out: &mut impl Write) -> anyhow::Result<()> {
    let found = find_tenant(doors, &options.tenant_code).await;
    if let (Err(_), true) = (&found, options.yes) {
        let code = options.tenant_code.trim().to_uppercase();
        let removed = delete::remove_left_files(doors, &code).await?;
        if removed > 0 {
            if options.json {
                let answer = json!({"tenant_code": code, "deleted": true, "files_removed": removed});
                writeln!(out, "{answer:#}")?;
            } else {
                writeln!(
                    out,
                    "{code} was deleted before. {removed} files of it were left, and are gone now."
                )?;
            }
            return Ok(());
        }
    }
    let (tenant, code) = found?;
    let rows = delete::preview(&doors.ops, tenant).await?;
    let called = called(&mut *doors.ops.read(tenant).await?, tenant).await?;
    if !options.yes {
        if options.json {
            writeln!(out, "{:#}", json!({"tenant_code": code, "deleted": false, "rows": rows}))?;
        } else {
            writeln!(out, "Would delete of {called}:")?;
            write_counts(out, &rows)?;
            writeln!(out, "Nothing was deleted. Give --yes and --export-to.")?;
        }
        return Ok(());
    }
    let path = options.export_to.context("Give --export-to.")?;
    ensure!(
        options.lock.recipient.is_empty() || options.identity_file.is_some(),
        "Give --identity-file as well: nothing is deleted before its archive was opened again."
    );
    confirm(&code, &called, options.confirm_code.as_deref())?;
    let lock = read_lock(&options.lock)?;
    let key = match (&lock, &options.identity_file) {
        (_, Some(path)) => Key::from_identity_file(path)?,
        (Lock::Passphrase(passphrase), None) => Key::Passphrase(passphrase.clone()),
        (Lock::Recipients(_), None) => bail!("Give --identity-file."),
    };
    let deleted = delete::delete(doors, tenant, &lock, &key, &path, options.leave_missing_files).await?;
    if options.json {
        let answer = json!({
            "tenant_code": code, "tenant_id": tenant, "deleted": true, "rows": deleted.rows,
            "file": path, "sha256": deleted.exported.file_sha256,
        });
        writeln!(out, "{answer:#}")?;
    } else {
        writeln!(out, "Deleted of {code} ({tenant}):")?;
        write_counts(out, &deleted.rows)?;
        let (included, missing) = deleted.exported.files();
        write_files(out, included, missing)?;
        writeln!(out, "Its archive is {}, SHA-256 {}.", path.display(), deleted.exported.file_sha256)?;
        writeln!(out, "Its audit log stays. Backups of the database still have its data until they expire.")?;
    }
    Ok(())
}

async fn find_tenant(doors: &Doors, code: &str) -> anyhow::Result<(TenantId, String)> {
    let code = code.trim().to_uppercase();
    let tenant = doors.ops.find_any_tenant(&code).await?;
    Ok((tenant.with_context(|| format!("There is no tenant {code}."))?, code))
}

/// Before anything leaves, the tenant's log says so.
async fn record_export(
    doors: &Doors,
    tenant: TenantId,
    to: &str,
    with_credentials: bool,
) -> anyhow::Result<()> {
    let mut tx = doors.ops.write_unsynced(tenant).await?;
    let changes = json!({"to": to, "with_credentials": with_credentials});
    let event = Event { changes: Some(changes), ..Event::new(Action::Export) };
    audit::record(&mut tx, tenant, Lane::Operator, &event).await?;
    Ok(tx.commit().await?)
}

fn read_lock(options: &LockOptions) -> anyhow::Result<Lock> {
    if !options.recipient.is_empty() {
        return Ok(Lock::Recipients(options.recipient.clone()));
    }
    let file = options.passphrase_file.as_deref();
    let passphrase = read_secret(file, "Passphrase for the archive (12 characters or more): ")?;
    ensure!(
        passphrase.0.chars().count() >= LEAST_PASSPHRASE_CHARS,
        "The passphrase needs {LEAST_PASSPHRASE_CHARS} characters or more. Nothing was exported."
    );
    if file.is_none() {
        let Secret(again) = read_secret(None, "Once more: ")?;
        ensure!(again == passphrase.0, "The two passphrases differ. Nothing was exported.");
    }
    Ok(Lock::Passphrase(passphrase))
}

fn confirm(code: &str, called: &str, given: Option<&str>) -> anyhow::Result<()> {
    let typed = match given {
        Some(given) => given.to_owned(),
        None if std::io::stdin().is_terminal() => {
            let mut error = std::io::stderr();
            write!(error, "This deletes every patient of {called}. Type its code to go on: ")?;
            error.flush()?;
            let mut line = String::new();
            std::io::stdin().read_line(&mut line)?;
            line
        }
        None => bail!("Give --confirm-code {code} to delete without being asked."),
    };
    ensure!(typed.trim() == code, "That is not its code. Nothing was deleted.");
    Ok(())
}

fn write_counts(out: &mut impl Write, rows: &BTreeMap<String, u64>) -> std::io::Result<()> {
    rows.iter().try_for_each(|(table, rows)| writeln!(out, "  {rows:>10}  {table}"))
}

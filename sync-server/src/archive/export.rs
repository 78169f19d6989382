//! Writes a tenant's archive.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::{Context, ensure};
use futures_util::TryStreamExt;
use protocol::id::TenantId;
use sha2::{Digest, Sha256};

use super::catalogue::LEFT_OUT;
use super::line::Tally;
use super::manifest::{
    AttachmentEntry, FORMAT, FORMAT_VERSION, LeftOut, MANIFEST, Manifest, TableEntry, content_hash,
};
use super::read::padding;
use super::seal::{Lock, Sealed};
use super::snapshot::{Doors, Files, Snapshot, note_files};
use crate::audit::heads::hex;
use crate::files::Named;

/// A finished archive.
#[derive(Clone, Debug)]
pub struct Exported {
    /// What is in it.
    pub manifest: Manifest,
    /// The SHA-256 of the file, in hexadecimal digits.
    pub file_sha256: String,
}

impl Exported {
    /// How many attached files are in it, and how many are not.
    pub fn files(&self) -> (usize, usize) {
        let all = self.manifest.attachments.len();
        let included = self.manifest.attachments.iter().filter(|file| file.is_included).count();
        (included, all - included)
    }
}

/// Writes the archive to a new file, which is there whole or not at all.
///
/// # Errors
///
/// The file exists or cannot be written; and if the database does not show every row to who reads it.
pub async fn export(
    doors: &Doors,
    tenant: TenantId,
    with_credentials: bool,
    lock: &Lock,
    path: &Path,
) -> anyhow::Result<Exported> {
    ensure!(!path.exists(), "{} exists already. Nothing was exported.", path.display());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let unfinished = tempfile::Builder::new()
        .prefix(".clinic-export-")
        .suffix(".unfinished")
        .tempfile_in(folder)
        .with_context(|| format!("Nothing can be written to {}.", folder.display()))?;
    let out = Hashing { out: BufWriter::new(unfinished.reopen()?), hash: Sha256::new() };
    let mut sealed = Sealed::new(lock, out)?;
    let manifest = write(doors, tenant, with_credentials, &mut sealed).await?;
    let Hashing { out, hash } = sealed.finish()?;
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    unfinished
        .persist_noclobber(path)
        .with_context(|| format!("The archive could not be put in its place, {}.", path.display()))?;
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(Exported { manifest, file_sha256: hex(&hash.finalize()) })
}

/// Goes through the data twice, since lengths and hashes stand before the rows; both times it is the same.
async fn write(
    doors: &Doors,
    tenant: TenantId,
    with_credentials: bool,
    out: &mut impl Write,
) -> anyhow::Result<Manifest> {
    let mut snapshot = Snapshot::take(doors, tenant, with_credentials).await?;
    let manifest = survey(&mut snapshot, &doors.files, with_credentials).await?;
    let made_at = manifest.made_at.unix_timestamp().unsigned_abs();
    let text = serde_json::to_vec_pretty(&manifest)?;
    write_header(out, MANIFEST, text.len() as u64, made_at)?;
    out.write_all(&text)?;
    write_padding(out, text.len() as u64)?;
    for (table, entry) in snapshot.tables().iter().zip(&manifest.tables) {
        write_header(out, &entry.path(), entry.bytes, made_at)?;
        let mut tally = Tally::default();
        snapshot
            .read(table, |line| {
                let text = line.to_text();
                tally.add(&text);
                Ok(out.write_all(text.as_bytes())?)
            })
            .await?;
        ensure!(
            tally.bytes == entry.bytes && tally.sha256() == entry.sha256,
            "{} was read twice and differed. Nothing was exported; try again.",
            table.name
        );
        write_padding(out, entry.bytes)?;
    }
    for entry in manifest.attachments.iter().filter(|entry| entry.is_included) {
        let bytes = entry.bytes.context("BUG: a file that is included has a length")?;
        write_header(out, &entry.path(), bytes, made_at)?;
        let hash = read_file(&doors.files, tenant, entry, |part| Ok(out.write_all(part)?)).await?;
        ensure!(
            hash.as_ref() == Some(&entry.sha256),
            "A file was read twice and differed. Nothing was exported; try again."
        );
        write_padding(out, bytes)?;
    }
    out.write_all(&[0; 1024])?;
    snapshot.end().await?;
    Ok(manifest)
}

/// Hands over a file's bytes; the answer is their hash, and none if the file is not here.
async fn read_file(
    files: &crate::files::Files,
    tenant: TenantId,
    entry: &AttachmentEntry,
    mut each: impl FnMut(&[u8]) -> anyhow::Result<()>,
) -> anyhow::Result<Option<String>> {
    let Some(bytes) = entry.bytes else { return Ok(None) };
    let named = Named { tenant, sha256: entry.sha256.clone(), bytes, mime: None };
    let Some(mut parts) = files.read(&named, 0).await? else { return Ok(None) };
    let mut hash = Sha256::new();
    while let Some(part) = parts.try_next().await? {
        hash.update(&part);
        each(&part)?;
    }
    Ok(Some(hex(&hash.finalize())))
}

/// What is known of the files that rows refer to. One that is not here any more as it came is listed, and not included:
/// a tenant can leave all the same, and is told.
async fn look_for_files(
    files: &crate::files::Files,
    tenant: TenantId,
    named: Files,
) -> anyhow::Result<Vec<AttachmentEntry>> {
    let mut entries = Vec::new();
    for (sha256, told) in named {
        let length = files.length(tenant, &sha256).await?;
        let mut entry = AttachmentEntry { sha256, bytes: length.or(told), is_included: false };
        if length.is_some() {
            let hash = read_file(files, tenant, &entry, |_| Ok(())).await?;
            entry.is_included = hash.as_ref() == Some(&entry.sha256);
        }
        entries.push(entry);
    }
    Ok(entries)
}

async fn survey(
    snapshot: &mut Snapshot,
    store: &crate::files::Files,
    with_credentials: bool,
) -> anyhow::Result<Manifest> {
    let mut files = Files::new();
    let mut tables = Vec::new();
    for table in snapshot.tables() {
        let mut tally = Tally::default();
        snapshot
            .read(&table, |line| {
                tally.add(&line.to_text());
                note_files(&mut files, &table, &line);
                Ok(())
            })
            .await?;
        let Tally { rows, bytes, .. } = tally;
        tables.push(TableEntry {
            name: table.name,
            columns: table.columns,
            rows,
            bytes,
            sha256: tally.sha256(),
        });
    }
    let left_out = LEFT_OUT
        .iter()
        .map(|(table, why)| LeftOut { table: (*table).to_owned(), why: (*why).to_owned() })
        .collect();
    let attachments = look_for_files(store, snapshot.tenant, files).await?;
    Ok(Manifest {
        format: FORMAT.to_owned(),
        format_version: FORMAT_VERSION,
        product_version: env!("CARGO_PKG_VERSION").to_owned(),
        migration_version: snapshot.migration_version,
        tenant_id: snapshot.tenant,
        tenant_code: snapshot.tenant_code.clone(),
        epoch: snapshot.epoch,
        version: snapshot.version,
        made_at: snapshot.taken_at,
        with_credentials,
        content_sha256: content_hash(&tables),
        tables,
        left_out,
        attachments,
    })
}

fn write_header(out: &mut impl Write, path: &str, size: u64, made_at: u64) -> anyhow::Result<()> {
    let mut header = tar::Header::new_ustar();
    header.set_path(path)?;
    header.set_entry_type(tar::EntryType::Regular);
    header.set_size(size);
    header.set_mode(0o600);
    header.set_mtime(made_at);
    header.set_cksum();
    Ok(out.write_all(header.as_bytes())?)
}

fn write_padding(out: &mut impl Write, size: u64) -> io::Result<()> {
    io::copy(&mut io::Read::take(io::repeat(0), padding(size)), out).map(|_| ())
}

struct Hashing<W> {
    out: W,
    hash: Sha256,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

//! What stands at the head of an archive: whose it is, and what must follow. `docs/leaving.md` tells it to others.

use protocol::id::{Epoch, TenantId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use crate::audit::heads::hex;

/// What the format calls itself.
pub const FORMAT: &str = "clinic-desk-tenant";
/// Goes up when a reader of the one before could misunderstand.
pub const FORMAT_VERSION: u32 = 1;
/// The first entry of an archive.
pub const MANIFEST: &str = "manifest.json";

/// The head of an archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// [`FORMAT_VERSION`].
    pub format_version: u32,
    /// Of the program that made the archive.
    pub product_version: String,
    /// The database's last migration.
    pub migration_version: i64,
    /// Whose data it is.
    pub tenant_id: TenantId,
    /// Their code at that time.
    pub tenant_code: String,
    /// The life of the data that was exported.
    pub epoch: Epoch,
    /// The tenant's version that was exported.
    pub version: i64,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub made_at: OffsetDateTime,
    /// Whether the hashes of passwords are in it.
    pub with_credentials: bool,
    /// What follows, in this order: `tenants` first, parents before children but for the lines of prescriptions.
    pub tables: Vec<TableEntry>,
    /// Which tables of the tenant are not in it.
    pub left_out: Vec<LeftOut>,
    /// The files that rows refer to.
    pub attachments: Vec<AttachmentEntry>,
    /// [`content_hash`] of the tables.
    pub content_sha256: String,
}

/// One table: the entry `tables/<name>.ndjson`, a JSON object a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableEntry {
    /// The table's.
    pub name: String,
    /// The keys of every line.
    pub columns: Vec<String>,
    /// How many lines.
    pub rows: u64,
    /// How long they are together, line feeds included.
    pub bytes: u64,
    /// Of these bytes, in hexadecimal digits.
    pub sha256: String,
}

/// A table that is not in an archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Which.
    pub table: String,
    /// Why.
    pub why: String,
}

/// A file: the entry `attachments/<sha256>`, if it is in the archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachmentEntry {
    /// Of its bytes, in hexadecimal digits.
    pub sha256: String,
    /// Its length, where a row tells it.
    pub bytes: Option<u64>,
    /// Whether its bytes are in the archive.
    pub is_included: bool,
}

impl TableEntry {
    /// Its name in the archive.
    pub fn path(&self) -> String {
        format!("tables/{}.ndjson", self.name)
    }
}

impl AttachmentEntry {
    /// Its name in the archive.
    pub fn path(&self) -> String {
        format!("attachments/{}", self.sha256)
    }
}

/// One hash for all tables: over a line `name rows bytes sha256` for each.
pub fn content_hash(tables: &[TableEntry]) -> String {
    let mut hash = Sha256::new();
    for TableEntry { name, rows, bytes, sha256, .. } in tables {
        hash.update(format!("{name} {rows} {bytes} {sha256}\n"));
    }
    hex(&hash.finalize())
}

/// Whether this is a SHA-256 in lower-case hexadecimal digits.
pub(super) fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

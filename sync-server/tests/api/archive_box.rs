//! An archive on the operating table: made, opened with other programs' means, changed and closed again.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::path::PathBuf;

use age::x25519;
use clinic_sync::archive::manifest::{Manifest, content_hash};
use clinic_sync::archive::{Doors, Exported, Key, Lock, Restored, export, restore};
use clinic_sync::testing::TestDatabase;
use protocol::id::TenantId;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// Who exports and restores, and where the files go.
pub struct Mover {
    pub doors: Doors,
    pub folder: TempDir,
    identity: x25519::Identity,
}

/// An entry of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub path: String,
    pub kind: tar::EntryType,
    pub bytes: Vec<u8>,
}

/// The rows of an archive, by table.
pub type Rows = BTreeMap<String, Vec<Map<String, Value>>>;

impl Mover {
    pub async fn of(database: &TestDatabase) -> Self {
        Self {
            doors: Doors {
                ops: database.ops_db().await,
                app: Some(database.app_db().await),
                files: database.files().expect("a folder"),
            },
            folder: tempfile::tempdir().expect("a folder"),
            identity: x25519::Identity::generate(),
        }
    }

    pub fn lock(&self) -> Lock {
        Lock::Recipients(vec![self.identity.to_public()])
    }

    pub fn key(&self) -> Key {
        Key::Identities(vec![Box::new(self.identity.clone())])
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub async fn export(&self, tenant: TenantId, name: &str) -> anyhow::Result<Exported> {
        export(&self.doors, tenant, true, &self.lock(), &self.path(name)).await
    }

    pub async fn restore(&self, name: &str, as_code: Option<&str>) -> anyhow::Result<Restored> {
        let mut file = File::open(self.path(name))?;
        restore(&self.doors, &mut file, &self.key(), as_code).await
    }

    /// Opens an archive with age, zstd and tar alone, as `docs/leaving.md` tells others to.
    pub fn open(&self, name: &str) -> Vec<Entry> {
        let file = File::open(self.path(name)).expect("an archive");
        let opened = age::Decryptor::new(file).expect("an age file");
        let opened = opened.decrypt(std::iter::once(&self.identity as &dyn age::Identity)).expect("the key");
        let mut archive = tar::Archive::new(zstd::Decoder::new(opened).expect("zstd"));
        let read = |entry: std::io::Result<tar::Entry<'_, _>>| {
            let mut entry = entry.expect("an entry");
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).expect("its bytes");
            let path = entry.path().expect("a path").to_str().expect("a text").to_owned();
            Entry { path, kind: entry.header().entry_type(), bytes }
        };
        archive.entries().expect("entries").map(read).collect()
    }

    /// Closes entries as an archive, as whoever has the public key can.
    pub fn close(&self, name: &str, entries: &[Entry]) {
        let mut tar = tar::Builder::new(Vec::new());
        for entry in entries {
            let mut header = tar::Header::new_ustar();
            // Not set_path, which refuses what a hostile program would write.
            let path = entry.path.as_bytes();
            header.as_mut_bytes()[..path.len()].copy_from_slice(path);
            header.set_entry_type(entry.kind);
            header.set_size(entry.bytes.len() as u64);
            header.set_mode(0o600);
            header.set_cksum();
            tar.append(&header, entry.bytes.as_slice()).expect("an entry");
        }
        self.seal(name, &tar.into_inner().expect("a tar"));
    }

    /// Compresses and encrypts whatever it is.
    pub fn seal(&self, name: &str, bytes: &[u8]) {
        let recipient = self.identity.to_public();
        let encryptor = age::Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient))
            .expect("a key");
        let file = File::create(self.path(name)).expect("a file");
        let mut out = zstd::Encoder::new(encryptor.wrap_output(file).expect("age"), 1).expect("zstd");
        out.write_all(bytes).expect("written");
        out.finish().expect("finished").finish().expect("finished");
    }

    /// The manifest and the rows.
    pub fn rows(&self, name: &str) -> (Manifest, Rows) {
        let entries = self.open(name);
        let manifest = serde_json::from_slice(&entries[0].bytes).expect("a manifest");
        let rows = entries[1..].iter().map(|entry| {
            let table = entry.path.trim_start_matches("tables/").trim_end_matches(".ndjson").to_owned();
            let text = std::str::from_utf8(&entry.bytes).expect("text");
            (table, text.lines().map(|line| serde_json::from_str(line).expect("a row")).collect())
        });
        (manifest, rows.collect())
    }
}

/// Changes the manifest, and makes its hash of the tables fit again.
pub fn with_manifest(entries: &[Entry], change: impl FnOnce(&mut Value)) -> Vec<Entry> {
    let mut manifest: Value = serde_json::from_slice(&entries[0].bytes).expect("a manifest");
    change(&mut manifest);
    if let Ok(Manifest { tables, .. }) = serde_json::from_value(manifest.clone()) {
        manifest["content_sha256"] = content_hash(&tables).into();
    }
    let mut entries = entries.to_vec();
    entries[0].bytes = serde_json::to_vec(&manifest).expect("JSON");
    entries
}

/// Puts other rows into a table, and makes the manifest fit.
pub fn with_rows(entries: &[Entry], table: &str, change: impl FnOnce(&mut Vec<String>)) -> Vec<Entry> {
    let path = format!("tables/{table}.ndjson");
    let mut entries = entries.to_vec();
    let entry = entries.iter_mut().find(|entry| entry.path == path).expect("the table");
    let text = String::from_utf8(std::mem::take(&mut entry.bytes)).expect("text");
    let mut lines = text.lines().map(str::to_owned).collect();
    change(&mut lines);
    entry.bytes = lines.iter().flat_map(|line| format!("{line}\n").into_bytes()).collect();
    let (bytes, rows) = (entry.bytes.len(), lines.len());
    let sha256 =
        Sha256::digest(&entry.bytes).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    with_manifest(&entries, |manifest| {
        let tables = manifest["tables"].as_array_mut().expect("tables");
        let entry = tables.iter_mut().find(|entry| entry["name"] == table).expect("the table");
        (entry["bytes"], entry["rows"], entry["sha256"]) = (bytes.into(), rows.into(), sha256.into());
    })
}

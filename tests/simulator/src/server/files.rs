//! The bytes of attached files: pieces that come in any order and twice, and are a file once they hash to what its row says;
//! and the file for whoever opens it elsewhere.

use std::collections::BTreeMap;
use std::sync::Arc;

use protocol::api::DeviceScope;
use protocol::conflict::Source;
use protocol::error::ErrorCode;
use protocol::file::{MAX_PIECE_BYTES, Upload, begins_like};
use protocol::mutation::Hash;
use protocol::table::{TableName, Values};
use replica::testing::{Method, Request};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Caller, Held, Mistake, Query, Refused, Reply, Result, Server, Tenant, broken, json as answer};

/// Of one tenant. What is stored is shared between copies of the tenant.
#[derive(Clone, Debug, Default)]
pub struct Files {
    stored: BTreeMap<String, Arc<Vec<u8>>>,
    /// Where each piece begins, and what it is.
    pieces: BTreeMap<String, BTreeMap<u64, Arc<Vec<u8>>>>,
}

/// A file that a row names.
struct Named {
    sha256: String,
    bytes: u64,
    mime: String,
}

impl Files {
    /// Whether the whole file is there, and is it.
    pub fn has(&self, sha256: &str) -> bool {
        self.stored.get(sha256).is_some_and(|bytes| Hash::of(bytes).to_string() == sha256)
    }

    /// Whether no file is there.
    pub fn is_empty(&self) -> bool {
        self.stored.is_empty()
    }

    fn upload(&self, file: &Named) -> Upload {
        if self.stored.contains_key(&file.sha256) {
            return Upload { stored: true, received: file.bytes };
        }
        let pieces = self.pieces.get(&file.sha256);
        let received = pieces.into_iter().flatten().fold(0, |end, (from, piece)| {
            if *from <= end { end.max(from + piece.len() as u64) } else { end }
        });
        Upload { stored: false, received: received.min(file.bytes) }
    }

    /// Makes the file of its pieces. Bytes that are another file are thrown away.
    fn end(&mut self, file: &Named) -> Result<()> {
        if self.stored.contains_key(&file.sha256) {
            self.pieces.remove(&file.sha256);
            return Ok(());
        }
        // What is missing is sent next: that is no word on the bytes.
        if self.upload(file).received < file.bytes {
            return Ok(());
        }
        let mut bytes: Vec<u8> = Vec::new();
        for (from, piece) in self.pieces.remove(&file.sha256).unwrap_or_default() {
            let known = (bytes.len() as u64).saturating_sub(from) as usize;
            bytes.extend(piece.iter().skip(known));
        }
        if Hash::of(&bytes).to_string() != file.sha256 || !begins_like(&file.mime, &bytes) {
            return Err(invalid(
                "These bytes are not the file that the record names; they were thrown away.",
            ));
        }
        self.stored.insert(file.sha256.clone(), Arc::new(bytes));
        Ok(())
    }
}

/// What the disk gives back of a piece, which is not empty: at this place it is another byte.
fn spoilt(piece: &[u8], at: u64) -> Vec<u8> {
    let mut bytes = piece.to_vec();
    let place = usize::try_from(at % bytes.len() as u64).unwrap_or(0);
    bytes[place] ^= 0x55;
    bytes
}

impl Server {
    pub(super) fn attachment(&mut self, caller: Caller, request: &Request, query: &Query) -> Result<Reply> {
        let path = request.path.split('?').next().unwrap_or_default();
        let rest = path.strip_prefix("v1/dental_attachments/").and_then(|rest| rest.split_once('/'));
        let (id, asked) = rest.ok_or(not_found())?;
        let id: Uuid = id.parse().map_err(|_| not_found())?;
        let file = named(self.tenant(caller.tenant), id)
            .filter(|_| caller.scope == DeviceScope::Clinical)
            .ok_or(not_found())?;
        match asked {
            "upload" => {}
            "file" => return self.content(caller, &file, query.number("from")),
            _ => return Err(not_found()),
        }
        let (loses, spoils) = (self.mistake == Some(Mistake::LosesFiles), self.spoils);
        let tenant = self.tenant_mut(caller.tenant);
        match request.method {
            Method::Get => {}
            Method::Patch => return Err(not_found()),
            Method::Put => {
                let (from, piece) = (query.number("from"), &request.body);
                let there = tenant.files.upload(&file);
                let from = u64::try_from(from).map_err(|_| broken())?;
                let is_odd = piece.is_empty() || piece.len() > MAX_PIECE_BYTES;
                if !there.stored && (is_odd || from + piece.len() as u64 > file.bytes) {
                    return Err(invalid("A piece of a file ends within it."));
                }
                // What came before it may have been taken away: that is no word on these bytes.
                if !there.stored && from <= there.received {
                    let pieces = tenant.files.pieces.entry(file.sha256.clone()).or_default();
                    let kept = spoils.map_or_else(|| piece.clone(), |at| spoilt(piece, at));
                    pieces.insert(from, Arc::new(kept));
                    self.n_spoilt += u64::from(self.spoils.take().is_some());
                }
            }
            Method::Post => {
                tenant.files.end(&file)?;
                if tenant.files.has(&file.sha256) {
                    mark_stored(tenant, &file.sha256);
                }
                if loses {
                    tenant.files.stored.values_mut().for_each(|bytes| *bytes = Arc::default());
                }
            }
        }
        answer(&self.tenant(caller.tenant).files.upload(&file))
    }

    /// The bytes of a file from there on.
    fn content(&mut self, caller: Caller, file: &Named, from: i64) -> Result<Reply> {
        let from = usize::try_from(from).map_err(|_| broken())?;
        let stored = self.tenant(caller.tenant).files.stored.get(&file.sha256);
        let stored = stored.ok_or(Refused(409, ErrorCode::FileNotHere, "This file has not come yet."))?;
        let mut body = stored.get(from..).unwrap_or_default().to_vec();
        if body.is_empty() {
            return Err(invalid("The file is not as long as that."));
        }
        if let Some(at) = self.spoils_given.take() {
            body = spoilt(&body, at);
        }
        if self.mistake == Some(Mistake::GivesOthers) {
            body = spoilt(&body, 0);
        }
        Ok(Reply { status: 200, kind: "application/octet-stream", body, live: None })
    }
}

/// Every row that names the file says that it is there.
fn mark_stored(tenant: &mut Tenant, sha256: &str) {
    let version = tenant.version + 1;
    let of_file = |values: &Values| {
        values.get("sha256").is_some_and(|it| it == sha256)
            && values.get("upload_state").is_none_or(|state| state != "stored")
    };
    let rows = tenant.rows.iter_mut();
    let rows =
        rows.filter(|((table, _), held)| *table == TableName::DentalAttachments && of_file(&held.row.values));
    let mut is_new = false;
    for (_, held) in rows {
        let mut row = held.row.clone();
        row.values.insert("upload_state".to_owned(), json!("stored"));
        *held = Arc::new(Held { version, row, from: Source::default() });
        is_new = true;
    }
    if is_new {
        tenant.version = version;
    }
}

fn named(tenant: &Tenant, id: Uuid) -> Option<Named> {
    let held = tenant.rows.get(&(TableName::DentalAttachments, id)).filter(|held| !held.row.deleted)?;
    let text = |name: &str| held.row.values.get(name).and_then(Value::as_str).map(str::to_owned);
    let bytes = held.row.values.get("byte_size").and_then(Value::as_u64)?;
    Some(Named { sha256: text("sha256")?, bytes, mime: text("mime")? })
}

fn invalid(detail: &'static str) -> Refused {
    Refused(422, ErrorCode::Invalid, detail)
}

fn not_found() -> Refused {
    Refused(404, ErrorCode::NotFound, "There is no such record.")
}

//! Mutations as they come, and the answers to those that do not go in.

use std::collections::BTreeSet;

use protocol::api::{Fate, Receipt};
use protocol::error::{ErrorCode, Refusal, RefusalCode};
use protocol::mutation::{Hash, Mutation, SignatureError, SignedMutation};
use serde::Deserialize;
use uuid::Uuid;

use super::{Device, Refused, Result};

/// A mutation whose signature was checked.
pub(super) struct Opened<'a> {
    pub(super) signed: &'a SignedMutation,
    pub(super) sequence: i64,
    pub(super) row_ids: BTreeSet<Uuid>,
    /// None if it is not of a form that this server knows.
    pub(super) mutation: Option<Mutation>,
}

#[derive(Deserialize)]
struct Envelope {
    sequence: i64,
    #[serde(default)]
    changes: Vec<EnvelopeChange>,
}

#[derive(Deserialize)]
struct EnvelopeChange {
    id: Uuid,
}

impl<'a> Opened<'a> {
    pub(super) fn open(signed: &'a SignedMutation, device: &Device) -> Result<Self> {
        let invalid = Refused(400, ErrorCode::Invalid, "A mutation's hash or signature does not fit.");
        let mutation = match signed.open(&device.key) {
            Ok(mutation) => Some(mutation),
            Err(SignatureError::Body) => None,
            Err(SignatureError::Hash | SignatureError::Signature) => return Err(invalid),
        };
        let envelope: Envelope = serde_json::from_str(&signed.body).map_err(|_| invalid)?;
        let row_ids = envelope.changes.iter().map(|change| change.id).collect();
        Ok(Self { signed, sequence: envelope.sequence, row_ids, mutation })
    }
}

pub(super) fn must_follow(opened: &[Opened<'_>]) -> Result<()> {
    if opened.windows(2).any(|pair| pair[0].sequence + 1 != pair[1].sequence) {
        return Err(Refused(400, ErrorCode::Invalid, "The mutations are not in the device's order."));
    }
    Ok(())
}

/// The answer to a mutation that was refused.
pub(super) fn refused(sequence: i64, hash: Hash, Refusal { code, detail }: Refusal) -> Receipt {
    let (fate, code, detail) = (Fate::Quarantined, Some(code), Some(detail));
    Receipt { sequence, hash, fate, code, detail, blocked_by: None, review: vec![] }
}

/// The answer to a mutation that waits with another one.
pub(super) fn blocked(sequence: i64, hash: Hash, first: i64) -> Receipt {
    let (fate, blocked_by) = (Fate::Blocked, Some(first));
    Receipt { sequence, hash, fate, code: None, detail: None, blocked_by, review: vec![] }
}

pub(super) fn nobody_here() -> Refusal {
    Refusal::new(RefusalCode::NotAllowed, "This person has not signed in here.")
}

pub(super) fn unknown_form() -> Refusal {
    Refusal::new(RefusalCode::Unknown, "Not of a form that is known.")
}

/// The receipts of mutations that came before. The same number with another hash is another history.
pub(super) fn repeated(device: &Device, opened: &[Opened<'_>]) -> Result<Vec<Receipt>> {
    let copied = || Refused(409, ErrorCode::DeviceCopied, "This computer was copied.");
    let of_entry = |opened: &Opened<'_>| {
        let receipt = device.receipt(opened.sequence);
        receipt.filter(|receipt| receipt.hash == opened.signed.hash).ok_or_else(copied)
    };
    opened.iter().map(of_entry).collect()
}

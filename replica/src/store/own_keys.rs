//! The keys with which the tenant's people sign, as far as this computer has learnt of them.

use ed25519_dalek::VerifyingKey;
use protocol::mutation::Mutation;
use protocol::own_key::OwnKeyInfo;
use protocol::signing::{parse_public_key, prescription_message, verify};
use rusqlite::Transaction;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::rows::Stored;
use super::{Store, meta, set_meta};
use crate::error::Result;

/// What is known, and how far: of everything up to this version the server had told every key.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct OwnKeys {
    keys: Vec<OwnKeyInfo>,
    head: i64,
}

const NAME: &str = "own_keys";

/// Whose key signed something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum OwnSignature {
    /// That of the person in whose name it is.
    Good,
    /// It bears none: they had no key yet.
    None,
    /// It came after this computer last heard of keys.
    Unknown,
    /// No key that is known as theirs.
    Wrong,
}

impl OwnKeys {
    /// The key that must have signed this mutation of a computer.
    pub fn of_mutation(&self, mutation: &Mutation) -> Option<VerifyingKey> {
        let there = self.keys.iter().filter(|key| key.device_id == mutation.device_id);
        OwnKeyInfo::of_mutation(there, mutation).and_then(|key| parse_public_key(&key.public_key))
    }

    /// Whether a prescription was signed with a key of the person in whose name it is, on whichever computer.
    pub fn judge(&self, id: Uuid, prescription: &Stored) -> OwnSignature {
        let text = |name| prescription.values.get(name).and_then(Value::as_str).unwrap_or_default();
        let signature = text("own_signature");
        if signature.is_empty() {
            return OwnSignature::None;
        }
        let message = prescription_message(id, text("content_sha256"));
        let mut theirs = self.keys.iter().filter(|key| key.user_id.to_string() == text("finalised_by"));
        let is_good = theirs.any(|key| {
            parse_public_key(&key.public_key).is_some_and(|key| verify(&key, &message, signature))
        });
        if is_good {
            OwnSignature::Good
        } else if (1..=self.head).contains(&prescription.version) {
            OwnSignature::Wrong
        } else {
            OwnSignature::Unknown
        }
    }
}

impl Store {
    /// Keeps what the server says of keys. One that was learnt stays, whatever it says later, but that it counts no more.
    /// `head` is the tenant's version that this computer had when it asked.
    pub(crate) fn keep_own_keys(&self, said: &[OwnKeyInfo], head: i64) -> Result<()> {
        self.write(|tx| {
            let OwnKeys { mut keys, .. } = own_keys(tx)?;
            let known = keys.len();
            for said in said {
                let is_it = |key: &&mut OwnKeyInfo| {
                    (key.user_id, key.device_id, &key.public_key)
                        == (said.user_id, said.device_id, &said.public_key)
                };
                match keys[..known].iter_mut().find(is_it) {
                    Some(key) => key.revoked_at = said.revoked_at,
                    None => keys.push(said.clone()),
                }
            }
            set_meta(tx, NAME, &OwnKeys { keys, head })
        })
    }
}

/// Every key that is known here.
pub(crate) fn own_keys(tx: &Transaction<'_>) -> Result<OwnKeys> {
    Ok(meta(tx, NAME)?.unwrap_or_default())
}

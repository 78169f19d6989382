//! What a person did, as it travels and as it is kept: a mutation is one local transaction, applied whole
//! or not at all. Its text is hashed together with the hash before it and signed by the device, so that
//! nobody between the desk and the database can change, drop or reorder what was done.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ed25519_dalek::{Signature, Signer, SigningKey, Verifier, VerifyingKey};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::id::{DeviceId, UserId};
use crate::settlement::Settlement;
use crate::signing;
use crate::table::{TableName, Values};

/// What happens to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// A new row.
    Insert,
    /// Some columns of a row that is there.
    Update,
    /// The row is marked as deleted; nothing clinical is erased.
    Delete,
}

/// What a person saw in a column, and what they made of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SetValue {
    /// What they saw; null for a new row.
    pub base: Value,
    /// What they made of it.
    pub value: Value,
}

/// A change of one row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Change {
    /// Whose row.
    pub table: TableName,
    /// Which row.
    pub id: Uuid,
    /// What happens to it.
    pub op: Op,
    /// The version of the row that the person saw; 0 for a new row.
    pub base_version: i64,
    /// The columns that the person changed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, SetValue>,
    /// The item whose decision this carries out; the same mutation decides it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decides: Option<Uuid>,
}

impl Change {
    /// A new row with these values.
    pub fn insert(table: TableName, id: Uuid, values: Values) -> Self {
        let set = values
            .into_iter()
            .map(|(column, value)| (column, SetValue { base: Value::Null, value }))
            .collect();
        Self { table, id, op: Op::Insert, base_version: 0, set, decides: None }
    }

    /// A change of these columns of a row.
    pub fn update(table: TableName, id: Uuid, set: BTreeMap<String, SetValue>) -> Self {
        Self { table, id, op: Op::Update, base_version: 0, set, decides: None }
    }

    /// The deletion of a row of which this was seen.
    pub fn delete(table: TableName, id: Uuid, seen: Values) -> Self {
        let set = seen
            .into_iter()
            .map(|(column, value)| (column, SetValue { base: value.clone(), value }))
            .collect();
        Self { table, id, op: Op::Delete, base_version: 0, set, decides: None }
    }

    /// The values that the person made, without what they saw.
    pub fn values(&self) -> Values {
        self.set.iter().map(|(column, set)| (column.clone(), set.value.clone())).collect()
    }
}

/// One thing that a person did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Mutation {
    /// The device where it was done.
    pub device_id: DeviceId,
    /// 1, 2, 3 … on that device, without holes.
    pub sequence: i64,
    /// Who did it.
    pub actor_user_id: UserId,
    /// When, by the device's clock.
    #[serde(with = "time::serde::rfc3339")]
    #[cfg_attr(feature = "schema", schemars(with = "String", extend("format" = "date-time")))]
    pub recorded_at: OffsetDateTime,
    /// What must be added to `recorded_at` for the server's time, in milliseconds, as last measured.
    pub clock_offset_ms: i64,
    /// The schema that the device had, see [`crate::SCHEMA_VERSION`].
    pub schema: u32,
    /// What was done, in the words of the product: `register_patient`, `sign_prescription` …
    pub kind: String,
    /// The rows that it changed.
    pub changes: Vec<Change>,
    /// The refused mutation of which it says what becomes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settles: Option<Settlement>,
}

/// A SHA-256, in hexadecimal on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// The hash before a device's first mutation.
    pub const ZERO: Self = Self([0; 32]);

    /// The hash of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The hash of a text that follows what has this hash.
    pub fn chained(previous: Self, text: &str) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(previous.0);
        hasher.update(text.as_bytes());
        Self(hasher.finalize().into())
    }

    /// Reads 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        for (place, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * place..2 * place + 2], 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl std::fmt::Display for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Hash {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Hash".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[0-9a-f]{64}$", "description": "A SHA-256 in hexadecimal." })
    }
}

impl Serialize for Hash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a SHA-256 in hexadecimal"))
    }
}

/// A mutation as it is stored and sent: its exact text, chained and signed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SignedMutation {
    /// The [`Mutation`] as JSON. The text itself is what is hashed: it is never written anew.
    pub body: String,
    /// The hash of the device's mutation before this one.
    pub previous_hash: Hash,
    /// SHA-256 over `previous_hash` and `body`.
    pub hash: Hash,
    /// The device's Ed25519 signature over `cd-mutation-1` and `hash`, in base64.
    pub signature: String,
    /// That of its author's own key over [`crate::signing::own_message`], where [`Mutation::needs_own_signature`] and they
    /// have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_signature: Option<String>,
}

/// The text of a mutation behind its device, with which it begins.
pub(crate) fn without_device(body: &str) -> Option<&str> {
    // Whoever reads the text finds there a UUID, and nothing else.
    body.strip_prefix("{\"device_id\":\"")?.get(36..)?.strip_prefix("\",")
}

/// Why a signed mutation was not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The hash is not that of the text.
    #[error("the hash does not fit the text")]
    Hash,
    /// The signature is not this device's.
    #[error("the signature is not this device's")]
    Signature,
    /// The text is not a mutation.
    #[error("the text is not a mutation")]
    Body,
}

impl SignedMutation {
    /// Signs a mutation with the device's key.
    pub fn sign(
        mutation: &Mutation,
        previous_hash: Hash,
        key: &SigningKey,
    ) -> Result<Self, serde_json::Error> {
        let body = serde_json::to_string(mutation)?;
        Ok(Self::of(body, previous_hash, key))
    }

    fn of(body: String, previous_hash: Hash, key: &SigningKey) -> Self {
        let hash = Hash::chained(previous_hash, &body);
        let signature = BASE64_STANDARD.encode(key.sign(&Self::signed_bytes(hash)).to_bytes());
        Self { body, previous_hash, hash, signature, own_signature: None }
    }

    /// The same, signed by its author's own key as well.
    #[must_use]
    pub fn signed_by(self, own: &SigningKey) -> Self {
        let own_signature = signing::own_message(&self.body).map(|message| signing::sign(own, &message));
        Self { own_signature, ..self }
    }

    /// Whether this own key signed it.
    pub fn is_signed_by(&self, own: &VerifyingKey) -> bool {
        let message = signing::own_message(&self.body);
        message
            .zip(self.own_signature.as_deref())
            .is_some_and(|(message, signature)| signing::verify(own, &message, signature))
    }

    /// The same as a mutation of another device, whose key signs it. What its author signed stays signed. None for a text
    /// that does not begin with its device.
    pub fn moved(&self, device: DeviceId, previous_hash: Hash, key: &SigningKey) -> Option<Self> {
        let said = without_device(&self.body)?;
        let moved = Self::of(format!("{{\"device_id\":\"{device}\",{said}"), previous_hash, key);
        Some(Self { own_signature: self.own_signature.clone(), ..moved })
    }

    /// Whether the text is as the device of this key signed it, whatever it says.
    pub fn is_from(&self, key: &VerifyingKey) -> bool {
        self.check(key).is_ok()
    }

    /// Checks hash and signature and reads the text.
    pub fn open(&self, key: &VerifyingKey) -> Result<Mutation, SignatureError> {
        self.check(key)?;
        serde_json::from_str(&self.body).map_err(|_| SignatureError::Body)
    }

    fn check(&self, key: &VerifyingKey) -> Result<(), SignatureError> {
        if Hash::chained(self.previous_hash, &self.body) != self.hash {
            return Err(SignatureError::Hash);
        }
        let signature = BASE64_STANDARD
            .decode(&self.signature)
            .ok()
            .and_then(|bytes| Signature::from_slice(&bytes).ok())
            .ok_or(SignatureError::Signature)?;
        key.verify(&Self::signed_bytes(self.hash), &signature).map_err(|_| SignatureError::Signature)
    }

    fn signed_bytes(hash: Hash) -> Vec<u8> {
        [b"cd-mutation-1".as_slice(), &hash.0].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(key: &SigningKey) -> SignedMutation {
        let mutation = Mutation {
            device_id: DeviceId(Uuid::nil()),
            sequence: 1,
            actor_user_id: UserId(Uuid::nil()),
            recorded_at: OffsetDateTime::UNIX_EPOCH,
            clock_offset_ms: 0,
            schema: 1,
            kind: "register_patient".into(),
            changes: vec![],
            settles: None,
        };
        SignedMutation::sign(&mutation, Hash::ZERO, key).expect("BUG: a mutation is JSON")
    }

    #[test]
    fn a_signed_mutation_opens_with_the_key_of_its_device() {
        let key = SigningKey::from_bytes(&[7; 32]);
        assert_eq!(signed(&key).open(&key.verifying_key()).map(|mutation| mutation.sequence), Ok(1));
    }

    #[test]
    fn what_its_author_signed_is_theirs_on_another_device_too_and_nothing_else_is() {
        let (key, own) = (SigningKey::from_bytes(&[7; 32]), SigningKey::from_bytes(&[5; 32]));
        let good = signed(&key).signed_by(&own);
        assert!(good.is_signed_by(&own.verifying_key()) && good.is_from(&key.verifying_key()));
        assert!(!good.is_signed_by(&key.verifying_key()), "nor by the device's key");
        let device = DeviceId(Uuid::max());
        let moved =
            good.moved(device, Hash([1; 32]), &SigningKey::from_bytes(&[8; 32])).expect("BUG: begins so");
        let opened = moved.open(&SigningKey::from_bytes(&[8; 32]).verifying_key()).expect("BUG: signed anew");
        assert_eq!((opened.device_id, opened.sequence), (device, 1));
        assert!(moved.is_signed_by(&own.verifying_key()));
        for other in [
            good.body.replace("\"sequence\":1", "\"sequence\":2"),
            good.body.replace("register", "remove"),
            good.body.replace("{\"device_id\"", "{\"x\":1,\"device_id\""),
            good.body.replace("{\"device_id\"", "{ \"device_id\""),
        ] {
            let said = other.clone();
            let other = SignedMutation { body: other, ..good.clone() };
            assert!(!other.is_signed_by(&own.verifying_key()), "{said}");
        }
        assert!(!SignedMutation { own_signature: None, ..good }.is_signed_by(&own.verifying_key()));
    }

    #[test]
    fn a_changed_text_a_foreign_key_and_another_predecessor_are_refused() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let good = signed(&key);
        let changed = SignedMutation { body: good.body.replace("register", "remove"), ..good.clone() };
        assert_eq!(changed.open(&key.verifying_key()), Err(SignatureError::Hash));
        let moved = SignedMutation { previous_hash: Hash([1; 32]), ..good.clone() };
        assert_eq!(moved.open(&key.verifying_key()), Err(SignatureError::Hash));
        let foreign = SigningKey::from_bytes(&[8; 32]);
        assert_eq!(good.open(&foreign.verifying_key()), Err(SignatureError::Signature));
    }
}

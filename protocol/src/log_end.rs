//! What a desktop knows of the audit log on the server: the signed ends of its lanes. It keeps them, and asks whether
//! they still hold.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::id::TenantId;
use crate::mutation::Hash;
use crate::signing;

/// So many ends of lanes a desktop keeps, and asks about at once.
pub const MAX_LOG_ENDS: usize = 100;

/// A place in the log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LogPlace {
    /// The lane.
    pub lane: String,
    /// The number of the entry in it.
    pub seq: i64,
}

/// `POST /v1/audit/ends`: the ends of lanes that a desktop has seen, at most [`MAX_LOG_ENDS`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct KnownEnds {
    /// Where they were.
    pub known: Vec<LogPlace>,
}

/// The answer to [`KnownEnds`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LogEnds {
    /// The hash of the entry at each place that was asked about, in that order; none where there is no entry.
    pub known: Vec<Option<Hash>>,
    /// The ends that were signed last, at most [`MAX_LOG_ENDS`], one of each lane.
    pub ends: Vec<LogEnd>,
}

/// An end of a lane, signed by the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LogEnd {
    /// The lane.
    pub lane: String,
    /// The number of its last entry.
    pub seq: i64,
    /// That entry's hash.
    pub hash: Hash,
    /// When it was signed, to the microsecond.
    #[serde(with = "time::serde::rfc3339")]
    #[cfg_attr(feature = "schema", schemars(with = "String", extend("format" = "date-time")))]
    pub signed_at: OffsetDateTime,
    /// By which key: Ed25519, 32 bytes in base64.
    pub public_key: String,
    /// Over [`LogEnd::message`], in base64.
    pub signature: String,
}

impl LogEnd {
    /// What the audit key signs.
    pub fn message(tenant: TenantId, lane: &str, seq: i64, hash: Hash, signed_at: OffsetDateTime) -> String {
        let micros = signed_at.unix_timestamp_nanos() / 1_000;
        format!("cd-audit-head-1\n{tenant}\n{lane}\n{seq}\n{hash}\n{micros}")
    }

    /// Whether it was signed with the key that it names.
    pub fn is_signed(&self, tenant: TenantId) -> bool {
        let message = Self::message(tenant, &self.lane, self.seq, self.hash, self.signed_at);
        signing::parse_public_key(&self.public_key)
            .is_some_and(|key| signing::verify(&key, &message, &self.signature))
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;

    use super::*;

    #[test]
    fn an_end_that_was_changed_or_is_another_tenants_is_not_signed() {
        let (tenant, key) = (TenantId::new(), SigningKey::from_bytes(&[7; 32]));
        let (hash, signed_at) = (Hash::of(b"entry"), OffsetDateTime::UNIX_EPOCH);
        let message = LogEnd::message(tenant, "writes", 17, hash, signed_at);
        let end = LogEnd {
            lane: "writes".into(),
            seq: 17,
            hash,
            signed_at,
            public_key: signing::public_key_text(&key.verifying_key()),
            signature: signing::sign(&key, &message),
        };
        assert!(end.is_signed(tenant));
        assert!(!end.is_signed(TenantId::new()));
        for changed in [
            LogEnd { seq: 18, ..end.clone() },
            LogEnd { hash: Hash::ZERO, ..end.clone() },
            LogEnd { lane: "accounts".into(), ..end.clone() },
            LogEnd { signature: String::new(), ..end },
        ] {
            assert!(!changed.is_signed(tenant));
        }
    }
}

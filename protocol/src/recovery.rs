//! The recovery code of a computer whose keys were lost, as far as it travels: its fingerprint, never the code. The code
//! opens the computer's data and nothing else; to work again the computer is enrolled, under another id.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::id::DeviceId;
use crate::mutation::Hash;

/// The characters of codes that people read and type: Crockford's base 32, without I, L, O and U.
pub const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// So many of them tell one recovery code from another, on the paper and in the list of computers.
pub const FINGERPRINT_LETTERS: usize = 6;

/// Whether a text has the form of a fingerprint.
pub fn is_fingerprint(text: &str) -> bool {
    text.len() == FINGERPRINT_LETTERS && text.bytes().all(|byte| ALPHABET.contains(&byte))
}

/// `POST /v1/devices/recovery`: a recovery code was made on the caller's computer, and opens it from now on. The one
/// before opens nothing any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RecoveryMade {
    /// The fingerprint of the code.
    pub fingerprint: String,
    /// When, by the computer's clock.
    #[serde(with = "time::serde::rfc3339")]
    #[cfg_attr(feature = "schema", schemars(with = "String", extend("format" = "date-time")))]
    pub made_at: OffsetDateTime,
}

/// In [`crate::api::EnrolRequest`]: the computer comes back after its keys were lost, with all that was on it. The server
/// agrees if the fingerprint is that of the last code made there, or if that computer is out of service already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Recovers {
    /// The computer that it was; it is out of service from then on.
    pub device_id: DeviceId,
    /// The fingerprint of the code that opened its data.
    pub fingerprint: String,
    /// The number of the last mutation that was made on it: the new one counts on from there.
    pub until: i64,
    /// The hash of that mutation, on which the new one's chain goes on.
    pub until_hash: Hash,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_six_letters_that_are_not_mistaken_for_others() {
        assert!(is_fingerprint("7Q4K9X"));
        for text in ["", "7Q4K9", "7Q4K9XM", "7q4k9x", "7Q4K9O", "7Q4-9X"] {
            assert!(!is_fingerprint(text), "{text}");
        }
    }
}

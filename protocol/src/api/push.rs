//! What a desktop sends, and what became of it.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::Notice;
use crate::error::RefusalCode;
use crate::id::Epoch;
use crate::merge::ReviewColumn;
use crate::mutation::{Hash, SignedMutation};
use crate::table::Row;

/// At most this many mutations in one push.
pub const MAX_PUSH_MUTATIONS: usize = 500;
/// At most this many changed rows in one mutation; more is set aside.
pub const MAX_MUTATION_CHANGES: usize = 2_000;
/// At most this many bytes of one mutation's body; more is set aside.
pub const MAX_MUTATION_BYTES: usize = 1024 * 1024;
/// At most this many bytes of a push as sent.
pub const MAX_PUSH_BYTES: usize = 1024 * 1024;
/// At most this many bytes of a push once decompressed.
pub const MAX_PUSH_DECODED_BYTES: usize = 16 * 1024 * 1024;
/// At most this many times as long as it was sent is a push once decompressed …
pub const MAX_PUSH_RATIO: usize = 100;
/// … as soon as it is longer than this many bytes.
pub const MIN_RATED_BYTES: usize = 64 * 1024;
/// At most this many bytes of one device wait for a person; more stays on the desktop.
pub const MAX_QUARANTINE_BYTES: i64 = 64 * 1024 * 1024;

/// How many bytes at most a compressed body of so many may be once decompressed. What shrinks further is sent plain.
pub const fn may_grow_to(compressed: usize) -> usize {
    let rated = compressed.saturating_mul(MAX_PUSH_RATIO);
    if rated < MIN_RATED_BYTES {
        MIN_RATED_BYTES
    } else if rated < MAX_PUSH_DECODED_BYTES {
        rated
    } else {
        MAX_PUSH_DECODED_BYTES
    }
}

/// `POST /v1/sync/push`: mutations in the device's order, at most [`MAX_PUSH_MUTATIONS`].
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PushRequest {
    /// The epoch that the device knows.
    pub epoch: Epoch,
    /// What was done.
    pub mutations: Vec<SignedMutation>,
}

/// What became of a mutation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum Fate {
    /// As sent.
    Applied,
    /// Others had changed other columns, or a rule decided.
    Merged,
    /// The server's value of a column stays until a person decides; the rest is applied.
    Conflict,
    /// Refused on its content; kept on both sides for a person.
    Quarantined,
    /// It builds on a quarantined mutation and waits with it.
    Blocked,
    /// It was quarantined, and a corrected one took its place.
    Replaced,
    /// It was quarantined, and a person discarded it.
    Discarded,
    /// A later server has a word that this program does not know: the change is neither in nor out here before it does.
    #[serde(other)]
    #[cfg_attr(feature = "schema", schemars(skip))]
    #[cfg_attr(feature = "ts", ts(skip))]
    Other,
}

impl Fate {
    /// Whether it went in.
    pub fn is_in(self) -> bool {
        matches!(self, Self::Applied | Self::Merged | Self::Conflict)
    }

    /// Whether it waits: for a person, or for a program that knows what became of it. Every other fate is final.
    pub fn is_aside(self) -> bool {
        matches!(self, Self::Quarantined | Self::Blocked | Self::Other)
    }
}

/// The server's stored answer to one mutation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Receipt {
    /// Which mutation of the device.
    pub sequence: i64,
    /// Its hash.
    pub hash: Hash,
    /// What became of it.
    pub fate: Fate,
    /// Why it was quarantined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<RefusalCode>,
    /// The same in words for staff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The quarantined mutation that it builds on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked_by: Option<i64>,
    /// What a person must decide.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub review: Vec<ReviewColumn>,
}

/// The answer to [`PushRequest`].
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PushResponse {
    /// The tenant's version before this push.
    pub head_before: i64,
    /// The tenant's version after it. A desktop that had seen `head_before` has now seen this one.
    pub head: i64,
    /// One for each mutation, in their order.
    pub receipts: Vec<Receipt>,
    /// The rows that the mutations touched, as they are now.
    pub rows: Vec<Row>,
    /// The server's clock.
    #[serde(with = "time::serde::rfc3339")]
    #[cfg_attr(feature = "schema", schemars(with = "String", extend("format" = "date-time")))]
    pub server_time: OffsetDateTime,
    /// What the tenant's people should know of its plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Notice>,
}

/// `POST /v1/sync/receipts`: what became by now of mutations of this device that waited for a person.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReceiptsRequest {
    /// The epoch that the device knows.
    pub epoch: Epoch,
    /// Which, at most [`MAX_PUSH_MUTATIONS`].
    pub sequences: Vec<i64>,
}

/// The answer to [`ReceiptsRequest`].
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReceiptsAnswer {
    /// As they stand now, in the order of their numbers.
    pub receipts: Vec<Receipt>,
    /// The rows that those which went in name, as they are now.
    pub rows: Vec<Row>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::NoticeCode;

    #[test]
    fn words_of_a_later_server_fail_no_answer() {
        let hash = Hash::ZERO;
        let answer = format!(
            r#"{{"head_before":41,"head":42,"rows":[],"server_time":"2026-11-23T04:11:09Z",
            "receipts":[{{"sequence":1,"hash":"{hash}","fate":"applied"}},
                        {{"sequence":2,"hash":"{hash}","fate":"quarantined","code":"too_bright","detail":"Too bright."}},
                        {{"sequence":3,"hash":"{hash}","fate":"forwarded"}}],
            "notices":[{{"code":"near_limit","detail":"Nearly full."}},{{"code":"moon_full","detail":"The moon is full."}}]}}"#
        );
        let answer: PushResponse = serde_json::from_str(&answer).expect("BUG: read");
        let receipts: Vec<_> = answer.receipts.iter().map(|one| (one.fate, one.code)).collect();
        assert_eq!(
            receipts,
            [(Fate::Applied, None), (Fate::Quarantined, Some(RefusalCode::Other)), (Fate::Other, None)]
        );
        assert!(Fate::Other.is_aside() && !Fate::Other.is_in());
        assert_eq!(
            (answer.notices[0].code, answer.notices[1].code),
            (NoticeCode::NearLimit, NoticeCode::Other)
        );
        assert_eq!(answer.notices[1].detail, "The moon is full.");
        // What is no word is no answer of a server of ours.
        assert!(serde_json::from_str::<Notice>(r#"{"code":7,"detail":"Seven."}"#).is_err());
    }
}

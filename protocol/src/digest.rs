//! Digests: whether two copies hold the same versions of the same rows. `GET /v1/sync/digest`, `POST /v1/sync/rows`.
//!
//! A digest counts rows and combines a hash of each by exclusive or, so that it does not matter in which order they
//! are looked at. Only rows that are not deleted are in it.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::id::Epoch;
use crate::table::Row;

/// A table's rows fall into so many buckets, by the last byte of their ids: a difference is looked for in one.
pub const BUCKETS: usize = 256;
/// At most this many ids in one [`RowsRequest`].
pub const MAX_ROWS_REQUEST: usize = 1_000;

/// How many rows, and what they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Digest {
    /// How many.
    pub rows: u64,
    /// The exclusive or of their hashes.
    pub hash: Hash64,
}

/// 64 bits, on the wire as 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hash64(pub u64);

impl Digest {
    /// With one more row.
    pub fn add(&mut self, id: Uuid, version: i64) {
        self.rows += 1;
        self.hash.0 ^= row_hash(id, version);
    }

    /// With the rows of another digest.
    pub fn join(&mut self, other: Self) {
        self.rows += other.rows;
        self.hash.0 ^= other.hash.0;
    }
}

/// The first eight bytes, as a big-endian number, of SHA-256 over the 16 bytes of the id and the version as 8
/// big-endian bytes.
pub fn row_hash(id: Uuid, version: i64) -> u64 {
    let mut hasher = Sha256::new();
    hasher.update(id.as_bytes());
    hasher.update(version.to_be_bytes());
    let hash: [u8; 32] = hasher.finalize().into();
    hash[..8].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// The bucket of a row.
pub fn bucket(id: Uuid) -> u8 {
    id.as_bytes()[15]
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Hash64 {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Hash64".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[0-9a-f]{16}$", "description": "64 bits in hexadecimal." })
    }
}

impl Serialize for Hash64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:016x}", self.0))
    }
}

impl<'de> Deserialize<'de> for Hash64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let hash = u64::from_str_radix(&text, 16).map(Self);
        hash.map_err(|_| serde::de::Error::custom("not a hash in hexadecimal"))
    }
}

/// `GET /v1/sync/digest?epoch&table&bucket`. Without a table: a digest of each; with one: of each of its buckets; with
/// both: the ids and versions in that bucket.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DigestQuery {
    /// The epoch that the device knows.
    pub epoch: Epoch,
    /// The name of a table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// One of its buckets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<u8>,
}

/// The digest of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TableDigest {
    /// Its name. A desktop passes by a table that it does not know.
    pub table: String,
    /// The rows that the device's scope sees.
    #[serde(flatten)]
    pub digest: Digest,
}

/// The answer to [`DigestQuery`]. It can be compared with a copy at the same version, of both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DigestAnswer {
    /// The tenant's version that was looked at.
    pub version: i64,
    /// The catalogue's version.
    pub catalogue: i64,
    /// Every table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<TableDigest>,
    /// Every bucket of the table, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buckets: Vec<Digest>,
    /// The rows of the bucket: id and version.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<(Uuid, i64)>,
}

/// `POST /v1/sync/rows`: rows by their ids, to mend a copy.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RowsRequest {
    /// The epoch that the device knows.
    pub epoch: Epoch,
    /// The name of their table.
    pub table: String,
    /// At most [`MAX_ROWS_REQUEST`] ids.
    pub ids: Vec<Uuid>,
}

/// The answer to [`RowsRequest`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RowsAnswer {
    /// The tenant's version that was looked at.
    pub version: i64,
    /// Those rows that there are, deleted ones too.
    pub rows: Vec<Row>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_row_hashes_to_what_the_specification_says() {
        // printf '…' | xxd -r -p | sha256sum, over id and version.
        let id = Uuid::from_u128(0x0193_5f2a_0000_7000_8000_0000_0000_0001);
        assert_eq!(format!("{:016x}", row_hash(id, 42)), "6d4bbb39765e998d");
        assert_eq!(bucket(id), 1);
    }

    #[test]
    fn a_digest_travels_as_hexadecimal() {
        let digest = TableDigest { table: "patients".into(), digest: Digest { rows: 3, hash: Hash64(0xff) } };
        let json = serde_json::to_string(&digest).expect("BUG: JSON");
        assert_eq!(json, r#"{"table":"patients","rows":3,"hash":"00000000000000ff"}"#);
        assert_eq!(serde_json::from_str::<TableDigest>(&json).ok(), Some(digest));
    }

    proptest! {
        #[test]
        fn the_order_of_rows_does_not_matter_and_every_difference_shows(
            rows in prop::collection::hash_map(any::<u128>(), 1_i64..1_000, 1..20), turn in any::<usize>(),
        ) {
            let digest = |rows: &[(u128, i64)]| {
                let mut digest = Digest::default();
                for (id, version) in rows {
                    digest.add(Uuid::from_u128(*id), *version);
                }
                digest
            };
            let mut rows: Vec<_> = rows.into_iter().collect();
            let whole = digest(&rows);
            let turn = turn % rows.len();
            rows.rotate_left(turn);
            prop_assert_eq!(digest(&rows), whole);
            let (start, rest) = rows.split_at(turn);
            let mut joined = digest(start);
            joined.join(digest(rest));
            prop_assert_eq!(joined, whole);
            rows[turn].1 += 1;
            prop_assert_ne!(digest(&rows), whole);
            rows.pop();
            prop_assert_ne!(digest(&rows), whole);
        }
    }
}

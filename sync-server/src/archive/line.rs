//! A row as a line of an archive: a JSON object whose keys are sorted and whose values are the database's own text,
//! so that the same row always gives the same bytes.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::audit::heads::hex;

/// A row.
#[derive(Clone, Debug)]
pub(super) struct Line(BTreeMap<String, Box<RawValue>>);

impl Line {
    /// Reads `to_jsonb(row)`, or a line of an archive.
    pub(super) fn parse(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str(text).map(Self)
    }

    /// The value as JSON; `null` where there is none.
    pub(super) fn get(&self, column: &str) -> &str {
        self.0.get(column).map_or("null", |value| value.get())
    }

    /// The value, if it is a text.
    pub(super) fn text(&self, column: &str) -> Option<String> {
        serde_json::from_str(self.get(column)).ok()
    }

    /// Puts a value in the place of another. What is not there is not added.
    pub(super) fn set(&mut self, column: &str, value: &serde_json::Value) {
        if let Some(place) = self.0.get_mut(column) {
            *place = serde_json::value::to_raw_value(value).expect("BUG: every value is JSON");
        }
    }

    /// Whether it has these columns and no others.
    pub(super) fn has_exactly(&self, columns: &[String]) -> bool {
        self.0.len() == columns.len() && columns.iter().all(|column| self.0.contains_key(column))
    }

    /// Leaves these columns only.
    pub(super) fn keep(&mut self, columns: &[String]) {
        self.0.retain(|name, _| columns.contains(name));
    }

    /// The line, with its line feed.
    pub(super) fn to_text(&self) -> String {
        let mut text = serde_json::to_string(&self.0).expect("BUG: a map of JSON is JSON");
        text.push('\n');
        text
    }
}

/// Counts and hashes lines.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) rows: u64,
    pub(super) bytes: u64,
    hash: Sha256,
}

impl Tally {
    pub(super) fn add(&mut self, line: &str) {
        self.rows += 1;
        self.bytes += line.len() as u64;
        self.hash.update(line);
    }

    pub(super) fn sha256(self) -> String {
        hex(&self.hash.finalize())
    }
}

/// Counts lines and adds up their hashes: two databases may keep the same texts in another order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Unordered {
    pub(super) rows: u64,
    sum: [u64; 4],
}

impl Unordered {
    pub(super) fn add(&mut self, line: &str) {
        self.rows += 1;
        let hash: [u8; 32] = Sha256::digest(line).into();
        for (sum, part) in self.sum.iter_mut().zip(hash.as_chunks::<8>().0) {
            *sum = sum.wrapping_add(u64::from_be_bytes(*part));
        }
    }
}

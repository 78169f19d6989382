//! Changes that the server refused, and what people make of them.

use protocol::error::RefusalCode;
use protocol::id::PatientId;
use protocol::settlement::Way;
use serde::{Deserialize, Serialize};

use super::Entry;

/// A change that the server refused, and what can be made of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct RefusedChange {
    /// Its number on this computer.
    pub sequence: u32,
    /// What was done, in plain words.
    pub title: String,
    /// Whom it concerns.
    pub patient_id: Option<PatientId>,
    /// Their name.
    pub patient_name: Option<String>,
    /// Who did it.
    pub actor_name: String,
    /// When.
    pub recorded_at: String,
    /// Why it was refused, for programs.
    pub code: Option<RefusalCode>,
    /// The same in words.
    pub detail: Option<String>,
    /// How many later changes wait behind it.
    pub behind: u32,
    /// What was last asked for, unless it was refused again since.
    pub asked: Option<AskedOfRefused>,
    /// The values, those that this person may read.
    pub fields: Vec<RefusedField>,
    /// Whether corrected values can be written in its place.
    pub may_correct: bool,
    /// Whether it is a prescription, which goes back to the pad instead.
    pub may_reopen: bool,
    /// Whether this person may discard it.
    pub may_discard: bool,
}

/// What somebody here wants to become of a refused change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct AskedOfRefused {
    /// What.
    pub way: Way,
    /// Who.
    pub who: String,
    /// When.
    pub at: String,
    /// Why.
    pub reason: Option<String>,
    /// Whether the server has heard of it.
    pub is_sent: bool,
}

/// A value in a refused change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct RefusedField {
    /// The number of the changed record in it.
    pub record: u32,
    /// The table's name.
    pub table: String,
    /// The column's name.
    pub column: String,
    /// The value, names for ids.
    pub value: Option<String>,
    /// How another one is typed, if it can be.
    pub entry: Option<Entry>,
}

/// A corrected value.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct CorrectedField {
    /// The number of the changed record in it.
    pub record: u32,
    /// The column's name.
    pub column: String,
    /// As typed; empty for none.
    pub typed: String,
}

/// A refused change that was handed to the admins, as they see it: without its values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct RefusedItem {
    /// What was done, in plain words.
    pub title: String,
    /// Why the server refused it.
    pub detail: Option<String>,
    /// Why it was handed over.
    pub why: Option<String>,
    /// When it was last tried again in vain.
    pub tried_at: Option<String>,
    /// What was asked for here and waits to be sent.
    pub asked: Option<Way>,
}

//! What a person must decide, or has decided.

use protocol::conflict;
use protocol::id::ConflictId;
use serde::Serialize;

use super::{PatientSummary, RefusedItem};

/// Something that a person must decide, or has decided.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct Conflict {
    /// Which.
    pub id: ConflictId,
    /// What it is about.
    pub kind: conflict::Kind,
    /// Whose work it is.
    pub group: ConflictGroup,
    /// The table's name.
    pub table: String,
    /// The fact, by its leading column; `deleted` for the row itself.
    pub column: Option<String>,
    /// The rule that found it.
    pub rule: Option<String>,
    /// Whom it concerns.
    pub patient: Option<PatientSummary>,
    /// The other registration, of two that may be one person.
    pub other_patient: Option<PatientSummary>,
    /// What differs, entry by entry.
    pub facts: Vec<ConflictFact>,
    /// The value that the server had.
    pub theirs: ConflictSide,
    /// The value that came later.
    pub ours: ConflictSide,
    /// Whether both hold together until someone decides.
    pub is_union: bool,
    /// The choice that is offered first.
    pub safer: Option<conflict::Choice>,
    /// How another value can be typed, if it can.
    pub entry: Option<Entry>,
    /// Whether whoever is signed in may decide it.
    pub may_decide: bool,
    /// When it was opened.
    pub opened_at: String,
    /// What was decided.
    pub decided: Option<Decided>,
    /// The refused change that it is about, if it is about one.
    pub refused: Option<RefusedItem>,
}

/// Whose work an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum ConflictGroup {
    /// A doctor's or dentist's.
    Clinical,
    /// A dentist's.
    Dental,
    /// Reception's as well.
    FrontDesk,
}

/// One thing that differs. Values are as they are stored; names stand for ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct ConflictFact {
    /// The column, or the entry of one, such as `weight_kg`.
    pub name: String,
    /// What both had seen.
    pub base: Option<String>,
    /// What the server had.
    pub theirs: Option<String>,
    /// What came later.
    pub ours: Option<String>,
}

/// One side of an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct ConflictSide {
    /// The whole value in words.
    pub text: Option<String>,
    /// Who wrote it; absent if another program did.
    pub who: Option<String>,
    /// On which computer.
    pub device: Option<String>,
    /// When.
    pub at: Option<String>,
    /// Whether it was this computer.
    pub is_here: bool,
    /// Whether it is what the record says until someone decides.
    pub holds: bool,
}

/// How another value is typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export, rename = "ConflictEntry"))]
pub enum Entry {
    /// As a text.
    Text,
    /// As a number.
    Number,
    /// As a day.
    Date,
    /// One of these.
    Choice {
        /// All that there are.
        choices: Vec<String>,
    },
}

/// What was decided about an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct Decided {
    /// What.
    pub choice: conflict::Choice,
    /// The value that holds since.
    pub value: Option<String>,
    /// Why, in words.
    pub reason: Option<String>,
    /// Who decided; absent as long as it waits to be sent.
    pub who: Option<String>,
    /// When.
    pub at: Option<String>,
    /// Whether the server has it.
    pub is_sent: bool,
}

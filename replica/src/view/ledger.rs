//! The ledger: what was done on this computer, and what became of it.

use protocol::api::Fate;
use protocol::id::UserId;
use serde::{Deserialize, Serialize};

/// An entry of the ledger: something done on this computer, and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct LedgerEntry {
    /// Its number on this computer.
    pub sequence: u32,
    /// What was done, in plain words: "Prescription signed".
    pub title: String,
    /// Whom it concerns.
    pub patient_name: Option<String>,
    /// Who did it.
    pub actor_name: Option<String>,
    /// When.
    pub recorded_at: String,
    /// What became of it; absent while it waits for the network.
    pub fate: Option<Fate>,
    /// When the server acknowledged it.
    pub acknowledged_at: Option<String>,
    /// Why it was set aside, or what a person must decide.
    pub detail: Option<String>,
}

/// What became of a change, or that it waits for the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum LedgerState {
    /// Not acknowledged by the server yet.
    Waiting,
    /// As sent.
    Applied,
    /// Merged with what others had changed.
    Merged,
    /// A person must decide.
    Conflict,
    /// Refused.
    Quarantined,
    /// Behind a refused one.
    Blocked,
    /// Refused, and corrected.
    Replaced,
    /// Refused, and discarded.
    Discarded,
}

impl LedgerState {
    /// Its word in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Applied => Self::fate_text(Fate::Applied),
            Self::Merged => Self::fate_text(Fate::Merged),
            Self::Conflict => Self::fate_text(Fate::Conflict),
            Self::Quarantined => Self::fate_text(Fate::Quarantined),
            Self::Blocked => Self::fate_text(Fate::Blocked),
            Self::Replaced => Self::fate_text(Fate::Replaced),
            Self::Discarded => Self::fate_text(Fate::Discarded),
        }
    }

    /// The word of a fate.
    pub fn fate_text(fate: Fate) -> &'static str {
        match fate {
            Fate::Applied => "applied",
            Fate::Merged => "merged",
            Fate::Conflict => "conflict",
            Fate::Quarantined => "quarantined",
            Fate::Blocked | Fate::Other => "blocked",
            Fate::Replaced => "replaced",
            Fate::Discarded => "discarded",
        }
    }

    /// The state of this word.
    pub fn of(word: &str) -> Option<Self> {
        Self::deserialize(serde_json::Value::from(word)).ok()
    }
}

/// What of the ledger is asked for; what is absent or empty asks for all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct LedgerFilter {
    /// A patient's name or number, or the number of a change.
    pub query: String,
    /// What was done, as the program calls it.
    pub kind: Option<String>,
    /// What became of it.
    pub state: Option<LedgerState>,
    /// The first day.
    pub from: Option<String>,
    /// The last day.
    pub to: Option<String>,
    /// Who did it.
    pub author: Option<UserId>,
}

/// A page of the ledger.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct LedgerPage {
    /// How many entries fit in all.
    pub total: u32,
    /// Those of this page, newest first.
    pub entries: Vec<LedgerEntry>,
}

/// What the ledger can be filtered by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct LedgerChoices {
    /// What was done here so far.
    pub kinds: Vec<LedgerKind>,
    /// Who did it.
    pub people: Vec<LedgerPerson>,
    /// How many changes there are of each state that occurs.
    pub counts: Vec<(LedgerState, u32)>,
}

/// A kind of change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct LedgerKind {
    /// As the program calls it.
    pub kind: String,
    /// In plain words.
    pub title: String,
}

/// Somebody who did something here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct LedgerPerson {
    /// Who.
    pub user_id: UserId,
    /// Their name.
    pub full_name: String,
}

/// How the ledger is written out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum LedgerFormat {
    /// For spreadsheets.
    Csv,
    /// One JSON object a line.
    Ndjson,
}

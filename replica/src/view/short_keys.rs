//! Short keys, as the window shows and sends them.

use protocol::id::ShortKeyId;
use serde::{Deserialize, Serialize};

use super::ItemView;

/// A short key that fits what was typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct ShortKeyFound {
    /// Without its slash.
    pub key: String,
    /// What it is for.
    pub title: String,
    /// How many lines it gives.
    pub items: u32,
    /// Whether it is the doctor's own.
    pub is_own: bool,
}

/// A short key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct ShortKey {
    /// Which.
    pub id: ShortKeyId,
    /// Whether an own key of the same name is used instead.
    pub is_shadowed: bool,
    /// What it says.
    pub form: ShortKeyForm,
}

/// A short key as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct ShortKeyForm {
    /// With or without its sign.
    pub key: String,
    /// What it is for.
    pub title: String,
    /// Whether it stands for words (`.key`) and not for a regimen (`/key`).
    pub is_phrase: bool,
    /// Whether it is the doctor's own; otherwise everyone's.
    pub is_own: bool,
    /// Medicines and doses, one a line, as in the pad.
    pub lines: String,
    /// Diagnoses, one a line.
    pub diagnoses: String,
    /// Advice; of a phrase, its words.
    pub advice: String,
    /// Tests, one a line.
    pub investigations: String,
    /// `5d`, `2w`.
    pub follow_up: String,
    /// For nobody younger.
    pub min_age_months: Option<u32>,
    /// For nobody older.
    pub max_age_months: Option<u32>,
    /// `male` or `female`, if for one only.
    pub sex: Option<String>,
    /// For nobody who is allergic in these classes, one a line.
    pub not_with: String,
}

/// What a short key would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct ShortKeyTest {
    /// Its lines as they would print; one that cannot be read shows why instead.
    pub lines: Vec<ItemView>,
    /// Whether all of them can be read.
    pub is_readable: bool,
    /// The medicines that the checks do not know: of them nothing is found, whomever they harm.
    pub not_checked: Vec<String>,
    /// Whom it would harm.
    pub findings: Vec<TestFinding>,
}

/// Someone whom a short key would harm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct TestFinding {
    /// Who.
    pub who: String,
    /// By which line.
    pub medicine: String,
    /// Why.
    pub why: String,
    /// Whether the line would be held.
    pub is_held: bool,
}

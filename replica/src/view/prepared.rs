//! What was prepared for the doctors.

use protocol::id::PrescriptionId;
use serde::Serialize;

use super::{ItemView, PatientSummary, Vitals};

/// What somebody prepared for the doctors, and nobody has taken up yet.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct Prepared {
    /// Which draft.
    pub id: PrescriptionId,
    /// Who gave it.
    pub by: String,
    /// When.
    pub at: String,
    /// What was measured.
    pub vitals: Vitals,
    /// What else it says, in their words.
    pub words: Vec<String>,
    /// Its lines.
    pub items: Vec<ItemView>,
}

/// Somebody who waits for a doctor with what was prepared.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct PreparedPatient {
    /// Who.
    pub patient: PatientSummary,
    /// With what.
    pub prepared: Prepared,
}

/// The answer to giving a draft to the doctors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct GivenDraft {
    /// What was given.
    pub id: PrescriptionId,
    /// Whether it was all of the draft: what only a doctor writes stays on this computer, and reasons to keep a line
    /// in spite of a check are not handed on.
    pub is_all: bool,
}

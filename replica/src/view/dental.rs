//! A patient's teeth.

use protocol::dental::{DentalEntry, ProcedureStatus, Site};
use protocol::id::{ObservationId, ProcedureId};
use serde::{Deserialize, Serialize};

/// What was seen, and what is planned and done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct DentalChart {
    /// Whether this person writes findings and plans here.
    pub may_chart: bool,
    /// Whether this person says that a procedure was done, or takes that back.
    pub may_complete: bool,
    /// Whether the primary teeth are shown unasked: a child has them, or one of them is charted.
    pub shows_primary: bool,
    /// Teeth of which something is known, by their number.
    pub teeth: Vec<ToothView>,
    /// What was seen, newest first, without what was entered in error.
    pub findings: Vec<DentalFinding>,
    /// What is to be done in its order, then what was done or given up, newest first, without what was entered in error.
    pub procedures: Vec<DentalProcedure>,
}

/// What a tooth is drawn as: the fold of all that is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct ToothView {
    /// Its FDI number.
    pub tooth: u8,
    /// Whether it is there.
    pub presence: ToothPresence,
    /// What is drawn on its surfaces; of several things on one, the last in order hides the others.
    pub surfaces: Vec<SurfaceMark>,
    /// A crown.
    pub crown: Option<Work>,
    /// A root canal treatment.
    pub root_canal: Option<Work>,
    /// An implant in place of its roots.
    pub implant: Option<Work>,
    /// Only planned: one that was extracted is missing.
    pub extraction: Option<Work>,
    /// A sealant.
    pub has_sealant: bool,
    /// A lesion at the tip of a root.
    pub has_lesion: bool,
    /// A fracture.
    pub is_fractured: bool,
    /// Codes as they stand at its number: disease, then what is there, then what is planned.
    pub codes: Vec<ToothCode>,
}

/// A code at the number of a tooth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct ToothCode {
    /// `C`, `RCT`, `plan F`.
    pub text: String,
    /// What it speaks of.
    pub tone: ToothTone,
}

/// What a code speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum ToothTone {
    /// Disease, and work that does not hold.
    Disease,
    /// What is there, and what is not.
    Work,
    /// What is to be done.
    Plan,
}

/// Whether a tooth is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum ToothPresence {
    /// It is.
    Present,
    /// It was extracted, or was never there.
    Missing,
    /// It has not come yet.
    NotErupted,
    /// It cannot come.
    Impacted,
}

/// Whether work is done or planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum Work {
    /// It is there.
    Done,
    /// It is to be done.
    Planned,
}

/// What is drawn on one surface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct SurfaceMark {
    /// Which.
    pub surface: Surface,
    /// What is there.
    pub mark: Mark,
}

/// A surface of a tooth, by the letter with which it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum Surface {
    /// Mesial: towards the middle.
    M,
    /// Occlusal: of a back tooth.
    O,
    /// Incisal: the edge of a front tooth.
    I,
    /// Distal.
    D,
    /// Buccal or labial: towards the cheek or the lip.
    B,
    /// Lingual or palatal.
    L,
}

impl Surface {
    /// The surface of this letter.
    pub(crate) fn of(letter: char) -> Option<Self> {
        match letter {
            'M' => Some(Self::M),
            'O' => Some(Self::O),
            'I' => Some(Self::I),
            'D' => Some(Self::D),
            'B' => Some(Self::B),
            'L' => Some(Self::L),
            _ => None,
        }
    }
}

/// What a surface shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum Mark {
    /// Something is to be done.
    Planned,
    /// A filling.
    Filling,
    /// A filling that does not hold.
    FillingFailing,
    /// Caries.
    Caries,
}

/// Where in the mouth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct DentalSite {
    /// `tooth`, `quadrant`, `sextant`, `arch` or `mouth`.
    pub kind: String,
    /// The FDI number of a tooth.
    pub tooth: Option<u8>,
    /// `q1`–`q4`, `s1`–`s6`, `upper` or `lower`.
    pub region: Option<String>,
}

impl From<Site> for DentalSite {
    fn from(site: Site) -> Self {
        Self {
            kind: site.kind().to_owned(),
            tooth: site.tooth().map(protocol::dental::Tooth::fdi),
            region: site.region().map(str::to_owned),
        }
    }
}

/// Something that was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct DentalFinding {
    /// Which.
    pub id: ObservationId,
    /// Where.
    pub site: DentalSite,
    /// `MO`; empty for the whole of it.
    pub surfaces: String,
    /// One of [`protocol::table::CONDITIONS`].
    pub condition: String,
    /// Of mobility and furcation; pockets and recessions in mm.
    pub grade: Option<u8>,
    /// Whether it still holds.
    pub status: FindingStatus,
    /// The day.
    pub observed_on: String,
    /// What else was written.
    pub note: String,
    /// Whose it is.
    pub by: String,
    /// Whether two computers differ about it, and it waits for a decision.
    pub is_disputed: bool,
}

/// Whether a finding still holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum FindingStatus {
    /// It does.
    Active,
    /// It passed, or was treated.
    Resolved,
    /// It should never have been written.
    EnteredInError,
}

/// Something that is to be done, or was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct DentalProcedure {
    /// Which.
    pub id: ProcedureId,
    /// Where.
    pub site: DentalSite,
    /// `MO`; empty for the whole of it.
    pub surfaces: String,
    /// Of a common one: `F`, `RCT`.
    pub code: Option<String>,
    /// What it is called.
    pub name: String,
    /// How far it is.
    pub status: ProcedureStatus,
    /// Where this person can take it from here.
    pub next: Vec<ProcedureStatus>,
    /// The day on which it was planned.
    pub planned_on: Option<String>,
    /// The day on which it was begun.
    pub started_on: Option<String>,
    /// The day on which it was done.
    pub completed_on: Option<String>,
    /// What else was written.
    pub note: String,
    /// Whose it is.
    pub by: String,
    /// Whether two computers differ about it, and it waits for a decision.
    pub is_disputed: bool,
}

/// What a line of the chart says, as far as it was typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct DentalLineRead {
    /// Where, as soon as that is known.
    pub site: Option<DentalSite>,
    /// `MO`; empty for the whole of it.
    pub surfaces: String,
    /// What; none while that is not said.
    pub entry: Option<DentalEntry>,
    /// What stands behind `//`.
    pub note: String,
}

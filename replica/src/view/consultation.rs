//! What the consultation shows and sends.

use protocol::id::{MedicineId, PrescriptionId};
use protocol::prescription::Status;
use protocol::safety::{Check, Severity};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Conflict;
use crate::store::OwnSignature;

/// A prescription in a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct PrescriptionSummary {
    /// Which.
    pub id: PrescriptionId,
    /// Its printed number.
    pub number: Option<String>,
    /// The day of the visit.
    pub visit_date: String,
    /// Its state.
    pub status: Status,
    /// 1, or more for one that replaces an earlier one.
    pub version: u32,
    /// Why it is void or was replaced, if that is said.
    pub void_reason: Option<String>,
    /// Who signed it.
    pub doctor_name: String,
    /// Whether with their own key; not told where many are shown.
    pub own_signature: Option<OwnSignature>,
    /// Diagnoses in words.
    pub diagnoses: Vec<String>,
    /// Its lines.
    pub items: Vec<ItemView>,
    /// What spoke against it when it was signed.
    pub alerts: Vec<AlertView>,
    /// What else it says.
    pub advice: Option<String>,
    /// When the patient is asked to return.
    pub follow_up_date: Option<String>,
    /// Whether the server has acknowledged it.
    pub is_synced: bool,
}

/// A line of a prescription, as shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct ItemView {
    /// `TAB. PARACETAMOL 650 MG`.
    pub title: String,
    /// What the doctor typed.
    pub medicine_text: String,
    /// What the doctor typed.
    pub dose_text: String,
    /// In plain words.
    pub directions: String,
    /// `15 tablets`; absent if it cannot be counted.
    pub quantity: Option<String>,
    /// Whether no other brand is to be given in its place.
    pub no_substitution: bool,
    /// When it was stopped, if it was.
    pub stopped_at: Option<String>,
    /// Why.
    pub stop_reason: Option<String>,
}

/// A medicine that fits what was typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct MedicineFound {
    /// Which.
    pub id: MedicineId,
    /// Generic name.
    pub generic_name: String,
    /// Brand name.
    pub brand_name: Option<String>,
    /// `500 mg`.
    pub strength_text: Option<String>,
    /// `tablet`, `syrup` …
    pub dosage_form: String,
    /// The dose that the doctor writes most often, or one that is often right, in the grammar of the typed line.
    pub default_dose: Option<String>,
    /// How often whoever is signed in wrote it.
    pub uses: u32,
}

/// A line of the pad as typed in one go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct LineRead {
    /// Up to the first word of the dose.
    pub medicine: String,
    /// From there on; empty as long as none is typed.
    pub dose: String,
    /// Whether it is only the beginning of one: as it stands it is refused.
    pub is_begun: bool,
    /// Medicines that fit, best first.
    pub found: Vec<MedicineFound>,
    /// Which of them is meant.
    pub choice: LineChoice,
    /// The form that its words say, if it is none of the list.
    pub free_form: String,
}

/// Which medicine a line means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum LineChoice {
    /// None yet.
    Nothing,
    /// None of the list: the words as typed, which nothing checks.
    Free,
    /// This one.
    Chosen {
        /// Which.
        medicine: MedicineFound,
    },
    /// One of several, and the line does not say which.
    Several {
        /// How many.
        count: u32,
    },
}

/// A dosage as understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct DosageRead {
    /// `TAB.`, `EYE DROPS`: the form as it prints; empty for one that is not known, or that the name says itself.
    pub form: String,
    /// In plain words: the echo.
    pub words: String,
    /// `15 tablets`; absent if it cannot be counted.
    pub quantity: Option<String>,
}

/// A prescription being written. Saved on this computer at every pause.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct Draft {
    /// Complaints in words.
    pub complaints: String,
    /// What was before, in words.
    pub history: String,
    /// What was found, in words.
    pub examination: String,
    /// Vital signs.
    pub vitals: Vitals,
    /// Diagnoses, by the list or in the doctor's own words.
    pub diagnoses: Vec<Diagnosis>,
    /// Lines already accepted.
    pub items: Vec<DraftItem>,
    /// The line being typed.
    pub line: String,
    /// What that line was before it was taken back to be changed: as long as its medicine's name stands there, that one is
    /// meant, whichever others have the name.
    pub line_was: Option<DraftItem>,
    /// Tests asked for.
    pub investigations: String,
    /// Advice in words.
    pub advice: String,
    /// `5d`, `2w`, `1m` or a day.
    pub follow_up: String,
    /// To whom the patient is sent.
    pub referral: String,
    /// The signed prescription that this one replaces.
    pub amends: Option<PrescriptionId>,
    /// Why; needed where another doctor signed that one.
    pub amend_reason: String,
    /// The prescription whose lines were taken over: what differs from it is shown.
    pub repeated: Option<PrescriptionId>,
    /// What was prepared for the doctors and is in this draft by now: it is not offered again.
    pub taken_up: Vec<PrescriptionId>,
    /// Why lines are to stay, as far as that is typed, by medicine and dose: none of these counts before it is given.
    pub reasons: Vec<Kept>,
}

/// Vital signs; what was not measured is absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct Vitals {
    /// Systolic pressure in mmHg.
    pub bp_sys: Option<f64>,
    /// Diastolic pressure in mmHg.
    pub bp_dia: Option<f64>,
    /// Beats a minute.
    pub pulse: Option<f64>,
    /// Degrees Celsius.
    pub temp_c: Option<f64>,
    /// Per cent.
    pub spo2: Option<f64>,
    /// Breaths a minute.
    pub rr: Option<f64>,
    /// Kilograms.
    pub weight_kg: Option<f64>,
    /// Centimetres.
    pub height_cm: Option<f64>,
    /// Milligrams in a decilitre of blood.
    pub sugar: Option<f64>,
    /// Around the head, in centimetres.
    pub head_cm: Option<f64>,
}

/// A diagnosis.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct Diagnosis {
    /// In words.
    pub text: String,
    /// Its code, if it is from the list.
    pub icd10: Option<String>,
}

impl From<&str> for Diagnosis {
    fn from(text: &str) -> Self {
        Self { text: text.to_owned(), icd10: None }
    }
}

impl<'de> Deserialize<'de> for Diagnosis {
    /// A draft of an earlier program holds the words alone.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Words(String),
            Whole { text: String, icd10: Option<String> },
        }
        Ok(match Form::deserialize(deserializer)? {
            Form::Words(text) => Self { text, icd10: None },
            Form::Whole { text, icd10 } => Self { text, icd10 },
        })
    }
}

/// A line of a draft.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct DraftItem {
    /// From the catalogue, or absent: then the rules do not know it.
    pub medicine_id: Option<MedicineId>,
    /// What prints when it is not from the catalogue.
    pub medicine_text: String,
    /// The dosage as typed.
    pub dose_text: String,
    /// What speaks against it, and why it stays.
    pub kept: Vec<Kept>,
    /// How it came to stand here.
    pub source: ItemSource,
    /// Whether no other brand is to be given in its place.
    pub no_substitution: bool,
}

/// How a line came to stand in a draft.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum ItemSource {
    /// It was typed.
    #[default]
    Typed,
    /// A short key gave it.
    ShortKey,
    /// It was on an earlier prescription.
    Repeat,
    /// It was taken from what the doctor often writes.
    Favourite,
}

/// Why a line stays in spite of a finding.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct Kept {
    /// The finding.
    pub key: String,
    /// The doctor's reason.
    pub reason: String,
}

/// What speaks against the lines of a draft.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export, rename = "DraftSafety"))]
pub struct Safety {
    /// Of each item of the draft.
    pub lines: Vec<LineSafety>,
    /// Of the line that is being typed.
    pub line: Option<LineSafety>,
    /// What no line was looked at for, in words: allergies that the checks do not know.
    pub gaps: Vec<String>,
    /// Why nothing is checked, if nothing is.
    pub broken: Option<String>,
}

/// What speaks against a line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct LineSafety {
    /// The heaviest first.
    pub findings: Vec<FindingView>,
    /// Whether the rules know any of what it is made of.
    pub is_checked: bool,
    /// Whether that is not all: it has a gap, or all lines have one.
    pub is_partly_checked: bool,
    /// What of it was not looked at, in words.
    pub gaps: Vec<String>,
    /// Whether it does not print until a reason is given.
    pub is_held: bool,
}

/// Something that speaks against a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export, rename = "SafetyFinding"))]
pub struct FindingView {
    /// By which check.
    pub check: Check,
    /// How much it weighs.
    pub severity: Severity,
    /// What a reason is given for.
    pub key: String,
    /// Why, in words.
    pub why: String,
    /// What it is about: the allergy as written, the other medicine.
    pub cause: String,
    /// Where the rule comes from.
    pub source: Option<String>,
    /// Why the line stays all the same.
    pub reason: Option<String>,
    /// The signed lines it is about; the check after the merge asks for these.
    #[serde(skip)]
    #[cfg_attr(feature = "ts", ts(skip))]
    pub signed: Vec<Uuid>,
}

/// What spoke against a signed prescription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct AlertView {
    /// The medicine.
    pub medicine: String,
    /// Why.
    pub why: String,
    /// Whether the line was left out of what was signed.
    pub is_left_out: bool,
    /// The doctor's reason to keep it.
    pub reason: Option<String>,
    /// The version of the rules.
    pub rule_version: Option<u32>,
}

/// The prescription pad of a patient.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct Pad {
    /// The draft as it was last saved; empty if there was none.
    pub draft: Draft,
    /// The draft's lines as shown, one for each of its items.
    pub items: Vec<ItemView>,
    /// How it differs from the prescription that it repeats.
    pub difference: Option<Difference>,
    /// What waits for a decision about this patient: until then both values count.
    pub conflicts: Vec<Conflict>,
}

/// The answer to saving a draft.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct DraftSaved {
    /// When it was written to disk.
    pub saved_at: String,
    /// The draft's lines as shown, one for each of its items.
    pub items: Vec<ItemView>,
    /// How it differs from the prescription that it repeats.
    pub difference: Option<Difference>,
    /// The day that `follow_up` means, if it means one.
    pub follow_up_date: Option<String>,
    /// Why nobody can be asked to come back when `follow_up` says, in words.
    pub follow_up_problem: Option<String>,
    /// Values outside what is plausible, in words.
    pub warnings: Vec<String>,
    /// The body mass index, if weight and height were measured.
    pub bmi: Option<f64>,
}

/// How a draft differs from the prescription that it repeats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct Difference {
    /// The day of that prescription.
    pub visit_date: String,
    /// Of each item of the draft.
    pub lines: Vec<LineDifference>,
    /// What is not taken over.
    pub removed: Vec<ItemView>,
}

/// How a line differs from the one that it repeats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum LineDifference {
    /// Not at all.
    Same,
    /// Another dose.
    Changed {
        /// The dose then.
        before: String,
    },
    /// It was not there.
    New,
}

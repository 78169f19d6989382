//! What is known of a patient beyond single visits: allergies, what is taken now, what was measured over the years.

use protocol::id::{AllergyId, ConflictId, PrescriptionId, PrescriptionItemId};
use serde::{Deserialize, Serialize};

use super::Vitals;

/// An allergy as it is typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct AllergyForm {
    /// To what, in words: at most 200 letters.
    pub substance: String,
    /// The ingredient that is meant, as [`Allergen::code`] names it; none for a class, and for what is no medicine.
    pub ingredient_code: Option<String>,
    /// The class that is meant, likewise.
    pub class_code: Option<String>,
    /// What happened, in words: at most 300 letters.
    pub reaction: String,
    /// `mild`, `moderate`, `severe`, `life_threatening`, or none if nobody knows.
    pub severity: Option<String>,
    /// `suspected` or `confirmed`.
    pub certainty: String,
    /// `active`, `inactive` for one that passed, or `entered_in_error`.
    pub status: String,
}

/// An allergy that is noted, whether or not it still counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct AllergyView {
    /// Which.
    pub id: AllergyId,
    /// As the form would be filled now.
    pub form: AllergyForm,
    /// `Penicillins`, `Diclofenac`: what is checked by; none if only the words are.
    pub checked_by: Option<String>,
    /// When it was noted.
    pub noted_on: Option<String>,
    /// Whether it speaks against medicines: it is active, or two computers differ about it.
    pub counts: bool,
    /// What waits for a decision about it.
    pub conflict: Option<ConflictId>,
}

/// What an allergy can be noted to, so that medicines are checked against it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct Allergen {
    /// `Penicillins`, `Diclofenac`.
    pub name: String,
    /// As it is stored.
    pub code: String,
    /// Whether it is a class of medicines, and not one ingredient.
    pub is_class: bool,
    /// For an ingredient that was found by a brand: the brand.
    pub brand: Option<String>,
}

/// What was measured at one visit.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct Measured {
    /// The prescription that it stands in.
    pub prescription_id: PrescriptionId,
    /// The day of the visit.
    pub day: String,
    /// What was measured.
    pub vitals: Vitals,
    /// The body mass index, of someone who was weighed and measured then.
    pub bmi: Option<f64>,
}

/// A medicine that a patient takes now, or would still take if it were not stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct Running {
    /// Its line; the newest, where it was written again.
    pub id: PrescriptionItemId,
    /// The prescription that the line stands in.
    pub prescription_id: PrescriptionId,
    /// `TAB. METFORMIN 500 MG`.
    pub title: String,
    /// In plain words.
    pub directions: String,
    /// The day of that prescription.
    pub prescribed_on: String,
    /// The last day of taking it, or on which it counts if the line does not say how long; absent for until further notice.
    pub until: Option<String>,
    /// Whether the line says until when; else it counts for a month.
    pub is_end_said: bool,
    /// Who prescribed it.
    pub doctor_name: String,
    /// When it was stopped, if it was.
    pub stopped_at: Option<String>,
    /// Why.
    pub stop_reason: Option<String>,
    /// What waits for a decision about it.
    pub conflict: Option<ConflictId>,
}

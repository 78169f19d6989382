//! The clinic's own medicines.

use protocol::id::MedicineId;
use serde::{Deserialize, Serialize};

/// One of the clinic's own medicines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct OwnMedicine {
    /// Which.
    pub id: MedicineId,
    /// `Paracetamol 650 mg (Dolo 650)`.
    pub name: String,
    /// `tablet`, `syrup` …
    pub dosage_form: String,
    /// The dose that is offered.
    pub default_dose: Option<String>,
    /// Whether the checks know what it is made of.
    pub is_checked: bool,
    /// As the form would be filled now.
    pub form: OwnMedicineForm,
}

/// A medicine as it is added to the clinic's own, or corrected.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct OwnMedicineForm {
    /// The medicine of the list that it is: then the checks know it. Never filled from what is stored.
    pub same_as: Option<MedicineId>,
    /// Under which name it is sold.
    pub brand_name: String,
    /// What it is, if it is in no list.
    pub generic_name: String,
    /// `500 mg`, if it is in no list.
    pub strength_text: String,
    /// `tablet`, `syrup` …, if it is in no list.
    pub dosage_form: String,
    /// The dose that is offered; empty for none.
    pub default_dose: String,
}

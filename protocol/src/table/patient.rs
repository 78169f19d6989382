//! Patients and what they must not be given.

use super::Kind::{Bool, Choice, Date, Int, Json, Text, Uuid};
use super::Merge::{Latest, Review, SaferUnion, ServerOnly};
use super::Writer::{Anyone, Clinician, Merger, Nobody};
use super::{Table, TableName, clinical, open};

/// Patients.
pub(super) const PATIENTS: Table = Table {
    name: TableName::Patients,
    sql_name: "patients",
    row_scope: None,
    columns: &[
        open("mobile_number", Text(16), Review, Anyone).required(),
        open("first_name", Text(100), Review, Anyone).required(),
        open("first_name_norm", Text(100), Review, Anyone).required().part_of("first_name"),
        open("last_name", Text(100), Latest, Anyone),
        open("guardian_name", Text(150), Latest, Anyone),
        open("guardian_relation", Choice(&["S/o", "D/o", "W/o", "B/o", "C/o"]), Latest, Anyone),
        open("sex", Choice(&["male", "female", "other", "unknown"]), Review, Anyone).or("\"unknown\""),
        open("date_of_birth", Date, Review, Anyone),
        open("age_years", Int(0, 130), Review, Anyone).part_of("date_of_birth"),
        open("age_months", Int(0, 11), Review, Anyone).part_of("date_of_birth"),
        open("age_recorded_on", Date, Review, Anyone).part_of("date_of_birth"),
        open(
            "blood_group",
            Choice(&["A+", "A-", "B+", "B-", "AB+", "AB-", "O+", "O-", "unknown"]),
            Review,
            Anyone,
        )
        .or("\"unknown\""),
        open("alternate_mobile", Text(16), Latest, Anyone),
        open("email", Text(254), Latest, Anyone),
        open("address_line", Text(300), Latest, Anyone),
        open("city", Text(100), Latest, Anyone),
        open("state_code", Text(10), Latest, Anyone),
        open("pincode", Text(6), Latest, Anyone),
        open("patient_code", Text(30), Latest, Anyone),
        open("preferred_language", Text(10), Latest, Anyone),
        open("allergy_status", Choice(&["none_known", "unknown", "has_allergies"]), SaferUnion, Clinician)
            .or("\"unknown\""),
        clinical("chronic_conditions", Json, Review, Clinician).or("[]"),
        clinical("alerts", Text(2000), SaferUnion, Clinician),
        open("registered_clinic_id", Uuid, Latest, Anyone).to(TableName::Clinics),
        open("is_deceased", Bool, Review, Anyone).or("false"),
        open("deceased_on", Date, Review, Anyone).part_of("is_deceased"),
        open("merged_into_id", Uuid, Review, Merger).to(TableName::Patients),
        open("merge_reason", Text(300), Latest, Merger),
        open("needs_review", Bool, ServerOnly, Nobody).or("false"),
        open("duplicate_ordinal", Int(0, 32767), ServerOnly, Nobody).or("0"),
        open("mobile_raw", Text(40), Latest, Anyone),
        open("abha_number", Text(14), Review, Anyone),
        open("abha_address", Text(100), Latest, Anyone),
        clinical(
            "pregnancy_status",
            Choice(&["unknown", "not_pregnant", "pregnant", "breastfeeding"]),
            Review,
            Clinician,
        ),
        clinical("lmp_date", Date, Review, Clinician),
        open("consent", Json, Latest, Anyone).or("{}"),
        open("photo_sha256", Text(64), Latest, Anyone),
        open("beyond_plan", Bool, ServerOnly, Nobody).or("false"),
        clinical("pregnancy_asked_on", Date, Latest, Clinician),
    ],
};

/// Allergies: a row for each, so that two that are noted at once are both there.
pub(super) const PATIENT_ALLERGIES: Table = Table {
    name: TableName::PatientAllergies,
    sql_name: "patient_allergies",
    row_scope: None,
    columns: &[
        clinical("patient_id", Uuid, Review, Clinician).required().to(TableName::Patients),
        clinical("substance_text", Text(200), SaferUnion, Clinician).required(),
        clinical("ingredient_code", Text(40), Review, Clinician),
        clinical("class_code", Text(40), Review, Clinician),
        clinical("reaction", Text(300), Latest, Clinician),
        clinical(
            "severity",
            Choice(&["mild", "moderate", "severe", "life_threatening"]),
            SaferUnion,
            Clinician,
        ),
        clinical("certainty", Choice(&["suspected", "confirmed"]), SaferUnion, Clinician).or("\"suspected\""),
        clinical("status", Choice(&["entered_in_error", "inactive", "active"]), SaferUnion, Clinician)
            .or("\"active\""),
        clinical("noted_on", Date, Latest, Clinician),
    ],
};

//! Prescriptions and their lines.

use super::Kind::{Bool, Choice, Date, Decimal, Int, Json, Text, Timestamp, Uuid};
use super::Merge::{Latest, Review, ReviewEntries};
use super::Writer::{Clinician, Prescriber};
use super::medicine::{DOSAGE_FORMS, ROUTES};
use super::{Table, TableName, clinical};

/// A medicine's relation to food.
pub const MEAL_RELATIONS: &[&str] = &["before", "after", "with", "empty_stomach", "bedtime", "none"];

/// The states of a prescription; see [`crate::prescription::Status`].
pub const PRESCRIPTION_STATUSES: &[&str] = &["draft", "discarded", "finalised", "superseded", "voided"];

/// Prescriptions.
pub(super) const PRESCRIPTIONS: Table = Table {
    name: TableName::Prescriptions,
    sql_name: "prescriptions",
    row_scope: None,
    columns: &[
        clinical("visit_date", Date, Review, Clinician).required(),
        clinical("doctor_id", Uuid, Review, Clinician).required().to(TableName::Doctors),
        clinical("patient_id", Uuid, Review, Clinician).required().to(TableName::Patients),
        clinical("clinic_id", Uuid, Review, Clinician).required().to(TableName::Clinics),
        clinical("prescription_number", Text(40), Review, Prescriber),
        clinical("status", Choice(PRESCRIPTION_STATUSES), Review, Clinician).or("\"draft\""),
        clinical("version", Int(1, 10_000), Review, Clinician).or("1"),
        clinical("amends_id", Uuid, Review, Prescriber).to(TableName::Prescriptions),
        clinical("superseded_by_id", Uuid, Review, Prescriber).to(TableName::Prescriptions),
        clinical("mode", Choice(&["in_person", "video", "audio", "text"]), Review, Clinician)
            .or("\"in_person\""),
        clinical("chief_complaints", Json, Review, Clinician).or("[]"),
        clinical("examination", Text(4000), Review, Clinician),
        clinical("vitals", Json, ReviewEntries, Clinician).or("{}"),
        clinical("diagnoses", Json, Review, Prescriber).or("[]"),
        clinical("investigations", Json, Review, Prescriber).or("[]"),
        clinical("advice", Text(4000), Review, Prescriber),
        clinical("follow_up_date", Date, Review, Prescriber),
        clinical("follow_up_note", Text(300), Latest, Prescriber),
        clinical("patient_snapshot", Json, Review, Prescriber),
        clinical("doctor_snapshot", Json, Review, Prescriber),
        clinical("finalised_at", Timestamp, Review, Prescriber),
        clinical("finalised_by", Uuid, Review, Prescriber),
        clinical("content_sha256", Text(64), Review, Prescriber),
        clinical("void_reason", Text(300), Review, Prescriber),
        clinical("voided_at", Timestamp, Review, Prescriber),
        clinical("voided_by", Uuid, Review, Prescriber),
        clinical("language", Text(10), Latest, Clinician).or("\"en\""),
        clinical("appointment_id", Uuid, Latest, Clinician).to(TableName::Appointments),
        clinical("history", Text(4000), Review, Clinician),
        clinical("referral_to", Text(300), Review, Prescriber),
        clinical("allergy_snapshot", Json, Review, Prescriber),
        clinical("alerts", Json, Review, Prescriber),
        clinical("own_signature", Text(88), Review, Prescriber),
        // Of a draft that was given to the doctors: whose it is, as the server knows them, and when it was given.
        clinical("prepared_by", Text(150), Review, Clinician),
        clinical("prepared_at", Timestamp, Review, Clinician),
        // Of whatever was written from such drafts: the ids of these.
        clinical("taken_up", Json, Review, Clinician),
    ],
};

/// Lines of prescriptions.
pub(super) const PRESCRIPTION_ITEMS: Table = Table {
    name: TableName::PrescriptionItems,
    sql_name: "prescription_items",
    row_scope: None,
    columns: &[
        clinical("prescription_id", Uuid, Review, Clinician).required().to(TableName::Prescriptions),
        clinical("position", Int(1, 200), Latest, Clinician).required(),
        clinical("medicine_id", Uuid, Review, Clinician).part_of("medicine_text"),
        clinical("medicine_text", Text(250), Review, Clinician).required(),
        clinical("generic_text", Text(250), Review, Clinician).required().part_of("medicine_text"),
        clinical("strength_text", Text(80), Review, Clinician).part_of("medicine_text"),
        clinical("dosage_form", Choice(DOSAGE_FORMS), Review, Clinician).required().part_of("medicine_text"),
        clinical("route", Choice(ROUTES), Review, Clinician).part_of("medicine_text"),
        clinical("dose_text", Text(120), Review, Clinician).required(),
        clinical("dose_pattern", Json, Review, Clinician).required().part_of("dose_text"),
        clinical("dose_unit", Text(20), Review, Clinician).required().part_of("dose_text"),
        clinical("meal_relation", Choice(MEAL_RELATIONS), Review, Clinician)
            .or("\"none\"")
            .part_of("dose_text"),
        clinical("duration_value", Int(1, 999), Review, Clinician).part_of("dose_text"),
        clinical("duration_unit", Choice(&["day", "week", "month", "ongoing"]), Review, Clinician)
            .part_of("dose_text"),
        clinical("quantity", Decimal, Review, Clinician).part_of("dose_text"),
        clinical("instructions", Text(500), Review, Clinician).part_of("dose_text"),
        clinical("patient_directions", Text(1000), Review, Clinician).required().part_of("dose_text"),
        clinical("is_prn", Bool, Review, Clinician).or("false").part_of("dose_text"),
        clinical("substitution_allowed", Bool, Latest, Clinician).or("true"),
        clinical("source", Choice(&["typed", "short_key", "repeat", "favourite"]), Latest, Clinician)
            .or("\"typed\""),
        // Also after signing: the patient was told to stop.
        clinical("stopped_at", Timestamp, Review, Prescriber),
        clinical("stop_reason", Text(300), Review, Prescriber).part_of("stopped_at"),
    ],
};

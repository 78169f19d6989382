//! Clinics and the prescribers who work there.

use super::Kind::{Bool, Choice, Decimal, Int, Json, Text, Uuid};
use super::Merge::{Latest, ServerOnly};
use super::Writer::{Admin, Nobody, Prescriber};
use super::{Table, TableName, open};

/// Places with a letterhead.
pub(super) const CLINICS: Table = Table {
    name: TableName::Clinics,
    sql_name: "clinics",
    row_scope: None,
    columns: &[
        open("clinic_name", Text(200), Latest, Admin).required(),
        open("clinic_code", Text(50), ServerOnly, Nobody).required(),
        open("address", Text(500), Latest, Admin),
        open("phone", Text(20), Latest, Admin),
        open("email", Text(254), Latest, Admin),
        open("city", Text(100), Latest, Admin),
        open("state_code", Text(10), Latest, Admin),
        open("pincode", Text(6), Latest, Admin),
        open("time_zone", Text(40), ServerOnly, Nobody).or("\"Asia/Kolkata\""),
        open("registration_number", Text(60), Latest, Admin),
        open("letterhead", Json, Latest, Admin).or("{}"),
        open("working_hours", Json, Latest, Admin).or("{}"),
        open("is_primary", Bool, ServerOnly, Nobody).or("false"),
        open("is_active", Bool, ServerOnly, Nobody).or("true"),
        open("hfr_id", Text(60), Latest, Admin),
        open("gstin", Text(15), Latest, Admin),
        open("token_prefix", Text(4), Latest, Admin),
    ],
};

/// Prescribers.
pub(super) const DOCTORS: Table = Table {
    name: TableName::Doctors,
    sql_name: "doctors",
    row_scope: None,
    columns: &[
        open("user_id", Uuid, ServerOnly, Nobody),
        open("title", Text(20), Latest, Admin).or("\"Dr.\""),
        open("first_name", Text(100), Latest, Admin).required(),
        open("last_name", Text(100), Latest, Admin),
        open("kind", Choice(&["physician", "dentist", "other"]), ServerOnly, Nobody).required(),
        open("specialization", Text(100), Latest, Admin),
        open("qualifications", Text(200), Latest, Admin),
        open("registration_number", Text(50), ServerOnly, Nobody).required(),
        open("registration_council", Text(100), ServerOnly, Nobody).required(),
        open("registration_year", Int(1900, 2200), ServerOnly, Nobody),
        open("mobile_number", Text(16), Latest, Admin),
        open("email", Text(254), Latest, Admin),
        open("default_clinic_id", Uuid, Latest, Admin).to(TableName::Clinics),
        open("is_active", Bool, ServerOnly, Nobody).or("true"),
        open("hpr_id", Text(60), Latest, Admin),
        open("signature_sha256", Text(64), Latest, Admin),
        open("stamp_sha256", Text(64), Latest, Admin),
        open("consultation_fee", Decimal, Latest, Admin),
        open("slot_minutes", Int(5, 120), Latest, Admin).or("10"),
        open("weekly_schedule", Json, Latest, Admin).or("{}"),
        open("rx_preferences", Json, Latest, Prescriber).or("{}"),
    ],
};

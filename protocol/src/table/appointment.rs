//! Appointments and tokens.

use super::Kind::{Choice, Date, Decimal, Int, Text, Timestamp, Uuid};
use super::Merge::{Furthest, Latest, Review};
use super::Writer::Anyone;
use super::{Table, TableName, open};

/// The states of an appointment; see [`crate::appointment::Status`].
pub const APPOINTMENT_STATUSES: &[&str] = &[
    "booked",
    "confirmed",
    "arrived",
    "in_consultation",
    "completed",
    "left_without_seen",
    "cancelled",
    "rescheduled",
    "no_show",
    "entered_in_error",
];

/// The states that follow each other: of two, the further one holds.
const APPOINTMENT_LADDER: &[&str] = &["booked", "confirmed", "arrived", "in_consultation", "completed"];

/// Appointments.
pub(super) const APPOINTMENTS: Table = Table {
    name: TableName::Appointments,
    sql_name: "appointments",
    row_scope: None,
    columns: &[
        open("appointment_date", Date, Review, Anyone).required(),
        open("start_time", Text(5), Review, Anyone).part_of("appointment_date"),
        open("duration_minutes", Int(5, 480), Latest, Anyone),
        open("clinic_id", Uuid, Review, Anyone).required().to(TableName::Clinics),
        open("doctor_id", Uuid, Review, Anyone).required().to(TableName::Doctors),
        open("patient_id", Uuid, Review, Anyone).required().to(TableName::Patients),
        open(
            "visit_type",
            Choice(&["new", "follow_up", "procedure", "emergency", "teleconsult"]),
            Latest,
            Anyone,
        )
        .or("\"new\""),
        open("source", Choice(&["walk_in", "phone", "online", "follow_up"]), Latest, Anyone)
            .or("\"walk_in\""),
        open("status", Choice(APPOINTMENT_STATUSES), Furthest(APPOINTMENT_LADDER), Anyone).or("\"booked\""),
        open("token_number", Int(1, 9_999), Review, Anyone),
        open("token_label", Text(12), Review, Anyone).part_of("token_number"),
        open("priority", Int(0, 9), Latest, Anyone).or("0"),
        open("reason", Text(500), Latest, Anyone),
        open("arrived_at", Timestamp, Latest, Anyone),
        open("called_at", Timestamp, Latest, Anyone),
        open("started_at", Timestamp, Latest, Anyone),
        open("completed_at", Timestamp, Latest, Anyone),
        open("cancelled_at", Timestamp, Latest, Anyone),
        open("cancel_reason", Choice(&["patient", "doctor", "clinic", "duplicate", "error"]), Latest, Anyone),
        open("rescheduled_to_id", Uuid, Review, Anyone).to(TableName::Appointments),
        open("fee", Decimal, Latest, Anyone),
        open("fee_status", Choice(&["unpaid", "paid", "waived"]), Latest, Anyone).or("\"unpaid\""),
        open("notes", Text(2000), Latest, Anyone),
    ],
};

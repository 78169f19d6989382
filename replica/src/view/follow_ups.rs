//! Follow-ups: whom a doctor asked to come again.

use protocol::id::DoctorId;
use serde::{Deserialize, Serialize};

use super::PatientSummary;

/// For which days one looks who was asked to come again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum FollowUpDays {
    /// From 14 days ago until in 7 days.
    Around,
    /// The 60 days before today.
    Overdue,
    /// From today until in 7 days.
    Week,
    /// From today until in 30 days.
    Month,
}

/// Who is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct FollowUps {
    /// Each with each doctor who asked them, by day.
    pub people: Vec<FollowUp>,
    /// Whether the list stops before its end: then those due nearest to today stand in it.
    pub has_more: bool,
}

/// Somebody whom a doctor asked to come again, and who neither came since nor is booked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct FollowUp {
    /// Who.
    pub patient: PatientSummary,
    /// For which day they were asked.
    pub due_on: String,
    /// In so many days that is; less than 0 if it is over.
    pub days: i32,
    /// By whom.
    pub doctor_id: DoctorId,
    /// `Dr. Anjali Kulkarni`.
    pub doctor_name: String,
}

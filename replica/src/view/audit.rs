//! The audit log, as the clinic's admins read it.

use protocol::id::{PatientId, UserId};
use serde::{Deserialize, Serialize};

/// What of the audit log is asked for; what is absent or empty asks for all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct AuditFilter {
    /// The first day.
    pub from: Option<String>,
    /// The last day.
    pub to: Option<String>,
    /// What was done, as the log calls it.
    pub action: Option<String>,
    /// Who did it.
    pub person: Option<UserId>,
    /// Whose record it was.
    pub patient: Option<PatientId>,
}

/// A page of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct AuditList {
    /// The newest first.
    pub entries: Vec<AuditLine>,
    /// Asks for the page of older ones; absent after the last.
    pub older: Option<String>,
}

/// An entry of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct AuditLine {
    /// Which: its chain and its number there.
    pub id: String,
    /// When the server took it.
    pub at: AuditMoment,
    /// When it was done by the computer's clock, where that is another time.
    pub done: Option<AuditMoment>,
    /// Who did it, or what there is to say of whoever it was.
    pub who: String,
    /// On which computer.
    pub computer: Option<String>,
    /// What was done, in plain words.
    pub what: String,
    /// With what kind of record, in plain words.
    pub record: Option<String>,
    /// Whose record it is: the name of a patient who is on this computer, of a member of staff or of a computer.
    pub name: Option<String>,
    /// The patient whose record it is.
    pub patient: Option<PatientId>,
}

/// A moment by the clinic's clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct AuditMoment {
    /// `2026-11-23`
    pub day: String,
    /// `10:41`
    pub time: String,
}

/// What the audit log can be filtered by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct AuditChoices {
    /// What can have been done.
    pub actions: Vec<AuditChoice>,
    /// The staff, also those who left.
    pub people: Vec<AuditChoice>,
}

/// Something to choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct AuditChoice {
    /// As it is asked for.
    pub value: String,
    /// In plain words, or the name.
    pub title: String,
}

//! A day of this clinic: who comes, who waits, who is with whom, and what is done with a visit.

use protocol::appointment::Status;
use protocol::id::{AppointmentId, DoctorId};
use serde::{Deserialize, Serialize};

use super::PatientSummary;

/// One day of this clinic, doctor by doctor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct Day {
    /// Which day.
    pub date: String,
    /// Whether it is today in the clinic's time zone.
    pub is_today: bool,
    /// All doctors who see patients, and who else has a visit here: the person's own day first, then those of this clinic,
    /// by name.
    pub doctors: Vec<DoctorDay>,
    /// Whether one of their lists stops before its end.
    pub has_more: bool,
}

/// One doctor's day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct DoctorDay {
    /// Which doctor.
    pub doctor_id: DoctorId,
    /// `Dr. Anjali Kulkarni`.
    pub name: String,
    /// Whether it is the doctor who is signed in.
    pub is_own: bool,
    /// Who is with the doctor.
    pub with_doctor: Vec<Booking>,
    /// Who waits: urgent ones first, then as they came.
    pub waiting: Vec<Booking>,
    /// Who is still to come: by time, those without one last.
    pub booked: Vec<Booking>,
    /// What is over, or did not take place: latest first.
    pub over: Vec<Booking>,
}

/// Some days of this clinic, one after the other: who comes, and when a doctor is free.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct Days {
    /// All doctors who see patients, and who else has a visit here on one of these days, in the order of the day.
    pub doctors: Vec<DoctorName>,
    /// Each of the days, also those on which nobody comes.
    pub days: Vec<DayVisits>,
}

/// A doctor, to be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct DoctorName {
    /// Which doctor.
    pub doctor_id: DoctorId,
    /// `Dr. Anjali Kulkarni`.
    pub name: String,
}

/// The visits of one of several days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct DayVisits {
    /// Which day.
    pub date: String,
    /// Whether it is today in the clinic's time zone.
    pub is_today: bool,
    /// Whether it is before today.
    pub is_over: bool,
    /// What was not cancelled, moved or written by mistake: by time, those without one last.
    pub visits: Vec<DayVisit>,
    /// Whether they are not all here: then nobody can tell by them what is free.
    pub has_more: bool,
}

/// A visit among those of several doctors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct DayVisit {
    /// With whom: `Dr. Anjali Kulkarni`.
    pub doctor: String,
    /// The visit.
    pub booking: Booking,
}

/// A visit, as the reception sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct Booking {
    /// Which appointment.
    pub id: AppointmentId,
    /// Who.
    pub patient: PatientSummary,
    /// `09:30`, if a time was given.
    pub time: Option<String>,
    /// For how long the doctor is booked with it.
    pub minutes: Option<u32>,
    /// How far it has come.
    pub status: Status,
    /// What kind of visit it is.
    pub visit_type: VisitType,
    /// What is called in the waiting room: `A-7`.
    pub token: Option<String>,
    /// Whether it comes before the others who wait.
    pub is_urgent: bool,
    /// What for, in words.
    pub reason: Option<String>,
    /// When the patient came.
    pub arrived_at: Option<String>,
    /// When they were called in.
    pub called_at: Option<String>,
    /// When they went in.
    pub started_at: Option<String>,
    /// Whether a slip with the token can be printed for them: they wait.
    pub has_slip: bool,
    /// What may be done with it now, in the order of use.
    pub next: Vec<StepKind>,
}

/// What kind of visit it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum VisitType {
    /// For something new.
    New,
    /// To look after something known.
    FollowUp,
    /// To have something done.
    Procedure,
    /// It cannot wait.
    Emergency,
    /// From afar.
    Teleconsult,
}

/// What a visit is booked with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct BookingForm {
    /// With whom.
    pub doctor_id: DoctorId,
    /// As it is typed: nothing for today, `5d`, `2w`, `28/11/2026`.
    pub day: String,
    /// As it is typed: nothing for none, `9:30`, `0930`, `9.30`.
    pub time: String,
    /// What kind of visit it is.
    pub visit_type: VisitType,
    /// Whether it comes before the others who wait.
    pub is_urgent: bool,
    /// What for, in words: at most 500 letters.
    pub reason: String,
    /// Whether the patient is here now and gets a token at once: then the day is today, and no time is given.
    pub is_here: bool,
    /// Whether the clinic called them because a doctor had asked them to come again.
    pub was_asked: bool,
}

/// What was read of a form while it is typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct BookingRead {
    /// Which day.
    pub day: String,
    /// `09:30`, if a time is given.
    pub time: Option<String>,
    /// For how long the doctor is booked.
    pub minutes: u32,
    /// What it cannot be booked beside: another visit at that time, or an open one of the same patient that day.
    pub clash: Option<Booking>,
    /// The token that it would get, if the patient is here.
    pub token: Option<String>,
    /// When the doctor has other patients that day, of whoever is to come.
    pub taken: Vec<TakenTime>,
}

/// From when until when a doctor has patients.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct TakenTime {
    /// `09:30`.
    pub from: String,
    /// `10:10`, or `24:00`: from then on the doctor is free.
    pub until: String,
}

/// What can be done with a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum StepKind {
    /// The patient said that they will come.
    Confirm,
    /// The patient is here.
    Arrive,
    /// The patient is called in.
    Call,
    /// The patient is with the doctor.
    Start,
    /// The visit is over.
    Finish,
    /// It is not over after all.
    Reopen,
    /// The patient went away again.
    Leave,
    /// The patient did not come.
    Miss,
    /// It will not take place.
    Cancel,
    /// It takes place at another time, or with another doctor.
    Move,
    /// It should never have been written.
    Mistake,
}

/// What is done with a visit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum Step {
    /// The patient said that they will come.
    Confirm,
    /// The patient is here.
    Arrive,
    /// The patient is called in.
    Call,
    /// The same by a key that names nobody: whoever waits first.
    CallFirst,
    /// The patient is with the doctor.
    Start,
    /// The visit is over.
    Finish,
    /// It is not over after all.
    Reopen,
    /// The patient went away again.
    Leave,
    /// The patient did not come.
    Miss,
    /// It will not take place.
    Cancel {
        /// Why not.
        reason: CancelReason,
    },
    /// It takes place at another time, or with another doctor.
    Move {
        /// What takes its place.
        form: BookingForm,
    },
    /// It should never have been written.
    Mistake,
}

impl Step {
    /// Which of the steps it is.
    pub fn kind(&self) -> StepKind {
        match self {
            Self::Confirm => StepKind::Confirm,
            Self::Arrive => StepKind::Arrive,
            Self::Call | Self::CallFirst => StepKind::Call,
            Self::Start => StepKind::Start,
            Self::Finish => StepKind::Finish,
            Self::Reopen => StepKind::Reopen,
            Self::Leave => StepKind::Leave,
            Self::Miss => StepKind::Miss,
            Self::Cancel { .. } => StepKind::Cancel,
            Self::Move { .. } => StepKind::Move,
            Self::Mistake => StepKind::Mistake,
        }
    }
}

/// Why a visit does not take place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum CancelReason {
    /// The patient does not want it.
    Patient,
    /// The doctor cannot be there.
    Doctor,
    /// The clinic is closed.
    Clinic,
    /// It stands there twice.
    Duplicate,
    /// It was booked by mistake.
    Error,
}

/// Who was with the doctor until now, and who comes in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct NextPatient {
    /// Whose visits are over now: of all who were with the doctor.
    pub finished: Vec<Booking>,
    /// Who comes in.
    pub started: Booking,
}

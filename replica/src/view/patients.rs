//! Patients: in a list, in the form, as a chart, and those of today.

use protocol::id::{PatientId, PrescriptionId};
use serde::{Deserialize, Serialize};

use super::{
    AllergyForm, AllergyView, Conflict, Diagnosis, Measured, Prepared, PreparedPatient, PrescriptionSummary,
    Running,
};

/// That somebody has died.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct Died {
    /// The day, as `2026-05-03`, if it is known.
    pub on: Option<String>,
}

/// A patient in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct PatientSummary {
    /// Who.
    pub id: PatientId,
    /// First and last name as typed.
    pub full_name: String,
    /// `54 y`, `11 mo`, `12 d`; empty if not known. Of who died, on the day of their death.
    pub age: String,
    /// `F`, `M`, `O` or empty.
    pub sex: String,
    /// In E.164 form.
    pub mobile_number: String,
    /// The printed code.
    pub patient_code: Option<String>,
    /// `W/o Prakash`.
    pub guardian: Option<String>,
    /// The day of the last prescription; where there is none here, of the last visit that was finished.
    pub last_visit: Option<String>,
    /// Whether two registrations of one person may hide here.
    pub needs_review: bool,
    /// Whether the plan had no room for them when they were registered.
    pub beyond_plan: bool,
    /// Whether they were found by a name that is written otherwise than it was typed.
    pub spelt_otherwise: bool,
    /// Whether they have died, as it is noted under any of their registrations.
    pub died: Option<Died>,
}

/// Who fits what was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct PatientsFound {
    /// Who fits best, the best first.
    pub people: Vec<PatientSummary>,
    /// Whether more people fit.
    pub has_more: bool,
}

/// What is asked when a patient is registered or corrected.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct PatientForm {
    /// In any usual spelling.
    pub mobile_number: String,
    /// Required.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// `male`, `female`, `other` or `unknown`.
    pub sex: String,
    /// `2026-11-23`; or give an age.
    pub date_of_birth: Option<String>,
    /// Whole years; or give a date of birth.
    pub age_years: Option<u32>,
    /// Whole months beyond the years.
    pub age_months: Option<u32>,
    /// `S/o`, `D/o`, `W/o`, `B/o` or `C/o`.
    pub guardian_relation: Option<String>,
    /// Whose son, daughter, wife …
    pub guardian_name: String,
    /// Street and house.
    pub address_line: String,
    /// Town.
    pub city: String,
    /// `unknown`, `none_known` or `has_allergies`; written only by clinicians.
    pub allergy_status: String,
    /// Allergies and other warnings, in words; written only by clinicians.
    pub alerts: String,
    /// `A+` … `O-`, or `unknown`.
    pub blood_group: String,
    /// In which language directions are printed beside English: `hi`, `mr`, or none.
    pub preferred_language: Option<String>,
    /// `pregnant`, `not_pregnant`, `breastfeeding`, `unknown`, or none if nobody asked, or not lately; written only by
    /// clinicians.
    pub pregnancy_status: Option<String>,
    /// The first day of the last period; written only by clinicians.
    pub lmp_date: Option<String>,
    /// Allergies to be noted with it, each as a row of its own; written only by clinicians. Never filled from what is
    /// stored.
    pub allergies: Vec<AllergyForm>,
    /// Whether they have died; without it, a day of death has no place.
    pub died: Option<Died>,
}

/// A patient's chart.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct Chart {
    /// Who.
    pub patient: PatientSummary,
    /// The form as it would be filled now.
    pub form: PatientForm,
    /// `unknown`, `none_known` or `has_allergies`.
    pub allergy_status: String,
    /// Allergies: those that count first, the worst of them before all others; then what does not hold any more.
    pub allergies: Vec<AllergyView>,
    /// Other warnings in words, and allergies that were written so.
    pub alerts: Option<String>,
    /// What the patient takes now, the newest first.
    pub running: Vec<Running>,
    /// What they would still take if it were not stopped, the last one stopped first.
    pub stopped: Vec<Running>,
    /// Long illnesses.
    pub conditions: Vec<Diagnosis>,
    /// What was measured, the oldest first; of much only the latest.
    pub measured: Vec<Measured>,
    /// How many times something was measured before that.
    pub older_measured: u32,
    /// Signed prescriptions, newest first; of many only the newest.
    pub prescriptions: Vec<PrescriptionSummary>,
    /// How many older ones there are.
    pub older_prescriptions: u32,
    /// Appointments without a prescription, newest first; of many only the newest.
    pub visits: Vec<Visit>,
    /// How many older ones there are.
    pub older_visits: u32,
    /// Whether a draft waits on this computer.
    pub has_draft: bool,
    /// What was prepared and waits for a doctor, on whichever computer; the first first.
    pub prepared: Vec<Prepared>,
    /// What waits for a decision about this patient.
    pub conflicts: Vec<Conflict>,
    /// Other registrations of the same person, that this one stands for.
    pub merged: Vec<PatientSummary>,
}

/// An appointment: one to come, one that did not take place, or a visit of which no prescription came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct Visit {
    /// Which appointment.
    pub id: String,
    /// Its day.
    pub day: String,
    /// `09:30`, if a time was given.
    pub time: Option<String>,
    /// What became of it, as [`protocol::appointment::Status`] is written.
    pub status: String,
    /// `new`, `follow_up`, `procedure`, `emergency` or `teleconsult`.
    pub visit_type: String,
    /// With whom.
    pub doctor_name: String,
    /// What for, in words.
    pub reason: Option<String>,
}

/// Today at this clinic.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct Today {
    /// The day in the clinic's time zone.
    pub date: String,
    /// Who was seen, latest first.
    pub seen: Vec<TodayVisit>,
    /// Whose draft waits on this computer.
    pub drafts: Vec<PatientSummary>,
    /// For whom something was prepared that waits for a doctor, latest first.
    pub prepared: Vec<PreparedPatient>,
    /// Who was asked to return today, was not yet seen, and has no visit yet.
    pub follow_ups: Vec<PatientSummary>,
    /// Who was registered today, latest first.
    pub registered: Vec<PatientSummary>,
    /// Whether one of these lists stops before its end.
    pub has_more: bool,
}

/// A visit of today.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct TodayVisit {
    /// The prescription that came of it.
    pub prescription_id: PrescriptionId,
    /// Who.
    pub patient: PatientSummary,
    /// Whom they saw.
    pub doctor_name: String,
    /// When the prescription was signed.
    pub signed_at: Option<String>,
}

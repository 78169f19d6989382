//! The day on which the sample tenant is made: who is with a doctor, who waits, who is booked, and who did not come.

use std::collections::BTreeMap;

use protocol::table::{TableName, Values};
use protocol::validate::{day_text, moment_text};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::complaint::Treats;
use super::dice::Dice;
use super::people::Patient;
use super::staff::{Clinic, Doctor};
use super::{at_clock, with_defaults};

/// A sample visit that nobody has written a prescription for.
#[derive(Debug)]
pub struct Appointment {
    /// Its id.
    pub id: Uuid,
    /// Its row.
    pub values: Values,
    /// When it was written down.
    pub made_at: OffsetDateTime,
}

/// How far a visit has come, in minutes from now: since when somebody is here, or at which time they are booked; and whether
/// they come before the others.
type Place = (&'static str, i64, i64);

const OF_PHYSICIANS: &[Place] = &[
    ("in_consultation", -48, 0),
    ("arrived", -31, 0),
    ("arrived", -22, 0),
    ("arrived", -12, 1),
    ("arrived", -4, 0),
    ("confirmed", 20, 0),
    ("booked", 40, 0),
    ("booked", 70, 0),
    ("no_show", -50, 0),
];

const OF_DENTISTS: &[Place] = &[
    ("in_consultation", -40, 0),
    ("arrived", -18, 0),
    ("arrived", -6, 0),
    ("booked", 30, 0),
    ("confirmed", 90, 0),
    ("no_show", -60, 0),
];

const FOR_PHYSICIANS: &[&str] =
    &["Fever", "Cough for a week", "Blood pressure", "Sugar reports", "Stomach pain"];
const FOR_DENTISTS: &[&str] = &["Toothache", "Filling", "Cleaning", "Swollen gum"];

/// Whoever is with a doctor went in so many minutes ago.
const WITH_DOCTOR_MINUTES: i64 = 8;
/// The last time of day at which somebody is booked, in minutes since midnight.
const LAST_TIME: i64 = 23 * 60 + 50;

/// The visits of the day that it is `now`, at most one of each patient.
pub fn appointments(
    dice: &mut Dice,
    patients: &[Patient],
    clinics: &[Clinic],
    doctors: &[Doctor],
    now: OffsetDateTime,
) -> Vec<Appointment> {
    let mut free: Vec<&Patient> = patients.iter().collect();
    let mut visits = Vec::new();
    for doctor in doctors {
        let (places, reasons) = match doctor.treats {
            Treats::Physician => (OF_PHYSICIANS, FOR_PHYSICIANS),
            Treats::Dentist => (OF_DENTISTS, FOR_DENTISTS),
        };
        for place in places {
            let here: Vec<usize> = (0..free.len())
                .filter(|at| clinics.get(free[*at].clinic).is_some_and(|one| one.id == doctor.clinic))
                .collect();
            if here.is_empty() {
                break;
            }
            let patient = free.swap_remove(dice.pick(&here));
            visits.push((place, doctor, patient, dice.pick(reasons)));
        }
    }
    // Tokens are given in the order in which people come.
    visits.sort_by_key(|((_, minutes, _), doctor, ..)| (*minutes, doctor.id));
    let mut tokens: BTreeMap<Uuid, u32> = BTreeMap::new();
    let mut appointments = Vec::new();
    for (place, doctor, patient, reason) in visits {
        let lane = clinics.iter().find(|clinic| clinic.id == doctor.clinic).map_or("A", |clinic| clinic.lane);
        let last = tokens.entry(doctor.clinic).or_default();
        appointments.push(appointment(dice, place, (doctor, patient, reason), (lane, last), now));
    }
    appointments
}

fn appointment(
    dice: &mut Dice,
    (status, minutes, priority): &Place,
    (doctor, patient, reason): (&Doctor, &Patient, &str),
    (lane, last_token): (&str, &mut u32),
    now: OffsetDateTime,
) -> Appointment {
    let midnight = at_clock(now.date(), 0);
    // Shortly after midnight everybody came at midnight.
    let ago = |minutes: i64| (now - Duration::minutes(minutes)).max(midnight);
    let is_here = matches!(*status, "arrived" | "in_consultation");
    let made_at = if is_here { ago(-minutes) } else { now - Duration::days(1) };
    let mut columns = vec![
        ("appointment_date", json!(day_text(now.date()))),
        ("clinic_id", json!(doctor.clinic)),
        ("doctor_id", json!(doctor.id)),
        ("patient_id", json!(patient.id)),
        ("visit_type", json!(if patient.chronic.is_some() { "follow_up" } else { "new" })),
        ("source", json!(if is_here { "walk_in" } else { "phone" })),
        ("status", json!(status)),
        ("priority", json!(priority)),
        ("reason", json!(reason)),
    ];
    if is_here {
        *last_token += 1;
        columns.extend([
            ("token_number", json!(*last_token)),
            ("token_label", json!(format!("{lane}-{last_token}"))),
            ("arrived_at", json!(moment_text(made_at))),
        ]);
        if *status == "in_consultation" {
            columns.push(("started_at", json!(moment_text(ago(WITH_DOCTOR_MINUTES)))));
        }
    } else {
        columns.extend(time_columns((now - midnight).whole_minutes() + minutes));
    }
    Appointment { id: dice.id(made_at), values: with_defaults(TableName::Appointments, columns), made_at }
}

/// A booked time of ten minutes; none for what would be on another day.
fn time_columns(minute: i64) -> Vec<(&'static str, Value)> {
    let minute = minute.max(0) / 10 * 10;
    if minute > LAST_TIME {
        return vec![];
    }
    let time = format!("{:02}:{:02}", minute / 60, minute % 60);
    vec![("start_time", json!(time)), ("duration_minutes", json!(10))]
}

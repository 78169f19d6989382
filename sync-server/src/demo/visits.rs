//! A year of visits, each with its signed prescription.

use std::collections::BTreeMap;

use protocol::dosage::Dosage;
use protocol::prescription::content_hash;
use protocol::table::{TableName, Values};
use protocol::validate::{day_text, moment_text};
use protocol::{medicine, patient};
use serde_json::{Value, json};
use time::{Date, Duration, OffsetDateTime, Weekday};
use uuid::Uuid;

use super::complaint::{COMPLAINTS, Complaint, Line, Treats};
use super::dice::Dice;
use super::people::{Patient, Sex};
use super::staff::{Clinic, Doctor};
use super::{at_clock, with_defaults};
use crate::catalogue;

/// How many days the sample visits reach back.
const DAYS: i64 = 365;

/// A signed sample prescription.
#[derive(Debug)]
pub struct Prescription {
    /// Its id.
    pub id: Uuid,
    /// Its row.
    pub values: Values,
    /// Its lines.
    pub items: Vec<(Uuid, Values)>,
    /// When it was signed.
    pub signed_at: OffsetDateTime,
}

/// A visit before its prescription is written.
struct Visit<'a> {
    patient: &'a Patient,
    day: Date,
    /// Minutes since midnight in the clinic.
    minute: i64,
    complaint: &'static Complaint,
}

/// The prescriptions of all patients, in the order in which they were signed, the last on the day before
/// `today`.
pub fn prescriptions(
    dice: &mut Dice,
    patients: &[Patient],
    clinics: &[Clinic],
    doctors: &[Doctor],
    today: Date,
) -> Vec<Prescription> {
    let mut visits: Vec<Visit<'_>> =
        patients.iter().flat_map(|patient| visits_of(dice, patient, today)).collect();
    visits.sort_by_key(|visit| (visit.day, visit.minute, visit.patient.id));
    let mut numbers: BTreeMap<(usize, Date), u32> = BTreeMap::new();
    visits
        .iter()
        .map(|visit| {
            let number = numbers.entry((visit.patient.clinic, visit.day)).or_default();
            *number += 1;
            let clinic = &clinics[visit.patient.clinic];
            let doctor = doctors
                .iter()
                .filter(|doctor| doctor.treats == visit.complaint.treats)
                .min_by_key(|doctor| usize::from(doctor.clinic != clinic.id))
                .expect("BUG: no one treats this");
            prescription(dice, visit, clinic, doctor, *number)
        })
        .collect()
}

fn visits_of<'a>(dice: &mut Dice, patient: &'a Patient, today: Date) -> Vec<Visit<'a>> {
    let first = patient.registered_on.max(today - Duration::days(DAYS));
    let last = today - Duration::days(1);
    let mut days: Vec<Date> = if patient.chronic.is_some() {
        let mut day = first + Duration::days(dice.between(0, 20));
        let mut days = Vec::new();
        while day <= last && days.len() < 6 {
            days.push(day);
            day += Duration::days(dice.between(50, 75));
        }
        days
    } else {
        let count = dice.pick(&[1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 6]);
        let span = (last - first).whole_days();
        (0..count).map(|_| first + Duration::days(dice.between(0, span))).collect()
    };
    if days.is_empty() {
        days.push(last);
    }
    for day in &mut days {
        // The clinics are closed on Sundays.
        if day.weekday() == Weekday::Sunday {
            *day -= Duration::days(1);
        }
    }
    days.sort_unstable();
    days.dedup();
    days.into_iter()
        .map(|day| {
            let minute = if dice.chance(55) {
                dice.between(10 * 60, 13 * 60 + 29)
            } else {
                dice.between(17 * 60, 20 * 60 + 29)
            };
            let complaint = match patient.chronic {
                Some(place) if dice.chance(75) => &COMPLAINTS[place],
                _ => acute_complaint(dice, patient, day),
            };
            Visit { patient, day, minute, complaint }
        })
        .collect()
}

fn acute_complaint(dice: &mut Dice, patient: &Patient, day: Date) -> &'static Complaint {
    let age = patient.age_on(day).years.max(2);
    let possible: Vec<&'static Complaint> = COMPLAINTS
        .iter()
        .filter(|complaint| {
            !complaint.chronic
                && (complaint.ages.0..=complaint.ages.1).contains(&age)
                && complaint.sex.is_none_or(|sex| sex == patient.sex)
                && complaint.lines.iter().any(|line| is_safe(patient, line))
        })
        .collect();
    dice.pick(&possible)
}

/// Whether the patient is not allergic to it.
fn is_safe(patient: &Patient, line: &Line) -> bool {
    patient.allergy.is_none_or(|allergy| {
        catalogue::find(line.0, line.1, line.2)
            .is_some_and(|medicine| !medicine.allergen_classes.contains(&allergy))
    })
}

fn prescription(
    dice: &mut Dice,
    visit: &Visit<'_>,
    clinic: &Clinic,
    doctor: &Doctor,
    number: u32,
) -> Prescription {
    let Visit { patient, day, minute, complaint } = visit;
    let signed_at = at_clock(*day, *minute) + Duration::seconds(dice.between(0, 59));
    let id = dice.id(signed_at - Duration::minutes(4));
    let mut lines: Vec<&Line> = Vec::new();
    for line in complaint.lines.iter().filter(|line| is_safe(patient, line)) {
        if lines.is_empty() || dice.chance(75) {
            lines.push(line);
        }
    }
    let items: Vec<(Uuid, Values)> = lines
        .iter()
        .enumerate()
        .map(|(place, line)| (dice.id(signed_at - Duration::minutes(2)), item(id, place + 1, line)))
        .collect();
    let follow_up = complaint
        .follow_up_days
        .filter(|_| dice.chance(85))
        .map(|days| json!(day_text(*day + Duration::days(days))));
    let [year, month, date] = [day.year() % 100, i32::from(u8::from(day.month())), i32::from(day.day())];
    let columns: [(&str, Value); 19] = [
        ("visit_date", json!(day_text(*day))),
        ("doctor_id", json!(doctor.id)),
        ("patient_id", json!(patient.id)),
        ("clinic_id", json!(clinic.id)),
        (
            "prescription_number",
            json!(format!("{}-{}-{year:02}{month:02}{date:02}-{number}", clinic.code, clinic.lane)),
        ),
        ("status", json!("finalised")),
        ("chief_complaints", json!(complaint.complaints)),
        ("examination", json!(complaint.examination)),
        ("vitals", vitals(dice, patient, *day, complaint)),
        ("diagnoses", json!([{"text": complaint.diagnosis.0, "icd10": complaint.diagnosis.1}])),
        ("investigations", json!(complaint.investigations)),
        ("advice", json!(complaint.advice)),
        ("follow_up_date", follow_up.unwrap_or(Value::Null)),
        ("patient_snapshot", patient_snapshot(patient, *day)),
        (
            "doctor_snapshot",
            json!({
                "name": doctor.printed_name,
                "qualifications": doctor.qualifications,
                "registration": format!("{} {}", doctor.council, doctor.registration),
            }),
        ),
        ("finalised_at", json!(moment_text(signed_at))),
        ("finalised_by", json!(doctor.user)),
        ("version", json!(1)),
        ("language", json!("en")),
    ];
    let mut values = with_defaults(TableName::Prescriptions, columns);
    let hash = content_hash(id, &values, &items);
    values.insert("content_sha256".to_owned(), json!(hash.to_string()));
    Prescription { id, values, items, signed_at }
}

fn item(prescription: Uuid, position: usize, line: &Line) -> Values {
    let (generic, strength, form, dose) = *line;
    let medicine = catalogue::find(generic, strength, form).expect("BUG: not in the catalogue");
    let dosage = Dosage::parse(dose).expect("BUG: a dosage that is not understood");
    let units = medicine::Units::of(form, strength);
    let columns = [
        ("prescription_id", json!(prescription)),
        ("position", json!(position)),
        ("medicine_id", json!(medicine.id)),
        ("medicine_text", json!(format!("{generic} {strength}"))),
        ("generic_text", json!(generic)),
        ("strength_text", json!(strength)),
        ("dosage_form", json!(form)),
        ("route", json!(medicine.route)),
        ("source", json!("typed")),
    ];
    with_defaults(TableName::PrescriptionItems, columns.into_iter().chain(dosage.columns(units.usual())))
}

fn vitals(dice: &mut Dice, patient: &Patient, day: Date, complaint: &Complaint) -> Value {
    let age = i64::from(patient.age_on(day).years);
    let mut vitals = serde_json::Map::new();
    let mut put = |name: &str, tenths: i64| {
        let value = if tenths % 10 == 0 { json!(tenths / 10) } else { json!(tenths as f64 / 10.0) };
        vitals.insert(name.to_owned(), value);
    };
    if age >= 18 && (complaint.treats == Treats::Physician || dice.chance(30)) {
        let high = if complaint.diagnosis.1 == "I10" { 18 } else { 0 };
        put("bp_sys", 10 * (dice.between(104, 128) + age / 8 + high));
        put("bp_dia", 10 * (dice.between(66, 82) + high / 2));
    }
    if complaint.treats == Treats::Physician {
        put("pulse", 10 * dice.between(68, 92) + if complaint.fever { 120 } else { 0 });
        let kilograms = match age {
            0..=12 => 80 + age * 22 + dice.between(-10, 25),
            13..=17 => 380 + (age - 13) * 35 + dice.between(0, 80),
            _ => dice.between(480, 860),
        };
        put("weight_kg", kilograms / 5 * 5);
    }
    if complaint.fever {
        put("temp_c", dice.between(378, 392));
    }
    if dice.chance(40) {
        put("spo2", 10 * dice.between(96, 99));
    }
    Value::Object(vitals)
}

fn patient_snapshot(patient: &Patient, day: Date) -> Value {
    let text = |name: &str| patient.values.get(name).and_then(Value::as_str).unwrap_or_default();
    let allergies = match text("allergy_status") {
        "has_allergies" => text("alerts"),
        "none_known" => "none known",
        _ => "not asked",
    };
    let age: patient::Age = patient.age_on(day);
    json!({
        "full_name": patient.full_name,
        "age": age.text(),
        "sex": if patient.sex == Sex::Female { "F" } else { "M" },
        "mobile_number": text("mobile_number"),
        "address": format!("{}, {} {}", text("address_line"), text("city"), text("pincode")),
        "patient_code": text("patient_code"),
        "allergies": allergies,
    })
}

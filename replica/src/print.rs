//! What a prescription says on paper.

use protocol::audit::Action;
use protocol::id::{PatientId, PrescriptionId};
use protocol::medicine::amount_text;
use protocol::printed::{Printed, PrintedItem};
use protocol::table::{TableName, Values};
use protocol::validate::{parse_day, parse_moment};
use rusqlite::Transaction;
use serde_json::{Value, json};

use crate::care::{allergy_remark, check, remark};
use crate::chart::{diagnoses, item_view, items};
use crate::clock::{day_words, moment_words, parse_follow_up, weekday_words};
use crate::error::Result;
use crate::one_patient::kept;
use crate::pad::{draft, item_views};
use crate::replica::{Replica, must_get, text};
use crate::sign::{doctor_snapshot, patient_snapshot};
use crate::view::{ItemView, Vitals};

impl Replica {
    /// A signed prescription on paper, as patient and doctor were when it was signed.
    pub fn printed(&self, id: PrescriptionId) -> Result<Printed> {
        self.must_read_clinical()?;
        self.store.read(|tx| {
            let values = must_get(tx, TableName::Prescriptions, id.0)?;
            let snapshot = |name: &str| values.get(name).cloned().unwrap_or(Value::Null);
            let offset = self.offset(tx)?;
            let list = |name: &str| match values.get(name).and_then(Value::as_array) {
                Some(lines) => lines.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
                None => String::new(),
            };
            let clinic = text(&values, "clinic_id").parse().unwrap_or(self.facts.clinic_id.0);
            let mut printed = head(tx, clinic, &snapshot("patient_snapshot"), &snapshot("doctor_snapshot"));
            printed.date = parse_day(text(&values, "visit_date")).map_or_else(String::new, day_words);
            printed.vitals =
                serde_json::from_value(camel(&snapshot("vitals"))).map_or_else(|_| vec![], |v| vitals(&v));
            printed.complaints = list("chief_complaints");
            printed.diagnoses = diagnoses(&values);
            printed.items = items(tx, id)?
                .iter()
                .map(|(_, item)| printed_item(item_view(item), signed_remark(&values, item)))
                .collect();
            printed.investigations = list("investigations");
            printed.advice = text(&values, "advice").to_owned();
            printed.follow_up =
                parse_day(text(&values, "follow_up_date")).map_or_else(String::new, weekday_words);
            printed.number = text(&values, "prescription_number").to_owned();
            let signed_at = parse_moment(text(&values, "finalised_at"));
            printed.signed_at = signed_at.map_or_else(String::new, |at| moment_words(at, offset));
            printed.mark = match text(&values, "status") {
                "voided" => "Voided".into(),
                "superseded" => "Replaced by a later one".into(),
                _ => String::new(),
            };
            Ok(printed)
        })
    }

    /// The same, to be printed or saved as a file: it leaves this program, which is noted.
    pub fn print(&self, id: PrescriptionId) -> Result<Printed> {
        let printed = self.printed(id)?;
        let patient = self
            .store
            .read(|tx| Ok(text(&must_get(tx, TableName::Prescriptions, id.0)?, "patient_id").parse().ok()))?;
        self.note(Action::Print, Some((TableName::Prescriptions, id.0)), patient);
        Ok(printed)
    }

    /// The draft on paper, as it was last saved.
    pub fn printed_draft(&self, id: PatientId) -> Result<Printed> {
        self.must_read_clinical()?;
        self.store.read(|tx| {
            let id = kept(tx, id)?;
            let today = self.day(tx)?;
            let draft = draft(tx, id)?.unwrap_or_default();
            let doctor = match self.person.doctor_id {
                Some(doctor) => doctor_snapshot(tx, doctor).unwrap_or_default(),
                None => json!({ "name": "" }),
            };
            must_get(tx, TableName::Patients, id.0)?;
            let patient = patient_snapshot(tx, id, today)?;
            let mut printed = head(tx, self.facts.clinic_id.0, &patient, &doctor);
            printed.date = day_words(today);
            printed.vitals = vitals(&draft.vitals);
            printed.complaints = draft.complaints.trim().replace('\n', ", ");
            let safety = check(tx, id, &draft.items, None, today)?;
            printed.items = item_views(tx, &draft)?
                .into_iter()
                .zip(safety.lines)
                .filter(|(_, line)| !line.is_held)
                .map(|(item, line)| printed_item(item, allergy_remark(&line)))
                .collect();
            printed.diagnoses = draft.diagnoses;
            printed.investigations = draft.investigations.trim().replace('\n', ", ");
            printed.advice = draft.advice.trim().to_owned();
            printed.follow_up =
                parse_follow_up(&draft.follow_up, today).map_or_else(String::new, weekday_words);
            Ok(printed)
        })
    }
}

fn head(tx: &Transaction<'_>, clinic: uuid::Uuid, patient: &Value, doctor: &Value) -> Printed {
    let clinic = must_get(tx, TableName::Clinics, clinic).unwrap_or_default();
    let of = |snapshot: &Value, name: &str| snapshot[name].as_str().unwrap_or_default().to_owned();
    let age_sex = [of(patient, "age"), of(patient, "sex")];
    let age_sex: Vec<String> = age_sex.into_iter().filter(|part| !part.is_empty()).collect();
    Printed {
        doctor_name: of(doctor, "name"),
        qualifications: of(doctor, "qualifications"),
        registration: of(doctor, "registration"),
        clinic_name: text(&clinic, "clinic_name").to_owned(),
        clinic_address: address(&clinic),
        clinic_phone: text(&clinic, "phone").to_owned(),
        patient_name: of(patient, "full_name"),
        patient_age_sex: age_sex.join(", "),
        patient_code: of(patient, "patient_code"),
        patient_address: of(patient, "address"),
        patient_mobile: of(patient, "mobile_number"),
        allergies: of(patient, "allergies"),
        ..Printed::default()
    }
}

fn address(clinic: &Values) -> String {
    let town = format!("{} {}", text(clinic, "city"), text(clinic, "pincode"));
    let parts = [text(clinic, "address"), town.trim()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

/// Why a line was signed in spite of an allergy.
fn signed_remark(prescription: &Values, item: &Values) -> String {
    let alerts = prescription.get("alerts").and_then(Value::as_array);
    let reasons: Vec<&str> = alerts
        .into_iter()
        .flatten()
        .filter(|alert| alert["kind"] == "allergy" && alert["action"] == "overridden")
        .filter(|alert| alert["medicine"] == text(item, "medicine_text"))
        .filter_map(|alert| alert["reason"].as_str())
        .collect();
    remark(&reasons)
}

fn printed_item(item: ItemView, remark: String) -> PrintedItem {
    PrintedItem {
        title: item.title,
        directions: item.directions,
        quantity: item.quantity.unwrap_or_default(),
        remark,
    }
}

/// The stored names of vital signs as the window's type has them.
fn camel(stored: &Value) -> Value {
    json!({
        "bpSys": stored["bp_sys"], "bpDia": stored["bp_dia"], "pulse": stored["pulse"],
        "tempC": stored["temp_c"], "spo2": stored["spo2"], "weightKg": stored["weight_kg"],
    })
}

fn vitals(vitals: &Vitals) -> Vec<String> {
    let mut shown = Vec::new();
    match (vitals.bp_sys, vitals.bp_dia) {
        (Some(sys), Some(dia)) => shown.push(format!("BP {}/{}", amount_text(sys), amount_text(dia))),
        (Some(sys), None) => shown.push(format!("BP {}/–", amount_text(sys))),
        _ => {}
    }
    let others = [
        ("Pulse", vitals.pulse, ""),
        ("Temp", vitals.temp_c, " °C"),
        ("SpO₂", vitals.spo2, "%"),
        ("Weight", vitals.weight_kg, " kg"),
    ];
    for (name, value, unit) in others {
        if let Some(value) = value {
            shown.push(format!("{name} {}{unit}", amount_text(value)));
        }
    }
    shown
}

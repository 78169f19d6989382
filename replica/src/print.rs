//! What a prescription says on paper.

use protocol::audit::Action;
use protocol::dosage::{Dosage, Language};
use protocol::id::{PatientId, PrescriptionId};
use protocol::printed::{Printed, PrintedItem};
use protocol::table::{TableName, Values};
use protocol::validate::{parse_day, parse_moment};
use qrcode::{Color, EcLevel, QrCode};
use rusqlite::Transaction;
use serde_json::{Value, json};

use crate::amend::follow_up_day;
use crate::care::{allergy_remark, check, remark};
use crate::chart::{diagnoses, diagnosis_words, item_view, items, signed};
use crate::clock::{day_words, moment_words, weekday_words};
use crate::error::Result;
use crate::language as window;
use crate::letterhead::put_head;
use crate::one_patient::kept;
use crate::pad::{item_values, item_views};
use crate::prepared::begun;
use crate::replica::{Replica, must_get, text};
use crate::sign::{IN_PERSON, doctor_snapshot, mode_of, patient_snapshot};
use crate::verify_paper::verify_text;
use crate::view::{ItemView, Vitals};

impl Replica {
    /// A signed prescription on paper, as patient and doctor were when it was signed.
    pub fn printed(&self, id: PrescriptionId) -> Result<Printed> {
        self.must_read_clinical()?;
        self.store.read(|tx| {
            let values = signed(tx, id)?;
            let snapshot = |name: &str| values.get(name).cloned().unwrap_or(Value::Null);
            let offset = self.offset(tx)?;
            let list = |name: &str| match values.get(name).and_then(Value::as_array) {
                Some(lines) => lines.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
                None => String::new(),
            };
            let clinic = text(&values, "clinic_id").parse().unwrap_or(self.facts.clinic_id.0);
            let mut printed = head(tx, clinic, &snapshot("patient_snapshot"), &snapshot("doctor_snapshot"));
            printed.date = parse_day(text(&values, "visit_date")).map_or_else(String::new, day_words);
            printed.mode = mode_words(mode_of(&values), text(&values, "language"));
            put_vitals(&mut printed, &Vitals::of(&snapshot("vitals")));
            printed.history = text(&values, "history").to_owned();
            printed.examination = text(&values, "examination").to_owned();
            printed.referral = text(&values, "referral_to").to_owned();
            printed.complaints = list("chief_complaints");
            printed.diagnoses = diagnoses(&values).iter().map(diagnosis_words).collect();
            printed.items = items(tx, id)?
                .iter()
                .map(|(_, item)| {
                    let local = local_directions(item, text(&values, "language"));
                    printed_item(item_view(item, window::Language::En), local, signed_remark(&values, item))
                })
                .collect();
            printed.investigations = list("investigations");
            printed.advice = text(&values, "advice").to_owned();
            printed.follow_up =
                parse_day(text(&values, "follow_up_date")).map_or_else(String::new, weekday_words);
            printed.number = text(&values, "prescription_number").to_owned();
            let signed_at = parse_moment(text(&values, "finalised_at"));
            printed.signed_at = signed_at.map_or_else(String::new, |at| moment_words(at, offset));
            printed.code = code(id, &values);
            printed.mark = match text(&values, "status") {
                "voided" => "Voided".into(),
                "superseded" => "Replaced by a later one".into(),
                _ => String::new(),
            };
            Ok(printed)
        })
    }

    /// Notes that a signed prescription goes to the printer, or was saved as a file: it leaves this program.
    pub fn print(&self, id: PrescriptionId) -> Result<()> {
        self.must_read_clinical()?;
        let patient = self.store.read(|tx| Ok(text(&signed(tx, id)?, "patient_id").parse().ok()))?;
        self.note(Action::Print, Some((TableName::Prescriptions, id.0)), patient);
        Ok(())
    }

    /// The draft on paper, as it was last saved, or else what was prepared today.
    pub fn printed_draft(&self, id: PatientId) -> Result<Printed> {
        self.must_read_clinical()?;
        self.store.read(|tx| {
            let id = kept(tx, id)?;
            let today = self.day(tx)?;
            let draft = begun(tx, id, today)?;
            let doctor = match self.person.doctor_id {
                Some(doctor) => doctor_snapshot(tx, doctor).unwrap_or_default(),
                None => json!({ "name": "" }),
            };
            let patient = patient_snapshot(tx, id, today)?;
            let mut printed = head(tx, self.facts.clinic_id.0, &patient, &doctor);
            printed.date = day_words(today);
            put_vitals(&mut printed, &draft.vitals);
            printed.history = draft.history.trim().to_owned();
            printed.examination = draft.examination.trim().to_owned();
            printed.referral = draft.referral.trim().to_owned();
            printed.complaints = draft.complaints.trim().replace('\n', ", ");
            let safety = check(tx, id, &draft, &draft.items, today)?;
            let language = language_of(&must_get(tx, TableName::Patients, id.0)?);
            printed.mode = mode_words(&self.mode_to_sign(tx, id, &draft, today)?, language);
            let views =
                item_views(tx, &draft, window::Language::En)?.into_iter().zip(&draft.items).zip(safety.lines);
            for ((view, item), line) in views.filter(|(_, line)| !line.is_held) {
                let local = item_values(tx, item).map(|item| local_directions(&item, language));
                printed.items.push(printed_item(view, local.unwrap_or_default(), allergy_remark(&line)));
            }
            printed.diagnoses = draft.diagnoses.iter().map(diagnosis_words).collect();
            printed.investigations = draft.investigations.trim().replace('\n', ", ");
            printed.advice = draft.advice.trim().to_owned();
            // What is wrong with it stands beside the field, and nothing is signed with it.
            let follow_up = follow_up_day(tx, &draft, today)?.ok().flatten();
            printed.follow_up = follow_up.map_or_else(String::new, weekday_words);
            Ok(printed)
        })
    }
}

fn head(tx: &Transaction<'_>, clinic: uuid::Uuid, patient: &Value, doctor: &Value) -> Printed {
    let clinic = must_get(tx, TableName::Clinics, clinic).unwrap_or_default();
    let of = |snapshot: &Value, name: &str| snapshot[name].as_str().unwrap_or_default().to_owned();
    let age_sex = [of(patient, "age"), of(patient, "sex")];
    let age_sex: Vec<String> = age_sex.into_iter().filter(|part| !part.is_empty()).collect();
    let mut printed = Printed {
        doctor_name: of(doctor, "name"),
        qualifications: of(doctor, "qualifications"),
        registration: of(doctor, "registration"),
        patient_name: of(patient, "full_name"),
        patient_age_sex: age_sex.join(", "),
        patient_code: of(patient, "patient_code"),
        patient_address: of(patient, "address"),
        patient_mobile: of(patient, "mobile_number"),
        allergies: of(patient, "allergies"),
        ..Printed::default()
    };
    put_head(&mut printed, &clinic);
    printed
}

/// What was measured; the weight, by which many doses go, also stands beside the age.
fn put_vitals(printed: &mut Printed, vitals: &Vitals) {
    printed.vitals = vitals.words();
    if let Some(weight) = vitals.weight() {
        let is_first = printed.patient_age_sex.is_empty();
        printed.patient_age_sex += &if is_first { weight } else { format!(", {weight}") };
    }
}

/// How the patient was seen, in English and in their language; nothing of one who was there.
fn mode_words(mode: &str, language: &str) -> String {
    if mode == IN_PERSON {
        return String::new();
    }
    let english = "Generated on a teleconsultation";
    match Language::find(language) {
        Some(Language::Hindi) => format!("{english} · यह पर्चा वीडियो या फ़ोन पर हुए परामर्श का है"),
        Some(Language::Marathi) => format!("{english} · ही चिठ्ठी व्हिडिओ किंवा फोनवरील सल्ल्याची आहे"),
        Some(Language::English) | None => english.to_owned(),
    }
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

/// The language of the directions beside English, for a patient.
pub(crate) fn language_of(patient: &Values) -> &'static str {
    Language::find(text(patient, "preferred_language")).unwrap_or(Language::English).code()
}

/// The directions of a line in this language; nothing for English, in which they stand already.
fn local_directions(item: &Values, language: &str) -> String {
    let language = Language::find(language);
    language.and_then(|language| directions_in(item, language)).unwrap_or_default()
}

/// The directions of a line in another language than English.
pub(crate) fn directions_in(item: &Values, language: Language) -> Option<String> {
    if language == Language::English {
        return None;
    }
    Some(Dosage::of_row(item)?.directions(text(item, "dose_unit"), language))
}

/// The code by which a paper is checked, as a picture: what it is, its number, and the hash of what was signed.
fn code(id: PrescriptionId, values: &Values) -> String {
    let content = verify_text(id, values);
    let Ok(code) = QrCode::with_error_correction_level(content, EcLevel::M) else { return String::new() };
    let width = code.width();
    let dark = code.to_colors().into_iter().enumerate().filter(|(_, color)| *color == Color::Dark);
    let mut path = String::new();
    for (place, _) in dark {
        path += &format!("M{} {}h1v1h-1z", place % width, place / width);
    }
    format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {width}' shape-rendering='crispEdges'><path d='{path}'/></svg>"
    )
}

fn printed_item(item: ItemView, local_directions: String, remark: String) -> PrintedItem {
    PrintedItem {
        title: item.title,
        directions: item.directions,
        local_directions,
        quantity: item.quantity.unwrap_or_default(),
        substitution: if item.no_substitution { "Do not substitute".into() } else { String::new() },
        remark,
    }
}

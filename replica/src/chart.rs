//! A patient's chart, and prescriptions as they are shown.

use protocol::dosage;
use protocol::id::{DoctorId, PatientId, PrescriptionId};
use protocol::medicine::{form_abbreviation, names_form};
use protocol::prescription::Status;
use protocol::table::{TableName, Values};
use rusqlite::Transaction;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::allergies::{allergy_views, conditions};
use crate::care::{alert_views, allergy_words};
use crate::error::{Error, Result};
use crate::language::Language;
use crate::one_patient::{kept, registration_rows, registrations};
use crate::pad::draft;
use crate::patients::{form, squeezed, summary, summary_of};
use crate::prepared::{is_unsigned, prepared};
use crate::print::directions_in;
use crate::replica::{Replica, must_get, some_text, text};
use crate::running::running_and_stopped;
use crate::store::{get_row, own_keys};
use crate::view::{Chart, Diagnosis, ItemView, Measured, PrescriptionSummary, Visit, Vitals};

/// So many prescriptions, appointments and measurements are shown in a chart at first, and with each step back.
pub(crate) const SHOWN: i64 = 100;

impl Replica {
    /// The chart. Who may not read clinical columns gets it without them.
    pub fn chart(&self, id: PatientId) -> Result<Chart> {
        let chart = self.store.read(|tx| {
            let today = self.day(tx)?;
            let id = kept(tx, id)?;
            let values = must_get(tx, TableName::Patients, id.0)?;
            let registrations = registrations(tx, id)?;
            let is_clinician = self.is_clinical();
            let mut form = form(&values, today);
            if !is_clinician {
                form.alerts.clear();
                form.pregnancy_status = None;
                form.lmp_date = None;
            }
            let noted = allergy_words(tx, id)?;
            let rows = registration_rows(tx, id)?;
            let patient = summary(tx, id, &values, today)?;
            form.died.clone_from(&patient.died);
            let merged = registrations.iter().skip(1).map(|other| summary_of(tx, *other, today));
            let (visits, older_visits) = visits(tx, &registrations, is_clinician, 0)?;
            let (measured, older_measured) =
                if is_clinician { measured(tx, &registrations, 0)? } else { (vec![], 0) };
            let [running, stopped] = if is_clinician {
                running_and_stopped(tx, id, today, self.language())?
            } else {
                [vec![], vec![]]
            };
            Ok(Chart {
                patient,
                form,
                allergy_status: allergy_status(&rows, &noted).to_owned(),
                allergies: if is_clinician { allergy_views(tx, id)? } else { vec![] },
                alerts: alerts_in_words(&rows).filter(|_| is_clinician),
                conditions: if is_clinician { conditions(tx, &registrations)? } else { vec![] },
                measured,
                older_measured,
                running,
                stopped,
                prescriptions: if is_clinician {
                    list(tx, &registrations, 0, self.language())?
                } else {
                    vec![]
                },
                older_prescriptions: if is_clinician { older(tx, &registrations, SHOWN)? } else { 0 },
                visits,
                older_visits,
                has_draft: is_clinician && draft(tx, id)?.is_some(),
                prepared: if is_clinician { prepared(tx, id, today, self.language())? } else { vec![] },
                conflicts: self.conflicts_of(tx, id)?,
                merged: merged.collect::<Result<_>>()?,
            })
        })?;
        self.note_view(id);
        Ok(chart)
    }

    /// Signed prescriptions behind so many newer ones, newest first: a chart begins with the newest.
    pub fn older_prescriptions(&self, id: PatientId, newer: u32) -> Result<Vec<PrescriptionSummary>> {
        self.must_read_clinical()?;
        self.store.read(|tx| {
            let id = kept(tx, id)?;
            must_get(tx, TableName::Patients, id.0)?;
            list(tx, &registrations(tx, id)?, newer.into(), self.language())
        })
    }

    /// Appointments behind so many newer ones, as the chart shows them.
    pub fn older_visits(&self, id: PatientId, newer: u32) -> Result<Vec<Visit>> {
        self.store.read(|tx| {
            let id = kept(tx, id)?;
            must_get(tx, TableName::Patients, id.0)?;
            Ok(visits(tx, &registrations(tx, id)?, self.is_clinical(), newer.into())?.0)
        })
    }

    /// What was measured before so many later times, the oldest first.
    pub fn older_measured(&self, id: PatientId, newer: u32) -> Result<Vec<Measured>> {
        self.must_read_clinical()?;
        self.store.read(|tx| {
            let id = kept(tx, id)?;
            must_get(tx, TableName::Patients, id.0)?;
            Ok(measured(tx, &registrations(tx, id)?, newer.into())?.0)
        })
    }

    /// One prescription.
    pub fn prescription(&self, id: PrescriptionId) -> Result<PrescriptionSummary> {
        self.must_read_clinical()?;
        self.store.read(|tx| {
            let stored = get_row(tx, TableName::Prescriptions, id.0)?.filter(|row| !row.is_deleted);
            let stored = stored.filter(|row| !is_unsigned(&row.values)).ok_or(Error::NotFound)?;
            let own_signature = Some(own_keys(tx)?.judge(id.0, &stored));
            Ok(PrescriptionSummary {
                own_signature,
                ..prescription(tx, id, &stored.values, self.language())?
            })
        })
    }
}

/// Whether the patient has allergies: each that is noted as a row counts, whatever the status says, and so does the status
/// of every registration that says so.
pub(crate) fn allergy_status<'a>(registrations: &'a [(PatientId, Values)], noted: &[String]) -> &'a str {
    let has_some = |(_, row): &(PatientId, Values)| text(row, "allergy_status") == "has_allergies";
    if !noted.is_empty() || registrations.iter().any(has_some) {
        return "has_allergies";
    }
    registrations.first().map_or("unknown", |(_, kept)| text(kept, "allergy_status"))
}

/// What is written as a warning under any of the registrations, each text once.
fn alerts_in_words(registrations: &[(PatientId, Values)]) -> Option<String> {
    let mut all: Vec<String> = Vec::new();
    for (_, row) in registrations {
        all.extend(some_text(row, "alerts").filter(|alerts| !all.contains(alerts)));
    }
    (!all.is_empty()).then(|| all.join("; "))
}

/// What is written as a warning, and the allergies that are rows.
pub(crate) fn warnings_in_words(registrations: &[(PatientId, Values)], noted: &[String]) -> Option<String> {
    let written = alerts_in_words(registrations).into_iter();
    let all: Vec<String> = written.chain(noted.iter().cloned()).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

/// Signed prescriptions, newest first, behind so many newer ones.
fn list(
    tx: &Transaction<'_>,
    patients: &[PatientId],
    newer: i64,
    language: Language,
) -> Result<Vec<PrescriptionSummary>> {
    let sql = "select id from prescriptions where patient_id in (select value from json_each(?1)) and is_deleted = 0 \
               and status in ('finalised', 'superseded', 'voided') order by visit_date desc, id desc \
               limit ?2 offset ?3";
    let mut statement = tx.prepare_cached(sql)?;
    let ids = statement
        .query_map((serde_json::to_string(patients)?, SHOWN, newer), |row| row.get::<_, String>(0))?;
    ids.map(|id| {
        let id: PrescriptionId = id?.parse().map_err(|_| Error::NotFound)?;
        prescription(tx, id, &must_get(tx, TableName::Prescriptions, id.0)?, language)
    })
    .collect()
}

/// How many signed prescriptions there are behind so many newer ones.
fn older(tx: &Transaction<'_>, patients: &[PatientId], newer: i64) -> Result<u32> {
    let sql = "select max(count(*) - ?2, 0) from prescriptions where patient_id in (select value from json_each(?1)) \
               and is_deleted = 0 and status in ('finalised', 'superseded', 'voided')";
    Ok(tx.prepare_cached(sql)?.query_row((serde_json::to_string(patients)?, newer), |row| row.get(0))?)
}

/// Appointments behind so many newer ones, newest first, and how many stand behind these. For whoever sees prescriptions,
/// a visit of which one came stands there as that alone.
fn visits(
    tx: &Transaction<'_>,
    patients: &[PatientId],
    sees_prescriptions: bool,
    newer: i64,
) -> Result<(Vec<Visit>, u32)> {
    let sql = "select id, appointment_date, start_time, status, visit_type, reason, doctor_id, \
               max(count(*) over () - ?2 - ?4, 0) from appointments a \
               where patient_id in (select value from json_each(?1)) and is_deleted = 0 \
               and status <> 'entered_in_error' and not (?3 and exists (select 1 from prescriptions p \
               where p.patient_id in (select value from json_each(?1)) and p.is_deleted = 0 \
               and p.status in ('finalised', 'superseded', 'voided') and (p.appointment_id = a.id \
               or p.appointment_id is null and p.doctor_id = a.doctor_id and p.visit_date = a.appointment_date \
               and a.status in ('arrived', 'in_consultation', 'completed')))) \
               order by appointment_date desc, start_time desc, id desc limit ?2 offset ?4";
    let mut statement = tx.prepare_cached(sql)?;
    let mut rows = statement.query((serde_json::to_string(patients)?, SHOWN, sees_prescriptions, newer))?;
    let (mut found, mut older) = (vec![], 0);
    while let Some(row) = rows.next()? {
        let doctor = row.get::<_, String>(6)?.parse().map(|doctor| doctor_name(tx, doctor));
        found.push(Visit {
            id: row.get(0)?,
            day: row.get(1)?,
            time: row.get(2)?,
            status: row.get(3)?,
            visit_type: row.get(4)?,
            doctor_name: doctor.unwrap_or_else(|_| Ok(String::new()))?,
            reason: row.get(5)?,
        });
        older = row.get(7)?;
    }
    Ok((found, older))
}

/// What was measured at the visits that hold, behind so many newer ones, the oldest first; and how many stand behind these.
fn measured(tx: &Transaction<'_>, patients: &[PatientId], newer: i64) -> Result<(Vec<Measured>, u32)> {
    let sql = "select id, visit_date, vitals from prescriptions where patient_id in (select value from json_each(?1)) \
               and is_deleted = 0 and status = 'finalised' and vitals is not null order by visit_date desc, id desc";
    let mut statement = tx.prepare_cached(sql)?;
    let mut rows = statement.query([serde_json::to_string(patients)?])?;
    let (mut found, mut count) = (vec![], 0_i64);
    while let Some(row) = rows.next()? {
        // Where nothing was measured, only the values tell.
        let stored: Value = serde_json::from_str(&row.get::<_, String>(2)?).unwrap_or(Value::Null);
        let vitals = Vitals::of(&stored);
        if vitals == Vitals::default() {
            continue;
        }
        count += 1;
        if count <= newer || count > newer + SHOWN {
            continue;
        }
        let prescription_id = row.get::<_, String>(0)?.parse().map_err(|_| Error::NotFound)?;
        found.push(Measured { prescription_id, day: row.get(1)?, bmi: vitals.bmi(), vitals });
    }
    found.reverse();
    Ok((found, u32::try_from((count - newer - SHOWN).max(0)).unwrap_or(u32::MAX)))
}

/// A prescription that was signed, whatever became of it since.
pub(crate) fn signed(tx: &Transaction<'_>, id: PrescriptionId) -> Result<Values> {
    let values = must_get(tx, TableName::Prescriptions, id.0)?;
    if is_unsigned(&values) { Err(Error::NotFound) } else { Ok(values) }
}

/// A prescription as it is shown.
pub(crate) fn prescription(
    tx: &Transaction<'_>,
    id: PrescriptionId,
    values: &Values,
    language: Language,
) -> Result<PrescriptionSummary> {
    let pending: i64 = tx
        .prepare_cached("select count(*) from pending_rows where table_name = 'prescriptions' and id = ?1")?
        .query_row([id.to_string()], |row| row.get(0))?;
    let doctor = text(values, "doctor_id").parse().map(|doctor| doctor_name(tx, doctor));
    Ok(PrescriptionSummary {
        id,
        number: some_text(values, "prescription_number"),
        visit_date: text(values, "visit_date").to_owned(),
        status: values
            .get("status")
            .and_then(|status| Status::deserialize(status).ok())
            .unwrap_or(Status::Draft),
        version: version(values),
        void_reason: some_text(values, "void_reason"),
        doctor_name: doctor.unwrap_or_else(|_| Ok(String::new()))?,
        own_signature: None,
        diagnoses: diagnoses(values).iter().map(diagnosis_words).collect(),
        items: items(tx, id)?.iter().map(|(_, item)| item_view(item, language)).collect(),
        alerts: alert_views(values, language),
        advice: some_text(values, "advice"),
        follow_up_date: some_text(values, "follow_up_date"),
        is_synced: pending == 0,
    })
}

/// The lines of a prescription in their order.
pub(crate) fn items(tx: &Transaction<'_>, id: PrescriptionId) -> Result<Vec<(Uuid, Values)>> {
    let sql =
        "select id from prescription_items where prescription_id = ?1 and is_deleted = 0 order by position";
    let mut statement = tx.prepare_cached(sql)?;
    let ids = statement.query_map([id.to_string()], |row| row.get::<_, String>(0))?;
    ids.map(|id| {
        let id: Uuid = id?.parse().map_err(|_| Error::NotFound)?;
        Ok((id, must_get(tx, TableName::PrescriptionItems, id)?))
    })
    .collect()
}

/// A dose with its note, as both are typed. In old lines the note stands in the dose already.
fn noted(dose: &str, note: &str) -> String {
    if note.is_empty() || dose.contains("//") { dose.to_owned() } else { format!("{dose} // {note}") }
}

/// A line as it is shown.
pub(crate) fn item_view(item: &Values, language: Language) -> ItemView {
    let unit = text(item, "dose_unit");
    let amount = item.get("quantity").and_then(Value::as_f64);
    let directions = directions_in(item, language.into());
    ItemView {
        title: title(item),
        medicine_text: text(item, "medicine_text").to_owned(),
        dose_text: noted(text(item, "dose_text"), text(item, "instructions")),
        directions: directions.unwrap_or_else(|| text(item, "patient_directions").to_owned()),
        quantity: amount.map(|amount| dosage::units(amount, unit, language.into())),
        no_substitution: forbids_substitution(item),
        stopped_at: some_text(item, "stopped_at"),
        stop_reason: some_text(item, "stop_reason"),
    }
}

/// Whether no other brand is to be given in the place of a line's.
pub(crate) fn forbids_substitution(item: &Values) -> bool {
    item.get("substitution_allowed") == Some(&Value::Bool(false))
}

/// `TAB. PARACETAMOL 650 MG (Dolo 650)`: generic names in capitals, as the Indian Medical Council asks, and the brand
/// behind it as it is written.
fn title(item: &Values) -> String {
    let name = text(item, "generic_text");
    let form = form_before(name, text(item, "dosage_form"));
    let generic = format!("{name} {}", text(item, "strength_text"));
    let name = capitals(&squeezed(&format!("{form} {generic}")));
    match text(item, "medicine_text").strip_prefix(generic.trim()) {
        Some(brand) if brand.starts_with(" (") => name + brand,
        _ => name,
    }
}

/// The short word of a form that stands before a name, unless the name says the form itself.
pub(crate) fn form_before(name: &str, form: &str) -> &'static str {
    if names_form(name, form) { "" } else { form_abbreviation(form) }
}

/// As names stand on paper. The capital of a micro sign looks like an M, and 25 µg would be read as 25 mg.
pub(crate) fn capitals(name: &str) -> String {
    name.replace(['\u{b5}', '\u{3bc}'], "mc").to_uppercase()
}

/// 1, or more for one that replaces an earlier one.
pub(crate) fn version(values: &Values) -> u32 {
    values.get("version").and_then(Value::as_u64).and_then(|version| u32::try_from(version).ok()).unwrap_or(1)
}

/// The diagnoses of a prescription.
pub(crate) fn diagnoses(values: &Values) -> Vec<Diagnosis> {
    let diagnoses = values.get("diagnoses").and_then(Value::as_array);
    diagnoses.into_iter().flatten().filter_map(|one| Diagnosis::deserialize(one).ok()).collect()
}

/// `Fever R50.9`
pub(crate) fn diagnosis_words(diagnosis: &Diagnosis) -> String {
    match &diagnosis.icd10 {
        Some(code) => format!("{} {code}", diagnosis.text),
        None => diagnosis.text.clone(),
    }
}

/// `Dr. Anjali Kulkarni`.
pub(crate) fn doctor_name(tx: &Transaction<'_>, id: DoctorId) -> Result<String> {
    let Some(doctor) = get_row(tx, TableName::Doctors, id.0)? else { return Ok(String::new()) };
    let doctor = doctor.values;
    let name = [text(&doctor, "title"), text(&doctor, "first_name"), text(&doctor, "last_name")];
    Ok(name.join(" ").trim().to_owned())
}

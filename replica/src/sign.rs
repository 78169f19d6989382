//! Signing: the draft becomes a prescription that never changes again.

use protocol::id::{AppointmentId, DoctorId, PatientId, PrescriptionId};
use protocol::mutation::Change;
use protocol::prescription::content_hash;
use protocol::signing;
use protocol::table::{TableName, Values};
use protocol::validate::{day_text, moment_text};
use rusqlite::Transaction;
use serde_json::{Value, json};
use time::Date;
use uuid::Uuid;

use crate::amend::{follow_up_day, replaced, withdrawal};
use crate::care::{alert_views, alerts, allergy_snapshot, allergy_words, check};
use crate::chart::{
    allergy_status, diagnosis_words, doctor_name, item_view, items, version, warnings_in_words,
};
use crate::disputed::disputed;
use crate::error::{Error, Result};
use crate::one_patient::{kept, registration_rows};
use crate::pad::{claim_draft, item_values, named_now};
use crate::patients::{age_of, full_name, sex_letter};
use crate::prepared::taken_up;
use crate::print::language_of;
use crate::replica::{Replica, by_name, must_get, or_null, some_text, text};
use crate::running::is_stopped;
use crate::store::{get_row, lane};
use crate::view::{Diagnosis, Draft, DraftItem, ItemSource, PrescriptionSummary, Safety};

/// The patient was there.
pub(crate) const IN_PERSON: &str = "in_person";

impl Replica {
    /// Signs a draft: numbers it, freezes patient and doctor as they are now, hashes the content, and removes
    /// the draft. All of it is on disk when this returns, or nothing was signed. Then the visit of which it came is over.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`] for whoever may not prescribe; [`Error::Invalid`] for a draft that says nothing or
    /// has a line that cannot be read, or replaces what it may not, and the first time for one of which something was
    /// taken back, or that has letters that cannot be printed, or is of a patient on whom two entries differ;
    /// [`Error::Held`] for a line that a check holds, if it has no reason to stay and is not one of those that `leave_out`
    /// names by their places.
    pub fn sign_prescription(
        &self,
        patient: PatientId,
        draft: &Draft,
        leave_out: &[usize],
    ) -> Result<PrescriptionSummary> {
        let doctor = self.signer()?;
        if draft.items.is_empty() && !says_something(draft) {
            return Err(nothing_to_sign());
        }
        self.must_know_what_is_gone(
            patient,
            draft,
            "Look through the draft, then sign again. Nothing was signed.",
        )?;
        self.must_know_what_is_not_printed(patient, draft)?;
        let id = PrescriptionId(self.ids.next());
        let (summary, visit) = self.record("sign_prescription", Some(patient), |tx| {
            let patient = kept(tx, patient)?;
            claim_draft(tx, patient)?;
            let today = self.day(tx)?;
            let safety = check(tx, patient, draft, &draft.items, today)?;
            let left_out = left_out(&safety, draft, leave_out)?;
            let replaced = replaced(tx, draft, patient, doctor)?;
            nothing_stopped_since(tx, draft)?;
            let mut values = self.signed_values(tx, patient, doctor, draft, today)?;
            if let Some((old, row)) = &replaced {
                // No row moves when two registrations become one, and what replaces it stands where it stands.
                values.insert("patient_id".into(), json!(text(row, "patient_id")));
                values.insert("amends_id".into(), json!(old));
                values.insert("version".into(), json!(1 + version(row)));
                values.insert("appointment_id".into(), or_null(text(row, "appointment_id")));
            }
            // What replaces another prescription is of the visit that was over with that one.
            let visit = match &replaced {
                Some(_) => None,
                None => self.visit_to_sign(tx, patient, doctor, today)?,
            };
            let mode = match &replaced {
                Some((_, row)) => mode_of(row),
                None => self.mode_at(tx, (patient, doctor), visit, today)?,
            };
            values.insert("mode".into(), json!(mode));
            // What is signed waits for nothing that the server may refuse: such a visit is known by doctor and day.
            if let Some((visit, true)) = visit {
                values.insert("appointment_id".into(), json!(visit));
            }
            let now = moment_text(self.clock.now());
            // By the names that are signed: on paper a reason stands under its own line.
            let named =
                draft.items.iter().map(|item| named_now(tx, item.clone())).collect::<Result<Vec<_>>>()?;
            values.insert("alerts".into(), alerts(&safety, &named, &left_out, self.person.id.0, &now));
            values.insert("taken_up".into(), taken_up(tx, patient, draft)?);
            let signed = draft.items.iter().zip(&left_out).filter(|(_, is_out)| !**is_out);
            let items = self.lines(tx, id, signed.map(|(item, _)| item))?;
            if items.is_empty() && !says_something(draft) {
                return Err(nothing_to_sign());
            }
            let hash = content_hash(id.0, &values, &items);
            values.insert("content_sha256".into(), json!(hash.to_string()));
            if let Some(own) = &self.own_key {
                let message = signing::prescription_message(id.0, &hash.to_string());
                values.insert("own_signature".into(), json!(signing::sign(own, &message)));
            }
            tx.prepare_cached("delete from drafts where patient_id = ?1")?.execute([patient.to_string()])?;
            let summary = PrescriptionSummary {
                id,
                number: some_text(&values, "prescription_number"),
                visit_date: day_text(today),
                status: protocol::prescription::Status::Finalised,
                version: version(&values),
                void_reason: None,
                doctor_name: doctor_name(tx, doctor)?,
                own_signature: None,
                diagnoses: draft.diagnoses.iter().map(diagnosis_words).collect(),
                items: items.iter().map(|(_, item)| item_view(item, self.language())).collect(),
                alerts: alert_views(&values, self.language()),
                advice: some_text(&values, "advice"),
                follow_up_date: some_text(&values, "follow_up_date"),
                is_synced: false,
            };
            let mut changes = vec![Change::insert(TableName::Prescriptions, id.0, values)];
            changes.extend(
                items.into_iter().map(|(id, item)| Change::insert(TableName::PrescriptionItems, id, item)),
            );
            changes.extend(replaced.map(|(old, row)| {
                let reason = Some(draft.amend_reason.trim()).filter(|reason| !reason.is_empty());
                let set = [("status", json!("superseded")), ("superseded_by_id", json!(id))];
                let why = reason.map(|reason| ("void_reason", json!(reason)));
                withdrawal(&row, old, set.into_iter().chain(why))
            }));
            Ok((changes, (summary, visit)))
        })?;
        if let Some((visit, _)) = visit {
            self.finish_signed(visit, patient);
        }
        Ok(summary)
    }

    /// How the patient is seen of whom a draft is, as it would be signed now.
    pub(crate) fn mode_to_sign(
        &self,
        tx: &Transaction<'_>,
        kept: PatientId,
        draft: &Draft,
        today: Date,
    ) -> Result<String> {
        if let Some(row) = draft.amends.map(|id| get_row(tx, TableName::Prescriptions, id.0)).transpose()? {
            return Ok(row.map_or_else(|| IN_PERSON.to_owned(), |row| mode_of(&row.values).to_owned()));
        }
        let Some(doctor) = self.prescriber() else { return Ok(IN_PERSON.to_owned()) };
        let visit = self.visit_to_sign(tx, kept, doctor, today)?;
        Ok(self.mode_at(tx, (kept, doctor), visit, today)?.to_owned())
    }

    /// How a patient is seen at a visit, be it over or not. Of one that is booked by video or phone nobody says which of the
    /// two it is.
    fn mode_at(
        &self,
        tx: &Transaction<'_>,
        (patient, doctor): (PatientId, DoctorId),
        visit: Option<(AppointmentId, bool)>,
        today: Date,
    ) -> Result<&'static str> {
        let visit = match visit {
            Some((visit, _)) => Some(visit),
            None => self.visit_over(tx, patient, doctor, today)?,
        };
        let Some(visit) = visit else { return Ok(IN_PERSON) };
        let visit = must_get(tx, TableName::Appointments, visit.0)?;
        Ok(if text(&visit, "visit_type") == "teleconsult" { "video" } else { IN_PERSON })
    }

    /// The rows of the lines of a prescription, in their order.
    pub(crate) fn lines<'a>(
        &self,
        tx: &Transaction<'_>,
        id: PrescriptionId,
        items: impl Iterator<Item = &'a DraftItem>,
    ) -> Result<Vec<(Uuid, Values)>> {
        let place = |(item, position): (&DraftItem, u32)| {
            let mut values = item_values(tx, item)?;
            values.insert("prescription_id".into(), json!(id));
            values.insert("position".into(), json!(position));
            Ok((self.ids.next(), values))
        };
        items.zip(1..).map(place).collect()
    }

    fn signed_values(
        &self,
        tx: &Transaction<'_>,
        patient: PatientId,
        doctor: DoctorId,
        draft: &Draft,
        today: Date,
    ) -> Result<Values> {
        let values = [
            ("visit_date", json!(day_text(today))),
            ("doctor_id", json!(doctor)),
            ("patient_id", json!(patient)),
            ("clinic_id", json!(self.facts.clinic_id)),
            ("prescription_number", json!(self.number(tx, today)?)),
            ("status", json!("finalised")),
            ("version", json!(1)),
            ("patient_snapshot", patient_snapshot(tx, patient, today)?),
            ("allergy_snapshot", allergy_snapshot(tx, patient, today)?),
            ("doctor_snapshot", doctor_snapshot(tx, doctor)?),
            ("finalised_at", json!(moment_text(self.clock.now()))),
            ("finalised_by", json!(self.person.id)),
            ("language", json!(language_of(&must_get(tx, TableName::Patients, patient.0)?))),
        ];
        let said = said_columns(tx, draft, today)?;
        Ok(by_name(values.into_iter().chain(said)))
    }

    /// The next number: clinic, this computer's lane, day, count. The lane is this computer's alone, so two
    /// computers that do not see each other never give the same one.
    fn number(&self, tx: &Transaction<'_>, today: Date) -> Result<String> {
        let clinic = must_get(tx, TableName::Clinics, self.facts.clinic_id.0).map_err(|_| {
            Error::Invalid(
                "The clinic's data has not arrived yet. The draft is kept; connect once and sign again."
                    .into(),
            )
        })?;
        let day = format!("{:02}{:02}{:02}", today.year() % 100, u8::from(today.month()), today.day());
        let prefix = format!("{}-{}-{day}", text(&clinic, "clinic_code"), lane(tx)?);
        // Counted from what was signed, not from a counter: a clock that jumps gives no number twice.
        // A number that never came to be may stand on paper all the same.
        let sql = "select max(cast(substr(number, length(?1) + 2) as integer)) from ( \
                   select prescription_number as number from prescriptions \
                   where prescription_number > ?1 || '-' and prescription_number < ?1 || '.' \
                   union all select substr(name, 7) from meta \
                   where name > 'given/' || ?1 || '-' and name < 'given/' || ?1 || '.')";
        let last: Option<u32> = tx.prepare_cached(sql)?.query_row([&prefix], |row| row.get(0))?;
        Ok(format!("{prefix}-{}", last.unwrap_or(0) + 1))
    }
}

/// What a draft says, but for its lines, as the columns hold it.
///
/// # Errors
///
/// [`Error::Invalid`] if nobody knows when the patient is to come back.
pub(crate) fn said_columns(
    tx: &Transaction<'_>,
    draft: &Draft,
    today: Date,
) -> Result<[(&'static str, Value); 9]> {
    let lines = |text: &str| {
        let lines = text.split(['\n', ';']).map(str::trim).filter(|line| !line.is_empty());
        Value::from(lines.map(str::to_owned).collect::<Vec<_>>())
    };
    let follow_up = follow_up_day(tx, draft, today)?.map_err(|why| Error::Invalid(why.to_owned()))?;
    Ok([
        ("chief_complaints", lines(&draft.complaints)),
        ("history", or_null(&draft.history)),
        ("examination", or_null(&draft.examination)),
        ("referral_to", or_null(&draft.referral)),
        ("vitals", draft.vitals.stored()),
        ("diagnoses", draft.diagnoses.iter().map(stored_diagnosis).collect()),
        ("investigations", lines(&draft.investigations)),
        ("advice", or_null(&draft.advice)),
        ("follow_up_date", follow_up.map_or(Value::Null, |day| json!(day_text(day)))),
    ])
}

/// Refuses a draft that would take up again, unsaid, what was stopped in the prescription that it was taken from.
fn nothing_stopped_since(tx: &Transaction<'_>, draft: &Draft) -> Result<()> {
    let Some(from) = draft.repeated else { return Ok(()) };
    let old: Vec<Values> = items(tx, from)?.into_iter().map(|(_, line)| line).collect();
    let is_taken = |item: &&DraftItem| draft.amends.is_some() || item.source == ItemSource::Repeat;
    for item in draft.items.iter().filter(is_taken) {
        let mut same = old.iter().filter(|line| match item.medicine_id {
            Some(id) => text(line, "medicine_id").parse() == Ok(id),
            None => text(line, "medicine_text") == item.medicine_text,
        });
        let is_there = same.clone().next().is_some();
        if is_there && same.all(is_stopped) {
            return Err(Error::Invalid(format!(
                "{} was stopped in the prescription that this draft was taken from. Remove its line, or take it up again in the chart first. Nothing was signed.",
                item.medicine_text
            )));
        }
    }
    Ok(())
}

/// How the patient of a prescription was seen.
pub(crate) fn mode_of(prescription: &Values) -> &str {
    Some(text(prescription, "mode")).filter(|mode| !mode.is_empty()).unwrap_or(IN_PERSON)
}

fn stored_diagnosis(diagnosis: &Diagnosis) -> Value {
    match &diagnosis.icd10 {
        Some(code) => json!({ "text": diagnosis.text, "icd10": code }),
        None => json!({ "text": diagnosis.text }),
    }
}

/// The patient as they are now, for paper: later corrections do not change what was signed. What is disputed is left out.
pub(crate) fn patient_snapshot(tx: &Transaction<'_>, id: PatientId, today: Date) -> Result<Value> {
    let patient = &must_get(tx, TableName::Patients, id.0)?;
    let address = [text(patient, "address_line"), text(patient, "city")];
    let address: Vec<&str> = address.into_iter().filter(|part| !part.is_empty()).collect();
    let disputed = disputed(tx, id)?;
    let known = |column: &str| !disputed.contains(column);
    Ok(json!({
        "full_name": full_name(patient),
        "age": age_of(patient, today).filter(|_| known("date_of_birth")).map(protocol::patient::Age::text),
        "sex": Some(sex_letter(patient)).filter(|_| known("sex")),
        "mobile_number": Some(text(patient, "mobile_number")).filter(|_| known("mobile_number")),
        "address": address.join(", "),
        "patient_code": text(patient, "patient_code"),
        "allergies": allergies(&registration_rows(tx, id)?, &allergy_words(tx, id)?),
    }))
}

/// What stands in the box on paper.
fn allergies(registrations: &[(PatientId, Values)], noted: &[String]) -> String {
    // What is written is printed, whatever the status says.
    warnings_in_words(registrations, noted).unwrap_or_else(|| {
        match allergy_status(registrations, noted) {
            "none_known" => "none known",
            "has_allergies" => "yes, see chart",
            _ => "not asked",
        }
        .to_owned()
    })
}

fn says_something(draft: &Draft) -> bool {
    [&draft.advice, &draft.investigations, &draft.referral].iter().any(|text| !text.trim().is_empty())
}

fn nothing_to_sign() -> Error {
    Error::Invalid("There is nothing to sign yet: add a medicine, a test or advice.".into())
}

/// Which lines are left out of what is signed: those that a check holds and that the doctor said to go without.
fn left_out(safety: &Safety, draft: &Draft, leave_out: &[usize]) -> Result<Vec<bool>> {
    let held: Vec<usize> = (0..draft.items.len()).filter(|place| safety.lines[*place].is_held).collect();
    match held.iter().find(|place| !leave_out.contains(place)) {
        Some(place) => Err(Error::Held(draft.items[*place].medicine_text.clone())),
        None => Ok((0..draft.items.len()).map(|place| held.contains(&place)).collect()),
    }
}

/// The doctor as they are now, for paper.
pub(crate) fn doctor_snapshot(tx: &Transaction<'_>, doctor: DoctorId) -> Result<Value> {
    let Some(row) = get_row(tx, TableName::Doctors, doctor.0)? else {
        return Err(Error::Invalid(
            "Your registration number has not arrived on this computer yet. The draft is kept; connect once and sign again.".into(),
        ));
    };
    let council = text(&row.values, "registration_council");
    Ok(json!({
        "name": doctor_name(tx, doctor)?,
        "qualifications": text(&row.values, "qualifications"),
        "registration": format!("Reg. no. {council} {}", text(&row.values, "registration_number")),
    }))
}

//! What a nurse prepares reaches the doctor's room: a draft that was given to the doctors, until one of them takes it up.
//!
//! What was given never changes. Whoever writes a prescription or another draft from it names it there, and from then on
//! it is not offered any more. A pad begins by itself with what is of today alone.

use protocol::id::{ClinicId, DoctorId, PatientId, PrescriptionId};
use protocol::mutation::Change;
use protocol::table::{TableName, Values};
use protocol::validate::{day_text, moment_text};
use rusqlite::{OptionalExtension, Transaction};
use serde::Deserialize;
use serde_json::{Value, json};
use time::{Date, Duration};

use crate::amend::{said, withdrawal};
use crate::chart::{diagnosis_words, item_view, items};
use crate::error::{Error, Result};
use crate::language::Language;
use crate::one_patient::{id_list, kept, registrations};
use crate::pad::{claim_draft, draft, named_now};
use crate::print::language_of;
use crate::repeat::add_new;
use crate::replica::{Replica, by_name, must_get, text};
use crate::sign::said_columns;
use crate::store::{get_row, query_ids};
use crate::view::{Diagnosis, Draft, GivenDraft, Prepared, Vitals};

/// It is offered on its day and so many after it: what was given late in the evening, or where there was no network, is
/// there in the morning, and after a day on which the clinic is closed.
const DAYS_AFTER: i64 = 2;

/// Which prescriptions `p` of the day `?1` and later are offered. What replaces a prescription names again what that one
/// was written from.
const IS_OFFERED: &str = "p.visit_date >= ?1 and p.status = 'draft' and p.prepared_at is not null \
                          and p.is_deleted = 0 and not exists (select 1 from prescriptions n, json_each(n.taken_up) t \
                          where n.visit_date >= ?1 and n.is_deleted = 0 \
                          and n.status not in ('voided', 'superseded', 'discarded') and t.value = p.id)";

impl Replica {
    /// Gives a draft to the doctors, on whichever computer they sit. What this person may not write in a prescription
    /// stays in the draft on this computer, as does a line that is not finished; but what a doctor's draft says already
    /// stays there alone. Reasons to keep a line in spite of a check go nowhere: they are of whoever signs.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`] for who is no clinician; [`Error::Invalid`] for a draft that says nothing, has a line that
    /// cannot be read, or replaces a signed prescription, and the first time for one of which something was taken back.
    pub fn give_to_doctor(&self, patient: PatientId, draft: &Draft) -> Result<GivenDraft> {
        self.must_prepare()?;
        if draft.amends.is_some() {
            return Err(Error::Invalid(
                "This draft replaces a signed prescription: whoever began it signs it. The draft is kept."
                    .into(),
            ));
        }
        self.must_know_what_is_gone(
            patient,
            draft,
            "Look through the draft, then give it again. Nothing was given.",
        )?;
        let id = PrescriptionId(self.ids.next());
        self.record("give_draft", Some(patient), |tx| {
            let patient = kept(tx, patient)?;
            let row = must_get(tx, TableName::Patients, patient.0)?;
            claim_draft(tx, patient)?;
            let (today, now) = (self.day(tx)?, moment_text(self.clock.now()));
            let said = said_columns(tx, draft, today)?.into_iter().filter(|(name, _)| self.may_say(name));
            let mut values = by_name(said);
            if draft.items.is_empty() && values.values().all(is_empty) {
                return Err(Error::Invalid(
                    "There is nothing to give to the doctor yet: write down what was measured or what the patient says."
                        .into(),
                ));
            }
            let columns = [
                ("visit_date", json!(day_text(today))),
                ("doctor_id", json!(self.for_whom(tx, patient, today)?)),
                ("patient_id", json!(patient)),
                ("clinic_id", json!(self.facts.clinic_id)),
                ("status", json!("draft")),
                ("language", json!(language_of(&row))),
                ("prepared_by", json!(self.person.full_name)),
                ("prepared_at", json!(now)),
                ("taken_up", self.handed_on(tx, patient, draft)?),
            ];
            values.extend(by_name(columns));
            let mut changes = vec![Change::insert(TableName::Prescriptions, id.0, values)];
            let lines = self.lines(tx, id, draft.items.iter())?.into_iter();
            changes.extend(lines.map(|(id, line)| Change::insert(TableName::PrescriptionItems, id, line)));
            let left = self.not_given(draft, &theirs(tx, patient, draft, today)?);
            self.put_draft(tx, patient, &left, &now)?;
            let has_reasons = draft.items.iter().any(|item| !item.kept.is_empty());
            Ok((changes, GivenDraft { id, is_all: left == Draft::default() && !has_reasons }))
        })
    }

    /// The draft with what was prepared for this patient, in every place where it says nothing itself. Nothing is
    /// written yet.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if nothing is offered that it does not have yet.
    pub fn take_up_prepared(&self, patient: PatientId, own: Draft) -> Result<Draft> {
        self.must_read_clinical()?;
        self.store.read(|tx| {
            let mut draft = own;
            if take_up(tx, kept(tx, patient)?, first_offered(self.day(tx)?), &mut draft)? == 0 {
                return Err(Error::Invalid(
                    "Nothing more is prepared for this patient. Nothing was changed.".into(),
                ));
            }
            Ok(draft)
        })
    }

    /// Takes back what was given, by mistake or for another patient: nobody is offered it any more.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`] for who is no clinician; [`Error::Invalid`] if it was taken back before.
    pub fn take_back_prepared(&self, id: PrescriptionId) -> Result<()> {
        self.must_prepare()?;
        let patient = self.store.read(|tx| Ok(text(&given(tx, id)?, "patient_id").parse().ok()))?;
        self.record("take_back_draft", patient, |tx| {
            let change = withdrawal(&given(tx, id)?, id, [("status", json!("discarded"))]);
            Ok((vec![change], ()))
        })
    }

    fn must_prepare(&self) -> Result<()> {
        if self.writes_clinical() {
            return Ok(());
        }
        Err(Error::Forbidden(
            "Only doctors, dentists and nurses prepare a prescription, on a computer for clinical work. The draft is kept.",
        ))
    }

    /// Whether this person's role writes this column of a prescription.
    fn may_say(&self, name: &str) -> bool {
        let column = TableName::Prescriptions.table().column(name);
        column.is_some_and(|column| self.person.roles.may_write(column.writer))
    }

    /// What a draft that is given once more takes the place of. What says more than this person hands on stays offered.
    fn handed_on(&self, tx: &Transaction<'_>, kept: PatientId, draft: &Draft) -> Result<Value> {
        let mut named = Vec::new();
        for (id, values) in taken_up_rows(tx, draft)? {
            let says_more = values.iter().any(|(name, value)| !is_empty(value) && !self.may_say(name));
            if !says_more && is_of(tx, kept, &values)? {
                named.push(id);
            }
        }
        Ok(ids_or_null(&named))
    }

    /// What of a draft is not given with it, but for what stands in one of these word for word.
    fn not_given(&self, draft: &Draft, theirs: &[Draft]) -> Draft {
        let unsaid = |name: &str, words: fn(&Draft) -> &str| {
            let typed = words(draft);
            let is_theirs = theirs.iter().any(|other| words(other).trim() == typed.trim());
            if self.may_say(name) || is_theirs { String::new() } else { typed.to_owned() }
        };
        let is_unsaid = |one: &&Diagnosis| {
            !self.may_say("diagnoses") && !theirs.iter().any(|other| other.diagnoses.contains(*one))
        };
        Draft {
            diagnoses: draft.diagnoses.iter().filter(is_unsaid).cloned().collect(),
            investigations: unsaid("investigations", |draft| &draft.investigations),
            advice: unsaid("advice", |draft| &draft.advice),
            follow_up: unsaid("follow_up_date", |draft| &draft.follow_up),
            referral: unsaid("referral_to", |draft| &draft.referral),
            line: draft.line.clone(),
            line_was: draft.line_was.clone(),
            ..Draft::default()
        }
    }

    /// The doctor of a draft, which must have one: whoever gives it, else see [`doctor_for`]. Any other takes it up as well.
    fn for_whom(&self, tx: &Transaction<'_>, patient: PatientId, today: Date) -> Result<DoctorId> {
        if let Some(doctor) = self.prescriber() {
            return Ok(doctor);
        }
        doctor_for(tx, patient, self.facts.clinic_id, today)?.ok_or_else(|| {
            Error::Invalid(
                "No doctor of the clinic is known on this computer yet. The draft is kept; connect once and give it again."
                    .into(),
            )
        })
    }
}

/// Whom a patient has come to see today, else a doctor of this clinic, else any.
pub(crate) fn doctor_for(
    tx: &Transaction<'_>,
    patient: PatientId,
    clinic: ClinicId,
    today: Date,
) -> Result<Option<DoctorId>> {
    let sql = "select id from doctors d where is_deleted = 0 and is_active = 1 order by exists \
               (select 1 from appointments a where a.doctor_id = d.id and a.appointment_date = ?2 and a.is_deleted = 0 \
               and a.patient_id in (select value from json_each(?1)) \
               and a.status in ('booked', 'confirmed', 'arrived', 'in_consultation')) desc, \
               coalesce(default_clinic_id = ?3, 0) desc, id limit 1";
    let params = (id_list(tx, patient)?, day_text(today), clinic.to_string());
    let found: Option<String> = tx.prepare_cached(sql)?.query_row(params, |row| row.get(0)).optional()?;
    Ok(found.and_then(|id| id.parse().ok()))
}

/// A draft that was given to the doctors and not taken back.
fn given(tx: &Transaction<'_>, id: PrescriptionId) -> Result<Values> {
    let values = must_get(tx, TableName::Prescriptions, id.0)?;
    if text(&values, "status") == "draft" && !text(&values, "prepared_at").is_empty() {
        return Ok(values);
    }
    Err(Error::Invalid("This was taken back already. Nothing was changed.".into()))
}

/// What the drafts say that this one has taken up, as long as the doctors have them: of one that was taken back, or is
/// offered no more, nobody but this draft reminds them.
fn theirs(tx: &Transaction<'_>, kept: PatientId, draft: &Draft, today: Date) -> Result<Vec<Draft>> {
    let first = day_text(first_offered(today));
    let mut found = Vec::new();
    for id in &draft.taken_up {
        let Some(row) = get_row(tx, TableName::Prescriptions, id.0)? else { continue };
        let is_there = !row.is_deleted
            && text(&row.values, "status") == "draft"
            && text(&row.values, "visit_date") >= first.as_str();
        if is_there && is_of(tx, kept, &row.values)? {
            found.push(said(&row.values, &[]));
        }
    }
    Ok(found)
}

/// Whether a prescription was never signed.
pub(crate) fn is_unsigned(values: &Values) -> bool {
    matches!(text(values, "status"), "draft" | "discarded")
}

fn first_offered(today: Date) -> Date {
    today.saturating_sub(Duration::days(DAYS_AFTER))
}

/// What was prepared for a patient and nobody has taken up, the first first.
pub(crate) fn prepared(
    tx: &Transaction<'_>,
    kept: PatientId,
    today: Date,
    language: Language,
) -> Result<Vec<Prepared>> {
    offered(tx, kept, first_offered(today))?.into_iter().map(|id| prepared_view(tx, id, language)).collect()
}

/// The draft of a patient as it was last saved; without one, what was prepared today. What was measured on another day
/// is not of this visit, and comes only where one asks for it.
pub(crate) fn begun(tx: &Transaction<'_>, kept: PatientId, today: Date) -> Result<Draft> {
    if let Some(draft) = draft(tx, kept)? {
        return Ok(draft);
    }
    let mut begun = Draft::default();
    take_up(tx, kept, today, &mut begun)?;
    Ok(begun)
}

/// The prepared drafts that a draft has taken up, as its row names them.
pub(crate) fn taken_up(tx: &Transaction<'_>, kept: PatientId, draft: &Draft) -> Result<Value> {
    let mut named = Vec::new();
    for (id, values) in taken_up_rows(tx, draft)? {
        if is_of(tx, kept, &values)? {
            named.push(id);
        }
    }
    Ok(ids_or_null(&named))
}

fn ids_or_null(ids: &[PrescriptionId]) -> Value {
    if ids.is_empty() { Value::Null } else { json!(ids) }
}

/// What a draft has taken up, as far as it is on this computer.
pub(crate) fn taken_up_rows(tx: &Transaction<'_>, draft: &Draft) -> Result<Vec<(PrescriptionId, Values)>> {
    let mut found = Vec::new();
    for id in &draft.taken_up {
        found.extend(get_row(tx, TableName::Prescriptions, id.0)?.map(|row| (*id, row.values)));
    }
    Ok(found)
}

/// Whether a prescription is of this patient, under any registration.
pub(crate) fn is_of(tx: &Transaction<'_>, kept: PatientId, values: &Values) -> Result<bool> {
    let patients = registrations(tx, kept)?;
    Ok(text(values, "patient_id").parse().is_ok_and(|of| patients.contains(&of)))
}

/// The prepared drafts that a prescription names.
pub(crate) fn taken_up_by(values: &Values) -> Vec<PrescriptionId> {
    let named = values.get("taken_up").and_then(Value::as_array).into_iter().flatten();
    named.filter_map(|id| PrescriptionId::deserialize(id).ok()).collect()
}

/// Who waits with something prepared in a clinic, the latest first.
pub(crate) fn offered_at(
    tx: &Transaction<'_>,
    today: Date,
    clinic: &str,
    most: i64,
) -> Result<Vec<(PrescriptionId, PatientId)>> {
    let sql = format!(
        "select p.id, p.patient_id from prescriptions p where p.clinic_id = ?2 and {IS_OFFERED} \
         order by p.prepared_at desc, p.id limit ?3"
    );
    let mut statement = tx.prepare_cached(&sql)?;
    let rows = statement.query_map((day_text(first_offered(today)), clinic, most), |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
    })?;
    let mut found = Vec::new();
    for row in rows {
        let (id, patient) = row?;
        if let (Ok(id), Ok(patient)) = (id.parse(), patient.parse()) {
            found.push((id, patient));
        }
    }
    Ok(found)
}

/// One of them as it is shown.
pub(crate) fn prepared_view(
    tx: &Transaction<'_>,
    id: PrescriptionId,
    language: Language,
) -> Result<Prepared> {
    let values = must_get(tx, TableName::Prescriptions, id.0)?;
    let said = said(&values, &[]);
    let diagnoses: Vec<String> = said.diagnoses.iter().map(diagnosis_words).collect();
    let words = [
        &said.complaints,
        &said.history,
        &said.examination,
        &diagnoses.join(", "),
        &said.investigations,
        &said.advice,
        &said.referral,
    ];
    let words = words.map(|text| text.trim().replace('\n', ", "));
    Ok(Prepared {
        id,
        by: text(&values, "prepared_by").to_owned(),
        at: text(&values, "prepared_at").to_owned(),
        vitals: said.vitals,
        words: words.into_iter().filter(|text| !text.is_empty()).collect(),
        items: items(tx, id)?.iter().map(|(_, item)| item_view(item, language)).collect(),
    })
}

fn offered(tx: &Transaction<'_>, kept: PatientId, first: Date) -> Result<Vec<PrescriptionId>> {
    let sql = format!(
        "select p.id from prescriptions p where p.patient_id in (select value from json_each(?2)) \
         and {IS_OFFERED} order by p.prepared_at, p.id"
    );
    query_ids(tx, &sql, (day_text(first), id_list(tx, kept)?))
}

/// Puts what is offered since a day into a draft, what was given last before what was given earlier, and answers how
/// many it did not have.
fn take_up(tx: &Transaction<'_>, kept: PatientId, first: Date, draft: &mut Draft) -> Result<usize> {
    let before = draft.taken_up.len();
    for id in offered(tx, kept, first)?.into_iter().rev() {
        if draft.taken_up.contains(&id) {
            continue;
        }
        let values = must_get(tx, TableName::Prescriptions, id.0)?;
        let lines: Vec<Values> = items(tx, id)?.into_iter().map(|(_, line)| line).collect();
        let mut theirs = said(&values, &lines);
        theirs.items = theirs.items.into_iter().map(|item| named_now(tx, item)).collect::<Result<_>>()?;
        fill(draft, theirs);
        draft.taken_up.push(id);
    }
    Ok(draft.taken_up.len() - before)
}

/// What is written already stays; only empty places are filled, and medicines come that are not there yet.
fn fill(own: &mut Draft, theirs: Draft) {
    for (own, theirs) in [
        (&mut own.complaints, theirs.complaints),
        (&mut own.history, theirs.history),
        (&mut own.examination, theirs.examination),
        (&mut own.investigations, theirs.investigations),
        (&mut own.advice, theirs.advice),
        (&mut own.follow_up, theirs.follow_up),
        (&mut own.referral, theirs.referral),
    ] {
        if own.trim().is_empty() {
            *own = theirs;
        }
    }
    own.vitals = filled(&own.vitals, &theirs.vitals);
    if own.diagnoses.is_empty() {
        own.diagnoses = theirs.diagnoses;
    }
    add_new(&mut own.items, theirs.items);
}

fn filled(own: &Vitals, theirs: &Vitals) -> Vitals {
    // One pressure is of one moment: an upper value never stands beside the lower one of another.
    let pressure = if own.bp_sys.is_none() && own.bp_dia.is_none() { theirs } else { own };
    Vitals {
        bp_sys: pressure.bp_sys,
        bp_dia: pressure.bp_dia,
        pulse: own.pulse.or(theirs.pulse),
        temp_c: own.temp_c.or(theirs.temp_c),
        spo2: own.spo2.or(theirs.spo2),
        rr: own.rr.or(theirs.rr),
        weight_kg: own.weight_kg.or(theirs.weight_kg),
        height_cm: own.height_cm.or(theirs.height_cm),
        sugar: own.sugar.or(theirs.sugar),
        head_cm: own.head_cm.or(theirs.head_cm),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(entries) => entries.is_empty(),
        Value::Object(entries) => entries.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

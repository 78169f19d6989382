//! What a patient takes now, and that a medicine was stopped. What is shown is what the checks count: see `care.rs`.

use protocol::dosage::Dosage;
use protocol::id::{ConflictId, PatientId, PrescriptionId, PrescriptionItemId};
use protocol::mutation::Change;
use protocol::safety::Line;
use protocol::table::{TableName, Values};
use protocol::validate::{check_value, day_text, moment_text, parse_day};
use rusqlite::Transaction;
use serde_json::{Value, json};
use time::Date;
use uuid::Uuid;

use crate::amend::standing;
use crate::care::{open_items, prescriptions, signed_line};
use crate::chart::{doctor_name, item_view, signed};
use crate::error::{Error, Result};
use crate::language::Language;
use crate::one_patient::{id_list, kept};
use crate::replica::{Replica, from_to, must_get, some_text, text};
use crate::store::query_ids;
use crate::view::Running;

impl Replica {
    /// Says that the patient was told to stop a medicine: this line of a signed prescription, and those that it was written
    /// again from.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`] for who does not prescribe; [`Error::Invalid`] without a reason, for one that was stopped
    /// already, and in a prescription that does not hold any more.
    pub fn stop_medicine(&self, id: PrescriptionItemId, reason: &str) -> Result<()> {
        self.must_prescribe()?;
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(Error::Invalid("Why is it stopped? Nothing was changed yet.".into()));
        }
        if let Some(column) = TableName::PrescriptionItems.table().column("stop_reason") {
            check_value(column, &json!(reason))?;
        }
        let patient = self.store.read(|tx| patient_of(tx, id))?;
        self.record("stop_medicine", Some(patient), |tx| {
            let taken = Taken::of(tx, id)?;
            if is_stopped(&taken.item) {
                return Err(Error::Invalid("This medicine was stopped already. Nothing was changed.".into()));
            }
            let today = self.day(tx)?;
            let stopped =
                [("stopped_at", json!(moment_text(self.clock.now()))), ("stop_reason", json!(reason))];
            let again = taken.likes(tx, patient)?.into_iter();
            let again = again.filter(|older| older.line.runs(older.day, today) && taken.stands_for(older));
            let all = again.chain([taken.clone()]);
            Ok((all.map(|one| one.change(stopped.clone())).collect(), ()))
        })
    }

    /// Takes up again what was stopped, with all that was stopped with it.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`] for who does not prescribe; [`Error::Invalid`] for what was not stopped, and in a prescription
    /// that does not hold any more.
    pub fn resume_medicine(&self, id: PrescriptionItemId) -> Result<()> {
        self.must_prescribe()?;
        let patient = self.store.read(|tx| patient_of(tx, id))?;
        self.record("resume_medicine", Some(patient), |tx| {
            let taken = Taken::of(tx, id)?;
            if !is_stopped(&taken.item) {
                return Err(Error::Invalid("This medicine was not stopped. Nothing was changed.".into()));
            }
            let all = taken.likes(tx, patient)?.into_iter().chain([taken]);
            let runs = [("stopped_at", Value::Null), ("stop_reason", Value::Null)];
            Ok((all.map(|one| one.change(runs.clone())).collect(), ()))
        })
    }

    fn must_prescribe(&self) -> Result<()> {
        if self.prescriber().is_some() {
            return Ok(());
        }
        Err(Error::Forbidden(
            "Only a doctor or dentist stops a medicine, on a computer for clinical work. Nothing was changed.",
        ))
    }
}

/// Whether it was said of a line that it was stopped.
pub(crate) fn is_stopped(item: &Values) -> bool {
    !text(item, "stopped_at").is_empty()
}

/// What a patient takes now, the newest first, and what they would still take if it were not stopped, the last one first.
/// What was written again stands there once.
pub(crate) fn running_and_stopped(
    tx: &Transaction<'_>,
    patient: PatientId,
    today: Date,
    language: Language,
) -> Result<[Vec<Running>; 2]> {
    let taken = running(tx, patient, today)?;
    let counts = |line: &Taken| taken.iter().any(|one| one.line.id == line.line.id);
    let mut stopped: Vec<Taken> = vec![];
    for line in stopped_lines(tx, patient)? {
        let is_shown = stopped.iter().any(|newer| newer.is_stopped_with(&line) && newer.stands_for(&line));
        if line.line.runs(line.day, today) && !counts(&line) && !is_shown {
            stopped.push(line);
        }
    }
    let views =
        |lines: &[Taken]| lines.iter().map(|line| line.view(tx, language)).collect::<Result<Vec<_>>>();
    Ok([views(&taken)?, views(&stopped)?])
}

fn running(tx: &Transaction<'_>, patient: PatientId, today: Date) -> Result<Vec<Taken>> {
    let mut found: Vec<Taken> = vec![];
    for prescription in prescriptions(tx, patient, &open_items(tx, patient)?, None, today)? {
        let day = prescription.day;
        for line in prescription.lines.into_iter().filter(|line| line.runs(day, today)) {
            let item = must_get(tx, TableName::PrescriptionItems, line.id)?;
            let taken = Taken { prescription: PrescriptionId(prescription.id), day, line, item };
            if !found.iter().any(|newer| newer.stands_for(&taken)) {
                found.push(taken);
            }
        }
    }
    Ok(found)
}

fn stopped_lines(tx: &Transaction<'_>, patient: PatientId) -> Result<Vec<Taken>> {
    let sql = "select line.id from prescription_items line join prescriptions p on p.id = line.prescription_id \
               where p.patient_id in (select value from json_each(?1)) and p.status = 'finalised' \
               and p.is_deleted = 0 and line.is_deleted = 0 and line.stopped_at is not null \
               order by line.stopped_at desc, p.visit_date desc, p.id desc, line.position";
    let lines = query_ids::<Uuid>(tx, sql, [id_list(tx, patient)?])?.into_iter();
    lines.map(|id| Taken::of(tx, PrescriptionItemId(id))).collect()
}

/// Whose prescription a signed line stands in.
fn patient_of(tx: &Transaction<'_>, id: PrescriptionItemId) -> Result<PatientId> {
    let item = must_get(tx, TableName::PrescriptionItems, id.0)?;
    let of: PrescriptionId = text(&item, "prescription_id").parse().map_err(|_| Error::NotFound)?;
    let prescription = signed(tx, of)?;
    kept(tx, text(&prescription, "patient_id").parse().map_err(|_| Error::NotFound)?)
}

/// A line of a signed prescription that holds.
#[derive(Clone)]
struct Taken {
    prescription: PrescriptionId,
    day: Date,
    line: Line,
    item: Values,
}

impl Taken {
    fn of(tx: &Transaction<'_>, id: PrescriptionItemId) -> Result<Self> {
        let item = must_get(tx, TableName::PrescriptionItems, id.0)?;
        let prescription: PrescriptionId =
            text(&item, "prescription_id").parse().map_err(|_| Error::NotFound)?;
        let values = standing(tx, prescription)?;
        let day = parse_day(text(&values, "visit_date")).ok_or(Error::NotFound)?;
        Ok(Self { prescription, day, line: signed_line(id.0, &item), item })
    }

    /// Other lines of the patient with the same medicine in the same dose, which run as this one does, or were stopped with it.
    fn likes(&self, tx: &Transaction<'_>, patient: PatientId) -> Result<Vec<Self>> {
        let sql = "select line.id from prescription_items line \
                   join prescriptions p on p.id = line.prescription_id \
                   where p.patient_id in (select value from json_each(?1)) and p.status = 'finalised' \
                   and p.is_deleted = 0 and line.is_deleted = 0 and line.id <> ?2 and line.generic_text = ?3 \
                   and line.stopped_at is ?4";
        let asked = (
            id_list(tx, patient)?,
            self.line.id.to_string(),
            text(&self.item, "generic_text"),
            some_text(&self.item, "stopped_at"),
        );
        let lines = query_ids::<Uuid>(tx, sql, asked)?.into_iter();
        let lines = lines.map(|id| Self::of(tx, PrescriptionItemId(id))).collect::<Result<Vec<_>>>()?;
        Ok(lines.into_iter().filter(|other| self.says_the_same(other)).collect())
    }

    /// Whether it is the same medicine in the same dose, for however long.
    fn says_the_same(&self, other: &Self) -> bool {
        let medicine = ["medicine_id", "generic_text", "strength_text", "dosage_form", "route"];
        let dose = |one: &Self| one.line.dosage.clone().map(|dosage| Dosage { duration: None, ..dosage });
        let is_same_dose = match (dose(self), dose(other)) {
            (Some(one), Some(other)) => one == other,
            (None, None) => text(&self.item, "patient_directions") == text(&other.item, "patient_directions"),
            _ => false,
        };
        is_same_dose && medicine.iter().all(|name| text(&self.item, name) == text(&other.item, name))
    }

    /// Whether the other one says nothing that this one does not say later, and for as long.
    fn stands_for(&self, older: &Self) -> bool {
        let ends = |one: &Self| one.line.end(one.day);
        let lasts = ends(self).is_none_or(|end| ends(older).is_some_and(|before| before <= end));
        self.day >= older.day && lasts && self.says_the_same(older)
    }

    fn is_stopped_with(&self, other: &Self) -> bool {
        text(&self.item, "stopped_at") == text(&other.item, "stopped_at")
    }

    fn change<'a>(&self, set: impl IntoIterator<Item = (&'a str, Value)>) -> Change {
        Change::update(TableName::PrescriptionItems, self.line.id, from_to(&self.item, set))
    }

    fn view(&self, tx: &Transaction<'_>, language: Language) -> Result<Running> {
        let prescription = must_get(tx, TableName::Prescriptions, self.prescription.0)?;
        let doctor = text(&prescription, "doctor_id").parse().map(|doctor| doctor_name(tx, doctor));
        let shown = item_view(&self.item, language);
        let sql = "select id from sync_conflicts where state = 'open' and is_deleted = 0 \
                   and table_name = 'prescription_items' and row_id = ?1 order by opened_at, id limit 1";
        let is_ongoing = text(&self.item, "duration_unit") == "ongoing";
        let is_end_said = is_ongoing || self.item.get("duration_value").is_some_and(Value::is_number);
        Ok(Running {
            id: PrescriptionItemId(self.line.id),
            prescription_id: self.prescription,
            title: shown.title,
            directions: shown.directions,
            prescribed_on: day_text(self.day),
            until: self
                .line
                .end(self.day)
                .map(|end| day_text(if is_end_said { end.previous_day().unwrap_or(end) } else { end })),
            is_end_said,
            doctor_name: doctor.unwrap_or_else(|_| Ok(String::new()))?,
            stopped_at: shown.stopped_at,
            stop_reason: shown.stop_reason,
            conflict: query_ids::<ConflictId>(tx, sql, [self.line.id.to_string()])?.first().copied(),
        })
    }
}

//! What doctors sign, withdraw and amend, and the drafts that several desktops write at.

use std::collections::BTreeMap;

use protocol::id::{MedicineId, PatientId, PrescriptionId};
use protocol::mutation::{Change, SetValue};
use protocol::prescription::content_hash;
use protocol::table::{Row, TableName, Values};
use protocol::validate::moment_text;
use replica::Result;
use replica::view::{Draft, DraftItem, Vitals};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{DOSES, Hand, REASON, text, update, values};
use crate::clinic::medicine;

/// A draft that several desktops change. What was prepared for the doctors never changes.
fn is_shared_draft(row: &Row) -> bool {
    text(row, "status") == "draft" && text(row, "prepared_at").is_empty()
}

impl Hand<'_> {
    pub(super) fn sign(&mut self) -> Result<()> {
        let Some(patient) = self.one(TableName::Patients, |_| true)? else { return Ok(()) };
        if !self.is_doctor() {
            return Ok(());
        }
        let n_items = 1 + self.dice.below(2);
        let items = (0..n_items).map(|_| DraftItem {
            medicine_id: Some(MedicineId(medicine(self.dice.below(2) as usize))),
            medicine_text: String::new(),
            dose_text: self.pick(DOSES).into(),
            ..DraftItem::default()
        });
        let draft = Draft {
            items: items.collect(),
            advice: self.words(),
            vitals: Vitals { weight_kg: Some(50.0 + self.dice.below(30) as f64), ..Vitals::default() },
            ..Draft::default()
        };
        self.replica.sign_prescription(PatientId(patient.id), &draft, &[]).map(drop)
    }

    fn signed(&mut self) -> Result<Option<Row>> {
        if !self.is_doctor() {
            return Ok(None);
        }
        self.one(TableName::Prescriptions, |row| text(row, "status") == "finalised")
    }

    pub(super) fn void(&mut self) -> Result<()> {
        let Some(row) = self.signed()? else { return Ok(()) };
        let reason = self.words();
        self.replica.void_prescription(PrescriptionId(row.id), &reason).map(drop)
    }

    pub(super) fn amend(&mut self) -> Result<()> {
        let Some(row) = self.signed()? else { return Ok(()) };
        let Ok(patient) = text(&row, "patient_id").parse() else { return Ok(()) };
        let mut draft = self.replica.amend_prescription(PrescriptionId(row.id))?;
        draft.advice = self.words();
        // It may be a colleague's.
        draft.amend_reason = REASON.into();
        self.replica.sign_prescription(patient, &draft, &[]).map(drop)
    }

    fn lines_of(&self, prescription: Uuid) -> Result<Vec<Row>> {
        let of_this = |line: &Row| text(line, "prescription_id") == prescription.to_string();
        Ok(self.rows(TableName::PrescriptionItems)?.into_iter().filter(of_this).collect())
    }

    /// The values of a prescription that this doctor signs now.
    fn finished(&self, id: Uuid, mut values: Values, lines: &[(Uuid, Values)]) -> Values {
        let now = moment_text(self.station.surroundings.now());
        values.insert("status".into(), json!("finalised"));
        values.insert("doctor_id".into(), json!(self.desk.person.doctor_id));
        values.insert("finalised_by".into(), json!(self.desk.person.id));
        values.insert("finalised_at".into(), json!(now));
        let hash = content_hash(id, &values, lines);
        values.insert("content_sha256".into(), json!(hash.to_string()));
        values
    }

    pub(super) fn draft(&mut self) -> Result<()> {
        if !self.is_clinical() {
            return Ok(());
        }
        let known = self.one(TableName::Prescriptions, is_shared_draft)?;
        if let Some(row) = known.filter(|_| self.dice.per_mille(700)) {
            return self.change_draft(&row);
        }
        let Some(patient) = self.one(TableName::Patients, |_| true)? else { return Ok(()) };
        let Some(doctor) = self.one(TableName::Doctors, |_| true)? else { return Ok(()) };
        let new = values([
            ("visit_date", json!(self.today())),
            ("doctor_id", json!(doctor.id)),
            ("patient_id", json!(patient.id)),
            ("clinic_id", json!(self.desk.facts.clinic_id)),
            ("vitals", json!({ "pulse": 60 + self.dice.below(40) })),
        ]);
        let change = Change::insert(TableName::Prescriptions, self.station.ids.next(), new);
        self.record("begin_draft", Some(patient.id), vec![change])
    }

    fn change_draft(&mut self, row: &Row) -> Result<()> {
        let lines = self.lines_of(row.id)?;
        let change = match self.dice.below(5) {
            0 => {
                let mut vitals = row.values.get("vitals").cloned().unwrap_or_else(|| json!({}));
                vitals[self.pick(&["pulse", "weight_kg", "temp_c"])] = json!(40 + self.dice.below(40));
                update(row, [("vitals", vitals)])
            }
            1 => update(row, [("examination", json!(self.words()))]),
            2 if !lines.is_empty() => {
                let Some(line) = self.dice.pick(&lines).cloned() else { return Ok(()) };
                let dose = self.words();
                update(&line, [("dose_text", json!(dose)), ("patient_directions", json!(dose))])
            }
            3 if !lines.is_empty() => {
                let Some(line) = self.dice.pick(&lines).cloned() else { return Ok(()) };
                self.deletion(&line)
            }
            _ => {
                let dose = self.words();
                let new = values([
                    ("prescription_id", json!(row.id)),
                    ("position", json!(1 + lines.len())),
                    ("medicine_text", json!("Amoxicillin")),
                    ("generic_text", json!("Amoxicillin")),
                    ("medicine_id", json!(medicine(0))),
                    ("dosage_form", json!("tablet")),
                    ("dose_text", json!(dose)),
                    ("dose_pattern", json!({})),
                    ("dose_unit", json!("tablet")),
                    ("patient_directions", json!(dose)),
                ]);
                Change::insert(TableName::PrescriptionItems, self.station.ids.next(), new)
            }
        };
        self.record("change_draft", None, vec![change])
    }

    pub(super) fn sign_draft(&mut self) -> Result<()> {
        if !self.is_doctor() {
            return Ok(());
        }
        let Some(row) = self.one(TableName::Prescriptions, is_shared_draft)? else { return Ok(()) };
        let lines: Vec<_> = self.lines_of(row.id)?.into_iter().map(|line| (line.id, line.values)).collect();
        let mut new = row.values.clone();
        let number = format!("{}-{}", self.desk.facts.lane, self.dice.below(1_000_000_000));
        new.insert("prescription_number".into(), json!(number));
        let new = self.finished(row.id, new, &lines);
        let set: BTreeMap<String, SetValue> = new
            .into_iter()
            .map(|(name, value)| {
                let base = row.values.get(&name).cloned().unwrap_or(Value::Null);
                (name, SetValue { base, value })
            })
            .filter(|(_, set)| set.base != set.value)
            .collect();
        self.record("sign_draft", None, vec![Change::update(row.table, row.id, set)])
    }
}

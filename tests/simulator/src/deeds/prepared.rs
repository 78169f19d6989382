//! What nurses and doctors prepare for a doctor, and what becomes of it.

use protocol::id::{MedicineId, PatientId, PrescriptionId};
use protocol::table::{Row, TableName};
use replica::Result;
use replica::view::{Draft, DraftItem};

use super::{DOSES, Hand, text};
use crate::clinic::medicine;
use crate::timeline::lock;

fn is_prepared(row: &Row) -> bool {
    text(row, "status") == "draft" && !text(row, "prepared_at").is_empty()
}

impl Hand<'_> {
    fn prepares(&self) -> bool {
        self.is_clinical() && self.desk.person.roles.is_clinician()
    }

    pub(super) fn prepare(&mut self) -> Result<()> {
        let Some(patient) = self.one(TableName::Patients, |_| true)? else { return Ok(()) };
        if !self.prepares() {
            return Ok(());
        }
        let patient = PatientId(patient.id);
        let begun = self.replica.open_pad(patient)?.draft;
        // What was prepared before is handed on, or stays offered beside this.
        let is_own = begun.taken_up.is_empty() || self.dice.per_mille(400);
        let mut draft = if is_own { begun } else { Draft::default() };
        draft.complaints = self.words();
        draft.vitals.weight_kg = Some(50.0 + self.dice.below(30) as f64);
        let id = Some(MedicineId(medicine(self.dice.below(2) as usize)));
        if self.dice.per_mille(300) && draft.items.iter().all(|item| item.medicine_id != id) {
            let dose_text = self.pick(DOSES).into();
            draft.items.push(DraftItem { medicine_id: id, dose_text, ..DraftItem::default() });
        }
        if self.dice.per_mille(300) {
            draft.advice = self.words();
        }
        self.replica.give_to_doctor(patient, &draft)?;
        let left = self.replica.open_pad(patient)?.draft;
        // What only a doctor writes is in no prescription yet.
        if !self.is_doctor() && left.advice != draft.advice {
            let number = self.desk.number;
            let what = format!("what was not given is not in the draft of desk {number} any more");
            lock(&self.told.wrong).push(what);
        }
        Ok(())
    }

    pub(super) fn take_up(&mut self) -> Result<()> {
        let Some(row) = self.one(TableName::Prescriptions, is_prepared)? else { return Ok(()) };
        let Ok(patient) = text(&row, "patient_id").parse::<PatientId>() else { return Ok(()) };
        if !self.is_doctor() {
            return Ok(());
        }
        let begun = self.replica.open_pad(patient)?.draft;
        let mut draft =
            if begun.taken_up.is_empty() { self.replica.take_up_prepared(patient, begun)? } else { begun };
        draft.advice = self.words();
        self.replica.sign_prescription(patient, &draft, &[]).map(drop)
    }

    pub(super) fn take_back(&mut self) -> Result<()> {
        let Some(row) = self.one(TableName::Prescriptions, is_prepared)? else { return Ok(()) };
        if !self.prepares() {
            return Ok(());
        }
        self.replica.take_back_prepared(PrescriptionId(row.id))
    }
}

//! What was prescribed before, written again: taken over into the draft, with what differs in sight.

use protocol::dosage::Dosage;
use protocol::id::{PatientId, PrescriptionId};
use protocol::medicine::Units;
use protocol::table::{TableName, Values};
use rusqlite::{OptionalExtension, Transaction};

use crate::chart::{diagnoses, forbids_substitution, item_view, items, signed};
use crate::error::{Error, Result};
use crate::language::Language;
use crate::one_patient::{id_list, kept};
use crate::pad::named_now;
use crate::prepared::begun;
use crate::replica::{Replica, text};
use crate::running::is_stopped;
use crate::store::get_row;
use crate::view::{Difference, Draft, DraftItem, ItemSource, LineDifference};

impl Replica {
    /// The draft with the lines of a signed prescription, or of the last one, after its own. A medicine that the draft
    /// has already is not written twice. Diagnoses and advice are taken over where the draft says nothing. Nothing is
    /// written yet.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if nothing was prescribed before; [`Error::NotFound`] for another patient's prescription.
    pub fn repeat_prescription(
        &self,
        patient: PatientId,
        prescription: Option<PrescriptionId>,
        own: Option<Draft>,
    ) -> Result<Draft> {
        self.must_read_clinical()?;
        self.store.read(|tx| {
            let patient = kept(tx, patient)?;
            let id = match prescription {
                Some(id) => id,
                None => last_signed(tx, patient)?.ok_or_else(|| {
                    Error::Invalid("Nothing was prescribed before. Nothing was changed.".into())
                })?,
            };
            let values = signed(tx, id)?;
            let of: PatientId = text(&values, "patient_id").parse().map_err(|_| Error::NotFound)?;
            if kept(tx, of)? != patient {
                return Err(Error::NotFound);
            }
            let mut draft = match own {
                Some(own) => own,
                None => begun(tx, patient, self.day(tx)?)?,
            };
            take_over(tx, id, &values, &mut draft)?;
            Ok(draft)
        })
    }
}

fn take_over(tx: &Transaction<'_>, id: PrescriptionId, values: &Values, draft: &mut Draft) -> Result<()> {
    let mut again = Vec::new();
    for (_, item) in items(tx, id)?.iter().filter(|(_, item)| !is_stopped(item)) {
        again.push(named_now(tx, written_again(item))?);
    }
    add_new(&mut draft.items, again);
    if draft.diagnoses.is_empty() {
        draft.diagnoses = diagnoses(values);
    }
    if draft.advice.trim().is_empty() {
        draft.advice = text(values, "advice").to_owned();
    }
    draft.repeated = Some(id);
    Ok(())
}

fn last_signed(tx: &Transaction<'_>, patient: PatientId) -> Result<Option<PrescriptionId>> {
    let sql = "select id from prescriptions where patient_id in (select value from json_each(?1)) \
               and status = 'finalised' and is_deleted = 0 order by visit_date desc, id desc limit 1";
    let id: Option<String> =
        tx.prepare_cached(sql)?.query_row([id_list(tx, patient)?], |row| row.get(0)).optional()?;
    Ok(id.and_then(|id| id.parse().ok()))
}

/// A signed line as it would be typed.
pub(crate) fn written_again(item: &Values) -> DraftItem {
    DraftItem {
        medicine_id: text(item, "medicine_id").parse().ok(),
        medicine_text: text(item, "medicine_text").to_owned(),
        dose_text: dose_again(item),
        source: ItemSource::Repeat,
        no_substitution: forbids_substitution(item),
        ..DraftItem::default()
    }
}

/// The dose of a signed line as it would be typed, note and all.
fn dose_again(item: &Values) -> String {
    let column = |name: &str| text(item, name);
    match Dosage::of_row(item) {
        Some(dosage) => {
            let of_list = Some(column("strength_text")).filter(|_| !column("medicine_id").is_empty());
            let units = Units::of(column("dosage_form"), of_list.unwrap_or(column("medicine_text")));
            // What is counted in something else by now keeps the unit that was signed.
            let signed = column("dose_unit");
            let typed = dosage.typed();
            // So does one or two of a syrup, which may be spoons where nothing is said.
            let is_unclear = signed == "ml" && Dosage::read(&typed, units).is_err();
            if signed == units.usual() && !is_unclear { typed } else { dosage.counted_in(signed).typed() }
        }
        // Its words say another dose than was signed: the directions are right, and may have to be typed anew.
        None if Dosage::parse(column("dose_text")).is_ok() => column("patient_directions").to_owned(),
        None => column("dose_text").to_owned(),
    }
}

/// Adds lines of medicines that are not there yet; two that come for one medicine both come: one for each eye.
pub(crate) fn add_new(own: &mut Vec<DraftItem>, mut theirs: Vec<DraftItem>) {
    theirs.retain(|item| !own.iter().any(|one| is_same_medicine(one, item)));
    own.append(&mut theirs);
}

fn is_same_medicine(one: &DraftItem, other: &DraftItem) -> bool {
    match (one.medicine_id, other.medicine_id) {
        (Some(one), Some(other)) => one == other,
        (None, None) => one.medicine_text.trim().eq_ignore_ascii_case(other.medicine_text.trim()),
        _ => false,
    }
}

/// Whether two doses mean the same, however they are written.
fn is_same_dose(one: &str, other: &str) -> bool {
    one == other || Dosage::parse(one).is_ok_and(|one| Dosage::parse(other).is_ok_and(|other| one == other))
}

/// How the draft differs from the prescription that it repeats, if it does repeat one.
pub(crate) fn difference(
    tx: &Transaction<'_>,
    draft: &Draft,
    language: Language,
) -> Result<Option<Difference>> {
    let Some(id) = draft.repeated else { return Ok(None) };
    let Some(row) = get_row(tx, TableName::Prescriptions, id.0)? else { return Ok(None) };
    let before: Vec<(DraftItem, Values)> =
        items(tx, id)?.into_iter().map(|(_, item)| (written_again(&item), item)).collect();
    let olds = continued(&draft.items, &before);
    let lines = draft
        .items
        .iter()
        .zip(&olds)
        .map(|(item, old)| match old.and_then(|old| before.get(old)) {
            None => LineDifference::New,
            Some((old, _)) if is_same_dose(&old.dose_text, &item.dose_text) => LineDifference::Same,
            Some((old, _)) => LineDifference::Changed { before: old.dose_text.clone() },
        })
        .collect();
    let removed = before.iter().enumerate().filter(|(old, _)| !olds.contains(&Some(*old)));
    Ok(Some(Difference {
        visit_date: text(&row.values, "visit_date").to_owned(),
        lines,
        removed: removed.map(|(_, (_, item))| item_view(item, language)).collect(),
    }))
}

/// Which earlier line of its medicine each line goes on with: the one of its dose before any other, and none twice.
fn continued(items: &[DraftItem], before: &[(DraftItem, Values)]) -> Vec<Option<usize>> {
    let mut olds: Vec<Option<usize>> = vec![None; items.len()];
    for must_be_same in [true, false] {
        for (place, item) in items.iter().enumerate() {
            let goes_on = |old: &usize| {
                let (before, _) = &before[*old];
                let has_dose = !must_be_same || is_same_dose(&before.dose_text, &item.dose_text);
                is_same_medicine(before, item) && has_dose && !olds.contains(&Some(*old))
            };
            let old = olds[place].or_else(|| (0..before.len()).find(goes_on));
            olds[place] = old;
        }
    }
    olds
}

//! The prescription pad: the draft, and how its lines read.

use protocol::dosage::{self, Dosage};
use protocol::id::PatientId;
use protocol::medicine::{Units, form_of_word, is_given_in_units};
use protocol::table::{TableName, Values};
use protocol::validate::{day_text, moment_text};
use rusqlite::{OptionalExtension, Transaction};
use serde_json::{Value, json};

use crate::amend::follow_up_day;
use crate::chart::{capitals, form_before, item_view};
use crate::disputed::disputed_words;
use crate::error::{Error, Result};
use crate::language::Language;
use crate::medicines::name_in_full;
use crate::one_patient::{id_list, kept};
use crate::prepared::begun;
use crate::repeat::difference;
use crate::replica::{Replica, by_name, must_get, text};
use crate::store::get_row;
use crate::view::{DosageRead, Draft, DraftItem, DraftSaved, ItemView, Pad};

impl Replica {
    /// The pad of a patient with the draft as it was last saved, or else with what was prepared today.
    pub fn open_pad(&self, id: PatientId) -> Result<Pad> {
        self.must_read_clinical()?;
        self.store.read(|tx| {
            let id = kept(tx, id)?;
            must_get(tx, TableName::Patients, id.0)?;
            let draft = begun(tx, id, self.day(tx)?)?;
            Ok(Pad {
                items: item_views(tx, &draft, self.language())?,
                difference: difference(tx, &draft, self.language())?,
                draft,
                conflicts: self.conflicts_of(tx, id)?,
            })
        })
    }

    /// Saves the draft on this computer, the unfinished line included.
    pub fn save_draft(&self, id: PatientId, draft: &Draft) -> Result<DraftSaved> {
        self.must_read_clinical()?;
        let now = moment_text(self.clock.now());
        self.store.write(|tx| {
            self.store.must_take_work()?;
            let id = kept(tx, id)?;
            must_get(tx, TableName::Patients, id.0)?;
            claim_draft(tx, id)?;
            self.put_draft(tx, id, draft, &now)?;
            let (follow_up_date, follow_up_problem) = match follow_up_day(tx, draft, self.day(tx)?)? {
                Ok(day) => (day.map(day_text), None),
                Err(why) => (None, Some(self.say(why.to_owned()))),
            };
            let gone = self.gone(tx, id, draft)?.into_iter().map(|(_, words)| words);
            let not_printed = self.not_printed(tx, id, draft)?;
            let disputed = disputed_words(tx, id)?;
            let warnings = draft.vitals.warnings().into_iter().chain(gone).chain(not_printed).chain(disputed);
            Ok(DraftSaved {
                saved_at: now,
                items: item_views(tx, draft, self.language())?,
                difference: difference(tx, draft, self.language())?,
                follow_up_date,
                follow_up_problem,
                warnings: warnings.map(|warning| self.say(warning)).collect(),
                bmi: draft.vitals.bmi(),
            })
        })
    }

    /// Writes the draft of a patient as it is now; an empty one is none.
    pub(crate) fn put_draft(
        &self,
        tx: &Transaction<'_>,
        kept: PatientId,
        draft: &Draft,
        now: &str,
    ) -> Result<()> {
        if *draft == Draft::default() {
            tx.prepare_cached("delete from drafts where patient_id = ?1")?.execute([kept.to_string()])?;
            return Ok(());
        }
        let sql = "insert into drafts (patient_id, body, saved_at, saved_by) values (?1, ?2, ?3, ?4) \
                   on conflict (patient_id) do update set body = ?2, saved_at = ?3, saved_by = ?4";
        tx.prepare_cached(sql)?.execute((
            kept.to_string(),
            serde_json::to_string(draft)?,
            now,
            self.person.id.to_string(),
        ))?;
        Ok(())
    }

    /// Throws the draft away.
    pub fn discard_draft(&self, id: PatientId) -> Result<()> {
        self.must_read_clinical()?;
        self.store.write(|tx| {
            let id = kept(tx, id)?;
            claim_draft(tx, id)?;
            tx.prepare_cached("delete from drafts where patient_id = ?1")?.execute([id.to_string()])?;
            Ok(())
        })
    }

    /// Says back what a typed dosage of a medicine of this name, form and strength means, in this language.
    pub fn read_dosage(
        text: &str,
        name: &str,
        dosage_form: &str,
        strength: &str,
        language: Language,
    ) -> Result<DosageRead> {
        let units = Units::of(dosage_form, strength);
        let dosage = Dosage::read(text, units).map_err(|error| Error::Invalid(format!("{error}.")))?;
        let unit = dosage.unit_or(units.usual());
        Ok(DosageRead {
            form: form_before(name, dosage_form).to_owned(),
            words: dosage.words(unit, language.into()),
            quantity: dosage.quantity(unit).map(|amount| dosage::units(amount, unit, language.into())),
        })
    }
}

/// The draft of a patient, if there is one, under whichever registration it was begun.
pub(crate) fn draft(tx: &Transaction<'_>, kept: PatientId) -> Result<Option<Draft>> {
    let body: Option<String> = draft_row(tx, kept)?.map(|(_, body)| body);
    Ok(body.map(|body| serde_json::from_str(&body)).transpose()?)
}

fn draft_row(tx: &Transaction<'_>, kept: PatientId) -> Result<Option<(String, String)>> {
    let sql = "select patient_id, body from drafts where patient_id in (select value from json_each(?1)) \
               order by patient_id <> ?2 limit 1";
    let row = tx
        .prepare_cached(sql)?
        .query_row((id_list(tx, kept)?, kept.to_string()), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(row)
}

/// Makes the draft that is shown the kept registration's: what was begun under another one goes on there.
pub(crate) fn claim_draft(tx: &Transaction<'_>, kept: PatientId) -> Result<()> {
    if let Some((owner, _)) = draft_row(tx, kept)?
        && owner != kept.to_string()
    {
        tx.prepare_cached("update drafts set patient_id = ?1 where patient_id = ?2")?
            .execute((kept.to_string(), owner))?;
    }
    Ok(())
}

/// The lines of a draft as they will print, each with what was typed, by which it is known. A line that cannot be read shows
/// why instead.
pub(crate) fn item_views(tx: &Transaction<'_>, draft: &Draft, language: Language) -> Result<Vec<ItemView>> {
    draft
        .items
        .iter()
        .map(|item| {
            let (medicine_text, dose_text) = (item.medicine_text.clone(), item.dose_text.clone());
            match item_values(tx, item) {
                Ok(values) => Ok(ItemView { medicine_text, dose_text, ..item_view(&values, language) }),
                Err(Error::Invalid(why)) => Ok(ItemView {
                    title: capitals(&medicine_text),
                    medicine_text,
                    dose_text,
                    directions: language.say(why),
                    quantity: None,
                    no_substitution: item.no_substitution,
                    stopped_at: None,
                    stop_reason: None,
                }),
                Err(error) => Err(error),
            }
        })
        .collect()
}

/// The columns of a line, but for its prescription and position.
///
/// # Errors
///
/// [`Error::Invalid`] if the dosage cannot be read or the line names no medicine.
pub(crate) fn item_values(tx: &Transaction<'_>, item: &DraftItem) -> Result<Values> {
    let medicine = medicine_row(tx, item)?;
    let typed = item.medicine_text.trim();
    let generic = medicine.as_ref().map_or(typed, |medicine| text(medicine, "generic_name"));
    if generic.is_empty() {
        return Err(Error::Invalid("A line names no medicine.".into()));
    }
    let own = own_name(tx, item)?;
    let dosage_form =
        medicine.as_ref().map_or_else(|| form_in(typed), |medicine| text(medicine, "dosage_form"));
    let units = units_of(medicine.as_ref(), typed);
    let dosage = Dosage::read(&item.dose_text, units)
        .map_err(|error| Error::Invalid(format!("{generic}: {error}.")))?;
    let column = |name: &str| {
        medicine.as_ref().and_then(|medicine| medicine.get(name)).cloned().unwrap_or(Value::Null)
    };
    let values = [
        ("medicine_id", medicine.as_ref().map_or(Value::Null, |_| json!(item.medicine_id))),
        ("medicine_text", json!(own.as_deref().unwrap_or(if typed.is_empty() { generic } else { typed }))),
        ("generic_text", json!(generic)),
        ("strength_text", column("strength_text")),
        ("dosage_form", json!(dosage_form)),
        ("route", dosage.route.map_or_else(|| column("route"), |route| json!(route.as_str()))),
        ("substitution_allowed", json!(!item.no_substitution)),
        ("source", json!(item.source)),
    ];
    Ok(by_name(values.into_iter().chain(dosage.columns(units.usual()))))
}

/// In what a line is dosed: by the row of its medicine, or by its words if it has none.
pub(crate) fn units_of(medicine: Option<&Values>, typed: &str) -> Units {
    match medicine {
        Some(medicine) => Units::of(text(medicine, "dosage_form"), text(medicine, "strength_text")),
        None => Units::of(form_in(typed), typed),
    }
}

/// The row of a line's medicine, if it is from the list.
pub(crate) fn medicine_row(tx: &Transaction<'_>, item: &DraftItem) -> Result<Option<Values>> {
    let Some(id) = item.medicine_id else { return Ok(None) };
    for table in [TableName::Medicines, TableName::TenantMedicines] {
        if let Some(row) = get_row(tx, table, id.0)? {
            return Ok(Some(row.values));
        }
    }
    Ok(None)
}

/// What the clinic calls a medicine of its own now: it may have been corrected since the line was written.
fn own_name(tx: &Transaction<'_>, item: &DraftItem) -> Result<Option<String>> {
    let Some(id) = item.medicine_id else { return Ok(None) };
    let row = get_row(tx, TableName::TenantMedicines, id.0)?;
    Ok(row.map(|row| {
        let column = |name: &str| text(&row.values, name);
        name_in_full(column("generic_name"), column("strength_text"), column("brand_name"))
    }))
}

/// A line that was written before, under the name that its medicine has now.
pub(crate) fn named_now(tx: &Transaction<'_>, item: DraftItem) -> Result<DraftItem> {
    let own = own_name(tx, &item)?;
    Ok(DraftItem { medicine_text: own.unwrap_or(item.medicine_text), ..item })
}

/// The form that a medicine not from the catalogue was typed with, or that its name says; `other` where nothing does.
pub(crate) fn form_in(typed: &str) -> &'static str {
    let by_name = if is_given_in_units(typed) { "injection" } else { "other" };
    let typed = typed.to_lowercase();
    let words = || typed.split(|c: char| !c.is_alphabetic());
    match words().find_map(form_of_word).unwrap_or(by_name) {
        // One drop is a dose in the eye, and none in the mouth.
        "drops" if words().any(|word| word == "eye") => "eye_drops",
        "drops" if words().any(|word| word == "ear") => "ear_drops",
        form => form,
    }
}

//! Allergies, a row for each, and long illnesses. Nothing is deleted: what does not hold any more says so.

use protocol::id::{AllergyId, PatientId};
use protocol::mutation::Change;
use protocol::safety::{AllergenKind, KnownAllergen, Rules};
use protocol::table::{TableName, Values};
use protocol::validate::day_text;
use rusqlite::{OptionalExtension, Transaction};
use serde::Deserialize;
use serde_json::{Value, json};
use time::Date;
use uuid::Uuid;

use crate::care::{counting_allergies, open_items};
use crate::error::{Error, Result};
use crate::one_patient::{id_list, kept, registration_rows};
use crate::patients::squeezed;
use crate::replica::{Replica, by_name, change_to, from_to, must_get, or_null, some_text, text};
use crate::store::{get_row, query_ids};
use crate::view::{Allergen, AllergyForm, AllergyView, Diagnosis};

/// At most so many are offered.
const OFFERED: usize = 8;
/// At most so many long illnesses.
const MOST_CONDITIONS: usize = 40;

impl Replica {
    /// What an allergy can be noted to: classes and ingredients, and the ingredients of brands that fit.
    pub fn find_allergens(&self, typed: &str) -> Result<Vec<Allergen>> {
        self.must_read_clinical()?;
        let Ok(rules) = Rules::load() else { return Ok(vec![]) };
        let shown = |one: KnownAllergen, brand: Option<String>| Allergen {
            name: one.name.to_owned(),
            code: one.code.to_owned(),
            is_class: one.kind == AllergenKind::Class,
            brand,
        };
        let mut found: Vec<Allergen> =
            rules.allergens(typed).into_iter().map(|one| shown(one, None)).collect();
        for medicine in if found.len() < OFFERED { self.find_medicines(typed)? } else { vec![] } {
            for name in medicine.generic_name.split('+') {
                let Some(one) = rules.allergen_of(name.trim()) else { continue };
                if !found.iter().any(|known| known.code == one.code) {
                    found.push(shown(one, medicine.brand_name.clone()));
                }
            }
        }
        // A brand that the clinic does not list is known here all the same.
        for (one, brand) in rules.allergens_of_brands(typed) {
            if !found.iter().any(|known| known.code == one.code) {
                found.push(shown(one, Some(capitalised(brand))));
            }
        }
        found.truncate(OFFERED);
        Ok(found)
    }

    /// Notes an allergy, or changes what is noted of one: only what differs between `seen` and `form` is written.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for one without a substance, and for one that is noted already; [`Error::Forbidden`] for who
    /// does not write clinical columns here.
    pub fn save_allergy(
        &self,
        patient: PatientId,
        noted: Option<(AllergyId, &AllergyForm)>,
        form: &AllergyForm,
    ) -> Result<()> {
        self.must_write_clinical()?;
        self.record("save_allergy", Some(patient), |tx| {
            let patient = kept(tx, patient)?;
            let changes = match noted {
                None => self.new_allergies(tx, patient, std::slice::from_ref(form))?,
                Some((id, seen)) => allergy_changes(tx, patient, id, seen, form)?,
            };
            Ok((changes, ()))
        })
    }

    /// Says that someone asked, and that there are none.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] while allergies are noted: each must say first that it does not hold.
    pub fn note_no_allergies(&self, patient: PatientId) -> Result<()> {
        self.must_write_clinical()?;
        self.record("note_no_allergies", Some(patient), |tx| {
            let patient = kept(tx, patient)?;
            if !counting_allergies(tx, patient)?.is_empty() {
                return Err(none_known_with_allergies());
            }
            let rows = registration_rows(tx, patient)?;
            if rows.iter().any(|(_, row)| has_allergies(row) && !text(row, "alerts").is_empty()) {
                return Err(Error::Invalid(
                    "Allergies are written among the warnings. Take them out there first; nothing was changed."
                        .into(),
                ));
            }
            let answered = rows.iter().filter(|(id, row)| *id == patient || has_allergies(row));
            Ok((answered.filter_map(|(id, row)| status_change(*id, row, "none_known")).collect(), ()))
        })
    }

    /// Changes the long illnesses: what was added to what was seen is added, and what was taken out is taken out under
    /// every registration, because all of them are shown together.
    pub fn save_conditions(
        &self,
        patient: PatientId,
        seen: &[Diagnosis],
        wanted: &[Diagnosis],
    ) -> Result<()> {
        self.must_write_clinical()?;
        self.record("save_conditions", Some(patient), |tx| {
            let patient = kept(tx, patient)?;
            let has = |list: &[Diagnosis], one: &Diagnosis| list.iter().any(|other| is_same(other, one));
            let mut changes = vec![];
            for (id, row) in registration_rows(tx, patient)? {
                let base = row.get("chronic_conditions").cloned().unwrap_or(Value::Null);
                let mut entries: Vec<Value> = base.as_array().cloned().unwrap_or_default();
                entries.retain(|entry| {
                    let Ok(entry) = Diagnosis::deserialize(entry) else { return true };
                    !has(seen, &entry) || has(wanted, &entry)
                });
                // What is new is written into the registration that is kept.
                let new = wanted.iter().filter(|one| id == patient && !has(seen, one));
                for one in new {
                    let words = one.text.trim();
                    let is_there = entries
                        .iter()
                        .any(|entry| Diagnosis::deserialize(entry).is_ok_and(|entry| is_same(&entry, one)));
                    if !words.is_empty() && !is_there {
                        entries.push(json!({ "text": words, "icd10": one.icd10 }));
                    }
                }
                if id == patient && entries.len() > MOST_CONDITIONS {
                    return Err(Error::Invalid(format!(
                        "At most {MOST_CONDITIONS} long illnesses are kept. Nothing was changed."
                    )));
                }
                let value = Value::Array(entries);
                if value != base && !(base.is_null() && value == json!([])) {
                    let set = from_to(&row, [("chronic_conditions", value)]);
                    changes.push(Change::update(TableName::Patients, id.0, set));
                }
            }
            Ok((changes, ()))
        })
    }

    fn must_write_clinical(&self) -> Result<()> {
        self.must_read_clinical()?;
        if self.writes_clinical() {
            return Ok(());
        }
        Err(Error::Forbidden(
            "Allergies and illnesses are written once this computer has reached the server: it was without contact for more than a week. Write them down; nothing was saved.",
        ))
    }

    /// The rows of allergies that are new, and that the patient has some.
    pub(crate) fn new_allergies(
        &self,
        tx: &Transaction<'_>,
        patient: PatientId,
        forms: &[AllergyForm],
    ) -> Result<Vec<Change>> {
        let today = self.day(tx)?;
        let mut changes = vec![];
        for (place, form) in forms.iter().enumerate() {
            let values = form_values(form)?;
            must_be_new(tx, patient, form, None)?;
            if forms[..place].iter().any(|other| is_same_allergy(other, form)) {
                return Err(noted_already(form));
            }
            changes.push(Change::insert(
                TableName::PatientAllergies,
                self.ids.next(),
                row_values(patient, values, today),
            ));
        }
        if let Some(row) = get_row(tx, TableName::Patients, patient.0)?
            && forms.iter().any(|form| form.status == "active")
        {
            changes.extend(status_change(patient, &row.values, "has_allergies"));
        }
        Ok(changes)
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + letters.as_str())
}

/// What refuses "none known" while allergies are noted.
pub(crate) fn none_known_with_allergies() -> Error {
    Error::Invalid(
        "Allergies are noted. Mark each first as passed or as an error; nothing was changed.".into(),
    )
}

fn row_values(patient: PatientId, values: Values, today: Date) -> Values {
    let mut values = values;
    values.insert("patient_id".into(), json!(patient));
    values.insert("noted_on".into(), json!(day_text(today)));
    values.retain(|_, value| !value.is_null());
    values
}

fn allergy_changes(
    tx: &Transaction<'_>,
    patient: PatientId,
    id: AllergyId,
    seen: &AllergyForm,
    form: &AllergyForm,
) -> Result<Vec<Change>> {
    if !row_ids(tx, patient)?.contains(&id.0) {
        return Err(Error::NotFound);
    }
    let current = must_get(tx, TableName::PatientAllergies, id.0)?;
    let wanted = form_values(form)?;
    // What was seen may be older than today's rules; then what is stored was seen.
    let before = form_values(seen).unwrap_or(current);
    if form.status == "active" {
        must_be_new(tx, patient, form, Some(id))?;
    }
    let Some(change) = change_to(TableName::PatientAllergies, id.0, &before, wanted) else {
        return Ok(vec![]);
    };
    let mut changes = vec![change];
    let row = must_get(tx, TableName::Patients, patient.0)?;
    let others = counting_allergies(tx, patient)?.into_iter().any(|one| one.id != id.0);
    if form.status == "active" {
        changes.extend(status_change(patient, &row, "has_allergies"));
    } else if !others {
        // The last one does not hold: whether there are others is asked again, and never taken for "none".
        let rows = registration_rows(tx, patient)?;
        let open = rows.iter().filter(|(_, row)| has_allergies(row) && text(row, "alerts").is_empty());
        changes.extend(open.filter_map(|(id, row)| status_change(*id, row, "unknown")));
    }
    Ok(changes)
}

fn has_allergies(patient: &Values) -> bool {
    text(patient, "allergy_status") == "has_allergies"
}

fn status_change(patient: PatientId, current: &Values, status: &str) -> Option<Change> {
    (text(current, "allergy_status") != status).then(|| {
        let set = from_to(current, [("allergy_status", json!(status))]);
        Change::update(TableName::Patients, patient.0, set)
    })
}

/// The columns that a form means.
fn form_values(form: &AllergyForm) -> Result<Values> {
    let substance = squeezed(&form.substance);
    if substance.is_empty() {
        return Err(Error::Invalid("To what is the patient allergic? Nothing was saved yet.".into()));
    }
    let or = |text: &str, other: &str| if text.is_empty() { json!(other) } else { json!(text) };
    let values = [
        ("substance_text", json!(substance)),
        ("ingredient_code", json!(form.ingredient_code)),
        ("class_code", json!(form.class_code)),
        ("reaction", or_null(&squeezed(&form.reaction))),
        ("severity", json!(form.severity)),
        ("certainty", or(&form.certainty, "suspected")),
        ("status", or(&form.status, "active")),
    ];
    let table = TableName::PatientAllergies.table();
    for (name, value) in &values {
        if let Some(column) = table.column(name) {
            protocol::validate::check_value(column, value)?;
        }
    }
    Ok(by_name(values))
}

fn must_be_new(
    tx: &Transaction<'_>,
    patient: PatientId,
    form: &AllergyForm,
    except: Option<AllergyId>,
) -> Result<()> {
    for id in row_ids(tx, patient)? {
        let Some(row) = get_row(tx, TableName::PatientAllergies, id)? else { continue };
        let is_other = except != Some(AllergyId(id)) && !row.is_deleted;
        let noted = form_of(&row.values);
        if is_other && noted.status == "active" && is_same_allergy(&noted, form) {
            return Err(noted_already(form));
        }
    }
    Ok(())
}

fn noted_already(form: &AllergyForm) -> Error {
    Error::Invalid(format!(
        "{} is noted already. Change that entry instead; nothing was saved.",
        form.substance.trim()
    ))
}

fn is_same_allergy(one: &AllergyForm, other: &AllergyForm) -> bool {
    let code = |form: &AllergyForm| (form.ingredient_code.clone(), form.class_code.clone());
    let words = |form: &AllergyForm| form.substance.trim().to_lowercase();
    code(one) == code(other) && (code(one) != (None, None) || words(one) == words(other))
}

fn is_same(one: &Diagnosis, other: &Diagnosis) -> bool {
    one.text.trim().to_lowercase() == other.text.trim().to_lowercase()
}

/// Every allergy that was ever noted of a patient, under whichever registration, deleted ones too.
fn row_ids(tx: &Transaction<'_>, patient: PatientId) -> Result<Vec<Uuid>> {
    let sql =
        "select id from patient_allergies where patient_id in (select value from json_each(?1)) order by id";
    query_ids(tx, sql, [id_list(tx, patient)?])
}

fn form_of(row: &Values) -> AllergyForm {
    let owned = |name: &str| text(row, name).to_owned();
    AllergyForm {
        substance: owned("substance_text"),
        ingredient_code: some_text(row, "ingredient_code"),
        class_code: some_text(row, "class_code"),
        reaction: owned("reaction"),
        severity: some_text(row, "severity"),
        certainty: owned("certainty"),
        status: owned("status"),
    }
}

/// Every allergy that was ever noted: those that count first, the worst before all others.
pub(crate) fn allergy_views(tx: &Transaction<'_>, patient: PatientId) -> Result<Vec<AllergyView>> {
    let open = open_items(tx, patient)?;
    let sql = "select id from sync_conflicts where state = 'open' and is_deleted = 0 \
               and table_name = 'patient_allergies' and row_id = ?1 order by opened_at, id";
    let mut waiting = tx.prepare_cached(sql)?;
    let rules = Rules::load().ok();
    let mut views = vec![];
    for id in row_ids(tx, patient)? {
        let Some(row) = get_row(tx, TableName::PatientAllergies, id)? else { continue };
        let conflict: Option<String> = waiting.query_row([id.to_string()], |row| row.get(0)).optional()?;
        let is_disputed = open.iter().any(|item| text(item, "row_id").parse() == Ok(id));
        if row.is_deleted && !is_disputed {
            continue;
        }
        let form = form_of(&row.values);
        let name = |kind, code: &Option<String>| rules?.allergen(kind, code.as_deref()?);
        let known = name(AllergenKind::Class, &form.class_code)
            .or_else(|| name(AllergenKind::Ingredient, &form.ingredient_code))
            .or_else(|| rules?.allergen_in_words(&form.substance));
        views.push(AllergyView {
            id: AllergyId(id),
            checked_by: known.map(|one| one.name.to_owned()),
            noted_on: some_text(&row.values, "noted_on"),
            counts: is_disputed || form.status == "active",
            conflict: conflict.and_then(|id| id.parse().ok()),
            form,
        });
    }
    views.sort_by_key(|view| {
        let severity = match view.form.severity.as_deref() {
            Some("life_threatening") => 0,
            Some("severe") => 1,
            None => 2,
            Some("moderate") => 3,
            Some(_) => 4,
        };
        (!view.counts, severity, view.noted_on.clone())
    });
    Ok(views)
}

/// The long illnesses of a patient, under all of their registrations.
pub(crate) fn conditions(tx: &Transaction<'_>, registrations: &[PatientId]) -> Result<Vec<Diagnosis>> {
    let mut found: Vec<Diagnosis> = vec![];
    for id in registrations {
        let row = must_get(tx, TableName::Patients, id.0)?;
        let entries = row.get("chronic_conditions").and_then(Value::as_array).cloned().unwrap_or_default();
        for one in entries.iter().filter_map(|entry| Diagnosis::deserialize(entry).ok()) {
            if !one.text.trim().is_empty() && !found.iter().any(|known| is_same(known, &one)) {
                found.push(one);
            }
        }
    }
    Ok(found)
}

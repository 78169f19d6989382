//! Short keys: a word that stands for a whole regimen, or for a phrase. A doctor's own shadows the tenant's.

use protocol::dosage::TypedLine;
use protocol::id::{DoctorId, PatientId, ShortKeyId};
use protocol::mutation::{Change, Op, SetValue};
use protocol::safety::{AllergenKind, Chart, Rules};
use protocol::table::{TableName, Values};
use rusqlite::Transaction;
use serde::Deserialize;
use serde_json::{Value, json};
use time::Date;

use crate::care::noted_allergies;
use crate::chart::diagnosis_words;
use crate::clock::follow_up;
use crate::error::{Error, Result};
use crate::kept_dose::{kept_dose, offered_dose};
use crate::line::typed_name;
use crate::medicines::name_in_full;
use crate::one_patient::kept;
use crate::pad::{form_in, item_values, medicine_row, named_now, units_of};
use crate::patients::{age_of, sex_letter};
use crate::replica::{Replica, must_get, some_text, text};
use crate::view::{
    Diagnosis, Draft, DraftItem, ItemSource, LineChoice, ShortKey, ShortKeyForm, ShortKeyFound,
};

/// At most so many are offered while one is typed.
const OFFERED: usize = 6;

/// A key as it is stored.
pub(crate) struct Stored {
    pub id: ShortKeyId,
    pub values: Values,
}

impl Stored {
    fn key(&self) -> &str {
        text(&self.values, "key")
    }

    fn kind(&self) -> &str {
        text(&self.values, "kind")
    }

    fn is_regimen(&self) -> bool {
        matches!(self.kind(), "prescription" | "item" | "investigation")
    }

    fn is_own(&self) -> bool {
        !text(&self.values, "doctor_id").is_empty()
    }

    pub(crate) fn body(&self) -> &Value {
        self.values.get("body").unwrap_or(&Value::Null)
    }

    fn number(&self, name: &str) -> Option<i64> {
        self.values.get(name).and_then(Value::as_i64)
    }

    /// The text of a phrase.
    fn phrase(&self) -> &str {
        let body = self.body();
        body["text"].as_str().or_else(|| body["advice"].as_str()).unwrap_or_default()
    }

    /// The classes to which nobody for whom it is used may be allergic.
    fn not_with(&self) -> impl Iterator<Item = &str> {
        let classes = self.values.get("contraindicated_classes").and_then(Value::as_array);
        classes.into_iter().flatten().filter_map(Value::as_str)
    }

    /// Why it is not for this patient, if it is not.
    fn misfit(&self, whom: &Whom) -> Option<String> {
        let sex = text(&self.values, "sex");
        let patient = &whom.patient;
        let months = age_of(patient, whom.today).map(|age| i64::from(age.years) * 12 + i64::from(age.months));
        let is_too_young = self.number("min_age_months").zip(months).is_some_and(|(least, age)| age < least);
        let is_too_old = self.number("max_age_months").zip(months).is_some_and(|(most, age)| age > most);
        let other_sex = match (sex, sex_letter(patient)) {
            ("male", "F") => Some("men"),
            ("female", "M") => Some("women"),
            _ => None,
        };
        let misfit = other_sex.map(|whom| format!("/{} is for {whom}.", self.key())).or_else(|| {
            (is_too_young || is_too_old)
                .then(|| format!("/{} is for another age than this patient's.", self.key()))
        });
        misfit.or_else(|| {
            // Where there are no rules, the pad says that nothing is checked.
            let rules = Rules::load().ok()?;
            let noted = self.not_with().find_map(|class| rules.noted_in_class(&whom.noted, class))?;
            Some(format!("/{} is not for this patient, who is allergic: {noted}.", self.key()))
        })
    }
}

/// The patient for whom a key would be used.
struct Whom {
    patient: Values,
    /// What is noted of their allergies.
    noted: Chart,
    today: Date,
}

impl Replica {
    /// The keys that a typed beginning may mean and that fit this patient: whole regimens, own ones first.
    pub fn find_short_keys(&self, patient: PatientId, typed: &str) -> Result<Vec<ShortKeyFound>> {
        self.must_read_clinical()?;
        let typed = typed.trim_start_matches('/').to_lowercase();
        self.store.read(|tx| {
            let whom = self.whom(tx, patient)?;
            let mut found: Vec<ShortKeyFound> = Vec::new();
            let mut is_refused = false;
            for key in self.usable_keys(tx)?.into_iter().filter(Stored::is_regimen) {
                let fits = key.key().starts_with(&typed) && key.misfit(&whom).is_none();
                is_refused |= !fits && key.key() == typed;
                if fits && !found.iter().any(|one| one.key == key.key()) {
                    found.push(shown_found(&key));
                }
            }
            // In the place of a key that is not for this patient nobody is given a longer one without a word.
            if is_refused && !found.iter().any(|one| one.key == typed) {
                found.clear();
            }
            found.truncate(OFFERED);
            Ok(found)
        })
    }

    /// The draft with what a key stands for. Nothing is written yet.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`], in words, for a key that is not there or not for this patient.
    pub fn expand_short_key(&self, patient: PatientId, typed: &str, own: Draft) -> Result<Draft> {
        self.must_read_clinical()?;
        let typed = typed.trim().trim_start_matches('/').to_lowercase();
        self.store.read(|tx| {
            let whom = self.whom(tx, patient)?;
            let keys: Vec<Stored> = self.usable_keys(tx)?.into_iter().filter(Stored::is_regimen).collect();
            let meant: Vec<&Stored> = keys.iter().filter(|key| key.key() == typed).collect();
            let Some(first) = meant.first() else { return Err(unknown(&typed, &keys)) };
            match meant.iter().find(|key| key.misfit(&whom).is_none()) {
                Some(key) => expanded(tx, key.body(), own),
                None => Err(Error::Invalid(first.misfit(&whom).unwrap_or_default())),
            }
        })
    }

    /// The phrases by their keys: own ones shadow the tenant's.
    pub fn phrases(&self) -> Result<Vec<(String, String)>> {
        self.must_read_clinical()?;
        self.store.read(|tx| {
            let mut phrases: Vec<(String, String)> = Vec::new();
            for key in
                self.usable_keys(tx)?.iter().filter(|key| !key.is_regimen() && !key.phrase().is_empty())
            {
                if !phrases.iter().any(|(known, _)| known == key.key()) {
                    phrases.push((key.key().to_owned(), key.phrase().to_owned()));
                }
            }
            Ok(phrases)
        })
    }

    /// All keys that this person uses or may change, in the order of the alphabet.
    pub fn short_keys(&self) -> Result<Vec<ShortKey>> {
        self.must_read_clinical()?;
        self.store.read(|tx| {
            let mut keys = self.usable_keys(tx)?;
            keys.sort_by_key(|key| (key.key().to_owned(), !key.is_own()));
            let own: Vec<String> =
                keys.iter().filter(|key| key.is_own()).map(|key| key.key().to_owned()).collect();
            keys.iter()
                .map(|key| {
                    Ok(ShortKey {
                        id: key.id,
                        is_shadowed: !key.is_own() && own.iter().any(|one| one == key.key()),
                        form: shown_form(tx, key)?,
                    })
                })
                .collect()
        })
    }

    /// Saves a key: a new one, or the one that stood in this form when it was opened. Of that a line that was not touched
    /// keeps its medicine.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`] for who does not prescribe; [`Error::Invalid`] for a key that would not work, and for one that
    /// was changed since it was opened.
    pub fn save_short_key(
        &self,
        opened: Option<(ShortKeyId, &ShortKeyForm)>,
        form: &ShortKeyForm,
    ) -> Result<ShortKeyId> {
        let doctor = self.key_writer()?;
        let id = opened.map(|(id, _)| id);
        let items = self.key_items(form, self.listed_lines(id)?)?;
        let new = ShortKeyId(self.ids.next());
        self.record("save_short_key", None, |tx| {
            let mut values = checked(tx, form, &items, (doctor, self.day(tx)?))?;
            let taken = self.usable_keys(tx)?.into_iter().find(|key| {
                Some(key.id) != id && key.key() == text(&values, "key") && key.is_own() == form.is_own
            });
            if taken.is_some() {
                return Err(Error::Invalid(
                    "Another short key has this name already. Nothing was saved yet.".into(),
                ));
            }
            let Some((id, seen)) = opened else {
                values.retain(|_, value| !value.is_null());
                return Ok((vec![Change::insert(TableName::ShortKeys, new.0, values)], new));
            };
            let current = must_get(tx, TableName::ShortKeys, id.0)?;
            let stored = Stored { id, values: current };
            if shown_form(tx, &stored)? != *seen {
                return Err(Error::Invalid(
                    "This short key was changed meanwhile: open it anew. Nothing was saved yet.".into(),
                ));
            }
            let current = stored.values;
            let version = current.get("version").and_then(Value::as_i64).unwrap_or(1);
            values.insert("version".into(), json!(version + 1));
            let set = values.into_iter().filter_map(|(name, value)| {
                let base = current.get(&name).cloned().unwrap_or(Value::Null);
                (base != value).then_some((name, SetValue { base, value }))
            });
            Ok((vec![Change::update(TableName::ShortKeys, id.0, set.collect())], id))
        })
    }

    /// Removes a key. What was written with it stays.
    pub fn remove_short_key(&self, id: ShortKeyId) -> Result<()> {
        self.key_writer()?;
        self.record("remove_short_key", None, |tx| {
            let current = must_get(tx, TableName::ShortKeys, id.0)?;
            let seen =
                current.into_iter().map(|(name, value)| (name, SetValue { base: value.clone(), value }));
            let change = Change::update(TableName::ShortKeys, id.0, seen.collect());
            Ok((vec![Change { op: Op::Delete, ..change }], ()))
        })
    }

    fn whom(&self, tx: &Transaction<'_>, patient: PatientId) -> Result<Whom> {
        let id = kept(tx, patient)?;
        let patient = must_get(tx, TableName::Patients, id.0)?;
        Ok(Whom { patient, noted: noted_allergies(tx, id)?, today: self.day(tx)? })
    }

    fn key_writer(&self) -> Result<DoctorId> {
        self.prescriber().ok_or(Error::Forbidden("Short keys are written by doctors and dentists."))
    }

    /// The lines of a form: those that stood there before, and each other one as the pad would read it.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a line that means several medicines.
    fn key_items(&self, form: &ShortKeyForm, mut before: Vec<(String, DraftItem)>) -> Result<Vec<DraftItem>> {
        let lines = form.lines.lines().map(str::trim).filter(|line| !line.is_empty());
        lines
            .map(|line| {
                let place = before.iter().position(|(known, _)| known == line);
                place.map_or_else(|| self.key_item(line), |place| Ok(before.remove(place).1))
            })
            .collect()
    }

    /// The lines of a key whose medicine is from a list, as they are shown.
    fn listed_lines(&self, id: Option<ShortKeyId>) -> Result<Vec<(String, DraftItem)>> {
        let Some(id) = id else { return Ok(vec![]) };
        self.store.read(|tx| {
            let values = must_get(tx, TableName::ShortKeys, id.0)?;
            let items = body_items(tx, Stored { id, values }.body())?;
            let listed = items.into_iter().filter(|item| item.medicine_id.is_some());
            listed.map(|item| Ok((shown_line(tx, &item)?, item))).collect()
        })
    }

    pub(crate) fn key_item(&self, line: &str) -> Result<DraftItem> {
        let read = self.read_line(line, None)?;
        let (medicine_id, medicine_text) = match read.choice {
            LineChoice::Chosen { medicine } => {
                let (strength, brand) = (medicine.strength_text.unwrap_or_default(), medicine.brand_name);
                let brand = brand.unwrap_or_default();
                (Some(medicine.id), name_in_full(&medicine.generic_name, &strength, &brand))
            }
            LineChoice::Several { count } => {
                return Err(Error::Invalid(format!(
                    "{line}: {count} medicines fit. Write the strength or the form too."
                )));
            }
            LineChoice::Free | LineChoice::Nothing => (None, read.medicine),
        };
        let source = ItemSource::ShortKey;
        Ok(DraftItem { medicine_id, medicine_text, dose_text: read.dose, source, ..DraftItem::default() })
    }

    /// The keys that hold for whoever is signed in: their own before the tenant's.
    fn usable_keys(&self, tx: &Transaction<'_>) -> Result<Vec<Stored>> {
        let sql = "select id from short_keys where is_deleted = 0 and is_active \
                   and (doctor_id is null or doctor_id = ?1) order by doctor_id is null, key, kind";
        let doctor = self.person.doctor_id.map(|id| id.to_string()).unwrap_or_default();
        let mut statement = tx.prepare_cached(sql)?;
        let ids = statement.query_map([doctor], |row| row.get::<_, String>(0))?;
        let mut keys = Vec::new();
        for id in ids {
            if let Ok(id) = id?.parse::<ShortKeyId>() {
                keys.push(Stored { id, values: must_get(tx, TableName::ShortKeys, id.0)? });
            }
        }
        Ok(keys)
    }
}

fn shown_found(key: &Stored) -> ShortKeyFound {
    let items = key.body()["items"].as_array().map_or(0, Vec::len);
    ShortKeyFound {
        key: key.key().to_owned(),
        title: text(&key.values, "title").to_owned(),
        items: u32::try_from(items).unwrap_or(u32::MAX),
        is_own: key.is_own(),
    }
}

fn unknown(typed: &str, keys: &[Stored]) -> Error {
    let near = keys.iter().map(|key| (distance(typed, key.key()), key.key())).min();
    let guess = near.filter(|(distance, _)| *distance <= 2).map(|(_, key)| format!(" Did you mean /{key}?"));
    Error::Invalid(format!("No key /{typed}.{}", guess.unwrap_or_default()))
}

/// How many letters must be changed, added or taken away to get from one word to the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (place, letter) in one.chars().enumerate() {
        let mut corner = row[0];
        row[0] = place + 1;
        for (at, wanted) in other.iter().enumerate() {
            let changed = corner + usize::from(letter != *wanted);
            corner = row[at + 1];
            row[at + 1] = changed.min(row[at] + 1).min(corner + 1);
        }
    }
    row[other.len()]
}

/// The lines of a key's body.
fn body_items(tx: &Transaction<'_>, body: &Value) -> Result<Vec<DraftItem>> {
    let items = body["items"].as_array().into_iter().flatten();
    items
        .map(|item| {
            let mut item = DraftItem {
                medicine_id: item["medicine_id"].as_str().and_then(|id| id.parse().ok()),
                medicine_text: item["medicine_text"].as_str().unwrap_or_default().to_owned(),
                dose_text: item["dose_text"].as_str().unwrap_or_default().to_owned(),
                source: ItemSource::ShortKey,
                ..DraftItem::default()
            };
            let medicine = medicine_row(tx, &item)?;
            let form = medicine
                .as_ref()
                .map_or_else(|| form_in(&item.medicine_text), |row| text(row, "dosage_form"));
            item.dose_text = offered_dose(&item.dose_text, form);
            named_now(tx, item)
        })
        .collect()
}

fn lines_in(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => vec![],
    }
}

fn diagnoses_in(body: &Value) -> Vec<Diagnosis> {
    let diagnoses = body["diagnoses"].as_array().into_iter().flatten();
    diagnoses.filter_map(|one| Diagnosis::deserialize(one).ok()).collect()
}

/// `Fever R50.9` as it was typed: a code behind the words is one.
fn typed_diagnosis(line: &str) -> Diagnosis {
    let code = |word: &str| {
        let mut letters = word.chars();
        letters.next().is_some_and(|c| c.is_ascii_uppercase())
            && word.len() >= 3
            && letters.all(|c| c.is_ascii_digit() || c == '.')
    };
    match line.rsplit_once(' ').filter(|(_, last)| code(last)) {
        Some((text, code)) => Diagnosis { text: text.trim().to_owned(), icd10: Some(code.to_owned()) },
        None => line.into(),
    }
}

fn follow_up_in(body: &Value) -> Option<String> {
    let days = body["follow_up_days"].as_i64().filter(|days| *days > 0).map(|days| format!("{days}d"));
    body["follow_up"].as_str().map(str::to_owned).or(days)
}

fn expanded(tx: &Transaction<'_>, body: &Value, mut draft: Draft) -> Result<Draft> {
    draft.items.extend(body_items(tx, body)?);
    for diagnosis in diagnoses_in(body) {
        if !draft.diagnoses.contains(&diagnosis) {
            draft.diagnoses.push(diagnosis);
        }
    }
    let add = |text: &mut String, more: Vec<String>| {
        for line in more {
            if !line.trim().is_empty() && !text.contains(&line) {
                *text = if text.trim().is_empty() { line } else { format!("{text}\n{line}") };
            }
        }
    };
    add(&mut draft.advice, lines_in(&body["advice"]));
    add(&mut draft.investigations, lines_in(&body["investigations"]));
    if let Some(follow_up) = follow_up_in(body).filter(|_| draft.follow_up.trim().is_empty()) {
        draft.follow_up = follow_up;
    }
    Ok(draft)
}

fn shown_line(tx: &Transaction<'_>, item: &DraftItem) -> Result<String> {
    Ok(TypedLine::joined(&typed_name(tx, item)?, item.dose_text.trim()))
}

fn shown_form(tx: &Transaction<'_>, key: &Stored) -> Result<ShortKeyForm> {
    let body = key.body();
    let lines = body_items(tx, body)?;
    let lines = lines.iter().map(|item| shown_line(tx, item)).collect::<Result<Vec<_>>>()?;
    let months = |name: &str| key.number(name).and_then(|months| u32::try_from(months).ok());
    Ok(ShortKeyForm {
        key: key.key().to_owned(),
        title: text(&key.values, "title").to_owned(),
        is_phrase: !key.is_regimen(),
        is_own: key.is_own(),
        lines: lines.join("\n"),
        diagnoses: diagnoses_in(body).iter().map(diagnosis_words).collect::<Vec<_>>().join("\n"),
        advice: if key.is_regimen() { lines_in(&body["advice"]).join("\n") } else { key.phrase().to_owned() },
        investigations: lines_in(&body["investigations"]).join("\n"),
        follow_up: follow_up_in(body).unwrap_or_default(),
        min_age_months: months("min_age_months"),
        max_age_months: months("max_age_months"),
        sex: some_text(&key.values, "sex"),
        not_with: key.not_with().map(class_name).collect::<Vec<_>>().join("\n"),
    })
}

/// What people call the class of this code.
fn class_name(code: &str) -> &str {
    let known = Rules::load().ok().and_then(|rules| rules.allergen(AllergenKind::Class, code));
    known.map_or(code, |known| known.name)
}

/// The code of the class that people call so.
///
/// # Errors
///
/// [`Error::Invalid`] for what the checks do not know.
pub(crate) fn class_code(typed: &str) -> Result<&'static str> {
    let rules =
        Rules::load().map_err(|why| Error::Invalid(format!("The safety checks do not work: {why}.")))?;
    let class = rules.allergen_class(typed).ok_or_else(|| {
        Error::Invalid(format!(
            "{typed} is no class of medicines that the checks know. Nothing was saved yet."
        ))
    })?;
    Ok(class.code)
}

/// The columns that a form means.
fn checked(
    tx: &Transaction<'_>,
    form: &ShortKeyForm,
    items: &[DraftItem],
    (doctor, today): (DoctorId, Date),
) -> Result<Values> {
    let invalid = |what: &str| Error::Invalid(format!("{what} Nothing was saved yet."));
    let key = form.key.trim().trim_start_matches(['/', '.']).to_lowercase();
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let is_key = key.len() <= 30
        && key.starts_with(is_plain)
        && key.chars().all(|c| is_plain(c) || matches!(c, '_' | '.' | '-'));
    if !is_key {
        return Err(invalid("A key is at most 30 small letters, digits, dots, dashes and underscores."));
    }
    if form.title.trim().is_empty() {
        return Err(invalid("The title is missing."));
    }
    if form.min_age_months.zip(form.max_age_months).is_some_and(|(least, most)| least > most) {
        return Err(invalid("The ages are the wrong way round."));
    }
    follow_up(&form.follow_up, today).map_err(invalid)?;
    let items = items.iter().map(|item| {
        let values = item_values(tx, item)?;
        let units = units_of(medicine_row(tx, item)?.as_ref(), item.medicine_text.trim());
        let dose = kept_dose(&item.dose_text, text(&values, "dosage_form"), units.usual());
        Ok(json!({ "medicine_id": item.medicine_id, "medicine_text": item.medicine_text, "dose_text": dose }))
    });
    let items = items.collect::<Result<Vec<Value>>>()?;
    let lines = |text: &str| -> Vec<String> {
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
    };
    let not_with = lines(&form.not_with);
    let not_with = not_with.iter().map(|line| class_code(line)).collect::<Result<Vec<_>>>()?;
    let advice = form.advice.trim();
    let body = if form.is_phrase {
        json!({ "text": advice })
    } else {
        json!({
            "diagnoses": lines(&form.diagnoses).iter().map(|line| typed_diagnosis(line)).collect::<Vec<_>>(),
            "items": items,
            "advice": advice,
            "investigations": lines(&form.investigations),
            "follow_up": Some(form.follow_up.trim()).filter(|text| !text.is_empty()),
        })
    };
    let is_empty = items.is_empty() && advice.is_empty() && lines(&form.investigations).is_empty();
    if is_empty || form.is_phrase && advice.is_empty() {
        return Err(invalid("The key stands for nothing."));
    }
    let values = [
        ("key", json!(key)),
        ("title", json!(form.title.trim())),
        ("kind", json!(if form.is_phrase { "sig" } else { "prescription" })),
        ("scope", json!(if form.is_own { "doctor" } else { "tenant" })),
        ("doctor_id", if form.is_own { json!(doctor) } else { Value::Null }),
        ("body", body),
        ("is_active", json!(true)),
        ("min_age_months", json!(form.min_age_months)),
        ("max_age_months", json!(form.max_age_months)),
        ("sex", json!(form.sex)),
        ("contraindicated_classes", json!(not_with)),
    ];
    Ok(values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_of_two_words_is_in_letters() {
        for (one, other, letters) in
            [("urtii", "urti", 1), ("utri", "urti", 2), ("", "abc", 3), ("ge", "ge", 0)]
        {
            assert_eq!(distance(one, other), letters, "{one} {other}");
        }
    }
}

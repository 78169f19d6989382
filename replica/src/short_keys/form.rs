//! A short key as a person writes it and sees it: the lines of a form.

use protocol::dosage::TypedLine;
use protocol::id::{DoctorId, ShortKeyId};
use protocol::safety::{AllergenKind, Rules};
use protocol::table::{TableName, Values};
use rusqlite::Transaction;
use serde_json::{Value, json};
use time::Date;

use super::Stored;
use super::body::{body_items, diagnoses_in, follow_up_in, lines_in};
use crate::chart::diagnosis_words;
use crate::clock::follow_up;
use crate::error::{Error, Result};
use crate::kept_dose::kept_dose;
use crate::line::typed_name;
use crate::medicines::name_in_full;
use crate::pad::{item_values, medicine_row, units_of};
use crate::replica::{Replica, by_name, must_get, some_text, text};
use crate::view::{Diagnosis, DraftItem, ItemSource, LineChoice, ShortKeyForm};

impl Replica {
    /// The lines of a form: those that stood there before, and each other one as the pad would read it.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a line that means several medicines.
    pub(super) fn key_items(
        &self,
        form: &ShortKeyForm,
        mut before: Vec<(String, DraftItem)>,
    ) -> Result<Vec<DraftItem>> {
        let lines = form.lines.lines().map(str::trim).filter(|line| !line.is_empty());
        lines
            .map(|line| {
                let place = before.iter().position(|(known, _)| known == line);
                place.map_or_else(|| self.key_item(line), |place| Ok(before.remove(place).1))
            })
            .collect()
    }

    /// The lines of a key whose medicine is from a list, as they are shown.
    pub(super) fn listed_lines(&self, id: Option<ShortKeyId>) -> Result<Vec<(String, DraftItem)>> {
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

fn shown_line(tx: &Transaction<'_>, item: &DraftItem) -> Result<String> {
    Ok(TypedLine::joined(&typed_name(tx, item)?, item.dose_text.trim()))
}

pub(super) fn shown_form(tx: &Transaction<'_>, key: &Stored) -> Result<ShortKeyForm> {
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
pub(super) fn checked(
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
    Ok(by_name(values))
}

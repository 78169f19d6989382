//! A short key while a prescription is written: which are offered, whom they are not for, and what they add.

use protocol::id::PatientId;
use protocol::safety::{Chart, Rules};
use protocol::table::{TableName, Values};
use rusqlite::Transaction;
use serde_json::Value;
use time::Date;

use super::Stored;
use super::body::{body_items, diagnoses_in, follow_up_in, lines_in};
use crate::care::noted_allergies;
use crate::error::{Error, Result};
use crate::one_patient::kept;
use crate::patients::{age_of, sex_letter};
use crate::replica::{Replica, must_get, text};
use crate::view::{Draft, ShortKeyFound};

/// At most so many are offered while one is typed.
const OFFERED: usize = 6;

/// The patient for whom a key would be used.
struct Whom {
    patient: Values,
    /// What is noted of their allergies.
    noted: Chart,
    today: Date,
}

impl Stored {
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

    fn whom(&self, tx: &Transaction<'_>, patient: PatientId) -> Result<Whom> {
        let id = kept(tx, patient)?;
        let patient = must_get(tx, TableName::Patients, id.0)?;
        Ok(Whom { patient, noted: noted_allergies(tx, id)?, today: self.day(tx)? })
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

fn expanded(tx: &Transaction<'_>, body: &Value, mut draft: Draft) -> Result<Draft> {
    draft.items.extend(body_items(tx, body)?);
    for diagnosis in diagnoses_in(body) {
        if !draft.diagnoses.contains(&diagnosis) {
            draft.diagnoses.push(diagnosis);
        }
    }
    let add = |text: &mut String, more: Vec<String>| {
        for line in more.iter().flat_map(|more| more.lines()) {
            let is_there = text.lines().any(|there| there.trim() == line.trim());
            if !line.trim().is_empty() && !is_there {
                *text = if text.trim().is_empty() { line.to_owned() } else { format!("{text}\n{line}") };
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

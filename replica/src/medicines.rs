//! Finding a medicine by fragments of its name and strength.

use std::cmp::Reverse;
use std::collections::HashMap;

use protocol::id::MedicineId;
use protocol::medicine::{is_form_word, may_say_form, says_form};
use protocol::safety::SHORT_NAMES;
use protocol::table::Values;
use rusqlite::Transaction;
use serde_json::Value;

use crate::error::Result;
use crate::finder::{Digits, match_text};
use crate::line::unnamed;
use crate::pad::medicine_row;
use crate::replica::{Replica, some_text, text};
use crate::view::{DraftItem, MedicineFound};

/// At most this many are shown.
const SHOWN: usize = 12;
/// At most this many are looked at.
const CONSIDERED: i64 = 300;
/// So many are offered before anything is typed.
const FAVOURITES: usize = 5;

impl Replica {
    /// Medicines that fit, best first: `para 650`, `amox500`, `amox 500 cap`.
    pub fn find_medicines(&self, query: &str) -> Result<Vec<MedicineFound>> {
        let (words, found) = self.fitting_medicines(query)?;
        let plain = plain_one(&found, &words);
        Ok(first_with(found, plain, SHOWN))
    }

    /// All medicines that fit, best first, with the words by which they are found: a short name is one for the whole name,
    /// unless the list has something of that very name; and the 625 of `amoxyclav 625` is 500 and 125.
    pub(crate) fn fitting_medicines(&self, query: &str) -> Result<(String, Vec<MedicineFound>)> {
        let found = self.medicines_named(query)?;
        let (words, found) = match written_out(query) {
            Some(whole) if !found.iter().any(is_named_short) => {
                let found = self.medicines_named(&whole)?;
                (whole, found)
            }
            _ => (query.to_owned(), found),
        };
        if found.is_empty()
            && let Some(parted) = self.with_sum_parted(&words)?
        {
            let found = self.medicines_named(&parted)?;
            return Ok((parted, found));
        }
        Ok((words, found))
    }

    /// The same words with the strengths of a combination in the place of their sum, if all that is in it is named, and only
    /// one of the list has that sum.
    fn with_sum_parted(&self, words: &str) -> Result<Option<String>> {
        let words = split_words(words);
        let is_figure = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit());
        let figures: Vec<&str> = words.split(' ').filter(is_figure).collect();
        let [sum] = figures[..] else { return Ok(None) };
        let named = words.split(' ').filter(|word| *word != sum).collect::<Vec<_>>().join(" ");
        let mut parted: Vec<String> = self
            .medicines_named(&named)?
            .iter()
            .filter(|medicine| unnamed(medicine, &named) == 0)
            .filter_map(|medicine| parts_of_sum(medicine.strength_text.as_deref()?, sum))
            .collect();
        parted.sort_unstable();
        parted.dedup();
        let [parts] = parted.as_slice() else { return Ok(None) };
        let parted = words.split(' ').map(|word| if word == sum { parts.as_str() } else { word });
        Ok(Some(parted.collect::<Vec<_>>().join(" ")))
    }

    fn medicines_named(&self, query: &str) -> Result<Vec<MedicineFound>> {
        let (forms, named) = typed_words(query);
        let Some(first) = named.first() else { return Ok(vec![]) };
        self.store.read(|tx| {
            let used = self.uses(tx)?;
            let mut found = Vec::new();
            for (table, is_odd) in [("medicines", 0), ("tenant_medicines", 1)] {
                let sql = format!(
                    "select m.id, m.generic_name, m.brand_name, m.strength_text, m.dosage_form, m.default_dose \
                     from medicine_finder f join {table} m on m.rowid = f.rowid / 2 \
                     where f.medicine_finder match ?1 and f.rowid % 2 = ?2 and m.is_active limit ?3"
                );
                let mut statement = tx.prepare_cached(&sql)?;
                let rows = statement.query_map((match_text(&named, Digits::Anywhere), is_odd, CONSIDERED), |row| {
                    let id: String = row.get(0)?;
                    Ok(MedicineFound {
                        id: MedicineId(id.parse().unwrap_or_default()),
                        generic_name: row.get(1)?,
                        brand_name: row.get(2)?,
                        strength_text: row.get(3)?,
                        dosage_form: row.get(4)?,
                        default_dose: row.get(5)?,
                        uses: 0,
                    })
                })?;
                for row in rows {
                    let mut medicine = row?;
                    if let Some((uses, dose)) = used.get(&medicine.id.to_string()) {
                        medicine.uses = *uses;
                        medicine.default_dose = Some(dose.clone());
                    }
                    found.push(medicine);
                }
            }
            let is_of = |says: fn(&str, &str) -> bool, medicine: &MedicineFound| {
                forms.iter().all(|word| says(word, &medicine.dosage_form) || begins_name(medicine, word))
            };
            let is_said = found.iter().any(|one| is_of(says_form, one));
            let says: fn(&str, &str) -> bool = if is_said { says_form } else { may_say_form };
            found.retain(|medicine| is_of(says, medicine));
            found.sort_by_cached_key(|medicine| {
                let name = medicine.generic_name.to_lowercase();
                let is_oral = matches!(medicine.dosage_form.as_str(), "tablet" | "capsule");
                // Paracetamol before a combination with paracetamol; what this doctor writes often before
                // all others; what is given every day before what is rare.
                (
                    !name.starts_with(first.as_str()),
                    Reverse(medicine.uses),
                    name.contains('+'),
                    name,
                    !is_oral,
                    medicine.default_dose.is_none(),
                    medicine.strength_text.as_deref().map_or(u64::MAX, thousandths),
                )
            });
            Ok(found)
        })
    }

    /// What whoever is signed in writes most often, with the dose that they write most often.
    pub(crate) fn favourites(&self) -> Result<Vec<MedicineFound>> {
        self.store.read(|tx| {
            let mut used: Vec<(String, (u32, String))> = self.uses(tx)?.into_iter().collect();
            used.sort_by_cached_key(|(id, (uses, _))| (Reverse(*uses), id.clone()));
            let mut found = Vec::new();
            for (id, (uses, dose)) in used {
                let Ok(id) = id.parse::<MedicineId>() else { continue };
                let item = DraftItem { medicine_id: Some(id), ..DraftItem::default() };
                let Some(row) = medicine_row(tx, &item)? else { continue };
                if row.get("is_active") != Some(&Value::Bool(true)) {
                    continue;
                }
                found.push(MedicineFound { default_dose: Some(dose), uses, ..found_in(id, &row) });
                if found.len() == FAVOURITES {
                    break;
                }
            }
            Ok(found)
        })
    }

    /// How often whoever is signed in wrote each medicine, and the dose that they wrote most often.
    fn uses(&self, tx: &Transaction<'_>) -> Result<HashMap<String, (u32, String)>> {
        let Some(doctor) = self.person.doctor_id else { return Ok(HashMap::new()) };
        // Tapers with one step at bedtime were once stored as if all steps were: such a line says another dose.
        let sql = "select medicine_id, uses, dose_text from medicine_use \
                   where doctor_id = ?1 and dose_text not like '%hs%then%hs%' order by uses, last_used";
        let mut statement = tx.prepare_cached(sql)?;
        let mut rows = statement.query([doctor.to_string()])?;
        let mut used: HashMap<String, (u32, String)> = HashMap::new();
        while let Some(row) = rows.next()? {
            let entry = used.entry(row.get(0)?).or_default();
            entry.0 += row.get::<_, u32>(1)?;
            entry.1 = row.get(2)?;
        }
        Ok(used)
    }
}

/// A medicine by its row.
pub(crate) fn found_in(id: MedicineId, row: &Values) -> MedicineFound {
    MedicineFound {
        id,
        generic_name: text(row, "generic_name").to_owned(),
        brand_name: some_text(row, "brand_name"),
        strength_text: some_text(row, "strength_text"),
        dosage_form: text(row, "dosage_form").to_owned(),
        default_dose: some_text(row, "default_dose"),
        uses: 0,
    }
}

/// `Paracetamol 650 mg (Dolo 650)`.
pub(crate) fn name_in_full(generic: &str, strength: &str, brand: &str) -> String {
    let brand = if brand.is_empty() { String::new() } else { format!("({brand})") };
    [generic, strength, &brand].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// What was typed with the whole names of what is short in it: `paracetamol 650` of `pcm 650`. None where nothing is.
fn written_out(query: &str) -> Option<String> {
    let typed = format!(" {} ", split_words(query));
    let mut known: Vec<(String, String)> = SHORT_NAMES
        .iter()
        .map(|(short, names)| (split_words(short), split_words(&names.join(" "))))
        .collect();
    // "co amoxiclav" before "amoxiclav".
    known.sort_by_key(|(short, _)| Reverse(short.len()));
    let whole = known
        .iter()
        .fold(typed.clone(), |text, (short, name)| text.replace(&format!(" {short} "), &format!(" {name} ")));
    (whole != typed).then(|| whole.trim().to_owned())
}

/// `500 125` of `500 mg + 125 mg`, if that is the sum.
fn parts_of_sum(strength: &str, sum: &str) -> Option<String> {
    let milligrams = |part: &str| part.trim().strip_suffix(" mg")?.parse::<u32>().ok().map(u64::from);
    let parts: Vec<u64> = strength.split('+').map(milligrams).collect::<Option<_>>()?;
    let is_sum = parts.len() > 1 && sum.parse::<u64>().ok() == Some(parts.iter().sum::<u64>());
    is_sum.then(|| parts.iter().map(u64::to_string).collect::<Vec<_>>().join(" "))
}

/// Whether a short name stands in its own: a clinic's `PCM Forte`.
fn is_named_short(medicine: &MedicineFound) -> bool {
    let brand = medicine.brand_name.as_deref().unwrap_or_default();
    written_out(&format!("{} {brand}", medicine.generic_name)).is_some()
}

/// The words that say a form, and those that name the medicine. How a form is called stands in no name: it is looked for in
/// what was found, unless nothing else was typed.
fn typed_words(query: &str) -> (Vec<String>, Vec<String>) {
    let words = split_words(query);
    let words = words.split(' ').filter(|word| !word.is_empty()).map(str::to_owned);
    let (forms, mut named): (Vec<String>, Vec<String>) = words.partition(|word| is_form_word(word));
    if named.is_empty() {
        named.clone_from(&forms);
    }
    (forms, named)
}

/// Where the plain medicine stands whose name is typed: without a brand, and no combination with others.
pub(crate) fn plain_one(found: &[MedicineFound], query: &str) -> Option<usize> {
    let (_, named) = typed_words(query);
    let first = named.first()?;
    found.iter().position(|medicine| {
        let name = medicine.generic_name.to_lowercase();
        medicine.brand_name.is_none() && name.starts_with(first.as_str()) && !name.contains('+')
    })
}

/// The first so many of these; the one of this place among them, however many were written more often.
pub(crate) fn first_with(
    mut found: Vec<MedicineFound>,
    wanted: Option<usize>,
    count: usize,
) -> Vec<MedicineFound> {
    if let Some(place) = wanted.filter(|place| *place >= count && *place < found.len()) {
        found.swap(count - 1, place);
    }
    found.truncate(count);
    found
}

/// Whether this word begins one of the medicine's names.
fn begins_name(medicine: &MedicineFound, word: &str) -> bool {
    let brand = medicine.brand_name.as_deref().unwrap_or_default();
    let names = split_words(&format!("{} {brand}", medicine.generic_name));
    names.split(' ').any(|name| name.starts_with(word))
}

/// The first number of a strength, for sorting: 500 mg before 1000 mg.
fn thousandths(strength: &str) -> u64 {
    let end = strength.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(strength.len());
    let mut parts = strength[..end].split('.');
    let whole: u64 = parts.next().and_then(|digits| digits.parse().ok()).unwrap_or(u64::MAX / 1_000);
    let part = format!("{:0<3.3}", parts.next().unwrap_or(""));
    whole.saturating_mul(1_000).saturating_add(part.parse().unwrap_or(0))
}

/// Words in lower case; letters and digits that touch are parted, so that `amox500` finds `amoxicillin 500 mg`.
pub(crate) fn split_words(text: &str) -> String {
    let mut words = String::new();
    let mut before = ' ';
    for c in text.to_lowercase().chars() {
        if !c.is_alphanumeric() && c != '.' {
            words.push(' ');
        } else {
            if before.is_alphabetic() && c.is_ascii_digit() || before.is_ascii_digit() && c.is_alphabetic() {
                words.push(' ');
            }
            words.push(c);
        }
        before = c;
    }
    let words =
        words.split_whitespace().map(|word| word.trim_end_matches('.')).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strengths_are_in_the_order_of_their_numbers() {
        let mut strengths = ["1000 mg", "62.5 mg", "0.05 %", "as directed", "500 mg", "0.5 %"];
        strengths.sort_by_key(|strength| thousandths(strength));
        assert_eq!(strengths, ["0.05 %", "0.5 %", "62.5 mg", "500 mg", "1000 mg", "as directed"]);
    }

    #[test]
    fn a_short_name_is_written_out_where_it_stands_as_a_word() {
        for (typed, whole) in [
            ("tab PCM 650", "tab paracetamol 650"),
            ("pcm650", "paracetamol 650"),
            ("aceclo+pcm", "aceclo paracetamol"),
            ("Co-amoxiclav 500", "amoxicillin clavulanic acid 500"),
            ("amoxyclav", "amoxicillin clavulanic acid"),
            ("vit. C 500", "ascorbic acid 500"),
            ("Vit-D3 60000 iu", "colecalciferol 60000 iu"),
            ("inj TT", "inj tetanus toxoid"),
        ] {
            assert_eq!(written_out(typed).as_deref(), Some(whole), "{typed}");
            assert_eq!(written_out(whole), None, "{whole} is whole");
        }
        // What is also something else, or what the ISMP warns of, is never guessed.
        for typed in [
            "pcmx 650", "hctz 25", "mtx 7.5", "ptu 50", "inh 300", "cpm 4", "vit d", "vit b12", "amox 500",
            "",
        ] {
            assert_eq!(written_out(typed), None, "{typed}");
        }
    }

    #[test]
    fn a_sum_is_parted_into_the_strengths_of_which_it_is_made() {
        assert_eq!(parts_of_sum("500 mg + 125 mg", "625").as_deref(), Some("500 125"));
        for (strength, sum) in [
            ("500 mg + 125 mg", "500"),
            ("625 mg", "625"),
            ("200 mg + 28.5 mg/5 ml", "228.5"),
            ("1 g + 200 mg", "201"),
        ] {
            assert_eq!(parts_of_sum(strength, sum), None, "{strength} {sum}");
        }
    }

    #[test]
    fn letters_and_digits_that_touch_are_parted() {
        assert_eq!(split_words("Amox500"), "amox 500");
        assert_eq!(split_words("Paracetamol 650mg/5 ml"), "paracetamol 650 mg 5 ml");
        assert_eq!(split_words("0.5%"), "0.5");
        assert_eq!(split_words("Tab. Dolo 0.5 . x"), "tab dolo 0.5 x");
    }
}

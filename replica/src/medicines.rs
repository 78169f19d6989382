//! Finding a medicine by fragments of its name and strength.

use protocol::id::MedicineId;
use protocol::medicine::dose_unit;

use crate::error::Result;
use crate::finder::{Digits, match_text};
use crate::replica::Replica;
use crate::view::MedicineFound;

/// At most this many are shown.
const SHOWN: usize = 12;
/// At most this many are looked at.
const CONSIDERED: i64 = 300;

impl Replica {
    /// Medicines that fit, best first: `para 650`, `amox500`.
    pub fn find_medicines(&self, query: &str) -> Result<Vec<MedicineFound>> {
        let words: Vec<String> =
            split_words(query).split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
        let Some(first) = words.first().cloned() else { return Ok(vec![]) };
        self.store.read(|tx| {
            let mut found = Vec::new();
            for (table, is_odd) in [("medicines", 0), ("tenant_medicines", 1)] {
                let sql = format!(
                    "select m.id, m.generic_name, m.brand_name, m.strength_text, m.dosage_form, m.default_dose \
                     from medicine_finder f join {table} m on m.rowid = f.rowid / 2 \
                     where f.medicine_finder match ?1 and f.rowid % 2 = ?2 and m.is_active limit ?3"
                );
                let mut statement = tx.prepare_cached(&sql)?;
                let rows = statement.query_map((match_text(&words, Digits::Anywhere), is_odd, CONSIDERED), |row| {
                    let id: String = row.get(0)?;
                    let dosage_form: String = row.get(4)?;
                    Ok(MedicineFound {
                        id: MedicineId(id.parse().unwrap_or_default()),
                        generic_name: row.get(1)?,
                        brand_name: row.get(2)?,
                        strength_text: row.get(3)?,
                        dose_unit: dose_unit(&dosage_form).to_owned(),
                        dosage_form,
                        default_dose: row.get(5)?,
                    })
                })?;
                for row in rows {
                    found.push(row?);
                }
            }
            found.sort_by_cached_key(|medicine| {
                let name = medicine.generic_name.to_lowercase();
                let is_oral = matches!(medicine.dosage_form.as_str(), "tablet" | "capsule");
                // Paracetamol before a combination with paracetamol.
                (!name.starts_with(&first), name.contains('+'), name, !is_oral, medicine.strength_text.clone())
            });
            found.truncate(SHOWN);
            Ok(found)
        })
    }
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
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_digits_that_touch_are_parted() {
        assert_eq!(split_words("Amox500"), "amox 500");
        assert_eq!(split_words("Paracetamol 650mg/5 ml"), "paracetamol 650 mg 5 ml");
        assert_eq!(split_words("0.5%"), "0.5");
    }
}

//! A line of the pad as it is typed in one go: which medicine it means, and where its dose begins.

use protocol::dosage::TypedLine;
use protocol::medicine::{is_form_word, may_say_form, usual_route};
use rusqlite::Transaction;

use crate::error::Result;
use crate::medicines::{first_with, found_in, plain_one, split_words};
use crate::pad::{form_in, medicine_row};
use crate::replica::{Replica, text};
use crate::view::{DraftItem, LineChoice, LineRead, MedicineFound};

/// At most this many suggestions are shown.
const SHOWN: usize = 5;
/// A medicine is looked for from so many characters on.
const SHORTEST: usize = 2;

impl Replica {
    /// Reads a line as typed. A strength that was not typed is never guessed. For an empty one, what this doctor writes
    /// most often is found. `was` is the line that stands there again to be changed: its medicine stays the one that is
    /// meant, also where others have the same name and strength, until another name is typed.
    pub fn read_line(&self, text: &str, was: Option<&DraftItem>) -> Result<LineRead> {
        let fitting = |medicine: &str| {
            if medicine.chars().count() < SHORTEST { Ok(vec![]) } else { self.fitting_medicines(medicine) }
        };
        let mut line = TypedLine::split(text);
        let mut found = if text.trim().is_empty() { self.favourites()? } else { fitting(line.medicine)? };
        let mut choice = choose(&found, line.medicine);
        if let Some(other) = TypedLine::with_strength(text) {
            let of_strength = fitting(other.medicine)?;
            let chosen = choose(&of_strength, other.medicine);
            if matches!(chosen, LineChoice::Chosen { .. }) {
                (line, found, choice) = (other, of_strength, chosen);
            }
        }
        let TypedLine { medicine, dose } = line;
        if let Some(medicine) = self.named_again(medicine, was)? {
            choice = LineChoice::Chosen { medicine };
        }
        let wanted = match &choice {
            LineChoice::Chosen { medicine } => found.iter().position(|one| one.id == medicine.id),
            _ => plain_one(&found, medicine),
        };
        let found = first_with(found, wanted, SHOWN);
        Ok(LineRead {
            free_form: form_in(medicine).to_owned(),
            medicine: medicine.to_owned(),
            dose: dose.to_owned(),
            found,
            choice,
        })
    }

    /// The medicine of a line that is being changed, if its name is what is typed.
    fn named_again(&self, typed: &str, was: Option<&DraftItem>) -> Result<Option<MedicineFound>> {
        let Some(was) = was.filter(|was| split_words(&was.medicine_text) == split_words(typed)) else {
            return Ok(None);
        };
        self.store
            .read(|tx| Ok(was.medicine_id.zip(medicine_row(tx, was)?).map(|(id, row)| found_in(id, &row))))
    }
}

/// The name of a line's medicine as it would be typed: with its form, where another one has the same name and strength.
pub(crate) fn typed_name(tx: &Transaction<'_>, item: &DraftItem) -> Result<String> {
    let name = item.medicine_text.trim();
    let Some((id, row)) = item.medicine_id.zip(medicine_row(tx, item)?) else { return Ok(name.to_owned()) };
    let sql = "select 1 from (select id, generic_name, strength_text, dosage_form from medicines where is_active \
               union all select id, generic_name, strength_text, dosage_form from tenant_medicines where is_active) \
               where id <> ?1 and lower(generic_name) = lower(?2) \
               and lower(coalesce(strength_text, '')) = lower(?3) and dosage_form <> ?4";
    let column = |name: &str| text(&row, name);
    let form = column("dosage_form");
    let params = (id.to_string(), column("generic_name"), column("strength_text"), form);
    let has_twin = tx.prepare_cached(sql)?.exists(params)?;
    let words = form.replace('_', " ");
    let is_said = words.split(' ').all(is_form_word);
    Ok(if has_twin && is_said { format!("{name} {words}") } else { name.to_owned() })
}

fn choose(found: &[MedicineFound], typed: &str) -> LineChoice {
    if typed.is_empty() {
        return LineChoice::Nothing;
    }
    let typed = split_words(typed);
    let fitting: Vec<&MedicineFound> = found.iter().filter(|medicine| fits(medicine, &typed)).collect();
    // A brand that was not typed is not guessed while a plainer one fits.
    let Some(first) = fitting.iter().copied().min_by_key(|medicine| unsaid(medicine, &typed)) else {
        return LineChoice::Free;
    };
    let says_strength = |medicine: &MedicineFound| {
        let strength = medicine.strength_text.as_deref().map(split_words).unwrap_or_default();
        typed.split(' ').any(|word| is_figure(word) && strength.split(' ').any(|one| one == word))
    };
    // "insulin biphasic 30/70" names none of the two strengths in which it comes.
    let differs = fitting.iter().any(|other| other.strength_text != first.strength_text);
    let is_guess = if differs { !says_strength(first) } else { !typed.split(' ').any(is_figure) };
    // Of eye and ear drops neither is guessed; what is swallowed is meant before what is injected or put on.
    let goes_elsewhere = |other: &&MedicineFound| way(other) != way(first);
    let is_of_two_ways = way(first) != "oral" && fitting.iter().any(goes_elsewhere);
    if fitting.len() > 1 && (is_guess || is_of_two_ways) {
        return LineChoice::Several { count: u32::try_from(fitting.len()).unwrap_or(u32::MAX) };
    }
    LineChoice::Chosen { medicine: first.clone() }
}

/// The way in which most of its form are taken: drops that say no eye, ear or nose are for the mouth.
fn way(medicine: &MedicineFound) -> &'static str {
    if medicine.dosage_form == "drops" { "oral" } else { usual_route(&medicine.dosage_form) }
}

/// How many words of the brand were not typed.
fn unsaid(medicine: &MedicineFound, typed: &str) -> usize {
    let brand = medicine.brand_name.as_deref().map(split_words).unwrap_or_default();
    brand.split_whitespace().filter(|word| !typed.split(' ').any(|begun| word.starts_with(begun))).count()
}

/// Whether every word typed belongs to the medicine: names may be begun, figures must be whole.
fn fits(medicine: &MedicineFound, typed: &str) -> bool {
    let names = [
        Some(medicine.generic_name.as_str()),
        medicine.brand_name.as_deref(),
        medicine.strength_text.as_deref(),
        Some(medicine.dosage_form.as_str()),
    ];
    let known: Vec<String> = names.into_iter().flatten().map(split_words).collect();
    let is_known = |word: &str| {
        known
            .iter()
            .flat_map(|name| name.split(' '))
            .any(|one| if is_figure(word) { one == word } else { one.starts_with(word) })
            || may_say_form(word, &medicine.dosage_form)
    };
    typed.split(' ').any(|word| !is_figure(word)) && typed.split(' ').all(is_known)
}

fn is_figure(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use protocol::id::MedicineId;

    use super::*;

    fn medicine(generic_name: &str, strength: &str) -> MedicineFound {
        MedicineFound {
            id: MedicineId::new(),
            generic_name: generic_name.to_owned(),
            brand_name: None,
            strength_text: Some(strength.to_owned()),
            dosage_form: "tablet".into(),
            default_dose: None,
            uses: 0,
        }
    }

    #[test]
    fn a_strength_that_was_not_typed_is_never_guessed() {
        let found = [medicine("Paracetamol", "500 mg"), medicine("Paracetamol", "650 mg")];
        assert_eq!(choose(&found, "paracetamol"), LineChoice::Several { count: 2 });
        let chosen = |place: usize| LineChoice::Chosen { medicine: found[place].clone() };
        assert_eq!(choose(&found, "para 650"), chosen(1));
        assert_eq!(choose(&found, "para650mg tab"), chosen(1));
        assert_eq!(choose(&found[..1], "para"), chosen(0));
    }

    #[test]
    fn a_figure_of_the_name_is_no_strength() {
        let insulin = |strength| MedicineFound {
            dosage_form: "injection".into(),
            ..medicine("Insulin biphasic isophane 30/70", strength)
        };
        let found = [insulin("40 IU/ml"), insulin("100 IU/ml")];
        assert_eq!(choose(&found, "insulin biphasic 30/70"), LineChoice::Several { count: 2 });
        let hundred = LineChoice::Chosen { medicine: found[1].clone() };
        assert_eq!(choose(&found, "insulin biphasic 30/70 100 iu/ml"), hundred);
    }

    #[test]
    fn a_brand_that_was_not_typed_is_never_guessed() {
        let brand = |name: &str| MedicineFound {
            brand_name: Some(name.to_owned()),
            ..medicine("Paracetamol", "650 mg")
        };
        let found = [brand("Dolo 650 Forte"), brand("Dolo 650"), medicine("Paracetamol", "650 mg")];
        let chosen = |place: usize| LineChoice::Chosen { medicine: found[place].clone() };
        assert_eq!(choose(&found, "para 650"), chosen(2));
        assert_eq!(choose(&found, "dolo 650"), chosen(1));
        assert_eq!(choose(&found, "dolo 650 forte"), chosen(0));
        assert_eq!(choose(&found, "dolo"), LineChoice::Several { count: 2 });
    }

    #[test]
    fn of_eye_and_ear_drops_neither_is_guessed_and_of_tablet_and_injection_the_tablet_is_meant() {
        let of = |form: &str, strength: &str| MedicineFound {
            dosage_form: form.to_owned(),
            ..medicine("Ciprofloxacin", strength)
        };
        let chosen = |medicine: &MedicineFound| LineChoice::Chosen { medicine: medicine.clone() };
        let drops = [of("eye_drops", "0.3 %"), of("ear_drops", "0.3 %")];
        assert_eq!(choose(&drops, "cipro 0.3"), LineChoice::Several { count: 2 });
        assert_eq!(choose(&drops, "cipro 0.3 ear drops"), chosen(&drops[1]));
        assert_eq!(choose(&drops, "cipro 0.3 eye drops"), chosen(&drops[0]));
        let swallowed = [of("tablet", "200 mg"), of("injection", "200 mg")];
        assert_eq!(choose(&swallowed, "cipro 200"), chosen(&swallowed[0]));
        let put_on = [of("cream", "1 %"), of("ointment", "1 %")];
        assert_eq!(choose(&put_on, "cipro 1"), chosen(&put_on[0]), "both go on the skin");
    }

    #[test]
    fn words_that_are_not_the_medicines_make_it_free_text() {
        let found = [medicine("Paracetamol", "500 mg")];
        assert_eq!(choose(&found, "paracetamol 50"), LineChoice::Free);
        assert_eq!(choose(&found, "khasi syrup"), LineChoice::Free);
        assert_eq!(choose(&found, "500"), LineChoice::Free);
        assert_eq!(choose(&found, ""), LineChoice::Nothing);
    }
}

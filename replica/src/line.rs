//! A line of the pad as it is typed in one go: which medicine it means, and where its dose begins.

use std::borrow::Cow;
use std::cmp::Reverse;

use protocol::dosage::{Dosage, TypedLine};
use protocol::medicine::{MOST_UNSAID, Units, is_form_word, may_say_form};
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
    /// Reads a line as typed. A strength or a form that was not typed is never guessed. For an empty one, what this doctor
    /// writes most often is found. `was` is the line that stands there again to be changed: its medicine stays the one that
    /// is meant, also where others have the same name and strength, until another name is typed.
    pub fn read_line(&self, text: &str, was: Option<&DraftItem>) -> Result<LineRead> {
        let read = self.read_as_typed(text, was)?;
        // "ceftriaxone iv 1 g bd": no medicine of the list has the way in its name.
        if read.choice == LineChoice::Free
            && let Some(other) = TypedLine::with_route(&with_form(text))
        {
            let by_route = self.read_as_typed(&other, was)?;
            if matches!(by_route.choice, LineChoice::Chosen { .. }) {
                return Ok(by_route);
            }
        }
        Ok(read)
    }

    fn read_as_typed(&self, text: &str, was: Option<&DraftItem>) -> Result<LineRead> {
        let fitting = |medicine: &str| {
            if medicine.chars().count() < SHORTEST {
                return Ok((medicine.to_owned(), vec![]));
            }
            self.fitting_medicines(medicine)
        };
        let text = with_form(text);
        let text: &str = &text;
        let mut line = TypedLine::split(text);
        let (mut words, mut found) = if text.trim().is_empty() {
            (String::new(), self.favourites()?)
        } else {
            fitting(line.medicine)?
        };
        let mut choice = choose(&found, TypedLine { medicine: &words, dose: line.dose });
        if let Some(other) = TypedLine::with_strength(text) {
            let (named, of_strength) = fitting(other.medicine)?;
            let chosen = choose(&of_strength, TypedLine { medicine: &named, dose: other.dose });
            if matches!(chosen, LineChoice::Chosen { .. }) {
                (line, words, found, choice) = (other, named, of_strength, chosen);
            }
        }
        if let Some(other) = TypedLine::with_volume(text) {
            let (named, of_volume) = fitting(other.medicine)?;
            let chosen = choose(&of_volume, TypedLine { medicine: &named, dose: other.dose });
            if matches!(&chosen, LineChoice::Chosen { medicine } if is_sold_by(medicine, other.medicine)) {
                (line, words, found, choice) = (other, named, of_volume, chosen);
            }
        }
        // While the dose is being typed, the medicine is named as it will be with the whole of it.
        let mut is_begun = false;
        if choice == LineChoice::Free
            && let Some(other) = TypedLine::with_begun(text)
        {
            let (named, of_begun) = fitting(other.medicine)?;
            let chosen = choose(&of_begun, TypedLine { medicine: &named, dose: other.dose });
            if chosen != LineChoice::Free {
                (line, words, found, choice, is_begun) = (other, named, of_begun, chosen, true);
            }
        }
        let TypedLine { medicine, dose } = line;
        if let Some(medicine) = self.named_again(medicine, was)? {
            choice = LineChoice::Chosen { medicine };
        }
        let wanted = match &choice {
            LineChoice::Chosen { medicine } => found.iter().position(|one| one.id == medicine.id),
            _ => plain_one(&found, &words),
        };
        let found = first_with(found, wanted, SHOWN);
        Ok(LineRead {
            free_form: form_in(medicine).to_owned(),
            medicine: medicine.to_owned(),
            dose: dose.to_owned(),
            is_begun,
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

/// The name of a line's medicine as it would be typed: with its form, where there is another one of its name in another.
pub(crate) fn typed_name(tx: &Transaction<'_>, item: &DraftItem) -> Result<String> {
    let name = item.medicine_text.trim();
    let Some((id, row)) = item.medicine_id.zip(medicine_row(tx, item)?) else { return Ok(name.to_owned()) };
    let sql = "select 1 from (select id, generic_name, dosage_form from medicines where is_active \
               union all select id, generic_name, dosage_form from tenant_medicines where is_active) \
               where id <> ?1 and lower(generic_name) = lower(?2) and dosage_form <> ?3";
    let form = text(&row, "dosage_form");
    let has_twin = tx.prepare_cached(sql)?.exists((id.to_string(), text(&row, "generic_name"), form))?;
    let words = form.replace('_', " ");
    let is_said = words.split(' ').all(is_form_word);
    Ok(if has_twin && is_said { format!("{name} {words}") } else { name.to_owned() })
}

/// A form as it is written by hand, in words that are known: `T. Dolo 650` is a tablet.
fn with_form(text: &str) -> Cow<'_, str> {
    let line = text.trim_start();
    for (short, form) in [("t.", "Tab."), ("c.", "Cap.")] {
        let is_short = line.get(..short.len()).is_some_and(|begun| begun.eq_ignore_ascii_case(short));
        let rest = line.get(short.len()..).unwrap_or_default().trim_start();
        // Not "t.i.d.", and no letter alone.
        if is_short && rest.chars().take_while(|c| c.is_alphabetic()).count() > 1 {
            return Cow::Owned(format!("{form} {rest}"));
        }
    }
    Cow::Borrowed(text)
}

fn choose(found: &[MedicineFound], line: TypedLine<'_>) -> LineChoice {
    if line.medicine.is_empty() {
        return LineChoice::Nothing;
    }
    let typed = split_words(line.medicine);
    let fitting: Vec<&MedicineFound> = found.iter().filter(|medicine| fits(medicine, &typed)).collect();
    // A combination or a brand that was not typed is not guessed while a plainer one fits.
    let plainest = fitting.iter().copied().min_by_key(|one| (unnamed(one, &typed), unsaid(one, &typed)));
    let Some(first) = plainest else { return LineChoice::Free };
    let says_strength = |medicine: &MedicineFound| {
        let strength = medicine.strength_text.as_deref().map(split_words).unwrap_or_default();
        typed.split(' ').any(|word| is_figure(word) && strength.split(' ').any(|one| one == word))
    };
    // "insulin biphasic 30/70" names none of the two strengths in which it comes.
    let differs = fitting.iter().any(|other| other.strength_text != first.strength_text);
    let is_guess = if differs { !says_strength(first) } else { !typed.split(' ').any(is_figure) };
    if fitting.len() > 1 && is_guess {
        return several(fitting.len());
    }
    // Of eye and ear drops, or of a tablet and an injection, none is guessed; of tablets and capsules, what is used more.
    let twins = twins(first, &fitting, &typed, line.dose);
    let by_use = |medicine: &&MedicineFound| (unsaid(medicine, &typed), Reverse(medicine.uses));
    let first = twins.iter().copied().min_by_key(by_use).unwrap_or(first);
    let is_open = |other: &&MedicineFound| {
        other.dosage_form != first.dosage_form && !(is_piece(other) && is_piece(first))
    };
    if twins.iter().any(is_open) {
        return several(twins.len());
    }
    LineChoice::Chosen { medicine: first.clone() }
}

fn several(count: usize) -> LineChoice {
    LineChoice::Several { count: u32::try_from(count).unwrap_or(u32::MAX) }
}

/// The medicines of this one's name whose strength is typed as well, in whichever form. The dose says a form too: 5 ml are
/// of no capsule, and one or two of nothing said are tablets or capsules where there are such.
fn twins<'m>(
    first: &'m MedicineFound,
    fitting: &[&'m MedicineFound],
    typed: &str,
    dose: &str,
) -> Vec<&'m MedicineFound> {
    // The 5 of "2.5 mg/5 ml" is no strength.
    let says_mass = |medicine: &MedicineFound| {
        let mass = medicine.strength_text.as_deref().and_then(|strength| strength.split('/').next());
        let mass = split_words(mass.unwrap_or_default());
        typed.split(' ').any(|word| is_figure(word) && mass.split(' ').any(|one| one == word))
    };
    let mut twins = fitting.to_vec();
    twins.retain(|other| {
        other.generic_name == first.generic_name
            && (other.strength_text == first.strength_text || says_mass(other))
    });
    let is_read_so = |medicine: &&MedicineFound| {
        let strength = medicine.strength_text.as_deref().unwrap_or_default();
        Dosage::read(dose, Units::of(&medicine.dosage_form, strength)).is_ok()
    };
    if twins.iter().any(is_read_so) {
        twins.retain(is_read_so);
    }
    let is_bare = Dosage::parse(dose)
        .is_ok_and(|dosage| dosage.unit.is_none() && dosage.dose.most_at_once() <= MOST_UNSAID);
    if is_bare && twins.iter().any(|medicine| is_piece(medicine)) {
        twins.retain(|medicine| is_piece(medicine));
    }
    twins
}

/// Whether it is counted by the piece.
fn is_piece(medicine: &MedicineFound) -> bool {
    matches!(medicine.dosage_form.as_str(), "tablet" | "capsule")
}

/// Of how many ingredients nothing was typed.
pub(crate) fn unnamed(medicine: &MedicineFound, typed: &str) -> usize {
    let is_typed = |name: &str| name.split(' ').any(|one| typed.split(' ').any(|word| one.starts_with(word)));
    medicine.generic_name.split('+').filter(|name| !is_typed(&split_words(name))).count()
}

/// How many words of the brand were not typed.
fn unsaid(medicine: &MedicineFound, typed: &str) -> usize {
    let brand = medicine.brand_name.as_deref().map(split_words).unwrap_or_default();
    brand.split_whitespace().filter(|word| !typed.split(' ').any(|begun| word.starts_with(begun))).count()
}

/// Whether the volume at the end of what was typed is all that the list says of how strong it is: `Clove oil 5 ml`. Of what
/// is injected whole, both mean the same.
fn is_sold_by(medicine: &MedicineFound, typed: &str) -> bool {
    let strength = medicine.strength_text.as_deref().map(split_words).unwrap_or_default();
    let is_volume = strength.split(' ').count() == 2 && strength.ends_with(" ml");
    is_volume && medicine.dosage_form != "injection" && split_words(typed).ends_with(&strength)
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

    fn typed(medicine: &str) -> TypedLine<'_> {
        TypedLine { medicine, dose: "" }
    }

    #[test]
    fn a_strength_that_was_not_typed_is_never_guessed() {
        let found = [medicine("Paracetamol", "500 mg"), medicine("Paracetamol", "650 mg")];
        assert_eq!(choose(&found, typed("paracetamol")), LineChoice::Several { count: 2 });
        let chosen = |place: usize| LineChoice::Chosen { medicine: found[place].clone() };
        assert_eq!(choose(&found, typed("para 650")), chosen(1));
        assert_eq!(choose(&found, typed("para650mg tab")), chosen(1));
        assert_eq!(choose(&found[..1], typed("para")), chosen(0));
    }

    #[test]
    fn a_form_of_one_letter_is_the_form() {
        for (typed, read) in [
            ("T. Dolo 650 1-0-1", "Tab. Dolo 650 1-0-1"),
            ("t.dolo 650 1-0-1", "Tab. dolo 650 1-0-1"),
            (" C. Omez 20 od", "Cap. Omez 20 od"),
            ("t.i.d.", "t.i.d."),
            ("telma 40 od", "telma 40 od"),
            ("", ""),
        ] {
            assert_eq!(with_form(typed), read);
        }
        let found = [medicine("Paracetamol", "650 mg")];
        let line = with_form("T. para 650 1-0-1");
        let chosen = LineChoice::Chosen { medicine: found[0].clone() };
        assert_eq!(choose(&found, TypedLine::split(&line)), chosen);
    }

    #[test]
    fn a_figure_before_a_form_and_marks_is_the_strength_that_the_list_has() {
        let found = [medicine("Glimepiride", "1 mg"), medicine("Glimepiride", "2 mg")];
        let line = TypedLine::with_strength("glimepiride 2 tab 1-0-0").expect("BUG: no other line");
        assert_eq!(line.dose, "1-0-0");
        assert_eq!(choose(&found, line), LineChoice::Chosen { medicine: found[1].clone() });
    }

    #[test]
    fn a_volume_that_is_all_that_the_list_says_is_sold_and_not_taken() {
        let of = |name: &str, strength: &str, form: &str| MedicineFound {
            dosage_form: form.to_owned(),
            ..medicine(name, strength)
        };
        assert!(is_sold_by(&of("Clove oil", "5 ml", "other"), "clove oil 5 ml"));
        assert!(!is_sold_by(&of("Clove oil", "5 ml", "other"), "clove oil 2 ml"));
        assert!(!is_sold_by(&of("Ambroxol", "30 mg/5 ml", "syrup"), "ambroxol 30 mg 5 ml"));
        assert!(!is_sold_by(&of("Tetanus toxoid", "0.5 ml", "injection"), "tetanus toxoid 0.5 ml"));
    }

    #[test]
    fn a_figure_of_the_name_is_no_strength() {
        let insulin = |strength| MedicineFound {
            dosage_form: "injection".into(),
            ..medicine("Insulin biphasic isophane 30/70", strength)
        };
        let found = [insulin("40 IU/ml"), insulin("100 IU/ml")];
        assert_eq!(choose(&found, typed("insulin biphasic 30/70")), LineChoice::Several { count: 2 });
        let hundred = LineChoice::Chosen { medicine: found[1].clone() };
        assert_eq!(choose(&found, typed("insulin biphasic 30/70 100 iu/ml")), hundred);
    }

    #[test]
    fn a_brand_that_was_not_typed_is_never_guessed() {
        let brand = |name: &str| MedicineFound {
            brand_name: Some(name.to_owned()),
            ..medicine("Paracetamol", "650 mg")
        };
        let found = [brand("Dolo 650 Forte"), brand("Dolo 650"), medicine("Paracetamol", "650 mg")];
        let chosen = |place: usize| LineChoice::Chosen { medicine: found[place].clone() };
        assert_eq!(choose(&found, typed("para 650")), chosen(2));
        assert_eq!(choose(&found, typed("dolo 650")), chosen(1));
        assert_eq!(choose(&found, typed("dolo 650 forte")), chosen(0));
        assert_eq!(choose(&found, typed("dolo")), LineChoice::Several { count: 2 });
    }

    #[test]
    fn a_combination_is_not_guessed_where_the_plain_medicine_fits_however_often_it_is_written() {
        let cold = medicine("Paracetamol + Phenylephrine + Chlorphenamine", "500 mg + 10 mg + 2 mg");
        let found = [MedicineFound { uses: 90, ..cold }, medicine("Paracetamol", "500 mg")];
        let chosen = |place: usize| LineChoice::Chosen { medicine: found[place].clone() };
        for line in ["paracetamol 500", "para 500", "tab para 500"] {
            assert_eq!(choose(&found, typed(line)), chosen(1), "{line}");
        }
        assert_eq!(choose(&found, typed("para phenyl 500")), chosen(0));
    }

    #[test]
    fn a_form_that_was_not_typed_is_never_guessed() {
        let of = |strength: &str, form: &str| MedicineFound {
            dosage_form: form.to_owned(),
            ..medicine("Dicyclomine", strength)
        };
        let found = [
            of("10 mg/ml", "drops"),
            of("10 mg/ml", "injection"),
            of("10 mg", "tablet"),
            of("20 mg", "tablet"),
        ];
        let choice = |found: &[MedicineFound], line: &str| choose(found, TypedLine::split(line));
        let chosen = |place: usize| LineChoice::Chosen { medicine: found[place].clone() };
        let both = "dicyclomine 10 mg/ml 0.5 ml tds";
        assert_eq!(choice(&found, both), LineChoice::Several { count: 2 });
        let reversed = [found[1].clone(), found[0].clone()];
        assert_eq!(
            choice(&reversed, both),
            LineChoice::Several { count: 2 },
            "in whichever order they stand"
        );
        // One at a time of nothing said is a tablet.
        assert_eq!(choice(&found, "dicyclomine 10 1-0-1"), chosen(2));
        assert_eq!(
            choice(&found, "dicyclomine 10 5-0-5"),
            LineChoice::Several { count: 2 },
            "5 ml, or 5 tablets"
        );
        assert_eq!(choice(&found[..1], both), chosen(0), "nothing else fits");
        for (line, place) in [
            ("dicyclomine 10 inj 1 amp stat", 1),
            ("dicyclomine 10 mg/ml 1 vial stat", 1),
            ("dicyclomine 10 mg/ml 5 drops tds", 0),
            ("dicyclomine 10 1 tab tds", 2),
            ("dicyclomine 20 1-0-1", 3),
        ] {
            assert_eq!(choice(&found, line), chosen(place), "{line}");
        }
    }

    #[test]
    fn of_tablets_capsules_and_injections_of_one_strength_the_usual_ones_are_written_without_a_question() {
        let of = |form: &str, uses: u32| MedicineFound {
            dosage_form: form.to_owned(),
            uses,
            ..medicine("Pantoprazole", "40 mg")
        };
        let found = [of("injection", 9), of("capsule", 1), of("tablet", 3)];
        let chosen = |place: usize| LineChoice::Chosen { medicine: found[place].clone() };
        for line in ["panto 40 1-0-0 x5d", "panto 40 od"] {
            assert_eq!(choose(&found, TypedLine::split(line)), chosen(2), "{line}");
        }
        assert_eq!(choose(&found, TypedLine::split("panto 40 1 vial od")), chosen(0));
        assert_eq!(choose(&found, TypedLine::split("panto 40 cap od")), chosen(1));
    }

    #[test]
    fn the_figure_of_a_volume_is_no_strength_in_another_form() {
        let of = |strength: &str, form: &str| MedicineFound {
            dosage_form: form.to_owned(),
            ..medicine("Levocetirizine", strength)
        };
        let found = [of("5 mg", "tablet"), of("2.5 mg/5 ml", "syrup")];
        let tablet = LineChoice::Chosen { medicine: found[0].clone() };
        assert_eq!(choose(&found, TypedLine::split("levocetirizine 5 0-0-1")), tablet);
    }

    #[test]
    fn of_eye_and_ear_drops_neither_is_guessed_until_a_word_says_which() {
        let of =
            |form: &str| MedicineFound { dosage_form: form.to_owned(), ..medicine("Ciprofloxacin", "0.3 %") };
        let chosen = |medicine: &MedicineFound| LineChoice::Chosen { medicine: medicine.clone() };
        let drops = [of("eye_drops"), of("ear_drops")];
        assert_eq!(choose(&drops, typed("cipro 0.3")), LineChoice::Several { count: 2 });
        assert_eq!(choose(&drops, typed("cipro 0.3 drops")), LineChoice::Several { count: 2 });
        assert_eq!(choose(&drops, typed("cipro 0.3 ear drops")), chosen(&drops[1]));
        assert_eq!(choose(&drops, typed("cipro 0.3 eye drops")), chosen(&drops[0]));
    }

    #[test]
    fn words_that_are_not_the_medicines_make_it_free_text() {
        let found = [medicine("Paracetamol", "500 mg")];
        assert_eq!(choose(&found, typed("paracetamol 50")), LineChoice::Free);
        assert_eq!(choose(&found, typed("khasi syrup")), LineChoice::Free);
        assert_eq!(choose(&found, typed("500")), LineChoice::Free);
        assert_eq!(choose(&found, typed("")), LineChoice::Nothing);
    }
}

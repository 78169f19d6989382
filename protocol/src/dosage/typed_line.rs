//! Where the medicine of a typed line ends and its dose begins.

use super::Dosage;
use super::amounts::{
    LEAST_STRENGTH, figure_in_words, is_amount, may_be_counted, may_be_one, may_be_part_of_hour, number,
    parted_amount, with_unclear,
};
use super::parse::is_form;
use super::spellings::{OF_NO_NAME, OFTEN_IN_SHORT, UNITS, is_of_liquid, is_unit};
use super::words_of::{UNCLEAR, Word, is_dash, is_slots, is_strength, is_whole_slots, words_of};
use crate::medicine::{MOST_OF_FEW, form_of_word, is_given_in_units};

/// A line with the medicine apart from its dose. Nothing of the line is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypedLine<'t> {
    /// Up to the first word of the dose.
    pub medicine: &'t str,
    /// From there on, the note included; empty as long as none is typed.
    pub dose: &'t str,
}

impl<'t> TypedLine<'t> {
    /// Splits what was typed in one go.
    ///
    /// `amlodipine 5 od` means five milligrams and not five tablets: a bare whole figure is an amount only behind a
    /// strength, with a unit, or behind a colon: `khasi syrup: 5 tds`.
    pub fn split(line: &'t str) -> Self {
        Self::split_where(line, false)
    }

    /// The same line, where a bare figure before a form says a strength: ten milligrams in `cetirizine 10 tab od`, but
    /// five tablets in `prednisolone 5 tabs od`. None if that makes no other line of it.
    pub fn with_strength(line: &'t str) -> Option<Self> {
        let other = Self::split_where(line, true);
        (other != Self::split(line)).then_some(other)
    }

    /// `by_strength` reads a bare figure before a form as a strength, where it may be one.
    fn split_where(line: &'t str, by_strength: bool) -> Self {
        let counts = |figure: f64, form: &str| {
            if by_strength { figure < LEAST_STRENGTH || form.ends_with('s') } else { figure <= MOST_OF_FEW }
        };
        let line = line.trim();
        let before_note = line.find("//").unwrap_or(line.len());
        if let Some(split) = Self::split_at_colon(line, before_note) {
            return split;
        }
        let words = words_of(&line[..before_note]);
        let begins = |place: usize| {
            let Some(word) = words.get(place) else { return false };
            // "125 mg / 5 ml" and "500 mg + 250 iu" are strengths to their end.
            let is_inside = place == 0 || is_inside_strength(&line[..word.start]);
            if !is_inside && word.plain.starts_with(UNCLEAR) {
                return true;
            }
            if is_inside || !Dosage::begins_at(&words, place) {
                return false;
            }
            // "amlodipine po 5 od": behind the way, a figure is no more an amount than without it.
            let first = Dosage::behind_route(&words, place);
            let word = words.get(first).unwrap_or(word);
            let is_bare_figure = word.plain.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
            let before = &words[..place];
            let next = words.get(first + 1).map(|next| next.plain.as_str()).filter(|next| is_unit(next));
            let is_when = Dosage::says_often_at(&words, first) || Dosage::says_how_long_at(&words, first);
            match next {
                _ if !is_bare_figure || is_when => true,
                // "60000 IU" is how strong it is, but for what is injected in them.
                Some("iu") => before.iter().any(|word| is_given_in_iu(&word.plain)),
                Some(form) if is_form(form) => {
                    let is_counted = word.plain.parse::<f64>().is_ok_and(|figure| counts(figure, form));
                    is_counted || before.iter().any(|word| is_strength(&word.plain))
                }
                Some(_) => true,
                None => before.iter().any(|word| is_strength(&word.plain)),
            }
        };
        let start = (0..words.len())
            .find(|place| begins(*place))
            .map_or(Some(words.len()), |place| whole_dose(&words, place, line, by_strength))
            .map(|start| from_when(&words, start))
            .filter(|start| *start < words.len());
        let split = match start {
            Some(place) => words[place].start,
            None => before_note,
        };
        let medicine = line[..split].trim();
        // "telma 40 - 1-0-0": the dash only separates.
        let is_parted = |bare: &&str| bare.ends_with(|c: char| c.is_whitespace() || c.is_ascii_digit());
        let bare = medicine.strip_suffix(is_dash).filter(is_parted);
        let medicine = bare.filter(|_| start.is_some()).map_or(medicine, str::trim_end);
        Self { medicine, dose: line[split..].trim() }
    }

    /// The same line, where the volume before how often is how much is sold: `clove oil 5 ml bd` is no five millilitres.
    /// None if the dose does not begin with one.
    pub fn with_volume(line: &'t str) -> Option<Self> {
        let line = line.trim();
        let Self { medicine, dose } = Self::split(line);
        let name = line.strip_suffix(dose)?;
        let words = words_of(&dose[..dose.find("//").unwrap_or(dose.len())]);
        let [figure, unit, often, ..] = &words[..] else { return None };
        let is_volume = number(&figure.plain).is_some() && unit.plain == "ml";
        if !is_volume || name.trim_end() != medicine || !Dosage::begins_at(&words, 2) {
            return None;
        }
        let (volume, dose) = dose.split_at(often.start);
        let medicine = line[..name.len() + volume.len()].trim_end();
        Some(Self { medicine, dose })
    }

    /// The same line, where its end is the beginning of a dose: `pcm 650 1-0-`, `pcm 650 1 t`. As it stands it is none. None
    /// if a dose is there already, or if no dose begins so.
    pub fn with_begun(line: &'t str) -> Option<Self> {
        let line = line.trim();
        if !Self::split(line).dose.is_empty() {
            return None;
        }
        let last = line.split_whitespace().next_back()?;
        // The h of "telma 40 h" may be of the name.
        let must_have_figure = last.chars().all(char::is_alphabetic);
        ends_of(last).into_iter().find_map(|end| {
            let whole = format!("{line}{end}");
            let TypedLine { medicine, dose } = TypedLine::split(&whole);
            let medicine = line.get(..medicine.len())?;
            let dose = line.get(whole.len() - dose.len()..)?;
            let is_begun = !(medicine.is_empty() || dose.is_empty() || must_have_figure && dose == last);
            is_begun.then_some(Self { medicine, dose })
        })
    }

    /// The same line, where a way of giving it stands in the midst of the name: `ceftriaxone iv 1 g bd` as
    /// `ceftriaxone 1 g iv bd`. None if none does.
    pub fn with_route(line: &str) -> Option<String> {
        let TypedLine { medicine, dose } = TypedLine::split(line);
        let words = words_of(medicine);
        let route =
            words.iter().skip(1).find(|word| Dosage::says_route_at(std::slice::from_ref(*word), 0))?;
        let (before, after) = (&medicine[..route.start], &medicine[route.start + route.typed.len()..]);
        (!dose.is_empty()).then(|| format!("{before}{} {} {dose}", after.trim_start(), route.typed))
    }

    /// Medicine and dose as one line that comes apart into the two again.
    pub fn joined(medicine: &str, dose: &str) -> String {
        let plain = format!("{medicine} {dose}").trim().to_owned();
        if dose.is_empty() || TypedLine::split(&plain) == (TypedLine { medicine, dose }) {
            plain
        } else {
            format!("{medicine}: {dose}")
        }
    }

    /// What the window puts together of a medicine that was chosen and of the dose that was typed to it.
    fn split_at_colon(line: &'t str, before_note: usize) -> Option<Self> {
        // Another one may stand in what it is taken for: "1 sos for pain: severe".
        let mut colons = line[..before_note].rmatch_indices(": ");
        colons.find_map(|(colon, _)| {
            let (medicine, dose) = (line[..colon].trim_end(), line[colon + 1..].trim());
            let words = words_of(&line[colon + 1..before_note]);
            let is_unclear = words.first().is_some_and(|word| word.plain.starts_with(UNCLEAR));
            let is_dose = is_unclear || Dosage::parse(dose).is_ok() || Dosage::begins_at(&words, 0);
            (is_dose && !medicine.is_empty()).then_some(Self { medicine, dose })
        })
    }
}

/// What makes a dose of one that ends with this word: more slots, how often, or the rest of a word.
fn ends_of(last: &str) -> Vec<String> {
    let last = last.replace(is_dash, "-").to_lowercase();
    if last.contains('-') {
        let is_few = |part: &str| part.is_empty() || number(part).is_some_and(|figure| figure <= MOST_OF_FEW);
        let begins_slots = !last.starts_with('-') && last.split('-').all(is_few);
        return ["1", "0-1", "-1"].into_iter().filter(|_| begins_slots).map(str::to_owned).collect();
    }
    if is_unit(&last) || number(&last).is_some_and(|figure| figure < LEAST_STRENGTH) {
        return vec![" od".to_owned()];
    }
    let rest_of = |word: &str| word.strip_prefix(last.as_str()).map(str::to_owned);
    let units = UNITS.iter().flat_map(|(.., spellings)| spellings.iter());
    let units = units.filter_map(|unit| Some(format!("{} od", rest_of(unit)?)));
    OFTEN_IN_SHORT.iter().filter_map(|often| rest_of(often)).chain(units).collect()
}

/// Where the dose that was found at `start` begins with all that may be of it, so that no part of an amount is left in the
/// name. None where the figure before it may be a strength, or a part of the amount: `acitrom 2 1/2 od`.
fn whole_dose(words: &[Word<'_>], start: usize, line: &str, by_strength: bool) -> Option<usize> {
    let has_strength = |before: &[Word<'_>]| before.iter().any(|word| is_strength(&word.plain));
    if let Some([before @ .., whole, part]) = words.get(..=start)
        && !before.is_empty()
        && !has_strength(before)
        && may_be_one(&whole.plain, &part.plain)
    {
        // "calpol 1 1/2 tsp": one is no strength of what is measured by the spoon.
        let is_measured = words.get(start + 1).is_some_and(|unit| is_of_liquid(&unit.plain));
        return is_measured.then(|| with_unclear(words, start - 1));
    }
    if let Some([.., before, amount, marks]) = words.get(..=start)
        && is_whole_slots(&marks.plain)
        && is_no_strength(before, amount)
        && !Dosage::says_amount_at(words, start)
    {
        return Some(with_unclear(words, start - 1));
    }
    // "avil 25 mg ½ po 1-0-1": what stands before the way is an amount that is not understood.
    if Dosage::says_route_at(words, start)
        && let Some([.., before, amount]) = words.get(..start)
        && is_no_strength(before, amount)
    {
        return Some(with_unclear(words, start - 1));
    }
    if let Some([before @ .., figure, often]) = words.get(..=start)
        && let Some(last) = before.last()
        && (may_be_counted(&figure.plain, &often.plain, has_strength(before) || last.plain.ends_with(':'))
            || may_be_part_of_hour(&figure.plain, &often.plain))
    {
        return Some(start - 1);
    }
    let is_no_amount = |place: usize, unit: &str| {
        let is_of_units = unit == "iu" && !words[..place].iter().any(|word| is_given_in_iu(&word.plain));
        // "glimepiride 2 tab 1-0-0" of the list is the one of 2 mg.
        let is_of_name =
            by_strength && is_form(unit) && !unit.ends_with('s') && !has_strength(&words[..place]);
        is_of_units || is_of_name || is_inside_strength(&line[..words[place].start])
    };
    let parted =
        if Dosage::says_amount_at(words, start) { None } else { parted_amount(words, start, is_no_amount) };
    Some(with_unclear(words, parted.unwrap_or(start)))
}

/// Whether a figure between a name and marks is how many are taken, so that the marks do not say it: `25 mg ½ 1-0-1`,
/// `650 2 1-0-1`. A half that is written as `0.5` is a strength, and so are most whole figures.
fn is_no_strength(before: &Word<'_>, amount: &Word<'_>) -> bool {
    let figure = number(&amount.plain).filter(|_| !amount.plain.contains('.'));
    let is_behind_strength = is_strength(&before.plain) || is_measure(&before.plain);
    figure.or_else(|| figure_in_words(&amount.plain)).is_some_and(|figure| {
        figure > 0.0 && figure < 1.0 || is_behind_strength && figure > 1.0 && figure < LEAST_STRENGTH
    })
}

/// Where the dose begins that was found at `start`, or at the end if none was, with words before it that are of no name and
/// say when or how much: `every 4 to 6 hours`, `q4-6h sos`, `15 mg/kg`. As they stand they are no dose, and are refused.
fn from_when(words: &[Word<'_>], start: usize) -> usize {
    let Some(place) = (1..start).find(|place| says_when(&words[*place].plain)) else { return start };
    let is_by_weight = words[place].plain.contains("/kg");
    let is_counted = |word: &Word<'_>| {
        is_amount(&word.plain)
            && (is_by_weight || number(&word.plain).is_none_or(|figure| figure <= MOST_OF_FEW))
    };
    let place = if place > 1 && is_counted(&words[place - 1]) { place - 1 } else { place };
    with_unclear(words, place)
}

fn says_when(word: &str) -> bool {
    let is_interval = word.strip_prefix('q').is_some_and(|rest| {
        let letters = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '-');
        letters.len() < rest.len() && letters.starts_with('h')
    });
    is_interval || word.contains("/kg") || OF_NO_NAME.contains(&word)
}

/// Whether what stands before a figure says that it goes on: `125 mg /`, `500 mg +`, `125 mg per`.
fn is_inside_strength(before: &str) -> bool {
    let before = before.trim_end();
    before.ends_with('/') || before.ends_with(" +") || before.to_lowercase().ends_with(" per")
}

/// Whether a medicine of this word is given in international units: an injection, insulin, or anything of `40 iu/ml`.
fn is_given_in_iu(word: &str) -> bool {
    form_of_word(word) == Some("injection") || is_given_in_units(word) || word.contains("iu/")
}

/// Whether a figure up to this one stands alone in a name and may be what is taken: the 10 of `lantus 10`, but not that of
/// `lantus 10 mg`, nor the 1 of `augmentin duo 1 bd`: one is taken whichever of both it is.
pub(crate) fn has_loose_figure(name: &str, most: f64) -> bool {
    let words = words_of(name);
    let is_measured = |place: usize| words.get(place + 1).is_some_and(|next| is_measure(&next.plain));
    let is_loose = |figure: &str| number(figure).is_some_and(|figure| figure <= most && figure != 1.0);
    words.iter().enumerate().any(|(place, word)| {
        let in_words = figure_in_words(&word.plain).filter(|_| place > 0);
        if in_words.is_some_and(|figure| figure <= most && figure != 1.0) {
            return !is_measured(place);
        }
        // Also the two of "dolo 650 - 2" and of "dolo 650 (2)", but not the twelve of "b-12".
        let word = word.plain.as_str();
        let figures = word.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(word);
        is_slots(figures) && figures.split('-').any(is_loose) && !is_measured(place)
    })
}

/// Whether international units stand in a name that may be what is taken: those of `lantus 10 iu`, but not of `d3 60000 iu`.
pub(crate) fn has_few_units(name: &str, most: f64) -> bool {
    let name = name.to_lowercase().replace("i.u.", "iu");
    let words = words_of(&name);
    let is_many = |figure: &str| {
        let figure = figure.replace(',', "");
        let thousands = figure.strip_suffix('k').and_then(|figure| figure.parse::<f64>().ok());
        thousands.is_some() || figure.parse::<f64>().is_ok_and(|figure| figure > most)
    };
    words.iter().enumerate().any(|(place, word)| {
        // "100iu/ml" is one word.
        let rest = word.plain.trim_start_matches(|c: char| c.is_ascii_digit() || ".,".contains(c));
        let own = &word.plain[..word.plain.len() - rest.len()];
        let letters: String = rest.chars().take_while(|c| c.is_alphabetic()).collect();
        let before = place.checked_sub(1).and_then(|before| words.get(before));
        let figure = if own.is_empty() { before.map_or("", |before| before.plain.as_str()) } else { own };
        matches!(letters.as_str(), "iu" | "unit" | "units") && !is_many(figure)
    })
}

/// Whether a word makes a strength of the figure before it: `mg`, `mg/5`, `%`.
fn is_measure(word: &str) -> bool {
    let letters: String = word.chars().take_while(|c| c.is_alphabetic() || *c == '%').collect();
    matches!(
        letters.as_str(),
        "mg" | "mcg" | "µg" | "ug" | "g" | "gm" | "ml" | "iu" | "u" | "unit" | "units" | "meq" | "mmol" | "%"
    )
}

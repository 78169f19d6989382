//! The words of a typed line, and where its medicine ends and its dose begins.

use super::Dosage;
use super::amounts::{
    LEAST_STRENGTH, figure_in_words, is_amount, may_be_counted, may_be_one, number, parted_amount,
    with_unclear,
};
use super::parse::is_form;
use super::spellings::{OF_NO_NAME, OFTEN_IN_SHORT, is_of_liquid, is_unit};
use crate::medicine::{MOST_OF_FEW, form_of_word, is_given_in_units};

/// Stands before figures that may be read in two ways, and makes them unreadable. No plain word has a capital.
const UNCLEAR: char = 'X';

/// A word as typed, and as it is compared.
pub(super) struct Word<'t> {
    pub(super) typed: &'t str,
    pub(super) plain: String,
    /// The byte of the line at which it begins.
    start: usize,
}

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
            let is_bare_figure = word.plain.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
            let before = &words[..place];
            let next = words.get(place + 1).map(|next| next.plain.as_str()).filter(|next| is_unit(next));
            let is_when = Dosage::says_often_at(&words, place) || Dosage::says_how_long_at(&words, place);
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
    if let Some([before @ .., figure, often]) = words.get(..=start)
        && let Some(last) = before.last()
        && may_be_counted(&figure.plain, &often.plain, has_strength(before) || last.plain.ends_with(':'))
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

/// Something with a figure in it that is not a figure alone: `650mg`, `amox500`.
fn is_strength(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
        || word.chars().take_while(|c| c.is_alphabetic()).count() >= 3
            && word.chars().any(|c| c.is_ascii_digit())
}

/// The words of a line. A unit that is attached to its amount is a word of its own, and so are slots with spaces or
/// other dashes between them; `t.d.s.` is `tds`. A dash beside figures that joins none of them only separates.
pub(super) fn words_of(line: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut run: Vec<Word<'_>> = Vec::new();
    for piece in pieces_of(line) {
        if run.last().is_some_and(|last| !last.touches(&piece)) {
            put_run(std::mem::take(&mut run), line, &mut words);
        }
        run.push(piece);
    }
    put_run(run, line, &mut words);
    // "40 - 0 - 0 - 8 units" says of what all four are.
    for place in 1..words.len() {
        let is_of_units = matches!(words[place].plain.as_str(), "unit" | "units" | "u" | "iu");
        let before = &mut words[place - 1].plain;
        if is_of_units && before.starts_with(UNCLEAR) {
            before.remove(0);
        }
    }
    for place in (1..words.len()).rev() {
        if let Some(unclear) = with_whole(&words[..=place], line) {
            words[place] = unclear;
            words.remove(place - 1);
        }
    }
    words
}

/// `25 mg 1 1/2-0-1`: behind a strength, a whole figure with nothing but a space between it and slots that begin with a
/// fraction may be a part of the first amount. Neither is guessed.
fn with_whole<'t>(words: &[Word<'t>], line: &'t str) -> Option<Word<'t>> {
    let [before @ .., whole, slots] = words else { return None };
    let begins_with_part =
        slots.plain.split('-').next().and_then(number).is_some_and(|part| part > 0.0 && part < 1.0);
    let has_dash = whole.plain.contains('-');
    let is_whole = whole.plain.ends_with(|c: char| c.is_ascii_digit())
        && whole.plain.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
        && (has_dash || before.is_empty() || before.iter().any(|word| is_strength(&word.plain)));
    let between = line.get(whole.start + whole.typed.len()..slots.start)?;
    if !begins_with_part || !is_whole || !is_whole_slots(&slots.plain) || !between.trim().is_empty() {
        return None;
    }
    let typed = line.get(whole.start..slots.start + slots.typed.len())?;
    Some(Word { typed, plain: format!("{UNCLEAR}{} {}", whole.plain, slots.plain), start: whole.start })
}

/// What stands between two spaces.
fn pieces_of(line: &str) -> Vec<Word<'_>> {
    let mut next = 0;
    let mut pieces = Vec::new();
    for piece in line.split_inclusive(char::is_whitespace) {
        let (typed, start) = (piece.trim_end(), next);
        next += piece.len();
        if !typed.is_empty() {
            pieces.push(Word { typed, plain: plain(typed), start });
        }
    }
    pieces
}

impl Word<'_> {
    /// Whether it says how many times: `x5d`.
    pub(super) fn is_times(&self) -> bool {
        self.plain == "x"
            || self.plain.strip_prefix('x').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    }

    /// Whether a dash joins this one and the next: `1 - 0 - 1`.
    fn touches(&self, next: &Self) -> bool {
        (next.plain.starts_with('-') || self.plain.ends_with('-'))
            && is_slots(&self.plain)
            && is_slots(&next.plain)
    }

    fn is_lone_dash(&self) -> bool {
        self.plain.bytes().all(|byte| byte == b'-')
    }

    /// Without the dashes around it.
    fn bare(&self) -> Self {
        let typed = self.typed.trim_start_matches(is_dash);
        let start = self.start + self.typed.len() - typed.len();
        Self { typed: typed.trim_end_matches(is_dash), plain: self.plain.trim_matches('-').to_owned(), start }
    }
}

/// Puts pieces that dashes join. Slots that are whole stay so: in `40 - 1-0-0` what stands before them is no amount.
fn put_run<'t>(run: Vec<Word<'t>>, line: &'t str, words: &mut Vec<Word<'t>>) {
    let is_alone = run.len() == 1;
    let mut loose: Vec<Word<'t>> = Vec::new();
    for word in run {
        // Between words it is one of them: "for pain - severe".
        if is_alone && word.is_lone_dash() {
            words.push(word);
            continue;
        }
        let bare = word.bare();
        // "-1-0-1" needs something that the dash parts it from, and "1-1-1-" is not finished.
        let is_parted = !is_alone || !word.plain.ends_with('-') && !words.is_empty();
        if is_whole_slots(&bare.plain) && (is_parted || bare.plain == word.plain) {
            put_loose(&std::mem::take(&mut loose), line, words);
            words.push(bare);
        } else {
            loose.push(word);
        }
    }
    put_loose(&loose, line, words);
}

/// Joins pieces of which none is whole: `1 - 0 - 1`.
fn put_loose<'t>(loose: &[Word<'t>], line: &'t str, words: &mut Vec<Word<'t>>) {
    let Some(first) = loose.iter().position(|word| !word.is_lone_dash()) else { return };
    let n_after = loose.iter().rev().take_while(|word| word.is_lone_dash()).count();
    let pieces = &loose[first..loose.len() - n_after];
    match pieces {
        [] => {}
        [one] => put_piece(one, words),
        [one, .., last] => {
            let mut plain: String = pieces.iter().map(|word| word.plain.as_str()).collect();
            let mut start = one.start;
            if !words.is_empty() {
                plain = plain.trim_start_matches('-').to_owned();
                start = one.bare().start;
            }
            // Neither is guessed: as it stands, it is no slots.
            if may_begin_with_strength(&plain) {
                plain.insert(0, UNCLEAR);
            }
            words.push(Word { typed: &line[start..last.start + last.typed.len()], plain, start });
        }
    }
}

/// `telma 40 - 1 - 0 - 1`: four figures apart, of which the first is much more than the others, may be four amounts, or a
/// strength and three of them.
fn may_begin_with_strength(plain: &str) -> bool {
    let figures: Vec<f64> = plain.split('-').map_while(number).collect();
    match figures.as_slice() {
        [first, others @ ..] if others.len() == 3 => {
            others.iter().any(|other| *other > 0.0) && others.iter().all(|other| *first > 4.0 * other)
        }
        _ => false,
    }
}

fn put_piece<'t>(word: &Word<'t>, words: &mut Vec<Word<'t>>) {
    let (typed, start) = (word.typed, word.start);
    match attached_times(typed, &word.plain).or_else(|| attached_unit(typed, &word.plain)) {
        Some(split) => {
            let (amount, rest) = typed.split_at(split);
            let one = |typed: &'t str, start| Word { typed, plain: plain(typed), start };
            let amount = one(amount, start);
            // In "10-hs" and "½-tab" the dash only parts the two.
            let amount = if amount.is_lone_dash() { amount } else { amount.bare() };
            // "1bdx5d" is "1bd" and "x5d", of which the first is two again.
            put_piece(&amount, words);
            words.push(one(rest, start + split));
        }
        None => words.push(Word { typed, plain: word.plain.clone(), start }),
    }
}

fn is_whole_slots(plain: &str) -> bool {
    let parts: Vec<&str> = plain.split('-').collect();
    (3..=4).contains(&parts.len()) && parts.into_iter().all(|part| number(part).is_some())
}

fn is_dash(c: char) -> bool {
    matches!(c, '-' | '‐' | '‑' | '–' | '—' | '−')
}

fn plain(word: &str) -> String {
    let lower: String = word
        .chars()
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            c if is_dash(c) => '-',
            '×' => 'x',
            '०'..='९' => char::from_digit(u32::from(c) - u32::from('०'), 10).unwrap_or(c),
            c => c,
        })
        .collect();
    if lower.contains('+') && is_slots(&lower.replace('+', "-")) {
        return lower.replace('+', "-");
    }
    // Commas and stops that only separate.
    let bare = without_brackets(lower.trim_end_matches([',', ';', '.']));
    let bare = if bare.is_empty() { lower.as_str() } else { bare };
    if let Some(slots) = with_noughts(bare) {
        return slots;
    }
    if bare.contains('.') && bare.chars().all(|c| c.is_alphabetic() || c == '.') {
        return bare.replace('.', "");
    }
    bare.to_owned()
}

/// `(1-0-1)`, `(before food)`; but not what may be a brand: `Amoxicillin 500 mg (Mox 500) hs`.
fn without_brackets(word: &str) -> &str {
    let is_meal = |word: &&str| matches!(*word, "food" | "meals" | "breakfast" | "lunch" | "dinner");
    match word.strip_prefix('(') {
        Some(inner @ ("before" | "after" | "with")) => inner,
        Some(inner) => inner.strip_suffix(')').filter(|inner| number(inner).is_none()).unwrap_or(word),
        None => word.strip_suffix(')').filter(is_meal).unwrap_or(word),
    }
}

/// `1-o-1` and `1-x-1` are `1-0-1`, and so is `1--0--1`.
fn with_noughts(word: &str) -> Option<String> {
    let parts: Vec<&str> = word.split('-').filter(|part| !part.is_empty()).collect();
    // "5--1-0-1" is a strength and a dose, and "1-0-1-x" goes on with the days.
    let dashes = if word.contains("--") { "--" } else { "-" };
    let is_even = word.split(dashes).eq(parts.iter().copied()) && !(parts.len() == 4 && word.ends_with('x'));
    let is_joined = is_even && word.starts_with(|c: char| c != '-') && !word.ends_with('-');
    let is_nought = |part: &str| matches!(part, "o" | "x");
    let is_slots = (3..=4).contains(&parts.len())
        && parts.iter().any(|part| number(part).is_some())
        && parts.iter().all(|part| is_nought(part) || number(part).is_some());
    if !is_joined || !is_slots {
        return None;
    }
    let figures: Vec<&str> = parts.iter().map(|part| if is_nought(part) { "0" } else { *part }).collect();
    Some(figures.join("-"))
}

fn is_slots(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_digit() || "-/.½¼¾".contains(c))
}

fn without_amount(plain: &str) -> &str {
    plain.trim_start_matches(|c: char| c.is_ascii_digit() || "-/.½¼¾".contains(c))
}

/// Where the unit begins in `5ml`, `2tabs.`, `½tab`, or how often in `1bd`.
fn attached_unit(typed: &str, plain: &str) -> Option<usize> {
    let letters = without_amount(plain);
    let amount = &plain[..plain.len() - letters.len()];
    let is_said = is_unit(letters) || OFTEN_IN_SHORT.contains(&letters);
    if is_said && !amount.is_empty() { split_behind(typed, amount) } else { None }
}

/// Where it begins for how long in `1-0-1x5d`, `bdx5d`.
fn attached_times(typed: &str, plain: &str) -> Option<usize> {
    let (dose, times) = plain.split_once('x')?;
    let is_dose = is_whole_slots(dose) || OFTEN_IN_SHORT.contains(&without_amount(dose));
    let is_counted = times.starts_with(|c: char| c.is_ascii_digit());
    if is_dose && is_counted { split_behind(typed, dose) } else { None }
}

/// As many letters as there are plain ones: a dash or a figure of another script is of another length in bytes.
fn split_behind(typed: &str, plain: &str) -> Option<usize> {
    let (split, _) = typed.char_indices().nth(plain.chars().count())?;
    (!typed.starts_with('(')).then_some(split)
}

//! The words of a typed line, and where its medicine ends and its dose begins.

use super::Dosage;
use super::parse::{is_form, is_unit};

/// More than so many of a form nobody takes at once: `amox 500 cap bd` says a strength.
const MOST_COUNTED: f64 = 20.0;
/// From so many on, the figure before a form is the strength of a medicine that has it: `cetirizine 10 tab od`.
const LEAST_STRENGTH: f64 = 5.0;

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
    /// strength or with a unit.
    pub fn split(line: &'t str) -> Self {
        Self::split_where(line, |figure| figure <= MOST_COUNTED)
    }

    /// The same line, where a bare figure before a form says a strength: ten milligrams in `cetirizine 10 tab od`. None
    /// if that makes no other line of it.
    pub fn with_strength(line: &'t str) -> Option<Self> {
        let other = Self::split_where(line, |figure| figure < LEAST_STRENGTH);
        (other != Self::split(line)).then_some(other)
    }

    /// `counts` says whether a bare figure before a form is how many of it are taken.
    fn split_where(line: &'t str, counts: impl Fn(f64) -> bool) -> Self {
        let line = line.trim();
        let before_note = line.find("//").unwrap_or(line.len());
        let words = words_of(&line[..before_note]);
        let begins = |place: usize| {
            let Some(word) = words.get(place) else { return false };
            // "125 mg / 5 ml" is a strength to its end.
            let is_inside = place == 0 || words[place - 1].plain == "/";
            if is_inside || !Dosage::begins_at(&words, place) {
                return false;
            }
            let is_bare_figure = word.plain.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
            let is_counted = words.get(place + 1).is_some_and(|next| {
                is_unit(&next.plain)
                    && (!is_form(&next.plain) || word.plain.parse::<f64>().is_ok_and(&counts))
            });
            !is_bare_figure || is_counted || words[..place].iter().any(|word| is_strength(&word.plain))
        };
        let start = (0..words.len()).find(|place| begins(*place));
        let split = match start {
            Some(place) => words[place].start,
            None => before_note,
        };
        Self { medicine: line[..split].trim(), dose: line[split..].trim() }
    }
}

/// Something with a figure in it that is not a figure alone: `650mg`, `amox500`.
fn is_strength(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
        || word.chars().take_while(|c| c.is_alphabetic()).count() >= 3
            && word.chars().any(|c| c.is_ascii_digit())
}

/// The words of a line. A unit that is attached to its amount is a word of its own, and so are slots with spaces or
/// other dashes between them; `t.d.s.` is `tds`.
pub(super) fn words_of(line: &str) -> Vec<Word<'_>> {
    let mut words: Vec<Word<'_>> = Vec::new();
    let mut next = 0;
    for piece in line.split_inclusive(char::is_whitespace) {
        let (typed, start) = (piece.trim_end(), next);
        next += piece.len();
        if typed.is_empty() {
            continue;
        }
        let plain = plain(typed);
        // `1 - 0 - 1`
        if let Some(last) = words.last_mut()
            && (plain.starts_with('-') || last.plain.ends_with('-'))
            && is_slots(&last.plain)
            && is_slots(&plain)
        {
            last.plain.push_str(&plain);
            last.typed = &line[last.start..start + typed.len()];
            continue;
        }
        match attached_unit(typed, &plain) {
            Some(split) => {
                let (amount, unit) = typed.split_at(split);
                words.push(Word { typed: amount, plain: self::plain(amount), start });
                words.push(Word { typed: unit, plain: self::plain(unit), start: start + split });
            }
            None => words.push(Word { typed, plain, start }),
        }
    }
    words
}

fn plain(word: &str) -> String {
    let lower: String = word
        .chars()
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            '‐' | '‑' | '–' | '—' | '−' => '-',
            '×' => 'x',
            '०'..='९' => char::from_digit(u32::from(c) - u32::from('०'), 10).unwrap_or(c),
            c => c,
        })
        .collect();
    if lower.contains('+') && is_slots(&lower.replace('+', "-")) {
        return lower.replace('+', "-");
    }
    // Commas and stops that only separate.
    let bare = lower.trim_end_matches([',', ';', '.']);
    let bare = if bare.is_empty() { lower.as_str() } else { bare };
    if bare.contains('.') && bare.chars().all(|c| c.is_alphabetic() || c == '.') {
        return bare.replace('.', "");
    }
    bare.to_owned()
}

fn is_slots(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_digit() || "-/.½¼¾".contains(c))
}

/// Where the unit begins in `5ml`, `2tabs`.
fn attached_unit(typed: &str, plain: &str) -> Option<usize> {
    let letters = plain.trim_start_matches(|c: char| c.is_ascii_digit() || "-/.½¼¾".contains(c));
    let is_unit = is_unit(letters);
    let has_amount = letters.len() < plain.len();
    (is_unit && has_amount && typed.is_ascii() && typed.len() == plain.len())
        .then(|| plain.len() - letters.len())
}

//! How amounts are written, and what before a dose may be one that is not understood.

use super::parse::is_form;
use super::spellings::{MAY_BE_COUNTED, is_unit};
use super::words_of::Word;
use crate::medicine::MOST_OF_FEW;

/// The most that a figure may be: heparin is given by thousands of international units.
pub(super) const MOST_INTERNATIONAL: f64 = 20_000.0;

/// From so many on, the figure before a form is the strength of a medicine that has it: `cetirizine 10 tab od`.
pub(super) const LEAST_STRENGTH: f64 = 5.0;

/// Figures that stand before `subah sham` or `goli`, and are asked about.
const IN_HINDI: &[&str] =
    &["ek", "do", "teen", "char", "chaar", "aadha", "aadhi", "adha", "adhi", "dedh", "dhai"];

/// A figure in words.
pub(super) fn figure_in_words(word: &str) -> Option<f64> {
    Some(match word {
        "quarter" => 0.25,
        "half" => 0.5,
        "one" => 1.0,
        "two" => 2.0,
        "three" => 3.0,
        "four" => 4.0,
        "five" => 5.0,
        "six" => 6.0,
        "seven" => 7.0,
        "eight" => 8.0,
        "nine" => 9.0,
        "ten" => 10.0,
        "fifteen" => 15.0,
        _ => return None,
    })
}

/// Where the dose that was found at `start` begins with all that may be an amount right before it: `1-2 sos`,
/// `1 or 2 tabs sos`, `5 times daily`. As it stands it is no dose, and so it is refused whole.
pub(super) fn with_unclear(words: &[Word<'_>], start: usize) -> usize {
    let is = |word: &Word<'_>, fits: fn(&str) -> bool| fits(&word.plain);
    let mut place = start;
    while place > 1 {
        let before = match &words[..place] {
            // "collagen type ii od"
            [.., kind, roman] if kind.plain == "type" && is(roman, is_roman) => return place,
            [.., amount, unit, join] if is(join, joins) && is(unit, is_unit) && is(amount, is_amount) => 3,
            [.., amount, join] if is(join, joins) && is(amount, is_amount) => 2,
            [.., amount] if is(amount, is_unclear) => 1,
            _ => return place,
        };
        if before >= place {
            return place;
        }
        place -= before;
    }
    place
}

/// Where an amount with its unit stands further before the dose at `start`, with words between that belong to no dose:
/// `5 ml slowly tds`, `2 drops BE q4h`. `is_no_amount` says of a place and its unit that a strength stands there.
pub(super) fn parted_amount(
    words: &[Word<'_>],
    start: usize,
    is_no_amount: impl Fn(usize, &str) -> bool,
) -> Option<usize> {
    let is_taken = |place: usize| {
        let Some(unit) = words.get(place + 1).map(|word| word.plain.as_str()) else { return false };
        let amount = words[place].plain.as_str();
        // "losar 50-12.5 tab" is a strength.
        let is_said = is_amount(amount) || !is_form(unit) && is_range(amount);
        if place + 1 >= start || !is_unit(unit) || !is_said || is_no_amount(place, unit) {
            return false;
        }
        match number(amount) {
            Some(figure) if is_form(unit) => {
                figure < LEAST_STRENGTH || unit.ends_with('s') && figure <= MOST_OF_FEW
            }
            Some(figure) if !matches!(unit, "ml" | "mls" | "cc" | "iu" | "u" | "unit" | "units") => {
                figure <= MOST_OF_FEW
            }
            _ => true,
        }
    };
    (1..start).rev().find(|place| is_taken(*place))
}

/// `30-60`, however much that is: `30-60 ml sos`.
fn is_range(word: &str) -> bool {
    word.contains('-') && word.split('-').all(|part| number(part).is_some())
}

/// Whether a whole figure and the part behind it may be one amount, or a strength and a part: `1 1/2 bd`.
pub(super) fn may_be_one(whole: &str, part: &str) -> bool {
    let is_small = whole.parse::<u32>().is_ok_and(|whole| f64::from(whole) < LEAST_STRENGTH);
    let part = number(part).or_else(|| figure_in_words(part));
    is_small && part.is_some_and(|part| part > 0.0 && part < 1.0)
}

/// Whether a figure and how often may be one: `3 monthly`. Only behind a strength is the figure none itself.
pub(super) fn may_be_counted(figure: &str, often: &str, is_behind_strength: bool) -> bool {
    let figure = number(figure).filter(|_| is_behind_strength).or_else(|| figure_in_words(figure));
    MAY_BE_COUNTED.contains(&often) && figure.is_some_and(|figure| figure > 1.0 && figure <= MOST_OF_FEW)
}

/// Whether a part and how often may be one: `½ hourly`.
pub(super) fn may_be_part_of_hour(part: &str, often: &str) -> bool {
    let part = number(part).or_else(|| figure_in_words(part));
    often == "hourly" && part.is_some_and(|part| part.fract() > 0.0)
}

fn is_roman(word: &str) -> bool {
    matches!(word, "ii" | "iii")
}

fn joins(word: &str) -> bool {
    matches!(word, "x" | "*" | "&" | "and" | "or" | "to" | "time" | "times")
}

pub(super) fn is_amount(word: &str) -> bool {
    number(word).is_some() || figure_in_words(word).is_some() || is_unclear(word)
}

/// Whether it may be an amount and is read as none: `1-2`, `1x3`, `1/3`, `ii`, `one fourth`, `do goli`.
fn is_unclear(word: &str) -> bool {
    let figures = |sign: char| {
        let parts = word.split(sign).filter(|part| !part.is_empty());
        parts.map(number).collect::<Option<Vec<f64>>>().unwrap_or_default()
    };
    let are_few = |figures: &[f64]| figures.len() > 1 && figures.iter().all(|one| *one <= MOST_OF_FEW);
    let is_part = match figures('/')[..] {
        [part, of] => part < of && of <= 8.0 && part.fract() + of.fract() <= 0.0,
        _ => false,
    };
    is_roman(word)
        || matches!(word, "third" | "thirds" | "fourth" | "fourths" | "1/4th" | "1/3rd")
        || IN_HINDI.contains(&word)
        || are_few(&figures('-'))
        || are_few(&figures('x'))
        || is_part
}

/// So many of what `times` of the unit are, in the two decimals that are stored: 0.33 of a spoon are 1.65 ml.
pub(super) fn times_of(amount: f64, times: f64) -> f64 {
    (amount * times * 100.0).round() / 100.0
}

/// An amount with at most two decimals, or a half, a quarter or three of them.
pub(super) fn number(text: &str) -> Option<f64> {
    let fraction = |text: &str| match text {
        "½" | "1/2" => Some(0.5),
        "¼" | "1/4" => Some(0.25),
        "¾" | "3/4" => Some(0.75),
        _ => None,
    };
    if let Some(value) = fraction(text) {
        return Some(value);
    }
    if let Some(sign) = text.chars().last().filter(|sign| "½¼¾".contains(*sign)) {
        let whole: u32 = text[..text.len() - sign.len_utf8()].parse().ok()?;
        let value = f64::from(whole) + fraction(&sign.to_string())?;
        return Some(value).filter(|value| *value <= MOST_INTERNATIONAL);
    }
    let is_plain = text.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && text.chars().all(|c| c.is_ascii_digit() || c == '.');
    let value: f64 = is_plain.then(|| text.parse().ok())??;
    let has_two_decimals = text.split_once('.').is_none_or(|(_, decimals)| decimals.len() <= 2);
    (value <= MOST_INTERNATIONAL && has_two_decimals).then_some(value)
}

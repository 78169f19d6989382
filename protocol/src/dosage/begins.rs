//! Where a dose begins behind the name of a medicine.

use super::amounts::figure_in_words;
use super::parse::Reader;
use super::spellings::{APPLIED, MEALS, MEALS_OF_A_TIME, NAMED_AC, ROUTES};
use super::words_of::Word;
use super::{Dosage, Dose};
use crate::medicine::form_of_word;

impl Dosage {
    /// Whether a dose begins here, for telling it from the name of a medicine.
    pub(super) fn begins_at(words: &[Word<'_>], place: usize) -> bool {
        let mut reader = Reader { words, place };
        // "multivitamin daily 1-0-1": how often is said behind it. "daily twice" and "daily at night" say it themselves.
        let mut behind = Reader { words, place };
        let is_said_alone = behind.take(&["daily"]) && {
            let mut whole = Reader { words, place };
            whole.often().is_some() && whole.place == behind.place
        };
        let is_of_name = reader.at(&["evening primrose"])
            || is_said_alone && behind.sig().is_some_and(|sig| matches!(sig.dose, Dose::Slots { .. }));
        let mut behind_route = Reader { words, place };
        !is_of_name && (reader.has_dose() || behind_route.begins_with_route() && behind_route.has_dose())
    }

    /// The place behind a way of giving it that stands here, or this one.
    pub(super) fn behind_route(words: &[Word<'_>], place: usize) -> usize {
        let mut reader = Reader { words, place };
        reader.one_of(ROUTES);
        reader.place
    }

    /// Whether a way of giving it stands here.
    pub(super) fn says_route_at(words: &[Word<'_>], place: usize) -> bool {
        Self::behind_route(words, place) > place
    }

    /// Whether how often is said from here on: the 8 of `8 hourly` is no strength.
    pub(super) fn says_often_at(words: &[Word<'_>], place: usize) -> bool {
        Reader { words, place }.often().is_some()
    }

    /// Whether it is said from here on for how long: the 5 of `5 days 1-0-1` is no strength.
    pub(super) fn says_how_long_at(words: &[Word<'_>], place: usize) -> bool {
        Reader { words, place }.at_so_long()
    }

    /// Whether the dose that begins here says itself how much it is: by a unit, or by a figure above one. `tds` does not,
    /// nor does `1-0-1`, which may only mark the times of an amount before it.
    pub(super) fn says_amount_at(words: &[Word<'_>], place: usize) -> bool {
        let mut reader = Reader { words, place: Self::behind_route(words, place) };
        let sig = reader.sig().or_else(|| if reader.begins_otherwise() { reader.sig() } else { None });
        sig.is_some_and(|sig| sig.unit.is_some() || sig.has_figure && sig.dose.most_at_once() > 1.0)
    }
}

impl Reader<'_> {
    /// Whether a dose follows, be it behind food or how long.
    fn has_dose(&mut self) -> bool {
        self.sig().is_some() || self.begins_otherwise() && self.sig().is_some()
    }

    /// The way, as the beginning of what is no name. `tramadol pr bd` is one of prolonged release.
    fn begins_with_route(&mut self) -> bool {
        let before = self.words.get(..self.place).unwrap_or_default();
        let is_suppository = before.iter().any(|word| form_of_word(&word.plain) == Some("suppository"));
        (is_suppository || !self.at(&["pr"])) && self.one_of(ROUTES).is_some()
    }

    /// What may stand before a dose and is no part of a name: food in words or by its two letters, and for how long.
    fn begins_otherwise(&mut self) -> bool {
        // "benzac ac bd", and what is put on has nothing to do with food.
        let before = self.place.checked_sub(1).and_then(|before| self.words.get(before));
        let is_named = before.is_some_and(|before| NAMED_AC.contains(&before.plain.as_str()))
            || Reader { words: self.words, place: self.place + 1 }.at(APPLIED);
        if self.at(&["ac"]) && is_named {
            return false;
        }
        let is_duration =
            self.at(&["for"]) || self.at_so_long() || self.words.get(self.place).is_some_and(Word::is_times);
        self.meal_in_words()
            || self.take(&["pc", "p/c", "ac", "a/c"])
            || self.one_of(MEALS_OF_A_TIME).is_some()
            || is_duration && self.duration().is_some()
    }

    /// `5 days`, `5d`: a figure that says for how long whatever stands before it.
    fn at_so_long(&self) -> bool {
        let Some(word) = self.words.get(self.place) else { return false };
        let letters = word.plain.trim_start_matches(|c: char| c.is_ascii_digit());
        let next = self.words.get(self.place + 1).map_or("", |next| next.plain.as_str());
        let is_in_words = figure_in_words(letters).is_some();
        let unit = if letters.is_empty() || is_in_words { next } else { letters };
        (letters.len() < word.plain.len() || is_in_words)
            && (matches!(unit, "day" | "days" | "week" | "weeks" | "month" | "months") || letters == "d")
    }

    /// "after food", but not "es", which may be part of a name.
    fn meal_in_words(&mut self) -> bool {
        let is_in_words = MEALS
            .iter()
            .flat_map(|(_, spellings)| spellings.iter())
            .any(|spelling| spelling.contains(' ') && self.at(&[spelling]));
        is_in_words && self.one_of(MEALS).is_some()
    }
}

//! What is taken when needed: `1 sos max 4 gap 6h for fever`, `1 tds sos`.

use super::Dose;
use super::amounts::{number, times_of};
use super::parse::{Reader, Sig, most};
use super::spellings::{MEALS, OFTEN_IN_SHORT, THEN};

impl Reader<'_> {
    /// `tds sos`, `q6h sos`: how often says the most of a day, or the hours between. Said twice, neither is taken.
    pub(super) fn limited(
        &mut self,
        amount: f64,
        unit: Option<&'static str>,
        times: f64,
        max: Option<f64>,
        gap: Option<u32>,
    ) -> Option<Sig> {
        let sig = self.prn(amount, unit, times)?;
        let Dose::Prn { amount, min_gap_h, max_per_day, reason } = sig.dose else { return None };
        let is_said_twice = max.is_some() && max_per_day.is_some() || gap.is_some() && min_gap_h.is_some();
        if is_said_twice || max.is_some_and(|max| max > most(sig.unit)) {
            return None;
        }
        let dose =
            Dose::Prn { amount, min_gap_h: min_gap_h.or(gap), max_per_day: max_per_day.or(max), reason };
        Some(Sig { dose, ..sig })
    }

    pub(super) fn prn(&mut self, amount: f64, mut unit: Option<&'static str>, times: f64) -> Option<Sig> {
        let (mut min_gap_h, mut max_per_day, mut reason) = (None, None, None);
        loop {
            if max_per_day.is_none()
                && let Some((max, of)) = self.attempt(|reader| reader.max(amount, unit, times))
            {
                max_per_day = Some(max);
                unit = of;
            } else if min_gap_h.is_none()
                && let Some(gap) = self.attempt(Self::gap)
            {
                min_gap_h = Some(gap);
            } else if reason.is_none()
                && let Some(why) = self.attempt(Self::reason)
            {
                reason = Some(why);
            } else {
                let dose = Dose::Prn { amount, min_gap_h, max_per_day, reason };
                return Some(Sig::of(dose, unit));
            }
        }
    }

    /// `max 4`, `max 4/day`, `max 4 tablets a day`, with the unit of both. Without one it counts in that of the dose:
    /// `1 tsp sos max 4`; and `5 sos max 20 ml` says that of the dose too.
    fn max(
        &mut self,
        amount: f64,
        unit: Option<&'static str>,
        times: f64,
    ) -> Option<(f64, Option<&'static str>)> {
        if !self.take(&["max", "maximum", "at most", "up to", "upto"]) {
            return None;
        }
        let checked = |max: f64, unit: Option<&'static str>| {
            Some((max, unit)).filter(|_| max > 0.0 && max <= most(unit))
        };
        if let Some(max) = self.attempt(|reader| number(reader.next()?.strip_suffix("/day")?)) {
            return checked(times_of(max, times), unit);
        }
        let number = self.amount()?;
        if self.take(&["times a day", "times in a day", "times per day", "times daily", "times"]) {
            return checked(times_of(number, amount), unit);
        }
        let (of, times) = match self.unit() {
            Some((typed, times)) if unit == Some(typed) => (unit, times),
            // "20 sos max 4 ml": what is taken each time is not counted in ml.
            Some((typed, own)) if unit.is_none() && own <= 1.0 && amount <= number => (Some(typed), own),
            Some(_) => return None,
            None => (unit, times),
        };
        self.take(&["a day", "per day", "/ day", "/day", "daily", "in a day", "in 24 hours"]);
        checked(times_of(number, times), of)
    }

    /// `gap 6h`, `gap 6 hours`.
    fn gap(&mut self) -> Option<u32> {
        if !self.take(&["gap", "gap of"]) {
            return None;
        }
        let word = self.next()?;
        let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let is_whole = match &word[digits.len()..] {
            "" => self.take(&["h", "hr", "hrs", "hour", "hours"]),
            "h" | "hr" | "hrs" => true,
            _ => false,
        };
        let gap: u32 = digits.parse().ok()?;
        (is_whole && (1..=72).contains(&gap)).then_some(gap)
    }

    /// `for fever`: every word up to the next one that begins something else. A dose is never a word of it.
    fn reason(&mut self) -> Option<String> {
        // "for 5 days" is a duration.
        if self.attempt(Self::duration).is_some() || !self.take(&["for"]) {
            return None;
        }
        let first = self.place;
        while self.place < self.words.len() && !self.begins_clause() {
            self.place += 1;
        }
        let said: Vec<&str> = self.words[first..self.place].iter().map(|word| word.typed).collect();
        (!said.is_empty()).then(|| said.join(" "))
    }

    fn begins_clause(&self) -> bool {
        let mut ahead = Reader { words: self.words, place: self.place };
        self.at(&["max", "maximum", "gap", "for", "at most", "up to", "upto"])
            || self.at(THEN)
            || self.at(OFTEN_IN_SHORT)
            || ahead.duration().is_some()
            || ahead.one_of(MEALS).is_some()
            || ahead.slots().is_some()
            || ahead.attempt(|ahead| ahead.amount().and_then(|_| ahead.unit())).is_some()
    }
}

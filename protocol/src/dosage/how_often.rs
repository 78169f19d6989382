//! How often, as it is typed: `tds`, `q6h`, `8hrly`, `every 2 weeks`, `once in 15 days`.

use super::IntervalUnit;
use super::parse::Reader;
use super::spellings::{MEALS, OFTEN, Often};

impl Reader<'_> {
    pub(super) fn often(&mut self) -> Option<Often> {
        // "on" is at night, but for "on empty stomach".
        if MEALS.iter().any(|(_, spellings)| self.at(spellings)) {
            return None;
        }
        self.attempt(|reader| reader.interval().map(|(every, unit)| Often::Every(every, unit)))
            .or_else(|| self.one_of(OFTEN))
    }

    /// `q6h`, `q 6 h`, `8 hourly`, `8hrly`, `every 6 hours`, `once in 15 days`, `every 3 months`.
    fn interval(&mut self) -> Option<(u32, IntervalUnit)> {
        let (every, unit) = if self.take(&["every", "once every", "once in"]) {
            let every = self.whole()?;
            self.so_many(every)?
        } else if let Some(every) = self.attempt(Self::whole) {
            (every, self.take(&["hourly", "hrly"]).then_some(IntervalUnit::Hour)?)
        } else {
            let word = self.next()?;
            let rest = word.strip_prefix('q').unwrap_or(word);
            let is_short = rest.len() < word.len();
            let letters = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            let digits = &rest[..rest.len() - letters.len()];
            // "qd 5 days" is no "q 5 d".
            let every = if rest.is_empty() { self.whole()? } else { digits.parse().ok()? };
            let unit = match letters {
                "hourly" | "hrly" => IntervalUnit::Hour,
                "" if is_short => self.hours_or_days()?,
                "h" | "hr" | "hrs" if is_short => IntervalUnit::Hour,
                "d" if is_short => IntervalUnit::Day,
                _ => return None,
            };
            (every, unit)
        };
        let most = if unit == IntervalUnit::Hour { 24 } else { 90 };
        (1..=most).contains(&every).then_some((every, unit))
    }

    /// So many hours or days; a week is seven, a month thirty.
    fn so_many(&mut self, every: u32) -> Option<(u32, IntervalUnit)> {
        let days = if self.take(&["week", "weeks", "wk", "wks"]) {
            7
        } else if self.take(&["month", "months"]) {
            30
        } else {
            return Some((every, self.hours_or_days()?));
        };
        Some((every.checked_mul(days)?, IntervalUnit::Day))
    }

    fn hours_or_days(&mut self) -> Option<IntervalUnit> {
        if self.take(&["h", "hr", "hrs", "hour", "hours"]) {
            Some(IntervalUnit::Hour)
        } else {
            self.take(&["d", "day", "days"]).then_some(IntervalUnit::Day)
        }
    }

    fn whole(&mut self) -> Option<u32> {
        self.next()?.parse().ok()
    }
}

//! From a typed line to a dosage. The parts of a line may stand in any order and many spellings are known, but a word
//! that means nothing is an error: nothing that was typed is ever ignored.

use super::spellings::{MEALS, OFTEN, ONGOING, Often, UNITS};
use super::words_of::{self, Word};
use super::{Dosage, Dose, Duration, DurationUnit, IntervalUnit, Meal, NotUnderstood, TaperStep};
use crate::medicine::is_few;

/// The most that one dose holds, in units, and in the international ones, of which heparin takes thousands.
const MOST: f64 = 1_000.0;
const MOST_INTERNATIONAL: f64 = 20_000.0;

impl Dosage {
    /// Reads a dosage as typed.
    ///
    /// # Errors
    ///
    /// [`NotUnderstood`], with the rest of the line from the first word that means nothing here.
    pub fn parse(line: &str) -> Result<Self, NotUnderstood> {
        Self::parse_with_figure(line).map(|(dosage, _)| dosage)
    }

    /// Also says whether every dose came with a figure: `bd` alone says none.
    pub(super) fn parse_with_figure(line: &str) -> Result<(Self, bool), NotUnderstood> {
        let (typed, note) = match line.split_once("//") {
            Some((typed, note)) => (typed, Some(note.trim()).filter(|note| !note.is_empty())),
            None => (line, None),
        };
        let words = words_of::words_of(typed);
        let mut reader = Reader { words: &words, place: 0 };
        let mut parts = vec![reader.part()?];
        while reader.take(&["then"]) {
            let place = reader.place;
            let part = reader.part()?;
            if parts.iter().any(|before| !before.goes_with(&part)) {
                return Err(Reader { words: &words, place }.rest());
            }
            parts.push(part);
        }
        let has_figure = parts.iter().filter_map(|part| part.sig.as_ref()).all(|sig| sig.has_figure);
        let dosage = Self::of(parts, note.map(str::to_owned));
        dosage.map(|dosage| (dosage, has_figure)).ok_or_else(|| NotUnderstood { from: String::new() })
    }

    /// Whether a dose begins here, for telling it from the name of a medicine.
    pub(super) fn begins_at(words: &[Word<'_>], place: usize) -> bool {
        let mut reader = Reader { words, place };
        reader.sig().is_some() || reader.meal_in_words() && reader.sig().is_some()
    }

    /// None if the parts do not make a dosage: one without a dose, or steps of which one has no end.
    fn of(parts: Vec<Part>, note: Option<String>) -> Option<Self> {
        let meal = parts.iter().find_map(|part| part.meal).unwrap_or(Meal::None);
        let units: Vec<&'static str> =
            parts.iter().filter_map(|part| part.sig.as_ref().and_then(|sig| sig.unit)).collect();
        let unit = units.first().copied();
        if units.iter().any(|other| Some(*other) != unit) {
            return None;
        }
        let n_parts = parts.len();
        let mut steps = Vec::new();
        for part in parts {
            let Sig { dose, at_bedtime, .. } = part.sig?;
            if n_parts == 1 {
                return Some(Self { dose, unit, duration: part.duration, meal, note });
            }
            let is_regular = matches!(dose, Dose::Slots { .. } | Dose::Interval { .. });
            let duration = part.duration.filter(|_| is_regular)?;
            steps.push(TaperStep { dose, duration, at_bedtime });
        }
        let ends = steps.iter().rev().skip(1).all(|step| step.duration.value.is_some());
        // Which step is for the night's rest stands in that step.
        let meal = if meal == Meal::Bedtime { Meal::None } else { meal };
        ends.then_some(Self { dose: Dose::Taper { steps }, unit, duration: None, meal, note })
    }
}

/// A dose with the unit that was typed to it, whether it is one for the night's rest, and whether it says how much.
struct Sig {
    dose: Dose,
    unit: Option<&'static str>,
    at_bedtime: bool,
    has_figure: bool,
}

/// What stands between two "then".
#[derive(Default)]
struct Part {
    sig: Option<Sig>,
    duration: Option<Duration>,
    meal: Option<Meal>,
}

impl Part {
    /// What is said of food or of the night's rest may be said again, and nothing else of another part.
    fn goes_with(&self, other: &Self) -> bool {
        self.meal.zip(other.meal).is_none_or(|(one, other)| one == other)
    }
}

/// The unit that is stored under this name.
pub(super) fn unit_named(name: &str) -> Option<&'static str> {
    UNITS.iter().map(|(unit, ..)| *unit).find(|unit| *unit == name)
}

fn most(unit: Option<&str>) -> f64 {
    if unit == Some("unit") { MOST_INTERNATIONAL } else { MOST }
}

/// Whether this word is such a unit, and one of which few are taken at once: tablets, not millilitres or units.
pub(super) fn is_form(word: &str) -> bool {
    UNITS.iter().any(|(unit, _, spellings)| is_few(unit) && spellings.contains(&word))
}

/// Reads clauses from a place on; what does not fit leaves the place as it was.
struct Reader<'w> {
    words: &'w [Word<'w>],
    place: usize,
}

impl<'w> Reader<'w> {
    fn part(&mut self) -> Result<Part, NotUnderstood> {
        let mut part = Part::default();
        while self.place < self.words.len() && !self.at(&["then"]) {
            let place = self.place;
            if part.sig.is_none()
                && let Some(sig) = self.sig()
            {
                let clashes = sig.at_bedtime && part.meal.is_some();
                if clashes {
                    return Err(self.rest());
                }
                // "10 units as directed" would lose the ten: it is a dose, and one that is refused.
                if sig.dose == Dose::AsDirected && sig.has_figure {
                    return Err(Reader { words: self.words, place }.rest());
                }
                if sig.at_bedtime {
                    part.meal = Some(Meal::Bedtime);
                }
                part.sig = Some(sig);
            } else if part.duration.is_none()
                && let Some(duration) = self.duration()
            {
                part.duration = Some(duration);
            } else if part.meal.is_none()
                && let Some(meal) = self.one_of(MEALS)
            {
                part.meal = Some(meal);
            } else {
                return Err(self.rest());
            }
        }
        if part.sig.is_some() { Ok(part) } else { Err(self.rest()) }
    }

    fn sig(&mut self) -> Option<Sig> {
        self.attempt(|reader| {
            if let Some(slots) = reader.slots() {
                return Some(slots);
            }
            // "8 hourly" is a time and not an amount.
            if let Some(often) = reader.often() {
                let sig = reader.dosed(1.0, None, 1.0, often)?;
                return Some(Sig { has_figure: false, ..sig });
            }
            let number = reader.amount()?;
            let (unit, times) = reader.unit().map_or((None, 1.0), |(unit, times)| (Some(unit), times));
            let amount = times_of(number, times);
            if amount <= 0.0 || amount > most(unit) {
                return None;
            }
            let often = reader.often()?;
            reader.dosed(amount, unit, times, often)
        })
    }

    /// `times` is how many of the unit one of what was typed is.
    fn dosed(&mut self, amount: f64, unit: Option<&'static str>, times: f64, often: Often) -> Option<Sig> {
        let slots = |[morning, noon, evening, night]: [f64; 4]| Dose::Slots {
            morning: morning * amount,
            noon: noon * amount,
            evening: evening * amount,
            night: night * amount,
        };
        let at_bedtime = matches!(often, Often::Bedtime);
        let dose = match often {
            Often::Slots(times) => slots(times),
            Often::Bedtime => slots([0.0, 0.0, 0.0, 1.0]),
            Often::Every(every, unit) => Dose::Interval { amount, every, unit },
            Often::Stat => Dose::Stat { amount },
            Often::Prn => return self.prn(amount, unit, times),
            Often::AsDirected => Dose::AsDirected,
        };
        Some(Sig { dose, unit, at_bedtime, has_figure: true })
    }

    /// `1-0-1`, also with a fourth place, with spaces between, and with the unit behind it.
    fn slots(&mut self) -> Option<Sig> {
        self.attempt(|reader| {
            let parts: Vec<&str> = reader.next()?.split('-').collect();
            if !(3..=4).contains(&parts.len()) {
                return None;
            }
            let amounts = parts.into_iter().map(number).collect::<Option<Vec<f64>>>()?;
            let (unit, times) = reader.unit().map_or((None, 1.0), |(unit, times)| (Some(unit), times));
            let amounts: Vec<f64> = amounts.into_iter().map(|amount| times_of(amount, times)).collect();
            let (morning, noon, evening, night) = match amounts.as_slice() {
                [morning, noon, night] => (*morning, *noon, 0.0, *night),
                [morning, noon, evening, night] => (*morning, *noon, *evening, *night),
                _ => return None,
            };
            let is_given = morning + noon + evening + night > 0.0;
            let is_sane = amounts.iter().all(|amount| *amount <= most(unit));
            let dose = Dose::Slots { morning, noon, evening, night };
            (is_given && is_sane).then_some(Sig { dose, unit, at_bedtime: false, has_figure: true })
        })
    }

    fn often(&mut self) -> Option<Often> {
        // "on" is at night, but for "on empty stomach".
        if MEALS.iter().any(|(_, spellings)| self.at(spellings)) {
            return None;
        }
        self.attempt(|reader| reader.interval().map(|(every, unit)| Often::Every(every, unit)))
            .or_else(|| self.one_of(OFTEN))
    }

    /// `q6h`, `q 6 h`, `8 hourly`, `every 6 hours`, `every 3 days`.
    fn interval(&mut self) -> Option<(u32, IntervalUnit)> {
        let (every, unit) = if self.take(&["every"]) {
            (self.whole()?, self.hours_or_days()?)
        } else if let Some(every) = self.attempt(Self::whole) {
            (every, self.take(&["hourly", "hrly"]).then_some(IntervalUnit::Hour)?)
        } else {
            let word = self.next()?;
            let rest = word.strip_prefix('q')?;
            let letters = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            let digits = &rest[..rest.len() - letters.len()];
            let every = if digits.is_empty() { self.whole()? } else { digits.parse().ok()? };
            let unit = match letters {
                "" => self.hours_or_days()?,
                "h" | "hr" | "hrs" | "hourly" => IntervalUnit::Hour,
                "d" => IntervalUnit::Day,
                _ => return None,
            };
            (every, unit)
        };
        let most = if unit == IntervalUnit::Hour { 24 } else { 90 };
        (1..=most).contains(&every).then_some((every, unit))
    }

    fn hours_or_days(&mut self) -> Option<IntervalUnit> {
        if self.take(&["h", "hr", "hrs", "hour", "hours"]) {
            Some(IntervalUnit::Hour)
        } else {
            self.take(&["d", "day", "days"]).then_some(IntervalUnit::Day)
        }
    }

    fn prn(&mut self, amount: f64, mut unit: Option<&'static str>, times: f64) -> Option<Sig> {
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
                return Some(Sig { dose, unit, at_bedtime: false, has_figure: true });
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

    /// `for fever`: every word up to the next one that begins something else.
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

    /// "after food", but not "es", which may be part of a name.
    fn meal_in_words(&mut self) -> bool {
        let is_in_words = MEALS
            .iter()
            .flat_map(|(_, spellings)| spellings.iter())
            .any(|spelling| spelling.contains(' ') && self.at(&[spelling]));
        is_in_words && self.one_of(MEALS).is_some()
    }

    fn begins_clause(&self) -> bool {
        let mut ahead = Reader { words: self.words, place: self.place };
        self.at(&["then", "max", "maximum", "gap", "for", "at most", "up to", "upto"])
            || ahead.duration().is_some()
            || ahead.one_of(MEALS).is_some()
    }

    /// `x5d`, `5d`, `for 5 days`, `x 2 weeks`, `cont`.
    fn duration(&mut self) -> Option<Duration> {
        self.attempt(|reader| {
            if reader.take(ONGOING) {
                return Some(Duration { value: None, unit: DurationUnit::Ongoing });
            }
            reader.take(&["for", "x"]);
            let word = reader.next()?;
            let rest = word.strip_prefix('x').unwrap_or(word);
            let letters = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            let value: u32 = rest[..rest.len() - letters.len()].parse().ok()?;
            let unit = if letters.is_empty() { reader.next()? } else { letters };
            let unit = match unit {
                "d" | "day" | "days" => DurationUnit::Day,
                "w" | "wk" | "wks" | "week" | "weeks" => DurationUnit::Week,
                "m" | "month" | "months" => DurationUnit::Month,
                _ => return None,
            };
            (1..=999).contains(&value).then_some(Duration { value: Some(value), unit })
        })
    }

    /// `2`, `1/2`, `1½`, `1 1/2`, also with its unit attached, which is then read next.
    fn amount(&mut self) -> Option<f64> {
        let first = number(self.next()?)?;
        let fraction =
            self.attempt(|reader| number(reader.next()?).filter(|part| *part > 0.0 && *part < 1.0));
        match fraction {
            Some(part) if first.fract() == 0.0 => Some(first + part),
            Some(_) => None,
            None => Some(first),
        }
    }

    fn unit(&mut self) -> Option<(&'static str, f64)> {
        let (unit, times, _) = UNITS.iter().find(|(.., spellings)| self.take(spellings))?;
        Some((unit, *times))
    }

    fn whole(&mut self) -> Option<u32> {
        self.next()?.parse().ok()
    }

    /// The longest spelling that stands here.
    fn one_of<T: Copy>(&mut self, known: &[(T, &[&str])]) -> Option<T> {
        let longest = known
            .iter()
            .flat_map(|(meaning, spellings)| spellings.iter().map(move |spelling| (*meaning, *spelling)))
            .filter(|(_, spelling)| self.at(&[spelling]))
            .max_by_key(|(_, spelling)| spelling.split(' ').count())?;
        self.place += longest.1.split(' ').count();
        Some(longest.0)
    }

    /// Whether one of these stands here.
    fn at(&self, spellings: &[&str]) -> bool {
        spellings.iter().any(|spelling| self.length(spelling).is_some())
    }

    /// Goes past the longest of these that stands here.
    fn take(&mut self, spellings: &[&str]) -> bool {
        let longest = spellings.iter().filter_map(|spelling| self.length(spelling)).max();
        self.place += longest.unwrap_or(0);
        longest.is_some()
    }

    /// How many words this spelling takes here.
    fn length(&self, spelling: &str) -> Option<usize> {
        let rest = self.words.get(self.place..)?;
        let mut n_words = 0;
        for expected in spelling.split(' ') {
            if rest.get(n_words)?.plain != expected {
                return None;
            }
            n_words += 1;
        }
        Some(n_words)
    }

    fn next(&mut self) -> Option<&'w str> {
        let word = self.words.get(self.place)?;
        self.place += 1;
        Some(&word.plain)
    }

    fn attempt<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let place = self.place;
        let found = read(self);
        if found.is_none() {
            self.place = place;
        }
        found
    }

    fn rest(&self) -> NotUnderstood {
        let rest = self.words.get(self.place..).unwrap_or_default();
        NotUnderstood { from: rest.iter().map(|word| word.typed).collect::<Vec<_>>().join(" ") }
    }
}

/// So many of what `times` of the unit are, in the two decimals that are stored: 0.33 of a spoon are 1.65 ml.
fn times_of(amount: f64, times: f64) -> f64 {
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

//! From a typed line to a dosage. The parts of a line may stand in any order and many spellings are known, but a word
//! that means nothing is an error: nothing that was typed is ever ignored.

use super::amounts::{MOST_INTERNATIONAL, figure_in_words, number, times_of};
use super::spellings::{
    APPLIED, MAY_BE_COUNTED, MEALS, MEALS_OF_A_TIME, ONGOING, Often, ROUTES, THEN, Time, UNITS, WHEN_NEEDED,
};
use super::words_of::{self, Word};
use super::{Dosage, Dose, Duration, DurationUnit, IntervalUnit, Meal, NotUnderstood, Route, TaperStep};
use crate::medicine::is_few;

/// The most that one dose holds, in units; of the international ones heparin takes thousands.
const MOST: f64 = 1_000.0;

/// The most of one dose that is marked by its times: `5 ml 1-0-1`. More are a bottle.
const MOST_ML_MARKED: f64 = 30.0;

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
        while reader.take(THEN) {
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

    /// None if the parts do not make a dosage: one without a dose, or steps of which one has no end.
    fn of(parts: Vec<Part>, note: Option<String>) -> Option<Self> {
        let meal = parts.iter().find_map(|part| part.meal).unwrap_or(Meal::None);
        let route = parts.iter().find_map(|part| part.route);
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
                return Some(Self { dose, unit, duration: part.duration, meal, route, note });
            }
            let is_regular = matches!(dose, Dose::Slots { .. } | Dose::Interval { .. });
            let duration = part.duration.filter(|_| is_regular)?;
            steps.push(TaperStep { dose, duration, at_bedtime });
        }
        let ends = steps.iter().rev().skip(1).all(|step| step.duration.value.is_some());
        // Which step is for the night's rest stands in that step.
        let meal = if meal == Meal::Bedtime { Meal::None } else { meal };
        ends.then_some(Self { dose: Dose::Taper { steps }, unit, duration: None, meal, route, note })
    }
}

/// A dose with the unit that was typed to it, whether it is one for the night's rest, whether it says how much, and what is
/// said of food or of the way in the midst of it: `1 tab after food bd`, `10 units sc hs`.
pub(super) struct Sig {
    pub(super) dose: Dose,
    pub(super) unit: Option<&'static str>,
    pub(super) at_bedtime: bool,
    pub(super) has_figure: bool,
    pub(super) meal: Option<Meal>,
    pub(super) route: Option<Route>,
}

impl Sig {
    /// A dose that says how much, and nothing besides.
    pub(super) fn of(dose: Dose, unit: Option<&'static str>) -> Self {
        Self { dose, unit, at_bedtime: false, has_figure: true, meal: None, route: None }
    }

    /// Whether it is for this time of the day alone, or before breakfast for any one: then the meal is food.
    fn is_only_of(&self, time: Time) -> bool {
        match self.dose {
            Dose::Slots { morning, noon, evening, night } => {
                let others = match time {
                    Time::Morning => noon + evening + night,
                    Time::Noon => morning + evening + night,
                    Time::Night => morning + noon,
                };
                others <= 0.0
            }
            Dose::Interval { unit, .. } => unit == IntervalUnit::Day && time == Time::Morning,
            _ => false,
        }
    }
}

/// What stands between two "then".
#[derive(Default)]
struct Part {
    sig: Option<Sig>,
    duration: Option<Duration>,
    meal: Option<Meal>,
    route: Option<Route>,
}

impl Part {
    /// What is said of food, of the night's rest or of the way may be said again, and nothing else of another part.
    fn goes_with(&self, other: &Self) -> bool {
        self.meal.zip(other.meal).is_none_or(|(one, other)| one == other)
            && self.route.zip(other.route).is_none_or(|(one, other)| one == other)
    }
}

/// The unit that is stored under this name.
pub(super) fn unit_named(name: &str) -> Option<&'static str> {
    UNITS.iter().map(|(unit, ..)| *unit).find(|unit| *unit == name)
}

pub(super) fn most(unit: Option<&str>) -> f64 {
    if unit == Some("unit") { MOST_INTERNATIONAL } else { MOST }
}

/// Whether this word is such a unit, and one of which few are taken at once: tablets, not millilitres or units.
pub(super) fn is_form(word: &str) -> bool {
    UNITS.iter().any(|(unit, _, spellings)| is_few(unit) && spellings.contains(&word))
}

/// Reads clauses from a place on; what does not fit leaves the place as it was.
pub(super) struct Reader<'w> {
    pub(super) words: &'w [Word<'w>],
    pub(super) place: usize,
}

impl<'w> Reader<'w> {
    fn part(&mut self) -> Result<Part, NotUnderstood> {
        let mut part = Part::default();
        let mut meal_of = None;
        while self.place < self.words.len() && !self.at(THEN) {
            // "bd - after food": it only parts the two.
            if self.take(&["-"]) {
                continue;
            }
            let place = self.place;
            if part.sig.is_none()
                && let Some(sig) = self.sig()
            {
                let meals = [part.meal, sig.meal, sig.at_bedtime.then_some(Meal::Bedtime)];
                if meals.iter().flatten().count() > 1 || part.route.is_some() && sig.route.is_some() {
                    return Err(Reader { words: self.words, place }.rest());
                }
                // "10 units as directed" would lose the ten: it is a dose, and one that is refused.
                if sig.dose == Dose::AsDirected && sig.has_figure {
                    return Err(Reader { words: self.words, place }.rest());
                }
                part.meal = meals.into_iter().flatten().next();
                part.route = part.route.or(sig.route);
                part.sig = Some(sig);
            } else if part.duration.is_none()
                && let Some(duration) = self.duration()
            {
                part.duration = Some(duration);
            } else if part.meal.is_none()
                && let Some(meal) = self.one_of(MEALS)
            {
                part.meal = Some(meal);
            } else if part.meal.is_none()
                && let Some((meal, time)) = self.one_of(MEALS_OF_A_TIME)
            {
                (part.meal, meal_of) = (Some(meal), Some((time, place)));
            } else if part.route.is_none()
                && let Some(route) = self.one_of(ROUTES)
            {
                part.route = Some(route);
            } else {
                return Err(self.rest());
            }
        }
        // Of two doses a day only one comes before breakfast.
        if let Some((time, place)) = meal_of
            && part.sig.as_ref().is_some_and(|sig| !sig.is_only_of(time))
        {
            return Err(Reader { words: self.words, place }.rest());
        }
        if part.sig.is_some() { Ok(part) } else { Err(self.rest()) }
    }

    pub(super) fn sig(&mut self) -> Option<Sig> {
        self.attempt(|reader| {
            if let Some(slots) = reader.slots() {
                return Some(slots);
            }
            // "8 hourly" is a time and not an amount.
            if let Some(often) = reader.often() {
                let sig = reader.dosed(1.0, None, 1.0, often)?;
                return Some(Sig { has_figure: false, ..sig });
            }
            if reader.take(APPLIED) {
                let often = reader.often()?;
                return reader.dosed(1.0, Some("application"), 1.0, often);
            }
            let number = reader.amount()?;
            let (unit, times) = reader.unit().map_or((None, 1.0), |(unit, times)| (Some(unit), times));
            let amount = times_of(number, times);
            if amount <= 0.0 || amount > most(unit) {
                return None;
            }
            // "alerid 10 tab po od": the 10 may be a strength.
            let may_be_of_name = matches!(unit, Some("tablet" | "capsule")) && amount > 1.0;
            let route = if may_be_of_name { None } else { reader.one_of(ROUTES) };
            if unit.is_none() && amount > 1.0 && reader.at(MAY_BE_COUNTED) {
                return None;
            }
            // "½ hourly" is a half every hour, or one every half hour.
            if unit.is_none() && amount.fract() > 0.0 && reader.at(&["hourly"]) {
                return None;
            }
            // "glimepiride 2 tab before food od": the 2 may be a strength.
            let may_be_strength = unit.is_some_and(is_few) && amount != 1.0;
            let meal = if unit.is_some() && !may_be_strength { reader.one_of(MEALS) } else { None };
            if let Some(dose) = reader.attempt(|reader| reader.marked(amount, unit?)) {
                return Some(Sig { meal, route, ..Sig::of(dose, unit) });
            }
            let often = reader.often()?;
            let sig = reader.dosed(amount, unit, times, often)?;
            Some(Sig { meal, route, ..sig })
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
        if let Some((most, gap)) = limit_of(often, amount)
            && self.take(WHEN_NEEDED)
        {
            return self.limited(amount, unit, times, most, gap);
        }
        let at_bedtime = matches!(often, Often::Bedtime);
        let dose = match often {
            Often::Slots(times) => slots(times),
            Often::Bedtime => slots([0.0, 0.0, 0.0, 1.0]),
            Often::Every(every, unit) => Dose::Interval { amount, every, unit },
            Often::Stat => Dose::Stat { amount },
            Often::Prn => {
                // "sos tds" is "tds sos".
                let limit = self.attempt(|reader| limit_of(reader.often()?, amount));
                let (most, gap) = limit.unwrap_or_default();
                return self.limited(amount, unit, times, most, gap);
            }
            Often::AsDirected => Dose::AsDirected,
        };
        Some(Sig { at_bedtime, ..Sig::of(dose, unit) })
    }

    /// `5 ml 1-0-1`: so much at each time that is marked.
    fn marked(&mut self, amount: f64, unit: &str) -> Option<Dose> {
        let is_clear = match unit {
            "ml" => amount <= MOST_ML_MARKED,
            // "2 tab 1-0-1" are two at each time or two a day, or the 2 is a strength.
            unit => !is_few(unit) || amount == 1.0,
        };
        let mark = |mark: &str| match mark {
            "0" => Some(0.0),
            "1" => Some(amount),
            _ => None,
        };
        let amounts = self.next()?.split('-').map(mark).collect::<Option<Vec<f64>>>()?;
        let (morning, noon, evening, night) = four_times(&amounts)?;
        let is_given = morning + noon + evening + night > 0.0;
        (is_given && is_clear).then_some(Dose::Slots { morning, noon, evening, night })
    }

    /// `1-0-1`, also with a fourth place, with spaces between, and with the unit behind it.
    pub(super) fn slots(&mut self) -> Option<Sig> {
        self.attempt(|reader| {
            let amounts = reader.next()?.split('-').map(number).collect::<Option<Vec<f64>>>()?;
            let (unit, times) = reader.unit().map_or((None, 1.0), |(unit, times)| (Some(unit), times));
            let amounts: Vec<f64> = amounts.into_iter().map(|amount| times_of(amount, times)).collect();
            let (morning, noon, evening, night) = four_times(&amounts)?;
            let is_given = morning + noon + evening + night > 0.0;
            let is_sane = amounts.iter().all(|amount| *amount <= most(unit));
            let dose = Dose::Slots { morning, noon, evening, night };
            (is_given && is_sane).then(|| Sig::of(dose, unit))
        })
    }

    /// `x5d`, `5d`, `for 5 days`, `x 2 weeks`, `3/7`, `cont`.
    pub(super) fn duration(&mut self) -> Option<Duration> {
        self.attempt(|reader| {
            if reader.take(ONGOING) {
                return Some(Duration { value: None, unit: DurationUnit::Ongoing });
            }
            reader.take(&["for", "x"]);
            let word = reader.next()?;
            let rest = word.strip_prefix('x').unwrap_or(word);
            let letters = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            let digits = &rest[..rest.len() - letters.len()];
            let (value, letters): (u32, &str) = match figure_in_words(word) {
                Some(figure) if figure >= 1.0 => (figure as u32, ""),
                _ => (digits.parse().ok()?, letters),
            };
            let unit = if letters.is_empty() { reader.next()? } else { letters };
            let unit = match unit {
                "d" | "day" | "days" => DurationUnit::Day,
                "w" | "wk" | "wks" | "week" | "weeks" => DurationUnit::Week,
                "m" | "mo" | "mth" | "mths" | "month" | "months" => DurationUnit::Month,
                // Days of the seven of a week, weeks of the 52 of a year.
                "/7" => DurationUnit::Day,
                "/52" => DurationUnit::Week,
                "/12" => DurationUnit::Month,
                _ => return None,
            };
            (1..=999).contains(&value).then_some(Duration { value: Some(value), unit })
        })
    }

    /// `2`, `1/2`, `1½`, `1 1/2`, `half`, `one and a half`, also with its unit attached, which is then read next.
    pub(super) fn amount(&mut self) -> Option<f64> {
        let word = self.next()?;
        let first = number(word).or_else(|| figure_in_words(word))?;
        if first.fract() == 0.0 && self.take(&["and half", "and a half"]) {
            return Some(first + 0.5);
        }
        let fraction =
            self.attempt(|reader| number(reader.next()?).filter(|part| *part > 0.0 && *part < 1.0));
        match fraction {
            Some(part) if first.fract() == 0.0 => Some(first + part),
            Some(_) => None,
            None => Some(first),
        }
    }

    pub(super) fn unit(&mut self) -> Option<(&'static str, f64)> {
        let (unit, times, _) = UNITS.iter().find(|(.., spellings)| self.take(spellings))?;
        Some((unit, *times))
    }

    /// The longest spelling that stands here.
    pub(super) fn one_of<T: Copy>(&mut self, known: &[(T, &[&str])]) -> Option<T> {
        let longest = known
            .iter()
            .flat_map(|(meaning, spellings)| spellings.iter().map(move |spelling| (*meaning, *spelling)))
            .filter(|(_, spelling)| self.at(&[spelling]))
            .max_by_key(|(_, spelling)| spelling.split(' ').count())?;
        self.place += longest.1.split(' ').count();
        Some(longest.0)
    }

    /// Whether one of these stands here.
    pub(super) fn at(&self, spellings: &[&str]) -> bool {
        spellings.iter().any(|spelling| self.length(spelling).is_some())
    }

    /// Goes past the longest of these that stands here.
    pub(super) fn take(&mut self, spellings: &[&str]) -> bool {
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

    pub(super) fn next(&mut self) -> Option<&'w str> {
        let word = self.words.get(self.place)?;
        self.place += 1;
        Some(&word.plain)
    }

    pub(super) fn attempt<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
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

/// The amounts of three or four times of the day, in the morning, at noon, in the evening and at night.
fn four_times(amounts: &[f64]) -> Option<(f64, f64, f64, f64)> {
    match amounts {
        [morning, noon, night] => Some((*morning, *noon, 0.0, *night)),
        [morning, noon, evening, night] => Some((*morning, *noon, *evening, *night)),
        _ => None,
    }
}

/// The most of a day, or the hours between, that how often says for what is taken when needed: `tds sos`, `q6h sos`.
fn limit_of(often: Often, amount: f64) -> Option<(Option<f64>, Option<u32>)> {
    match often {
        Often::Slots(times) => {
            let count: f64 = times.iter().sum();
            (count > 1.0).then_some((Some(times_of(amount, count)), None))
        }
        Often::Every(hours, IntervalUnit::Hour) => Some((None, Some(hours))),
        _ => None,
    }
}

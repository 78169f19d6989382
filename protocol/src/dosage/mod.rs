//! The dosage of one line, typed as `1-0-1 x5d pc // note` and said back in plain words.
//!
//! ```text
//! line     := clause+ ("then" clause+)* ["//" note]       clauses in any order, each kind once; "then" or "followed by"
//! clause   := dose | duration | meal | route
//! dose     := slots [unit] | n unit [meal] marks | [n [unit [meal]]] often [prn] | "apply" often
//!             a route may stand behind n or behind its unit: "10 units sc hs"
//! marks    := slots of 0 and 1 alone             "5 ml 1-0-1" is 5 ml in the morning and 5 ml at night; "1 tab 1-0-1"
//! slots    := n "-" n "-" n ["-" n]              morning-noon-night or morning-noon-evening-night
//! often    := "od"|"bd"|"tds"|"qid"|"hs"|"om"|"on"|"alt"|"weekly"|"monthly"|"stat"|interval|prn, or
//!             spelled out: "twice a day", "od at night", "every other day", "as directed" …
//! interval := "q" digits ("h"|"d") | digits "hourly" | ("every"|"once in") digits ("hours"|"days"|"weeks"|"months")
//! prn      := ("sos"|"prn"|"as needed") ["max" n ["a day"]] ["gap" n "h"] ["for" words]
//! duration := ["x"|"for"] digits ("d"|"w"|"m"|"days"|"weeks"|"months"|"/7"|"/52"|"/12") | "cont"
//! meal     := "ac"|"bf" | "pc"|"af" | "wf" | "es", or "after food" …; "bbf" and "after lunch" of what is taken then alone
//! route    := "po" | "sl" | "im" | "iv" | "sc" | "pr" | "pv" | "topical", or "by mouth" …
//! unit     := "tab" | "ml" | "tsp" | "units" | "vial" …
//! n        := digits | decimal | "half" | "one" | "two" … | "½" | "1/2" | "¼" | "1/4" | "¾" | "3/4" | digits and a fraction
//! taper    := clauses with a dose and a duration, joined by "then"
//! ```
//!
//! Reading forgives spelling, order, dots and spaces; what it does not know is an error. A unit that was typed must be
//! one of the medicine's, and a route one of its form's. A meal or a route in one part of a taper is that of all of them;
//! bedtime is that of its own part.

mod amounts;
mod begins;
mod english;
mod hindi;
mod how_often;
mod language;
mod marathi;
mod parse;
#[cfg(test)]
mod properties;
mod refused;
mod route;
mod spellings;
#[cfg(test)]
mod tests;
mod typed;
mod typed_line;
mod when_needed;
mod words_of;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::medicine::{self, MOST_OF_FEW, Units};
use crate::table::Values;
pub use language::Language;
pub use refused::{DosageError, NotUnderstood};
use refused::{MOST_DIRECTIONS, MOST_NOTED, MOST_TYPED};
pub use route::Route;
pub(crate) use route::routes_of;
pub use typed_line::TypedLine;
pub(crate) use typed_line::{has_few_units, has_loose_figure};

/// How much, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Dose {
    /// Amounts at four times of the day.
    Slots {
        /// In the morning.
        morning: f64,
        /// At noon.
        noon: f64,
        /// In the evening.
        evening: f64,
        /// At night.
        night: f64,
    },
    /// An amount every so many hours or days.
    Interval {
        /// Units each time.
        amount: f64,
        /// How many hours or days lie between.
        every: u32,
        /// Hours or days.
        unit: IntervalUnit,
    },
    /// Once, now.
    Stat {
        /// Units.
        amount: f64,
    },
    /// When needed.
    Prn {
        /// Units each time.
        amount: f64,
        /// Hours that must lie between two doses.
        min_gap_h: Option<u32>,
        /// Units in a day at most.
        max_per_day: Option<f64>,
        /// For what.
        reason: Option<String>,
    },
    /// One dose after the other.
    Taper {
        /// Each with its own end; only the last may go on.
        steps: Vec<TaperStep>,
    },
    /// As the note, or the doctor, said.
    AsDirected,
}

impl Dose {
    /// What is taken each time.
    fn amounts(&self) -> Vec<f64> {
        match self {
            Self::Slots { morning, noon, evening, night } => vec![*morning, *noon, *evening, *night],
            Self::Interval { amount, .. } | Self::Stat { amount } | Self::Prn { amount, .. } => vec![*amount],
            Self::Taper { steps } => steps.iter().flat_map(|step| step.dose.amounts()).collect(),
            Self::AsDirected => vec![],
        }
    }

    /// The most that is taken at one time.
    pub fn most_at_once(&self) -> f64 {
        self.amounts().into_iter().fold(0.0, f64::max)
    }

    /// Whether it is the same but for what is said of bedtime.
    fn has_amounts_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Taper { steps }, Self::Taper { steps: others }) => {
                let told = |step: &TaperStep| (step.dose.clone(), step.duration);
                steps.iter().map(told).eq(others.iter().map(told))
            }
            _ => self == other,
        }
    }
}

/// A step of [`Dose::Taper`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaperStep {
    /// [`Dose::Slots`] or [`Dose::Interval`].
    pub dose: Dose,
    /// For how long.
    pub duration: Duration,
    /// Whether it is taken at bedtime. A line that was signed before this could be said has none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_bedtime: bool,
}

/// The unit of [`Dose::Interval`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntervalUnit {
    /// Hours.
    Hour,
    /// Days.
    Day,
}

/// Relation to food.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meal {
    /// Before food.
    Before,
    /// After food.
    After,
    /// With food.
    With,
    /// On an empty stomach.
    EmptyStomach,
    /// At bedtime.
    Bedtime,
    /// Not said.
    None,
}

impl Meal {
    /// As stored in `meal_relation`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
            Self::With => "with",
            Self::EmptyStomach => "empty_stomach",
            Self::Bedtime => "bedtime",
            Self::None => "none",
        }
    }
}

/// For how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duration {
    /// How many; absent when ongoing.
    pub value: Option<u32>,
    /// Of what.
    pub unit: DurationUnit,
}

/// The unit of a [`Duration`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DurationUnit {
    /// Days.
    Day,
    /// Weeks.
    Week,
    /// Months, counted as 30 days.
    Month,
    /// Until further notice.
    Ongoing,
}

impl DurationUnit {
    /// As stored in `duration_unit`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Ongoing => "ongoing",
        }
    }
}

/// A dosage as understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Dosage {
    /// How much, and when.
    pub dose: Dose,
    /// The unit that was typed to it, as stored in `dose_unit`.
    pub unit: Option<&'static str>,
    /// For how long, if said.
    pub duration: Option<Duration>,
    /// Relation to food.
    pub meal: Meal,
    /// By which way it is given, if said.
    pub route: Option<Route>,
    /// What else was said.
    pub note: Option<String>,
}

impl Dosage {
    /// Reads a dosage of a medicine that is given in these units. The unit of a medicine of which nothing is known
    /// (`dose`) is the one that was typed.
    ///
    /// # Errors
    ///
    /// [`DosageError`], in words.
    pub fn read(line: &str, units: impl Into<Units>) -> Result<Self, DosageError> {
        let units: Units = units.into();
        let (dosage, has_figure) = Self::parse_with_figure(line)?;
        let amounts = dosage.dose.amounts();
        if let Some(typed) = dosage.unit.filter(|typed| !units.has(typed)) {
            let expected = if units.is_unknown() { "ml" } else { medicine::plural(units.usual()) };
            return Err(DosageError::OtherUnit { typed: medicine::plural(typed), expected });
        }
        if let Some(route) = dosage.route.filter(|route| !units.is_given(*route)) {
            return Err(DosageError::OtherRoute { typed: english::route_words(route) });
        }
        if dosage.unit.is_none() && dosage.dose != Dose::AsDirected {
            units.check_bare(&amounts, has_figure)?;
        }
        // "dolo 650 - 1 - 1": the first figure is no amount.
        let unit = dosage.unit_or(units.usual());
        let is_few = medicine::is_few(unit) || unit == "dose";
        if is_few && amounts.iter().any(|amount| *amount > MOST_OF_FEW) {
            return Err(DosageError::TooMany { units: medicine::plural(unit) });
        }
        if dosage.note.as_ref().is_some_and(|note| note.chars().count() > MOST_NOTED) {
            return Err(DosageError::NoteTooLong);
        }
        if matches!(dosage.dose, Dose::Stat { .. }) && dosage.duration.is_some() {
            return Err(DosageError::OnceAndOn);
        }
        if let Dose::Prn { amount, max_per_day: Some(most), .. } = &dosage.dose
            && most < amount
        {
            return Err(DosageError::MostBelowOne);
        }
        let directions = dosage.directions(units.usual(), Language::English);
        if dosage.without_note().typed().chars().count() > MOST_TYPED
            || directions.chars().count() > MOST_DIRECTIONS
        {
            return Err(DosageError::TooLong);
        }
        Ok(dosage)
    }

    /// The dosage of a row of `prescription_items`; none if its words are not of the grammar, or say another dose than
    /// was signed.
    pub fn of_row(values: &Values) -> Option<Self> {
        let column = |name: &str| values.get(name).and_then(Value::as_str);
        let dosage = Self::parse(column("dose_text")?).ok()?;
        // A taper with one step at bedtime was once stored as if all steps were.
        let signed = values.get("dose_pattern").and_then(|pattern| Dose::deserialize(pattern).ok());
        if signed.is_some_and(|signed| !signed.has_amounts_of(&dosage.dose)) {
            return None;
        }
        let noted = column("instructions").filter(|noted| !noted.is_empty());
        let note = dosage.note.or_else(|| noted.map(str::to_owned));
        Some(Self { note, ..dosage })
    }

    /// With this unit typed to it, if it is one and none was.
    pub fn counted_in(self, unit: &str) -> Self {
        let is_counted = self.unit.is_some() || self.dose == Dose::AsDirected;
        let unit = if is_counted { self.unit } else { parse::unit_named(unit) };
        Self { unit, ..self }
    }

    fn without_note(&self) -> Self {
        Self { note: None, ..self.clone() }
    }

    /// The number of units to dispense, where it can be counted: dose, times a day, days.
    pub fn quantity(&self, unit: &str) -> Option<f64> {
        if !medicine::is_counted(self.unit_or(unit)) {
            return None;
        }
        match &self.dose {
            Dose::Stat { amount } if self.unit_or(unit) == "ml" => Some(*amount),
            Dose::Stat { amount } => Some(whole(*amount)),
            Dose::Taper { steps } => {
                let amounts: Option<Vec<f64>> =
                    steps.iter().map(|step| amount(&step.dose, days(step.duration)?)).collect();
                Some(whole(amounts?.iter().sum()))
            }
            dose => Some(whole(amount(dose, days(self.duration?)?)?)),
        }
    }

    /// Units on the heaviest day, where that can be said: what is taken when needed says so only with a limit.
    pub fn units_a_day(&self) -> Option<f64> {
        units_a_day(&self.dose)
    }

    /// Units on the heaviest day from the one on that comes so many days later, where that can be said: steps of a taper that
    /// have ended do not count then, nor what was taken at once.
    pub fn units_a_day_after(&self, days_gone: u32) -> Option<f64> {
        match &self.dose {
            Dose::Stat { .. } if days_gone > 0 => None,
            Dose::Taper { steps } => {
                let mut end = 0_u32;
                let to_come = steps.iter().filter(|step| {
                    end = end.saturating_add(days(step.duration).unwrap_or(u32::MAX));
                    end > days_gone
                });
                to_come.filter_map(|step| units_a_day(&step.dose)).max_by(f64::total_cmp)
            }
            dose => units_a_day(dose),
        }
    }

    /// For how long in all; a taper ends with its last step.
    pub fn total_duration(&self) -> Option<Duration> {
        let Dose::Taper { steps } = &self.dose else { return self.duration };
        let total: Option<u32> = steps.iter().map(|step| days(step.duration)).sum();
        Some(match total {
            Some(days) => Duration { value: Some(days), unit: DurationUnit::Day },
            None => Duration { value: None, unit: DurationUnit::Ongoing },
        })
    }

    /// In plain words, for the echo and for paper: `1 tablet morning and night, after food, for 5 days`. The note is
    /// not part of them.
    pub fn words(&self, unit: &str, language: Language) -> String {
        let unit = self.unit_or(unit);
        match language {
            Language::English => english::words(self, unit),
            Language::Hindi => hindi::words(self, unit),
            Language::Marathi => marathi::words(self, unit),
        }
    }

    /// What the patient reads: the plain words, and the note as it was written.
    pub fn directions(&self, unit: &str, language: Language) -> String {
        let words = self.words(unit, language);
        match &self.note {
            Some(note) => format!("{words}. {note}"),
            None => words,
        }
    }

    /// The columns of a prescription item that follow from its dosage in this unit.
    pub fn columns(&self, unit: &str) -> [(&'static str, Value); 10] {
        let unit = self.unit_or(unit);
        let duration = self.total_duration();
        [
            ("dose_text", json!(self.without_note().typed())),
            ("dose_pattern", json!(self.dose)),
            ("dose_unit", json!(unit)),
            ("meal_relation", json!(self.meal_relation().as_str())),
            ("duration_value", json!(duration.and_then(|duration| duration.value))),
            ("duration_unit", json!(duration.map(|duration| duration.unit.as_str()))),
            ("quantity", json!(self.quantity(unit))),
            ("instructions", json!(self.note)),
            ("patient_directions", json!(self.directions(unit, Language::English))),
            ("is_prn", json!(self.is_prn())),
        ]
    }

    fn meal_relation(&self) -> Meal {
        match &self.dose {
            Dose::Taper { steps } if steps.iter().all(|step| step.at_bedtime) => Meal::Bedtime,
            _ => self.meal,
        }
    }

    /// Whether it is taken only when needed.
    pub fn is_prn(&self) -> bool {
        matches!(self.dose, Dose::Prn { .. })
    }

    /// The unit that was typed to it, or else this one.
    pub fn unit_or<'u>(&self, unit: &'u str) -> &'u str {
        self.unit.unwrap_or(unit)
    }
}

/// An amount with its unit, in words: `15 tablets`.
pub fn units(amount: f64, unit: &str, language: Language) -> String {
    match language {
        Language::English => medicine::units(amount, unit),
        Language::Hindi => hindi::units(amount, unit),
        Language::Marathi => marathi::units(amount, unit),
    }
}

fn days(duration: Duration) -> Option<u32> {
    let days = match duration.unit {
        DurationUnit::Day => 1,
        DurationUnit::Week => 7,
        DurationUnit::Month => 30,
        DurationUnit::Ongoing => return None,
    };
    Some(duration.value? * days)
}

/// What begins is counted: half a tablet is one to hand out. What is only a rounding of a sum does not begin.
fn whole(amount: f64) -> f64 {
    (amount - 1e-6).ceil()
}

/// Units in so many days.
fn amount(dose: &Dose, days: u32) -> Option<f64> {
    let days = f64::from(days);
    match dose {
        Dose::Slots { morning, noon, evening, night } => Some((morning + noon + evening + night) * days),
        Dose::Interval { amount, every, unit: IntervalUnit::Hour } => {
            Some(amount * (24.0 * days / f64::from(*every)).ceil())
        }
        Dose::Interval { amount, every, unit: IntervalUnit::Day } => {
            Some(amount * (days / f64::from(*every)).ceil())
        }
        Dose::Prn { max_per_day, .. } => Some((*max_per_day)? * days),
        Dose::Stat { .. } | Dose::Taper { .. } | Dose::AsDirected => None,
    }
}

fn units_a_day(dose: &Dose) -> Option<f64> {
    match dose {
        Dose::Slots { morning, noon, evening, night } => Some(morning + noon + evening + night),
        Dose::Interval { amount, every, unit: IntervalUnit::Hour } => {
            Some(amount * (24.0 / f64::from((*every).max(1))).ceil())
        }
        Dose::Interval { amount, unit: IntervalUnit::Day, .. } | Dose::Stat { amount } => Some(*amount),
        Dose::Prn { amount, min_gap_h, max_per_day, .. } => match (max_per_day, min_gap_h) {
            (Some(most), _) => Some(*most),
            (None, Some(gap)) => Some(amount * (24.0 / f64::from((*gap).max(1))).ceil()),
            (None, None) => None,
        },
        Dose::Taper { steps } => {
            steps.iter().filter_map(|step| units_a_day(&step.dose)).max_by(f64::total_cmp)
        }
        Dose::AsDirected => None,
    }
}

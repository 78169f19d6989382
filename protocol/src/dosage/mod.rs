//! The dosage of one line, typed as `1-0-1 x5d pc // note` and said back in plain words.
//!
//! ```text
//! line     := dose [duration] [meal] ["//" note]
//! dose     := slots | freq | interval | "stat" | prn
//! slots    := n "-" n "-" n ["-" n]              morning-noon-night or morning-noon-evening-night
//! freq     := [n] ("od"|"bd"|"bid"|"tds"|"tid"|"qid"|"qds"|"hs"|"om"|"on"|"alt"|"weekly")
//! interval := [n] "q" digits ("h"|"d")
//! prn      := [n] ("sos"|"prn") ["max" n] ["gap" n "h"] ["for" words]
//! duration := ["x"] digits ("d"|"w"|"m") | "cont"
//! meal     := "ac"|"bf" | "pc"|"af" | "wf" | "es"
//! n        := digits | decimal | "½" | "1/2" | "¼" | "1/4"
//! ```
//!
//! Tapers, and Hindi directions, are not part of it yet.

mod parse;
#[cfg(test)]
mod tests;
mod words;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::medicine;

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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dosage {
    /// How much, and when.
    pub dose: Dose,
    /// For how long, if said.
    pub duration: Option<Duration>,
    /// Relation to food.
    pub meal: Meal,
    /// What else was said.
    pub note: Option<String>,
}

/// Where a line stopped making sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Not understood from \"{from}\" on. Example: 1-0-1 x5d pc")]
pub struct NotUnderstood {
    /// The rest of the line that was not understood.
    pub from: String,
}

impl Dosage {
    /// The number of units to dispense, where it can be counted: dose, times a day, days.
    pub fn quantity(&self, unit: &str) -> Option<f64> {
        if !medicine::is_counted(unit) {
            return None;
        }
        if let Dose::Stat { amount } = self.dose {
            return Some(amount);
        }
        let days = match self.duration? {
            Duration { value: Some(value), unit } => {
                let days = match unit {
                    DurationUnit::Day => 1,
                    DurationUnit::Week => 7,
                    DurationUnit::Month => 30,
                    DurationUnit::Ongoing => return None,
                };
                f64::from(value) * f64::from(days)
            }
            Duration { value: None, .. } => return None,
        };
        let quantity = match &self.dose {
            Dose::Slots { morning, noon, evening, night } => (morning + noon + evening + night) * days,
            Dose::Interval { amount, every, unit: IntervalUnit::Hour } => {
                amount * (24.0 / f64::from(*every)).floor() * days
            }
            Dose::Interval { amount, every, unit: IntervalUnit::Day } => {
                amount * (days / f64::from(*every)).ceil()
            }
            Dose::Prn { max_per_day, .. } => (*max_per_day)? * days,
            Dose::Stat { amount } => *amount,
        };
        Some(quantity.ceil())
    }

    /// What the patient reads: the plain words, and the note as it was written.
    pub fn directions(&self, unit: &str) -> String {
        match &self.note {
            Some(note) => format!("{}. {note}", self.words(unit)),
            None => self.words(unit),
        }
    }

    /// The columns of a prescription item that follow from its dosage in this unit.
    pub fn columns(&self, unit: &str) -> [(&'static str, Value); 10] {
        [
            ("dose_text", json!(self.typed())),
            ("dose_pattern", json!(self.dose)),
            ("dose_unit", json!(unit)),
            ("meal_relation", json!(self.meal.as_str())),
            ("duration_value", json!(self.duration.and_then(|duration| duration.value))),
            ("duration_unit", json!(self.duration.map(|duration| duration.unit.as_str()))),
            ("quantity", json!(self.quantity(unit))),
            ("instructions", json!(self.note)),
            ("patient_directions", json!(self.directions(unit))),
            ("is_prn", json!(self.is_prn())),
        ]
    }

    /// Whether it is taken only when needed.
    pub fn is_prn(&self) -> bool {
        matches!(self.dose, Dose::Prn { .. })
    }
}

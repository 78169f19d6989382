//! A dosage as it is typed, and in plain words.

use super::{Dosage, Dose, Duration, DurationUnit, IntervalUnit, Meal};
use crate::medicine;

impl Dosage {
    /// The dosage as it would be typed; reads back as the same dosage.
    pub fn typed(&self) -> String {
        let mut parts = vec![match &self.dose {
            Dose::Slots { morning, noon, evening, night } => {
                if self.meal == Meal::Bedtime {
                    format!("{} hs", number(*night))
                } else if *evening == 0.0 {
                    format!("{}-{}-{}", number(*morning), number(*noon), number(*night))
                } else {
                    let [m, n, e, t] = [*morning, *noon, *evening, *night].map(number);
                    format!("{m}-{n}-{e}-{t}")
                }
            }
            Dose::Interval { amount, every, unit: IntervalUnit::Hour } => {
                format!("{} q{every}h", number(*amount))
            }
            Dose::Interval { amount, every, unit: IntervalUnit::Day } => {
                format!("{} q{every}d", number(*amount))
            }
            Dose::Stat { amount } => format!("{} stat", number(*amount)),
            Dose::Prn { amount, min_gap_h, max_per_day, reason } => {
                let mut text = format!("{} sos", number(*amount));
                if let Some(max) = max_per_day {
                    text += &format!(" max {}", number(*max));
                }
                if let Some(gap) = min_gap_h {
                    text += &format!(" gap {gap}h");
                }
                if let Some(reason) = reason {
                    text += &format!(" for {reason}");
                }
                text
            }
        }];
        if let Some(duration) = self.duration {
            let duration = match (duration.value, duration.unit) {
                (Some(value), DurationUnit::Day) => format!("x{value}d"),
                (Some(value), DurationUnit::Week) => format!("x{value}w"),
                (Some(value), DurationUnit::Month) => format!("x{value}m"),
                _ => "cont".to_owned(),
            };
            // "for fever" takes every word up to the next one with a meaning, so the duration still reads.
            parts.push(duration);
        }
        match self.meal {
            Meal::Before => parts.push("ac".into()),
            Meal::After => parts.push("pc".into()),
            Meal::With => parts.push("wf".into()),
            Meal::EmptyStomach => parts.push("es".into()),
            Meal::Bedtime | Meal::None => {}
        }
        if let Some(note) = &self.note {
            parts.push(format!("// {note}"));
        }
        parts.join(" ")
    }

    /// The dosage in plain words, for the echo and for paper: `1 tablet morning and night, after food, for
    /// 5 days`.
    pub fn words(&self, unit: &str) -> String {
        let mut text = self.dose_words(unit);
        match self.meal {
            Meal::Before => text += ", before food",
            Meal::After => text += ", after food",
            Meal::With => text += ", with food",
            Meal::EmptyStomach => text += ", on an empty stomach",
            Meal::Bedtime | Meal::None => {}
        }
        match self.duration {
            Some(Duration { value: Some(value), unit }) => {
                let unit = unit.as_str();
                text += &format!(", for {value} {unit}{}", if value == 1 { "" } else { "s" });
            }
            Some(Duration { value: None, .. }) => text += ", to continue",
            None => {}
        }
        text
    }

    fn dose_words(&self, unit: &str) -> String {
        match &self.dose {
            Dose::Slots { morning, noon, evening, night } => {
                self.slot_words([*morning, *noon, *evening, *night], unit)
            }
            Dose::Interval { amount, every: 7, unit: IntervalUnit::Day } => {
                format!("{} once a week", medicine::units(*amount, unit))
            }
            Dose::Interval { amount, every: 2, unit: IntervalUnit::Day } => {
                format!("{} every other day", medicine::units(*amount, unit))
            }
            Dose::Interval { amount, every, unit: each } => {
                let each = match (each, every) {
                    (IntervalUnit::Hour, 1) => "hour".to_owned(),
                    (IntervalUnit::Hour, every) => format!("{every} hours"),
                    (IntervalUnit::Day, 1) => "day".to_owned(),
                    (IntervalUnit::Day, every) => format!("{every} days"),
                };
                format!("{} every {each}", medicine::units(*amount, unit))
            }
            Dose::Stat { amount } => format!("{} at once", medicine::units(*amount, unit)),
            Dose::Prn { amount, min_gap_h, max_per_day, reason } => {
                let mut text = format!("{} when needed", medicine::units(*amount, unit));
                if let Some(reason) = reason {
                    text += &format!(" for {reason}");
                }
                if let Some(gap) = min_gap_h {
                    text += &format!(", {gap} hours apart");
                }
                if let Some(max) = max_per_day {
                    text += &format!(", at most {} a day", medicine::amount_text(*max));
                }
                text
            }
        }
    }

    /// Of the amounts in the morning, at noon, in the evening and at night.
    fn slot_words(&self, amounts: [f64; 4], unit: &str) -> String {
        let night_word = if self.meal == Meal::Bedtime { "at bedtime" } else { "night" };
        let slots: Vec<(f64, &str)> = amounts
            .into_iter()
            .zip(["morning", "noon", "evening", night_word])
            .filter(|(amount, _)| *amount > 0.0)
            .collect();
        let amount = slots.first().map_or(0.0, |(amount, _)| *amount);
        if slots.iter().all(|(other, _)| (other - amount).abs() < f64::EPSILON) {
            let times: Vec<&str> = slots.iter().map(|(_, time)| *time).collect();
            let times = and(&times);
            let times = if slots.len() == 1 && night_word == "night" {
                format!("{} {times}", if times == "night" || times == "noon" { "at" } else { "in the" })
            } else {
                times
            };
            format!("{} {times}", medicine::units(amount, unit))
        } else {
            let parts: Vec<String> = slots
                .iter()
                .map(|(amount, time)| format!("{} {time}", medicine::units(*amount, unit)))
                .collect();
            and(&parts.iter().map(String::as_str).collect::<Vec<_>>())
        }
    }
}

fn and(parts: &[&str]) -> String {
    match parts {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [start @ .., last] => format!("{} and {last}", start.join(", ")),
    }
}

fn number(amount: f64) -> String {
    medicine::amount_text(amount)
}

//! A dosage in plain English.

use super::{Dosage, Dose, Duration, IntervalUnit, Meal, Route};
use crate::medicine::units;

/// `1 tablet morning and night, after food, for 5 days`
pub(super) fn words(dosage: &Dosage, unit: &str) -> String {
    let mut text = match &dosage.dose {
        Dose::Taper { steps } => {
            let steps: Vec<String> = steps
                .iter()
                .map(|step| {
                    let words = dose_words(&step.dose, unit, step.at_bedtime);
                    words + &duration_words(step.duration)
                })
                .collect();
            steps.join(", then ")
        }
        dose => dose_words(dose, unit, dosage.meal == Meal::Bedtime),
    };
    if let Some(route) = dosage.route {
        text += ", ";
        text += route_words(route);
    }
    match dosage.meal {
        Meal::Before => text += ", before food",
        Meal::After => text += ", after food",
        Meal::With => text += ", with food",
        Meal::EmptyStomach => text += ", on an empty stomach",
        Meal::Bedtime | Meal::None => {}
    }
    text + &dosage.duration.map(duration_words).unwrap_or_default()
}

pub(super) fn route_words(route: Route) -> &'static str {
    match route {
        Route::Oral => "by mouth",
        Route::Sublingual => "under the tongue",
        Route::Topical => "on the affected place",
        Route::Rectal => "into the rectum",
        Route::Vaginal => "into the vagina",
        Route::Muscle => "into a muscle",
        Route::Vein => "into a vein",
        Route::Skin => "under the skin",
    }
}

fn duration_words(duration: Duration) -> String {
    match duration.value {
        Some(value) => {
            let unit = duration.unit.as_str();
            format!(", for {value} {unit}{}", if value == 1 { "" } else { "s" })
        }
        None => ", to continue".to_owned(),
    }
}

fn dose_words(dose: &Dose, unit: &str, is_bedtime: bool) -> String {
    match dose {
        Dose::Slots { morning, noon, evening, night } => {
            slot_words([*morning, *noon, *evening, *night], unit, is_bedtime)
        }
        Dose::Interval { amount, every, unit: each } => {
            let each = match (each, every) {
                (IntervalUnit::Hour, 1) => "every hour".to_owned(),
                (IntervalUnit::Hour, every) => format!("every {every} hours"),
                (IntervalUnit::Day, 1) => "once a day".to_owned(),
                (IntervalUnit::Day, 2) => "every other day".to_owned(),
                (IntervalUnit::Day, 7) => "once a week".to_owned(),
                (IntervalUnit::Day, every) => format!("every {every} days"),
            };
            format!("{} {each}", units(*amount, unit))
        }
        Dose::Stat { amount } => format!("{} at once", units(*amount, unit)),
        Dose::Prn { amount, min_gap_h, max_per_day, reason } => {
            let mut text = format!("{} when needed", units(*amount, unit));
            if let Some(reason) = reason {
                text += &format!(" for {reason}");
            }
            if let Some(gap) = min_gap_h {
                text += &format!(", {gap} hour{} apart", if *gap == 1 { "" } else { "s" });
            }
            if let Some(max) = max_per_day {
                text += &format!(", at most {} a day", units(*max, unit));
            }
            text
        }
        Dose::AsDirected => "as directed".to_owned(),
        Dose::Taper { .. } => String::new(),
    }
}

/// Of the amounts in the morning, at noon, in the evening and at night.
fn slot_words(amounts: [f64; 4], unit: &str, is_bedtime: bool) -> String {
    let night_word = if is_bedtime { "at bedtime" } else { "night" };
    let slots: Vec<(f64, &str)> = amounts
        .into_iter()
        .zip(["morning", "noon", "evening", night_word])
        .filter(|(amount, _)| *amount > 0.0)
        .collect();
    let amount = slots.first().map_or(0.0, |(amount, _)| *amount);
    if slots.iter().all(|(other, _)| (other - amount).abs() < f64::EPSILON) {
        let times: Vec<&str> = slots.iter().map(|(_, time)| *time).collect();
        let times = join(&times, "and");
        let times = if slots.len() == 1 && !is_bedtime {
            format!("{} {times}", if times == "night" || times == "noon" { "at" } else { "in the" })
        } else {
            times
        };
        format!("{} {times}", units(amount, unit))
    } else {
        let parts: Vec<String> =
            slots.iter().map(|(amount, time)| format!("{} {time}", units(*amount, unit))).collect();
        join(&parts, "and")
    }
}

/// `a, b and c`, with the language's own word for "and".
pub(super) fn join<T: AsRef<str>>(parts: &[T], and: &str) -> String {
    match parts {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [start @ .., last] => {
            let start: Vec<&str> = start.iter().map(AsRef::as_ref).collect();
            format!("{} {and} {}", start.join(", "), last.as_ref())
        }
    }
}

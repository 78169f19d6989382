//! A dosage as it is typed.

use super::{Dosage, Dose, Duration, DurationUnit, IntervalUnit, Meal};
use crate::medicine::amount_text;

impl Dosage {
    /// The dosage as it would be typed; reads back as the same dosage.
    pub fn typed(&self) -> String {
        // Before the dose: behind it, it would be a word of what it is taken for.
        let mut parts: Vec<String> = self.route.map(|route| route.typed().to_owned()).into_iter().collect();
        parts.push(match &self.dose {
            Dose::Taper { steps } => {
                let steps = steps.iter().map(|step| {
                    // Not "hs", by which tapers were once stored that meant another dose.
                    let night = step.at_bedtime.then_some("at bedtime");
                    format!("{} {}", self.typed_dose(&step.dose, night), typed_duration(step.duration))
                });
                steps.collect::<Vec<_>>().join(" then ")
            }
            dose => self.typed_dose(dose, (self.meal == Meal::Bedtime).then_some("hs")),
        });
        // "for fever" takes every word up to the next one with a meaning, so the duration still reads.
        parts.extend(self.duration.map(typed_duration));
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

    /// `night` is the word for one that is taken at bedtime.
    fn typed_dose(&self, dose: &Dose, night: Option<&str>) -> String {
        let counted = |amount: f64| match self.unit {
            Some(unit) => format!("{} {unit}", amount_text(amount)),
            None => amount_text(amount),
        };
        match dose {
            Dose::Slots { morning, noon, evening, night: at_night } => {
                if let Some(word) = night {
                    return format!("{} {word}", counted(*at_night));
                }
                let unit = self.unit.map_or(String::new(), |unit| format!(" {unit}"));
                let [m, n, e, t] = [*morning, *noon, *evening, *at_night].map(amount_text);
                if *evening == 0.0 { format!("{m}-{n}-{t}{unit}") } else { format!("{m}-{n}-{e}-{t}{unit}") }
            }
            Dose::Interval { amount, every, unit: IntervalUnit::Hour } => {
                format!("{} q{every}h", counted(*amount))
            }
            Dose::Interval { amount, every, unit: IntervalUnit::Day } => {
                format!("{} q{every}d", counted(*amount))
            }
            Dose::Stat { amount } => format!("{} stat", counted(*amount)),
            Dose::Prn { amount, min_gap_h, max_per_day, reason } => {
                let mut text = format!("{} sos", counted(*amount));
                if let Some(max) = max_per_day {
                    text += &format!(" max {}", amount_text(*max));
                }
                if let Some(gap) = min_gap_h {
                    text += &format!(" gap {gap}h");
                }
                if let Some(reason) = reason {
                    text += &format!(" for {reason}");
                }
                text
            }
            Dose::AsDirected => "as directed".to_owned(),
            // A step is never a taper itself.
            Dose::Taper { .. } => String::new(),
        }
    }
}

fn typed_duration(duration: Duration) -> String {
    match (duration.value, duration.unit) {
        (Some(value), DurationUnit::Day) => format!("x{value}d"),
        (Some(value), DurationUnit::Week) => format!("x{value}w"),
        (Some(value), DurationUnit::Month) => format!("x{value}m"),
        _ => "cont".to_owned(),
    }
}

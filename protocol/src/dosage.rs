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
    /// Reads a dosage as typed. Order after the dose is free, spelling of letters is not case-sensitive;
    /// a word that means nothing is an error, never ignored.
    ///
    /// # Errors
    ///
    /// [`NotUnderstood`], with the rest of the line.
    pub fn parse(line: &str) -> Result<Self, NotUnderstood> {
        let (typed, note) = match line.split_once("//") {
            Some((typed, note)) => (typed, Some(note.trim()).filter(|note| !note.is_empty())),
            None => (line, None),
        };
        let words: Vec<&str> = typed.split_whitespace().collect();
        let not_understood = |from: usize| NotUnderstood {
            from: words
                .get(from..)
                .filter(|rest| !rest.is_empty())
                .map_or_else(String::new, |rest| rest.join(" ")),
        };
        let (dose, bedtime, mut place) = parse_dose(&words).ok_or_else(|| not_understood(0))?;
        let mut dosage = Self {
            dose,
            duration: None,
            meal: if bedtime { Meal::Bedtime } else { Meal::None },
            note: note.map(str::to_owned),
        };
        while let Some(word) = words.get(place) {
            let word = word.to_lowercase();
            if let Some(duration) = parse_duration(&word).filter(|_| dosage.duration.is_none()) {
                dosage.duration = Some(duration);
                place += 1;
                continue;
            }
            let meal = match word.as_str() {
                "ac" | "bf" => Meal::Before,
                "pc" | "af" => Meal::After,
                "wf" => Meal::With,
                "es" => Meal::EmptyStomach,
                _ => return Err(not_understood(place)),
            };
            if dosage.meal != Meal::None {
                return Err(not_understood(place));
            }
            dosage.meal = meal;
            place += 1;
        }
        Ok(dosage)
    }

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
        let mut text = match &self.dose {
            Dose::Slots { morning, noon, evening, night } => {
                let night_word = if self.meal == Meal::Bedtime { "at bedtime" } else { "night" };
                let slots: Vec<(f64, &str)> =
                    [(*morning, "morning"), (*noon, "noon"), (*evening, "evening"), (*night, night_word)]
                        .into_iter()
                        .filter(|(amount, _)| *amount > 0.0)
                        .collect();
                let amount = slots.first().map_or(0.0, |(amount, _)| *amount);
                if slots.iter().all(|(other, _)| (other - amount).abs() < f64::EPSILON) {
                    let times: Vec<&str> = slots.iter().map(|(_, time)| *time).collect();
                    let times = and(&times);
                    let times = if slots.len() == 1 && night_word == "night" {
                        format!(
                            "{} {times}",
                            if times == "night" || times == "noon" { "at" } else { "in the" }
                        )
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
        };
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

fn and(parts: &[&str]) -> String {
    match parts {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [start @ .., last] => format!("{} and {last}", start.join(", ")),
    }
}

/// The dose at the beginning of the words, whether it is taken at bedtime, and how many words it took.
fn parse_dose(words: &[&str]) -> Option<(Dose, bool, usize)> {
    let first = words.first()?.to_lowercase();
    let parts: Vec<&str> = first.split('-').collect();
    if let 3..=4 = parts.len() {
        let amounts = parts.iter().map(|part| parse_number(part)).collect::<Option<Vec<_>>>()?;
        let (morning, noon, evening, night) = match amounts.as_slice() {
            [morning, noon, night] => (*morning, *noon, 0.0, *night),
            [morning, noon, evening, night] => (*morning, *noon, *evening, *night),
            _ => return None,
        };
        let given = morning + noon + evening + night > 0.0;
        return given.then_some((Dose::Slots { morning, noon, evening, night }, false, 1));
    }
    let (amount, at) = match parse_number(&first) {
        Some(amount) => (amount, 1),
        None => (1.0, 0),
    };
    if amount <= 0.0 {
        return None;
    }
    let word = words.get(at)?.to_lowercase();
    let slots = |morning: f64, noon: f64, evening: f64, night: f64| Dose::Slots {
        morning: morning * amount,
        noon: noon * amount,
        evening: evening * amount,
        night: night * amount,
    };
    let days = |every| Dose::Interval { amount, every, unit: IntervalUnit::Day };
    let taken = at + 1;
    let (dose, bedtime) = match word.as_str() {
        "od" | "om" => (slots(1.0, 0.0, 0.0, 0.0), false),
        "on" => (slots(0.0, 0.0, 0.0, 1.0), false),
        "hs" => (slots(0.0, 0.0, 0.0, 1.0), true),
        "bd" | "bid" => (slots(1.0, 0.0, 0.0, 1.0), false),
        "tds" | "tid" => (slots(1.0, 1.0, 0.0, 1.0), false),
        "qid" | "qds" => (slots(1.0, 1.0, 1.0, 1.0), false),
        "alt" => (days(2), false),
        "weekly" => (days(7), false),
        "stat" => (Dose::Stat { amount }, false),
        "sos" | "prn" => return parse_prn(words, amount, taken),
        word => (parse_interval(word, amount)?, false),
    };
    Some((dose, bedtime, taken))
}

fn parse_interval(word: &str, amount: f64) -> Option<Dose> {
    let rest = word.strip_prefix('q')?;
    let (digits, unit) = match rest.strip_suffix('h') {
        Some(digits) => (digits, IntervalUnit::Hour),
        None => (rest.strip_suffix('d')?, IntervalUnit::Day),
    };
    let every: u32 = digits.parse().ok()?;
    let most = if unit == IntervalUnit::Hour { 24 } else { 90 };
    (1..=most).contains(&every).then_some(Dose::Interval { amount, every, unit })
}

fn parse_prn(words: &[&str], amount: f64, mut place: usize) -> Option<(Dose, bool, usize)> {
    let (mut min_gap_h, mut max_per_day, mut reason) = (None, None, None);
    while let Some(word) = words.get(place) {
        match word.to_lowercase().as_str() {
            "max" => {
                max_per_day = Some(parse_number(words.get(place + 1)?).filter(|max| *max > 0.0)?);
                place += 2;
            }
            "gap" => {
                let gap = words.get(place + 1)?.to_lowercase();
                let gap: u32 = gap.strip_suffix('h')?.parse().ok()?;
                min_gap_h = Some(gap).filter(|gap| (1..=72).contains(gap));
                min_gap_h?;
                place += 2;
            }
            "for" => {
                let rest: Vec<&str> = words[place + 1..]
                    .iter()
                    .copied()
                    .take_while(|word| {
                        let word = word.to_lowercase();
                        parse_duration(&word).is_none()
                            && !matches!(
                                word.as_str(),
                                "ac" | "bf" | "pc" | "af" | "wf" | "es" | "max" | "gap" | "for"
                            )
                    })
                    .collect();
                place += 1 + rest.len();
                reason = Some(rest.join(" ")).filter(|reason| !reason.is_empty());
                reason.as_ref()?;
            }
            _ => break,
        }
    }
    Some((Dose::Prn { amount, min_gap_h, max_per_day, reason }, false, place))
}

fn parse_duration(word: &str) -> Option<Duration> {
    if word == "cont" {
        return Some(Duration { value: None, unit: DurationUnit::Ongoing });
    }
    let rest = word.strip_prefix('x').unwrap_or(word);
    let unit = match rest.chars().last()? {
        'd' => DurationUnit::Day,
        'w' => DurationUnit::Week,
        'm' => DurationUnit::Month,
        _ => return None,
    };
    let value: u32 = rest[..rest.len() - 1].parse().ok()?;
    (1..=999).contains(&value).then_some(Duration { value: Some(value), unit })
}

fn parse_number(text: &str) -> Option<f64> {
    match text {
        "½" | "1/2" => Some(0.5),
        "¼" | "1/4" => Some(0.25),
        _ => {
            let plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == '.');
            let value: f64 = plain.then(|| text.parse().ok())??;
            let two_decimals = (value * 100.0).fract().abs() < 1e-9;
            (value <= 1000.0 && two_decimals).then_some(value)
        }
    }
}

fn number(amount: f64) -> String {
    medicine::amount_text(amount)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_are_said_back_in_plain_words() {
        for (typed, unit, words, quantity) in [
            (
                "1-1-1 x5d pc",
                "capsule",
                "1 capsule morning, noon and night, after food, for 5 days",
                Some(15.0),
            ),
            ("1-0-1 x5d", "tablet", "1 tablet morning and night, for 5 days", Some(10.0)),
            ("1-0-0 x3d pc", "tablet", "1 tablet in the morning, after food, for 3 days", Some(3.0)),
            ("½-0-1 x10d", "tablet", "½ tablet morning and 1 tablet night, for 10 days", Some(15.0)),
            ("1 hs x5d", "tablet", "1 tablet at bedtime, for 5 days", Some(5.0)),
            ("BD pc x2w", "tablet", "1 tablet morning and night, after food, for 2 weeks", Some(28.0)),
            ("5 tds x5d", "ml", "5 ml morning, noon and night, for 5 days", Some(75.0)),
            ("1 q6h x3d", "tablet", "1 tablet every 6 hours, for 3 days", Some(12.0)),
            ("1 weekly x4w", "capsule", "1 capsule once a week, for 4 weeks", Some(4.0)),
            ("2 stat", "tablet", "2 tablets at once", Some(2.0)),
            (
                "1 sos max 4 gap 6h for fever x3d",
                "tablet",
                "1 tablet when needed for fever, 6 hours apart, at most 4 a day, for 3 days",
                Some(12.0),
            ),
            ("od cont", "tablet", "1 tablet in the morning, to continue", None),
            ("1-1-1-1 x7d", "drop", "1 drop morning, noon, evening and night, for 7 days", None),
        ] {
            let dosage = Dosage::parse(typed).unwrap_or_else(|e| panic!("{typed}: {e}"));
            assert_eq!(dosage.words(unit), words, "{typed}");
            assert_eq!(dosage.quantity(unit), quantity, "{typed}");
        }
    }

    #[test]
    fn what_is_not_understood_is_named_and_never_ignored() {
        for (typed, from) in [
            ("", ""),
            ("1-1-", "1-1-"),
            ("0-0-0 x5d", "0-0-0 x5d"),
            ("1-0-1 x5d after", "after"),
            ("1-0-1 pc ac", "ac"),
            ("1-0-1 x5d x6d", "x6d"),
            ("1 q0h", "1 q0h"),
            ("bd 5days", "5days"),
            ("-1-0-1", "-1-0-1"),
            ("1 sos max", "1 sos max"),
            ("1-0-1 x0d", "x0d"),
            ("1.234-0-1", "1.234-0-1"),
        ] {
            let error = Dosage::parse(typed).map(|dosage| dosage.words("tablet"));
            assert_eq!(error, Err(NotUnderstood { from: from.to_owned() }), "{typed}");
        }
    }

    fn amount() -> impl Strategy<Value = f64> {
        prop_oneof![Just(0.5), Just(0.25), (1_u32..20).prop_map(f64::from), Just(1.5), Just(2.75)]
    }

    fn dosage() -> impl Strategy<Value = Dosage> {
        let slot = || prop_oneof![Just(0.0), amount()];
        let dose = prop_oneof![
            (amount(), slot(), slot(), slot()).prop_map(|(morning, noon, evening, night)| Dose::Slots {
                morning,
                noon,
                evening,
                night
            }),
            (amount(), 1_u32..=24).prop_map(|(amount, every)| Dose::Interval {
                amount,
                every,
                unit: IntervalUnit::Hour
            }),
            (amount(), 1_u32..=90).prop_map(|(amount, every)| Dose::Interval {
                amount,
                every,
                unit: IntervalUnit::Day
            }),
            amount().prop_map(|amount| Dose::Stat { amount }),
            (
                amount(),
                prop::option::of(1_u32..=72),
                prop::option::of(amount()),
                prop::option::of("[b-c]{3,8}( [b-c]{3,8})?")
            )
                .prop_map(|(amount, min_gap_h, max_per_day, reason)| Dose::Prn {
                    amount,
                    min_gap_h,
                    max_per_day,
                    reason
                }),
        ];
        let duration = prop::option::of(prop_oneof![
            (
                1_u32..=999,
                prop_oneof![Just(DurationUnit::Day), Just(DurationUnit::Week), Just(DurationUnit::Month)]
            )
                .prop_map(|(value, unit)| Duration { value: Some(value), unit }),
            Just(Duration { value: None, unit: DurationUnit::Ongoing }),
        ]);
        let meal = prop_oneof![
            Just(Meal::Before),
            Just(Meal::After),
            Just(Meal::With),
            Just(Meal::EmptyStomach),
            Just(Meal::None)
        ];
        (dose, duration, meal, prop::option::of("[a-z]{1,9}( [a-z]{1,9})?"))
            .prop_map(|(dose, duration, meal, note)| Dosage { dose, duration, meal, note })
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back_as_the_same(dosage in dosage()) {
            prop_assert_eq!(Dosage::parse(&dosage.typed()), Ok(dosage));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}") {
            let _ = Dosage::parse(&text);
        }
    }
}

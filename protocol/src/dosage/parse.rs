//! From a typed line to a dosage.

use super::{Dosage, Dose, Duration, DurationUnit, IntervalUnit, Meal, NotUnderstood};

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

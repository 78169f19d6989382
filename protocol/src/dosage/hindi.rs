//! A dosage in Hindi, as it stands under the English line. Figures and the doctor's own words stay as they are.

use super::english::join;
use super::{Dosage, Dose, Duration, DurationUnit, IntervalUnit, Meal, Route};
use crate::medicine::amount_text;

/// `1 गोली सुबह और रात, खाने के बाद, 5 दिन तक`
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
            steps.join(", फिर ")
        }
        dose => dose_words(dose, unit, dosage.meal == Meal::Bedtime),
    };
    if let Some(route) = dosage.route {
        text += ", ";
        text += route_words(route);
    }
    match dosage.meal {
        Meal::Before => text += ", खाने से पहले",
        Meal::After => text += ", खाने के बाद",
        Meal::With => text += ", खाने के साथ",
        Meal::EmptyStomach => text += ", खाली पेट",
        Meal::Bedtime | Meal::None => {}
    }
    text + &dosage.duration.map(duration_words).unwrap_or_default()
}

fn route_words(route: Route) -> &'static str {
    match route {
        Route::Oral => "मुँह से",
        Route::Sublingual => "जीभ के नीचे",
        Route::Topical => "प्रभावित जगह पर",
        Route::Rectal => "गुदा में",
        Route::Vaginal => "योनि में",
        Route::Muscle => "मांसपेशी में",
        Route::Vein => "नस में",
        Route::Skin => "त्वचा के नीचे",
    }
}

fn duration_words(duration: Duration) -> String {
    let Some(value) = duration.value else { return ", जारी रखें".to_owned() };
    let unit = match duration.unit {
        DurationUnit::Day => "दिन",
        DurationUnit::Week => "हफ़्ते",
        DurationUnit::Month => "महीने",
        DurationUnit::Ongoing => "",
    };
    format!(", {value} {unit} तक")
}

fn dose_words(dose: &Dose, unit: &str, is_bedtime: bool) -> String {
    match dose {
        Dose::Slots { morning, noon, evening, night } => {
            let night_word = if is_bedtime { "सोते समय" } else { "रात" };
            let times = ["सुबह", "दोपहर", "शाम", night_word];
            slot_words([*morning, *noon, *evening, *night], times, "और", |amount| units(amount, unit))
        }
        Dose::Interval { amount, every, unit: each } => {
            let each = match (each, every) {
                (IntervalUnit::Hour, every) => format!("हर {every} घंटे में"),
                (IntervalUnit::Day, 1) => "दिन में एक बार".to_owned(),
                (IntervalUnit::Day, 2) => "एक दिन छोड़कर".to_owned(),
                (IntervalUnit::Day, 7) => "हफ़्ते में एक बार".to_owned(),
                (IntervalUnit::Day, every) => format!("हर {every} दिन में"),
            };
            format!("{each} {}", units(*amount, unit))
        }
        Dose::Stat { amount } => format!("तुरंत {}, एक बार", units(*amount, unit)),
        Dose::Prn { amount, min_gap_h, max_per_day, reason } => {
            let reason = reason.as_ref().map_or(String::new(), |reason| format!(" ({reason})"));
            let mut text = format!("ज़रूरत पड़ने पर{reason} {}", units(*amount, unit));
            if let Some(gap) = min_gap_h {
                text += &format!(", कम से कम {gap} घंटे के अंतर से");
            }
            if let Some(max) = max_per_day {
                text += &format!(", दिन में ज़्यादा से ज़्यादा {}", most(*max, unit));
            }
            text
        }
        Dose::AsDirected => "बताए अनुसार".to_owned(),
        Dose::Taper { .. } => String::new(),
    }
}

/// Equal amounts once with all their times, else each with its own.
pub(super) fn slot_words(
    amounts: [f64; 4],
    times: [&str; 4],
    and: &str,
    units: impl Fn(f64) -> String,
) -> String {
    let slots: Vec<(f64, &str)> =
        amounts.into_iter().zip(times).filter(|(amount, _)| *amount > 0.0).collect();
    let amount = slots.first().map_or(0.0, |(amount, _)| *amount);
    if slots.iter().all(|(other, _)| (other - amount).abs() < f64::EPSILON) {
        let times: Vec<&str> = slots.iter().map(|(_, time)| *time).collect();
        return format!("{} {}", units(amount), join(&times, and));
    }
    let parts: Vec<String> =
        slots.iter().map(|(amount, time)| format!("{} {time}", units(*amount))).collect();
    join(&parts, and)
}

/// The most of a day: of what is put on, how many times.
fn most(amount: f64, unit: &str) -> String {
    if unit == "application" { format!("{} बार", amount_text(amount)) } else { units(amount, unit) }
}

pub(super) fn units(amount: f64, unit: &str) -> String {
    let is_one = amount <= 1.0;
    let word = match unit {
        "tablet" if is_one => "गोली",
        "tablet" => "गोलियाँ",
        "capsule" => "कैप्सूल",
        "ml" => "मि.ली.",
        "drop" if is_one => "बूँद",
        "drop" => "बूँदें",
        "puff" => "पफ",
        "sachet" => "पाउच",
        "suppository" => "सपोज़िटरी",
        "patch" => "पैच",
        "unit" => "यूनिट",
        "vial" => "वायल",
        "ampoule" => "ऐम्प्यूल",
        "application" if is_one => return "लगाएँ".to_owned(),
        "application" => "बार लगाएँ",
        _ => "खुराक",
    };
    format!("{} {word}", amount_text(amount))
}

//! A dosage in Marathi, as it stands under the English line. Figures and the doctor's own words stay as they are.

use super::hindi::slot_words;
use super::{Dosage, Dose, Duration, DurationUnit, IntervalUnit, Meal, Route};
use crate::medicine::amount_text;

/// `1 गोळी सकाळी आणि रात्री, जेवणानंतर, 5 दिवस`
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
            steps.join(", नंतर ")
        }
        dose => dose_words(dose, unit, dosage.meal == Meal::Bedtime),
    };
    if let Some(route) = dosage.route {
        text += ", ";
        text += route_words(route);
    }
    match dosage.meal {
        Meal::Before => text += ", जेवणापूर्वी",
        Meal::After => text += ", जेवणानंतर",
        Meal::With => text += ", जेवणासोबत",
        Meal::EmptyStomach => text += ", रिकाम्या पोटी",
        Meal::Bedtime | Meal::None => {}
    }
    text + &dosage.duration.map(duration_words).unwrap_or_default()
}

fn route_words(route: Route) -> &'static str {
    match route {
        Route::Oral => "तोंडाने",
        Route::Sublingual => "जिभेखाली",
        Route::Topical => "बाधित जागेवर",
        Route::Rectal => "गुदद्वारात",
        Route::Vaginal => "योनीमध्ये",
        Route::Muscle => "स्नायूमध्ये",
        Route::Vein => "शिरेमध्ये",
        Route::Skin => "त्वचेखाली",
    }
}

fn duration_words(duration: Duration) -> String {
    let Some(value) = duration.value else { return ", चालू ठेवा".to_owned() };
    let unit = match (duration.unit, value) {
        (DurationUnit::Day, _) => "दिवस",
        (DurationUnit::Week, 1) => "आठवडा",
        (DurationUnit::Week, _) => "आठवडे",
        (DurationUnit::Month, 1) => "महिना",
        (DurationUnit::Month, _) => "महिने",
        (DurationUnit::Ongoing, _) => "",
    };
    format!(", {value} {unit}")
}

fn dose_words(dose: &Dose, unit: &str, is_bedtime: bool) -> String {
    match dose {
        Dose::Slots { morning, noon, evening, night } => {
            let night_word = if is_bedtime { "झोपताना" } else { "रात्री" };
            let times = ["सकाळी", "दुपारी", "संध्याकाळी", night_word];
            slot_words([*morning, *noon, *evening, *night], times, "आणि", |amount| units(amount, unit))
        }
        Dose::Interval { amount, every, unit: each } => {
            let each = match (each, every) {
                (IntervalUnit::Hour, every) => format!("दर {every} तासांनी"),
                (IntervalUnit::Day, 1) => "दिवसातून एकदा".to_owned(),
                (IntervalUnit::Day, 2) => "एक दिवसाआड".to_owned(),
                (IntervalUnit::Day, 7) => "आठवड्यातून एकदा".to_owned(),
                (IntervalUnit::Day, every) => format!("दर {every} दिवसांनी"),
            };
            format!("{each} {}", units(*amount, unit))
        }
        Dose::Stat { amount } => format!("लगेच {}, एकदा", units(*amount, unit)),
        Dose::Prn { amount, min_gap_h, max_per_day, reason } => {
            let reason = reason.as_ref().map_or(String::new(), |reason| format!(" ({reason})"));
            let mut text = format!("गरज पडल्यास{reason} {}", units(*amount, unit));
            if let Some(gap) = min_gap_h {
                text += &format!(", किमान {gap} तासांच्या अंतराने");
            }
            if let Some(max) = max_per_day {
                text += &format!(", दिवसातून जास्तीत जास्त {}", most(*max, unit));
            }
            text
        }
        Dose::AsDirected => "सांगितल्याप्रमाणे".to_owned(),
        Dose::Taper { .. } => String::new(),
    }
}

/// The most of a day: of what is put on, how many times.
fn most(amount: f64, unit: &str) -> String {
    if unit == "application" { format!("{} वेळा", amount_text(amount)) } else { units(amount, unit) }
}

pub(super) fn units(amount: f64, unit: &str) -> String {
    let is_one = amount <= 1.0;
    let word = match unit {
        "tablet" if is_one => "गोळी",
        "tablet" => "गोळ्या",
        "capsule" => "कॅप्सूल",
        "ml" => "मि.ली.",
        "drop" => "थेंब",
        "puff" => "पफ",
        "sachet" if is_one => "पाकीट",
        "sachet" => "पाकिटे",
        "suppository" => "सपोझिटरी",
        "patch" => "पॅच",
        "unit" => "युनिट",
        "vial" => "वायल",
        "ampoule" => "अँप्यूल",
        "application" if is_one => return "लावा".to_owned(),
        "application" => "वेळा लावा",
        _ => "मात्रा",
    };
    format!("{} {word}", amount_text(amount))
}

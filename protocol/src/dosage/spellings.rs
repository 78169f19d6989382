//! The words that a typed dosage is made of, in all the spellings that are known.

use super::{IntervalUnit, Meal};

/// How often, for the amount that was typed to it.
#[derive(Clone, Copy)]
pub(super) enum Often {
    Slots([f64; 4]),
    Bedtime,
    Every(u32, IntervalUnit),
    Stat,
    Prn,
    AsDirected,
}

/// Spellings, each a run of words.
pub(super) const OFTEN: &[(Often, &[&str])] = &[
    (Often::Slots([1.0, 0.0, 0.0, 0.0]), &["od", "om", "every morning", "in the morning", "morning"]),
    (Often::Slots([0.0, 1.0, 0.0, 0.0]), &["at noon", "noon", "in the afternoon", "afternoon"]),
    (Often::Slots([0.0, 0.0, 1.0, 0.0]), &["in the evening", "evening", "every evening"]),
    (Often::Slots([0.0, 0.0, 0.0, 1.0]), &["on", "at night", "night", "every night", "nightly"]),
    (
        Often::Slots([1.0, 0.0, 0.0, 1.0]),
        &[
            "bd",
            "bid",
            "twice a day",
            "twice daily",
            "twice",
            "two times a day",
            "2 times a day",
            "two times daily",
        ],
    ),
    (
        Often::Slots([1.0, 1.0, 0.0, 1.0]),
        &[
            "tds",
            "tid",
            "thrice a day",
            "thrice daily",
            "thrice",
            "three times a day",
            "3 times a day",
            "three times daily",
        ],
    ),
    (
        Often::Slots([1.0, 1.0, 1.0, 1.0]),
        &["qid", "qds", "four times a day", "4 times a day", "four times daily"],
    ),
    (Often::Bedtime, &["hs", "at bedtime", "bedtime", "before bed", "before sleep", "before sleeping"]),
    (
        Often::Every(1, IntervalUnit::Day),
        &["once a day", "once daily", "daily", "every day", "once every day"],
    ),
    (
        Often::Every(2, IntervalUnit::Day),
        &[
            "alt",
            "alternate days",
            "alternate day",
            "on alternate days",
            "every other day",
            "every alternate day",
        ],
    ),
    (
        Often::Every(7, IntervalUnit::Day),
        &["weekly", "once a week", "once weekly", "every week", "once every week"],
    ),
    (Often::Every(1, IntervalUnit::Hour), &["hourly", "every hour"]),
    (Often::Stat, &["stat", "now", "at once", "immediately", "single dose"]),
    (
        Often::Prn,
        &[
            "sos",
            "prn",
            "as needed",
            "when needed",
            "if needed",
            "if required",
            "when required",
            "as required",
        ],
    ),
    (Often::AsDirected, &["as directed", "ud", "as advised"]),
];

pub(super) const MEALS: &[(Meal, &[&str])] = &[
    (Meal::Before, &["ac", "bf", "b/f", "before food", "before meals", "before meal", "before eating"]),
    (Meal::After, &["pc", "af", "a/f", "after food", "after meals", "after meal", "after eating"]),
    (Meal::With, &["wf", "with food", "with meals", "with meal"]),
    (Meal::EmptyStomach, &["es", "on an empty stomach", "on empty stomach", "empty stomach"]),
];

pub(super) const ONGOING: &[&str] = &["cont", "continue", "to continue", "continued", "ongoing"];

/// Spellings of units with how many of the unit they are.
pub(super) const UNITS: &[(&str, f64, &[&str])] = &[
    ("tablet", 1.0, &["tab", "tabs", "tablet", "tablets"]),
    ("capsule", 1.0, &["cap", "caps", "capsule", "capsules"]),
    ("ml", 1.0, &["ml", "mls"]),
    // Kitchen spoons differ; these are the measuring spoons of the pharmacopoeia.
    ("ml", 5.0, &["tsp", "tsf", "teaspoon", "teaspoons", "teaspoonful", "teaspoonfuls"]),
    ("ml", 15.0, &["tbsp", "tablespoon", "tablespoons"]),
    ("unit", 1.0, &["unit", "units", "u", "iu"]),
    ("vial", 1.0, &["vial", "vials"]),
    ("ampoule", 1.0, &["ampoule", "ampoules", "amp", "amps"]),
    ("drop", 1.0, &["drop", "drops", "gtt"]),
    ("puff", 1.0, &["puff", "puffs"]),
    ("sachet", 1.0, &["sachet", "sachets"]),
    ("suppository", 1.0, &["supp", "suppository", "suppositories"]),
    ("patch", 1.0, &["patch", "patches"]),
    ("application", 1.0, &["application", "applications"]),
    ("dose", 1.0, &["dose", "doses"]),
];

/// Whether this word is a unit in which doses are counted.
pub(super) fn is_unit(word: &str) -> bool {
    UNITS.iter().any(|(.., spellings)| spellings.contains(&word))
}

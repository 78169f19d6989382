//! The words that a typed dosage is made of, in all the spellings that are known.

use super::{IntervalUnit, Meal, Route};

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
    (
        Often::Slots([1.0, 0.0, 0.0, 0.0]),
        &[
            "od",
            "om",
            "every morning",
            "in the morning",
            "morning",
            "od morning",
            "od in the morning",
            "once daily in the morning",
            "od daily",
            "daily morning",
            "daily in the morning",
            "mane",
            "subah",
            "subah ko",
        ],
    ),
    (
        Often::Slots([0.0, 1.0, 0.0, 0.0]),
        &["at noon", "noon", "in the afternoon", "afternoon", "dopahar", "dopahar ko"],
    ),
    (
        Often::Slots([0.0, 0.0, 1.0, 0.0]),
        &["in the evening", "evening", "every evening", "shaam", "shaam ko", "sham", "sham ko"],
    ),
    (
        Often::Slots([1.0, 0.0, 1.0, 0.0]),
        &[
            "morning and evening",
            "morning evening",
            "in the morning and evening",
            "subah shaam",
            "subah sham",
            "subah-shaam",
            "subah-sham",
        ],
    ),
    (
        Often::Slots([0.0, 0.0, 0.0, 1.0]),
        &[
            "on",
            "at night",
            "night",
            "every night",
            "nightly",
            "od night",
            "od at night",
            "once daily at night",
            "once a day at night",
            "daily at night",
            "daily night",
            "nocte",
            "raat",
            "raat ko",
        ],
    ),
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
            "2 times daily",
            "two times daily",
            "daily twice",
            "morning and night",
            "morning night",
            "in the morning and at night",
            "subah raat",
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
            "3 times daily",
            "three times daily",
            "daily thrice",
            "morning noon and night",
            "morning noon night",
            "morning afternoon and night",
            "subah dopahar raat",
        ],
    ),
    (
        Often::Slots([1.0, 1.0, 1.0, 1.0]),
        &["qid", "qds", "four times a day", "4 times a day", "four times daily", "4 times daily"],
    ),
    (
        Often::Bedtime,
        &[
            "hs",
            "at bedtime",
            "bedtime",
            "before bed",
            "before sleep",
            "before sleeping",
            "od hs",
            "hs od",
            "od at bedtime",
            "once daily at bedtime",
            "once a day at bedtime",
            "daily at bedtime",
        ],
    ),
    (
        Often::Every(1, IntervalUnit::Day),
        &["once a day", "once daily", "daily", "every day", "once every day", "daily once", "once in a day"],
    ),
    (
        Often::Every(2, IntervalUnit::Day),
        &[
            "alt",
            "alt day",
            "alt days",
            "on alt days",
            "eod",
            "alternate days",
            "alternate day",
            "on alternate days",
            "every other day",
            "every alternate day",
            "od alt",
            "od alt day",
            "od alt days",
            "od alternate day",
            "od alternate days",
            "od on alternate days",
        ],
    ),
    (
        Often::Every(7, IntervalUnit::Day),
        &[
            "weekly",
            "once a week",
            "once weekly",
            "every week",
            "once every week",
            "weekly once",
            "once in a week",
        ],
    ),
    (Often::Every(14, IntervalUnit::Day), &["fortnightly", "once a fortnight", "every fortnight"]),
    (Often::Every(30, IntervalUnit::Day), &["monthly", "once a month", "once monthly", "every month"]),
    (Often::Every(1, IntervalUnit::Hour), &["hourly", "every hour"]),
    (Often::Stat, &["stat", "now", "at once", "immediately", "single dose"]),
    (Often::Prn, WHEN_NEEDED),
    (Often::AsDirected, &["as directed", "ud", "as advised"]),
];

/// Also behind how often: `tds sos`.
pub(super) const WHEN_NEEDED: &[&str] =
    &["sos", "prn", "as needed", "when needed", "if needed", "if required", "when required", "as required"];

/// How often, where it can be no word of what it is taken for.
pub(super) const OFTEN_IN_SHORT: &[&str] =
    &["od", "bd", "bid", "tds", "tid", "qid", "qds", "hs", "sos", "prn", "stat"];

/// Behind a figure, they may say with it how often: `3 monthly` is every three months, or three every month.
pub(super) const MAY_BE_COUNTED: &[&str] = &["weekly", "fortnightly", "monthly"];

/// What is put on, without an amount.
pub(super) const APPLIED: &[&str] = &["apply", "l/a", "apply locally", "local application"];

/// What parts the steps of a taper.
pub(super) const THEN: &[&str] = &["then", "and then", "f/b", "followed by"];

/// Words that say when, or of how much, and are of no name.
pub(super) const OF_NO_NAME: &[&str] = &[
    "every", "hourly", "hrly", "hours", "times", "twice", "thrice", "sos", "prn", "baar", "goli", "goliyan",
    "chammach", "chamach", "boond",
];

/// Names behind which `ac` is no food but a part of the brand, for acne.
pub(super) const NAMED_AC: &[&str] = &["benzac", "persol", "retino"];

/// The time of the day at which a meal is taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Time {
    Morning,
    Noon,
    /// Dinner: in the evening or at night.
    Night,
}

/// Meals of one time, where the dose is of that time alone.
pub(super) const MEALS_OF_A_TIME: &[((Meal, Time), &[&str])] = &[
    ((Meal::Before, Time::Morning), &["before breakfast", "bbf"]),
    ((Meal::After, Time::Morning), &["after breakfast", "abf"]),
    ((Meal::Before, Time::Noon), &["before lunch"]),
    ((Meal::After, Time::Noon), &["after lunch"]),
    ((Meal::Before, Time::Night), &["before dinner"]),
    ((Meal::After, Time::Night), &["after dinner"]),
];

pub(super) const MEALS: &[(Meal, &[&str])] = &[
    (
        Meal::Before,
        &[
            "ac",
            "a/c",
            "bf",
            "b/f",
            "before food",
            "before meals",
            "before meal",
            "before eating",
            "khane se pehle",
            "khane se pahle",
            "khane ke pehle",
            "khane ke pahle",
        ],
    ),
    (
        Meal::After,
        &[
            "pc",
            "p/c",
            "af",
            "a/f",
            "after food",
            "after meals",
            "after meal",
            "after eating",
            "khane ke baad",
            "khane ke bad",
        ],
    ),
    (Meal::With, &["wf", "with food", "with meals", "with meal", "khane ke saath", "khane ke sath"]),
    (Meal::EmptyStomach, &["es", "on an empty stomach", "on empty stomach", "empty stomach", "khali pet"]),
];

/// "oral" is a word of names: `Candid oral`.
pub(super) const ROUTES: &[(Route, &[&str])] = &[
    (Route::Oral, &["po", "p/o", "by mouth", "per oral", "per os", "orally"]),
    (Route::Sublingual, &["sl", "s/l", "under the tongue", "sublingual", "sublingually"]),
    (Route::Topical, &["topical", "topically"]),
    (Route::Rectal, &["pr", "p/r", "per rectum", "rectally"]),
    (Route::Vaginal, &["pv", "p/v", "per vaginum", "vaginally"]),
    (Route::Muscle, &["im", "i/m", "intramuscular", "intramuscularly"]),
    (Route::Vein, &["iv", "i/v", "intravenous", "intravenously"]),
    (Route::Skin, &["sc", "s/c", "subcut", "subcutaneous", "subcutaneously"]),
];

pub(super) const ONGOING: &[&str] = &["cont", "continue", "to continue", "continued", "ongoing"];

/// Spellings of units with how many of the unit they are.
pub(super) const UNITS: &[(&str, f64, &[&str])] = &[
    ("tablet", 1.0, &["tab", "tabs", "tablet", "tablets"]),
    ("capsule", 1.0, &["cap", "caps", "capsule", "capsules"]),
    ("ml", 1.0, &["ml", "mls", "cc"]),
    // Kitchen spoons differ; these are the measuring spoons of the pharmacopoeia.
    ("ml", 5.0, &["tsp", "tsf", "teaspoon", "teaspoons", "teaspoonful", "teaspoonfuls"]),
    ("ml", 15.0, &["tbsp", "tablespoon", "tablespoons"]),
    ("unit", 1.0, &["unit", "units", "u", "iu"]),
    ("vial", 1.0, &["vial", "vials"]),
    ("ampoule", 1.0, &["ampoule", "ampoules", "amp", "amps"]),
    ("drop", 1.0, &["drop", "drops", "gtt"]),
    ("puff", 1.0, &["puff", "puffs", "sprays"]),
    ("sachet", 1.0, &["sachet", "sachets"]),
    ("suppository", 1.0, &["supp", "suppository", "suppositories"]),
    ("patch", 1.0, &["patch", "patches"]),
    ("application", 1.0, &["application", "applications"]),
    ("dose", 1.0, &["dose", "doses"]),
];

/// Whether this word is one in which liquids are measured.
pub(super) fn is_of_liquid(word: &str) -> bool {
    UNITS.iter().any(|(unit, _, spellings)| *unit == "ml" && spellings.contains(&word))
}

/// Whether this word is a unit in which doses are counted.
pub(super) fn is_unit(word: &str) -> bool {
    UNITS.iter().any(|(.., spellings)| spellings.contains(&word))
}

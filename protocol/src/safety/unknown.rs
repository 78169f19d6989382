//! Allergies of which the rules know nothing, so that no line is called checked for them.

use uuid::Uuid;

use super::care::{Allergen, singular};
use super::rules::Rules;
use super::{Chart, words};
use crate::table::TableName;

/// What is no medicine and in none. Peanuts, soya, eggs, milk, fish, gluten, gelatin and latex are not among it: some
/// medicines hold them.
const NO_MEDICINE: &[&str] = &[
    "almond",
    "ant",
    "banana",
    "bee",
    "brinjal",
    "cashew",
    "cat",
    "chocolate",
    "cockroach",
    "crab",
    "dog",
    "dust",
    "grass",
    "house dust",
    "insect",
    "mango",
    "mite",
    "mosquito",
    "mushroom",
    "parthenium",
    "perfume",
    "pet",
    "pollen",
    "prawn",
    "shrimp",
    "smoke",
    "strawberries",
    "strawberry",
    "sunlight",
    "tomato",
    "wasp",
    "बैंगन",
    "झींगा",
    "धुआं",
    "धुआँ",
    "धूल",
    "धूप",
    "पराग",
    "परागकण",
];

/// What stands beside it and names nothing: mostly what happened.
const BESIDE: &[&str] = &[
    "a",
    "all",
    "allergic",
    "allergy",
    "anaphylactic",
    "anaphylaxis",
    "and",
    "angioedema",
    "any",
    "bite",
    "blister",
    "body",
    "breathing",
    "breathlessness",
    "burning",
    "child",
    "childhood",
    "collapse",
    "derivatives",
    "difficulty",
    "dizziness",
    "edema",
    "eye",
    "face",
    "fever",
    "from",
    "giddiness",
    "group",
    "hair",
    "hives",
    "itching",
    "its",
    "known",
    "lip",
    "loose",
    "mild",
    "motions",
    "mouth",
    "nausea",
    "oedema",
    "of",
    "only",
    "or",
    "over",
    "pain",
    "rash",
    "reaction",
    "redness",
    "severe",
    "shock",
    "since",
    "skin",
    "sneezing",
    "sting",
    "swelling",
    "the",
    "throat",
    "to",
    "tongue",
    "urticaria",
    "vomiting",
    "wheeze",
    "whole",
    "with",
    "उल्टी",
    "एलर्जी",
    "और",
    "का",
    "की",
    "के",
    "खाज",
    "खुजली",
    "चेहरे",
    "दाने",
    "पर",
    "पुरळ",
    "बुखार",
    "में",
    "सूजन",
    "से",
];

/// What stands between two things that somebody is allergic to.
const BETWEEN: &[&str] = &["and", "or", "और", "या", "व", "आणि", "किंवा"];

/// What is noted as an allergy, in its own words, and means nothing to the rules; of one that they know in part, what they do
/// not know: the xyzol of `penicillin and xyzol`. A warning in words may be about anything: it counts where the patient is said
/// to have allergies and none is a row of its own.
pub(super) fn unknown_allergies(chart: &Chart, noted: &[Allergen<'_>], rules: &Rules) -> Vec<String> {
    let counts = |registration: Uuid| {
        let mut registrations = chart.registrations.iter();
        chart.allergies.is_empty() && registrations.any(|one| one.id == registration && one.has_allergies)
    };
    let mut found: Vec<String> = Vec::new();
    for one in noted {
        let is_allergy = one.place.table == TableName::PatientAllergies || counts(one.place.id);
        if !is_allergy || is_no_medicine(one.text) {
            continue;
        }
        let unknown = if one.is_known(rules) { unknown_parts(one, rules) } else { vec![one.text.to_owned()] };
        for text in unknown {
            if !found.contains(&text) {
                found.push(text);
            }
        }
    }
    found
}

/// Of an allergy that the rules know, the parts that they do not.
fn unknown_parts(allergy: &Allergen<'_>, rules: &Rules) -> Vec<String> {
    let (known, others): (Vec<String>, Vec<String>) =
        parts(allergy.text).into_iter().partition(|part| allergy.knows(part, rules));
    // What only its code means may stand in any of them.
    if known.is_empty() {
        return vec![];
    }
    others.into_iter().filter(|part| !names_nothing(part) && !is_no_medicine(part)).collect()
}

/// What may each be something else: `penicillin`, `xyzol`.
fn parts(text: &str) -> Vec<String> {
    let mut parts = Vec::new();
    for listed in text.split(['\n', ';', ',', '+', '&', '/']) {
        let typed: Vec<&str> = listed.split_whitespace().collect();
        let is_between = |word: &&str| BETWEEN.contains(&word.to_lowercase().as_str());
        parts.extend(typed.split(is_between).map(|part| part.join(" ")));
    }
    parts
}

/// Whether nothing of it can be what somebody is allergic to: words of what happened, figures, and letters as of `h/o`.
fn names_nothing(text: &str) -> bool {
    words(text).iter().all(|word| word.len() < 3 || is_beside(word))
}

fn is_beside(word: &str) -> bool {
    is_of(BESIDE, word) || word.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_of(list: &[&str], typed: &str) -> bool {
    list.iter().flat_map(|name| words(name)).any(|word| singular(&word) == singular(typed))
}

fn is_no_medicine(text: &str) -> bool {
    let typed = words(text);
    typed.iter().any(|word| is_of(NO_MEDICINE, word))
        && typed.iter().all(|word| is_of(NO_MEDICINE, word) || is_beside(word))
}

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

/// What stands beside it and names nothing.
const BESIDE: &[&str] = &[
    "a",
    "all",
    "allergic",
    "allergy",
    "and",
    "any",
    "bite",
    "breathlessness",
    "from",
    "hair",
    "hives",
    "itching",
    "known",
    "mild",
    "of",
    "only",
    "or",
    "rash",
    "reaction",
    "severe",
    "since",
    "sneezing",
    "sting",
    "swelling",
    "the",
    "to",
    "urticaria",
    "wheeze",
    "with",
    "एलर्जी",
    "और",
    "का",
    "की",
    "के",
    "से",
];

/// What is noted as an allergy, in its own words, and means nothing to the rules. A warning in words may be about anything: it
/// counts where the patient is said to have allergies and none is a row of its own.
pub(super) fn unknown_allergies<'a>(chart: &Chart, noted: &[Allergen<'a>], rules: &Rules) -> Vec<&'a str> {
    let counts = |registration: Uuid| {
        let mut registrations = chart.registrations.iter();
        chart.allergies.is_empty() && registrations.any(|one| one.id == registration && one.has_allergies)
    };
    let mut found: Vec<&str> = Vec::new();
    for one in noted {
        let is_allergy = one.place.table == TableName::PatientAllergies || counts(one.place.id);
        if is_allergy && !found.contains(&one.text) && !is_no_medicine(one.text) && !one.is_known(rules) {
            found.push(one.text);
        }
    }
    found
}

fn is_no_medicine(text: &str) -> bool {
    let is_of = |list: &[&str], typed: &str| {
        list.iter().flat_map(|name| words(name)).any(|word| singular(&word) == singular(typed))
    };
    let typed = words(text);
    typed.iter().any(|word| is_of(NO_MEDICINE, word))
        && typed.iter().all(|word| {
            is_of(NO_MEDICINE, word) || is_of(BESIDE, word) || word.bytes().all(|byte| byte.is_ascii_digit())
        })
}

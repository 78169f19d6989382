//! The most of a day, with what was signed before and still runs. It is the 23 November.

use serde_json::json;
use time::macros::date;

use super::tests::{Listed, Pad, listed};
use super::*;

fn with_ibuprofen() -> Listed {
    let parts = json!([{ "name": "Ibuprofen", "strength": "400 mg" }, { "name": "Paracetamol", "strength": "325 mg" }]);
    Listed("Ibuprofen + Paracetamol", parts, &["nsaid"], "oral")
}

/// What is said of the most of a day.
fn daily(pad: &Pad) -> Vec<(Severity, String)> {
    let found = pad.check().into_iter().flat_map(|line| line.findings);
    found.filter(|one| one.check == Check::DailyDose).map(|one| (one.severity, one.why)).collect()
}

#[test]
fn what_still_runs_counts_in_the_most_of_a_day_and_is_told_with_its_date() {
    let paracetamol = listed("Paracetamol", "650 mg", &[]);
    let pad = Pad::new().takes_dose(&with_ibuprofen(), date!(2026 - 11 - 21), "1-1-1 x5d");
    let pad = pad.line(&paracetamol, "2-2-1 x3d");
    let why = "Paracetamol: 4225 mg a day with what still runs is more than 4000 mg, the most for an adult. Of it, 975 \
               mg were prescribed on 21 Nov 2026.";
    assert_eq!(daily(&pad), [(Severity::Hold, why.to_owned())]);
    let found = pad.check().remove(0).findings;
    assert!(found.iter().any(|one| one.check == Check::DailyDose && one.signed.len() == 1));
    let ended = Pad::new().takes_dose(&with_ibuprofen(), date!(2026 - 11 - 18), "1-1-1 x5d");
    assert_eq!(daily(&ended.line(&paracetamol, "2-2-1 x3d")), [], "it ends today");
}

#[test]
fn more_than_the_most_of_a_day_in_the_draft_alone_is_said_as_before() {
    let paracetamol = listed("Paracetamol", "650 mg", &[]);
    let pad = Pad::new().takes_dose(&with_ibuprofen(), date!(2026 - 11 - 21), "1-1-1 x5d");
    let why = "Paracetamol: 5200 mg a day is more than 4000 mg, the most for an adult.";
    assert_eq!(daily(&pad.line(&paracetamol, "2 q6h x3d")), [(Severity::Hold, why.to_owned())]);
}

#[test]
fn a_medicine_that_is_written_anew_may_take_the_place_of_the_old_one_and_is_not_held() {
    let (five, ten) = (listed("Amlodipine", "5 mg", &[]), listed("Amlodipine", "10 mg", &[]));
    let pad = Pad::new().takes_dose(&five, date!(2026 - 11 - 01), "1-0-0 x30d").line(&ten, "1-0-0 x30d");
    assert!(matches!(&daily(&pad)[..], [(Severity::Caution, _)]), "{:?}", daily(&pad));
    // In another strength in one line, and once more in a combination: the second one tells.
    let (of_500, of_650) = (listed("Paracetamol", "500 mg", &[]), listed("Paracetamol", "650 mg", &[]));
    let pad = Pad::new().takes_dose(&of_650, date!(2026 - 11 - 21), "1-1-1 x5d");
    let pad = pad.line(&of_500, "1-1-1 x5d").line(&with_ibuprofen(), "1-1-0 x5d");
    assert!(matches!(&daily(&pad)[..], [(Severity::Caution, _)]), "{:?}", daily(&pad));
}

#[test]
fn a_product_that_is_renewed_before_it_ends_counts_once() {
    let paracetamol = listed("Paracetamol", "650 mg", &[]);
    let runs = || Pad::new().takes_dose(&paracetamol, date!(2026 - 11 - 21), "2-1-2 x5d");
    let renewed = runs().line(&paracetamol, "2-1-2 x5d");
    assert_eq!(daily(&renewed), []);
    let is_told = renewed.check()[0].findings.iter().any(|one| one.check == Check::SameIngredient);
    assert!(is_told, "that it still runs is said all the same");
    // In a smaller dose the old one may still be taken until it ends, and in a larger one the new one is.
    assert_eq!(daily(&runs().line(&paracetamol, "1-0-1 x5d")), []);
    assert_eq!(daily(&runs().line(&paracetamol, "2-2-2 x5d")), []);
    let beside = runs().line(&paracetamol, "1-0-1 x5d").line(&with_ibuprofen(), "1-1-1 x5d");
    assert!(matches!(&daily(&beside)[..], [(_, why)] if why.starts_with("Paracetamol: 4225 mg a day")));
    // It was renewed before, and is written a third time.
    let twice = runs().takes_dose(&paracetamol, date!(2026 - 11 - 22), "2-1-2 x5d");
    assert_eq!(daily(&twice.line(&paracetamol, "2-1-2 x5d")), []);
}

#[test]
fn what_is_not_renewed_but_written_twice_counts_twice_of_one_product_too() {
    let paracetamol = listed("Paracetamol", "650 mg", &[]);
    let told = |on: Date, runs: &str, written: &str| {
        daily(&Pad::new().takes_dose(&paracetamol, on, runs).line(&paracetamol, written))
    };
    let is_mg = |found: &[(Severity, String)], mg: &str| matches!(found, [(Severity::Caution, why)] if why.starts_with(&format!("Paracetamol: {mg} mg a day with")));
    let today = date!(2026 - 11 - 23);
    let twice = told(today, "2-1-2 x5d", "1-0-1 x5d");
    assert!(is_mg(&twice, "4550"), "by two doctors on one day: {twice:?}");
    let at_once = told(today, "4 stat", "1-1-1 x5d");
    assert!(is_mg(&at_once, "4550"), "it was taken this morning: {at_once:?}");
    let also_at_once = told(date!(2026 - 11 - 21), "2-1-2 x5d", "2 stat");
    assert!(is_mg(&also_at_once, "4550"), "on top of what runs: {also_at_once:?}");
    let when_needed = told(date!(2026 - 11 - 21), "1 sos max 4 x5d", "1-1-1 x5d");
    assert!(is_mg(&when_needed, "4550"), "fever, and pain: {when_needed:?}");
    let beside_regular = told(date!(2026 - 11 - 21), "1-1-1 x5d", "1 sos max 4 x5d");
    assert!(is_mg(&beside_regular, "4550"), "{beside_regular:?}");
    assert_eq!(told(date!(2026 - 11 - 21), "1 sos max 5 x5d", "1 sos max 4 x5d"), [], "that is a renewal");
}

#[test]
fn whoever_has_a_product_for_weeks_does_not_come_for_the_next_of_it() {
    let paracetamol = listed("Paracetamol", "650 mg", &[]);
    let runs = |on: Date, dose: &str| Pad::new().takes_dose(&paracetamol, on, dose);
    let early = daily(&runs(date!(2026 - 11 - 20), "2-1-2 x30d").line(&paracetamol, "2-1-2 x5d"));
    assert!(matches!(&early[..], [(Severity::Caution, why)] if why.contains("6500 mg a day")), "{early:?}");
    assert_eq!(daily(&runs(date!(2026 - 11 - 01), "2-1-2 x30d").line(&paracetamol, "2-1-2 x30d")), []);
    assert_eq!(daily(&runs(date!(2026 - 11 - 01), "2-1-2 cont").line(&paracetamol, "2-1-2 cont")), []);
    let begun = daily(&runs(date!(2026 - 11 - 20), "2-1-2 cont").line(&paracetamol, "2-1-2 cont"));
    assert!(matches!(&begun[..], [(Severity::Caution, _)]), "it was begun three days ago: {begun:?}");
    // What was renewed three days ago was renewed in time: beside another medicine it counts once.
    let renewed = runs(date!(2026 - 11 - 01), "2-1-2 x30d");
    let renewed = renewed.takes_dose(&paracetamol, date!(2026 - 11 - 20), "2-1-2 x30d");
    let beside = daily(&renewed.line(&with_ibuprofen(), "1-1-1 x5d"));
    assert!(matches!(&beside[..], [(Severity::Hold, why)] if why.contains("4225 mg a day")), "{beside:?}");
}

#[test]
fn what_runs_beside_a_renewed_product_is_held_only_for_what_is_taken() {
    let paracetamol = listed("Paracetamol", "650 mg", &[]);
    let signed = date!(2026 - 11 - 21);
    let runs = || {
        let pad = Pad::new().takes_dose(&paracetamol, signed, "1-1-1 x5d");
        pad.takes_dose(&with_ibuprofen(), signed, "1-1-1 x5d")
    };
    assert_eq!(daily(&runs().line(&paracetamol, "1-1-1 x5d")), [], "2925 mg");
    let more = daily(&runs().line(&paracetamol, "2-1-2 x5d"));
    assert!(matches!(&more[..], [(Severity::Hold, why)] if why.contains("4225 mg a day")), "{more:?}");
}

#[test]
fn a_prescription_that_is_renewed_whole_counts_once_in_each_of_its_lines() {
    let (paracetamol, both) = (listed("Paracetamol", "650 mg", &[]), with_ibuprofen());
    let signed = date!(2026 - 11 - 21);
    let pad = Pad::new().takes_dose(&paracetamol, signed, "1-1-1 x5d").takes_dose(&both, signed, "1-1-1 x5d");
    let pad = pad.line(&paracetamol, "1-1-1 x5d").line(&both, "1-1-1 x5d");
    assert_eq!(daily(&pad), []);
    let other = listed("Paracetamol", "500 mg", &[]);
    let pad = Pad::new().takes_dose(&paracetamol, signed, "1-1-1 x5d").takes_dose(&both, signed, "1-1-1 x5d");
    let pad = pad.line(&other, "1-1-1 x5d").line(&both, "1-1-1 x5d");
    let found: Vec<Severity> = daily(&pad).into_iter().map(|(severity, _)| severity).collect();
    assert_eq!(found, [Severity::Caution, Severity::Caution], "in another strength none is held");
}

#[test]
fn only_what_is_certain_of_what_still_runs_is_counted() {
    let paracetamol = listed("Paracetamol", "650 mg", &[]);
    let over = |pad: Pad| !daily(&pad.line(&with_ibuprofen(), "2-2-2 x3d")).is_empty();
    let taken = |dose: &str| Pad::new().takes_dose(&paracetamol, date!(2026 - 11 - 21), dose);
    assert!(over(taken("2-0-2 x5d")));
    assert!(over(taken("1 sos max 4 x5d")));
    assert!(over(taken("4-0-0 x5d then 2-0-0 cont")));
    assert!(!over(taken("1-0-0 x5d")), "it is not more");
    assert!(!over(taken("2 sos x5d")), "nobody said how often");
    assert!(!over(taken("4 stat")), "it was taken the day before yesterday");
    assert!(!over(taken("4-0-0 x2d then 1-0-0 x5d")), "the first step has ended");
    let unread = Pad::new().takes(&paracetamol, date!(2026 - 11 - 21), Some(5));
    assert!(!over(unread), "its dose is not known");
}

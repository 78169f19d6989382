//! Runs that must be good, and the same each time. The many are played by `cargo xtask test` itself.

use std::path::Path;

use clinic_simulator::{Counts, Mistake, Plan, play, run, shrink, simulate};
use serde::Deserialize;
use serde_json::{Value, json};

/// A run that once failed, at its shortest.
#[derive(Deserialize)]
struct Kept {
    /// What was wrong.
    what: String,
    plan: Plan,
}

#[test]
fn runs_are_good_and_meet_with_every_fate() {
    // Others than those that are played with every test.
    let report = simulate(1_000_000, 300);
    let failures = report.failures;
    assert!(failures.is_empty(), "cargo xtask simulate --first-seed … tells what happened: {failures:?}");
    let counts = report.counts;
    assert!(report.seeds == 300 && counts.deeds > 2_000, "people did something: {counts:?}");
    assert!(counts.fates.iter().all(|n| *n > 0), "it met with every fate: {counts:?}");
    assert!(counts.taken_up > 0, "doctors signed what was prepared: {counts:?}");
    assert!(counts.files_shown > 0, "somebody saw an attached file: {counts:?}");
    assert!(counts.wiped > counts.came_back && counts.came_back > 0, "computers were wiped: {counts:?}");
    assert!(counts.waited > 0, "some of them after a day, without an admin's word: {counts:?}");
    let faults = counts.by_kind();
    assert!(faults.iter().all(|(_, count)| *count > 0), "and everything that can went wrong: {faults:?}");
}

/// A run in good weather: when, at which desktop, what, and its dice.
fn quiet(n_desks: usize, steps: &[(u64, usize, Value, u64)]) -> Counts {
    let steps: Vec<Value> = steps
        .iter()
        .map(|(at_ms, desk, what, roll)| json!({ "at_ms": at_ms, "desk": desk, "what": what, "roll": roll }))
        .collect();
    let weather = json!({ "lost": 0, "repeated": 0, "cut": 0, "stale": 0, "delay_ms": 50 });
    let plan = json!({ "seed": 1, "n_desks": [n_desks], "weather": weather, "page": 5000, "is_server_newer": false,
        "steps": steps });
    let outcome = play(&serde_json::from_value(plan).expect("BUG: a plan"), false);
    assert_eq!(outcome.wrong, Vec::<String>::new());
    outcome.counts
}

#[test]
fn what_a_nurse_prepares_is_signed_in_the_doctors_room() {
    let counts = quiet(
        4,
        &[(30_000, 3, json!({ "Deed": "Prepare" }), 11), (90_000, 0, json!({ "Deed": "TakeUp" }), 12)],
    );
    assert_eq!((counts.deeds, counts.taken_up), (2, 1));
}

#[test]
fn a_file_is_shown_where_it_was_not_attached() {
    let attached = (30_000, 0, json!({ "Deed": "Attach" }), 11);
    let at_the_end = quiet(2, std::slice::from_ref(&attached)).files_shown;
    let counts = quiet(2, &[attached, (90_000, 1, json!({ "Deed": "Open" }), 12)]);
    assert_eq!((at_the_end, counts.files_shown), (2, 3));
}

#[test]
fn a_computer_out_of_service_is_wiped_once_it_has_handed_over_what_it_had() {
    // With these dice it is taken out of service at once, and an admin's computer agrees.
    let counts = quiet(
        2,
        &[
            (30_000, 1, json!({ "Deed": "Register" }), 11),
            (30_500, 1, json!({ "Fault": "Revoked" }), 3),
            (60_000, 0, json!({ "Deed": "Register" }), 12),
        ],
    );
    assert_eq!((counts.deeds, counts.wiped), (2, 1));
}

#[test]
fn a_computer_on_which_no_admin_agreed_is_wiped_once_it_has_waited_for_a_day() {
    // With these dice it is taken out of service at once, and nobody agrees: with the first its day passes, with the second
    // it does not.
    let wiped = |roll| {
        let counts = quiet(
            2,
            &[
                (30_000, 1, json!({ "Deed": "Register" }), 11),
                (30_500, 1, json!({ "Fault": "Revoked" }), roll),
                (60_000, 0, json!({ "Deed": "Register" }), 12),
            ],
        );
        (counts.deeds, counts.wiped, counts.waited)
    };
    assert_eq!((wiped(12), wiped(41)), ((2, 1, 1), (2, 0, 0)));
}

#[test]
fn what_a_restore_lost_while_a_computer_waits_is_handed_over_once_more_before_it_is_wiped() {
    // It waits when the server is restored to before anything was done.
    let counts = quiet(
        2,
        &[
            (30_000, 1, json!({ "Deed": "Register" }), 11),
            (30_500, 1, json!({ "Fault": "Revoked" }), 7),
            (60_000, 0, json!({ "Fault": "Restored" }), 12),
            (60_500, 0, json!({ "Deed": "Register" }), 12),
        ],
    );
    assert_eq!((counts.deeds, counts.wiped, counts.waited), (2, 1, 1));
    // Each change is on the server: that of the computer in service, and what waits for a person of the other one.
    assert_eq!((counts.fates.iter().sum::<u64>(), counts.fates[3]), (2, 1));
}

#[test]
fn a_restore_takes_what_a_wiped_computer_had_handed_over_and_nothing_else() {
    // An admin's computer agrees, so it is wiped when the server is restored.
    let counts = quiet(
        2,
        &[
            (30_000, 1, json!({ "Deed": "Register" }), 11),
            (30_500, 1, json!({ "Fault": "Revoked" }), 3),
            (60_000, 0, json!({ "Deed": "Register" }), 12),
            (90_000, 0, json!({ "Fault": "Restored" }), 12),
        ],
    );
    assert_eq!((counts.deeds, counts.wiped, counts.waited), (2, 1, 0));
    assert_eq!(counts.fates.iter().sum::<u64>(), 1);
}

#[test]
fn a_seed_gives_the_same_run_byte_for_byte() {
    for seed in [1, 7, 42, 1_000_003] {
        let (one, other) = (play(&Plan::of(seed), true), play(&Plan::of(seed), true));
        assert_eq!(one.log, other.log, "seed {seed}");
        assert_eq!(one.trace, other.trace, "seed {seed}");
        assert_ne!(one.trace, run(seed + 1).trace);
    }
}

#[test]
fn a_server_that_makes_a_mistake_is_found_out_and_the_run_that_shows_it_gets_shorter() {
    for mistake in Mistake::ALL {
        let mut plans = (0..200).map(|seed| Plan { mistake: Some(mistake), ..Plan::of(seed) });
        let found = plans.find(|plan| !play(plan, false).wrong.is_empty());
        let found = found.unwrap_or_else(|| panic!("{mistake:?} was not found"));
        let least = shrink(&found);
        assert!(!play(&least, false).wrong.is_empty(), "{mistake:?}");
        assert!(least.steps.len() <= 10, "{mistake:?} needs {} steps", least.steps.len());
    }
}

#[test]
fn what_once_failed_is_good() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kept");
    let files = std::fs::read_dir(folder).expect("BUG: the folder of what once failed");
    for file in files {
        let path = file.expect("BUG: a file").path();
        let text = std::fs::read_to_string(&path).expect("BUG: a readable file");
        let Kept { what, plan } = serde_json::from_str(&text).expect("BUG: a plan");
        assert_eq!(play(&plan, false).wrong, Vec::<String>::new(), "{}: {what}", path.display());
    }
}

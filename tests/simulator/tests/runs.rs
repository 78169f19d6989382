//! Runs that must be good, and the same each time.

use clinic_simulator::{Mistake, Plan, play, run, shrink, simulate};

/// Seeds that once failed, each with what was wrong.
const ONCE_FAILED: &[(u64, &str)] =
    &[(291, "two computers with one disk got no tokens any more, and no rows"), (616, "the same")];

#[test]
fn two_thousand_runs_are_good() {
    let report = simulate(0, 2_000);
    let failures = report.failures;
    assert!(failures.is_empty(), "cargo xtask simulate --first-seed … tells what happened: {failures:?}");
    assert_eq!(report.seeds, 2_000);
    let counts = report.counts;
    assert!(counts.deeds > 15_000, "people did something: {counts:?}");
    assert!(counts.fates.iter().all(|n| *n > 20), "it met with every fate: {counts:?}");
    assert!(counts.faults > 15_000, "and something went wrong: {counts:?}");
}

#[test]
fn a_seed_gives_the_same_run_byte_for_byte() {
    for seed in [1, 7, 42, 1_000_003] {
        let (one, other) = (run(seed), run(seed));
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
    for (seed, what) in ONCE_FAILED {
        assert_eq!(run(*seed).wrong, Vec::<String>::new(), "seed {seed}: {what}");
    }
}

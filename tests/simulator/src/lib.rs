//! Several desktops and a server in one thread, driven by one number: the same number gives the same run, byte for
//! byte. Real are the rules of `protocol`, the desktops' encrypted files, their replica and their engine; the server's
//! database, the network, the time and chance are the run's.

mod check;
mod clinic;
mod counts;
mod deeds;
mod desk;
mod dice;
mod faults;
mod network;
mod openings;
mod plan;
mod power;
mod room;
mod server;
mod shrink;
mod stations;
mod timeline;
mod wiping;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use counts::Counts;
pub use plan::{Plan, Step};
pub use server::Mistake;
pub use shrink::shrink;

use timeline::Timeline;
use world::World;

/// What came of a run.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What is wrong; nothing, if the run is good.
    pub wrong: Vec<String>,
    /// A hash of all that happened.
    pub trace: String,
    /// How much happened.
    pub counts: Counts,
    /// What happened, in words, if that was asked for.
    pub log: Vec<String>,
}

/// Plays a plan, and checks the world at its end.
pub fn play(plan: &Plan, is_told: bool) -> Outcome {
    let time = Timeline::default();
    if is_told {
        time.keep_log();
    }
    let kept = time.clone();
    let played = catch_unwind(AssertUnwindSafe(|| {
        let mut world = World::new(plan, time);
        world.play();
        (check::check(&world), world.counts)
    }));
    let (wrong, counts) = played.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        (vec![format!("it panicked: {}", text.unwrap_or_default())], Counts::default())
    });
    Outcome { wrong, trace: kept.trace(), counts, log: kept.log() }
}

/// Plays the run of a seed.
pub fn run(seed: u64) -> Outcome {
    play(&Plan::of(seed), false)
}

/// What came of many runs.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// How many runs.
    pub seeds: u64,
    /// How much happened in them.
    pub counts: Counts,
    /// Seeds whose runs were not good, with what was wrong.
    pub failures: Vec<(u64, Vec<String>)>,
}

/// Plays the runs of these seeds, on as many threads as there are processors.
pub fn simulate(first: u64, n_seeds: u64) -> Report {
    let n_threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let reports = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..n_threads)
            .map(|thread| {
                scope.spawn(move || {
                    let mut report = Report::default();
                    for seed in (first..first + n_seeds).skip(thread as usize).step_by(n_threads as usize) {
                        let outcome = run(seed);
                        report.seeds += 1;
                        report.counts.add(outcome.counts);
                        if !outcome.wrong.is_empty() {
                            report.failures.push((seed, outcome.wrong));
                        }
                    }
                    report
                })
            })
            .collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).collect::<Vec<_>>()
    });
    let mut all = Report::default();
    for report in reports {
        all.seeds += report.seeds;
        all.counts.add(report.counts);
        all.failures.extend(report.failures);
    }
    all.failures.sort();
    all
}

//! `clinic-simulator`: plays runs, and tells what was wrong in them. `cargo xtask simulate` starts it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use clinic_simulator::{Outcome, Plan, play, shrink, simulate};
use serde_json::json;

/// Plays the runs of many seeds.
#[derive(Parser)]
struct Args {
    /// How many.
    #[arg(long, default_value_t = 2_000)]
    seeds: u64,
    /// From this one on.
    #[arg(long, default_value_t = 0)]
    first_seed: u64,
    /// Tell everything that happens in the first run.
    #[arg(long)]
    tell: bool,
}

#[expect(clippy::print_stdout, reason = "this is a command's output")]
fn main() -> ExitCode {
    let args = Args::parse();
    if args.tell {
        let outcome = play(&Plan::of(args.first_seed), true);
        outcome.log.iter().chain(&outcome.wrong).for_each(|line| println!("{line}"));
        return ExitCode::from(u8::from(!outcome.wrong.is_empty()));
    }
    // What fails is told below, and not where it happened.
    std::panic::set_hook(Box::new(|_| {}));
    let report = simulate(args.first_seed, args.seeds);
    println!("seeds      {}", report.seeds);
    println!(
        "operations {} changes saved, {} prescriptions signed from drafts that were prepared, {} files shown, {} requests",
        report.counts.deeds, report.counts.taken_up, report.counts.files_shown, report.counts.requests
    );
    println!(
        "wiped      {} computers, {} of them after a day, {} enrolled again",
        report.counts.wiped, report.counts.waited, report.counts.came_back
    );
    let [applied, merged, conflict, quarantined, blocked, replaced, discarded] = report.counts.fates;
    println!(
        "fates      {applied} applied, {merged} merged, {conflict} conflict, {quarantined} quarantined, {blocked} blocked, {replaced} replaced, {discarded} discarded"
    );
    let faults = report.counts.by_kind();
    println!("faults     {}", faults.iter().map(|(_, count)| count).sum::<u64>());
    for kinds in faults.chunks(5) {
        let kinds: Vec<String> = kinds.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        println!("           {}", kinds.join(", "));
    }
    println!("failures   {}", report.failures.len());
    if report.seeds < args.seeds {
        println!(
            "Of {} runs only {} came to an end: the simulator itself broke off.",
            args.seeds, report.seeds
        );
        return ExitCode::FAILURE;
    }
    for (seed, wrong) in &report.failures {
        println!("\nseed {seed}");
        wrong.iter().take(5).for_each(|line| println!("  {line}"));
    }
    if let Some((seed, _)) = report.failures.first() {
        let least = shrink(&Plan::of(*seed));
        let outcome = play(&least, true);
        println!("\nseed {seed} fails with these steps alone:");
        least.steps.iter().for_each(|step| println!("  {step:?}"));
        println!("with desktops {:?}, pages of {} rows, {:?}", least.n_desks, least.page, least.weather);
        println!("and this happens:");
        outcome.log.iter().chain(&outcome.wrong).for_each(|line| println!("  {line}"));
        match keep(*seed, &least, &outcome) {
            Ok(path) => {
                println!("it is kept in {}: give it a name, and say there what was wrong", path.display());
            }
            Err(error) => println!("it could not be kept: {error}"),
        }
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Keeps a run that fails among the tests, at its shortest.
fn keep(seed: u64, least: &Plan, outcome: &Outcome) -> std::io::Result<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/kept/seed_{seed}.json"));
    let kept = json!({ "what": outcome.wrong.first(), "plan": least });
    std::fs::write(&path, format!("{kept:#}\n"))?;
    Ok(path)
}

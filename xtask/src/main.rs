//! `cargo xtask …`: everything that is done with this repository, each by one command.

mod bans;
mod bench;
mod checks;
mod demo;
mod installer;
mod setup;
mod shell;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Runs, tests and measures Clinic Desk", bin_name = "cargo xtask")]
struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// The product, running: database, sync server, a demo clinic and the window.
    ///
    /// Without a display the window runs under a virtual one, a tour drives it through a prescription
    /// written during an outage, and screenshots and a summary are left in target/demo/tour.
    Demo {
        /// Throw the demo's data away and start anew.
        #[arg(long)]
        fresh: bool,
        /// Drive the tour under a virtual display even if there is a real one.
        #[arg(long)]
        tour: bool,
    },
    /// Everything that must pass, of every language, the real window included.
    Test,
    /// Measures, as ratios to a floor measured in the same run.
    Bench {
        /// What to measure.
        #[arg(value_enum)]
        name: bench::Name,
        /// Also write the results, as JSON, to this file.
        #[arg(long)]
        json: Option<PathBuf>,
        /// What the benchmark itself takes, after `--`.
        #[arg(last = true)]
        options: Vec<String>,
    },
    /// Packs the desktop as clinics get it: the installer of this system.
    Installer,
    /// Plays runs of several desktops and a server over a faulty network, each driven by its seed alone, and checks
    /// that nothing was lost. Fails if a run does, and prints its shortest form.
    Simulate {
        /// How many runs.
        #[arg(long, default_value_t = 2_000)]
        seeds: u64,
        /// From which seed on.
        #[arg(long, default_value_t = 0)]
        first_seed: u64,
        /// Tell everything that happens in the first run, and play no other.
        #[arg(long)]
        tell: bool,
    },
    /// Writes anew what is generated: the window's types and the checked queries' data.
    Generate,
}

fn main() -> anyhow::Result<()> {
    match Args::parse().task {
        Task::Demo { fresh, tour } => demo::run(fresh, tour),
        Task::Test => checks::run(),
        Task::Bench { name, json, options } => bench::run(name, json.as_deref(), &options),
        Task::Installer => installer::run(),
        Task::Simulate { seeds, first_seed, tell } => simulate(seeds, first_seed, tell),
        Task::Generate => checks::generate(),
    }
}

fn simulate(seeds: u64, first_seed: u64, tell: bool) -> anyhow::Result<()> {
    let (seeds, first_seed) = (seeds.to_string(), first_seed.to_string());
    let mut args = vec!["run", "--quiet", "--profile", "quick", "-p", "clinic-simulator", "--"];
    args.extend(["--seeds", &seeds, "--first-seed", &first_seed]);
    args.extend(tell.then_some("--tell"));
    shell::cargo(&args)
}

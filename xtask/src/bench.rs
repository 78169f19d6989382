//! `cargo xtask bench`: measures in release mode, and prints each number beside a floor of the same run.

use std::path::Path;

use anyhow::Context;
use clap::ValueEnum;
use serde_json::{Value, json};

use crate::installer;
use crate::setup::{self, Need};
use crate::shell::{self, say};

/// What can be measured.
#[derive(Clone, Copy, ValueEnum)]
pub enum Name {
    /// The consultation in the real window: starting, typing, signing, and the keys that it takes.
    Consult,
    /// Finding a patient among 50,000 in the encrypted replica.
    Replica,
    /// A new desktop, a change on its way to another one, and what waited offline.
    Sync,
    /// What row security costs among 1,000 tenants of 10,000 rows.
    Tenancy,
}

impl Name {
    /// The package, its features, and the example in it.
    fn example(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Consult => ("clinic-tests", "", "consult_bench"),
            Self::Replica => ("replica", "testing", "finder_bench"),
            Self::Sync => ("clinic-tests", "", "sync_bench"),
            Self::Tenancy => ("clinic-sync", "", "tenancy_bench"),
        }
    }
}

/// Builds and runs a benchmark, prints its table, and writes its results to `json` if given: an array of
/// `{name, unit, value, floor, ratio, goal, met}`. `options` are the benchmark's own.
pub fn run(name: Name, json: Option<&Path>, options: &[String]) -> anyhow::Result<()> {
    let (package, features, example) = name.example();
    if matches!(name, Name::Consult) {
        setup::packages(Need::Window)?;
        setup::npm_packages()?;
        setup::build_ui()?;
        // One after the other: both pack the same files of the UI, and neither waits for the other to end that.
        for program in [["--bin", "clinic-desk"], ["--example", "empty_window"]] {
            let window = ["build", "--release", "-p", "clinic-desk", "--features", "driven"];
            shell::cargo(&[window.as_slice(), &program].concat())?;
        }
    }
    shell::cargo(&["build", "--release", "-p", package, "--features", features, "--example", example])?;
    let program = shell::binary(&format!("examples/{example}"), "release");
    let mut benchmark = shell::command(program, options);
    benchmark.stderr(std::process::Stdio::inherit());
    let text = shell::output(benchmark)?;
    let mut results: Vec<Value> = serde_json::from_str(&text).context("a benchmark prints JSON")?;
    if matches!(name, Name::Consult) {
        results.push(json!({ "name": "the installer", "unit": "MB", "value": installer::size()? }));
    }
    say(&format!("{:<72} {:>10} {:>10} {:>7} {:>10}", "what", "value", "floor", "ratio", "goal"));
    for result in &results {
        let text = |name: &str| result[name].as_str().unwrap_or_default().to_owned();
        let number =
            |name: &str| result[name].as_f64().map_or("-".to_owned(), |number| format!("{number:.3}"));
        say(&format!(
            "{:<72} {:>7} {} {:>7} {} {:>7} {:>7} {} {}",
            text("name"),
            number("value"),
            text("unit"),
            number("floor"),
            text("unit"),
            number("ratio"),
            number("goal"),
            text("unit"),
            match result["met"].as_bool() {
                Some(true) => "met",
                Some(false) => "NOT MET",
                None => "",
            },
        ));
    }
    if let Some(json) = json {
        let text = serde_json::to_string_pretty(&results)?;
        std::fs::write(json, text).with_context(|| format!("{} was not written", json.display()))?;
    }
    Ok(())
}

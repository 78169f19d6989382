//! The demo: a clinic with its server, database, staff and patients, all of it ordinary. Nothing in the
//! product knows that it is a demo; this program does what an operator and a clinic's admin would do.

mod clinic;
#[cfg(target_os = "linux")]
mod tour;

use std::path::PathBuf;

use clap::Parser;

use crate::clinic::{Clinic, DESK};

#[derive(Parser)]
struct Args {
    /// Where the demo keeps everything.
    #[arg(long)]
    folder: PathBuf,
    /// Throw away what is there.
    #[arg(long)]
    fresh: bool,
    /// Drive the window under a virtual display instead of opening it for a person.
    #[arg(long)]
    tour: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    if args.fresh && args.folder.exists() {
        std::fs::remove_dir_all(&args.folder)?;
    }
    std::fs::create_dir_all(&args.folder)?;
    let folder = args.folder.canonicalize()?;
    if args.tour {
        return tour(folder).await;
    }
    let clinic = Clinic::open(folder)?;
    clinic.enrol_once(DESK, std::process::Command::new)?;
    say(&clinic.welcome());
    clinic.window(tokio::signal::ctrl_c()).await
}

#[cfg(target_os = "linux")]
async fn tour(folder: PathBuf) -> anyhow::Result<()> {
    tour::run(folder).await
}

#[cfg(not(target_os = "linux"))]
async fn tour(_: PathBuf) -> anyhow::Result<()> {
    anyhow::bail!(
        "the tour needs WebKit's driver, which is on Linux only; `cargo xtask demo` opens the window"
    )
}

/// Tells the person at the terminal.
pub fn say(text: &str) {
    #[expect(clippy::print_stdout, reason = "this is a command's output")]
    {
        println!("{text}");
    }
}

//! The installer: what a clinic gets of the desktop, packed by Tauri's own tool.

use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::setup::{self, Need};
use crate::shell::{self, say};

/// What is packed on this system, and how its file ends.
const KIND: (&str, &str) = if cfg!(windows) {
    ("nsis", "exe")
} else if cfg!(target_os = "macos") {
    ("dmg", "dmg")
} else {
    ("deb", "deb")
};

/// Builds the desktop as clinics get it and packs it; says where the file lies.
pub fn run() -> anyhow::Result<()> {
    setup::packages(Need::Window)?;
    setup::npm_packages()?;
    setup::build_ui()?;
    shell::cargo(&["build", "--locked", "--release", "-p", "clinic-desk", "--bin", "clinic-desk"])?;
    let file = pack()?;
    say(&format!("{} ({:.1} MB)", file.display(), megabytes(&file)?));
    Ok(())
}

/// How large an installer of the program is that lies built for release, in MB. It is not left there: what is measured can
/// be driven from outside, and is for no clinic.
pub fn size() -> anyhow::Result<f64> {
    let file = pack()?;
    let size = megabytes(&file)?;
    std::fs::remove_dir_all(folder()).context("the measured installer was not removed")?;
    Ok(size)
}

fn pack() -> anyhow::Result<PathBuf> {
    if folder().exists() {
        std::fs::remove_dir_all(folder()).context("an old installer was not removed")?;
    }
    let (kind, ending) = KIND;
    let tool = "ui/node_modules/@tauri-apps/cli/tauri.js";
    let mut tauri = shell::command("node", [tool, "bundle", "--ci", "--bundles", kind]);
    tauri.env("CARGO_TARGET_DIR", shell::target_dir());
    shell::run(tauri)?;
    let entries = std::fs::read_dir(folder()).context("nothing was packed")?;
    let mut files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    files.find(|file| file.extension().is_some_and(|end| end == ending)).context("nothing was packed")
}

fn folder() -> PathBuf {
    shell::target_dir().join("release/bundle").join(KIND.0)
}

fn megabytes(file: &Path) -> anyhow::Result<f64> {
    Ok(std::fs::metadata(file).with_context(|| format!("{} is gone", file.display()))?.len() as f64 / 1e6)
}

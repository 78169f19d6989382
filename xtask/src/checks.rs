//! `cargo xtask test`: everything that must pass, in the order in which it fails soonest.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::bail;

use crate::bans;
use crate::setup::{self, Need};
use crate::shell::{self, cargo, npm, say};

/// So many runs of the simulator.
const SEEDS: u64 = 2_000;
/// Where generated TypeScript is kept.
const BINDINGS: &str = "ui/src/ipc/bindings";
/// Where the data of checked queries is kept.
const QUERIES: &str = ".sqlx";
/// Where the tables are told of.
const SCHEMA: &str = "docs/schema.md";

/// Runs every check.
pub fn run() -> anyhow::Result<()> {
    bans::check()?;
    setup::packages(Need::Window)?;
    setup::rust_components()?;
    setup::npm_packages()?;
    cargo(&["fmt", "--all", "--check"])?;
    npm("ui", &["run", "--silent", "lint"])?;
    npm("ui", &["run", "--silent", "typecheck"])?;
    npm("ui", &["run", "--silent", "test"])?;
    setup::build_ui()?;
    cargo(&["clippy", "--quiet", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"])?;
    cargo(&["build", "--quiet", "--workspace", "--bins"])?;
    // What is generated must be current before the tests that rely on it are believed.
    let types = shell::target_dir().join("fresh-bindings");
    write_types(&types)?;
    compare(&types, &shell::root().join(BINDINGS), "the window's types")?;
    let queries = shell::target_dir().join("fresh-queries");
    write_queries(&queries)?;
    compare(&queries, &shell::root().join(QUERIES), "the checked queries")?;
    let document = std::fs::read_to_string(shell::root().join(SCHEMA))?;
    if schema_document()? != document {
        bail!("{SCHEMA} is not current; run `cargo xtask generate` and commit it");
    }
    // Optimised a little, its thousands of runs take minutes instead of an hour.
    cargo(&["test", "--quiet", "--profile", "quick", "-p", "clinic-simulator"])?;
    cargo(&["build", "--quiet", "--profile", "quick", "-p", "clinic-simulator"])?;
    let tests = ["test", "--quiet", "--workspace", "--exclude", "clinic-simulator"];
    cargo(&[tests.as_slice(), &["--no-run"]].concat())?;
    // They take what the tests leave: those wait for windows and networks most of the time.
    let runs =
        shell::Aside::start(&shell::binary("clinic-simulator", "quick"), &["--seeds", &SEEDS.to_string()])?;
    cargo(&tests)?;
    runs.end()?;
    if cfg!(target_os = "linux") {
        say("Everything passed.");
    } else {
        say(
            "Everything passed but the tests that drive the window: WebKit's driver for them is on Linux only.",
        );
    }
    Ok(())
}

/// Writes what is generated into its place.
pub fn generate() -> anyhow::Result<()> {
    setup::packages(Need::Build)?;
    setup::npm_packages()?;
    write_types(&shell::root().join(BINDINGS))?;
    // A query that is new does not compile before it was checked: then the server that was built last, which
    // only has to run the migrations, will do.
    if let Err(error) = cargo(&["build", "--quiet", "-p", "clinic-sync"]) {
        if !shell::binary("clinic-sync", "debug").exists() {
            return Err(error);
        }
        say("The queries are checked by the server that was built last.");
    }
    // What was kept stays until all queries are known to be good.
    let (fresh, kept) = (shell::target_dir().join("fresh-queries"), shell::root().join(QUERIES));
    write_queries(&fresh)?;
    empty(&kept)?;
    for (name, bytes) in files(&fresh)? {
        std::fs::write(kept.join(name), bytes)?;
    }
    cargo(&["build", "--quiet", "-p", "clinic-sync"])?;
    Ok(std::fs::write(shell::root().join(SCHEMA), schema_document()?)?)
}

/// The document of the tables, from a fresh, migrated database.
fn schema_document() -> anyhow::Result<String> {
    let server = shell::binary("clinic-sync", "debug");
    let mut write = shell::command(&server, ["with-scratch-database", "--"]);
    write.arg(&server).arg("schema-doc");
    shell::output(write)
}

fn write_types(folder: &Path) -> anyhow::Result<()> {
    empty(folder)?;
    for package in ["protocol", "replica"] {
        let args = ["test", "--quiet", "-p", package, "--lib", "--features", "ts", "export_bindings"];
        let mut test = shell::command(env!("CARGO"), args);
        test.env("TS_RS_EXPORT_DIR", folder).stdout(std::process::Stdio::null());
        shell::run(test)?;
    }
    for unused in UNUSED_TYPES {
        std::fs::remove_file(folder.join(format!("{unused}.ts"))).ok();
    }
    Ok(())
}

/// Ids that the window never sees.
const UNUSED_TYPES: &[&str] = &["Epoch", "TenantId"];

/// Checks every query text of the server against a fresh, migrated database, and keeps what it learnt.
fn write_queries(folder: &Path) -> anyhow::Result<()> {
    empty(folder)?;
    let server = shell::binary("clinic-sync", "debug");
    let mut check = shell::command(server, ["with-scratch-database", "--migrations"]);
    check.arg(shell::root().join("migrations/postgres")).args(["--", env!("CARGO")]);
    check.args(["check", "--quiet", "-p", "clinic-sync"]);
    check.env("SQLX_OFFLINE_DIR", folder).env("SQLX_OFFLINE", "false");
    // The macros run only when the crate is compiled, and cargo cannot see that the database is new.
    let library = std::fs::File::options().append(true).open(shell::root().join("sync-server/src/lib.rs"))?;
    library.set_modified(std::time::SystemTime::now())?;
    shell::run(check)
}

fn empty(folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    Ok(std::fs::create_dir_all(folder)?)
}

fn compare(fresh: &Path, kept: &Path, what: &str) -> anyhow::Result<()> {
    if files(fresh)? != files(kept)? {
        bail!("{what} in {} are not current; run `cargo xtask generate` and commit them", kept.display());
    }
    Ok(())
}

fn files(folder: &Path) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        files.insert(entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path())?);
    }
    Ok(files)
}

//! Measures what row security costs, and prints a JSON array for `cargo xtask bench`.
//!
//! `tenancy_bench [--tenants N] [--records N] [--blocks N] [--legacy-rows N] [--data-dir FOLDER]`. A tenant's records are patients,
//! prescriptions and their lines, 2 : 3 : 5. The loaded databases stay in the folder for the next run.
//!
//! Both sides of a comparison read the very same rows through the same statements, which name `tenant_id = $1`:
//! one as `clinic_app`, whom row security binds, the other as a login that it does not bind. They take turns
//! (A B B A) on the same tenant with the same parameters, so that whatever else the machine does meets both. A
//! second unbound login against the first shows how much of a ratio is noise.

mod arms;
mod bring;
mod flights;
mod load;
mod work;

use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;
use clinic_sync::embedded::{Embedded, Options};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use arms::{Arm, Dice};
use load::Scale;
use work::Work;

/// What row security may cost, as a ratio; the seed of this design names 1.05 to 1.06.
const MOST: f64 = 1.05;
const MEDIAN: f64 = 1.02;
/// How much slower one query in twenty may become from 10 tenants to all.
const GROWTH: f64 = 1.2;

#[derive(Debug, Parser)]
struct Args {
    /// Tenants in the largest database.
    #[arg(long, default_value_t = 1_000)]
    tenants: i32,
    /// Rows of one tenant.
    #[arg(long, default_value_t = 10_000)]
    records: i32,
    /// Turns of each comparison.
    #[arg(long, default_value_t = 200)]
    blocks: usize,
    /// Rows of the old database that is brought; none for 0.
    #[arg(long, default_value_t = 1_000_000)]
    legacy_rows: u64,
    /// Where the databases are, and stay.
    #[arg(long, default_value = "target/bench-tenancy")]
    data_dir: PathBuf,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    arms::pin(std::process::id(), 0);
    let (embedded, admin) = start(&args.data_dir).await?;
    // First, while this process is small: what it takes is the import's.
    let brought = bring::measure(&admin, embedded.passwords(), args.legacy_rows).await?;
    let mut sizes: Vec<i32> = [10, 100].into_iter().filter(|size| *size < args.tenants).collect();
    sizes.push(args.tenants);
    let mut scales = Vec::new();
    for tenants in sizes {
        let scale = Scale { tenants, records: args.records };
        load::load(&admin, embedded.passwords(), scale).await?;
        scales.push(scale);
    }
    let all = *scales.last().context("BUG: there is at least one size")?;
    let mut results = row_security(&embedded, all, args.blocks).await?;
    results.extend(growth(&embedded, &scales, args.blocks).await?);
    results.extend(brought);
    results.extend(flights::measure(&load::on(&embedded.urls().app.0, all)).await?);
    embedded.stop()?;
    #[expect(clippy::print_stdout, reason = "this is the benchmark's output")]
    {
        println!("{}", serde_json::to_string_pretty(&results)?);
    }
    Ok(())
}

/// A database server with the memory that one has which serves many tenants.
async fn start(data_dir: &std::path::Path) -> anyhow::Result<(Embedded, clinic_sync::config::DatabaseUrl)> {
    let options = Options { data_dir: data_dir.to_owned(), postgres_bin: None, durable: false };
    let embedded = Embedded::start(&options)?;
    let mut connection = PgConnection::connect(&embedded.urls().admin.0.0).await?;
    for setting in ["shared_buffers = '2GB'", "work_mem = '16MB'", "max_wal_size = '8GB'", "jit = off"] {
        connection.execute(AssertSqlSafe(format!("alter system set {setting}"))).await?;
    }
    connection.execute("checkpoint").await?;
    connection.close().await?;
    embedded.stop()?;
    let embedded = Embedded::start(&options)?;
    let admin = embedded.urls().admin.clone();
    Ok((embedded, admin))
}

/// Row security against none: the same rows, the same statements.
async fn row_security(embedded: &Embedded, scale: Scale, blocks: usize) -> anyhow::Result<Vec<Value>> {
    let urls = embedded.urls();
    let mut bound = Arm::connect(&load::on(&urls.app.0, scale)).await?;
    let mut free = Arm::connect(&load::unbound(&urls.admin.0, scale)).await?;
    let mut control = Arm::connect(&load::unbound(&urls.admin.0, scale)).await?;
    let mut dice = Dice::new();
    let (mut results, mut ratios) = (Vec::new(), Vec::new());
    for work in Work::ALL {
        let comparison = arms::compare(&mut bound, &mut free, work, scale, blocks, &mut dice).await?;
        let noise = arms::compare(&mut control, &mut free, work, scale, blocks, &mut dice).await?;
        ratios.push(comparison.ratio);
        results.push(json!({
            "name": format!("{}, row security against none, {}", work.name(), scale.words()), "unit": "ms",
            "value": comparison.value, "floor": comparison.floor, "ratio": comparison.ratio,
            "control": noise.ratio, "goal": comparison.floor * MOST, "met": comparison.ratio <= MOST,
        }));
    }
    ratios.sort_by(f64::total_cmp);
    let median = ratios[ratios.len() / 2];
    results.push(json!({
        "name": "row security against none, median of these", "unit": "×", "value": median, "floor": 1.0,
        "ratio": median, "goal": MEDIAN, "met": median <= MEDIAN,
    }));
    Ok(results)
}

/// The same queries among more and more other tenants.
async fn growth(embedded: &Embedded, scales: &[Scale], blocks: usize) -> anyhow::Result<Vec<Value>> {
    let mut arms = Vec::new();
    for scale in scales {
        arms.push((*scale, Arm::connect(&load::on(&embedded.urls().app.0, *scale)).await?));
    }
    let mut dice = Dice::new();
    let mut results = Vec::new();
    for work in Work::ALL {
        let times = arms::each(&mut arms, work, blocks, &mut dice).await?;
        let first = times[0];
        for ((scale, _), time) in arms.iter().zip(&times).skip(1) {
            let ratio = time / first;
            results.push(json!({
                "name": format!("{}, p95, {} against {} tenants", work.name(), scale.tenants, scales[0].tenants),
                "unit": "ms", "value": time, "floor": first, "ratio": ratio, "goal": first * GROWTH,
                "met": ratio <= GROWTH,
            }));
        }
    }
    Ok(results)
}

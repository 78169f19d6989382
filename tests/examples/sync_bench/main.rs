//! Measures sync, and prints a JSON array for `cargo xtask bench`.
//!
//! `sync_bench [--patients N] [--others N] [--changes N] [--queued N] [--growth N]`. The tenant has N patients, five prescriptions of
//! each and three lines of each of these, among other tenants with a tenth of that. Server and new desktop are
//! processes of their own, so that each has a memory of its own; Postgres is not counted. Every number stands beside a
//! floor of the same run, see `floor.rs`.

mod desk;
mod floor;
mod listen;

use clap::{Parser, Subcommand};
use clinic_tests::bench::peer::{self, Peer};
use clinic_tests::bench::server;
use clinic_tests::clinic::TestDesk;
use clinic_tests::network::Network;
use protocol::api::Secret;
use serde_json::{Value, json};

#[derive(Debug, Parser)]
struct Args {
    #[command(subcommand)]
    role: Option<Role>,
    /// Patients of the tenant.
    #[arg(long, default_value_t = 10_000)]
    patients: u32,
    /// Other tenants in the same tables.
    #[arg(long, default_value_t = 20)]
    others: u32,
    /// Changes whose way to another desktop is timed.
    #[arg(long, default_value_t = 200)]
    changes: usize,
    /// Prescriptions that wait offline and go out together.
    #[arg(long, default_value_t = 1_000)]
    queued: usize,
    /// Desktops that listen.
    #[arg(long, default_value_t = 200)]
    listeners: usize,
    /// Rows of other tenants, in millions, among which a page is read; none for 0.
    #[arg(long, default_value_t = 5)]
    millions: u32,
    /// Patients of the smallest of three tenants, each four times the one before; none for 0.
    #[arg(long, default_value_t = 2_500)]
    growth: u32,
}

#[derive(Debug, Subcommand)]
enum Role {
    /// The server, told what to do on its standard input.
    Server,
    /// A new desktop.
    Desk {
        /// The server.
        url: String,
        /// What enrols it.
        code: String,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let results = match &args.role {
        Some(Role::Server) => return server::serve().await,
        Some(Role::Desk { url, code }) => desk::fill(url, code).await?,
        None => measure(&args).await?,
    };
    #[expect(clippy::print_stdout, reason = "this is the benchmark's output")]
    {
        println!("{results:#}");
    }
    Ok(())
}

async fn measure(args: &Args) -> anyhow::Result<Value> {
    let mut results = new_desktop(args).await?;
    if args.millions > 0 {
        results.push(among_others(args).await?);
    }
    if args.growth > 0 {
        results.extend(growth(args)?);
    }
    Ok(results.into())
}

/// How long, with what floor and what to reach of it; all in the same unit.
fn result(name: &str, unit: &str, value: f64, floor: Option<f64>, goal: f64) -> Value {
    json!({ "name": name, "unit": unit, "value": value, "floor": floor, "ratio": floor.map(|floor| value / floor),
            "goal": goal, "met": value <= goal })
}

/// A new desktop, then a change, then a queue.
async fn new_desktop(args: &Args) -> anyhow::Result<Vec<Value>> {
    let mut server = Peer::server()?;
    let tenant = server.ask(&format!("tenant {} {} {}", args.patients, args.others, args.patients / 10))?;
    let admin = tenant["admin"].as_str().unwrap_or_default().to_owned();
    // Once for the caches of both, as the floor's own first reading is.
    fill(&mut server)?;
    floor::copy(&admin).await?;
    server.ask("peak")?;
    let filled = fill(&mut server)?;
    let memory = server.ask("peak")?;
    let copied = floor::copy(&admin).await? * 1e3;
    let number = |value: &Value, name: &str| value[name].as_f64().unwrap_or(f64::NAN);
    let mut results = vec![
        result(
            "new desktop, all durable and found",
            "ms",
            number(&filled, "filled_ms"),
            Some(copied),
            2.5 * copied,
        ),
        result(
            "the same, and compared by digests",
            "ms",
            number(&filled, "synced_ms"),
            Some(copied),
            2.5 * copied,
        ),
        result("time until today's screens work", "ms", number(&filled, "today_ms"), None, 1_000.0),
        result("desktop's peak memory meanwhile", "MB", number(&filled, "peak_mb"), None, 120.0),
        result("server's peak memory meanwhile", "MB", number(&memory, "peak_mb"), None, 80.0),
    ];
    let url: url::Url = tenant["url"].as_str().unwrap_or_default().parse()?;
    let network = Network::before(url.clone()).await?;
    let (one, other) = (TestDesk::new()?, TestDesk::new()?);
    one.enrol(network.address(), code(&mut server)?, "Room 1").await?;
    let before = network.n_bytes("/v1/sync/bootstrap");
    other.enrol(network.address(), code(&mut server)?, "Room 2").await?;
    let bytes = (network.n_bytes("/v1/sync/bootstrap") - before) as f64 / 1e6;
    results.push(result("bytes down for a new desktop", "MB", bytes, None, 12.0));
    // Straight to the server: the network of the tests would be measured with them.
    let (near, far) = (TestDesk::new()?, TestDesk::new()?);
    for (desk, name) in [(&near, "Room 3"), (&far, "Room 4")] {
        desk.enrol(url.to_string(), code(&mut server)?, name).await?;
    }
    let changed = desk::changes(&near, &far, args.changes).await?;
    drop((near, far, other));
    let notified = floor::notified(&admin, args.changes).await?;
    for (name, at, reach) in [("p50", 0.5, 3.0), ("p99", 0.99, 2.5)] {
        let (value, floor) = (desk::quantile(&changed, at), desk::quantile(&notified, at));
        results.push(result(
            &format!("one change to another desktop, {name}"),
            "ms",
            value,
            Some(floor),
            reach * floor,
        ));
    }
    let callers =
        listen::enrol(tenant["url"].as_str().unwrap_or_default(), args.listeners, || code(&mut server))
            .await?;
    let heard = listen::many(&one, &callers, 20).await?;
    let name = format!("one change to the last of {} desktops that listen, p50", args.listeners);
    results.push(result(&name, "ms", desk::quantile(&heard, 0.5), None, 50.0));
    let sent = desk::queue(&one, &network, args.queued).await? * 1e3;
    let inserted = floor::inserted(&admin, args.queued).await? * 1e3;
    let name = format!("{} prescriptions with 3 items that waited offline", args.queued);
    results.push(result(&name, "ms", sent, Some(inserted), 2.5 * inserted));
    Ok(results)
}

/// A page of a small tenant's rows among a large history of others.
async fn among_others(args: &Args) -> anyhow::Result<Value> {
    const OTHERS: u32 = 20;
    /// A patient, five prescriptions, fifteen lines.
    const ROWS_OF_ONE: u32 = 21;
    let mut server = Peer::server()?;
    let of_each = args.millions * 1_000_000 / OTHERS / ROWS_OF_ONE;
    let tenant = server.ask(&format!("tenant 100 {OTHERS} {of_each}"))?;
    let url = tenant["url"].as_str().unwrap_or_default().to_owned();
    let caller = listen::Caller::enrol(&url, code(&mut server)?).await?;
    let times = listen::pages(&caller, 500, 100).await?;
    let name = format!("a page of 500 rows, {} million rows of others beside it, p50", args.millions);
    Ok(result(&name, "ms", desk::quantile(&times, 0.5), None, 10.0))
}

/// New desktops of tenants of three sizes: what a row costs must not grow.
fn growth(args: &Args) -> anyhow::Result<Vec<Value>> {
    let mut results = Vec::new();
    let mut first: Option<(f64, f64)> = None;
    for times in [1_u32, 4, 16] {
        let mut server = Peer::server()?;
        server.ask(&format!("tenant {} 0 0", args.growth * times))?;
        fill(&mut server)?;
        let filled = fill(&mut server)?;
        let ms = filled["filled_ms"].as_f64().unwrap_or(f64::NAN);
        let rows = filled["rows"].as_f64().unwrap_or(f64::NAN);
        let (per_row, peak) = (1e3 * ms / rows, filled["peak_mb"].as_f64().unwrap_or(f64::NAN));
        let (least, memory) = *first.get_or_insert((per_row, peak));
        let patients = args.growth * times;
        results.push(result(
            &format!("a row of a new desktop, {patients} patients"),
            "µs",
            per_row,
            Some(least),
            1.3 * least,
        ));
        results.push(result(
            &format!("desktop's peak memory, {patients} patients"),
            "MB",
            peak,
            Some(memory),
            1.3 * memory,
        ));
    }
    Ok(results)
}

fn code(server: &mut Peer) -> anyhow::Result<Secret> {
    Ok(Secret(server.ask("code")?["code"].as_str().unwrap_or_default().to_owned()))
}

/// A new desktop, in a process of its own.
fn fill(server: &mut Peer) -> anyhow::Result<Value> {
    let answer = server.ask("code")?;
    let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    peer::run(&["desk", &text("url"), &text("code")])
}

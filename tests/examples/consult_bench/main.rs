//! Measures the consultation in the real window, and prints a JSON array for `cargo xtask bench`.
//!
//! `consult_bench [--patients N] [--visits N] [--starts N]`. The tenant has N patients, five prescriptions of each and three
//! lines of each of these; its computer has all of it. A key is timed in the page, from the event to the frame after
//! the last change that it made where it is typed. The floor of what starts and of memory is a window of the same build
//! with nothing in it; that of keys is a page in it whose list says what is typed, and asks nobody.

mod watch;

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};
use clinic_tests::bench::peer::Peer;
use clinic_tests::bench::server;
use clinic_tests::clinic::PASSWORD;
use clinic_tests::consultation::{enrol, open_pad, unlock};
use clinic_tests::process::program;
use clinic_tests::session::Session;
use clinic_tests::ways::{Room, Way};
use clinic_tests::window::Window;
use fantoccini::key::Key;
use protocol::api::Secret;
use serde_json::{Value, json};

use watch::Watch;

#[derive(Debug, Parser)]
struct Args {
    #[command(subcommand)]
    role: Option<Role>,
    /// Patients of the tenant.
    #[arg(long, default_value_t = 50_000)]
    patients: u32,
    /// Visits of a day, each with a new patient and a prescription.
    #[arg(long, default_value_t = 60)]
    visits: usize,
    /// How often the program is started.
    #[arg(long, default_value_t = 5)]
    starts: usize,
}

#[derive(Debug, Subcommand)]
enum Role {
    /// The server, told what to do on its standard input.
    Server,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    if let Some(Role::Server) = &args.role {
        return server::serve().await;
    }
    let results = Value::from(measure(&args).await?);
    #[expect(clippy::print_stdout, reason = "this is the benchmark's output")]
    {
        println!("{results:#}");
    }
    Ok(())
}

async fn measure(args: &Args) -> anyhow::Result<Vec<Value>> {
    let folder = tempfile::tempdir()?;
    let session = Session::start(&folder.path().join("session"))?;
    let desk = folder.path().join("desk");
    let server = fill(args, &session, &desk).await?;
    let mut results = starts(args, &session, &desk).await?;
    let bare = bare_keys(&session, &desk).await?;
    let window = Window::open(&session, &desk).await?;
    unlock(&window, PASSWORD).await?;
    let watch = Watch::begin(&window).await?;
    results.extend(keys(&watch, &bare).await?);
    results.extend(day(args, &watch).await?);
    let empty = Window::open_program(&session, &program("examples/empty_window")?, &desk).await?;
    let floor = empty.memory_mb()?;
    empty.close().await?;
    let name = format!("memory of all processes after {} visits", args.visits);
    results.push(result(&name, "MB", window.memory_mb()?, Some(floor), 350.0));
    window.close().await?;
    drop(server);
    let size = std::fs::metadata(program("clinic-desk")?)?.len() as f64 / 1e6;
    results.push(json!({ "name": "the program's file, not packed", "unit": "MB", "value": size }));
    for way in Way::ALL {
        let keys = Room::open().await?.go(way).await?;
        results.push(result(&format!("{way:?}"), "keys", keys as f64, None, way.most_keys() as f64));
    }
    Ok(results)
}

/// How long, with what floor and what to reach; all in the same unit. Said at once as well: the whole takes half an hour.
fn result(name: &str, unit: &str, value: f64, floor: Option<f64>, goal: f64) -> Value {
    writeln!(std::io::stderr(), "{name}: {value:.1} {unit}").ok();
    json!({ "name": name, "unit": unit, "value": value, "floor": floor, "ratio": floor.map(|floor| value / floor),
            "goal": goal, "met": value <= goal })
}

/// The tenant on a server of its own, and a computer that has all of it.
async fn fill(args: &Args, session: &Session, desk: &Path) -> anyhow::Result<Peer> {
    let mut server = Peer::server()?;
    server.ask(&format!("tenant {} 0 0", args.patients))?;
    let answer = server.ask("code")?;
    let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    let window = Window::open(session, desk).await?;
    enrol(&window, &text("url"), &Secret(text("code"))).await?;
    let start = Instant::now();
    while !window.text().await?.contains("all synced") {
        anyhow::ensure!(start.elapsed() < Duration::from_mins(15), "the computer did not fill");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    window.close().await?;
    Ok(server)
}

/// From the start of the program until it asks for the password, and from the password to today's list.
async fn starts(args: &Args, session: &Session, desk: &Path) -> anyhow::Result<Vec<Value>> {
    let (mut empty, mut asks, mut today) = (vec![], vec![], vec![]);
    for _ in 0..args.starts {
        let start = Instant::now();
        let window = Window::open_program(session, &program("examples/empty_window")?, desk).await?;
        window.text().await?;
        empty.push(start.elapsed().as_secs_f64() * 1e3);
        window.close().await?;
        let start = Instant::now();
        let window = Window::open(session, desk).await?;
        window.part("unlock-form").await?;
        let asked = start.elapsed().as_secs_f64() * 1e3;
        window.fill("Password", PASSWORD).await?;
        let start = Instant::now();
        window.press(Key::Enter).await?;
        window.part("today").await?;
        asks.push(asked);
        today.push(asked + start.elapsed().as_secs_f64() * 1e3);
        window.close().await?;
    }
    let floor = Some(quantile(&empty, 0.5));
    Ok(vec![
        result("start to the password", "ms", quantile(&asks, 0.5), floor, 1_000.0),
        result("start to today's list, typing left out", "ms", quantile(&today, 0.5), floor, 1_500.0),
    ])
}

/// What a key takes in a page that asks nobody: ms.
async fn bare_keys(session: &Session, desk: &Path) -> anyhow::Result<Vec<f64>> {
    let window = Window::open_program(session, &program("examples/empty_window")?, desk).await?;
    let page = "document.body.innerHTML = '<input><ul></ul>';
        const [input, list] = document.body.children;
        input.oninput = () => list.replaceChildren(...Array.from({ length: 8 }, () => {
            const row = document.createElement('li');
            row.textContent = input.value;
            return row;
        }));
        input.focus();
        arguments[0]();";
    window.ask(page).await?;
    let times = Watch::begin(&window).await?.type_text("paracetamol 650 1-0-1 for five days", "ul").await?;
    window.close().await?;
    Ok(times)
}

/// What each key takes where one types most.
async fn keys(watch: &Watch<'_>, bare: &[f64]) -> anyhow::Result<Vec<Value>> {
    let window = watch.window();
    let (mut finder, mut charts, mut medicines) = (vec![], vec![], vec![]);
    let fragments = [
        "9898", "4127", "a3f", "c0 9", "e1d", "77", "b4 2", "9812", "30 4", "d2e", "f1", "8080", "6e 1",
        "aa2", "5512", "c4 1", "e90", "7001", "bb 3", "21a", "9 4 1",
    ];
    for (place, typed) in fragments.into_iter().enumerate() {
        window.press_ctrl('k', false).await?;
        window.part("finder-input").await?;
        finder.extend(watch.type_text(typed, "dialog").await?);
        window.part("finder-option").await?;
        charts.extend(watch.open_chart().await?);
        if place % 3 != 0 {
            continue;
        }
        open_pad(window).await?;
        medicines.extend(watch.type_text("para 650", "[data-testid=pad-line]").await?);
        for _ in 0.."para 650".len() {
            window.press(Key::Backspace).await?;
        }
        window.press_ctrl('2', false).await?;
        window.part("chart").await?;
    }
    // Names of which many spellings are looked for.
    let mut spelt = vec![];
    for typed in ["lakshmi", "suneetha", "vishwanath"] {
        window.press_ctrl('k', false).await?;
        window.part("finder-input").await?;
        spelt.extend(watch.type_text(typed, "dialog").await?);
        window.press(Key::Escape).await?;
    }
    let floor = Some(quantile(bare, 0.95));
    let p95 = |name: &str, times: &[f64], floor, goal| result(name, "ms", quantile(times, 0.95), floor, goal);
    Ok(vec![
        p95("a key in the finder, p95", &finder, floor, 20.0),
        p95("a key of a name with many spellings, p95", &spelt, floor, 20.0),
        p95("a key in the pad with medicines offered, p95", &medicines, floor, 20.0),
        p95("Enter to the chart, p95", &charts, None, 50.0),
    ])
}

/// A day: new patients, each with a prescription.
async fn day(args: &Args, watch: &Watch<'_>) -> anyhow::Result<Vec<Value>> {
    let window = watch.window();
    let (mut saved, mut shown, mut drawn) = (vec![], vec![], vec![]);
    for place in 0..args.visits {
        window.press_ctrl('n', true).await?;
        window.part("register-form").await?;
        for text in
            [format!("70000{place:05}"), format!("Visitor{place}"), String::new(), "f".into(), "41".into()]
        {
            window.type_text(&text).await?;
            if text != "41" {
                window.press(Key::Tab).await?;
            }
        }
        window.press(Key::Enter).await?;
        window.shows("chart", &format!("Visitor{place}")).await?;
        open_pad(window).await?;
        window.type_text("para 650 1-1-1 x3d pc").await?;
        window.press(Key::Enter).await?;
        window.counts("pad-item", 1).await?;
        let times = watch.sign().await?;
        for (all, time) in [&mut saved, &mut shown, &mut drawn].into_iter().zip(times) {
            all.push(time);
        }
    }
    let number =
        json!({ "name": "sign to its number on the screen", "unit": "ms", "value": quantile(&shown, 0.5) });
    Ok(vec![
        result("sign to saved on disk", "ms", quantile(&saved, 0.5), None, 30.0),
        number,
        result("sign to the page on the screen", "ms", quantile(&drawn, 0.5), None, 300.0),
    ])
}

/// The value below which this part of them lies.
fn quantile(values: &[f64], at: f64) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let place = ((values.len() as f64 * at).ceil() as usize).clamp(1, values.len().max(1)) - 1;
    values.get(place).copied().unwrap_or(f64::NAN)
}

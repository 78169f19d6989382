//! Every screen as it is drawn in the real window: axe measures every text against its ground, in light and in dark; and at
//! half the size nothing scrolls sideways.

use std::path::Path;

use clinic_tests::clinic::{Clinic, PASSWORD};
use clinic_tests::consultation::{Line, Visitor, enrol, open_pad, register, sign, unlock, write_line};
use clinic_tests::session::Session;
use clinic_tests::window::Window;
use fantoccini::key::Key;
use serde_json::Value;

/// What axe finds too faint now; and that it measured something.
async fn measure(window: &Window, screen: &str) -> anyhow::Result<()> {
    let axe = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/node_modules/axe-core/axe.min.js");
    let axe = std::fs::read_to_string(axe)?;
    // What floats in fades in for a moment; its colours count when it is there.
    let script = format!(
        "const done = arguments[arguments.length - 1];
        if (!window.axe) {{ {axe} }}
        const told = (nodes) => nodes.map((node) => node.html.slice(0, 200) + ' ' + node.any.map((one) => one.message));
        Promise.all(document.getAnimations().map((one) => one.finished))
            .then(() => window.axe.run(document, {{ runOnly: ['color-contrast'], preload: false }}))
            .then(({{ passes, violations }}) => done({{
                measured: passes.flatMap((rule) => rule.nodes).length,
                faint: violations.flatMap((rule) => told(rule.nodes)),
            }}), (error) => done({{ measured: 0, faint: [String(error)] }}));"
    );
    let found = window.ask(&script).await?;
    assert_eq!(found["faint"], Value::Array(vec![]), "{screen}");
    assert!(found["measured"].as_u64() > Some(4), "{screen}: {found}");
    Ok(())
}

/// That neither the page nor its main part is wider than what is seen of it.
async fn fits(window: &Window, screen: &str) -> anyhow::Result<()> {
    let wide = "arguments[0]([document.scrollingElement, ...document.querySelectorAll('main')] \
        .filter((one) => one.scrollWidth > one.clientWidth) \
        .map((one) => `${one.tagName} ${one.scrollWidth} in ${one.clientWidth}`));";
    assert_eq!(window.ask(wide).await?, Value::Array(vec![]), "{screen}");
    Ok(())
}

/// How the screens are looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Light,
    Dark,
    /// In a window of half the size, as where everything is shown twice as large.
    Half,
}

impl Look {
    async fn at(self, window: &Window, screen: &str) -> anyhow::Result<()> {
        match self {
            Self::Light | Self::Dark => measure(window, screen).await,
            Self::Half => fits(window, screen).await,
        }
    }

    async fn open(self, session: &Session, desk: &Path) -> anyhow::Result<Window> {
        let window = Window::open(session, desk).await?;
        if self == Self::Half {
            window.resize(720, 450).await?;
        }
        Ok(window)
    }
}

async fn every_screen(look: Look) -> anyhow::Result<()> {
    let is_dark = look == Look::Dark;
    let folder = tempfile::tempdir()?;
    let (session, desk) = (Session::start(&folder.path().join("session"))?, folder.path().join("desk"));
    if is_dark {
        let settings = folder.path().join("session/config/gtk-3.0");
        std::fs::create_dir_all(&settings)?;
        std::fs::write(
            settings.join("settings.ini"),
            "[Settings]\ngtk-application-prefer-dark-theme=true\n",
        )?;
    }
    let clinic = Clinic::open().await?;
    let window = look.open(&session, &desk).await?;
    window.part("enrol-form").await?;
    let dark = "arguments[0](matchMedia('(prefers-color-scheme: dark)').matches)";
    assert_eq!(window.ask(dark).await?, is_dark);
    look.at(&window, "set-up").await?;
    enrol(&window, &clinic.network.address(), &clinic.code().await?).await?;
    window.shows("sync-pill", "all synced").await?;
    look.at(&window, "today").await?;

    window.press_ctrl('n', true).await?;
    window.part("register-form").await?;
    window.press(Key::Enter).await?;
    look.at(&window, "a registration with a name missing").await?;
    let sunita = Visitor {
        mobile_number: "9820441276".into(),
        first_name: "Sunita",
        last_name: "Deshmukh",
        age: "54",
    };
    register(&window, &sunita).await?;
    look.at(&window, "a chart").await?;
    window.press_ctrl('a', true).await?;
    window.part("allergy-form").await?;
    window.type_text("penicil").await?;
    window.shows("allergen", "Penicillins").await?;
    look.at(&window, "an allergy").await?;
    window.press(Key::Down).await?;
    window.press(Key::Enter).await?;
    window.shows("allergy-form", "Every line is checked for Penicillins").await?;
    window.press(Key::Enter).await?;
    window.shows("allergy", "Penicillins").await?;

    window.press_ctrl('b', false).await?;
    window.part("booking-form").await?;
    window.shows("booking-echo", "A-1").await?;
    look.at(&window, "a token to be given").await?;
    window.press(Key::Enter).await?;
    window.counts("booking-form", 0).await?;
    window.press_ctrl('1', false).await?;
    window.shows("today", "A-1").await?;
    look.at(&window, "today with somebody who waits").await?;
    window.type_text("w").await?;
    window.shows("week-days", "Sunita").await?;
    look.at(&window, "the week").await?;
    window.type_text("w").await?;
    window.shows("today", "A-1").await?;
    let more = "document.querySelector('[data-visit] [aria-expanded]').click(); arguments[0]();";
    window.ask(more).await?;
    window.shows("visit-row", "Print slip").await?;
    look.at(&window, "what else can be done with a visit").await?;
    window.press(Key::Escape).await?;
    // Drawn, and a page made for it, but not sent to the printer: its dialog would wait for somebody.
    let slip = "const done = arguments[0]; \
        const { visit } = document.querySelector('[data-visit]').dataset; \
        const [rules] = document.styleSheets; \
        rules.deleteRule(rules.insertRule('@page strip { size: 80mm 90mm; }', rules.cssRules.length)); \
        window.__TAURI_INTERNALS__.invoke('token_slip', { id: visit }) \
            .then(([[page], length]) => done(page.startsWith('<svg') && length > 50), done);";
    assert_eq!(window.ask(slip).await?, true, "the slip of whoever waits");
    window.press(Key::F9).await?;
    window.shows("chart", "Sunita").await?;
    look.at(&window, "the chart of whoever is with the doctor").await?;

    open_pad(&window).await?;
    write_line(&window, &Line { medicine: "amoxicillin 500", dose: Some("1-1-1 x5d pc") }).await?;
    window.shows("pad-held", "1 held").await?;
    look.at(&window, "the pad with a held line").await?;
    window.press_ctrl(char::from(Key::Backspace), false).await?;
    window.counts("pad-item", 0).await?;
    write_line(&window, &Line { medicine: "metformin 500", dose: Some("1-0-1 x30d pc") }).await?;
    window.type_text("para").await?;
    window.part("pad-suggestion").await?;
    look.at(&window, "the pad with suggestions").await?;
    for _ in 0.."para".len() {
        window.press(Key::Backspace).await?;
    }
    sign(&window).await?;
    look.at(&window, "a signed prescription").await?;
    clinic.network.set_down(true);
    window.shows("sync-pill", "Offline since").await?;
    window.press_ctrl('k', false).await?;
    window.part("finder-input").await?;
    window.type_text("sunita").await?;
    window.part("finder-option").await?;
    look.at(&window, "the finder, offline").await?;
    window.press(Key::Escape).await?;
    window.press_ctrl('4', false).await?;
    window.part("dental-chart").await?;
    look.at(&window, "the teeth").await?;
    window.press_ctrl('5', false).await?;
    window.part("ledger-entry").await?;
    look.at(&window, "the sync centre").await?;
    for link in ["/letterhead", "/staff", "/computers", "/audit", "/short-keys"] {
        let go = format!("document.querySelector('nav a[href=\"{link}\"]').click(); arguments[0]();");
        window.ask(&go).await?;
        let there = "arguments[0](document.querySelector('nav a[aria-current]').getAttribute('href'))";
        assert_eq!(window.ask(there).await?, link);
        look.at(&window, link).await?;
    }
    window.type_text("?").await?;
    look.at(&window, "all keys").await?;
    window.kill()?;
    let window = look.open(&session, &desk).await?;
    window.part("unlock-form").await?;
    look.at(&window, "the list of people").await?;
    unlock(&window, PASSWORD).await?;
    window.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_text_of_the_window_can_be_read_in_the_light() -> anyhow::Result<()> {
    every_screen(Look::Light).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_text_of_the_window_can_be_read_in_the_dark() -> anyhow::Result<()> {
    every_screen(Look::Dark).await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_screen_of_half_the_size_scrolls_sideways() -> anyhow::Result<()> {
    every_screen(Look::Half).await
}

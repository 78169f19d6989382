//! The real window of the real program, driven by keys.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use clinic_tests::clinic::{Clinic, PASSWORD};
use clinic_tests::consultation::{
    Line, Visitor, all_sent, enrol, find, open_pad, register, sign, unlock, write_line,
};
use clinic_tests::session::Session;
use clinic_tests::window::Window;
use fantoccini::key::Key;
use replica::view::AttachmentForm;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

fn sunita() -> Visitor {
    Visitor { mobile_number: "9820441276".into(), first_name: "Sunita", last_name: "Deshmukh", age: "54" }
}

/// A clinic, and the place of a computer with a window.
struct Room {
    clinic: Clinic,
    session: Session,
    folder: TempDir,
}

impl Room {
    async fn new() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let session = Session::start(&folder.path().join("session"))?;
        Ok(Self { clinic: Clinic::open().await?, session, folder })
    }

    /// Opens the window: every time on the same files.
    async fn open(&self) -> anyhow::Result<Window> {
        Window::open(&self.session, &self.folder.path().join("desk")).await
    }

    /// With the window of the computer, which was enrolled and has everything.
    async fn enrolled() -> anyhow::Result<(Self, Window)> {
        let room = Self::new().await?;
        let window = room.open().await?;
        enrol(&window, &room.clinic.network.address(), &room.clinic.code().await?).await?;
        window.shows("sync-pill", "all synced").await?;
        Ok((room, window))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prescription_signed_offline_in_the_window_survives_a_power_cut_and_reaches_the_other_desk()
-> anyhow::Result<()> {
    let (room, window) = Room::enrolled().await?;
    register(&window, &sunita()).await?;
    all_sent(&window).await?;
    window.shows("sync-pill", "all synced").await?;

    room.clinic.network.set_down(true);
    window.shows("sync-pill", "Offline since").await?;
    find(&window, "1276", "Sunita Deshmukh").await?;
    open_pad(&window).await?;
    write_line(&window, &Line { medicine: "metformin 500", dose: Some("1 tab bd 30 days pc") }).await?;
    window.shows("pad-item", "1 tablet morning and night, after food, for 30 days").await?;
    write_line(&window, &Line { medicine: "an old remedy", dose: Some("0-0-1 x5d") }).await?;
    window.shows("pad-item", "not checked").await?;
    let number = sign(&window).await?;
    window.shows("sync-pill", "saved here, 1 waiting").await?;

    // The next one is half written when the lights go out.
    window.press_ctrl('n', false).await?;
    window.part("pad-line").await?;
    window.fill("Advice", "Walk half an hour a day").await?;
    window.shows("pad-saved", "Draft saved on this computer").await?;
    window.kill()?;

    let window = room.open().await?;
    unlock(&window, PASSWORD).await?;
    window.shows("sync-pill", "saved here, 1 waiting").await?;
    find(&window, "sunita", "Sunita Deshmukh").await?;
    window.shows("chart", &number).await?;
    open_pad(&window).await?;
    let advice = window.field("Advice").await?.prop("value").await?;
    assert_eq!(advice.as_deref(), Some("Walk half an hour a day"));

    room.clinic.network.set_down(false);
    window.shows("sync-pill", "all synced").await?;
    let other = room.clinic.desk("Room 2").await?;
    let sunita = &other.replica()?.find_patients("1276")?.people[0];
    let chart = other.replica()?.chart(sunita.id)?;
    assert_eq!(chart.prescriptions[0].number.as_deref(), Some(number.as_str()));
    assert_eq!(chart.prescriptions[0].items.len(), 2);
    window.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_is_half_typed_when_the_window_is_killed_is_back_and_goes_on() -> anyhow::Result<()> {
    let (room, window) = Room::enrolled().await?;
    register(&window, &sunita()).await?;
    open_pad(&window).await?;
    window.type_text("metformin 500 1-0-1 x3").await?;
    // Nothing of this draft was saved before: what is called saved now is the line.
    window.shows("pad-saved", "Draft saved on this computer").await?;
    window.type_text("0d").await?;
    window.kill()?;

    let window = room.open().await?;
    unlock(&window, PASSWORD).await?;
    find(&window, "sunita", "Sunita Deshmukh").await?;
    open_pad(&window).await?;
    let line = window.field("Medicine and dose").await?;
    let typed = line.prop("value").await?.unwrap_or_default();
    assert!(typed.starts_with("metformin 500 1-0-1 x3"), "{typed}");
    assert_eq!(window.count("pad-item").await?, 0, "it was not accepted");
    line.send_keys(&"metformin 500 1-0-1 x30d pc"[typed.len()..]).await?;
    window.press(Key::Enter).await?;
    window.shows("pad-item", "1 tablet morning and night, after food, for 30 days").await?;
    window.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_allergy_noted_by_keys_holds_the_line_and_the_language_that_was_chosen_outlives_a_restart()
-> anyhow::Result<()> {
    let (room, window) = Room::enrolled().await?;
    register(&window, &sunita()).await?;
    window.press_ctrl('a', true).await?;
    window.part("allergy-form").await?;
    window.type_text("penicil").await?;
    window.shows("allergen", "Penicillins").await?;
    // Not the list of fewer letters, in which an arrow leads to another one.
    window.counts("allergen", 1).await?;
    window.press(Key::Down).await?;
    window.press(Key::Enter).await?;
    window.shows("allergy-form", "Every line is checked for Penicillins").await?;
    window.press(Key::Enter).await?;
    window.shows("allergy", "Penicillins").await?;
    open_pad(&window).await?;
    write_line(&window, &Line { medicine: "amoxicillin 500", dose: Some("1-1-1 x5d pc") }).await?;
    window.shows("pad-held", "1 held").await?;

    window.part("language-hi").await?.click().await?;
    window.shows("pad-held", "1 रोकी गई").await?;
    window.kill()?;
    let window = room.open().await?;
    window.part("unlock-form").await?;
    window.fill("पासवर्ड", PASSWORD).await?;
    window.press(Key::Enter).await?;
    window.shows("today", "देखे गए").await?;
    all_sent(&window).await?;
    let other = room.clinic.desk("Room 2").await?;
    let sunita = &other.replica()?.find_patients("1276")?.people[0];
    let chart = other.replica()?.chart(sunita.id)?;
    assert_eq!(chart.allergies[0].checked_by.as_deref(), Some("Penicillins"));
    window.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_head_of_today_is_one_line_in_either_language() -> anyhow::Result<()> {
    let (_room, window) = Room::enrolled().await?;
    let is_one_line =
        "arguments[0](document.querySelector('[data-testid=\"today\"] > header').offsetHeight < 60)";
    window.shows("today", "registered").await?;
    assert_eq!(window.ask(is_one_line).await?, true);
    window.part("language-hi").await?.click().await?;
    window.shows("today", "देखे गए").await?;
    assert_eq!(window.ask(is_one_line).await?, true);
    window.close().await
}

/// A PDF with a red page and a blue one.
const RED_AND_BLUE: &[u8] = include_bytes!("../../../src-tauri/tests/red-and-blue.pdf");

/// A PNG of 8 by 8 red points.
const RED: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x08\0\0\0\x08\x08\x02\0\0\0\x4b\x6d\x29\xdc\
    \0\0\0\x11IDAT\x78\xda\x63\x38\x21\x27\x87\x15\x31\x0c\x2d\x09\0\x90\xbf\x41\x01\xcf\x70\xa1\x3c\
    \0\0\0\0IEND\xae\x42\x60\x82";

/// Of which colour the picture of this name is on the whole.
async fn colour(window: &Window, name: &str) -> anyhow::Result<serde_json::Value> {
    window.part(name).await?;
    let script = format!(
        "const done = arguments[0]; const shown = document.querySelector('[data-testid=\"{name}\"]'); \
         shown.decode().then(() => {{ const to = document.createElement('canvas').getContext('2d'); \
         to.drawImage(shown, 0, 0, 1, 1); const [red, , blue] = to.getImageData(0, 0, 1, 1).data; \
         done(red > 150 ? 'red' : blue > 150 ? 'blue' : 'neither'); }}, () => done('broken'))"
    );
    window.ask(&script).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_read_page_by_page_and_a_picture_stands_small_in_the_record() -> anyhow::Result<()> {
    let (room, window) = Room::enrolled().await?;
    register(&window, &sunita()).await?;
    all_sent(&window).await?;
    window.shows("sync-pill", "all synced").await?;
    let other = room.clinic.desk("Room 2").await?;
    other.synced().await?;
    let sunita = other.replica()?.find_patients("1276")?.people[0].id;
    let form = AttachmentForm { kind: "document".into(), ..AttachmentForm::default() };
    other.replica()?.attach(sunita, "letter.pdf", &mut &*RED_AND_BLUE, &form)?;
    other.synced().await?;

    window.shows("file", "on the server").await?;
    window.part("open-file").await?.click().await?;
    window.shows("document-place", "Page 1 of 2").await?;
    assert_eq!(colour(&window, "document-page").await?, "red");
    window.press(Key::PageDown).await?;
    window.shows("document-place", "Page 2 of 2").await?;
    assert_eq!(colour(&window, "document-page").await?, "blue");
    window.press(Key::Escape).await?;
    window.counts("document-page", 0).await?;

    other.replica()?.attach(sunita, "wound.png", &mut &*RED, &form)?;
    other.synced().await?;
    window.shows("file", "wound.png").await?;
    assert_eq!(window.count("small-picture").await?, 0, "it is on the server alone");
    window.part("open-file").await?.click().await?;
    assert_eq!(colour(&window, "small-picture").await?, "red", "it was fetched, and is here from now on");
    window.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_reads_in_the_audit_log_at_which_computer_a_chart_was_opened() -> anyhow::Result<()> {
    let (room, window) = Room::enrolled().await?;
    register(&window, &sunita()).await?;
    all_sent(&window).await?;
    let other = room.clinic.desk("Room 2").await?;
    let sunita = other.replica()?.find_patients("1276")?.people[0].id;
    other.replica()?.chart(sunita)?;
    other.desk.sync_now();
    let now = "const done = arguments[0]; window.__TAURI_INTERNALS__.invoke('sync_now').then(() => done());";
    window.ask(now).await?;
    room.clinic.told(&["login", "view", "login", "view"]).await?;
    let open = "document.querySelector('a[href=\"/audit\"]').click(); arguments[0]();";
    window.ask(open).await?;
    let seen = window.shows("audit-entry", "OpenedPatientSunita DeshmukhRoom 2").await?;
    assert!(seen.contains("Anjali Kulkarni"), "{seen}");
    window.shows("audit-entry", "AddedPatientSunita DeshmukhRoom 1").await?;
    window.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_reaches_nothing_but_the_commands_it_was_given() -> anyhow::Result<()> {
    let room = Room::new().await?;
    let window = room.open().await?;
    window.part("enrol-form").await?;
    let server = room.clinic.network.address();
    let tries = [
        format!("fetch('{server}/healthz')"),
        "window.__TAURI_INTERNALS__.invoke('plugin:dialog|open', {options: {}})".into(),
        "window.__TAURI_INTERNALS__.invoke('plugin:fs|read_text_file', {path: '/etc/passwd'})".into(),
        "window.__TAURI_INTERNALS__.invoke('plugin:notification|notify', {options: {title: 'x'}})".into(),
        "window.__TAURI_INTERNALS__.invoke('plugin:window-state|restore_state', {label: 'main', flags: 1})".into(),
        "window.__TAURI_INTERNALS__.invoke('plugin:event|emit', {event: 'app-state', payload: {}})".into(),
        "new Promise((yes, no) => { const s = document.createElement('script'); s.textContent = 'window.ran = 1'; \
         document.head.append(s); window.ran ? yes('ran') : no('blocked'); })"
            .into(),
        "new Promise((yes, no) => { const i = new Image(); i.onload = yes; i.onerror = no; \
         i.src = 'data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA='; })"
            .into(),
        "Promise.resolve(eval('1'))".into(),
    ];
    for attempt in tries {
        let script = format!(
            "const done = arguments[0]; try {{ {attempt}.then(() => done('came through'), () => done('blocked')) }} \
             catch {{ done('blocked') }}"
        );
        assert_eq!(window.ask(&script).await?, "blocked", "{attempt}");
    }
    window.close().await
}

/// A place outside of the program, which hears whoever says something and answers nobody.
struct Outside {
    address: SocketAddr,
    heard: Arc<AtomicUsize>,
}

impl Outside {
    async fn open() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let outside = Self { address: listener.local_addr()?, heard: Arc::default() };
        let heard = Arc::clone(&outside.heard);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let heard = Arc::clone(&heard);
                tokio::spawn(async move {
                    // Of a link that was clicked WebKit opens the line before it asks, and says nothing.
                    if stream.read_u8().await.is_ok() {
                        heard.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        Ok(outside)
    }

    /// How many have said something until now.
    async fn heard(&self) -> anyhow::Result<usize> {
        let mut own = TcpStream::connect(self.address).await?;
        own.write_u8(0).await?;
        own.read_to_end(&mut Vec::new()).await.ok();
        Ok(self.heard.load(Ordering::SeqCst) - 1)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_sends_nothing_out_and_goes_nowhere() -> anyhow::Result<()> {
    let room = Room::new().await?;
    let window = room.open().await?;
    window.part("enrol-form").await?;
    let outside = Outside::open().await?;
    let there = format!("http://{}", outside.address);
    let sends = [
        (
            "worker-src",
            "const worker = new Worker(URL.createObjectURL(new Blob(['postMessage(1)']))); \
             worker.onmessage = yes; worker.onerror = no;"
                .to_owned(),
        ),
        // It says nothing of what becomes of it; nor does a frame or a form.
        ("connect-src", format!("navigator.sendBeacon('{there}/beacon', 'x');")),
        (
            "connect-src",
            format!(
                "const socket = new WebSocket('ws://{}/'); socket.onopen = yes; socket.onerror = no;",
                outside.address
            ),
        ),
        (
            "form-action",
            format!(
                "const form = document.createElement('form'); form.method = 'post'; form.action = '{there}/form'; \
                 document.body.append(form); form.submit();"
            ),
        ),
        (
            "frame-src",
            format!(
                "const frame = document.createElement('iframe'); frame.src = '{there}/frame'; \
                 document.body.append(frame);"
            ),
        ),
        (
            "style-src",
            format!(
                "const style = document.createElement('link'); style.rel = 'stylesheet'; \
                 style.href = '{there}/style.css'; style.onload = yes; style.onerror = no; \
                 document.head.append(style);"
            ),
        ),
        ("no directive", format!("window.open('{there}/opened') ? yes() : no();")),
    ];
    for (directive, attempt) in sends {
        let script = format!(
            "const done = arguments[0]; new Promise((yes, no) => {{ \
             document.addEventListener('securitypolicyviolation', ({{ effectiveDirective }}) => {{ \
             if (effectiveDirective.startsWith('{directive}')) no(); }}); \
             {attempt} }}).then(() => done('came through'), () => done('blocked'));"
        );
        assert_eq!(window.ask(&script).await?, "blocked", "{attempt}");
    }
    let ways = [
        format!("location.href = '{there}/left';"),
        format!("location.replace('{there}/left');"),
        format!(
            "const link = document.createElement('a'); link.href = '{there}/left'; document.body.append(link); \
             link.click();"
        ),
        "location.href = URL.createObjectURL(new Blob(['left'], { type: 'text/html' }));".to_owned(),
    ];
    for way in ways {
        // The program answers after it was asked whether the page may go.
        let script = format!(
            "const done = arguments[0]; window.stayed = true; {way} setTimeout(() => \
             window.__TAURI_INTERNALS__.invoke('sync_status').then(() => done(), () => done()));"
        );
        window.ask(&script).await?;
        assert_eq!(window.ask("arguments[0](window.stayed === true)").await?, true, "{way}");
    }
    assert_eq!(outside.heard().await?, 0, "something went out");
    window.part("enrol-form").await?;
    window.close().await
}

/// WebKit opens no window on Linux unless the program makes it; the engine on Windows does.
#[test]
fn a_second_window_is_denied_on_every_system() {
    let source = include_str!("../../../src-tauri/src/window.rs");
    assert!(source.contains(".on_new_window(|_, _| NewWindowResponse::Deny)"));
}

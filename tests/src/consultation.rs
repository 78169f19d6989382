//! What staff do at the window, by keys alone.

use anyhow::Context;
use fantoccini::key::Key;
use protocol::api::Secret;

use crate::clinic::{EMAIL, PASSWORD};
use crate::window::Window;

/// Who is registered at the front desk.
pub struct Visitor {
    /// Ten digits.
    pub mobile_number: String,
    /// First name.
    pub first_name: &'static str,
    /// Family name.
    pub last_name: &'static str,
    /// In years.
    pub age: &'static str,
}

/// A line of a prescription.
pub struct Line {
    /// Enough of the medicine's name for the wanted one to be the first that is offered, or words of the
    /// doctor's own.
    pub medicine: &'static str,
    /// Dose and duration as typed; without it, those that the catalogue offers.
    pub dose: Option<&'static str>,
}

/// Enrols the computer for the clinic at this address; today's list comes.
///
/// # Errors
///
/// If it does not.
pub async fn enrol(window: &Window, server: &str, code: &Secret) -> anyhow::Result<()> {
    window.part("enrol-form").await?;
    window.fill("Server address", server).await?;
    window.fill("One-time code", &code.0).await?;
    window.fill("E-mail", EMAIL).await?;
    window.fill("Password", PASSWORD).await?;
    window.fill("Name of this computer", "Room 1").await?;
    window.press(Key::Enter).await?;
    // The recovery code comes before anything else; a space says that it is written down.
    window.part("the-code").await?;
    window.type_text(" ").await?;
    window.press(Key::Enter).await?;
    window.part("today").await?;
    Ok(())
}

/// Waits until the program has nothing left to send.
const NOTHING_WAITS: &str = "
    const done = arguments[0];
    const look = () => window.__TAURI_INTERNALS__.invoke('sync_status')
        .then(({ waiting }) => waiting === 0 ? done() : setTimeout(look, 20));
    look();";

/// Waits until the server has everything. What the window says of it may be of before the last change.
///
/// # Errors
///
/// If something still waits.
pub async fn all_sent(window: &Window) -> anyhow::Result<()> {
    window.ask(NOTHING_WAITS).await.context("something still waits")?;
    Ok(())
}

/// Signs in at the unlock screen.
///
/// # Errors
///
/// If today's list does not come.
pub async fn unlock(window: &Window, password: &str) -> anyhow::Result<()> {
    window.part("unlock-form").await?;
    window.fill("Password", password).await?;
    window.press(Key::Enter).await?;
    window.part("today").await?;
    Ok(())
}

/// Registers a patient; their chart comes.
///
/// # Errors
///
/// If it does not.
pub async fn register(window: &Window, visitor: &Visitor) -> anyhow::Result<()> {
    window.press_ctrl('n', true).await?;
    window.part("register-form").await?;
    window.fill("Mobile number", &visitor.mobile_number).await?;
    window.fill("First name", visitor.first_name).await?;
    window.fill("Last name", visitor.last_name).await?;
    window.field("Sex").await?.send_keys("Female").await?;
    window.fill("Age in years", visitor.age).await?;
    window.press(Key::Enter).await?;
    window.shows("chart", visitor.first_name).await?;
    Ok(())
}

/// Finds a patient from anywhere and opens their chart.
///
/// # Errors
///
/// If the first one found is not called so.
pub async fn find(window: &Window, typed: &str, name: &str) -> anyhow::Result<()> {
    window.press_ctrl('k', false).await?;
    window.part("finder-input").await?;
    window.type_text(typed).await?;
    window.shows("finder-option", name).await?;
    window.press(Key::Enter).await?;
    window.shows("chart", name).await?;
    Ok(())
}

/// Opens the pad of the chart that is shown.
///
/// # Errors
///
/// If it does not come.
pub async fn open_pad(window: &Window) -> anyhow::Result<()> {
    window.press_ctrl('n', false).await?;
    window.part("pad-line").await?;
    Ok(())
}

/// Writes one line of the prescription: the medicine, Enter, the dose, Enter.
///
/// # Errors
///
/// If the line is not accepted.
pub async fn write_line(window: &Window, line: &Line) -> anyhow::Result<()> {
    let before = window.count("pad-item").await?;
    window.type_text(line.medicine).await?;
    window.press(Key::Enter).await?;
    window.part("pad-medicine").await?;
    if let Some(dose) = line.dose {
        window.type_text(dose).await?;
    }
    window.press(Key::Enter).await?;
    window.counts("pad-item", before + 1).await.with_context(|| format!("the line {}", line.medicine))
}

/// Waits until the page of a prescription is drawn.
const DRAWN: &str = "
    const done = arguments[0];
    const look = () => document.querySelector('[data-testid=prescription-page][data-drawn]') ? done() : setTimeout(look, 20);
    look();";

/// Waits until the first page of a prescription is drawn.
///
/// # Errors
///
/// If it is not.
pub async fn drawn(window: &Window) -> anyhow::Result<()> {
    window.part("prescription-page").await?;
    window.ask(DRAWN).await.context("the page is not drawn")?;
    Ok(())
}

/// Signs the prescription of the pad and returns its number.
///
/// # Errors
///
/// If it is not signed, or its page is not drawn.
pub async fn sign(window: &Window) -> anyhow::Result<String> {
    window.press_ctrl(char::from(Key::Enter), false).await?;
    drawn(window).await?;
    window.shows("prescription-number", "").await
}

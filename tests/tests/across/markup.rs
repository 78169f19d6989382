//! What people type is text, whatever it looks like: in the real window, wherever it is shown.

use clinic_tests::clinic::{Clinic, patient};
use clinic_tests::consultation::{drawn, enrol, find, open_pad};
use clinic_tests::session::Session;
use clinic_tests::window::Window;
use fantoccini::key::Key;
use replica::view::{AllergyForm, Draft, PatientForm};
use serde_json::json;

const FIRST_NAME: &str = "<img src=x onerror=ran=1>";
const LAST_NAME: &str = "{{7*7}}<script>ran=1</script>";
const ADDRESS: &str = "\"'><script>ran=1</script>";
const ALLERGY: &str = "<svg onload=ran=1>${7*7}";
const ADVICE: &str = "<b onclick=ran=1>Rest</b> {{constructor}} &lt;b&gt;";

/// Nothing that was typed became a part of the page, and nothing of it ran.
async fn is_text(window: &Window, screen: &str) -> anyhow::Result<()> {
    let made = "arguments[0]([typeof ran, document.querySelectorAll('img[src=x], svg[onload], b[onclick]').length, \
        [...document.scripts].filter((one) => one.text.includes('ran=1')).length]);";
    assert_eq!(window.ask(made).await?, json!(["undefined", 0, 0]), "{screen}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_looks_like_markup_or_code_is_shown_as_it_was_typed() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let session = Session::start(&folder.path().join("session"))?;
    let clinic = Clinic::open().await?;
    let other = clinic.desk("Room 2").await?;
    let replica = other.replica()?;
    let form = PatientForm {
        last_name: LAST_NAME.into(),
        address_line: ADDRESS.into(),
        ..patient(FIRST_NAME, "9820441276")
    };
    let turned = PatientForm { first_name: "Sun\u{202e}ita".into(), ..form.clone() };
    assert!(replica.register_patient(&turned).is_err(), "a name that turns the line does not print as it is");
    let id = replica.register_patient(&form)?.id;
    let allergy = AllergyForm {
        substance: ALLERGY.into(),
        certainty: "confirmed".into(),
        status: "active".into(),
        ..AllergyForm::default()
    };
    replica.save_allergy(id, None, &allergy)?;
    replica.sign_prescription(id, &Draft { advice: ADVICE.into(), ..Draft::default() }, &[])?;
    other.synced().await?;

    let window = Window::open(&session, &folder.path().join("desk")).await?;
    enrol(&window, &clinic.network.address(), &clinic.code().await?).await?;
    window.shows("sync-pill", "all synced").await?;
    window.press_ctrl('k', false).await?;
    window.part("finder-input").await?;
    window.type_text("1276").await?;
    window.shows("finder-option", LAST_NAME).await?;
    is_text(&window, "the finder").await?;
    window.press(Key::Enter).await?;
    for typed in [FIRST_NAME, LAST_NAME, ADDRESS, ALLERGY, ADVICE] {
        window.shows("chart", typed).await?;
    }
    is_text(&window, "the chart").await?;
    window.ask("document.querySelector('[data-testid=visit] a').click(); arguments[0]();").await?;
    drawn(&window).await?;
    is_text(&window, "the prescription").await?;
    find(&window, "1276", FIRST_NAME).await?;
    window.press_ctrl('b', false).await?;
    window.part("booking-form").await?;
    window.shows("booking-echo", "B-1").await?;
    is_text(&window, "a token to be given").await?;
    window.press(Key::Enter).await?;
    window.counts("booking-form", 0).await?;
    window.press_ctrl('1', false).await?;
    window.shows("today", FIRST_NAME).await?;
    is_text(&window, "today").await?;
    window.press_ctrl('4', false).await?;
    window.part("dental-chart").await?;
    is_text(&window, "the teeth").await?;
    window.press_ctrl('5', false).await?;
    window.part("ledger-entry").await?;
    is_text(&window, "the sync centre").await?;
    find(&window, "1276", FIRST_NAME).await?;
    open_pad(&window).await?;
    is_text(&window, "the pad").await?;
    window.close().await
}

//! A tooth chart at two desks, one of them the real window, by keys alone and without the server.

use clinic_tests::clinic::{Clinic, patient};
use clinic_tests::consultation::{enrol, find};
use clinic_tests::session::Session;
use clinic_tests::window::Window;
use fantoccini::key::Key;
use protocol::dental::ProcedureStatus;

async fn write(window: &Window, line: &str, echo: &str, there: &str) -> anyhow::Result<()> {
    window.type_text(line).await?;
    window.shows("dental-echo", echo).await?;
    window.press(Key::Enter).await?;
    window.shows(if line.contains("plan") { "dental-procedure" } else { "dental-finding" }, there).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dentist_charts_without_the_server_stands_at_the_other_desk_later() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let session = Session::start(&folder.path().join("session"))?;
    let clinic = Clinic::open().await?;
    clinic.sql("update clinic.users set roles = '{admin,dentist}'").await?;
    let other = clinic.desk("Room 2").await?;
    let rohan = other.replica()?.register_patient(&patient("Rohan", "9820441276"))?.id;
    other.synced().await?;
    let window = Window::open(&session, &folder.path().join("desk")).await?;
    enrol(&window, &clinic.network.address(), &clinic.code().await?).await?;
    window.shows("sync-pill", "all synced").await?;
    clinic.network.set_down(true);
    window.shows("sync-pill", "Offline since").await?;

    find(&window, "1276", "Rohan").await?;
    window.press_ctrl('4', false).await?;
    window.part("dental-line").await?;
    write(&window, "36 mo c", "36", "caries").await?;
    write(&window, "36 mo plan f // A2", "36", "filling").await?;
    window.type_text("36 mo zz").await?;
    window.press(Key::Enter).await?;
    window.shows("dental-echo", "This code is not known").await?;
    let typed = "arguments[0](document.querySelector('[data-testid=dental-line]').value)";
    assert_eq!(window.ask(typed).await?, "36 mo zz", "what was typed stays");

    clinic.network.set_down(false);
    window.ask("window.dispatchEvent(new Event('online')); arguments[0](null)").await?;
    window.shows("sync-pill", "all synced").await?;
    other.synced().await?;
    let chart = other.replica()?.dental_chart(rohan)?;
    let (caries, plan) = (&chart.findings[0], &chart.procedures[0]);
    assert_eq!((caries.condition.as_str(), caries.surfaces.as_str()), ("caries_dentine", "MO"));
    assert_eq!((plan.name.as_str(), plan.note.as_str()), ("Filling", "A2"));

    other.replica()?.step_procedure(plan.id, ProcedureStatus::Planned, ProcedureStatus::Completed)?;
    window.shows("dental-procedure", "done").await?;
    window.close().await
}

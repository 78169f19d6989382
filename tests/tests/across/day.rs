//! A day at the clinic, in the real window, by keys alone.

use clinic_tests::clinic::{Clinic, TestDesk, patient};
use clinic_tests::consultation::{Line, enrol, find, open_pad, sign, write_line};
use clinic_tests::session::Session;
use clinic_tests::window::Window;
use fantoccini::key::Key;
use protocol::id::PatientId;
use protocol::table::{Row, TableName};
use replica::view::{AllergyForm, BookingForm, VisitType};
use tempfile::TempDir;

/// How many come.
const VISITORS: usize = 60;

/// Registers someone, from the number to the age.
async fn register(window: &Window, place: usize) -> anyhow::Result<()> {
    window.press_ctrl('n', true).await?;
    window.part("register-form").await?;
    window.type_text(&format!("98765{place:05}")).await?;
    window.press(Key::Tab).await?;
    let name = format!("Visitor{place}");
    window.type_text(&name).await?;
    window.press(Key::Tab).await?;
    window.press(Key::Tab).await?;
    window.type_text(if place.is_multiple_of(2) { "f" } else { "m" }).await?;
    window.press(Key::Tab).await?;
    window.type_text("41").await?;
    window.press(Key::Enter).await?;
    window.shows("chart", &name).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_day_without_the_server_arrives_in_its_order_and_nothing_of_it_waits_for_a_person()
-> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let session = Session::start(&folder.path().join("session"))?;
    let clinic = Clinic::open().await?;
    let other = clinic.desk("Room 2").await?;
    let window = Window::open(&session, &folder.path().join("desk")).await?;
    enrol(&window, &clinic.network.address(), &clinic.code().await?).await?;
    window.shows("sync-pill", "all synced").await?;
    clinic.network.set_down(true);
    window.shows("sync-pill", "Offline since").await?;
    let mut numbers = Vec::new();
    for place in 0..VISITORS {
        register(&window, place).await?;
        open_pad(&window).await?;
        window.type_text("para 650 1-1-1 x3d pc").await?;
        window.press(Key::Enter).await?;
        window.counts("pad-item", 1).await?;
        numbers.push(sign(&window).await?);
    }
    window.shows("sync-pill", &format!("saved here, {} waiting", 2 * VISITORS)).await?;

    clinic.network.set_down(false);
    // The system says so to the window, as it does when a cable is back in its place.
    window.ask("window.dispatchEvent(new Event('online')); arguments[0](null)").await?;
    window.shows("sync-pill", "all synced").await?;
    other.synced().await?;
    let rows = other.rows()?;
    let of = |table: TableName| rows.iter().filter(move |row| row.table == table);
    let text = |row: &Row, name: &str| row.values[name].as_str().unwrap_or_default().to_owned();
    let mut signed: Vec<_> = of(TableName::Prescriptions)
        .map(|row| (text(row, "finalised_at"), text(row, "prescription_number")))
        .collect();
    signed.sort();
    let arrived: Vec<String> = signed.into_iter().map(|(_, number)| number).collect();
    assert_eq!(arrived, numbers);
    assert_eq!(of(TableName::Patients).count(), VISITORS);
    assert_eq!(of(TableName::SyncConflicts).count(), 0);
    for fate in ["quarantined", "blocked", "conflict"] {
        assert_eq!(clinic.count("clinic.sync_mutations", &format!("fate = '{fate}'")).await?, 0, "{fate}");
    }
    window.close().await
}

/// A window, and another desk that has registered Sunita; both have all that there is.
struct Desks {
    window: Window,
    other: TestDesk,
    sunita: PatientId,
    _clinic: Clinic,
    _session: Session,
    _folder: TempDir,
}

async fn beside_another_desk() -> anyhow::Result<Desks> {
    let folder = tempfile::tempdir()?;
    let session = Session::start(&folder.path().join("session"))?;
    let clinic = Clinic::open().await?;
    let other = clinic.desk("Front desk").await?;
    let sunita = other.replica()?.register_patient(&patient("Sunita", "9820441276"))?.id;
    other.synced().await?;
    let window = Window::open(&session, &folder.path().join("desk")).await?;
    enrol(&window, &clinic.network.address(), &clinic.code().await?).await?;
    window.shows("sync-pill", "all synced").await?;
    Ok(Desks { window, other, sunita, _clinic: clinic, _session: session, _folder: folder })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_allergy_that_is_noted_at_the_other_desk_holds_the_line_of_a_pad_that_is_open()
-> anyhow::Result<()> {
    let desks = beside_another_desk().await?;
    let (window, other, sunita) = (desks.window, &desks.other, desks.sunita);
    find(&window, "1276", "Sunita").await?;
    open_pad(&window).await?;
    write_line(&window, &Line { medicine: "amoxicillin 500", dose: Some("1-1-1 x5d pc") }).await?;
    assert_eq!(window.count("pad-held").await?, 0);

    let allergy = AllergyForm {
        substance: "Penicillin".into(),
        class_code: Some("penicillin".into()),
        certainty: "confirmed".into(),
        status: "active".into(),
        ..AllergyForm::default()
    };
    other.replica()?.save_allergy(sunita, None, &allergy)?;
    window.shows("pad-held", "1 held").await?;
    window.shows("pad-finding", "Noted allergy: Penicillin").await?;
    window.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_that_the_other_desk_books_stands_in_the_week_that_is_looked_at() -> anyhow::Result<()> {
    let desks = beside_another_desk().await?;
    let (window, other, sunita) = (desks.window, &desks.other, desks.sunita);
    window.type_text("w").await?;
    window.shows("week-days", "Nobody is booked").await?;

    let doctor = other.replica()?.session().doctor_id;
    let form = BookingForm {
        doctor_id: doctor.ok_or_else(|| anyhow::anyhow!("a doctor signed in"))?,
        day: "1d".into(),
        time: "11:20".into(),
        visit_type: VisitType::FollowUp,
        is_urgent: false,
        reason: String::new(),
        is_here: false,
        was_asked: false,
    };
    other.replica()?.book_visit(sunita, &form)?;
    window.shows("week-days", "11:20 Sunita").await?;
    for key in [Key::Down, Key::Right, Key::Down, Key::Enter] {
        window.press(key).await?;
    }
    window.shows("chart", "Sunita").await?;
    window.close().await
}

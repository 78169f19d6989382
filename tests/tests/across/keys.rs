//! The five ways through a consultation, in the real window, by keys alone: each key that goes down is counted, and no
//! way may take more of them than it is allowed.

use clinic_tests::clinic::{Clinic, EMAIL, PASSWORD, TestDesk};
use clinic_tests::session::Session;
use clinic_tests::window::Window;
use fantoccini::key::Key;
use protocol::id::PatientId;
use replica::view::{Draft, DraftItem, PatientForm, ShortKeyForm};
use tempfile::TempDir;

/// The window, and a second desk on which the day was prepared.
struct Desk {
    window: Window,
    other: TestDesk,
    sunita: PatientId,
    _folder: TempDir,
    _session: Session,
    clinic: Clinic,
}

async fn desk() -> anyhow::Result<Desk> {
    let folder = tempfile::tempdir()?;
    let session = Session::start(&folder.path().join("session"))?;
    let clinic = Clinic::open().await?;
    let other = clinic.desk("Room 2").await?;
    let form = PatientForm {
        mobile_number: "9820441276".into(),
        first_name: "Sunita".into(),
        last_name: "Deshmukh".into(),
        sex: "female".into(),
        age_years: Some(54),
        ..PatientForm::default()
    };
    let sunita = other.replica()?.register_patient(&form)?.id;
    let key = ShortKeyForm {
        key: "urti".into(),
        title: "Cold and cough".into(),
        lines: "Paracetamol 650 1-1-1 pc x3d\nLevocetirizine 5 0-0-1 x5d\nPantoprazole 40 mg tablet 1-0-0 ac x5d\nSteam twice a day x3d"
            .into(),
        ..ShortKeyForm::default()
    };
    other.replica()?.save_short_key(None, &key)?;
    let line = |text: &str, dose: &str| -> anyhow::Result<DraftItem> {
        let found = other.replica()?.find_medicines(text)?;
        let medicine = found.first().expect("in the catalogue");
        let strength = medicine.strength_text.clone().unwrap_or_default();
        Ok(DraftItem {
            medicine_id: Some(medicine.id),
            medicine_text: format!("{} {strength}", medicine.generic_name),
            dose_text: dose.into(),
            ..DraftItem::default()
        })
    };
    let last = Draft {
        items: vec![
            line("metformin 500", "1-0-1 x30d pc")?,
            line("telmisartan 40", "1-0-0 x30d")?,
            line("atorvastatin 10", "0-0-1 x30d")?,
        ],
        ..Draft::default()
    };
    other.replica()?.sign_prescription(sunita, &last, &[])?;
    other.synced().await?;
    let window = Window::open(&session, &folder.path().join("desk")).await?;
    window.part("enrol-form").await?;
    window.fill("Server address", &clinic.network.address()).await?;
    window.fill("One-time code", &clinic.code().await?.0).await?;
    window.fill("E-mail", EMAIL).await?;
    window.fill("Password", PASSWORD).await?;
    window.fill("Name of this computer", "Room 1").await?;
    window.press(Key::Enter).await?;
    window.shows("sync-pill", "all synced").await?;
    window.watch_mouse().await?;
    window.count_anew();
    Ok(Desk { window, other, sunita, _folder: folder, _session: session, clinic })
}

impl Desk {
    /// Finds Sunita and opens her pad.
    async fn begin(&self) -> anyhow::Result<()> {
        let window = &self.window;
        window.press_ctrl('k', false).await?;
        window.part("finder-input").await?;
        window.type_text("suni").await?;
        window.shows("finder-option", "Sunita Deshmukh").await?;
        window.press(Key::Enter).await?;
        window.shows("chart", "Sunita").await?;
        window.press_ctrl('n', false).await?;
        window.part("pad-line").await?;
        Ok(())
    }

    /// A whole line, typed and accepted.
    async fn line(&self, text: &str, place: usize) -> anyhow::Result<()> {
        self.window.type_text(text).await?;
        self.window.press(Key::Enter).await?;
        self.window.counts("pad-item", place).await
    }

    /// A medicine with the dose that the list offers.
    async fn offered(&self, text: &str, place: usize) -> anyhow::Result<()> {
        self.window.type_text(text).await?;
        self.window.press(Key::Enter).await?;
        self.window.part("pad-medicine").await?;
        self.window.press(Key::Enter).await?;
        self.window.counts("pad-item", place).await
    }

    async fn sign(&self) -> anyhow::Result<()> {
        self.window.press_ctrl(char::from(Key::Enter), false).await?;
        self.window.part("prescription-page").await?;
        Ok(())
    }

    /// The way took so many keys at most, and no mouse; what was signed reached the other desk.
    async fn end(self, way: &str, most: usize, lines: &[&str]) -> anyhow::Result<()> {
        let keys = self.window.keys();
        assert!(keys <= most, "{way} took {keys} keys, not {most}");
        assert_eq!(self.window.mouse_events().await?, 0, "{way}");
        self.window.shows("sync-pill", "all synced").await?;
        self.other.synced().await?;
        let chart = self.other.replica()?.chart(self.sunita)?;
        let doses: Vec<&str> =
            chart.prescriptions[0].items.iter().map(|item| item.dose_text.as_str()).collect();
        assert_eq!(doses, lines, "{way}");
        self.window.close().await?;
        drop(self.clinic);
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "passed once by itself; comes to every run when it has passed there many times"]
async fn t1_a_short_key_one_duration_changed_and_a_day_to_come_back_take_35_keys() -> anyhow::Result<()> {
    let desk = desk().await?;
    desk.begin().await?;
    let window = &desk.window;
    window.type_text("/urti").await?;
    window.press(Key::Tab).await?;
    window.counts("pad-item", 4).await?;
    // The last line is Steam; the one before it is the acid blocker, whose days are changed.
    window.press(Key::Up).await?;
    window.press(Key::Up).await?;
    window.press(Key::F2).await?;
    window.counts("pad-item", 3).await?;
    for _ in 0..2 {
        window.press(Key::Backspace).await?;
    }
    window.type_text("7d").await?;
    window.press(Key::Enter).await?;
    window.counts("pad-item", 4).await?;
    window.press(Key::F6).await?;
    window.type_text("5d").await?;
    desk.sign().await?;
    desk.end("T1", 35, &["1-1-1 x3d pc", "0-0-1 x5d", "1-0-1 x3d", "1-0-0 x7d ac"]).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "passed once by itself; comes to every run when it has passed there many times"]
async fn t2_three_medicines_with_the_doses_that_are_offered_take_40_keys() -> anyhow::Result<()> {
    let desk = desk().await?;
    desk.begin().await?;
    desk.offered("para 650", 1).await?;
    desk.offered("metf 500", 2).await?;
    desk.offered("panto", 3).await?;
    desk.sign().await?;
    let keys = desk.window.keys();
    assert!(keys <= 40, "T2 took {keys} keys");
    assert_eq!(desk.window.mouse_events().await?, 0);
    desk.window.close().await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "passed once by itself; comes to every run when it has passed there many times"]
async fn t3_three_medicines_typed_in_full_take_90_keys() -> anyhow::Result<()> {
    let desk = desk().await?;
    desk.begin().await?;
    desk.line("para 650 1-1-1 x3d pc", 1).await?;
    desk.line("levocet 5 0-0-1 x5d", 2).await?;
    desk.line("amox 500 cap 1-1-1 x5d pc", 3).await?;
    desk.sign().await?;
    desk.end("T3", 90, &["1-1-1 x3d pc", "0-0-1 x5d", "1-1-1 x5d pc"]).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "fails: after sync, the check of both records takes the repeated medicines for duplicates and asks"]
async fn t4_the_last_prescription_again_one_removed_and_one_changed_takes_26_keys() -> anyhow::Result<()> {
    let desk = desk().await?;
    desk.begin().await?;
    let window = &desk.window;
    window.press_ctrl('r', false).await?;
    window.counts("pad-item", 3).await?;
    window.press(Key::Up).await?;
    window.press(Key::Delete).await?;
    window.counts("pad-item", 2).await?;
    window.press(Key::F2).await?;
    window.counts("pad-item", 1).await?;
    for _ in 0..3 {
        window.press(Key::Backspace).await?;
    }
    window.type_text("60d").await?;
    window.press(Key::Enter).await?;
    window.counts("pad-item", 2).await?;
    desk.sign().await?;
    desk.end("T4", 26, &["1-0-1 x30d pc", "1-0-0 x60d"]).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "passed once by itself; comes to every run when it has passed there many times"]
async fn t5_a_new_patient_is_registered_with_35_keys() -> anyhow::Result<()> {
    let desk = desk().await?;
    let window = &desk.window;
    window.press_ctrl('n', true).await?;
    window.part("register-form").await?;
    window.type_text("9876500011").await?;
    window.press(Key::Tab).await?;
    window.type_text("Ramesh").await?;
    // Past the last name, to the sex and the age.
    window.press(Key::Tab).await?;
    window.press(Key::Tab).await?;
    window.type_text("m").await?;
    window.press(Key::Tab).await?;
    window.type_text("61").await?;
    window.press(Key::Enter).await?;
    window.shows("chart", "Ramesh").await?;
    let keys = window.keys();
    assert!(keys <= 35, "T5 took {keys} keys");
    assert_eq!(window.mouse_events().await?, 0);
    desk.window.close().await
}

//! The five ways through a consultation, in the real window, by keys alone: each key that goes down is counted.

use anyhow::ensure;
use fantoccini::key::Key;
use protocol::id::PatientId;
use replica::view::{Draft, DraftItem, PatientForm, ShortKeyForm};
use tempfile::TempDir;

use crate::clinic::{Clinic, TestDesk};
use crate::consultation::{enrol, find, open_pad, sign};
use crate::session::Session;
use crate::window::Window;

/// A way through a consultation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A short key, one duration changed, and a day to come back.
    ShortKey,
    /// Three medicines with the doses that are offered.
    Offered,
    /// Three medicines typed in full.
    Typed,
    /// The last prescription again, one line removed and one changed.
    Repeated,
    /// A new patient.
    NewPatient,
}

impl Way {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::ShortKey, Self::Offered, Self::Typed, Self::Repeated, Self::NewPatient];

    /// How many keys it may take.
    pub fn most_keys(self) -> usize {
        match self {
            Self::ShortKey => 31,
            Self::Offered => 38,
            Self::Typed => 74,
            Self::Repeated => 24,
            Self::NewPatient => 35,
        }
    }
}

/// A window on Sunita's clinic, and a second desk on which the day was prepared.
pub struct Room {
    window: Window,
    other: TestDesk,
    sunita: PatientId,
    _folder: TempDir,
    _session: Session,
    _clinic: Clinic,
}

impl Room {
    /// Opens it: Sunita has a prescription of before, the doctor a short key.
    ///
    /// # Errors
    ///
    /// If a part of it does not start.
    pub async fn open() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let session = Session::start(&folder.path().join("session"))?;
        let clinic = Clinic::open().await?;
        let other = clinic.desk("Room 2").await?;
        let sunita = prepare(&other)?;
        other.synced().await?;
        let window = Window::open(&session, &folder.path().join("desk")).await?;
        enrol(&window, &clinic.network.address(), &clinic.code().await?).await?;
        window.shows("sync-pill", "all synced").await?;
        window.watch_mouse().await?;
        Ok(Self { window, other, sunita, _folder: folder, _session: session, _clinic: clinic })
    }

    /// Goes this way, and says how many keys it took.
    ///
    /// # Errors
    ///
    /// If it does not lead where it should, or the mouse was needed.
    pub async fn go(&self, way: Way) -> anyhow::Result<usize> {
        self.window.count_anew();
        match way {
            Way::ShortKey => self.short_key().await?,
            Way::Offered => self.offered().await?,
            Way::Typed => self.typed().await?,
            Way::Repeated => self.repeated().await?,
            Way::NewPatient => self.new_patient().await?,
        }
        let keys = self.window.keys();
        ensure!(self.window.mouse_events().await? == 0, "{way:?} needed the mouse");
        Ok(keys)
    }

    /// The doses of Sunita's latest prescription, as the other desk has it once everything is synced.
    ///
    /// # Errors
    ///
    /// If it is not synced.
    pub async fn doses(&self) -> anyhow::Result<Vec<String>> {
        self.window.shows("sync-pill", "all synced").await?;
        self.other.synced().await?;
        let chart = self.other.replica()?.chart(self.sunita)?;
        let latest = chart.prescriptions.into_iter().next();
        Ok(latest.into_iter().flat_map(|one| one.items).map(|item| item.dose_text).collect())
    }

    async fn begin(&self) -> anyhow::Result<()> {
        find(&self.window, "suni", "Sunita Deshmukh").await?;
        open_pad(&self.window).await
    }

    async fn short_key(&self) -> anyhow::Result<()> {
        self.begin().await?;
        let window = &self.window;
        window.type_text("/urti").await?;
        window.press(Key::Tab).await?;
        window.counts("pad-item", 4).await?;
        // The last line is Steam; the one before it is the acid blocker, whose days are changed.
        window.press(Key::Up).await?;
        window.press(Key::Up).await?;
        self.change(3, 2, "7d").await?;
        window.press(Key::F6).await?;
        window.type_text("5d").await?;
        sign(window).await?;
        Ok(())
    }

    async fn offered(&self) -> anyhow::Result<()> {
        self.begin().await?;
        for (place, medicine) in ["para 650", "metf 500", "panto"].into_iter().enumerate() {
            self.window.type_text(medicine).await?;
            self.window.press(Key::Enter).await?;
            self.window.part("pad-medicine").await?;
            self.window.press(Key::Enter).await?;
            self.window.counts("pad-item", place + 1).await?;
        }
        sign(&self.window).await?;
        Ok(())
    }

    async fn typed(&self) -> anyhow::Result<()> {
        self.begin().await?;
        let lines = ["para650 1-1-1 3d pc", "levocet 5 0-0-1 5d", "amox500 cap 1-1-1 5d pc"];
        for (place, line) in lines.into_iter().enumerate() {
            self.window.type_text(line).await?;
            self.window.press(Key::Enter).await?;
            self.window.counts("pad-item", place + 1).await?;
        }
        sign(&self.window).await?;
        Ok(())
    }

    async fn repeated(&self) -> anyhow::Result<()> {
        self.begin().await?;
        let window = &self.window;
        window.press_ctrl('r', false).await?;
        window.counts("pad-item", 3).await?;
        window.press(Key::Up).await?;
        window.press(Key::Delete).await?;
        window.counts("pad-item", 2).await?;
        self.change(1, 3, "60d").await?;
        sign(window).await?;
        Ok(())
    }

    /// Takes the chosen line back into the field, and writes something in the place of its end.
    async fn change(&self, left: usize, end: usize, text: &str) -> anyhow::Result<()> {
        let window = &self.window;
        window.press(Key::F2).await?;
        window.counts("pad-item", left).await?;
        for _ in 0..end {
            window.press(Key::Backspace).await?;
        }
        window.type_text(text).await?;
        window.press(Key::Enter).await?;
        window.counts("pad-item", left + 1).await
    }

    async fn new_patient(&self) -> anyhow::Result<()> {
        let window = &self.window;
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
        Ok(())
    }
}

fn prepare(desk: &TestDesk) -> anyhow::Result<PatientId> {
    let replica = desk.replica()?;
    let form = PatientForm {
        mobile_number: "9820441276".into(),
        first_name: "Sunita".into(),
        last_name: "Deshmukh".into(),
        sex: "female".into(),
        age_years: Some(54),
        ..PatientForm::default()
    };
    let sunita = replica.register_patient(&form)?.id;
    let lines = "Paracetamol 650 1-1-1 pc x3d\nLevocetirizine 5 0-0-1 x5d\n\
                 Pantoprazole 40 mg tablet 1-0-0 ac x5d\nSteam twice a day x3d";
    let key = ShortKeyForm {
        key: "urti".into(),
        title: "Cold and cough".into(),
        lines: lines.into(),
        ..ShortKeyForm::default()
    };
    replica.save_short_key(None, &key)?;
    let line = |text: &str, dose: &str| -> anyhow::Result<DraftItem> {
        let found = replica.find_medicines(text)?.into_iter().next();
        let medicine = anyhow::Context::context(found, "it is in the catalogue")?;
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
    replica.sign_prescription(sunita, &last, &[])?;
    Ok(sunita)
}

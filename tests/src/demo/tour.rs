//! The tour: the window, driven by keys through an outage, and the proof that nothing of it was lost.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clinic_tests::consultation::{Line, Visitor, find, open_pad, register, sign, unlock, write_line};
use clinic_tests::session::Session;
use clinic_tests::window::Window;
use serde_json::Value;

use crate::clinic::Clinic;
use crate::say;

/// The tour's computer, whose keys lie in the keyring of the tour's own session.
const DESK: &str = "tour-desk";
/// The computer that proves it.
const SECOND: &str = "tour-second-desk";

/// Someone new on every tour: their number comes from the clock.
fn visitor() -> Visitor {
    let seconds = time::OffsetDateTime::now_utc().unix_timestamp().rem_euclid(100_000_000);
    Visitor {
        mobile_number: format!("98{seconds:08}"),
        first_name: "Kaveri",
        last_name: "Nambiar",
        age: "41",
    }
}

const LINES: [Line; 3] = [
    Line { medicine: "amoxicillin 500", dose: Some("1-1-1 x5d pc") },
    Line { medicine: "paracetamol 650", dose: Some("1 sos max 3 gap 6h for fever x3d") },
    Line { medicine: "pantoprazole 40", dose: Some("1-0-0 x5d ac") },
];

/// Runs it; an error if anything is not as it should be.
pub async fn run(folder: PathBuf) -> anyhow::Result<()> {
    let pictures = folder.join("tour");
    for old in [&pictures, &folder.join(SECOND)] {
        if old.exists() {
            std::fs::remove_dir_all(old)?;
        }
    }
    std::fs::create_dir_all(&pictures)?;
    let session = Session::start(&folder.join("session"))?;
    let mut clinic = Clinic::open(folder)?;
    clinic.enrol_once(DESK, |program| session.command(program))?;
    let mut tour = Tour { pictures, steps: vec![] };
    let window = Window::open(&session, &clinic.desk(DESK)).await?;
    let walked = tour.walk(&window, &mut clinic).await;
    if walked.is_err() {
        tour.picture(&window, "where it stopped").await.ok();
    }
    window.close().await?;
    let proved = match walked {
        Ok(number) => tour.prove(&number, &clinic, &session),
        Err(error) => Err(error),
    };
    let stopped = clinic.server.stop();
    tour.summary(proved.as_ref().err())?;
    proved.and(stopped)
}

struct Tour {
    pictures: PathBuf,
    steps: Vec<String>,
}

impl Tour {
    /// From the unlock screen to the acknowledged prescription; its number.
    async fn walk(&mut self, window: &Window, clinic: &mut Clinic) -> anyhow::Result<String> {
        let doctor = clinic.staff("doctor")?.clone();
        window.part("unlock-form").await?;
        self.picture(window, "the unlock screen").await?;
        unlock(window, &doctor.password).await?;
        window.shows("sync-pill", "all synced").await?;
        self.step(window, &format!("{} signed in, and everything was synced", doctor.full_name)).await?;

        let visitor = visitor();
        register(window, &visitor).await?;
        window.shows("sync-pill", "all synced").await?;
        self.step(window, "registered a patient").await?;

        clinic.server.stop()?;
        window.shows("sync-pill", "Offline since").await?;
        self.step(window, "stopped the sync server: the window says that it is offline").await?;

        window.press_ctrl('1', false).await?;
        window.part("today").await?;
        find(window, &visitor.mobile_number[4..], visitor.first_name).await?;
        self.step(window, "found the patient by the last digits of the number").await?;

        open_pad(window).await?;
        for line in &LINES {
            write_line(window, line).await?;
        }
        window.part("pad-saved").await?;
        self.step(window, "wrote three medicines; the draft is saved on this computer").await?;

        let number = sign(window).await?;
        let pill = window.shows("sync-pill", "saved here, 1 waiting").await?;
        self.step(window, &format!("signed prescription {number}; the pill says: {pill}")).await?;

        clinic.server.start()?;
        let pill = window.shows("sync-pill", "all synced").await?;
        self.step(window, &format!("started the sync server again; the pill says: {pill}")).await?;
        Ok(number)
    }

    /// Compares the prescription on this computer with that on a new one, column by column.
    fn prove(&mut self, number: &str, clinic: &Clinic, session: &Session) -> anyhow::Result<()> {
        let command = |program| session.command(program);
        clinic.enrol(SECOND, "Second desk", command)?;
        clinic.replica(SECOND, &["sync"], command)?;
        let read = |desk: &str| -> anyhow::Result<Value> {
            let shown = clinic.replica(desk, &["show-prescription", number], command)?;
            serde_json::from_str(&shown).context("a prescription in JSON")
        };
        let (here, there) = (read(DESK)?, read(SECOND)?);
        ensure!(here == there, "prescription {number} differs on the second computer:\n{here:#}\n{there:#}");
        let items = there["items"].as_array().map_or(0, Vec::len);
        ensure!(items == LINES.len(), "prescription {number} has {items} medicines, not {}", LINES.len());
        ensure!(
            there["values"]["content_sha256"] == there["computed_sha256"],
            "prescription {number} is not what was signed"
        );
        clinic.replica(SECOND, &["verify"], command)?;
        self.steps.push(format!(
            "a second computer, enrolled anew, has {number} with {items} medicines, every column the same, hash {}",
            there["computed_sha256"].as_str().unwrap_or_default()
        ));
        Ok(())
    }

    async fn step(&mut self, window: &Window, what: &str) -> anyhow::Result<()> {
        say(&format!("  ✓ {what}"));
        self.steps.push(what.to_owned());
        let title: Vec<&str> = what.split([';', ':', ',']).take(1).collect();
        self.picture(window, &title.concat()).await
    }

    async fn picture(&self, window: &Window, title: &str) -> anyhow::Result<()> {
        let words: String = title
            .chars()
            .map(|letter| if letter.is_alphanumeric() { letter } else { '-' })
            .take(60)
            .collect();
        window.screenshot(&self.pictures.join(format!("{:02}-{words}.png", self.steps.len()))).await
    }

    fn summary(&self, error: Option<&anyhow::Error>) -> anyhow::Result<()> {
        let mut text = String::from("The tour of Clinic Desk\n\n");
        for (place, step) in self.steps.iter().enumerate() {
            text += &format!("{:>2}. {step}\n", place + 1);
        }
        text += &error.map_or("\nAll of it happened.\n".to_owned(), |error| format!("\nThen: {error:#}\n"));
        std::fs::write(self.pictures.join("summary.txt"), &text)?;
        say(&text);
        say(&format!("Pictures and this summary: {}", shown(&self.pictures)));
        Ok(())
    }
}

/// A folder as a person would type it from where they stand.
fn shown(folder: &Path) -> String {
    let here = std::env::current_dir().ok();
    let near = here.and_then(|here| folder.strip_prefix(here).ok().map(Path::to_owned));
    near.as_deref().unwrap_or(folder).display().to_string()
}

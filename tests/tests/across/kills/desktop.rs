//! The desktop's process is killed; what it had saved is there at its next start, and goes out once.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::Context;
use clinic_tests::clinic::{Clinic, EMAIL, PASSWORD, TestDesk, patient};
use clinic_tests::database::{Place, make_places};
use clinic_tests::network::Fault;
use clinic_tests::process::{Process, output, program};
use clinic_tests::session::Session;
use replica::Depth;
use tempfile::TempDir;

use super::{Moment, OF_A_PULL, PULL, PUSH, hold, urls_of};

/// A desktop that is a process, beside one that is not.
struct Killed {
    session: Session,
    clinic: Clinic,
    other: TestDesk,
    /// The numbers of everybody who was called saved.
    saved: Vec<String>,
    // Goes last: the others have files in it.
    folder: TempDir,
}

impl Killed {
    async fn open() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let session = Session::start(&folder.path().join("session"))?;
        let clinic = Clinic::open().await?;
        make_places(&urls_of(clinic.server().database().clone())).await?;
        // The other one has a line of its own, on which nothing happens.
        let other = TestDesk::new()?;
        other.enrol(clinic.server().url().to_owned(), clinic.code().await?, "Room 2").await?;
        let killed = Self { session, clinic, other, saved: Vec::new(), folder };
        let (address, code) = (killed.clinic.network.address(), killed.clinic.code().await?);
        let secrets = format!("{}\n{PASSWORD}\n", code.0);
        killed.replica(
            &["enrol", "--server", &address, "--email", EMAIL, "--device-name", "Room 1"],
            &secrets,
        )?;
        killed.replica(&["sync", "--email", EMAIL], &typed())?;
        Ok(killed)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("desk")
    }

    fn replica(&self, args: &[&str], input: &str) -> anyhow::Result<String> {
        let mut command = self.session.command(program("clinic-replica")?);
        tokio::task::block_in_place(|| output(command.args(args).arg("--data").arg(self.data()), input))
    }

    /// Registers patients without a line until it is killed.
    fn write(&mut self, round: usize) -> anyhow::Result<()> {
        self.clinic.network.set_down(true);
        let mut writer = self.session.command(program("clinic-writer")?);
        writer.arg(self.data()).args([EMAIL, &round.to_string()]);
        let mut writer = started(&mut writer)?;
        let told = BufReader::new(writer.child().stdout.take().context("a pipe")?);
        for number in told.lines().take(12) {
            self.saved.push(number?);
        }
        // It goes on saving while it is killed.
        writer.kill()
    }

    /// Starts it, waits until it is held at a moment, and kills it there.
    async fn killed_at(&self, path: &'static str, moment: Moment) -> anyhow::Result<()> {
        let urls = urls_of(self.clinic.server().database().clone());
        let first_waiting = self.clinic.count("clinic.sync_mutations", "true").await? + 1;
        let held = hold(&urls, &self.clinic.network, path, moment, first_waiting).await?;
        self.clinic.network.set_down(false);
        let mut sync = self.session.command(program("clinic-replica")?);
        sync.args(["sync", "--email", EMAIL, "--data"]).arg(self.data());
        let sync = started(&mut sync)?;
        held.reached().await?;
        sync.kill()?;
        held.let_go().await;
        Ok(())
    }

    /// It has everything, and so does the other one; what it had saved is there once.
    async fn all_is_well(&self) -> anyhow::Result<()> {
        self.clinic.network.forget_plans();
        self.replica(&["sync", "--email", EMAIL], &typed())?;
        self.replica(&["verify", "--deep", "--email", EMAIL], &typed())?;
        self.other.synced().await?;
        assert_eq!(self.other.desk.mend(Depth::Values).await?, 0);
        for number in &self.saved {
            assert_eq!(
                self.other.replica()?.find_patients(number)?.people.len(),
                1,
                "{number} was called saved"
            );
        }
        let patients = self.clinic.count("clinic.patients", "true").await?;
        assert_eq!(self.clinic.count("clinic.patients", "needs_review").await?, 0, "nobody is there twice");
        assert!(patients >= i64::try_from(self.saved.len())?);
        assert_eq!(self.clinic.count("clinic.sync_mutations", "fate = 'applied'").await?, patients);
        assert_eq!(self.clinic.count("clinic.sync_mutations", "true").await?, patients, "one fate each");
        Ok(())
    }
}

/// The password as it is typed.
fn typed() -> String {
    format!("{PASSWORD}\n")
}

/// A program of the desktop, which was told the password.
fn started(command: &mut std::process::Command) -> anyhow::Result<Process> {
    let mut process = Process::spawn(command.stdin(Stdio::piped()).stdout(Stdio::piped()))?;
    let mut stdin = process.child().stdin.take().context("a pipe")?;
    stdin.write_all(typed().as_bytes())?;
    Ok(process)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desktop_killed_at_any_moment_of_a_push_brings_each_change_once() -> anyhow::Result<()> {
    let mut killed = Killed::open().await?;
    let moments = [
        Moment::OnTheWay(Fault::HeldRequest(400)),
        Moment::In(|first| Place::Receipt(first + 6)),
        Moment::In(Place::Commit),
        Moment::OnTheWay(Fault::HeldAnswer(0)),
        Moment::OnTheWay(Fault::HeldAnswer(300)),
    ];
    for (round, moment) in moments.into_iter().enumerate() {
        killed.write(round)?;
        killed.killed_at(PUSH, moment).await?;
        killed.all_is_well().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desktop_killed_at_any_moment_of_a_pull_skips_nothing() -> anyhow::Result<()> {
    let killed = Killed::open().await?;
    for (round, moment) in OF_A_PULL.into_iter().enumerate() {
        for place in 0..20 {
            let number = format!("98205 {round}00{place:02}");
            killed.other.replica()?.register_patient(&patient(&format!("Other {number}"), &number))?;
        }
        killed.other.synced().await?;
        killed.killed_at(PULL, moment).await?;
        killed.all_is_well().await?;
    }
    Ok(())
}

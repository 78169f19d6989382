//! Postgres is killed under the server and started again on what it left; the server's process goes on.
#![cfg(unix)]

use clinic_tests::clinic::{TestDesk, patient, register};
use clinic_tests::database::{Postgres, kill};
use clinic_tests::network::Network;
use clinic_tests::server::ServerProcess;
use replica::Depth;
use tempfile::TempDir;

use super::{Clinic, Held, OF_A_BOOTSTRAP, OF_A_PULL, OF_A_PUSH};

/// A clinic on a Postgres of its own.
struct Mortal {
    clinic: Clinic,
    postgres: Postgres,
    // Goes last: the others have files in it.
    _folder: TempDir,
}

impl Mortal {
    async fn open() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let postgres = Postgres::open(folder.path().join("data")).await?;
        let clinic = Clinic::on(postgres.urls()).await?;
        Ok(Self { clinic, postgres, _folder: folder })
    }

    /// Kills Postgres, lets go what was held, and starts Postgres again.
    async fn kill(&mut self, held: Held) -> anyhow::Result<()> {
        tokio::task::block_in_place(|| self.postgres.kill())?;
        held.let_go().await;
        self.postgres.start()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_clinics_server_starts_its_own_postgres_again() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut server = ServerProcess::open(folder.path())?;
    let registered = register(&server.address(), "ASHA").await?;
    let one = TestDesk::new()?;
    one.enrol(server.address(), registered.enrolment.code, "Room 1").await?;
    tokio::task::block_in_place(|| kill(&server.data()))?;
    one.replica()?.register_patient(&patient("Sunita", "98204 41276"))?;
    one.synced().await?;
    assert_eq!(one.desk.mend(Depth::Values).await?, 0);
    server.stop()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_killed_at_any_moment_of_a_push_loses_and_doubles_nothing() -> anyhow::Result<()> {
    let mut mortal = Mortal::open().await?;
    for moment in OF_A_PUSH {
        let held = mortal.clinic.held_push(moment).await?;
        mortal.kill(held).await?;
        mortal.clinic.all_is_well(&[]).await?;
    }
    mortal.clinic.server.stop()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_killed_at_any_moment_of_a_pull_skips_nothing() -> anyhow::Result<()> {
    let mut mortal = Mortal::open().await?;
    for moment in OF_A_PULL {
        let held = mortal.clinic.held_pull(moment).await?;
        mortal.kill(held).await?;
        mortal.clinic.all_is_well(&[]).await?;
    }
    mortal.clinic.server.stop()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_killed_at_any_moment_while_a_desktop_is_filled_leaves_out_nothing() -> anyhow::Result<()>
{
    let mut mortal = Mortal::open().await?;
    mortal.clinic.register_many()?;
    for moment in OF_A_BOOTSTRAP {
        let line = Network::before(mortal.clinic.server.address().parse()?).await?;
        let (new, held) = mortal.clinic.held_bootstrap(&line, moment).await?;
        mortal.kill(held).await?;
        mortal.clinic.all_is_well(&[&new]).await?;
    }
    mortal.clinic.server.stop()
}

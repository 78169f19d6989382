//! The server's process is killed; its database goes on.

use clinic_tests::network::Network;

use super::{Clinic, Held, OF_A_BOOTSTRAP, OF_A_PULL, OF_A_PUSH, shared};

impl Clinic {
    /// Kills the server, lets go what was held, and starts the server again.
    async fn kill_server(&mut self, held: Held) -> anyhow::Result<()> {
        self.server.kill()?;
        // What its last transaction still does in the database it does without the server.
        held.let_go().await;
        self.server.start()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_at_any_moment_of_a_push_loses_and_doubles_nothing() -> anyhow::Result<()> {
    let mut clinic = Clinic::on(&shared().await).await?;
    for moment in OF_A_PUSH {
        let held = clinic.held_push(moment).await?;
        clinic.kill_server(held).await?;
        clinic.all_is_well(&[]).await?;
    }
    clinic.server.stop()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_at_any_moment_of_a_pull_skips_nothing() -> anyhow::Result<()> {
    let mut clinic = Clinic::on(&shared().await).await?;
    for moment in OF_A_PULL {
        let held = clinic.held_pull(moment).await?;
        clinic.kill_server(held).await?;
        clinic.all_is_well(&[]).await?;
    }
    clinic.server.stop()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_at_any_moment_while_a_desktop_is_filled_leaves_out_nothing() -> anyhow::Result<()> {
    let mut clinic = Clinic::on(&shared().await).await?;
    clinic.register_many()?;
    for moment in OF_A_BOOTSTRAP {
        let line = Network::before(clinic.server.address().parse()?).await?;
        let (new, held) = clinic.held_bootstrap(&line, moment).await?;
        clinic.kill_server(held).await?;
        clinic.all_is_well(&[&new]).await?;
    }
    clinic.server.stop()
}

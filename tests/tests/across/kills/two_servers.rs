//! Two processes of one server behind one address, of which one is killed.

use clinic_tests::database::Place;
use clinic_tests::network::{Fault, Network};
use clinic_tests::server::ServerProcess;
use url::Url;

use super::{Clinic, Moment, OF_A_BOOTSTRAP, shared};

/// A clinic whose server has a second process.
async fn two() -> anyhow::Result<(Clinic, ServerProcess)> {
    let clinic = Clinic::on(&shared().await).await?;
    let second = ServerProcess::on(clinic.folder.path(), &clinic.urls)?;
    Ok((clinic, second))
}

fn url(server: &ServerProcess) -> anyhow::Result<Url> {
    Ok(server.address().parse()?)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_brought_to_one_process_is_heard_at_the_other() -> anyhow::Result<()> {
    let (mut clinic, second) = two().await?;
    // Its stream of news breaks, and begins again at the other process.
    clinic.other_line.lead_to(url(&second)?);
    clinic.other_line.set_down(true);
    clinic.other.offline().await?;
    clinic.other_line.set_down(false);
    clinic.other.synced().await?;
    clinic.register_many()?;
    let (last, replica) = (clinic.numbers.last().cloned().unwrap_or_default(), clinic.other.replica()?);
    clinic
        .other
        .until("it has heard of the last one", |_| {
            replica.find_patients(&last).is_ok_and(|found| !found.people.is_empty())
        })
        .await?;
    clinic.all_is_well(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn when_one_process_is_killed_in_a_push_the_other_goes_on_with_it() -> anyhow::Result<()> {
    let (mut clinic, mut second) = two().await?;
    let moments = [
        Moment::In(|last| Place::Receipt(last - 5)),
        Moment::In(Place::Commit),
        Moment::OnTheWay(Fault::HeldAnswer(0)),
        Moment::OnTheWay(Fault::HeldAnswer(300)),
    ];
    for moment in moments {
        clinic.line.lead_to(url(&clinic.server)?);
        let held = clinic.held_push(moment).await?;
        // From now on both are asked in turn, and one of them is no more.
        for line in [&clinic.line, &clinic.other_line] {
            line.lead_to_each([url(&clinic.server)?, url(&second)?]);
        }
        clinic.server.kill()?;
        held.let_go().await;
        clinic.all_is_well(&[]).await?;
        clinic.server.start()?;
        // Next time it is the other one's turn.
        std::mem::swap(&mut clinic.server, &mut second);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_asked_in_turn_are_one_server() -> anyhow::Result<()> {
    let (mut clinic, second) = two().await?;
    for line in [&clinic.line, &clinic.other_line] {
        line.lead_to_each([url(&clinic.server)?, url(&second)?]);
    }
    for _ in 0..4 {
        clinic.register_many()?;
        clinic.all_is_well(&[]).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desktop_that_one_process_began_to_fill_is_filled_by_the_other() -> anyhow::Result<()> {
    let (mut clinic, second) = two().await?;
    clinic.register_many()?;
    for moment in OF_A_BOOTSTRAP {
        let line = Network::before(url(&clinic.server)?).await?;
        let (new, held) = clinic.held_bootstrap(&line, moment).await?;
        for line in [&line, &clinic.line, &clinic.other_line] {
            line.lead_to(url(&second)?);
        }
        clinic.server.kill()?;
        held.let_go().await;
        clinic.all_is_well(&[&new]).await?;
        clinic.server.start()?;
    }
    Ok(())
}

//! Whatever the line does, a mutation takes effect exactly once and nothing is skipped.

use clinic_tests::clinic::{Clinic, patient};
use clinic_tests::network::Fault;
use replica::view::SyncStatus;

const PUSH: &str = "/v1/sync/push";
const PULL: &str = "/v1/sync/pull";

/// Registers a patient while the push meets these faults, and checks that it took effect once.
async fn push_survives(faults: &[Fault]) -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let (one, other) = (clinic.desk("Room 1").await?, clinic.desk("Room 2").await?);
    clinic.network.plan(PUSH, faults.iter().copied());
    let sunita = one.replica()?.register_patient(&patient("Sunita", "98204 41276"))?;
    one.synced().await?;
    other.synced().await?;
    assert_eq!(clinic.network.n_planned(), 0, "every fault happened");
    let found = other.replica()?.find_patients("sunita")?.people;
    assert_eq!(found.len(), 1, "once, and only once");
    assert_eq!(found[0].id, sunita.id);
    assert!(!found[0].needs_review);
    assert_eq!(one.desk.sync_status().attention, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_that_never_arrived_is_sent_again() -> anyhow::Result<()> {
    push_survives(&[Fault::LostRequest, Fault::LostRequest]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_whose_answer_was_lost_takes_effect_once() -> anyhow::Result<()> {
    push_survives(&[Fault::LostAnswer, Fault::LostAnswer]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_that_arrives_twice_takes_effect_once() -> anyhow::Result<()> {
    push_survives(&[Fault::Repeated]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_whose_answer_breaks_off_takes_effect_once() -> anyhow::Result<()> {
    push_survives(&[Fault::BrokenAfter(0), Fault::BrokenAfter(40)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn words_of_a_gateway_are_never_taken_for_the_servers_verdict() -> anyhow::Result<()> {
    push_survives(&[Fault::Answered(502), Fault::Answered(403), Fault::Answered(429), Fault::Answered(200)])
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_that_breaks_off_anywhere_goes_on_where_it_broke() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let one = clinic.desk("Room 1").await?;
    for place in 0..30 {
        one.replica()?
            .register_patient(&patient(&format!("Patient {place}"), &format!("98204 100{place:02}")))?;
    }
    one.synced().await?;
    let other = clinic.desk("Room 2").await?;
    clinic.network.set_down(true);
    other.offline().await?;
    for place in 0..30 {
        one.replica()?
            .register_patient(&patient(&format!("Patient {place}"), &format!("98204 200{place:02}")))?;
    }
    clinic.network.plan(
        PULL,
        [0, 10, 100, 400, 900, 1_500].map(Fault::BrokenAfter).into_iter().chain([Fault::LostAnswer]),
    );
    clinic.network.set_down(false);
    one.synced().await?;
    other.synced().await?;
    for number in (0..30).flat_map(|place| ["100", "200"].map(|part| format!("98204 {part}{place:02}"))) {
        assert_eq!(other.replica()?.find_patients(&number)?.people.len(), 1, "{number}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_was_in_touch_also_where_its_page_broke_off() -> anyhow::Result<()> {
    // The end of the line came, and no more.
    const HEAD: &str =
        concat!(r#"{"head":{"version":1000,"catalogue":1,"server_time":"2026-11-23T04:11:09Z"}}"#, "\n");
    let clinic = Clinic::open().await?;
    let desk = clinic.desk("Room 1").await?;
    clinic.network.say(PULL, 200, "application/x-ndjson", HEAD);
    // One that was on its way before is over with the second that breaks.
    let begun = clinic.network.n_asked(PULL);
    desk.desk.sync_now();
    desk.until("one page broke", |_| clinic.network.n_asked(PULL) > begun).await?;
    let (before, asked) = (desk.desk.sync_status().last_contact_at, clinic.network.n_asked(PULL));
    desk.desk.sync_now();
    desk.until("it was in touch", |status| {
        status.last_contact_at > before && clinic.network.n_asked(PULL) > asked
    })
    .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_asks_for_no_rows_because_it_hears_of_its_own_changes() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let desk = clinic.desk("Room 1").await?;
    let before = clinic.network.n_asked(PULL);
    for place in 0..15 {
        desk.replica()?.register_patient(&patient("Asha", &format!("98204 300{place:02}")))?;
        desk.until("the server has it", |status| status.waiting == 0).await?;
    }
    // What was asked before may still have been on its way.
    assert!(clinic.network.n_asked(PULL) <= before + 2, "of fifteen events none told of anything new");
    let other = clinic.desk("Room 2").await?;
    other.replica()?.register_patient(&patient("Bina", "98204 41277"))?;
    let found = |_: &SyncStatus| {
        desk.replica()
            .is_ok_and(|replica| replica.find_patients("Bina").is_ok_and(|found| !found.people.is_empty()))
    };
    desk.until("it has heard of another one's change", found).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_to_a_sign_in_or_a_refresh_logs_nobody_out() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let one = clinic.desk("Room 1").await?;
    let one = one.restarted();
    let faults = [Fault::LostAnswer, Fault::LostAnswer, Fault::BrokenAfter(30)];
    clinic.network.plan("/v1/auth/login", faults);
    one.unlock(&clinic.email).await?;
    one.synced().await?;
    // Access tokens of before end here; the refresh token does not.
    clinic.sql("update clinic.users set token_version = token_version + 1").await?;
    clinic.network.plan("/v1/auth/refresh", faults);
    one.replica()?.register_patient(&patient("Sunita", "98204 41276"))?;
    one.synced().await?;
    assert_eq!(clinic.network.n_planned(), 0);
    assert_eq!(one.desk.sync_status().problem, None);
    Ok(())
}

//! What people do with the copy on their desktop reaches the tenant's audit log.

use clinic_tests::clinic::{Clinic, patient};
use clinic_tests::network::Fault;

use crate::sync::draft;

const EVENTS: &str = "/v1/audit/events";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_looked_at_and_printed_during_an_outage_is_in_the_log_afterwards() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let desk = clinic.desk("Room 1").await?;
    let sunita = desk.replica()?.register_patient(&patient("Sunita", "98204 41276"))?.id;
    let signed = desk.replica()?.sign_prescription(sunita, &draft())?.id;
    desk.synced().await?;
    clinic.network.set_down(true);
    desk.offline().await?;
    for _ in 0..3 {
        desk.replica()?.chart(sunita)?;
    }
    desk.replica()?.print(signed)?;
    clinic.network.set_down(false);
    desk.desk.sync_now();
    let told = clinic.told(&["login", "view", "print"]).await?;
    assert_eq!(told[1].record, Some(sunita.0));
    assert_eq!(told[2].record, Some(signed.0));
    assert!(told[1..].iter().all(|event| event.patient == Some(sunita.0)));
    assert!(told.iter().all(|event| event.user.is_some() && event.occurred_at.is_some()));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_and_a_repeat_leave_each_event_in_the_log_once() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let desk = clinic.desk("Room 1").await?;
    clinic.told(&["login"]).await?;
    let sunita = desk.replica()?.register_patient(&patient("Sunita", "98204 41276"))?.id;
    clinic.network.plan(EVENTS, [Fault::LostAnswer, Fault::Repeated]);
    desk.replica()?.chart(sunita)?;
    desk.until("both faults have happened", |_| {
        desk.desk.sync_now();
        clinic.network.n_planned() == 0
    })
    .await?;
    desk.desk.lock();
    desk.unlock(&clinic.email).await?;
    clinic.told(&["login", "view", "logout", "login"]).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_takes_no_events_holds_up_nothing() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    clinic.network.plan(EVENTS, std::iter::repeat_n(Fault::LostRequest, 50));
    let desk = clinic.desk("Room 1").await?;
    let sunita = desk.replica()?.register_patient(&patient("Sunita", "98204 41276"))?.id;
    desk.replica()?.chart(sunita)?;
    desk.synced().await?;
    assert!(clinic.network.n_planned() > 0);
    assert!(desk.desk.sync_status().problem.is_none());
    Ok(())
}

//! What the server refused, from the desk where it was made to the admin's: nothing of it is lost, whatever breaks.

use clinic_tests::clinic::{Clinic, PASSWORD, TestDesk, patient};
use clinic_tests::network::Fault;
use protocol::api::Fate;
use protocol::conflict::Choice;
use protocol::id::PatientId;
use protocol::settlement::Way;
use replica::view::{CorrectedField, PatientForm};

/// A change that the server refused, for a rule that this desktop does not know, and one behind it.
async fn refused() -> anyhow::Result<(Clinic, TestDesk, PatientId, u32)> {
    let clinic = Clinic::open().await?;
    let desk = clinic.desk("Room 1").await?;
    let sunita = desk.replica()?.register_patient(&patient("Sunita", "98204 41276"))?.id;
    desk.synced().await?;
    clinic
        .sql("alter table clinic.patients add constraint no_needles check (alerts not like '%needles%')")
        .await?;
    desk.change(sunita, |form| form.alerts = "Faints at needles.".into())?;
    desk.change(sunita, |form| form.city = "Pune".into())?;
    desk.synced().await?;
    let [change] = desk.replica()?.refused()?.try_into().expect("one refused change");
    assert_eq!(change.behind, 1);
    Ok((clinic, desk, sunita, change.sequence))
}

fn fates(desk: &TestDesk) -> anyhow::Result<Vec<Option<Fate>>> {
    Ok(desk.replica()?.ledger(50)?.iter().rev().map(|entry| entry.fate).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn tried_again_after_the_cause_was_mended_it_goes_in_with_all_that_waited_behind_it()
-> anyhow::Result<()> {
    let (clinic, desk, sunita, sequence) = refused().await?;
    clinic.sql("alter table clinic.patients drop constraint no_needles").await?;
    // It is asked for while nobody answers, the program is started anew, and the first answer is lost.
    clinic.network.set_down(true);
    desk.replica()?.settle(sequence, Way::Retry, "", &[])?;
    let desk = desk.restarted();
    desk.desk.unlock(&clinic.email, PASSWORD).await?;
    assert_eq!(desk.replica()?.refused()?.len(), 1);
    clinic.network.plan("/v1/sync/push", [Fault::LostAnswer]);
    clinic.network.plan("/v1/sync/receipts", [Fault::LostAnswer]);
    clinic.network.set_down(false);
    desk.until("nothing is set aside", |_| {
        desk.replica().is_ok_and(|replica| matches!(replica.refused(), Ok(all) if all.is_empty()))
    })
    .await?;
    assert!(fates(&desk)?.iter().all(|fate| *fate == Some(Fate::Applied)), "{:?}", fates(&desk)?);
    let other = clinic.desk("Chair 2").await?;
    let form = other.replica()?.chart(sunita)?.form;
    assert_eq!((form.alerts.as_str(), form.city.as_str()), ("Faints at needles.", "Pune"));
    assert_eq!(desk.desk.sync_status().attention, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn handed_to_an_admin_it_is_decided_at_another_desk_and_the_first_one_hears_of_it() -> anyhow::Result<()>
{
    let (clinic, desk, sunita, sequence) = refused().await?;
    let admin = clinic.desk("Office").await?;
    desk.replica()?.settle(sequence, Way::HandOver, "Why is it refused?", &[])?;
    desk.synced().await?;
    admin.synced().await?;
    let [item] = admin.replica()?.conflicts(true)?.try_into().expect("one item");
    let shown = item.refused.expect("about a refused change");
    assert_eq!(
        (shown.title.as_str(), shown.why.as_deref()),
        ("Patient corrected", Some("Why is it refused?"))
    );
    assert_eq!(
        (item.ours.who.as_deref(), item.theirs.device.as_deref()),
        (Some("Anjali Kulkarni"), Some("Room 1"))
    );
    admin.replica()?.decide_conflict(item.id, Choice::Theirs, None, "Ask a doctor.")?;
    admin.synced().await?;
    desk.until("it has heard", |_| {
        desk.replica().is_ok_and(|replica| matches!(replica.refused(), Ok(all) if all.is_empty()))
    })
    .await?;
    let ledger = desk.replica()?.ledger(50)?;
    let entry = ledger.iter().find(|entry| entry.sequence == sequence).expect("in the ledger");
    assert_eq!((entry.fate, entry.detail.as_deref()), (Some(Fate::Discarded), Some("Ask a doctor.")));
    let form = desk.replica()?.chart(sunita)?.form;
    assert_eq!((form.alerts.as_str(), form.city.as_str()), ("", "Pune"), "what waited behind it went on");
    let [decided] = admin.replica()?.conflicts(false)?.try_into().expect("one decision");
    assert_eq!(decided.decided.map(|decided| decided.choice), Some(Choice::Theirs));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrected_change_replaces_the_refused_one_at_every_desk() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let (desk, other) = (clinic.desk("Room 1").await?, clinic.desk("Chair 2").await?);
    // Only the server knows that this is wrong.
    clinic.sql("alter table clinic.patients add constraint patients_no_pune check (city <> 'Pune')").await?;
    let form = PatientForm { city: "Pune".into(), ..patient("Sunita", "98204 41276") };
    let sunita = desk.replica()?.register_patient(&form)?.id;
    desk.change(sunita, |form| form.address_line = "12 Marol Road".into())?;
    desk.synced().await?;
    let [refused] = desk.replica()?.refused()?.try_into().expect("one refused change");
    let corrected = [CorrectedField { record: 0, column: "city".into(), typed: "Poona".into() }];
    desk.replica()?.settle(refused.sequence, Way::Replace, "", &corrected)?;
    desk.synced().await?;
    desk.until("nothing is set aside", |_| {
        desk.replica().is_ok_and(|replica| matches!(replica.refused(), Ok(all) if all.is_empty()))
    })
    .await?;
    other.synced().await?;
    for desk in [&desk, &other] {
        let form = desk.replica()?.chart(sunita)?.form;
        assert_eq!((form.city.as_str(), form.address_line.as_str()), ("Poona", "12 Marol Road"));
    }
    assert_eq!(fates(&desk)?, [Some(Fate::Replaced), Some(Fate::Applied), Some(Fate::Applied)]);
    assert!(desk.replica()?.verify()?.is_good());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_computer_was_refused_that_is_gone_is_corrected_at_an_admins() -> anyhow::Result<()> {
    let (clinic, desk, sunita, _) = refused().await?;
    let admin = clinic.desk("Office").await?;
    assert!(admin.replica()?.conflicts(true)?.is_empty(), "somebody is at that computer");
    let devices = admin.desk.devices().await?;
    let gone = devices.iter().find(|device| device.name == "Room 1").expect("BUG: there").id;
    desk.desk.lock();
    admin.desk.revoke_device(gone, Some("stolen".into())).await?;
    admin
        .until("it is before the admins", |_| {
            admin.replica().is_ok_and(|replica| replica.conflicts(true).is_ok_and(|items| !items.is_empty()))
        })
        .await?;
    let [item] = admin.replica()?.conflicts(true)?.try_into().expect("one item");
    let shown = admin.desk.look_at_refused(item.id).await?;
    let alerts = shown.fields.iter().find(|field| field.column == "alerts").expect("the value");
    assert_eq!(alerts.value.as_deref(), Some("Faints at needles."));
    assert!(shown.may_correct && shown.behind == 1, "{shown:?}");
    let corrected =
        CorrectedField { record: 0, column: "alerts".into(), typed: "Faints at injections.".into() };
    admin.desk.correct_refused(item.id, vec![corrected]).await?;
    admin.synced().await?;
    let form = admin.replica()?.chart(sunita)?.form;
    assert_eq!((form.alerts.as_str(), form.city.as_str()), ("Faints at injections.", "Pune"));
    let [decided] = admin.replica()?.conflicts(false)?.try_into().expect("one decision");
    assert_eq!(decided.decided.map(|decided| decided.choice), Some(Choice::Other));
    assert!(admin.desk.look_at_refused(item.id).await.is_err(), "it waits no more");
    assert!(admin.replica()?.verify()?.is_good());
    Ok(())
}

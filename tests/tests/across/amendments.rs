//! Amendments, and medicines that are stopped: what a desktop lets a doctor do with what is signed goes in at the server.

use clinic_tests::clinic::{Clinic, TestDesk, patient};
use protocol::api::Fate;
use protocol::conflict::Choice;
use protocol::id::{PatientId, PrescriptionId};
use protocol::prescription::Status;
use replica::view::{Draft, Running};

use crate::conflicts::meet;
use crate::own_keys::{RAHUL, SECOND_DOCTOR};
use crate::sync::draft;

fn register(desk: &TestDesk, name: &str, number: &str) -> anyhow::Result<PatientId> {
    Ok(desk.replica()?.register_patient(&patient(name, number))?.id)
}

fn sign(desk: &TestDesk, patient: PatientId, draft: &Draft) -> anyhow::Result<PrescriptionId> {
    Ok(desk.replica()?.sign_prescription(patient, draft, &[])?.id)
}

/// All that this desktop did went in.
fn went_in(desk: &TestDesk) -> anyhow::Result<()> {
    let ledger = desk.replica()?.ledger(50)?;
    let aside: Vec<_> = ledger.iter().filter(|entry| entry.fate != Some(Fate::Applied)).collect();
    assert!(aside.is_empty(), "{aside:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_colleagues_prescription_that_is_amended_with_a_reason_is_replaced_everywhere() -> anyhow::Result<()>
{
    let clinic = Clinic::open().await?;
    clinic.sql(SECOND_DOCTOR).await?;
    let desk = clinic.desk("Room 1").await?;
    let sunita = register(&desk, "Sunita", "98204 41276")?;
    let hers = sign(&desk, sunita, &draft())?;
    desk.synced().await?;
    desk.desk.lock();
    desk.unlock(RAHUL).await?;
    desk.synced().await?;
    let again = desk.replica()?.amend_prescription(hers)?;
    let why = Draft { amend_reason: "The dose was too high".into(), ..again };
    let his = sign(&desk, sunita, &why)?;
    desk.synced().await?;
    went_in(&desk)?;
    let other = clinic.desk("Room 2").await?;
    let replaced = other.replica()?.prescription(hers)?;
    assert_eq!(
        (replaced.status, replaced.void_reason.as_deref()),
        (Status::Superseded, Some("The dose was too high"))
    );
    assert_eq!(other.replica()?.prescription(his)?.status, Status::Finalised);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_merged_registration_was_prescribed_is_amended_and_stands_in_the_chart_that_is_kept()
-> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let desk = clinic.desk("Room 1").await?;
    let away = register(&desk, "Sunita", "98204 41276")?;
    let first = sign(&desk, away, &draft())?;
    let kept = register(&desk, "Suneeta", "98204 41277")?;
    desk.synced().await?;
    desk.replica()?.merge_patients(kept, away, "same mother")?;
    let again = desk.replica()?.amend_prescription(first)?;
    let second = sign(&desk, kept, &again)?;
    desk.synced().await?;
    went_in(&desk)?;
    let other = clinic.desk("Room 2").await?;
    let shown = other.replica()?.chart(kept)?.prescriptions;
    let shown: Vec<_> = shown.iter().map(|one| (one.id, one.status)).collect();
    assert!(shown.contains(&(first, Status::Superseded)), "{shown:?}");
    assert!(shown.contains(&(second, Status::Finalised)), "{shown:?}");
    Ok(())
}

fn running(desk: &TestDesk, patient: PatientId) -> anyhow::Result<Vec<Running>> {
    Ok(desk.replica()?.chart(patient)?.running)
}

/// Why the lines of a prescription were stopped, as a desktop shows it.
fn stopped(desk: &TestDesk, id: PrescriptionId) -> anyhow::Result<Vec<Option<String>>> {
    Ok(desk.replica()?.prescription(id)?.items.into_iter().map(|line| line.stop_reason).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_medicine_that_is_stopped_on_one_desk_is_stopped_on_another_and_taken_up_again_there()
-> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let (one, other) = (clinic.desk("Room 1").await?, clinic.desk("Room 2").await?);
    let sunita = register(&one, "Sunita", "98204 41276")?;
    let signed = sign(&one, sunita, &draft())?;
    meet(&one, &other).await?;
    let lines = running(&one, sunita)?;
    assert_eq!(lines, running(&other, sunita)?);
    one.replica()?.stop_medicine(lines[0].id, "rash")?;
    meet(&one, &other).await?;
    went_in(&one)?;
    assert_eq!(stopped(&other, signed)?, [Some("rash".to_owned()), None, None]);
    assert_eq!(running(&other, sunita)?, lines[1..]);
    other.replica()?.resume_medicine(lines[0].id)?;
    meet(&one, &other).await?;
    went_in(&other)?;
    assert_eq!(running(&one, sunita)?, lines);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_medicine_that_two_desks_stopped_while_apart_one_reason_is_decided_for_both()
-> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let (one, other) = (clinic.desk("Room 1").await?, clinic.desk("Room 2").await?);
    let sunita = register(&one, "Sunita", "98204 41276")?;
    let signed = sign(&one, sunita, &draft())?;
    meet(&one, &other).await?;
    let lines = running(&one, sunita)?;
    clinic.network.set_down(true);
    one.replica()?.stop_medicine(lines[0].id, "rash")?;
    other.replica()?.stop_medicine(lines[0].id, "itching")?;
    clinic.network.set_down(false);
    meet(&one, &other).await?;
    assert_eq!(running(&one, sunita)?, running(&other, sunita)?);
    assert_eq!(running(&one, sunita)?.len(), 2, "it is stopped, whichever of the two holds");
    let [item] = one.replica()?.conflicts(true)?.try_into().expect("one item");
    let chosen = if item.ours.holds { Choice::Theirs } else { Choice::Ours };
    let before = stopped(&one, signed)?;
    one.replica()?.decide_conflict(item.id, chosen, None, "")?;
    meet(&one, &other).await?;
    for desk in [&one, &other] {
        assert_eq!(desk.replica()?.conflicts(true)?, []);
        let after = stopped(desk, signed)?;
        assert!(after[0].is_some() && after[0] != before[0], "{after:?}");
    }
    Ok(())
}

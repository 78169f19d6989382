//! Amendments: what a desktop lets a doctor replace goes in at the server.

use clinic_tests::clinic::{Clinic, TestDesk, patient};
use protocol::api::Fate;
use protocol::id::{PatientId, PrescriptionId};
use protocol::prescription::Status;
use replica::view::Draft;

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

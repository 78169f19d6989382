//! A desktop finds out by digests whether it has what the server has, and mends what differs.

use std::sync::Arc;

use clinic_tests::clinic::{Clinic, TestDesk, patient};
use clinic_tests::network::Fault;
use protocol::api::Fate;
use replica::view::{PatientForm, SyncStatus};
use replica::{Depth, Error};
use serde_json::Value;

use crate::sync::draft;

const DIGEST: &str = "/v1/sync/digest";

/// Does something to the desk's file behind the program's back; answers how many rows it met.
fn damage(desk: &TestDesk, sql: &str) -> anyhow::Result<usize> {
    Ok(desk.replica()?.store().damage(sql)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_were_lost_or_damaged_on_a_desk_come_back_and_it_says_so() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let (one, other) = (clinic.desk("Room 1").await?, clinic.desk("Room 2").await?);
    for name in ["Asha", "Bina", "Charu"] {
        let patient = one.replica()?.register_patient(&patient(name, "98204 41276"))?;
        one.replica()?.sign_prescription(patient.id, &draft(), &[])?;
    }
    one.synced().await?;
    other.synced().await?;
    let whole = one.rows()?;
    assert_eq!(other.rows()?, whole);
    let compared = other.desk.sync_status().compared.expect("compared");
    assert_eq!((compared.mended, compared.mended_at), (0, None));
    let asha = "first_name = 'Asha'";
    damage(&other, &format!("delete from finder where rowid in (select rowid from patients where {asha})"))?;
    assert_eq!(damage(&other, &format!("delete from patients where {asha}"))?, 1);
    assert_eq!(damage(&other, "update prescriptions set sync_version = sync_version - 1")?, 3);
    assert_eq!(damage(&other, "delete from prescription_items where position = 1")?, 3);
    assert_eq!(damage(&other, "update clinics set is_deleted = 1")?, 1);
    assert_ne!(other.rows()?, whole);
    assert_eq!(other.desk.mend(Depth::Versions).await?, 8);
    assert_eq!(other.rows()?, whole);
    let compared = other.desk.sync_status().compared.expect("compared");
    assert!(compared.mended == 8 && compared.mended_at.is_some() && compared.mended_at == compared.at);
    // What a version does not tell, values do.
    assert_eq!(damage(&other, "update patients set city = 'Nowhere' where first_name <> 'Asha'")?, 2);
    assert_eq!(other.desk.mend(Depth::Versions).await?, 0);
    assert_eq!(other.desk.mend(Depth::Values).await?, 2);
    assert_eq!(other.rows()?, whole);
    assert!(other.replica()?.verify()?.is_good());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_the_server_has_lost_stays_on_the_desk_and_is_told_of() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let desk = clinic.desk("Room 1").await?;
    desk.replica()?.register_patient(&patient("Asha", "98204 41276"))?;
    desk.replica()?.register_patient(&patient("Bina", "98204 41276"))?;
    desk.synced().await?;
    let lose = "set session_replication_role = replica;
                update clinic.tenant_sync set version = version + 1;
                delete from clinic.patients where first_name = 'Asha';
                update clinic.patients set city = null, sync_version = sync_version - 1 where first_name = 'Bina'";
    clinic.sql(lose).await?;
    assert_eq!(desk.desk.mend(Depth::Versions).await?, 0);
    assert_eq!(desk.desk.sync_status().only_here, 2);
    assert_eq!(desk.desk.mend(Depth::Values).await?, 0, "and it is no difference any more");
    let refused = desk.desk.wipe(clinic.tenant_code(), None).await;
    assert!(
        matches!(&refused, Err(Error::Invalid(said)) if said.contains("2 records are here that the server lost")),
        "{refused:?}"
    );
    for name in ["Asha", "Bina"] {
        assert_eq!(desk.replica()?.find_patients(name)?.people.len(), 1, "{name}");
    }
    assert!(desk.replica()?.verify()?.is_good());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn mending_never_overwrites_what_waits() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let (one, other) = (clinic.desk("Room 1").await?, clinic.desk("Room 2").await?);
    let asha = one.replica()?.register_patient(&patient("Asha", "98204 41276"))?.id;
    one.synced().await?;
    let no = r#"{"type":"about:blank","status":403,"code":"forbidden","detail":"Not now."}"#;
    clinic.network.say("/v1/sync/push", 403, "application/problem+json", no);
    let form = one.replica()?.chart(asha)?.form;
    one.replica()?.update_patient(asha, &form, &PatientForm { city: "Pune".into(), ..form.clone() })?;
    let new = one.replica()?.register_patient(&patient("Bina", "98204 41277"))?.id;
    assert_eq!(one.desk.mend(Depth::Values).await?, 0, "what waits is no difference");
    assert_eq!(damage(&one, "delete from confirmed_rows")?, 1);
    assert_eq!(one.desk.mend(Depth::Versions).await?, 1);
    assert_eq!(one.replica()?.chart(asha)?.form.city, "Pune");
    assert_eq!(one.desk.sync_status().waiting, 2);
    clinic.network.say_nothing();
    one.synced().await?;
    other.synced().await?;
    assert_eq!(other.replica()?.chart(asha)?.form.city, "Pune");
    assert_eq!(other.replica()?.find_patients("Bina")?.people[0].id, new);
    assert!(one.replica()?.ledger(9)?.iter().all(|entry| entry.fate == Some(Fate::Applied)));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_was_never_compared_is_not_called_synced() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let desk = TestDesk::new()?;
    clinic.network.plan("/v1/sync/digest", [Fault::Answered(503)]);
    desk.enrol_only(clinic.network.address(), clinic.code().await?, "Room 1").await?;
    desk.until("it has tried", |_| clinic.network.n_planned() == 0).await?;
    assert_eq!(desk.desk.sync_status().last_synced_at, None);
    desk.synced().await?;
    assert!(desk.desk.sync_status().compared.is_some());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_compare_is_told_of_and_no_comparison_is_claimed() -> anyhow::Result<()> {
    const NOTHING: &str =
        r#"{"type":"about:blank","status":404,"code":"not_found","detail":"There is no such record."}"#;
    let clinic = Clinic::open().await?;
    let desk = TestDesk::new()?;
    clinic.network.say(DIGEST, 404, "application/problem+json", NOTHING);
    desk.enrol_only(clinic.network.address(), clinic.code().await?, "Room 1").await?;
    let is_told = |status: &SyncStatus| {
        let mut problems = status.problem.iter();
        problems.any(|problem| problem.detail.starts_with("This server cannot compare"))
    };
    desk.until("it has found out", is_told).await?;
    desk.replica()?.register_patient(&patient("Asha", "98204 41276"))?;
    desk.until("what is done goes out, and it says so still", |status| {
        status.waiting == 0 && is_told(status)
    })
    .await?;
    let status = desk.desk.sync_status();
    assert!(status.compared.is_none() && status.last_synced_at.is_none());
    let asked = desk.desk.mend(Depth::Versions).await;
    assert!(matches!(asked, Err(Error::CannotCompare)), "{asked:?}");
    clinic.network.say_nothing();
    desk.synced().await?;

    // One that was compared before stays what it was: whoever asks is told, and nothing is claimed.
    let before = desk.desk.sync_status().compared.and_then(|compared| compared.at);
    assert!(before.is_some());
    clinic.network.say(DIGEST, 404, "application/problem+json", NOTHING);
    let asked = desk.desk.mend(Depth::Versions).await;
    assert!(matches!(asked, Err(Error::CannotCompare)), "{asked:?}");
    desk.synced().await?;
    assert_eq!(desk.desk.sync_status().compared.and_then(|compared| compared.at), before);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_saved_goes_out_at_once_while_the_server_owes_answers_that_nobody_waits_for()
-> anyhow::Result<()> {
    const LOG_ENDS: &str = "/v1/audit/ends";
    let clinic = Clinic::open().await?;
    let desk = clinic.desk("Room 1").await?;
    assert_eq!(damage(&desk, "delete from meta where name = 'compared'")?, 1);
    desk.desk.lock();
    // Each would be waited for as long as a dead line is: a minute.
    clinic.network.plan(DIGEST, [Fault::HeldAnswer(0)]);
    clinic.network.plan(LOG_ENDS, [Fault::HeldAnswer(0)]);
    desk.unlock(&clinic.email).await?;
    for (path, name) in [(DIGEST, "Asha"), (LOG_ENDS, "Bina")] {
        desk.until("an answer is held back", |_| clinic.network.n_planned_for(path) == 0).await?;
        desk.replica()?.register_patient(&patient(name, "98204 41276"))?;
        desk.until("what was saved has gone out meanwhile", |status| status.waiting == 0).await?;
        assert_eq!(clinic.count("clinic.patients", &format!("first_name = '{name}'")).await?, 1);
    }
    // Nothing was let go; each was asked for once more.
    desk.synced().await?;
    assert!(desk.desk.sync_status().compared.is_some());
    Ok(())
}

/// From now on the server seems to have other clinics than it sends.
fn belie(clinic: &Clinic) {
    clinic.network.spoil(DIGEST, |text| {
        let mut answer: Value = serde_json::from_str(&text).unwrap_or_default();
        for table in answer.get_mut("tables").and_then(Value::as_array_mut).into_iter().flatten() {
            if table["table"] == "clinics" {
                table["hash"] = "00000000000000ff".into();
            }
        }
        answer.to_string()
    });
}

fn differs(status: &SyncStatus) -> bool {
    status.problem.as_ref().is_some_and(|problem| problem.detail.contains("still differs"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_still_differs_says_so_and_is_not_called_synced() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let desk = TestDesk::new()?;
    belie(&clinic);
    desk.enrol_only(clinic.network.address(), clinic.code().await?, "Room 1").await?;
    desk.until("it has found out", differs).await?;
    assert_eq!(desk.desk.sync_status().last_synced_at, None);
    clinic.network.say_nothing();
    desk.synced().await?;

    // Nor is one that was equal before: each round compares anew, with two questions, and none of them ends well.
    belie(&clinic);
    let asking = Arc::clone(&desk.desk);
    let asked = tokio::spawn(async move { asking.mend(Depth::Versions).await });
    desk.until("it has found out again", differs).await?;
    let (before, n_asked) = (desk.desk.sync_status().last_synced_at, clinic.network.n_asked(DIGEST));
    for more in [2, 4] {
        desk.desk.sync_now();
        desk.until("it has compared once more", |_| clinic.network.n_asked(DIGEST) >= n_asked + more).await?;
    }
    // Nor after a comparison that the line or the server ended.
    clinic.network.plan(DIGEST, [Fault::Answered(503)]);
    desk.desk.sync_now();
    desk.until("one came to no end", |_| clinic.network.n_planned() == 0).await?;
    let n_asked = clinic.network.n_asked(DIGEST);
    desk.desk.sync_now();
    desk.until("it has compared once more", |_| clinic.network.n_asked(DIGEST) >= n_asked + 2).await?;
    assert_eq!(desk.desk.sync_status().last_synced_at, before);
    clinic.network.say_nothing();
    desk.synced().await?;
    assert_eq!(asked.await??, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_still_differs_is_not_called_synced_after_a_restart_either() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let desk = clinic.desk("Room 1").await?;
    belie(&clinic);
    let asking = Arc::clone(&desk.desk);
    let asked = tokio::spawn(async move { asking.mend(Depth::Versions).await });
    desk.until("it has found out", differs).await?;
    let before = desk.desk.sync_status().last_synced_at;
    // Nobody waits for it any more, and the last good comparison is not an hour ago.
    asked.abort();
    assert!(asked.await.is_err());
    let desk = desk.restarted();
    let n_asked = clinic.network.n_asked(DIGEST);
    desk.unlock(&clinic.email).await?;
    assert!(differs(&desk.desk.sync_status()), "it says so before it has asked");
    desk.until("it has compared unasked", |_| clinic.network.n_asked(DIGEST) >= n_asked + 2).await?;
    assert_eq!(desk.desk.sync_status().last_synced_at, before);
    clinic.network.say_nothing();
    desk.synced().await?;
    assert_eq!(desk.desk.sync_status().problem, None);
    Ok(())
}

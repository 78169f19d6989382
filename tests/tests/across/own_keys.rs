//! Doctors' own keys: what each of them signs at a desk that they share, and what nobody else signs for them.

use clinic_tests::clinic::{Clinic, EMAIL, PASSWORD, TestDesk, patient};
use protocol::api::NoticeCode;
use protocol::error::ErrorCode;
use protocol::id::{PatientId, PrescriptionId};
use protocol::mutation::{Mutation, SignedMutation};
use protocol::settlement::Way;
use replica::OwnSignature;
use replica::view::SyncStatus;
use serde_json::Value;

use crate::sync::draft;

/// With what he signs in.
pub const RAHUL: &str = "rahul@example.org";

/// A second doctor, with the same password.
pub const SECOND_DOCTOR: &str = "
    set search_path = clinic;
    insert into users (tenant_id, id, email, full_name, roles, password_hash)
    select tenant_id, '0193a5b0-0000-7000-8000-000000000001', 'rahul@example.org', 'Rahul Mehta', '{doctor}',
           password_hash from users where email = 'anjali@example.org';
    insert into doctors (tenant_id, id, user_id, first_name, last_name, kind, registration_number,
                         registration_council)
    select tenant_id, '0193a5b0-0000-7000-8000-000000000002', id, 'Rahul', 'Mehta', 'physician', '2011/07/2231', 'MMC'
    from users where email = 'rahul@example.org'";

fn sign(desk: &TestDesk, patient: PatientId) -> anyhow::Result<PrescriptionId> {
    Ok(desk.replica()?.sign_prescription(patient, &draft(), &[])?.id)
}

fn register(desk: &TestDesk, name: &str, number: &str) -> anyhow::Result<PatientId> {
    Ok(desk.replica()?.register_patient(&patient(name, number))?.id)
}

fn whose(desk: &TestDesk, id: PrescriptionId) -> anyhow::Result<Option<OwnSignature>> {
    Ok(desk.replica()?.prescription(id)?.own_signature)
}

/// Nothing is wrong here, and nothing waits for a person.
fn is_well(desk: &TestDesk) -> anyhow::Result<u32> {
    let report = desk.replica()?.verify()?;
    assert!(report.is_good(), "{:?}", report.problems);
    assert_eq!(desk.desk.sync_status().attention, 0);
    Ok(report.own_signatures)
}

/// What a colleague at this desk finds: the computer's own key.
fn device_key(desk: &TestDesk) -> anyhow::Result<ed25519_dalek::SigningKey> {
    let slots: Value = serde_json::from_slice(&std::fs::read(desk.folder().join("clinic/slots.json"))?)?;
    let installation = slots["installation_id"].as_str().unwrap_or_default().parse()?;
    Ok(desk.keyring().device(installation)?.key)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_doctors_at_one_desk_each_sign_with_a_key_of_their_own_and_neither_for_the_other()
-> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    clinic.sql(SECOND_DOCTOR).await?;
    let desk = clinic.desk("Room 1").await?;
    let sunita = register(&desk, "Sunita", "98204 41276")?;
    let hers = sign(&desk, sunita)?;
    desk.synced().await?;
    desk.desk.lock();
    assert_eq!(desk.desk.replica().map(drop).expect_err("BUG: open").code(), ErrorCode::Locked);
    desk.unlock(RAHUL).await?;
    desk.synced().await?;
    let his = sign(&desk, sunita)?;
    desk.synced().await?;
    assert_eq!(clinic.count("clinic.own_keys", "revoked_at is null").await?, 2);
    assert_eq!(clinic.count("clinic.sync_mutations", "own_signature is not null").await?, 2);
    let signatures = "own_signature is not null and status = 'finalised'";
    assert_eq!(clinic.count("clinic.prescriptions", signatures).await?, 2);

    // Another desk tells who signed both.
    let other = clinic.desk("Room 2").await?;
    for id in [hers, his] {
        other
            .until("it knows whose", |_| {
                whose(&other, id).is_ok_and(|whose| whose == Some(OwnSignature::Good))
            })
            .await?;
    }
    is_well(&other)?;

    // At this desk he can make whatever he likes out of what waits, with the computer's key, but for her signature.
    clinic.network.set_down(true);
    desk.offline().await?;
    desk.replica()?.void_prescription(hers, "Not needed")?;
    let store = desk.replica()?;
    let kept = store.store().kept()?.pop().expect("BUG: waits");
    let (rahul, anjali) = {
        let signed: Mutation = serde_json::from_str(&kept.signed.body)?;
        let of_hers: Mutation = serde_json::from_str(&store.store().kept()?[1].signed.body)?;
        (signed.actor_user_id.to_string(), of_hers.actor_user_id.to_string())
    };
    let forged: Mutation = serde_json::from_str(&kept.signed.body.replace(&rahul, &anjali))?;
    let forged = SignedMutation::sign(&forged, kept.signed.previous_hash, &device_key(&desk)?)?;
    let rewritten = format!(
        "update mutations set body = '{}', hash = '{}', signature = '{}', actor_user_id = '{anjali}' where sequence = {}",
        forged.body, forged.hash, forged.signature, kept.sequence
    );
    assert_eq!(store.store().damage(&rewritten)?, 1);
    let problems = store.verify()?.problems;
    let found = format!("change {} does not bear the signature", kept.sequence);
    assert!(problems.iter().any(|problem| problem.starts_with(&found)), "{problems:?}");
    drop(store);
    clinic.network.set_down(false);
    desk.desk.sync_now();
    desk.until("it was refused", |status| status.waiting == 0 && status.attention > 0).await?;
    assert_eq!(clinic.count("clinic.prescriptions", "status = 'voided'").await?, 0);
    assert_eq!(clinic.count("clinic.sync_mutations", "code = 'not_signed'").await?, 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_computer_of_before_gets_its_people_keys_with_their_next_passwords() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let desk = clinic.desk("Room 1").await?;
    let sunita = register(&desk, "Sunita", "98204 41276")?;
    desk.synced().await?;
    clinic.network.set_down(true);
    desk.offline().await?;
    // Nobody heard of the key with which this is signed, as if it were signed by the program of before.
    sign(&desk, sunita)?;
    desk.desk.lock();
    let desk = desk.restarted();
    let file = desk.folder().join("clinic/slots.json");
    let mut slots: Value = serde_json::from_slice(&std::fs::read(&file)?)?;
    for slot in slots["slots"].as_array_mut().expect("BUG: slots") {
        slot.as_object_mut().expect("BUG: a slot").remove("own_key");
    }
    std::fs::write(&file, serde_json::to_vec(&slots)?)?;
    clinic.sql("delete from clinic.own_keys").await?;
    desk.unlock(EMAIL).await?;
    sign(&desk, sunita)?;
    // The same key is there after another unlock without the server.
    desk.desk.lock();
    desk.unlock(EMAIL).await?;
    sign(&desk, sunita)?;
    clinic.network.set_down(false);
    desk.synced().await?;
    assert_eq!(clinic.count("clinic.own_keys", "after_sequence = 2").await?, 1);
    assert_eq!(clinic.count("clinic.own_keys", "true").await?, 1);
    assert_eq!(clinic.count("clinic.prescriptions", "status = 'finalised'").await?, 3);
    desk.until("it has heard of the key", |_| is_well(&desk).is_ok_and(|signatures| signatures == 3)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_had_too_many_keys_at_a_desk_is_told_and_what_they_do_goes_out() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let desk = clinic.desk("Room 1").await?;
    desk.synced().await?;
    desk.desk.lock();
    let all = "delete from clinic.own_keys;
        insert into clinic.own_keys (tenant_id, device_id, user_id, public_key, after_sequence)
        select tenant_id, device_id, user_id, 'key ' || n, 0 from clinic.device_users, generate_series(1, 50) n";
    clinic.sql(all).await?;
    desk.unlock(EMAIL).await?;
    let told = |status: &SyncStatus| {
        let mut notices = status.notices.iter();
        notices.any(|notice| {
            notice.code == NoticeCode::OwnKeyRefused && notice.detail.starts_with("You have had 50 keys")
        })
    };
    desk.until("they are told", told).await?;
    register(&desk, "Sunita", "98204 41276")?;
    desk.synced().await?;
    assert_eq!(clinic.count("clinic.patients", "true").await?, 1);
    assert_eq!(desk.desk.sync_status().problem, None, "nothing keeps it from syncing");
    desk.desk.lock();
    clinic.sql("delete from clinic.own_keys where public_key = 'key 1'").await?;
    desk.unlock(EMAIL).await?;
    desk.synced().await?;
    assert!(!told(&desk.desk.sync_status()));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_reset_they_sign_with_another_key_and_make_theirs_what_had_not_arrived() -> anyhow::Result<()>
{
    let clinic = Clinic::open().await?;
    let desk = clinic.desk("Room 1").await?;
    let sunita = register(&desk, "Sunita", "98204 41276")?;
    let before = sign(&desk, sunita)?;
    desk.synced().await?;
    clinic.network.set_down(true);
    desk.offline().await?;
    sign(&desk, sunita)?;
    desk.desk.lock();
    clinic
        .sql("update clinic.users set must_change_password = true, password_hash = password_hash || ' '")
        .await?;
    let next = "nine purple camels";
    clinic.server().change_password(clinic.tenant_code(), EMAIL, next).await?;
    clinic.sql("update clinic.users set must_change_password = false").await?;
    clinic.network.set_down(false);
    desk.desk.ask_standing().await?;
    assert!(desk.desk.unlock(EMAIL, PASSWORD).await.is_err(), "the old password opens nothing");
    desk.desk.unlock(EMAIL, next).await?;
    desk.until("what came too late is set aside", |status| status.waiting == 0 && status.attention > 0)
        .await?;
    assert_eq!(clinic.count("clinic.own_keys", "revoked_at is null").await?, 1);
    assert_eq!(clinic.count("clinic.prescriptions", "status = 'finalised'").await?, 1);

    let refused = desk.replica()?.refused()?;
    assert_eq!(refused.len(), 1);
    desk.replica()?.settle(refused[0].sequence, Way::Retry, "", &[])?;
    desk.synced().await?;
    desk.until("nothing waits for a person", |status| status.attention == 0).await?;
    assert_eq!(clinic.count("clinic.prescriptions", "status = 'finalised'").await?, 2);
    sign(&desk, sunita)?;
    desk.synced().await?;
    assert_eq!(whose(&desk, before)?, Some(OwnSignature::Good), "and what they had signed is theirs");
    is_well(&desk)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_signed_on_a_disk_that_was_copied_stays_its_doctors() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let one = clinic.desk("Room 1").await?;
    let sunita = register(&one, "Sunita", "98204 41276")?;
    one.synced().await?;
    one.desk.lock();
    let copy = one.copied()?;
    one.unlock(EMAIL).await?;
    register(&one, "Bina", "98204 41277")?;
    one.synced().await?;
    clinic.network.set_down(true);
    copy.unlock(EMAIL).await?;
    let signed = sign(&copy, sunita)?;
    copy.desk.lock();
    clinic.network.set_down(false);
    copy.unlock(EMAIL).await?;
    copy.until("it stops", |status| {
        status.problem.as_ref().is_some_and(|problem| problem.code == ErrorCode::DeviceCopied)
    })
    .await?;
    copy.desk.lock();
    copy.unlock(EMAIL).await?;
    let later = sign(&copy, sunita)?;
    copy.synced().await?;
    assert_eq!(clinic.count("clinic.devices", "true").await?, 2);
    assert_eq!(clinic.count("clinic.sync_mutations", "code is not null").await?, 0, "nothing was set aside");
    assert_eq!(clinic.count("clinic.prescriptions", "status = 'finalised'").await?, 2);
    let keys = "select count(distinct public_key) from clinic.own_keys";
    assert_eq!(
        clinic.count(&format!("({keys}) k (keys)"), "keys = 2").await?,
        1,
        "each goes on with its own"
    );
    for id in [signed, later] {
        one.synced().await?;
        one.desk.lock();
        one.unlock(EMAIL).await?;
        one.until("it knows whose", |_| whose(&one, id).is_ok_and(|whose| whose == Some(OwnSignature::Good)))
            .await?;
    }
    is_well(&copy)?;
    Ok(())
}

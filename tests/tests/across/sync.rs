//! What one desk does reaches the others, whole and unchanged.

use std::time::Duration;

use clinic_tests::clinic::{Clinic, patient};
use clinic_tests::network::Fault;
use protocol::error::ErrorCode;
use replica::view::{Draft, DraftItem, PatientForm};

/// A draft with three medicines.
pub fn draft() -> Draft {
    let item = |medicine_text: &str, dose_text: &str| DraftItem {
        medicine_text: medicine_text.into(),
        dose_text: dose_text.into(),
        ..DraftItem::default()
    };
    Draft {
        complaints: "Fever for 3 days".into(),
        diagnoses: vec!["Acute upper respiratory infection".into()],
        items: vec![
            item("Paracetamol 650 mg", "1 sos max 4 gap 6h for fever x3d"),
            item("Levocetirizine 5 mg", "1 hs x5d"),
            item("Azithromycin 500 mg", "1-0-0 x3d pc"),
        ],
        advice: "Warm fluids".into(),
        follow_up: "5d".into(),
        ..Draft::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prescription_signed_on_one_desk_arrives_unchanged_on_another() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let (one, other) = (clinic.desk("Room 1").await?, clinic.desk("Room 2").await?);
    let sunita = one.replica()?.register_patient(&patient("Sunita", "98204 41276"))?;
    let signed = one.replica()?.sign_prescription(sunita.id, &draft(), &[])?;
    assert!(!signed.is_synced);
    one.synced().await?;
    other.synced().await?;
    let arrived = other.replica()?.prescription(signed.id)?;
    assert_eq!(arrived.items, signed.items);
    assert_eq!(arrived.number, signed.number);
    assert_eq!(other.replica()?.printed(signed.id)?, one.replica()?.printed(signed.id)?);
    assert!(one.replica()?.prescription(signed.id)?.is_synced);
    assert_eq!(other.replica()?.find_patients("1276")?.people[0].id, sunita.id);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_reaches_the_other_desk_by_itself() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let (one, other) = (clinic.desk("Room 1").await?, clinic.desk("Room 2").await?);
    let sunita = one.replica()?.register_patient(&patient("Sunita", "98204 41276"))?;
    let replica = other.replica()?;
    other
        .until("the live event has brought the patient", |_| {
            replica
                .find_patients("sunita")
                .is_ok_and(|found| found.people.iter().any(|one| one.id == sunita.id))
        })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_desks_that_edited_different_columns_offline_both_keep_their_edits() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let (one, other) = (clinic.desk("Room 1").await?, clinic.desk("Room 2").await?);
    let sunita = one.replica()?.register_patient(&patient("Sunita", "98204 41276"))?.id;
    one.synced().await?;
    other.synced().await?;
    clinic.network.set_down(true);
    let form = one.replica()?.chart(sunita)?.form;
    one.replica()?.update_patient(sunita, &form, &PatientForm { city: "Pune".into(), ..form.clone() })?;
    other.replica()?.update_patient(
        sunita,
        &form,
        &PatientForm { address_line: "12 Marol Road".into(), ..form.clone() },
    )?;
    clinic.network.set_down(false);
    one.synced().await?;
    other.synced().await?;
    one.synced().await?;
    for desk in [&one, &other] {
        let form = desk.replica()?.chart(sunita)?.form;
        assert_eq!((form.city.as_str(), form.address_line.as_str()), ("Pune", "12 Marol Road"));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_patient_registered_on_two_desks_offline_is_kept_twice_and_marked() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let (one, other) = (clinic.desk("Room 1").await?, clinic.desk("Room 2").await?);
    clinic.network.set_down(true);
    let first = one.replica()?.register_patient(&patient("Sunita", "98204 41276"))?;
    let second = other.replica()?.register_patient(&patient("sunita ", "+919820441276"))?;
    assert_ne!(first.id, second.id);
    clinic.network.set_down(false);
    one.synced().await?;
    other.synced().await?;
    one.synced().await?;
    for desk in [&one, &other] {
        let found = desk.replica()?.find_patients("98204 41276")?.people;
        assert_eq!(found.len(), 2);
        assert_eq!(found.iter().filter(|found| found.needs_review).count(), 1);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn work_goes_on_during_an_outage_and_arrives_in_order_afterwards() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let (one, other) = (clinic.desk("Room 1").await?, clinic.desk("Room 2").await?);
    clinic.network.set_down(true);
    one.offline().await?;
    for place in 0..10 {
        let name = ["Asha", "Bina", "Charu", "Deepa", "Esha", "Farah", "Gita", "Hema", "Indu", "Jaya"][place];
        let patient = one.replica()?.register_patient(&patient(name, &format!("98204 0000{place}")))?;
        one.replica()?.sign_prescription(patient.id, &draft(), &[])?;
    }
    assert_eq!(one.desk.sync_status().waiting, 20);
    let one = one.restarted();
    one.unlock(&clinic.email).await?;
    assert_eq!(one.desk.sync_status().waiting, 20, "what was saved is there after a new start");
    clinic.network.set_down(false);
    one.synced().await?;
    other.synced().await?;
    assert_eq!(other.replica()?.find_patients("98204")?.people.len(), 10);
    let ledger = one.replica()?.ledger(50)?;
    assert_eq!(ledger.len(), 20);
    assert!(ledger.iter().all(|entry| entry.fate == Some(protocol::api::Fate::Applied)));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_at_the_unlock_screen_heals_a_lost_refresh_token() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let desk = clinic.desk("Room 1").await?;
    desk.desk.lock();
    clinic.sql("delete from clinic.refresh_tokens").await?;
    desk.unlock(&clinic.email).await?;
    desk.replica()?.register_patient(&patient("Sunita", "98204 41276"))?;
    desk.synced().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_lost_rows_is_never_called_synced() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let desk = clinic.desk("Room 1").await?;
    desk.replica()?.register_patient(&patient("Sunita", "98204 41276"))?;
    desk.synced().await?;
    clinic.sql("update clinic.tenant_sync set version = version - 1").await?;
    desk.desk.sync_now();
    desk.until("it says that the server went back", |status| {
        status.problem.as_ref().is_some_and(|problem| problem.code == ErrorCode::EpochChanged)
    })
    .await?;
    let before = desk.desk.sync_status().last_synced_at;
    clinic.network.plan("/v1/sync/pull", [Fault::Repeated]);
    desk.desk.sync_now();
    desk.until("it has asked again", |_| clinic.network.n_planned() == 0).await?;
    assert_eq!(desk.desk.sync_status().last_synced_at, before);
    assert_eq!(desk.replica()?.find_patients("sunita")?.people.len(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_comes_with_the_event_that_tells_of_it_and_nobody_asks_for_it() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let (one, other) = (clinic.desk("Room 1").await?, clinic.desk("Room 2").await?);
    let id = one.replica()?.register_patient(&patient("Sunita", "98204 41276"))?.id;
    one.synced().await?;
    other.synced().await?;
    let mut came_with_it = 0;
    // A pull for another reason may come in between, as when the stream begins anew.
    for place in 0..10 {
        let asked = clinic.network.n_asked("/v1/sync/pull");
        let (form, city) = (one.replica()?.chart(id)?.form, format!("City {place}"));
        one.replica()?.update_patient(id, &form, &PatientForm { city: city.clone(), ..form.clone() })?;
        let is_here = || -> anyhow::Result<bool> { Ok(other.replica()?.chart(id)?.form.city == city) };
        let mut events = other.desk.events();
        while !is_here()? {
            tokio::time::timeout(Duration::from_secs(10), events.recv()).await?.ok();
        }
        came_with_it += usize::from(clinic.network.n_asked("/v1/sync/pull") == asked);
    }
    assert!(came_with_it > 0);
    other.synced().await?;
    assert_eq!(one.rows()?, other.rows()?);
    Ok(())
}

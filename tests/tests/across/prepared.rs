//! What a nurse prepares at the desk reaches the doctor's room.

use clinic_tests::clinic::{Clinic, TestDesk, patient};
use protocol::api::Fate;
use protocol::id::PatientId;
use replica::view::{Draft, GivenDraft, Vitals};

use crate::own_keys::{RAHUL, SECOND_DOCTOR};

const ASHA: &str = "asha@example.org";

/// A nurse, with the doctor's password.
const NURSE: &str = "
    set search_path = clinic;
    insert into users (tenant_id, id, email, full_name, roles, password_hash)
    select tenant_id, '0193a5b0-0000-7000-8000-000000000011', 'asha@example.org', 'Sister Asha', '{nurse}',
           password_hash from users where email = 'anjali@example.org'";

fn measured() -> Draft {
    Draft {
        complaints: "Fever since 3 days".into(),
        vitals: Vitals { bp_sys: Some(130.0), bp_dia: Some(80.0), temp_c: Some(38.2), ..Vitals::default() },
        ..Draft::default()
    }
}

/// The nurse sits at this desk, and registers somebody there.
async fn with_nurse(clinic: &Clinic) -> anyhow::Result<(TestDesk, PatientId)> {
    clinic.sql(NURSE).await?;
    let desk = clinic.desk("Desk").await?;
    desk.desk.lock();
    desk.unlock(ASHA).await?;
    let sunita = desk.replica()?.register_patient(&patient("Sunita", "98204 41276"))?.id;
    desk.synced().await?;
    Ok((desk, sunita))
}

fn give(desk: &TestDesk, patient: PatientId) -> anyhow::Result<GivenDraft> {
    Ok(desk.replica()?.give_to_doctor(patient, &measured())?)
}

/// Nothing is offered, nothing is wrong, and nothing waits for a person.
fn is_settled(desk: &TestDesk, patient: PatientId, n_signed: usize) -> anyhow::Result<()> {
    let chart = desk.replica()?.chart(patient)?;
    assert_eq!((chart.prepared.len(), chart.prescriptions.len()), (0, n_signed));
    assert_eq!(desk.replica()?.today()?.prepared, []);
    let report = desk.replica()?.verify()?;
    assert!(report.is_good(), "{:?}", report.problems);
    let status = desk.desk.sync_status();
    assert_eq!((status.attention, status.decisions), (0, 0));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_nurse_gives_without_a_network_begins_the_pad_in_the_doctors_room() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let (desk, sunita) = with_nurse(&clinic).await?;
    let room = clinic.desk("Room 1").await?;
    clinic.network.set_down(true);
    desk.offline().await?;
    let given = give(&desk, sunita)?;
    assert!(given.is_all);
    clinic.network.set_down(false);
    desk.synced().await?;
    room.synced().await?;
    assert_eq!(desk.replica()?.ledger(1)?[0].fate, Some(Fate::Applied));

    let waiting = room.replica()?.today()?.prepared;
    assert_eq!(waiting.len(), 1);
    assert_eq!((waiting[0].patient.id, waiting[0].prepared.id), (sunita, given.id));
    assert_eq!(waiting[0].prepared.by, "Sister Asha");
    assert!(room.replica()?.chart(sunita)?.prescriptions.is_empty());
    let begun = room.replica()?.open_pad(sunita)?.draft;
    assert_eq!(begun, Draft { taken_up: vec![given.id], ..measured() });
    let draft = Draft { advice: "Warm fluids".into(), ..begun };
    let signed = room.replica()?.sign_prescription(sunita, &draft, &[])?;
    room.synced().await?;
    desk.synced().await?;
    for desk in [&room, &desk] {
        is_settled(desk, sunita, 1)?;
        let printed = desk.replica()?.printed(signed.id)?;
        assert_eq!((printed.vitals.len(), printed.complaints.as_str()), (2, "Fever since 3 days"));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_doctors_who_sign_from_one_draft_without_a_network_are_both_kept() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    clinic.sql(SECOND_DOCTOR).await?;
    let (desk, sunita) = with_nurse(&clinic).await?;
    let (one, other) = (clinic.desk("Room 1").await?, clinic.desk("Room 2").await?);
    other.desk.lock();
    other.unlock(RAHUL).await?;
    let given = give(&desk, sunita)?;
    for desk in [&desk, &one, &other] {
        desk.synced().await?;
    }
    clinic.network.set_down(true);
    for (desk, advice) in [(&one, "Rest"), (&other, "Walk")] {
        let begun = desk.replica()?.open_pad(sunita)?.draft;
        assert_eq!(begun.taken_up, [given.id]);
        let draft = Draft { advice: advice.into(), ..begun };
        desk.replica()?.sign_prescription(sunita, &draft, &[])?;
    }
    clinic.network.set_down(false);
    for desk in [&one, &other, &desk, &one] {
        desk.synced().await?;
    }
    for desk in [&one, &other, &desk] {
        is_settled(desk, sunita, 2)?;
    }
    assert_eq!(
        clinic.count("clinic.prescriptions", "status = 'finalised' and taken_up is not null").await?,
        2
    );
    Ok(())
}

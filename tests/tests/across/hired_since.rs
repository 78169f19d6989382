//! A server that was restored from a backup which is older than one of the clinic's doctors.
#![cfg(unix)]

use clinic_tests::clinic::{EMAIL, PASSWORD, TestDesk, patient};
use protocol::api::Fate;
use protocol::conflict::Choice;

use crate::crash::{code, own_server};
use crate::sync::draft;

const LATA: &str = "lata@example.org";

#[tokio::test(flavor = "multi_thread")]
async fn a_doctor_who_was_hired_since_the_backup_comes_back_with_a_profile_and_what_they_signed()
-> anyhow::Result<()> {
    let (_folder, mut server, registered, network) = own_server().await?;
    let tenant = ["--tenant-code", registered.tenant_code.as_str()];
    let desk = TestDesk::new()?;
    desk.enrol(network.address(), registered.enrolment.code.clone(), "Room 1").await?;
    let sunita = desk.replica()?.register_patient(&patient("Sunita", "98204 41276"))?.id;
    desk.synced().await?;
    desk.desk.lock();
    server.back_up()?;
    let who = ["--email", LATA, "--name", "Lata Pawar", "--role", "doctor"];
    let registration = ["--registration-number", "2021/07/3344", "--registration-council", "MMC"];
    let args =
        [&["user", "add"][..], &tenant[..], &who[..], &registration[..], &["--password-file", "-"][..]];
    server.operator_with(&args.concat(), &format!("{PASSWORD}\n"))?;
    desk.unlock(LATA).await?;
    desk.synced().await?;
    desk.desk.ask_standing().await?;
    let signed = desk.replica()?.sign_prescription(sunita, &draft(), &[])?.id;
    desk.synced().await?;
    desk.desk.lock();
    server.restore()?;
    server.start()?;
    server.operator(&["tenant", "new-epoch", "--all", "--yes"])?;

    // Nobody knows her there; whoever comes first from the same desktop brings her back.
    desk.unlock(EMAIL).await?;
    desk.until("what she signed is before the admins", |_| {
        desk.replica().is_ok_and(|replica| replica.conflicts(true).is_ok_and(|items| items.len() == 1))
    })
    .await?;
    let told = server.operator(&[&["tenant", "epoch-report"][..], &tenant[..]].concat())?;
    assert!(told.contains("lata@example.org (MMC 2021/07/3344)"), "{told}");
    let item = desk.replica()?.conflicts(true)?.remove(0);
    desk.replica()?.decide_conflict(item.id, Choice::Ours, None, "She worked here.")?;
    desk.until("it went in", |_| {
        desk.replica().is_ok_and(|replica| {
            replica.conflicts(true).is_ok_and(|items| items.is_empty())
                && replica
                    .ledger(20)
                    .is_ok_and(|ledger| ledger.iter().all(|entry| entry.fate == Some(Fate::Applied)))
        })
    })
    .await?;
    let other = TestDesk::new()?;
    other.enrol(network.address(), code(&server, &registered.tenant_code)?, "Room 2").await?;
    desk.synced().await?;
    assert_eq!(other.replica()?.prescription(signed)?.items.len(), 3);
    assert_eq!(desk.rows()?, other.rows()?);
    server.stop()
}

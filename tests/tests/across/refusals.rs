//! Every refusal is a sentence that a receptionist understands, and costs no data.

use std::time::Duration;

use clinic_tests::clinic::{Clinic, EMAIL, PASSWORD, TestDesk, patient};
use clinic_tests::network::Fault;
use clinic_tests::process::wait_for;
use protocol::error::ErrorCode;
use replica::Trouble;
use replica::view::{AppState, CommandError, Enrolment};

fn enrolment(clinic: &Clinic, code: &str, password: &str) -> Enrolment {
    Enrolment {
        server: clinic.network.address(),
        code: code.into(),
        email: clinic.email.clone(),
        password: password.into(),
        device_name: "Room 9".into(),
    }
}

/// A refusal of this kind, in words for staff.
fn says(error: replica::Error, code: ErrorCode) {
    let error = CommandError::from(error);
    assert_eq!(error.code, code, "{}", error.detail);
    assert!(error.detail.ends_with('.') && error.detail.split_whitespace().count() > 4, "{}", error.detail);
    for secret in [PASSWORD, "select", "SQL", "panicked", "Sunita"] {
        assert!(!error.detail.contains(secret), "{}", error.detail);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_code_a_wrong_tenant_and_a_wrong_password_do_not_enrol() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    for code in ["NOWHERE-AAAA-BBBB-CCCC", "rubbish", ""] {
        let desk = TestDesk::new()?;
        let refused = desk.desk.enrol(enrolment(&clinic, code, PASSWORD)).await;
        says(refused.expect_err("BUG: enrolled"), ErrorCode::WrongCode);
        assert_eq!(desk.desk.state(), AppState::NotEnrolled);
    }
    let desk = TestDesk::new()?;
    let code = clinic.server().enrolment_code(clinic.tenant_code()).await?;
    let refused = desk.desk.enrol(enrolment(&clinic, &code.0, "not my password")).await;
    says(refused.expect_err("BUG: enrolled"), ErrorCode::WrongPassword);
    desk.desk.enrol(enrolment(&clinic, &code.0, PASSWORD)).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_server_is_named_as_such() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    clinic.network.set_down(true);
    let desk = TestDesk::new()?;
    let refused = desk.desk.enrol(enrolment(&clinic, "ASHA-AAAA-BBBB-CCCC", PASSWORD)).await;
    says(refused.expect_err("BUG: enrolled"), ErrorCode::ServerUnreachable);
    clinic.network.set_down(false);
    clinic.network.plan("/", [Fault::Answered(200)]);
    let refused = desk.desk.enrol(enrolment(&clinic, "ASHA-AAAA-BBBB-CCCC", PASSWORD)).await;
    says(refused.expect_err("BUG: enrolled"), ErrorCode::ServerUnreachable);
    let elsewhere =
        Enrolment { server: "http://example.org".into(), ..enrolment(&clinic, "A-A-A-A", PASSWORD) };
    let refused = desk.desk.enrol(elsewhere).await;
    says(refused.expect_err("BUG: plain HTTP to another computer"), ErrorCode::Invalid);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_opens_nothing_online_or_offline() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let desk = clinic.desk("Room 1").await?;
    desk.replica()?.register_patient(&patient("Sunita", "98204 41276"))?;
    desk.synced().await?;
    for is_down in [false, true] {
        let desk_locked = &desk;
        desk_locked.desk.lock();
        clinic.network.set_down(is_down);
        let refused = desk_locked.desk.unlock(&clinic.email, "not my password").await;
        says(refused.expect_err("BUG: opened"), ErrorCode::WrongPassword);
        assert!(matches!(desk_locked.desk.state(), AppState::Locked { .. }));
        desk_locked.unlock(&clinic.email).await?;
        assert_eq!(desk_locked.replica()?.find_patients("sunita")?.people.len(), 1);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_is_too_old_still_hands_over_its_work_then_is_told_to_update() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let (one, other) = (clinic.desk("Room 1").await?, clinic.desk("Room 2").await?);
    let before = one.desk.sync_status().last_synced_at;
    clinic.server().require_protocol(protocol::PROTOCOL_VERSION + 1);
    let sunita = one.replica()?.register_patient(&patient("Sunita", "98204 41276"))?.id;
    one.until("all has gone out, and it knows", |status| {
        status.waiting == 0
            && status.problem.as_ref().is_some_and(|problem| problem.code == ErrorCode::UpgradeRequired)
    })
    .await?;
    let status = one.desk.sync_status();
    assert_eq!(status.last_synced_at, before, "it gets nothing, and is not called synced");
    assert!(status.problem.is_some_and(|problem| problem.detail.contains("update the program")));
    // What the next version does.
    clinic.server().require_protocol(protocol::PROTOCOL_VERSION);
    other.synced().await?;
    assert_eq!(other.replica()?.find_patients("Sunita")?.people[0].id, sunita);
    one.synced().await?;
    assert_eq!(one.desk.sync_status().problem, None);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_missing_or_emptied_keyring_opens_nothing_and_costs_nothing() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let desk = clinic.desk("Room 1").await?;
    desk.replica()?.register_patient(&patient("Sunita", "98204 41276"))?;
    for (trouble, code) in
        [(Trouble::Locked, ErrorCode::KeyringLocked), (Trouble::Missing, ErrorCode::KeyringMissing)]
    {
        desk.desk.lock();
        desk.keyring().simulate(trouble);
        assert!(matches!(desk.desk.state(), AppState::Broken { code: shown, .. } if shown == code));
        says(desk.desk.unlock(EMAIL, PASSWORD).await.expect_err("BUG: opened"), code);
        desk.keyring().simulate(Trouble::None);
        desk.unlock(EMAIL).await?;
        assert_eq!(desk.replica()?.find_patients("sunita")?.people.len(), 1);
    }
    desk.desk.lock();
    desk.keyring().forget_all();
    let refused = desk.desk.unlock(EMAIL, PASSWORD).await;
    says(refused.expect_err("BUG: opened"), ErrorCode::KeyringEntryMissing);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_keyring_nothing_is_enrolled_and_no_key_is_put_into_a_file() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let desk = TestDesk::new()?;
    desk.keyring().simulate(Trouble::Missing);
    let refused = desk.desk.enrol(enrolment(&clinic, &clinic.code().await?.0, PASSWORD)).await;
    says(refused.expect_err("BUG: enrolled"), ErrorCode::KeyringMissing);
    assert!(!desk.folder().join("clinic").exists());
    desk.keyring().simulate(Trouble::None);
    assert_eq!(desk.desk.state(), AppState::NotEnrolled);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_foreign_or_missing_file_is_named_and_never_replaced() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let desk = clinic.desk("Room 1").await?;
    let other = clinic.desk("Room 2").await?;
    desk.replica()?.register_patient(&patient("Sunita", "98204 41276"))?;
    desk.desk.lock();
    other.desk.lock();
    // The last of its connections takes this file with it.
    for desk in [&desk, &other] {
        let log = desk.folder().join("clinic/clinic.db-wal");
        wait_for("the files to be closed", Duration::from_secs(20), || Ok((!log.exists()).then_some(())))?;
    }
    let (database, slots) = (desk.folder().join("clinic/clinic.db"), desk.folder().join("clinic/slots.json"));
    let (whole_database, whole_slots) = (std::fs::read(&database)?, std::fs::read(&slots)?);

    let foreign = std::fs::read(other.folder().join("clinic/clinic.db"))?;
    std::fs::write(&database, &foreign)?;
    let refused = desk.desk.unlock(EMAIL, PASSWORD).await;
    says(refused.expect_err("BUG: opened"), ErrorCode::StoreDamaged);
    assert!(std::fs::read(&database)? == foreign, "the file with another key was changed");

    std::fs::remove_file(&database)?;
    let refused = desk.desk.unlock(EMAIL, PASSWORD).await;
    says(refused.expect_err("BUG: opened"), ErrorCode::StoreDamaged);
    assert!(!database.exists(), "an empty file was made in the place of the missing one");
    std::fs::write(&database, &whole_database)?;

    std::fs::write(&slots, b"{ torn")?;
    assert!(
        matches!(desk.desk.state(), AppState::Broken { code: ErrorCode::StoreDamaged, .. }),
        "{:?}",
        desk.desk.state()
    );
    std::fs::write(&slots, &whole_slots)?;

    desk.unlock(EMAIL).await?;
    assert_eq!(desk.replica()?.find_patients("sunita")?.people.len(), 1);
    Ok(())
}

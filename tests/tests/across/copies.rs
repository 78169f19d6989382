//! A disk that was copied or restored: the copy goes on under an id of its own, and nothing is lost or done twice.

use clinic_tests::clinic::{Clinic, EMAIL, TestDesk};
use clinic_tests::network::Fault;
use protocol::error::ErrorCode;
use replica::view::AppState;

use crate::recovery::{code_is_known, names, register};

/// Waits until the desktop has heard that it is a copy, and nobody is at it any more.
pub async fn stops(desk: &TestDesk) -> anyhow::Result<()> {
    desk.until("it stops", |status| {
        status.problem.as_ref().is_some_and(|problem| problem.code == ErrorCode::DeviceCopied)
    })
    .await?;
    desk.desk.lock();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_goes_on_under_its_own_id_and_both_come_to_the_same() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let one = clinic.desk("Room 1").await?;
    register(&one, "Asha")?;
    one.synced().await?;
    clinic.network.set_down(true);
    // Waits on both.
    register(&one, "Bina")?;
    one.desk.lock();
    let copy = one.copied()?;
    one.unlock(EMAIL).await?;
    copy.unlock(EMAIL).await?;
    register(&one, "Charu")?;
    register(&copy, "Dilip")?;
    register(&copy, "Esha")?;
    copy.desk.lock();
    clinic.network.set_down(false);
    one.synced().await?;
    copy.unlock(EMAIL).await?;
    stops(&copy).await?;
    assert_eq!(clinic.count("clinic.devices", "true").await?, 1);

    // The answer is lost: work goes on as before, and the next password asks once more.
    clinic.network.plan("/v1/devices/renew", [Fault::LostAnswer]);
    copy.unlock(EMAIL).await?;
    register(&copy, "Farah")?;
    stops(&copy).await?;
    copy.unlock(EMAIL).await?;
    copy.synced().await?;
    assert_eq!(clinic.count("clinic.devices", "true").await?, 2, "asked twice, it is one");
    // It has a recovery code of its own, which whoever signed in is shown.
    let AppState::Unlocked { recovery, .. } = copy.desk.state() else { panic!("BUG: signed in") };
    let page = copy.desk.recovery_page()?.expect("BUG: a code is shown");
    assert!(recovery.is_shown && recovery.fingerprint.as_ref() == Some(&page.fingerprint), "{recovery:?}");
    code_is_known(&copy).await?;
    let known = format!("copied_from is not null and recovery_fingerprint = '{}'", page.fingerprint);
    assert_eq!(clinic.count("clinic.devices", &known).await?, 1);
    let from =
        "copied_from = (select id from clinic.devices where copied_from is null) and copied_sequence = 2";
    assert_eq!(clinic.count("clinic.devices", from).await?, 1, "the admins see whose copy it is");

    // Both work on, in the same moment.
    one.desk.lock();
    one.unlock(EMAIL).await?;
    register(&one, "Gita")?;
    register(&copy, "Hari")?;
    for desk in [&one, &copy, &one, &copy] {
        desk.synced().await?;
    }
    let all = ["Asha", "Bina", "Charu", "Dilip", "Esha", "Farah", "Gita", "Hari"];
    for desk in [&one, &copy] {
        assert_eq!(names(desk)?, all, "each once");
        let verified = desk.replica()?.verify()?;
        assert!(verified.is_good(), "{:?}", verified.problems);
        assert_eq!(desk.desk.sync_status().attention, 0);
    }
    assert_eq!(one.rows()?, copy.rows()?);
    // Its own password opens the copy without the server, as it opened it before.
    clinic.network.set_down(true);
    let copy = copy.restarted();
    assert!(matches!(copy.unlock(EMAIL).await?, AppState::Unlocked { .. }));
    assert_eq!(names(&copy)?, all);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_goes_on_also_where_only_the_server_opens_it() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    clinic.sql(r#"update clinic.tenants set settings = '{"offline": {"max_days_without_sync": 0}}'"#).await?;
    let one = clinic.desk("Room 1").await?;
    register(&one, "Asha")?;
    one.synced().await?;
    one.desk.lock();
    let copy = one.copied()?;
    one.unlock(EMAIL).await?;
    register(&one, "Bina")?;
    one.synced().await?;
    one.desk.lock();
    copy.unlock(EMAIL).await?;
    register(&copy, "Charu")?;
    stops(&copy).await?;
    copy.unlock(EMAIL).await?;
    copy.synced().await?;
    assert_eq!(names(&copy)?, ["Asha", "Bina", "Charu"]);
    assert_eq!(clinic.count("clinic.devices", "copied_from is not null").await?, 1);
    // What it is by now opens as it did before: with the server alone.
    copy.desk.lock();
    copy.unlock(EMAIL).await?;
    register(&copy, "Dilip")?;
    copy.synced().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_disk_goes_on_and_gets_back_what_it_had_sent() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let desk = clinic.desk("Room 1").await?;
    register(&desk, "Asha")?;
    desk.synced().await?;
    desk.desk.lock();
    let image = desk.copied()?;
    desk.unlock(EMAIL).await?;
    register(&desk, "Bina")?;
    register(&desk, "Charu")?;
    desk.synced().await?;
    drop(desk);
    image.unlock(EMAIL).await?;
    register(&image, "Dilip")?;
    stops(&image).await?;
    image.unlock(EMAIL).await?;
    image.synced().await?;
    assert_eq!(names(&image)?, ["Asha", "Bina", "Charu", "Dilip"]);
    assert_eq!(clinic.count("clinic.patients", "true").await?, 4);
    assert!(image.replica()?.verify()?.is_good());
    Ok(())
}

//! How long a computer works without contact: with real desktops and a real server, by a clock that the test sets.

use clinic_tests::clinic::{Clinic, EMAIL, PASSWORD, SetClock, TestDesk, patient};
use protocol::error::ErrorCode;
use replica::view::{AppState, LeaseView};
use time::Duration;

fn lease(desk: &TestDesk) -> LeaseView {
    match desk.desk.state() {
        AppState::Locked { lease, .. } => lease.expect("BUG: a lease"),
        state => panic!("{state:?}"),
    }
}

async fn refused(desk: &TestDesk) -> ErrorCode {
    desk.desk.unlock(EMAIL, PASSWORD).await.expect_err("BUG: opened").code()
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_days_that_are_allowed_the_data_needs_the_server_once_and_loses_nothing()
-> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let clock = SetClock::default();
    let desk = clinic.desk_with("Room 1", &clock).await?;
    clinic.network.set_down(true);
    desk.offline().await?;
    desk.replica()?.register_patient(&patient("Sunita", "98204 41276"))?;
    clock.pass(Duration::days(12));
    let shown = desk.desk.sync_status().lease.expect("BUG: a lease");
    assert!(shown.ends_soon && !shown.has_ended && shown.hours_left < 49, "{shown:?}");
    // Nobody is at the computer when the time is over.
    clock.pass(Duration::days(2));
    desk.desk.tick()?;
    let AppState::Locked { people, waiting, .. } = desk.desk.state() else { panic!("not locked") };
    assert_eq!((people.len(), waiting), (1, 1));
    assert!(lease(&desk).has_ended);
    assert_eq!(refused(&desk).await, ErrorCode::LeaseEnded);
    // Neither a restart nor another clock helps.
    clock.pass(-Duration::days(13));
    let desk = desk.restarted();
    assert_eq!(refused(&desk).await, ErrorCode::LeaseEnded);
    clinic.network.set_down(false);
    desk.unlock(EMAIL).await?;
    desk.synced().await?;
    assert_eq!(desk.replica()?.find_patients("sunita")?.people.len(), 1);
    assert_eq!(desk.desk.sync_status().attention, 0);
    // From now on the password opens it again.
    desk.desk.lock();
    clinic.network.set_down(true);
    desk.unlock(EMAIL).await?;
    assert!(!lease_of(&desk).has_ended);
    Ok(())
}

fn lease_of(desk: &TestDesk) -> LeaseView {
    desk.desk.sync_status().lease.expect("BUG: a lease")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_contact_renews_the_lease_with_and_without_somebody_at_the_computer() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let clock = SetClock::default();
    let desk = clinic.desk_with("Room 1", &clock).await?;
    clock.pass(Duration::days(6));
    assert_eq!(lease_of(&desk).days_without, 6);
    // Access tokens of before end here.
    clinic.sql("update clinic.users set token_version = token_version + 1").await?;
    desk.replica()?.register_patient(&patient("Sunita", "98204 41276"))?;
    desk.synced().await?;
    assert_eq!(lease_of(&desk).days_without, 0);
    desk.desk.lock();
    clock.pass(Duration::days(9));
    assert_eq!(lease(&desk).days_without, 9);
    desk.desk.ask_standing().await?;
    assert_eq!(lease(&desk).days_without, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_allows_no_day_opens_only_with_the_server() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    clinic.sql(r#"update clinic.tenants set settings = '{"offline": {"max_days_without_sync": 0}}'"#).await?;
    let desk = clinic.desk("Room 1").await?;
    desk.desk.lock();
    clinic.network.set_down(true);
    assert_eq!(refused(&desk).await, ErrorCode::SignInOnline);
    clinic.network.set_down(false);
    desk.unlock(EMAIL).await?;
    assert_eq!(lease_of(&desk).days_allowed, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_lost_a_role_or_left_is_signed_out_at_the_next_contact() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let desk = clinic.desk("Room 1").await?;
    assert!(desk.replica()?.session().may_prescribe);
    clinic.sql("update clinic.users set roles = '{receptionist}', token_version = token_version + 1").await?;
    desk.desk.sync_now();
    desk.locked().await?;
    clinic.network.set_down(true);
    desk.unlock(EMAIL).await?;
    assert!(!desk.replica()?.session().may_prescribe, "the role is gone offline too");
    clinic.network.set_down(false);
    desk.synced().await?;
    clinic.sql("update clinic.users set is_active = false, token_version = token_version + 1").await?;
    desk.desk.lock();
    desk.desk.ask_standing().await?;
    let AppState::Locked { people, .. } = desk.desk.state() else { panic!("not locked") };
    assert_eq!(people, [], "nothing of theirs is left");
    clinic.network.set_down(true);
    assert_eq!(refused(&desk).await, ErrorCode::SignInOnline);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_was_changed_elsewhere_opens_nothing_after_the_next_contact() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let (desk, other) = (clinic.desk("Room 1").await?, clinic.desk("Room 2").await?);
    other.desk.lock();
    clinic.server().change_password(clinic.tenant_code(), EMAIL, "nine purple kettles").await?;
    desk.desk.sync_now();
    desk.locked().await?;
    other.desk.ask_standing().await?;
    for desk in [&desk, &other] {
        clinic.network.set_down(true);
        assert_eq!(refused(desk).await, ErrorCode::SignInOnline);
        clinic.network.set_down(false);
        assert_eq!(refused(desk).await, ErrorCode::WrongPassword);
        desk.desk.unlock(EMAIL, "nine purple kettles").await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_another_order_key_is_not_believed_and_care_goes_on() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let desk = clinic.desk("Room 1").await?;
    let before = lease_of(&desk).days_allowed;
    let clinic = clinic.with_another_order_key().await?;
    clinic.sql(r#"update clinic.tenants set settings = '{"offline": {"max_days_without_sync": 3}}'"#).await?;
    clinic.sql("update clinic.users set token_version = token_version + 1").await?;
    desk.replica()?.register_patient(&patient("Sunita", "98204 41276"))?;
    desk.synced().await?;
    let status = desk.desk.sync_status();
    assert_eq!(status.problem.map(|problem| problem.code), Some(ErrorCode::OrderNotBelieved));
    assert_eq!(status.lease.map(|lease| lease.days_allowed), Some(before));
    Ok(())
}

//! Somebody chooses a password of their own at a desktop: with a one-time password, and over a bad line.

use std::sync::Arc;

use clinic_tests::clinic::{Clinic, EMAIL, PASSWORD, TestDesk, patient};
use clinic_tests::network::Fault;
use protocol::api::NoticeCode;
use protocol::error::ErrorCode;
use replica::Error;

use crate::sync::draft;

const NEW: &str = "kettle orbit mango lamp";

fn is_asked(desk: &TestDesk) -> bool {
    let notices = desk.desk.sync_status().notices;
    notices.iter().any(|notice| notice.code == NoticeCode::PasswordChangeRequired)
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_one_time_password_they_choose_their_own_work_on_and_open_the_desktop_with_it_alone()
-> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let (desk, other) = (clinic.desk("Room 1").await?, clinic.desk("Room 2").await?);
    clinic
        .sql(
            "update clinic.users set must_change_password = true,
                                     one_time_until = now() + interval '10 minutes'",
        )
        .await?;
    desk.desk.lock();
    desk.unlock(EMAIL).await?;
    desk.until("it asks for a password of their own", |_| is_asked(&desk)).await?;
    let replica = desk.replica()?;
    let sunita = replica.register_patient(&patient("Sunita", "98204 41276"))?.id;

    desk.desk.change_password(PASSWORD, NEW).await?;
    assert!(Arc::ptr_eq(&replica, &desk.replica()?), "the work goes on as it was");
    replica.sign_prescription(sunita, &draft(), &[])?;
    desk.synced().await?;
    assert!(!is_asked(&desk));
    assert_eq!(desk.desk.sync_status().attention, 0, "what they sign still counts");
    drop(replica);

    desk.desk.lock();
    clinic.network.set_down(true);
    let refused = desk.desk.unlock(EMAIL, PASSWORD).await;
    assert!(matches!(refused, Err(Error::WrongPassword)), "{refused:?}");
    desk.desk.unlock(EMAIL, NEW).await?;
    assert_eq!(desk.replica()?.find_patients("sunita")?.people.len(), 1);
    clinic.network.set_down(false);
    desk.synced().await?;

    // Another computer of theirs learns of it at its next contact.
    other.desk.sync_now();
    other.locked().await?;
    let refused = other.desk.unlock(EMAIL, PASSWORD).await.expect_err("BUG: opened");
    assert_eq!(refused.code(), ErrorCode::WrongPassword);
    other.desk.unlock(EMAIL, NEW).await?;
    other.synced().await?;
    assert_eq!(other.replica()?.find_patients("sunita")?.people.len(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn over_a_bad_line_a_password_is_changed_once_or_not_at_all() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let desk = clinic.desk("Room 1").await?;
    clinic.network.set_down(true);
    let refused = desk.desk.change_password(PASSWORD, NEW).await;
    assert!(matches!(refused, Err(Error::PasswordNeedsServer)), "{refused:?}");
    clinic.network.set_down(false);
    clinic.network.plan("/v1/auth/password", [Fault::LostRequest]);
    let refused = desk.desk.change_password(PASSWORD, NEW).await;
    assert!(matches!(refused, Err(Error::PasswordUnsure)), "{refused:?}");
    clinic.network.plan("/v1/auth/password", [Fault::LostAnswer]);
    desk.desk.change_password(PASSWORD, NEW).await?;
    let refused = desk.desk.change_password(PASSWORD, "nine purple kettles").await;
    assert!(matches!(refused, Err(Error::WrongOldPassword)), "{refused:?}");
    desk.synced().await?;
    desk.desk.lock();
    clinic.network.set_down(true);
    desk.desk.unlock(EMAIL, NEW).await?;
    Ok(())
}

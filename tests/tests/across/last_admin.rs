//! The operator is going to make somebody an admin: every desktop says so, and a doctor at one of them ends it.

use clinic_tests::clinic::Clinic;
use protocol::api::NoticeCode;
use replica::view::SyncStatus;

fn is_told(status: &SyncStatus) -> bool {
    status.notices.iter().any(|notice| notice.code == NoticeCode::AdminComes)
}

#[tokio::test(flavor = "multi_thread")]
async fn desktops_say_who_will_be_an_admin_and_a_doctor_at_one_of_them_ends_it() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let (desk, other) = (clinic.desk("Room 1").await?, clinic.desk("Front desk").await?);
    desk.synced().await?;
    assert!(!is_told(&desk.desk.sync_status()));
    assert!(desk.desk.object_to_admin().await.is_err(), "there is nothing to object to");
    clinic
        .sql(
            "insert into clinic.admin_restorations
                 (tenant_id, user_id, asked_by, reason, code_hash, confirmed_by, confirmed_at)
             select tenant_id, id, 'Meera', 'All admins are lost.', '', 'Ravi', now() from clinic.users limit 1",
        )
        .await?;
    for desk in [&desk, &other] {
        desk.desk.sync_now();
        desk.until("it is told", is_told).await?;
    }
    desk.desk.object_to_admin().await?;
    desk.until("it is over", |status| !is_told(status)).await?;
    other.desk.sync_now();
    other.until("it is over there too", |status| !is_told(status)).await?;
    assert_eq!(clinic.count("clinic.admin_restorations", "ending = 'objected'").await?, 1);
    Ok(())
}

//! The five ways through a consultation, in the real window: none takes more keys than it may, and none the mouse.

use clinic_tests::ways::{Room, Way};

/// Goes a way; what was signed reached the other desk with these doses.
async fn goes(way: Way, doses: &[&str]) -> anyhow::Result<()> {
    let room = Room::open().await?;
    let keys = room.go(way).await?;
    assert!(keys <= way.most_keys(), "{way:?} took {keys} keys");
    assert_eq!(room.doses().await?, doses, "{way:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn t1_a_short_key_one_duration_changed_and_a_day_to_come_back_take_31_keys() -> anyhow::Result<()> {
    goes(Way::ShortKey, &["1-1-1 x3d pc", "0-0-1 x5d", "1-0-1 x3d", "1-0-0 x7d ac"]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn t2_three_medicines_with_the_doses_that_are_offered_take_38_keys() -> anyhow::Result<()> {
    goes(Way::Offered, &["1 sos max 4 gap 6h for pain or fever x3d", "0-0-1 cont pc", "1-0-0 x7d ac"]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn t3_three_medicines_typed_in_full_take_74_keys() -> anyhow::Result<()> {
    goes(Way::Typed, &["1-1-1 x3d pc", "0-0-1 x5d", "1-1-1 x5d pc"]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn t4_the_last_prescription_again_one_removed_and_one_changed_takes_24_keys() -> anyhow::Result<()> {
    goes(Way::Repeated, &["1-0-1 x30d pc", "1-0-0 x60d"]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn t5_a_new_patient_is_registered_with_35_keys() -> anyhow::Result<()> {
    goes(Way::NewPatient, &["1-0-1 x30d pc", "1-0-0 x30d", "0-0-1 x30d"]).await
}

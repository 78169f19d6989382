//! Two tenants on one server do not notice each other.

use clinic_tests::clinic::{Clinic, patient};

#[tokio::test(flavor = "multi_thread")]
async fn two_tenants_with_the_same_patient_do_not_notice_each_other() -> anyhow::Result<()> {
    let asha = Clinic::open().await?;
    let next = asha.neighbour().await?;
    let (ours, theirs) = (asha.desk("Room 1").await?, next.desk("Room 1").await?);
    let sunita = ours.replica()?.register_patient(&patient("Sunita", "98204 41276"))?;
    let other = theirs.replica()?.register_patient(&patient("Sunita", "98204 41276"))?;
    for desk in [&ours, &theirs, &ours] {
        desk.synced().await?;
    }
    for (desk, id) in [(&ours, sunita.id), (&theirs, other.id)] {
        let found = desk.replica()?.find_patients("sunita")?.people;
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].id, id);
        assert!(!found[0].needs_review, "the same person elsewhere is nobody here");
    }
    assert!(theirs.replica()?.chart(sunita.id).is_err());
    Ok(())
}

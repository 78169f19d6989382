//! A desktop that was another one before, and that a restored server does not know: it goes on behind that one.

use protocol::api::{Earlier, EpochState, LostDevice};
use protocol::error::{ErrorCode, RefusalCode};
use protocol::id::DeviceId;
use protocol::manage::RevokeRequest;
use protocol::mutation::SignedMutation;
use protocol::settlement::Way;
use protocol::signing::public_key_text;
use protocol::table::TableName;
use serde_json::json;
use uuid::Uuid;

use crate::clinic::{Clinic, Desk, edit, new_patient};
use crate::conflicts::alone;
use crate::restored::{again, forget, lease, new_epoch};
use crate::revoked::{handover_of, revoke};
use crate::settlements::settled;

/// A clinic whose restored server has the first mutation of a desktop, and does not know the one that it became, on whose
/// disk the second one is.
struct Restored {
    clinic: Clinic,
    desk: Desk,
    unsent: SignedMutation,
    was: Earlier,
}

impl Restored {
    async fn open(is_recovered: bool) -> Self {
        let clinic = Clinic::open().await;
        let (mut old, mut desk) = (clinic.desk().await, clinic.desk().await);
        old.write(vec![new_patient(Uuid::now_v7(), "Asha")]).await;
        let unsent = old.sign(vec![new_patient(Uuid::now_v7(), "Sunita")]);
        desk.restore(2, unsent.hash);
        forget(&clinic, &desk).await;
        new_epoch(&clinic, &mut [&mut old]).await;
        let was =
            Earlier { device_id: old.device, until: 2, until_hash: unsent.hash, is_recovered, lost: None };
        Self { clinic, desk, unsent, was }
    }

    /// It comes again, and what it does from now on goes in behind what it was.
    async fn comes_again(&mut self, was: Earlier) {
        let enrolled =
            again(&self.clinic, &self.desk, |again| again.was = Some(was)).await.expect("it comes back");
        (self.desk.epoch, self.desk.token) = (enrolled.epoch, enrolled.session.tokens.access_token.0);
        let state: EpochState = self.desk.get("/v1/sync/epoch").await.json().await.expect("where it stands");
        assert_eq!((state.last_sequence, state.last_hash), (2, self.unsent.hash));
        let receipt = self.desk.write(vec![new_patient(Uuid::now_v7(), "Lata")]).await.receipts.remove(0);
        // The second Lata may be the first one registered twice.
        assert!(receipt.sequence == 3 && receipt.fate.is_in(), "{receipt:?}");
    }

    async fn is_from(&self, device: DeviceId) -> bool {
        let sql = format!(
            "select count(*) from clinic.devices where copied_from = '{device}' and copied_sequence = 2"
        );
        self.clinic.number(&sql).await == 1
    }
}

#[tokio::test]
async fn a_computer_that_was_recovered_since_the_backup_goes_on_and_brings_what_it_found() {
    let mut restored = Restored::open(true).await;
    let was = restored.was.clone();
    restored.comes_again(was.clone()).await;
    assert!(restored.is_from(was.device_id).await);
    let brought = handover_of(&restored.desk, Some(was.device_id), vec![restored.unsent.clone()]).await;
    let receipt = brought.expect("taken").receipts.remove(0);
    assert_eq!((receipt.sequence, receipt.code), (2, Some(RefusalCode::Adopted)));
}

#[tokio::test]
async fn a_copy_that_went_on_since_the_backup_brings_what_the_other_one_did_once_that_one_is_out_of_service()
{
    let mut restored = Restored::open(false).await;
    let was = restored.was.clone();
    restored.comes_again(was.clone()).await;
    assert!(restored.is_from(was.device_id).await);
    let refused = handover_of(&restored.desk, Some(was.device_id), vec![restored.unsent.clone()]).await;
    assert_eq!(refused.expect_err("the other one is there").code, ErrorCode::Invalid);
    let revoke = format!("update devices set revoked_at = now() where id = '{}'", was.device_id);
    restored.clinic.sql(&revoke).await;
    for time in ["once", "and again"] {
        let brought = handover_of(&restored.desk, Some(was.device_id), vec![restored.unsent.clone()]).await;
        let receipt = brought.expect("taken").receipts.remove(0);
        assert_eq!((receipt.sequence, receipt.code), (2, Some(RefusalCode::DeviceRevoked)), "{time}");
    }
    let kept = format!("select count(*) from clinic.sync_quarantine where device_id = '{}'", was.device_id);
    assert_eq!(restored.clinic.number(&kept).await, 1);
}

#[tokio::test]
async fn of_a_computer_that_it_cannot_have_been_it_has_no_more_than_the_number() {
    let mut restored = Restored::open(true).await;
    let front = restored.clinic.front_desk().await.device;
    let neighbour = restored.clinic.neighbour().await.device;
    for device_id in [front, neighbour, DeviceId::new()] {
        let was = Earlier { device_id, ..restored.was.clone() };
        restored.comes_again(was).await;
        assert!(!restored.is_from(device_id).await);
        let refused = handover_of(&restored.desk, Some(device_id), vec![restored.unsent.clone()]).await;
        assert_eq!(refused.expect_err("it was not that one").code, ErrorCode::Invalid);
        forget(&restored.clinic, &restored.desk).await;
        restored.desk.restore(2, restored.unsent.hash);
    }
    let nothing = Earlier { until: -1, ..restored.was.clone() };
    let refused = again(&restored.clinic, &restored.desk, |again| again.was = Some(nothing)).await;
    assert_eq!(refused.expect_err("no number").code, ErrorCode::Invalid);
}

/// What a desktop says of the one that it was, up to this mutation, until its keys were lost.
async fn was_lost(was: &Desk, lane: &str, last: &SignedMutation) -> Earlier {
    let public_key = public_key_text(&was.key.verifying_key());
    let known_by = LostDevice { public_key, lane: lane.into(), lease: lease(was).await };
    let (device_id, until) = (was.device, was.sequence());
    Earlier { device_id, until, until_hash: last.hash, is_recovered: true, lost: Some(known_by) }
}

#[tokio::test]
async fn computers_that_the_server_lost_with_what_they_became_are_known_again_and_what_they_did_is_let_in() {
    let clinic = Clinic::open().await;
    let (mut admin, mut first, mut second) = (clinic.desk().await, clinic.desk().await, clinic.desk().await);
    let mut desk = clinic.desk().await;
    let patient = Uuid::now_v7();
    let registered = first.sign(vec![alone(patient)]);
    second.restore(1, registered.hash);
    let city = edit(TableName::Patients, patient, &[("city", json!(null), json!("Pune"))]);
    let moved = second.sign(vec![city]);
    desk.restore(2, moved.hash);
    let before = was_lost(&first, "B", &registered).await;
    let was = was_lost(&second, "C", &moved).await;
    for lost in [&first, &second, &desk] {
        forget(&clinic, lost).await;
    }
    new_epoch(&clinic, &mut [&mut admin]).await;
    let enrolled = again(&clinic, &desk, |again| {
        again.lane = "D".into();
        again.was = Some(was);
        again.before = vec![before];
    });
    let enrolled = enrolled.await.expect("it comes back");
    assert_eq!((enrolled.device_id, enrolled.lane.as_str()), (desk.device, "D"));
    // Each is out of service, with the letter that it had, and begins behind what it was.
    for (lost, lane, last) in [(&first, "B", 0), (&second, "C", 1)] {
        let sql = format!(
            "select count(*) from clinic.devices
             where id = '{}' and revoked_at is not null and lane = '{lane}' and last_sequence = {last}",
            lost.device
        );
        assert_eq!(clinic.number(&sql).await, 1, "{lane}");
    }
    for (of, signed) in [(first.device, registered), (second.device, moved)] {
        let receipt = handover_of(&desk, Some(of), vec![signed]).await.expect("taken").receipts.remove(0);
        assert_eq!(receipt.code, Some(RefusalCode::Adopted));
        settled(&mut admin, (of, receipt.sequence), Way::Retry, "", vec![]).await;
    }
    let rows = admin.rows().await;
    let row = rows.iter().find(|row| row.id == patient).expect("its author is known there again");
    assert_eq!(row.values["city"], "Pune");
}

#[tokio::test]
async fn one_whose_disk_was_copied_or_of_which_the_server_never_said_a_word_is_not_made_known() {
    let clinic = Clinic::open().await;
    let (mut admin, mut old, mut desk) = (clinic.desk().await, clinic.desk().await, clinic.desk().await);
    let unsent = old.sign(vec![new_patient(Uuid::now_v7(), "Asha")]);
    desk.restore(1, unsent.hash);
    let was = was_lost(&old, "B", &unsent).await;
    let of_another = lease(&desk).await;
    for lost in [&old, &desk] {
        forget(&clinic, lost).await;
    }
    new_epoch(&clinic, &mut [&mut admin]).await;
    let lost = was.lost.clone().expect("it says");
    let with = |lost: LostDevice| Earlier { lost: Some(lost), ..was.clone() };
    let said = [
        Earlier { is_recovered: false, ..was.clone() },
        Earlier { lost: None, ..was.clone() },
        Earlier { device_id: DeviceId::new(), ..was.clone() },
        with(LostDevice { lease: of_another, ..lost.clone() }),
        with(LostDevice { public_key: "AAAA".into(), ..lost.clone() }),
        with(LostDevice { lane: "b".into(), ..lost.clone() }),
    ];
    for was in said {
        let of = was.device_id;
        again(&clinic, &desk, |again| again.was = Some(was)).await.expect("it comes back");
        let sql = format!("select count(*) from clinic.devices where id = '{of}'");
        assert_eq!(clinic.number(&sql).await, 0);
        let refused = handover_of(&desk, Some(of), vec![unsent.clone()]).await;
        assert_eq!(refused.expect_err("it is not known").code, ErrorCode::Invalid);
        forget(&clinic, &desk).await;
    }
}

#[tokio::test]
async fn one_whose_disk_was_copied_is_known_again_if_the_server_had_said_that_it_is_out_of_service() {
    let clinic = Clinic::open().await;
    let (mut admin, mut old, mut desk) = (clinic.desk().await, clinic.desk().await, clinic.desk().await);
    let patient = Uuid::now_v7();
    let unsent = old.sign(vec![alone(patient)]);
    desk.restore(1, unsent.hash);
    let was = Earlier { is_recovered: false, ..was_lost(&old, "B", &unsent).await };
    let in_service = lease(&desk).await;
    revoke(&admin, &old, &RevokeRequest::default()).await.expect("revoked");
    let out_of_service = lease(&desk).await;
    let of_another = lease(&admin).await;
    forget(&clinic, &old).await;
    clinic.sql(&format!("delete from device_revocations where device_id = '{}'", old.device)).await;
    new_epoch(&clinic, &mut [&mut admin]).await;
    let is_out =
        format!("select count(*) from clinic.devices where id = '{}' and revoked_at is not null", old.device);
    for word in [in_service, of_another, out_of_service] {
        assert_eq!(clinic.number(&is_out).await, 0, "nobody has said so yet");
        forget(&clinic, &desk).await;
        let was = was.clone();
        let enrolled = again(&clinic, &desk, |again| {
            again.was = Some(was);
            again.lease = Some(word);
        });
        enrolled.await.expect("it comes back");
    }
    assert_eq!(clinic.number(&is_out).await, 1);
    let brought = handover_of(&desk, Some(old.device), vec![unsent]).await.expect("taken").receipts.remove(0);
    assert_eq!((brought.sequence, brought.code), (1, Some(RefusalCode::DeviceRevoked)));
    settled(&mut admin, (old.device, 1), Way::Retry, "", vec![]).await;
    assert!(admin.rows().await.iter().any(|row| row.id == patient), "its author is known there again");
}

#[tokio::test]
async fn a_computer_that_says_that_it_was_itself_before_is_refused_and_comes_back_without() {
    let clinic = Clinic::open().await;
    let (mut admin, mut desk) = (clinic.desk().await, clinic.desk().await);
    let signed = desk.sign(vec![new_patient(Uuid::now_v7(), "Asha")]);
    let itself = was_lost(&desk, "B", &signed).await;
    forget(&clinic, &desk).await;
    new_epoch(&clinic, &mut [&mut admin]).await;
    for is_before in [false, true] {
        let itself = itself.clone();
        let refused = again(&clinic, &desk, |again| {
            if is_before {
                again.before = vec![itself];
            } else {
                again.was = Some(itself);
            }
        });
        let refused = refused.await.expect_err("nobody was itself before");
        assert_eq!((refused.status, refused.code), (422, ErrorCode::Invalid), "{}", refused.detail);
    }
    again(&clinic, &desk, |_| {}).await.expect("it comes back");
}

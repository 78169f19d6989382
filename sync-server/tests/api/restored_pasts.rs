//! A desktop that was another one before, and that a restored server does not know: it goes on behind that one.

use protocol::api::{Earlier, EpochState};
use protocol::error::{ErrorCode, RefusalCode};
use protocol::id::DeviceId;
use protocol::mutation::SignedMutation;
use uuid::Uuid;

use crate::clinic::{Clinic, Desk, new_patient};
use crate::restored::{again, forget, new_epoch};
use crate::revoked::handover_of;

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
        let was = Earlier { device_id: old.device, until: 2, until_hash: unsent.hash, is_recovered };
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
async fn a_copy_that_went_on_since_the_backup_goes_on_and_brings_nothing_of_the_other_one() {
    let mut restored = Restored::open(false).await;
    let was = restored.was.clone();
    restored.comes_again(was.clone()).await;
    assert!(restored.is_from(was.device_id).await);
    let refused = handover_of(&restored.desk, Some(was.device_id), vec![restored.unsent.clone()]).await;
    assert_eq!(refused.expect_err("the other one is there").code, ErrorCode::Invalid);
}

#[tokio::test]
async fn of_a_computer_that_it_cannot_have_been_it_has_no_more_than_the_number() {
    let mut restored = Restored::open(true).await;
    let front = restored.clinic.front_desk().await.device;
    let neighbour = restored.clinic.neighbour().await.device;
    for device_id in [front, neighbour, restored.desk.device, DeviceId::new()] {
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

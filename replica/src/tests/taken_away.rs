//! What the server takes away from a person while they sign in.

use std::sync::Arc;

use protocol::standing::Lease;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::guard::{DEVICE, EMAIL, PASSWORD, lease, signed};
use super::renewal::{person, write_slots};
use super::{NOW, facts, key};
use crate::clock::Clock;
use crate::desk::Desk;
use crate::error::Error;
use crate::keyring::{DeviceSecrets, Keyring};
use crate::slots::{SlotCost, UserSlot};
use crate::store::{Facts, Store};
use crate::view::AppState;

const INSTALLATION: Uuid = Uuid::from_u128(0x01d);

#[tokio::test(flavor = "multi_thread")]
async fn who_is_dismissed_while_their_password_is_looked_at_is_not_let_in_and_gets_no_slot_back() {
    let folder = tempfile::tempdir().expect("BUG: a folder");
    let keyring = Keyring::in_memory();
    let desk = Desk::with_clock(folder.path().into(), keyring.clone(), SlotCost::QUICK, Clock::stopped(NOW));
    let home = desk.home();
    std::fs::create_dir_all(&home).expect("BUG: a folder");
    let secrets = DeviceSecrets::random().expect("BUG: random");
    keyring.put_device(INSTALLATION, &secrets).expect("BUG: kept");
    write_slots(&home, &secrets, INSTALLATION, DEVICE.1);
    let facts = Facts { tenant_id: DEVICE.0, device_id: DEVICE.1, ..facts() };
    let store = Store::create(&home.join("clinic.db"), &key(7), &facts).expect("BUG: a new file");
    store.put_staff(&person()).expect("BUG: written");

    let here = desk.here().expect("BUG: enrolled");
    let UserSlot::Open(slot) = here.slots.open_user(EMAIL, PASSWORD, &here.secrets).expect("BUG: whole")
    else {
        panic!("BUG: the password opens it")
    };
    let without_them = signed(Lease { people: vec![], ..lease(NOW, 7) });
    here.guard.take(&without_them, "mine").expect("BUG: taken");
    let told = desk.open_offline(here, *slot, Arc::new(store), Zeroizing::new(PASSWORD.into()));

    assert!(matches!(told, Err(Error::SignInOnline)), "{told:?}");
    let AppState::Locked { people, .. } = desk.state() else { panic!("BUG: somebody is signed in") };
    assert!(people.is_empty());
}

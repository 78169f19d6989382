//! A computer that has become another one: what is still brought, and what happens if it was stopped on the way.

use std::path::Path;
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use protocol::api::{EpochState, Secret, StaffMember};
use protocol::id::{DeviceId, Epoch};
use protocol::mutation::{Hash, Mutation};
use protocol::permission::{Role, Roles};
use protocol::standing::Lease;
use uuid::Uuid;

use super::guard::{DEVICE, EMAIL, PASSWORD, USER, lease, signed};
use super::revoked::revoked;
use super::{NOW, answer, facts, fixture, form, key};
use crate::clock::Clock;
use crate::desk::Desk;
use crate::error::Error;
use crate::guard::Guard;
use crate::keyring::{DeviceSecrets, Keyring};
use crate::recovery_code::RecoveryCode;
use crate::slots::{About, Password, SlotCost, Slots};
use crate::store::{Facts, Past, Renewed, Store};
use crate::view::AppState;

const OLD: Uuid = Uuid::from_u128(0x01d);
const NEW: Uuid = Uuid::from_u128(0x2e3);

fn renewed() -> Renewed {
    Renewed {
        installation: NEW,
        device_id: DeviceId(Uuid::from_u128(0xde7)),
        lane: "B".into(),
        unlock_key: Secret("another half".into()),
    }
}

fn past(device_id: DeviceId, until: i64) -> Past {
    Past { device_id, until, public_key: String::new(), is_recovered: false }
}

fn sequences(store: &Store) -> Vec<i64> {
    let batch = store.next_batch(500, 1_000_000).expect("BUG: readable");
    let sequence = |body: &str| serde_json::from_str::<Mutation>(body).expect("BUG: a mutation").sequence;
    batch.iter().map(|signed| sequence(&signed.body)).collect()
}

#[test]
fn what_was_brought_under_the_earlier_id_is_not_brought_again() {
    let fixture = fixture(Role::Doctor);
    let store = &fixture.store;
    fixture.register("Sunita", "98204 41276");
    store.acknowledge(&answer(store, 2, vec![]), &[], (None, NOW)).expect("BUG: acknowledged");
    let key = SigningKey::from_bytes(&[8; 32]);
    store.adopt(&renewed(), &key, &past(facts().device_id, 1)).expect("BUG: adopted");
    store.send_all_again().expect("BUG: written");
    assert!(sequences(store).is_empty());
    assert!(store.last_of_each().expect("BUG: readable").is_empty(), "nothing to ask about");

    fixture.register("Bina", "98204 41277");
    store.acknowledge(&answer(store, 3, vec![]), &[], (None, NOW)).expect("BUG: acknowledged");
    store.send_all_again().expect("BUG: written");
    assert_eq!(sequences(store), [2]);
    store.acknowledge(&answer(store, 4, vec![]), &[], (None, NOW)).expect("BUG: acknowledged");
    let epoch = Epoch(Uuid::from_u128(9));
    let (last_sequence, last_hash, lane) = (0, Hash::ZERO, None);
    let restored = EpochState { epoch, version: 1, catalogue: 1, last_sequence, last_hash, lane };
    store.begin_epoch(&restored, NOW).expect("BUG: begun");
    assert_eq!(sequences(store), [2]);
    assert_eq!(store.sync_state().expect("BUG: readable").waiting, 1);
}

/// Writes what the computer of this installation opens with: a person's own slot, and a week without contact.
pub(super) fn write_slots(home: &Path, secrets: &DeviceSecrets, installation: Uuid, device_id: DeviceId) {
    // Nobody listens there.
    write_slots_of("http://127.0.0.1:9/", home, secrets, installation, device_id);
}

/// The same for a computer of this server.
pub(super) fn write_slots_of(
    server: &str,
    home: &Path,
    secrets: &DeviceSecrets,
    installation: Uuid,
    device_id: DeviceId,
) {
    let about = About {
        installation_id: installation,
        tenant_id: DEVICE.0,
        device_id,
        tenant_name: "Asha".into(),
        clinic_name: "Andheri".into(),
        server: server.into(),
        server_name: "sync".into(),
    };
    let mut slots = Slots::new(home, about, 1, secrets);
    slots.put_server(&Secret("half".into()), secrets, &key(7)).expect("BUG: sealed");
    let password = Password { text: PASSWORD, cost: SlotCost::QUICK, version: 1, opens_offline: true };
    slots.put_user(&person(), &password, secrets, &key(7), None, 1).expect("BUG: sealed");
    slots.save().expect("BUG: saved");
    let guard = Guard::open(home, (DEVICE.0, device_id), secrets, Clock::stopped(NOW));
    guard.take(&signed(Lease { device_id, ..lease(NOW, 7) }), "mine").expect("BUG: taken");
}

pub(super) fn person() -> StaffMember {
    StaffMember {
        id: USER,
        full_name: "Anjali Kulkarni".into(),
        email: EMAIL.into(),
        roles: Roles(vec![Role::Doctor]),
        doctor_id: None,
    }
}

/// A computer that was stopped when its file had become the other one; whether its slots say so already.
fn stopped(folder: &Path, slots_say_so: bool) -> (Arc<Desk>, Keyring) {
    let keyring = Keyring::in_memory();
    let desk = Desk::with_clock(folder.into(), keyring.clone(), SlotCost::QUICK, Clock::stopped(NOW));
    let home = desk.home();
    std::fs::create_dir_all(&home).expect("BUG: a folder");
    let [old, new] = [(); 2].map(|()| DeviceSecrets::random().expect("BUG: random"));
    keyring.put_device(OLD, &old).expect("BUG: kept");
    keyring.put_device(NEW, &new).expect("BUG: kept");
    let renewed = renewed();
    if slots_say_so {
        write_slots(&home, &new, NEW, renewed.device_id);
    } else {
        write_slots(&home, &old, OLD, DEVICE.1);
    }
    let facts =
        Facts { tenant_id: DEVICE.0, device_id: DEVICE.1, server: "http://127.0.0.1:9/".into(), ..facts() };
    let store = Store::create(&home.join("clinic.db"), &key(7), &facts).expect("BUG: a new file");
    store.put_staff(&person()).expect("BUG: written");
    store.adopt(&renewed, &new.key, &past(DEVICE.1, 0)).expect("BUG: adopted");
    (desk, keyring)
}

fn pending(desk: &Desk) -> Option<Uuid> {
    let replica = desk.replica().expect("BUG: open");
    replica.store.renewed().expect("BUG: readable").map(|renewed| renewed.installation)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_computer_whose_slots_say_what_it_is_keeps_its_keys_and_its_people() {
    let folder = tempfile::tempdir().expect("BUG: a folder");
    let (desk, keyring) = stopped(folder.path(), true);
    for _ in 0..2 {
        let state = desk.unlock(EMAIL, PASSWORD).await.expect("BUG: opens");
        let AppState::Unlocked { recovery, .. } = state else { panic!("{state:?}") };
        assert!(!recovery.is_shown, "nobody is shown a code that was made before");
        assert_eq!(pending(&desk), None);
        assert!(keyring.device(NEW).is_ok());
        desk.lock();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_computer_whose_slots_do_not_say_so_yet_becomes_it_with_the_next_password() {
    let folder = tempfile::tempdir().expect("BUG: a folder");
    let (desk, keyring) = stopped(folder.path(), false);
    let state = desk.unlock(EMAIL, PASSWORD).await.expect("BUG: opens");
    let AppState::Unlocked { recovery, .. } = state else { panic!("{state:?}") };
    assert!(recovery.is_shown && !recovery.is_kept, "{recovery:?}");
    assert_eq!(pending(&desk), None);
    assert!(keyring.device(NEW).is_ok() && keyring.device(OLD).is_err());
    let slots = Slots::find(&desk.home()).expect("BUG: readable").expect("BUG: there");
    assert_eq!(slots.about().installation_id, NEW);
    // Its code is another one than that of the computer whose copy it is, opens it, and the server will be told of it.
    let page = desk.recovery_page().expect("BUG: signed in").expect("BUG: shown");
    let code = RecoveryCode::parse(&page.code).expect("BUG: a code");
    assert!(slots.open_recovery(&code).expect("BUG: whole").is_some_and(|opened| opened.0 == key(7).0));
    let untold = desk.replica().expect("BUG: open").store.untold_recovery().expect("BUG: readable");
    assert_eq!(untold.map(|made| made.fingerprint), Some(page.fingerprint));
    desk.recovery_is_kept().expect("BUG: written");
    assert!(desk.recovery_page().expect("BUG: signed in").is_none());
    desk.lock();
    // It has not heard from the server as what it is.
    assert!(matches!(desk.unlock(EMAIL, PASSWORD).await, Err(Error::NeedsServer)));
    assert!(keyring.device(NEW).is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_computer_that_has_become_another_one_is_that_also_if_the_earlier_one_is_out_of_service() {
    let folder = tempfile::tempdir().expect("BUG: a folder");
    let (desk, keyring) = stopped(folder.path(), false);
    let old = keyring.device(OLD).expect("BUG: there");
    Guard::open(&desk.home(), DEVICE, &old, Clock::stopped(NOW))
        .take(&revoked(None), "")
        .expect("BUG: believed");
    assert!(matches!(desk.state(), AppState::Revoked { .. }));
    let state = desk.unlock(EMAIL, PASSWORD).await.expect("BUG: opens");
    assert!(matches!(state, AppState::Unlocked { .. }), "{state:?}");
    assert_eq!(pending(&desk), None);
    assert!(keyring.device(NEW).is_ok());
    // What waits bears the new id, and goes out under it.
    let replica = desk.replica().expect("BUG: open");
    replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered");
    assert_eq!(sequences(&replica.store), [1]);
    assert_eq!(replica.device(), renewed().device_id);
}

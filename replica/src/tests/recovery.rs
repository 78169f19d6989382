//! Data whose keys were lost: copied under another key, whole or not at all, and still the other computer's work.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use protocol::api::{EpochState, Secret};
use protocol::id::{DeviceId, Epoch};
use protocol::mutation::{Mutation, SignedMutation};
use protocol::permission::Role;
use protocol::recovery::RecoveryMade;
use uuid::Uuid;

use super::guard::{EMAIL, PASSWORD};
use super::{Fixture, NOW, answer, facts, fixture, form, key};
use crate::clock::Clock;
use crate::desk::Desk;
use crate::error::Error;
use crate::keyring::{DeviceSecrets, Keyring, Trouble};
use crate::recovery_code::RecoveryCode;
use crate::slots::{About, SlotCost, Slots};
use crate::store::{DatabaseKey, Facts, Past, Renewed, Store, rekey};
use crate::view::{AppState, AttachmentForm, RecoveryForm};

/// Every file below a folder, with its bytes. What only locks is left out.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("BUG: a folder") {
        let path = entry.expect("BUG: an entry").path();
        let name = path.file_name().expect("BUG: a name").to_string_lossy().into_owned();
        if path.is_dir() {
            found.extend(files(&path).into_iter().map(|(below, bytes)| (format!("{name}/{below}"), bytes)));
        } else if !name.ends_with("lock") && !name.ends_with("-shm") {
            found.insert(name, std::fs::read(&path).expect("BUG: reads"));
        }
    }
    found
}

/// Two patients, of which the server has the first, a picture and a draft; nobody is signed in any more.
fn worked(fixture: Fixture) -> (tempfile::TempDir, usize) {
    let Fixture { replica, store, folder } = fixture;
    let first = replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id;
    store.acknowledge(&answer(&store, 2, vec![]), &[], (None, NOW)).expect("BUG: acknowledged");
    replica.register_patient(&form("Bina", "98204 41277")).expect("BUG: registered");
    let picture = AttachmentForm { kind: "xray".into(), description: String::new(), teeth: "16".into() };
    let bytes = [b"\x89PNG\r\n\x1a\n".as_slice(), &vec![7; 100_000]].concat();
    replica.attach(first, "opg.png", &mut bytes.as_slice(), &picture).expect("BUG: attached");
    let waiting = store.next_batch(500, 1_000_000).expect("BUG: readable").len();
    (folder, waiting)
}

fn sequences(batch: &[SignedMutation]) -> Vec<i64> {
    let sequence = |body: &str| serde_json::from_str::<Mutation>(body).expect("BUG: a mutation").sequence;
    batch.iter().map(|signed| sequence(&signed.body)).collect()
}

#[test]
fn a_copy_under_another_key_has_all_that_was_there_and_the_old_files_are_as_they_were() {
    let (folder, waiting) = worked(fixture(Role::Doctor));
    let (old, new) = (folder.path().join("clinic.db"), folder.path().join("clinic-2.db"));
    let before = files(folder.path());
    // What an attempt before this one left is in nobody's way.
    std::fs::write(&new, b"torn").expect("BUG: writes");
    rekey((&old, &key(7)), (&new, &key(8))).expect("BUG: copied");
    let mut after = files(folder.path());
    after.retain(|name, _| !name.starts_with("clinic-2"));
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    assert!(before == after, "the old files were only read");
    assert!(matches!(Store::open(&new, &key(7)), Err(Error::StoreDoesNotOpen)));
    let store = Store::open(&new, &key(8)).expect("BUG: opens");
    assert_eq!(store.next_batch(500, 1_000_000).expect("BUG: readable").len(), waiting);
    let (n_files, wrong) = store.check_files().expect("BUG: readable");
    assert_eq!((n_files, wrong.len()), (1, 0), "the picture is sealed anew");
    let under_the_old_one = Store::open(&old, &key(7)).expect("BUG: opens");
    assert_eq!(under_the_old_one.last().expect("BUG: readable"), store.last().expect("BUG: readable"));
}

#[test]
fn what_was_written_beside_the_file_when_the_program_was_killed_is_copied_too() {
    let fixture = fixture(Role::Doctor);
    fixture.register("Sunita", "98204 41276");
    // As a power cut leaves it: the file, and beside it what is not yet in it.
    let killed = tempfile::tempdir().expect("BUG: a folder");
    for name in ["clinic.db", "clinic.db-wal"] {
        std::fs::copy(fixture.folder.path().join(name), killed.path().join(name)).expect("BUG: copied");
    }
    let (old, new) = (killed.path().join("clinic.db"), killed.path().join("clinic-2.db"));
    rekey((&old, &key(7)), (&new, &key(8))).expect("BUG: copied");
    assert_eq!(Store::open(&new, &key(8)).expect("BUG: opens").last().expect("BUG: readable").sequence, 1);
}

#[test]
fn a_file_that_is_in_use_missing_damaged_or_under_another_key_leaves_no_copy() {
    let open = fixture(Role::Doctor);
    let paths = |folder: &Path| (folder.join("clinic.db"), folder.join("clinic-2.db"));
    let (old, new) = paths(open.folder.path());
    assert!(matches!(rekey((&old, &key(7)), (&new, &key(8))), Err(Error::StoreInUse)));
    assert!(!new.exists());
    let (folder, _) = worked(open);
    let (old, new) = paths(folder.path());
    assert!(matches!(rekey((&old, &key(9)), (&new, &key(8))), Err(Error::StoreDoesNotOpen)));
    assert!(!new.exists());
    let whole = std::fs::read(&old).expect("BUG: reads");
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    std::fs::write(&old, &damaged).expect("BUG: writes");
    assert!(rekey((&old, &key(7)), (&new, &key(8))).is_err());
    assert!(!new.exists());
    assert!(std::fs::read(&old).expect("BUG: reads") == damaged, "not touched");
    std::fs::remove_file(&old).expect("BUG: removed");
    assert!(matches!(rekey((&old, &key(7)), (&new, &key(8))), Err(Error::StoreMissing)));
}

/// The computer goes on under another id, behind so many changes under the lost one.
fn recovered(store: &Store, until: i64) -> (Past, Facts) {
    let was = Past { device_id: facts().device_id, until, public_key: String::new(), is_recovered: true };
    let new = Facts { device_id: DeviceId(Uuid::from_u128(0xde7)), lane: "B".into(), ..facts() };
    store.go_on_as(&new, &was).expect("BUG: written");
    (was, new)
}

#[test]
fn what_waits_is_brought_under_the_lost_id_and_what_comes_after_it_under_the_new_one() {
    let fixture = fixture(Role::Doctor);
    let store = &fixture.store;
    fixture.register("Sunita", "98204 41276");
    store.acknowledge(&answer(store, 2, vec![]), &[], (None, NOW)).expect("BUG: acknowledged");
    fixture.register("Bina", "98204 41277");
    fixture.register("Charu", "98204 41278");
    assert!(store.next_adopted(&[], 500, 1_000_000).expect("BUG: readable").is_none());
    let last = store.last().expect("BUG: readable");
    let (was, new) = recovered(store, last.sequence);
    fixture.register("Dilip", "98204 41279");
    let earlier = store.earlier().expect("BUG: readable").0.pop().expect("BUG: it was another one");
    assert_eq!((earlier.device_id, earlier.until, earlier.until_hash), (was.device_id, 3, last.hash));
    assert!(earlier.is_recovered);
    let (of, found) = store.next_adopted(&[], 500, 1_000_000).expect("BUG: readable").expect("BUG: two");
    assert_eq!((of, sequences(&found)), (facts().device_id, vec![2, 3]));
    assert_eq!(sequences(&store.next_batch(500, 1_000_000).expect("BUG: readable")), [4]);
    let (_, found) = store.next_adopted(&[], 1, 1_000_000).expect("BUG: readable").expect("BUG: one");
    assert_eq!(sequences(&found), [2]);
    // A restored server lost what it had: all of that one's work waits again, and none of this one's.
    store.adopt_all_again(was.device_id).expect("BUG: written");
    let (_, found) = store.next_adopted(&[], 500, 1_000_000).expect("BUG: readable").expect("BUG: three");
    assert_eq!(sequences(&found), [1, 2, 3]);
    assert_eq!(store.facts().expect("BUG: readable"), new);
}

#[test]
fn what_is_passed_over_waits_and_what_was_done_under_a_later_id_goes_on() {
    let fixture = fixture(Role::Doctor);
    let store = &fixture.store;
    fixture.register("Sunita", "98204 41276");
    let (first, second) = recovered(store, 1);
    fixture.register("Bina", "98204 41277");
    let was = Past { device_id: second.device_id, until: 2, ..first.clone() };
    let third = Facts { device_id: DeviceId(Uuid::from_u128(0xde8)), lane: "C".into(), ..second };
    store.go_on_as(&third, &was).expect("BUG: written");
    let next = |over: &[DeviceId]| {
        let found = store.next_adopted(over, 500, 1_000_000).expect("BUG: readable");
        found.map(|(of, batch)| (of, sequences(&batch)))
    };
    assert_eq!(next(&[]), Some((first.device_id, vec![1])));
    assert_eq!(next(&[first.device_id]), Some((was.device_id, vec![2])));
    assert_eq!(next(&[first.device_id, was.device_id]), None);
}

#[test]
fn a_restored_server_gets_all_of_the_lost_one_s_work_again_although_nothing_waits() {
    let fixture = fixture(Role::Doctor);
    let store = &fixture.store;
    fixture.register("Sunita", "98204 41276");
    fixture.register("Bina", "98204 41277");
    store.acknowledge(&answer(store, 2, vec![]), &[], (None, NOW)).expect("BUG: acknowledged");
    let (was, _) = recovered(store, 2);
    fixture.register("Charu", "98204 41278");
    store.acknowledge(&answer(store, 3, vec![]), &[], (None, NOW)).expect("BUG: acknowledged");
    // Out of service it asks whether the server has the last of each.
    let last = store.last_of_each().expect("BUG: readable");
    let asked: Vec<_> = last.iter().map(|(of, last)| (*of, sequences(std::slice::from_ref(last)))).collect();
    assert_eq!(asked, [(Some(was.device_id), vec![2]), (None, vec![3])]);
    assert!(store.next_adopted(&[], 500, 1_000_000).expect("BUG: readable").is_none());

    let epoch = Epoch(Uuid::from_u128(9));
    let (last_sequence, last_hash) = (3, last[1].1.hash);
    let restored = EpochState { epoch, version: 1, catalogue: 1, last_sequence, last_hash, lane: None };
    store.begin_epoch(&restored, NOW).expect("BUG: begun");
    let (of, found) = store.next_adopted(&[], 500, 1_000_000).expect("BUG: readable").expect("BUG: two");
    assert_eq!((of, sequences(&found)), (was.device_id, vec![1, 2]));
    assert!(store.next_batch(500, 1_000_000).expect("BUG: readable").is_empty(), "it has this one's");
}

#[test]
fn a_copy_of_it_brings_what_waits_of_the_lost_one_as_that_one_signed_it() {
    let fixture = fixture(Role::Doctor);
    let store = &fixture.store;
    fixture.register("Sunita", "98204 41276");
    store.acknowledge(&answer(store, 2, vec![]), &[], (None, NOW)).expect("BUG: acknowledged");
    fixture.register("Bina", "98204 41277");
    let last = store.last().expect("BUG: readable");
    let (_, Facts { device_id, .. }) = recovered(store, 2);
    fixture.register("Charu", "98204 41278");
    let found = store.next_adopted(&[], 500, 1_000_000).expect("BUG: readable").expect("BUG: one");
    assert_eq!(sequences(&found.1), [2]);

    let fork = store.fork().expect("BUG: readable");
    assert_eq!((fork.after, fork.after_hash), (last.sequence, last.hash));
    let copy = Renewed {
        installation: Uuid::from_u128(0x2e3),
        device_id: DeviceId(Uuid::from_u128(0xde8)),
        lane: "C".into(),
        unlock_key: Secret("another half".into()),
    };
    let past = Past { device_id, until: fork.after, public_key: String::new(), is_recovered: false };
    store.adopt(&copy, &SigningKey::from_bytes(&[8; 32]), &past).expect("BUG: adopted");
    assert_eq!(store.next_adopted(&[], 500, 1_000_000).expect("BUG: readable"), Some(found));
    let own = store.next_batch(500, 1_000_000).expect("BUG: readable");
    assert_eq!((sequences(&own), own[0].previous_hash), (vec![3], last.hash));
    assert!(own[0].body.contains(&copy.device_id.to_string()));
}

#[test]
fn the_server_is_told_of_a_code_until_it_knows_the_last_one() {
    let fixture = fixture(Role::Doctor);
    let made = |fingerprint: &str| RecoveryMade { fingerprint: fingerprint.into(), made_at: NOW };
    assert_eq!(fixture.store.untold_recovery().expect("BUG: readable"), None);
    fixture.store.put_recovery(&made("AAAAAA")).expect("BUG: written");
    fixture.store.put_recovery(&made("BBBBBB")).expect("BUG: written");
    fixture.store.recovery_told(&made("AAAAAA")).expect("BUG: written");
    assert_eq!(fixture.store.untold_recovery().expect("BUG: readable"), Some(made("BBBBBB")));
    fixture.store.recovery_told(&made("BBBBBB")).expect("BUG: written");
    assert_eq!(fixture.store.untold_recovery().expect("BUG: readable"), None);
}

const INSTALLATION: Uuid = Uuid::from_u128(0x01d);

/// A computer whose server does not answer, with a recovery code.
fn computer(folder: &Path) -> (Arc<Desk>, Keyring, RecoveryCode) {
    let keyring = Keyring::in_memory();
    let desk = Desk::with_clock(folder.join("desk"), keyring.clone(), SlotCost::QUICK, Clock::stopped(NOW));
    let home = desk.home();
    std::fs::create_dir_all(&home).expect("BUG: a folder");
    let secrets = DeviceSecrets::random().expect("BUG: random");
    keyring.put_device(INSTALLATION, &secrets).expect("BUG: kept");
    let server = "http://127.0.0.1:9/".to_owned();
    let facts = Facts { server: server.clone(), ..facts() };
    let about = About {
        installation_id: INSTALLATION,
        tenant_id: facts.tenant_id,
        device_id: facts.device_id,
        tenant_name: "Asha".into(),
        clinic_name: "Andheri".into(),
        server,
        server_name: "sync".into(),
    };
    let mut slots = Slots::new(&home, about, 1, &secrets);
    let (key, code) =
        (DatabaseKey::random().expect("BUG: random"), RecoveryCode::random().expect("BUG: random"));
    slots.put_recovery(&code, &key, NOW).expect("BUG: sealed");
    slots.save().expect("BUG: saved");
    drop(Store::create(&slots.database(), &key, &facts).expect("BUG: a new file"));
    (desk, keyring, code)
}

fn typed(recovery_code: &str) -> RecoveryForm {
    RecoveryForm {
        recovery_code: recovery_code.into(),
        code: "ASHA-AAAA-BBBB-CCCC".into(),
        email: EMAIL.into(),
        password: PASSWORD.into(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_changes_for_a_wrong_code_with_the_keys_there_or_without_the_server() {
    let folder = tempfile::tempdir().expect("BUG: a folder");
    let (desk, keyring, code) = computer(folder.path());
    let refused = |text: String| {
        let desk = Arc::clone(&desk);
        async move { desk.recover(typed(&text)).await.expect_err("BUG: recovered") }
    };
    // With the keys there it is for the server to say that it lost this computer.
    assert!(matches!(refused(code.text().to_string()).await, Error::ServerUnreachable));
    keyring.forget_all();
    let before = files(folder.path());
    let other = RecoveryCode::random().expect("BUG: random");
    assert!(matches!(refused(other.text().to_string()).await, Error::WrongRecoveryCode));
    assert!(matches!(refused("7Q4K".into()).await, Error::Invalid(_)));
    for (trouble, is_locked) in [(Trouble::Locked, true), (Trouble::Missing, false)] {
        keyring.simulate(trouble);
        let error = refused(code.text().to_string()).await;
        assert_eq!(
            (matches!(error, Error::KeyringLocked), matches!(error, Error::KeyringMissing)),
            (is_locked, !is_locked)
        );
    }
    keyring.simulate(Trouble::None);
    assert!(files(folder.path()) == before, "nothing was tried");
    assert!(matches!(refused(code.text().to_string()).await, Error::ServerUnreachable));
    let mut after = files(folder.path());
    // The keys with which it asks again.
    assert!(after.remove("desk/clinic/recovering.json").is_some());
    assert!(after == before);
    let state = desk.state();
    let AppState::Broken { recovery: Some(fingerprint), .. } = state else { panic!("{state:?}") };
    assert_eq!(fingerprint, code.fingerprint());
    // Asked again it asks with the same keys.
    let kept = keyring.entries();
    assert!(matches!(refused(code.text().to_string()).await, Error::ServerUnreachable));
    assert_eq!(keyring.entries(), kept);
}

#[test]
fn each_way_in_which_a_computer_does_not_open_is_told_apart() {
    use protocol::error::ErrorCode;
    let folder = tempfile::tempdir().expect("BUG: a folder");
    let (desk, keyring, code) = computer(folder.path());
    let says = |code: ErrorCode, opens_by: Option<String>| {
        let state = desk.state();
        let AppState::Broken { code: said, recovery, detail } = state else { panic!("{state:?}") };
        assert_eq!((said, recovery), (code, opens_by), "{detail}");
    };
    keyring.simulate(Trouble::Locked);
    says(ErrorCode::KeyringLocked, None);
    keyring.simulate(Trouble::None);
    keyring.put_device(INSTALLATION, &DeviceSecrets::random().expect("BUG: random")).expect("BUG: kept");
    says(ErrorCode::KeyringReplaced, Some(code.fingerprint()));
    keyring.forget_all();
    says(ErrorCode::KeyringEntryMissing, Some(code.fingerprint()));
    std::fs::write(desk.home().join("slots.json"), b"{ torn").expect("BUG: writes");
    says(ErrorCode::StoreDamaged, None);
}

#[test]
fn the_day_on_the_page_of_a_code_is_the_clinics_and_not_that_of_the_moment_in_utc() {
    let fixture = fixture(Role::Admin);
    let day = |moment: &str| fixture.replica.day_in_words(moment).expect("BUG: read");
    assert_eq!(day("2026-11-22T18:29:59Z"), "22 Nov 2026");
    assert_eq!(day("2026-11-22T20:00:00Z"), "23 Nov 2026");
    assert_eq!(day("some day"), "");
}

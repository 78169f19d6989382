//! What the server takes away from a person while they sign in.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration as Span;

use futures_util::FutureExt;
use protocol::error::ErrorCode;
use protocol::standing::Lease;
use time::Duration;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::guard::{DEVICE, EMAIL, PASSWORD, USER, lease, signed};
use super::renewal::{person, write_slots};
use super::revoked::revoked;
use super::{NOW, facts, key};
use crate::clock::Clock;
use crate::desk::{Desk, Event};
use crate::error::{Error, Result};
use crate::guard::{Guard, Work};
use crate::keyring::{DeviceSecrets, Keyring};
use crate::language::Language;
use crate::leaving::told_of;
use crate::slots::{SlotCost, UserSlot};
use crate::store::{Facts, Store};
use crate::view::AppState;

const INSTALLATION: Uuid = Uuid::from_u128(0x01d);

/// A computer by this clock on which somebody may sign in, whose server nobody reaches, and its open file.
fn computer(folder: &Path, clock: Clock) -> (Arc<Desk>, Store) {
    let keyring = Keyring::in_memory();
    let desk = Desk::with_clock(folder.into(), keyring.clone(), SlotCost::QUICK, clock);
    let home = desk.home();
    std::fs::create_dir_all(&home).expect("BUG: a folder");
    let secrets = DeviceSecrets::random().expect("BUG: random");
    keyring.put_device(INSTALLATION, &secrets).expect("BUG: kept");
    write_slots(&home, &secrets, INSTALLATION, DEVICE.1);
    let facts =
        Facts { tenant_id: DEVICE.0, device_id: DEVICE.1, server: "http://127.0.0.1:9/".into(), ..facts() };
    let store = Store::create(&home.join("clinic.db"), &key(7), &facts).expect("BUG: a new file");
    store.put_staff(&person()).expect("BUG: written");
    (desk, store)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_dismissed_while_their_password_is_looked_at_is_not_let_in_and_gets_no_slot_back() {
    let folder = tempfile::tempdir().expect("BUG: a folder");
    let (desk, store) = computer(folder.path(), Clock::stopped(NOW));

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

/// What a computer shows that is out of service: how much waits, why it is not handed over, and whether a day is named.
fn shown(desk: &Desk) -> (u32, Option<String>, bool) {
    match desk.state() {
        AppState::Revoked { waiting, problem, wipes_at, .. } => (waiting, problem, wipes_at.is_some()),
        state => panic!("BUG: it is out of service: {state:?}"),
    }
}

#[test]
fn what_the_server_never_takes_from_a_computer_out_of_service_is_not_said_to_be_with_the_clinic() {
    let folder = tempfile::tempdir().expect("BUG: a folder");
    let (desk, store) = computer(folder.path(), Clock::stopped(NOW));
    drop(store);
    let guard: Arc<Guard> = desk.here().expect("BUG: enrolled").guard;
    guard.take(&revoked(None), "").expect("BUG: believed");
    assert_eq!(shown(&desk), (0, None, true));

    let refused =
        |code, detail: &str| -> Result<()> { Err(Error::Server { code, detail: detail.to_owned() }) };
    desk.leaving.note(&refused(ErrorCode::QuarantineFull, "Too much waits for a decision."));
    desk.leaving.note(&Err(Error::ServerUnreachable));
    let (_, problem, has_day) = shown(&desk);
    let said = "The server does not take what waits here: Too much waits for a decision.";
    assert_eq!((problem.as_deref(), has_day), (Some(said), false), "nothing is destroyed before");
    desk.leaving.note(&refused(ErrorCode::DeviceCopied, "Sign in again."));
    let problem = shown(&desk).1.expect("BUG: it is said");
    assert!(problem.starts_with("What waits here cannot be handed over: this computer's disk was copied"));
    desk.speak(Language::Hi);
    assert!(shown(&desk).1.is_some_and(|problem| problem.starts_with("यहाँ जो बाकी है")));
    desk.speak(Language::En);

    guard.handed_over(3, false).expect("BUG: written");
    let (waiting, problem, has_day) = shown(&desk);
    assert_eq!((waiting, has_day), (0, true));
    assert!(problem.is_some_and(|problem| problem.ends_with("(changes, files and records: 3).")));
    guard.handed_over(0, true).expect("BUG: written");
    assert_eq!(shown(&desk).1, None);
}

#[test]
fn what_may_still_be_taken_is_not_given_up_with_what_a_copy_stands_in_the_way_of() {
    let full = || Error::Server { code: ErrorCode::QuarantineFull, detail: String::new() };
    let copied = || Error::Server { code: ErrorCode::DeviceCopied, detail: String::new() };
    assert_eq!(told_of(Some(full()), copied()).code(), ErrorCode::QuarantineFull);
    assert_eq!(told_of(Some(copied()), full()).code(), ErrorCode::QuarantineFull);
    assert_eq!(told_of(Some(copied()), copied()).code(), ErrorCode::DeviceCopied);
    assert_eq!(told_of(None, copied()).code(), ErrorCode::DeviceCopied);
}

/// From now on nothing of how the computer of this folder stands can be written, as on a full disk.
fn fill_disk(home: &Path) {
    std::fs::create_dir(home.join("standing.new")).expect("BUG: a folder");
}

#[test]
fn that_a_computer_is_out_of_service_is_obeyed_also_where_it_cannot_be_written() {
    let folder = tempfile::tempdir().expect("BUG: a folder");
    let secrets = DeviceSecrets::random().expect("BUG: random");
    write_slots(folder.path(), &secrets, INSTALLATION, DEVICE.1);
    let guard = Guard::open(folder.path(), DEVICE, &secrets, Clock::stopped(NOW));
    fill_disk(folder.path());
    assert!(guard.take(&revoked(None), "").is_err());
    assert!(guard.is_revoked() && guard.changed.notified().now_or_never().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_without_contact_ends_also_where_that_cannot_be_written() {
    let folder = tempfile::tempdir().expect("BUG: a folder");
    let hours = Arc::new(AtomicI64::new(7 * 24 - 1));
    let passed = Arc::clone(&hours);
    let clock = Clock::new(move || NOW + Duration::hours(passed.load(Ordering::SeqCst)), || Span::ZERO);
    let (desk, store) = computer(folder.path(), clock);
    drop(store);
    desk.unlock(EMAIL, PASSWORD).await.expect("BUG: opens");
    fill_disk(&desk.home());
    hours.store(7 * 24 + 1, Ordering::SeqCst);
    assert!(desk.tick().is_err());
    assert!(desk.replica().is_err(), "nobody is signed in any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn twelve_hours_after_the_password_the_key_leaves_memory_by_either_clock_and_it_is_said_why() {
    for is_set_back in [false, true] {
        let folder = tempfile::tempdir().expect("BUG: a folder");
        let ran = Arc::new(AtomicI64::new(0));
        let (shown, passed) = (Arc::clone(&ran), Arc::clone(&ran));
        let clock = Clock::new(
            move || NOW + Duration::seconds(if is_set_back { 0 } else { shown.load(Ordering::SeqCst) }),
            move || {
                Span::from_secs(if is_set_back { passed.load(Ordering::SeqCst).unsigned_abs() } else { 0 })
            },
        );
        let (desk, store) = computer(folder.path(), clock);
        drop(store);
        let says_why = || match desk.state() {
            AppState::Locked { was_too_long, .. } => Some(was_too_long),
            _ => None,
        };
        assert_eq!(says_why(), Some(false));
        desk.unlock(EMAIL, PASSWORD).await.expect("BUG: opens");
        ran.store(12 * 3_600 - 1, Ordering::SeqCst);
        desk.tick().expect("BUG: done");
        assert_eq!(says_why(), None, "{is_set_back}");
        ran.store(12 * 3_600, Ordering::SeqCst);
        desk.tick().expect("BUG: done");
        assert_eq!(says_why(), Some(true), "{is_set_back}");
        desk.unlock(EMAIL, PASSWORD).await.expect("BUG: opens");
        desk.tick().expect("BUG: done");
        assert_eq!(says_why(), None, "{is_set_back}");
        desk.lock();
        assert_eq!(says_why(), Some(false), "{is_set_back}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn out_of_service_and_without_a_network_no_password_opens_anything_beyond_the_end() {
    let folder = tempfile::tempdir().expect("BUG: a folder");
    let days = Arc::new(AtomicI64::new(0));
    let passed = Arc::clone(&days);
    let clock = Clock::new(move || NOW + Duration::days(passed.load(Ordering::SeqCst)), || Span::ZERO);
    let (desk, _store) = computer(folder.path(), clock);
    let guard = desk.here().expect("BUG: enrolled").guard;
    let work = Work { waiting: 1, files: 0, only_here: 0, last_sequence: 1 };
    guard.note(Some(work)).expect("BUG: noted");
    guard.take(&revoked(None), "").expect("BUG: believed");
    let has_slot = || desk.here().expect("BUG: enrolled").slots.opens_offline(USER);
    assert!(has_slot());

    days.store(8, Ordering::SeqCst);
    let mut events = desk.events();
    desk.go_on_leaving();
    let told = tokio::time::timeout(Span::from_secs(10), events.recv()).await;
    assert!(matches!(told, Ok(Ok(Event::State))) && !has_slot());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_took_long_puts_nobody_out_who_signed_in_meanwhile() {
    let folder = tempfile::tempdir().expect("BUG: a folder");
    let (desk, store) = computer(folder.path(), Clock::stopped(NOW));
    let store = Arc::new(store);
    let begun = || {
        let here = desk.here().expect("BUG: enrolled");
        let slot = here.slots.open_user(EMAIL, PASSWORD, &here.secrets).expect("BUG: whole");
        let UserSlot::Open(slot) = slot else { panic!("BUG: the password opens it") };
        (here, *slot)
    };
    let end = |(here, slot)| {
        let password = Zeroizing::new(PASSWORD.to_owned());
        desk.open_offline(here, slot, Arc::clone(&store), password).expect("BUG: answered")
    };
    let (late, later) = (begun(), begun());
    desk.unlock(EMAIL, PASSWORD).await.expect("BUG: opens");
    let quick = desk.replica().expect("BUG: signed in");
    assert!(matches!(end(late), AppState::Unlocked { .. }), "whoever is signed in stays");
    assert!(Arc::ptr_eq(&quick, &desk.replica().expect("BUG: signed in")));
    drop(quick);
    desk.lock();
    assert!(matches!(end(later), AppState::Locked { .. }), "nor is somebody signed in who went away");
    assert!(matches!(end(begun()), AppState::Unlocked { .. }));
}

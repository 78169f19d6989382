//! How long a computer works without contact, by clocks that the test sets.

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration as Span;

use ed25519_dalek::SigningKey;
use protocol::api::{DeviceScope, Secret, StaffMember};
use protocol::id::{DeviceId, TenantId, UserId};
use protocol::permission::{Role, Roles};
use protocol::standing::{Colleague, KeyHandover, Lease, NotBelieved, Order, SignedOrder};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{NOW, fixture, form};
use crate::clock::Clock;
use crate::error::Error;
use crate::guard::{Guard, Work};
use crate::keyring::DeviceSecrets;
use crate::slots::{About, Password, SlotCost, Slots, UserSlot};
use crate::store::DatabaseKey;

pub(super) const DEVICE: (TenantId, DeviceId) = (TenantId(Uuid::nil()), DeviceId(Uuid::max()));
pub(super) const USER: UserId = UserId(Uuid::from_u128(5));
pub(super) const EMAIL: &str = "anjali@example.org";
pub(super) const PASSWORD: &str = "seven green parrots";

pub(super) static SERVER: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::from_bytes(&[1; 32]));

/// A wall clock and the time for which the computer has been running, both in seconds.
#[derive(Clone, Default)]
pub(super) struct Watch {
    set: Arc<AtomicI64>,
    pub ran: Arc<AtomicI64>,
}

impl Watch {
    pub fn clock(&self) -> Clock {
        let (set, ran) = (Arc::clone(&self.set), Arc::clone(&self.ran));
        Clock::new(
            move || NOW + Duration::seconds(set.load(Ordering::SeqCst)),
            move || Span::from_secs(ran.load(Ordering::SeqCst).unsigned_abs()),
        )
    }

    /// Time goes by, while the computer runs or is off.
    pub fn pass(&self, time: Duration, is_running: bool) {
        self.turn(time);
        if is_running {
            self.ran.fetch_add(time.whole_seconds(), Ordering::SeqCst);
        }
    }

    /// Someone sets the clock.
    pub fn turn(&self, by: Duration) {
        self.set.fetch_add(by.whole_seconds(), Ordering::SeqCst);
    }
}

pub(super) fn lease(issued_at: OffsetDateTime, offline_days: u8) -> Lease {
    Lease {
        tenant_id: DEVICE.0,
        device_id: DEVICE.1,
        scope: DeviceScope::Clinical,
        issued_at,
        offline_days,
        nonce: "mine".into(),
        people: vec![Colleague {
            user_id: USER,
            email: None,
            roles: Roles(vec![Role::Doctor]),
            doctor_id: None,
            password_version: 1,
        }],
        admin_devices: vec![],
        epoch: None,
        revoked: vec![],
        closed: vec![],
    }
}

pub(super) fn signed(lease: Lease) -> SignedOrder {
    SignedOrder::sign(&Order::Lease(lease), &SERVER, &[]).expect("BUG: JSON")
}

/// A data folder on which one person has signed in, and its keyring.
pub(super) struct Computer {
    folder: tempfile::TempDir,
    secrets: DeviceSecrets,
    pub watch: Watch,
}

impl Computer {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("BUG: a folder");
        let (secrets, key) =
            (DeviceSecrets::random().expect("BUG: random"), DatabaseKey::random().expect("BUG: random"));
        let about = About {
            installation_id: Uuid::nil(),
            tenant_id: DEVICE.0,
            device_id: DEVICE.1,
            tenant_name: "Asha".into(),
            clinic_name: "Andheri".into(),
            server: "https://sync.example.org/".into(),
            server_name: "sync".into(),
        };
        let mut slots = Slots::new(folder.path(), about, 1, &secrets);
        let person = StaffMember {
            id: USER,
            full_name: "Anjali Kulkarni".into(),
            email: EMAIL.into(),
            roles: Roles(vec![Role::Doctor]),
            doctor_id: None,
        };
        let password = Password { text: PASSWORD, cost: SlotCost::QUICK, version: 1, opens_offline: true };
        slots.put_user(&person, &password, &secrets, &key, None, 1).expect("BUG: sealed");
        slots.put_server(&Secret("half".into()), &secrets, &key).expect("BUG: sealed");
        slots.save().expect("BUG: saved");
        Self { folder, secrets, watch: Watch::default() }
    }

    /// The program is started.
    pub fn start(&self) -> Guard {
        Guard::open(self.folder.path(), DEVICE, &self.secrets, self.watch.clock())
    }

    /// The program is started, and the server answers with this many days.
    pub fn in_contact(&self, offline_days: u8) -> Guard {
        let guard = self.start();
        guard.take(&signed(lease(self.watch.clock().now(), offline_days)), "mine").expect("BUG: taken");
        guard
    }

    fn slots(&self) -> Slots {
        Slots::find(self.folder.path()).expect("BUG: read").expect("BUG: there")
    }

    pub fn opens_with_password(&self) -> bool {
        matches!(self.slots().open_user(EMAIL, PASSWORD, &self.secrets), Ok(UserSlot::Open(_)))
    }

    fn opens_with_server(&self) -> bool {
        self.slots().open_server(&Secret("half".into()), &self.secrets).is_ok()
    }
}

#[test]
fn at_the_end_of_the_lease_only_the_server_opens_the_computer() {
    let computer = Computer::new();
    let guard = computer.in_contact(14);
    computer.watch.pass(Duration::days(14), false);
    assert!(!guard.end_if_over().expect("BUG: looked") && guard.opens_offline());
    assert!(computer.opens_with_password());
    computer.watch.pass(Duration::seconds(1), false);
    assert!(guard.end_if_over().expect("BUG: looked") && !guard.opens_offline());
    assert!(!computer.opens_with_password());
    assert!(computer.opens_with_server());
    // A new lease does not bring the slots back; a sign-in does.
    let guard = computer.in_contact(14);
    assert!(guard.opens_offline() && !computer.opens_with_password());
    assert_eq!(computer.slots().people().len(), 1);
}

#[test]
fn a_clock_that_is_set_back_gains_no_day() {
    for is_restarted in [false, true] {
        let computer = Computer::new();
        let mut guard = computer.in_contact(14);
        computer.watch.pass(Duration::days(10), true);
        guard.note(None).expect("BUG: noted");
        computer.watch.turn(-Duration::days(30));
        if is_restarted {
            guard = computer.start();
        }
        assert!(guard.now() >= NOW + Duration::days(10), "{is_restarted}");
        computer.watch.pass(Duration::days(3), true);
        assert!(!guard.end_if_over().expect("BUG: looked"), "{is_restarted}");
        computer.watch.pass(Duration::days(1) + Duration::minutes(1), true);
        assert!(guard.end_if_over().expect("BUG: looked"), "{is_restarted}");
    }
}

#[test]
fn a_clock_that_stands_still_does_not_stop_the_time_of_a_running_computer() {
    let computer = Computer::new();
    let mut guard = computer.in_contact(14);
    for _ in 0..30 {
        // Half a day of work, then switched off: the battery of the clock is dead.
        for _ in 0..12 {
            computer.watch.ran.fetch_add(3_600, Ordering::SeqCst);
            guard.note(None).expect("BUG: noted");
        }
        computer.watch.ran.store(0, Ordering::SeqCst);
        guard = computer.start();
    }
    assert!(guard.end_if_over().expect("BUG: looked"), "{}", guard.now());
}

#[test]
fn a_clock_that_ran_ahead_is_forgiven_by_the_server() {
    let computer = Computer::new();
    let guard = computer.in_contact(14);
    computer.watch.turn(Duration::days(4_000));
    guard.note(None).expect("BUG: noted");
    assert!(guard.end_if_over().expect("BUG: looked"));
    computer.watch.turn(-Duration::days(4_000));
    assert!(guard.end_if_over().expect("BUG: looked"), "not by itself");
    guard.take(&signed(lease(NOW, 14)), "mine").expect("BUG: taken");
    assert!(guard.opens_offline() && guard.now() < NOW + Duration::minutes(1));
}

#[test]
fn a_clock_that_is_wrong_from_the_start_changes_nothing() {
    for off in [Duration::days(-700), Duration::days(700)] {
        let computer = Computer::new();
        computer.watch.turn(off);
        let guard = computer.start();
        guard.take(&signed(lease(NOW, 14)), "mine").expect("BUG: taken");
        computer.watch.pass(Duration::days(14), false);
        assert!(guard.opens_offline(), "{off}");
        computer.watch.pass(Duration::seconds(2), false);
        assert!(!guard.opens_offline(), "{off}");
    }
}

#[test]
fn a_file_that_was_changed_removed_or_brought_from_elsewhere_grants_nothing() {
    let computer = Computer::new();
    computer.in_contact(14);
    let path = computer.folder.path().join("standing.json");
    let good = std::fs::read(&path).expect("BUG: read");
    assert!(computer.start().opens_offline());
    assert!(!String::from_utf8_lossy(&good).contains("doctor"), "it is not read by others either");
    let other = Computer::new();
    other.in_contact(14);
    let foreign = std::fs::read(other.folder.path().join("standing.json")).expect("BUG: read");
    let mut flipped = good.clone();
    let place = flipped.len() - 20;
    flipped[place] = if flipped[place] == b'A' { b'B' } else { b'A' };
    for bytes in [flipped, foreign, b"{}".to_vec(), vec![]] {
        std::fs::write(&path, &bytes).expect("BUG: written");
        assert!(!computer.start().opens_offline());
    }
    std::fs::remove_file(&path).expect("BUG: removed");
    assert!(!computer.start().opens_offline());
    std::fs::write(&path, &good).expect("BUG: written");
    assert!(computer.start().opens_offline());
}

#[test]
fn only_the_known_server_answering_this_question_is_believed() {
    let computer = Computer::new();
    let guard = computer.in_contact(3);
    computer.watch.pass(Duration::days(2), true);
    let before = guard.view();
    let stranger = SigningKey::from_bytes(&[9; 32]);
    let order = Order::Lease(lease(NOW + Duration::days(2), 14));
    let forged = SignedOrder::sign(&order, &stranger, &[]).expect("BUG: JSON");
    let refused = guard.take(&forged, "mine");
    assert!(matches!(refused, Err(Error::OrderNotBelieved(NotBelieved::Key))), "{refused:?}");
    // A good one that was held back, and comes as the answer to another question.
    assert!(guard.take(&signed(lease(NOW + Duration::days(1), 14)), "another").is_err());
    assert_eq!(guard.view(), before);
    // The known key names the next one.
    let next = signed_by(&stranger, &order);
    guard.take(&next, "mine").expect("BUG: followed");
    assert_eq!(guard.view().map(|view| view.days_allowed), Some(14));
    let old = guard.take(&signed(lease(NOW + Duration::days(2), 14)), "mine");
    assert!(matches!(old, Err(Error::OrderNotBelieved(NotBelieved::Key))), "the old key's time is over");
}

fn signed_by(next: &SigningKey, order: &Order) -> SignedOrder {
    let handover = KeyHandover::sign(&SERVER, &protocol::signing::public_key_text(&next.verifying_key()));
    SignedOrder::sign(order, next, &[handover]).expect("BUG: JSON")
}

#[test]
fn a_tenant_that_allows_no_day_has_no_slot_that_opens_without_the_server() {
    let computer = Computer::new();
    let guard = computer.in_contact(0);
    assert!(!guard.opens_offline() && !computer.opens_with_password());
    assert!(computer.opens_with_server());
    // Whoever is at work when the line breaks has an hour.
    computer.watch.pass(Duration::minutes(59), true);
    assert!(!guard.end_if_over().expect("BUG: looked"));
    computer.watch.pass(Duration::minutes(2), true);
    assert!(guard.end_if_over().expect("BUG: looked"));
}

#[test]
fn it_is_said_that_the_end_is_near_when_four_fifths_are_over() {
    let computer = Computer::new();
    let guard = computer.in_contact(10);
    let soon = |guard: &Guard| guard.view().expect("BUG: a lease").ends_soon;
    computer.watch.pass(Duration::days(8) - Duration::seconds(1), false);
    assert!(!soon(&guard));
    computer.watch.pass(Duration::seconds(1), false);
    assert!(soon(&guard));
    let view = guard.view().expect("BUG: a lease");
    assert_eq!((view.days_without, view.hours_left, view.has_ended), (8, 48, false));
}

#[test]
fn rights_beyond_those_of_all_staff_end_a_week_after_the_last_contact() {
    let computer = Computer::new();
    let mut fixture = fixture(Role::Doctor);
    fixture.replica.guard = Some(Arc::new(computer.in_contact(14)));
    let medicine = || super::item("Paracetamol 650", "1-0-1 x5d");
    let draft = || crate::view::Draft { items: vec![medicine()], ..crate::view::Draft::default() };
    let sunita = fixture.replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: new").id;
    computer.watch.pass(Duration::days(7), true);
    assert!(!fixture.replica.session().roles_lapsed);
    fixture.replica.sign_prescription(sunita, &draft(), &[]).expect("BUG: signed");
    computer.watch.pass(Duration::seconds(1), true);
    let session = fixture.replica.session();
    assert!(session.roles_lapsed && !session.may_prescribe && session.may_read_clinical);
    assert!(fixture.replica.sign_prescription(sunita, &draft(), &[]).is_err());
    // What all staff may do goes on, and what is there can be read.
    let mut asha = form("Asha", "98204 41277");
    asha.allergy_status = "has_allergies".into();
    asha.alerts = "penicillin".into();
    assert!(fixture.replica.register_patient(&asha).is_err(), "what is not saved is not taken");
    asha.allergy_status = "unknown".into();
    asha.alerts = String::new();
    fixture.replica.register_patient(&asha).expect("BUG: new");
    assert_eq!(fixture.replica.chart(sunita).expect("BUG: read").prescriptions.len(), 1);
}

#[test]
fn a_computer_that_was_not_closed_may_hold_more_than_is_known() {
    let computer = Computer::new();
    let guard = computer.in_contact(14);
    assert!(!guard.may_hold_work());
    guard.opened().expect("BUG: noted");
    guard.note(Some(Work { waiting: 0, files: 0, only_here: 0, last_sequence: 40 })).expect("BUG: noted");
    // Something was saved after that, and the power went.
    assert!(computer.start().may_hold_work());
    guard.closed(Work { waiting: 0, files: 0, only_here: 0, last_sequence: 41 }).expect("BUG: noted");
    assert!(!computer.start().may_hold_work());
    guard.closed(Work { waiting: 2, files: 0, only_here: 0, last_sequence: 43 }).expect("BUG: noted");
    assert!(computer.start().may_hold_work());
}

#[test]
fn what_was_counted_before_somebody_saved_more_and_signed_out_does_not_hide_that() {
    let computer = Computer::new();
    let guard = computer.in_contact(14);
    guard.opened().expect("BUG: noted");
    // Counted, and written down only after the sign-out.
    let counted = Work { waiting: 0, files: 0, only_here: 0, last_sequence: 40 };
    guard.closed(Work { waiting: 1, last_sequence: 41, ..counted }).expect("BUG: noted");
    guard.note(Some(counted)).expect("BUG: noted");
    let guard = computer.start();
    assert!(guard.may_hold_work());
    assert_eq!((guard.waiting(), guard.last_word().last_sequence), (1, 41));
}

#[test]
fn what_would_be_lost_with_a_computer_that_nobody_opens_is_known_in_all_its_kinds() {
    let computer = Computer::new();
    let work = Work { waiting: 2, files: 3, only_here: 40, last_sequence: 43 };
    computer.in_contact(14).note(Some(work)).expect("BUG: noted");
    assert_eq!(computer.start().only_here(), 45);
}

#[test]
fn what_waits_is_known_before_anybody_has_signed_in() {
    let computer = Computer::new();
    computer
        .in_contact(14)
        .note(Some(Work { waiting: 31, files: 0, only_here: 0, last_sequence: 40 }))
        .expect("BUG: noted");
    assert_eq!(computer.start().waiting(), 31);
    assert!(Path::new(&computer.folder.path().join("standing.json")).exists());
}

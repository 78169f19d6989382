//! A computer that is taken out of service: what may destroy what is on it, and when.

use std::sync::atomic::Ordering;

use ed25519_dalek::SigningKey;
use protocol::id::DeviceId;
use protocol::standing::{AdminDevice, Consent, Lease, Order, Revocation, SignedOrder};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::NOW;
use super::guard::{Computer, DEVICE, SERVER, lease, signed};

/// A lease that names this computer of an admin, and one that is out of service with that computer's consent.
fn with_admin(issued_at: OffsetDateTime, admin: &SigningKey) -> SignedOrder {
    let public_key = protocol::signing::public_key_text(&admin.verifying_key());
    let admin_devices = vec![AdminDevice { device_id: DeviceId(Uuid::nil()), public_key }];
    signed(Lease { admin_devices, ..lease(issued_at, 14) })
}

pub(super) fn revoked(consent: Option<&SigningKey>) -> SignedOrder {
    let message = protocol::signing::consent_message(DEVICE.0, DEVICE.1);
    let consent = consent.map(|key| Consent {
        device_id: DeviceId(Uuid::nil()),
        signature: protocol::signing::sign(key, &message),
    });
    let (tenant_id, device_id) = DEVICE;
    let order = Order::Revoked(Revocation { tenant_id, device_id, asked_at: NOW, consent });
    SignedOrder::sign(&order, &SERVER, &[]).expect("BUG: JSON")
}

#[test]
fn data_is_destroyed_at_once_only_by_two_and_else_after_a_day_in_sight() {
    let (admin, stranger) = (SigningKey::from_bytes(&[3; 32]), SigningKey::from_bytes(&[4; 32]));
    let cases = [
        // Since when the admin's computer is known, who agreed, and how many hours it takes.
        (48, Some(&admin), 0),
        (24, Some(&admin), 0),
        (6, Some(&admin), 18),
        (0, Some(&admin), 24),
        (48, Some(&stranger), 24),
        (48, None, 24),
    ];
    for (known, consent, hours) in cases {
        let computer = Computer::new();
        let guard = computer.start();
        guard.take(&with_admin(NOW, &admin), "mine").expect("BUG: taken");
        computer.watch.pass(Duration::hours(known), true);
        // It is named again by every lease, and known since the first.
        guard.take(&with_admin(computer.watch.clock().now(), &admin), "mine").expect("BUG: taken");
        guard.take(&revoked(consent), "").expect("BUG: taken");
        assert!(guard.is_revoked());
        let learnt = guard.now();
        let wait = guard.wipes_at().expect("BUG: some time") - learnt;
        assert_eq!(wait.max(Duration::ZERO), Duration::hours(hours), "{known} {hours}");
        computer.watch.pass(wait.max(Duration::ZERO), true);
        assert!(guard.may_wipe());
        // The clock is set back: what has passed has passed.
        guard.note(None).expect("BUG: noted");
        computer.watch.turn(-Duration::days(9));
        assert!(computer.start().may_wipe(), "{known} {hours}");
    }
}

#[test]
fn what_the_server_lost_again_must_be_handed_over_by_a_person_once_more() {
    let computer = Computer::new();
    let guard = computer.in_contact(14);
    guard.take(&revoked(None), "").expect("BUG: taken");
    guard.handed_over(3, true).expect("BUG: noted");
    let word = computer.start().last_word();
    assert_eq!((word.lost, word.has_sent_all), (3, true));
    guard.hand_over_again().expect("BUG: noted");
    let guard = computer.start();
    assert!(!guard.has_handed_over() && guard.may_hold_work() && !guard.last_word().has_sent_all);
}

#[test]
fn out_of_service_is_for_ever_and_a_consent_may_come_later() {
    let admin = SigningKey::from_bytes(&[3; 32]);
    let computer = Computer::new();
    let guard = computer.start();
    guard.take(&with_admin(NOW, &admin), "mine").expect("BUG: taken");
    computer.watch.pass(Duration::days(2), true);
    guard.take(&revoked(None), "").expect("BUG: taken");
    assert!(!guard.may_wipe());
    guard.take(&revoked(Some(&admin)), "").expect("BUG: taken");
    assert!(guard.may_wipe());
    guard.take(&revoked(None), "").expect("BUG: taken");
    assert!(guard.may_wipe(), "a consent stays");
    // A lease that was held back does not bring it into service again.
    guard.take(&with_admin(NOW, &admin), "mine").expect("BUG: taken");
    assert!(guard.is_revoked() && computer.start().is_revoked());
    // Nobody who has not the server's key revokes.
    let other = Computer::new();
    let guard = other.in_contact(14);
    let order =
        Order::Revoked(Revocation { tenant_id: DEVICE.0, device_id: DEVICE.1, asked_at: NOW, consent: None });
    let forged = SignedOrder::sign(&order, &admin, &[]).expect("BUG: JSON");
    assert!(guard.take(&forged, "").is_err() && !guard.is_revoked());
}

#[test]
fn the_day_in_sight_is_shortened_by_no_lease_and_by_no_clock_that_is_set() {
    let computer = Computer::new();
    let guard = computer.in_contact(14);
    guard.take(&revoked(None), "").expect("BUG: taken");
    guard.take(&signed(lease(NOW + Duration::hours(25), 14)), "mine").expect("BUG: taken");
    assert!(!guard.may_wipe(), "a server says that it is tomorrow");
    assert_eq!(guard.now(), NOW);
    computer.watch.turn(Duration::hours(25));
    guard.note(None).expect("BUG: noted");
    assert!(!guard.may_wipe() && !computer.start().may_wipe(), "the clock says so");
    computer.watch.pass(Duration::hours(24) - Duration::seconds(1), true);
    assert!(!guard.may_wipe());
    computer.watch.pass(Duration::seconds(1), true);
    assert!(guard.may_wipe());
}

#[test]
fn the_day_in_sight_is_one_on_which_the_program_runs_however_often_it_is_stopped() {
    let computer = Computer::new();
    let mut guard = computer.in_contact(14);
    guard.take(&revoked(None), "").expect("BUG: taken");
    for day in 1..=3 {
        assert!(!guard.may_wipe(), "{day}");
        computer.watch.pass(Duration::hours(8), true);
        guard.note(None).expect("BUG: noted");
        computer.watch.pass(Duration::hours(16), false);
        computer.watch.ran.store(0, Ordering::SeqCst);
        guard = computer.start();
    }
    assert!(guard.may_wipe());
}

#[test]
fn an_admins_computer_is_known_for_no_longer_because_a_lease_or_the_clock_says_so() {
    let thief = SigningKey::from_bytes(&[6; 32]);
    for is_clock_set in [false, true] {
        let computer = Computer::new();
        let guard = computer.start();
        guard.take(&with_admin(NOW, &thief), "mine").expect("BUG: taken");
        if is_clock_set {
            computer.watch.turn(Duration::hours(25));
        }
        guard.take(&with_admin(NOW + Duration::hours(25), &thief), "mine").expect("BUG: taken");
        guard.take(&revoked(Some(&thief)), "").expect("BUG: taken");
        assert!(!guard.may_wipe(), "{is_clock_set}");
        assert_eq!(guard.wipes_at(), Some(guard.now() + Duration::hours(24)), "{is_clock_set}");
    }
}

#[test]
fn no_lease_takes_from_a_computer_out_of_service_the_password_that_hands_over_its_work() {
    let leases = [
        lease(NOW, 0),
        lease(NOW + Duration::days(40), 14),
        lease(NOW - Duration::days(40), 14),
        Lease { people: vec![], ..lease(NOW, 14) },
    ];
    for (place, lease) in leases.into_iter().enumerate() {
        let computer = Computer::new();
        let guard = computer.in_contact(14);
        guard.take(&revoked(None), "").expect("BUG: taken");
        guard.take(&signed(lease), "mine").expect("BUG: taken");
        assert!(guard.opens_offline() && computer.opens_with_password(), "{place}");
        computer.watch.pass(Duration::days(14), false);
        assert!(!guard.end_if_over().expect("BUG: looked"), "{place}");
        computer.watch.pass(Duration::seconds(1), false);
        assert!(guard.end_if_over().expect("BUG: looked"), "{place}");
    }
}

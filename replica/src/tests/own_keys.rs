//! What a person's own key signs here, and how a computer tells who signed.

use ed25519_dalek::SigningKey;
use protocol::id::{DeviceId, UserId};
use protocol::mutation::{Hash, Mutation, SignedMutation};
use protocol::own_key::OwnKeyInfo;
use protocol::permission::Role;
use protocol::signing::public_key_text;
use protocol::table::TableName;
use serde_json::json;
use uuid::Uuid;

use super::{Fixture, NOW, answer, facts, fixture, form, item};
use crate::store::{OwnSignature, Past, Renewed};
use crate::view::{Draft, PrescriptionSummary};

fn own() -> SigningKey {
    SigningKey::from_bytes(&[11; 32])
}

/// A doctor with a key of their own, who has signed one prescription and made it void.
fn signed() -> (Fixture, PrescriptionSummary) {
    let mut fixture = fixture(Role::Doctor);
    fixture.replica.own_key = Some(own());
    let replica = &fixture.replica;
    let sunita = replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id;
    let draft = Draft { items: vec![item("Paracetamol 650 mg", "1 sos x3d")], ..Draft::default() };
    let signed = replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed");
    replica.void_prescription(signed.id, "Wrong patient").expect("BUG: void");
    (fixture, signed)
}

fn info(key: &SigningKey, user: u128, after: i64) -> OwnKeyInfo {
    OwnKeyInfo {
        user_id: UserId(Uuid::from_u128(user)),
        device_id: facts().device_id,
        public_key: public_key_text(&key.verifying_key()),
        after,
        created_at: NOW,
        revoked_at: None,
    }
}

fn waiting(fixture: &Fixture) -> Vec<SignedMutation> {
    fixture.store.next_batch(500, 1_000_000).expect("BUG: readable")
}

#[test]
fn the_own_key_signs_what_nobody_else_may_say_and_nothing_more() {
    let (fixture, _) = signed();
    let key = own().verifying_key();
    let by_own: Vec<bool> = waiting(&fixture).iter().map(|signed| signed.is_signed_by(&key)).collect();
    assert_eq!(by_own, [false, true, true]);
    assert!(waiting(&fixture)[0].own_signature.is_none());
}

#[test]
fn what_was_signed_stays_signed_when_the_computer_becomes_another() {
    let (fixture, _) = signed();
    let renewed = Renewed {
        installation: Uuid::from_u128(0x2e3),
        device_id: DeviceId(Uuid::from_u128(0xde7)),
        lane: "B".into(),
        unlock_key: protocol::api::Secret("another half".into()),
    };
    let (key, past) = (
        SigningKey::from_bytes(&[8; 32]),
        Past { until: 0, public_key: String::new(), device_id: facts().device_id, is_recovered: false },
    );
    fixture.store.adopt(&renewed, &key, &past).expect("BUG: adopted");
    let waiting = waiting(&fixture);
    let mutations: Vec<Mutation> =
        waiting.iter().map(|signed| signed.open(&key.verifying_key()).expect("BUG: signed anew")).collect();
    assert!(mutations.iter().all(|mutation| mutation.device_id == renewed.device_id));
    assert!(waiting[1..].iter().all(|signed| signed.is_signed_by(&own().verifying_key())));
    assert_eq!(waiting[0].previous_hash, Hash::ZERO);
}

#[test]
fn verifying_finds_what_is_not_signed_by_the_key_of_whose_it_is() {
    let (fixture, _) = signed();
    let verified = || fixture.replica.verify().expect("BUG: verified");
    fixture.store.keep_own_keys(&[info(&own(), 5, 0)], 0).expect("BUG: kept");
    let report = verified();
    assert_eq!((report.own_signatures, report.problems), (2, vec![]));
    let swapped = "update mutations set own_signature = (select own_signature from mutations where sequence = 2) \
                   where sequence = 3";
    for (change, sql) in [(3, swapped), (2, "update mutations set own_signature = null where sequence = 2")] {
        fixture.store.write(|tx| Ok(tx.execute(sql, [])?)).expect("BUG: written");
        let problems = verified().problems;
        assert!(
            problems.iter().any(|problem| problem.starts_with(&format!("change {change} does not bear"))),
            "{problems:?}"
        );
    }
}

#[test]
fn what_was_done_before_the_key_is_not_asked_for_its_signature() {
    let (fixture, _) = signed();
    fixture
        .store
        .write(|tx| Ok(tx.execute("update mutations set own_signature = null", [])?))
        .expect("BUG: written");
    fixture.store.keep_own_keys(&[info(&own(), 5, 3)], 0).expect("BUG: kept");
    let report = fixture.replica.verify().expect("BUG: verified");
    assert_eq!((report.own_signatures, report.problems), (0, vec![]));
}

#[test]
fn a_key_that_was_learnt_is_not_forgotten_whatever_the_server_says_later() {
    let (fixture, _) = signed();
    fixture.store.keep_own_keys(&[info(&own(), 5, 0)], 0).expect("BUG: kept");
    let moved = OwnKeyInfo { after: 9, revoked_at: Some(NOW), ..info(&own(), 5, 0) };
    fixture.store.keep_own_keys(&[moved], 0).expect("BUG: kept");
    fixture.store.keep_own_keys(&[], 0).expect("BUG: kept");
    assert_eq!(fixture.replica.verify().expect("BUG: verified").own_signatures, 2);
}

#[test]
fn every_computer_tells_whose_key_signed_a_prescription() {
    let (fixture, signed) = signed();
    let replica = &fixture.replica;
    let shown = || replica.prescription(signed.id).expect("BUG: there").own_signature;
    assert_eq!(shown(), Some(OwnSignature::Unknown), "nothing was heard of keys yet");
    let colleague = SigningKey::from_bytes(&[12; 32]);
    fixture.store.keep_own_keys(&[info(&colleague, 5, 0), info(&own(), 6, 0)], 1).expect("BUG: kept");
    assert_eq!(shown(), Some(OwnSignature::Unknown), "the server has not seen it yet");
    let sent = answer(&fixture.store, 2, vec![]);
    fixture.store.acknowledge(&sent, &[], (None, NOW)).expect("BUG: acknowledged");
    let seen = format!("update prescriptions set sync_version = 2 where id = '{}'", signed.id);
    fixture.store.write(|tx| Ok(tx.execute(&seen, [])?)).expect("BUG: written");
    assert_eq!(shown(), Some(OwnSignature::Unknown), "it came after that");
    fixture.store.keep_own_keys(&[], 2).expect("BUG: kept");
    assert_eq!(
        shown(),
        Some(OwnSignature::Wrong),
        "the doctor's key is another, and this one is somebody else's"
    );
    let problems = replica.verify().expect("BUG: verified").problems;
    assert!(
        problems.iter().any(|problem| problem.contains("no key that is known as its doctor's")),
        "{problems:?}"
    );
    let code = replica.store.read(|tx| {
        let values = crate::replica::must_get(tx, TableName::Prescriptions, signed.id.0)?;
        Ok(crate::verify_paper::verify_text(signed.id, &values))
    });
    let code = code.expect("BUG: there");
    assert!(!replica.verify_paper(&code).expect("BUG: a report").is_genuine);
    fixture.store.keep_own_keys(&[info(&own(), 5, 0)], 2).expect("BUG: kept");
    assert_eq!(shown(), Some(OwnSignature::Good));
    let report = replica.verify_paper(&code).expect("BUG: a report");
    assert_eq!((report.own_signature, report.is_genuine), (OwnSignature::Good, true));
    let forged = format!("update prescriptions set own_signature = null where id = '{}'", signed.id);
    fixture.store.write(|tx| Ok(tx.execute(&forged, [])?)).expect("BUG: written");
    assert_eq!(shown(), Some(OwnSignature::None));
    assert_eq!(json!(OwnSignature::Good), "good");
}

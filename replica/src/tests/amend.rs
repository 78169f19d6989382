//! A later version, and a void one.

use std::sync::Arc;

use ed25519_dalek::SigningKey;
use protocol::api::{Fate, StaffMember};
use protocol::id::{DoctorId, PatientId, PrescriptionId, UserId};
use protocol::permission::{Role, Roles};
use protocol::prescription::Status;
use protocol::settlement::Way;
use protocol::table::{Row, TableName, Values};
use serde_json::json;
use time::Duration;
use tokio::sync::Notify;
use uuid::Uuid;

use super::{Fixture, NOW, answer, facts, fixture, form, item};
use crate::clock::Clock;
use crate::error::Error;
use crate::replica::{Replica, must_get};
use crate::view::{Draft, LineDifference, Vitals};

fn visit() -> Draft {
    Draft {
        complaints: "Fever for 3 days\nCough".into(),
        history: "Diabetes".into(),
        examination: "Throat red".into(),
        vitals: Vitals { weight_kg: Some(68.5), height_cm: Some(162.0), ..Vitals::default() },
        diagnoses: vec!["Fever".into()],
        items: vec![item("Paracetamol 650 mg", "1-1-1 x5d"), item("Cetirizine 10 mg", "0-0-1 x5d")],
        investigations: "CBC".into(),
        advice: "Rest".into(),
        follow_up: "5d".into(),
        referral: "Dr. Shah, chest physician".into(),
        ..Draft::default()
    }
}

#[test]
fn an_amendment_replaces_what_was_signed_and_both_stay() {
    let fixture = fixture(Role::Doctor);
    let replica = &fixture.replica;
    let sunita = replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id;
    let first = replica.sign_prescription(sunita, &visit(), &[]).expect("BUG: signed");
    let mut draft = replica.amend_prescription(first.id).expect("BUG: a draft");
    let said =
        Draft { follow_up: "2026-11-28".into(), repeated: Some(first.id), amends: Some(first.id), ..visit() };
    assert_eq!(draft, said, "all that was signed is there again");
    draft.items[0].dose_text = "1-1-1 x3d".into();
    let saved = replica.save_draft(sunita, &draft).expect("BUG: saved");
    let lines = saved.difference.expect("BUG: a difference").lines;
    assert_eq!(lines, [LineDifference::Changed { before: "1-1-1 x5d".into() }, LineDifference::Same]);
    let second = replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed");
    let of = |id| replica.prescription(id).expect("BUG: there");
    assert_eq!(
        (of(first.id).status, of(first.id).items[0].dose_text.as_str()),
        (Status::Superseded, "1-1-1 x5d")
    );
    assert_eq!((second.status, second.version), (Status::Finalised, 2));
    assert_eq!(replica.printed(first.id).expect("BUG: printed").mark, "Replaced by a later one");
    assert!(
        matches!(replica.amend_prescription(first.id), Err(Error::Invalid(_))),
        "it does not hold any more"
    );
    assert!(matches!(replica.sign_prescription(sunita, &draft, &[]), Err(Error::Invalid(_))), "not twice");
    assert_eq!(replica.verify().expect("BUG: verified").problems, Vec::<String>::new());
}

/// Another doctor, at the same computer.
fn colleague(fixture: &Fixture) -> Replica {
    let id = Uuid::from_u128(0xd0d);
    let values = json!({ "title": "Dr.", "first_name": "Rahul", "last_name": "Mehta", "kind": "physician",
        "registration_number": "2011/07/2231", "registration_council": "MMC", "is_active": true });
    let values = serde_json::from_value(values).expect("BUG: values");
    let row = Row { table: TableName::Doctors, id, version: 2, deleted: false, values };
    fixture.store.stage(&[row]).expect("BUG: staged");
    fixture.store.apply_staged(vec![], (2, 1), (None, NOW)).expect("BUG: applied");
    let person = StaffMember {
        id: UserId(Uuid::from_u128(6)),
        full_name: "Rahul Mehta".into(),
        email: "rahul@example.org".into(),
        roles: Roles(vec![Role::Doctor]),
        doctor_id: Some(DoctorId(id)),
    };
    let key = SigningKey::from_bytes(&[9; 32]);
    let mut replica = Replica::new(Arc::clone(&fixture.store), person, facts(), key, Arc::new(Notify::new()));
    replica.clock = Clock::stopped(NOW);
    replica
}

/// The row of a prescription.
fn row(fixture: &Fixture, id: PrescriptionId) -> Values {
    fixture.store.read(|tx| must_get(tx, TableName::Prescriptions, id.0)).expect("BUG: there")
}

#[test]
fn another_doctors_prescription_is_amended_only_with_a_reason_which_is_kept_with_it() {
    let fixture = fixture(Role::Doctor);
    let sunita = fixture.register("Sunita", "98204 41276");
    let first = fixture.replica.sign_prescription(sunita, &visit(), &[]).expect("BUG: signed").id;
    let other = colleague(&fixture);
    let draft = other.amend_prescription(first).expect("BUG: a draft");
    for reason in ["", "  "] {
        let unsaid = Draft { amend_reason: reason.into(), ..draft.clone() };
        let refused = other.sign_prescription(sunita, &unsaid, &[]);
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    }
    assert_eq!(row(&fixture, first)["status"], json!("finalised"), "nothing was signed");
    let said = Draft { amend_reason: " Dose was too high ".into(), ..draft };
    other.sign_prescription(sunita, &said, &[]).expect("BUG: signed");
    let replaced = other.prescription(first).expect("BUG: there");
    assert_eq!(
        (replaced.status, replaced.void_reason.as_deref()),
        (Status::Superseded, Some("Dose was too high"))
    );
}

#[test]
fn an_amendment_that_the_server_refuses_goes_back_to_the_pad_with_its_reason() {
    let fixture = fixture(Role::Doctor);
    let sunita = fixture.register("Sunita", "98204 41276");
    let first = fixture.replica.sign_prescription(sunita, &visit(), &[]).expect("BUG: signed").id;
    let draft = fixture.replica.amend_prescription(first).expect("BUG: a draft");
    let said = Draft { amend_reason: "Dose was too high".into(), ..draft };
    fixture.replica.sign_prescription(sunita, &said, &[]).expect("BUG: signed");
    let mut refused = answer(&fixture.store, 2, vec![]);
    let last = refused.receipts.last_mut().expect("BUG: the amendment");
    last.fate = Fate::Quarantined;
    last.detail = Some("Your role does not allow this.".into());
    fixture.store.acknowledge(&refused, &[], (None, NOW)).expect("BUG: acknowledged");
    let change = fixture.replica.refused().expect("BUG: readable").remove(0);
    fixture.replica.settle(change.sequence, Way::Replace, "", &[]).expect("BUG: reopened");
    let reopened = fixture.replica.open_pad(sunita).expect("BUG: the pad").draft;
    assert_eq!((reopened.amends, reopened.amend_reason.as_str()), (Some(first), "Dose was too high"));
}

/// A prescription of a registration that was then merged into another, which is answered first.
fn signed_and_merged(fixture: &Fixture) -> (PatientId, PatientId, PrescriptionId) {
    let replica = &fixture.replica;
    let away = fixture.register("Sunita", "98204 41276");
    let signed = replica.sign_prescription(away, &visit(), &[]).expect("BUG: signed").id;
    let kept = fixture.register("Suneeta", "98204 41277");
    replica.merge_patients(kept, away, "same mother").expect("BUG: merged");
    (kept, away, signed)
}

#[test]
fn an_amendment_of_what_a_merged_registration_was_prescribed_stands_where_that_stands_and_in_the_chart() {
    let fixture = fixture(Role::Doctor);
    let replica = &fixture.replica;
    let (kept, away, first) = signed_and_merged(&fixture);
    let draft = replica.amend_prescription(first).expect("BUG: a draft");
    replica.save_draft(kept, &draft).expect("BUG: saved");
    let second = replica.sign_prescription(kept, &draft, &[]).expect("BUG: signed").id;
    assert_eq!(row(&fixture, second)["patient_id"], json!(away));
    assert_eq!(row(&fixture, second)["patient_snapshot"]["full_name"], json!("Suneeta Deshmukh"));
    let chart = replica.chart(kept).expect("BUG: the chart");
    let shown: Vec<_> = chart.prescriptions.iter().map(|one| (one.id, one.status)).collect();
    assert!(shown.contains(&(first, Status::Superseded)) && shown.contains(&(second, Status::Finalised)));
    assert_eq!(replica.verify().expect("BUG: verified").problems, Vec::<String>::new());
}

#[test]
fn a_draft_does_not_replace_what_is_another_patients_once_two_registrations_were_parted() {
    let fixture = fixture(Role::Doctor);
    let replica = &fixture.replica;
    let (kept, away, first) = signed_and_merged(&fixture);
    let draft = replica.amend_prescription(first).expect("BUG: a draft");
    replica.save_draft(kept, &draft).expect("BUG: saved");
    replica.unmerge_patient(away).expect("BUG: parted");
    let refused = replica.sign_prescription(kept, &draft, &[]);
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    assert_eq!(row(&fixture, first)["status"], json!("finalised"));
}

#[test]
fn an_amendment_after_the_day_of_return_keeps_that_day_and_no_other_that_has_passed() {
    let mut fixture = fixture(Role::Doctor);
    let sunita = fixture.register("Sunita", "98204 41276");
    let first = fixture.replica.sign_prescription(sunita, &visit(), &[]).expect("BUG: signed").id;
    fixture.replica.clock = Clock::stopped(NOW + Duration::weeks(2));
    let replica = &fixture.replica;
    let draft = replica.amend_prescription(first).expect("BUG: a draft");
    let saved = replica.save_draft(sunita, &draft).expect("BUG: saved");
    assert_eq!(saved.follow_up_date.as_deref(), Some("2026-11-28"), "it is understood");
    assert_eq!(replica.printed_draft(sunita).expect("BUG: drawn").follow_up, "Sat 28 Nov 2026");
    let passed = Draft { follow_up: "2026-11-27".into(), ..draft.clone() };
    assert!(matches!(replica.sign_prescription(sunita, &passed, &[]), Err(Error::Invalid(_))));
    let second = replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed");
    assert_eq!(second.follow_up_date.as_deref(), Some("2026-11-28"));
}

#[test]
fn an_amendment_does_not_overwrite_a_draft() {
    let fixture = fixture(Role::Doctor);
    let replica = &fixture.replica;
    let sunita = replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id;
    let signed = replica.sign_prescription(sunita, &visit(), &[]).expect("BUG: signed").id;
    replica
        .save_draft(sunita, &Draft { advice: "half written".into(), ..Draft::default() })
        .expect("BUG: saved");
    assert!(matches!(replica.amend_prescription(signed), Err(Error::Invalid(_))));
    replica.discard_draft(sunita).expect("BUG: discarded");
    let draft = replica.amend_prescription(signed).expect("BUG: a draft");
    let changed = Draft { advice: "Walk".into(), ..draft };
    replica.save_draft(sunita, &changed).expect("BUG: saved");
    assert_eq!(
        replica.amend_prescription(signed).expect("BUG: the draft"),
        changed,
        "it goes on where it was left"
    );
}

#[test]
fn a_prescription_is_made_void_with_a_reason_and_once() {
    let fixture = fixture(Role::Doctor);
    let replica = &fixture.replica;
    let sunita = replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id;
    let signed = replica.sign_prescription(sunita, &visit(), &[]).expect("BUG: signed").id;
    assert!(matches!(replica.void_prescription(signed, "  "), Err(Error::Invalid(_))));
    let void = replica.void_prescription(signed, "Wrong patient").expect("BUG: void");
    assert_eq!((void.status, void.void_reason.as_deref()), (Status::Voided, Some("Wrong patient")));
    assert_eq!(replica.printed(signed).expect("BUG: printed").mark, "Voided");
    assert!(matches!(replica.void_prescription(signed, "again"), Err(Error::Invalid(_))));
    assert!(replica.repeat_prescription(sunita, None, None).is_err(), "what is void is not repeated");
    let nurse = super::fixture(Role::Nurse);
    assert!(matches!(nurse.replica.void_prescription(signed, "no"), Err(Error::Forbidden(_))));
}

//! A later version, and a void one.

use protocol::permission::Role;
use protocol::prescription::Status;

use super::{fixture, form, item};
use crate::error::Error;
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

//! Changes that the server refused: what is shown of them, what a person makes of them, and what becomes of the rows.

use protocol::api::{Fate, PushResponse, Receipt, ReceiptsAnswer};
use protocol::conflict::Choice;
use protocol::id::{ConflictId, PatientId};
use protocol::mutation::{Mutation, Op};
use protocol::permission::{Role, Roles};
use protocol::settlement::{Way, item_id};
use protocol::table::{Row, TableName};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Fixture, NOW, answer, as_server, doctor_id, fixture, form, item};
use crate::error::Error;
use crate::store::Store;
use crate::view::{BookingForm, CorrectedField, Draft, PatientForm, RefusedChange, VisitType};

fn form_in(city: &str) -> PatientForm {
    PatientForm { city: city.into(), ..form("Sunita", "98204 41276") }
}

/// A patient whom the server has.
fn known(fixture: &Fixture) -> PatientId {
    let id = fixture.replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id;
    let sent = answer(&fixture.store, 2, vec![as_server(fixture, id, 2, &[])]);
    fixture.store.acknowledge(&sent, &[], (None, NOW)).expect("BUG: acknowledged");
    id
}

/// The server refuses the first of what waits; the rest builds on it.
fn refuse_all(fixture: &Fixture) {
    let mut refused = answer(&fixture.store, 3, vec![]);
    let first = refused.receipts[0].sequence;
    for receipt in &mut refused.receipts {
        receipt.fate = Fate::Blocked;
        receipt.blocked_by = Some(first);
    }
    refused.receipts[0] = Receipt {
        fate: Fate::Quarantined,
        blocked_by: None,
        detail: Some("This person's role may not write it.".into()),
        ..refused.receipts[0].clone()
    };
    fixture.store.acknowledge(&refused, &[], (None, NOW)).expect("BUG: acknowledged");
}

/// A patient; a refused change of the city, and one behind it.
fn two_cities(fixture: &Fixture) -> (PatientId, u32) {
    let id = known(fixture);
    for (before, after) in [("", "Pune"), ("Pune", "Nashik")] {
        fixture.replica.update_patient(id, &form_in(before), &form_in(after)).expect("BUG: edited");
    }
    refuse_all(fixture);
    (id, only(fixture).sequence)
}

fn only(fixture: &Fixture) -> RefusedChange {
    let [change] = fixture.replica.refused().expect("BUG: readable").try_into().expect("BUG: one");
    change
}

fn city(fixture: &Fixture, id: PatientId) -> String {
    fixture.replica.chart(id).expect("BUG: chart").form.city
}

fn waiting(fixture: &Fixture) -> Mutation {
    let waiting = fixture.store.next_batch(500, 1_000_000).expect("BUG: readable");
    let [signed] = waiting.as_slice() else { panic!("{}", waiting.len()) };
    serde_json::from_str(&signed.body).expect("BUG: a mutation")
}

/// What the server says by now of these changes.
fn told(fixture: &Fixture, fates: &[(u32, Fate)], rows: Vec<Row>) -> bool {
    let receipts = fates.iter().map(|(sequence, fate)| Receipt {
        sequence: i64::from(*sequence),
        hash: hash(&fixture.store, *sequence),
        fate: *fate,
        code: None,
        detail: None,
        blocked_by: None,
        review: vec![],
    });
    let answer = ReceiptsAnswer { receipts: receipts.collect(), rows };
    fixture.store.take_receipts(&answer, NOW).expect("BUG: taken")
}

fn hash(store: &Store, sequence: u32) -> protocol::mutation::Hash {
    let sql = "select hash from mutations where sequence = ?1";
    let text: String =
        store.read(|tx| Ok(tx.query_row(sql, [sequence], |row| row.get(0))?)).expect("BUG: it is there");
    protocol::mutation::Hash::parse(&text).expect("BUG: a hash")
}

fn sent(fixture: &Fixture) {
    let all: PushResponse = answer(&fixture.store, 4, vec![]);
    fixture.store.acknowledge(&all, &[], (None, NOW)).expect("BUG: acknowledged");
}

fn corrected(column: &str, typed: &str) -> Vec<CorrectedField> {
    vec![CorrectedField { record: 0, column: column.into(), typed: typed.into() }]
}

#[test]
fn a_refused_change_is_shown_with_its_values_and_what_waits_behind_it() {
    let fixture = fixture(Role::Doctor);
    let (_, sequence) = two_cities(&fixture);
    let shown = only(&fixture);
    assert_eq!((shown.title.as_str(), shown.behind), ("Patient corrected", 1));
    assert_eq!(shown.patient_name.as_deref(), Some("Sunita Deshmukh"));
    assert!(shown.detail.is_some_and(|detail| detail.contains("role")));
    assert_eq!(shown.fields[0].value.as_deref(), Some("Pune"));
    assert!(shown.may_correct && shown.may_discard && !shown.may_reopen && shown.asked.is_none());
    let aside = fixture.store.set_aside(0, 10).expect("BUG");
    assert_eq!(aside.len(), 2);
    // However many there are, each is asked for: a page after the other.
    assert_eq!(fixture.store.set_aside(0, 1).expect("BUG"), aside[..1]);
    assert_eq!(fixture.store.set_aside(aside[0], 1).expect("BUG"), aside[1..]);
    assert!(fixture.store.set_aside(aside[1], 1).expect("BUG").is_empty());
    assert_eq!(fixture.store.sync_state().expect("BUG").set_aside, 1);
    assert!(sequence > 0);
}

#[test]
fn what_is_discarded_goes_from_the_row_once_the_server_has_heard_of_it_and_stays_in_the_ledger() {
    let fixture = fixture(Role::Doctor);
    let (id, sequence) = two_cities(&fixture);
    let unsaid = fixture.replica.settle(sequence, Way::Discard, " ", &[]);
    assert!(matches!(unsaid, Err(Error::Refused(_))), "{unsaid:?}");
    fixture.replica.settle(sequence, Way::Discard, "Typed on the wrong card.", &[]).expect("BUG: settled");
    let settles = waiting(&fixture).settles.expect("BUG: a settlement");
    assert_eq!((settles.sequence, settles.way), (i64::from(sequence), Way::Discard));
    assert_eq!(city(&fixture, id), "Nashik", "the server has not heard of it");
    let asked = only(&fixture).asked.expect("BUG: asked");
    assert!(!asked.is_sent && asked.reason.as_deref() == Some("Typed on the wrong card."));
    assert_eq!(fixture.store.sync_state().expect("BUG").set_aside, 0, "nobody here is needed any more");
    let again = fixture.replica.settle(sequence, Way::Retry, "", &[]);
    assert!(matches!(again, Err(Error::Invalid(_))), "{again:?}");
    sent(&fixture);
    let row = as_server(&fixture, id, 5, &[("city", json!("Nashik"))]);
    let fates = [(sequence, Fate::Discarded), (sequence + 1, Fate::Applied)];
    assert!(told(&fixture, &fates, vec![row.clone()]));
    assert!(!told(&fixture, &fates, vec![row]), "the same is no news");
    assert_eq!(city(&fixture, id), "Nashik");
    assert!(fixture.replica.refused().expect("BUG").is_empty());
    let ledger = fixture.replica.ledger(10).expect("BUG: ledger");
    let fates: Vec<Option<Fate>> = ledger.iter().take(3).map(|entry| entry.fate).collect();
    assert_eq!(fates, [Some(Fate::Applied), Some(Fate::Applied), Some(Fate::Discarded)]);
}

#[test]
fn a_discarded_edit_gives_the_row_back_as_the_server_has_it() {
    let fixture = fixture(Role::Doctor);
    let id = known(&fixture);
    fixture.replica.update_patient(id, &form_in(""), &form_in("Pune")).expect("BUG: edited");
    refuse_all(&fixture);
    let sequence = only(&fixture).sequence;
    fixture.replica.settle(sequence, Way::Discard, "Wrong card.", &[]).expect("BUG: settled");
    sent(&fixture);
    assert!(told(&fixture, &[(sequence, Fate::Discarded)], vec![]));
    assert_eq!(city(&fixture, id), "");
}

#[test]
fn a_registration_that_is_discarded_is_found_no_more_and_named_in_the_ledger() {
    let fixture = fixture(Role::Doctor);
    fixture.replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered");
    refuse_all(&fixture);
    let sequence = only(&fixture).sequence;
    fixture.replica.settle(sequence, Way::Discard, "Registered already.", &[]).expect("BUG: settled");
    sent(&fixture);
    assert_eq!(fixture.replica.find_patients("sunita").expect("BUG").people.len(), 1);
    assert!(told(&fixture, &[(sequence, Fate::Discarded)], vec![]));
    assert!(fixture.replica.find_patients("sunita").expect("BUG").people.is_empty());
    let ledger = fixture.replica.ledger(10).expect("BUG: ledger");
    assert_eq!(ledger[1].patient_name.as_deref(), Some("Sunita Deshmukh"));
}

#[test]
fn the_token_of_a_visit_that_is_discarded_is_never_called_for_another_patient() {
    let fixture = fixture(Role::Doctor);
    let id = known(&fixture);
    let form = BookingForm {
        doctor_id: doctor_id(),
        day: String::new(),
        time: String::new(),
        visit_type: VisitType::New,
        is_urgent: false,
        reason: String::new(),
        is_here: true,
        was_asked: false,
    };
    let token = || fixture.replica.book_visit(id, &form).expect("BUG: booked").token;
    assert_eq!(token().as_deref(), Some("A-1"));
    refuse_all(&fixture);
    let sequence = only(&fixture).sequence;
    fixture.replica.settle(sequence, Way::Discard, "Of another clinic.", &[]).expect("BUG: settled");
    sent(&fixture);
    assert!(told(&fixture, &[(sequence, Fate::Discarded)], vec![]));
    assert!(fixture.replica.chart(id).expect("BUG: chart").visits.is_empty());
    assert_eq!(token().as_deref(), Some("A-2"));
}

#[test]
fn a_correction_stands_where_the_refused_change_stood_and_later_ones_lie_over_it() {
    let fixture = fixture(Role::Doctor);
    let (id, sequence) = two_cities(&fixture);
    let same = fixture.replica.settle(sequence, Way::Replace, "", &corrected("city", "Pune"));
    assert!(matches!(same, Err(Error::Invalid(_))), "{same:?}");
    fixture.replica.settle(sequence, Way::Replace, "", &corrected("city", "Poona")).expect("BUG: corrected");
    let correction = waiting(&fixture);
    let set = &correction.changes[0].set["city"];
    assert_eq!((&set.base, &set.value), (&Value::Null, &json!("Poona")), "as the refused change had seen it");
    assert_eq!(correction.changes[0].base_version, 2);
    assert_eq!(city(&fixture, id), "Nashik", "the later change lies over it");
    sent(&fixture);
    assert!(told(&fixture, &[(sequence, Fate::Replaced)], vec![]));
    assert_eq!(city(&fixture, id), "Nashik");
}

#[test]
fn a_refused_registration_is_corrected_and_is_found_by_what_was_corrected() {
    let fixture = fixture(Role::Doctor);
    let id = fixture.replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id;
    refuse_all(&fixture);
    let sequence = only(&fixture).sequence;
    for (column, typed) in [("mobile_number", "12"), ("first_name", " "), ("sex", "purple")] {
        let bad = fixture.replica.settle(sequence, Way::Replace, "", &corrected(column, typed));
        assert!(matches!(bad, Err(Error::Invalid(_))), "{column}: {bad:?}");
    }
    fixture
        .replica
        .settle(sequence, Way::Replace, "", &corrected("first_name", "Sunanda"))
        .expect("BUG: corrected");
    let correction = waiting(&fixture);
    assert_eq!(correction.changes[0].op, Op::Insert);
    assert_eq!(correction.changes[0].set["first_name_norm"].value, "sunanda");
    let found = fixture.replica.find_patients("sunanda").expect("BUG: found").people;
    assert_eq!(found.iter().map(|one| one.id).collect::<Vec<_>>(), [id]);
    assert!(fixture.replica.find_patients("sunita").expect("BUG").people.is_empty());
}

#[test]
fn what_was_tried_again_in_vain_is_open_again() {
    let fixture = fixture(Role::Doctor);
    let (id, sequence) = two_cities(&fixture);
    fixture.replica.settle(sequence, Way::Retry, "", &[]).expect("BUG: settled");
    assert_eq!(only(&fixture).asked.map(|asked| asked.way), Some(Way::Retry));
    sent(&fixture);
    assert!(!told(&fixture, &[(sequence, Fate::Quarantined)], vec![]) || only(&fixture).detail.is_none());
    assert!(only(&fixture).asked.is_none());
    fixture.replica.settle(sequence, Way::Retry, "", &[]).expect("BUG: settled");
    sent(&fixture);
    let row = as_server(&fixture, id, 6, &[("city", json!("Nashik"))]);
    assert!(told(&fixture, &[(sequence, Fate::Applied), (sequence + 1, Fate::Applied)], vec![row]));
    assert_eq!(city(&fixture, id), "Nashik");
    assert!(fixture.replica.refused().expect("BUG").is_empty());
}

#[test]
fn what_a_later_server_did_with_a_change_waits_for_a_program_that_knows_it() {
    let fixture = fixture(Role::Doctor);
    let id = known(&fixture);
    fixture.replica.update_patient(id, &form_in(""), &form_in("Pune")).expect("BUG: edited");
    let mut later = answer(&fixture.store, 3, vec![]);
    later.receipts[0].fate = Fate::Other;
    fixture.store.acknowledge(&later, &[], (None, NOW)).expect("BUG: acknowledged");
    let sequence = later.receipts[0].sequence;
    assert!(fixture.store.next_batch(500, 1_000_000).expect("BUG").is_empty(), "it is not sent for ever");
    assert_eq!(fixture.store.set_aside(0, 10).expect("BUG"), [sequence], "it is asked for");
    let state = fixture.store.sync_state().expect("BUG: readable");
    assert_eq!((state.waiting, state.set_aside, state.unknown), (0, 1, 1), "it is not called in step");
    let entry = fixture.replica.ledger(1).expect("BUG: a ledger").remove(0);
    assert!(entry.detail.is_some_and(|detail| detail.contains("once Clinic Desk is updated")));
    assert_eq!(city(&fixture, id), "Pune");
    let number = u32::try_from(sequence).expect("BUG: small");
    assert!(!told(&fixture, &[(number, Fate::Other)], vec![]), "that is no news");
    let row = as_server(&fixture, id, 4, &[]);
    assert!(told(&fixture, &[(number, Fate::Applied)], vec![row]));
    assert!(fixture.store.set_aside(0, 10).expect("BUG").is_empty());
    let state = fixture.store.sync_state().expect("BUG: readable");
    assert_eq!((state.set_aside, state.unknown), (0, 0));
    assert_eq!(city(&fixture, id), "Pune");
}

#[test]
fn what_was_handed_over_needs_nobody_here_and_can_still_be_corrected() {
    let fixture = fixture(Role::Doctor);
    let (_, sequence) = two_cities(&fixture);
    fixture.replica.settle(sequence, Way::HandOver, "Which city?", &[]).expect("BUG: settled");
    sent(&fixture);
    let asked = only(&fixture).asked.expect("BUG: asked");
    assert_eq!((asked.way, asked.is_sent), (Way::HandOver, true));
    assert_eq!(fixture.store.sync_state().expect("BUG").set_aside, 0);
    fixture.replica.settle(sequence, Way::Replace, "", &corrected("city", "Poona")).expect("BUG: corrected");
}

#[test]
fn a_refused_prescription_goes_back_to_the_pad_and_its_number_is_never_given_again() {
    let fixture = fixture(Role::Doctor);
    let id = known(&fixture);
    let draft = Draft {
        complaints: "Fever\nCough".into(),
        diagnoses: vec!["Viral fever".into()],
        items: vec![item("Tab Paracetamol 650", "1 sos")],
        follow_up: "5d".into(),
        ..Draft::default()
    };
    let signed = fixture.replica.sign_prescription(id, &draft, &[]).expect("BUG: signed");
    refuse_all(&fixture);
    let change = only(&fixture);
    assert!(change.may_reopen && !change.may_correct);
    fixture.replica.settle(change.sequence, Way::Replace, "", &[]).expect("BUG: reopened");
    assert_eq!(waiting(&fixture).settles.map(|settles| settles.way), Some(Way::Discard));
    let reopened = fixture.replica.open_pad(id).expect("BUG: pad").draft;
    assert_eq!((reopened.complaints.as_str(), &reopened.diagnoses), ("Fever\nCough", &draft.diagnoses));
    assert_eq!((&reopened.items, reopened.follow_up.as_str()), (&draft.items, "2026-11-28"));
    sent(&fixture);
    assert!(told(&fixture, &[(change.sequence, Fate::Discarded)], vec![]));
    assert!(fixture.replica.chart(id).expect("BUG: chart").prescriptions.is_empty());
    let again = fixture.replica.sign_prescription(id, &reopened, &[]).expect("BUG: signed");
    assert_ne!(again.number, signed.number, "it may stand on paper");
}

#[test]
fn what_a_nurse_gave_to_the_doctors_and_the_server_refused_goes_back_to_her_pad() {
    let fixture = fixture(Role::Nurse);
    let id = known(&fixture);
    let draft = Draft { complaints: "Fever".into(), ..Draft::default() };
    fixture.replica.give_to_doctor(id, &draft).expect("BUG: given");
    refuse_all(&fixture);
    let change = only(&fixture);
    assert!(change.may_reopen && !change.may_correct);
    fixture.replica.settle(change.sequence, Way::Replace, "", &[]).expect("BUG: reopened");
    assert_eq!(waiting(&fixture).settles.map(|settles| settles.way), Some(Way::Discard));
    assert_eq!(fixture.replica.open_pad(id).expect("BUG: pad").draft, draft);
    sent(&fixture);
    assert!(told(&fixture, &[(change.sequence, Fate::Discarded)], vec![]));
    assert!(fixture.replica.chart(id).expect("BUG: chart").prepared.is_empty());
}

#[test]
fn an_admin_decides_about_what_was_handed_over_without_seeing_its_values() {
    let mut fixture = fixture(Role::Doctor);
    fixture.replica.person.roles = Roles(vec![Role::Admin]);
    let (device, sequence) = (Uuid::from_u128(0xde5c), 7);
    let id = item_id(protocol::id::DeviceId(device), sequence);
    let values = json!({ "kind": "refused", "scope": "everyone", "table_name": "patients", "row_id": Uuid::from_u128(9),
        "state": "open", "opened_at": "2026-11-23T04:00:00.000Z",
        "theirs": { "why": "Which group is meant?" },
        "theirs_from": { "name": "Meena Jadhav", "device": "Front desk", "at": "2026-11-23T03:01:00.000Z" },
        "ours": { "device_id": device, "sequence": sequence, "kind": "update_patient", "code": "bad_value",
            "detail": "A value is missing or not allowed." },
        "ours_from": { "device_id": device, "name": "Meena Jadhav" } });
    let values = serde_json::from_value(values).expect("BUG: values");
    let row = Row { table: TableName::SyncConflicts, id, version: 9, deleted: false, values };
    fixture.store.stage(&[row]).expect("BUG: staged");
    fixture.store.apply_staged(vec![], (9, 1), (None, NOW)).expect("BUG: applied");
    let shown = fixture.replica.conflict(ConflictId(id)).expect("BUG: an item");
    assert!(shown.may_decide && shown.safer == Some(Choice::Ours));
    let refused = shown.refused.expect("BUG: about a refused change");
    assert_eq!(
        (refused.title.as_str(), refused.why.as_deref()),
        ("Patient corrected", Some("Which group is meant?"))
    );
    let unsaid = fixture.replica.decide_conflict(ConflictId(id), Choice::Theirs, None, "");
    assert!(matches!(unsaid, Err(Error::Refused(_))), "{unsaid:?}");
    let decided = fixture
        .replica
        .decide_conflict(ConflictId(id), Choice::Theirs, None, "Asked her: unknown.")
        .expect("BUG: decided");
    assert!(!decided.may_decide && decided.decided.is_none(), "the server has not heard of it");
    assert_eq!(decided.refused.and_then(|refused| refused.asked), Some(Way::Discard));
    let settles = waiting(&fixture).settles.expect("BUG: a settlement");
    assert_eq!((settles.device_id.0, settles.sequence, settles.way), (device, sequence, Way::Discard));
    fixture.replica.person.roles = Roles(vec![Role::Doctor]);
    assert!(!fixture.replica.conflict(ConflictId(id)).expect("BUG: an item").may_decide);
}

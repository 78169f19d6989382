//! What a person decides, and one person who was registered twice.

use protocol::api::DeviceScope;
use protocol::conflict::{Choice, duplicate_id};
use protocol::id::{ConflictId, PatientId};
use protocol::mutation::Mutation;
use protocol::permission::{Role, Roles};
use protocol::table::{Row, TableName};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Fixture, NOW, answer, as_server, fixture, form, item};
use crate::error::Error;
use crate::view::{Draft, Entry};

/// A patient whom the server has, with these columns changed.
fn known(fixture: &Fixture, name: &str, number: &str, change: &[(&str, Value)]) -> PatientId {
    let id = fixture.replica.register_patient(&form(name, number)).expect("BUG: registered").id;
    let head = fixture.store.sync_state().expect("BUG").head.unwrap_or(1) + 1;
    let sent = answer(&fixture.store, head, vec![as_server(fixture, id, head, change)]);
    fixture.store.acknowledge(&sent, &[], (None, NOW)).expect("BUG: acknowledged");
    id
}

/// An item as the server opens it.
pub(super) fn opened(fixture: &Fixture, values: Value) -> ConflictId {
    let id = Uuid::now_v7();
    put(fixture, id, values);
    ConflictId(id)
}

fn put(fixture: &Fixture, id: Uuid, values: Value) {
    let mut all = json!({ "kind": "column", "scope": "everyone", "table_name": "patients", "state": "open",
        "opened_at": "2026-11-23T04:00:00.000Z",
        "theirs_from": { "name": "Vikram Shah", "device": "Chair 2", "at": "2026-11-23T03:01:00.000Z" },
        "ours_from": { "device_id": Uuid::from_u128(2), "name": "Meena Jadhav", "device": "Room 1" } });
    for (name, value) in values.as_object().expect("BUG: values") {
        all[name] = value.clone();
    }
    let head = fixture.store.sync_state().expect("BUG").head.unwrap_or(1) + 1;
    let values = serde_json::from_value(all).expect("BUG: values");
    let row = Row { table: TableName::SyncConflicts, id, version: head, deleted: false, values };
    fixture.store.stage(&[row]).expect("BUG: staged");
    fixture.store.apply_staged(vec![], (head, 1), (None, NOW)).expect("BUG: applied");
}

fn blood_group(fixture: &Fixture, patient: PatientId) -> ConflictId {
    opened(
        fixture,
        json!({ "row_id": patient, "patient_id": patient, "column_name": "blood_group", "base": "unknown",
            "theirs": "B+", "ours": "O+" }),
    )
}

fn last_mutation(fixture: &Fixture) -> Mutation {
    let waiting = fixture.store.next_batch(500, 1_000_000).expect("BUG: readable");
    serde_json::from_str(&waiting.last().expect("BUG: one waits").body).expect("BUG: a mutation")
}

#[test]
fn an_item_shows_both_values_with_who_wrote_them_and_which_one_holds() {
    let fixture = fixture(Role::Doctor);
    let sunita = known(&fixture, "Sunita", "98204 41276", &[("blood_group", json!("B+"))]);
    let id = blood_group(&fixture, sunita);
    let shown = fixture.replica.conflict(id).expect("BUG: an item");
    assert_eq!(shown.patient.as_ref().map(|patient| patient.full_name.as_str()), Some("Sunita Deshmukh"));
    let [fact] = shown.facts.as_slice() else { panic!("{:?}", shown.facts) };
    assert_eq!((fact.theirs.as_deref(), fact.ours.as_deref()), (Some("B+"), Some("O+")));
    assert_eq!(
        (shown.theirs.who.as_deref(), shown.theirs.device.as_deref()),
        (Some("Vikram Shah"), Some("Chair 2"))
    );
    assert!(shown.theirs.holds && !shown.ours.holds && shown.ours.is_here && !shown.theirs.is_here);
    assert_eq!(shown.safer, Some(Choice::Theirs));
    assert!(shown.may_decide && matches!(shown.entry, Some(Entry::Choice { .. })));
    assert_eq!(fixture.replica.chart(sunita).expect("BUG").conflicts, [shown]);
    assert_eq!(fixture.store.decisions(true).expect("BUG"), 1);
}

#[test]
fn an_item_of_a_kind_that_only_a_later_program_shows_hides_no_other() {
    let fixture = fixture(Role::Doctor);
    let sunita = known(&fixture, "Sunita", "98204 41276", &[("blood_group", json!("B+"))]);
    opened(&fixture, json!({ "kind": "eclipse", "row_id": sunita, "patient_id": sunita }));
    let id = blood_group(&fixture, sunita);
    let ids = |shown: Vec<crate::view::Conflict>| shown.into_iter().map(|one| one.id).collect::<Vec<_>>();
    assert_eq!(ids(fixture.replica.conflicts(true).expect("BUG: shown")), [id]);
    assert_eq!(ids(fixture.replica.chart(sunita).expect("BUG: a chart").conflicts), [id]);
}

#[test]
fn a_decision_and_what_carries_it_out_are_one_mutation_and_hold_at_once() {
    let fixture = fixture(Role::Doctor);
    let sunita = known(&fixture, "Sunita", "98204 41276", &[("blood_group", json!("B+"))]);
    let id = blood_group(&fixture, sunita);
    let decided =
        fixture.replica.decide_conflict(id, Choice::Ours, None, "seen on the card").expect("BUG: decided");
    let decision = decided.decided.expect("BUG: a decision");
    assert_eq!((decision.choice, decision.value.as_deref()), (Choice::Ours, Some("O+")));
    assert_eq!((decision.reason.as_deref(), decision.is_sent), (Some("seen on the card"), false));
    assert_eq!(fixture.replica.chart(sunita).expect("BUG").form.blood_group, "O+");
    assert_eq!(fixture.replica.conflicts(true).expect("BUG"), []);
    assert_eq!(fixture.replica.conflicts(false).expect("BUG").len(), 1);
    let mutation = last_mutation(&fixture);
    assert_eq!((mutation.kind.as_str(), mutation.changes.len()), ("decide_conflict", 2));
    let deed = &mutation.changes[1];
    assert_eq!((deed.table, deed.decides), (TableName::Patients, Some(id.0)));
    assert_eq!(deed.set["blood_group"].base, "B+");
    let again = fixture.replica.decide_conflict(id, Choice::Theirs, None, "");
    assert!(matches!(again, Err(Error::Invalid(_))), "{again:?}");
}

#[test]
fn another_value_is_typed_and_must_fit() {
    let fixture = fixture(Role::Doctor);
    let sunita = known(&fixture, "Sunita", "98204 41276", &[("blood_group", json!("B+"))]);
    let id = blood_group(&fixture, sunita);
    for typed in [Some("C+"), Some(" "), None] {
        let refused = fixture.replica.decide_conflict(id, Choice::Other, typed, "");
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    }
    fixture.replica.decide_conflict(id, Choice::Other, Some("AB+"), "").expect("BUG: decided");
    assert_eq!(fixture.replica.chart(sunita).expect("BUG").form.blood_group, "AB+");
    // A name is stored in two columns, and both follow.
    let name = opened(
        &fixture,
        json!({ "row_id": sunita, "patient_id": sunita, "column_name": "first_name",
            "theirs": { "first_name": "Suneeta", "first_name_norm": "suneeta" },
            "ours": { "first_name": "Sunitha", "first_name_norm": "sunitha" } }),
    );
    let shown = fixture.replica.conflict(name).expect("BUG: an item");
    assert_eq!(shown.facts.len(), 1, "{:?}", shown.facts);
    fixture.replica.decide_conflict(name, Choice::Other, Some("Sunita Devi"), "").expect("BUG: decided");
    assert_eq!(fixture.replica.find_patients("sunita devi").expect("BUG").people.len(), 1);
}

#[test]
fn until_a_decision_both_weights_are_shown_and_every_allergy_counts() {
    let fixture = fixture(Role::Doctor);
    let alerts = [("alerts", json!("Penicillin\nSulfa")), ("allergy_status", json!("has_allergies"))];
    let sunita = known(&fixture, "Sunita", "98204 41276", &alerts);
    let id = opened(
        &fixture,
        json!({ "scope": "clinical", "row_id": sunita, "patient_id": sunita, "column_name": "alerts",
            "theirs": "Penicillin", "ours": "Sulfa" }),
    );
    let shown = fixture.replica.conflict(id).expect("BUG: an item");
    assert!(shown.is_union && shown.safer.is_none());
    assert_eq!(fixture.replica.chart(sunita).expect("BUG").alerts.as_deref(), Some("Penicillin\nSulfa"));
    let draft = Uuid::now_v7();
    let prescription = json!({ "visit_date": "2026-11-23", "doctor_id": Uuid::from_u128(0xd0c), "patient_id": sunita,
        "clinic_id": Uuid::from_u128(3), "status": "draft", "version": 1, "mode": "in_person", "chief_complaints": [],
        "vitals": { "weight_kg": 68.4, "pulse": 80 }, "diagnoses": [], "investigations": [], "language": "en" });
    let values = serde_json::from_value(prescription).expect("BUG: values");
    let row = Row { table: TableName::Prescriptions, id: draft, version: 9, deleted: false, values };
    fixture.store.stage(&[row]).expect("BUG: staged");
    fixture.store.apply_staged(vec![], (9, 1), (None, NOW)).expect("BUG: applied");
    let weight = opened(
        &fixture,
        json!({ "scope": "clinical", "table_name": "prescriptions", "row_id": draft, "patient_id": sunita,
            "column_name": "vitals", "base": { "weight_kg": 66 }, "theirs": { "weight_kg": 68.4 },
            "ours": { "weight_kg": 64.8 } }),
    );
    let pad = fixture.replica.open_pad(sunita).expect("BUG: a pad");
    let facts: Vec<_> = pad.conflicts.iter().flat_map(|conflict| &conflict.facts).collect();
    let fact = facts.iter().find(|fact| fact.name == "weight_kg").expect("BUG: the weight");
    assert_eq!((fact.theirs.as_deref(), fact.ours.as_deref()), (Some("68.4"), Some("64.8")));
    fixture.replica.decide_conflict(weight, Choice::Other, Some("65"), "").expect("BUG: decided");
    let vitals = &last_mutation(&fixture).changes[1].set["vitals"].value;
    assert_eq!(*vitals, json!({ "weight_kg": 65, "pulse": 80 }), "the pulse stays");
}

#[test]
fn of_a_record_that_was_removed_meanwhile_it_can_still_be_decided() {
    let fixture = fixture(Role::Doctor);
    let key = Uuid::now_v7();
    let values = json!({ "key": "cold", "title": "Cold", "kind": "advice", "scope": "tenant", "body": {},
        "is_active": true, "contraindicated_classes": [], "version": 2 });
    let values = serde_json::from_value(values).expect("BUG: values");
    let row = Row { table: TableName::ShortKeys, id: key, version: 9, deleted: true, values };
    fixture.store.stage(&[row]).expect("BUG: staged");
    fixture.store.apply_staged(vec![], (9, 1), (None, NOW)).expect("BUG: applied");
    let item = || {
        opened(
            &fixture,
            json!({ "scope": "clinical", "table_name": "short_keys", "row_id": key, "column_name": "key",
                "base": "urti", "theirs": "cold", "ours": "flu" }),
        )
    };
    let decided = fixture.replica.decide_conflict(item(), Choice::Theirs, None, "").expect("BUG: decided");
    assert_eq!(decided.decided.map(|decision| decision.choice), Some(Choice::Theirs));
    assert_eq!(last_mutation(&fixture).changes.len(), 1, "it stays removed");
    // What was typed is not lost with it: whether it is removed all the same, the server asks next.
    fixture.replica.decide_conflict(item(), Choice::Ours, None, "").expect("BUG: decided");
    assert_eq!(last_mutation(&fixture).changes[1].set["key"].value, "flu");
    assert_eq!(fixture.replica.conflicts(true).expect("BUG: shown"), []);
}

#[test]
fn a_date_of_birth_is_typed_as_the_sentence_says_and_neither_century_nor_month_is_guessed() {
    let fixture = fixture(Role::Doctor);
    let sunita = known(&fixture, "Sunita", "98204 41276", &[]);
    let born = |day: &str| json!({ "date_of_birth": day });
    let item = || {
        opened(
            &fixture,
            json!({ "row_id": sunita, "patient_id": sunita, "column_name": "date_of_birth",
                "theirs": born("1972-04-18"), "ours": born("1974-08-14") }),
        )
    };
    let id = item();
    for (typed, why) in [
        ("08/14/1972", "This is not a day. Write it like 14/08/1972."),
        ("14/08/27", "This is not a day. Write it like 14/08/1972."),
        ("5d", "This is not a day. Write it like 14/08/1972."),
        ("14/08/2027", "The date of birth is not a day in the past."),
    ] {
        let refused = fixture.replica.decide_conflict(id, Choice::Other, Some(typed), "");
        let said = refused.expect_err("BUG: refused").to_string();
        assert_eq!(said, format!("{why} Nothing was decided yet."), "{typed}");
    }
    for typed in ["14/08/1972", "14-08-1972", "14.8.1972", "1972-08-14"] {
        fixture.replica.decide_conflict(item(), Choice::Other, Some(typed), "").expect(typed);
        let form = fixture.replica.chart(sunita).expect("BUG: a chart").form;
        assert_eq!(form.date_of_birth.as_deref(), Some("1972-08-14"), "{typed}");
    }
}

#[test]
fn another_day_to_come_back_is_at_most_two_years_ahead_too() {
    let day = |typed| {
        let today = time::macros::date!(2026 - 11 - 23);
        let entry = Entry::Date;
        crate::entry::typed_entry("follow_up_date", &entry, typed, today).map_err(|error| error.to_string())
    };
    let too_late = "To come back is asked for at most two years from now. Write an earlier day. \
                    Nothing was decided yet.";
    for (typed, meant) in [
        ("28/11/2026", Ok("2026-11-28")),
        ("5d", Ok("2026-11-28")),
        ("1/11/2026", Ok("2026-11-01")),
        ("900d", Err(too_late)),
        ("28/11/2036", Err(too_late)),
    ] {
        assert_eq!(day(typed), meant.map(|day| json!(day)).map_err(str::to_owned), "{typed}");
    }
}

#[test]
fn what_is_clinical_is_neither_shown_to_reception_nor_decided_by_a_nurse() {
    let mut fixture = fixture(Role::Nurse);
    let sunita = known(&fixture, "Sunita", "98204 41276", &[]);
    let id = opened(
        &fixture,
        json!({ "scope": "clinical", "row_id": sunita, "patient_id": sunita, "column_name": "alerts",
            "theirs": "kestrel", "ours": "plover" }),
    );
    assert!(!fixture.replica.conflict(id).expect("BUG: an item").may_decide);
    let refused = fixture.replica.decide_conflict(id, Choice::Ours, None, "");
    assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
    fixture.replica.person.roles = Roles(vec![Role::Receptionist]);
    assert!(matches!(fixture.replica.conflict(id), Err(Error::NotFound)));
    assert_eq!(fixture.replica.conflicts(true).expect("BUG"), []);
    assert_eq!(fixture.store.decisions(false).expect("BUG"), 0);
    fixture.replica.person.roles = Roles(vec![Role::Doctor]);
    fixture.replica.facts.scope = DeviceScope::FrontDesk;
    assert!(matches!(fixture.replica.decide_conflict(id, Choice::Ours, None, ""), Err(Error::NotFound)));
}

/// Two registrations of one person, each with a signed prescription.
fn registered_twice(fixture: &Fixture) -> (PatientId, PatientId) {
    let one = known(fixture, "Sunita", "98204 41276", &[]);
    let other = known(fixture, "Suneeta", "98765 00011", &[]);
    for patient in [one, other] {
        let draft = Draft { items: vec![item("Paracetamol", "1-0-1 x5d")], ..Draft::default() };
        fixture.replica.sign_prescription(patient, &draft, &[]).expect("BUG: signed");
    }
    (one, other)
}

#[test]
fn who_was_merged_is_one_person_everywhere_and_no_row_moves() {
    let fixture = fixture(Role::Doctor);
    let (one, other) = registered_twice(&fixture);
    let draft = Draft { line: "para".into(), ..Draft::default() };
    fixture.replica.save_draft(other, &draft).expect("BUG: saved");
    fixture.replica.merge_patients(one, other, "same person").expect("BUG: merged");
    for typed in ["sunita", "suneeta", "0011", "1276"] {
        let found = fixture.replica.find_patients(typed).expect("BUG").people;
        assert_eq!(found.iter().map(|found| found.id).collect::<Vec<_>>(), [one], "{typed}");
    }
    for id in [one, other] {
        let chart = fixture.replica.chart(id).expect("BUG: chart");
        assert_eq!((chart.patient.id, chart.prescriptions.len()), (one, 2));
        assert_eq!(chart.merged.iter().map(|merged| merged.id).collect::<Vec<_>>(), [other]);
        assert!(chart.has_draft);
        assert_eq!(fixture.replica.open_pad(id).expect("BUG: pad").draft.line, "para");
    }
    let today = fixture.replica.today().expect("BUG: today");
    assert!(today.registered.iter().chain(&today.drafts).all(|patient| patient.id == one));
    assert_eq!((today.registered.len(), today.drafts.len(), today.seen.len()), (1, 1, 2));
    assert!(fixture.replica.verify().expect("BUG").is_good());
    // What is written now is the kept one's.
    let draft = Draft { items: vec![item("Paracetamol", "1-0-1 x3d")], ..Draft::default() };
    fixture.replica.sign_prescription(other, &draft, &[]).expect("BUG: signed");
    assert_eq!(last_mutation(&fixture).changes[0].set["patient_id"].value, json!(one));
    assert!(!fixture.replica.chart(one).expect("BUG").has_draft);

    fixture.replica.unmerge_patient(other).expect("BUG: parted");
    assert_eq!(fixture.replica.chart(one).expect("BUG").prescriptions.len(), 2);
    assert_eq!(fixture.replica.chart(other).expect("BUG").prescriptions.len(), 1);
    assert_eq!(fixture.replica.find_patients("suneeta").expect("BUG").people[0].id, other);
}

#[test]
fn a_chain_of_mergers_leads_to_the_one_that_is_kept_and_a_circle_ends() {
    let fixture = fixture(Role::Admin);
    let ids = ["Asha", "Usha", "Nisha"].map(|name| known(&fixture, name, "98204 41276", &[]));
    fixture.replica.merge_patients(ids[1], ids[2], "").expect("BUG: merged");
    fixture.replica.merge_patients(ids[0], ids[1], "").expect("BUG: merged");
    assert_eq!(fixture.replica.chart(ids[2]).expect("BUG").patient.id, ids[0]);
    assert_eq!(fixture.replica.chart(ids[0]).expect("BUG").merged.len(), 2);
    for (keep, away) in [(ids[2], ids[0]), (ids[0], ids[2]), (ids[1], ids[1])] {
        let refused = fixture.replica.merge_patients(keep, away, "");
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    }
    // Another program wrote a circle: it is shown, and nothing hangs.
    let row = as_server(&fixture, ids[0], 90, &[("merged_into_id", json!(ids[2]))]);
    fixture.store.stage(&[row]).expect("BUG: staged");
    fixture.store.apply_staged(vec![], (90, 1), (None, NOW)).expect("BUG: applied");
    assert!(fixture.replica.chart(ids[1]).is_ok());
}

#[test]
fn another_mobile_number_is_typed_as_it_is_everywhere() {
    let fixture = fixture(Role::Receptionist);
    let sunita = known(&fixture, "Sunita", "98204 41276", &[]);
    let id = opened(
        &fixture,
        json!({ "row_id": sunita, "patient_id": sunita, "column_name": "mobile_number",
            "theirs": "+919820441276", "ours": "+919820441277" }),
    );
    let decide = |typed| fixture.replica.decide_conflict(id, Choice::Other, Some(typed), "");
    assert!(matches!(decide("98204"), Err(Error::Invalid(_))), "it is not whole");
    decide("98765 00011").expect("BUG: decided");
    let now = fixture.replica.chart(sunita).expect("BUG: a chart").patient.mobile_number;
    assert_eq!(now, "+919876500011");
}

fn asked_of(fixture: &Fixture, one: PatientId, other: PatientId) -> ConflictId {
    opened(
        fixture,
        json!({ "kind": "duplicate", "row_id": other, "patient_id": other, "theirs": one, "ours": other }),
    )
}

#[test]
fn that_two_are_one_is_decided_also_after_they_were_made_one_with_a_third() {
    let fixture = fixture(Role::Doctor);
    let [asha, usha, nisha] = ["Asha", "Usha", "Nisha"].map(|name| known(&fixture, name, "98204 41276", &[]));
    let (first, second) = (asked_of(&fixture, asha, nisha), asked_of(&fixture, asha, usha));
    fixture.replica.merge_patients(nisha, usha, "").expect("BUG: merged");
    for item in [first, second] {
        fixture.replica.decide_conflict(item, Choice::Merged, None, "").expect("BUG: decided");
    }
    assert_eq!(fixture.replica.conflicts(true).expect("BUG"), []);
    assert_eq!(fixture.replica.chart(asha).expect("BUG").merged.len(), 2);
    assert_eq!(last_mutation(&fixture).changes.len(), 1, "nothing was left to merge");
}

#[test]
fn a_merger_takes_along_whoever_was_merged_before() {
    let fixture = fixture(Role::Doctor);
    let [asha, usha, nisha] = ["Asha", "Usha", "Nisha"].map(|name| known(&fixture, name, "98204 41276", &[]));
    fixture.replica.merge_patients(nisha, usha, "").expect("BUG: merged");
    fixture.replica.merge_patients(asha, usha, "").expect("BUG: merged");
    for id in [asha, usha, nisha] {
        let chart = fixture.replica.chart(id).expect("BUG: a chart");
        assert_eq!((chart.patient.id, chart.merged.len()), (asha, 2));
    }
}

#[test]
fn of_three_registrations_of_one_person_every_question_can_be_answered_and_none_is_parted_by_it() {
    let fixture = fixture(Role::Admin);
    let all = ["Asha", "Usha", "Nisha"].map(|name| known(&fixture, name, "98204 41276", &[]));
    let [one, two, three] = all;
    let questions =
        [(two, three), (one, three), (one, two)].map(|(one, other)| asked_of(&fixture, one, other));
    let answer =
        |id| fixture.replica.decide_conflict(id, Choice::Merged, None, "").expect("BUG: decided").decided;
    let [first, second, third] = questions;
    assert!(answer(first).is_some() && answer(second).is_some());
    let deed = &last_mutation(&fixture).changes[1];
    assert_eq!((deed.id, deed.decides), (one.0, Some(second.0)), "the third stays with the second");
    let kept = all.map(|id| fixture.replica.chart(id).expect("BUG: a chart").patient.id);
    assert_eq!(kept, [two; 3]);
    assert!(answer(third).is_some());
    assert_eq!(last_mutation(&fixture).changes.len(), 1, "they are one already");
    assert_eq!(fixture.replica.conflicts(true).expect("BUG: shown"), []);
}

#[test]
fn a_merger_decides_the_item_that_asked_and_reception_asks_those_who_may() {
    let mut fixture = fixture(Role::Receptionist);
    let one = known(&fixture, "Sunita", "98204 41276", &[]);
    let other = known(&fixture, "Suneeta", "98204 41276", &[]);
    let refused = fixture.replica.merge_patients(one, other, "");
    assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
    fixture.replica.propose_merger(one, other).expect("BUG: asked");
    fixture.replica.propose_merger(other, one).expect("BUG: asked once");
    let [asked] = fixture.replica.conflicts(true).expect("BUG").try_into().expect("BUG: one item");
    assert_eq!(asked.id.0, duplicate_id(one.0, other.0));
    assert_eq!(asked.other_patient.as_ref().map(|patient| patient.id), Some(one));
    assert!(!asked.may_decide);
    assert_eq!(fixture.replica.chart(one).expect("BUG").conflicts.len(), 1);
    fixture.replica.person.roles = Roles(vec![Role::Admin]);
    fixture.replica.merge_patients(one, other, "").expect("BUG: merged");
    assert_eq!(fixture.replica.conflicts(true).expect("BUG"), []);
    let mutation = last_mutation(&fixture);
    assert_eq!(mutation.changes.iter().filter(|change| change.decides == Some(asked.id.0)).count(), 1);
}

#[test]
fn whoever_proposes_what_was_decided_already_is_told_so() {
    let mut fixture = fixture(Role::Admin);
    let one = known(&fixture, "Sunita", "98204 41276", &[]);
    let other = known(&fixture, "Suneeta", "98204 41276", &[]);
    let propose = |fixture: &Fixture| fixture.replica.propose_merger(one, other);
    propose(&fixture).expect("BUG: asked");
    let [asked] = fixture.replica.conflicts(true).expect("BUG").try_into().expect("BUG: one item");
    fixture.replica.decide_conflict(asked.id, Choice::Apart, None, "").expect("BUG: decided");
    fixture.replica.person.roles = Roles(vec![Role::Receptionist]);
    let again = propose(&fixture);
    assert!(matches!(again, Err(Error::Invalid(_))), "{again:?}");
}

#[test]
fn of_a_fact_of_several_columns_all_are_sent_as_they_were_seen() {
    let fixture = fixture(Role::Doctor);
    let sunita = known(&fixture, "Sunita", "98204 41276", &[]);
    let seen = form("Sunita", "98204 41276");
    let born = crate::view::PatientForm {
        date_of_birth: Some("1972-08-14".into()),
        age_years: None,
        ..seen.clone()
    };
    fixture.replica.update_patient(sunita, &seen, &born).expect("BUG: corrected");
    let change = &last_mutation(&fixture).changes[0];
    let sent: Vec<&str> = change.set.keys().map(String::as_str).collect();
    assert_eq!(sent, ["age_months", "age_recorded_on", "age_years", "date_of_birth"]);
}

#[test]
fn whether_and_when_somebody_died_is_one_fact_that_is_decided_whole() {
    let fixture = fixture(Role::Receptionist);
    let died = [("is_deceased", json!(true)), ("deceased_on", json!("2026-05-03"))];
    let sunita = known(&fixture, "Sunita", "98204 41276", &died);
    let id = opened(
        &fixture,
        json!({ "row_id": sunita, "patient_id": sunita, "column_name": "is_deceased",
            "theirs": { "is_deceased": true, "deceased_on": "2026-05-03" },
            "ours": { "is_deceased": false, "deceased_on": null } }),
    );
    let shown = fixture.replica.conflict(id).expect("BUG: an item");
    assert!(shown.may_decide && shown.entry.is_none(), "{shown:?}");
    let facts: Vec<_> = shown.facts.iter().map(|fact| (fact.name.as_str(), fact.theirs.as_deref())).collect();
    assert_eq!(facts, [("deceased_on", Some("2026-05-03")), ("is_deceased", Some("true"))]);
    fixture.replica.decide_conflict(id, Choice::Ours, None, "").expect("BUG: decided");
    assert_eq!(fixture.replica.chart(sunita).expect("BUG: a chart").patient.died, None);
}

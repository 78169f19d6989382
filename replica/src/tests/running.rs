//! What a patient takes now, and what was stopped.

use protocol::id::{ConflictId, PatientId, PrescriptionItemId};
use protocol::permission::{Role, Roles};
use protocol::table::{Row, TableName};
use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;

use super::{Fixture, NOW, fixture, item};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::view::{Draft, PrescriptionSummary, Running};

const METFORMIN: &str = "Tab. Metformin 500 mg";
const CETIRIZINE: &str = "Tab. Cetirizine 10 mg";

fn sign(fixture: &Fixture, patient: PatientId, lines: &[(&str, &str)]) -> PrescriptionSummary {
    let items = lines.iter().map(|(medicine, dose)| item(medicine, dose)).collect();
    let draft = Draft { items, ..Draft::default() };
    fixture.replica.sign_prescription(patient, &draft, &[]).expect("BUG: signed")
}

fn running(fixture: &Fixture, patient: PatientId) -> Vec<Running> {
    fixture.replica.chart(patient).expect("BUG: the chart").running
}

fn after(fixture: &mut Fixture, days: i64) {
    fixture.replica.clock = Clock::stopped(NOW + Duration::days(days));
}

/// Why each line of a prescription was stopped.
fn stopped(fixture: &Fixture, signed: &PrescriptionSummary) -> Vec<Option<String>> {
    let shown = fixture.replica.prescription(signed.id).expect("BUG: there");
    assert!(shown.items.iter().all(|line| line.stopped_at.is_some() == line.stop_reason.is_some()));
    shown.items.into_iter().map(|line| line.stop_reason).collect()
}

#[test]
fn the_chart_says_what_the_patient_takes_now_the_newest_first_and_until_when() {
    let mut fixture = fixture(Role::Doctor);
    let sunita = fixture.register("Sunita", "98204 41276");
    let lines =
        [(METFORMIN, "1-0-1 x30d"), ("Tab. Paracetamol 650 mg", "1-1-1 x3d"), (CETIRIZINE, "0-0-1 cont")];
    let first = sign(&fixture, sunita, &lines);
    after(&mut fixture, 10);
    sign(&fixture, sunita, &[("Tab. Atorvastatin 10 mg", "0-0-1")]);
    let shown = running(&fixture, sunita);
    let told: Vec<_> =
        shown.iter().map(|one| (one.title.as_str(), one.until.as_deref(), one.is_end_said)).collect();
    assert_eq!(
        told,
        [
            ("TAB. ATORVASTATIN 10 MG", Some("2027-01-02"), false),
            ("TAB. METFORMIN 500 MG", Some("2026-12-22"), true),
            ("TAB. CETIRIZINE 10 MG", None, true),
        ],
        "what has ended is not there"
    );
    let metformin = &shown[1];
    assert_eq!(
        (metformin.prescription_id, &metformin.directions, metformin.prescribed_on.as_str()),
        (first.id, &first.items[0].directions, "2026-11-23")
    );
    assert_eq!((metformin.doctor_name.as_str(), metformin.conflict), ("Dr. Anjali Kulkarni", None));
    fixture.replica.person.roles = Roles(vec![Role::Receptionist]);
    assert!(running(&fixture, sunita).is_empty());
}

#[test]
fn what_was_written_again_stands_there_once_and_is_stopped_and_taken_up_as_one() {
    let mut fixture = fixture(Role::Doctor);
    let sunita = fixture.register("Sunita", "98204 41276");
    let ended = sign(&fixture, sunita, &[(METFORMIN, "1-0-1 x5d")]);
    let first = sign(&fixture, sunita, &[(METFORMIN, "1-0-1 x30d")]);
    after(&mut fixture, 10);
    let second = sign(&fixture, sunita, &[(METFORMIN, "1-0-1 x30d"), (METFORMIN, "0-2-0 x30d")]);
    let shown = running(&fixture, sunita);
    assert!(shown.iter().all(|one| one.prescription_id == second.id));
    assert_eq!(shown.len(), 2, "another dose is another line");

    fixture.replica.stop_medicine(shown[0].id, " rash ").expect("BUG: stopped");
    assert_eq!(running(&fixture, sunita), shown[1..]);
    let chart = fixture.replica.chart(sunita).expect("BUG: the chart");
    let told: Vec<_> = chart.stopped.iter().map(|one| (one.id, one.stop_reason.as_deref())).collect();
    assert_eq!(told, [(shown[0].id, Some("rash"))]);
    let rash = || Some("rash".to_owned());
    assert_eq!(stopped(&fixture, &second), [rash(), None]);
    assert_eq!(stopped(&fixture, &first), [rash()]);
    assert_eq!(stopped(&fixture, &ended), [None], "it had ended before");
    assert_eq!(fixture.replica.verify().expect("BUG: verified").problems, Vec::<String>::new());

    fixture.replica.resume_medicine(shown[0].id).expect("BUG: taken up again");
    let chart = fixture.replica.chart(sunita).expect("BUG: the chart");
    assert_eq!((chart.running, chart.stopped), (shown, vec![]));
    assert_eq!((stopped(&fixture, &second), stopped(&fixture, &first)), (vec![None, None], vec![None]));
    let titles = fixture.replica.ledger(2).expect("BUG: readable").into_iter().map(|entry| entry.title);
    assert_eq!(titles.collect::<Vec<_>>(), ["Medicine taken up again", "Medicine stopped"]);
}

#[test]
fn a_line_that_lasts_longer_than_the_one_written_again_stands_beside_it() {
    let mut fixture = fixture(Role::Doctor);
    let sunita = fixture.register("Sunita", "98204 41276");
    sign(&fixture, sunita, &[(METFORMIN, "1-0-1 cont")]);
    after(&mut fixture, 10);
    sign(&fixture, sunita, &[(METFORMIN, "1-0-1 x30d")]);
    let until = || running(&fixture, sunita).into_iter().map(|one| one.until).collect::<Vec<_>>();
    assert_eq!(until(), [Some("2027-01-01".to_owned()), None]);
    fixture.replica.stop_medicine(running(&fixture, sunita)[0].id, "rash").expect("BUG: stopped");
    assert_eq!(until(), [None], "what is stopped is what is shown");
}

#[test]
fn a_medicine_is_stopped_once_with_a_reason_by_who_prescribes_and_only_in_what_holds() {
    let mut fixture = fixture(Role::Doctor);
    let sunita = fixture.register("Sunita", "98204 41276");
    let signed = sign(&fixture, sunita, &[(METFORMIN, "1-0-1 x30d"), (CETIRIZINE, "0-0-1 x30d")]);
    let lines = running(&fixture, sunita);
    let (metformin, cetirizine) = (lines[0].id, lines[1].id);
    let replica = &fixture.replica;
    let why = |refused: Result<()>| refused.expect_err("BUG: it was done").to_string();
    assert_eq!(why(replica.stop_medicine(metformin, "  ")), "Why is it stopped? Nothing was changed yet.");
    assert!(matches!(replica.stop_medicine(metformin, &"x".repeat(301)), Err(Error::Refused(_))));
    assert_eq!(
        why(replica.resume_medicine(metformin)),
        "This medicine was not stopped. Nothing was changed."
    );
    replica.stop_medicine(metformin, &"x".repeat(300)).expect("BUG: stopped");
    assert_eq!(
        why(replica.stop_medicine(metformin, "rash")),
        "This medicine was stopped already. Nothing was changed."
    );
    replica.void_prescription(signed.id, "Wrong patient").expect("BUG: void");
    let gone = "This prescription was replaced or made void already. Nothing was changed.";
    assert_eq!(why(replica.stop_medicine(cetirizine, "rash")), gone);
    assert_eq!(why(replica.resume_medicine(metformin)), gone);
    let unknown = PrescriptionItemId(Uuid::from_u128(9));
    assert!(matches!(replica.stop_medicine(unknown, "rash"), Err(Error::NotFound)));
    fixture.replica.person.roles = Roles(vec![Role::Nurse]);
    assert!(matches!(fixture.replica.stop_medicine(cetirizine, "rash"), Err(Error::Forbidden(_))));
    assert!(matches!(fixture.replica.resume_medicine(metformin), Err(Error::Forbidden(_))));
}

#[test]
fn what_was_stopped_comes_neither_into_a_repeat_nor_into_an_amendment() {
    let fixture = fixture(Role::Doctor);
    let sunita = fixture.register("Sunita", "98204 41276");
    let signed = sign(&fixture, sunita, &[(METFORMIN, "1-0-1 x30d"), (CETIRIZINE, "0-0-1 x30d")]);
    let replica = &fixture.replica;
    replica.stop_medicine(running(&fixture, sunita)[1].id, "drowsy").expect("BUG: stopped");
    let names = |draft: &Draft| -> Vec<String> {
        draft.items.iter().map(|item| item.medicine_text.clone()).collect()
    };
    assert_eq!(names(&replica.amend_prescription(signed.id).expect("BUG: a draft")), [METFORMIN]);
    let again = replica.repeat_prescription(sunita, None, None).expect("BUG: repeated");
    assert_eq!(names(&again), [METFORMIN]);
    let saved = replica.save_draft(sunita, &again).expect("BUG: saved");
    let removed = saved.difference.expect("BUG: a difference").removed;
    assert_eq!(
        (removed[0].title.as_str(), removed[0].stop_reason.as_deref()),
        ("TAB. CETIRIZINE 10 MG", Some("drowsy"))
    );
}

/// What the server asks of a line that two people stopped, or that one stopped and another took up again.
fn asked(fixture: &Fixture, patient: PatientId, line: PrescriptionItemId, ours: Value) -> ConflictId {
    let id = Uuid::now_v7();
    let (at, why) = ("2026-11-23T05:11:08.000Z", "rash");
    let values = json!({ "kind": "column", "scope": "clinical", "table_name": "prescription_items", "state": "open",
        "opened_at": at, "row_id": line, "patient_id": patient, "column_name": "stopped_at",
        "base": { "stopped_at": null, "stop_reason": null }, "theirs": { "stopped_at": at, "stop_reason": why },
        "ours": ours, "theirs_from": {}, "ours_from": {} });
    let values = serde_json::from_value(values).expect("BUG: values");
    let head = fixture.store.sync_state().expect("BUG").head.unwrap_or(1) + 1;
    let row = Row { table: TableName::SyncConflicts, id, version: head, deleted: false, values };
    fixture.store.stage(&[row]).expect("BUG: staged");
    fixture.store.apply_staged(vec![], (head, 1), (None, NOW)).expect("BUG: applied");
    ConflictId(id)
}

#[test]
fn what_two_people_stopped_is_stopped_and_what_one_of_them_took_up_again_counts_until_it_is_decided() {
    let fixture = fixture(Role::Doctor);
    let sunita = fixture.register("Sunita", "98204 41276");
    sign(&fixture, sunita, &[(METFORMIN, "1-0-1 x30d")]);
    let line = running(&fixture, sunita)[0].id;
    fixture.replica.stop_medicine(line, "rash").expect("BUG: stopped");
    let twice = json!({ "stopped_at": "2026-11-23T05:00:00.000Z", "stop_reason": "itching" });
    let item = asked(&fixture, sunita, line, twice);
    assert!(running(&fixture, sunita).is_empty());
    let facts = fixture.replica.conflict(item).expect("BUG: an item").facts;
    let names: Vec<_> = facts.iter().map(|fact| (fact.name.as_str(), fact.ours.as_deref())).collect();
    assert_eq!(names[..2], [("medicine_text", Some(METFORMIN)), ("stop_reason", Some("itching"))]);
    let item = asked(&fixture, sunita, line, json!({ "stopped_at": null, "stop_reason": null }));
    let chart = fixture.replica.chart(sunita).expect("BUG: the chart");
    assert!(chart.running.len() == 1 && chart.running[0].conflict.is_some_and(|waits| waits <= item));
    assert!(chart.stopped.is_empty());
}

#[test]
fn what_was_stopped_after_a_repeat_was_begun_is_not_signed_again_by_it() {
    let fixture = fixture(Role::Doctor);
    let sunita = fixture.register("Sunita", "98204 41276");
    let first = sign(&fixture, sunita, &[(METFORMIN, "1-0-1 x30d"), (CETIRIZINE, "0-0-1 cont")]);
    let amended = fixture.replica.amend_prescription(first.id).expect("BUG: a draft");
    let cetirizine = running(&fixture, sunita).into_iter().find(|one| one.title.contains("CETIRIZINE"));
    fixture.replica.stop_medicine(cetirizine.expect("BUG: runs").id, "Rash").expect("BUG: stopped");
    let told = fixture.replica.sign_prescription(sunita, &amended, &[]).expect_err("BUG: refused");
    assert!(told.to_string().contains("was stopped in the prescription"), "{told}");
    let mut without = amended;
    without.items.retain(|line| !line.medicine_text.contains("Cetirizine"));
    fixture.replica.sign_prescription(sunita, &without, &[]).expect("BUG: signed");
}

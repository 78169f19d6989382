//! Whom a doctor asked to come again, and who neither came since nor is booked.

use std::sync::Arc;

use ed25519_dalek::SigningKey;
use protocol::api::{DeviceScope, StaffMember};
use protocol::id::{DoctorId, PatientId, PrescriptionId, UserId};
use protocol::permission::{Role, Roles};
use protocol::table::{Row, TableName, Values};
use serde_json::json;
use tokio::sync::Notify;
use uuid::Uuid;

use super::day::{SHAH, all_arrive, at, book, here, passes, step, values, with, with_shah};
use super::{Fixture, NOW, doctor_id, facts, fixture};
use crate::clock::Clock;
use crate::error::Error;
use crate::hindi::hindi;
use crate::replica::Replica;
use crate::view::{BookingForm, CancelReason, Draft, FollowUp, FollowUpDays, Step};

const DAY: i64 = 24 * 60;
const NOBODY: [i32; 0] = [];

/// It is so many days after the day on which the tests begin.
fn on_day(fixture: &mut Fixture, day: i64) {
    passes(fixture, day * DAY);
}

/// What is signed now asks for a return as it is typed, or for none.
fn signs(replica: &Replica, patient: PatientId, follow_up: &str) -> PrescriptionId {
    let draft = Draft { advice: "Rest".into(), follow_up: follow_up.into(), ..Draft::default() };
    replica.sign_prescription(patient, &draft, &[]).expect("BUG: signed").id
}

fn due(fixture: &Fixture, days: FollowUpDays) -> Vec<FollowUp> {
    fixture.replica.follow_ups(days).expect("BUG: follow-ups").people
}

/// In how many days each of them is due.
fn around(fixture: &Fixture) -> Vec<i32> {
    due(fixture, FollowUpDays::Around).iter().map(|one| one.days).collect()
}

fn row(table: TableName, id: u128, values: Values) -> Row {
    Row { table, id: Uuid::from_u128(id), version: 9, deleted: false, values }
}

/// Another doctor of this clinic, at the same computer.
fn shah(fixture: &Fixture) -> Replica {
    with_shah(fixture, 3);
    let person = StaffMember {
        id: UserId(Uuid::from_u128(6)),
        full_name: "Vikram Shah".into(),
        email: "vikram@example.org".into(),
        roles: Roles(vec![Role::Doctor]),
        doctor_id: Some(DoctorId(Uuid::from_u128(SHAH))),
    };
    let key = SigningKey::from_bytes(&[9; 32]);
    let mut replica = Replica::new(Arc::clone(&fixture.store), person, facts(), key, Arc::new(Notify::new()));
    replica.clock = Clock::stopped(NOW);
    replica
}

#[test]
fn who_was_asked_to_come_is_due_by_day_with_their_number_and_their_doctor() {
    let mut fixture = fixture(Role::Doctor);
    let [sunita, asha, meena] = ["Sunita", "Asha", "Meena"].map(|name| fixture.register(name, "98204 41276"));
    on_day(&mut fixture, -10);
    signs(&fixture.replica, sunita, "12d");
    signs(&fixture.replica, asha, "5d");
    signs(&fixture.replica, meena, "");
    on_day(&mut fixture, 0);
    let found = due(&fixture, FollowUpDays::Around);
    let shown: Vec<_> = found.iter().map(|one| (one.patient.id, one.due_on.as_str(), one.days)).collect();
    assert_eq!(shown, [(asha, "2026-11-18", -5), (sunita, "2026-11-25", 2)]);
    assert_eq!(found[0].patient.mobile_number, "+919820441276");
    assert_eq!((found[0].doctor_id, found[0].doctor_name.as_str()), (doctor_id(), "Dr. Anjali Kulkarni"));
}

#[test]
fn each_choice_of_days_has_those_who_are_due_on_them() {
    use FollowUpDays::{Around, Month, Overdue, Week};
    let mut fixture = fixture(Role::Doctor);
    on_day(&mut fixture, -100);
    for days_away in [-61, -60, -15, -14, -1, 0, 7, 8, 30, 31] {
        let id = fixture.register("Sunita", "98204 41276");
        signs(&fixture.replica, id, &format!("{}d", days_away + 100));
    }
    on_day(&mut fixture, 0);
    let shown = |days| due(&fixture, days).iter().map(|one| one.days).collect::<Vec<_>>();
    assert_eq!(shown(Around), [-14, -1, 0, 7]);
    assert_eq!(shown(Overdue), [-60, -15, -14, -1]);
    assert_eq!(shown(Week), [0, 7]);
    assert_eq!(shown(Month), [0, 7, 8, 30]);
}

#[test]
fn who_has_a_later_prescription_of_the_doctor_is_due_for_that_one_alone() {
    let mut fixture = fixture(Role::Doctor);
    let sunita = fixture.register("Sunita", "98204 41276");
    on_day(&mut fixture, -10);
    signs(&fixture.replica, sunita, "8d");
    passes(&mut fixture, 5 - 10 * DAY);
    signs(&fixture.replica, sunita, "9d");
    on_day(&mut fixture, 0);
    assert_eq!(around(&fixture), [-1], "of two of one day, the later one");
    on_day(&mut fixture, -3);
    signs(&fixture.replica, sunita, "5d");
    on_day(&mut fixture, 0);
    assert_eq!(around(&fixture), [2]);
    signs(&fixture.replica, sunita, "");
    assert_eq!(around(&fixture), NOBODY, "nobody asked for more");
}

#[test]
fn what_another_doctor_did_settles_nothing() {
    let mut fixture = fixture(Role::Doctor);
    let shah = shah(&fixture);
    let sunita = fixture.register("Sunita", "98204 41276");
    on_day(&mut fixture, -10);
    signs(&fixture.replica, sunita, "7d");
    on_day(&mut fixture, 0);
    signs(&shah, sunita, "2d");
    book(&fixture, sunita, &with(SHAH, at("1d", "")));
    let found = due(&fixture, FollowUpDays::Around);
    let names: Vec<_> = found.iter().map(|one| one.doctor_name.as_str()).collect();
    assert_eq!(names, ["Dr. Anjali Kulkarni"], "who is booked with Dr. Shah is still due with Dr. Kulkarni");
}

#[test]
fn who_is_booked_or_came_is_not_due_and_who_did_not_come_is() {
    let mut fixture = fixture(Role::Doctor);
    let sunita = fixture.register("Sunita", "98204 41276");
    on_day(&mut fixture, -10);
    signs(&fixture.replica, sunita, "7d");
    on_day(&mut fixture, -4);
    let booked = book(&fixture, sunita, &at("1d", ""));
    assert_eq!(around(&fixture), NOBODY);
    on_day(&mut fixture, 0);
    assert_eq!(around(&fixture), [-3], "the day passed, and nobody said that they did not come");
    step(&fixture, booked.id, &Step::Miss);
    assert_eq!(around(&fixture), [-3]);
    let booked = book(&fixture, sunita, &at("20d", ""));
    assert_eq!(around(&fixture), NOBODY);
    step(&fixture, booked.id, &Step::Cancel { reason: CancelReason::Patient });
    assert_eq!(around(&fixture), [-3]);
    let came = book(&fixture, sunita, &here());
    assert_eq!(around(&fixture), NOBODY);
    step(&fixture, came.id, &Step::Finish);
    on_day(&mut fixture, 1);
    assert_eq!(around(&fixture), NOBODY, "seen without a prescription is seen");
    step(&fixture, came.id, &Step::Mistake);
    assert_eq!(around(&fixture), [-4]);
}

#[test]
fn the_visit_at_which_it_was_asked_settles_nothing() {
    let mut fixture = fixture(Role::Doctor);
    let sunita = fixture.register("Sunita", "98204 41276");
    on_day(&mut fixture, -10);
    book(&fixture, sunita, &here());
    signs(&fixture.replica, sunita, "7d");
    on_day(&mut fixture, 0);
    assert_eq!(around(&fixture), [-3]);
}

#[test]
fn an_amended_prescription_counts_once_and_stands_where_it_was_first_signed() {
    let mut fixture = fixture(Role::Doctor);
    let sunita = fixture.register("Sunita", "98204 41276");
    on_day(&mut fixture, -10);
    let first = signs(&fixture.replica, sunita, "8d");
    let draft = fixture.replica.amend_prescription(first).expect("BUG: a draft");
    let later = Draft { follow_up: "12d".into(), ..draft };
    let second = fixture.replica.sign_prescription(sunita, &later, &[]).expect("BUG: signed").id;
    on_day(&mut fixture, 0);
    assert_eq!(around(&fixture), [2]);
    let third = signs(&fixture.replica, sunita, "5d");
    on_day(&mut fixture, 1);
    let draft = fixture.replica.amend_prescription(second).expect("BUG: a draft");
    let corrected = Draft { advice: "Rest and water".into(), ..draft };
    fixture.replica.sign_prescription(sunita, &corrected, &[]).expect("BUG: signed");
    assert_eq!(around(&fixture), [4], "what is corrected later is of the earlier visit all the same");
    fixture.replica.void_prescription(third, "not wanted").expect("BUG: void");
    assert_eq!(around(&fixture), [1], "what is void neither asks nor settles");
}

#[test]
fn what_was_signed_on_an_earlier_day_and_amended_today_makes_nobody_seen_today() {
    let mut fixture = fixture(Role::Doctor);
    let sunita = fixture.register("Sunita", "98204 41276");
    on_day(&mut fixture, -3);
    let mut last = signs(&fixture.replica, sunita, "3d");
    on_day(&mut fixture, 0);
    let today = |fixture: &Fixture| {
        let today = fixture.replica.today().expect("BUG: today");
        (today.seen.len(), today.follow_ups.len())
    };
    for advice in ["Rest, and drink", "Rest, and drink a lot"] {
        let draft = fixture.replica.amend_prescription(last).expect("BUG: a draft");
        let draft = Draft { advice: advice.into(), ..draft };
        last = fixture.replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed").id;
        assert_eq!(today(&fixture), (0, 1), "she is still to come");
    }
    let first = signs(&fixture.replica, sunita, "");
    assert_eq!(today(&fixture), (1, 0));
    let draft = fixture.replica.amend_prescription(first).expect("BUG: a draft");
    fixture.replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed");
    assert_eq!(today(&fixture), (1, 0), "what amends it takes its place");
}

#[test]
fn what_another_doctor_amended_was_a_visit_with_the_first_all_the_same() {
    let mut fixture = fixture(Role::Doctor);
    let shah = shah(&fixture);
    let sunita = fixture.register("Sunita", "98204 41276");
    on_day(&mut fixture, -10);
    signs(&fixture.replica, sunita, "8d");
    on_day(&mut fixture, -1);
    let seen = signs(&fixture.replica, sunita, "");
    let draft = shah.amend_prescription(seen).expect("BUG: a draft");
    let draft = Draft { amend_reason: "Dose was too high".into(), ..draft };
    shah.sign_prescription(sunita, &draft, &[]).expect("BUG: signed");
    on_day(&mut fixture, 0);
    assert_eq!(around(&fixture), NOBODY);
}

#[test]
fn what_was_corrected_and_then_made_void_was_no_visit() {
    let mut fixture = fixture(Role::Doctor);
    let sunita = fixture.register("Sunita", "98204 41276");
    on_day(&mut fixture, -10);
    signs(&fixture.replica, sunita, "8d");
    on_day(&mut fixture, -1);
    let of_another = signs(&fixture.replica, sunita, "");
    let draft = fixture.replica.amend_prescription(of_another).expect("BUG: a draft");
    let corrected = Draft { advice: "Rest and water".into(), ..draft };
    let corrected = fixture.replica.sign_prescription(sunita, &corrected, &[]).expect("BUG: signed").id;
    assert_eq!(around(&fixture), NOBODY);
    fixture.replica.void_prescription(corrected, "Wrong patient").expect("BUG: void");
    assert_eq!(around(&fixture), [-1]);
}

#[test]
fn merged_registrations_are_one_person() {
    let mut fixture = fixture(Role::Doctor);
    let sunita = fixture.register("Sunita", "98204 41276");
    let again = fixture.register("Suneeta", "98204 41276");
    on_day(&mut fixture, -10);
    signs(&fixture.replica, again, "7d");
    on_day(&mut fixture, -9);
    signs(&fixture.replica, sunita, "8d");
    on_day(&mut fixture, 0);
    assert_eq!(around(&fixture), [-3, -1], "nobody knows yet that both are one");
    fixture.replica.merge_patients(sunita, again, "").expect("BUG: merged");
    let found = due(&fixture, FollowUpDays::Around);
    assert_eq!(found.iter().map(|one| (one.patient.id, one.days)).collect::<Vec<_>>(), [(sunita, -1)]);
    book(&fixture, again, &at("1d", ""));
    assert_eq!(around(&fixture), NOBODY);
}

#[test]
fn nobody_calls_for_one_who_died() {
    let mut fixture = fixture(Role::Doctor);
    let sunita = fixture.register("Sunita", "98204 41276");
    on_day(&mut fixture, -10);
    signs(&fixture.replica, sunita, "7d");
    on_day(&mut fixture, 0);
    assert_eq!(around(&fixture), [-3]);
    let mut died = values(&fixture, TableName::Patients, sunita.0);
    died.extend([("is_deceased".to_owned(), json!(true)), ("merged_into_id".to_owned(), json!(sunita))]);
    all_arrive(&fixture, &[row(TableName::Patients, 0xdead, died)]);
    assert_eq!(around(&fixture), NOBODY, "under any registration");
}

#[test]
fn each_clinic_calls_those_whom_it_asked_and_a_visit_at_another_one_settles_it() {
    let mut fixture = fixture(Role::Doctor);
    let [sunita, asha] = ["Sunita", "Asha"].map(|name| fixture.register(name, "98204 41276"));
    on_day(&mut fixture, -10);
    let signed = signs(&fixture.replica, sunita, "7d");
    on_day(&mut fixture, 0);
    let mut elsewhere = values(&fixture, TableName::Prescriptions, signed.0);
    elsewhere.extend([
        ("clinic_id".to_owned(), json!(Uuid::from_u128(4))),
        ("patient_id".to_owned(), json!(asha)),
        ("prescription_number".to_owned(), json!("BAND-B-261120-1")),
    ]);
    all_arrive(&fixture, &[row(TableName::Prescriptions, 0xe15e, elsewhere.clone())]);
    let found = due(&fixture, FollowUpDays::Around);
    assert_eq!(found.iter().map(|one| one.patient.id).collect::<Vec<_>>(), [sunita]);
    elsewhere.extend([
        ("patient_id".to_owned(), json!(sunita)),
        ("visit_date".to_owned(), json!("2026-11-20")),
        ("prescription_number".to_owned(), json!("BAND-B-261120-2")),
    ]);
    all_arrive(&fixture, &[row(TableName::Prescriptions, 0xe15f, elsewhere)]);
    assert_eq!(around(&fixture), NOBODY);
}

#[test]
fn of_very_many_the_list_says_that_it_stops_and_has_those_nearest_to_today() {
    let mut fixture = fixture(Role::Doctor);
    let sunita = fixture.register("Sunita", "98204 41276");
    on_day(&mut fixture, -10);
    let signed = signs(&fixture.replica, sunita, "9d");
    on_day(&mut fixture, 0);
    let patient = values(&fixture, TableName::Patients, sunita.0);
    let prescription = values(&fixture, TableName::Prescriptions, signed.0);
    let mut rows = Vec::new();
    for place in 1..=200_u128 {
        let id = Uuid::from_u128(0x1_0000 + place);
        let mut values = prescription.clone();
        let changed = [
            ("patient_id", json!(id)),
            ("follow_up_date", json!("2026-11-20")),
            ("prescription_number", json!(format!("ASHA-B-261113-{place}"))),
        ];
        values.extend(changed.map(|(name, value)| (name.to_owned(), value)));
        rows.push(row(TableName::Patients, 0x1_0000 + place, patient.clone()));
        rows.push(row(TableName::Prescriptions, 0x2_0000 + place, values));
    }
    all_arrive(&fixture, &rows);
    let shown = || fixture.replica.follow_ups(FollowUpDays::Overdue).expect("BUG: follow-ups");
    assert_eq!((shown().people.len(), shown().has_more), (200, true));
    assert_eq!(shown().people.last().map(|one| (one.patient.id, one.days)), Some((sunita, -1)));
    book(&fixture, sunita, &at("1d", ""));
    assert_eq!((shown().people.len(), shown().has_more), (200, false));
}

#[test]
fn the_reception_sees_it_where_there_are_prescriptions_and_is_told_where_there_are_none() {
    let mut fixture = fixture(Role::Doctor);
    let sunita = fixture.register("Sunita", "98204 41276");
    on_day(&mut fixture, -10);
    signs(&fixture.replica, sunita, "7d");
    on_day(&mut fixture, 0);
    fixture.replica.person.roles = Roles(vec![Role::Receptionist]);
    assert_eq!(around(&fixture), [-3]);
    fixture.replica.facts.scope = DeviceScope::FrontDesk;
    let Err(Error::Forbidden(why)) = fixture.replica.follow_ups(FollowUpDays::Around) else {
        panic!("BUG: a front desk holds no prescriptions");
    };
    assert!(hindi(why).is_some(), "in no table: {why}");
}

#[test]
fn who_is_called_and_books_is_noted_as_asked_and_not_as_one_who_called() {
    let fixture = fixture(Role::Receptionist);
    let sunita = fixture.register("Sunita", "98204 41276");
    let source = |form: &BookingForm| {
        let visit = book(&fixture, sunita, form);
        values(&fixture, TableName::Appointments, visit.id.0)["source"].clone()
    };
    assert_eq!(source(&BookingForm { was_asked: true, ..at("1d", "") }), json!("follow_up"));
    assert_eq!(source(&at("2d", "")), json!("phone"));
    assert_eq!(source(&BookingForm { was_asked: true, ..here() }), json!("walk_in"));
}

#[test]
fn today_calls_nobody_who_came_before_the_day_for_which_they_were_asked() {
    let mut fixture = fixture(Role::Doctor);
    let sunita = fixture.register("Sunita", "98204 41276");
    on_day(&mut fixture, -5);
    signs(&fixture.replica, sunita, "5d");
    on_day(&mut fixture, -1);
    signs(&fixture.replica, sunita, "30d");
    on_day(&mut fixture, 0);
    assert_eq!(fixture.replica.today().expect("BUG: today").follow_ups, []);
}

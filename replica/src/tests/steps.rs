//! A step is meant for the visit that was seen when the key was pressed.

use protocol::appointment::Status;
use protocol::id::AppointmentId;
use protocol::permission::Role;
use protocol::table::{APPOINTMENT_STATUSES, TableName};
use serde_json::json;
use time::Duration;
use uuid::Uuid;

use super::day::{
    SHAH, arrives, at, book, here, step, step_status, today, try_step, values, why, with, with_shah,
};
use super::{NOW, fixture};
use crate::clock::Clock;
use crate::view::Step;

#[test]
fn a_step_that_was_meant_for_what_a_visit_was_before_is_not_taken() {
    let fixture = fixture(Role::Receptionist);
    let seen = book(&fixture, fixture.register("Sunita", "98204 41276"), &here());
    step(&fixture, seen.id, &Step::Start);
    for meant in [Step::Mistake, Step::Finish] {
        assert_eq!(
            why(fixture.replica.step_visit(seen.id, seen.status, &meant)),
            "This visit has changed meanwhile: the patient is with the doctor. Look at the day again before you \
             go on. Nothing was changed."
        );
        assert_eq!(step_status(&fixture, seen.id), Status::InConsultation, "{meant:?}");
    }
    let mistake = fixture.replica.step_visit(seen.id, Status::InConsultation, &Step::Mistake);
    assert_eq!(mistake.expect("BUG: it was seen as it is").status, Status::EnteredInError);
}

#[test]
fn whatever_a_visit_has_become_is_said_to_who_saw_it_otherwise() {
    let fixture = fixture(Role::Receptionist);
    let visit = book(&fixture, fixture.register("Sunita", "98204 41276"), &at("", "17:00"));
    for (place, status) in (1..).zip(APPOINTMENT_STATUSES) {
        let mut row = values(&fixture, TableName::Appointments, visit.id.0);
        row.insert("status".into(), json!(status));
        let id = AppointmentId(Uuid::from_u128(0xc0 + place));
        arrives(&fixture, TableName::Appointments, id.0, false, row);
        let seen = if *status == "booked" { Status::Confirmed } else { Status::Booked };
        let refused = why(fixture.replica.step_visit(id, seen, &Step::Mistake));
        assert!(refused.starts_with("This visit has changed meanwhile: "), "{status}: {refused}");
    }
}

#[test]
fn the_second_press_of_the_key_that_names_nobody_calls_nobody_else() {
    let mut fixture = fixture(Role::Receptionist);
    with_shah(&fixture, 3);
    let [sunita, ramesh, asha] = ["Sunita", "Ramesh", "Asha"]
        .map(|name| book(&fixture, fixture.register(name, "98204 41276"), &here()).id);
    let of_shah = book(&fixture, fixture.register("Meena", "98204 41277"), &with(SHAH, here())).id;
    step(&fixture, sunita, &Step::CallFirst);
    let again = why(try_step(&fixture, ramesh, &Step::CallFirst));
    assert!(again.starts_with("Another patient was called to this doctor just now."), "{again}");
    let called = today(&fixture).waiting.into_iter().filter(|visit| visit.called_at.is_some());
    assert_eq!(called.map(|visit| visit.id).collect::<Vec<_>>(), [sunita]);
    fixture.replica.clock = Clock::stopped(NOW + Duration::seconds(1));
    step(&fixture, sunita, &Step::CallFirst);
    step(&fixture, of_shah, &Step::CallFirst);
    assert!(step(&fixture, asha, &Step::Call).called_at.is_some(), "a button says whom it calls");
    fixture.replica.clock = Clock::stopped(NOW + Duration::seconds(3));
    assert!(step(&fixture, ramesh, &Step::CallFirst).called_at.is_some());
}

//! Whoever came before midnight, and is still there behind it.

use protocol::appointment::Status;
use protocol::permission::Role;

use super::day::{book, here, ids, passes, signed, step, step_status, today, try_step, why};
use super::{Fixture, fixture};
use crate::view::{Step, StepKind};

/// Minutes from the morning at which tests begin to half past midnight, and to twenty past six.
const HALF_PAST_MIDNIGHT: i64 = 13 * 60 + 50;
const MORNING: i64 = 19 * 60 + 40;

fn to_half_past_eleven(fixture: &mut Fixture) {
    passes(fixture, 12 * 60 + 50);
}

#[test]
fn whoever_waits_over_midnight_stands_in_the_new_day_and_is_called_and_goes_in() {
    let mut fixture = fixture(Role::Doctor);
    to_half_past_eleven(&mut fixture);
    let [sunita, ramesh, asha] = ["Sunita", "Ramesh", "Asha"]
        .map(|name| book(&fixture, fixture.register(name, "98204 41276"), &here()).id);
    step(&fixture, sunita, &Step::Start);
    passes(&mut fixture, HALF_PAST_MIDNIGHT);
    let now = today(&fixture);
    assert_eq!((ids(&now.with_doctor), ids(&now.waiting)), (vec![sunita], vec![ramesh, asha]));
    assert_eq!(step(&fixture, asha, &Step::Call).status, Status::Arrived);
    let next = fixture.replica.next_patient().expect("BUG: one waits");
    assert_eq!((ids(&next.finished), next.started.id), (vec![sunita], asha));
    let before = fixture.replica.clinic_day(Some("2026-11-23")).expect("BUG: a day");
    assert_eq!(ids(&before.doctors[0].over), [sunita], "what is over is of the day on which it began");
    assert!(today(&fixture).over.is_empty());
    let token = book(&fixture, fixture.register("Fatima", "98204 41277"), &here()).token;
    assert_eq!(token.as_deref(), Some("A-4"), "theirs are still called");
    assert_eq!(
        step(&fixture, sunita, &Step::Reopen).status,
        Status::InConsultation,
        "it was not over after all"
    );
}

#[test]
fn when_the_night_is_over_nobody_of_the_day_before_is_next() {
    let mut fixture = fixture(Role::Doctor);
    to_half_past_eleven(&mut fixture);
    let visit = book(&fixture, fixture.register("Sunita", "98204 41276"), &here());
    assert_eq!(visit.next[..2], [StepKind::Call, StepKind::Start]);
    passes(&mut fixture, MORNING);
    assert!(today(&fixture).waiting.is_empty());
    assert_eq!(why(fixture.replica.next_patient()), "Nobody waits for you.");
    why(try_step(&fixture, visit.id, &Step::Start));
    let left = step(&fixture, visit.id, &Step::Leave);
    assert_eq!(left.status, Status::LeftWithoutSeen);
}

#[test]
fn a_signature_at_night_ends_the_visit_of_who_waits_since_the_evening() {
    let mut fixture = fixture(Role::Doctor);
    let sunita = fixture.register("Sunita", "98204 41276");
    to_half_past_eleven(&mut fixture);
    let visit = book(&fixture, sunita, &here()).id;
    passes(&mut fixture, HALF_PAST_MIDNIGHT);
    signed(&fixture, sunita);
    assert_eq!(step_status(&fixture, visit), Status::Completed);
}

#[test]
fn the_next_patient_names_everybody_whose_visit_is_over() {
    let mut fixture = fixture(Role::Doctor);
    let [sunita, ramesh, asha] = ["Sunita", "Ramesh", "Asha"]
        .map(|name| book(&fixture, fixture.register(name, "98204 41276"), &here()).id);
    step(&fixture, sunita, &Step::Start);
    passes(&mut fixture, 1);
    step(&fixture, ramesh, &Step::Start);
    passes(&mut fixture, 2);
    let next = fixture.replica.next_patient().expect("BUG: one waits");
    assert_eq!((ids(&next.finished), next.started.id), (vec![sunita, ramesh], asha));
}

//! What was given to the doctors and is taken back.

use protocol::permission::Role;

use super::{ids, measured, prepared};
use crate::error::Error;
use crate::view::Draft;

#[test]
fn what_a_doctor_took_back_meanwhile_stays_in_the_nurses_draft() {
    let (mut fixture, sunita, _) = prepared(&measured());
    let first = fixture.given(sunita, &Draft { advice: "Rest".into(), ..fixture.begun(sunita) });
    fixture.is_now(Role::Nurse, "Sister Asha");
    let begun = fixture.begun(sunita);
    assert!(begun.taken_up.contains(&first));
    fixture.replica.take_back_prepared(first).expect("BUG: taken back");
    assert!(fixture.replica.give_to_doctor(sunita, &begun).is_err(), "it is said once");
    fixture.given(sunita, &begun);
    let left = Draft { advice: "Rest".into(), ..Draft::default() };
    assert_eq!(fixture.begun(sunita), left, "nobody else has it any more");
}

#[test]
fn what_was_taken_back_took_nothing_up() {
    let (mut fixture, sunita, first) = prepared(&measured());
    fixture.is_now(Role::Nurse, "Sister Asha");
    let second = fixture.given(sunita, &fixture.begun(sunita));
    assert_eq!(ids(&fixture.offered(sunita)), [second]);
    fixture.replica.take_back_prepared(second).expect("BUG: taken back");
    assert_eq!(ids(&fixture.offered(sunita)), [first]);
}

#[test]
fn what_was_given_by_mistake_is_taken_back_once() {
    let (mut fixture, sunita, given) = prepared(&measured());
    fixture.is_now(Role::Nurse, "Sister Asha");
    fixture.replica.take_back_prepared(given).expect("BUG: taken back");
    assert_eq!(fixture.offered(sunita), []);
    assert!(matches!(fixture.replica.take_back_prepared(given), Err(Error::Invalid(_))));
    let titles: Vec<_> =
        fixture.replica.ledger(2).expect("BUG: a ledger").into_iter().map(|entry| entry.title).collect();
    assert_eq!(titles, ["Draft taken back", "Draft given to the doctor"]);
}

#[test]
fn what_was_taken_back_after_a_pad_began_with_it_is_said_once_before_it_is_signed() {
    let (mut fixture, sunita, given) = prepared(&measured());
    let begun = Draft { advice: "Rest".into(), ..fixture.begun(sunita) };
    fixture.is_now(Role::Nurse, "Sister Asha");
    fixture.replica.take_back_prepared(given).expect("BUG: taken back");
    fixture.is_now(Role::Doctor, "Anjali Kulkarni");
    let saved = fixture.replica.save_draft(sunita, &begun).expect("BUG: saved");
    assert_eq!(saved.warnings, ["What Sister Asha prepared at 10:41 was taken back."]);
    let refused = fixture.replica.sign_prescription(sunita, &begun, &[]);
    let said = "What Sister Asha prepared at 10:41 was taken back. Look through the draft, then sign again. \
                Nothing was signed.";
    assert!(matches!(&refused, Err(Error::Invalid(why)) if why == said), "{refused:?}");
    assert!(crate::hindi::hindi(said).is_some());
    assert_eq!(fixture.begun(sunita), begun, "the draft is kept");
    fixture.replica.sign_prescription(sunita, &begun, &[]).expect("BUG: signed");
}

//! The slip of whoever waits: what stands on it, and who has none.

use protocol::api::DeviceScope;
use protocol::audit::{Action, DeskEvent};
use protocol::id::PatientId;
use protocol::permission::Role;
use protocol::printed::PrintedSlip;
use protocol::table::TableName;

use super::day::{at, book, here, passes, step, today, why};
use super::{Fixture, fixture, form};
use crate::view::{Booking, BookingForm, CancelReason, PatientForm, Step};

fn slip(fixture: &Fixture, visit: &Booking) -> PrintedSlip {
    fixture.replica.slip(visit.id).expect("BUG: a slip")
}

fn who_reads(fixture: &Fixture, language: &str) -> PatientId {
    let form = PatientForm { preferred_language: Some(language.into()), ..form("Sunita", "98204 41276") };
    fixture.replica.register_patient(&form).expect("BUG: registered").id
}

/// The papers that were printed, as the audit log is told of them.
fn printed(fixture: &Fixture) -> Vec<DeskEvent> {
    let told = fixture.store.next_events(100).expect("BUG: readable").map(|told| told.events);
    let events = told.unwrap_or_default().into_iter();
    let events = events.map(|event| serde_json::from_str::<DeskEvent>(&event.body).expect("BUG: an event"));
    events.filter(|event| event.action == Action::Print).collect()
}

#[test]
fn a_slip_says_the_token_and_of_the_patient_a_first_name_and_two_digits_on_any_computer() {
    for scope in [DeviceScope::Clinical, DeviceScope::FrontDesk] {
        let mut fixture = fixture(Role::Receptionist);
        fixture.replica.facts.scope = scope;
        let sunita = who_reads(&fixture, "");
        let reason = BookingForm { reason: "Sugar".into(), ..here() };
        let visit = book(&fixture, sunita, &reason);
        assert!(visit.has_slip);
        passes(&mut fixture, 2);
        let slip = slip(&fixture, &visit);
        assert_eq!(
            (slip.clinic_name.as_str(), slip.token.as_str(), slip.doctor_name.as_str()),
            ("Asha Clinic", "A-1", "Dr. Anjali Kulkarni")
        );
        assert_eq!((slip.arrived_at.as_str(), slip.patient.as_str()), ("23 Nov 2026 10:41", "Sunita …76"));
        assert_eq!(
            slip.told[..2],
            ["Waiting before you at 10:43: 0", "Please wait until your token is called"]
        );
        let all = format!("{slip:?}");
        for unsaid in ["Deshmukh", "98204", "9820441276", "1276", "Sugar"] {
            assert!(!all.contains(unsaid), "{unsaid} on {all}");
        }
    }
}

#[test]
fn a_slip_counts_who_comes_in_before_them_at_their_doctor() {
    let fixture = fixture(Role::Receptionist);
    let [first, second, urgent] = ["Sunita", "Ramesh", "Asha"].map(|name| {
        let form = BookingForm { is_urgent: name == "Asha", ..here() };
        book(&fixture, fixture.register(name, "98204 41276"), &form)
    });
    let before = |visit: &Booking| slip(&fixture, visit).told[0].clone();
    assert_eq!(before(&urgent), "Waiting before you at 10:41: 0");
    assert_eq!(before(&first), "Waiting before you at 10:41: 1");
    assert_eq!(before(&second), "Waiting before you at 10:41: 2");
    step(&fixture, urgent.id, &Step::Start);
    step(&fixture, second.id, &Step::Call);
    assert_eq!(
        before(&second),
        "Waiting before you at 10:41: 0",
        "who was called in comes before the others"
    );
    assert_eq!(before(&first), "Waiting before you at 10:41: 1");
}

#[test]
fn what_to_do_stands_in_english_and_in_the_patients_language_or_in_hindi() {
    for (language, second) in [
        ("", Some("कृपया अपना टोकन पुकारे जाने तक प्रतीक्षा करें")),
        ("hi", Some("कृपया अपना टोकन पुकारे जाने तक प्रतीक्षा करें")),
        ("mr", Some("कृपया आपला टोकन पुकारेपर्यंत प्रतीक्षा करा")),
        ("en", None),
    ] {
        let fixture = fixture(Role::Receptionist);
        let told = slip(&fixture, &book(&fixture, who_reads(&fixture, language), &here())).told;
        assert_eq!(told[1], "Please wait until your token is called");
        assert_eq!(told.get(3).map(String::as_str), second, "{language}");
    }
}

#[test]
fn letters_that_no_strip_has_are_told_with_the_slip() {
    let fixture = fixture(Role::Receptionist);
    let told = |name: &str| {
        let visit = book(&fixture, fixture.register(name, "98204 41276"), &here());
        fixture.replica.boxes_on_paper(&slip(&fixture, &visit)).expect("BUG: read")
    };
    assert_eq!(told("सुनीता"), None);
    let said = "These letters cannot be printed and would be empty boxes on paper: ક ે ત ન.";
    assert_eq!(told("કેતન").as_deref(), Some(said));
}

#[test]
fn who_has_no_token_or_does_not_wait_any_more_has_no_slip_and_it_is_said() {
    let fixture = fixture(Role::Receptionist);
    let booked = book(&fixture, fixture.register("Sunita", "98204 41276"), &at("", "17:00"));
    assert!(!booked.has_slip);
    assert_eq!(
        why(fixture.replica.slip(booked.id)),
        "This visit has no token yet: one is given when the patient is here. Nothing was printed."
    );
    assert!(step(&fixture, booked.id, &Step::Arrive).has_slip);
    for (name, end) in
        [("Asha", Step::Start), ("Fatima", Step::Finish), ("Rekha", Step::Leave), ("Meena", Step::Mistake)]
    {
        let visit = book(&fixture, fixture.register(name, "98204 41276"), &here());
        step(&fixture, visit.id, &end);
        let refused = why(fixture.replica.slip(visit.id));
        assert_eq!(refused, "This patient does not wait here now. Nothing was printed.", "{end:?}");
        why(fixture.replica.print_slip(visit.id));
    }
    let cancelled = book(&fixture, fixture.register("Lata", "98204 41276"), &at("", "17:20"));
    step(&fixture, cancelled.id, &Step::Cancel { reason: CancelReason::Patient });
    why(fixture.replica.slip(cancelled.id));
    let shown: Vec<bool> = today(&fixture).over.iter().map(|visit| visit.has_slip).collect();
    assert_eq!(shown, [false; 3]);
    assert!(printed(&fixture).is_empty());
}

#[test]
fn whoever_waits_since_yesterday_has_no_slip_once_the_night_is_over() {
    let mut fixture = fixture(Role::Receptionist);
    let visit = book(&fixture, fixture.register("Sunita", "98204 41276"), &here());
    passes(&mut fixture, 24 * 60);
    why(fixture.replica.slip(visit.id));
}

#[test]
fn that_a_slip_was_printed_is_noted_with_the_visit_and_the_patient() {
    let fixture = fixture(Role::Receptionist);
    let sunita = fixture.register("Sunita", "98204 41276");
    let visit = book(&fixture, sunita, &here());
    slip(&fixture, &visit);
    fixture.replica.print_slip(visit.id).expect("BUG: printed");
    let events = printed(&fixture);
    assert_eq!(events.len(), 1, "what is only drawn is not printed");
    assert_eq!(
        (events[0].table, events[0].record, events[0].patient),
        (Some(TableName::Appointments), Some(visit.id.0), Some(sunita))
    );
}

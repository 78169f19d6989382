//! The day of the clinic: what is booked, who waits with which token, and who is next.

use std::fmt::Debug;

use protocol::api::DeviceScope;
use protocol::appointment::Status;
use protocol::id::{AppointmentId, DoctorId, PatientId, PrescriptionId};
use protocol::mutation::Mutation;
use protocol::permission::Role;
use protocol::table::{Row, TableName, Values};
use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;

use super::{Fixture, NOW, answer, doctor_id, fixture, item};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::hindi::hindi;
use crate::replica::must_get;
use crate::view::{Booking, BookingForm, CancelReason, DoctorDay, Draft, Step, StepKind, VisitType};

pub(super) const SHAH: u128 = 0x54a4;

pub(super) fn at(day: &str, time: &str) -> BookingForm {
    BookingForm {
        doctor_id: doctor_id(),
        day: day.into(),
        time: time.into(),
        visit_type: VisitType::FollowUp,
        is_urgent: false,
        reason: "Sugar".into(),
        is_here: false,
        was_asked: false,
    }
}

pub(super) fn here() -> BookingForm {
    BookingForm { visit_type: VisitType::New, is_here: true, ..at("", "") }
}

pub(super) fn with(doctor: u128, form: BookingForm) -> BookingForm {
    BookingForm { doctor_id: DoctorId(Uuid::from_u128(doctor)), ..form }
}

pub(super) fn book(fixture: &Fixture, patient: PatientId, form: &BookingForm) -> Booking {
    fixture.replica.book_visit(patient, form).expect("BUG: booked")
}

pub(super) fn step(fixture: &Fixture, id: AppointmentId, step: &Step) -> Booking {
    try_step(fixture, id, step).expect("BUG: a step")
}

/// The step of somebody who sees the visit as it is.
pub(super) fn try_step(fixture: &Fixture, id: AppointmentId, step: &Step) -> Result<Booking> {
    fixture.replica.step_visit(id, step_status(fixture, id), step)
}

/// Why it was refused, which is said in Hindi too.
pub(super) fn why<T: Debug>(answer: Result<T>) -> String {
    let error = answer.expect_err("BUG: refused");
    assert!(matches!(error, Error::Invalid(_)), "{error:?}");
    let why = error.to_string();
    assert!(hindi(&why).is_some(), "in no table: {why}");
    why
}

/// The day of the doctor of this clinic.
pub(super) fn today(fixture: &Fixture) -> DoctorDay {
    let day = fixture.replica.clinic_day(None).expect("BUG: a day");
    day.doctors.into_iter().find(|day| day.doctor_id == doctor_id()).expect("BUG: the doctor")
}

pub(super) fn ids(bookings: &[Booking]) -> Vec<AppointmentId> {
    bookings.iter().map(|booking| booking.id).collect()
}

pub(super) fn values(fixture: &Fixture, table: TableName, id: Uuid) -> Values {
    fixture.store.read(|tx| must_get(tx, table, id)).expect("BUG: the row")
}

pub(super) fn arrives(fixture: &Fixture, table: TableName, id: Uuid, deleted: bool, values: Values) {
    all_arrive(fixture, &[Row { table, id, version: 9, deleted, values }]);
}

pub(super) fn all_arrive(fixture: &Fixture, rows: &[Row]) {
    fixture.store.stage(rows).expect("BUG: staged");
    fixture.store.apply_staged(vec![], (9, 1), (None, NOW)).expect("BUG: applied");
}

/// A second doctor of the tenant, who is at this clinic if at any.
pub(super) fn with_shah(fixture: &Fixture, clinic: u128) {
    with_another(fixture, "Vikram", clinic);
}

fn with_another(fixture: &Fixture, first_name: &str, clinic: u128) {
    let doctor = json!({ "title": "Dr.", "first_name": first_name, "last_name": "Shah", "kind": "physician",
        "registration_number": "2011/01/0042", "registration_council": "MMC", "is_active": true,
        "slot_minutes": 20, "default_clinic_id": Uuid::from_u128(clinic) });
    let values = serde_json::from_value(doctor).expect("BUG: values");
    arrives(fixture, TableName::Doctors, Uuid::from_u128(SHAH), false, values);
}

pub(super) fn passes(fixture: &mut Fixture, minutes: i64) {
    fixture.replica.clock = Clock::stopped(NOW + Duration::minutes(minutes));
}

fn done(fixture: &Fixture) -> Vec<String> {
    let waiting = fixture.store.next_batch(500, 1_000_000).expect("BUG: readable");
    let kind = |body: &str| serde_json::from_str::<Mutation>(body).expect("BUG: a mutation").kind;
    waiting.iter().map(|signed| kind(&signed.body)).collect()
}

pub(super) fn signed(fixture: &Fixture, patient: PatientId) -> PrescriptionId {
    let draft = Draft { items: vec![item("Paracetamol 650 mg", "1-0-1 x3d")], ..Draft::default() };
    fixture.replica.sign_prescription(patient, &draft, &[]).expect("BUG: signed").id
}

#[test]
fn whoever_walks_in_waits_with_a_token_and_is_led_to_the_doctor_on_any_computer() {
    for scope in [DeviceScope::Clinical, DeviceScope::FrontDesk] {
        let mut fixture = fixture(Role::Receptionist);
        fixture.replica.facts.scope = scope;
        let sunita = fixture.register("Sunita", "98204 41276");
        let visit = book(&fixture, sunita, &here());
        assert_eq!(
            (visit.status, visit.token.as_deref(), visit.patient.id),
            (Status::Arrived, Some("A-1"), sunita)
        );
        assert_eq!((visit.time.as_deref(), visit.minutes), (None, None));
        assert_eq!(ids(&today(&fixture).waiting), [visit.id]);
        for (what, status, next) in [
            (Step::Call, Status::Arrived, StepKind::Call),
            (Step::Start, Status::InConsultation, StepKind::Finish),
            (Step::Finish, Status::Completed, StepKind::Reopen),
            (Step::Reopen, Status::InConsultation, StepKind::Finish),
            (Step::Finish, Status::Completed, StepKind::Reopen),
        ] {
            passes(&mut fixture, 5);
            let now = step(&fixture, visit.id, &what);
            assert_eq!((now.status, now.next[0]), (status, next), "{what:?}");
        }
        let over = today(&fixture).over;
        assert_eq!(ids(&over), [visit.id]);
        assert_eq!(over[0].arrived_at.as_deref(), Some("2026-11-23T05:11:08.000Z"));
        let later = Some("2026-11-23T05:16:08.000Z");
        assert_eq!((over[0].called_at.as_deref(), over[0].started_at.as_deref()), (later, later));
        let stored = values(&fixture, TableName::Appointments, visit.id.0);
        assert_eq!((&stored["completed_at"], &stored["source"]), (&json!(later), &json!("walk_in")));
        assert_eq!(fixture.replica.verify().expect("BUG: verified").problems, Vec::<String>::new());
    }
}

#[test]
fn no_token_is_given_twice_in_one_waiting_room_not_by_computers_that_never_meet_either() {
    let (one, other) = (fixture(Role::Receptionist), fixture(Role::Nurse));
    other.store.set_lane("B").expect("BUG: another lane");
    with_shah(&one, 3);
    let mut tokens = Vec::new();
    let mut visits = Vec::new();
    for (fixture, name) in [(&one, "Sunita"), (&other, "Ramesh"), (&one, "Asha"), (&other, "Fatima")] {
        let visit = book(fixture, fixture.register(name, "98204 41276"), &here());
        tokens.extend(visit.token);
        visits.push(visit.id);
    }
    assert_eq!(tokens, ["A-1", "B-1", "A-2", "B-2"]);
    let theirs = values(&other, TableName::Appointments, visits[3].0);
    arrives(&one, TableName::Appointments, visits[3].0, false, theirs);
    let mut deleted = values(&one, TableName::Appointments, visits[2].0);
    deleted.extend([("token_number".to_owned(), json!(7)), ("token_label".to_owned(), json!("A-7"))]);
    arrives(&one, TableName::Appointments, Uuid::from_u128(0xde1), true, deleted);
    let of_shah = book(&one, one.register("Rekha", "98204 41277"), &with(SHAH, here()));
    assert_eq!(of_shah.token.as_deref(), Some("A-8"), "what was deleted was heard all the same");
    let meena = one.register("Meena", "98204 41277");
    let read = one.replica.read_booking(meena, &here(), None).expect("BUG: read");
    assert_eq!(read.token.as_deref(), Some("A-9"), "both doctors' patients wait in one room");
    assert_eq!(book(&one, meena, &here()).token, read.token);
    let mut one = one;
    passes(&mut one, 24 * 60);
    assert_eq!(book(&one, meena, &here()).token.as_deref(), Some("A-1"), "another day begins anew");
}

#[test]
fn a_token_that_gave_way_to_that_of_another_computer_is_called_for_nobody_else() {
    let fixture = fixture(Role::Receptionist);
    let [sunita, ramesh] = ["Sunita", "Ramesh"].map(|name| fixture.register(name, "98204 41276"));
    let booked = book(&fixture, sunita, &at("", "17:00")).id;
    assert_eq!(step(&fixture, booked, &Step::Arrive).token.as_deref(), Some("A-1"));
    let mut theirs = values(&fixture, TableName::Appointments, booked.0);
    theirs.extend([("token_number".to_owned(), json!(1)), ("token_label".to_owned(), json!("B-1"))]);
    let row =
        Row { table: TableName::Appointments, id: booked.0, version: 2, deleted: false, values: theirs };
    let sent = answer(&fixture.store, 2, vec![row]);
    fixture.store.acknowledge(&sent, &[], (None, NOW)).expect("BUG: acknowledged");
    assert_eq!(today(&fixture).waiting[0].token.as_deref(), Some("B-1"));
    assert_eq!(book(&fixture, ramesh, &here()).token.as_deref(), Some("A-2"));
}

#[test]
fn a_time_is_booked_once_and_between_the_times_anyone_can_come() {
    let fixture = fixture(Role::Receptionist);
    with_shah(&fixture, 3);
    let [sunita, ramesh, asha] =
        ["Sunita", "Ramesh", "Asha"].map(|name| fixture.register(name, "98204 41276"));
    let first = book(&fixture, sunita, &at("tomorrow", "11.20"));
    assert_eq!(
        (first.time.as_deref(), first.minutes, first.status),
        (Some("11:20"), Some(10), Status::Booked)
    );
    let twice = fixture.replica.book_visit(ramesh, &at("24/11/2026", "1125"));
    assert!(why(twice).starts_with("The doctor has another patient at 11:20 that day."));
    let read = fixture.replica.read_booking(ramesh, &at("tomorrow", "11:25"), None).expect("BUG: read");
    assert_eq!((read.day.as_str(), read.time.as_deref(), read.minutes), ("2026-11-24", Some("11:25"), 10));
    assert_eq!(read.clash.map(|clash| clash.id), Some(first.id));
    let moved = fixture.replica.read_booking(sunita, &at("tomorrow", "11:25"), Some(first.id));
    assert_eq!(moved.expect("BUG: read").clash, None, "what is moved is not in its own way");

    let with_shah = book(&fixture, ramesh, &with(SHAH, at("tomorrow", "11:20")));
    assert_eq!(with_shah.minutes, Some(20));
    let between = book(&fixture, ramesh, &at("tomorrow", ""));
    step(&fixture, first.id, &Step::Cancel { reason: CancelReason::Patient });
    let instead = book(&fixture, asha, &at("tomorrow", "11:20"));
    let day = fixture.replica.clinic_day(Some("2026-11-24")).expect("BUG: a day");
    assert!(!day.is_today);
    let names: Vec<&str> = day.doctors.iter().map(|day| day.name.as_str()).collect();
    assert_eq!(names, ["Dr. Anjali Kulkarni", "Dr. Vikram Shah"]);
    assert_eq!(ids(&day.doctors[0].booked), [instead.id, between.id]);
    assert_eq!(ids(&day.doctors[0].over), [first.id]);
}

#[test]
fn what_is_not_understood_over_or_far_ahead_is_not_booked() {
    let fixture = fixture(Role::Receptionist);
    let sunita = fixture.register("Sunita", "98204 41276");
    for (form, reason) in [
        (at("22/11/2026", ""), "The day is not understood, or it is over."),
        (at("soon", ""), "The day is not understood, or it is over."),
        (at("24/11/2028", ""), "A visit is booked at most two years ahead."),
        (at("", "noon"), "The time is not understood."),
        (at("1d", "5"), "The time is not understood."),
        (at("", "9:40"), "This time of today is over."),
        (BookingForm { day: "1d".into(), ..here() }, "Who is here now is seen today, in turn"),
        (BookingForm { time: "12:00".into(), ..here() }, "Who is here now is seen today, in turn"),
        (with(SHAH, here()), "This doctor sees no patients here."),
    ] {
        assert!(why(fixture.replica.read_booking(sunita, &form, None)).starts_with(reason), "{form:?}");
        assert!(why(fixture.replica.book_visit(sunita, &form)).starts_with(reason), "{form:?}");
    }
    assert_eq!(done(&fixture), ["register_patient"]);
    assert_eq!(
        book(&fixture, sunita, &at("today", "9:45")).time.as_deref(),
        Some("09:45"),
        "written down late"
    );
}

#[test]
fn one_patient_has_one_open_visit_with_one_doctor_a_day_under_every_registration() {
    let fixture = fixture(Role::Doctor);
    with_shah(&fixture, 3);
    let sunita = fixture.register("Sunita", "98204 41276");
    let again = fixture.register("Suneeta", "98204 41276");
    let booked = book(&fixture, again, &at("", "11:20"));
    fixture.replica.merge_patients(sunita, again, "").expect("BUG: merged");
    assert_eq!(today(&fixture).booked[0].patient.id, sunita, "the registration that is kept");
    let second = why(fixture.replica.book_visit(sunita, &here()));
    assert!(second.contains("for that day already, at 11:20."), "{second}");
    let arrived = step(&fixture, booked.id, &Step::Arrive);
    assert_eq!(arrived.token.as_deref(), Some("A-1"));
    let second = why(fixture.replica.book_visit(again, &at("", "12:00")));
    assert_eq!(second, "This patient waits already, with token A-1. Nothing was booked.");
    step(&fixture, booked.id, &Step::Start);
    let second = why(fixture.replica.book_visit(again, &here()));
    assert!(second.starts_with("This patient is with the doctor already."), "{second}");
    book(&fixture, sunita, &with(SHAH, here()));
    let tomorrow = book(&fixture, sunita, &at("tomorrow", ""));
    let second = why(fixture.replica.book_visit(again, &at("tomorrow", "")));
    assert!(second.starts_with("This patient is booked with this doctor for that day already."), "{second}");
    step(&fixture, tomorrow.id, &Step::Mistake);
    book(&fixture, again, &at("tomorrow", ""));
    step(&fixture, booked.id, &Step::Finish);
    let once_more = book(&fixture, sunita, &here());
    let reopened = why(try_step(&fixture, booked.id, &Step::Reopen));
    assert!(reopened.starts_with("This patient waits already, with token A-"), "{reopened}");
    assert!(reopened.ends_with(" Nothing was changed."), "{reopened}");
    assert_eq!(ids(&today(&fixture).waiting), [once_more.id]);
}

#[test]
fn a_patient_who_comes_on_another_day_is_moved_to_it() {
    let fixture = fixture(Role::Receptionist);
    let sunita = fixture.register("Sunita", "98204 41276");
    let booked = book(&fixture, sunita, &at("28/11/2026", "11:20"));
    assert_eq!(booked.next, [StepKind::Confirm, StepKind::Move, StepKind::Cancel, StepKind::Mistake]);
    let refused = why(try_step(&fixture, booked.id, &Step::Arrive));
    assert!(refused.starts_with("This visit is booked for 28 Nov 2026."), "{refused}");
    assert_eq!(step(&fixture, booked.id, &Step::Confirm).status, Status::Confirmed);
    let moved = step(&fixture, booked.id, &Step::Move { form: here() });
    assert_eq!((moved.status, moved.token.as_deref()), (Status::Arrived, Some("A-1")));
    assert_ne!(moved.id, booked.id);
    assert_eq!(done(&fixture).last().map(String::as_str), Some("move_visit"), "both in one");
    let old = values(&fixture, TableName::Appointments, booked.id.0);
    assert_eq!((&old["status"], &old["rescheduled_to_id"]), (&json!("rescheduled"), &json!(moved.id)));
    let again = why(try_step(&fixture, booked.id, &Step::Move { form: here() }));
    assert!(again.starts_with("This cannot be done with this visit as it is now"), "{again}");
    let later = fixture.replica.clinic_day(Some("2026-11-28")).expect("BUG: a day");
    assert_eq!(ids(&later.doctors[0].over), [booked.id]);
}

#[test]
fn who_did_not_come_or_cancelled_may_come_after_all_on_the_same_day() {
    let mut fixture = fixture(Role::Receptionist);
    let [sunita, ramesh] = ["Sunita", "Ramesh"].map(|name| fixture.register(name, "98204 41276"));
    let missed = book(&fixture, sunita, &at("", "11:20"));
    let cancelled = book(&fixture, ramesh, &at("", "11:40"));
    let early = why(try_step(&fixture, missed.id, &Step::Miss));
    assert!(early.starts_with("A patient has not come once the day is over"), "{early}");
    passes(&mut fixture, 68);
    assert!(!today(&fixture).booked[0].next.contains(&StepKind::Miss), "29 minutes are no half hour");
    passes(&mut fixture, 69);
    assert!(today(&fixture).booked[0].next.contains(&StepKind::Miss));
    assert_eq!(step(&fixture, missed.id, &Step::Miss).status, Status::NoShow);
    step(&fixture, cancelled.id, &Step::Cancel { reason: CancelReason::Doctor });
    let stored = values(&fixture, TableName::Appointments, cancelled.id.0);
    assert_eq!((&stored["cancel_reason"], stored["cancelled_at"].is_string()), (&json!("doctor"), true));

    for (id, token) in [(missed.id, "A-1"), (cancelled.id, "A-2")] {
        let came = step(&fixture, id, &Step::Arrive);
        assert_eq!((came.status, came.token.as_deref()), (Status::Arrived, Some(token)));
    }
    let stored = values(&fixture, TableName::Appointments, cancelled.id.0);
    assert_eq!((&stored["cancel_reason"], &stored["cancelled_at"]), (&Value::Null, &Value::Null));
    assert_eq!(step(&fixture, missed.id, &Step::Leave).status, Status::LeftWithoutSeen);
    assert_eq!(book(&fixture, sunita, &here()).token.as_deref(), Some("A-3"), "whoever left comes again");

    let tomorrow = book(&fixture, ramesh, &at("tomorrow", ""));
    passes(&mut fixture, 2 * 24 * 60);
    assert_eq!(step(&fixture, tomorrow.id, &Step::Miss).next, [StepKind::Mistake]);
    let late = why(try_step(&fixture, tomorrow.id, &Step::Arrive));
    assert!(late.starts_with("This visit was of 24 Nov 2026."), "{late}");
}

#[test]
fn the_next_patient_is_the_urgent_one_then_who_was_called_then_who_came_first() {
    let mut fixture = fixture(Role::Doctor);
    with_shah(&fixture, 3);
    let mut visits = Vec::new();
    for (place, name) in ["Sunita", "Ramesh", "Asha", "Fatima"].into_iter().enumerate() {
        passes(&mut fixture, place as i64);
        let form = BookingForm { is_urgent: name == "Fatima", ..here() };
        visits.push(book(&fixture, fixture.register(name, "98204 41276"), &form).id);
    }
    let of_shah = book(&fixture, fixture.register("Meena", "98204 41277"), &with(SHAH, here())).id;
    let [sunita, ramesh, asha, fatima] = visits[..] else { panic!("BUG: four") };
    assert_eq!(ids(&today(&fixture).waiting), [fatima, sunita, ramesh, asha]);
    step(&fixture, asha, &Step::Call);
    let mut before = vec![];
    for (place, next) in [fatima, asha, sunita, ramesh].into_iter().enumerate() {
        passes(&mut fixture, 10 + place as i64);
        let now = fixture.replica.next_patient().expect("BUG: one waits");
        assert_eq!((now.started.id, now.started.status), (next, Status::InConsultation));
        let finished: Vec<_> = now.finished.iter().map(|visit| (visit.id, visit.status)).collect();
        assert_eq!(finished, before);
        assert_eq!(ids(&today(&fixture).with_doctor), [next]);
        before = vec![(next, Status::Completed)];
    }
    assert_eq!(why(fixture.replica.next_patient()), "Nobody waits for you.");
    assert_eq!(ids(&today(&fixture).with_doctor), [ramesh], "and nobody is sent away");
    let day = fixture.replica.clinic_day(None).expect("BUG: a day");
    assert!(day.is_today && day.doctors[0].is_own && !day.doctors[1].is_own);
    assert_eq!(ids(&day.doctors[1].waiting), [of_shah]);
    fixture.replica.person.doctor_id = None;
    assert!(matches!(fixture.replica.next_patient(), Err(Error::Forbidden(_))));
}

#[test]
fn nobody_is_sent_away_by_the_second_press_of_a_key() {
    let mut fixture = fixture(Role::Doctor);
    let [sunita, ramesh] =
        ["Sunita", "Ramesh"].map(|name| book(&fixture, fixture.register(name, "98204 41276"), &here()).id);
    assert_eq!(fixture.replica.next_patient().expect("BUG: one waits").started.id, sunita);
    let again = why(fixture.replica.next_patient());
    assert!(again.starts_with("Somebody came in to you just now."), "{again}");
    let now = today(&fixture);
    assert_eq!((ids(&now.with_doctor), ids(&now.waiting)), (vec![sunita], vec![ramesh]));
    passes(&mut fixture, 1);
    let next = fixture.replica.next_patient().expect("BUG: one waits");
    assert_eq!((ids(&next.finished), next.started.id), (vec![sunita], ramesh));
}

#[test]
fn signing_ends_the_visit_and_a_replacement_is_of_the_same() {
    let fixture = fixture(Role::Doctor);
    with_shah(&fixture, 3);
    let sunita = fixture.register("Sunita", "98204 41276");
    let of_shah = book(&fixture, sunita, &with(SHAH, here())).id;
    let visit = book(&fixture, sunita, &at("", "17:00")).id;
    let first = signed(&fixture, sunita);
    assert_eq!(ids(&today(&fixture).over), [visit], "also of one who was still expected");
    assert_eq!(done(&fixture)[3..], ["sign_prescription", "finish_visit"]);
    let of = |id: PrescriptionId| values(&fixture, TableName::Prescriptions, id.0)["appointment_id"].clone();
    assert_eq!(of(first), Value::Null, "what is signed waits for nothing that the server may refuse");
    assert!(
        fixture
            .replica
            .chart(sunita)
            .expect("BUG: a chart")
            .visits
            .iter()
            .all(|one| one.id != visit.to_string())
    );
    assert_eq!(step_status(&fixture, of_shah), Status::Arrived, "another doctor's is not over");

    let asha = fixture.register("Asha", "98204 41277");
    let sent = json!({ "appointment_date": "2026-11-23", "clinic_id": Uuid::from_u128(3), "doctor_id": doctor_id(),
        "patient_id": asha, "visit_type": "new", "source": "walk_in", "status": "in_consultation", "priority": 0,
        "fee_status": "unpaid" });
    let known = AppointmentId(Uuid::from_u128(0xa));
    let sent = serde_json::from_value(sent).expect("BUG: values");
    arrives(&fixture, TableName::Appointments, known.0, false, sent);
    let first = signed(&fixture, asha);
    assert_eq!((of(first), step_status(&fixture, known)), (json!(known), Status::Completed));
    step(&fixture, known, &Step::Reopen);
    let draft = fixture.replica.amend_prescription(first).expect("BUG: a draft");
    let second = fixture.replica.sign_prescription(asha, &draft, &[]).expect("BUG: signed").id;
    assert_eq!((of(second), step_status(&fixture, known)), (json!(known), Status::InConsultation));
    assert_eq!(fixture.replica.verify().expect("BUG: verified").problems, Vec::<String>::new());
}

#[test]
fn a_visit_that_goes_on_over_midnight_is_over_with_the_signature() {
    let mut fixture = fixture(Role::Doctor);
    let [sunita, ramesh] = ["Sunita", "Ramesh"].map(|name| fixture.register(name, "98204 41276"));
    passes(&mut fixture, 13 * 60 + 10);
    let [inside, waiting] = [sunita, ramesh].map(|patient| book(&fixture, patient, &here()).id);
    step(&fixture, inside, &Step::Start);
    passes(&mut fixture, 13 * 60 + 30);
    assert_eq!(fixture.replica.clinic_day(None).expect("BUG: a day").date, "2026-11-24");
    signed(&fixture, sunita);
    assert_eq!(step_status(&fixture, inside), Status::Completed);
    passes(&mut fixture, 19 * 60 + 20);
    signed(&fixture, ramesh);
    assert_eq!(
        step_status(&fixture, waiting),
        Status::Arrived,
        "in the morning, who only waited was of that day"
    );
}

pub(super) fn step_status(fixture: &Fixture, id: AppointmentId) -> Status {
    let stored = values(fixture, TableName::Appointments, id.0);
    serde_json::from_value(stored["status"].clone()).expect("BUG: a state")
}

#[test]
fn who_is_expected_or_was_here_is_not_among_those_to_be_called() {
    let mut fixture = fixture(Role::Doctor);
    let sunita = fixture.register("Sunita", "98204 41276");
    let again = fixture.register("Suneeta", "98204 41276");
    passes(&mut fixture, -3 * 24 * 60);
    let draft = Draft { advice: "Rest".into(), follow_up: "3d".into(), ..Draft::default() };
    fixture.replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed");
    passes(&mut fixture, 0);
    let n_called = |fixture: &Fixture| fixture.replica.today().expect("BUG: today").follow_ups.len();
    assert_eq!(n_called(&fixture), 1);
    let booked = book(&fixture, again, &at("", "17:00"));
    assert_eq!(n_called(&fixture), 1, "nobody knows yet that both are one");
    fixture.replica.merge_patients(sunita, again, "").expect("BUG: merged");
    assert_eq!(n_called(&fixture), 0);
    step(&fixture, booked.id, &Step::Cancel { reason: CancelReason::Patient });
    assert_eq!(n_called(&fixture), 1);
    let mut died = values(&fixture, TableName::Patients, again.0);
    assert_eq!(died["merged_into_id"], json!(sunita));
    died.insert("is_deceased".into(), json!(true));
    let third = Uuid::from_u128(0xdead);
    arrives(&fixture, TableName::Patients, third, false, died);
    assert_eq!(n_called(&fixture), 0, "nobody calls for one who died, under any registration");
}

#[test]
fn a_day_has_the_doctors_of_the_clinic_and_behind_them_those_who_visit_it() {
    let mut fixture = fixture(Role::Receptionist);
    with_another(&fixture, "Aarav", 4);
    let sunita = fixture.register("Sunita", "98204 41276");
    let names = |fixture: &Fixture| {
        let days = fixture.replica.clinic_day(None).expect("BUG: a day").doctors;
        days.into_iter().map(|day| day.name).collect::<Vec<_>>()
    };
    assert_eq!(names(&fixture), ["Dr. Anjali Kulkarni", "Dr. Aarav Shah"]);
    fixture.replica.person.doctor_id = Some(DoctorId(Uuid::from_u128(SHAH)));
    assert_eq!(names(&fixture), ["Dr. Aarav Shah", "Dr. Anjali Kulkarni"], "the visiting doctor's own day");
    let visit = book(&fixture, sunita, &with(SHAH, at("", "17:00")));
    let mut elsewhere = values(&fixture, TableName::Appointments, visit.id.0);
    elsewhere.insert("clinic_id".into(), json!(Uuid::from_u128(4)));
    let there = AppointmentId(Uuid::from_u128(0xb));
    arrives(&fixture, TableName::Appointments, there.0, false, elsewhere);
    let refused = why(try_step(&fixture, there, &Step::Arrive));
    assert!(refused.starts_with("This visit is booked at another clinic."), "{refused}");
    assert_eq!(why(fixture.replica.clinic_day(Some("tomorrow"))), "This is not a day.");
}

//! Several days of the clinic at once: who comes, and when a doctor is free.

use protocol::id::{AppointmentId, DoctorId};
use protocol::permission::Role;
use protocol::table::{Row, TableName};
use serde_json::json;
use uuid::Uuid;

use super::day::{
    SHAH, all_arrive, arrives, at, book, here, passes, step, today, values, why, with, with_shah,
};
use super::{Fixture, doctor_id, fixture};
use crate::view::{CancelReason, DayVisits, Step};

fn days(fixture: &Fixture, from: &str, days: u8, doctor: Option<DoctorId>) -> Vec<DayVisits> {
    fixture.replica.clinic_days(Some(from), days, doctor).expect("BUG: days").days
}

fn ids(day: &DayVisits) -> Vec<AppointmentId> {
    day.visits.iter().map(|visit| visit.booking.id).collect()
}

fn shah() -> DoctorId {
    DoctorId(Uuid::from_u128(SHAH))
}

#[test]
fn a_week_shows_day_by_day_who_comes_by_time_and_who_comes_in_between_last() {
    let mut fixture = fixture(Role::Receptionist);
    with_shah(&fixture, 3);
    let [sunita, ramesh, asha, fatima] =
        ["Sunita", "Ramesh", "Asha", "Fatima"].map(|name| fixture.register(name, "98204 41276"));
    let between = book(&fixture, sunita, &at("26/11/2026", "")).id;
    let late = book(&fixture, ramesh, &at("26/11/2026", "17:00")).id;
    let early = book(&fixture, asha, &with(SHAH, at("26/11/2026", "9:30"))).id;
    let cancelled = book(&fixture, fatima, &at("26/11/2026", "12:00")).id;
    step(&fixture, cancelled, &Step::Cancel { reason: CancelReason::Patient });
    let mistaken = book(&fixture, fatima, &at("26/11/2026", "12:00")).id;
    step(&fixture, mistaken, &Step::Mistake);
    let first = book(&fixture, fatima, &at("25/11/2026", "12:00")).id;
    let moved = step(&fixture, first, &Step::Move { form: at("27/11/2026", "12:00") }).id;
    let waits = book(&fixture, fatima, &here()).id;

    let week = fixture.replica.clinic_days(None, 7, None).expect("BUG: a week");
    let dates: Vec<&str> = week.days.iter().map(|day| day.date.as_str()).collect();
    let expected = ["23", "24", "25", "26", "27", "28", "29"].map(|day| format!("2026-11-{day}"));
    assert_eq!(dates, expected);
    let found: Vec<_> = week.days.iter().map(ids).collect();
    let expected = [vec![waits], vec![], vec![], vec![early, late, between], vec![moved], vec![], vec![]];
    assert_eq!(found, expected);
    let with_whom: Vec<&str> = week.days[3].visits.iter().map(|visit| visit.doctor.as_str()).collect();
    assert_eq!(with_whom, ["Dr. Vikram Shah", "Dr. Anjali Kulkarni", "Dr. Anjali Kulkarni"]);
    assert!(week.days[0].is_today && week.days.iter().all(|day| !day.is_over && !day.has_more));

    passes(&mut fixture, 3 * 24 * 60);
    step(&fixture, late, &Step::Arrive);
    let week = days(&fixture, "2026-11-23", 7, None);
    let over: Vec<bool> = week.iter().map(|day| day.is_over).collect();
    assert_eq!(over, [true, true, true, false, false, false, false]);
    assert!(week[3].is_today);
    assert_eq!(ids(&week[0]), [waits], "what was stays in sight");
    assert_eq!(ids(&week[3]), [early, late, between], "whoever is here keeps the place of their time");
}

#[test]
fn of_one_doctor_only_their_visits_are_shown_and_every_other_one_can_be_chosen() {
    let fixture = fixture(Role::Receptionist);
    with_shah(&fixture, 4);
    let [sunita, ramesh] = ["Sunita", "Ramesh"].map(|name| fixture.register(name, "98204 41276"));
    book(&fixture, sunita, &at("tomorrow", "11:20"));
    let of_shah = book(&fixture, ramesh, &with(SHAH, at("tomorrow", "11:20"))).id;
    let theirs = fixture.replica.clinic_days(Some("2026-11-24"), 1, Some(shah())).expect("BUG: a day");
    assert_eq!(ids(&theirs.days[0]), [of_shah]);
    let doctors: Vec<_> =
        theirs.doctors.iter().map(|doctor| (doctor.doctor_id, doctor.name.as_str())).collect();
    assert_eq!(doctors, [(doctor_id(), "Dr. Anjali Kulkarni"), (shah(), "Dr. Vikram Shah")]);
}

#[test]
fn what_another_clinic_booked_is_not_in_the_week_but_takes_the_doctors_time() {
    let fixture = fixture(Role::Receptionist);
    let [sunita, ramesh] = ["Sunita", "Ramesh"].map(|name| fixture.register(name, "98204 41276"));
    let visit = book(&fixture, sunita, &at("tomorrow", "11:20")).id;
    let mut elsewhere = values(&fixture, TableName::Appointments, visit.0);
    elsewhere.insert("clinic_id".into(), json!(Uuid::from_u128(4)));
    elsewhere.insert("start_time".into(), json!("17:00"));
    arrives(&fixture, TableName::Appointments, Uuid::from_u128(0xb), false, elsewhere);
    assert_eq!(ids(&days(&fixture, "2026-11-24", 1, None)[0]), [visit]);
    let read = fixture.replica.read_booking(ramesh, &at("tomorrow", ""), None).expect("BUG: read");
    assert_eq!(read.taken.len(), 2);
    assert_eq!((read.taken[1].from.as_str(), read.taken[1].until.as_str()), ("17:00", "17:10"));
}

#[test]
fn at_most_31_days_are_answered_and_at_least_one() {
    let fixture = fixture(Role::Nurse);
    for (asked, answered) in [(0, 1), (1, 1), (31, 31), (32, 31), (u8::MAX, 31)] {
        assert_eq!(days(&fixture, "2026-11-23", asked, None).len(), answered);
    }
    assert_eq!(days(&fixture, "9999-12-30", 7, None).len(), 2, "behind the last day there is none");
    assert_eq!(why(fixture.replica.clinic_days(Some("thursday"), 7, None)), "This is not a day.");
}

#[test]
fn of_very_many_visits_the_first_are_shown_and_each_day_that_is_not_whole_says_so() {
    let fixture = fixture(Role::Receptionist);
    with_shah(&fixture, 3);
    let sunita = fixture.register("Sunita", "98204 41276");
    let last = book(&fixture, sunita, &at("26/11/2026", "9:30")).id;
    let of_shah = book(&fixture, sunita, &with(SHAH, at("26/11/2026", "9:30"))).id;
    let like = values(&fixture, TableName::Appointments, last.0);
    let rows: Vec<Row> = (0..1_001_u128)
        .map(|number| {
            let day = if number < 600 { "2026-11-24" } else { "2026-11-25" };
            let mut values = like.clone();
            values.insert("appointment_date".into(), json!(day));
            let id = Uuid::from_u128(0x1000 + number);
            Row { table: TableName::Appointments, id, version: 9, deleted: false, values }
        })
        .collect();
    all_arrive(&fixture, &rows);
    let shown = |doctor| {
        let days = days(&fixture, "2026-11-23", 4, doctor);
        days.iter().map(|day| (day.visits.len(), day.has_more)).collect::<Vec<_>>()
    };
    assert_eq!(shown(None), [(0, false), (600, false), (400, true), (0, true)]);
    assert_eq!(shown(Some(shah())), [(0, false), (0, false), (0, false), (1, false)]);
    assert_eq!(ids(&days(&fixture, "2026-11-26", 1, Some(shah()))[0]), [of_shah]);
}

#[test]
fn whoever_waits_over_midnight_stands_in_the_new_day_and_in_the_week_on_their_own() {
    let mut fixture = fixture(Role::Receptionist);
    passes(&mut fixture, 12 * 60 + 50);
    let waits = book(&fixture, fixture.register("Sunita", "98204 41276"), &here()).id;
    passes(&mut fixture, 13 * 60 + 50);
    assert_eq!(today(&fixture).waiting[0].id, waits);
    let week = days(&fixture, "2026-11-23", 2, None);
    assert_eq!((ids(&week[0]), ids(&week[1])), (vec![waits], vec![]));
    assert!(week[0].is_over && week[1].is_today);
}

#[test]
fn whoever_books_sees_when_the_doctor_has_patients_that_day() {
    let fixture = fixture(Role::Receptionist);
    with_shah(&fixture, 3);
    let [sunita, ramesh, asha, fatima] =
        ["Sunita", "Ramesh", "Asha", "Fatima"].map(|name| fixture.register(name, "98204 41276"));
    book(&fixture, sunita, &at("tomorrow", "11:20"));
    let second = book(&fixture, ramesh, &at("tomorrow", "11:30")).id;
    let last = book(&fixture, asha, &at("tomorrow", "23:55")).id;
    let taken = |form, moves| {
        let read = fixture.replica.read_booking(fatima, &form, moves).expect("BUG: read");
        read.taken.into_iter().map(|span| format!("{}-{}", span.from, span.until)).collect::<Vec<_>>()
    };
    let tomorrow = || at("tomorrow", "");
    assert_eq!(taken(tomorrow(), None), ["11:20-11:40", "23:55-24:00"], "what follows at once is one");
    assert_eq!(taken(at("tomorrow", "11:25"), None).len(), 2, "also while a taken time is typed");
    let without = taken(tomorrow(), Some(second));
    assert_eq!(without, ["11:20-11:30", "23:55-24:00"], "what is moved keeps no time");
    step(&fixture, last, &Step::Cancel { reason: CancelReason::Patient });
    assert_eq!(taken(tomorrow(), None), ["11:20-11:40"]);
    for form in [with(SHAH, tomorrow()), at("25/11/2026", ""), here()] {
        assert_eq!(taken(form, None), [""; 0]);
    }
}

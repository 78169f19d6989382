//! Appointments in a chart.

use protocol::api::DeviceScope;
use protocol::id::PatientId;
use protocol::permission::Role;
use protocol::table::{Row, TableName};
use serde_json::json;
use uuid::Uuid;

use super::day::{book, here};
use super::{Fixture, NOW, fixture, form, item};
use crate::error::Error;
use crate::replica::must_get;
use crate::view::{BookingForm, Draft, Measured, PatientForm, Visit, VisitType, Vitals};

const ANJALI: u128 = 0xd0c;

fn appointment(id: u128, patient: PatientId, day: &str, status: &str, doctor: u128) -> Row {
    let values = json!({ "appointment_date": day, "start_time": "10:30", "clinic_id": Uuid::from_u128(3),
        "doctor_id": Uuid::from_u128(doctor), "patient_id": patient, "visit_type": "follow_up", "source": "phone",
        "status": status, "priority": 0, "fee_status": "unpaid", "reason": "Sugar" });
    let values = serde_json::from_value(values).expect("BUG: values");
    Row { table: TableName::Appointments, id: Uuid::from_u128(id), version: 2, deleted: false, values }
}

fn visits(fixture: &Fixture, patient: PatientId, arrived: &[Row]) -> Vec<Visit> {
    fixture.store.stage(arrived).expect("BUG: staged");
    fixture.store.apply_staged(vec![], (2, 2), (None, NOW)).expect("BUG: applied");
    fixture.replica.chart(patient).expect("BUG: the chart").visits
}

#[test]
fn a_visit_without_a_prescription_stands_in_the_chart_and_one_with_it_stands_there_once() {
    let fixture = fixture(Role::Doctor);
    let sunita = fixture.register("Sunita", "98204 41276");
    let asha = fixture.register("Asha", "98204 41277");
    let draft = Draft { items: vec![item("Paracetamol 650 mg", "1-0-1 x3d")], ..Draft::default() };
    fixture.replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed");
    let found = visits(
        &fixture,
        sunita,
        &[
            appointment(11, sunita, "2026-10-12", "completed", ANJALI),
            appointment(12, sunita, "2026-11-23", "completed", ANJALI),
            appointment(13, sunita, "2026-11-23", "cancelled", ANJALI),
            appointment(14, sunita, "2026-11-23", "completed", 0xbad),
            appointment(15, sunita, "2026-12-01", "booked", ANJALI),
            appointment(16, sunita, "2026-09-01", "entered_in_error", ANJALI),
            appointment(17, asha, "2026-10-12", "completed", ANJALI),
        ],
    );
    let shown: Vec<_> = found.iter().map(|visit| (visit.day.as_str(), visit.status.as_str())).collect();
    assert_eq!(
        shown,
        [
            ("2026-12-01", "booked"),
            ("2026-11-23", "completed"),
            ("2026-11-23", "cancelled"),
            ("2026-10-12", "completed"),
        ],
        "what was prescribed at is the prescription, with another doctor it is not"
    );
    assert_eq!(
        (found[0].time.as_deref(), found[0].doctor_name.as_str(), found[0].reason.as_deref()),
        (Some("10:30"), "Dr. Anjali Kulkarni", Some("Sugar"))
    );
}

#[test]
fn the_reception_sees_appointments_too() {
    let fixture = fixture(Role::Receptionist);
    let sunita = fixture.register("Sunita", "98204 41276");
    let found = visits(&fixture, sunita, &[appointment(11, sunita, "2026-10-12", "completed", ANJALI)]);
    assert_eq!(found.len(), 1);
}

#[test]
fn a_chart_says_how_many_appointments_it_does_not_show_and_shows_them_when_asked() {
    for role in [Role::Doctor, Role::Receptionist] {
        let fixture = fixture(role);
        let sunita = fixture.register("Sunita", "98204 41276");
        let missed: Vec<Row> = (0..102)
            .map(|place| appointment(1000 + place, sunita, "2026-10-12", "no_show", ANJALI))
            .collect();
        let newest = visits(&fixture, sunita, &missed);
        assert_eq!(newest.len(), 100);
        assert_eq!(fixture.replica.chart(sunita).expect("BUG: the chart").older_visits, 2);
        let older = fixture.replica.older_visits(sunita, 100).expect("BUG: the older ones");
        let ids: Vec<_> = older.iter().map(|visit| visit.id.clone()).collect();
        assert_eq!(ids, [1001, 1000].map(|id| Uuid::from_u128(id).to_string()));
        assert!(fixture.replica.older_visits(sunita, 102).is_ok_and(|none| none.is_empty()));
        let other = fixture.register("Ramesh", "98204 41277");
        assert_eq!(fixture.replica.chart(other).expect("BUG: the chart").older_visits, 0);
    }
}

#[test]
fn a_chart_says_how_many_measurements_it_does_not_show_and_shows_them_when_asked() {
    let doctor = fixture(Role::Doctor);
    let sunita = doctor.register("Sunita", "98204 41276");
    let weighed = |kilograms: u32| Vitals { weight_kg: Some(kilograms.into()), ..Vitals::default() };
    let draft = Draft { items: vec![item("Paracetamol", "1-1-1 x3d")], ..Draft::default() };
    let not_measured = doctor.replica.sign_prescription(sunita, &draft, &[]);
    assert!(not_measured.is_ok());
    for kilograms in 51..=152 {
        let draft = Draft { vitals: weighed(kilograms), ..draft.clone() };
        doctor.replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed");
    }
    let chart = doctor.replica.chart(sunita).expect("BUG: the chart");
    let vitals = |shown: &[Measured]| shown.iter().map(|one| one.vitals.clone()).collect::<Vec<_>>();
    assert_eq!(vitals(&chart.measured), (53..=152).map(weighed).collect::<Vec<_>>());
    assert_eq!(chart.older_measured, 2, "where nothing was measured, nothing is missing");
    let older = doctor.replica.older_measured(sunita, 100).expect("BUG: the older ones");
    assert_eq!(vitals(&older), [weighed(51), weighed(52)]);
    let reception = fixture(Role::Receptionist);
    let ramesh = reception.register("Ramesh", "98204 41277");
    assert!(matches!(reception.replica.older_measured(ramesh, 0), Err(Error::Forbidden(_))));
}

#[test]
fn where_no_prescriptions_are_held_a_patient_was_last_here_when_a_visit_was_finished() {
    let mut fixture = fixture(Role::Receptionist);
    fixture.replica.facts.scope = DeviceScope::FrontDesk;
    let sunita = fixture.register("Sunita", "98204 41276");
    let last = |fixture: &Fixture| fixture.replica.chart(sunita).expect("BUG: the chart").patient.last_visit;
    assert_eq!(last(&fixture), None);
    visits(
        &fixture,
        sunita,
        &[
            appointment(11, sunita, "2026-09-12", "completed", ANJALI),
            appointment(12, sunita, "2026-10-12", "completed", ANJALI),
            appointment(13, sunita, "2026-11-02", "no_show", ANJALI),
            appointment(14, sunita, "2026-12-01", "booked", ANJALI),
        ],
    );
    assert_eq!(last(&fixture).as_deref(), Some("2026-10-12"));
}

#[test]
fn what_is_signed_at_a_visit_by_video_or_phone_says_so_in_the_record_and_on_paper_and_so_does_its_amendment()
{
    let fixture = fixture(Role::Doctor);
    let replica = &fixture.replica;
    let in_hindi = PatientForm { preferred_language: Some("hi".into()), ..form("Sunita", "98204 41276") };
    let sunita = replica.register_patient(&in_hindi).expect("BUG: registered").id;
    let asha = fixture.register("Asha", "98204 41277");
    book(&fixture, sunita, &BookingForm { visit_type: VisitType::Teleconsult, ..here() });
    book(&fixture, asha, &here());
    let draft = Draft { items: vec![item("Paracetamol 650 mg", "1-0-1 x3d")], ..Draft::default() };
    let mode = |id: protocol::id::PrescriptionId| {
        let row = fixture.store.read(|tx| must_get(tx, TableName::Prescriptions, id.0)).expect("BUG: there");
        row["mode"].clone()
    };
    replica.save_draft(sunita, &draft).expect("BUG: saved");
    let previewed = replica.printed_draft(sunita).expect("BUG: drawn").mode;
    let first = replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed").id;
    let printed = replica.printed(first).expect("BUG: printed").mode;
    assert!(printed.starts_with("Generated on a teleconsultation · यह"), "{printed}");
    assert_eq!((mode(first), previewed), (json!("video"), printed.clone()));
    // The visit is over by now.
    let amended = replica.amend_prescription(first).expect("BUG: a draft");
    replica.save_draft(sunita, &amended).expect("BUG: saved");
    assert_eq!(replica.printed_draft(sunita).expect("BUG: drawn").mode, printed);
    let second = replica.sign_prescription(sunita, &amended, &[]).expect("BUG: signed").id;
    assert_eq!(
        (mode(second), replica.printed(second).expect("BUG: printed").mode),
        (json!("video"), printed)
    );
    let there = replica.sign_prescription(asha, &draft, &[]).expect("BUG: signed").id;
    assert_eq!(mode(there), json!("in_person"));
    assert_eq!(replica.printed(there).expect("BUG: printed").mode, "");
    assert_eq!(replica.verify().expect("BUG: verified").problems, Vec::<String>::new());
}

//! The reception's day on two desks: a visit that is booked, led on and ended reaches the other one, and what both did
//! apart comes to one end.

use clinic_tests::clinic::{Clinic, TestDesk, patient};
use protocol::appointment::Status;
use protocol::id::{DoctorId, PatientId};
use protocol::table::TableName;
use replica::view::{Booking, BookingForm, DoctorDay, Draft, Step, VisitType};
use serde_json::json;

use crate::conflicts::meet;

fn doctor(desk: &TestDesk) -> anyhow::Result<DoctorId> {
    desk.replica()?.session().doctor_id.ok_or_else(|| anyhow::anyhow!("a doctor signed in"))
}

fn walks_in(desk: &TestDesk, patient: PatientId) -> anyhow::Result<Booking> {
    let form = BookingForm {
        doctor_id: doctor(desk)?,
        day: String::new(),
        time: String::new(),
        visit_type: VisitType::New,
        is_urgent: false,
        reason: String::new(),
        is_here: true,
        was_asked: false,
    };
    Ok(desk.replica()?.book_visit(patient, &form)?)
}

fn today(desk: &TestDesk) -> anyhow::Result<DoctorDay> {
    let doctor = doctor(desk)?;
    let doctors = desk.replica()?.clinic_day(None)?.doctors;
    doctors.into_iter().find(|day| day.doctor_id == doctor).ok_or_else(|| anyhow::anyhow!("their day"))
}

/// Nothing was refused, and nothing waits for a person.
fn is_settled(desk: &TestDesk) {
    let status = desk.desk.sync_status();
    assert_eq!((status.attention, status.decisions), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_desks_that_led_one_visit_on_at_once_the_one_that_came_further_holds() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let (one, other) = (clinic.desk("Desk").await?, clinic.desk("Room 1").await?);
    for (has_first_word, name) in [(&one, "Sunita"), (&other, "Asha")] {
        let patient = one.replica()?.register_patient(&patient(name, "98204 41276"))?.id;
        let visit = walks_in(&one, patient)?;
        meet(&one, &other).await?;
        assert_eq!(today(&other)?.waiting, std::slice::from_ref(&visit));
        clinic.network.set_down(true);
        one.replica()?.step_visit(visit.id, visit.status, &Step::Start)?;
        other.replica()?.step_visit(visit.id, visit.status, &Step::Finish)?;
        clinic.network.set_down(false);
        has_first_word.synced().await?;
        meet(&one, &other).await?;
        for desk in [&one, &other] {
            let over = today(desk)?.over;
            assert_eq!((over[0].id, over[0].status), (visit.id, Status::Completed));
            assert!(over[0].started_at.is_some(), "what the other said of it stays");
            is_settled(desk);
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_desks_without_a_network_call_no_token_twice_and_the_doctor_ends_what_the_other_desk_began()
-> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let (desk, room) = (clinic.desk("Desk").await?, clinic.desk("Room 1").await?);
    let sunita = desk.replica()?.register_patient(&patient("Sunita", "98204 41276"))?.id;
    let asha = desk.replica()?.register_patient(&patient("Asha", "98204 41277"))?.id;
    meet(&desk, &room).await?;
    clinic.network.set_down(true);
    let (first, second) = (walks_in(&desk, sunita)?, walks_in(&room, asha)?);
    assert_ne!(first.token, second.token);
    clinic.network.set_down(false);
    meet(&desk, &room).await?;
    for desk in [&desk, &room] {
        assert_eq!(today(desk)?.waiting.len(), 2);
    }
    let started = room.replica()?.next_patient()?.started;
    room.synced().await?;
    let draft = Draft { advice: "Warm fluids".into(), ..Draft::default() };
    let signed = room.replica()?.sign_prescription(started.patient.id, &draft, &[])?;
    meet(&desk, &room).await?;
    for desk in [&desk, &room] {
        let day = today(desk)?;
        assert_eq!((day.with_doctor.len(), day.waiting.len(), day.over.len()), (0, 1, 1));
        assert_eq!((day.over[0].id, day.over[0].status), (started.id, Status::Completed));
        let prescriptions = desk.rows()?.into_iter().filter(|row| row.table == TableName::Prescriptions);
        let named: Vec<_> = prescriptions.map(|row| (row.id, row.values["appointment_id"].clone())).collect();
        assert_eq!(named, [(signed.id.0, json!(started.id))]);
        is_settled(desk);
    }
    Ok(())
}

//! The window's commands about the day of the clinic: who comes, who waits, who is with whom.

use prescription_pdf::Drawn;
use protocol::appointment::Status;
use protocol::id::{AppointmentId, DoctorId, PatientId};
use replica::Replica;
use replica::view::{
    Booking, BookingForm, BookingRead, Day, Days, FollowUpDays, FollowUps, NextPatient, Step,
};

use super::{Answer, Here, aside, ask, failed};

#[tauri::command]
pub async fn get_day(desk: Here<'_>, date: Option<String>) -> Answer<Day> {
    ask(desk, move |replica| replica.clinic_day(date.as_deref())).await
}

#[tauri::command]
pub async fn list_follow_ups(desk: Here<'_>, days: FollowUpDays) -> Answer<FollowUps> {
    ask(desk, move |replica| replica.follow_ups(days)).await
}

#[tauri::command]
pub async fn get_days(
    desk: Here<'_>,
    from: Option<String>,
    days: u8,
    doctor_id: Option<DoctorId>,
) -> Answer<Days> {
    ask(desk, move |replica| replica.clinic_days(from.as_deref(), days, doctor_id)).await
}

#[tauri::command]
pub async fn read_booking(
    desk: Here<'_>,
    patient_id: PatientId,
    form: BookingForm,
    moves: Option<AppointmentId>,
) -> Answer<BookingRead> {
    ask(desk, move |replica| replica.read_booking(patient_id, &form, moves)).await
}

#[tauri::command]
pub async fn book_visit(desk: Here<'_>, patient_id: PatientId, form: BookingForm) -> Answer<Booking> {
    ask(desk, move |replica| replica.book_visit(patient_id, &form)).await
}

#[tauri::command]
pub async fn step_visit(desk: Here<'_>, id: AppointmentId, seen: Status, step: Step) -> Answer<Booking> {
    ask(desk, move |replica| replica.step_visit(id, seen, &step)).await
}

#[tauri::command]
pub async fn next_patient(desk: Here<'_>) -> Answer<NextPatient> {
    ask(desk, Replica::next_patient).await
}

/// The slip of whoever waits with a token: its page, how long that is in millimetres, and what of it is empty boxes.
#[tauri::command]
pub async fn token_slip(desk: Here<'_>, id: AppointmentId) -> Answer<(Vec<String>, f64, Option<String>)> {
    let (slip, boxes) = ask(desk, move |replica| {
        let slip = replica.slip(id)?;
        let boxes = replica.boxes_on_paper(&slip)?;
        Ok((slip, boxes))
    })
    .await?;
    aside(move || {
        let drawn = Drawn::slip(&slip).map_err(|error| {
            tracing::error!(%error, "a slip was not drawn");
            failed("The slip could not be drawn. The token holds: tell it to the patient.")
        })?;
        Ok((drawn.svg_pages(), drawn.length_mm(), boxes))
    })
    .await
}

//! The window's commands about teeth.

use protocol::dental::ProcedureStatus;
use protocol::id::{ObservationId, PatientId, ProcedureId};
use replica::Replica;
use replica::view::{DentalChart, DentalLineRead, FindingStatus};

use super::{Answer, Here, ask};

#[tauri::command]
pub async fn get_dental(desk: Here<'_>, patient_id: PatientId) -> Answer<DentalChart> {
    ask(desk, move |replica| replica.dental_chart(patient_id)).await
}

#[tauri::command]
pub fn read_dental_line(text: &str) -> Answer<DentalLineRead> {
    Ok(Replica::read_dental_line(text)?)
}

#[tauri::command]
pub async fn add_dental_line(desk: Here<'_>, patient_id: PatientId, text: String) -> Answer<()> {
    ask(desk, move |replica| replica.add_dental_line(patient_id, &text)).await
}

#[tauri::command]
pub async fn step_finding(
    desk: Here<'_>,
    id: ObservationId,
    seen: FindingStatus,
    next: FindingStatus,
) -> Answer<()> {
    ask(desk, move |replica| replica.step_finding(id, seen, next)).await
}

#[tauri::command]
pub async fn step_procedure(
    desk: Here<'_>,
    id: ProcedureId,
    seen: ProcedureStatus,
    next: ProcedureStatus,
) -> Answer<()> {
    ask(desk, move |replica| replica.step_procedure(id, seen, next)).await
}

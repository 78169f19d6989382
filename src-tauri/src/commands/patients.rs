//! The window's commands about who the patients are.

use protocol::id::PatientId;
use replica::Replica;
use replica::view::{PatientForm, PatientSummary, PatientsFound, Today};

use super::{Answer, Here, ask};

#[tauri::command]
pub async fn get_today(desk: Here<'_>) -> Answer<Today> {
    ask(desk, Replica::today).await
}

#[tauri::command]
pub async fn find_patients(desk: Here<'_>, query: String) -> Answer<PatientsFound> {
    ask(desk, move |replica| replica.find_patients(&query)).await
}

#[tauri::command]
pub async fn register_patient(desk: Here<'_>, form: PatientForm) -> Answer<PatientSummary> {
    ask(desk, move |replica| replica.register_patient(&form)).await
}

#[tauri::command]
pub async fn update_patient(
    desk: Here<'_>,
    patient_id: PatientId,
    seen: PatientForm,
    form: PatientForm,
) -> Answer<PatientSummary> {
    ask(desk, move |replica| replica.update_patient(patient_id, &seen, &form)).await
}

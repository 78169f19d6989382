//! The window's commands about a patient's chart.

use protocol::id::{AllergyId, PatientId};
use replica::view::{Allergen, AllergyForm, Chart, Diagnosis, Measured, Visit};

use super::{Answer, Here, ask};

#[tauri::command]
pub async fn get_chart(desk: Here<'_>, patient_id: PatientId) -> Answer<Chart> {
    ask(desk, move |replica| replica.chart(patient_id)).await
}

#[tauri::command]
pub async fn older_visits(desk: Here<'_>, patient_id: PatientId, newer: u32) -> Answer<Vec<Visit>> {
    ask(desk, move |replica| replica.older_visits(patient_id, newer)).await
}

#[tauri::command]
pub async fn older_measured(desk: Here<'_>, patient_id: PatientId, newer: u32) -> Answer<Vec<Measured>> {
    ask(desk, move |replica| replica.older_measured(patient_id, newer)).await
}

#[tauri::command]
pub async fn find_allergens(desk: Here<'_>, typed: String) -> Answer<Vec<Allergen>> {
    ask(desk, move |replica| replica.find_allergens(&typed)).await
}

#[tauri::command]
pub async fn add_allergy(desk: Here<'_>, patient_id: PatientId, form: AllergyForm) -> Answer<()> {
    ask(desk, move |replica| replica.save_allergy(patient_id, None, &form)).await
}

#[tauri::command]
pub async fn change_allergy(
    desk: Here<'_>,
    patient_id: PatientId,
    id: AllergyId,
    seen: AllergyForm,
    form: AllergyForm,
) -> Answer<()> {
    ask(desk, move |replica| replica.save_allergy(patient_id, Some((id, &seen)), &form)).await
}

#[tauri::command]
pub async fn note_no_allergies(desk: Here<'_>, patient_id: PatientId) -> Answer<()> {
    ask(desk, move |replica| replica.note_no_allergies(patient_id)).await
}

#[tauri::command]
pub async fn save_conditions(
    desk: Here<'_>,
    patient_id: PatientId,
    seen: Vec<Diagnosis>,
    wanted: Vec<Diagnosis>,
) -> Answer<()> {
    ask(desk, move |replica| replica.save_conditions(patient_id, &seen, &wanted)).await
}

//! The window's commands about the prescription that is being written.

use protocol::id::{PatientId, PrescriptionId};
use replica::Replica;
use replica::view::{
    Diagnosis, DosageRead, Draft, DraftItem, DraftSaved, GivenDraft, LineRead, Pad, PrescriptionSummary,
    Safety,
};

use super::{Answer, Here, ask};

#[tauri::command]
pub async fn open_pad(desk: Here<'_>, patient_id: PatientId) -> Answer<Pad> {
    ask(desk, move |replica| replica.open_pad(patient_id)).await
}

#[tauri::command]
pub async fn save_draft(desk: Here<'_>, patient_id: PatientId, draft: Draft) -> Answer<DraftSaved> {
    ask(desk, move |replica| replica.save_draft(patient_id, &draft)).await
}

#[tauri::command]
pub async fn discard_draft(desk: Here<'_>, patient_id: PatientId) -> Answer<()> {
    ask(desk, move |replica| replica.discard_draft(patient_id)).await
}

#[tauri::command]
pub async fn read_line(desk: Here<'_>, text: String, was: Option<DraftItem>) -> Answer<LineRead> {
    ask(desk, move |replica| replica.read_line(&text, was.as_ref())).await
}

#[tauri::command]
pub async fn read_dosage(
    desk: Here<'_>,
    text: String,
    name: String,
    dosage_form: String,
    strength: String,
) -> Answer<DosageRead> {
    Ok(Replica::read_dosage(&text, &name, &dosage_form, &strength, desk.speaks())?)
}

#[tauri::command]
pub async fn find_diagnoses(desk: Here<'_>, typed: String) -> Answer<Vec<Diagnosis>> {
    ask(desk, move |replica| replica.find_diagnoses(&typed)).await
}

#[tauri::command]
pub async fn repeat_prescription(
    desk: Here<'_>,
    patient_id: PatientId,
    prescription_id: Option<PrescriptionId>,
    draft: Option<Draft>,
) -> Answer<Draft> {
    ask(desk, move |replica| replica.repeat_prescription(patient_id, prescription_id, draft)).await
}

#[tauri::command]
pub async fn check_draft(
    desk: Here<'_>,
    patient_id: PatientId,
    draft: Draft,
    typed: Option<DraftItem>,
) -> Answer<Safety> {
    ask(desk, move |replica| replica.check_draft(patient_id, &draft, typed.as_ref())).await
}

#[tauri::command]
pub async fn sign_prescription(
    desk: Here<'_>,
    patient_id: PatientId,
    draft: Draft,
    leave_out: Vec<usize>,
) -> Answer<PrescriptionSummary> {
    ask(desk, move |replica| replica.sign_prescription(patient_id, &draft, &leave_out)).await
}

#[tauri::command]
pub async fn give_to_doctor(desk: Here<'_>, patient_id: PatientId, draft: Draft) -> Answer<GivenDraft> {
    ask(desk, move |replica| replica.give_to_doctor(patient_id, &draft)).await
}

#[tauri::command]
pub async fn take_up_prepared(desk: Here<'_>, patient_id: PatientId, draft: Draft) -> Answer<Draft> {
    ask(desk, move |replica| replica.take_up_prepared(patient_id, draft)).await
}

#[tauri::command]
pub async fn take_back_prepared(desk: Here<'_>, prepared_id: PrescriptionId) -> Answer<()> {
    ask(desk, move |replica| replica.take_back_prepared(prepared_id)).await
}

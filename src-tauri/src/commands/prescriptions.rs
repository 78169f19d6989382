//! The window's commands about signed prescriptions, and the pages of one that is not signed yet.

use std::sync::Arc;

use prescription_pdf::{Drawn, Paper};
use protocol::id::{PatientId, PrescriptionId, PrescriptionItemId};
use protocol::printed::Printed;
use replica::view::{Draft, PrescriptionSummary};
use tauri::AppHandle;

use super::{Answer, Here, aside, ask, failed};
use crate::files::{choose_place, save};

/// Draws a prescription on A4, or on A5.
pub(super) fn draw(prescription: &Printed, is_a4: bool) -> Answer<Drawn> {
    Drawn::new(prescription, if is_a4 { Paper::A4 } else { Paper::A5 }).map_err(|error| {
        tracing::error!(%error, "a prescription was not drawn");
        failed("The page could not be drawn. The prescription itself is safe.")
    })
}

#[tauri::command]
pub async fn older_prescriptions(
    desk: Here<'_>,
    patient_id: PatientId,
    newer: u32,
) -> Answer<Vec<PrescriptionSummary>> {
    ask(desk, move |replica| replica.older_prescriptions(patient_id, newer)).await
}

#[tauri::command]
pub async fn get_prescription(
    desk: Here<'_>,
    prescription_id: PrescriptionId,
) -> Answer<PrescriptionSummary> {
    ask(desk, move |replica| replica.prescription(prescription_id)).await
}

#[tauri::command]
pub async fn amend_prescription(desk: Here<'_>, prescription_id: PrescriptionId) -> Answer<Draft> {
    ask(desk, move |replica| replica.amend_prescription(prescription_id)).await
}

#[tauri::command]
pub async fn void_prescription(
    desk: Here<'_>,
    prescription_id: PrescriptionId,
    reason: String,
) -> Answer<PrescriptionSummary> {
    ask(desk, move |replica| replica.void_prescription(prescription_id, &reason)).await
}

#[tauri::command]
pub async fn stop_medicine(desk: Here<'_>, item_id: PrescriptionItemId, reason: String) -> Answer<()> {
    ask(desk, move |replica| replica.stop_medicine(item_id, &reason)).await
}

#[tauri::command]
pub async fn resume_medicine(desk: Here<'_>, item_id: PrescriptionItemId) -> Answer<()> {
    ask(desk, move |replica| replica.resume_medicine(item_id)).await
}

#[tauri::command]
pub async fn preview_draft(desk: Here<'_>, patient_id: PatientId) -> Answer<Vec<String>> {
    let printed = ask(desk, move |replica| replica.printed_draft(patient_id)).await?;
    aside(move || Ok(draw(&printed, false)?.svg_pages())).await
}

#[tauri::command]
pub async fn prescription_pages(
    desk: Here<'_>,
    prescription_id: PrescriptionId,
    is_a4: bool,
) -> Answer<Vec<String>> {
    let printed = ask(desk, move |replica| replica.printed(prescription_id)).await?;
    aside(move || Ok(draw(&printed, is_a4)?.svg_pages())).await
}

/// Asks where to save the PDF; `None` if the person changed their mind. Only what was written is noted as printed.
#[tauri::command]
pub async fn save_prescription_pdf(
    app: AppHandle,
    desk: Here<'_>,
    prescription_id: PrescriptionId,
    is_a4: bool,
) -> Answer<Option<String>> {
    let (here, replica) = (Arc::clone(&desk), desk.replica()?);
    let printed = ask(desk, move |replica| replica.printed(prescription_id)).await?;
    aside(move || {
        let not_drawn = "The PDF could not be written. The prescription itself is safe.";
        let pdf = draw(&printed, is_a4)?.pdf().map_err(|_| failed(not_drawn))?;
        let name = format!("{}.pdf", printed.number);
        let Some(path) = choose_place(&app, &here, &replica, &name, Some(("PDF", "pdf")))? else {
            return Ok(None);
        };
        save(&path, &pdf).map_err(|error| {
            tracing::warn!(kind = ?error.kind(), "a PDF was not written");
            failed(
                "The PDF could not be written there. The prescription itself is safe; choose another folder.",
            )
        })?;
        replica.print(prescription_id)?;
        Ok(Some(path.to_string_lossy().into_owned()))
    })
    .await
}

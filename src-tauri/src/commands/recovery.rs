//! The window's commands about this computer's recovery code.

use std::sync::Arc;

use prescription_pdf::{Drawn, RecoveryPaper};
use replica::view::{AppState, RecoveryForm, RecoveryPage};
use tauri::AppHandle;

use super::{Answer, Here, aside, failed};
use crate::files::{choose_place, save};

/// Opens this computer, whose keys are lost or which a restored server does not know, with its recovery code.
#[tauri::command]
pub async fn recover(desk: Here<'_>, form: RecoveryForm) -> Answer<AppState> {
    Ok(desk.recover(form).await?)
}

#[tauri::command]
pub async fn new_recovery_code(desk: Here<'_>, password: String) -> Answer<AppState> {
    Ok(desk.new_recovery_code(&password).await?)
}

/// The recovery code that waits to be written down.
#[tauri::command]
pub async fn recovery_page(desk: Here<'_>) -> Answer<Option<RecoveryPage>> {
    Ok(desk.recovery_page()?)
}

/// Whoever is signed in says that it is written down.
#[tauri::command]
pub async fn keep_recovery_code(desk: Here<'_>) -> Answer<AppState> {
    let desk = Arc::clone(&desk);
    aside(move || Ok(desk.recovery_is_kept()?)).await
}

/// Asks where to, and writes the page of the recovery code; `None` if the person changed their mind.
#[tauri::command]
pub async fn save_recovery_pdf(app: AppHandle, desk: Here<'_>) -> Answer<Option<String>> {
    let page = desk.recovery_page()?;
    let (desk, replica) = (Arc::clone(&desk), desk.replica()?);
    aside(move || {
        let not_written = "The PDF could not be written. The code is still on the screen: write it down.";
        let page = page.ok_or_else(|| failed("No recovery code is shown any more. Make another one."))?;
        let clinic = format!("{}, {}", page.tenant_name, page.clinic_name);
        let made_on = replica.day_in_words(&page.made_at)?;
        let paper = RecoveryPaper {
            code: &page.code,
            fingerprint: &page.fingerprint,
            device_name: &page.device_name,
            clinic_name: &clinic,
            made_on: &made_on,
            language: desk.speaks().into(),
        };
        let drawn = Drawn::recovery(paper).and_then(|drawn| drawn.pdf());
        let pdf = drawn.map_err(|error| {
            tracing::error!(%error, "the page of a recovery code was not drawn");
            failed(not_written)
        })?;
        let name = format!("recovery-code-{}.pdf", page.fingerprint);
        let Some(path) = choose_place(&app, &desk, &replica, &name, Some(("PDF", "pdf")))? else {
            return Ok(None);
        };
        save(&path, &pdf).map_err(|error| {
            tracing::warn!(kind = ?error.kind(), "the page of a recovery code was not written");
            failed(not_written)
        })?;
        Ok(Some(path.to_string_lossy().into_owned()))
    })
    .await
}

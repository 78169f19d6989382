//! The window's commands about paper: the dialog for printing, and the clinic's own picture.

use std::fs::File;
use std::io::Read;
use std::sync::Arc;

use prescription_pdf::logo;
use protocol::error::ErrorCode;
use protocol::id::{AppointmentId, PrescriptionId};
use replica::view::CommandError;
use tauri::{AppHandle, WebviewWindow};
use tauri_plugin_dialog::DialogExt;

use crate::commands::{Answer, Here, aside, ask, failed};
use crate::files::must_still_be;

/// Opens the system's dialog for printing. The pages stand ready in the window, on a sheet that shows on paper only.
#[tauri::command]
pub async fn print_prescription(
    window: WebviewWindow,
    desk: Here<'_>,
    prescription_id: PrescriptionId,
) -> Answer<()> {
    ask(desk, move |replica| replica.print(prescription_id)).await?;
    open_dialog(
        &window,
        "The print dialog did not open. The prescription itself is safe; save it as a PDF and print that.",
    )
}

/// The same for the slip of whoever waits with a token.
#[tauri::command]
pub async fn print_slip(window: WebviewWindow, desk: Here<'_>, id: AppointmentId) -> Answer<()> {
    ask(desk, move |replica| replica.print_slip(id)).await?;
    open_dialog(&window, "The print dialog did not open. The token holds: tell it to the patient.")
}

fn open_dialog(window: &WebviewWindow, if_not: &str) -> Answer<()> {
    window.print().map_err(|error| {
        tracing::error!(%error, "the print dialog did not open");
        failed(if_not)
    })
}

/// Asks for the clinic's own picture and puts it into the letterhead; false if the person changed their mind.
#[tauri::command]
pub async fn choose_logo(app: AppHandle, desk: Here<'_>) -> Answer<bool> {
    let (desk, replica) = (Arc::clone(&desk), desk.replica()?);
    aside(move || {
        let endings = &["png", "jpg", "jpeg"];
        let chosen = app.dialog().file().add_filter("PNG, JPEG", endings).blocking_pick_file();
        let Some(path) = chosen.and_then(|file| file.into_path().ok()) else { return Ok(false) };
        must_still_be(&desk, &replica)?;
        let mut bytes = Vec::new();
        File::open(&path)
            .and_then(|file| file.take(logo::MAX_FILE_BYTES + 1).read_to_end(&mut bytes))
            .map_err(|error| {
                tracing::warn!(kind = ?error.kind(), "a picture was not read");
                failed("This file cannot be read. Nothing was changed; see whether it opens elsewhere.")
            })?;
        let kept =
            logo::read(&bytes).map_err(|error| CommandError::new(ErrorCode::Invalid, error.to_string()))?;
        replica.save_logo(Some(&kept))?;
        Ok(true)
    })
    .await
}

/// Takes the clinic's own picture out of the letterhead.
#[tauri::command]
pub async fn remove_logo(desk: Here<'_>) -> Answer<()> {
    ask(desk, |replica| replica.save_logo(None)).await
}

//! The window's commands about files in a patient's record. Which file is added, and where a copy goes, a person chooses in
//! a dialog of the system: the window names no path.

use std::fs::File;
use std::sync::Arc;

use protocol::id::{AttachmentId, PatientId};
use replica::view::{AttachmentForm, AttachmentView, CommandError};
use replica::{Desk, Replica};
use tauri::AppHandle;
use tauri::ipc::Response;
use tauri_plugin_dialog::DialogExt;

use crate::commands::{Answer, Here, aside, ask, failed};

/// How the names of files end that may be taken. What a file is, its first bytes say.
const ENDINGS: &[&str] = &["jpg", "jpeg", "png", "webp", "pdf", "dcm", "dicom"];

#[tauri::command]
pub async fn list_attachments(desk: Here<'_>, patient_id: PatientId) -> Answer<Vec<AttachmentView>> {
    ask(desk, move |replica| replica.attachments(patient_id)).await
}

#[tauri::command]
pub async fn list_unsent_attachments(desk: Here<'_>) -> Answer<Vec<AttachmentView>> {
    ask(desk, Replica::unsent_attachments).await
}

/// A dialog of the system outlives the lock: whoever answers it may be someone else.
pub fn must_still_be(desk: &Desk, replica: &Arc<Replica>) -> Result<(), CommandError> {
    if Arc::ptr_eq(&desk.replica()?, replica) {
        Ok(())
    } else {
        Err(failed("Someone else has signed in meanwhile. Nothing was done; begin again."))
    }
}

/// Asks which file, and adds it; `None` if the person changed their mind.
#[tauri::command]
pub async fn add_attachment(
    app: AppHandle,
    desk: Here<'_>,
    patient_id: PatientId,
    form: AttachmentForm,
) -> Answer<Option<AttachmentView>> {
    let (desk, replica) = (Arc::clone(&desk), desk.replica()?);
    aside(move || {
        let chosen =
            app.dialog().file().add_filter("JPEG, PNG, WebP, PDF, DICOM", ENDINGS).blocking_pick_file();
        let Some(path) = chosen.and_then(|file| file.into_path().ok()) else { return Ok(None) };
        must_still_be(&desk, &replica)?;
        let mut file = File::open(&path).map_err(|error| {
            tracing::warn!(kind = ?error.kind(), "a file was not read");
            failed("This file cannot be read. Nothing was added; see whether it opens elsewhere.")
        })?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Ok(Some(replica.attach(patient_id, &name, &mut file, &form)?))
    })
    .await
}

/// The bytes of a file, for the window to show. They are on no disk in the clear.
#[tauri::command]
pub async fn open_attachment(desk: Here<'_>, attachment_id: AttachmentId) -> Answer<Response> {
    let content = desk.open_attachment(attachment_id).await?;
    Ok(Response::new(content.bytes.to_vec()))
}

/// Asks where to write a copy; `None` if the person changed their mind.
#[tauri::command]
pub async fn save_attachment(
    app: AppHandle,
    desk: Here<'_>,
    attachment_id: AttachmentId,
) -> Answer<Option<String>> {
    let replica = desk.replica()?;
    let content = desk.open_attachment(attachment_id).await?;
    let desk = Arc::clone(&desk);
    aside(move || {
        let chosen = app.dialog().file().set_file_name(&content.file_name).blocking_save_file();
        let Some(path) = chosen.and_then(|file| file.into_path().ok()) else { return Ok(None) };
        must_still_be(&desk, &replica)?;
        std::fs::write(&path, &*content.bytes).map_err(|error| {
            tracing::warn!(kind = ?error.kind(), "a copy was not written");
            failed("The copy could not be written there. The file itself is safe; choose another folder.")
        })?;
        replica.note_saved_copy(attachment_id)?;
        Ok(Some(path.to_string_lossy().into_owned()))
    })
    .await
}

#[tauri::command]
pub async fn remove_attachment(desk: Here<'_>, attachment_id: AttachmentId) -> Answer<()> {
    ask(desk, move |replica| replica.remove_attachment(attachment_id)).await
}

#[tauri::command]
pub async fn send_attachment_again(desk: Here<'_>, attachment_id: AttachmentId) -> Answer<()> {
    ask(desk, move |replica| replica.send_attachment_again(attachment_id)).await
}

//! The window's commands about files in a patient's record. Which file is added, and where a copy goes, a person chooses in
//! a dialog of the system or by dropping it (`dropped.rs`): the window names no path.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use protocol::error::ErrorCode;
use protocol::id::{AttachmentId, PatientId};
use replica::view::{AttachmentForm, AttachmentView, CommandError};
use replica::{Desk, Replica};
use tauri::AppHandle;
use tauri::ipc::Response;
use tauri_plugin_dialog::DialogExt;

use crate::child::{self, Job};
use crate::commands::{Answer, Here, aside, ask, failed};
use crate::drawing::Failure;

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

/// Asks where to write a file of this name, of one kind or of any; `None` if the person changed their mind.
pub fn choose_place(
    app: &AppHandle,
    desk: &Desk,
    replica: &Arc<Replica>,
    name: &str,
    kind: Option<(&str, &str)>,
) -> Answer<Option<PathBuf>> {
    let mut dialog = app.dialog().file().set_file_name(name);
    if let Some((words, ending)) = kind {
        dialog = dialog.add_filter(words, &[ending]);
    }
    let Some(path) = dialog.blocking_save_file().and_then(|file| file.into_path().ok()) else {
        return Ok(None);
    };
    must_still_be(desk, replica)?;
    Ok(Some(path))
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
        attach(&replica, patient_id, &path, &form).map(Some)
    })
    .await
}

/// Adds the file at this path.
pub fn attach(
    replica: &Replica,
    patient: PatientId,
    path: &Path,
    form: &AttachmentForm,
) -> Answer<AttachmentView> {
    let mut file = open(path).map_err(|error| {
        tracing::warn!(kind = ?error.kind(), "a file was not read");
        failed("This file cannot be read. Nothing was added; see whether it opens elsewhere.")
    })?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(replica.attach(patient, &name, &mut file, form)?)
}

/// Opens a file, and neither a folder nor a pipe that never ends.
fn open(path: &Path) -> std::io::Result<File> {
    if path.metadata()?.is_file() { File::open(path) } else { Err(std::io::ErrorKind::InvalidInput.into()) }
}

/// Writes a file that somebody saves.
pub fn save(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    replica::save_file(path, |file| std::io::Write::write_all(file, bytes))
}

/// The bytes of a file, for the window to show. They are on no disk in the clear.
#[tauri::command]
pub async fn open_attachment(desk: Here<'_>, attachment_id: AttachmentId) -> Answer<Response> {
    let content = desk.open_attachment(attachment_id).await?;
    Ok(Response::new(content.bytes.to_vec()))
}

/// A small picture of a file that is on this computer, for the list. It is kept on no disk.
#[tauri::command]
pub async fn small_picture(desk: Here<'_>, attachment_id: AttachmentId) -> Answer<Response> {
    let turn = child::turn().await.map_err(not_drawn)?;
    let replica = desk.replica()?;
    let content = aside(move || Ok(replica.attachment_here(attachment_id)?)).await?;
    let content = content.ok_or_else(|| failed("This file is not on this computer."))?;
    let drawn = child::draw(turn, Job::Small, &content.bytes).await.map_err(not_drawn)?;
    // Who has locked the window meanwhile sees nothing of it.
    desk.replica()?;
    Ok(Response::new(drawn))
}

/// How many pages a PDF has.
#[tauri::command]
pub async fn count_pages(desk: Here<'_>, attachment_id: AttachmentId) -> Answer<u32> {
    let content = desk.open_attachment(attachment_id).await?;
    let turn = child::turn().await.map_err(not_drawn)?;
    let counted = child::draw(turn, Job::Count, &content.bytes).await.map_err(not_drawn)?;
    let counted = String::from_utf8(counted).ok().and_then(|count| count.parse().ok());
    counted.ok_or_else(|| not_drawn(Failure::Damaged))
}

/// A page of a PDF as a picture; the first one is 0.
#[tauri::command]
pub async fn draw_page(desk: Here<'_>, attachment_id: AttachmentId, page: u32) -> Answer<Response> {
    let content = desk.open_attachment(attachment_id).await?;
    let turn = child::turn().await.map_err(not_drawn)?;
    let drawn = child::draw(turn, Job::Page(page), &content.bytes).await.map_err(not_drawn)?;
    desk.replica()?;
    Ok(Response::new(drawn))
}

fn not_drawn(failure: Failure) -> CommandError {
    let why = match failure {
        Failure::Damaged => "This file is damaged, or of a kind that cannot be drawn here.",
        Failure::Encrypted => "This PDF is encrypted, and cannot be drawn without its password.",
        Failure::TooMuch => "This file takes more time or memory to draw than is given to one.",
        Failure::NoChild => "The part of this program that draws files did not start.",
    };
    let detail = format!("{why} The file itself is safe: save a copy and open it with another program.");
    CommandError::new(ErrorCode::Invalid, detail)
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
        let Some(path) = choose_place(&app, &desk, &replica, &content.file_name, None)? else {
            return Ok(None);
        };
        save(&path, &content.bytes).map_err(|error| {
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

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_somebody_saves_only_they_read_and_a_file_that_is_there_stays_as_it_is() {
        let folder = std::env::temp_dir().join(format!("clinic-desk-saves-{}", std::process::id()));
        std::fs::create_dir(&folder).expect("BUG: a folder");
        let (new, shared) = (folder.join("new.pdf"), folder.join("shared.pdf"));
        std::fs::write(&shared, "what was there before, and longer").expect("BUG: written");
        std::fs::set_permissions(&shared, PermissionsExt::from_mode(0o640)).expect("BUG: set");
        for (path, mode) in [(&new, 0o600), (&shared, 0o640)] {
            save(path, b"a prescription").expect("BUG: saved");
            assert_eq!(std::fs::read(path).expect("BUG: read"), b"a prescription");
            assert_eq!(std::fs::metadata(path).expect("BUG: there").permissions().mode() & 0o777, mode);
        }
        std::fs::remove_dir_all(folder).expect("BUG: removed");
    }
}

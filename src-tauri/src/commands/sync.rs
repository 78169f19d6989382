//! The window's commands about sync, and about what the server refused.

use std::sync::Arc;

use protocol::id::ConflictId;
use protocol::settlement::Way;
use replica::Replica;
use replica::view::{CorrectedField, RefusedChange, SyncStatus};

use super::{Answer, Here, aside, ask};

#[tauri::command]
pub async fn sync_status(desk: Here<'_>) -> Answer<SyncStatus> {
    let desk = Arc::clone(&desk);
    aside(move || Ok(desk.sync_status())).await
}

#[tauri::command]
pub async fn sync_now(desk: Here<'_>) -> Answer<()> {
    desk.sync_now();
    Ok(())
}

#[tauri::command]
pub async fn list_refused(desk: Here<'_>) -> Answer<Vec<RefusedChange>> {
    ask(desk, Replica::refused).await
}

#[tauri::command]
pub async fn settle_refused(
    desk: Here<'_>,
    sequence: u32,
    way: Way,
    reason: String,
    corrected: Vec<CorrectedField>,
) -> Answer<()> {
    ask(desk, move |replica| replica.settle(sequence, way, &reason, &corrected)).await
}

/// What a refused change says that is before the admins; the server is asked.
#[tauri::command]
pub async fn look_at_refused(desk: Here<'_>, conflict_id: ConflictId) -> Answer<RefusedChange> {
    Ok(desk.look_at_refused(conflict_id).await?)
}

#[tauri::command]
pub async fn correct_refused(
    desk: Here<'_>,
    conflict_id: ConflictId,
    corrected: Vec<CorrectedField>,
) -> Answer<()> {
    Ok(desk.correct_refused(conflict_id, corrected).await?)
}

//! The window's commands about what waits for a decision, and about patients who are registered twice.

use protocol::conflict::Choice;
use protocol::id::{ConflictId, PatientId};
use replica::view::Conflict;

use super::{Answer, Here, ask};

#[tauri::command]
pub async fn list_conflicts(desk: Here<'_>, is_open: bool) -> Answer<Vec<Conflict>> {
    ask(desk, move |replica| replica.conflicts(is_open)).await
}

#[tauri::command]
pub async fn decide_conflict(
    desk: Here<'_>,
    conflict_id: ConflictId,
    choice: Choice,
    typed: Option<String>,
    reason: String,
) -> Answer<Conflict> {
    ask(desk, move |replica| replica.decide_conflict(conflict_id, choice, typed.as_deref(), &reason)).await
}

#[tauri::command]
pub async fn merge_patients(desk: Here<'_>, keep: PatientId, away: PatientId, reason: String) -> Answer<()> {
    ask(desk, move |replica| replica.merge_patients(keep, away, &reason)).await
}

#[tauri::command]
pub async fn unmerge_patient(desk: Here<'_>, away: PatientId) -> Answer<()> {
    ask(desk, move |replica| replica.unmerge_patient(away)).await
}

#[tauri::command]
pub async fn propose_merger(desk: Here<'_>, one: PatientId, other: PatientId) -> Answer<()> {
    ask(desk, move |replica| replica.propose_merger(one, other)).await
}

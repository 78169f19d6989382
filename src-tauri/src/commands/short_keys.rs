//! The window's commands about short keys and phrases.

use protocol::id::{PatientId, ShortKeyId};
use replica::Replica;
use replica::view::{Draft, ShortKey, ShortKeyForm, ShortKeyFound, ShortKeyTest};

use super::{Answer, Here, ask};

#[tauri::command]
pub async fn find_short_keys(
    desk: Here<'_>,
    patient_id: PatientId,
    typed: String,
) -> Answer<Vec<ShortKeyFound>> {
    ask(desk, move |replica| replica.find_short_keys(patient_id, &typed)).await
}

#[tauri::command]
pub async fn expand_short_key(
    desk: Here<'_>,
    patient_id: PatientId,
    typed: String,
    draft: Draft,
) -> Answer<Draft> {
    ask(desk, move |replica| replica.expand_short_key(patient_id, &typed, draft)).await
}

#[tauri::command]
pub async fn list_phrases(desk: Here<'_>) -> Answer<Vec<(String, String)>> {
    ask(desk, Replica::phrases).await
}

#[tauri::command]
pub async fn list_short_keys(desk: Here<'_>) -> Answer<Vec<ShortKey>> {
    ask(desk, Replica::short_keys).await
}

#[tauri::command]
pub async fn save_short_key(
    desk: Here<'_>,
    opened: Option<(ShortKeyId, ShortKeyForm)>,
    form: ShortKeyForm,
) -> Answer<ShortKeyId> {
    ask(desk, move |replica| {
        let opened = opened.as_ref().map(|(id, seen)| (*id, seen));
        replica.save_short_key(opened, &form)
    })
    .await
}

#[tauri::command]
pub async fn remove_short_key(desk: Here<'_>, id: ShortKeyId) -> Answer<()> {
    ask(desk, move |replica| replica.remove_short_key(id)).await
}

#[tauri::command]
pub async fn test_short_key(desk: Here<'_>, form: ShortKeyForm) -> Answer<ShortKeyTest> {
    ask(desk, move |replica| replica.test_short_key(&form)).await
}

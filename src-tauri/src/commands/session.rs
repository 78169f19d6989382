//! The window's commands about who is at this computer, and in which language the window speaks.

use std::sync::Arc;

use replica::Language;
use replica::view::{AppState, Enrolment};

use super::{Answer, Here, aside};

#[tauri::command]
pub async fn app_state(desk: Here<'_>) -> Answer<AppState> {
    let desk = Arc::clone(&desk);
    aside(move || Ok(desk.state())).await
}

#[tauri::command]
pub async fn language(desk: Here<'_>) -> Answer<Language> {
    let desk = Arc::clone(&desk);
    aside(move || Ok(desk.language())).await
}

#[tauri::command]
pub async fn set_language(desk: Here<'_>, language: Language) -> Answer<()> {
    let desk = Arc::clone(&desk);
    aside(move || Ok(desk.set_language(language)?)).await
}

#[tauri::command]
pub async fn enrol(desk: Here<'_>, enrolment: Enrolment) -> Answer<AppState> {
    Ok(desk.enrol(enrolment).await?)
}

#[tauri::command]
pub async fn enrol_again(desk: Here<'_>, code: String, password: String) -> Answer<AppState> {
    Ok(desk.enrol_again(&code, &password).await?)
}

#[tauri::command]
pub async fn unlock(desk: Here<'_>, email: String, password: String) -> Answer<AppState> {
    Ok(desk.unlock(&email, &password).await?)
}

#[tauri::command]
pub async fn change_password(desk: Here<'_>, old: String, new: String) -> Answer<AppState> {
    Ok(desk.change_password(&old, &new).await?)
}

/// What speaks against a new password, while it is typed.
#[tauri::command]
pub async fn password_fault(desk: Here<'_>, old: String, new: String) -> Answer<Option<String>> {
    let desk = Arc::clone(&desk);
    aside(move || Ok(desk.password_fault(&old, &new)?)).await
}

#[tauri::command]
pub async fn lock(desk: Here<'_>) -> Answer<AppState> {
    let desk = Arc::clone(&desk);
    aside(move || {
        desk.lock();
        Ok(desk.state())
    })
    .await
}

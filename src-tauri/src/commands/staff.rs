//! The window's commands about the clinic's staff.

use protocol::api::Secret;
use protocol::id::UserId;
use replica::view::{StaffForm, StaffList};

use super::{Answer, Here};

#[tauri::command]
pub async fn list_staff(desk: Here<'_>) -> Answer<StaffList> {
    Ok(desk.staff().await?)
}

#[tauri::command]
pub async fn add_staff(desk: Here<'_>, form: StaffForm) -> Answer<Secret> {
    Ok(desk.add_staff(&form).await?)
}

#[tauri::command]
pub async fn change_staff(desk: Here<'_>, id: UserId, seen: StaffForm, form: StaffForm) -> Answer<()> {
    Ok(desk.change_staff(id, &seen, &form).await?)
}

#[tauri::command]
pub async fn give_password(desk: Here<'_>, id: UserId) -> Answer<Secret> {
    Ok(desk.give_password(id).await?)
}

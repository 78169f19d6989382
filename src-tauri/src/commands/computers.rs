//! The window's commands about the clinic's computers, and who manages them.

use protocol::id::DeviceId;
use replica::view::ComputerView;

use super::{Answer, Here};

#[tauri::command]
pub async fn list_computers(desk: Here<'_>) -> Answer<Vec<ComputerView>> {
    let this = desk.replica()?.device();
    Ok(desk.devices().await?.into_iter().map(|info| ComputerView::of(info, this)).collect())
}

#[tauri::command]
pub async fn revoke_computer(desk: Here<'_>, id: DeviceId, reason: Option<String>) -> Answer<ComputerView> {
    let this = desk.replica()?.device();
    Ok(ComputerView::of(desk.revoke_device(id, reason).await?, this))
}

#[tauri::command]
pub async fn object_to_admin(desk: Here<'_>) -> Answer<()> {
    Ok(desk.object_to_admin().await?)
}

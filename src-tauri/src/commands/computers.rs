//! The window's commands about the clinic's computers, and who manages them.

use protocol::api::DeviceScope;
use protocol::id::{ClinicId, DeviceId};
use replica::view::{ComputerCode, ComputerList, ComputerView};

use super::{Answer, Here};

#[tauri::command]
pub async fn list_computers(desk: Here<'_>) -> Answer<ComputerList> {
    Ok(desk.computers().await?)
}

#[tauri::command]
pub async fn new_computer_code(
    desk: Here<'_>,
    clinic_id: ClinicId,
    scope: DeviceScope,
) -> Answer<ComputerCode> {
    Ok(desk.new_computer_code(clinic_id, scope).await?)
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

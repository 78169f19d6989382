//! The window's commands about the audit log.

use replica::view::{AuditChoices, AuditFilter, AuditList};

use super::{Answer, Here};

#[tauri::command]
pub async fn list_audit(desk: Here<'_>, filter: AuditFilter, older: Option<String>) -> Answer<AuditList> {
    Ok(desk.audit_log(filter, older).await?)
}

#[tauri::command]
pub async fn audit_choices(desk: Here<'_>) -> Answer<AuditChoices> {
    Ok(desk.audit_choices().await?)
}

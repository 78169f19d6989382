//! The window's commands about the ledger of all changes.

use std::sync::Arc;

use replica::view::{LedgerChoices, LedgerFilter, LedgerFormat, LedgerPage};
use replica::{Error, Replica, save_file};
use tauri::AppHandle;

use super::{Answer, Here, aside, ask, failed};
use crate::files::choose_place;

/// At most this many entries of the ledger come at once.
const LEDGER_ENTRIES: u32 = 200;

#[tauri::command]
pub async fn list_ledger(desk: Here<'_>, filter: LedgerFilter, before: Option<u32>) -> Answer<LedgerPage> {
    ask(desk, move |replica| replica.ledger_page(&filter, before, LEDGER_ENTRIES)).await
}

#[tauri::command]
pub async fn ledger_choices(desk: Here<'_>) -> Answer<LedgerChoices> {
    ask(desk, Replica::ledger_choices).await
}

/// Asks where to write the ledger; `None` if the person changed their mind.
#[tauri::command]
pub async fn save_ledger(
    app: AppHandle,
    desk: Here<'_>,
    filter: LedgerFilter,
    format: LedgerFormat,
) -> Answer<Option<String>> {
    let (desk, replica) = (Arc::clone(&desk), desk.replica()?);
    aside(move || {
        let kind = match format {
            LedgerFormat::Csv => ("CSV", "csv"),
            LedgerFormat::Ndjson => ("JSON lines", "ndjson"),
        };
        let name = format!("ledger.{}", kind.1);
        let Some(path) = choose_place(&app, &desk, &replica, &name, Some(kind))? else { return Ok(None) };
        save_file(&path, |file| replica.export_ledger(&filter, format, file)).map_err(|error| match error {
            Error::Internal(source) => {
                tracing::warn!(%source, "the ledger was not written");
                failed("The file could not be written there. The ledger itself is safe; choose another folder.")
            }
            error => error.into(),
        })?;
        Ok(Some(path.to_string_lossy().into_owned()))
    })
    .await
}

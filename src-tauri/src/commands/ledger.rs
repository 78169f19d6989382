//! The window's commands about the ledger of all changes.

use std::sync::Arc;

use replica::Replica;
use replica::view::{LedgerChoices, LedgerFilter, LedgerFormat, LedgerPage};
use tauri::AppHandle;
use tauri_plugin_dialog::DialogExt;

use super::{Answer, Here, aside, ask, failed};
use crate::files::must_still_be;

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
        let (words, ending) = match format {
            LedgerFormat::Csv => ("CSV", "csv"),
            LedgerFormat::Ndjson => ("JSON lines", "ndjson"),
        };
        let name = format!("ledger.{ending}");
        let chosen =
            app.dialog().file().add_filter(words, &[ending]).set_file_name(name).blocking_save_file();
        let Some(path) = chosen.and_then(|file| file.into_path().ok()) else { return Ok(None) };
        must_still_be(&desk, &replica)?;
        let file = std::fs::File::create(&path).map_err(|error| {
            tracing::warn!(kind = ?error.kind(), "the ledger was not written");
            failed("The file could not be written there. The ledger itself is safe; choose another folder.")
        })?;
        replica.export_ledger(&filter, format, &mut std::io::BufWriter::new(file))?;
        Ok(Some(path.to_string_lossy().into_owned()))
    })
    .await
}

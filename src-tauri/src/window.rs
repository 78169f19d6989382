//! The one window: what it may load, and the events that reach it.

use std::sync::Arc;

use replica::{Desk, Event};
use tauri::webview::NewWindowResponse;
use tauri::{App, AppHandle, Emitter, WebviewUrl, WebviewWindowBuilder};
use tauri_plugin_notification::NotificationExt;
use tokio::sync::broadcast::error::RecvError;

use crate::commands::{Answer, failed};

/// Opens the window. It shows the program's own page and never another one.
pub fn open(app: &App) -> tauri::Result<()> {
    WebviewWindowBuilder::new(app, "main", WebviewUrl::default())
        .title("Clinic Desk")
        .inner_size(1440.0, 900.0)
        // Half of that, so that it fits a screen on which everything is shown twice as large.
        .min_inner_size(720.0, 450.0)
        .incognito(!is_driven())
        .on_navigation(|url| {
            matches!(
                (url.scheme(), url.host_str()),
                ("tauri", Some("localhost")) | ("http" | "https", Some("tauri.localhost"))
            )
        })
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .build()?;
    Ok(())
}

/// Whether WebDriver drives the window, which WebKit refuses to a window that keeps nothing. Never so in what
/// is shipped.
fn is_driven() -> bool {
    cfg!(any(debug_assertions, feature = "driven"))
        && std::env::var_os("TAURI_WEBVIEW_AUTOMATION").is_some_and(|set| set == "true")
}

/// Shows a sentence of the window where the system shows what programs tell. The window names nobody in it.
#[tauri::command]
pub fn tell_outside(app: AppHandle, words: String) -> Answer<()> {
    let told = app.notification().builder().title("Clinic Desk").body(words).show();
    told.map_err(|error| {
        tracing::warn!(%error, "the system did not show a notice");
        failed("The system did not show the notice. It stands in the window.")
    })
}

/// Passes what happens in the replica on to the window, for as long as the program runs.
pub fn forward_events(app: AppHandle, desk: Arc<Desk>) {
    // From now on, and not only once somebody runs it: what happens at once is passed on, too.
    let mut events = desk.events();
    tauri::async_runtime::spawn(async move {
        loop {
            let sent = match events.recv().await {
                Ok(Event::Sync(status)) => app.emit_to("main", "sync-status", desk.said(*status)),
                Ok(Event::RowsChanged) => app.emit_to("main", "rows-changed", ()),
                Ok(Event::State) => app.emit_to("main", "app-state", desk.state()),
                // What was missed is made good by asking for everything again.
                Err(RecvError::Lagged(_)) => app
                    .emit_to("main", "app-state", desk.state())
                    .and_then(|()| app.emit_to("main", "sync-status", desk.sync_status()))
                    .and_then(|()| app.emit_to("main", "rows-changed", ())),
                Err(RecvError::Closed) => return,
            };
            if let Err(error) = sent {
                tracing::warn!(%error, "the window did not take an event");
            }
        }
    });
}

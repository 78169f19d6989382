//! Closing the window. It is told first: it writes what is unwritten, and asks about what is typed and not saved. Nobody is
//! kept from closing it: a second request closes it, and so does one that the window leaves unanswered.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tauri::{Emitter, Manager, State, WebviewWindow, Window, WindowEvent};

use crate::commands::{Answer, failed};

/// So long the window has to close, or to say that it asks.
const PATIENCE: Duration = Duration::from_secs(4);

/// How far closing the window has come.
#[derive(Debug, Default)]
pub struct Closing(Mutex<Asked>);

#[derive(Debug, Default)]
struct Asked {
    /// Counts the requests of which the window was told.
    number: u32,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// Nobody wants it closed.
    #[default]
    Open,
    /// The window was told, and did not answer yet.
    Told,
    /// The window asks the person before it.
    Asking,
}

impl Closing {
    fn lock(&self) -> MutexGuard<'_, Asked> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody wants the window closed. The number under which it is told so; none if it closes now.
    fn request(&self) -> Option<u32> {
        let mut asked = self.lock();
        if asked.stage != Stage::Open {
            return None;
        }
        asked.number = asked.number.wrapping_add(1);
        asked.stage = Stage::Told;
        Some(asked.number)
    }

    /// Whether the window has said nothing to this request.
    fn is_unanswered(&self, number: u32) -> bool {
        let asked = self.lock();
        asked.stage == Stage::Told && asked.number == number
    }

    fn hold(&self) {
        let mut asked = self.lock();
        if asked.stage == Stage::Told {
            asked.stage = Stage::Asking;
        }
    }

    fn stay(&self) {
        self.lock().stage = Stage::Open;
    }
}

/// Tells the window that somebody wants it closed.
pub fn watch(window: &Window, event: &WindowEvent) {
    let WindowEvent::CloseRequested { api, .. } = event else { return };
    let Some(number) = window.state::<Closing>().request() else { return };
    if let Err(error) = window.emit_to("main", "close-asked", ()) {
        tracing::warn!(%error, "the window did not take an event, and is closed");
        return;
    }
    api.prevent_close();
    let window = window.clone();
    tauri::async_runtime::spawn(async move {
        tokio::time::sleep(PATIENCE).await;
        if window.state::<Closing>().is_unanswered(number) {
            tracing::warn!("the window did not answer, and is closed");
            if let Err(error) = window.destroy() {
                tracing::error!(%error, "the window was not closed");
            }
        }
    });
}

/// The window asks the person before it; only another request closes it meanwhile.
#[tauri::command]
pub fn hold_close(closing: State<'_, Closing>) {
    closing.hold();
}

/// The window closes, or stays open.
#[tauri::command]
pub fn end_close(window: WebviewWindow, closing: State<'_, Closing>, closes: bool) -> Answer<()> {
    if !closes {
        closing.stay();
        return Ok(());
    }
    window.destroy().map_err(|error| {
        tracing::error!(%error, "the window was not closed");
        failed("The window was not closed. What was written is saved; close it once more.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_told_once_and_a_second_request_closes_it_also_while_it_asks() {
        let closing = Closing::default();
        let number = closing.request().expect("told");
        assert!(closing.is_unanswered(number));
        assert_eq!(closing.request(), None);
        closing.hold();
        assert!(!closing.is_unanswered(number), "whoever is asked takes their time");
        assert_eq!(closing.request(), None);
    }

    #[test]
    fn a_window_that_stayed_open_is_told_anew_and_what_it_left_unanswered_before_does_not_count() {
        let closing = Closing::default();
        let first = closing.request().expect("told");
        closing.stay();
        closing.hold();
        let second = closing.request().expect("told again");
        assert!(!closing.is_unanswered(first) && closing.is_unanswered(second));
    }
}

//! Closing the window. It is told first: it writes what is unwritten, and asks about what is typed and not saved. Nobody is
//! kept from closing it: a second request closes it, unless it follows at once as in a double click, and so does one that the
//! window leaves unanswered.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tauri::{Emitter, Manager, State, WebviewWindow, Window, WindowEvent};

use crate::commands::{Answer, failed};

/// So long the window has to close, or to say that it asks.
const PATIENCE: Duration = Duration::from_secs(4);
/// So long after the first request another one belongs to it: the second half of a double click.
const SAME_REQUEST: Duration = Duration::from_secs(2);

/// How far closing the window has come.
#[derive(Debug, Default)]
pub struct Closing(Mutex<Asked>);

#[derive(Debug, Default)]
struct Asked {
    /// Counts the requests of which the window was told.
    number: u32,
    /// When the window was last told.
    told_at: Option<Instant>,
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

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Request {
    /// The window is told, under this number.
    Tell(u32),
    /// It belongs to the one before.
    Same,
    /// The window closes now.
    Close,
}

impl Closing {
    fn lock(&self) -> MutexGuard<'_, Asked> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody wants the window closed.
    fn request(&self, now: Instant) -> Request {
        let mut asked = self.lock();
        if asked.stage != Stage::Open {
            let is_same =
                asked.told_at.is_some_and(|told_at| now.saturating_duration_since(told_at) < SAME_REQUEST);
            return if is_same { Request::Same } else { Request::Close };
        }
        asked.number = asked.number.wrapping_add(1);
        asked.told_at = Some(now);
        asked.stage = Stage::Told;
        Request::Tell(asked.number)
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
    let number = match window.state::<Closing>().request(Instant::now()) {
        Request::Tell(number) => number,
        Request::Same => {
            api.prevent_close();
            return;
        }
        Request::Close => return,
    };
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

/// The window asks the person before it; only a later request closes it meanwhile.
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

    fn told(closing: &Closing, now: Instant) -> u32 {
        match closing.request(now) {
            Request::Tell(number) => number,
            other => panic!("the window was not told: {other:?}"),
        }
    }

    #[test]
    fn the_window_is_told_once_and_a_later_request_closes_it_also_while_it_asks() {
        let (closing, first) = (Closing::default(), Instant::now());
        let number = told(&closing, first);
        assert!(closing.is_unanswered(number));
        assert_eq!(closing.request(first + SAME_REQUEST), Request::Close);
        closing.hold();
        assert!(!closing.is_unanswered(number), "whoever is asked takes their time");
        assert_eq!(closing.request(first + SAME_REQUEST), Request::Close);
    }

    #[test]
    fn the_second_half_of_a_double_click_is_no_second_request() {
        let (closing, first) = (Closing::default(), Instant::now());
        let number = told(&closing, first);
        let double = first + Duration::from_millis(300);
        assert_eq!(closing.request(double), Request::Same);
        assert!(closing.is_unanswered(number), "a page that hangs is closed as before");
        closing.hold();
        assert_eq!(closing.request(double), Request::Same);
    }

    #[test]
    fn a_window_that_stayed_open_is_told_anew_and_what_it_left_unanswered_before_does_not_count() {
        let (closing, now) = (Closing::default(), Instant::now());
        let first = told(&closing, now);
        closing.stay();
        closing.hold();
        let second = told(&closing, now);
        assert!(!closing.is_unanswered(first) && closing.is_unanswered(second));
    }
}

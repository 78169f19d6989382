//! Files that are dropped onto the window. Their paths stay here: the window is told their names, and asks for them by a
//! number. The latest few drops are kept, for one may come while another is still being added.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use protocol::id::PatientId;
use replica::view::{AttachmentForm, AttachmentView};
use serde::Serialize;
use tauri::{DragDropEvent, Emitter, Manager, State, Window, WindowEvent};

use crate::commands::{Answer, Here, aside, failed};
use crate::files::attach;

/// So many drops are kept.
const MOST_DROPS: usize = 8;

/// What was dropped, the latest last.
#[derive(Default)]
pub struct Dropped(Mutex<VecDeque<(u32, Vec<PathBuf>)>>);

/// What the window is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Names {
    token: u32,
    names: Vec<String>,
}

impl Dropped {
    fn keep(&self, paths: &[PathBuf]) -> Names {
        let mut drops = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let token = drops.back().map_or(1, |(last, _)| last.wrapping_add(1));
        if drops.len() == MOST_DROPS {
            drops.pop_front();
        }
        drops.push_back((token, paths.to_vec()));
        let names =
            paths.iter().map(|path| path.file_name().unwrap_or_default().to_string_lossy().into_owned());
        Names { token, names: names.collect() }
    }

    fn path(&self, token: u32, place: usize) -> Option<PathBuf> {
        let drops = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        drops.iter().find(|(one, _)| *one == token)?.1.get(place).cloned()
    }
}

/// Tells the window that files are over it, and which were dropped.
pub fn watch(window: &Window, event: &WindowEvent) {
    let WindowEvent::DragDrop(event) = event else { return };
    let sent = match event {
        DragDropEvent::Enter { paths, .. } if !paths.is_empty() => window.emit_to("main", "files-over", true),
        DragDropEvent::Drop { paths, .. } if !paths.is_empty() => {
            let names = window.state::<Dropped>().keep(paths);
            window
                .emit_to("main", "files-over", false)
                .and_then(|()| window.emit_to("main", "files-dropped", names))
        }
        DragDropEvent::Drop { .. } | DragDropEvent::Leave => window.emit_to("main", "files-over", false),
        _ => return,
    };
    if let Err(error) = sent {
        tracing::warn!(%error, "the window did not take an event");
    }
}

/// Adds one of the files that were dropped.
#[tauri::command]
pub async fn add_dropped(
    desk: Here<'_>,
    dropped: State<'_, Dropped>,
    patient_id: PatientId,
    token: u32,
    place: usize,
    form: AttachmentForm,
) -> Answer<AttachmentView> {
    let replica = desk.replica()?;
    let path = dropped.path(token, place).ok_or_else(|| {
        failed("Many other files were dropped after this one. It was not added; drop it once more.")
    })?;
    aside(move || attach(&replica, patient_id, &path, &form)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_learns_names_and_asks_by_a_number_that_is_void_only_after_many_more() {
        let dropped = Dropped::default();
        let (opg, letter) = (PathBuf::from("/home/anjali/opg.png"), PathBuf::from("/tmp/letter.pdf"));
        let first = dropped.keep(&[opg.clone(), letter.clone()]);
        assert_eq!(first.names, ["opg.png", "letter.pdf"]);
        assert_eq!(dropped.path(first.token, 0), Some(opg.clone()));
        assert_eq!(dropped.path(first.token, 1), Some(letter));
        assert_eq!(dropped.path(first.token, 2), None);
        let second = dropped.keep(std::slice::from_ref(&opg));
        assert_eq!(dropped.path(first.token, 0), Some(opg.clone()), "it may still be being added");
        for _ in 2..MOST_DROPS {
            dropped.keep(std::slice::from_ref(&opg));
        }
        assert_eq!(dropped.path(first.token, 0), Some(opg.clone()));
        dropped.keep(std::slice::from_ref(&opg));
        assert_eq!(dropped.path(first.token, 0), None);
        assert_eq!(dropped.path(second.token, 0), Some(opg));
    }
}

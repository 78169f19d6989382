//! The menus of the system. What stands in them, in which language, and what can be chosen now, the window says; what is
//! chosen goes back to it as if its key had been pressed.

use std::sync::{Mutex, PoisonError};

use serde::Deserialize;
use tauri::menu::{IsMenuItem, Menu, MenuEvent, MenuItem, PredefinedMenuItem, Submenu};
use tauri::{AppHandle, Emitter, Manager, State, Wry};

use crate::commands::{Answer, failed};

/// The line of the menus that closes the window.
const QUIT: &str = "quit";

/// A menu.
#[derive(Deserialize)]
pub struct Section {
    title: String,
    items: Vec<Item>,
}

/// A line of a menu.
#[derive(Deserialize)]
pub struct Item {
    id: String,
    label: String,
    /// As in the window's key map: `Mod+Shift+N`, `F3`, `?`.
    keys: String,
}

/// What every program on macOS has in its menus: without them even copying has no key there.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Usual {
    edit: String,
    undo: String,
    redo: String,
    cut: String,
    copy: String,
    paste: String,
    select_all: String,
    about: String,
    hide: String,
    quit: String,
}

/// The lines that are shown.
#[derive(Default)]
pub struct Shown(Mutex<Vec<MenuItem<Wry>>>);

/// Shows these menus in place of the ones before; nothing in them can be chosen yet.
#[tauri::command]
pub fn show_menu(
    app: AppHandle,
    shown: State<'_, Shown>,
    sections: Vec<Section>,
    usual: Usual,
) -> Answer<()> {
    let lines = show(&app, &sections, &usual).map_err(|error| {
        tracing::warn!(%error, "the menus were not shown");
        failed("The menus could not be shown. Every key works without them.")
    })?;
    *shown.0.lock().unwrap_or_else(PoisonError::into_inner) = lines;
    Ok(())
}

/// Of the menus, only these can be chosen.
#[tauri::command]
pub fn enable_menu(shown: State<'_, Shown>, ids: Vec<String>) {
    for line in shown.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        let wanted = ids.contains(&line.id().0);
        // Each change is drawn.
        let changed =
            line.is_enabled().and_then(|is| if is == wanted { Ok(()) } else { line.set_enabled(wanted) });
        if let Err(error) = changed {
            tracing::warn!(%error, "a menu did not change");
        }
    }
}

/// Tells the window what was chosen. The end of the program is asked for as at the window's own edge.
pub fn chosen(app: &AppHandle, event: MenuEvent) {
    if event.id().0 == QUIT {
        // The system's own line would end the program without a word to the window.
        if let Some(Err(error)) = app.get_webview_window("main").map(|window| window.close()) {
            tracing::error!(%error, "the window was not closed");
        }
        return;
    }
    if let Err(error) = app.emit_to("main", "menu", &event.id().0) {
        tracing::warn!(%error, "the window did not take an event");
    }
}

fn show(app: &AppHandle, sections: &[Section], usual: &Usual) -> tauri::Result<Vec<MenuItem<Wry>>> {
    let menu = Menu::new(app)?;
    if cfg!(target_os = "macos") {
        for one in of_macos(app, usual)? {
            menu.append(&one)?;
        }
    }
    let mut lines = Vec::new();
    for section in sections {
        let shown = Submenu::new(app, &section.title, true)?;
        for item in &section.items {
            let (label, keys) = worded(item);
            let line = MenuItem::with_id(app, item.id.as_str(), label, false, keys)?;
            shown.append(&line)?;
            lines.push(line);
        }
        menu.append(&shown)?;
    }
    app.set_menu(menu)?;
    Ok(lines)
}

/// The words of a line, and the keys that the system listens to. On macOS a key that the window has answered does not reach
/// the menu; elsewhere it would do everything twice, so that the keys only stand there.
fn worded(item: &Item) -> (String, Option<String>) {
    let is_of_menus = item.keys.len() > 1;
    if cfg!(target_os = "macos") {
        let keys = item.keys.replace("Mod", "Cmd").replace('←', "Left").replace('→', "Right");
        (item.label.clone(), is_of_menus.then_some(keys))
    } else {
        let keys = item.keys.replace("Mod", "Ctrl");
        // Windows sets what follows a tab to the right.
        let gap = if cfg!(target_os = "windows") { "\t" } else { "    " };
        (format!("{}{gap}{keys}", item.label), None)
    }
}

fn of_macos(app: &AppHandle, words: &Usual) -> tauri::Result<[Submenu<Wry>; 2]> {
    let about = PredefinedMenuItem::about(app, Some(&words.about), None)?;
    let hide = PredefinedMenuItem::hide(app, Some(&words.hide))?;
    let quit = MenuItem::with_id(app, QUIT, &words.quit, true, Some("Cmd+Q"))?;
    let undo = PredefinedMenuItem::undo(app, Some(&words.undo))?;
    let redo = PredefinedMenuItem::redo(app, Some(&words.redo))?;
    let cut = PredefinedMenuItem::cut(app, Some(&words.cut))?;
    let copy = PredefinedMenuItem::copy(app, Some(&words.copy))?;
    let paste = PredefinedMenuItem::paste(app, Some(&words.paste))?;
    let all = PredefinedMenuItem::select_all(app, Some(&words.select_all))?;
    let line = PredefinedMenuItem::separator(app)?;
    let program: [&dyn IsMenuItem<Wry>; 5] = [&about, &line, &hide, &line, &quit];
    let edit: [&dyn IsMenuItem<Wry>; 7] = [&undo, &redo, &line, &cut, &copy, &paste, &all];
    Ok([
        Submenu::with_items(app, "Clinic Desk", true, &program)?,
        Submenu::with_items(app, &words.edit, true, &edit)?,
    ])
}

#[cfg(all(test, not(target_os = "macos")))]
mod tests {
    use super::*;

    #[test]
    fn a_key_stands_in_the_menu_and_is_not_listened_to_twice() {
        let item = Item { id: "register".into(), label: "Register".into(), keys: "Mod+Shift+N".into() };
        let (label, keys) = worded(&item);
        assert!(label.starts_with("Register") && label.ends_with("Ctrl+Shift+N"), "{label}");
        assert_eq!(keys, None);
    }
}

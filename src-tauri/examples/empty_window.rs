//! A window with nothing in it: the floor of `cargo xtask bench consult`.

fn main() -> tauri::Result<()> {
    tauri::Builder::default()
        .setup(|app| {
            let page = tauri::WebviewUrl::External("about:blank".parse()?);
            tauri::WebviewWindowBuilder::new(app, "empty", page).build()?;
            Ok(())
        })
        .run(tauri::generate_context!())
}

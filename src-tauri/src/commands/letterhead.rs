//! The window's commands about the letterhead.

use replica::Replica;
use replica::view::Letterhead;

use super::prescriptions::draw;
use super::{Answer, Here, aside, ask};

#[tauri::command]
pub async fn get_letterhead(desk: Here<'_>) -> Answer<Letterhead> {
    ask(desk, Replica::letterhead).await
}

#[tauri::command]
pub async fn save_letterhead(desk: Here<'_>, seen: Letterhead, wanted: Letterhead) -> Answer<()> {
    ask(desk, move |replica| replica.save_letterhead(&seen, &wanted)).await
}

#[tauri::command]
pub async fn preview_letterhead(desk: Here<'_>, letterhead: Letterhead) -> Answer<Vec<String>> {
    let printed = ask(desk, move |replica| replica.printed_sample(&letterhead)).await?;
    aside(move || Ok(draw(&printed, false)?.svg_pages())).await
}

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

/// The pages of a sample, and what of the letterhead would be empty boxes on paper.
#[tauri::command]
pub async fn preview_letterhead(
    desk: Here<'_>,
    letterhead: Letterhead,
) -> Answer<(Vec<String>, Option<String>)> {
    let (printed, boxes) = ask(desk, move |replica| {
        Ok((replica.printed_sample(&letterhead)?, replica.boxes_on_paper(&letterhead)?))
    })
    .await?;
    aside(move || Ok((draw(&printed, false)?.svg_pages(), boxes))).await
}

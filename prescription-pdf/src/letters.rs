//! What the fonts draw, and what of it is told.

use std::collections::BTreeSet;

use protocol::letters::is_drawn;
use protocol::printed::Printed;
use typst::layout::{Frame, FrameItem};
use typst::text::FontInfo;

use super::tests::{sample, text};
use super::{Drawn, FONTS, Paper};

/// What of a page is drawn as an empty box.
pub(super) fn boxes(frame: &Frame) -> String {
    frame
        .items()
        .map(|(_, item)| match item {
            FrameItem::Group(group) => boxes(&group.frame),
            FrameItem::Text(run) if run.glyphs.iter().any(|glyph| glyph.id == 0) => run.text.to_string(),
            _ => String::new(),
        })
        .collect()
}

#[test]
fn signs_are_drawn_in_every_weight_and_a_tab_keeps_apart_what_it_stands_between() {
    let signs = "≥≤≠≈→←↑↓✓☐♀♂∞Ⅱ①";
    let mut with_signs = Printed { advice: format!("5\t10 {signs}"), ..sample(1) };
    with_signs.items[0].title = signs.into();
    let drawn = Drawn::new(&with_signs, Paper::A5).expect("BUG: the layout");
    let page = &drawn.0.pages()[0].frame;
    assert_eq!(boxes(page), "");
    assert!(text(page).contains("5 10"), "{}", text(page));
    let foreign = Printed { advice: "😀".into(), ..sample(1) };
    let drawn = Drawn::new(&foreign, Paper::A5).expect("BUG: the layout");
    assert!(boxes(&drawn.0.pages()[0].frame).contains('😀'), "that is how a box is known");
}

#[test]
fn what_is_told_to_be_drawn_is_what_the_fonts_have() {
    let mut has = BTreeSet::new();
    for font in FONTS {
        let font = FontInfo::new(font, 0).expect("BUG: a font");
        has.extend(font.coverage.iter().filter_map(char::from_u32));
    }
    has.retain(|letter| *letter > ' ');
    let told: BTreeSet<char> = ('!'..=char::MAX).filter(|letter| is_drawn(*letter)).collect();
    assert_eq!(told, has);
}

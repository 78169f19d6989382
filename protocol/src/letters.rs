//! Which letters stand on paper: the bundled fonts have them. `prescription-pdf` tests that they do.

/// From which letter to which, in their order.
const DRAWN: &[(char, char)] = &[
    ('\u{21}', '\u{7e}'),
    ('\u{a0}', '\u{377}'),
    ('\u{37a}', '\u{37f}'),
    ('\u{384}', '\u{38a}'),
    ('\u{38c}', '\u{38c}'),
    ('\u{38e}', '\u{3a1}'),
    ('\u{3a3}', '\u{3e1}'),
    ('\u{3f0}', '\u{52f}'),
    ('\u{900}', '\u{97f}'),
    ('\u{10fb}', '\u{10fb}'),
    ('\u{1ab0}', '\u{1ac0}'),
    ('\u{1ac5}', '\u{1ac5}'),
    ('\u{1ac7}', '\u{1ace}'),
    ('\u{1c80}', '\u{1c88}'),
    ('\u{1cd0}', '\u{1cf6}'),
    ('\u{1cf8}', '\u{1cf9}'),
    ('\u{1d00}', '\u{1df9}'),
    ('\u{1dfb}', '\u{1f15}'),
    ('\u{1f18}', '\u{1f1d}'),
    ('\u{1f20}', '\u{1f45}'),
    ('\u{1f48}', '\u{1f4d}'),
    ('\u{1f50}', '\u{1f57}'),
    ('\u{1f59}', '\u{1f59}'),
    ('\u{1f5b}', '\u{1f5b}'),
    ('\u{1f5d}', '\u{1f5d}'),
    ('\u{1f5f}', '\u{1f7d}'),
    ('\u{1f80}', '\u{1fb4}'),
    ('\u{1fb6}', '\u{1fc4}'),
    ('\u{1fc6}', '\u{1fd3}'),
    ('\u{1fd6}', '\u{1fdb}'),
    ('\u{1fdd}', '\u{1fef}'),
    ('\u{1ff2}', '\u{1ff4}'),
    ('\u{1ff6}', '\u{1ffe}'),
    ('\u{2000}', '\u{2064}'),
    ('\u{2066}', '\u{2071}'),
    ('\u{2074}', '\u{208e}'),
    ('\u{2090}', '\u{209c}'),
    ('\u{20a0}', '\u{20c0}'),
    ('\u{20f0}', '\u{20f0}'),
    ('\u{2100}', '\u{216b}'),
    ('\u{2170}', '\u{217b}'),
    ('\u{2183}', '\u{2184}'),
    ('\u{2189}', '\u{2189}'),
    ('\u{2190}', '\u{2195}'),
    ('\u{21d0}', '\u{21d4}'),
    ('\u{2202}', '\u{2202}'),
    ('\u{2205}', '\u{2208}'),
    ('\u{220b}', '\u{220b}'),
    ('\u{220f}', '\u{220f}'),
    ('\u{2211}', '\u{2212}'),
    ('\u{2219}', '\u{221a}'),
    ('\u{221d}', '\u{2220}'),
    ('\u{2223}', '\u{2223}'),
    ('\u{2225}', '\u{2225}'),
    ('\u{2229}', '\u{222b}'),
    ('\u{2234}', '\u{2235}'),
    ('\u{223c}', '\u{223d}'),
    ('\u{2245}', '\u{2245}'),
    ('\u{2248}', '\u{2248}'),
    ('\u{224c}', '\u{224c}'),
    ('\u{2260}', '\u{2261}'),
    ('\u{2264}', '\u{2265}'),
    ('\u{2295}', '\u{2296}'),
    ('\u{2299}', '\u{2299}'),
    ('\u{22a5}', '\u{22a5}'),
    ('\u{2460}', '\u{2473}'),
    ('\u{25a0}', '\u{25a1}'),
    ('\u{25aa}', '\u{25ab}'),
    ('\u{25b2}', '\u{25b3}'),
    ('\u{25b6}', '\u{25b6}'),
    ('\u{25ba}', '\u{25ba}'),
    ('\u{25bc}', '\u{25bd}'),
    ('\u{25c0}', '\u{25c0}'),
    ('\u{25c4}', '\u{25c4}'),
    ('\u{25c6}', '\u{25c7}'),
    ('\u{25cb}', '\u{25cc}'),
    ('\u{25cf}', '\u{25cf}'),
    ('\u{25e6}', '\u{25e6}'),
    ('\u{2600}', '\u{2600}'),
    ('\u{2605}', '\u{2606}'),
    ('\u{260e}', '\u{260e}'),
    ('\u{2610}', '\u{2612}'),
    ('\u{2620}', '\u{2620}'),
    ('\u{2624}', '\u{2624}'),
    ('\u{2639}', '\u{263a}'),
    ('\u{2640}', '\u{2640}'),
    ('\u{2642}', '\u{2642}'),
    ('\u{2665}', '\u{2665}'),
    ('\u{2695}', '\u{2695}'),
    ('\u{26a0}', '\u{26a0}'),
    ('\u{2706}', '\u{2706}'),
    ('\u{2713}', '\u{2718}'),
    ('\u{271a}', '\u{271a}'),
    ('\u{2731}', '\u{2731}'),
    ('\u{2753}', '\u{2753}'),
    ('\u{2757}', '\u{2757}'),
    ('\u{2764}', '\u{2764}'),
    ('\u{2794}', '\u{2794}'),
    ('\u{279c}', '\u{279c}'),
    ('\u{27a1}', '\u{27a1}'),
    ('\u{27f5}', '\u{27f6}'),
    ('\u{29a3}', '\u{29a3}'),
    ('\u{2b05}', '\u{2b07}'),
    ('\u{2bfe}', '\u{2bfe}'),
    ('\u{2c60}', '\u{2c7f}'),
    ('\u{2de0}', '\u{2e5d}'),
    ('\u{a640}', '\u{a69f}'),
    ('\u{a700}', '\u{a7ca}'),
    ('\u{a7d0}', '\u{a7d1}'),
    ('\u{a7d3}', '\u{a7d3}'),
    ('\u{a7d5}', '\u{a7d9}'),
    ('\u{a7f2}', '\u{a7ff}'),
    ('\u{a830}', '\u{a839}'),
    ('\u{a8e0}', '\u{a8ff}'),
    ('\u{a92e}', '\u{a92e}'),
    ('\u{ab30}', '\u{ab6b}'),
    ('\u{fb00}', '\u{fb06}'),
    ('\u{fe00}', '\u{fe00}'),
    ('\u{fe20}', '\u{fe2f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{fffc}', '\u{fffd}'),
    ('\u{10780}', '\u{10785}'),
    ('\u{10787}', '\u{107b0}'),
    ('\u{107b2}', '\u{107ba}'),
    ('\u{11b00}', '\u{11b09}'),
    ('\u{1df00}', '\u{1df1e}'),
];

/// Whether the fonts of the paper have a sign for it.
pub fn is_drawn(letter: char) -> bool {
    let begun = DRAWN.partition_point(|(from, _)| *from <= letter);
    DRAWN[..begun].last().is_some_and(|(_, to)| letter <= *to)
}

/// The letters of a text that would stand on paper as empty boxes, each once.
pub fn boxes(text: &str) -> Vec<char> {
    let mut found = Vec::new();
    for letter in text.chars() {
        let is_seen = !letter.is_whitespace() && !letter.is_control() && !chooses_a_shape(letter);
        if is_seen && !is_drawn(letter) && !found.contains(&letter) {
            found.push(letter);
        }
    }
    found
}

/// Whether it only says in which shape the letter before it is drawn: an emoji comes with one.
fn chooses_a_shape(letter: char) -> bool {
    matches!(letter, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_font_has_is_named_once_and_what_a_doctor_types_is_not() {
        let typed =
            "≥ ≤ ≠ ± × ÷ → ← ↑ ↓ ½ ¼ ¾ µ ° ₹ • – — ’ ‘ “ ” … ✓ ☐ ♀ ♂ Δ β SpO₂ m² Ⅱ ① ℃ ⚠\u{fe0f} गोळी";
        assert_eq!(boxes(typed), Vec::<char>::new());
        assert_eq!(boxes("tab\tand\r\nline\u{a0}\u{200b}\u{200d}"), Vec::<char>::new());
        assert_eq!(boxes("Take 😀 care 😀, કેતન"), ['😀', 'ક', 'ે', 'ત', 'ન']);
    }
}

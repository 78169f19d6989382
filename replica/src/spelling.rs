//! Names from India in Latin letters: one name has many spellings, and front desks know none of them for sure.

/// At most so many spellings of one word are looked for.
const MOST: usize = 64;
/// A word of fewer letters is looked for as it is.
const SHORTEST: usize = 3;

/// Letters that are written for one sound.
const SAME: &[&[&str]] = &[
    &["ksh", "x", "ks"],
    &["sh", "s"],
    &["th", "t", "tt"],
    &["dh", "d", "dd"],
    &["bh", "b"],
    &["ph", "f"],
    &["v", "w"],
    &["z", "j"],
    &["ee", "i", "y"],
    &["oo", "u"],
    &["aa", "a"],
    &["nn", "n"],
    &["mm", "m"],
    &["ll", "l"],
];

/// How this word may be written, itself first: then with one sound written otherwise, then with two.
pub(crate) fn spellings(word: &str) -> Vec<String> {
    let mut found = vec![word.to_owned()];
    if word.len() < SHORTEST || !word.bytes().all(|letter| letter.is_ascii_lowercase()) {
        return found;
    }
    let sounds = sounds(word);
    let mut choices: Vec<(usize, &str)> = Vec::new();
    for (place, (written, same)) in sounds.iter().enumerate() {
        choices.extend(same.iter().filter(|other| *other != written).map(|other| (place, *other)));
    }
    let with = |changed: &[(usize, &str)]| -> String {
        let parts = sounds.iter().enumerate().map(|(place, (written, _))| {
            changed.iter().find(|(at, _)| *at == place).map_or(*written, |(_, other)| *other)
        });
        parts.collect()
    };
    for first in &choices {
        found.push(with(&[*first]));
    }
    for (place, first) in choices.iter().enumerate() {
        for second in choices[place + 1..].iter().filter(|second| second.0 != first.0) {
            found.push(with(&[*first, *second]));
        }
    }
    found.truncate(MOST);
    found
}

/// The word taken apart, each part with what may be written for it: nothing else for most letters.
fn sounds(word: &str) -> Vec<(&str, &'static [&'static str])> {
    let mut sounds = Vec::new();
    let mut rest = word;
    while !rest.is_empty() {
        let known = SAME.iter().flat_map(|same| same.iter().map(move |written| (*written, *same)));
        let longest =
            known.filter(|(written, _)| rest.starts_with(written)).max_by_key(|(written, _)| written.len());
        let (length, same) = longest.map_or((1, &[] as &[&str]), |(written, same)| (written.len(), same));
        let (written, after) = rest.split_at(length);
        sounds.push((written, same));
        rest = after;
    }
    sounds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_the_spellings_that_people_use() {
        for (one, other) in [
            ("lakshmi", "laxmi"),
            ("deepak", "dipak"),
            ("pooja", "puja"),
            ("sunita", "suneetha"),
            ("shrinivas", "srinivas"),
            ("vishwanath", "viswanath"),
            ("murthy", "murti"),
            ("zafar", "jafar"),
            ("reddy", "redy"),
        ] {
            assert!(spellings(one).iter().any(|spelt| spelt == other), "{one} is not found as {other}");
            assert!(spellings(other).iter().any(|spelt| spelt == one), "{other} is not found as {one}");
            assert_eq!(spellings(one)[0], one);
        }
    }

    #[test]
    fn digits_short_words_and_other_scripts_have_one_spelling() {
        for word in ["1276", "la", "सुनीता", "a-00004", ""] {
            assert_eq!(spellings(word), [word]);
        }
    }

    #[test]
    fn a_long_name_is_not_looked_for_in_ever_more_ways() {
        assert_eq!(spellings("venkatasubramaniamsettiyar").len(), MOST);
    }
}

//! What this program and its server say, in Hindi: a table from each English sentence to its Hindi one. Sentences are made,
//! stored and sent in English, and become Hindi where they leave for the window. What stands in no table stays English.
//!
//! A sentence may have places: `{name}` is put in as it is, `{why*}` is itself a text of the tables. Of several that fit
//! the first one counts, so that the more particular one stands before the more general.

use std::cell::Cell;

mod audit;
mod day;
mod dental;
mod errors;
mod exchange;
mod refusals;
mod rules;
mod safety;
#[cfg(test)]
mod sources;
#[cfg(test)]
mod tests;
mod work;

/// An English sentence, and the same in Hindi.
type Said = (&'static str, &'static str);

const TABLES: [&[Said]; 9] = [
    errors::SAID,
    work::SAID,
    day::SAID,
    safety::SAID,
    rules::SAID,
    refusals::SAID,
    exchange::SAID,
    audit::SAID,
    dental::SAID,
];

/// So many texts are looked up for one: what a server that means harm says cannot keep the window waiting.
const MOST_LOOKS: u32 = 400;

/// A text in Hindi, if all of it is known: a sentence, several of them, or one about what is named before a colon.
pub(crate) fn hindi(english: &str) -> Option<String> {
    known(english, &Cell::new(MOST_LOOKS))
}

fn known(english: &str, looks: &Cell<u32>) -> Option<String> {
    looks.set(looks.get().checked_sub(1)?);
    if let Some(said) = sentence(english, looks) {
        return Some(said);
    }
    for (end, _) in english.rmatch_indices(' ') {
        let (first, rest) = (&english[..end], &english[end + 1..]);
        if first.ends_with(['.', '?'])
            && let Some(first) = sentence(first, looks)
            && let Some(rest) = known(rest, looks)
        {
            return Some(format!("{first} {rest}"));
        }
    }
    let (about, rest) = english.split_once(": ")?;
    Some(format!("{about}: {}", known(rest, looks)?))
}

fn sentence(english: &str, looks: &Cell<u32>) -> Option<String> {
    let all = || TABLES.into_iter().flatten();
    // A text that stands there as it is comes before one with places that it also fits.
    if let Some((_, said)) = all().find(|(template, _)| *template == english) {
        return Some((*said).to_owned());
    }
    all().find_map(|(template, said)| {
        let mut found = Vec::new();
        if fits(template, english, &mut found, looks) { filled(said, &found, looks) } else { None }
    })
}

/// Whether a text is one of this template; what stands in its places is then found. A place that must be said in Hindi is
/// looked up once all around it fits: else each of its possible ends would be.
fn fits<'t>(
    template: &'static str,
    text: &'t str,
    found: &mut Vec<(&'static str, &'t str)>,
    looks: &Cell<u32>,
) -> bool {
    let Some((before, rest)) = template.split_once('{') else {
        return template == text && found.iter().all(|(place, value)| put_in(place, value, looks).is_some());
    };
    let (Some(text), Some((place, rest))) = (text.strip_prefix(before), rest.split_once('}')) else {
        return false;
    };
    let next = rest.split('{').next().unwrap_or_default();
    let ends: Vec<usize> = if next.is_empty() {
        vec![text.len()]
    } else {
        text.match_indices(next).map(|(end, _)| end).collect()
    };
    for end in ends.into_iter().filter(|end| *end > 0) {
        found.push((place, &text[..end]));
        if fits(rest, &text[end..], found, looks) {
            return true;
        }
        found.pop();
    }
    false
}

/// What stands in a place of the Hindi sentence.
fn put_in(place: &str, value: &str, looks: &Cell<u32>) -> Option<String> {
    match place {
        // Else every text that ends as this sentence does would be one, with all before its end in one of the places.
        "column" | "time" if value.contains('.') => None,
        "name" if value.contains(':') => None,
        // A figure, and not all up to the one of the next sentence.
        "mg" | "day" | "year" if value.contains(' ') => None,
        place if place.ends_with('*') => known(value, looks),
        _ => Some(value.to_owned()),
    }
}

/// None if there were too many looks.
fn filled(template: &str, found: &[(&'static str, &str)], looks: &Cell<u32>) -> Option<String> {
    let mut parts = template.split('{');
    let mut said = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}').unwrap_or((part, ""));
        if let Some((place, value)) = found.iter().find(|(place, _)| place.trim_end_matches('*') == name) {
            said += &put_in(place, value, looks)?;
        }
        said += rest;
    }
    Some(said)
}

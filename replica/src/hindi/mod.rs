//! What this program and its server say, in Hindi: a table from each English sentence to its Hindi one. Sentences are made,
//! stored and sent in English, and become Hindi where they leave for the window. What stands in no table stays English.
//!
//! A sentence may have places: `{name}` is put in as it is, `{why*}` is itself a text of the tables. Of several that fit
//! the first one counts, so that the more particular one stands before the more general.

mod errors;
mod refusals;
mod rules;
mod safety;
#[cfg(test)]
mod tests;

/// An English sentence, and the same in Hindi.
type Said = (&'static str, &'static str);

const TABLES: [&[Said]; 4] = [errors::SAID, safety::SAID, rules::SAID, refusals::SAID];

/// A text in Hindi, if all of it is known: a sentence, several of them, or one about what is named before a colon.
pub(crate) fn hindi(english: &str) -> Option<String> {
    if let Some(said) = sentence(english) {
        return Some(said);
    }
    for (end, _) in english.rmatch_indices(' ') {
        let (first, rest) = (&english[..end], &english[end + 1..]);
        if first.ends_with(['.', '?'])
            && let Some(first) = sentence(first)
            && let Some(rest) = hindi(rest)
        {
            return Some(format!("{first} {rest}"));
        }
    }
    let (about, rest) = english.split_once(": ")?;
    Some(format!("{about}: {}", hindi(rest)?))
}

fn sentence(english: &str) -> Option<String> {
    let all = || TABLES.into_iter().flatten();
    // A text that stands there as it is comes before one with places that it also fits.
    if let Some((_, said)) = all().find(|(template, _)| *template == english) {
        return Some((*said).to_owned());
    }
    all().find_map(|(template, said)| {
        let mut found = Vec::new();
        fits(template, english, &mut found).then(|| filled(said, &found))
    })
}

/// Whether a text is one of this template; what stands in its places is then found. A place that must be said in Hindi is
/// looked up once all around it fits: else each of its possible ends would be.
fn fits<'t>(template: &'static str, text: &'t str, found: &mut Vec<(&'static str, &'t str)>) -> bool {
    let Some((before, rest)) = template.split_once('{') else {
        return template == text && found.iter().all(|(place, value)| put_in(place, value).is_some());
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
        if fits(rest, &text[end..], found) {
            return true;
        }
        found.pop();
    }
    false
}

/// What stands in a place of the Hindi sentence.
fn put_in(place: &str, value: &str) -> Option<String> {
    if place.ends_with('*') { hindi(value) } else { Some(value.to_owned()) }
}

fn filled(template: &str, found: &[(&'static str, &str)]) -> String {
    let mut parts = template.split('{');
    let mut said = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}').unwrap_or((part, ""));
        let known = found.iter().find(|(place, _)| place.trim_end_matches('*') == name);
        said += &known.and_then(|(place, value)| put_in(place, value)).unwrap_or_default();
        said += rest;
    }
    said
}

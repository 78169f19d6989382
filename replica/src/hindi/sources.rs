//! The sources are read as text: a sentence that comes to the window and has no Hindi is found where it is written.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::hindi;

/// Where the window's sentences are written.
const SOURCES: &[&str] = &[
    "replica/src",
    "src-tauri/src",
    "prescription-pdf/src/logo.rs",
    "protocol/src",
    "sync-server/src/error.rs",
    "sync-server/src/limits.rs",
    "sync-server/src/auth",
    "sync-server/src/manage",
    "sync-server/src/sync",
    "sync-server/src/files/routes.rs",
    "sync-server/src/audit/desk.rs",
    "sync-server/src/audit/ends.rs",
];

/// What of it speaks to nobody in the window: tests, the support tool, paper, and what no desktop asks the server for.
const ELSEWHERE: &[&str] = &[
    "tests",
    "/testing",
    "/hindi/",
    "/bin/",
    "/dosage/",
    "/safety/self_test.rs",
    "/replica/src/wipe.rs",
    "/auth/access.rs",
    "/auth/register.rs",
    "/auth/registrations.rs",
    "/auth/token.rs",
    "/manage/clinics.rs",
];

/// These become Hindi in their parts, as other tests say.
const IN_PARTS: &[&str] = &[
    "/{} is for {whom}.",
    "What {by} prepared at {at} {why}.",
    "{}: {} mg a day{with} is more than {} mg, the most for {whose}.",
    "Of it, {mg} mg were prescribed on {on}.",
    "{opening} {}: the list of medicines warns of it.",
    "{name} might do this when it was done, by the clock of that computer, and {now} any more. It is kept: an admin lets it in by trying it again, or discards it.",
];

/// These stand in the server's audit log, in a program's log or in the description of an interface.
const NEVER_SHOWN: &[&str] = &[
    "The code was the operator's, and nobody there knows them yet.",
    "The computer's keys were lost: it was recovered, and goes on under an id of its own.",
    "Its keys were lost, and the server was restored to before it.",
    "It was out of service before the server's data was restored.",
    "The computer's keys had been lost: what was found on its disk waits for a person.",
    "The computer is out of service: what a copy of its disk has waits for a person.",
    "The computer had been taken out of service: what it brought waits for a person.",
    "Its keys were lost. It was recovered, and goes on as another computer.",
    "The computer's disk was copied or restored: it goes on under an id of its own.",
    "An earlier token was used: the computer's data was copied.",
    "The one-time password was too old.",
    "The server was restored: a computer brought its last word of the time that was lost.",
    "There is something behind the end of an answer.",
    "An answer grows without measure.",
    "64 bits in hexadecimal.",
    "A SHA-256 in hexadecimal.",
];

/// What may stand in a place of a sentence: a name or a figure, another sentence, a day.
const FILLINGS: [&str; 3] = ["7", "Nothing was changed.", "02 Dec 2026"];

fn files(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("BUG: a folder of sources") {
            files(&entry.expect("BUG: a source").path(), found);
        }
    } else if path.extension().is_some_and(|ending| ending == "rs") {
        found.push(path.to_owned());
    }
}

/// The text up to the quote that ends it, and what is behind that.
fn until_quote(source: &str) -> (String, &str) {
    let mut text = String::new();
    let mut rest = source.chars();
    while let Some(c) = rest.next() {
        match c {
            '"' => break,
            '\\' => match rest.next() {
                Some('\n') => rest = rest.as_str().trim_start().chars(),
                Some('u') => {
                    let (code, after) = rest.as_str().split_once('}').unwrap_or_default();
                    let code = u32::from_str_radix(code.trim_start_matches('{'), 16).ok();
                    text.extend(code.and_then(char::from_u32));
                    rest = after.chars();
                }
                escaped => text.extend(escaped),
            },
            c => text.push(c),
        }
    }
    (text, rest.as_str())
}

/// The texts in a source, as the program has them.
fn texts(source: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut rest = source;
    while let Some(at) = rest.find(['"', '/', '\'']) {
        let (before, here) = rest.split_at(at);
        let hashes = before.len() - before.trim_end_matches('#').len();
        if here.starts_with("//") {
            rest = here.split_once('\n').map_or("", |(_, next)| next);
        } else if let Some(after) = here.strip_prefix("'\"'").or_else(|| here.strip_prefix("'\\\"'")) {
            rest = after;
        } else if !here.starts_with('"') {
            rest = &here[1..];
        } else if before[..at - hashes].ends_with('r') {
            let (text, after) =
                here[1..].split_once(&format!("\"{}", "#".repeat(hashes))).unwrap_or_default();
            texts.push(text.to_owned());
            rest = after;
        } else {
            let (text, after) = until_quote(&here[1..]);
            texts.push(text);
            rest = after;
        }
    }
    texts
}

/// The text with something in each of its places.
fn filled(text: &str, with: &str) -> String {
    let mut parts = text.split('{');
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        filled += with;
        filled += part.split_once('}').map_or("", |(_, rest)| rest);
    }
    filled
}

fn is_said(text: &str) -> bool {
    FILLINGS.iter().any(|with| hindi(&filled(text, with)).is_some())
}

#[test]
fn every_sentence_in_the_sources_that_comes_to_the_window_is_said_in_hindi() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("BUG: the repository");
    let mut found = Vec::new();
    for place in SOURCES {
        files(&root.join(place), &mut found);
    }
    let mut sentences = BTreeSet::new();
    for path in found {
        let name = path.strip_prefix(root).expect("BUG: under the root").to_string_lossy().replace('\\', "/");
        if ELSEWHERE.iter().any(|part| format!("/{name}").contains(part)) {
            continue;
        }
        let source = fs::read_to_string(&path).expect("BUG: a source").replace("\r\n", "\n");
        let program = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let texts = texts(program).into_iter().map(|text| text.trim().to_owned());
        sentences.extend(
            texts.filter(|text| text.contains(' ') && text.ends_with(['.', '?']) && !text.starts_with("BUG")),
        );
    }
    assert!(sentences.len() > 400, "{}", sentences.len());
    let unsaid: BTreeSet<&str> =
        sentences.iter().map(String::as_str).filter(|sentence| !is_said(sentence)).collect();
    let known: BTreeSet<&str> = IN_PARTS.iter().chain(NEVER_SHOWN).copied().collect();
    assert_eq!(unsaid, known, "the Hindi is missing, or an exception is one no more");
}

#[test]
fn texts_are_read_as_the_program_has_them() {
    let source = r##"
        // "no text"
        const A: &str = "It is \"right\". \
                         It stays.";
        let quote = '"';
        let sql = r#"select "a" from b"#;
        format!("It is \u{201c}{name}\u{201d}."), 'a', "/";
    "##;
    assert_eq!(
        texts(source),
        ["It is \"right\". It stays.", "select \"a\" from b", "It is \u{201c}{name}\u{201d}.", "/"]
    );
}

//! `docs/sync-protocol.md` has every word and every limit of the protocol, as they are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clinic_sync::testing::Server;
use futures_util::StreamExt;
use protocol::{
    api, audit, bootstrap, digest, file, form, log_end, password, printed, request, settlement, standing,
    validate,
};
use serde_json::Value;
use uuid::Uuid;

use crate::clinic::{Clinic, client, new_patient};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn page() -> String {
    std::fs::read_to_string(root().join("docs/sync-protocol.md")).expect("the page is there")
}

macro_rules! limits {
    ($($module:ident::$name:ident),* $(,)?) => {
        BTreeMap::from([$((stringify!($name).to_owned(), $module::$name.to_string())),*])
    };
}

/// Each limit with its value.
fn limits() -> BTreeMap<String, String> {
    limits![
        api::MAX_PUSH_MUTATIONS,
        api::MAX_PUSH_BYTES,
        api::MAX_PUSH_DECODED_BYTES,
        api::MAX_PUSH_RATIO,
        api::MIN_RATED_BYTES,
        api::MAX_MUTATION_CHANGES,
        api::MAX_MUTATION_BYTES,
        form::MAX_DEPTH,
        form::MAX_KEYS,
        form::MAX_TEXT_BYTES,
        validate::MAX_JSON_BYTES,
        form::MAX_KIND_BYTES,
        settlement::MAX_REASON,
        printed::MAX_LOGO_BYTES,
        api::MAX_QUARANTINE_BYTES,
        api::MAX_PULL_ROWS,
        api::MAX_LIVE_ROWS,
        api::MAX_LIVE_BYTES,
        digest::MAX_ROWS_REQUEST,
        bootstrap::MAX_ROW_BYTES,
        api::MAX_VERSION,
        audit::MAX_DESK_EVENTS,
        audit::MAX_AUDIT_ENTRIES,
        log_end::MAX_LOG_ENDS,
        api::MAX_RECALLED,
        file::MAX_FILE_BYTES,
        file::MAX_PIECE_BYTES,
        request::MIN_NONCE_BYTES,
        request::MAX_NONCE_BYTES,
        password::MIN_PASSWORD_CHARS,
        password::MAX_PASSWORD_CHARS,
        standing::MAX_OFFLINE_DAYS,
        standing::MAX_ROLE_DAYS,
        standing::MAX_REMEMBERED,
        standing::MAX_ADMIN_DEVICES,
    ]
}

#[test]
fn every_limit_stands_there_as_it_is() {
    let written: BTreeMap<String, String> = page()
        .lines()
        .filter(|line| line.starts_with("| `MAX_") || line.starts_with("| `MIN_"))
        .map(|line| {
            let mut cells = line.split('|').skip(1).map(|cell| cell.trim().trim_matches('`').to_owned());
            (cells.next().expect("a name"), cells.next().expect("a limit"))
        })
        .collect();
    assert_eq!(written, limits());
}

#[test]
fn no_limit_of_the_protocol_is_forgotten() {
    let limits = limits();
    let mut n_found = 0;
    for path in sources(&root().join("protocol/src")) {
        let text = std::fs::read_to_string(&path).expect("a text");
        let names = text.lines().filter_map(|line| line.strip_prefix("pub const ")?.split(':').next());
        for name in names.filter(|name| name.starts_with("MAX_") || name.starts_with("MIN_")) {
            n_found += 1;
            assert!(limits.contains_key(name), "{name} of {}", path.display());
        }
    }
    assert_eq!(n_found, limits.len());
}

/// The files of Rust in a folder and in those below it.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for file in std::fs::read_dir(folder).expect("a folder") {
        let path = file.expect("a file").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found
}

#[tokio::test]
async fn every_word_that_travels_is_explained() {
    let server = Server::start().await.expect("a server");
    let url = format!("{}/openapi.json", server.url());
    let response = client().get(url).send().await.expect("an answer");
    let document: Value = response.json().await.expect("JSON");
    let page = page();
    for name in ["ErrorCode", "RefusalCode", "NoticeCode", "Fate"] {
        let mut words = Vec::new();
        collect(&document["components"]["schemas"][name], &mut words);
        assert!(words.len() >= 7, "{name}: {words:?}");
        for word in words {
            assert!(page.contains(&format!("`{word}`")), "{word} of {name}");
        }
    }
}

/// The words that a schema allows.
fn collect(schema: &Value, words: &mut Vec<String>) {
    match schema {
        Value::Object(map) => {
            for (key, value) in map {
                match (key.as_str(), value) {
                    ("const", Value::String(word)) => words.push(word.clone()),
                    ("enum", Value::Array(all)) => {
                        words.extend(all.iter().filter_map(Value::as_str).map(str::to_owned));
                    }
                    (_, other) => collect(other, words),
                }
            }
        }
        Value::Array(all) => all.iter().for_each(|one| collect(one, words)),
        _ => {}
    }
}

/// What stands in lines of JSON: `row.version` for each part of each kind, and each kind by itself.
fn parts(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in text.lines().filter(|line| line.starts_with('{')) {
        // What the page leaves out.
        let line = line.replace("{…}", "{}").replace("[…]", "[]").replace(",…]", "]");
        let value: Value = serde_json::from_str(&line).expect("JSON");
        for (kind, inner) in value.as_object().expect("an object") {
            found.insert(kind.clone());
            let names = inner.as_object().into_iter().flatten().map(|(name, _)| format!("{kind}.{name}"));
            found.extend(names);
        }
    }
    found
}

#[tokio::test]
async fn what_streams_bring_is_what_the_page_shows_of_them() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    desk.write(vec![new_patient(Uuid::now_v7(), "Sunita")]).await;
    let page = page();
    for (heading, path) in [("## Pull: ", "pull"), ("## A new desktop: ", "bootstrap")] {
        let answer = desk.get(&format!("/v1/sync/{path}?epoch={}", desk.epoch)).await;
        let sent = parts(&answer.text().await.expect("a text"));
        let example = page.split(heading).nth(1).and_then(|rest| rest.split("```").nth(1));
        let shown = parts(example.expect("an example"));
        assert!(shown.is_subset(&sent), "{path}: {shown:?}, {sent:?}");
        let kinds = |parts: &BTreeSet<String>| -> BTreeSet<String> {
            parts.iter().filter(|part| !part.contains('.')).cloned().collect()
        };
        assert_eq!(kinds(&shown), kinds(&sent), "{path}");
    }
    let mut news = desk.get("/v1/sync/live").await.bytes_stream();
    let first = news.next().await.expect("an event").expect("bytes");
    assert!(first.starts_with(b"data: {\"head\":") && page.contains("`data: {\"head\":42}`"), "{first:?}");
}

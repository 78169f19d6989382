//! `GET /openapi.json` describes every route. That it is true of what is sent, every other test shows: a test's server
//! compares each message with it, and fails where they differ.

use clinic_sync::testing::routes;
use serde_json::Value;

use crate::clinic::{Clinic, client};

async fn document(clinic: &Clinic) -> Value {
    let url = format!("{}/openapi.json", clinic.server.url());
    let response = client().get(url).send().await.expect("the server answers");
    response.json().await.expect("JSON")
}

#[tokio::test]
async fn every_route_says_what_it_is_for_what_it_gives_and_who_may_ask() {
    let clinic = Clinic::open().await;
    let document = document(&clinic).await;
    let all = routes();
    let described: usize = document["paths"]
        .as_object()
        .expect("paths")
        .values()
        .map(|path| path.as_object().map_or(0, serde_json::Map::len))
        .sum();
    assert_eq!(described, all.len());
    for (method, path) in all {
        let operation = &document["paths"][path][method.as_str().to_lowercase()];
        for word in ["summary", "description"] {
            assert!(operation[word].as_str().is_some_and(|text| text.len() >= 10), "{method} {path}: {word}");
        }
        assert_eq!(
            operation["responses"]["default"]["$ref"], "#/components/responses/Problem",
            "{method} {path}"
        );
        let names = path.matches('{').count();
        let parameters = operation["parameters"].as_array().expect("a list");
        assert_eq!(parameters.iter().filter(|one| one["in"] == "path").count(), names, "{method} {path}");
    }
}

#[tokio::test]
async fn every_name_that_is_used_is_explained_and_every_part_of_it_has_a_sentence() {
    let clinic = Clinic::open().await;
    let document = document(&clinic).await;
    let mut names = Vec::new();
    collect(&document, &mut names);
    assert!(names.len() > 60, "{}", names.len());
    for name in names {
        let place = name.strip_prefix('#').expect("a place in the same document");
        assert!(document.pointer(place).is_some(), "{name}");
    }
    for (name, schema) in document["components"]["schemas"].as_object().expect("schemas") {
        assert!(schema["description"].is_string(), "{name}");
        for (part, schema) in schema["properties"].as_object().into_iter().flatten() {
            assert!(schema["description"].is_string(), "{name}.{part}");
        }
    }
}

/// Everything that is referred to.
fn collect(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(name) if key == "$ref" => names.push(name.clone()),
                    other => collect(other, names),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, names)),
        _ => {}
    }
}

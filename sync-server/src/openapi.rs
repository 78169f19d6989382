//! `GET /openapi.json`: every route in the words of OpenAPI 3.1, made from the routes and from the types that they take
//! and give.

use std::sync::LazyLock;

use axum::http::StatusCode;
use protocol::api::PROTOCOL_HEADER;
use protocol::error::Problem;
use protocol::request::{MAX_NONCE_BYTES, MIN_NONCE_BYTES, NONCE_HEADER, SIGNATURE_HEADER, SIGNED_AT_HEADER};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::error::Json;
use crate::router::{Route, routes};

/// What a server says of its routes. It is the same for every server of this version.
pub(crate) static DOCUMENT: LazyLock<Value> = LazyLock::new(|| document(&routes()));

pub(crate) const JSON: &str = "application/json";
pub(crate) const PROBLEM: &str = "application/problem+json";
const LINES: &str = "application/x-ndjson";
const TEXT: &str = "text/plain";
const EVENTS: &str = "text/event-stream";
const BYTES: &str = "application/octet-stream";

type Make = fn(&mut SchemaGenerator) -> Schema;

/// What a route takes and gives.
#[derive(Clone, Copy)]
pub(crate) struct Says {
    summary: &'static str,
    query: Option<Make>,
    takes: Option<(&'static str, Make)>,
    gives: Option<(&'static str, Make)>,
    status: StatusCode,
}

/// A route without a body on either side, which answers that it is done.
pub(crate) fn says(summary: &'static str) -> Says {
    Says { summary, query: None, takes: None, gives: None, status: StatusCode::NO_CONTENT }
}

fn named<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

fn bytes(_: &mut SchemaGenerator) -> Schema {
    schemars::json_schema!({ "type": "string", "format": "binary" })
}

impl Says {
    pub(crate) fn query<T: JsonSchema>(self) -> Self {
        Self { query: Some(T::json_schema), ..self }
    }

    pub(crate) fn takes<T: JsonSchema>(self) -> Self {
        Self { takes: Some((JSON, named::<T>)), ..self }
    }

    pub(crate) fn takes_bytes(self) -> Self {
        Self { takes: Some((BYTES, bytes)), ..self }
    }

    pub(crate) fn gives<T: JsonSchema>(self) -> Self {
        Self { gives: Some((JSON, named::<T>)), status: StatusCode::OK, ..self }
    }

    /// A line each.
    pub(crate) fn gives_lines<T: JsonSchema>(self) -> Self {
        Self { gives: Some((LINES, named::<T>)), status: StatusCode::OK, ..self }
    }

    /// A line each, and between them lines of another form.
    pub(crate) fn gives_text<T: JsonSchema>(self) -> Self {
        Self { gives: Some((TEXT, named::<T>)), status: StatusCode::OK, ..self }
    }

    /// An event each, until one side ends it.
    pub(crate) fn gives_events<T: JsonSchema>(self) -> Self {
        Self { gives: Some((EVENTS, named::<T>)), status: StatusCode::OK, ..self }
    }

    pub(crate) fn gives_bytes(self) -> Self {
        Self { gives: Some((BYTES, bytes)), status: StatusCode::OK, ..self }
    }

    pub(crate) fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }
}

/// The description itself.
pub(crate) async fn openapi() -> Json<&'static Value> {
    Json(&DOCUMENT)
}

fn document(routes: &[Route]) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = SchemaGenerator::new(settings);
    let mut paths = Map::new();
    for route in routes {
        let method = route.method.as_str().to_lowercase();
        let operation = operation(route, &mut generator);
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[method] = operation;
    }
    let problem = named::<Problem>(&mut generator);
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Clinic Desk sync server",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Joins the desktops of all clinics of a tenant. How the messages work together, and every \
                limit, stands in docs/sync-protocol.md.",
        },
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "responses": {
                "Problem": {
                    "description": "Refused or failed: why, for programs and for people.",
                    "content": { PROBLEM: { "schema": problem } },
                },
            },
            "securitySchemes": {
                "access_token": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" },
            },
        },
    });
    without_links(&mut document);
    document
}

fn operation(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let Says { summary, query, takes, gives, status } = route.says;
    let mut parameters: Vec<Value> = in_path(route.path).map(path_parameter).collect();
    if route.path.starts_with("/v1/sync/") {
        parameters.push(json!({
            "name": PROTOCOL_HEADER, "in": "header", "required": true, "schema": { "type": "integer" },
            "description": "The version of the protocol that the desktop speaks.",
        }));
    }
    if route.access.is_signed() {
        parameters.extend(signed_headers());
    }
    parameters.extend(query.into_iter().flat_map(|make| in_query(&make(generator))));
    let mut content = |(media, make): (&'static str, Make)| {
        let schema = make(generator);
        json!({ media: { "schema": schema } })
    };
    let mut answer = json!({ "description": "Done." });
    if let Some(gives) = gives {
        answer["content"] = content(gives);
    }
    let mut operation = json!({
        "summary": summary,
        "description": route.access.in_words(),
        "parameters": parameters,
        "security": if route.access.is_open() { json!([]) } else { json!([{ "access_token": [] }]) },
        "responses": {
            status.as_str(): answer,
            "default": { "$ref": "#/components/responses/Problem" },
        },
    });
    if let Some(takes) = takes {
        operation["requestBody"] = json!({ "required": true, "content": content(takes) });
    }
    operation
}

fn in_path(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn path_parameter(name: &str) -> Value {
    json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string", "format": "uuid" } })
}

/// What a request bears that the desktop signs.
fn signed_headers() -> [Value; 3] {
    [
        json!({
            "name": SIGNED_AT_HEADER, "in": "header", "required": true, "schema": { "type": "integer" },
            "description": "When the desktop signed it, in Unix seconds: within two minutes of the server's clock.",
        }),
        json!({
            "name": NONCE_HEADER, "in": "header", "required": true,
            "schema": { "type": "string", "minLength": MIN_NONCE_BYTES, "maxLength": MAX_NONCE_BYTES },
            "description": "By chance, new for each request: none is taken twice.",
        }),
        json!({
            "name": SIGNATURE_HEADER, "in": "header", "required": true, "schema": { "type": "string" },
            "description": "The device's Ed25519 signature, in base64, over what docs/sync-protocol.md says.",
        }),
    ]
}

fn in_query(schema: &Schema) -> Vec<Value> {
    let required = |name: &str| {
        let names = schema.get("required").and_then(Value::as_array);
        names.is_some_and(|names| names.iter().any(|one| one == name))
    };
    let properties = schema.get("properties").and_then(Value::as_object);
    let parameter = |(name, schema): (&String, &Value)| json!({ "name": name, "in": "query", "required": required(name), "schema": schema });
    properties.into_iter().flatten().map(parameter).collect()
}

/// Descriptions come from doc comments, whose links lead nowhere here: [`Row`] becomes `Row`.
fn without_links(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                match value {
                    Value::String(text) if name == "description" => {
                        *text = text.replace("[`", "`").replace("`]", "`").replace("crate::", "");
                    }
                    other => without_links(other),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(without_links),
        _ => {}
    }
}

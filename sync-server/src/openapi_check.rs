//! For tests: whatever passes a test's server is compared with what the server says of itself, so that
//! `/openapi.json` is true of every message of every test.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{MatchedPath, Request};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HOST};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::openapi::{DOCUMENT, JSON, PROBLEM};

/// Longer than anything that a test sends as JSON.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// A request and its answer, as JSON; what is not JSON is left out.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// `post /v1/auth/login`.
    pub place: String,
    /// The body of the request.
    pub request: Option<Value>,
    /// The body of the answer.
    pub answer: Option<Value>,
}

/// The first good exchange of each route, by the server's address.
static SEEN: Mutex<BTreeMap<(String, String), Exchange>> = Mutex::new(BTreeMap::new());

/// What this server was asked first at each route, and what it said.
pub fn seen(host: &str) -> Vec<Exchange> {
    let seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    seen.iter().filter(|((of, _), _)| of == host).map(|(_, exchange)| exchange.clone()).collect()
}

/// Forgets what was asked at this address: a server of before may have had it.
pub fn forget(host: &str) {
    SEEN.lock().unwrap_or_else(PoisonError::into_inner).retain(|(of, _), _| of != host);
}

/// Lets a request through. If it, or its answer, is not as described, the answer is a 500 that says what is wrong.
pub(crate) async fn check(request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let method = request.method().as_str().to_lowercase();
    let operation = path.as_ref().and_then(|path| DOCUMENT["paths"].get(path)?.get(&method));
    let (Some(path), Some(operation)) = (path, operation) else { return next.run(request).await };
    let place = format!("{method} {path}");
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default().to_owned();
    let (parts, body) = request.into_parts();
    let sent = is_plain(&parts.headers, JSON);
    let (body, sent) = if sent {
        match to_bytes(body, MOST_BYTES).await {
            Ok(bytes) => (Body::from(bytes.clone()), Some(bytes)),
            Err(_) => return StatusCode::BAD_REQUEST.into_response(),
        }
    } else {
        (body, None)
    };
    let response = next.run(Request::from_parts(parts, body)).await;
    let status = response.status();
    if !status.is_success() {
        return of_refusal(&place, response).await;
    }
    let Some(said) = operation["responses"].get(status.as_str()) else {
        return wrong(&place, &format!("{status} is not described"));
    };
    let takes = &operation["requestBody"]["content"][JSON]["schema"];
    let mut exchange = Exchange { place: place.clone(), request: None, answer: None };
    // A route that takes nothing does not look at what comes.
    if let Some(sent) = sent.filter(|sent| !sent.is_empty() && !takes.is_null()) {
        match fits(&format!("{place} takes"), takes, &sent) {
            Ok(value) => exchange.request = Some(value),
            Err(why) => return wrong(&place, &format!("the request: {why}")),
        }
    }
    let described = said["content"].as_object().and_then(|content| content.keys().next());
    let media = media(response.headers());
    if media != described.map_or("", String::as_str) {
        return wrong(&place, &format!("{media:?} came instead of {described:?}"));
    }
    let response = if media == JSON {
        let (response, answer) = compared(&place, &said["content"][JSON]["schema"], response).await;
        exchange.answer = answer;
        response
    } else {
        response
    };
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    seen.entry((host, place)).or_insert(exchange);
    response
}

async fn of_refusal(place: &str, response: Response) -> Response {
    if media(response.headers()) == PROBLEM {
        let schema = json!({ "$ref": "#/components/schemas/Problem" });
        return compared(place, &schema, response).await.0;
    }
    response
}

/// The answer, with what it says if that is as described.
async fn compared(place: &str, schema: &Value, response: Response) -> (Response, Option<Value>) {
    let (parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return (wrong(place, "the answer broke off"), None);
    };
    let plain = if parts.headers.contains_key(CONTENT_ENCODING) {
        zstd::decode_all(bytes.as_ref()).map(Bytes::from).unwrap_or_default()
    } else {
        bytes.clone()
    };
    match fits(&format!("{place} gives {}", parts.status.is_success()), schema, &plain) {
        Ok(value) => (Response::from_parts(parts, Body::from(bytes)), Some(value)),
        Err(why) => (wrong(place, &format!("the answer: {why}")), None),
    }
}

/// A text as JSON, if it is of this schema. `name` is the schema's, under which it is kept.
fn fits(name: &str, schema: &Value, text: &[u8]) -> Result<Value, String> {
    static KNOWN: LazyLock<Mutex<BTreeMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);
    if schema.is_null() {
        return Err("no body is described".to_owned());
    }
    let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
    let validator = if let Some(validator) = known {
        validator
    } else {
        let whole = json!({ "allOf": [schema], "components": DOCUMENT["components"] });
        let validator = Arc::new(jsonschema::validator_for(&whole).map_err(|error| error.to_string())?);
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(name.to_owned(), Arc::clone(&validator));
        validator
    };
    let value: Value = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    match validator.validate(&value) {
        Ok(()) => Ok(value),
        Err(error) => Err(format!("{error} at {}", error.instance_path())),
    }
}

fn media(headers: &HeaderMap) -> &str {
    let media = headers.get(CONTENT_TYPE).and_then(|media| media.to_str().ok()).unwrap_or_default();
    media.split(';').next().unwrap_or_default().trim()
}

fn is_plain(headers: &HeaderMap, wanted: &str) -> bool {
    media(headers) == wanted && !headers.contains_key(CONTENT_ENCODING)
}

fn wrong(place: &str, why: &str) -> Response {
    let text = format!("BUG: {place} is not as /openapi.json says: {why}");
    tracing::error!("{text}");
    (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, schema: &str, text: &str) -> Result<Value, String> {
        fits(name, &json!({ "$ref": format!("#/components/schemas/{schema}") }), text.as_bytes())
    }

    #[test]
    fn what_is_not_as_described_is_noticed() {
        let problem = r#"{"type":"about:blank","status":404,"code":"not_found","detail":"Not here."}"#;
        assert!(check("problem", "Problem", problem).is_ok());
        assert!(check("problem", "Problem", &problem.replace("not_found", "lost")).is_err());
        assert!(check("problem", "Problem", &problem.replace("404", "\"404\"")).is_err());
        assert!(check("event", "LiveEvent", "{}").is_err());
        assert!(check("hash", "Hash", "\"abc\"").is_err());
    }
}

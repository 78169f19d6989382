//! Every route, driven by the list of which the router is made: who may ask, and what another tenant's ids, headers
//! and tokens get them.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Once;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use clinic_sync::auth::token::{Claims, TokenKeys, new_key};
use clinic_sync::testing::routes;
use protocol::api::{PROTOCOL_HEADER, PushRequest};
use protocol::audit::{Action, ChainedEvent, DeskEvent, DeskEvents};
use protocol::mutation::Hash;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Map, Value, json};
use sqlx::AssertSqlSafe;
use time::OffsetDateTime;
use tracing::field::{Field, Visit};
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use uuid::Uuid;

use crate::clinic::{Desk, new_patient, signed_request};
use crate::furnished::{Street, WORD_A, tenant_tables};

/// The routes that ask for no access token. A new one is named here on purpose.
pub const OPEN: &[&str] = &[
    "/healthz",
    "/openapi.json",
    "/readyz",
    "/v1/clinics/register",
    "/v1/devices/enrol",
    "/v1/devices/standing",
    "/v1/devices/handover",
    "/v1/devices/farewell",
    "/v1/devices/wiped",
    "/v1/auth/challenge",
    "/v1/auth/login",
    "/v1/auth/refresh",
];

/// Routes whose id is not that of a row in the table of the same name.
const TABLES: &[(&str, &str)] = &[];

/// Its answer does not end.
pub const LIVE: &str = "/v1/sync/live";

impl Street {
    /// A request that B may make.
    fn request(&self, method: &Method, path: &str) -> RequestBuilder {
        let request = self.anonymous(method, path).bearer_auth(&self.b.token);
        match path {
            "/v1/sync/pull" | "/v1/sync/bootstrap" | "/v1/sync/digest" => {
                request.query(&[("epoch", self.b.epoch.to_string())])
            }
            "/v1/sync/push" => request.json(&PushRequest { epoch: self.b.epoch, mutations: Vec::new() }),
            _ => request,
        }
    }

    /// The request as B's desktop sends it.
    fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        signed_request(request, &self.b.key)
    }

    fn anonymous(&self, method: &Method, path: &str) -> RequestBuilder {
        let request = self.b.client.request(method.clone(), format!("{}{path}", self.b.url));
        let request = request.header(PROTOCOL_HEADER, protocol::PROTOCOL_VERSION);
        if *method == Method::GET { request } else { request.json(&json!({})) }
    }

    /// Every row of a tenant, by table.
    async fn rows(&mut self, desk: Uuid) -> Vec<(String, Map<String, Value>)> {
        let mut rows = Vec::new();
        for table in tenant_tables(&mut self.admin).await {
            let sql =
                format!("select to_jsonb(t) from clinic.{table} t where tenant_id = $1 order by t::text");
            let found: Vec<Value> = sqlx::query_scalar(AssertSqlSafe(sql))
                .bind(desk)
                .fetch_all(&mut self.admin)
                .await
                .expect("rows");
            rows.extend(
                found.into_iter().map(|row| (table.clone(), row.as_object().expect("an object").clone())),
            );
        }
        rows
    }

    /// Texts that stand in A's rows and not in B's: ids, and the word in every column that takes one.
    async fn canaries(&mut self) -> BTreeSet<String> {
        let (a, b) = (self.a.tenant.0, self.b.tenant.0);
        let texts = |rows: Vec<(String, Map<String, Value>)>| -> BTreeSet<String> {
            let values = rows.into_iter().flat_map(|(_, row)| row.into_iter().map(|(_, value)| value));
            values.filter_map(|value| value.as_str().map(str::to_owned)).filter(|text| is_id(text)).collect()
        };
        let (theirs, own) = (texts(self.rows(a).await), texts(self.rows(b).await));
        theirs.difference(&own).cloned().chain([WORD_A.to_owned()]).collect()
    }
}

fn is_id(text: &str) -> bool {
    text.parse::<Uuid>().is_ok()
}

fn closed_routes() -> Vec<(Method, &'static str)> {
    let routes: Vec<_> = routes().into_iter().filter(|(_, path)| !OPEN.contains(path)).collect();
    assert!(routes.len() >= 6, "{routes:?}");
    routes
}

thread_local! {
    /// What this thread has said to the database, if someone wants to know.
    static SAID: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

struct Statements;

impl<S: tracing::Subscriber> Layer<S> for Statements {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        struct Texts<'a>(&'a mut Vec<String>);
        impl Visit for Texts<'_> {
            fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
                if field.name() == "summary" {
                    self.0.push(format!("{value:?}"));
                }
            }
        }
        SAID.with_borrow_mut(|said| said.as_mut().map(|said| event.record(&mut Texts(said))));
    }
}

/// What the database is asked while this goes on. The server of a test runs on the test's thread.
async fn said<T>(during: impl Future<Output = T>) -> (T, Vec<String>) {
    static LISTEN: Once = Once::new();
    LISTEN.call_once(|| {
        let wanted = dynamic_filter_fn(|event, _| {
            event.target() == "sqlx::query" && SAID.with_borrow(Option::is_some)
        });
        tracing_subscriber::registry().with(Statements.with_filter(wanted)).init();
    });
    SAID.set(Some(Vec::new()));
    let done = during.await;
    let mut said = SAID.take().expect("set above");
    // A connection is looked at when it comes back, whenever that is.
    said.retain(|statement| !statement.contains("now() = statement_timestamp()"));
    (done, said)
}

#[tokio::test]
async fn every_route_with_an_id_answers_for_another_tenants_row_as_for_none() {
    let mut street = Street::new().await;
    let with_id: Vec<_> = closed_routes().into_iter().filter(|(_, path)| path.contains('{')).collect();
    assert!(with_id.len() >= 2, "{with_id:?}");
    for (method, path) in with_id {
        let (before, after) = path.split_once("{id}").expect("an id is called id");
        let segment = before.trim_end_matches('/').rsplit('/').next().expect("a table");
        let table = TABLES.iter().find(|(route, _)| *route == path).map_or(segment, |(_, table)| *table);
        let theirs = id_of(&street.rows(street.a.tenant.0).await, table, path);
        let own = id_of(&street.rows(street.b.tenant.0).await, table, path);
        let mut answers = Vec::new();
        for id in [theirs.clone(), Uuid::now_v7().to_string()] {
            let request = street.request(&method, &format!("{before}{id}{after}"));
            let (response, said) = said(street.signed(request).send()).await;
            let response = response.expect("an answer");
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "{method} {path}");
            assert!(!said.is_empty(), "the statements of the server are not seen");
            let mut headers = response.headers().clone();
            headers.remove("date");
            let body = response.text().await.expect("a body");
            answers.push((headers, body, said));
        }
        assert_eq!(answers[0], answers[1], "{method} {path}");
        let request = street.request(&method, &format!("{before}{own}{after}"));
        let response = street.signed(request).send().await.expect("an answer");
        assert_ne!(response.status(), StatusCode::NOT_FOUND, "{method} {path}");
    }
}

fn id_of(rows: &[(String, Map<String, Value>)], table: &str, path: &str) -> String {
    let row = rows.iter().find(|(name, _)| name == table);
    let (_, row) = row.unwrap_or_else(|| panic!("{path}: no table {table}; say in TABLES which one it is"));
    row["id"].as_str().expect("an id").to_owned()
}

/// Routes that take ids in their bodies: the table of the id, and the body around it.
fn bodies(desk: &Desk, id: &str) -> Vec<(&'static str, &'static str, &'static str, Value)> {
    let event = DeskEvent {
        sequence: 1,
        at: OffsetDateTime::now_utc(),
        user: id.parse().unwrap_or(desk.user),
        action: Action::View,
        table: None,
        record: None,
        patient: None,
    };
    let event = ChainedEvent::new(&event, Hash::ZERO).expect("JSON");
    let events = DeskEvents { previous_hash: Hash::ZERO, events: vec![event] };
    let new = json!({"full_name": "Lata", "email": "lata@example.org", "roles": ["nurse"], "clinics": [id]});
    vec![
        ("POST", "/v1/users", "clinics", new),
        ("PATCH", "/v1/users/{id}", "clinics", json!({"clinics": [id]})),
        ("POST", "/v1/devices/codes", "clinics", json!({"clinic_id": id, "scope": "clinical"})),
        ("POST", "/v1/audit/events", "users", serde_json::to_value(events).expect("JSON")),
    ]
}

/// Routes whose bodies hold no id, and those that have such tests of their own (`isolation_push`, `digest`). A new one is
/// named here on purpose, or above.
const NO_IDS: &[(&str, &str)] = &[
    ("POST", "/v1/clinics"),
    ("PATCH", "/v1/clinics/{id}"),
    ("POST", "/v1/users/{id}/password"),
    ("POST", "/v1/devices/{id}/revoke"),
    ("POST", "/v1/devices/renew"),
    ("POST", "/v1/devices/recovery"),
    ("POST", "/v1/auth/password"),
    ("POST", "/v1/own-keys"),
    ("POST", "/v1/tenant/objection"),
    ("POST", "/v1/audit/ends"),
    ("POST", "/v1/sync/push"),
    ("POST", "/v1/sync/receipts"),
    ("POST", "/v1/sync/restored"),
    ("POST", "/v1/sync/rows"),
    ("PUT", "/v1/dental_attachments/{id}/upload"),
    ("POST", "/v1/dental_attachments/{id}/upload"),
];

#[tokio::test]
async fn every_body_with_an_id_is_answered_for_another_tenants_row_as_for_none() {
    let mut street = Street::new().await;
    let with_body = closed_routes().into_iter().filter(|(method, _)| *method != Method::GET);
    let with_body: BTreeSet<_> = with_body.map(|(method, path)| (method.to_string(), path)).collect();
    let named = bodies(&street.b, "").into_iter().map(|(method, path, ..)| (method, path));
    let named: BTreeSet<_> =
        named.chain(NO_IDS.iter().copied()).map(|(method, path)| (method.to_owned(), path)).collect();
    assert_eq!(with_body, named);
    let before = street.rows(street.a.tenant.0).await;
    let (theirs, own) = (before.clone(), street.rows(street.b.tenant.0).await);
    for place in 0..bodies(&street.b, "").len() {
        let ask = |id: &str| {
            let (method, path, _, body) = bodies(&street.b, id).swap_remove(place);
            let path = path.replace("{id}", &street.b.user.to_string());
            street.signed(street.request(&method.parse().expect("a method"), &path).json(&body))
        };
        let (method, path, table, _) = bodies(&street.b, "").swap_remove(place);
        let mut answers = Vec::new();
        for id in [id_of(&theirs, table, path), Uuid::now_v7().to_string()] {
            let (response, said) = said(ask(&id).send()).await;
            let response = response.expect("an answer");
            let status = response.status();
            assert!(status.is_client_error(), "{method} {path}: {status}");
            let body = response.text().await.expect("a body");
            assert!(!body.contains(&id), "{method} {path}: {body}");
            answers.push((status, body, said));
        }
        assert_eq!(answers[0], answers[1], "{method} {path}");
        let response = ask(&id_of(&own, table, path)).send().await.expect("an answer");
        let status = response.status();
        assert!(status.is_success(), "{method} {path}: {status} {:?}", response.text().await);
    }
    assert_eq!(street.rows(street.a.tenant.0).await, before);
}

/// B's own claims, changed as an attacker would have them.
fn forged(street: &Street) -> Vec<(&'static str, String)> {
    let keys = &street.clinic.server.state().auth.keys;
    let now = OffsetDateTime::now_utc();
    let good: Claims = keys.verify(&street.b.token, now).expect("ours");
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let tampered = |name: &str, value: Value| {
        let parts: Vec<&str> = street.b.token.split('.').collect();
        let mut claims = serde_json::to_value(&good).expect("JSON");
        claims[name] = value;
        format!("{}.{}.{}", parts[0], part(&claims), parts[2])
    };
    let unsigned = |claims: &Claims| {
        let header = json!({"alg": "none", "typ": "at+jwt"});
        format!("{}.{}.", part(&header), part(&serde_json::to_value(claims).expect("JSON")))
    };
    let as_a = Claims { tid: street.a.tenant, ..good.clone() };
    let ended = Claims { iat: good.iat - 3600, nbf: good.nbf - 3600, exp: good.exp - 3600, ..good.clone() };
    vec![
        ("signed by another key", TokenKeys::new(&new_key()).sign_claims(&good).0),
        ("not signed", unsigned(&good)),
        ("not signed, as A", unsigned(&as_a)),
        ("another tenant under the old signature", tampered("tid", json!(street.a.tenant))),
        ("another role under the old signature", tampered("roles", json!(["admin"]))),
        ("for another audience", keys.sign_claims(&Claims { aud: "metrics".into(), ..good.clone() }).0),
        ("by another issuer", keys.sign_claims(&Claims { iss: "someone".into(), ..good.clone() }).0),
        ("of an hour ago", keys.sign_claims(&ended).0),
        // Even with the server's own signature: B's person and computer are not A's.
        ("as A by our key", keys.sign_claims(&as_a).0),
        ("A's person on B's computer", keys.sign_claims(&Claims { sub: street.a.user, ..good.clone() }).0),
        ("A's computer", keys.sign_claims(&Claims { did: street.a.device, ..good.clone() }).0),
        ("B's person as A on A's computer", keys.sign_claims(&Claims { did: street.a.device, ..as_a }).0),
    ]
}

#[tokio::test]
async fn every_route_that_is_not_named_open_refuses_whoever_has_no_token_of_ours() {
    let mut street = Street::new().await;
    let before = street.rows(street.a.tenant.0).await;
    let forged = forged(&street);
    for (method, path) in closed_routes() {
        let path = path.replace("{id}", &Uuid::now_v7().to_string());
        let response = street.anonymous(&method, &path).send().await.expect("an answer");
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{method} {path}");
        let without = response.text().await.expect("a body");
        for (what, token) in &forged {
            let request = street.anonymous(&method, &path).bearer_auth(token);
            let response = request.send().await.expect("an answer");
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{what}: {method} {path}");
            assert_eq!(response.text().await.expect("a body"), without, "{what}: {method} {path}");
        }
        // The positive twin.
        let response = street.signed(street.request(&method, &path)).send().await.expect("an answer");
        assert_ne!(response.status(), StatusCode::UNAUTHORIZED, "{method} {path}");
    }
    assert_eq!(street.rows(street.a.tenant.0).await, before);
}

#[tokio::test]
async fn a_header_a_query_or_a_body_that_names_another_tenant_changes_nothing() {
    let mut street = Street::new().await;
    let before = street.rows(street.a.tenant.0).await;
    let canaries = street.canaries().await;
    assert!(canaries.len() > 20, "{canaries:?}");
    let a = street.a.tenant.to_string();
    for (method, path) in closed_routes() {
        let path = path.replace("{id}", &Uuid::now_v7().to_string());
        let plain = street.signed(street.request(&method, &path)).send().await.expect("an answer").status();
        let mut tries = vec![
            street.request(&method, &path).header("X-Tenant-Id", &a).header("X-Tenant", WORD_A),
            street.request(&method, &path).query(&[("tenant_id", &a), ("tenant", &a), ("tid", &a)]),
            street.request(&method, &path).header("Cookie", format!("tenant_id={a}")),
        ];
        if method != Method::GET {
            let body = json!({
                "tenant_id": a, "epoch": street.b.epoch, "mutations": [], "tenant_code": WORD_A.to_uppercase(),
            });
            tries.push(street.request(&method, &path).json(&body));
        }
        for request in tries {
            let response = street.signed(request).send().await.expect("an answer");
            let status = response.status();
            assert!(status == plain || status.is_client_error(), "{method} {path}: {status}, not {plain}");
            if path == LIVE {
                continue;
            }
            let headers = format!("{:?}", response.headers());
            let text = headers + &response.text().await.expect("a body");
            let crossed: Vec<_> =
                canaries.iter().filter(|canary| text.contains(*canary) && **canary != a).collect();
            assert!(crossed.is_empty(), "{method} {path}: {crossed:?}");
        }
    }
    assert_eq!(street.rows(street.a.tenant.0).await, before);
}

/// The positive twin of the bytes that do not cross: A's own desktop gets them.
#[tokio::test]
async fn the_words_that_do_not_cross_are_in_the_answers_to_their_own_tenant() {
    let mut street = Street::new().await;
    street.a.write(vec![new_patient(Uuid::now_v7(), "Sunita")]).await;
    let page =
        street.a.get(&format!("/v1/sync/pull?epoch={}", street.a.epoch)).await.text().await.expect("a page");
    let found = street.canaries().await.into_iter().filter(|canary| page.contains(canary)).count();
    assert!(found > 10, "{found}");
}

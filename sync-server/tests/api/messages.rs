//! `docs/messages.md`: every message of every route, as it was sent here. Written anew with `WRITE_MESSAGES=1`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use clinic_sync::testing::Exchange;
use futures_util::StreamExt;
use protocol::api::Position;
use protocol::audit::Action;
use protocol::digest::RowsRequest;
use protocol::farewell::{FarewellToken, Wiped};
use protocol::log_end::LogPlace;
use protocol::manage::RevokeRequest;
use protocol::settlement::item_id;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::audit_desk::{chain, event, tell};
use crate::chart::dental_clinic;
use crate::clinic::{Desk, body, new_patient};
use crate::desk;
use crate::files::{attachment, picture};
use crate::prescription::signed;
use crate::recovery::Lost;
use crate::renew::Copied;
use crate::revoked::{farewell, handover, post, revocation, revoke};
use crate::{audit_ends, desk::EMAIL, own_keys};

/// They answer with a word, with bytes, with nothing, or with what this page leads to.
const NO_JSON: &[&str] = &[
    "get /healthz",
    "get /readyz",
    "get /openapi.json",
    "get /v1/dental_attachments/{id}/file",
    "post /v1/tenant/objection",
];

async fn ask(desk: &Desk, method: Method, path: &str, body: Option<Value>) -> Value {
    let request = desk.client.request(method, format!("{}{path}", desk.url));
    let request = if let Some(body) = body { request.json(&body) } else { request };
    let response = desk.request(request).send().await.expect("an answer");
    let (status, text) = (response.status(), response.text().await.expect("a body"));
    assert!(status.is_success(), "{path}: {status} {text}");
    serde_json::from_str(&text).unwrap_or_default()
}

/// Asks every route at least once.
async fn story() -> Vec<Exchange> {
    let (clinic, mut desk, patient) = dental_clinic().await;
    let get = async |desk: &Desk, path: &str| ask(desk, Method::GET, path, None).await;
    let here = desk.write(vec![new_patient(Uuid::now_v7(), "Asha")]).await.head;
    let path = format!("/v1/sync/live?epoch={}&after={here}", desk.epoch);
    let mut news = desk.get(&path).await.bytes_stream();
    let first = news.next().await.expect("an event").expect("bytes");
    let head = clinic.desk().await.write(vec![new_patient(Uuid::now_v7(), "Sunita")]).await.head;
    let second = news.next().await.expect("an event").expect("bytes");
    let live = format!("{}{}", String::from_utf8_lossy(&first), String::from_utf8_lossy(&second));
    let text = async |path: String| desk.get(&path).await.text().await.expect("a text");
    let (epoch, after) = (desk.epoch, Position::after_version(head - 1));
    let pulled = text(format!("/v1/sync/pull?epoch={epoch}&after={after}&catalogue=1")).await;
    let filled = text(format!("/v1/sync/bootstrap?epoch={epoch}&catalogue=1")).await;
    let streams = [
        ("get /v1/sync/live", live),
        ("get /v1/sync/pull", pulled),
        ("get /v1/sync/bootstrap", shortened(&filled)),
    ];
    desk.own = Some(own_keys::register(&desk, &desk.token, 0).await);
    get(&desk, "/v1/own-keys").await;
    let (written, _) = signed(&mut desk).await;
    let bytes = picture(1_000);
    let file = Uuid::now_v7();
    desk.write(vec![attachment(file, patient, &bytes, "image/png")]).await;
    desk.upload(file).await;
    desk.send(file, &bytes).await;
    for path in [
        "/v1/tenant",
        "/v1/sync/epoch",
        "/v1/clinics",
        "/v1/users",
        "/v1/devices",
        "/v1/audit?limit=1&table=dental_attachments",
    ] {
        get(&desk, path).await;
    }
    get(&desk, &format!("/v1/patients/{patient}")).await;
    get(&desk, &format!("/v1/prescriptions/{}", written.id)).await;
    get(&desk, &format!("/v1/sync/digest?epoch={}", desk.epoch)).await;
    let rows = RowsRequest { epoch: desk.epoch, table: "patients".into(), ids: vec![patient] };
    ask(&desk, Method::POST, "/v1/sync/rows", serde_json::to_value(rows).ok()).await;
    let known = json!({ "epoch": desk.epoch, "sent_again": 2,
        "only_here": [{ "table": "patients", "rows": 1, "ids": [patient] }] });
    ask(&desk, Method::POST, "/v1/sync/restored", Some(known)).await;
    let receipts = json!({ "epoch": desk.epoch, "sequences": [1] });
    ask(&desk, Method::POST, "/v1/sync/receipts", Some(receipts)).await;
    tell(&desk, &chain(&[event(&desk, 1, Action::View)])).await.expect("kept");
    audit_ends::sign(&clinic).await;
    audit_ends::ask(&desk, vec![LogPlace { lane: "writes".into(), seq: 1 }]).await;

    let new = json!({ "clinic_name": "Asha Clinic, Powai", "clinic_code": "POWAI" });
    let clinic_id = ask(&desk, Method::POST, "/v1/clinics", Some(new)).await["id"].clone();
    let path = format!("/v1/clinics/{}", clinic_id.as_str().expect("an id"));
    ask(&desk, Method::PATCH, &path, Some(json!({ "city": "Mumbai" }))).await;
    let code = json!({ "clinic_id": clinic_id, "scope": "front_desk" });
    ask(&desk, Method::POST, "/v1/devices/codes", Some(code)).await;
    let new = json!({ "full_name": "Lata Shinde", "email": "lata@example.org", "roles": ["nurse"] });
    let user = ask(&desk, Method::POST, "/v1/users", Some(new)).await["user"]["id"].clone();
    let path = format!("/v1/users/{}", user.as_str().expect("an id"));
    let change = json!({ "email": "shinde@example.org", "roles": ["receptionist"] });
    ask(&desk, Method::PATCH, &path, Some(change)).await;
    ask(&desk, Method::POST, &format!("{path}/password"), None).await;

    let mut lost = clinic.desk().await;
    let unsent = lost.sign(vec![new_patient(Uuid::now_v7(), "Usha")]);
    let stolen = RevokeRequest { reason: Some("stolen".into()), consent: None };
    revoke(&desk, &lost, &stolen).await.expect("revoked");
    revocation(&lost, true).await;
    handover(&lost, vec![unsent]).await.expect("taken");
    get(&desk, &format!("/v1/sync_conflicts/{}/refused", item_id(lost.device, 1))).await;
    let FarewellToken { token } = body(farewell(&lost).await).await.expect("a token");
    let wiped = Wiped { tenant_id: lost.tenant, device_id: lost.device, token };
    post(&lost, "/v1/devices/wiped", &wiped).await;
    let password = json!({ "old_password": crate::clinic::PASSWORD, "new_password": "eight blue parrots" });
    ask(&desk, Method::POST, "/v1/auth/password", Some(password)).await;

    // A person comes and goes at a desktop of another server.
    let other = desk::Clinic::open().await;
    let room = other.desk().await;
    room.next(&room.sign_in(EMAIL).await.tokens).await;
    let copied = Copied::new().await;
    copied.ask(&copied.request()).await.expect("another device");
    let recovered = Lost::new().await;
    recovered.ask(recovered.recovers()).await.expect("back");
    let mut all = BTreeMap::new();
    for server in [&clinic.server, &other.server, &copied.clinic.server, &recovered.clinic.server] {
        for exchange in server.exchanges() {
            all.entry(exchange.place.clone()).or_insert(exchange);
        }
    }
    for (place, text) in streams {
        let exchange = Exchange { place: place.to_owned(), request: None, answer: Some(text.into()) };
        all.insert(exchange.place.clone(), exchange);
    }
    all.into_values().collect()
}

/// Of a stream for a new desktop what stands between the rows, and of two tables the first row.
fn shortened(stream: &str) -> String {
    let (mut text, mut is_shown, mut has_row) = (String::new(), false, false);
    for line in stream.lines() {
        let is_kept = match line.strip_prefix("{\"") {
            None => is_shown && !std::mem::replace(&mut has_row, true),
            Some(rest) if rest.starts_with("table") => {
                has_row = false;
                is_shown =
                    ["\"name\":\"clinics\"", "\"name\":\"patients\""].iter().any(|name| rest.contains(name));
                is_shown
            }
            Some(rest) => is_shown || !rest.starts_with("reached") || rest.contains("\"today\""),
        };
        if is_kept {
            writeln!(text, "{line}").expect("a text");
        } else if !text.ends_with("…\n") {
            text.push_str("…\n");
        }
    }
    text
}

/// What differs from run to run is put into the place of what an earlier run had there.
#[derive(Default)]
struct Tidy {
    ids: BTreeMap<Uuid, usize>,
}

impl Tidy {
    fn value(&mut self, name: &str, value: &Value) -> Value {
        match value {
            Value::Object(map) => {
                map.iter().map(|(name, value)| (name.clone(), self.value(name, value))).collect()
            }
            // Two tell what the others are like.
            Value::Array(values) => values.iter().take(2).map(|value| self.value(name, value)).collect(),
            Value::String(text) => self.text(name, text).into(),
            Value::Number(_) if name == "offset" => json!(0),
            other => other.clone(),
        }
    }

    /// The same in the bytes of a stream, which stay as they are but for that.
    fn stream(&mut self, text: &str) -> String {
        let is_end = |sign: char| ['"', '\t', '\n'].contains(&sign);
        let pieces = text.split_inclusive(is_end).map(|piece| {
            let inner = piece.trim_end_matches(is_end);
            self.text("", inner) + &piece[inner.len()..]
        });
        pieces.collect()
    }

    fn text(&mut self, name: &str, text: &str) -> String {
        if let Ok(inner @ Value::Object(_)) = serde_json::from_str::<Value>(text) {
            return self.value(name, &inner).to_string();
        }
        if let Ok(id) = text.parse::<Uuid>() {
            let place = self.ids.len() + 1;
            let place = *self.ids.entry(id).or_insert(place);
            return format!("0193a5b0-0000-7000-8000-{place:012}");
        }
        if let Some((table, id)) = text.rsplit_once('.')
            && id.parse::<Uuid>().is_ok()
        {
            return format!("{table}.{}", self.text("", id));
        }
        if protocol::validate::parse_moment(text).is_some() {
            return "2026-11-23T04:11:08.123Z".into();
        }
        if protocol::validate::parse_day(text).is_some() {
            return "2026-11-23".into();
        }
        let is_hex = text.len() >= 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_bytes = text.len() > 30
            && (BASE64_STANDARD.decode(text).is_ok() || BASE64_URL_SAFE_NO_PAD.decode(text).is_ok());
        if is_hex {
            return format!("{}…", "9f86d081884c7d65");
        }
        if is_bytes || text.split('.').count() == 3 && text.starts_with("ey") {
            return "…".into();
        }
        let by_chance =
            ["code", "tenant_code", "one_time_password", "token", "lane", "prescription_number", "next"];
        if by_chance.contains(&name) && text.len() > 6 {
            return "…".into();
        }
        text.to_owned()
    }
}

fn document(exchanges: &[Exchange]) -> String {
    let mut text = String::from(
        "# Messages\n\nEvery message of every route as a test sent it and got it, which keeps this page true. Ids, times, hashes\n\
         and secrets stand for real ones; of a list two entries are shown, of a stream each line but for what `…` stands for. What\n\
         a message means stands in [sync-protocol.md](sync-protocol.md), its exact form at `GET /openapi.json`.\n",
    );
    for Exchange { place, request, answer } in exchanges {
        let (method, path) = place.split_once(' ').unwrap_or_default();
        write!(text, "\n## `{} {path}`\n", method.to_uppercase()).expect("a text");
        for (side, value) in [("Request", request), ("Answer", answer)] {
            let Some(value) = value else { continue };
            if let Value::String(stream) = value {
                let stream = Tidy::default().stream(stream);
                write!(text, "\n{side}:\n\n```text\n{}\n```\n", stream.trim_end()).expect("a text");
                continue;
            }
            let value = Tidy::default().value("", value);
            write!(text, "\n{side}:\n\n```json\n{value:#}\n```\n").expect("a text");
        }
    }
    text
}

#[tokio::test]
async fn every_message_is_shown_as_it_is_sent() {
    let exchanges: Vec<Exchange> = Box::pin(story())
        .await
        .into_iter()
        .filter(|one| one.request.is_some() || one.answer.is_some())
        .collect();
    let shown: BTreeSet<String> = exchanges.iter().map(|one| one.place.clone()).collect();
    let all = clinic_sync::testing::routes();
    let all = all.into_iter().map(|(method, path)| format!("{} {path}", method.as_str().to_lowercase()));
    let missing: Vec<String> =
        all.filter(|place| !shown.contains(place) && !NO_JSON.contains(&place.as_str())).collect();
    assert!(missing.is_empty(), "not asked: {missing:?}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/messages.md");
    let document = document(&exchanges);
    if std::env::var_os("WRITE_MESSAGES").is_some() {
        std::fs::write(&path, &document).expect("written");
    }
    let kept = std::fs::read_to_string(&path).expect("docs/messages.md is there");
    for (one, other) in document.lines().zip(kept.lines()) {
        assert_eq!(one, other, "docs/messages.md is not what is sent; write it anew with WRITE_MESSAGES=1");
    }
    assert_eq!(document.lines().count(), kept.lines().count());
}

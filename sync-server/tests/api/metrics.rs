//! What Prometheus gets to see, and what it must not.

use std::collections::BTreeSet;

use clinic_sync::metrics;
use clinic_sync::testing::routes;
use protocol::api::{ChallengeRequest, PROTOCOL_HEADER};
use reqwest::StatusCode;
use reqwest::header::USER_AGENT;
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::clinic::{Clinic, Desk, client, new_patient};

fn text(clinic: &Clinic) -> String {
    clinic.server.state().metrics.text().expect("the numbers")
}

/// The number in the line that begins with this, or 0.
fn number(text: &str, line: &str) -> f64 {
    let found = text.lines().find_map(|candidate| candidate.strip_prefix(line)?.strip_prefix(' '));
    found.map_or(0.0, |number| number.parse().expect("a number"))
}

async fn pull_as(desk: &Desk, agent: &str) {
    let builder = desk.client.get(format!("{}/v1/sync/pull?epoch={}", desk.url, desk.epoch));
    let response = desk.request(builder).header(USER_AGENT, agent).send().await.expect("an answer");
    assert_eq!(response.status(), StatusCode::OK);
}

#[tokio::test]
async fn requests_problems_mutations_and_pulls_are_counted() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let before = text(&clinic);
    let patient = Uuid::now_v7();
    let first = desk.sign(vec![new_patient(patient, "Sunita")]);
    for _ in 0..2 {
        desk.push(vec![first.clone()]).await.expect("taken");
    }
    pull_as(&desk, "clinic-desk/1.20.3").await;
    assert_eq!(desk.get(&format!("/v1/patients/{}", Uuid::now_v7())).await.status(), StatusCode::NOT_FOUND);
    let after = text(&clinic);
    let grown = |line: &str| number(&after, line) - number(&before, line);
    assert_eq!(grown(r#"clinic_sync_requests_total{route="/v1/sync/push",status="2xx"}"#), 2.0);
    assert_eq!(grown(r#"clinic_sync_request_seconds_count{route="/v1/sync/push"}"#), 2.0);
    // A repeat changes nothing, so it is not counted.
    assert_eq!(grown(r#"clinic_sync_mutations_total{fate="applied"}"#), 1.0);
    assert_eq!(grown(r#"clinic_sync_requests_total{route="/v1/patients/{id}",status="4xx"}"#), 1.0);
    assert_eq!(grown(r#"clinic_sync_problems_total{code="not_found"}"#), 1.0);
    assert_eq!(grown("clinic_sync_pull_behind_versions_count"), 1.0);
    assert!(grown("clinic_sync_pull_behind_versions_sum") >= 1.0);
    let pulls: Vec<&str> = after.lines().filter(|line| line.contains(r#"app_version="1.20.3""#)).collect();
    assert_eq!(pulls.len(), 1, "{after}");
    assert!(grown("clinic_sync_begin_seconds_count") > 0.0);
    assert_eq!(number(&after, "clinic_sync_pool_limit"), 16.0);
    assert!(after.contains("clinic_sync_build_info{version="));
    assert!(after.ends_with("# EOF\n"));
}

#[tokio::test]
async fn failed_sign_ins_are_counted_by_their_code() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let response = desk.client.get(format!("{}/v1/tenant", desk.url)).bearer_auth("made up").send().await;
    assert_eq!(response.expect("an answer").status(), StatusCode::UNAUTHORIZED);
    assert_eq!(number(&text(&clinic), r#"clinic_sync_problems_total{code="unauthorized"}"#), 1.0);
}

#[tokio::test]
async fn a_log_that_was_changed_is_counted_when_its_end_is_signed() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let state = clinic.server.state();
    state.audit.sign_heads(&state.db).await;
    assert_eq!(number(&text(&clinic), "clinic_sync_failed_checks_total"), 0.0);
    clinic
        .sql(
            "set session_replication_role = replica;
             update tenant_audit_log l set entry_hash = sha256('x')
             where seq = (select max(seq) from tenant_audit_log where lane = l.lane) and lane ~ '^server'",
        )
        .await;
    desk.get(&format!("/v1/patients/{}", Uuid::now_v7())).await;
    desk.get("/v1/audit").await;
    state.audit.sign_heads(&state.db).await;
    assert_eq!(number(&text(&clinic), "clinic_sync_failed_checks_total"), 1.0);
}

#[tokio::test]
async fn a_live_stream_is_counted_while_it_is_open() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let mut stream = desk.get("/v1/sync/live").await;
    stream.chunk().await.expect("a live stream").expect("the first event");
    assert_eq!(number(&text(&clinic), "clinic_sync_live_streams"), 1.0);
    let state = clinic.server.state().clone();
    drop(stream);
    // Without a desktop the server ends the stream, at the latest when it stops.
    clinic.server.stop().await.expect("stopped");
    assert_eq!(number(&state.metrics.text().expect("the numbers"), "clinic_sync_live_streams"), 0.0);
}

#[tokio::test]
async fn labels_are_few_and_say_whose_a_request_was_to_nobody() {
    let clinic = Clinic::open().await;
    let (mut desk, mut neighbour) = (clinic.desk().await, clinic.neighbour().await);
    for desk in [&mut desk, &mut neighbour] {
        let patient = Uuid::now_v7();
        desk.write(vec![new_patient(patient, "Sunita")]).await;
        desk.get(&format!("/v1/patients/{patient}")).await;
        desk.get(&format!("/v1/{}", Uuid::now_v7())).await;
        desk.get("/v1/tenant?code=ASHA").await;
    }
    for number in 0..40 {
        pull_as(&desk, &format!("clinic-desk/9.9.{number}")).await;
        pull_as(&desk, &format!("clinic-desk/{}", Uuid::now_v7())).await;
        let made_up = client().get(format!("{}/{}", desk.url, Uuid::now_v7())).send().await;
        made_up.expect("an answer");
    }
    let request = ChallengeRequest { tenant_id: desk.tenant, device_id: desk.device };
    let challenge = desk.client.post(format!("{}/v1/auth/challenge", desk.url)).json(&request);
    challenge.header(PROTOCOL_HEADER, 1).send().await.expect("an answer");
    let text = text(&clinic);
    for line in text.lines() {
        let words = line.split(|character: char| !(character.is_ascii_hexdigit() || character == '-'));
        for word in words {
            assert!(Uuid::parse_str(word).is_err(), "an id: {line}");
        }
        for name in ["ASHA", "NEXT", "Sunita", "anjali", "Room 1", &clinic.registered.tenant_code] {
            assert!(!line.contains(name), "{name}: {line}");
        }
    }
    let values = |label: &str| -> BTreeSet<&str> {
        let start = format!("{label}=\"");
        text.lines().filter_map(|line| line.split_once(&start)?.1.split('"').next()).collect()
    };
    let mut paths: BTreeSet<&str> = routes().into_iter().map(|(_, path)| path).collect();
    paths.insert("none");
    assert!(values("route").is_subset(&paths), "{:?}", values("route"));
    assert!(values("app_version").len() <= 22, "{:?}", values("app_version"));
    assert!(values("app_version").contains("other"));
    assert!(values("tenants").is_subset(&BTreeSet::from(["first_10", "next_40", "last_50"])));
    assert!(text.lines().count() < 1_000);
}

#[tokio::test]
async fn prometheus_is_answered_at_an_address_of_its_own_only() {
    let clinic = Clinic::open().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let numbers = clinic.server.state().metrics.clone();
    tokio::spawn(metrics::serve(listener, numbers, std::future::pending()));
    let response = client().get(format!("http://{address}/metrics")).send().await.expect("an answer");
    assert_eq!(response.status(), StatusCode::OK);
    assert!(
        response.headers()["content-type"]
            .to_str()
            .expect("text")
            .starts_with("application/openmetrics-text")
    );
    assert!(response.text().await.expect("a body").contains("clinic_sync_pool_idle"));
    let tenant = client().get(format!("http://{address}/v1/tenant")).send().await.expect("an answer");
    assert_eq!(tenant.status(), StatusCode::NOT_FOUND);
    let public = client().get(format!("{}/metrics", clinic.server.url())).send().await.expect("an answer");
    assert_eq!(public.status(), StatusCode::NOT_FOUND);
}

//! What becomes of a desktop that is taken out of service, as the server sees it.

use std::time::Duration;

use futures_util::StreamExt;
use protocol::api::{Fate, MAX_QUARANTINE_BYTES, StandingRequest};
use protocol::error::{ErrorCode, Problem, RefusalCode};
use protocol::farewell::{Farewell, FarewellToken, HandoverRequest, HandoverResponse, SignedFarewell, Wiped};
use protocol::id::DeviceId;
use protocol::manage::{DeviceInfo, RevocationState, RevokeRequest};
use protocol::mutation::{Hash, SignedMutation};
use protocol::signing::{consent_message, handover_message, sign, standing_message};
use protocol::standing::{Order, Revocation, SignedOrder};
use reqwest::{Response, StatusCode};
use serde::Serialize;
use serde_json::json;
use time::OffsetDateTime;
use tokio::time::timeout;
use uuid::Uuid;

use crate::clinic::{Clinic, Desk, body, new_patient};

pub async fn post(desk: &Desk, path: &str, body: &impl Serialize) -> Response {
    let request = desk.client.post(format!("{}{path}", desk.url)).json(body);
    request.header("clinic-protocol", protocol::PROTOCOL_VERSION).send().await.expect("an answer")
}

async fn challenge(desk: &Desk) -> String {
    let asked = json!({ "tenant_id": desk.tenant, "device_id": desk.device });
    let answer = post(desk, "/v1/auth/challenge", &asked).await;
    answer.json::<protocol::api::ChallengeResponse>().await.expect("a challenge").challenge
}

pub async fn handover(desk: &Desk, mutations: Vec<SignedMutation>) -> Result<HandoverResponse, Problem> {
    handover_of(desk, None, mutations).await
}

/// The same of what another desktop signed.
pub async fn handover_of(
    desk: &Desk,
    of: Option<DeviceId>,
    mutations: Vec<SignedMutation>,
) -> Result<HandoverResponse, Problem> {
    let challenge = challenge(desk).await;
    let signature = sign(&desk.key, &handover_message("test", desk.tenant, desk.device, &challenge));
    let (tenant_id, device_id) = (desk.tenant, desk.device);
    let request = HandoverRequest { tenant_id, device_id, challenge, signature, of, mutations };
    body(post(desk, "/v1/devices/handover", &request).await).await
}

pub async fn revocation(desk: &Desk, is_locked: bool) -> Revocation {
    let challenge = challenge(desk).await;
    let signature = sign(&desk.key, &standing_message("test", desk.tenant, desk.device, &challenge));
    let (tenant_id, device_id) = (desk.tenant, desk.device);
    let nonce = String::new();
    let request = StandingRequest { tenant_id, device_id, challenge, signature, nonce, is_locked };
    let order: SignedOrder =
        body(post(desk, "/v1/devices/standing", &request).await).await.expect("an order");
    match order.open(None, (tenant_id, device_id)) {
        Ok(Order::Revoked(revocation)) => revocation,
        other => panic!("{other:?}"),
    }
}

pub async fn farewell(desk: &Desk) -> Response {
    farewell_at(desk, 1, false).await
}

/// The same at this number of the last mutation.
async fn farewell_at(desk: &Desk, last_sequence: i64, has_sent_all: bool) -> Response {
    let said = Farewell {
        tenant_id: desk.tenant,
        device_id: desk.device,
        challenge: challenge(desk).await,
        last_sequence,
        lost: 4,
        has_sent_all,
        has_consent: false,
        at: OffsetDateTime::now_utc(),
    };
    post(desk, "/v1/devices/farewell", &SignedFarewell::sign(&said, &desk.key).expect("JSON")).await
}

pub async fn revoke(admin: &Desk, desk: &Desk, request: &RevokeRequest) -> Result<DeviceInfo, Problem> {
    let path = format!("{}/v1/devices/{}/revoke", admin.url, desk.device);
    body(admin.request(admin.client.post(path).json(request)).send().await.expect("an answer")).await
}

async fn state(admin: &Desk, desk: &Desk) -> RevocationState {
    let devices: Vec<DeviceInfo> = body(admin.get("/v1/devices").await).await.expect("devices");
    let device = devices.into_iter().find(|device| device.id == desk.device).expect("there");
    device.revocation.expect("revoked").state
}

#[tokio::test]
async fn each_step_of_leaving_is_seen_by_the_admin() {
    let clinic = Clinic::open().await;
    let (admin, desk) = (clinic.desk().await, clinic.desk().await);
    revoke(&admin, &desk, &RevokeRequest::default()).await.expect("revoked");
    assert_eq!(state(&admin, &desk).await, RevocationState::Asked);
    assert_eq!(revocation(&desk, false).await.consent, None);
    assert_eq!(state(&admin, &desk).await, RevocationState::Asked, "it may not have heard the answer");
    revocation(&desk, true).await;
    assert_eq!(state(&admin, &desk).await, RevocationState::Acknowledged);
    let first: FarewellToken = body(farewell(&desk).await).await.expect("a token");
    let second: FarewellToken = body(farewell(&desk).await).await.expect("a token");
    assert_eq!(state(&admin, &desk).await, RevocationState::Leaving);
    let wiped = |token| Wiped { tenant_id: desk.tenant, device_id: desk.device, token };
    assert_eq!(
        post(&desk, "/v1/devices/wiped", &wiped(first.token)).await.status(),
        StatusCode::UNAUTHORIZED
    );
    for _ in 0..2 {
        let said = post(&desk, "/v1/devices/wiped", &wiped(second.token.clone())).await;
        assert_eq!(said.status(), StatusCode::NO_CONTENT);
    }
    assert_eq!(state(&admin, &desk).await, RevocationState::Done);
    let devices: Vec<DeviceInfo> = body(admin.get("/v1/devices").await).await.expect("devices");
    let info = devices.into_iter().find_map(|device| device.revocation).expect("revoked");
    assert_eq!(info.lost, Some(4));
}

#[tokio::test]
async fn the_last_word_of_a_stolen_computer_hides_none_from_the_admin() {
    let clinic = Clinic::open().await;
    let (admin, desk) = (clinic.desk().await, clinic.desk().await);
    revoke(&admin, &desk, &RevokeRequest::default()).await.expect("revoked");
    revocation(&desk, true).await;
    // JSON that Postgres does not read as such, with all that the server looks at.
    let said = json!({
        "tenant_id": desk.tenant, "device_id": desk.device, "challenge": challenge(&desk).await, "last_sequence": 3,
        "lost": 1, "has_consent": false, "at": "2026-11-23T04:11:08.000Z", "more": "\u{0}",
    })
    .to_string();
    let signature = sign(&desk.key, &SignedFarewell::message(&said));
    let answer = post(&desk, "/v1/devices/farewell", &SignedFarewell { body: said, signature }).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(state(&admin, &desk).await, RevocationState::Leaving);
    let devices: Vec<DeviceInfo> = body(admin.get("/v1/devices").await).await.expect("devices");
    let lost = devices.into_iter().find_map(|device| device.revocation).expect("revoked").lost;
    assert_eq!(lost, Some(3), "what did not come is gone as well");
}

#[tokio::test]
async fn the_last_push_of_a_revoked_computer_waits_for_a_person_whatever_is_in_it() {
    let clinic = Clinic::open().await;
    let (admin, mut desk) = (clinic.desk().await, clinic.desk().await);
    let in_service = desk.sign(vec![new_patient(Uuid::now_v7(), "Asha")]);
    desk.push(vec![in_service.clone()]).await.expect("taken");
    let id = Uuid::now_v7();
    let (one, two) = (desk.sign(vec![new_patient(id, "Sunita")]), desk.sign(vec![new_patient(id, "Usha")]));
    assert_eq!(handover(&desk, vec![one.clone()]).await.expect_err("in service").code, ErrorCode::Invalid);
    revoke(&admin, &desk, &RevokeRequest::default()).await.expect("revoked");
    assert_eq!(desk.push(vec![one.clone()]).await.expect_err("out").code, ErrorCode::DeviceRevoked);
    // What came while it was in service keeps its answer; a repeat changes nothing.
    for _ in 0..2 {
        let all = vec![in_service.clone(), one.clone(), two.clone()];
        let receipts = handover(&desk, all).await.expect("taken").receipts;
        let fates: Vec<Fate> = receipts.iter().map(|receipt| receipt.fate).collect();
        assert_eq!(fates, [Fate::Applied, Fate::Quarantined, Fate::Quarantined]);
        assert_eq!(receipts[2].code, Some(RefusalCode::DeviceRevoked));
        assert!(receipts[2].detail.as_ref().is_some_and(|detail| detail.ends_with('.')));
    }
    assert!(admin.rows().await.iter().all(|row| row.id != id));
    // Another history than the one that is known, a gap, another's signature.
    let mut fork = clinic.desk().await;
    fork.device = desk.device;
    fork.restore(2, one.hash);
    let forged = fork.sign(vec![new_patient(Uuid::now_v7(), "Nisha")]);
    assert_eq!(handover(&desk, vec![forged]).await.expect_err("forged").code, ErrorCode::Invalid);
    desk.restore(1, Hash::ZERO);
    let other = desk.sign(vec![new_patient(Uuid::now_v7(), "Nisha")]);
    assert_eq!(handover(&desk, vec![other]).await.expect_err("another").code, ErrorCode::DeviceCopied);
    desk.restore(7, two.hash);
    let gap = desk.sign(vec![new_patient(Uuid::now_v7(), "Nisha")]);
    assert_eq!(handover(&desk, vec![gap]).await.expect_err("a gap").code, ErrorCode::SequenceGap);
}

#[tokio::test]
async fn a_computer_whose_work_the_server_lost_again_is_not_let_go() {
    let clinic = Clinic::open().await;
    let (admin, mut desk) = (clinic.desk().await, clinic.desk().await);
    let all = vec![desk.sign(vec![new_patient(Uuid::now_v7(), "Sunita")])];
    revoke(&admin, &desk, &RevokeRequest::default()).await.expect("revoked");
    // As after a restore: the desktop has handed over, and the server has nothing of it.
    let refused = body::<FarewellToken>(farewell_at(&desk, 1, true).await).await.expect_err("a gap");
    assert_eq!((refused.status, refused.code), (409, ErrorCode::SequenceGap));
    assert_eq!(state(&admin, &desk).await, RevocationState::Asked);
    handover(&desk, all).await.expect("taken");
    body::<FarewellToken>(farewell_at(&desk, 1, true).await).await.expect("a token");
    assert_eq!(state(&admin, &desk).await, RevocationState::Leaving);
}

#[tokio::test]
async fn an_admin_sees_what_the_server_lacks_of_a_computer_that_nobody_could_open() {
    let clinic = Clinic::open().await;
    let (admin, desk) = (clinic.desk().await, clinic.desk().await);
    revoke(&admin, &desk, &RevokeRequest::default()).await.expect("revoked");
    body::<FarewellToken>(farewell_at(&desk, 40, false).await).await.expect("a token");
    let devices: Vec<DeviceInfo> = body(admin.get("/v1/devices").await).await.expect("devices");
    let info = devices.into_iter().find_map(|device| device.revocation).expect("revoked");
    assert_eq!(info.lost, Some(40), "it knew of four");
}

#[tokio::test]
async fn only_an_admins_own_computer_agrees_in_its_name() {
    let clinic = Clinic::open().await;
    let (admin, desk, other) = (clinic.desk().await, clinic.desk().await, clinic.desk().await);
    let good = sign(&admin.key, &consent_message(desk.tenant, desk.device));
    let consent = |signature: &str| RevokeRequest { reason: None, consent: Some(signature.to_owned()) };
    for bad in [
        sign(&other.key, &consent_message(desk.tenant, desk.device)),
        sign(&admin.key, &consent_message(desk.tenant, other.device)),
        String::new(),
    ] {
        let refused = revoke(&admin, &desk, &consent(&bad)).await.expect_err("refused");
        assert_eq!(refused.code, ErrorCode::Invalid);
        assert!(refused.detail.contains("consent"), "{}", refused.detail);
    }
    // The operator asked first; the admin agrees later.
    clinic.sql(&format!("update devices set revoked_at = now() where id = '{}'", desk.device)).await;
    assert_eq!(revocation(&desk, false).await.consent, None);
    let info = revoke(&admin, &desk, &consent(&good)).await.expect("agreed");
    assert!(info.revocation.is_some_and(|revocation| revocation.has_consent));
    let told = revocation(&desk, false).await.consent.expect("told");
    assert_eq!((told.device_id, told.signature), (admin.device, good));
}

#[tokio::test]
async fn a_listener_hears_that_it_was_taken_out_of_service_and_its_stream_ends() {
    let clinic = Clinic::open().await;
    let (desk, other) = (clinic.desk().await, clinic.desk().await);
    let mut streams = Vec::new();
    for desk in [&desk, &other] {
        let mut stream = desk.get("/v1/sync/live").await.bytes_stream().boxed();
        stream.next().await.expect("the head").expect("text");
        streams.push(stream);
    }
    // By whatever program.
    clinic.sql(&format!("update devices set revoked_at = now() where id = '{}'", desk.device)).await;
    let told = async {
        let mut text = String::new();
        while let Some(Ok(chunk)) = streams[0].next().await {
            text.push_str(std::str::from_utf8(&chunk).expect("text"));
        }
        text
    };
    let text = timeout(Duration::from_secs(10), told).await.expect("the stream ended");
    assert!(text.contains(r#""ask_standing":true"#), "{text}");
    assert_eq!(desk.get("/v1/sync/live").await.status(), StatusCode::FORBIDDEN);
    assert_eq!(other.get("/v1/tenant").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn no_more_of_one_computer_waits_for_a_person_than_a_person_can_look_through() {
    let clinic = Clinic::open().await;
    let (admin, mut desk) = (clinic.desk().await, clinic.desk().await);
    let first = desk.sign(vec![new_patient(Uuid::now_v7(), "Sunita")]);
    revoke(&admin, &desk, &RevokeRequest::default()).await.expect("revoked");
    handover(&desk, vec![first.clone()]).await.expect("taken");
    clinic
        .sql(&format!(
            "update sync_quarantine set body = repeat('x', {MAX_QUARANTINE_BYTES}) where device_id = '{}'",
            desk.device
        ))
        .await;
    let second = desk.sign(vec![new_patient(Uuid::now_v7(), "Usha")]);
    let refused = handover(&desk, vec![second.clone()]).await.expect_err("full");
    assert_eq!((refused.status, refused.code), (507, ErrorCode::QuarantineFull));
    clinic.sql("update sync_quarantine set resolved_at = now()").await;
    handover(&desk, vec![second]).await.expect("there is room again");
}

#[tokio::test]
async fn a_wiped_token_is_the_computers_own_and_guessing_is_slowed() {
    let clinic = Clinic::open().await;
    let (admin, desk) = (clinic.desk().await, clinic.desk().await);
    assert_eq!(farewell(&desk).await.status(), StatusCode::UNPROCESSABLE_ENTITY, "it is in service");
    revoke(&admin, &desk, &RevokeRequest::default()).await.expect("revoked");
    let token: FarewellToken = body(farewell(&desk).await).await.expect("a token");
    let guess = Wiped { tenant_id: desk.tenant, device_id: admin.device, token: token.token.clone() };
    let mut statuses = Vec::new();
    for _ in 0..12 {
        statuses.push(post(&desk, "/v1/devices/wiped", &guess).await.status());
    }
    assert_eq!(statuses[0], StatusCode::UNAUTHORIZED);
    assert_eq!(statuses.last(), Some(&StatusCode::TOO_MANY_REQUESTS));
    assert_eq!(state(&admin, &desk).await, RevocationState::Leaving);
    // Whoever has the token waits for nobody who guesses.
    let said = Wiped { tenant_id: desk.tenant, device_id: desk.device, token: token.token };
    assert_eq!(post(&desk, "/v1/devices/wiped", &said).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(state(&admin, &desk).await, RevocationState::Done);
}

#[tokio::test]
async fn what_is_handed_over_is_looked_at_once_its_bearer_has_proven_which_computer_they_are() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let asked = challenge(&desk).await;
    let message = handover_message("test", desk.tenant, desk.device, &asked);
    let request = json!({
        "tenant_id": desk.tenant,
        "device_id": desk.device,
        "challenge": asked,
        "signature": sign(&clinic_sync::auth::token::new_key(), &message),
        "mutations": "no list",
    });
    let refused = post(&desk, "/v1/devices/handover", &request).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
}

//! How often whoever has no token is listened to, by network address.

use std::time::Instant;

use clinic_sync::testing::routes;
use protocol::api::ChallengeRequest;
use protocol::error::ErrorCode;
use reqwest::Response;

use crate::desk::{Clinic, Desk, EMAIL, post, refused, registration};
use crate::isolation_routes::OPEN;

/// A challenge for this desk, asked for from this address.
async fn challenge_from(desk: &Desk, address: &str) -> Response {
    let request = ChallengeRequest { tenant_id: desk.tenant, device_id: desk.device };
    let request = post(&desk.http, &desk.url, "/v1/auth/challenge", &request).header("x-real-ip", address);
    request.send().await.expect("an answer")
}

/// A clinic behind a proxy, and so much asked from this address within the minute.
async fn asked_from(address: &str, times: u32) -> (Clinic, Desk) {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let addresses = &clinic.server.state().auth.addresses;
    addresses.believe("x-real-ip".parse().expect("a name"));
    for _ in 0..times {
        addresses.asked(address.parse().expect("an address"), Instant::now()).expect("not too often yet");
    }
    (clinic, desk)
}

#[tokio::test]
async fn each_challenge_counts_for_its_address_and_after_twelve_hundred_a_minute_it_waits() {
    let greedy = "2001:db8:1:2300::7";
    let (clinic, desk) = asked_from(greedy, 1_199).await;
    assert_eq!(challenge_from(&desk, greedy).await.status(), 200);
    let n_kept = clinic.count("device_challenges").await;
    for same in [greedy, "2001:db8:1:23ff::1", "203.0.113.9, 2001:db8:1:2300::7"] {
        let held = challenge_from(&desk, same).await;
        assert!(held.headers().contains_key("retry-after"));
        assert_eq!(refused(held).await.code, ErrorCode::TooManyRequests);
    }
    assert_eq!(clinic.count("device_challenges").await, n_kept, "what is refused leaves no row");
    assert_eq!(challenge_from(&desk, "203.0.113.9").await.status(), 200, "nobody else waits");
    desk.sign_in(EMAIL).await;
}

#[tokio::test]
async fn from_an_address_that_asks_without_end_no_open_route_takes_anything_and_work_goes_on() {
    let greedy = "203.0.113.7";
    let (_clinic, desk) = asked_from(greedy, 1_200).await;
    for (method, path) in routes() {
        if !OPEN.contains(&path) {
            continue;
        }
        let request = desk.http.request(method, format!("{}{path}", desk.url)).header("x-real-ip", greedy);
        let answer = request.send().await.expect("an answer");
        if path == "/healthz" {
            assert_eq!(answer.status(), 204, "it costs nothing");
        } else {
            assert_eq!(refused(answer).await.code, ErrorCode::TooManyRequests, "{path}");
        }
    }
    let work = desk.http.get(format!("{}/v1/tenant", desk.url)).bearer_auth(desk.token());
    let work = work.header("clinic-protocol", protocol::PROTOCOL_VERSION).header("x-real-ip", greedy);
    assert_eq!(work.send().await.expect("an answer").status(), 200);
}

#[tokio::test]
async fn one_address_registers_ten_clinics_an_hour_and_others_go_on_registering() {
    let clinic = Clinic::open().await;
    clinic.server.state().auth.addresses.believe("x-real-ip".parse().expect("a name"));
    let register = async |address: &str| {
        let request = registration("MAIN");
        let request = post(&clinic.http, clinic.server.url(), "/v1/clinics/register", &request);
        request.header("x-real-ip", address).send().await.expect("an answer")
    };
    for _ in 0..10 {
        assert_eq!(register("203.0.113.7").await.status(), 201);
    }
    let held = register("203.0.113.7").await;
    assert!(held.headers().contains_key("retry-after"));
    assert_eq!(refused(held).await.code, ErrorCode::TooManyRequests);
    assert_eq!(register("203.0.113.8").await.status(), 201);
    assert_eq!(clinic.count("tenants").await, 12);
}

//! `POST /v1/auth/challenge`, `login` and `refresh`.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use clinic_sync::auth::throttle::Who;
use ed25519_dalek::SigningKey;
use protocol::api::{ChallengeRequest, LoginRequest, NoticeCode, RefreshRequest, Session, Tokens};
use protocol::error::ErrorCode;
use protocol::id::{DeviceId, TenantId};
use protocol::permission::Role;
use protocol::signing::{login_message, sign};
use serde::Serialize;
use serde_json::json;

use crate::desk::{Clinic, Desk, EMAIL, PASSWORD, enrol_request, post, refused, register, registration};

async fn code_of(response: reqwest::Response) -> ErrorCode {
    refused(response).await.code
}

#[tokio::test]
async fn a_colleague_signs_in_on_the_same_computer_and_both_go_on() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    clinic.add_staff("nurse@sunrise.example", "nurse").await;
    let session = desk.sign_in("Nurse@Sunrise.example").await;
    assert_eq!(session.user.roles.0, [Role::Nurse]);
    assert_eq!(session.unlock_key, desk.session.unlock_key);
    assert_eq!(session.tokens.generation, 2);
    assert_eq!(desk.ask(&session.tokens.access_token.0).await.status(), 200);
    assert_eq!(desk.ask(desk.token()).await.status(), 200);
    // The tokens are the computer's: the first person goes on with the newest.
    let request = desk.refresh_request(desk.session.user.id, &session.tokens.refresh_token, 2).await;
    assert_eq!(desk.post("/v1/auth/refresh", &request).await.status(), 200);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_person_get_the_same_answer() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    clinic.add_staff("gone@sunrise.example", "nurse").await;
    clinic.sql("update users set is_active = false where email = 'gone@sunrise.example'").await;
    let wrong = refused(desk.login(EMAIL, "not my password").await).await;
    assert_eq!((wrong.status, wrong.code), (401, ErrorCode::WrongPassword));
    for email in ["nobody@sunrise.example", "gone@sunrise.example", "", "' or 1=1 --"] {
        assert_eq!(refused(desk.login(email, PASSWORD).await).await, wrong, "{email}");
    }
    assert_eq!(refused(desk.login(EMAIL, &"x".repeat(2_000)).await).await, wrong);
}

#[tokio::test]
async fn whoever_has_a_one_time_password_chooses_their_own_while_the_tenant_is_suspended() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    clinic.sql("update users set must_change_password = true").await;
    clinic.sql("update tenants set suspended_at = now()").await;
    let own = "nine purple kettles";
    let change = json!({ "old_password": PASSWORD, "new_password": own });
    let token = desk.sign_in(EMAIL).await.tokens.access_token.0;
    let chosen = post(&desk.http, &desk.url, "/v1/auth/password", &change).bearer_auth(token);
    assert_eq!(chosen.send().await.expect("an answer").status(), 204);
    let session: Session = desk.login(EMAIL, own).await.json().await.expect("a session");
    let told: Vec<_> = session.notices.iter().map(|notice| notice.code).collect();
    assert_eq!(told, [NoticeCode::TenantSuspended], "and is asked for no other one");
}

#[tokio::test]
async fn a_password_without_the_computers_signature_opens_nothing() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let other = clinic.desk().await;
    let good = || desk.login_request(EMAIL, PASSWORD);
    let thief = SigningKey::from_bytes(&rand::random());
    let stolen = good().await;
    let message =
        |server: &str, device, challenge: &str| login_message(server, desk.tenant, device, challenge);
    let stolen_text = message("test", desk.device, &stolen.challenge);
    for request in [
        LoginRequest { signature: sign(&thief, &stolen_text), ..good().await },
        LoginRequest { signature: String::new(), ..good().await },
        // A signature for another server, another computer, another challenge.
        LoginRequest {
            signature: sign(&desk.key, &message("elsewhere", desk.device, &stolen.challenge)),
            ..good().await
        },
        LoginRequest { device_id: other.device, ..good().await },
        LoginRequest { challenge: stolen.challenge.clone(), ..good().await },
        LoginRequest { challenge: "AAAA".into(), ..good().await },
    ] {
        let text = format!("{request:?}");
        assert_eq!(
            code_of(desk.post("/v1/auth/login", &request).await).await,
            ErrorCode::Unauthorized,
            "{text}"
        );
    }
    // Of another tenant, and of none at all: both are no computer of this one.
    for request in [
        LoginRequest { device_id: DeviceId::new(), ..good().await },
        LoginRequest { tenant_id: TenantId::new(), ..good().await },
    ] {
        assert_eq!(code_of(desk.post("/v1/auth/login", &request).await).await, ErrorCode::DeviceUnknown);
    }
    // The untouched request is still good, which shows that the others failed for their own reasons.
    let fresh = good().await;
    assert_eq!(desk.post("/v1/auth/login", &fresh).await.status(), 200);
}

#[tokio::test]
async fn an_e_mail_with_a_character_that_no_text_has_is_refused_in_words() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let told = refused(desk.login("anjali\0@sunrise.example", PASSWORD).await).await;
    assert_eq!((told.status, told.code), (422, ErrorCode::Invalid));
    assert!(told.detail.contains("no text has"), "{}", told.detail);
}

#[tokio::test]
async fn a_challenge_works_once_and_for_a_minute() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let request = desk.login_request(EMAIL, PASSWORD).await;
    assert_eq!(desk.post("/v1/auth/login", &request).await.status(), 200);
    assert_eq!(code_of(desk.post("/v1/auth/login", &request).await).await, ErrorCode::Unauthorized);
    let request = desk.login_request(EMAIL, PASSWORD).await;
    clinic.sql("update device_challenges set expires_at = now() - interval '1 second'").await;
    assert_eq!(code_of(desk.post("/v1/auth/login", &request).await).await, ErrorCode::Unauthorized);
}

#[tokio::test]
async fn a_challenge_does_not_tell_whether_there_is_such_a_computer() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    for (tenant_id, device_id) in [(desk.tenant, DeviceId::new()), (TenantId::new(), desk.device)] {
        let request = ChallengeRequest { tenant_id, device_id };
        assert_eq!(clinic.post("/v1/auth/challenge", &request).await.status(), 200);
    }
    assert_eq!(clinic.count("device_challenges").await, 0);
    let many = "insert into device_challenges (tenant_id, device_id, challenge_hash, expires_at)
                select tenant_id, id, sha256(n::text::bytea), now() + interval '30 seconds'
                from devices cross join generate_series(1, 1200) n";
    clinic.sql(many).await;
    desk.challenge().await;
    assert_eq!(clinic.count("device_challenges").await, 1_001, "the oldest go");
}

#[tokio::test]
async fn a_lost_answer_signs_nobody_out() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let first = &desk.session.tokens;
    // The computer asks with generation 1 until an answer arrives.
    let (lost, again) = (desk.next(first).await, desk.next(first).await);
    assert_eq!((lost.generation, again.generation), (2, 2));
    assert_ne!(lost.refresh_token, again.refresh_token);
    assert_eq!(desk.ask(&again.access_token.0).await.status(), 200);
    let third = desk.next(&again).await;
    assert_eq!(third.generation, 3);
    // Generation 2 is good until 3 is first used.
    let third = desk.next(&Tokens { generation: 2, ..again }).await;
    assert_eq!(desk.next(&third).await.generation, 4);
}

#[tokio::test]
async fn a_copied_disk_stops_the_computer_until_someone_gives_the_password() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let copied = &desk.session.tokens;
    let second = desk.next(copied).await;
    let third = desk.next(&second).await;

    let found = refused(desk.refresh(copied).await).await;
    assert_eq!((found.status, found.code), (409, ErrorCode::DeviceCopied));
    // Nothing of this computer is good any more, the newest tokens neither.
    assert_eq!(code_of(desk.refresh(&third).await).await, ErrorCode::DeviceCopied);
    assert_eq!(code_of(desk.ask(&third.access_token.0).await).await, ErrorCode::DeviceCopied);
    // Another computer of the clinic does not notice.
    let other = clinic.desk().await;
    assert_eq!(other.next(&other.session.tokens).await.generation, 2);

    let session = desk.sign_in(EMAIL).await;
    assert!(session.tokens.generation > third.generation);
    assert_eq!(desk.ask(&session.tokens.access_token.0).await.status(), 200);
    let next = desk.next(&session.tokens).await;
    assert_eq!(next.generation, session.tokens.generation + 1);
    // And the copy is found out again.
    assert_eq!(code_of(desk.refresh(&third).await).await, ErrorCode::DeviceCopied);
}

#[tokio::test]
async fn an_old_token_without_the_computers_signature_is_no_weapon() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let old = desk.session.tokens.generation;
    let token = desk.session.tokens.refresh_token.clone();
    let second = desk.next(&desk.session.tokens).await;
    let third = desk.next(&second).await;
    let good = || desk.refresh_request(desk.session.user.id, &token, old);
    let thief = SigningKey::from_bytes(&rand::random());
    for request in [
        RefreshRequest { signature: sign(&thief, "anything"), ..good().await },
        RefreshRequest { signature: String::new(), ..good().await },
        RefreshRequest { challenge: desk.challenge().await, ..good().await },
        // The signature covers generation and person.
        RefreshRequest { generation: third.generation, ..good().await },
        RefreshRequest { user_id: protocol::id::UserId::new(), ..good().await },
    ] {
        assert_eq!(code_of(desk.post("/v1/auth/refresh", &request).await).await, ErrorCode::Unauthorized);
    }
    assert_eq!(desk.ask(&third.access_token.0).await.status(), 200);
    assert_eq!(desk.next(&third).await.generation, 4);
}

#[tokio::test]
async fn a_guessed_an_expired_and_a_much_too_old_refresh_token_are_refused() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let tokens = &desk.session.tokens;
    let ask = |token: protocol::api::Secret, generation| {
        let desk = &desk;
        async move {
            let request = desk.refresh_request(desk.session.user.id, &token, generation).await;
            code_of(desk.post("/v1/auth/refresh", &request).await).await
        }
    };
    let guess = protocol::api::Secret("guessed".into());
    assert_eq!(ask(guess, tokens.generation).await, ErrorCode::Unauthorized);
    assert_eq!(ask(tokens.refresh_token.clone(), tokens.generation + 1).await, ErrorCode::Unauthorized);
    assert_eq!(desk.next(tokens).await.generation, 2);
    clinic.sql("update refresh_tokens set expires_at = now() - interval '1 second'").await;
    assert_eq!(ask(tokens.refresh_token.clone(), 1).await, ErrorCode::Unauthorized);
    clinic
        .sql(
            "update refresh_tokens set expires_at = now() + interval '1 day',
                                        signed_in_at = now() - interval '401 days'",
        )
        .await;
    assert_eq!(ask(tokens.refresh_token.clone(), 1).await, ErrorCode::Unauthorized);
    clinic.sql("update refresh_tokens set signed_in_at = now() - interval '399 days'").await;
    let next = desk.next(tokens).await;
    assert_eq!(next.generation, 2);
    // The four hundred days run from the password, however often the token was changed.
    assert_eq!(clinic.count("refresh_tokens where signed_in_at < now() - interval '398 days'").await, 2);
}

#[tokio::test]
async fn who_may_no_longer_come_in_gets_no_new_tokens_and_spoils_none() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let tokens = &desk.session.tokens;
    let stranger = clinic.add_staff("nurse@sunrise.example", "nurse").await;
    let request = desk.refresh_request(stranger, &tokens.refresh_token, tokens.generation).await;
    assert_eq!(code_of(desk.post("/v1/auth/refresh", &request).await).await, ErrorCode::Unauthorized);
    clinic.sql(&format!("update users set is_active = false where email = '{EMAIL}'")).await;
    assert_eq!(code_of(desk.refresh(tokens).await).await, ErrorCode::Unauthorized);
    assert_eq!(clinic.count("refresh_tokens where used_at is not null").await, 0);
    clinic.sql(&format!("update users set is_active = true where email = '{EMAIL}'")).await;
    assert_eq!(desk.next(tokens).await.generation, 2);
}

#[tokio::test]
async fn a_revoked_computer_is_told_so_when_it_proves_who_it_is() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    clinic.sql("update devices set revoked_at = now()").await;
    let told = refused(desk.refresh(&desk.session.tokens).await).await;
    assert_eq!((told.status, told.code), (403, ErrorCode::DeviceRevoked));
    assert_eq!(code_of(desk.login(EMAIL, PASSWORD).await).await, ErrorCode::DeviceRevoked);
    let forged = LoginRequest { signature: String::new(), ..desk.login_request(EMAIL, PASSWORD).await };
    assert_eq!(code_of(desk.post("/v1/auth/login", &forged).await).await, ErrorCode::Unauthorized);
}

/// What a request of this computer is answered that waits for its revocation.
async fn while_it_is_revoked(
    clinic: &Clinic,
    desk: &Desk,
    path: &str,
    request: &impl Serialize,
) -> ErrorCode {
    let db = clinic.server.database().ops_db().await;
    let mut revoking = db.write_unsynced(desk.tenant).await.expect("a transaction");
    sqlx::query("update devices set revoked_at = now() where id = $1")
        .bind(desk.device.0)
        .execute(&mut *revoking)
        .await
        .expect("revoked");
    let revoker: i32 =
        sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut *revoking).await.expect("its number");
    let asked = post(&desk.http, &desk.url, path, request);
    let meanwhile = tokio::spawn(async move { asked.send().await.expect("an answer") });
    let mut watching = db.write_unsynced(desk.tenant).await.expect("a transaction");
    let mut waits = false;
    while !waits {
        assert!(!meanwhile.is_finished(), "it did not wait for the revocation");
        waits = sqlx::query_scalar(
            "select exists (select from pg_locks where not granted and $1 = any (pg_blocking_pids(pid)))",
        )
        .bind(revoker)
        .fetch_one(&mut *watching)
        .await
        .expect("an answer");
    }
    revoking.commit().await.expect("committed");
    code_of(meanwhile.await.expect("joined")).await
}

#[tokio::test]
async fn a_computer_that_is_revoked_while_a_password_is_looked_at_gets_nothing() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let request = desk.login_request(EMAIL, PASSWORD).await;
    let code = while_it_is_revoked(&clinic, &desk, "/v1/auth/login", &request).await;
    assert_eq!(code, ErrorCode::DeviceRevoked);
    assert_eq!(clinic.count("refresh_tokens where generation > 1").await, 0);
}

#[tokio::test]
async fn a_computer_that_is_revoked_while_it_refreshes_its_token_gets_nothing() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let tokens = &desk.session.tokens;
    let request = desk.refresh_request(desk.session.user.id, &tokens.refresh_token, tokens.generation).await;
    let code = while_it_is_revoked(&clinic, &desk, "/v1/auth/refresh", &request).await;
    assert_eq!(code, ErrorCode::DeviceRevoked);
    assert_eq!(clinic.count("refresh_tokens where generation > 1").await, 0);
}

#[tokio::test]
async fn whoever_asks_for_a_computers_challenges_takes_none_away_that_it_is_about_to_sign() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let request = desk.login_request(EMAIL, PASSWORD).await;
    for _ in 0..80 {
        desk.challenge().await;
    }
    assert_eq!(desk.post("/v1/auth/login", &request).await.status(), 200);
}

#[tokio::test]
async fn a_computer_of_another_tenant_is_unknown_here() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let other = register(&clinic.http, clinic.server.url(), &registration("MAIN")).await;
    // The computer's own key and the right password, under the neighbour's name.
    let moved = Desk { tenant: other.tenant_id, ..clinic.desk().await };
    assert_eq!(code_of(moved.login(EMAIL, PASSWORD).await).await, ErrorCode::DeviceUnknown);
    assert_eq!(code_of(moved.refresh(&moved.session.tokens).await).await, ErrorCode::DeviceUnknown);
    assert_eq!(desk.next(&desk.session.tokens).await.generation, 2);
}

/// Whoever failed eleven times fails again each time as soon as they may, until their wait is longer than a machine is slow.
pub fn goes_on_failing(clinic: &Clinic, who: &Who) {
    let mut at = Instant::now();
    for wait in [1, 2, 4, 8] {
        at += Duration::from_secs(wait);
        clinic.server.state().auth.throttle.take(who, at).expect("what failed before has to wait no longer");
    }
}

#[tokio::test]
async fn guessing_is_slowed_and_colleagues_and_other_computers_are_not() {
    let clinic = Clinic::open().await;
    let (desk, other) = (clinic.desk().await, clinic.desk().await);
    clinic.add_staff("nurse@sunrise.example", "nurse").await;
    for _ in 0..11 {
        assert_eq!(code_of(desk.login(EMAIL, "not my password").await).await, ErrorCode::WrongPassword);
    }
    goes_on_failing(&clinic, &Who::on_device(desk.tenant.0, desk.device.0, EMAIL));
    let response = desk.login(EMAIL, PASSWORD).await;
    assert!(response.headers().contains_key("retry-after"));
    assert_eq!(code_of(response).await, ErrorCode::TooManyRequests);
    desk.sign_in("nurse@sunrise.example").await;
    other.sign_in(EMAIL).await;
}

#[tokio::test]
async fn from_an_address_where_too_much_failed_nobody_signs_in_for_a_while_and_work_goes_on() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let addresses = &clinic.server.state().auth.addresses;
    let from = async |address: &str, password: &str| {
        let request = desk.login_request(EMAIL, password).await;
        let request = post(&desk.http, &desk.url, "/v1/auth/login", &request).header("x-real-ip", address);
        request.send().await.expect("an answer")
    };
    let fail = |address: &str, times: u32| {
        for _ in 0..times {
            addresses.failed(address.parse().expect("an address"), Instant::now());
        }
    };
    let guesser = "2001:db8:1:2300::7";
    fail(guesser, 300);
    let first = from(guesser, PASSWORD).await;
    assert_eq!(first.status(), 200, "no proxy is believed yet");
    let session: Session = first.json().await.expect("a session");
    addresses.believe("x-real-ip".parse().expect("a name"));
    let held = from("2001:db8:1:23ff::1", PASSWORD).await;
    assert!(held.headers().contains_key("retry-after"));
    assert_eq!(code_of(held).await, ErrorCode::TooManyRequests);
    let lies = from(&format!("203.0.113.9, {guesser}"), PASSWORD).await;
    assert_eq!(code_of(lies).await, ErrorCode::TooManyRequests);
    let work = desk.http.get(format!("{}/v1/tenant", desk.url)).bearer_auth(desk.token());
    let work = work.header("clinic-protocol", protocol::PROTOCOL_VERSION).header("x-real-ip", guesser);
    assert_eq!(work.send().await.expect("an answer").status(), 200);
    let (user, tokens) = (session.user.id, session.tokens);
    let refresh = desk.refresh_request(user, &tokens.refresh_token, tokens.generation).await;
    let refresh = post(&desk.http, &desk.url, "/v1/auth/refresh", &refresh).header("x-real-ip", guesser);
    assert_eq!(refresh.send().await.expect("an answer").status(), 200, "nobody types that");
    let enrol = enrol_request(&desk.key, &clinic.code().await, EMAIL, PASSWORD);
    let enrol = post(&desk.http, &desk.url, "/v1/devices/enrol", &enrol).header("x-real-ip", guesser);
    let clinic_of_theirs = registration("MAIN");
    let register = post(&desk.http, &desk.url, "/v1/clinics/register", &clinic_of_theirs);
    for typed in [enrol, register.header("x-real-ip", guesser)] {
        let held = typed.send().await.expect("an answer");
        assert_eq!(code_of(held).await, ErrorCode::TooManyRequests);
    }

    // Each wrong password counts, and nobody else waits for it.
    let guesser = "203.0.113.7";
    fail(guesser, 299);
    assert_eq!(code_of(from(guesser, "not my password").await).await, ErrorCode::WrongPassword);
    assert_eq!(code_of(from(guesser, PASSWORD).await).await, ErrorCode::TooManyRequests);
    assert_eq!(from("203.0.113.9", PASSWORD).await.status(), 200);
    // Whoever leaves out where they come from escapes nothing.
    fail("127.0.0.1", 299);
    assert_eq!(code_of(desk.login(EMAIL, "not my password").await).await, ErrorCode::WrongPassword);
    assert_eq!(code_of(desk.login(EMAIL, PASSWORD).await).await, ErrorCode::TooManyRequests);
    assert_eq!(from("203.0.113.9", PASSWORD).await.status(), 200);
}

/// Signs in over a connection that comes from this address, without a proxy.
async fn sign_in_from(desk: &Desk, address: [u8; 4], password: &str) -> reqwest::Response {
    let http = reqwest::Client::builder().local_address(IpAddr::from(address)).build().expect("a client");
    let request = desk.login_request(EMAIL, password).await;
    post(&http, &desk.url, "/v1/auth/login", &request).send().await.expect("an answer")
}

#[tokio::test]
async fn whoever_comes_past_the_proxy_is_counted_by_where_they_connect_from_and_nobody_else_waits() {
    const GUESSER: [u8; 4] = [127, 0, 0, 2];
    const OTHER: [u8; 4] = [127, 0, 0, 3];
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let addresses = &clinic.server.state().auth.addresses;
    for _ in 0..300 {
        addresses.failed(GUESSER.into(), Instant::now());
    }
    let proxied = sign_in_from(&desk, GUESSER, PASSWORD).await;
    assert_eq!(proxied.status(), 200, "it may be a proxy, which nobody can close to all whom it brings");

    addresses.believe("x-real-ip".parse().expect("a name"));
    assert_eq!(code_of(sign_in_from(&desk, GUESSER, PASSWORD).await).await, ErrorCode::TooManyRequests);
    for _ in 0..299 {
        addresses.failed(OTHER.into(), Instant::now());
    }
    let wrong = sign_in_from(&desk, OTHER, "not my password").await;
    assert_eq!(code_of(wrong).await, ErrorCode::WrongPassword);
    assert_eq!(code_of(sign_in_from(&desk, OTHER, PASSWORD).await).await, ErrorCode::TooManyRequests);
    assert_eq!(desk.login(EMAIL, PASSWORD).await.status(), 200, "from a third address");
}

#[tokio::test]
async fn whoever_hammers_from_elsewhere_is_slowed_and_nobody_else() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let elsewhere = Desk { device: DeviceId::new(), ..clinic.desk().await };
    for _ in 0..11 {
        assert_eq!(code_of(elsewhere.login(EMAIL, PASSWORD).await).await, ErrorCode::DeviceUnknown);
    }
    goes_on_failing(&clinic, &Who::unknown_device(elsewhere.tenant.0));
    assert_eq!(code_of(elsewhere.login(EMAIL, PASSWORD).await).await, ErrorCode::TooManyRequests);
    desk.sign_in(EMAIL).await;
    assert_eq!(desk.next(&desk.session.tokens).await.generation, 2);
}

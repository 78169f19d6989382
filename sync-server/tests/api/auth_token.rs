//! The access token, as every protected route sees it.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use clinic_sync::auth::token::{Claims, Subject, TokenKeys, new_key};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use protocol::api::{CodeRequest, DeviceScope};
use protocol::error::ErrorCode;
use protocol::id::{DeviceId, TenantId, UserId};
use protocol::permission::Role;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::desk::{Clinic, Desk, refused, register, registration};

fn subject(clinic: &Clinic, desk: &Desk) -> Subject {
    Subject {
        tenant: desk.tenant,
        user: desk.session.user.id,
        device: desk.device,
        clinic: clinic.registered.clinic_id,
        roles: vec![Role::Admin, Role::Doctor],
        scope: DeviceScope::Clinical,
        token_version: 1,
        is_by_password: false,
    }
}

fn claims(clinic: &Clinic, desk: &Desk) -> Claims {
    let keys = &clinic.server.state().auth.keys;
    let now = OffsetDateTime::now_utc();
    keys.verify(&keys.sign(&subject(clinic, desk), now).0, now).expect("ours")
}

fn header_of(token: &str) -> Value {
    let header = token.split('.').next().expect("a header");
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(header).expect("base64")).expect("JSON")
}

async fn check_refused(desk: &Desk, token: &str) {
    let refused = refused(desk.ask(token).await).await;
    assert_eq!((refused.status, refused.code), (401, ErrorCode::Unauthorized), "{token}");
}

#[tokio::test]
async fn a_token_of_our_own_making_is_taken_and_so_the_refusals_below_mean_something() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let keys = &clinic.server.state().auth.keys;
    let token = keys.sign(&subject(&clinic, &desk), OffsetDateTime::now_utc());
    assert_eq!(desk.ask(&token.0).await.status(), 200);
    assert_eq!(desk.ask(&keys.sign_claims(&claims(&clinic, &desk)).0).await.status(), 200);
}

#[tokio::test]
async fn no_header_a_doubled_header_and_other_schemes_are_refused() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let url = format!("{}/v1/tenant", desk.url);
    let ask = |values: Vec<String>| {
        let mut request =
            desk.http.get(&url).header(protocol::api::PROTOCOL_HEADER, protocol::PROTOCOL_VERSION);
        for value in values {
            request = request.header("authorization", value);
        }
        request.send()
    };
    let good = format!("Bearer {}", desk.token());
    for values in [
        vec![],
        vec![String::new()],
        vec!["Bearer".into()],
        vec!["Bearer ".into()],
        vec![format!("Basic {}", desk.token())],
        vec![format!("bearer {}", desk.token())],
        vec![desk.token().to_owned()],
        vec![format!("{good}, {good}")],
        vec![good.clone(), "Bearer x".into()],
        vec!["Bearer x".into(), good.clone()],
    ] {
        let response = ask(values.clone()).await.expect("an answer");
        assert_eq!(refused(response).await.code, ErrorCode::Unauthorized, "{values:?}");
    }
    assert_eq!(ask(vec![good]).await.expect("an answer").status(), 200);
}

#[tokio::test]
async fn expired_foreign_and_forged_tokens_are_refused() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let keys = &clinic.server.state().auth.keys;
    let now = OffsetDateTime::now_utc();
    let subject = subject(&clinic, &desk);
    check_refused(&desk, &keys.sign(&subject, now - Duration::seconds(606)).0).await;
    check_refused(&desk, &keys.sign(&subject, now + Duration::seconds(60)).0).await;
    check_refused(&desk, &TokenKeys::new(&new_key()).sign(&subject, now).0).await;

    // The claims of a good token under other algorithms, with our own key's name.
    let good = keys.sign(&subject, now).0;
    let parts: Vec<&str> = good.split('.').collect();
    let kid = header_of(&good)["kid"].clone();
    let encode = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let none = encode(json!({"alg": "none", "typ": "at+jwt", "kid": kid}));
    check_refused(&desk, &format!("{none}.{}.", parts[1])).await;
    check_refused(&desk, &format!("{none}.{}.{}", parts[1], parts[2])).await;
    // What an attacker can know of the key serves as the secret of a symmetric algorithm.
    let header = Header {
        typ: Some("at+jwt".into()),
        kid: kid.as_str().map(str::to_owned),
        ..Header::new(Algorithm::HS256)
    };
    let public = kid.as_str().expect("text").as_bytes();
    let symmetric = jsonwebtoken::encode(&header, &claims(&clinic, &desk), &EncodingKey::from_secret(public));
    check_refused(&desk, &symmetric.expect("a token")).await;

    // One letter of each part changed.
    for place in 0..3 {
        let mut parts: Vec<String> = parts.iter().map(|&part| part.to_owned()).collect();
        let changed = if parts[place].starts_with('A') { "B" } else { "A" };
        parts[place].replace_range(0..1, changed);
        check_refused(&desk, &parts.join(".")).await;
    }
}

#[tokio::test]
async fn a_header_that_brings_its_own_key_is_refused() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let own = new_key();
    let x = BASE64_URL_SAFE_NO_PAD.encode(own.verifying_key().as_bytes());
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": x});
    let kid = header_of(desk.token())["kid"].clone();
    let claims = serde_json::to_value(claims(&clinic, &desk)).expect("JSON");
    for (name, value) in [
        ("jwk", jwk.clone()),
        ("jku", json!("https://evil.example/keys.json")),
        ("x5u", json!("https://evil.example/cert.pem")),
        ("x5c", json!(["MIIB"])),
        ("crit", json!(["b64"])),
        ("kid", json!("../../dev/null")),
        ("kid", json!({"jwk": jwk})),
        ("typ", json!("JWT")),
    ] {
        let mut header = json!({"alg": "EdDSA", "typ": "at+jwt", "kid": kid});
        header[name] = value;
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&header), part(&claims));
        let signature = ed25519_dalek::Signer::sign(&own, message.as_bytes());
        let token = format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature.to_bytes()));
        check_refused(&desk, &token).await;
    }
}

#[tokio::test]
async fn claims_that_do_not_fit_each_other_are_refused() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let other = register(&clinic.http, clinic.server.url(), &registration("MAIN")).await;
    let keys = &clinic.server.state().auth.keys;
    let good = claims(&clinic, &desk);
    for claims in [
        Claims { tid: other.tenant_id, ..good.clone() },
        Claims { tid: TenantId::new(), ..good.clone() },
        Claims { sub: other.admin_user_id, ..good.clone() },
        Claims { sub: UserId::new(), ..good.clone() },
        Claims { did: DeviceId::new(), ..good.clone() },
        Claims { tv: 0, ..good.clone() },
        Claims { tv: 2, ..good.clone() },
        Claims { iss: "another".into(), ..good.clone() },
        Claims { aud: "another".into(), ..good.clone() },
        Claims { exp: good.exp + 3600, ..good.clone() },
    ] {
        check_refused(&desk, &keys.sign_claims(&claims).0).await;
    }
    // Someone who never signed in on this device.
    let user = clinic.add_staff("nurse@sunrise.example", "nurse").await;
    check_refused(&desk, &keys.sign_claims(&Claims { sub: user, ..good }).0).await;
}

#[tokio::test]
async fn what_changed_since_the_token_was_given_counts_at_once() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let code = CodeRequest { clinic_id: clinic.registered.clinic_id, scope: DeviceScope::Clinical };
    clinic.sql("update users set roles = '{nurse}'").await;
    let no_admin = refused(desk.post_as(desk.token(), "/v1/devices/codes", &code).await).await;
    assert_eq!(no_admin.code, ErrorCode::Forbidden);

    clinic.sql("update users set token_version = token_version + 1").await;
    check_refused(&desk, desk.token()).await;
    let session = desk.sign_in(crate::desk::EMAIL).await;
    let token = &session.tokens.access_token.0;
    assert_eq!(desk.ask(token).await.status(), 200);

    clinic.sql("update users set is_active = false").await;
    check_refused(&desk, token).await;
    clinic.sql("update users set is_active = true").await;
    assert_eq!(desk.ask(token).await.status(), 200);

    clinic.sql("update devices set revoked_at = now()").await;
    let refused = refused(desk.ask(token).await).await;
    assert_eq!((refused.status, refused.code), (403, ErrorCode::DeviceRevoked));
}

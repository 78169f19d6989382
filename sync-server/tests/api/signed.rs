//! What an admin changes takes the signature of their computer: a token alone does none of it.

use protocol::api::{CodeRequest, DeviceScope};
use protocol::error::{ErrorCode, Problem};
use protocol::id::ClinicId;
use protocol::permission::Role;
use protocol::request::{NONCE_HEADER, SIGNATURE_HEADER, SIGNED_AT_HEADER};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::clinic::{Clinic, Desk, client, signed_request, signed_request_at};
use crate::roles::{ADMIN, ROUTES};
use crate::staff;

struct Office {
    clinic: Clinic,
    desk: Desk,
}

impl Office {
    async fn open() -> Self {
        let clinic = Clinic::open().await;
        let desk = clinic.desk().await;
        Self { clinic, desk }
    }

    /// Asks for a code, at the server of this address, with the admin's token and no signature.
    fn ask_at(&self, url: &str, scope: DeviceScope) -> RequestBuilder {
        let request = CodeRequest { clinic_id: ClinicId(self.desk.clinic), scope };
        self.desk.unsigned(self.desk.client.post(format!("{url}/v1/devices/codes")).json(&request))
    }

    fn ask(&self) -> RequestBuilder {
        self.ask_at(&self.desk.url, DeviceScope::FrontDesk)
    }

    fn signed(&self) -> RequestBuilder {
        signed_request(self.ask(), &self.desk.key)
    }

    fn signed_at(&self, at: OffsetDateTime) -> RequestBuilder {
        signed_request_at(self.ask(), &self.desk.key, at, &Uuid::now_v7().to_string())
    }

    async fn codes(&self) -> i64 {
        self.clinic.number("select count(*) from clinic.enrolment_codes").await
    }
}

async fn refused(request: RequestBuilder) -> Problem {
    let response = request.send().await.expect("an answer");
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    response.json().await.expect("a problem")
}

async fn status(request: RequestBuilder) -> StatusCode {
    request.send().await.expect("an answer").status()
}

/// The request with what another one was signed with.
fn signed_as(request: RequestBuilder, other: RequestBuilder) -> RequestBuilder {
    let other = other.build().expect("a request");
    [SIGNED_AT_HEADER, NONCE_HEADER, SIGNATURE_HEADER]
        .into_iter()
        .fold(request, |request, name| request.header(name, &other.headers()[name]))
}

#[tokio::test]
async fn every_route_that_changes_who_may_do_what_takes_the_computers_signature() {
    let Office { desk, .. } = &Office::open().await;
    let url = format!("{}/openapi.json", desk.url);
    let document: Value =
        client().get(url).send().await.expect("an answer").json().await.expect("a description");
    let mut n_signed = 0;
    for (method, path, allowed) in ROUTES {
        // Whose keys are whose, which computer is another one, and what was looked at there is nobody's to say with a token
        // alone, either.
        let is_of_computer =
            ["/v1/own-keys", "/v1/devices/recovery", "/v1/devices/renew", "/v1/audit/events"].contains(path);
        let is_signed = (*allowed == ADMIN || is_of_computer) && *method != "GET";
        let parameters = &document["paths"][path][method.to_lowercase()]["parameters"];
        let is_said =
            parameters.as_array().expect("a list").iter().any(|one| one["name"] == SIGNATURE_HEADER);
        assert_eq!(is_said, is_signed, "{method} {path}");
        if !is_signed {
            continue;
        }
        n_signed += 1;
        let url = format!("{}{}", desk.url, path.replace("{id}", &Uuid::now_v7().to_string()));
        let method: Method = method.parse().expect("a method");
        let request = || desk.unsigned(desk.client.request(method.clone(), &url).json(&json!({})));
        let told = refused(request()).await;
        assert_eq!(told.code, ErrorCode::NotSigned, "{method} {path}");
        assert_ne!(
            status(signed_request(request(), &desk.key)).await,
            StatusCode::FORBIDDEN,
            "{method} {path}"
        );
    }
    assert!(n_signed >= 11, "{n_signed}");
}

#[tokio::test]
async fn a_signature_is_believed_for_what_was_signed_and_nothing_else() {
    let office = Office::open().await;
    let (desk, other, neighbour) =
        (&office.desk, office.clinic.desk().await, office.clinic.neighbour().await);
    let colleague = staff::person(&office.clinic, desk, Role::Admin).await;
    let their_token = staff::token(&office.clinic, desk, colleague, Role::Admin);
    let of_colleague = desk.client.post(format!("{}/v1/devices/codes", desk.url)).bearer_auth(their_token);
    let of_colleague =
        of_colleague.json(&CodeRequest { clinic_id: ClinicId(desk.clinic), scope: DeviceScope::FrontDesk });
    let to = |method: Method, path: &str| {
        let body = CodeRequest { clinic_id: ClinicId(desk.clinic), scope: DeviceScope::FrontDesk };
        desk.request(desk.client.request(method, format!("{}{path}", desk.url)).json(&body))
    };
    let without = |name: &str| {
        let mut request = office.signed().build().expect("a request");
        request.headers_mut().remove(name).expect("signed");
        RequestBuilder::from_parts(desk.client.clone(), request)
    };
    let clinical = CodeRequest { clinic_id: ClinicId(desk.clinic), scope: DeviceScope::Clinical };
    let now = OffsetDateTime::now_utc();
    let bad = [
        ("not signed", office.ask()),
        ("without its time", without(SIGNED_AT_HEADER)),
        ("without a nonce", without(NONCE_HEADER)),
        ("without a signature", without(SIGNATURE_HEADER)),
        ("signed twice", signed_request(office.signed(), &desk.key)),
        ("with a short nonce", signed_request_at(office.ask(), &desk.key, now, "fifteen-letters")),
        ("with a long nonce", signed_request_at(office.ask(), &desk.key, now, &"x".repeat(65))),
        ("by another key", signed_request(office.ask(), &clinic_sync::auth::token::new_key())),
        ("by another computer of the clinic", signed_request(office.ask(), &other.key)),
        ("by another tenant's computer", signed_request(office.ask(), &neighbour.key)),
        (
            "by another tenant's computer in its own name",
            signed_as(office.ask(), neighbour.request(neighbour.client.post(&neighbour.url))),
        ),
        ("for another path", signed_as(office.ask(), to(Method::POST, "/v1/users"))),
        ("for another query", signed_as(office.ask(), to(Method::POST, "/v1/devices/codes?a=1"))),
        ("with another query", signed_as(office.ask().query(&[("a", "1")]), office.signed())),
        ("with another method", signed_as(office.ask(), to(Method::PATCH, "/v1/devices/codes"))),
        ("with another body", office.signed().json(&clinical)),
        ("of another person", signed_as(of_colleague, office.signed())),
    ];
    let before = office.codes().await;
    for (what, request) in bad {
        assert_eq!(refused(request).await.code, ErrorCode::NotSigned, "{what}");
    }
    assert_eq!(office.codes().await, before);
    assert_eq!(status(office.signed()).await, StatusCode::CREATED);
    assert_eq!(office.codes().await, before + 1);
}

#[tokio::test]
async fn what_was_signed_more_than_two_minutes_away_is_refused_with_the_servers_time() {
    let office = Office::open().await;
    let before = office.codes().await;
    for seconds in [-121, 200, -86_400, 86_400] {
        let now = OffsetDateTime::now_utc();
        let told = refused(office.signed_at(now + Duration::seconds(seconds))).await;
        assert_eq!(told.code, ErrorCode::ClockOff, "{seconds}");
        let said = told.server_time.expect("the server's time");
        assert!((now..=OffsetDateTime::now_utc()).contains(&said), "{said}");
        // With that time it is taken.
        assert_eq!(status(office.signed_at(said)).await, StatusCode::CREATED, "{seconds}");
    }
    for seconds in [-60, 60] {
        let near = OffsetDateTime::now_utc() + Duration::seconds(seconds);
        assert_eq!(status(office.signed_at(near)).await, StatusCode::CREATED, "{seconds}");
    }
    assert_eq!(office.codes().await, before + 6);
    // Not even a time that no clock shows.
    let mut request = office.signed().build().expect("a request");
    let never = i64::MIN.to_string().parse().expect("a header");
    request.headers_mut().insert(SIGNED_AT_HEADER, never);
    let request = RequestBuilder::from_parts(office.desk.client.clone(), request);
    assert_eq!(refused(request).await.code, ErrorCode::ClockOff);
}

#[tokio::test]
async fn no_request_is_taken_twice_whichever_process_of_the_server_it_reaches() {
    let office = Office::open().await;
    let second = office.clinic.server.again_with_another_order_key().await.expect("a second process");
    let before = office.codes().await;
    let nonce = Uuid::now_v7().to_string();
    let (key, now) = (&office.desk.key, OffsetDateTime::now_utc());
    let first = signed_request_at(office.ask(), key, now, &nonce);
    let again = first.try_clone().expect("no stream");
    let elsewhere =
        signed_as(office.ask_at(second.url(), DeviceScope::FrontDesk), first.try_clone().expect("no stream"));
    assert_eq!(status(first).await, StatusCode::CREATED);
    for (what, request) in [
        ("again", again),
        ("at another process", elsewhere),
        ("signed anew", signed_request_at(office.ask(), key, now + Duration::seconds(1), &nonce)),
    ] {
        assert_eq!(refused(request).await.code, ErrorCode::NotSigned, "{what}");
    }
    assert_eq!(office.codes().await, before + 1);
    // The other process takes what is new.
    let new = signed_request(office.ask_at(second.url(), DeviceScope::FrontDesk), key);
    assert_eq!(status(new).await, StatusCode::CREATED);
}

#[tokio::test]
async fn of_the_same_request_that_comes_many_times_at_once_one_is_taken() {
    let office = Office::open().await;
    let before = office.codes().await;
    let request = office.signed();
    let copy = || status(request.try_clone().expect("no stream"));
    let (one, two, three) = tokio::join!(copy(), copy(), copy());
    let taken = [one, two, three].into_iter().filter(|status| *status == StatusCode::CREATED).count();
    assert_eq!((taken, office.codes().await), (1, before + 1));
}

#[tokio::test]
async fn nonces_are_kept_until_their_time_is_past_and_no_longer() {
    let office = Office::open().await;
    assert_eq!(status(office.signed()).await, StatusCode::CREATED);
    // Signed at most two minutes ahead, it would be good for two more.
    let kept = "select count(*) from clinic.device_nonces where kept_until > now() + interval '4 minutes'";
    assert_eq!(office.clinic.number(kept).await, 1);
    office.clinic.sql("update device_nonces set kept_until = now() - interval '1 second'").await;
    assert_eq!(status(office.signed()).await, StatusCode::CREATED);
    assert_eq!(office.clinic.number("select count(*) from clinic.device_nonces").await, 1);
}

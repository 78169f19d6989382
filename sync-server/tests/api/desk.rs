//! A clinic and its desktops, as far as coming in is concerned: plain HTTP and a key.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use clinic_sync::testing::Server;
use ed25519_dalek::SigningKey;
use protocol::api::{
    ChallengeRequest, ChallengeResponse, EnrolRequest, EnrolResponse, LoginRequest, NewDoctor,
    PROTOCOL_HEADER, RefreshRequest, RegisterRequest, RegisterResponse, Secret, Session, Tokens,
};
use protocol::error::{ErrorCode, Problem};
use protocol::id::{DeviceId, TenantId, UserId};
use protocol::permission::Role;
use protocol::signing::{enrol_message, login_message, public_key_text, refresh_message, sign};
use reqwest::{Client, RequestBuilder, Response};
use serde::Serialize;
use sqlx::{Connection, PgConnection};

use crate::clinic::{client, signed_request};

/// The admin's e-mail in every test.
pub const EMAIL: &str = "anjali@sunrise.example";
/// The admin's password in every test.
pub const PASSWORD: &str = "seven green parrots";

/// A server with one tenant.
pub struct Clinic {
    pub server: Server,
    pub registered: RegisterResponse,
    pub http: Client,
}

/// An enrolled desktop.
pub struct Desk {
    pub url: String,
    pub http: Client,
    pub key: SigningKey,
    pub tenant: TenantId,
    pub device: DeviceId,
    pub lane: String,
    pub session: Session,
}

/// What a refusal says.
#[derive(Debug, PartialEq, Eq)]
pub struct Refused {
    pub status: u16,
    pub code: ErrorCode,
    pub detail: String,
}

/// A doctor who opens a clinic.
pub fn registration(clinic_code: &str) -> RegisterRequest {
    RegisterRequest {
        clinic_name: "Sunrise Clinic".into(),
        clinic_code: clinic_code.into(),
        admin_name: "Dr. Anjali Kulkarni".into(),
        admin_email: EMAIL.into(),
        admin_password: Secret(PASSWORD.into()),
        doctor: Some(NewDoctor {
            role: Role::Doctor,
            specialization: Some("General Medicine".into()),
            qualifications: Some("MBBS, MD".into()),
            registration_number: "2009/04/1187".into(),
            registration_council: "MMC".into(),
        }),
    }
}

pub async fn refused(response: Response) -> Refused {
    let status = response.status().as_u16();
    let kind = response.headers()["content-type"].to_str().expect("text").to_owned();
    assert_eq!(kind, "application/problem+json");
    let problem: Problem = response.json().await.expect("a problem");
    assert_eq!(problem.status, status);
    Refused { status, code: problem.code, detail: problem.detail }
}

impl Clinic {
    pub async fn open() -> Self {
        let server = Server::start().await.expect("a server");
        let http = client();
        let registered = register(&http, server.url(), &registration("MAIN")).await;
        Self { server, registered, http }
    }

    pub fn tenant(&self) -> TenantId {
        self.registered.tenant_id
    }

    pub async fn post(&self, path: &str, body: &impl Serialize) -> Response {
        post(&self.http, self.server.url(), path, body).send().await.expect("an answer")
    }

    /// A code for one more desktop.
    pub async fn code(&self) -> Secret {
        self.server.enrolment_code(&self.registered.tenant_code).await.expect("a code")
    }

    /// A desktop that the admin has just enrolled.
    pub async fn desk(&self) -> Desk {
        let code = self.code().await;
        let key = SigningKey::from_bytes(&rand::random());
        let response = self.post("/v1/devices/enrol", &enrol_request(&key, &code, EMAIL, PASSWORD)).await;
        assert_eq!(response.status(), 200);
        let enrolled: EnrolResponse = response.json().await.expect("an enrolment");
        self.desk_of(key, enrolled)
    }

    pub fn desk_of(&self, key: SigningKey, enrolled: EnrolResponse) -> Desk {
        Desk {
            url: self.server.url().to_owned(),
            http: self.http.clone(),
            key,
            tenant: enrolled.tenant_id,
            device: enrolled.device_id,
            lane: enrolled.lane,
            session: enrolled.session,
        }
    }

    /// One more member of staff, with the admin's password.
    pub async fn add_staff(&self, email: &str, role: &str) -> UserId {
        let id = UserId::new();
        self.sql(&format!(
            "insert into users (tenant_id, id, email, full_name, roles, password_hash)
             select tenant_id, '{id}', '{email}', 'Someone Else', '{{{role}}}', password_hash
             from users where tenant_id = '{}' and email = '{EMAIL}'",
            self.tenant()
        ))
        .await;
        id
    }

    /// Changes something behind the server's back.
    pub async fn sql(&self, text: &str) {
        let mut connection = self.connection().await;
        let done = sqlx::raw_sql(sqlx::AssertSqlSafe(text.to_owned()))
            .execute(&mut connection)
            .await
            .expect("a good statement");
        assert!(done.rows_affected() > 0, "nothing changed: {text}");
    }

    /// Counts something behind the server's back.
    pub async fn count(&self, of: &str) -> i64 {
        let mut connection = self.connection().await;
        sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select count(*) from {of}")))
            .fetch_one(&mut connection)
            .await
            .expect("a good statement")
    }

    /// A connection of the database's administrator.
    pub async fn connection(&self) -> PgConnection {
        let url = &self.server.database().admin.0;
        let mut connection = PgConnection::connect(url).await.expect("the database");
        sqlx::raw_sql("set search_path = clinic").execute(&mut connection).await.expect("a good statement");
        connection
    }
}

impl Desk {
    /// Asks for something only staff may see.
    pub async fn ask(&self, token: &str) -> Response {
        let request = self.http.get(format!("{}/v1/tenant", self.url));
        let request = request.header(PROTOCOL_HEADER, protocol::PROTOCOL_VERSION);
        request.bearer_auth(token).send().await.expect("an answer")
    }

    pub async fn challenge(&self) -> String {
        let request = ChallengeRequest { tenant_id: self.tenant, device_id: self.device };
        let response = self.post("/v1/auth/challenge", &request).await;
        response.json::<ChallengeResponse>().await.expect("a challenge").challenge
    }

    pub async fn login_request(&self, email: &str, password: &str) -> LoginRequest {
        let challenge = self.challenge().await;
        let message = login_message(clinic_sync::testing::SERVER_NAME, self.tenant, self.device, &challenge);
        LoginRequest {
            tenant_id: self.tenant,
            device_id: self.device,
            email: email.into(),
            password: Secret(password.into()),
            signature: sign(&self.key, &message),
            challenge,
            nonce: String::new(),
        }
    }

    pub async fn login(&self, email: &str, password: &str) -> Response {
        self.post("/v1/auth/login", &self.login_request(email, password).await).await
    }

    /// A password sign-in that succeeds.
    pub async fn sign_in(&self, email: &str) -> Session {
        let response = self.login(email, PASSWORD).await;
        assert_eq!(response.status(), 200);
        response.json().await.expect("a session")
    }

    pub async fn refresh_request(&self, user: UserId, token: &Secret, generation: i64) -> RefreshRequest {
        let challenge = self.challenge().await;
        let server = clinic_sync::testing::SERVER_NAME;
        let message = refresh_message(server, self.tenant, self.device, user, generation, &challenge);
        RefreshRequest {
            tenant_id: self.tenant,
            device_id: self.device,
            user_id: user,
            refresh_token: token.clone(),
            generation,
            signature: sign(&self.key, &message),
            challenge,
            nonce: String::new(),
        }
    }

    pub async fn refresh(&self, tokens: &Tokens) -> Response {
        let user = self.session.user.id;
        let request = self.refresh_request(user, &tokens.refresh_token, tokens.generation).await;
        self.post("/v1/auth/refresh", &request).await
    }

    /// A refresh that succeeds.
    pub async fn next(&self, tokens: &Tokens) -> Tokens {
        let response = self.refresh(tokens).await;
        assert_eq!(response.status(), 200);
        response.json().await.expect("tokens")
    }

    pub async fn post(&self, path: &str, body: &impl Serialize) -> Response {
        post(&self.http, &self.url, path, body).send().await.expect("an answer")
    }

    pub async fn post_as(&self, token: &str, path: &str, body: &impl Serialize) -> Response {
        let request = post(&self.http, &self.url, path, body).bearer_auth(token);
        signed_request(request, &self.key).send().await.expect("an answer")
    }

    pub fn token(&self) -> &str {
        &self.session.tokens.access_token.0
    }
}

pub fn post(http: &Client, url: &str, path: &str, body: &impl Serialize) -> RequestBuilder {
    http.post(format!("{url}{path}")).header(PROTOCOL_HEADER, protocol::PROTOCOL_VERSION).json(body)
}

pub async fn register(http: &Client, url: &str, request: &RegisterRequest) -> RegisterResponse {
    let response = post(http, url, "/v1/clinics/register", request).send().await.expect("an answer");
    assert_eq!(response.status(), 201);
    response.json().await.expect("a registration")
}

pub fn enrol_request(key: &SigningKey, code: &Secret, email: &str, password: &str) -> EnrolRequest {
    let public_key = public_key_text(&key.verifying_key());
    EnrolRequest {
        code: code.clone(),
        email: email.into(),
        password: Secret(password.into()),
        device_name: "Front desk".into(),
        platform: "linux".into(),
        app_version: "0.1.0".into(),
        signature: sign(key, &enrol_message(&code.0, &public_key)),
        again: None,
        public_key,
        recovers: None,
    }
}

/// Thirty-two bytes, as they travel.
pub fn bytes_of(text: &str) -> usize {
    BASE64_STANDARD.decode(text).expect("base64").len()
}

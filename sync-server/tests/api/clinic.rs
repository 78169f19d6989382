//! A clinic on a test server, and desktops that speak to it over HTTP.

use std::sync::{Arc, Once};

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use clinic_sync::auth::token::{Claims, TokenKeys, new_key};
use clinic_sync::testing::{SERVER_NAME, Server, TestDatabase};
use ed25519_dalek::{Signer, SigningKey};
use protocol::api::{
    DeviceScope, EnrolRequest, EnrolResponse, NewDoctor, PROTOCOL_HEADER, Position, PullLine, PushRequest,
    PushResponse, RegisterRequest, RegisterResponse, Secret,
};
use protocol::error::Problem;
use protocol::id::{DeviceId, Epoch, TenantId, UserId};
use protocol::mutation::{Change, Hash, Mutation, SetValue, SignedMutation};
use protocol::permission::Role;
use protocol::request::{AdminRequest, Asker, NONCE_HEADER, SIGNATURE_HEADER, SIGNED_AT_HEADER};
use protocol::settlement::Settlement;
use protocol::signing;
use protocol::table::{Row, TableName, Values};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use time::OffsetDateTime;
use uuid::Uuid;

pub const PASSWORD: &str = "seven green parrots";
pub const EMAIL: &str = "anjali@example.org";

/// A tenant with one clinic, whose admin is a doctor.
pub struct Clinic {
    pub server: Server,
    pub registered: RegisterResponse,
}

/// An enrolled desktop on which the doctor has signed in.
pub struct Desk {
    pub url: String,
    pub client: Client,
    pub tenant: TenantId,
    pub clinic: Uuid,
    pub doctor: Uuid,
    pub device: DeviceId,
    pub user: UserId,
    pub epoch: Epoch,
    pub token: String,
    pub key: SigningKey,
    /// The own key of whoever sits there, if they have one.
    pub own: Option<SigningKey>,
    sequence: i64,
    hash: Hash,
}

/// The request as a desktop with this key signs it now, with whatever its token says. Only what admins change is looked at
/// so. Whoever adds to it afterwards must sign anew.
pub fn signed_request(request: RequestBuilder, key: &SigningKey) -> RequestBuilder {
    signed_request_at(request, key, OffsetDateTime::now_utc(), &Uuid::now_v7().to_string())
}

/// The same at another time, and with this nonce.
pub fn signed_request_at(
    request: RequestBuilder,
    key: &SigningKey,
    at: OffsetDateTime,
    nonce: &str,
) -> RequestBuilder {
    let built = request.try_clone().expect("no stream").build().expect("a request");
    let Some(said) = claims(&built) else { return request };
    let url = built.url();
    let query = url.query().map_or_else(String::new, |query| format!("?{query}"));
    let path = format!("{}{query}", url.path());
    let body = built.body().and_then(reqwest::Body::as_bytes).unwrap_or_default();
    let at = at.unix_timestamp();
    let asked =
        AdminRequest { method: built.method().as_str(), path: &path, body: Hash::of(body), at, nonce };
    let by = Asker { server: SERVER_NAME, tenant: said.tid, device: said.did, user: said.sub };
    request
        .header(SIGNED_AT_HEADER, at)
        .header(NONCE_HEADER, nonce)
        .header(SIGNATURE_HEADER, asked.sign(by, key))
}

/// What the access token says, whoever made it.
fn claims(request: &reqwest::Request) -> Option<Claims> {
    let token = request.headers().get("authorization")?.to_str().ok()?.strip_prefix("Bearer ")?;
    let claims = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&claims).ok()
}

pub fn client() -> Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // Another test may have been first.
        rustls::crypto::ring::default_provider().install_default().ok();
    });
    Client::new()
}

impl Clinic {
    pub async fn open() -> Self {
        let server = Server::start().await.expect("a server");
        let registered = register(&server, "ASHA").await;
        Self { server, registered }
    }

    /// One whose server has so many connections to its database, one of which listens.
    pub async fn open_with(connections: u32) -> Self {
        let database = TestDatabase::new().await;
        let db = database.app_db_of(connections).await;
        let keys = Arc::new(TokenKeys::new(&new_key()));
        let server = Server::start_with(database, db, keys).await.expect("a server");
        let registered = register(&server, "ASHA").await;
        Self { server, registered }
    }

    pub async fn desk(&self) -> Desk {
        desk(&self.server, &self.registered, DeviceScope::Clinical).await
    }

    pub async fn front_desk(&self) -> Desk {
        desk(&self.server, &self.registered, DeviceScope::FrontDesk).await
    }

    /// Changes something behind the server's back.
    pub async fn sql(&self, text: &str) {
        let url = &self.server.database().admin.0;
        let mut connection = PgConnection::connect(url).await.expect("the database");
        let text = format!("set search_path = clinic; {text}");
        let done = sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut connection).await;
        assert!(done.expect("a good statement").rows_affected() > 0, "nothing changed");
    }

    /// Cuts the connection over which an import writes patients, as soon as one does.
    pub async fn cut_import(&self) {
        let url = &self.server.database().admin.0;
        let mut connection = PgConnection::connect(url).await.expect("the database");
        loop {
            let killed: i64 = sqlx::query_scalar(
                "select count(pg_terminate_backend(pid)) from pg_stat_activity
                 where datname = current_database() and query like 'insert into patients%' and state <> 'idle'",
            )
            .fetch_one(&mut connection)
            .await
            .expect("an answer");
            if killed > 0 {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    /// What a query counts.
    pub async fn number(&self, query: &str) -> i64 {
        let url = &self.server.database().admin.0;
        let mut connection = PgConnection::connect(url).await.expect("the database");
        sqlx::query_scalar(AssertSqlSafe(query.to_owned()))
            .fetch_one(&mut connection)
            .await
            .expect("a number")
    }

    /// A desktop of another tenant on the same server.
    pub async fn neighbour(&self) -> Desk {
        let registered = register(&self.server, "NEXT").await;
        desk(&self.server, &registered, DeviceScope::Clinical).await
    }
}

async fn register(server: &Server, code: &str) -> RegisterResponse {
    let request = RegisterRequest {
        clinic_name: format!("{code} Clinic"),
        clinic_code: code.to_owned(),
        admin_name: "Anjali Kulkarni".to_owned(),
        admin_email: EMAIL.to_owned(),
        admin_password: Secret(PASSWORD.to_owned()),
        doctor: Some(NewDoctor {
            role: Role::Doctor,
            specialization: None,
            qualifications: Some("MBBS".to_owned()),
            registration_number: "2009/04/1187".to_owned(),
            registration_council: "MMC".to_owned(),
        }),
    };
    let response = client()
        .post(format!("{}/v1/clinics/register", server.url()))
        .header(PROTOCOL_HEADER, 1)
        .json(&request)
        .send()
        .await;
    body(response.expect("the server answers")).await.expect("a tenant")
}

async fn desk(server: &Server, registered: &RegisterResponse, scope: DeviceScope) -> Desk {
    let doctor = registered.doctor_id.expect("asked for").0;
    Desk { doctor, ..enrol(server, &registered.tenant_code, EMAIL, scope).await }
}

/// A desktop of whichever tenant, on which someone with the usual password has signed in. Their profile is not known.
pub async fn enrol(server: &Server, tenant_code: &str, email: &str, scope: DeviceScope) -> Desk {
    let code = server.enrolment_code_for(tenant_code, scope).await.expect("a code");
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).expect("random bytes");
    let key = SigningKey::from_bytes(&seed);
    let public_key = signing::public_key_text(&key.verifying_key());
    let signature = signing::sign(&key, &signing::enrol_message(&code.0, &public_key));
    let request = EnrolRequest {
        code,
        email: email.to_owned(),
        password: Secret(PASSWORD.to_owned()),
        device_name: "Room 1".to_owned(),
        platform: "linux".to_owned(),
        app_version: "0.1.0".to_owned(),
        public_key,
        signature,
        again: None,
        recovers: None,
    };
    let client = client();
    let response = client
        .post(format!("{}/v1/devices/enrol", server.url()))
        .header(PROTOCOL_HEADER, 1)
        .json(&request)
        .send()
        .await;
    let enrolled: EnrolResponse = body(response.expect("the server answers")).await.expect("a device");
    assert_eq!(enrolled.server_name, SERVER_NAME);
    Desk {
        url: server.url().to_owned(),
        client,
        tenant: enrolled.tenant_id,
        clinic: enrolled.clinic_id.0,
        doctor: Uuid::nil(),
        device: enrolled.device_id,
        user: enrolled.session.user.id,
        epoch: enrolled.epoch,
        token: enrolled.session.tokens.access_token.0,
        key,
        own: None,
        sequence: 0,
        hash: Hash::ZERO,
    }
}

impl Desk {
    /// Signs a mutation as the next one of this desktop.
    pub fn sign(&mut self, changes: Vec<Change>) -> SignedMutation {
        self.sign_at(changes, OffsetDateTime::now_utc())
    }

    pub fn sign_at(&mut self, changes: Vec<Change>, recorded_at: OffsetDateTime) -> SignedMutation {
        self.sign_settling(changes, recorded_at, None)
    }

    /// The same for a mutation that says what becomes of a refused one.
    pub fn sign_settling(
        &mut self,
        changes: Vec<Change>,
        recorded_at: OffsetDateTime,
        settles: Option<Settlement>,
    ) -> SignedMutation {
        self.sequence += 1;
        let mutation = Mutation {
            device_id: self.device,
            sequence: self.sequence,
            actor_user_id: self.user,
            recorded_at,
            clock_offset_ms: 0,
            schema: protocol::SCHEMA_VERSION,
            kind: "test".to_owned(),
            changes,
            settles,
        };
        let signed = SignedMutation::sign(&mutation, self.hash, &self.key).expect("JSON");
        self.hash = signed.hash;
        match &self.own {
            Some(own) if mutation.needs_own_signature() => signed.signed_by(own),
            _ => signed,
        }
    }

    /// The same with its text made over before it is signed, as by a hostile desktop.
    pub fn sign_text(&mut self, changes: Vec<Change>, make: impl FnOnce(String) -> String) -> SignedMutation {
        let previous_hash = self.hash;
        let body = make(self.sign(changes).body);
        self.hash = Hash::chained(previous_hash, &body);
        let signature = self.key.sign(&[b"cd-mutation-1".as_slice(), &self.hash.0].concat());
        let signature = BASE64_STANDARD.encode(signature.to_bytes());
        SignedMutation { body, previous_hash, hash: self.hash, signature, own_signature: None }
    }

    /// The number of the last mutation.
    pub fn sequence(&self) -> i64 {
        self.sequence
    }

    /// Forgets the last mutation, as a disk does that was restored.
    pub fn restore(&mut self, sequence: i64, hash: Hash) {
        (self.sequence, self.hash) = (sequence, hash);
    }

    /// The request as this desktop makes it: its body stands in it already.
    pub fn request(&self, builder: RequestBuilder) -> RequestBuilder {
        signed_request(self.unsigned(builder), &self.key)
    }

    /// The same by whoever has its token and no more.
    pub fn unsigned(&self, builder: RequestBuilder) -> RequestBuilder {
        builder.bearer_auth(&self.token).header(PROTOCOL_HEADER, protocol::PROTOCOL_VERSION)
    }

    pub async fn push(&self, mutations: Vec<SignedMutation>) -> Result<PushResponse, Problem> {
        let request = PushRequest { epoch: self.epoch, mutations };
        let builder = self.client.post(format!("{}/v1/sync/push", self.url)).json(&request);
        body(self.request(builder).send().await.expect("the server answers")).await
    }

    /// Signs and pushes one mutation, which must go in.
    pub async fn write(&mut self, changes: Vec<Change>) -> PushResponse {
        let signed = self.sign(changes);
        self.push(vec![signed]).await.expect("the push is taken")
    }

    pub async fn get(&self, path: &str) -> Response {
        let builder = self.client.get(format!("{}{path}", self.url));
        self.request(builder).send().await.expect("the server answers")
    }

    /// The lines of one page.
    pub async fn pull(&self, query: &str) -> Vec<PullLine> {
        let response = self.get(&format!("/v1/sync/pull?epoch={}{query}", self.epoch)).await;
        assert_eq!(response.status(), StatusCode::OK);
        let text = response.text().await.expect("a body");
        text.lines().map(|line| serde_json::from_str(line).expect("a line")).collect()
    }

    /// The rows of everything.
    pub async fn rows(&self) -> Vec<Row> {
        let (mut all, mut after) = (Vec::new(), String::new());
        loop {
            let lines = self.pull(&after).await;
            all.extend(rows(&lines));
            if lines.last() != Some(&PullLine::End { more: true }) {
                return all;
            }
            let last = all.iter().rev().find(|row| !row.table.table().is_shared()).expect("a row");
            let position = Position { version: last.version, table: last.table, id: last.id };
            after = format!("&after={position}&catalogue=1");
        }
    }
}

pub fn rows(lines: &[PullLine]) -> Vec<Row> {
    let row = |line: &PullLine| match line {
        PullLine::Row(row) => Some(row.clone()),
        PullLine::Head { .. } | PullLine::Unknown(_) | PullLine::End { .. } => None,
    };
    lines.iter().filter_map(row).collect()
}

pub async fn body<T: serde::de::DeserializeOwned>(response: Response) -> Result<T, Problem> {
    let status = response.status();
    let text = response.text().await.expect("a body");
    if status.is_success() {
        Ok(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")))
    } else {
        Err(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{status}: {error}: {text}")))
    }
}

pub fn values(pairs: &[(&str, Value)]) -> Values {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

pub fn new_patient(id: Uuid, first_name: &str) -> Change {
    let values = values(&[
        ("mobile_number", json!("+919820441276")),
        ("first_name", json!(first_name)),
        ("first_name_norm", json!(first_name.to_lowercase())),
        ("age_years", json!(54)),
        ("age_recorded_on", json!("2026-01-05")),
    ]);
    Change::insert(TableName::Patients, id, values)
}

pub fn edit(table: TableName, id: Uuid, set: &[(&str, Value, Value)]) -> Change {
    let set = set.iter().map(|(name, base, value)| {
        ((*name).to_owned(), SetValue { base: base.clone(), value: value.clone() })
    });
    Change::update(table, id, set.collect())
}

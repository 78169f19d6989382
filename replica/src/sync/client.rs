//! The messages to the server, as they travel: what is asked, and how an answer is told from what stands in the way.

use std::sync::Arc;

use eventsource_stream::Eventsource;
use futures_util::stream::unfold;
use futures_util::{Stream, TryStreamExt};
use protocol::PROTOCOL_VERSION;
use protocol::api::{
    ChallengeRequest, ChallengeResponse, CodeRequest, EnrolRequest, EnrolResponse, EnrolmentCode, EpochState,
    LiveEvent, LiveQuery, LoginRequest, PullLine, PullQuery, PushRequest, PushResponse, ReceiptsAnswer,
    ReceiptsRequest, Recollection, RefreshRequest, RenewRequest, Secret, Session, StandingRequest,
    TenantInfo, Tokens, may_grow_to,
};
use protocol::audit::{AuditPage, AuditQuery, DeskEvents, DeskEventsKept};
use protocol::bootstrap::BootstrapQuery;
use protocol::digest::{DigestAnswer, DigestQuery, RowsAnswer, RowsRequest};
use protocol::error::{ErrorCode, Problem};
use protocol::farewell::{FarewellToken, HandoverRequest, HandoverResponse, SignedFarewell, Wiped};
use protocol::file::Upload;
use protocol::id::{ConflictId, DeviceId};
use protocol::log_end::{KnownEnds, LogEnds};
use protocol::manage::{DeviceInfo, PasswordChange, RevokeRequest};
use protocol::own_key::{OwnKeyInfo, OwnKeyRequest};
use protocol::recovery::RecoveryMade;
use protocol::settlement::RefusedMutation;
use protocol::standing::SignedOrder;
use protocol::table::UnknownRow;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::io::AsyncBufRead;
use tokio_util::io::StreamReader;
use url::Url;
use url::form_urlencoded::Serializer;
use uuid::Uuid;

use super::belief;
use super::http::Http;
use super::limits::{Body, MOST_PROBLEM, MOST_WHOLE, read_line, whole, with_short_events};
use super::signer::Signer;
use super::wire::{Answer, Request, Wire};
use crate::error::{Error, Result};

/// How hard a push is compressed: mutations are small and alike, more effort gains little.
const ZSTD_LEVEL: i32 = 3;

/// The line to one server.
#[derive(Clone)]
pub struct Client {
    wire: Arc<dyn Wire>,
}

impl Client {
    /// A line to this server. Nothing is sent yet.
    pub fn new(server: &Url) -> Result<Self> {
        Ok(Self { wire: Arc::new(Http::new(server)?) })
    }

    /// A line over this wire.
    #[cfg(any(test, feature = "testing"))]
    pub fn over(wire: Arc<dyn Wire>) -> Self {
        Self { wire }
    }

    /// `POST /v1/devices/enrol`.
    pub async fn enrol(&self, request: &EnrolRequest) -> Result<EnrolResponse> {
        self.post("v1/devices/enrol", request).await
    }

    /// `POST /v1/auth/challenge`.
    pub async fn challenge(&self, request: &ChallengeRequest) -> Result<ChallengeResponse> {
        self.post("v1/auth/challenge", request).await
    }

    /// `POST /v1/auth/login`.
    pub async fn login(&self, request: &LoginRequest) -> Result<Session> {
        self.post("v1/auth/login", request).await
    }

    /// `POST /v1/auth/refresh`.
    pub async fn refresh(&self, request: &RefreshRequest) -> Result<Tokens> {
        self.post("v1/auth/refresh", request).await
    }

    /// `POST /v1/auth/password`.
    pub async fn change_password(&self, token: &Secret, change: &PasswordChange) -> Result<()> {
        let body = serde_json::to_vec(change)?;
        let request = Request { body, ..Request::post("v1/auth/password").small() };
        self.accepted(request.with(token)).await.map(|_| ())
    }

    /// `POST /v1/devices/renew`.
    pub async fn renew(
        &self,
        token: &Secret,
        signer: &Signer,
        request: &RenewRequest,
    ) -> Result<EnrolResponse> {
        let body = serde_json::to_vec(request)?;
        self.signed(Request { body, ..Request::post("v1/devices/renew").small() }.with(token), signer).await
    }

    /// `POST /v1/devices/recovery`.
    pub async fn recovery_made(&self, token: &Secret, made: &RecoveryMade, signer: &Signer) -> Result<()> {
        let body = serde_json::to_vec(made)?;
        let request = Request { body, ..Request::post("v1/devices/recovery") }.with(token);
        self.accepted_signed(request, signer).await.map(|_| ())
    }

    /// `POST /v1/devices/standing`.
    pub async fn standing(&self, request: &StandingRequest) -> Result<SignedOrder> {
        self.post("v1/devices/standing", request).await
    }

    /// `POST /v1/devices/handover`.
    pub async fn hand_over(&self, request: &HandoverRequest) -> Result<HandoverResponse> {
        self.post_compressed("v1/devices/handover", None, request).await
    }

    /// `POST /v1/devices/farewell`.
    pub async fn farewell(&self, farewell: &SignedFarewell) -> Result<FarewellToken> {
        self.post("v1/devices/farewell", farewell).await
    }

    /// `POST /v1/devices/wiped`.
    pub async fn wiped(&self, wiped: &Wiped) -> Result<()> {
        let body = serde_json::to_vec(wiped)?;
        self.accepted(Request { body, ..Request::post("v1/devices/wiped").small() }).await.map(|_| ())
    }

    /// `GET /v1/tenant`.
    pub async fn tenant(&self, token: &Secret) -> Result<TenantInfo> {
        self.answer(Request::get("v1/tenant").small().with(token)).await
    }

    /// `POST /v1/tenant/objection`.
    pub async fn object(&self, token: &Secret) -> Result<()> {
        self.accepted(Request::post("v1/tenant/objection").small().with(token)).await.map(|_| ())
    }

    /// `GET /v1/devices`.
    pub async fn devices(&self, token: &Secret) -> Result<Vec<DeviceInfo>> {
        self.answer(Request::get("v1/devices").small().with(token)).await
    }

    /// `POST /v1/devices/{id}/revoke`.
    pub async fn revoke(
        &self,
        token: &Secret,
        signer: &Signer,
        id: DeviceId,
        request: &RevokeRequest,
    ) -> Result<DeviceInfo> {
        let path = format!("v1/devices/{id}/revoke");
        let body = serde_json::to_vec(request)?;
        self.signed(Request { body, ..Request::post(&path).small() }.with(token), signer).await
    }

    /// `POST /v1/devices/codes`.
    pub async fn enrolment_code(
        &self,
        token: &Secret,
        signer: &Signer,
        request: &CodeRequest,
    ) -> Result<EnrolmentCode> {
        let body = serde_json::to_vec(request)?;
        self.signed(Request { body, ..Request::post("v1/devices/codes").small() }.with(token), signer).await
    }

    /// `POST /v1/sync/push`: the answer, and the rows in it of tables that this program does not know.
    pub async fn push(
        &self,
        token: &Secret,
        request: &PushRequest,
    ) -> Result<(PushResponse, Vec<UnknownRow>)> {
        let request = compressed("v1/sync/push", request)?;
        let answer = self.accepted(request.with(token)).await?;
        match whole(answer.body, MOST_WHOLE).await {
            Ok(answer) => parse_push(&answer).ok_or(Error::ServerUnreachable),
            // To fewer at once there is less to say.
            Err(Error::AnswerTooLong) => Err(Error::TooLarge),
            Err(error) => Err(error),
        }
    }

    /// `POST /v1/sync/receipts`.
    pub async fn receipts(&self, token: &Secret, request: &ReceiptsRequest) -> Result<ReceiptsAnswer> {
        let body = serde_json::to_vec(request)?;
        self.answer(Request { body, ..Request::post("v1/sync/receipts") }.with(token)).await
    }

    /// `POST /v1/own-keys`.
    pub async fn tell_own_key(&self, token: &Secret, key: &OwnKeyRequest, signer: &Signer) -> Result<()> {
        let body = serde_json::to_vec(key)?;
        let request = Request { body, ..Request::post("v1/own-keys") }.with(token);
        self.accepted_signed(request, signer).await.map(|_| ())
    }

    /// `GET /v1/own-keys`.
    pub async fn own_keys(&self, token: &Secret) -> Result<Vec<OwnKeyInfo>> {
        self.answer(Request::get("v1/own-keys").with(token)).await
    }

    /// `GET /v1/sync_conflicts/{id}/refused`.
    pub async fn refused(&self, token: &Secret, id: ConflictId) -> Result<RefusedMutation> {
        self.answer(Request::get(&format!("v1/sync_conflicts/{id}/refused")).with(token)).await
    }

    /// `POST /v1/audit/events`.
    pub async fn tell(&self, token: &Secret, signer: &Signer, events: &DeskEvents) -> Result<DeskEventsKept> {
        let body = serde_json::to_vec(events)?;
        self.signed(Request { body, ..Request::post("v1/audit/events") }.with(token), signer).await
    }

    /// `GET /v1/audit`.
    pub async fn audit(&self, token: &Secret, query: &AuditQuery) -> Result<AuditPage> {
        let request = Request::get(&format!("v1/audit?{}", query_text(query)?)).small();
        self.answer(request.with(token)).await
    }

    /// `POST /v1/audit/ends`.
    pub async fn log_ends(&self, token: &Secret, known: &KnownEnds) -> Result<LogEnds> {
        let body = serde_json::to_vec(known)?;
        self.answer(Request { body, ..Request::post("v1/audit/ends") }.with(token)).await
    }

    /// `GET /v1/sync/pull`: the lines of a page as they come, each with its length in bytes. A stream that ends without
    /// [`PullLine::End`] broke off.
    pub async fn pull(
        &self,
        token: &Secret,
        query: &PullQuery,
    ) -> Result<impl Stream<Item = Result<(PullLine, usize)>>> {
        let request = Request::get(&format!("v1/sync/pull?{}", query_text(query)?));
        let answer = self.accepted(request.with(token)).await?;
        Ok(unfold(StreamReader::new(answer.body), |mut reader| async {
            let mut text = Vec::new();
            let line = match read_line(&mut reader, &mut text).await {
                Ok(0) => return None,
                Ok(length) => parse_line(&text).map(|line| (line, length)),
                Err(error) => Err(error),
            };
            Some((line, reader))
        }))
    }

    /// `GET /v1/sync/bootstrap`: the lines as they come.
    pub async fn bootstrap(&self, token: &Secret, query: &BootstrapQuery) -> Result<impl AsyncBufRead> {
        let request = Request::get(&format!("v1/sync/bootstrap?{}", query_text(query)?));
        Ok(StreamReader::new(self.accepted(request.with(token)).await?.body))
    }

    /// `GET /v1/sync/epoch`.
    pub async fn epoch(&self, token: &Secret) -> Result<EpochState> {
        self.answer(Request::get("v1/sync/epoch").with(token)).await
    }

    /// `POST /v1/sync/restored`.
    pub async fn recall(&self, token: &Secret, known: &Recollection) -> Result<()> {
        let body = serde_json::to_vec(known)?;
        let request = Request { body, ..Request::post("v1/sync/restored") };
        self.accepted(request.with(token)).await.map(|_| ())
    }

    /// `GET /v1/sync/digest`.
    pub async fn digest(&self, token: &Secret, query: &DigestQuery) -> Result<DigestAnswer> {
        self.answer(Request::get(&format!("v1/sync/digest?{}", query_text(query)?)).with(token)).await
    }

    /// `POST /v1/sync/rows`.
    pub async fn rows(&self, token: &Secret, request: &RowsRequest) -> Result<RowsAnswer> {
        let body = serde_json::to_vec(request)?;
        self.answer(Request { body, ..Request::post("v1/sync/rows") }.with(token)).await
    }

    /// `GET /v1/sync/live`: the tenant's head at each change, with what is new if it is little.
    pub async fn live(
        &self,
        token: &Secret,
        query: &LiveQuery,
    ) -> Result<impl Stream<Item = Result<LiveEvent>>> {
        let path = format!("v1/sync/live?{}", query_text(query)?);
        let request = Request { is_live: true, ..Request::get(&path) };
        let answer = self.accepted(request.with(token)).await?;
        let events = with_short_events(answer.body).eventsource();
        Ok(events.map_err(|_| Error::ServerUnreachable).and_then(|event| {
            std::future::ready(serde_json::from_str(&event.data).map_err(|_| Error::ServerUnreachable))
        }))
    }

    /// `GET /v1/dental_attachments/{id}/upload`.
    pub async fn upload(&self, token: &Secret, id: Uuid) -> Result<Upload> {
        self.answer(Request::get(&format!("v1/dental_attachments/{id}/upload")).with(token)).await
    }

    /// `PUT /v1/dental_attachments/{id}/upload`: the piece that begins there.
    pub async fn send_piece(&self, token: &Secret, id: Uuid, from: u64, piece: Vec<u8>) -> Result<Upload> {
        let path = format!("v1/dental_attachments/{id}/upload?from={from}");
        self.answer(Request::put(&path, piece).with(token)).await
    }

    /// `POST /v1/dental_attachments/{id}/upload`: all was sent.
    pub async fn end_upload(&self, token: &Secret, id: Uuid) -> Result<Upload> {
        self.answer(Request::post(&format!("v1/dental_attachments/{id}/upload")).with(token)).await
    }

    /// `GET /v1/dental_attachments/{id}/file`: the bytes from there on, as they come.
    pub async fn file(&self, token: &Secret, id: Uuid, from: u64) -> Result<Body> {
        let request = Request::get(&format!("v1/dental_attachments/{id}/file?from={from}"));
        Ok(self.accepted(request.with(token)).await?.body)
    }

    /// Asks something that is small, and so is its answer.
    async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T> {
        let body = serde_json::to_vec(body)?;
        self.answer(Request { body, ..Request::post(path).small() }).await
    }

    async fn post_compressed<T: DeserializeOwned>(
        &self,
        path: &str,
        token: Option<&Secret>,
        body: &impl Serialize,
    ) -> Result<T> {
        self.answer(Request { token: token.cloned(), ..compressed(path, body)? }).await
    }

    /// Signs a request of an admin. Where the clocks are too far from each other, it is signed once more with the server's
    /// time: a clock that is wrong locks no admin out.
    pub(super) async fn signed<T: DeserializeOwned>(&self, request: Request, signer: &Signer) -> Result<T> {
        read(self.accepted_signed(request, signer).await?).await
    }

    async fn accepted_signed(&self, request: Request, signer: &Signer) -> Result<Answer> {
        match self.accepted(signer.sign(request.clone(), signer.now)?).await {
            Err(Error::ClockOff { server_time }) => self.accepted(signer.sign(request, server_time)?).await,
            answer => answer,
        }
    }

    pub(super) async fn answer<T: DeserializeOwned>(&self, request: Request) -> Result<T> {
        read(self.accepted(request).await?).await
    }

    /// Sends, and tells the server's refusals from everything that stands in the way.
    async fn accepted(&self, request: Request) -> Result<Answer> {
        let request = Request { protocol: PROTOCOL_VERSION, ..request };
        let answer = self.wire.send(request).await?;
        if matches!(answer.status, 200 | 201 | 204) {
            return Ok(answer);
        }
        if answer.status == 413 {
            return Err(Error::TooLarge);
        }
        if !answer.kind.starts_with("application/problem+json") {
            return Err(Error::ServerUnreachable);
        }
        match serde_json::from_slice::<Problem>(&whole(answer.body, MOST_PROBLEM).await?) {
            Ok(Problem { code: ErrorCode::ClockOff, server_time: Some(server_time), .. }) => {
                Err(Error::ClockOff { server_time })
            }
            Ok(problem) => {
                Err(Error::Server { code: problem.code, detail: belief::sentence(problem.detail) })
            }
            Err(_) => Err(Error::ServerUnreachable),
        }
    }
}

/// A line of a pull. A newer server has tables that this program does not know.
fn parse_line(line: &[u8]) -> Result<PullLine> {
    #[derive(serde::Deserialize)]
    struct RowLine {
        row: Value,
    }
    serde_json::from_slice(line).or_else(|_| {
        let line: RowLine = serde_json::from_slice(line).map_err(|_| Error::ServerUnreachable)?;
        UnknownRow::parse(line.row).map(PullLine::Unknown).ok_or(Error::ServerUnreachable)
    })
}

/// The answer to a push, with the rows of unknown tables aside.
fn parse_push(text: &[u8]) -> Option<(PushResponse, Vec<UnknownRow>)> {
    if let Ok(answer) = serde_json::from_slice(text) {
        return Some((answer, vec![]));
    }
    let mut answer: Value = serde_json::from_slice(text).ok()?;
    let mut unknown = Vec::new();
    answer.get_mut("rows")?.as_array_mut()?.retain(|row| match UnknownRow::parse(row.clone()) {
        Some(row) => {
            unknown.push(row);
            false
        }
        None => true,
    });
    Some((serde_json::from_value(answer).ok()?, unknown))
}

/// A request with this body, compressed unless it shrinks further than the server lets one grow again.
fn compressed(path: &str, body: &impl Serialize) -> Result<Request> {
    let json = serde_json::to_vec(body)?;
    let packed = zstd::encode_all(json.as_slice(), ZSTD_LEVEL)?;
    let is_compressed = json.len() <= may_grow_to(packed.len());
    let body = if is_compressed { packed } else { json };
    Ok(Request { body, is_compressed, ..Request::post(path) })
}

/// A query as it stands in an address: what is null is left out.
fn query_text(query: &impl Serialize) -> Result<String> {
    let mut text = Serializer::new(String::new());
    for (name, value) in serde_json::to_value(query)?.as_object().into_iter().flatten() {
        match value {
            Value::Null => {}
            Value::String(value) => drop(text.append_pair(name, value)),
            value => drop(text.append_pair(name, &value.to_string())),
        }
    }
    Ok(text.finish())
}

async fn read<T: DeserializeOwned>(answer: Answer) -> Result<T> {
    let body = whole(answer.body, MOST_WHOLE).await?;
    // What is not our JSON does not come from our server: a hotel's login page, a proxy's words.
    serde_json::from_slice(&body).map_err(|_| Error::ServerUnreachable)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures_util::future::BoxFuture;
    use futures_util::{FutureExt, StreamExt, stream};

    use super::*;

    #[test]
    fn a_row_of_a_table_from_the_future_stops_nothing() {
        let row = r#"{"table":"vaccinations","id":"0193c8d2-0000-7000-8000-000000000001","version":42,"values":{}}"#;
        let line = parse_line(format!(r#"{{"row":{row}}}"#).as_bytes());
        let Ok(PullLine::Unknown(unknown)) = line else { panic!("{line:?}") };
        assert_eq!(unknown.position(), "42.vaccinations.0193c8d2-0000-7000-8000-000000000001");
        let answer = format!(
            r#"{{"head_before":41,"head":42,"receipts":[],"rows":[{row}],"server_time":"2026-11-23T04:11:09Z"}}"#
        );
        let (answer, carried) = parse_push(answer.as_bytes()).expect("BUG: read");
        assert_eq!((answer.rows.len(), carried), (0, vec![unknown]));
        // What is broken is not taken for something new.
        for broken in [r#"{"row":{"table":"patients","id":1}}"#, r#"{"row":{"table":"vacc"#, "{}", "<html>"] {
            assert!(parse_line(broken.as_bytes()).is_err(), "{broken}");
        }
    }

    #[test]
    fn what_shrinks_further_than_the_server_lets_it_grow_is_sent_as_it_is() {
        let request =
            |text: &str, times: usize| compressed("v1/sync/push", &text.repeat(times)).expect("BUG: JSON");
        let one_note = request("paracetamol, and rest; ", 300_000 / 23);
        assert!(!one_note.is_compressed);
        assert_eq!(one_note.body.first(), Some(&b'"'));
        let small = request("a", 60_000);
        assert!(small.is_compressed && small.body.len() < 100);
    }

    /// A server that refuses everything, in these words.
    struct Refuses(&'static str);

    impl Wire for Refuses {
        fn send(&self, _: Request) -> BoxFuture<'_, Result<Answer>> {
            let body = stream::iter([Ok(Bytes::from(self.0))]).boxed();
            async move { Ok(Answer { status: 403, kind: "application/problem+json".into(), body }) }.boxed()
        }
    }

    #[tokio::test]
    async fn a_refusal_of_a_later_server_is_told_in_its_own_words() {
        let says = r#"{"type":"about:blank","status":403,"code":"moon_full","detail":"Not at full moon."}"#;
        let refused = Client::over(Arc::new(Refuses(says))).tenant(&Secret("token".into())).await;
        let Err(error) = refused else { panic!("BUG: refused") };
        assert_eq!((error.code(), error.to_string().as_str()), (ErrorCode::Other, "Not at full moon."));
    }
}

//! The line to the server. The only module that names the HTTP client.

use std::sync::Once;
use std::time::Duration;

use eventsource_stream::Eventsource;
use futures_util::{Stream, StreamExt, TryStreamExt};
use protocol::PROTOCOL_VERSION;
use protocol::api::{
    ChallengeRequest, ChallengeResponse, EnrolRequest, EnrolResponse, LiveEvent, LoginRequest,
    PROTOCOL_HEADER, PullLine, PullQuery, PushRequest, PushResponse, RefreshRequest, Secret, Session, Tokens,
};
use protocol::audit::{DeskEvents, DeskEventsKept};
use protocol::error::Problem;
use reqwest::{RequestBuilder, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::AsyncBufReadExt;
use tokio_util::io::StreamReader;
use url::{Host, Url};

use crate::error::{Error, Result};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A line that says nothing for so long is dead; the server speaks every 20 seconds.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// How hard a push is compressed: mutations are small and alike, more effort gains little.
const ZSTD_LEVEL: i32 = 3;

/// The line to one server.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    server: Url,
}

/// Reads a server's address as people type it. Plain HTTP is for this computer only.
///
/// # Errors
///
/// [`Error::Invalid`], in words.
pub fn parse_address(text: &str) -> Result<Url> {
    let text = text.trim();
    let whole = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let url: Url = whole
        .parse()
        .ok()
        .filter(|url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| {
            Error::Invalid("This is not the address of a server. Example: sync.example.org.".into())
        })?;
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if url.scheme() == "http" && !is_here {
        return Err(Error::Invalid(
            "A server on another computer must be reached by https. Nothing was sent to it.".into(),
        ));
    }
    Ok(url)
}

impl Client {
    /// A line to this server. Nothing is sent yet.
    pub fn new(server: &Url) -> Result<Self> {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            // Only an earlier choice can stand in the way, and that one is as good.
            rustls::crypto::ring::default_provider().install_default().ok();
        });
        let http = reqwest::Client::builder()
            .user_agent(concat!("clinic-desk/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(IDLE_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(Error::internal)?;
        Ok(Self { http, server: server.clone() })
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

    /// `POST /v1/sync/push`.
    pub async fn push(&self, token: &Secret, request: &PushRequest) -> Result<PushResponse> {
        let json = serde_json::to_vec(request)?;
        let body = zstd::encode_all(json.as_slice(), ZSTD_LEVEL)?;
        let request = self
            .http
            .post(self.url("v1/sync/push"))
            .bearer_auth(&token.0)
            .header("content-type", "application/json")
            .header("content-encoding", "zstd")
            .body(body);
        answer(request).await
    }

    /// `POST /v1/audit/events`.
    pub async fn tell(&self, token: &Secret, events: &DeskEvents) -> Result<DeskEventsKept> {
        answer(self.http.post(self.url("v1/audit/events")).bearer_auth(&token.0).json(events)).await
    }

    /// `GET /v1/sync/pull`: the lines of a page as they come. A stream that ends without
    /// [`PullLine::End`] broke off.
    pub async fn pull(
        &self,
        token: &Secret,
        query: &PullQuery,
    ) -> Result<impl Stream<Item = Result<PullLine>>> {
        let request = self.http.get(self.url("v1/sync/pull")).query(query).bearer_auth(&token.0);
        let response = accepted(request).await?;
        let bytes = response.bytes_stream().map_err(std::io::Error::other);
        let lines = StreamReader::new(Box::pin(bytes)).lines();
        Ok(futures_util::stream::unfold(lines, |mut lines| async {
            let line = match lines.next_line().await {
                Ok(Some(line)) => serde_json::from_str(&line).map_err(|_| Error::ServerUnreachable),
                Ok(None) => return None,
                Err(_) => Err(Error::ServerUnreachable),
            };
            Some((line, lines))
        }))
    }

    /// `GET /v1/sync/live`: the tenant's head at each change.
    pub async fn live(&self, token: &Secret) -> Result<impl Stream<Item = Result<LiveEvent>>> {
        let request = self.http.get(self.url("v1/sync/live")).bearer_auth(&token.0);
        let response = accepted(request).await?;
        let events = response.bytes_stream().eventsource();
        Ok(events.map(|event| {
            let event = event.map_err(|_| Error::ServerUnreachable)?;
            serde_json::from_str(&event.data).map_err(|_| Error::ServerUnreachable)
        }))
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T> {
        answer(self.http.post(self.url(path)).json(body)).await
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.server.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/{path}"));
        url
    }
}

async fn answer<T: DeserializeOwned>(request: RequestBuilder) -> Result<T> {
    let response = accepted(request).await?;
    // What is not our JSON does not come from our server: a hotel's login page, a proxy's words.
    response.json().await.map_err(|_| Error::ServerUnreachable)
}

/// Sends, and tells the server's refusals from everything that stands in the way.
async fn accepted(request: RequestBuilder) -> Result<Response> {
    let response = request
        .header(PROTOCOL_HEADER, PROTOCOL_VERSION)
        .send()
        .await
        .map_err(|_| Error::ServerUnreachable)?;
    if response.status() == StatusCode::OK {
        return Ok(response);
    }
    if response.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Err(Error::TooLarge);
    }
    let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/problem+json") {
        return Err(Error::ServerUnreachable);
    }
    match response.json::<Problem>().await {
        Ok(problem) => Err(Error::Server { code: problem.code, detail: problem.detail }),
        Err(_) => Err(Error::ServerUnreachable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_as_people_type_them() {
        let address = |text: &str| parse_address(text).map(|url| url.to_string());
        assert_eq!(address("sync.example.org").ok().as_deref(), Some("https://sync.example.org/"));
        assert_eq!(address(" https://sync.example.org/ ").ok().as_deref(), Some("https://sync.example.org/"));
        assert_eq!(address("http://127.0.0.1:8787").ok().as_deref(), Some("http://127.0.0.1:8787/"));
        assert!(address("http://localhost:8787").is_ok());
    }

    #[test]
    fn plain_http_to_another_computer_is_refused() {
        for text in ["http://sync.example.org", "http://192.168.1.4:8787", "ftp://x.org", "", "https://"] {
            assert!(matches!(parse_address(text), Err(Error::Invalid(_))), "{text}");
        }
    }
}

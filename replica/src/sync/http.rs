//! The wire of HTTP. The only module that names the HTTP client.

use std::sync::Once;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, TryStreamExt};
use protocol::api::PROTOCOL_HEADER;
use protocol::request::{NONCE_HEADER, SIGNATURE_HEADER, SIGNED_AT_HEADER};
use url::Url;

use super::limits::{PACE_BYTES, PACE_TIME, decoded, paced};
use super::wire::{Answer, Method, Request, Wire};
use crate::error::{Error, Result};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A line that says nothing for so long is dead; the server speaks every 20 seconds.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// HTTP to one server.
pub struct Http {
    client: reqwest::Client,
    server: Url,
}

impl Http {
    /// To this server. Nothing is sent yet.
    pub fn new(server: &Url) -> Result<Self> {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            // Only an earlier choice can stand in the way, and that one is as good.
            rustls::crypto::ring::default_provider().install_default().ok();
        });
        let client = reqwest::Client::builder()
            .user_agent(concat!("clinic-desk/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(IDLE_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            // Answers are decompressed within limits of our own.
            .no_zstd()
            .build()
            .map_err(Error::internal)?;
        Ok(Self { client, server: server.clone() })
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.server.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        url.set_path(&format!("{base}/{path}"));
        url.set_query(query);
        url
    }
}

impl Wire for Http {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Answer>> {
        let (url, is_live) = (self.url(&request.path), request.is_live);
        let mut sent = match request.method {
            Method::Get => self.client.get(url),
            Method::Post => {
                self.client.post(url).header("content-type", "application/json").body(request.body)
            }
            Method::Put => {
                self.client.put(url).header("content-type", "application/octet-stream").body(request.body)
            }
        }
        .header(PROTOCOL_HEADER, request.protocol)
        .header("accept-encoding", "zstd");
        if request.is_compressed {
            sent = sent.header("content-encoding", "zstd");
        }
        if let Some(token) = &request.token {
            sent = sent.bearer_auth(&token.0);
        }
        if let Some(signed) = &request.signed {
            sent = sent
                .header(SIGNED_AT_HEADER, signed.at)
                .header(NONCE_HEADER, &signed.nonce)
                .header(SIGNATURE_HEADER, &signed.signature);
        }
        async move {
            let answer = sent.send().await.map_err(|_| Error::ServerUnreachable)?;
            let text = |name: &str| answer.headers().get(name).map_or(Some(""), |value| value.to_str().ok());
            let kind = text("content-type").unwrap_or_default().to_owned();
            let is_compressed = match text("content-encoding") {
                Some("" | "identity") => false,
                Some("zstd") => true,
                // Nobody asked for another one.
                _ => return Err(Error::ServerUnreachable),
            };
            let status = answer.status().as_u16();
            let body = answer.bytes_stream().map_err(std::io::Error::other).boxed();
            let body = if is_compressed { decoded(body)? } else { body };
            let body = if is_live { body } else { paced(body, PACE_BYTES, PACE_TIME) };
            Ok(Answer { status, kind, body })
        }
        .boxed()
    }
}

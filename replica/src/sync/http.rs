//! The wire of HTTP. The only module that names the HTTP client.

use std::pin::Pin;
use std::sync::Once;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, Stream, StreamExt, TryStreamExt};
use protocol::api::PROTOCOL_HEADER;
use protocol::request::{NONCE_HEADER, SIGNATURE_HEADER, SIGNED_AT_HEADER};
use tokio::runtime::Handle;
use tokio::time::timeout;
use url::Url;

use super::limits::{Body, PACE_BYTES, PACE_TIME, decoded, paced};
use super::wire::{Answer, Method, Request, Wire};
use crate::error::{Error, Result};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A line that says nothing for so long is dead; the server speaks every 20 seconds.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// What is small has its whole answer in so long, or nobody waits for it. Perhaps the server does it all the same.
const SMALL_TIMEOUT: Duration = Duration::from_secs(20);
/// The end of an answer that nobody reads on is waited for so long …
const REST_TIME: Duration = Duration::from_secs(1);
/// … and in so many pieces: behind the last line of a page comes little.
const REST_PIECES: usize = 4;

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
            // Nobody on the way talks both sides into an older one.
            .tls_version_min(reqwest::tls::Version::TLS_1_3)
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
            Method::Patch => {
                self.client.patch(url).header("content-type", "application/json").body(request.body)
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
        if request.is_small {
            sent = sent.timeout(SMALL_TIMEOUT);
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
            let body = if is_live { body } else { Drained(Some(body)).boxed() };
            let body = if is_compressed { decoded(body)? } else { body };
            let body = if is_live { body } else { paced(body, PACE_BYTES, PACE_TIME) };
            Ok(Answer { status, kind, body })
        }
        .boxed()
    }
}

/// A body whose end is read also where nobody wants the rest: only then its connection serves the next request, which
/// would have to make another one.
struct Drained(Option<Body>);

impl Stream for Drained {
    type Item = std::io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(body) = &mut self.0 else { return Poll::Ready(None) };
        let next = body.poll_next_unpin(context);
        if matches!(next, Poll::Ready(None | Some(Err(_)))) {
            self.0 = None;
        }
        next
    }
}

impl Drop for Drained {
    fn drop(&mut self) {
        let (Some(mut rest), Ok(runtime)) = (self.0.take(), Handle::try_current()) else { return };
        runtime.spawn(async move {
            let read = async {
                for _ in 0..REST_PIECES {
                    if !matches!(rest.next().await, Some(Ok(_))) {
                        break;
                    }
                }
            };
            // A connection whose end does not come is given up.
            timeout(REST_TIME, read).await.ok();
        });
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::TcpListener;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use futures_util::stream;
    use rustls::server::ResolvesServerCertUsingSni;
    use rustls::version::{TLS12, TLS13};
    use rustls::{PeerIncompatible, ServerConfig, ServerConnection, SupportedProtocolVersion};
    use tokio::sync::oneshot;
    use tokio::time::Instant;

    use super::*;

    /// Why a server that speaks this version, and has no certificate, and a desktop do not come together.
    async fn parted_from(version: &'static SupportedProtocolVersion) -> rustls::Error {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("BUG: a free port");
        let address = listener.local_addr().expect("BUG: it listens");
        let desktop = Http::new(&format!("https://{address}").parse().expect("BUG: an address"))
            .expect("BUG: a desktop");
        let config = ServerConfig::builder_with_protocol_versions(&[version])
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(ResolvesServerCertUsingSni::new()));
        let server = thread::spawn(move || {
            let mut connection = ServerConnection::new(Arc::new(config)).expect("BUG: a connection");
            let (mut line, _) = listener.accept().expect("BUG: the desktop comes");
            loop {
                let n_read = connection.read_tls(&mut line).expect("BUG: it is read");
                assert!(n_read > 0, "BUG: the desktop left before it said what it speaks");
                if let Err(parted) = connection.process_new_packets() {
                    return parted;
                }
            }
        });
        let answer = desktop.send(Request::get("healthz")).await;
        assert!(matches!(answer, Err(Error::ServerUnreachable)));
        server.join().expect("BUG: the server")
    }

    #[tokio::test]
    async fn a_desktop_speaks_tls_1_3_and_nothing_older() {
        let parted = parted_from(&TLS12).await;
        assert_eq!(parted, rustls::Error::PeerIncompatible(PeerIncompatible::Tls12NotOfferedOrEnabled));
        assert!(matches!(parted_from(&TLS13).await, rustls::Error::General(_)), "it has no certificate");
    }

    /// How long an answer to this is waited for, from a server that reads what it is asked and stays silent.
    async fn waited_for(request: Request) -> Duration {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("BUG: a free port");
        let address = listener.local_addr().expect("BUG: it listens");
        let desktop = Http::new(&format!("http://{address}").parse().expect("BUG: an address"))
            .expect("BUG: a desktop");
        let (read, is_read) = oneshot::channel();
        thread::spawn(move || {
            let (mut line, _) = listener.accept().expect("BUG: the desktop comes");
            let n_read = line.read(&mut [0; 4096]).expect("BUG: it is read");
            assert!(n_read > 0, "BUG: the desktop left before it asked");
            read.send(line).expect("BUG: the test waits");
        });
        let sending = tokio::spawn(async move { desktop.send(request).await.map(|_| ()) });
        let _line = is_read.await.expect("BUG: the server reads");
        // From here on time passes as soon as nothing else is to be done.
        tokio::time::pause();
        let asked = Instant::now();
        let answer = sending.await.expect("BUG: it is sent");
        assert!(matches!(answer, Err(Error::ServerUnreachable)), "{answer:?}");
        asked.elapsed()
    }

    #[tokio::test]
    async fn a_small_answer_of_a_silent_server_is_not_waited_for_long() {
        let waited = waited_for(Request::post("v1/auth/password").small()).await;
        assert!(waited.as_secs() <= SMALL_TIMEOUT.as_secs(), "{waited:?}");
    }

    #[tokio::test]
    async fn a_long_answer_may_begin_late() {
        let waited = waited_for(Request::get("v1/sync/pull")).await;
        assert!(waited > SMALL_TIMEOUT, "{waited:?}");
    }

    #[tokio::test]
    async fn the_end_of_an_answer_is_read_also_where_nobody_wants_the_rest() {
        let (read, is_read) = oneshot::channel();
        let line = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"the last line\n"))]);
        let end = stream::once(async move {
            read.send(()).ok();
            Ok(Bytes::new())
        });
        let mut body = Drained(Some(line.chain(end).boxed()));
        assert!(matches!(body.next().await, Some(Ok(_))));
        drop(body);
        is_read.await.expect("BUG: it was not read to its end");
    }

    #[tokio::test]
    async fn of_an_answer_without_end_little_more_is_read() {
        let (dropped, is_dropped) = oneshot::channel::<()>();
        let n_read = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&n_read);
        let endless = stream::repeat_with(move || {
            // It goes with the stream.
            let _ = &dropped;
            count.fetch_add(1, Ordering::SeqCst);
            Ok(Bytes::from_static(b"x"))
        });
        drop(Drained(Some(endless.boxed())));
        is_dropped.await.expect_err("BUG: nobody sends anything");
        assert_eq!(n_read.load(Ordering::SeqCst), REST_PIECES);
    }
}

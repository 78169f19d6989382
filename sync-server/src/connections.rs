//! What `axum::serve` does, and limits on how long the head of a request may take, on how long an answer waits for whoever
//! does not read it, and on how many connections there are.

use std::io::{self, IoSlice};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::Request;
use axum::serve::Listener;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio::time::{Sleep, sleep, timeout};
use tower::Service;

/// The longest head of a request, in bytes: an access token has at most 2 KiB, and a proxy adds little.
const HEAD_BYTES: usize = 32 * 1024;
/// That there is no room is told once in so long.
const TELL_EVERY: Duration = Duration::from_mins(1);

/// What is taken from whoever connects.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// A new connection is closed if its first whole head did not come in so long.
    pub head_time: Duration,
    /// One that asked already is closed if its next whole head did not come in so long. A proxy should keep its idle
    /// connections for less than this.
    pub idle_time: Duration,
    /// One is closed if nothing of an answer could be sent for so long.
    pub write_time: Duration,
    /// So many connections at once; further ones wait until one is closed.
    pub connections: u32,
}

impl Limits {
    /// Room for all who may listen at one process, and for what they ask meanwhile.
    pub const CONNECTIONS: u32 = 25_000;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_time: Duration::from_secs(10),
            idle_time: Duration::from_mins(2),
            write_time: Duration::from_mins(1),
            connections: Self::CONNECTIONS,
        }
    }
}

/// The address that a request's connection comes from: a proxy's, if one stands before the server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// A connection that breaks once a write has waited too long. Between writes it may be silent for ever.
struct Taken {
    stream: TcpStream,
    write_time: Duration,
    /// Since a write waits.
    overdue: Option<Pin<Box<Sleep>>>,
}

impl Taken {
    fn in_time<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.overdue = None;
            return written;
        }
        let write_time = self.write_time;
        let overdue = self.overdue.get_or_insert_with(|| Box::pin(sleep(write_time)));
        ready!(overdue.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Taken {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, to)
    }
}

impl AsyncWrite for Taken {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.in_time(context, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.in_time(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// Notes that a head came, and passes the request on with where its connection comes from.
#[derive(Clone)]
struct Noting {
    app: Router,
    came: Arc<Notify>,
    peer: Peer,
}

impl<B> Service<Request<B>> for Noting
where
    Router: Service<Request<B>>,
{
    type Response = <Router as Service<Request<B>>>::Response;
    type Error = <Router as Service<Request<B>>>::Error;
    type Future = <Router as Service<Request<B>>>::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        <Router as Service<Request<B>>>::poll_ready(&mut self.app, context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        self.came.notify_one();
        request.extensions_mut().insert(self.peer);
        <Router as Service<Request<B>>>::call(&mut self.app, request)
    }
}

/// Serves until `signal`, then finishes the requests under way.
pub(crate) async fn serve(
    mut listener: TcpListener,
    app: Router,
    limits: Limits,
    signal: impl Future<Output = ()>,
) {
    // Only with HTTP/1 alone does the time start before the first byte.
    let mut http = Builder::new(TokioExecutor::new()).http1_only();
    http.http1().timer(TokioTimer::new()).header_read_timeout(limits.idle_time).max_buf_size(HEAD_BYTES);
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(limits.connections as usize));
    let mut told: Option<Instant> = None;
    tokio::pin!(signal);
    loop {
        if places.available_permits() == 0 && told.is_none_or(|at| at.elapsed() >= TELL_EVERY) {
            told = Some(Instant::now());
            tracing::warn!(connections = limits.connections, "no more connections are taken; others wait");
        }
        let next = async {
            // Who finds no place waits with the system, and costs nothing here.
            let place = Arc::clone(&places).acquire_owned().await.expect("BUG: it is never closed");
            (place, Listener::accept(&mut listener).await)
        };
        let (place, (stream, address)) = tokio::select! {
            next = next => next,
            () = &mut signal => break,
        };
        // News is one small packet, and never waits for the last one's receipt.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::trace!(%error, "a connection was gone at once");
            continue;
        }
        let came = Arc::new(Notify::new());
        let noting = Noting { app: app.clone(), came: Arc::clone(&came), peer: Peer(address.ip()) };
        let service = TowerToHyperService::new(noting);
        let stream = Taken { stream, write_time: limits.write_time, overdue: None };
        let connection = http.serve_connection(TokioIo::new(stream), service).into_owned();
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            let _place = place;
            tokio::pin!(connection);
            let ended = tokio::select! {
                biased;
                ended = &mut connection => ended,
                came = timeout(limits.head_time, came.notified()) => {
                    if came.is_err() {
                        tracing::trace!("a connection asked nothing in time");
                        return;
                    }
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::trace!(%error, "a connection broke off");
            }
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::net::SocketAddr;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::body::Body;
    use axum::routing::get;
    use futures_util::{StreamExt, stream};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio_util::sync::CancellationToken;

    use super::*;

    const ASK: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    const SHORT: Duration = Duration::from_millis(20);

    /// Serves this under these limits.
    async fn served(app: Router, limits: Limits) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(serve(listener, app, limits, std::future::pending()));
        address
    }

    async fn connect(address: SocketAddr) -> TcpStream {
        TcpStream::connect(address).await.expect("connected")
    }

    /// Serves, for a connection that asked before the server looked: its head is in time however busy this computer is.
    async fn served_and_asked(app: Router, limits: Limits) -> (SocketAddr, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let mut stream = connect(address).await;
        stream.write_all(ASK).await.expect("sent");
        tokio::spawn(serve(listener, app, limits, std::future::pending()));
        (address, stream)
    }

    /// Reads until this has come.
    async fn read_until(stream: &mut TcpStream, end: &[u8]) {
        let mut answer = Vec::new();
        while !answer.ends_with(end) {
            answer.push(stream.read_u8().await.expect("an answer"));
        }
    }

    /// Reads an answer, whose body is `ok`.
    async fn answered(stream: &mut TcpStream) {
        read_until(stream, b"\r\n\r\nok").await;
    }

    #[tokio::test]
    async fn whoever_does_not_send_a_whole_head_is_cut_off() {
        let address = served(Router::new(), Limits { head_time: SHORT, ..Limits::default() }).await;
        for start in ["", "GET / HTTP/1.1\r\nHost: "] {
            let mut stream = connect(address).await;
            stream.write_all(start.as_bytes()).await.expect("sent");
            // Ends when the server closes, with or without an answer.
            stream.read_to_end(&mut Vec::new()).await.ok();
        }
    }

    #[tokio::test]
    async fn whoever_has_asked_is_waited_for_longer_and_not_for_ever() {
        let release = Arc::new(Notify::new());
        let held = Arc::clone(&release);
        let app = Router::new().route(
            "/",
            get(move || {
                let held = Arc::clone(&held);
                async move {
                    held.notified().await;
                    "ok"
                }
            }),
        );
        let limits = Limits { head_time: SHORT, ..Limits::default() };
        let (address, mut asking) = served_and_asked(app.clone(), limits).await;
        // Who came later and said nothing is gone by now: the time for a head is over for both.
        connect(address).await.read_to_end(&mut Vec::new()).await.ok();
        release.notify_one();
        answered(&mut asking).await;

        let limits = Limits { idle_time: SHORT, ..Limits::default() };
        let (_, mut idle) = served_and_asked(app, limits).await;
        release.notify_one();
        answered(&mut idle).await;
        idle.read_to_end(&mut Vec::new()).await.ok();
    }

    #[tokio::test]
    async fn whoever_does_not_read_the_answer_is_cut_off() {
        let gone = CancellationToken::new();
        let held = gone.clone();
        let app = Router::new().route(
            "/",
            get(move || {
                let held = held.clone().drop_guard();
                let endless = stream::unfold(held, |held| async move {
                    Some((Ok::<_, Infallible>(vec![0_u8; HEAD_BYTES]), held))
                });
                async move { Body::from_stream(endless) }
            }),
        );
        let limits = Limits { write_time: SHORT, ..Limits::default() };
        let (_, mut silent) = served_and_asked(app, limits).await;
        // The answer is let go of, while the connection is still open on this side.
        gone.cancelled().await;
        silent.read_to_end(&mut Vec::new()).await.ok();
    }

    #[tokio::test]
    async fn an_answer_that_is_long_silent_goes_on() {
        let release = Arc::new(Notify::new());
        let held = Arc::clone(&release);
        let app = Router::new().route(
            "/",
            get(move || {
                let parts = stream::iter([("first", None), ("second", Some(Arc::clone(&held)))]);
                let parts = parts.then(|(part, held)| async move {
                    if let Some(held) = held {
                        held.notified().await;
                    }
                    Ok::<_, Infallible>(part)
                });
                async move { Body::from_stream(parts) }
            }),
        );
        let limits = Limits { head_time: SHORT, write_time: SHORT, ..Limits::default() };
        let (address, mut reading) = served_and_asked(app, limits).await;
        read_until(&mut reading, b"first\r\n").await;
        // When this one is gone, a write has had its time.
        connect(address).await.read_to_end(&mut Vec::new()).await.ok();
        release.notify_one();
        read_until(&mut reading, b"second\r\n").await;
    }

    #[tokio::test]
    async fn who_finds_no_place_is_served_once_another_one_is_gone() {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let app = Router::new().route(
            "/",
            get(move || {
                counted.fetch_add(1, Ordering::SeqCst);
                async { "ok" }
            }),
        );
        let address = served(app, Limits { connections: 1, ..Limits::default() }).await;
        let mut first = connect(address).await;
        first.write_all(ASK).await.expect("sent");
        answered(&mut first).await;
        let mut second = connect(address).await;
        second.write_all(ASK).await.expect("sent");
        for _ in 0..50 {
            first.write_all(ASK).await.expect("sent");
            answered(&mut first).await;
        }
        assert_eq!(count.load(Ordering::SeqCst), 51, "only the first one was served");
        drop(first);
        answered(&mut second).await;
    }

    #[tokio::test]
    async fn a_head_that_is_too_long_is_refused() {
        let address = served(Router::new(), Limits::default()).await;
        let head = |bytes: usize| format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(bytes));
        for (bytes, status) in [(8 * 1024, "404"), (4 * HEAD_BYTES, "431")] {
            let mut stream = connect(address).await;
            // The server may have answered and closed before all was sent.
            stream.write_all(head(bytes).as_bytes()).await.ok();
            let mut answer = [0; 12];
            let is_answered = stream.read_exact(&mut answer).await.is_ok();
            // A line that is closed over what nobody read may take the answer with it.
            let is_cut = !is_answered && status == "431";
            assert!(is_cut || &answer[9..] == status.as_bytes(), "{bytes}: {answer:?}");
        }
    }
}

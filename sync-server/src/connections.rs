//! What `axum::serve` does, and a limit on how long the head of a request may take.

use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;

/// A connection is closed when no whole head came for so long, between two requests too. A proxy should keep
/// its idle connections for less than this.
pub(crate) const HEAD_TIME: Duration = Duration::from_mins(2);

/// The longest head of a request, in bytes: an access token has at most 2 KiB, and a proxy adds little.
const HEAD_BYTES: usize = 32 * 1024;

/// Serves until `signal`, then finishes the requests under way.
pub(crate) async fn serve(
    mut listener: TcpListener,
    app: Router,
    head_time: Duration,
    signal: impl Future<Output = ()>,
) {
    // Only with HTTP/1 alone does the time start before the first byte.
    let mut http = Builder::new(TokioExecutor::new()).http1_only();
    http.http1().timer(TokioTimer::new()).header_read_timeout(head_time).max_buf_size(HEAD_BYTES);
    let graceful = GracefulShutdown::new();
    tokio::pin!(signal);
    loop {
        let (stream, _) = tokio::select! {
            accepted = Listener::accept(&mut listener) => accepted,
            () = &mut signal => break,
        };
        let service = TowerToHyperService::new(app.clone());
        let connection = http.serve_connection(TokioIo::new(stream), service).into_owned();
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::trace!(%error, "a connection broke off");
            }
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn whoever_does_not_send_a_whole_head_is_cut_off() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(serve(listener, Router::new(), Duration::from_millis(20), std::future::pending()));
        for start in ["", "GET / HTTP/1.1\r\nHost: "] {
            let mut stream = TcpStream::connect(address).await.expect("connected");
            stream.write_all(start.as_bytes()).await.expect("sent");
            // Ends when the server closes, with or without an answer.
            stream.read_to_end(&mut Vec::new()).await.ok();
        }
    }

    #[tokio::test]
    async fn a_head_that_is_too_long_is_refused() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(serve(listener, Router::new(), HEAD_TIME, std::future::pending()));
        let head = |bytes: usize| format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(bytes));
        for (bytes, status) in [(8 * 1024, "404"), (4 * HEAD_BYTES, "431")] {
            let mut stream = TcpStream::connect(address).await.expect("connected");
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

//! A network that loses things, between a real replica and a real server.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::serve::ListenerExt;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use tokio::net::TcpListener;
use tokio::sync::watch;
use url::Url;

/// What happens to a request on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// It never reaches the server; the line breaks.
    LostRequest,
    /// The server works on it, and its answer never comes back.
    LostAnswer,
    /// It reaches the server twice; the second answer comes back.
    Repeated,
    /// The answer breaks off after this many bytes.
    BrokenAfter(usize),
    /// The stream for a new desktop breaks off after so many portions.
    BrokenAfterPortions(usize),
    /// After so many portions nothing comes any more until [`Network::let_go`]; then it breaks off.
    HeldAfterPortions(usize),
    /// After so many bytes of the request nothing goes on to the server until [`Network::let_go`]; then it breaks off.
    HeldRequest(usize),
    /// After so many bytes of the answer nothing comes any more until [`Network::let_go`]; then it breaks off.
    HeldAnswer(usize),
    /// Something between answers in the server's place.
    Answered(u16),
}

/// The network: a proxy on a free port.
#[derive(Clone)]
pub struct Network {
    address: SocketAddr,
    wire: Arc<Wire>,
}

struct Wire {
    /// The processes of the server, which are asked in turn.
    upstream: Mutex<VecDeque<Url>>,
    client: reqwest::Client,
    faults: Mutex<VecDeque<(&'static str, Fault)>>,
    /// What something on the way says in the server's place to requests to paths that begin so.
    words: Mutex<Vec<(&'static str, Words)>>,
    /// What something on the way makes of the server's answers to requests to paths that begin so.
    spoilers: Mutex<Vec<(&'static str, Spoiler)>>,
    is_down: watch::Sender<bool>,
    /// Nobody says where it is when it begins to listen.
    is_place_left_out: AtomicBool,
    /// How many bytes of answers passed, by path.
    bytes: Mutex<HashMap<String, u64>>,
    /// How many requests came, by path.
    asked: Mutex<HashMap<String, u64>>,
    /// How many bytes of requests reached the server, by path.
    sent: Mutex<HashMap<String, u64>>,
    /// Whether an answer is held back now.
    is_holding: watch::Sender<bool>,
    /// The answers that passed, if they are kept.
    passed: Mutex<Option<Vec<Passed>>>,
}

/// An answer that passed.
struct Passed {
    path: String,
    is_compressed: bool,
    bytes: Vec<u8>,
}

/// Makes an answer.
type Words = Arc<dyn Fn() -> Response<Body> + Send + Sync>;

/// Makes another text of an answer's.
type Spoiler = Arc<dyn Fn(String) -> String + Send + Sync>;

impl Network {
    /// A network before this server.
    ///
    /// # Errors
    ///
    /// If no port is free.
    pub async fn before(server: Url) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let wire = Arc::new(Wire {
            upstream: Mutex::new([server].into()),
            // What passes is passed on as it is, compressed or not.
            client: http()?,
            faults: Mutex::default(),
            words: Mutex::default(),
            spoilers: Mutex::default(),
            is_down: watch::Sender::new(false),
            is_place_left_out: AtomicBool::new(false),
            bytes: Mutex::default(),
            asked: Mutex::default(),
            sent: Mutex::default(),
            is_holding: watch::Sender::new(false),
            passed: Mutex::default(),
        });
        let app = Router::new().fallback(pass).with_state(Arc::clone(&wire));
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Self { address, wire })
    }

    /// The address at which a desktop finds the server.
    pub fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next requests to paths that begin with `path` meet these faults, in this order.
    pub fn plan(&self, path: &'static str, faults: impl IntoIterator<Item = Fault>) {
        lock(&self.wire.faults).extend(faults.into_iter().map(|fault| (path, fault)));
    }

    /// How many faults planned for paths that begin so have not yet happened.
    pub fn n_planned_for(&self, path: &str) -> usize {
        lock(&self.wire.faults).iter().filter(|(prefix, _)| prefix.starts_with(path)).count()
    }

    /// Plans no fault any more.
    pub fn forget_plans(&self) {
        lock(&self.wire.faults).clear();
    }

    /// How many bytes of answers of this path have passed, compressed as they are.
    pub fn n_bytes(&self, path: &str) -> u64 {
        lock(&self.wire.bytes).get(path).copied().unwrap_or(0)
    }

    /// From now on every answer is kept as it passes.
    pub fn record(&self) {
        *lock(&self.wire.passed) = Some(Vec::new());
    }

    /// The answers that passed since, by the path that was asked: decompressed, also as much as came of one that goes on
    /// or broke off.
    pub fn recorded(&self) -> Vec<(String, String)> {
        let passed = lock(&self.wire.passed);
        let text = |answer: &Passed| {
            let mut text = Vec::new();
            if answer.is_compressed {
                // What is not whole yet ends in an error.
                let read = zstd::stream::read::Decoder::new(answer.bytes.as_slice());
                read.and_then(|mut read| std::io::Read::read_to_end(&mut read, &mut text)).ok();
            } else {
                text.clone_from(&answer.bytes);
            }
            (answer.path.clone(), String::from_utf8_lossy(&text).into_owned())
        };
        passed.iter().flatten().map(text).collect()
    }

    /// How many requests to this path have come, whatever became of them.
    pub fn n_asked(&self, path: &str) -> u64 {
        lock(&self.wire.asked).get(path).copied().unwrap_or(0)
    }

    /// How many bytes of requests to this path have reached the server.
    pub fn n_sent(&self, path: &str) -> u64 {
        lock(&self.wire.sent).get(path).copied().unwrap_or(0)
    }

    /// Waits until an answer is held back.
    ///
    /// # Errors
    ///
    /// If none is for a minute.
    pub async fn holding(&self) -> anyhow::Result<()> {
        let mut holding = self.wire.is_holding.subscribe();
        let held = tokio::time::timeout(Duration::from_mins(1), holding.wait_for(|is_holding| *is_holding));
        held.await.context("waited in vain until something is held back")??;
        Ok(())
    }

    /// Breaks off what is held back.
    pub fn let_go(&self) {
        self.wire.is_holding.send_replace(false);
    }

    /// From now on something on the way answers requests to paths that begin so, in the server's place.
    pub fn say(&self, path: &'static str, status: u16, kind: &'static str, body: &'static str) {
        self.say_with(path, move || answer(status, kind, body));
    }

    /// The same with an answer that is made anew for each request.
    pub fn say_with(&self, path: &'static str, make: impl Fn() -> Response<Body> + Send + Sync + 'static) {
        lock(&self.wire.words).push((path, Arc::new(make)));
    }

    /// From now on something on the way makes other texts of the server's answers to requests to paths that begin so.
    pub fn spoil(&self, path: &'static str, spoil: impl Fn(String) -> String + Send + Sync + 'static) {
        lock(&self.wire.spoilers).push((path, Arc::new(spoil)));
    }

    /// Whoever begins to listen from now on is told of versions alone: every row comes with a pull.
    pub fn leave_out_places(&self) {
        self.wire.is_place_left_out.store(true, Ordering::SeqCst);
    }

    /// Nothing on the way answers any more, or makes other texts.
    pub fn say_nothing(&self) {
        lock(&self.wire.words).clear();
        lock(&self.wire.spoilers).clear();
    }

    /// From now on requests go to another server.
    pub fn lead_to(&self, server: Url) {
        self.lead_to_each([server]);
    }

    /// From now on requests go to these processes in turn; where nobody takes one, the next is asked.
    pub fn lead_to_each(&self, servers: impl IntoIterator<Item = Url>) {
        *lock(&self.wire.upstream) = servers.into_iter().collect();
    }

    /// How many planned faults have not yet happened.
    pub fn n_planned(&self) -> usize {
        lock(&self.wire.faults).len()
    }

    /// Takes the network down, with everything that is on its way, or brings it back.
    pub fn set_down(&self, is_down: bool) {
        self.wire.is_down.send_replace(is_down);
    }
}

/// An HTTP client that passes bytes on as they come.
///
/// # Errors
///
/// If the system refuses one.
pub fn http() -> anyhow::Result<reqwest::Client> {
    // Only an earlier choice can stand in the way, and that one is as good.
    rustls::crypto::ring::default_provider().install_default().ok();
    Ok(reqwest::Client::builder().no_zstd().build()?)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn pass(State(wire): State<Arc<Wire>>, request: Request) -> Response<Body> {
    if *wire.is_down.borrow() {
        return broken(StatusCode::OK, HeaderMap::new(), &[]);
    }
    let path = request.uri().path().to_owned();
    *lock(&wire.asked).entry(path.clone()).or_default() += 1;
    let words = find(&wire.words, &path);
    if let Some(words) = words {
        return words();
    }
    let fault = {
        let mut faults = lock(&wire.faults);
        let place = faults.iter().position(|(prefix, _)| path.starts_with(prefix));
        place.and_then(|place| faults.remove(place)).map_or(Fault::None, |(_, fault)| fault)
    };
    match fault {
        Fault::LostRequest => return broken(StatusCode::OK, HeaderMap::new(), &[]),
        Fault::Answered(status) => return answer(status, "text/html", "<html>a gateway's words</html>"),
        _ => {}
    }
    match forward(&wire, request, fault).await {
        Ok(answer) => answer,
        Err(_) => broken(StatusCode::OK, HeaderMap::new(), &[]),
    }
}

async fn forward(wire: &Arc<Wire>, request: Request, fault: Fault) -> anyhow::Result<Response<Body>> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 64 * 1024 * 1024).await?;
    *lock(&wire.sent).entry(parts.uri.path().to_owned()).or_default() += body.len() as u64;
    let mut headers = parts.headers;
    headers.remove("host");
    let spoiler = find(&wire.spoilers, parts.uri.path());
    if spoiler.is_some() || matches!(fault, Fault::BrokenAfterPortions(_) | Fault::HeldAfterPortions(_)) {
        // Portions are told apart in the text only.
        headers.remove("accept-encoding");
    }
    let send = || async {
        let turns = lock(&wire.upstream).len();
        for turn in 1..=turns {
            let mut url = in_turn(wire);
            url.set_path(parts.uri.path());
            let is_left_out =
                parts.uri.path() == "/v1/sync/live" && wire.is_place_left_out.load(Ordering::SeqCst);
            url.set_query(parts.uri.query().filter(|_| !is_left_out));
            let request = wire.client.request(parts.method.clone(), url).headers(headers.clone());
            let request = match fault {
                Fault::HeldRequest(n_bytes) => {
                    let start = body.slice(..n_bytes.min(body.len()));
                    request.body(reqwest::Body::wrap_stream(held(wire, start)))
                }
                _ => request.body(body.clone()),
            };
            match request.send().await {
                Err(error) if error.is_connect() && turn < turns => {}
                sent => return anyhow::Ok(sent?),
            }
        }
        anyhow::bail!("there is no server")
    };
    if fault == Fault::Repeated {
        send().await?.bytes().await?;
    }
    let answer = send().await?;
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    headers.remove("transfer-encoding");
    if let Some(spoil) = spoiler.filter(|_| status.is_success()) {
        headers.remove("content-length");
        let mut spoilt = Response::new(Body::from(spoil(answer.text().await?)));
        *spoilt.headers_mut() = headers;
        return Ok(spoilt);
    }
    match fault {
        Fault::LostAnswer => {
            answer.bytes().await?;
            Ok(broken(StatusCode::OK, HeaderMap::new(), &[]))
        }
        Fault::BrokenAfter(n_bytes) => {
            let whole = answer.bytes().await?;
            headers.remove("content-length");
            Ok(broken(status, headers, &whole[..n_bytes.min(whole.len())]))
        }
        Fault::HeldAnswer(n_bytes) => {
            let whole = answer.bytes().await?;
            headers.remove("content-length");
            let mut passed =
                Response::new(Body::from_stream(held(wire, whole.slice(..n_bytes.min(whole.len())))));
            *passed.status_mut() = status;
            *passed.headers_mut() = headers;
            Ok(passed)
        }
        Fault::BrokenAfterPortions(portions) | Fault::HeldAfterPortions(portions) => {
            let is_held = matches!(fault, Fault::HeldAfterPortions(_));
            let wire = Arc::clone(wire);
            let end = async move {
                if is_held {
                    hold(&wire).await;
                }
                Err(std::io::Error::other("the line broke"))
            };
            let start = whole_portions(answer, portions);
            headers.remove("content-length");
            let mut passed = Response::new(Body::from_stream(start.chain(stream::once(end))));
            *passed.status_mut() = status;
            *passed.headers_mut() = headers;
            Ok(passed)
        }
        _ => {
            let mut is_down = wire.is_down.subscribe();
            let down = async move { is_down.wait_for(|is_down| *is_down).await.map(|_| ()) };
            let (counted, path) = (Arc::clone(wire), parts.uri.path().to_owned());
            let kept = lock(&wire.passed).as_mut().map(|passed| {
                let is_compressed = headers.get("content-encoding").is_some_and(|kind| kind == "zstd");
                passed.push(Passed { path: path.clone(), is_compressed, bytes: Vec::new() });
                passed.len() - 1
            });
            let pieces = answer.bytes_stream().inspect_ok(move |piece| {
                if let (Some(place), Some(passed)) = (kept, lock(&counted.passed).as_mut()) {
                    passed[place].bytes.extend_from_slice(piece);
                }
                *lock(&counted.bytes).entry(path.clone()).or_default() += piece.len() as u64;
            });
            let mut passed = Response::new(Body::from_stream(pieces.take_until(Box::pin(down))));
            *passed.status_mut() = status;
            *passed.headers_mut() = headers;
            Ok(passed)
        }
    }
}

/// What is set for paths that begin as this one does.
fn find<T: Clone>(of: &Mutex<Vec<(&'static str, T)>>, path: &str) -> Option<T> {
    lock(of).iter().find(|(prefix, _)| path.starts_with(prefix)).map(|(_, found)| found.clone())
}

/// The process whose turn it is.
fn in_turn(wire: &Wire) -> Url {
    let mut upstream = lock(&wire.upstream);
    upstream.rotate_left(1);
    upstream.back().cloned().expect("BUG: there is a server")
}

/// Waits until what is held back may break off.
async fn hold(wire: &Wire) {
    wire.is_holding.send_replace(true);
    wire.is_holding.subscribe().wait_for(|is_holding| !*is_holding).await.ok();
}

/// These bytes, then nothing until what is held back may break off.
fn held(wire: &Arc<Wire>, start: Bytes) -> impl Stream<Item = std::io::Result<Bytes>> + Send + 'static {
    let wire = Arc::clone(wire);
    let end = async move {
        hold(&wire).await;
        Err(std::io::Error::other("the line broke"))
    };
    stream::iter([Ok(start)]).chain(stream::once(end))
}

/// An answer with these words.
fn answer(status: u16, kind: &'static str, body: &'static str) -> Response<Body> {
    let mut answer = Response::new(Body::from(body));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    answer.headers_mut().insert("content-type", axum::http::HeaderValue::from_static(kind));
    answer
}

/// So many portions of a stream for a new desktop, each as soon as it is whole.
fn whole_portions(
    answer: reqwest::Response,
    portions: usize,
) -> impl Stream<Item = std::io::Result<Bytes>> + Send {
    let start = (answer.bytes_stream().boxed(), Vec::<u8>::new(), portions);
    stream::unfold(start, |(mut pieces, mut text, left)| async move {
        if left == 0 {
            return None;
        }
        loop {
            if let Some(end) = end_of_portion(&text) {
                let portion: Vec<u8> = text.drain(..end).collect();
                return Some((Ok(portion.into()), (pieces, text, left - 1)));
            }
            match pieces.next().await? {
                Ok(piece) => text.extend_from_slice(&piece),
                Err(error) => return Some((Err(std::io::Error::other(error)), (pieces, text, 0))),
            }
        }
    })
}

fn end_of_portion(text: &[u8]) -> Option<usize> {
    let mark = b"{\"reached\"";
    let start = text.windows(mark.len()).position(|window| window == mark)?;
    text[start..].iter().position(|byte| *byte == b'\n').map(|length| start + length + 1)
}

/// An answer whose stream breaks off after these bytes.
fn broken(status: StatusCode, headers: HeaderMap, bytes: &[u8]) -> Response<Body> {
    let start = stream::iter([Ok::<_, std::io::Error>(Bytes::copy_from_slice(bytes))]);
    let has_begun = !bytes.is_empty();
    let end = stream::once(async move {
        if has_begun {
            // Whoever writes to the line waits here, so the bytes before are on their way.
            tokio::task::yield_now().await;
        }
        Err(std::io::Error::other("the line broke"))
    });
    let mut answer = Response::new(Body::from_stream(start.chain(end)));
    *answer.status_mut() = status;
    *answer.headers_mut() = headers;
    answer
}

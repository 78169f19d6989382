//! The task that keeps this computer in step for as long as someone is signed in. It survives outages: it asks
//! the plan what to do, does it, and tells the plan what happened.

mod by_the_way;
mod outcome;
mod pull;
mod push;
mod rounds;
mod status;
#[cfg(test)]
mod tests;
mod tokens;

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ed25519_dalek::SigningKey;
#[cfg(feature = "testing")]
use futures_util::future::{BoxFuture, FutureExt, join};
use protocol::api::{NoticeCode, Secret};
use protocol::id::{DeviceId, UserId};
use tokio::sync::{Notify, broadcast, oneshot};
use tokio::task::JoinSet;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::attachments::Wanted;
use crate::desk::Event;
use crate::error::{Error, Result};
use crate::guard::Guard;
use crate::keyring::Keyring;
use crate::own_key::OwnKey;
use crate::store::{Facts, Store};
use crate::sync::client::Client;
use crate::sync::compare::{Asked, Depth};
use crate::sync::files::send_files;
use crate::sync::news::News;
use crate::sync::surroundings::{Surroundings, aside};
use crate::view::{Connection, SyncStatus};

pub(crate) use tokens::{Typed, login};

use rounds::{listen, run};
use status::{Shown, show_status};

/// What the engine works with.
pub(crate) struct Context {
    pub store: Arc<Store>,
    pub client: Client,
    pub facts: Facts,
    pub user: UserId,
    /// That person's own key.
    pub own_key: Option<OwnKey>,
    /// What this person typed to sign in, as long as the server must see it: that it is they, and which key is theirs.
    pub typed: Mutex<Option<Typed>>,
    pub keyring: Keyring,
    pub installation: Uuid,
    pub device_key: SigningKey,
    /// How the computer stands.
    pub guard: Option<Arc<Guard>>,
    /// Told of every write here.
    pub written: Arc<Notify>,
    pub events: broadcast::Sender<Event>,
    pub surroundings: Arc<dyn Surroundings>,
}

/// The running engine; it ends when this is dropped.
pub(crate) struct Engine {
    line: Arc<Line>,
    tasks: JoinSet<()>,
}

pub(super) struct Line {
    pub(super) context: Context,
    /// A person asks, or the line to the server was there again.
    pub(super) asked: Notify,
    /// What the server told by the way.
    news: News,
    /// How this computer stands with the server is another thing than it was.
    changed: Notify,
    /// There is a token that the server believed.
    authorized: Notify,
    /// A round ended: what is left of the line is for notes for the audit log and for attached files.
    pub(super) files_due: Notify,
    token: Mutex<Option<Secret>>,
    shown: Mutex<Shown>,
    /// So many epochs have begun since the server last took or brought anything, or this computer last rested.
    pub(super) epochs_begun: AtomicU32,
    /// As whom it brings once more, from the first change on, what was found; not all of it has got through since.
    brought_again: Mutex<Vec<DeviceId>>,
    /// The version of the catalogue whose rows are staged already.
    pub(super) staged_catalogue: AtomicI64,
    /// Whether the server must still be told of the own key of whoever is signed in.
    pub(super) own_key_due: AtomicBool,
    /// Who waits for a comparison with the server.
    pub(super) comparisons: Mutex<Vec<Asked>>,
}

impl Engine {
    /// Starts the engine; `token` is an access token that a sign-in just brought.
    pub fn start(context: Context, token: Option<Secret>) -> Self {
        let mut engine = Self::at_rest(context, token);
        engine.go_on();
        engine
    }

    /// Lets go of whatever it does, and begins nothing more until it goes on.
    pub fn pause(&mut self) {
        self.tasks = JoinSet::new();
    }

    /// Works from now on; where it does already, nothing changes.
    pub fn go_on(&mut self) {
        if self.tasks.is_empty() {
            self.tasks.spawn(run(Arc::clone(&self.line)));
            self.tasks.spawn(listen(Arc::clone(&self.line)));
            self.tasks.spawn(send_files(Arc::clone(&self.line)));
            self.tasks.spawn(show_status(Arc::clone(&self.line)));
        }
    }

    /// Whoever is signed in has signed in once more, with this password, which brought this token.
    pub fn signed_in_again(&self, token: Secret, typed: Typed) {
        let line = &self.line;
        let has_own_key = line.context.own_key.is_some();
        *lock(&line.token) = Some(token);
        *lock(&line.context.typed) = has_own_key.then_some(typed);
        line.own_key_due.store(has_own_key, Ordering::SeqCst);
        lock(&line.shown).notices.retain(|notice| notice.code != NoticeCode::PasswordChangeRequired);
        line.publish();
    }

    /// The own key of whoever is signed in.
    pub fn own_key(&self) -> Option<OwnKey> {
        self.line.context.own_key.clone()
    }

    fn at_rest(context: Context, token: Option<Secret>) -> Self {
        let line = Line {
            own_key_due: context.own_key.is_some().into(),
            context,
            asked: Notify::new(),
            news: News::default(),
            changed: Notify::new(),
            authorized: Notify::new(),
            files_due: Notify::new(),
            token: Mutex::new(token),
            shown: Mutex::new(Shown {
                connection: Connection::Connecting,
                problem: None,
                push_problem: None,
                standing_problem: None,
                own_key_refused: None,
                notices: Vec::new(),
            }),
            epochs_begun: AtomicU32::new(0),
            brought_again: Mutex::default(),
            staged_catalogue: AtomicI64::new(0),
            comparisons: Mutex::default(),
        };
        Self { line: Arc::new(line), tasks: JoinSet::new() }
    }

    /// The engine with its tasks, for whoever runs them elsewhere than in tokio.
    #[cfg(feature = "testing")]
    pub fn by_hand(context: Context, token: Option<Secret>) -> (Self, [BoxFuture<'static, ()>; 2]) {
        let engine = Self::at_rest(context, token);
        let line = &engine.line;
        let speaks = join(run(Arc::clone(line)), send_files(Arc::clone(line))).map(|_| ()).boxed();
        let tasks = [speaks, listen(Arc::clone(line)).boxed()];
        (engine, tasks)
    }

    /// Tries at once: the server is asked, whatever it told.
    pub fn wake(&self) {
        self.line.news.must_ask();
        self.line.asked.notify_one();
    }

    /// Compares with the server as soon as nothing is missing, and mends what differs; answers how many rows that were, or
    /// that this server cannot compare.
    pub fn compare(&self, depth: Depth) -> impl Future<Output = Result<u32>> + use<> {
        let (answer, mended) = oneshot::channel();
        lock(&self.line.comparisons).push(Asked { depth, answer });
        self.wake();
        async { mended.await.map_err(|_| Error::Locked)? }
    }

    /// A file from the server, checked against what its row says.
    pub fn fetch(&self, wanted: Wanted) -> impl Future<Output = Result<Zeroizing<Vec<u8>>>> + use<> {
        let line = Arc::clone(&self.line);
        async move { line.fetch_file(&wanted).await }
    }

    /// With what the server is asked on behalf of whoever is signed in.
    pub fn line(&self) -> Result<(Client, Secret)> {
        Ok((self.line.context.client.clone(), self.line.token()?))
    }

    /// How this computer stands with the server.
    pub fn status(&self) -> SyncStatus {
        self.line.status()
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Line {
    pub(super) async fn on_store<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Store) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let store = Arc::clone(&self.context.store);
        self.aside(move || work(&store)).await
    }

    async fn aside<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        aside(&*self.context.surroundings, work).await
    }
}

//! The task that keeps this computer in step for as long as someone is signed in. It survives outages: it asks
//! the plan what to do, does it, and tells the plan what happened.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ed25519_dalek::SigningKey;
use futures_util::StreamExt;
#[cfg(feature = "testing")]
use futures_util::future::{BoxFuture, FutureExt, join};
use protocol::api::{
    ChallengeRequest, DeviceScope, LoginRequest, MAX_PUSH_MUTATIONS, Notice, NoticeCode, PullLine, PullQuery,
    PushRequest, ReceiptsRequest, RefreshRequest, Secret, Session, Tokens,
};
use protocol::audit::MAX_DESK_EVENTS;
use protocol::error::ErrorCode;
use protocol::id::{DeviceId, TenantId, UserId};
use protocol::log_end::KnownEnds;
use protocol::mutation::SignedMutation;
use protocol::signing;
use protocol::validate::moment_text;
use time::OffsetDateTime;
use tokio::sync::{Notify, broadcast, oneshot};
use tokio::task::JoinSet;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::belief::{self, Page};
use super::client::Client;
use super::compare::{Asked, Depth};
use super::epoch;
use super::files::send_files;
use super::handover::hand_over;
use super::limits::MOST_HELD;
use super::news::News;
use super::plan::{Happened, Next, Plan};
use super::signer::Signer;
use super::standing;
use super::surroundings::{Surroundings, aside};
use crate::attachments::Wanted;
use crate::desk::Event;
use crate::error::{Error, Result};
use crate::guard::Guard;
use crate::keyring::{Keyring, RefreshToken};
use crate::own_key::OwnKey;
use crate::store::{Contact, Facts, Store, SyncState};
use crate::view::{CommandError, ComparedView, Connection, SyncProblem, SyncStatus};

/// Rows are staged in portions of this many.
const STAGED_ROWS: usize = 500;
/// Between two looks at the server's audit log.
const LOOK_EVERY: Duration = Duration::from_mins(15);
/// The window shows a change of the sync status so much later.
const SHOWN_AFTER: Duration = Duration::from_millis(20);
/// Between a broken line of live events and the next.
const RECONNECT_PAUSE: Duration = Duration::from_secs(1);

const LOG_CHANGED: &str = "The clinic's audit log on the server is not what this computer knew of it: entries were \
    changed or taken away. Your work is safe, and goes on. Tell whoever runs the server to leave the database as it is \
    and to run clinic-sync audit verify.";

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

/// An e-mail and a password.
#[derive(Clone)]
pub(crate) struct Typed {
    pub email: String,
    pub password: Zeroizing<String>,
}

impl Typed {
    /// What was typed.
    pub fn new(email: &str, password: &str) -> Self {
        Self { email: email.to_owned(), password: Zeroizing::new(password.to_owned()) }
    }
}

/// Signs in at the server with a password, as this device.
pub(crate) async fn login(
    client: &Client,
    server_name: &str,
    (tenant_id, device_id): (TenantId, DeviceId),
    device_key: &SigningKey,
    typed: &Typed,
    nonce: &str,
) -> Result<Session> {
    let challenge = client.challenge(&ChallengeRequest { tenant_id, device_id }).await?.challenge;
    let message = signing::login_message(server_name, tenant_id, device_id, &challenge);
    let request = LoginRequest {
        tenant_id,
        device_id,
        email: typed.email.trim().to_owned(),
        password: Secret(typed.password.to_string()),
        challenge,
        signature: signing::sign(device_key, &message),
        nonce: nonce.to_owned(),
    };
    client.login(&request).await
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

/// A page as it was read.
struct Read {
    /// As of which it is, of the tenant's rows and of the shared medicines.
    version: i64,
    catalogue: i64,
    /// Whether more remains behind it.
    more: bool,
    /// Its last rows, which are not staged.
    last: Vec<protocol::table::Row>,
    contact: Contact,
}

/// What is shown.
struct Shown {
    connection: Connection,
    /// Why the server will not talk.
    problem: Option<SyncProblem>,
    /// Why the server will not take what waits. It stays until it does: rows that still come do not end it.
    push_problem: Option<SyncProblem>,
    /// Why what the server says of this computer is not believed.
    standing_problem: Option<SyncProblem>,
    /// Why the server does not take the own key of whoever is signed in.
    own_key_refused: Option<String>,
    /// What the server last said.
    notices: Vec<Notice>,
}

impl Engine {
    /// Starts the engine; `token` is an access token that a sign-in just brought.
    pub fn start(context: Context, token: Option<Secret>) -> Self {
        let mut engine = Self::at_rest(context, token);
        engine.tasks.spawn(run(Arc::clone(&engine.line)));
        engine.tasks.spawn(listen(Arc::clone(&engine.line)));
        engine.tasks.spawn(send_files(Arc::clone(&engine.line)));
        engine.tasks.spawn(show_status(Arc::clone(&engine.line)));
        engine
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

    /// Tries at once.
    pub fn wake(&self) {
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

/// Keeps the conversation going, for ever.
async fn run(line: Arc<Line>) {
    let mut plan = Plan::new();
    let mut happened = Happened::Woke;
    // How many changes wait in this round, for the progress that is shown.
    let mut total = 0;
    let mut looked: Option<OffsetDateTime> = None;
    loop {
        // Read once for all that this round does.
        let state = line.context.store.sync_state();
        let waiting = state.as_ref().map_or(0, |state| state.waiting);
        match plan.next(happened, waiting, line.context.surroundings.chance()) {
            Next::Push { max_bytes } => {
                total = total.max(waiting);
                line.show(Connection::Sending { sent: total - waiting, total });
                let pushed = match state {
                    Ok(state) => line.push(state, max_bytes).await,
                    Err(error) => Err(error),
                };
                happened = line.outcome(pushed.map(|is_level| Happened::Pushed { is_level }), true).await;
            }
            Next::Pull => {
                let pulled = match state {
                    Ok(state) => line.pull(state).await,
                    Err(error) => Err(error),
                };
                happened = line.outcome(pulled.map(|more| Happened::Pulled { more }), false).await;
            }
            Next::Refresh => {
                happened = line.outcome(line.refresh().await.map(|()| Happened::Refreshed), false).await;
            }
            Next::Rest { ms } => {
                total = 0;
                if matches!(happened, Happened::Pulled { .. } | Happened::Pushed { .. }) {
                    line.tell_recovery().await;
                    line.ask_receipts().await;
                    if let Ok(state) = state
                        && line.compare_when_due(state).await
                    {
                        line.caught_up().await;
                        line.tell_what_is_only_here().await;
                    }
                    line.files_due.notify_one();
                    let now = line.context.surroundings.now();
                    if looked.is_none_or(|at| (now - at).unsigned_abs() >= LOOK_EVERY) {
                        line.exchange_own_keys().await;
                        looked = line.look_at_log().await.then_some(now);
                    }
                }
                line.rest(Duration::from_millis(ms)).await;
                line.epochs_begun.store(0, Ordering::SeqCst);
                line.publish();
                happened = Happened::Woke;
            }
        }
    }
}

/// Hears of the server's news, and wakes the engine.
async fn listen(line: Arc<Line>) {
    loop {
        let token = lock(&line.token).clone();
        if let Some(token) = token
            && let Ok(events) = line.context.client.live(&token).await
        {
            let mut events = std::pin::pin!(events);
            while let Some(Ok(event)) = events.next().await {
                if event.ask_standing {
                    line.ask_standing().await;
                    // With this the stream ends.
                    break;
                }
                line.news.tell(event.head);
            }
            // The line was there and broke: the engine finds out how it stands.
            line.asked.notify_one();
            line.context.surroundings.pause(RECONNECT_PAUSE).await;
        }
        line.authorized.notified().await;
    }
}

/// Tells the window how this computer stands, each time that it is another thing. Nothing waits for it.
async fn show_status(line: Arc<Line>) {
    loop {
        line.changed.notified().await;
        // The request that goes out at this moment comes first, and what follows at once is told with it.
        line.context.surroundings.pause(SHOWN_AFTER).await;
        // What nobody looks at is not counted.
        if line.context.events.receiver_count() > 0 {
            line.context.events.send(Event::Sync(Box::new(line.status()))).ok();
        }
    }
}

impl Line {
    /// Rests until something was written here, somebody asks, the server has what is not here, or this time is over.
    async fn rest(&self, most: Duration) {
        let mut over = self.context.surroundings.pause(most);
        loop {
            tokio::select! {
                biased;
                () = self.asked.notified() => return,
                () = self.context.written.notified() => return,
                () = self.news.came() => {
                    if self.has_news() {
                        return;
                    }
                }
                () = &mut over => return,
            }
        }
    }

    /// Whether the server told of more than what is here, as far as is known.
    fn has_news(&self) -> bool {
        self.context.store.head().map_or(true, |known| self.news.is_beyond(known))
    }

    /// Sends a batch; answers whether the server said by its answer that nothing is missing here.
    async fn push(self: &Arc<Self>, state: SyncState, max_bytes: usize) -> Result<bool> {
        let (mut refused, mut passed_over) = (None, Vec::<DeviceId>::new());
        loop {
            let over = passed_over.clone();
            let find = move |store: &Store| store.next_adopted(&over, MAX_PUSH_MUTATIONS, max_bytes);
            let Some((was, batch)) = self.on_store(find).await? else { break };
            match self.bring_found(was, batch).await {
                // What was done later waits for nothing that somebody must see to first.
                Err(error @ Error::Server { .. }) => {
                    refused.get_or_insert(error);
                    passed_over.push(was);
                }
                brought => return brought.map(|()| false),
            }
        }
        let token = self.token()?;
        self.tell_own_key(&token).await?;
        let batch = self.on_store(move |store| store.next_batch(MAX_PUSH_MUTATIONS, max_bytes)).await?;
        if let Some(error) = refused.filter(|_| batch.is_empty()) {
            return Err(error);
        }
        let request = PushRequest { epoch: state.epoch, mutations: batch };
        let (answer, unknown) = self.context.client.push(&token, &request).await?;
        belief::pushed(self.context.facts.tenant_id, &request.mutations, &answer, state.head)?;
        let now = self.context.surroundings.now();
        let offset_ms = belief::offset_ms(answer.server_time, now);
        let changed = !answer.rows.is_empty();
        let notices = belief::notices(answer.notices.clone());
        let is_level =
            self.on_store(move |store| store.acknowledge(&answer, &unknown, (offset_ms, now))).await?;
        lock(&self.shown).push_problem = None;
        lock(&self.shown).notices = notices;
        self.reached();
        if changed {
            self.context.events.send(Event::RowsChanged).ok();
        }
        Ok(is_level)
    }

    /// Brings what was not sent when this computer's keys were lost: as it was signed under the earlier id, for a person to
    /// look at.
    async fn bring_found(self: &Arc<Self>, was: DeviceId, batch: Vec<SignedMutation>) -> Result<()> {
        let context = &self.context;
        let who = (context.facts.tenant_id, context.facts.device_id);
        let (name, key) = (&context.facts.server_name, &context.device_key);
        let now = context.surroundings.now();
        match hand_over(&context.client, name, who, key, Some(was), batch).await {
            // A server that was restored lost what it had acknowledged. If it says so once more, bringing it does not help.
            Err(Error::Server { code: ErrorCode::SequenceGap, .. })
                if !lock(&self.brought_again).contains(&was) =>
            {
                lock(&self.brought_again).push(was);
                self.on_store(move |store| store.adopt_all_again(was)).await?;
            }
            receipts => {
                let receipts = receipts?;
                let marked = self.on_store(move |store| {
                    store.mark(&receipts, now)?;
                    store.next_adopted(&[], 1, 0)
                });
                if marked.await?.is_none() {
                    lock(&self.brought_again).clear();
                }
            }
        }
        lock(&self.shown).push_problem = None;
        self.reached();
        self.context.events.send(Event::RowsChanged).ok();
        Ok(())
    }

    /// With what this computer signs what no token alone is believed.
    pub(super) fn signer(&self) -> Result<Signer> {
        let Context { facts, surroundings, store, .. } = &self.context;
        let offset = time::Duration::milliseconds(store.sync_state()?.clock_offset_ms);
        Ok(Signer {
            server_name: facts.server_name.clone(),
            tenant: facts.tenant_id,
            device: facts.device_id,
            user: self.context.user,
            key: self.context.device_key.clone(),
            now: surroundings.now().saturating_add(offset),
        })
    }

    /// Tells the server which recovery code opens this computer, if it does not know. Nothing waits for it.
    async fn tell_recovery(self: &Arc<Self>) {
        let told = async {
            let Some(made) = self.on_store(Store::untold_recovery).await? else { return Ok::<_, Error>(()) };
            self.context.client.recovery_made(&self.token()?, &made, &self.signer()?).await?;
            self.on_store(move |store| store.recovery_told(&made)).await
        };
        if let Err(error) = told.await {
            tracing::warn!(%error, "the server was not told of the recovery code");
        }
    }

    /// Pulls a page; answers whether more remains.
    async fn pull(self: &Arc<Self>, state: SyncState) -> Result<bool> {
        let token = self.token()?;
        self.news.forget();
        if state.head.is_none() {
            let filled = self.fill(state.clone()).await;
            if state.filling.is_none() && matches!(filled, Err(Error::AnswerTooLong | Error::BadAnswer(_))) {
                // Nor is anything believed that it said of how far it has come.
                self.on_store(Store::forget_filling).await?;
            }
            match filled {
                // A server that is older than this program: its pages bring everything as well.
                Err(Error::Server { code: ErrorCode::NotFound, .. }) => {}
                filled => return filled.map(|()| true),
            }
        }
        let page = self.read_page(&token, state).await;
        if matches!(page, Err(Error::AnswerTooLong | Error::BadAnswer(_))) {
            // Nothing of it is taken, nor of the pages that led there.
            self.staged_catalogue.store(0, Ordering::SeqCst);
            self.on_store(Store::forget_staged).await?;
        }
        let Read { version, catalogue, more, last, contact } = page?;
        self.staged_catalogue.store(catalogue, Ordering::SeqCst);
        let applied = self.on_store(move |store| {
            if more {
                store.stage(&last)?;
                store.note_contact(contact)?;
                return Ok(false);
            }
            store.apply_staged(last, (version, catalogue), contact)
        });
        if applied.await? {
            self.context.events.send(Event::RowsChanged).ok();
        }
        Ok(more)
    }

    /// Reads a page, and stages its rows but for the last ones.
    async fn read_page(self: &Arc<Self>, token: &Secret, state: SyncState) -> Result<Read> {
        let mut page = Page::after(self.context.facts.tenant_id, state.after.as_deref());
        let query = PullQuery {
            epoch: state.epoch,
            after: state.after,
            catalogue: state.catalogue.max(self.staged_catalogue.load(Ordering::SeqCst)),
            limit: None,
        };
        let lines = self.context.client.pull(token, &query).await?;
        let mut lines = std::pin::pin!(lines);
        let (mut head, mut rows, mut unknown) = (None, Vec::new(), Vec::new());
        let (mut received, mut bytes) = (0_usize, 0);
        let more = loop {
            let line = match lines.next().await {
                Some(Ok((line, length))) => {
                    bytes += length;
                    line
                }
                // What came is good: it is kept, and the next try goes on behind it.
                None | Some(Err(Error::ServerUnreachable)) => {
                    self.stage(&mut rows).await?;
                    self.carry(&mut unknown).await?;
                    if let Some((.., contact)) = head {
                        self.on_store(move |store| store.note_contact(contact)).await?;
                    }
                    return Err(Error::ServerUnreachable);
                }
                Some(Err(error)) => return Err(error),
            };
            match line {
                PullLine::Head { version, catalogue, server_time, notices } => {
                    if state.head.is_some_and(|known| version < known)
                        || state.after_version.is_some_and(|after| version < after)
                    {
                        return Err(Error::ServerWentBack);
                    }
                    page.head(version, catalogue, state.head)?;
                    let now = self.context.surroundings.now();
                    self.heard(notices);
                    head = Some((version, catalogue, (belief::offset_ms(server_time, now), now)));
                }
                PullLine::Unknown(row) => {
                    page.unknown(&row)?;
                    self.stage(&mut rows).await?;
                    unknown.push(row);
                }
                PullLine::Row(row) => {
                    page.row(&row)?;
                    self.carry(&mut unknown).await?;
                    rows.push(row);
                    received += 1;
                }
                PullLine::End { more } => {
                    page.end(more)?;
                    break more;
                }
            }
            if rows.len().max(unknown.len()) == STAGED_ROWS || bytes > MOST_HELD {
                bytes = 0;
                self.show(Connection::Receiving { rows: u32::try_from(received).unwrap_or(u32::MAX) });
                self.stage(&mut rows).await?;
                self.carry(&mut unknown).await?;
            }
        };
        let Some((version, catalogue, contact)) = head else { return Err(Error::ServerUnreachable) };
        self.carry(&mut unknown).await?;
        Ok(Read { version, catalogue, more, last: rows, contact })
    }

    /// Asks what became of changes that wait for a person: somebody elsewhere may have decided, or an answer was lost.
    async fn ask_receipts(self: &Arc<Self>) {
        let mut is_news = false;
        let asked = async {
            let mut after = 0;
            loop {
                let sequences =
                    self.on_store(move |store| store.set_aside(after, MAX_PUSH_MUTATIONS)).await?;
                let Some(last) = sequences.last() else { return Ok::<_, Error>(()) };
                after = *last;
                let state = self.context.store.sync_state()?;
                let request = ReceiptsRequest { epoch: state.epoch, sequences };
                let answer = self.context.client.receipts(&self.token()?, &request).await?;
                belief::settled(self.context.facts.tenant_id, &answer, state.head)?;
                let now = self.context.surroundings.now();
                is_news |= self.on_store(move |store| store.take_receipts(&answer, now)).await?;
            }
        };
        if let Err(error) = asked.await {
            tracing::warn!(%error, "the server did not say what became of refused changes");
        }
        if is_news {
            self.context.events.send(Event::RowsChanged).ok();
        }
    }

    /// Tells the server what people did with this copy. Nothing waits for it: what it does not take now stays here,
    /// and is told again after the next round.
    pub(super) async fn tell(self: &Arc<Self>) {
        loop {
            let told = async {
                let Some(events) = self.on_store(|store| store.next_events(MAX_DESK_EVENTS)).await? else {
                    return Ok(false);
                };
                let kept = self.context.client.tell(&self.token()?, &events).await?;
                let is_new = self.on_store(move |store| store.events_kept(kept.last)).await?;
                Ok::<_, Error>(is_new && events.events.len() == MAX_DESK_EVENTS)
            };
            match told.await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(%error, "the server did not take what was noted for the audit log");
                    return;
                }
            }
        }
    }

    /// Asks whether the server's audit log is still the one that this computer knew. Nothing waits for it, and care and
    /// sync go on whatever it finds: whoever tampers must not be able to stop a clinic. Answers whether it could look.
    async fn look_at_log(self: &Arc<Self>) -> bool {
        let looked = async {
            let known = self.on_store(Store::known_ends).await?;
            let request = KnownEnds { known };
            let answer = self.context.client.log_ends(&self.token()?, &request).await?;
            self.on_store(move |store| store.compare_ends(&request.known, &answer)).await
        };
        match looked.await {
            Ok(true) => true,
            Ok(false) => {
                tracing::error!("the server's audit log is not what this computer knew of it");
                true
            }
            Err(error) => {
                tracing::warn!(%error, "the server's audit log could not be looked at");
                false
            }
        }
    }

    /// Asks how this computer stands, which something said by the way seems to tell.
    async fn ask_standing(&self) {
        let context = &self.context;
        let Some(guard) = context.guard.clone() else { return };
        let asked = async {
            let who = (context.facts.tenant_id, context.facts.device_id);
            let nonce = context.surroundings.nonce()?;
            let name = &context.facts.server_name;
            let order = standing::ask(&context.client, name, who, &context.device_key, &nonce, false).await?;
            let store = Arc::clone(&context.store);
            self.aside(move || {
                guard.take(&order, &nonce)?;
                store.remember(&order)
            })
            .await
        };
        if let Err(error) = asked.await {
            tracing::warn!(%error, "the server did not say how this computer stands");
        }
    }

    async fn carry(self: &Arc<Self>, rows: &mut Vec<protocol::table::UnknownRow>) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let rows = std::mem::take(rows);
        self.on_store(move |store| store.carry(&rows, true)).await
    }

    async fn stage(self: &Arc<Self>, rows: &mut Vec<protocol::table::Row>) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let rows = std::mem::take(rows);
        self.on_store(move |store| store.stage(&rows)).await
    }

    /// Gets new tokens for whoever is signed in now: with the password that was just typed, which no lost or old
    /// token can stop, else with the refresh token.
    async fn refresh(self: &Arc<Self>) -> Result<()> {
        let typed = lock(&self.context.typed).clone();
        let Some(typed) = typed else { return self.refresh_with_token().await };
        let context = &self.context;
        let who = (context.facts.tenant_id, context.facts.device_id);
        let (name, nonce) = (&context.facts.server_name, self.nonce()?);
        let answer = login(&context.client, name, who, &context.device_key, &typed, &nonce).await;
        let session = match answer {
            // It was changed elsewhere; who knew the old one works on until the server says otherwise.
            Err(Error::Server { code: ErrorCode::WrongPassword, .. }) => {
                *lock(&context.typed) = None;
                return self.refresh_with_token().await;
            }
            answer => answer?,
        };
        self.tell_own_key(&session.tokens.access_token).await?;
        *lock(&context.typed) = None;
        let person = session.user;
        self.on_store(move |store| store.put_staff(&person)).await?;
        self.keep(session.tokens, nonce).await
    }

    async fn refresh_with_token(self: &Arc<Self>) -> Result<()> {
        let context = &self.context;
        let (keyring, installation) = (context.keyring.clone(), context.installation);
        let kept = self.aside(move || keyring.refresh_token(installation)).await?;
        let (tenant_id, device_id) = (context.facts.tenant_id, context.facts.device_id);
        let challenge = context.client.challenge(&ChallengeRequest { tenant_id, device_id }).await?.challenge;
        let message = signing::refresh_message(
            &context.facts.server_name,
            tenant_id,
            device_id,
            context.user,
            kept.generation,
            &challenge,
        );
        let nonce = self.nonce()?;
        let tokens = context
            .client
            .refresh(&RefreshRequest {
                tenant_id,
                device_id,
                user_id: context.user,
                refresh_token: kept.token,
                generation: kept.generation,
                challenge,
                signature: signing::sign(&context.device_key, &message),
                nonce: nonce.clone(),
            })
            .await?;
        self.keep(tokens, nonce).await
    }

    /// What the server's word on this computer's standing must bear; nothing where nobody asks for one.
    fn nonce(&self) -> Result<String> {
        self.context.guard.as_ref().map_or(Ok(String::new()), |_| self.context.surroundings.nonce())
    }

    /// The new refresh token is kept before the new access token is used.
    async fn keep(&self, tokens: Tokens, nonce: String) -> Result<()> {
        let (keyring, installation) = (self.context.keyring.clone(), self.context.installation);
        let next = RefreshToken { token: tokens.refresh_token, generation: tokens.generation };
        self.aside(move || keyring.put_refresh_token(installation, &next)).await?;
        *lock(&self.token) = Some(tokens.access_token);
        if let (Some(guard), Some(order)) = (self.context.guard.clone(), tokens.standing) {
            let store = Arc::clone(&self.context.store);
            let taken = self.aside(move || {
                guard.take(&order, &nonce)?;
                store.remember(&order)
            });
            let taken = taken.await;
            lock(&self.shown).standing_problem = taken.err().map(problem);
        }
        Ok(())
    }

    pub(super) fn token(&self) -> Result<Secret> {
        let unauthorized = Error::Server { code: ErrorCode::Unauthorized, detail: String::new() };
        lock(&self.token).clone().ok_or(unauthorized)
    }

    /// What an attempt means for the plan, and for whoever looks at the screen.
    pub(super) async fn outcome(self: &Arc<Self>, result: Result<Happened>, is_push: bool) -> Happened {
        let error = match result {
            Ok(happened) => {
                if matches!(happened, Happened::Pushed { .. } | Happened::Pulled { .. }) {
                    self.epochs_begun.store(0, Ordering::SeqCst);
                }
                self.publish();
                return happened;
            }
            Err(Error::Server { code: ErrorCode::EpochChanged, .. }) => match self.begin_epoch().await {
                Ok(()) => {
                    self.publish();
                    return Happened::Pulled { more: true };
                }
                Err(error) => error,
            },
            // What it does not have before the first mutation that waits, it had acknowledged.
            Err(Error::Server { code: ErrorCode::SequenceGap, .. }) => Error::ServerWentBack,
            Err(error) => error,
        };
        match error {
            Error::Server { code: ErrorCode::DeviceRevoked, .. } => self.ask_standing().await,
            // With the next password this computer goes on under an id of its own.
            Error::Server { code: ErrorCode::DeviceCopied, .. } => {
                if let Err(error) = self.on_store(|store| store.set_copied(true)).await {
                    tracing::error!(%error, "it was not noted that this computer's disk was copied");
                }
            }
            _ => {}
        }
        match &error {
            Error::TooLarge => {
                self.refused(error, is_push);
                Happened::TooLarge
            }
            Error::Server { code: ErrorCode::Unauthorized, .. } if lock(&self.token).take().is_some() => {
                Happened::Unauthorized
            }
            Error::Server { code: ErrorCode::Unauthorized, detail } if detail.is_empty() => {
                Happened::Unauthorized
            }
            // A computer that it does not know is slowed down: why it is not served stays what it was.
            Error::Server { code: ErrorCode::TooManyRequests, .. } if self.is_unknown() => Happened::Refused,
            Error::ServerUnreachable
            | Error::Server {
                code: ErrorCode::Unavailable | ErrorCode::Internal | ErrorCode::TooManyRequests,
                ..
            } => {
                self.lost();
                Happened::Unreachable
            }
            _ => {
                self.refused(error, is_push);
                Happened::Refused
            }
        }
    }

    /// Whether the server said that it does not know this computer.
    fn is_unknown(&self) -> bool {
        let shown = lock(&self.shown);
        shown.problem.as_ref().is_some_and(|problem| problem.code == ErrorCode::DeviceUnknown)
    }

    /// The server will not.
    fn refused(&self, error: Error, is_push: bool) {
        let problem = Some(problem(error));
        let mut shown = lock(&self.shown);
        shown.connection = Connection::Online;
        if is_push {
            shown.push_problem = problem;
        } else {
            shown.problem = problem;
        }
        drop(shown);
        self.publish();
    }

    /// The server does not take the own key of whoever is signed in, for this reason, or takes it. Nothing else ends by it.
    pub(super) fn own_key_refused(&self, why: Option<String>) {
        lock(&self.shown).own_key_refused = why;
        self.publish();
    }

    /// Rows come: the server says what time it is, and what whoever is signed in should know.
    pub(super) async fn answered(
        self: &Arc<Self>,
        server_time: OffsetDateTime,
        notices: Vec<Notice>,
    ) -> Result<()> {
        let now = self.context.surroundings.now();
        let offset_ms = belief::offset_ms(server_time, now);
        self.on_store(move |store| store.note_contact((offset_ms, now))).await?;
        self.heard(notices);
        Ok(())
    }

    /// Keeps what whoever is signed in should know, which came with an answer.
    fn heard(&self, notices: Vec<Notice>) {
        lock(&self.shown).notices = belief::notices(notices);
        self.reached();
    }

    /// The server answered.
    fn reached(&self) {
        let mut shown = lock(&self.shown);
        shown.problem = None;
        if matches!(shown.connection, Connection::Connecting | Connection::Offline { .. }) {
            shown.connection = Connection::Online;
        }
        drop(shown);
        self.authorized.notify_one();
    }

    fn lost(&self) {
        let mut shown = lock(&self.shown);
        if !matches!(shown.connection, Connection::Offline { .. }) {
            shown.connection = Connection::Offline { since: moment_text(self.context.surroundings.now()) };
            shown.problem = None;
        }
        drop(shown);
        self.publish();
    }

    /// A round ended with nothing missing here.
    async fn caught_up(self: &Arc<Self>) {
        let now = self.context.surroundings.now();
        // What came meanwhile is asked for next.
        if !self.has_news()
            && let Err(error) = self.on_store(move |store| store.mark_level(now)).await
        {
            tracing::warn!(%error, "the time of the last sync was not kept");
        }
        lock(&self.shown).connection = Connection::Online;
        self.publish();
    }

    pub(super) fn show(&self, connection: Connection) {
        let mut shown = lock(&self.shown);
        // As long as nobody has answered, trying is not yet sending.
        if !matches!(shown.connection, Connection::Connecting | Connection::Offline { .. }) {
            shown.connection = connection;
        }
        drop(shown);
        self.publish();
    }

    fn status(&self) -> SyncStatus {
        let (state, unreadable) = match self.context.store.sync_state() {
            Ok(state) => (Some(state), None),
            Err(error) => {
                tracing::error!(%error, "the sync state cannot be read");
                (None, Some(problem(error)))
            }
        };
        let (connection, problem, notices) = {
            let shown = lock(&self.shown);
            let problem = shown.problem.as_ref().or(shown.push_problem.as_ref());
            let problem = problem.or(shown.standing_problem.as_ref());
            let is_online = !matches!(shown.connection, Connection::Offline { .. });
            let mut notices = if is_online { shown.notices.clone() } else { Vec::new() };
            let restored = state.as_ref().and_then(|state| state.restored.as_ref());
            if let Some(detail) = shown.own_key_refused.clone().filter(|_| is_online) {
                notices.insert(0, Notice { code: NoticeCode::OwnKeyRefused, detail });
            }
            let now = self.context.surroundings.now();
            if let Some(notice) = restored.and_then(|restored| epoch::notice(restored, now)) {
                notices.insert(0, notice);
            }
            if state.as_ref().is_some_and(|state| state.is_log_changed) {
                notices.insert(0, Notice { code: NoticeCode::LogChanged, detail: LOG_CHANGED.to_owned() });
            }
            // Between two comparisons nothing else says it, nor at the start.
            let differs = state.as_ref().is_some_and(|state| state.differs);
            let problem = problem.cloned().or_else(|| differs.then(|| self::problem(Error::StillDiffers)));
            let problem = unreadable.or_else(|| problem.filter(|_| is_online));
            (shown.connection.clone(), problem, notices)
        };
        let decisions = self.decisions();
        let compared = state.as_ref().and_then(|state| state.compared.as_ref()).map(ComparedView::from);
        let is_new = state.as_ref().is_some_and(|state| state.head.is_none());
        let filling = state.as_ref().and_then(|state| state.filling.clone()).unwrap_or_default();
        SyncStatus {
            connection,
            filling: is_new.then(|| filling.into()),
            compared,
            only_here: state.as_ref().map_or(0, |state| state.only_here),
            waiting: state.as_ref().map_or(0, |state| state.waiting),
            files_waiting: state.as_ref().map_or(0, |state| state.files.waiting),
            files_refused: state.as_ref().map_or(0, |state| state.files.refused),
            attention: state.as_ref().map_or(0, |state| state.set_aside) + decisions,
            decisions,
            last_contact_at: state.as_ref().and_then(|state| state.last_contact_at).map(moment_text),
            last_level_at: state.as_ref().and_then(|state| state.last_level_at).map(moment_text),
            last_synced_at: state.and_then(|state| state.last_synced_at).map(moment_text),
            problem,
            notices,
            lease: self.context.guard.as_ref().and_then(|guard| guard.view()),
        }
    }

    /// How many items wait that whoever is signed in may see.
    fn decisions(&self) -> u32 {
        let context = &self.context;
        context.store.decisions(self.is_clinical()).unwrap_or_else(|error| {
            tracing::error!(%error, "the items that wait cannot be counted");
            0
        })
    }

    /// Whether the server shows clinical rows to whoever is signed in.
    pub(super) fn is_clinical(&self) -> bool {
        let context = &self.context;
        context.facts.scope == DeviceScope::Clinical
            && matches!(context.store.staff(context.user), Ok(Some(person)) if person.roles.is_clinician())
    }

    pub(super) fn publish(&self) {
        self.changed.notify_one();
    }

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

fn problem(error: Error) -> SyncProblem {
    let error = CommandError::from(error);
    SyncProblem { code: error.code, detail: error.detail }
}

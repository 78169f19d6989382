//! The task that keeps this computer in step for as long as someone is signed in. It survives outages: it asks
//! the plan what to do, does it, and tells the plan what happened.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use protocol::api::{
    ChallengeRequest, MAX_PUSH_MUTATIONS, PullLine, PullQuery, PushRequest, RefreshRequest, Secret,
};
use protocol::error::ErrorCode;
use protocol::id::UserId;
use protocol::signing;
use protocol::validate::moment_text;
use time::OffsetDateTime;
use tokio::sync::{Notify, broadcast};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::client::Client;
use super::plan::{Happened, Next, Plan};
use crate::desk::Event;
use crate::error::{Error, Result};
use crate::keyring::{Keyring, RefreshToken};
use crate::store::{Facts, Store};
use crate::view::{Connection, SyncProblem, SyncStatus};

/// Rows are staged in portions of this many.
const STAGED_ROWS: usize = 500;

/// What the engine works with.
pub(crate) struct Context {
    pub store: Arc<Store>,
    pub client: Client,
    pub facts: Facts,
    pub user: UserId,
    pub keyring: Keyring,
    pub installation: Uuid,
    pub device_key: ed25519_dalek::SigningKey,
    /// Told of every write here.
    pub written: Arc<Notify>,
    pub events: broadcast::Sender<Event>,
}

/// The running engine; it ends when this is dropped.
pub(crate) struct Engine {
    line: Arc<Line>,
    _tasks: JoinSet<()>,
}

struct Line {
    context: Context,
    /// A person asks, or the server has news.
    asked: Notify,
    /// There is a token that the server believed.
    authorized: Notify,
    token: Mutex<Option<Secret>>,
    shown: Mutex<(Connection, Option<SyncProblem>)>,
}

impl Engine {
    /// Starts the engine; `token` is an access token that a sign-in just brought.
    pub fn start(context: Context, token: Option<Secret>) -> Self {
        let line = Arc::new(Line {
            context,
            asked: Notify::new(),
            authorized: Notify::new(),
            token: Mutex::new(token),
            shown: Mutex::new((Connection::Connecting, None)),
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(run(Arc::clone(&line)));
        tasks.spawn(listen(Arc::clone(&line)));
        Self { line, _tasks: tasks }
    }

    /// Tries at once.
    pub fn wake(&self) {
        self.line.asked.notify_one();
    }

    /// How this computer stands with the server.
    pub fn status(&self) -> SyncStatus {
        self.line.status()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps the conversation going, for ever.
async fn run(line: Arc<Line>) {
    let mut plan = Plan::new();
    let mut happened = Happened::Woke;
    // How many changes wait in this round, for the progress that is shown.
    let mut total = 0;
    loop {
        let waiting = line.context.store.sync_state().map_or(0, |state| state.waiting);
        match plan.next(happened, waiting, rand_unit()) {
            Next::Push { max_bytes } => {
                total = total.max(waiting);
                line.show(Connection::Sending { sent: total - waiting, total });
                happened = line.outcome(line.push(max_bytes).await.map(|()| Happened::Pushed));
            }
            Next::Pull => happened = line.outcome(line.pull().await.map(|more| Happened::Pulled { more })),
            Next::Refresh => happened = line.outcome(line.refresh().await.map(|()| Happened::Refreshed)),
            Next::Rest { ms } => {
                total = 0;
                if matches!(happened, Happened::Pulled { .. }) {
                    line.caught_up().await;
                }
                tokio::select! {
                    () = line.asked.notified() => {}
                    () = line.context.written.notified() => {}
                    () = tokio::time::sleep(Duration::from_millis(ms)) => {}
                }
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
                let known = line.context.store.sync_state().ok().and_then(|state| state.head);
                if known.is_none_or(|known| known < event.head) {
                    line.asked.notify_one();
                }
            }
            // The line was there and broke: the engine finds out how it stands.
            line.asked.notify_one();
        }
        line.authorized.notified().await;
    }
}

/// A number between 0 and 1. Chance only spreads pauses; without any, they are equal.
fn rand_unit() -> f64 {
    getrandom::u32().map_or(0.5, |number| f64::from(number) / f64::from(u32::MAX))
}

impl Line {
    async fn push(self: &Arc<Self>, max_bytes: usize) -> Result<()> {
        let token = self.token()?;
        let batch = self.on_store(move |store| store.next_batch(MAX_PUSH_MUTATIONS, max_bytes)).await?;
        let epoch = self.context.store.sync_state()?.epoch;
        let answer = self.context.client.push(&token, &PushRequest { epoch, mutations: batch }).await?;
        let now = OffsetDateTime::now_utc();
        let offset_ms = (answer.server_time - now).whole_milliseconds();
        let changed = !answer.rows.is_empty();
        self.on_store(move |store| {
            store.set_clock_offset(i64::try_from(offset_ms).unwrap_or(0))?;
            store.acknowledge(&answer, now)
        })
        .await?;
        self.reached();
        if changed {
            self.context.events.send(Event::RowsChanged).ok();
        }
        Ok(())
    }

    /// Pulls a page; answers whether more remains.
    async fn pull(self: &Arc<Self>) -> Result<bool> {
        let token = self.token()?;
        let state = self.context.store.sync_state()?;
        let query = PullQuery {
            epoch: state.epoch,
            after: state.after.map(|after| after.to_string()),
            catalogue: state.catalogue,
            limit: None,
        };
        let lines = self.context.client.pull(&token, &query).await?;
        let mut lines = std::pin::pin!(lines);
        let (mut head, mut rows, mut n_rows) = (None, Vec::new(), 0_usize);
        let more = loop {
            let Some(Ok(line)) = lines.next().await else {
                // What came is good: it is kept, and the next try goes on behind it.
                self.stage(&mut rows).await?;
                return Err(Error::ServerUnreachable);
            };
            match line {
                PullLine::Head { version, catalogue, server_time } => {
                    let offset_ms = (server_time - OffsetDateTime::now_utc()).whole_milliseconds();
                    let offset_ms = i64::try_from(offset_ms).unwrap_or(0);
                    self.on_store(move |store| store.set_clock_offset(offset_ms)).await?;
                    self.reached();
                    head = Some((version, catalogue));
                }
                PullLine::Row(row) => {
                    rows.push(row);
                    n_rows += 1;
                    if rows.len() == STAGED_ROWS {
                        self.show(Connection::Receiving { rows: u32::try_from(n_rows).unwrap_or(u32::MAX) });
                        self.stage(&mut rows).await?;
                    }
                }
                PullLine::End { more } => break more,
            }
        };
        let Some((version, catalogue)) = head else { return Err(Error::ServerUnreachable) };
        self.stage(&mut rows).await?;
        if !more && self.on_store(move |store| store.apply_staged(version, catalogue)).await? {
            self.context.events.send(Event::RowsChanged).ok();
        }
        Ok(more)
    }

    async fn stage(self: &Arc<Self>, rows: &mut Vec<protocol::table::Row>) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let rows = std::mem::take(rows);
        self.on_store(move |store| store.stage(&rows)).await
    }

    /// Gets new tokens for whoever is signed in now. The new refresh token is kept before it is used.
    async fn refresh(self: &Arc<Self>) -> Result<()> {
        let context = &self.context;
        let (keyring, installation) = (context.keyring.clone(), context.installation);
        let kept = blocking(move || keyring.refresh_token(installation)).await?;
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
            })
            .await?;
        let (keyring, next) = (
            context.keyring.clone(),
            RefreshToken { token: tokens.refresh_token, generation: tokens.generation },
        );
        blocking(move || keyring.put_refresh_token(installation, &next)).await?;
        *lock(&self.token) = Some(tokens.access_token);
        Ok(())
    }

    fn token(&self) -> Result<Secret> {
        let unauthorized = Error::Server { code: ErrorCode::Unauthorized, detail: String::new() };
        lock(&self.token).clone().ok_or(unauthorized)
    }

    /// What an attempt means for the plan, and for whoever looks at the screen.
    fn outcome(&self, result: Result<Happened>) -> Happened {
        let error = match result {
            Ok(happened) => {
                self.publish();
                return happened;
            }
            Err(error) => error,
        };
        match &error {
            Error::TooLarge => Happened::TooLarge,
            Error::Server { code: ErrorCode::Unauthorized, .. } if lock(&self.token).take().is_some() => {
                Happened::Unauthorized
            }
            Error::Server { code: ErrorCode::Unauthorized, detail } if detail.is_empty() => {
                Happened::Unauthorized
            }
            Error::ServerUnreachable
            | Error::Server {
                code: ErrorCode::Unavailable | ErrorCode::Internal | ErrorCode::TooManyRequests,
                ..
            } => {
                self.lost();
                Happened::Unreachable
            }
            _ => {
                let problem = crate::view::CommandError::from(error);
                let problem = SyncProblem { code: problem.code, detail: problem.detail };
                *lock(&self.shown) = (Connection::Online, Some(problem));
                self.publish();
                Happened::Refused
            }
        }
    }

    /// The server answered.
    fn reached(&self) {
        let mut shown = lock(&self.shown);
        shown.1 = None;
        if matches!(shown.0, Connection::Connecting | Connection::Offline { .. }) {
            shown.0 = Connection::Online;
        }
        drop(shown);
        self.authorized.notify_one();
    }

    fn lost(&self) {
        let mut shown = lock(&self.shown);
        if !matches!(shown.0, Connection::Offline { .. }) {
            *shown = (Connection::Offline { since: moment_text(OffsetDateTime::now_utc()) }, None);
        }
        drop(shown);
        self.publish();
    }

    /// A round ended with nothing missing here; if nothing waits either, both sides are equal.
    async fn caught_up(self: &Arc<Self>) {
        let now = OffsetDateTime::now_utc();
        let marked = self
            .on_store(
                move |store| if store.sync_state()?.waiting == 0 { store.mark_synced(now) } else { Ok(()) },
            )
            .await;
        if let Err(error) = marked {
            tracing::warn!(%error, "the time of the last sync was not kept");
        }
        *lock(&self.shown) = (Connection::Online, None);
        self.publish();
    }

    fn show(&self, connection: Connection) {
        let mut shown = lock(&self.shown);
        // As long as nobody has answered, trying is not yet sending.
        if !matches!(shown.0, Connection::Connecting | Connection::Offline { .. }) {
            shown.0 = connection;
        }
        drop(shown);
        self.publish();
    }

    fn status(&self) -> SyncStatus {
        let (connection, problem) = lock(&self.shown).clone();
        let state = self.context.store.sync_state();
        if let Err(error) = &state {
            tracing::error!(%error, "the sync state cannot be read");
        }
        let state = state.ok();
        SyncStatus {
            connection,
            waiting: state.as_ref().map_or(0, |state| state.waiting),
            attention: state.as_ref().map_or(0, |state| state.attention),
            last_synced_at: state.and_then(|state| state.last_synced_at).map(moment_text),
            problem,
        }
    }

    fn publish(&self) {
        self.context.events.send(Event::Sync(self.status())).ok();
    }

    async fn on_store<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Store) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let store = Arc::clone(&self.context.store);
        blocking(move || work(&store)).await
    }
}

/// Runs what may wait for the disk or the keyring, aside.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}

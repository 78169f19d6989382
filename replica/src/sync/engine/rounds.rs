//! The rounds of the conversation: the plan says what is next, and the server what it has.

use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use protocol::api::{LiveEvent, LiveQuery};
use protocol::error::ErrorCode;
use time::OffsetDateTime;

use super::{Line, lock};
use crate::error::{Error, Result};
use crate::store::SyncState;
use crate::sync::news::Told;
use crate::sync::plan::{Happened, Next, Plan};
use crate::view::Connection;

/// Between two looks at the server's audit log.
const LOOK_EVERY: Duration = Duration::from_mins(15);
/// Between a broken line of live events and the next.
const RECONNECT_PAUSE: Duration = Duration::from_secs(1);

/// Keeps the conversation going, for ever.
pub(super) async fn run(line: Arc<Line>) {
    let mut plan = Plan::new();
    let mut happened = Happened::Woke;
    // How many changes wait in this round, for the progress that is shown.
    let mut total = 0;
    let mut looked: Option<OffsetDateTime> = None;
    // When the server was last asked for rows, or to take some. What it answered holds for then: how long the answer was on
    // its way nobody knows, least of all a computer that slept meanwhile.
    let mut asked_at = line.context.surroundings.now();
    loop {
        // Read once for all that this round does.
        let state = line.context.store.sync_state();
        let waiting = state.as_ref().map_or(0, |state| state.waiting);
        match plan.next(happened, waiting, line.context.surroundings.chance()) {
            Next::Push { max_bytes } => {
                asked_at = line.context.surroundings.now();
                total = total.max(waiting);
                line.show(Connection::Sending { sent: total - waiting, total });
                let pushed = match state {
                    Ok(state) => line.push(state, max_bytes).await,
                    Err(error) => Err(error),
                };
                happened = line.outcome(pushed.map(|is_level| Happened::Pushed { is_level }), true).await;
            }
            Next::Pull => {
                asked_at = line.context.surroundings.now();
                let pulled = match state {
                    Ok(state) => line.pull(state, &mut asked_at).await,
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
                    line.after_round(state, asked_at, &mut looked).await;
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
pub(super) async fn listen(line: Arc<Line>) {
    loop {
        let token = lock(&line.token).clone();
        let query = line.place();
        if let Some(token) = token {
            match line.context.client.live(&token, &query).await {
                Ok(events) => {
                    let heard = line.hear(events, &query).await;
                    // From nothing that was told before, the engine finds out how it stands.
                    line.news.must_ask();
                    line.asked.notify_one();
                    if heard == Heard::Enough {
                        continue;
                    }
                    line.context.surroundings.pause(RECONNECT_PAUSE).await;
                }
                // Perhaps nothing else gets through that would say it.
                Err(Error::Server { code: ErrorCode::DeviceRevoked, .. }) => line.ask_standing().await,
                Err(_) => {}
            }
        }
        line.authorized.notified().await;
    }
}

/// Why nothing more is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    /// The line was there and broke, or the server ended it.
    AllThereWas,
    /// All is here by now, or the data began a new life: from now on rows come with the events again, to who asks anew.
    Enough,
}

impl Line {
    async fn hear(&self, events: impl Stream<Item = Result<LiveEvent>>, query: &LiveQuery) -> Heard {
        let mut events = std::pin::pin!(events);
        while let Some(Ok(event)) = events.next().await {
            if event.ask_standing {
                self.ask_standing().await;
                // With this the stream ends.
                return Heard::AllThereWas;
            }
            let (head, at) = (event.head, self.context.surroundings.now());
            let Some(page) = event.page else {
                self.news.tell(head);
                let epoch = self.place().epoch;
                if epoch.is_some() && epoch != query.epoch {
                    return Heard::Enough;
                }
                continue;
            };
            self.news.bring(Told { head, page, at });
        }
        Heard::AllThereWas
    }

    /// What comes once a round has ended, as far as nobody saves anything meanwhile: that goes out first, and the rest of
    /// this comes after it.
    async fn after_round(
        self: &Arc<Self>,
        state: Result<SyncState>,
        asked_at: OffsetDateTime,
        looked: &mut Option<OffsetDateTime>,
    ) {
        self.tell_recovery().await;
        self.ask_receipts().await;
        if let Ok(state) = state
            && self.compare_when_due(state).await
        {
            self.caught_up(asked_at).await;
            self.tell_what_is_only_here().await;
        }
        // Files go behind all rows.
        if self.unless_saved(ready(())).await.is_none() {
            return;
        }
        self.files_due.notify_one();
        let now = self.context.surroundings.now();
        if looked.is_none_or(|at| (now - at).unsigned_abs() >= LOOK_EVERY) {
            // Keys may be kept beside what goes out.
            self.unless_saved(self.exchange_own_keys()).await;
            *looked = self.look_at_log().await.then_some(now);
        }
    }

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

    /// Where this computer is, for the server; nowhere as long as it is being filled.
    fn place(&self) -> LiveQuery {
        let state = self.context.store.sync_state().ok();
        let place = state.and_then(|state| Some((state.epoch, state.head?)));
        place.map_or_else(LiveQuery::default, |(epoch, head)| LiveQuery {
            epoch: Some(epoch),
            after: Some(head),
        })
    }

    /// Whether the server told of more than what is here, as far as is known.
    pub(super) fn has_news(&self) -> bool {
        self.context.store.head().map_or(true, |known| self.news.is_beyond(known))
    }
}

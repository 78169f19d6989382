//! `GET /v1/sync/live`: tells desktops that their tenant has a new version, and nothing else.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::Stream;
use protocol::api::LiveEvent;
use protocol::id::TenantId;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::SpokenProtocol;
use crate::auth::Caller;
use crate::error::Result;
use crate::{AppState, Db};

const HEARTBEAT: Duration = Duration::from_secs(20);
/// A stream ends after so long, so that a revoked device does not listen for ever.
const LIFE: Duration = Duration::from_mins(55);
/// The wait before the hub looks for the database again.
const RETRY: Duration = Duration::from_secs(1);

/// One channel a tenant with listeners; only the newest version is kept in it.
#[derive(Clone, Debug, Default)]
pub struct Hub {
    tenants: Arc<Mutex<HashMap<TenantId, watch::Sender<i64>>>>,
    stop: CancellationToken,
}

impl Hub {
    /// Hears of the tenant's versions from now on.
    fn listen(&self, tenant: TenantId) -> watch::Receiver<i64> {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        tenants.entry(tenant).or_insert_with(|| watch::Sender::new(0)).subscribe()
    }

    /// Passes on what Postgres notifies until `stop`; comes back by itself when Postgres was away.
    pub(crate) async fn run(self, db: Db, stop: CancellationToken) {
        let work = async {
            loop {
                if let Err(error) = self.pass_on(&db).await {
                    tracing::warn!(%error, "the live hub lost the database");
                }
                tokio::time::sleep(RETRY).await;
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = work => {}
        }
        self.stop.cancel();
    }

    async fn pass_on(&self, db: &Db) -> Result<()> {
        let mut listener = db.listener().await?;
        // What was committed while nobody listened is asked for.
        let tenants: Vec<_> =
            self.tenants.lock().unwrap_or_else(PoisonError::into_inner).keys().copied().collect();
        for tenant in tenants {
            let head = head(db, tenant).await?;
            self.tell(tenant, head);
        }
        while let Some(notification) = listener.try_recv().await? {
            if let Some((tenant, head)) = notification.payload().split_once(':')
                && let (Ok(tenant), Ok(head)) = (tenant.parse(), head.parse())
            {
                self.tell(tenant, head);
            }
        }
        Ok(())
    }

    fn tell(&self, tenant: TenantId, head: i64) {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = tenants.get(&tenant) {
            if sender.is_closed() {
                tenants.remove(&tenant);
            } else {
                raise(sender, head);
            }
        }
    }
}

fn raise(sender: &watch::Sender<i64>, head: i64) {
    sender.send_if_modified(|known| {
        let newer = head > *known;
        *known = head.max(*known);
        newer
    });
}

async fn head(db: &Db, tenant: TenantId) -> Result<i64> {
    let mut tx = db.read(tenant).await?;
    let head = sqlx::query_scalar!("select version from tenant_sync where tenant_id = $1", tenant.0)
        .fetch_one(&mut *tx)
        .await?;
    Ok(head)
}

/// A stream of the tenant's newest version: first the one that is, then each that comes.
#[tracing::instrument(skip_all)]
pub(crate) async fn live(
    State(state): State<AppState>,
    caller: Caller,
    _: SpokenProtocol,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    // Listen first, ask second: what is committed in between is then heard of.
    let mut receiver = state.live.listen(caller.tenant);
    state.live.tell(caller.tenant, head(&state.db, caller.tenant).await?);
    receiver.mark_changed();
    let stop = state.live.stop.clone();
    let listening = state.metrics.listening();
    let events = async_stream::stream! {
        let _listening = listening;
        let end = tokio::time::sleep(LIFE);
        tokio::pin!(end);
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                () = &mut end => break,
                changed = receiver.changed() => if changed.is_err() { break },
            }
            let head = *receiver.borrow_and_update();
            let event = Event::default().json_data(LiveEvent { head });
            yield Ok(event.expect("BUG: a number is JSON"));
        }
    };
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)))
}

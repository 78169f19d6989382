//! `GET /v1/sync/live`: tells desktops that their tenant has a new version, with what is new if it is little, or that
//! something was said of themselves.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::Stream;
use protocol::api::{DeviceScope, LiveEvent, LiveQuery};
use protocol::id::{DeviceId, TenantId};
use time::OffsetDateTime;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::SpokenProtocol;
use super::live_page::{Last, Place, Sees, Told, Who};
use crate::auth::Caller;
use crate::error::{Error, Query, Result};
use crate::{AppState, Db};

const HEARTBEAT: Duration = Duration::from_secs(20);
/// A stream ends after so long at least …
const LIFE: Duration = Duration::from_mins(50);
/// … and after so much more at most, so that not all come back at once. It ends before, with its token.
const LIFE_SPREAD: Duration = Duration::from_mins(10);
/// Rows are waited for so long before an event goes out without them.
const PATIENCE: Duration = Duration::from_millis(500);
/// The wait before the hub looks for the database again.
const RETRY: Duration = Duration::from_secs(1);
/// At most so many desktops of one tenant listen at this process, so that one tenant leaves room for the others.
const MAX_OF_TENANT: usize = 256;
/// At most so many desktops listen at this process.
const MAX_LISTENERS: usize = 20_000;

/// Who listens, by tenant.
#[derive(Clone, Debug, Default)]
pub struct Hub {
    listeners: Arc<Mutex<Listeners>>,
    stop: CancellationToken,
}

#[derive(Debug, Default)]
struct Listeners {
    tenants: HashMap<TenantId, Channel>,
    count: usize,
    /// Of the newest listener.
    number: u64,
}

/// A tenant with listeners; only the newest version is kept in it.
#[derive(Debug)]
struct Channel {
    heads: watch::Sender<i64>,
    devices: HashMap<DeviceId, Listener>,
    /// What was last read for clinical devices, and for those of the front desk.
    last: [Last; 2],
}

impl Channel {
    fn last_of(&self, scope: DeviceScope) -> &Last {
        &self.last[usize::from(scope == DeviceScope::FrontDesk)]
    }
}

#[derive(Debug)]
struct Listener {
    number: u64,
    line: Line,
    who: Who,
    scope: DeviceScope,
}

/// What is said to one listener alone.
#[derive(Clone, Debug, Default)]
struct Line {
    /// Another stream of the same device took its place.
    ended: CancellationToken,
    /// Something was said of the device.
    ask: Arc<Notify>,
    /// The last version that the device wrote itself; the answer to that says so.
    wrote: Arc<AtomicI64>,
}

/// A desktop's place among the listeners, which it leaves when this is dropped.
#[derive(Debug)]
struct Seat {
    hub: Hub,
    tenant: TenantId,
    device: DeviceId,
    number: u64,
    line: Line,
    heads: watch::Receiver<i64>,
    who: Who,
    scope: DeviceScope,
    last: Last,
}

impl Seat {
    /// The event with all that someone at that place lacks of this version, if there is one.
    async fn told(&self, state: &AppState, place: Place, head: i64) -> Option<Arc<Told>> {
        let sees = Sees { tenant: self.tenant, scope: self.scope };
        let listening = || self.hub.who_listens(sees);
        // Whoever waits longer hears of the version alone, and of what else there is.
        let told = self.last.event(state, sees, (self.who, place, head), listening);
        tokio::select! {
            () = self.hub.stop.cancelled() => None,
            told = tokio::time::timeout(PATIENCE, told) => told.ok().flatten(),
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut listeners = self.hub.lock();
        let Some(channel) = listeners.tenants.get_mut(&self.tenant) else { return };
        if channel.devices.get(&self.device).is_none_or(|listener| listener.number != self.number) {
            return;
        }
        channel.devices.remove(&self.device);
        if channel.devices.is_empty() {
            listeners.tenants.remove(&self.tenant);
        }
        listeners.count -= 1;
    }
}

impl Hub {
    fn lock(&self) -> MutexGuard<'_, Listeners> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hears of the tenant's versions from now on. An earlier stream of the same device ends.
    fn listen(&self, sees: Sees, who: Who) -> Result<Seat> {
        let (Sees { tenant, scope }, device) = (sees, who.device);
        let mut listeners = self.lock();
        let is_known =
            listeners.tenants.get(&tenant).is_some_and(|channel| channel.devices.contains_key(&device));
        let of_tenant = listeners.tenants.get(&tenant).map_or(0, |channel| channel.devices.len());
        if !is_known && of_tenant >= MAX_OF_TENANT {
            return Err(Error::TooManyRequests { retry_after_secs: 60 });
        }
        if !is_known && listeners.count >= MAX_LISTENERS {
            return Err(Error::Unavailable("as many desktops listen as this process takes"));
        }
        listeners.number += 1;
        listeners.count += usize::from(!is_known);
        let (number, line) = (listeners.number, Line::default());
        let channel = listeners.tenants.entry(tenant).or_insert_with(|| Channel {
            heads: watch::Sender::new(0),
            devices: HashMap::new(),
            last: <[Last; 2]>::default(),
        });
        let listener = Listener { number, line: line.clone(), who, scope };
        let earlier = channel.devices.insert(device, listener);
        if let Some(earlier) = earlier {
            earlier.line.ended.cancel();
        }
        let heads = channel.heads.subscribe();
        let last = channel.last_of(scope).clone();
        Ok(Seat { hub: self.clone(), tenant, device, number, line, heads, who, scope, last })
    }

    pub(super) fn who_listens(&self, sees: Sees) -> Vec<Who> {
        let listeners = self.lock();
        let devices =
            listeners.tenants.get(&sees.tenant).into_iter().flat_map(|channel| channel.devices.values());
        devices.filter(|listener| listener.scope == sees.scope).map(|listener| listener.who).collect()
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
        let tenants: Vec<(TenantId, Vec<Uuid>)> = {
            let listeners = self.lock();
            let devices = |channel: &Channel| channel.devices.keys().map(|device| device.0).collect();
            listeners.tenants.iter().map(|(tenant, channel)| (*tenant, devices(channel))).collect()
        };
        for (tenant, devices) in tenants {
            // One that left meanwhile has none, and its streams end by themselves.
            let Some(head) = head(db, tenant).await? else { continue };
            self.tell(tenant, head);
            for device in revoked_of(db, tenant, &devices).await? {
                self.tell_device(tenant, device);
            }
        }
        while let Some(notification) = listener.try_recv().await? {
            let Some((tenant, what)) = notification.payload().split_once(':') else { continue };
            let Ok(tenant) = tenant.parse() else { continue };
            match notification.channel() {
                "clinic_head" => what.parse().map(|head| self.tell(tenant, head)).unwrap_or_default(),
                _ => what.parse().map(|device| self.tell_device(tenant, device)).unwrap_or_default(),
            }
        }
        Ok(())
    }

    fn tell(&self, tenant: TenantId, head: i64) {
        if let Some(channel) = self.lock().tenants.get(&tenant) {
            raise(&channel.heads, head);
        }
    }

    /// The device wrote this version, and hears of that with its answer; the others of its tenant are told.
    pub(super) fn wrote(&self, tenant: TenantId, device: DeviceId, head: i64) {
        if let Some(channel) = self.lock().tenants.get(&tenant) {
            if let Some(listener) = channel.devices.get(&device) {
                listener.line.wrote.store(head, Ordering::SeqCst);
            }
            raise(&channel.heads, head);
        }
    }

    /// Has the event ready for those who hear of a version next and may see the same.
    pub(super) fn ready(&self, sees: Sees, told: Told) {
        if let Some(channel) = self.lock().tenants.get(&sees.tenant) {
            channel.last_of(sees.scope).put(told);
        }
    }

    fn tell_device(&self, tenant: TenantId, device: DeviceId) {
        let listeners = self.lock();
        let channel = listeners.tenants.get(&tenant);
        if let Some(listener) = channel.and_then(|channel| channel.devices.get(&device)) {
            listener.line.ask.notify_one();
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

async fn head(db: &Db, tenant: TenantId) -> Result<Option<i64>> {
    let mut tx = db.read(tenant).await?;
    let head = sqlx::query_scalar!("select version from tenant_sync where tenant_id = $1", tenant.0)
        .fetch_optional(&mut *tx)
        .await?;
    Ok(head)
}

/// Those of the devices that are out of service.
async fn revoked_of(db: &Db, tenant: TenantId, devices: &[Uuid]) -> Result<Vec<DeviceId>> {
    let mut tx = db.read(tenant).await?;
    let revoked = sqlx::query_scalar!(
        "select id from devices where tenant_id = $1 and id = any ($2) and revoked_at is not null",
        tenant.0,
        devices
    )
    .fetch_all(&mut *tx)
    .await?;
    Ok(revoked.into_iter().map(DeviceId).collect())
}

/// A stream of the tenant's newest version: first the one that is, then each that comes, with the rows that the desktop
/// lacks if it said where it is and they are few.
#[tracing::instrument(skip_all)]
pub(crate) async fn live(
    State(state): State<AppState>,
    caller: Caller,
    _: SpokenProtocol,
    Query(query): Query<LiveQuery>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    // Listen first, ask second: what is committed in between is then heard of.
    let who = Who { device: caller.device, user: caller.user, token_version: caller.token_version };
    let sees = Sees { tenant: caller.tenant, scope: caller.scope };
    let mut seat = state.live.listen(sees, who)?;
    let head = head(&state.db, caller.tenant).await?.ok_or(Error::Unauthorized)?;
    state.live.tell(caller.tenant, head);
    if !revoked_of(&state.db, caller.tenant, &[caller.device.0]).await?.is_empty() {
        return Err(Error::DeviceRevoked);
    }
    seat.heads.mark_changed();
    let place = query.epoch.zip(query.after).map(|(epoch, version)| Place { epoch, version });
    if place.is_some() {
        state.audit.record_pull(&state.db, &caller).await?;
    }
    let stop = state.live.stop.clone();
    let listening = state.metrics.listening();
    let life = life(&caller, OffsetDateTime::now_utc());
    let events = async_stream::stream! {
        let _listening = listening;
        let end = tokio::time::sleep(life);
        tokio::pin!(end);
        let (mut place, mut is_first) = (place, true);
        loop {
            let ask_standing = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                () = seat.line.ended.cancelled() => break,
                () = &mut end => break,
                () = seat.line.ask.notified() => true,
                changed = seat.heads.changed() => {
                    if changed.is_err() {
                        break;
                    }
                    false
                }
            };
            let head = *seat.heads.borrow_and_update();
            if let Some(place) = &mut place {
                let wrote = seat.line.wrote.load(Ordering::SeqCst);
                place.version += i64::from(wrote == place.version + 1);
            }
            // Rows that came with the event before may have been newer than it.
            if place.is_some_and(|place| place.version >= head) && !is_first && !ask_standing {
                continue;
            }
            is_first = false;
            let told = match place.filter(|place| place.version < head && !ask_standing) {
                Some(place) => seat.told(&state, place, head).await,
                None => None,
            };
            // Whoever gets no rows pulls them, up to this version at least.
            if let Some(place) = &mut place {
                place.version = told.as_ref().map_or(head, |told| told.head).max(place.version);
            }
            let event = Event::default();
            yield Ok(match told {
                Some(told) => event.data(&told.text),
                None => event
                    .json_data(LiveEvent { head, ask_standing, page: None })
                    .expect("BUG: a number is JSON"),
            });
            if ask_standing {
                break;
            }
        }
    };
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)))
}

/// As long as the token is good, and not much longer than others.
fn life(caller: &Caller, now: OffsetDateTime) -> Duration {
    let chance = getrandom::u32().map_or(0.5, |number| f64::from(number) / f64::from(u32::MAX));
    let token = u64::try_from(caller.token_until - now.unix_timestamp()).unwrap_or(0);
    Duration::from_secs(token).min(LIFE + LIFE_SPREAD.mul_f64(chance))
}

#[cfg(test)]
mod tests {
    use protocol::id::UserId;

    use super::*;

    fn listen(hub: &Hub, tenant: TenantId, device: DeviceId) -> Result<Seat> {
        let who = Who { device, user: UserId::new(), token_version: 0 };
        hub.listen(Sees { tenant, scope: DeviceScope::Clinical }, who)
    }

    #[test]
    fn one_stream_a_device_and_the_newest_wins() {
        let hub = Hub::default();
        let (tenant, device) = (TenantId::new(), DeviceId::new());
        let first = listen(&hub, tenant, device).expect("room");
        let second = listen(&hub, tenant, device).expect("room");
        assert!(first.line.ended.is_cancelled() && !second.line.ended.is_cancelled());
        drop(first);
        assert_eq!(hub.lock().count, 1);
        hub.tell(tenant, 7);
        assert_eq!(*second.heads.borrow(), 7);
        drop(second);
        assert_eq!(hub.lock().count, 0);
        assert!(hub.lock().tenants.is_empty());
    }

    #[test]
    fn one_tenant_leaves_room_for_the_others() {
        let hub = Hub::default();
        let (busy, other) = (TenantId::new(), TenantId::new());
        let mut seats: Vec<Seat> =
            (0..MAX_OF_TENANT).map(|_| listen(&hub, busy, DeviceId::new()).expect("room")).collect();
        assert!(matches!(listen(&hub, busy, DeviceId::new()), Err(Error::TooManyRequests { .. })));
        // Who listens already may come anew, and another tenant is not concerned.
        let device = seats[0].device;
        seats.push(listen(&hub, busy, device).expect("room"));
        seats.push(listen(&hub, other, DeviceId::new()).expect("room"));
        seats.remove(1);
        seats.push(listen(&hub, busy, DeviceId::new()).expect("room again"));
    }

    #[test]
    fn a_process_takes_so_many_listeners_and_no_more() {
        let hub = Hub::default();
        hub.lock().count = MAX_LISTENERS;
        assert!(matches!(listen(&hub, TenantId::new(), DeviceId::new()), Err(Error::Unavailable(_))));
    }

    #[test]
    fn only_the_device_that_is_meant_hears_of_itself() {
        let hub = Hub::default();
        let tenant = TenantId::new();
        let (one, other) = (DeviceId::new(), DeviceId::new());
        let (one_seat, other_seat) =
            (listen(&hub, tenant, one).expect("room"), listen(&hub, tenant, other).expect("room"));
        hub.tell_device(tenant, one);
        hub.tell_device(TenantId::new(), other);
        let asked = |seat: &Seat| futures_util::FutureExt::now_or_never(seat.line.ask.notified()).is_some();
        assert!(asked(&one_seat) && !asked(&other_seat));
    }
}

//! The network between desktops and the server: messages are lost, repeated, late and out of order, streams break in
//! the middle of a line, and an answer can get lost after the server has worked.

use std::io;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt};
use protocol::api::LiveEvent;
use protocol::id::{DeviceId, Epoch, TenantId};
use protocol::mutation::Hash;
use replica::testing::{Answer, Request, Wire};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::sync::{mpsc, oneshot};

use crate::clinic::CLINICAL_MARK;
use crate::dice::Dice;
use crate::server::{PROTOCOL, Reply, Server};
use crate::timeline::{Timeline, lock};

/// A desktop waits so long for an answer.
const TIMEOUT_MS: u64 = 30_000;

/// How bad the network is, in times of a thousand and milliseconds.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Weather {
    /// Messages of either direction that do not arrive.
    pub lost: u64,
    /// Requests that arrive twice.
    pub repeated: u64,
    /// Answers that break off.
    pub cut: u64,
    /// Requests that are late by minutes, and arrive when nobody waits for an answer any more.
    pub stale: u64,
    /// The longest ordinary way.
    pub delay_ms: u64,
}

/// What the network does to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// It does not arrive.
    Lost,
    /// It arrives twice.
    Repeated,
    /// It breaks off.
    Cut,
    /// It arrives when nobody waits for it any more.
    Stale,
}

impl Mishap {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Lost, Self::Repeated, Self::Cut, Self::Stale];

    /// In times of a thousand.
    fn times(self, weather: &Weather) -> u64 {
        match self {
            Self::Lost => weather.lost,
            Self::Repeated => weather.repeated,
            Self::Cut => weather.cut,
            Self::Stale => weather.stale,
        }
    }
}

/// What the network did to messages.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Requests sent.
    pub requests: u64,
    /// How many messages met with each of [`Mishap::ALL`].
    pub mishaps: [u64; Mishap::ALL.len()],
}

/// The network.
#[derive(Clone)]
pub struct Network {
    inner: Arc<Mutex<Inner>>,
    time: Timeline,
    server: Arc<Mutex<Server>>,
}

struct Inner {
    dice: Dice,
    weather: Weather,
    /// Until when each desktop has no line.
    offline_until: Vec<u64>,
    listeners: Vec<Listener>,
    told: Vec<(TenantId, i64)>,
    counts: Counts,
    /// Desktops that must never receive what is clinical.
    front_desks: Vec<usize>,
    /// Which version of the protocol the program of each desktop speaks.
    protocols: Vec<u32>,
    /// Desktops that heard that they are out of service.
    told_revoked: Vec<usize>,
    leaks: Vec<String>,
}

struct Listener {
    number: u64,
    tenant: TenantId,
    device: DeviceId,
    /// Up to where it has everything, as far as this stream told.
    place: Option<(Epoch, i64)>,
    desk: usize,
    sender: Body,
}

type Body = mpsc::UnboundedSender<io::Result<Bytes>>;
type Slot = Arc<Mutex<Option<oneshot::Sender<Answer>>>>;

/// The end of the network at one desktop.
pub struct Line {
    desk: usize,
    network: Network,
}

impl Wire for Line {
    fn send(&self, request: Request) -> BoxFuture<'_, replica::Result<Answer>> {
        let answer = self.network.send(self.desk, request);
        async { answer.await.map_err(|_| replica::Error::ServerUnreachable) }.boxed()
    }
}

impl Network {
    /// A network to this server.
    pub fn new(time: Timeline, server: Arc<Mutex<Server>>, dice: Dice, weather: Weather) -> Self {
        let inner = Inner {
            dice,
            weather,
            offline_until: Vec::new(),
            listeners: Vec::new(),
            told: Vec::new(),
            counts: Counts::default(),
            front_desks: Vec::new(),
            protocols: Vec::new(),
            told_revoked: Vec::new(),
            leaks: Vec::new(),
        };
        Self { inner: Arc::new(Mutex::new(inner)), time, server }
    }

    /// A line for one more desktop.
    pub fn line(&self, desk: usize, is_front_desk: bool) -> Arc<dyn Wire> {
        let mut inner = lock(&self.inner);
        let n_desks = inner.offline_until.len().max(desk + 1);
        inner.offline_until.resize(n_desks, 0);
        inner.protocols.resize(n_desks, PROTOCOL);
        if is_front_desk {
            inner.front_desks.push(desk);
        }
        Arc::new(Line { desk, network: self.clone() })
    }

    /// From now on the program of a desktop is one of this version.
    pub fn update(&self, desk: usize, protocol: u32) {
        if let Some(spoken) = lock(&self.inner).protocols.get_mut(desk) {
            *spoken = protocol;
        }
    }

    /// Desktops that heard since this was last asked that they are out of service.
    pub fn take_revoked(&self) -> Vec<usize> {
        std::mem::take(&mut lock(&self.inner).told_revoked)
    }

    /// Takes the line from a desktop for so long.
    pub fn take_line(&self, desk: usize, ms: u64) {
        let until = self.time.now_ms() + ms;
        let mut inner = lock(&self.inner);
        if let Some(offline) = inner.offline_until.get_mut(desk) {
            *offline = until.max(*offline);
        }
    }

    /// From now on nothing is lost.
    pub fn make_whole(&self) {
        let mut inner = lock(&self.inner);
        inner.weather = Weather { delay_ms: 20, ..Weather::default() };
        inner.offline_until.fill(0);
    }

    /// What it did so far.
    pub fn counts(&self) -> Counts {
        lock(&self.inner).counts
    }

    /// What reached a desktop that must not have it.
    pub fn leaks(&self) -> Vec<String> {
        lock(&self.inner).leaks.clone()
    }

    /// Ends every stream: the server's process is gone.
    pub fn break_streams(&self) {
        lock(&self.inner).listeners.clear();
    }

    /// Tells a computer's stream that something was said of that computer, and ends it.
    pub fn end_stream_of(&self, device: DeviceId) {
        lock(&self.inner).listeners.retain(|listener| listener.device != device);
    }

    fn is_offline(&self, desk: usize) -> bool {
        let now = self.time.now_ms();
        lock(&self.inner).offline_until.get(desk).is_some_and(|until| *until > now)
    }

    /// Whether a message meets with this.
    fn meets(&self, mishap: Mishap) -> bool {
        let mut inner = lock(&self.inner);
        let times = mishap.times(&inner.weather);
        let hit = inner.dice.per_mille(times);
        inner.counts.mishaps[mishap as usize] += u64::from(hit);
        hit
    }

    fn delay(&self) -> u64 {
        let mut inner = lock(&self.inner);
        let longest = inner.weather.delay_ms;
        // Most are quick, some are not: that is what brings them out of order.
        let slow = if inner.dice.per_mille(100) { 20 } else { 1 };
        1 + inner.dice.below(longest * slow + 1)
    }

    fn send(&self, desk: usize, mut request: Request) -> oneshot::Receiver<Answer> {
        let (sender, receiver) = oneshot::channel();
        request.protocol = lock(&self.inner).protocols.get(desk).copied().unwrap_or(PROTOCOL);
        let slot: Slot = Arc::new(Mutex::new(Some(sender)));
        lock(&self.inner).counts.requests += 1;
        let shown = request.path.split('?').next().unwrap_or_default().to_owned();
        self.time.note(&format!("desk {desk} asks {shown} {}", hash(&request.body)));
        let waiting = Arc::clone(&slot);
        if self.is_offline(desk) {
            self.time.after(1 + self.delay(), move || drop(lock(&waiting).take()));
            return receiver;
        }
        self.time.after(TIMEOUT_MS, move || drop(lock(&waiting).take()));
        let is_live = shown == "v1/sync/live";
        let n_copies = 1 + u64::from(!is_live && self.meets(Mishap::Repeated));
        for _ in 0..n_copies {
            if self.meets(Mishap::Lost) {
                continue;
            }
            let late = if !is_live && self.meets(Mishap::Stale) { 4 * TIMEOUT_MS } else { 0 };
            let (network, request, slot) = (self.clone(), request.clone(), Arc::clone(&slot));
            self.time.after(self.delay() + late, move || network.arrive(desk, &request, &slot));
        }
        receiver
    }

    fn arrive(&self, desk: usize, request: &Request, slot: &Slot) {
        if self.is_offline(desk) {
            return;
        }
        let reply = lock(&self.server).handle(self.time.now(), request);
        self.tell_heads();
        let Some(reply) = reply else { return };
        self.time.note(&format!("the server answers desk {desk} {} {}", reply.status, hash(&reply.body)));
        if self.meets(Mishap::Lost) {
            return;
        }
        let (network, slot) = (self.clone(), Arc::clone(slot));
        self.time.after(self.delay(), move || network.deliver(desk, reply, &slot));
    }

    fn deliver(&self, desk: usize, reply: Reply, slot: &Slot) {
        let Some(waiting) = lock(slot).take().filter(|_| !self.is_offline(desk)) else { return };
        self.look_for_leaks(desk, &reply.body);
        if reply.status == 403 && String::from_utf8_lossy(&reply.body).contains("device_revoked") {
            lock(&self.inner).told_revoked.push(desk);
        }
        let (sender, receiver) = mpsc::unbounded_channel();
        let body = futures_util::stream::unfold(receiver, |mut receiver: mpsc::UnboundedReceiver<_>| async {
            receiver.recv().await.map(|part| (part, receiver))
        });
        let answer = Answer { status: reply.status, kind: reply.kind.to_owned(), body: body.boxed() };
        if waiting.send(answer).is_err() {
            return;
        }
        match reply.live {
            Some(live) => {
                let told = self.told((live.tenant, live.device), live.place, live.head);
                self.look_for_leaks(desk, &told);
                sender.send(Ok(told)).ok();
                let device = live.device;
                // One stream a device, of which the newest goes on.
                self.end_stream_of(device);
                let number = lock(&self.inner).counts.requests;
                let place = live.place.map(|(epoch, version)| (epoch, version.max(live.head)));
                let listener = Listener { number, tenant: live.tenant, device, place, desk, sender };
                lock(&self.inner).listeners.push(listener);
                let network = self.clone();
                self.time.after(live.ms, move || {
                    lock(&network.inner).listeners.retain(|listener| listener.number != number);
                });
            }
            None => self.stream(reply.body, sender),
        }
    }

    /// Lets a body arrive piece by piece, and perhaps not all of it.
    fn stream(&self, body: Vec<u8>, sender: Body) {
        let is_cut = self.meets(Mishap::Cut);
        let mut places = {
            let mut inner = lock(&self.inner);
            let n_pieces = 1 + inner.dice.below(3);
            (0..n_pieces).map(|_| inner.dice.below(body.len() as u64 + 1) as usize).collect::<Vec<_>>()
        };
        places.sort_unstable();
        if !is_cut {
            places.push(body.len());
        }
        let (mut start, mut at) = (0, 0);
        for end in places {
            let piece = Bytes::copy_from_slice(&body[start..end]);
            start = end;
            let sender = sender.clone();
            self.time.after(at, move || drop(sender.send(Ok(piece))));
            at += self.delay();
        }
        // Some lines end, others break: to the desktop both are an answer that is not whole.
        if is_cut && lock(&self.inner).dice.per_mille(500) {
            let error = io::Error::from(io::ErrorKind::ConnectionReset);
            self.time.after(at, move || drop(sender.send(Err(error))));
        } else {
            self.time.after(at, move || drop(sender));
        }
    }

    /// Tells whoever listens that there is news.
    pub fn tell_heads(&self) {
        let heads = lock(&self.server).heads();
        for (tenant, head) in heads {
            let mut inner = lock(&self.inner);
            if inner.told.contains(&(tenant, head)) {
                continue;
            }
            inner.told.retain(|(known, _)| *known != tenant);
            inner.told.push((tenant, head));
            let mut all = Vec::new();
            for listener in inner.listeners.iter_mut().filter(|listener| listener.tenant == tenant) {
                all.push((listener.device, listener.place, listener.desk, listener.sender.clone()));
                listener.place = listener.place.map(|(epoch, version)| (epoch, version.max(head)));
            }
            drop(inner);
            for (device, place, desk, sender) in all {
                let told = self.told((tenant, device), place, head);
                self.look_for_leaks(desk, &told);
                if self.meets(Mishap::Lost) {
                    let mut inner = lock(&self.inner);
                    inner.listeners.retain(|listener| !listener.sender.same_channel(&sender));
                    continue;
                }
                self.time.after(self.delay(), move || drop(sender.send(Ok(told))));
            }
        }
    }

    /// An event of this head, with what a device lacks that is there if it is little.
    fn told(&self, who: (TenantId, DeviceId), place: Option<(Epoch, i64)>, head: i64) -> Bytes {
        let place = place.filter(|(_, version)| *version < head);
        let told = place.and_then(|place| lock(&self.server).told(self.time.now(), who, place));
        let event = told.unwrap_or(LiveEvent { head, ask_standing: false, page: None });
        Bytes::from(format!("data: {}\n\n", serde_json::to_string(&event).unwrap_or_default()))
    }

    fn look_for_leaks(&self, desk: usize, body: &[u8]) {
        let mut inner = lock(&self.inner);
        if inner.front_desks.contains(&desk) && String::from_utf8_lossy(body).contains(CLINICAL_MARK) {
            inner.leaks.push(format!("desk {desk}, at the front desk, was sent something clinical"));
        }
    }
}

fn hash(bytes: &[u8]) -> String {
    Hash(Sha256::digest(bytes).into()).to_string()[..8].to_owned()
}

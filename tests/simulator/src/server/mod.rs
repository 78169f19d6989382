//! A server in memory. It speaks the messages of `protocol::api` and decides with the rules of `protocol`; what the
//! real one leaves to Postgres (transactions, foreign keys, triggers) is done by hand.

pub(crate) mod again;
mod farewell;
mod files;
mod fill;
mod handover;
mod items;
mod mistake;
mod opened;
mod pull;
mod push;
mod quarantine;
mod query;
mod restore;
mod settle;
mod sign;
mod standing;
mod surprise;
mod tenant;
mod tokens;

use std::collections::BTreeMap;

use protocol::api::{DeviceScope, Recollection};
use protocol::audit::{DeskEvents, DeskEventsKept};
use protocol::error::{ErrorCode, Problem};
use protocol::id::{DeviceId, Epoch, TenantId};
use protocol::log_end::{KnownEnds, LogEnds};
use protocol::table::Row;
use replica::testing::Request;
use serde::Serialize;
use serde::de::DeserializeOwned;
use time::OffsetDateTime;

pub use again::charts;
pub use files::Files;
pub use mistake::{Mistake, Stop};
pub use pull::{FUTURE_COLUMN, FUTURE_TABLE};
use query::Query;
pub use tenant::{Device, Entry, Held, Key, Merging, Person, Rows, Tenant, seen};
use tokens::{Challenges, Token};

/// An answer.
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The media type.
    pub kind: &'static str,
    /// The body; of a live stream it has no end, and comes otherwise.
    pub body: Vec<u8>,
    /// What the stream is, if it is one.
    pub live: Option<Live>,
}

/// A stream of live events.
pub struct Live {
    /// Whose head it tells.
    pub tenant: TenantId,
    /// Who listens.
    pub device: DeviceId,
    /// The head now.
    pub head: i64,
    /// Up to where the device has everything, if it said that.
    pub place: Option<(Epoch, i64)>,
    /// It ends after so many milliseconds.
    pub ms: u64,
}

/// A refusal of a whole request.
#[derive(Debug)]
pub(crate) struct Refused(u16, ErrorCode, &'static str);

type Result<T> = std::result::Result<T, Refused>;

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller {
    tenant: TenantId,
    device: DeviceId,
    scope: DeviceScope,
    /// How long their token is still good, in milliseconds.
    left_ms: u64,
}

/// The server.
pub struct Server {
    tenants: BTreeMap<TenantId, Tenant>,
    catalogue: Vec<Row>,
    tokens: BTreeMap<String, Token>,
    challenges: Challenges,
    serial: u64,
    backup: BTreeMap<TenantId, Tenant>,
    /// Desktops that were enrolled after the backup from which it was restored.
    unknown: BTreeMap<(TenantId, DeviceId), Device>,
    /// Desktops of an earlier version are given nothing before they are updated.
    pub oldest_protocol: u32,
    /// At most this many rows on a page of a pull.
    pub page: usize,
    /// It does not answer.
    pub is_down: bool,
    /// It stops before it commits the next push that has something new, or right after.
    pub stops: Option<Stop>,
    /// The device that is taken out of service within its next push that has something new.
    pub revokes: Option<(DeviceId, Stop)>,
    /// Of the next piece of a file its disk gives back another byte than it was given, at this place.
    pub spoils: Option<u64>,
    /// Of so many pieces it did.
    pub n_spoilt: u64,
    /// Of the next file that somebody opens its disk gives back another byte, at this place.
    pub spoils_given: Option<u64>,
    /// For how many days desktops work without contact.
    pub offline_days: u8,
    /// It is of a later version: it sends a table and a column that desktops do not know.
    pub is_newer: bool,
    /// What it does wrong.
    pub mistake: Option<Mistake>,
}

/// The version of the protocol that all desktops speak in the beginning.
pub const PROTOCOL: u32 = protocol::PROTOCOL_VERSION;

impl Server {
    /// A server without tenants.
    pub fn new(catalogue: Vec<Row>) -> Self {
        Self {
            tenants: BTreeMap::new(),
            catalogue,
            tokens: BTreeMap::new(),
            challenges: Challenges::default(),
            serial: 0,
            backup: BTreeMap::new(),
            unknown: BTreeMap::new(),
            oldest_protocol: PROTOCOL,
            page: 5_000,
            is_down: false,
            stops: None,
            revokes: None,
            spoils: None,
            n_spoilt: 0,
            spoils_given: None,
            offline_days: 14,
            is_newer: false,
            mistake: None,
        }
    }

    /// Takes a tenant in.
    pub fn add(&mut self, tenant: Tenant) {
        self.tenants.insert(tenant.id, tenant);
    }

    /// All of them.
    pub fn tenants(&self) -> impl Iterator<Item = &Tenant> {
        self.tenants.values()
    }

    /// A tenant's data.
    pub fn tenant(&self, id: TenantId) -> &Tenant {
        self.tenants.get(&id).expect("BUG: a tenant of the run")
    }

    /// A tenant's data, to change it from outside.
    pub fn tenant_mut(&mut self, id: TenantId) -> &mut Tenant {
        self.tenants.get_mut(&id).expect("BUG: a tenant of the run")
    }

    /// The catalogue.
    pub fn catalogue(&self) -> &[Row] {
        &self.catalogue
    }

    fn catalogue_version(&self) -> i64 {
        self.catalogue.iter().map(|row| row.version).max().unwrap_or(0)
    }

    /// Every tenant's version.
    pub fn heads(&self) -> Vec<(TenantId, i64)> {
        self.tenants.values().map(|tenant| (tenant.id, tenant.version)).collect()
    }

    /// Every access token stops: the server's key was changed.
    pub fn forget_tokens(&mut self) {
        self.tokens.clear();
    }

    fn next(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// Works on a request. Nothing comes of one while the server is down, or when it stops in the middle.
    pub fn handle(&mut self, now: OffsetDateTime, request: &Request) -> Option<Reply> {
        if self.is_down {
            return None;
        }
        let answer = self.answer(now, request);
        if self.is_down {
            return None;
        }
        Some(answer.unwrap_or_else(|Refused(status, code, detail)| {
            let problem = Problem {
                kind: "about:blank".into(),
                status,
                code,
                detail: detail.into(),
                server_time: None,
            };
            let body = serde_json::to_vec(&problem).unwrap_or_default();
            Reply { status, kind: "application/problem+json", body, live: None }
        }))
    }

    fn answer(&mut self, now: OffsetDateTime, request: &Request) -> Result<Reply> {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        match path {
            "v1/auth/challenge" => return self.challenge(now, &body(request)?),
            "v1/auth/login" => return self.login(now, &body(request)?),
            "v1/auth/refresh" => return self.refresh(now, &body(request)?),
            "v1/devices/standing" => return self.standing(now, &body(request)?),
            "v1/devices/handover" => return self.handover(now, &body(request)?),
            "v1/devices/farewell" => return self.farewell(now, &body(request)?),
            "v1/devices/wiped" => return self.wiped(&body(request)?),
            _ => {}
        }
        let caller = self.caller(now, request)?;
        let query = Query::parse(query);
        let is_of_sync = path.starts_with("v1/sync/");
        // What people did is taken from every desktop, and from where it goes on is told to every desktop.
        if is_of_sync && !matches!(path, "v1/sync/push" | "v1/sync/epoch" | "v1/sync/restored") {
            self.must_speak(request)?;
        }
        match path {
            "v1/sync/push" => self.push(now, caller, &body(request)?),
            "v1/sync/receipts" => self.receipts(caller, &body(request)?),
            "v1/sync/pull" => self.pull(now, caller, &query),
            "v1/sync/bootstrap" => self.bootstrap(now, caller, &query),
            "v1/sync/digest" => self.digest(caller, &query),
            "v1/sync/rows" => self.rows(caller, &body(request)?),
            "v1/sync/epoch" => self.epoch(caller),
            "v1/sync/restored" => self.recall(caller, &body(request)?),
            "v1/sync/live" => {
                let head = self.tenant(caller.tenant).version;
                let place = query.epoch().ok().map(|epoch| (epoch, query.number("after")));
                let (tenant, device, ms) = (caller.tenant, caller.device, caller.left_ms);
                let live = Live { tenant, device, head, place, ms };
                Ok(Reply { status: 200, kind: "text/event-stream", body: Vec::new(), live: Some(live) })
            }
            path if path.starts_with("v1/dental_attachments/") => self.attachment(caller, request, &query),
            "v1/audit/events" => self.events(caller, &body(request)?),
            "v1/audit/ends" => {
                let known: KnownEnds = body(request)?;
                json(&LogEnds { known: known.known.iter().map(|_| None).collect(), ends: Vec::new() })
            }
            _ => Err(Refused(404, ErrorCode::NotFound, "There is no such thing here.")),
        }
    }

    fn events(&mut self, caller: Caller, request: &DeskEvents) -> Result<Reply> {
        let device = self.device_mut(caller)?;
        let mut previous = request.previous_hash;
        for chained in &request.events {
            let event = chained.open(previous).ok_or(Refused(422, ErrorCode::Invalid, "No such event."))?;
            if event.sequence == device.events.0 + 1 {
                if previous != device.events.1 {
                    return Err(Refused(409, ErrorCode::DeviceCopied, "This computer was copied."));
                }
                device.events = (event.sequence, chained.hash);
            }
            previous = chained.hash;
        }
        json(&DeskEventsKept { last: device.events.0 })
    }

    /// What a desktop tells after a restore; only which rows it alone has is looked at here.
    fn recall(&mut self, caller: Caller, request: &Recollection) -> Result<Reply> {
        must_be_of(self.tenant(caller.tenant), request.epoch)?;
        if let Some(order) = &request.lease {
            let lease = standing::given(order, (caller.tenant, caller.device));
            let detail = "This server did not give that lease.";
            let lease = lease.ok_or(Refused(422, ErrorCode::Invalid, detail))?;
            self.device_mut(caller)?.known.extend(lease.people.iter().map(|person| person.user_id));
        }
        if let Some(only_here) = &request.only_here {
            let rows = only_here.iter().map(|rows| rows.rows).sum();
            self.device_mut(caller)?.only_here = Some((request.epoch, rows));
        }
        Ok(Reply { status: 204, kind: "", body: Vec::new(), live: None })
    }

    fn must_speak(&self, request: &Request) -> Result<()> {
        if request.protocol >= self.oldest_protocol {
            return Ok(());
        }
        Err(Refused(426, ErrorCode::UpgradeRequired, "This program is too old for the server."))
    }

    fn device_mut(&mut self, caller: Caller) -> Result<&mut Device> {
        let tenant = self.tenants.get_mut(&caller.tenant).ok_or(unauthorized())?;
        tenant.devices.get_mut(&caller.device).ok_or(unauthorized())
    }
}

fn must_be_of(tenant: &Tenant, epoch: Epoch) -> Result<()> {
    must_not_be_held(tenant)?;
    if tenant.epoch == epoch {
        return Ok(());
    }
    Err(Refused(409, ErrorCode::EpochChanged, "The server's data was restored."))
}

fn must_not_be_held(tenant: &Tenant) -> Result<()> {
    if tenant.is_held {
        Err(Refused(409, ErrorCode::EpochHeld, "The data is being looked at."))
    } else {
        Ok(())
    }
}

fn unauthorized() -> Refused {
    Refused(401, ErrorCode::Unauthorized, "Sign in again.")
}

fn broken() -> Refused {
    Refused(500, ErrorCode::Internal, "The server made a mistake.")
}

fn json(value: &impl Serialize) -> Result<Reply> {
    let body = serde_json::to_vec(value).map_err(|_| broken())?;
    Ok(Reply { status: 200, kind: "application/json", body, live: None })
}

fn body<T: DeserializeOwned>(request: &Request) -> Result<T> {
    let invalid = Refused(400, ErrorCode::Invalid, "The body is not the JSON that belongs here.");
    let parsed = if request.is_compressed {
        zstd::decode_all(request.body.as_slice()).ok().and_then(|text| serde_json::from_slice(&text).ok())
    } else {
        serde_json::from_slice(&request.body).ok()
    };
    parsed.ok_or(invalid)
}

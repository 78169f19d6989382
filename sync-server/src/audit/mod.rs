//! The audit log: who read, wrote, signed, exported, came in or failed to. What is written to tables is logged by
//! the database itself, whoever writes; here is the rest, and all that reads the log.

/// Entries as they are hashed.
pub mod chain;
/// `clinic-sync audit …`.
pub mod command;
/// What desktops tell.
pub mod desk;
/// What desktops know of the log.
pub mod ends;
/// Signed ends of lanes.
pub mod heads;
/// `GET /v1/audit`.
pub mod read;
/// Finds what was changed, removed or put in.
pub mod verify;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ed25519_dalek::VerifyingKey;
use protocol::audit::Action;
use protocol::id::{DeviceId, TenantId, UserId};
use serde_json::Value;
use sqlx::PgConnection;
use time::OffsetDateTime;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::Db;
use crate::auth::Caller;
use crate::error::Result;
use heads::AuditKey;

/// A desktop pulls every few seconds; one entry for each person on it says as much in this time.
const PULL_EVERY: Duration = Duration::from_mins(15);
/// So many pulls are remembered at most.
const MOST_PULLS: usize = 20_000;

/// The chain to which an entry is added. An entry holds its lane until the transaction ends, so it is recorded
/// last. Written rows have lanes of their own, which the database fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Of the tenant's writers; only within a `TenantWriteTx`.
    Writes,
    /// Of the operator's commands.
    Operator,
    /// Of one server process.
    Server(Uuid),
    /// Of one desktop.
    Device(DeviceId),
}

impl Lane {
    fn name(self) -> String {
        match self {
            Self::Writes => "writes".to_owned(),
            Self::Operator => "operator".to_owned(),
            Self::Server(process) => format!("server:{process}"),
            Self::Device(device) => format!("device:{device}"),
        }
    }
}

/// What is to be recorded. The server's clock, the number and the hashes are the database's to give.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    /// What was done.
    pub action: Action,
    /// Who did it.
    pub user: Option<UserId>,
    /// On which desktop.
    pub device: Option<DeviceId>,
    /// In which clinic.
    pub clinic: Option<Uuid>,
    /// In which table.
    pub table: Option<&'a str>,
    /// To which row.
    pub record: Option<Uuid>,
    /// Whose record it is.
    pub patient: Option<Uuid>,
    /// Counts and names; nothing clinical.
    pub changes: Option<Value>,
    /// Why, in at most 300 characters.
    pub reason: Option<&'a str>,
    /// When it happened, by the clock of the desktop that tells of it.
    pub occurred_at: Option<OffsetDateTime>,
    /// Of the program on that desktop; asked for where it is not said.
    pub app_version: Option<&'a str>,
}

impl<'a> Event<'a> {
    /// Nothing but what was done.
    pub fn new(action: Action) -> Self {
        Self {
            action,
            user: None,
            device: None,
            clinic: None,
            table: None,
            record: None,
            patient: None,
            changes: None,
            reason: None,
            occurred_at: None,
            app_version: None,
        }
    }

    /// What whoever sent the request did.
    pub fn by(caller: &'a Caller, action: Action) -> Self {
        Self {
            user: Some(caller.user),
            device: Some(caller.device),
            clinic: Some(caller.clinic.0),
            app_version: Some(&caller.app_version),
            ..Self::new(action)
        }
    }
}

/// Adds an entry to the tenant's log. It stays if the transaction is committed.
pub async fn record(tx: &mut PgConnection, tenant: TenantId, lane: Lane, event: &Event<'_>) -> Result<()> {
    let app_version = match (event.app_version, event.device) {
        (Some(version), _) => Some(version.to_owned()),
        (None, Some(device)) => {
            sqlx::query_scalar!(
                "select app_version from devices where tenant_id = $1 and id = $2",
                tenant.0,
                device.0
            )
            .fetch_optional(&mut *tx)
            .await?
        }
        (None, None) => None,
    };
    sqlx::query!(
        "insert into tenant_audit_log (tenant_id, lane, action, user_id, device_id, clinic_id, table_name,
                                       record_id, patient_id, changes, reason, occurred_at,
                                       app_version)
         values ($1, $2::text, $3::text, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        tenant.0,
        lane.name(),
        event.action.as_str(),
        event.user.map(|user| user.0),
        event.device.map(|device| device.0),
        event.clinic,
        event.table,
        event.record,
        event.patient,
        event.changes,
        event.reason,
        event.occurred_at,
        app_version
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Whose doing a transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// This person's.
    Person(UserId),
    /// Of each synced row, that of the person in its `updated_by`, on the desktop in its `origin_device_id`.
    OfEachRow,
}

/// Says whose doing it is what this transaction writes from now on. Without it, entries name only the database's
/// login.
pub async fn set_actor(tx: &mut PgConnection, actor: Actor) -> Result<()> {
    let actor = match actor {
        Actor::Person(user) => user.to_string(),
        Actor::OfEachRow => "row".to_owned(),
    };
    sqlx::query!("select clinic.set_actor($1)", actor).execute(tx).await?;
    Ok(())
}

/// What the handlers need.
#[derive(Clone, Debug)]
pub struct Audit(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    lane: Lane,
    key: Option<AuditKey>,
    pulls: Mutex<HashMap<(TenantId, DeviceId, UserId), Instant>>,
    /// How many entries each tenant got since its lanes' ends were signed.
    unsigned: Mutex<HashMap<TenantId, usize>>,
    many_unsigned: Notify,
}

impl Audit {
    /// A new lane. Without a key the ends of lanes are not signed.
    pub fn new(key: Option<AuditKey>) -> Self {
        Self(Arc::new(Inner {
            lane: Lane::Server(Uuid::now_v7()),
            key,
            pulls: Mutex::default(),
            unsigned: Mutex::default(),
            many_unsigned: Notify::new(),
        }))
    }

    /// This process's.
    pub fn lane(&self) -> Lane {
        self.0.lane
    }

    /// By which signed ends are known.
    pub fn public_key(&self) -> Option<VerifyingKey> {
        self.0.key.as_ref().map(AuditKey::public)
    }

    /// Adds an entry to this process's lane, in a transaction of its own.
    pub async fn record(&self, db: &Db, tenant: TenantId, event: &Event<'_>) -> Result<()> {
        let mut tx = db.write_unsynced(tenant).await?;
        record(&mut tx, tenant, self.lane(), event).await?;
        tx.commit().await?;
        self.added(tenant, 1);
        Ok(())
    }

    /// Notes a pull: once in a while for each person on each desktop.
    pub async fn record_pull(&self, db: &Db, caller: &Caller) -> Result<()> {
        let key = (caller.tenant, caller.device, caller.user);
        let now = Instant::now();
        let is_recent = |at: &Instant| now.saturating_duration_since(*at) < PULL_EVERY;
        if lock(&self.0.pulls).get(&key).is_some_and(is_recent) {
            return Ok(());
        }
        self.record(db, caller.tenant, &Event::by(caller, Action::SyncPull)).await?;
        let mut pulls = lock(&self.0.pulls);
        if pulls.len() >= MOST_PULLS {
            pulls.retain(|_, at| is_recent(at));
        }
        if pulls.len() >= MOST_PULLS {
            pulls.clear();
        }
        pulls.insert(key, now);
        Ok(())
    }

    /// Notes that a tenant got about so many entries that are not signed yet.
    pub fn added(&self, tenant: TenantId, entries: usize) {
        let mut unsigned = lock(&self.0.unsigned);
        let count = unsigned.entry(tenant).or_default();
        *count += entries;
        if *count >= heads::SIGN_AFTER {
            self.0.many_unsigned.notify_one();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! `POST /v1/audit/events`: what people did with the copy on their desktop. The desktop chains its events; here they
//! go into a lane of their own, so that neither side can change them unseen.

use axum::extract::State;
use protocol::audit::{DeskEvent, DeskEvents, DeskEventsKept, MAX_DESK_EVENTS};
use protocol::form::is_moment;
use protocol::id::UserId;
use protocol::mutation::Hash;
use serde_json::json;
use sqlx::PgConnection;

use super::{Event, Lane};
use crate::AppState;
use crate::auth::Caller;
use crate::error::{Error, Json, Result};
use crate::sync::log;

/// How far the server has come with a desktop's events.
struct Progress {
    sequence: i64,
    hash: Hash,
}

/// An event, its hash, and that of the one before it.
struct Opened {
    event: DeskEvent,
    previous: Hash,
    hash: Hash,
}

/// Keeps what is new of the events. Those that came before are left out, so that a repeat changes nothing.
#[tracing::instrument(skip_all, fields(tenant = %caller.tenant, device = %caller.device))]
pub(crate) async fn keep(
    State(state): State<AppState>,
    caller: Caller,
    Json(request): Json<DeskEvents>,
) -> Result<Json<DeskEventsKept>> {
    if request.events.len() > MAX_DESK_EVENTS {
        return Err(Error::Invalid("These are more events than one request may bring."));
    }
    let events = open(&request)?;
    let lane = Lane::Device(caller.device);
    let mut tx = state.db.write_unsynced(caller.tenant).await?;
    let mut progress = lock(&mut tx, &caller, lane).await?;
    let mut kept = 0;
    for Opened { event, previous, hash } in &events {
        if event.sequence <= progress.sequence {
            continue;
        }
        let follows = progress.sequence.checked_add(1) == Some(event.sequence);
        if follows && *previous != progress.hash {
            return Err(Error::DeviceCopied);
        }
        if !was_here(&mut tx, &caller, event.user).await? {
            return Err(Error::Invalid("An event names a person who has not signed in on this computer."));
        }
        let mut changes = json!({ "sequence": event.sequence, "hash": hash.to_string() });
        // A server that was restored has lost some; then the chain goes on behind them.
        if !follows {
            changes["missing_before"] = true.into();
        }
        let entry = Event {
            user: Some(event.user),
            table: event.table.map(protocol::table::TableName::as_str),
            record: event.record,
            patient: event.patient.map(|patient| patient.0),
            changes: Some(changes),
            occurred_at: Some(event.at),
            ..Event::by(&caller, event.action)
        };
        super::record(&mut tx, caller.tenant, lane, &entry).await?;
        progress = Progress { sequence: event.sequence, hash: *hash };
        kept += 1;
    }
    tx.commit().await?;
    state.audit.added(caller.tenant, kept);
    Ok(Json(DeskEventsKept { last: progress.sequence }))
}

/// The events, each behind the one before it.
fn open(request: &DeskEvents) -> Result<Vec<Opened>> {
    let mut previous = request.previous_hash;
    let mut events: Vec<Opened> = Vec::new();
    for chained in &request.events {
        let event = chained.open(previous).filter(|event| {
            let follows = |last: &Opened| last.event.sequence.checked_add(1) == Some(event.sequence);
            is_moment(event.at) && events.last().map_or(event.sequence > 0, follows)
        });
        let event = event.ok_or(Error::Invalid("An event does not follow the one before it."))?;
        events.push(Opened { event, previous, hash: chained.hash });
        previous = chained.hash;
    }
    Ok(events)
}

/// The last event that is kept of this desktop. Nobody else adds to its lane until the transaction ends.
async fn lock(tx: &mut PgConnection, caller: &Caller, lane: Lane) -> Result<Progress> {
    let last = sqlx::query!(
        r#"select seq as "seq!" from clinic.lock_audit_lane($1, $2)"#,
        caller.tenant.0,
        lane.name()
    )
    .fetch_one(&mut *tx)
    .await?;
    let row = sqlx::query!(
        r#"select (changes ->> 'sequence')::bigint as sequence, changes ->> 'hash' as hash
           from tenant_audit_log where tenant_id = $1 and lane = $2::text and seq = $3"#,
        caller.tenant.0,
        lane.name(),
        last.seq
    )
    .fetch_optional(tx)
    .await?;
    Ok(Progress {
        sequence: row.as_ref().and_then(|row| row.sequence).unwrap_or(0),
        hash: row.and_then(|row| row.hash).and_then(|hash| Hash::parse(&hash)).unwrap_or(Hash::ZERO),
    })
}

/// Whether somebody signed in on the caller's computer, or on one that it was before: what people looked at there is told
/// by this one.
async fn was_here(tx: &mut PgConnection, caller: &Caller, user: UserId) -> Result<bool> {
    let mut device = caller.device;
    loop {
        let found = sqlx::query_scalar!(
            "select 1 from device_users where tenant_id = $1 and device_id = $2 and user_id = $3",
            caller.tenant.0,
            device.0,
            user.0
        )
        .fetch_optional(&mut *tx)
        .await?;
        if found.is_some() {
            return Ok(true);
        }
        match log::original(tx, caller.tenant, device).await? {
            Some((original, _)) => device = original,
            None => return Ok(false),
        }
    }
}

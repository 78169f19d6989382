//! Mutations that wait for a person: what waits behind them, and what became of them.

use protocol::api::{Fate, Receipt};
use protocol::error::Refusal;
use protocol::form;
use protocol::id::{DeviceId, TenantId, UserId};
use protocol::mutation::{Hash, Mutation, SignedMutation};
use protocol::settlement::Gone;
use sqlx::PgConnection;
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::log::to_text;
use super::people::{Judged, said};
use super::session::Session;
use crate::error::Result;

/// A mutation that was set aside.
#[derive(Debug)]
pub(super) struct Aside {
    pub(super) device: DeviceId,
    pub(super) sequence: i64,
    /// Where it stands among the device's.
    pub(super) place: i64,
    /// Whether a person has seen to it already.
    pub(super) is_settled: bool,
    /// Whether its device is out of service.
    pub(super) is_lost: bool,
    /// Whether what it says was deleted.
    pub(super) hash: Hash,
    pub(super) author: UserId,
    /// When it was done, as far as that is believed; none where that was not noted.
    pub(super) done_at: Option<OffsetDateTime>,
    /// Why not, if it is not of a form that this server takes.
    pub(super) mutation: Result<Mutation, Refusal>,
    /// As it came; without its text if that was forgotten.
    pub(super) signed: SignedMutation,
    pub(super) received_at: OffsetDateTime,
    /// Why it was refused, in words.
    pub(super) detail: Option<String>,
    pub(super) code: Option<String>,
}

impl Aside {
    /// By which roles it is judged when it is tried once more.
    pub(super) fn judged(&self, mutation: &Mutation, now: OffsetDateTime, is_let_in: bool) -> Judged {
        let at = self.done_at.unwrap_or_else(|| said(mutation, now));
        if is_let_in { Judged::ThenOrNow(at) } else { Judged::ThenAndNow(at) }
    }
}

/// One that was set aside, if there is such a one, locked.
pub(super) async fn lock(
    tx: &mut PgConnection,
    tenant: TenantId,
    device: DeviceId,
    sequence: i64,
) -> Result<Option<Aside>> {
    sqlx::query_scalar!(
        "select sequence from sync_quarantine where tenant_id = $1 and device_id = $2 and sequence = $3 for update",
        tenant.0,
        device.0,
        sequence
    )
    .fetch_optional(&mut *tx)
    .await?;
    find(tx, tenant, device, sequence).await
}

/// One that was set aside, if there is such a one.
pub(super) async fn find(
    tx: &mut PgConnection,
    tenant: TenantId,
    device: DeviceId,
    sequence: i64,
) -> Result<Option<Aside>> {
    let row = sqlx::query!(
        r#"select coalesce(q.place, q.sequence) as "place!", q.resolved_at is not null as "is_settled!", q.code,
                  coalesce(q.detail, m.detail) as detail, m.hash, m.previous_hash, m.signature, m.own_signature,
                  m.actor_user_id, m.done_at, m.received_at, coalesce(q.body, m.body) as "body!",
                  d.revoked_at is not null as "is_lost!"
           from sync_quarantine q
           join sync_mutations m
             on m.tenant_id = q.tenant_id and m.device_id = q.device_id and m.sequence = q.sequence
           join devices d on d.tenant_id = q.tenant_id and d.id = q.device_id
           where q.tenant_id = $1 and q.device_id = $2 and q.sequence = $3"#,
        tenant.0,
        device.0,
        sequence
    )
    .fetch_optional(tx)
    .await?;
    Ok(row.map(|row| Aside {
        device,
        sequence,
        place: row.place,
        is_settled: row.is_settled,
        is_lost: row.is_lost,
        hash: Hash::parse(&row.hash).unwrap_or(Hash::ZERO),
        author: UserId(row.actor_user_id),
        done_at: row.done_at,
        mutation: form::read(&row.body),
        received_at: row.received_at,
        signed: SignedMutation {
            previous_hash: Hash::parse(&row.previous_hash).unwrap_or(Hash::ZERO),
            hash: Hash::parse(&row.hash).unwrap_or(Hash::ZERO),
            body: row.body,
            signature: row.signature,
            own_signature: row.own_signature,
        },
        detail: row.detail,
        code: row.code,
    }))
}

/// Those of devices out of service that wait by themselves and are not before the admins yet.
pub(super) async fn lost(tx: &mut PgConnection, tenant: TenantId) -> Result<Vec<(DeviceId, i64)>> {
    let found = sqlx::query!(
        "select q.device_id, q.sequence from sync_quarantine q
         join devices d on d.tenant_id = $1 and d.id = q.device_id and d.revoked_at is not null
         where q.tenant_id = $1 and q.resolved_at is null and q.blocked_by is null and q.before_admins_at is null
         order by q.device_id, q.sequence",
        tenant.0
    )
    .fetch_all(tx)
    .await?;
    Ok(found.into_iter().map(|row| (DeviceId(row.device_id), row.sequence)).collect())
}

/// Notes that one is before the admins.
pub(super) async fn note_before_admins(tx: &mut PgConnection, tenant: TenantId, aside: &Aside) -> Result<()> {
    sqlx::query!(
        "update sync_quarantine set before_admins_at = now()
         where tenant_id = $1 and device_id = $2 and sequence = $3 and before_admins_at is null",
        tenant.0,
        aside.device.0,
        aside.sequence
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The numbers of those that wait behind this one, in their order.
pub(super) async fn behind(
    tx: &mut PgConnection,
    tenant: TenantId,
    device: DeviceId,
    sequence: i64,
) -> Result<Vec<i64>> {
    let behind = sqlx::query_scalar!(
        "select sequence from sync_quarantine
         where tenant_id = $1 and device_id = $2 and blocked_by = $3 and resolved_at is null
         order by coalesce(place, sequence), sequence",
        tenant.0,
        device.0,
        sequence
    )
    .fetch_all(tx)
    .await?;
    Ok(behind)
}

/// The first mutation of this device that stands before this place, still waits for a person, and touches one of these
/// rows.
pub(super) async fn blocked_by(
    tx: &mut PgConnection,
    session: &mut Session,
    (place, sequence): (i64, i64),
    row_ids: &[Uuid],
) -> Result<Option<i64>> {
    if !is_any_waiting(tx, session).await? {
        return Ok(None);
    }
    let first = sqlx::query_scalar!(
        r#"select coalesce(blocked_by, sequence) as "sequence!" from sync_quarantine
           where tenant_id = $1 and device_id = $2 and resolved_at is null and row_ids && $3
             and (coalesce(place, sequence), sequence) < ($4, $5)
           order by coalesce(place, sequence), sequence limit 1"#,
        session.tenant.0,
        session.device.0,
        row_ids,
        place,
        sequence
    )
    .fetch_optional(tx)
    .await?;
    Ok(first)
}

/// Asked once a push: of most devices nothing waits for a person.
async fn is_any_waiting(tx: &mut PgConnection, session: &mut Session) -> Result<bool> {
    if let Some(known) = session.is_any_waiting {
        return Ok(known);
    }
    let waits = sqlx::query_scalar!(
        r#"select exists (
               select from sync_quarantine where tenant_id = $1 and device_id = $2 and resolved_at is null
           ) as "waits!""#,
        session.tenant.0,
        session.device.0
    )
    .fetch_one(tx)
    .await?;
    session.is_any_waiting = Some(waits);
    Ok(waits)
}

/// What never went in of the device's mutations before this place that touch these rows, the latest first.
pub(super) async fn gone(
    tx: &mut PgConnection,
    session: &mut Session,
    (place, sequence): (i64, i64),
    row_ids: &[Uuid],
) -> Result<Vec<Gone>> {
    if !has_gone(tx, session).await? {
        return Ok(vec![]);
    }
    let rows = sqlx::query!(
        r#"select coalesce(q.body, m.body) as "body!", q.settled_by_sequence,
                  coalesce(r.body, i.body) as "instead?"
           from sync_quarantine q
           join sync_mutations m
             on m.tenant_id = q.tenant_id and m.device_id = q.device_id and m.sequence = q.sequence
           left join sync_mutations i
             on q.fate = 'replaced' and i.tenant_id = q.tenant_id and i.device_id = q.settled_by_device
             and i.sequence = q.settled_by_sequence
           left join sync_quarantine r
             on r.tenant_id = i.tenant_id and r.device_id = i.device_id and r.sequence = i.sequence
           where q.tenant_id = $1 and q.device_id = $2 and q.fate in ('replaced', 'discarded') and q.row_ids && $3
             and (coalesce(q.place, q.sequence), q.sequence) < ($4, $5)
           order by coalesce(q.place, q.sequence) desc, q.sequence desc"#,
        session.tenant.0,
        session.device.0,
        row_ids,
        place,
        sequence
    )
    .fetch_all(tx)
    .await?;
    let changes = |body: &str| {
        serde_json::from_str::<Mutation>(body).map(|mutation| mutation.changes).unwrap_or_default()
    };
    Ok(rows
        .into_iter()
        .map(|row| Gone {
            changes: changes(&row.body),
            instead: match (&row.instead, row.settled_by_sequence) {
                (Some(body), _) => changes(body),
                (None, Some(sequence)) => session.instead.get(&sequence).cloned().unwrap_or_default(),
                (None, None) => vec![],
            },
        })
        .collect())
}

/// Asked once a push: of most devices everything went in.
async fn has_gone(tx: &mut PgConnection, session: &mut Session) -> Result<bool> {
    if let Some(known) = session.has_gone {
        return Ok(known);
    }
    let has = sqlx::query_scalar!(
        r#"select exists (
               select from sync_quarantine
               where tenant_id = $1 and device_id = $2 and fate in ('replaced', 'discarded')
           ) as "has!""#,
        session.tenant.0,
        session.device.0
    )
    .fetch_one(tx)
    .await?;
    session.has_gone = Some(has);
    Ok(has)
}

/// What a person decided, by which mutation of which device.
#[derive(Debug)]
pub(super) struct Ending<'a> {
    pub(super) fate: Fate,
    pub(super) detail: Option<String>,
    pub(super) reason: Option<&'a str>,
    pub(super) by: UserId,
    pub(super) device: DeviceId,
    pub(super) sequence: i64,
}

/// Notes what became of one in the end. `receipt` is its last answer, if it went in.
pub(super) async fn end(
    tx: &mut PgConnection,
    session: &mut Session,
    sequence: i64,
    ending: &Ending<'_>,
    receipt: Option<&Receipt>,
) -> Result<()> {
    let review = receipt.map(|receipt| receipt.review.clone()).unwrap_or_default();
    sqlx::query!(
        "update sync_quarantine
         set fate = $4, detail = $5, reason = $6, resolved_at = now(), resolved_by = $7, settled_by_device = $8,
             settled_by_sequence = $9, review = $10
         where tenant_id = $1 and device_id = $2 and sequence = $3",
        session.tenant.0,
        session.device.0,
        sequence,
        to_text(ending.fate),
        ending.detail,
        ending.reason,
        ending.by.0,
        ending.device.0,
        ending.sequence,
        Json(review) as _
    )
    .execute(tx)
    .await?;
    if !ending.fate.is_in() {
        session.has_gone = Some(true);
    }
    Ok(())
}

/// Notes the latest answer to one that goes on waiting.
pub(super) async fn note(tx: &mut PgConnection, session: &Session, receipt: &Receipt) -> Result<()> {
    sqlx::query!(
        "update sync_quarantine set code = $4, detail = $5, blocked_by = $6
         where tenant_id = $1 and device_id = $2 and sequence = $3",
        session.tenant.0,
        session.device.0,
        receipt.sequence,
        receipt.code.map(to_text),
        receipt.detail,
        receipt.blocked_by
    )
    .execute(tx)
    .await?;
    Ok(())
}

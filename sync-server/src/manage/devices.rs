use axum::extract::{Path, State};
use protocol::farewell::Farewell;
use protocol::id::{ClinicId, DeviceId, UserId};
use protocol::manage::{DeviceInfo, RevocationInfo, RevocationState, RevokeRequest};
use protocol::signing::{consent_message, verify};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::AppState;
use crate::audit::{self, Actor};
use crate::auth::{Caller, device};
use crate::error::{Error, Json, OrEmpty, Result};
use crate::sync::set_aside;

/// All computers of the tenant, those in service first.
#[tracing::instrument(skip_all, fields(tenant = %caller.tenant))]
pub(crate) async fn list(State(state): State<AppState>, caller: Caller) -> Result<Json<Vec<DeviceInfo>>> {
    let mut tx = state.db.read(caller.tenant).await?;
    Ok(Json(read(&mut tx, caller.tenant.0, None).await?))
}

/// Takes a computer out of service, for good: its tokens end at once, and it locks as soon as it hears of it. What it has
/// not sent yet it hands over for a person to look at, and what it was refused comes before the admins; then it destroys its keys and files, at once if the caller's
/// computer agrees, else after a day.
#[tracing::instrument(skip_all, fields(tenant = %caller.tenant, user = %caller.user))]
pub(crate) async fn revoke(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    OrEmpty(request): OrEmpty<RevokeRequest>,
) -> Result<Json<DeviceInfo>> {
    let id: Uuid = id.parse().map_err(|_| Error::NotFound)?;
    if id == caller.device.0 {
        return Err(Error::Invalid(
            "You are working on this computer. Take it out of service from another one.",
        ));
    }
    let reason = request.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
    if reason.is_some_and(|reason| reason.chars().count() > 300 || reason.chars().any(char::is_control)) {
        return Err(Error::Invalid("Say why in at most 300 characters."));
    }
    let tenant = caller.tenant.0;
    let mut tx = state.db.write(caller.tenant).await?;
    audit::set_actor(&mut tx, Actor::Person(caller.user)).await?;
    if let Some(consent) = &request.consent {
        let own = device::find(&mut tx, tenant, caller.device.0).await?.ok_or(Error::Unauthorized)?;
        if !verify(&own.public_key, &consent_message(caller.tenant, DeviceId(id)), consent) {
            return Err(Error::Invalid("The consent is not signed by the computer on which you work."));
        }
    }
    let consent = request.consent.as_deref().map(|signature| (caller.device.0, signature));
    let how = device::Revoke { by: Some(caller.user.0), reason, consent };
    device::revoke(&mut tx, tenant, id, how).await?;
    set_aside::of_lost(&mut tx, caller.tenant, caller.device).await?;
    let device = read(&mut tx, tenant, Some(id)).await?.into_iter().next().ok_or(Error::NotFound)?;
    tx.commit().await?;
    tracing::info!(tenant = %caller.tenant, device = %id, "a desktop was revoked");
    Ok(Json(device))
}

async fn read(tx: &mut PgConnection, tenant: Uuid, only: Option<Uuid>) -> Result<Vec<DeviceInfo>> {
    let now = OffsetDateTime::now_utc();
    let rows = sqlx::query!(
        r#"select d.id, d.name, d.clinic_id, d.platform, d.app_version, d.scope, d.lane, d.enrolled_at, d.enrolled_by,
                  d.last_seen_at, d.revoked_at, d.copied_at is not null as "is_copied!",
                  d.copied_from, d.is_recovered, d.recovery_fingerprint, d.recovery_made_at,
                  (select n.id from devices n
                   where n.tenant_id = $1 and n.copied_from = d.id and n.is_recovered
                   order by n.enrolled_at desc limit 1) as "recovered_as?",
                  l.not_after as "lease_until?", r.reason as "reason?", r.consent is not null as "has_consent!",
                  r.acknowledged_at as "acknowledged_at?", r.receipt_at as "receipt_at?", r.done_at as "done_at?",
                  r.receipt as "receipt?", d.last_sequence
           from devices d
           left join device_leases l on l.tenant_id = d.tenant_id and l.device_id = d.id
           left join device_revocations r on r.tenant_id = d.tenant_id and r.device_id = d.id
           where d.tenant_id = $1 and ($2::uuid is null or d.id = $2)
           order by d.revoked_at is not null, d.name, d.id"#,
        tenant,
        only
    )
    .fetch_all(tx)
    .await?;
    let devices = rows.into_iter().map(|row| {
        let is_open = row.lease_until.is_some_and(|until| now <= until);
        let state = match (row.done_at, row.receipt_at, row.acknowledged_at) {
            (Some(_), ..) => RevocationState::Done,
            (None, Some(_), _) => RevocationState::Leaving,
            (None, None, Some(_)) => RevocationState::Acknowledged,
            (None, None, None) if is_open => RevocationState::Asked,
            (None, None, None) => RevocationState::NeverConfirmed,
        };
        DeviceInfo {
            id: DeviceId(row.id),
            name: row.name,
            clinic_id: ClinicId(row.clinic_id),
            platform: row.platform,
            app_version: row.app_version,
            scope: device::scope(&row.scope),
            lane: row.lane,
            enrolled_at: row.enrolled_at,
            enrolled_by: UserId(row.enrolled_by),
            last_seen_at: row.last_seen_at,
            revoked_at: row.revoked_at,
            is_copied: row.is_copied,
            copied_from: row.copied_from.filter(|_| !row.is_recovered).map(DeviceId),
            recovered_from: row.copied_from.filter(|_| row.is_recovered).map(DeviceId),
            recovered_as: row.recovered_as.map(DeviceId),
            recovery_fingerprint: row.recovery_fingerprint,
            recovery_made_at: row.recovery_made_at,
            lease_until: row.lease_until,
            revocation: row.revoked_at.map(|asked_at| RevocationInfo {
                state,
                asked_at,
                reason: row.reason,
                has_consent: row.has_consent,
                acknowledged_at: row.acknowledged_at,
                lost: row.receipt.as_deref().and_then(|receipt| lost(receipt, row.last_sequence)),
                done_at: row.done_at,
            }),
        }
    });
    Ok(devices.collect())
}

/// How much went with a computer, by its last word and by what came of it. Whoever had its key wrote that word: the database is
/// not asked to read it.
fn lost(receipt: &str, known: i64) -> Option<u32> {
    let said: Farewell = serde_json::from_str(receipt).ok()?;
    u32::try_from(i64::from(said.lost).max(said.last_sequence.saturating_sub(known))).ok()
}

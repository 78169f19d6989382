use axum::extract::{Path, State};
use protocol::id::{ClinicId, DeviceId, UserId};
use protocol::manage::DeviceInfo;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::AppState;
use crate::audit::{self, Actor};
use crate::auth::{Caller, device};
use crate::error::{Error, Json, Result};

/// All computers of the tenant, those in service first.
#[tracing::instrument(skip_all, fields(tenant = %caller.tenant))]
pub(crate) async fn list(State(state): State<AppState>, caller: Caller) -> Result<Json<Vec<DeviceInfo>>> {
    let mut tx = state.db.read(caller.tenant).await?;
    Ok(Json(read(&mut tx, caller.tenant.0, None).await?))
}

/// Takes a computer out of service, for good: its tokens end at once. What it has not sent yet stays on its disk.
#[tracing::instrument(skip_all, fields(tenant = %caller.tenant, user = %caller.user))]
pub(crate) async fn revoke(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<DeviceInfo>> {
    let id: Uuid = id.parse().map_err(|_| Error::NotFound)?;
    if id == caller.device.0 {
        return Err(Error::Invalid(
            "You are working on this computer. Take it out of service from another one.",
        ));
    }
    let mut tx = state.db.write_unsynced(caller.tenant).await?;
    audit::set_actor(&mut tx, Actor::Person(caller.user)).await?;
    device::revoke(&mut tx, caller.tenant.0, id, Some(caller.user.0)).await?;
    let device = read(&mut tx, caller.tenant.0, Some(id)).await?.into_iter().next().ok_or(Error::NotFound)?;
    tx.commit().await?;
    tracing::info!(tenant = %caller.tenant, device = %id, "a desktop was revoked");
    Ok(Json(device))
}

async fn read(tx: &mut PgConnection, tenant: Uuid, only: Option<Uuid>) -> Result<Vec<DeviceInfo>> {
    let rows = sqlx::query!(
        r#"select id, name, clinic_id, platform, app_version, scope, lane, enrolled_at, enrolled_by, last_seen_at,
                  revoked_at, copied_at is not null as "is_copied!"
           from devices where tenant_id = $1 and ($2::uuid is null or id = $2)
           order by revoked_at is not null, name, id"#,
        tenant,
        only
    )
    .fetch_all(tx)
    .await?;
    let devices = rows.into_iter().map(|row| DeviceInfo {
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
    });
    Ok(devices.collect())
}

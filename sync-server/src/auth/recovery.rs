//! A desktop whose keys were lost: the fingerprint of the code that opens its data, and the desktop that it becomes.

use axum::extract::State;
use axum::http::StatusCode;
use protocol::api::DeviceScope;
use protocol::error::{Refusal, RefusalCode};
use protocol::form::is_moment;
use protocol::id::{DeviceId, TenantId, UserId};
use protocol::recovery::{Recovers, RecoveryMade, is_fingerprint};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Caller;
use super::device::{self, Device, Enrolled, Revoke};
use crate::AppState;
use crate::audit::{self, Actor};
use crate::error::{Error, Json, Result};

/// `POST /v1/devices/recovery`: which code opens the caller's computer from now on.
#[tracing::instrument(skip_all, fields(tenant = %caller.tenant, device = %caller.device))]
pub(crate) async fn made(
    State(state): State<AppState>,
    caller: Caller,
    Json(request): Json<RecoveryMade>,
) -> Result<StatusCode> {
    if !is_fingerprint(&request.fingerprint) {
        return Err(Error::Invalid("The fingerprint is not one of a recovery code."));
    }
    if !is_moment(request.made_at) {
        return Err(Error::Invalid("The moment is not one of the years 1 to 9999."));
    }
    let mut tx = state.db.write_unsynced(caller.tenant).await?;
    audit::set_actor(&mut tx, Actor::Person(caller.user)).await?;
    sqlx::query!(
        "update devices set recovery_fingerprint = $3, recovery_made_at = $4 where tenant_id = $1 and id = $2",
        caller.tenant.0,
        caller.device.0,
        request.fingerprint,
        request.made_at
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The desktop that comes back; refuses who does not show that they have its data. It stands where it stood, and receives
/// what it received.
pub(super) async fn find(
    tx: &mut PgConnection,
    tenant: TenantId,
    recovers: &Recovers,
    (clinic, scope): (Uuid, DeviceScope),
) -> Result<Device> {
    let unknown = Error::Invalid(
        "The clinic's server does not know this computer, or by another recovery code. An admin takes the computer out \
         of service (Computers, in the window of another one); then try again. Nothing was changed.",
    );
    let Some(device) = device::find(tx, tenant.0, recovers.device_id.0).await? else { return Err(unknown) };
    let fingerprint = sqlx::query_scalar!(
        "select recovery_fingerprint from devices where tenant_id = $1 and id = $2",
        tenant.0,
        device.id
    )
    .fetch_one(tx)
    .await?;
    // Whoever has a one-time code must not take any other computer out of service with it.
    if !device.is_revoked && fingerprint.as_ref() != Some(&recovers.fingerprint) {
        return Err(unknown);
    }
    if (device.clinic, device.scope) != (clinic, scope) {
        return Err(Error::Invalid(
            "The one-time code is for another clinic, or for a computer that receives something else. Ask for one that \
             fits this computer. Nothing was changed.",
        ));
    }
    if recovers.until < 0 {
        return Err(Error::Invalid("No mutation has that number."));
    }
    Ok(device)
}

/// Takes the one that it was out of service, and lets the new one begin behind it. Asked again with the same key, it is
/// the same desktop. Who worked at the old one is nobody at the new one before they give their password there.
pub(super) async fn go_on(
    tx: &mut PgConnection,
    tenant: TenantId,
    by: UserId,
    (was, is): (DeviceId, Uuid),
    recovers: &Recovers,
) -> Result<()> {
    let reason = Some("Its keys were lost. It was recovered, and goes on as another computer.");
    device::revoke(tx, tenant.0, was.0, Revoke { by: Some(by.0), reason, consent: None }).await?;
    sqlx::query!(
        "update devices set copied_from = $3, copied_sequence = $4, last_sequence = $4, last_hash = $5,
                is_recovered = true
         where tenant_id = $1 and id = $2",
        tenant.0,
        is,
        was.0,
        recovers.until,
        recovers.until_hash.to_string()
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The desktop that this key has become already, if the answer was lost.
///
/// # Errors
///
/// [`Error::Invalid`] if that one cannot begin anew.
pub(super) async fn known(
    tx: &mut PgConnection,
    tenant: TenantId,
    was: DeviceId,
    public_key: &str,
) -> Result<Option<Enrolled>> {
    let row = sqlx::query!(
        r#"select id, lane, unlock_key,
                  is_recovered and revoked_at is null and last_sequence = copied_sequence as "is_unused!"
           from devices where tenant_id = $1 and copied_from = $2 and public_key = $3"#,
        tenant.0,
        was.0,
        public_key
    )
    .fetch_optional(tx)
    .await?;
    match row {
        Some(row) if !row.is_unused => {
            Err(Error::Invalid("This computer went on, or was taken out of service, since. Try once more."))
        }
        row => Ok(row.map(|row| Enrolled { id: row.id, lane: row.lane, unlock_key: row.unlock_key })),
    }
}

/// The desktop that this one was before and whose mutations it hands over, and whether its keys were lost; refuses any other.
/// Of one whose disk was copied another brings nothing as long as it is in service: it can do so itself. What it became may
/// have lost its keys as well, or its disk may have been copied, before it had handed them over.
pub(super) async fn earlier(
    tx: &mut PgConnection,
    tenant: TenantId,
    device: DeviceId,
    was: DeviceId,
) -> Result<(Device, bool)> {
    let mut became = device.0;
    let is_recovered = loop {
        let row = sqlx::query!(
            "select copied_from, is_recovered from devices where tenant_id = $1 and id = $2",
            tenant.0,
            became
        )
        .fetch_one(&mut *tx)
        .await?;
        match row.copied_from {
            Some(from) if from == was.0 => break row.is_recovered,
            Some(from) => became = from,
            None => return Err(Error::Invalid("This computer was not that one.")),
        }
    };
    match device::find(tx, tenant.0, was.0).await? {
        Some(found) if is_recovered || found.is_revoked => Ok((found, is_recovered)),
        _ => Err(Error::Invalid("That computer is in service, and brings what it has itself.")),
    }
}

/// Why what was found on the disk waits for a person.
pub(super) fn adopted() -> Refusal {
    Refusal::new(
        RefusalCode::Adopted,
        "It was on a computer whose keys were lost, and had not been sent. A person decides about it.",
    )
}

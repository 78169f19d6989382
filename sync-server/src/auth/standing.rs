//! `POST /v1/devices/standing`, and the same with every token: for how long a desktop may work without contact.

use axum::extract::State;
use protocol::api::{DeviceScope, StandingRequest};
use protocol::id::{DeviceId, DoctorId, Epoch, TenantId, UserId};
use protocol::signing::standing_message;
use protocol::standing::{
    AdminDevice, Colleague, Consent, Lease, MAX_ADMIN_DEVICES, MAX_OFFLINE_DAYS, MAX_REMEMBERED, Order,
    Revocation, SignedOrder,
};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::session::proven_device;
use super::{Auth, farewell, person};
use crate::AppState;
use crate::error::{Json, Result};

/// A desktop asks how it stands, whether someone is at it or not.
#[tracing::instrument(skip_all)]
pub(crate) async fn standing(
    State(state): State<AppState>,
    Json(request): Json<StandingRequest>,
) -> Result<Json<SignedOrder>> {
    let now = OffsetDateTime::now_utc();
    let (tenant, device_id) = (request.tenant_id, request.device_id);
    let message = standing_message(&state.auth.server_name, tenant, device_id, &request.challenge);
    let device =
        proven_device(&state, tenant, device_id, &request.challenge, &message, &request.signature, now)
            .await?;
    let mut tx = state.db.write_unsynced(tenant).await?;
    // It may have been taken out of service since it proved which one it is.
    let order = if is_revoked(&mut tx, tenant, device_id).await? {
        if request.is_locked {
            farewell::acknowledge(&mut tx, tenant, device_id, now).await?;
        }
        state.auth.order.sign(&Order::Revoked(revocation(&mut tx, tenant, device_id, now).await?))
    } else {
        let place = Standing { tenant, device: device.id, scope: device.scope };
        renew(&mut tx, &state.auth, place, &request.nonce, now).await?
    };
    tx.commit().await?;
    Ok(Json(order))
}

/// Whether a desktop is out of service. Until the transaction ends nobody takes it out of service.
async fn is_revoked(tx: &mut PgConnection, tenant: TenantId, device: DeviceId) -> Result<bool> {
    let is_revoked = sqlx::query_scalar!(
        r#"select revoked_at is not null as "is_revoked!" from devices
           where tenant_id = $1 and id = $2 for no key update"#,
        tenant.0,
        device.0
    )
    .fetch_one(tx)
    .await?;
    Ok(is_revoked)
}

/// What a desktop is told that is out of service, however that came about.
async fn revocation(
    tx: &mut PgConnection,
    tenant: TenantId,
    device: DeviceId,
    now: OffsetDateTime,
) -> Result<Revocation> {
    let row = sqlx::query!(
        r#"select d.revoked_at, r.consent_device_id as "consent_device?", r.consent as "consent?"
           from devices d
           left join device_revocations r on r.tenant_id = d.tenant_id and r.device_id = d.id
           where d.tenant_id = $1 and d.id = $2"#,
        tenant.0,
        device.0
    )
    .fetch_one(tx)
    .await?;
    let consent = row.consent_device.zip(row.consent);
    Ok(Revocation {
        tenant_id: tenant,
        device_id: device,
        asked_at: row.revoked_at.unwrap_or(now),
        consent: consent.map(|(device, signature)| Consent { device_id: DeviceId(device), signature }),
    })
}

/// Which desktop, and what it may receive.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    pub(crate) tenant: TenantId,
    pub(crate) device: Uuid,
    pub(crate) scope: DeviceScope,
}

/// A lease from now on, noted in this transaction.
pub(crate) async fn renew(
    tx: &mut PgConnection,
    auth: &Auth,
    Standing { tenant, device, scope }: Standing,
    nonce: &str,
    now: OffsetDateTime,
) -> Result<SignedOrder> {
    let chosen = sqlx::query!(
        "select t.settings #>> '{offline,max_days_without_sync}' as days, s.epoch
         from tenants t join tenant_sync s on s.tenant_id = $1 where t.id = $1",
        tenant.0
    )
    .fetch_one(&mut *tx)
    .await?;
    let lease = Lease {
        tenant_id: tenant,
        device_id: DeviceId(device),
        scope,
        issued_at: now,
        offline_days: offline_days(chosen.days.as_deref()),
        // What is longer than any nonce is not one.
        nonce: nonce.chars().take(64).collect(),
        people: people(tx, tenant, device).await?,
        admin_devices: admin_devices(tx, tenant, device).await?,
        epoch: Some(Epoch(chosen.epoch)),
        revoked: revoked(tx, tenant).await?,
        closed: closed(tx, tenant).await?,
    };
    sqlx::query!(
        "insert into device_leases (tenant_id, device_id, not_after) values ($1, $2, $3)
         on conflict (tenant_id, device_id) do update set not_after = excluded.not_after",
        tenant.0,
        device,
        lease.not_after()
    )
    .execute(tx)
    .await?;
    Ok(auth.order.sign(&Order::Lease(lease)))
}

/// What the tenant chose, as far as there is a choice.
fn offline_days(chosen: Option<&str>) -> u8 {
    let days = chosen.and_then(|text| text.parse::<f64>().ok()).filter(|days| *days >= 0.0);
    days.map_or(MAX_OFFLINE_DAYS, |days| days.min(MAX_OFFLINE_DAYS.into()) as u8)
}

async fn people(tx: &mut PgConnection, tenant: TenantId, device: Uuid) -> Result<Vec<Colleague>> {
    let rows = sqlx::query!(
        r#"select u.id, u.email, u.roles, u.password_version, d.id as "doctor?"
           from device_users k
           join users u on u.tenant_id = k.tenant_id and u.id = k.user_id and u.is_active
           left join doctors d
             on d.tenant_id = u.tenant_id and d.user_id = u.id and d.is_active and d.deleted_at is null
           where k.tenant_id = $1 and k.device_id = $2 order by u.id"#,
        tenant.0,
        device
    )
    .fetch_all(tx)
    .await?;
    let people = rows.into_iter().map(|row| Colleague {
        user_id: UserId(row.id),
        email: Some(row.email),
        roles: person::roles(&row.roles),
        doctor_id: row.doctor.map(DoctorId),
        password_version: row.password_version,
    });
    Ok(people.collect())
}

async fn admin_devices(tx: &mut PgConnection, tenant: TenantId, device: Uuid) -> Result<Vec<AdminDevice>> {
    let rows = sqlx::query!(
        "select d.id, d.public_key from devices d
         join device_users k on k.tenant_id = d.tenant_id and k.device_id = d.id
         join users u on u.tenant_id = k.tenant_id and u.id = k.user_id
         where d.tenant_id = $1 and d.id <> $2 and d.revoked_at is null
           and u.is_active and 'admin' = any (u.roles)
         group by d.id, d.public_key order by max(k.last_signed_in_at) desc limit $3",
        tenant.0,
        device,
        MAX_ADMIN_DEVICES as i64
    )
    .fetch_all(tx)
    .await?;
    let devices =
        rows.into_iter().map(|row| AdminDevice { device_id: DeviceId(row.id), public_key: row.public_key });
    Ok(devices.collect())
}

/// What a restored server must hear again.
async fn revoked(tx: &mut PgConnection, tenant: TenantId) -> Result<Vec<DeviceId>> {
    let revoked = sqlx::query_scalar!(
        "select id from devices where tenant_id = $1 and revoked_at is not null
         order by revoked_at desc, id limit $2",
        tenant.0,
        MAX_REMEMBERED as i64
    )
    .fetch_all(tx)
    .await?;
    Ok(revoked.into_iter().map(DeviceId).collect())
}

async fn closed(tx: &mut PgConnection, tenant: TenantId) -> Result<Vec<UserId>> {
    let closed = sqlx::query_scalar!(
        "select id from users where tenant_id = $1 and not is_active order by updated_at desc, id limit $2",
        tenant.0,
        MAX_REMEMBERED as i64
    )
    .fetch_all(tx)
    .await?;
    Ok(closed.into_iter().map(UserId).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_chooses_from_no_day_to_a_fortnight() {
        for (chosen, days) in [
            (None, 14),
            (Some("0"), 0),
            (Some("3"), 3),
            (Some("14"), 14),
            (Some("30"), 14),
            (Some("-1"), 14),
            (Some("soon"), 14),
            (Some("1e300"), 14),
            (Some("NaN"), 14),
        ] {
            assert_eq!(offline_days(chosen), days, "{chosen:?}");
        }
    }
}

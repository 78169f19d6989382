//! Refresh tokens: a chain of generations for each desktop. A generation stays good until the next one is first
//! used, so that an answer that got lost signs nobody out; whoever then comes with an earlier one is a copy.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use protocol::api::Secret;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::code::random_bytes;
use crate::error::{Error, Result};

/// How long a refresh token is good if it is not used.
const REFRESH_LIFE: Duration = Duration::days(180);
/// After so long someone must give a password again.
const SIGN_IN_LIFE: Duration = Duration::days(400);

/// A refresh token that was just made.
#[derive(Debug)]
pub struct IssuedRefresh {
    /// The token.
    pub token: Secret,
    /// Its generation.
    pub generation: i64,
}

/// What a refresh token was worth.
#[derive(Debug)]
pub enum Rotation {
    /// It was good; here is the next.
    Next(IssuedRefresh),
    /// A later one has been used: the device was copied, and all its tokens stop.
    Copied,
    /// It is not one of ours, or too old.
    Unknown,
}

/// A refresh token after a password sign-in. What came before stays good until this one is used, unless the
/// device was copied: then this is the only good one.
///
/// # Errors
///
/// [`Error::DeviceRevoked`], also for one that was revoked since the caller looked.
pub async fn issue(
    tx: &mut PgConnection,
    tenant: Uuid,
    device: Uuid,
    now: OffsetDateTime,
) -> Result<IssuedRefresh> {
    let was_copied = lock(tx, tenant, device).await?;
    let last = sqlx::query_scalar!(
        r#"select coalesce(max(generation), 0) as "last!" from refresh_tokens
           where tenant_id = $1 and device_id = $2"#,
        tenant,
        device,
    )
    .fetch_one(&mut *tx)
    .await?;
    if was_copied {
        sqlx::query!("delete from refresh_tokens where tenant_id = $1 and device_id = $2", tenant, device)
            .execute(&mut *tx)
            .await?;
        sqlx::query!("update devices set copied_at = null where tenant_id = $1 and id = $2", tenant, device)
            .execute(&mut *tx)
            .await?;
    }
    Ok(insert(tx, tenant, device, last + 1, now, now).await?)
}

/// Exchanges a refresh token. The caller has checked that the device itself asks.
///
/// # Errors
///
/// As for [`issue`].
pub async fn rotate(
    tx: &mut PgConnection,
    tenant: Uuid,
    device: Uuid,
    generation: i64,
    token: &Secret,
    now: OffsetDateTime,
) -> Result<Rotation> {
    let copied = lock(tx, tenant, device).await?;
    let lowest = sqlx::query_scalar!(
        "select min(generation) from refresh_tokens where tenant_id = $1 and device_id = $2",
        tenant,
        device,
    )
    .fetch_one(&mut *tx)
    .await?;
    if copied || lowest.is_some_and(|lowest| generation < lowest) {
        sqlx::query!(
            "update devices set copied_at = coalesce(copied_at, $3), copy_seen_at = $3
             where tenant_id = $1 and id = $2",
            tenant,
            device,
            now,
        )
        .execute(tx)
        .await?;
        return Ok(Rotation::Copied);
    }
    let used = sqlx::query!(
        "update refresh_tokens set used_at = $5
         where tenant_id = $1 and device_id = $2 and generation = $3 and token_hash = $4
           and expires_at >= $5 and signed_in_at >= $6
         returning signed_in_at",
        tenant,
        device,
        generation,
        token_hash(token),
        now,
        now - SIGN_IN_LIFE,
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(used) = used else {
        return Ok(Rotation::Unknown);
    };
    // From now on whoever comes with an earlier one is a copy.
    sqlx::query!(
        "delete from refresh_tokens where tenant_id = $1 and device_id = $2 and generation < $3",
        tenant,
        device,
        generation,
    )
    .execute(&mut *tx)
    .await?;
    let next = insert(tx, tenant, device, generation + 1, used.signed_in_at, now).await?;
    Ok(Rotation::Next(next))
}

/// Makes two requests of one device, and its revocation, follow each other. Answers whether it was copied; a revoked one is
/// refused.
async fn lock(tx: &mut PgConnection, tenant: Uuid, device: Uuid) -> Result<bool> {
    let row = sqlx::query!(
        r#"select revoked_at is not null as "is_revoked!", copied_at is not null as "is_copied!"
           from devices where tenant_id = $1 and id = $2 for update"#,
        tenant,
        device,
    )
    .fetch_one(tx)
    .await?;
    if row.is_revoked { Err(Error::DeviceRevoked) } else { Ok(row.is_copied) }
}

/// An answer that was lost is replaced: the generation is made anew.
async fn insert(
    tx: &mut PgConnection,
    tenant: Uuid,
    device: Uuid,
    generation: i64,
    signed_in_at: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<IssuedRefresh> {
    let token = Secret(BASE64_URL_SAFE_NO_PAD.encode(random_bytes::<32>()));
    sqlx::query!(
        "insert into refresh_tokens
            (tenant_id, device_id, generation, token_hash, issued_at, expires_at, signed_in_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (tenant_id, device_id, generation) do update
             set token_hash = excluded.token_hash, issued_at = excluded.issued_at,
                 expires_at = excluded.expires_at, signed_in_at = excluded.signed_in_at, used_at = null",
        tenant,
        device,
        generation,
        token_hash(&token),
        now,
        now + REFRESH_LIFE,
        signed_in_at,
    )
    .execute(tx)
    .await?;
    Ok(IssuedRefresh { token, generation })
}

fn token_hash(token: &Secret) -> Vec<u8> {
    Sha256::digest(token.0.as_bytes()).to_vec()
}

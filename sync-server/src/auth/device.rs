//! Desktops: their row, and what they must sign.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ed25519_dalek::VerifyingKey;
use protocol::api::{DeviceScope, Earlier};
use protocol::mutation::Hash;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::code::{lane, random_bytes};

/// How long a challenge can be answered.
const CHALLENGE_LIFE: Duration = Duration::seconds(60);
/// The most challenges that wait for one device; older ones go first. Anybody who knows a device can ask for some: with more
/// than come while one is signed, they take none away.
const MAX_CHALLENGES: i64 = 1_000;

/// A desktop.
#[derive(Clone)]
pub struct Device {
    /// Its id.
    pub id: Uuid,
    /// The clinic in which it stands.
    pub clinic: Uuid,
    /// What it may receive.
    pub scope: DeviceScope,
    /// Its public key.
    pub public_key: VerifyingKey,
    /// The server's half of its server slot.
    pub unlock_key: Vec<u8>,
    /// Whether it was revoked.
    pub is_revoked: bool,
    /// Whether a copy of it was seen since the last password sign-in.
    pub is_copied: bool,
}

/// A new desktop.
pub struct NewDevice<'a> {
    /// The clinic in which it stands.
    pub clinic: Uuid,
    /// What staff call it.
    pub name: &'a str,
    /// `windows`, `macos` or `linux`.
    pub platform: &'a str,
    /// The program's version.
    pub app_version: &'a str,
    /// Its public key, as it travels.
    pub public_key: &'a str,
    /// What it may receive.
    pub scope: DeviceScope,
    /// Who enrols it.
    pub enrolled_by: Uuid,
    /// What it was, if a restored database does not know it any more.
    pub again: Option<Again<'a>>,
}

/// What a desktop was that the database does not know any more.
pub struct Again<'a> {
    /// Its id.
    pub id: Uuid,
    /// Its lane.
    pub lane: &'a str,
    /// The server's half of its server slot, as it made it.
    pub unlock_key: Vec<u8>,
    /// What it was before, if it ever was another one.
    pub was: Option<Was<'a>>,
}

/// What a desktop was before, and behind which mutation it goes on.
pub struct Was<'a> {
    /// What it says.
    pub said: &'a Earlier,
    /// The id of that one, if the database knows it as one that this one can have been.
    pub known: Option<Uuid>,
}

/// A desktop that was just enrolled.
pub struct Enrolled {
    /// Its id.
    pub id: Uuid,
    /// Its lane.
    pub lane: String,
    /// The server's half of its server slot.
    pub unlock_key: Vec<u8>,
}

/// The scope of this name.
pub fn scope(name: &str) -> DeviceScope {
    if name == "clinical" { DeviceScope::Clinical } else { DeviceScope::FrontDesk }
}

/// The scope's name in the database.
pub fn scope_name(scope: DeviceScope) -> &'static str {
    match scope {
        DeviceScope::Clinical => "clinical",
        DeviceScope::FrontDesk => "front_desk",
    }
}

/// The desktop with this id.
pub async fn find(tx: &mut PgConnection, tenant: Uuid, id: Uuid) -> sqlx::Result<Option<Device>> {
    let row = sqlx::query!(
        "select id, clinic_id, scope, public_key, unlock_key, revoked_at, copied_at
         from devices where tenant_id = $1 and id = $2",
        tenant,
        id,
    )
    .fetch_optional(tx)
    .await?;
    Ok(row.and_then(|row| {
        Some(Device {
            id: row.id,
            clinic: row.clinic_id,
            scope: scope(&row.scope),
            public_key: protocol::signing::parse_public_key(&row.public_key)?,
            unlock_key: row.unlock_key,
            is_revoked: row.revoked_at.is_some(),
            is_copied: row.copied_at.is_some(),
        })
    }))
}

/// Adds a desktop with the next free lane.
pub async fn insert(tx: &mut PgConnection, tenant: Uuid, new: &NewDevice<'_>) -> sqlx::Result<Enrolled> {
    // Two that come at once get their lanes one after the other.
    sqlx::query_scalar!("select id from tenants where id = $1 for no key update", tenant)
        .fetch_one(&mut *tx)
        .await?;
    // Lanes are never given twice, revoked or not: their numbers are on paper.
    let taken = sqlx::query_scalar!("select lane from devices where tenant_id = $1", tenant)
        .fetch_all(&mut *tx)
        .await?;
    let is_free = |lane: &str| taken.iter().all(|taken| taken != lane);
    let next = || (taken.len()..=2 * taken.len()).map(lane).find(|lane| is_free(lane)).unwrap_or_default();
    let enrolled = match &new.again {
        Some(again) => Enrolled {
            id: again.id,
            lane: if is_free(again.lane) { again.lane.to_owned() } else { next() },
            unlock_key: again.unlock_key.clone(),
        },
        None => Enrolled { id: Uuid::now_v7(), lane: next(), unlock_key: random_bytes::<32>().to_vec() },
    };
    let was = new.again.as_ref().and_then(|again| again.was.as_ref());
    let known = was.and_then(|was| was.known);
    let (until, until_hash) = was.map_or((0, Hash::ZERO), |was| (was.said.until, was.said.until_hash));
    sqlx::query!(
        "insert into devices
            (tenant_id, id, clinic_id, name, platform, app_version, public_key, scope, lane, unlock_key,
             enrolled_by, copied_from, copied_sequence, last_sequence, last_hash, is_recovered)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        tenant,
        enrolled.id,
        new.clinic,
        new.name,
        new.platform,
        new.app_version,
        new.public_key,
        scope_name(new.scope),
        enrolled.lane,
        enrolled.unlock_key,
        new.enrolled_by,
        known,
        known.map(|_| until),
        until,
        until_hash.to_string(),
        known.is_some() && was.is_some_and(|was| was.said.is_recovered),
    )
    .execute(tx)
    .await?;
    Ok(enrolled)
}

/// How a desktop is taken out of service.
#[derive(Clone, Copy, Debug, Default)]
pub struct Revoke<'a> {
    /// By this member of staff; the operator is nobody of the tenant's.
    pub by: Option<Uuid>,
    /// Why, in at most 300 characters.
    pub reason: Option<&'a str>,
    /// The consent of this admin's desktop, which was checked.
    pub consent: Option<(Uuid, &'a str)>,
}

/// Takes a desktop out of service: its tokens end at once. One that is out of service stays as it is, but for a consent
/// that comes later.
pub async fn revoke(tx: &mut PgConnection, tenant: Uuid, id: Uuid, how: Revoke<'_>) -> sqlx::Result<()> {
    sqlx::query!(
        "update devices set revoked_at = now(), revoked_by = $3
         where tenant_id = $1 and id = $2 and revoked_at is null",
        tenant,
        id,
        how.by
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "insert into device_revocations
            (tenant_id, device_id, asked_at, asked_by, reason, consent_device_id, consent)
         select d.tenant_id, d.id, d.revoked_at, $3, $4, $5, $6 from devices d
         where d.tenant_id = $1 and d.id = $2 and d.revoked_at is not null
         on conflict (tenant_id, device_id) do update set
             reason = coalesce(device_revocations.reason, excluded.reason),
             consent_device_id = coalesce(device_revocations.consent_device_id, excluded.consent_device_id),
             consent = coalesce(device_revocations.consent, excluded.consent)",
        tenant,
        id,
        how.by,
        how.reason,
        how.consent.map(|(device, _)| device),
        how.consent.map(|(_, signature)| signature)
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!("delete from refresh_tokens where tenant_id = $1 and device_id = $2", tenant, id)
        .execute(&mut *tx)
        .await?;
    sqlx::query!("delete from device_challenges where tenant_id = $1 and device_id = $2", tenant, id)
        .execute(tx)
        .await?;
    Ok(())
}

/// A challenge for this device. Unknown devices get one as well, which nothing will fit.
pub async fn issue_challenge(
    tx: &mut PgConnection,
    tenant: Uuid,
    device: Uuid,
    now: OffsetDateTime,
) -> sqlx::Result<String> {
    let challenge = random_bytes::<32>();
    sqlx::query!(
        "delete from device_challenges c
         where c.tenant_id = $1 and c.device_id = $2 and (c.expires_at < $3 or c.challenge_hash in (
             select o.challenge_hash from device_challenges o
             where o.tenant_id = $1 and o.device_id = $2
             order by o.expires_at desc offset $4
         ))",
        tenant,
        device,
        now,
        MAX_CHALLENGES,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "insert into device_challenges (tenant_id, device_id, challenge_hash, expires_at)
         select d.tenant_id, d.id, $3, $4 from devices d where d.tenant_id = $1 and d.id = $2",
        tenant,
        device,
        Sha256::digest(challenge).to_vec(),
        now + CHALLENGE_LIFE,
    )
    .execute(tx)
    .await?;
    Ok(BASE64_STANDARD.encode(challenge))
}

/// Takes a challenge back: true once, within its time.
pub async fn take_challenge(
    tx: &mut PgConnection,
    tenant: Uuid,
    device: Uuid,
    challenge: &str,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let Ok(challenge) = BASE64_STANDARD.decode(challenge) else {
        return Ok(false);
    };
    let expires_at = sqlx::query_scalar!(
        "delete from device_challenges where tenant_id = $1 and device_id = $2 and challenge_hash = $3
         returning expires_at",
        tenant,
        device,
        Sha256::digest(challenge).to_vec(),
    )
    .fetch_optional(tx)
    .await?;
    Ok(expires_at.is_some_and(|expires_at| now <= expires_at))
}

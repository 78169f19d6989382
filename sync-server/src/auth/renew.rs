//! `POST /v1/devices/renew`: a desktop whose disk was copied or restored goes on under an id of its own.

use axum::extract::State;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use protocol::api::{EnrolResponse, RenewRequest, Secret};
use protocol::audit::Action;
use protocol::id::{ClinicId, DeviceId, Epoch};
use protocol::mutation::Hash;
use protocol::signing::{parse_public_key, renew_message, verify};
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::device::{self, Enrolled, NewDevice};
use super::{Caller, person, refresh, session, standing};
use crate::AppState;
use crate::audit::{self, Actor, Event};
use crate::error::{Error, Json, Result};
use crate::sync::news::News;
use crate::sync::{OnceSpokenProtocol, log, set_aside};

/// So long after the password was given.
const SIGNED_IN_FOR: Duration = Duration::minutes(10);
/// So long after a copy was seen.
const SEEN_FOR: Duration = Duration::days(30);
/// More copies of one desktop than this an admin enrols by hand.
const MAX_COPIES: i64 = 8;

/// The desktop as it was until now.
struct Original {
    name: String,
    clinic: Uuid,
    platform: String,
    app_version: String,
    scope: String,
    copy_seen_at: Option<OffsetDateTime>,
}

/// What the server knows of a mutation of a device, and of the device.
struct Known {
    last: Option<Hash>,
    next: Option<Hash>,
    copies: i64,
}

/// Makes the caller's desktop a desktop of its own: it has the past that both have, and goes on behind it. Asked again
/// with the same key, the answer is the same device.
#[tracing::instrument(skip_all, fields(tenant = %caller.tenant, device = %caller.device))]
pub(crate) async fn renew(
    State(state): State<AppState>,
    caller: Caller,
    _: OnceSpokenProtocol,
    Json(request): Json<RenewRequest>,
) -> Result<Json<EnrolResponse>> {
    let auth = &state.auth;
    let key = parse_public_key(&request.public_key)
        .ok_or(Error::Invalid("The public key is not an Ed25519 key in base64."))?;
    let message = renew_message(&auth.server_name, caller.tenant, caller.device, &request.public_key);
    if !verify(&key, &message, &request.signature) {
        return Err(Error::Invalid("The signature does not fit the public key."));
    }
    let now = OffsetDateTime::now_utc();
    let (tenant, original) = (caller.tenant.0, caller.device.0);
    // What waits for a person comes before the admins: that is rows which every desktop sees.
    let mut tx = state.db.write(caller.tenant).await?;
    audit::set_actor(&mut tx, Actor::Person(caller.user)).await?;
    let was = lock(&mut tx, &caller, now).await?;
    let enrolled = if let Some(known) = find(&mut tx, &caller, &request.public_key).await? {
        if must_begin_there(&mut tx, &caller, &request, &known).await? {
            set_past(&mut tx, &caller, known.id, &request).await?;
            set_aside::before_admins(&mut tx, caller.tenant, caller.device, now).await?;
        }
        known
    } else {
        must_be_copied(&mut tx, &caller, &request, &was, now).await?;
        let enrolled = add(&mut tx, &caller, &request, &was).await?;
        set_aside::before_admins(&mut tx, caller.tenant, caller.device, now).await?;
        enrolled
    };
    let person =
        person::find_on_device(&mut tx, tenant, original, caller.user.0).await?.ok_or(Error::Unauthorized)?;
    person::note_sign_in(&mut tx, tenant, enrolled.id, person.id).await?;
    let tokens = refresh::issue(&mut tx, tenant, enrolled.id, now).await?;
    let names = sqlx::query!(
        "select t.tenant_name, c.clinic_name, s.epoch from tenants t
         join clinics c on c.tenant_id = t.id and c.id = $2
         join tenant_sync s on s.tenant_id = t.id
         where t.id = $1",
        tenant,
        was.clinic,
    )
    .fetch_one(&mut *tx)
    .await?;
    let news = News::of(&mut tx, caller.tenant).await?;
    let notices = news.notices(&state, &mut tx, person.must_change_password).await?;
    let place = session::Place {
        tenant: caller.tenant,
        device: DeviceId(enrolled.id),
        clinic: ClinicId(was.clinic),
        scope: device::scope(&was.scope),
        unlock_key: Secret(BASE64_STANDARD.encode(&enrolled.unlock_key)),
        is_by_password: false,
    };
    let order = standing::renew(&mut tx, auth, place.standing(), &request.nonce, now).await?;
    let event = Event {
        device: Some(place.device),
        reason: Some("The computer's disk was copied or restored: it goes on under an id of its own."),
        ..Event::by(&caller, Action::Login)
    };
    audit::record(&mut tx, caller.tenant, state.audit.lane(), &event).await?;
    tx.commit().await?;
    state.audit.added(caller.tenant, 1);
    tracing::warn!(tenant = %caller.tenant, device = %enrolled.id, "a copy of a desktop goes on under its own id");
    Ok(Json(EnrolResponse {
        tenant_id: caller.tenant,
        tenant_name: names.tenant_name,
        device_id: place.device,
        lane: enrolled.lane,
        clinic_id: place.clinic,
        clinic_name: names.clinic_name,
        scope: place.scope,
        server_name: auth.server_name.to_string(),
        epoch: Epoch(names.epoch),
        recovered_key: None,
        session: session::session(auth, place, &person, tokens, order, notices, now),
    }))
}

/// The caller's desktop, locked; refuses who has not just given their password on it.
async fn lock(tx: &mut PgConnection, caller: &Caller, now: OffsetDateTime) -> Result<Original> {
    let row = sqlx::query!(
        "select d.name, d.clinic_id, d.platform, d.app_version, d.scope, d.copy_seen_at, d.revoked_at,
                k.last_signed_in_at
         from devices d
         join device_users k on k.tenant_id = d.tenant_id and k.device_id = d.id
         where d.tenant_id = $1 and d.id = $2 and k.user_id = $3
         for no key update of d",
        caller.tenant.0,
        caller.device.0,
        caller.user.0
    )
    .fetch_one(tx)
    .await?;
    if row.revoked_at.is_some() {
        return Err(Error::DeviceRevoked);
    }
    if now - row.last_signed_in_at > SIGNED_IN_FOR {
        return Err(Error::Invalid("Sign in with your password first."));
    }
    Ok(Original {
        name: row.name,
        clinic: row.clinic_id,
        platform: row.platform,
        app_version: row.app_version,
        scope: row.scope,
        copy_seen_at: row.copy_seen_at,
    })
}

/// The device that this key has become already: the answer was lost.
async fn find(tx: &mut PgConnection, caller: &Caller, public_key: &str) -> Result<Option<Enrolled>> {
    let row = sqlx::query!(
        "select id, lane, unlock_key from devices
         where tenant_id = $1 and copied_from = $2 and public_key = $3 and revoked_at is null",
        caller.tenant.0,
        caller.device.0,
        public_key
    )
    .fetch_optional(tx)
    .await?;
    Ok(row.map(|row| Enrolled { id: row.id, lane: row.lane, unlock_key: row.unlock_key }))
}

/// Whether the device that the key has become must begin elsewhere: the computer did not hear of it, and went on as the
/// other one. Refuses one that has gone on under both ids.
async fn must_begin_there(
    tx: &mut PgConnection,
    caller: &Caller,
    request: &RenewRequest,
    device: &Enrolled,
) -> Result<bool> {
    let device = DeviceId(device.id);
    let begins_at = log::original(tx, caller.tenant, device).await?.map(|(_, until)| until);
    let progress = log::progress(tx, caller.tenant, device).await?;
    let is_unused = begins_at == Some(progress.sequence);
    if begins_at == Some(request.after) && (!is_unused || progress.hash == request.after_hash) {
        return Ok(false);
    }
    if !is_unused {
        return Err(Error::Invalid("This computer went on under both ids. It asks again, for another one."));
    }
    must_have_that_past(tx, caller, request).await?;
    Ok(true)
}

/// Refuses a computer whose past is not that of the device, nor what the device was until its own disk was copied.
async fn must_have_that_past(tx: &mut PgConnection, caller: &Caller, request: &RenewRequest) -> Result<()> {
    let mut device = caller.device;
    while let Some((original, until)) = log::original(tx, caller.tenant, device).await?
        && request.after <= until
    {
        // What was on a computer whose keys were lost may not be here yet.
        let begins_there = request.after == until
            && begun_behind(tx, caller, device, until).await? == Some(request.after_hash);
        if begins_there {
            return Ok(());
        }
        device = original;
    }
    let last = match request.after {
        0 => Some(Hash::ZERO),
        _ => known(tx, caller, device, request.after).await?.last,
    };
    if last != Some(request.after_hash) {
        return Err(Error::Invalid("The past of this computer is not the one that the server knows."));
    }
    Ok(())
}

/// The hash of the mutation with this number, behind which the device goes on.
async fn begun_behind(
    tx: &mut PgConnection,
    caller: &Caller,
    device: DeviceId,
    until: i64,
) -> Result<Option<Hash>> {
    let progress = log::progress(tx, caller.tenant, device).await?;
    if progress.sequence == until {
        return Ok(Some(progress.hash));
    }
    let hash = sqlx::query_scalar!(
        "select previous_hash from sync_mutations where tenant_id = $1 and device_id = $2 and sequence = $3",
        caller.tenant.0,
        device.0,
        until.saturating_add(1)
    )
    .fetch_optional(tx)
    .await?;
    Ok(hash.as_deref().and_then(Hash::parse))
}

/// What is known of this mutation of the device and of the one behind it, and how often the device was copied.
async fn known(tx: &mut PgConnection, caller: &Caller, device: DeviceId, sequence: i64) -> Result<Known> {
    let row = sqlx::query!(
        r#"select (select m.hash from sync_mutations m
                   where m.tenant_id = $1 and m.device_id = $2 and m.sequence = $3) as "last?",
                  (select m.hash from sync_mutations m
                   where m.tenant_id = $1 and m.device_id = $2 and m.sequence = $3 + 1) as "next?",
                  (select count(*) from devices d
                   where d.tenant_id = $1 and d.copied_from = $2) as "copies!""#,
        caller.tenant.0,
        device.0,
        sequence.clamp(0, i64::MAX - 1)
    )
    .fetch_one(tx)
    .await?;
    let hash = |text: Option<String>| text.as_deref().and_then(Hash::parse);
    Ok(Known { last: hash(row.last), next: hash(row.next), copies: row.copies })
}

/// Refuses a desktop of which no copy was seen, or whose past is not that of the device.
async fn must_be_copied(
    tx: &mut PgConnection,
    caller: &Caller,
    request: &RenewRequest,
    was: &Original,
    now: OffsetDateTime,
) -> Result<()> {
    must_have_that_past(tx, caller, request).await?;
    let known = known(tx, caller, caller.device, request.after).await?;
    let collides = request.next_hash.zip(known.next).is_some_and(|(ours, theirs)| ours != theirs);
    let was_seen = was.copy_seen_at.is_some_and(|at| now - at <= SEEN_FOR);
    if !collides && !was_seen {
        return Err(Error::Invalid("No copy of this computer was seen. It goes on as it is."));
    }
    if known.copies >= MAX_COPIES {
        return Err(Error::Invalid(
            "This computer was copied too often. An admin enrols it anew; what waits on it is safe until then.",
        ));
    }
    Ok(())
}

/// Adds the desktop that the copy becomes. The other one stays what it is, and is asked for a password once.
async fn add(
    tx: &mut PgConnection,
    caller: &Caller,
    request: &RenewRequest,
    was: &Original,
) -> Result<Enrolled> {
    let (tenant, original) = (caller.tenant.0, caller.device.0);
    let new = NewDevice {
        clinic: was.clinic,
        name: &was.name,
        platform: &was.platform,
        app_version: &was.app_version,
        public_key: &request.public_key,
        scope: device::scope(&was.scope),
        enrolled_by: caller.user.0,
        again: None,
    };
    let enrolled = device::insert(tx, tenant, &new).await?;
    set_past(tx, caller, enrolled.id, request).await?;
    // Whoever worked on the disk before it was copied is known on both: what they did there waits on this one too.
    sqlx::query!(
        "insert into device_users (tenant_id, device_id, user_id, first_signed_in_at, last_signed_in_at)
         select tenant_id, $3, user_id, first_signed_in_at, last_signed_in_at
         from device_users where tenant_id = $1 and device_id = $2",
        tenant,
        original,
        enrolled.id
    )
    .execute(&mut *tx)
    .await?;
    // What waits there was signed with their keys of the other one.
    sqlx::query!(
        "insert into own_keys (tenant_id, device_id, user_id, public_key, after_sequence, created_at, revoked_at)
         select tenant_id, $3, user_id, public_key, after_sequence, created_at, revoked_at
         from own_keys where tenant_id = $1 and device_id = $2",
        tenant,
        original,
        enrolled.id
    )
    .execute(&mut *tx)
    .await?;
    // Nobody is taken for a copy because of what this one did as the other.
    sqlx::query!(
        "update devices set copied_at = null, copy_seen_at = null where tenant_id = $1 and id = $2",
        tenant,
        original
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!("delete from refresh_tokens where tenant_id = $1 and device_id = $2", tenant, original)
        .execute(tx)
        .await?;
    Ok(enrolled)
}

/// Lets the device begin behind the past that it has in common with the caller's.
async fn set_past(
    tx: &mut PgConnection,
    caller: &Caller,
    device: Uuid,
    request: &RenewRequest,
) -> Result<()> {
    sqlx::query!(
        "update devices set copied_from = $3, copied_sequence = $4, last_sequence = $4, last_hash = $5
         where tenant_id = $1 and id = $2",
        caller.tenant.0,
        device,
        caller.device.0,
        request.after,
        request.after_hash.to_string()
    )
    .execute(tx)
    .await?;
    Ok(())
}

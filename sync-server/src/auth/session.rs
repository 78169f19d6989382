//! Signing in on an enrolled desktop, and staying signed in.

use axum::extract::State;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use protocol::api::{
    ChallengeRequest, ChallengeResponse, DeviceScope, LoginRequest, Notice, RefreshRequest, Secret, Session,
    Tokens,
};
use protocol::audit::Action;
use protocol::id::{ClinicId, DeviceId, TenantId, UserId};
use protocol::signing::{login_message, refresh_message, verify};
use protocol::standing::SignedOrder;
use time::OffsetDateTime;

use super::Auth;
use super::device::{self, Device};
use super::person::{self, Person};
use super::refresh::{self, IssuedRefresh, Rotation};
use super::standing::{Standing, renew};
use super::throttle::Who;
use super::token::{Subject, TOKEN_TTL_SECS};
use crate::AppState;
use crate::audit::{self, Actor, Event};
use crate::error::{Error, Json, Result};
use crate::sync::news::News;

/// Where someone signs in.
pub(crate) struct Place {
    pub(crate) tenant: TenantId,
    pub(crate) device: DeviceId,
    pub(crate) clinic: ClinicId,
    pub(crate) scope: DeviceScope,
    pub(crate) unlock_key: Secret,
    /// Whether they have just given their password.
    pub(crate) is_by_password: bool,
}

impl Place {
    pub(crate) fn of(tenant: TenantId, device: &Device) -> Self {
        Self {
            tenant,
            device: DeviceId(device.id),
            clinic: ClinicId(device.clinic),
            scope: device.scope,
            unlock_key: Secret(BASE64_STANDARD.encode(&device.unlock_key)),
            is_by_password: false,
        }
    }

    pub(crate) fn standing(&self) -> Standing {
        Standing { tenant: self.tenant, device: self.device.0, scope: self.scope }
    }
}

/// `POST /v1/auth/challenge`. Whether there is such a device is not told.
#[tracing::instrument(skip_all)]
pub(crate) async fn challenge(
    State(state): State<AppState>,
    Json(request): Json<ChallengeRequest>,
) -> Result<Json<ChallengeResponse>> {
    let mut tx = state.db.write_unsynced(request.tenant_id).await?;
    let challenge =
        device::issue_challenge(&mut tx, request.tenant_id.0, request.device_id.0, OffsetDateTime::now_utc())
            .await?;
    tx.commit().await?;
    Ok(Json(ChallengeResponse { challenge }))
}

/// `POST /v1/auth/login`.
#[tracing::instrument(skip_all)]
pub(crate) async fn login(
    State(state): State<AppState>,
    Json(request): Json<LoginRequest>,
) -> Result<Json<Session>> {
    let now = OffsetDateTime::now_utc();
    let auth = &state.auth;
    let (tenant, device_id) = (request.tenant_id, request.device_id);
    let message = login_message(&auth.server_name, tenant, device_id, &request.challenge);
    let device =
        signing_device(&state, tenant, device_id, &request.challenge, &message, &request.signature, now)
            .await?;
    let who = Who::on_device(tenant.0, device.id, &person::normalise_email(&request.email));
    auth.check_throttle(&who)?;

    let mut tx = state.db.read(tenant).await?;
    let person = person::find_by_email(&mut tx, tenant.0, &request.email).await?;
    drop(tx);
    let hash = person.as_ref().map(|person| person.password_hash.as_str());
    let is_right = auth.try_password(&who, &request.password, hash).await?;
    let known = person.as_ref().map(|person| UserId(person.id));
    let attempt = |action| Event {
        user: known,
        device: Some(device_id),
        clinic: Some(device.clinic),
        ..Event::new(action)
    };
    let Some(person) = person.filter(|_| is_right) else {
        state.audit.record(&state.db, tenant, &attempt(Action::LoginFailed)).await?;
        return Err(Error::WrongPassword);
    };

    if person.has_old_one_time_password {
        state.audit.record(&state.db, tenant, &too_old(attempt(Action::LoginFailed))).await?;
        return Err(Error::WrongCode);
    }
    let mut tx = state.db.write_unsynced(tenant).await?;
    audit::set_actor(&mut tx, Actor::Person(UserId(person.id))).await?;
    person::note_sign_in(&mut tx, tenant.0, device.id, person.id).await?;
    let refresh = refresh::issue(&mut tx, tenant.0, device.id, now).await?;
    let news = News::of(&mut tx, tenant).await?;
    let notices = news.notices(&state, &mut tx, person.must_change_password).await?;
    let place = Place { is_by_password: true, ..Place::of(tenant, &device) };
    let standing = renew(&mut tx, auth, place.standing(), &request.nonce, now).await?;
    audit::record(&mut tx, tenant, state.audit.lane(), &attempt(Action::Login)).await?;
    tx.commit().await?;
    state.audit.added(tenant, 1);
    Ok(Json(session(auth, place, &person, refresh, standing, notices, now)))
}

/// `POST /v1/auth/refresh`.
#[tracing::instrument(skip_all)]
pub(crate) async fn refresh(
    State(state): State<AppState>,
    Json(request): Json<RefreshRequest>,
) -> Result<Json<Tokens>> {
    let now = OffsetDateTime::now_utc();
    let (tenant, device_id, generation) = (request.tenant_id, request.device_id, request.generation);
    let message = refresh_message(
        &state.auth.server_name,
        tenant,
        device_id,
        request.user_id,
        generation,
        &request.challenge,
    );
    let device =
        signing_device(&state, tenant, device_id, &request.challenge, &message, &request.signature, now)
            .await?;

    let mut tx = state.db.write_unsynced(tenant).await?;
    let rotation =
        refresh::rotate(&mut tx, tenant.0, device.id, generation, &request.refresh_token, now).await?;
    let next = match rotation {
        Rotation::Next(next) => next,
        Rotation::Copied => {
            let event = Event {
                user: Some(request.user_id),
                device: Some(device_id),
                clinic: Some(device.clinic),
                reason: Some("An earlier token was used: the computer's data was copied."),
                ..Event::new(Action::LoginFailed)
            };
            audit::record(&mut tx, tenant, state.audit.lane(), &event).await?;
            tx.commit().await?;
            state.audit.added(tenant, 1);
            tracing::warn!(%tenant, device = %device.id, "a copy of a desktop was seen");
            return Err(Error::DeviceCopied);
        }
        Rotation::Unknown => return Err(Error::Unauthorized),
    };
    // Whoever may no longer come in leaves the token as it was: the transaction is dropped.
    let person = person::find_on_device(&mut tx, tenant.0, device.id, request.user_id.0)
        .await?
        .ok_or(Error::Unauthorized)?;
    let place = Place::of(tenant, &device);
    let standing = renew(&mut tx, &state.auth, place.standing(), &request.nonce, now).await?;
    tx.commit().await?;
    Ok(Json(tokens(&state.auth, &place, &person, next, standing, now)))
}

/// How it stands in the audit log that a one-time password came when its time was over.
pub(super) fn too_old(attempt: Event<'_>) -> Event<'_> {
    Event { reason: Some("The one-time password was too old."), ..attempt }
}

/// The device that signed this message, and is not revoked.
async fn signing_device(
    state: &AppState,
    tenant: TenantId,
    device: DeviceId,
    challenge: &str,
    message: &str,
    signature: &str,
    now: OffsetDateTime,
) -> Result<Device> {
    let device = proven_device(state, tenant, device, challenge, message, signature, now).await?;
    if device.is_revoked { Err(Error::DeviceRevoked) } else { Ok(device) }
}

/// The device that signed this message, in service or not. Whatever is wrong with the proof, the answer is the same,
/// and nothing but the challenge is used up. That there is no such device is said: nobody guesses the id of one, and after
/// a restore its people must know what to do.
pub(super) async fn proven_device(
    state: &AppState,
    tenant: TenantId,
    device: DeviceId,
    challenge: &str,
    message: &str,
    signature: &str,
    now: OffsetDateTime,
) -> Result<Device> {
    let mut tx = state.db.write_unsynced(tenant).await?;
    let found = device::find(&mut tx, tenant.0, device.0).await?;
    let is_fresh = device::take_challenge(&mut tx, tenant.0, device.0, challenge, now).await?;
    tx.commit().await?;
    if found.is_none() {
        return Err(state.auth.failed(&Who::unknown_device(tenant.0), Error::DeviceUnknown));
    }
    let proven = found.filter(|device| is_fresh && verify(&device.public_key, message, signature));
    proven.ok_or_else(|| state.auth.failed(&Who::unknown_device(tenant.0), Error::Unauthorized))
}

/// What a desktop gets after a password sign-in.
pub(crate) fn session(
    auth: &Auth,
    place: Place,
    person: &Person,
    refresh: IssuedRefresh,
    standing: SignedOrder,
    notices: Vec<Notice>,
    now: OffsetDateTime,
) -> Session {
    Session {
        user: person.staff_member(),
        tokens: tokens(auth, &place, person, refresh, standing, now),
        unlock_key: place.unlock_key,
        notices,
    }
}

fn tokens(
    auth: &Auth,
    place: &Place,
    person: &Person,
    refresh: IssuedRefresh,
    standing: SignedOrder,
    now: OffsetDateTime,
) -> Tokens {
    let subject = Subject {
        tenant: place.tenant,
        user: UserId(person.id),
        device: place.device,
        clinic: place.clinic,
        roles: person.roles.0.clone(),
        scope: place.scope,
        token_version: person.token_version,
        is_by_password: place.is_by_password,
    };
    Tokens {
        access_token: auth.keys.sign(&subject, now),
        expires_in: TOKEN_TTL_SECS,
        refresh_token: refresh.token,
        generation: refresh.generation,
        standing: Some(standing),
    }
}

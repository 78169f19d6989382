//! New desktops: the code that an admin hands out, and the desktop that uses it.

use axum::extract::State;
use axum::http::StatusCode;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use protocol::api::{DeviceScope, EnrolRequest, EnrolResponse, EnrolmentCode, Secret};
use protocol::audit::Action;
use protocol::id::{ClinicId, DeviceId, Epoch, UserId};
use protocol::signing::{enrol_message, parse_public_key, verify};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::code::EnrolmentSecret;
use super::device::{self, NewDevice};
use super::enrolment::{self, CODE_LIFE, NewCode};
use super::throttle::Who;
use super::{Caller, person, refresh, session, standing};
use crate::AppState;
use crate::audit::{self, Actor, Event};
use crate::error::{Error, Json, Result};
use crate::limits;

/// `POST /v1/devices/codes`: where the new desktop will stand, and what it may receive.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CodeRequest {
    /// Where it will stand.
    pub clinic_id: ClinicId,
    /// What it may receive.
    pub scope: DeviceScope,
}

/// `POST /v1/devices/codes`: an admin lets a desktop in.
#[tracing::instrument(skip_all, fields(tenant = %caller.tenant, user = %caller.user))]
pub(crate) async fn issue_code(
    State(state): State<AppState>,
    caller: Caller,
    Json(request): Json<CodeRequest>,
) -> Result<(StatusCode, Json<EnrolmentCode>)> {
    let mut tx = state.db.write_unsynced(caller.tenant).await?;
    audit::set_actor(&mut tx, Actor::Person(caller.user)).await?;
    let tenant_code = sqlx::query_scalar!(
        "select t.tenant_code from tenants t
         join clinics c on c.tenant_id = t.id and c.id = $2 and c.is_active and c.deleted_at is null
         where t.id = $1",
        caller.tenant.0,
        request.clinic_id.0,
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::NotFound)?;
    let new = NewCode {
        tenant: caller.tenant.0,
        tenant_code: &tenant_code,
        clinic: request.clinic_id.0,
        scope: request.scope,
        life: CODE_LIFE,
        created_by: Some(caller.user.0),
    };
    let code = enrolment::issue(&mut tx, new, OffsetDateTime::now_utc()).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(code)))
}

/// `POST /v1/devices/enrol`: a desktop comes in, with the code, a password, and proof of its key.
#[tracing::instrument(skip_all)]
pub(crate) async fn enrol(
    State(state): State<AppState>,
    Json(request): Json<EnrolRequest>,
) -> Result<Json<EnrolResponse>> {
    check(&request)?;
    let auth = &state.auth;
    let secret = EnrolmentSecret::parse(&request.code.0).ok_or(Error::WrongCode)?;
    let who = Who::enrolling(&secret.tenant_code);
    auth.check_throttle(&who)?;
    // An unknown tenant is nothing but a wrong code.
    let Some(tenant) = state.db.find_tenant(&secret.tenant_code).await? else {
        return Err(auth.failed(Who::unknown_tenant(), Error::WrongCode));
    };
    let now = OffsetDateTime::now_utc();
    let mut tx = state.db.write_unsynced(tenant).await?;
    let code = enrolment::try_code(&mut tx, tenant.0, &secret, now).await?;
    tx.commit().await?;
    let Some(code) = code.filter(|code| code.is_right) else {
        let error = auth.failed(who, Error::WrongCode);
        let event = Event { reason: Some("wrong enrolment code"), ..Event::new(Action::LoginFailed) };
        state.audit.record(&state.db, tenant, &event).await?;
        return Err(error);
    };

    let mut tx = state.db.read(tenant).await?;
    limits::must_be_active(&mut tx, tenant).await?;
    let person = person::find_by_email(&mut tx, tenant.0, &request.email).await?;
    drop(tx);
    let hash = person.as_ref().map(|person| person.password_hash.as_str());
    let is_right = auth.strangers.verify(&request.password, hash).await?;
    let known = person.as_ref().map(|person| UserId(person.id));
    let attempt = |action| Event { user: known, clinic: Some(code.clinic), ..Event::new(action) };
    let Some(person) = person.filter(|_| is_right) else {
        let error = auth.failed(who, Error::WrongPassword);
        state.audit.record(&state.db, tenant, &attempt(Action::LoginFailed)).await?;
        return Err(error);
    };

    let mut tx = state.db.write_unsynced(tenant).await?;
    audit::set_actor(&mut tx, Actor::Person(UserId(person.id))).await?;
    if !enrolment::use_code(&mut tx, tenant.0, code.id, now).await? {
        return Err(Error::WrongCode);
    }
    let new = NewDevice {
        clinic: code.clinic,
        name: request.device_name.trim(),
        platform: &request.platform,
        app_version: &request.app_version,
        public_key: &request.public_key,
        scope: code.scope,
        enrolled_by: person.id,
    };
    let enrolled = device::insert(&mut tx, tenant.0, &new).await?;
    person::note_sign_in(&mut tx, tenant.0, enrolled.id, person.id).await?;
    let refresh = refresh::issue(&mut tx, tenant.0, enrolled.id, now).await?;
    let names = sqlx::query!(
        "select t.tenant_name, c.clinic_name, s.epoch from tenants t
         join clinics c on c.tenant_id = t.id and c.id = $2
         join tenant_sync s on s.tenant_id = t.id
         where t.id = $1",
        tenant.0,
        code.clinic,
    )
    .fetch_one(&mut *tx)
    .await?;
    let notices = session::notices(&state, &mut tx, tenant, person.must_change_password).await?;
    let place = session::Place {
        tenant,
        device: DeviceId(enrolled.id),
        clinic: ClinicId(code.clinic),
        scope: code.scope,
        unlock_key: Secret(BASE64_STANDARD.encode(&enrolled.unlock_key)),
        is_by_password: true,
    };
    let standing = standing::renew(&mut tx, auth, place.standing(), "", now).await?;
    let signed_in = Event { device: Some(DeviceId(enrolled.id)), ..attempt(Action::Login) };
    audit::record(&mut tx, tenant, state.audit.lane(), &signed_in).await?;
    tx.commit().await?;
    state.audit.added(tenant, 1);
    auth.throttle.succeeded(&who);
    tracing::info!(%tenant, device = %enrolled.id, "a desktop was enrolled");
    Ok(Json(EnrolResponse {
        tenant_id: tenant,
        tenant_name: names.tenant_name,
        device_id: place.device,
        lane: enrolled.lane,
        clinic_id: place.clinic,
        clinic_name: names.clinic_name,
        scope: place.scope,
        server_name: auth.server_name.to_string(),
        epoch: Epoch(names.epoch),
        session: session::session(auth, place, &person, refresh, standing, notices, now),
    }))
}

/// What can be judged without the database; costs no try.
fn check(request: &EnrolRequest) -> Result<()> {
    let name = request.device_name.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(Error::Invalid("Give this computer a name of at most 100 characters."));
    }
    if !matches!(request.platform.as_str(), "windows" | "macos" | "linux") {
        return Err(Error::Invalid("The platform must be windows, macos or linux."));
    }
    if request.app_version.is_empty() || request.app_version.len() > 40 {
        return Err(Error::Invalid("The program's version must have 1 to 40 characters."));
    }
    let key = parse_public_key(&request.public_key)
        .ok_or(Error::Invalid("The public key is not an Ed25519 key in base64."))?;
    let message = enrol_message(&request.code.0, &request.public_key);
    if !verify(&key, &message, &request.signature) {
        return Err(Error::Invalid("The signature does not fit the public key."));
    }
    Ok(())
}

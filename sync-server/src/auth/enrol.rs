//! New desktops: the code that an admin hands out, and the desktop that uses it.

use axum::extract::State;
use axum::http::StatusCode;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use protocol::api::{CodeRequest, Earlier, EnrolAgain, EnrolRequest, EnrolResponse, EnrolmentCode, Secret};
use protocol::audit::Action;
use protocol::id::{ClinicId, DeviceId, Epoch, TenantId, UserId};
use protocol::signing::{enrol_message, parse_public_key, public_key_text, verify};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::code::{EnrolmentSecret, random_bytes};
use super::device::{self, Again, Enrolled, NewDevice, Revoke, Was};
use super::enrolment::{self, CODE_LIFE, NewCode, TriedCode};
use super::person::Person;
use super::throttle::Who;
use super::{Caller, person, recovery, refresh, session, standing};
use crate::AppState;
use crate::audit::{self, Actor, Event};
use crate::error::{Error, Json, Result};
use crate::limits;
use crate::sync::news::News;
use crate::sync::set_aside;

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
    // An unknown tenant is nothing but a wrong code.
    let Some(tenant) = state.db.find_tenant(&secret.tenant_code).await? else {
        return Err(auth.failed(&who, Error::WrongCode));
    };
    let now = OffsetDateTime::now_utc();
    let mut tx = state.db.write_unsynced(tenant).await?;
    let code = enrolment::try_code(&mut tx, tenant.0, &secret, now).await?;
    tx.commit().await?;
    // Whoever has a right code waits for nobody who guesses: each code takes five tries, whoever they come from.
    let Some(code) = code.filter(|code| code.is_right) else {
        let error = auth.failed(&who, Error::WrongCode);
        // What was told to wait does not fill the log.
        if matches!(error, Error::WrongCode) {
            let event = Event { reason: Some("wrong enrolment code"), ..Event::new(Action::LoginFailed) };
            state.audit.record(&state.db, tenant, &event).await?;
        }
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
        state.audit.record(&state.db, tenant, &attempt(Action::LoginFailed)).await?;
        return Err(Error::WrongPassword);
    };

    if person.has_old_one_time_password {
        state.audit.record(&state.db, tenant, &session::too_old(attempt(Action::LoginFailed))).await?;
        return Err(Error::WrongCode);
    }
    must_be_known(&state, tenant, &code, &person).await?;
    let incoming = Incoming { state: &state, tenant, request: &request, code: &code, person: &person, now };
    let answer = match &request.recovers {
        None => {
            let mut tx = state.db.write_unsynced(tenant).await?;
            let answer = admit(&mut tx, &incoming).await?;
            tx.commit().await?;
            answer
        }
        Some(recovers) => {
            // What waits there for a person comes before the admins: that is rows which every desktop sees.
            let mut tx = state.db.write(tenant).await?;
            let answer = admit(&mut tx, &incoming).await?;
            set_aside::before_admins(&mut tx, tenant, recovers.device_id, now).await?;
            tx.commit().await?;
            answer
        }
    };
    state.audit.added(tenant, 1);
    tracing::info!(%tenant, device = %answer.device_id, "a desktop was enrolled");
    Ok(Json(answer))
}

/// Refuses, with a code of the operator's, whom the operator alone knows: one call in somebody's name would be enough to get
/// a tenant's records. The code stays good.
async fn must_be_known(state: &AppState, tenant: TenantId, code: &TriedCode, person: &Person) -> Result<()> {
    if !code.is_operators {
        return Ok(());
    }
    let mut tx = state.db.read(tenant).await?;
    if person::is_known(&mut tx, tenant.0, person.id).await? {
        return Ok(());
    }
    drop(tx);
    let event = Event {
        user: Some(UserId(person.id)),
        clinic: Some(code.clinic),
        reason: Some("The code was the operator's, and nobody there knows them yet."),
        ..Event::new(Action::LoginFailed)
    };
    state.audit.record(&state.db, tenant, &event).await?;
    Err(Error::Invalid(
        "This code is the operator's. With it comes in only who has signed in at one of the clinic's computers before, \
         with a password of their own. Ask an admin of the clinic for a code. Nothing was changed.",
    ))
}

/// Who comes in with what.
struct Incoming<'a> {
    state: &'a AppState,
    tenant: TenantId,
    request: &'a EnrolRequest,
    code: &'a TriedCode,
    person: &'a Person,
    now: OffsetDateTime,
}

/// Uses the code up, and lets the desktop in.
async fn admit(tx: &mut PgConnection, incoming: &Incoming<'_>) -> Result<EnrolResponse> {
    let Incoming { state, tenant, request, code, person, now } = *incoming;
    let auth = &state.auth;
    audit::set_actor(tx, Actor::Person(UserId(person.id))).await?;
    let was = match &request.recovers {
        Some(recovers) => Some(recovery::find(tx, tenant, recovers, (code.clinic, code.scope)).await?),
        None => None,
    };
    let again = match &request.again {
        Some(again) => Some(must_fit(tx, incoming, again).await?),
        None => None,
    };
    if !enrolment::use_code(tx, tenant.0, code.id, now).await? {
        return Err(Error::WrongCode);
    }
    let known = match &was {
        Some(was) => recovery::known(tx, tenant, DeviceId(was.id), &request.public_key).await?,
        None => None,
    };
    let enrolled = match known {
        Some(known) => known,
        None => add(tx, incoming, again).await?,
    };
    if let (Some(was), Some(recovers)) = (&was, &request.recovers) {
        let pair = (DeviceId(was.id), enrolled.id);
        recovery::go_on(tx, tenant, UserId(person.id), pair, recovers).await?;
    }
    person::note_sign_in(tx, tenant.0, enrolled.id, person.id).await?;
    if let Some(again) = &request.again {
        let first = again.was.as_ref().map_or(enrolled.id, |was| was.device_id.0);
        person::note_earlier(tx, tenant.0, (enrolled.id, first), person.id).await?;
    }
    let refresh = refresh::issue(tx, tenant.0, enrolled.id, now).await?;
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
    let notices = News::of(tx, tenant).await?.notices(state, tx, person.must_change_password).await?;
    let place = session::Place {
        tenant,
        device: DeviceId(enrolled.id),
        clinic: ClinicId(code.clinic),
        scope: code.scope,
        unlock_key: Secret(BASE64_STANDARD.encode(&enrolled.unlock_key)),
        is_by_password: true,
    };
    let standing = standing::renew(tx, auth, place.standing(), "", now).await?;
    let signed_in = Event {
        user: Some(UserId(person.id)),
        device: Some(place.device),
        clinic: Some(code.clinic),
        reason: was
            .as_ref()
            .map(|_| "The computer's keys were lost: it was recovered, and goes on under an id of its own."),
        ..Event::new(Action::Login)
    };
    audit::record(tx, tenant, state.audit.lane(), &signed_in).await?;
    Ok(EnrolResponse {
        tenant_id: tenant,
        tenant_name: names.tenant_name,
        device_id: place.device,
        lane: enrolled.lane,
        clinic_id: place.clinic,
        clinic_name: names.clinic_name,
        scope: place.scope,
        server_name: auth.server_name.to_string(),
        epoch: Epoch(names.epoch),
        recovered_key: was.map(|was| public_key_text(&was.public_key)),
        session: session::session(auth, place, person, refresh, standing, notices, now),
    })
}

async fn add(tx: &mut PgConnection, incoming: &Incoming<'_>, again: Option<Again<'_>>) -> Result<Enrolled> {
    let Incoming { tenant, request, code, person, .. } = *incoming;
    let new = NewDevice {
        clinic: code.clinic,
        name: request.device_name.trim(),
        platform: &request.platform,
        app_version: &request.app_version,
        public_key: &request.public_key,
        scope: code.scope,
        enrolled_by: person.id,
        again,
    };
    Ok(device::insert(tx, tenant.0, &new).await?)
}

/// What a desktop was that comes again, if the code is for such a one and nobody has its id. It costs no code.
async fn must_fit<'a>(
    tx: &mut PgConnection,
    incoming: &Incoming<'a>,
    again: &'a EnrolAgain,
) -> Result<Again<'a>> {
    let Incoming { tenant, code, .. } = *incoming;
    if again.tenant_id != tenant {
        return Err(Error::Invalid("This code is another clinic's. Nothing on this computer was changed."));
    }
    if again.clinic_id.0 != code.clinic || again.scope != code.scope {
        return Err(Error::Invalid(
            "This code is for a computer at another place or for other work. Ask for one like this computer's.",
        ));
    }
    match device::find(tx, tenant.0, again.device_id.0).await? {
        Some(device) if device.is_revoked => return Err(Error::DeviceRevoked),
        Some(_) => return Err(Error::Invalid("The server knows this computer. Sign in with your password.")),
        None => {}
    }
    let unlock_key = BASE64_STANDARD.decode(&again.unlock_key.0).ok().filter(|bytes| bytes.len() == 32);
    let unlock_key = unlock_key.ok_or(Error::Invalid("The unlock key must be 32 bytes in base64."))?;
    if !is_lane(&again.lane) {
        return Err(Error::Invalid("A lane is 1 to 4 capital letters."));
    }
    let was = earlier(tx, incoming, again).await?;
    Ok(Again { id: again.device_id.0, lane: &again.lane, unlock_key, was })
}

fn is_lane(text: &str) -> bool {
    (1..=4).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_uppercase())
}

/// What it was before, if the database knows that one, at the same place and with the same rows. The people and the keys of
/// that one stay its own.
async fn earlier<'a>(
    tx: &mut PgConnection,
    incoming: &Incoming<'a>,
    again: &'a EnrolAgain,
) -> Result<Option<Was<'a>>> {
    let Incoming { tenant, code, .. } = *incoming;
    let word = again.lease.as_ref();
    let word = word.and_then(|lease| incoming.state.auth.order.given(lease, (tenant, again.device_id)));
    let gone = word.map(|lease| lease.revoked).unwrap_or_default();
    let mut was = None;
    for said in again.before.iter().chain(&again.was) {
        if said.until < 0 {
            return Err(Error::Invalid("No mutation has that number."));
        }
        if said.device_id == again.device_id {
            return Err(Error::Invalid("What this computer was before has another id than its own."));
        }
        let known = match device::find(tx, tenant.0, said.device_id.0).await? {
            Some(known) => ((known.clinic, known.scope) == (code.clinic, code.scope)).then_some(known.id),
            None => make_known(tx, incoming, said, (was, gone.as_slice())).await?,
        };
        was = Some(Was { said, known });
    }
    Ok(was)
}

/// Makes a desktop known whose keys were lost, or which is among those that were out of service, and which the database lost as
/// well: what it signed can be handed over then, and has its authors. It is out of service, as it was. None where this server
/// does not know its own word of it. One in service of which the disk was copied comes back by itself.
async fn make_known(
    tx: &mut PgConnection,
    incoming: &Incoming<'_>,
    said: &Earlier,
    (was, gone): (Option<Was<'_>>, &[DeviceId]),
) -> Result<Option<Uuid>> {
    let Incoming { state, tenant, request, code, person, .. } = *incoming;
    let is_out = said.is_recovered || gone.contains(&said.device_id);
    let Some(lost) = said.lost.as_ref().filter(|_| is_out) else { return Ok(None) };
    let lease = state.auth.order.given(&lost.lease, (tenant, said.device_id));
    let is_good = is_lane(&lost.lane) && parse_public_key(&lost.public_key).is_some();
    let Some(lease) = lease.filter(|lease| is_good && lease.scope == code.scope) else { return Ok(None) };
    let new = NewDevice {
        clinic: code.clinic,
        name: request.device_name.trim(),
        platform: &request.platform,
        app_version: &request.app_version,
        public_key: &lost.public_key,
        scope: code.scope,
        enrolled_by: person.id,
        again: Some(Again {
            id: said.device_id.0,
            lane: &lost.lane,
            unlock_key: random_bytes::<32>().to_vec(),
            was,
        }),
    };
    let made = device::insert(tx, tenant.0, &new).await?.id;
    for colleague in &lease.people {
        person::note_known(tx, tenant.0, (made, colleague.user_id.0), lease.issued_at).await?;
        person::note_earlier(tx, tenant.0, (made, made), colleague.user_id.0).await?;
    }
    let reason = if said.is_recovered {
        "Its keys were lost, and the server was restored to before it."
    } else {
        "It was out of service before the server's data was restored."
    };
    let how = Revoke { by: Some(person.id), reason: Some(reason), consent: None };
    device::revoke(tx, tenant.0, made, how).await?;
    Ok(Some(made))
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
    // It is shown in the operator's terminal.
    let is_version = |c: char| c.is_ascii_graphic() || c == ' ';
    if !(1..=40).contains(&request.app_version.len()) || !request.app_version.chars().all(is_version) {
        return Err(Error::Invalid("The program's version must have 1 to 40 letters, digits and signs."));
    }
    if request.again.is_some() && request.recovers.is_some() {
        return Err(Error::Invalid("A computer goes on as what it was, or under another id; not both."));
    }
    let key = parse_public_key(&request.public_key)
        .ok_or(Error::Invalid("The public key is not an Ed25519 key in base64."))?;
    let message = enrol_message(&request.code.0, &request.public_key);
    if !verify(&key, &message, &request.signature) {
        return Err(Error::Invalid("The signature does not fit the public key."));
    }
    Ok(())
}

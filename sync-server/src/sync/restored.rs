//! `POST /v1/sync/restored`: what desktops know of the time that a restored server lost. The server believes what it signed
//! itself: who was at a computer, which computers are out of service, whose account was closed. The rest is told to the
//! operator.

use axum::extract::State;
use axum::http::StatusCode;
use protocol::api::{MAX_RECALLED, NewDoctor, OnlyHere, RecalledPerson, Recollection};
use protocol::audit::Action;
use protocol::id::{DeviceId, DoctorId, TenantId, UserId};
use protocol::permission::Role;
use protocol::standing::{Colleague, Lease};
use protocol::table::{TABLES, TableName};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgConnection;
use sqlx::types::Json as Jsonb;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{OnceSpokenProtocol, head, set_aside};
use crate::audit::{self, Event, Lane};
use crate::auth::Caller;
use crate::auth::device::{self, Revoke};
use crate::auth::person::{normalise_email, note_known, roles};
use crate::auth::register::{check_doctor, check_email, fits};
use crate::auth::tenant::split_name;
use crate::error::{Error, Json, Result};
use crate::manage::staff;
use crate::{AppState, TenantWriteTx};

const OUT_BEFORE: &str = "It was out of service before the server's data was restored.";

/// What followed from the last word of the time that was lost.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Learnt {
    /// Computers that are out of service again.
    pub(crate) revoked: Vec<DeviceId>,
    /// Accounts that are closed again.
    pub(crate) closed: Vec<UserId>,
    /// People whose account was made since the backup: it is there again, closed, so that what they did has an author.
    pub(crate) made_again: Vec<UserId>,
    /// People whose profile as a prescriber was lost and is there again, out of use, as this computer told it.
    pub(crate) profiles: Vec<UserId>,
    /// People whose password was changed since: only the one before opens their account.
    pub(crate) passwords: Vec<UserId>,
    /// People whose roles were others.
    pub(crate) roles: Vec<UserId>,
}

impl Learnt {
    fn is_nothing(&self) -> bool {
        let Self { revoked, closed, made_again, profiles, passwords, roles } = self;
        let people = [closed, made_again, profiles, passwords, roles];
        revoked.is_empty() && people.iter().all(|people| people.is_empty())
    }
}

/// Takes what a desktop knows, before it sends again what was lost.
#[tracing::instrument(skip_all, fields(tenant = %caller.tenant, device = %caller.device))]
pub(crate) async fn restored(
    State(state): State<AppState>,
    caller: Caller,
    _: OnceSpokenProtocol,
    Json(request): Json<Recollection>,
) -> Result<StatusCode> {
    check(&request)?;
    let place = (caller.tenant, caller.device);
    let lease = match &request.lease {
        Some(order) => {
            let lease = state.auth.order.given(order, place);
            Some(lease.ok_or(Error::Invalid("This server did not give this computer that lease."))?)
        }
        None => None,
    };
    let mut tx = state.db.write(caller.tenant).await?;
    head(&mut tx, caller.tenant, request.epoch).await?;
    let mut learnt = Learnt::default();
    if let Some(lease) = lease.as_ref().filter(|lease| lease.epoch != Some(request.epoch)) {
        learnt = learn(&mut tx, &caller, lease, &request.people).await?;
        if !learnt.is_nothing() {
            let event = Event {
                changes: Some(json!({ "learnt": learnt })),
                reason: Some(
                    "The server was restored: a computer brought its last word of the time that was lost.",
                ),
                ..Event::by(&caller, Action::SyncPush)
            };
            audit::record(&mut tx, caller.tenant, Lane::Writes, &event).await?;
        }
    }
    let now = OffsetDateTime::now_utc();
    let sent_again = request.sent_again.and_then(|count| i32::try_from(count).ok());
    sqlx::query!(
        "insert into restored_desktops
            (tenant_id, device_id, epoch, lease_issued_at, learnt, sent_again, only_here, told_at, compared_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (tenant_id, device_id, epoch) do update set
             lease_issued_at = coalesce(excluded.lease_issued_at, restored_desktops.lease_issued_at),
             learnt = case when restored_desktops.lease_issued_at is null
                           then excluded.learnt else restored_desktops.learnt end,
             sent_again = coalesce(excluded.sent_again, restored_desktops.sent_again),
             only_here = coalesce(excluded.only_here, restored_desktops.only_here),
             compared_at = coalesce(excluded.compared_at, restored_desktops.compared_at),
             told_at = excluded.told_at",
        caller.tenant.0,
        caller.device.0,
        request.epoch.0,
        lease.as_ref().map(|lease| lease.issued_at),
        Jsonb(&learnt) as _,
        sent_again,
        request.only_here.as_ref().map(Jsonb) as _,
        now,
        request.only_here.as_ref().map(|_| now)
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    state.audit.added(caller.tenant, 1);
    Ok(StatusCode::NO_CONTENT)
}

fn check(request: &Recollection) -> Result<()> {
    let too_many = |rows: &OnlyHere| rows.ids.len() > MAX_RECALLED;
    let only_here = request.only_here.as_deref().unwrap_or_default();
    if request.people.len() > MAX_RECALLED || only_here.len() > TABLES.len() || only_here.iter().any(too_many)
    {
        return Err(Error::Invalid("This is more than one computer may tell at once."));
    }
    Ok(())
}

async fn learn(
    tx: &mut TenantWriteTx,
    caller: &Caller,
    lease: &Lease,
    known: &[RecalledPerson],
) -> Result<Learnt> {
    let mut learnt = Learnt::default();
    for colleague in &lease.people {
        let recalled = known.iter().find(|person| person.user_id == colleague.user_id);
        meet(tx, caller.tenant, colleague, recalled, &mut learnt).await?;
        let doctor = recalled.and_then(|person| person.doctor.as_ref());
        if let Some((id, doctor)) = colleague.doctor_id.zip(doctor)
            && bring_profile(tx, caller, colleague.user_id, id, doctor).await?
        {
            learnt.profiles.push(colleague.user_id);
        }
        let known = (caller.device.0, colleague.user_id.0);
        note_known(tx, caller.tenant.0, known, lease.issued_at).await?;
    }
    for user in &lease.closed {
        // Whoever opened it since knew what they did.
        let open = sqlx::query_scalar!(
            "select id from users where tenant_id = $1 and id = $2 and is_active and updated_at < $3",
            caller.tenant.0,
            user.0,
            lease.issued_at
        )
        .fetch_optional(&mut **tx)
        .await?;
        if open.is_some() && staff::has_other_admin(tx, caller.tenant, user.0).await? {
            close(tx, caller.tenant, user.0).await?;
            learnt.closed.push(*user);
        }
    }
    let revoked: Vec<Uuid> = lease.revoked.iter().map(|device| device.0).collect();
    let in_service = sqlx::query_scalar!(
        "select id from devices where tenant_id = $1 and id = any ($2) and revoked_at is null order by id",
        caller.tenant.0,
        &revoked
    )
    .fetch_all(&mut **tx)
    .await?;
    for device in in_service {
        let how = Revoke { reason: Some(OUT_BEFORE), ..Revoke::default() };
        device::revoke(tx, caller.tenant.0, device, how).await?;
        learnt.revoked.push(DeviceId(device));
    }
    set_aside::of_lost(tx, caller.tenant, caller.device).await?;
    Ok(learnt)
}

/// Looks at somebody beside what the server said of them.
async fn meet(
    tx: &mut PgConnection,
    tenant: TenantId,
    then: &Colleague,
    recalled: Option<&RecalledPerson>,
    learnt: &mut Learnt,
) -> Result<()> {
    let now = sqlx::query!(
        "select roles, is_active, password_version from users where tenant_id = $1 and id = $2",
        tenant.0,
        then.user_id.0
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(now) = now else {
        if let Some(recalled) = recalled {
            make_again(tx, tenant, then, recalled).await?;
            learnt.made_again.push(then.user_id);
        }
        return Ok(());
    };
    if now.password_version < then.password_version {
        learnt.passwords.push(then.user_id);
    }
    let (mut is, mut was) = (roles(&now.roles).0, then.roles.0.clone());
    is.sort_unstable_by_key(|role| role.as_str());
    was.sort_unstable_by_key(|role| role.as_str());
    if is != was {
        learnt.roles.push(then.user_id);
    }
    Ok(())
}

/// An account that nobody signs in with before an admin opens it. It was open until now, so that what was done with it
/// is judged by its roles of then.
async fn make_again(
    tx: &mut PgConnection,
    tenant: TenantId,
    then: &Colleague,
    recalled: &RecalledPerson,
) -> Result<()> {
    let email = normalise_email(&recalled.email);
    let is_taken = sqlx::query_scalar!(
        r#"select exists (select from users where tenant_id = $1 and email = $2) as "is!""#,
        tenant.0,
        email
    )
    .fetch_one(&mut *tx)
    .await?;
    let email = if is_taken || check_email(&email).is_err() {
        format!("{}@before-the-restore.invalid", then.user_id)
    } else {
        email
    };
    let name = recalled.full_name.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_name = fits(TableName::Doctors, "first_name", &name);
    let name = if is_name { name } else { "Somebody who worked here".to_owned() };
    let names: Vec<String> = then.roles.0.iter().map(|role: &Role| role.as_str().to_owned()).collect();
    sqlx::query!(
        "insert into users (tenant_id, id, email, full_name, roles, password_hash, password_version)
         values ($1, $2, $3, $4, $5, '!', $6)",
        tenant.0,
        then.user_id.0,
        email,
        name,
        &names,
        then.password_version
    )
    .execute(&mut *tx)
    .await?;
    close(tx, tenant, then.user_id.0).await
}

/// The profile of somebody who has none, so that what they signed has its doctor: whose it is and its id the server signed,
/// what stands in it a computer says. It is out of use until an admin opens the account, or gives the role back.
async fn bring_profile(
    tx: &mut PgConnection,
    caller: &Caller,
    user: UserId,
    id: DoctorId,
    doctor: &NewDoctor,
) -> Result<bool> {
    if check_doctor(doctor).is_err() {
        return Ok(false);
    }
    let full_name = sqlx::query_scalar!(
        "select full_name from users where tenant_id = $1 and id = $2",
        caller.tenant.0,
        user.0
    )
    .fetch_one(&mut *tx)
    .await?;
    let (first_name, last_name) = split_name(&full_name);
    if !fits(TableName::Doctors, "first_name", first_name)
        || last_name.is_some_and(|name| !fits(TableName::Doctors, "last_name", name))
    {
        return Ok(false);
    }
    let kind = if doctor.role == Role::Dentist { "dentist" } else { "physician" };
    let brought = sqlx::query!(
        "insert into doctors
            (tenant_id, id, user_id, first_name, last_name, kind, specialization, qualifications,
             registration_number, registration_council, default_clinic_id, is_active)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, false)
         on conflict do nothing",
        caller.tenant.0,
        id.0,
        user.0,
        first_name,
        last_name,
        kind,
        doctor.specialization,
        doctor.qualifications,
        doctor.registration_number,
        doctor.registration_council,
        caller.clinic.0
    )
    .execute(&mut *tx)
    .await?;
    Ok(brought.rows_affected() > 0)
}

async fn close(tx: &mut PgConnection, tenant: TenantId, user: Uuid) -> Result<()> {
    sqlx::query!(
        "update users set is_active = false, token_version = token_version + 1, updated_at = now()
         where tenant_id = $1 and id = $2",
        tenant.0,
        user
    )
    .execute(&mut *tx)
    .await?;
    staff::set_profile(tx, tenant, user, None).await
}

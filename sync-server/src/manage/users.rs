use axum::extract::{Path, State};
use axum::http::StatusCode;
use protocol::api::NewDoctor;
use protocol::id::TenantId;
use protocol::manage::{DoctorChange, NewUser, UserAdded, UserChange, UserInfo};
use protocol::patient::parse_mobile;
use protocol::permission::Role;
use protocol::table::TableName;
use sqlx::PgConnection;
use uuid::Uuid;

use super::staff;
use crate::AppState;
use crate::audit::{self, Actor};
use crate::auth::Caller;
use crate::auth::code::new_one_time_password;
use crate::auth::person::normalise_email;
use crate::auth::register::{check_doctor, check_doctor_change, check_email, fits};
use crate::auth::tenant::{self, NewProfile, insert_profile, insert_user};
use crate::error::{Error, Json, Result};
use crate::limits;

/// For so long the one-time password of somebody new signs in: they may begin on Monday.
const ONE_TIME_DAYS: i32 = 7;

/// All members of staff.
#[tracing::instrument(skip_all, fields(tenant = %caller.tenant))]
pub(crate) async fn list(State(state): State<AppState>, caller: Caller) -> Result<Json<Vec<UserInfo>>> {
    let mut tx = state.db.read(caller.tenant).await?;
    Ok(Json(staff::read(&mut tx, caller.tenant, None).await?))
}

/// Adds a member of staff, who signs in with the one-time password in the answer.
#[tracing::instrument(skip_all, fields(tenant = %caller.tenant, user = %caller.user))]
pub(crate) async fn add(
    State(state): State<AppState>,
    caller: Caller,
    Json(new): Json<NewUser>,
) -> Result<(StatusCode, Json<UserAdded>)> {
    let email = normalise_email(&new.email);
    check_email(&email)?;
    let full_name = tidy_name(&new.full_name)?;
    let roles = tidy_roles(&new.roles)?;
    let mobile_number = tidy_mobile(new.mobile_number.as_deref())?;
    let kind = prescriber(&roles);
    check_registration(kind, new.doctor.as_ref())?;
    let password = new_one_time_password();
    let password_hash = state.auth.passwords.hash(&password).await?;
    let id = Uuid::now_v7();
    let mut tx = state.db.write(caller.tenant).await?;
    audit::set_actor(&mut tx, Actor::Person(caller.user)).await?;
    let user = tenant::NewUser {
        id,
        email: &email,
        full_name: &full_name,
        roles,
        password_hash: &password_hash,
        one_time_days: Some(ONE_TIME_DAYS),
        mobile_number: mobile_number.as_deref(),
    };
    insert_user(&mut tx, caller.tenant.0, &user).await.map_err(staff::in_words)?;
    staff::set_clinics(&mut tx, caller.tenant, id, &new.clinics).await?;
    if let Some((kind, doctor)) = kind.zip(new.doctor.as_ref()) {
        let clinic = new.clinics.first().map_or(caller.clinic.0, |clinic| clinic.0);
        add_profile(&mut tx, caller.tenant, id, &full_name, kind, doctor, clinic).await?;
    }
    let user = one(&mut tx, caller.tenant, id).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(UserAdded { user, one_time_password: password })))
}

/// Changes what is given of a member of staff. With other roles, another e-mail, or none, their access tokens end at once.
#[tracing::instrument(skip_all, fields(tenant = %caller.tenant, user = %caller.user))]
pub(crate) async fn change(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    Json(change): Json<UserChange>,
) -> Result<Json<UserInfo>> {
    let full_name = change.full_name.as_deref().map(tidy_name).transpose()?;
    let email = change.email.as_deref().map(normalise_email);
    if let Some(email) = &email {
        check_email(email)?;
    }
    let roles = change.roles.as_deref().map(tidy_roles).transpose()?;
    let mobile_number = tidy_mobile(change.mobile_number.as_deref())?;
    let id: Uuid = id.parse().map_err(|_| Error::NotFound)?;
    let tenant = caller.tenant;
    let mut tx = state.db.write(tenant).await?;
    let before = one(&mut tx, tenant, id).await?;
    let roles = roles.unwrap_or_else(|| before.roles.clone());
    let is_active = change.is_active.unwrap_or(before.is_active);
    let stays_admin = is_active && roles.contains(&Role::Admin);
    if before.is_active
        && before.roles.contains(&Role::Admin)
        && !stays_admin
        && !staff::has_other_admin(&mut tx, tenant, id).await?
    {
        return Err(Error::Invalid(
            "They are the only admin who can sign in. Make another one first; nothing was changed.",
        ));
    }
    let kind = prescriber(&roles);
    let new_profile = change.doctor.clone().map(NewDoctor::from).filter(|_| before.doctor_id.is_none());
    if before.doctor_id.is_none() {
        check_registration(kind, new_profile.as_ref())?;
    } else if let Some(doctor) = &change.doctor {
        check_prescriber_change(kind, doctor)?;
    }
    audit::set_actor(&mut tx, Actor::Person(caller.user)).await?;
    let role_names: Vec<String> = roles.iter().map(|role| role.as_str().to_owned()).collect();
    let email = email.unwrap_or_else(|| before.email.clone());
    let ends_tokens = roles != before.roles || is_active != before.is_active || email != before.email;
    sqlx::query!(
        "update users
         set full_name = coalesce($3, full_name), roles = $4, is_active = $5,
             mobile_number = case when $6 then $7 else mobile_number end,
             token_version = token_version + $8, email = $9, updated_at = now()
         where tenant_id = $1 and id = $2",
        tenant.0,
        id,
        full_name,
        &role_names,
        is_active,
        change.mobile_number.is_some(),
        mobile_number,
        i32::from(ends_tokens),
        email
    )
    .execute(&mut *tx)
    .await
    .map_err(staff::in_words)?;
    if let Some(clinics) = &change.clinics {
        staff::set_clinics(&mut tx, tenant, id, clinics).await?;
    }
    if let Some(name) = full_name.as_deref().filter(|name| *name != before.full_name) {
        staff::set_name(&mut tx, tenant, id, name).await?;
    }
    let kind = kind.filter(|_| is_active);
    if let (Some(doctor), Some(_)) = (&change.doctor, before.doctor_id) {
        staff::set_registration(&mut tx, tenant, id, doctor).await?;
    }
    match (kind, &new_profile) {
        (Some(kind), Some(doctor)) => {
            let name = full_name.as_deref().unwrap_or(&before.full_name);
            add_profile(&mut tx, tenant, id, name, kind, doctor, caller.clinic.0).await?;
        }
        (Some(kind), _) => {
            let was_counted = before.is_active && prescriber(&before.roles).is_some();
            if !was_counted {
                limits::must_have_room_for_doctor(&mut tx, tenant).await?;
            }
            staff::set_profile(&mut tx, tenant, id, Some(kind)).await?;
        }
        (None, _) => staff::set_profile(&mut tx, tenant, id, None).await?,
    }
    let after = one(&mut tx, tenant, id).await?;
    tx.commit().await?;
    Ok(Json(after))
}

async fn one(tx: &mut PgConnection, tenant: TenantId, id: Uuid) -> Result<UserInfo> {
    staff::read(tx, tenant, Some(id)).await?.into_iter().next().ok_or(Error::NotFound)
}

/// Adds a profile as a prescriber, if the plan has room for one.
async fn add_profile(
    tx: &mut PgConnection,
    tenant: TenantId,
    user: Uuid,
    full_name: &str,
    kind: Role,
    doctor: &NewDoctor,
    clinic: Uuid,
) -> Result<()> {
    limits::must_have_room_for_doctor(tx, tenant).await?;
    let profile = NewProfile { role: kind, ..NewProfile::of(user, full_name, doctor, clinic) };
    insert_profile(tx, tenant.0, &profile).await.map_err(staff::in_words)
}

/// The role by which someone prescribes, if they do.
fn prescriber(roles: &[Role]) -> Option<Role> {
    roles.iter().copied().find(|role| matches!(role, Role::Doctor | Role::Dentist))
}

/// For who has no profile yet.
fn check_registration(kind: Option<Role>, doctor: Option<&NewDoctor>) -> Result<()> {
    match (kind, doctor) {
        (Some(_), Some(doctor)) => check_doctor(doctor),
        (Some(_), None) => {
            Err(Error::Invalid("A prescriber needs the registration number and the council that gave it."))
        }
        (None, Some(_)) => Err(no_prescriber()),
        (None, None) => Ok(()),
    }
}

/// For who has one.
fn check_prescriber_change(kind: Option<Role>, doctor: &DoctorChange) -> Result<()> {
    kind.map_or_else(|| Err(no_prescriber()), |_| check_doctor_change(doctor))
}

fn no_prescriber() -> Error {
    Error::Invalid("Only a doctor or a dentist has a profile as a prescriber.")
}

fn tidy_name(name: &str) -> Result<String> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if fits(TableName::Doctors, "first_name", &name) {
        Ok(name)
    } else {
        Err(Error::Invalid("A member of staff needs a name of at most 100 characters."))
    }
}

fn tidy_roles(roles: &[Role]) -> Result<Vec<Role>> {
    let mut tidy = Vec::new();
    for role in roles {
        if !tidy.contains(role) {
            tidy.push(*role);
        }
    }
    if tidy.is_empty() { Err(Error::Invalid("A member of staff needs at least one role.")) } else { Ok(tidy) }
}

/// None for none or an empty text.
fn tidy_mobile(text: Option<&str>) -> Result<Option<String>> {
    match text.map(str::trim).filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) => match parse_mobile(text) {
            Some(number) => Ok(Some(number)),
            None => Err(Error::Invalid("This is not a mobile number.")),
        },
    }
}

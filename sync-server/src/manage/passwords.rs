use axum::extract::{Path, State};
use axum::http::StatusCode;
use protocol::audit::Action;
use protocol::manage::{OneTimePassword, PasswordChange};
use protocol::password::check_password_change;
use uuid::Uuid;

use crate::AppState;
use crate::audit::{self, Actor, Event};
use crate::auth::Caller;
use crate::auth::code::new_one_time_password;
use crate::auth::person;
use crate::auth::throttle::Who;
use crate::error::{Error, Json, Result};

/// Gives someone a one-time password instead of the one that they lost; it serves for ten minutes. Their access tokens end
/// at once.
#[tracing::instrument(skip_all, fields(tenant = %caller.tenant, user = %caller.user))]
pub(crate) async fn reset(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<OneTimePassword>> {
    let id: Uuid = id.parse().map_err(|_| Error::NotFound)?;
    if id == caller.user.0 {
        return Err(Error::Invalid("Change your own password with the one that you have."));
    }
    let password = new_one_time_password();
    let hash = state.auth.passwords.hash(&password).await?;
    let mut tx = state.db.write_unsynced(caller.tenant).await?;
    audit::set_actor(&mut tx, Actor::Person(caller.user)).await?;
    let changed = sqlx::query!(
        "update users set password_hash = $3, must_change_password = true, token_version = token_version + 1,
                          one_time_until = now() + interval '10 minutes', updated_at = now()
         where tenant_id = $1 and id = $2",
        caller.tenant.0,
        id,
        hash
    )
    .execute(&mut *tx)
    .await?;
    if changed.rows_affected() == 0 {
        return Err(Error::NotFound);
    }
    tx.commit().await?;
    Ok(Json(OneTimePassword { one_time_password: password }))
}

/// Changes the caller's own password. Their access tokens end at once; the computer's refresh token stays good.
#[tracing::instrument(skip_all, fields(tenant = %caller.tenant, user = %caller.user))]
pub(crate) async fn change_own(
    State(state): State<AppState>,
    caller: Caller,
    Json(change): Json<PasswordChange>,
) -> Result<StatusCode> {
    let (tenant, auth) = (caller.tenant.0, &state.auth);
    let mut tx = state.db.read(caller.tenant).await?;
    let person = person::find_on_device(&mut tx, tenant, caller.device.0, caller.user.0)
        .await?
        .ok_or(Error::Unauthorized)?;
    let clinics = sqlx::query_scalar!("select clinic_name from clinics where tenant_id = $1", tenant)
        .fetch_all(&mut *tx)
        .await?;
    drop(tx);
    let who = Who::on_device(tenant, caller.device.0, &person.email);
    if !auth.try_password(&who, &change.old_password, Some(&person.password_hash)).await? {
        let event = Event { reason: Some("wrong old password"), ..Event::by(&caller, Action::LoginFailed) };
        state.audit.record(&state.db, caller.tenant, &event).await?;
        return Err(Error::WrongPassword);
    }
    let of_clinics = clinics.iter().map(String::as_str);
    let names: Vec<&str> = of_clinics.chain([person.full_name.as_str(), person.email.as_str()]).collect();
    check_password_change(&change, &names).map_err(|weak| Error::Invalid(weak.sentence()))?;
    let hash = auth.passwords.hash(&change.new_password).await?;
    let mut tx = state.db.write_unsynced(caller.tenant).await?;
    audit::set_actor(&mut tx, Actor::Person(caller.user)).await?;
    // If an admin reset it meanwhile, that holds.
    let changed = sqlx::query!(
        "update users set password_hash = $3, must_change_password = false, token_version = token_version + 1,
                          one_time_until = null, updated_at = now()
         where tenant_id = $1 and id = $2 and token_version = $4",
        tenant,
        caller.user.0,
        hash,
        person.token_version
    )
    .execute(&mut *tx)
    .await?;
    if changed.rows_affected() == 0 {
        return Err(Error::Unauthorized);
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

//! The keys that are people's own: whose each of them is, on which computer.

use axum::extract::State;
use axum::http::StatusCode;
use protocol::id::{DeviceId, UserId};
use protocol::own_key::{OwnKeyInfo, OwnKeyRequest};
use protocol::signing::{own_key_message, parse_public_key, verify};

use super::Caller;
use crate::AppState;
use crate::audit::{self, Actor};
use crate::error::{Error, Json, Result};

/// So many keys a person can have had on one computer.
const MOST_KEYS: i64 = 50;
/// Whoever has had them goes on with their work; on a new computer they begin anew.
const TOO_MANY_KEYS: &str = "You have had 50 keys of your own on this computer, and the server takes no further one. \
    What you do here is kept and still sent, but what needs your signature is set aside. Ask an admin to take this \
    computer out of service and to enrol it anew.";

/// `POST /v1/own-keys`: from now on this key is the caller's own on their computer. Said again, it is one; one that
/// counted no more counts again, for they have just given the password that is theirs now.
#[tracing::instrument(skip_all, fields(tenant = %caller.tenant, device = %caller.device))]
pub(crate) async fn register(
    State(state): State<AppState>,
    caller: Caller,
    Json(request): Json<OwnKeyRequest>,
) -> Result<StatusCode> {
    // Whoever has the computer's keys can be anybody there by a token, but for this.
    if !caller.is_by_password {
        return Err(Error::Unauthorized);
    }
    let key = parse_public_key(&request.public_key)
        .ok_or(Error::Invalid("The public key is not an Ed25519 key in base64."))?;
    let (server, place) = (&state.auth.server_name, (caller.tenant, caller.device));
    let message = own_key_message(server, place, caller.user, &request.public_key, request.after);
    if !verify(&key, &message, &request.signature) {
        return Err(Error::Invalid("The signature does not fit the public key."));
    }
    if request.after < 0 {
        return Err(Error::Invalid("The computer's mutations are counted from 1."));
    }
    let mut tx = state.db.write_unsynced(caller.tenant).await?;
    audit::set_actor(&mut tx, Actor::Person(caller.user)).await?;
    // Whoever signs in there for the first time has done nothing there before. Nobody needs more than a few keys.
    let kept = sqlx::query!(
        "insert into own_keys (tenant_id, device_id, user_id, public_key, after_sequence)
         select k.tenant_id, k.device_id, k.user_id, $4::text,
                case when k.first_signed_in_at = k.last_signed_in_at then 0 else $5::bigint end
         from device_users k where k.tenant_id = $1 and k.device_id = $2 and k.user_id = $3
           and (select count(*) from own_keys o
                where o.tenant_id = $1 and o.device_id = $2 and o.user_id = $3 and o.public_key <> $4::text) < $6
         on conflict (tenant_id, device_id, user_id, public_key) do update set revoked_at = null
         where own_keys.revoked_at is not null",
        caller.tenant.0,
        caller.device.0,
        caller.user.0,
        request.public_key,
        request.after,
        MOST_KEYS
    )
    .execute(&mut *tx)
    .await?;
    if kept.rows_affected() == 0 {
        // It is there already and counts, or there is no place for it.
        let is_there = sqlx::query_scalar!(
            r#"select exists (
                   select from own_keys
                   where tenant_id = $1 and device_id = $2 and user_id = $3 and public_key = $4) as "is_there!""#,
            caller.tenant.0,
            caller.device.0,
            caller.user.0,
            request.public_key
        )
        .fetch_one(&mut *tx)
        .await?;
        if !is_there {
            return Err(Error::Invalid(TOO_MANY_KEYS));
        }
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /v1/own-keys`: the keys of the tenant's people, so that every computer can tell who signed.
#[tracing::instrument(skip_all, fields(tenant = %caller.tenant))]
pub(crate) async fn list(State(state): State<AppState>, caller: Caller) -> Result<Json<Vec<OwnKeyInfo>>> {
    let mut tx = state.db.read(caller.tenant).await?;
    let rows = sqlx::query!(
        "select user_id, device_id, public_key, after_sequence, created_at, revoked_at from own_keys
         where tenant_id = $1 order by created_at, public_key",
        caller.tenant.0
    )
    .fetch_all(&mut *tx)
    .await?;
    let keys = rows.into_iter().map(|row| OwnKeyInfo {
        user_id: UserId(row.user_id),
        device_id: DeviceId(row.device_id),
        public_key: row.public_key,
        after: row.after_sequence,
        created_at: row.created_at,
        revoked_at: row.revoked_at,
    });
    Ok(Json(keys.collect()))
}

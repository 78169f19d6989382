//! Requests that the device signs beside its token: whatever an admin changes. A token without the device's key does
//! none of it.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::middleware::Next;
use axum::response::Response;
use protocol::mutation::Hash;
use protocol::request::{
    AdminRequest, Asker, MAX_NONCE_BYTES, MIN_NONCE_BYTES, NONCE_HEADER, SIGNATURE_HEADER, SIGNED_AT_HEADER,
    SIGNED_SECONDS,
};
use protocol::signing::parse_public_key;
use time::{Duration, OffsetDateTime};

use super::Caller;
use crate::AppState;
use crate::error::{Error, Result};
use crate::router::BODY_BYTES;

/// How long a nonce is kept: longer than its request is good for, by the clock of any process of the server.
const NONCE_LIFE: Duration = Duration::minutes(10);

/// SHA-256 of the body that came.
#[derive(Clone, Copy)]
struct BodyHash(Hash);

/// Reads the body before [`Caller`] looks at what was signed.
pub(crate) async fn hash_body(request: Request, next: Next) -> Result<Response> {
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(body, BODY_BYTES).await.map_err(|_| Error::TooLarge)?;
    parts.extensions.insert(BodyHash(Hash::of(&body)));
    Ok(next.run(Request::from_parts(parts, Body::from(body))).await)
}

/// Refuses a request that the caller's device did not sign just so, just now and for the first time.
pub(super) async fn check(
    parts: &Parts,
    state: &AppState,
    caller: &Caller,
    now: OffsetDateTime,
) -> Result<()> {
    let at = only(parts, SIGNED_AT_HEADER).and_then(|at| at.parse::<i64>().ok()).ok_or(Error::NotSigned)?;
    let nonce = only(parts, NONCE_HEADER)
        .filter(|nonce| (MIN_NONCE_BYTES..=MAX_NONCE_BYTES).contains(&nonce.len()))
        .ok_or(Error::NotSigned)?;
    let signature = only(parts, SIGNATURE_HEADER).ok_or(Error::NotSigned)?;
    if now.unix_timestamp().abs_diff(at) > SIGNED_SECONDS {
        return Err(Error::ClockOff);
    }
    let BodyHash(body) = *parts.extensions.get::<BodyHash>().ok_or(Error::NotSigned)?;
    let path = parts.uri.path_and_query().map_or("", PathAndQuery::as_str);
    let asked = AdminRequest { method: parts.method.as_str(), path, body, at, nonce };
    let by = Asker {
        server: &state.auth.server_name,
        tenant: caller.tenant,
        device: caller.device,
        user: caller.user,
    };
    let key = parse_public_key(&caller.public_key).ok_or(Error::NotSigned)?;
    if !asked.is_signed(by, &key, signature) {
        return Err(Error::NotSigned);
    }
    take_nonce(state, caller, nonce, now).await
}

/// Takes a nonce, once. It is taken whatever becomes of the request.
async fn take_nonce(state: &AppState, caller: &Caller, nonce: &str, now: OffsetDateTime) -> Result<()> {
    let mut tx = state.db.write_unsynced(caller.tenant).await?;
    sqlx::query!("delete from device_nonces where tenant_id = $1 and kept_until < $2", caller.tenant.0, now,)
        .execute(&mut *tx)
        .await?;
    let taken = sqlx::query!(
        "insert into device_nonces (tenant_id, device_id, nonce, kept_until) values ($1, $2, $3, $4)
         on conflict (tenant_id, device_id, nonce) do nothing",
        caller.tenant.0,
        caller.device.0,
        nonce,
        now + NONCE_LIFE,
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    if taken.rows_affected() == 1 { Ok(()) } else { Err(Error::NotSigned) }
}

/// A header that stands there once.
fn only<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    let mut values = parts.headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

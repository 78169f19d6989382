//! Who sent a request.

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use protocol::api::DeviceScope;
use protocol::id::{ClinicId, DeviceId, TenantId, UserId};
use protocol::permission::Roles;
use time::OffsetDateTime;

use super::{Access, device, person, signed};
use crate::AppState;
use crate::error::{Error, Result};
use crate::limits::Standing;

/// Whoever sent the request: an active person on a device that is not revoked, whom the route's [`Access`] lets in, and
/// whose device signed the request where the route asks for that. A handler with this parameter is closed to everybody
/// else; there is no other lock.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Their tenant.
    pub tenant: TenantId,
    /// The person.
    pub user: UserId,
    /// The device.
    pub device: DeviceId,
    /// The clinic in which it stands.
    pub clinic: ClinicId,
    /// What they may do now.
    pub roles: Roles,
    /// What the device may receive now.
    pub scope: DeviceScope,
    /// When their access token ends, in Unix seconds.
    pub token_until: i64,
    /// Which of their tokens are good.
    pub(crate) token_version: i32,
    /// Whether they gave their password for their access token: whoever sits at their computer gets others without it.
    pub is_by_password: bool,
    /// Whether they have not chosen a password of their own yet.
    pub has_one_time_password: bool,
    /// The device's, by which it signs.
    pub(crate) public_key: String,
    /// Of the device's mutations that the server had when the request came.
    pub(crate) last_sequence: i64,
    /// Of the program on the device.
    pub(crate) app_version: String,
}

impl Caller {
    /// What this person may be shown on this device: clinical columns only if both are clinical.
    pub fn sees(&self) -> DeviceScope {
        if self.roles.is_clinician() { self.scope } else { DeviceScope::FrontDesk }
    }
}

impl FromRequestParts<AppState> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self> {
        // A route without one is closed.
        let access = parts.extensions.get::<Access>().copied().ok_or(Error::Forbidden)?;
        let mut headers = parts.headers.get_all(AUTHORIZATION).iter();
        let (Some(header), None) = (headers.next(), headers.next()) else {
            return Err(Error::Unauthorized);
        };
        let token =
            header.to_str().ok().and_then(|text| text.strip_prefix("Bearer ")).ok_or(Error::Unauthorized)?;
        let now = OffsetDateTime::now_utc();
        let claims = state.auth.keys.verify(token, now).map_err(|_| Error::Unauthorized)?;
        // The token says who they were; the rows say who they are now.
        let row = state.db.sender(claims.tid, claims.did, claims.sub).await?.ok_or(Error::Unauthorized)?;
        if row.is_revoked {
            return Err(Error::DeviceRevoked);
        }
        if row.is_copied {
            return Err(Error::DeviceCopied);
        }
        if !row.is_active || row.token_version != claims.tv {
            return Err(Error::Unauthorized);
        }
        let standing = Standing::of(row.tenant_is_active, row.suspended_at, row.expires_at, now);
        let roles = person::roles(&row.roles);
        access.check(&roles, standing, row.must_change_password)?;
        let caller = Self {
            tenant: claims.tid,
            user: claims.sub,
            device: claims.did,
            clinic: ClinicId(row.clinic_id),
            roles,
            scope: device::scope(&row.scope),
            token_until: claims.exp,
            token_version: row.token_version,
            is_by_password: claims.pwd,
            has_one_time_password: row.must_change_password,
            public_key: row.public_key,
            last_sequence: row.last_sequence,
            app_version: row.app_version,
        };
        if access.is_signed() {
            signed::check(parts, state, &caller, now).await?;
        }
        Ok(caller)
    }
}

//! Signing in and staying signed in, as `docs/sync-protocol.md` says it.

use std::collections::BTreeMap;

use protocol::api::{
    ChallengeRequest, ChallengeResponse, LoginRequest, RefreshRequest, Secret, Session, Tokens,
};
use protocol::error::ErrorCode;
use protocol::id::{DeviceId, TenantId, UserId};
use protocol::signing::{login_message, refresh_message, verify};
use replica::testing::Request;
use time::OffsetDateTime;

use super::{Caller, Device, Refused, Reply, Result, Server, json, unauthorized};
use crate::clinic::{PASSWORD, SERVER_NAME, UNLOCK_KEY};

/// The life of an access token in milliseconds.
const TOKEN_LIFE_MS: u64 = 600_000;
/// The life of a challenge in seconds.
const CHALLENGE_SECS: i64 = 60;

/// Challenges that were not used yet.
pub(super) type Challenges = BTreeMap<String, (DeviceId, OffsetDateTime)>;

/// What an access token says.
pub(super) struct Token {
    tenant: TenantId,
    device: DeviceId,
    user: UserId,
    ends_at: OffsetDateTime,
}

impl Server {
    pub(super) fn caller(&self, now: OffsetDateTime, request: &Request) -> Result<Caller> {
        let token = request.token.as_ref().and_then(|token| self.tokens.get(&token.0));
        let token = token.filter(|token| token.ends_at > now).ok_or(unauthorized())?;
        let tenant = self.tenants.get(&token.tenant).ok_or(unauthorized())?;
        let device = tenant.devices.get(&token.device).ok_or(unauthorized())?;
        if device.is_revoked {
            return Err(revoked());
        }
        if device.is_copied || tenant.people.get(&token.user).is_none_or(|person| !person.is_active) {
            return Err(unauthorized());
        }
        Ok(Caller {
            tenant: token.tenant,
            device: token.device,
            scope: device.scope,
            left_ms: u64::try_from((token.ends_at - now).whole_milliseconds()).unwrap_or(0),
        })
    }

    pub(super) fn challenge(&mut self, now: OffsetDateTime, request: &ChallengeRequest) -> Result<Reply> {
        let challenge = format!("challenge-{}", self.next());
        self.challenges.insert(challenge.clone(), (request.device_id, now));
        json(&ChallengeResponse { challenge })
    }

    pub(super) fn login(&mut self, now: OffsetDateTime, request: &LoginRequest) -> Result<Reply> {
        let (tenant, device) = (request.tenant_id, request.device_id);
        let message = login_message(SERVER_NAME, tenant, device, &request.challenge);
        self.proven(now, (tenant, device), &request.challenge, &message, &request.signature)?;
        let people = &self.tenant(tenant).people;
        let person = people.values().find(|person| person.is_active && person.staff.email == request.email);
        let Some(person) = person.filter(|_| request.password.0 == PASSWORD) else {
            return Err(Refused(401, ErrorCode::WrongPassword, "The e-mail or the password is wrong."));
        };
        let user = person.staff.clone();
        let place = self.device(tenant, device)?;
        place.known.insert(user.id);
        if place.is_copied {
            place.refresh.clear();
            place.is_copied = false;
        }
        let last = place.refresh.keys().next_back().copied().unwrap_or(0);
        let tokens = self.tokens(now, (tenant, device, user.id), last + 1, &request.nonce)?;
        json(&Session { user, unlock_key: Secret(UNLOCK_KEY.into()), tokens, notices: Vec::new() })
    }

    pub(super) fn refresh(&mut self, now: OffsetDateTime, request: &RefreshRequest) -> Result<Reply> {
        let (tenant, device, generation) = (request.tenant_id, request.device_id, request.generation);
        let message =
            refresh_message(SERVER_NAME, tenant, device, request.user_id, generation, &request.challenge);
        self.proven(now, (tenant, device), &request.challenge, &message, &request.signature)?;
        let works_here = self.tenant(tenant).people.get(&request.user_id).is_some_and(|one| one.is_active);
        let place = self.device(tenant, device)?;
        let lowest = place.refresh.keys().next().copied();
        if place.is_copied || lowest.is_some_and(|lowest| generation < lowest) {
            place.is_copied = true;
            return Err(Refused(409, ErrorCode::DeviceCopied, "This computer was copied."));
        }
        let is_good = place.refresh.get(&generation) == Some(&request.refresh_token.0);
        if !is_good || !works_here || !place.known.contains(&request.user_id) {
            return Err(unauthorized());
        }
        // From now on whoever comes with an earlier one is a copy.
        place.refresh.retain(|known, _| *known >= generation);
        let tokens = self.tokens(now, (tenant, device, request.user_id), generation + 1, &request.nonce)?;
        json(&tokens)
    }

    fn device(&mut self, tenant: TenantId, device: DeviceId) -> Result<&mut Device> {
        let tenant = self.tenants.get_mut(&tenant).ok_or(unauthorized())?;
        tenant.devices.get_mut(&device).ok_or(unauthorized())
    }

    fn proven(
        &mut self,
        now: OffsetDateTime,
        (tenant, device): (TenantId, DeviceId),
        challenge: &str,
        message: &str,
        signature: &str,
    ) -> Result<()> {
        self.proven_device(now, (tenant, device), challenge, message, signature)?;
        if self.device(tenant, device)?.is_revoked { Err(revoked()) } else { Ok(()) }
    }

    /// It is that device, in service or not.
    pub(super) fn proven_device(
        &mut self,
        now: OffsetDateTime,
        (tenant, device): (TenantId, DeviceId),
        challenge: &str,
        message: &str,
        signature: &str,
    ) -> Result<()> {
        if !self.tenant(tenant).devices.contains_key(&device) {
            let detail = "The server does not know this computer.";
            return Err(Refused(403, ErrorCode::DeviceUnknown, detail));
        }
        let asked = self.challenges.remove(challenge);
        let is_fresh =
            asked.is_some_and(|(who, at)| who == device && (now - at).whole_seconds() < CHALLENGE_SECS);
        let place = self.device(tenant, device)?;
        if !is_fresh || !verify(&place.key, message, signature) {
            return Err(unauthorized());
        }
        Ok(())
    }

    fn tokens(
        &mut self,
        now: OffsetDateTime,
        (tenant, device, user): (TenantId, DeviceId, UserId),
        generation: i64,
        nonce: &str,
    ) -> Result<Tokens> {
        let (access, refresh) = (format!("access-{}", self.next()), format!("refresh-{}", self.next()));
        self.device(tenant, device)?.refresh.insert(generation, refresh.clone());
        let ends_at = now + time::Duration::milliseconds(TOKEN_LIFE_MS as i64);
        self.tokens.insert(access.clone(), Token { tenant, device, user, ends_at });
        Ok(Tokens {
            access_token: Secret(access),
            expires_in: (TOKEN_LIFE_MS / 1000) as i64,
            refresh_token: Secret(refresh),
            generation,
            standing: self.lease(now, (tenant, device), nonce),
        })
    }
}

pub(super) fn revoked() -> Refused {
    Refused(403, ErrorCode::DeviceRevoked, "This computer was taken out of service.")
}

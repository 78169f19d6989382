//! The last that is heard of a computer that was taken out of service: what it signed before it destroyed what was on it, and
//! that it has.

use protocol::api::Secret;
use protocol::error::ErrorCode;
use protocol::farewell::{Farewell, FarewellToken, SignedFarewell, Wiped};
use time::OffsetDateTime;

use super::{Refused, Reply, Result, Server, json, must_not_be_held, unauthorized};

impl Server {
    pub(super) fn farewell(&mut self, now: OffsetDateTime, request: &SignedFarewell) -> Result<Reply> {
        let invalid = Refused(400, ErrorCode::Invalid, "The body is not the receipt of a computer.");
        let said: Farewell = serde_json::from_str(&request.body).map_err(|_| invalid)?;
        let (tenant, device) = (said.tenant_id, said.device_id);
        let message = SignedFarewell::message(&request.body);
        self.proven_device(now, (tenant, device), &said.challenge, &message, &request.signature)?;
        must_not_be_held(self.tenant(tenant))?;
        let token = Secret(format!("farewell-{}", self.next()));
        let place = self.tenant_mut(tenant).devices.get_mut(&device).ok_or(unauthorized())?;
        if !place.is_revoked {
            return Err(Refused(400, ErrorCode::Invalid, "This computer is in service."));
        }
        if said.has_sent_all && (place.log.len() as i64) < said.last_sequence {
            return Err(Refused(409, ErrorCode::SequenceGap, "The server has less than was handed over."));
        }
        if !place.is_wiped {
            (place.farewell, place.farewell_token) = (Some(said), Some(token.clone()));
        }
        json(&FarewellToken { token })
    }

    pub(super) fn wiped(&mut self, request: &Wiped) -> Result<Reply> {
        let tenant = self.tenants.get_mut(&request.tenant_id).ok_or(unauthorized())?;
        let place = tenant.devices.get_mut(&request.device_id).ok_or(unauthorized())?;
        if place.farewell_token.as_ref().is_none_or(|token| token.0 != request.token.0) {
            return Err(unauthorized());
        }
        place.is_wiped = true;
        Ok(Reply { status: 204, kind: "", body: Vec::new(), live: None })
    }
}

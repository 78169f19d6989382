//! `POST /v1/devices/handover`: what a computer still had when it was taken out of service. None of it goes in by itself.

use protocol::api::{DeviceScope, Receipt};
use protocol::error::{ErrorCode, Refusal, RefusalCode};
use protocol::farewell::{HandoverRequest, HandoverResponse};
use protocol::mutation::Hash;
use protocol::signing::handover_message;
use time::OffsetDateTime;

use super::opened::{Opened, must_follow, refused, repeated};
use super::push::Writing;
use super::{Caller, Refused, Reply, Result, Server, broken, json, must_not_be_held};
use crate::clinic::SERVER_NAME;

impl Server {
    pub(super) fn handover(&mut self, now: OffsetDateTime, request: &HandoverRequest) -> Result<Reply> {
        let (tenant, device) = (request.tenant_id, request.device_id);
        let message = handover_message(SERVER_NAME, tenant, device, &request.challenge);
        self.proven_device(now, (tenant, device), &request.challenge, &message, &request.signature)?;
        must_not_be_held(self.tenant(tenant))?;
        let here = self.tenant(tenant).devices.get(&device).ok_or(broken())?;
        if !here.is_revoked {
            return Err(Refused(400, ErrorCode::Invalid, "This computer is in service."));
        }
        let opened: Vec<Opened<'_>> =
            request.mutations.iter().map(|signed| Opened::open(signed, here)).collect::<Result<_>>()?;
        must_follow(&opened)?;
        let last = here.log.len() as i64;
        let n_old = opened.iter().take_while(|opened| opened.sequence <= last).count();
        let mut receipts = repeated(here, &opened[..n_old])?;
        let caller = Caller { tenant, device, scope: DeviceScope::FrontDesk, left_ms: 0 };
        let mut writing = Writing::new(self, caller, now);
        writing.tenant.version += 1;
        for opened in &opened[n_old..] {
            receipts.push(writing.set_aside(opened)?);
        }
        writing.bring_lost();
        self.tenants.insert(tenant, writing.tenant);
        json(&HandoverResponse { receipts })
    }
}

impl Writing {
    /// Keeps a mutation that a person looks at first, whatever it says.
    fn set_aside(&mut self, opened: &Opened<'_>) -> Result<Receipt> {
        self.must_be_next(opened)?;
        let refusal = Refusal::new(
            RefusalCode::DeviceRevoked,
            "It came from a computer that had been taken out of service. A person decides about it.",
        );
        let hash: Hash = opened.signed.hash;
        let receipt = refused(opened.sequence, hash, refusal);
        self.keep(opened, &receipt, None)?;
        Ok(receipt)
    }
}

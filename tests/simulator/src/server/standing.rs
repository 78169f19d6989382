//! How desktops stand: signed by the order key, which no backup holds.

use ed25519_dalek::SigningKey;
use protocol::api::StandingRequest;
use protocol::id::{DeviceId, TenantId, UserId};
use protocol::permission::Role;
use protocol::signing::{public_key_text, standing_message};
use protocol::standing::{AdminDevice, Colleague, Lease, Order, Revocation, SignedOrder};
use time::OffsetDateTime;

use super::{Reply, Result, Server, broken, json};
use crate::clinic::SERVER_NAME;

fn order_key() -> SigningKey {
    SigningKey::from_bytes(&[3; 32])
}

/// The lease that this server once gave to the device.
pub(super) fn given(order: &SignedOrder, device: (TenantId, DeviceId)) -> Option<Lease> {
    let known = public_key_text(&order_key().verifying_key());
    match order.open(Some(&known), device) {
        Ok(Order::Lease(lease)) => Some(lease),
        _ => None,
    }
}

impl Server {
    pub(super) fn standing(&mut self, now: OffsetDateTime, request: &StandingRequest) -> Result<Reply> {
        let (tenant, device) = (request.tenant_id, request.device_id);
        let message = standing_message(SERVER_NAME, tenant, device, &request.challenge);
        self.proven_device(now, (tenant, device), &request.challenge, &message, &request.signature)?;
        let revoked = self.tenant(tenant).devices.get(&device).filter(|device| device.is_revoked);
        if let Some(revoked) = revoked {
            let consent = revoked.consent.clone();
            let revocation = Revocation { tenant_id: tenant, device_id: device, asked_at: now, consent };
            let order = SignedOrder::sign(&Order::Revoked(revocation), &order_key(), &[]);
            return json(&order.map_err(|_| broken())?);
        }
        json(&self.lease(now, (tenant, device), &request.nonce).ok_or(broken())?)
    }

    /// A lease from now on.
    pub fn lease(
        &self,
        now: OffsetDateTime,
        (tenant_id, device_id): (TenantId, DeviceId),
        nonce: &str,
    ) -> Option<SignedOrder> {
        let tenant = self.tenant(tenant_id);
        let device = tenant.devices.get(&device_id)?;
        let known = tenant.people.values().filter(|one| device.known.contains(&one.staff.id));
        let people = known.filter(|one| one.is_active).map(|one| Colleague {
            user_id: one.staff.id,
            email: Some(one.staff.email.clone()),
            roles: one.staff.roles.clone(),
            doctor_id: one.staff.doctor_id,
            password_version: 1,
        });
        let is_admin = |id: &UserId| {
            let person = tenant.people.get(id).filter(|person| person.is_active);
            person.is_some_and(|person| person.staff.roles.0.contains(&Role::Admin))
        };
        let admins =
            tenant.devices.iter().filter(|(_, one)| !one.is_revoked && one.known.iter().any(is_admin));
        let admins =
            admins.map(|(id, one)| AdminDevice { device_id: *id, public_key: public_key_text(&one.key) });
        let out = tenant.devices.iter().filter(|(_, device)| device.is_revoked);
        let gone = tenant.people.values().filter(|one| !one.is_active);
        let lease = Lease {
            tenant_id,
            device_id,
            scope: device.scope,
            issued_at: now,
            offline_days: self.offline_days,
            nonce: nonce.to_owned(),
            people: people.collect(),
            admin_devices: admins.collect(),
            epoch: Some(tenant.epoch),
            revoked: out.map(|(id, _)| *id).collect(),
            closed: gone.map(|one| one.staff.id).collect(),
        };
        SignedOrder::sign(&Order::Lease(lease), &order_key(), &[]).ok()
    }
}

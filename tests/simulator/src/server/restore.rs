//! A server whose data is lost, and comes back from a backup; and what its operator then does.

use std::collections::BTreeMap;

use protocol::id::{DeviceId, Epoch, TenantId, UserId};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Server;

/// The versions of a new epoch begin at least so far behind the last one that the database knows.
const AHEAD: i64 = 1_000_000;

impl Server {
    /// Keeps a backup of everything.
    pub fn back_up(&mut self) {
        self.backup = self.tenants.clone();
    }

    /// Everything is as it was when the backup was made. The operator begins a new epoch, looks at the data first, and
    /// says once more who works here and which computers are out of service.
    pub fn restore(&mut self, now: OffsetDateTime) {
        let now_ms = i64::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
        let lost = std::mem::replace(&mut self.tenants, self.backup.clone());
        for (id, lost) in lost {
            let epoch = Epoch(Uuid::from_u128(u128::from(self.next()) | 0x7 << 76 | 0b10 << 62));
            let tenant = self.tenant_mut(id);
            tenant.epoch = epoch;
            // One backup may be restored twice: by the clock no version is given again.
            tenant.version = now_ms.max(tenant.version + AHEAD);
            tenant.is_held = true;
            tenant.people = lost.people;
            let is_known = |id: &DeviceId| tenant.devices.contains_key(id);
            let (known, unknown): (BTreeMap<_, _>, BTreeMap<_, _>) =
                lost.devices.into_iter().partition(|(id, _)| is_known(id));
            let is_out = |id: &DeviceId| known.get(id).is_some_and(|lost| lost.is_revoked);
            let in_service = tenant.devices.iter().filter(|(_, device)| !device.is_revoked);
            let again: Vec<DeviceId> = in_service.map(|(id, _)| *id).filter(is_out).collect();
            for (id, device) in &mut tenant.devices {
                let lost = known.get(id);
                device.consent = lost.and_then(|lost| lost.consent.clone());
                device.lost_farewells =
                    lost.map_or(0, |lost| lost.lost_farewells + u32::from(lost.farewell.is_some()));
            }
            self.unknown.extend(unknown.into_iter().map(|(device, lost)| ((id, device), lost)));
            for device in again {
                self.revoke(now, id, device);
            }
        }
    }

    /// Takes a desktop that was enrolled after the backup for what it was, with nothing that it brought. Who else had signed
    /// in there is in its last lease. Answers whether it was not known.
    pub fn take_again(&mut self, tenant: TenantId, device: DeviceId, by: UserId) -> bool {
        let Some(lost) = self.unknown.remove(&(tenant, device)) else { return false };
        self.tenant_mut(tenant).devices.insert(device, lost.into_new(by));
        true
    }

    /// Desktops are served again.
    pub fn release(&mut self) {
        for tenant in self.tenants.values_mut() {
            tenant.is_held = false;
        }
    }
}

//! A server whose data is lost, and comes back from a backup; and what its operator then does.

use protocol::id::Epoch;
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
            for (id, device) in &mut tenant.devices {
                device.is_revoked |= lost.devices.get(id).is_some_and(|lost| lost.is_revoked);
            }
        }
    }

    /// Desktops are served again.
    pub fn release(&mut self) {
        for tenant in self.tenants.values_mut() {
            tenant.is_held = false;
        }
    }
}

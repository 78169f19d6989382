//! The slot that the printed recovery code opens.

use protocol::recovery::RecoveryMade;
use time::OffsetDateTime;

use super::keys::open_key;
use super::{Slot, Slots};
use crate::error::Result;
use crate::recovery_code::RecoveryCode;
use crate::sealed::Sealed;
use crate::store::DatabaseKey;

impl Slots {
    /// Wraps the key under a recovery code, in place of the one before, and answers what is told of it.
    pub fn put_recovery(
        &mut self,
        code: &RecoveryCode,
        key: &DatabaseKey,
        at: OffsetDateTime,
    ) -> Result<RecoveryMade> {
        let sealed = Sealed::new(key.0.as_slice(), &code.key(), &self.associated("recovery", None, None))?;
        let about = RecoveryMade { fingerprint: code.fingerprint(), made_at: at };
        self.file.slots.retain(|slot| !matches!(slot, Slot::Recovery { .. }));
        self.file.slots.push(Slot::Recovery { sealed, about: about.clone(), is_kept: false });
        Ok(about)
    }

    /// Opens the recovery slot; none if there is none, or if that is not its code.
    pub fn open_recovery(&self, code: &RecoveryCode) -> Result<Option<DatabaseKey>> {
        let sealed = self.file.slots.iter().find_map(|slot| match slot {
            Slot::Recovery { sealed, .. } => Some(sealed),
            Slot::User { .. } | Slot::Server { .. } => None,
        });
        match sealed {
            Some(sealed) => open_key(sealed, &code.key(), &self.associated("recovery", None, None)),
            None => Ok(None),
        }
    }

    /// What is known of the recovery code, and whether someone said that it is written down; none if none was made.
    pub fn recovery(&self) -> Option<(&RecoveryMade, bool)> {
        self.file.slots.iter().find_map(|slot| match slot {
            Slot::Recovery { about, is_kept, .. } => Some((about, *is_kept)),
            Slot::User { .. } | Slot::Server { .. } => None,
        })
    }

    /// Notes that the recovery code of this fingerprint is written down.
    pub fn recovery_is_kept(&mut self, fingerprint: &str) {
        for slot in &mut self.file.slots {
            if let Slot::Recovery { about, is_kept, .. } = slot
                && about.fingerprint == fingerprint
            {
                *is_kept = true;
            }
        }
    }
}

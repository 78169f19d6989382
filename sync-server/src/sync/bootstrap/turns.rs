//! How many desktops are filled at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use protocol::id::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Of one tenant: a clinic that sets up ten computers leaves the database to others too.
const OF_A_TENANT: usize = 3;
/// Of one process: each takes some megabytes and the half of a core.
const OF_ALL: usize = 12;

/// Lets few streams run at once; the others wait for their turn.
#[derive(Clone, Debug)]
pub struct Bootstraps {
    tenants: Arc<Mutex<HashMap<TenantId, Arc<Semaphore>>>>,
    all: Arc<Semaphore>,
}

/// A turn; it lasts until it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    _tenant: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

impl Default for Bootstraps {
    fn default() -> Self {
        Self { tenants: Arc::default(), all: Arc::new(Semaphore::new(OF_ALL)) }
    }
}

impl Bootstraps {
    /// Waits for a turn. The tenant must be one that is there.
    pub(super) async fn take(&self, tenant: TenantId) -> Turn {
        let of_tenant = {
            let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
            // Those whom nobody waits for are in the map alone.
            tenants
                .retain(|_, turns| Arc::strong_count(turns) > 1 || turns.available_permits() < OF_A_TENANT);
            Arc::clone(tenants.entry(tenant).or_insert_with(|| Arc::new(Semaphore::new(OF_A_TENANT))))
        };
        // First among its own: whoever waits there keeps nobody else from a turn.
        let tenant = of_tenant.acquire_owned().await;
        let all = Arc::clone(&self.all).acquire_owned().await;
        match (tenant, all) {
            (Ok(tenant), Ok(all)) => Turn { _tenant: tenant, _all: all },
            _ => unreachable!("BUG: they are never closed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn a_tenants_fourth_stream_waits_and_another_tenants_does_not() {
        let turns = Bootstraps::default();
        let (busy, other) = (TenantId::new(), TenantId::new());
        let mut taken: Vec<_> = (0..3).map(|_| turns.take(busy).now_or_never().expect("free")).collect();
        assert!(turns.take(busy).now_or_never().is_none());
        assert!(turns.take(other).now_or_never().is_some());
        taken.pop();
        assert!(turns.take(busy).now_or_never().is_some());
    }
}

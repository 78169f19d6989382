//! Whose turn it is to push.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use protocol::id::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The writers of one tenant come one after the other in any case: one at work and one that is ready.
const AT_ONCE: usize = 2;

/// Lets few pushes of one tenant at the database, so that a busy tenant leaves connections for the others.
#[derive(Clone, Debug, Default)]
pub struct Turns(Arc<Mutex<HashMap<TenantId, Arc<Semaphore>>>>);

impl Turns {
    /// Waits for a turn; it lasts until the answer is dropped. The tenant must be one that is there.
    pub(super) async fn take(&self, tenant: TenantId) -> OwnedSemaphorePermit {
        let turns = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(tenant).or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE))))
        };
        turns.acquire_owned().await.unwrap_or_else(|_| unreachable!("BUG: it is never closed"))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn a_third_push_of_a_tenant_waits_and_another_tenant_does_not() {
        let turns = Turns::default();
        let (busy, other) = (TenantId::new(), TenantId::new());
        let first = turns.take(busy).now_or_never().expect("free");
        let _second = turns.take(busy).now_or_never().expect("free");
        assert!(turns.take(busy).now_or_never().is_none());
        assert!(turns.take(other).now_or_never().is_some());
        drop(first);
        assert!(turns.take(busy).now_or_never().is_some());
    }
}

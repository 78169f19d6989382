//! Whose turn it is.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use protocol::id::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Pushes: the writers of one tenant come one after the other in any case, one at work and one that is ready.
pub(crate) const PUSHES_AT_ONCE: usize = 2;
/// Pulls. A tenant whose desktops all come at once, as in the morning, leaves connections for the others.
pub(crate) const PULLS_AT_ONCE: usize = 8;

/// Lets few requests of one tenant at the database, so that a busy tenant leaves connections for the others.
#[derive(Clone, Debug)]
pub struct Turns {
    at_once: usize,
    /// Of those of whom somebody is at work or waits; others go when the next one comes.
    all: Arc<Mutex<HashMap<TenantId, Weak<Semaphore>>>>,
}

impl Turns {
    /// So many of a tenant at once, in this process.
    pub fn new(at_once: usize) -> Self {
        Self { at_once, all: Arc::default() }
    }

    /// Waits for a turn; it lasts until the answer is dropped. The tenant must be one that is there.
    pub(super) async fn take(&self, tenant: TenantId) -> OwnedSemaphorePermit {
        let turns = {
            let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
            let held = all.get(&tenant).and_then(Weak::upgrade);
            held.unwrap_or_else(|| {
                // No more are left than have somebody at work, so this looks at few.
                all.retain(|_, turns| turns.strong_count() > 0);
                let turns = Arc::new(Semaphore::new(self.at_once));
                all.insert(tenant, Arc::downgrade(&turns));
                turns
            })
        };
        turns.acquire_owned().await.unwrap_or_else(|_| unreachable!("BUG: it is never closed"))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn one_more_of_a_tenant_waits_and_another_tenant_does_not() {
        for at_once in [PUSHES_AT_ONCE, PULLS_AT_ONCE] {
            let turns = Turns::new(at_once);
            let (busy, other) = (TenantId::new(), TenantId::new());
            let take = || turns.take(busy).now_or_never();
            let mut taken: Vec<_> = (0..at_once).map(|_| take().expect("free")).collect();
            assert!(take().is_none());
            assert!(turns.take(other).now_or_never().is_some());
            taken.pop();
            assert!(take().is_some());
        }
    }

    #[test]
    fn a_tenant_of_which_nobody_is_at_work_is_forgotten_and_one_that_waits_is_not() {
        let turns = Turns::new(1);
        let (busy, other) = (TenantId::new(), TenantId::new());
        let count = || turns.all.lock().expect("no panic").len();
        let first = turns.take(busy).now_or_never().expect("free");
        let mut second = Box::pin(turns.take(busy));
        assert!((&mut second).now_or_never().is_none());
        for _ in 0..100 {
            assert!(turns.take(TenantId::new()).now_or_never().is_some());
        }
        assert_eq!(count(), 2, "the busy one, and the last of those that came and went");
        drop(first);
        let second = second.now_or_never().expect("its turn");
        assert!(turns.take(busy).now_or_never().is_none(), "still one after the other");
        drop(second);
        let _other = turns.take(other).now_or_never().expect("free");
        assert_eq!(count(), 1);
    }
}

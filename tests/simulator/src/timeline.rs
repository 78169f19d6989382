//! The time of a run, what is still to come in it, and a hash of all that happened.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use time::macros::datetime;

/// When every run begins.
pub const START: OffsetDateTime = datetime!(2026-11-23 04:00:00 UTC);

type Event = Box<dyn FnOnce() + Send>;

/// Time that moves only when nothing is left to do at this moment. What stands at one moment happens in the order in
/// which it was put there.
#[derive(Clone, Default)]
pub struct Timeline(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    now_ms: u64,
    next: u64,
    queue: BTreeMap<(u64, u64), Event>,
    trace: Sha256,
    log: Option<Vec<String>>,
}

/// Locks what only one thread ever uses.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A moment as the server's clock shows it.
pub fn moment(ms: u64) -> OffsetDateTime {
    START + time::Duration::milliseconds(i64::try_from(ms).unwrap_or(0))
}

impl Timeline {
    /// Milliseconds since the beginning of the run.
    pub fn now_ms(&self) -> u64 {
        lock(&self.0).now_ms
    }

    /// The time by a clock that is right.
    pub fn now(&self) -> OffsetDateTime {
        moment(self.now_ms())
    }

    /// Lets something happen after so many milliseconds.
    pub fn after(&self, ms: u64, event: impl FnOnce() + Send + 'static) {
        let mut inner = lock(&self.0);
        let key = (inner.now_ms + ms, inner.next);
        inner.next += 1;
        inner.queue.insert(key, Box::new(event));
    }

    /// When the next thing happens.
    pub fn next_ms(&self) -> Option<u64> {
        lock(&self.0).queue.keys().next().map(|(ms, _)| *ms)
    }

    /// Lets the next thing happen, at its time.
    pub fn step(&self) {
        let next = {
            let mut inner = lock(&self.0);
            let next = inner.queue.pop_first();
            if let Some(((ms, _), _)) = &next {
                inner.now_ms = inner.now_ms.max(*ms);
            }
            next
        };
        if let Some((_, event)) = next {
            event();
        }
    }

    /// Waits until this moment.
    pub fn advance(&self, ms: u64) {
        let mut inner = lock(&self.0);
        inner.now_ms = inner.now_ms.max(ms);
    }

    /// From now on what happens is also kept in words.
    pub fn keep_log(&self) {
        lock(&self.0).log = Some(Vec::new());
    }

    /// What happened, in words, if it was kept.
    pub fn log(&self) -> Vec<String> {
        lock(&self.0).log.clone().unwrap_or_default()
    }

    /// Adds to what happened.
    pub fn note(&self, what: &str) {
        let mut inner = lock(&self.0);
        let now = inner.now_ms;
        inner.trace.update(now.to_le_bytes());
        inner.trace.update(what.as_bytes());
        if let Some(log) = &mut inner.log {
            log.push(format!("{:>8}.{:03} {what}", now / 1000, now % 1000));
        }
    }

    /// The hash of all that happened: equal runs have equal ones.
    pub fn trace(&self) -> String {
        let hash = lock(&self.0).trace.clone().finalize();
        protocol::mutation::Hash(hash.into()).to_string()[..16].to_owned()
    }
}

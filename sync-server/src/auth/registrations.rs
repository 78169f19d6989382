//! Who may register a tenant by themselves: everybody, until it is switched off or a machine seems to do it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::error::{Error, Result};

/// More than clinics that come, and fewer than a program makes.
const MOST: usize = 100;
/// In this time.
const WITHIN: Duration = Duration::from_hours(1);

/// The registrations of this process.
#[derive(Debug, Default)]
pub struct Registrations {
    is_closed: AtomicBool,
    recent: Mutex<VecDeque<Instant>>,
}

impl Registrations {
    /// From now on only the operator makes tenants.
    pub fn close(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
    }

    /// Whether one more may register now.
    pub(super) fn check(&self, now: Instant) -> Result<()> {
        if self.is_closed.load(Ordering::Relaxed) {
            return Err(Error::Invalid(
                "This server takes no registrations. Ask whoever runs it for your clinic's account.",
            ));
        }
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        while recent.front().is_some_and(|at| now.saturating_duration_since(*at) >= WITHIN) {
            recent.pop_front();
        }
        match recent.front().filter(|_| recent.len() >= MOST) {
            None => Ok(()),
            Some(oldest) => {
                let rest = WITHIN.saturating_sub(now.saturating_duration_since(*oldest));
                Err(Error::TooManyRequests { retry_after_secs: rest.as_secs() + 1 })
            }
        }
    }

    /// One more did.
    pub(super) fn add(&self, now: Instant) {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner).push_back(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_an_hour_register_and_the_next_one_is_told_when() {
        let registrations = Registrations::default();
        let start = Instant::now();
        for _ in 0..MOST {
            registrations.check(start).expect("admitted");
            registrations.add(start);
        }
        let late = registrations.check(start + Duration::from_mins(59));
        assert!(matches!(late, Err(Error::TooManyRequests { retry_after_secs: 61 })), "{late:?}");
        registrations.check(start + WITHIN).expect("admitted");
    }

    #[test]
    fn where_it_is_switched_off_nobody_registers() {
        let registrations = Registrations::default();
        registrations.close();
        assert!(matches!(registrations.check(Instant::now()), Err(Error::Invalid(_))));
    }
}

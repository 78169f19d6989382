//! Who may register a tenant by themselves: everybody, until it is switched off or a machine seems to do it.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::addresses::network;
use super::must_wait;
use crate::error::{Error, Result};

/// More than clinics that come, and fewer than a program makes.
const MOST: usize = 100;
/// As many as somebody opens who has several, and too few to keep all others out.
const MOST_OF_ONE: usize = 10;
/// In this time.
const WITHIN: Duration = Duration::from_hours(1);

/// The registrations of this process.
#[derive(Debug, Default)]
pub struct Registrations {
    is_closed: AtomicBool,
    recent: Mutex<VecDeque<One>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct One {
    at: Instant,
    from: Option<IpAddr>,
}

impl One {
    fn is_over(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.at) >= WITHIN
    }
}

/// A place among the registrations of the hour; one that was not used is given back.
#[derive(Debug)]
pub(super) struct Place<'a> {
    registrations: &'a Registrations,
    one: One,
    is_used: bool,
}

impl Place<'_> {
    /// Somebody did register.
    pub(super) fn used(mut self) {
        self.is_used = true;
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if !self.is_used {
            let mut recent = self.registrations.recent();
            if let Some(place) = recent.iter().position(|one| *one == self.one) {
                recent.remove(place);
            }
        }
    }
}

impl Registrations {
    /// From now on only the operator makes tenants.
    pub fn close(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
    }

    /// A place for one more from this address, if one is known. It is taken before anything is looked at: of many at once
    /// no more come in than of many one after the other.
    pub(super) fn take(&self, from: Option<IpAddr>, now: Instant) -> Result<Place<'_>> {
        if self.is_closed.load(Ordering::Relaxed) {
            return Err(Error::Invalid(
                "This server takes no registrations. Ask whoever runs it for your clinic's account.",
            ));
        }
        let one = One { at: now, from: from.map(network) };
        let mut recent = self.recent();
        recent.retain(|one| !one.is_over(now));
        let of_one: Vec<One> =
            recent.iter().filter(|other| from.is_some() && other.from == one.from).copied().collect();
        let oldest = if of_one.len() >= MOST_OF_ONE {
            of_one.first()
        } else {
            recent.front().filter(|_| recent.len() >= MOST)
        };
        if let Some(oldest) = oldest {
            return Err(must_wait(WITHIN.saturating_sub(now.saturating_duration_since(oldest.at))));
        }
        recent.push_back(one);
        Ok(Place { registrations: self, one, is_used: false })
    }

    fn recent(&self) -> MutexGuard<'_, VecDeque<One>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
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
            registrations.take(None, start).expect("admitted").used();
        }
        let late = registrations.take(None, start + Duration::from_mins(59));
        assert!(matches!(late, Err(Error::TooManyRequests { retry_after_secs: 60 })), "{late:?}");
        registrations.take(None, start + WITHIN).expect("admitted");
    }

    #[test]
    fn one_address_does_not_take_all_places_of_the_hour() {
        let registrations = Registrations::default();
        let start = Instant::now();
        let [greedy, other] = ["203.0.113.7", "203.0.113.8"].map(|text| text.parse().ok());
        for _ in 0..MOST_OF_ONE {
            registrations.take(greedy, start).expect("admitted").used();
        }
        let late = registrations.take(greedy, start + Duration::from_mins(59));
        assert!(matches!(late, Err(Error::TooManyRequests { retry_after_secs: 60 })), "{late:?}");
        registrations.take(other, start).expect("admitted");
        registrations.take(greedy, start + WITHIN).expect("admitted");
    }

    #[test]
    fn of_many_at_once_no_more_register_and_who_did_not_gives_the_place_back() {
        let registrations = Registrations::default();
        let now = Instant::now();
        let held: Vec<_> = (0..2 * MOST).filter_map(|_| registrations.take(None, now).ok()).collect();
        assert_eq!(held.len(), MOST);
        drop(held);
        registrations.take(None, now).expect("admitted");
    }

    #[test]
    fn where_it_is_switched_off_nobody_registers() {
        let registrations = Registrations::default();
        registrations.close();
        assert!(matches!(registrations.take(None, Instant::now()), Err(Error::Invalid(_))));
    }
}

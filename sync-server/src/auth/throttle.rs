//! Slows down whoever guesses passwords, and never locks a clinic out: the delay is at most a minute, and who
//! guesses from an unknown computer does not slow a known one. Counted in this process's memory.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use uuid::Uuid;

/// So many failures cost nothing.
const FREE_FAILURES: u32 = 10;
/// The longest delay.
const LONGEST_DELAY: Duration = Duration::from_mins(1);
/// Failures are forgotten after so long without another.
const FORGOTTEN_AFTER: Duration = Duration::from_hours(1);
/// A sweep looks at every entry, so it is not made more often.
const SWEEP_EVERY: Duration = Duration::from_mins(1);
/// So many entries are kept at most.
const MOST: usize = 20_000;

/// Who fails.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Who([u8; 32]);

impl Who {
    /// A person on an enrolled computer.
    pub fn on_device(tenant: Uuid, device: Uuid, person: &str) -> Self {
        Self::of(&["device", &tenant.to_string(), &device.to_string(), &person.to_lowercase()])
    }

    /// Whoever names a computer that this tenant does not have, or cannot sign as it.
    pub fn unknown_device(tenant: Uuid) -> Self {
        Self::of(&["unknown", &bucket(&tenant.to_string())])
    }

    /// Whoever guesses codes that enrol a computer of this tenant; whether there is such a one makes no difference, or it
    /// would be told by who has to wait.
    pub fn enrolling(tenant_code: &str) -> Self {
        Self::of(&["enrol", &bucket(tenant_code)])
    }

    fn of(parts: &[&str]) -> Self {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        Self(hasher.finalize().into())
    }
}

/// One of 4,096. Whoever makes names up, as anyone on the internet can, must not fill the memory with them.
fn bucket(name: &str) -> String {
    let hash = Sha256::digest(name.as_bytes());
    format!("{:x}", u16::from_be_bytes([hash[0], hash[1]]) & 0xfff)
}

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last: Instant,
}

/// The failures of this process.
#[derive(Default)]
pub struct Throttle(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    all: HashMap<Who, Failures>,
    swept: Option<Instant>,
}

impl Kept {
    /// Whether another try is allowed now, or how long to wait.
    fn check(&self, who: &Who, now: Instant) -> Result<(), Duration> {
        let Some(failures) = self.all.get(who) else {
            return Ok(());
        };
        let passed = now.saturating_duration_since(failures.last);
        match delay_after(failures.count).checked_sub(passed) {
            Some(rest) if !rest.is_zero() => Err(rest),
            _ => Ok(()),
        }
    }

    fn count(&mut self, who: Who, now: Instant) {
        self.sweep(now);
        if self.all.len() >= MOST && !self.all.contains_key(&who) {
            self.drop_oldest();
        }
        let failures = self.all.entry(who).or_insert(Failures { count: 0, last: now });
        if now.saturating_duration_since(failures.last) >= FORGOTTEN_AFTER {
            failures.count = 0;
        }
        failures.count = failures.count.saturating_add(1);
        failures.last = now;
    }

    /// Drops what is forgotten, at most once a minute.
    fn sweep(&mut self, now: Instant) {
        if self.swept.is_none_or(|swept| now.saturating_duration_since(swept) >= SWEEP_EVERY) {
            self.all.retain(|_, failures| now.saturating_duration_since(failures.last) < FORGOTTEN_AFTER);
            self.swept = Some(now);
        }
    }

    /// Drops the oldest tenth: one by one, each new entry would cost a look at all.
    fn drop_oldest(&mut self) {
        let mut times: Vec<Instant> = self.all.values().map(|failures| failures.last).collect();
        let (_, &mut newest_dropped, _) = times.select_nth_unstable(MOST / 10 - 1);
        self.all.retain(|_, failures| failures.last > newest_dropped);
    }
}

impl std::fmt::Debug for Throttle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Throttle").finish_non_exhaustive()
    }
}

impl Throttle {
    /// Whether another try is allowed now.
    ///
    /// # Errors
    ///
    /// How long to wait.
    pub fn check(&self, who: &Who, now: Instant) -> Result<(), Duration> {
        self.lock().check(who, now)
    }

    /// Takes a try, which counts as failed until it [succeeded](Self::succeeded): of many at once no more are looked at than
    /// of many one after the other.
    ///
    /// # Errors
    ///
    /// How long to wait.
    pub fn take(&self, who: &Who, now: Instant) -> Result<(), Duration> {
        let mut kept = self.lock();
        kept.check(who, now)?;
        kept.count(who.clone(), now);
        Ok(())
    }

    /// A try that was taken was not looked at.
    pub fn give_back(&self, who: &Who) {
        if let Some(failures) = self.lock().all.get_mut(who) {
            failures.count = failures.count.saturating_sub(1);
        }
    }

    /// A try succeeded: the failures before it were typing mistakes.
    pub fn succeeded(&self, who: &Who) {
        self.lock().all.remove(who);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The delay after so many failures: none, then 1, 2, 4 … 60 seconds.
fn delay_after(failures: u32) -> Duration {
    let Some(step) = failures.checked_sub(FREE_FAILURES) else {
        return Duration::ZERO;
    };
    match step {
        0 => Duration::ZERO,
        1..=6 => Duration::from_secs(1 << (step - 1)),
        _ => LONGEST_DELAY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Throttle {
        /// A try failed, whether one was allowed or not.
        fn failed(&self, who: Who, now: Instant) {
            self.lock().count(who, now);
        }
    }

    /// One of many who guess.
    fn guesser(place: usize) -> Who {
        Who::on_device(Uuid::nil(), Uuid::from_u128(place as u128), "a@b.example")
    }

    #[test]
    fn of_many_tries_at_once_no_more_are_taken_than_of_many_one_after_the_other() {
        let throttle = Throttle::default();
        let (who, now) = (guesser(1), Instant::now());
        let taken = (0..100).filter(|_| throttle.take(&who, now).is_ok()).count();
        assert_eq!(taken, 11);
        assert_eq!(throttle.take(&who, now), Err(Duration::from_secs(1)));
        throttle.give_back(&who);
        assert!(throttle.take(&who, now).is_ok(), "one was not looked at");
        assert!(throttle.take(&who, now + Duration::from_secs(1)).is_ok());
        throttle.succeeded(&who);
        assert!(throttle.take(&who, now).is_ok());
    }

    #[test]
    fn ten_failures_are_free_and_then_the_delay_doubles_up_to_a_minute() {
        let throttle = Throttle::default();
        let who = || Who::on_device(Uuid::nil(), Uuid::nil(), "a@b.example");
        let now = Instant::now();
        let mut delays = Vec::new();
        for _ in 0..19 {
            throttle.failed(who(), now);
            delays.push(throttle.check(&who(), now).err().map_or(0, |delay| delay.as_secs()));
        }
        assert_eq!(delays[..10], [0; 10]);
        assert_eq!(delays[10..], [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert!(throttle.check(&who(), now + Duration::from_mins(1)).is_ok());
        throttle.succeeded(&who());
        assert!(throttle.check(&who(), now).is_ok());
    }

    #[test]
    fn made_up_tenants_do_not_fill_the_memory() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for place in 0..20_000 {
            throttle.failed(Who::enrolling(&format!("MADE_UP_{place}")), now);
            throttle.failed(Who::unknown_device(Uuid::from_u128(place)), now);
        }
        assert!(throttle.lock().all.len() <= 2 * 4_096);
    }

    #[test]
    fn when_too_many_are_kept_the_oldest_go_first() {
        let throttle = Throttle::default();
        let start = Instant::now();
        for place in 0..=MOST {
            throttle.failed(guesser(place), start + Duration::from_millis(place as u64));
        }
        let kept = throttle.lock();
        assert_eq!(kept.all.len(), MOST - MOST / 10 + 1);
        assert!(!kept.all.contains_key(&guesser(MOST / 10 - 1)));
        assert!(kept.all.contains_key(&guesser(MOST / 10)) && kept.all.contains_key(&guesser(MOST)));
    }

    #[test]
    fn what_is_forgotten_is_swept_once_a_minute() {
        let throttle = Throttle::default();
        let start = Instant::now();
        let late = start + FORGOTTEN_AFTER;
        throttle.failed(guesser(1), start);
        throttle.failed(guesser(2), start + Duration::from_secs(30));
        throttle.failed(guesser(3), late);
        assert_eq!(throttle.lock().all.len(), 2, "the first was swept");
        throttle.failed(guesser(3), late + Duration::from_secs(59));
        assert_eq!(throttle.lock().all.len(), 2, "not yet again");
        throttle.failed(guesser(3), late + SWEEP_EVERY);
        assert_eq!(throttle.lock().all.len(), 1, "the second was swept");
    }

    #[test]
    fn guesses_elsewhere_do_not_slow_a_known_computer() {
        let throttle = Throttle::default();
        let now = Instant::now();
        let device = Uuid::from_u128(1);
        for _ in 0..1_000 {
            throttle.failed(Who::unknown_device(Uuid::nil()), now);
            throttle.failed(Who::on_device(Uuid::nil(), Uuid::from_u128(2), "a@b.example"), now);
            throttle.failed(Who::on_device(Uuid::nil(), device, "other@b.example"), now);
        }
        assert!(throttle.check(&Who::on_device(Uuid::nil(), device, "a@b.example"), now).is_ok());
    }
}

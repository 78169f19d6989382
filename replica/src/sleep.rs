//! A computer that slept comes back locked: whoever opens its lid need not be who closed it.

use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;

use crate::clock::Clock;
use crate::desk::{Desk, blocking};

/// How often it is looked. What was typed just before the computer fell asleep is written in that time.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// The time of day went on for so much longer than the program ran: the computer slept, or its clock was set.
const SLEPT: time::Duration = time::Duration::seconds(10);
/// On some systems the time that a program runs goes on in its sleep; then nobody looked for so long.
const NOT_LOOKED: Duration = Duration::from_secs(30);

/// What both clocks showed when it was last looked.
#[derive(Clone, Copy)]
pub(crate) struct Looked {
    at: OffsetDateTime,
    running: Duration,
}

impl Looked {
    pub fn now(clock: &Clock) -> Self {
        Self { at: clock.now(), running: clock.running() }
    }

    /// How long ago that was, by the clock that says more.
    pub fn until(self, now: Self) -> time::Duration {
        let ran = now.running.saturating_sub(self.running);
        (now.at - self.at).max(time::Duration::try_from(ran).unwrap_or(time::Duration::MAX))
    }

    /// Whether the computer slept until this look.
    fn slept_until(self, now: Self) -> bool {
        let ran = now.running.saturating_sub(self.running);
        now.at - self.at - ran >= SLEPT || ran >= NOT_LOOKED
    }
}

impl Desk {
    /// Signs out whoever is signed in, if the computer slept since they signed in or this was last called; answers
    /// whether it did. A clock that is set forward counts as sleep: the next password is all that it costs.
    pub fn lock_after_sleep(&self) -> bool {
        let now = Looked::now(&self.clock);
        let before = self.looked().replace(now);
        if !before.is_some_and(|before| before.slept_until(now)) || self.replica().is_err() {
            return false;
        }
        tracing::info!("the computer slept: signed out");
        self.lock();
        true
    }

    /// Looks for as long as the program runs.
    pub(crate) async fn watch_sleep(self: Arc<Self>) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let desk = Arc::clone(&self);
            // It never fails; what waits for the disk waits aside.
            blocking(move || Ok(desk.lock_after_sleep())).await.ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slept(passed: i64, ran: u64) -> bool {
        let before = Looked { at: OffsetDateTime::UNIX_EPOCH, running: Duration::from_secs(100) };
        let at = before.at + time::Duration::seconds(passed);
        before.slept_until(Looked { at, running: Duration::from_secs(100 + ran) })
    }

    #[test]
    fn sleep_shows_in_either_clock() {
        assert!(!slept(2, 2) && !slept(9, 2), "a clock that is put right by seconds");
        assert!(slept(600, 2), "the time that it ran stood still");
        assert!(slept(600, 600), "it went on, and nobody looked");
        assert!(slept(-3_600, 600), "also if the clock was set back");
        assert!(!slept(-3_600, 2));
    }
}

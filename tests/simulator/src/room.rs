//! What a desktop of a run takes for time, chance and pauses.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use replica::testing::{Ids, Surroundings};
use time::OffsetDateTime;
use tokio::sync::oneshot;

use crate::dice::Dice;
use crate::timeline::{Timeline, lock, moment};

/// What the clock of a desktop shows that is wrong by so much.
pub(crate) fn skewed(time: &Timeline, skew_ms: &AtomicI64) -> OffsetDateTime {
    time.now() + time::Duration::milliseconds(skew_ms.load(Ordering::SeqCst))
}

/// Ids of version 7 that are the same in the same run.
pub(crate) fn ids(time: Timeline, seed: u64) -> Ids {
    let dice = Mutex::new(Dice::new(seed));
    Ids::new(move || {
        let ms = u64::try_from(moment(time.now_ms()).unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
        let mut dice = lock(&dice);
        let bytes = (u128::from(dice.roll()) << 64 | u128::from(dice.roll())).to_le_bytes();
        let mut random = [0; 10];
        random.copy_from_slice(&bytes[..10]);
        uuid::Builder::from_unix_timestamp_millis(ms, &random).into_uuid()
    })
}

/// Where a desktop of a run stands.
pub(crate) struct Room {
    time: Timeline,
    dice: Mutex<Dice>,
    skew_ms: Arc<AtomicI64>,
    alive: Arc<AtomicBool>,
}

impl Room {
    pub(crate) fn new(time: &Timeline, dice: Dice, skew_ms: Arc<AtomicI64>, alive: Arc<AtomicBool>) -> Self {
        Self { time: time.clone(), dice: Mutex::new(dice), skew_ms, alive }
    }
}

impl Surroundings for Room {
    fn now(&self) -> OffsetDateTime {
        skewed(&self.time, &self.skew_ms)
    }

    fn nonce(&self) -> replica::Result<String> {
        Ok(lock(&self.dice).roll().to_string())
    }

    fn chance(&self) -> f64 {
        lock(&self.dice).below(1_000) as f64 / 1_000.0
    }

    fn pause(&self, length: Duration) -> BoxFuture<'static, ()> {
        let (sender, over) = oneshot::channel();
        let ms = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
        self.time.after(ms, move || sender.send(()).unwrap_or_default());
        over.map(|_| ()).boxed()
    }

    fn aside(&self, work: Box<dyn FnOnce() + Send>) -> BoxFuture<'static, ()> {
        let (sender, over) = oneshot::channel();
        let alive = Arc::clone(&self.alive);
        let ms = lock(&self.dice).below(8);
        self.time.after(ms, move || {
            if alive.load(Ordering::SeqCst) {
                work();
                sender.send(()).ok();
            }
        });
        over.map(|_| ()).boxed()
    }
}

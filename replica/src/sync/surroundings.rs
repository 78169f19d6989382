//! What the engine takes from the computer on which it runs: the time, chance, pauses, and hands for what may wait for
//! the disk. A test puts others in their place and gets the same run again.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use time::OffsetDateTime;
use tokio::sync::oneshot;

use crate::error::{Error, Result};
use crate::guard::Guard;

/// Where the engine runs.
pub trait Surroundings: Send + Sync {
    /// The time, by this computer's clock.
    fn now(&self) -> OffsetDateTime;

    /// A number between 0 and 1. Chance only spreads pauses; without any, they are equal.
    fn chance(&self) -> f64;

    /// Something to ask the server with, that an answer to another question does not have.
    fn nonce(&self) -> Result<String> {
        Guard::nonce()
    }

    /// Is ready after this time.
    fn pause(&self, length: Duration) -> BoxFuture<'static, ()>;

    /// Does what may wait for the disk or the keyring, aside; it is ready when that is done. Once begun it is done,
    /// also if nobody waits for it any more.
    fn aside(&self, work: Box<dyn FnOnce() + Send>) -> BoxFuture<'static, ()>;
}

/// The computer itself, within tokio.
pub struct System;

impl Surroundings for System {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }

    fn chance(&self) -> f64 {
        getrandom::u32().map_or(0.5, |number| f64::from(number) / f64::from(u32::MAX))
    }

    fn pause(&self, length: Duration) -> BoxFuture<'static, ()> {
        tokio::time::sleep(length).boxed()
    }

    fn aside(&self, work: Box<dyn FnOnce() + Send>) -> BoxFuture<'static, ()> {
        tokio::task::spawn_blocking(work).map(|_| ()).boxed()
    }
}

/// Does work aside and brings back its answer.
pub(crate) async fn aside<T: Send + 'static>(
    surroundings: &dyn Surroundings,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let (sender, answer) = oneshot::channel();
    surroundings.aside(Box::new(move || drop(sender.send(work())))).await;
    answer.await.map_err(Error::internal)?
}

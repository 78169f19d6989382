//! The hashes of passwords. What is a good password says [`protocol::password`].

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use protocol::api::Secret;
use protocol::password::MAX_PASSWORD_CHARS;
use tokio::sync::Semaphore;

/// So many hashes may wait for a processor; more are turned away.
const QUEUE: usize = 64;
/// More work than this for one sign-in is an attack, not a hash: hashes come with archives and from earlier programs, too.
const MOST_MEMORY_KIB: u32 = 256 * 1024;
const MOST_PASSES: u32 = 10;
const MOST_LANES: u32 = 8;

/// What one Argon2id hash costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
}

impl PasswordCost {
    /// For real people: 64 MiB, three passes.
    pub const STANDARD: Self = Self { memory_kib: 64 * 1024, passes: 3 };
    /// The least that Argon2 takes, for data that no one signs in to.
    pub const LEAST: Self = Self { memory_kib: 8, passes: 1 };
}

impl Default for PasswordCost {
    fn default() -> Self {
        Self::STANDARD
    }
}

/// Too many hashes wait already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are being checked")]
pub struct Busy;

/// Makes and checks password hashes, on threads of their own and never more at once than there are cores.
#[derive(Clone)]
pub struct Passwords {
    argon2: Argon2<'static>,
    cores: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    /// Passed one by one, where it is there.
    gate: Option<Arc<Semaphore>>,
    /// Checked when there is no such person, so that the answer takes as long.
    dummy: Arc<str>,
}

impl std::fmt::Debug for Passwords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Passwords").finish_non_exhaustive()
    }
}

impl Passwords {
    /// Hashes at this cost.
    pub fn new(cost: PasswordCost) -> Self {
        let params = Params::new(cost.memory_kib, cost.passes, 1, None)
            .unwrap_or_else(|_| unreachable!("BUG: a cost below what Argon2 takes"));
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let dummy = hash_now(&argon2, "no one has this password");
        Self {
            argon2,
            cores: Arc::new(Semaphore::new(cores)),
            queue: Arc::new(Semaphore::new(cores + QUEUE)),
            gate: None,
            dummy: dummy.into(),
        }
    }

    /// The same, for callers that anyone on the internet can be: one at a time, in a queue of their own, so that
    /// a clinic's staff can always sign in.
    #[must_use]
    pub fn for_strangers(&self) -> Self {
        Self {
            queue: Arc::new(Semaphore::new(QUEUE)),
            gate: Some(Arc::new(Semaphore::new(1))),
            ..self.clone()
        }
    }

    /// The hash of a new password, as a PHC string.
    ///
    /// # Errors
    ///
    /// [`Busy`].
    pub async fn hash(&self, password: &Secret) -> Result<String, Busy> {
        let argon2 = self.argon2.clone();
        let password = password.clone();
        self.run(move || hash_now(&argon2, &password.0)).await
    }

    /// Whether the password is the one of this hash. Without a hash that a sign-in can bear the work is the same and the
    /// answer is no.
    ///
    /// # Errors
    ///
    /// [`Busy`].
    pub async fn verify(&self, password: &Secret, stored: Option<&str>) -> Result<bool, Busy> {
        let stored = stored.filter(|hash| is_bearable(hash));
        let known = stored.is_some();
        let stored = stored.unwrap_or(&self.dummy).to_owned();
        let argon2 = self.argon2.clone();
        let password = password.clone();
        let right = self
            .run(move || {
                // What is longer than any password is not worth the memory.
                password.0.len() <= 4 * MAX_PASSWORD_CHARS
                    && PasswordHash::new(&stored)
                        .is_ok_and(|hash| argon2.verify_password(password.0.as_bytes(), &hash).is_ok())
            })
            .await?;
        Ok(right && known)
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Busy> {
        let _place = self.queue.try_acquire().map_err(|_| Busy)?;
        let _gate = match &self.gate {
            Some(gate) => Some(gate.acquire().await.map_err(|_| Busy)?),
            None => None,
        };
        let core = Arc::clone(&self.cores).acquire_owned().await.map_err(|_| Busy)?;
        // The core's permit goes into the thread: a caller who hangs up does not free it early.
        tokio::task::spawn_blocking(move || {
            let _core = core;
            work()
        })
        .await
        .map_err(|_| Busy)
    }
}

/// Whether a hash is Argon2id of a cost that a sign-in can bear.
pub fn is_bearable(hash: &str) -> bool {
    let Ok(parsed) = PasswordHash::new(hash) else { return false };
    let cost = |name: &str| parsed.params.get_decimal(name).unwrap_or(u32::MAX);
    parsed.algorithm.as_str() == "argon2id"
        && parsed.hash.is_some()
        && cost("m") <= MOST_MEMORY_KIB
        && cost("t") <= MOST_PASSES
        && cost("p") <= MOST_LANES
}

fn hash_now(argon2: &Argon2<'_>, password: &str) -> String {
    argon2
        .hash_password(password.as_bytes())
        .unwrap_or_else(|_| unreachable!("BUG: Argon2 takes every password"))
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn strangers_never_take_the_places_of_staff() {
        let staff = Passwords::new(PasswordCost::LEAST);
        let strangers = staff.for_strangers();
        let _waiting = strangers.queue.try_acquire_many(QUEUE as u32).expect("all places");
        assert_eq!(strangers.hash(&Secret("guess".into())).await, Err(Busy));
        assert!(staff.hash(&Secret("seven green parrots".into())).await.is_ok());
    }

    #[tokio::test]
    async fn a_hash_knows_its_password_and_no_other() {
        let passwords = Passwords::new(PasswordCost::LEAST);
        let right = Secret("kettle orbit mango lamp".into());
        let wrong = Secret("kettle orbit mango lamb".into());
        let hash = passwords.hash(&right).await.expect("not busy");
        assert!(hash.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{hash}");
        assert_eq!(passwords.verify(&right, Some(&hash)).await, Ok(true));
        assert_eq!(passwords.verify(&wrong, Some(&hash)).await, Ok(false));
        assert_eq!(passwords.verify(&Secret("no one has this password".into()), None).await, Ok(false));
        assert_eq!(passwords.verify(&right, Some("not a hash")).await, Ok(false));
    }

    #[test]
    fn only_argon2id_of_a_bearable_cost_is_a_hash() {
        let salted = |params: &str| {
            format!("$argon2id$v=19${params}$c29tZXNhbHRzYWx0$Gz3ZV6Zq1XpJv2cVhXcVxw8mTQ2bW0lIhS4rI0aPq1s")
        };
        assert!(is_bearable(&salted("m=65536,t=3,p=4")));
        assert!(!is_bearable(&salted("m=4194304,t=3,p=4")));
        assert!(!is_bearable("$2b$12$EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW"));
        assert!(!is_bearable("5f4dcc3b5aa765d61d8327deb882cf99"));
        assert!(!is_bearable("secret"));
    }

    #[tokio::test]
    async fn a_hash_that_came_with_more_work_than_a_sign_in_can_bear_opens_nothing() {
        let costly = Passwords::new(PasswordCost { memory_kib: 8, passes: MOST_PASSES + 1 });
        let right = Secret("kettle orbit mango lamp".into());
        let hash = costly.hash(&right).await.expect("not busy");
        assert_eq!(Passwords::new(PasswordCost::LEAST).verify(&right, Some(&hash)).await, Ok(false));
        let cheaper = Passwords::new(PasswordCost { memory_kib: 8, passes: MOST_PASSES });
        let hash = cheaper.hash(&right).await.expect("not busy");
        assert_eq!(Passwords::new(PasswordCost::LEAST).verify(&right, Some(&hash)).await, Ok(true));
    }

    #[test]
    fn the_standard_cost_is_three_passes_over_64_mib() {
        let hash = hash_now(&Passwords::new(PasswordCost::STANDARD).argon2, "x");
        assert!(hash.starts_with("$argon2id$v=19$m=65536,t=3,p=1$"), "{hash}");
    }
}

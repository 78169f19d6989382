//! Who may come in: registration, enrolment, sign-in, tokens.

/// Who may ask which route.
pub mod access;
/// Who fails too often, by network address.
pub mod addresses;
/// Who sent a request.
pub mod caller;
/// Enrolment codes and other short texts that people type.
pub mod code;
/// Desktops and their challenges.
pub mod device;
/// `POST /v1/devices/enrol` and `POST /v1/devices/codes`.
pub mod enrol;
/// One-time codes as rows.
pub mod enrolment;
/// `POST /v1/devices/handover`, `farewell` and `wiped`.
pub mod farewell;
/// `GET` and `POST /v1/own-keys`.
pub mod own_keys;
/// Passwords and their hashes.
pub mod password;
/// Members of staff.
pub mod person;
/// `POST /v1/devices/recovery`, and desktops that come back after their keys were lost.
pub mod recovery;
/// Refresh tokens.
pub mod refresh;
/// `POST /v1/clinics/register`.
pub mod register;
/// Who may register by themselves.
pub mod registrations;
/// `POST /v1/devices/renew`.
pub mod renew;
/// `POST /v1/auth/challenge`, `login` and `refresh`.
pub mod session;
/// Requests that the device signs.
pub mod signed;
/// `POST /v1/devices/standing`.
pub mod standing;
/// The rows with which a tenant begins.
pub mod tenant;
/// Slows down whoever guesses.
pub mod throttle;
/// Access tokens.
pub mod token;

use std::sync::Arc;
use std::time::{Duration, Instant};

use protocol::api::Secret;

use crate::error::Error;
use crate::order::OrderKey;

pub use access::Access;
pub use caller::Caller;

/// What the handlers here need.
#[derive(Clone, Debug)]
pub struct Auth {
    /// Signs and reads access tokens.
    pub keys: Arc<token::TokenKeys>,
    /// Signs what desktops believe of nobody else.
    pub order: Arc<OrderKey>,
    /// Part of all that devices sign for this server.
    pub server_name: Arc<str>,
    /// Hashes passwords of whoever signs in on an enrolled computer.
    pub passwords: password::Passwords,
    /// Hashes passwords of whoever enrols or registers.
    pub strangers: password::Passwords,
    /// Who failed how often.
    pub throttle: Arc<throttle::Throttle>,
    /// From where too much fails.
    pub addresses: Arc<addresses::Addresses>,
    /// Who registered lately.
    pub registrations: Arc<registrations::Registrations>,
}

impl Auth {
    /// Nobody has failed yet. Only tests take another cost than [`password::PasswordCost::STANDARD`].
    pub fn new(
        keys: token::TokenKeys,
        order: OrderKey,
        server_name: &str,
        cost: password::PasswordCost,
    ) -> Self {
        let passwords = password::Passwords::new(cost);
        Self {
            keys: Arc::new(keys),
            order: Arc::new(order),
            server_name: server_name.into(),
            strangers: passwords.for_strangers(),
            passwords,
            throttle: Arc::default(),
            addresses: Arc::default(),
            registrations: Arc::default(),
        }
    }

    /// Refuses whoever has to wait.
    pub(crate) fn check_throttle(&self, who: &throttle::Who) -> Result<(), Error> {
        self.throttle.check(who, Instant::now()).map_err(must_wait)
    }

    /// Counts a failure, and answers with this error or with the time to wait.
    pub(crate) fn failed(&self, who: &throttle::Who, error: Error) -> Error {
        self.throttle.take(who, Instant::now()).map_or_else(must_wait, |()| error)
    }

    /// Whether the password is right, for whoever may try now.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyRequests`], also while too many others are looked at; that costs no try.
    pub(crate) async fn try_password(
        &self,
        who: &throttle::Who,
        password: &Secret,
        hash: Option<&str>,
    ) -> Result<bool, Error> {
        self.throttle.take(who, Instant::now()).map_err(must_wait)?;
        match self.passwords.verify(password, hash).await {
            Ok(is_right) => {
                if is_right {
                    self.throttle.succeeded(who);
                }
                Ok(is_right)
            }
            Err(busy) => {
                self.throttle.give_back(who);
                Err(busy.into())
            }
        }
    }
}

/// What whoever failed too often is told.
fn must_wait(delay: Duration) -> Error {
    Error::TooManyRequests { retry_after_secs: delay.as_secs() + u64::from(delay.subsec_nanos() > 0) }
}

impl From<password::Busy> for Error {
    fn from(_: password::Busy) -> Self {
        Self::TooManyRequests { retry_after_secs: 1 }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;
    use uuid::Uuid;

    use super::*;

    #[tokio::test]
    async fn who_guesses_many_passwords_at_once_does_not_find_the_right_one_among_them() {
        let keys = token::TokenKeys::new(&token::new_key());
        let auth = Auth::new(keys, OrderKey::new(token::new_key()), "test", password::PasswordCost::LEAST);
        let right = Secret("kettle orbit mango lamp".into());
        let hash = auth.passwords.hash(&right).await.expect("not busy");
        let who = throttle::Who::on_device(Uuid::nil(), Uuid::nil(), "a@b.example");
        let mut guesses: Vec<Secret> = (0..20).map(|place| Secret(format!("guess number {place}"))).collect();
        guesses.push(right);
        let tries = guesses.iter().map(|guess| auth.try_password(&who, guess, Some(&hash)));
        let answers = join_all(tries).await;
        assert_eq!(answers.iter().filter(|answer| matches!(answer, Ok(false))).count(), 11);
        assert!(answers.iter().all(|answer| !matches!(answer, Ok(true))));
    }
}

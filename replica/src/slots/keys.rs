//! The keys that open slots, and what a guess at one costs.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use protocol::api::Secret;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::keyring::DeviceSecrets;
use crate::sealed::{Sealed, derive};
use crate::store::DatabaseKey;

/// What a guess of a password costs, by Argon2id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl SlotCost {
    /// For people's data: 256 MiB, about half a second on a small computer.
    pub const STRONG: Self = Self { memory_kib: 256 * 1024, passes: 3, lanes: 4 };
    /// For tests, in which thousands of guesses cost nothing.
    #[cfg(any(test, feature = "test-keyring"))]
    pub const QUICK: Self = Self { memory_kib: 64, passes: 1, lanes: 1 };
}

pub(super) fn user_key(
    password: &str,
    salt: &[u8],
    cost: SlotCost,
    secrets: &DeviceSecrets,
) -> Result<Zeroizing<[u8; 32]>> {
    let params =
        Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32)).map_err(|_| Error::SlotsDamaged)?;
    let mut stretched = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(password.as_bytes(), salt, stretched.as_mut_slice())
        .map_err(|_| Error::SlotsDamaged)?;
    Ok(derive(&[stretched.as_slice(), secrets.secret.as_slice()], b"cd-slot-user-1"))
}

pub(super) fn server_key(unlock_key: &Secret, secrets: &DeviceSecrets) -> Zeroizing<[u8; 32]> {
    derive(&[unlock_key.0.as_bytes(), secrets.secret.as_slice()], b"cd-slot-server-1")
}

pub(super) fn keyring_check(secrets: &DeviceSecrets) -> String {
    BASE64_STANDARD.encode(derive(&[secrets.secret.as_slice()], b"cd-keyring-check-1"))
}

pub(super) fn open_key(sealed: &Sealed, wrapping: &[u8; 32], about: &str) -> Result<Option<DatabaseKey>> {
    let Some(opened) = sealed.open(wrapping, about)? else { return Ok(None) };
    let key: [u8; 32] = opened.as_slice().try_into().map_err(|_| Error::SlotsDamaged)?;
    Ok(Some(DatabaseKey(Zeroizing::new(key))))
}

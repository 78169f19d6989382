//! The key that is a person's own on this computer: born when they sign in and have none, and held in their slot, which
//! only their password opens. While they are signed out it is nowhere else.

use ed25519_dalek::SigningKey;
use protocol::id::{DeviceId, TenantId, UserId};
use protocol::own_key::OwnKeyRequest;
use protocol::signing;
use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// A person's own key.
#[derive(Clone)]
pub struct OwnKey {
    /// Its private half; wiped from memory when dropped.
    pub key: SigningKey,
    /// It signs what follows this mutation of the computer.
    pub after: i64,
}

impl OwnKey {
    /// A new one, behind the computer's last mutation.
    pub fn born(after: i64) -> Result<Self> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut_slice()).map_err(Error::internal)?;
        Ok(Self { key: SigningKey::from_bytes(&seed), after })
    }

    /// As it lies in a slot: where it begins goes with it, so that nobody moves that.
    pub(crate) fn bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new([self.key.as_bytes().as_slice(), &self.after.to_be_bytes()].concat())
    }

    pub(crate) fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let (seed, after) = bytes.split_first_chunk::<32>()?;
        Some(Self { key: SigningKey::from_bytes(seed), after: i64::from_be_bytes(after.try_into().ok()?) })
    }

    /// What tells the server that it is this person's.
    pub(crate) fn request(
        &self,
        server_name: &str,
        place: (TenantId, DeviceId),
        user: UserId,
    ) -> OwnKeyRequest {
        let public_key = signing::public_key_text(&self.key.verifying_key());
        let message = signing::own_key_message(server_name, place, user, &public_key, self.after);
        OwnKeyRequest { signature: signing::sign(&self.key, &message), public_key, after: self.after }
    }
}

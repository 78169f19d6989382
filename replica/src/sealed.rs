//! Small secrets in files: sealed with AES-256-GCM under a key that is derived, and bound to what they are for.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hkdf::Hkdf;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// Sealed bytes, as they stand in a file.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Sealed {
    nonce: String,
    text: String,
}

impl Sealed {
    /// Seals bytes; `about` says what for, and opens nothing else.
    pub fn new(bytes: &[u8], wrapping: &[u8; 32], about: &str) -> Result<Self> {
        let mut nonce = [0; 12];
        getrandom::fill(&mut nonce).map_err(Error::internal)?;
        let payload = Payload { msg: bytes, aad: about.as_bytes() };
        let text = Aes256Gcm::new(wrapping.into())
            .encrypt(&Nonce::from(nonce), payload)
            .map_err(|_| Error::internal("nothing was sealed"))?;
        Ok(Self { nonce: BASE64_STANDARD.encode(nonce), text: BASE64_STANDARD.encode(text) })
    }

    /// The bytes; none with another key, or if they are for something else.
    ///
    /// # Errors
    ///
    /// [`Error::SlotsDamaged`] if this is not what [`Sealed::new`] made.
    pub fn open(&self, wrapping: &[u8; 32], about: &str) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let nonce: [u8; 12] = decode(&self.nonce)?.try_into().map_err(|_| Error::SlotsDamaged)?;
        let text = decode(&self.text)?;
        let payload = Payload { msg: &text, aad: about.as_bytes() };
        let opened = Aes256Gcm::new(wrapping.into()).decrypt(&Nonce::from(nonce), payload);
        Ok(opened.ok().map(Zeroizing::new))
    }
}

/// A key made of these secrets, for one purpose.
pub(crate) fn derive(secrets: &[&[u8]], purpose: &[u8]) -> Zeroizing<[u8; 32]> {
    let length = secrets.iter().map(|secret| secret.len()).sum();
    let mut material = Zeroizing::new(Vec::with_capacity(length));
    for secret in secrets {
        material.extend_from_slice(secret);
    }
    let mut key = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(None, &material)
        .expand(purpose, key.as_mut_slice())
        .expect("BUG: HKDF-SHA256 gives 32 bytes");
    key
}

pub(crate) fn decode(text: &str) -> Result<Vec<u8>> {
    BASE64_STANDARD.decode(text).map_err(|_| Error::SlotsDamaged)
}

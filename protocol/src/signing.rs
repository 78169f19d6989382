//! The byte strings that a device signs to prove who it is. Each begins with a name of its own, so that a
//! signature for one purpose never serves another.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ed25519_dalek::{Signature, Signer, SigningKey, Verifier, VerifyingKey};

use crate::id::{DeviceId, TenantId, UserId};

/// What a device signs when it is enrolled: proof that it holds the private half of the key it shows.
pub fn enrol_message(code: &str, public_key: &str) -> String {
    format!("cd-enrol-1\n{code}\n{public_key}")
}

/// What a device signs when a person signs in on it.
pub fn login_message(server: &str, tenant: TenantId, device: DeviceId, challenge: &str) -> String {
    format!("cd-login-1\n{server}\n{tenant}\n{device}\n{challenge}")
}

/// What a device signs to get new tokens for a person known on it.
pub fn refresh_message(
    server: &str,
    tenant: TenantId,
    device: DeviceId,
    user: UserId,
    generation: i64,
    challenge: &str,
) -> String {
    format!("cd-refresh-1\n{server}\n{tenant}\n{device}\n{user}\n{generation}\n{challenge}")
}

/// What a device signs to ask how it stands.
pub fn standing_message(server: &str, tenant: TenantId, device: DeviceId, challenge: &str) -> String {
    format!("cd-standing-1\n{server}\n{tenant}\n{device}\n{challenge}")
}

/// What a device that is out of service signs to hand over what it has.
pub fn handover_message(server: &str, tenant: TenantId, device: DeviceId, challenge: &str) -> String {
    format!("cd-handover-1\n{server}\n{tenant}\n{device}\n{challenge}")
}

/// What the key signs with which a copied device goes on under an id of its own.
pub fn renew_message(server: &str, tenant: TenantId, device: DeviceId, public_key: &str) -> String {
    format!("cd-renew-1\n{server}\n{tenant}\n{device}\n{public_key}")
}

/// What a person's own key signs to become theirs on a device, for what follows this mutation of it.
pub fn own_key_message(
    server: &str,
    (tenant, device): (TenantId, DeviceId),
    user: UserId,
    public_key: &str,
    after: i64,
) -> String {
    format!("cd-own-key-1\n{server}\n{tenant}\n{device}\n{user}\n{public_key}\n{after}")
}

/// What a person's own key signs of a mutation: all of its text but which device it is of, since a copied disk goes on
/// under another one. None for a text that does not begin with its device.
pub fn own_message(body: &str) -> Option<String> {
    crate::mutation::without_device(body).map(|said| format!("cd-own-1\n{said}"))
}

/// What a doctor's own key signs of a prescription, in `own_signature`: which one it is, and the hash of its content.
pub fn prescription_message(id: uuid::Uuid, content_sha256: &str) -> String {
    format!("cd-own-prescription-1\n{id}\n{content_sha256}")
}

/// What an admin's device signs to agree that another one destroys what is on it. It is for ever, as the revocation is.
pub fn consent_message(tenant: TenantId, device: DeviceId) -> String {
    format!("cd-wipe-1\n{tenant}\n{device}")
}

/// Signs a message; the signature is in base64.
pub fn sign(key: &SigningKey, message: &str) -> String {
    BASE64_STANDARD.encode(key.sign(message.as_bytes()).to_bytes())
}

/// Whether the signature, in base64, is this key's over this message.
pub fn verify(key: &VerifyingKey, message: &str, signature: &str) -> bool {
    BASE64_STANDARD
        .decode(signature)
        .ok()
        .and_then(|bytes| Signature::from_slice(&bytes).ok())
        .is_some_and(|signature| key.verify(message.as_bytes(), &signature).is_ok())
}

/// Whether this text has the form of a signature.
pub fn is_signature(text: &str) -> bool {
    BASE64_STANDARD.decode(text).is_ok_and(|bytes| Signature::from_slice(&bytes).is_ok())
}

/// Writes a public key as it travels: 32 bytes in base64.
pub fn public_key_text(key: &VerifyingKey) -> String {
    BASE64_STANDARD.encode(key.as_bytes())
}

/// Reads a public key as it travels. One of low order is none: whoever says that it is theirs lets everybody sign as them.
pub fn parse_public_key(text: &str) -> Option<VerifyingKey> {
    let bytes: [u8; 32] = BASE64_STANDARD.decode(text).ok()?.try_into().ok()?;
    VerifyingKey::from_bytes(&bytes).ok().filter(|key| !key.is_weak())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_for_which_everybody_can_sign_is_none() {
        let (mut low, mut of_nobody) = ([0_u8; 32], [0_u8; 64]);
        (low[0], of_nobody[0]) = (1, 1);
        let key = VerifyingKey::from_bytes(&low).expect("BUG: a point of the curve");
        let of_nobody = BASE64_STANDARD.encode(of_nobody);
        assert!(verify(&key, "whatever it is", &of_nobody), "by this key it is signed");
        assert_eq!(parse_public_key(&public_key_text(&key)), None);
        let good = SigningKey::from_bytes(&[7; 32]).verifying_key();
        assert_eq!(parse_public_key(&public_key_text(&good)), Some(good));
        assert!(!verify(&good, "whatever it is", &of_nobody));
    }
}

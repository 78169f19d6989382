//! Administrative requests: beside the access token they bear the signature of the device, over all that they ask. So
//! whoever has a token without the device's key changes nobody's roles and lets no computer in.

use ed25519_dalek::{SigningKey, VerifyingKey};

use crate::id::{DeviceId, TenantId, UserId};
use crate::mutation::Hash;
use crate::signing::{sign, verify};

/// The header with [`AdminRequest::at`].
pub const SIGNED_AT_HEADER: &str = "clinic-signed-at";
/// The header with [`AdminRequest::nonce`].
pub const NONCE_HEADER: &str = "clinic-nonce";
/// The header with the device's signature over [`AdminRequest::message`], in base64.
pub const SIGNATURE_HEADER: &str = "clinic-signature";

/// The time that is signed and the server's clock differ by at most so many seconds.
pub const SIGNED_SECONDS: u64 = 120;
/// The least bytes of a nonce.
pub const MIN_NONCE_BYTES: usize = 16;
/// The most bytes of a nonce.
pub const MAX_NONCE_BYTES: usize = 64;

/// Who asks: part of what is signed, so that a signature serves nobody else.
#[derive(Clone, Copy, Debug)]
pub struct Asker<'a> {
    /// The server's name, as the device learnt it.
    pub server: &'a str,
    /// The device's tenant.
    pub tenant: TenantId,
    /// The device.
    pub device: DeviceId,
    /// Who is signed in on it.
    pub user: UserId,
}

/// An administrative request, as the device signs it.
#[derive(Clone, Copy, Debug)]
pub struct AdminRequest<'a> {
    /// `POST`, in capitals.
    pub method: &'a str,
    /// Below the server's address, as it is sent, with its query: `/v1/users/0193…`.
    pub path: &'a str,
    /// SHA-256 of the body as it is sent.
    pub body: Hash,
    /// When it is signed, in Unix seconds.
    pub at: i64,
    /// 16 to 64 characters of ASCII by chance, new for each request.
    pub nonce: &'a str,
}

impl AdminRequest<'_> {
    /// The bytes that are signed.
    pub fn message(&self, by: Asker<'_>) -> String {
        let Asker { server, tenant, device, user } = by;
        let Self { method, path, body, at, nonce } = self;
        format!("cd-request-1\n{server}\n{tenant}\n{device}\n{user}\n{method}\n{path}\n{body}\n{at}\n{nonce}")
    }

    /// Signs it; the signature is in base64.
    pub fn sign(&self, by: Asker<'_>, key: &SigningKey) -> String {
        sign(key, &self.message(by))
    }

    /// Whether the signature, in base64, is this key's over it.
    pub fn is_signed(&self, by: Asker<'_>, key: &VerifyingKey, signature: &str) -> bool {
        verify(key, &self.message(by), signature)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn asker() -> Asker<'static> {
        Asker {
            server: "sync.example.org",
            tenant: TenantId(Uuid::from_u128(1)),
            device: DeviceId(Uuid::from_u128(2)),
            user: UserId(Uuid::from_u128(3)),
        }
    }

    fn request() -> AdminRequest<'static> {
        AdminRequest {
            method: "POST",
            path: "/v1/devices/codes?x=1",
            body: Hash::of(b"{}"),
            at: 1_795_939_869,
            nonce: "MDEyMzQ1Njc4OWFiY2RlZg==",
        }
    }

    #[test]
    fn what_is_signed_is_written_a_line_each() {
        assert_eq!(
            request().message(asker()),
            "cd-request-1\n\
             sync.example.org\n\
             00000000-0000-0000-0000-000000000001\n\
             00000000-0000-0000-0000-000000000002\n\
             00000000-0000-0000-0000-000000000003\n\
             POST\n\
             /v1/devices/codes?x=1\n\
             44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\n\
             1795939869\n\
             MDEyMzQ1Njc4OWFiY2RlZg=="
        );
    }

    #[test]
    fn a_signature_is_for_one_request_of_one_person_on_one_device() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let (good, by) = (request(), asker());
        let signature = good.sign(by, &key);
        let key = key.verifying_key();
        assert!(good.is_signed(by, &key, &signature));
        for other in [
            AdminRequest { method: "PATCH", ..good },
            AdminRequest { path: "/v1/devices/codes", ..good },
            AdminRequest { body: Hash::of(b"{ }"), ..good },
            AdminRequest { at: good.at + 1, ..good },
            AdminRequest { nonce: "MDEyMzQ1Njc4OWFiY2RlZw==", ..good },
        ] {
            assert!(!other.is_signed(by, &key, &signature), "{other:?}");
        }
        for other in [
            Asker { server: "other.example.org", ..by },
            Asker { tenant: TenantId(Uuid::from_u128(4)), ..by },
            Asker { device: DeviceId(Uuid::from_u128(4)), ..by },
            Asker { user: UserId(Uuid::from_u128(4)), ..by },
        ] {
            assert!(!good.is_signed(other, &key, &signature), "{other:?}");
        }
        let stranger = SigningKey::from_bytes(&[8; 32]).verifying_key();
        assert!(!good.is_signed(by, &stranger, &signature));
    }
}

//! Signing what is asked of the server that believes no token alone: what an admin changes, and whose keys are whose.

use ed25519_dalek::SigningKey;
use protocol::id::{DeviceId, TenantId, UserId};
use protocol::mutation::Hash;
use protocol::request::{AdminRequest, Asker};
use time::OffsetDateTime;

use super::wire::{Method, Request, Signed};
use crate::error::Result;
use crate::guard::Guard;

/// Who asks, on which computer, and with which key.
pub struct Signer {
    /// The server's name.
    pub server_name: String,
    /// The computer's tenant.
    pub tenant: TenantId,
    /// The computer.
    pub device: DeviceId,
    /// Who is signed in on it.
    pub user: UserId,
    /// The computer's key.
    pub key: SigningKey,
    /// What the server's clock shows, as far as this computer knows.
    pub now: OffsetDateTime,
}

impl Signer {
    /// The request as it was signed at this moment. Signed again, it is another one.
    pub fn sign(&self, request: Request, at: OffsetDateTime) -> Result<Request> {
        let (at, nonce) = (at.unix_timestamp(), Guard::nonce()?);
        let method = match request.method {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
        };
        let path = format!("/{}", request.path);
        let asked = AdminRequest { method, path: &path, body: Hash::of(&request.body), at, nonce: &nonce };
        let Self { server_name, tenant, device, user, .. } = self;
        let by = Asker { server: server_name, tenant: *tenant, device: *device, user: *user };
        let signature = asked.sign(by, &self.key);
        Ok(Request { signed: Some(Signed { at, nonce, signature }), ..request })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use bytes::Bytes;
    use futures_util::future::BoxFuture;
    use futures_util::{FutureExt, StreamExt, stream};
    use protocol::error::{ErrorCode, Problem};
    use protocol::request::SIGNED_SECONDS;
    use serde_json::{Value, json};
    use time::Duration;
    use time::macros::datetime;
    use uuid::Uuid;

    use super::*;
    use crate::error::Error;
    use crate::sync::client::Client;
    use crate::sync::wire::{Answer, Wire};

    const NOW: OffsetDateTime = datetime!(2026-11-23 04:11:09 UTC);

    /// A server whose clock shows this, and which says that it shows that.
    struct Server {
        now: OffsetDateTime,
        says: OffsetDateTime,
        asked: Mutex<Vec<Signed>>,
    }

    impl Wire for Server {
        fn send(&self, request: Request) -> BoxFuture<'_, Result<Answer>> {
            let signed = request.signed.expect("BUG: signed");
            let is_off = self.now.unix_timestamp().abs_diff(signed.at) > SIGNED_SECONDS;
            self.asked.lock().expect("BUG: nobody panics").push(signed);
            let problem = Problem {
                kind: "about:blank".into(),
                status: 403,
                code: ErrorCode::ClockOff,
                detail: "Off.".into(),
                server_time: Some(self.says),
            };
            let (status, kind, body) = if is_off {
                (403, "application/problem+json", serde_json::to_vec(&problem))
            } else {
                (200, "application/json", serde_json::to_vec(&json!("done")))
            };
            let body = stream::iter([Ok(Bytes::from(body.expect("BUG: JSON")))]).boxed();
            async move { Ok(Answer { status, kind: kind.into(), body }) }.boxed()
        }
    }

    /// What this computer is answered whose clock is off by this, and what it had signed.
    async fn asked(off: Duration, says: OffsetDateTime) -> (Result<Value>, Vec<Signed>) {
        let server = Arc::new(Server { now: NOW, says, asked: Mutex::default() });
        let client = Client::over(Arc::clone(&server) as Arc<dyn Wire>);
        let signer = Signer {
            server_name: "sync.example.org".into(),
            tenant: TenantId(Uuid::from_u128(1)),
            device: DeviceId(Uuid::from_u128(2)),
            user: UserId(Uuid::from_u128(3)),
            key: SigningKey::from_bytes(&[7; 32]),
            now: NOW + off,
        };
        let request = Request { body: b"{}".to_vec(), ..Request::post("v1/devices/codes") };
        let answer = client.signed(request, &signer).await;
        let asked = server.asked.lock().expect("BUG: nobody panics").clone();
        for Signed { at, nonce, signature } in &asked {
            let asked = AdminRequest {
                method: "POST",
                path: "/v1/devices/codes",
                body: Hash::of(b"{}"),
                at: *at,
                nonce,
            };
            let Signer { server_name, tenant, device, user, key, .. } = &signer;
            let by = Asker { server: server_name, tenant: *tenant, device: *device, user: *user };
            assert!(asked.is_signed(by, &key.verifying_key(), signature));
        }
        (answer, asked)
    }

    #[tokio::test]
    async fn who_knows_the_servers_time_signs_once() {
        let (answer, asked) = asked(Duration::seconds(100), NOW).await;
        assert_eq!(answer.expect("BUG: done"), json!("done"));
        assert_eq!(asked.len(), 1);
    }

    #[tokio::test]
    async fn a_computer_whose_clock_is_off_signs_once_more_with_the_servers_time() {
        for off in [Duration::hours(1), Duration::hours(-1), Duration::days(-4_000)] {
            let (answer, asked) = asked(off, NOW).await;
            assert_eq!(answer.expect("BUG: done"), json!("done"));
            assert_eq!(asked.len(), 2);
            assert_eq!(asked[1].at, NOW.unix_timestamp());
            assert_ne!(asked[0].nonce, asked[1].nonce);
        }
    }

    #[tokio::test]
    async fn a_server_that_says_a_time_that_it_does_not_believe_is_not_asked_for_ever() {
        let (answer, asked) = asked(Duration::hours(1), NOW + Duration::hours(2)).await;
        assert!(matches!(answer, Err(Error::ClockOff { .. })), "{answer:?}");
        assert_eq!(asked.len(), 2);
    }
}

//! Signing in at the server, and the tokens that it gives.

use std::sync::Arc;

use ed25519_dalek::SigningKey;
use protocol::api::{ChallengeRequest, LoginRequest, RefreshRequest, Secret, Session, Tokens};
use protocol::error::ErrorCode;
use protocol::id::{DeviceId, TenantId};
use protocol::signing;
use zeroize::Zeroizing;

use super::status::problem;
use super::{Line, lock};
use crate::error::{Error, Result};
use crate::keyring::RefreshToken;
use crate::sync::client::Client;

/// An e-mail and a password.
#[derive(Clone)]
pub(crate) struct Typed {
    pub email: String,
    pub password: Zeroizing<String>,
}

impl Typed {
    /// What was typed.
    pub fn new(email: &str, password: &str) -> Self {
        Self { email: email.to_owned(), password: Zeroizing::new(password.to_owned()) }
    }
}

/// Signs in at the server with a password, as this device.
pub(crate) async fn login(
    client: &Client,
    server_name: &str,
    (tenant_id, device_id): (TenantId, DeviceId),
    device_key: &SigningKey,
    typed: &Typed,
    nonce: &str,
) -> Result<Session> {
    let challenge = client.challenge(&ChallengeRequest { tenant_id, device_id }).await?.challenge;
    let message = signing::login_message(server_name, tenant_id, device_id, &challenge);
    let request = LoginRequest {
        tenant_id,
        device_id,
        email: typed.email.trim().to_owned(),
        password: Secret(typed.password.to_string()),
        challenge,
        signature: signing::sign(device_key, &message),
        nonce: nonce.to_owned(),
    };
    client.login(&request).await
}

impl Line {
    /// Gets new tokens for whoever is signed in now: with the password that was just typed, which no lost or old
    /// token can stop, else with the refresh token.
    pub(super) async fn refresh(self: &Arc<Self>) -> Result<()> {
        let typed = lock(&self.context.typed).clone();
        let Some(typed) = typed else { return self.refresh_with_token().await };
        let context = &self.context;
        let who = (context.facts.tenant_id, context.facts.device_id);
        let (name, nonce) = (&context.facts.server_name, self.nonce()?);
        let answer = login(&context.client, name, who, &context.device_key, &typed, &nonce).await;
        let session = match answer {
            // It was changed elsewhere; who knew the old one works on until the server says otherwise.
            Err(Error::Server { code: ErrorCode::WrongPassword, .. }) => None,
            // Their e-mail is another person's by now, who has the same password.
            Ok(session) if session.user.id != context.user => None,
            answer => Some(answer?),
        };
        let Some(session) = session else {
            *lock(&context.typed) = None;
            return self.refresh_with_token().await;
        };
        self.tell_own_key(&session.tokens.access_token).await?;
        *lock(&context.typed) = None;
        let person = session.user;
        self.on_store(move |store| store.put_staff(&person)).await?;
        self.keep(session.tokens, nonce).await
    }

    async fn refresh_with_token(self: &Arc<Self>) -> Result<()> {
        let context = &self.context;
        let (keyring, installation) = (context.keyring.clone(), context.installation);
        let store = Arc::clone(&context.store);
        let kept = self.aside(move || keyring.refresh_token(installation, &store.token_key)).await?;
        let (tenant_id, device_id) = (context.facts.tenant_id, context.facts.device_id);
        let challenge = context.client.challenge(&ChallengeRequest { tenant_id, device_id }).await?.challenge;
        let message = signing::refresh_message(
            &context.facts.server_name,
            tenant_id,
            device_id,
            context.user,
            kept.generation,
            &challenge,
        );
        let nonce = self.nonce()?;
        let tokens = context
            .client
            .refresh(&RefreshRequest {
                tenant_id,
                device_id,
                user_id: context.user,
                refresh_token: kept.token,
                generation: kept.generation,
                challenge,
                signature: signing::sign(&context.device_key, &message),
                nonce: nonce.clone(),
            })
            .await?;
        self.keep(tokens, nonce).await
    }

    /// What the server's word on this computer's standing must bear; nothing where nobody asks for one.
    fn nonce(&self) -> Result<String> {
        self.context.guard.as_ref().map_or(Ok(String::new()), |_| self.context.surroundings.nonce())
    }

    /// The new refresh token is kept before the new access token is used.
    async fn keep(&self, tokens: Tokens, nonce: String) -> Result<()> {
        let (keyring, installation) = (self.context.keyring.clone(), self.context.installation);
        let next = RefreshToken { token: tokens.refresh_token, generation: tokens.generation };
        let store = Arc::clone(&self.context.store);
        self.aside(move || keyring.put_refresh_token(installation, &next, &store.token_key)).await?;
        *lock(&self.token) = Some(tokens.access_token);
        if let (Some(guard), Some(order)) = (self.context.guard.clone(), tokens.standing) {
            let store = Arc::clone(&self.context.store);
            let taken = self.aside(move || {
                guard.take(&order, &nonce)?;
                store.remember(&order)
            });
            let problem = match taken.await {
                Ok(()) => None,
                // Whatever is written next says so, for as long as it is full, and the next order is kept then.
                Err(Error::DiskFull) => {
                    tracing::warn!("what the server said of this computer was not kept: the disk is full");
                    None
                }
                Err(error) => Some(problem(error)),
            };
            lock(&self.shown).standing_problem = problem;
        }
        Ok(())
    }

    pub(in crate::sync) fn token(&self) -> Result<Secret> {
        let unauthorized = Error::Server { code: ErrorCode::Unauthorized, detail: String::new() };
        lock(&self.token).clone().ok_or(unauthorized)
    }
}

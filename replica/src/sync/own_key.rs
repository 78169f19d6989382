//! The own key of whoever is signed in, and those of everybody else: what the server is told, and what it tells.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use protocol::api::Secret;
use protocol::error::ErrorCode;

use super::engine::{Line, lock};
use crate::error::{Error, Result};

impl Line {
    /// Tells the server which key is this person's, before it hears of anything that was signed with it.
    pub(super) async fn tell_own_key(self: &Arc<Self>, token: &Secret) -> Result<()> {
        let context = &self.context;
        let Some(own_key) = context.own_key.as_ref().filter(|_| self.own_key_due.load(Ordering::SeqCst))
        else {
            return Ok(());
        };
        let facts = &context.facts;
        let place = (facts.tenant_id, facts.device_id);
        let request = own_key.request(&facts.server_name, place, context.user);
        match context.client.tell_own_key(token, &request, &self.signer()?).await {
            // From now on it is asked for here as well.
            Ok(()) => {
                // A restored server takes what it refused before.
                self.own_key_refused(None);
                self.learn_own_keys(token).await;
            }
            Err(
                error @ (Error::ServerUnreachable
                | Error::Server {
                    code: ErrorCode::Unavailable | ErrorCode::Internal | ErrorCode::TooManyRequests,
                    ..
                }),
            ) => return Err(error),
            // Only for a password: it is still known, and the next sign-in gives it.
            Err(error @ Error::Server { code: ErrorCode::Unauthorized, .. })
                if lock(&context.typed).is_some() =>
            {
                return Err(error);
            }
            // A server that does not want it judges without it; the next sign-in tells it again.
            Err(error) => {
                tracing::warn!(%error, "the server did not take this person's own key");
                if let Error::Server { code: ErrorCode::Invalid, detail } = error {
                    // What they sign there is set aside: they are told.
                    self.own_key_refused(Some(detail));
                }
            }
        }
        self.own_key_due.store(false, Ordering::SeqCst);
        *lock(&context.typed) = None;
        Ok(())
    }

    /// Tells what is still to be told, and learns what there is of other people's. Nothing waits for it.
    pub(super) async fn exchange_own_keys(self: &Arc<Self>) {
        let Some(token) = self.token().ok().filter(|_| self.context.own_key.is_some()) else { return };
        if !self.own_key_due.load(Ordering::SeqCst) {
            self.learn_own_keys(&token).await;
        } else if let Err(error) = self.tell_own_key(&token).await {
            tracing::warn!(%error, "the server was not told this person's own key yet");
        }
    }

    async fn learn_own_keys(self: &Arc<Self>, token: &Secret) {
        let learnt = async {
            let head = self.context.store.sync_state()?.head.unwrap_or(0);
            let keys = self.context.client.own_keys(token).await?;
            self.on_store(move |store| store.keep_own_keys(&keys, head)).await
        };
        if let Err(error) = learnt.await {
            tracing::warn!(%error, "the keys with which people sign were not learnt");
        }
    }
}

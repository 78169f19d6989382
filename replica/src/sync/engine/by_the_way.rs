//! What is said to the server and asked of it beside the rows. No round fails by it, and what somebody saves does not wait
//! for it.

use std::sync::Arc;

use protocol::api::{MAX_PUSH_MUTATIONS, ReceiptsRequest};
use protocol::audit::MAX_DESK_EVENTS;
use protocol::log_end::KnownEnds;

use super::{Context, Line};
use crate::desk::Event;
use crate::error::{Error, Result};
use crate::store::Store;
use crate::sync::signer::Signer;
use crate::sync::{belief, standing};

impl Line {
    /// With what this computer signs what no token alone is believed.
    pub(in crate::sync) fn signer(&self) -> Result<Signer> {
        let Context { facts, surroundings, store, .. } = &self.context;
        let offset = time::Duration::milliseconds(store.sync_state()?.clock_offset_ms);
        Ok(Signer {
            server_name: facts.server_name.clone(),
            tenant: facts.tenant_id,
            device: facts.device_id,
            user: self.context.user,
            key: self.context.device_key.clone(),
            now: surroundings.now().saturating_add(offset),
        })
    }

    /// What the server answers; none once somebody saved something here, which goes out first. For whoever asked it is as if
    /// the line had broken: they ask again after the next round. Work on the store that might come after what goes out stands
    /// outside: once begun it is done, also if nobody waits for it.
    pub(in crate::sync) async fn unless_saved<T>(&self, answer: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.context.written.notified() => {
                // What would be asked next gives way as well, and then the rest ends at once.
                self.context.written.notify_one();
                None
            }
            answer = answer => Some(answer),
        }
    }

    /// Tells the server which recovery code opens this computer, if it does not know.
    pub(super) async fn tell_recovery(self: &Arc<Self>) {
        let told = async {
            let Some(made) = self.on_store(Store::untold_recovery).await? else { return Ok::<_, Error>(()) };
            let (token, signer) = (self.token()?, self.signer()?);
            let told = self.unless_saved(self.context.client.recovery_made(&token, &made, &signer)).await;
            let Some(()) = told.transpose()? else { return Ok(()) };
            self.on_store(move |store| store.recovery_told(&made)).await
        };
        if let Err(error) = told.await {
            tracing::warn!(%error, "the server was not told of the recovery code");
        }
    }

    /// Asks what became of changes that wait for a person: somebody elsewhere may have decided, or an answer was lost. A
    /// restored server may know nothing of a decision any more, so after that it is asked of all.
    pub(super) async fn ask_receipts(self: &Arc<Self>) {
        let mut is_news = false;
        let asked = async {
            let (mut after, mut most) = (0, MAX_PUSH_MUTATIONS);
            loop {
                let find = move |store: &Store| {
                    let found = store.set_aside(after, most)?;
                    if found.is_empty() {
                        store.asked_all()?;
                    }
                    Ok::<_, Error>(found)
                };
                let sequences = self.on_store(find).await?;
                let Some(last) = sequences.last().copied() else { return Ok::<_, Error>(()) };
                let state = self.context.store.sync_state()?;
                let request = ReceiptsRequest { epoch: state.epoch, sequences };
                let token = self.token()?;
                let answer = self.unless_saved(self.context.client.receipts(&token, &request)).await;
                let answer = match answer.transpose() {
                    // Of fewer there is less to say.
                    Err(Error::AnswerTooLong) if most > 1 => {
                        most /= 2;
                        continue;
                    }
                    answer => answer?,
                };
                let Some(answer) = answer else { return Ok(()) };
                after = last;
                belief::settled(self.context.facts.tenant_id, &answer, state.head)?;
                let now = self.context.surroundings.now();
                is_news |= self.on_store(move |store| store.take_receipts(&answer, now)).await?;
            }
        };
        if let Err(error) = asked.await {
            tracing::warn!(%error, "the server did not say what became of refused changes");
        }
        if is_news {
            self.context.events.send(Event::RowsChanged).ok();
        }
    }

    /// Tells the server what people did with this copy. Nothing waits for it: what it does not take now stays here,
    /// and is told again after the next round.
    pub(in crate::sync) async fn tell(self: &Arc<Self>) {
        loop {
            let told = async {
                let Some(events) = self.on_store(|store| store.next_events(MAX_DESK_EVENTS)).await? else {
                    return Ok(false);
                };
                let kept = self.context.client.tell(&self.token()?, &self.signer()?, &events).await?;
                let is_new = self.on_store(move |store| store.events_kept(kept.last)).await?;
                Ok::<_, Error>(is_new && events.events.len() == MAX_DESK_EVENTS)
            };
            match told.await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(%error, "the server did not take what was noted for the audit log");
                    return;
                }
            }
        }
    }

    /// Asks whether the server's audit log is still the one that this computer knew. Care and sync go on whatever it finds:
    /// whoever tampers must not be able to stop a clinic. Answers whether it could look.
    pub(super) async fn look_at_log(self: &Arc<Self>) -> bool {
        let looked = async {
            let known = self.on_store(Store::known_ends).await?;
            let request = KnownEnds { known };
            let token = self.token()?;
            let answer = self.unless_saved(self.context.client.log_ends(&token, &request)).await;
            let Some(answer) = answer.transpose()? else { return Ok(None) };
            self.on_store(move |store| store.compare_ends(&request.known, &answer)).await.map(Some)
        };
        match looked.await {
            Ok(None) => false,
            Ok(Some(true)) => true,
            Ok(Some(false)) => {
                tracing::error!("the server's audit log is not what this computer knew of it");
                true
            }
            Err(error) => {
                tracing::warn!(%error, "the server's audit log could not be looked at");
                false
            }
        }
    }

    /// Asks how this computer stands, which something said by the way seems to tell.
    pub(super) async fn ask_standing(&self) {
        let context = &self.context;
        let Some(guard) = context.guard.clone() else { return };
        let asked = async {
            let who = (context.facts.tenant_id, context.facts.device_id);
            let nonce = context.surroundings.nonce()?;
            let name = &context.facts.server_name;
            let order = standing::ask(&context.client, name, who, &context.device_key, &nonce, false).await?;
            let store = Arc::clone(&context.store);
            self.aside(move || {
                guard.take(&order, &nonce)?;
                store.remember(&order)
            })
            .await
        };
        if let Err(error) = asked.await {
            tracing::warn!(%error, "the server did not say how this computer stands");
        }
    }
}

//! What was done here goes out.

use std::sync::Arc;

use protocol::api::{MAX_PUSH_MUTATIONS, PushRequest};
use protocol::error::ErrorCode;
use protocol::id::DeviceId;
use protocol::mutation::SignedMutation;

use super::{Line, lock};
use crate::desk::Event;
use crate::error::{Error, Result};
use crate::store::{Store, SyncState};
use crate::sync::belief;
use crate::sync::handover::hand_over;

impl Line {
    /// Sends a batch; answers whether the server said by its answer that nothing is missing here.
    pub(super) async fn push(self: &Arc<Self>, state: SyncState, max_bytes: usize) -> Result<bool> {
        let (mut refused, mut passed_over) = (None, Vec::<DeviceId>::new());
        let batch = loop {
            let over = passed_over.clone();
            let find = move |store: &Store| {
                Ok::<_, Error>(match store.next_adopted(&over, MAX_PUSH_MUTATIONS, max_bytes)? {
                    Some((was, found)) => (Some(was), found),
                    None => (None, store.next_batch(MAX_PUSH_MUTATIONS, max_bytes)?),
                })
            };
            let (was, batch) = self.on_store(find).await?;
            let Some(was) = was else { break batch };
            match self.bring_found(was, batch).await {
                // What was done later waits for nothing that somebody must see to first.
                Err(Error::Server { code, detail }) => {
                    // That there were two with that past says nothing of this computer.
                    let code = if code == ErrorCode::DeviceCopied { ErrorCode::Other } else { code };
                    refused.get_or_insert(Error::Server { code, detail });
                    passed_over.push(was);
                }
                brought => return brought.map(|()| false),
            }
        };
        let token = self.token()?;
        self.tell_own_key(&token).await?;
        if let Some(error) = refused.filter(|_| batch.is_empty()) {
            return Err(error);
        }
        let request = PushRequest { epoch: state.epoch, mutations: batch };
        let asked_at = self.context.surroundings.now();
        let (answer, unknown) = self.context.client.push(&token, &request).await?;
        belief::pushed(self.context.facts.tenant_id, &request.mutations, &answer, state.head)?;
        let contact = self.contact(answer.server_time, asked_at);
        let changed = !answer.rows.is_empty();
        let notices = belief::notices(answer.notices.clone());
        let head = answer.head;
        let is_level = self.on_store(move |store| store.acknowledge(&answer, &unknown, contact)).await?;
        if !is_level {
            // Rows that came with an event before are not all that is missing.
            self.news.tell(head);
        }
        lock(&self.shown).push_problem = None;
        lock(&self.shown).notices = notices;
        self.reached();
        if changed {
            self.context.events.send(Event::RowsChanged).ok();
        }
        Ok(is_level)
    }

    /// Brings what was done here under an earlier id and nobody else brings: as it was signed under that one, for a person to
    /// look at.
    async fn bring_found(self: &Arc<Self>, was: DeviceId, batch: Vec<SignedMutation>) -> Result<()> {
        let context = &self.context;
        let who = (context.facts.tenant_id, context.facts.device_id);
        let (name, key) = (&context.facts.server_name, &context.device_key);
        let now = context.surroundings.now();
        match hand_over(&context.client, name, who, key, Some(was), batch).await {
            // A server that was restored lost what it had acknowledged. If it says so once more, bringing it does not help.
            Err(Error::Server { code: ErrorCode::SequenceGap, .. })
                if !lock(&self.brought_again).contains(&was) =>
            {
                lock(&self.brought_again).push(was);
                self.on_store(move |store| store.adopt_all_again(was)).await?;
            }
            receipts => {
                let receipts = receipts?;
                let marked = self.on_store(move |store| {
                    store.mark(&receipts, now)?;
                    store.next_adopted(&[], 1, 0)
                });
                if marked.await?.is_none() {
                    lock(&self.brought_again).clear();
                }
            }
        }
        lock(&self.shown).push_problem = None;
        self.reached();
        self.context.events.send(Event::RowsChanged).ok();
        Ok(())
    }
}

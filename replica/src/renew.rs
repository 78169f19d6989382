//! A computer whose disk was copied or restored: with the next password it goes on under an id of its own. Nothing that
//! waits is lost, and nothing is done twice.

use std::sync::Arc;

use protocol::api::{MAX_PUSH_MUTATIONS, ReceiptsRequest, RenewRequest, Session, StaffMember};
use protocol::error::ErrorCode;
use protocol::signing;
use time::Duration;
use uuid::Uuid;

use crate::desk::{Access, Desk, Here, SignIn, blocking, take};
use crate::error::{Error, Result};
use crate::guard::Guard;
use crate::keyring::{DeviceSecrets, RefreshToken};
use crate::own_key::OwnKey;
use crate::recovery_code::RecoveryCode;
use crate::slots::{About, OpenSlot, Password, Slots};
use crate::store::{DatabaseKey, Past, Renewed, Store};
use crate::sync::address::parse_address;
use crate::sync::client::Client;
use crate::sync::engine::{Typed, login};
use crate::sync::signer::Signer;
use crate::view::AppState;

/// What the server made of this computer.
struct Answered {
    session: Session,
    nonce: String,
}

impl Desk {
    /// Goes on under an id of its own, if the server took this computer for a copy and can be asked now. `None` if it
    /// stays what it is for now: work goes on, and what waits goes on waiting.
    pub(crate) async fn renew_if_copied(
        self: &Arc<Self>,
        here: &Here,
        slot: &OpenSlot,
        typed: &Typed,
        store: &Arc<Store>,
    ) -> Result<Option<AppState>> {
        if let Some(renewed) = store.renewed()? {
            // It was stopped in the middle: the server knows it. Whoever took the other id out of service did not mean
            // this one, and what waits here is signed for this one.
            if renewed.installation == here.slots.about().installation_id {
                store.forget_renewed()?;
                return Ok(None);
            }
            let answered = match self.ask_as(here, typed, &renewed).await {
                Ok(answered) => Some(answered),
                Err(error) => {
                    tracing::warn!(%error, "this computer goes on under its own id without the server's word");
                    None
                }
            };
            return self.finish(here, slot, typed, Arc::clone(store), renewed, answered).await.map(Some);
        }
        if here.guard.is_revoked() || !store.is_copied()? {
            return Ok(None);
        }
        match self.renew(here, typed, store).await {
            Ok((renewed, answered)) => {
                self.finish(here, slot, typed, Arc::clone(store), renewed, Some(answered)).await.map(Some)
            }
            Err(Error::ServerUnreachable) => Ok(None),
            Err(error) => {
                tracing::warn!(%error, "this computer does not go on under an id of its own");
                // The server does not take it for a copy any more, or not with these secrets.
                if matches!(error, Error::Server { code: ErrorCode::Invalid, .. }) {
                    store.set_copied(false)?;
                    store.forget_renewal()?;
                }
                Ok(None)
            }
        }
    }

    /// Signs in at the server as the computer that this one has become.
    async fn ask_as(self: &Arc<Self>, here: &Here, typed: &Typed, renewed: &Renewed) -> Result<Answered> {
        let about = here.slots.about();
        let (keyring, installation) = (self.keyring.clone(), renewed.installation);
        let secrets = blocking(move || keyring.device(installation)).await?;
        let client = Client::new(&parse_address(&about.server)?)?;
        let (who, nonce) = ((about.tenant_id, renewed.device_id), Guard::nonce()?);
        let session = login(&client, &about.server_name, who, &secrets.key, typed, &nonce).await?;
        Ok(Answered { session, nonce })
    }

    async fn renew(
        self: &Arc<Self>,
        here: &Here,
        typed: &Typed,
        store: &Arc<Store>,
    ) -> Result<(Renewed, Answered)> {
        let about = here.slots.about();
        let who = (about.tenant_id, about.device_id);
        let client = Client::new(&parse_address(&about.server)?)?;
        let session =
            login(&client, &about.server_name, who, &here.secrets.key, typed, &Guard::nonce()?).await?;
        let token = session.tokens.access_token;
        self.ask_what_is_there(&client, &token, store).await?;
        let fork = store.fork()?;
        let (installation, secrets) = self.next_secrets(store).await?;
        let public_key = signing::public_key_text(&secrets.key.verifying_key());
        let message = signing::renew_message(&about.server_name, who.0, who.1, &public_key);
        let nonce = Guard::nonce()?;
        let request = RenewRequest {
            signature: signing::sign(&secrets.key, &message),
            public_key,
            after: fork.after,
            after_hash: fork.after_hash,
            next_hash: fork.next_hash,
            nonce: nonce.clone(),
        };
        let offset = Duration::milliseconds(store.sync_state()?.clock_offset_ms);
        let signer = Signer {
            server_name: about.server_name.clone(),
            tenant: about.tenant_id,
            device: about.device_id,
            user: session.user.id,
            key: here.secrets.key.clone(),
            now: self.clock.now().saturating_add(offset),
        };
        let answer = client.renew(&token, &signer, &request).await?;
        let renewed = Renewed {
            installation,
            device_id: answer.device_id,
            lane: answer.lane,
            unlock_key: answer.session.unlock_key.clone(),
        };
        let public_key = signing::public_key_text(&here.secrets.key.verifying_key());
        let was = Past { device_id: about.device_id, until: fork.after, public_key, is_recovered: false };
        let target = Arc::clone(store);
        let renewed = blocking(move || {
            target.adopt(&renewed, &secrets.key, &was)?;
            Ok(renewed)
        })
        .await?;
        Ok((renewed, Answered { session: answer.session, nonce }))
    }

    /// What waits may be there after all, and only its answer was lost; of two copies both may have it.
    async fn ask_what_is_there(
        &self,
        client: &Client,
        token: &protocol::api::Secret,
        store: &Arc<Store>,
    ) -> Result<()> {
        let mut after = 0;
        loop {
            let sequences = store.waiting_after(after, MAX_PUSH_MUTATIONS)?;
            let Some(last) = sequences.last() else { return Ok(()) };
            after = *last;
            let request = ReceiptsRequest { epoch: store.sync_state()?.epoch, sequences };
            let answer = client.receipts(token, &request).await?;
            let (target, now) = (Arc::clone(store), self.clock.now());
            blocking(move || target.take_receipts(&answer, now)).await?;
        }
    }

    /// The secrets of the computer that this one becomes: in the keyring before the server is asked, and the same ones
    /// if its answer was lost.
    async fn next_secrets(self: &Arc<Self>, store: &Arc<Store>) -> Result<(Uuid, DeviceSecrets)> {
        let (desk, store) = (Arc::clone(self), Arc::clone(store));
        blocking(move || {
            if let Some(installation) = store.renewal()?
                && let Ok(secrets) = desk.keyring.device(installation)
            {
                return Ok((installation, secrets));
            }
            let (installation, secrets) = (Uuid::new_v4(), DeviceSecrets::random()?);
            desk.keyring.put_device(installation, &secrets)?;
            store.set_renewal(installation)?;
            Ok((installation, secrets))
        })
        .await
    }

    /// Writes the slots of the computer that this one has become, and signs in. Whoever else signed in here before needs
    /// the server once more.
    async fn finish(
        self: &Arc<Self>,
        here: &Here,
        slot: &OpenSlot,
        typed: &Typed,
        store: Arc<Store>,
        renewed: Renewed,
        answered: Option<Answered>,
    ) -> Result<AppState> {
        let desk = Arc::clone(self);
        let old = here.slots.about().clone();
        let order_key = here.guard.order_key();
        let (key, user, version) = (slot.key.clone(), slot.user, slot.password_version);
        let email = slot.email.clone();
        let text = typed.password.clone();
        let typed = typed.clone();
        blocking(move || {
            let here = desk.write_server_slot(&old, &key, &store, &renewed)?;
            here.guard.learn_key(order_key.or(store.order_key()?));
            if let Some(Answered { session, nonce }) = &answered {
                take(&here.guard, session.tokens.standing.as_ref(), nonce);
                let (token, generation) = (session.tokens.refresh_token.clone(), session.tokens.generation);
                let token = RefreshToken { token, generation };
                desk.keyring.put_refresh_token(renewed.installation, &token, &store.token_key)?;
                store.put_staff(&session.user)?;
                if let Some(order) = &session.tokens.standing {
                    store.remember(order)?;
                }
            }
            let known = store.staff(user)?.ok_or(Error::SignInOnline)?;
            let person = if answered.is_some() { known } else { StaffMember { email, ..known } };
            let (cost, opens_offline) = (desk.cost, here.guard.opens_offline());
            let password = Password { text: &text, cost, version, opens_offline };
            // What both copies have is the key of neither any more.
            let own_key = OwnKey::born(store.sync_state()?.last_sequence)?;
            let now_ms = desk.now_ms();
            desk.change_slots(|slots| {
                slots.put_user(&person, &password, &here.secrets, &key, Some(&own_key), now_ms)
            })?;
            let own_key = Some((own_key, typed.clone()));
            store.forget_renewed()?;
            desk.forget_secrets(&old, &renewed);
            let access = match answered {
                Some(Answered { session, .. }) => Access::Token(session.tokens.access_token),
                None => Access::Typed(typed),
            };
            desk.sign_in(here, SignIn { store, person, password_version: version, access, own_key })
        })
        .await
    }

    /// Ends what was begun, if this computer was stopped in the middle: answers what it is now, if its slots said
    /// something else. Everybody needs the server once more.
    pub(crate) fn end_renewal(&self, here: &Here, key: &DatabaseKey, store: &Store) -> Result<Option<Here>> {
        let Some(renewed) = store.renewed()? else { return Ok(None) };
        let old = here.slots.about();
        if renewed.installation == old.installation_id {
            store.forget_renewed()?;
            return Ok(None);
        }
        let here = self.write_server_slot(old, key, store, &renewed)?;
        store.forget_renewed()?;
        self.forget_secrets(old, &renewed);
        Ok(Some(here))
    }

    /// Writes the slots of the computer that this one has become: only the server and a recovery code open them yet. Who
    /// signs in next is shown that code.
    fn write_server_slot(
        &self,
        old: &About,
        key: &DatabaseKey,
        store: &Store,
        renewed: &Renewed,
    ) -> Result<Here> {
        let about =
            About { installation_id: renewed.installation, device_id: renewed.device_id, ..old.clone() };
        let secrets = self.keyring.device(renewed.installation)?;
        // Who has the recovery code of the computer that was copied opens that one; this one needs another.
        let key_version = Slots::find(&self.home())?.map_or(1, |slots| slots.key_version());
        let mut slots = Slots::new(&self.home(), about, key_version, &secrets);
        slots.put_server(&renewed.unlock_key, &secrets, key)?;
        let code = RecoveryCode::random()?;
        let made = slots.put_recovery(&code, key, self.clock.now())?;
        store.put_recovery(&made)?;
        slots.save()?;
        self.show_code(&code, &made, &store.facts()?, None);
        self.forget_guard();
        self.here()
    }

    /// What the copy has as well opens nothing any more; what this computer has now stays.
    fn forget_secrets(&self, old: &About, renewed: &Renewed) {
        if old.installation_id != renewed.installation {
            self.keyring.forget(old.installation_id).ok();
        }
    }
}

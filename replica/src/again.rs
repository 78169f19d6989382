//! A computer that a restored server does not know: with an admin's code it goes on under the id that it has, with its file
//! and all that was done on it.

use std::sync::Arc;

use protocol::api::{EnrolAgain, EnrolRequest, EnrolResponse};
use protocol::error::ErrorCode;
use zeroize::Zeroizing;

use crate::desk::{Desk, Here, Signed, blocking, enrol_request};
use crate::error::{Error, Result};
use crate::guard::Guard;
use crate::recover::keys_are_there;
use crate::recovery_code::RecoveryCode;
use crate::slots::UserSlot;
use crate::store::{DatabaseKey, Store};
use crate::sync::address::parse_address;
use crate::sync::client::Client;
use crate::sync::engine::{Typed, login};
use crate::view::{AppState, Enrolment, RecoveryForm};

impl Desk {
    /// Enrols this computer once more at the server, which lost it: its file, its key and its id stay, and everything that
    /// was done on it is brought again. Whoever is signed in types their password, and an admin's code.
    ///
    /// # Errors
    ///
    /// [`Error::WrongPassword`], [`Error::Locked`], [`Error::Invalid`] where no password opens it without the server; what
    /// the server says of the code. Whoever opened this computer opens it then as before.
    pub async fn enrol_again(self: &Arc<Self>, code: &str, password: &str) -> Result<AppState> {
        let Ok(_alone) = self.enrolling.try_lock() else {
            return Err(Error::Invalid("This computer is being enrolled already.".into()));
        };
        let replica = self.replica()?;
        let is_unknown =
            self.sync_status().problem.is_some_and(|problem| problem.code == ErrorCode::DeviceUnknown);
        let (email, store) = (replica.person.email.clone(), Arc::clone(&replica.store));
        drop(replica);
        let typed = Typed { email, password: Zeroizing::new(password.to_owned()) };
        let (desk, asked) = (Arc::clone(self), typed.clone());
        let (here, key) = blocking(move || {
            let here = desk.here()?;
            let key = match here.slots.open_user(&asked.email, &asked.password, &here.secrets)? {
                UserSlot::Open(slot) => slot.key,
                UserSlot::Closed => return Err(Error::WrongPassword),
                UserSlot::None => {
                    return Err(Error::Invalid(
                        "No password opens this computer without the server, so this needs its recovery code: lock it \
                         and sign in, and the code is asked for there. Nothing was changed."
                            .into(),
                    ));
                }
            };
            Ok((here, key))
        })
        .await?;
        self.come_back(here, key, store, (code, typed), is_unknown).await
    }

    /// The same where nobody can sign in, because what opens this computer without the server is gone: its recovery code
    /// opens it. That code stays the one that does.
    ///
    /// # Errors
    ///
    /// [`Error::WrongRecoveryCode`]; what the server says.
    pub(crate) async fn enrol_again_by_code(
        self: &Arc<Self>,
        here: Here,
        recovery: RecoveryCode,
        form: &RecoveryForm,
    ) -> Result<AppState> {
        let (here, key, store) = blocking(move || {
            let key = here.slots.open_recovery(&recovery)?.ok_or(Error::WrongRecoveryCode)?;
            let store = Store::open(&here.slots.database(), &key)?;
            // Stopped on the way to another id, it ends that first, which needs a person's slot.
            if store.renewed()?.is_some() {
                return Err(keys_are_there());
            }
            Ok((here, key, Arc::new(store)))
        })
        .await?;
        let typed = Typed::new(&form.email, &form.password);
        // Both codes are asked for only where the server has said so.
        self.come_back(here, key, store, (&form.code, typed), true).await
    }

    /// Signs in at the server, which takes this computer for what it is if it does not know it any more. `is_unknown` if it has
    /// said already that it does not.
    async fn come_back(
        self: &Arc<Self>,
        here: Here,
        key: DatabaseKey,
        store: Arc<Store>,
        (code, typed): (&str, Typed),
        is_unknown: bool,
    ) -> Result<AppState> {
        let facts = store.facts()?;
        let client = Client::new(&parse_address(&facts.server)?)?;
        let (who, nonce) = ((facts.tenant_id, facts.device_id), Guard::nonce()?);
        let (session, nonce) =
            match login(&client, &facts.server_name, who, &here.secrets.key, &typed, &nonce).await {
                // It knows this computer: the answer to an earlier code was lost.
                Ok(session) => (session, nonce),
                // One that it does not know it slows down. Of any other this says nothing.
                Err(Error::Server { code: said, .. })
                    if said == ErrorCode::DeviceUnknown
                        || (is_unknown && said == ErrorCode::TooManyRequests) =>
                {
                    let answer = self.ask_again(&client, &here, &key, (code, &typed), &store).await?;
                    let (store, lane) = (Arc::clone(&store), answer.lane);
                    blocking(move || store.set_lane(&lane)).await?;
                    (answer.session, String::new())
                }
                Err(error) => return Err(error),
            };
        // Whoever is signed in is so at a server that there is no more.
        self.lock();
        let desk = Arc::clone(self);
        blocking(move || {
            // Which code opens this computer the server lost as well.
            if let Some((made, _)) = here.slots.recovery() {
                store.put_recovery(made)?;
            }
            drop(store);
            desk.change_slots(|slots| slots.put_server(&session.unlock_key, &here.secrets, &key))?;
            let here = desk.here()?;
            desk.admit(Signed { session, nonce, here }, &typed.password)
        })
        .await
    }

    async fn ask_again(
        self: &Arc<Self>,
        client: &Client,
        here: &Here,
        key: &DatabaseKey,
        (code, typed): (&str, &Typed),
        store: &Arc<Store>,
    ) -> Result<EnrolResponse> {
        let asked = Arc::clone(store);
        let (facts, (mut before, lease), unlock_key) =
            blocking(move || Ok((asked.facts()?, asked.earlier()?, asked.half()?))).await?;
        // Before the server has it: whether its answer is lost, or it knows this computer after all, what it has opens it.
        self.change_slots(|slots| slots.add_server(&unlock_key, &here.secrets, key))?;
        let enrolment = Enrolment {
            server: facts.server,
            code: code.to_owned(),
            email: typed.email.clone(),
            password: typed.password.to_string(),
            device_name: facts.device_name,
        };
        let request = EnrolRequest {
            again: Some(EnrolAgain {
                tenant_id: facts.tenant_id,
                device_id: facts.device_id,
                clinic_id: facts.clinic_id,
                scope: facts.scope,
                lane: facts.lane,
                unlock_key,
                was: before.pop(),
                before,
                lease,
            }),
            ..enrol_request(&enrolment, &here.secrets, None)
        };
        let answer = client.enrol(&request).await?;
        if answer.device_id == facts.device_id {
            Ok(answer)
        } else {
            Err(Error::Invalid(
                "The server is too old to take this computer as what it is. Nothing here was changed.".into(),
            ))
        }
    }
}

//! A computer that a restored server does not know: with an admin's code it goes on under the id that it has, with its file
//! and all that was done on it.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use protocol::api::{EnrolAgain, EnrolRequest, EnrolResponse, Secret};
use protocol::error::ErrorCode;
use protocol::signing;
use zeroize::Zeroizing;

use crate::desk::{Desk, Here, Signed, blocking};
use crate::error::{Error, Result};
use crate::guard::Guard;
use crate::slots::{OpenSlot, Slots, UserSlot};
use crate::store::Facts;
use crate::sync::client::{Client, parse_address};
use crate::sync::engine::{Typed, login};
use crate::view::AppState;

impl Desk {
    /// Enrols this computer once more at the server, which lost it: its file, its key and its id stay, and everything that
    /// was done on it is brought again. Whoever is signed in types their password, and an admin's code.
    ///
    /// # Errors
    ///
    /// [`Error::WrongPassword`], [`Error::Locked`]; what the server says of the code. Nothing here is changed then but the
    /// slot that this server could not open any more.
    pub async fn enrol_again(self: &Arc<Self>, code: &str, password: &str) -> Result<AppState> {
        let Ok(_alone) = self.enrolling.try_lock() else {
            return Err(Error::Invalid("This computer is being enrolled already.".into()));
        };
        let replica = self.replica()?;
        let (email, facts) = (replica.person.email.clone(), replica.store.facts()?);
        let typed = Typed { email, password: Zeroizing::new(password.to_owned()) };
        let (desk, asked) = (Arc::clone(self), typed.clone());
        let (here, slot) = blocking(move || {
            let here = desk.here()?;
            let slot = match here.slots.open_user(&asked.email, &asked.password, &here.secrets)? {
                UserSlot::Open(slot) => slot,
                UserSlot::Closed => return Err(Error::WrongPassword),
                UserSlot::None => return Err(Error::SignInOnline),
            };
            Ok((here, slot))
        })
        .await?;
        let client = Client::new(&parse_address(&facts.server)?)?;
        let (who, nonce) = ((facts.tenant_id, facts.device_id), Guard::nonce()?);
        let (session, nonce) =
            match login(&client, &facts.server_name, who, &here.secrets.key, &typed, &nonce).await {
                // It knows this computer: the answer to an earlier code was lost.
                Ok(session) => (session, nonce),
                Err(Error::Server {
                    code: ErrorCode::DeviceUnknown | ErrorCode::TooManyRequests, ..
                }) => {
                    let answer = self.ask_again(&client, &here, &slot, (code, &typed), &facts).await?;
                    let (store, lane) = (Arc::clone(&replica.store), answer.lane);
                    blocking(move || store.set_lane(&lane)).await?;
                    (answer.session, String::new())
                }
                Err(error) => return Err(error),
            };
        drop(replica);
        // Whoever is signed in is so at a server that there is no more.
        self.lock();
        let desk = Arc::clone(self);
        blocking(move || {
            desk.put_server_slot(&here, &session.unlock_key, &slot)?;
            let here = desk.here()?;
            desk.admit(Signed { session, nonce, here }, &typed.password)
        })
        .await
    }

    async fn ask_again(
        self: &Arc<Self>,
        client: &Client,
        here: &Here,
        slot: &OpenSlot,
        (code, typed): (&str, &Typed),
        facts: &Facts,
    ) -> Result<EnrolResponse> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut_slice()).map_err(Error::internal)?;
        let unlock_key = Secret(BASE64_STANDARD.encode(*bytes));
        // Before the server has it: if its answer is lost, what it has opens this computer all the same.
        self.put_server_slot(here, &unlock_key, slot)?;
        let public_key = signing::public_key_text(&here.secrets.key.verifying_key());
        let code = code.trim().to_uppercase();
        let signature = signing::sign(&here.secrets.key, &signing::enrol_message(&code, &public_key));
        let request = EnrolRequest {
            code: Secret(code),
            email: typed.email.clone(),
            password: Secret(typed.password.to_string()),
            device_name: facts.device_name.clone(),
            platform: std::env::consts::OS.to_owned(),
            app_version: env!("CARGO_PKG_VERSION").to_owned(),
            public_key,
            signature,
            again: Some(EnrolAgain {
                tenant_id: facts.tenant_id,
                device_id: facts.device_id,
                clinic_id: facts.clinic_id,
                scope: facts.scope,
                lane: facts.lane.clone(),
                unlock_key,
            }),
            recovers: None,
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

    fn put_server_slot(&self, here: &Here, unlock_key: &Secret, slot: &OpenSlot) -> Result<()> {
        let mut slots = Slots::find(&self.home())?.ok_or(Error::NotEnrolled)?;
        slots.put_server(unlock_key, &here.secrets, &slot.key)?;
        slots.save()
    }
}

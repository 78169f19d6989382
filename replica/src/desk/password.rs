//! Whoever is signed in chooses another password. The server takes it first; then this computer's slot is made anew.
//! Stopped in between, the slot of before opens nothing from the next contact on, and the server lets them in with the new
//! password.

use std::sync::Arc;

use protocol::api::{ChallengeRequest, Secret};
use protocol::error::ErrorCode;
use protocol::manage::PasswordChange;
use protocol::password::{WeakPassword, check_password_change};

use super::{Desk, Event, Here, Signed, blocking, take};
use crate::error::{Error, Result};
use crate::own_key::OwnKey;
use crate::replica::Replica;
use crate::sync::address::parse_address;
use crate::sync::client::Client;
use crate::sync::engine::{Engine, Typed};
use crate::view::AppState;

impl Desk {
    /// What speaks against a new password of whoever is signed in, in the language that is spoken now. Nothing is sent.
    ///
    /// # Errors
    ///
    /// [`Error::Locked`].
    pub fn password_fault(&self, old: &str, new: &str) -> Result<Option<String>> {
        let replica = self.replica()?;
        let weak = weakness(&replica, &change(old, new))?;
        Ok(weak.map(|weak| self.speaks().say(weak.sentence().to_owned())))
    }

    /// Changes the password of whoever is signed in, at the server and on this computer. They stay signed in, and what
    /// they work on stays as it is.
    ///
    /// # Errors
    ///
    /// [`Error::Locked`]; [`Error::Invalid`] for a password that is none, [`Error::WrongOldPassword`] and
    /// [`Error::PasswordNeedsServer`]: nothing was changed. [`Error::PasswordUnsure`] if it broke off, and what the server
    /// says if it refuses.
    pub async fn change_password(self: &Arc<Self>, old: &str, new: &str) -> Result<AppState> {
        let _alone = self.enrolling.lock().await;
        let replica = self.replica()?;
        let (whose, change) = (Arc::clone(&replica), change(old, new));
        let change = blocking(move || match weakness(&whose, &change)? {
            Some(weak) => Err(Error::Invalid(format!("{weak} Nothing was changed."))),
            None => Ok(change),
        })
        .await?;
        // Meanwhile nothing else takes tokens, nor learns that the password is another one.
        self.with_engine(&replica, Engine::pause);
        let signed = self.change_at_server(&replica, &change).await;
        let changed = match signed {
            Ok(signed) => {
                let (desk, replica) = (Arc::clone(self), Arc::clone(&replica));
                let kept = blocking(move || desk.keep_password(signed, &replica, &change.new_password)).await;
                kept.map_err(|error| {
                    tracing::warn!(%error, "the slot was not made anew after the password was changed");
                    Error::PasswordUnsure
                })
            }
            Err(error) => Err(error),
        };
        self.with_engine(&replica, Engine::go_on);
        changed.map(|()| self.state())
    }

    /// Has the server take the new password, and signs in with it.
    async fn change_at_server(
        self: &Arc<Self>,
        replica: &Arc<Replica>,
        change: &PasswordChange,
    ) -> Result<Signed> {
        let email = &replica.person.email;
        let here = self.here_aside().await?;
        let about = here.slots.about();
        let client = Client::new(&parse_address(&about.server)?)?;
        let who = ChallengeRequest { tenant_id: about.tenant_id, device_id: about.device_id };
        // Only a server that answers is told: else nobody knew afterwards which password holds.
        client.challenge(&who).await.map_err(needs_server)?;
        let told = match self.line() {
            Ok((client, token)) => client.change_password(&token, change).await,
            Err(error) => Err(error),
        };
        // Nobody has given a token yet, or it is over.
        let is_over = matches!(told, Err(Error::Server { code: ErrorCode::Unauthorized, .. }));
        let told = if is_over { self.change_with_old(&client, here, replica, change).await } else { told };
        let is_wrong = match told {
            // Its answer may have been lost on the way back.
            Ok(()) | Err(Error::ServerUnreachable | Error::AnswerTooLong) => false,
            // The token is over perhaps because it was changed, by an attempt that broke off.
            Err(Error::Server { code: ErrorCode::WrongPassword, .. }) if is_over => true,
            Err(Error::Server { code: ErrorCode::WrongPassword, .. }) => return Err(Error::WrongOldPassword),
            Err(error) => return Err(error),
        };
        let signed = self.login(self.here_aside().await?, email, &change.new_password.0).await;
        signed.map_err(|error| match error {
            Error::Server { code: ErrorCode::WrongPassword, .. } if is_wrong => Error::WrongOldPassword,
            // Refused or not: what was sent without an answer may still arrive.
            error => {
                tracing::warn!(%error, "whether the password was changed is not known");
                Error::PasswordUnsure
            }
        })
    }

    /// The same with a token that the old password brings.
    async fn change_with_old(
        self: &Arc<Self>,
        client: &Client,
        here: Here,
        replica: &Arc<Replica>,
        change: &PasswordChange,
    ) -> Result<()> {
        let signed = self.login(here, &replica.person.email, &change.old_password.0).await?;
        let (desk, store) = (Arc::clone(self), Arc::clone(&replica.store));
        let token = signed.session.tokens.access_token.clone();
        blocking(move || {
            let installation = signed.here.slots.about().installation_id;
            desk.keep_refresh_token(installation, &signed.session, &store.token_key)
        })
        .await?;
        client.change_password(&token, change).await
    }

    /// Makes this person's slot under the new password, and has them go on with what the server gave for it.
    fn keep_password(&self, signed: Signed, replica: &Arc<Replica>, new: &Secret) -> Result<()> {
        let Signed { session, nonce, here } = signed;
        let store = &replica.store;
        self.keep_refresh_token(here.slots.about().installation_id, &session, &store.token_key)?;
        let key = here.slots.open_server(&session.unlock_key, &here.secrets)?;
        let (typed, own_key) = {
            // Whoever looks whether the password is still the one that opened this computer waits until both are new.
            let mut open = self.open();
            take(&here.guard, session.tokens.standing.as_ref(), &nonce);
            let typed = self.password(&new.0, &session, &here.guard);
            let open = open.as_mut().filter(|open| Arc::ptr_eq(&open.replica, replica));
            let own_key = open.and_then(|open| {
                open.password_version = typed.version;
                let token = session.tokens.access_token.clone();
                open.engine.signed_in_again(token, Typed::new(&session.user.email, &new.0));
                open.engine.own_key()
            });
            (typed, own_key)
        };
        if let Some(order) = &session.tokens.standing {
            store.remember(order)?;
        }
        store.put_staff(&session.user)?;
        let own_key = match own_key {
            Some(own_key) => own_key,
            None => OwnKey::born(store.sync_state()?.last_sequence)?,
        };
        let now_ms = self.now_ms();
        self.change_slots(|slots| {
            slots.put_user(&session.user, &typed, &here.secrets, &key, Some(&own_key), now_ms)
        })?;
        self.events.send(Event::State).ok();
        Ok(())
    }

    /// Works on the engine of whoever is signed in, if that is still the same person.
    fn with_engine(&self, replica: &Arc<Replica>, work: impl FnOnce(&mut Engine)) {
        if let Some(open) = self.open().as_mut().filter(|open| Arc::ptr_eq(&open.replica, replica)) {
            work(&mut open.engine);
        }
    }

    async fn here_aside(self: &Arc<Self>) -> Result<Here> {
        let desk = Arc::clone(self);
        blocking(move || desk.here()).await
    }
}

fn change(old: &str, new: &str) -> PasswordChange {
    PasswordChange { old_password: Secret(old.to_owned()), new_password: Secret(new.to_owned()) }
}

/// What the server would say against it.
fn weakness(replica: &Replica, change: &PasswordChange) -> Result<Option<WeakPassword>> {
    let mut names: Vec<String> = replica.store.read(|tx| {
        let mut clinics = tx.prepare_cached("select clinic_name from clinics")?;
        let found = clinics.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<_>>()?;
        Ok(found)
    })?;
    names.extend([replica.person.full_name.clone(), replica.person.email.clone()]);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    Ok(check_password_change(change, &names).err())
}

fn needs_server(error: Error) -> Error {
    match error {
        Error::ServerUnreachable => Error::PasswordNeedsServer,
        error => error,
    }
}

//! Somebody signs in: with their own slot, which works offline, or with the server's help.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use protocol::api::{Secret, Session, StaffMember};
use protocol::audit::Action;
use protocol::standing::SignedOrder;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::watch::{obey, of};
use super::{Desk, Event, Here, Open, blocking};
use crate::error::{Error, Result};
use crate::guard::{Guard, Work};
use crate::keyring::{RefreshToken, TokenKey};
use crate::own_key::OwnKey;
use crate::replica::Replica;
use crate::sleep::Looked;
use crate::slots::{OpenSlot, Password, UserSlot};
use crate::store::Store;
use crate::sync::address::parse_address;
use crate::sync::client::Client;
use crate::sync::engine::{Context, Engine, Typed, login};
use crate::sync::surroundings::System;
use crate::view::AppState;

/// With what the engine reaches the server.
pub(crate) enum Access {
    /// An access token that a sign-in at the server has just brought.
    Token(Secret),
    /// What was typed to open this computer.
    Typed(Typed),
}

/// What a sign-in at the server brought.
pub(crate) struct Signed {
    pub session: Session,
    pub nonce: String,
    pub here: Here,
}

/// Who signs in, and on what.
pub(crate) struct SignIn {
    pub store: Arc<Store>,
    pub person: StaffMember,
    pub password_version: i32,
    pub access: Access,
    /// Their own key, and with what the server is told that it is theirs.
    pub own_key: Option<(OwnKey, Typed)>,
}

impl Desk {
    /// With what someone's slot is made, after the server has said how this computer stands.
    pub(crate) fn password<'a>(&self, text: &'a str, session: &Session, guard: &Guard) -> Password<'a> {
        let colleague = guard.people().and_then(|people| of(people, session.user.id));
        Password {
            text,
            cost: self.cost,
            version: colleague.map_or(0, |colleague| colleague.password_version),
            opens_offline: guard.opens_offline(),
        }
    }

    /// Signs a person in: with their own slot, which works offline, or with the server's help.
    ///
    /// # Errors
    ///
    /// [`Error::WrongPassword`]; [`Error::SignInOnline`] for who has not signed in here and finds no server;
    /// [`Error::NoRoomToSignIn`] where a full disk cannot take what must be written first.
    pub async fn unlock(self: &Arc<Self>, email: &str, password: &str) -> Result<AppState> {
        match self.try_password(email, password).await {
            Err(Error::DiskFull) => Err(Error::NoRoomToSignIn),
            tried => tried,
        }
    }

    async fn try_password(self: &Arc<Self>, email: &str, password: &str) -> Result<AppState> {
        let (desk, typed, secret) = (Arc::clone(self), email.to_owned(), Zeroizing::new(password.to_owned()));
        let (here, tried) = blocking(move || {
            let here = desk.here()?;
            here.slots.check_keyring(&here.secrets)?;
            even_if_full(here.guard.note(None))?;
            let tried = if here.guard.end_if_over()? || !here.guard.opens_offline() {
                UserSlot::None
            } else {
                here.slots.open_user(&typed, &secret, &here.secrets)?
            };
            Ok((here, tried))
        })
        .await?;
        let unreachable = match tried {
            UserSlot::Open(slot) => {
                let (database, key) = (here.slots.database(), slot.key.clone());
                let store = Arc::new(blocking(move || Store::open(&database, &key)).await?);
                let typed = Typed::new(email, password);
                if let Some(state) = self.renew_if_copied(&here, &slot, &typed, &store).await? {
                    return Ok(state);
                }
                let (desk, password) = (Arc::clone(self), Zeroizing::new(password.to_owned()));
                return blocking(move || desk.open_offline(here, *slot, store, password)).await;
            }
            UserSlot::Closed => Error::WrongPassword,
            UserSlot::None => needs_server(&here.guard),
        };
        // Someone new here, or a password that was changed elsewhere: only the server knows.
        match self.login(here, email, password).await {
            Ok(signed) => {
                let signed = self.as_what_it_became(signed, email, password).await?;
                let (signed, renewed) = self.renew_without_slot(signed, email, password).await?;
                if let Some(state) = renewed {
                    return Ok(state);
                }
                let (desk, password) = (Arc::clone(self), Zeroizing::new(password.to_owned()));
                blocking(move || desk.admit(signed, &password)).await
            }
            Err(Error::ServerUnreachable) => Err(unreachable),
            Err(error) => Err(error),
        }
    }

    /// Lets in whose own slot has opened, unless the server has taken it away since.
    pub(crate) fn open_offline(
        self: &Arc<Self>,
        here: Here,
        slot: OpenSlot,
        store: Arc<Store>,
        password: Zeroizing<String>,
    ) -> Result<AppState> {
        if here.guard.is_revoked() {
            self.leave_with(store);
            return Ok(self.state());
        }
        let known = store.staff(slot.user)?.ok_or(Error::SignInOnline)?;
        // Another e-mail may have come while they were not at it.
        let person = StaffMember { email: slot.email.clone(), ..known };
        let own_key = match slot.own_key.clone() {
            Some(own_key) => own_key,
            None => OwnKey::born(store.sync_state()?.last_sequence)?,
        };
        let (is_as_now, now_ms) = (slot.cost == self.cost && slot.own_key.is_some(), self.now_ms());
        let mut still_opens = false;
        let written = self.change_slots(|slots| {
            still_opens = slots.opens_offline(slot.user);
            if still_opens && is_as_now {
                slots.touch_user(slot.user, now_ms);
            } else if still_opens {
                // The price of a guess has risen since, which this sign-in pays; or they have no key of their own yet.
                let typed = Password {
                    text: &password,
                    cost: self.cost,
                    version: slot.password_version,
                    opens_offline: true,
                };
                slots.put_user(&person, &typed, &here.secrets, &slot.key, Some(&own_key), now_ms)?;
            }
            Ok(())
        });
        // As long as the slot stays the same, this notes only who signed in last.
        let written = if is_as_now { even_if_full(written) } else { written };
        written?;
        if !still_opens {
            return Err(needs_server(&here.guard));
        }
        // The server hears of it when it can be reached: that brings fresh tokens and roles.
        let typed = Typed { email: person.email.clone(), password };
        let own_key = Some((own_key, typed.clone()));
        let (password_version, access) = (slot.password_version, Access::Typed(typed));
        self.sign_in(here, SignIn { store, person, password_version, access, own_key })
    }

    /// If this computer was stopped before its slots said what it has become: writes them, and signs in as that.
    async fn as_what_it_became(
        self: &Arc<Self>,
        signed: Signed,
        email: &str,
        password: &str,
    ) -> Result<Signed> {
        let desk = Arc::clone(self);
        let (signed, has_become) = blocking(move || {
            let key = signed.here.slots.open_server(&signed.session.unlock_key, &signed.here.secrets)?;
            let store = Store::open(&signed.here.slots.database(), &key)?;
            let has_become = desk.end_renewal(&signed.here, &key, &store)?;
            Ok((signed, has_become))
        })
        .await?;
        match has_become {
            Some(here) => self.login(here, email, password).await,
            None => Ok(signed),
        }
    }

    /// Has it go on under an id of its own, if it was copied, for who has no slot of their own here: where only the server
    /// opens this computer, nobody ever has one.
    async fn renew_without_slot(
        self: &Arc<Self>,
        signed: Signed,
        email: &str,
        password: &str,
    ) -> Result<(Signed, Option<AppState>)> {
        let (desk, text) = (Arc::clone(self), Zeroizing::new(password.to_owned()));
        let (signed, copied) = blocking(move || {
            let Signed { session, nonce, here } = &signed;
            let key = here.slots.open_server(&session.unlock_key, &here.secrets)?;
            let store = Arc::new(Store::open(&here.slots.database(), &key)?);
            if !store.is_copied()? {
                return Ok((signed, None));
            }
            here.guard.learn_key(store.order_key()?);
            take(&here.guard, session.tokens.standing.as_ref(), nonce);
            let Password { cost, version, .. } = desk.password(&text, session, &here.guard);
            let slot = OpenSlot {
                user: session.user.id,
                email: session.user.email.clone(),
                key,
                own_key: None,
                cost,
                password_version: version,
            };
            Ok((signed, Some((slot, store))))
        })
        .await?;
        let Some((slot, store)) = copied else { return Ok((signed, None)) };
        let typed = Typed::new(email, password);
        let renewed = self.renew_if_copied(&signed.here, &slot, &typed, &store).await?;
        if renewed.is_some() {
            return Ok((signed, renewed));
        }
        drop(store);
        // To ask, it signed in once more: what the first sign-in brought is of before that.
        Ok((self.login(signed.here, email, password).await?, None))
    }

    pub(crate) async fn login(&self, here: Here, email: &str, password: &str) -> Result<Signed> {
        let about = here.slots.about();
        let client = Client::new(&parse_address(&about.server)?)?;
        let who = (about.tenant_id, about.device_id);
        let typed = Typed::new(email, password);
        let nonce = Guard::nonce()?;
        let session = login(&client, &about.server_name, who, &here.secrets.key, &typed, &nonce).await?;
        Ok(Signed { session, nonce, here })
    }

    pub(crate) fn admit(self: &Arc<Self>, signed: Signed, password: &str) -> Result<AppState> {
        let Signed { session, nonce, here } = signed;
        let key = here.slots.open_server(&session.unlock_key, &here.secrets)?;
        let store = Store::open(&here.slots.database(), &key)?;
        here.guard.learn_key(store.order_key()?);
        take(&here.guard, session.tokens.standing.as_ref(), &nonce);
        if let Some(order) = &session.tokens.standing {
            store.remember(order)?;
        }
        store.put_staff(&session.user)?;
        self.keep_refresh_token(here.slots.about().installation_id, &session, &store.token_key)?;
        let typed = self.password(password, &session, &here.guard);
        let own_key = OwnKey::born(store.sync_state()?.last_sequence)?;
        let now_ms = self.now_ms();
        self.change_slots(|slots| {
            slots.put_user(&session.user, &typed, &here.secrets, &key, Some(&own_key), now_ms)
        })?;
        let own_key = Some((own_key, Typed::new(&session.user.email, password)));
        let sign_in = SignIn {
            store: Arc::new(store),
            person: session.user,
            password_version: typed.version,
            access: Access::Token(session.tokens.access_token),
            own_key,
        };
        self.sign_in(here, sign_in)
    }

    pub(crate) fn keep_refresh_token(
        &self,
        installation: Uuid,
        session: &Session,
        key: &TokenKey,
    ) -> Result<()> {
        let token = &session.tokens;
        let kept = RefreshToken { token: token.refresh_token.clone(), generation: token.generation };
        self.keyring.put_refresh_token(installation, &kept, key)
    }

    pub(crate) fn sign_in(self: &Arc<Self>, here: Here, sign_in: SignIn) -> Result<AppState> {
        let SignIn { store, person, password_version, access, own_key } = sign_in;
        // The server was slow to answer, and somebody else signed in: what they do now stays in their name.
        if here.n_sign_ins != self.n_sign_ins.load(Ordering::SeqCst) {
            return Ok(self.state());
        }
        even_if_full(here.guard.opened())?;
        let (own_key, told_with) = own_key.unzip();
        self.sweep_lost(&here.slots);
        self.show_code_to(person.id);
        let (token, typed) = match access {
            Access::Token(token) => (Some(token), told_with),
            Access::Typed(typed) => (None, Some(typed)),
        };
        let written = Arc::new(Notify::new());
        if let Some(order_key) = here.guard.order_key() {
            store.put_order_key(&order_key)?;
        }
        let facts = store.facts()?;
        let context = Context {
            store: Arc::clone(&store),
            client: Client::new(&parse_address(&facts.server)?)?,
            facts: facts.clone(),
            user: person.id,
            own_key: own_key.clone(),
            typed: Mutex::new(typed),
            keyring: self.keyring.clone(),
            installation: here.slots.about().installation_id,
            device_key: here.secrets.key.clone(),
            guard: Some(Arc::clone(&here.guard)),
            written: Arc::clone(&written),
            events: self.events.clone(),
            surroundings: Arc::new(System),
        };
        let mut replica = Replica::new(store, person, facts, here.secrets.key, written);
        replica.clock = self.clock.clone();
        replica.spoken = Arc::clone(&self.spoken);
        replica.guard = Some(Arc::clone(&here.guard));
        replica.own_key = own_key.map(|own| own.key);
        let replica = Arc::new(replica);
        replica.note(Action::Login, None, None);
        let mut obeys = JoinSet::new();
        obeys.spawn(obey(Arc::downgrade(self), here.guard));
        let engine = Engine::start(context, token);
        *self.looked() = None;
        self.n_sign_ins.fetch_add(1, Ordering::SeqCst);
        self.was_too_long.store(false, Ordering::SeqCst);
        let since = Looked::now(&self.clock);
        *self.open() = Some(Open { replica, engine, password_version, since, _obeys: obeys });
        self.events.send(Event::State).ok();
        Ok(self.state())
    }

    /// Signs out: the key leaves memory, and nothing is sent any more.
    pub fn lock(&self) {
        let open = self.open().take();
        if let Some(Open { replica, engine, .. }) = open {
            replica.note(Action::Logout, None, None);
            drop(engine);
            if let Err(error) = self.note_closed(&replica) {
                tracing::warn!(%error, "what waits was not noted");
            }
        }
        self.events.send(Event::State).ok();
    }

    /// Notes what waits, for when the data is closed. As long as a command still works on it, more may come.
    fn note_closed(&self, replica: &Arc<Replica>) -> Result<()> {
        let Some(guard) = self.guard()?.filter(|_| Arc::strong_count(replica) == 1) else { return Ok(()) };
        guard.closed(Work::from(replica.store.sync_state()?))
    }
}

/// A disk that is full keeps nobody from reading what is here: this note can wait.
fn even_if_full(noted: Result<()>) -> Result<()> {
    if matches!(noted, Err(Error::DiskFull)) {
        tracing::warn!("the disk is full; a sign-in goes on without a note");
        return Ok(());
    }
    noted
}

/// Why nobody opens this computer now without the server.
fn needs_server(guard: &Guard) -> Error {
    match guard.view() {
        Some(lease) if lease.has_ended => Error::LeaseEnded { days: lease.days_without },
        Some(lease) if lease.days_allowed > 0 => Error::SignInOnline,
        Some(_) | None => Error::NeedsServer,
    }
}

/// Takes what came with a sign-in. Who is not believed grants nothing; the sign-in itself goes on.
pub(crate) fn take(guard: &Guard, order: Option<&SignedOrder>, nonce: &str) {
    if let Some(Err(error)) = order.map(|order| guard.take(order, nonce)) {
        tracing::warn!(%error, "the lease was not taken");
    }
}

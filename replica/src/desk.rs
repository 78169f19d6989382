//! The whole of this computer: its data folder, its keyring, and whoever is signed in.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use protocol::api::{EnrolRequest, Secret, Session, StaffMember};
use protocol::audit::Action;
use protocol::id::{DeviceId, UserId};
use protocol::manage::{DeviceInfo, RevokeRequest};
use protocol::recovery::Recovers;
use protocol::signing;
use protocol::standing::{Colleague, SignedOrder};
use tokio::sync::{Notify, broadcast};
use tokio::task::JoinSet;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::attachments::Wanted;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::files;
use crate::guard::{Guard, Work};
use crate::keyring::{DeviceSecrets, Keyring, RefreshToken};
use crate::language::Spoken;
use crate::leaving::Leaving;
use crate::own_key::OwnKey;
use crate::recover::ShownCode;
use crate::recovery_code::RecoveryCode;
use crate::replica::Replica;
use crate::sleep::Looked;
use crate::slots::{About, OpenSlot, Password, SlotCost, Slots, UserSlot};
use crate::store::{DatabaseKey, Facts, Store};
use crate::sync::client::{Client, parse_address};
use crate::sync::compare::Depth;
use crate::sync::engine::{Context, Engine, Typed, login};
use crate::sync::signer::Signer;
use crate::sync::standing;
use crate::sync::surroundings::{System, aside};
use crate::view::{AppState, CommandError, Connection, Enrolment, SyncStatus};

/// The folder, in the data folder, that holds a clinic's files. It comes and goes as a whole.
const HOME: &str = "clinic";
/// Events that a slow listener may miss before it must ask for everything again.
const EVENTS_KEPT: usize = 256;
/// What is due is looked for this often.
const TICK: Duration = Duration::from_secs(15);
/// A computer at which nobody is signed in asks how it stands once in so many ticks.
const ASK_EVERY: u32 = 40;

/// What happened in the background.
#[derive(Clone, Debug)]
pub enum Event {
    /// How this computer stands with the server.
    Sync(Box<SyncStatus>),
    /// Rows changed: what is shown may be old.
    RowsChanged,
    /// Someone signed in or out.
    State,
}

/// The whole of this computer.
pub struct Desk {
    pub(crate) data_dir: PathBuf,
    pub(crate) keyring: Keyring,
    pub(crate) cost: SlotCost,
    pub(crate) clock: Clock,
    pub(crate) spoken: Arc<Spoken>,
    open: Mutex<Option<Open>>,
    /// How the computer stands, for the installation of this name.
    guard: Mutex<Option<(Uuid, Arc<Guard>)>>,
    /// When it was last looked whether the computer slept, since somebody signed in.
    looked: Mutex<Option<Looked>>,
    /// Held while this computer is enrolled.
    pub(crate) enrolling: tokio::sync::Mutex<()>,
    /// The recovery code that was just made, until someone says that it is written down.
    pub(crate) code: Mutex<Option<ShownCode>>,
    pub(crate) leaving: Leaving,
    pub(crate) events: broadcast::Sender<Event>,
}

/// What is there while someone is signed in.
struct Open {
    replica: Arc<Replica>,
    engine: Engine,
    /// Of the password that opened it.
    password_version: i32,
    /// Acts on what is learnt of how the computer stands; ends with the sign-in.
    _obeys: JoinSet<()>,
}

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

/// What is known of this computer before its data is open.
pub(crate) struct Here {
    pub slots: Slots,
    pub secrets: DeviceSecrets,
    pub guard: Arc<Guard>,
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

/// Where the data lies: `CLINIC_DESK_DATA`, or the account's own folder for application data.
///
/// # Errors
///
/// If the account has no such folder.
pub fn default_data_dir() -> Result<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || set("HOME");
    let found = set("CLINIC_DESK_DATA").or_else(|| {
        if cfg!(windows) {
            set("LOCALAPPDATA").map(|folder| folder.join("Clinic Desk"))
        } else if cfg!(target_os = "macos") {
            home().map(|home| home.join("Library/Application Support/Clinic Desk"))
        } else {
            let data = set("XDG_DATA_HOME").or_else(|| home().map(|home| home.join(".local/share")));
            data.map(|data| data.join("clinic-desk"))
        }
    });
    found.ok_or_else(|| {
        Error::Invalid("This account has no folder for data. Set CLINIC_DESK_DATA to one.".into())
    })
}

impl Desk {
    /// A computer with its data in this folder. Touches nothing.
    pub fn new(data_dir: PathBuf, keyring: Keyring) -> Arc<Self> {
        Self::with_cost(data_dir, keyring, SlotCost::STRONG)
    }

    /// The same, with another price of guessing a password.
    pub fn with_cost(data_dir: PathBuf, keyring: Keyring, cost: SlotCost) -> Arc<Self> {
        Self::with_clock(data_dir, keyring, cost, Clock::system())
    }

    /// The same, with another clock.
    pub fn with_clock(data_dir: PathBuf, keyring: Keyring, cost: SlotCost, clock: Clock) -> Arc<Self> {
        let events = broadcast::channel(EVENTS_KEPT).0;
        Arc::new(Self {
            data_dir,
            keyring,
            cost,
            clock,
            spoken: Arc::default(),
            open: Mutex::new(None),
            guard: Mutex::new(None),
            looked: Mutex::new(None),
            enrolling: tokio::sync::Mutex::default(),
            code: Mutex::default(),
            leaving: Leaving::default(),
            events,
        })
    }

    /// What to show first. Never makes, mends or removes a file.
    pub fn state(&self) -> AppState {
        if let Some(open) = self.open().as_ref() {
            let session = open.replica.session();
            return AppState::Unlocked { recovery: self.recovery_view(session.person.user_id), session };
        }
        if self.is_being_wiped() {
            return AppState::Wiping;
        }
        let found = self.here().and_then(|here| {
            if !here.slots.database().exists() {
                return Err(Error::StoreMissing);
            }
            here.slots.check_keyring(&here.secrets)?;
            Ok(here)
        });
        match found {
            Ok(here) if here.guard.is_revoked() => self.leaving_view(&here),
            Ok(Here { slots, guard, .. }) => AppState::Locked {
                tenant_name: slots.about().tenant_name.clone(),
                clinic_name: slots.about().clinic_name.clone(),
                people: slots.people(),
                lease: guard.view(),
                waiting: guard.waiting(),
                files_waiting: guard.files(),
            },
            Err(Error::NotEnrolled) => AppState::NotEnrolled,
            Err(error) => {
                let recovery = self.opens_by_code(&error);
                let CommandError { code, detail, .. } = error.into();
                AppState::Broken { code, detail: self.speaks().say(detail), recovery }
            }
        }
    }

    /// Enrols this computer, and signs in whoever did it.
    ///
    /// # Errors
    ///
    /// Nothing is left behind; a computer that belongs to a clinic already is not touched.
    pub async fn enrol(self: &Arc<Self>, enrolment: Enrolment) -> Result<AppState> {
        let Ok(_alone) = self.enrolling.try_lock() else { return Err(Error::AlreadyEnrolled) };
        if self.slots()?.is_some() || self.home().exists() || self.is_being_wiped() {
            return Err(Error::AlreadyEnrolled);
        }
        let server = parse_address(&enrolment.server)?;
        if enrolment.device_name.trim().is_empty() {
            return Err(Error::Invalid("This computer needs a name by which staff know it.".into()));
        }
        // The keyring first: without one the code would be used up for nothing.
        let installation = Uuid::new_v4();
        let secrets = DeviceSecrets::random()?;
        let (keyring, kept) = (
            self.keyring.clone(),
            DeviceSecrets { secret: secrets.secret.clone(), key: secrets.key.clone() },
        );
        blocking(move || keyring.put_device(installation, &kept)).await?;
        let enrolled = self.enrol_with(&server, &enrolment, installation, secrets).await;
        // Once the clinic's folder is in its place its keys stay, whatever failed after that.
        if enrolled.is_err() && !self.home().exists() {
            let (keyring, unfinished) = (self.keyring.clone(), self.unfinished());
            blocking(move || {
                // The answer to the enrolment says what went wrong, not this.
                keyring.forget(installation).ok();
                files::remove_dir(&unfinished)
            })
            .await?;
        }
        enrolled
    }

    async fn enrol_with(
        self: &Arc<Self>,
        server: &url::Url,
        enrolment: &Enrolment,
        installation: Uuid,
        secrets: DeviceSecrets,
    ) -> Result<AppState> {
        let client = Client::new(server)?;
        let request = enrol_request(enrolment, &secrets, None);
        let tenant_code = request.code.0.rsplitn(4, '-').nth(3).map(str::to_owned);
        let answer = client.enrol(&request).await?;
        let facts = Facts {
            tenant_id: answer.tenant_id,
            tenant_name: answer.tenant_name,
            device_id: answer.device_id,
            device_name: enrolment.device_name.trim().to_owned(),
            lane: answer.lane,
            clinic_id: answer.clinic_id,
            clinic_name: answer.clinic_name,
            scope: answer.scope,
            server: server.to_string(),
            server_name: answer.server_name,
            epoch: answer.epoch,
        };
        let (desk, password) = (Arc::clone(self), Zeroizing::new(enrolment.password.clone()));
        let session = answer.session;
        blocking(move || {
            let state = desk.settle(facts, &session, &password, installation, secrets)?;
            if let Some(code) = tenant_code {
                desk.replica()?.store.put_tenant_code(&code)?;
            }
            Ok(state)
        })
        .await
    }

    /// Makes the clinic's folder beside its place, and moves it there as a whole.
    fn settle(
        self: &Arc<Self>,
        facts: Facts,
        session: &Session,
        password: &str,
        installation: Uuid,
        secrets: DeviceSecrets,
    ) -> Result<AppState> {
        let unfinished = self.unfinished();
        if unfinished.exists() {
            std::fs::remove_dir_all(&unfinished)?;
        }
        files::make_private_dir(&self.data_dir)?;
        files::make_private_dir(&unfinished)?;
        let key = DatabaseKey::random()?;
        let about = About {
            installation_id: installation,
            tenant_id: facts.tenant_id,
            device_id: facts.device_id,
            tenant_name: facts.tenant_name.clone(),
            clinic_name: facts.clinic_name.clone(),
            server: facts.server.clone(),
            server_name: facts.server_name.clone(),
        };
        let device = (about.tenant_id, about.device_id);
        let mut slots = Slots::new(&unfinished, about, 1, &secrets);
        slots.put_server(&session.unlock_key, &secrets, &key)?;
        let code = RecoveryCode::random()?;
        let made = slots.put_recovery(&code, &key, self.clock.now())?;
        slots.save()?;
        let guard = Guard::open(&unfinished, device, &secrets, self.clock.clone());
        if let Some(order) = &session.tokens.standing {
            guard.take(order, "")?;
        }
        let typed = self.password(password, session, &guard);
        let own_key = OwnKey::born(0)?;
        slots.put_user(&session.user, &typed, &secrets, &key, Some(&own_key), self.now_ms())?;
        slots.save()?;
        let store = Store::create(&slots.database(), &key, &facts)?;
        store.put_staff(&session.user)?;
        if let Some(order) = &session.tokens.standing {
            store.remember(order)?;
        }
        store.put_recovery(&made)?;
        drop(store);
        self.keep_refresh_token(installation, session)?;
        files::rename(&unfinished, &self.home())?;
        let here = self.here()?;
        self.show_code(&code, &made, &facts, Some(session.user.id));
        let sign_in = SignIn {
            store: Arc::new(Store::open(&here.slots.database(), &key)?),
            person: session.user.clone(),
            password_version: typed.version,
            access: Access::Token(session.tokens.access_token.clone()),
            own_key: Some((own_key, Typed::new(&session.user.email, password))),
        };
        self.sign_in(here, sign_in)
    }

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
    /// [`Error::WrongPassword`]; [`Error::SignInOnline`] for who has not signed in here and finds no server.
    pub async fn unlock(self: &Arc<Self>, email: &str, password: &str) -> Result<AppState> {
        let (desk, typed, secret) = (Arc::clone(self), email.to_owned(), Zeroizing::new(password.to_owned()));
        let (here, tried) = blocking(move || {
            let here = desk.here()?;
            here.slots.check_keyring(&here.secrets)?;
            here.guard.note(None)?;
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
                let (desk, password) = (Arc::clone(self), Zeroizing::new(password.to_owned()));
                blocking(move || desk.admit(signed, &password)).await
            }
            Err(Error::ServerUnreachable) => Err(unreachable),
            Err(error) => Err(error),
        }
    }

    fn open_offline(
        self: &Arc<Self>,
        mut here: Here,
        slot: OpenSlot,
        store: Arc<Store>,
        password: Zeroizing<String>,
    ) -> Result<AppState> {
        if here.guard.is_revoked() {
            self.leave_with(store);
            return Ok(self.state());
        }
        let person = store.staff(slot.user)?.ok_or(Error::SignInOnline)?;
        let own_key = match slot.own_key.clone() {
            Some(own_key) => own_key,
            None => OwnKey::born(store.sync_state()?.last_sequence)?,
        };
        if slot.cost == self.cost && slot.own_key.is_some() {
            here.slots.touch_user(slot.user, self.now_ms());
        } else {
            // The price of a guess has risen since, which this sign-in pays; or they have no key of their own yet.
            let typed = Password {
                text: &password,
                cost: self.cost,
                version: slot.password_version,
                opens_offline: true,
            };
            let own_key = Some(&own_key);
            here.slots.put_user(&person, &typed, &here.secrets, &slot.key, own_key, self.now_ms())?;
        }
        here.slots.save()?;
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
        let Signed { session, nonce, mut here } = signed;
        let key = here.slots.open_server(&session.unlock_key, &here.secrets)?;
        let store = Store::open(&here.slots.database(), &key)?;
        here.guard.learn_key(store.order_key()?);
        take(&here.guard, session.tokens.standing.as_ref(), &nonce);
        if let Some(order) = &session.tokens.standing {
            store.remember(order)?;
        }
        store.put_staff(&session.user)?;
        self.keep_refresh_token(here.slots.about().installation_id, &session)?;
        // Taking the lease may have closed slots.
        here.slots = self.slots()?.ok_or(Error::NotEnrolled)?;
        let typed = self.password(password, &session, &here.guard);
        let own_key = OwnKey::born(store.sync_state()?.last_sequence)?;
        here.slots.put_user(&session.user, &typed, &here.secrets, &key, Some(&own_key), self.now_ms())?;
        here.slots.save()?;
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

    pub(crate) fn keep_refresh_token(&self, installation: Uuid, session: &Session) -> Result<()> {
        let token = &session.tokens;
        let kept = RefreshToken { token: token.refresh_token.clone(), generation: token.generation };
        self.keyring.put_refresh_token(installation, &kept)
    }

    pub(crate) fn sign_in(self: &Arc<Self>, here: Here, sign_in: SignIn) -> Result<AppState> {
        let SignIn { store, person, password_version, access, own_key } = sign_in;
        here.guard.opened()?;
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
        *self.open() = Some(Open { replica, engine, password_version, _obeys: obeys });
        self.events.send(Event::State).ok();
        Ok(self.state())
    }

    /// Does what is due by this computer's own clock: notes the time, locks when the time without contact is over, and
    /// says so when roles lapse.
    pub fn tick(&self) -> Result<()> {
        let Some(guard) = self.guard()? else { return Ok(()) };
        let store = self.open().as_ref().map(|open| Arc::clone(&open.replica.store));
        let work = store.map(|store| store.sync_state()).transpose()?;
        let work = work.map(Work::from);
        let held = guard.roles_hold();
        guard.note(work)?;
        if guard.end_if_over()? {
            self.lock();
        } else if held && !guard.roles_hold() {
            self.events.send(Event::State).ok();
        }
        Ok(())
    }

    /// Asks the server how this computer stands, also when nobody is signed in, so that what an admin says of it does
    /// not wait for anybody.
    pub async fn ask_standing(self: &Arc<Self>) -> Result<()> {
        let desk = Arc::clone(self);
        let here = blocking(move || desk.here()).await?;
        let (about, nonce) = (here.slots.about(), Guard::nonce()?);
        let client = Client::new(&parse_address(&about.server)?)?;
        let who = (about.tenant_id, about.device_id);
        let (name, key, is_locked) = (&about.server_name, &here.secrets.key, here.guard.is_revoked());
        let order = standing::ask(&client, name, who, key, &nonce, is_locked).await?;
        let store = self.open().as_ref().map(|open| Arc::clone(&open.replica.store));
        blocking(move || {
            here.guard.take(&order, &nonce)?;
            store.map_or(Ok(()), |store| store.remember(&order))
        })
        .await
    }

    /// Looks after this computer for as long as the program runs.
    pub async fn watch(self: Arc<Self>) {
        #[cfg(target_os = "linux")]
        let system = Arc::clone(&self).watch_system();
        // Elsewhere the system tells nobody who has no window of its own for it.
        #[cfg(not(target_os = "linux"))]
        let system = async {};
        tokio::join!(system, Arc::clone(&self).watch_sleep(), self.watch_time());
    }

    async fn watch_time(self: Arc<Self>) {
        let mut turn = 0;
        loop {
            let desk = Arc::clone(&self);
            if blocking(move || Ok(desk.is_leaving())).await.unwrap_or(false) {
                self.go_on_leaving();
                tokio::time::sleep(TICK).await;
                continue;
            }
            let desk = Arc::clone(&self);
            if let Err(error) = blocking(move || desk.tick()).await {
                tracing::warn!(%error, "what is due was not done");
            }
            let is_idle = self.open().is_none();
            if is_idle
                && turn % ASK_EVERY == 0
                && let Err(error) = self.ask_standing().await
            {
                tracing::debug!(%error, "the server did not say how this computer stands");
            }
            turn += 1;
            tokio::time::sleep(TICK).await;
        }
    }

    /// Signs out whom the server no longer knows as they are known here, and everybody from a computer that was taken
    /// out of service.
    fn obey(self: &Arc<Self>, guard: &Guard) -> Result<()> {
        if guard.is_revoked() {
            let open = self.open().take();
            match open {
                Some(open) => {
                    let store = Arc::clone(&open.replica.store);
                    // What it shows from now on must not be of a minute ago.
                    if let Err(error) = store.sync_state().and_then(|state| guard.note(Some(state.into()))) {
                        tracing::warn!(%error, "what waits was not counted");
                    }
                    self.leave_with(store);
                }
                None => self.go_on_leaving(),
            }
            self.events.send(Event::State).ok();
            return Ok(());
        }
        let signed_in = {
            let open = self.open();
            open.as_ref().map(|open| (Arc::clone(&open.replica), open.password_version))
        };
        let Some((replica, password_version)) = signed_in else { return Ok(()) };
        let Some(people) = guard.people() else { return Ok(()) };
        let colleague = of(people, replica.person.id);
        let person = colleague.as_ref().map(|colleague| StaffMember {
            roles: colleague.roles.clone(),
            doctor_id: colleague.doctor_id,
            ..replica.person.clone()
        });
        if let Some(person) = &person {
            replica.store.put_staff(person)?;
        }
        let is_same = person.as_ref() == Some(&replica.person)
            && colleague.is_some_and(|colleague| colleague.password_version == password_version);
        if !is_same {
            tracing::info!("roles or the password were changed elsewhere: signed out");
            let is_still_here = self.open().as_ref().is_some_and(|open| Arc::ptr_eq(&open.replica, &replica));
            if is_still_here {
                self.lock();
            }
        }
        Ok(())
    }

    /// The computers of the tenant, as its admins see them.
    ///
    /// # Errors
    ///
    /// [`Error::Locked`]; what the server says, if it does not answer or this person is no admin.
    pub async fn devices(&self) -> Result<Vec<DeviceInfo>> {
        let (client, token) = self.line()?;
        client.devices(&token).await
    }

    /// Takes another computer of the tenant out of service, for good, with this computer's consent that it destroys its
    /// data at once.
    ///
    /// # Errors
    ///
    /// As for [`Desk::devices`]; and if it is this computer.
    pub async fn revoke_device(&self, id: DeviceId, reason: Option<String>) -> Result<DeviceInfo> {
        let (client, token) = self.line()?;
        let signer = self.signer()?;
        let message = signing::consent_message(signer.tenant, id);
        let consent = Some(signing::sign(&signer.key, &message));
        client.revoke(&token, &signer, id, &RevokeRequest { reason, consent }).await
    }

    /// With what this computer signs what whoever is signed in asks as an admin.
    fn signer(&self) -> Result<Signer> {
        let replica = self.replica()?;
        let here = self.here()?;
        let about = here.slots.about();
        let offset = time::Duration::milliseconds(replica.store.sync_state()?.clock_offset_ms);
        Ok(Signer {
            server_name: about.server_name.clone(),
            tenant: about.tenant_id,
            device: about.device_id,
            user: replica.person.id,
            key: here.secrets.key.clone(),
            now: self.clock.now().saturating_add(offset),
        })
    }

    /// Objects to an admin whom the operator of the server is going to make: nobody becomes one.
    ///
    /// # Errors
    ///
    /// [`Error::Locked`]; what the server says, if it does not answer, this person may not object, or it is over already.
    pub async fn object_to_admin(&self) -> Result<()> {
        let (client, token) = self.line()?;
        client.object(&token).await?;
        // What it has to say is another thing now.
        self.sync_now();
        Ok(())
    }

    /// A file from the server, checked against what its row says.
    pub(crate) async fn fetch(&self, wanted: &Wanted) -> Result<Zeroizing<Vec<u8>>> {
        let fetched = self.open().as_ref().ok_or(Error::Locked)?.engine.fetch(wanted.clone());
        fetched.await
    }

    pub(crate) fn line(&self) -> Result<(Client, Secret)> {
        self.open().as_ref().ok_or(Error::Locked)?.engine.line()
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

    /// The data, while someone is signed in.
    ///
    /// # Errors
    ///
    /// [`Error::Locked`].
    pub fn replica(&self) -> Result<Arc<Replica>> {
        self.open().as_ref().map(|open| Arc::clone(&open.replica)).ok_or(Error::Locked)
    }

    /// How this computer stands with the server, in the language that is spoken now.
    pub fn said(&self, mut status: SyncStatus) -> SyncStatus {
        let problem = status.problem.iter_mut().map(|problem| &mut problem.detail);
        for detail in problem.chain(status.notices.iter_mut().map(|notice| &mut notice.detail)) {
            *detail = self.speaks().say(std::mem::take(detail));
        }
        status
    }

    /// How this computer stands with the server.
    pub fn sync_status(&self) -> SyncStatus {
        let status = self.open().as_ref().map_or(
            SyncStatus {
                connection: Connection::Connecting,
                filling: None,
                compared: None,
                only_here: 0,
                waiting: 0,
                files_waiting: 0,
                files_refused: 0,
                attention: 0,
                decisions: 0,
                last_level_at: None,
                last_synced_at: None,
                last_contact_at: None,
                problem: None,
                notices: Vec::new(),
                lease: None,
            },
            |open| open.engine.status(),
        );
        self.said(status)
    }

    /// Tries at once.
    pub fn sync_now(&self) {
        if let Some(open) = self.open().as_ref() {
            open.engine.wake();
        }
    }

    /// Compares every row here with the server's as soon as nothing is missing, and fetches again what differs; answers
    /// how many rows that were. It waits until the server can be reached.
    ///
    /// # Errors
    ///
    /// [`Error::Locked`], also if someone signs out meanwhile; [`Error::CannotCompare`] if the server is too old for it.
    pub async fn mend(&self, depth: Depth) -> Result<u32> {
        let mended = self.open().as_ref().ok_or(Error::Locked)?.engine.compare(depth);
        mended.await
    }

    /// What happens from now on.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// What is known of this computer before its data is open.
    pub(crate) fn here(&self) -> Result<Here> {
        let slots = self.slots()?.ok_or(Error::NotEnrolled)?;
        let secrets = self.keyring.device(slots.about().installation_id)?;
        let guard = self.guard_of(&slots, &secrets);
        Ok(Here { slots, secrets, guard })
    }

    /// How this computer stands, if it is enrolled.
    pub(crate) fn guard(&self) -> Result<Option<Arc<Guard>>> {
        if let Some((_, guard)) = self.kept_guard().as_ref() {
            return Ok(Some(Arc::clone(guard)));
        }
        match self.here() {
            Ok(here) => Ok(Some(here.guard)),
            Err(Error::NotEnrolled) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn guard_of(&self, slots: &Slots, secrets: &DeviceSecrets) -> Arc<Guard> {
        let about = slots.about();
        let mut kept = self.kept_guard();
        if let Some((installation, guard)) = kept.as_ref()
            && *installation == about.installation_id
        {
            return Arc::clone(guard);
        }
        let device = (about.tenant_id, about.device_id);
        let guard = Arc::new(Guard::open(&self.home(), device, secrets, self.clock.clone()));
        *kept = Some((about.installation_id, Arc::clone(&guard)));
        guard
    }

    /// Forgets how the computer stands, since it is gone.
    pub(crate) fn forget_guard(&self) {
        *self.kept_guard() = None;
    }

    fn kept_guard(&self) -> MutexGuard<'_, Option<(Uuid, Arc<Guard>)>> {
        self.guard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn looked(&self) -> MutexGuard<'_, Option<Looked>> {
        self.looked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The slots of this computer, if it is enrolled. A clinic's folder without slots is damaged, not empty.
    pub(crate) fn slots(&self) -> Result<Option<Slots>> {
        match Slots::find(&self.home())? {
            None if self.home().exists() => Err(Error::SlotsDamaged),
            found => Ok(found),
        }
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.data_dir.join(HOME)
    }

    pub(crate) fn unfinished(&self) -> PathBuf {
        self.data_dir.join("clinic.unfinished")
    }

    pub(crate) fn now_ms(&self) -> i64 {
        i64::try_from(self.clock.now().unix_timestamp_nanos() / 1_000_000).unwrap_or(0)
    }
}

/// Runs what may wait for the disk or the keyring, aside.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    aside(&System, work).await
}

/// With what a computer comes in.
pub(crate) fn enrol_request(
    enrolment: &Enrolment,
    secrets: &DeviceSecrets,
    recovers: Option<Recovers>,
) -> EnrolRequest {
    let public_key = signing::public_key_text(&secrets.key.verifying_key());
    let code = enrolment.code.trim().to_uppercase();
    let signature = signing::sign(&secrets.key, &signing::enrol_message(&code, &public_key));
    EnrolRequest {
        code: Secret(code),
        email: enrolment.email.trim().to_owned(),
        password: Secret(enrolment.password.clone()),
        device_name: enrolment.device_name.trim().to_owned(),
        platform: std::env::consts::OS.to_owned(),
        app_version: env!("CARGO_PKG_VERSION").to_owned(),
        public_key,
        signature,
        again: None,
        recovers,
    }
}

/// Why nobody opens this computer now without the server.
fn needs_server(guard: &Guard) -> Error {
    match guard.view() {
        Some(lease) if lease.has_ended => Error::LeaseEnded { days: lease.days_without },
        Some(lease) if lease.days_allowed > 0 => Error::SignInOnline,
        Some(_) | None => Error::NeedsServer,
    }
}

fn of(people: Vec<Colleague>, user: UserId) -> Option<Colleague> {
    people.into_iter().find(|colleague| colleague.user_id == user)
}

/// Takes what came with a sign-in. Who is not believed grants nothing; the sign-in itself goes on.
pub(crate) fn take(guard: &Guard, order: Option<&SignedOrder>, nonce: &str) {
    if let Some(Err(error)) = order.map(|order| guard.take(order, nonce)) {
        tracing::warn!(%error, "the lease was not taken");
    }
}

/// Acts on what is learnt, for as long as someone is signed in.
async fn obey(desk: Weak<Desk>, guard: Arc<Guard>) {
    loop {
        guard.changed.notified().await;
        let (Some(desk), guard) = (desk.upgrade(), Arc::clone(&guard)) else { return };
        if let Err(error) = blocking(move || desk.obey(&guard)).await {
            tracing::warn!(%error, "what the server said of this computer was not done");
        }
    }
}

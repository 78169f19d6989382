//! The whole of this computer: its data folder, its keyring, and whoever is signed in.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use protocol::api::{EnrolRequest, Secret, Session, StaffMember};
use protocol::audit::Action;
use protocol::signing;
use time::OffsetDateTime;
use tokio::sync::{Notify, broadcast};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::files;
use crate::keyring::{DeviceSecrets, Keyring, RefreshToken};
use crate::replica::Replica;
use crate::slots::{About, SlotCost, Slots, UserSlot};
use crate::store::{DatabaseKey, Facts, Store};
use crate::sync::client::{Client, parse_address};
use crate::sync::engine::{Context, Engine, Typed, login};
use crate::sync::surroundings::{System, aside};
use crate::view::{AppState, CommandError, Connection, Enrolment, SyncStatus};

/// The folder, in the data folder, that holds a clinic's files. It comes and goes as a whole.
const HOME: &str = "clinic";
const DATABASE: &str = "clinic.db";
/// Events that a slow listener may miss before it must ask for everything again.
const EVENTS_KEPT: usize = 256;

/// What happened in the background.
#[derive(Clone, Debug)]
pub enum Event {
    /// How this computer stands with the server.
    Sync(SyncStatus),
    /// Rows changed: what is shown may be old.
    RowsChanged,
    /// Someone signed in or out.
    State,
}

/// The whole of this computer.
pub struct Desk {
    data_dir: PathBuf,
    keyring: Keyring,
    cost: SlotCost,
    open: Mutex<Option<Open>>,
    /// Held while this computer is enrolled.
    enrolling: tokio::sync::Mutex<()>,
    events: broadcast::Sender<Event>,
}

/// What is there while someone is signed in.
struct Open {
    replica: Arc<Replica>,
    engine: Engine,
}

/// With what the engine reaches the server.
enum Access {
    /// An access token that a sign-in at the server has just brought.
    Token(Secret),
    /// What was typed to open this computer.
    Typed(Typed),
}

/// What a sign-in at the server brought.
struct Signed {
    session: Session,
    secrets: DeviceSecrets,
    slots: Slots,
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
        let events = broadcast::channel(EVENTS_KEPT).0;
        Arc::new(Self {
            data_dir,
            keyring,
            cost,
            open: Mutex::new(None),
            enrolling: tokio::sync::Mutex::default(),
            events,
        })
    }

    /// What to show first. Never makes, mends or removes a file.
    pub fn state(&self) -> AppState {
        if let Some(open) = self.open().as_ref() {
            return AppState::Unlocked { session: open.replica.session() };
        }
        let found = self.slots().and_then(|slots| {
            let slots = slots.ok_or(Error::NotEnrolled)?;
            if !self.database().exists() {
                return Err(Error::StoreMissing);
            }
            slots.check_keyring(&self.keyring.device(slots.about().installation_id)?)?;
            Ok(slots)
        });
        match found {
            Ok(slots) => AppState::Locked {
                tenant_name: slots.about().tenant_name.clone(),
                clinic_name: slots.about().clinic_name.clone(),
                people: slots.people(),
            },
            Err(Error::NotEnrolled) => AppState::NotEnrolled,
            Err(error) => {
                let CommandError { code, detail } = error.into();
                AppState::Broken { code, detail }
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
        if self.slots()?.is_some() || self.home().exists() {
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
                keyring.forget(installation);
                std::fs::remove_dir_all(unfinished).ok();
                Ok(())
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
        let public_key = signing::public_key_text(&secrets.key.verifying_key());
        let code = enrolment.code.trim().to_uppercase();
        let signature = signing::sign(&secrets.key, &signing::enrol_message(&code, &public_key));
        let answer = client
            .enrol(&EnrolRequest {
                code: Secret(code),
                email: enrolment.email.trim().to_owned(),
                password: Secret(enrolment.password.clone()),
                device_name: enrolment.device_name.trim().to_owned(),
                platform: std::env::consts::OS.to_owned(),
                app_version: env!("CARGO_PKG_VERSION").to_owned(),
                public_key,
                signature,
            })
            .await?;
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
        blocking(move || desk.settle(facts, &session, &password, installation, secrets)).await
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
        let mut slots = Slots::new(&unfinished, about, &secrets);
        slots.put_server(&session.unlock_key, &secrets, &key)?;
        slots.put_user(&session.user, password, &secrets, &key, self.cost, now_ms())?;
        slots.save()?;
        let store = Store::create(&unfinished.join(DATABASE), &key, &facts)?;
        store.put_staff(&session.user)?;
        drop(store);
        self.keep_refresh_token(installation, session)?;
        files::rename(&unfinished, &self.home())?;
        let store = Store::open(&self.database(), &key)?;
        self.sign_in(
            store,
            session.user.clone(),
            secrets,
            installation,
            Access::Token(session.tokens.access_token.clone()),
        )
    }

    /// Signs a person in: with their own slot, which works offline, or with the server's help.
    ///
    /// # Errors
    ///
    /// [`Error::WrongPassword`]; [`Error::SignInOnline`] for who has not signed in here and finds no server.
    pub async fn unlock(self: &Arc<Self>, email: &str, password: &str) -> Result<AppState> {
        let (desk, typed, secret) = (Arc::clone(self), email.to_owned(), Zeroizing::new(password.to_owned()));
        let (slots, secrets, tried) = blocking(move || {
            let slots = desk.slots()?.ok_or(Error::NotEnrolled)?;
            let secrets = desk.keyring.device(slots.about().installation_id)?;
            let tried = slots.open_user(&typed, &secret, &secrets)?;
            Ok((slots, secrets, tried))
        })
        .await?;
        let unreachable = match tried {
            UserSlot::Open(user, key, cost) => {
                let (desk, password) = (Arc::clone(self), Zeroizing::new(password.to_owned()));
                return blocking(move || {
                    let mut slots = slots;
                    let store = Store::open(&desk.database(), &key)?;
                    let person = store.staff(user)?.ok_or(Error::SignInOnline)?;
                    if cost == desk.cost {
                        slots.touch_user(user, now_ms());
                    } else {
                        // The price of a guess has risen since: this sign-in pays it.
                        slots.put_user(&person, &password, &secrets, &key, desk.cost, now_ms())?;
                    }
                    slots.save()?;
                    let installation = slots.about().installation_id;
                    // The server hears of it when it can be reached: that brings fresh tokens and roles.
                    let typed = Typed { email: person.email.clone(), password };
                    desk.sign_in(store, person, secrets, installation, Access::Typed(typed))
                })
                .await;
            }
            UserSlot::Closed => Error::WrongPassword,
            UserSlot::None => Error::SignInOnline,
        };
        // Someone new here, or a password that was changed elsewhere: only the server knows.
        match self.login(slots, secrets, email, password).await {
            Ok(signed) => {
                let (desk, password) = (Arc::clone(self), Zeroizing::new(password.to_owned()));
                blocking(move || desk.admit(signed, &password)).await
            }
            Err(Error::ServerUnreachable) => Err(unreachable),
            Err(error) => Err(error),
        }
    }

    async fn login(
        &self,
        slots: Slots,
        secrets: DeviceSecrets,
        email: &str,
        password: &str,
    ) -> Result<Signed> {
        let about = slots.about();
        let client = Client::new(&parse_address(&about.server)?)?;
        let who = (about.tenant_id, about.device_id);
        let typed = Typed { email: email.to_owned(), password: Zeroizing::new(password.to_owned()) };
        let session = login(&client, &about.server_name, who, &secrets.key, &typed).await?;
        Ok(Signed { session, secrets, slots })
    }

    fn admit(self: &Arc<Self>, signed: Signed, password: &str) -> Result<AppState> {
        let Signed { session, secrets, mut slots } = signed;
        let key = slots.open_server(&session.unlock_key, &secrets)?;
        let store = Store::open(&self.database(), &key)?;
        store.put_staff(&session.user)?;
        let installation = slots.about().installation_id;
        self.keep_refresh_token(installation, &session)?;
        slots.put_user(&session.user, password, &secrets, &key, self.cost, now_ms())?;
        slots.save()?;
        self.sign_in(store, session.user, secrets, installation, Access::Token(session.tokens.access_token))
    }

    fn keep_refresh_token(&self, installation: Uuid, session: &Session) -> Result<()> {
        let token = &session.tokens;
        let kept = RefreshToken { token: token.refresh_token.clone(), generation: token.generation };
        self.keyring.put_refresh_token(installation, &kept)
    }

    fn sign_in(
        self: &Arc<Self>,
        store: Store,
        person: StaffMember,
        secrets: DeviceSecrets,
        installation: Uuid,
        access: Access,
    ) -> Result<AppState> {
        let (token, typed) = match access {
            Access::Token(token) => (Some(token), None),
            Access::Typed(typed) => (None, Some(typed)),
        };
        let (store, written) = (Arc::new(store), Arc::new(Notify::new()));
        let facts = store.facts()?;
        let context = Context {
            store: Arc::clone(&store),
            client: Client::new(&parse_address(&facts.server)?)?,
            facts: facts.clone(),
            user: person.id,
            typed: Mutex::new(typed),
            keyring: self.keyring.clone(),
            installation,
            device_key: secrets.key.clone(),
            written: Arc::clone(&written),
            events: self.events.clone(),
            surroundings: Arc::new(System),
        };
        let replica = Arc::new(Replica::new(store, person, facts, secrets.key, written));
        replica.note(Action::Login, None, None);
        *self.open() = Some(Open { replica, engine: Engine::start(context, token) });
        self.events.send(Event::State).ok();
        Ok(self.state())
    }

    /// Signs out: the key leaves memory, and nothing is sent any more.
    pub fn lock(&self) {
        if let Some(open) = self.open().take() {
            open.replica.note(Action::Logout, None, None);
        }
        self.events.send(Event::State).ok();
    }

    /// The data, while someone is signed in.
    ///
    /// # Errors
    ///
    /// [`Error::Locked`].
    pub fn replica(&self) -> Result<Arc<Replica>> {
        self.open().as_ref().map(|open| Arc::clone(&open.replica)).ok_or(Error::Locked)
    }

    /// How this computer stands with the server.
    pub fn sync_status(&self) -> SyncStatus {
        self.open().as_ref().map_or(
            SyncStatus {
                connection: Connection::Connecting,
                waiting: 0,
                attention: 0,
                last_synced_at: None,
                problem: None,
                notices: Vec::new(),
            },
            |open| open.engine.status(),
        )
    }

    /// Tries at once.
    pub fn sync_now(&self) {
        if let Some(open) = self.open().as_ref() {
            open.engine.wake();
        }
    }

    /// What happens from now on.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    fn open(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The slots of this computer, if it is enrolled. A clinic's folder without slots is damaged, not empty.
    fn slots(&self) -> Result<Option<Slots>> {
        match Slots::find(&self.home())? {
            None if self.home().exists() => Err(Error::SlotsDamaged),
            found => Ok(found),
        }
    }

    fn home(&self) -> PathBuf {
        self.data_dir.join(HOME)
    }

    fn unfinished(&self) -> PathBuf {
        self.data_dir.join("clinic.unfinished")
    }

    fn database(&self) -> PathBuf {
        self.home().join(DATABASE)
    }
}

/// Runs what may wait for the disk or the keyring, aside.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    aside(&System, work).await
}

fn now_ms() -> i64 {
    i64::try_from(OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000).unwrap_or(0)
}

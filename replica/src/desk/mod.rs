//! The whole of this computer: its data folder, its keyring, and whoever is signed in.

mod admin;
pub(crate) mod audit;
mod enrol;
mod password;
mod sign_in;
pub(crate) mod staff;
mod watch;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use protocol::api::Secret;
use tokio::sync::broadcast;
use tokio::task::JoinSet;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::attachments::Wanted;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::guard::Guard;
use crate::keyring::{DeviceSecrets, Keyring};
use crate::language::Spoken;
use crate::leaving::Leaving;
use crate::recover::ShownCode;
use crate::replica::Replica;
use crate::sleep::Looked;
use crate::slots::{SlotCost, Slots};
use crate::sync::client::Client;
use crate::sync::compare::Depth;
use crate::sync::engine::Engine;
use crate::sync::surroundings::{System, aside};
use crate::view::{AppState, CommandError, SyncStatus};

pub(crate) use enrol::enrol_request;
pub(crate) use sign_in::{Access, SignIn, Signed, take};

/// The folder, in the data folder, that holds a clinic's files. It comes and goes as a whole.
pub(crate) const HOME: &str = "clinic";
/// The folder in which it is made, or was when that was stopped.
pub(crate) const UNFINISHED: &str = "clinic.unfinished";
/// Events that a slow listener may miss before it must ask for everything again.
const EVENTS_KEPT: usize = 256;

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
    /// How often somebody signed in.
    n_sign_ins: AtomicU64,
    /// How the computer stands, for the installation of this name.
    guard: Mutex<Option<(Uuid, Arc<Guard>)>>,
    /// When it was last looked whether the computer slept, since somebody signed in.
    looked: Mutex<Option<Looked>>,
    /// Whether whoever was signed in last was signed out for having been so too long.
    was_too_long: AtomicBool,
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
    /// When that was given.
    since: Looked,
    /// Acts on what is learnt of how the computer stands; ends with the sign-in.
    _obeys: JoinSet<()>,
}

/// What is known of this computer before its data is open.
pub(crate) struct Here {
    pub slots: Slots,
    pub secrets: DeviceSecrets,
    pub guard: Arc<Guard>,
    /// How often somebody had signed in by then.
    n_sign_ins: u64,
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
            n_sign_ins: AtomicU64::new(0),
            guard: Mutex::new(None),
            looked: Mutex::new(None),
            was_too_long: AtomicBool::new(false),
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
                was_too_long: self.was_too_long.load(Ordering::SeqCst),
            },
            Err(Error::NotEnrolled) => AppState::NotEnrolled,
            Err(error) => {
                let recovery = self.opens_by_code(&error);
                let CommandError { code, detail, .. } = error.into();
                AppState::Broken { code, detail: self.speaks().say(detail), recovery }
            }
        }
    }

    /// A file from the server, checked against what its row says.
    pub(crate) async fn fetch(&self, wanted: &Wanted) -> Result<Zeroizing<Vec<u8>>> {
        let fetched = self.open().as_ref().ok_or(Error::Locked)?.engine.fetch(wanted.clone());
        fetched.await
    }

    pub(crate) fn line(&self) -> Result<(Client, Secret)> {
        self.open().as_ref().ok_or(Error::Locked)?.engine.line()
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
        let status = self.open().as_ref().map_or_else(SyncStatus::unknown, |open| open.engine.status());
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
        Ok(Here { slots, secrets, guard, n_sign_ins: self.n_sign_ins.load(Ordering::SeqCst) })
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

    /// See [`Slots::change`].
    pub(crate) fn change_slots<T>(&self, change: impl FnOnce(&mut Slots) -> Result<T>) -> Result<T> {
        Slots::change(&self.home(), change)
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.data_dir.join(HOME)
    }

    pub(crate) fn unfinished(&self) -> PathBuf {
        self.data_dir.join(UNFINISHED)
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

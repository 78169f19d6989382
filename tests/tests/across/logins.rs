//! A system that locks and sleeps, on a message bus of the test's own.

use std::io::{PipeReader, PipeWriter, Read};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};

use clinic_tests::clinic::{Clinic, EMAIL, TestDesk, patient};
use clinic_tests::session::Session;
use replica::Event;
use replica::view::AppState;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use zbus::object_server::SignalEmitter;
use zbus::zvariant::{OwnedFd as Held, OwnedObjectPath};

const MANAGER: &str = "/org/freedesktop/login1";
const SESSION: &str = "/org/freedesktop/login1/session/_31";

/// As much of logind as a program asks of it.
struct Manager {
    /// Each time that a program asks to be waited for: the end of a pipe, which is dead once it no longer asks.
    held: UnboundedSender<PipeReader>,
}

#[allow(clippy::unused_self, clippy::used_underscore_binding, reason = "what the bus calls has its form")]
#[zbus::interface(name = "org.freedesktop.login1.Manager")]
impl Manager {
    fn get_session(&self, id: &str) -> zbus::fdo::Result<OwnedObjectPath> {
        if id == "auto" {
            OwnedObjectPath::try_from(SESSION).map_err(|error| zbus::fdo::Error::Failed(error.to_string()))
        } else {
            Err(zbus::fdo::Error::InvalidArgs(id.to_owned()))
        }
    }

    fn inhibit(&self, what: &str, who: &str, why: &str, mode: &str) -> zbus::fdo::Result<Held> {
        if (what, mode) != ("sleep", "delay") || who.is_empty() || why.is_empty() {
            return Err(zbus::fdo::Error::InvalidArgs(what.to_owned()));
        }
        let failed = |error: std::io::Error| zbus::fdo::Error::Failed(error.to_string());
        let (reader, writer): (PipeReader, PipeWriter) = std::io::pipe().map_err(failed)?;
        self.held.send(reader).map_err(|error| zbus::fdo::Error::Failed(error.to_string()))?;
        Ok(Held::from(OwnedFd::from(writer)))
    }

    #[zbus(signal)]
    async fn prepare_for_sleep(emitter: &SignalEmitter<'_>, start: bool) -> zbus::Result<()>;
}

struct Login {
    is_locked: Arc<Mutex<bool>>,
}

#[zbus::interface(name = "org.freedesktop.login1.Session")]
impl Login {
    #[zbus(signal)]
    async fn lock(emitter: &SignalEmitter<'_>) -> zbus::Result<()>;

    #[zbus(property)]
    fn locked_hint(&self) -> bool {
        *self.is_locked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The system, and a computer of the clinic that listens to it.
struct System {
    logind: zbus::Connection,
    is_locked: Arc<Mutex<bool>>,
    held: UnboundedReceiver<PipeReader>,
    desk: TestDesk,
    _listens: tokio::task::JoinHandle<zbus::Result<()>>,
}

impl System {
    async fn start(session: &Session, clinic: &Clinic) -> anyhow::Result<Self> {
        let (sender, held) = unbounded_channel();
        let is_locked = Arc::default();
        let logind = zbus::connection::Builder::address(session.bus())?
            .name("org.freedesktop.login1")?
            .serve_at(MANAGER, Manager { held: sender })?
            .serve_at(SESSION, Login { is_locked: Arc::clone(&is_locked) })?
            .build()
            .await?;
        let desk = clinic.desk("Room 1").await?;
        let bus = zbus::connection::Builder::address(session.bus())?.build().await?;
        let listens = Arc::clone(&desk.desk);
        let listens = tokio::spawn(async move { listens.watch_logins(&bus).await });
        Ok(Self { logind, is_locked, held, desk, _listens: listens })
    }

    /// Waits until the program asks to be waited for before a sleep; then it listens.
    async fn listens(&mut self) -> anyhow::Result<PipeReader> {
        self.held.recv().await.ok_or_else(|| anyhow::anyhow!("nobody asks to be waited for"))
    }

    async fn goes_to_sleep(&self, start: bool) -> zbus::Result<()> {
        Manager::prepare_for_sleep(&SignalEmitter::new(&self.logind, MANAGER)?, start).await
    }

    /// Runs until the program says that somebody signed in or out.
    async fn until_told(&self, work: impl Future<Output = zbus::Result<()>>) -> anyhow::Result<()> {
        let mut events = self.desk.desk.events();
        work.await?;
        while !matches!(events.recv().await?, Event::State) {}
        Ok(())
    }

    fn is_locked(&self) -> bool {
        matches!(self.desk.desk.state(), AppState::Locked { .. })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_computer_that_goes_to_sleep_waits_until_the_key_has_left_memory() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let session = Session::start(folder.path())?;
    let clinic = Clinic::open().await?;
    let mut system = System::start(&session, &clinic).await?;
    let mut waits = system.listens().await?;
    system.desk.replica()?.register_patient(&patient("Sunita", "98204 41276"))?;
    system.goes_to_sleep(true).await?;
    // The end of the pipe comes when nobody holds the sleep up any more.
    tokio::task::spawn_blocking(move || waits.read_to_end(&mut Vec::new())).await??;
    assert!(system.is_locked(), "the computer sleeps only now");
    system.goes_to_sleep(false).await?;
    let mut waits = system.listens().await?;
    system.desk.unlock(EMAIL).await?;
    assert_eq!(system.desk.replica()?.find_patients("sunita")?.people.len(), 1);
    system.goes_to_sleep(true).await?;
    tokio::task::spawn_blocking(move || waits.read_to_end(&mut Vec::new())).await??;
    assert!(system.is_locked(), "it is asked anew after every sleep");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_system_that_is_locked_locks_the_clinic_whichever_way_it_says_so() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let session = Session::start(folder.path())?;
    let clinic = Clinic::open().await?;
    let mut system = System::start(&session, &clinic).await?;
    let _waits = system.listens().await?;
    let login = SignalEmitter::new(&system.logind, SESSION)?;
    system.until_told(Login::lock(&login)).await?;
    assert!(system.is_locked());
    system.desk.unlock(EMAIL).await?;
    *system.is_locked.lock().unwrap_or_else(PoisonError::into_inner) = true;
    let login = system.logind.object_server().interface::<_, Login>(SESSION).await?;
    let shows = async { login.get().await.locked_hint_changed(login.signal_emitter()).await };
    system.until_told(shows).await?;
    assert!(system.is_locked());
    Ok(())
}

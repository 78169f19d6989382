//! What the system says of itself: that somebody locked it, and that it is about to sleep. Whoever is signed in is then signed
//! out; for the sleep, the system waits until the key has left memory.

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use zbus::zvariant::{OwnedFd, OwnedObjectPath};

use crate::desk::{Desk, blocking};

#[zbus::proxy(
    interface = "org.freedesktop.login1.Manager",
    default_service = "org.freedesktop.login1",
    default_path = "/org/freedesktop/login1",
    gen_blocking = false
)]
trait Logins {
    fn get_session(&self, id: &str) -> zbus::Result<OwnedObjectPath>;
    fn inhibit(&self, what: &str, who: &str, why: &str, mode: &str) -> zbus::Result<OwnedFd>;
    #[zbus(signal)]
    fn prepare_for_sleep(&self, start: bool) -> zbus::Result<()>;
}

#[zbus::proxy(
    interface = "org.freedesktop.login1.Session",
    default_service = "org.freedesktop.login1",
    gen_blocking = false
)]
trait Login {
    #[zbus(signal)]
    fn lock(&self) -> zbus::Result<()>;
    #[zbus(property)]
    fn locked_hint(&self) -> zbus::Result<bool>;
}

/// What the system said.
enum Said {
    Locked,
    /// It is about to sleep (`true`), or has woken.
    Sleep(bool),
}

impl Desk {
    /// Does what the system's lock and sleep ask for, for as long as the program runs.
    pub(crate) async fn watch_system(self: Arc<Self>) {
        let watched = match zbus::Connection::system().await {
            Ok(bus) => self.watch_logins(&bus).await,
            Err(error) => Err(error),
        };
        if let Err(error) = watched {
            tracing::info!(%error, "the system does not say when it locks or sleeps; it is seen when it wakes");
        }
    }

    /// The same, with the system's logins on this bus; returns when the bus is gone.
    ///
    /// # Errors
    ///
    /// If nobody on the bus knows of logins.
    pub async fn watch_logins(self: Arc<Self>, bus: &zbus::Connection) -> zbus::Result<()> {
        let logins = LoginsProxy::new(bus).await?;
        let sleeps = logins.receive_prepare_for_sleep().await?;
        let sleeps = sleeps.filter_map(async |said| Some(Said::Sleep(said.args().ok()?.start)));
        let mut said = stream::select(sleeps.boxed(), locks(bus, &logins).await);
        let mut wait = hold(&logins).await;
        while let Some(said) = said.next().await {
            match said {
                Said::Locked => self.sign_out("the system was locked").await,
                Said::Sleep(true) => {
                    self.sign_out("the computer goes to sleep").await;
                    wait = None;
                }
                Said::Sleep(false) => wait = hold(&logins).await,
            }
        }
        drop(wait);
        Ok(())
    }

    async fn sign_out(self: &Arc<Self>, why: &'static str) {
        let desk = Arc::clone(self);
        let work = move || {
            if desk.replica().is_ok() {
                tracing::info!(why, "signed out");
                desk.lock();
            }
            Ok(())
        };
        // It never fails; what waits for the disk waits aside.
        blocking(work).await.ok();
    }
}

/// As long as it is held, the system waits a little before it sleeps.
async fn hold(logins: &LoginsProxy<'_>) -> Option<OwnedFd> {
    let why = "The key of the records leaves memory";
    let held = logins.inhibit("sleep", "Clinic Desk", why, "delay").await;
    held.inspect_err(|error| tracing::info!(%error, "the system will not wait before it sleeps")).ok()
}

/// Each time that this person's session is locked. Some desktops ask their own lock for it, others only say that it is shown.
async fn locks(bus: &zbus::Connection, logins: &LoginsProxy<'_>) -> BoxStream<'static, Said> {
    let watched = async {
        let path = logins.get_session("auto").await?;
        let login = LoginProxy::builder(bus).path(path)?.build().await?;
        let asked = login.receive_lock().await?.map(|_| Said::Locked);
        let shown = login.receive_locked_hint_changed().await;
        let shown = shown.filter_map(async |shown| shown.get().await.ok()?.then_some(Said::Locked));
        Ok::<_, zbus::Error>(stream::select(asked, shown).boxed())
    };
    watched.await.unwrap_or_else(|error| {
        tracing::info!(%error, "the system does not say when it is locked");
        stream::empty().boxed()
    })
}

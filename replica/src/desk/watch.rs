//! What is due is done, and what the server says of this computer is obeyed.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use protocol::api::StaffMember;
use protocol::id::UserId;
use protocol::standing::Colleague;

use super::{Desk, Event, blocking};
use crate::error::Result;
use crate::guard::{Guard, Work};
use crate::sleep::Looked;
use crate::sync::address::parse_address;
use crate::sync::client::Client;
use crate::sync::standing;

/// What is due is looked for this often.
const TICK: Duration = Duration::from_secs(15);
/// A computer at which nobody is signed in asks how it stands once in so many ticks.
const ASK_EVERY: u32 = 40;
/// So long after somebody gave their password, the key leaves memory, whoever is at work.
const LONGEST_SIGN_IN: time::Duration = time::Duration::hours(12);

impl Desk {
    /// Does what is due by this computer's own clock: locks when somebody has been signed in for too long or the time
    /// without contact is over, notes the time, and says so when roles lapse.
    pub fn tick(&self) -> Result<()> {
        self.lock_after_long();
        let Some(guard) = self.guard()? else { return Ok(()) };
        let store = self.open().as_ref().map(|open| Arc::clone(&open.replica.store));
        let work = store.map(|store| store.sync_state()).transpose()?;
        let work = work.map(Work::from);
        let held = guard.roles_hold();
        let noted = guard.note(work);
        let is_over = guard.end_if_over();
        // Also where that cannot be written: a disk that is full gives nobody more time.
        if !matches!(is_over, Ok(false)) {
            self.lock();
        } else if held && !guard.roles_hold() {
            self.events.send(Event::State).ok();
        }
        noted.and(is_over.map(|_| ()))
    }

    /// Signs out who gave their password too long ago. A clock that is set forward costs the next password, as after sleep.
    fn lock_after_long(&self) {
        let Some(since) = self.open().as_ref().map(|open| open.since) else { return };
        if since.until(Looked::now(&self.clock)) < LONGEST_SIGN_IN {
            return;
        }
        tracing::info!("the password was given too long ago: signed out");
        self.was_too_long.store(true, Ordering::SeqCst);
        self.lock();
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
        let taken = blocking(move || {
            here.guard.take(&order, &nonce)?;
            store.map_or(Ok(()), |store| store.remember(&order))
        })
        .await;
        // Who opens it, and with which e-mail, may be another thing than what a locked window shows.
        self.events.send(Event::State).ok();
        taken
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
            email: colleague.email.as_ref().unwrap_or(&replica.person.email).clone(),
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
            tracing::info!("roles, the e-mail or the password were changed elsewhere: signed out");
            let is_still_here = self.open().as_ref().is_some_and(|open| Arc::ptr_eq(&open.replica, &replica));
            if is_still_here {
                self.lock();
            }
        }
        Ok(())
    }
}

pub(super) fn of(people: Vec<Colleague>, user: UserId) -> Option<Colleague> {
    people.into_iter().find(|colleague| colleague.user_id == user)
}

/// Acts on what is learnt, for as long as someone is signed in.
pub(super) async fn obey(desk: Weak<Desk>, guard: Arc<Guard>) {
    loop {
        guard.changed.notified().await;
        let (Some(desk), guard) = (desk.upgrade(), Arc::clone(&guard)) else { return };
        if let Err(error) = blocking(move || desk.obey(&guard)).await {
            tracing::warn!(%error, "what the server said of this computer was not done");
        }
    }
}

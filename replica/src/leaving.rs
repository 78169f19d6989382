//! A computer that was taken out of service: it locks, hands over what waits, waits for an admin's consent or a day,
//! signs what it leaves behind, destroys its keys and files, and says so. Each step is on disk before the next, so that
//! whatever stops the program, it goes on from there.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use ed25519_dalek::SigningKey;
use protocol::api::{ChallengeRequest, MAX_PUSH_BYTES, MAX_PUSH_MUTATIONS, Secret};
use protocol::error::ErrorCode;
use protocol::farewell::{Farewell, SignedFarewell, Wiped};
use protocol::id::{DeviceId, TenantId};
use protocol::validate::moment_text;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::desk::{Desk, Event, HOME, Here, UNFINISHED, blocking};
use crate::error::{Error, Result};
use crate::files;
use crate::guard::{Guard, LastWord, Work};
use crate::keyring::Keyring;
use crate::store::{Store, SyncState};
use crate::sync::address::parse_address;
use crate::sync::client::Client;
use crate::sync::handover::hand_over;
use crate::sync::surroundings::{Surroundings, System, aside};
use crate::view::AppState;

/// What is left to say once keys and files are gone; beside the clinic's folder.
const FILE: &str = "leaving.json";
/// The first pause after a failure; it doubles up to [`LOOK_AGAIN`].
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// How often it is looked whether what is waited for has come.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// A batch is never asked to be smaller than this, in bytes.
const SMALLEST_BATCH: usize = 4 * 1024;

/// What is said where another computer with the same past was first, so that what waits here is never taken.
const COPIED: &str = "What waits here cannot be handed over: this computer's disk was copied or restored, and the server has other changes in its place. It stays here until this computer's time without the server is over, and is destroyed then. Tell an admin of the clinic now what was done here last.";

/// What leaving needs of a desk.
#[derive(Default)]
pub(crate) struct Leaving {
    /// The data, opened by someone so that what waits can be handed over.
    store: Mutex<Option<Arc<Store>>>,
    /// Why the server does not take what waits, if it said so when it was asked last.
    refused: Mutex<Option<String>>,
    is_running: AtomicBool,
    woken: Arc<Notify>,
}

impl Leaving {
    fn store(&self) -> MutexGuard<'_, Option<Arc<Store>>> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refused(&self) -> MutexGuard<'_, Option<String>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what the server said of what was handed over. One that does not answer has said nothing new.
    pub(crate) fn note(&self, handed_over: &Result<()>) {
        let said = match handed_over {
            Ok(()) => None,
            Err(Error::Server { code: ErrorCode::DeviceCopied, .. }) => Some(COPIED.to_owned()),
            Err(Error::Server { detail, .. }) => {
                Some(format!("The server does not take what waits here: {detail}"))
            }
            Err(_) => return,
        };
        *self.refused() = said;
    }
}

/// What the file says.
#[derive(Serialize, Deserialize)]
pub(crate) struct Left {
    pub server: String,
    pub tenant_id: TenantId,
    pub device_id: DeviceId,
    pub installation_id: Uuid,
    pub token: Secret,
    /// Whether keys and files are gone: from then on the folder may hold something new.
    pub is_destroyed: bool,
}

impl Left {
    /// What is left to do or to say of a data folder.
    pub fn find(data_dir: &Path) -> Result<Option<Self>> {
        match std::fs::read(data_dir.join(FILE)) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes it down, whole or not at all.
    pub fn save(&self, data_dir: &Path) -> Result<()> {
        files::write_atomically(&data_dir.join(FILE), &serde_json::to_vec(self)?)
    }

    /// Destroys keys and files, and notes that they are gone.
    pub fn destroy(self, data_dir: &Path, keyring: &Keyring) -> Result<Self> {
        destroy(data_dir, keyring, self.installation_id)?;
        let left = Self { is_destroyed: true, ..self };
        left.save(data_dir)?;
        Ok(left)
    }

    /// Says that they are gone. Then nothing is left to say.
    pub async fn say(&self, client: &Client, data_dir: &Path) -> Result<()> {
        let Self { tenant_id, device_id, token, .. } = self;
        let wiped = Wiped { tenant_id: *tenant_id, device_id: *device_id, token: token.clone() };
        match client.wiped(&wiped).await {
            // A server that does not know it has nothing to learn.
            Ok(()) | Err(Error::Server { code: ErrorCode::Unauthorized | ErrorCode::NotFound, .. }) => {}
            Err(error) => return Err(error),
        }
        std::fs::remove_file(data_dir.join(FILE))?;
        Ok(())
    }
}

/// Destroys what a data folder holds of a clinic. First the slots, then the keys: without either the data is worthless,
/// whatever of the files stays on the disk.
pub(crate) fn destroy(data_dir: &Path, keyring: &Keyring, installation: Uuid) -> Result<()> {
    files::remove(&data_dir.join(HOME).join(crate::slots::FILE))?;
    keyring.forget(installation)?;
    for folder in [HOME, UNFINISHED] {
        files::remove_dir(&data_dir.join(folder))?;
    }
    Ok(())
}

/// Signs what is left behind, and brings the token with which is said that it is gone. From here on there is no way back.
pub(crate) async fn say_farewell(
    client: &Client,
    guard: &Guard,
    (tenant_id, device_id): (TenantId, DeviceId),
    key: &SigningKey,
) -> Result<Option<Secret>> {
    let challenge = client.challenge(&ChallengeRequest { tenant_id, device_id }).await?.challenge;
    let LastWord { last_sequence, lost, has_sent_all, has_consent } = guard.last_word();
    let at = guard.now();
    let farewell =
        Farewell { tenant_id, device_id, challenge, last_sequence, lost, has_sent_all, has_consent, at };
    match client.farewell(&SignedFarewell::sign(&farewell, key)?).await {
        Err(Error::Server { code: ErrorCode::SequenceGap, .. }) if has_sent_all => {
            guard.hand_over_again()?;
            Ok(None)
        }
        answer => Ok(Some(answer?.token)),
    }
}

/// Hands over what waits, as the computer that it is.
pub(crate) struct Handover {
    pub client: Client,
    pub server_name: String,
    pub tenant_id: TenantId,
    pub device_id: DeviceId,
    pub key: SigningKey,
    pub store: Arc<Store>,
}

impl Handover {
    /// Hands over all that waits, and notes how far that has come. The bytes of files are not taken from a computer that
    /// is no longer believed.
    pub async fn all(
        &self,
        surroundings: &dyn Surroundings,
        guard: &Guard,
        now: impl Fn() -> OffsetDateTime,
        tell: impl Fn(),
    ) -> Result<()> {
        // What is signed last names the last change, also if nothing waits.
        let store = Arc::clone(&self.store);
        guard.note(Some(Work::from(aside(surroundings, move || store.sync_state()).await?)))?;
        let mut max_bytes = MAX_PUSH_BYTES;
        while let Some(state) = self.batch(surroundings, now(), &mut max_bytes).await? {
            guard.note(Some(Work::from(state)))?;
            tell();
        }
        // Nor are rows that nobody signed.
        let store = Arc::clone(&self.store);
        let counted = aside(surroundings, move || Ok((store.files_only_here()?, store.sync_state()?)));
        let (files, state) = counted.await?;
        let lost = files + state.only_here;
        guard.note(Some(Work::from(state)))?;
        guard.handed_over(lost, true)
    }

    /// Hands over a batch of at most so many bytes, of fewer if that was too large; none if nothing waits.
    pub async fn batch(
        &self,
        surroundings: &dyn Surroundings,
        now: OffsetDateTime,
        max_bytes: &mut usize,
    ) -> Result<Option<SyncState>> {
        let (mut begun_anew, mut passed_over) = (Vec::new(), Vec::<DeviceId>::new());
        let (mut probes, mut refused) = (None, None);
        loop {
            let (store, limit, over) = (Arc::clone(&self.store), *max_bytes, passed_over.clone());
            let next =
                aside(surroundings, move || match store.next_adopted(&over, MAX_PUSH_MUTATIONS, limit)? {
                    Some((was, batch)) => Ok((Some(was), batch)),
                    None => Ok((None, store.next_batch(MAX_PUSH_MUTATIONS, limit)?)),
                });
            let (mut of, mut batch) = next.await?;
            if batch.is_empty()
                && let Some(error) = refused.take()
            {
                return Err(error);
            }
            let is_probe = batch.is_empty();
            if is_probe {
                // A server that was restored may have lost what it had acknowledged: that it has the last ones is asked.
                if probes.is_none() {
                    let store = Arc::clone(&self.store);
                    let last = aside(surroundings, move || store.last_of_each()).await?;
                    probes = Some(last.into_iter());
                }
                let Some((was, last)) = probes.as_mut().and_then(Iterator::next) else { return Ok(None) };
                (of, batch) = (was, vec![last]);
            }
            let (who, name) = ((self.tenant_id, self.device_id), &self.server_name);
            let receipts = match hand_over(&self.client, name, who, &self.key, of, batch).await {
                Err(Error::TooLarge) if *max_bytes > SMALLEST_BATCH => {
                    *max_bytes /= 2;
                    continue;
                }
                // Of two computers with one past, the server went on with the other one; nothing waits here.
                Err(Error::Server { code: ErrorCode::DeviceCopied, .. }) if is_probe => continue,
                Err(Error::Server { code: ErrorCode::SequenceGap, .. }) if !begun_anew.contains(&of) => {
                    begun_anew.push(of);
                    let store = Arc::clone(&self.store);
                    let again = move || match of {
                        Some(was) => store.adopt_all_again(was),
                        None => store.send_all_again(),
                    };
                    aside(surroundings, again).await?;
                    continue;
                }
                receipts => match (receipts, of.filter(|_| !is_probe)) {
                    // What was done later waits for nothing that somebody must see to first.
                    (Err(error @ Error::Server { .. }), Some(was)) => {
                        refused = Some(told_of(refused.take(), error));
                        passed_over.push(was);
                        continue;
                    }
                    (Err(error), _) => return Err(told_of(refused.take(), error)),
                    (Ok(receipts), _) => receipts,
                },
            };
            let store = Arc::clone(&self.store);
            let marked = aside(surroundings, move || {
                store.mark(&receipts, now)?;
                store.sync_state()
            });
            let state = marked.await?;
            if !is_probe {
                return Ok(Some(state));
            }
        }
    }
}

/// Which of two refusals is told. What a copy stands in the way of is never taken, and is given up in the end; what else
/// the server refuses may be taken later, and is not given up with it.
pub(crate) fn told_of(before: Option<Error>, error: Error) -> Error {
    let is_copied = |error: &Error| matches!(error, Error::Server { code: ErrorCode::DeviceCopied, .. });
    match before {
        Some(before) if is_copied(&error) && !is_copied(&before) => before,
        _ => error,
    }
}

enum Step {
    /// There is nothing left to do.
    Over,
    /// The next step can be done at once.
    Again,
    /// Something must come first: a person, an admin's consent, time.
    Wait,
}

/// Goes through the steps until the computer is gone, or the desk is.
async fn leave(desk: Weak<Desk>, woken: Arc<Notify>) {
    let mut pause = FIRST_PAUSE;
    loop {
        let step = match desk.upgrade() {
            Some(desk) => desk.leave_step().await,
            None => return,
        };
        let wait = match step {
            Ok(Step::Over) => break,
            Ok(Step::Again) => {
                pause = FIRST_PAUSE;
                continue;
            }
            Ok(Step::Wait) => LOOK_AGAIN,
            Err(error) => {
                tracing::warn!(%error, "a step of leaving was not done; it will be tried again");
                let now = pause;
                pause = (pause * 2).min(LOOK_AGAIN);
                now
            }
        };
        tokio::select! {
            () = woken.notified() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
    if let Some(desk) = desk.upgrade() {
        desk.leaving.is_running.store(false, Ordering::SeqCst);
    }
}

impl Desk {
    /// Goes on with leaving, if this computer was taken out of service: looks at once whether what it waits for has come.
    pub fn go_on_leaving(self: &Arc<Self>) {
        if self.leaving.is_running.swap(true, Ordering::SeqCst) {
            self.leaving.woken.notify_one();
        } else {
            tokio::spawn(leave(Arc::downgrade(self), Arc::clone(&self.leaving.woken)));
        }
    }

    /// The same with the data, which someone has opened: nobody is signed in, and what waits is handed over. A command that
    /// still runs has saved what it does by now, or cannot any more.
    pub(crate) fn leave_with(self: &Arc<Self>, store: Arc<Store>) {
        store.take_no_more_work();
        *self.leaving.store() = Some(store);
        self.go_on_leaving();
    }

    /// Whether keys and files are being destroyed.
    pub(crate) fn is_being_wiped(&self) -> bool {
        matches!(self.left(), Ok(Some(left)) if !left.is_destroyed)
    }

    /// Whether there is something left to do or to say.
    pub(crate) fn is_leaving(&self) -> bool {
        matches!(self.left(), Ok(Some(_))) || matches!(self.guard(), Ok(Some(guard)) if guard.is_revoked())
    }

    /// What a computer shows that is out of service.
    pub(crate) fn leaving_view(&self, here: &Here) -> AppState {
        let about = here.slots.about();
        let (waiting, is_open) = (here.guard.waiting(), self.leaving.store().is_some());
        let is_handed_over = here.guard.has_handed_over();
        let problem = if is_handed_over {
            let lost = here.guard.last_word().lost;
            (lost > 0).then(|| format!("Not all could be handed over: what only this computer has is destroyed with it (changes, files and records: {lost})."))
        } else {
            self.leaving.refused().clone()
        };
        // Nothing is destroyed before it is over with what waits.
        let wipes_at = here.guard.wipes_at().filter(|_| is_handed_over || problem.is_none());
        AppState::Revoked {
            tenant_name: about.tenant_name.clone(),
            clinic_name: about.clinic_name.clone(),
            people: here.slots.people(),
            waiting: if is_handed_over { 0 } else { waiting },
            needs_password: !is_handed_over && !is_open && here.guard.may_hold_work(),
            wipes_at: wipes_at.map(moment_text),
            problem: problem.map(|problem| self.speaks().say(problem)),
        }
    }

    async fn leave_step(self: &Arc<Self>) -> Result<Step> {
        let desk = Arc::clone(self);
        if let Some(left) = blocking(move || desk.left()).await? {
            return self.end(left).await;
        }
        let desk = Arc::clone(self);
        let here = match blocking(move || desk.here()).await {
            Err(Error::NotEnrolled) => return Ok(Step::Over),
            here => here?,
        };
        if !here.guard.is_revoked() {
            return Ok(Step::Over);
        }
        // Also without a network: the time goes on, and passwords open nothing beyond its end.
        let desk = Arc::clone(self);
        if let Err(error) = blocking(move || desk.tick()).await {
            tracing::warn!(%error, "what is due was not done");
        }
        if !here.guard.has_handed_over() {
            return self.hand_over(&here).await;
        }
        if !here.guard.may_wipe() {
            // An admin's consent may have come since.
            self.ask_standing().await?;
        }
        if here.guard.may_wipe() { self.say_farewell(&here).await } else { Ok(Step::Wait) }
    }

    /// Hands over what waits, or finds that there is nothing, or nobody to open it.
    async fn hand_over(self: &Arc<Self>, here: &Here) -> Result<Step> {
        let store = self.leaving.store().clone();
        let Some(store) = store else {
            if here.guard.may_hold_work() && here.guard.opens_offline() {
                // Someone's password still opens it.
                self.ask_standing().await?;
                return Ok(Step::Wait);
            }
            // Closed with nothing waiting, it had sent all: the server says so if a restore lost some of that.
            here.guard.handed_over(here.guard.only_here(), !here.guard.may_hold_work())?;
            return Ok(Step::Again);
        };
        let about = here.slots.about();
        let handover = Handover {
            client: Client::new(&parse_address(&about.server)?)?,
            server_name: about.server_name.clone(),
            tenant_id: about.tenant_id,
            device_id: about.device_id,
            key: here.secrets.key.clone(),
            store,
        };
        let handed_over = handover.all(&System, &here.guard, || self.clock.now(), || self.tell_state()).await;
        self.leaving.note(&handed_over);
        match handed_over {
            // It is never taken, and by now nobody could open it any more.
            Err(Error::Server { code: ErrorCode::DeviceCopied, .. }) if !here.guard.opens_offline() => {
                here.guard.handed_over(here.guard.only_here(), false)?;
            }
            Err(error) => {
                self.tell_state();
                return Err(error);
            }
            Ok(()) => {}
        }
        *self.leaving.store() = None;
        self.tell_state();
        Ok(Step::Again)
    }

    /// Signs what is left behind. Once the server has taken that, there is no way back.
    async fn say_farewell(self: &Arc<Self>, here: &Here) -> Result<Step> {
        let about = here.slots.about();
        let (tenant_id, device_id) = (about.tenant_id, about.device_id);
        let client = Client::new(&parse_address(&about.server)?)?;
        let said = say_farewell(&client, &here.guard, (tenant_id, device_id), &here.secrets.key).await?;
        let Some(token) = said else {
            self.tell_state();
            return Ok(Step::Again);
        };
        let left = Left {
            server: about.server.clone(),
            tenant_id,
            device_id,
            installation_id: about.installation_id,
            token,
            is_destroyed: false,
        };
        let desk = Arc::clone(self);
        blocking(move || left.save(&desk.data_dir)).await?;
        Ok(Step::Again)
    }

    /// Destroys keys and files, and says so.
    async fn end(self: &Arc<Self>, mut left: Left) -> Result<Step> {
        if !left.is_destroyed {
            let desk = Arc::clone(self);
            left = blocking(move || desk.destroy(left)).await?;
            self.tell_state();
        }
        left.say(&Client::new(&parse_address(&left.server)?)?, &self.data_dir).await?;
        self.tell_state();
        Ok(Step::Over)
    }

    fn destroy(&self, left: Left) -> Result<Left> {
        *self.leaving.store() = None;
        *self.leaving.refused() = None;
        self.forget_guard();
        left.destroy(&self.data_dir, &self.keyring)
    }

    fn left(&self) -> Result<Option<Left>> {
        Left::find(&self.data_dir)
    }

    fn tell_state(&self) {
        self.events.send(Event::State).ok();
    }
}

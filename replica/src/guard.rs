//! How this computer stands with its server, known before its data is open: the order key that it believes, its lease,
//! and the time, which nobody turns back. Sealed under the device's secret in a file beside the slots.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration as Span;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use protocol::id::{DeviceId, TenantId};
use protocol::signing::{consent_message, parse_public_key, verify};
use protocol::standing::{Colleague, Consent, Lease, Order, Revocation, SignedOrder, WIPE_WAIT};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use tokio::sync::Notify;
use zeroize::Zeroizing;

use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::files;
use crate::keyring::DeviceSecrets;
use crate::sealed::{Sealed, derive};
use crate::slots::Slots;
use crate::store::SyncState;
use crate::view::LeaseView;

/// The file beside the slots.
const FILE: &str = "standing.json";
/// The time goes to the disk this often; a computer that is switched off in between forgets no more.
const NOTE_EVERY: Duration = Duration::minutes(1);

/// What the file holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Held {
    /// The public half of the server's order key.
    order_key: Option<String>,
    lease: Option<Lease>,
    /// The latest time that this computer knows of, by the server's clock, in milliseconds since 1970.
    seen_ms: i64,
    /// What was added to this computer's clock for the server's when the lease came.
    offset_ms: i64,
    /// For how long the program has run here by then, all in all, in milliseconds. No clock that anybody sets changes it.
    ran_ms: i64,
    /// How many changes waited for the network when that was last known.
    waiting: u32,
    /// How many attached files did.
    files: u32,
    /// How many records the server had lost.
    only_here: u32,
    /// Whether someone was signed in since: then more may wait than is known.
    is_open: bool,
    /// The number of the last change that was made here.
    last_sequence: i64,
    /// For how long the program had run when each computer of an admin became known, by its public key.
    admins_known: BTreeMap<String, i64>,
    revoked: Option<Revoked>,
}

impl Held {
    fn take(&mut self, work: Work) {
        let Work { waiting, files, only_here, last_sequence } = work;
        (self.waiting, self.files, self.only_here, self.last_sequence) =
            (waiting, files, only_here, last_sequence);
    }

    fn work(&self) -> Work {
        let &Self { waiting, files, only_here, last_sequence, .. } = self;
        Work { waiting, files, only_here, last_sequence }
    }
}

/// This computer was taken out of service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Revoked {
    /// For how long the program had run when this computer learnt of it, in milliseconds.
    #[serde(default)]
    learnt_ran_ms: i64,
    consent: Option<Consent>,
    /// Whether what waited was handed over, as far as anybody opened it, and how much else was here and nowhere else.
    lost: Option<u32>,
    /// Whether every change was handed over.
    #[serde(default)]
    has_sent_all: bool,
}

/// What is signed last.
pub(crate) struct LastWord {
    /// The number of the last change that was made here.
    pub last_sequence: i64,
    /// How much is lost with the computer.
    pub lost: u32,
    /// Whether every change was handed over.
    pub has_sent_all: bool,
    /// Whether an admin's computer agreed.
    pub has_consent: bool,
}

/// How this computer stands.
pub(crate) struct Guard {
    home: PathBuf,
    key: Zeroizing<[u8; 32]>,
    about: String,
    device: (TenantId, DeviceId),
    clock: Clock,
    held: Mutex<Known>,
    /// Told when something was learnt that whoever is signed in may feel.
    pub changed: Notify,
}

/// How far the work on this computer has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Work {
    /// How many changes wait for the network.
    pub waiting: u32,
    /// How many attached files do.
    pub files: u32,
    /// How many records are here of which the server has nothing, or only something older.
    pub only_here: u32,
    /// The number of the last change.
    pub last_sequence: i64,
}

impl From<SyncState> for Work {
    fn from(state: SyncState) -> Self {
        Self {
            waiting: state.waiting,
            files: state.files.waiting,
            only_here: state.only_here,
            last_sequence: state.last_sequence,
        }
    }
}

struct Known {
    held: Held,
    /// Where the clock that only runs while the computer does stood at `held.seen_ms` and `held.ran_ms`.
    ran: Span,
    /// The time on disk.
    noted_ms: i64,
    /// Whether the disk says that someone is signed in.
    says_open: bool,
}

impl Guard {
    /// How the computer of this folder stands. A file that is not there, or not of this keyring, is as good as none:
    /// then only the server opens the computer, and tells anew how it stands.
    pub fn open(home: &Path, device: (TenantId, DeviceId), secrets: &DeviceSecrets, clock: Clock) -> Self {
        let key = derive(&[secrets.secret.as_slice()], b"cd-standing-1");
        let about = format!("cd-standing-1\n{}\n{}", device.0, device.1);
        let held = read(&home.join(FILE), &key, &about).unwrap_or_else(|| {
            tracing::info!("nothing is known of how this computer stands; the server will say");
            Held::default()
        });
        let (noted_ms, says_open) = (held.seen_ms, held.is_open);
        let known = Known { ran: clock.running(), noted_ms, says_open, held };
        let (home, changed) = (home.to_owned(), Notify::new());
        Self { home, key, about, device, clock, held: Mutex::new(known), changed }
    }

    /// The time by the server's clock, as far as this computer can know it: never before the latest that it knows of,
    /// and going on while it runs, whatever its clock is set to.
    pub fn now(&self) -> OffsetDateTime {
        moment(self.time(&self.lock()))
    }

    fn time(&self, known: &Known) -> i64 {
        let by_clock = millis(self.clock.now()).saturating_add(known.held.offset_ms);
        by_clock.max(known.held.seen_ms.saturating_add(self.ran_since(known)))
    }

    /// For how long the program has run since the latest time that is known.
    fn ran_since(&self, known: &Known) -> i64 {
        let ran = self.clock.running().saturating_sub(known.ran);
        i64::try_from(ran.as_millis()).unwrap_or(i64::MAX)
    }

    /// For how long the program has run here, all in all.
    fn ran(&self, known: &Known) -> i64 {
        known.held.ran_ms.saturating_add(self.ran_since(known))
    }

    /// From here on time is counted from this moment.
    fn count_from(&self, known: &mut Known, moment_ms: i64) {
        known.held.ran_ms = self.ran(known);
        known.held.seen_ms = moment_ms;
        known.ran = self.clock.running();
    }

    /// Notes the time, and how far the work here has come if that is known. What was counted before the last change that is
    /// known of says nothing: somebody saved it and signed out meanwhile.
    pub fn note(&self, work: Option<Work>) -> Result<()> {
        let mut known = self.lock();
        let now_ms = self.time(&known);
        let is_due = now_ms - known.noted_ms >= NOTE_EVERY.whole_milliseconds() as i64;
        self.count_from(&mut known, now_ms);
        let before = known.held.work();
        let now = work.filter(|work| work.last_sequence >= before.last_sequence).unwrap_or(before);
        known.held.take(now);
        if is_due || now != before { self.save(&mut known) } else { Ok(()) }
    }

    /// Someone signs in: from now on changes are made of which this does not know.
    pub fn opened(&self) -> Result<()> {
        let mut known = self.lock();
        known.held.is_open = true;
        self.save(&mut known)
    }

    /// Sees to it, before anything is saved, that the disk says so: what waits would else be destroyed unseen with a computer
    /// that is out of service.
    pub fn must_say_open(&self) -> Result<()> {
        let mut known = self.lock();
        if known.says_open || !known.held.is_open { Ok(()) } else { self.save(&mut known) }
    }

    /// Nobody is signed in any more, and this is all that was done.
    pub fn closed(&self, work: Work) -> Result<()> {
        let mut known = self.lock();
        known.held.is_open = false;
        known.held.take(work);
        self.save(&mut known)
    }

    /// Whether something may wait here that was not sent.
    pub fn may_hold_work(&self) -> bool {
        let known = self.lock();
        known.held.is_open || known.held.waiting > 0
    }

    /// Something to ask the server with, that an answer to another question does not have.
    pub fn nonce() -> Result<String> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(Error::internal)?;
        Ok(BASE64_STANDARD.encode(bytes))
    }

    /// What is known from the encrypted file, if it is not known yet.
    pub fn learn_key(&self, order_key: Option<String>) {
        let mut known = self.lock();
        known.held.order_key = known.held.order_key.take().or(order_key);
    }

    /// The public half of the order key that is believed.
    pub fn order_key(&self) -> Option<String> {
        self.lock().held.order_key.clone()
    }

    /// Takes what the server said to this question, and closes the slots that it no longer grants.
    ///
    /// # Errors
    ///
    /// [`Error::OrderNotBelieved`]: whoever said it is not the server that this computer was enrolled at. Nothing
    /// changes.
    pub fn take(&self, order: &SignedOrder, nonce: &str) -> Result<()> {
        let mut known = self.lock();
        let opened = order.open(known.held.order_key.as_deref(), self.device);
        match opened.map_err(Error::OrderNotBelieved)? {
            Order::Lease(lease) if lease.nonce != nonce => {
                return Err(Error::internal("the lease answers another question"));
            }
            // Out of service, it neither learns the time nor loses a slot by one: a stolen server would destroy unsent work.
            Order::Lease(_) if known.held.revoked.is_some() => {}
            Order::Lease(lease) => self.renew(&mut known, lease)?,
            Order::Revoked(revocation) => self.revoke(&mut known, revocation),
        }
        known.held.order_key = Some(order.key.clone());
        let saved = self.save(&mut known);
        drop(known);
        // What was said holds also where it cannot be written: a disk that is full keeps nobody signed in.
        self.changed.notify_one();
        saved
    }

    fn renew(&self, known: &mut Known, lease: Lease) -> Result<()> {
        // The server knows the time; a clock that once ran ahead is forgiven.
        known.held.offset_ms = millis(lease.issued_at) - millis(self.clock.now());
        self.count_from(known, millis(lease.issued_at));
        Slots::change_if_any(&self.home, |slots| slots.keep_to(&lease))?;
        let (ran_ms, held) = (known.held.ran_ms, &known.held.admins_known);
        let since = |key: &String| held.get(key).copied().unwrap_or(ran_ms);
        known.held.admins_known = lease
            .admin_devices
            .iter()
            .map(|admin| (admin.public_key.clone(), since(&admin.public_key)))
            .collect();
        known.held.lease = Some(lease);
        Ok(())
    }

    /// Out of service is for ever; what may still come is a consent.
    fn revoke(&self, known: &mut Known, revocation: Revocation) {
        let now_ms = self.time(known);
        self.count_from(known, now_ms);
        let learnt_ran_ms = known.held.ran_ms;
        let revoked = known.held.revoked.get_or_insert(Revoked {
            learnt_ran_ms,
            consent: None,
            lost: None,
            has_sent_all: false,
        });
        revoked.consent = revocation.consent.or(revoked.consent.take());
    }

    /// Whether this computer was taken out of service.
    pub fn is_revoked(&self) -> bool {
        self.lock().held.revoked.is_some()
    }

    /// Whether nothing is left here that could be handed over.
    pub fn has_handed_over(&self) -> bool {
        self.lock().held.revoked.as_ref().is_some_and(|revoked| revoked.lost.is_some())
    }

    /// Nothing is left here to hand over: every change is, or nobody could open them any more. So much is lost with the
    /// computer: such changes, files that were not sent, and records that the server had lost.
    pub fn handed_over(&self, lost: u32, has_sent_all: bool) -> Result<()> {
        let mut known = self.lock();
        if let Some(revoked) = &mut known.held.revoked {
            (revoked.lost, revoked.has_sent_all) = (Some(lost), has_sent_all);
        }
        self.save(&mut known)
    }

    /// The server has lost what was handed over: someone must open the data once more, as if it had not been closed.
    pub fn hand_over_again(&self) -> Result<()> {
        let mut known = self.lock();
        known.held.is_open = true;
        if let Some(revoked) = &mut known.held.revoked {
            (revoked.lost, revoked.has_sent_all) = (None, false);
        }
        self.save(&mut known)
    }

    /// What is signed last.
    pub fn last_word(&self) -> LastWord {
        let known = self.lock();
        let revoked = known.held.revoked.as_ref();
        LastWord {
            last_sequence: known.held.last_sequence,
            lost: revoked.and_then(|revoked| revoked.lost).unwrap_or(0),
            has_sent_all: revoked.is_some_and(|revoked| revoked.has_sent_all),
            has_consent: self.consent_since(&known.held).is_some(),
        }
    }

    /// When this computer may destroy what is on it if it stays on: when it has run for a day since it learnt that it is out
    /// of service, or since it learnt of the admin's computer that agreed. What the server or this computer's clock says of
    /// the time does not shorten that day. So a stolen server, which can name any computer an admin's, gains nothing by it.
    pub fn wipes_at(&self) -> Option<OffsetDateTime> {
        let known = self.lock();
        Some(moment(self.time(&known).saturating_add(self.left_to_wait(&known)?)))
    }

    /// Whether that time has come.
    pub fn may_wipe(&self) -> bool {
        self.left_to_wait(&self.lock()) == Some(0)
    }

    /// For how long the program must still run before, in milliseconds.
    fn left_to_wait(&self, known: &Known) -> Option<i64> {
        let learnt = known.held.revoked.as_ref()?.learnt_ran_ms;
        let since = self.consent_since(&known.held).map_or(learnt, |since| since.min(learnt));
        let waited = self.ran(known).saturating_sub(since);
        Some((WIPE_WAIT.whole_milliseconds() as i64).saturating_sub(waited).max(0))
    }

    /// For how long the program had run when the admin's computer became known that agreed.
    fn consent_since(&self, held: &Held) -> Option<i64> {
        let consent = held.revoked.as_ref()?.consent.as_ref()?;
        let admins = &held.lease.as_ref()?.admin_devices;
        let admin = admins.iter().find(|admin| admin.device_id == consent.device_id)?;
        let key = parse_public_key(&admin.public_key)?;
        let message = consent_message(self.device.0, self.device.1);
        verify(&key, &message, &consent.signature)
            .then(|| held.admins_known.get(&admin.public_key).copied())?
    }

    /// Whether people open this computer with their own slots.
    pub fn opens_offline(&self) -> bool {
        self.lease().is_some_and(|lease| lease.offline_days > 0 && self.now() <= lease.not_after())
    }

    /// Whether the time without contact is over; then nobody has a slot any more.
    pub fn end_if_over(&self) -> Result<bool> {
        let Some(lease) = self.lease() else { return Ok(false) };
        if self.now() <= lease.not_after() {
            return Ok(false);
        }
        if Slots::change_if_any(&self.home, Slots::close_all)? {
            tracing::warn!("this computer was without contact for too long; only the server opens it");
        }
        Ok(true)
    }

    /// Whether the roles of people still hold without contact.
    pub fn roles_hold(&self) -> bool {
        self.lease().is_none_or(|lease| self.now() <= lease.roles_until())
    }

    /// Who may work here, as the server last said.
    pub fn people(&self) -> Option<Vec<Colleague>> {
        self.lease().map(|lease| lease.people)
    }

    /// How many changes waited for the network when that was last known.
    pub fn waiting(&self) -> u32 {
        self.lock().held.waiting
    }

    /// How many attached files did.
    pub fn files(&self) -> u32 {
        self.lock().held.files
    }

    /// How much would be lost with this computer by what was last known.
    pub fn only_here(&self) -> u32 {
        let Work { waiting, files, only_here, .. } = self.lock().held.work();
        waiting + files + only_here
    }

    /// For how long this computer still works without contact, to be shown.
    pub fn view(&self) -> Option<LeaseView> {
        let lease = self.lease()?;
        let now = self.now();
        let (age, left) = (now - lease.issued_at, lease.not_after() - now);
        let whole = lease.not_after() - lease.issued_at;
        Some(LeaseView {
            days_allowed: lease.offline_days.into(),
            days_without: u32::try_from(age.whole_days()).unwrap_or(0),
            hours_left: u32::try_from(left.whole_hours()).unwrap_or(0),
            // Four fifths of the time are over.
            ends_soon: left * 5 <= whole,
            has_ended: left.is_negative(),
            roles_lapsed: now > lease.roles_until(),
        })
    }

    /// The last lease.
    pub fn lease(&self) -> Option<Lease> {
        self.lock().held.lease.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn save(&self, known: &mut Known) -> Result<()> {
        let bytes = Zeroizing::new(serde_json::to_vec(&known.held)?);
        let sealed = Sealed::new(&bytes, &self.key, &self.about)?;
        files::write_atomically(&self.home.join(FILE), &serde_json::to_vec(&sealed)?)?;
        known.noted_ms = known.held.seen_ms;
        known.says_open = known.held.is_open;
        Ok(())
    }
}

fn read(path: &Path, key: &[u8; 32], about: &str) -> Option<Held> {
    let sealed: Sealed = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
    serde_json::from_slice(&sealed.open(key, about).ok()??).ok()
}

fn millis(moment: OffsetDateTime) -> i64 {
    i64::try_from(moment.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}

fn moment(millis: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

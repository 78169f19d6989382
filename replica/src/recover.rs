//! A computer whose keyring is lost: the recovery code opens its data, an enrolment gives it another id, and the data goes
//! on under another key. Until the slots name the copy, the old files are as they were; whatever stops it, it is begun
//! again.

use std::sync::{Arc, MutexGuard, PoisonError};

use protocol::api::EnrolResponse;
use protocol::id::UserId;
use protocol::permission::Capability;
use protocol::recovery::{Recovers, RecoveryMade};
use protocol::validate::moment_text;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::desk::{Access, Desk, Event, Here, SignIn, blocking, enrol_request, take};
use crate::error::{Error, Result};
use crate::files;
use crate::keyring::DeviceSecrets;
use crate::own_key::OwnKey;
use crate::recovery_code::RecoveryCode;
use crate::slots::{About, Slots, UserSlot};
use crate::store::{DatabaseKey, Facts, Last, Past, Store, rekey, remove_database};
use crate::sync::address::parse_address;
use crate::sync::client::Client;
use crate::sync::engine::Typed;
use crate::view::{AppState, Enrolment, RecoveryForm, RecoveryPage, RecoveryView};

/// Names the keys of the computer that this one is about to become; beside the slots.
const FILE: &str = "recovering.json";

/// How far a recovery has come, for tests that stop it there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecoverStep {
    /// The data lies there once more, under another key.
    Copied,
    /// The keys of the new computer are in the keyring.
    KeysKept,
    /// The server knows the new computer.
    Enrolled,
    /// The copy says that it is the new computer's.
    Renamed,
    /// The slots name the copy.
    Replaced,
}

/// A recovery code that someone must write down.
pub(crate) struct ShownCode {
    /// For whom it was made; nobody as long as nobody has signed in since.
    user: Option<UserId>,
    page: RecoveryPage,
}

/// What the recovery code opened, and its copy.
struct Opened {
    slots: Slots,
    fingerprint: String,
    facts: Facts,
    last: Last,
    key: DatabaseKey,
    store: Arc<Store>,
}

/// The slots of the computer that this one becomes, not yet written.
struct Become {
    slots: Slots,
    code: RecoveryCode,
    made: RecoveryMade,
    facts: Facts,
}

impl Desk {
    /// Opens this computer, whose keys are lost, with its recovery code, enrols it under another id, and signs in whoever
    /// did it. What it had not sent is brought for a person to look at. Another recovery code is made and shown.
    ///
    /// Where the keys are there, and a restored server does not know this computer, it comes back under the id that it has,
    /// and the code stays.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for what is no recovery code, and where it is out of service while the keys are there;
    /// [`Error::WrongRecoveryCode`]; those of an enrolment. The data is as it was, and it can be tried again.
    pub async fn recover(self: &Arc<Self>, form: RecoveryForm) -> Result<AppState> {
        self.recover_with(form, |_| Ok(())).await
    }

    /// The same; `reached` is told of every step, and an error of it stops there, as a power cut would.
    #[cfg(any(test, feature = "test-keyring"))]
    pub async fn recover_until(
        self: &Arc<Self>,
        form: RecoveryForm,
        reached: impl Fn(RecoverStep) -> Result<()> + Send,
    ) -> Result<AppState> {
        self.recover_with(form, reached).await
    }

    async fn recover_with(
        self: &Arc<Self>,
        form: RecoveryForm,
        reached: impl Fn(RecoverStep) -> Result<()> + Send,
    ) -> Result<AppState> {
        let _alone = self.enrolling.lock().await;
        let code = RecoveryCode::parse(&form.recovery_code)?;
        let desk = Arc::clone(self);
        if let Some(here) = blocking(move || Ok(desk.with_keys())).await? {
            return self.enrol_again_by_code(here, code, &form).await;
        }
        let desk = Arc::clone(self);
        let opened = blocking(move || desk.open_lost(&code)).await?;
        reached(RecoverStep::Copied)?;
        let desk = Arc::clone(self);
        let (installation, secrets) = blocking(move || desk.next_keys()).await?;
        reached(RecoverStep::KeysKept)?;
        let answer = match self.ask_back(&form, &opened, &secrets).await {
            Ok(answer) => answer,
            Err(error) => {
                let (desk, is_lost) = (Arc::clone(self), matches!(error, Error::ServerUnreachable));
                blocking(move || desk.throw_away(opened, (!is_lost).then_some(installation))).await?;
                return Err(error);
            }
        };
        reached(RecoverStep::Enrolled)?;
        let desk = Arc::clone(self);
        let (opened, answer, next) = blocking(move || {
            let next = desk.rename(&opened, &answer, installation, &secrets)?;
            Ok((opened, answer, next))
        })
        .await?;
        reached(RecoverStep::Renamed)?;
        let (old, key, store) = (opened.slots.about().installation_id, opened.key, opened.store);
        let next = blocking(move || {
            next.slots.save()?;
            Ok(next)
        })
        .await?;
        reached(RecoverStep::Replaced)?;
        let (desk, password) = (Arc::clone(self), Zeroizing::new(form.password));
        blocking(move || {
            desk.forget_guard();
            let here = desk.here()?;
            here.guard.learn_key(store.order_key()?);
            let session = answer.session;
            take(&here.guard, session.tokens.standing.as_ref(), "");
            if let Some(order) = &session.tokens.standing {
                store.remember(order)?;
            }
            let typed = desk.password(&password, &session, &here.guard);
            let own_key = OwnKey::born(store.sync_state()?.last_sequence)?;
            let now_ms = desk.now_ms();
            desk.change_slots(|slots| {
                slots.put_user(&session.user, &typed, &here.secrets, &key, Some(&own_key), now_ms)
            })?;
            // What opened the old file, if it is still somewhere, opens nothing here.
            desk.keyring.forget(old).ok();
            desk.show_code(&next.code, &next.made, &next.facts, Some(session.user.id));
            let password_version = typed.version;
            let access = Access::Token(session.tokens.access_token);
            let own_key = Some((own_key, Typed::new(&session.user.email, &password)));
            desk.sign_in(here, SignIn { store, person: session.user, password_version, access, own_key })
        })
        .await
    }

    /// This computer, if its keys are there and it is in service.
    fn with_keys(&self) -> Option<Here> {
        let here = self.here().ok().filter(|_| !self.is_being_wiped())?;
        (here.slots.check_keyring(&here.secrets).is_ok() && !here.guard.is_revoked()).then_some(here)
    }

    /// Opens the data whose keys are lost, and copies it under another key.
    fn open_lost(&self, code: &RecoveryCode) -> Result<Opened> {
        let slots = self.slots()?.filter(|_| !self.is_being_wiped()).ok_or(Error::NotEnrolled)?;
        match self
            .keyring
            .device(slots.about().installation_id)
            .and_then(|secrets| slots.check_keyring(&secrets))
        {
            Ok(()) => return Err(keys_are_there()),
            Err(Error::KeyringEntryMissing | Error::SlotOfAnotherDevice) => {}
            Err(error) => return Err(error),
        }
        let old_key = slots.open_recovery(code)?.ok_or(Error::WrongRecoveryCode)?;
        let (path, key) = (slots.next_database(), DatabaseKey::random()?);
        rekey((&slots.database(), &old_key), (&path, &key))?;
        let store = Arc::new(Store::open(&path, &key)?);
        let (facts, last) = (store.facts()?, store.last()?);
        Ok(Opened { slots, fingerprint: code.fingerprint(), facts, last, key, store })
    }

    /// The keys of the computer that this one becomes: in the keyring before the server is asked, and the same ones if its
    /// answer was lost.
    fn next_keys(&self) -> Result<(Uuid, DeviceSecrets)> {
        let path = self.home().join(FILE);
        if let Ok(bytes) = std::fs::read(&path)
            && let Ok(installation) = serde_json::from_slice(&bytes)
            && let Ok(secrets) = self.keyring.device(installation)
        {
            return Ok((installation, secrets));
        }
        let (installation, secrets) = (Uuid::new_v4(), DeviceSecrets::random()?);
        self.keyring.put_device(installation, &secrets)?;
        files::write_atomically(&path, &serde_json::to_vec(&installation)?)?;
        Ok((installation, secrets))
    }

    /// Enrols it, as what the computer becomes whose data the code opened.
    async fn ask_back(
        &self,
        form: &RecoveryForm,
        opened: &Opened,
        secrets: &DeviceSecrets,
    ) -> Result<EnrolResponse> {
        let Opened { facts, last, fingerprint, .. } = opened;
        let recovers = Recovers {
            device_id: facts.device_id,
            fingerprint: fingerprint.clone(),
            until: last.sequence,
            until_hash: last.hash,
        };
        let enrolment = Enrolment {
            server: facts.server.clone(),
            code: form.code.clone(),
            email: form.email.clone(),
            password: form.password.clone(),
            device_name: facts.device_name.clone(),
        };
        let client = Client::new(&parse_address(&facts.server)?)?;
        let answer = client.enrol(&enrol_request(&enrolment, secrets, Some(recovers))).await?;
        if answer.tenant_id != facts.tenant_id {
            return Err(Error::Invalid("The one-time code is another clinic's. Nothing was changed.".into()));
        }
        Ok(answer)
    }

    /// The server said no: nothing is left of the attempt. If its answer was lost, the keys stay for the next one.
    fn throw_away(&self, opened: Opened, installation: Option<Uuid>) -> Result<()> {
        let copy = opened.slots.next_database();
        drop(opened);
        if let Some(installation) = installation {
            files::remove(&self.home().join(FILE))?;
            self.keyring.forget(installation)?;
        }
        remove_database(&copy)
    }

    /// Lets the copy be the new computer's, and makes its slots: nobody's but the server's and a recovery code's yet.
    fn rename(
        &self,
        opened: &Opened,
        answer: &EnrolResponse,
        installation_id: Uuid,
        secrets: &DeviceSecrets,
    ) -> Result<Become> {
        let Opened { facts: old, key, store, .. } = opened;
        let facts = Facts {
            tenant_name: answer.tenant_name.clone(),
            device_id: answer.device_id,
            lane: answer.lane.clone(),
            clinic_name: answer.clinic_name.clone(),
            server_name: answer.server_name.clone(),
            ..old.clone()
        };
        let public_key = answer.recovered_key.clone().unwrap_or_default();
        let until = opened.last.sequence;
        let was = Past { device_id: old.device_id, until, public_key, is_recovered: true };
        store.go_on_as(&facts, &was)?;
        store.put_staff(&answer.session.user)?;
        let about = About::of(installation_id, &facts);
        let key_version = opened.slots.key_version().saturating_add(1);
        let mut slots = Slots::new(&self.home(), about, key_version, secrets);
        slots.put_server(&answer.session.unlock_key, secrets, key)?;
        let code = RecoveryCode::random()?;
        let made = slots.put_recovery(&code, key, self.clock.now())?;
        store.put_recovery(&made)?;
        self.keep_refresh_token(installation_id, &answer.session, &store.token_key)?;
        Ok(Become { slots, code, made, facts })
    }

    /// Removes what a recovery has left: what it began with, and what it did not end.
    pub(crate) fn sweep_lost(&self, slots: &Slots) {
        let swept = slots.other_databases().iter().try_for_each(|other| remove_database(other));
        if let Err(error) = swept.and_then(|()| files::remove(&self.home().join(FILE))) {
            tracing::warn!(%error, "what a recovery left was not removed");
        }
    }

    /// Makes another recovery code for this computer, in place of the one before, and shows it. Whoever is signed in, an
    /// admin, gives their password once more.
    ///
    /// # Errors
    ///
    /// [`Error::Locked`], [`Error::Forbidden`], [`Error::WrongPassword`]; the code before still opens this computer then.
    pub async fn new_recovery_code(self: &Arc<Self>, password: &str) -> Result<AppState> {
        let replica = self.replica()?;
        if !replica.person.roles.has(Capability::ManageDevices) {
            return Err(Error::Forbidden("Only an admin makes a recovery code."));
        }
        let email = replica.person.email.clone();
        let (desk, typed, secret) = (Arc::clone(self), email.clone(), Zeroizing::new(password.to_owned()));
        let (here, tried) = blocking(move || {
            let here = desk.here()?;
            let tried = here.slots.open_user(&typed, &secret, &here.secrets)?;
            Ok((here, tried))
        })
        .await?;
        let signed = match &tried {
            UserSlot::Open(_) => None,
            UserSlot::Closed => return Err(Error::WrongPassword),
            // Nobody opens this computer without the server.
            UserSlot::None => Some(self.login(here, &email, password).await?),
        };
        let desk = Arc::clone(self);
        blocking(move || {
            let key = match (tried, signed) {
                (UserSlot::Open(slot), _) => slot.key,
                (_, Some(signed)) => {
                    let installation = signed.here.slots.about().installation_id;
                    desk.keep_refresh_token(installation, &signed.session, &replica.store.token_key)?;
                    signed.here.slots.open_server(&signed.session.unlock_key, &signed.here.secrets)?
                }
                _ => return Err(Error::WrongPassword),
            };
            let (code, now) = (RecoveryCode::random()?, desk.clock.now());
            let made = desk.change_slots(|slots| slots.put_recovery(&code, &key, now))?;
            desk.show_code(&code, &made, &replica.store.facts()?, Some(replica.person.id));
            replica.store.put_recovery(&made)?;
            replica.wake();
            desk.events.send(Event::State).ok();
            Ok(desk.state())
        })
        .await
    }

    /// The recovery code that waits to be written down, as long as whoever it was made for is signed in.
    pub fn recovery_page(&self) -> Result<Option<RecoveryPage>> {
        let user = self.replica()?.person.id;
        Ok(self.shown().as_ref().filter(|shown| shown.user == Some(user)).map(|shown| shown.page.clone()))
    }

    /// Whoever is signed in says that the code is written down: it is never shown again.
    pub fn recovery_is_kept(&self) -> Result<AppState> {
        if let Some(page) = self.recovery_page()? {
            self.change_slots(|slots| {
                slots.recovery_is_kept(&page.fingerprint);
                Ok(())
            })?;
            *self.shown() = None;
            self.events.send(Event::State).ok();
        }
        Ok(self.state())
    }

    /// Shows a code to whom it was made for, or to whoever signs in next.
    pub(crate) fn show_code(
        &self,
        code: &RecoveryCode,
        made: &RecoveryMade,
        facts: &Facts,
        user: Option<UserId>,
    ) {
        let page = RecoveryPage {
            code: code.text().to_string(),
            fingerprint: made.fingerprint.clone(),
            device_name: facts.device_name.clone(),
            tenant_name: facts.tenant_name.clone(),
            clinic_name: facts.clinic_name.clone(),
            made_at: moment_text(made.made_at),
        };
        *self.shown() = Some(ShownCode { user, page });
    }

    /// A code that nobody was shown yet is theirs who signs in now.
    pub(crate) fn show_code_to(&self, user: UserId) {
        if let Some(shown) = self.shown().as_mut() {
            shown.user.get_or_insert(user);
        }
    }

    /// How the recovery code of this computer stands, for whoever is signed in.
    pub(crate) fn recovery_view(&self, user: UserId) -> RecoveryView {
        let slots = self.slots().ok().flatten();
        let known = slots.as_ref().and_then(Slots::recovery);
        RecoveryView {
            fingerprint: known.map(|(made, _)| made.fingerprint.clone()),
            made_at: known.map(|(made, _)| moment_text(made.made_at)),
            is_kept: known.is_some_and(|(_, is_kept)| is_kept),
            is_shown: self.shown().as_ref().is_some_and(|shown| shown.user == Some(user)),
        }
    }

    /// The fingerprint of the code that opens this computer, if what keeps it closed is that its keys are lost.
    pub(crate) fn opens_by_code(&self, error: &Error) -> Option<String> {
        let is_lost = matches!(error, Error::KeyringEntryMissing | Error::SlotOfAnotherDevice);
        let slots = self.slots().ok().flatten().filter(|_| is_lost)?;
        slots.recovery().map(|(made, _)| made.fingerprint.clone())
    }

    fn shown(&self) -> MutexGuard<'_, Option<ShownCode>> {
        self.code.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why the code does not open a computer to somebody.
pub(crate) fn keys_are_there() -> Error {
    Error::Invalid(
        "The keys of this computer are there: sign in with your password. Nothing was changed.".into(),
    )
}

//! The key of the database, wrapped in slots beside it: one for each member of staff who signed in here, under their password
//! and this computer's secret, one that the server helps to open, and one that the printed recovery code opens when the
//! keyring is lost. The key itself is never stored whole. The names on the unlock screen stand here too, because the
//! database is still closed.

mod keys;
mod recovery;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use protocol::api::{Secret, StaffMember};
use protocol::id::{DeviceId, TenantId, UserId};
use protocol::permission::Roles;
use protocol::recovery::RecoveryMade;
use protocol::standing::Lease;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::keyring::DeviceSecrets;
use crate::own_key::OwnKey;
use crate::sealed::{Sealed, decode};
use crate::store::{DatabaseKey, Facts};
use crate::{files, view};

pub use keys::SlotCost;

use keys::{keyring_check, open_key, server_key, user_key};

/// The file beside the database.
pub const FILE: &str = "slots.json";

const FORMAT: u32 = 1;

/// Held from when slots are read until they are written: else what one took away would come back with the other.
static WRITING: Mutex<()> = Mutex::new(());

/// What the unlock screen must know before anything is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Names this data folder's entries in the keyring.
    pub installation_id: Uuid,
    /// Whose computer it is.
    pub tenant_id: TenantId,
    /// This computer.
    pub device_id: DeviceId,
    /// The tenant's name.
    pub tenant_name: String,
    /// The clinic's name.
    pub clinic_name: String,
    /// The server's address.
    pub server: String,
    /// The server's name, part of all that is signed for it.
    pub server_name: String,
}

impl About {
    /// As the file beside them has it.
    pub fn of(installation_id: Uuid, facts: &Facts) -> Self {
        Self {
            installation_id,
            tenant_id: facts.tenant_id,
            device_id: facts.device_id,
            tenant_name: facts.tenant_name.clone(),
            clinic_name: facts.clinic_name.clone(),
            server: facts.server.clone(),
            server_name: facts.server_name.clone(),
        }
    }
}

/// A member of staff on the unlock screen. What they may do is read from the database once it is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct SlotUser {
    user_id: UserId,
    full_name: String,
    email: String,
    roles: Roles,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Slot {
    /// Under a person's password and the device's secret.
    User {
        user: SlotUser,
        last_used_at: i64,
        salt: String,
        cost: SlotCost,
        /// None once only the server opens this computer to them; their name stays on the unlock screen.
        sealed: Option<Sealed>,
        /// Their own key; it goes with what opens this computer to them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        own_key: Option<Sealed>,
        /// See [`protocol::standing::Colleague::password_version`].
        #[serde(default)]
        password_version: i32,
    },
    /// Under the half that the server keeps and the device's secret; a second one while it is not known which half it keeps.
    Server { sealed: Sealed },
    /// Under the recovery code alone.
    Recovery {
        sealed: Sealed,
        about: RecoveryMade,
        /// Whether someone said that the code is written down.
        is_kept: bool,
    },
}

#[derive(Serialize, Deserialize)]
struct File {
    format: u32,
    #[serde(flatten)]
    about: About,
    key_version: u32,
    /// Tells a wrong password from a wrong keyring.
    keyring_check: String,
    slots: Vec<Slot>,
}

/// What a person's slot is made with.
pub struct Password<'a> {
    /// What they type.
    pub text: &'a str,
    /// What a guess costs.
    pub cost: SlotCost,
    /// See [`protocol::standing::Colleague::password_version`].
    pub version: i32,
    /// Whether it opens this computer without the server.
    pub opens_offline: bool,
}

/// The slots of a data folder.
pub struct Slots {
    path: PathBuf,
    file: File,
}

/// What came of trying a person's slot.
pub enum UserSlot {
    /// This person has never signed in here.
    None,
    /// It does not open with this password.
    Closed,
    /// It opened.
    Open(Box<OpenSlot>),
}

/// What a person's slot held.
pub struct OpenSlot {
    /// Whose it is.
    pub user: UserId,
    /// With what they sign in, as the server last said.
    pub email: String,
    /// The key of the database.
    pub key: DatabaseKey,
    /// Their own key, if they have one here.
    pub own_key: Option<OwnKey>,
    /// What it was made with.
    pub cost: SlotCost,
    /// See [`protocol::standing::Colleague::password_version`].
    pub password_version: i32,
}

impl Slots {
    /// Reads the slots of a data folder, if it has any.
    ///
    /// # Errors
    ///
    /// [`Error::SlotsDamaged`]: the file stays as it is.
    pub fn find(data_dir: &Path) -> Result<Option<Self>> {
        let path = data_dir.join(FILE);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(_) => return Err(Error::SlotsDamaged),
        };
        let file: File = serde_json::from_slice(&bytes).map_err(|_| Error::SlotsDamaged)?;
        if file.format > FORMAT {
            return Err(Error::StoreTooNew);
        }
        Ok(Some(Self { path, file }))
    }

    /// Slots for the database under its key of this version; not yet written.
    pub fn new(data_dir: &Path, about: About, key_version: u32, secrets: &DeviceSecrets) -> Self {
        let keyring_check = keyring_check(secrets);
        let file = File { format: FORMAT, about, key_version, keyring_check, slots: vec![] };
        Self { path: data_dir.join(FILE), file }
    }

    /// Which of the database's keys these hold; the first is 1.
    pub fn key_version(&self) -> u32 {
        self.file.key_version
    }

    /// The database that these open. It has another name under another key, so that this file alone says which one counts.
    pub fn database(&self) -> PathBuf {
        database(&self.path, self.file.key_version)
    }

    /// The one that will count once the key is another.
    pub fn next_database(&self) -> PathBuf {
        database(&self.path, self.file.key_version.saturating_add(1))
    }

    /// Those that do not count any more, or do not yet.
    pub fn other_databases(&self) -> Vec<PathBuf> {
        let now = self.file.key_version;
        (1..=now.saturating_add(1))
            .filter(|other| *other != now)
            .map(|other| database(&self.path, other))
            .collect()
    }

    /// Changes the slots that lie in a data folder now. Nobody else changes them meanwhile, so `change` asks no guard.
    /// If it fails, nothing is written.
    pub fn change<T>(data_dir: &Path, change: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let _alone = alone();
        let mut slots = Self::find(data_dir)?.ok_or(Error::NotEnrolled)?;
        let answer = change(&mut slots)?;
        slots.write()?;
        Ok(answer)
    }

    /// The same for what is done without a person, if there are slots. Answers what `change` does: whether anything is
    /// another one now.
    pub fn change_if_any(data_dir: &Path, change: impl FnOnce(&mut Self) -> bool) -> Result<bool> {
        let _alone = alone();
        let Some(mut slots) = Self::find(data_dir)? else { return Ok(false) };
        let is_changed = change(&mut slots);
        if is_changed {
            slots.write()?;
        }
        Ok(is_changed)
    }

    /// Writes slots that are new as a whole, in place of any that were there.
    pub fn save(&self) -> Result<()> {
        let _alone = alone();
        self.write()
    }

    /// Writes the file, whole or not at all.
    fn write(&self) -> Result<()> {
        files::write_atomically(&self.path, &serde_json::to_vec_pretty(&self.file)?)
    }

    /// What the unlock screen must know.
    pub fn about(&self) -> &About {
        &self.file.about
    }

    /// Who has signed in here; last first.
    pub fn people(&self) -> Vec<view::Person> {
        let mut people: Vec<_> = self
            .file
            .slots
            .iter()
            .filter_map(|slot| match slot {
                Slot::User { user, last_used_at, .. } => Some((*last_used_at, user)),
                Slot::Server { .. } | Slot::Recovery { .. } => None,
            })
            .collect();
        people.sort_by_key(|(last_used_at, _)| std::cmp::Reverse(*last_used_at));
        let person = |user: &SlotUser| view::Person {
            user_id: user.user_id,
            full_name: user.full_name.clone(),
            email: user.email.clone(),
            roles: user.roles.clone(),
        };
        people.into_iter().map(|(_, user)| person(user)).collect()
    }

    /// Checks that the keyring is the one with which the slots were made.
    ///
    /// # Errors
    ///
    /// [`Error::SlotOfAnotherDevice`].
    pub fn check_keyring(&self, secrets: &DeviceSecrets) -> Result<()> {
        if keyring_check(secrets) == self.file.keyring_check {
            Ok(())
        } else {
            Err(Error::SlotOfAnotherDevice)
        }
    }

    /// Tries a person's own slot. Takes as long as its cost says.
    pub fn open_user(&self, email: &str, password: &str, secrets: &DeviceSecrets) -> Result<UserSlot> {
        self.check_keyring(secrets)?;
        for slot in &self.file.slots {
            if let Slot::User { user, salt, cost, sealed: Some(sealed), own_key, password_version, .. } = slot
                && same_email(&user.email, email)
            {
                let salt = decode(salt)?;
                let wrapping = user_key(password, &salt, *cost, secrets)?;
                let about = self.associated("user", Some(user.user_id), Some(*cost));
                let Some(key) = open_key(sealed, &wrapping, &about)? else { return Ok(UserSlot::Closed) };
                let about = self.associated("own-key", Some(user.user_id), Some(*cost));
                // One that was tampered with is as good as none: another one is born.
                let own_key =
                    own_key.as_ref().and_then(|sealed| sealed.open(&wrapping, &about).ok().flatten());
                let own_key = own_key.and_then(|bytes| OwnKey::of_bytes(&bytes));
                let (email, user, cost, version) =
                    (user.email.clone(), user.user_id, *cost, *password_version);
                let opened = OpenSlot { user, email, key, own_key, cost, password_version: version };
                return Ok(UserSlot::Open(Box::new(opened)));
            }
        }
        Ok(UserSlot::None)
    }

    /// Whether this person has a slot that opens without the server.
    pub fn opens_offline(&self, user_id: UserId) -> bool {
        self.file
            .slots
            .iter()
            .any(|slot| matches!(slot, Slot::User { user, sealed: Some(_), .. } if user.user_id == user_id))
    }

    /// Opens the server's slot with the half that the server gave.
    pub fn open_server(&self, unlock_key: &Secret, secrets: &DeviceSecrets) -> Result<DatabaseKey> {
        self.check_keyring(secrets)?;
        let wrapping = server_key(unlock_key, secrets);
        let about = self.associated("server", None, None);
        for slot in &self.file.slots {
            if let Slot::Server { sealed } = slot
                && let Some(key) = open_key(sealed, &wrapping, &about)?
            {
                return Ok(key);
            }
        }
        Err(Error::SlotsDamaged)
    }

    /// Wraps the key for a person, in place of the slot that they had, and their own key with it if the slot opens without
    /// the server.
    pub fn put_user(
        &mut self,
        person: &StaffMember,
        password: &Password<'_>,
        secrets: &DeviceSecrets,
        key: &DatabaseKey,
        own_key: Option<&OwnKey>,
        now_ms: i64,
    ) -> Result<()> {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(Error::internal)?;
        let (cost, password_version) = (password.cost, password.version);
        let (sealed, own_key) = if password.opens_offline {
            let wrapping = user_key(password.text, &salt, cost, secrets)?;
            let about = |kind| self.associated(kind, Some(person.id), Some(cost));
            let own_key =
                own_key.map(|own| Sealed::new(&own.bytes(), &wrapping, &about("own-key"))).transpose()?;
            (Some(Sealed::new(key.0.as_slice(), &wrapping, &about("user"))?), own_key)
        } else {
            (None, None)
        };
        let user = SlotUser {
            user_id: person.id,
            full_name: person.full_name.clone(),
            email: person.email.clone(),
            roles: person.roles.clone(),
        };
        self.file.slots.retain(|slot| !matches!(slot, Slot::User { user, .. } if user.user_id == person.id));
        let salt = BASE64_STANDARD.encode(salt);
        let last_used_at = now_ms;
        self.file.slots.push(Slot::User {
            user,
            last_used_at,
            salt,
            cost,
            sealed,
            own_key,
            password_version,
        });
        Ok(())
    }

    /// Leaves nobody a slot that opens without the server. Answers whether somebody had one.
    pub fn close_all(&mut self) -> bool {
        self.close(|_, _| true)
    }

    /// Takes away what the server no longer grants: the slots of people who are gone, and those whose password was
    /// changed since. Who signs in with another e-mail is known by that. Answers whether anything was changed.
    pub fn keep_to(&mut self, lease: &Lease) -> bool {
        let before = self.file.slots.len();
        let mut is_renamed = false;
        for slot in &mut self.file.slots {
            if let Slot::User { user, .. } = slot
                && let Some(email) = lease.colleague(user.user_id).and_then(|one| one.email.as_ref())
                && user.email != *email
            {
                user.email.clone_from(email);
                is_renamed = true;
            }
        }
        self.file.slots.retain(|slot| match slot {
            Slot::User { user, .. } => lease.colleague(user.user_id).is_some(),
            Slot::Server { .. } | Slot::Recovery { .. } => true,
        });
        let is_old = |user: UserId, version: i32| {
            lease.colleague(user).is_none_or(|colleague| colleague.password_version != version)
        };
        let closed = self.close(|user, version| lease.offline_days == 0 || is_old(user, version));
        closed || is_renamed || self.file.slots.len() < before
    }

    fn close(&mut self, which: impl Fn(UserId, i32) -> bool) -> bool {
        let mut is_closed = false;
        for slot in &mut self.file.slots {
            if let Slot::User { user, sealed, own_key, password_version, .. } = slot
                && which(user.user_id, *password_version)
            {
                // Left behind, it would tell a right guess of the password from a wrong one.
                *own_key = None;
                is_closed |= sealed.take().is_some();
            }
        }
        is_closed
    }

    /// Notes that a person signed in, for the order on the unlock screen.
    pub fn touch_user(&mut self, user_id: UserId, now_ms: i64) {
        for slot in &mut self.file.slots {
            if let Slot::User { user, last_used_at, .. } = slot
                && user.user_id == user_id
            {
                *last_used_at = now_ms;
            }
        }
    }

    /// Wraps the key under the half that the server keeps, and under no other one.
    pub fn put_server(
        &mut self,
        unlock_key: &Secret,
        secrets: &DeviceSecrets,
        key: &DatabaseKey,
    ) -> Result<()> {
        self.file.slots.retain(|slot| !matches!(slot, Slot::Server { .. }));
        self.add_server(unlock_key, secrets, key)
    }

    /// Wraps the key under a half that the server may not take: the one that it had opens this computer as well.
    pub fn add_server(
        &mut self,
        unlock_key: &Secret,
        secrets: &DeviceSecrets,
        key: &DatabaseKey,
    ) -> Result<()> {
        if self.open_server(unlock_key, secrets).is_ok() {
            return Ok(());
        }
        let about = self.associated("server", None, None);
        let sealed = Sealed::new(key.0.as_slice(), &server_key(unlock_key, secrets), &about)?;
        self.file.slots.push(Slot::Server { sealed });
        Ok(())
    }

    /// What a slot is bound to: moved elsewhere, or given to someone else, it does not open.
    fn associated(&self, kind: &str, user: Option<UserId>, cost: Option<SlotCost>) -> String {
        let (about, file) = (&self.file.about, &self.file);
        let user = user.map_or_else(String::new, |user| user.to_string());
        let cost = cost
            .map_or_else(String::new, |cost| format!("{}/{}/{}", cost.memory_kib, cost.passes, cost.lanes));
        format!(
            "cd-slot-1\n{}\n{}\n{}\n{kind}\n{user}\n{}\n{cost}",
            file.format, about.tenant_id, about.device_id, file.key_version
        )
    }
}

fn alone() -> MutexGuard<'static, ()> {
    WRITING.lock().unwrap_or_else(PoisonError::into_inner)
}

fn database(slots: &Path, key_version: u32) -> PathBuf {
    match key_version {
        1 => slots.with_file_name("clinic.db"),
        version => slots.with_file_name(format!("clinic-{version}.db")),
    }
}

fn same_email(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

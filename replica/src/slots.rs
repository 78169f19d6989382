//! The key of the database, wrapped in slots beside it: one for each member of staff who signed in here,
//! under their password and this computer's secret, one that the server helps to open, and one that the printed recovery
//! code opens when the keyring is lost. The key itself is never stored whole. The names on the unlock screen stand here too, because the database is still closed.

use std::path::{Path, PathBuf};

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use protocol::api::{Secret, StaffMember};
use protocol::id::{DeviceId, TenantId, UserId};
use protocol::permission::Roles;
use protocol::recovery::RecoveryMade;
use protocol::standing::Lease;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::keyring::DeviceSecrets;
use crate::own_key::OwnKey;
use crate::recovery_code::RecoveryCode;
use crate::sealed::{Sealed, decode, derive};
use crate::store::DatabaseKey;
use crate::{files, view};

/// The file beside the database.
pub const FILE: &str = "slots.json";

const FORMAT: u32 = 1;

/// What a guess of a password costs, by Argon2id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl SlotCost {
    /// For people's data: 256 MiB, about half a second on a small computer.
    pub const STRONG: Self = Self { memory_kib: 256 * 1024, passes: 3, lanes: 4 };
    /// For tests, in which thousands of guesses cost nothing.
    #[cfg(any(test, feature = "test-keyring"))]
    pub const QUICK: Self = Self { memory_kib: 64, passes: 1, lanes: 1 };
}

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

    /// Writes the file, whole or not at all.
    pub fn save(&self) -> Result<()> {
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
                let (user, cost, password_version) = (user.user_id, *cost, *password_version);
                let opened = OpenSlot { user, key, own_key, cost, password_version };
                return Ok(UserSlot::Open(Box::new(opened)));
            }
        }
        Ok(UserSlot::None)
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
    /// changed since. Answers whether anything was taken.
    pub fn keep_to(&mut self, lease: &Lease) -> bool {
        let before = self.file.slots.len();
        self.file.slots.retain(|slot| match slot {
            Slot::User { user, .. } => lease.colleague(user.user_id).is_some(),
            Slot::Server { .. } | Slot::Recovery { .. } => true,
        });
        let is_old = |user: UserId, version: i32| {
            lease.colleague(user).is_none_or(|colleague| colleague.password_version != version)
        };
        let closed = self.close(|user, version| lease.offline_days == 0 || is_old(user, version));
        closed || self.file.slots.len() < before
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

    /// Wraps the key under a recovery code, in place of the one before, and answers what is told of it.
    pub fn put_recovery(
        &mut self,
        code: &RecoveryCode,
        key: &DatabaseKey,
        at: OffsetDateTime,
    ) -> Result<RecoveryMade> {
        let sealed = Sealed::new(key.0.as_slice(), &code.key(), &self.associated("recovery", None, None))?;
        let about = RecoveryMade { fingerprint: code.fingerprint(), made_at: at };
        self.file.slots.retain(|slot| !matches!(slot, Slot::Recovery { .. }));
        self.file.slots.push(Slot::Recovery { sealed, about: about.clone(), is_kept: false });
        Ok(about)
    }

    /// Opens the recovery slot; none if there is none, or if that is not its code.
    pub fn open_recovery(&self, code: &RecoveryCode) -> Result<Option<DatabaseKey>> {
        let sealed = self.file.slots.iter().find_map(|slot| match slot {
            Slot::Recovery { sealed, .. } => Some(sealed),
            Slot::User { .. } | Slot::Server { .. } => None,
        });
        match sealed {
            Some(sealed) => open_key(sealed, &code.key(), &self.associated("recovery", None, None)),
            None => Ok(None),
        }
    }

    /// What is known of the recovery code, and whether someone said that it is written down; none if none was made.
    pub fn recovery(&self) -> Option<(&RecoveryMade, bool)> {
        self.file.slots.iter().find_map(|slot| match slot {
            Slot::Recovery { about, is_kept, .. } => Some((about, *is_kept)),
            Slot::User { .. } | Slot::Server { .. } => None,
        })
    }

    /// Notes that the recovery code of this fingerprint is written down.
    pub fn recovery_is_kept(&mut self, fingerprint: &str) {
        for slot in &mut self.file.slots {
            if let Slot::Recovery { about, is_kept, .. } = slot
                && about.fingerprint == fingerprint
            {
                *is_kept = true;
            }
        }
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

fn database(slots: &Path, key_version: u32) -> PathBuf {
    match key_version {
        1 => slots.with_file_name("clinic.db"),
        version => slots.with_file_name(format!("clinic-{version}.db")),
    }
}

fn same_email(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

fn user_key(
    password: &str,
    salt: &[u8],
    cost: SlotCost,
    secrets: &DeviceSecrets,
) -> Result<Zeroizing<[u8; 32]>> {
    let params =
        Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32)).map_err(|_| Error::SlotsDamaged)?;
    let mut stretched = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(password.as_bytes(), salt, stretched.as_mut_slice())
        .map_err(|_| Error::SlotsDamaged)?;
    Ok(derive(&[stretched.as_slice(), secrets.secret.as_slice()], b"cd-slot-user-1"))
}

fn server_key(unlock_key: &Secret, secrets: &DeviceSecrets) -> Zeroizing<[u8; 32]> {
    derive(&[unlock_key.0.as_bytes(), secrets.secret.as_slice()], b"cd-slot-server-1")
}

fn keyring_check(secrets: &DeviceSecrets) -> String {
    BASE64_STANDARD.encode(derive(&[secrets.secret.as_slice()], b"cd-keyring-check-1"))
}

fn open_key(sealed: &Sealed, wrapping: &[u8; 32], about: &str) -> Result<Option<DatabaseKey>> {
    let Some(opened) = sealed.open(wrapping, about)? else { return Ok(None) };
    let key: [u8; 32] = opened.as_slice().try_into().map_err(|_| Error::SlotsDamaged)?;
    Ok(Some(DatabaseKey(Zeroizing::new(key))))
}

#[cfg(test)]
mod tests {
    use protocol::permission::Role;

    use super::*;

    fn person(email: &str) -> StaffMember {
        StaffMember {
            id: UserId::new(),
            full_name: "Dr. Anjali Kulkarni".into(),
            email: email.into(),
            roles: Roles(vec![Role::Doctor]),
            doctor_id: None,
        }
    }

    fn password(text: &str) -> Password<'_> {
        Password { text, cost: SlotCost::QUICK, version: 1, opens_offline: true }
    }

    fn slots(folder: &Path, secrets: &DeviceSecrets, key: &DatabaseKey) -> Slots {
        let about = About {
            installation_id: Uuid::now_v7(),
            tenant_id: TenantId::new(),
            device_id: DeviceId::new(),
            tenant_name: "Asha Dental".into(),
            clinic_name: "Andheri".into(),
            server: "https://sync.example.org/".into(),
            server_name: "sync.example.org".into(),
        };
        let mut slots = Slots::new(folder, about, 1, secrets);
        slots
            .put_user(
                &person("anjali@example.org"),
                &password("correct horse battery"),
                secrets,
                key,
                None,
                1,
            )
            .expect("BUG");
        slots.put_server(&Secret("the server's half".into()), secrets, key).expect("BUG");
        slots.save().expect("BUG: saves");
        slots
    }

    fn opens(slots: &Slots, email: &str, password: &str, secrets: &DeviceSecrets) -> Option<DatabaseKey> {
        match slots.open_user(email, password, secrets) {
            Ok(UserSlot::Open(opened)) => Some(opened.key),
            _ => None,
        }
    }

    #[test]
    fn a_slot_opens_with_its_password_and_nothing_else() {
        let folder = tempfile::tempdir().expect("BUG: a folder");
        let (secrets, key) = (DeviceSecrets::random().expect("BUG"), DatabaseKey::random().expect("BUG"));
        slots(folder.path(), &secrets, &key);
        let slots = Slots::find(folder.path()).expect("BUG: reads").expect("BUG: there");
        let opened =
            opens(&slots, " Anjali@Example.org", "correct horse battery", &secrets).expect("BUG: opens");
        assert!(opened.0 == key.0);
        assert!(opens(&slots, "anjali@example.org", "correct horse batter", &secrets).is_none());
        assert!(opens(&slots, "rahul@example.org", "correct horse battery", &secrets).is_none());
        let opened = slots.open_server(&Secret("the server's half".into()), &secrets).expect("BUG: opens");
        assert!(opened.0 == key.0);
        assert!(slots.open_server(&Secret("another half".into()), &secrets).is_err());
    }

    #[test]
    fn a_half_that_the_server_may_not_take_leaves_the_one_before_and_one_that_it_has_is_the_only_one() {
        let folder = tempfile::tempdir().expect("BUG: a folder");
        let (secrets, key) = (DeviceSecrets::random().expect("BUG"), DatabaseKey::random().expect("BUG"));
        let mut slots = slots(folder.path(), &secrets, &key);
        let [before, next] = ["the server's half", "another half"].map(|half| Secret(half.into()));
        let n_slots = slots.file.slots.len();
        for _ in 0..2 {
            slots.add_server(&next, &secrets, &key).expect("BUG: sealed");
        }
        assert_eq!(slots.file.slots.len(), n_slots + 1, "asked again, it is the same one");
        for half in [&before, &next] {
            assert!(slots.open_server(half, &secrets).expect("BUG: opens").0 == key.0);
        }
        slots.put_server(&next, &secrets, &key).expect("BUG: sealed");
        assert!(slots.open_server(&next, &secrets).is_ok());
        assert!(slots.open_server(&before, &secrets).is_err());
    }

    #[test]
    fn a_persons_own_key_lies_in_their_slot_and_is_gone_with_it() {
        let folder = tempfile::tempdir().expect("BUG: a folder");
        let (secrets, key) = (DeviceSecrets::random().expect("BUG"), DatabaseKey::random().expect("BUG"));
        let mut slots = slots(folder.path(), &secrets, &key);
        let opened =
            |slots: &Slots, email: &str, password: &str| match slots.open_user(email, password, &secrets) {
                Ok(UserSlot::Open(opened)) => opened.own_key.map(|own| (own.key.to_bytes(), own.after)),
                _ => None,
            };
        let (anjali, rahul) = (person("anjali@example.org"), person("rahul@example.org"));
        let [hers, his] = [3, 7].map(|after| OwnKey::born(after).expect("BUG: random"));
        for (person, text, own) in [(&anjali, "correct horse", &hers), (&rahul, "battery staple", &his)] {
            slots.put_user(person, &password(text), &secrets, &key, Some(own), 1).expect("BUG: sealed");
        }
        assert_eq!(opened(&slots, "rahul@example.org", "battery staple"), Some((his.key.to_bytes(), 7)));
        assert_eq!(opened(&slots, "rahul@example.org", "correct horse"), None, "nobody else's password");
        // One is put into the other's slot: it opens, and the key in it does not.
        let mut stolen = None;
        for slot in &mut slots.file.slots {
            if let Slot::User { user, own_key, .. } = slot {
                if user.user_id == anjali.id {
                    stolen = own_key.take();
                } else if user.user_id == rahul.id {
                    *own_key = stolen.take();
                }
            }
        }
        assert!(opens(&slots, "rahul@example.org", "battery staple", &secrets).is_some());
        assert_eq!(opened(&slots, "rahul@example.org", "battery staple"), None);
        slots
            .put_user(&rahul, &password("battery staple"), &secrets, &key, Some(&his), 1)
            .expect("BUG: sealed");
        slots.close_all();
        let left = |slot: &Slot| matches!(slot, Slot::User { own_key: Some(_), .. });
        assert!(!slots.file.slots.iter().any(left), "by which a guess could be tried");
        let online = Password { opens_offline: false, ..password("battery staple") };
        slots.put_user(&rahul, &online, &secrets, &key, Some(&his), 1).expect("BUG: put");
        assert!(!slots.file.slots.iter().any(left));
    }

    #[test]
    fn another_devices_secret_is_told_from_a_wrong_password() {
        let folder = tempfile::tempdir().expect("BUG: a folder");
        let key = DatabaseKey::random().expect("BUG");
        let slots = slots(folder.path(), &DeviceSecrets::random().expect("BUG"), &key);
        let other = DeviceSecrets::random().expect("BUG");
        let opened = slots.open_user("anjali@example.org", "correct horse battery", &other);
        assert!(matches!(opened, Err(Error::SlotOfAnotherDevice)));
    }

    #[test]
    fn a_slot_does_not_open_for_another_person_device_or_cost() {
        let folder = tempfile::tempdir().expect("BUG: a folder");
        let (secrets, key) = (DeviceSecrets::random().expect("BUG"), DatabaseKey::random().expect("BUG"));
        let mut good = slots(folder.path(), &secrets, &key);
        let (mut user, mut device, mut version) = (UserId::new(), DeviceId::new(), 2);
        for turn in 0..3 {
            if let Some(Slot::User { user: slot, .. }) = good.file.slots.first_mut()
                && turn == 0
            {
                std::mem::swap(&mut slot.user_id, &mut user);
            }
            if turn == 1 {
                std::mem::swap(&mut good.file.about.device_id, &mut device);
            }
            if turn == 2 {
                std::mem::swap(&mut good.file.key_version, &mut version);
            }
            assert!(
                opens(&good, "anjali@example.org", "correct horse battery", &secrets).is_none(),
                "{turn}"
            );
            if let Some(Slot::User { user: slot, .. }) = good.file.slots.first_mut()
                && turn == 0
            {
                std::mem::swap(&mut slot.user_id, &mut user);
            }
            if turn == 1 {
                std::mem::swap(&mut good.file.about.device_id, &mut device);
            }
        }
    }

    #[test]
    fn what_the_server_no_longer_grants_opens_nothing_here() {
        let lease = |people: &[(UserId, i32)], offline_days| Lease {
            tenant_id: TenantId::new(),
            device_id: DeviceId::new(),
            scope: protocol::api::DeviceScope::Clinical,
            issued_at: OffsetDateTime::UNIX_EPOCH,
            offline_days,
            nonce: String::new(),
            people: people
                .iter()
                .map(|(user_id, password_version)| protocol::standing::Colleague {
                    user_id: *user_id,
                    roles: Roles(vec![Role::Nurse]),
                    doctor_id: None,
                    password_version: *password_version,
                })
                .collect(),
            admin_devices: vec![],
            epoch: None,
            revoked: vec![],
            closed: vec![],
        };
        let (secrets, key) = (DeviceSecrets::random().expect("BUG"), DatabaseKey::random().expect("BUG"));
        for (change, name_stays) in [
            ("nothing", true),
            ("gone", false),
            ("another password", true),
            ("no day", true),
            ("ended", true),
        ] {
            let folder = tempfile::tempdir().expect("BUG: a folder");
            let mut slots = slots(folder.path(), &secrets, &key);
            let user = slots.people()[0].user_id;
            let is_taken = match change {
                "nothing" => slots.keep_to(&lease(&[(user, 1)], 14)),
                "gone" => slots.keep_to(&lease(&[], 14)),
                "another password" => slots.keep_to(&lease(&[(user, 2)], 14)),
                "no day" => slots.keep_to(&lease(&[(user, 1)], 0)),
                _ => slots.close_all(),
            };
            assert_eq!(is_taken, change != "nothing", "{change}");
            slots.save().expect("BUG: saves");
            let slots = Slots::find(folder.path()).expect("BUG: reads").expect("BUG: there");
            let opened = opens(&slots, "anjali@example.org", "correct horse battery", &secrets);
            assert_eq!(opened.is_some(), change == "nothing", "{change}");
            assert_eq!(slots.people().len() == 1, name_stays, "{change}");
            assert!(slots.open_server(&Secret("the server's half".into()), &secrets).is_ok(), "{change}");
        }
    }

    #[test]
    fn the_recovery_slot_opens_with_its_code_alone_and_needs_no_keyring() {
        let folder = tempfile::tempdir().expect("BUG: a folder");
        let (secrets, key) = (DeviceSecrets::random().expect("BUG"), DatabaseKey::random().expect("BUG"));
        let mut made = slots(folder.path(), &secrets, &key);
        let (code, other) = (RecoveryCode::random().expect("BUG"), RecoveryCode::random().expect("BUG"));
        assert!(made.open_recovery(&code).expect("BUG: none").is_none());
        let at = OffsetDateTime::UNIX_EPOCH;
        made.put_recovery(&other, &key, at).expect("BUG: sealed");
        let about = made.put_recovery(&code, &key, at).expect("BUG: sealed");
        assert_eq!(about.fingerprint, code.fingerprint());
        made.save().expect("BUG: saves");
        let mut found = Slots::find(folder.path()).expect("BUG: reads").expect("BUG: there");
        assert!(found.open_recovery(&code).expect("BUG: whole").is_some_and(|opened| opened.0 == key.0));
        assert!(found.open_recovery(&other).expect("BUG: whole").is_none(), "only the last one opens it");
        // Said of another code, nothing is written down.
        assert_eq!(found.recovery(), Some((&about, false)));
        found.recovery_is_kept(&other.fingerprint());
        assert_eq!(found.recovery(), Some((&about, false)));
        found.recovery_is_kept(&code.fingerprint());
        assert_eq!(found.recovery(), Some((&about, true)));
        // Taking away what people open it with leaves it.
        found.close_all();
        assert!(found.open_recovery(&code).expect("BUG: whole").is_some());
        for change in ["device", "version", "tenant"] {
            let mut moved = Slots::find(folder.path()).expect("BUG: reads").expect("BUG: there");
            match change {
                "device" => moved.file.about.device_id = DeviceId::new(),
                "version" => moved.file.key_version = 2,
                _ => moved.file.about.tenant_id = TenantId::new(),
            }
            assert!(moved.open_recovery(&code).expect("BUG: whole").is_none(), "{change}");
        }
    }

    #[test]
    fn the_code_itself_stands_nowhere_in_the_file() {
        let folder = tempfile::tempdir().expect("BUG: a folder");
        let (secrets, key) = (DeviceSecrets::random().expect("BUG"), DatabaseKey::random().expect("BUG"));
        let mut slots = slots(folder.path(), &secrets, &key);
        let code = RecoveryCode::random().expect("BUG");
        slots.put_recovery(&code, &key, OffsetDateTime::UNIX_EPOCH).expect("BUG: sealed");
        slots.save().expect("BUG: saves");
        let text = std::fs::read_to_string(folder.path().join(FILE)).expect("BUG: reads");
        assert!(text.contains(&code.fingerprint()));
        assert!(!text.contains(code.text().as_str()));
        assert!(!text.contains(&code.text().replace('-', "")));
    }

    #[test]
    fn a_database_under_another_key_has_another_name() {
        let folder = tempfile::tempdir().expect("BUG: a folder");
        let secrets = DeviceSecrets::random().expect("BUG");
        let first = slots(folder.path(), &secrets, &DatabaseKey::random().expect("BUG"));
        let second = Slots::new(folder.path(), first.about().clone(), 2, &secrets);
        let third = Slots::new(folder.path(), first.about().clone(), 3, &secrets);
        assert_eq!(first.database(), folder.path().join("clinic.db"));
        assert_eq!(first.other_databases(), [second.database()]);
        assert_eq!(second.other_databases(), [first.database(), third.database()]);
    }

    #[test]
    fn a_damaged_file_is_reported_and_not_touched() {
        let folder = tempfile::tempdir().expect("BUG: a folder");
        for text in ["", "{}", "{\"format\":1", "not json"] {
            std::fs::write(folder.path().join(FILE), text).expect("BUG: writes");
            assert!(matches!(Slots::find(folder.path()), Err(Error::SlotsDamaged)), "{text}");
            assert_eq!(std::fs::read_to_string(folder.path().join(FILE)).expect("BUG: reads"), text);
        }
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_reads_the_file() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("BUG: a folder");
        slots(folder.path(), &DeviceSecrets::random().expect("BUG"), &DatabaseKey::random().expect("BUG"));
        let mode = folder.path().join(FILE).metadata().expect("BUG: there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

//! The keyring of the operating system. It holds three small secrets of this computer, and never the key of
//! the database: the device's secret, its signing key, and its refresh token, sealed under a key that comes from the
//! database's. There is no other place for them; without a keyring the computer is refused.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use ed25519_dalek::SigningKey;
use keyring_core::api::CredentialStoreApi;
use protocol::api::Secret;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::sealed::{Sealed, derive};
use crate::store::DatabaseKey;

/// The name under which the secrets stand in the keyring.
const SERVICE: &str = "Clinic Desk";
/// How long a person may take to answer the system's own question for the keyring's password.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// What this computer keeps secret for one data folder.
pub struct DeviceSecrets {
    /// Goes into every slot: a slot alone does not open, whatever the password.
    pub secret: Zeroizing<[u8; 32]>,
    /// Signs for this computer; wiped from memory when dropped.
    pub key: SigningKey,
}

impl DeviceSecrets {
    /// New secrets.
    pub fn random() -> Result<Self> {
        let mut secret = Zeroizing::new([0; 32]);
        getrandom::fill(secret.as_mut_slice()).map_err(Error::internal)?;
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut_slice()).map_err(Error::internal)?;
        Ok(Self { secret, key: SigningKey::from_bytes(&seed) })
    }
}

/// The device's refresh token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshToken {
    /// The token.
    pub token: Secret,
    /// Its generation.
    pub generation: i64,
}

/// Seals the refresh token. With a token in the clear, whoever has the keyring would sign with this computer's key and get
/// all that the server has for it, without a password.
pub struct TokenKey(Zeroizing<[u8; 32]>);

impl TokenKey {
    /// Comes from the database's key: only who opened that has it.
    pub fn of(key: &DatabaseKey) -> Self {
        Self(derive(&[key.0.as_slice()], b"cd-refresh-token-1"))
    }
}

/// A keyring. Clones are the same keyring.
#[derive(Clone)]
pub struct Keyring(Kind);

#[derive(Clone)]
enum Kind {
    System,
    #[cfg(any(test, feature = "test-keyring"))]
    Memory(Arc<memory::Memory>),
}

/// Names the entries of one data folder, so that two folders on one computer do not clash.
#[derive(Clone, Copy)]
enum Entry {
    DeviceSecret,
    DeviceKey,
    RefreshToken,
}

impl Entry {
    fn name(self, installation: Uuid) -> String {
        let what = match self {
            Self::DeviceSecret => "device-secret",
            Self::DeviceKey => "device-key",
            Self::RefreshToken => "refresh-token",
        };
        format!("{installation}/{what}")
    }
}

impl Keyring {
    /// The keyring of the operating system. Touches nothing until it is asked.
    pub fn system() -> Self {
        Self(Kind::System)
    }

    /// Keeps the secrets of a new installation.
    pub fn put_device(&self, installation: Uuid, secrets: &DeviceSecrets) -> Result<()> {
        self.put(installation, Entry::DeviceSecret, secrets.secret.as_slice())?;
        self.put(installation, Entry::DeviceKey, Zeroizing::new(secrets.key.to_bytes()).as_slice())
    }

    /// The secrets of an installation.
    ///
    /// # Errors
    ///
    /// [`Error::KeyringLocked`], [`Error::KeyringMissing`] or [`Error::KeyringEntryMissing`].
    pub fn device(&self, installation: Uuid) -> Result<DeviceSecrets> {
        let read = |entry| -> Result<Zeroizing<[u8; 32]>> {
            let bytes = self.get(installation, entry)?;
            let bytes: [u8; 32] = bytes.as_slice().try_into().map_err(|_| Error::KeyringEntryMissing)?;
            Ok(Zeroizing::new(bytes))
        };
        let (secret, seed) = (read(Entry::DeviceSecret)?, read(Entry::DeviceKey)?);
        Ok(DeviceSecrets { secret, key: SigningKey::from_bytes(&seed) })
    }

    /// Keeps a refresh token in place of the one before.
    pub fn put_refresh_token(&self, installation: Uuid, token: &RefreshToken, key: &TokenKey) -> Result<()> {
        let text = Zeroizing::new(serde_json::to_vec(token)?);
        let sealed = Sealed::new(&text, &key.0, &Entry::RefreshToken.name(installation))?;
        self.put(installation, Entry::RefreshToken, &serde_json::to_vec(&sealed)?)
    }

    /// The refresh token.
    ///
    /// # Errors
    ///
    /// [`Error::KeyringEntryMissing`] also if it was sealed under another key: a password brings the next one.
    pub fn refresh_token(&self, installation: Uuid, key: &TokenKey) -> Result<RefreshToken> {
        let bytes = self.get(installation, Entry::RefreshToken)?;
        // Versions before this one kept it as it is; the next one, which comes with its use, is sealed.
        if let Ok(token) = serde_json::from_slice(&bytes) {
            return Ok(token);
        }
        let sealed: Sealed = serde_json::from_slice(&bytes).map_err(|_| Error::KeyringEntryMissing)?;
        let text = sealed.open(&key.0, &Entry::RefreshToken.name(installation)).ok().flatten();
        let text = text.ok_or(Error::KeyringEntryMissing)?;
        serde_json::from_slice(&text).map_err(|_| Error::KeyringEntryMissing)
    }

    /// Forgets an installation. What is not there is forgotten already.
    pub fn forget(&self, installation: Uuid) -> Result<()> {
        for entry in [Entry::DeviceSecret, Entry::DeviceKey, Entry::RefreshToken] {
            let name = entry.name(installation);
            match self.run(move |store| store.delete(&name)) {
                Ok(()) | Err(Error::KeyringEntryMissing) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn put(&self, installation: Uuid, entry: Entry, secret: &[u8]) -> Result<()> {
        let (name, secret) = (entry.name(installation), Zeroizing::new(secret.to_vec()));
        self.run(move |store| store.put(&name, &secret))
    }

    fn get(&self, installation: Uuid, entry: Entry) -> Result<Zeroizing<Vec<u8>>> {
        let name = entry.name(installation);
        self.run(move |store| store.get(&name))
    }

    /// Runs on a thread of its own: the systems' libraries block, some of them inside a runtime of their own,
    /// and one that waits for a password must not hold the window for ever.
    fn run<T: Send + 'static>(&self, work: impl FnOnce(&Kind) -> Result<T> + Send + 'static) -> Result<T> {
        let kind = self.0.clone();
        let (sender, receiver) = sync_channel(1);
        std::thread::Builder::new()
            .name("keyring".into())
            .spawn(move || {
                let _ = sender.send(work(&kind));
            })
            .map_err(Error::internal)?;
        match receiver.recv_timeout(ANSWER_TIMEOUT) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) => Err(Error::KeyringLocked),
            Err(RecvTimeoutError::Disconnected) => Err(Error::internal("the keyring's library panicked")),
        }
    }
}

impl Kind {
    fn get(&self, name: &str) -> Result<Zeroizing<Vec<u8>>> {
        match self {
            Self::System => Ok(Zeroizing::new(system_entry(name)?.get_secret().map_err(translate)?)),
            #[cfg(any(test, feature = "test-keyring"))]
            Self::Memory(memory) => memory.get(name),
        }
    }

    fn put(&self, name: &str, secret: &[u8]) -> Result<()> {
        match self {
            Self::System => system_entry(name)?.set_secret(secret).map_err(translate),
            #[cfg(any(test, feature = "test-keyring"))]
            Self::Memory(memory) => memory.put(name, secret),
        }
    }

    fn delete(&self, name: &str) -> Result<()> {
        match self {
            Self::System => system_entry(name)?.delete_credential().map_err(translate),
            #[cfg(any(test, feature = "test-keyring"))]
            Self::Memory(memory) => memory.delete(name),
        }
    }
}

fn system_entry(name: &str) -> Result<keyring_core::Entry> {
    // Connected anew each time: the desktop's keyring may have been restarted since.
    let store = system_store().map_err(|error| {
        tracing::warn!(%error, "there is no keyring");
        Error::KeyringMissing
    })?;
    store.build(SERVICE, name, None).map_err(translate)
}

#[cfg(target_os = "linux")]
fn system_store() -> keyring_core::Result<Arc<impl CredentialStoreApi>> {
    zbus_secret_service_keyring_store::Store::new()
}

#[cfg(target_os = "windows")]
fn system_store() -> keyring_core::Result<Arc<impl CredentialStoreApi>> {
    windows_native_keyring_store::Store::new()
}

#[cfg(target_os = "macos")]
fn system_store() -> keyring_core::Result<Arc<impl CredentialStoreApi>> {
    apple_native_keyring_store::keychain::Store::new()
}

fn translate(error: keyring_core::Error) -> Error {
    match error {
        keyring_core::Error::NoEntry => Error::KeyringEntryMissing,
        keyring_core::Error::NoStorageAccess(_) => Error::KeyringLocked,
        keyring_core::Error::NoDefaultStore => Error::KeyringMissing,
        keyring_core::Error::PlatformFailure(source) => {
            // The store reports a locked collection this way when an entry is made in it.
            let text = source.to_string().to_lowercase();
            tracing::warn!(%source, "the keyring failed");
            if text.contains("lock") || text.contains("prompt") {
                Error::KeyringLocked
            } else {
                Error::KeyringMissing
            }
        }
        other => Error::internal(other),
    }
}

#[cfg(any(test, feature = "test-keyring"))]
pub use memory::Trouble;

/// A keyring for tests. No released binary has it.
#[cfg(any(test, feature = "test-keyring"))]
mod memory {
    use std::collections::BTreeMap;
    use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

    use zeroize::Zeroizing;

    use super::{Keyring, Kind};
    use crate::error::{Error, Result};

    /// What is wrong with a keyring in memory.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub enum Trouble {
        /// Nothing.
        #[default]
        None,
        /// It is locked.
        Locked,
        /// There is none.
        Missing,
    }

    #[derive(Default)]
    pub struct Memory(Mutex<Held>);

    type Held = (Trouble, BTreeMap<String, Vec<u8>>);

    impl Keyring {
        /// A keyring in memory.
        pub fn in_memory() -> Self {
            Self(Kind::Memory(Arc::default()))
        }

        /// Lets a keyring in memory fail.
        pub fn simulate(&self, trouble: Trouble) {
            if let Kind::Memory(memory) = &self.0 {
                memory.lock().0 = trouble;
            }
        }

        /// How many entries a keyring in memory has.
        pub fn entries(&self) -> usize {
            match &self.0 {
                Kind::Memory(memory) => memory.lock().1.len(),
                Kind::System => 0,
            }
        }

        /// Another keyring in memory with the same entries, as on a copied disk.
        pub fn copied(&self) -> Self {
            let memory = Memory::default();
            if let Kind::Memory(original) = &self.0 {
                memory.lock().1.clone_from(&original.lock().1);
            }
            Self(Kind::Memory(Arc::new(memory)))
        }

        /// Empties a keyring in memory.
        pub fn forget_all(&self) {
            if let Kind::Memory(memory) = &self.0 {
                memory.lock().1.clear();
            }
        }
    }

    impl Memory {
        fn lock(&self) -> MutexGuard<'_, Held> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }

        fn open(&self) -> Result<MutexGuard<'_, Held>> {
            let held = self.lock();
            match held.0 {
                Trouble::None => Ok(held),
                Trouble::Locked => Err(Error::KeyringLocked),
                Trouble::Missing => Err(Error::KeyringMissing),
            }
        }

        pub fn get(&self, name: &str) -> Result<Zeroizing<Vec<u8>>> {
            let held = self.open()?;
            held.1.get(name).cloned().map(Zeroizing::new).ok_or(Error::KeyringEntryMissing)
        }

        pub fn put(&self, name: &str, secret: &[u8]) -> Result<()> {
            // Windows takes no more.
            assert!(secret.len() < 2_560, "{name} is too large for a keyring");
            self.open()?.1.insert(name.to_owned(), secret.to_vec());
            Ok(())
        }

        pub fn delete(&self, name: &str) -> Result<()> {
            self.open()?.1.remove(name);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_installations_do_not_clash() {
        let keyring = Keyring::in_memory();
        let (one, other) = (Uuid::now_v7(), Uuid::now_v7());
        let secrets = DeviceSecrets::random().expect("BUG: random");
        keyring.put_device(one, &secrets).expect("BUG: kept");
        assert!(keyring.device(one).expect("BUG: there").secret == secrets.secret);
        assert!(matches!(keyring.device(other), Err(Error::KeyringEntryMissing)));
        keyring.forget(one).expect("BUG: forgotten");
        keyring.forget(one).expect("BUG: twice is once");
        assert!(matches!(keyring.device(one), Err(Error::KeyringEntryMissing)));
    }

    #[test]
    fn the_refresh_token_comes_out_of_the_keyring_only_for_whoever_opened_the_database() {
        let (keyring, installation) = (Keyring::in_memory(), Uuid::now_v7());
        let key = || TokenKey::of(&DatabaseKey::random().expect("BUG: random"));
        let (own, another) = (key(), key());
        let token = RefreshToken { token: Secret("all that the server has".into()), generation: 7 };
        keyring.put_refresh_token(installation, &token, &own).expect("BUG: kept");
        assert!(keyring.refresh_token(installation, &own).expect("BUG: there") == token);
        let stolen = keyring.get(installation, Entry::RefreshToken).expect("BUG: there");
        let text = String::from_utf8_lossy(&stolen).into_owned();
        assert!(!text.contains("all that the server has"), "{text}");
        for (installation, key) in [(installation, &another), (Uuid::nil(), &own)] {
            keyring.put(installation, Entry::RefreshToken, &stolen).expect("BUG: kept");
            let opened = keyring.refresh_token(installation, key).err();
            assert!(matches!(opened, Some(Error::KeyringEntryMissing)));
        }
    }

    #[test]
    fn a_refresh_token_that_an_earlier_version_kept_is_still_good() {
        let (keyring, installation) = (Keyring::in_memory(), Uuid::now_v7());
        let key = TokenKey::of(&DatabaseKey::random().expect("BUG: random"));
        let token = RefreshToken { token: Secret("from before".into()), generation: 3 };
        let before = serde_json::to_vec(&token).expect("BUG: written");
        keyring.put(installation, Entry::RefreshToken, &before).expect("BUG: kept");
        assert!(keyring.refresh_token(installation, &key).expect("BUG: there") == token);
    }

    #[test]
    fn locked_and_missing_are_told_apart() {
        let keyring = Keyring::in_memory();
        for (trouble, locked) in [(Trouble::Locked, true), (Trouble::Missing, false)] {
            keyring.simulate(trouble);
            let error = keyring.device(Uuid::nil()).err().expect("BUG: in trouble");
            assert_eq!(matches!(error, Error::KeyringLocked), locked);
            assert_eq!(matches!(error, Error::KeyringMissing), !locked);
        }
    }
}

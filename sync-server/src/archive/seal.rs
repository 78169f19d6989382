//! An archive is closed with age, a format that other programs open too: it says when a byte was changed or the end
//! is missing. Inside it is compressed.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use age::secrecy::SecretString;
use age::stream::StreamWriter;
use age::{DecryptError, Decryptor, Encryptor, Identity, IdentityFile, Recipient, scrypt, x25519};
use anyhow::Context;
use protocol::api::Secret;
use zstd::{Decoder, Encoder};

use super::read::Refused;

/// Longer ones take more than a minute, which only a hostile file asks for.
const MOST_PASSPHRASE_WORK: u8 = 22;
/// Looks back over 2 MiB.
const LEVEL: i32 = 3;
/// A reader is never made to keep more than 8 MiB.
const MOST_WINDOW_LOG: u32 = 23;

/// With what an archive is closed.
#[derive(Clone, Debug)]
pub enum Lock {
    /// A passphrase, which opens it as well.
    Passphrase(Secret),
    /// Public keys; it opens with the other half of any of them.
    Recipients(Vec<x25519::Recipient>),
}

/// With what an archive is opened.
pub enum Key {
    /// A passphrase.
    Passphrase(Secret),
    /// The other halves of public keys.
    Identities(Vec<Box<dyn Identity>>),
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<redacted>")
    }
}

impl Key {
    /// Reads an identity file as `age-keygen` makes it.
    ///
    /// # Errors
    ///
    /// The file cannot be read or holds no such key.
    pub fn from_identity_file(path: &Path) -> anyhow::Result<Self> {
        let name = path.display();
        let text = std::fs::read(path).with_context(|| format!("The key cannot be read from {name}."))?;
        let identities = IdentityFile::from_buffer(text.as_slice())
            .ok()
            .and_then(|file| file.into_identities().ok())
            .filter(|identities| !identities.is_empty())
            .with_context(|| format!("{name} holds no age identity (a line AGE-SECRET-KEY-1…)."))?;
        Ok(Self::Identities(identities.into_iter().map(|identity| identity as Box<dyn Identity>).collect()))
    }
}

/// An archive that is being written.
pub(super) struct Sealed<W: Write>(Encoder<'static, StreamWriter<W>>);

impl<W: Write> Sealed<W> {
    /// Begins. A passphrase takes about a second.
    pub(super) fn new(lock: &Lock, out: W) -> anyhow::Result<Self> {
        let encryptor = match lock {
            Lock::Passphrase(passphrase) => {
                Encryptor::with_user_passphrase(SecretString::from(passphrase.0.clone()))
            }
            Lock::Recipients(recipients) => {
                Encryptor::with_recipients(recipients.iter().map(|recipient| recipient as &dyn Recipient))
                    .context("Give at least one recipient.")?
            }
        };
        Ok(Self(Encoder::new(encryptor.wrap_output(out)?, LEVEL)?))
    }

    /// Ends. Without this, a reader sees that the end is missing.
    pub(super) fn finish(self) -> io::Result<W> {
        self.0.finish()?.finish()
    }
}

impl<W: Write> Write for Sealed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Opens an archive.
pub(super) fn open<'a, R: Read + Send + 'a>(
    key: &Key,
    input: R,
) -> Result<Box<dyn BufRead + Send + 'a>, Refused> {
    let decryptor = Decryptor::new(BufReader::new(input)).map_err(refused)?;
    let is_passphrase = matches!(key, Key::Passphrase(_));
    if decryptor.is_scrypt() != is_passphrase {
        return Err(Refused::OtherLock(if is_passphrase { "with keys" } else { "with a passphrase" }));
    }
    let opened = match key {
        Key::Passphrase(passphrase) => {
            let mut identity = scrypt::Identity::new(SecretString::from(passphrase.0.clone()));
            identity.set_max_work_factor(MOST_PASSPHRASE_WORK);
            decryptor.decrypt(std::iter::once(&identity as &dyn Identity))
        }
        Key::Identities(identities) => decryptor.decrypt(identities.iter().map(|identity| &**identity)),
    };
    let mut decoder = Decoder::new(opened.map_err(refused)?).map_err(|_| Refused::Unreadable)?;
    decoder.window_log_max(MOST_WINDOW_LOG).map_err(|_| Refused::Unreadable)?;
    Ok(Box::new(BufReader::new(decoder)))
}

fn refused(error: DecryptError) -> Refused {
    match error {
        DecryptError::NoMatchingKeys | DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed => {
            Refused::WrongKey
        }
        DecryptError::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => Refused::Io(error),
        // What can be wrong with the head of a file; the library may learn of more.
        _ => Refused::Unreadable,
    }
}

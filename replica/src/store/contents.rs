//! The contents of attached files: in a folder beside the database, each under the SHA-256 of its bytes, sealed in frames
//! (the STREAM construction) under a key that comes from the database's. Whoever destroys that key has destroyed them.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use aead_stream::{NewStream, StreamBE32, StreamPrimitive};
use aes_gcm::Aes256Gcm;
use protocol::file::{HEAD_BYTES, MAX_FILE_BYTES};
use protocol::mutation::Hash;
use sha2::{Digest, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::DatabaseKey;
use crate::error::{Error, Result};
use crate::files;
use crate::sealed::derive;

/// A file begins with so many random bytes, which make its key one that no other file has.
const SALT_BYTES: usize = 32;
/// So many bytes are sealed at once.
const FRAME_BYTES: usize = 64 * 1024;
/// A sealed frame is so much longer.
const TAG_BYTES: usize = 16;
/// What is not whole yet is called so.
const UNFINISHED: &str = "new";
/// Held by whoever changes the folder, in any process.
const LOCK: &str = "lock";

/// The folder.
pub(crate) struct Contents {
    folder: PathBuf,
    key: Zeroizing<[u8; 32]>,
    changing: Mutex<()>,
}

/// Nobody else changes the folder as long as this is there.
pub(crate) struct Alone<'a> {
    contents: &'a Contents,
    _here: MutexGuard<'a, ()>,
    _everywhere: File,
}

/// A file that is sealed and on the disk, and has no name yet.
pub(crate) struct Sealed {
    path: PathBuf,
    /// SHA-256 of its bytes.
    pub sha256: Hash,
    /// Its length.
    pub bytes: u64,
    /// Its first [`HEAD_BYTES`], or all of a shorter one.
    pub head: Vec<u8>,
}

impl Sealed {
    /// Throws away what is not wanted.
    pub fn discard(self) {
        // What is left is swept up when the program starts.
        files::remove(&self.path).ok();
    }
}

impl Contents {
    /// Those beside this database. Touches nothing.
    pub fn beside(database: &Path, key: &DatabaseKey) -> Self {
        let key = derive(&[key.0.as_slice()], b"cd-files-1");
        Self { folder: database.with_extension("files"), key, changing: Mutex::default() }
    }

    /// Whether anything was ever kept here.
    pub fn has_folder(&self) -> bool {
        self.folder.exists()
    }

    /// Waits until nobody else changes the folder.
    pub fn alone(&self) -> Result<Alone<'_>> {
        let here = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let lock = self.lock_file()?;
        lock.lock()?;
        Ok(Alone { contents: self, _here: here, _everywhere: lock })
    }

    /// The same, if nobody else does now.
    pub fn alone_now(&self) -> Result<Option<Alone<'_>>> {
        let Ok(here) = self.changing.try_lock() else { return Ok(None) };
        let lock = self.lock_file()?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Alone { contents: self, _here: here, _everywhere: lock })),
            Err(std::fs::TryLockError::WouldBlock) => Ok(None),
            Err(std::fs::TryLockError::Error(error)) => Err(error.into()),
        }
    }

    fn lock_file(&self) -> Result<File> {
        files::make_private_dir(&self.folder)?;
        let path = self.folder.join(LOCK);
        let file = File::options().create(true).truncate(false).read(true).write(true).open(path)?;
        files::make_private(&file)?;
        Ok(file)
    }

    fn place(&self, sha256: &Hash) -> PathBuf {
        self.folder.join(sha256.to_string())
    }

    /// Whether the content is here.
    pub fn has(&self, sha256: &Hash) -> bool {
        self.place(sha256).exists()
    }

    /// All of a content; none if it is not here.
    ///
    /// # Errors
    ///
    /// [`Error::FileDamaged`] if what is here is not what was sealed.
    pub fn read(&self, sha256: &Hash) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let Some(mut opened) = self.open(sha256)? else { return Ok(None) };
        let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(opened.bytes).unwrap_or(0)));
        for frame in 0..opened.frames {
            bytes.extend_from_slice(&opened.frame(frame)?);
        }
        if Hash::of(&bytes) == *sha256 { Ok(Some(bytes)) } else { Err(Error::FileDamaged) }
    }

    /// At most so many bytes of a content from there on; none if it is not here.
    ///
    /// # Errors
    ///
    /// As for [`Contents::read`].
    pub fn piece(&self, sha256: &Hash, from: u64, length: usize) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let Some(mut opened) = self.open(sha256)? else { return Ok(None) };
        let frame_bytes = FRAME_BYTES as u64;
        let mut piece = Zeroizing::new(Vec::with_capacity(length + FRAME_BYTES));
        let mut skip = usize::try_from(from % frame_bytes).map_err(Error::internal)?;
        for frame in from / frame_bytes..opened.frames.into() {
            let opened = opened.frame(u32::try_from(frame).map_err(Error::internal)?)?;
            piece.extend_from_slice(opened.get(skip..).unwrap_or_default());
            skip = 0;
            if piece.len() >= length {
                break;
            }
        }
        piece.truncate(length);
        Ok(Some(piece))
    }

    fn open(&self, sha256: &Hash) -> Result<Option<Opened>> {
        let mut file = match File::open(self.place(sha256)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let sealed = file.metadata()?.len().checked_sub(SALT_BYTES as u64).ok_or(Error::FileDamaged)?;
        let frames = sealed.div_ceil((FRAME_BYTES + TAG_BYTES) as u64);
        let bytes = sealed.checked_sub(frames * TAG_BYTES as u64).ok_or(Error::FileDamaged)?;
        if bytes > MAX_FILE_BYTES {
            return Err(Error::FileDamaged);
        }
        let mut salt = [0; SALT_BYTES];
        file.read_exact(&mut salt)?;
        let frames = u32::try_from(frames).map_err(|_| Error::FileDamaged)?;
        Ok(Some(Opened { stream: self.stream(&salt), file, frames, bytes }))
    }

    /// The key is one file's alone, so the rest of the nonce may be nothing.
    fn stream(&self, salt: &[u8; SALT_BYTES]) -> StreamBE32<Aes256Gcm> {
        let key = derive(&[self.key.as_slice(), salt], b"cd-file-1");
        StreamBE32::new((&*key).into(), &aead_stream::Nonce::<Aes256Gcm, StreamBE32<Aes256Gcm>>::default())
    }
}

struct Opened {
    stream: StreamBE32<Aes256Gcm>,
    file: File,
    frames: u32,
    bytes: u64,
}

impl Opened {
    fn frame(&mut self, place: u32) -> Result<Zeroizing<Vec<u8>>> {
        let sealed_bytes = (FRAME_BYTES + TAG_BYTES) as u64;
        self.file.seek(SeekFrom::Start(SALT_BYTES as u64 + u64::from(place) * sealed_bytes))?;
        let mut sealed = Vec::with_capacity(FRAME_BYTES + TAG_BYTES);
        (&self.file).take(sealed_bytes).read_to_end(&mut sealed)?;
        let is_last = place + 1 == self.frames;
        let opened = self.stream.decrypt(place, is_last, sealed.as_slice());
        Ok(Zeroizing::new(opened.map_err(|_| Error::FileDamaged)?))
    }
}

impl Alone<'_> {
    /// Seals what comes from there, at most so many bytes. It is on the disk when this returns, and gets its name with
    /// [`Alone::put`].
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for nothing, or for more than that; nothing is left behind.
    pub fn seal(&self, source: &mut dyn Read, most: u64) -> Result<Sealed> {
        let path = self.contents.folder.join(Uuid::new_v4().to_string()).with_extension(UNFINISHED);
        let sealed = self.seal_to(path.clone(), source, most);
        if sealed.is_err() {
            // The error itself says what went wrong, not this; what is left is swept up.
            files::remove(&path).ok();
        }
        sealed
    }

    fn seal_to(&self, path: PathBuf, source: &mut dyn Read, most: u64) -> Result<Sealed> {
        let mut salt = [0; SALT_BYTES];
        getrandom::fill(&mut salt).map_err(Error::internal)?;
        let stream = self.contents.stream(&salt);
        let mut file = File::options().create_new(true).write(true).open(&path)?;
        files::make_private(&file)?;
        file.write_all(&salt)?;
        let (mut hash, mut head, mut bytes) = (Sha256::new(), Vec::new(), 0);
        let mut frame = next_frame(source)?;
        for place in 0.. {
            bytes += frame.len() as u64;
            if bytes == 0 {
                return Err(Error::Invalid("This file is empty. Nothing was added.".into()));
            }
            if bytes > most {
                return Err(Error::Invalid(format!(
                    "This file is larger than {} MB. Nothing was added; make it smaller first.",
                    most / (1024 * 1024)
                )));
            }
            hash.update(&*frame);
            head.extend(frame.iter().take(HEAD_BYTES - head.len()));
            let next = if frame.len() == FRAME_BYTES { next_frame(source)? } else { Zeroizing::default() };
            let is_last = next.is_empty();
            let sealed = stream.encrypt(place, is_last, frame.as_slice());
            file.write_all(&sealed.map_err(|_| Error::internal("a frame was not sealed"))?)?;
            if is_last {
                break;
            }
            frame = next;
        }
        file.sync_all()?;
        Ok(Sealed { path, sha256: Hash(hash.finalize().into()), bytes, head })
    }

    /// Gives a sealed content its name, and makes that last.
    pub fn put(&self, sealed: &Sealed) -> Result<()> {
        files::rename(&sealed.path, &self.contents.place(&sealed.sha256))
    }

    /// Removes a content, if it is here.
    pub fn remove(&self, sha256: &Hash) -> Result<()> {
        files::remove(&self.contents.place(sha256))
    }

    /// Removes what a crash left: what is not whole, and what is not known. Answers how many files that were.
    pub fn sweep(&self, is_known: impl Fn(&Hash) -> bool) -> Result<u32> {
        let mut n_removed = 0;
        for entry in std::fs::read_dir(&self.contents.folder)? {
            let path = entry?.path();
            let name = path.file_name().and_then(std::ffi::OsStr::to_str).unwrap_or_default();
            let is_left = match Hash::parse(name) {
                Some(sha256) => !is_known(&sha256),
                None => path.extension().is_some_and(|ending| ending == UNFINISHED),
            };
            if is_left {
                files::remove(&path)?;
                n_removed += 1;
            }
        }
        Ok(n_removed)
    }
}

/// The next frame's bytes: fewer than a frame holds, or none, only where the source ends.
fn next_frame(source: &mut dyn Read) -> Result<Zeroizing<Vec<u8>>> {
    let mut frame = Zeroizing::new(Vec::with_capacity(FRAME_BYTES));
    source.take(FRAME_BYTES as u64).read_to_end(&mut frame)?;
    Ok(frame)
}

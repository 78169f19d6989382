//! Reads an archive, one entry after the other, and believes nothing of it. Nothing of it is ever written to a file.

use std::fs::File;
use std::io::{self, BufRead, Read, Seek};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::line::{Line, Tally};
use super::manifest::{FORMAT, FORMAT_VERSION, MANIFEST, Manifest, content_hash, is_sha256};
use super::seal::{self, Key};
use crate::audit::heads::hex;

const BLOCK: usize = 512;
const MOST_MANIFEST_BYTES: u64 = 64 << 20;
const MOST_LINE_BYTES: u64 = 64 << 20;
/// Rows get about ten times smaller; what claims to be more than this is meant to fill a disk.
const MOST_GROWTH: u64 = 1_000;

/// Why an archive is not taken. The sentences are for whoever restores it.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The file.
    #[error("The archive cannot be read: {0}.")]
    Io(#[from] io::Error),
    /// Wrong passphrase, or another key.
    #[error("This passphrase or key does not open the archive.")]
    WrongKey,
    /// A passphrase where a key is needed, or the reverse.
    #[error("This archive opens {0}, which was not given.")]
    OtherLock(&'static str),
    /// No archive at all.
    #[error("This is no archive of Clinic Desk, or its beginning is damaged. Nothing was written.")]
    Unreadable,
    /// Another program's, or a later one's.
    #[error("This is an archive of {format}, version {version}, which this program does not read.")]
    Foreign {
        /// What it calls itself.
        format: String,
        /// Of its format.
        version: u32,
    },
    /// Something in it is not as it was written.
    #[error("The archive is damaged or was changed, at {entry}: {why}. Nothing was written.")]
    Damaged {
        /// Where.
        entry: String,
        /// What.
        why: String,
    },
}

impl Refused {
    pub(super) fn damaged(entry: &str, why: impl Into<String>) -> Self {
        Self::Damaged { entry: entry.to_owned(), why: why.into() }
    }
}

/// What comes next in an archive.
#[derive(Debug)]
pub(super) enum Item {
    /// A row of the table that is being read.
    Row(Line),
    /// All rows of this table, by its number in the manifest, were read, and are those that were written.
    End(usize),
    /// Bytes of the file that is being read.
    Part(Vec<u8>),
    /// All bytes of that file were read, and are those that were written.
    FileEnd,
}

/// An open archive.
pub(super) struct Reader<'a> {
    input: Box<dyn BufRead + Send + 'a>,
    pub(super) manifest: Manifest,
    table: usize,
    progress: Option<Progress>,
    file: usize,
    file_progress: Option<FileProgress>,
}

struct FileProgress {
    hash: Sha256,
    size: u64,
    bytes_left: u64,
}

struct Progress {
    tally: Tally,
    bytes_left: u64,
}

impl<'a> Reader<'a> {
    /// Opens it and reads its manifest.
    pub(super) fn open(file: &'a mut File, key: &Key) -> Result<Self, Refused> {
        file.rewind()?;
        let most_bytes = file.metadata()?.len().saturating_mul(MOST_GROWTH);
        let mut input = seal::open(key, file)?;
        let size = read_header(&mut input, MANIFEST)?;
        if size > MOST_MANIFEST_BYTES {
            return Err(Refused::damaged(MANIFEST, "it claims to be longer than any"));
        }
        let mut text = Vec::new();
        read_part(&mut input, MANIFEST, size, |part| text.extend_from_slice(part))?;
        skip_padding(&mut input, MANIFEST, size)?;
        let manifest = parse_manifest(&text, most_bytes)?;
        Ok(Self { input, manifest, table: 0, progress: None, file: 0, file_progress: None })
    }

    /// Reads on; nothing, when all was read and nothing is missing.
    pub(super) fn next(&mut self) -> Result<Option<Item>, Refused> {
        let Some(entry) = self.manifest.tables.get(self.table) else {
            return self.next_of_files();
        };
        let path = entry.path();
        let progress = match &mut self.progress {
            Some(progress) => progress,
            empty => {
                if read_header(&mut self.input, &path)? != entry.bytes {
                    return Err(Refused::damaged(&path, "its length is not what the manifest says"));
                }
                empty.insert(Progress { tally: Tally::default(), bytes_left: entry.bytes })
            }
        };
        if progress.bytes_left > 0 {
            let text = read_line(&mut self.input, &path, progress.bytes_left)?;
            progress.bytes_left -= text.len() as u64;
            progress.tally.add(&text);
            let line =
                Line::parse(&text).ok().filter(|line| line.has_exactly(&entry.columns)).ok_or_else(|| {
                    Refused::damaged(&path, format!("line {} is not a row of it", progress.tally.rows))
                })?;
            return Ok(Some(Item::Row(line)));
        }
        let tally = std::mem::take(&mut progress.tally);
        if tally.rows != entry.rows || tally.sha256() != entry.sha256 {
            return Err(Refused::damaged(
                &path,
                "its rows are not those that the manifest counts and hashes",
            ));
        }
        skip_padding(&mut self.input, &path, entry.bytes)?;
        self.progress = None;
        self.table += 1;
        Ok(Some(Item::End(self.table - 1)))
    }

    fn next_of_files(&mut self) -> Result<Option<Item>, Refused> {
        let entries = &self.manifest.attachments;
        while entries.get(self.file).is_some_and(|entry| !entry.is_included) {
            self.file += 1;
        }
        let Some(entry) = entries.get(self.file) else { return self.read_end().map(|()| None) };
        let path = entry.path();
        let progress = match &mut self.file_progress {
            Some(progress) => progress,
            empty => {
                let size = read_header(&mut self.input, &path)?;
                if entry.bytes != Some(size) {
                    return Err(Refused::damaged(&path, "its length is not what the manifest says"));
                }
                empty.insert(FileProgress { hash: Sha256::new(), size, bytes_left: size })
            }
        };
        if progress.bytes_left > 0 {
            let size = progress.bytes_left.min(MOST_PART_BYTES);
            let mut bytes = Vec::new();
            read_part(&mut self.input, &path, size, |part| bytes.extend_from_slice(part))?;
            progress.bytes_left -= size;
            progress.hash.update(&bytes);
            return Ok(Some(Item::Part(bytes)));
        }
        let FileProgress { hash, size, .. } =
            self.file_progress.take().unwrap_or_else(|| unreachable!("BUG: it was there above"));
        if hex(&hash.finalize()) != entry.sha256 {
            return Err(Refused::damaged(&path, "it is not the file that the manifest names"));
        }
        skip_padding(&mut self.input, &path, size)?;
        self.file += 1;
        Ok(Some(Item::FileEnd))
    }

    /// Two empty blocks, and nothing after them.
    fn read_end(&mut self) -> Result<(), Refused> {
        let mut rest = Vec::new();
        let most = 2 * BLOCK as u64 + 1;
        (&mut self.input).take(most).read_to_end(&mut rest).map_err(|error| broken("the end", &error))?;
        if rest.len() != 2 * BLOCK || rest.iter().any(|byte| *byte != 0) {
            return Err(Refused::damaged("the end", "something is there that the manifest does not name"));
        }
        Ok(())
    }
}

/// Reads an archive to its end.
///
/// # Errors
///
/// The first thing that is not as it was written, and where.
pub fn check(file: &mut File, key: &Key) -> Result<Manifest, Refused> {
    let mut reader = Reader::open(file, key)?;
    while reader.next()?.is_some() {}
    Ok(reader.manifest)
}

/// So much of a file is handed over at once.
const MOST_PART_BYTES: u64 = 1 << 20;

/// The length of the entry that must come now.
fn read_header(input: &mut dyn BufRead, path: &str) -> Result<u64, Refused> {
    let mut header = tar::Header::new_old();
    input.read_exact(header.as_mut_bytes()).map_err(|error| broken(path, &error))?;
    let sum = header.cksum().ok();
    let mut again = header.clone();
    again.set_cksum();
    if sum.is_none() || sum != again.cksum().ok() {
        return Err(Refused::damaged(path, "it is missing"));
    }
    let found = header.path_bytes();
    if *found != *path.as_bytes() || header.entry_type() != tar::EntryType::Regular {
        let found: String = String::from_utf8_lossy(&found).chars().take(100).collect();
        let why = format!("it is not a plain file that belongs here; {path} does");
        return Err(Refused::damaged(&format!("{found:?}"), why));
    }
    header.entry_size().map_err(|_| Refused::damaged(path, "its length is none"))
}

fn read_part(
    input: &mut dyn BufRead,
    path: &str,
    size: u64,
    mut each: impl FnMut(&[u8]),
) -> Result<(), Refused> {
    let mut left = size;
    while left > 0 {
        let part = input.fill_buf().map_err(|error| broken(path, &error))?;
        let length = part.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        if length == 0 {
            return Err(Refused::damaged(path, CUT_OFF));
        }
        each(&part[..length]);
        input.consume(length);
        left -= length as u64;
    }
    Ok(())
}

/// A line with its line feed.
fn read_line(input: &mut dyn BufRead, path: &str, bytes_left: u64) -> Result<String, Refused> {
    let mut line = Vec::new();
    let most = bytes_left.min(MOST_LINE_BYTES);
    input.take(most).read_until(b'\n', &mut line).map_err(|error| broken(path, &error))?;
    if line.last() != Some(&b'\n') {
        let why = if line.len() as u64 == most { "a line of it does not end" } else { CUT_OFF };
        return Err(Refused::damaged(path, why));
    }
    String::from_utf8(line).map_err(|_| Refused::damaged(path, "it is not a text"))
}

fn skip_padding(input: &mut dyn BufRead, path: &str, size: u64) -> Result<(), Refused> {
    let mut is_empty = true;
    read_part(input, path, padding(size), |part| is_empty &= part.iter().all(|byte| *byte == 0))?;
    if is_empty { Ok(()) } else { Err(Refused::damaged(path, "something stands after it")) }
}

/// How many bytes fill the last block of an entry.
pub(super) fn padding(size: u64) -> u64 {
    size.next_multiple_of(BLOCK as u64) - size
}

const CUT_OFF: &str = "the archive ends in the middle of it";

/// age, zstd and the file itself say only by an error that bytes are not what they were.
fn broken(path: &str, error: &io::Error) -> Refused {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Refused::damaged(path, CUT_OFF),
        _ => Refused::damaged(path, format!("it cannot be read on ({error})")),
    }
}

fn parse_manifest(text: &[u8], most_bytes: u64) -> Result<Manifest, Refused> {
    #[derive(Deserialize)]
    struct Format {
        format: String,
        format_version: u32,
    }
    let damaged = |why: String| Refused::damaged(MANIFEST, why);
    let Format { format, format_version } =
        serde_json::from_slice(text).map_err(|_| damaged("it names no format".to_owned()))?;
    if format != FORMAT || format_version != FORMAT_VERSION {
        let format = format.chars().filter(|c| !c.is_control()).take(40).collect();
        return Err(Refused::Foreign { format, version: format_version });
    }
    let manifest: Manifest = serde_json::from_slice(text).map_err(|error| damaged(error.to_string()))?;
    let mut names = std::collections::BTreeSet::new();
    for table in &manifest.tables {
        let is_name = (1..=63).contains(&table.name.len())
            && table.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !is_name || !names.insert(table.path()) {
            return Err(damaged("a table's name is none, or is there twice".to_owned()));
        }
    }
    for file in &manifest.attachments {
        if !is_sha256(&file.sha256) || !names.insert(file.path()) {
            return Err(damaged("a file's hash is none, or is there twice".to_owned()));
        }
    }
    if manifest.tables.first().is_none_or(|table| table.name != "tenants" || table.rows != 1) {
        return Err(damaged("it does not begin with one tenant".to_owned()));
    }
    if content_hash(&manifest.tables) != manifest.content_sha256 {
        return Err(damaged("its tables are not those that were hashed".to_owned()));
    }
    let files = manifest.attachments.iter().filter(|file| file.is_included).filter_map(|file| file.bytes);
    let bytes = manifest.tables.iter().map(|table| table.bytes).chain(files).fold(0, u64::saturating_add);
    if bytes > most_bytes {
        return Err(damaged("it claims more data than a file of this length can hold".to_owned()));
    }
    Ok(manifest)
}

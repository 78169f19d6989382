//! A sheet as a file: its limits, its letters, its columns, and its lines one after the other.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;

use anyhow::{Context, bail, ensure};
use csv::{Reader, ReaderBuilder, StringRecord};
use protocol::sheet::unguard;
use sha2::{Digest, Sha256};

use super::encoding::{Decoding, LAST_LINE, Letters, detect};
use super::heading::Mapping;

const MOST_BYTES: u64 = 64 * 1024 * 1024;
const MOST_LINES: u64 = 200_000;
const MOST_COLUMNS: usize = 200;
/// More than any line of a sheet of patients holds.
const MOST_LINE_BYTES: usize = 1024 * 1024;
/// Above the headings there may be the clinic's name and the like.
const MOST_TITLE_LINES: usize = 10;
const DELIMITERS: &[u8] = b",;\t|";

/// A sheet that keeps the limits.
#[derive(Debug)]
pub(super) struct Sheet {
    file: File,
    letters: Letters,
    is_strict: bool,
    delimiter: u8,
    /// The line of the headings.
    pub(super) heading_line: u64,
    /// Below the headings.
    pub(super) lines: u64,
    /// SHA-256 of its bytes.
    pub(super) digest: Vec<u8>,
}

/// What is said of a file before it is looked at.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Told {
    pub(super) letters: Option<Letters>,
    pub(super) delimiter: Option<u8>,
}

/// One after the other, with their numbers as a spreadsheet program shows them.
pub(super) struct Lines<'f> {
    reader: Reader<Decoding<Hashed<&'f File>>>,
    record: StringRecord,
    /// Line breaks within cells so far.
    inside: u64,
    is_over: bool,
}

/// Bytes that are counted into a hash as they pass.
pub(super) struct Hashed<R> {
    bytes: R,
    hash: Sha256,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(out)?;
        self.hash.update(&out[..read]);
        Ok(read)
    }
}

impl Sheet {
    /// Looks at the whole file; nothing is done with one that is too large or no sheet.
    ///
    /// # Errors
    ///
    /// Sentences for whoever imports it.
    pub(super) fn open(path: &Path, told: Told, maps: &[String]) -> anyhow::Result<(Self, Mapping)> {
        let file =
            File::open(path).with_context(|| format!("The file {} cannot be opened.", path.display()))?;
        let bytes = file.metadata().context("The file cannot be read.")?;
        ensure!(bytes.is_file(), "{} is no file.", path.display());
        ensure!(
            bytes.len() <= MOST_BYTES,
            "The file has more than 64 MiB. Save the patients alone, without other sheets and pictures, or in parts."
        );
        ensure!(bytes.len() > 0, "The file is empty.");
        let letters = match told.letters {
            Some(letters) => letters,
            None => detect(&file)?,
        };
        let mut sheet = Self {
            file,
            letters,
            // Who says what the letters are wants them read, � and all.
            is_strict: told.letters.is_none(),
            delimiter: b',',
            heading_line: 0,
            lines: 0,
            digest: Vec::new(),
        };
        let mapping = sheet.find_headings(told.delimiter, maps)?;
        sheet.measure()?;
        Ok((sheet, mapping))
    }

    /// How it is written, for people.
    pub(super) fn form(&self) -> String {
        let delimiter = match self.delimiter {
            b',' => "commas",
            b';' => "semicolons",
            b'\t' => "tabs",
            _ => "bars",
        };
        format!(
            "{}, columns separated by {delimiter}, headings in line {}, {} lines below them",
            self.letters.name(),
            self.heading_line,
            self.lines
        )
    }

    /// Its lines from the first one on.
    pub(super) fn read(&mut self) -> anyhow::Result<Lines<'_>> {
        self.read_with(self.delimiter)
    }

    fn read_with(&mut self, delimiter: u8) -> anyhow::Result<Lines<'_>> {
        self.file.rewind().context("The file cannot be read.")?;
        let bytes = Hashed { bytes: &self.file, hash: Sha256::new() };
        let text = Decoding::new(bytes, self.letters, self.is_strict);
        let reader =
            ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text);
        Ok(Lines { reader, record: StringRecord::new(), inside: 0, is_over: false })
    }

    /// The delimiter and the line with which most headings are known.
    fn find_headings(&mut self, told: Option<u8>, maps: &[String]) -> anyhow::Result<Mapping> {
        let mut best: Option<(usize, u8, u64, Mapping)> = None;
        // With another delimiter than the right one, a line may seem to have no end.
        let mut trouble = None;
        let candidates: Vec<u8> = told.map_or_else(|| DELIMITERS.to_vec(), |delimiter| vec![delimiter]);
        for delimiter in candidates {
            let mut lines = self.read_with(delimiter)?;
            for _ in 0..MOST_TITLE_LINES {
                let (line, cells) = match lines.next() {
                    Ok(Some(next)) => next,
                    Ok(None) => break,
                    Err(error) => {
                        trouble.get_or_insert(error);
                        break;
                    }
                };
                let headings: Vec<String> =
                    cells.iter().map(|cell| unguard(cell).trim().to_owned()).collect();
                let mapping = Mapping::of(headings, maps);
                if best.as_ref().is_none_or(|(known, ..)| mapping.known() > *known) {
                    best = Some((mapping.known(), delimiter, line, mapping));
                }
            }
        }
        let known = best.as_ref().map_or(0, |(known, ..)| *known);
        if let Some(trouble) = trouble.filter(|_| known == 0) {
            return Err(trouble);
        }
        let Some((_, delimiter, line, mapping)) = best else {
            bail!("The file has no line with anything in it.");
        };
        ensure!(
            known > 0,
            "No column is known by its heading in the first {MOST_TITLE_LINES} lines. The sheet needs a line of headings, \
             such as Name, Mobile, Age, Sex; others are told with --map \"their heading=field\". The fields are: {}.",
            Mapping::fields()
        );
        self.delimiter = delimiter;
        self.heading_line = line;
        mapping.must_be_whole(maps)?;
        Ok(mapping)
    }

    /// Every line is looked at once before anything is done.
    fn measure(&mut self) -> anyhow::Result<()> {
        let heading_line = self.heading_line;
        let mut count = 0;
        let mut lines = self.read()?;
        while let Some((line, cells)) = lines.next()? {
            count += u64::from(line > heading_line);
            ensure!(
                count <= MOST_LINES,
                "The file has more than {MOST_LINES} lines. Save it in parts, each with the headings."
            );
            ensure!(
                cells.len() <= MOST_COLUMNS,
                "Line {line} has {} columns, and {MOST_COLUMNS} are the most. Save the columns of the patients alone.",
                cells.len()
            );
        }
        let digest = lines.digest();
        self.lines = count;
        self.digest = digest;
        ensure!(self.lines > 0, "There are no lines below the headings in line {heading_line}.");
        Ok(())
    }
}

impl Lines<'_> {
    /// The next line that is not blank, and its number.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, or a quotation mark that nobody closed.
    pub(super) fn next(&mut self) -> anyhow::Result<Option<(u64, &StringRecord)>> {
        if self.is_over || !self.reader.read_record(&mut self.record).map_err(read_error)? {
            return Ok(None);
        }
        let breaks: u64 = self.record.iter().map(|cell| cell.matches('\n').count() as u64).sum();
        // Where the reader stands is the beginning of the line after this one.
        let after = self.reader.position().line();
        let first = after.saturating_sub(1 + breaks + self.inside);
        self.inside += breaks;
        // The last line of all is ours; a cell that nobody closed has swallowed it.
        let last = self.record.iter().next_back().unwrap_or_default();
        ensure!(!last.ends_with(&format!("\n{LAST_LINE}\n")), endless(first + 1));
        if self.record.len() == 1 && last == LAST_LINE {
            self.is_over = true;
            let mut more = StringRecord::new();
            ensure!(
                !self.reader.read_record(&mut more).map_err(read_error)?,
                "The file is no text. Save the sheet as \"CSV UTF-8\" and import that."
            );
            return Ok(None);
        }
        ensure!(self.record.as_slice().len() <= MOST_LINE_BYTES, endless(first));
        Ok(Some((first, &self.record)))
    }

    /// SHA-256 of the file's bytes, once the last line was read.
    pub(super) fn digest(self) -> Vec<u8> {
        self.reader.into_inner().into_bytes().hash.finalize().to_vec()
    }
}

fn endless(line: u64) -> String {
    format!(
        "Line {line} does not end: a quotation mark (\") is opened in it and never closed, or it is far too long. Correct \
         it in the spreadsheet program and save the file again."
    )
}

fn read_error(error: csv::Error) -> anyhow::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) if error.kind() == io::ErrorKind::InvalidData => anyhow::anyhow!(
            "The file does not keep to its letters. Say --encoding to read it all the same, with � for what is none."
        ),
        csv::ErrorKind::Io(error) => anyhow::Error::new(error).context("The file cannot be read."),
        _ => anyhow::anyhow!("The file is no CSV."),
    }
}

//! Which bytes of a sheet are which letters.

use std::io::{self, ErrorKind, Read};

use anyhow::{Context, bail, ensure};
use clap::ValueEnum;
use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// How a sheet writes its letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Letters {
    /// What most programs write.
    #[value(name = "utf-8")]
    Utf8,
    /// "Unicode text" of Excel.
    #[value(name = "utf-16le")]
    Utf16Le,
    /// The same, the other way round.
    #[value(name = "utf-16be")]
    Utf16Be,
    /// Plain "CSV" of Excel; it knows no Indian script.
    #[value(name = "windows-1252")]
    Windows1252,
}

impl Letters {
    fn encoding(self) -> &'static Encoding {
        match self {
            Self::Utf8 => UTF_8,
            Self::Utf16Le => UTF_16LE,
            Self::Utf16Be => UTF_16BE,
            Self::Windows1252 => WINDOWS_1252,
        }
    }

    /// Its name for people.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le => "UTF-16 LE",
            Self::Utf16Be => "UTF-16 BE",
            Self::Windows1252 => "Windows-1252",
        }
    }
}

/// So many bytes at the beginning tell what a file is.
const HEAD: usize = 64 * 1024;

/// Finds out how a file writes its letters.
///
/// # Errors
///
/// Sentences about what is no text, or not of one kind.
pub(super) fn detect(mut file: impl Read) -> anyhow::Result<Letters> {
    let mut head = Vec::new();
    file.by_ref().take(HEAD as u64).read_to_end(&mut head).context("The file cannot be read.")?;
    if let Some((encoding, _)) = Encoding::for_bom(&head) {
        return Ok(if encoding == UTF_16LE {
            Letters::Utf16Le
        } else if encoding == UTF_16BE {
            Letters::Utf16Be
        } else {
            Letters::Utf8
        });
    }
    let kind = match head.as_slice() {
        [b'P', b'K', 3, 4, ..] => Some("a workbook of Excel or LibreOffice (.xlsx, .ods)"),
        [0xD0, 0xCF, 0x11, 0xE0, ..] => Some("an old workbook of Excel (.xls)"),
        [b'%', b'P', b'D', b'F', ..] => Some("a PDF"),
        [0x89, b'P', b'N', b'G', ..] | [0xFF, 0xD8, 0xFF, ..] => Some("a picture"),
        [0x1F, 0x8B, ..] => Some("packed (.gz)"),
        _ => None,
    };
    if let Some(kind) = kind {
        bail!(
            "The file is {kind} and not CSV. Open it in the spreadsheet program and save it as \"CSV UTF-8\"."
        );
    }
    if let Some(letters) = by_zeros(&head) {
        return Ok(letters);
    }
    let signs = head.iter().filter(|byte| **byte < 32 && !b"\t\n\r".contains(byte)).count();
    ensure!(
        signs * 20 <= head.len(),
        "The file is no text. Save the sheet as \"CSV UTF-8\" and import that."
    );
    let mut text = Decoding::new(head.chain(file), Letters::Utf8, true);
    match io::copy(&mut text, &mut io::sink()) {
        Ok(_) => return Ok(Letters::Utf8),
        Err(error) if error.kind() == ErrorKind::InvalidData => {}
        Err(error) => return Err(error).context("The file cannot be read."),
    }
    // A letter of another script is hardly ever made of letters of Windows-1252.
    ensure!(
        !text.has_wide,
        "The file is UTF-8 at its beginning and not everywhere. Say --encoding utf-8 to read it so, with � for what is \
         not, or --encoding windows-1252; --preview shows what comes of it."
    );
    Ok(Letters::Windows1252)
}

/// In UTF-16 every second byte of commas, digits and line ends is zero.
fn by_zeros(head: &[u8]) -> Option<Letters> {
    let of = |place: usize| {
        let units = head.chunks_exact(2).filter(move |unit| unit[place] == 0);
        units.filter(move |unit| unit[1 - place] >= 32 || b"\t\n\r".contains(&unit[1 - place])).count()
    };
    let (first, second) = (of(0), of(1));
    let is_it = |zeros: usize, others: usize| zeros * 20 > head.len() / 2 && others * 20 < zeros;
    if is_it(second, first) {
        Some(Letters::Utf16Le)
    } else if is_it(first, second) {
        Some(Letters::Utf16Be)
    } else {
        None
    }
}

/// The last line of every text that is decoded: where a quotation mark is never closed, it does not come.
pub(super) const LAST_LINE: &str = "\u{1}\u{2}\u{3}";

/// Text as UTF-8, with `\n` at the end of each line and [`LAST_LINE`] at the end of all.
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that the bytes have shown")]
pub(super) struct Decoding<R> {
    bytes: R,
    decoder: Decoder,
    /// Whether bytes that are no letter are an error, or become �.
    is_strict: bool,
    chunk: Vec<u8>,
    text: Vec<u8>,
    at: usize,
    was_return: bool,
    is_over: bool,
    /// Whether there was a letter that is no ASCII.
    has_wide: bool,
}

impl<R: Read> Decoding<R> {
    pub(super) fn new(bytes: R, letters: Letters, is_strict: bool) -> Self {
        Self {
            bytes,
            decoder: letters.encoding().new_decoder_with_bom_removal(),
            is_strict,
            chunk: vec![0; HEAD],
            text: Vec::new(),
            at: 0,
            was_return: false,
            is_over: false,
            has_wide: false,
        }
    }

    /// Where the bytes came from.
    pub(super) fn into_bytes(self) -> R {
        self.bytes
    }

    fn fill(&mut self) -> io::Result<()> {
        let read = match self.bytes.read(&mut self.chunk) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            read => read?,
        };
        self.is_over = read == 0;
        let most = self.decoder.max_utf8_buffer_length(read).ok_or(ErrorKind::OutOfMemory)?;
        self.text.resize(most, 0);
        let chunk = &self.chunk[..read];
        let written = if self.is_strict {
            let (result, _, written) =
                self.decoder.decode_to_utf8_without_replacement(chunk, &mut self.text, self.is_over);
            self.has_wide |= !self.text[..written].is_ascii();
            if matches!(result, DecoderResult::Malformed(..)) {
                return Err(ErrorKind::InvalidData.into());
            }
            written
        } else {
            self.decoder.decode_to_utf8(chunk, &mut self.text, self.is_over).2
        };
        self.text.truncate(written);
        self.at = 0;
        let was_return = &mut self.was_return;
        self.text.retain_mut(|byte| {
            let is_second = *byte == b'\n' && *was_return;
            *was_return = *byte == b'\r';
            if *was_return {
                *byte = b'\n';
            }
            !is_second
        });
        if self.is_over {
            self.text.extend(format!("\n{LAST_LINE}\n").bytes());
        }
        Ok(())
    }
}

impl<R: Read> Read for Decoding<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at == self.text.len() && !self.is_over {
            self.fill()?;
        }
        let read = out.len().min(self.text.len() - self.at);
        out[..read].copy_from_slice(&self.text[self.at..self.at + read]);
        self.at += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8], letters: Letters) -> String {
        let mut text = String::new();
        Decoding::new(bytes, letters, false).read_to_string(&mut text).expect("text");
        text.strip_suffix(&format!("\n{LAST_LINE}\n")).expect("its last line").to_owned()
    }

    fn utf16(text: &str, bytes: impl Fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn letters_are_known_by_their_bytes() {
        let text = "नाम,मोबाइल\r\nसुनीता,9820441276\r\n";
        for (bytes, letters) in [
            (text.as_bytes().to_vec(), Letters::Utf8),
            ([b"\xEF\xBB\xBF", text.as_bytes()].concat(), Letters::Utf8),
            (utf16(text, u16::to_le_bytes), Letters::Utf16Le),
            (utf16(text, u16::to_be_bytes), Letters::Utf16Be),
            (utf16(&format!("\u{FEFF}{text}"), u16::to_le_bytes), Letters::Utf16Le),
            (utf16(&format!("\u{FEFF}{text}"), u16::to_be_bytes), Letters::Utf16Be),
        ] {
            assert_eq!(detect(bytes.as_slice()).expect("a text"), letters);
            assert_eq!(decoded(&bytes, letters), text.replace('\r', ""));
        }
        assert_eq!(detect(&b"Name\nJos\xE9\n"[..]).expect("a text"), Letters::Windows1252);
        assert_eq!(decoded(b"Jos\xE9 \x93x\x94", Letters::Windows1252), "José “x”");
        assert_eq!(detect(&b""[..]).expect("a text"), Letters::Utf8);
    }

    #[test]
    fn what_is_no_text_is_named() {
        for (bytes, why) in [
            (&b"PK\x03\x04rest"[..], "workbook of Excel or LibreOffice"),
            (b"\xD0\xCF\x11\xE0\xA1", "old workbook"),
            (b"%PDF-1.7", "a PDF"),
            (b"\xFF\xD8\xFF\xE0", "a picture"),
            (b"\x7FELF\x02\x01\x01\x00\x00\x00\x00\x03\x00", "no text"),
            ("नाम\n".as_bytes(), ""),
            (b"\xE0\xA4\xA8\nJos\xE9\n", "not everywhere"),
        ] {
            match detect(bytes) {
                Ok(_) => assert_eq!(why, ""),
                Err(error) => assert!(!why.is_empty() && error.to_string().contains(why), "{error}"),
            }
        }
    }

    #[test]
    fn lines_end_alike_wherever_a_piece_of_the_file_ends() {
        /// Gives one byte at a time.
        struct Slow<'a>(&'a [u8]);
        impl Read for Slow<'_> {
            fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
                let least = out.len().min(1);
                self.0.read(&mut out[..least])
            }
        }
        let mut text = String::new();
        let bytes = "a\r\nब\rc\n\nd".as_bytes();
        Decoding::new(Slow(bytes), Letters::Utf8, true).read_to_string(&mut text).expect("text");
        assert_eq!(text, format!("a\nब\nc\n\nd\n{LAST_LINE}\n"));
    }
}

//! Attached files: how large they may be, in what pieces they travel, and what their first bytes must be.

use serde::{Deserialize, Serialize};

/// A file is at most so long, in bytes.
pub const MAX_FILE_BYTES: u64 = 100 * 1024 * 1024;

/// A piece of a file on its way to the server is at most so long, in bytes. Where the line is slow, shorter ones get through.
pub const MAX_PIECE_BYTES: usize = 1024 * 1024;

/// So many bytes of a file say what it is.
pub const HEAD_BYTES: usize = 132;

/// How far a file has come to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Upload {
    /// Whether the server has all of it, and it is the file that the row names.
    pub stored: bool,
    /// So many bytes from the beginning are there; the next piece begins here.
    pub received: u64,
}

/// Whether a file that begins like this is of this type. `head` is its first [`HEAD_BYTES`], or all of a shorter one.
///
/// A DICOM file begins with 128 bytes that a reader skips. Only zeros and the head of a TIFF are let pass there: a program
/// for Windows fits too (CVE-2019-11687).
pub fn begins_like(mime: &str, head: &[u8]) -> bool {
    match mime {
        "image/jpeg" => head.starts_with(&[0xff, 0xd8, 0xff]),
        "image/png" => head.starts_with(b"\x89PNG\r\n\x1a\n"),
        "image/webp" => head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP"),
        "application/pdf" => head.starts_with(b"%PDF-"),
        "application/dicom" => {
            let preamble = head.get(..128).unwrap_or_default();
            let is_harmless = preamble.iter().all(|byte| *byte == 0)
                || preamble.starts_with(b"II*\0")
                || preamble.starts_with(b"MM\0*");
            head.get(128..132) == Some(b"DICM") && is_harmless
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dicom(preamble: &[u8]) -> Vec<u8> {
        let mut head = preamble.to_vec();
        head.resize(128, 0);
        head.extend_from_slice(b"DICM");
        head
    }

    #[test]
    fn a_file_is_what_its_first_bytes_say() {
        let png = b"\x89PNG\r\n\x1a\n and more";
        assert!(begins_like("image/png", png) && !begins_like("image/jpeg", png));
        assert!(begins_like("image/jpeg", &[0xff, 0xd8, 0xff, 0xe0]));
        assert!(begins_like("image/webp", b"RIFF\x10\0\0\0WEBPVP8 "));
        assert!(begins_like("application/pdf", b"%PDF-1.7"));
        assert!(!begins_like("image/svg+xml", b"<svg>") && !begins_like("application/pdf", b"MZ%PDF-"));
    }

    #[test]
    fn a_dicom_file_hides_no_program() {
        assert!(begins_like("application/dicom", &dicom(&[])));
        assert!(begins_like("application/dicom", &dicom(b"II*\0 a picture as well")));
        assert!(!begins_like("application/dicom", &dicom(b"MZ a program as well")));
        assert!(!begins_like("application/dicom", b"DICM"));
    }
}

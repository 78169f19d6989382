//! The recovery code: 130 bits as 26 characters that people write down and type, and two that show a slip of the pen. It
//! opens this computer's data when its keyring is lost, and nothing else: nobody signs in with it.

use protocol::recovery::{ALPHABET, FINGERPRINT_LETTERS};
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::sealed::derive;

/// Characters of five bits each that nobody guesses.
const LETTERS: usize = 26;
/// Characters behind them that follow from them.
const CHECK_LETTERS: usize = 2;
/// The largest prime number that two characters can hold: with it no single slip, and no two neighbours that changed
/// places, goes unseen.
const MODULUS: usize = 1021;
/// So many characters stand together on paper.
const GROUP: usize = 4;

/// A recovery code. Its memory is wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct RecoveryCode(Zeroizing<[u8; LETTERS]>);

impl std::fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<redacted>")
    }
}

impl RecoveryCode {
    /// A new one.
    pub fn random() -> Result<Self> {
        let mut values = Zeroizing::new([0; LETTERS]);
        getrandom::fill(values.as_mut_slice()).map_err(Error::internal)?;
        for value in values.iter_mut() {
            *value %= 32;
        }
        Ok(Self(values))
    }

    /// Reads a code as people type it: small letters, with or without hyphens and spaces, `O` for `0`, `I` or `L` for `1`.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`], with what is wrong with it; nothing was tried with it.
    pub fn parse(text: &str) -> Result<Self> {
        let mut typed = Zeroizing::new(Vec::with_capacity(LETTERS + CHECK_LETTERS));
        for letter in text.chars().filter(|letter| !letter.is_whitespace() && !is_hyphen(*letter)) {
            let value = value_of(letter).ok_or_else(|| {
                Error::Invalid(format!(
                    "A recovery code has no \u{201c}{letter}\u{201d}. Nothing was tried yet."
                ))
            })?;
            typed.push(value);
        }
        let Some((values, check)) =
            typed.split_at_checked(LETTERS).filter(|(_, check)| check.len() == CHECK_LETTERS)
        else {
            let there = typed.len();
            return Err(Error::Invalid(format!(
                "A recovery code has {} characters, and these are {there}. Nothing was tried yet.",
                LETTERS + CHECK_LETTERS
            )));
        };
        if check_of(values) != *check {
            return Err(Error::Invalid(
                "There is a slip in this recovery code: compare it with the paper, character by character. Nothing was \
                 tried yet."
                    .into(),
            ));
        }
        let mut code = Zeroizing::new([0; LETTERS]);
        code.copy_from_slice(values);
        Ok(Self(code))
    }

    /// The code as it stands on paper: seven groups of four characters.
    pub fn text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(40));
        for (place, value) in self.0.iter().chain(&check_of(&*self.0)).enumerate() {
            if place > 0 && place % GROUP == 0 {
                text.push('-');
            }
            text.push(char::from(ALPHABET[usize::from(*value)]));
        }
        text
    }

    /// What tells this code from others, and gives nothing of it away.
    pub fn fingerprint(&self) -> String {
        let derived = derive(&[self.0.as_slice()], b"cd-recovery-fingerprint-1");
        derived
            .iter()
            .take(FINGERPRINT_LETTERS)
            .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]))
            .collect()
    }

    /// With what the slot of this code is sealed. 130 bits need no price for a guess.
    pub fn key(&self) -> Zeroizing<[u8; 32]> {
        derive(&[self.0.as_slice()], b"cd-slot-recovery-1")
    }
}

/// Also those that word processors make of a hyphen.
fn is_hyphen(letter: char) -> bool {
    matches!(letter, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

fn value_of(letter: char) -> Option<u8> {
    let letter = match letter.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        letter => letter,
    };
    let place = ALPHABET.iter().position(|known| char::from(*known) == letter)?;
    u8::try_from(place).ok()
}

fn check_of(values: &[u8]) -> [u8; CHECK_LETTERS] {
    let weighed = values.iter().enumerate().map(|(place, value)| (place + 1) * usize::from(*value));
    let sum = weighed.sum::<usize>() % MODULUS;
    [(sum / 32) as u8, (sum % 32) as u8]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(text: &str) -> String {
        match RecoveryCode::parse(text) {
            Err(Error::Invalid(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_code_is_read_back_however_it_was_typed() {
        for _ in 0..200 {
            let code = RecoveryCode::random().expect("BUG: random");
            let text = code.text();
            assert_eq!(text.len(), 34, "{}", *text);
            let spoken = text.replace('0', "o").replace('1', "l");
            for typed in [
                text.to_string(),
                text.to_lowercase(),
                text.replace('-', ""),
                text.replace('-', " \u{2013} "),
                format!("  {spoken}\n"),
                text.replace('1', "I"),
            ] {
                assert!(RecoveryCode::parse(&typed).expect("BUG: read") == code, "{typed}");
            }
        }
    }

    #[test]
    fn every_single_slip_is_found() {
        let code = RecoveryCode::random().expect("BUG: random");
        let letters: Vec<u8> = code.text().bytes().filter(|byte| *byte != b'-').collect();
        for (place, letter) in letters.iter().enumerate() {
            for other in ALPHABET.iter().filter(|other| *other != letter) {
                let mut wrong = letters.clone();
                wrong[place] = *other;
                assert!(why(&String::from_utf8(wrong).expect("BUG: ASCII")).contains("slip"), "{place}");
            }
            let mut short = letters.clone();
            short.remove(place);
            assert!(why(&String::from_utf8(short).expect("BUG: ASCII")).contains("27"), "{place}");
        }
    }

    #[test]
    fn two_neighbours_that_changed_places_are_found() {
        for _ in 0..50 {
            let code = RecoveryCode::random().expect("BUG: random");
            let letters: Vec<u8> = code.text().bytes().filter(|byte| *byte != b'-').collect();
            for place in 1..LETTERS {
                let mut wrong = letters.clone();
                wrong.swap(place - 1, place);
                let same = wrong == letters;
                let read = RecoveryCode::parse(&String::from_utf8(wrong).expect("BUG: ASCII"));
                assert_eq!(read.is_ok(), same, "{place}");
            }
        }
    }

    #[test]
    fn what_is_no_code_is_said_in_words_and_never_repeated() {
        assert!(why("").contains("28 characters, and these are 0"));
        assert!(why("7Q4K-9XWM").contains("these are 8"));
        assert!(why("UUUU").contains("\u{201c}U\u{201d}"));
        let code = RecoveryCode::random().expect("BUG: random");
        assert!(why(&format!("{}0", *code.text())).contains("these are 29"));
        assert_eq!(format!("{code:?}"), "<redacted>");
    }

    #[test]
    fn a_fingerprint_tells_codes_apart_and_is_none_of_their_characters() {
        let (one, other) = (RecoveryCode([7; LETTERS].into()), RecoveryCode([8; LETTERS].into()));
        assert_eq!(one.fingerprint(), one.fingerprint());
        assert_ne!(one.fingerprint(), other.fingerprint());
        assert!(protocol::recovery::is_fingerprint(&one.fingerprint()));
        assert!(*one.key() != *other.key());
    }
}

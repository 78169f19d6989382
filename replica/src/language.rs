//! The language of the window. It is this computer's, not a person's: it stands before anyone has signed in.

use std::sync::atomic::{AtomicBool, Ordering};

use protocol::dosage;
use serde::{Deserialize, Serialize};

use crate::desk::Desk;
use crate::error::Result;
use crate::files;
use crate::hindi::hindi;

/// The file, in the data folder, that holds it. It says nothing of the clinic, and stays when the clinic's files go.
const FILE: &str = "language";

/// The languages of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export, rename = "WindowLanguage"))]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Hindi.
    Hi,
}

impl Language {
    /// A sentence of this program in this language; English where there is no other for it.
    pub fn say(self, english: String) -> String {
        match self {
            Self::En => english,
            Self::Hi => hindi(&english).unwrap_or(english),
        }
    }
}

impl From<Language> for dosage::Language {
    fn from(language: Language) -> Self {
        match language {
            Language::En => Self::English,
            Language::Hi => Self::Hindi,
        }
    }
}

/// The language that is spoken now; English until another one is asked for.
#[derive(Debug, Default)]
pub(crate) struct Spoken(AtomicBool);

impl Spoken {
    pub(crate) fn get(&self) -> Language {
        if self.0.load(Ordering::Relaxed) { Language::Hi } else { Language::En }
    }

    pub(crate) fn set(&self, language: Language) {
        self.0.store(language == Language::Hi, Ordering::Relaxed);
    }
}

impl Desk {
    /// Says everything in this language from now on. The support tool never does: it speaks English.
    pub fn speak(&self, language: Language) {
        self.spoken.set(language);
    }

    /// The language that is spoken now.
    pub fn speaks(&self) -> Language {
        self.spoken.get()
    }

    /// The language that was chosen on this computer; English if none was.
    pub fn language(&self) -> Language {
        match std::fs::read_to_string(self.data_dir.join(FILE)).as_deref().map(str::trim) {
            Ok("hi") => Language::Hi,
            _ => Language::En,
        }
    }

    /// Remembers the language, and speaks it.
    pub fn set_language(&self, language: Language) -> Result<()> {
        self.speak(language);
        let word = match language {
            Language::En => "en",
            Language::Hi => "hi",
        };
        files::make_private_dir(&self.data_dir)?;
        files::write_atomically(&self.data_dir.join(FILE), word.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::keyring::Keyring;

    #[test]
    fn the_language_of_a_computer_is_remembered_before_anyone_has_signed_in() {
        let folder = TempDir::new().expect("BUG: a folder");
        let desk = || Desk::new(folder.path().join("data"), Keyring::in_memory());
        assert_eq!(desk().language(), Language::En);
        desk().set_language(Language::Hi).expect("BUG: written");
        assert_eq!(desk().language(), Language::Hi);
        desk().set_language(Language::En).expect("BUG: written");
        assert_eq!(desk().language(), Language::En);
    }
}

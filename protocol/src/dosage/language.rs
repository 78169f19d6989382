//! The languages of directions.

use serde::{Deserialize, Serialize};

/// A language in which a patient reads how to take a medicine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Language {
    /// English.
    #[serde(rename = "en")]
    English,
    /// Hindi.
    #[serde(rename = "hi")]
    Hindi,
    /// Marathi.
    #[serde(rename = "mr")]
    Marathi,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::English, Self::Hindi, Self::Marathi];

    /// Its ISO 639-1 code.
    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Hindi => "hi",
            Self::Marathi => "mr",
        }
    }

    /// The language of this code, if it is one of these.
    pub fn find(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }
}

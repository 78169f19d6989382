//! What is a good password. The desktop says so while it is typed, and the server judges.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::api::Secret;
use crate::manage::PasswordChange;

/// The fewest characters of a password.
pub const MIN_PASSWORD_CHARS: usize = 12;
/// The most characters of a password.
pub const MAX_PASSWORD_CHARS: usize = 128;

/// Why a new password is not taken. Its text is for the person who chose it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.sentence())]
pub enum WeakPassword {
    /// Fewer than [`MIN_PASSWORD_CHARS`].
    Short,
    /// More than [`MAX_PASSWORD_CHARS`].
    Long,
    /// Everybody tries it first.
    Common,
    /// It contains a name that others know.
    Personal,
    /// It is the one that it should replace.
    Same,
}

impl WeakPassword {
    /// What to say to the person who chose it.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Short => {
                "The password is too short. Use at least 12 characters; four ordinary words are good."
            }
            Self::Long => "The password is too long. Use at most 128 characters.",
            Self::Common => {
                "This password is one that others guess first. Choose four ordinary words instead."
            }
            Self::Personal => {
                "The password contains the clinic's name, the person's name or the e-mail. Choose words that no \
                 one connects with them."
            }
            Self::Same => "The new password is the old one. Choose another one.",
        }
    }
}

static COMMON: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    include_str!("../data/common-passwords.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
});

/// Checks a new password. `names` are the clinic's, the person's and their e-mail's.
///
/// # Errors
///
/// [`WeakPassword`].
pub fn check_new_password(password: &Secret, names: &[&str]) -> Result<(), WeakPassword> {
    let chars = password.0.chars().count();
    if chars < MIN_PASSWORD_CHARS {
        return Err(WeakPassword::Short);
    }
    if chars > MAX_PASSWORD_CHARS {
        return Err(WeakPassword::Long);
    }
    let lower = password.0.to_lowercase();
    let bare = lower.trim_matches(|c: char| !c.is_alphabetic());
    let mut distinct: Vec<char> = lower.chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    if COMMON.contains(lower.as_str()) || COMMON.contains(bare) || bare.is_empty() || distinct.len() < 5 {
        return Err(WeakPassword::Common);
    }
    let letters = squeeze(&lower);
    let personal = std::iter::once("clinic desk")
        .chain(names.iter().flat_map(|name| parts(name)))
        .map(squeeze)
        .any(|name| name.chars().count() >= 4 && letters.contains(&name));
    if personal {
        return Err(WeakPassword::Personal);
    }
    Ok(())
}

/// Checks the password that somebody chooses in place of theirs; `names` as in [`check_new_password`].
///
/// # Errors
///
/// [`WeakPassword`].
pub fn check_password_change(change: &PasswordChange, names: &[&str]) -> Result<(), WeakPassword> {
    check_new_password(&change.new_password, names)?;
    if change.new_password == change.old_password {
        return Err(WeakPassword::Same);
    }
    Ok(())
}

/// Words of a clinic's name that say nothing about it.
const GENERIC_WORDS: &[&str] = &[
    "clinic",
    "clinics",
    "dental",
    "family",
    "hospital",
    "medical",
    "health",
    "healthcare",
    "care",
    "centre",
    "center",
    "doctor",
    "general",
    "specialist",
    "specialists",
    "smile",
    "children",
    "women",
    "group",
];

/// A name as a whole and word by word; of an e-mail only what stands before the `@`.
fn parts(name: &str) -> impl Iterator<Item = &str> {
    let name = name.split_once('@').map_or(name, |(local, _)| local);
    let words = name.split_whitespace().filter(|word| !GENERIC_WORDS.contains(&word.to_lowercase().as_str()));
    words.chain([name])
}

fn squeeze(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(password: &str) -> Result<(), WeakPassword> {
        check_new_password(
            &Secret(password.into()),
            &["Sunrise Clinic", "Meera Joshi", "frontoffice@sunrise.example"],
        )
    }

    #[test]
    fn common_short_long_and_personal_passwords_are_refused() {
        for (password, why) in [
            ("short", WeakPassword::Short),
            ("12345678901", WeakPassword::Short),
            ("password1234!", WeakPassword::Common),
            ("PASSWORDPASSWORD", WeakPassword::Common),
            ("123456789012", WeakPassword::Common),
            ("998877665544", WeakPassword::Common),
            ("aaaaaaaaaaaaaaa", WeakPassword::Common),
            ("ababababababab", WeakPassword::Common),
            ("correcthorsebatterystaple", WeakPassword::Common),
            ("meera loves tea", WeakPassword::Personal),
            ("my joshi family 7", WeakPassword::Personal),
            ("the-sunrise-clinic", WeakPassword::Personal),
            ("sunrise over the sea", WeakPassword::Personal),
            ("FrontOffice-2031-x", WeakPassword::Personal),
            ("my Clinic Desk word", WeakPassword::Personal),
        ] {
            assert_eq!(check(password), Err(why), "{password}");
        }
        assert_eq!(check(&"xy7 ".repeat(33)), Err(WeakPassword::Long));
    }

    #[test]
    fn four_ordinary_words_in_any_script_are_taken() {
        for password in ["kettle orbit mango lamp", "पानी आम सड़क दीपक", "tr0ub4dor&3-zebra"]
        {
            assert_eq!(check(password), Ok(()), "{password}");
        }
    }

    #[test]
    fn a_new_password_is_another_one_and_as_good_as_any() {
        let chosen = |old: &str, new: &str| {
            let change =
                PasswordChange { old_password: Secret(old.into()), new_password: Secret(new.into()) };
            check_password_change(&change, &["Meera Joshi"])
        };
        assert_eq!(chosen("kettle orbit mango lamp", "seven green parrots"), Ok(()));
        assert_eq!(chosen("seven green parrots", "seven green parrots"), Err(WeakPassword::Same));
        assert_eq!(chosen("", ""), Err(WeakPassword::Short));
        assert_eq!(chosen("seven green parrots", "meera loves tea"), Err(WeakPassword::Personal));
    }
}

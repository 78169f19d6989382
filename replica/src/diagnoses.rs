//! The index of diagnoses, offline: a few hundred codes with the words that doctors type.

use std::sync::LazyLock;

use crate::error::Result;
use crate::replica::Replica;
use crate::view::Diagnosis;

/// At most so many are offered.
const OFFERED: usize = 6;

struct Entry {
    code: &'static str,
    name: &'static str,
    /// All words by which it is found, in small letters.
    words: Vec<String>,
}

static INDEX: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let lines = include_str!("../data/icd10.tsv").lines();
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).filter_map(entry).collect()
});

fn entry(line: &'static str) -> Option<Entry> {
    let mut columns = line.split('\t');
    let (code, name) = (columns.next()?, columns.next()?);
    let words = split(&format!("{code} {name} {}", columns.next().unwrap_or_default()));
    Some(Entry { code, name, words })
}

fn split(text: &str) -> Vec<String> {
    let separators = |c: char| !c.is_alphanumeric() && c != '.';
    text.to_lowercase().split(separators).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

impl Entry {
    fn fits(&self, typed: &[String]) -> bool {
        typed.iter().all(|word| self.words.iter().any(|known| known.starts_with(word.as_str())))
    }
}

impl Replica {
    /// Diagnoses that fit: every word typed begins a word of the name, of its other names, or the code.
    pub fn find_diagnoses(&self, typed: &str) -> Result<Vec<Diagnosis>> {
        self.must_read_clinical()?;
        let words = split(typed);
        if words.is_empty() {
            return Ok(vec![]);
        }
        let mut found: Vec<&Entry> = INDEX.iter().filter(|entry| entry.fits(&words)).collect();
        found.sort_by_key(|entry| {
            let begins = entry.name.to_lowercase().starts_with(&words[0]);
            let is_whole = entry.words.contains(&words[0]);
            (!is_whole, !begins, entry.name.len())
        });
        found.truncate(OFFERED);
        let found = found.into_iter();
        Ok(found
            .map(|entry| Diagnosis { text: entry.name.to_owned(), icd10: Some(entry.code.to_owned()) })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_index_has_a_code_of_the_right_form_and_a_name() {
        assert!(INDEX.len() > 300);
        let mut codes: Vec<&str> = INDEX.iter().map(|entry| entry.code).collect();
        for entry in INDEX.iter() {
            let (letter, digits) = entry.code.split_at(1);
            assert!(letter.chars().all(|c| c.is_ascii_uppercase()), "{}", entry.code);
            assert!(digits.chars().all(|c| c.is_ascii_digit() || c == '.'), "{}", entry.code);
            assert!(!entry.name.is_empty() && entry.name.len() < 120, "{}", entry.code);
        }
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), INDEX.len(), "a code stands twice");
    }

    #[test]
    fn short_words_names_and_codes_find_a_diagnosis() {
        let first = |typed: &str| {
            let typed = split(typed);
            INDEX.iter().find(|entry| entry.fits(&typed)).map(|entry| entry.code)
        };
        for (typed, code) in
            [("urti", "J06.9"), ("e11.9", "E11.9"), ("knee oa", "M17.9"), ("irreversible pulp", "K04.0")]
        {
            assert_eq!(first(typed), Some(code), "{typed}");
        }
    }
}

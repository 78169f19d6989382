//! The index of diagnoses, offline: every category of ICD-10, and the codes of everyday practice with the words that
//! doctors type.

use std::sync::LazyLock;

use crate::error::Result;
use crate::replica::Replica;
use crate::view::Diagnosis;

/// At most so many are offered.
const OFFERED: usize = 6;

struct Entry {
    code: &'static str,
    name: &'static str,
    /// Whether it is met so often that it is offered before the others.
    is_often: bool,
    /// Whether it is what a word of its name means every day: a cold is no cold sore.
    is_most: bool,
    /// The name, as it would be typed.
    typed_name: String,
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
    let mark = columns.next();
    let (is_often, is_most) = (matches!(mark, Some("often" | "most")), mark == Some("most"));
    Some(Entry { code, name, is_often, is_most, typed_name: split(name).join(" "), words })
}

fn split(text: &str) -> Vec<String> {
    let separators = |c: char| !c.is_alphanumeric() && c != '.';
    text.to_lowercase().split(separators).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

impl Entry {
    fn fits(&self, typed: &[String]) -> bool {
        typed.iter().all(|word| self.words.iter().any(|known| known.starts_with(word.as_str())))
    }

    /// The lesser, the sooner it is offered: its whole name or code, then what is met often, then whole words, then words of
    /// the name itself before its other words.
    fn place(&self, typed: &[String]) -> (bool, bool, usize, bool, usize, bool, usize) {
        let is_meant = self.typed_name == typed.join(" ") || self.words.first() == typed.first();
        let begun = typed.iter().filter(|word| !self.words.contains(word)).count();
        let is_in_name =
            |word: &&String| self.typed_name.split(' ').any(|known| known.starts_with(word.as_str()));
        let unnamed = typed.iter().filter(|word| !is_in_name(word)).count();
        let is_most = self.is_most && unnamed == 0;
        let begins = typed.first().is_some_and(|word| self.typed_name.starts_with(word.as_str()));
        (!is_meant, !self.is_often, begun, !is_most, unnamed, !begins, self.name.len())
    }
}

/// What fits the words typed, the likeliest first.
fn find(typed: &str) -> Vec<&'static Entry> {
    let typed = split(typed);
    if typed.is_empty() {
        return vec![];
    }
    let mut found: Vec<&Entry> = INDEX.iter().filter(|entry| entry.fits(&typed)).collect();
    found.sort_by_cached_key(|entry| entry.place(&typed));
    found.truncate(OFFERED);
    found
}

impl Replica {
    /// Diagnoses that fit: every word typed begins a word of the name, of its other names, or the code.
    pub fn find_diagnoses(&self, typed: &str) -> Result<Vec<Diagnosis>> {
        self.must_read_clinical()?;
        let found = find(typed).into_iter();
        Ok(found
            .map(|entry| Diagnosis { text: entry.name.to_owned(), icd10: Some(entry.code.to_owned()) })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn codes(typed: &str) -> Vec<&'static str> {
        find(typed).iter().map(|entry| entry.code).collect()
    }

    fn is_code(code: &str) -> bool {
        let form: String = code.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        form.strip_prefix(|c: char| c.is_ascii_uppercase()).is_some_and(|rest| matches!(rest, "00" | "00.0"))
    }

    #[test]
    fn every_line_of_the_index_is_well_formed() {
        let file = include_str!("../data/icd10.tsv");
        let lines = file.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        for line in lines {
            let columns: Vec<&str> = line.split('\t').collect();
            assert!((2..=4).contains(&columns.len()), "{line}");
            assert!(is_code(columns[0]), "{line}");
            assert!(!columns[1].is_empty() && columns[1].chars().count() <= 80, "{line}");
            assert!(columns.iter().all(|column| column.trim() == *column), "{line}");
            assert!(columns.get(3).is_none_or(|mark| matches!(*mark, "often" | "most")), "{line}");
        }
    }

    #[test]
    fn no_code_and_no_name_stands_twice_and_the_codes_are_in_order() {
        assert!(INDEX.windows(2).all(|pair| pair[0].code < pair[1].code));
        let names: BTreeSet<&str> = INDEX.iter().map(|entry| entry.typed_name.as_str()).collect();
        assert_eq!(names.len(), INDEX.len(), "a name stands twice");
    }

    #[test]
    fn every_category_is_there_and_the_teeth_are_there_in_full() {
        let of_length = |length| INDEX.iter().filter(move |entry| entry.code.len() == length);
        assert_eq!(of_length(3).count(), 2_050, "the categories of ICD-10, 2019");
        let categories: BTreeSet<&str> = of_length(3).map(|entry| entry.code).collect();
        assert!(of_length(5).all(|entry| entry.code.get(..3).is_some_and(|code| categories.contains(code))));
        assert_eq!(INDEX.iter().filter(|entry| ("K00".."K15").contains(&entry.code)).count(), 124);
        for diabetes in ["E10", "E11", "E12", "E13", "E14"] {
            assert_eq!(INDEX.iter().filter(|entry| entry.code.starts_with(diabetes)).count(), 11);
        }
    }

    #[test]
    fn short_words_names_and_codes_find_a_diagnosis() {
        for (typed, code) in [
            ("urti", "J06.9"),
            ("e11.9", "E11.9"),
            ("K04.7", "K04.7"),
            ("knee oa", "M17.9"),
            ("irreversible pulp", "K04.0"),
            ("hepatitis b", "B16.9"),
            ("severe dengue", "A97.2"),
            ("vaccination rabies", "Z24.2"),
            ("cholera", "A00.9"),
            ("hemorrhoids", "K64.9"),
            ("Parkinson's disease", "G20"),
        ] {
            assert_eq!(codes(typed).first(), Some(&code), "{typed}");
        }
        assert_eq!(codes("").len() + codes(" ,").len() + codes("xyzzy").len(), 0);
    }

    #[test]
    fn the_everyday_diagnosis_is_offered_before_the_rare_ones() {
        for (typed, code) in [
            ("fever", "R50.9"),
            ("dm", "E14.9"),
            ("htn", "I10"),
            ("gastritis", "K29.7"),
            ("tb", "A15.0"),
            ("dengue", "A97.9"),
            ("malaria", "B54"),
            ("diarr", "K52.9"),
            ("anemia", "D64.9"),
            ("back pain", "M54.9"),
            ("asthma", "J45.9"),
            ("piles", "K64.9"),
            ("anc", "Z34.9"),
            ("abscess", "K04.7"),
            ("cold", "J00"),
            ("vomiting", "R11"),
            ("vomit", "R11"),
            ("rhinitis", "J30.4"),
        ] {
            assert_eq!(codes(typed).first(), Some(&code), "{typed}");
        }
        let place = |code| codes("abscess").iter().position(|one| *one == code);
        assert!(place("K61.0") < place("N61"), "its name says it, and mastitis is only called so too");
        assert!(codes("head").contains(&"R51"), "a word that is still being typed");
        assert!(codes("dm").contains(&"E11.9"));
    }

    #[test]
    fn a_search_reads_each_line_once_over_a_few_words_and_offers_a_handful() {
        assert!((2_500..6_000).contains(&INDEX.len()), "{}", INDEX.len());
        let words: usize = INDEX.iter().map(|entry| entry.words.len()).sum();
        assert!(words < 12 * INDEX.len(), "{words} words");
        for letter in 'a'..='z' {
            assert!(codes(&letter.to_string()).len() <= OFFERED);
        }
    }
}

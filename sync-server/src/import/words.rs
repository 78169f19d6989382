//! What old programs call the columns and choices that have other names here.

/// The words themselves.
mod lists;

use protocol::table::TableName;

use lists::{CHOICES, LANGUAGES, NAMES, STATES};

/// Other names of a column, after its own.
pub(super) fn names(table: TableName, column: &'static str) -> Vec<&'static str> {
    let others = NAMES.iter().filter(|(of, name, _)| of.is_none_or(|of| of == table) && *name == column);
    std::iter::once(column).chain(others.flat_map(|(_, _, others)| others.iter().copied())).collect()
}

/// The choice that a word stands for in this column.
pub(super) fn choice<'c>(column: &str, choices: &[&'c str], written: &str) -> Option<&'c str> {
    let word = squeeze(written);
    if let Some(choice) = choices.iter().find(|choice| squeeze(choice) == word) {
        return Some(choice);
    }
    if column == "blood_group" {
        return blood_group(written)
            .and_then(|group| choices.iter().copied().find(|choice| *choice == group));
    }
    let meant = CHOICES
        .iter()
        .filter(|(of, ..)| *of == column)
        .find(|(_, choice, words)| choices.contains(choice) && words.contains(&word.as_str()))?;
    choices.iter().copied().find(|choice| *choice == meant.1)
}

/// `O +ve`, `B positive`, `ab-`.
fn blood_group(written: &str) -> Option<&'static str> {
    const GROUPS: &[&str] = &["A+", "A-", "B+", "B-", "AB+", "AB-", "O+", "O-"];
    let word = written.to_uppercase().replace("POSITIVE", "+").replace("NEGATIVE", "-");
    let word = word.replace("POS", "+").replace("NEG", "-").replace("VE", "").replace('0', "O");
    let word: String = word.chars().filter(|c| "ABO+-".contains(*c)).collect();
    GROUPS.iter().copied().find(|group| *group == word)
}

/// A word as it is compared: without spaces, signs and capitals.
pub(super) fn squeeze(word: &str) -> String {
    // In Indian scripts the sign that joins two consonants is part of the word, and no letter.
    let is_part =
        |c: &char| c.is_alphanumeric() || *c == '+' || matches!(*c, '\u{94D}' | '\u{9CD}' | '\u{ACD}');
    word.trim().to_lowercase().chars().filter(is_part).collect()
}

/// The code of a state or union territory of India.
pub(super) fn state(written: &str) -> Option<&'static str> {
    let word = squeeze(&written.to_lowercase().replace(" and ", " "));
    let is_it =
        |(code, names): &&(&'static str, &[&str])| squeeze(code) == word || names.contains(&word.as_str());
    STATES.iter().find(is_it).map(|(code, _)| *code)
}

/// The code of a language that is spoken in India.
pub(super) fn language(written: &str) -> Option<&'static str> {
    let word = squeeze(written);
    let is_it = |(code, names): &&(&'static str, &[&str])| *code == word || names.contains(&word.as_str());
    LANGUAGES.iter().find(is_it).map(|(code, _)| *code)
}

/// What stands in a list of allergies where there are none.
pub(super) fn is_no_allergy(written: &str) -> bool {
    matches!(
        squeeze(written).as_str(),
        "nil"
            | "no"
            | "none"
            | "nka"
            | "nkda"
            | "noknownallergies"
            | "noknownallergy"
            | "noknowndrugallergies"
            | "noallergies"
            | "noallergy"
            | "nonknown"
            | "noneknown"
            | "negative"
            | "nad"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_old_programs_are_known() {
        let sexes = &["male", "female", "other", "unknown"];
        assert_eq!(choice("sex", sexes, " F "), Some("female"));
        assert_eq!(choice("sex", sexes, "Male"), Some("male"));
        assert_eq!(choice("sex", sexes, "x"), None);
        let groups = &["A+", "A-", "B+", "B-", "AB+", "AB-", "O+", "O-", "unknown"];
        for (written, group) in [("O +ve", "O+"), ("b positive", "B+"), ("AB-", "AB-"), ("A Neg", "A-")] {
            assert_eq!(choice("blood_group", groups, written), Some(group), "{written}");
        }
        let (forms, routes) = (protocol::table::DOSAGE_FORMS, protocol::table::ROUTES);
        assert_eq!(choice("dosage_form", forms, "Pessary"), Some("suppository"));
        assert_eq!(choice("route", routes, "Pessary"), Some("vaginal"), "which is not rectal");
        assert_eq!(
            choice("status", protocol::table::APPOINTMENT_STATUSES, "In Progress"),
            Some("in_consultation")
        );
        assert_eq!(choice("status", protocol::table::PRESCRIPTION_STATUSES, "completed"), Some("finalised"));
    }

    #[test]
    fn every_name_and_choice_belongs_to_a_column_that_is_declared() {
        for (table, column, _) in NAMES {
            let is_declared = |table: &protocol::table::Table| table.column(column).is_some();
            match table {
                Some(table) => assert!(is_declared(table.table()), "{table:?}.{column}"),
                None => assert!(protocol::table::TABLES.iter().any(is_declared), "{column}"),
            }
        }
        for (column, choice, words) in CHOICES {
            let is_declared = protocol::table::TABLES.iter().any(|table| {
                table.column(column).is_some_and(|column| {
                    matches!(column.kind, protocol::table::Kind::Choice(choices) if choices.contains(choice))
                })
            });
            assert!(is_declared, "{column}: {choice}");
            assert!(words.iter().all(|word| squeeze(word) == *word), "{column}: {words:?}");
        }
    }

    #[test]
    fn states_and_languages_have_codes() {
        for (written, code) in [
            ("Maharashtra", "MH"),
            ("mh", "MH"),
            ("Andhra Pradesh", "AP"),
            ("Andaman & Nicobar Islands", "AN"),
            ("Jammu and Kashmir", "JK"),
            ("Tamil Nadu", "TN"),
            ("Uttarakhand", "UK"),
            ("Dadra and Nagar Haveli and Daman and Diu", "DD"),
            ("Chandigarh", "CH"),
            ("उत्तर प्रदेश", "UP"),
        ] {
            assert_eq!(state(written), Some(code), "{written}");
        }
        assert_eq!((state("Bavaria"), language("Klingon")), (None, None));
        assert_eq!(
            (language("Marathi"), language("hi"), language("हिन्दी")),
            (Some("mr"), Some("hi"), Some("hi"))
        );
        let mut names = STATES.iter().chain(LANGUAGES).flat_map(|(_, names)| *names);
        assert!(names.all(|name| squeeze(name) == *name));
    }

    #[test]
    fn a_list_of_no_allergies_is_none() {
        assert!(is_no_allergy("N.K.D.A.") && is_no_allergy("No known allergies"));
        assert!(!is_no_allergy("penicillin"));
    }
}

//! How a medicine is named and counted.

/// The short word before a medicine's name on paper: `TAB.`, `CAP.` …
pub fn form_abbreviation(dosage_form: &str) -> &'static str {
    match dosage_form {
        "tablet" => "TAB.",
        "capsule" => "CAP.",
        "syrup" => "SYR.",
        "suspension" => "SUSP.",
        "drops" => "DROPS",
        "injection" => "INJ.",
        "cream" => "CREAM",
        "ointment" => "OINT.",
        "gel" => "GEL",
        "lotion" => "LOTION",
        "inhaler" => "INHALER",
        "nasal_spray" => "NASAL SPRAY",
        "eye_drops" => "EYE DROPS",
        "ear_drops" => "EAR DROPS",
        "mouthwash" => "MOUTHWASH",
        "toothpaste" => "TOOTHPASTE",
        "powder" => "POWDER",
        "sachet" => "SACHET",
        "suppository" => "SUPP.",
        "patch" => "PATCH",
        _ => "",
    }
}

/// The form that a word says, as people shorten it.
pub fn form_of_word(word: &str) -> Option<&'static str> {
    Some(match word {
        "tab" | "tabs" | "tablet" | "tablets" => "tablet",
        "cap" | "caps" | "capsule" | "capsules" => "capsule",
        "syr" | "syp" | "syrup" => "syrup",
        "susp" | "suspension" => "suspension",
        "drop" | "drops" => "drops",
        "inj" | "injection" => "injection",
        "cream" => "cream",
        "oint" | "ointment" => "ointment",
        "gel" => "gel",
        "lotion" => "lotion",
        "inhaler" => "inhaler",
        "mouthwash" => "mouthwash",
        "sachet" | "sachets" => "sachet",
        "supp" | "suppository" | "suppositories" => "suppository",
        "patch" | "patches" => "patch",
        _ => return None,
    })
}

/// Words that tell forms apart, but do not say how something in no list is dosed: a powder is taken or applied.
const HINTS: [(&str, &[&str]); 6] = [
    ("eye", &["eye_drops", "ointment", "gel"]),
    ("ear", &["ear_drops"]),
    ("nasal", &["nasal_spray", "drops"]),
    ("spray", &["nasal_spray"]),
    ("powder", &["powder", "sachet"]),
    ("toothpaste", &["toothpaste"]),
];

/// Whether a word is one of those by which forms are told apart.
pub fn is_form_word(word: &str) -> bool {
    form_of_word(word).is_some() || HINTS.iter().any(|(hint, _)| *hint == word)
}

/// Whether a word says this form: `drops` says eye drops as well.
pub fn says_form(word: &str, dosage_form: &str) -> bool {
    form_of_word(word).is_some_and(|said| dosage_form.contains(said))
        || HINTS.iter().any(|(hint, forms)| *hint == word && forms.contains(&dosage_form))
}

/// Whether a word may mean this form where nothing is of the form that it says: a suspension is called a syrup too.
pub fn may_say_form(word: &str, dosage_form: &str) -> bool {
    says_form(word, dosage_form) || dosage_form == "suspension" && form_of_word(word) == Some("syrup")
}

/// The unit in which a form is dosed, as stored in `dose_unit`.
pub fn dose_unit(dosage_form: &str) -> &'static str {
    match dosage_form {
        "tablet" => "tablet",
        "capsule" => "capsule",
        "syrup" | "suspension" | "mouthwash" | "injection" => "ml",
        "drops" | "eye_drops" | "ear_drops" => "drop",
        "inhaler" | "nasal_spray" => "puff",
        "sachet" => "sachet",
        "suppository" => "suppository",
        "patch" => "patch",
        // What is not known is not guessed.
        "other" => "dose",
        _ => "application",
    }
}

/// The way in which most medicines of a form are taken: an injection has more than one, and nothing is guessed of the rest.
pub fn usual_route(dosage_form: &str) -> &'static str {
    match dosage_form {
        "tablet" | "capsule" | "syrup" | "suspension" | "sachet" => "oral",
        "cream" | "ointment" | "gel" | "lotion" => "topical",
        "inhaler" => "inhalation",
        "nasal_spray" => "nasal",
        "eye_drops" => "ophthalmic",
        "ear_drops" => "otic",
        "mouthwash" | "toothpaste" => "dental",
        "suppository" => "rectal",
        _ => "other",
    }
}

/// Whether the number of units to dispense can be counted: tablets can, applications of a cream cannot.
pub fn is_counted(unit: &str) -> bool {
    matches!(unit, "tablet" | "capsule" | "sachet" | "suppository" | "patch" | "ml")
}

/// More than one of the unit: `tablets`, `ml`.
pub fn plural(unit: &str) -> &str {
    match unit {
        "tablet" => "tablets",
        "capsule" => "capsules",
        "drop" => "drops",
        "puff" => "puffs",
        "sachet" => "sachets",
        "suppository" => "suppositories",
        "patch" => "patches",
        "application" => "applications",
        "dose" => "doses",
        other => other,
    }
}

/// The unit with its number in words: `1 tablet`, `2 tablets`, `5 ml`.
pub fn units(amount: f64, unit: &str) -> String {
    format!("{} {}", amount_text(amount), if amount <= 1.0 { unit } else { plural(unit) })
}

/// A number as it is printed: never `5.0`, always `0.5`; parts of one as `½`, `¼`, `¾`.
pub fn amount_text(amount: f64) -> String {
    if (amount - 0.5).abs() < f64::EPSILON {
        return "½".to_owned();
    }
    if (amount - 0.25).abs() < f64::EPSILON {
        return "¼".to_owned();
    }
    if (amount - 0.75).abs() < f64::EPSILON {
        return "¾".to_owned();
    }
    let text = format!("{amount:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{DOSAGE_FORMS, ROUTES};

    #[test]
    fn a_form_is_known_by_the_words_that_people_write_for_it() {
        for (word, form) in [
            ("tab", "tablet"),
            ("cap", "capsule"),
            ("syp", "syrup"),
            ("susp", "suspension"),
            ("drops", "ear_drops"),
            ("eye", "eye_drops"),
            ("eye", "ointment"),
            ("inj", "injection"),
            ("oint", "ointment"),
            ("supp", "suppository"),
        ] {
            assert!(is_form_word(word) && says_form(word, form) && may_say_form(word, form), "{word} {form}");
        }
        assert!(!says_form("syp", "suspension") && may_say_form("syp", "suspension"));
        assert!(!may_say_form("syp", "tablet") && !may_say_form("ear", "eye_drops"));
        assert!(!is_form_word("paracetamol") && !is_form_word("other"));
    }

    #[test]
    fn every_form_has_a_usual_route_that_is_one_of_the_table() {
        for form in DOSAGE_FORMS {
            assert!(ROUTES.contains(&usual_route(form)), "{form}");
        }
        let routes = ["tablet", "suppository", "injection", "drops"].map(usual_route);
        assert_eq!(routes, ["oral", "rectal", "other", "other"]);
    }

    #[test]
    fn amounts_never_trail_a_zero() {
        assert_eq!(amount_text(5.0), "5");
        assert_eq!(amount_text(2.5), "2.5");
        assert_eq!(amount_text(0.5), "½");
        assert_eq!(amount_text(10.0), "10");
        assert_eq!(units(15.0, "tablet"), "15 tablets");
        assert_eq!(units(2.0, "suppository"), "2 suppositories");
        assert_eq!(units(100.0, "ml"), "100 ml");
    }
}

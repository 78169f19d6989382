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

//! What is known of whole classes of ingredients.

/// Classes of which one is enough.
pub(super) const ONE_IS_ENOUGH: &[&str] = &[
    "nsaid",
    "ppi",
    "antihistamine",
    "ssri",
    "benzodiazepine",
    "statin",
    "ace_inhibitor",
    "sartan",
    "beta_blocker",
    "sulfonylurea",
    "gliptin",
    "sglt2",
    "penicillin",
    "cephalosporin",
    "macrolide",
    "fluoroquinolone",
    "tetracycline",
    "nitroimidazole",
    "opioid",
    "corticosteroid",
    "dihydropyridine",
    "prokinetic",
    "muscle_relaxant",
    "triptan",
];

/// Allergies of one class that also tell of another.
pub(super) const CROSS: &[(&str, &str)] = &[("penicillin", "cephalosporin"), ("cephalosporin", "penicillin")];

/// How a class is called.
pub(super) fn class_words(class: &str) -> String {
    match class {
        "nsaid" => "an NSAID".into(),
        "ppi" => "an acid blocker".into(),
        "ssri" => "an SSRI".into(),
        "ace_inhibitor" => "an ACE inhibitor".into(),
        "antihistamine" => "an antihistamine".into(),
        "opioid" => "an opioid".into(),
        "sglt2" => "a gliflozin".into(),
        "dihydropyridine" => "a calcium blocker of the amlodipine kind".into(),
        other => format!("a {}", other.replace('_', " ")),
    }
}

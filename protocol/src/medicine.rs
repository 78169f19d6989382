//! How a medicine is named and counted.

use crate::dosage::{Route, has_few_units, has_loose_figure, routes_of};

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

/// The units in which a medicine is dosed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Units {
    usual: &'static str,
    others: &'static [&'static str],
    must_be_said: bool,
    needs_figure: bool,
    routes: &'static [Route],
}

/// The unit of a medicine of which nothing is known.
const UNKNOWN: &str = "dose";

impl Units {
    /// Of a medicine of this form and strength; of something in no list the name stands for the strength.
    pub fn of(dosage_form: &str, strength: &str) -> Self {
        Self { routes: routes_of(dosage_form), ..Self::counted(dosage_form, strength) }
    }

    fn counted(dosage_form: &str, strength: &str) -> Self {
        let (usual, others): (&'static str, &'static [&'static str]) = match dosage_form {
            "injection" => return Self::of_injection(strength),
            "tablet" => ("tablet", &[]),
            "capsule" => ("capsule", &[]),
            "syrup" | "suspension" | "mouthwash" => ("ml", &[]),
            // The dropper is marked in both.
            "drops" => ("drop", &["ml"]),
            "eye_drops" | "ear_drops" => ("drop", &[]),
            "inhaler" | "nasal_spray" => ("puff", &[]),
            "sachet" => ("sachet", &[]),
            "suppository" => ("suppository", &[]),
            "patch" => ("patch", &[]),
            // What is not known is not guessed. A powder that is sold by the gram is taken: it is no powder for the skin.
            "other" | "" => (UNKNOWN, &[]),
            "powder" if is_in_grams(strength) => (UNKNOWN, &[]),
            _ => ("application", &[]),
        };
        let is_unknown = usual == UNKNOWN;
        // "lantus 10 iu" is the dose, or the strength: a figure alone behind it is of neither. "d3 60000 iu" is no dose.
        let must_be_said = is_unknown
            && is_name(strength)
            && says(strength, INTERNATIONAL)
            && has_few_units(strength, MOST_TAKEN);
        // So is "lantus 10", which looks like "telma 40"; and "tab crocin 2", where the form is known.
        let most_taken = if is_unknown { MOST_TAKEN } else { MOST_OF_FORM };
        let may_be_dose = (is_unknown || is_name(strength)) && has_loose_figure(strength, most_taken);
        // How often alone is never one millilitre, nor one drop for the mouth.
        let is_liquid = matches!(dosage_form, "syrup" | "suspension" | "mouthwash" | "drops");
        let needs_figure = may_be_dose || is_liquid;
        Self { must_be_said, needs_figure, ..Self::from(usual).or(others) }
    }

    fn or(self, others: &'static [&'static str]) -> Self {
        Self { others, ..self }
    }

    /// What is drawn up is never guessed to be millilitres: ten of insulin are ten units, and a gram is a vial.
    fn of_injection(strength: &str) -> Self {
        let strength = strength.to_lowercase().replace(" per ", "/").replace("i.u.", "iu");
        let is_international = says(&strength, INTERNATIONAL);
        let is_mass = is_international || says(&strength, &["mg", "g", "gm", "mcg", "µg"]);
        let is_per_ml = strength.split_once('/').is_some_and(|(_, volume)| volume.trim_end().ends_with("ml"));
        let injected = |usual: &'static str, others: &'static [&'static str]| Self::from(usual).or(others);
        if is_per_ml && is_international {
            // `hs` alone is never one unit of insulin.
            Self { needs_figure: true, ..injected("unit", &["vial", "ampoule"]) }
        } else if is_given_in_units(&strength) {
            Self { must_be_said: true, ..injected("unit", &["vial", "ampoule"]) }
        } else if is_mass && !is_per_ml {
            // In a name, a figure is as likely the dose as what the vial holds.
            let is_name = is_name(&strength);
            Self {
                must_be_said: is_name && is_international,
                needs_figure: is_name,
                ..injected("vial", &["ampoule", "ml", "unit", UNKNOWN])
            }
        } else if strength.trim_end().ends_with("ml") && !is_per_ml {
            // `0.5 ml`: the whole of it is one dose.
            injected(UNKNOWN, &["ml", "vial", "ampoule", "unit"])
        } else {
            Self { must_be_said: true, ..injected(UNKNOWN, &["ml", "vial", "ampoule", "unit"]) }
        }
    }

    /// The one that is meant where none was typed, as stored in `dose_unit`.
    pub fn usual(self) -> &'static str {
        self.usual
    }

    /// Whether no amount may stand without its unit.
    pub fn must_be_said(self) -> bool {
        self.must_be_said
    }

    /// Whether no dose may stand without a figure: `bd` alone says how often, not how much.
    pub fn needs_figure(self) -> bool {
        self.needs_figure
    }

    /// Whether nobody knows in what it is counted where that was not typed.
    pub(crate) fn is_unknown(self) -> bool {
        self.usual == UNKNOWN
    }

    /// Whether a bare figure of something whose unit is not known may be one of pieces: so few, and halves or quarters of
    /// what is no injection.
    pub(crate) fn may_be_pieces(self, amount: f64) -> bool {
        let parts = if self.others.is_empty() { 4.0 } else { 1.0 };
        amount <= MOST_UNSAID && (amount * parts).fract() <= 0.0
    }

    pub(crate) fn is_given(self, route: Route) -> bool {
        self.routes.contains(&route)
    }

    /// Whether it may be dosed in this one. Of a medicine of which nothing is known, any may be right.
    pub fn has(self, unit: &str) -> bool {
        unit == self.usual || self.others.contains(&unit) || (self.usual == UNKNOWN && self.others.is_empty())
    }
}

impl From<&'static str> for Units {
    /// This one and no other.
    fn from(usual: &'static str) -> Self {
        Self { usual, others: &[], must_be_said: false, needs_figure: false, routes: &Route::ALL }
    }
}

const INTERNATIONAL: &[&str] = &["iu", "unit", "units"];

/// More than this of something whose unit is not known is never taken for pieces: ten may be tablets, ml or units.
pub const MOST_UNSAID: f64 = 2.0;

/// A larger figure in a name is how strong it is: so many units of insulin nobody takes at once.
const MOST_TAKEN: f64 = 100.0;

/// The same in the name of tablets and the like: from five on, it is hardly ever how many are taken.
const MOST_OF_FORM: f64 = 4.0;

/// What is given in international units whatever else its name says: insulins as they are sold in India, and heparin.
const GIVEN_IN_UNITS: &[&str] = &[
    "insulin",
    "actrapid",
    "admelog",
    "apidra",
    "basaglar",
    "basalog",
    "basugine",
    "fiasp",
    "glaritus",
    "heparin",
    "humalog",
    "huminsulin",
    "humulin",
    "insugen",
    "insulatard",
    "insuman",
    "lantus",
    "levemir",
    "mixtard",
    "novomix",
    "novorapid",
    "ryzodeg",
    "toujeo",
    "tresiba",
    "wosulin",
];

/// Whether a name says insulin or heparin, be it by its brand: it is injected, and counted in units.
pub fn is_given_in_units(name: &str) -> bool {
    says(name, GIVEN_IN_UNITS)
}

/// Whether one of these stands in it as a word: "calcium" names no international unit.
fn says(strength: &str, units: &[&str]) -> bool {
    let strength = strength.to_lowercase().replace("i.u.", "iu");
    strength.split(|c: char| !c.is_alphabetic()).any(|word| units.contains(&word))
}

/// Whether it is the name of something in no list and no strength, which begins with its figure.
fn is_name(strength: &str) -> bool {
    strength.trim_start().starts_with(char::is_alphabetic)
}

/// Whether a strength is grams and nothing else: `100 g`.
fn is_in_grams(strength: &str) -> bool {
    strength.trim().strip_suffix('g').is_some_and(|grams| grams.trim().parse::<f64>().is_ok())
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

/// Whether a name says its whole form itself: `Tab. Dolo 650` does, `Moxi drops` no eye drops.
pub fn names_form(name: &str, dosage_form: &str) -> bool {
    let name = name.to_lowercase();
    let is_said = |part: &str| {
        let mut words = name.split(|c: char| !c.is_alphabetic());
        words.any(|word| word == part || form_of_word(word) == Some(part))
    };
    dosage_form.split('_').all(is_said)
}

/// Whether a word may mean this form where nothing is of the form that it says: a suspension is called a syrup too.
pub fn may_say_form(word: &str, dosage_form: &str) -> bool {
    says_form(word, dosage_form) || dosage_form == "suspension" && form_of_word(word) == Some("syrup")
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
    matches!(
        unit,
        "tablet" | "capsule" | "sachet" | "suppository" | "patch" | "ml" | "unit" | "vial" | "ampoule"
    )
}

/// More of them than this nobody takes at once.
pub(crate) const MOST_OF_FEW: f64 = 20.0;

/// Whether few of the unit are taken at once: tablets and vials, not millilitres or international units.
pub(crate) fn is_few(unit: &str) -> bool {
    matches!(unit, "tablet" | "capsule" | "sachet" | "suppository" | "patch" | "vial" | "ampoule")
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
        "unit" => "units",
        "vial" => "vials",
        "ampoule" => "ampoules",
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
    fn a_name_says_its_form_in_whichever_spelling_and_whole() {
        for name in ["TAB PCM 650", "telma 40 tab", "Tab.Dolo 650"] {
            assert!(names_form(name, "tablet"), "{name}");
        }
        assert!(names_form("moxi eye drop", "eye_drops") && !names_form("Moxi drops", "eye_drops"));
        assert!(!names_form("Tabcin", "tablet") && !names_form("lantus", "injection"));
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

    #[test]
    fn an_injection_is_never_guessed_to_be_given_in_ml() {
        for (strength, usual) in [
            ("100 IU/ml", "unit"),
            ("40 IU/ml", "unit"),
            ("5000 units/ml", "unit"),
            ("5000 IU per 5 ml", "unit"),
            ("1 g", "vial"),
            ("1 g + 500 mg", "vial"),
            ("600000 IU", "vial"),
            ("Inj. Insulin 40 I.U./ml", "unit"),
            ("Inj. Ceftriaxone 1gm", "vial"),
            ("0.5 ml", "dose"),
            ("500 ml", "dose"),
        ] {
            let units = Units::of("injection", strength);
            assert_eq!((units.usual(), units.must_be_said()), (usual, false), "{strength}");
        }
        assert!(Units::of("injection", "100 IU/ml").needs_figure());
        assert!(Units::of("injection", "Inj. Ceftriaxone 1gm").needs_figure());
        assert!(!Units::of("injection", "1 g").needs_figure());
        for (form, name) in [("injection", "Inj Lantus 24 units"), ("other", "lantus 10 IU")] {
            assert!(Units::of(form, name).must_be_said(), "{name}: the dose, or the strength?");
        }
        assert!(
            !Units::of("other", "60000 IU").must_be_said() && !Units::of("other", "Steam").must_be_said()
        );
        for strength in
            ["25 mg/ml", "4 mg/2 ml", "2 %", "4 % + 1:100000", "Inj. Calcium gluconate 100 mg/ml", ""]
        {
            let units = Units::of("injection", strength);
            assert!(units.must_be_said() && units.has("ml") && !units.has("tablet"), "{strength}");
        }
        assert!(!Units::of("injection", "100 IU/ml").has("ml"), "ten of insulin are never ten millilitres");
    }

    #[test]
    fn an_insulin_is_known_by_its_brand_and_is_never_given_in_ml() {
        for name in ["Lantus 10", "inj. Mixtard 30/70", "HUMALOG25", "Insulin", "Inj Lantus 24 units"] {
            assert!(is_given_in_units(name), "{name}");
            let units = Units::of("injection", name);
            assert_eq!(
                (units.usual(), units.must_be_said(), units.has("ml")),
                ("unit", true, false),
                "{name}"
            );
        }
        for name in ["Lantusol", "Insulinex", "Telma 40"] {
            assert!(!is_given_in_units(name), "{name}");
        }
    }

    #[test]
    fn a_figure_that_stands_alone_in_a_name_may_be_the_dose_unless_it_is_too_large_for_one() {
        for name in ["telma 40", "xyzlin 10 ac", "adrenaline 0.3", "vitamin b 12", "xyzlin १०"] {
            assert!(Units::of("other", name).needs_figure(), "{name}");
        }
        for name in
            ["telma 40 mg", "dolo 650", "telma40", "my own cough mixture", "Steam", "0.5 mg/2 ml", "5 %"]
        {
            assert!(!Units::of("other", name).needs_figure(), "{name}");
        }
        assert!(!Units::of("tablet", "telma 40").needs_figure(), "its form is known");
    }

    #[test]
    fn so_many_units_that_nobody_takes_at_once_are_a_strength() {
        for name in ["d3 60000 iu", "vitamin d3 1000 IU", "vit d 60,000 i.u.", "d3 60k units", "d3 60,000iu"]
        {
            assert!(!Units::of("other", name).must_be_said(), "{name}");
        }
        for name in
            ["xyzlin 40 iu/ml", "xyzlin 40iu/ml", "xyzlin 40 i.u./ml", "xyzlin units", "xyzlin 24 units"]
        {
            assert!(Units::of("other", name).must_be_said(), "{name}");
        }
    }

    #[test]
    fn a_powder_that_is_sold_by_the_gram_is_taken_and_another_one_is_put_on() {
        let usual = |strength| Units::of("powder", strength).usual();
        assert_eq!([usual("100 g"), usual("17 g")], ["dose", "dose"]);
        let of_skin = [usual("5 %"), usual("3400 IU + 400 IU + 5000 IU/g")];
        assert_eq!(of_skin, ["application", "application"]);
    }

    #[test]
    fn drops_for_the_mouth_are_given_in_drops_or_ml_and_those_for_the_eye_in_drops() {
        let of = |form| Units::of(form, "100 mg/ml");
        assert!(of("drops").has("drop") && of("drops").has("ml") && !of("drops").has("tablet"));
        assert!(of("eye_drops").has("drop") && !of("eye_drops").has("ml"));
        assert!(of("other").has("ml") && of("other").has("tablet"), "nothing is known");
    }
}

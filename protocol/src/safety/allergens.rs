//! What an allergy can be noted to: the ingredients that the checks know, and the classes that people are allergic to.

use super::brands::{brands_beginning, is_of_brand, named_by_brand};
use super::care::{allergens, says, singular};
use super::devanagari::{in_latin, with_latin};
use super::registration::distance;
use super::rules::Rules;
use super::{Chart, names, words};

/// A class that is offered.
struct Class {
    code: &'static str,
    name: &'static str,
    /// What it is also called.
    also: &'static str,
    /// Ingredients of it by which it is looked for.
    such_as: &'static str,
}

const fn class(code: &'static str, name: &'static str, also: &'static str, such_as: &'static str) -> Class {
    Class { code, name, also, such_as }
}

impl Class {
    /// All by which it is known, but for the ingredients of the rules.
    fn names(&self) -> impl Iterator<Item = &'static str> {
        self.also.split(' ').chain(self.such_as.split(' ')).chain([self.code, self.name])
    }
}

const CLASSES: &[Class] = &[
    class("penicillin", "Penicillins", "penicilin", "amoxicillin amoxycillin ampicillin cloxacillin"),
    class("cephalosporin", "Cephalosporins", "", "cefixime cefalexin cephalexin ceftriaxone"),
    class(
        "sulfonamide",
        "Sulfonamides",
        "sulfa sulpha sulphonamides sulfur sulphur",
        "cotrimoxazole septran",
    ),
    class("nsaid", "NSAIDs", "painkillers anti-inflammatory", "ibuprofen diclofenac aceclofenac"),
    class("salicylate", "Salicylates", "", "aspirin"),
    class("macrolide", "Macrolides", "", "azithromycin erythromycin clarithromycin"),
    class(
        "fluoroquinolone",
        "Fluoroquinolones",
        "quinolones",
        "ciprofloxacin ofloxacin levofloxacin norfloxacin",
    ),
    class("tetracycline", "Tetracyclines", "", "doxycycline"),
    class("aminoglycoside", "Aminoglycosides", "", "gentamicin amikacin"),
    class("nitroimidazole", "Nitroimidazoles", "", "metronidazole tinidazole ornidazole"),
    class("lincosamide", "Lincosamides", "", "clindamycin"),
    class("azole", "Azole antifungals", "", "fluconazole itraconazole ketoconazole"),
    class("opioid", "Opioids", "", "tramadol codeine morphine"),
    class("local_anaesthetic", "Local anaesthetics", "", "lignocaine lidocaine benzocaine"),
    class("corticosteroid", "Corticosteroids", "steroids", "prednisolone"),
    class("ace_inhibitor", "ACE inhibitors", "", "enalapril ramipril"),
    class("statin", "Statins", "", "atorvastatin rosuvastatin"),
    class("ppi", "Acid blockers", "", "pantoprazole omeprazole"),
    class("antihistamine", "Antihistamines", "", "cetirizine"),
    class("benzodiazepine", "Benzodiazepines", "", "alprazolam diazepam"),
];

/// A shorter word is never taken for a misspelt name; in a longer one than that two letters may be wrong.
const SHORTEST_MISSPELT: usize = 6;
const LONG: usize = 9;

/// What medicines can be checked against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AllergenKind {
    /// One ingredient; its code is its name.
    Ingredient,
    /// A class.
    Class,
}

/// Something that an allergy can be noted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownAllergen {
    /// As people call it.
    pub name: &'static str,
    /// As it is stored.
    pub code: &'static str,
    /// Which of both.
    pub kind: AllergenKind,
}

impl Rules {
    /// What fits the words typed: classes by what they are called, then ingredients, then classes of which one is such.
    /// Each word begins a word of the name.
    pub fn allergens(&self, typed: &str) -> Vec<KnownAllergen> {
        let latin = in_latin(typed).join(" ");
        let typed = words(if latin.is_empty() { typed } else { &latin });
        if typed.is_empty() {
            return vec![];
        }
        let fits = |text: &str| {
            let known = words(text);
            typed.iter().all(|word| known.iter().any(|one| one.starts_with(word.as_str())))
        };
        let called = |class: &Class| fits(&format!("{} {} {}", class.code, class.name, class.also));
        let (by_name, others): (Vec<&Class>, Vec<&Class>) = CLASSES.iter().partition(|class| called(class));
        let by_ingredient = others.into_iter().filter(|class| fits(class.such_as));
        by_name
            .into_iter()
            .map(of_class)
            .chain(self.ingredients().filter(|name| fits(name)).map(ingredient))
            .chain(by_ingredient.map(of_class))
            .collect()
    }

    /// The ingredient or the class of this code, if the checks know it.
    pub fn allergen(&self, kind: AllergenKind, code: &str) -> Option<KnownAllergen> {
        match kind {
            AllergenKind::Class => CLASSES.iter().find(|class| class.code == code).map(of_class),
            AllergenKind::Ingredient => {
                self.ingredients().find(|name| words(name) == words(code)).map(ingredient)
            }
        }
    }

    /// The class that these words are, whole, by what it is called or by a medicine of it.
    pub fn allergen_class(&self, typed: &str) -> Option<KnownAllergen> {
        let is = |name: &str| !name.is_empty() && whole(name) == whole(typed);
        let by_medicine = |class: &&Class| self.that_tell_of(class.code).any(is);
        let is_called = |class: &&Class| class.names().any(is);
        let class = CLASSES.iter().find(is_called).or_else(|| CLASSES.iter().find(by_medicine));
        class.map(of_class)
    }

    /// The classes of an allergy that is noted in these words and with these ingredients: each that the words name, whole,
    /// and each that an ingredient tells of, be it named in words or by its code.
    pub(super) fn classes_meant(&self, text: &str, ingredients: &[&str]) -> Vec<&'static str> {
        let text = words(text);
        let coded: Vec<_> = ingredients.iter().filter_map(|code| self.fact(code)).collect();
        let is_meant = |class: &&Class| {
            class.names().any(|name| says(&text, name))
                || self
                    .that_tell_of(class.code)
                    .any(|name| says(&text, name) || coded.iter().any(|fact| fact.name == name))
        };
        CLASSES.iter().filter(is_meant).map(|class| class.code).collect()
    }

    /// What else words mean: the ingredients of a brand, and what a word is nearly the name of. `pencillin` is penicillin, for
    /// an allergy that is not found because of a letter is one that does not hold.
    pub(super) fn also_meant(&self, text: &str) -> Vec<KnownAllergen> {
        let mut meant: Vec<KnownAllergen> = named_by_brand(text).map(ingredient).collect();
        for typed in words(text) {
            let typed = singular(&typed);
            let most = match typed.chars().count() {
                0..SHORTEST_MISSPELT => continue,
                SHORTEST_MISSPELT..LONG => 1,
                _ => 2,
            };
            let of_ingredients = self.ingredients().map(|name| (name, ingredient(name)));
            let of_classes =
                CLASSES.iter().flat_map(|class| class.names().map(move |name| (name, of_class(class))));
            let mut near: Vec<(usize, KnownAllergen)> = Vec::new();
            for (name, known) in of_ingredients.chain(of_classes) {
                for name in words(name) {
                    near.push((distance(typed, singular(&name)), known));
                }
            }
            let least = near.iter().map(|(far, _)| *far).min().unwrap_or(0);
            // What is spelt right is found as it is.
            if (1..=most).contains(&least) && !is_of_brand(typed) {
                meant.extend(near.into_iter().filter(|(far, _)| *far == least).map(|(_, known)| known));
            }
        }
        meant
    }

    /// The ingredients of brands that begin with these words, each with its brand.
    pub fn allergens_of_brands(&self, typed: &str) -> Vec<(KnownAllergen, &'static str)> {
        brands_beginning(typed).map(|(brand, name)| (ingredient(name), brand)).collect()
    }

    /// The ingredients of a class of which an allergy to one is an allergy to all.
    fn that_tell_of(&self, class: &str) -> impl Iterator<Item = &'static str> {
        self.ingredients_of(class).filter(move |name| tells_of(name, class))
    }

    /// What words name of what can be noted: an ingredient, or else a class.
    pub fn allergen_in_words(&self, text: &str) -> Option<KnownAllergen> {
        let text = words(&with_latin(text));
        let named = self.ingredients().filter(|name| says(&text, name)).max_by_key(|name| name.len());
        let called = || CLASSES.iter().find(|class| class.names().any(|name| says(&text, name)));
        named.map(ingredient).or_else(|| called().map(of_class))
    }

    /// What is noted of an allergy in this class, if anything is: to the class itself, or to a medicine of it.
    pub fn noted_in_class<'a>(&self, chart: &'a Chart, class: &str) -> Option<&'a str> {
        let noted = allergens(chart, Some(self))
            .into_iter()
            .find(|noted| noted.means_class(class) || self.that_tell_of(class).any(|name| noted.means(name)));
        noted.map(|noted| noted.text)
    }

    /// The ingredient that a medicine's own name for it means: `Diclofenac sodium` is diclofenac.
    pub fn allergen_of(&self, ingredient_name: &str) -> Option<KnownAllergen> {
        self.fact(ingredient_name).map(|fact| ingredient(fact.name))
    }
}

/// Whether an allergy to this ingredient is one to its class. Who reacts to furosemide or celecoxib is not known to react to
/// sulpha drugs, nor who reacts to a salve of salicylic acid to aspirin.
fn tells_of(ingredient: &str, class: &str) -> bool {
    match class {
        "sulfonamide" => ingredient.starts_with("Sulfa"),
        "salicylate" => ingredient == "Aspirin",
        _ => true,
    }
}

/// Sulfonamides that are no antibiotics. Who reacts to cotrimoxazole is hardly more likely to react to them than to anything.
const NO_ANTIBIOTICS: &[&str] = &[
    "Acetazolamide",
    "Celecoxib",
    "Chlorthalidone",
    "Furosemide",
    "Hydrochlorothiazide",
    "Indapamide",
    "Torasemide",
];

/// Whether an ingredient is in this class of allergies only by its chemistry.
pub(super) fn is_no_antibiotic(class: &str, ingredient: &str) -> bool {
    class == "sulfonamide" && NO_ANTIBIOTICS.iter().any(|name| names(ingredient, name))
}

/// Whether all that a medicine has of this class is such an ingredient.
pub(super) fn is_of_no_antibiotic(class: &str, ingredients: &[String]) -> bool {
    ingredients.iter().any(|one| is_no_antibiotic(class, one))
        && !ingredients.iter().any(|one| words(one).iter().any(|word| word.starts_with("sulf")))
}

/// Words as they are compared as a whole: of one or of several.
fn whole(text: &str) -> String {
    words(text).join(" ").trim_end_matches('s').to_owned()
}

fn of_class(class: &Class) -> KnownAllergen {
    KnownAllergen { name: class.name, code: class.code, kind: AllergenKind::Class }
}

fn ingredient(name: &'static str) -> KnownAllergen {
    KnownAllergen { name, code: name, kind: AllergenKind::Ingredient }
}

#[cfg(test)]
mod tests {
    use super::super::{Allergy, Registration};
    use super::*;

    fn names_of(typed: &str) -> Vec<&'static str> {
        let rules = Rules::load().expect("BUG: the rules");
        rules.allergens(typed).iter().map(|one| one.name).collect()
    }

    #[test]
    fn a_class_and_an_ingredient_are_found_by_what_people_type() {
        assert_eq!(names_of("penicil")[0], "Penicillins");
        assert_eq!(names_of("sulfa")[0], "Sulfonamides");
        assert_eq!(names_of("diclo"), ["Diclofenac", "Dicloxacillin", "NSAIDs"]);
        assert_eq!(names_of("पेनिसिलीन")[0], "Penicillins");
        assert_eq!(names_of("peanut"), Vec::<&str>::new());
        assert_eq!(names_of("  "), Vec::<&str>::new());
    }

    #[test]
    fn every_class_that_is_offered_is_one_that_some_ingredient_is_of() {
        let rules = Rules::load().expect("BUG: the rules");
        let lost: Vec<&str> =
            CLASSES.iter().map(|class| class.code).filter(|code| !rules.has_class(code)).collect();
        assert_eq!(lost, Vec::<&str>::new());
    }

    #[test]
    fn an_allergy_is_in_a_class_if_it_is_to_the_class_or_to_a_medicine_of_it() {
        let rules = Rules::load().expect("BUG: the rules");
        let amoxicillin = Allergy {
            substance: "Amoxicillin rash".into(),
            ingredients: vec!["Amoxicillin".into()],
            ..Allergy::default()
        };
        let noted = Chart { allergies: vec![amoxicillin], ..Chart::default() };
        assert_eq!(rules.noted_in_class(&noted, "penicillin"), Some("Amoxicillin rash"));
        assert_eq!(rules.noted_in_class(&noted, "macrolide"), None);
        let words = Registration { allergies: Some("dust; sulfa drugs".into()), ..Registration::default() };
        let written = Chart { registrations: vec![words], ..Chart::default() };
        assert_eq!(rules.noted_in_class(&written, "sulfonamide"), Some("sulfa drugs"));
        assert_eq!(rules.noted_in_class(&written, "penicillin"), None);
        let code = |typed: &str| rules.allergen_class(typed).map(|one| one.code);
        assert_eq!(
            [code("Sulfonamides"), code("amoxicillin"), code("dust")],
            [Some("sulfonamide"), Some("penicillin"), None]
        );
    }

    #[test]
    fn a_class_is_meant_by_whole_words_and_never_by_a_part_of_one() {
        let rules = Rules::load().expect("BUG: the rules");
        let code = |typed: &str| rules.allergen_class(typed).map(|one| one.code);
        for (typed, class) in [
            ("penicillin", "penicillin"),
            ("Penicillins", "penicillin"),
            ("sulfa", "sulfonamide"),
            ("local anaesthetic", "local_anaesthetic"),
            ("NSAID", "nsaid"),
            ("anti-inflammatory", "nsaid"),
            ("Septran", "sulfonamide"),
            ("ampicillin", "penicillin"),
            ("Piperacillin", "penicillin"),
            ("Celecoxib", "nsaid"),
            ("Sulfasalazine", "sulfonamide"),
        ] {
            assert_eq!(code(typed), Some(class), "{typed}");
        }
        assert_eq!(code("Furosemide"), None, "nobody knows that it tells of sulpha drugs");
        for part in ["p", "pen", "ma", "acid", "local", "sulfate", "s", "", " "] {
            assert_eq!(code(part), None, "{part}");
        }
        let noted = |substance: &str| {
            let noted = Allergy { substance: substance.into(), ..Allergy::default() };
            Chart { allergies: vec![noted], ..Chart::default() }
        };
        for other in ["Ferrous sulphate", "Magnesium sulfate", "Furosemide"] {
            assert_eq!(rules.noted_in_class(&noted(other), "sulfonamide"), None, "{other}");
        }
        for drug in ["Sulfa drugs", "sulphonamides", "sulphadiazine"] {
            assert_eq!(rules.noted_in_class(&noted(drug), "sulfonamide"), Some(drug));
        }
    }

    #[test]
    fn words_name_an_ingredient_or_else_a_class_or_nothing() {
        let rules = Rules::load().expect("BUG: the rules");
        let code = |text: &str| rules.allergen_in_words(text).map(|one| one.code);
        assert_eq!(code("amoxicillin: rash"), Some("Amoxicillin"));
        assert_eq!(code("mefenamic acid"), Some("Mefenamic acid"));
        assert_eq!(code("Sulfa drugs"), Some("sulfonamide"));
        assert_eq!(code("सल्फ़ा की दवा"), Some("sulfonamide"));
        assert_eq!(code("House dust"), None);
    }

    #[test]
    fn a_code_is_read_back_by_its_kind() {
        let rules = Rules::load().expect("BUG: the rules");
        let name = |kind, code: &str| rules.allergen(kind, code).map(|one| one.name);
        assert_eq!(name(AllergenKind::Class, "nsaid"), Some("NSAIDs"));
        assert_eq!(name(AllergenKind::Ingredient, "amoxicillin"), Some("Amoxicillin"));
        assert_eq!(name(AllergenKind::Class, "Amoxicillin"), None);
        assert_eq!(rules.allergen_of("Diclofenac sodium").map(|one| one.code), Some("Diclofenac"));
    }
}

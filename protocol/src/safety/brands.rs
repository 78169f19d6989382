//! Under which names common ingredients are sold and noted in India. Allergies are told of by these names, and lines are
//! typed with them; a clinic's own list of brands need not have them. A name that is missing here is found by its words alone.

use super::care::says;
use super::short_names::SHORT_NAMES;
use super::words;

const BRANDS: &[(&str, &[&str])] = &[
    ("acitrom", &["Acenocoumarol"]),
    ("alerid", &["Cetirizine"]),
    ("allegra", &["Fexofenadine"]),
    ("althrocin", &["Erythromycin"]),
    ("amox", &["Amoxicillin"]),
    ("ampiclox", &["Ampicillin", "Cloxacillin"]),
    ("atarax", &["Hydroxyzine"]),
    ("augmentin", &["Amoxicillin"]),
    ("avil", &["Pheniramine"]),
    ("azee", &["Azithromycin"]),
    ("azithral", &["Azithromycin"]),
    ("azithro", &["Azithromycin"]),
    ("bactrim", &["Sulfamethoxazole", "Trimethoprim"]),
    ("betnesol", &["Betamethasone"]),
    ("brufen", &["Ibuprofen"]),
    ("calpol", &["Paracetamol"]),
    ("ceftum", &["Cefuroxime"]),
    ("cetzine", &["Cetirizine"]),
    ("cifran", &["Ciprofloxacin"]),
    ("ciplox", &["Ciprofloxacin"]),
    ("cipro", &["Ciprofloxacin"]),
    ("clavam", &["Amoxicillin"]),
    ("clavulanate", &["Clavulanic acid"]),
    ("combiflam", &["Ibuprofen", "Paracetamol"]),
    ("crocin", &["Paracetamol"]),
    ("dalacin", &["Clindamycin"]),
    ("dexona", &["Dexamethasone"]),
    ("diclo", &["Diclofenac"]),
    ("disprin", &["Aspirin"]),
    ("dolo", &["Paracetamol"]),
    ("domstal", &["Domperidone"]),
    ("doxy", &["Doxycycline"]),
    ("ecosprin", &["Aspirin"]),
    ("emeset", &["Ondansetron"]),
    ("etoshine", &["Etoricoxib"]),
    ("flagyl", &["Metronidazole"]),
    ("flexon", &["Ibuprofen", "Paracetamol"]),
    ("folitrax", &["Methotrexate"]),
    ("hifenac", &["Aceclofenac"]),
    ("ibugesic", &["Ibuprofen"]),
    ("ketorol", &["Ketorolac"]),
    ("lasix", &["Furosemide"]),
    ("levoflox", &["Levofloxacin"]),
    ("lox", &["Lidocaine"]),
    ("mahacef", &["Cefixime"]),
    ("medrol", &["Methylprednisolone"]),
    ("meftal", &["Mefenamic acid"]),
    ("megapen", &["Ampicillin", "Cloxacillin"]),
    ("metacin", &["Paracetamol"]),
    ("metro", &["Metronidazole"]),
    ("metrogyl", &["Metronidazole"]),
    ("monocef", &["Ceftriaxone"]),
    ("mox", &["Amoxicillin"]),
    ("moxikind", &["Amoxicillin"]),
    ("naprosyn", &["Naproxen"]),
    ("nimulid", &["Nimesulide"]),
    ("nise", &["Nimesulide"]),
    ("norflox", &["Norfloxacin"]),
    ("novamox", &["Amoxicillin"]),
    ("nucoxia", &["Etoricoxib"]),
    ("oflox", &["Ofloxacin"]),
    ("okacet", &["Cetirizine"]),
    ("omez", &["Omeprazole"]),
    ("omnacortil", &["Prednisolone"]),
    ("pacimol", &["Paracetamol"]),
    ("pan", &["Pantoprazole"]),
    ("pantocid", &["Pantoprazole"]),
    ("pantop", &["Pantoprazole"]),
    ("perinorm", &["Metoclopramide"]),
    ("phexin", &["Cefalexin"]),
    ("razo", &["Rabeprazole"]),
    ("septran", &["Sulfamethoxazole", "Trimethoprim"]),
    ("sporidex", &["Cefalexin"]),
    ("taxim", &["Cefotaxime"]),
    ("taxim o", &["Cefixime"]),
    ("tiniba", &["Tinidazole"]),
    ("ultracet", &["Paracetamol", "Tramadol"]),
    ("voveran", &["Diclofenac"]),
    ("warf", &["Warfarin"]),
    ("wysolone", &["Prednisolone"]),
    ("xylocaine", &["Lidocaine"]),
    ("zanocin", &["Ofloxacin"]),
    ("zerodol", &["Aceclofenac"]),
    ("zifi", &["Cefixime"]),
];

/// Brands, and generic names that are written otherwise.
fn other_names() -> impl Iterator<Item = &'static (&'static str, &'static [&'static str])> {
    BRANDS.iter().chain(SHORT_NAMES)
}

/// The ingredients of the brands that a text names, word for word.
pub(super) fn named_by_brand(text: &str) -> impl Iterator<Item = &'static str> {
    let text = words(text);
    let named: Vec<&(&str, &[&'static str])> =
        other_names().filter(|(brand, _)| says(&text, brand)).collect();
    named.into_iter().flat_map(|(_, ingredients)| ingredients.iter().copied())
}

/// Brands that begin so, each with its ingredients.
pub(super) fn brands_beginning(typed: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let typed = words(typed).join(" ");
    let fitting =
        other_names().filter(move |(brand, _)| typed.len() >= 3 && brand.starts_with(typed.as_str()));
    fitting.flat_map(|(brand, ingredients)| ingredients.iter().map(move |one| (*brand, *one)))
}

/// Whether this is a word of one of the brands.
pub(super) fn is_of_brand(word: &str) -> bool {
    other_names().any(|(brand, _)| brand.split(' ').any(|one| one == word))
}

#[cfg(test)]
mod tests {
    use super::super::Rules;
    use super::*;

    #[test]
    fn every_brand_names_ingredients_of_the_rules_and_stands_there_once() {
        let rules = Rules::load().expect("BUG: the rules");
        for (brand, ingredients) in other_names() {
            assert_eq!(other_names().filter(|(other, _)| other == brand).count(), 1, "{brand}");
            for name in *ingredients {
                assert_eq!(rules.fact(name).map(|fact| fact.name), Some(*name), "{brand}");
            }
        }
    }

    #[test]
    fn a_brand_is_named_by_its_whole_word() {
        let named = |text: &str| named_by_brand(text).collect::<Vec<_>>();
        assert_eq!(named("Tab. Combiflam 1-0-1"), ["Ibuprofen", "Paracetamol"]);
        assert_eq!(named("Panado, Dolonex"), Vec::<&str>::new());
        assert!(named("Taxim-O 200").contains(&"Cefixime"));
        assert_eq!(named("Tab. PCM 650"), ["Paracetamol"]);
        assert_eq!(named("Co-amoxiclav 625").len(), 4, "by itself and by its second half");
        assert_eq!(named("1 or 2 of xyzlin"), Vec::<&str>::new(), "no ORS");
    }
}

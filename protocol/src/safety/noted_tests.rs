//! Allergies as people write them down, and the doses of children.

use serde_json::json;

use super::tests::{Listed, Pad, listed};
use super::*;
use crate::medicine::Units;

const HELD: &[(Check, Severity)] = &[(Check::Allergy, Severity::Hold)];
const NEAR: &[(Check, Severity)] = &[(Check::CrossAllergy, Severity::Caution)];

#[test]
fn a_misspelt_allergy_holds_what_was_meant() {
    let amoxicillin = listed("Amoxicillin", "500 mg", &["penicillin"]);
    let cetirizine = listed("Cetirizine", "10 mg", &[]);
    let diclofenac = listed("Diclofenac sodium", "50 mg", &["nsaid"]);
    for (noted, medicine) in [
        ("Pencillin", &amoxicillin),
        ("amoxicilin: rash", &amoxicillin),
        ("moxicillin", &amoxicillin),
        ("amoxicillinum", &amoxicillin),
        ("cetrizine", &cetirizine),
        ("diclofenec 2019", &diclofenac),
        ("ibuprofin", &diclofenac),
    ] {
        assert_eq!(Pad::new().allergic(noted).line(medicine, "1-0-1 x5d").found(), HELD, "{noted}");
    }
    for noted in ["peanuts", "dust", "strawberries", "sea food", "reaction to injection", "sulphur"] {
        for medicine in [&amoxicillin, &cetirizine, &diclofenac] {
            assert_eq!(Pad::new().allergic(noted).line(medicine, "1-0-1 x5d").found(), [], "{noted}");
        }
    }
}

#[test]
fn an_allergy_in_the_words_that_patients_use_for_a_class_holds_what_is_of_it() {
    let cotrimoxazole = listed("Sulfamethoxazole", "400 mg", &["sulfonamide"]);
    let diclofenac = listed("Diclofenac sodium", "50 mg", &["nsaid"]);
    let amoxicillin = listed("Amoxicillin", "500 mg", &["penicillin"]);
    let cefixime = listed("Cefixime", "200 mg", &["cephalosporin"]);
    for (noted, medicine) in [
        ("Sulphur drugs", &cotrimoxazole),
        ("sulfur: rash", &cotrimoxazole),
        ("pain killers", &diclofenac),
        ("any pain-killer injection", &diclofenac),
        ("Beta-lactams", &amoxicillin),
        ("betalactam", &cefixime),
    ] {
        assert_eq!(Pad::new().allergic(noted).line(medicine, "1-0-1 x5d").found(), HELD, "{noted}");
    }
    let iron = listed("Ferrous sulfate", "200 mg", &[]);
    assert_eq!(Pad::new().allergic("sulphur").line(&iron, "1-0-1 x5d").found(), []);
}

#[test]
fn an_allergy_that_is_written_in_devanagari_holds_what_it_names() {
    let amoxicillin = listed("Amoxicillin", "500 mg", &["penicillin"]);
    let cotrimoxazole = listed("Sulfamethoxazole", "400 mg", &["sulfonamide"]);
    let diclofenac = listed("Diclofenac sodium", "50 mg", &["nsaid"]);
    let paracetamol = listed("Paracetamol", "650 mg", &[]);
    for (noted, medicine) in [
        ("पेनिसिलिन", &amoxicillin),
        ("अमॉक्सिसिलीनची ॲलर्जी", &amoxicillin),
        ("सल्फ़ा से दाने", &cotrimoxazole),
        ("आयबुप्रोफेन", &diclofenac),
        ("दर्द निवारक", &diclofenac),
        ("क्रोसिन", &paracetamol),
    ] {
        assert_eq!(Pad::new().allergic(noted).line(medicine, "1-0-1 x5d").found(), HELD, "{noted}");
    }
    assert_eq!(Pad::new().allergic("पेनिसिलिन").line(&paracetamol, "1-0-1 x5d").found(), []);
}

#[test]
fn an_allergy_that_the_rules_do_not_know_is_named_once_for_all_lines_and_what_is_no_medicine_is_not() {
    let cetirizine = listed("Cetirizine", "10 mg", &[]);
    let gaps = |noted: &str| {
        let pad = Pad::new().allergic(noted).line(&cetirizine, "0-0-1 x5d").line(&cetirizine, "1-0-0 x5d");
        for line in pad.check() {
            assert!(line.is_checked && line.gaps.is_empty(), "{noted}");
            assert_eq!(line.is_partly_checked, !pad.gaps().is_empty(), "{noted}");
        }
        pad.gaps()
    };
    for noted in
        ["that red syrup", "लाल सिरप", "some injection", "dust and that red syrup", "egg", "Citicoline"]
    {
        assert_eq!(gaps(noted), [format!("An allergy is recorded that the checks do not know: {noted}.")]);
    }
    for noted in [
        "House dust",
        "dust, pollen: sneezing 2015",
        "धूल से एलर्जी",
        "prawns",
        "penicillin: rash",
        "Pencillin",
        "sulfa",
        "pain killers",
        "Augmentin",
        "पेनिसिलिन",
    ] {
        assert_eq!(gaps(noted), Vec::<String>::new(), "{noted}");
    }
    let own_words = Pad::new().allergic("that red syrup").free("a herbal tea").check().remove(0);
    assert!(!own_words.is_checked && !own_words.is_partly_checked, "nothing of it is checked");
}

#[test]
fn what_the_rules_do_not_know_of_an_allergy_is_named_beside_what_they_know() {
    let amoxicillin = listed("Amoxicillin", "500 mg", &["penicillin"]);
    let of = |noted: &str| Pad::new().allergic(noted).line(&amoxicillin, "1-0-1 x5d");
    for (noted, unknown) in [
        ("penicillin and xyzol", "xyzol"),
        ("Xyzol, penicillin: rash", "Xyzol"),
        ("penicillin/that red syrup", "that red syrup"),
        ("Augmentin & xyzol tablets", "xyzol tablets"),
        ("dust, penicillin or egg", "egg"),
        ("पेनिसिलिन और लाल सिरप", "लाल सिरप"),
    ] {
        let pad = of(noted);
        assert_eq!(pad.found(), HELD, "{noted}");
        assert_eq!(pad.gaps(), [format!("An allergy is recorded that the checks do not know: {unknown}.")]);
        assert!(pad.check()[0].is_partly_checked, "{noted}");
    }
    for noted in [
        "penicillin and sulfa",
        "penicillin, dust and prawns",
        "penicillin: rash and itching, swelling of the lips",
        "penicillin 12/03/2019 h/o",
        "amoxicillin + clavulanate",
        "penicillin and its derivatives",
        "पेनिसिलिन से दाने और खुजली",
    ] {
        assert_eq!(of(noted).gaps(), Vec::<String>::new(), "{noted}");
    }
}

#[test]
fn a_warning_counts_as_an_unknown_allergy_only_where_the_allergies_stand_nowhere_else() {
    let cetirizine = listed("Cetirizine", "10 mg", &[]);
    let gaps = |has_allergies: bool, warning: Option<&str>, allergy: Option<&str>| {
        let mut pad = Pad::new().line(&cetirizine, "0-0-1 x5d");
        let allergies = warning.map(str::to_owned);
        let registration =
            super::super::Registration { allergies, has_allergies, ..super::super::Registration::default() };
        pad.chart.registrations.push(registration);
        let pad = match allergy {
            Some(allergy) => pad.allergic(allergy),
            None => pad,
        };
        assert_eq!(pad.check()[0].is_partly_checked, !pad.gaps().is_empty());
        pad.gaps().len()
    };
    assert_eq!(gaps(false, Some("hard of hearing"), None), 0);
    assert_eq!(gaps(true, Some("hard of hearing"), Some("penicillin")), 0);
    assert_eq!(gaps(true, Some("penicillin; that red syrup"), None), 1);
    assert_eq!(gaps(true, Some("penicillin"), None), 0);
    assert_eq!(gaps(true, None, None), 1, "nobody noted to what");
}

#[test]
fn an_allergy_that_is_noted_by_a_common_brand_holds_what_is_in_it() {
    let amoxicillin = listed("Amoxicillin", "500 mg", &["penicillin"]);
    let paracetamol = listed("Paracetamol", "650 mg", &[]);
    let cotrimoxazole = listed("Sulfamethoxazole", "400 mg", &["sulfonamide"]);
    for (noted, medicine) in [
        ("Augmentin", &amoxicillin),
        ("amox", &amoxicillin),
        ("Crocin: rash", &paracetamol),
        ("Combiflam", &paracetamol),
        ("Septran", &cotrimoxazole),
    ] {
        assert_eq!(Pad::new().allergic(noted).line(medicine, "1-0-1 x5d").found(), HELD, "{noted}");
    }
    assert_eq!(Pad::new().allergic("Augmentin").line(&paracetamol, "1-0-1 x5d").found(), []);
}

#[test]
fn a_brand_in_no_list_is_held_and_is_one_ingredient_twice_but_is_never_called_checked() {
    let pad = Pad::new().allergic("penicillin").free("augmentin duo 625");
    assert_eq!(pad.found(), HELD);
    assert!(!pad.check()[0].is_checked);
    let paracetamol = listed("Paracetamol", "650 mg", &[]);
    let twice = Pad::new().line(&paracetamol, "1-0-1 x5d").free("combiflam");
    assert_eq!(twice.found(), [(Check::SameIngredient, Severity::Caution)]);
}

#[test]
fn methotrexate_that_does_not_say_weekly_is_held_and_as_directed_says_nothing() {
    let methotrexate = listed("Methotrexate", "7.5 mg", &[]);
    let held = [(Check::DailyDose, Severity::Hold)];
    assert_eq!(Pad::new().line(&methotrexate, "as directed").found(), held);
    assert_eq!(Pad::new().line(&methotrexate, "1 weekly x4w").found(), []);
    assert_eq!(Pad::new().line(&methotrexate, "1 stat").found(), []);
}

#[test]
fn an_allergy_in_words_means_the_salts_of_what_it_names() {
    let hyoscine = listed("Hyoscine butylbromide", "10 mg", &[]);
    assert_eq!(Pad::new().allergic("hyoscine").line(&hyoscine, "1-0-1 x5d").found(), HELD);
}

#[test]
fn a_sulfonamide_that_is_no_antibiotic_is_told_of_and_not_held_for_an_allergy_to_sulpha_drugs() {
    let furosemide = listed("Furosemide", "40 mg", &["sulfonamide"]);
    let celecoxib = listed("Celecoxib", "100 mg", &["nsaid", "sulfonamide"]);
    let with_losartan = Listed(
        "Losartan + Hydrochlorothiazide",
        json!([{ "name": "Losartan", "strength": "50 mg" }, { "name": "Hydrochlorothiazide", "strength": "12.5 mg" }]),
        &["sulfonamide"],
        "oral",
    );
    for medicine in [&furosemide, &celecoxib, &with_losartan] {
        let pad = Pad::new().allergic("sulfa drugs").line(medicine, "1-0-0 x5d");
        assert_eq!(pad.found(), NEAR, "{}", medicine.0);
        assert!(pad.check()[0].findings[0].source.is_some_and(|source| source.contains("NEJM")));
    }
    assert_eq!(Pad::new().allergic("furosemide").line(&furosemide, "1-0-0 x5d").found(), HELD);
    assert_eq!(Pad::new().allergic("NSAIDs").line(&celecoxib, "1-0-0 x5d").found(), HELD);
    let unknown = listed("Silver sulfadiazine", "1 %", &["sulfonamide"]);
    assert_eq!(Pad::new().allergic("sulfa drugs").line(&unknown, "1-0-0 x5d").found(), HELD);
}

#[test]
fn the_most_of_a_day_of_a_child_goes_by_its_weight_and_that_none_is_noted_is_said() {
    let syrup = listed("Paracetamol", "250 mg/5 ml", &[]);
    let of = |dose: &str, months: i64, weight_g: Option<u32>| {
        let mut pad = Pad::new().line_in(&syrup, dose, Units::of("syrup", "250 mg/5 ml"));
        pad.person = Person { ages_months: vec![months], weight_g, ..Person::default() };
        pad.check().remove(0)
    };
    // 250 mg four times a day: 100 mg per kg of ten, 50 of twenty.
    let held = of("5 ml qid x3d", 14, Some(10_000));
    assert_eq!(held.findings.len(), 1);
    assert_eq!(
        held.findings[0].why,
        "Paracetamol: 1000 mg a day is more than 750 mg, the most for a child of 10 kg."
    );
    assert_eq!((held.findings[0].check, held.findings[0].severity), (Check::DailyDose, Severity::Hold));
    assert_eq!(of("5 ml qid x3d", 72, Some(20_000)).findings, []);
    assert_eq!(of("5 ml qid x3d", 480, Some(10_000)).findings, [], "no child");
    let unknown = of("5 ml qid x3d", 14, None);
    assert_eq!(unknown.findings, []);
    assert_eq!(unknown.gaps, ["Paracetamol: a child's dose goes by weight, and none is noted."]);
    // A heavy child takes no more than an adult.
    let heavy = of("25 ml qid x3d", 140, Some(80_000));
    assert!(heavy.findings[0].why.ends_with("the most for an adult."), "{:?}", heavy.findings);
}

#[test]
fn that_only_the_most_of_a_day_of_an_adult_is_known_is_said_of_a_child() {
    let cetirizine = listed("Cetirizine", "10 mg", &[]);
    let gaps = |ages_months: Vec<i64>, weight_g: Option<u32>| {
        let mut pad = Pad::new().line(&cetirizine, "0-0-1 x5d");
        pad.person = Person { ages_months, weight_g, ..Person::default() };
        pad.check().remove(0).gaps
    };
    let said = ["Cetirizine: the most of a day for a child is not known; only that of an adult is checked."];
    assert_eq!(gaps(vec![72], Some(20_000)), said);
    assert_eq!(gaps(vec![72], None), said);
    assert_eq!(gaps(vec![], None), said, "whoever's age nobody knows may be a child");
    assert_eq!(gaps(vec![144], Some(40_000)), Vec::<String>::new());
    // Nothing of a day is measured of it, for an adult neither.
    let mut pad = Pad::new().line(&listed("Levothyroxine", "50 mcg", &[]), "1-0-0 x30d");
    pad.person = Person { ages_months: vec![72], weight_g: Some(20_000), ..Person::default() };
    assert_eq!(pad.check()[0].gaps, Vec::<String>::new());
}

#[test]
fn what_is_injected_has_its_own_most_of_a_day_by_age_and_by_weight() {
    let strength = json!([{ "name": "Ketorolac tromethamine", "strength": "30 mg/ml" }]);
    let injection = Listed("Ketorolac tromethamine", strength, &["nsaid"], "im");
    let tablet = listed("Ketorolac tromethamine", "10 mg", &["nsaid"]);
    let said = |mut pad: Pad, years: i64, weight_g: Option<u32>| {
        pad.person = Person { ages_months: vec![years * 12], weight_g, ..Person::default() };
        let found = pad.check().into_iter().flat_map(|line| line.findings);
        found.filter(|one| one.check == Check::DailyDose).map(|one| one.why).collect::<Vec<_>>()
    };
    let injected = |dose: &str| Pad::new().line_in(&injection, dose, Units::of("injection", "30 mg/ml"));
    assert_eq!(said(injected("1 ml tds x2d"), 40, Some(60_000)), Vec::<String>::new(), "90 mg");
    assert_eq!(
        said(injected("1 ml qid x2d"), 40, Some(60_000)),
        ["Ketorolac tromethamine: 120 mg a day is more than 90 mg, the most for an adult by injection."]
    );
    for (years, weight_g) in [(65, Some(60_000)), (40, Some(50_000)), (40, None)] {
        assert_eq!(said(injected("1 ml bd x2d"), years, weight_g), Vec::<String>::new(), "60 mg");
        let more = said(injected("1 ml tds x2d"), years, weight_g);
        assert!(more[0].contains("more than 60 mg, the most for an adult by injection from 65"), "{more:?}");
    }
    let by_mouth = said(Pad::new().line(&tablet, "2-2-2 x2d"), 40, Some(60_000));
    assert!(by_mouth[0].ends_with("more than 40 mg, the most for an adult."), "{by_mouth:?}");
    let both = said(injected("1 ml od x2d").line(&tablet, "1-0-1 x2d"), 40, Some(60_000));
    assert!(both[0].contains("50 mg a day is more than 40 mg"), "{both:?}");
}

#[test]
fn what_is_taken_when_needed_without_a_limit_is_taken_once_at_least() {
    let syrup = listed("Paracetamol", "250 mg/5 ml", &[]);
    let of = |dose: &str, weight_g: Option<u32>| {
        let mut pad = Pad::new().line_in(&syrup, dose, Units::of("syrup", "250 mg/5 ml"));
        pad.person = Person { ages_months: vec![14], weight_g, ..Person::default() };
        pad.check().remove(0)
    };
    let held = of("15 ml sos", Some(8_000));
    assert_eq!(
        held.findings[0].why,
        "Paracetamol: 750 mg a day is more than 600 mg, the most for a child of 8 kg."
    );
    assert_eq!(of("5 ml sos", Some(8_000)), LineReport { is_checked: true, ..LineReport::default() });
    assert_eq!(of("5 ml sos", None).gaps, ["Paracetamol: a child's dose goes by weight, and none is noted."]);
    let tablet = listed("Paracetamol", "650 mg", &[]);
    let with_regular = Pad::new().line(&tablet, "2-2-2 x3d").line(&tablet, "1 sos");
    assert!(with_regular.found().contains(&(Check::DailyDose, Severity::Hold)));
}

#[test]
fn what_a_combination_holds_counts_to_the_most_of_a_child_too() {
    let both = Listed(
        "Ibuprofen + Paracetamol",
        json!([{ "name": "Ibuprofen", "strength": "100 mg" }, { "name": "Paracetamol", "strength": "125 mg/5 ml" }]),
        &["nsaid"],
        "oral",
    );
    let paracetamol = listed("Paracetamol", "250 mg/5 ml", &[]);
    let units = || Units::of("syrup", "5 ml");
    let mut pad =
        Pad::new().line_in(&paracetamol, "5 ml tds x3d", units()).line_in(&both, "5 ml tds x3d", units());
    pad.person = Person { ages_months: vec![24], weight_g: Some(12_000), ..Person::default() };
    // 750 and 375 mg of paracetamol are more than 900.
    let found: Vec<Check> = pad.check()[1].findings.iter().map(|finding| finding.check).collect();
    assert_eq!(found, [Check::DailyDose, Check::SameIngredient]);
}

#[test]
fn four_milligrams_of_ondansetron_twice_a_day_are_not_too_much_for_a_child_of_ten_kilograms() {
    let syrup = listed("Ondansetron", "2 mg/5 ml", &[]);
    let found = |dose: &str| {
        let mut pad = Pad::new().line_in(&syrup, dose, Units::of("syrup", "2 mg/5 ml"));
        pad.person = Person { ages_months: vec![24], weight_g: Some(10_000), ..Person::default() };
        pad.found()
    };
    assert_eq!(found("10 ml bd x2d"), []);
    assert_eq!(found("10 ml tds x2d"), [(Check::DailyDose, Severity::Hold)]);
}

#[test]
fn painkillers_that_are_not_for_children_say_so() {
    for (name, severity) in
        [("Aceclofenac", Severity::Caution), ("Celecoxib", Severity::Caution), ("Meloxicam", Severity::Hold)]
    {
        let tablet = listed(name, "7.5 mg", &[]);
        let mut pad = Pad::new().line(&tablet, "1-0-0 x3d");
        assert_eq!(pad.found(), [], "{name} for a grown-up");
        pad.person.ages_months = vec![120];
        assert_eq!(pad.found(), [(Check::Age, severity)], "{name}");
    }
}

#[test]
fn both_aminoglycosides_that_are_injected_are_told_of_in_pregnancy() {
    for name in ["Amikacin", "Gentamicin"] {
        let injection = listed(name, "250 mg", &[]);
        let mut pad = Pad::new().line(&injection, "1-0-0 x3d");
        pad.person.is_pregnant = true;
        assert_eq!(pad.found(), [(Check::Pregnancy, Severity::Caution)], "{name}");
    }
}

#[test]
fn a_brand_in_no_list_that_is_put_into_the_eye_or_on_the_skin_is_none_that_is_swallowed() {
    let found = |text: &str| {
        let mut pad = Pad::new().free(text);
        pad.person = Person { ages_months: vec![120], ..Person::default() };
        pad.found()
    };
    assert_eq!(found("ciplox 500"), [(Check::Age, Severity::Caution)]);
    assert_eq!(found("ciplox eye drops"), []);
    let ciprofloxacin = listed("Ciprofloxacin", "500 mg", &[]);
    for text in ["ciplox eye/ear drops", "ciplox oint"] {
        assert_eq!(Pad::new().line(&ciprofloxacin, "1-0-1 x5d").free(text).found(), [], "{text}");
        assert_eq!(Pad::new().allergic("ciprofloxacin").free(text).found(), HELD, "{text}");
    }
}

#[test]
fn every_medicine_for_somebody_who_is_noted_as_dead_is_held_with_the_day() {
    let paracetamol = listed("Paracetamol", "650 mg", &[]);
    let mut pad = Pad::new().line(&paracetamol, "1-0-1 x3d").free("Grandma's tea");
    assert_eq!(pad.found(), []);
    pad.person.death = Some(Death { on: None });
    assert_eq!(pad.found(), [(Check::Death, Severity::Hold); 2]);
    let unknown = pad.check()[0].findings[0].clone();
    assert_eq!(unknown.why, "This patient is marked as deceased.");
    pad.person.death = Some(Death { on: Some(time::macros::date!(2026 - 05 - 03)) });
    let known = pad.check()[0].findings[0].clone();
    assert_eq!(known.why, "This patient is marked as deceased: died on 03 May 2026.");
    assert_ne!(unknown.key, known.key, "a reason holds for what was said");
}

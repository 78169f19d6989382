//! By which way a medicine is given.

use super::*;

/// The medicine, and what is understood of its dose in this form.
fn read<'l>(line: &'l str, form: &str, strength: &str) -> (&'l str, Result<String, String>) {
    let TypedLine { medicine, dose } = TypedLine::split(line);
    let units = Units::of(form, strength);
    let dosage = Dosage::read(dose, units).map_err(|error| error.to_string());
    (medicine, dosage.map(|dosage| dosage.words(units.usual(), Language::English)))
}

#[test]
fn the_way_is_no_part_of_the_name_and_stands_in_the_directions() {
    for (line, form, strength, medicine, words) in [
        (
            "inj ceftriaxone 1g iv bd x5d",
            "injection",
            "1 g",
            "inj ceftriaxone 1g",
            "1 vial morning and night, into a vein, for 5 days",
        ),
        (
            "inj ceftriaxone 1 g I.V. od",
            "injection",
            "1 g",
            "inj ceftriaxone 1 g",
            "1 vial in the morning, into a vein",
        ),
        ("inj tt 0.5ml im stat", "injection", "0.5 ml", "inj tt", "½ ml at once, into a muscle"),
        (
            "inj diclofenac 3 ml i/m stat",
            "injection",
            "25 mg/ml",
            "inj diclofenac",
            "3 ml at once, into a muscle",
        ),
        ("lantus 10 units sc hs", "injection", "100 IU/ml", "lantus", "10 units at bedtime, under the skin"),
        (
            "syp ambroxol 5 ml po tds pc",
            "syrup",
            "",
            "syp ambroxol",
            "5 ml morning, noon and night, by mouth, after food",
        ),
        ("inj lasix 2 amp iv stat", "injection", "10 mg/ml", "inj lasix", "2 ampoules at once, into a vein"),
        (
            "sorbitrate 10 mg ½ tab sl stat",
            "tablet",
            "10 mg",
            "sorbitrate 10 mg",
            "½ tablet at once, under the tongue",
        ),
        ("telma 40 po od", "tablet", "40 mg", "telma 40", "1 tablet in the morning, by mouth"),
        (
            "amox 500 mg po pc tds",
            "tablet",
            "500 mg",
            "amox 500 mg",
            "1 tablet morning, noon and night, by mouth, after food",
        ),
        (
            "isosorbide dinitrate 5 mg sl sos",
            "tablet",
            "5 mg",
            "isosorbide dinitrate 5 mg",
            "1 tablet when needed, under the tongue",
        ),
        (
            "clobetasol cream topical bd",
            "cream",
            "",
            "clobetasol cream",
            "1 application morning and night, on the affected place",
        ),
        (
            "bisacodyl supp 10 mg pr hs",
            "suppository",
            "10 mg",
            "bisacodyl supp 10 mg",
            "1 suppository at bedtime, into the rectum",
        ),
        (
            "clotrimazole 100 mg 1 tab pv hs x6d",
            "tablet",
            "100 mg",
            "clotrimazole 100 mg",
            "1 tablet at bedtime, into the vagina, for 6 days",
        ),
        ("dolo 650 po 2 bd", "tablet", "650 mg", "dolo 650", "2 tablets morning and night, by mouth"),
        ("dolo 650 po 8 hourly", "tablet", "650 mg", "dolo 650", "1 tablet every 8 hours, by mouth"),
        ("dolo 650 1-0-1 po", "tablet", "650 mg", "dolo 650", "1 tablet morning and night, by mouth"),
    ] {
        assert_eq!(read(line, form, strength), (medicine, Ok(words.to_owned())), "{line}");
    }
}

#[test]
fn what_is_or_may_be_a_part_of_the_name_stays_there() {
    for (line, medicine) in [
        ("tramadol 100 mg pr 1-0-1", "tramadol 100 mg pr"),
        ("candid oral 1-0-1", "candid oral"),
        ("iv fluids 1 od", "iv fluids 1"),
        ("amlodipine po 5 od", "amlodipine po 5"),
        ("augmentin 500 125 po 1-0-1", "augmentin 500 125"),
        ("minoxidil topical 5% 1 ml bd", "minoxidil topical 5%"),
    ] {
        assert_eq!(TypedLine::split(line).medicine, medicine, "{line}");
    }
}

#[test]
fn a_way_in_the_midst_of_a_name_can_be_read_behind_it() {
    for (line, moved) in [
        ("inj ceftriaxone iv 1 g bd x5d", Some("inj ceftriaxone 1 g iv bd x5d")),
        ("amlodipine po 5 od", Some("amlodipine 5 po od")),
        ("inj ceftriaxone I.V. 1g od", Some("inj ceftriaxone 1g I.V. od")),
        ("inj ceftriaxone 1 g bd", None),
        ("inj ceftriaxone iv 1 g", None),
        ("iv fluids 500 ml stat", None),
    ] {
        assert_eq!(TypedLine::with_route(line).as_deref(), moved, "{line}");
    }
}

#[test]
fn a_way_that_is_none_of_the_form_is_refused_in_words_and_two_ways_are_as_well() {
    let refused = |typed: &str, form: &str| {
        Dosage::read(typed, Units::of(form, "5 mg")).map_err(|error| error.to_string())
    };
    let words = "A medicine in this form is not given into a vein. If it is meant, write it behind //";
    for form in ["tablet", "capsule", "syrup", "eye_drops", "suppository", "inhaler"] {
        assert_eq!(refused("iv 1-0-1", form), Err(words.to_owned()), "{form}");
    }
    assert!(refused("1 vial po od", "injection").is_err() && refused("sc od", "cream").is_err());
    assert!(refused("iv 1 tab od", "other").is_ok(), "nothing is known of it");
    for typed in ["iv im 1-0-1", "po 1 tab po od", "iv 1-0-1 x3d then im 1-0-0 x3d"] {
        assert!(Dosage::parse(typed).is_err(), "{typed}");
    }
}

#[test]
fn the_way_is_stored_with_the_dose_and_said_in_each_language() {
    let dosage = Dosage::read("1 vial iv bd x3d", Units::of("injection", "1 g")).expect("a dose");
    let row = row_of(&dosage, "vial");
    assert_eq!(row["dose_text"], "iv 1-0-1 vial x3d");
    let said = [Language::English, Language::Hindi, Language::Marathi]
        .map(|language| dosage.words("vial", language));
    for (words, way) in said.iter().zip(["into a vein", "नस में", "शिरेमध्ये"]) {
        assert!(words.contains(way), "{words}");
    }
    assert_eq!(Dosage::of_row(&row), Some(dosage));
}

#[test]
fn every_way_is_one_of_the_table() {
    for route in Route::ALL {
        assert!(crate::table::ROUTES.contains(&route.as_str()), "{route:?}");
    }
}

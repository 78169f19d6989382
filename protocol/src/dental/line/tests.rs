//! What a line of the chart says, and what is wrong with it.

use proptest::prelude::*;

use super::*;
use crate::dental::are_surfaces;
use crate::table::CONDITIONS;

fn finding_of(text: &str) -> (String, String, Option<u8>) {
    match read(text).expect("BUG: it reads") {
        DentalLine { surfaces, entry: Some(DentalEntry::Finding { condition, grade }), .. } => {
            (surfaces, condition, grade)
        }
        other => panic!("BUG: no finding: {other:?}"),
    }
}

#[test]
fn a_finding_is_a_tooth_its_surfaces_and_a_code() {
    for (text, surfaces, condition, grade) in [
        ("36 mo c", "MO", "caries_dentine", None),
        ("36 om C", "MO", "caries_dentine", None),
        ("11 mo c", "MI", "caries_dentine", None),
        ("36 f f", "B", "filled_sound", None),
        ("36 f", "", "filled_sound", None),
        ("36 m", "", "missing_extracted", None),
        ("36 m c", "M", "caries_dentine", None),
        ("36 m2", "", "mobility", Some(2)),
        ("36 m 2", "", "mobility", Some(2)),
        ("36 d pk5", "D", "pocket", Some(5)),
        ("36 d pk 5", "D", "pocket", Some(5)),
        ("75 p f!", "L", "filled_defective", None),
        ("upper calc", "", "calculus", None),
        ("mouth ging", "", "gingivitis", None),
    ] {
        assert_eq!(finding_of(text), (surfaces.to_owned(), condition.to_owned(), grade), "{text}");
    }
}

#[test]
fn what_is_planned_or_done_has_a_code_or_words_of_its_own() {
    let read = |text| read(text).expect("BUG: it reads").entry;
    let entry = |code: Option<&str>, name: &str, is_done| {
        Some(DentalEntry::Procedure { code: code.map(Into::into), name: name.into(), is_done })
    };
    assert_eq!(read("36 plan rct"), entry(Some("RCT"), "Root canal treatment", false));
    assert_eq!(read("47 do done f // A2"), entry(Some("F"), "Filling", true));
    assert_eq!(read("mouth plan scaling"), entry(Some("SC"), "Scaling", false));
    assert_eq!(read("36 plan smooth the edge"), entry(None, "Smooth the edge", false));
    assert_eq!(read("36 plan PFM bridge"), entry(None, "PFM bridge", false));
    assert_eq!(read("36 plan sm"), None);
}

#[test]
fn what_may_still_become_right_is_no_fault() {
    for text in [
        "mouth p",
        "mouth pl",
        "upper c",
        "mouth s",
        "",
        "3",
        "36",
        "36 ",
        "36 mo",
        "36 mo cal",
        "36 pla",
        "up",
        "upper",
        "36 plan",
        "36 plan r",
    ] {
        assert!(read(text).is_ok_and(|line| line.entry.is_none()), "{text}");
    }
}

#[test]
fn what_cannot_become_right_says_why() {
    use DentalLineError::{Code, Grade, NoSurfaces, OneTooth, Place, SurfacesBehind, Tooth, WholeTooth};
    for (text, why) in [
        ("39 c", Tooth),
        ("361 c", Tooth),
        ("9", Tooth),
        ("3 c", Tooth),
        ("molar c", Place),
        ("36 mo zz", Code),
        ("36 c extra", Code),
        ("36 m4", Grade),
        ("36 fu9", Grade),
        ("36 mo x", WholeTooth),
        ("upper rct", OneTooth),
        ("36 plan f mo", SurfacesBehind),
        ("36 mo p f", Code),
        ("mouth mo c", NoSurfaces),
        ("ur plan rct", OneTooth),
    ] {
        assert_eq!(read(text), Err(why), "{text}");
    }
}

#[test]
fn every_code_stands_for_one_thing_that_the_chart_knows() {
    for finding in FINDINGS {
        assert!(CONDITIONS.contains(&finding.condition), "{}", finding.condition);
        for code in finding.codes {
            let same = FINDINGS.iter().filter(|other| other.codes.contains(code)).count();
            assert!(same == 1 || *code == "m", "{code}");
        }
    }
    for one in PROCEDURES {
        assert!(one.after.is_none_or(|after| CONDITIONS.contains(&after)), "{}", one.code);
    }
}

proptest! {
    #[test]
    fn surfaces_in_any_order_are_stored_as_the_tooth_has_them(
        typed in "[moidblvfp]{1,6}",
        fdi in prop::sample::select((11..=85_i64).filter(|fdi| Tooth::new(*fdi).is_some()).collect::<Vec<_>>()),
    ) {
        let line = read(&format!("{fdi} {typed} caries")).expect("BUG: it reads");
        prop_assert!(are_surfaces(&line.surfaces, Tooth::new(fdi)), "{}", line.surfaces);
    }

    #[test]
    fn no_text_breaks_it(text in ".{0,60}") {
        let _ = read(&text);
    }
}

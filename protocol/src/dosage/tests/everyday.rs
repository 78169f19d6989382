//! Lines of a day of sixty prescriptions: what is read, and what is asked about.

use super::*;

/// The medicine, and what is understood of its dose.
fn read<'l>(line: &'l str, form: &str) -> (&'l str, Result<String, String>) {
    let TypedLine { medicine, dose } = TypedLine::split(line);
    let units = Units::of(form, medicine);
    let dosage = Dosage::read(dose, units).map_err(|error| error.to_string());
    (medicine, dosage.map(|dosage| dosage.words(units.usual(), Language::English)))
}

#[test]
fn a_word_of_the_name_is_no_part_of_the_dose() {
    for (line, medicine, words) in [
        ("multivitamin daily 1-0-1", "multivitamin daily", "1 dose morning and night"),
        ("zincovit daily bd x1m", "zincovit daily", "1 dose morning and night, for 1 month"),
        ("multivitamin daily", "multivitamin", "1 dose once a day"),
        ("multivitamin daily twice", "multivitamin", "1 dose morning and night"),
        ("benzac ac hs", "benzac ac", "1 dose at bedtime"),
        ("benzac ac bd", "benzac ac", "1 dose morning and night"),
        ("xyzlin ac apply hs", "xyzlin ac", "1 application at bedtime"),
        ("pan ac bd", "pan", "1 dose morning and night, before food"),
        ("coenzyme q10 1-0-0", "coenzyme q10", "1 dose in the morning"),
        ("Amoxicillin 500 mg (Mox 500) hs", "Amoxicillin 500 mg (Mox 500)", "1 dose at bedtime"),
        ("Telmisartan 40 mg (Telma 40) hs", "Telmisartan 40 mg (Telma 40)", "1 dose at bedtime"),
        ("Ciprofloxacin 500 mg (Cifran OD) hs", "Ciprofloxacin 500 mg (Cifran OD)", "1 dose at bedtime"),
    ] {
        assert_eq!(read(line, "other"), (medicine, Ok(words.to_owned())), "{line}");
    }
    let (_, said) = read("melatonin pc hs", "other");
    assert!(said.as_ref().is_err_and(|why| why.contains("from \"hs\" on")), "{said:?}");
}

#[test]
fn a_part_before_hourly_is_neither_taken_for_the_amount_nor_left_in_the_name() {
    for part in ["1/2", "½", "half", "1½"] {
        let line = format!("moxi eye drops {part} hourly");
        let split = TypedLine::split(&line);
        assert_eq!((split.medicine, split.dose), ("moxi eye drops", format!("{part} hourly").as_str()));
        assert!(Dosage::read(split.dose, Units::of("eye_drops", split.medicine)).is_err(), "{line}");
    }
    for (line, form, medicine, words) in [
        ("moxi eye drops 1 hourly", "eye_drops", "moxi eye drops", "1 drop every hour"),
        ("tab avil 25 mg ½ tab hourly", "tablet", "tab avil 25 mg", "½ tablet every hour"),
    ] {
        assert_eq!(read(line, form), (medicine, Ok(words.to_owned())), "{line}");
    }
}

#[test]
fn what_doctors_write_in_short_and_in_words_is_understood() {
    for (line, form, medicine, words) in [
        ("dolo 650 1 sos gap 1h", "other", "dolo 650", "1 dose when needed, 1 hour apart"),
        ("dolo 650 1-0-1x5d", "other", "dolo 650", "1 dose morning and night, for 5 days"),
        ("dolo 650 bdx5d", "other", "dolo 650", "1 dose morning and night, for 5 days"),
        ("dolo 650 2tdsx3d", "other", "dolo 650", "2 doses morning, noon and night, for 3 days"),
        ("dolo 650 1bd 5d", "other", "dolo 650", "1 dose morning and night, for 5 days"),
        ("dolo 650 5 days 1-0-1", "other", "dolo 650", "1 dose morning and night, for 5 days"),
        ("crocin 5d 1-0-1", "other", "crocin", "1 dose morning and night, for 5 days"),
        ("amox 500 tds 5/7", "other", "amox 500", "1 dose morning, noon and night, for 5 days"),
        ("dolo 650 od for ten days", "other", "dolo 650", "1 dose in the morning, for 10 days"),
        ("dolo 650 1-o-1", "other", "dolo 650", "1 dose morning and night"),
        ("dolo 650 1-x-1", "other", "dolo 650", "1 dose morning and night"),
        ("dolo 650 1--0--1", "other", "dolo 650", "1 dose morning and night"),
        ("dolo 650 (1-0-1) x5d", "other", "dolo 650", "1 dose morning and night, for 5 days"),
        ("tab pan 40 1-0-0 (before food)", "tablet", "tab pan 40", "1 tablet in the morning, before food"),
        ("dolo 650 8hrly", "other", "dolo 650", "1 dose every 8 hours"),
        ("dolo 650 q6hrly", "other", "dolo 650", "1 dose every 6 hours"),
        ("vit d 60k once in 15 days", "other", "vit d 60k", "1 dose every 15 days"),
        ("vit d 60k every 2 weeks", "other", "vit d 60k", "1 dose every 14 days"),
        ("depo provera 150 mg once in 3 months", "other", "depo provera 150 mg", "1 dose every 90 days"),
        ("d3 60000 iu once weekly x8w", "other", "d3 60000 iu", "1 dose once a week, for 8 weeks"),
        ("tab x 500 morning and evening", "tablet", "tab x 500", "1 tablet morning and evening"),
        ("tab x 500 morning, noon and night", "tablet", "tab x 500", "1 tablet morning, noon and night"),
        ("tab x 500 1 subah sham", "tablet", "tab x 500", "1 tablet morning and evening"),
        ("tab x 500 1 tab raat ko", "tablet", "tab x 500", "1 tablet at night"),
        (
            "tab x 500 1 subah khali pet",
            "tablet",
            "tab x 500",
            "1 tablet in the morning, on an empty stomach",
        ),
        ("tab x 500 bd khane ke baad", "tablet", "tab x 500", "1 tablet morning and night, after food"),
        ("tab x 500 0-1-0 after lunch", "tablet", "tab x 500", "1 tablet at noon, after food"),
        ("tab x 500 0-0-1 after dinner", "tablet", "tab x 500", "1 tablet at night, after food"),
        ("tab x 500 1 od abf", "tablet", "tab x 500", "1 tablet in the morning, after food"),
        ("tab x 500 1 sos tds", "tablet", "tab x 500", "1 tablet when needed, at most 3 tablets a day"),
        ("syp calpol 5 ml sos q6h", "syrup", "syp calpol", "5 ml when needed, 6 hours apart"),
        (
            "syp calpol 5 ml sos max 3 times a day",
            "syrup",
            "syp calpol",
            "5 ml when needed, at most 15 ml a day",
        ),
        ("tab x 500 1 od alternate days", "tablet", "tab x 500", "1 tablet every other day"),
        (
            "tab x 500 bd - after food - 5 days",
            "tablet",
            "tab x 500",
            "1 tablet morning and night, after food, for 5 days",
        ),
        ("syp calpol 1 1/2 tsp bd", "syrup", "syp calpol", "7.5 ml morning and night"),
        (
            "flomist nasal spray 2 sprays bd",
            "nasal_spray",
            "flomist nasal spray",
            "2 puffs morning and night",
        ),
        (
            "tab x 20 2 od 3 days f/b 1 od 3 days",
            "tablet",
            "tab x 20",
            "2 tablets in the morning, for 3 days, then 1 tablet in the morning, for 3 days",
        ),
    ] {
        assert_eq!(read(line, form), (medicine, Ok(words.to_owned())), "{line}");
    }
}

#[test]
fn what_says_when_or_how_much_by_weight_is_never_left_in_the_name() {
    for (line, dose) in [
        ("dolo 650 1 q4-6h sos", "1 q4-6h sos"),
        ("dolo 650 every 4 to 6 hours sos", "every 4 to 6 hours sos"),
        ("dolo 650 every 4 to 6 hours", "every 4 to 6 hours"),
        ("acyclovir 800 5 times a day x7d", "5 times a day x7d"),
        ("cabergoline 0.5 mg 3 times a week", "3 times a week"),
        ("calpol 15 mg/kg q6h", "15 mg/kg q6h"),
        ("calpol 15mg/kg/dose sos", "15mg/kg/dose sos"),
        ("tab x 500 1 od after dinner", "1 od after dinner"),
        ("tab x 500 1-0-1 after lunch", "1-0-1 after lunch"),
        ("tab x 40 mg one fourth tab bd", "fourth tab bd"),
        ("tab x 500 1 sos bd max 4", "1 sos bd max 4"),
    ] {
        let split = TypedLine::split(line);
        assert_eq!(split.dose, dose, "{line}");
        assert!(Dosage::read(dose, Units::of("other", split.medicine)).is_err(), "{line}");
    }
    let (_, said) = read("calpol 15 mg/kg q6h", "syrup");
    assert!(said.as_ref().is_err_and(|why| why.contains("not so many mg")), "{said:?}");
    // One and a half, or a strength: still asked about.
    assert_eq!(TypedLine::split("acitrom 2 1/2 twice a day").dose, "");
}

#[test]
fn a_dash_between_an_amount_and_what_is_behind_it_loses_no_amount() {
    for (line, dose) in [
        ("metoprolol 25 mg ½-tab bd", "½-tab bd"),
        ("ambroxol -5ml tds", "5ml tds"),
        ("dolo 650 2-tabs sos", "2-tabs sos"),
        ("dolo 650-bd", "bd"),
    ] {
        let split = TypedLine::split(line);
        assert_eq!(split.dose, dose, "{line}");
        assert!(!split.medicine.ends_with('-') && Dosage::parse(dose).is_ok(), "{line}");
    }
    assert_eq!(Dosage::parse("½-tab bd").map(|read| read.typed()), Ok("½-0-½ tablet".to_owned()));
    for line in
        ["xyzlin 10-hs", "dolo 650 - 2 bd", "dolo 650 -2 bd", "dolo 650 (2) bd", "dolo 650 - 2 tab bd"]
    {
        let (medicine, said) = read(line, "other");
        assert!(said.is_err(), "{medicine}: {said:?}");
    }
    assert_eq!(read("vitamin b-12 od", "other").1, Ok("1 dose in the morning".to_owned()));
}

#[test]
fn a_strength_before_two_dashes_and_a_cross_before_the_days_are_no_amounts() {
    for line in ["amlodipine 5--1-0-1", "telma 20--1-0-1 x5d", "dolo 650 1-1-1-x 5 days", "dolo 650 1-0-1-x"]
    {
        let (medicine, said) = read(line, "other");
        assert!(said.is_err(), "{medicine}: {said:?}");
    }
    assert_eq!(Dosage::parse("1-x-x-1").map(|read| read.typed()), Ok("1-0-1".to_owned()));
}

#[test]
fn a_half_before_marks_and_a_range_before_a_unit_are_asked_about() {
    for (line, dose) in [
        ("metoprolol 25 mg ½ 1-0-1", "½ 1-0-1"),
        ("metoprolol 1/2 1-0-1 x5d", "1/2 1-0-1 x5d"),
        ("alprax 0.5 half 0-0-1", "half 0-0-1"),
        ("dolo 650 2 1-0-1", "2 1-0-1"),
        ("mucaine gel 30-60 ml sos", "30-60 ml sos"),
        ("mucaine gel 30 - 60 ml sos", "30 - 60 ml sos"),
    ] {
        let split = TypedLine::split(line);
        assert_eq!(split.dose, dose, "{line}");
        assert!(Dosage::parse(dose).is_err(), "{line}");
    }
    for line in ["dolo 650 two goli bd", "flomist nasal spray two spray bd"] {
        let (medicine, said) = read(line, "other");
        assert!(said.is_err(), "{medicine}: {said:?}");
    }
    for (line, medicine) in [
        ("alprax 0.5 0-0-1", "alprax 0.5"),
        ("amaryl m 2 1-0-1", "amaryl m 2"),
        ("augmentin 500 125 1-0-1", "augmentin 500 125"),
        ("seven seas bd", "seven seas"),
    ] {
        let (named, said) = read(line, "other");
        assert_eq!((named, said.is_ok()), (medicine, true), "{line}: {said:?}");
    }
    assert_eq!(TypedLine::split("losar 50-12.5 tab od").medicine, "losar 50-12.5 tab");
}

#[test]
fn how_many_is_never_left_in_the_name_in_hindi_either() {
    for (line, dose) in [
        ("dolo 650 do goli subah sham", "do goli subah sham"),
        ("alprax 0.5 aadhi goli raat ko", "aadhi goli raat ko"),
        ("dolo 650 do subah sham", "do subah sham"),
        ("ambroxol do chammach bd", "do chammach bd"),
        ("dolo 650 2 goli subah sham", "2 goli subah sham"),
        ("dolo 650 two time daily", "two time daily"),
    ] {
        let split = TypedLine::split(line);
        assert_eq!(split.dose, dose, "{line}");
        assert!(Dosage::parse(dose).is_err(), "{line}");
    }
}

#[test]
fn daily_at_night_is_once_and_evening_primrose_a_name() {
    for (line, medicine, words) in [
        ("telma 40 mg daily at night", "telma 40 mg", "1 dose at night"),
        ("telma 40 mg daily morning", "telma 40 mg", "1 dose in the morning"),
        ("xyzlin daily at bedtime", "xyzlin", "1 dose at bedtime"),
        ("dolo 650 two days bd", "dolo 650", "1 dose morning and night, for 2 days"),
    ] {
        assert_eq!(read(line, "other"), (medicine, Ok(words.to_owned())), "{line}");
    }
    let (medicine, said) = read("cap evening primrose 500 bd", "capsule");
    assert_eq!((medicine, said), ("cap evening primrose 500", Ok("1 capsule morning and night".to_owned())));
}

#[test]
fn a_volume_before_how_often_may_be_how_much_is_sold() {
    let with_volume = |line| TypedLine::with_volume(line).map(|line| (line.medicine, line.dose));
    assert_eq!(with_volume("clove oil 5 ml bd"), Some(("clove oil 5 ml", "bd")));
    assert_eq!(
        with_volume(" clove oil 5ml 1-0-1 x3d // on cotton"),
        Some(("clove oil 5ml", "1-0-1 x3d // on cotton"))
    );
    for line in
        ["clove oil bd", "clove oil: 5 ml bd", "clove oil 5 ml", "ambroxol 1 tsp bd", "dolo 650 1-0-1"]
    {
        assert_eq!(with_volume(line), None, "{line}");
    }
}

//! Where a medicine ends and its dose begins.

use super::*;

#[test]
fn the_medicine_ends_where_the_dose_begins() {
    for (line, medicine, dose) in [
        ("amox500 1-1-1 x5d pc", "amox500", "1-1-1 x5d pc"),
        ("amlodipine 5 od", "amlodipine 5", "od"),
        ("amlodipine 5 2 od", "amlodipine 5", "2 od"),
        ("Dolo650 1 sos", "Dolo650", "1 sos"),
        ("metoprolol 1/2 bd", "metoprolol", "1/2 bd"),
        ("vitamin d3 60000 weekly", "vitamin d3 60000", "weekly"),
        ("Dolo 650 ½-0-½", "Dolo 650", "½-0-½"),
        ("metformin 500", "metformin 500", ""),
        ("amlodipine 5 mg 2 od", "amlodipine 5 mg", "2 od"),
        ("paracetamol 650 mg twice a day after food", "paracetamol 650 mg", "twice a day after food"),
        ("cetirizine 10 mg ½ hs // may make sleepy", "cetirizine 10 mg", "½ hs // may make sleepy"),
        ("syrup ambroxol 5 ml tds", "syrup ambroxol", "5 ml tds"),
        ("amoxicillin 125 mg / 5 ml bd", "amoxicillin 125 mg / 5 ml", "bd"),
        ("calcium 2 tabs od", "calcium", "2 tabs od"),
        ("amox 500 cap bd x5d", "amox 500 cap", "bd x5d"),
        ("amox 500 cap 1-0-1 5d", "amox 500 cap", "1-0-1 5d"),
        ("amox 500 cap 2 bd", "amox 500 cap", "2 bd"),
        ("methotrexate 2.5 mg 6 tabs weekly", "methotrexate 2.5 mg", "6 tabs weekly"),
        ("ambroxol 30 ml tds", "ambroxol", "30 ml tds"),
        ("vitamin d 25 drops od", "vitamin d", "25 drops od"),
        ("prednisolone 10 mg 4-0-0 x3d then 2-0-0 x3d", "prednisolone 10 mg", "4-0-0 x3d then 2-0-0 x3d"),
        ("insulin // see chart", "insulin", "// see chart"),
        ("telma 40 - 1-0-0", "telma 40", "1-0-0"),
        ("telma 40 – 1-0-0 x5d", "telma 40", "1-0-0 x5d"),
        ("telma 40 - 1 - 0 - 1", "telma", "40 - 1 - 0 - 1"),
        ("telma 40 -1 -0 -1", "telma", "40 -1 -0 -1"),
        ("insulin human soluble 40 - 0 - 0 - 8", "insulin human soluble", "40 - 0 - 0 - 8"),
        ("crocin 1 - 0 - 0 - 0", "crocin", "1 - 0 - 0 - 0"),
        ("telma 40 - od", "telma 40", "od"),
        ("amox 500 -1-1-1", "amox 500", "1-1-1"),
        ("amox -1-1-1", "amox", "1-1-1"),
        ("calpol 5 - 5 - 5 - 5 ml", "calpol", "5 - 5 - 5 - 5 ml"),
        ("crocin 1 - 0 - 1 x3d", "crocin", "1 - 0 - 1 x3d"),
        ("khasi syrup: 5 tds x5d", "khasi syrup", "5 tds x5d"),
        ("khasi syrup: pc 5 tds // shake: 2 times", "khasi syrup", "pc 5 tds // shake: 2 times"),
        ("khasi syrup: 5 ml sos for pain: severe", "khasi syrup", "5 ml sos for pain: severe"),
        ("tab: dolo 650 1-0-1", "tab: dolo 650", "1-0-1"),
        ("calcium 2 tabs as directed", "calcium", "2 tabs as directed"),
        ("insulin glargine 10 units hs", "insulin glargine", "10 units hs"),
        ("vitamin d3 1000 iu od", "vitamin d3 1000 iu", "od"),
        ("Inj Lantus 24 units hs", "Inj Lantus", "24 units hs"),
        ("insulin glargine 24u hs", "insulin glargine", "24u hs"),
        ("heparin 5000 units bd", "heparin", "5000 units bd"),
        ("Inj Lantus 10 iu hs", "Inj Lantus", "10 iu hs"),
        ("insulin biphasic 30 iu bd", "insulin biphasic", "30 iu bd"),
        ("insulin biphasic 30/70 10 units bd", "insulin biphasic 30/70", "10 units bd"),
        ("mixtard 40 iu/ml 10 iu bd", "mixtard 40 iu/ml", "10 iu bd"),
        ("calcium 500 mg + 250 iu od", "calcium 500 mg + 250 iu", "od"),
        ("Shelcal 500 mg 250 iu od", "Shelcal 500 mg 250 iu", "od"),
        ("calcium 500 mg + 250 iu 2 tabs od", "calcium 500 mg + 250 iu", "2 tabs od"),
        ("prednisolone 5 tabs od x5d", "prednisolone", "5 tabs od x5d"),
        ("thyroxine 50 mcg on empty stomach 1 od", "thyroxine 50 mcg", "on empty stomach 1 od"),
        ("od", "od", ""),
        ("", "", ""),
    ] {
        assert_eq!(TypedLine::split(line), TypedLine { medicine, dose }, "{line}");
    }
}

#[test]
fn a_dose_that_is_only_begun_is_told_from_the_medicine_where_it_can_be_nothing_else() {
    for (line, medicine, dose) in [
        ("pcm 650 1-", "pcm 650", "1-"),
        ("pcm 650 1-0", "pcm 650", "1-0"),
        ("pcm 650 1-0-", "pcm 650", "1-0-"),
        ("pcm 650 1–0–", "pcm 650", "1–0–"),
        ("pcm 650 1-1-1-", "pcm 650", "1-1-1-"),
        ("crocin ½-", "crocin", "½-"),
        ("telma 40 - 1-0-", "telma 40", "1-0-"),
        ("khasi syrup: 5-0-", "khasi syrup", "5-0-"),
        ("pcm 650 1", "pcm 650", "1"),
        ("pcm 650 1 t", "pcm 650", "1 t"),
        ("pcm 650 1 tab", "pcm 650", "1 tab"),
        ("pcm 650 1 b", "pcm 650", "1 b"),
        ("calcium 2 tabs", "calcium", "2 tabs"),
        ("insulin glargine 10 units", "insulin glargine", "10 units"),
    ] {
        assert_eq!(TypedLine::with_begun(line), Some(TypedLine { medicine, dose }), "{line}");
    }
    for line in [
        "",
        "pcm",
        "pcm 650",
        "telma 2",
        "telma 40 h",
        "losar 50-12",
        "insulin biphasic 30-70",
        "vitamin b-12",
        "amox 500 cap",
        "vitamin d3 1000 iu",
        "1-0-",
        "pcm 650 1-0-1",
        "pcm 650 1-0-1 // 1-",
    ] {
        assert_eq!(TypedLine::with_begun(line), None, "{line}");
    }
}

#[test]
fn one_and_a_half_that_is_typed_apart_is_never_read_as_a_half() {
    for (line, medicine, dose) in [
        ("metoprolol 25 mg 1 1/2-0-1 x30d", "metoprolol 25 mg", "1 1/2-0-1 x30d"),
        ("metoprolol 25 mg 1 ½ - 0 - 1", "metoprolol 25 mg", "1 ½ - 0 - 1"),
        ("metoprolol 25 mg 1 0.5-0-1", "metoprolol 25 mg", "1 0.5-0-1"),
        ("metoprolol 25 mg 1-1 1/2-0-1", "metoprolol 25 mg", "1-1 1/2-0-1"),
        ("metoprolol 25 mg 1 1/2-0-1 units", "metoprolol 25 mg", "1 1/2-0-1 units"),
        ("khasi syrup: 1 1/2-0-1", "khasi syrup", "1 1/2-0-1"),
    ] {
        assert_eq!(TypedLine::split(line), TypedLine { medicine, dose }, "{line}");
        assert_eq!(Dosage::parse(dose), Err(NotUnderstood { from: dose.to_owned() }), "{line}");
    }
    // A strength, and a dash that only separates.
    for (line, medicine) in [
        ("metoprolol 25 1/2-0-1", "metoprolol 25"),
        ("metoprolol 25 mg 1/2-0-1", "metoprolol 25 mg"),
        ("augmentin 500 125 - 1/2-0-1", "augmentin 500 125"),
    ] {
        assert_eq!(TypedLine::split(line), TypedLine { medicine, dose: "1/2-0-1" }, "{line}");
    }
    assert_eq!(Dosage::parse("1½-0-1").map(|read| read.typed()), Ok("1.5-0-1".to_owned()));
}

#[test]
fn a_medicine_and_its_dose_are_joined_so_that_they_come_apart_again() {
    for (medicine, dose, line) in [
        ("Paracetamol 650 mg", "1-0-1 x5d", "Paracetamol 650 mg 1-0-1 x5d"),
        ("Khasi syrup", "5 tds x5d", "Khasi syrup: 5 tds x5d"),
        ("Steam", "twice a day x3d", "Steam twice a day x3d"),
        ("Insulin", "", "Insulin"),
    ] {
        assert_eq!(TypedLine::joined(medicine, dose), line);
        assert_eq!(TypedLine::split(line), TypedLine { medicine, dose });
    }
}

#[test]
fn a_figure_before_a_form_may_be_the_strength_of_a_medicine_that_has_it() {
    let medicine = |line| TypedLine::with_strength(line).map(|line| (line.medicine, line.dose));
    assert_eq!(medicine("cetirizine 10 tab od"), Some(("cetirizine 10 tab", "od")));
    for line in [
        "calcium 2 tabs od",
        "amox 500 cap bd",
        "cetirizine 10 mg 1 tab od",
        "ambroxol 10 ml tds",
        "prednisolone 5 tabs od x5d",
        "insulin biphasic 30/70 10 units bd",
    ] {
        assert_eq!(medicine(line), None, "{line}");
    }
}

#[test]
fn an_amount_is_never_swallowed_by_as_directed() {
    for typed in ["10 units as directed", "2 as directed", "½ tab as directed x5d", "5 ml ud"] {
        let refused = NotUnderstood { from: typed.to_owned() };
        assert_eq!(Dosage::parse(typed), Err(refused), "{typed}");
    }
    let line = "insulin glargine 100 iu/ml 10 units as directed";
    let split = TypedLine { medicine: "insulin glargine 100 iu/ml", dose: "10 units as directed" };
    assert_eq!(TypedLine::split(line), split);
    assert!(Dosage::parse("as directed x5d // 10 units").is_ok());
}

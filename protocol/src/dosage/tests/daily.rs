//! Lines as doctors of an outpatient or a dental clinic type them.

use super::*;

/// The medicine, and what is understood of its dose in this form.
fn read<'l>(line: &'l str, form: &str) -> Result<(&'l str, String), String> {
    let TypedLine { medicine, dose } = TypedLine::split(line);
    let units = Units::of(form, medicine);
    let dosage = Dosage::read(dose, units).map_err(|error| error.to_string())?;
    Ok((medicine, dosage.words(units.usual(), Language::English)))
}

#[test]
fn what_is_typed_every_day_is_understood() {
    for (line, form, medicine, words) in [
        ("amox 500 tds 5d pc", "other", "amox 500", "1 dose morning, noon and night, after food, for 5 days"),
        ("amox 500 x5d tds", "other", "amox 500", "1 dose morning, noon and night, for 5 days"),
        ("amox 500 pc tds", "other", "amox 500", "1 dose morning, noon and night, after food"),
        (
            "tab pcm 650 sos max 4/day",
            "tablet",
            "tab pcm 650",
            "1 tablet when needed, at most 4 tablets a day",
        ),
        ("tab pcm 650 tds sos", "tablet", "tab pcm 650", "1 tablet when needed, at most 3 tablets a day"),
        ("tab pcm 650 q6h sos", "tablet", "tab pcm 650", "1 tablet when needed, 6 hours apart"),
        ("syp azithro 200/5 5ml od x3d", "syrup", "syp azithro 200/5", "5 ml in the morning, for 3 days"),
        ("dolo 650 1-0-1 x 3/7", "other", "dolo 650", "1 dose morning and night, for 3 days"),
        ("dolo 650 1-0-1 x2/52", "other", "dolo 650", "1 dose morning and night, for 2 weeks"),
        ("dolo 650 bd x 1 month", "other", "dolo 650", "1 dose morning and night, for 1 month"),
        ("dolo 650 bd for two weeks", "other", "dolo 650", "1 dose morning and night, for 2 weeks"),
        (
            "pantop 40 mg od bbf x2w",
            "other",
            "pantop 40 mg",
            "1 dose in the morning, before food, for 2 weeks",
        ),
        ("metrogyl 400 1 tds x5 days", "other", "metrogyl 400", "1 dose morning, noon and night, for 5 days"),
        ("tab avil 25 mg half tab hs", "tablet", "tab avil 25 mg", "½ tablet at bedtime"),
        ("tab avil 25 mg ½tab hs", "tablet", "tab avil 25 mg", "½ tablet at bedtime"),
        ("tab avil 25 mg one and half tab od hs", "tablet", "tab avil 25 mg", "1.5 tablets at bedtime"),
        ("dolo 650 2tab. bd", "tablet", "dolo 650", "2 tablets morning and night"),
        ("syp ambroxol 5ml, tds", "syrup", "syp ambroxol", "5 ml morning, noon and night"),
        ("syp ambroxol 5 ml 1-0-1", "syrup", "syp ambroxol", "5 ml morning and night"),
        ("syp ambroxol 1 tsp 1-1-1", "syrup", "syp ambroxol", "5 ml morning, noon and night"),
        ("syp ambroxol 5cc bd", "syrup", "syp ambroxol", "5 ml morning and night"),
        ("inj lantus 10 units 0-0-1", "injection", "inj lantus", "10 units at night"),
        ("tab crocin 6 hourly", "tablet", "tab crocin", "1 tablet every 6 hours"),
        ("tab crocin 3 times daily", "tablet", "tab crocin", "1 tablet morning, noon and night"),
        ("vit d 60k weekly x8w", "other", "vit d 60k", "1 dose once a week, for 8 weeks"),
        ("vit d 60k monthly", "other", "vit d 60k", "1 dose every 30 days"),
        (
            "tab folvite 5 mg alt days x10d",
            "tablet",
            "tab folvite 5 mg",
            "1 tablet every other day, for 10 days",
        ),
        ("mupirocin oint apply bd", "ointment", "mupirocin oint", "1 application morning and night"),
        ("asthalin inhaler 2 puffs sos", "inhaler", "asthalin inhaler", "2 puffs when needed"),
        ("inj tt 0.5ml stat", "injection", "inj tt", "½ ml at once"),
        ("eye drops 1 drop q4h", "eye_drops", "eye drops", "1 drop every 4 hours"),
        ("augmentin duo 1 bd", "other", "augmentin duo 1", "1 dose morning and night"),
        ("tab ketorol dt 1 sos", "tablet", "tab ketorol dt 1", "1 tablet when needed"),
        ("levocet 5 mg od at night", "other", "levocet 5 mg", "1 dose at night"),
    ] {
        assert_eq!(read(line, form), Ok((medicine, words.to_owned())), "{line}");
    }
}

#[test]
fn no_part_of_an_amount_stays_behind_in_the_name() {
    for (line, form, dose) in [
        ("syp ambroxol 5 ml slowly tds", "syrup", "5 ml slowly tds"),
        ("eye drops 2 drops BE q4h", "eye_drops", "2 drops BE q4h"),
        ("inj lasix 2 ml slow iv stat", "injection", "2 ml slow iv stat"),
        ("tab avil 25 mg ½ po 1-0-1", "tablet", "½ po 1-0-1"),
        ("aciclovir 800 mg 1 tab 5 times daily", "tablet", "1 tab 5 times daily"),
        ("tab aciclovir 800 mg 5 times daily", "tablet", "5 times daily"),
        ("vit d 60k 2 times weekly", "other", "2 times weekly"),
        ("tab pcm 500 mg 1-2 sos", "tablet", "1-2 sos"),
        ("tab pcm 500 mg 1-2 tabs sos", "tablet", "1-2 tabs sos"),
        ("tab pcm 500 mg 1 or 2 tabs sos", "tablet", "1 or 2 tabs sos"),
        ("tab pcm 500 mg 1 tab or 2 tabs sos", "tablet", "1 tab or 2 tabs sos"),
        ("tab pcm 500 mg 1 & 1/2 tab bd", "tablet", "1 & 1/2 tab bd"),
        ("tab pcm 500 mg 1x3 daily", "tablet", "1x3 daily"),
        ("tab pcm 500 mg 1 x 2 daily", "tablet", "1 x 2 daily"),
        ("tab pcm 500 mg 1/3 tab bd", "tablet", "1/3 tab bd"),
        ("tab pcm 500 mg ii bd", "tablet", "ii bd"),
        ("syp calpol 5-10 ml sos", "syrup", "5-10 ml sos"),
        ("syp calpol 60 ml 1-1-1", "syrup", "60 ml 1-1-1"),
        ("asthalin inhaler 2-3 puffs sos", "inhaler", "2-3 puffs sos"),
    ] {
        let split = TypedLine::split(line);
        assert_eq!(split.dose, dose, "{line}");
        assert!(Dosage::read(split.dose, Units::of(form, split.medicine)).is_err(), "{line}");
    }
    for (line, medicine) in [
        ("azithro 200/5 od", "azithro 200/5"),
        ("telma am 40/5 od", "telma am 40/5"),
        ("amoxicillin 250 mg/ 5 ml susp bd", "amoxicillin 250 mg/ 5 ml susp"),
        ("vitamin d3 60000 iu weekly", "vitamin d3 60000 iu"),
        ("alerid 10 tab po od", "alerid 10 tab"),
        ("inderal la od", "inderal la"),
        ("cap collagen type ii od", "cap collagen type ii"),
        ("pantop 40 mg bbf od", "pantop 40 mg"),
        ("pantop 40 mg a/c od", "pantop 40 mg"),
    ] {
        assert_eq!(TypedLine::split(line).medicine, medicine, "{line}");
    }
}

#[test]
fn one_and_a_half_behind_a_name_without_a_strength_is_asked_about() {
    for line in ["acitrom 2 1/2 od", "tab eltroxin 1 1/2 od", "tab eltroxin 1 ½ od", "tab eltroxin 1 half od"]
    {
        assert_eq!(TypedLine::split(line), TypedLine { medicine: line, dose: "" }, "{line}");
    }
    assert_eq!(TypedLine::split("amlodipine 5 1/2 od").dose, "1/2 od");
    assert_eq!(TypedLine::split("acitrom 2 mg 1 1/2 od").dose, "1 1/2 od");
}

#[test]
fn how_often_alone_is_no_dose_of_a_liquid_and_one_or_two_may_be_spoons() {
    for (typed, form) in [
        ("tds", "syrup"),
        ("1-0-1 x5d", "syrup"),
        ("2 bd", "suspension"),
        ("½ od", "syrup"),
        ("bd", "mouthwash"),
        ("tds", "drops"),
    ] {
        assert_eq!(
            Dosage::read(typed, Units::of(form, "5 mg/5 ml")),
            Err(DosageError::LiquidUnclear),
            "{typed}"
        );
    }
    for (typed, form) in [
        ("5 tds", "syrup"),
        ("1 ml od", "syrup"),
        ("1 tsp bd", "syrup"),
        ("10 bd", "mouthwash"),
        ("5 tds", "drops"),
        ("tds", "eye_drops"),
        ("as directed", "syrup"),
    ] {
        assert!(Dosage::read(typed, Units::of(form, "5 mg/5 ml")).is_ok(), "{typed}");
    }
}

#[test]
fn a_small_figure_in_the_name_of_tablets_may_be_how_many_are_taken() {
    for line in ["tab crocin 2 sos", "cap becosules 2 od", "tab crocin 0.5 bd"] {
        let split = TypedLine::split(line);
        let units = Units::of("tablet", split.medicine);
        assert_eq!(Dosage::read(split.dose, units), Err(DosageError::AmountUnclear), "{line}");
    }
    for (typed, name) in
        [("od", "tab telma 40"), ("1 sos", "tab crocin 2"), ("od", "2 mg"), ("2 tab sos", "tab crocin")]
    {
        assert!(Dosage::read(typed, Units::of("tablet", name)).is_ok(), "{name} {typed}");
    }
}

#[test]
fn a_refusal_says_what_to_type_instead() {
    for (typed, said) in [
        ("1-0-1 x3", "for how long is x3d, x2w or x1m"),
        ("od x 5", "for how long is x3d, x2w or x1m"),
        ("2 od x5d then 20 mg od x5d", "so many tablets or ml, not so many mg"),
        ("1 tab bd with milk", "Other words go behind //"),
        ("1-0-1 x5d then", "2-0-0 x3d then 1-0-0 x4d"),
        ("1 stat x5d", "2-0-0 x1d then 1-0-0 x4d"),
        ("1 bd bbf", "Not understood from \"bbf\" on"),
        ("1 bd sos max 4", "Not understood from"),
    ] {
        let refused = Dosage::read(typed, "tablet").map_err(|error| error.to_string());
        assert!(refused.as_ref().is_err_and(|why| why.contains(said)), "{typed}: {refused:?}");
    }
}

#[test]
fn a_dose_is_never_a_word_of_what_it_is_taken_for() {
    for (typed, from) in
        [("1 sos for fever 2 tabs", "2 tabs"), ("1 sos for pain 1-1-1", "1-1-1"), ("1 sos for pain bd", "bd")]
    {
        assert_eq!(Dosage::parse(typed), Err(NotUnderstood { from: from.to_owned() }), "{typed}");
    }
    let night = Dosage::parse("1 sos for cough at night").map(|dosage| dosage.typed());
    assert_eq!(night, Ok("1 sos for cough at night".to_owned()));
}

#[test]
fn what_is_handed_out_is_what_is_taken_with_what_was_begun() {
    for (typed, unit, quantity) in [
        ("½-0-½ x5d", "tablet", 5.0),
        ("½ hs x5d", "tablet", 3.0),
        ("½ stat", "tablet", 1.0),
        ("1½ bd x10d", "tablet", 30.0),
        ("1 alt x10d", "tablet", 5.0),
        ("1 alt x5d", "tablet", 3.0),
        ("1 weekly x8w", "capsule", 8.0),
        ("1 monthly x3m", "capsule", 3.0),
        ("bd x1m", "tablet", 60.0),
        ("2 od x5d then 1 od x5d then ½ od x5d", "tablet", 18.0),
        ("1.1 tds x10d", "ml", 33.0),
        ("0.1-0.2-0 x10d", "ml", 3.0),
        ("5 ml 1-0-1 x5d", "ml", 50.0),
    ] {
        let dosage = Dosage::parse(typed).expect(typed);
        assert_eq!(dosage.quantity(unit), Some(quantity), "{typed}");
    }
}

#[test]
fn a_figure_before_a_form_and_marks_is_one_at_each_time_or_a_strength_of_the_list_or_is_asked_about() {
    let one = Ok(("dolo 650", "1 tablet morning and night, for 3 days".to_owned()));
    assert_eq!(read("dolo 650 1 tab 1-0-1 x3d", "tablet"), one);
    for (line, dose) in [
        ("glimepiride 2 tab 1-0-0", "2 tab 1-0-0"),
        ("glimepiride 2 tab before food od", "2 tab before food od"),
        ("alprazolam 0.5 tab 0-0-1", "0.5 tab 0-0-1"),
        ("calcium 2 tabs 1-0-1", "2 tabs 1-0-1"),
        ("dolo 650 2 tab 1-0-1", "2 tab 1-0-1"),
    ] {
        assert_eq!(TypedLine::split(line).dose, dose, "{line}");
        assert_eq!(Dosage::parse(dose), Err(NotUnderstood { from: dose.to_owned() }), "{line}");
    }
    for (line, medicine, dose) in [
        ("glimepiride 2 tab 1-0-0", "glimepiride 2 tab", "1-0-0"),
        ("glimepiride 2 tab before food od", "glimepiride 2 tab", "before food od"),
        ("alprazolam 0.5 tab 0-0-1", "alprazolam 0.5 tab", "0-0-1"),
    ] {
        assert_eq!(TypedLine::with_strength(line), Some(TypedLine { medicine, dose }), "{line}");
    }
    for line in ["calcium 2 tabs 1-0-1", "dolo 650 2 tab 1-0-1", "dolo 650 1 tab 1-0-1"] {
        assert_eq!(TypedLine::with_strength(line), None, "{line}");
    }
}

#[test]
fn so_many_weekly_or_monthly_may_be_one_in_so_many_and_is_asked_about() {
    for (line, dose) in [
        ("depo provera 150 mg 3 monthly", "3 monthly"),
        ("vit d 60k 2 weekly x8w", "2 weekly x8w"),
        ("vit d 60k two weekly", "two weekly"),
        ("vit d 60k: 2 monthly", "2 monthly"),
        ("khasi syrup: 2 weekly once", "2 weekly once"),
    ] {
        assert_eq!(TypedLine::split(line).dose, dose, "{line}");
        assert_eq!(Dosage::parse(dose), Err(NotUnderstood { from: dose.to_owned() }), "{line}");
    }
    for (line, medicine, dose) in [
        ("folvite 5 weekly", "folvite 5", "weekly"),
        ("vit d 60k 1 weekly", "vit d 60k", "1 weekly"),
        ("mtx 2.5 mg 6 tabs weekly", "mtx 2.5 mg", "6 tabs weekly"),
        ("depo provera 150 mg 1 every 90 days", "depo provera 150 mg", "1 every 90 days"),
    ] {
        assert_eq!(TypedLine::split(line), TypedLine { medicine, dose }, "{line}");
        assert!(Dosage::parse(dose).is_ok(), "{line}");
    }
    let said = Dosage::read("3 monthly", "tablet").map_err(|error| error.to_string());
    assert!(said.as_ref().is_err_and(|why| why.contains("1 every 90 days")), "{said:?}");
}

#[test]
fn the_most_of_a_day_that_how_often_says_is_stored_as_it_is_printed() {
    for (typed, printed) in [
        ("1.1 ml tds sos", "1.1 ml sos max 3.3"),
        ("2.2 ml tds sos", "2.2 ml sos max 6.6"),
        ("0.07 tbsp bd sos", "1.05 ml sos max 2.1"),
    ] {
        let dosage = Dosage::parse(typed).expect(typed);
        assert_eq!(dosage.typed(), printed);
        assert_eq!(Dosage::of_row(&row_of(&dosage, "ml")), Some(dosage), "{typed}");
    }
    assert!(Dosage::parse("400 ml tds sos").is_err(), "nobody takes so much in a day");
}

#[test]
fn the_most_of_a_day_is_never_less_than_one_dose() {
    let read = |typed: &str| Dosage::read(typed, Units::of("syrup", "250 mg/5 ml"));
    for typed in ["5 ml sos max 4/day", "5 sos max 4", "5 ml sos max 3 gap 6h for fever"] {
        assert_eq!(read(typed), Err(DosageError::MostBelowOne), "{typed}");
    }
    for typed in ["5 ml sos max 20 ml", "1 tsp sos max 4/day", "5 ml sos max 5"] {
        assert!(read(typed).is_ok(), "{typed}");
    }
}

#[test]
fn food_may_stand_between_an_amount_and_how_often() {
    for (line, form, medicine, words) in [
        (
            "dolo 650 1 tab after food bd x3d",
            "tablet",
            "dolo 650",
            "1 tablet morning and night, after food, for 3 days",
        ),
        ("syp ambroxol 5 ml pc tds", "syrup", "syp ambroxol", "5 ml morning, noon and night, after food"),
        ("syp ambroxol 5 ml after food 1-0-1", "syrup", "syp ambroxol", "5 ml morning and night, after food"),
        ("pan d 1 cap before food od", "capsule", "pan d", "1 capsule in the morning, before food"),
    ] {
        assert_eq!(read(line, form), Ok((medicine, words.to_owned())), "{line}");
    }
    for typed in
        ["1 tab after food bd ac", "ac 1 tab after food bd", "1 tab after food hs", "1 tab after food"]
    {
        assert!(Dosage::parse(typed).is_err(), "{typed}");
    }
}

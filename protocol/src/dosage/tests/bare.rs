//! Figures to which nobody typed in what they count.

use super::*;

/// A line as it is read of something that is in no list and says no form.
fn free(line: &str) -> Result<(&str, String), DosageError> {
    let TypedLine { medicine, dose } = TypedLine::split(line);
    let units = Units::of("other", medicine);
    let dosage = Dosage::read(dose, units)?;
    Ok((medicine, dosage.words(units.usual(), Language::English)))
}

#[test]
fn one_two_and_parts_of_them_are_read_at_once_as_so_many_doses() {
    for (line, medicine, words) in [
        ("an old remedy 1-0-1 x5d", "an old remedy", "1 dose morning and night, for 5 days"),
        ("an old remedy 1/2 hs", "an old remedy", "½ dose at bedtime"),
        ("telma 40 1 od", "telma 40", "1 dose in the morning"),
        ("telma 40 2-0-1½", "telma 40", "2 doses morning and 1.5 doses night"),
        ("telma 40 1 sos max 4", "telma 40", "1 dose when needed, at most 4 doses a day"),
        ("telma 40 mg od", "telma 40 mg", "1 dose in the morning"),
        ("dolo 650 tds", "dolo 650", "1 dose morning, noon and night"),
        ("steam twice a day x3d", "steam", "1 dose morning and night, for 3 days"),
        ("telma 40 as directed", "telma 40", "as directed"),
    ] {
        assert_eq!(free(line), Ok((medicine, words.to_owned())), "{line}");
    }
}

#[test]
fn a_figure_that_may_be_tablets_ml_or_units_is_asked_about() {
    for line in [
        "xyzlin 10 hs",
        "xyzlin 10 pc bd",
        "telma 40 od",
        "xyzlin: 10 hs",
        "xyzlin: 24 hs",
        "xyzlin 10-0-8",
        "xyzlin 40 - 0 - 8",
        "xyzlin: 3 sos max 4",
        "my own cough mixture: 5 tds",
        "adrenaline: 0.3 stat",
        "xyzlin 2-0-0 x3d then 4-0-0 x3d",
        "xyzlin: od x3d then 10 hs x3d",
    ] {
        assert_eq!(free(line), Err(DosageError::AmountUnclear), "{line}");
    }
    assert_eq!(
        DosageError::AmountUnclear.to_string(),
        "It does not say how much of what: a figure alone may be tablets, ml or units. Example: 1 tab od, 5 ml tds, \
         10 units hs; and telma 40 mg od, if it is the strength"
    );
}

#[test]
fn a_unit_settles_what_the_figure_is() {
    for (line, medicine, words) in [
        ("xyzlin 10 units hs", "xyzlin", "10 units at bedtime"),
        ("xyzlin 10u hs", "xyzlin", "10 units at bedtime"),
        ("lantus 10 iu hs", "lantus", "10 units at bedtime"),
        ("my own cough mixture 10 ml tds", "my own cough mixture", "10 ml morning, noon and night"),
        (
            "wysolone 4-0-0 tab x3d then 2-0-0 x3d",
            "wysolone",
            "4 tablets in the morning, for 3 days, then 2 tablets in the morning, for 3 days",
        ),
        ("xyzlin 3 puffs sos", "xyzlin", "3 puffs when needed"),
    ] {
        assert_eq!(free(line), Ok((medicine, words.to_owned())), "{line}");
    }
}

#[test]
fn a_part_of_an_injection_that_is_given_whole_is_asked_about() {
    let read = |typed: &str| {
        let units = Units::of("injection", "0.5 ml");
        Dosage::read(typed, units).map(|dosage| dosage.words(units.usual(), Language::English))
    };
    for typed in ["0.5 stat", "½ stat", "5 stat"] {
        assert_eq!(read(typed), Err(DosageError::AmountUnclear), "{typed}");
    }
    assert_eq!(read("1 stat"), Ok("1 dose at once".to_owned()));
    assert_eq!(read("0.5 ml stat"), Ok("½ ml at once".to_owned()));
}

#[test]
fn an_insulin_that_is_in_no_list_is_given_in_units_and_one_or_two_of_it_must_say_so() {
    let read = |typed: &str| Dosage::read(typed, Units::of("injection", "Lantus"));
    for typed in ["hs", "1 hs", "2-0-0", "12-0-1", "bd x5d"] {
        assert_eq!(read(typed), Err(DosageError::UnitMissing), "{typed}");
    }
    for (typed, words) in [("10 hs", "10 units at bedtime"), ("12-0-8", "12 units morning and 8 units night")]
    {
        let units = Units::of("injection", "Lantus");
        let said = read(typed).map(|dosage| dosage.words(units.usual(), Language::English));
        assert_eq!(said, Ok(words.to_owned()), "{typed}");
    }
    let in_ml = DosageError::OtherUnit { typed: "ml", expected: "units" };
    assert_eq!(read("10 ml hs"), Err(in_ml));
    assert_eq!(read("10 units hs").map(|dosage| dosage.unit), Ok(Some("unit")));
}

//! In what a dose is counted.

use super::*;

#[test]
fn an_injection_is_given_in_what_was_typed_and_ten_of_insulin_are_ten_units() {
    let read = |typed: &str, strength: &str| {
        let units = Units::of("injection", strength);
        let dosage = Dosage::read(typed, units).map_err(|error| error.to_string())?;
        Ok::<_, String>(Language::ALL.map(|language| dosage.words(units.usual(), language)))
    };
    let ten = Ok(["10 units at bedtime", "10 यूनिट सोते समय", "10 युनिट झोपताना"].map(str::to_owned));
    assert_eq!(read("10 hs", "100 IU/ml"), ten);
    assert_eq!(read("10 units hs", "100 IU/ml"), ten);
    assert_eq!(read("10 IU hs", "100 IU/ml"), ten);
    let vial = ["1 vial in the morning, for 5 days", "1 वायल सुबह, 5 दिन तक", "1 वायल सकाळी, 5 दिवस"]
        .map(str::to_owned);
    assert_eq!(read("1 od x5d", "1 g"), Ok(vial));
    assert_eq!(
        read("3 ml stat", "25 mg/ml"),
        Ok(["3 ml at once", "तुरंत 3 मि.ली., एक बार", "लगेच 3 मि.ली., एकदा"].map(str::to_owned))
    );
    assert_eq!(read("10 ml hs", "100 IU/ml"), Err("This medicine is given in units, not in ml".to_owned()));
    assert_eq!(
        read("3 stat", "25 mg/ml"),
        Err("It does not say of what. Example: 2 ml stat, 10 units hs, 1 vial od".to_owned())
    );
    assert_eq!(read("1 tab od", "25 mg/ml"), Err("This medicine is given in ml, not in tablets".to_owned()));
    assert!(read("as directed", "25 mg/ml").is_ok());
}

#[test]
fn how_often_alone_is_never_one_unit_of_insulin_nor_one_vial_of_something_in_no_list() {
    for (typed, strength) in [
        ("hs", "100 IU/ml"),
        ("bd x1m", "40 IU/ml"),
        ("hs", "Inj Lantus 24 units"),
        ("1 hs", "Inj Lantus 24 units"),
        ("bd", "Inj Amikacin 500 mg"),
    ] {
        let read = Dosage::read(typed, Units::of("injection", strength));
        assert_eq!(read, Err(DosageError::UnitMissing), "{typed} of {strength}");
    }
    for (typed, strength) in [
        ("1 hs", "100 IU/ml"),
        ("1-0-0", "40 IU/ml"),
        ("as directed", "40 IU/ml"),
        ("1 od", "Inj. Ceftriaxone 1 g"),
        ("bd", "1 g"),
        ("1 vial bd", "Inj Amikacin 500 mg"),
    ] {
        assert!(Dosage::read(typed, Units::of("injection", strength)).is_ok(), "{typed} of {strength}");
    }
}

#[test]
fn a_part_of_a_drop_must_say_whether_it_is_one_of_a_millilitre() {
    let read =
        |typed: &str, form| Dosage::read(typed, Units::of(form, "100 mg/ml")).map(|dosage| dosage.unit);
    for typed in ["0.5 tds", "0.6-0-0.6", "½ sos", "2-0-0 x3d then 0.5 od x3d"] {
        assert_eq!(read(typed, "drops"), Err(DosageError::UnitMissing), "{typed}");
    }
    assert_eq!(read("0.5 ml tds", "drops"), Ok(Some("ml")));
    assert_eq!(read("5 tds", "drops"), Ok(None));
    assert_eq!(read("2.5 tds", "syrup"), Ok(None));
}

#[test]
fn a_unit_that_is_not_the_medicines_is_refused() {
    assert!(Dosage::read("5 ml tds", "ml").is_ok());
    assert!(Dosage::read("5 ml tds", "dose").is_ok_and(|dosage| dosage.quantity("dose").is_none()));
    let error = Dosage::read("5 ml tds", "tablet").map_err(|error| error.to_string());
    assert_eq!(error, Err("This medicine is given in tablets, not in ml".to_owned()));
}

#[test]
fn what_is_counted_by_the_piece_is_never_taken_by_the_hundred() {
    for typed in [
        "650 - 1 - 1",
        "40-1-0-1",
        "25 stat",
        "25 q6h x3d",
        "25 sos max 30",
        "25-0-0 x3d then 1-0-0 x3d",
        "1-0-0 x3d then 25 hs x3d",
    ] {
        let refused = |units| Err(DosageError::TooMany { units });
        assert_eq!(Dosage::read(typed, "tablet"), refused("tablets"), "{typed}");
        assert_eq!(Dosage::read(typed, Units::of("injection", "1 g")), refused("vials"), "{typed}");
    }
    let said = Dosage::read("25 doses stat", "dose").map_err(|error| error.to_string());
    let why = "At most 20 doses are taken at one time. If a figure is a strength, write it with the medicine: \
               telma 40 mg 1-0-0";
    assert_eq!(said, Err(why.to_owned()));
    for (typed, unit) in [
        ("20-0-0", "tablet"),
        ("20 od x3d then 10 od x3d", "tablet"),
        ("24-0-30", "unit"),
        ("40 od x3d then 24 od x3d", "unit"),
        ("30-0-30", "ml"),
    ] {
        assert!(Dosage::read(typed, unit).is_ok(), "{typed} {unit}");
    }
}

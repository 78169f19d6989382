use std::collections::BTreeMap;

use super::*;

#[test]
fn lines_are_said_back_in_plain_words() {
    for (typed, unit, words, quantity) in [
        ("1-1-1 x5d pc", "capsule", "1 capsule morning, noon and night, after food, for 5 days", Some(15.0)),
        ("1-0-1 x5d", "tablet", "1 tablet morning and night, for 5 days", Some(10.0)),
        ("1-0-0 x3d pc", "tablet", "1 tablet in the morning, after food, for 3 days", Some(3.0)),
        ("½-0-1 x10d", "tablet", "½ tablet morning and 1 tablet night, for 10 days", Some(15.0)),
        ("1 hs x5d", "tablet", "1 tablet at bedtime, for 5 days", Some(5.0)),
        ("BD pc x2w", "tablet", "1 tablet morning and night, after food, for 2 weeks", Some(28.0)),
        ("5 tds x5d", "ml", "5 ml morning, noon and night, for 5 days", Some(75.0)),
        ("1 q6h x3d", "tablet", "1 tablet every 6 hours, for 3 days", Some(12.0)),
        ("1 weekly x4w", "capsule", "1 capsule once a week, for 4 weeks", Some(4.0)),
        ("2 stat", "tablet", "2 tablets at once", Some(2.0)),
        (
            "1 sos max 4 gap 6h for fever x3d",
            "tablet",
            "1 tablet when needed for fever, 6 hours apart, at most 4 tablets a day, for 3 days",
            Some(12.0),
        ),
        ("1 tsp sos max 4", "ml", "5 ml when needed, at most 20 ml a day", None),
        ("10 units hs", "unit", "10 units at bedtime", None),
        ("10u hs x30d", "unit", "10 units at bedtime, for 30 days", Some(300.0)),
        ("12-0-8 x5d", "unit", "12 units morning and 8 units night, for 5 days", Some(100.0)),
        ("1 od x5d", "vial", "1 vial in the morning, for 5 days", Some(5.0)),
        ("2 amps stat", "vial", "2 ampoules at once", Some(2.0)),
        ("5000 units bd x5d", "unit", "5000 units morning and night, for 5 days", Some(50_000.0)),
        (
            "on empty stomach od x5d",
            "tablet",
            "1 tablet in the morning, on an empty stomach, for 5 days",
            Some(5.0),
        ),
        ("1-0-0 on empty stomach", "tablet", "1 tablet in the morning, on an empty stomach", None),
        ("1 on x5d", "tablet", "1 tablet at night, for 5 days", Some(5.0)),
        // What begins before three days are over is due.
        ("1 q5h x3d", "tablet", "1 tablet every 5 hours, for 3 days", Some(15.0)),
        ("1 q7h x1w", "tablet", "1 tablet every 7 hours, for 1 week", Some(24.0)),
        ("od cont", "tablet", "1 tablet in the morning, to continue", None),
        ("1-1-1-1 x7d", "drop", "1 drop morning, noon, evening and night, for 7 days", None),
    ] {
        let dosage = Dosage::parse(typed).unwrap_or_else(|e| panic!("{typed}: {e}"));
        assert_eq!(dosage.words(unit, Language::English), words, "{typed}");
        assert_eq!(dosage.quantity(unit), quantity, "{typed}");
    }
}

#[test]
fn spelling_and_order_are_forgiven_and_the_meaning_is_the_same() {
    for (canonical, spellings) in [
        (
            "1-0-1 x5d pc",
            &[
                "1 - 0 - 1 x5d pc",
                "1–0–1 ×5d PC",
                "1+0+1 5d af",
                "1-0-1 A/F 5 days",
                "x5d 1-0-1 pc",
                "pc 1-0-1 5 days",
                "bd pc 5d",
                "b.d. p.c. x 5 d",
                "twice a day after food for 5 days",
                "for 5 days twice daily, after meals",
                "bid after food x5days",
                "१-०-१ 5 days pc",
            ] as &[&str],
        ),
        ("1 q8h x3d", &["8 hourly x3d", "every 8 hours for 3 days", "q 8 h 3d", "1 every 8 hrs 3 days"]),
        ("5 ml q6h", &["5ml q6h", "1 tsp q6h", "1 teaspoon every 6 hours", "5 ml 6 hourly"]),
        ("1 hs x2w", &["at bedtime for 2 weeks", "2 wks hs", "1 at bedtime x2w"]),
        ("½-0-½ cont", &["1/2-0-1/2 cont", "0.5-0-0.5 to continue", "1/2 bd continue"]),
        ("40-0-8 unit", &["40 - 0 - 0 - 8 units", "40-0-0-8 iu"]),
        ("1.5-0-0", &["1½-0-0", "1 1/2 od", "1½ in the morning"]),
        ("1 q2d", &["alt", "every other day", "1 on alternate days", "every 2 days"]),
        (
            "1 sos max 4 gap 6h for fever x3d",
            &[
                "sos for fever max 4 /day gap 6h x3d",
                "sos max 4/day gap 6h for fever x3d",
                "sos for fever max 4 a day gap 6 hours 3 days",
                "as needed gap 6h max 4 for fever for 3 days",
            ],
        ),
        (
            "5 ml sos max 20",
            &[
                "1 tsp sos max 4/day",
                "1 tsp sos max 4",
                "1 teaspoon sos max 20 ml a day",
                "5 sos max 20 ml a day",
            ],
        ),
        ("1 tablet sos max 4", &["1 sos max 4 tablets a day"]),
        (
            "4-0-0 x3d then 1 at bedtime x3d",
            &["4-0-0 x3d then 1 hs x3d", "4 od 3 days then at bedtime 3 days"],
        ),
        (
            "2 at bedtime x1w then 1 at bedtime x1w",
            &["2 hs x1w then 1 hs x1w", "2 hs 1 week then 1 before bed 1 week"],
        ),
        (
            "2-0-0 x1w then 1-0-0 x1w pc",
            &["2-0-0 x1w pc then 1-0-0 x1w pc", "2 od after food x1w then 1 od x1w after food"],
        ),
        (
            "4-0-0 x3d then 2-0-0 x3d then 1-0-0 x1w pc",
            &["4 od 3 days then 2 od 3d then 1 od 1 week after food"],
        ),
        ("as directed x5d", &["ud 5 days"]),
        ("1 sos for pain - severe x3d", &["as needed for pain - severe 3 days"]),
    ] {
        let expected = Dosage::parse(canonical).expect(canonical);
        assert_eq!(expected.typed(), canonical);
        for spelling in spellings {
            assert_eq!(
                Dosage::parse(spelling).map(|dosage| dosage.typed()),
                Ok(canonical.to_owned()),
                "{spelling}"
            );
        }
    }
}

#[test]
fn a_taper_is_said_and_counted_step_by_step() {
    let dosage = Dosage::parse("4-0-0 x3d then 2-0-0 x3d then 1-0-0 x4d pc").expect("a taper");
    assert_eq!(
        dosage.words("tablet", Language::English),
        "4 tablets in the morning, for 3 days, then 2 tablets in the morning, for 3 days, then 1 tablet in the \
         morning, for 4 days, after food"
    );
    assert_eq!(dosage.quantity("tablet"), Some(22.0));
    assert_eq!(dosage.total_duration(), Some(Duration { value: Some(10), unit: DurationUnit::Day }));
    let open = Dosage::parse("2-0-0 x1w then 1-0-0 cont").expect("a taper");
    assert_eq!(open.quantity("tablet"), None);
    assert_eq!(open.total_duration().map(|duration| duration.unit), Some(DurationUnit::Ongoing));
}

#[test]
fn each_step_of_a_taper_keeps_its_own_amounts_and_its_own_night() {
    let dosage = Dosage::parse("1-0-1 x3d then 1 hs x3d").expect("a taper");
    let said = Language::ALL.map(|language| dosage.words("tablet", language));
    assert_eq!(
        said,
        [
            "1 tablet morning and night, for 3 days, then 1 tablet at bedtime, for 3 days",
            "1 गोली सुबह और रात, 3 दिन तक, फिर 1 गोली सोते समय, 3 दिन तक",
            "1 गोळी सकाळी आणि रात्री, 3 दिवस, नंतर 1 गोळी झोपताना, 3 दिवस",
        ]
    );
    assert_eq!(dosage.quantity("tablet"), Some(9.0));
    let stored: BTreeMap<&str, Value> = dosage.columns("tablet").into();
    assert_eq!(stored["dose_text"], "1-0-1 x3d then 1 at bedtime x3d");
    assert_eq!(stored["meal_relation"], "none");
    let nights = Dosage::parse("2 hs x1w then 1 hs x1w").expect("a taper");
    let stored: BTreeMap<&str, Value> = nights.columns("tablet").into();
    assert_eq!(stored["meal_relation"], "bedtime");
}

pub(super) fn row_of(dosage: &Dosage, unit: &str) -> Values {
    dosage.columns(unit).map(|(name, value)| (name.to_owned(), value)).into()
}

#[test]
fn what_was_signed_reads_as_it_was_signed_and_what_says_another_dose_does_not_read() {
    let row = |text: &str, pattern: Value| {
        Values::from([("dose_text".to_owned(), json!(text)), ("dose_pattern".to_owned(), pattern)])
    };
    let slots = |morning: f64, night: f64| json!({ "kind": "slots", "morning": morning, "noon": 0, "evening": 0, "night": night });
    let step = |dose: Value| json!({ "dose": dose, "duration": { "value": 3, "unit": "day" } });
    // As a taper with one step at bedtime was stored.
    let wrong = json!({ "kind": "taper", "steps": [step(slots(1.0, 1.0)), step(slots(0.0, 1.0))] });
    assert_eq!(Dosage::of_row(&row("1 hs x3d then 1 hs x3d", wrong)), None);
    let right = json!({ "kind": "taper", "steps": [step(slots(0.0, 2.0)), step(slots(0.0, 1.0))] });
    let read = Dosage::of_row(&row("2 hs x3d then 1 hs x3d", right)).expect("the same amounts");
    assert_eq!(
        read.words("tablet", Language::English),
        "2 tablets at bedtime, for 3 days, then 1 tablet at bedtime, for 3 days"
    );
    let noted = Dosage::of_row(&row("1-0-1 x5d pc // with milk", slots(1.0, 1.0))).expect("an old line");
    assert_eq!(
        noted.directions("ml", Language::English),
        "1 ml morning and night, after food, for 5 days. with milk"
    );
    assert_eq!(Dosage::of_row(&row("1-0-1 x5d", Value::Null)).map(|read| read.meal), Some(Meal::None));
    for typed in ["0.33 tsp bd", "0.33-0-0.33 tsp", "0.07 tbsp sos max 0.14"] {
        let spoons = Dosage::parse(typed).expect(typed);
        assert_eq!(Dosage::of_row(&row_of(&spoons, "ml")), Some(spoons), "{typed}");
    }
}

#[test]
fn a_note_is_kept_whole_beside_its_dose_and_what_is_too_long_says_so() {
    let note = "n".repeat(500);
    let dosage = Dosage::read(&format!("1-0-1 x5d pc // {note}"), "tablet").expect("a long note");
    let row = row_of(&dosage, "tablet");
    assert_eq!(row["dose_text"], "1-0-1 x5d pc");
    assert_eq!(row["instructions"], json!(note));
    let table = crate::table::TableName::PrescriptionItems.table();
    for (name, value) in &row {
        let column = table.column(name).expect("a column");
        assert!(crate::validate::check_value(column, value).is_ok(), "{name}");
    }
    assert_eq!(Dosage::of_row(&row), Some(dosage));
    let too_long = Dosage::read(&format!("1-0-1 // {note}n"), "tablet");
    assert_eq!(
        too_long.map_err(|error| error.to_string()),
        Err("The note is too long: 500 letters at most".to_owned())
    );
    let steps = ["2.75-1.25-0.75-2.25 x3d"; 6].join(" then ");
    let too_long = Dosage::read(&steps, "tablet").map_err(|error| error.to_string());
    assert_eq!(
        too_long,
        Err("The dose is too long: 120 letters at most, without the note behind //".to_owned())
    );
}

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
fn the_most_of_a_day_is_said_with_its_unit() {
    for (typed, unit, said) in [
        (
            "1 tsp sos max 4",
            "ml",
            [
                "5 ml when needed, at most 20 ml a day",
                "ज़रूरत पड़ने पर 5 मि.ली., दिन में ज़्यादा से ज़्यादा 20 मि.ली.",
                "गरज पडल्यास 5 मि.ली., दिवसातून जास्तीत जास्त 20 मि.ली.",
            ],
        ),
        (
            "1 sos max 3",
            "application",
            [
                "1 application when needed, at most 3 applications a day",
                "ज़रूरत पड़ने पर लगाएँ, दिन में ज़्यादा से ज़्यादा 3 बार",
                "गरज पडल्यास लावा, दिवसातून जास्तीत जास्त 3 वेळा",
            ],
        ),
    ] {
        let dosage = Dosage::parse(typed).expect(typed);
        assert_eq!(Language::ALL.map(|language| dosage.words(unit, language)), said.map(str::to_owned));
    }
}

#[test]
fn a_dose_that_comes_at_odd_hours_counts_on_its_heaviest_day() {
    for (typed, units) in
        [("1 q5h", 5.0), ("1 q6h", 4.0), ("2 q7h", 8.0), ("1 sos gap 5h", 5.0), ("1 q24h", 1.0)]
    {
        assert_eq!(Dosage::parse(typed).expect(typed).units_a_day(), Some(units), "{typed}");
    }
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

#[test]
fn directions_are_written_in_hindi_and_marathi() {
    for (typed, unit, hindi, marathi) in [
        (
            "1-0-1 x5d pc",
            "tablet",
            "1 गोली सुबह और रात, खाने के बाद, 5 दिन तक",
            "1 गोळी सकाळी आणि रात्री, जेवणानंतर, 5 दिवस",
        ),
        (
            "½-0-2 x1w",
            "tablet",
            "½ गोली सुबह और 2 गोलियाँ रात, 1 हफ़्ते तक",
            "½ गोळी सकाळी आणि 2 गोळ्या रात्री, 1 आठवडा",
        ),
        (
            "5 q6h x2d ac",
            "ml",
            "हर 6 घंटे में 5 मि.ली., खाने से पहले, 2 दिन तक",
            "दर 6 तासांनी 5 मि.ली., जेवणापूर्वी, 2 दिवस",
        ),
        ("1 hs cont", "capsule", "1 कैप्सूल सोते समय, जारी रखें", "1 कॅप्सूल झोपताना, चालू ठेवा"),
        ("1 weekly x1m", "sachet", "हफ़्ते में एक बार 1 पाउच, 1 महीने तक", "आठवड्यातून एकदा 1 पाकीट, 1 महिना"),
        ("bd", "application", "लगाएँ सुबह और रात", "लावा सकाळी आणि रात्री"),
    ] {
        let dosage = Dosage::parse(typed).expect(typed);
        assert_eq!(dosage.words(unit, Language::Hindi), hindi, "{typed}");
        assert_eq!(dosage.words(unit, Language::Marathi), marathi, "{typed}");
    }
}

#[test]
fn a_quantity_is_said_in_each_language() {
    let said = |language| units(15.0, "tablet", language);
    assert_eq!(Language::ALL.map(said), ["15 tablets", "15 गोलियाँ", "15 गोळ्या"]);
    assert_eq!(units(75.0, "ml", Language::Hindi), "75 मि.ली.");
}

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
fn what_is_not_understood_is_named_and_never_ignored() {
    for (typed, from) in [
        ("", ""),
        ("1-1-", "1-1-"),
        ("0-0-0 x5d", "0-0-0 x5d"),
        ("1-0-1 x5d after", "after"),
        ("1-0-1 pc ac", "ac"),
        ("1-0-1 x5d x6d", "x6d"),
        ("1 q0h", "1 q0h"),
        ("pc x5d", ""),
        ("1-0-1 then 1-0-0 x3d", ""),
        ("1-0-1 cont then 1-0-0 x3d", ""),
        ("1-0-1 x5d then sos x3d", ""),
        ("1-0-1 x5d then", ""),
        ("5 ml then 2 tab x3d", "5 ml then 2 tab x3d"),
        ("1 tab bd before breakfast", "before breakfast"),
        ("-1-0-1", "-1-0-1"),
        ("1 sos max", "max"),
        ("2 tab sos max 4 ml", "max 4 ml"),
        ("20 sos max 4 ml", "max 4 ml"),
        ("1 tab on empty stomach", "1 tab on empty stomach"),
        ("40 - 1-0-0", "40 1-0-0"),
        ("40 - 0 - 0 - 8", "40 - 0 - 0 - 8"),
        ("5 - 0 - 0 - 1 x3d", "5 - 0 - 0 - 1 x3d"),
        ("40 -1 -0 -1 tab", "40 -1 -0 -1 tab"),
        ("500 -1-1-1", "500 1-1-1"),
        ("1-0-1 - 5", "5"),
        ("1-0-1 pc x3d then 1 hs x3d", "1 hs x3d"),
        ("1 hs x3d then 1-0-0 x3d ac", "1-0-0 x3d ac"),
        ("1-0-0 pc x3d then 1-0-0 x3d ac", "1-0-0 x3d ac"),
        ("1-0-1 x0d", "x0d"),
        ("1.234-0-1", "1.234-0-1"),
        ("2 tabs as directed", "2 tabs as directed"),
    ] {
        let error = Dosage::parse(typed).map(|dosage| dosage.words("tablet", Language::English));
        assert_eq!(error, Err(NotUnderstood { from: from.to_owned() }), "{typed}");
    }
}

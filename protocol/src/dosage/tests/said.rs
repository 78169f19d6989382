//! Lines as they are understood, and said back in words.

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
        ("1 qd 5 pc", "1 qd 5 pc"),
        ("1.234-0-1", "1.234-0-1"),
        ("2 tabs as directed", "2 tabs as directed"),
    ] {
        let error = Dosage::parse(typed).map(|dosage| dosage.words("tablet", Language::English));
        assert_eq!(error, Err(NotUnderstood { from: from.to_owned() }), "{typed}");
    }
}

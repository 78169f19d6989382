use proptest::prelude::*;

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
            "1 tablet when needed for fever, 6 hours apart, at most 4 a day, for 3 days",
            Some(12.0),
        ),
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
        ("5 ml sos max 20", &["1 tsp sos max 4/day", "1 tsp sos max 4", "1 teaspoon sos max 20 ml a day"]),
        (
            "4-0-0 x3d then 2-0-0 x3d then 1-0-0 x1w pc",
            &["4 od 3 days then 2 od 3d then 1 od 1 week after food"],
        ),
        ("as directed x5d", &["ud 5 days"]),
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
fn a_unit_that_is_not_the_medicines_is_refused() {
    assert!(Dosage::read("5 ml tds", "ml").is_ok());
    assert!(Dosage::read("5 ml tds", "dose").is_ok_and(|dosage| dosage.quantity("dose").is_none()));
    let error = Dosage::read("5 ml tds", "tablet").map_err(|error| error.to_string());
    assert_eq!(error, Err("This medicine is given in tablets, not in ml".to_owned()));
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
        ("od", "od", ""),
        ("", "", ""),
    ] {
        assert_eq!(TypedLine::split(line), TypedLine { medicine, dose }, "{line}");
    }
}

#[test]
fn a_figure_before_a_form_may_be_the_strength_of_a_medicine_that_has_it() {
    let medicine = |line| TypedLine::with_strength(line).map(|line| (line.medicine, line.dose));
    assert_eq!(medicine("cetirizine 10 tab od"), Some(("cetirizine 10 tab", "od")));
    for line in ["calcium 2 tabs od", "amox 500 cap bd", "cetirizine 10 mg 1 tab od", "ambroxol 10 ml tds"] {
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
        ("1-0-1 x0d", "x0d"),
        ("1.234-0-1", "1.234-0-1"),
    ] {
        let error = Dosage::parse(typed).map(|dosage| dosage.words("tablet", Language::English));
        assert_eq!(error, Err(NotUnderstood { from: from.to_owned() }), "{typed}");
    }
}

fn amount() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.5), Just(0.25), (1_u32..20).prop_map(f64::from), Just(1.5), Just(2.75)]
}

fn dosage() -> impl Strategy<Value = Dosage> {
    let slot = || prop_oneof![Just(0.0), amount()];
    let dose = prop_oneof![
        (amount(), slot(), slot(), slot()).prop_map(|(morning, noon, evening, night)| Dose::Slots {
            morning,
            noon,
            evening,
            night
        }),
        (amount(), 1_u32..=24).prop_map(|(amount, every)| Dose::Interval {
            amount,
            every,
            unit: IntervalUnit::Hour
        }),
        (amount(), 1_u32..=90).prop_map(|(amount, every)| Dose::Interval {
            amount,
            every,
            unit: IntervalUnit::Day
        }),
        amount().prop_map(|amount| Dose::Stat { amount }),
        (
            amount(),
            prop::option::of(1_u32..=72),
            prop::option::of(amount()),
            prop::option::of("[b-c]{3,8}( [b-c]{3,8})?")
        )
            .prop_map(|(amount, min_gap_h, max_per_day, reason)| Dose::Prn {
                amount,
                min_gap_h,
                max_per_day,
                reason
            }),
    ];
    let duration = prop::option::of(prop_oneof![
        (
            1_u32..=999,
            prop_oneof![Just(DurationUnit::Day), Just(DurationUnit::Week), Just(DurationUnit::Month)]
        )
            .prop_map(|(value, unit)| Duration { value: Some(value), unit }),
        Just(Duration { value: None, unit: DurationUnit::Ongoing }),
    ]);
    let meal = prop_oneof![
        Just(Meal::Before),
        Just(Meal::After),
        Just(Meal::With),
        Just(Meal::EmptyStomach),
        Just(Meal::None)
    ];
    (dose, duration, meal, prop::option::of("[a-z]{1,9}( [a-z]{1,9})?"))
        .prop_map(|(dose, duration, meal, note)| Dosage { dose, unit: None, duration, meal, note })
}

fn any_dosage() -> impl Strategy<Value = Dosage> {
    let unit = prop::option::of(prop::sample::select(vec!["tablet", "ml", "drop", "suppository", "dose"]));
    let steps = prop::collection::vec((dosage(), 1_u32..=99), 2..4);
    let one = (dosage(), unit).prop_map(|(dosage, unit)| Dosage { unit, ..dosage });
    let taper = (steps, prop::bool::ANY).prop_map(|(steps, goes_on)| {
        let n_steps = steps.len();
        let (meal, note) =
            steps.first().map_or((Meal::None, None), |(first, _)| (first.meal, first.note.clone()));
        let steps = steps
            .into_iter()
            .enumerate()
            .map(|(place, (dosage, value))| {
                let dose = match dosage.dose {
                    dose @ (Dose::Slots { .. } | Dose::Interval { .. }) => dose,
                    _ => Dose::Interval { amount: 1.0, every: 1, unit: IntervalUnit::Day },
                };
                let is_last = place + 1 == n_steps;
                let duration = if is_last && goes_on {
                    Duration { value: None, unit: DurationUnit::Ongoing }
                } else {
                    Duration { value: Some(value), unit: DurationUnit::Week }
                };
                TaperStep { dose, duration }
            })
            .collect();
        Dosage { dose: Dose::Taper { steps }, unit: None, duration: None, meal, note }
    });
    prop_oneof![one, taper]
}

proptest! {
    #[test]
    fn what_is_printed_reads_back_as_the_same(dosage in any_dosage()) {
        prop_assert_eq!(Dosage::parse(&dosage.typed()), Ok(dosage));
    }

    #[test]
    fn every_language_says_each_figure_and_no_english(dosage in any_dosage()) {
        let figures = |words: &str| {
            let is_part = |c: char| c.is_ascii_digit() || ".½¼¾".contains(c);
            let parts = words.split(|c: char| !is_part(c)).map(|part| part.trim_matches('.').to_owned());
            parts.filter(|part| !part.is_empty()).collect::<Vec<String>>()
        };
        let english = figures(&dosage.words("tablet", Language::English));
        for language in [Language::Hindi, Language::Marathi] {
            let words = dosage.words("tablet", language);
            let mut said = figures(&words);
            for figure in &english {
                let place = said.iter().position(|one| one == figure);
                prop_assert!(place.is_some(), "{} is not in {}", figure, words);
                said.swap_remove(place.unwrap_or(0));
            }
            // The doctor's own reason is of these two letters here, and stays as it is.
            prop_assert!(!words.contains(|c: char| c.is_ascii_alphabetic() && !"bc".contains(c)), "{}", words);
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,40}") {
        let _ = Dosage::parse(&text);
        TypedLine::split(&text);
    }

    /// Whatever parses and is printed anew means the same, and every figure that was typed is in it or in what follows.
    #[test]
    fn what_parses_means_the_same_when_printed(words in prop::collection::vec(prop::sample::select(VOCABULARY.to_vec()), 1..8)) {
        let line = words.join(" ");
        if let Ok(dosage) = Dosage::parse(&line) {
            prop_assert_eq!(Dosage::parse(&dosage.typed()), Ok(dosage), "{}", line);
        }
    }

    #[test]
    fn splitting_a_line_loses_nothing(text in "[a-z0-9 /½.-]{0,40}") {
        let TypedLine { medicine, dose } = TypedLine::split(&text);
        let squeeze = |text: &str| text.split_whitespace().collect::<String>();
        prop_assert_eq!(squeeze(&format!("{medicine} {dose}")), squeeze(&text));
    }
}

const VOCABULARY: &[&str] = &[
    "1",
    "2",
    "½",
    "0.5",
    "1-0-1",
    "0-0-1",
    "1-1-1-1",
    "tab",
    "ml",
    "tsp",
    "od",
    "bd",
    "tds",
    "hs",
    "alt",
    "weekly",
    "q6h",
    "q 8 h",
    "8 hourly",
    "every",
    "hours",
    "days",
    "stat",
    "sos",
    "max",
    "gap",
    "4h",
    "for",
    "fever",
    "x5d",
    "5",
    "2w",
    "cont",
    "then",
    "pc",
    "ac",
    "after food",
    "empty stomach",
    "twice a day",
    "as directed",
    "at bedtime",
];

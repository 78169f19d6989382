use std::collections::BTreeSet;

use proptest::prelude::*;

use super::tests::row_of;
use super::*;

// Boxed where others are made of them: what is put together otherwise outgrows a test's stack.
fn amount() -> BoxedStrategy<f64> {
    let hundredths = (1_u32..=2_000).prop_map(|hundredths| f64::from(hundredths) / 100.0);
    prop_oneof![
        Just(0.5),
        Just(0.25),
        Just(0.75),
        (1_u32..20).prop_map(f64::from),
        Just(1.5),
        Just(2.75),
        hundredths
    ]
    .boxed()
}

fn dosage() -> BoxedStrategy<Dosage> {
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
        Just(Dose::AsDirected),
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
    let route = prop::option::of(prop::sample::select(Route::ALL.to_vec()));
    let whole = (dose.boxed(), duration.boxed(), meal.boxed(), route.boxed(), prop::option::of(note()));
    let dosage = whole.prop_map(|(dose, duration, meal, route, note)| Dosage {
        dose,
        unit: None,
        duration,
        meal,
        route,
        note,
    });
    dosage.boxed()
}

/// Whatever may stand behind the dose, other notes' marks included.
fn note() -> impl Strategy<Value = String> {
    let text = "\\PC{1,40}".prop_map(|text| text.trim().to_owned());
    prop_oneof![
        "[a-z]{1,9}( [a-z]{1,9})?",
        text.prop_filter("a note says something", |text| !text.is_empty())
    ]
}

/// How much of what is put on is not said in Hindi, so that its figures cannot be compared.
const UNITS: &[&str] = &[
    "tablet",
    "capsule",
    "ml",
    "drop",
    "puff",
    "sachet",
    "suppository",
    "patch",
    "unit",
    "vial",
    "ampoule",
    "dose",
];

fn at_night(amount: f64) -> Dose {
    Dose::Slots { morning: 0.0, noon: 0.0, evening: 0.0, night: amount }
}

fn any_dosage() -> BoxedStrategy<Dosage> {
    let unit = || prop::option::of(prop::sample::select(UNITS.to_vec()));
    let lasts = || prop::sample::select(vec![DurationUnit::Day, DurationUnit::Week, DurationUnit::Month]);
    let bedtime = || prop::option::of(amount());
    let one = (dosage(), unit(), bedtime()).prop_map(|(dosage, unit, bedtime)| match bedtime {
        Some(amount) => Dosage { unit, dose: at_night(amount), meal: Meal::Bedtime, ..dosage },
        // Nothing is counted in what the doctor said.
        None if dosage.dose == Dose::AsDirected => dosage,
        None => Dosage { unit, ..dosage },
    });
    let steps = prop::collection::vec((dosage(), (1_u32..=99, lasts()), bedtime()), 2..5);
    let taper = (steps, prop::bool::ANY, unit()).prop_map(|(steps, goes_on, unit)| {
        let n_steps = steps.len();
        let (meal, note) =
            steps.first().map_or((Meal::None, None), |(first, ..)| (first.meal, first.note.clone()));
        let route = steps.first().and_then(|(first, ..)| first.route);
        let is_for_night = steps.iter().any(|(.., bedtime)| bedtime.is_some());
        let meal = if is_for_night { Meal::None } else { meal };
        let steps = steps
            .into_iter()
            .enumerate()
            .map(|(place, (dosage, (value, unit), bedtime))| {
                let dose = match (bedtime, dosage.dose) {
                    (Some(amount), _) => at_night(amount),
                    (None, dose @ (Dose::Slots { .. } | Dose::Interval { .. })) => dose,
                    _ => Dose::Interval { amount: 1.0, every: 1, unit: IntervalUnit::Day },
                };
                let is_last = place + 1 == n_steps;
                let duration = if is_last && goes_on {
                    Duration { value: None, unit: DurationUnit::Ongoing }
                } else {
                    Duration { value: Some(value), unit }
                };
                TaperStep { dose, duration, at_bedtime: bedtime.is_some() }
            })
            .collect();
        Dosage { dose: Dose::Taper { steps }, unit, duration: None, meal, route, note }
    });
    prop_oneof![one.boxed(), taper.boxed()].boxed()
}

/// The parts of a taper as they are typed: dose, meal, duration.
fn typed_steps() -> impl Strategy<Value = Vec<String>> {
    let step = (
        prop::sample::select(vec!["1-0-1", "0-0-2", "½ od", "2 tab bd", "1 q6h", "1 hs", "2 at bedtime"]),
        prop::sample::select(vec!["", "", "", "pc", "after food", "ac"]),
        prop::sample::select(vec!["x3d", "for 2 weeks", "1m"]),
    );
    let step = step.prop_map(|(dose, meal, duration)| format!("{dose} {meal} {duration}"));
    prop::collection::vec(step, 2..4)
}

proptest! {
    #[test]
    fn what_is_printed_reads_back_as_the_same(dosage in any_dosage()) {
        prop_assert_eq!(Dosage::parse(&dosage.typed()), Ok(dosage));
    }

    #[test]
    fn what_is_put_on_is_printed_and_read_back_as_well(dosage in any_dosage()) {
        let dosage = dosage.counted_in("application");
        prop_assert_eq!(Dosage::parse(&dosage.typed()), Ok(dosage));
    }

    #[test]
    fn what_is_stored_reads_back_as_the_same(dosage in any_dosage()) {
        prop_assert_eq!(Dosage::of_row(&row_of(&dosage, "tablet")), Some(dosage));
    }

    #[test]
    fn the_figures_of_devanagari_say_the_same(dosage in any_dosage()) {
        let dosage = dosage.without_note();
        let devanagari = |c: char| match c.to_digit(10) {
            Some(digit) => char::from_u32(u32::from('०') + digit).unwrap_or(c),
            None => c,
        };
        let written: String = dosage.typed().chars().map(devanagari).collect();
        prop_assert_eq!(Dosage::parse(&written), Ok(dosage), "{}", written);
    }

    #[test]
    fn international_units_are_counted_up_to_twenty_thousand_and_all_else_to_a_thousand(amount in 1_u32..=40_000) {
        let read = |unit: &str| Dosage::parse(&format!("{amount} {unit} stat"));
        prop_assert_eq!(read("units").is_ok(), amount <= 20_000);
        prop_assert_eq!(read("ml").is_ok(), amount <= 1_000);
        if let Ok(dosage) = read("iu") {
            prop_assert_eq!(Dosage::parse(&dosage.typed()), Ok(dosage));
        }
    }

    #[test]
    fn slots_say_the_same_whatever_stands_between_them(
        (morning, noon, night) in (amount(), amount(), amount()),
        between in prop::sample::select(vec!["-", " - ", "–", " – ", "—", "+", "- ", " -"]),
    ) {
        let [m, n, t] = [morning, noon, night].map(medicine::amount_text);
        let dose = Dose::Slots { morning, noon, evening: 0.0, night };
        let line = format!("{m}{between}{n}{between}{t} x5d");
        prop_assert_eq!(Dosage::parse(&line).map(|dosage| dosage.dose), Ok(dose), "{}", line);
    }

    /// However it is said: at once, every so often, when needed, in a step of a taper.
    #[test]
    fn what_is_read_of_a_medicine_is_never_more_than_it_may_be(dosage in any_dosage()) {
        let typed = dosage.typed();
        let greatest = dosage.dose.amounts().into_iter().fold(0.0, f64::max);
        let unknown = Dosage::read(&typed, Units::of("other", "xyzlin"));
        if dosage.unit.is_none() && greatest > 2.0 {
            prop_assert_eq!(unknown, Err(DosageError::AmountUnclear));
        }
        let too_many = format!("{} tablets stat", medicine::amount_text(greatest + 20.5));
        prop_assert_eq!(Dosage::read(&too_many, "tablet"), Err(DosageError::TooMany { units: "tablets" }));
        if let Ok(read) = Dosage::read(&typed, "tablet") {
            prop_assert!(read.dose.amounts().iter().all(|amount| *amount <= 20.0), "{}", typed);
        }
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
        TypedLine::split(&format!("telma 40 {text}"));
        TypedLine::with_begun(&text);
    }

    /// Whatever parses and is printed anew means the same, and every figure that was typed is in it.
    #[test]
    fn what_parses_means_the_same_when_printed(words in prop::collection::vec(prop::sample::select(VOCABULARY.to_vec()), 1..8)) {
        let line = words.join(" ");
        if let Ok(dosage) = Dosage::parse(&line) {
            let typed = dosage.typed();
            prop_assert_eq!(Dosage::parse(&typed), Ok(dosage), "{}", line);
            // Spoons are printed in millilitres, and parts are added to what they are parts of.
            // Marks behind an amount are printed as the amounts.
            let is_marked = words.iter().any(|word| spellings::is_unit(word)) && line.contains("-1");
            if !line.contains("tsp") && !line.contains(['½', '/']) && !line.contains("0.5") && !is_marked {
                let figures = |text: &str| -> BTreeSet<String> {
                    let parts = text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
                    parts.map(str::to_owned).collect()
                };
                prop_assert!(figures(&line).is_subset(&figures(&typed)), "{} is printed as {}", line, typed);
            }
        }
    }

    /// Each step is what it would be alone, and the line is refused if the steps say two things of food or sleep.
    #[test]
    fn a_taper_is_its_steps(typed in typed_steps()) {
        let read = Dosage::parse(&typed.join(" then "));
        let alone: Result<Vec<Dosage>, _> = typed.iter().map(|step| Dosage::parse(step)).collect();
        let Ok(alone) = alone else {
            prop_assert!(read.is_err(), "a step is refused alone");
            return Ok(());
        };
        let mut meals: Vec<Meal> = alone.iter().map(|step| step.meal).filter(|meal| *meal != Meal::None).collect();
        meals.dedup();
        prop_assert_eq!(read.is_ok(), meals.len() <= 1, "{:?}", &typed);
        let Ok(read) = read else { return Ok(()) };
        let Dose::Taper { steps } = &read.dose else { panic!("BUG: no taper") };
        for (step, alone) in steps.iter().zip(&alone) {
            prop_assert_eq!(&step.dose, &alone.dose);
            prop_assert_eq!(Some(step.duration), alone.duration);
            prop_assert_eq!(step.at_bedtime, alone.meal == Meal::Bedtime);
        }
        prop_assert_eq!(steps.len(), alone.len());
        let food = meals.first().copied().filter(|meal| *meal != Meal::Bedtime);
        prop_assert_eq!(read.meal, food.unwrap_or(Meal::None));
        let row = row_of(&read, "tablet");
        prop_assert_eq!(Dosage::of_row(&row), Some(read));
    }

    /// But for a dash that parts the two.
    #[test]
    fn splitting_a_line_loses_nothing(text in "[a-z0-9 /½.-]{0,40}") {
        let TypedLine { medicine, dose } = TypedLine::split(&text);
        let squeeze = |text: &str| text.split_whitespace().collect::<String>();
        let (whole, parted) = (squeeze(&format!("{medicine} {dose}")), squeeze(&format!("{medicine} - {dose}")));
        prop_assert!([whole, parted].contains(&squeeze(&text)), "{medicine} | {dose}");
    }

    /// But for a dash that parts the two; and it is never called begun where a dose is there already.
    #[test]
    fn a_line_with_a_dose_that_is_only_begun_loses_nothing(text in "[a-z]{3,5} [0-9]{2,3} [a-z0-9 /½.-]{1,9}") {
        let begun = TypedLine::with_begun(&text);
        prop_assert!(begun.is_none() || TypedLine::split(&text).dose.is_empty(), "{text}");
        let Some(TypedLine { medicine, dose }) = begun else { return Ok(()) };
        let squeeze = |text: &str| text.split_whitespace().collect::<String>();
        let (whole, parted) = (squeeze(&format!("{medicine} {dose}")), squeeze(&format!("{medicine} - {dose}")));
        prop_assert!([whole, parted].contains(&squeeze(&text)), "{medicine} | {dose}");
    }

    #[test]
    fn a_medicine_and_its_dose_that_are_joined_come_apart_again(
        medicine in "[a-z]{3,9}( [a-z]{3,9})?( [0-9]{1,3}( mg)?)?",
        dosage in any_dosage(),
    ) {
        let dose = dosage.typed();
        let line = TypedLine::joined(&medicine, &dose);
        prop_assert_eq!(TypedLine::split(&line), TypedLine { medicine: &medicine, dose: &dose });
    }

    /// So the window shows an accepted line again for being changed.
    #[test]
    fn a_medicine_and_its_dose_put_together_by_a_colon_come_apart_again(
        medicine in "[a-z]{3,9}( [a-z]{3,9})?( [0-9]{1,3})?",
        dosage in any_dosage(),
    ) {
        let dose = dosage.typed();
        let line = format!("{medicine}: {dose}");
        prop_assert_eq!(TypedLine::split(&line), TypedLine { medicine: &medicine, dose: &dose });
    }
}

#[test]
fn every_spelling_means_what_the_others_of_its_meaning_do() {
    let read = |line: String| Dosage::parse(&line).unwrap_or_else(|error| panic!("{line}: {error}"));
    for (often, spellings) in spellings::OFTEN {
        let takes_figure = !matches!(often, spellings::Often::AsDirected);
        for spelling in *spellings {
            assert_eq!(read((*spelling).to_owned()), read(spellings[0].to_owned()), "{spelling}");
            if takes_figure {
                assert_eq!(
                    read(format!("2 tab {spelling} x5d")),
                    read(format!("2 tab {} x5d", spellings[0])),
                    "{spelling}"
                );
            }
        }
    }
    for (meal, spellings) in spellings::MEALS {
        for spelling in *spellings {
            assert_eq!(read(format!("1-0-1 {spelling} x5d")).meal, *meal, "{spelling}");
            assert_eq!(read(format!("{spelling} 1-0-1")).meal, *meal, "{spelling}");
        }
    }
    for (route, spellings) in spellings::ROUTES {
        for spelling in *spellings {
            let taper = format!("{spelling} 1-0-1 x5d then 1-0-0 x5d");
            for line in [format!("1-0-1 x5d {spelling}"), format!("10 ml {spelling} bd"), taper] {
                assert_eq!(read(line).route, Some(*route), "{spelling}");
            }
        }
    }
    for spelling in spellings::ONGOING {
        let duration = Duration { value: None, unit: DurationUnit::Ongoing };
        assert_eq!(read(format!("1-0-1 {spelling}")).duration, Some(duration), "{spelling}");
    }
    for (unit, times, spellings) in spellings::UNITS {
        for spelling in *spellings {
            let dosage = read(format!("2 {spelling} bd"));
            assert_eq!((dosage.unit, dosage.units_a_day()), (Some(*unit), Some(4.0 * times)), "{spelling}");
            assert_eq!(read(format!("2{spelling} bd")), dosage, "{spelling} at its figure");
            assert_eq!(read(format!("2-0-0-2 {spelling}")).units_a_day(), Some(4.0 * times), "{spelling}");
        }
    }
}

const VOCABULARY: &[&str] = &[
    "1/2",
    "3",
    "tabs",
    "iu",
    "drops",
    "noon",
    "4/day",
    "a day",
    "q2d",
    "1m",
    "//",
    "with water",
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
    "units",
    "vial",
    "-",
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
    "half",
    "and half",
    "two weeks",
    "1.1",
    "cc",
    "apply",
    "monthly",
    "bbf",
    "as needed",
    "od hs",
    "x 3/7",
    "daily",
    "1-o-1",
    "2bd",
    "1-0-1x5d",
    "followed by",
    "after lunch",
    "abf",
    "subah",
    "8hrly",
    "once in",
    "iv",
    "po",
    "under the tongue",
];

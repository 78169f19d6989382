use proptest::prelude::*;

use super::tests::row_of;
use super::*;

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

const UNITS: &[&str] = &["tablet", "ml", "drop", "suppository", "unit", "vial", "ampoule", "dose"];

fn at_night(amount: f64) -> Dose {
    Dose::Slots { morning: 0.0, noon: 0.0, evening: 0.0, night: amount }
}

fn any_dosage() -> impl Strategy<Value = Dosage> {
    let unit = || prop::option::of(prop::sample::select(UNITS.to_vec()));
    let bedtime = || prop::option::of(amount());
    let one = (dosage(), unit(), bedtime()).prop_map(|(dosage, unit, bedtime)| match bedtime {
        Some(amount) => Dosage { unit, dose: at_night(amount), meal: Meal::Bedtime, ..dosage },
        None => Dosage { unit, ..dosage },
    });
    let steps = prop::collection::vec((dosage(), 1_u32..=99, bedtime()), 2..4);
    let taper = (steps, prop::bool::ANY, unit()).prop_map(|(steps, goes_on, unit)| {
        let n_steps = steps.len();
        let (meal, note) =
            steps.first().map_or((Meal::None, None), |(first, ..)| (first.meal, first.note.clone()));
        let is_for_night = steps.iter().any(|(.., bedtime)| bedtime.is_some());
        let meal = if is_for_night { Meal::None } else { meal };
        let steps = steps
            .into_iter()
            .enumerate()
            .map(|(place, (dosage, value, bedtime))| {
                let dose = match (bedtime, dosage.dose) {
                    (Some(amount), _) => at_night(amount),
                    (None, dose @ (Dose::Slots { .. } | Dose::Interval { .. })) => dose,
                    _ => Dose::Interval { amount: 1.0, every: 1, unit: IntervalUnit::Day },
                };
                let is_last = place + 1 == n_steps;
                let duration = if is_last && goes_on {
                    Duration { value: None, unit: DurationUnit::Ongoing }
                } else {
                    Duration { value: Some(value), unit: DurationUnit::Week }
                };
                TaperStep { dose, duration, at_bedtime: bedtime.is_some() }
            })
            .collect();
        Dosage { dose: Dose::Taper { steps }, unit, duration: None, meal, note }
    });
    prop_oneof![one, taper]
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
    }

    /// Whatever parses and is printed anew means the same, and every figure that was typed is in it or in what follows.
    #[test]
    fn what_parses_means_the_same_when_printed(words in prop::collection::vec(prop::sample::select(VOCABULARY.to_vec()), 1..8)) {
        let line = words.join(" ");
        if let Ok(dosage) = Dosage::parse(&line) {
            prop_assert_eq!(Dosage::parse(&dosage.typed()), Ok(dosage), "{}", line);
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
];

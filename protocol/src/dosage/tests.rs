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
        assert_eq!(dosage.words(unit), words, "{typed}");
        assert_eq!(dosage.quantity(unit), quantity, "{typed}");
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
        ("bd 5days", "5days"),
        ("-1-0-1", "-1-0-1"),
        ("1 sos max", "1 sos max"),
        ("1-0-1 x0d", "x0d"),
        ("1.234-0-1", "1.234-0-1"),
    ] {
        let error = Dosage::parse(typed).map(|dosage| dosage.words("tablet"));
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
        .prop_map(|(dose, duration, meal, note)| Dosage { dose, duration, meal, note })
}

proptest! {
    #[test]
    fn what_is_printed_reads_back_as_the_same(dosage in dosage()) {
        prop_assert_eq!(Dosage::parse(&dosage.typed()), Ok(dosage));
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,40}") {
        let _ = Dosage::parse(&text);
    }
}

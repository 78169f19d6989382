//! Ages and dates of birth as people write them.

use protocol::patient::Age;
use protocol::validate::parse_day;
use serde_json::json;
use time::{Date, Duration, Month};

use super::calendar::Calendar;
use super::value::{Fit, is_nothing, latin};
use super::words;

/// Nobody is older.
pub(super) const OLDEST: i32 = 130;

/// What a cell with an age says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    /// The age; months are known where they were written.
    pub(super) years: i32,
    /// Beyond the years.
    pub(super) months: Option<i32>,
    /// `34/M` tells it as well.
    pub(super) sex: Option<&'static str>,
}

/// A day as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Day {
    /// Which one.
    pub(super) date: Date,
    /// What was concluded.
    pub(super) remark: Option<&'static str>,
}

const NO_AGE: &str = "it is no age";
const NOBODY: &str = "nobody has this age";
const MONTHS_OR_MALE: &str = "“m” can mean months or male; write 8 months, or 8/M";

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Number(f64),
    Word(String),
    Slash,
}

/// Reads `34`, `34 y`, `8 months`, `1y 6m`, `10 days`, `2.5`, `34/M`. `with_sex` says that the column has the sex too,
/// so that `34 M` is a man's age; `8m` may be a baby's also there.
///
/// # Errors
///
/// Why what stands there is no age.
pub(super) fn read(written: &str, with_sex: bool) -> Result<Option<Written>, &'static str> {
    if is_nothing(written) {
        return Ok(None);
    }
    if written.trim_start().starts_with('-') {
        return Err(NO_AGE);
    }
    let text = latin(written).trim().to_lowercase();
    let is_attached =
        text.strip_suffix('m').is_some_and(|number| number.ends_with(|c: char| c.is_ascii_digit()));
    let mut tokens = tokens(&text)?;
    let sex = take_sex(&mut tokens, with_sex && !is_attached);
    let is_filler = |token: &Token| matches!(token, Token::Word(word) if ["about", "abt", "approx", "age", "old", "of", "only"].contains(&word.as_str()));
    tokens.retain(|token| !is_filler(token));
    let mut months = 0.0;
    let mut days = 0.0;
    let mut knows_months = false;
    let mut rest = tokens.as_slice();
    if rest.is_empty() {
        return Err(NO_AGE);
    }
    while !rest.is_empty() {
        let [Token::Number(number), after @ ..] = rest else { return Err(NO_AGE) };
        if *number > 10_000.0 {
            return Err(NOBODY);
        }
        let unit = match after {
            [Token::Word(word), ..] => Some(word.as_str()),
            [] if rest.len() == tokens.len() => None,
            _ => return Err(NO_AGE),
        };
        match unit {
            None | Some("y" | "yr" | "yrs" | "year" | "years" | "yo" | "वर्ष" | "साल") => {
                months += number.trunc() * 12.0 + (number.fract() * 12.0).round();
                knows_months |= number.fract() > 0.0;
            }
            Some("m") if sex.is_none() && tokens.len() == 2 => return Err(MONTHS_OR_MALE),
            Some(
                "m" | "mo" | "mos" | "mon" | "mth" | "mths" | "month" | "months" | "माह" | "महीने" | "महीना",
            ) => {
                months += number.trunc();
                knows_months = true;
            }
            Some("w" | "wk" | "wks" | "week" | "weeks" | "हफ्ते" | "सप्ताह") => {
                days += number * 7.0;
                knows_months = true;
            }
            Some("d" | "day" | "days" | "दिन") => {
                days += number;
                knows_months = true;
            }
            Some(_) => return Err(NO_AGE),
        }
        rest = after.get(1..).unwrap_or_default();
    }
    months += (days * 12.0 / 365.25).floor();
    let months = months as i32;
    let years = months / 12;
    if years >= OLDEST {
        return Err(NOBODY);
    }
    Ok(Some(Written { years, months: knows_months.then_some(months % 12), sex }))
}

/// The age that years and a column of months say together: months beyond the years, or all of them.
///
/// # Errors
///
/// That they do not go together.
pub(super) fn with_months(years: Option<i32>, months: i32) -> Result<(i32, Option<i32>), &'static str> {
    match years.filter(|years| *years > 0) {
        Some(years) if months < 12 => Ok((years, Some(months))),
        Some(years) if months / 12 != years => Err("so many months do not go with the years"),
        _ => Ok((months / 12, Some(months % 12))),
    }
}

fn tokens(written: &str) -> Result<Vec<Token>, &'static str> {
    let text = written.to_lowercase().replace("y/o", "yo");
    let mut tokens = Vec::new();
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        let is_number = first.is_ascii_digit();
        // The signs of Indian scripts are parts of words, though no letters.
        let same = |c: char| {
            if is_number {
                c.is_ascii_digit() || c == '.'
            } else {
                c.is_alphabetic() || c == '\u{94D}' || c == '\u{93C}'
            }
        };
        let end = rest.find(|c| !same(c)).unwrap_or(rest.len());
        if end == 0 {
            match first {
                '/' | '\\' | '|' => tokens.push(Token::Slash),
                c if c.is_whitespace() || ".,()&+~-:".contains(c) => {}
                _ => return Err(NO_AGE),
            }
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let piece = &rest[..end];
        rest = &rest[end..];
        tokens.push(if is_number {
            Token::Number(piece.trim_end_matches('.').parse().map_err(|_| NO_AGE)?)
        } else {
            Token::Word(piece.to_owned())
        });
    }
    Ok(tokens)
}

/// Takes the sex away, where the sign before it, the word or the column says that it is one.
fn take_sex(tokens: &mut Vec<Token>, with_sex: bool) -> Option<&'static str> {
    let word = |token: &Token| match token {
        Token::Word(word) => {
            words::choice("sex", &["male", "female", "other"], word).map(|sex| (word.len() > 1, sex))
        }
        _ => None,
    };
    if let [first, Token::Slash, ..] = tokens.as_slice()
        && let Some((_, sex)) = word(first)
    {
        tokens.drain(..2);
        return Some(sex);
    }
    let (is_long, sex) = tokens.last().and_then(word)?;
    let is_behind_slash = matches!(tokens.as_slice(), [.., Token::Slash, _]);
    let is_behind_number = matches!(tokens.as_slice(), [.., Token::Number(_), _]);
    // `34f` is nothing else; `34m` may be months.
    if is_behind_slash || is_long || with_sex || is_behind_number && sex == "female" {
        tokens.pop();
        if is_behind_slash {
            tokens.pop();
        }
        return Some(sex);
    }
    None
}

/// Reads a day: as a calendar has it, or the number by which a spreadsheet program counts days.
///
/// # Errors
///
/// Why what stands there is no day.
pub(super) fn day(written: &str, calendar: &Calendar) -> Result<Option<Day>, &'static str> {
    if is_nothing(written) {
        return Ok(None);
    }
    let text = latin(written.trim());
    if let Some(day) = serial(&text) {
        return Ok(Some(Day {
            date: day?,
            remark: Some("a spreadsheet's number of a day was read as that day"),
        }));
    }
    let (date, remark) = match calendar.date(&json!(text)) {
        Fit::Same(day) => (day, None),
        Fit::Adapted(day, remark) => (day, Some(remark)),
        Fit::Blank => return Ok(None),
        Fit::Unfit(why) => return Err(why),
    };
    Ok(date.as_str().and_then(parse_day).map(|date| Day { date, remark }))
}

/// Reads a day of birth.
///
/// # Errors
///
/// Why what stands there is no day of birth.
pub(super) fn birth(written: &str, calendar: &Calendar) -> Result<Option<Day>, &'static str> {
    let Some(Day { mut date, remark }) = day(written, calendar)? else { return Ok(None) };
    // Who was born in December '26 was born in 1926, as long as that December has not come.
    if date > calendar.today && remark.is_some_and(|remark| remark.contains("two digits")) {
        date = Date::from_calendar_date(date.year() - 100, date.month(), date.day()).unwrap_or(date);
    }
    if date > calendar.today {
        return Err("the date lies in the future");
    }
    if Age::since(date, calendar.today).years >= OLDEST {
        return Err("nobody alive was born then");
    }
    Ok(Some(Day { date, remark }))
}

/// Days are counted from 30 December 1899; four digits that may be a year are none of them.
fn serial(text: &str) -> Option<Result<Date, &'static str>> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_number =
        [whole, fraction].iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    if !is_number || whole.len() > 5 {
        return None;
    }
    let days: i64 = whole.parse().ok()?;
    if (1850..=2200).contains(&days) {
        return Some(Err("a year alone is no date; give the age instead"));
    }
    if days < 1000 {
        return Some(Err("it is no date"));
    }
    let first = Date::from_calendar_date(1899, Month::December, 30).ok()?;
    Some(first.checked_add(Duration::days(days)).ok_or("it is no date"))
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use proptest::prelude::*;
    use time::macros::date;

    use super::*;

    fn age(written: &str) -> Option<(i32, Option<i32>, Option<&'static str>)> {
        read(written, false).expect(written).map(|age| (age.years, age.months, age.sex))
    }

    fn calendar(month_first: bool) -> Calendar {
        Calendar { zone: TimeZone::UTC, month_first, today: date!(2026 - 11 - 23) }
    }

    fn born(written: &str) -> Result<Option<Date>, &'static str> {
        birth(written, &calendar(false)).map(|birth| birth.map(|birth| birth.date))
    }

    #[test]
    fn ages_are_read_in_every_usual_spelling() {
        for (written, years, months) in [
            ("34", 34, None),
            (" 34 y ", 34, None),
            ("34 yrs.", 34, None),
            ("34 years old", 34, None),
            ("34 Y/O", 34, None),
            ("abt. 34", 34, None),
            ("~34", 34, None),
            ("३४", 34, None),
            ("३४ वर्ष", 34, None),
            ("8 months", 0, Some(8)),
            ("8mo", 0, Some(8)),
            ("18 months", 1, Some(6)),
            ("1y 6m", 1, Some(6)),
            ("1 yr, 6 mths", 1, Some(6)),
            ("2.5", 2, Some(6)),
            ("10 days", 0, Some(0)),
            ("6 weeks", 0, Some(1)),
            ("0", 0, None),
            ("34.0", 34, None),
        ] {
            assert_eq!(age(written), Some((years, months, None)), "{written}");
        }
        for nothing in ["", " ", "NA", "-"] {
            assert_eq!(age(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn months_beside_the_years_are_those_beyond_them_or_all_of_them() {
        for (years, months, age) in [
            (Some(1), 6, Some((1, 6))),
            (Some(1), 18, Some((1, 6))),
            (Some(0), 18, Some((1, 6))),
            (None, 18, Some((1, 6))),
            (Some(0), 8, Some((0, 8))),
            (Some(34), 0, Some((34, 0))),
            (Some(2), 18, None),
        ] {
            let read = with_months(years, months).ok().map(|(years, months)| (years, months.unwrap_or(0)));
            assert_eq!(read, age, "{years:?} {months}");
        }
    }

    #[test]
    fn an_age_may_bring_the_sex() {
        for (written, years, sex) in [
            ("34/M", 34, "male"),
            ("34 / f", 34, "female"),
            ("34y/M", 34, "male"),
            ("34 Yrs / Male", 34, "male"),
            ("34F", 34, "female"),
            ("34 male", 34, "male"),
            ("M/34", 34, "male"),
        ] {
            let read = age(written).expect(written);
            assert_eq!((read.0, read.2), (years, Some(sex)), "{written}");
        }
        assert_eq!(age("8m/F"), Some((0, Some(8), Some("female"))));
        let together = |written| read(written, true).expect(written);
        assert_eq!(together("34 M"), Some(Written { years: 34, months: None, sex: Some("male") }));
        assert_eq!(together("8m F"), Some(Written { years: 0, months: Some(8), sex: Some("female") }));
        assert!(read("8m", true).is_err_and(|why| why.contains("months or male")));
    }

    #[test]
    fn what_is_no_age_says_why() {
        for (written, why) in [
            ("34m", "months or male"),
            ("8 M", "months or male"),
            ("130", "nobody"),
            ("340", "nobody"),
            ("99999999999999999999", "nobody"),
            ("adult", "no age"),
            ("34 45", "no age"),
            ("01-Jun", "no age"),
            ("=34", "no age"),
            ("-5", "no age"),
            ("34 elephants", "no age"),
        ] {
            let refused = read(written, false).expect_err(written);
            assert!(refused.contains(why), "{written}: {refused}");
        }
    }

    #[test]
    fn days_of_birth_are_read_in_every_usual_spelling() {
        for written in [
            "05/01/1972",
            "5-1-72",
            "05.01.72",
            "1972-01-05",
            "5-Jan-72",
            "5 January 1972",
            "Jan 5, 1972",
            "05 JAN 1972",
            "०५/०१/१९७२",
            "26303",
            "26303.0",
            "26303.5",
            "1972-01-05 00:00:00",
        ] {
            assert_eq!(born(written), Ok(Some(date!(1972 - 01 - 05))), "{written}");
        }
        assert_eq!(
            birth("05/01/72", &calendar(true)).map(|birth| birth.map(|birth| birth.date)),
            Ok(Some(date!(1972 - 05 - 01)))
        );
        assert_eq!(born("5-Dec-26"), Ok(Some(date!(1926 - 12 - 05))), "not in a future December");
        assert_eq!(born("5-Jan-26"), Ok(Some(date!(2026 - 01 - 05))));
        assert_eq!(born("NA"), Ok(None));
    }

    #[test]
    fn a_day_on_which_nobody_was_born_says_why() {
        for (written, why) in [
            ("24/11/2026", "future"),
            ("05/01/2035", "future"),
            ("05/01/1896", "nobody alive"),
            ("01/01/1790", "of our times"),
            ("31/02/1990", "not a date"),
            ("1972", "a year alone"),
            ("34", "no date"),
            ("0000-00-00", "zeros"),
            ("soon", "not a date"),
            ("73050", "future"),
        ] {
            let refused = born(written).expect_err(written);
            assert!(refused.contains(why), "{written}: {refused}");
        }
    }

    proptest! {
        #[test]
        fn an_age_is_what_was_written(years in 0..OLDEST, months in 0..12, form in 0..6_usize) {
            let (text, knows) = match form {
                0 => (format!("{years}"), false),
                1 => (format!("{years} yrs"), false),
                2 => (format!("{years}y {months}m"), true),
                3 => (format!("{years} year {months} months"), true),
                4 => (format!("{} months", years * 12 + months), true),
                _ => (format!("{years}/F"), false),
            };
            let read = read(&text, false).expect("an age").expect("an age");
            prop_assert_eq!((read.years, read.months), (years, knows.then_some(months)), "{}", text);
        }

        #[test]
        fn a_day_is_what_was_written(days in 0..46_000_i64, form in 0..8_usize) {
            let day = date!(1900 - 01 - 01) + Duration::days(days);
            let (d, m, y) = (day.day(), u8::from(day.month()), day.year());
            let name = &day.month().to_string()[..3];
            let text = match form {
                0 => format!("{d:02}/{m:02}/{y}"),
                1 => format!("{d}-{m}-{y}"),
                2 => format!("{d}.{m}.{y}"),
                3 => format!("{y}-{m:02}-{d:02}"),
                4 => format!("{d}-{name}-{y}"),
                5 => format!("{name} {d}, {y}"),
                6 => format!("{y}{m:02}{d:02}"),
                _ => format!("{d}{name}{y}"),
            };
            prop_assert_eq!(born(&text), Ok(Some(day)), "{}", text);
        }

        #[test]
        fn a_spreadsheets_number_is_its_day(days in 2_201..46_300_i64) {
            let day = date!(1899 - 12 - 30) + Duration::days(days);
            prop_assert_eq!(born(&days.to_string()), Ok(Some(day)));
        }

        #[test]
        fn whatever_is_written_is_read_without_panic(written in "\\PC{0,30}") {
            if let Ok(Some(age)) = read(&written, true) {
                prop_assert!((0..OLDEST).contains(&age.years));
                prop_assert!(age.months.is_none_or(|months| (0..12).contains(&months)));
            }
            if let Ok(Some(birth)) = birth(&written, &calendar(true)) {
                prop_assert!(birth.date <= date!(2026 - 11 - 23));
            }
        }
    }
}

//! Days and times as old programs wrote them.

use jiff::civil;
use jiff::tz::TimeZone;
use protocol::validate::{day_text, moment_text};
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Date, Month, OffsetDateTime, Time};

use super::value::{Fit, is_nothing};

/// How days and times without a zone are read.
#[derive(Clone, Debug)]
pub(super) struct Calendar {
    /// Of the clinic.
    pub(super) zone: TimeZone,
    /// Whether `05/01/1972` is in May.
    pub(super) month_first: bool,
    /// The day of the import.
    pub(super) today: Date,
}

impl Calendar {
    /// At this moment.
    pub(super) fn new(zone: TimeZone, month_first: bool, now: OffsetDateTime) -> Self {
        let calendar = Self { zone, month_first, today: now.date() };
        Self { today: calendar.day_of(now), ..calendar }
    }

    /// A day, in any usual spelling.
    pub(super) fn date(&self, old: &Value) -> Fit {
        match self.read(old) {
            Ok(Some(read)) => read.fit(|read| {
                let day = match read.exact {
                    Some(moment) => self.day_of(moment),
                    None => read.date,
                };
                json!(day_text(day))
            }),
            Ok(None) => Fit::Blank,
            Err(why) => Fit::Unfit(why),
        }
    }

    /// A moment; without a zone, of the clinic's clocks.
    pub(super) fn moment(&self, old: &Value) -> Fit {
        match self.read(old) {
            Ok(Some(read)) => {
                let exact = read.exact.or_else(|| self.at(read.date, read.time));
                let Some(moment) = exact else { return Fit::Unfit("not a time that a calendar has") };
                read.fit(|_| json!(moment_text(moment)))
            }
            Ok(None) => Fit::Blank,
            Err(why) => Fit::Unfit(why),
        }
    }

    /// The moment at which the clinic's clocks show this.
    pub(super) fn at(&self, date: Date, time: Time) -> Option<OffsetDateTime> {
        let local = civil::DateTime::new(
            date.year().try_into().ok()?,
            u8::from(date.month()).cast_signed(),
            date.day().cast_signed(),
            time.hour().cast_signed(),
            time.minute().cast_signed(),
            time.second().cast_signed(),
            i32::try_from(time.nanosecond()).ok()?,
        )
        .ok()?;
        let moment = self.zone.to_zoned(local).ok()?.timestamp();
        OffsetDateTime::from_unix_timestamp_nanos(moment.as_nanosecond()).ok()
    }

    /// The day in the clinic at this moment.
    pub(super) fn day_of(&self, moment: OffsetDateTime) -> Date {
        self.in_clinic(moment).date()
    }

    /// The time of day in the clinic at a moment that is written with its zone.
    pub(super) fn clock_of(&self, written: &str) -> Option<String> {
        let moment = self.in_clinic(exact(written.trim())?);
        Some(format!("{:02}:{:02}", moment.hour(), moment.minute()))
    }

    fn in_clinic(&self, moment: OffsetDateTime) -> OffsetDateTime {
        let offset = jiff::Timestamp::from_second(moment.unix_timestamp())
            .map_or(0, |moment| self.zone.to_offset(moment).seconds());
        moment.to_offset(time::UtcOffset::from_whole_seconds(offset).unwrap_or(time::UtcOffset::UTC))
    }

    fn read(&self, old: &Value) -> Result<Option<Read>, &'static str> {
        let Value::String(text) = old else { return Err("not a date") };
        let text = text.trim();
        if is_nothing(text) {
            return Ok(None);
        }
        if text.starts_with("0000-00-00") {
            return Err("a date of zeros");
        }
        if let Some(moment) = exact(text) {
            let read = Read { date: moment.date(), time: moment.time(), exact: Some(moment), adapted: None };
            return Ok(Some(read));
        }
        let tokens = tokens(text);
        let (date, adapted, rest) = self.read_day(&tokens).ok_or("not a date")?;
        if !(1850..=2200).contains(&date.year()) {
            return Err("not a date of our times");
        }
        let time = read_time(rest).ok_or("not a time of day")?;
        Ok(Some(Read { date, time, exact: None, adapted }))
    }

    /// The day that the first tokens name, what was concluded, and the other tokens.
    fn read_day<'t>(&self, tokens: &'t [Token]) -> Option<(Date, Option<&'static str>, &'t [Token])> {
        if let [Token::Number(number, 8), rest @ ..] = tokens {
            return Some((day(number / 10_000, number / 100 % 100, number % 100)?, None, rest));
        }
        let [one, two, three, rest @ ..] = tokens else { return None };
        let (date, adapted) = match (one, two, three) {
            (Token::Number(year, 4), Token::Number(month, _), Token::Number(date, _)) => {
                (day(*year, *month, *date)?, None)
            }
            (Token::Number(year, 4), Token::Month(month), Token::Number(date, _)) => {
                (day(*year, *month, *date)?, None)
            }
            (Token::Number(date, 1 | 2), Token::Month(month), year)
            | (Token::Month(month), Token::Number(date, 1 | 2), year) => {
                let (year, adapted) = self.year(year)?;
                (day(year, *month, *date)?, adapted)
            }
            (Token::Number(one, 1 | 2), Token::Number(two, 1 | 2), year) => {
                let (year, adapted) = self.year(year)?;
                let (date, month) = if self.month_first { (*two, *one) } else { (*one, *two) };
                match day(year, month, date) {
                    Some(day) => (day, adapted),
                    None => (day(year, date, month)?, Some("day and month stand in the other order")),
                }
            }
            _ => return None,
        };
        Some((date, adapted, rest))
    }

    fn year(&self, token: &Token) -> Option<(u32, Option<&'static str>)> {
        match token {
            Token::Number(year, 4) => Some((*year, None)),
            Token::Number(year, 2) => {
                let next = self.today.year().cast_unsigned() + 1;
                let year = if 2_000 + year > next { 1_900 + year } else { 2_000 + year };
                Some((year, Some("the year has two digits; the nearest past one was taken")))
            }
            _ => None,
        }
    }
}

/// A day and a time of day as they were written.
struct Read {
    date: Date,
    time: Time,
    /// Where the zone was written as well.
    exact: Option<OffsetDateTime>,
    adapted: Option<&'static str>,
}

impl Read {
    fn fit(&self, write: impl FnOnce(&Self) -> Value) -> Fit {
        match self.adapted {
            Some(why) => Fit::Adapted(write(self), why),
            None => Fit::Same(write(self)),
        }
    }
}

/// A piece of a date or time.
enum Token {
    /// Digits, and how many.
    Number(u32, usize),
    /// 1 to 12.
    Month(u32),
    /// Whether it is the afternoon.
    Half(bool),
}

/// A moment with its zone, as programs write it; `2024-01-05 10:00:00+00`, as Postgres does, too.
fn exact(text: &str) -> Option<OffsetDateTime> {
    let text = text.replacen(' ', "T", 1);
    let parse = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
    parse(&text).or_else(|| parse(&format!("{text}:00")))
}

const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_digit = first.is_ascii_digit();
        let same = |c: char| if is_digit { c.is_ascii_digit() } else { c.is_alphabetic() };
        let end = rest.find(|c| !same(c)).unwrap_or(rest.len());
        if end == 0 {
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (piece, after) = rest.split_at(end);
        rest = after;
        if is_digit {
            // Fractions of a second may be longer than a number.
            tokens.push(Token::Number(piece.parse().unwrap_or(u32::MAX), piece.len()));
            continue;
        }
        let piece = piece.to_lowercase();
        match piece.as_str() {
            "am" => tokens.push(Token::Half(false)),
            "pm" => tokens.push(Token::Half(true)),
            _ => {
                let month = MONTHS.iter().position(|month| piece.starts_with(month));
                tokens.extend(month.map(|month| Token::Month(month as u32 + 1)));
            }
        }
    }
    tokens
}

fn day(year: u32, month: u32, day: u32) -> Option<Date> {
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    Date::from_calendar_date(year.try_into().ok()?, month, day.try_into().ok()?).ok()
}

/// Midnight where no time is written.
fn read_time(tokens: &[Token]) -> Option<Time> {
    let mut parts = [0_u32; 3];
    let (mut places, mut half) = (parts.iter_mut(), None);
    for token in tokens {
        match token {
            Token::Number(number, _) => {
                if let Some(place) = places.next() {
                    *place = *number;
                }
            }
            Token::Half(is_afternoon) => half = Some(*is_afternoon),
            Token::Month(_) => return None,
        }
    }
    let [hour, minute, second] = parts;
    let hour = match half {
        Some(true) if hour < 12 => hour + 12,
        Some(false) if hour == 12 => 0,
        _ => hour,
    };
    Time::from_hms(hour.try_into().ok()?, minute.try_into().ok()?, second.try_into().ok()?).ok()
}

/// `09:30` of `9.30 am`, `09:30:00` and the like.
pub(super) fn time_of_day(text: &str) -> Option<String> {
    let tokens = tokens(text);
    let is_time = matches!(tokens.first(), Some(Token::Number(_, 1 | 2)));
    let time = is_time.then(|| read_time(&tokens)).flatten()?;
    Some(format!("{:02}:{:02}", time.hour(), time.minute()))
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    fn calendar(month_first: bool) -> Calendar {
        let zone = TimeZone::get("Asia/Kolkata").expect("a zone");
        Calendar { zone, month_first, today: date!(2026 - 11 - 23) }
    }

    fn day_of(text: &str) -> Option<String> {
        match calendar(false).date(&json!(text)) {
            Fit::Same(day) | Fit::Adapted(day, _) => day.as_str().map(str::to_owned),
            Fit::Blank | Fit::Unfit(_) => None,
        }
    }

    #[test]
    fn days_are_read_in_every_usual_spelling() {
        for spelling in [
            "1972-01-05",
            "05/01/1972",
            "5-1-1972",
            "5.1.1972",
            "5 Jan 1972",
            "5th January, 1972",
            "Jan 5, 1972",
            "1972/01/05",
            "19720105",
            "05-JAN-1972",
            "1972-01-05T00:00:00",
            "1972-01-05 10:30:00",
            "05/01/72",
        ] {
            assert_eq!(day_of(spelling).as_deref(), Some("1972-01-05"), "{spelling}");
        }
        for wrong in ["", "NA", "0000-00-00", "31/02/1990", "yesterday", "1972", "99/99/9999", "01/05/0072"] {
            assert_eq!(day_of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_was_concluded_about_a_day_is_said() {
        let read = |text: &str| calendar(false).date(&json!(text));
        assert!(matches!(read("01/25/1972"), Fit::Adapted(_, why) if why.contains("other order")));
        assert!(matches!(read("05/01/72"), Fit::Adapted(_, why) if why.contains("two digits")));
        assert!(matches!(read("25/01/1972"), Fit::Same(_)));
        assert_eq!(calendar(true).date(&json!("05/01/1972")), Fit::Same(json!("1972-05-01")));
    }

    #[test]
    fn a_time_without_a_zone_is_of_the_clinics_clocks() {
        let moment = |text: &str| calendar(false).moment(&json!(text));
        assert_eq!(moment("2024-01-05T10:00:00"), Fit::Same(json!("2024-01-05T04:30:00.000Z")));
        assert_eq!(moment("05/01/2024 10:00 AM"), Fit::Same(json!("2024-01-05T04:30:00.000Z")));
        for exact in ["2024-01-05T10:00:00+00:00", "2024-01-05 10:00:00+00", "2024-01-05 15:30:00.0+05:30"] {
            assert_eq!(moment(exact), Fit::Same(json!("2024-01-05T10:00:00.000Z")), "{exact}");
            assert_eq!(calendar(false).clock_of(exact).as_deref(), Some("15:30"), "{exact}");
        }
        assert_eq!(calendar(false).clock_of("2024-01-05T10:00:00"), None);
        assert_eq!(calendar(false).date(&json!("2024-01-05T20:00:00+00:00")), Fit::Same(json!("2024-01-06")));
    }

    #[test]
    fn times_of_day_are_read_in_usual_spellings() {
        assert_eq!(time_of_day("9.30 pm").as_deref(), Some("21:30"));
        assert_eq!(time_of_day("09:30:00").as_deref(), Some("09:30"));
        assert_eq!(time_of_day("morning"), None);
    }
}

//! The time and new ids, as arguments: what a clinic calls today, and a clock that tests can set.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use protocol::validate::parse_day;
use time::{Date, OffsetDateTime, UtcOffset};
use uuid::Uuid;

/// Tells the time.
#[derive(Clone)]
pub struct Clock {
    now: Arc<dyn Fn() -> OffsetDateTime + Send + Sync>,
    running: Arc<dyn Fn() -> Duration + Send + Sync>,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        Self::new(OffsetDateTime::now_utc, || START.elapsed())
    }

    /// A clock that shows what these say: the time, and for how long the computer has been running.
    pub fn new(
        now: impl Fn() -> OffsetDateTime + Send + Sync + 'static,
        running: impl Fn() -> Duration + Send + Sync + 'static,
    ) -> Self {
        Self { now: Arc::new(now), running: Arc::new(running) }
    }

    /// A clock that always shows this moment.
    #[cfg(test)]
    pub fn stopped(at: OffsetDateTime) -> Self {
        Self::new(move || at, || Duration::ZERO)
    }

    /// The moment.
    pub fn now(&self) -> OffsetDateTime {
        // What travels has three decimals; more would not compare equal after a round trip.
        let now = (self.now)();
        now.replace_millisecond(now.millisecond()).unwrap_or(now)
    }

    /// For how long the computer has been running. Nobody sets this one.
    pub fn running(&self) -> Duration {
        (self.running)()
    }
}

/// Gives ids to new rows.
#[derive(Clone)]
pub struct Ids(Arc<dyn Fn() -> Uuid + Send + Sync>);

impl Ids {
    /// Ids that no other computer ever gives, in the order of their making.
    pub fn system() -> Self {
        Self(Arc::new(Uuid::now_v7))
    }

    /// The ids that this gives.
    #[cfg(feature = "testing")]
    pub fn new(next: impl Fn() -> Uuid + Send + Sync + 'static) -> Self {
        Self(Arc::new(next))
    }

    /// The next one.
    pub fn next(&self) -> Uuid {
        (self.0)()
    }
}

/// The offset of a clinic's time zone. India has one and no summer time; other zones come with the tenants that
/// need them, until then they count as India's, where every clinic of this product is.
pub fn offset(time_zone: &str) -> UtcOffset {
    if time_zone == "UTC" {
        return UtcOffset::UTC;
    }
    UtcOffset::from_hms(5, 30, 0).unwrap_or(UtcOffset::UTC)
}

/// `23 Nov 2026`.
pub fn day_words(day: Date) -> String {
    let month = day.month().to_string();
    format!("{} {} {}", day.day(), &month[..3], day.year())
}

/// `Sat 28 Nov 2026`.
pub fn weekday_words(day: Date) -> String {
    format!("{} {}", &day.weekday().to_string()[..3], day_words(day))
}

/// `23 Nov 2026 10:41`, in this offset.
pub fn moment_words(moment: OffsetDateTime, offset: UtcOffset) -> String {
    let local = moment.to_offset(offset);
    format!("{} {}", day_words(local.date()), time_text(local))
}

/// `10:41`, by the clock whose offset the moment has.
pub fn time_text(local: OffsetDateTime) -> String {
    format!("{:02}:{:02}", local.hour(), local.minute())
}

/// Nobody is asked to come back after more days than these: what says so is a slip. Two years are never more.
const MOST_DAYS: i64 = 731;

const NOT_UNDERSTOOD: &str = "When to come back is not understood. Write it like 5d, 2w or 28/11/2026.";
const TOO_LATE: &str = "To come back is asked for at most two years from now. Write an earlier day.";

/// The day that "5d", "after 2 weeks", "1m", "tomorrow", "monday" or a day (`2026-11-28`, `28/11/26`, `28 nov`) means,
/// seen from `today`; none where nothing is written.
///
/// # Errors
///
/// In words, what means no day from today on, and a day more than two years ahead.
pub fn follow_up(text: &str, today: Date) -> Result<Option<Date>, &'static str> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let day = day_ahead(text, today).ok_or(NOT_UNDERSTOOD)?;
    follow_up_on(day, today).map(Some)
}

/// The day, as one on which someone is asked to come back.
///
/// # Errors
///
/// In words, a day more than two years ahead.
pub fn follow_up_on(day: Date, today: Date) -> Result<Date, &'static str> {
    if (day - today).whole_days() > MOST_DAYS { Err(TOO_LATE) } else { Ok(day) }
}

/// A day that is written out: `2026-11-28`, `28/11/2026`, `28-11-2026`, `28.11.2026`. The day always stands before the
/// month, and a year has four digits: neither is guessed.
pub fn written_day(text: &str) -> Option<Date> {
    let text = text.trim();
    if let Some(day) = parse_day(text) {
        return Some(day);
    }
    let parts: Vec<&str> = text.split(['/', '.', '-']).map(str::trim).collect();
    let [day, month, year] = parts.as_slice() else { return None };
    if year.len() == 4 { parse_day(&format!("{year}-{month:0>2}-{day:0>2}")) } else { None }
}

const DAY_NOT_UNDERSTOOD: &str =
    "The day is not understood, or it is over. Write it like 5d, 2w or 28/11/2026. Nothing was booked.";
const DAY_TOO_LATE: &str =
    "A visit is booked at most two years ahead. Write an earlier day. Nothing was booked.";

/// The day of a visit, written as when somebody is asked to come back; nothing means today.
///
/// # Errors
///
/// In words, what means no day from today on, and a day more than two years ahead.
pub fn visit_day(text: &str, today: Date) -> Result<Date, &'static str> {
    let text = text.trim();
    if text.is_empty() || text.eq_ignore_ascii_case("today") || text == "आज" {
        return Ok(today);
    }
    let day = day_ahead(text, today).ok_or(DAY_NOT_UNDERSTOOD)?;
    follow_up_on(day, today).map_err(|_| DAY_TOO_LATE)
}

/// Who types `7` without more may mean the morning or the evening; from 8 on the clock has 24 hours.
const EITHER_HALF: std::ops::RangeInclusive<u8> = 1..=7;

/// The time of day that is typed, `09:30`: `9:30`, `9.30`, `930`, `0930`, `9`, `21:30`, `9:30 pm`. Without a word behind it
/// the clock has 24 hours, and `5:30` is not read at all: `05:30`, `17:30` and `5:30 pm` are.
pub fn time_of_day(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    let half = ["am", "pm"].into_iter().find_map(|half| Some((half, text.strip_suffix(half)?.trim_end())));
    let (half, figures) = half.map_or((None, text.as_str()), |(half, figures)| (Some(half), figures));
    let (hour, minute) = match figures.split_once([':', '.']) {
        Some((hour, minute)) if minute.len() == 2 => (hour, minute),
        Some(_) => return None,
        None if figures.len() <= 2 => (figures, "00"),
        None => figures.split_at_checked(figures.len() - 2)?,
    };
    let number = |figures: &str| {
        let are_digits = (1..=2).contains(&figures.len()) && figures.bytes().all(|b| b.is_ascii_digit());
        if are_digits { figures.parse::<u8>().ok() } else { None }
    };
    let is_short = hour.len() == 1;
    let (hour, minute) = (number(hour)?, number(minute)?);
    if half.is_none() && is_short && EITHER_HALF.contains(&hour) {
        return None;
    }
    let hour = match half {
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some("pm") => hour % 12 + 12,
        Some(_) => hour % 12,
        None => hour,
    };
    (hour < 24 && minute < 60).then(|| format!("{hour:02}:{minute:02}"))
}

/// The day from today on that a text means.
fn day_ahead(text: &str, today: Date) -> Option<Date> {
    let text = text.trim().to_lowercase();
    // Nobody comes back in another century: `28/11/26`.
    let written = match text.rsplit_once(['/', '.', '-']) {
        Some((day, year)) if year.len() == 2 => written_day(&format!("{day}/20{year}")),
        _ => None,
    };
    if let Some(day) = written_day(&text).or(written) {
        return (day >= today).then_some(day);
    }
    if let Some(day) = named_day(&text, today).or_else(|| near_day(&text, today)) {
        return Some(day);
    }
    let text = ["after ", "in "].into_iter().find_map(|word| text.strip_prefix(word)).unwrap_or(&text);
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let number = number.parse::<u16>().ok().filter(|number| *number > 0)?;
    match unit.trim() {
        "d" | "day" | "days" => today.checked_add(time::Duration::days(number.into())),
        "w" | "wk" | "wks" | "week" | "weeks" => today.checked_add(time::Duration::weeks(number.into())),
        "m" | "month" | "months" => {
            let months = i32::from(u8::from(today.month())) - 1 + i32::from(number);
            let month = time::Month::try_from(u8::try_from(months % 12 + 1).ok()?).ok()?;
            let year = today.year() + months / 12;
            Date::from_calendar_date(year, month, today.day().min(month.length(year))).ok()
        }
        _ => None,
    }
}

/// `tomorrow`, `कल` (nothing is said of yesterday here), `monday`, `next mon`: the first such day after today.
fn near_day(text: &str, today: Date) -> Option<Date> {
    let name = text.strip_prefix("next ").unwrap_or(text);
    let mut week = (1..=7).filter_map(|days| today.checked_add(time::Duration::days(days)));
    if name == "tomorrow" || name == "कल" {
        return week.next();
    }
    week.find(|day| name.len() >= 3 && day.weekday().to_string().to_lowercase().starts_with(name))
}

/// `28 nov`, `28 november 2026`: without a year, the next one that is.
fn named_day(text: &str, today: Date) -> Option<Date> {
    let mut words = text.split_whitespace();
    let (day, month) = (words.next()?.parse::<u8>().ok()?, words.next()?);
    let month = (1..=12)
        .filter_map(|number| time::Month::try_from(number).ok())
        .find(|known| month.len() >= 3 && known.to_string().to_lowercase().starts_with(month))?;
    let of_year = |year: i32| Date::from_calendar_date(year, month, day).ok().filter(|date| *date >= today);
    match words.next() {
        Some(year) => of_year(year.parse().ok()?),
        None => of_year(today.year()).or_else(|| of_year(today.year() + 1)),
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn a_return_is_said_in_days_weeks_months_or_as_a_date() {
        let today = date!(2026 - 11 - 23);
        for (text, day) in [
            ("5d", Some(date!(2026 - 11 - 28))),
            ("2w", Some(date!(2026 - 12 - 07))),
            ("3m", Some(date!(2027 - 02 - 23))),
            ("28/11/2026", Some(date!(2026 - 11 - 28))),
            ("2026-12-01", Some(date!(2026 - 12 - 01))),
            ("28/11/26", Some(date!(2026 - 11 - 28))),
            ("28-11-2026", Some(date!(2026 - 11 - 28))),
            ("28 nov", Some(date!(2026 - 11 - 28))),
            ("5 days", Some(date!(2026 - 11 - 28))),
            ("After 2 weeks", Some(date!(2026 - 12 - 07))),
            ("in 1 month", Some(date!(2026 - 12 - 23))),
            ("tomorrow", Some(date!(2026 - 11 - 24))),
            ("saturday", Some(date!(2026 - 11 - 28))),
            ("next mon", Some(date!(2026 - 11 - 30))),
            ("5 moons", None),
            ("5", None),
            ("2 January", Some(date!(2027 - 01 - 02))),
            ("31 feb", None),
            ("1/1/2020", None),
            ("soon", None),
            ("0d", None),
            ("é", None),
            ("11/28/2026", None),
        ] {
            assert_eq!(follow_up(text, today), day.map(Some).ok_or(NOT_UNDERSTOOD), "{text}");
        }
        assert_eq!(follow_up("3m", date!(2026 - 11 - 30)), Ok(Some(date!(2027 - 02 - 28))));
        assert_eq!(follow_up(" ", today), Ok(None));
    }

    #[test]
    fn nobody_is_asked_to_come_back_in_more_than_two_years() {
        let today = date!(2026 - 11 - 23);
        for (text, day) in [
            ("731d", Ok(Some(date!(2028 - 11 - 23)))),
            ("24 m", Ok(Some(date!(2028 - 11 - 23)))),
            ("104w", Ok(Some(date!(2028 - 11 - 20)))),
            ("23/11/2028", Ok(Some(date!(2028 - 11 - 23)))),
            ("732d", Err(TOO_LATE)),
            ("25 months", Err(TOO_LATE)),
            ("105w", Err(TOO_LATE)),
            ("65535w", Err(TOO_LATE)),
            ("24/11/2028", Err(TOO_LATE)),
            ("28/11/62", Err(TOO_LATE)),
            ("24 nov 2028", Err(TOO_LATE)),
            ("2062-11-28", Err(TOO_LATE)),
        ] {
            assert_eq!(follow_up(text, today), day, "{text}");
        }
    }

    #[test]
    fn a_visit_is_booked_for_today_or_as_one_is_asked_to_come_back() {
        let today = date!(2026 - 11 - 23);
        for (text, day) in [
            ("", Ok(today)),
            (" Today ", Ok(today)),
            ("आज", Ok(today)),
            ("कल", Ok(date!(2026 - 11 - 24))),
            ("28 Nov", Ok(date!(2026 - 11 - 28))),
            ("5", Err(DAY_NOT_UNDERSTOOD)),
            ("28/11", Err(DAY_NOT_UNDERSTOOD)),
            ("23/11/2026", Ok(today)),
            ("5d", Ok(date!(2026 - 11 - 28))),
            ("28/11/26", Ok(date!(2026 - 11 - 28))),
            ("22/11/2026", Err(DAY_NOT_UNDERSTOOD)),
            ("soon", Err(DAY_NOT_UNDERSTOOD)),
            ("24/11/2028", Err(DAY_TOO_LATE)),
        ] {
            assert_eq!(visit_day(text, today), day, "{text}");
        }
    }

    #[test]
    fn a_time_of_day_is_typed_in_many_ways_and_never_guessed() {
        for (text, time) in [
            ("9:30", Some("09:30")),
            ("0930", Some("09:30")),
            ("930", Some("09:30")),
            ("9.30", Some("09:30")),
            (" 21:05 ", Some("21:05")),
            ("9", Some("09:00")),
            ("5 pm", Some("17:00")),
            ("5:30PM", Some("17:30")),
            ("12:15 am", Some("00:15")),
            ("12 pm", Some("12:00")),
            ("24:00", None),
            ("9:60", None),
            ("9:3", None),
            ("13 pm", None),
            ("0 am", None),
            ("12345", None),
            ("+9:30", None),
            ("९:३०", None),
            ("é", None),
            ("noon", None),
            ("1pm", Some("13:00")),
            ("1.15 pm", Some("13:15")),
            ("12.30", Some("12:30")),
            ("8", Some("08:00")),
            ("05", Some("05:00")),
            ("0530", Some("05:30")),
            ("5 am", Some("05:00")),
            ("0:30", Some("00:30")),
            // In the morning or in the evening?
            ("5", None),
            ("7:45", None),
            ("530", None),
            ("5.30", None),
            ("", None),
        ] {
            assert_eq!(time_of_day(text).as_deref(), time, "{text}");
        }
    }

    #[test]
    fn a_day_that_is_written_out_has_its_day_first_and_its_year_whole() {
        let born = Some(date!(1972 - 08 - 14));
        for text in ["14/08/1972", "14-8-1972", "14.08.1972", " 14 / 8 / 1972 ", "1972-08-14"] {
            assert_eq!(written_day(text), born, "{text}");
        }
        assert_eq!(written_day("08/07/1972"), Some(date!(1972 - 07 - 08)));
        for text in ["08/14/1972", "14/08/72", "14 August", "1972/08/14", "31/02/1972", "5d", ""] {
            assert_eq!(written_day(text), None, "{text}");
        }
    }

    #[test]
    fn days_are_written_as_people_read_them() {
        assert_eq!(weekday_words(date!(2026 - 11 - 28)), "Sat 28 Nov 2026");
        let moment = time::macros::datetime!(2026-11-23 05:11:08 UTC);
        assert_eq!(moment_words(moment, offset("Asia/Kolkata")), "23 Nov 2026 10:41");
    }
}

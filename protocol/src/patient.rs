//! Rules about patients: mobile numbers, names, ages.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::Date;

use crate::error::{Refusal, RefusalCode};
use crate::mutation::Change;
use crate::table::{TableName, Values};
use crate::validate::{day_text, parse_day};

/// Reads a mobile number in the spellings that Indian front desks use, and writes it in E.164 form.
///
/// Takes `98204 41276`, `098204-41276`, `+91 98204 41276`, `91 9820441276`, `00919820441276` and any other
/// international number that begins with `+`. Answers `None` for anything else.
pub fn parse_mobile(text: &str) -> Option<String> {
    let plain: String = text.chars().filter(|c| !is_between_digits(*c)).collect();
    let (digits, international) = match plain.strip_prefix('+').or_else(|| plain.strip_prefix("00")) {
        Some(rest) => (rest, true),
        None => (plain.as_str(), false),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    if international {
        if let Some(national) = digits.strip_prefix("91") {
            return is_indian_mobile(national).then(|| format!("+{digits}"));
        }
        let good = !digits.starts_with('0') && (8..=15).contains(&digits.len());
        return good.then(|| format!("+{digits}"));
    }
    let national = match digits.len() {
        10 => digits,
        11 => digits.strip_prefix('0')?,
        12 => digits.strip_prefix("91")?,
        _ => return None,
    };
    is_indian_mobile(national).then(|| format!("+91{national}"))
}

/// What stands between digits and around them, seen or not: chats and address books copy marks of direction along.
fn is_between_digits(c: char) -> bool {
    let is_mark =
        matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    is_mark || c.is_whitespace() || matches!(c, '-' | '.' | '(' | ')' | '\u{2010}'..='\u{2015}')
}

/// Ten digits, the first of them 6 to 9 (TRAI's national numbering plan).
fn is_indian_mobile(national: &str) -> bool {
    national.len() == 10 && national.starts_with(['6', '7', '8', '9'])
}

/// A name as it is compared: lower case, without outer and doubled spaces.
pub fn normalise_name(name: &str) -> String {
    name.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

/// Checks that a patient is merged into another one.
pub(crate) fn check_merger(change: &Change, values: &Values) -> Result<(), Refusal> {
    let into = values.get("merged_into_id").and_then(Value::as_str);
    if change.table == TableName::Patients && into == Some(&change.id.hyphenated().to_string()) {
        return Err(Refusal::new(RefusalCode::BadValue, "A patient is not merged into themselves."));
    }
    Ok(())
}

/// An age in whole years and months; in days of whoever was born less than a month ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Age {
    /// Whole years.
    pub years: i32,
    /// Whole months beyond the years, 0 to 11.
    pub months: i32,
    /// Whole days, 0 to 30, while the first month is not over; none later, or where the day of birth is not known.
    pub days: Option<i32>,
}

impl Age {
    /// An age that somebody said, whose day of birth is not known.
    pub fn said(years: i32, months: i32) -> Self {
        Self { years, months, days: None }
    }

    /// The age of someone born on `birth`, on the day `on`.
    pub fn since(birth: Date, on: Date) -> Self {
        let mut months = (on.year() - birth.year()) * 12 + i32::from(u8::from(on.month()))
            - i32::from(u8::from(birth.month()));
        if on.day() < birth.day() {
            months -= 1;
        }
        let months = months.max(0);
        let days = (months == 0).then(|| (on.to_julian_day() - birth.to_julian_day()).max(0));
        Self { days, ..Self::said(months / 12, months % 12) }
    }

    /// The age on the day `on` of someone who was this old on `recorded`.
    pub fn grown(self, recorded: Date, on: Date) -> Self {
        let passed = Self::since(recorded, on);
        let months = (self.years + passed.years) * 12 + self.months + passed.months;
        Self::said(months / 12, months % 12)
    }

    /// As clinics write it: years, months too for children under two, and days in the first month.
    pub fn text(self) -> String {
        match (self.years, self.months, self.days) {
            (0, 0, Some(days)) => format!("{days} d"),
            (0, months, _) => format!("{months} mo"),
            (1, months, _) if months > 0 => format!("1 y {months} mo"),
            (years, ..) => format!("{years} y"),
        }
    }
}

/// That a patient has died, and on which day, if that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Death {
    /// The day, if it is known.
    pub on: Option<Date>,
}

impl Death {
    /// The death of a patient of this row, on this day if it is known.
    ///
    /// # Errors
    ///
    /// Why it cannot be so, in words: a day that is to come, or one before the patient was born.
    pub fn said(on: Option<Date>, patient: &Values, today: Date) -> Result<Self, &'static str> {
        match on {
            Some(day) if day > today => Err("The day of death is not a day in the past."),
            Some(day) if day_in(patient, "date_of_birth").is_some_and(|born| day < born) => {
                Err("The day of death is before the patient was born.")
            }
            on => Ok(Self { on }),
        }
    }

    /// What data from elsewhere says of it, where the mark may be missing: a day marks whoever is not said to live, also
    /// one that cannot be so. A day that does not fit is left out, and it is answered why.
    pub fn told(
        is_marked: Option<bool>,
        on: Option<Date>,
        patient: &Values,
        today: Date,
    ) -> (Option<Self>, Option<&'static str>) {
        if !is_marked.unwrap_or(on.is_some()) {
            return (None, on.map(|_| "A day of death is given of a patient who is said to live."));
        }
        match Self::said(on, patient, today) {
            Ok(death) => (Some(death), None),
            Err(why) => (Some(Self { on: None }), Some(why)),
        }
    }

    /// What the row of a patient says of it. A day counts for nothing without the mark.
    pub fn of(patient: &Values) -> Option<Self> {
        let is_marked = patient.get("is_deceased") == Some(&Value::Bool(true));
        is_marked.then(|| Self { on: day_in(patient, "deceased_on") })
    }

    /// The columns that say it, or that the patient lives.
    pub fn columns(death: Option<Self>) -> [(&'static str, Value); 2] {
        let on = death.and_then(|death| death.on);
        [
            ("is_deceased", json!(death.is_some())),
            ("deceased_on", on.map_or(Value::Null, |day| json!(day_text(day)))),
        ]
    }

    /// The day on which somebody is as old as they are shown: who died grows no older.
    pub fn last_day(death: Option<Self>, today: Date) -> Date {
        death.and_then(|death| death.on).map_or(today, |day| day.min(today))
    }
}

fn day_in(patient: &Values, column: &str) -> Option<Date> {
    patient.get(column).and_then(Value::as_str).and_then(parse_day)
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn all_usual_spellings_of_a_number_become_one() {
        for spelling in [
            "9820441276",
            "98204 41276",
            "098204-41276",
            "+91 98204 41276",
            "91 9820441276",
            "00919820441276",
            "(098204) 41276",
            "\u{202a}+91\u{a0}98204\u{2011}41276\u{202c}",
        ] {
            assert_eq!(parse_mobile(spelling).as_deref(), Some("+919820441276"), "{spelling}");
        }
        assert_eq!(parse_mobile("+1 202 555 0143").as_deref(), Some("+12025550143"));
    }

    #[test]
    fn what_is_no_mobile_number_is_refused() {
        for text in ["", "12345", "2212345678", "98204412761", "98204x1276", "+91 12345 67890", "+0123456789"]
        {
            assert_eq!(parse_mobile(text), None, "{text}");
        }
    }

    #[test]
    fn ages_count_whole_months() {
        assert_eq!(Age::since(date!(2024 - 02 - 29), date!(2025 - 02 - 28)).text(), "11 mo");
        assert_eq!(Age::since(date!(2024 - 11 - 23), date!(2026 - 11 - 22)).text(), "1 y 11 mo");
        assert_eq!(Age::since(date!(1972 - 01 - 05), date!(2026 - 11 - 23)).text(), "54 y");
        let recorded = Age::said(54, 0);
        assert_eq!(recorded.grown(date!(2025 - 01 - 05), date!(2026 - 11 - 23)).years, 55);
    }

    #[test]
    fn the_first_month_is_counted_in_days() {
        let born = date!(2026 - 01 - 31);
        for (on, text) in [
            (born, "0 d"),
            (date!(2026 - 02 - 12), "12 d"),
            (date!(2026 - 02 - 28), "28 d"),
            (date!(2026 - 03 - 01), "1 mo"),
            // A clock that is behind makes nobody unborn.
            (date!(2026 - 01 - 30), "0 d"),
        ] {
            assert_eq!(Age::since(born, on).text(), text);
        }
    }

    #[test]
    fn an_age_that_somebody_said_has_no_days() {
        let said = Age::said(0, 0);
        assert_eq!(said.text(), "0 mo");
        assert_eq!(said.grown(date!(2026 - 11 - 01), date!(2026 - 11 - 23)).text(), "0 mo");
    }

    const TODAY: Date = date!(2026 - 11 - 23);

    fn patient(columns: &[(&str, Value)]) -> Values {
        columns.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    #[test]
    fn a_death_is_noted_with_its_day_or_without() {
        let nobody = Values::new();
        for on in [None, Some(date!(2026 - 05 - 03)), Some(TODAY)] {
            assert_eq!(Death::said(on, &nobody, TODAY), Ok(Death { on }));
        }
        assert!(Death::said(TODAY.next_day(), &nobody, TODAY).is_err(), "a day to come");
    }

    #[test]
    fn a_day_from_elsewhere_marks_whoever_is_not_said_to_live() {
        let (day, to_come) = (Some(date!(2026 - 05 - 03)), TODAY.next_day());
        for (is_marked, on, death, is_left_out) in [
            (None, None, None, false),
            (None, day, Some(Death { on: day }), false),
            (None, to_come, Some(Death { on: None }), true),
            (Some(true), None, Some(Death { on: None }), false),
            (Some(false), None, None, false),
            (Some(false), day, None, true),
        ] {
            let (told, why) = Death::told(is_marked, on, &Values::new(), TODAY);
            assert_eq!((told, why.is_some()), (death, is_left_out), "{is_marked:?} {on:?}");
        }
    }

    #[test]
    fn nobody_dies_before_they_were_born() {
        let born = patient(&[("date_of_birth", json!("1972-08-14"))]);
        assert!(Death::said(Some(date!(1972 - 08 - 13)), &born, TODAY).is_err());
        assert!(Death::said(Some(date!(1972 - 08 - 14)), &born, TODAY).is_ok());
        let said = patient(&[("age_years", json!(54)), ("age_recorded_on", json!("2026-11-23"))]);
        assert!(Death::said(Some(date!(1972 - 08 - 13)), &said, TODAY).is_ok(), "nobody knows the day");
    }

    #[test]
    fn what_is_written_of_a_death_is_read_again() {
        for death in [None, Some(Death { on: None }), Some(Death { on: Some(TODAY) })] {
            let row = Death::columns(death).map(|(name, value)| (name.to_owned(), value));
            assert_eq!(Death::of(&row.into_iter().collect()), death);
        }
        assert_eq!(
            Death::of(&patient(&[("deceased_on", json!("2026-05-03"))])),
            None,
            "a day without the mark"
        );
    }

    #[test]
    fn who_died_grows_no_older() {
        let died = Death { on: Some(date!(2020 - 01 - 01)) };
        assert_eq!(Death::last_day(Some(died), TODAY), date!(2020 - 01 - 01));
        assert_eq!(Death::last_day(Some(Death { on: None }), TODAY), TODAY);
        assert_eq!(Death::last_day(None, TODAY), TODAY);
    }
}

//! What a person types in the place of a value: what kind of entry its column takes, and what was meant.

use protocol::table::{Column, Kind};
use protocol::validate::day_text;
use serde_json::{Value, json};
use time::Date;

use crate::clock::{follow_up, follow_up_on, written_day};
use crate::error::{Error, Result};
use crate::view::Entry;

const NOT_A_DAY: &str = "This is not a day. Write it like 14/08/1972.";

/// How a value of a column is typed, if it can be.
pub(crate) fn entry_for(column: &Column) -> Option<Entry> {
    match column.kind {
        _ if column.refers_to.is_some() => None,
        Kind::Text(_) => Some(Entry::Text),
        Kind::Choice(choices) => {
            Some(Entry::Choice { choices: choices.iter().map(|choice| (*choice).to_owned()).collect() })
        }
        Kind::Int(..) | Kind::Decimal => Some(Entry::Number),
        Kind::Date => Some(Entry::Date),
        Kind::Json | Kind::Uuid | Kind::Bool | Kind::Timestamp => None,
    }
}

/// What was typed as such an entry of a column, as it is stored.
///
/// # Errors
///
/// [`Error::Invalid`], in words.
pub(crate) fn typed_entry(column: &str, entry: &Entry, typed: &str, today: Date) -> Result<Value> {
    let invalid = |why: &str| Error::Invalid(format!("{why} Nothing was decided yet."));
    Ok(match entry {
        Entry::Text => json!(typed),
        Entry::Choice { choices } if choices.iter().any(|choice| choice == typed) => json!(typed),
        Entry::Choice { .. } => return Err(invalid("This is none of the values that it can have.")),
        Entry::Number => {
            let number: f64 =
                typed.replace(',', ".").parse().map_err(|_| invalid("This is not a number."))?;
            if number.fract() == 0.0 { json!(number as i64) } else { json!(number) }
        }
        Entry::Date => json!(day_text(typed_day(column, typed, today).map_err(invalid)?)),
    })
}

/// A day as people type it, or as it is stored: written out, or ahead as a return is typed. Nobody is born ahead.
fn typed_day(column: &str, typed: &str, today: Date) -> std::result::Result<Date, &'static str> {
    match (column, written_day(typed)) {
        ("date_of_birth", Some(day)) if day > today => Err("The date of birth is not a day in the past."),
        ("follow_up_date", Some(day)) => follow_up_on(day, today),
        ("follow_up_date", None) => follow_up(typed, today)?.ok_or(NOT_A_DAY),
        ("date_of_birth", None) => Err(NOT_A_DAY),
        (_, Some(day)) => Ok(day),
        (_, None) => follow_up(typed, today).ok().flatten().ok_or(NOT_A_DAY),
    }
}

//! Whether a value fits its column, and whether a row's columns fit each other.

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

use crate::error::{Refusal, RefusalCode};
use crate::table::{Column, Kind, TableName, Values};
use crate::{appointment, dental, patient};

/// The longest JSON value of a column, in bytes.
pub const MAX_JSON_BYTES: usize = 64 * 1024;

const DAY: &[time::format_description::FormatItem<'_>] = format_description!("[year]-[month]-[day]");
const MOMENT: &[time::format_description::FormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

/// Writes a day as it travels: `2026-11-23`.
pub fn day_text(day: time::Date) -> String {
    day.format(DAY).unwrap_or_default()
}

/// Reads a day as it travels.
pub fn parse_day(text: &str) -> Option<time::Date> {
    time::Date::parse(text, DAY).ok()
}

/// Writes a moment as it travels: UTC with three decimals, so that equal moments are equal texts.
pub fn moment_text(moment: OffsetDateTime) -> String {
    moment.to_offset(time::UtcOffset::UTC).format(MOMENT).unwrap_or_default()
}

/// Reads a moment as it travels.
pub fn parse_moment(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
}

/// Checks a value against its column. Null passes where the column may be empty or has a default.
///
/// # Errors
///
/// [`RefusalCode::BadValue`], naming the column and never the value.
pub fn check_value(column: &Column, value: &Value) -> Result<(), Refusal> {
    let fits = match (column.kind, value) {
        (_, Value::Null) => column.nullable || column.default.is_some(),
        (Kind::Text(max), Value::String(text)) => {
            text.chars().count() <= max
                && !text.chars().any(is_forbidden)
                && (column.nullable || !text.trim().is_empty())
        }
        (Kind::Choice(choices), Value::String(text)) => choices.contains(&text.as_str()),
        (Kind::Uuid, Value::String(text)) => {
            uuid::Uuid::try_parse(text).is_ok_and(|id| id.hyphenated().to_string() == *text)
        }
        (Kind::Int(min, max), Value::Number(number)) => {
            number.as_i64().is_some_and(|number| (min..=max).contains(&number))
        }
        (Kind::Decimal, Value::Number(number)) => number.as_f64().is_some_and(|number| {
            number.abs() < 1e8 && ((number * 100.0).round() - number * 100.0).abs() < 1e-6
        }),
        (Kind::Bool, Value::Bool(_)) => true,
        (Kind::Date, Value::String(text)) => parse_day(text).is_some(),
        (Kind::Timestamp, Value::String(text)) => {
            parse_moment(text).is_some_and(|moment| moment_text(moment) == *text)
        }
        (Kind::Json, value) => {
            let text = value.to_string();
            text.len() <= MAX_JSON_BYTES && !text.contains("\\u0000")
        }
        _ => false,
    };
    if fits {
        return Ok(());
    }
    Err(Refusal::new(RefusalCode::BadValue, format!("{} does not hold a value that fits.", column.name)))
}

/// Control characters, and the marks that turn the direction of a line: a name must print as it is stored.
fn is_forbidden(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t'))
        || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Checks the columns of one row against each other.
///
/// # Errors
///
/// [`RefusalCode::BadValue`], naming the columns and never their values.
pub fn check_row(table: TableName, values: &Values) -> Result<(), Refusal> {
    let text = |name: &str| values.get(name).and_then(Value::as_str);
    let problem = match table {
        TableName::Patients => {
            if patient::parse_mobile(text("mobile_number").unwrap_or_default()).as_deref()
                != text("mobile_number")
            {
                Some("The mobile number must be in international form, like +919820441276.")
            } else if text("first_name").map(patient::normalise_name).as_deref() != text("first_name_norm") {
                Some("The search form of the first name does not fit the name.")
            } else if text("date_of_birth").is_none() && values.get("age_years").is_none_or(Value::is_null) {
                Some("A patient needs a date of birth or an age.")
            } else {
                None
            }
        }
        TableName::ShortKeys | TableName::DentalObservationTemplates => {
            let key = text("key").unwrap_or_default();
            let good = key.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
                && key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_.-".contains(c));
            if !good {
                Some("A short key has small letters, digits, dots, dashes and underscores only.")
            } else if (text("scope") == Some("doctor")) != text("doctor_id").is_some() {
                Some("A doctor's own key says whose it is, and no other one does.")
            } else {
                None
            }
        }
        TableName::Appointments => appointment::check_row(values),
        TableName::DentalObservations | TableName::DentalProcedures => dental::check_site(values),
        TableName::DentalAttachments => dental::check_file(values),
        TableName::CaseStudies => (text("status") == Some("published")
            && (values.get("deidentified") != Some(&Value::Bool(true)) || text("patient_id").is_some()))
        .then_some("A case study is published only when nothing in it names the patient."),
        TableName::Medicines
        | TableName::Clinics
        | TableName::Doctors
        | TableName::TenantMedicines
        | TableName::Prescriptions
        | TableName::PrescriptionItems
        | TableName::PatientAllergies
        | TableName::SyncConflicts => None,
    };
    problem.map_or(Ok(()), |problem| Err(Refusal::new(RefusalCode::BadValue, problem)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(table: TableName, column: &str, value: Value) -> bool {
        check_value(table.table().column(column).expect("BUG: a column"), &value).is_ok()
    }

    #[test]
    fn values_that_do_not_fit_are_refused() {
        for (column, value) in [
            ("sex", json!("f")),
            ("age_years", json!(131)),
            ("age_years", json!("54")),
            ("date_of_birth", json!("05/01/1972")),
            ("first_name", json!("  ")),
            ("first_name", json!("Sun\u{0}ita")),
            ("first_name", json!("Sun\u{202E}ita")),
            ("first_name", json!(null)),
            ("city", json!("x".repeat(101))),
            ("registered_clinic_id", json!("not-a-uuid")),
        ] {
            assert!(!check(TableName::Patients, column, value.clone()), "{column} took {value}");
        }
        assert!(!check(TableName::Prescriptions, "finalised_at", json!("2026-11-23T04:11:08Z")));
        assert!(check(TableName::Prescriptions, "finalised_at", json!("2026-11-23T04:11:08.000Z")));
        assert!(!check(TableName::PrescriptionItems, "quantity", json!(0.125)));
        assert!(check(TableName::PrescriptionItems, "quantity", json!(7.5)));
    }

    #[test]
    fn names_in_any_script_are_taken() {
        assert!(check(TableName::Patients, "first_name", json!("सुनीता")));
        assert!(check(TableName::Patients, "first_name", json!("D’Souza-Łuk")));
    }
}

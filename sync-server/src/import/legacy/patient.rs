//! Patients and their allergies.

use protocol::patient::{normalise_name, parse_mobile};
use protocol::table::{TableName, Values};
use protocol::validate::{day_text, parse_day, parse_moment};
use serde_json::{Value, json};
use time::Date;
use uuid::Uuid;

use super::home::Home;
use super::row::{NewRow, SetAside, Taking};
use super::tables::{Made, OldTable};
use super::value::Fit;
use super::value::{entries, number, plain, text as fit_text};
use super::words;

const PATIENTS: TableName = TableName::Patients;
const ALLERGIES: &[&str] = &["allergies", "known_allergies", "drug_allergies", "allergy"];
/// The oldest that a patient can be: what stands where no age is known, so that nobody takes it for one.
const NO_AGE: i64 = 130;

/// A patient, and a row for each allergy that stood in a column.
pub(super) fn patient(taking: &mut Taking<'_>, home: &mut Home) -> Result<Made, SetAside> {
    let id = home.id(OldTable::Patients, taking.key());
    let mut values = Values::new();
    mobile(taking, &mut values, id);
    first_name(taking, &mut values);
    age(taking, &mut values);
    if taking.raw(&words::names(PATIENTS, "patient_code")).is_none()
        && taking.key().len() <= 30
        && !taking.key().is_empty()
        && Uuid::try_parse(taking.key()).is_err()
    {
        values.insert("patient_code".to_owned(), json!(taking.key()));
    }
    let rows = allergies(taking, home, id, &mut values);
    // Whom another was merged into is decided anew, by people.
    values.insert("merged_into_id".to_owned(), Value::Null);
    values.insert("duplicate_ordinal".to_owned(), json!(0));
    let values = taking.declared(PATIENTS, values)?;
    let row = taking.finish(PATIENTS.table(), id, values)?;
    Ok(Made { id, rows: std::iter::once(row).chain(rows).collect(), lines: Vec::new() })
}

/// The first good number is the mobile number, a second one the alternate.
fn mobile(taking: &mut Taking<'_>, values: &mut Values, id: Uuid) {
    let written = taking.plain(&words::names(PATIENTS, "mobile_number")).unwrap_or_default();
    let mut good = written.split(['/', ',', ';', '&', '|', '\n']).filter_map(parse_mobile);
    let mobile = good.next();
    if mobile.as_deref() != Some(written.as_str()) && !written.is_empty() {
        values.insert("mobile_raw".to_owned(), json!(written.chars().take(40).collect::<String>()));
    }
    if let Some(second) = good.next() {
        values.insert("alternate_mobile".to_owned(), json!(second));
    }
    let mobile = mobile.unwrap_or_else(|| {
        taking.remark("mobile_number", "no mobile number; a placeholder that no network has was put in");
        values.insert("needs_review".to_owned(), json!(true));
        // +999 belongs to no country. The digits are the patient's own, so that no two seem to be one.
        format!("+999{:011}", id.as_u128() % 100_000_000_000)
    });
    values.insert("mobile_number".to_owned(), json!(mobile));
}

fn first_name(taking: &mut Taking<'_>, values: &mut Values) {
    let mut first = taking.text(&["first_name"], 100);
    if first.is_none()
        && let Some(full) = taking.text(&["full_name", "patient_name", "name"], 200)
    {
        let (given, family) = match full.split_once(char::is_whitespace) {
            Some((given, family)) => (given.to_owned(), Some(family.trim().to_owned())),
            None => (full, None),
        };
        first = Some(given.chars().take(100).collect());
        if taking.raw(&["last_name"]).is_none() {
            values.insert(
                "last_name".to_owned(),
                json!(family.map(|name| name.chars().take(100).collect::<String>())),
            );
        }
    }
    let first = first.unwrap_or_else(|| {
        taking.remark("first_name", "there was none; a placeholder was put in");
        values.insert("needs_review".to_owned(), json!(true));
        "(not known)".to_owned()
    });
    values.insert("first_name_norm".to_owned(), json!(normalise_name(&first)));
    values.insert("first_name".to_owned(), json!(first));
}

/// A date of birth, else an age with the day on which it was right.
fn age(taking: &mut Taking<'_>, values: &mut Values) {
    let today = taking.calendar().today;
    let column = |name: &str| PATIENTS.table().column(name).expect("BUG: a column of patients");
    let birth = taking.column(PATIENTS, column("date_of_birth")).ok();
    let birth = birth.as_ref().and_then(Value::as_str).and_then(parse_day);
    let is_possible = |birth: &Date| *birth <= today && today.year() - birth.year() <= 130;
    if birth.is_some_and(|birth| !is_possible(&birth)) {
        taking.remark("date_of_birth", "nobody alive was born then; left empty");
    }
    let birth = birth.filter(is_possible);
    values.insert("date_of_birth".to_owned(), json!(birth.map(day_text)));
    let written = taking.raw(&["age_years", "age", "patient_age"]);
    let months = taking.raw(&["age_months"]).and_then(number).map(|months| months as i64);
    let (years, of_text) = match written.map(|age| (number(age), plain(age).to_lowercase())) {
        Some((Some(age), text)) if text.contains("mo") || text.ends_with('m') => {
            (Some(age as i64 / 12), Some(age as i64 % 12))
        }
        Some((Some(age), text)) if text.contains("day") || text.contains("week") || text.contains("wk") => {
            let days = if text.contains('w') { age * 7.0 } else { age };
            (Some(days as i64 / 365), Some(days as i64 % 365 / 31))
        }
        Some((Some(age), _)) => (Some(age as i64), (age.fract() > 0.0).then(|| (age.fract() * 12.0) as i64)),
        Some((None, _)) => {
            taking.remark("age_years", "not an age");
            (None, None)
        }
        None => (None, None),
    };
    let years = years.filter(|years| {
        let is_possible = (0..=130).contains(years);
        if !is_possible {
            taking.remark("age_years", "nobody has this age");
        }
        is_possible
    });
    let months = months.or(of_text).filter(|months| (0..=11).contains(months));
    let (years, recorded) = match (years, birth) {
        (Some(years), _) => (Some(years), Some(recorded_on(taking))),
        (None, Some(_)) => (None, None),
        (None, None) => {
            taking.remark(
                "age_years",
                "neither age nor date of birth; 130 stands there, and the patient waits for review",
            );
            values.insert("needs_review".to_owned(), json!(true));
            (Some(NO_AGE), Some(today))
        }
    };
    let months = years.and(months).filter(|_| years != Some(NO_AGE));
    values.insert("age_years".to_owned(), json!(years));
    values.insert("age_months".to_owned(), json!(months));
    values.insert("age_recorded_on".to_owned(), json!(recorded.map(day_text)));
}

/// The day on which the age was right: written down, else that of the registration, else of the import.
fn recorded_on(taking: &mut Taking<'_>) -> Date {
    let column = PATIENTS.table().column("age_recorded_on").expect("BUG: a column of patients");
    let written = taking.column(PATIENTS, column).ok();
    if let Some(day) = written.as_ref().and_then(Value::as_str).and_then(parse_day) {
        return day;
    }
    let registered = taking.moment(&["registration_date", "registered_on", "created_at", "created_on"]);
    if let Some(moment) = registered.as_ref().and_then(Value::as_str).and_then(parse_moment) {
        return taking.calendar().day_of(moment);
    }
    taking.remark("age_recorded_on", "nothing says when the age was right; the day of the import was taken");
    taking.calendar().today
}

/// What may be an allergy is never hidden: each becomes a row of its own.
fn allergies(taking: &mut Taking<'_>, home: &Home, patient: Uuid, values: &mut Values) -> Vec<NewRow> {
    let written = taking.raw(ALLERGIES).map(entries).unwrap_or_default();
    if written.is_empty() {
        return Vec::new();
    }
    let substances: Vec<String> = written
        .iter()
        .map(|entry| match entry {
            Value::Object(parts) => ["substance", "substance_text", "allergen", "name"]
                .iter()
                .find_map(|name| parts.get(*name))
                .map_or_else(|| plain(entry), plain),
            other => plain(other),
        })
        .filter(|substance| !words::is_no_allergy(substance))
        .collect();
    let status = if substances.is_empty() { "none_known" } else { "has_allergies" };
    values.insert("allergy_status".to_owned(), json!(status));
    let mut rows = Vec::new();
    for (place, substance) in substances.into_iter().enumerate() {
        let id = home.made_id("patients.allergies", &format!("{}\n{place}", taking.key()));
        let substance = match fit_text(&json!(substance), 200) {
            Fit::Adapted(substance, why) => {
                taking.remark("allergies", why);
                substance
            }
            Fit::Same(substance) => substance,
            Fit::Blank | Fit::Unfit(_) => continue,
        };
        let values: Values = [
            ("patient_id", json!(patient)),
            ("substance_text", substance),
            ("certainty", json!("suspected")),
            ("status", json!("active")),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        rows.push(taking.tail("patient_allergies", id, values));
    }
    rows
}

/// An allergy that has a table of its own.
pub(super) fn allergy(taking: &mut Taking<'_>, home: &mut Home) -> Result<Made, SetAside> {
    let table = TableName::PatientAllergies;
    let id = home.id(OldTable::PatientAllergies, taking.key());
    let values = taking.declared(table, Values::new())?;
    Ok(Made::one(taking.finish(table.table(), id, values)?))
}

//! Patients and their allergies.

use protocol::patient::{Death, normalise_name};
use protocol::table::{TableName, Values};
use protocol::validate::{day_text, parse_day, parse_moment};
use serde_json::{Value, json};
use time::Date;
use uuid::Uuid;

use super::home::Home;
use super::row::{SetAside, Taking};
use super::tables::{Made, OldTable};
use crate::import::patient::{NO_AGE, NO_NAME, allergies, allergy_row, no_mobile};
use crate::import::value::number;
use crate::import::write::NewRow;
use crate::import::{age, name, phone, words};

const PATIENTS: TableName = TableName::Patients;
const ALLERGIES: &[&str] = &["allergies", "known_allergies", "drug_allergies", "allergy"];
const BIRTH: &str = "date_of_birth";

/// A patient, and a row for each allergy that stood in a column.
pub(super) fn patient(taking: &mut Taking<'_>, home: &mut Home) -> Result<Made, SetAside> {
    let id = home.id(OldTable::Patients, taking.key());
    let mut values = Values::new();
    mobile(taking, &mut values, id);
    names(taking, &mut values);
    age_or_birth(taking, &mut values);
    if taking.raw(&words::names(PATIENTS, "patient_code")).is_none()
        && taking.key().len() <= 30
        && !taking.key().is_empty()
        && Uuid::try_parse(taking.key()).is_err()
    {
        values.insert("patient_code".to_owned(), json!(taking.key()));
    }
    let rows = allergies_of(taking, home, id, &mut values);
    // Whom another was merged into is decided anew, by people.
    values.insert("merged_into_id".to_owned(), Value::Null);
    values.insert("duplicate_ordinal".to_owned(), json!(0));
    let mut values = taking.declared(PATIENTS, values)?;
    death(taking, &mut values);
    let row = taking.finish(PATIENTS.table(), id, values)?;
    Ok(Made { id, rows: std::iter::once(row).chain(rows).collect(), lines: Vec::new() })
}

/// The first good number is the mobile number, a second one the alternate.
fn mobile(taking: &mut Taking<'_>, values: &mut Values, id: Uuid) {
    let written = taking.plain(&words::names(PATIENTS, "mobile_number")).unwrap_or_default();
    let phones = phone::read(&written).unwrap_or_else(|why| {
        taking.remark("mobile_number", why);
        phone::Phones::default()
    });
    if phones.mobile.as_deref() != Some(written.as_str()) && !written.is_empty() {
        values.insert("mobile_raw".to_owned(), json!(written.chars().take(40).collect::<String>()));
    }
    if let Some(what) = phones.remark {
        taking.remark("mobile_number", what);
    }
    if let Some(second) = phones.alternate {
        values.insert("alternate_mobile".to_owned(), json!(second));
    }
    let mobile = phones.mobile.unwrap_or_else(|| {
        taking.remark("mobile_number", "no mobile number; a placeholder that no network has was put in");
        values.insert("needs_review".to_owned(), json!(true));
        no_mobile(id)
    });
    values.insert("mobile_number".to_owned(), json!(mobile));
}

fn names(taking: &mut Taking<'_>, values: &mut Values) {
    let mut first = taking.text(&["first_name"], 100);
    if first.is_none()
        && let Some(full) = taking.text(&["full_name", "patient_name", "name"], 200)
    {
        let short = |part: &str| part.chars().take(100).collect::<String>();
        let name = name::read(&full).unwrap_or_else(|| name::Name { first: full, ..name::Name::default() });
        if let Some(what) = name.remark {
            taking.remark("full_name", what);
        }
        if taking.raw(&["last_name"]).is_none() {
            values.insert("last_name".to_owned(), json!(name.last.as_deref().map(short)));
        }
        if let Some((relation, guardian)) = name.guardian
            && taking.raw(&words::names(PATIENTS, "guardian_name")).is_none()
        {
            values.insert("guardian_relation".to_owned(), json!(relation));
            values.insert("guardian_name".to_owned(), json!(guardian.chars().take(150).collect::<String>()));
        }
        first = Some(short(&name.first));
    }
    let first = first.unwrap_or_else(|| {
        taking.remark("first_name", "there was none; a placeholder was put in");
        values.insert("needs_review".to_owned(), json!(true));
        NO_NAME.to_owned()
    });
    values.insert("first_name_norm".to_owned(), json!(normalise_name(&first)));
    values.insert("first_name".to_owned(), json!(first));
}

/// A date of birth, else an age with the day on which it was right.
fn age_or_birth(taking: &mut Taking<'_>, values: &mut Values) {
    let birth = birth(taking);
    values.insert(BIRTH.to_owned(), json!(birth.map(day_text)));
    let written =
        taking.plain(&["age_years", "age", "patient_age"]).map(|written| age::read(&written, false));
    let written = written.transpose().unwrap_or_else(|why| {
        taking.remark("age_years", why);
        None
    });
    let written = written.flatten();
    let beside = taking.raw(&["age_months"]).and_then(number).map(|months| months as i32);
    let beside = beside.filter(|months| (0..1200).contains(months));
    let age = match (written, beside) {
        (Some(age), Some(months)) if age.months.is_none() => {
            Some(age::with_months(Some(age.years), months).unwrap_or_else(|why| {
                taking.remark("age_months", why);
                (age.years, None)
            }))
        }
        (Some(age), _) => Some((age.years, age.months)),
        // Nought is what stands in a column that nobody filled.
        (None, Some(months @ 1..)) if birth.is_none() => age::with_months(None, months).ok(),
        (None, _) => None,
    };
    let age = age.map(|(years, months)| (i64::from(years), months));
    let (age, recorded) = match (age, birth) {
        (Some(age), _) => (Some(age), Some(recorded_on(taking))),
        (None, Some(_)) => (None, None),
        (None, None) => {
            taking.remark(
                "age_years",
                "neither age nor date of birth; 130 stands there, and the patient waits for review",
            );
            values.insert("needs_review".to_owned(), json!(true));
            (Some((NO_AGE, None)), Some(taking.calendar().today))
        }
    };
    values.insert("age_years".to_owned(), json!(age.map(|age| age.0)));
    values.insert("age_months".to_owned(), json!(age.and_then(|age| age.1)));
    values.insert("age_recorded_on".to_owned(), json!(recorded.map(day_text)));
}

fn birth(taking: &mut Taking<'_>) -> Option<Date> {
    let written = taking.plain(&words::names(PATIENTS, BIRTH))?;
    match age::birth(&written, taking.calendar()) {
        Ok(birth) => {
            if let Some(what) = birth.and_then(|birth| birth.remark) {
                taking.remark(BIRTH, what);
            }
            birth.map(|birth| birth.date)
        }
        Err(why) => {
            taking.remark(BIRTH, why);
            None
        }
    }
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

fn death(taking: &mut Taking<'_>, values: &mut Values) {
    let on = values.get("deceased_on").and_then(Value::as_str).and_then(parse_day);
    let is_marked = taking.truth(&words::names(PATIENTS, "is_deceased"));
    let (death, left_out) = Death::told(is_marked, on, values, taking.calendar().today);
    if left_out.is_some() {
        taking.remark("deceased_on", "it does not go with what else is said; the day was left out");
    }
    values.extend(Death::columns(death).map(|(name, value)| (name.to_owned(), value)));
}

/// What may be an allergy is never hidden: each becomes a row of its own.
fn allergies_of(taking: &mut Taking<'_>, home: &Home, patient: Uuid, values: &mut Values) -> Vec<NewRow> {
    let Some((status, substances)) = taking.raw(ALLERGIES).and_then(allergies) else { return Vec::new() };
    values.insert("allergy_status".to_owned(), json!(status));
    let mut rows = Vec::new();
    for (place, substance) in substances.into_iter().enumerate() {
        let id = home.made_id("patients.allergies", &format!("{}\n{place}", taking.key()));
        if let Some((row, why)) = allergy_row(id, patient, &substance) {
            if let Some(why) = why {
                taking.remark("allergies", why);
            }
            rows.push(taking.tail(row.table, row.id, row.values));
        }
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::tz::TimeZone;
    use time::macros::date;

    use super::super::row::{OldRow, Places};
    use super::*;
    use crate::import::calendar::Calendar;

    #[test]
    fn a_day_of_death_marks_whoever_is_not_said_to_live() {
        let calendar = Calendar { zone: TimeZone::UTC, month_first: false, today: date!(2026 - 11 - 23) };
        let (places, parents) = (Places::new(), BTreeMap::new());
        for (old, has_died, on) in [
            (json!({ "date_of_death": "2024-05-23" }), true, Some("2024-05-23")),
            (json!({ "is_dead": "no", "date_of_death": "2024-05-23" }), false, None),
            (json!({ "date_of_death": "2031-05-23" }), true, None),
            (json!({ "deceased": "yes" }), true, None),
            (json!({ "shoe_size": 9 }), false, None),
        ] {
            let row = OldRow::new("7", "", old.to_string()).expect("a row");
            let mut taking = Taking::new(&row, &calendar, &places, &parents);
            let mut values = Values::new();
            for name in ["is_deceased", "deceased_on"] {
                let column = PATIENTS.table().column(name).expect("a column");
                values.insert(name.to_owned(), taking.column(PATIENTS, column).expect("read"));
            }
            death(&mut taking, &mut values);
            assert_eq!(
                (&values["is_deceased"], values["deceased_on"].as_str()),
                (&json!(has_died), on),
                "{old}"
            );
        }
    }
}

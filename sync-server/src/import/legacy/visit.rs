//! Appointments and prescriptions.

use protocol::patient::Age;
use protocol::prescription::content_hash;
use protocol::table::{TableName, Values};
use protocol::validate::{moment_text, parse_day, parse_moment};
use serde_json::{Map, Value, json};
use time::{Date, Time};
use uuid::Uuid;

use super::home::Home;
use super::line;
use super::row::{SetAside, Taking};
use super::tables::{Made, OldTable};
use crate::import::calendar::time_of_day;
use crate::import::value::{entries, is_blank, is_nothing, number, plain};
use crate::import::words;
use crate::import::write::NewRow;

/// Before the number of every prescription that was not signed in Clinic Desk.
pub(super) const IMPORTED: &str = "IMPORTED-";
/// What the number of a prescription may be long, with what is put before and behind it.
const MAX_NUMBER: usize = 40;

/// An appointment.
pub(super) fn appointment(taking: &mut Taking<'_>, home: &mut Home) -> Result<Made, SetAside> {
    let table = TableName::Appointments;
    let id = home.id(OldTable::Appointments, taking.key());
    let mut values = Values::new();
    values.insert("doctor_id".to_owned(), json!(home.doctor(taking, &words::names(table, "doctor_id"))?));
    values.insert("clinic_id".to_owned(), json!(home.clinic(taking, &words::names(table, "clinic_id"))?));
    values.insert("start_time".to_owned(), json!(start_time(taking)));
    // Labels are given by computers, each with its own letters.
    values.insert("token_label".to_owned(), Value::Null);
    if let Some(status) = taking.plain(&["status"])
        && words::choice("status", protocol::table::APPOINTMENT_STATUSES, &status).is_none()
    {
        taking.remark("status", "a state that is not known; it is taken as over");
        values.insert("status".to_owned(), json!("completed"));
    }
    let values = taking.declared(table, values)?;
    Ok(Made::one(taking.finish(table.table(), id, values)?))
}

/// Of its own column, else of a date that has a time.
fn start_time(taking: &mut Taking<'_>) -> Option<String> {
    let table = TableName::Appointments;
    if let Some(written) = taking.plain(&words::names(table, "start_time")) {
        let clock = taking.calendar().clock_of(&written);
        let clock = clock.or_else(|| time_of_day(written.rsplit('T').next()?));
        if clock.is_none() {
            taking.remark("start_time", "not a time of day; left empty");
        }
        return clock;
    }
    let written = taking.plain(&words::names(table, "appointment_date"))?;
    let (_, clock) = written.split_once(['T', ' '])?;
    // Midnight, in the clinic or as it is written, is a day alone.
    let clock = time_of_day(clock).filter(|clock| clock != "00:00")?;
    taking.calendar().clock_of(&written).or(Some(clock)).filter(|clock| clock != "00:00")
}

/// A prescription with its lines. The lines come first: nothing is added to what is signed.
pub(super) fn prescription(taking: &mut Taking<'_>, home: &mut Home) -> Result<Made, SetAside> {
    let table = TableName::Prescriptions;
    let id = home.id(OldTable::Prescriptions, taking.key());
    let mut values = Values::new();
    let day = visit_date(taking, &mut values)?;
    let doctor = home.doctor(taking, &words::names(table, "doctor_id"))?;
    values.insert("doctor_id".to_owned(), json!(doctor));
    values.insert("clinic_id".to_owned(), json!(home.clinic(taking, &words::names(table, "clinic_id"))?));
    for name in ["chief_complaints", "investigations"] {
        let written = taking.raw(&words::names(table, name)).map(entries).unwrap_or_default();
        let texts: Vec<String> = written.iter().map(entry_text).collect();
        tell_parts(taking, name, &written);
        values.insert(name.to_owned(), json!(texts));
    }
    let diagnoses = taking.raw(&words::names(table, "diagnoses")).map(entries).unwrap_or_default();
    let diagnoses: Vec<Value> = diagnoses.into_iter().map(diagnosis).collect();
    values.insert("diagnoses".to_owned(), json!(diagnoses));
    values.insert("vitals".to_owned(), vitals(taking));
    let status = status(taking);
    // By what it was replaced is not brought along, and a prescription that is superseded names its successor.
    let was_replaced = status == "superseded";
    let status = if was_replaced { "voided" } else { status };
    values.insert("status".to_owned(), json!(status));
    let is_signed = status != "draft" && status != "discarded";
    values.insert("prescription_number".to_owned(), number_of(taking, home, is_signed));
    for name in
        ["content_sha256", "finalised_at", "finalised_by", "voided_by", "amends_id", "superseded_by_id"]
    {
        values.insert(name.to_owned(), Value::Null);
    }
    for name in ["patient_snapshot", "doctor_snapshot", "allergy_snapshot", "alerts"] {
        values.insert(name.to_owned(), Value::Null);
    }
    values.insert("version".to_owned(), json!(1));
    let mut values = taking.declared(table, values)?;
    if is_signed {
        let at = taking.moment(&words::names(table, "finalised_at"));
        let at = at.unwrap_or_else(|| {
            let midnight = taking.calendar().at(day, Time::MIDNIGHT);
            json!(moment_text(midnight.unwrap_or_else(|| day.midnight().assume_utc())))
        });
        values.insert("finalised_at".to_owned(), at);
        let patient = values["patient_id"].as_str().and_then(|id| Uuid::try_parse(id).ok());
        let patient = patient.and_then(|id| home.patients.get(&id));
        values.insert(
            "patient_snapshot".to_owned(),
            patient.map_or(Value::Null, |patient| snapshot(patient, day)),
        );
        values.insert("doctor_snapshot".to_owned(), home.doctor_snapshot(doctor));
    }
    if was_replaced {
        taking.remark("status", "it was replaced in the earlier program; it stands as voided");
    }
    let says_why = values["void_reason"].as_str().is_some_and(|reason| !reason.trim().is_empty());
    if status == "voided" && !says_why {
        let how = if was_replaced { "replaced" } else { "cancelled" };
        values.insert("void_reason".to_owned(), json!(format!("It was {how} in the earlier program.")));
    }
    let (items, lines) = line::lines(taking, home, id);
    if is_signed {
        let content: Vec<(Uuid, Values)> = items.iter().map(|item| (item.id, item.values.clone())).collect();
        let hash = content_hash(id, &values, &content).to_string();
        values.insert("content_sha256".to_owned(), json!(hash));
    }
    let row = taking.finish(table.table(), id, values)?;
    // A line dies with its prescription.
    let items = items.into_iter().map(|item| NewRow { deleted_at: row.deleted_at.clone(), ..item });
    let rows = items.chain([row.clone()]).collect();
    Ok(Made { id, rows, lines })
}

fn visit_date(taking: &mut Taking<'_>, values: &mut Values) -> Result<Date, SetAside> {
    let table = TableName::Prescriptions;
    let column = table.table().column("visit_date").expect("BUG: a column of prescriptions");
    let day = taking.column(table, column);
    let day = day.ok().as_ref().and_then(Value::as_str).and_then(parse_day).or_else(|| {
        let made = taking.moment(&["created_at", "created_on", "finalized_at", "signed_at"])?;
        taking.remark("visit_date", "there was no date; the day on which the row was made was taken");
        Some(taking.calendar().day_of(parse_moment(made.as_str()?)?))
    });
    let day = day.ok_or(SetAside::because("visit_date", "nothing says on which day it was written"))?;
    values.insert("visit_date".to_owned(), json!(protocol::validate::day_text(day)));
    Ok(day)
}

/// What has no state is taken as issued on its day.
fn status(taking: &mut Taking<'_>) -> &'static str {
    let Some(written) = taking.plain(&["status", "state"]) else {
        let is_open = taking.truth(&["is_finalized", "is_finalised", "is_signed", "finalized"])
            == Some(false)
            || taking.truth(&["is_draft", "draft"]) == Some(true);
        return if is_open { "draft" } else { "finalised" };
    };
    words::choice("status", protocol::table::PRESCRIPTION_STATUSES, &written).unwrap_or_else(|| {
        taking.remark("status", "a state that is not known; it is taken as issued");
        "finalised"
    })
}

/// The old number with a mark before it. A draft gets its number when it is signed.
fn number_of(taking: &mut Taking<'_>, home: &mut Home, is_signed: bool) -> Value {
    let written = taking.plain(&words::names(TableName::Prescriptions, "prescription_number"));
    if !is_signed {
        return Value::Null;
    }
    let number = imported_number(written.as_deref().unwrap_or(taking.key()));
    if home.taken_numbers.insert(number.clone()) {
        return json!(number);
    }
    taking.remark("prescription_number", "another prescription has it; the old key was put behind it");
    let room = MAX_NUMBER.saturating_sub(taking.key().chars().count() + 1);
    let number = format!("{:.room$}~{}", number, taking.key());
    let is_free = number.chars().count() <= MAX_NUMBER && home.taken_numbers.insert(number.clone());
    if is_free { json!(number) } else { Value::Null }
}

/// A number of the old program, as it is kept.
pub(super) fn imported_number(written: &str) -> String {
    let plain: String =
        written.chars().filter(|c| !c.is_control()).take(MAX_NUMBER - IMPORTED.len()).collect();
    format!("{IMPORTED}{}", plain.trim())
}

/// A complaint, a test.
fn entry_text(entry: &Value) -> String {
    match entry {
        Value::Object(parts) => ["text", "name", "complaint", "symptom", "test", "description"]
            .iter()
            .find_map(|name| parts.get(*name))
            .map_or_else(|| plain(entry), plain),
        other => plain(other),
    }
}

/// Says that of entries with several parts, such as a complaint and since when, only the words are taken.
fn tell_parts(taking: &mut Taking<'_>, column: &str, entries: &[Value]) {
    let says_more = |entry: &Value| {
        entry.as_object().is_some_and(|parts| parts.values().filter(|part| !is_blank(part)).count() > 1)
    };
    if entries.iter().any(says_more) {
        taking.remark(
            column,
            "of an entry with several parts its words were taken; the old row has the others",
        );
    }
}

fn diagnosis(entry: Value) -> Value {
    match entry {
        Value::Object(parts) if parts.contains_key("text") => Value::Object(parts),
        Value::Object(parts) => {
            let name =
                ["name", "diagnosis", "description"].iter().find_map(|name| parts.get(*name)).map(plain);
            let code =
                ["icd10", "icd_10", "icd_code", "code"].iter().find_map(|name| parts.get(*name)).cloned();
            let text = name.unwrap_or_else(|| Value::Object(parts).to_string());
            json!({ "text": text, "icd10": code })
        }
        other => json!({ "text": plain(&other) }),
    }
}

/// The vital signs that are known, from one column of JSON or from columns of their own.
fn vitals(taking: &mut Taking<'_>) -> Value {
    const SIGNS: &[(&str, &[&str])] = &[
        ("bp_sys", &["bp_sys", "bp_systolic", "systolic", "systolic_bp"]),
        ("bp_dia", &["bp_dia", "bp_diastolic", "diastolic", "diastolic_bp"]),
        ("pulse", &["pulse", "pulse_rate", "heart_rate", "hr"]),
        ("temp_c", &["temp_c", "temperature", "temp"]),
        ("spo2", &["spo2", "oxygen_saturation", "sp_o2"]),
        ("weight_kg", &["weight_kg", "weight"]),
    ];
    let written = taking.raw(&["vitals", "vital_signs"]);
    let parts = match written {
        Some(Value::Object(parts)) => Some(parts.clone()),
        Some(Value::String(text)) => serde_json::from_str::<Map<String, Value>>(text).ok(),
        _ => None,
    };
    let says_something = |value: &Value| !is_nothing(&plain(value));
    let mut is_lost = parts.is_none() && written.is_some_and(says_something);
    let (mut stored, mut known) = (parts.unwrap_or_default(), Map::new());
    let pressure = ["bp", "blood_pressure"].iter().find_map(|name| stored.remove(*name));
    if let Some(pressure) = pressure.as_ref().or_else(|| taking.raw(&["bp", "blood_pressure"])) {
        let text = plain(pressure);
        let (systolic, diastolic) = text.split_once('/').unwrap_or_default();
        for (name, part) in [("bp_sys", systolic), ("bp_dia", diastolic)] {
            match number(&json!(part)) {
                Some(value) => _ = known.insert(name.to_owned(), as_written(value)),
                None => is_lost |= says_something(pressure),
            }
        }
    }
    for (sign, names) in SIGNS {
        let own = names.iter().find_map(|name| stored.remove(*name));
        let Some(written) = own.as_ref().or_else(|| taking.raw(names)) else { continue };
        let Some(mut value) = number(written) else {
            is_lost |= says_something(written);
            continue;
        };
        if *sign == "temp_c" && value > 60.0 {
            taking.remark("vitals", "a temperature in Fahrenheit was converted");
            value = ((value - 32.0) * 50.0 / 9.0).round() / 10.0;
        }
        known.insert((*sign).to_owned(), as_written(value));
    }
    if is_lost || stored.values().any(says_something) {
        taking.remark(
            "vitals",
            "some of them are no vital signs that are known here; only the old row has them",
        );
    }
    Value::Object(known)
}

/// `130`, not `130.0`.
fn as_written(value: f64) -> Value {
    if value.fract() == 0.0 { json!(value as i64) } else { json!(value) }
}

/// The patient on the day of the visit, as far as the import knows.
fn snapshot(patient: &Values, day: Date) -> Value {
    let text = |name: &str| patient.get(name).and_then(Value::as_str).unwrap_or_default();
    let join = |parts: [&str; 2], with: &str| {
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(with)
    };
    let years = patient.get("age_years").and_then(Value::as_i64).and_then(|years| i32::try_from(years).ok());
    let age = match (parse_day(text("date_of_birth")), years, parse_day(text("age_recorded_on"))) {
        (Some(birth), ..) => Some(Age::since(birth, day)),
        // An age that was written down later says nothing of an earlier day but its year.
        (None, Some(years), Some(recorded)) if recorded > day => {
            let since = Age::since(day, recorded).years;
            Some(Age::said((years - since).max(0), 0))
        }
        (None, Some(years), Some(recorded)) => Some(Age::said(years, 0).grown(recorded, day)),
        (None, Some(years), None) => Some(Age::said(years, 0)),
        (None, None, _) => None,
    };
    json!({
        "full_name": join([text("first_name"), text("last_name")], " "),
        "age": age.map(Age::text),
        "sex": match text("sex") { "male" => "M", "female" => "F", "other" => "O", _ => "" },
        "mobile_number": text("mobile_number"),
        "address": join([text("address_line"), text("city")], ", "),
        "patient_code": text("patient_code"),
        "allergies": "not recorded",
    })
}

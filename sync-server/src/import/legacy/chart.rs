//! The dental chart, its pictures, and case studies.

use protocol::dental::{Tooth, are_surfaces};
use protocol::table::{TableName, Values};
use serde_json::{Value, json};

use super::home::Home;
use super::medicine::key;
use super::row::{SetAside, Taking};
use super::tables::{Made, OldTable};
use crate::import::value::{entries, number, plain};
use crate::import::words;

/// What a dentist often notes.
pub(super) fn template(taking: &mut Taking<'_>, home: &mut Home) -> Result<Made, SetAside> {
    let table = TableName::DentalObservationTemplates;
    let id = home.id(OldTable::DentalObservationTemplates, taking.key());
    let mut values = Values::new();
    let name = taking.text(&words::names(table, "name"), 120);
    let written = taking.plain(&words::names(table, "key")).or_else(|| name.clone());
    let written = written.ok_or(SetAside::because("name", "nothing stands there"))?;
    let mut short = key(taking, &written);
    let doctor = named_doctor(taking, home, table);
    let mut count = 2;
    while home.template_keys.contains(&(short.clone(), doctor)) {
        short = format!("{:.26}_{count}", short.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_'));
        count += 1;
    }
    if let Some(body) = taking.raw(&words::names(table, "body"))
        && !body.is_object()
    {
        values.insert("body".to_owned(), json!({ "note": plain(body) }));
    }
    for (column, value) in [
        ("key", json!(short)),
        ("name", json!(name.unwrap_or(written))),
        ("doctor_id", json!(doctor)),
        ("scope", json!(if doctor.is_some() { "doctor" } else { "tenant" })),
        ("version", json!(1)),
    ] {
        values.insert(column.to_owned(), value);
    }
    if taking.raw(&["applies_to"]).is_none() {
        values.insert("applies_to".to_owned(), json!("tooth"));
    }
    if !values.contains_key("body") && taking.raw(&words::names(table, "body")).is_none() {
        values.insert("body".to_owned(), json!({}));
    }
    let values = taking.declared(table, values)?;
    let row = taking.finish(table.table(), id, values)?;
    home.template_keys.insert((short, doctor));
    Ok(Made::one(row))
}

/// An own doctor, if one that is here is named.
pub(super) fn named_doctor(taking: &mut Taking<'_>, home: &Home, table: TableName) -> Option<uuid::Uuid> {
    match taking.refer(&words::names(table, "doctor_id"), OldTable::Doctors) {
        Ok(Some(id)) => {
            home.doctors.contains_key(&id).then_some(id).or(home.doctor_of_user.get(&id).copied())
        }
        Ok(None) => None,
        Err(aside) => {
            taking.remark("doctor_id", aside.why);
            None
        }
    }
}

/// A picture or a document. Its bytes stay where they are; without its hash nobody could know them again.
pub(super) fn attachment(taking: &mut Taking<'_>, home: &mut Home) -> Result<Made, SetAside> {
    let table = TableName::DentalAttachments;
    let id = home.id(OldTable::DentalAttachments, taking.key());
    let hash = taking.plain(&words::names(table, "sha256")).map(|hash| hash.to_lowercase());
    let hash = hash.filter(|hash| hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let hash = hash.ok_or(SetAside::because(
        "sha256",
        "its file is not brought along, and nothing says which file it is; the row is kept whole",
    ))?;
    let patient =
        taking.column(table, table.table().column("patient_id").expect("BUG: a column of pictures"))?;
    let name = taking.text(&words::names(table, "file_name"), 255).unwrap_or_else(|| "unnamed".to_owned());
    let mime = taking.plain(&words::names(table, "mime")).unwrap_or_default().to_lowercase();
    let mime = match (mime.as_str(), name.rsplit('.').next().unwrap_or_default().to_lowercase().as_str()) {
        ("image/jpg" | "image/pjpeg", _) | ("", "jpg" | "jpeg") => "image/jpeg".to_owned(),
        ("", "png") => "image/png".to_owned(),
        ("", "webp") => "image/webp".to_owned(),
        ("", "pdf") => "application/pdf".to_owned(),
        ("", "dcm") => "application/dicom".to_owned(),
        (mime, _) => mime.to_owned(),
    };
    let mut values: Values = [
        ("owner_kind", json!("patient")),
        ("owner_id", patient.clone()),
        ("patient_id", patient),
        ("sha256", json!(hash)),
        ("file_name", json!(name)),
        ("mime", json!(mime)),
        ("teeth", teeth(taking, &words::names(table, "teeth"))),
        ("upload_state", json!("local_only")),
        ("paired_attachment_id", Value::Null),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    if taking.raw(&words::names(table, "kind")).is_none() {
        let kind = if mime == "application/pdf" { "document" } else { "photo" };
        values.insert("kind".to_owned(), json!(kind));
    }
    taking.remark("file_name", "the file itself is not brought along; it stays in the old program");
    let values = taking.declared(table, values)?;
    Ok(Made::one(taking.finish(table.table(), id, values)?))
}

/// A treatment.
pub(super) fn procedure(taking: &mut Taking<'_>, home: &mut Home) -> Result<Made, SetAside> {
    let table = TableName::DentalProcedures;
    let id = home.id(OldTable::DentalProcedures, taking.key());
    let mut values = Values::new();
    values.insert("doctor_id".to_owned(), json!(home.doctor(taking, &words::names(table, "doctor_id"))?));
    values.insert("clinic_id".to_owned(), json!(home.clinic(taking, &words::names(table, "clinic_id"))?));
    site(taking, table, &mut values);
    values.insert("tooth_range".to_owned(), teeth(taking, &words::names(table, "tooth_range")));
    if let Some(status) = taking.plain(&["status"])
        && words::choice("status", protocol::table::PROCEDURE_STATUSES, &status).is_none()
    {
        taking.remark("status", "a state that is not known; it is taken as done before, here");
        values.insert("status".to_owned(), json!("existing_here"));
    }
    let values = taking.declared(table, values)?;
    Ok(Made::one(taking.finish(table.table(), id, values)?))
}

/// What was seen.
pub(super) fn observation(taking: &mut Taking<'_>, home: &mut Home) -> Result<Made, SetAside> {
    let table = TableName::DentalObservations;
    let id = home.id(OldTable::DentalObservations, taking.key());
    let mut values = Values::new();
    values.insert("doctor_id".to_owned(), json!(home.doctor(taking, &words::names(table, "doctor_id"))?));
    values.insert("clinic_id".to_owned(), json!(home.clinic(taking, &words::names(table, "clinic_id"))?));
    site(taking, table, &mut values);
    let condition = taking.plain(&words::names(table, "condition_code"));
    let known = condition
        .as_deref()
        .and_then(|written| words::choice("condition_code", protocol::table::CONDITIONS, written));
    values.insert("condition_code".to_owned(), json!(known.unwrap_or("other")));
    if let (None, Some(condition)) = (known, &condition) {
        taking.remark(
            "condition_code",
            "a finding that the chart has no sign for; its words stand in the note",
        );
        let note = taking.text(&words::names(table, "note"), 1_500);
        let note = [Some(condition.clone()), note].into_iter().flatten().collect::<Vec<_>>().join(". ");
        values.insert("note".to_owned(), json!(note.chars().take(2_000).collect::<String>()));
    }
    if taking.raw(&words::names(table, "observed_on")).is_none() {
        let made = taking.moment(&["created_at", "created_on"]);
        let made = made.as_ref().and_then(Value::as_str).and_then(protocol::validate::parse_moment);
        let made = made.ok_or(SetAside::because("observed_on", "nothing says on which day it was seen"))?;
        taking.remark("observed_on", "there was no date; the day on which the row was made was taken");
        let day = taking.calendar().day_of(made);
        values.insert("observed_on".to_owned(), json!(protocol::validate::day_text(day)));
    }
    let values = taking.declared(table, values)?;
    Ok(Made::one(taking.finish(table.table(), id, values)?))
}

/// A tooth by its FDI number and its surfaces, or else the mouth.
fn site(taking: &mut Taking<'_>, table: TableName, values: &mut Values) {
    let written = taking.raw(&words::names(table, "tooth_fdi"));
    let tooth = written.and_then(number).and_then(|number| Tooth::new(number as i64));
    if written.is_some() && tooth.is_none() {
        taking.remark("tooth_fdi", "no tooth has this FDI number; the entry is about the mouth");
    }
    let surfaces = taking.plain(&words::names(table, "surfaces")).unwrap_or_default().to_uppercase();
    let mut letters: Vec<char> = Vec::new();
    for letter in surfaces.chars().filter(char::is_ascii_alphabetic) {
        // Vestibular, facial and labial are buccal; palatal is lingual.
        let letter = match letter {
            'V' | 'F' => 'B',
            'P' => 'L',
            other => other,
        };
        if !letters.contains(&letter) {
            letters.push(letter);
        }
    }
    let in_order: String = "MOIDBL".chars().filter(|letter| letters.contains(letter)).collect();
    let fits = tooth.is_some() && in_order.len() == letters.len() && are_surfaces(&in_order, tooth);
    if !surfaces.is_empty() && !fits {
        taking.remark("surfaces", "no surfaces of this tooth; left empty");
    }
    values.insert("tooth_fdi".to_owned(), json!(tooth.map(Tooth::fdi)));
    values.insert("surfaces".to_owned(), if fits { json!(in_order) } else { Value::Null });
    values.insert("site_kind".to_owned(), json!(if tooth.is_some() { "tooth" } else { "mouth" }));
    values.insert("region".to_owned(), Value::Null);
}

/// FDI numbers; what is none is left out.
fn teeth(taking: &mut Taking<'_>, names: &[&str]) -> Value {
    let written = taking.raw(names).map(entries).unwrap_or_default();
    let teeth: Vec<u8> =
        written.iter().filter_map(|entry| Tooth::new(number(entry)? as i64).map(Tooth::fdi)).collect();
    if teeth.len() < written.len() {
        taking.remark("teeth", "no tooth has one of these FDI numbers; it was left out");
    }
    json!(teeth)
}

/// A case study. What was public becomes the author's own: nobody here has looked whether it names the patient.
pub(super) fn case_study(taking: &mut Taking<'_>, home: &mut Home) -> Result<Made, SetAside> {
    let table = TableName::CaseStudies;
    let id = home.id(OldTable::CaseStudies, taking.key());
    let mut values = Values::new();
    values.insert("doctor_id".to_owned(), json!(home.doctor(taking, &words::names(table, "doctor_id"))?));
    if taking.raw(&words::names(table, "title")).is_none() {
        values.insert("title".to_owned(), json!("Untitled"));
    }
    for (name, value) in [
        ("status", json!("draft")),
        ("visibility", json!("private")),
        ("deidentified", json!(false)),
        ("deidentified_by", Value::Null),
        ("deidentified_at", Value::Null),
        ("consent_attachment_id", Value::Null),
        ("linked_prescription_ids", json!([])),
        ("linked_attachment_ids", json!([])),
        ("version", json!(1)),
    ] {
        values.insert(name.to_owned(), value);
    }
    let values = taking.declared(table, values)?;
    Ok(Made::one(taking.finish(table.table(), id, values)?))
}

//! Medicines and short keys.

use protocol::medicine::{form_abbreviation, usual_route};
use protocol::table::{DOSAGE_FORMS, ROUTES, TableName, Values};
use serde_json::{Value, json};

use super::chart::named_doctor;
use super::home::{Home, medicine_key};
use super::row::{SetAside, Taking};
use super::tables::{Made, OldTable};
use crate::import::words;

const NAME: &[&str] = &["name", "medicine_name", "drug_name", "title"];

/// A medicine: one of the shared catalogue where it is the same, else the tenant's own.
pub(super) fn medicine(taking: &mut Taking<'_>, home: &mut Home) -> Result<Made, SetAside> {
    let table = TableName::TenantMedicines;
    let name = taking.text(NAME, 200);
    let generic = taking.text(&words::names(table, "generic_name"), 250);
    let mut brand = taking.text(&words::names(table, "brand_name"), 200);
    if let (None, Some(name), Some(generic)) = (&brand, &name, &generic)
        && !name.eq_ignore_ascii_case(generic)
    {
        brand = Some(name.clone());
    }
    let generic = generic.or(name).or_else(|| brand.clone());
    let generic = generic.ok_or(SetAside::because("generic_name", "it has no name"))?;
    let form = form(taking, table).unwrap_or_else(|| {
        taking.remark("dosage_form", "a form that is not known; it is \"other\"");
        "other"
    });
    let strength = taking.text(&words::names(table, "strength_text"), 80);
    if brand.is_none() {
        let key = medicine_key(&generic, strength.as_deref().unwrap_or_default(), form);
        if let Some(shared) = home.shared.get(&key) {
            return Ok(Made { id: *shared, rows: Vec::new(), lines: Vec::new() });
        }
    }
    // What is written as the form may tell it too: a pessary is no rectal suppository.
    let told = ["route", "dosage_form"].into_iter().find_map(|column| {
        let written = taking.plain(&words::names(table, column))?;
        words::choice("route", ROUTES, &written)
    });
    let route = told.unwrap_or_else(|| usual_route(form));
    let search = [Some(generic.as_str()), brand.as_deref(), strength.as_deref()];
    let search = search.into_iter().flatten().collect::<Vec<_>>().join(" ").to_lowercase();
    let mut values: Values = [
        ("generic_name", json!(generic)),
        ("brand_name", json!(brand)),
        ("strength_text", json!(strength)),
        ("dosage_form", json!(form)),
        ("route", json!(route)),
        ("search_text", json!(search.chars().take(600).collect::<String>())),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    let id = home.id(OldTable::Medicines, taking.key());
    values = taking.declared(table, values)?;
    Ok(Made::one(taking.finish(table.table(), id, values)?))
}

/// The form that a row names, if it is one of ours.
pub(super) fn form(taking: &mut Taking<'_>, table: TableName) -> Option<&'static str> {
    let written = taking.plain(&words::names(table, "dosage_form"))?;
    words::choice("dosage_form", DOSAGE_FORMS, &written)
}

/// As it is printed: `TAB. PARACETAMOL 650 MG` begins with its form.
pub(super) fn title(generic: &str, strength: Option<&str>, form: &str) -> String {
    let parts = [form_abbreviation(form), generic, strength.unwrap_or_default()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A short key.
pub(super) fn short_key(taking: &mut Taking<'_>, home: &mut Home) -> Result<Made, SetAside> {
    let table = TableName::ShortKeys;
    let id = home.id(OldTable::ShortKeys, taking.key());
    let mut values = Values::new();
    let written = taking.plain(&words::names(table, "key"));
    let written = written.ok_or(SetAside::because("key", "nothing stands there"))?;
    let mut key = key(taking, &written);
    let body = taking.raw(&words::names(table, "body"));
    let is_text =
        body.is_some_and(|body| body.as_str().is_some_and(|text| !text.trim_start().starts_with('{')));
    if let Some(body) = body.filter(|_| is_text) {
        values.insert("body".to_owned(), json!({ "advice": body.as_str().map(str::trim) }));
    }
    let kind = taking.column(table, table.table().column("kind").expect("BUG: a column of short keys"));
    let kind = kind.unwrap_or_else(|_| json!(if is_text { "advice" } else { "prescription" }));
    let doctor = named_doctor(taking, home, table);
    let kind_text = kind.as_str().unwrap_or_default().to_owned();
    let mut number = 2;
    while home.short_keys.contains(&(key.clone(), kind_text.clone(), doctor)) {
        if number == 2 {
            taking.remark("key", "another short key has it; a number was put behind it");
        }
        key = format!("{:.26}_{number}", key.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_'));
        number += 1;
    }
    if taking.raw(&words::names(table, "title")).is_none() {
        values.insert("title".to_owned(), json!(written.chars().take(120).collect::<String>()));
    }
    let scope = if doctor.is_some() { "doctor" } else { "tenant" };
    for (name, value) in [
        ("key", json!(key)),
        ("kind", kind),
        ("doctor_id", json!(doctor)),
        ("scope", json!(scope)),
        ("version", json!(1)),
    ] {
        values.insert(name.to_owned(), value);
    }
    let values = taking.declared(table, values)?;
    let row = taking.finish(table.table(), id, values)?;
    home.short_keys.insert((key, kind_text, doctor));
    Ok(Made::one(row))
}

/// Small letters, digits, dots, dashes and underscores; others become underscores.
pub(super) fn key(taking: &mut Taking<'_>, written: &str) -> String {
    let plain = written.trim().to_lowercase();
    let kept: String = plain
        .chars()
        .map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() || "_.-".contains(c) { c } else { '_' })
        .take(30)
        .collect();
    let kept = kept.trim_start_matches(['_', '.', '-']).to_owned();
    let kept = if kept.is_empty() { "key".to_owned() } else { kept };
    if kept != plain {
        taking.remark("key", "it has signs that a short key cannot have; they were replaced");
    }
    kept
}

/// The columns of a medicine that a line of a prescription shows.
pub(super) fn text<'v>(values: &'v Values, name: &str) -> Option<&'v str> {
    values.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

//! The lines of a prescription.

use protocol::dosage::Dosage;
use protocol::medicine::Units;
use protocol::table::{MEAL_RELATIONS, ROUTES, TableName, Values};
use serde_json::{Value, json};
use uuid::Uuid;

use super::home::Home;
use super::medicine::{form, text, title};
use super::row::{SetAside, Taking};
use super::tables::{MadeLine, OldTable};
use crate::import::words;
use crate::import::write::NewRow;

const ITEMS: TableName = TableName::PrescriptionItems;
/// What stands where the earlier program named no medicine.
const NOT_NAMED: &str = "Medicine not named in the earlier program";
/// More than any prescription has.
const MOST_LINES: usize = 200;
/// What the column of instructions holds.
const MOST_NOTED: usize = 500;

/// The lines in their order, and what became of each.
pub(super) fn lines(
    taking: &mut Taking<'_>,
    home: &Home,
    prescription: Uuid,
) -> (Vec<NewRow>, Vec<MadeLine>) {
    let (mut rows, mut made) = (Vec::new(), Vec::new());
    for (place, old) in taking.lines().iter().enumerate() {
        let mut own = taking.beside(old);
        let outcome = if old.is_again {
            Err(SetAside::again())
        } else if rows.len() < MOST_LINES {
            line(&mut own, home, prescription, rows.len() + 1)
        } else {
            Err(SetAside { column: None, why: "a prescription has 200 lines at most" })
        };
        let unused = own.unused().into_iter().map(str::to_owned).collect();
        let remarks = std::mem::take(&mut own.remarks);
        let outcome = outcome.map(|row| {
            let id = row.id;
            rows.push(row);
            id
        });
        made.push(MadeLine { place, outcome, remarks, unused });
    }
    (rows, made)
}

/// Why a line came without a prescription.
pub(super) fn astray(taking: &mut Taking<'_>) -> SetAside {
    match taking.refer(&words::names(ITEMS, "prescription_id"), OldTable::Prescriptions) {
        Err(aside) => aside,
        Ok(_) => SetAside::because("prescription_id", "it names no prescription"),
    }
}

fn line(
    taking: &mut Taking<'_>,
    home: &Home,
    prescription: Uuid,
    position: usize,
) -> Result<NewRow, SetAside> {
    let id = home.id(OldTable::PrescriptionItems, taking.key());
    let known = match taking.refer(&words::names(ITEMS, "medicine_id"), OldTable::Medicines) {
        Ok(known) => known,
        Err(aside) => {
            taking.remark("medicine_id", aside.why);
            None
        }
    };
    let medicine = known.and_then(|id| home.medicines.get(&id));
    let of_medicine = |name: &str| medicine.and_then(|values| text(values, name)).map(str::to_owned);
    let written = taking.text(&words::names(ITEMS, "medicine_text"), 250);
    let generic = taking.text(&words::names(ITEMS, "generic_text"), 250);
    let generic = generic.or_else(|| of_medicine("generic_name")).or_else(|| written.clone());
    // A prescription that lacks a line would look whole.
    let generic = generic.unwrap_or_else(|| {
        taking.remark("medicine_text", "it names no medicine that is here; it is kept, and says so");
        NOT_NAMED.to_owned()
    });
    let strength =
        taking.text(&words::names(ITEMS, "strength_text"), 80).or_else(|| of_medicine("strength_text"));
    let form = form(taking, ITEMS).map(str::to_owned).or_else(|| of_medicine("dosage_form"));
    let form = form.unwrap_or_else(|| "other".to_owned());
    let route = taking.plain(&words::names(ITEMS, "route"));
    let route = route.and_then(|written| words::choice("route", ROUTES, &written)).map(str::to_owned);
    let medicine_text = written.unwrap_or_else(|| {
        let name = of_medicine("brand_name").unwrap_or_else(|| generic.clone());
        title(&name, strength.as_deref(), &form)
    });
    let mut values: Values = [
        ("prescription_id", json!(prescription)),
        ("position", json!(position)),
        ("medicine_id", json!(known)),
        ("medicine_text", json!(medicine_text.chars().take(250).collect::<String>())),
        ("generic_text", json!(generic)),
        ("strength_text", json!(strength)),
        ("dosage_form", json!(form)),
        ("route", json!(route.or_else(|| of_medicine("route")))),
        ("source", json!("typed")),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    let strength = text(&values, "strength_text").unwrap_or_default().to_owned();
    dosage(taking, &mut values, Units::of(&form, &strength));
    let values = taking.declared(ITEMS, values)?;
    taking.finish(ITEMS.table(), id, values)
}

/// What the line says of dose and duration: in the terms of the grammar if it is understood, else in its own words,
/// of which nothing is computed.
fn dosage(taking: &mut Taking<'_>, values: &mut Values, units: Units) {
    let dose = taking.text(&["dosage", "dose", "dose_text", "dosage_pattern", "sig"], 120);
    let frequency = taking.text(&["frequency", "schedule"], 120);
    let duration = taking.text(&["duration", "duration_days", "days", "duration_value"], 60);
    let unit = taking.text(&["duration_unit"], 20);
    let meal = taking.text(&["meal_relation", "timing", "food_relation", "before_after_food", "meal"], 60);
    let quantity = taking.column(ITEMS, ITEMS.table().column("quantity").expect("BUG: a column of lines"));
    let note = taking.text(&words::names(ITEMS, "instructions"), MOST_NOTED);
    let duration = duration.map(|days| duration_text(&days, unit.as_deref()));
    let meal = meal.map(|meal| meal_text(&meal));
    // A strength says again how strong the medicine is; every other word must be understood, or nothing is computed.
    let (strength, dose) = if frequency.is_some() && dose.as_deref().is_some_and(is_strength) {
        (dose, None)
    } else {
        (None, dose)
    };
    let said: Vec<&str> =
        [&dose, &frequency, &duration, &meal].into_iter().flatten().map(String::as_str).collect();
    let understood = Dosage::read(&said.join(" "), units).ok().filter(|dosage| dosage.note.is_none());
    let quantity = quantity.ok().filter(|quantity| !quantity.is_null());
    let Some(mut dosage) = understood else {
        if !said.is_empty() {
            taking.remark("dosage", "not a dosage of the grammar; it stands in its own words");
        }
        let said: Vec<&str> = strength.as_deref().into_iter().chain(said).collect();
        let words = if said.is_empty() { "as directed".to_owned() } else { said.join(", ") };
        values.extend(in_own_words(&words, note.as_deref(), units.usual()));
        values.insert("quantity".to_owned(), quantity.unwrap_or(Value::Null));
        return;
    };
    let notes: Vec<String> = [strength, note].into_iter().flatten().collect();
    let whole = notes.join(". ");
    let kept: String = whole.chars().take(MOST_NOTED).collect();
    if kept != whole {
        taking.remark("instructions", "longer than the column; the beginning was taken");
    }
    dosage.note = Some(kept).filter(|note| !note.is_empty());
    for (name, value) in dosage.columns(units.usual()) {
        values.insert(name.to_owned(), value);
    }
    if let Some(quantity) = quantity {
        values.insert("quantity".to_owned(), quantity);
    }
}

/// A dosage of which nothing is known but how it was written.
fn in_own_words(words: &str, note: Option<&str>, unit: &str) -> Values {
    let directions = [Some(words), note].into_iter().flatten().collect::<Vec<_>>().join(". ");
    let values = [
        ("dose_text", json!(words.chars().take(120).collect::<String>())),
        ("dose_pattern", json!({ "kind": "words", "text": words })),
        ("dose_unit", json!(unit)),
        ("meal_relation", json!("none")),
        ("duration_value", Value::Null),
        ("duration_unit", Value::Null),
        ("instructions", json!(note)),
        ("patient_directions", json!(directions.chars().take(1000).collect::<String>())),
        ("is_prn", json!(false)),
    ];
    values.map(|(name, value)| (name.to_owned(), value)).into()
}

/// `500 mg`: not an amount that is taken, as `10 ml` is.
fn is_strength(dose: &str) -> bool {
    let dose = dose.trim().to_lowercase();
    let unit = dose.trim_start_matches(|c: char| c.is_ascii_digit() || ".,/ ".contains(c));
    unit.len() < dose.len() && matches!(unit, "mg" | "g" | "gm" | "mcg" | "iu" | "%")
}

/// The letters of the grammar for a relation to food.
fn meal_text(written: &str) -> String {
    match words::choice("meal_relation", MEAL_RELATIONS, written) {
        Some("before") => "ac",
        Some("after") => "pc",
        Some("with") => "wf",
        Some("empty_stomach") => "es",
        _ => written,
    }
    .to_owned()
}

/// `x5d` of `5`, `5 days`, `1 week`; anything else as it is.
fn duration_text(written: &str, unit: Option<&str>) -> String {
    let text = match unit {
        Some(unit) if written.chars().all(|c| c.is_ascii_digit()) => format!("{written} {unit}"),
        _ => written.to_owned(),
    };
    let text = text.trim().trim_start_matches("for ").to_lowercase();
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    let letter = match text[digits.len()..].trim() {
        "" | "d" | "day" | "days" | "day(s)" => "d",
        "w" | "wk" | "week" | "weeks" | "week(s)" => "w",
        "m" | "month" | "months" | "month(s)" => "m",
        _ => return written.to_owned(),
    };
    if digits.is_empty() { written.to_owned() } else { format!("x{digits}{letter}") }
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
    fn a_strength_before_long_instructions_leaves_them_room_in_their_column() {
        let calendar = Calendar { zone: TimeZone::UTC, month_first: false, today: date!(2026 - 11 - 23) };
        let (places, parents) = (Places::new(), BTreeMap::new());
        let old = json!({ "dosage": "500 mg", "frequency": "1-0-1", "instructions": "x".repeat(500) });
        let row = OldRow::new("7", "", old.to_string()).expect("a row");
        let mut taking = Taking::new(&row, &calendar, &places, &parents);
        let mut values = Values::new();
        dosage(&mut taking, &mut values, Units::of("tablet", "500 mg"));
        let noted = text(&values, "instructions").expect("a note");
        assert!(noted.starts_with("500 mg. xxx"), "{noted}");
        assert_eq!(noted.len(), MOST_NOTED);
        assert_eq!(taking.remarks.len(), 1);
    }

    #[test]
    fn an_amount_that_is_taken_is_no_strength() {
        assert!(is_strength("500 mg") && is_strength("0.5%") && is_strength("625mg"));
        assert!(
            !is_strength("10 ml") && !is_strength("2 tab") && !is_strength("mg") && !is_strength("1-0-1")
        );
    }

    #[test]
    fn durations_of_old_programs_become_those_of_the_grammar() {
        for (written, unit, expected) in [
            ("5", None, "x5d"),
            ("5 Days", None, "x5d"),
            ("2", Some("weeks"), "x2w"),
            ("for 1 month", None, "x1m"),
            ("till review", None, "till review"),
        ] {
            assert_eq!(duration_text(written, unit), expected);
            assert!(
                unit.is_some() || expected == written || Dosage::parse(&format!("1-0-1 {expected}")).is_ok()
            );
        }
    }
}

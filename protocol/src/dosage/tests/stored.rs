//! What is stored of a dose, and how it reads back.

use super::*;

#[test]
fn what_was_signed_reads_as_it_was_signed_and_what_says_another_dose_does_not_read() {
    let row = |text: &str, pattern: Value| {
        Values::from([("dose_text".to_owned(), json!(text)), ("dose_pattern".to_owned(), pattern)])
    };
    let slots = |morning: f64, night: f64| json!({ "kind": "slots", "morning": morning, "noon": 0, "evening": 0, "night": night });
    let step = |dose: Value| json!({ "dose": dose, "duration": { "value": 3, "unit": "day" } });
    // As a taper with one step at bedtime was stored.
    let wrong = json!({ "kind": "taper", "steps": [step(slots(1.0, 1.0)), step(slots(0.0, 1.0))] });
    assert_eq!(Dosage::of_row(&row("1 hs x3d then 1 hs x3d", wrong)), None);
    let right = json!({ "kind": "taper", "steps": [step(slots(0.0, 2.0)), step(slots(0.0, 1.0))] });
    let read = Dosage::of_row(&row("2 hs x3d then 1 hs x3d", right)).expect("the same amounts");
    assert_eq!(
        read.words("tablet", Language::English),
        "2 tablets at bedtime, for 3 days, then 1 tablet at bedtime, for 3 days"
    );
    let noted = Dosage::of_row(&row("1-0-1 x5d pc // with milk", slots(1.0, 1.0))).expect("an old line");
    assert_eq!(
        noted.directions("ml", Language::English),
        "1 ml morning and night, after food, for 5 days. with milk"
    );
    assert_eq!(Dosage::of_row(&row("1-0-1 x5d", Value::Null)).map(|read| read.meal), Some(Meal::None));
    for typed in ["0.33 tsp bd", "0.33-0-0.33 tsp", "0.07 tbsp sos max 0.14"] {
        let spoons = Dosage::parse(typed).expect(typed);
        assert_eq!(Dosage::of_row(&row_of(&spoons, "ml")), Some(spoons), "{typed}");
    }
}

#[test]
fn a_note_is_kept_whole_beside_its_dose_and_what_is_too_long_says_so() {
    let note = "n".repeat(500);
    let dosage = Dosage::read(&format!("1-0-1 x5d pc // {note}"), "tablet").expect("a long note");
    let row = row_of(&dosage, "tablet");
    assert_eq!(row["dose_text"], "1-0-1 x5d pc");
    assert_eq!(row["instructions"], json!(note));
    let table = crate::table::TableName::PrescriptionItems.table();
    for (name, value) in &row {
        let column = table.column(name).expect("a column");
        assert!(crate::validate::check_value(column, value).is_ok(), "{name}");
    }
    assert_eq!(Dosage::of_row(&row), Some(dosage));
    let too_long = Dosage::read(&format!("1-0-1 // {note}n"), "tablet");
    assert_eq!(
        too_long.map_err(|error| error.to_string()),
        Err("The note is too long: 500 letters at most".to_owned())
    );
    let steps = ["2.75-1.25-0.75-2.25 x3d"; 6].join(" then ");
    let too_long = Dosage::read(&steps, "tablet").map_err(|error| error.to_string());
    assert_eq!(
        too_long,
        Err("The dose is too long: 120 letters at most, without the note behind //".to_owned())
    );
}

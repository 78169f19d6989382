//! What was prescribed before, written again.

use protocol::dosage::{Dosage, Language};
use protocol::permission::Role;
use protocol::table::Values;
use serde_json::{Value, json};

use super::{fixture, form, item};
use crate::error::Error;
use crate::print::directions_in;
use crate::repeat::written_again;
use crate::view::{Draft, DraftItem, ItemSource, LineDifference};

#[test]
fn the_last_prescription_is_repeated_and_what_differs_from_it_is_shown() {
    let fixture = fixture(Role::Doctor);
    let replica = &fixture.replica;
    let sunita = replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id;
    let none = replica.repeat_prescription(sunita, None, None);
    assert!(matches!(none, Err(Error::Invalid(_))));
    let listed = replica.find_medicines("para650").expect("BUG: found")[0].id;
    let paracetamol =
        DraftItem { medicine_id: Some(listed), ..item("Paracetamol 650 mg", "1 sos max 3 // with water") };
    let first = Draft {
        items: vec![paracetamol, item("Tab. Something new", "1-0-1 x5d"), item("Syr. Another", "5-5-5 x5d")],
        diagnoses: vec!["Fever".into()],
        advice: "Rest".into(),
        ..Draft::default()
    };
    let signed = replica.sign_prescription(sunita, &first, &[]).expect("BUG: signed");

    let own = Draft { items: vec![item("tab. something NEW", "1-1-1 x3d")], ..Draft::default() };
    let mut draft = replica.repeat_prescription(sunita, None, Some(own)).expect("BUG: repeated");
    assert_eq!(draft.items.len(), 3, "what stands there already is not written twice");
    assert_eq!(draft.items[1].dose_text, "1 sos max 3 // with water");
    assert_eq!(draft.items[1].source, ItemSource::Repeat);
    assert_eq!((draft.diagnoses.as_slice(), draft.advice.as_str()), (&["Fever".into()][..], "Rest"));
    assert_eq!(draft.repeated, Some(signed.id));

    draft.items.pop();
    draft.items.push(item("Tab. Third", "1-0-0 x1d"));
    let saved = replica.save_draft(sunita, &draft).expect("BUG: saved");
    let difference = saved.difference.expect("BUG: a difference");
    assert_eq!(
        difference.lines,
        [LineDifference::Changed { before: "1-0-1 x5d".into() }, LineDifference::Same, LineDifference::New]
    );
    assert_eq!(difference.removed[0].title, "SYR. ANOTHER");
    assert_eq!(replica.open_pad(sunita).expect("BUG: pad").difference, Some(difference));
}

#[test]
fn two_lines_of_one_medicine_are_both_repeated_and_each_is_compared_with_its_own() {
    let fixture = fixture(Role::Doctor);
    let replica = &fixture.replica;
    let sunita = fixture.register("Sunita", "98204 41276");
    let eyes = ["1 q4h x5d // right eye", "1 tds x5d // left eye"].map(|dose| item("Moxi eye drops", dose));
    let first = Draft { items: eyes.into(), ..Draft::default() };
    replica.sign_prescription(sunita, &first, &[]).expect("BUG: signed");
    let mut draft = replica.repeat_prescription(sunita, None, None).expect("BUG: repeated");
    assert_eq!(draft.items.len(), 2);
    let twice = replica.repeat_prescription(sunita, None, Some(draft.clone())).expect("BUG: repeated");
    assert_eq!(twice.items.len(), 2, "what stands there already is not written twice");
    draft.items[1].dose_text = "1 bd x5d // left eye".into();
    let difference = |draft: &Draft| {
        let saved = replica.save_draft(sunita, draft).expect("BUG: saved");
        saved.difference.expect("BUG: a difference")
    };
    assert_eq!(
        difference(&draft).lines,
        [LineDifference::Same, LineDifference::Changed { before: "1-1-1 x5d // left eye".into() }]
    );
    draft.items.pop();
    let without = difference(&draft);
    assert_eq!((without.lines.as_slice(), without.removed.len()), (&[LineDifference::Same][..], 1));
}

#[test]
fn a_line_without_substitution_says_so_on_paper_and_wherever_it_is_written_again() {
    let fixture = fixture(Role::Doctor);
    let replica = &fixture.replica;
    let sunita = fixture.register("Sunita", "98204 41276");
    let marked = DraftItem { no_substitution: true, ..item("Tab. Thyroxine 50 mcg", "1-0-0 x30d") };
    let draft = Draft { items: vec![marked, item("Tab. Something new", "1-0-1 x5d")], ..Draft::default() };
    replica.save_draft(sunita, &draft).expect("BUG: saved");
    assert_eq!(replica.open_pad(sunita).expect("BUG: pad").draft, draft);
    let previewed = replica.printed_draft(sunita).expect("BUG: drawn").items;
    let signed = replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed");
    let shown = replica.prescription(signed.id).expect("BUG: there").items;
    assert_eq!(shown.iter().map(|line| line.no_substitution).collect::<Vec<_>>(), [true, false]);
    let printed = replica.printed(signed.id).expect("BUG: printed").items;
    for lines in [previewed, printed] {
        let said: Vec<&str> = lines.iter().map(|line| line.substitution.as_str()).collect();
        assert_eq!(said, ["Do not substitute", ""]);
    }
    let repeated = replica.repeat_prescription(sunita, None, None).expect("BUG: repeated");
    let amended = replica.amend_prescription(signed.id).expect("BUG: a draft");
    for again in [repeated, amended] {
        assert_eq!(again.items.iter().map(|line| line.no_substitution).collect::<Vec<_>>(), [true, false]);
    }
    assert_eq!(replica.verify().expect("BUG: verified").problems, Vec::<String>::new());
}

#[test]
fn only_the_patients_own_prescriptions_are_copied() {
    let fixture = fixture(Role::Doctor);
    let replica = &fixture.replica;
    let register = |name, number| replica.register_patient(&form(name, number)).expect("BUG: registered").id;
    let (sunita, aditi) = (register("Sunita", "98204 41276"), register("Aditi", "98204 41277"));
    let draft = Draft { items: vec![item("Paracetamol 650 mg", "1-0-1 x3d")], ..Draft::default() };
    let old = replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed").id;
    let later = Draft { items: vec![item("Cetirizine 10 mg", "0-0-1 x3d")], ..Draft::default() };
    replica.sign_prescription(sunita, &later, &[]).expect("BUG: signed");
    let copied = replica.repeat_prescription(sunita, Some(old), None).expect("BUG: copied");
    assert_eq!(copied.items[0].medicine_text, "Paracetamol 650 mg");
    assert!(matches!(replica.repeat_prescription(aditi, Some(old), None), Err(Error::NotFound)));
}

#[test]
fn a_note_of_any_length_is_signed_printed_in_hindi_and_repeated_whole() {
    let fixture = fixture(Role::Doctor);
    let replica = &fixture.replica;
    let sunita = replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id;
    let note = "shake well. ".repeat(20);
    let dose = format!("5-5-5 x5d pc // {}", note.trim());
    let draft = Draft { items: vec![item("Syr. Another", &dose)], ..Draft::default() };
    let signed = replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed");
    assert!(signed.items[0].directions.ends_with(note.trim()));
    let repeated = replica.repeat_prescription(sunita, None, None).expect("BUG: repeated");
    assert_eq!(repeated.items[0].dose_text, dose);
    let too_long = item("Syr. Another", &format!("5-5-5 // {}", "n".repeat(501)));
    let shown =
        replica.save_draft(sunita, &Draft { items: vec![too_long], ..Draft::default() }).expect("BUG: saved");
    assert_eq!(shown.items[0].directions, "Syr. Another: The note is too long: 500 letters at most.");
}

/// A line as it was signed before units, notes and nights were stored as they are now.
fn signed_before(form: &str, strength: Option<&str>, dose: &str, columns: Value) -> Values {
    let mut values: Values = Dosage::parse(dose)
        .expect("BUG: a dose")
        .columns("ml")
        .map(|(name, value)| (name.to_owned(), value))
        .into();
    values.insert("medicine_id".into(), json!("019ab000-0000-7000-8000-00000000000a"));
    values.insert("dosage_form".into(), json!(form));
    values.insert("strength_text".into(), json!(strength));
    values.extend(columns.as_object().cloned().unwrap_or_default());
    values
}

#[test]
fn what_was_signed_in_another_unit_is_repeated_in_the_unit_that_was_signed() {
    let again =
        |strength, dose| written_again(&signed_before("injection", strength, dose, Value::Null)).dose_text;
    assert_eq!(again(Some("1 g"), "1 od x5d"), "1-0-0 ml x5d");
    assert_eq!(again(Some("100 IU/ml"), "10 hs"), "10 ml hs", "which is now refused, and must be looked at");
    assert_eq!(again(Some("25 mg/ml"), "3 stat"), "3 ml stat");
    let syrup = signed_before("syrup", None, "5 tds // shake", Value::Null);
    assert_eq!(written_again(&syrup).dose_text, "5-5-5 // shake");
}

#[test]
fn a_taper_that_was_stored_with_another_dose_is_neither_put_into_hindi_nor_repeated_as_if_it_were_right() {
    let slots = |morning: u8, night: u8| {
        let amounts = [("morning", morning), ("noon", 0), ("evening", 0), ("night", night)];
        let mut slots: Values = amounts.map(|(time, amount)| (time.to_owned(), json!(amount))).into();
        slots.insert("kind".into(), json!("slots"));
        slots
    };
    let step = |dose: Values| json!({ "dose": dose, "duration": { "value": 3, "unit": "day" } });
    let stored = json!({
        "dose_text": "1 hs x3d then 1 hs x3d",
        "dose_pattern": { "kind": "taper", "steps": [step(slots(1, 1)), step(slots(0, 1))] },
        "patient_directions": "1 ml morning and at bedtime, for 3 days, then 1 ml at bedtime, for 3 days",
    });
    let stored = signed_before("syrup", None, "1-0-1 x3d then 1 hs x3d", stored);
    assert_eq!(directions_in(&stored, Language::Hindi), None);
    assert!(Dosage::parse(&written_again(&stored).dose_text).is_err(), "it must be typed anew");
    let now = signed_before("syrup", None, "1-0-1 x3d then 1 hs x3d", Value::Null);
    assert_eq!(
        directions_in(&now, Language::Hindi).as_deref(),
        Some("1 मि.ली. सुबह और रात, 3 दिन तक, फिर 1 मि.ली. सोते समय, 3 दिन तक")
    );
    assert_eq!(
        written_again(&now).dose_text,
        "1-0-1 ml x3d then 1 ml at bedtime x3d",
        "one of a syrup would be asked about: it may be a spoon"
    );
}

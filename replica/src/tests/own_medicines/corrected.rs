//! Medicines of the clinic's own that are corrected.

use protocol::id::MedicineId;
use protocol::permission::Role;
use protocol::table::{Row, TableName};
use serde_json::json;
use uuid::Uuid;

use super::{chosen, cough_syrup, desk, mox};
use crate::tests::{Fixture, NOW, form};
use crate::view::{Draft, DraftItem, Kept, OwnMedicineForm, ShortKeyForm};

#[test]
fn a_corrected_name_reaches_short_keys_and_what_is_repeated_and_what_was_signed_keeps_its_own() {
    let (fixture, sunita) = desk(Role::Doctor);
    let replica = &fixture.replica;
    let asha = replica.register_patient(&form("Asha", "98204 41277")).expect("BUG: registered").id;
    let id = replica.add_own_medicine(&mox()).expect("BUG: added");
    let key = ShortKeyForm {
        key: "ab".into(),
        title: "Antibiotic".into(),
        lines: "Amoxicillin 500 mg (Mox 500) 1-1-1 x5d".into(),
        ..ShortKeyForm::default()
    };
    replica.save_short_key(None, &key).expect("BUG: saved");
    let draft = replica.expand_short_key(asha, "/ab", Draft::default()).expect("BUG: expanded");
    let signed = replica.sign_prescription(asha, &draft, &[]).expect("BUG: signed").id;
    let seen = replica.own_medicines().expect("BUG: listed").remove(0).form;
    let right = OwnMedicineForm { brand_name: "Novamox 500".into(), ..seen.clone() };
    replica.correct_own_medicine(id, &seen, &right).expect("BUG: corrected");

    let own = replica.own_medicines().expect("BUG: listed").remove(0);
    let name = "Amoxicillin 500 mg (Novamox 500)";
    assert_eq!((own.id, own.name.as_str(), own.is_checked, own.form), (id, name, true, right));
    assert_eq!(chosen(&fixture, "novamox 1-1-1 x5d").id, id);
    assert!(replica.find_medicines("mox 500").expect("BUG: found").is_empty());
    let kept = replica.prescription(signed).expect("BUG: there").items.remove(0);
    assert_eq!(kept.title, "CAP. AMOXICILLIN 500 MG (Mox 500)");
    let again = replica.expand_short_key(asha, "/ab", Draft::default()).expect("BUG: expanded");
    assert_eq!(again.items[0].medicine_text, name);
    let lines = replica.short_keys().expect("BUG: keys").remove(0).form.lines;
    assert_eq!(lines, format!("{name} 1-1-1 x5d"));
    let repeated = replica.repeat_prescription(asha, None, None).expect("BUG: repeated");
    assert_eq!(repeated.items[0].medicine_text, name);
    let pad = replica.save_draft(sunita, &draft).expect("BUG: saved");
    assert_eq!(pad.items[0].title, "CAP. AMOXICILLIN 500 MG (Novamox 500)", "a draft has the new name");
    assert!(replica.check_draft(sunita, &draft, None).expect("BUG: checked").lines[0].is_held);
}

#[test]
fn a_reason_stands_on_paper_though_the_name_of_its_medicine_was_corrected_before_it_was_signed() {
    let (fixture, sunita) = desk(Role::Doctor);
    let replica = &fixture.replica;
    let id = replica.add_own_medicine(&mox()).expect("BUG: added");
    let line = DraftItem {
        medicine_id: Some(id),
        medicine_text: " Amoxicillin 500 mg (Mox 500)".into(),
        dose_text: "1-1-1 x5d".into(),
        ..DraftItem::default()
    };
    let held = Draft { items: vec![line.clone()], ..Draft::default() };
    let found = replica.check_draft(sunita, &held, None).expect("BUG: checked").lines.remove(0).findings;
    let reasons = found.into_iter().map(|one| Kept { key: one.key, reason: "Desensitised".into() });
    let kept = Draft { items: vec![DraftItem { kept: reasons.collect(), ..line }], ..Draft::default() };
    let seen = replica.own_medicines().expect("BUG: listed").remove(0).form;
    let right = OwnMedicineForm { brand_name: "Novamox 500".into(), ..seen.clone() };
    replica.correct_own_medicine(id, &seen, &right).expect("BUG: corrected");
    let signed = replica.sign_prescription(sunita, &kept, &[]).expect("BUG: signed").id;
    let printed = replica.printed(signed).expect("BUG: printed").items.remove(0);
    assert_eq!(printed.title, "CAP. AMOXICILLIN 500 MG (Novamox 500)");
    assert_eq!(printed.remark, "Prescribed knowing of the allergy: Desensitised");
}

#[test]
fn what_is_corrected_into_another_medicine_is_checked_only_if_it_is_one_of_the_list() {
    let (fixture, _) = desk(Role::Doctor);
    let replica = &fixture.replica;
    let id = replica.add_own_medicine(&mox()).expect("BUG: added");
    let own = || replica.own_medicines().expect("BUG: listed").remove(0);
    let seen = own().form;
    let weaker = OwnMedicineForm { strength_text: "250 mg".into(), ..seen.clone() };
    replica.correct_own_medicine(id, &seen, &weaker).expect("BUG: corrected");
    assert_eq!((own().name.as_str(), own().is_checked), ("Amoxicillin 250 mg (Mox 500)", false));
    replica.correct_own_medicine(id, &own().form, &mox()).expect("BUG: corrected");
    assert_eq!((own().name.as_str(), own().is_checked), ("Amoxicillin 500 mg (Mox 500)", true));
}

/// Azithromycin in the list as well, and the form of a brand of it.
fn azithromycin(fixture: &Fixture) -> OwnMedicineForm {
    let values = json!({ "generic_name": "Azithromycin", "strength_text": "500 mg", "dosage_form": "tablet",
        "route": "oral", "ingredients": [{ "name": "Azithromycin", "strength": "500 mg" }],
        "allergen_classes": ["macrolide"], "schedule": "H", "is_combination": false,
        "search_text": "azithromycin 500 mg", "is_active": true });
    let values = serde_json::from_value(values).expect("BUG: values");
    let list = Uuid::from_u128(0xa31);
    let row = Row { table: TableName::Medicines, id: list, version: 3, deleted: false, values };
    fixture.store.stage(&[row]).expect("BUG: staged");
    fixture.store.apply_staged(vec![], (3, 3), (None, NOW)).expect("BUG: applied");
    OwnMedicineForm { same_as: Some(MedicineId(list)), ..mox() }
}

/// A prescription of this medicine.
fn prescribe(fixture: &Fixture, id: MedicineId, dose: &str) {
    let asha = fixture.register("Asha", "98204 41277");
    let line = DraftItem { medicine_id: Some(id), dose_text: dose.into(), ..DraftItem::default() };
    let draft = Draft { items: vec![line], ..Draft::default() };
    fixture.replica.sign_prescription(asha, &draft, &[]).expect("BUG: signed");
}

const PRESCRIBED: &str = "This medicine was prescribed already as what it is: take it out of use and add the other one. \
                          Nothing was saved yet.";

#[test]
fn what_was_prescribed_is_never_corrected_into_what_the_checks_would_take_for_something_else() {
    let (fixture, _) = desk(Role::Doctor);
    let replica = &fixture.replica;
    let azithromycin = azithromycin(&fixture);
    let id = replica.add_own_medicine(&azithromycin).expect("BUG: added");
    let own = || replica.own_medicines().expect("BUG: listed").remove(0);
    replica.correct_own_medicine(id, &own().form, &mox()).expect("BUG: nobody takes it yet");
    prescribe(&fixture, id, "1-1-1 x5d");
    let before = own();
    let weaker = OwnMedicineForm { strength_text: "250 mg".into(), ..before.form.clone() };
    for other in [&azithromycin, &weaker, &cough_syrup()] {
        let said = replica.correct_own_medicine(id, &before.form, other).expect_err("BUG: refused");
        assert_eq!(said.to_string(), PRESCRIBED, "{other:?}");
        assert_eq!(own(), before);
    }
    let named = OwnMedicineForm { brand_name: "Novamox 500".into(), ..before.form.clone() };
    replica.correct_own_medicine(id, &before.form, &named).expect("BUG: a brand is corrected");
    replica.correct_own_medicine(id, &named, &mox()).expect("BUG: the same one is chosen anew");
}

#[test]
fn what_was_only_prepared_for_a_doctor_may_still_be_corrected() {
    let (fixture, patient) = desk(Role::Doctor);
    let replica = &fixture.replica;
    let azithromycin = azithromycin(&fixture);
    let id = replica.add_own_medicine(&mox()).expect("BUG: added");
    let line = DraftItem { medicine_id: Some(id), dose_text: "1-1-1 x5d".into(), ..DraftItem::default() };
    let draft = Draft { items: vec![line], ..Draft::default() };
    replica.give_to_doctor(patient, &draft).expect("BUG: given");
    let own = || replica.own_medicines().expect("BUG: listed").remove(0);
    replica.correct_own_medicine(id, &own().form, &azithromycin).expect("BUG: nobody takes it yet");
    replica.correct_own_medicine(id, &own().form, &cough_syrup()).expect("BUG: nobody takes it yet");
}

#[test]
fn two_corrections_do_not_do_what_one_may_not() {
    let (fixture, _) = desk(Role::Doctor);
    let replica = &fixture.replica;
    let azithromycin = azithromycin(&fixture);
    let id = replica.add_own_medicine(&cough_syrup()).expect("BUG: added");
    prescribe(&fixture, id, "10 ml tds x5d");
    let own = || replica.own_medicines().expect("BUG: listed").remove(0);
    let spelt = OwnMedicineForm {
        generic_name: "Azithromycin".into(),
        strength_text: "500 mg".into(),
        dosage_form: "tablet".into(),
        brand_name: "Mox 500".into(),
        ..OwnMedicineForm::default()
    };
    replica.correct_own_medicine(id, &own().form, &spelt).expect("BUG: words are corrected");
    let before = own();
    for other in [&azithromycin, &mox()] {
        let said = replica.correct_own_medicine(id, &before.form, other).expect_err("BUG: refused");
        assert_eq!(said.to_string(), PRESCRIBED);
        assert_eq!(own(), before);
    }
}

#[test]
fn a_correction_of_what_was_changed_meanwhile_or_into_another_one_of_the_list_is_refused() {
    let (fixture, _) = desk(Role::Doctor);
    let replica = &fixture.replica;
    let id = replica.add_own_medicine(&mox()).expect("BUG: added");
    let syrup = replica.add_own_medicine(&cough_syrup()).expect("BUG: added");
    let seen = |id| {
        let own = replica.own_medicines().expect("BUG: listed");
        own.into_iter().find(|one| one.id == id).expect("BUG: there").form
    };
    let (before, syrup_before) = (seen(id), seen(syrup));
    let waiting = || fixture.store.sync_state().expect("BUG: readable").waiting;
    let first = waiting();
    replica.correct_own_medicine(id, &before, &before).expect("BUG: nothing to do");
    assert_eq!(waiting(), first);
    let dose = OwnMedicineForm { default_dose: "1-0-1 x5d".into(), ..before.clone() };
    replica.correct_own_medicine(id, &before, &dose).expect("BUG: corrected");
    for (id, seen, form, why) in [
        (id, &before, &mox(), "was changed meanwhile"),
        (syrup, &syrup_before, &mox(), "in the list already"),
        (syrup, &syrup_before, &OwnMedicineForm::default(), "name of the medicine is missing"),
    ] {
        let said = replica.correct_own_medicine(id, seen, form).expect_err("BUG: refused").to_string();
        assert!(said.contains(why) && said.contains("Nothing was saved yet."), "{said}");
    }
    assert_eq!((seen(id), seen(syrup)), (dose, syrup_before));
}

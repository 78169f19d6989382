//! Medicines that the clinic adds to the list itself.

mod corrected;

use protocol::id::{MedicineId, PatientId};
use protocol::permission::Role;
use protocol::table::{Row, TableName};
use serde_json::json;
use uuid::Uuid;

use super::{Fixture, NOW, fixture, form};
use crate::error::Error;
use crate::language::Language;
use crate::replica::Replica;
use crate::view::{
    AllergyForm, Draft, DraftItem, LineChoice, MedicineFound, OwnMedicineForm, PatientForm, ShortKeyForm,
};

const AMOXICILLIN: u128 = 0xa30;

/// A desk whose list has amoxicillin, and a patient who is allergic to penicillins.
fn desk(role: Role) -> (Fixture, PatientId) {
    let fixture = fixture(role);
    let values = json!({ "generic_name": "Amoxicillin", "strength_text": "500 mg", "dosage_form": "capsule",
        "route": "oral", "ingredients": [{ "name": "Amoxicillin", "strength": "500 mg" }],
        "allergen_classes": ["penicillin"], "schedule": "H", "is_combination": false,
        "search_text": "amoxicillin 500 mg", "is_active": true });
    let values = serde_json::from_value(values).expect("BUG: values");
    let id = Uuid::from_u128(AMOXICILLIN);
    let row = Row { table: TableName::Medicines, id, version: 2, deleted: false, values };
    fixture.store.stage(&[row]).expect("BUG: staged");
    fixture.store.apply_staged(vec![], (2, 2), (None, NOW)).expect("BUG: applied");
    let penicillins = AllergyForm {
        substance: "Penicillins".into(),
        class_code: Some("penicillin".into()),
        certainty: "confirmed".into(),
        status: "active".into(),
        ..AllergyForm::default()
    };
    let allergies = if role == Role::Doctor { vec![penicillins] } else { vec![] };
    let sunita = PatientForm { allergies, ..form("Sunita", "98204 41276") };
    let sunita = fixture.replica.register_patient(&sunita).expect("BUG: registered").id;
    (fixture, sunita)
}

fn mox() -> OwnMedicineForm {
    OwnMedicineForm {
        same_as: Some(MedicineId(Uuid::from_u128(AMOXICILLIN))),
        brand_name: " Mox  500 ".into(),
        default_dose: "1-1-1 x5d pc".into(),
        ..OwnMedicineForm::default()
    }
}

fn cough_syrup() -> OwnMedicineForm {
    OwnMedicineForm {
        generic_name: "Khasi syrup".into(),
        dosage_form: "syrup".into(),
        ..OwnMedicineForm::default()
    }
}

fn chosen(fixture: &Fixture, line: &str) -> MedicineFound {
    match fixture.replica.read_line(line, None).expect("BUG: read").choice {
        LineChoice::Chosen { medicine } => medicine,
        other => panic!("{line}: {other:?}"),
    }
}

fn refused(fixture: &Fixture, form: &OwnMedicineForm) -> String {
    fixture.replica.add_own_medicine(form).expect_err("BUG: must be refused").to_string()
}

#[test]
fn a_brand_of_the_list_is_found_checked_and_printed_with_its_generic_name() {
    let (fixture, sunita) = desk(Role::Doctor);
    let id = fixture.replica.add_own_medicine(&mox()).expect("BUG: added");
    let own = fixture.replica.own_medicines().expect("BUG: listed");
    assert_eq!((own[0].name.as_str(), own[0].is_checked), ("Amoxicillin 500 mg (Mox 500)", true));
    let found = chosen(&fixture, "mox 500 1-1-1 x5d");
    assert_eq!((found.id, found.default_dose.as_deref()), (id, Some("1-1-1 x5d pc")));
    assert_eq!(
        chosen(&fixture, "amox 500 1-1-1 x5d").id.0,
        Uuid::from_u128(AMOXICILLIN),
        "the plain one first"
    );
    assert_eq!(
        chosen(&fixture, "Amoxicillin 500 mg (Mox 500) hs x5d").id,
        id,
        "as it is taken back to be edited"
    );
    let line = DraftItem {
        medicine_id: Some(id),
        medicine_text: "Amoxicillin 500 mg (Mox 500)".into(),
        dose_text: "1-1-1 x5d".into(),
        ..DraftItem::default()
    };
    let draft = Draft { items: vec![line], ..Draft::default() };
    let safety = fixture.replica.check_draft(sunita, &draft, None).expect("BUG: checked");
    assert!(safety.lines[0].is_checked && safety.lines[0].is_held, "{safety:?}");
    let pad = fixture.replica.save_draft(sunita, &draft).expect("BUG: saved");
    assert_eq!(pad.items[0].title, "CAP. AMOXICILLIN 500 MG (Mox 500)");
}

#[test]
fn a_brand_that_is_called_like_a_short_name_is_what_is_meant_by_it() {
    let (fixture, _) = desk(Role::Doctor);
    assert_eq!(chosen(&fixture, "amoxy 500 1-1-1 x5d").id.0, Uuid::from_u128(AMOXICILLIN));
    let form = OwnMedicineForm { brand_name: "Amoxy 500".into(), ..mox() };
    let id = fixture.replica.add_own_medicine(&form).expect("BUG: added");
    assert_eq!(chosen(&fixture, "amoxy 500 1-1-1 x5d").id, id);
}

#[test]
fn a_combination_is_found_by_the_sum_of_its_strengths_where_all_of_it_is_named() {
    let (fixture, _) = desk(Role::Doctor);
    let values = json!({ "generic_name": "Amoxicillin + Clavulanic acid", "strength_text": "500 mg + 125 mg",
        "dosage_form": "tablet", "route": "oral", "ingredients": [], "allergen_classes": ["penicillin"],
        "schedule": "H", "is_combination": true, "is_active": true,
        "search_text": "amoxicillin + clavulanic acid 500 mg + 125 mg" });
    let values = serde_json::from_value(values).expect("BUG: values");
    let id = Uuid::from_u128(0xa31);
    let row = Row { table: TableName::Medicines, id, version: 3, deleted: false, values };
    fixture.store.stage(&[row]).expect("BUG: staged");
    fixture.store.apply_staged(vec![], (3, 3), (None, NOW)).expect("BUG: applied");
    for line in ["tab amoxyclav 625 1-0-1 x5d", "co-amoxiclav 625 mg bd", "amox clav 625 1-0-1"] {
        assert_eq!(chosen(&fixture, line).id.0, id, "{line}");
    }
    for line in ["amoxicillin 625 1-0-1", "amoxyclav 600 1-0-1"] {
        let read = fixture.replica.read_line(line, None).expect("BUG: read");
        assert_eq!(read.choice, LineChoice::Free, "{line}");
    }
}

#[test]
fn an_allergy_that_is_noted_by_a_brand_holds_the_clinics_own_medicine_of_that_brand() {
    let (fixture, _) = desk(Role::Doctor);
    let paracetamol = MedicineId(Uuid::from_u128(0x3ed));
    let dolo = OwnMedicineForm {
        same_as: Some(paracetamol),
        brand_name: "Zycol 650".into(),
        ..OwnMedicineForm::default()
    };
    let dolo = fixture.replica.add_own_medicine(&dolo).expect("BUG: added");
    let noted = AllergyForm {
        substance: "Zycol: rash".into(),
        certainty: "suspected".into(),
        status: "active".into(),
        ..AllergyForm::default()
    };
    let asha = PatientForm { allergies: vec![noted], ..form("Asha", "98204 41277") };
    let asha = fixture.replica.register_patient(&asha).expect("BUG: registered").id;
    let is_held = |id| {
        let line = DraftItem { medicine_id: Some(id), dose_text: "1-0-1 x3d".into(), ..DraftItem::default() };
        let draft = Draft { items: vec![line], ..Draft::default() };
        fixture.replica.check_draft(asha, &draft, None).expect("BUG: checked").lines[0].is_held
    };
    assert!(is_held(dolo));
    assert!(!is_held(paracetamol), "it is sold under other names as well");
}

#[test]
fn of_two_brands_the_one_that_was_typed_whole_is_meant() {
    let (fixture, _) = desk(Role::Doctor);
    let forte = OwnMedicineForm { brand_name: "Mox 500 Forte".into(), ..mox() };
    let forte = fixture.replica.add_own_medicine(&forte).expect("BUG: added");
    let plain = fixture.replica.add_own_medicine(&mox()).expect("BUG: added");
    assert_eq!(chosen(&fixture, "mox 500 1-0-1").id, plain);
    assert_eq!(chosen(&fixture, "mox 500 forte 1-0-1").id, forte);
}

#[test]
fn however_many_brands_there_are_the_plain_medicine_is_offered_and_meant() {
    let (fixture, _) = desk(Role::Doctor);
    for place in 0..14 {
        let brand = OwnMedicineForm { brand_name: format!("Brand {place}"), ..mox() };
        fixture.replica.add_own_medicine(&brand).expect("BUG: added");
    }
    let plain = MedicineId(Uuid::from_u128(AMOXICILLIN));
    let found = fixture.replica.find_medicines("amoxicillin").expect("BUG: found");
    assert_eq!((found.len(), found.iter().filter(|one| one.id == plain).count()), (12, 1));
    let offered = fixture.replica.read_line("amoxi", None).expect("BUG: read").found;
    assert_eq!((offered.len(), offered.iter().filter(|one| one.id == plain).count()), (5, 1));
    assert_eq!(chosen(&fixture, "amox 500 1-1-1 x5d").id, plain);
}

#[test]
fn the_form_that_is_typed_in_a_line_narrows_which_medicine_is_meant() {
    let (fixture, _) = desk(Role::Doctor);
    let add = |generic: &str, strength: &str, form: &str| {
        let own = OwnMedicineForm {
            generic_name: generic.into(),
            strength_text: strength.into(),
            dosage_form: form.into(),
            ..OwnMedicineForm::default()
        };
        fixture.replica.add_own_medicine(&own).expect("BUG: added")
    };
    let dry_syrup = add("Cefixime", "100 mg/5 ml", "suspension");
    let (drops, ointment) = (add("Tobramycin", "0.3 %", "eye_drops"), add("Tobramycin", "0.3 %", "ointment"));
    let cetirizine = add("Cetirizine", "10 mg", "tablet");
    let amoxicillin = MedicineId(Uuid::from_u128(AMOXICILLIN));
    for (line, medicine, dose) in [
        ("amox 500 cap 1-0-1 5d", amoxicillin, "1-0-1 5d"),
        ("amox 500 cap bd 5d", amoxicillin, "bd 5d"),
        ("Cap. amox 500 1-0-1 5d", amoxicillin, "1-0-1 5d"),
        ("cefixime 100 syp 5 ml bd x5d", dry_syrup, "5 ml bd x5d"),
        ("tobra eye drops 1 drop qid", drops, "1 drop qid"),
        ("tobra eye oint hs", ointment, "hs"),
        ("cetirizine 10 tab od", cetirizine, "od"),
        ("cetirizine 2 tab od", cetirizine, "2 tab od"),
    ] {
        assert_eq!(chosen(&fixture, line).id, medicine, "{line}");
        assert_eq!(fixture.replica.read_line(line, None).expect("BUG: read").dose, dose, "{line}");
    }
    let read = fixture.replica.read_line("amox 500 inj 1 stat", None).expect("BUG: read");
    assert_eq!(read.choice, LineChoice::Free, "what is of another form is not guessed");
}

/// Two medicines of one name and strength.
fn twins(fixture: &Fixture, generic: &str, strength: &str, forms: [&str; 2]) -> [MedicineId; 2] {
    forms.map(|form| {
        let own = OwnMedicineForm {
            generic_name: generic.into(),
            strength_text: strength.into(),
            dosage_form: form.into(),
            ..OwnMedicineForm::default()
        };
        fixture.replica.add_own_medicine(&own).expect("BUG: added")
    })
}

#[test]
fn a_line_that_is_taken_back_keeps_its_medicine_until_another_one_is_typed() {
    let (fixture, sunita) = desk(Role::Doctor);
    let [eye, ear] = twins(&fixture, "Ciprofloxacin", "0.3 %", ["eye_drops", "ear_drops"]);
    let was = |id| DraftItem {
        medicine_id: Some(id),
        medicine_text: "Ciprofloxacin 0.3 %".into(),
        dose_text: "1 drop bd".into(),
        ..DraftItem::default()
    };
    let meant = |line: &str, was: &DraftItem| match fixture
        .replica
        .read_line(line, Some(was))
        .expect("BUG: read")
        .choice
    {
        LineChoice::Chosen { medicine } => Some(medicine.id),
        _ => None,
    };
    for id in [eye, ear] {
        for line in
            ["Ciprofloxacin 0.3 %: 1 drop bd", "ciprofloxacin 0.3 % 2 drops qid", "Ciprofloxacin 0.3 %"]
        {
            assert_eq!(meant(line, &was(id)), Some(id), "{line}");
        }
        let listed = MedicineId(Uuid::from_u128(AMOXICILLIN));
        assert_eq!(meant("amox 500 1-1-1 x5d", &was(id)), Some(listed), "another one is typed");
        assert_eq!(meant("ciprofloxacin 0.3 % ear drops: 1 drop bd", &was(id)), Some(ear));
        let line = "Ciprofloxacin 0.3 %: 1 drop".to_owned();
        let draft = Draft { line, line_was: Some(was(id)), ..Draft::default() };
        fixture.replica.save_draft(sunita, &draft).expect("BUG: saved");
        assert_eq!(fixture.replica.open_pad(sunita).expect("BUG: a pad").draft, draft, "also the next day");
    }
}

#[test]
fn of_eye_and_ear_drops_of_one_strength_none_is_guessed_however_often_one_was_written() {
    let (fixture, sunita) = desk(Role::Doctor);
    let replica = &fixture.replica;
    let [eye, ear] = twins(&fixture, "Ciprofloxacin", "0.3 %", ["eye_drops", "ear_drops"]);
    let often = DraftItem { medicine_id: Some(ear), dose_text: "1 drop bd".into(), ..DraftItem::default() };
    let draft = Draft { items: vec![often], ..Draft::default() };
    replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed");
    let read = replica.read_line("cipro 0.3 1 drop qid", None).expect("BUG: read");
    assert_eq!((read.choice, read.found.len()), (LineChoice::Several { count: 2 }, 2));
    assert_eq!(chosen(&fixture, "cipro 0.3 eye 1 drop qid").id, eye);
    let key = ShortKeyForm {
        key: "eye".into(),
        title: "Eye".into(),
        lines: "cipro 0.3 1 drop qid".into(),
        ..ShortKeyForm::default()
    };
    let said = replica.save_short_key(None, &key).expect_err("BUG: refused").to_string();
    assert!(said.contains("Write the strength or the form too."), "{said}");
    let form = Replica::read_dosage("1 drop qid", "Ciprofloxacin", "eye_drops", "0.3 %", Language::En);
    assert_eq!(form.expect("BUG: read").form, "EYE DROPS");
}

#[test]
fn a_medicine_whose_name_says_its_form_is_said_back_with_it_once_as_it_prints() {
    let (fixture, sunita) = desk(Role::Doctor);
    let replica = &fixture.replica;
    let form = OwnMedicineForm {
        generic_name: "Xyzol tablet".into(),
        strength_text: "5 mg".into(),
        dosage_form: "tablet".into(),
        ..OwnMedicineForm::default()
    };
    replica.add_own_medicine(&form).expect("BUG: added");
    let medicine = chosen(&fixture, "xyzol 1-0-1");
    let echo = Replica::read_dosage("1-0-1", &medicine.generic_name, "tablet", "5 mg", Language::En);
    assert_eq!(echo.expect("BUG: read").form, "");
    let dose_text = "1-0-1".into();
    let item = DraftItem { medicine_id: Some(medicine.id), dose_text, ..DraftItem::default() };
    let draft = Draft { items: vec![item], ..Draft::default() };
    let signed = replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed");
    assert_eq!(signed.items[0].title, "XYZOL TABLET 5 MG");
}

#[test]
fn a_short_key_that_is_opened_and_saved_keeps_its_medicines() {
    let (fixture, sunita) = desk(Role::Doctor);
    let [tablet, injection] = twins(&fixture, "Pantoprazole", "40 mg", ["tablet", "injection"]);
    let replica = &fixture.replica;
    let key = ShortKeyForm {
        key: "acid".into(),
        title: "Acid".into(),
        lines: "pantoprazole 40 inj 1 vial od\npantoprazole 40 tab 1-0-0".into(),
        ..ShortKeyForm::default()
    };
    let id = replica.save_short_key(None, &key).expect("BUG: saved");
    let shown = replica.short_keys().expect("BUG: keys").remove(0).form;
    assert_eq!(shown.lines, "Pantoprazole 40 mg injection 1-0-0 vial\nPantoprazole 40 mg tablet 1-0-0");
    replica.save_short_key(Some((id, &shown)), &shown).expect("BUG: saved again");
    let new = replica.expand_short_key(sunita, "/acid", Draft::default()).expect("BUG: expanded");
    let meant: Vec<_> = new.items.iter().filter_map(|item| item.medicine_id).collect();
    assert_eq!(meant, [injection, tablet]);
}

#[test]
fn what_is_in_no_list_is_found_and_never_called_checked() {
    let (fixture, sunita) = desk(Role::Doctor);
    let id = fixture.replica.add_own_medicine(&cough_syrup()).expect("BUG: added");
    assert!(!fixture.replica.own_medicines().expect("BUG: listed")[0].is_checked);
    let found = chosen(&fixture, "khasi 10 ml tds");
    assert_eq!((found.id, found.dosage_form.as_str()), (id, "syrup"));
    let line = DraftItem { medicine_id: Some(id), dose_text: "10 ml tds".into(), ..DraftItem::default() };
    let draft = Draft { items: vec![line], ..Draft::default() };
    let safety = fixture.replica.check_draft(sunita, &draft, None).expect("BUG: checked");
    assert!(!safety.lines[0].is_checked);
}

#[test]
fn what_has_no_name_no_form_an_unreadable_dose_or_is_there_already_is_not_added() {
    let (fixture, _) = desk(Role::Doctor);
    fixture.replica.add_own_medicine(&mox()).expect("BUG: added");
    let twin = OwnMedicineForm {
        generic_name: "amoxicillin".into(),
        strength_text: "500 mg".into(),
        dosage_form: "capsule".into(),
        ..OwnMedicineForm::default()
    };
    for (form, why) in [
        (OwnMedicineForm { brand_name: "mox 500".into(), ..mox() }, "in the list already"),
        (twin, "in the list already"),
        (OwnMedicineForm { brand_name: " ".into(), ..mox() }, "name under which it is sold is missing"),
        (OwnMedicineForm { generic_name: String::new(), ..cough_syrup() }, "name of the medicine is missing"),
        (
            OwnMedicineForm { dosage_form: "pill".into(), ..cough_syrup() },
            "form in which it comes is missing",
        ),
        (OwnMedicineForm { default_dose: "2 spoons".into(), ..cough_syrup() }, "2 spoons"),
    ] {
        let said = refused(&fixture, &form);
        assert!(said.contains(why) && said.contains("Nothing was saved yet."), "{said}");
    }
    assert_eq!(fixture.replica.own_medicines().expect("BUG: listed").len(), 1);
}

#[test]
fn what_is_taken_out_of_use_is_not_offered_any_more_and_comes_back() {
    let (fixture, _) = desk(Role::Doctor);
    let id = fixture.replica.add_own_medicine(&mox()).expect("BUG: added");
    fixture.replica.keep_own_medicine(id, false).expect("BUG: taken out");
    assert!(fixture.replica.own_medicines().expect("BUG: listed").is_empty());
    assert!(fixture.replica.find_medicines("mox").expect("BUG: found").is_empty());
    fixture.replica.keep_own_medicine(id, true).expect("BUG: brought back");
    assert_eq!(fixture.replica.find_medicines("mox").expect("BUG: found").len(), 1);
}

#[test]
fn who_does_not_prescribe_adds_nothing() {
    let (fixture, _) = desk(Role::Nurse);
    let answer = fixture.replica.add_own_medicine(&mox());
    assert!(matches!(answer, Err(Error::Forbidden(_))), "{answer:?}");
    let id = MedicineId(Uuid::from_u128(1));
    let answer = fixture.replica.correct_own_medicine(id, &mox(), &cough_syrup());
    assert!(matches!(answer, Err(Error::Forbidden(_))), "{answer:?}");
}

//! Words that stand for a regimen or a phrase, and suggestions that learn.

use protocol::id::{MedicineId, PatientId};
use protocol::permission::Role;
use protocol::table::{Row, TableName};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Fixture, NOW, fixture, form, item};
use crate::error::Error;
use crate::view::{AllergyForm, Draft, DraftItem, ItemSource, OwnMedicineForm, PatientForm, ShortKeyForm};

fn key(id: u128, name: &str, doctor: Option<u128>, guard: Value) -> Row {
    let mut values = json!({ "key": name, "title": "Cold", "kind": "prescription",
        "scope": if doctor.is_some() { "doctor" } else { "tenant" }, "is_active": true,
        "doctor_id": doctor.map(Uuid::from_u128),
        "body": { "diagnoses": [{ "text": "Acute URTI", "icd10": "J06.9" }], "advice": "Warm fluids",
            "investigations": ["CBC"], "follow_up_days": 5,
            "items": [{ "medicine_id": Uuid::from_u128(0x3ed), "medicine_text": "Paracetamol 650 mg",
                        "dose_text": "1-1-1 x3d pc" },
                      { "medicine_id": null, "medicine_text": "Steam", "dose_text": "twice a day x3d" }] } });
    for (name, value) in guard.as_object().into_iter().flatten() {
        values[name] = value.clone();
    }
    let values = serde_json::from_value(values).expect("BUG: values");
    Row { table: TableName::ShortKeys, id: Uuid::from_u128(id), version: 2, deleted: false, values }
}

fn desk(keys: &[Row]) -> (Fixture, PatientId) {
    let fixture = fixture(Role::Doctor);
    fixture.store.stage(keys).expect("BUG: staged");
    fixture.store.apply_staged(vec![], (2, 2), (None, NOW)).expect("BUG: applied");
    let sunita =
        fixture.replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id;
    (fixture, sunita)
}

fn said(answer: Result<Draft, Error>) -> String {
    answer.expect_err("BUG: must be refused").to_string()
}

#[test]
fn a_key_gives_a_whole_regimen_after_what_stands_there() {
    let (fixture, sunita) = desk(&[key(1, "urti", None, json!({}))]);
    let own = Draft {
        items: vec![item("Cetirizine 10 mg", "0-0-1 x3d")],
        advice: "Rest".into(),
        ..Draft::default()
    };
    let draft = fixture.replica.expand_short_key(sunita, "/urti", own).expect("BUG: expanded");
    assert_eq!(draft.items.len(), 3);
    assert_eq!(
        (draft.items[1].source, draft.items[1].dose_text.as_str()),
        (ItemSource::ShortKey, "1-1-1 x3d pc")
    );
    assert_eq!(draft.advice, "Rest\nWarm fluids");
    assert_eq!((draft.investigations.as_str(), draft.follow_up.as_str()), ("CBC", "5d"));
    let signed = fixture.replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed");
    assert_eq!(signed.items[1].directions, "1 tablet morning, noon and night, after food, for 3 days");
    let wrong = said(fixture.replica.expand_short_key(sunita, "/urtii", Draft::default()));
    assert_eq!(wrong, "No key /urtii. Did you mean /urti?");
    assert_eq!(said(fixture.replica.expand_short_key(sunita, "/xyzzy", Draft::default())), "No key /xyzzy.");
}

#[test]
fn a_line_of_a_key_is_left_out_only_where_the_whole_line_stands_already() {
    let lines = json!({ "advice": ["Rest", "Warm fluids"], "investigations": ["CBC"], "items": [] });
    let (fixture, sunita) = desk(&[key(1, "urti", None, json!({ "body": lines }))]);
    let own = Draft {
        advice: "No rest needed; Rest if it hurts\n Warm fluids ".into(),
        investigations: "CBC with ESR".into(),
        ..Draft::default()
    };
    let draft = fixture.replica.expand_short_key(sunita, "/urti", own).expect("BUG: expanded");
    assert_eq!(draft.advice, "No rest needed; Rest if it hurts\n Warm fluids \nRest");
    assert_eq!(draft.investigations, "CBC with ESR\nCBC");
    let again = fixture.replica.expand_short_key(sunita, "/urti", draft.clone()).expect("BUG: expanded");
    assert_eq!((again.advice, again.investigations), (draft.advice, draft.investigations));
}

#[test]
fn a_key_is_for_its_age_and_sex_and_the_doctors_own_comes_first() {
    let (fixture, sunita) = desk(&[
        key(1, "urti", None, json!({})),
        key(2, "urti", Some(0xd0c), json!({ "title": "Mine", "min_age_months": 144 })),
        key(3, "urti", Some(0xbad), json!({ "title": "A colleague's" })),
        key(4, "bph", None, json!({ "sex": "male" })),
    ]);
    let found = |patient| fixture.replica.find_short_keys(patient, "/").expect("BUG: found");
    let titles: Vec<String> = found(sunita).into_iter().map(|key| key.title).collect();
    assert_eq!(titles, ["Mine"], "an own one shadows the tenant's");
    let why = said(fixture.replica.expand_short_key(sunita, "/bph", Draft::default()));
    assert_eq!(why, "/bph is for men.");
    let child = PatientForm { age_years: Some(6), ..form("Aditi", "98204 41277") };
    let child = fixture.replica.register_patient(&child).expect("BUG: registered").id;
    assert_eq!(found(child)[0].title, "Cold", "the own one is for grown-ups");
    assert!(fixture.replica.expand_short_key(child, "/urti", Draft::default()).is_ok());
}

#[test]
fn a_key_is_written_changed_and_removed_and_each_of_its_lines_must_be_readable() {
    let (fixture, sunita) = desk(&[]);
    let replica = &fixture.replica;
    let own = ShortKeyForm {
        key: "/Fever".into(),
        title: "Fever".into(),
        is_own: true,
        lines: "para 650 1-1-1 x3d pc\nSteam twice a day x3d".into(),
        follow_up: "3d".into(),
        ..ShortKeyForm::default()
    };
    for (bad, why) in [
        (ShortKeyForm { key: "no spaces".into(), ..own.clone() }, "small letters"),
        (ShortKeyForm { title: " ".into(), ..own.clone() }, "title"),
        (ShortKeyForm { lines: String::new(), ..own.clone() }, "stands for nothing"),
        (ShortKeyForm { lines: "para 650 1-1-1 x5q".into(), ..own.clone() }, "Not understood"),
        (
            ShortKeyForm { min_age_months: Some(20), max_age_months: Some(10), ..own.clone() },
            "wrong way round",
        ),
    ] {
        let error = replica.save_short_key(None, &bad).expect_err("BUG: must be refused").to_string();
        assert!(error.contains(why), "{error}");
    }
    let id = replica.save_short_key(None, &own).expect("BUG: saved");
    assert!(replica.save_short_key(None, &own).is_err(), "the name is taken");
    let draft = replica.expand_short_key(sunita, "/fever", Draft::default()).expect("BUG: expanded");
    assert_eq!(draft.items[0].medicine_text, "Paracetamol 650 mg");
    assert!(draft.items[0].medicine_id.is_some());
    let mut kept = replica.short_keys().expect("BUG: keys")[0].clone();
    assert_eq!(
        (kept.id, kept.form.lines.as_str()),
        (id, "Paracetamol 650 mg 1-1-1 x3d pc\nSteam twice a day x3d")
    );
    let seen = kept.form.clone();
    kept.form.follow_up = "1w".into();
    assert_eq!(replica.save_short_key(Some((id, &seen)), &kept.form).expect("BUG: saved"), id);
    let draft = replica.expand_short_key(sunita, "/fever", Draft::default()).expect("BUG: expanded");
    assert_eq!(draft.follow_up, "1w");
    replica.remove_short_key(id).expect("BUG: removed");
    assert_eq!(replica.short_keys().expect("BUG: keys"), []);
    let nurse = super::fixture(Role::Nurse);
    assert!(matches!(nurse.replica.save_short_key(None, &own), Err(Error::Forbidden(_))));
}

#[test]
fn a_key_that_was_changed_since_it_was_opened_is_never_saved_over() {
    let (fixture, _) = desk(&[key(1, "urti", None, json!({}))]);
    let replica = &fixture.replica;
    let stored = || replica.short_keys().expect("BUG: keys").remove(0);
    let seen = stored();
    let theirs = ShortKeyForm { advice: "Steam".into(), ..seen.form.clone() };
    replica.save_short_key(Some((seen.id, &seen.form)), &theirs).expect("BUG: saved");
    let ours = ShortKeyForm { follow_up: "1w".into(), ..seen.form.clone() };
    let said =
        replica.save_short_key(Some((seen.id, &seen.form)), &ours).expect_err("BUG: refused").to_string();
    assert_eq!(said, "This short key was changed meanwhile: open it anew. Nothing was saved yet.");
    let anew = stored().form;
    assert_eq!((anew.advice.as_str(), anew.follow_up.as_str()), ("Steam", "5d"));
    let both = ShortKeyForm { follow_up: "1w".into(), ..anew.clone() };
    replica.save_short_key(Some((seen.id, &anew)), &both).expect("BUG: saved");
    assert_eq!(stored().form, both);
}

#[test]
fn a_line_that_is_not_touched_keeps_its_medicine_also_where_no_word_tells_its_form() {
    let (fixture, sunita) = desk(&[]);
    let replica = &fixture.replica;
    let add = |form: &str| {
        let own = OwnMedicineForm {
            generic_name: "Polyethylene glycol".into(),
            strength_text: "17 g".into(),
            dosage_form: form.into(),
            ..OwnMedicineForm::default()
        };
        replica.add_own_medicine(&own).expect("BUG: added")
    };
    let (powder, _) = (add("powder"), add("sachet"));
    let items =
        json!([{ "medicine_id": powder, "medicine_text": "Polyethylene glycol 17 g", "dose_text": "1 od" }]);
    let gut = key(1, "gut", None, json!({ "body": { "items": items } }));
    fixture.store.stage(&[Row { version: 3, ..gut }]).expect("BUG: staged");
    fixture.store.apply_staged(vec![], (3, 3), (None, NOW)).expect("BUG: applied");
    let seen = replica.short_keys().expect("BUG: keys").remove(0);
    let titled = ShortKeyForm { title: "Bowels".into(), ..seen.form.clone() };
    replica.save_short_key(Some((seen.id, &seen.form)), &titled).expect("BUG: saved");
    let draft = replica.expand_short_key(sunita, "/gut", Draft::default()).expect("BUG: expanded");
    assert_eq!(draft.items[0].medicine_id, Some(powder));
}

#[test]
fn a_key_is_tried_on_those_whom_it_may_be_used_for() {
    let (fixture, _) = desk(&[]);
    let form = ShortKeyForm {
        lines: "Ibuprofen 400 1-1-1 x3d\nDoxycycline 1-0-1 x5d".into(),
        ..ShortKeyForm::default()
    };
    let test = fixture.replica.test_short_key(&form).expect("BUG: tried");
    assert!(test.is_readable);
    let who = |name: &str| test.findings.iter().filter(|one| one.who == name).count();
    assert!(
        who("A child of 3 years") > 0 && who("A pregnant woman") > 0 && who("Someone allergic to NSAIDs") > 0
    );
    assert_eq!(who("Anyone"), 0);
    let grown = ShortKeyForm { min_age_months: Some(216), sex: Some("male".into()), ..form };
    let test = fixture.replica.test_short_key(&grown).expect("BUG: tried");
    assert!(test.findings.iter().all(|one| one.who.starts_with("Someone allergic")), "{test:?}");
    let torn = ShortKeyForm { lines: "Ibuprofen 400 1-1-1 x5q".into(), ..ShortKeyForm::default() };
    let test = fixture.replica.test_short_key(&torn).expect("BUG: tried");
    assert!(!test.is_readable && test.lines[0].directions.contains("Not understood"));
}

#[test]
fn a_key_that_is_tried_tells_the_medicines_that_the_checks_do_not_know() {
    let ibuprofen = json!({ "generic_name": "Ibuprofen", "strength_text": "400 mg", "dosage_form": "tablet",
        "route": "oral", "ingredients": [{ "name": "Ibuprofen", "strength": "400 mg" }],
        "allergen_classes": ["nsaid"], "schedule": "none", "is_combination": false,
        "search_text": "ibuprofen 400 mg", "is_active": true });
    let values = serde_json::from_value(ibuprofen).expect("BUG: values");
    let id = Uuid::from_u128(0x1b0);
    let (fixture, _) = desk(&[Row { table: TableName::Medicines, id, version: 2, deleted: false, values }]);
    let lines = "Ibuprofen 400 mg 1-0-1 x3d\nRasayana churna 1-0-1 x5d".to_owned();
    let form = ShortKeyForm { lines, ..ShortKeyForm::default() };
    let test = fixture.replica.test_short_key(&form).expect("BUG: tried");
    assert_eq!(test.not_checked, ["Rasayana churna"], "{test:?}");
}

#[test]
fn a_key_that_names_classes_is_not_for_who_is_allergic_in_one_of_them() {
    let classes = json!({ "title": "Mine", "contraindicated_classes": ["macrolide", "penicillin"] });
    let (fixture, sunita) = desk(&[
        key(1, "throat", Some(0xd0c), classes.clone()),
        key(2, "throat", None, json!({ "title": "Without" })),
        key(3, "abx", None, classes),
    ]);
    let replica = &fixture.replica;
    let found = |patient| {
        let found = replica.find_short_keys(patient, "/").expect("BUG: found");
        found.into_iter().map(|key| (key.key, key.title)).collect::<Vec<_>>()
    };
    let shown = |key: &str, title: &str| (key.to_owned(), title.to_owned());
    assert_eq!(found(sunita), [shown("throat", "Mine"), shown("abx", "Mine")]);
    let amoxicillin = AllergyForm {
        substance: "Amoxicillin".into(),
        ingredient_code: Some("Amoxicillin".into()),
        certainty: "suspected".into(),
        status: "active".into(),
        ..AllergyForm::default()
    };
    let asha = PatientForm { allergies: vec![amoxicillin], ..form("Asha", "98204 41277") };
    let asha = replica.register_patient(&asha).expect("BUG: registered").id;
    assert_eq!(found(asha), [shown("throat", "Without")], "everyone's, which is for her too");
    assert!(replica.expand_short_key(asha, "/throat", Draft::default()).is_ok());
    let why = said(replica.expand_short_key(asha, "/abx", Draft::default()));
    assert_eq!(why, "/abx is not for this patient, who is allergic: Amoxicillin.");
}

#[test]
fn a_key_that_is_not_for_a_patient_is_not_answered_by_a_longer_one() {
    let (fixture, sunita) =
        desk(&[key(1, "uti", None, json!({ "sex": "male" })), key(2, "utichild", None, json!({}))]);
    let found = |typed: &str| {
        let found = fixture.replica.find_short_keys(sunita, typed).expect("BUG: found");
        found.into_iter().map(|key| key.key).collect::<Vec<_>>()
    };
    assert_eq!(found("/ut"), ["utichild"]);
    assert_eq!(found("/uti"), Vec::<String>::new(), "the window then asks for this one, and is told why not");
    assert_eq!(found("/utic"), ["utichild"]);
    assert_eq!(said(fixture.replica.expand_short_key(sunita, "/uti", Draft::default())), "/uti is for men.");
}

#[test]
fn the_classes_of_a_key_are_written_as_people_call_them() {
    let (fixture, _) = desk(&[]);
    let replica = &fixture.replica;
    let throat = ShortKeyForm {
        key: "throat".into(),
        title: "Sore throat".into(),
        lines: "Amoxicillin 500 1-1-1 x5d".into(),
        not_with: "penicillin\n\nsulfa".into(),
        ..ShortKeyForm::default()
    };
    replica.save_short_key(None, &throat).expect("BUG: saved");
    let kept = replica.short_keys().expect("BUG: keys").remove(0).form;
    assert_eq!(kept.not_with, "Penicillins\nSulfonamides");
    let harmed = |form: &ShortKeyForm| {
        let findings = replica.test_short_key(form).expect("BUG: tried").findings;
        findings.iter().any(|one| one.who == "Someone allergic to penicillins")
    };
    assert!(!harmed(&kept), "it is not for them");
    assert!(harmed(&ShortKeyForm { not_with: String::new(), ..kept.clone() }));
    let wrong = ShortKeyForm { key: "other".into(), not_with: "peanuts".into(), ..kept };
    let said = replica.save_short_key(None, &wrong).expect_err("BUG: refused").to_string();
    assert_eq!(said, "peanuts is no class of medicines that the checks know. Nothing was saved yet.");
}

#[test]
fn a_key_that_says_when_to_come_back_in_words_that_nobody_reads_is_not_saved() {
    let (fixture, _) = desk(&[]);
    let cold = |follow_up: &str| ShortKeyForm {
        key: "cold".into(),
        title: "Cold".into(),
        advice: "Rest".into(),
        follow_up: follow_up.into(),
        ..ShortKeyForm::default()
    };
    for (follow_up, why) in [("soon", "is not understood"), ("40m", "at most two years from now")] {
        let said =
            fixture.replica.save_short_key(None, &cold(follow_up)).expect_err("BUG: refused").to_string();
        assert!(said.contains(why) && said.ends_with("Nothing was saved yet."), "{said}");
    }
    fixture.replica.save_short_key(None, &cold("1w")).expect("BUG: saved");
}

#[test]
fn phrases_are_words_and_an_own_one_shadows_the_tenants() {
    let phrase = |id, doctor, text: &str| {
        key(id, "fluids", doctor, json!({ "kind": "advice", "body": { "advice": text } }))
    };
    let (fixture, sunita) =
        desk(&[phrase(1, None, "Drink more"), phrase(2, Some(0xd0c), "Drink three litres")]);
    assert_eq!(
        fixture.replica.phrases().expect("BUG: phrases"),
        [("fluids".to_owned(), "Drink three litres".to_owned())]
    );
    assert_eq!(
        fixture.replica.find_short_keys(sunita, "/").expect("BUG: found"),
        [],
        "a phrase is no regimen"
    );
}

#[test]
fn suggestions_learn_what_this_doctor_writes() {
    let (fixture, sunita) = desk(&[]);
    let other = json!({ "generic_name": "Paracetamol", "strength_text": "500 mg", "dosage_form": "tablet",
        "route": "oral", "ingredients": [], "allergen_classes": [], "schedule": "none", "is_combination": false,
        "search_text": "paracetamol 500 mg", "is_active": true, "default_dose": "1-1-1" });
    let values = serde_json::from_value(other).expect("BUG: values");
    let row =
        Row { table: TableName::Medicines, id: Uuid::from_u128(0x3ee), version: 3, deleted: false, values };
    fixture.store.stage(&[row]).expect("BUG: staged");
    fixture.store.apply_staged(vec![], (3, 3), (None, NOW)).expect("BUG: applied");
    let first = || fixture.replica.find_medicines("para").expect("BUG: found")[0].clone();
    let favourites = || fixture.replica.read_line("", None).expect("BUG: read").found;
    assert_eq!(first().strength_text.as_deref(), Some("500 mg"));
    assert_eq!(favourites(), []);
    let often = DraftItem {
        medicine_id: Some(MedicineId(Uuid::from_u128(0x3ed))),
        ..item("Paracetamol 650 mg", "1 sos max 3 x3d")
    };
    let draft = Draft { items: vec![often], ..Draft::default() };
    for _ in 0..2 {
        fixture.replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed");
    }
    let first = first();
    assert_eq!(first.strength_text.as_deref(), Some("650 mg"));
    assert_eq!((first.uses, first.default_dose.as_deref()), (2, Some("1 sos max 3 x3d")));
    assert_eq!(favourites(), [first], "before anything is typed");
}

#[test]
fn a_line_of_words_with_a_bare_figure_stays_what_it_is_when_its_key_is_saved_again() {
    let (fixture, sunita) = desk(&[]);
    let replica = &fixture.replica;
    let own = ShortKeyForm {
        key: "cough".into(),
        title: "Cough".into(),
        is_own: true,
        lines: "Khasi syrup: 5 tds x5d".into(),
        ..ShortKeyForm::default()
    };
    let id = replica.save_short_key(None, &own).expect("BUG: saved");
    let mut kept = replica.short_keys().expect("BUG: keys")[0].form.clone();
    assert_eq!(kept.lines, "Khasi syrup: 5 tds x5d");
    let seen = kept.clone();
    kept.title = "A cough".into();
    replica.save_short_key(Some((id, &seen)), &kept).expect("BUG: saved");
    let line =
        replica.expand_short_key(sunita, "/cough", Draft::default()).expect("BUG: expanded").items.remove(0);
    assert_eq!((line.medicine_text.as_str(), line.dose_text.as_str()), ("Khasi syrup", "5 tds x5d"));
}

#[test]
fn a_taper_that_was_stored_with_another_dose_is_never_offered() {
    let (fixture, sunita) = desk(&[]);
    let often = DraftItem {
        medicine_id: Some(MedicineId(Uuid::from_u128(0x3ed))),
        ..item("Paracetamol 650 mg", "1 hs x3d")
    };
    let draft = Draft { items: vec![often], ..Draft::default() };
    fixture.replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed");
    let stored = "update medicine_use set dose_text = '1 hs x3d then 1 hs x3d'";
    fixture.store.write(|tx| Ok(tx.execute(stored, [])?)).expect("BUG: written");
    assert_eq!(fixture.replica.read_line("", None).expect("BUG: read").found, []);
}

/// An insulin of the list.
fn insulin(fixture: &Fixture) -> MedicineId {
    let values = json!({ "generic_name": "Insulin glargine", "strength_text": "100 IU/ml", "dosage_form": "injection",
        "route": "other", "ingredients": [], "allergen_classes": [], "schedule": "none", "is_combination": false,
        "search_text": "insulin glargine 100 iu/ml", "is_active": true });
    let values = serde_json::from_value(values).expect("BUG: values");
    let id = Uuid::from_u128(0x3ef);
    let row = Row { table: TableName::Medicines, id, version: 3, deleted: false, values };
    fixture.store.stage(&[row]).expect("BUG: staged");
    fixture.store.apply_staged(vec![], (3, 3), (None, NOW)).expect("BUG: applied");
    MedicineId(id)
}

#[test]
fn a_key_keeps_the_unit_of_an_injection_and_one_that_says_none_must_be_looked_at() {
    let items = json!([{ "medicine_id": null, "medicine_text": "Inj. Hydrocortisone 100 mg", "dose_text": "2 stat" }]);
    let (fixture, sunita) = desk(&[key(1, "shock", None, json!({ "body": { "items": items } }))]);
    insulin(&fixture);
    let replica = &fixture.replica;
    let own = ShortKeyForm {
        key: "night".into(),
        title: "Insulin for the night".into(),
        is_own: true,
        lines: "Insulin glargine: 10 hs".into(),
        ..ShortKeyForm::default()
    };
    replica.save_short_key(None, &own).expect("BUG: saved");
    let new = replica.expand_short_key(sunita, "/night", Draft::default()).expect("BUG: expanded");
    assert_eq!(new.items[0].dose_text, "10 unit hs");
    let old = replica.expand_short_key(sunita, "/shock", Draft::default()).expect("BUG: expanded");
    assert_eq!(old.items[0].dose_text, "2 stat ?");
    let refused = replica.sign_prescription(sunita, &old, &[]).map(|signed| signed.id);
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
}

#[test]
fn millilitres_of_an_injection_that_nobody_typed_are_never_offered() {
    let (fixture, sunita) = desk(&[]);
    let id = insulin(&fixture);
    let line = DraftItem { medicine_id: Some(id), ..item("Insulin glargine", "10 hs") };
    let draft = Draft { items: vec![line], ..Draft::default() };
    fixture.replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed");
    let offered = || {
        let found = fixture.replica.find_medicines("insulin").expect("BUG: found").remove(0);
        (found.uses, found.default_dose)
    };
    let run = |sql: &str| fixture.store.write(|tx| Ok(tx.execute_batch(sql)?)).expect("BUG: written");
    assert_eq!(offered(), (1, Some("10 hs".to_owned())));
    run("insert into prescription_items (id, sync_version, is_deleted, prescription_id, position, medicine_id,
             medicine_text, generic_text, dosage_form, dose_text, dose_pattern, dose_unit, meal_relation,
             patient_directions, is_prn, substitution_allowed, source)
         select 'signed before', sync_version, is_deleted, prescription_id, 2, medicine_id,
             medicine_text, generic_text, dosage_form, '0.1 hs', dose_pattern, 'ml', meal_relation,
             patient_directions, is_prn, substitution_allowed, source from prescription_items");
    assert_eq!(offered(), (1, Some("10 hs".to_owned())), "as it arrives");
    run("insert into medicine_use (doctor_id, medicine_id, dose_text, uses, last_used)
         select doctor_id, medicine_id, '0.1 hs', 9, last_used from medicine_use");
    run(include_str!("../../../migrations/sqlite/0020_injections_learned.sql"));
    assert_eq!(offered(), (1, Some("10 hs".to_owned())), "as it was learned");
}

//! Allergies as rows of their own, long illnesses, and what was measured over the visits.

use protocol::api::DeviceScope;
use protocol::id::{AllergyId, MedicineId, PatientId};
use protocol::mutation::Mutation;
use protocol::permission::Role;
use protocol::table::{Row, TableName};
use serde_json::json;
use uuid::Uuid;

use super::{Fixture, NOW, answer, as_server, fixture, form, item};
use crate::error::Error;
use crate::view::{AllergyForm, AllergyView, Diagnosis, Draft, DraftItem, PatientForm, Vitals};

fn sunita(fixture: &Fixture) -> PatientId {
    fixture.replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id
}

fn penicillins() -> AllergyForm {
    AllergyForm {
        substance: "Penicillins".into(),
        class_code: Some("penicillin".into()),
        reaction: "anaphylaxis".into(),
        severity: Some("severe".into()),
        certainty: "confirmed".into(),
        status: "active".into(),
        ..AllergyForm::default()
    }
}

fn dust() -> AllergyForm {
    AllergyForm { substance: "House dust".into(), status: "active".into(), ..AllergyForm::default() }
}

fn noted(fixture: &Fixture, patient: PatientId) -> Vec<AllergyView> {
    fixture.replica.chart(patient).expect("BUG: the chart").allergies
}

fn note(fixture: &Fixture, patient: PatientId, form: &AllergyForm) -> AllergyId {
    fixture.replica.save_allergy(patient, None, form).expect("BUG: noted");
    let views = noted(fixture, patient);
    views.iter().find(|view| view.form.substance == form.substance).expect("BUG: it is there").id
}

fn last_mutation(fixture: &Fixture) -> Mutation {
    let waiting = fixture.store.next_batch(500, 1_000_000).expect("BUG: readable");
    serde_json::from_str(&waiting.last().expect("BUG: one waits").body).expect("BUG: a mutation")
}

/// Amoxicillin is on the list of this computer.
fn amoxicillin(fixture: &Fixture) -> DraftItem {
    let id = Uuid::from_u128(0xa30);
    let values = json!({ "generic_name": "Amoxicillin trihydrate", "strength_text": "500 mg", "dosage_form": "tablet",
        "brand_name": "Mox", "route": "oral", "ingredients": [{ "name": "Amoxicillin trihydrate", "strength": "500 mg" }],
        "allergen_classes": ["penicillin"], "schedule": "H", "is_combination": false, "is_active": true,
        "search_text": "mox amoxicillin trihydrate 500 mg" });
    let values = serde_json::from_value(values).expect("BUG: values");
    let row = Row { table: TableName::Medicines, id, version: 2, deleted: false, values };
    fixture.store.stage(&[row]).expect("BUG: staged");
    fixture.store.apply_staged(vec![], (2, 2), (None, NOW)).expect("BUG: applied");
    DraftItem {
        medicine_id: Some(MedicineId(id)),
        medicine_text: "Amoxicillin 500 mg".into(),
        dose_text: "1-1-1 x5d".into(),
        ..DraftItem::default()
    }
}

fn is_held(fixture: &Fixture, patient: PatientId, line: &DraftItem) -> bool {
    let draft = Draft { items: vec![line.clone()], ..Draft::default() };
    fixture.replica.check_draft(patient, &draft, None).expect("BUG: checked").lines[0].is_held
}

#[test]
fn what_is_typed_finds_classes_ingredients_and_the_ingredients_of_a_brand() {
    let fixture = fixture(Role::Nurse);
    amoxicillin(&fixture);
    let find = |typed: &str| fixture.replica.find_allergens(typed).expect("BUG: found");
    let first = find("penicil").remove(0);
    assert_eq!(
        (first.name.as_str(), first.code.as_str(), first.is_class),
        ("Penicillins", "penicillin", true)
    );
    let by_brand = find("mox");
    let amoxicillin = by_brand.iter().find(|one| one.code == "Amoxicillin").expect("BUG: by its brand");
    assert_eq!((amoxicillin.is_class, amoxicillin.brand.as_deref()), (false, Some("Mox")));
    assert!(find("peanuts").is_empty());
}

#[test]
fn an_allergy_that_is_noted_by_its_code_holds_the_medicine_and_tells_the_front_desk_that_there_is_one() {
    let fixture = fixture(Role::Doctor);
    let sunita = sunita(&fixture);
    let line = amoxicillin(&fixture);
    assert!(!is_held(&fixture, sunita, &line));
    // The code of the ingredient, not the salt that the list names.
    let by_ingredient = AllergyForm {
        substance: "Mox tablets".into(),
        class_code: None,
        ingredient_code: Some("Amoxicillin".into()),
        ..penicillins()
    };
    note(&fixture, sunita, &by_ingredient);
    assert!(is_held(&fixture, sunita, &line));
    let sent = last_mutation(&fixture);
    assert_eq!(sent.kind, "save_allergy");
    let tables: Vec<TableName> = sent.changes.iter().map(|change| change.table).collect();
    assert_eq!(tables, [TableName::PatientAllergies, TableName::Patients]);
    let chart = fixture.replica.chart(sunita).expect("BUG: the chart");
    assert_eq!(chart.allergy_status, "has_allergies");
    assert_eq!(chart.allergies[0].checked_by.as_deref(), Some("Amoxicillin"));
    assert_eq!(chart.allergies[0].noted_on.as_deref(), Some("2026-11-23"));
}

#[test]
fn who_may_not_see_allergies_is_told_that_there_is_one_and_no_word_of_which() {
    let mut fixture = fixture(Role::Doctor);
    let sunita = sunita(&fixture);
    note(&fixture, sunita, &penicillins());
    fixture.replica.facts.scope = DeviceScope::FrontDesk;
    let chart = fixture.replica.chart(sunita).expect("BUG: the chart");
    assert_eq!(chart.allergy_status, "has_allergies");
    let told = serde_json::to_string(&chart).expect("BUG: told");
    for word in ["enicillin", "anaphylaxis", "severe"] {
        assert!(!told.contains(word), "{told}");
    }
}

#[test]
fn an_allergy_that_is_noted_in_words_holds_what_it_would_hold_if_it_had_been_chosen() {
    let fixture = fixture(Role::Doctor);
    let sunita = sunita(&fixture);
    let line = amoxicillin(&fixture);
    note(&fixture, sunita, &dust());
    assert!(!is_held(&fixture, sunita, &line));
    let in_words = AllergyForm { substance: "ampicillin".into(), class_code: None, ..penicillins() };
    note(&fixture, sunita, &in_words);
    assert!(is_held(&fixture, sunita, &line), "both are penicillins");
    let said: Vec<Option<String>> = noted(&fixture, sunita).into_iter().map(|view| view.checked_by).collect();
    assert_eq!(said, [Some("Ampicillin".to_owned()), None]);
}

#[test]
fn an_allergy_that_was_an_error_stays_in_sight_and_counts_no_more_and_the_question_is_open_again() {
    let fixture = fixture(Role::Doctor);
    let sunita = sunita(&fixture);
    let line = amoxicillin(&fixture);
    let id = note(&fixture, sunita, &penicillins());
    assert!(is_held(&fixture, sunita, &line));
    let refuted = AllergyForm { status: "entered_in_error".into(), ..penicillins() };
    fixture.replica.save_allergy(sunita, Some((id, &penicillins())), &refuted).expect("BUG: refuted");
    assert!(!is_held(&fixture, sunita, &line));
    let chart = fixture.replica.chart(sunita).expect("BUG: the chart");
    assert_eq!((chart.allergies.len(), chart.allergies[0].counts), (1, false));
    assert_eq!(chart.allergy_status, "unknown", "that one was wrong does not say that there are none");
    fixture.replica.note_no_allergies(sunita).expect("BUG: asked");
    assert_eq!(fixture.replica.chart(sunita).expect("BUG: the chart").allergy_status, "none_known");
}

#[test]
fn only_what_differs_from_what_was_seen_is_written() {
    let fixture = fixture(Role::Nurse);
    let sunita = sunita(&fixture);
    let id = note(&fixture, sunita, &penicillins());
    let milder = AllergyForm { severity: Some("mild".into()), ..penicillins() };
    fixture.replica.save_allergy(sunita, Some((id, &penicillins())), &milder).expect("BUG: changed");
    let sent = last_mutation(&fixture);
    assert_eq!(sent.changes.len(), 1);
    assert_eq!(sent.changes[0].set.keys().collect::<Vec<_>>(), ["severity"]);
    let waiting = fixture.store.sync_state().expect("BUG").waiting;
    fixture.replica.save_allergy(sunita, Some((id, &milder)), &milder).expect("BUG: nothing to do");
    assert_eq!(fixture.store.sync_state().expect("BUG").waiting, waiting, "nothing changed, nothing to send");
}

#[test]
fn an_allergy_is_changed_only_in_the_chart_of_its_own_patient() {
    let fixture = fixture(Role::Nurse);
    let (sunita, asha) = (sunita(&fixture), form("Asha", "98765 00011"));
    let asha = fixture.replica.register_patient(&asha).expect("BUG: registered").id;
    let id = note(&fixture, sunita, &penicillins());
    let passed = AllergyForm { status: "inactive".into(), ..penicillins() };
    let in_another = fixture.replica.save_allergy(asha, Some((id, &penicillins())), &passed);
    assert!(matches!(in_another, Err(Error::NotFound)), "{in_another:?}");
}

#[test]
fn of_two_registrations_of_one_person_the_allergies_of_both_count_and_are_changed_in_one_chart() {
    let fixture = fixture(Role::Doctor);
    let sunita = sunita(&fixture);
    let other =
        fixture.replica.register_patient(&form("Suneeta", "98204 41276")).expect("BUG: registered").id;
    let line = amoxicillin(&fixture);
    let id = note(&fixture, other, &penicillins());
    assert!(!is_held(&fixture, sunita, &line));
    fixture.replica.merge_patients(sunita, other, "same mother").expect("BUG: one person");
    assert!(is_held(&fixture, sunita, &line));
    assert_eq!(fixture.replica.chart(sunita).expect("BUG: the chart").allergy_status, "has_allergies");
    let passed = AllergyForm { status: "inactive".into(), ..penicillins() };
    fixture.replica.save_allergy(sunita, Some((id, &penicillins())), &passed).expect("BUG: changed");
    assert!(!is_held(&fixture, sunita, &line));
    let status = || fixture.replica.chart(sunita).expect("BUG: the chart").allergy_status;
    assert_eq!(status(), "unknown", "neither registration says any more that there are some");
    fixture.replica.note_no_allergies(sunita).expect("BUG: noted");
    assert_eq!(status(), "none_known");
    fixture.replica.unmerge_patient(other).expect("BUG: parted");
    assert!(noted(&fixture, sunita).is_empty());
    assert_eq!(noted(&fixture, other).len(), 1);
}

#[test]
fn the_warnings_of_both_registrations_of_one_person_stand_in_the_bar_and_on_paper() {
    let fixture = fixture(Role::Doctor);
    let register = |name: &str, status: &str, alerts: &str| {
        let typed =
            PatientForm { allergy_status: status.into(), alerts: alerts.into(), ..form(name, "98204 41276") };
        fixture.replica.register_patient(&typed).expect("BUG: registered").id
    };
    let sunita = register("Sunita", "none_known", "Has a pacemaker");
    let other = register("Suneeta", "has_allergies", "Penicillin: rash");
    fixture.replica.merge_patients(sunita, other, "same mother").expect("BUG: one person");
    let both = "Has a pacemaker; Penicillin: rash";
    let chart = fixture.replica.chart(sunita).expect("BUG: the chart");
    assert_eq!((chart.allergy_status.as_str(), chart.alerts.as_deref()), ("has_allergies", Some(both)));
    assert_eq!(chart.form.alerts, "Has a pacemaker", "what is corrected is the kept registration's");
    let draft = Draft { items: vec![item("Steam", "twice a day x3d")], ..Draft::default() };
    let signed = fixture.replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed").id;
    assert_eq!(fixture.replica.printed(signed).expect("BUG: printed").allergies, both);
    let none = fixture.replica.note_no_allergies(sunita);
    assert!(matches!(none, Err(Error::Invalid(_))), "{none:?}");
}

#[test]
fn nothing_is_noted_twice_without_a_name_or_as_none_while_there_are_some() {
    let fixture = fixture(Role::Doctor);
    let sunita = sunita(&fixture);
    note(&fixture, sunita, &penicillins());
    let again = AllergyForm { substance: "penicillin".into(), ..penicillins() };
    let twice = fixture.replica.save_allergy(sunita, None, &again);
    assert!(matches!(twice, Err(Error::Invalid(_))), "{twice:?}");
    let empty = fixture.replica.save_allergy(sunita, None, &AllergyForm { substance: " ".into(), ..dust() });
    assert!(matches!(empty, Err(Error::Invalid(_))), "{empty:?}");
    let none = fixture.replica.note_no_allergies(sunita);
    assert!(matches!(none, Err(Error::Invalid(_))), "{none:?}");
    let seen = fixture.replica.chart(sunita).expect("BUG: the chart").form;
    let by_form = PatientForm { allergy_status: "none_known".into(), ..seen.clone() };
    let none = fixture.replica.update_patient(sunita, &seen, &by_form);
    assert!(matches!(none, Err(Error::Invalid(_))), "{none:?}");
}

#[test]
fn allergies_are_noted_with_the_registration_and_with_a_correction() {
    let fixture = fixture(Role::Nurse);
    let with = PatientForm { allergies: vec![penicillins()], ..form("Asha", "98765 00011") };
    let asha = fixture.replica.register_patient(&with).expect("BUG: registered").id;
    let seen = fixture.replica.chart(asha).expect("BUG: the chart").form;
    assert_eq!((seen.allergy_status.as_str(), seen.allergies.len()), ("has_allergies", 0));
    let more = PatientForm { city: "Pune".into(), allergies: vec![dust()], ..seen.clone() };
    fixture.replica.update_patient(asha, &seen, &more).expect("BUG: corrected");
    let names: Vec<String> = noted(&fixture, asha).into_iter().map(|view| view.form.substance).collect();
    assert_eq!(names, ["Penicillins", "House dust"]);
    let has_none = PatientForm { allergy_status: "has_allergies".into(), ..form("Ramesh", "98765 00012") };
    assert!(matches!(fixture.replica.register_patient(&has_none), Err(Error::Invalid(_))));
}

#[test]
fn reception_neither_reads_nor_writes_allergies() {
    let fixture = fixture(Role::Receptionist);
    let with = PatientForm { allergies: vec![penicillins()], ..form("Asha", "98765 00011") };
    let asha = fixture.replica.register_patient(&with).expect("BUG: registered").id;
    assert!(noted(&fixture, asha).is_empty());
    assert!(matches!(fixture.replica.save_allergy(asha, None, &dust()), Err(Error::Forbidden(_))));
    assert!(matches!(fixture.replica.find_allergens("penicillin"), Err(Error::Forbidden(_))));
    assert!(matches!(fixture.replica.note_no_allergies(asha), Err(Error::Forbidden(_))));
    assert!(matches!(fixture.replica.save_conditions(asha, &[], &[]), Err(Error::Forbidden(_))));
}

#[test]
fn as_long_as_two_computers_differ_an_allergy_counts_and_names_what_waits() {
    let fixture = fixture(Role::Doctor);
    let sunita = sunita(&fixture);
    let line = amoxicillin(&fixture);
    let passed = AllergyForm { status: "inactive".into(), ..penicillins() };
    let id = note(&fixture, sunita, &passed);
    assert!(!is_held(&fixture, sunita, &line));
    let item = Uuid::now_v7();
    let values = json!({ "kind": "column", "scope": "clinical", "table_name": "patient_allergies", "state": "open",
        "row_id": id, "patient_id": sunita, "column_name": "status", "theirs": "active", "ours": "inactive",
        "theirs_from": {}, "ours_from": {}, "opened_at": "2026-11-23T04:00:00.000Z" });
    let values = serde_json::from_value(values).expect("BUG: values");
    let row = Row { table: TableName::SyncConflicts, id: item, version: 3, deleted: false, values };
    fixture.store.stage(&[row]).expect("BUG: staged");
    fixture.store.apply_staged(vec![], (3, 1), (None, NOW)).expect("BUG: applied");
    let view = noted(&fixture, sunita).remove(0);
    assert_eq!((view.counts, view.conflict.map(|id| id.0)), (true, Some(item)));
    assert!(is_held(&fixture, sunita, &line));
}

#[test]
fn long_illnesses_that_came_while_the_list_stood_open_stay() {
    let fixture = fixture(Role::Doctor);
    let sunita = sunita(&fixture);
    let words = |list: &[Diagnosis]| list.iter().map(|one| one.text.clone()).collect::<Vec<_>>();
    let conditions = || fixture.replica.chart(sunita).expect("BUG: the chart").conditions;
    let diabetes = Diagnosis { text: "Type 2 diabetes".into(), icd10: Some("E11.9".into()) };
    fixture.replica.save_conditions(sunita, &[], std::slice::from_ref(&diabetes)).expect("BUG: saved");
    let sent = answer(&fixture.store, 2, vec![as_server(&fixture, sunita, 2, &[])]);
    fixture.store.acknowledge(&sent, &[], (None, NOW)).expect("BUG: acknowledged");
    let seen = conditions();
    // From an earlier program, in words alone.
    let theirs = json!([{ "text": "Type 2 diabetes", "icd10": "E11.9" }, "Asthma"]);
    let row = as_server(&fixture, sunita, 3, &[("chronic_conditions", theirs)]);
    fixture.store.stage(std::slice::from_ref(&row)).expect("BUG: staged");
    fixture.store.apply_staged(vec![], (3, 1), (None, NOW)).expect("BUG: applied");
    let wanted: [Diagnosis; 2] = ["Hypertension".into(), "hypertension".into()];
    fixture.replica.save_conditions(sunita, &seen, &wanted).expect("BUG: saved");
    assert_eq!(words(&conditions()), ["Asthma", "Hypertension"]);
    let now = conditions();
    let waiting = fixture.store.sync_state().expect("BUG").waiting;
    fixture.replica.save_conditions(sunita, &now, &now).expect("BUG: nothing to do");
    assert_eq!(fixture.store.sync_state().expect("BUG").waiting, waiting);
}

#[test]
fn a_long_illness_of_either_registration_of_one_person_is_taken_out_in_the_one_chart() {
    let fixture = fixture(Role::Doctor);
    let sunita = sunita(&fixture);
    let other = fixture.register("Suneeta", "98204 41276");
    let [asthma, diabetes]: [Diagnosis; 2] = ["Asthma".into(), "Diabetes".into()];
    fixture.replica.save_conditions(sunita, &[], std::slice::from_ref(&asthma)).expect("BUG: saved");
    let both = [asthma.clone(), diabetes];
    fixture.replica.save_conditions(other, &[], &both).expect("BUG: saved");
    fixture.replica.merge_patients(sunita, other, "same mother").expect("BUG: one person");
    let conditions = || fixture.replica.chart(sunita).expect("BUG: the chart").conditions;
    assert_eq!(conditions(), both);
    fixture.replica.save_conditions(sunita, &both, &[asthma]).expect("BUG: saved");
    assert_eq!(conditions(), both[..1], "it stood under the other registration");
    fixture.replica.save_conditions(sunita, &both[..1], &[]).expect("BUG: saved");
    assert_eq!(conditions(), [], "it stood under both");
}

#[test]
fn what_was_measured_stands_in_the_order_of_the_visits_and_what_is_void_is_left_out() {
    let fixture = fixture(Role::Doctor);
    let sunita = sunita(&fixture);
    let sign = |vitals: Vitals| {
        let draft =
            Draft { vitals, items: vec![item("Paracetamol 650 mg", "1-0-1 x3d")], ..Draft::default() };
        fixture.replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed").id
    };
    let weighed = |kg: f64| Vitals { weight_kg: Some(kg), height_cm: Some(162.0), ..Vitals::default() };
    let first = sign(weighed(68.5));
    let wrong = sign(weighed(86.5));
    sign(Vitals::default());
    let last = sign(Vitals { bp_sys: Some(142.0), bp_dia: Some(90.0), ..Vitals::default() });
    fixture.replica.void_prescription(wrong, "the weight is wrong").expect("BUG: void");
    let measured = fixture.replica.chart(sunita).expect("BUG: the chart").measured;
    let ids: Vec<_> = measured.iter().map(|one| one.prescription_id).collect();
    assert_eq!(ids, [first, last]);
    assert_eq!(
        (measured[0].day.as_str(), measured[0].bmi, measured[1].bmi),
        ("2026-11-23", Some(26.1), None)
    );
}

//! Finding, registering and correcting patients.

use protocol::api::DeviceScope;
use protocol::id::PatientId;
use protocol::mutation::{Change, SetValue};
use protocol::permission::Role;
use protocol::table::{Row, TableName, Values};
use serde_json::{Value, json};
use uuid::Uuid;

use super::day::{book, here, passes};
use super::{NOW, answer, as_server, doctor_id, fixture, form, item};
use crate::error::Error;
use crate::replica::must_get;
use crate::view::{Draft, PatientForm, PatientsFound};

#[test]
fn patients_are_found_by_digits_names_and_codes_in_any_order() {
    let fixture = fixture(Role::Doctor);
    for (name, number) in [
        ("Sunita", "98204 41276"),
        ("Prakash", "98204 41276"),
        ("सुनीता", "98765 12760"),
        ("Zoya", "90000 00001"),
    ] {
        fixture.replica.register_patient(&form(name, number)).expect("BUG: registered");
    }
    let find = |query: &str| -> Vec<String> {
        let found = fixture.replica.find_patients(query).expect("BUG: found").people;
        found.into_iter().map(|found| found.full_name.replace(" Deshmukh", "")).collect()
    };
    assert_eq!(find("1276"), ["Prakash", "Sunita", "सुनीता"], "who ends with the digits comes first");
    assert_eq!(find("desh sun"), ["Sunita"]);
    assert_eq!(find("SUN 0441"), ["Sunita"]);
    assert_eq!(find("सुनी"), ["सुनीता"]);
    assert_eq!(find("+91 98204 41276").len(), 2);
    assert_eq!(find("A-00004"), ["Zoya"]);
    assert_eq!(find("nobody"), Vec::<String>::new());
    assert_eq!(find("\" OR *"), Vec::<String>::new());
}

#[test]
fn a_name_is_found_in_its_other_spellings_and_as_it_was_typed_first() {
    let fixture = fixture(Role::Doctor);
    for (name, number) in [
        ("Lakshmi", "98204 41276"),
        ("Laxmi", "98765 12760"),
        ("Deepak", "90000 00001"),
        ("Latha", "90000 00002"),
    ] {
        fixture.replica.register_patient(&form(name, number)).expect("BUG: registered");
    }
    let find = |query: &str| -> Vec<String> {
        let found = fixture.replica.find_patients(query).expect("BUG: found").people;
        found.into_iter().map(|found| found.full_name.replace(" Deshmukh", "")).collect()
    };
    assert_eq!(find("laxmi"), ["Laxmi", "Lakshmi"]);
    assert_eq!(find("Lakshmi"), ["Lakshmi", "Laxmi"]);
    assert_eq!(find("laksh 1276"), ["Lakshmi", "Laxmi"]);
    assert_eq!(find("dipak deshmukh"), ["Deepak"]);
    assert_eq!(find("lata"), ["Latha"]);
    assert_eq!(find("lax 00009"), Vec::<String>::new());
    assert_eq!(find("laxmi \" OR *"), Vec::<String>::new());
}

#[test]
fn who_is_spelt_otherwise_says_so_and_has_a_place_behind_any_number_of_others() {
    let fixture = fixture(Role::Doctor);
    for place in 0..60 {
        fixture.register("Laxmi", &format!("98204 {place:05}"));
    }
    for place in 0..7 {
        fixture.register("Lakshmi", &format!("98205 {place:05}"));
    }
    let found = fixture.replica.find_patients("laxmi").expect("BUG: found").people;
    assert_eq!(found.len(), 12);
    let (typed, otherwise) = found.split_at(8);
    assert!(typed.iter().all(|one| one.full_name == "Laxmi Deshmukh" && !one.spelt_otherwise));
    assert!(otherwise.iter().all(|one| one.full_name == "Lakshmi Deshmukh" && one.spelt_otherwise));
    let found = fixture.replica.find_patients("lakshmi").expect("BUG: found").people;
    assert_eq!(found.iter().filter(|one| one.spelt_otherwise).count(), 5, "what is left is theirs");
    let found = fixture.replica.find_patients("deshmukh").expect("BUG: found").people;
    assert!(found.len() == 12 && found.iter().all(|one| !one.spelt_otherwise), "nobody is spelt otherwise");
    let known = fixture.replica.find_patients("98205 00001").expect("BUG: found").people;
    assert!(!known[0].spelt_otherwise, "a number has one spelling");
}

#[test]
fn whoever_has_the_last_digits_is_found_among_any_number_of_others() {
    let fixture = fixture(Role::Doctor);
    fixture.replica.register_patient(&form("Zoya", "98204 41276")).expect("BUG: registered");
    for place in 0..250 {
        let number = format!("91276{place:05}");
        fixture.replica.register_patient(&form(&format!("P{place}"), &number)).expect("BUG: registered");
    }
    let found = fixture.replica.find_patients("1276").expect("BUG: found").people;
    assert_eq!(found[0].full_name, "Zoya Deshmukh");
    assert_eq!(found.len(), 12);
}

#[test]
fn the_answer_says_whether_more_people_fit_than_it_names() {
    let fixture = fixture(Role::Doctor);
    for place in 0..12 {
        fixture.register("Asha", &format!("98204 {place:05}"));
    }
    let search = |query: &str| fixture.replica.find_patients(query).expect("BUG: found");
    for query in ["asha", "98204"] {
        assert_eq!((search(query).people.len(), search(query).has_more), (12, false), "{query}");
    }
    // Whose number does not end with the digits fits as well, behind any number of those whose number does.
    for place in 10..22 {
        fixture.register("Bina", &format!("98{place}0 77777"));
    }
    fixture.register("Bina", "98777 77123");
    assert_eq!((search("77777").people.len(), search("77777").has_more), (12, true));
    fixture.register("Aasha", "98206 00001");
    assert_eq!((search("asha").people.len(), search("asha").has_more), (12, true));
    assert_eq!(search(""), PatientsFound::default());
}

#[test]
fn a_day_of_very_many_people_says_that_its_lists_stop_before_their_end() {
    let fixture = fixture(Role::Receptionist);
    let today = || fixture.replica.today().expect("BUG: today");
    for place in 0..200 {
        fixture.register("Asha", &format!("98204 {place:05}"));
    }
    assert_eq!((today().registered.len(), today().has_more), (200, false));
    fixture.register("Bina", "98205 00001");
    assert_eq!((today().registered.len(), today().has_more), (200, true));
    assert_eq!(today().registered[0].full_name, "Bina Deshmukh", "the latest first");
}

#[test]
fn whoever_turns_out_to_be_known_already_is_not_new_today() {
    let fixture = fixture(Role::Doctor);
    let again = fixture.register("Suneeta", "98204 41276");
    let values = fixture.store.read(|tx| must_get(tx, TableName::Patients, again.0)).expect("BUG: the row");
    // Its id says that it was registered long ago.
    let known = PatientId(Uuid::from_u128(0x1_0000));
    let row = Row { table: TableName::Patients, id: known.0, version: 9, deleted: false, values };
    fixture.store.stage(&[row]).expect("BUG: staged");
    fixture.store.apply_staged(vec![], (9, 1), (None, NOW)).expect("BUG: applied");
    let new = || fixture.replica.today().expect("BUG: today").registered.len();
    assert_eq!(new(), 1);
    fixture.replica.merge_patients(known, again, "").expect("BUG: merged");
    assert_eq!(new(), 0);
}

#[test]
fn of_very_many_who_were_asked_back_those_who_come_anyway_hide_nobody() {
    let mut fixture = fixture(Role::Doctor);
    let sunita = fixture.register("Sunita", "98204 41276");
    passes(&mut fixture, -3 * 24 * 60);
    let draft = Draft { advice: "Rest".into(), follow_up: "3d".into(), ..Draft::default() };
    let signed = fixture.replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed").id;
    passes(&mut fixture, 0);
    let stored = |table, id| fixture.store.read(|tx| must_get(tx, table, id)).expect("BUG: the row");
    let patient = stored(TableName::Patients, sunita.0);
    let prescription = stored(TableName::Prescriptions, signed.0);
    let row = |table, id, values: Values| Row { table, id, version: 9, deleted: false, values };
    let mut rows = Vec::new();
    for place in 1..=220_u128 {
        let id = Uuid::from_u128(0x1_0000 + place);
        rows.push(row(TableName::Patients, id, patient.clone()));
        let mut values = prescription.clone();
        values.insert("patient_id".into(), json!(id));
        values.insert("prescription_number".into(), json!(format!("ASHA-B-261120-{place}")));
        rows.push(row(TableName::Prescriptions, Uuid::from_u128(0x2_0000 + place), values));
        if place % 11 == 0 {
            let visit = json!({ "appointment_date": "2026-11-23", "clinic_id": Uuid::from_u128(3),
                "doctor_id": doctor_id(), "patient_id": id, "visit_type": "follow_up", "source": "phone",
                "status": "booked", "priority": 0, "fee_status": "unpaid" });
            let values = serde_json::from_value(visit).expect("BUG: values");
            rows.push(row(TableName::Appointments, Uuid::from_u128(0x3_0000 + place), values));
        }
    }
    fixture.store.stage(&rows).expect("BUG: staged");
    fixture.store.apply_staged(vec![], (9, 1), (None, NOW)).expect("BUG: applied");
    let called = || {
        let today = fixture.replica.today().expect("BUG: today");
        (today.follow_ups.len(), today.has_more)
    };
    assert_eq!(called(), (200, true), "221 were asked back, and 20 of them are booked");
    book(&fixture, sunita, &here());
    assert_eq!(called(), (200, false));
}

#[test]
fn reception_sees_no_clinical_content() {
    let fixture = fixture(Role::Receptionist);
    let alerts = PatientForm {
        alerts: "Penicillin".into(),
        allergy_status: "has_allergies".into(),
        ..form("Sunita", "98204 41276")
    };
    let sunita = fixture.replica.register_patient(&alerts).expect("BUG: registered").id;
    let chart = fixture.replica.chart(sunita).expect("BUG: chart");
    assert_eq!(
        (chart.allergy_status.as_str(), chart.alerts, chart.form.alerts.as_str()),
        ("unknown", None, "")
    );
    assert!(matches!(fixture.replica.open_pad(sunita), Err(Error::Forbidden(_))));
}

#[test]
fn a_correction_writes_only_what_changed() {
    let fixture = fixture(Role::Doctor);
    let sunita =
        fixture.replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id;
    let same = fixture.replica.chart(sunita).expect("BUG: chart").form;
    fixture.replica.update_patient(sunita, &same, &same).expect("BUG: nothing to do");
    assert_eq!(fixture.store.sync_state().expect("BUG").waiting, 1, "nothing changed, nothing to send");
    fixture
        .replica
        .update_patient(sunita, &same, &PatientForm { city: "Pune".into(), ..same.clone() })
        .expect("BUG: corrected");
    let sent = fixture.store.next_batch(10, 1_000_000).expect("BUG: readable");
    let mutation: protocol::mutation::Mutation =
        serde_json::from_str(&sent[1].body).expect("BUG: a mutation");
    let city = [("city".to_owned(), SetValue { base: Value::Null, value: json!("Pune") })].into();
    let wanted = Change::update(TableName::Patients, sunita.0, city);
    assert_eq!(mutation.changes, [wanted]);
}

#[test]
fn a_number_is_corrected_also_where_nobody_wrote_to_what_the_patient_is_allergic() {
    let fixture = fixture(Role::Nurse);
    let sunita = fixture.register("Sunita", "98204 41276");
    let row = as_server(&fixture, sunita, 2, &[("allergy_status", json!("has_allergies"))]);
    let sent = answer(&fixture.store, 2, vec![row]);
    fixture.store.acknowledge(&sent, &[], (None, NOW)).expect("BUG: acknowledged");
    let shown = |id| fixture.replica.chart(id).expect("BUG: chart").form;
    let seen = shown(sunita);
    let corrected = PatientForm { mobile_number: "98765 00011".into(), ..seen.clone() };
    fixture.replica.update_patient(sunita, &seen, &corrected).expect("BUG: corrected");
    let now = shown(sunita);
    assert_eq!((now.mobile_number.as_str(), now.allergy_status.as_str()), ("+919876500011", "has_allergies"));
    let asha = fixture.register("Asha", "98204 41276");
    let seen = shown(asha);
    let without = PatientForm { allergy_status: "has_allergies".into(), ..seen.clone() };
    let refused = fixture.replica.update_patient(asha, &seen, &without);
    assert!(matches!(refused, Err(Error::Invalid(_))), "whoever says so now says of what: {refused:?}");
}

#[test]
fn months_that_are_taken_out_of_an_age_are_gone() {
    let fixture = fixture(Role::Doctor);
    let child = PatientForm { age_years: Some(1), age_months: Some(5), ..form("Asha", "98204 41276") };
    let asha = fixture.replica.register_patient(&child).expect("BUG: registered");
    assert_eq!(asha.age, "1 y 5 mo");
    let seen = fixture.replica.chart(asha.id).expect("BUG: chart").form;
    let corrected = PatientForm { age_months: None, ..seen.clone() };
    let asha = fixture.replica.update_patient(asha.id, &seen, &corrected).expect("BUG: corrected");
    assert_eq!(asha.age, "1 y");
    assert_eq!(fixture.replica.chart(asha.id).expect("BUG: chart").patient.age, "1 y");
}

#[test]
fn a_correction_leaves_alone_what_came_while_its_form_stood_open() {
    let fixture = fixture(Role::Nurse);
    let sunita =
        fixture.replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id;
    let sent = answer(&fixture.store, 2, vec![as_server(&fixture, sunita, 2, &[])]);
    fixture.store.acknowledge(&sent, &[], (None, NOW)).expect("BUG: acknowledged");
    let seen = fixture.replica.chart(sunita).expect("BUG: chart").form;
    let theirs = [("alerts", json!("Penicillin")), ("allergy_status", json!("has_allergies"))];
    let row = as_server(&fixture, sunita, 3, &theirs);
    fixture.store.stage(std::slice::from_ref(&row)).expect("BUG: staged");
    fixture.store.apply_staged(vec![], (3, 1), (None, NOW)).expect("BUG: applied");
    let left = PatientForm { city: "Pune".into(), ..seen.clone() };
    fixture.replica.update_patient(sunita, &seen, &left).expect("BUG: corrected");
    let form = fixture.replica.chart(sunita).expect("BUG: chart").form;
    assert_eq!((form.alerts.as_str(), form.city.as_str()), ("Penicillin", "Pune"));
    let sent = fixture.store.next_batch(10, 1_000_000).expect("BUG: readable");
    assert!(!sent[0].body.contains("alerts"), "{}", sent[0].body);
}

#[test]
fn a_doctor_at_the_front_desk_registers_but_neither_sees_nor_signs() {
    let mut fixture = fixture(Role::Doctor);
    fixture.replica.facts.scope = DeviceScope::FrontDesk;
    let typed = PatientForm { allergy_status: "none_known".into(), ..form("Sunita", "98204 41276") };
    let sunita = fixture.replica.register_patient(&typed).expect("BUG: registered").id;
    let sent = fixture.store.next_batch(10, 1_000_000).expect("BUG: readable");
    assert!(!sent[0].body.contains("alerts") && !sent[0].body.contains("allergy"), "{}", sent[0].body);
    let draft = Draft { items: vec![item("Paracetamol 650 mg", "1-0-1 x3d")], ..Draft::default() };
    assert!(matches!(fixture.replica.sign_prescription(sunita, &draft, &[]), Err(Error::Forbidden(_))));
    assert!(!fixture.replica.session().may_prescribe);
}

//! What leaves a computer as files.

use protocol::permission::Role;
use protocol::table::{Row, TableName};
use serde_json::json;
use uuid::Uuid;

use super::{NOW, doctor_id, fixture, fixture_of, form};
use crate::error::Error;

#[test]
fn whoever_is_no_admin_takes_nothing_out() {
    let fixture = fixture(Role::Doctor);
    fixture.replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered");
    let (to, mut rows) = (fixture.folder.path().join("out"), Vec::new());
    assert!(matches!(fixture.replica.export_files(&to), Err(Error::Forbidden(_))));
    assert!(matches!(fixture.replica.export_rows(&mut rows), Err(Error::Forbidden(_))));
    assert!(rows.is_empty() && !to.exists());
}

#[test]
fn an_admin_who_is_no_clinician_takes_out_no_clinical_column() {
    let written = |roles: &[Role]| {
        let fixture = fixture_of(roles);
        let mut patient = form("Sunita", "98204 41276");
        patient.alerts = if roles.contains(&Role::Doctor) { "Faints".into() } else { String::new() };
        fixture.replica.register_patient(&patient).expect("BUG: registered");
        let mut rows = Vec::new();
        fixture.replica.export_rows(&mut rows).expect("BUG: written");
        String::from_utf8(rows).expect("BUG: text")
    };
    let (admin, owner) = (written(&[Role::Admin]), written(&[Role::Doctor, Role::Admin]));
    assert!(admin.contains("Deshmukh") && !admin.contains("alerts"), "{admin}");
    assert!(owner.contains("Deshmukh") && owner.contains("Faints"), "{owner}");
}

#[test]
fn nobody_takes_out_the_private_case_study_of_another_doctor() {
    let fixture = fixture_of(&[Role::Doctor, Role::Admin]);
    let case_study = |n: u128, title: &str, doctor: Uuid, visibility: &str| Row {
        table: TableName::CaseStudies,
        id: Uuid::from_u128(n),
        version: 2,
        deleted: false,
        values: serde_json::from_value(json!({ "title": title, "doctor_id": doctor, "tags": [],
            "linked_prescription_ids": [], "linked_attachment_ids": [], "visibility": visibility,
            "status": "draft", "patient_consent": "none", "deidentified": false, "version": 1 }))
        .expect("BUG: values"),
    };
    let (own, another) = (doctor_id().0, Uuid::from_u128(0xd0d));
    let doctor = json!({ "title": "Dr.", "first_name": "Ravi", "last_name": "Menon", "kind": "physician",
        "registration_number": "2011/07/2290", "registration_council": "MMC", "is_active": true });
    let doctor = Row {
        table: TableName::Doctors,
        id: another,
        version: 2,
        deleted: false,
        values: serde_json::from_value(doctor).expect("BUG: values"),
    };
    let rows = [
        doctor,
        case_study(0xca1, "My own thoughts", own, "private"),
        case_study(0xca2, "My own talk", own, "tenant"),
        case_study(0xca3, "Another one's thoughts", another, "private"),
        case_study(0xca4, "Another one's talk", another, "tenant"),
    ];
    fixture.store.stage(&rows).expect("BUG: staged");
    fixture.store.apply_staged(vec![], (2, 1), (None, NOW)).expect("BUG: applied");
    let mut written = Vec::new();
    fixture.replica.export_rows(&mut written).expect("BUG: written");
    let written = String::from_utf8(written).expect("BUG: text");
    let has = |title: &str| written.contains(title);
    assert!(has("My own thoughts") && has("My own talk") && has("Another one's talk"), "{written}");
    assert!(!has("Another one's thoughts"), "{written}");
}

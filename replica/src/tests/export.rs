//! What leaves a computer as files.

use protocol::permission::Role;

use super::{fixture, fixture_of, form};
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

//! Real encrypted files in temporary folders.

use std::path::Path;
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use protocol::api::{DeviceScope, Fate, PushResponse, Receipt, StaffMember};
use protocol::id::{ClinicId, DeviceId, DoctorId, Epoch, PatientId, TenantId, UserId};
use protocol::mutation::{Change, Op, SetValue};
use protocol::permission::{Role, Roles};
use protocol::table::{Kind, Row, TABLES, TableName, Values};
use serde_json::{Value, json};
use tempfile::TempDir;
use time::OffsetDateTime;
use time::macros::datetime;
use tokio::sync::Notify;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::clock::Clock;
use crate::error::Error;
use crate::replica::Replica;
use crate::store::{DatabaseKey, Facts, Store};
use crate::view::{Draft, DraftItem, PatientForm};

pub(crate) const NOW: OffsetDateTime = datetime!(2026-11-23 05:11:08 UTC);

pub(crate) struct Fixture {
    pub replica: Replica,
    pub store: Arc<Store>,
    pub folder: TempDir,
}

fn key(byte: u8) -> DatabaseKey {
    DatabaseKey(Zeroizing::new([byte; 32]))
}

fn doctor_id() -> DoctorId {
    DoctorId(Uuid::from_u128(0xd0c))
}

fn facts() -> Facts {
    Facts {
        tenant_id: TenantId(Uuid::from_u128(1)),
        tenant_name: "Asha".into(),
        device_id: DeviceId(Uuid::from_u128(2)),
        device_name: "Room 1".into(),
        lane: "A".into(),
        clinic_id: ClinicId(Uuid::from_u128(3)),
        clinic_name: "Asha Clinic".into(),
        scope: DeviceScope::Clinical,
        server: "https://example.org".into(),
        server_name: "example".into(),
        epoch: Epoch(Uuid::from_u128(4)),
    }
}

/// A signed-in replica with its clinic and its doctor, as after a first sync.
pub(crate) fn fixture(role: Role) -> Fixture {
    let folder = TempDir::new().expect("BUG: a folder");
    let store = Store::create(&folder.path().join("clinic.db"), &key(7), &facts()).expect("BUG: a new file");
    let store = Arc::new(store);
    let row = |table, id: u128, version, values: Value| Row {
        table,
        id: Uuid::from_u128(id),
        version,
        deleted: false,
        values: serde_json::from_value(values).expect("BUG: values"),
    };
    let clinic = json!({ "clinic_name": "Asha Clinic", "clinic_code": "ASHA", "time_zone": "Asia/Kolkata",
        "letterhead": {}, "working_hours": {}, "is_primary": true, "is_active": true });
    let doctor = json!({ "title": "Dr.", "first_name": "Anjali", "last_name": "Kulkarni", "kind": "physician",
        "registration_number": "2009/04/1187", "registration_council": "MMC", "is_active": true,
        "qualifications": "MBBS, MD" });
    let medicine = json!({ "generic_name": "Paracetamol", "strength_text": "650 mg", "dosage_form": "tablet",
        "route": "oral", "ingredients": [], "allergen_classes": [], "schedule": "none", "is_combination": false,
        "search_text": "paracetamol 650 mg", "is_active": true, "default_dose": "1 sos" });
    store
        .stage(&[
            row(TableName::Clinics, 3, 1, clinic),
            row(TableName::Doctors, 0xd0c, 1, doctor),
            row(TableName::Medicines, 0x3ed, 1, medicine),
        ])
        .expect("BUG: staged");
    store.apply_staged(1, 1).expect("BUG: applied");
    let person = StaffMember {
        id: UserId(Uuid::from_u128(5)),
        full_name: "Anjali Kulkarni".into(),
        email: "anjali@example.org".into(),
        roles: Roles(vec![role]),
        doctor_id: (role == Role::Doctor).then(doctor_id),
    };
    let key = SigningKey::from_bytes(&[9; 32]);
    let mut replica = Replica::new(Arc::clone(&store), person, facts(), key, Arc::new(Notify::new()));
    replica.clock = Clock::stopped(NOW);
    Fixture { replica, store, folder }
}

pub(crate) fn form(first_name: &str, mobile_number: &str) -> PatientForm {
    PatientForm {
        mobile_number: mobile_number.into(),
        first_name: first_name.into(),
        last_name: "Deshmukh".into(),
        sex: "female".into(),
        age_years: Some(54),
        ..PatientForm::default()
    }
}

fn item(medicine_text: &str, dose_text: &str) -> DraftItem {
    DraftItem { medicine_id: None, medicine_text: medicine_text.into(), dose_text: dose_text.into() }
}

/// The server's answer that applied everything that waits, with these rows.
fn answer(store: &Store, head: i64, rows: Vec<Row>) -> PushResponse {
    let waiting = store.next_batch(500, 1_000_000).expect("BUG: readable");
    let receipts = waiting
        .iter()
        .map(|signed| {
            let mutation: protocol::mutation::Mutation =
                serde_json::from_str(&signed.body).expect("BUG: a mutation");
            Receipt {
                sequence: mutation.sequence,
                hash: signed.hash,
                fate: Fate::Applied,
                code: None,
                detail: None,
                blocked_by: None,
                review: vec![],
            }
        })
        .collect();
    PushResponse { head_before: head - 1, head, receipts, rows, server_time: NOW }
}

/// A patient's row as the server would have it now.
fn as_server(fixture: &Fixture, id: PatientId, version: i64, change: &[(&str, Value)]) -> Row {
    let mut values: Values = fixture
        .store
        .read(|tx| crate::replica::must_get(tx, TableName::Patients, id.0))
        .expect("BUG: the patient");
    values.extend(change.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    Row { table: TableName::Patients, id: id.0, version, deleted: false, values }
}

#[test]
fn the_file_has_every_declared_column_of_the_declared_kind() {
    let fixture = fixture(Role::Doctor);
    fixture
        .store
        .read(|tx| {
            for table in TABLES {
                let mut statement =
                    tx.prepare("select name, type, \"notnull\" from pragma_table_info(?1)")?;
                let found: Vec<(String, String, bool)> = statement
                    .query_map([table.sql_name], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
                    .collect::<Result<_, _>>()?;
                let mut wanted = vec!["id", "sync_version", "is_deleted"];
                wanted.extend(table.columns.iter().map(|column| column.name));
                let names: Vec<&str> = found.iter().map(|(name, ..)| name.as_str()).collect();
                assert_eq!(names, wanted, "{}", table.sql_name);
                for (column, (name, kind, _)) in table.columns.iter().zip(&found[3..]) {
                    let wanted = match column.kind {
                        Kind::Int(..) | Kind::Bool => "INTEGER",
                        Kind::Decimal => "REAL",
                        _ => "TEXT",
                    };
                    assert_eq!(kind, wanted, "{}.{name}", table.sql_name);
                }
            }
            Ok(())
        })
        .expect("BUG: readable");
}

#[test]
fn nothing_of_a_patient_stands_in_the_files_in_clear() {
    let fixture = fixture(Role::Doctor);
    fixture.replica.register_patient(&form("Mandakini", "98204 41276")).expect("BUG: registered");
    for name in ["clinic.db", "clinic.db-wal", "clinic.db-shm"] {
        let bytes = std::fs::read(fixture.folder.path().join(name)).expect("BUG: the file");
        for secret in ["Mandakini", "mandakini", "9820441276", "Kulkarni"] {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} in {name}");
        }
    }
}

fn refused(path: &Path, key: &DatabaseKey) -> Error {
    Store::open(path, key).err().expect("BUG: it opened")
}

#[test]
fn another_key_a_newer_file_and_a_missing_file_are_told_apart_and_left_alone() {
    let fixture = fixture(Role::Doctor);
    let path = fixture.folder.path().join("clinic.db");
    let Fixture { folder, store, replica } = fixture;
    store.write(|tx| Ok(tx.pragma_update(None, "user_version", 99)?)).expect("BUG: written");
    drop((store, replica));
    let before = std::fs::read(&path).expect("BUG: the file");
    assert!(matches!(refused(&path, &key(8)), Error::StoreDoesNotOpen));
    assert!(matches!(refused(&path, &key(7)), Error::StoreTooNew));
    assert_eq!(before, std::fs::read(&path).expect("BUG: the file"));
    let missing = folder.path().join("other.db");
    refused(&missing, &key(7));
    assert!(!missing.exists(), "an empty database is never made in the place of an old one");
    assert!(Store::create(&path, &key(7), &facts()).is_err(), "nor over one");
}

#[test]
fn what_was_saved_is_there_after_a_new_start_with_what_waits() {
    let fixture = fixture(Role::Doctor);
    let sunita = fixture.replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered");
    let draft = Draft { line: "para 650 1-1".into(), ..Draft::default() };
    fixture.replica.save_draft(sunita.id, &draft).expect("BUG: saved");
    let path = fixture.folder.path().join("clinic.db");
    let Fixture { replica, store, folder: _folder } = fixture;
    drop((replica, store));
    let store = Store::open(&path, &key(7)).expect("BUG: opens");
    assert_eq!(store.sync_state().expect("BUG: readable").waiting, 1);
    let body: String =
        store.read(|tx| Ok(tx.query_row("select body from drafts", [], |row| row.get(0))?)).expect("BUG");
    assert!(body.contains("para 650 1-1"));
}

#[test]
fn an_acknowledgement_marks_exactly_what_it_names() {
    let fixture = fixture(Role::Doctor);
    let sunita = fixture.replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered");
    let sent = answer(&fixture.store, 2, vec![as_server(&fixture, sunita.id, 2, &[])]);
    // Typed while the push was under way.
    let edited = PatientForm { city: "Pune".into(), ..form("Sunita", "98204 41276") };
    fixture.replica.update_patient(sunita.id, &form("Sunita", "98204 41276"), &edited).expect("BUG: edited");
    fixture.store.acknowledge(&sent, NOW).expect("BUG: acknowledged");
    let state = fixture.store.sync_state().expect("BUG: readable");
    assert_eq!((state.waiting, state.head), (1, Some(2)));
    assert_eq!(fixture.replica.chart(sunita.id).expect("BUG: chart").form.city, "Pune");
    let mut wrong = answer(&fixture.store, 3, vec![]);
    wrong.receipts[0].hash = protocol::mutation::Hash::ZERO;
    fixture.store.acknowledge(&wrong, NOW).expect("BUG: acknowledged");
    assert_eq!(
        fixture.store.sync_state().expect("BUG: readable").waiting,
        1,
        "another hash is another mutation"
    );
}

#[test]
fn what_waits_is_laid_over_the_rows_that_come() {
    let fixture = fixture(Role::Doctor);
    let sunita =
        fixture.replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id;
    let sent = answer(&fixture.store, 2, vec![as_server(&fixture, sunita, 2, &[])]);
    fixture.store.acknowledge(&sent, NOW).expect("BUG: acknowledged");
    let edited = PatientForm { city: "Pune".into(), ..form("Sunita", "98204 41276") };
    fixture.replica.update_patient(sunita, &form("Sunita", "98204 41276"), &edited).expect("BUG: edited");
    // Another desk changed the address and, earlier, the city.
    let theirs = [("city", json!("Nashik")), ("address_line", json!("12 Marol Road"))];
    let row = as_server(&fixture, sunita, 3, &theirs);
    fixture.store.stage(std::slice::from_ref(&row)).expect("BUG: staged");
    assert_eq!(fixture.replica.chart(sunita).expect("BUG").form.address_line, "", "not before all is here");
    assert!(fixture.store.apply_staged(3, 1).expect("BUG: applied"));
    let shown = fixture.replica.chart(sunita).expect("BUG: chart").form;
    assert_eq!((shown.city.as_str(), shown.address_line.as_str()), ("Pune", "12 Marol Road"));
    // The server decided for the other desk: its row is what counts once nothing waits.
    let decided = answer(&fixture.store, 4, vec![Row { version: 4, ..row }]);
    fixture.store.acknowledge(&decided, NOW).expect("BUG: acknowledged");
    assert_eq!(fixture.replica.chart(sunita).expect("BUG: chart").form.city, "Nashik");
}

#[test]
fn an_older_row_never_replaces_a_newer_one() {
    let fixture = fixture(Role::Doctor);
    let sunita =
        fixture.replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id;
    let row = |version, city: &str| as_server(&fixture, sunita, version, &[("city", json!(city))]);
    let newer = answer(&fixture.store, 9, vec![row(9, "Nashik")]);
    let older = row(5, "Pune");
    fixture.store.acknowledge(&newer, NOW).expect("BUG: acknowledged");
    fixture.store.stage(&[older]).expect("BUG: staged");
    fixture.store.apply_staged(9, 1).expect("BUG: applied");
    assert_eq!(fixture.replica.chart(sunita).expect("BUG: chart").form.city, "Nashik");
}

#[test]
fn a_change_set_aside_stays_visible_and_waits_for_a_person() {
    let fixture = fixture(Role::Doctor);
    let sunita =
        fixture.replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id;
    let mut refused = answer(&fixture.store, 2, vec![]);
    refused.receipts[0].fate = Fate::Quarantined;
    refused.receipts[0].detail = Some("This person's role may not write it.".into());
    fixture.store.acknowledge(&refused, NOW).expect("BUG: acknowledged");
    let state = fixture.store.sync_state().expect("BUG: readable");
    assert_eq!((state.waiting, state.attention), (0, 1));
    assert_eq!(fixture.replica.chart(sunita).expect("BUG: chart").patient.full_name, "Sunita Deshmukh");
    let ledger = fixture.replica.ledger(5).expect("BUG: ledger");
    assert_eq!(ledger[0].fate, Some(Fate::Quarantined));
    assert!(ledger[0].detail.as_deref().is_some_and(|detail| detail.contains("role")));
}

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
        let found = fixture.replica.find_patients(query).expect("BUG: found");
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
fn whoever_has_the_last_digits_is_found_among_any_number_of_others() {
    let fixture = fixture(Role::Doctor);
    fixture.replica.register_patient(&form("Zoya", "98204 41276")).expect("BUG: registered");
    for place in 0..250 {
        let number = format!("91276{place:05}");
        fixture.replica.register_patient(&form(&format!("P{place}"), &number)).expect("BUG: registered");
    }
    let found = fixture.replica.find_patients("1276").expect("BUG: found");
    assert_eq!(found[0].full_name, "Zoya Deshmukh");
    assert_eq!(found.len(), 50);
}

#[test]
fn a_signed_prescription_is_numbered_frozen_and_whole() {
    let fixture = fixture(Role::Doctor);
    let sunita =
        fixture.replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id;
    let medicine = fixture.replica.find_medicines("para650").expect("BUG: found")[0].clone();
    let listed = DraftItem { medicine_id: Some(medicine.id), ..item("", "1-1-1 x5d pc") };
    let draft = Draft {
        items: vec![listed, item("Cap. Something new", "1 hs x5d")],
        diagnoses: vec!["Fever".into()],
        follow_up: "5d".into(),
        ..Draft::default()
    };
    fixture.replica.save_draft(sunita, &draft).expect("BUG: saved");
    let signed = fixture.replica.sign_prescription(sunita, &draft).expect("BUG: signed");
    assert_eq!(signed.number.as_deref(), Some("ASHA-A-261123-1"));
    assert_eq!(signed.items[0].title, "TAB. PARACETAMOL 650 MG");
    assert_eq!(signed.items[0].quantity.as_deref(), Some("15 tablets"));
    assert_eq!(signed.items[1].directions, "1 capsule at bedtime, for 5 days");
    assert_eq!(fixture.replica.prescription(signed.id).expect("BUG: there"), signed);
    assert_eq!(
        fixture.replica.open_pad(sunita).expect("BUG: pad").draft,
        Draft::default(),
        "the draft is gone"
    );
    let printed = fixture.replica.printed(signed.id).expect("BUG: printed");
    assert_eq!(printed.follow_up, "Sat 28 Nov 2026");
    assert_eq!(printed.signed_at, "23 Nov 2026 10:41");
    assert_eq!((printed.allergies.as_str(), printed.patient_age_sex.as_str()), ("not asked", "54 y, F"));
    assert_eq!(printed.registration, "Reg. no. MMC 2009/04/1187");
    fixture
        .replica
        .update_patient(sunita, &form("Sunita", "98204 41276"), &form("Sunanda", "98204 41276"))
        .expect("BUG: corrected");
    assert_eq!(
        fixture.replica.printed(signed.id).expect("BUG").patient_name,
        "Sunita Deshmukh",
        "as it was signed"
    );
    let second = fixture.replica.sign_prescription(sunita, &draft).expect("BUG: signed");
    assert_eq!(second.number.as_deref(), Some("ASHA-A-261123-2"));
    let report = fixture.replica.verify().expect("BUG: verified");
    assert_eq!((report.prescriptions, report.mutations, report.problems), (2, 4, vec![]));
}

#[test]
fn only_a_prescriber_signs_and_only_what_can_be_read() {
    let patient = |fixture: &Fixture| {
        fixture.replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id
    };
    let nurse = fixture(Role::Nurse);
    let sunita = patient(&nurse);
    let draft = Draft { items: vec![item("Paracetamol", "1-1-1")], ..Draft::default() };
    assert!(matches!(nurse.replica.sign_prescription(sunita, &draft), Err(Error::Forbidden(_))));
    let doctor = fixture(Role::Doctor);
    let sunita = patient(&doctor);
    for bad in [
        Draft::default(),
        Draft { items: vec![item("Paracetamol", "1-1-")], ..Draft::default() },
        Draft { items: vec![item("", "1-1-1")], ..Draft::default() },
        Draft { follow_up: "soon".into(), ..draft },
    ] {
        assert!(matches!(doctor.replica.sign_prescription(sunita, &bad), Err(Error::Invalid(_))));
    }
    assert_eq!(doctor.store.sync_state().expect("BUG").waiting, 1, "nothing was signed");
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
    let wanted = Change {
        table: TableName::Patients,
        id: sunita.0,
        op: Op::Update,
        base_version: 0,
        set: [("city".to_owned(), SetValue { base: Value::Null, value: json!("Pune") })].into(),
    };
    assert_eq!(mutation.changes, [wanted]);
}

#[test]
fn a_correction_leaves_alone_what_came_while_its_form_stood_open() {
    let fixture = fixture(Role::Nurse);
    let sunita =
        fixture.replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id;
    let sent = answer(&fixture.store, 2, vec![as_server(&fixture, sunita, 2, &[])]);
    fixture.store.acknowledge(&sent, NOW).expect("BUG: acknowledged");
    let seen = fixture.replica.chart(sunita).expect("BUG: chart").form;
    let theirs = [("alerts", json!("Penicillin")), ("allergy_status", json!("has_allergies"))];
    let row = as_server(&fixture, sunita, 3, &theirs);
    fixture.store.stage(std::slice::from_ref(&row)).expect("BUG: staged");
    fixture.store.apply_staged(3, 1).expect("BUG: applied");
    let left = PatientForm { city: "Pune".into(), ..seen.clone() };
    fixture.replica.update_patient(sunita, &seen, &left).expect("BUG: corrected");
    let form = fixture.replica.chart(sunita).expect("BUG: chart").form;
    assert_eq!((form.alerts.as_str(), form.city.as_str()), ("Penicillin", "Pune"));
    let sent = fixture.store.next_batch(10, 1_000_000).expect("BUG: readable");
    assert!(!sent[0].body.contains("alerts"), "{}", sent[0].body);
}

#[test]
fn a_clock_that_jumps_gives_no_number_twice() {
    let mut fixture = fixture(Role::Doctor);
    let sunita =
        fixture.replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id;
    let draft = Draft { items: vec![item("Paracetamol 650 mg", "1-0-1 x3d")], ..Draft::default() };
    let days = [NOW, NOW, datetime!(2020-01-01 05:00 UTC), NOW];
    let numbers = days.map(|now| {
        fixture.replica.clock = Clock::stopped(now);
        fixture.replica.sign_prescription(sunita, &draft).expect("BUG: signed").number.unwrap_or_default()
    });
    assert_eq!(numbers, ["ASHA-A-261123-1", "ASHA-A-261123-2", "ASHA-A-200101-1", "ASHA-A-261123-3"]);
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
    assert!(matches!(fixture.replica.sign_prescription(sunita, &draft), Err(Error::Forbidden(_))));
    assert!(!fixture.replica.session().may_prescribe);
}

#[test]
fn a_row_with_any_signs_in_its_numbers_is_taken_and_found() {
    let fixture = fixture(Role::Doctor);
    let sunita =
        fixture.replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id;
    for (version, number) in [(2, "98204–41276"), (3, "९८२०४४१२७६"), (4, "–"), (5, "")]
    {
        let row = as_server(&fixture, sunita, version, &[("alternate_mobile", json!(number))]);
        fixture.store.stage(std::slice::from_ref(&row)).expect("BUG: staged");
        fixture.store.apply_staged(version, 1).expect("BUG: applied");
        assert_eq!(fixture.replica.find_patients("1276").expect("BUG: found").len(), 1);
    }
}

#[test]
fn what_is_written_about_allergies_is_printed_whatever_the_status_says() {
    let fixture = fixture(Role::Doctor);
    let sunita =
        fixture.replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id;
    let theirs = [("alerts", json!("Penicillin")), ("allergy_status", json!("none_known"))];
    let values = as_server(&fixture, sunita, 2, &theirs).values;
    let today = NOW.date();
    assert_eq!(crate::sign::patient_snapshot(&values, today)["allergies"], "Penicillin");
}

#[test]
fn a_full_disk_saves_nothing_and_loses_nothing() {
    let fixture = fixture(Role::Doctor);
    fixture.replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered");
    fixture
        .store
        .write(|tx| {
            let pages: i64 = tx.pragma_query_value(None, "page_count", |row| row.get(0))?;
            tx.pragma_query_value(None, "max_page_count", |_| Ok(()))?;
            Ok(tx.query_row(&format!("pragma max_page_count = {pages}"), [], |_| Ok(()))?)
        })
        .expect("BUG: the limit");
    let mut refused = None;
    for place in 0..200 {
        let bigger =
            PatientForm { address_line: "x".repeat(290), ..form(&format!("P{place}"), "98204 41276") };
        if let Err(error) = fixture.replica.register_patient(&bigger) {
            refused = Some((place, error));
            break;
        }
    }
    let (saved, error) = refused.expect("BUG: the disk was never full");
    assert!(matches!(error, Error::DiskFull), "{error:?}");
    assert_eq!(fixture.replica.find_patients("Deshmukh").expect("BUG").len().min(50), (saved + 1).min(50));
    let report = fixture.replica.verify().expect("BUG: verified");
    assert_eq!(
        (report.patients as usize, report.mutations as usize, report.problems),
        (saved + 1, saved + 1, vec![])
    );
}

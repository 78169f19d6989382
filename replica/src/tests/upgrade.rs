//! Files of earlier programs are opened by this one with all that is in them, whatever happens on the way.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use protocol::api::StaffMember;
use protocol::audit::Action;
use protocol::id::UserId;
use protocol::permission::{Role, Roles};
use protocol::table::{Row, TableName, UnknownRow};
use rusqlite::{Connection, OpenFlags};
use serde_json::json;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::sync::Notify;
use uuid::Uuid;

use super::{Fixture, NOW, answer, as_server, facts, fixture, form, item, key};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::replica::Replica;
use crate::store::Store;
use crate::store::file::{MIGRATIONS, connect, version};
use crate::store::upgrade::{Step, upgrade};
use crate::view::{Draft, PatientForm};

/// Files that programs of earlier schemas wrote, by what [`furnish`] does; the key is `[7; 32]`.
const GOLDEN: &[(usize, &[u8])] =
    &[(7, include_bytes!("golden/0007.db")), (18, include_bytes!("golden/0018.db"))];

/// SHA-256 of each step, which files may have been through. They never change; a new step adds its own.
const STEPS: &[&str] = &[
    "6a64695169b0aa4cec69e550bd9b958fa92647ab9e33591b0df0931318789344",
    "603bc6ea928b08f6aa0ea772afceb478716800c9d37f55f0d78810938d164d85",
    "c9dbef888949ae154fe2a7c7851c2b53901df5e203d8cec1068daa7826b3b2a0",
    "eb04d73090a559491d9f90ff6d41167350201e24c069f5822fc1fc5c60ea0e01",
    "1ed8aa12e3f54df50d371bd7057820a6f15d81784efc20154c10f26609bed441",
    "aefddd2d13d5e5717807c7c8ebca3fd43829b447bc07302bdfc41bf535f5999e",
    "38ea183bf71ebea80365dce72f1d8eed9b067b730fb94cc3799dea700f0f266b",
    "65b7f7e2ed5a92f94f70261a5706fd6ae7011010a5fd38f72b8bc6dc0bf24e80",
    "2199b9d9e8a03887c4ef9db2d7faa8164e01b7abbf040921eab9fbbf86cdda23",
    "c0488bcecafcc55d6814002b51c263214a28ae5962ec352be34d05484d531738",
    "83d89a7a16b7a057b3cad98d6d61cfaaf4cb130a95abaf4b46912c7071769bf5",
    "a0b77e68e32f18a5832d96f2a61c879a8cd652d08916a368c4894ed52a27cf22",
    "3d9bd5b154443757f4fc514dfd3c109c6d6385327b402d5a68b590224c8b98a5",
    "f81ccb68429f65035f6f95770e9cf5ff5d5f4101b8bdaab55229e405cc7f5665",
    "242e633dfe589a23c041dd43942ef16938b2b629f2efde78d817bab2ca592ad3",
    "05cfabcbd263c0b1bb1e2c7fb6b61fcb5d7a76dfc39b03ffed4a971edfd47cec",
    "b4ab2a04217312eb13924757d7d2f5102d5c0bcab85e6217973dfde3561eb2e2",
    "323de780027a3acfc5b1abce4872709e2aa5cf725a6315a15b5970d5b455b399",
];

/// One of everything that a file can hold.
fn furnish(fixture: &Fixture) {
    let Fixture { replica, store, .. } = fixture;
    let sunita = replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id;
    let sent = answer(store, 2, vec![as_server(fixture, sunita, 2, &[])]);
    store.acknowledge(&sent, &[], (None, NOW)).expect("BUG: acknowledged");
    let edited = PatientForm { city: "Pune".into(), ..form("Sunita", "98204 41276") };
    replica.update_patient(sunita, &form("Sunita", "98204 41276"), &edited).expect("BUG: edited");
    let draft = Draft {
        items: vec![item("Paracetamol 650 mg", "1-0-1 x3d"), item("Cetirizine 10 mg", "0-0-1 x5d")],
        ..Draft::default()
    };
    replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed");
    let farida = replica.register_patient(&form("Farida", "98204 41277")).expect("BUG: registered").id;
    replica
        .save_draft(farida, &Draft { line: "para 650 1-1".into(), ..Draft::default() })
        .expect("BUG: kept");
    replica.note(Action::View, Some((TableName::Patients, farida.0)), Some(farida));
    let carried = json!({ "table": "vaccinations", "id": Uuid::from_u128(77), "version": 3, "values": {} });
    store.carry(&[UnknownRow::parse(carried).expect("BUG: unknown")], true).expect("BUG: carried");
    let values = store.read(|tx| crate::replica::must_get(tx, TableName::Patients, sunita.0));
    let staged = Row {
        table: TableName::Patients,
        id: Uuid::from_u128(78),
        version: 3,
        deleted: false,
        values: values.expect("BUG: the patient"),
    };
    store.stage(&[staged]).expect("BUG: staged");
}

/// All that [`furnish`] did is there.
fn holds_everything(store: Store) {
    let store = Arc::new(store);
    let person = StaffMember {
        id: UserId(Uuid::from_u128(5)),
        full_name: "Anjali Kulkarni".into(),
        email: "anjali@example.org".into(),
        roles: Roles(vec![Role::Doctor]),
        doctor_id: Some(super::doctor_id()),
    };
    let key = SigningKey::from_bytes(&[9; 32]);
    let mut replica = Replica::new(Arc::clone(&store), person, facts(), key, Arc::new(Notify::new()));
    replica.clock = Clock::stopped(NOW);
    let report = replica.verify().expect("BUG: verified");
    assert_eq!((report.patients, report.prescriptions, report.mutations), (2, 1, 4));
    assert_eq!(report.problems, Vec::<String>::new());
    let state = store.sync_state().expect("BUG: readable");
    assert_eq!((state.waiting, state.head, state.after_version), (3, Some(2), Some(3)));
    let sunita = &replica.find_patients("1276").expect("BUG: found").people[0];
    assert_eq!(replica.chart(sunita.id).expect("BUG: chart").form.city, "Pune");
    assert_eq!(store.facts().expect("BUG: facts"), facts());
    let count = |table: &str| {
        let sql = format!("select count(*) from {table}");
        store.read(|tx| Ok(tx.query_row(&sql, [], |row| row.get::<_, u32>(0))?)).expect("BUG: readable")
    };
    let tables =
        ["drafts", "desk_events", "carried_rows", "staged_rows", "confirmed_rows", "prescription_items"];
    assert_eq!(tables.map(count), [1, 2, 1, 1, 1, 2]);
}

/// The golden file of this schema in a folder of its own.
fn golden(bytes: &[u8]) -> (PathBuf, TempDir) {
    let folder = TempDir::new().expect("BUG: a folder");
    let path = folder.path().join("clinic.db");
    std::fs::write(&path, bytes).expect("BUG: written");
    (path, folder)
}

fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("BUG: a folder");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("BUG: an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name != "clinic.lock")
        .collect();
    names.sort();
    names
}

#[test]
#[ignore = "writes the golden file of the newest schema, once, when that schema is released"]
fn write_the_golden_file() {
    let fixture = fixture(Role::Doctor);
    furnish(&fixture);
    let path = fixture.folder.path().join("clinic.db");
    let Fixture { replica, store, folder: _folder } = fixture;
    drop((replica, store));
    let name = format!("src/tests/golden/{:04}.db", MIGRATIONS.len());
    std::fs::copy(path, Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).expect("BUG: written");
}

#[test]
fn files_of_every_earlier_schema_open_with_all_that_is_in_them() {
    for (schema, bytes) in GOLDEN {
        let (path, folder) = golden(bytes);
        let old = connect(&path, &key(7), OpenFlags::SQLITE_OPEN_READ_WRITE).expect("BUG: opens");
        assert_eq!(version(&old).expect("BUG: a version"), *schema);
        drop(old);
        holds_everything(Store::open(&path, &key(7)).expect("BUG: opens"));
        let now = connect(&path, &key(7), OpenFlags::SQLITE_OPEN_READ_WRITE).expect("BUG: opens");
        assert_eq!(version(&now).expect("BUG: a version"), MIGRATIONS.len());
        drop(now);
        assert_eq!(files(folder.path()), ["clinic.db"]);
    }
}

/// SHA-256 of a step, in hexadecimal digits.
fn hash(step: &str) -> String {
    use std::fmt::Write;
    Sha256::digest(step).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("BUG: a String takes everything");
        text
    })
}

#[test]
fn a_step_that_files_have_been_through_never_changes() {
    let found: Vec<String> = MIGRATIONS.iter().map(|step| hash(step)).collect();
    assert_eq!(found, STEPS);
}

#[test]
fn the_old_file_stays_as_it_is_until_the_new_one_is_whole() {
    let (_, bytes) = GOLDEN[0];
    for stop in [Step::Settled, Step::Copied, Step::Migrated, Step::Checked, Step::Replaced] {
        let (path, _folder) = golden(bytes);
        let stopped =
            upgrade(&path, &key(7), |step| if step == stop { Err(Error::DiskFull) } else { Ok(()) });
        assert!(matches!(stopped, Err(Error::DiskFull)), "{stop:?}");
        let is_old = std::fs::read(&path).expect("BUG: the file") == bytes;
        assert_eq!(is_old, stop != Step::Replaced, "{stop:?}");
        holds_everything(Store::open(&path, &key(7)).expect("BUG: opens"));
    }
}

#[test]
fn what_a_crash_left_of_a_copy_is_not_believed() {
    let (path, folder) = golden(GOLDEN[0].1);
    for name in ["clinic.upgrade", "clinic.upgrade-wal", "clinic.upgrade-shm"] {
        std::fs::write(folder.path().join(name), b"half of something").expect("BUG: written");
    }
    holds_everything(Store::open(&path, &key(7)).expect("BUG: opens"));
    assert_eq!(files(folder.path()), ["clinic.db"]);
}

#[test]
fn what_was_not_yet_in_the_old_file_itself_is_brought_along() {
    let (path, folder) = golden(GOLDEN[0].1);
    // A program that was killed left its last writes beside the file.
    let old = connect(&path, &key(7), OpenFlags::SQLITE_OPEN_READ_WRITE).expect("BUG: opens");
    old.execute("update patients set city = 'Nashik' where first_name = 'Farida'", []).expect("BUG: written");
    let killed = TempDir::new().expect("BUG: a folder");
    for name in files(folder.path()) {
        std::fs::copy(folder.path().join(&name), killed.path().join(&name)).expect("BUG: copied");
    }
    drop(old);
    let path = killed.path().join("clinic.db");
    assert_eq!(std::fs::read(&path).expect("BUG: the file"), GOLDEN[0].1, "it stands beside the file");
    let store = Store::open(&path, &key(7)).expect("BUG: opens");
    let city: String = store
        .read(|tx| {
            let sql = "select city from patients where first_name = 'Farida'";
            Ok(tx.query_row(sql, [], |row| row.get(0))?)
        })
        .expect("BUG: readable");
    assert_eq!(city, "Nashik");
    holds_everything(store);
}

#[test]
fn a_file_that_another_program_has_open_is_not_upgraded_under_it() {
    let (path, folder) = golden(GOLDEN[0].1);
    let other = File::create(folder.path().join("clinic.lock")).expect("BUG: a lock");
    other.lock_shared().expect("BUG: locked");
    assert!(matches!(Store::open(&path, &key(7)), Err(Error::StoreInUse)));
    assert_eq!(std::fs::read(&path).expect("BUG: the file"), GOLDEN[0].1);
    drop(other);
    holds_everything(Store::open(&path, &key(7)).expect("BUG: opens"));
}

#[test]
fn a_copy_that_lost_something_never_takes_the_files_place() {
    let (path, _folder) = golden(GOLDEN[0].1);
    let copy = path.with_extension("upgrade");
    let lose = |sql: &'static str| {
        upgrade(&path, &key(7), |step| -> Result<()> {
            if step == Step::Copied {
                let connection: Connection = connect(&copy, &key(7), OpenFlags::SQLITE_OPEN_READ_WRITE)?;
                assert_eq!(connection.execute(sql, [])?, 1);
            }
            Ok(())
        })
    };
    for sql in [
        "delete from patients where first_name = 'Farida'",
        "delete from drafts",
        "update mutations set fate = 'applied' where sequence = 4",
    ] {
        assert!(matches!(lose(sql), Err(Error::UpgradeFailed)), "{sql}");
        assert_eq!(std::fs::read(&path).expect("BUG: the file"), GOLDEN[0].1, "{sql}");
    }
}

/// An empty file that has been through so many steps, in a folder of its own.
fn of_schema(schema: usize) -> (PathBuf, TempDir) {
    let folder = TempDir::new().expect("BUG: a folder");
    let path = folder.path().join("clinic.db");
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let old = connect(&path, &key(7), flags).expect("BUG: made");
    for step in &MIGRATIONS[..schema] {
        old.execute_batch(step).expect("BUG: a step");
    }
    old.pragma_update(None, "user_version", schema as u32).expect("BUG: a version");
    (path, folder)
}

#[test]
fn a_file_of_any_number_of_steps_comes_to_the_newest() {
    for schema in 1..MIGRATIONS.len() {
        let (path, _folder) = of_schema(schema);
        let old = connect(&path, &key(7), OpenFlags::SQLITE_OPEN_READ_WRITE).expect("BUG: opens");
        let sql = "insert into clinics (id, sync_version, is_deleted, clinic_name, clinic_code, time_zone, letterhead, \
                   working_hours, is_primary, is_active) values ('c', 1, 0, 'Asha', 'ASHA', 'Asia/Kolkata', '{}', '{}', 1, 1)";
        old.execute(sql, []).expect("BUG: written");
        drop(old);
        let store = Store::open(&path, &key(7)).expect("BUG: opens");
        let name: String = store
            .read(|tx| Ok(tx.query_row("select clinic_name from clinics", [], |row| row.get(0))?))
            .expect("BUG: readable");
        assert_eq!(name, "Asha", "from schema {schema}");
    }
}

#[test]
fn a_dose_that_is_no_longer_believed_does_not_keep_a_file_from_being_upgraded() {
    // The last schema that took an injection's amount for millilitres.
    let (path, _folder) = of_schema(16);
    let old = connect(&path, &key(7), OpenFlags::SQLITE_OPEN_READ_WRITE).expect("BUG: opens");
    old.execute_batch(
        "insert into medicines (id, sync_version, is_deleted, generic_name, dosage_form, route, ingredients,
             allergen_classes, schedule, is_combination, search_text, is_active)
         values ('m', 1, 0, 'Insulin', 'injection', 'subcutaneous', '[]', '[]', 'none', 0, 'insulin', 1);
         insert into prescriptions (id, sync_version, is_deleted, visit_date, doctor_id, patient_id, clinic_id, status,
             version, mode, chief_complaints, vitals, diagnoses, investigations, language)
         values ('p', 1, 0, '2026-11-20', 'd', 'sunita', 'c', 'finalised', 1, 'in_person', '[]', '{}', '[]', '[]', 'en');
         insert into prescription_items (id, sync_version, is_deleted, prescription_id, position, medicine_id,
             medicine_text, generic_text, dosage_form, dose_text, dose_pattern, dose_unit, meal_relation,
             patient_directions, is_prn, substitution_allowed, source)
         values ('i', 1, 0, 'p', 1, 'm', 'Insulin', 'insulin', 'injection', '1 stat', '{}', 'ml', 'any', '', 0, 0, 'typed')",
    )
    .expect("BUG: signed");
    let learned = "select count(*) from medicine_use";
    assert_eq!(old.query_row(learned, [], |row| row.get::<_, u32>(0)).expect("BUG: readable"), 1);
    drop(old);
    let store = Store::open(&path, &key(7)).expect("BUG: opens");
    let count = |sql: &str| store.read(|tx| Ok(tx.query_row(sql, [], |row| row.get::<_, u32>(0))?));
    assert_eq!(count(learned).expect("BUG: readable"), 0);
    assert_eq!(
        count("select count(*) from prescription_items").expect("BUG: readable"),
        1,
        "the line is kept"
    );
}

#[test]
fn what_is_only_here_is_still_known_to_be_when_a_new_program_takes_in_its_new_columns() {
    let (path, _folder) = of_schema(MIGRATIONS.len() - 1);
    let mut old = connect(&path, &key(7), OpenFlags::SQLITE_OPEN_READ_WRITE).expect("BUG: opens");
    let id = Uuid::from_u128(3);
    let carried = json!({ "table": "clinics", "id": id, "version": 9, "values": { "clinic_name": "Asha",
        "clinic_code": "ASHA", "time_zone": "Asia/Kolkata", "letterhead": {}, "working_hours": {}, "is_primary": true,
        "is_active": true, "has_parking": true } });
    let tx = old.transaction().expect("BUG: begun");
    let sql = "insert into carried_rows (table_name, id, row) values ('clinics', ?1, ?2)";
    tx.execute(sql, (id.to_string(), carried.to_string())).expect("BUG: written");
    let sql = "insert into only_here (table_name, id, server_version) values ('clinics', ?1, 4)";
    tx.execute(sql, [id.to_string()]).expect("BUG: written");
    tx.commit().expect("BUG: kept");
    drop(old);
    let store = Store::open(&path, &key(7)).expect("BUG: opens");
    let sql = "select o.server_version from only_here o join clinics c on c.id = o.id";
    let has = store.read(|tx| Ok(tx.query_row(sql, [], |row| row.get::<_, i64>(0))?));
    assert_eq!(has.expect("BUG: readable"), 4);
}

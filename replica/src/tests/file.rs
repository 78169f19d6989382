//! The encrypted file.

use std::path::Path;

use protocol::permission::Role;
use protocol::table::{Kind, TABLES};

use super::{Fixture, facts, fixture, form, key};
use crate::error::Error;
use crate::store::{DatabaseKey, Store};
use crate::view::PatientForm;

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
    assert_eq!(
        fixture.replica.find_patients("Deshmukh").expect("BUG").people.len().min(50),
        (saved + 1).min(50)
    );
    let report = fixture.replica.verify().expect("BUG: verified");
    assert_eq!(
        (report.patients as usize, report.mutations as usize, report.problems),
        (saved + 1, saved + 1, vec![])
    );
}

#[test]
fn a_file_that_is_whole_is_called_so_also_when_it_is_checked_again_after_much_was_written() {
    let fixture = fixture(Role::Doctor);
    for round in 0..4 {
        for place in 0..20 {
            let number = format!("98204 {round}00{place:02}");
            fixture.replica.register_patient(&form("Sunita", &number)).expect("BUG: registered");
        }
        let report = fixture.replica.verify().expect("BUG: checked");
        assert!(report.is_good() && report.patients == (round + 1) * 20, "{report:?}");
    }
}

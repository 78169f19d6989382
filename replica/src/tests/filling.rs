//! A new desktop is filled a portion at a time.

use std::panic::{AssertUnwindSafe, catch_unwind};

use protocol::bootstrap::{WireColumn, WireKind};
use protocol::id::PatientId;
use protocol::permission::Role;
use protocol::table::{Table, TableName};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use super::{Fixture, NOW, answer, as_server, facts, fixture, key};
use crate::error::Error;
use crate::replica::must_get;
use crate::store::{Header, Portion, Store};
use crate::view::PatientForm;

/// A file in which nothing has come yet.
fn empty() -> (Store, TempDir) {
    let folder = TempDir::new().expect("BUG: a folder");
    let store = Store::create(&folder.path().join("clinic.db"), &key(7), &facts()).expect("BUG: a new file");
    (store, folder)
}

fn columns(table: &Table, without: &[&str]) -> Vec<WireColumn> {
    let fixed = [("id", WireKind::Uuid), ("sync_version", WireKind::Int)];
    let sent = table.columns.iter().filter(|column| !without.contains(&column.name));
    let sent = sent.map(|column| (column.name, column.kind.into()));
    fixed.into_iter().chain(sent).map(|(name, kind)| WireColumn(name.to_owned(), kind)).collect()
}

/// A line as the server writes it, with these values; the rest is empty.
fn line(columns: &[WireColumn], id: u128, version: i64, values: &[(&str, &str)]) -> String {
    let fields: Vec<String> = columns
        .iter()
        .map(|WireColumn(name, _)| match name.as_str() {
            "id" => Uuid::from_u128(id).to_string(),
            "sync_version" => version.to_string(),
            name => {
                let value = values.iter().find(|(given, _)| *given == name);
                value.map_or(r"\N", |(_, value)| value).to_owned()
            }
        })
        .collect();
    fields.join("\t") + "\n"
}

const SUNITA: &[(&str, &str)] = &[
    ("mobile_number", "+919820441276"),
    ("first_name", "Sunita"),
    ("first_name_norm", "sunita"),
    ("last_name", "Deshmukh"),
    ("sex", "female"),
    ("age_years", "54"),
    ("blood_group", "unknown"),
    ("allergy_status", "unknown"),
    ("consent", r#"{"a": [1, 2.50]}"#),
    ("is_deceased", "f"),
    ("needs_review", "t"),
    ("beyond_plan", "f"),
    ("duplicate_ordinal", "0"),
    ("address_line", r"12 Marol\tRoad\nAndheri"),
];

/// A row of a copy: its id, its version, and texts by column.
type Line<'a> = (u128, i64, &'a [(&'a str, &'a str)]);

fn patients(lines: &[Line<'_>]) -> (Header, Vec<u8>) {
    let columns = columns(TableName::Patients.table(), &[]);
    let text: String =
        lines.iter().map(|(id, version, values)| line(&columns, *id, *version, values)).collect();
    (Header::new("patients".into(), columns).expect("BUG: a header"), text.into_bytes())
}

fn portion(parts: Vec<(Header, Vec<u8>)>, after: &str) -> Portion {
    Portion { parts, after: Some(after.to_owned()), ..Portion::default() }
}

fn values(store: &Store, table: TableName, id: u128) -> protocol::table::Values {
    store.read(|tx| must_get(tx, table, Uuid::from_u128(id))).expect("BUG: the row")
}

#[test]
fn a_row_of_the_stream_is_the_row_that_a_pull_would_have_brought() {
    let (store, _folder) = empty();
    store.begin_filling(42, 3).expect("BUG: begun");
    store.fill(&portion(vec![patients(&[(1, 41, SUNITA)])], "today")).expect("BUG: filled");
    let found = values(&store, TableName::Patients, 1);
    let expected = [
        ("first_name", json!("Sunita")),
        ("age_years", json!(54)),
        ("needs_review", json!(true)),
        ("is_deceased", json!(false)),
        ("consent", json!({ "a": [1, 2.5] })),
        ("address_line", json!("12 Marol\tRoad\nAndheri")),
        ("city", Value::Null),
    ];
    for (name, value) in expected {
        assert_eq!(found[name], value, "{name}");
    }
    assert_eq!(found.len(), TableName::Patients.table().columns.len());
    let text: String = store
        .read(|tx| Ok(tx.query_row("select consent from patients", [], |row| row.get(0))?))
        .expect("BUG: readable");
    assert_eq!(text, r#"{"a":[1,2.5]}"#, "as a pull writes it");
}

#[test]
fn whoever_was_filled_in_is_found_before_the_rest_has_come() {
    let fixture = fixture(Role::Doctor);
    fixture.store.begin_filling(42, 3).expect("BUG: begun");
    fixture.store.fill(&portion(vec![patients(&[(1, 41, SUNITA)])], "today")).expect("BUG: filled");
    // Again with the rest, as today's patients do.
    fixture.store.fill(&portion(vec![patients(&[(1, 41, SUNITA)])], "patients.x")).expect("BUG: filled");
    for typed in ["sunita", "deshm", "1276"] {
        assert_eq!(fixture.replica.find_patients(typed).expect("BUG: found").people.len(), 1, "{typed}");
    }
    assert_eq!(fixture.replica.verify().expect("BUG: verified").problems, Vec::<String>::new());
}

#[test]
fn filling_goes_on_where_it_was_after_a_new_start_and_ends_at_the_version_of_the_first_stream() {
    let (store, folder) = empty();
    assert_eq!(store.begin_filling(42, 3).expect("BUG: begun").place(), (false, None));
    let today = Portion {
        total: Some(900),
        has_catalogue: true,
        ..portion(vec![patients(&[(1, 41, SUNITA)])], "today")
    };
    store.fill(&today).expect("BUG: filled");
    drop(store);
    let store = Store::open(&folder.path().join("clinic.db"), &key(7)).expect("BUG: opens");
    let filling = store.begin_filling(50, 4).expect("BUG: begun");
    assert_eq!((filling.head, filling.catalogue, filling.place()), (42, 3, (true, Some("today"))));
    assert_eq!((filling.rows, filling.total), (0, Some(900)));
    let next = portion(vec![patients(&[(2, 40, SUNITA)])], "patients.2");
    assert_eq!(store.fill(&next).expect("BUG: filled").rows, 1);
    let state = store.sync_state().expect("BUG: readable");
    assert_eq!((state.head, state.after.as_deref()), (None, None), "not all is here");
    store.fill(&Portion { is_end: true, ..Portion::default() }).expect("BUG: filled");
    let state = store.sync_state().expect("BUG: readable");
    assert_eq!((state.head, state.catalogue, state.filling), (Some(42), 3, None));
    assert_eq!(state.after_version, Some(42), "what changed meanwhile is pulled");
}

#[test]
fn a_portion_that_is_broken_leaves_nothing() {
    let (store, _folder) = empty();
    store.begin_filling(42, 3).expect("BUG: begun");
    let columns = columns(TableName::Patients.table(), &[]);
    let whole = line(&columns, 1, 41, SUNITA);
    let broken = [
        line(&columns, 2, 41, SUNITA).replace("\t41\t", "\tforty\t"),
        line(&columns, 2, 41, SUNITA).replace("\tf\t", "\tfalse\t"),
        "one field\n".to_owned(),
    ];
    for bad in broken {
        let header = Header::new("patients".into(), columns.clone()).expect("BUG: a header");
        let lines = format!("{whole}{bad}").into_bytes();
        let filled = store.fill(&portion(vec![(header, lines)], "today"));
        assert!(matches!(filled, Err(Error::ServerUnreachable)), "{bad}");
        let state = store.sync_state().expect("BUG: readable");
        assert_eq!(state.filling.and_then(|filling| filling.after), None);
        let count: u32 = store
            .read(|tx| Ok(tx.query_row("select count(*) from patients", [], |row| row.get(0))?))
            .expect("BUG: readable");
        assert_eq!(count, 0, "{bad}");
    }
}

#[test]
fn what_people_save_is_waited_for_whatever_became_of_a_portion_that_was_not() {
    let (store, _folder) = empty();
    store.begin_filling(42, 3).expect("BUG: begun");
    let must_wait = || {
        let sql = "pragma synchronous";
        let level: i64 =
            store.write(|tx| Ok(tx.query_row(sql, [], |row| row.get(0))?)).expect("BUG: readable");
        assert_eq!(level, 2, "full");
    };
    store.fill(&portion(vec![patients(&[(1, 41, SUNITA)])], "today")).expect("BUG: filled");
    must_wait();
    let header = Header::new("patients".into(), columns(TableName::Patients.table(), &[]));
    let broken = vec![(header.expect("BUG: a header"), b"one field\n".to_vec())];
    store.fill(&portion(broken, "patients.1")).expect_err("BUG: taken");
    must_wait();
    let stopped = catch_unwind(AssertUnwindSafe(|| store.write_later::<()>(|_| panic!("on purpose"))));
    assert!(stopped.is_err());
    must_wait();
}

#[test]
fn what_is_done_while_the_rest_comes_is_laid_over_it_and_a_newer_row_stays() {
    let fixture = fixture(Role::Doctor);
    let Fixture { replica, store, .. } = &fixture;
    store.begin_filling(42, 3).expect("BUG: begun");
    store.fill(&portion(vec![patients(&[(1, 41, SUNITA), (2, 41, SUNITA)])], "today")).expect("BUG: filled");
    let (one, two) = (PatientId(Uuid::from_u128(1)), PatientId(Uuid::from_u128(2)));
    let before = replica.chart(one).expect("BUG: chart").form;
    replica
        .update_patient(one, &before, &PatientForm { city: "Pune".into(), ..before.clone() })
        .expect("BUG: edited");
    let newer = as_server(&fixture, two, 43, &[("city", json!("Nashik"))]);
    let waiting = store.sync_state().expect("BUG: readable").waiting;
    let pushed = protocol::api::PushResponse { receipts: vec![], ..answer(store, 43, vec![newer]) };
    store.acknowledge(&pushed, &[], (None, NOW)).expect("BUG: acknowledged");
    store
        .fill(&portion(vec![patients(&[(1, 41, SUNITA), (2, 41, SUNITA)])], "patients.2"))
        .expect("BUG: filled");
    assert_eq!(replica.chart(one).expect("BUG: chart").form.city, "Pune");
    assert_eq!(replica.chart(two).expect("BUG: chart").form.city, "Nashik");
    assert_eq!(store.sync_state().expect("BUG: readable").waiting, waiting, "and goes out as usual");
}

#[test]
fn a_front_desk_keeps_its_tables_whole_without_what_it_may_not_have() {
    let (store, _folder) = empty();
    store.begin_filling(42, 3).expect("BUG: begun");
    let columns = columns(TableName::Patients.table(), &["chronic_conditions", "alerts", "allergy_status"]);
    let text = line(&columns, 1, 41, SUNITA);
    let header = Header::new("patients".into(), columns).expect("BUG: a header");
    store.fill(&portion(vec![(header, text.into_bytes())], "today")).expect("BUG: filled");
    assert_eq!(values(&store, TableName::Patients, 1)["first_name"], json!("Sunita"));
    assert_eq!(
        values(&store, TableName::Patients, 1)["chronic_conditions"],
        json!([]),
        "nothing, as of anyone else"
    );
}

#[test]
fn what_only_a_newer_program_knows_is_kept_as_it_came() {
    let (store, _folder) = empty();
    store.begin_filling(42, 3).expect("BUG: begun");
    let mut wider = columns(TableName::Patients.table(), &[]);
    wider.push(WireColumn("shoe_size".into(), WireKind::Int));
    let text = line(&wider, 1, 41, &[SUNITA, &[("shoe_size", "38")]].concat());
    let known = Header::new("patients".into(), wider).expect("BUG: a header");
    let new = vec![
        WireColumn("id".into(), WireKind::Uuid),
        WireColumn("sync_version".into(), WireKind::Int),
        WireColumn("dose".into(), WireKind::Decimal),
    ];
    let shot = line(&new, 9, 41, &[("dose", "0.50")]);
    let unknown = Header::new("vaccinations".into(), new).expect("BUG: a header");
    store
        .fill(&portion(vec![(known, text.into_bytes()), (unknown, shot.into_bytes())], "today"))
        .expect("BUG: filled");
    assert_eq!(values(&store, TableName::Patients, 1)["first_name"], json!("Sunita"));
    let carried: Vec<Value> = store
        .read(|tx| {
            let mut statement = tx.prepare("select row from carried_rows order by table_name")?;
            let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
            rows.map(|row| Ok(serde_json::from_str(&row?)?)).collect()
        })
        .expect("BUG: readable");
    assert_eq!(carried.len(), 2);
    assert_eq!(carried[0]["values"]["shoe_size"], json!(38));
    let expected = json!({ "table": "vaccinations", "id": Uuid::from_u128(9), "version": 41, "values": { "dose": 0.5 } });
    assert_eq!(carried[1], expected);
}

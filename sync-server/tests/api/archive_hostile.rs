//! Archives that are damaged, cut off, or made by someone who has the key and bad intentions.

use std::fs::File;

use clinic_sync::archive::read::{Refused, check};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use sqlx::PgConnection;

use crate::archive_box::{Entry, Mover, with_manifest, with_rows};
use crate::furnished::Furnished;

async fn tenants(admin: &mut PgConnection) -> i64 {
    sqlx::query_scalar("select count(*) from clinic.tenants").fetch_one(admin).await.expect("a count")
}

#[tokio::test]
async fn an_archive_with_one_byte_changed_or_its_end_cut_off_is_refused() {
    let mut furnished = Furnished::new().await;
    let mover = Mover::of(&furnished.database).await;
    mover.export(furnished.a, "whole").await.expect("an archive");
    let whole = std::fs::read(mover.path("whole")).expect("an archive");
    let refused = |bytes: &[u8]| {
        std::fs::write(mover.path("broken"), bytes).expect("written");
        check(&mut File::open(mover.path("broken")).expect("a file"), &mover.key()).is_err()
    };
    let mut dice = ChaCha8Rng::seed_from_u64(11);
    for _ in 0..300 {
        let place = dice.random_range(0..whole.len());
        let mut bytes = whole.clone();
        bytes[place] ^= 1 << dice.random_range(0..8);
        assert!(refused(&bytes), "byte {place}");
        assert!(refused(&whole[..place]), "{place} bytes");
    }
    assert!(refused(&[whole.as_slice(), b"x"].concat()), "something after the end");
    assert!(refused(b""));
    assert!(!refused(&whole));
    std::fs::write(mover.path("broken"), &whole[..whole.len() - 100]).expect("written");
    assert!(mover.restore("broken", Some("BACK")).await.is_err());
    assert_eq!(tenants(&mut furnished.admin).await, 2);
}

/// The sentence with which an archive is refused.
async fn sentence(mover: &Mover, entries: &[Entry]) -> String {
    mover.close("hostile", entries);
    let error = mover.restore("hostile", Some("BACK")).await.expect_err("refused");
    error.to_string()
}

fn place(entries: &[Entry], table: &str) -> usize {
    let path = format!("tables/{table}.ndjson");
    entries.iter().position(|entry| entry.path == path).expect("the table")
}

#[tokio::test]
async fn an_entry_that_does_not_belong_is_named() {
    let mut furnished = Furnished::new().await;
    let mover = Mover::of(&furnished.database).await;
    mover.export(furnished.a, "whole").await.expect("an archive");
    let whole = mover.open("whole");
    let patients = place(&whole, "patients");
    let renamed = |path: &str| {
        let mut entries = whole.clone();
        entries[patients].path = path.to_owned();
        entries
    };
    for path in [
        "../../etc/passwd",
        "/etc/passwd",
        "tables/../patients.ndjson",
        "tables/patients.ndjson\u{1}",
        "C:\\x",
    ] {
        let said = sentence(&mover, &renamed(path)).await;
        assert!(said.contains(&format!("{path:?}")), "{said}");
    }
    for kind in
        [tar::EntryType::Symlink, tar::EntryType::Link, tar::EntryType::Directory, tar::EntryType::XHeader]
    {
        let mut entries = whole.clone();
        entries[patients].kind = kind;
        let said = sentence(&mover, &entries).await;
        assert!(said.contains("\"tables/patients.ndjson\": it is not a plain file"), "{said}");
    }
    let mut swapped = whole.clone();
    swapped.swap(patients, patients + 1);
    assert!(sentence(&mover, &swapped).await.contains(&whole[patients + 1].path));
    let mut twice = whole.clone();
    twice.insert(patients, whole[patients].clone());
    assert!(sentence(&mover, &twice).await.contains("tables/patients.ndjson"));
    let mut missing = whole.clone();
    missing.remove(patients);
    assert!(sentence(&mover, &missing).await.contains("tables/patients.ndjson does"));
    let mut more = whole.clone();
    more.push(Entry { path: "more".to_owned(), ..whole[patients].clone() });
    assert!(sentence(&mover, &more).await.contains("at the end"));
    assert!(sentence(&mover, &whole[..whole.len() - 1]).await.contains("it is missing"));
    mover.seal("hostile", &vec![0; 100_000]);
    assert!(mover.restore("hostile", None).await.expect_err("refused").to_string().contains("manifest.json"));
    mover.seal("hostile", b"no tar");
    assert!(mover.restore("hostile", None).await.is_err());
    assert_eq!(tenants(&mut furnished.admin).await, 2);
}

#[tokio::test]
async fn rows_that_are_not_those_of_the_manifest_are_refused_by_the_name_of_their_table() {
    let furnished = Furnished::new().await;
    let mover = Mover::of(&furnished.database).await;
    mover.export(furnished.a, "whole").await.expect("an archive");
    let whole = mover.open("whole");
    let patients = place(&whole, "patients");
    let mut changed = whole.clone();
    let letter = changed[patients].bytes.iter().position(|byte| *byte == b'k').expect("a letter");
    changed[patients].bytes[letter] = b'x';
    let mut shorter = whole.clone();
    shorter[patients].bytes.pop();
    for entries in [changed, shorter] {
        let said = sentence(&mover, &entries).await;
        assert!(said.contains("at tables/patients.ndjson"), "{said}");
    }
    for (table, line) in
        [("patients", "no JSON"), ("patients", "[]"), ("patients", r#"{"id": 1}"#), ("clinics", "{}")]
    {
        let said = sentence(&mover, &with_rows(&whole, table, |lines| lines[0] = line.to_owned())).await;
        assert!(said.contains(&format!("at tables/{table}.ndjson: line 1 is not a row of it")), "{said}");
    }
    let twice = with_rows(&whole, "patients", |lines| lines.push(lines[0].clone()));
    let said = sentence(&mover, &twice).await;
    assert!(
        said.contains("tables/patients.ndjson: the database does not take its rows (patients_pkey)"),
        "{said}"
    );
    let orphans = with_rows(&whole, "patients", Vec::clear);
    let said = sentence(&mover, &orphans).await;
    assert!(said.contains("do not fit together") && said.contains("_fkey"), "{said}");
    // Whoever has the key may change a row and make everything fit; it is then theirs, as a new archive is.
    let theirs = with_rows(&whole, "patients", |lines| lines[0] = lines[0].replace("kestrel", "robin"));
    mover.close("theirs", &theirs);
    mover.restore("theirs", Some("BACK")).await.expect("a good archive");
}

/// What is done to a manifest.
type Change = Box<dyn Fn(&mut Value)>;

#[tokio::test]
async fn a_manifest_that_claims_what_is_not_so_is_refused() {
    let furnished = Furnished::new().await;
    let mover = Mover::of(&furnished.database).await;
    mover.export(furnished.a, "whole").await.expect("an archive");
    let whole = mover.open("whole");
    let table =
        |name: &str| whole.iter().skip(1).position(|it| it.path.contains(&format!("/{name}."))).expect("it");
    let patients = table("patients");
    let cases: Vec<(Change, &str)> = vec![
        (Box::new(|it| it["format"] = json!("other")), "an archive of other"),
        (Box::new(|it| it["format_version"] = json!(2)), "version 2, which this program does not read"),
        (Box::new(|it| it["migration_version"] = json!(99_999)), "a newer version of the server"),
        (Box::new(|it| it["tables"] = json!([])), "does not begin with one tenant"),
        (Box::new(|it| it["tenant_id"] = json!("nobody")), "manifest.json"),
        (Box::new(move |it| it["tables"][patients]["bytes"] = json!(1_u64 << 60)), "claims more data"),
        (Box::new(move |it| it["tables"][patients]["rows"] = json!(9)), "tables/patients.ndjson"),
        (Box::new(move |it| it["tables"][patients]["name"] = json!("../x")), "a table's name is none"),
        (Box::new(move |it| it["tables"][patients]["name"] = json!("clinics")), "is there twice"),
        (
            Box::new(|it| it["attachments"] = json!([{"sha256": "../x", "bytes": 1, "is_included": true}])),
            "hash",
        ),
    ];
    for (change, reason) in cases {
        let said = sentence(&mover, &with_manifest(&whole, |manifest| change(manifest))).await;
        assert!(said.contains(reason), "{reason}: {said}");
    }
    for name in ["tenant_sync", "refresh_tokens", "medicines", "pg_class"] {
        let mut entries = with_manifest(&whole, |it| it["tables"][patients]["name"] = json!(name));
        entries[patients + 1].path = format!("tables/{name}.ndjson");
        let said = sentence(&mover, &entries).await;
        assert!(
            said.contains(&format!("at tables/{name}.ndjson: this table does not belong there")),
            "{said}"
        );
    }
    let column =
        with_rows(&whole, "patients", |lines| lines[0] = lines[0].replace("\"alerts\"", "\"alarms\""));
    let column = with_manifest(&column, |it| {
        let columns = it["tables"][patients]["columns"].as_array_mut().expect("columns");
        let place = columns.iter().position(|column| column == "alerts").expect("it");
        columns[place] = json!("alarms");
    });
    assert!(sentence(&mover, &column).await.contains("the table has no column alarms"));
    // Without it, computers would come back in service.
    let devices = table("devices");
    let without = |line: &String| {
        let mut row: Value = serde_json::from_str(line).expect("a row");
        row.as_object_mut().expect("an object").remove("revoked_at");
        row.to_string()
    };
    let in_service = with_rows(&whole, "devices", |lines| *lines = lines.iter().map(without).collect());
    let in_service = with_manifest(&in_service, |it| {
        let columns = it["tables"][devices]["columns"].as_array_mut().expect("columns");
        columns.retain(|column| column != "revoked_at");
    });
    let said = sentence(&mover, &in_service).await;
    assert!(said.contains("at tables/devices.ndjson: it lacks the column revoked_at"), "{said}");
}

#[tokio::test]
async fn no_file_at_all_of_another_kind_is_taken_for_an_archive() {
    let furnished = Furnished::new().await;
    let mover = Mover::of(&furnished.database).await;
    for bytes in [&b""[..], b"age-encryption.org/v1\n", b"PK\x03\x04", b"SQLite format 3\0"] {
        std::fs::write(mover.path("other"), bytes).expect("written");
        let mut file = File::open(mover.path("other")).expect("a file");
        let refused = check(&mut file, &mover.key()).expect_err("refused");
        assert!(matches!(refused, Refused::Unreadable), "{refused}");
    }
}

#[tokio::test]
async fn an_archive_of_a_server_that_keeps_texts_in_another_order_comes_back() {
    let mut furnished = Furnished::new().await;
    let mover = Mover::of(&furnished.database).await;
    sqlx::query(
        "insert into clinic.own_keys (tenant_id, device_id, user_id, public_key, after_sequence)
         select tenant_id, device_id, user_id, public_key || 'a', 0 from clinic.own_keys where tenant_id = $1",
    )
    .bind(furnished.a.0)
    .execute(&mut furnished.admin)
    .await
    .expect("a good statement");
    mover.export(furnished.a, "own").await.expect("an archive");
    mover.close("other", &with_rows(&mover.open("own"), "own_keys", |keys| keys.reverse()));
    let restored = mover.restore("other", Some("BACK")).await.expect("a tenant");
    assert_eq!(restored.rows["own_keys"], 2);
}

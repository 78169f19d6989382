//! A tenant leaves, comes back, and is deleted.

use std::collections::BTreeMap;

use clinic_sync::archive::manifest::Manifest;
use clinic_sync::archive::{Key, Lock, delete, export, read, restore, sheets};
use clinic_sync::audit::verify::{Finding, Known, verify};
use clinic_sync::auth::password::PasswordCost;
use clinic_sync::auth::person::is_known;
use clinic_sync::demo::{DemoOptions, create};
use protocol::api::{DeviceScope, PROTOCOL_HEADER, Secret};
use protocol::error::ErrorCode;
use protocol::id::TenantId;
use protocol::table::TableName;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use time::macros::date;
use uuid::Uuid;

use crate::archive_box::{Mover, Rows};
use crate::clinic::{Clinic, new_patient};
use crate::desk;
use crate::furnished::{Furnished, WORD_A, WORD_B, tenant_tables};

/// These tell of the past and are not put back.
const WITNESSES: &[&str] = &["tenant_audit_log", "audit_heads"];

/// What must differ after a restore, made equal.
fn settled(manifest: &Manifest, rows: &Rows) -> BTreeMap<String, Vec<String>> {
    let mut settled = BTreeMap::new();
    for (table, rows) in rows.iter().filter(|(table, _)| !WITNESSES.contains(&table.as_str())) {
        let lines = rows.iter().map(|row| {
            let mut row = row.clone();
            let whose = row.remove(if table == "tenants" { "id" } else { "tenant_id" });
            assert_eq!(whose, Some(json!(manifest.tenant_id)), "{table}");
            if row.contains_key("clocks") {
                row.remove("sync_version");
            }
            match table.as_str() {
                "tenants" => row.remove("tenant_code"),
                "devices" => row.remove("revoked_at"),
                _ => None,
            };
            Value::Object(row).to_string()
        });
        settled.insert(table.clone(), lines.collect());
    }
    settled
}

/// How many rows each tenant table has of this tenant.
async fn counts(admin: &mut PgConnection, tenant: TenantId) -> BTreeMap<String, i64> {
    let mut counts = BTreeMap::new();
    for table in tenant_tables(admin).await {
        let sql = AssertSqlSafe(format!("select count(*) from clinic.{table} where tenant_id = $1"));
        let count = sqlx::query_scalar(sql).bind(tenant.0).fetch_one(&mut *admin).await.expect("a count");
        counts.insert(table, count);
    }
    counts
}

/// What is wrong with the tenant's log.
async fn findings(mover: &Mover, tenant: TenantId) -> Vec<Finding> {
    let mut tx = mover.doors.ops.read(tenant).await.expect("a transaction");
    verify(&mut tx, tenant, &Known::default()).await.expect("a report").findings
}

async fn run(admin: &mut PgConnection, sql: &'static str) {
    sqlx::raw_sql(sql).execute(admin).await.expect("a good statement");
}

#[tokio::test]
async fn what_was_restored_is_exported_again_row_for_row() {
    let mut furnished = Furnished::new().await;
    let mover = Mover::of(&furnished.database).await;
    let options = DemoOptions {
        tenant_code: "ASHA_DENTAL".into(),
        patients: 25,
        seed: 7,
        today: Some(date!(2026 - 11 - 23)),
        json: true,
    };
    create(&mover.doors.ops, &options, PasswordCost::LEAST).await.expect("a tenant");
    // An amendment and what it supersedes refer to each other.
    run(
        &mut furnished.admin,
        "update clinic.prescriptions p set status = 'superseded', superseded_by_id = q.id
         from (select tenant_id, min(id::text)::uuid as first, max(id::text)::uuid as id
               from clinic.prescriptions where status = 'finalised' group by 1) q
         where p.tenant_id = q.tenant_id and p.id = q.first and q.first <> q.id",
    )
    .await;
    let demo =
        mover.doors.app.as_ref().expect("a login").find_tenant("ASHA_DENTAL").await.expect("an answer");
    for (tenant, code) in [(furnished.a, "AGAIN_A"), (demo.expect("the tenant"), "AGAIN_DEMO")] {
        let (first, second) = (format!("{code}.1"), format!("{code}.2"));
        let exported = mover.export(tenant, &first).await.expect("an archive").manifest;
        let restored = mover.restore(&first, Some(code)).await.expect("a tenant");
        assert_ne!(restored.tenant, tenant, "the id is taken");
        assert_ne!(restored.epoch, exported.epoch);
        assert_eq!(restored.tenant_code, code);
        let again = mover.export(restored.tenant, &second).await.expect("an archive").manifest;
        assert!(again.version > exported.version);
        let ((manifest, rows), (manifest_again, rows_again)) = (mover.rows(&first), mover.rows(&second));
        assert!(rows["prescription_items"].len() + rows["patients"].len() > 1);
        assert_eq!(settled(&manifest, &rows), settled(&manifest_again, &rows_again));
        assert!(rows_again["devices"].iter().all(|device| device["revoked_at"].is_string()));
        assert_eq!(findings(&mover, restored.tenant).await, [], "the log tells of every row");
    }
}

#[tokio::test]
async fn every_table_with_rows_is_in_the_archive_or_named_as_left_out() {
    let mut furnished = Furnished::new().await;
    let mover = Mover::of(&furnished.database).await;
    let manifest = mover.export(furnished.a, "a").await.expect("an archive").manifest;
    let tables = tenant_tables(&mut furnished.admin).await;
    for table in &tables {
        let is_left_out = manifest.left_out.iter().any(|left| left.table == *table);
        let entry = manifest.tables.iter().find(|entry| entry.name == *table);
        assert!(is_left_out != entry.is_some(), "{table}");
        // Heads of the log are signed by a server only.
        assert!(entry.is_none_or(|entry| entry.rows > 0 || table == "audit_heads"), "{table}");
    }
    assert_eq!(manifest.tables.len() + manifest.left_out.len(), tables.len() + 1);
    let files = manifest.attachments;
    assert_eq!(files.len(), 1, "the row of dental_attachments refers to a file");
    assert!(!files[0].is_included);
}

#[tokio::test]
async fn an_archive_holds_nothing_of_another_tenant_by_either_login() {
    let furnished = Furnished::new().await;
    let mover = Mover::of(&furnished.database).await;
    let mut alone = Mover::of(&furnished.database).await;
    alone.doors.app = None;
    for mover in [&mover, &alone] {
        mover.export(furnished.a, "a").await.expect("an archive");
        let text: String = mover
            .open("a")
            .iter()
            .map(|entry| String::from_utf8(entry.bytes.clone()).expect("text"))
            .collect();
        assert!(text.to_lowercase().contains(WORD_A));
        assert!(!text.to_lowercase().contains(WORD_B));
        assert!(!text.contains(&furnished.b.to_string()));
    }
}

#[tokio::test]
async fn an_archive_that_would_lack_rows_is_not_made() {
    let mut furnished = Furnished::new().await;
    let mover = Mover::of(&furnished.database).await;
    run(&mut furnished.admin, "alter policy tenant_isolation on clinic.patients using (false)").await;
    let refused = mover.export(furnished.a, "a").await.expect_err("rows are hidden").to_string();
    assert!(refused.contains("patients has 1 rows of this tenant, of which 0 can be read"), "{refused}");
    let left = std::fs::read_dir(mover.folder.path()).expect("a folder").count();
    assert_eq!(left, 0, "nothing that looks like an archive is left");
}

#[tokio::test]
async fn no_secret_of_a_computer_leaves_and_no_password_unless_it_was_asked_for() {
    let furnished = Furnished::new().await;
    let mover = Mover::of(&furnished.database).await;
    export(&mover.doors, furnished.a, false, &mover.lock(), &mover.path("a")).await.expect("an archive");
    let (manifest, rows) = mover.rows("a");
    assert!(!manifest.with_credentials);
    assert_eq!(rows["users"][0]["password_hash"], "!");
    assert_eq!(rows["users"][0]["must_change_password"], true);
    assert_eq!(rows["devices"][0]["unlock_key"], "\\x");
    // A new column that sounds like a secret is decided about here.
    let decided = [
        "users.password_hash",
        "users.must_change_password",
        "users.token_version",
        "users.password_version",
        "devices.unlock_key",
        "device_revocations.token_hash",
        "clinics.token_prefix",
        "appointments.token_number",
        "appointments.token_label",
    ];
    for table in &manifest.tables {
        for column in &table.columns {
            let sounds = ["password", "secret", "token", "unlock", "private", "totp", "challenge"];
            let name = format!("{}.{column}", table.name);
            let is_secret = sounds.iter().any(|sound| column.contains(sound));
            assert!(!is_secret || decided.contains(&name.as_str()), "{name}");
        }
    }
}

#[tokio::test]
async fn a_tenant_with_data_is_never_overwritten_and_an_empty_one_makes_room() {
    let mut furnished = Furnished::new().await;
    let mover = Mover::of(&furnished.database).await;
    mover.export(furnished.a, "a").await.expect("an archive");
    let before = counts(&mut furnished.admin, furnished.a).await;
    for code in [None, Some(WORD_B)] {
        let refused = mover.restore("a", code).await.expect_err("there is data").to_string();
        assert!(refused.contains("is there and has data"), "{refused}");
    }
    assert_eq!(counts(&mut furnished.admin, furnished.a).await, before);
    let empty = TenantId::new();
    let tx = mover.doors.ops.create_tenant(empty, "EMPTY", "Empty").await.expect("a tenant");
    tx.commit().await.expect("committed");
    let restored = mover.restore("a", Some("empty")).await.expect("a tenant");
    assert_eq!(restored.tenant_code, "EMPTY");
    let restored = counts(&mut furnished.admin, restored.tenant).await;
    assert_eq!(restored["patients"], before["patients"]);
    assert!(mover.restore("a", Some("no good")).await.is_err());
}

#[tokio::test]
async fn however_long_an_archive_takes_to_read_the_database_waits() {
    let mut furnished = Furnished::new().await;
    let mover = Mover::of(&furnished.database).await;
    mover.export(furnished.a, "a").await.expect("an archive");
    run(
        &mut furnished.admin,
        "create function public.hurry() returns trigger language plpgsql as $$
         begin
             if current_setting('idle_in_transaction_session_timeout') <> '0'
                 or current_setting('statement_timeout') <> '0'
             then
                 raise exception 'a slow reader would be ended';
             end if;
             return new;
         end $$;
         create trigger hurry before insert on clinic.tenants for each row execute function public.hurry()",
    )
    .await;
    mover.restore("a", Some("SLOW")).await.expect("a tenant");
}

#[tokio::test]
async fn a_row_that_comes_into_an_empty_tenant_while_its_archive_is_restored_is_seen() {
    let furnished = Furnished::new().await;
    let mover = Mover::of(&furnished.database).await;
    mover.export(furnished.a, "a").await.expect("an archive");
    let (ops, empty) = (mover.doors.ops.clone(), TenantId::new());
    ops.create_tenant(empty, "EMPTY", "Empty").await.expect("a tenant").commit().await.expect("committed");
    let mut writing = ops.write(empty).await.expect("a transaction");
    sqlx::query(
        "insert into clinics (tenant_id, id, clinic_name, clinic_code)
         values ($1, gen_random_uuid(), 'Bandra', 'BANDRA')",
    )
    .bind(empty.0)
    .execute(&mut *writing)
    .await
    .expect("a clinic");
    let writer: i32 =
        sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut *writing).await.expect("its number");
    let mut restoring = std::pin::pin!(mover.restore("a", Some("EMPTY")));
    let mut watching = ops.write_unsynced(furnished.b).await.expect("a transaction");
    let waits = async {
        let blocked =
            "select exists (select from pg_locks where not granted and $1 = any (pg_blocking_pids(pid)))";
        while !sqlx::query_scalar::<_, bool>(blocked)
            .bind(writer)
            .fetch_one(&mut *watching)
            .await
            .expect("an answer")
        {}
    };
    tokio::select! {
        done = &mut restoring => panic!("it did not wait for the writer: {done:?}"),
        () = waits => {}
    }
    writing.commit().await.expect("committed");
    let refused = restoring.await.expect_err("there is data").to_string();
    assert!(refused.contains("is there and has data (clinics)"), "{refused}");
}

#[tokio::test]
async fn a_fresh_computer_of_a_restored_tenant_gets_everything_and_the_old_epoch_is_over() {
    let clinic = Clinic::open().await;
    let mut old = clinic.desk().await;
    let patient = Uuid::now_v7();
    old.write(vec![new_patient(patient, "Sunita")]).await;
    let mover = Mover::of(clinic.server.database()).await;
    mover.export(old.tenant, "asha").await.expect("an archive");
    let lock = mover.lock();
    delete::delete(&mover.doors, old.tenant, &lock, &mover.key(), &mover.path("last"), true)
        .await
        .expect("deleted");
    let restored = mover.restore("last", None).await.expect("a tenant");
    let mut tx = mover.doors.ops.read(restored.tenant).await.expect("a transaction");
    let admin = clinic.registered.admin_user_id.0;
    assert!(is_known(&mut tx, restored.tenant.0, admin).await.expect("an answer"), "by an operator's code");
    let code =
        clinic.server.enrolment_code_for(&restored.tenant_code, DeviceScope::Clinical).await.expect("a code");
    let key = ed25519_dalek::SigningKey::from_bytes(&rand::random());
    let request = desk::enrol_request(&key, &code, "anjali@example.org", desk::PASSWORD);
    let response = old.client.post(format!("{}/v1/devices/enrol", old.url)).header(PROTOCOL_HEADER, 1);
    let enrolled: protocol::api::EnrolResponse =
        crate::clinic::body(response.json(&request).send().await.expect("an answer"))
            .await
            .expect("a device");
    assert_eq!(enrolled.epoch, restored.epoch);
    old.token = enrolled.session.tokens.access_token.0;
    let gone = old.get(&format!("/v1/sync/pull?epoch={}", old.epoch)).await;
    assert_eq!(crate::clinic::body::<Value>(gone).await.expect_err("over").code, ErrorCode::EpochChanged);
    old.epoch = restored.epoch;
    let rows = old.rows().await;
    for (table, id) in
        [(TableName::Patients, patient), (TableName::Clinics, old.clinic), (TableName::Doctors, old.doctor)]
    {
        assert!(rows.iter().any(|row| row.table == table && row.id == id), "{table:?}");
    }
    let head = restored.manifest.version + 1;
    assert!(rows.iter().filter(|row| row.table == TableName::Patients).all(|row| row.version == head));
}

#[tokio::test]
async fn deleting_takes_every_row_of_the_tenant_leaves_its_log_and_touches_nobody_else() {
    let mut furnished = Furnished::new().await;
    let mover = Mover::of(&furnished.database).await;
    let neighbour = counts(&mut furnished.admin, furnished.b).await;
    let before = counts(&mut furnished.admin, furnished.a).await;
    let findings_before = findings(&mover, furnished.a).await;
    let preview = delete::preview(&mover.doors.ops, furnished.a).await.expect("counts");
    assert_eq!(counts(&mut furnished.admin, furnished.a).await, before, "a look deletes nothing");
    let lock = mover.lock();
    let deleted = delete::delete(&mover.doors, furnished.a, &lock, &mover.key(), &mover.path("a"), true)
        .await
        .expect("gone");
    assert_eq!(deleted.rows, preview);
    for (table, count) in counts(&mut furnished.admin, furnished.a).await {
        if WITNESSES.contains(&table.as_str()) {
            assert!(count >= before[&table], "{table}");
        } else {
            assert_eq!(count, 0, "{table}");
            assert_eq!(Some(&deleted.rows[&table]), u64::try_from(before[&table]).ok().as_ref(), "{table}");
        }
    }
    assert_eq!(counts(&mut furnished.admin, furnished.b).await, neighbour);
    assert_eq!(findings(&mover, furnished.a).await, findings_before);
    let mut tx = mover.doors.ops.read(furnished.a).await.expect("a transaction");
    let last: Value = sqlx::query_scalar(
        "select changes from tenant_audit_log where tenant_id = $1 and lane = 'operator' and action = 'delete'",
    )
    .bind(furnished.a.0)
    .fetch_one(&mut *tx)
    .await
    .expect("an entry");
    assert_eq!(last["tenant_code"], WORD_A.to_uppercase());
    assert_eq!(last["archive_sha256"], deleted.exported.file_sha256.as_str());
    drop(tx);
    let restored = mover.restore("a", None).await.expect("a tenant");
    assert_ne!(restored.tenant, furnished.a, "the old log is closed");
}

#[tokio::test]
async fn nothing_is_deleted_whose_archive_does_not_open_again() {
    let mut furnished = Furnished::new().await;
    let mover = Mover::of(&furnished.database).await;
    let other = Mover::of(&furnished.database).await;
    let before = counts(&mut furnished.admin, furnished.a).await;
    let refused =
        delete::delete(&mover.doors, furnished.a, &mover.lock(), &other.key(), &mover.path("a"), true).await;
    assert!(refused.expect_err("another key").to_string().contains("Nothing was deleted"));
    std::fs::write(mover.path("b"), "mine").expect("written");
    let taken =
        delete::delete(&mover.doors, furnished.a, &mover.lock(), &mover.key(), &mover.path("b"), true).await;
    assert!(taken.expect_err("it is there").to_string().contains("exists already"));
    assert_eq!(std::fs::read(mover.path("b")).expect("read"), b"mine");
    assert_eq!(counts(&mut furnished.admin, furnished.a).await, before);
}

#[tokio::test]
async fn a_passphrase_opens_what_it_closed_and_another_one_does_not() {
    let furnished = Furnished::new().await;
    let mover = Mover::of(&furnished.database).await;
    let passphrase = Secret("seven green parrots".to_owned());
    let lock = Lock::Passphrase(passphrase.clone());
    let exported =
        export(&mover.doors, furnished.a, true, &lock, &mover.path("a")).await.expect("an archive");
    let mut file = std::fs::File::open(mover.path("a")).expect("a file");
    let wrong = Key::Passphrase(Secret("seven green parrot".to_owned()));
    let refused = restore(&mover.doors, &mut file, &wrong, Some("BACK")).await;
    assert_eq!(refused.expect_err("wrong").to_string(), "This passphrase or key does not open the archive.");
    let refused = read::check(&mut file, &mover.key()).expect_err("no passphrase");
    assert!(refused.to_string().contains("opens with a passphrase"), "{refused}");
    let manifest = read::check(&mut file, &Key::Passphrase(passphrase)).expect("it opens");
    assert_eq!(manifest, exported.manifest);
}

#[tokio::test]
async fn a_sheet_has_the_cells_of_the_table_once_the_guards_are_off() {
    let mut furnished = Furnished::new().await;
    sqlx::query("update clinic.patients set address_line = '=HYPERLINK(\"http://x\")' where tenant_id = $1")
        .bind(furnished.a.0)
        .execute(&mut furnished.admin)
        .await
        .expect("a good statement");
    let mover = Mover::of(&furnished.database).await;
    let folder = mover.path("sheets");
    let written = sheets::write(&mover.doors, furnished.a, &folder).await.expect("sheets");
    export(&mover.doors, furnished.a, false, &mover.lock(), &mover.path("a")).await.expect("an archive");
    let (manifest, rows) = mover.rows("a");
    let mut read = 0;
    for table in &manifest.tables {
        let path = folder.join(format!("{}.csv", table.name));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&path).expect("a file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{}", table.name);
        }
        let mut sheet = csv::Reader::from_path(&path).expect("a sheet");
        assert_eq!(sheet.headers().expect("a head").iter().collect::<Vec<_>>(), table.columns);
        for (record, row) in sheet.records().zip(&rows[&table.name]) {
            read += 1;
            for (cell, column) in record.expect("a row").iter().zip(&table.columns) {
                assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']), "{}.{column}", table.name);
                let cell = protocol::sheet::unguard(cell);
                match &row[column] {
                    Value::Null => assert_eq!(cell, ""),
                    Value::String(text) => assert_eq!(cell, text),
                    value => {
                        assert_eq!(&serde_json::from_str::<Value>(cell).expect("JSON"), value);
                    }
                }
            }
        }
    }
    assert_eq!(read, written);
    assert_eq!(rows["patients"][0]["address_line"], "=HYPERLINK(\"http://x\")");
    assert!(sheets::write(&mover.doors, furnished.a, &folder).await.is_err(), "the folder is there");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&folder).expect("a folder").permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}

#[tokio::test]
async fn one_export_of_a_tenant_goes_on_at_a_time() {
    let furnished = Furnished::new().await;
    let mover = Mover::of(&furnished.database).await;
    let mut other =
        mover.doors.app.as_ref().expect("a login").read(furnished.a).await.expect("a transaction");
    sqlx::query("select pg_advisory_xact_lock(hashtextextended($1, 23))")
        .bind(furnished.a.to_string())
        .execute(&mut *other)
        .await
        .expect("another export");
    let refused = mover.export(furnished.a, "a").await.expect_err("one goes on").to_string();
    assert!(refused.contains("being exported already"), "{refused}");
    mover.export(furnished.b, "b").await.expect("another tenant's");
    other.commit().await.expect("the other one ends");
    mover.export(furnished.a, "a").await.expect("an archive");
}

#[tokio::test]
async fn sheets_that_would_lack_rows_are_not_left_there() {
    let mut furnished = Furnished::new().await;
    let mover = Mover::of(&furnished.database).await;
    run(&mut furnished.admin, "alter policy tenant_isolation on clinic.prescriptions using (false)").await;
    let refused = sheets::write(&mover.doors, furnished.a, &mover.path("sheets")).await.expect_err("hidden");
    assert!(refused.to_string().contains("prescriptions has 1 rows"), "{refused}");
    let left = std::fs::read_dir(mover.folder.path()).expect("a folder").count();
    assert_eq!(left, 0, "nothing that looks like sheets is left");
}

#[tokio::test]
async fn every_reference_can_wait_for_the_end_of_a_restore() {
    let database = clinic_sync::testing::TestDatabase::new().await;
    let mut admin = PgConnection::connect(&database.admin.0).await.expect("a connection");
    let at_once: Vec<String> = sqlx::query_scalar(
        "select conname::text from pg_constraint
         where connamespace = 'clinic'::regnamespace and contype = 'f' and not (condeferrable and not condeferred)",
    )
    .fetch_all(&mut admin)
    .await
    .expect("the catalogue");
    assert_eq!(at_once, [""; 0], "declare them `deferrable`");
}

#[tokio::test]
async fn what_refers_to_a_row_that_is_deleted_is_found_by_an_index_where_a_tenant_has_many() {
    let database = clinic_sync::testing::TestDatabase::new().await;
    let mut admin = PgConnection::connect(&database.admin.0).await.expect("a connection");
    let searched: Vec<String> = sqlx::query_scalar(
        "select k.conname::text from pg_constraint k join pg_class p on p.oid = k.confrelid
         where k.connamespace = 'clinic'::regnamespace and k.contype = 'f'
           and p.relname not in
               ('tenants', 'clinics', 'doctors', 'users', 'devices', 'dental_observation_templates')
           and not exists (
               select from pg_index i
               where i.indrelid = k.conrelid
                 and (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey)",
    )
    .fetch_all(&mut admin)
    .await
    .expect("the catalogue");
    assert_eq!(searched, [""; 0], "deleting a tenant with many rows would take hours");
}

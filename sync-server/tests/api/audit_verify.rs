//! Whoever changes the log behind the server's back is found.

use std::collections::BTreeMap;
use std::path::Path;

use clinic_sync::audit::command::{AuditCommand, AuditVerify, run_audit};
use clinic_sync::audit::verify::{Known, Problem, TenantReport, verify};
use clinic_sync::database::{self, LoginPasswords};
use clinic_sync::testing::TestDatabase;
use futures_util::future::join_all;
use protocol::api::Secret;
use protocol::id::TenantId;
use protocol::table::TableName;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use url::Url;
use uuid::Uuid;

use crate::clinic::{Clinic, Desk, edit, new_patient};
use crate::conflicts::alone;

/// A superuser, for whom no trigger stands.
async fn intruder(clinic: &Clinic) -> PgConnection {
    let mut connection =
        PgConnection::connect(&clinic.server.database().admin.0).await.expect("the database");
    run(&mut connection, "set search_path = clinic; set session_replication_role = replica").await;
    connection
}

async fn run(connection: &mut PgConnection, sql: &str) -> u64 {
    let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await;
    done.unwrap_or_else(|error| panic!("{error}: {sql}")).rows_affected()
}

fn known(clinic: &Clinic) -> Known {
    Known { key: clinic.server.state().audit.public_key(), kept: BTreeMap::new() }
}

async fn report(clinic: &Clinic, connection: &mut PgConnection, desk: &Desk) -> TenantReport {
    verify(connection, desk.tenant, &known(clinic)).await.expect("gone through")
}

/// A clinic with some history, whose lanes' ends are signed.
async fn history() -> (Clinic, Desk) {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    for n in 0..5 {
        let patient = Uuid::now_v7();
        desk.write(vec![new_patient(patient, &format!("Sunita {n}"))]).await;
        desk.write(vec![edit(TableName::Patients, patient, &[("city", json!(null), json!("Pune"))])]).await;
        desk.get(&format!("/v1/patients/{patient}")).await;
    }
    let state = clinic.server.state();
    state.audit.sign_heads(&state.db).await;
    (clinic, desk)
}

/// One statement that makes the log say something else.
fn some_edit(dice: &mut ChaCha8Rng, lane: &str, last: i64) -> String {
    let seq = dice.random_range(1..=last);
    let other = (seq + dice.random_range(1..last) - 1) % last + 1;
    let this = format!("lane = '{lane}' and seq = {seq}");
    let change = |set: &str| format!("update tenant_audit_log set {set} where {this}");
    match dice.random_range(0..16) {
        0 => change("action = 'search'"),
        1 => change("user_id = gen_random_uuid()"),
        2 => change("record_id = gen_random_uuid()"),
        3 => change("patient_id = gen_random_uuid()"),
        4 => change("timestamp = timestamp + interval '1 microsecond'"),
        5 => change("occurred_at = now()"),
        6 => change("changes = '{\"columns\": [\"address_line\"]}'"),
        7 => change("reason = ''"),
        8 => change("login = 'clinic_ops'"),
        9 => change("device_id = gen_random_uuid(), clinic_id = gen_random_uuid()"),
        10 => change("entry_hash = sha256(entry_hash)"),
        11 => change("prev_hash = sha256(prev_hash)"),
        12 => format!("delete from tenant_audit_log where {this}"),
        13 => format!("delete from tenant_audit_log where lane = '{lane}' and seq >= {seq}"),
        14 => format!(
            "update tenant_audit_log set seq = -seq where lane = '{lane}' and seq in ({seq}, {other});
             update tenant_audit_log set seq = case seq when -{seq} then {other} else {seq} end
             where lane = '{lane}' and seq < 0"
        ),
        _ => format!(
            "create temp table copy on commit drop as select * from tenant_audit_log where {this};
             update copy set seq = {last} + 1, id = gen_random_uuid();
             insert into tenant_audit_log select * from copy"
        ),
    }
}

#[tokio::test]
async fn entries_that_are_changed_removed_reordered_or_put_in_are_found() {
    let (clinic, desk) = history().await;
    let mut connection = intruder(&clinic).await;
    let whole = report(&clinic, &mut connection, &desk).await;
    assert_eq!(whole.findings, []);
    assert!(whole.entries > 20 && whole.heads.len() == 3, "{whole:?}");
    let mut dice = ChaCha8Rng::seed_from_u64(20);
    for number in 0..300 {
        let head = &whole.heads[number % whole.heads.len()];
        let sql = some_edit(&mut dice, &head.lane, head.seq);
        run(&mut connection, "begin").await;
        assert!(run(&mut connection, &sql).await > 0, "{sql}");
        let found = report(&clinic, &mut connection, &desk).await;
        assert!(found.findings_count > 0, "not found: {sql}");
        assert!(found.findings.iter().any(|finding| finding.lane == head.lane), "{sql}: {found:?}");
        run(&mut connection, "rollback").await;
    }
    assert_eq!(report(&clinic, &mut connection, &desk).await.findings, []);
}

#[tokio::test]
async fn a_history_that_is_made_anew_with_good_hashes_does_not_fit_the_signed_ends() {
    let (clinic, desk) = history().await;
    let mut connection = intruder(&clinic).await;
    run(
        &mut connection,
        "begin;
         create temp table rewritten on commit drop as
             select * from tenant_audit_log where lane = 'writes' and seq > 3;
         delete from tenant_audit_log where lane = 'writes' and seq > 3;
         update rewritten set user_id = gen_random_uuid() where seq = 4;
         set local session_replication_role = origin;
         insert into tenant_audit_log select * from rewritten order by seq",
    )
    .await;
    let found = report(&clinic, &mut connection, &desk).await;
    let problems: Vec<&Problem> = found.findings.iter().map(|finding| &finding.problem).collect();
    assert_eq!(problems, [&Problem::Rewritten], "{found:?}");
    // To sign another end takes the key.
    run(&mut connection, "set local session_replication_role = replica").await;
    run(
        &mut connection,
        "update audit_heads h set entry_hash = l.entry_hash from tenant_audit_log l
         where l.tenant_id = h.tenant_id and l.lane = h.lane and l.seq = h.seq and h.lane = 'writes'",
    )
    .await;
    let found = report(&clinic, &mut connection, &desk).await;
    assert_eq!(found.findings[0].problem, Problem::Forged);
}

#[tokio::test]
async fn written_rows_miss_their_entries_even_before_an_end_is_signed() {
    let (clinic, mut desk) = history().await;
    let patient = Uuid::now_v7();
    desk.write(vec![alone(patient)]).await;
    let mut connection = intruder(&clinic).await;
    let table = "patients";
    for (sql, problem) in [
        (
            "delete from tenant_audit_log where lane = 'writes' and seq > (select max(seq) from audit_heads
             where lane = 'writes')"
                .to_owned(),
            Problem::Unrecorded { table, id: patient },
        ),
        (
            format!(
                "update patients set city = 'Goa', sync_version = sync_version + 1 where id = '{patient}'"
            ),
            Problem::Unrecorded { table, id: patient },
        ),
        (format!("delete from patients where id = '{patient}'"), Problem::Vanished { table, id: patient }),
    ] {
        run(&mut connection, "begin").await;
        run(&mut connection, &sql).await;
        let found = report(&clinic, &mut connection, &desk).await;
        let problems: Vec<&Problem> = found.findings.iter().map(|finding| &finding.problem).collect();
        assert_eq!(problems, [&problem], "{sql}");
        run(&mut connection, "rollback").await;
    }
}

#[tokio::test]
async fn the_chain_holds_under_sixteen_writers_of_whom_some_turn_back() {
    let (clinic, desk) = history().await;
    let url = &clinic.server.database().app.0;
    join_all((0..16).map(|writer| async move {
        let mut connection = PgConnection::connect(url).await.expect("the database");
        for round in 0..6 {
            let tenant = desk.tenant;
            let name = format!("W{writer}R{round}");
            let patient = |kept: &str| {
                format!(
                    "insert into clinic.patients
                         (tenant_id, id, mobile_number, first_name, first_name_norm, age_years)
                     values ('{tenant}', '{}', '+919820441276', '{name}{kept}', '{name}{kept}', 30)",
                    Uuid::now_v7()
                )
            };
            let end = if (writer + round) % 3 == 0 { "rollback" } else { "commit" };
            let sql = format!(
                "begin; select clinic.begin_write('{tenant}'); {};
                 savepoint half; {}; update clinic.users set full_name = '{name}'; rollback to half; {};
                 insert into clinic.tenant_audit_log (tenant_id, lane, action)
                 values ('{tenant}', 'operator', 'operator_access'); {end}",
                patient("a"),
                patient("b"),
                patient("c"),
            );
            run(&mut connection, &sql).await;
        }
    }))
    .await;
    let mut connection = intruder(&clinic).await;
    let whole = report(&clinic, &mut connection, &desk).await;
    assert_eq!(whole.findings, []);
    let operator = whole.heads.iter().find(|head| head.lane == "operator").expect("a lane");
    assert_eq!(operator.seq, 64, "two thirds of 96");
}

async fn command(clinic: &Clinic, folder: &Path, options: AuditVerify) -> (bool, Value) {
    let db = clinic.server.database().ops_db().await;
    let mut out = Vec::new();
    let options = AuditVerify { json: true, ..options };
    let done = run_audit(&db, folder, AuditCommand::Verify(options), &mut out).await;
    (done.is_ok(), serde_json::from_slice(&out).expect("JSON"))
}

#[tokio::test]
async fn the_operators_command_compares_with_what_it_printed_before() {
    let (clinic, desk) = history().await;
    clinic.neighbour().await;
    let folder = tempfile::tempdir().expect("a folder");
    let (is_whole, before) = command(&clinic, folder.path(), AuditVerify::default()).await;
    assert!(is_whole, "{before}");
    assert_eq!(before["tenants"].as_array().map(Vec::len), Some(2));
    assert_eq!(before["key"], false);
    let head_file = folder.path().join("heads.json");
    std::fs::write(&head_file, before.to_string()).expect("written");

    let mut connection = intruder(&clinic).await;
    run(&mut connection, "delete from audit_heads; delete from tenant_audit_log where lane like 'server:%'")
        .await;
    let one =
        AuditVerify { tenant_code: Some(clinic.registered.tenant_code.to_lowercase()), ..Default::default() };
    let (is_whole, _) = command(&clinic, folder.path(), one.clone()).await;
    assert!(is_whole, "nothing in the database tells of what is gone");
    let (is_whole, found) =
        command(&clinic, folder.path(), AuditVerify { head_file: Some(head_file), ..one }).await;
    assert!(!is_whole);
    assert_eq!(found["tenants"][0]["tenant_id"], json!(desk.tenant));
    assert!(found.to_string().contains("were removed"), "{found}");
    let nobody = AuditVerify { tenant_code: Some("NOBODY".into()), ..Default::default() };
    let db = clinic.server.database().ops_db().await;
    let refused = run_audit(&db, folder.path(), AuditCommand::Verify(nobody), &mut Vec::new()).await;
    assert!(refused.expect_err("no tenant").to_string().contains("no tenant NOBODY"));
}

#[tokio::test]
async fn ends_that_another_key_signed_are_found() {
    let (clinic, _) = history().await;
    let folder = tempfile::tempdir().expect("a folder");
    let key_file = folder.path().join("audit-key.pem");
    clinic_sync::audit::heads::AuditKey::load_or_create(&key_file).expect("a key");
    let (is_whole, found) = command(&clinic, folder.path(), AuditVerify::default()).await;
    assert!(!is_whole && found.to_string().contains("not the audit key's"), "{found}");
}

#[tokio::test]
async fn a_tenant_that_is_older_than_its_log_is_covered_from_there_on() {
    let database = TestDatabase::new().await;
    let mut connection = PgConnection::connect(&database.admin.0).await.expect("the database");
    run(&mut connection, "create database older_than_its_log").await;
    let mut url: Url = database.admin.0.parse().expect("a URL");
    url.set_path("older_than_its_log");
    let url = Secret(url.into());
    let before = tempfile::tempdir().expect("a folder");
    let migrations = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations/postgres"));
    for file in std::fs::read_dir(migrations).expect("a folder") {
        let file = file.expect("a file");
        if file.file_name().to_string_lossy().as_ref() < "0020" {
            std::fs::copy(file.path(), before.path().join(file.file_name())).expect("copied");
        }
    }
    let migrator = Migrator::new(before.path()).await.expect("migrations");
    let passwords = LoginPasswords::default();
    database::migrate_with(&url, &passwords, &migrator).await.expect("migrated");
    let mut connection = PgConnection::connect(&url.0).await.expect("the database");
    let tenant = TenantId::new();
    let patient = |name: &str| {
        format!(
            "insert into patients (tenant_id, id, mobile_number, first_name, first_name_norm, age_years)
             values ('{tenant}', '{}', '+919820441276', '{name}', '{name}', 30)",
            Uuid::now_v7()
        )
    };
    let create = format!("select clinic.create_tenant('{tenant}', 'OLD', 'Old')");
    run(&mut connection, &format!("set search_path = clinic; begin; {create}; {}; commit", patient("a")))
        .await;

    database::migrate(&url, &passwords).await.expect("migrated");
    run(&mut connection, &format!("begin; select clinic.set_tenant('{tenant}'); {}; commit", patient("b")))
        .await;
    let found = verify(&mut connection, tenant, &Known::default()).await.expect("gone through");
    assert_eq!(found.findings, []);
    assert_eq!(found.entries, 2, "where it begins, and the second patient");
}

//! `clinic-sync doctor`: finds nothing where all is well, and each fault by its name.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clinic_sync::config::{CommonOptions, DatabaseUrl, LogFormat};
use clinic_sync::database;
use clinic_sync::doctor::{self, DoctorOptions, Report, Surroundings};
use clinic_sync::embedded::{Embedded, Options};
use clinic_sync::testing::TestDatabase;
use serde_json::Value;
use sqlx::postgres::PgSslMode;
use sqlx::{Connection, PgConnection};
use time::{Duration, OffsetDateTime};

/// The databases of the tests do not outlive a power cut.
const ALWAYS: &str = "durability";
/// The password file is no part of a database.
const OF_A_FILE: &str = "no_trust";

struct Break {
    check: &'static str,
    /// What an administrator does, in one transaction.
    sql: &'static str,
    /// What that breaks as well.
    also: &'static [&'static str],
}

const fn case(check: &'static str, sql: &'static str) -> Break {
    Break { check, sql, also: &[] }
}

impl Break {
    const fn also(self, also: &'static [&'static str]) -> Self {
        Self { also, ..self }
    }
}

const BREAKS: &[Break] = &[
    // Walls.
    case("row_security", "alter table clinic.patients disable row level security"),
    case("row_security", "alter table clinic.sync_mutations no force row level security"),
    case("row_security", "alter table clinic.tenants no force row level security"),
    case("one_policy", "create policy open on clinic.patients using (true)"),
    case("one_policy", "create policy narrow on clinic.patients as restrictive for select using (true)"),
    case("one_policy", "drop policy tenant_isolation on clinic.refresh_tokens"),
    case("one_policy", "alter policy tenant_isolation on clinic.patients using (true)"),
    case("one_policy", "alter policy tenant_isolation on clinic.patients with check (true)"),
    case("one_policy", "alter policy tenant_isolation on clinic.patients to clinic_app"),
    case(
        "one_policy",
        "alter policy tenant_isolation on clinic.patients
             using (tenant_id = current_setting('app.current_tenant_id')::uuid)",
    ),
    case(
        "whose_rows",
        "set local role clinic_owner; create table clinic.notes (id uuid primary key); reset role",
    )
    .also(&["declared_columns"]),
    case(
        "tenant_never_null",
        "alter table clinic.user_clinics drop constraint user_clinics_pkey, alter tenant_id drop not null",
    )
    .also(&["keys_lead_with_tenant"]),
    case("keys_lead_with_tenant", "alter table clinic.user_clinics drop constraint user_clinics_pkey"),
    case("keys_lead_with_tenant", "create unique index on clinic.users (email)"),
    case("indexes_lead_with_tenant", "create index on clinic.patients (mobile_number)"),
    case(
        "foreign_keys_carry_tenant",
        "create unique index doctors_id_key on clinic.doctors (id);
         alter table clinic.short_keys add foreign key (doctor_id) references clinic.doctors (id)",
    )
    .also(&["keys_lead_with_tenant"]),
    case(
        "foreign_keys_carry_tenant",
        "alter table clinic.patients add foreign key (id) references clinic.tenants (id)",
    ),
    case(
        "no_view_around",
        "set local role clinic_owner; create view clinic.everybody as select * from clinic.patients; reset role",
    ),
    case("no_view_around", "create materialized view public.copy as select * from clinic.patients"),
    case("no_view_around", "create rule lost as on delete to clinic.patients do instead nothing"),
    case(
        "definer_functions",
        "set local role clinic_owner;
         create function clinic.peek() returns bigint language sql security definer set search_path = clinic
             as 'select count(*) from clinic.patients';
         reset role",
    ),
    case(
        "definer_functions",
        "create function public.peek() returns bigint language sql security definer as 'select 1::bigint'",
    ),
    case("definer_functions", "alter function clinic.tenant_id_for_code(text) owner to clinic_owner"),
    case("tenant_not_cached", "alter function clinic.set_tenant(uuid) immutable"),
    case("tenant_not_cached", "alter function clinic.is_purged(uuid) leakproof"),
    case("search_path_pinned", "alter function clinic.begin_write(uuid) reset search_path"),
    // Roles and grants.
    case("app_role", "alter role clinic_app bypassrls"),
    case("app_role", "alter role clinic_app createrole"),
    case("app_role", "grant clinic_owner to clinic_app"),
    case("app_role", "grant pg_read_all_data to clinic_app"),
    case("ops_role", "alter role clinic_ops nobypassrls"),
    case("ops_role", "grant clinic_owner to clinic_ops").also(&["no_create"]),
    case("owner_role", "alter role clinic_owner login"),
    case("owner_role", "grant pg_monitor to clinic_owner"),
    case("report_role", "alter role clinic_report bypassrls"),
    case("report_role", "grant clinic_ops to clinic_report"),
    case("no_other_way_in", "create role someone; grant clinic_owner to someone"),
    case(
        "no_other_way_in",
        "create role staff; grant clinic_ops to staff; create role someone login; grant staff to someone",
    ),
    case(
        "no_other_way_in",
        "create role someone login bypassrls;
         do $$ begin execute format('grant connect on database %I to someone', current_database()); end $$",
    ),
    case(
        "no_other_way_in",
        "create role someone login; grant pg_read_all_data to someone;
         do $$ begin execute format('grant connect on database %I to someone', current_database()); end $$",
    ),
    case("role_settings", "alter role clinic_report set search_path = public"),
    case(
        "role_settings",
        "alter role clinic_app set app.current_tenant_id = '018f0000-0000-7000-8000-000000000000'",
    ),
    case(
        "role_settings",
        "do $$ begin
             execute format('alter database %I set session_replication_role = replica', current_database());
         end $$",
    ),
    case("ownership", "alter table clinic.patients owner to current_user").also(&["only_our_roles"]),
    case("ownership", "alter function clinic.set_tenant(uuid) owner to current_user"),
    case("ownership", "alter schema clinic owner to current_user"),
    case("only_our_roles", "grant select on clinic.patients to public"),
    case("only_our_roles", "grant select (first_name) on clinic.patients to pg_monitor")
        .also(&["column_privileges"]),
    case("only_our_roles", "grant select on clinic.patients to clinic_app with grant option"),
    case("no_truncate", "grant truncate on clinic.patients to clinic_app"),
    case("no_truncate", "grant references on clinic.patients to clinic_ops"),
    case("no_truncate", "grant trigger on clinic.tenants to clinic_app"),
    case("no_delete", "grant delete on clinic.patients to clinic_app"),
    case("append_only", "grant update on clinic.sync_mutations to clinic_app"),
    case("append_only", "grant delete on clinic.sync_mutations to clinic_app").also(&["no_delete"]),
    case("shared_read_only", "grant insert on clinic.medicines to clinic_app"),
    case("shared_read_only", "grant update (version) on clinic.catalogue to clinic_app")
        .also(&["column_privileges"]),
    case("column_privileges", "grant update (epoch) on clinic.tenant_sync to clinic_app"),
    case("column_privileges", "grant update on clinic.tenant_sync to clinic_app"),
    case("no_create", "grant create on schema clinic to clinic_app"),
    case("no_create", "grant create on schema public to public"),
    case(
        "no_create",
        "do $$ begin
             execute format('grant temporary on database %I to public', current_database());
         end $$",
    ),
    case("no_create", "grant create on schema clinic to clinic_report"),
    case("function_rights", "grant execute on function clinic.set_purged(uuid) to clinic_app"),
    case("function_rights", "grant execute on function clinic.tenant_usage(text) to clinic_app"),
    case("function_rights", "grant execute on function clinic.tenant_id_for_code(text) to public"),
    case("function_rights", "grant execute on function clinic.make_synced(regclass) to clinic_ops"),
    case("nothing_elsewhere", "create table public.notes (n int); grant select on public.notes to public"),
    case("set_config_revoked", "grant execute on function set_config(text, text, boolean) to public"),
    case("parameters_revoked", "grant set on parameter session_replication_role to clinic_app"),
    case("no_large_objects", "grant execute on function lo_creat(integer) to clinic_app"),
    case(
        "default_privileges",
        "alter default privileges for role clinic_owner in schema clinic grant select on tables to public",
    ),
    // Shape.
    case("declared_columns", "alter table clinic.patients add shoe_size int"),
    case("declared_columns", "alter table clinic.patients drop guardian_name"),
    case("declared_columns", "alter table clinic.patients alter city type text"),
    case("declared_columns", "alter table clinic.patients alter first_name drop not null"),
    case("declared_columns", "alter table clinic.medicines alter catalogue_version drop not null"),
    case("declared_columns", "alter table clinic.case_studies rename to studies").also(&["rows_are_audited"]),
    case(
        "declared_columns",
        "set local role clinic_owner;
         create table clinic.notes (tenant_id uuid not null, id uuid not null, primary key (tenant_id, id));
         select clinic.make_synced('clinic.notes');
         reset role",
    ),
    case(
        "declared_columns",
        "set local role clinic_owner;
         create table clinic.notes (tenant_id uuid not null, id uuid not null, primary key (tenant_id, id));
         select clinic.wall_in('clinic.notes');
         reset role",
    ),
    case("rows_are_stamped", "drop trigger stamp_row on clinic.patients"),
    case(
        "rows_are_stamped",
        "create or replace trigger stamp_row before insert on clinic.patients
             for each row execute function clinic.stamp_row()",
    ),
    case("deletions_leave_a_mark", "drop trigger tombstone_row on clinic.patients"),
    case("signed_rows_stay", "drop trigger keep_signed on clinic.prescriptions"),
    case("signed_rows_stay", "drop trigger zz_keep_signed on clinic.prescription_items"),
    case("rows_are_audited", "drop trigger audit_row on clinic.patients"),
    case("rows_are_audited", "drop trigger audit_row on clinic.users"),
    case("rows_are_audited", "drop trigger audit_row on clinic.tenants"),
    case(
        "rows_are_audited",
        "drop trigger audit_row on clinic.devices;
         create constraint trigger audit_row after insert or update or delete on clinic.devices
             for each row execute function clinic.audit_row('patients', 'f')",
    ),
    case(
        "rows_are_audited",
        "create or replace trigger audit_row after insert or update on clinic.patients
             for each row execute function clinic.audit_row('patients', 't')",
    ),
    case("log_is_kept", "drop trigger chain_entry on clinic.tenant_audit_log"),
    case("log_is_kept", "drop trigger keep_entry on clinic.tenant_audit_log"),
    case("log_is_kept", "drop trigger keep_entries on clinic.tenant_audit_log"),
    case("log_is_kept", "drop trigger keep_head on clinic.audit_heads"),
    case("log_is_kept", "drop trigger keep_heads on clinic.audit_heads"),
    case("triggers_enabled", "alter table clinic.patient_allergies disable trigger all").also(&[
        "rows_are_stamped",
        "deletions_leave_a_mark",
        "rows_are_audited",
    ]),
    case(
        "indexes_valid",
        "update pg_index set indisvalid = false where indexrelid = 'clinic.patients_sync_idx'::regclass",
    ),
    case("constraints_validated", "alter table clinic.patients add check (city <> '') not valid"),
    // What runs.
    case("roles_and_schema", "alter role clinic_ops rename to someone"),
    case("roles_and_schema", "alter role clinic_report rename to someone"),
    case("roles_and_schema", "alter schema clinic rename to clinic_old"),
    case("migrations", "delete from clinic._sqlx_migrations where version = 5"),
    case("migrations", "update clinic._sqlx_migrations set checksum = 'x' where version = 5"),
    case("migrations", "update clinic._sqlx_migrations set success = false where version = 5"),
    case(
        "migrations",
        "insert into clinic._sqlx_migrations (version, description, success, checksum, execution_time)
             values (9999, 'later', true, '', 0)",
    ),
    case(
        "no_trial_left",
        "insert into pg_database
         select (jsonb_populate_record(d, jsonb_build_object('oid', 4000000000,
                                                             'datname', 'clinic_verify_' || repeat('0', 32)))).*
         from pg_database d where d.datname = current_database()",
    ),
    case("session_settings", "set local statement_timeout = 0"),
    case("session_settings", "set local timezone = 'Asia/Kolkata'"),
    case("quiet_log", "set local log_error_verbosity = 'default'"),
    case("quiet_log", "set local log_error_verbosity = verbose"),
    case("quiet_log", "set local log_parameter_max_length_on_error = 100"),
    case("quiet_log", "alter role clinic_app set log_error_verbosity = verbose"),
    case("quiet_log", "alter role clinic_report set log_parameter_max_length_on_error = -1"),
];

async fn connect(url: &DatabaseUrl) -> (PgConnection, Surroundings) {
    doctor::connect(url, None).await.expect("the database is there")
}

fn admin(database: &TestDatabase) -> DatabaseUrl {
    DatabaseUrl(database.admin.clone())
}

/// The names of the checks that failed.
fn failed(report: &Report) -> Vec<&'static str> {
    report.wrong.iter().map(|finding| finding.check).filter(|check| *check != ALWAYS).collect()
}

#[tokio::test]
async fn a_new_database_keeps_every_rule_whoever_asks() {
    let database = TestDatabase::new().await;
    for url in [&database.admin, &database.ops] {
        let (mut connection, here) = connect(&DatabaseUrl(url.clone())).await;
        let report = doctor::examine(&mut connection, &here).await.expect("a report");
        let checks: Vec<_> = report.wrong.iter().map(|finding| finding.check).collect();
        assert_eq!(checks, [ALWAYS], "{report:#?}");
        assert_eq!(report.checked, doctor::checks().count());
    }
}

#[tokio::test]
async fn each_fault_is_found_by_its_name_and_no_other() {
    let database = TestDatabase::new().await;
    let (mut connection, here) = connect(&admin(&database)).await;
    for Break { check, sql, also } in BREAKS {
        let mut tx = connection.begin().await.expect("a transaction");
        sqlx::raw_sql(*sql).execute(&mut *tx).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        let report = doctor::examine(&mut tx, &here).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        let failed = failed(&report);
        assert!(failed.contains(check), "{sql}: {failed:?}");
        let others: Vec<_> = failed.iter().filter(|other| *other != check && !also.contains(other)).collect();
        assert!(others.is_empty(), "{sql}: {others:?}");
        tx.rollback().await.expect("a live connection");
    }
    let report = doctor::examine(&mut connection, &here).await.expect("a report");
    assert!(failed(&report).is_empty(), "all was rolled back: {report:#?}");
}

fn ten_seconds_ahead() -> OffsetDateTime {
    OffsetDateTime::now_utc() + Duration::seconds(10)
}

fn ten_seconds_behind() -> OffsetDateTime {
    OffsetDateTime::now_utc() - Duration::seconds(10)
}

/// Faults outside of the database.
fn bad_surroundings(good: &Surroundings) -> Vec<(&'static str, Surroundings)> {
    let remote = |ssl_mode| Surroundings { is_local: false, ssl_mode, ..good.clone() };
    vec![
        ("postgres_version", Surroundings { oldest_postgres: 99, ..good.clone() }),
        ("clock", Surroundings { clock: ten_seconds_ahead, ..good.clone() }),
        ("clock", Surroundings { clock: ten_seconds_behind, ..good.clone() }),
        ("free_disk", Surroundings { free_bytes: Some(1 << 30), ..good.clone() }),
        ("encrypted_connection", remote(PgSslMode::Prefer)),
        ("encrypted_connection", remote(PgSslMode::Require)),
        ("encrypted_connection", remote(PgSslMode::VerifyCa)),
    ]
}

#[tokio::test]
async fn clocks_disks_versions_and_connections_are_looked_at() {
    let database = TestDatabase::new().await;
    let (mut connection, good) = connect(&admin(&database)).await;
    for (check, here) in bad_surroundings(&good) {
        let report = doctor::examine(&mut connection, &here).await.expect("a report");
        assert_eq!(failed(&report), [check]);
    }
    let fine = Surroundings {
        free_bytes: Some(1 << 40),
        is_local: false,
        ssl_mode: PgSslMode::VerifyFull,
        ..good.clone()
    };
    let report = doctor::examine(&mut connection, &fine).await.expect("a report");
    assert!(failed(&report).is_empty(), "{report:#?}");
}

#[tokio::test]
async fn every_check_can_fail_and_says_what_to_do() {
    let (_, good) = connect(&admin(&TestDatabase::new().await)).await;
    let mut can_fail: BTreeSet<_> = BREAKS.iter().map(|case| case.check).collect();
    can_fail.extend(bad_surroundings(&good).iter().map(|(check, _)| check));
    can_fail.extend([ALWAYS, OF_A_FILE]);
    let names: Vec<_> = doctor::checks().map(|check| check.name).collect();
    assert_eq!(names.iter().copied().collect::<BTreeSet<_>>(), can_fail);
    assert_eq!(names.len(), can_fail.len(), "a name is there twice");
    assert!(doctor::checks().all(|check| check.rule.ends_with('.') && check.remedy.ends_with('.')));
}

/// The positive twin of what the databases of the tests lack.
#[tokio::test]
async fn an_embedded_database_made_for_keeps_is_well() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options { data_dir: folder.path().join("data"), postgres_bin: None, durable: true };
    let embedded = Embedded::start(&options).expect("started");
    let urls = embedded.urls();
    database::migrate(&urls.admin.0, embedded.passwords()).await.expect("migrated");
    let (mut connection, mut here) =
        doctor::connect(&urls.ops, Some(&options.data_dir)).await.expect("a connection");
    assert!(here.free_bytes.is_some());
    // However full the disk of the tests is.
    here.free_bytes = Some(1 << 40);
    let report = doctor::examine(&mut connection, &here).await.expect("a report");
    assert!(report.is_well(), "{report:#?}");
    assert!(report.notes.iter().any(|note| note.contains("pg_hba.conf") && note.contains("not checked")));

    let (mut admin, _) = doctor::connect(&urls.admin, None).await.expect("a connection");
    let file: String = sqlx::query_scalar("show hba_file").fetch_one(&mut admin).await.expect("a path");
    let good = std::fs::read_to_string(&file).expect("the file");
    let trusting = [
        ("host all all 10.0.0.0/8 trust", true),
        ("hostssl all clinic_app 10.0.0.0/8 trust", true),
        ("local all nobody,clinic_ops trust", true),
        ("host replication all 10.0.0.0/8 trust", true),
        ("host postgres,elsewhere +clinic_owner 10.0.0.0/8 trust", false),
        ("host elsewhere all 10.0.0.0/8 trust", false),
        ("host all someone 10.0.0.0/8 trust", false),
        ("host all all 10.0.0.0/8 scram-sha-256", false),
    ];
    for (line, is_wrong) in trusting {
        std::fs::write(&file, format!("{line}\n{good}")).expect("written");
        let report = doctor::examine(&mut admin, &here).await.expect("a report");
        assert_eq!(
            failed(&report),
            if is_wrong { vec![OF_A_FILE] } else { Vec::new() },
            "{line}: {report:#?}"
        );
        if is_wrong {
            let told = &report.wrong[0].objects;
            assert!(
                told.len() == 1 && told[0].starts_with("line 1: ") && told[0].ends_with(" trust"),
                "{told:?}"
            );
        }
    }
    std::fs::write(&file, good).expect("written");

    let asleep = "alter role clinic_app set synchronous_commit = off";
    sqlx::raw_sql(asleep).execute(&mut admin).await.expect("a good statement");
    let report = doctor::examine(&mut admin, &here).await.expect("a report");
    let told: Vec<_> = report.wrong.iter().map(|finding| (finding.check, &finding.objects[..])).collect();
    assert_eq!(told, [(ALWAYS, &["clinic_app: synchronous_commit=off".to_owned()][..])], "{report:#?}");
}

#[tokio::test]
async fn the_search_path_that_a_pooler_needs_in_the_database_is_no_fault() {
    let database = TestDatabase::new().await;
    let (mut connection, here) = connect(&admin(&database)).await;
    let mut tx = connection.begin().await.expect("a transaction");
    let sql = "do $$ begin
        execute format('alter role clinic_app in database %I set search_path = clinic', current_database());
    end $$";
    sqlx::raw_sql(sql).execute(&mut *tx).await.expect("a good statement");
    let report = doctor::examine(&mut tx, &here).await.expect("a report");
    assert!(failed(&report).is_empty(), "{report:#?}");
    tx.rollback().await.expect("a live connection");
}

#[tokio::test]
async fn what_is_wrong_is_told_to_people_and_to_programs() {
    let database = TestDatabase::new().await;
    let common = CommonOptions {
        data_dir: PathBuf::from("nowhere"),
        log_format: LogFormat::Text,
        database_url: Some(DatabaseUrl(database.ops.clone())),
        postgres_bin: None,
        files: None,
    };
    let mut out = Vec::new();
    // An error: the exit code of the program is 1.
    doctor::run(&common, DoctorOptions { json: true }, &mut out).await.expect_err("fsync is off");
    let told: Value = serde_json::from_slice(&out).expect("JSON");
    assert_eq!(told["wrong"][0]["check"], ALWAYS);
    assert_eq!(told["wrong"][0]["objects"][0], "fsync is off");
    out.clear();
    doctor::run(&common, DoctorOptions { json: false }, &mut out).await.expect_err("fsync is off");
    let told = String::from_utf8(out).expect("text");
    assert!(told.contains("WRONG  durability: ") && told.contains("- fsync is off"), "{told}");
    assert!(!told.contains("postgres://"), "{told}");
}

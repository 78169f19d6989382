//! A backup is made, restored on trial, and found out when it is not whole.

use std::future::{pending, ready};
use std::path::{Path, PathBuf};

use clinic_sync::backup::{BackupCommand, BackupVerify, Record, Report, Scratch, create, run, verify};
use clinic_sync::config::DatabaseUrl;
use clinic_sync::database;
use clinic_sync::doctor;
use clinic_sync::embedded::{Embedded, Options};
use clinic_sync::testing::postgres_with_dump;
use protocol::api::Secret;
use protocol::id::TenantId;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};
use tempfile::TempDir;

use crate::furnished::furnish;

/// A server whose programs include pg_dump, with a tenant on it.
struct Server {
    embedded: Embedded,
    admin: PgConnection,
    bin: PathBuf,
    tenant: TenantId,
    backups: TempDir,
    _data: TempDir,
}

impl Server {
    async fn start() -> Self {
        let bin = postgres_with_dump();
        let data = tempfile::tempdir().expect("a folder");
        let options =
            Options { data_dir: data.path().to_owned(), postgres_bin: Some(bin.clone()), durable: false };
        let embedded = tokio::task::spawn_blocking(move || Embedded::start(&options).expect("a server"))
            .await
            .expect("a server");
        let url = &embedded.urls().admin.0;
        database::migrate(url, embedded.passwords()).await.expect("migrated");
        let mut admin = PgConnection::connect(&url.0).await.expect("a connection");
        let tenant = TenantId::new();
        let db = database::connect_ops(&embedded.urls().ops.0).await.expect("a login");
        let tx = db.create_tenant(tenant, "ASHA", "Asha").await.expect("a tenant");
        tx.commit().await.expect("committed");
        furnish(&mut admin, tenant, "kestrel").await;
        // The furniture has a head that no server signed.
        sqlx::raw_sql("set session_replication_role = replica; truncate clinic.audit_heads")
            .execute(&mut admin)
            .await
            .expect("a good statement");
        let backups = tempfile::tempdir().expect("a folder");
        Self { embedded, admin, bin, tenant, backups, _data: data }
    }

    async fn back_up(&self, folder: &str) -> (PathBuf, Record) {
        let folder = self.backups.path().join(folder);
        create(&self.embedded.urls().ops, Some(&self.bin), &folder).await.expect("a backup")
    }

    /// By the scratch database of the same server, which is quicker than a new server.
    async fn verify(&self, dump: &Path) -> Report {
        let scratch = Scratch::On(self.embedded.urls().admin.clone());
        verify(dump, &scratch, pending()).await.expect("a report")
    }

    async fn run(&mut self, sql: &'static str) {
        let done = sqlx::raw_sql(sql).execute(&mut self.admin).await.expect("a good statement");
        assert_eq!(done.rows_affected(), 1, "{sql}");
    }

    async fn databases(&mut self) -> i64 {
        let count = sqlx::query_scalar("select count(*) from pg_database");
        count.fetch_one(&mut self.admin).await.expect("a count")
    }
}

fn problems<'a>(report: &'a Report, name: &str) -> &'a [String] {
    &report.checks.iter().find(|check| check.name == name).expect("the check was made").problems
}

/// Says of one backup what is known of another, but for the file itself.
fn swap_record(dump: &Path, of: &Record) {
    let path = dump.with_extension("json");
    let own: Record = serde_json::from_slice(&std::fs::read(&path).expect("a record")).expect("a record");
    let lie = Record { dump: own.dump, bytes: own.bytes, sha256: own.sha256, ..of.clone() };
    std::fs::write(path, serde_json::to_vec(&lie).expect("JSON")).expect("written");
}

#[tokio::test]
async fn a_backup_is_restored_compared_and_examined_and_the_trial_leaves_nothing() {
    let mut server = Server::start().await;
    let (dump, record) = server.back_up("one").await;
    assert_eq!(record.rows["patients"], 1);
    assert_eq!(record.heads.keys().copied().collect::<Vec<_>>(), [server.tenant]);
    let before = server.databases().await;
    let report = server.verify(&dump).await;
    assert!(report.is_whole(), "{report:#?}");
    let names: Vec<&str> = report.checks.iter().map(|check| check.name).collect();
    assert_eq!(names, ["file", "restore", "migrations", "rows", "doctor", "audit log"]);
    assert_eq!(server.databases().await, before);
    // The same by the command, in a server of its own, which picks the newest.
    let options = BackupVerify {
        backups: Some(server.backups.path().join("one")),
        dump: None,
        scratch_url: None,
        json: true,
    };
    let mut out = Vec::new();
    let no_url = || -> anyhow::Result<DatabaseUrl> { unreachable!("no database is asked") };
    run(no_url, Some(&server.bin), BackupCommand::Verify(options), pending(), &mut out).await.expect("whole");
    let answer: serde_json::Value = serde_json::from_slice(&out).expect("JSON");
    assert_eq!(answer["checks"].as_array().map(Vec::len), Some(6));
}

#[tokio::test]
async fn a_row_that_a_backup_lacks_is_found_by_its_table() {
    let mut server = Server::start().await;
    let (_, whole) = server.back_up("whole").await;
    server.run("delete from clinic.patient_allergies").await;
    let (dump, _) = server.back_up("less").await;
    swap_record(&dump, &whole);
    let report = server.verify(&dump).await;
    assert_eq!(problems(&report, "rows"), ["patient_allergies: 0 in the backup, 1 in the database then"]);
    assert!(problems(&report, "audit log").iter().any(|it| it.contains("of patient_allergies was removed")));
}

#[tokio::test]
async fn a_dump_that_is_damaged_or_cut_off_is_found_with_its_record_and_without() {
    let server = Server::start().await;
    let (dump, _) = server.back_up("one").await;
    let whole = std::fs::read(&dump).expect("a dump");
    let mut changed = whole.clone();
    changed[whole.len() / 2] ^= 1;
    for bytes in [changed, whole[..whole.len() / 2].to_vec()] {
        std::fs::write(&dump, &bytes).expect("written");
        let report = server.verify(&dump).await;
        assert!(problems(&report, "file")[0].contains("not the file that was written"), "{report:?}");
    }
    let alone = server.backups.path().join("alone.dump");
    std::fs::write(&alone, &whole[..whole.len() / 2]).expect("written");
    let report = server.verify(&alone).await;
    assert!(problems(&report, "restore")[0].starts_with("pg_restore failed"), "{report:?}");
    std::fs::write(&alone, &whole).expect("written");
    assert!(server.verify(&alone).await.is_whole());
}

#[tokio::test]
async fn what_was_changed_behind_the_logs_back_before_the_backup_is_found_in_it() {
    let mut server = Server::start().await;
    server.run("update clinic.tenant_audit_log set reason = 'mine' where lane = 'writes' and seq = 2").await;
    server.run("alter table clinic.patients no force row level security; select 1").await;
    let (dump, _) = server.back_up("one").await;
    let report = server.verify(&dump).await;
    assert!(problems(&report, "audit log")[0].contains("writes 2: the entry was changed"), "{report:?}");
    assert!(problems(&report, "doctor").iter().any(|it| it.contains("patients")), "{report:?}");
}

#[tokio::test]
async fn a_server_for_trials_that_lets_in_without_a_password_makes_no_backup_less_whole() {
    let mut server = Server::start().await;
    let (dump, _) = server.back_up("one").await;
    let file: String =
        sqlx::query_scalar("show hba_file").fetch_one(&mut server.admin).await.expect("a path");
    let good = std::fs::read_to_string(&file).expect("the file");
    std::fs::write(&file, format!("local all all trust\n{good}")).expect("written");
    server.run("create role someone; grant clinic_owner to someone; select 1").await;
    let report = server.verify(&dump).await;
    assert!(report.is_whole(), "{report:#?}");
}

#[tokio::test]
async fn a_trial_that_is_stopped_leaves_no_copy_of_the_patients() {
    let mut server = Server::start().await;
    let (dump, _) = server.back_up("one").await;
    let before = server.databases().await;
    let scratch = Scratch::On(server.embedded.urls().admin.clone());
    let stopped = verify(&dump, &scratch, ready(())).await.expect_err("stopped");
    assert!(stopped.to_string().contains("Nothing of the trial is left"), "{stopped}");
    assert_eq!(server.databases().await, before);
}

#[tokio::test]
async fn what_a_trial_that_was_killed_has_left_is_named_and_goes_with_the_next_one_unless_it_is_in_use() {
    let mut server = Server::start().await;
    let (dump, _) = server.back_up("one").await;
    let names = ["a", "b", "c"].map(|digit| format!("clinic_verify_{}", digit.repeat(32)));
    for name in &names {
        let create = AssertSqlSafe(format!("create database {name}"));
        sqlx::raw_sql(create).execute(&mut server.admin).await.expect("a database");
    }
    let [killed, begun, restored] = names;
    let options: PgConnectOptions = server.embedded.urls().admin.0.0.parse().expect("a URL");
    let _begins = options.clone().application_name(&begun).connect().await.expect("a connection");
    let _restores = options.database(&restored).connect().await.expect("a connection");

    let (mut connection, here) =
        doctor::connect(&server.embedded.urls().ops, None).await.expect("a connection");
    let found = doctor::examine(&mut connection, &here).await.expect("a report");
    let told = found.wrong.iter().find(|wrong| wrong.check == "no_trial_left").expect("it is found");
    assert_eq!(told.objects, [killed]);

    let report = server.verify(&dump).await;
    assert!(report.is_whole(), "{report:#?}");
    let left: Vec<String> = sqlx::query_scalar(
        "select datname::text from pg_database where datname like 'clinic_verify_%' order by 1",
    )
    .fetch_all(&mut server.admin)
    .await
    .expect("the names");
    assert_eq!(left, [begun, restored]);
}

#[tokio::test]
async fn a_scratch_server_s_url_that_names_a_database_twice_leaves_that_one_alone() {
    let mut server = Server::start().await;
    let (dump, _) = server.back_up("one").await;
    let mut url: url::Url = server.embedded.urls().admin.0.0.parse().expect("a URL");
    url.query_pairs_mut().append_pair("dbname", "postgres");
    let scratch = Scratch::On(DatabaseUrl(Secret(url.into())));
    let report = verify(&dump, &scratch, pending()).await.expect("a report");
    assert!(report.is_whole(), "{report:#?}");
    let patients = sqlx::query_scalar("select count(*) from clinic.patients");
    let patients: i64 = patients.fetch_one(&mut server.admin).await.expect("a count");
    assert_eq!(patients, 1);
}

#[tokio::test]
async fn without_a_finished_backup_there_is_nothing_to_verify() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("clinic-1.dump"), "half").expect("written");
    let options =
        BackupVerify { backups: Some(folder.path().to_owned()), dump: None, scratch_url: None, json: false };
    let no_url = || -> anyhow::Result<DatabaseUrl> { unreachable!("no database is asked") };
    let refused = run(no_url, None, BackupCommand::Verify(options), pending(), &mut Vec::new()).await;
    assert!(refused.expect_err("none").to_string().contains("There is no backup in"));
}

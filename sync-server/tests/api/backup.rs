//! A backup is made, restored on trial, and found out when it is not whole.

use std::future::{pending, ready};
use std::path::{Path, PathBuf};

use clinic_sync::backup::{BackupCommand, BackupVerify, Record, Report, Scratch, create, run, verify};
use clinic_sync::config::DatabaseUrl;
use clinic_sync::database;
use clinic_sync::embedded::{Embedded, Options};
use clinic_sync::testing::postgres_with_dump;
use protocol::id::TenantId;
use sqlx::{Connection, PgConnection};
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
async fn without_a_finished_backup_there_is_nothing_to_verify() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("clinic-1.dump"), "half").expect("written");
    let options =
        BackupVerify { backups: Some(folder.path().to_owned()), dump: None, scratch_url: None, json: false };
    let no_url = || -> anyhow::Result<DatabaseUrl> { unreachable!("no database is asked") };
    let refused = run(no_url, None, BackupCommand::Verify(options), pending(), &mut Vec::new()).await;
    assert!(refused.expect_err("none").to_string().contains("There is no backup in"));
}

//! The database of an earlier program becomes a tenant.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clinic_sync::Db;
use clinic_sync::auth::password::{PasswordCost, Passwords};
use clinic_sync::import::legacy::{LegacyOptions, Summary, run};
use protocol::api::{DeviceScope, Secret};
use protocol::mutation::Hash;
use protocol::prescription::content_hash;
use protocol::table::{Row, TableName, Values};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;
use uuid::Uuid;

use crate::clinic::{Clinic, PASSWORD, enrol};
use crate::furnished::tenant_tables;

const INTEGER: &str = include_str!("integer.sql");
const UUIDS: &str = include_str!("uuid.sql");

/// A server with a tenant of its own, an old database beside it, and an operator.
struct Office {
    clinic: Clinic,
    admin: PgConnection,
    ops: Db,
    folder: TempDir,
}

impl Office {
    async fn with(old: &str) -> Self {
        let clinic = Clinic::open().await;
        let database = clinic.server.database();
        let mut admin = PgConnection::connect(&database.admin.0).await.expect("a connection");
        let sql = AssertSqlSafe(old.replace("HOME", "old_program"));
        sqlx::raw_sql(sql).execute(&mut admin).await.expect("an old database");
        let ops = database.ops_db().await;
        Self { admin, ops, folder: TempDir::new().expect("a folder"), clinic }
    }

    fn options(&self) -> LegacyOptions {
        LegacyOptions {
            from: self.clinic.server.database().admin.0.clone(),
            schema: "old_program".into(),
            only_tenant: None,
            tenant_code: "LEGACY_001".into(),
            tenant_name: "Asha Dental".into(),
            source: "legacy".into(),
            time_zone: "Asia/Kolkata".into(),
            month_first: false,
            report: None,
            write: true,
            json: false,
        }
    }

    fn report(&self) -> PathBuf {
        self.folder.path().join("report.ndjson")
    }

    async fn import(&self) -> Summary {
        run(&self.ops, &self.options(), &mut Vec::new()).await.expect("imported")
    }

    async fn sql(&mut self, text: &'static str) {
        sqlx::raw_sql(text).execute(&mut self.admin).await.expect("a good statement");
    }

    async fn texts(&mut self, sql: &str) -> Vec<String> {
        let sql = sql.replace("$t", "(select id from clinic.tenants where tenant_code = 'LEGACY_001')");
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut self.admin).await.expect("texts")
    }

    /// Every row of every tenant, but for what a transaction that was taken back leaves no trace of.
    async fn everything(&mut self) -> Vec<String> {
        let mut everything = Vec::new();
        for table in tenant_tables(&mut self.admin).await {
            let sql = format!("select '{table} ' || to_jsonb(t)::text from clinic.{table} t order by 1");
            everything.extend(self.texts(&sql).await);
        }
        everything
    }
}

fn lines(path: &PathBuf) -> Vec<Value> {
    let text = std::fs::read_to_string(path).expect("a report");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[tokio::test]
async fn a_dry_run_tries_everything_says_what_is_wrong_by_row_and_writes_nothing() {
    let mut office = Office::with(INTEGER).await;
    let before = office.everything().await;
    let options = LegacyOptions { write: false, report: Some(office.report()), ..office.options() };
    let mut out = Vec::new();
    let summary = run(&office.ops, &options, &mut out).await.expect("a summary");
    assert_eq!(office.everything().await, before);
    let out = String::from_utf8(out).expect("text");
    assert!(out.contains("Nothing was written; say --write to do it."), "{out}");
    assert!(out.contains("The table invoices (1 rows) is not known here"), "{out}");
    assert!(out.contains("The column patients.shoe_size has no place here; of 1 rows"), "{out}");
    assert!(out.contains("The files in dental_attachments.content stay"), "{out}");
    assert!(!out.contains("Sunita"), "the terminal names no patient");
    let reported = lines(&office.report());
    let aside = |table: &str, key: &str| {
        reported
            .iter()
            .find(|line| line["outcome"] == "set aside" && line["table"] == table && line["key"] == key)
            .unwrap_or_else(|| panic!("{table} {key}: {reported:#?}"))
    };
    assert_eq!(aside("appointments", "2")["what"], "it points at a row that is not there");
    assert_eq!(aside("prescriptions", "3")["row"]["patient_id"], 98);
    assert_eq!(aside("prescriptions", "3")["lines"][0]["dosage"], "1-0-1", "with its lines");
    assert_eq!(aside("prescriptions", "4")["column"], "visit_date");
    assert_eq!(aside("prescription_items", "4")["what"], "it names no medicine");
    assert_eq!(aside("prescription_items", "6")["what"], "it points at a prescription that is not there");
    assert_eq!(aside("dental_attachments", "1")["column"], "sha256");
    let written = office.import().await;
    assert_eq!(written.tables, summary.tables, "what was said is what was done");
}

#[tokio::test]
async fn an_old_database_with_integer_keys_becomes_a_tenant_with_all_its_dirt_told() {
    let mut office = Office::with(INTEGER).await;
    let others = office.texts("select to_jsonb(p)::text from clinic.patients p").await;
    let options = LegacyOptions { report: Some(office.report()), ..office.options() };
    let summary = run(&office.ops, &options, &mut Vec::new()).await.expect("imported");
    assert_eq!((summary.tables["patients"].new, summary.to_review), (5, 1));
    assert!(summary.advice.iter().any(|advice| advice.contains("reset-password")), "{:?}", summary.advice);
    let patients = office
        .texts(
            "select concat_ws(' | ', patient_code, mobile_number, first_name, sex, date_of_birth, age_years,
                              blood_group, allergy_status, duplicate_ordinal, needs_review, mobile_raw)
             from clinic.patients where tenant_id = $t order by patient_code",
        )
        .await;
    assert_eq!(
        patients[0],
        "1 | +919820441276 | Sunita | female | 1972-01-05 | O+ | has_allergies | 0 | f | 98204 41276"
    );
    assert_eq!(
        patients[1],
        "2 | +919820441276 | sunita | female | 52 | unknown | none_known | 1 | t | +91-9820441276"
    );
    assert!(
        patients[2].starts_with("3 | +999") && patients[2].contains("| Ramesh | male | 34 |"),
        "{}",
        patients[2]
    );
    assert!(patients[3].contains("| (not known) | unknown | 130 |"), "{}", patients[3]);
    let allergies = office
        .texts("select substance_text from clinic.patient_allergies where tenant_id = $t order by 1")
        .await;
    assert_eq!(allergies, ["Penicillin", "dust"]);
    let prescriptions = office
        .texts(
            "select concat_ws(' | ', prescription_number, visit_date, status, diagnoses, vitals,
                              patient_snapshot ->> 'full_name', patient_snapshot ->> 'age',
                              doctor_snapshot ->> 'registration', finalised_by)
             from clinic.prescriptions where tenant_id = $t order by visit_date",
        )
        .await;
    assert_eq!(
        prescriptions[0],
        "IMPORTED-RX/7 | 2024-01-05 | finalised | [{\"text\": \"Acute pulpitis\"}, {\"text\": \"gingivitis\"}] | \
         {\"bp_dia\": 80, \"bp_sys\": 130, \"temp_c\": 37.5} | Sunita Deshmukh | 52 y | Reg. no. \
         Maharashtra State Dental Council A-1234"
    );
    assert!(prescriptions[1].starts_with("IMPORTED-RX/7~2 | 2024-02-01 | finalised"), "{}", prescriptions[1]);
    let items = office
        .texts(
            "select concat_ws(' | ', position, medicine_text, dosage_form, dose_text, quantity, patient_directions)
             from clinic.prescription_items where tenant_id = $t order by position, medicine_text",
        )
        .await;
    assert_eq!(
        items,
        [
            "1 | Amoxil | other | 1-1-1 x3d | 1 dose morning, noon and night, for 3 days",
            "1 | TAB. Paracetamol 500 mg | tablet | 1-0-1 x5d // after food | 10.00 | 1 tablet morning and night, \
             for 5 days. after food",
            "2 | SYR. Ashakof 5 ml | syrup | two spoons when it hurts | two spoons when it hurts",
        ]
    );
    let users = office
        .texts(
            "select concat_ws(' | ', email, roles::text, must_change_password, is_active, password_hash)
             from clinic.users where tenant_id = $t order by email desc",
        )
        .await;
    assert!(users.contains(&"asha@clinic.example | {admin} | t | t | !".to_owned()), "{users:?}");
    assert!(
        users.iter().any(|user| user.contains("@legacy.invalid | {receptionist} | t | f | !")),
        "{users:?}"
    );
    let chart = office
        .texts(
            "select concat_ws(' | ', site_kind, tooth_fdi, surfaces, condition_code, note)
             from clinic.dental_observations where tenant_id = $t order by tooth_fdi",
        )
        .await;
    assert_eq!(chart, ["tooth | 36 | MO | root_canal_treated", "mouth | other | black spot"]);
    // By its old key a record is found again, whole where something found no place.
    let original = office
        .texts(
            "select original::jsonb ->> 'shoe_size' from clinic.legacy_keys
             where tenant_id = $t and table_name = 'patients' and legacy_key = '1'",
        )
        .await;
    assert_eq!(original, ["7"]);
    let after = office.texts("select to_jsonb(p)::text from clinic.patients p where tenant_id <> $t").await;
    assert_eq!(after, others, "another tenant's rows are as they were");
}

#[tokio::test]
async fn a_second_run_brings_what_is_new_since_and_nothing_twice() {
    let mut office = Office::with(INTEGER).await;
    office.import().await;
    let count = "select count(*)::text from clinic.patients where tenant_id = $t";
    let before = office.everything().await.len();
    let again = office.import().await;
    for (table, counts) in &again.tables {
        assert_eq!((counts.new, counts.changed), (0, 0), "{table}");
    }
    // Only the log says that someone looked.
    assert_eq!(office.everything().await.len(), before + 1);
    office
        .sql(
            "insert into old_program.patients (mobile, first_name, age) values ('98204 41111', 'Late', '30');
             update old_program.patients set first_name = 'Sunita B' where id = 1;
             insert into old_program.patients (id, mobile, first_name, age) values (98, '98204 41112', 'Found', '40')",
        )
        .await;
    let later = office.import().await;
    let patients = later.tables["patients"];
    assert_eq!((patients.new, patients.changed, patients.here), (2, 1, 4));
    assert_eq!(later.tables["prescriptions"].new, 1, "its patient is there now");
    assert_eq!(office.texts(count).await, ["7"]);
    let name = "select first_name from clinic.patients where tenant_id = $t and patient_code = '1'";
    assert_eq!(office.texts(name).await, ["Sunita"], "what is here stays");
}

#[tokio::test]
async fn old_uuids_are_kept_and_a_desktop_receives_what_was_imported() {
    let mut office = Office::with(UUIDS).await;
    let summary = office.import().await;
    assert_eq!(summary.tables["patients"].new, 1200);
    assert_eq!((summary.tables["prescriptions"].new, summary.tables["prescription_items"].new), (700, 700));
    let kept = "select count(*)::text from clinic.patients p
                where tenant_id = $t and exists (select from old_program.patients o where o.id = p.id)";
    assert_eq!(office.texts(kept).await, ["1200"]);
    let primary = "select clinic_code from clinic.clinics where tenant_id = $t and is_primary";
    assert_eq!(office.texts(primary).await, ["ANDHERI"]);
    let evening = "select visit_date::text from clinic.prescriptions
                   where tenant_id = $t and id = '0190c000-0000-7000-8000-000000200001'";
    assert_eq!(office.texts(evening).await, ["2024-01-06"], "as the clinic's clocks had it");
    let state =
        "select status || coalesce(prescription_number, ' without a number') from clinic.prescriptions
                 where tenant_id = $t and id = '0190c000-0000-7000-8000-000000200003'";
    assert_eq!(office.texts(state).await, ["draft without a number"]);
    let plan = "select max_patients::text from clinic.tenants where id = $t";
    assert_eq!(office.texts(plan).await, ["1200"]);

    let rows = pull(&mut office).await;
    let of = |table: TableName| -> BTreeMap<Uuid, Values> {
        rows.iter().filter(|row| row.table == table).map(|row| (row.id, row.values.clone())).collect()
    };
    let (prescriptions, items) = (of(TableName::Prescriptions), of(TableName::PrescriptionItems));
    assert_eq!((of(TableName::Patients).len(), prescriptions.len()), (1200, 700));
    for (id, values) in prescriptions.iter().filter(|(_, values)| values["status"] == "finalised") {
        let own: Vec<(Uuid, Values)> = items
            .iter()
            .filter(|(_, item)| item["prescription_id"] == json!(id))
            .map(|(id, item)| (*id, item.clone()))
            .collect();
        let hash = values["content_sha256"].as_str().and_then(Hash::parse);
        assert_eq!(hash, Some(content_hash(*id, values, &own)), "what is issued bears its hash");
    }
}

/// What a desktop of the new tenant gets.
async fn pull(office: &mut Office) -> Vec<Row> {
    let hash = Passwords::new(PasswordCost::LEAST).hash(&Secret(PASSWORD.into())).await.expect("a hash");
    sqlx::query("update clinic.users set password_hash = $1, must_change_password = false where email like 'anjali@c%'")
        .bind(hash)
        .execute(&mut office.admin)
        .await
        .expect("a password");
    let server = &office.clinic.server;
    enrol(server, "LEGACY_001", "anjali@clinic.example", DeviceScope::Clinical).await.rows().await
}

#[tokio::test]
async fn an_import_that_breaks_off_leaves_nothing() {
    let mut office = Office::with(UUIDS).await;
    let before = office.everything().await;
    let importing = async { run(&office.ops, &office.options(), &mut Vec::new()).await };
    let url = office.clinic.server.database().admin.0.clone();
    let killing = async {
        let mut other = PgConnection::connect(&url).await.expect("a connection");
        loop {
            let killed: i64 = sqlx::query_scalar(
                "select count(pg_terminate_backend(pid)) from pg_stat_activity
                 where datname = current_database() and query like 'insert into patients%' and state <> 'idle'",
            )
            .fetch_one(&mut other)
            .await
            .expect("an answer");
            if killed > 0 {
                break;
            }
            tokio::task::yield_now().await;
        }
    };
    let (imported, ()) = tokio::join!(importing, killing);
    imported.expect_err("its connection is gone");
    assert_eq!(office.everything().await, before);
    assert_eq!(office.import().await.tables["patients"].new, 1200);
}

#[tokio::test]
async fn what_cannot_be_imported_is_said_before_anything_is_written() {
    let mut office = Office::with(INTEGER).await;
    let before = office.everything().await;
    office
        .sql(
            "create schema shared; create table shared.patients (id int primary key, tenant_id int);
             insert into shared.patients values (1, 1), (2, 2); create schema empty_one;
             create schema other; create table other.things (id int)",
        )
        .await;
    let refusals = [
        (LegacyOptions { schema: "shared".into(), ..office.options() }, "rows of several tenants"),
        (LegacyOptions { schema: "empty_one".into(), ..office.options() }, "no schema empty_one with tables"),
        (LegacyOptions { schema: "other".into(), ..office.options() }, "no table patients"),
        (LegacyOptions { time_zone: "Mars/Olympus".into(), ..office.options() }, "no time zone"),
        (LegacyOptions { tenant_code: "no".into(), ..office.options() }, "a code has 3 to 50"),
        (LegacyOptions { from: "not a url".into(), ..office.options() }, "not a Postgres URL"),
        (LegacyOptions { source: "a b".into(), ..office.options() }, "A source has"),
    ];
    for (options, expected) in refusals {
        let refused = run(&office.ops, &options, &mut Vec::new()).await.expect_err(expected);
        assert!(format!("{refused:#}").contains(expected), "{refused:#}");
    }
    assert_eq!(office.everything().await, before);
    office.import().await;
    office.sql("update clinic.tenants set max_patients = 5 where tenant_code = 'LEGACY_001'").await;
    office
        .sql("insert into old_program.patients (mobile, first_name, age) values ('9820441113', 'Six', '6')")
        .await;
    let refused = run(&office.ops, &office.options(), &mut Vec::new()).await.expect_err("no room");
    assert!(refused.to_string().contains("no room for so many patients"), "{refused}");
    std::fs::write(office.report(), "").expect("a file");
    let options = LegacyOptions { report: Some(office.report()), ..office.options() };
    let refused = run(&office.ops, &options, &mut Vec::new()).await.expect_err("a file");
    assert!(refused.to_string().contains("is there already"), "{refused}");
}

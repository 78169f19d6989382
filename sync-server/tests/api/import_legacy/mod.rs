//! The database of an earlier program becomes a tenant.

mod dirty;

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
const SEED: &str = include_str!("seed.sql");

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
    let nameless = reported.iter().find(|line| line["table"] == "prescription_items" && line["key"] == "4");
    assert_eq!(nameless.expect("a remark")["outcome"], "adapted");
    assert_eq!(aside("prescription_items", "6")["what"], "it points at a row that is not there");
    assert_eq!(aside("dental_attachments", "1")["column"], "sha256");
    let written = office.import().await;
    assert_eq!(written.tables, summary.tables, "what was said is what was done");
}

#[tokio::test]
async fn a_prescription_that_was_cancelled_or_replaced_is_void_with_a_reason() {
    let sql = format!(
        "{INTEGER}; alter table HOME.prescriptions add status varchar(20), add void_reason text;
         update HOME.prescriptions set status = case id when 2 then 'Replaced' else 'Cancelled' end,
                                       void_reason = case id when 1 then ' ' end"
    );
    let mut office = Office::with(&sql).await;
    office.import().await;
    let found = office
        .texts(
            "select concat_ws(' | ', status, void_reason) from clinic.prescriptions where tenant_id = $t
             order by visit_date",
        )
        .await;
    assert_eq!(
        found,
        [
            "voided | It was cancelled in the earlier program.",
            "voided | It was replaced in the earlier program."
        ]
    );
}

#[tokio::test]
async fn an_old_database_with_integer_keys_becomes_a_tenant_with_all_its_dirt_told() {
    let mut office = Office::with(INTEGER).await;
    let others = office.texts("select to_jsonb(p)::text from clinic.patients p").await;
    let options = LegacyOptions { report: Some(office.report()), ..office.options() };
    let summary = run(&office.ops, &options, &mut Vec::new()).await.expect("imported");
    assert_eq!((summary.tables["patients"].new, summary.to_review), (5, 1));
    let says = |words: &str| summary.advice.iter().any(|advice| advice.contains(words));
    assert!(says("reset-password") && says("an admin enrol the first computer"), "{:?}", summary.advice);
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
            "1 | TAB. Paracetamol 500 mg | tablet | 1-0-1 x5d | 10.00 | 1 tablet morning and night, \
             for 5 days. after food",
            "2 | Medicine not named in the earlier program | other | 1-0-0 | 1 dose in the morning",
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
async fn patients_keyed_by_number_and_name_are_found_by_the_uuid_that_everything_names_them_with() {
    let mut office = Office::with(SEED).await;
    let summary = office.import().await;
    for (table, counts) in &summary.tables {
        assert_eq!((counts.new, counts.set_aside), (counts.read, 0), "{table}: {:?}", summary.problems);
    }
    let patients = office
        .texts(
            "select concat_ws(' | ', right(id::text, 3), first_name, mobile_number, patient_code)
             from clinic.patients where tenant_id = $t order by id",
        )
        .await;
    assert_eq!(patients, ["101 | Sunita | +919820441276", "102 | Ramesh | +919820441276"]);
    let joined = office
        .texts(
            "select concat_ws(' | ', p.first_name, r.status, r.void_reason, d.last_name,
                              (select count(*) from clinic.prescription_items i
                               where i.tenant_id = r.tenant_id and i.prescription_id = r.id),
                              (select count(*) from clinic.appointments a
                               where a.tenant_id = r.tenant_id and a.patient_id = p.id),
                              (select count(*) from clinic.dental_observations o
                               where o.tenant_id = r.tenant_id and o.patient_id = p.id))
             from clinic.prescriptions r
             join clinic.patients p on p.tenant_id = r.tenant_id and p.id = r.patient_id
             join clinic.doctors d on d.tenant_id = r.tenant_id and d.id = r.doctor_id
             where r.tenant_id = $t order by r.id",
        )
        .await;
    assert_eq!(
        joined,
        [
            "Sunita | finalised | Kulkarni | 2 | 1 | 0",
            // Without a doctor, so the only one who is still there; superseded by nobody knows what.
            "Ramesh | voided | It was replaced in the earlier program. | Kulkarni | 0 | 0 | 1",
        ]
    );
    let again = office.import().await;
    for (table, counts) in &again.tables {
        assert_eq!((counts.here, counts.new, counts.set_aside), (counts.read, 0, 0), "{table}");
    }
}

#[tokio::test]
async fn whoever_was_deleted_or_stopped_in_the_earlier_program_cannot_sign_in() {
    let mut office = Office::with(SEED).await;
    office
        .sql(
            "alter table old_program.users add status text, add is_deleted int default 0;
             insert into old_program.users (id, email, full_name, role, password_hash, status, is_deleted)
             select gen_random_uuid(), name || '@clinic.example', name, 'nurse', password_hash, state, gone
             from old_program.users,
                  (values ('blocked', 'blocked', 0), ('gone', 'active', 1), ('stays', 'Active', 0)) v (name, state, gone)
             where email like 'anjali%';
             update old_program.users set is_active = null where email !~ 'anjali|left'",
        )
        .await;
    office.import().await;
    let staff = "select email || ' ' || is_active from clinic.users where tenant_id = $t order by email";
    assert_eq!(
        office.texts(staff).await,
        [
            "anjali@clinic.example true",
            "blocked@clinic.example false",
            "gone@clinic.example false",
            "left@clinic.example false",
            "stays@clinic.example true"
        ]
    );
    office.sql("update old_program.users set deleted_at = now() where email like 'stays%'").await;
    let again = office.import().await;
    assert!(
        again.advice.iter().any(|advice| advice.starts_with("1 people were changed")),
        "{:?}",
        again.advice
    );
}

//! A clinic goes to another tenant.

mod again;
mod files;

use std::collections::{BTreeMap, BTreeSet};

use clinic_sync::Db;
use clinic_sync::auth::password::PasswordCost;
use clinic_sync::clinic_move::{Move, Report, run};
use clinic_sync::demo::{DemoOptions, create};
use clinic_sync::files::Files;
use clinic_sync::operator::{ClinicCommand, ClinicMove, OutputOptions, run_clinic};
use clinic_sync::testing::TestDatabase;
use protocol::id::TenantId;
use protocol::table::{Table, TableName, Values};
use serde_json::{Map, Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use time::macros::date;
use uuid::Uuid;

use crate::furnished::tenant_tables;

type Rows = BTreeMap<Uuid, Map<String, Value>>;

/// A tenant with two clinics, and one to which the second goes.
struct Town {
    database: TestDatabase,
    files: Files,
    admin: PgConnection,
    ops: Db,
    from: TenantId,
    to: TenantId,
}

impl Town {
    async fn new() -> Self {
        let database = TestDatabase::new().await;
        let ops = database.ops_db().await;
        let mut tenants = Vec::new();
        for (code, patients, seed) in [("SHANTI", 25, 7), ("ASHA", 10, 8)] {
            let options = DemoOptions {
                tenant_code: code.into(),
                patients,
                seed,
                today: Some(date!(2026 - 11 - 23)),
                json: true,
            };
            create(&ops, &options, PasswordCost::LEAST).await.expect("a tenant");
            let tenant = database.app_db().await.find_tenant(code).await.expect("an answer");
            tenants.push(tenant.expect("the tenant"));
        }
        let admin = PgConnection::connect(&database.admin.0).await.expect("a connection");
        let files = database.files().expect("a folder");
        Self { database, files, admin, ops, from: tenants[0], to: tenants[1] }
    }

    async fn sql(&mut self, text: &'static str) {
        sqlx::raw_sql(text).execute(&mut self.admin).await.expect("a good statement");
    }

    async fn run(&mut self, text: &str) {
        sqlx::raw_sql(AssertSqlSafe(text.to_owned()))
            .execute(&mut self.admin)
            .await
            .expect("a good statement");
    }

    /// The same move, of a clinic that is closed by now.
    async fn relocate_again(&mut self) -> Report {
        self.relocate(true, true).await.expect("moved again")
    }

    /// The second clinic of the first tenant.
    async fn clinic(&mut self) -> (Uuid, String) {
        sqlx::query_as("select id, clinic_code from clinic.clinics where tenant_id = $1 and not is_primary")
            .bind(self.from.0)
            .fetch_one(&mut self.admin)
            .await
            .expect("a clinic")
    }

    async fn wanted(&mut self) -> Move {
        let (_, clinic_code) = self.clinic().await;
        Move {
            source: self.from,
            target: self.to,
            clinic_code,
            new_code: Some("BANDRA2".into()),
            with_patients: true,
            leaves_missing_files: false,
        }
    }

    async fn relocate(&mut self, with_patients: bool, is_meant: bool) -> anyhow::Result<Report> {
        let wanted = Move { with_patients, ..self.wanted().await };
        run(&self.ops, &self.files, &wanted, is_meant).await
    }

    async fn rows(&mut self, tenant: TenantId, table: &str) -> Rows {
        let sql = format!("select id, to_jsonb(t) from clinic.{table} t where tenant_id = $1");
        let rows: Vec<(Uuid, Value)> =
            sqlx::query_as(AssertSqlSafe(sql)).bind(tenant.0).fetch_all(&mut self.admin).await.expect("rows");
        rows.into_iter().map(|(id, row)| (id, row.as_object().expect("an object").clone())).collect()
    }

    /// Everything that both tenants have, but for what a writing transaction took and let go.
    async fn everything(&mut self) -> Vec<String> {
        let mut everything = Vec::new();
        for table in tenant_tables(&mut self.admin).await {
            let sql = format!("select to_jsonb(t)::text from clinic.{table} t order by 1");
            let rows: Vec<String> =
                sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut self.admin).await.expect("rows");
            everything.extend(rows.into_iter().map(|row| format!("{table} {row}")));
        }
        everything
    }
}

/// The columns that mean something: not the tenant, and not what its own log of changes says.
fn meaning(table: &Table, row: &Map<String, Value>) -> Values {
    table.columns.iter().map(|column| (column.name.to_owned(), row[column.name].clone())).collect()
}

#[tokio::test]
async fn a_dry_run_says_what_would_go_and_changes_nothing() {
    let mut town = Town::new().await;
    let before = town.everything().await;
    let report = town.relocate(true, false).await.expect("a report");
    assert_eq!(report.rows["clinics"].copied, 1);
    assert!(report.rows["patients"].copied > 0 && report.rows["prescription_items"].copied > 0);
    assert_eq!(town.everything().await, before);
    let moved = town.relocate(true, true).await.expect("moved");
    assert_eq!(moved.rows, report.rows, "what was said is what was done");
}

#[tokio::test]
async fn a_clinic_arrives_with_its_patients_and_what_was_signed_and_the_old_tenant_keeps_all() {
    let mut town = Town::new().await;
    let (clinic, code) = town.clinic().await;
    let (from, to) = (town.from, town.to);
    let mut before = BTreeMap::new();
    for table in Table::of_tenant() {
        before
            .insert(table.name, (town.rows(from, table.sql_name).await, town.rows(to, table.sql_name).await));
    }
    let report = town.relocate(true, true).await.expect("moved");
    assert_eq!((report.clinic_id, report.clinic_code.as_str()), (clinic, "BANDRA2"));
    for table in Table::of_tenant() {
        let (old, there) = &before[&table.name];
        let (left, arrived) = (town.rows(from, table.sql_name).await, town.rows(to, table.sql_name).await);
        assert_eq!(arrived.len(), there.len() + report.rows[table.sql_name].copied, "{}", table.sql_name);
        for (id, row) in there {
            assert_eq!(&arrived[id], row, "the other tenant's own {} are as they were", table.sql_name);
        }
        for (id, row) in old {
            let closed = table.sql_name == "clinics" && *id == clinic;
            if closed {
                assert_eq!((&left[id]["is_active"], &left[id]["clinic_code"]), (&json!(false), &json!(code)));
            } else {
                assert_eq!(&left[id], row, "{} stay in the old tenant", table.sql_name);
            }
        }
    }
    let there = town.rows(to, "prescriptions").await;
    let items = town.rows(to, "prescription_items").await;
    let mut n_signed = 0;
    for (id, row) in there.iter().filter(|(_, row)| row["clinic_id"] == json!(clinic)) {
        let table = TableName::Prescriptions.table();
        assert_eq!(meaning(table, row), meaning(table, &before[&table.name].0[id]), "as it was signed");
        let lines = |items: &Rows| -> Vec<Values> {
            let own = items.values().filter(|item| item["prescription_id"] == json!(id));
            own.map(|item| meaning(TableName::PrescriptionItems.table(), item)).collect()
        };
        assert_eq!(lines(&items), lines(&before[&TableName::PrescriptionItems].0), "with its lines");
        n_signed += usize::from(row["status"] == "finalised");
    }
    assert!(n_signed > 0);
    // Every prescription of the clinic went along.
    let own = before[&TableName::Prescriptions].0.values().filter(|row| row["clinic_id"] == json!(clinic));
    assert!(own.into_iter().all(|row| there.contains_key(&id_of(row))));
}

fn id_of(row: &Map<String, Value>) -> Uuid {
    row["id"].as_str().and_then(|id| id.parse().ok()).expect("an id")
}

#[tokio::test]
async fn a_clinic_may_go_without_its_patients() {
    let mut town = Town::new().await;
    let report = town.relocate(false, true).await.expect("moved");
    for (table, count) in &report.rows {
        let goes = ["clinics", "doctors", "short_keys", "dental_observation_templates"].contains(table);
        assert!(goes || count.copied == 0, "{count:?} {table}");
    }
    assert_eq!(report.rows["clinics"].copied, 1);
    assert!(report.staff.added + report.staff.known > 0);
}

#[tokio::test]
async fn the_keys_with_which_was_signed_what_goes_come_along_and_count_for_nothing_new() {
    let mut town = Town::new().await;
    let (from, to) = (town.from.0, town.to.0);
    town.run(&format!(
        "insert into clinic.own_keys (tenant_id, device_id, user_id, public_key, after_sequence)
         select tenant_id, gen_random_uuid(), id, 'key', 0 from clinic.users where tenant_id = '{from}'"
    ))
    .await;
    town.relocate(true, true).await.expect("moved");
    town.relocate_again().await;
    let arrived: (i64, i64, i64) = sqlx::query_as(
        "select count(*), count(revoked_at), count(*) filter (where user_id in (
             select finalised_by from clinic.prescriptions where tenant_id = $1))
         from clinic.own_keys where tenant_id = $1",
    )
    .bind(to)
    .fetch_one(&mut town.admin)
    .await
    .expect("a count");
    assert!(arrived.0 > 0);
    assert_eq!((arrived.1, arrived.2), (arrived.0, arrived.0), "those of whoever signed, each once");
}

/// One id of a row of the first tenant, `$clinic` standing for the clinic that moves.
async fn pick(town: &mut Town, from_where: &str) -> Uuid {
    let (clinic, _) = town.clinic().await;
    let sql = format!("select t.id from clinic.{from_where} order by t.id limit 1");
    let sql = sql.replace("$clinic", &format!("'{clinic}'")).replace("$from", &format!("'{}'", town.from.0));
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut town.admin).await.expect("a row")
}

/// Patients of the clinic.
const REGISTERED: &str = "patients t where t.tenant_id = $from and t.registered_clinic_id = $clinic";

#[tokio::test]
async fn the_tenants_own_medicines_go_along_where_a_line_or_a_short_key_names_them() {
    let mut town = Town::new().await;
    let from = town.from.0;
    let [of_line, of_key, of_none] = [Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7()];
    for (place, id) in [of_line, of_key, of_none].into_iter().enumerate() {
        town.run(&format!(
            "insert into clinic.tenant_medicines (tenant_id, id, generic_name, dosage_form, route, search_text)
             values ('{from}', '{id}', 'Mouth paint {place}', 'other', 'oral', 'mouth paint')"
        ))
        .await;
    }
    let doctor =
        pick(&mut town, "doctors t where t.tenant_id = $from and t.default_clinic_id = $clinic").await;
    let (clinic, _) = town.clinic().await;
    town.run(&format!(
        "insert into clinic.prescriptions (tenant_id, id, visit_date, doctor_id, patient_id, clinic_id)
         select '{from}', '{of_none}', '2026-11-20', '{doctor}', (select min(id::text)::uuid from clinic.patients
             where tenant_id = '{from}'), '{clinic}';
         insert into clinic.prescription_items (tenant_id, id, prescription_id, position, medicine_id, medicine_text,
             generic_text, dosage_form, dose_text, dose_pattern, dose_unit, patient_directions)
         values ('{from}', gen_random_uuid(), '{of_none}', 1, '{of_line}', 'Paint', 'Paint', 'other', '1-0-1', '{{}}',
             'dose', 'Morning and night');
         insert into clinic.short_keys (tenant_id, id, key, title, kind, scope, doctor_id, body)
         values ('{from}', gen_random_uuid(), 'paint', 'Paint', 'prescription', 'doctor', '{doctor}',
             '{{\"lines\": [{{\"medicine_id\": \"{of_key}\"}}]}}')"
    ))
    .await;
    let report = town.relocate(true, true).await.expect("moved");
    assert_eq!(report.rows["tenant_medicines"].copied, 2);
    let there = town.rows(town.to, "tenant_medicines").await;
    assert!(there.contains_key(&of_line) && there.contains_key(&of_key) && !there.contains_key(&of_none));
}

#[tokio::test]
async fn staff_of_every_clinic_stay_unless_it_is_the_last_one() {
    let mut town = Town::new().await;
    let (from, to) = (town.from, town.to);
    let before = town.relocate(true, false).await.expect("a report").staff.everywhere;
    town.run(&format!(
        "insert into clinic.users (tenant_id, id, email, full_name, roles, password_hash, must_change_password,
                                   one_time_until)
         values ('{}', gen_random_uuid(), 'everywhere@example.org', 'Every Where', '{{nurse}}', '!', true,
                 '2026-11-20 04:00:00+00')",
        from.0
    ))
    .await;
    let report = town.relocate(true, false).await.expect("a report");
    assert_eq!(report.staff.everywhere, before + 1);
    town.run(&format!(
        "update clinic.clinics set is_active = false where tenant_id = '{}' and is_primary",
        from.0
    ))
    .await;
    let report = town.relocate(true, true).await.expect("moved");
    assert_eq!(report.staff.everywhere, 0);
    let staff = town.rows(to, "users").await;
    let everywhere = staff.values().find(|user| user["email"] == "everywhere@example.org").expect("moved");
    assert_eq!(everywhere["must_change_password"], json!(true));
    assert!(everywhere["one_time_until"].is_string(), "a one-time password ends there as it did here");
    let clinics = town.rows(from, "clinics").await;
    assert_eq!(clinics.values().filter(|clinic| clinic["is_primary"] == json!(true)).count(), 1);
}

#[tokio::test]
async fn patients_beyond_the_plan_of_the_other_tenant_are_kept_and_marked() {
    let mut town = Town::new().await;
    let to = town.to;
    town.run(&format!("update clinic.tenants set max_patients = 12 where id = '{}'", to.0)).await;
    let report = town.relocate(true, true).await.expect("moved");
    assert_eq!(report.patients_beyond_plan, report.rows["patients"].copied - 2);
    let rows = town.rows(to, "patients").await;
    let marked = rows.values().filter(|row| row["beyond_plan"] == json!(true)).count();
    assert_eq!(marked, report.patients_beyond_plan);
}

#[tokio::test]
async fn the_same_patient_in_both_tenants_becomes_a_review_item_and_both_are_kept() {
    let mut town = Town::new().await;
    town.sql(
        "insert into clinic.patients (tenant_id, id, first_name, first_name_norm, mobile_number, date_of_birth)
         select t.id, gen_random_uuid(), p.first_name, p.first_name_norm, p.mobile_number, '1990-11-18'
         from (select p.* from clinic.patients p
               join clinic.clinics c on c.tenant_id = p.tenant_id and c.id = p.registered_clinic_id
               join clinic.tenants t on t.id = p.tenant_id
               where t.tenant_code = 'SHANTI' and not c.is_primary and p.duplicate_ordinal = 0
               order by p.id limit 1) p, clinic.tenants t
         where t.tenant_code = 'ASHA'",
    )
    .await;
    let report = town.relocate(true, true).await.expect("moved");
    assert_eq!(report.patients_to_review, 1);
    let rows = town.rows(town.to, "patients").await;
    let marked: Vec<_> = rows.values().filter(|row| row["needs_review"] == json!(true)).collect();
    assert_eq!(marked.len(), 1);
    assert_eq!(marked[0]["duplicate_ordinal"], json!(1));
    let questions = town.rows(town.to, "sync_conflicts").await;
    assert!(questions.values().any(|item| item["kind"] == "duplicate" && item["row_id"] == marked[0]["id"]));
}

#[tokio::test]
async fn nobody_becomes_an_admin_of_the_other_tenant_and_who_is_known_there_stays_who_they_are() {
    let mut town = Town::new().await;
    let before = town.rows(town.to, "users").await;
    let report = town.relocate(true, true).await.expect("moved");
    let after = town.rows(town.to, "users").await;
    assert_eq!(after.len(), before.len() + report.staff.added);
    for (id, row) in &before {
        assert_eq!(&after[id], row);
    }
    for (_, row) in after.iter().filter(|(id, _)| !before.contains_key(*id)) {
        assert!(!row["roles"].as_array().expect("roles").contains(&json!("admin")));
    }
    // Both demo tenants have the same staff: whoever prescribes there already gets no second active profile.
    let doctors = town.rows(town.to, "doctors").await;
    let mut registrations = BTreeSet::new();
    for row in doctors.values().filter(|row| row["is_active"] == json!(true)) {
        assert!(registrations.insert(row["registration_number"].to_string()), "{row:?}");
    }
}

#[tokio::test]
async fn an_account_that_is_closed_in_the_other_tenant_stays_so_and_is_told_of_before_and_after() {
    let mut town = Town::new().await;
    let close = format!(
        "update clinic.users set is_active = false
         where tenant_id = '{}' and email = 'farhan@ashadental.example'",
        town.to.0
    );
    town.run(&close).await;
    let (_, clinic_code) = town.clinic().await;
    for yes in [false, true] {
        let command = ClinicCommand::Move(ClinicMove {
            tenant_code: "SHANTI".into(),
            clinic_code: clinic_code.clone(),
            to_tenant_code: "ASHA".into(),
            new_clinic_code: Some("BANDRA2".into()),
            without_patients: false,
            leave_missing_files: false,
            yes,
            output: OutputOptions { json: false },
        });
        let mut out = Vec::new();
        let files = town.files.clone();
        run_clinic(&town.ops, || Ok(files), command, &mut out).await.expect("told");
        let told = String::from_utf8(out).expect("text");
        assert!(told.contains("Of the accounts known there, 1 are closed and stay so"), "{told}");
    }
    let staff = town.rows(town.to, "users").await;
    let farhan = staff.values().find(|user| user["email"] == "farhan@ashadental.example");
    assert_eq!(farhan.expect("known")["is_active"], json!(false));
}

#[tokio::test]
async fn a_move_that_cannot_be_says_why_and_changes_nothing() {
    let mut town = Town::new().await;
    let wanted = Move { new_code: None, ..town.wanted().await };
    let before = town.everything().await;
    let same = Move { target: town.from, ..wanted.clone() };
    let none = Move { clinic_code: "NOWHERE".into(), ..wanted.clone() };
    let bad = Move { new_code: Some("B".into()), ..wanted.clone() };
    // The demo tenants have clinics of the same codes.
    for (wanted, expected) in [
        (same, "is in that tenant already"),
        (none, "has no clinic NOWHERE"),
        (bad, "2 to 20 letters"),
        (wanted, "give this one another code"),
    ] {
        let refused = run(&town.ops, &town.files, &wanted, true).await.expect_err(expected);
        assert!(refused.to_string().contains(expected), "{refused}");
    }
    assert_eq!(town.everything().await, before);
}

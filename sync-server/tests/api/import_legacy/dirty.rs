//! Old databases that are wrong in themselves, and imports that do not come to their end.

use clinic_sync::import::legacy::{LegacyOptions, run};
use serde_json::Value;

use super::{INTEGER, Office, SEED, UUIDS, lines};

#[tokio::test]
async fn rows_with_one_key_are_all_kept_and_nothing_is_joined_to_the_wrong_one() {
    let mut office = Office::with(
        "create schema HOME;
         create table HOME.doctors (id int primary key, name text);
         insert into HOME.doctors values (1, 'Asha Rane');
         create table HOME.patients (id int, mobile text, first_name text, age int);
         create table HOME.appointments (id text, patient_id int, appointment_date date);
         create table HOME.prescriptions (id int, patient_id int, visit_date date);
         create table HOME.prescription_items (prescription_id int, medicine_name text, dosage text);
         -- One number for two, one row twice, two without; the last pair is cut by the end of a batch.
         insert into HOME.patients values (1, '9820441101', 'Asha', 30), (1, '9820441102', 'Bina', 31),
             (2, '9820441103', 'Chitra', 32), (2, '9820441103', 'Chitra', 32);
         insert into HOME.patients
         select n, '98205' || lpad(n::text, 5, '0'), 'Patient' || n, 40 from generate_series(3, 497) n;
         insert into HOME.patients values (498, '9820441104', 'Dipa', 33), (498, '9820441105', 'Esha', 34),
             (null, '9820441106', 'Farah', 35), (null, '9820441106', 'Farah', 35);
         insert into HOME.appointments values ('A ', 1, '2024-01-05'), ('A', 3, '2024-01-05');
         insert into HOME.prescriptions values (7, 2, '2024-01-05'), (8, 498, '2024-01-05'),
             (9, 4, '2024-01-05'), (9, 5, '2024-01-05');
         insert into HOME.prescription_items values (7, 'Paracetamol', '1-0-1'), (7, 'Paracetamol', '1-0-1'),
             (9, 'Ibuprofen', '1-0-1'), (null, 'Cetirizine', '0-0-1')",
    )
    .await;
    let options = LegacyOptions { report: Some(office.report()), ..office.options() };
    let summary = run(&office.ops, &options, &mut Vec::new()).await.expect("imported");
    let patients = summary.tables["patients"];
    assert_eq!((patients.read, patients.new, patients.set_aside), (503, 502, 1));
    let names =
        "select first_name from clinic.patients where tenant_id = $t and first_name !~ 'Patient' order by 1";
    assert_eq!(
        office.texts(names).await,
        ["Asha", "Bina", "Chitra", "Dipa", "Esha", "Farah", "Farah"],
        "one that is there twice to the letter comes once, if it has a key"
    );
    let reported = lines(&office.report());
    let mut aside: Vec<String> = reported
        .iter()
        .filter(|line| line["outcome"] == "set aside")
        .map(|line| format!("{} {}: {}", line["table"], line["column"], line["what"]).replace('"', ""))
        .collect();
    aside.sort();
    assert_eq!(
        aside,
        [
            "appointments patient_id: more than one row has the key that it names",
            "patients null: the very same row stands there once more",
            "prescription_items prescription_id: it names no prescription",
            "prescription_items prescription_id: more than one row has the key that it names",
            "prescriptions patient_id: more than one row has the key that it names",
        ]
    );
    let items = "select count(*)::text from clinic.prescription_items where tenant_id = $t";
    assert_eq!(office.texts(items).await, ["2"]);
    let before = office.everything().await.len();
    let again = office.import().await;
    assert_eq!(office.everything().await.len(), before + 1, "only the log says that someone looked");
    for (table, counts) in &again.tables {
        let first = summary.tables[table];
        assert_eq!((counts.new, counts.changed), (0, 0), "{table}");
        assert_eq!((counts.here, counts.set_aside), (first.new, first.set_aside), "{table}");
    }
}

#[tokio::test]
async fn an_age_in_months_alone_is_an_age_and_all_the_months_beside_the_years_are_read_as_that() {
    let mut office = Office::with(INTEGER).await;
    office
        .sql(
            "alter table old_program.patients add age_months int;
             insert into old_program.patients (mobile, first_name, age, age_months) values
                 ('9820441301', 'Baby', null, 8), ('9820441302', 'Toddler', '1', 18), ('9820441303', 'Unknown', null, 0)",
        )
        .await;
    office.import().await;
    let ages = "select concat_ws(' | ', first_name, age_years, age_months) from clinic.patients \
                where tenant_id = $t and first_name in ('Baby', 'Toddler', 'Unknown') order by 1";
    assert_eq!(office.texts(ages).await, ["Baby | 0 | 8", "Toddler | 1 | 6", "Unknown | 130"]);
}

#[tokio::test]
async fn an_appointment_stands_at_the_time_that_the_clinics_clocks_showed() {
    let mut office = Office::with(INTEGER).await;
    office
        .sql(
            "alter table old_program.appointments drop appointment_time;
             alter table old_program.appointments alter appointment_date type timestamptz
                 using '2024-01-05 05:00+00'::timestamptz",
        )
        .await;
    office.import().await;
    let starts = "select concat_ws(' | ', appointment_date::text, left(start_time::text, 5)) \
                  from clinic.appointments where tenant_id = $t";
    assert_eq!(office.texts(starts).await, ["2024-01-05 | 10:30"]);
}

#[tokio::test]
async fn what_of_a_visit_has_no_place_here_is_told_and_kept_in_the_old_row() {
    let mut office = Office::with(INTEGER).await;
    office
        .sql(
            r#"alter table old_program.prescriptions add chief_complaints json;
               update old_program.prescriptions
               set vitals = '{"bp": "130/80", "rr": 18, "spo2": "NA"}',
                   chief_complaints = '[{"text": "Fever", "since": "3 days"}, "Cough"]'
               where id = 1"#,
        )
        .await;
    let options = LegacyOptions { report: Some(office.report()), ..office.options() };
    run(&office.ops, &options, &mut Vec::new()).await.expect("imported");
    let visit = "select vitals::text || ' ' || chief_complaints::text from clinic.prescriptions
                 where tenant_id = $t and vitals <> '{}'";
    assert_eq!(office.texts(visit).await, [r#"{"bp_dia": 80, "bp_sys": 130} ["Fever", "Cough"]"#]);
    let reported = lines(&office.report());
    for column in ["vitals", "chief_complaints"] {
        let is_told =
            |line: &Value| line["table"] == "prescriptions" && line["key"] == "1" && line["column"] == column;
        assert!(reported.iter().any(is_told), "{column} {reported:#?}");
    }
    let kept = "select original::jsonb #>> '{vitals,rr}' from clinic.legacy_keys
                where tenant_id = $t and table_name = 'prescriptions' and legacy_key = '1'";
    assert_eq!(office.texts(kept).await, ["18"]);
}

#[tokio::test]
async fn an_old_database_that_hides_rows_is_refused_and_not_taken_for_empty() {
    let mut office = Office::with(SEED).await;
    office
        .sql(
            "grant usage on schema old_program to clinic_app, clinic_owner;
             grant select on all tables in schema old_program to clinic_app, clinic_owner;
             alter table old_program.patients enable row level security",
        )
        .await;
    let from = office.clinic.server.database().app.0.clone();
    let options = LegacyOptions { from, ..office.options() };
    let refused = run(&office.ops, &options, &mut Vec::new()).await.expect_err("hidden rows");
    assert!(refused.to_string().contains("Row security hides rows of patients"), "{refused}");
    // A view reads with its owner's eyes.
    office
        .sql(
            "create view old_program.visits as select * from old_program.patients;
             alter view old_program.visits owner to clinic_owner",
        )
        .await;
    let refused = run(&office.ops, &office.options(), &mut Vec::new()).await.expect_err("hidden rows");
    assert!(refused.to_string().contains("may not read all of visits"), "{refused}");
}

#[tokio::test]
async fn an_import_that_breaks_off_leaves_nothing() {
    let mut office = Office::with(UUIDS).await;
    let before = office.everything().await;
    let importing = async { run(&office.ops, &office.options(), &mut Vec::new()).await };
    let (imported, ()) = tokio::join!(importing, office.clinic.cut_import());
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

#[tokio::test]
async fn another_clinics_database_does_not_come_to_a_tenant_that_is_there() {
    let mut office = Office::with(INTEGER).await;
    office.import().await;
    let before = office.everything().await;
    // The next clinic, and nobody thought of a code for it.
    let next = LegacyOptions { tenant_name: "Lotus Clinic".into(), ..office.options() };
    for options in [LegacyOptions { write: false, ..next.clone() }, next] {
        let refused = run(&office.ops, &options, &mut Vec::new()).await.expect_err("it is there");
        assert!(refused.to_string().contains("This code is Asha Dental (LEGACY_001)'s"), "{refused}");
    }
    assert_eq!(office.everything().await, before);
    let same = LegacyOptions { tenant_name: " Asha Dental ".into(), ..office.options() };
    let again = run(&office.ops, &same, &mut Vec::new()).await.expect("the same clinic once more");
    assert_eq!(again.tables["patients"].here, 5);
}

#[tokio::test]
async fn whoever_ran_the_earlier_program_is_no_admin_where_people_work_already() {
    let mut office = Office::with(INTEGER).await;
    office.clinic.desk().await;
    let code = office.clinic.registered.tenant_code.clone();
    let options = LegacyOptions {
        tenant_code: code.clone(),
        tenant_name: "ASHA Clinic".into(),
        report: Some(office.report()),
        ..office.options()
    };
    run(&office.ops, &options, &mut Vec::new()).await.expect("imported");
    let staff = format!(
        "select concat_ws(' | ', u.email, u.roles::text) from clinic.users u
         join clinic.tenants t on t.id = u.tenant_id where t.tenant_code = '{code}' and u.is_active order by 1"
    );
    assert_eq!(
        office.texts(&staff).await,
        ["anjali@example.org | {admin,doctor}", "asha@clinic.example | {receptionist}"]
    );
    let reported = lines(&office.report());
    let is_told = |line: &Value| line["table"] == "users" && line["column"] == "role" && line["key"] == "1";
    assert!(reported.iter().any(is_told), "{reported:#?}");
}

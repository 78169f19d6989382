//! Appointments, allergies, the dental chart and case studies: what desktops write, and what nobody may.

use clinic_sync::testing::TestDatabase;
use protocol::api::Fate;
use protocol::error::RefusalCode;
use protocol::mutation::Change;
use protocol::table::TableName;
use serde_json::{Value, json};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};
use uuid::Uuid;

use crate::clinic::{Clinic, Desk, edit, new_patient, values};

/// A clinic whose owner is a dentist too, with one patient.
pub async fn dental_clinic() -> (Clinic, Desk, Uuid) {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let sql = "update clinic.users set roles = roles || '{dentist}'";
    sqlx::raw_sql(sql).execute(&mut admin(clinic.server.database()).await).await.expect("a dentist");
    let patient = Uuid::now_v7();
    desk.write(vec![new_patient(patient, "Sunita")]).await;
    (clinic, desk, patient)
}

async fn admin(database: &TestDatabase) -> PgConnection {
    PgConnection::connect(&database.admin.0).await.expect("a connection")
}

pub fn procedure(desk: &Desk, id: Uuid, patient: Uuid, tooth: i64, status: &str) -> Change {
    let values = values(&[
        ("patient_id", json!(patient)),
        ("doctor_id", json!(desk.doctor)),
        ("clinic_id", json!(desk.clinic)),
        ("procedure_name", json!("Root canal treatment")),
        ("site_kind", json!("tooth")),
        ("tooth_fdi", json!(tooth)),
        ("status", json!(status)),
    ]);
    Change::insert(TableName::DentalProcedures, id, values)
}

/// One new row of every table of the chart.
pub fn one_of_each(desk: &Desk, patient: Uuid) -> Vec<Change> {
    let [appointment, allergy, template, attachment, treatment, observation, study] =
        std::array::from_fn(|_| Uuid::now_v7());
    let (doctor, clinic) = (json!(desk.doctor), json!(desk.clinic));
    let new = |table, id, pairs: &[(&str, Value)]| Change::insert(table, id, values(pairs));
    vec![
        new(
            TableName::Appointments,
            appointment,
            &[
                ("appointment_date", json!("2026-11-23")),
                ("start_time", json!("09:30")),
                ("clinic_id", clinic.clone()),
                ("doctor_id", doctor.clone()),
                ("patient_id", json!(patient)),
                ("token_label", json!("A-1")),
            ],
        ),
        new(
            TableName::PatientAllergies,
            allergy,
            &[("patient_id", json!(patient)), ("substance_text", json!("Penicillin"))],
        ),
        new(
            TableName::DentalObservationTemplates,
            template,
            &[
                ("key", json!("mo-caries")),
                ("name", json!("Caries, mesio-occlusal")),
                ("scope", json!("tenant")),
                ("applies_to", json!("surface")),
                ("body", json!({"text": "Caries"})),
            ],
        ),
        new(
            TableName::DentalAttachments,
            attachment,
            &[
                ("patient_id", json!(patient)),
                ("owner_kind", json!("patient")),
                ("owner_id", json!(patient)),
                ("kind", json!("xray")),
                ("file_name", json!("36.jpg")),
                ("mime", json!("image/jpeg")),
                ("byte_size", json!(20_480)),
                ("sha256", json!("0f".repeat(32))),
            ],
        ),
        procedure(desk, treatment, patient, 36, "planned"),
        new(
            TableName::DentalObservations,
            observation,
            &[
                ("patient_id", json!(patient)),
                ("doctor_id", doctor.clone()),
                ("clinic_id", clinic),
                ("observed_on", json!("2026-11-23")),
                ("site_kind", json!("tooth")),
                ("tooth_fdi", json!(36)),
                ("surfaces", json!("MO")),
                ("condition_code", json!("caries_dentine")),
                ("resolved_by_procedure_id", json!(treatment)),
                ("template_id", json!(template)),
            ],
        ),
        new(
            TableName::CaseStudies,
            study,
            &[("title", json!("A deep molar")), ("doctor_id", doctor), ("patient_id", json!(patient))],
        ),
    ]
}

#[tokio::test]
async fn what_one_desktop_charts_another_one_has() {
    let (clinic, mut desk, patient) = dental_clinic().await;
    let other = clinic.desk().await;
    let changes = one_of_each(&desk, patient);
    let written: Vec<_> = changes.iter().map(|change| (change.table, change.id)).collect();
    let response = desk.write(changes).await;
    assert_eq!(response.receipts[0].fate, Fate::Applied, "{:?}", response.receipts);
    let rows = other.rows().await;
    for (table, id) in written {
        let row = rows.iter().find(|row| row.id == id).unwrap_or_else(|| panic!("{}", table.as_str()));
        assert_eq!(row.table, table);
    }
}

#[tokio::test]
async fn a_tooth_that_does_not_exist_is_refused_by_the_server_and_by_the_database() {
    let (clinic, mut desk, patient) = dental_clinic().await;
    let response = desk.write(vec![procedure(&desk, Uuid::now_v7(), patient, 39, "planned")]).await;
    assert_eq!(response.receipts[0].code, Some(RefusalCode::BadValue));
    desk.write(vec![procedure(&desk, Uuid::now_v7(), patient, 38, "planned")]).await;
    let mut admin = admin(clinic.server.database()).await;
    for tooth in [19, 39, 50, 56, 86] {
        let sql = AssertSqlSafe(format!("update clinic.dental_procedures set tooth_fdi = {tooth}"));
        assert!(sqlx::query(sql).execute(&mut admin).await.is_err(), "{tooth}");
    }
}

#[tokio::test]
async fn a_completed_procedure_does_not_change_whoever_tries() {
    let (clinic, mut desk, patient) = dental_clinic().await;
    let id = Uuid::now_v7();
    let done = desk.write(vec![procedure(&desk, id, patient, 36, "completed")]).await;
    assert_eq!(done.receipts[0].fate, Fate::Applied, "{:?}", done.receipts);
    let renamed = [("procedure_name", json!("Root canal treatment"), json!("Filling"))];
    let refused = desk.write(vec![edit(TableName::DentalProcedures, id, &renamed)]).await;
    assert_eq!(refused.receipts[0].code, Some(RefusalCode::Fixed));
    let mut admin = admin(clinic.server.database()).await;
    for sql in [
        "update clinic.dental_procedures set procedure_name = 'Filling'",
        "update clinic.dental_procedures set status = 'planned'",
        "update clinic.dental_procedures set deleted_at = now()",
        "delete from clinic.dental_procedures",
    ] {
        let error = sqlx::query(sql).execute(&mut admin).await.expect_err(sql);
        let constraint = error.as_database_error().and_then(|error| error.constraint().map(String::from));
        assert_eq!(constraint.as_deref(), Some("dental_procedures_completed_check"), "{sql}");
    }
    let note = "update clinic.dental_procedures set note = 'healed', status = 'failed'";
    assert_eq!(sqlx::query(note).execute(&mut admin).await.expect("allowed").rows_affected(), 1);
}

#[tokio::test]
async fn who_is_no_dentist_does_not_complete_a_procedure() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let patient = Uuid::now_v7();
    desk.write(vec![new_patient(patient, "Sunita")]).await;
    let sql = "update clinic.users set roles = '{nurse}'";
    sqlx::raw_sql(sql).execute(&mut admin(clinic.server.database()).await).await.expect("a nurse");
    let planned = desk.write(vec![procedure(&desk, Uuid::now_v7(), patient, 36, "planned")]).await;
    assert_eq!(planned.receipts[0].fate, Fate::Applied);
    let completed = desk.write(vec![procedure(&desk, Uuid::now_v7(), patient, 37, "completed")]).await;
    assert_eq!(completed.receipts[0].code, Some(RefusalCode::NotAllowed));
}

#[tokio::test]
async fn an_attachment_stays_the_same_file_whoever_tries() {
    let (clinic, mut desk, patient) = dental_clinic().await;
    desk.write(one_of_each(&desk, patient)).await;
    let mut admin = admin(clinic.server.database()).await;
    for change in ["sha256 = repeat('00', 32)", "byte_size = 1", "mime = 'image/png'"] {
        let sql = AssertSqlSafe(format!("update clinic.dental_attachments set {change}"));
        assert!(sqlx::query(sql).execute(&mut admin).await.is_err(), "{change}");
    }
    let renamed = "update clinic.dental_attachments set file_name = 'molar.jpg'";
    assert_eq!(sqlx::query(renamed).execute(&mut admin).await.expect("allowed").rows_affected(), 1);
}

#[tokio::test]
async fn a_case_study_that_names_its_patient_is_not_published() {
    let (clinic, mut desk, patient) = dental_clinic().await;
    let changes = one_of_each(&desk, patient);
    let study = changes.last().expect("BUG: a case study").id;
    desk.write(changes).await;
    let publish = [("status", json!("draft"), json!("published"))];
    let refused = desk.write(vec![edit(TableName::CaseStudies, study, &publish)]).await;
    assert_eq!(refused.receipts[0].code, Some(RefusalCode::BadValue));
    let mut admin = admin(clinic.server.database()).await;
    let sql = "update clinic.case_studies set status = 'published', deidentified = true";
    assert!(sqlx::query(sql).execute(&mut admin).await.is_err());
}

#[tokio::test]
async fn values_that_a_person_must_decide_wait_as_conflicts() {
    let (clinic, mut desk, patient) = dental_clinic().await;
    let mut other = clinic.desk().await;
    let group =
        |value: &str| edit(TableName::Patients, patient, &[("blood_group", json!("unknown"), json!(value))]);
    desk.write(vec![group("B+")]).await;
    let response = other.write(vec![group("O+")]).await;
    assert_eq!(response.receipts[0].fate, Fate::Conflict);
    let sql = "select column_name, theirs, ours from clinic.sync_conflicts where row_id = $1";
    let open: Vec<(String, Value, Value)> = sqlx::query_as(sql)
        .bind(patient)
        .fetch_all(&mut admin(clinic.server.database()).await)
        .await
        .expect("conflicts");
    assert_eq!(open, [("blood_group".to_owned(), json!("B+"), json!("O+"))]);
}

#[tokio::test]
async fn a_row_that_another_program_deletes_becomes_a_tombstone_that_desktops_hear_of() {
    let (clinic, desk, patient) = dental_clinic().await;
    let mut admin = admin(clinic.server.database()).await;
    sqlx::query("delete from clinic.patients").execute(&mut admin).await.expect("a statement");
    let row = desk.rows().await.into_iter().find(|row| row.id == patient).expect("the patient");
    assert!(row.deleted);
    assert_eq!(row.values["first_name"], json!("Sunita"));
    let purge = "begin; set local app.purged_tenant = 'TENANT'; delete from clinic.patients; commit";
    let purge = AssertSqlSafe(purge.replace("TENANT", &desk.tenant.to_string()));
    sqlx::raw_sql(purge).execute(&mut admin).await.expect("a purge");
    assert!(desk.rows().await.iter().all(|row| row.id != patient));
}

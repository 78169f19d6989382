//! States and shapes that the database refuses from whoever writes, and the ways around that a person could try.

use protocol::api::Fate;
use protocol::error::RefusalCode;
use protocol::mutation::{Change, Op};
use protocol::permission::Role;
use protocol::table::TableName;
use serde_json::{Value, json};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};
use uuid::Uuid;

use crate::chart::{dental_clinic, one_of_each, procedure};
use crate::clinic::{Clinic, edit};
use crate::prescription::signed;
use crate::staff::person;

async fn admin(clinic: &Clinic) -> PgConnection {
    let mut admin = PgConnection::connect(&clinic.server.database().admin.0).await.expect("a connection");
    sqlx::raw_sql("set search_path = clinic").execute(&mut admin).await.expect("set");
    admin
}

/// What an administrator's statement violates; it must be refused.
async fn violated(admin: &mut PgConnection, sql: &str) -> String {
    let refused = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(admin).await;
    let refused = refused.map(|done| done.rows_affected()).expect_err(sql);
    let error = refused.as_database_error().unwrap_or_else(|| panic!("{sql}: {refused}"));
    error.constraint().unwrap_or_else(|| panic!("{sql}: {error}")).to_owned()
}

async fn allowed(admin: &mut PgConnection, sql: &str) {
    let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(admin).await;
    assert_eq!(done.unwrap_or_else(|error| panic!("{sql}: {error}")).rows_affected(), 1, "{sql}");
}

#[tokio::test]
async fn what_was_done_is_not_rewritten_by_way_of_a_failure_or_an_error() {
    const KEPT: &str = "dental_procedures_completed_check";
    let (clinic, mut desk, patient) = dental_clinic().await;
    let mut admin = admin(&clinic).await;
    for aside in ["failed", "entered_in_error"] {
        let id = Uuid::now_v7();
        desk.write(vec![procedure(&desk, id, patient, 36, "completed")]).await;
        let marked = edit(TableName::DentalProcedures, id, &[("status", json!("completed"), json!(aside))]);
        let mut nurses = clinic.desk().await;
        nurses.user = person(&clinic, &nurses, Role::Nurse).await;
        let answer = nurses.write(vec![marked.clone()]).await;
        assert_eq!(answer.receipts[0].code, Some(RefusalCode::NotAllowed), "{aside}");
        let answer = desk.write(vec![marked]).await;
        assert_eq!(answer.receipts[0].fate, Fate::Applied, "{:?}", answer.receipts[0]);
        let renamed = [("procedure_name", json!("Root canal treatment"), json!("Filling"))];
        let delete = Change { op: Op::Delete, ..edit(TableName::DentalProcedures, id, &[]) };
        for change in [edit(TableName::DentalProcedures, id, &renamed), delete] {
            let answer = clinic.desk().await.write(vec![change]).await;
            assert_eq!(
                answer.receipts[0].code,
                Some(RefusalCode::Fixed),
                "{aside}: {:?}",
                answer.receipts[0]
            );
        }
        let back = [("status", json!(aside), json!("completed"))];
        let answer = clinic.desk().await.write(vec![edit(TableName::DentalProcedures, id, &back)]).await;
        assert_eq!(answer.receipts[0].code, Some(RefusalCode::BadValue));
        for change in ["status = 'completed'", "status = 'planned'", "fee = 1", "deleted_at = now()"] {
            let sql = format!("update dental_procedures set {change} where id = '{id}'");
            assert_eq!(violated(&mut admin, &sql).await, KEPT, "{sql}");
        }
        let sql = format!("delete from dental_procedures where id = '{id}'");
        assert_eq!(violated(&mut admin, &sql).await, KEPT);
    }
    let failed = "update dental_procedures set status = 'entered_in_error' where status = 'failed'";
    allowed(&mut admin, failed).await;
}

#[tokio::test]
async fn who_is_no_dentist_does_not_say_that_a_treatment_failed() {
    let (clinic, mut desk, patient) = dental_clinic().await;
    let id = Uuid::now_v7();
    desk.write(vec![procedure(&desk, id, patient, 36, "in_progress")]).await;
    let mut nurses = clinic.desk().await;
    nurses.user = person(&clinic, &nurses, Role::Nurse).await;
    let failed = edit(TableName::DentalProcedures, id, &[("status", json!("in_progress"), json!("failed"))]);
    let answer = nurses.write(vec![failed]).await;
    assert_eq!(answer.receipts[0].code, Some(RefusalCode::NotAllowed));
}

#[tokio::test]
async fn the_note_of_a_completed_procedure_only_grows_and_keeps_what_two_desktops_add() {
    let (clinic, mut desk, patient) = dental_clinic().await;
    let mut other = clinic.desk().await;
    let id = Uuid::now_v7();
    desk.write(vec![procedure(&desk, id, patient, 36, "completed")]).await;
    let note =
        |base: Value, value: &str| edit(TableName::DentalProcedures, id, &[("note", base, json!(value))]);
    assert_eq!(desk.write(vec![note(json!(null), "Healed.")]).await.receipts[0].fate, Fate::Applied);
    let answer = desk.write(vec![note(json!("Healed."), "Healed.\nNo pain.")]).await;
    assert_eq!(answer.receipts[0].fate, Fate::Applied);
    let answer = other.write(vec![note(json!("Healed."), "Healed.\nCold test done.")]).await;
    assert_eq!(answer.receipts[0].fate, Fate::Merged, "{:?}", answer.receipts[0]);
    assert_eq!(answer.rows[0].values["note"], json!("Healed.\nNo pain.\nCold test done."));
    let answer = clinic.desk().await.write(vec![note(json!("Healed."), "Failed.")]).await;
    assert_eq!(answer.receipts[0].code, Some(RefusalCode::Fixed));
    let mut admin = admin(&clinic).await;
    for note in ["null", "'Failed.'"] {
        let sql = format!("update dental_procedures set note = {note}");
        assert_eq!(violated(&mut admin, &sql).await, "dental_procedures_completed_check");
    }
    allowed(&mut admin, "update dental_procedures set note = note || ' Reviewed.'").await;
}

#[tokio::test]
async fn a_prescription_goes_through_its_states_and_no_other_way_whoever_writes() {
    const SIGNED: &str = "prescriptions_signed_check";
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let (signed, _) = signed(&mut desk).await;
    let mut admin = admin(&clinic).await;
    let draft = |id: Uuid, status: &str| {
        format!(
            "insert into prescriptions (tenant_id, id, visit_date, doctor_id, patient_id, clinic_id, status)
             select tenant_id, '{id}', visit_date, doctor_id, patient_id, clinic_id, '{status}'
             from prescriptions where id = '{}'",
            signed.id
        )
    };
    // Nothing is signed without what a signature is.
    for (status, constraint) in [
        ("finalised", "prescriptions_content_sha256_check"),
        ("voided", "prescriptions_content_sha256_check"),
        ("superseded", "prescriptions_content_sha256_check"),
    ] {
        assert_eq!(violated(&mut admin, &draft(Uuid::now_v7(), status)).await, constraint, "{status}");
    }
    let id = Uuid::now_v7();
    allowed(&mut admin, &draft(id, "draft")).await;
    let set = |what: &str| format!("update prescriptions set {what} where id = '{id}'");
    let signature = "content_sha256 = repeat('0', 64), finalised_at = now()";
    for wrong in ["voided", "superseded"] {
        let sql = set(&format!("status = '{wrong}', void_reason = 'x', superseded_by_id = id, {signature}"));
        assert_eq!(violated(&mut admin, &sql).await, SIGNED, "{wrong}");
    }
    allowed(&mut admin, &set("status = 'discarded'")).await;
    for wrong in ["draft", "finalised", "voided"] {
        let sql = set(&format!("status = '{wrong}', void_reason = 'x', {signature}"));
        assert_eq!(violated(&mut admin, &sql).await, SIGNED, "{wrong}");
    }

    // Withdrawn with a reason or a successor, in one step, and then for good.
    let set = |what: &str| format!("update prescriptions set {what} where id = '{}'", signed.id);
    for early in ["void_reason = 'x'", "voided_at = now()", "voided_by = id", "superseded_by_id = id"] {
        assert_eq!(violated(&mut admin, &set(early)).await, SIGNED, "{early}");
    }
    for (without, constraint) in [
        ("status = 'voided'", "prescriptions_void_reason_check"),
        ("status = 'voided', void_reason = '  '", "prescriptions_void_reason_check"),
        ("status = 'superseded'", "prescriptions_superseded_by_check"),
    ] {
        assert_eq!(violated(&mut admin, &set(without)).await, constraint, "{without}");
    }
    allowed(&mut admin, &set("status = 'voided', void_reason = 'wrong patient', voided_at = now()")).await;
    for late in ["void_reason = 'x'", "voided_at = null", "voided_by = id", "status = 'finalised'"] {
        assert_eq!(violated(&mut admin, &set(late)).await, SIGNED, "{late}");
    }
}

#[tokio::test]
async fn what_was_said_of_a_voided_prescription_stays_and_two_reasons_are_for_a_person() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let (written, _) = signed(&mut desk).await;
    let void = |was: &str, base: Value, reason: &str| {
        let set = [("status", json!(was), json!("voided")), ("void_reason", base, json!(reason))];
        edit(TableName::Prescriptions, written.id, &set)
    };
    let mut other = clinic.desk().await;
    assert_eq!(
        desk.write(vec![void("finalised", json!(null), "wrong patient")]).await.receipts[0].fate,
        Fate::Applied
    );
    let answer = other.write(vec![void("finalised", json!(null), "wrong dose")]).await;
    assert_eq!(answer.receipts[0].fate, Fate::Conflict, "{:?}", answer.receipts[0]);
    for late in [
        void("voided", json!("wrong patient"), "another reason"),
        void("finalised", json!("wrong patient"), "another reason"),
        edit(TableName::Prescriptions, written.id, &[("void_reason", json!("wrong patient"), json!("none"))]),
    ] {
        let answer = clinic.desk().await.write(vec![late]).await;
        assert_eq!(answer.receipts[0].code, Some(RefusalCode::Fixed), "{:?}", answer.receipts[0]);
    }
}

#[tokio::test]
async fn two_lines_in_one_place_are_not_signed() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let (written, _) = signed(&mut desk).await;
    let answer = desk.write(written.with_a_line_twice()).await;
    assert_eq!(answer.receipts[0].code, Some(RefusalCode::BadValue), "{:?}", answer.receipts[0]);
    assert!(answer.receipts[0].detail.as_deref().is_some_and(|said| said.contains("place")));
}

#[tokio::test]
async fn rows_whose_columns_do_not_fit_each_other_are_refused_from_whoever_writes() {
    let (clinic, mut desk, patient) = dental_clinic().await;
    let answer = desk.write(one_of_each(&desk, patient)).await;
    assert_eq!(answer.receipts[0].fate, Fate::Applied, "{:?}", answer.receipts[0]);
    let mut admin = admin(&clinic).await;
    let key = "insert into short_keys (tenant_id, id, key, title, kind, scope, body, doctor_id)
               select tenant_id, gen_random_uuid(), 'fever', 'Fever', 'advice', 'SCOPE', '{}', DOCTOR from doctors";
    let key = |scope: &str, doctor: &str| key.replace("SCOPE", scope).replace("DOCTOR", doctor);
    let another = "insert into medicines (id, generic_name, strength_text, dosage_form, route, search_text,
                                          catalogue_version)
                   select gen_random_uuid(), generic_name, strength_text, dosage_form, route, search_text, 1
                   from medicines limit 1";
    for (sql, constraint) in [
        (key("doctor", "null").as_str(), "short_keys_own_check"),
        (&key("tenant", "id"), "short_keys_own_check"),
        (
            "update dental_observation_templates set scope = 'doctor'",
            "dental_observation_templates_own_check",
        ),
        ("update dental_observations set surfaces = 'MI'", "dental_observations_site_check"),
        ("update dental_observations set tooth_fdi = 11", "dental_observations_site_check"),
        ("update dental_observations set tooth_fdi = null", "dental_observations_site_check"),
        ("update dental_observations set region = 'q1'", "dental_observations_site_check"),
        ("update dental_procedures set site_kind = 'arch', region = 'q1'", "dental_procedures_site_check"),
        ("update dental_procedures set site_kind = 'quadrant'", "dental_procedures_site_check"),
        (
            "update dental_procedures set site_kind = 'mouth', tooth_fdi = null, surfaces = 'OI'",
            "dental_procedures_site_check",
        ),
        ("update patients set merged_into_id = id", "patients_merged_into_check"),
        ("update patients set id = gen_random_uuid()", "key_check"),
        (another, "medicines_natural_key"),
    ] {
        assert_eq!(violated(&mut admin, sql).await, constraint, "{sql}");
    }
    for sql in [
        "update dental_procedures set site_kind = 'arch', region = 'upper', tooth_fdi = null",
        "update dental_observations set site_kind = 'mouth', tooth_fdi = null, surfaces = null",
    ] {
        allowed(&mut admin, sql).await;
    }
}

#[tokio::test]
async fn a_patient_is_not_merged_into_themselves_and_an_own_key_says_whose_it_is() {
    let (clinic, mut desk, patient) = dental_clinic().await;
    let merged = [("merged_into_id", json!(null), json!(patient))];
    let answer = desk.write(vec![edit(TableName::Patients, patient, &merged)]).await;
    assert_eq!(answer.receipts[0].code, Some(RefusalCode::BadValue), "{:?}", answer.receipts[0]);
    let detail = answer.receipts[0].detail.clone().unwrap_or_default();
    assert!(detail.contains("themselves"), "{detail}");
    let mut other = clinic.desk().await;
    let key = crate::clinic::values(&[
        ("key", json!("fever")),
        ("title", json!("Fever")),
        ("kind", json!("advice")),
        ("scope", json!("doctor")),
        ("body", json!({"advice": "Rest."})),
    ]);
    let answer = other.write(vec![Change::insert(TableName::ShortKeys, Uuid::now_v7(), key)]).await;
    let detail = answer.receipts[0].detail.clone().unwrap_or_default();
    assert!(detail.contains("whose"), "{detail}");
}

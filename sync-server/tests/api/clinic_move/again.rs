//! The same move once more, and the way back: what came since, and what both tenants changed.

use std::collections::BTreeSet;

use clinic_sync::clinic_move::{Move, run};
use serde_json::json;
use uuid::Uuid;

use super::{REGISTERED, Town, pick};

const SIGNED: &str =
    "prescriptions t where t.tenant_id = $from and t.clinic_id = $clinic and t.status = 'finalised'";

/// The tenant's first clinic, on its way to the other tenant as well.
async fn other_clinic(town: &mut Town) -> Move {
    let clinic_code: String =
        sqlx::query_scalar("select clinic_code from clinic.clinics where tenant_id = $1 and is_primary")
            .bind(town.from.0)
            .fetch_one(&mut town.admin)
            .await
            .expect("the other clinic");
    Move { clinic_code, new_code: Some("OTHER2".into()), ..town.wanted().await }
}

/// The first clinic knows the patient, too.
async fn share(town: &mut Town, patient: Uuid) {
    town.run(&format!(
        "insert into clinic.prescriptions (tenant_id, id, visit_date, doctor_id, patient_id, clinic_id)
         select c.tenant_id, gen_random_uuid(), '2026-11-20',
                (select d.id from clinic.doctors d where d.tenant_id = c.tenant_id order by d.id limit 1), '{patient}',
                c.id
         from clinic.clinics c where c.tenant_id = '{}' and c.is_primary",
        town.from.0
    ))
    .await;
}

/// A patient of the clinic whose number and name nobody else has.
async fn pick_alone(town: &mut Town) -> Uuid {
    let alone = "not exists (select from clinic.patients o
                             where o.tenant_id = t.tenant_id and o.id <> t.id and o.mobile_number = t.mobile_number
                               and o.first_name_norm = t.first_name_norm)";
    pick(town, &format!("{REGISTERED} and t.duplicate_ordinal = 0 and {alone}")).await
}

/// Somebody with the number and name of a patient of the first tenant, in this tenant, at this place and in this clinic.
async fn add_namesake(town: &mut Town, (of, id): (Uuid, Uuid), tenant: Uuid, place: i32, clinic: &str) {
    town.run(&format!(
        "insert into clinic.patients (tenant_id, id, first_name, first_name_norm, mobile_number, date_of_birth,
                                      duplicate_ordinal, registered_clinic_id)
         select '{tenant}', '{id}', first_name, first_name_norm, mobile_number, '1990-11-18', {place}, {clinic}
         from clinic.patients where tenant_id = '{}' and id = '{of}'",
        town.from.0
    ))
    .await;
}

#[tokio::test]
async fn the_same_move_once_more_brings_what_came_since_and_nothing_twice() {
    let mut town = Town::new().await;
    let (clinic, _) = town.clinic().await;
    let first = town.relocate(true, true).await.expect("moved");
    let patient = Uuid::now_v7();
    sqlx::query(
        "insert into clinic.patients (tenant_id, id, first_name, first_name_norm, mobile_number, date_of_birth,
                                      registered_clinic_id)
         values ($1, $2, 'Late', 'late', '+919820441999', '1990-11-18', $3)",
    )
    .bind(town.from.0)
    .bind(patient)
    .bind(clinic)
    .execute(&mut town.admin)
    .await
    .expect("a desktop sends what waited");
    let again = town.relocate_again().await;
    for (table, count) in &again.rows {
        let expected = (usize::from(*table == "patients"), 0, 0, first.rows[table].copied);
        assert_eq!((count.copied, count.updated, count.merged, count.there), expected, "{table}");
    }
    assert!(town.rows(town.to, "patients").await.contains_key(&patient));
}

#[tokio::test]
async fn what_changed_in_the_old_tenant_since_comes_with_the_same_command() {
    let mut town = Town::new().await;
    let (from, to) = (town.from.0, town.to);
    let signed = pick(&mut town, SIGNED).await;
    let draft = Uuid::now_v7();
    town.run(&format!(
        "insert into clinic.prescriptions (tenant_id, id, visit_date, doctor_id, patient_id, clinic_id)
         select tenant_id, '{draft}', visit_date, doctor_id, patient_id, clinic_id
         from clinic.prescriptions where tenant_id = '{from}' and id = '{signed}';
         insert into clinic.prescription_items (tenant_id, id, prescription_id, position, medicine_text, generic_text,
             dosage_form, dose_text, dose_pattern, dose_unit, patient_directions)
         select tenant_id, gen_random_uuid(), '{draft}', position, medicine_text, generic_text, dosage_form, dose_text,
             dose_pattern, dose_unit, patient_directions
         from clinic.prescription_items where tenant_id = '{from}' and prescription_id = '{signed}'"
    ))
    .await;
    town.relocate(true, true).await.expect("moved");
    let first_line = format!(
        "(select id from clinic.prescription_items where tenant_id = '{from}' and prescription_id = '{draft}'
          order by position limit 1)"
    );
    let withdrawn = "status = 'voided', void_reason = 'Wrong patient', voided_at = now()";
    town.run(&format!(
        "update clinic.prescriptions set {withdrawn} where tenant_id = '{from}' and id = '{signed}';
         update clinic.prescription_items set dose_text = '0-0-1' where tenant_id = '{from}' and id = {first_line};
         update clinic.prescriptions p
         set status = 'finalised', prescription_number = 'LATE-1', finalised_at = now(),
             content_sha256 = repeat('a', 64)
         where tenant_id = '{from}' and id = '{draft}';
         update clinic.prescriptions set {withdrawn} where tenant_id = '{from}' and id = '{draft}';
         update clinic.patients p set alerts = 'Latex', deleted_at = null
         from clinic.prescriptions r
         where p.tenant_id = '{from}' and r.tenant_id = '{from}' and r.id = '{signed}' and p.id = r.patient_id"
    ))
    .await;
    let again = town.relocate_again().await;
    assert_eq!(again.questions, 0);
    assert_eq!((again.rows["prescriptions"].updated, again.rows["prescriptions"].merged), (2, 0));
    let there = town.rows(to, "prescriptions").await;
    for id in [signed, draft] {
        assert_eq!(
            (&there[&id]["status"], &there[&id]["void_reason"]),
            (&json!("voided"), &json!("Wrong patient"))
        );
    }
    let patient = there[&signed]["patient_id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
    assert_eq!(town.rows(to, "patients").await[&patient]["alerts"], json!("Latex"));
    let lines = town.rows(to, "prescription_items").await;
    let mut of_draft = lines.values().filter(|line| line["prescription_id"] == json!(draft));
    assert!(of_draft.any(|line| line["dose_text"] == "0-0-1"));
    let third = town.relocate_again().await;
    assert!(
        third.rows.values().all(|count| (count.copied, count.updated, count.merged) == (0, 0, 0)),
        "{third:?}"
    );
}

#[tokio::test]
async fn a_move_without_the_patients_in_between_hides_nothing_of_what_changed_of_them() {
    let mut town = Town::new().await;
    let patient = pick(&mut town, REGISTERED).await;
    town.relocate(true, true).await.expect("moved");
    town.run(&format!(
        "update clinic.patients set alerts = 'Latex, since Friday' where tenant_id = '{}' and id = '{patient}'",
        town.from.0
    ))
    .await;
    town.relocate(false, true).await.expect("moved without them");
    let again = town.relocate_again().await;
    assert_eq!(again.rows["patients"].updated, 1);
    assert_eq!(town.rows(town.to, "patients").await[&patient]["alerts"], json!("Latex, since Friday"));
}

#[tokio::test]
async fn a_first_move_without_the_patients_hides_nothing_of_those_whom_another_clinic_had_brought() {
    let mut town = Town::new().await;
    let from = town.from.0;
    let patient = pick(&mut town, REGISTERED).await;
    share(&mut town, patient).await;
    let other = other_clinic(&mut town).await;
    town.relocate(true, true).await.expect("moved");
    town.run(&format!(
        "update clinic.patients set city = 'Nashik' where tenant_id = '{from}' and id = '{patient}'"
    ))
    .await;
    let alone = Move { with_patients: false, ..other.clone() };
    run(&town.ops, &town.files, &alone, true).await.expect("moved without them");
    run(&town.ops, &town.files, &other, true).await.expect("moved");
    assert_eq!(town.rows(town.to, "patients").await[&patient]["city"], json!("Nashik"));
    let again = run(&town.ops, &town.files, &other, true).await.expect("moved again");
    let patients = again.rows["patients"];
    assert_eq!((patients.copied, patients.updated, patients.merged), (0, 0, 0));
}

/// Moves the clinic to where somebody has this patient's number and name, and makes the two one there.
async fn relocate_beside_namesake(town: &mut Town, patient: Uuid) {
    let (to, known) = (town.to.0, Uuid::now_v7());
    add_namesake(town, (patient, known), to, 0, "null").await;
    town.relocate(true, true).await.expect("moved");
    town.run(&format!(
        "update clinic.patients set merged_into_id = '{patient}' where tenant_id = '{to}' and id = '{known}'"
    ))
    .await;
}

/// Which of those with one number and name each of them is in the other tenant.
async fn expect_places(town: &mut Town, places: [(Uuid, u32); 2]) {
    let there = town.rows(town.to, "patients").await;
    for (patient, place) in places {
        assert_eq!(there[&patient]["duplicate_ordinal"], json!(place));
    }
}

#[tokio::test]
async fn a_namesake_who_comes_later_finds_a_place_beside_one_who_came_before() {
    let mut town = Town::new().await;
    let from = town.from.0;
    let patient = pick_alone(&mut town).await;
    let late = Uuid::now_v7();
    relocate_beside_namesake(&mut town, patient).await;
    add_namesake(&mut town, (patient, late), from, 1, "registered_clinic_id").await;
    assert_eq!(town.relocate_again().await.rows["patients"].copied, 1);
    expect_places(&mut town, [(patient, 1), (late, 3)]).await;
}

#[tokio::test]
async fn a_namesake_who_comes_with_another_clinic_finds_a_place_beside_one_who_came_before() {
    let mut town = Town::new().await;
    let from = town.from.0;
    let patient = pick_alone(&mut town).await;
    share(&mut town, patient).await;
    let other = other_clinic(&mut town).await;
    let late = Uuid::now_v7();
    relocate_beside_namesake(&mut town, patient).await;
    let clinic = format!("(select id from clinic.clinics where tenant_id = '{from}' and is_primary)");
    add_namesake(&mut town, (patient, late), from, 1, &clinic).await;
    run(&town.ops, &town.files, &other, true).await.expect("moved");
    expect_places(&mut town, [(patient, 1), (late, 3)]).await;
}

#[tokio::test]
async fn what_both_tenants_changed_since_is_merged_and_a_person_is_asked() {
    let mut town = Town::new().await;
    let patient = pick(&mut town, REGISTERED).await;
    town.relocate(true, true).await.expect("moved");
    let (from, to) = (town.from, town.to);
    for (tenant, allergies, city) in [(from, "none_known", "Pune"), (to, "has_allergies", "Pune")] {
        town.run(&format!(
            "update clinic.patients set date_of_birth = '{}', city = '{city}', allergy_status = '{allergies}'
             where tenant_id = '{}' and id = '{patient}'",
            if tenant == from { "1980-02-01" } else { "1980-01-02" },
            tenant.0
        ))
        .await;
    }
    let again = town.relocate_again().await;
    assert_eq!(again.rows["patients"].merged, 1);
    assert!(again.questions >= 1, "{again:?}");
    let there = &town.rows(to, "patients").await[&patient];
    assert_eq!(
        (&there["date_of_birth"], &there["allergy_status"]),
        (&json!("1980-01-02"), &json!("has_allergies"))
    );
    let questions = town.rows(to, "sync_conflicts").await;
    let asked: BTreeSet<&str> = questions
        .values()
        .filter(|item| item["row_id"] == json!(patient) && item["kind"] == "column")
        .filter_map(|item| item["column_name"].as_str())
        .collect();
    assert!(asked.contains("date_of_birth") && !asked.contains("city"), "{asked:?}");
    let once_more = town.relocate_again().await;
    assert_eq!(once_more.questions, 0, "nothing is asked twice");
}

#[tokio::test]
async fn a_refused_change_stays_with_the_admins_who_can_settle_it_and_comes_once_it_is_settled() {
    let mut town = Town::new().await;
    let (from, to) = (town.from, town.to);
    let patient = pick(&mut town, REGISTERED).await;
    let [refused, question] = [Uuid::now_v7(), Uuid::now_v7()];
    for (id, kind) in [(refused, "refused"), (question, "column")] {
        town.run(&format!(
            "insert into clinic.sync_conflicts (tenant_id, id, kind, table_name, row_id, patient_id)
             values ('{}', '{id}', '{kind}', 'patients', '{patient}', '{patient}')",
            from.0
        ))
        .await;
    }
    let report = town.relocate(true, true).await.expect("moved");
    assert_eq!(report.refused_left, 1);
    let there = town.rows(to, "sync_conflicts").await;
    assert!(there.contains_key(&question) && !there.contains_key(&refused));
    assert_eq!(town.rows(from, "sync_conflicts").await[&refused]["state"], json!("open"));
    town.run(&format!(
        "update clinic.sync_conflicts set state = 'resolved', choice = 'settled', resolved_at = now()
         where tenant_id = '{}' and id = '{refused}'",
        from.0
    ))
    .await;
    assert_eq!(town.relocate_again().await.refused_left, 0);
    assert_eq!(town.rows(to, "sync_conflicts").await[&refused]["state"], json!("resolved"));
}

#[tokio::test]
async fn a_clinic_goes_back_with_what_was_done_meanwhile() {
    let mut town = Town::new().await;
    let (from, to) = (town.from, town.to);
    let (clinic, code) = town.clinic().await;
    let signed = pick(&mut town, SIGNED).await;
    town.relocate(true, true).await.expect("moved");
    let patient = Uuid::now_v7();
    town.run(&format!(
        "insert into clinic.patients (tenant_id, id, first_name, first_name_norm, mobile_number, date_of_birth,
                                      registered_clinic_id)
         values ('{}', '{patient}', 'New', 'new', '+919820441998', '1990-11-18', '{clinic}');
         update clinic.prescriptions set status = 'voided', void_reason = 'Wrong dose', voided_at = now()
         where tenant_id = '{0}' and id = '{signed}'",
        to.0
    ))
    .await;
    let back = Move {
        source: to,
        target: from,
        clinic_code: "BANDRA2".into(),
        new_code: Some(code.clone()),
        ..town.wanted().await
    };
    let report = run(&town.ops, &town.files, &back, true).await.expect("moved back");
    assert_eq!((report.questions, report.rows["prescriptions"].updated), (0, 1), "{report:?}");
    assert!(town.rows(from, "patients").await.contains_key(&patient));
    assert_eq!(town.rows(from, "prescriptions").await[&signed]["void_reason"], json!("Wrong dose"));
    let (old, new) = (town.rows(from, "clinics").await, town.rows(to, "clinics").await);
    assert_eq!((&old[&clinic]["is_active"], &old[&clinic]["clinic_code"]), (&json!(true), &json!(code)));
    assert_eq!(new[&clinic]["is_active"], json!(false));
}

#[tokio::test]
async fn a_move_that_broke_off_between_the_tenants_is_finished_by_the_same_command() {
    let mut town = Town::new().await;
    let (from, to) = (town.from, town.to);
    let patient = pick(&mut town, REGISTERED).await;
    let (clinic, _) = town.clinic().await;
    town.relocate(true, true).await.expect("moved");
    // As if the second of the two transactions had not come to its end.
    town.run(&format!(
        "delete from clinic.clinic_moves where tenant_id = '{}';
         update clinic.tenant_sync set version = version - 1 where tenant_id = '{0}';
         update clinic.clinics set is_active = true where tenant_id = '{0}' and id = '{clinic}';
         update clinic.patients set alerts = 'Latex' where tenant_id = '{0}' and id = '{patient}'",
        from.0
    ))
    .await;
    let again = town.relocate_again().await;
    assert_eq!((again.questions, again.rows["patients"].updated), (0, 1), "{again:?}");
    assert_eq!(town.rows(to, "patients").await[&patient]["alerts"], json!("Latex"));
    assert_eq!(town.rows(from, "clinics").await[&clinic]["is_active"], json!(false));
}

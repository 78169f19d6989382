//! Who may do what: every route and every column of every table, as every role. Each that is let in has someone beside
//! who is not, but where all staff are.

use std::collections::BTreeSet;

use clinic_sync::testing::routes;
use protocol::api::{Fate, PushRequest};
use protocol::error::{ErrorCode, Problem, RefusalCode};
use protocol::mutation::{Change, Op, SetValue};
use protocol::permission::Role;
use protocol::table::{Table, TableName};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::clinic::{Clinic, Desk, edit, new_patient, signed_request, values};
use crate::isolation_routes::{LIVE, OPEN};
use crate::prescription::signed;
use crate::staff::{ROLES, person, profile, token};

const ALL: &[Role] = &ROLES;
pub const ADMIN: &[Role] = &[Role::Admin];
const CLINICIANS: &[Role] = &[Role::Doctor, Role::Dentist, Role::Nurse];
const PRESCRIBERS: &[Role] = &[Role::Doctor, Role::Dentist];
const CHARTERS: &[Role] = &[Role::Dentist, Role::Nurse];
const MERGERS: &[Role] = &[Role::Admin, Role::Doctor, Role::Dentist];
/// Which items each of them may decide is up to the item.
const DECIDERS: &[Role] = &[Role::Admin, Role::Doctor, Role::Dentist, Role::Receptionist];
const NOBODY: &[Role] = &[];

/// Who may ask which route.
pub const ROUTES: &[(&str, &str, &[Role])] = &[
    ("GET", "/v1/clinics", ALL),
    ("POST", "/v1/clinics", ADMIN),
    ("PATCH", "/v1/clinics/{id}", ADMIN),
    ("GET", "/v1/users", ADMIN),
    ("POST", "/v1/users", ADMIN),
    ("PATCH", "/v1/users/{id}", ADMIN),
    ("POST", "/v1/users/{id}/password", ADMIN),
    ("POST", "/v1/devices/codes", ADMIN),
    ("GET", "/v1/devices", ADMIN),
    ("POST", "/v1/devices/{id}/revoke", ADMIN),
    ("POST", "/v1/devices/renew", ALL),
    ("POST", "/v1/devices/recovery", ALL),
    ("POST", "/v1/auth/password", ALL),
    ("GET", "/v1/own-keys", ALL),
    ("POST", "/v1/own-keys", ALL),
    ("GET", "/v1/tenant", ALL),
    ("POST", "/v1/tenant/objection", MERGERS),
    // Doctors and dentists see what they did themselves.
    ("GET", "/v1/audit", MERGERS),
    ("POST", "/v1/audit/events", ALL),
    ("POST", "/v1/audit/ends", ALL),
    ("GET", "/v1/patients/{id}", ALL),
    ("GET", "/v1/prescriptions/{id}", CLINICIANS),
    ("GET", "/v1/dental_attachments/{id}/file", CLINICIANS),
    ("GET", "/v1/dental_attachments/{id}/upload", CLINICIANS),
    ("PUT", "/v1/dental_attachments/{id}/upload", CLINICIANS),
    ("POST", "/v1/dental_attachments/{id}/upload", CLINICIANS),
    ("GET", "/v1/sync_conflicts/{id}/refused", ADMIN),
    ("GET", "/v1/sync/epoch", ALL),
    ("POST", "/v1/sync/push", ALL),
    ("POST", "/v1/sync/receipts", ALL),
    ("POST", "/v1/sync/restored", ALL),
    ("GET", "/v1/sync/pull", ALL),
    ("GET", "/v1/sync/bootstrap", ALL),
    ("GET", "/v1/sync/digest", ALL),
    ("POST", "/v1/sync/rows", ALL),
    ("GET", LIVE, ALL),
];

/// Who may write which columns; a table's rest stands under `*`.
const COLUMNS: &[(TableName, &str, &[Role])] = &[
    (TableName::Clinics, "clinic_code time_zone is_primary is_active", NOBODY),
    (TableName::Clinics, "*", ADMIN),
    (
        TableName::Doctors,
        "user_id kind registration_number registration_council registration_year is_active",
        NOBODY,
    ),
    (TableName::Doctors, "rx_preferences", PRESCRIBERS),
    (TableName::Doctors, "*", ADMIN),
    (TableName::Patients, "needs_review duplicate_ordinal beyond_plan", NOBODY),
    (TableName::Patients, "merged_into_id merge_reason", MERGERS),
    (
        TableName::Patients,
        "allergy_status chronic_conditions alerts pregnancy_status lmp_date pregnancy_asked_on",
        CLINICIANS,
    ),
    (TableName::Patients, "*", ALL),
    (TableName::TenantMedicines, "*", PRESCRIBERS),
    (TableName::ShortKeys, "*", PRESCRIBERS),
    (TableName::Appointments, "*", ALL),
    (
        TableName::Prescriptions,
        "prescription_number amends_id superseded_by_id diagnoses investigations advice follow_up_date \
         follow_up_note patient_snapshot doctor_snapshot finalised_at finalised_by content_sha256 void_reason \
         voided_at voided_by referral_to allergy_snapshot alerts own_signature",
        PRESCRIBERS,
    ),
    (TableName::Prescriptions, "*", CLINICIANS),
    (TableName::PrescriptionItems, "stopped_at stop_reason", PRESCRIBERS),
    (TableName::PrescriptionItems, "*", CLINICIANS),
    (TableName::PatientAllergies, "*", CLINICIANS),
    (TableName::DentalObservationTemplates, "*", PRESCRIBERS),
    (TableName::DentalAttachments, "upload_state", NOBODY),
    (TableName::DentalAttachments, "*", CLINICIANS),
    (TableName::DentalProcedures, "*", CHARTERS),
    (TableName::DentalObservations, "*", CHARTERS),
    (TableName::CaseStudies, "*", PRESCRIBERS),
    (TableName::SyncConflicts, "state choice chosen reason", DECIDERS),
    (TableName::SyncConflicts, "*", NOBODY),
];

fn writers(table: TableName, column: &str) -> &'static [Role] {
    let named = |columns: &str| columns.split_whitespace().any(|name| name == column);
    let of_table = || COLUMNS.iter().filter(|(name, ..)| *name == table);
    let found =
        of_table().find(|(_, columns, _)| named(columns)).or_else(|| of_table().find(|row| row.1 == "*"));
    found.unwrap_or_else(|| panic!("who may write {}.{column}?", table.as_str())).2
}

async fn ask(
    clinic: &Clinic,
    desk: &Desk,
    method: &str,
    path: &str,
    token: &str,
) -> (StatusCode, Option<ErrorCode>) {
    let method: Method = method.parse().expect("a method");
    let url = format!("{}{}", clinic.server.url(), path.replace("{id}", &Uuid::now_v7().to_string()));
    let request = desk.client.request(method.clone(), url).bearer_auth(token);
    let request = request.header(protocol::api::PROTOCOL_HEADER, protocol::PROTOCOL_VERSION);
    let request = match path {
        "/v1/sync/pull" | "/v1/sync/bootstrap" | "/v1/sync/digest" => {
            request.query(&[("epoch", desk.epoch.to_string())])
        }
        "/v1/sync/push" => request.json(&PushRequest { epoch: desk.epoch, mutations: vec![] }),
        _ if method == Method::GET => request,
        _ => request.json(&json!({})),
    };
    let response = signed_request(request, &desk.key).send().await.expect("an answer");
    let status = response.status();
    if status != StatusCode::FORBIDDEN {
        return (status, None);
    }
    (status, Some(response.json::<Problem>().await.expect("a problem").code))
}

#[test]
fn every_route_that_asks_who_it_is_says_for_whom_it_is() {
    let listed: BTreeSet<(String, &str)> =
        ROUTES.iter().map(|(method, path, _)| ((*method).to_owned(), *path)).collect();
    let there: BTreeSet<(String, &str)> = routes()
        .into_iter()
        .filter(|(_, path)| !OPEN.contains(path))
        .map(|(method, path)| (method.to_string(), path))
        .collect();
    assert_eq!(there, listed);
}

#[tokio::test]
async fn every_route_lets_in_the_roles_that_it_is_for_and_no_other() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    for role in ROLES {
        let user = person(&clinic, &desk, role).await;
        let token = token(&clinic, &desk, user, role);
        for (method, path, allowed) in ROUTES {
            let (status, code) = ask(&clinic, &desk, method, path, &token).await;
            if allowed.contains(&role) {
                assert!(
                    code.is_none() && status != StatusCode::UNAUTHORIZED,
                    "{role:?} {method} {path}: {status}"
                );
            } else {
                assert_eq!(code, Some(ErrorCode::Forbidden), "{role:?} {method} {path}: {status}");
            }
        }
    }
}

#[tokio::test]
async fn every_column_is_written_by_the_roles_that_it_is_for_and_no_other() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    for role in ROLES {
        desk.user = person(&clinic, &desk, role).await;
        let columns: Vec<_> = Table::of_tenant()
            .flat_map(|table| table.columns.iter().map(|column| (table.name, column.name)))
            .collect();
        // A row that is not there: whoever may write the column hears that, the others that they may not.
        let mutations: Vec<_> = columns
            .iter()
            .map(|(table, column)| {
                let value = SetValue { base: Value::Null, value: Value::Null };
                let set = [((*column).to_owned(), value)].into();
                desk.sign(vec![Change::update(*table, Uuid::now_v7(), set)])
            })
            .collect();
        let answer = desk.push(mutations).await.expect("the push is taken");
        assert_eq!(answer.receipts.len(), columns.len());
        for ((table, column), receipt) in columns.into_iter().zip(answer.receipts) {
            let is_refused = receipt.code == Some(RefusalCode::NotAllowed);
            let may = writers(table, column).contains(&role);
            assert_ne!(is_refused, may, "{role:?} {}.{column}: {:?}", table.as_str(), receipt.detail);
        }
    }
}

#[tokio::test]
async fn clinical_columns_of_a_patient_are_shown_to_clinicians_only() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let patient = Uuid::now_v7();
    let mut change = new_patient(patient, "Sunita");
    change.set.insert("alerts".into(), SetValue { base: Value::Null, value: json!("kestrel") });
    desk.write(vec![change]).await;
    for role in ROLES {
        let user = person(&clinic, &desk, role).await;
        desk.token = token(&clinic, &desk, user, role);
        let text = desk.get(&format!("/v1/patients/{patient}")).await.text().await.expect("a row");
        assert!(text.contains("Sunita"), "{role:?}");
        assert_eq!(text.contains("kestrel"), CLINICIANS.contains(&role), "{role:?}");
    }
}

fn void(id: Uuid, reason: Value) -> Change {
    let set = [("status", json!("finalised"), json!("voided")), ("void_reason", json!(null), reason)];
    edit(TableName::Prescriptions, id, &set)
}

#[tokio::test]
async fn a_prescription_is_made_void_with_a_reason_by_a_prescriber_who_is_named() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let (mine, _) = signed(&mut desk).await;
    for reason in [json!(null), json!("  ")] {
        let answer = clinic.desk().await.write(vec![void(mine.id, reason)]).await;
        assert_eq!(answer.receipts[0].code, Some(RefusalCode::BadValue), "{:?}", answer.receipts[0]);
    }
    let mut as_another = void(mine.id, json!("wrong patient"));
    let another = SetValue { base: json!(null), value: json!(Uuid::now_v7()) };
    as_another.set.insert("voided_by".to_owned(), another);
    let answer = clinic.desk().await.write(vec![as_another]).await;
    assert_eq!(answer.receipts[0].code, Some(RefusalCode::BadValue));
    let mut nurses = clinic.desk().await;
    nurses.user = person(&clinic, &nurses, Role::Nurse).await;
    let answer = nurses.write(vec![void(mine.id, json!("wrong patient"))]).await;
    assert_eq!(answer.receipts[0].code, Some(RefusalCode::NotAllowed));
    // Another doctor may, with a reason.
    let mut others = clinic.desk().await;
    others.user = person(&clinic, &others, Role::Doctor).await;
    let answer = others.write(vec![void(mine.id, json!("wrong patient"))]).await;
    assert_eq!(answer.receipts[0].fate, Fate::Applied, "{:?}", answer.receipts[0]);
    assert_eq!(answer.rows[0].values["voided_by"], json!(others.user));
    assert!(answer.rows[0].values["voided_at"].is_string());
}

#[tokio::test]
async fn an_amended_prescription_names_the_signed_one_that_amends_it() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let (mine, _) = signed(&mut desk).await;
    let (unrelated, _) = signed(&mut desk).await;
    let supersede = |by: Value| {
        let set =
            [("status", json!("finalised"), json!("superseded")), ("superseded_by_id", json!(null), by)];
        edit(TableName::Prescriptions, mine.id, &set)
    };
    for by in [json!(null), json!(unrelated.id)] {
        let answer = clinic.desk().await.write(vec![supersede(by)]).await;
        assert_eq!(answer.receipts[0].code, Some(RefusalCode::BadValue), "{:?}", answer.receipts[0]);
    }
    let amendment = mine.amended(&desk);
    let id = amendment.id;
    let changes = amendment.changes().into_iter().chain([supersede(json!(id))]).collect();
    let answer = desk.write(changes).await;
    assert_eq!(answer.receipts[0].fate, Fate::Applied, "{:?}", answer.receipts[0]);
}

#[tokio::test]
async fn another_doctors_prescription_is_amended_with_a_reason() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let (theirs, _) = signed(&mut desk).await;
    for (reason, fate) in [(json!(null), Fate::Quarantined), (json!("dose was too high"), Fate::Applied)] {
        let mut desk = clinic.desk().await;
        desk.user = person(&clinic, &desk, Role::Doctor).await;
        desk.doctor = profile(&clinic, &desk, desk.user).await;
        let amendment = theirs.amended(&desk);
        let set = [
            ("status", json!("finalised"), json!("superseded")),
            ("superseded_by_id", json!(null), json!(amendment.id)),
            ("void_reason", json!(null), reason),
        ];
        let supersede = edit(TableName::Prescriptions, theirs.id, &set);
        let answer = desk.write(amendment.changes().into_iter().chain([supersede]).collect()).await;
        assert_eq!(answer.receipts[0].fate, fate, "{:?}", answer.receipts[0]);
    }
}

#[tokio::test]
async fn a_doctors_own_short_key_is_changed_by_nobody_else() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let id = Uuid::now_v7();
    let key = |doctor: Value, scope: &str| {
        values(&[
            ("key", json!("fever")),
            ("title", json!("Fever")),
            ("kind", json!("advice")),
            ("scope", json!(scope)),
            ("doctor_id", doctor),
            ("body", json!({"advice": "Rest."})),
        ])
    };
    let own = Change::insert(TableName::ShortKeys, id, key(json!(desk.doctor), "doctor"));
    let answer = desk.write(vec![own]).await;
    assert_eq!(answer.receipts[0].fate, Fate::Applied, "{:?}", answer.receipts[0]);
    let rename = edit(TableName::ShortKeys, id, &[("title", json!("Fever"), json!("Fever, plain"))]);
    let forged = Change::insert(TableName::ShortKeys, Uuid::now_v7(), key(json!(desk.doctor), "doctor"));
    let taken = edit(
        TableName::ShortKeys,
        id,
        &[("scope", json!("doctor"), json!("tenant")), ("doctor_id", json!(desk.doctor), json!(null))],
    );
    for change in [rename.clone(), forged, taken] {
        let mut others = clinic.desk().await;
        others.user = person(&clinic, &others, Role::Doctor).await;
        let answer = others.write(vec![change]).await;
        assert_eq!(answer.receipts[0].code, Some(RefusalCode::NotAllowed), "{:?}", answer.receipts[0]);
    }
    assert_eq!(desk.write(vec![rename]).await.receipts[0].fate, Fate::Applied);
    // The tenant's keys are every prescriber's.
    let mut others = clinic.desk().await;
    others.user = person(&clinic, &others, Role::Doctor).await;
    let shared = Change::insert(TableName::ShortKeys, Uuid::now_v7(), key(json!(null), "tenant"));
    assert_eq!(others.write(vec![shared]).await.receipts[0].fate, Fate::Applied);
}

#[tokio::test]
async fn a_case_study_is_changed_by_its_author_alone() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let id = Uuid::now_v7();
    let study = |doctor: Uuid| values(&[("title", json!("A deep molar")), ("doctor_id", json!(doctor))]);
    let own = Change::insert(TableName::CaseStudies, id, study(desk.doctor));
    assert_eq!(desk.write(vec![own]).await.receipts[0].fate, Fate::Applied);
    let rewrite = edit(TableName::CaseStudies, id, &[("outcome", json!(null), json!("Healed."))]);
    for visibility in ["private", "tenant"] {
        let show = [("visibility", json!("private"), json!(visibility))];
        desk.write(vec![edit(TableName::CaseStudies, id, &show)]).await;
        let mut others = clinic.desk().await;
        others.user = person(&clinic, &others, Role::Doctor).await;
        others.doctor = profile(&clinic, &others, others.user).await;
        let taken =
            edit(TableName::CaseStudies, id, &[("doctor_id", json!(desk.doctor), json!(others.doctor))]);
        let forged = Change::insert(TableName::CaseStudies, Uuid::now_v7(), study(desk.doctor));
        let delete = Change { op: Op::Delete, ..edit(TableName::CaseStudies, id, &[]) };
        for change in [rewrite.clone(), taken, forged, delete] {
            let mut again = clinic.desk().await;
            again.user = person(&clinic, &again, Role::Dentist).await;
            let answer = again.write(vec![change]).await;
            assert_eq!(answer.receipts[0].code, Some(RefusalCode::NotAllowed), "{:?}", answer.receipts[0]);
        }
    }
    assert_eq!(desk.write(vec![rewrite]).await.receipts[0].fate, Fate::Applied);
}

#[tokio::test]
async fn an_attachment_is_deleted_by_any_doctor_or_dentist_whoever_added_it() {
    let clinic = Clinic::open().await;
    let mut nurses = clinic.desk().await;
    nurses.user = person(&clinic, &nurses, Role::Nurse).await;
    let patient = Uuid::now_v7();
    nurses.write(vec![new_patient(patient, "Sunita")]).await;
    let photo = values(&[
        ("patient_id", json!(patient)),
        ("owner_kind", json!("patient")),
        ("owner_id", json!(patient)),
        ("kind", json!("photo")),
        ("file_name", json!("before.jpg")),
        ("mime", json!("image/jpeg")),
        ("byte_size", json!(10)),
        ("sha256", json!("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")),
    ]);
    let ids = [Uuid::now_v7(), Uuid::now_v7()];
    let added = ids.map(|id| Change::insert(TableName::DentalAttachments, id, photo.clone()));
    let answer = nurses.write(added.into()).await;
    assert_eq!(answer.receipts[0].fate, Fate::Applied, "{:?}", answer.receipts[0]);
    let delete = |id| Change { op: Op::Delete, ..edit(TableName::DentalAttachments, id, &[]) };
    for role in [Role::Nurse, Role::Receptionist, Role::Admin] {
        let mut others = clinic.desk().await;
        others.user = person(&clinic, &others, role).await;
        let answer = others.write(vec![delete(ids[0])]).await;
        assert_eq!(answer.receipts[0].code, Some(RefusalCode::NotAllowed), "{role:?}");
    }
    for (role, id) in [Role::Doctor, Role::Dentist].into_iter().zip(ids) {
        let mut others = clinic.desk().await;
        others.user = person(&clinic, &others, role).await;
        let answer = others.write(vec![delete(id)]).await;
        assert_eq!(answer.receipts[0].fate, Fate::Applied, "{role:?}: {:?}", answer.receipts[0]);
    }
}

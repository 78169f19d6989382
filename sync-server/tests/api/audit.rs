//! What is in the audit log, and who may see it.

use std::collections::BTreeSet;

use protocol::api::{CodeRequest, DeviceScope};
use protocol::audit::{Action, AuditEntry, AuditPage};
use protocol::error::Problem;
use protocol::id::{ClinicId, UserId};
use protocol::table::TableName;
use reqwest::{Response, StatusCode};
use serde_json::json;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::clinic::{self, body, edit, new_patient};
use crate::desk::{self, EMAIL};
use crate::prescription::{Written, signed};

impl clinic::Desk {
    pub async fn audit(&self, query: &str) -> AuditPage {
        body(self.get(&format!("/v1/audit?{query}")).await).await.expect("a page")
    }
}

async fn ask(desk: &desk::Desk, token: &str, query: &str) -> Response {
    let request = desk.http.get(format!("{}/v1/audit?{query}", desk.url));
    request.bearer_auth(token).send().await.expect("an answer")
}

async fn entries(desk: &desk::Desk, token: &str, query: &str) -> Vec<AuditEntry> {
    body::<AuditPage>(ask(desk, token, query).await).await.expect("a page").entries
}

fn of(entries: &[AuditEntry], action: Action) -> Vec<&AuditEntry> {
    entries.iter().filter(|entry| entry.action == action).collect()
}

/// The newest stand first, by the times that they bear: a clock that is set back puts the later one behind.
fn are_newest_first(entries: &[AuditEntry]) -> bool {
    entries.windows(2).all(|two| two[0].at >= two[1].at)
}

#[tokio::test]
async fn what_a_desktop_brings_and_fetches_is_on_record() {
    let clinic = clinic::Clinic::open().await;
    let mut desk = clinic.desk().await;
    let patient = Uuid::now_v7();
    desk.write(vec![new_patient(patient, "Sunita")]).await;
    let changed = [("city", json!(null), json!("Pune"))];
    desk.write(vec![edit(TableName::Patients, patient, &changed)]).await;
    desk.pull("").await;
    desk.pull("").await;
    assert_eq!(desk.get(&format!("/v1/patients/{patient}")).await.status(), StatusCode::OK);
    assert_eq!(desk.get(&format!("/v1/patients/{}", Uuid::now_v7())).await.status(), StatusCode::NOT_FOUND);

    let all = desk.audit("").await.entries;
    assert_eq!(of(&all, Action::SyncPush).len(), 2);
    assert_eq!(of(&all, Action::SyncPull).len(), 1, "two pulls within a quarter of an hour");
    assert_eq!(of(&all, Action::View).len(), 1);
    let about = desk.audit(&format!("patient={patient}")).await.entries;
    assert!(are_newest_first(&about), "{about:?}");
    assert_eq!(about.len(), 3);
    for action in [Action::View, Action::Create] {
        assert_eq!(of(&about, action).len(), 1, "{action:?}");
    }
    assert!(about.iter().all(|entry| entry.user == Some(desk.user) && entry.device == Some(desk.device)));
    assert!(about.iter().all(|entry| entry.login == "clinic_app" && entry.record == Some(patient)));
    let update = of(&about, Action::Update)[0];
    assert_eq!(update.changes, Some(json!({"columns": ["city"]})));
    assert_eq!(update.lane, "writes");
    assert!(update.occurred_at.is_some());
    // That the log was read is in it.
    assert_eq!(desk.audit("action=view&table=tenant_audit_log").await.entries.len(), 2);
}

#[tokio::test]
async fn no_value_of_a_patient_gets_into_the_log() {
    let clinic = clinic::Clinic::open().await;
    let mut desk = clinic.desk().await;
    let patient = Uuid::now_v7();
    desk.write(vec![new_patient(patient, "Quintessa")]).await;
    let changed = [("alerts", json!(null), json!("Warfarin"))];
    desk.write(vec![edit(TableName::Patients, patient, &changed)]).await;
    let log = desk.get("/v1/audit").await.text().await.expect("a body");
    assert!(log.contains("alerts"));
    assert!(!log.contains("Warfarin") && !log.contains("Quintessa") && !log.contains("9820441276"));
}

#[tokio::test]
async fn every_try_to_come_in_is_on_record() {
    let clinic = desk::Clinic::open().await;
    let desk = clinic.desk().await;
    assert_eq!(desk.login(EMAIL, "not her password").await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(desk.login("nobody@sunrise.example", "whatever").await.status(), StatusCode::UNAUTHORIZED);
    desk.sign_in(EMAIL).await;
    let failed = entries(&desk, desk.token(), "action=login_failed").await;
    let users: Vec<Option<UserId>> = failed.iter().map(|entry| entry.user).collect();
    assert!(are_newest_first(&failed), "{failed:?}");
    assert_eq!(users.len(), 2);
    assert!(users.contains(&None) && users.contains(&Some(desk.session.user.id)), "{users:?}");
    assert!(failed.iter().all(|entry| entry.device == Some(desk.device)));
    assert_eq!(entries(&desk, desk.token(), "action=login").await.len(), 2, "when enrolled, and now");
    let enrolled = entries(&desk, desk.token(), "action=device_enrol").await;
    assert_eq!(enrolled.len(), 1);
    assert_eq!((enrolled[0].user, enrolled[0].device), (Some(desk.session.user.id), Some(desk.device)));

    let key = ed25519_dalek::SigningKey::from_bytes(&rand::random());
    let code = clinic.code().await;
    let request = desk::enrol_request(&key, &code, EMAIL, "not her password");
    assert_eq!(clinic.post("/v1/devices/enrol", &request).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(entries(&desk, desk.token(), "action=login_failed").await.len(), 3);
}

#[tokio::test]
async fn changes_of_roles_devices_and_codes_say_who_and_what() {
    let clinic = desk::Clinic::open().await;
    let desk = clinic.desk().await;
    let staff = clinic.add_staff("nurse@sunrise.example", "nurse").await;
    clinic.sql(&format!("update users set roles = '{{doctor}}' where id = '{staff}'")).await;
    let request =
        CodeRequest { clinic_id: ClinicId(clinic.registered.clinic_id.0), scope: DeviceScope::Clinical };
    let issued = desk.post_as(desk.token(), "/v1/devices/codes", &request).await;
    assert_eq!(issued.status(), StatusCode::CREATED);
    let other = clinic.desk().await;
    clinic.sql(&format!("update devices set revoked_at = now() where id = '{}'", other.device)).await;

    let role = &entries(&desk, desk.token(), "action=role_change").await[0];
    assert_eq!((role.record, role.user), (Some(staff.0), None), "written past the server");
    assert_ne!(role.login, "clinic_app");
    let expected =
        json!({"columns": ["roles"], "before": {"roles": ["nurse"]}, "after": {"roles": ["doctor"]}});
    assert_eq!(role.changes, Some(expected));
    let code = entries(&desk, desk.token(), "table=enrolment_codes&action=create").await;
    assert!(code.iter().any(|entry| entry.user == Some(desk.session.user.id)));
    assert_eq!(entries(&desk, desk.token(), "action=device_revoke").await[0].record, Some(other.device.0));
    // A sign-in changes nothing but notes of the server's own.
    desk.sign_in(EMAIL).await;
    assert!(entries(&desk, desk.token(), "table=users&action=update").await.is_empty());
}

#[tokio::test]
async fn another_program_that_writes_is_on_record_by_its_login_and_never_as_a_person() {
    let clinic = clinic::Clinic::open().await;
    let mut desk = clinic.desk().await;
    let patient = Uuid::now_v7();
    desk.write(vec![new_patient(patient, "Sunita")]).await;
    let database = clinic.server.database();
    for (url, login) in [(&database.ops, "clinic_ops"), (&database.app, "clinic_app")] {
        let mut connection = PgConnection::connect(&url.0).await.expect("the database");
        let sql = format!(
            "begin; select clinic.set_tenant('{}');
             update clinic.patients set city = '{login}' where id = '{patient}'; commit",
            desk.tenant
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.expect("written");
        let updates = desk.audit(&format!("patient={patient}&action=update")).await.entries;
        let entry = updates.iter().find(|entry| entry.login == login).expect("an entry");
        // The row still bears who wrote it last.
        assert_eq!((entry.user, entry.device), (None, None));
        assert_eq!((entry.action, &entry.changes), (Action::Update, &Some(json!({"columns": ["city"]}))));
    }
}

#[tokio::test]
async fn nobody_changes_the_log() {
    let clinic = clinic::Clinic::open().await;
    let desk = clinic.desk().await;
    let database = clinic.server.database();
    for url in [&database.app, &database.ops, &database.admin] {
        let mut connection = PgConnection::connect(&url.0).await.expect("the database");
        let set = format!("set search_path = clinic; select 1 from clinic.set_tenant('{}')", desk.tenant);
        sqlx::raw_sql(sqlx::AssertSqlSafe(set)).execute(&mut connection).await.expect("set");
        for sql in [
            "update tenant_audit_log set reason = 'x'",
            "delete from tenant_audit_log",
            "truncate tenant_audit_log",
            "update audit_heads set seq = 1",
            "truncate audit_heads",
        ] {
            let begin = format!("begin; select clinic.set_tenant('{}'); {sql}", desk.tenant);
            let refused = sqlx::raw_sql(sqlx::AssertSqlSafe(begin)).execute(&mut connection).await;
            sqlx::raw_sql("rollback").execute(&mut connection).await.expect("rolled back");
            if sql.contains("update audit_heads") && url.0 == database.admin.0 {
                continue; // It has no row yet.
            }
            let error = refused.expect_err(sql);
            let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
            assert_eq!(code.as_deref(), Some("42501"), "{sql}");
        }
    }
    // Nor does a writer choose the number, the time or the hashes of an entry.
    let mut connection = PgConnection::connect(&database.app.0).await.expect("the database");
    let forged = format!(
        "begin; select clinic.set_tenant('{0}');
         insert into clinic.tenant_audit_log
             (tenant_id, lane, seq, action, login, timestamp, prev_hash, entry_hash)
         values ('{0}', 'operator', 77, 'view', 'someone', '2020-01-01', '', ''); commit",
        desk.tenant
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(forged)).execute(&mut connection).await.expect("added");
    let all = desk.audit("").await.entries;
    let entry = all.iter().find(|entry| entry.lane == "operator").expect("the entry");
    assert_eq!((entry.seq, entry.login.as_str()), (1, "clinic_app"));
    assert!(entry.at.year() > 2020);
}

#[tokio::test]
async fn an_admin_sees_their_tenant_a_doctor_what_they_did_and_others_nothing() {
    let clinic = desk::Clinic::open().await;
    let desk = clinic.desk().await;
    for (email, role) in [("doctor@sunrise.example", "doctor"), ("desk@sunrise.example", "receptionist")] {
        clinic.add_staff(email, role).await;
    }
    let doctor = desk.sign_in("doctor@sunrise.example").await;
    let own = entries(&desk, &doctor.tokens.access_token.0, "").await;
    assert!(!own.is_empty() && own.iter().all(|entry| entry.user == Some(doctor.user.id)));
    let of_another = format!("user={}", desk.session.user.id);
    let refused = ask(&desk, &doctor.tokens.access_token.0, &of_another).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let receptionist = desk.sign_in("desk@sunrise.example").await;
    let refused = ask(&desk, &receptionist.tokens.access_token.0, "").await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert_eq!(ask(&desk, "nothing", "").await.status(), StatusCode::UNAUTHORIZED);

    let clinic = clinic::Clinic::open().await;
    let (mut desk, neighbour) = (clinic.desk().await, clinic.neighbour().await);
    let patient = Uuid::now_v7();
    desk.write(vec![new_patient(patient, "Sunita")]).await;
    assert!(neighbour.audit(&format!("patient={patient}")).await.entries.is_empty());
    assert!(neighbour.audit(&format!("user={}", desk.user)).await.entries.is_empty());
    let tenant = format!("tenant_id={}", desk.tenant);
    assert_eq!(
        neighbour.get(&format!("/v1/audit?{tenant}")).await.status(),
        StatusCode::UNPROCESSABLE_ENTITY
    );
}

#[tokio::test]
async fn pages_follow_each_other_without_a_gap_while_entries_are_added() {
    let clinic = clinic::Clinic::open().await;
    let mut desk = clinic.desk().await;
    let changes = (0..7).map(|n| new_patient(Uuid::now_v7(), &format!("Sunita {n}"))).collect();
    desk.write(changes).await;
    let all: Vec<(String, i64)> = keys(&desk.audit("").await);
    let mut paged = Vec::new();
    let mut query = "limit=3".to_owned();
    loop {
        // Each page that is read is a new entry, before all others unless a clock is set back.
        let page = desk.audit(&query).await;
        assert!(page.entries.len() <= 3);
        paged.extend(keys(&page));
        let Some(next) = page.next else { break };
        query = format!("limit=3&after={next}");
    }
    let unique: BTreeSet<_> = paged.iter().collect();
    assert_eq!(unique.len(), paged.len());
    assert!(all.len() > 10);
    let mut rest = paged.iter();
    assert!(all.iter().all(|key| rest.any(|other| other == key)), "{all:?} is not within {paged:?}");
}

fn keys(page: &AuditPage) -> Vec<(String, i64)> {
    page.entries.iter().map(|entry| (entry.lane.clone(), entry.seq)).collect()
}

#[tokio::test]
async fn what_is_wrong_with_a_question_is_said_in_words() {
    let clinic = clinic::Clinic::open().await;
    let desk = clinic.desk().await;
    for (query, word) in [
        ("from=yesterday", "from"),
        ("from=9999-12-31T23:59:59-01:00", "from"),
        ("from=2026-11-23T00:00:00Z&to=2026-11-22T00:00:00Z", "after"),
        ("action=drop", "action"),
        ("user=1", "user"),
        ("patient=%27--", "patient"),
        ("table=patients;", "table"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("after=1.2", "after"),
        ("after=99999999999999999999.1.writes", "after"),
        ("after=-300000000000000000.1.writes", "after"),
        ("after=1.1.%00", "after"),
    ] {
        let response = desk.get(&format!("/v1/audit?{query}")).await;
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        let problem: Problem = response.json().await.expect("a problem");
        assert!(problem.detail.contains(word), "{query}: {}", problem.detail);
    }
    let until = desk.audit("to=2026-01-01T00:00:00Z").await;
    assert!(until.entries.is_empty());
}

/// Each question must have no answer.
#[tokio::test]
async fn every_table_is_audited_but_those_in_which_the_server_keeps_house() {
    let clinic = clinic::Clinic::open().await;
    let mut connection =
        PgConnection::connect(&clinic.server.database().admin.0).await.expect("the database");
    let unaudited: Vec<String> = sqlx::query_scalar(
        "select c.relname::text from pg_class c
         where c.relnamespace = 'clinic'::regnamespace and c.relkind in ('r', 'p')
           and (c.relname = 'tenants' or exists (select from pg_attribute a where a.attrelid = c.oid
                                                 and a.attname = 'tenant_id'))
           and not exists (select from pg_trigger t where t.tgrelid = c.oid and t.tgname = 'audit_row')
         order by 1",
    )
    .fetch_all(&mut connection)
    .await
    .expect("the catalogue");
    assert_eq!(
        unaudited,
        [
            "audit_heads",
            "clinic_moves",
            "device_challenges",
            "device_leases",
            "device_nonces",
            "legacy_keys",
            "refresh_tokens",
            "sync_mutations",
            "tenant_audit_log",
            "tenant_sync"
        ]
    );
    let words: String = sqlx::query_scalar(
        "select pg_get_constraintdef(oid) from pg_constraint where conname = 'audit_action_check'",
    )
    .fetch_one(&mut connection)
    .await
    .expect("the catalogue");
    let known: BTreeSet<&str> = words.split('\'').skip(1).step_by(2).collect();
    assert_eq!(known, Action::ALL.iter().map(|action| action.as_str()).collect());
}

#[tokio::test]
async fn signing_and_voiding_a_prescription_are_called_so() {
    let clinic = clinic::Clinic::open().await;
    let mut desk = clinic.desk().await;
    let (written, response) = signed(&mut desk).await;
    let patient = response.rows[0].values["patient_id"].clone();
    let voided = edit(
        TableName::Prescriptions,
        written.id,
        &[
            ("status", json!("finalised"), json!("voided")),
            ("void_reason", json!(null), json!("Wrong patient")),
            ("voided_at", json!(null), json!("2026-11-23T05:00:00.000Z")),
            ("voided_by", json!(null), json!(desk.user)),
        ],
    );
    desk.write(vec![voided]).await;
    for action in ["finalise", "void"] {
        let entries = desk.audit(&format!("action={action}")).await.entries;
        assert_eq!(entries.len(), 1, "{action}");
        assert_eq!((entries[0].record, entries[0].user), (Some(written.id), Some(desk.user)));
        assert_eq!(json!(entries[0].patient), patient);
    }
}

#[tokio::test]
async fn signing_over_a_finding_has_an_entry_of_its_own_and_signing_without_one_has_none() {
    let clinic = clinic::Clinic::open().await;
    let mut desk = clinic.desk().await;
    signed(&mut desk).await;
    let patient = Uuid::now_v7();
    desk.write(vec![new_patient(patient, "Asha")]).await;
    let finding = |action: &str| json!({ "kind": "allergy", "detail": "Penicillin", "action": action });
    let shown = [("alerts", json!([finding("shown"), finding("changed")]))];
    let shown = Written::with(&desk, patient, &shown, &[]);
    desk.write(shown.changes()).await;
    let both = [("alerts", json!([finding("shown"), finding("overridden"), finding("overridden")]))];
    let over = Written::with(&desk, patient, &both, &[]);
    desk.write(over.changes()).await;
    let voided = [
        ("status", json!("finalised"), json!("voided")),
        ("void_reason", json!(null), json!("Wrong patient")),
        ("voided_at", json!(null), json!("2026-11-23T05:00:00.000Z")),
        ("voided_by", json!(null), json!(desk.user)),
    ];
    desk.write(vec![edit(TableName::Prescriptions, over.id, &voided)]).await;

    let entries = desk.audit("action=alert_override").await.entries;
    assert_eq!(entries.len(), 1, "{entries:?}");
    let entry = &entries[0];
    assert_eq!((entry.record, entry.patient.map(|id| id.0)), (Some(over.id), Some(patient)));
    assert_eq!((entry.user, entry.device), (Some(desk.user), Some(desk.device)));
    assert_eq!((entry.lane.as_str(), &entry.changes), ("writes", &Some(json!({ "overridden": 2 }))));
    let mut about = desk.audit(&format!("patient={patient}")).await.entries;
    about.retain(|one| one.record == Some(over.id));
    about.sort_by_key(|one| one.seq);
    let actions: Vec<Action> = about.iter().map(|one| one.action).collect();
    assert_eq!(actions, [Action::Create, Action::Finalise, Action::AlertOverride, Action::Void]);
}

//! What a plan allows, what a tenant gets that is not served, and the operator's commands for it.

use clinic_sync::auth::password::{PasswordCost, Passwords};
use clinic_sync::limits::must_have_room_for_patients;
use clinic_sync::operator::{
    ClinicAdd, ClinicCommand, DeviceCommand, DeviceRevoke, OutputOptions, PasswordSource, Plan, TenantChoice,
    TenantCommand, TenantPlan, TenantSuspend, UserAdd, UserCommand, UserDeactivate, UserReset, run_clinic,
    run_device, run_tenant, run_user,
};
use clinic_sync::{Db, testing};
use protocol::api::{Fate, NoticeCode, TenantInfo};
use protocol::error::{ErrorCode, Problem};
use protocol::permission::Role;
use protocol::table::{Row, TableName};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::Connection;
use sqlx::postgres::PgConnection;
use tempfile::TempDir;
use uuid::Uuid;

use crate::clinic::{Clinic, Desk, body, edit, new_patient};
use crate::staff::person;

const JSON: OutputOptions = OutputOptions { json: true };

struct Operator {
    db: Db,
    code: String,
    folder: TempDir,
}

impl Operator {
    async fn of(clinic: &Clinic) -> Self {
        let folder = TempDir::new().expect("a folder");
        std::fs::write(folder.path().join("password"), "nine purple kettles").expect("written");
        Self {
            db: clinic.server.database().ops_db().await,
            code: clinic.registered.tenant_code.clone(),
            folder,
        }
    }

    fn tenant_choice(&self) -> TenantChoice {
        TenantChoice { tenant_code: self.code.clone(), output: JSON }
    }

    fn password(&self) -> PasswordSource {
        PasswordSource { password_file: Some(self.folder.path().join("password")) }
    }

    async fn tenant(&self, command: TenantCommand) -> anyhow::Result<Value> {
        let mut out = Vec::new();
        run_tenant(&self.db, &Passwords::new(PasswordCost::LEAST), command, &mut out).await?;
        Ok(serde_json::from_slice(&out)?)
    }

    async fn user(&self, command: UserCommand) -> anyhow::Result<Value> {
        let mut out = Vec::new();
        run_user(&self.db, &Passwords::new(PasswordCost::LEAST), command, &mut out).await?;
        Ok(serde_json::from_slice(&out)?)
    }

    async fn device(&self, command: DeviceCommand) -> anyhow::Result<Value> {
        let mut out = Vec::new();
        run_device(&self.db, command, &mut out).await?;
        Ok(serde_json::from_slice(&out)?)
    }

    async fn suspend(&self) {
        let reason = "Not paid since August".to_owned();
        let options = TenantSuspend { tenant_code: self.code.clone(), reason, yes: true, output: JSON };
        self.tenant(TenantCommand::Suspend(options)).await.expect("suspended");
    }

    fn plan(&self) -> TenantPlan {
        TenantPlan {
            tenant_code: self.code.clone(),
            plan: None,
            max_doctors: None,
            max_patients: None,
            expires_on: None,
            no_end: false,
            yes: true,
            output: JSON,
        }
    }

    async fn set_plan(&self, plan: TenantPlan) -> Value {
        self.tenant(TenantCommand::SetPlan(plan)).await.expect("changed")
    }

    fn doctor(&self, email: &str) -> UserAdd {
        UserAdd {
            tenant_code: self.code.clone(),
            email: email.to_owned(),
            name: "Ravi Menon".into(),
            roles: vec![Role::Doctor],
            registration_number: Some(email.to_owned()),
            registration_council: Some("MMC".into()),
            qualifications: None,
            password: self.password(),
            output: JSON,
        }
    }
}

async fn notices(desk: &Desk) -> Vec<NoticeCode> {
    let info: TenantInfo = body(desk.get("/v1/tenant").await).await.expect("the tenant");
    info.notices.into_iter().map(|notice| notice.code).collect()
}

/// Every route that asks who it is, as a desktop of a tenant that is not served.
async fn refused_routes(desk: &Desk) -> Vec<(Method, &'static str, Option<ErrorCode>)> {
    let mut answers = Vec::new();
    for (method, path) in testing::routes() {
        if path == "/v1/sync/live" {
            continue;
        }
        let url = format!("{}{}", desk.url, path.replace("{id}", &Uuid::now_v7().to_string()));
        let builder = desk.client.request(method.clone(), url).json(&json!({}));
        let response = desk.request(builder).send().await.expect("an answer");
        let code = match response.status() {
            StatusCode::FORBIDDEN => response.json::<Problem>().await.ok().map(|problem| problem.code),
            _ => None,
        };
        answers.push((method, path, code));
    }
    answers
}

#[tokio::test]
async fn a_suspended_tenant_sends_what_waits_and_reads_and_nothing_else() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let operator = Operator::of(&clinic).await;
    operator.suspend().await;
    let id = Uuid::now_v7();
    let pushed = desk.write(vec![new_patient(id, "Sunita")]).await;
    assert_eq!(pushed.receipts[0].fate, Fate::Applied);
    assert!(desk.rows().await.iter().any(|row| row.id == id));
    assert_eq!(desk.get(&format!("/v1/patients/{id}")).await.status(), StatusCode::OK);
    assert_eq!(notices(&desk).await, [NoticeCode::TenantSuspended]);
    // Whoever is not known yet, brings what waits, or compares, and what they need for it.
    let open = [
        "/v1/clinics/register",
        "/v1/devices/enrol",
        "/v1/devices/standing",
        "/v1/devices/handover",
        "/v1/devices/farewell",
        "/v1/devices/wiped",
        "/v1/auth/challenge",
        "/v1/auth/login",
        "/v1/auth/refresh",
        "/v1/own-keys",
        "/v1/sync/push",
        "/v1/sync/receipts",
        "/v1/sync/restored",
        "/v1/sync/rows",
        "/v1/audit/events",
        "/v1/audit/ends",
        "/v1/devices/recovery",
        "/v1/devices/renew",
        "/v1/auth/password",
        "/v1/tenant/objection",
        "/v1/dental_attachments/{id}/upload",
    ];
    for (method, path, code) in refused_routes(&desk).await {
        let expected = (method != Method::GET && !open.contains(&path)).then_some(ErrorCode::TenantSuspended);
        assert_eq!(code, expected, "{method} {path}");
    }
    operator.tenant(TenantCommand::Resume(operator.tenant_choice())).await.expect("resumed");
    assert!(refused_routes(&desk).await.iter().all(|(.., code)| *code != Some(ErrorCode::TenantSuspended)));
}

#[tokio::test]
async fn a_plan_that_has_ended_is_told_apart_from_a_suspension() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let operator = Operator::of(&clinic).await;
    operator.set_plan(TenantPlan { expires_on: Some("2026-01-31".into()), ..operator.plan() }).await;
    let codes = desk.client.post(format!("{}/v1/devices/codes", desk.url));
    let codes = codes.json(&json!({ "clinic_id": desk.clinic, "scope": "clinical" }));
    let problem: Problem =
        desk.request(codes).send().await.expect("an answer").json().await.expect("a problem");
    assert_eq!(problem.code, ErrorCode::TenantExpired);
    assert!(problem.detail.contains("is kept"), "{}", problem.detail);
    let resumed = operator.tenant(TenantCommand::Resume(operator.tenant_choice())).await.expect("resumed");
    assert_eq!(resumed["state"], "expired", "that does not renew it");
    let shown = operator.set_plan(TenantPlan { no_end: true, ..operator.plan() }).await;
    assert_eq!(shown["expires_at"], Value::Null);
    assert_eq!(notices(&desk).await, []);
    let bad = TenantPlan { expires_on: Some("31/01/2026".into()), ..operator.plan() };
    assert!(operator.tenant(TenantCommand::SetPlan(bad)).await.is_err());
    let never = TenantPlan { expires_on: Some("9999-12-31".into()), ..operator.plan() };
    let refused = operator.tenant(TenantCommand::SetPlan(never)).await.expect_err("no clock goes there");
    assert!(refused.to_string().contains("--no-end"), "{refused}");
}

#[tokio::test]
async fn what_desktops_bring_beyond_the_plan_is_kept_and_said_to_be_beyond() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let operator = Operator::of(&clinic).await;
    let plan = TenantPlan { max_patients: Some(2), plan: Some(Plan::Solo), ..operator.plan() };
    assert_eq!(operator.set_plan(plan).await["subscription_plan"], "solo");
    for (name, expected) in
        [("Asha", vec![]), ("Bina", vec![NoticeCode::AtLimit]), ("Charu", vec![NoticeCode::OverLimit])]
    {
        let pushed = desk.write(vec![new_patient(Uuid::now_v7(), name)]).await;
        assert_eq!(pushed.receipts[0].fate, Fate::Applied);
        assert_eq!(notices(&desk).await, expected, "{name}");
    }
    let shown = operator.tenant(TenantCommand::Show(operator.tenant_choice())).await.expect("shown");
    assert_eq!((&shown["patients"], &shown["max_patients"]), (&json!(3), &json!(2)));
    let marked = |rows: Vec<Row>| -> Vec<String> {
        let of_patients = rows.into_iter().filter(|row| row.table == TableName::Patients);
        let beyond = of_patients.filter(|row| row.values["beyond_plan"] == json!(true));
        beyond.map(|row| row.values["first_name"].as_str().expect("a name").to_owned()).collect()
    };
    assert_eq!(marked(desk.rows().await), ["Charu"]);
    operator.set_plan(TenantPlan { max_patients: Some(3), ..operator.plan() }).await;
    assert_eq!(marked(desk.rows().await), [""; 0], "a larger plan takes the mark away");
}

#[tokio::test]
async fn a_patient_who_was_not_taken_in_takes_nobodys_place() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let operator = Operator::of(&clinic).await;
    operator.set_plan(TenantPlan { max_patients: Some(1), ..operator.plan() }).await;
    let nowhere = edit(TableName::Patients, Uuid::now_v7(), &[("city", Value::Null, json!("Pune"))]);
    let refused = desk.sign(vec![new_patient(Uuid::now_v7(), "Asha"), nowhere]);
    let taken = desk.sign(vec![new_patient(Uuid::now_v7(), "Bina")]);
    let pushed = desk.push(vec![refused, taken]).await.expect("an answer");
    let fates: Vec<Fate> = pushed.receipts.iter().map(|receipt| receipt.fate).collect();
    assert_eq!(fates, [Fate::Quarantined, Fate::Applied]);
    assert_eq!(pushed.rows[0].values["beyond_plan"], json!(false));
}

#[tokio::test]
async fn a_doctor_beyond_the_plan_is_refused_with_a_sentence() {
    let clinic = Clinic::open().await;
    let operator = Operator::of(&clinic).await;
    operator.set_plan(TenantPlan { max_doctors: Some(2), ..operator.plan() }).await;
    operator.user(UserCommand::Add(operator.doctor("a@example.org"))).await.expect("there is room");
    let refused = operator.user(UserCommand::Add(operator.doctor("b@example.org"))).await.expect_err("full");
    assert!(refused.to_string().contains("no room"), "{refused}");
    operator.set_plan(TenantPlan { max_doctors: Some(3), ..operator.plan() }).await;
    operator.user(UserCommand::Add(operator.doctor("b@example.org"))).await.expect("there is room again");
}

#[tokio::test]
async fn a_revoked_computer_is_out_at_once_and_only_when_it_is_meant() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let operator = Operator::of(&clinic).await;
    let listed = operator.device(DeviceCommand::List(operator.tenant_choice())).await.expect("listed");
    assert_eq!(listed[0]["device_id"], json!(desk.device));
    let revoke = |yes| DeviceRevoke {
        tenant_code: operator.code.clone(),
        device_id: desk.device.0,
        yes,
        output: JSON,
    };
    let dry = operator.device(DeviceCommand::Revoke(revoke(false))).await.expect("told");
    assert_eq!(dry["revoked"], false);
    assert_eq!(desk.get("/v1/tenant").await.status(), StatusCode::OK);
    operator.device(DeviceCommand::Revoke(revoke(true))).await.expect("revoked");
    let problem: Problem = desk.get("/v1/tenant").await.json().await.expect("a problem");
    assert_eq!(problem.code, ErrorCode::DeviceRevoked);
    assert!(operator.device(DeviceCommand::Revoke(revoke(true))).await.is_err());
}

#[tokio::test]
async fn who_is_deactivated_is_out_at_once_and_the_last_admin_cannot_be() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let operator = Operator::of(&clinic).await;
    let deactivate = |email: &str, yes| {
        UserCommand::Deactivate(UserDeactivate {
            tenant_code: operator.code.clone(),
            email: email.to_owned(),
            yes,
            output: JSON,
        })
    };
    let refused = operator.user(deactivate("anjali@example.org", true)).await.expect_err("the only admin");
    assert!(refused.to_string().contains("only admin"), "{refused}");
    let other = person(&clinic, &desk, Role::Admin).await;
    let ends = async |when: &str| {
        let sql = format!(
            "update users set must_change_password = true, one_time_until = now() {when} where id = '{other}'"
        );
        clinic.sql(&sql).await;
    };
    ends("- interval '1 second'").await;
    let refused =
        operator.user(deactivate("anjali@example.org", true)).await.expect_err("nobody else comes in");
    assert!(refused.to_string().contains("only admin"), "{refused}");
    ends("+ interval '1 day'").await;
    operator.user(deactivate("Anjali@example.org ", false)).await.expect("told");
    assert_eq!(desk.get("/v1/tenant").await.status(), StatusCode::OK);
    operator.user(deactivate("Anjali@example.org ", true)).await.expect("deactivated");
    assert_eq!(desk.get("/v1/tenant").await.status(), StatusCode::UNAUTHORIZED);
    assert!(operator.user(deactivate("nobody@example.org", true)).await.is_err());
}

#[tokio::test]
async fn a_new_password_ends_every_sign_in() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let operator = Operator::of(&clinic).await;
    let reset = |email: &str, yes: bool| {
        UserCommand::ResetPassword(UserReset {
            tenant_code: operator.code.clone(),
            email: email.into(),
            yes,
            // Nothing is asked for before it is done.
            password: if yes { operator.password() } else { PasswordSource { password_file: None } },
            output: JSON,
        })
    };
    let refused = operator.user(reset("anjali@example.org", true)).await.expect_err("an admin");
    assert!(refused.to_string().contains("restore-admin"), "{refused}");
    clinic.sql("update users set roles = '{doctor}'").await;
    assert_eq!(operator.user(reset("anjali@example.org", false)).await.expect("told")["changed"], false);
    assert_eq!(desk.get("/v1/tenant").await.status(), StatusCode::OK);
    assert!(operator.user(reset("nobody@example.org", false)).await.is_err());
    operator.user(reset("anjali@example.org", true)).await.expect("changed");
    assert_eq!(desk.get("/v1/tenant").await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_a_suspension_and_a_plan_would_do_is_told_before_it_is_done() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let operator = Operator::of(&clinic).await;
    let reason = "Not paid since August".to_owned();
    let suspend = TenantSuspend { tenant_code: operator.code.clone(), reason, yes: false, output: JSON };
    let told = operator.tenant(TenantCommand::Suspend(suspend)).await.expect("told");
    assert_eq!(told["state"], "active");
    let plan = TenantPlan { max_patients: Some(3), plan: Some(Plan::Solo), yes: false, ..operator.plan() };
    let told = operator.tenant(TenantCommand::SetPlan(plan)).await.expect("told");
    assert_eq!((&told["max_patients"], &told["subscription_plan"]), (&json!(3), &json!("solo")));
    assert_eq!(notices(&desk).await, []);
    let shown = operator.tenant(TenantCommand::Show(operator.tenant_choice())).await.expect("shown");
    assert_eq!((&shown["max_patients"], &shown["subscription_plan"]), (&json!(1000), &json!("trial")));
    let page: Value = body(desk.get("/v1/audit?action=operator_access").await).await.expect("a page");
    assert_eq!(page["entries"], json!([]));
}

#[tokio::test]
async fn a_prescriber_whom_the_database_would_refuse_is_refused_in_words() {
    let clinic = Clinic::open().await;
    let operator = Operator::of(&clinic).await;
    let add = operator.doctor("second@example.org");
    operator.user(UserCommand::Add(add.clone())).await.expect("added");
    let again = UserAdd { email: "third@example.org".into(), ..add.clone() };
    let long = UserAdd { registration_number: Some("1".repeat(51)), ..again.clone() };
    let unprintable = UserAdd { qualifications: Some("MBBS\u{202E}".into()), ..again.clone() };
    for (wrong, said) in [
        (again.clone(), "this registration number"),
        (long, "the registration number and the council"),
        (unprintable, "the registration number and the council"),
    ] {
        let told = operator.user(UserCommand::Add(wrong)).await.expect_err("refused").to_string();
        assert!(told.contains(said), "{told}");
    }
    clinic.sql("update clinics set is_active = false").await;
    let other = UserAdd { registration_number: Some("another".into()), ..again };
    let told = operator.user(UserCommand::Add(other)).await.expect_err("refused").to_string();
    assert!(told.contains("are closed"), "{told}");
}

#[tokio::test]
async fn a_second_clinic_shares_the_patients_of_its_tenant() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let operator = Operator::of(&clinic).await;
    let files = || clinic.server.database().files();
    let add = |code: &str| {
        ClinicCommand::Add(ClinicAdd {
            tenant_code: operator.code.clone(),
            name: "Asha Bandra".into(),
            clinic_code: code.to_owned(),
            address: None,
            city: Some("Mumbai".into()),
            phone: None,
            output: JSON,
        })
    };
    run_clinic(&operator.db, files, add(" bandra"), &mut Vec::new()).await.expect("added");
    let clinics = desk.rows().await;
    assert!(clinics.iter().any(|row| row.values.get("clinic_code") == Some(&json!("BANDRA"))));
    // As where clinics register by themselves.
    run_clinic(&operator.db, files, add("bandra_west"), &mut Vec::new()).await.expect("added");
    for wrong in ["BANDRA", "", "B", "BAN DRA", "B\u{1F9B7}", &"B".repeat(21)] {
        assert!(run_clinic(&operator.db, files, add(wrong), &mut Vec::new()).await.is_err(), "{wrong}");
    }
    let ClinicCommand::Add(good) = add("KHAR") else { unreachable!() };
    for (wrong, said) in [
        (ClinicAdd { address: Some("x".repeat(501)), ..good.clone() }, "--address is too long"),
        (ClinicAdd { phone: Some("0".repeat(21)), ..good.clone() }, "--phone is too long"),
        (ClinicAdd { city: Some("Mum\u{202E}bai".into()), ..good }, "--city is too long"),
    ] {
        let told = run_clinic(&operator.db, files, ClinicCommand::Add(wrong), &mut Vec::new()).await;
        assert!(told.expect_err("refused").to_string().contains(said), "{said}");
    }
}

#[tokio::test]
async fn the_login_for_reports_counts_tenants_and_reads_no_patient() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    desk.write(vec![new_patient(Uuid::now_v7(), "Sunita")]).await;
    let mut admin = PgConnection::connect(&clinic.server.database().admin.0).await.expect("a connection");
    sqlx::raw_sql("set role clinic_report; set search_path = clinic").execute(&mut admin).await.expect("set");
    let counted: Vec<(String, i64)> = sqlx::query_as("select tenant_code, patients from tenant_usage(null)")
        .fetch_all(&mut admin)
        .await
        .expect("counts");
    assert_eq!(counted, [(clinic.registered.tenant_code.clone(), 1)]);
    for table in ["patients", "tenants", "users", "prescriptions", "tenant_audit_log"] {
        let sql = sqlx::AssertSqlSafe(format!("select count(*) from {table}"));
        let refused = sqlx::query(sql).execute(&mut admin).await.expect_err(table);
        let code = refused.as_database_error().and_then(|error| error.code().map(String::from));
        assert_eq!(code.as_deref(), Some("42501"), "{table}");
    }
}

#[tokio::test]
async fn the_answer_to_a_push_and_a_sign_in_say_how_the_plan_stands() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let operator = Operator::of(&clinic).await;
    operator.set_plan(TenantPlan { max_patients: Some(1), ..operator.plan() }).await;
    let answer = desk.write(vec![new_patient(Uuid::now_v7(), "Asha")]).await;
    assert_eq!(answer.notices.len(), 1);
    assert_eq!(answer.notices[0].code, NoticeCode::AtLimit);
    // Its neighbour never hears of it.
    let mut neighbour = clinic.neighbour().await;
    assert_eq!(neighbour.write(vec![new_patient(Uuid::now_v7(), "Asha")]).await.notices, []);
    operator.suspend().await;
    let answer = desk.write(vec![new_patient(Uuid::now_v7(), "Bina")]).await;
    assert_eq!(answer.notices[0].code, NoticeCode::TenantSuspended);

    let clinic = crate::desk::Clinic::open().await;
    let desk = clinic.desk().await;
    clinic.sql("update tenants set suspended_at = now()").await;
    let session = desk.sign_in(crate::desk::EMAIL).await;
    assert_eq!(session.notices[0].code, NoticeCode::TenantSuspended);
}

#[tokio::test]
async fn an_import_of_more_patients_than_there_is_room_for_is_refused_in_words() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    desk.write(vec![new_patient(Uuid::now_v7(), "Asha")]).await;
    let operator = Operator::of(&clinic).await;
    operator.set_plan(TenantPlan { max_patients: Some(10), ..operator.plan() }).await;
    let mut tx = operator.db.write(desk.tenant).await.expect("a transaction");
    for fits in [0, 9] {
        must_have_room_for_patients(&mut tx, desk.tenant, fits).await.expect("there is room");
    }
    for more in [10, i64::MAX] {
        let refused = must_have_room_for_patients(&mut tx, desk.tenant, more).await.expect_err("full");
        assert!(refused.to_string().contains("Nothing was added"), "{refused}");
    }
}

#[tokio::test]
async fn a_tenant_that_another_program_made_inactive_is_suspended_and_can_be_resumed() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    clinic.sql("update tenants set is_active = false").await;
    assert_eq!(notices(&desk).await, [NoticeCode::TenantSuspended]);
    let operator = Operator::of(&clinic).await;
    operator.tenant(TenantCommand::Resume(operator.tenant_choice())).await.expect("resumed");
    assert_eq!(notices(&desk).await, []);
}

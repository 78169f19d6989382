//! The operator's commands, as `clinic_ops`, and the catalogue that `migrate` loads.

use std::path::PathBuf;

use clap::Parser;
use clinic_sync::auth::password::{PasswordCost, Passwords};
use clinic_sync::operator::{
    DeviceCode, DeviceCommand, OutputOptions, PasswordSource, ScopeOption, TenantCommand, TenantCreate,
    UserAdd, UserCommand, UserReset, run_device, run_tenant, run_user,
};
use clinic_sync::{Db, catalogue};
use ed25519_dalek::SigningKey;
use protocol::api::{DeviceScope, EnrolResponse, EnrolmentCode, Notice, NoticeCode, Secret};
use protocol::error::ErrorCode;
use protocol::permission::Role;
use reqwest::Response;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

use crate::desk::{Clinic, EMAIL, PASSWORD, enrol_request, post, refused};

const LATA: &str = "lata@sunrise.example";

struct Operator {
    db: Db,
    passwords: Passwords,
    folder: TempDir,
}

impl Operator {
    async fn of(clinic: &Clinic) -> Self {
        let folder = TempDir::new().expect("a folder");
        std::fs::write(folder.path().join("password"), format!("{PASSWORD}\nnot read\n")).expect("written");
        Self {
            db: clinic.server.database().ops_db().await,
            passwords: Passwords::new(PasswordCost::LEAST),
            folder,
        }
    }

    fn password(&self) -> PasswordSource {
        PasswordSource { password_file: Some(self.folder.path().join("password")) }
    }

    fn create(&self, code: &str) -> TenantCreate {
        TenantCreate {
            name: "Lotus Group".into(),
            code: Some(code.into()),
            clinic_name: "Lotus Clinic".into(),
            clinic_code: "lotus".into(),
            admin_email: "owner@lotus.example".into(),
            admin_name: "Ravi Menon".into(),
            password: self.password(),
            output: OutputOptions { json: true },
        }
    }

    async fn tenant(&self, command: TenantCommand) -> anyhow::Result<Value> {
        let mut out = Vec::new();
        run_tenant(&self.db, &self.passwords, command, &mut out).await?;
        Ok(serde_json::from_slice(&out)?)
    }

    async fn user(&self, command: UserCommand) {
        run_user(&self.db, &self.passwords, command, &mut Vec::new()).await.expect("done");
    }

    async fn add_nurse(&self, clinic: &Clinic, email: &str) {
        let nurse = UserAdd {
            tenant_code: clinic.registered.tenant_code.clone(),
            email: email.into(),
            name: "Lata Pawar".into(),
            roles: vec![Role::Nurse],
            registration_number: None,
            registration_council: None,
            qualifications: None,
            password: self.password(),
            output: OutputOptions { json: true },
        };
        self.user(UserCommand::Add(nurse)).await;
    }

    async fn reset_password(&self, clinic: &Clinic, email: &str) {
        let reset = UserReset {
            tenant_code: clinic.registered.tenant_code.clone(),
            email: email.into(),
            yes: true,
            password: self.password(),
            output: OutputOptions { json: true },
        };
        self.user(UserCommand::ResetPassword(reset)).await;
    }

    /// Somebody enrols a new computer with a code of the operator's.
    async fn lets_in(&self, clinic: &Clinic, email: &str) -> Response {
        self.lets_in_with(clinic, email, PASSWORD).await
    }

    async fn lets_in_with(&self, clinic: &Clinic, email: &str, password: &str) -> Response {
        let options = DeviceCode {
            tenant_code: clinic.registered.tenant_code.clone(),
            clinic_code: "MAIN".into(),
            scope: ScopeOption::Clinical,
            minutes: 10,
            output: OutputOptions { json: true },
        };
        let mut out = Vec::new();
        run_device(&self.db, DeviceCommand::Code(options), &mut out).await.expect("a code");
        let code: EnrolmentCode = serde_json::from_slice(&out).expect("a code");
        let key = SigningKey::from_bytes(&rand::random());
        clinic.post("/v1/devices/enrol", &enrol_request(&key, &code.code, email, password)).await
    }
}

#[tokio::test]
async fn a_tenant_that_the_operator_makes_can_enrol_its_first_computer() {
    let clinic = Clinic::open().await;
    let operator = Operator::of(&clinic).await;
    let made = operator.tenant(TenantCommand::Create(operator.create("lotus_group"))).await.expect("made");
    assert_eq!(made["tenant_code"], "LOTUS_GROUP");
    let code = Secret(made["enrolment"]["code"].as_str().expect("a code").to_owned());
    let key = SigningKey::from_bytes(&rand::random());
    let request = enrol_request(&key, &code, "owner@lotus.example", PASSWORD);
    let response = clinic.post("/v1/devices/enrol", &request).await;
    let enrolled: EnrolResponse = response.json().await.expect("an enrolment");
    assert_eq!(enrolled.tenant_name, "Lotus Group");
    assert_eq!(enrolled.clinic_name, "Lotus Clinic");
    assert_eq!(enrolled.session.user.roles.0, [Role::Admin]);
    // The operator knows this password: it is theirs to choose another one.
    let asked = |notice: &Notice| notice.code == NoticeCode::PasswordChangeRequired;
    assert!(enrolled.session.notices.iter().any(asked));
    let until = "one_time_until between now() + interval '23 hours' and now() + interval '1 day'";
    assert_eq!(clinic.count(&format!("users where email = 'owner@lotus.example' and {until}")).await, 1);
}

#[tokio::test]
async fn a_code_that_is_taken_and_a_weak_password_are_refused_in_words() {
    let clinic = Clinic::open().await;
    let operator = Operator::of(&clinic).await;
    operator.tenant(TenantCommand::Create(operator.create("LOTUS"))).await.expect("made");
    let taken = operator.tenant(TenantCommand::Create(operator.create("LOTUS"))).await;
    assert!(taken.expect_err("taken").to_string().contains("Another tenant has this code"));
    let weak = operator.folder.path().join("weak");
    std::fs::write(&weak, "password1234\n").expect("written");
    let create =
        TenantCreate { password: PasswordSource { password_file: Some(weak) }, ..operator.create("SECOND") };
    let refused = operator.tenant(TenantCommand::Create(create)).await;
    assert!(refused.expect_err("weak").to_string().contains("others guess first"));
    let create = TenantCreate {
        password: PasswordSource { password_file: Some(PathBuf::from("/no/such/file")) },
        ..operator.create("SECOND")
    };
    assert!(operator.tenant(TenantCommand::Create(create)).await.is_err());
    assert_eq!(clinic.count("tenants").await, 2);
}

#[tokio::test]
async fn the_list_counts_every_tenant_and_the_servers_own_login_may_not() {
    let clinic = Clinic::open().await;
    let operator = Operator::of(&clinic).await;
    operator.tenant(TenantCommand::Create(operator.create("LOTUS"))).await.expect("made");
    clinic.desk().await;
    let list = || TenantCommand::List(OutputOptions { json: true });
    let tenants = operator.tenant(list()).await.expect("a list");
    assert_eq!(tenants.as_array().map(Vec::len), Some(2));
    assert_eq!(tenants[0]["tenant_code"], "LOTUS");
    assert_eq!(tenants[1]["tenant_code"], clinic.registered.tenant_code.as_str());
    assert_eq!((&tenants[1]["devices"], &tenants[1]["users"]), (&1.into(), &1.into()));
    let as_server = Operator { db: clinic.server.database().app_db().await, ..operator };
    assert!(as_server.tenant(list()).await.is_err());
}

#[tokio::test]
async fn the_operator_issues_codes_for_a_clinic_by_its_code() {
    let clinic = Clinic::open().await;
    let operator = Operator::of(&clinic).await;
    let options = DeviceCode {
        tenant_code: clinic.registered.tenant_code.to_lowercase(),
        clinic_code: "main".into(),
        scope: ScopeOption::FrontDesk,
        minutes: 30,
        output: OutputOptions { json: true },
    };
    let mut out = Vec::new();
    run_device(&operator.db, DeviceCommand::Code(options.clone()), &mut out).await.expect("a code");
    let code: EnrolmentCode = serde_json::from_slice(&out).expect("a code");
    let key = SigningKey::from_bytes(&rand::random());
    let response = clinic.post("/v1/devices/enrol", &enrol_request(&key, &code.code, EMAIL, PASSWORD)).await;
    let enrolled: EnrolResponse = response.json().await.expect("an enrolment");
    assert_eq!(enrolled.scope, DeviceScope::FrontDesk);
    for options in [
        DeviceCode { clinic_code: "NOWHERE".into(), ..options.clone() },
        DeviceCode { tenant_code: "NOBODY".into(), ..options },
    ] {
        assert!(run_device(&operator.db, DeviceCommand::Code(options), &mut Vec::new()).await.is_err());
    }
}

#[tokio::test]
async fn an_operators_code_lets_in_only_who_has_worked_there_with_a_password_of_their_own() {
    let clinic = Clinic::open().await;
    let operator = Operator::of(&clinic).await;
    let desk = clinic.desk().await;
    operator.add_nurse(&clinic, LATA).await;
    let unknown = refused(operator.lets_in(&clinic, LATA).await).await;
    assert_eq!((unknown.status, unknown.code), (422, ErrorCode::Invalid));
    assert!(unknown.detail.contains("Ask an admin"), "{}", unknown.detail);
    assert_eq!(clinic.count("devices").await, 1);
    let token = desk.sign_in(LATA).await.tokens.access_token.0;
    let still = refused(operator.lets_in(&clinic, LATA).await).await;
    assert_eq!(still.code, ErrorCode::Invalid, "the operator knows her password");
    let own = "nine purple kettles";
    let change = json!({ "old_password": PASSWORD, "new_password": own });
    let chosen = post(&desk.http, &desk.url, "/v1/auth/password", &change).bearer_auth(token);
    assert_eq!(chosen.send().await.expect("an answer").status(), 204);
    let with_own = operator.lets_in_with(&clinic, LATA, own).await;
    assert_eq!(with_own.status(), 200, "she has worked there");
    operator.reset_password(&clinic, LATA).await;
    let guessed = refused(operator.lets_in(&clinic, LATA).await).await;
    assert_eq!(guessed.code, ErrorCode::Invalid, "that password is the operator's");
    assert_eq!(operator.lets_in(&clinic, EMAIL).await.status(), 200);
}

#[test]
fn a_code_is_not_made_before_it_is_said_what_its_computer_gets() {
    #[derive(Parser)]
    struct Cli {
        #[command(subcommand)]
        command: DeviceCommand,
    }
    let words = ["device", "code", "--tenant-code", "ASHA", "--clinic-code", "MAIN"];
    assert!(Cli::try_parse_from(words).is_err());
    let Cli { command } =
        Cli::try_parse_from(words.into_iter().chain(["--scope", "front-desk"])).expect("a command");
    assert!(matches!(command, DeviceCommand::Code(DeviceCode { scope: ScopeOption::FrontDesk, .. })));
}

#[tokio::test]
async fn what_would_be_done_to_somebody_names_whose_they_are() {
    let clinic = Clinic::open().await;
    let operator = Operator::of(&clinic).await;
    let reset = UserReset {
        tenant_code: clinic.registered.tenant_code.to_lowercase(),
        email: EMAIL.into(),
        yes: false,
        password: PasswordSource { password_file: Some(PathBuf::from("/not/asked/for")) },
        output: OutputOptions { json: false },
    };
    let mut out = Vec::new();
    let reset = UserCommand::ResetPassword(reset);
    run_user(&operator.db, &operator.passwords, reset, &mut out).await.expect("told");
    let told = String::from_utf8(out).expect("text");
    let whose = format!("{EMAIL} of Sunrise Clinic ({}) would be", clinic.registered.tenant_code);
    assert!(told.starts_with(&whose), "{told}");
}

#[tokio::test]
async fn who_never_heard_that_they_are_in_enrols_the_first_computer_once_more() {
    let clinic = Clinic::open().await;
    let operator = Operator::of(&clinic).await;
    // As after an import, with which no password came.
    operator.reset_password(&clinic, EMAIL).await;
    operator.add_nurse(&clinic, LATA).await;
    assert_eq!(operator.lets_in(&clinic, EMAIL).await.status(), 200);
    assert_eq!(operator.lets_in(&clinic, EMAIL).await.status(), 200, "the answer before got lost");
    let other = refused(operator.lets_in(&clinic, LATA).await).await;
    assert_eq!(other.code, ErrorCode::Invalid, "another enrolled it");
    clinic.sql("update users set one_time_until = one_time_until + interval '1 hour'").await;
    let later = refused(operator.lets_in(&clinic, EMAIL).await).await;
    assert_eq!(later.code, ErrorCode::Invalid, "that password was given after the first computer");
}

#[tokio::test]
async fn a_password_that_the_operator_gives_serves_for_a_day_and_asks_for_another_one() {
    let clinic = Clinic::open().await;
    let operator = Operator::of(&clinic).await;
    let desk = clinic.desk().await;
    operator.add_nurse(&clinic, LATA).await;
    let session = desk.sign_in(LATA).await;
    assert!(session.notices.iter().any(|notice| notice.code == NoticeCode::PasswordChangeRequired));
    let within_a_day = "users where email like 'lata@%' and must_change_password
                        and one_time_until between now() + interval '23 hours' and now() + interval '1 day'";
    assert_eq!(clinic.count(within_a_day).await, 1);
    clinic
        .sql("update users set one_time_until = now() - interval '1 second' where email like 'lata@%'")
        .await;
    let late = refused(desk.login(LATA, PASSWORD).await).await;
    assert_eq!((late.status, late.code), (401, ErrorCode::WrongCode));
}

#[tokio::test]
async fn who_was_added_as_the_first_and_never_heard_that_they_are_in_enrols_once_more() {
    let clinic = Clinic::open().await;
    let operator = Operator::of(&clinic).await;
    operator.add_nurse(&clinic, LATA).await;
    assert_eq!(operator.lets_in(&clinic, LATA).await.status(), 200);
    assert_eq!(operator.lets_in(&clinic, LATA).await.status(), 200, "the answer before got lost");
}

#[tokio::test]
async fn a_member_of_staff_whom_the_operator_adds_can_sign_in() {
    let clinic = Clinic::open().await;
    let operator = Operator::of(&clinic).await;
    let add = UserAdd {
        tenant_code: clinic.registered.tenant_code.clone(),
        email: "Farhan@Sunrise.example".into(),
        name: "Dr. Farhan Shaikh".into(),
        roles: vec![Role::Dentist],
        registration_number: Some("A-30417".into()),
        registration_council: Some("MSDC".into()),
        qualifications: Some("BDS".into()),
        password: operator.password(),
        output: OutputOptions { json: true },
    };
    let run = |add: UserAdd| {
        let operator = &operator;
        async move { run_user(&operator.db, &operator.passwords, UserCommand::Add(add), &mut Vec::new()).await }
    };
    let nameless = UserAdd { registration_number: None, registration_council: None, ..add.clone() };
    assert!(run(nameless).await.is_err());
    run(add.clone()).await.expect("added");
    assert!(run(add).await.expect_err("there already").to_string().contains("this e-mail"));
    let session = clinic.desk().await.sign_in("farhan@sunrise.example").await;
    assert_eq!(session.user.roles.0, [Role::Dentist]);
    assert!(session.user.doctor_id.is_some());
}

#[tokio::test]
async fn the_catalogue_gets_a_new_version_only_when_a_row_changes() {
    let clinic = Clinic::open().await;
    let medicines = i64::try_from(catalogue::medicines().len()).expect("a number");
    assert_eq!(clinic.count("catalogue where version = 1").await, 1);
    assert_eq!(clinic.count("medicines where catalogue_version = 1 and is_active").await, medicines);
    let url = &clinic.server.database().ops.0;
    let mut connection = PgConnection::connect(url).await.expect("the database");
    sqlx::raw_sql("set search_path = clinic").execute(&mut connection).await.expect("a good statement");

    catalogue::store(&mut connection).await.expect("stored");
    assert_eq!(clinic.count("catalogue where version = 1").await, 1);

    let paracetamol = catalogue::find("Paracetamol", "500 mg", "tablet").expect("in the file").id;
    clinic.sql(&format!("update medicines set schedule = 'X' where id = '{paracetamol}'")).await;
    clinic
        .sql(
            "insert into medicines (id, generic_name, dosage_form, route, search_text, catalogue_version)
             values ('00000000-0000-8000-8000-000000000000', 'Gone', 'tablet', 'oral', 'gone', 1),
                    ('00000000-0000-4000-8000-000000000000', 'By hand', 'tablet', 'oral', 'by hand', 1)",
        )
        .await;
    catalogue::store(&mut connection).await.expect("stored");
    assert_eq!(clinic.count("catalogue where version = 2").await, 1);
    assert_eq!(clinic.count("medicines where catalogue_version = 2").await, 2);
    assert_eq!(clinic.count(&format!("medicines where id = '{paracetamol}' and schedule = 'none'")).await, 1);
    assert_eq!(clinic.count("medicines where generic_name = 'Gone' and not is_active").await, 1);
    assert_eq!(clinic.count("medicines where generic_name = 'By hand' and is_active").await, 1);
}

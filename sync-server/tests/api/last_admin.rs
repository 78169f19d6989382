//! A tenant whose admins are all lost gets one back: two operators, a day in the sight of its desktops, and whoever objects
//! there ends it.

use clinic_sync::Db;
use clinic_sync::auth::password::{PasswordCost, Passwords};
use clinic_sync::auth::person::is_known;
use clinic_sync::operator::{
    AdminCancel, AdminConfirm, AdminFinish, AdminRestore, OutputOptions, PasswordSource, UserAdd,
    UserCommand, UserReset, run_user,
};
use protocol::api::{Notice, NoticeCode, PullLine, TenantInfo};
use protocol::id::UserId;
use protocol::permission::Role;
use reqwest::StatusCode;
use serde_json::Value;
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

use crate::clinic::{Clinic, Desk, body};
use crate::staff::{person, token};

const JSON: OutputOptions = OutputOptions { json: true };

/// A tenant, its operators, and the doctor who is to become an admin.
struct Lost {
    clinic: Clinic,
    desk: Desk,
    doctor: UserId,
    db: Db,
    folder: TempDir,
}

impl Lost {
    async fn new() -> Self {
        let clinic = Clinic::open().await;
        let desk = clinic.desk().await;
        let doctor = person(&clinic, &desk, Role::Doctor).await;
        let db = clinic.server.database().ops_db().await;
        let folder = TempDir::new().expect("a folder");
        std::fs::write(folder.path().join("password"), "nine purple kettles").expect("written");
        Self { clinic, desk, doctor, db, folder }
    }

    fn code(&self) -> String {
        self.clinic.registered.tenant_code.clone()
    }

    fn password(&self) -> PasswordSource {
        PasswordSource { password_file: Some(self.folder.path().join("password")) }
    }

    async fn run(&self, command: UserCommand) -> anyhow::Result<Value> {
        let mut out = Vec::new();
        run_user(&self.db, &Passwords::new(PasswordCost::LEAST), command, &mut out).await?;
        Ok(serde_json::from_slice(&out)?)
    }

    /// Meera asks. Answers with the code for the other operator.
    async fn ask(&self) -> String {
        let options = AdminRestore {
            tenant_code: self.code(),
            email: format!("{}@example.org", self.doctor),
            operator: "Meera".into(),
            reason: "The owner has died.".into(),
            output: JSON,
        };
        let told = self.run(UserCommand::RestoreAdmin(options)).await.expect("asked");
        told["code"].as_str().expect("a code").to_owned()
    }

    async fn confirm(&self, operator: &str, code: &str) -> anyhow::Result<Value> {
        let code_file = self.folder.path().join("code");
        std::fs::write(&code_file, format!("{code}\n")).expect("written");
        let options = AdminConfirm {
            tenant_code: self.code(),
            operator: operator.into(),
            code_file: Some(code_file),
            output: JSON,
        };
        self.run(UserCommand::ConfirmAdmin(options)).await
    }

    async fn asked_and_confirmed(&self) {
        let code = self.ask().await;
        self.confirm("Ravi", &code).await.expect("confirmed");
    }

    async fn finish(&self) -> anyhow::Result<Value> {
        let options = AdminFinish { tenant_code: self.code(), password: self.password(), output: JSON };
        self.run(UserCommand::FinishAdmin(options)).await
    }

    async fn cancel(&self) -> anyhow::Result<Value> {
        self.run(UserCommand::CancelAdmin(AdminCancel { tenant_code: self.code(), output: JSON })).await
    }

    async fn a_day_later(&self) {
        self.clinic.sql("update admin_restorations set confirmed_at = now() - interval '25 hours'").await;
    }

    /// Whether the doctor comes in with an operator's code.
    async fn is_known(&self) -> bool {
        let mut tx = self.db.read(self.desk.tenant).await.expect("a transaction");
        is_known(&mut tx, self.desk.tenant.0, self.doctor.0).await.expect("an answer")
    }

    /// How many are an admin who must choose a password now.
    async fn new_admins(&self) -> i64 {
        let sql = "select count(*) from clinic.users
                   where 'admin' = any (roles) and must_change_password and one_time_until > now()";
        self.clinic.number(sql).await
    }
}

async fn notices(desk: &Desk) -> Vec<Notice> {
    let info: TenantInfo = body(desk.get("/v1/tenant").await).await.expect("the tenant");
    info.notices
}

async fn object(desk: &Desk) -> StatusCode {
    let builder = desk.client.post(format!("{}/v1/tenant/objection", desk.url));
    desk.request(builder).send().await.expect("the server answers").status()
}

#[tokio::test]
async fn two_operators_make_an_admin_after_a_day_in_which_every_desktop_says_so() {
    let mut lost = Lost::new().await;
    let code = lost.ask().await;
    assert_eq!(notices(&lost.desk).await, [], "nobody has confirmed it");
    assert!(lost.finish().await.expect_err("not confirmed").to_string().contains("not confirmed"));
    let alone = lost.confirm(" meera", &code).await.expect_err("the same person");
    assert!(alone.to_string().contains("another person"), "{alone}");
    assert!(lost.confirm("Ravi", "0000-0000-0000-0000").await.is_err(), "another code");
    lost.confirm("Ravi", &code.to_lowercase()).await.expect("confirmed");
    assert!(lost.confirm("Ravi", &code).await.is_err(), "once is enough");

    let said = notices(&lost.desk).await;
    assert!(said[0].code == NoticeCode::AdminComes && said[0].detail.contains("Someone Else"), "{said:?}");
    let lines = lost.desk.pull("").await;
    let PullLine::Head { notices: pulled, .. } = &lines[0] else { panic!("{lines:?}") };
    assert_eq!(*pulled, said, "whoever syncs is told");

    let early = lost.finish().await.expect_err("too early");
    assert!(early.to_string().contains("Not before"), "{early}");
    assert_eq!(lost.new_admins().await, 0);
    lost.a_day_later().await;
    lost.finish().await.expect("an admin");
    assert_eq!(lost.new_admins().await, 1);
    assert!(lost.is_known().await, "they come in with an operator's code");
    assert_eq!(notices(&lost.desk).await, []);
    assert!(lost.finish().await.is_err(), "once");
    lost.clinic.sql("update users set one_time_until = one_time_until + interval '1 hour'").await;
    assert!(!lost.is_known().await, "not with a password that one operator gave them later");
    let sql = "select count(*) from clinic.tenant_audit_log where action = 'operator_access'";
    assert_eq!(lost.clinic.number(sql).await, 3, "each step is in the tenant's log");
    lost.desk.token = token(&lost.clinic, &lost.desk, lost.doctor, Role::Doctor);
    assert_eq!(lost.desk.get("/v1/tenant").await.status(), StatusCode::UNAUTHORIZED, "their sign-ins ended");
}

#[tokio::test]
async fn whoever_objects_ends_it() {
    for role in [Role::Doctor, Role::Dentist, Role::Admin] {
        let mut lost = Lost::new().await;
        let neighbour = lost.clinic.neighbour().await;
        lost.asked_and_confirmed().await;
        assert_eq!(object(&neighbour).await, StatusCode::NOT_FOUND, "nothing of another tenant");
        let objector = person(&lost.clinic, &lost.desk, role).await;
        lost.desk.token = token(&lost.clinic, &lost.desk, objector, role);
        assert_eq!(notices(&lost.desk).await.len(), 1);
        assert_eq!(object(&lost.desk).await, StatusCode::NO_CONTENT, "{role:?}");
        assert_eq!(object(&lost.desk).await, StatusCode::NOT_FOUND, "it is over");
        assert_eq!(notices(&lost.desk).await, []);
        lost.a_day_later().await;
        let refused = lost.finish().await.expect_err("objected");
        assert!(refused.to_string().contains("Someone Else"), "{refused}");
        assert_eq!(lost.new_admins().await, 0);
        let sql = format!(
            "select count(*) from clinic.tenant_audit_log
             where table_name = 'admin_restorations' and action = 'update' and user_id = '{objector}'"
        );
        assert_eq!(lost.clinic.number(&sql).await, 1, "{role:?}");
    }
}

#[tokio::test]
async fn a_code_is_good_for_an_hour_and_what_was_asked_can_be_asked_anew_or_cancelled() {
    let lost = Lost::new().await;
    let first = lost.ask().await;
    lost.clinic.sql("update admin_restorations set asked_at = asked_at - interval '2 hours'").await;
    assert!(lost.confirm("Ravi", &first).await.expect_err("too late").to_string().contains("an hour"));
    let second = lost.ask().await;
    assert!(lost.confirm("Ravi", &first).await.is_err(), "that one is over");
    lost.confirm("Ravi", &second).await.expect("confirmed");
    lost.cancel().await.expect("cancelled");
    assert_eq!(notices(&lost.desk).await, []);
    lost.a_day_later().await;
    assert!(lost.finish().await.is_err() && lost.cancel().await.is_err());
    assert_eq!(lost.new_admins().await, 0);
}

#[tokio::test]
async fn an_operator_alone_makes_nobody_an_admin() {
    let lost = Lost::new().await;
    let add = UserAdd {
        tenant_code: lost.code(),
        email: "owner@example.org".into(),
        name: "Ravi Menon".into(),
        roles: vec![Role::Admin],
        registration_number: None,
        registration_council: None,
        qualifications: None,
        password: lost.password(),
        output: JSON,
    };
    let refused = lost.run(UserCommand::Add(add.clone())).await.expect_err("there is an admin");
    assert!(refused.to_string().contains("restore-admin"), "{refused}");
    // Nor once all of them are revoked, which an operator can do alone.
    lost.clinic.sql("update devices set revoked_at = now()").await;
    lost.run(UserCommand::Add(add.clone())).await.expect_err("there was a computer");
    // Where nobody worked yet, as after an import, there is nobody to object.
    let new = Clinic::open().await;
    let code = new.registered.tenant_code.clone();
    let (db, mut out) = (new.server.database().ops_db().await, Vec::new());
    let add = UserAdd { tenant_code: code, ..add };
    run_user(&db, &Passwords::new(PasswordCost::LEAST), UserCommand::Add(add), &mut out)
        .await
        .expect("the first");
}

#[tokio::test]
async fn who_becomes_an_admin_meanwhile_gets_no_password_of_an_operator() {
    let lost = Lost::new().await;
    let url = &lost.clinic.server.database().admin.0;
    let mut other = PgConnection::connect(url).await.expect("a connection");
    let mut watching = PgConnection::connect(url).await.expect("a connection");
    let mut promotion = other.begin().await.expect("a transaction");
    sqlx::query("update clinic.users set roles = array_append(roles, 'admin') where id = $1")
        .bind(lost.doctor.0)
        .execute(&mut *promotion)
        .await
        .expect("a good statement");
    let reset = UserReset {
        tenant_code: lost.code(),
        email: format!("{}@example.org", lost.doctor),
        yes: true,
        password: lost.password(),
        output: JSON,
    };
    let promoted = async {
        let waits = "select exists (select from pg_stat_activity
                                    where datname = current_database() and wait_event_type = 'Lock')";
        for _ in 0..20_000 {
            if sqlx::query_scalar(waits).fetch_one(&mut watching).await.expect("an answer") {
                break;
            }
        }
        promotion.commit().await.expect("committed");
    };
    let (told, ()) = tokio::join!(lost.run(UserCommand::ResetPassword(reset)), promoted);
    let refused = told.expect_err("they are an admin").to_string();
    assert!(refused.contains("They are an admin"), "{refused}");
    assert_eq!(lost.new_admins().await, 0);
}

//! `clinic-sync tenant usage`, as whoever bills runs it, and what other logins hear.

use std::process::Stdio;

use protocol::api::Secret;
use serde_json::Value;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::clinic::{Clinic, new_patient};

/// What the program answers to this login, and what it says if it refuses.
async fn command(login: &Secret, arguments: &[&str]) -> Result<Value, String> {
    let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_clinic-sync"))
        .args(arguments)
        .arg("--json")
        .env("DATABASE_URL", &login.0)
        .env_remove("CLINIC_SYNC_APP_DATABASE_URL")
        .stdin(Stdio::null())
        .output()
        .await
        .expect("the program runs");
    if output.status.success() {
        return Ok(serde_json::from_slice(&output.stdout).expect("JSON"));
    }
    Err(String::from_utf8(output.stderr).expect("text"))
}

#[tokio::test]
async fn the_login_for_reports_runs_tenant_usage_and_nothing_else() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    desk.write(vec![new_patient(Uuid::now_v7(), "Sunita")]).await;
    let database = clinic.server.database();
    for login in [&database.report, &database.ops] {
        let counted = command(login, &["tenant", "usage"]).await.expect("counts");
        assert_eq!(counted[0]["tenant_code"], clinic.registered.tenant_code.as_str());
        assert_eq!(counted[0]["patients"], 1);
    }
    let code = clinic.registered.tenant_code.as_str();
    let sheets = tempfile::tempdir().expect("a folder");
    let sheets = sheets.path().join("sheets");
    let sheets = sheets.to_str().expect("text");
    for arguments in [
        ["tenant", "list"].as_slice(),
        &["tenant", "show", "--tenant-code", code],
        &["tenant", "export", "--tenant-code", code, "--csv", sheets],
        &["device", "list", "--tenant-code", code],
        &["audit", "verify"],
    ] {
        for login in [&database.report, &database.app] {
            let said = command(login, arguments).await.expect_err("refused");
            assert!(said.contains("clinic_ops"), "{arguments:?}: {said}");
            assert!(!said.contains("There is no tenant"), "{arguments:?}: {said}");
        }
    }
    let said = command(&database.app, &["tenant", "usage"]).await.expect_err("refused");
    assert!(said.contains("clinic_report") && !said.contains("permission denied"), "{said}");
}

#[tokio::test]
async fn counting_takes_as_long_as_it_takes_and_one_tenant_is_counted_alone() {
    let clinic = Clinic::open().await;
    clinic.neighbour().await;
    let database = clinic.server.database();
    let mut admin = PgConnection::connect(&database.admin.0).await.expect("a connection");
    // In place of the counting: who asks, and how.
    sqlx::raw_sql(
        "create or replace function clinic.tenant_usage(only_code text)
         returns table (
             tenant_code text, tenant_name text, subscription_plan text, is_active boolean,
             suspended_at timestamptz, expires_at timestamptz, max_doctors int, max_patients int,
             clinics bigint, users bigint, doctors bigint, devices bigint, patients bigint,
             prescriptions bigint, last_seen_at timestamptz
         )
         language sql stable as $$
             select coalesce(only_code, 'all'), current_setting('statement_timeout'), '', true, null::timestamptz,
                    null::timestamptz, 0, 0, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint,
                    null::timestamptz
         $$",
    )
    .execute(&mut admin)
    .await
    .expect("replaced");
    let code = clinic.registered.tenant_code.as_str();
    for (arguments, asked) in [
        (["tenant", "list"].as_slice(), "all"),
        (&["tenant", "usage"], "all"),
        (&["tenant", "show", "--tenant-code", code], code),
    ] {
        let answer = command(&database.ops, arguments).await.expect("an answer");
        let row = if answer.is_array() { &answer[0] } else { &answer };
        assert_eq!((&row["tenant_code"], &row["tenant_name"]), (&asked.into(), &"0".into()), "{arguments:?}");
    }
}

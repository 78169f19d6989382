//! What an operator does after a restore, and what desktops are then told.

use clinic_sync::auth::password::{PasswordCost, Passwords};
use clinic_sync::operator::{EpochTenants, TenantCommand, TenantNewEpoch, TenantRelease, run_tenant};
use protocol::api::{EpochState, Fate};
use protocol::error::ErrorCode;
use protocol::id::Epoch;
use protocol::manage::RevokeRequest;
use protocol::mutation::Hash;
use reqwest::StatusCode;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use uuid::Uuid;

use crate::clinic::{Clinic, Desk, new_patient};
use crate::revoked::{farewell, handover, revoke};

fn all() -> EpochTenants {
    EpochTenants { tenant_code: None, all: true }
}

async fn run(clinic: &Clinic, command: TenantCommand) -> Value {
    let passwords = Passwords::new(PasswordCost::LEAST);
    let db = clinic.server.database().ops_db().await;
    let mut out = Vec::new();
    run_tenant(&db, &passwords, command, &mut out).await.expect("done");
    let said: Value = serde_json::from_slice(&out).expect("JSON");
    said[0].clone()
}

async fn new_epoch(clinic: &Clinic, hold: bool, yes: bool) -> Value {
    run(clinic, TenantCommand::NewEpoch(TenantNewEpoch { tenants: all(), hold, yes, json: true })).await
}

async fn state(desk: &Desk) -> EpochState {
    desk.get("/v1/sync/epoch").await.json().await.expect("where it stands")
}

async fn code(desk: &Desk, path: &str) -> String {
    let response = desk.get(path).await;
    assert_eq!(response.status(), StatusCode::CONFLICT, "{path}");
    let problem: Value = response.json().await.expect("a problem");
    problem["code"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_new_epoch_leaps_ahead_and_every_desktop_learns_how_far_the_server_has_come_with_it() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    assert_eq!(state(&desk).await.last_sequence, 0);
    assert_eq!(state(&desk).await.last_hash, Hash::ZERO);
    let first = desk.sign(vec![new_patient(Uuid::now_v7(), "Sunita")]);
    let hash = first.hash;
    let head = desk.push(vec![first]).await.expect("taken").head;
    let before = state(&desk).await;
    assert_eq!((before.epoch, before.version, before.last_sequence), (desk.epoch, head, 1));
    assert_eq!(before.last_hash, hash);
    assert_eq!(new_epoch(&clinic, false, false).await["state"], "unchanged");
    assert_eq!(state(&desk).await, before, "without --yes nothing is done");
    let said = new_epoch(&clinic, false, true).await;
    assert_eq!(said["state"], "begun");
    let now = state(&desk).await;
    assert!(now.version >= head + 1_000_000 && now.last_sequence == 1, "{now:?}");
    assert_eq!(said["epoch"], now.epoch.to_string());
    for path in ["pull", "bootstrap", "digest"] {
        assert_eq!(
            code(&desk, &format!("/v1/sync/{path}?epoch={}", desk.epoch)).await,
            "epoch_changed",
            "{path}"
        );
    }
    let signed = desk.sign(vec![new_patient(Uuid::now_v7(), "Farida")]);
    let refused = desk.push(vec![signed.clone()]).await.expect_err("another epoch");
    assert_eq!(refused.code, ErrorCode::EpochChanged);
    desk.epoch = now.epoch;
    let pushed = desk.push(vec![signed]).await.expect("taken");
    assert_eq!((pushed.head, pushed.receipts[0].fate), (now.version + 1, Fate::Applied));
}

#[tokio::test]
async fn a_backup_that_is_restored_twice_gives_no_version_a_second_time() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let backup = state(&desk).await.version;
    new_epoch(&clinic, false, true).await;
    desk.epoch = state(&desk).await.epoch;
    let patient = desk.sign(vec![new_patient(Uuid::now_v7(), "Sunita")]);
    let lost = desk.push(vec![patient]).await.expect("taken").head;
    let mut admin = PgConnection::connect(&clinic.server.database().admin.0).await.expect("a database");
    let back = format!("update clinic.tenant_sync set version = {backup}");
    sqlx::raw_sql(AssertSqlSafe(back)).execute(&mut admin).await.expect("as the backup has it");
    new_epoch(&clinic, false, true).await;
    assert!(state(&desk).await.version > lost, "what some desktop has is told from what comes now");
}

#[tokio::test]
async fn while_the_operator_looks_no_desktop_is_served_and_none_is_told_another_reason() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    desk.write(vec![new_patient(Uuid::now_v7(), "Sunita")]).await;
    let epoch: Epoch =
        serde_json::from_value(new_epoch(&clinic, true, true).await["epoch"].clone()).expect("an epoch");
    for epoch in [desk.epoch, epoch] {
        for path in ["pull", "bootstrap", "digest"] {
            assert_eq!(code(&desk, &format!("/v1/sync/{path}?epoch={epoch}")).await, "epoch_held", "{path}");
        }
    }
    assert_eq!(code(&desk, "/v1/sync/epoch").await, "epoch_held");
    let signed = desk.sign(vec![new_patient(Uuid::now_v7(), "Farida")]);
    assert_eq!(desk.push(vec![signed.clone()]).await.expect_err("held").code, ErrorCode::EpochHeld);
    let release = || TenantCommand::Release(TenantRelease { tenants: all(), json: true });
    assert_eq!(run(&clinic, release()).await["state"], "released");
    assert_eq!(run(&clinic, release()).await["state"], "unchanged");
    desk.epoch = state(&desk).await.epoch;
    assert_eq!(desk.epoch, epoch);
    desk.push(vec![signed]).await.expect("taken");
    assert_eq!(desk.rows().await.iter().filter(|row| row.values.contains_key("first_name_norm")).count(), 2);
}

#[tokio::test]
async fn while_the_operator_looks_nothing_is_taken_from_a_computer_out_of_service_and_it_keeps_what_it_has() {
    let clinic = Clinic::open().await;
    let (admin, mut desk) = (clinic.desk().await, clinic.desk().await);
    revoke(&admin, &desk, &RevokeRequest::default()).await.expect("revoked");
    new_epoch(&clinic, true, true).await;
    let signed = desk.sign(vec![new_patient(Uuid::now_v7(), "Sunita")]);
    let refused = handover(&desk, vec![signed.clone()]).await.expect_err("held");
    assert_eq!(refused.code, ErrorCode::EpochHeld);
    assert_eq!(farewell(&desk).await.status(), StatusCode::CONFLICT, "nor is it let go");
    run(&clinic, TenantCommand::Release(TenantRelease { tenants: all(), json: true })).await;
    handover(&desk, vec![signed]).await.expect("taken");
    assert_eq!(farewell(&desk).await.status(), StatusCode::OK);
}

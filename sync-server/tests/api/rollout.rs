//! Who gets a feature first, from the operator's command to what a desktop is told.

use std::collections::BTreeSet;

use clinic_sync::features::command::{RolloutCommand, RolloutSet, run_rollout};
use clinic_sync::features::place;
use clinic_sync::operator::OutputOptions;
use clinic_sync::{Db, features};
use protocol::api::TenantInfo;
use protocol::id::TenantId;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::clinic::{Clinic, Desk, body};

struct Operator(Db);

impl Operator {
    async fn of(clinic: &Clinic) -> Self {
        Self(clinic.server.database().ops_db().await)
    }

    async fn set(&self, percent: Option<i16>, tenant_code: Option<&str>, off: bool) -> anyhow::Result<()> {
        let feature = "lab_orders".parse().expect("a name");
        let tenant_code = tenant_code.map(str::to_owned);
        let set = RolloutCommand::Set(RolloutSet { feature, percent, tenant_code, off });
        run_rollout(&self.0, set, &mut Vec::new()).await
    }

    async fn show(&self) -> Value {
        let mut out = Vec::new();
        let show = RolloutCommand::Show(OutputOptions { json: true });
        run_rollout(&self.0, show, &mut out).await.expect("a list");
        serde_json::from_slice(&out).expect("JSON")
    }
}

async fn code(desk: &Desk) -> String {
    body::<TenantInfo>(desk.get("/v1/tenant").await).await.expect("a tenant").tenant_code
}

async fn has_it(desk: &Desk) -> bool {
    let info: TenantInfo = body(desk.get("/v1/tenant").await).await.expect("a tenant");
    assert!(info.features.is_subset(&BTreeSet::from(["lab_orders".to_owned()])));
    !info.features.is_empty()
}

#[tokio::test]
async fn one_tenant_has_a_feature_first_then_all_and_off_is_off_for_everybody() {
    let clinic = Clinic::open().await;
    let (desk, neighbour) = (clinic.desk().await, clinic.neighbour().await);
    let operator = Operator::of(&clinic).await;
    assert!(!has_it(&desk).await);
    operator.set(None, Some(&code(&desk).await), false).await.expect("set");
    assert_eq!((has_it(&desk).await, has_it(&neighbour).await), (true, false));
    operator.set(Some(100), None, false).await.expect("set");
    operator.set(None, Some(&code(&neighbour).await), true).await.expect("set");
    assert_eq!((has_it(&desk).await, has_it(&neighbour).await), (true, false));
    assert_eq!(
        operator.show().await,
        json!([{"feature": "lab_orders", "percent": 100, "tenants_on": 1, "tenants_off": 1}])
    );
    operator.set(None, None, true).await.expect("set");
    assert_eq!((has_it(&desk).await, has_it(&neighbour).await), (false, false));
    assert_eq!(operator.show().await, json!([]));
}

#[tokio::test]
async fn whoever_has_a_feature_keeps_it_when_the_percentage_grows() {
    let clinic = Clinic::open().await;
    let operator = Operator::of(&clinic).await;
    let db = clinic.server.database().app_db().await;
    let mut tenants = Vec::new();
    for number in 0..30 {
        let tenant = TenantId::new();
        let made = db.create_tenant(tenant, &format!("CODE{number}"), "A clinic").await.expect("a tenant");
        made.commit().await.expect("committed");
        tenants.push(tenant);
    }
    for percent in [1, 10, 50, 100] {
        operator.set(Some(percent), None, false).await.expect("set");
        for tenant in &tenants {
            let mut tx = db.read(*tenant).await.expect("a transaction");
            let has = !features::of_tenant(&mut tx, *tenant).await.expect("features").is_empty();
            assert_eq!(has, i16::from(place(*tenant)) < percent, "{percent}");
        }
    }
}

#[tokio::test]
async fn what_else_a_tenant_has_set_stays_and_what_is_no_word_counts_for_nothing() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let operator = Operator::of(&clinic).await;
    let mut admin = PgConnection::connect(&clinic.server.database().admin.0).await.expect("a connection");
    let set = |settings: Value| {
        sqlx::query("update clinic.tenants set settings = $2 where id = $1")
            .bind(desk.tenant.0)
            .bind(settings)
    };
    set(json!({"print": {"copies": 2}, "features": {"other": false}}))
        .execute(&mut admin)
        .await
        .expect("set");
    operator.set(None, Some(&code(&desk).await), false).await.expect("set");
    let settings: Value = sqlx::query_scalar("select settings from clinic.tenants where id = $1")
        .bind(desk.tenant.0)
        .fetch_one(&mut admin)
        .await
        .expect("settings");
    assert_eq!(settings, json!({"print": {"copies": 2}, "features": {"other": false, "lab_orders": true}}));
    for own in [json!({"features": {"lab_orders": "yes"}}), json!({"features": 1}), json!([])] {
        set(own).execute(&mut admin).await.expect("set");
        assert!(!has_it(&desk).await);
    }
}

#[tokio::test]
async fn a_tenant_or_a_feature_that_is_not_there_is_said() {
    let clinic = Clinic::open().await;
    let operator = Operator::of(&clinic).await;
    let error = operator.set(None, Some("NOBODY"), false).await.expect_err("no tenant").to_string();
    assert!(error.contains("no tenant NOBODY"), "{error}");
    let error = operator.set(None, None, true).await.expect_err("no feature").to_string();
    assert!(error.contains("no feature lab_orders"), "{error}");
    assert_eq!(operator.show().await, json!([]));
}

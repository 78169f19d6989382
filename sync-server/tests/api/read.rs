use protocol::api::TenantInfo;
use protocol::table::Row;
use reqwest::StatusCode;
use serde_json::json;
use uuid::Uuid;

use crate::clinic::{Clinic, body, client, new_patient};

#[tokio::test]
async fn what_is_anothers_what_does_not_exist_and_what_is_no_id_get_the_same_answer() {
    let clinic = Clinic::open().await;
    let (mut desk, mut neighbour) = (clinic.desk().await, clinic.neighbour().await);
    let (own, foreign) = (Uuid::now_v7(), Uuid::now_v7());
    desk.write(vec![new_patient(own, "Sunita")]).await;
    neighbour.write(vec![new_patient(foreign, "Sunita")]).await;
    let row: Row = body(desk.get(&format!("/v1/patients/{own}")).await).await.expect("found");
    assert_eq!(row.values["first_name"], json!("Sunita"));
    let mut answers = Vec::new();
    for id in [foreign.to_string(), Uuid::now_v7().to_string(), "1'--".to_owned()] {
        for table in ["patients", "prescriptions"] {
            let response = desk.get(&format!("/v1/{table}/{id}")).await;
            assert_eq!(response.status(), StatusCode::NOT_FOUND);
            assert_eq!(response.headers()["content-type"], "application/problem+json");
            answers.push(response.text().await.expect("a body"));
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
    assert_eq!(desk.get("/v1/nothing").await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_desktop_knows_its_tenant() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let info: TenantInfo = body(desk.get("/v1/tenant").await).await.expect("a tenant");
    assert_eq!(info.tenant_id, desk.tenant);
    assert_eq!(info.epoch, desk.epoch);
    assert_eq!(info.tenant_code, clinic.registered.tenant_code);
}

#[tokio::test]
async fn a_healthy_server_says_so() {
    let clinic = Clinic::open().await;
    for path in ["healthz", "readyz"] {
        let response = client().get(format!("{}/{path}", clinic.server.url())).send().await;
        assert_eq!(response.expect("an answer").status(), StatusCode::NO_CONTENT);
    }
}

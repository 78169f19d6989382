//! Clinics of one tenant, as its admin adds and changes them.

use protocol::api::DeviceScope;
use protocol::table::{Row, TableName};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::clinic::{Clinic, Desk, body, new_patient};

async fn send(desk: &Desk, method: Method, path: &str, body: Value) -> Response {
    let request = desk.client.request(method, format!("{}{path}", desk.url)).json(&body);
    desk.request(request).send().await.expect("an answer")
}

async fn add(desk: &Desk, values: Value) -> Result<Row, String> {
    body(send(desk, Method::POST, "/v1/clinics", values).await).await.map_err(|problem| problem.detail)
}

async fn change(desk: &Desk, id: Uuid, values: Value) -> Result<Row, String> {
    let response = send(desk, Method::PATCH, &format!("/v1/clinics/{id}"), values).await;
    body(response).await.map_err(|problem| problem.detail)
}

#[tokio::test]
async fn a_second_clinic_shares_the_patients_and_has_its_own_letterhead_and_hours() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let patient = Uuid::now_v7();
    desk.write(vec![new_patient(patient, "Sunita")]).await;
    let letterhead = json!({"lines": ["Asha Clinic, Bandra"]});
    let hours = json!({"mon": [["09:00", "13:00"]]});
    let row = add(
        &desk,
        json!({
            "clinic_name": "Asha Bandra", "clinic_code": " bandra ", "city": "Mumbai",
            "time_zone": "Asia/Kolkata", "letterhead": letterhead, "working_hours": hours,
        }),
    )
    .await
    .expect("added");
    assert_eq!(row.values["clinic_code"], "BANDRA");
    assert_eq!((&row.values["letterhead"], &row.values["working_hours"]), (&letterhead, &hours));
    assert_eq!((&row.values["is_primary"], &row.values["is_active"]), (&json!(false), &json!(true)));
    // Every desktop hears of it, and one that is enrolled there has the tenant's patients.
    assert!(desk.rows().await.contains(&row));
    let code = json!({"clinic_id": row.id, "scope": DeviceScope::Clinical});
    assert_eq!(send(&desk, Method::POST, "/v1/devices/codes", code).await.status(), 201);
    let listed: Vec<Row> = body(desk.get("/v1/clinics").await).await.expect("a list");
    assert_eq!(listed.len(), 2);
    assert!(listed.contains(&row));
}

#[tokio::test]
async fn what_is_changed_of_a_clinic_reaches_the_desktops_and_the_rest_stays() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let before = desk.rows().await.into_iter().find(|row| row.id == desk.clinic).expect("the clinic");
    let after =
        change(&desk, desk.clinic, json!({"phone": "022 2345", "email": null})).await.expect("changed");
    assert_eq!(after.values["phone"], "022 2345");
    assert_eq!(after.values["clinic_name"], before.values["clinic_name"]);
    assert!(after.version > before.version);
    assert!(desk.rows().await.contains(&after));
    assert_eq!(change(&desk, desk.clinic, json!({})).await.expect("nothing to do").values, after.values);
    let moved = change(&desk, desk.clinic, json!({"time_zone": "Asia/Kathmandu"})).await.expect("changed");
    assert_eq!(moved.values["time_zone"], "Asia/Kathmandu");
}

#[tokio::test]
async fn what_is_wrong_with_a_clinic_is_said() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let good = json!({"clinic_name": "Asha Bandra", "clinic_code": "BANDRA"});
    let with = |name: &str, value: Value| {
        let mut values = good.clone();
        values[name] = value;
        values
    };
    for (values, expected) in [
        (json!({}), "2 to 20 letters"),
        (with("clinic_code", json!("B")), "2 to 20 letters"),
        (with("clinic_code", json!("B\u{1F9B7}")), "2 to 20 letters"),
        (with("clinic_code", json!("asha")), "has this code"),
        (json!({"clinic_code": "BANDRA"}), "needs a name"),
        (with("clinic_name", json!("  ")), "clinic_name"),
        (with("clinic_name", json!("x".repeat(201))), "clinic_name"),
        (with("pincode", json!(400_050)), "pincode"),
        (with("time_zone", json!("Mars/Olympus")), "no such time zone"),
        (with("is_primary", json!(true)), "does not have or keeps"),
        (with("tenant_id", json!(Uuid::now_v7())), "does not have or keeps"),
        (with("letterhead", Value::Null), "letterhead"),
    ] {
        let detail = add(&desk, values).await.expect_err(expected);
        assert!(detail.contains(expected), "{detail}");
    }
    let unchanged: Vec<Row> = body(desk.get("/v1/clinics").await).await.expect("a list");
    assert_eq!(unchanged.len(), 1);
    for (values, expected) in [
        (json!({"clinic_code": "OTHER"}), "does not have or keeps"),
        (json!({"is_active": false}), "first clinic stays open"),
        (json!({"clinic_name": null}), "clinic_name"),
    ] {
        let detail = change(&desk, desk.clinic, values).await.expect_err(expected);
        assert!(detail.contains(expected), "{detail}");
    }
    assert!(change(&desk, Uuid::now_v7(), json!({})).await.expect_err("none").contains("no such record"));
}

#[tokio::test]
async fn a_clinic_that_is_closed_gets_no_new_computers() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let row =
        add(&desk, json!({"clinic_name": "Asha Bandra", "clinic_code": "BANDRA"})).await.expect("added");
    let code = json!({"clinic_id": row.id, "scope": DeviceScope::FrontDesk});
    change(&desk, row.id, json!({"is_active": false})).await.expect("closed");
    assert_eq!(send(&desk, Method::POST, "/v1/devices/codes", code.clone()).await.status(), 404);
    change(&desk, row.id, json!({"is_active": true})).await.expect("open");
    assert_eq!(send(&desk, Method::POST, "/v1/devices/codes", code).await.status(), 201);
}

#[tokio::test]
async fn two_tenants_may_use_the_same_code_for_their_clinics() {
    let clinic = Clinic::open().await;
    let (desk, neighbour) = (clinic.desk().await, clinic.neighbour().await);
    for desk in [&desk, &neighbour] {
        let row = add(desk, json!({"clinic_name": "Bandra", "clinic_code": "BANDRA"})).await.expect("added");
        assert_eq!(row.table, TableName::Clinics);
        let listed: Vec<Row> = body(desk.get("/v1/clinics").await).await.expect("a list");
        assert_eq!(listed.len(), 2);
    }
}

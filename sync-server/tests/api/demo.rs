//! The sample tenant.

use std::collections::BTreeMap;

use clinic_sync::auth::password::PasswordCost;
use clinic_sync::demo::{DemoOptions, create};
use ed25519_dalek::SigningKey;
use protocol::api::{EnrolResponse, PROTOCOL_HEADER, PullLine, Secret};
use protocol::mutation::Hash;
use protocol::prescription::content_hash;
use protocol::table::{Row, TableName, Values};
use serde_json::Value;
use time::macros::date;
use uuid::Uuid;

use crate::desk::{Clinic, Desk, EMAIL, PASSWORD, enrol_request};

fn options(tenant_code: &str) -> DemoOptions {
    DemoOptions {
        tenant_code: tenant_code.into(),
        patients: 60,
        seed: 7,
        today: Some(date!(2026 - 11 - 23)),
        json: true,
    }
}

async fn make(clinic: &Clinic, options: &DemoOptions) -> Value {
    let db = clinic.server.database().ops_db().await;
    create(&db, options, PasswordCost::LEAST).await.expect("a tenant")
}

/// The staff's computer, enrolled with the doctor's printed password.
async fn desk(clinic: &Clinic, made: &Value, person: usize) -> Desk {
    let code = made["tenant_code"].as_str().expect("a code");
    let code = clinic.server.enrolment_code(code).await.expect("a code");
    let text = |name: &str| made["staff"][person][name].as_str().expect("text");
    let key = SigningKey::from_bytes(&rand::random());
    let request = enrol_request(&key, &code, text("email"), text("password"));
    let response = clinic.post("/v1/devices/enrol", &request).await;
    assert_eq!(response.status(), 200);
    let enrolled: EnrolResponse = response.json().await.expect("an enrolment");
    clinic.desk_of(key, enrolled)
}

/// Everything that a new computer gets.
async fn pull(clinic: &Clinic, desk: &Desk) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut after = String::new();
    let epoch: Uuid = {
        let response = desk.ask(desk.token()).await;
        let info: protocol::api::TenantInfo = response.json().await.expect("the tenant");
        info.epoch.0
    };
    loop {
        let url = format!("{}/v1/sync/pull?epoch={epoch}{after}", clinic.server.url());
        let request = clinic.http.get(url).header(PROTOCOL_HEADER, protocol::PROTOCOL_VERSION);
        let response = request.bearer_auth(desk.token()).send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        let text = response.text().await.expect("lines");
        let mut goes_on = None;
        for line in text.lines() {
            match serde_json::from_str(line).expect("a line") {
                PullLine::Head { .. } => {}
                PullLine::Row(row) => rows.push(row),
                PullLine::Unknown(row) => panic!("{}", row.position()),
                PullLine::End { more } => goes_on = Some(more),
            }
        }
        if !goes_on.expect("an end") {
            return rows;
        }
        let last = rows.iter().rev().find(|row| !row.table.table().is_shared()).expect("a row");
        let position = protocol::api::Position { version: last.version, table: last.table, id: last.id };
        after = format!("&after={position}&catalogue=1");
    }
}

fn of_table(rows: &[Row], table: TableName) -> BTreeMap<Uuid, Values> {
    rows.iter().filter(|row| row.table == table).map(|row| (row.id, row.values.clone())).collect()
}

#[tokio::test]
async fn every_prescription_that_a_desktop_receives_bears_the_hash_of_its_content() {
    let clinic = Clinic::open().await;
    let made = make(&clinic, &options("ASHA_DENTAL")).await;
    let desk = desk(&clinic, &made, 1).await;
    let rows = pull(&clinic, &desk).await;
    let prescriptions = of_table(&rows, TableName::Prescriptions);
    let items = of_table(&rows, TableName::PrescriptionItems);
    assert_eq!(of_table(&rows, TableName::Patients).len(), 60);
    assert_eq!(Some(prescriptions.len() as u64), made["prescriptions"].as_u64());
    assert_eq!(Some(items.len() as u64), made["prescription_items"].as_u64());
    assert!(prescriptions.len() > 60);
    let visits = of_table(&rows, TableName::Appointments);
    assert!(visits.len() > 10);
    assert_eq!(Some(visits.len() as u64), made["appointments"].as_u64());
    for (id, values) in &prescriptions {
        let lines: Vec<(Uuid, Values)> = items
            .iter()
            .filter(|(_, item)| item["prescription_id"] == id.to_string())
            .map(|(id, item)| (*id, item.clone()))
            .collect();
        let hash = values["content_sha256"].as_str().and_then(Hash::parse);
        assert_eq!(hash, Some(content_hash(*id, values, &lines)), "{values:?}");
        assert_eq!(values["status"], "finalised");
    }
}

#[tokio::test]
async fn the_same_seed_gives_two_tenants_the_same_patients_and_prescriptions() {
    let clinic = Clinic::open().await;
    let mut pulled = Vec::new();
    for code in ["FIRST", "SECOND"] {
        let made = make(&clinic, &options(code)).await;
        let rows = pull(&clinic, &desk(&clinic, &made, 1).await).await;
        pulled.push(
            [
                TableName::Clinics,
                TableName::Doctors,
                TableName::Patients,
                TableName::Prescriptions,
                TableName::PrescriptionItems,
                TableName::Appointments,
            ]
            .map(|table| of_table(&rows, table)),
        );
    }
    assert_eq!(pulled[0], pulled[1]);
    let other = make(&clinic, &DemoOptions { seed: 8, ..options("THIRD") }).await;
    let rows = pull(&clinic, &desk(&clinic, &other, 1).await).await;
    assert_ne!(pulled[0][2], of_table(&rows, TableName::Patients));
}

#[tokio::test]
async fn everybody_signs_in_with_the_password_that_was_printed_and_with_no_other() {
    let clinic = Clinic::open().await;
    let made = make(&clinic, &options("ASHA_DENTAL")).await;
    let again = make(&clinic, &options("OTHER")).await;
    let desk = desk(&clinic, &made, 0).await;
    let staff = made["staff"].as_array().expect("staff");
    assert_eq!(staff.len(), 5);
    for (member, other) in staff.iter().zip(again["staff"].as_array().expect("staff")) {
        let text = |name: &str| member[name].as_str().expect("text");
        assert!(text("password").len() >= 12);
        assert_eq!(desk.login(text("email"), text("password")).await.status(), 200);
        // No password is made twice, and none is known beforehand.
        let elsewhere = other["password"].as_str().expect("text");
        assert_eq!(desk.login(text("email"), elsewhere).await.status(), 401);
    }
}

#[tokio::test]
async fn a_tenant_that_is_there_is_left_alone() {
    let clinic = Clinic::open().await;
    make(&clinic, &options("ASHA_DENTAL")).await;
    let prescriptions = clinic.count("prescriptions").await;
    let again = make(&clinic, &DemoOptions { patients: 10, ..options("ASHA_DENTAL") }).await;
    assert_eq!(again, serde_json::json!({"tenant_code": "ASHA_DENTAL", "created": false}));
    assert_eq!(clinic.count("prescriptions").await, prescriptions);
}

#[tokio::test]
async fn the_neighbour_sees_nothing_of_it() {
    let clinic = Clinic::open().await;
    make(&clinic, &options("ASHA_DENTAL")).await;
    let code = clinic.code().await;
    let key = SigningKey::from_bytes(&rand::random());
    let request = enrol_request(&key, &Secret(code.0), EMAIL, PASSWORD);
    let response = clinic.post("/v1/devices/enrol", &request).await;
    let neighbour = clinic.desk_of(key, response.json().await.expect("an enrolment"));
    let rows = pull(&clinic, &neighbour).await;
    assert!(of_table(&rows, TableName::Patients).is_empty());
    assert_eq!(of_table(&rows, TableName::Clinics).len(), 1);
    assert_eq!(of_table(&rows, TableName::Doctors).len(), 1);
}

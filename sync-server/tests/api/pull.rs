use protocol::api::{Position, PullLine};
use protocol::table::{Row, TableName};
use reqwest::StatusCode;
use serde_json::json;
use uuid::Uuid;

use crate::clinic::{Clinic, edit, new_patient, rows};

/// Of a desktop that has a newer catalogue than any.
const NO_CATALOGUE: &str = "&catalogue=1000000";

fn position(row: &Row) -> Position {
    Position { version: row.version, table: row.table, id: row.id }
}

#[tokio::test]
async fn a_pull_tells_the_head_the_rows_in_order_and_the_end() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let head = desk.write((0..3).map(|_| new_patient(Uuid::now_v7(), "Sunita")).collect()).await.head;
    let lines = desk.pull("").await;
    assert!(matches!(lines.first(), Some(PullLine::Head { version, .. }) if *version == head));
    assert_eq!(lines.last(), Some(&PullLine::End { more: false }));
    let rows: Vec<Row> = rows(&lines);
    assert!(rows.is_sorted_by_key(position));
    let tables: Vec<TableName> = rows.iter().map(|row| row.table).collect();
    assert!(tables.contains(&TableName::Clinics) && tables.contains(&TableName::Doctors));
    assert_eq!(tables.iter().filter(|table| **table == TableName::Patients).count(), 3);
}

#[tokio::test]
async fn pages_that_go_on_from_any_row_make_up_the_whole() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    for first_name in ["Sunita", "Ravi"] {
        desk.write((0..4).map(|_| new_patient(Uuid::now_v7(), first_name)).collect()).await;
    }
    let whole = rows(&desk.pull(NO_CATALOGUE).await);
    let mut paged: Vec<Row> = Vec::new();
    loop {
        let after = paged.last().map(|row| format!("&after={}", position(row))).unwrap_or_default();
        let lines = desk.pull(&format!("{NO_CATALOGUE}&limit=3{after}")).await;
        paged.extend(rows(&lines));
        match lines.last() {
            Some(PullLine::End { more: true }) => assert_eq!(rows(&lines).len(), 3),
            Some(PullLine::End { more: false }) => break,
            other => panic!("no end: {other:?}"),
        }
    }
    assert_eq!(paged, whole);
    for (place, row) in whole.iter().enumerate() {
        let rest = rows(&desk.pull(&format!("{NO_CATALOGUE}&after={}", position(row))).await);
        assert_eq!(rest, whole[place + 1..]);
    }
}

#[tokio::test]
async fn a_front_desk_never_gets_a_clinical_column_or_table() {
    let clinic = Clinic::open().await;
    let (mut desk, front_desk) = (clinic.desk().await, clinic.front_desk().await);
    let id = Uuid::now_v7();
    desk.write(vec![new_patient(id, "Sunita")]).await;
    desk.write(vec![edit(TableName::Patients, id, &[("alerts", json!(null), json!("secret"))])]).await;
    let clinical = desk.get(&format!("/v1/patients/{id}")).await.text().await.expect("a body");
    assert!(clinical.contains("secret"));
    for path in [format!("/v1/patients/{id}"), format!("/v1/sync/pull?epoch={}", desk.epoch)] {
        let text = front_desk.get(&path).await.text().await.expect("a body");
        assert!(text.contains("Sunita"));
        assert!(!text.contains("secret") && !text.contains("alerts"), "{text}");
    }
    let rows = front_desk.rows().await;
    assert!(rows.iter().all(|row| row.table < TableName::ShortKeys));
}

#[tokio::test]
async fn the_catalogue_is_sent_to_whoever_has_an_older_one() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let db = clinic.server.database().ops_db().await;
    let mut tx = db.write_unsynced(desk.tenant).await.expect("a transaction");
    for sql in [
        "delete from medicines",
        "insert into medicines (id, generic_name, dosage_form, route, search_text, catalogue_version)
         values (gen_random_uuid(), 'Paracetamol', 'tablet', 'oral', 'paracetamol', 1000)",
        "update catalogue set version = 1000",
    ] {
        sqlx::query(sql).execute(&mut *tx).await.expect(sql);
    }
    tx.commit().await.expect("committed");
    let medicines = |rows: Vec<Row>| rows.iter().filter(|row| row.table == TableName::Medicines).count();
    assert_eq!(medicines(desk.rows().await), 1);
    assert_eq!(medicines(rows(&desk.pull("&catalogue=1000").await)), 0);
}

#[tokio::test]
async fn a_position_that_is_none_is_refused() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    for after in ["x", "1.patients", "1.passwords.00000000-0000-0000-0000-000000000000", "1.patients.1'--"] {
        let response = desk.get(&format!("/v1/sync/pull?epoch={}&after={after}", desk.epoch)).await;
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY, "{after}");
    }
}

//! Digests as the database makes them, against those that a desktop makes.

use std::collections::BTreeMap;

use proptest::prelude::*;
use protocol::digest::{BUCKETS, Digest, DigestAnswer, RowsAnswer, RowsRequest, bucket, row_hash};
use protocol::mutation::Op;
use protocol::table::{Row, TableName};
use reqwest::StatusCode;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::clinic::{Clinic, Desk, body, edit, new_patient};
use crate::prescription::signed;

impl Desk {
    async fn digest(&self, query: &str) -> DigestAnswer {
        let response = self.get(&format!("/v1/sync/digest?epoch={}{query}", self.epoch)).await;
        body(response).await.expect("a digest")
    }

    async fn rows_by_id(&self, table: &str, ids: Vec<Uuid>) -> RowsAnswer {
        let request = RowsRequest { epoch: self.epoch, table: table.to_owned(), ids };
        let builder = self.client.post(format!("{}/v1/sync/rows", self.url)).json(&request);
        body(self.request(builder).send().await.expect("an answer")).await.expect("rows")
    }
}

/// Of a desktop that has these rows.
fn digests(rows: &[Row]) -> BTreeMap<TableName, Vec<Digest>> {
    let mut tables: BTreeMap<TableName, Vec<Digest>> = BTreeMap::new();
    for row in rows.iter().filter(|row| !row.deleted) {
        let buckets = tables.entry(row.table).or_insert_with(|| vec![Digest::default(); BUCKETS]);
        buckets[usize::from(bucket(row.id))].add(row.id, row.version);
    }
    tables
}

#[tokio::test]
async fn the_servers_digests_are_those_of_a_desktop_that_has_everything() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    signed(&mut desk).await;
    let gone = Uuid::now_v7();
    let head = desk.write(vec![new_patient(gone, "Asha")]).await.head;
    let mut delete = edit(TableName::Patients, gone, &[]);
    (delete.op, delete.base_version) = (Op::Delete, head);
    desk.write(vec![delete]).await;
    let rows = desk.rows().await;
    assert!(rows.iter().any(|row| row.deleted));
    let own = digests(&rows);
    let all = desk.digest("").await;
    assert_eq!(all.tables.len(), protocol::table::TABLES.len());
    for table in &all.tables {
        let name = TableName::find(&table.table).expect("a table");
        let empty = vec![Digest::default(); BUCKETS];
        let own = own.get(&name).unwrap_or(&empty);
        let mut whole = Digest::default();
        for bucket in own {
            whole.join(*bucket);
        }
        assert_eq!(table.digest, whole, "{}", table.table);
        let of_table = desk.digest(&format!("&table={}", table.table)).await;
        assert_eq!(&of_table.buckets, own, "{}", table.table);
        assert_eq!((of_table.version, of_table.catalogue), (all.version, all.catalogue));
    }
    let patient =
        rows.iter().find(|row| row.table == TableName::Patients && !row.deleted).expect("a patient");
    let in_bucket = desk.digest(&format!("&table=patients&bucket={}", bucket(patient.id))).await;
    assert!(in_bucket.rows.contains(&(patient.id, patient.version)));
    let found = desk.rows_by_id("patients", vec![patient.id, gone, Uuid::now_v7()]).await.rows;
    let deleted: Vec<(Uuid, bool)> = found.iter().map(|row| (row.id, row.deleted)).collect();
    let mut expected = [(patient.id, false), (gone, true)];
    expected.sort_unstable();
    assert_eq!(deleted, expected);
    assert_eq!(found.iter().find(|row| row.id == patient.id), Some(patient));
}

#[tokio::test]
async fn a_change_changes_the_digest_and_an_equal_version_is_looked_up_once() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let before = desk.digest("").await;
    assert_eq!(desk.digest("").await, before);
    desk.write(vec![new_patient(Uuid::now_v7(), "Sunita")]).await;
    let after = desk.digest("").await;
    let of = |answer: &DigestAnswer, name: &str| {
        answer.tables.iter().find(|table| table.table == name).expect("a table").digest
    };
    assert_eq!(of(&after, "patients").rows, of(&before, "patients").rows + 1);
    assert_ne!(of(&after, "patients").hash, of(&before, "patients").hash);
    assert_eq!(of(&after, "clinics"), of(&before, "clinics"));
    assert_eq!(after.version, before.version + 1);
}

#[tokio::test]
async fn a_front_desk_hears_nothing_of_clinical_tables() {
    let clinic = Clinic::open().await;
    let (mut desk, front_desk) = (clinic.desk().await, clinic.front_desk().await);
    let (written, _) = signed(&mut desk).await;
    let answer = front_desk.digest("").await;
    assert!(answer.tables.iter().any(|table| table.table == "patients"));
    assert!(answer.tables.iter().all(|table| table.table != "prescriptions" && table.table != "short_keys"));
    for query in
        ["&table=prescriptions", "&table=prescriptions&bucket=0", "&table=users", "&table=patients'--"]
    {
        let response = front_desk.get(&format!("/v1/sync/digest?epoch={}{query}", desk.epoch)).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{query}");
    }
    let request = RowsRequest { epoch: desk.epoch, table: "prescriptions".into(), ids: vec![written.id] };
    let url = format!("{}/v1/sync/rows", desk.url);
    let send = |desk: &Desk| desk.request(desk.client.post(&url)).json(&request).send();
    assert_eq!(send(&front_desk).await.expect("an answer").status(), StatusCode::NOT_FOUND);
    assert_eq!(send(&desk).await.expect("an answer").status(), StatusCode::OK);
}

#[tokio::test]
async fn whoever_waits_for_a_digest_holds_no_connection_that_others_need() {
    let clinic = Clinic::open_with(3).await;
    let desk = clinic.desk().await;
    let busy = clinic.server.state().digests.busy().await;
    let url = format!("{}/v1/sync/digest?epoch={}&table=patients", desk.url, desk.epoch);
    let ask = |_| tokio::spawn(desk.request(desk.client.get(&url)).send());
    let waiting: Vec<_> = (0..8).map(ask).collect();
    for _ in 0..100 {
        assert_eq!(desk.get("/v1/tenant").await.status(), 200);
    }
    drop(busy);
    for answer in waiting {
        assert_eq!(answer.await.expect("asked").expect("an answer").status(), 200);
    }
}

#[tokio::test]
async fn another_tenants_rows_are_not_there() {
    let clinic = Clinic::open().await;
    let (mut desk, neighbour) = (clinic.desk().await, clinic.neighbour().await);
    let patient = Uuid::now_v7();
    desk.write(vec![new_patient(patient, "Sunita")]).await;
    assert_eq!(desk.rows_by_id("patients", vec![patient]).await.rows.len(), 1);
    assert_eq!(neighbour.rows_by_id("patients", vec![patient]).await.rows, []);
    let answer = neighbour.digest(&format!("&table=patients&bucket={}", bucket(patient))).await;
    assert_eq!(answer.rows, []);
}

/// The hash of the statement that the server runs, on values that no database has.
async fn hash_in_sql(connection: &mut PgConnection, id: Uuid, version: i64) -> u64 {
    let statements = clinic_sync::testing::generated_statements(connection).await;
    let start = "bit_xor(";
    let digest =
        statements.iter().find(|sql| sql.contains(start) && sql.contains("from patients")).expect("one");
    let (_, rest) = digest.split_once(start).expect("found above");
    let (hash, _) = rest.split_once(") from").expect("an end");
    let sql = format!("select {hash} from (values ($1::uuid, $2::bigint)) r (id, sync_version)");
    let hash: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .bind(version)
        .fetch_one(connection)
        .await
        .expect("a hash");
    hash.cast_unsigned()
}

#[test]
fn the_database_and_the_program_hash_alike() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let connection = std::cell::RefCell::new(runtime.block_on(async {
        let database = clinic_sync::testing::TestDatabase::new().await;
        PgConnection::connect(&database.admin.0).await.expect("a connection")
    }));
    proptest!(ProptestConfig::with_cases(500), |(id in any::<u128>(), version in any::<i64>())| {
        let id = Uuid::from_u128(id);
        let hash = runtime.block_on(hash_in_sql(&mut connection.borrow_mut(), id, version));
        prop_assert_eq!(hash, row_hash(id, version));
    });
}

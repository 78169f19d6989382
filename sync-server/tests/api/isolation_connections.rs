//! Tenants that share connections: whatever one of them left behind, the next one sees only its own.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use clinic_sync::Db;
use clinic_sync::testing::{Server, TestDatabase};
use protocol::id::TenantId;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use reqwest::StatusCode;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::clinic::{Clinic, Desk, new_patient};

/// A database with so many tenants, each with a clinic of its own.
async fn tenants(count: u32) -> (TestDatabase, Vec<TenantId>) {
    let database = TestDatabase::new().await;
    let db = database.app_db().await;
    let mut tenants = Vec::new();
    for number in 0..count {
        let tenant = TenantId::new();
        let code = format!("TENANT_{number}");
        let mut tx = db.create_tenant(tenant, &code, &code).await.expect("a tenant");
        sqlx::query("insert into clinics (tenant_id, id, clinic_name, clinic_code) values ($1, $2, $3, $3)")
            .bind(tenant.0)
            .bind(Uuid::now_v7())
            .bind(&code)
            .execute(&mut *tx)
            .await
            .expect("a clinic");
        tx.commit().await.expect("committed");
        tenants.push(tenant);
    }
    db.close().await;
    (database, tenants)
}

/// Whose clinics a statement without any condition sees. Its text is always the same, so that the connection
/// has it prepared.
async fn seen(connection: &mut PgConnection) -> Vec<Uuid> {
    sqlx::query_scalar("select tenant_id from clinics").fetch_all(connection).await.expect("clinics")
}

#[tokio::test]
async fn fifty_tenants_on_one_connection_see_only_their_own_in_ten_thousand_transactions() {
    let (database, tenants) = tenants(50).await;
    let db = database.app_db_of(1).await;
    let mut dice = ChaCha8Rng::seed_from_u64(20_261_123);
    for request in 0..10_000 {
        let tenant = tenants[dice.random_range(0..tenants.len())];
        let mut tx = match dice.random_range(0..20) {
            0 => {
                let mut tx = db.write(tenant).await.expect("a transaction");
                assert_eq!(seen(&mut tx).await, [tenant.0], "request {request}");
                tx.commit().await.expect("committed");
                continue;
            }
            1..=4 => db.write_unsynced(tenant).await.expect("a transaction"),
            _ => db.read(tenant).await.expect("a transaction"),
        };
        assert_eq!(seen(&mut tx).await, [tenant.0], "request {request}");
        if dice.random_bool(0.5) {
            tx.commit().await.expect("committed");
        }
    }
}

/// Two clinics whose requests go over one connection, each with a patient.
async fn on_one_connection() -> (Clinic, Server, [Desk; 2], [Uuid; 2]) {
    let clinic = Clinic::open().await;
    let (mut desk, mut neighbour) = (clinic.desk().await, clinic.neighbour().await);
    let (own, foreign) = (Uuid::now_v7(), Uuid::now_v7());
    desk.write(vec![new_patient(own, "Sunita")]).await;
    neighbour.write(vec![new_patient(foreign, "Farida")]).await;
    let database = clinic.server.database().clone();
    // One for the requests; the other one listens for new versions.
    let db = database.app_db_of(2).await;
    let keys = clinic.server.state().auth.keys.clone();
    let server = Server::start_with(database, db, keys).await.expect("a server");
    (desk.url, neighbour.url) = (server.url().to_owned(), server.url().to_owned());
    (clinic, server, [desk, neighbour], [own, foreign])
}

#[tokio::test]
async fn requests_of_two_clinics_over_one_connection_do_not_mix() {
    let (_clinic, _server, [desk, neighbour], [own, foreign]) = on_one_connection().await;
    let mut dice = ChaCha8Rng::seed_from_u64(7);
    for _ in 0..300 {
        let (asks, mine, others, name) = if dice.random_bool(0.5) {
            (&desk, own, foreign, "Farida")
        } else {
            (&neighbour, foreign, own, "Sunita")
        };
        let id = if dice.random_bool(0.5) { mine } else { others };
        let response = asks.get(&format!("/v1/patients/{id}")).await;
        let expected = if id == mine { StatusCode::OK } else { StatusCode::NOT_FOUND };
        assert_eq!(response.status(), expected);
        if dice.random_bool(0.2) {
            let page = asks.get(&format!("/v1/sync/pull?epoch={}", asks.epoch)).await;
            let page = page.text().await.expect("a page");
            assert!(page.contains(&mine.to_string()));
            assert!(!page.contains(&others.to_string()) && !page.contains(name));
        }
    }
}

#[tokio::test]
async fn a_prepared_statement_that_one_tenant_ran_shows_the_next_its_own_rows() {
    let (database, tenants) = tenants(2).await;
    let mut connection = PgConnection::connect(&database.app.0).await.expect("a connection");
    sqlx::raw_sql("set search_path = clinic; prepare theirs as select tenant_id from clinics where true")
        .execute(&mut connection)
        .await
        .expect("prepared");
    // Postgres plans anew five times, then may keep a plan for ever.
    for round in 0..20 {
        let tenant = tenants[round % 2];
        let mut tx = connection.begin().await.expect("a transaction");
        sqlx::query("select clinic.set_tenant($1)").bind(tenant.0).execute(&mut *tx).await.expect("set");
        assert_eq!(seen(&mut tx).await, [tenant.0]);
        let row = sqlx::raw_sql("execute theirs").fetch_all(&mut *tx).await.expect("rows");
        let theirs: Vec<Uuid> = row.iter().map(|row| sqlx::Row::get(row, 0)).collect();
        assert_eq!(theirs, [tenant.0]);
        tx.commit().await.expect("committed");
    }
}

#[tokio::test]
async fn a_savepoint_that_is_rolled_back_keeps_the_tenant_and_lets_no_other_in() {
    let (database, tenants) = tenants(2).await;
    let db = database.app_db_of(1).await;
    let mut tx = db.write_unsynced(tenants[0]).await.expect("a transaction");
    for _ in 0..3 {
        let mut inner = tx.begin().await.expect("a savepoint");
        let refused =
            sqlx::query("select clinic.set_tenant($1)").bind(tenants[1].0).execute(&mut *inner).await;
        assert!(refused.is_err());
        inner.rollback().await.expect("rolled back");
        assert_eq!(seen(&mut tx).await, [tenants[0].0]);
    }
    // A savepoint before the tenant is set: with it, the tenant goes.
    let mut connection = PgConnection::connect(&database.app.0).await.expect("a connection");
    sqlx::raw_sql("set search_path = clinic").execute(&mut connection).await.expect("set");
    let mut outer = connection.begin().await.expect("a transaction");
    let mut inner = outer.begin().await.expect("a savepoint");
    sqlx::query("select clinic.set_tenant($1)").bind(tenants[0].0).execute(&mut *inner).await.expect("set");
    inner.rollback().await.expect("rolled back");
    assert!(seen(&mut outer).await.is_empty());
    sqlx::query("select clinic.set_tenant($1)").bind(tenants[1].0).execute(&mut *outer).await.expect("set");
    assert_eq!(seen(&mut outer).await, [tenants[1].0]);
}

#[tokio::test]
async fn an_error_in_the_first_statement_leaves_nothing_for_the_next_tenant() {
    let (database, tenants) = tenants(2).await;
    let db = database.app_db_of(1).await;
    for round in 0..20 {
        let mut tx = db.read(tenants[round % 2]).await.expect("a transaction");
        let wrong = ["select 1 / 0", "select nothing from nowhere", "syntax error"][round % 3];
        assert!(sqlx::query(wrong).execute(&mut *tx).await.is_err());
        drop(tx);
        let next = tenants[(round + 1) % 2];
        let mut tx = db.read(next).await.expect("a transaction");
        assert_eq!(seen(&mut tx).await, [next.0]);
        drop(tx);
        // A tenant that does not exist.
        assert!(db.write(TenantId::new()).await.is_err());
        let mut tx = db.write(next).await.expect("a transaction");
        assert_eq!(seen(&mut tx).await, [next.0]);
    }
}

/// Polls the future so often, then lets go of it. Nothing, if it was not done by then.
async fn cancelled_after<T>(polls: u32, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

async fn request(db: &Db, tenant: TenantId, writes: bool) -> Vec<Uuid> {
    if writes {
        let mut tx = db.write(tenant).await.expect("a transaction");
        let found = seen(&mut tx).await;
        tx.commit().await.expect("committed");
        return found;
    }
    let mut tx = db.read(tenant).await.expect("a transaction");
    let found = seen(&mut tx).await;
    sqlx::query("select pg_sleep(0.001)").execute(&mut *tx).await.expect("slept");
    found
}

#[tokio::test]
async fn a_request_that_is_dropped_half_way_leaves_nothing_for_the_next_tenant() {
    let (database, tenants) = tenants(3).await;
    let db = database.app_db_of(1).await;
    let mut dice = ChaCha8Rng::seed_from_u64(42);
    let mut dropped = 0;
    for round in 0..400 {
        let first = tenants[dice.random_range(0..tenants.len())];
        let polls = dice.random_range(0..8);
        let writes = dice.random_bool(0.3);
        dropped += u32::from(cancelled_after(polls, request(&db, first, writes)).await.is_none());
        let next = tenants[dice.random_range(0..tenants.len())];
        assert_eq!(request(&db, next, dice.random_bool(0.3)).await, [next.0], "round {round}");
    }
    // Those that were polled once are always among them: nothing comes from the database that soon.
    assert!(dropped > 30, "only {dropped} requests were dropped");
}

#[tokio::test]
async fn a_caller_who_hangs_up_in_the_middle_leaves_nothing_for_the_next_tenant() {
    let (_clinic, _server, [mut desk, neighbour], [own, foreign]) = on_one_connection().await;
    let mut dice = ChaCha8Rng::seed_from_u64(23);
    let mut hung_up = 0;
    for round in 0..300 {
        // A connection of their own, which is closed when the request is dropped.
        desk.client = reqwest::Client::new();
        let polls = dice.random_range(1..6);
        let path = match dice.random_range(0..3) {
            0 => format!("/v1/patients/{own}"),
            1 => format!("/v1/sync/pull?epoch={}", desk.epoch),
            _ => format!("/v1/sync/bootstrap?epoch={}", desk.epoch),
        };
        hung_up += u32::from(cancelled_after(polls, desk.get(&path)).await.is_none());
        let id = if dice.random_bool(0.5) { own } else { foreign };
        let expected = if id == foreign { StatusCode::OK } else { StatusCode::NOT_FOUND };
        let response = neighbour.get(&format!("/v1/patients/{id}")).await;
        assert_eq!(response.status(), expected, "round {round}");
    }
    assert!(hung_up > 30, "only {hung_up} of 300 hung up");
}

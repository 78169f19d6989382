use std::collections::BTreeMap;

use clinic_sync::testing::TestDatabase;
use clinic_sync::{Db, database};
use protocol::api::Fate;
use protocol::id::TenantId;
use serde_json::Value;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};
use uuid::Uuid;

use crate::clinic::{Clinic, new_patient};

async fn tenant_tables(connection: &mut PgConnection) -> Vec<String> {
    sqlx::query_scalar(
        "select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid
         where c.relnamespace = 'clinic'::regnamespace and c.relkind = 'r' and a.attname = 'tenant_id'
         order by 1",
    )
    .fetch_all(connection)
    .await
    .expect("the catalogue")
}

/// Rows of each tenant table that this login sees with these words before the question.
async fn counts(url: &str, before: &[&'static str], tables: &[String]) -> BTreeMap<String, i64> {
    let mut counts = BTreeMap::new();
    let mut connection = PgConnection::connect(url).await.expect("a connection");
    let mut tx = connection.begin().await.expect("a transaction");
    sqlx::query("set local search_path = clinic").execute(&mut *tx).await.expect("set");
    for sql in before {
        sqlx::raw_sql(*sql).execute(&mut *tx).await.expect("set");
    }
    for table in tables {
        let sql = AssertSqlSafe(format!("select count(*) from {table}"));
        counts.insert(table.clone(), sqlx::query_scalar(sql).fetch_one(&mut *tx).await.expect("a count"));
    }
    counts
}

#[tokio::test]
async fn without_a_tenant_or_with_an_unknown_one_there_are_no_rows() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    desk.write(vec![new_patient(Uuid::now_v7(), "Sunita")]).await;
    let database = clinic.server.database();
    let mut admin = PgConnection::connect(&database.admin.0).await.expect("a connection");
    let tables = tenant_tables(&mut admin).await;
    assert!(tables.len() >= 16, "{tables:?}");
    let none = counts(&database.app.0, &[], &tables).await;
    assert!(none.values().all(|count| *count == 0), "{none:?}");
    let unknown = "select clinic.set_tenant('018f0000-0000-7000-8000-000000000000')";
    let unknown = counts(&database.app.0, &[unknown], &tables).await;
    assert!(unknown.values().all(|count| *count == 0), "{unknown:?}");
    // The positive twin: the same questions do find rows.
    let all = counts(&database.ops.0, &[], &tables).await;
    assert!(["patients", "devices", "users", "sync_mutations"].iter().all(|table| all[*table] > 0));
}

/// Every tenant table: what A does never reaches B's rows, and what A writes for B is refused.
#[tokio::test]
async fn no_statement_of_one_tenant_reaches_a_row_of_another_in_any_table() {
    let clinic = Clinic::open().await;
    let (mut desk, mut neighbour) = (clinic.desk().await, clinic.neighbour().await);
    desk.write(vec![new_patient(Uuid::now_v7(), "Sunita")]).await;
    neighbour.write(vec![new_patient(Uuid::now_v7(), "Sunita")]).await;
    let database = clinic.server.database();
    let mut admin = PgConnection::connect(&database.admin.0).await.expect("a connection");
    let db = database.app_db().await;
    for table in tenant_tables(&mut admin).await {
        let mut tx = db.write_unsynced(desk.tenant).await.expect("a transaction");
        let foreign = AssertSqlSafe(format!("select count(*) from {table} where tenant_id <> $1"));
        let seen: i64 =
            sqlx::query_scalar(foreign).bind(desk.tenant.0).fetch_one(&mut *tx).await.expect("a count");
        assert_eq!(seen, 0, "{table}");
        let row =
            AssertSqlSafe(format!("select to_jsonb(t) from clinic.{table} t where tenant_id = $1 limit 1"));
        let row: Option<Value> =
            sqlx::query_scalar(row).bind(neighbour.tenant.0).fetch_optional(&mut admin).await.expect("a row");
        let Some(row) = row else { continue };
        let insert =
            AssertSqlSafe(format!("insert into {table} select (jsonb_populate_record(null::{table}, $1)).*"));
        let refused = sqlx::query(insert).bind(&row).execute(&mut *tx).await.expect_err("a foreign row");
        let code = refused.as_database_error().and_then(|error| error.code().map(String::from));
        assert_eq!(code.as_deref(), Some("42501"), "{table}: {refused}");
    }
}

#[tokio::test]
async fn a_row_for_a_tenant_that_is_not_set_is_refused() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let mut connection = PgConnection::connect(&clinic.server.database().app.0).await.expect("a connection");
    let refused = sqlx::query(
        "insert into clinic.clinics (tenant_id, id, clinic_name, clinic_code)
         values ($1, gen_random_uuid(), 'Mine', 'MINE')",
    )
    .bind(desk.tenant.0)
    .execute(&mut connection)
    .await;
    assert!(refused.is_err());
}

#[tokio::test]
async fn nothing_inside_a_transaction_turns_it_to_another_tenant() {
    let clinic = Clinic::open().await;
    let (desk, neighbour) = (clinic.desk().await, clinic.neighbour().await);
    let db = clinic.server.database().app_db().await;
    for sql in [
        "select clinic.set_tenant($1)",
        "select clinic.begin_write($1)",
        "select set_config('app.current_tenant_id', $1::text, true)",
        "with x as (select set_config('app.current_tenant_id', $1::text, false)) select * from x",
    ] {
        let mut tx = db.read(desk.tenant).await.expect("a transaction");
        let refused = sqlx::query(sql).bind(neighbour.tenant.0).execute(&mut *tx).await.expect_err(sql);
        let code = refused.as_database_error().and_then(|error| error.code().map(String::from));
        assert_eq!(code.as_deref(), Some("42501"), "{sql}");
    }
}

#[tokio::test]
async fn a_transaction_that_could_not_set_its_tenant_leaves_nothing_for_the_next_one() {
    let clinic = Clinic::open().await;
    let (desk, neighbour) = (clinic.desk().await, clinic.neighbour().await);
    let database = clinic.server.database();
    let db = database.app_db().await;
    let mut admin = PgConnection::connect(&database.admin.0).await.expect("a connection");
    let grant = |verb: &str| {
        AssertSqlSafe(format!(
            "{verb} execute on function clinic.set_tenant(uuid) {}",
            match verb {
                "grant" => "to public",
                _ => "from public",
            }
        ))
    };
    sqlx::query(grant("revoke")).execute(&mut admin).await.expect("revoked");
    for _ in 0..40 {
        assert!(db.read(desk.tenant).await.is_err());
    }
    sqlx::query(grant("grant")).execute(&mut admin).await.expect("granted");
    for tenant in [neighbour.tenant, desk.tenant] {
        for _ in 0..20 {
            let mut tx = db.read(tenant).await.expect("a transaction");
            let seen: Vec<Uuid> =
                sqlx::query_scalar("select id from tenants").fetch_all(&mut *tx).await.expect("tenants");
            assert_eq!(seen, [tenant.0]);
        }
    }
}

#[tokio::test]
async fn two_tenants_with_the_same_patient_do_not_notice_each_other() {
    let clinic = Clinic::open().await;
    let (mut desk, mut neighbour) = (clinic.desk().await, clinic.neighbour().await);
    let id = Uuid::now_v7();
    for desk in [&mut desk, &mut neighbour] {
        let response = desk.write(vec![new_patient(id, "Sunita")]).await;
        assert_eq!(response.receipts[0].fate, Fate::Applied);
        assert_eq!(response.rows[0].values["duplicate_ordinal"], 0);
    }
    assert_eq!(desk.rows().await.iter().filter(|row| row.id == id).count(), 1);
}

#[tokio::test]
async fn a_server_refuses_to_start_with_a_login_that_row_security_does_not_bind() {
    let database = TestDatabase::new().await;
    for url in [&database.admin, &database.ops] {
        assert!(matches!(database::connect_app(url).await, Err(database::Error::Refused(_))));
    }
    assert!(database::connect_app(&database.app).await.is_ok());
}

async fn version(db: &Db, tenant: TenantId) -> i64 {
    let mut tx = db.read(tenant).await.expect("a transaction");
    sqlx::query_scalar("select version from tenant_sync where tenant_id = $1")
        .bind(tenant.0)
        .fetch_one(&mut *tx)
        .await
        .expect("a version")
}

#[tokio::test]
async fn versions_appear_in_the_order_in_which_they_were_taken() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let db = clinic.server.database().app_db().await;
    let before = version(&db, desk.tenant).await;
    let writers = (0..8).map(|_| {
        let (db, tenant) = (db.clone(), desk.tenant);
        tokio::spawn(async move {
            let tx = db.write(tenant).await.expect("a transaction");
            // Nobody else sees this version before it is committed, nor a later one.
            let seen = version(&db, tenant).await;
            assert_eq!(seen, tx.version() - 1);
            tx.commit().await.expect("committed");
        })
    });
    for writer in futures_util::future::join_all(writers).await {
        writer.expect("in order");
    }
    assert_eq!(version(&db, desk.tenant).await, before + 8);
}

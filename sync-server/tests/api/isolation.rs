//! Transactions and logins: what can be set, by whom, and in which order versions appear.

use clinic_sync::error::Error;
use clinic_sync::testing::TestDatabase;
use clinic_sync::{Db, database};
use protocol::api::Fate;
use protocol::id::TenantId;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};
use uuid::Uuid;

use crate::clinic::{Clinic, new_patient};

/// The SQLSTATE with which the database refuses.
fn code(refused: &sqlx::Error) -> Option<String> {
    refused.as_database_error().and_then(|error| error.code().map(String::from))
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
        "select (select set_config('app.current_tenant_id', $1::text, true))",
        "select id from tenants where set_config('app.current_tenant_id', $1::text, true) <> ''",
        "select id from tenants, lateral (select set_config('app.current_tenant_id', $1::text, true)) s",
        "with x as (select set_config('app.current_tenant_id', $1::text, false)) select * from x",
        "select query_to_xml(
             'select set_config(''app.current_tenant_id'', ''' || $1::text || ''', true)', true, true, '')",
        "explain analyze select set_config('app.current_tenant_id', $1::text, true)",
        "update pg_settings set setting = $1::text where name = 'app.current_tenant_id'",
        "update pg_settings set setting = '0' where name = 'statement_timeout' and $1 is not null",
        "select set_config('statement_timeout', '0', false) where $1 is not null",
    ] {
        // One that may write, so that nothing is refused for that alone.
        let mut tx = db.write_unsynced(desk.tenant).await.expect("a transaction");
        let refused = sqlx::query(sql).bind(neighbour.tenant.0).execute(&mut *tx).await.expect_err(sql);
        assert_eq!(code(&refused).as_deref(), Some("42501"), "{sql}");
    }
}

#[tokio::test]
async fn a_statement_that_came_in_behind_another_one_does_not_run() {
    let clinic = Clinic::open().await;
    let (desk, neighbour) = (clinic.desk().await, clinic.neighbour().await);
    let db = clinic.server.database().app_db().await;
    let to_neighbour = format!("app.current_tenant_id = '{}'", neighbour.tenant);
    for second in [
        format!("set local {to_neighbour}"),
        format!("set session {to_neighbour}"),
        format!("select clinic.set_tenant('{}')", neighbour.tenant),
        "set statement_timeout = 0".to_owned(),
        "reset all".to_owned(),
        "discard all".to_owned(),
    ] {
        let mut tx = db.read(desk.tenant).await.expect("a transaction");
        let sql = AssertSqlSafe(format!("select id from tenants where id = $1; {second}"));
        let refused = sqlx::query(sql).bind(desk.tenant.0).execute(&mut *tx).await.expect_err(&second);
        assert_eq!(code(&refused).as_deref(), Some("42601"), "{second}");
    }
}

#[tokio::test]
async fn a_connection_that_forgets_its_settings_shows_nobody_elses_rows() {
    let clinic = Clinic::open().await;
    let (desk, neighbour) = (clinic.desk().await, clinic.neighbour().await);
    let db = clinic.server.database().app_db_of(1).await;
    for (sql, sees) in [
        ("reset all", Ok(vec![])),
        ("reset app.current_tenant_id", Ok(vec![])),
        ("set local app.current_tenant_id to default", Ok(vec![])),
        ("set statement_timeout = 0", Ok(vec![desk.tenant.0])),
        ("set row_security = off", Err("42501")),
        ("set role clinic_ops", Err("42501")),
        ("set session authorization clinic_ops", Err("42501")),
        ("set session_replication_role = replica", Err("42501")),
        ("discard all", Err("25001")),
    ] {
        let mut tx = db.read(desk.tenant).await.expect("a transaction");
        let seen = async {
            sqlx::raw_sql(sql).execute(&mut *tx).await?;
            sqlx::query_scalar::<_, Uuid>("select id from tenants").fetch_all(&mut *tx).await
        };
        let seen = seen.await.map_err(|refused| code(&refused));
        assert_eq!(seen, sees.map_err(|code: &str| Some(code.to_owned())), "{sql}");
        if seen.is_ok() {
            tx.commit().await.expect("committed");
        } else {
            drop(tx);
        }
        let mut next = db.read(neighbour.tenant).await.expect("a transaction");
        let seen: Vec<Uuid> =
            sqlx::query_scalar("select id from tenants").fetch_all(&mut *next).await.expect("tenants");
        assert_eq!(seen, [neighbour.tenant.0], "{sql}");
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

#[tokio::test]
async fn a_function_that_sees_across_tenants_reads_no_table_of_its_callers_own() {
    let database = TestDatabase::new().await;
    let mut admin = PgConnection::connect(&database.admin.0).await.expect("a connection");
    // As where somebody gave back what `migrate` takes away.
    let gave_back = "do $$ begin
                         execute format('grant temporary on database %I to clinic_app', current_database());
                     end $$;
                     grant execute on function clinic.tenant_usage(text) to clinic_app";
    sqlx::raw_sql(gave_back).execute(&mut admin).await.expect("granted");
    let mut app = PgConnection::connect(&database.app.0).await.expect("a connection");
    let of_its_own = "create temporary table tenants (
                          id uuid, tenant_code text, tenant_name text, subscription_plan text, is_active boolean,
                          suspended_at timestamptz, expires_at timestamptz, max_doctors int, max_patients int
                      );
                      insert into tenants (tenant_code) values ('THEIRS')";
    sqlx::raw_sql(of_its_own).execute(&mut app).await.expect("made");
    let codes: Vec<String> = sqlx::query_scalar("select tenant_code from clinic.tenant_usage(null)")
        .fetch_all(&mut app)
        .await
        .expect("counts");
    assert_eq!(codes, Vec::<String>::new());
}

#[tokio::test]
async fn what_the_database_says_of_a_row_does_not_get_into_the_log() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let db = clinic.server.database().app_db().await;
    for sql in [
        "update clinics set clinic_name = null, address = 'kestrel' where tenant_id = $1",
        "update clinics set id = 'kestrel' || id where tenant_id = $1",
        "update users set email = 'kestrel', full_name = repeat('kestrel', 100) where tenant_id = $1",
        "update clinics set time_zone = 'kestrel'::uuid::text where tenant_id = $1",
    ] {
        let mut tx = db.write(desk.tenant).await.expect("a transaction");
        let refused = sqlx::query(sql).bind(desk.tenant.0).execute(&mut *tx).await.expect_err(sql);
        let refused = Error::from(anyhow::Error::new(refused).context("a request"));
        let logged = refused.for_log();
        assert!(logged.contains("SQLSTATE ") && !logged.contains("kestrel"), "{sql}: {logged}");
    }
    let mut tx = db.write(desk.tenant).await.expect("a transaction");
    let sql = "update clinics set time_zone = 'kestrel'::uuid::text where tenant_id = $1";
    let refused = sqlx::query(sql).bind(desk.tenant.0).execute(&mut *tx).await.expect_err(sql);
    assert!(format!("{refused:?}").contains("kestrel"), "these are the database's own words");
    assert!(Error::from(refused).for_log().contains("SQLSTATE 22P02"));
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

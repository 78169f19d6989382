//! `migrate --distributed`, against stand-ins for Citus's functions that record their calls and refuse what Citus
//! refuses: a child before its parent, triggers and unique keys that were not asked for.

use clinic_sync::config::DatabaseUrl;
use clinic_sync::database::{self, LoginPasswords};
use clinic_sync::testing::TestDatabase;
use clinic_sync::{distribute, doctor};
use protocol::api::Secret;
use protocol::id::TenantId;
use sqlx::{Connection, PgConnection};

use crate::furnished::{references, tenant_tables};

const CITUS: &str = "\
create schema fake;
create table fake.pg_dist_partition (logicalrelid regclass primary key, place int generated always as identity,
                                     distribution_column text, colocate_with text);
create table fake.functions (name regprocedure);
create function fake.create_distributed_function(function_name regprocedure) returns void
language sql as $$ insert into fake.functions values (function_name) $$;
create function fake.check_table(placed regclass, distribution_column text) returns void
language plpgsql as $$
begin
    if exists (select from pg_constraint k where k.conrelid = placed and k.contype = 'f' and k.confrelid <> placed
               and k.confrelid not in (select logicalrelid from fake.pg_dist_partition)) then
        raise '% points to a table that is not distributed', placed;
    end if;
    if coalesce(current_setting('citus.enable_unsafe_triggers', true), 'off') <> 'on'
        and exists (select from pg_trigger t where t.tgrelid = placed and not t.tgisinternal) then
        raise 'cannot distribute relation % because it has triggers', placed;
    end if;
    if coalesce(current_setting('citus.allow_unsafe_constraints', true), 'off') <> 'on'
        and exists (select from pg_index i where i.indrelid = placed and i.indisunique
                    and not exists (select from pg_attribute a where a.attrelid = placed
                                    and a.attname = distribution_column and a.attnum = any (i.indkey))) then
        raise 'cannot create constraint on %', placed;
    end if;
end $$;
create function fake.create_reference_table(table_name regclass) returns void language sql as $$
    select fake.check_table(table_name, null);
    insert into fake.pg_dist_partition (logicalrelid) values (table_name)
$$;
create function fake.create_distributed_table(table_name regclass, distribution_column text,
                                              distribution_type text default 'hash',
                                              colocate_with text default 'default')
returns void language sql as $$
    select fake.check_table(table_name, distribution_column);
    insert into fake.pg_dist_partition (logicalrelid, distribution_column, colocate_with)
    values (table_name, distribution_column, colocate_with)
$$;
";

struct Cluster {
    database: TestDatabase,
    url: Secret,
    admin: PgConnection,
}

impl Cluster {
    async fn new() -> Self {
        let database = TestDatabase::new().await;
        let mut admin = PgConnection::connect(&database.admin.0).await.expect("a connection");
        sqlx::raw_sql(CITUS).execute(&mut admin).await.expect("the stand-ins");
        let url = Secret(format!("{}?options=-csearch_path%3Dfake", database.admin.0));
        Self { database, url, admin }
    }

    /// What `migrate --distributed` does.
    async fn distribute(&self) -> anyhow::Result<usize> {
        distribute::check(&self.url).await?;
        database::migrate(&self.url, &LoginPasswords::default()).await?;
        distribute::distribute(&self.url).await
    }

    /// Name, distribution column and group of each table, in the order of the calls.
    async fn calls(&mut self) -> Vec<(String, Option<String>, Option<String>)> {
        sqlx::query_as(
            "select c.relname::text, d.distribution_column, d.colocate_with
             from fake.pg_dist_partition d join pg_class c on c.oid = d.logicalrelid order by d.place",
        )
        .fetch_all(&mut self.admin)
        .await
        .expect("the calls")
    }
}

#[tokio::test]
async fn every_table_is_spread_by_tenant_after_those_it_points_to() {
    let mut cluster = Cluster::new().await;
    let tables = cluster.distribute().await.expect("spread");
    let calls = cluster.calls().await;
    assert_eq!(calls.len(), tables);
    let place = |name: &str| calls.iter().position(|(table, ..)| table == name).expect("called");
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(calls[place("medicines")], ("medicines".to_owned(), None, None));
    assert_eq!(calls[place("tenants")], ("tenants".to_owned(), text("id"), text("none")));
    for table in tenant_tables(&mut cluster.admin).await {
        let call = &calls[place(&table)];
        assert_eq!((&call.1, &call.2), (&text("tenant_id"), &text("clinic.tenants")), "{table}");
    }
    for reference in references(&mut cluster.admin).await {
        if reference.table_name != reference.parent {
            assert!(place(&reference.parent) < place(&reference.table_name), "{reference:?}");
        }
    }
    let all: i64 = sqlx::query_scalar(
        "select count(*) from pg_class where relnamespace = 'clinic'::regnamespace and relkind in ('r', 'p')",
    )
    .fetch_one(&mut cluster.admin)
    .await
    .expect("a count");
    // All but the list of migrations.
    assert_eq!(calls.len() as i64, all - 1);
}

#[tokio::test]
async fn spreading_again_spreads_what_is_new_and_nothing_twice() {
    let mut cluster = Cluster::new().await;
    cluster.distribute().await.expect("spread");
    let before = cluster.calls().await;
    assert_eq!(cluster.distribute().await.expect("nothing to do"), 0);
    assert_eq!(cluster.calls().await, before);
    sqlx::raw_sql("delete from fake.pg_dist_partition where logicalrelid = 'clinic.prescriptions'::regclass")
        .execute(&mut cluster.admin)
        .await
        .expect("forgotten");
    assert_eq!(cluster.distribute().await.expect("spread"), 1);
}

#[tokio::test]
async fn the_workers_get_every_function_and_later_sessions_the_settings() {
    let mut cluster = Cluster::new().await;
    cluster.distribute().await.expect("spread");
    let missing: Vec<String> = sqlx::query_scalar(
        "select oid::regprocedure::text from pg_proc
         where pronamespace = 'clinic'::regnamespace and oid not in (select name from fake.functions)",
    )
    .fetch_all(&mut cluster.admin)
    .await
    .expect("the functions");
    assert_eq!(missing, Vec::<String>::new());
    let mut later = PgConnection::connect(&cluster.database.app.0).await.expect("a connection");
    let settings: (String, String) = sqlx::query_as(
        "select current_setting('citus.enable_unsafe_triggers'), current_setting('citus.propagate_set_commands')",
    )
    .fetch_one(&mut later)
    .await
    .expect("settings");
    assert_eq!(settings, ("on".to_owned(), "local".to_owned()));
}

#[tokio::test]
async fn a_spread_database_keeps_every_rule() {
    let cluster = Cluster::new().await;
    cluster.distribute().await.expect("spread");
    for url in [&cluster.database.admin, &cluster.database.ops] {
        let (mut connection, here) = doctor::connect(&DatabaseUrl(url.clone()), None).await.expect("there");
        let report = doctor::examine(&mut connection, &here).await.expect("a report");
        let checks: Vec<_> = report.wrong.iter().map(|finding| finding.check).collect();
        // The databases of the tests do not outlive a power cut.
        assert_eq!(checks, ["durability"], "{report:#?}");
    }
}

#[tokio::test]
async fn a_tenants_code_stays_unique_where_no_key_can_say_so() {
    let mut cluster = Cluster::new().await;
    cluster.distribute().await.expect("spread");
    // As between two workers, each of which has the key for itself.
    sqlx::raw_sql("alter table clinic.tenants drop constraint tenants_tenant_code_key")
        .execute(&mut cluster.admin)
        .await
        .expect("dropped");
    let db = cluster.database.app_db().await;
    let first = db.create_tenant(TenantId::new(), "ASHA", "Asha").await.expect("a tenant");
    assert_eq!(first.version(), 1);
    first.commit().await.expect("committed");
    let error = db.create_tenant(TenantId::new(), "ASHA", "Another").await.expect_err("the code is taken");
    let clinic_sync::error::Error::Sqlx(error) = error else { panic!("{error}") };
    assert_eq!(clinic_sync::error::violated_constraint(&error), Some("tenants_tenant_code_key"));
    db.create_tenant(TenantId::new(), "BALA", "Bala").await.expect("a free code");
}

#[tokio::test]
async fn a_database_without_citus_is_left_as_it_was() {
    let database = TestDatabase::new().await;
    let error = distribute::check(&database.admin).await.expect_err("refused").to_string();
    assert!(error.contains("no Citus extension") && error.contains("nothing was changed"), "{error}");
}

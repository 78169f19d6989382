use std::collections::BTreeMap;

use clinic_sync::testing::TestDatabase;
use protocol::table::{Column, Kind, TABLES};
use sqlx::Connection;
use sqlx::postgres::PgConnection;

/// The columns that every synced table has besides the declared ones.
const COMMON: &[&str] = &[
    "tenant_id",
    "id",
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
    "deleted_at",
    "sync_version",
    "origin_device_id",
    "client_recorded_at",
    "clocks",
];

async fn connect() -> PgConnection {
    let database = TestDatabase::new().await;
    PgConnection::connect(&database.admin.0).await.expect("a connection")
}

fn sql_type(column: &Column) -> String {
    match column.kind {
        Kind::Text(max) => format!("character varying({max})"),
        Kind::Choice(_) => "text".to_owned(),
        Kind::Uuid => "uuid".to_owned(),
        Kind::Int(..) => "integer".to_owned(),
        Kind::Decimal => "numeric(10,2)".to_owned(),
        Kind::Bool => "boolean".to_owned(),
        Kind::Date => "date".to_owned(),
        Kind::Timestamp => "timestamp with time zone".to_owned(),
        Kind::Json => "jsonb".to_owned(),
    }
}

#[tokio::test]
async fn the_database_has_the_columns_that_the_protocol_declares_and_no_others() {
    let mut connection = connect().await;
    for table in TABLES {
        let found: Vec<(String, String, bool)> = sqlx::query_as(
            "select attname::text, format_type(atttypid, atttypmod), attnotnull from pg_attribute
             where attrelid = ('clinic.' || $1)::regclass and attnum > 0 and not attisdropped",
        )
        .bind(table.sql_name)
        .fetch_all(&mut connection)
        .await
        .expect("the catalogue");
        let mut found: BTreeMap<String, (String, bool)> =
            found.into_iter().map(|(name, kind, not_null)| (name, (kind, not_null))).collect();
        for column in table.columns {
            let expected = (sql_type(column), !column.nullable);
            assert_eq!(found.remove(column.name), Some(expected), "{}.{}", table.sql_name, column.name);
        }
        let common: &[&str] = if table.is_shared() { &["id", "catalogue_version"] } else { COMMON };
        for name in common {
            assert!(found.remove(*name).is_some(), "{}.{name}", table.sql_name);
        }
        assert!(found.is_empty(), "{}: {found:?}", table.sql_name);
    }
}

#[tokio::test]
async fn the_database_takes_the_choices_and_numbers_that_the_protocol_declares() {
    let mut connection = connect().await;
    for table in TABLES {
        for column in table.columns {
            let words: Vec<String> = match column.kind {
                Kind::Choice(choices) => choices.iter().map(|choice| format!("'{choice}'")).collect(),
                Kind::Int(min, max) => vec![format!("{min}"), format!("{max}")],
                _ => continue,
            };
            let check: Option<String> = sqlx::query_scalar(
                "select pg_get_constraintdef(oid) from pg_constraint
                 where conrelid = ('clinic.' || $1)::regclass and conname = $1 || '_' || $2 || '_check'",
            )
            .bind(table.sql_name)
            .bind(column.name)
            .fetch_optional(&mut connection)
            .await
            .expect("the catalogue");
            let check = check.unwrap_or_default();
            assert!(words.iter().all(|word| check.contains(word)), "{}.{}", table.sql_name, column.name);
            if let Kind::Choice(choices) = column.kind {
                assert_eq!(
                    check.matches("::text").count(),
                    choices.len(),
                    "{}.{}",
                    table.sql_name,
                    column.name
                );
            }
        }
    }
}

#[tokio::test]
async fn every_reference_that_the_protocol_declares_is_a_foreign_key() {
    let mut connection = connect().await;
    for table in TABLES {
        for column in table.columns {
            let Some(parent) = column.refers_to else { continue };
            let key: Option<String> = sqlx::query_scalar(
                "select pg_get_constraintdef(oid) from pg_constraint
                 where conrelid = ('clinic.' || $1)::regclass and contype = 'f'
                   and pg_get_constraintdef(oid) like '%(tenant_id, ' || $2 || ')%'",
            )
            .bind(table.sql_name)
            .bind(column.name)
            .fetch_optional(&mut connection)
            .await
            .expect("the catalogue");
            let key = key.unwrap_or_default();
            let target = format!("{}(tenant_id, id)", parent.as_str());
            assert!(key.contains(&target), "{}.{}: {key}", table.sql_name, column.name);
        }
    }
}

/// Each question must have no answer.
#[tokio::test]
async fn the_walls_between_tenants_stand_in_every_table() {
    let mut connection = connect().await;
    for (rule, sql) in [
        (
            "row security is on, forced, and one permissive policy says who reads and who writes",
            "select c.relname::text from pg_class c
             where c.relnamespace = 'clinic'::regnamespace and c.relkind in ('r', 'p')
               and (c.relname = 'tenants' or exists (select from pg_attribute a where a.attrelid = c.oid
                                                     and a.attname = 'tenant_id' and not a.attisdropped))
               and (not c.relrowsecurity or not c.relforcerowsecurity or 1 <> (
                   select count(*) from pg_policy p where p.polrelid = c.oid and p.polpermissive
                     and p.polqual is not null and p.polwithcheck is not null
                     and p.polname = 'tenant_isolation' and p.polcmd = '*')
                 or 1 <> (select count(*) from pg_policy p where p.polrelid = c.oid))",
        ),
        (
            "a tenant's tables are those that say whose a row is, and these few are shared",
            "select c.relname::text from pg_class c
             where c.relnamespace = 'clinic'::regnamespace and c.relkind in ('r', 'p')
               and not exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id')
               and c.relname not in ('tenants', 'medicines', 'catalogue', '_sqlx_migrations')",
        ),
        (
            "tenant_id is never null",
            "select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid
             where c.relnamespace = 'clinic'::regnamespace and c.relkind in ('r', 'p')
               and a.attname = 'tenant_id' and not a.attnotnull",
        ),
        (
            "every index leads with tenant_id",
            "select i.indexrelid::regclass::text from pg_index i join pg_class c on c.oid = i.indrelid
             join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
             where c.relnamespace = 'clinic'::regnamespace and c.relkind in ('r', 'p') and i.indkey[0] <> a.attnum",
        ),
        (
            "every foreign key between tenants' tables carries tenant_id",
            "select k.conname::text from pg_constraint k
             join pg_attribute a on a.attrelid = k.conrelid and a.attname = 'tenant_id'
             join pg_attribute b on b.attrelid = k.confrelid and b.attname = 'tenant_id'
             where k.connamespace = 'clinic'::regnamespace and k.contype = 'f'
               and not exists (select from unnest(k.conkey, k.confkey) u (x, y)
                               where x = a.attnum and y = b.attnum)",
        ),
        (
            "no view or copy goes around row security",
            "select relname::text from pg_class where relnamespace = 'clinic'::regnamespace
               and (relkind = 'm' or relkind = 'v'
                    and not coalesce('security_invoker=true' = any (reloptions), false))",
        ),
        (
            "one function sees across tenants, with its path pinned, and belongs to clinic_ops",
            "select proname::text from pg_proc where pronamespace = 'clinic'::regnamespace and prosecdef
               and not (proname = 'tenant_id_for_code' and proowner = 'clinic_ops'::regrole
                        and proconfig::text like '%search_path%')",
        ),
        (
            "no function that reads the tenant is immutable",
            "select proname::text from pg_proc where pronamespace = 'clinic'::regnamespace
               and provolatile = 'i' and prosrc ~ 'current_setting'",
        ),
        (
            "every function has its search path pinned",
            "select proname::text from pg_proc where pronamespace = 'clinic'::regnamespace
               and not coalesce(proconfig::text like '%search_path%', false)",
        ),
        (
            "the server's login may no more than it must",
            "select rolname::text from pg_roles where rolname = 'clinic_app'
               and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb
                    or pg_has_role('clinic_app', 'clinic_owner', 'member')
                    or pg_has_role('clinic_app', 'pg_read_all_data', 'member'))",
        ),
        (
            "the server's login cannot empty, hang triggers on, or delete from synced tables",
            "select c.relname::text from pg_class c
             where c.relnamespace = 'clinic'::regnamespace and c.relkind = 'r'
               and (has_table_privilege('clinic_app', c.oid, 'truncate, references, trigger')
                    or exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'sync_version')
                       and has_table_privilege('clinic_app', c.oid, 'delete'))",
        ),
        (
            "the server's login makes nothing in the schemas",
            "select nspname::text from pg_namespace where nspname in ('clinic', 'public')
               and has_schema_privilege('clinic_app', oid, 'create')",
        ),
        (
            "the log of mutations is never changed",
            "select 'sync_mutations' where has_table_privilege('clinic_app', 'clinic.sync_mutations', 'update, delete')",
        ),
        (
            "the shared catalogue is read-only to the server",
            "select t from unnest(array['medicines', 'catalogue']) t
             where has_table_privilege('clinic_app', 'clinic.' || t, 'insert, update, delete')",
        ),
        (
            "the server's login cannot set the tenant's variable inside a statement",
            "select 'set_config'
             where has_function_privilege('clinic_app', 'pg_catalog.set_config(text, text, boolean)', 'execute')",
        ),
        (
            "every synced table stamps its rows",
            "select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid
             where c.relnamespace = 'clinic'::regnamespace and a.attname = 'clocks'
               and not exists (select from pg_trigger t where t.tgrelid = c.oid and t.tgname = 'stamp_row')",
        ),
    ] {
        let broken: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut connection).await.expect(rule);
        assert!(broken.is_empty(), "{rule}: {broken:?}");
    }
}

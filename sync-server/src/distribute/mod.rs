//! `migrate --distributed`: the tables spread over a Citus cluster, all rows of a tenant on one worker.

mod plan;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::ensure;
use protocol::api::Secret;
use sqlx::{Connection, PgConnection};

pub use plan::{Owner, Step, Table, plan};

/// Triggers give rows their version and their entry in the audit log; `set_tenant` and `begin_write` set by SET LOCAL
/// what the policies and triggers on the workers read.
const SETTINGS: &str = "\
do $$ begin
    execute format('alter database %I set citus.enable_unsafe_triggers = on', current_database());
    execute format('alter database %I set citus.propagate_set_commands = ''local''', current_database());
end $$;
set citus.enable_unsafe_triggers = on;
set citus.propagate_set_commands = 'local';
set citus.allow_unsafe_constraints = on;
";

/// A worker sees the codes of its own tenants only, so whoever makes a tenant asks them all, one after the other.
const UNIQUE_CODES: &str = "\
create or replace function clinic.tenant_code_is_taken(code text) returns boolean
language sql stable strict security definer set search_path = clinic, pg_catalog as $$
    select exists (select from clinic.tenants where tenant_code = code)
$$;
revoke execute on function clinic.tenant_code_is_taken(text) from public;
grant execute on function clinic.tenant_code_is_taken(text) to clinic_app, clinic_ops;
grant create on schema clinic to clinic_ops;
alter function clinic.tenant_code_is_taken(text) owner to clinic_ops;
revoke create on schema clinic from clinic_ops;
create or replace function clinic.create_tenant(tenant uuid, code text, name text) returns bigint
language plpgsql volatile set search_path = clinic, pg_catalog as $$
begin
    perform pg_advisory_xact_lock(hashtextextended(code, 21));
    if clinic.tenant_code_is_taken(code) then
        raise exception 'the code is taken' using errcode = '23505', constraint = 'tenants_tenant_code_key';
    end if;
    perform clinic.set_tenant(tenant);
    insert into tenants (id, tenant_code, tenant_name) values (tenant, code, name);
    insert into tenant_sync (tenant_id) values (tenant);
    return clinic.begin_write(tenant);
end $$;
";

/// Refuses a database that is no Citus cluster, before anything in it is changed.
///
/// # Errors
///
/// A sentence that says what to do.
pub async fn check(admin_url: &Secret) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect(&admin_url.0).await?;
    let calls: i64 = sqlx::query_scalar(
        "select count(distinct proname) from pg_proc
         where proname in ('create_reference_table', 'create_distributed_table', 'create_distributed_function')
           and pg_function_is_visible(oid)",
    )
    .fetch_one(&mut connection)
    .await?;
    connection.close().await?;
    ensure!(
        calls == 3,
        "This database has no Citus extension, so its tables cannot be spread over several machines; nothing was \
         changed. Run `create extension citus` in it and add its workers, or migrate without --distributed: \
         one machine is enough until it is too small."
    );
    Ok(())
}

/// Spreads every table that is not spread yet, of a migrated database that [`check`] let pass. May be repeated, and
/// is after every migration; what was done before a failure stays. No server may be running the first time.
///
/// # Errors
///
/// Those of the cluster, and of [`plan`].
pub async fn distribute(admin_url: &Secret) -> anyhow::Result<usize> {
    let mut connection = PgConnection::connect(&admin_url.0).await?;
    let steps = plan(&tables(&mut connection).await?)?;
    sqlx::raw_sql(SETTINGS).execute(&mut connection).await?;
    sqlx::raw_sql(UNIQUE_CODES).execute(&mut connection).await?;
    // Triggers call functions of which the cluster cannot know.
    sqlx::query(
        "select create_distributed_function(f.name::regprocedure)
         from (select oid::regprocedure::text as name from pg_proc
               where pronamespace = 'clinic'::regnamespace and prokind = 'f' order by 1) f",
    )
    .execute(&mut connection)
    .await?;
    for step in &steps {
        take(&mut connection, step).await?;
    }
    connection.close().await?;
    Ok(steps.len())
}

async fn take(connection: &mut PgConnection, step: &Step) -> sqlx::Result<()> {
    match step {
        Step::Reference { table } => {
            tracing::info!(table, "every worker gets it");
            sqlx::query("select create_reference_table(format('clinic.%I', $1)::regclass)")
                .bind(table)
                .execute(connection)
                .await?;
        }
        Step::Distributed { table, column, beside } => {
            tracing::info!(table, "spread by tenant");
            sqlx::query(
                "select create_distributed_table(format('clinic.%I', $1)::regclass, $2, colocate_with => $3)",
            )
            .bind(table)
            .bind(column)
            .bind(beside)
            .execute(connection)
            .await?;
        }
    }
    Ok(())
}

/// Every table of the schema but the list of migrations, which the coordinator keeps.
async fn tables(connection: &mut PgConnection) -> sqlx::Result<Vec<Table>> {
    let rows: Vec<(String, bool, bool)> = sqlx::query_as(
        "select c.relname::text,
                exists (select from pg_attribute a
                        where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped),
                exists (select from pg_dist_partition d where d.logicalrelid = c.oid)
         from pg_class c
         where c.relnamespace = 'clinic'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
           and c.relname <> '_sqlx_migrations'",
    )
    .fetch_all(&mut *connection)
    .await?;
    let references: Vec<(String, String)> = sqlx::query_as(
        "select t.relname::text, p.relname::text from pg_constraint k
         join pg_class t on t.oid = k.conrelid join pg_class p on p.oid = k.confrelid
         where k.connamespace = 'clinic'::regnamespace and k.contype = 'f' and k.conparentid = 0",
    )
    .fetch_all(connection)
    .await?;
    let mut parents: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (table, parent) in references {
        parents.entry(table).or_default().insert(parent);
    }
    Ok(rows
        .into_iter()
        .map(|(name, is_of_tenant, is_placed)| Table {
            owner: match name.as_str() {
                "tenants" => Owner::Tenants,
                _ if is_of_tenant => Owner::Tenant,
                _ => Owner::All,
            },
            parents: parents.remove(&name).unwrap_or_default(),
            name,
            is_placed,
        })
        .collect())
}

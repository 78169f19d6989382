//! Tries the walls, in a transaction that is rolled back: what a second tenant, and a session without a tenant, can
//! see and change in each table.

use std::io::Write;

use anyhow::{Context, bail};
use sqlx::{Connection, Executor, PgConnection, Postgres, Transaction};
use uuid::Uuid;

use super::statement::{LOCKED, built, has_code, setting};

/// `insufficient_privilege`, also what a policy's WITH CHECK says.
const FORBIDDEN: &str = "42501";

/// Where a row of the table lies that is tried, for roles that may add rows and read none.
const PROBE: &str = "clinic_adoption_probe";

/// Tries every table as the role of new applications and as each login of the old one.
///
/// # Errors
///
/// The tables whose walls have a hole, and which.
pub(super) async fn try_walls(connection: &mut PgConnection, out: &mut impl Write) -> anyhow::Result<()> {
    let first: Uuid = setting(connection, "select tenant_id from clinic_adoption.setup").await?;
    let roles: Vec<String> =
        setting(connection, "select array_prepend(app_role, logins)::text[] from clinic_adoption.setup")
            .await?;
    let tables: Vec<String> = sqlx::query_scalar(
        "select relation::regclass::text from (
             select relation from clinic_adoption.tables
             union all select relation from clinic_adoption.tenancy where name = 'clinics'
         ) t order by 1",
    )
    .fetch_all(&mut *connection)
    .await?;
    let home: String =
        setting(connection, "select quote_ident(schema_name) from clinic_adoption.setup").await?;

    let second = Uuid::now_v7();
    let mut holes = Vec::new();
    // All that is seen is seen of one moment, while the application goes on.
    let mut tx = connection.begin().await?;
    tx.execute("set transaction isolation level repeatable read, read only").await?;
    for table in &tables {
        let all: i64 = count(&mut tx, table).await?;
        for role in &roles {
            let door = Door { table, role, first, second };
            holes.extend(door.look(&mut tx, all).await?);
        }
    }
    tx.rollback().await?;
    let mut tx = connection.begin().await?;
    tx.execute("set local lock_timeout = '500ms'").await?;
    tx.execute(built(format!(
        "insert into {home}.tenants (id, tenant_name, tenant_code)
         values ('{second}', 'Isolation', 'ISOLATION_' || upper(left(md5(random()::text), 12)))"
    )))
    .await?;
    // A trigger of the application could refuse before the wall does, and say nothing of the wall.
    tx.execute("set local session_replication_role = replica").await?;
    for table in &tables {
        tx.execute(built(format!("create temp table {PROBE} as select * from {table} limit 1"))).await?;
        for role in &roles {
            tx.execute(built(format!("grant select on {PROBE} to {}", quoted(role)))).await?;
            let door = Door { table, role, first, second };
            holes.extend(door.push(&mut tx).await?);
        }
        tx.execute(built(format!("drop table {PROBE}"))).await?;
    }
    tx.rollback().await?;
    if !holes.is_empty() {
        bail!(
            "The walls have holes; let no second tenant in. Nothing was changed.\n{}",
            holes.iter().map(|hole| format!("  {hole}")).collect::<Vec<_>>().join("\n")
        );
    }
    writeln!(
        out,
        "{} tables were tried as {}: no tenant sees or changes another's rows.",
        tables.len(),
        roles.join(", ")
    )?;
    Ok(())
}

/// One table as one role comes to it.
struct Door<'a> {
    table: &'a str,
    role: &'a str,
    first: Uuid,
    second: Uuid,
}

impl Door<'_> {
    /// What a tenant sees, of `all` rows that someone sees whom row security does not bind.
    async fn look(&self, tx: &mut Transaction<'_, Postgres>, all: i64) -> anyhow::Result<Vec<String>> {
        let Self { table, role, first, second } = self;
        let mut holes = Vec::new();
        if !self.may(tx, "select").await? {
            return Ok(holes);
        }
        self.take_role(tx).await?;
        for (whose, tenant, expected) in [
            ("the first tenant", Some(first), all),
            ("a second tenant", Some(second), 0),
            ("nobody", None, 0),
        ] {
            set_tenant(tx, tenant).await?;
            let seen = count(tx, table).await?;
            if seen != expected {
                holes.push(format!("{table}: as {role}, {whose} sees {seen} rows instead of {expected}"));
            }
        }
        tx.execute("reset role").await?;
        Ok(holes)
    }

    /// What a tenant can change that is not its own, or put where it is not.
    async fn push(&self, tx: &mut Transaction<'_, Postgres>) -> anyhow::Result<Vec<String>> {
        let Self { table, role, first, second } = self;
        let mut holes = Vec::new();
        let may_read = self.may(tx, "select").await?;
        let columns: String = sqlx::query_scalar(
            "select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
             where attrelid = $1::text::regclass and attnum > 0 and not attisdropped and attgenerated = ''
               and attname <> 'tenant_id'",
        )
        .bind(table)
        .fetch_one(&mut **tx)
        .await?;
        self.take_role(tx).await?;
        set_tenant(tx, Some(second)).await?;
        for (verb, sql) in [
            ("change", format!("update {table} set tenant_id = '{second}'")),
            ("delete", format!("delete from {table}")),
        ] {
            match attempt(tx, sql).await? {
                Attempt::Refused | Attempt::Changed(0) => {}
                Attempt::Changed(rows) => holes.push(format!(
                    "{table}: as {role}, a second tenant can {verb} {rows} rows of the first"
                )),
                Attempt::Failed(why) => holes.push(format!(
                    "{table}: as {role}, it could not be tried whether a second tenant can {verb} rows of the first: {why}"
                )),
            }
        }
        set_tenant(tx, Some(first)).await?;
        // Without looking, all rows are tried at once; the wall stops at the first.
        let one = if may_read {
            format!(" where ctid = (select ctid from {table} limit 1 for update skip locked)")
        } else {
            String::new()
        };
        for (verb, sql) in [
            (
                "put a row into",
                format!(
                    "insert into {table} (tenant_id, {columns}) overriding system value
                     select '{second}', {columns} from {PROBE}"
                ),
            ),
            ("give a row to", format!("update {table} set tenant_id = '{second}'{one}")),
        ] {
            match attempt(tx, sql).await? {
                Attempt::Refused | Attempt::Changed(0) => {}
                Attempt::Changed(_) => {
                    holes.push(format!("{table}: as {role}, the first tenant can {verb} a second one"));
                }
                Attempt::Failed(why) => holes.push(format!(
                    "{table}: as {role}, it could not be tried whether the first tenant can {verb} a second one: {why}"
                )),
            }
        }
        tx.execute("reset role").await?;
        Ok(holes)
    }

    async fn may(&self, tx: &mut Transaction<'_, Postgres>, verb: &str) -> sqlx::Result<bool> {
        sqlx::query_scalar("select has_table_privilege($1::name, $2::text, $3)")
            .bind(self.role)
            .bind(self.table)
            .bind(verb)
            .fetch_one(&mut **tx)
            .await
    }

    async fn take_role(&self, tx: &mut Transaction<'_, Postgres>) -> anyhow::Result<()> {
        let role = self.role;
        tx.execute(built(format!("set local role {}", quoted(role)))).await.map(drop).with_context(|| {
            format!("This login cannot take the role {role}. Grant it: GRANT {role} TO this login.")
        })
    }
}

async fn set_tenant(tx: &mut Transaction<'_, Postgres>, tenant: Option<&Uuid>) -> sqlx::Result<()> {
    let tenant = tenant.map(Uuid::to_string).unwrap_or_default();
    tx.execute(built(format!("set local app.current_tenant_id = '{tenant}'"))).await.map(drop)
}

/// What came of a statement that was tried and taken back.
enum Attempt {
    /// The role may not, or the policy does not let it.
    Refused,
    /// So many rows would be changed.
    Changed(u64),
    /// Something else stood in its way, which says nothing of the wall.
    Failed(String),
}

async fn attempt(tx: &mut Transaction<'_, Postgres>, sql: String) -> sqlx::Result<Attempt> {
    let mut savepoint = tx.begin().await?;
    let outcome = match savepoint.execute(built(sql)).await {
        Ok(done) => Attempt::Changed(done.rows_affected()),
        Err(error) if has_code(&error, FORBIDDEN) => Attempt::Refused,
        // The policy let it through; only a key, or a row that someone holds, stood in its way.
        Err(error) if is_integrity_violation(&error) || has_code(&error, LOCKED) => Attempt::Changed(1),
        Err(error) => match error.as_database_error() {
            Some(database) => Attempt::Failed(database.message().to_owned()),
            None => return Err(error),
        },
    };
    savepoint.rollback().await?;
    Ok(outcome)
}

fn is_integrity_violation(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .is_some_and(|code| code.starts_with("23"))
}

async fn count(tx: &mut Transaction<'_, Postgres>, table: &str) -> sqlx::Result<i64> {
    sqlx::query_scalar(built(format!("select count(*) from {table}"))).fetch_one(&mut **tx).await
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

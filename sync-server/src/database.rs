//! Roles, schema and migrations, and the checks before a server may use a database.

use std::io;
use std::time::Duration;

use protocol::api::Secret;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, Row};
use tokio::time::timeout;

use crate::tenant_tx::Db;

/// The migrations that this program was built with.
pub(crate) static MIGRATIONS: Migrator = sqlx::migrate!("../migrations/postgres");

/// What an administrator runs once where the login of `clinic-sync migrate` may not make roles.
const ROLES: &str = "\
do $$ begin
    if to_regrole('clinic_owner') is null then create role clinic_owner nologin; end if;
    if to_regrole('clinic_app') is null then create role clinic_app login noinherit; end if;
    if to_regrole('clinic_ops') is null then create role clinic_ops login bypassrls; end if;
    if to_regrole('clinic_report') is null then create role clinic_report login noinherit; end if;
    if not pg_has_role(current_user, 'clinic_owner', 'member') then
        execute format('grant clinic_owner to %I', current_user);
    end if;
    if not pg_has_role(current_user, 'clinic_ops', 'member') then
        execute format('grant clinic_ops to %I', current_user);
    end if;
end $$;
create schema if not exists clinic authorization clinic_owner;
";

/// Whoever can connect can otherwise make tables in `public` and temporary ones, under names that a function
/// might look up first.
const PRIVILEGES: &str = "\
revoke all on schema public from public;
grant usage on schema clinic to clinic_app, clinic_ops, clinic_report;
do $$ begin
    execute format('revoke all on database %I from public', current_database());
    execute format('grant connect on database %I to clinic_app, clinic_ops, clinic_report', current_database());
end $$;
";

/// The second lock on the tenant's variable: nothing inside a statement can change it.
const SET_CONFIG: &str = "\
revoke execute on function pg_catalog.set_config(text, text, boolean) from public;
grant execute on function pg_catalog.set_config(text, text, boolean) to clinic_owner, clinic_ops;
revoke execute on function pg_catalog.lo_creat(integer) from public;
revoke execute on function pg_catalog.lo_create(oid) from public;
revoke execute on function pg_catalog.lo_from_bytea(oid, bytea) from public;
";

const AFTERWARDS: &str = "\
grant select on clinic._sqlx_migrations to clinic_app, clinic_ops;
do $$
declare
    across regprocedure;
begin
    grant create on schema clinic to clinic_ops;
    for across in
        select oid from pg_proc
        where oid in (to_regprocedure('clinic.tenant_id_for_code(text)'), to_regprocedure('clinic.tenant_usage(text)'))
          and proowner <> 'clinic_ops'::regrole
    loop
        execute format('alter function %s owner to clinic_ops', across);
    end loop;
    revoke create on schema clinic from clinic_ops;
    -- They see across tenants: a temporary table of their callers' is looked for last, and never found.
    for across in
        select oid from pg_proc
        where oid in (to_regprocedure('clinic.tenant_id_for_code(text)'), to_regprocedure('clinic.tenant_usage(text)'))
          and not coalesce(proconfig @> array['search_path=clinic, pg_catalog, pg_temp'], false)
    loop
        execute format('alter function %s set search_path = clinic, pg_catalog, pg_temp', across);
    end loop;
end $$;
";

const SET_PASSWORD: &str = "\
create or replace function pg_temp.set_password(login text, password text) returns void
language plpgsql as $$ begin execute format('alter role %I password %L', login, password); end $$";

/// Why a database cannot be set up or used. The sentences are for whoever runs the server.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The login may not make roles.
    #[error(
        "This login may not make the roles of Clinic Desk. Let an administrator of the database run the \
         following in it, as this login's database and with this login in place of current_user, and try \
         again:\n\n{ROLES}"
    )]
    NeedsAdministrator,
    /// The server would go around the walls between tenants.
    #[error("The server refuses to start: {0}")]
    Refused(&'static str),
    /// An operator's command with a login that row security binds.
    #[error(
        "This command refuses to start: row security would show its database login nothing, and that would look as \
         if there were nothing. Give DATABASE_URL of clinic_ops."
    )]
    NotTheOperator,
    /// `tenant usage` with another login.
    #[error("This login may not count what tenants have. Give DATABASE_URL of clinic_report or clinic_ops.")]
    MayNotCount,
    /// The database.
    #[error(transparent)]
    Sqlx(#[from] sqlx::Error),
    /// A migration.
    #[error("A migration failed: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// A question to the database.
    #[error(transparent)]
    Server(#[from] crate::error::Error),
}

/// New passwords of the logins; where none is given, the old one stays.
#[derive(Clone, Debug, Default)]
pub struct LoginPasswords {
    /// The server's.
    pub app: Option<Secret>,
    /// The operator's.
    pub ops: Option<Secret>,
    /// That of whoever bills and plans, who counts and reads nothing.
    pub report: Option<Secret>,
}

/// Makes roles and schema where they are missing, and runs the migrations that the database lacks.
///
/// # Errors
///
/// [`Error::NeedsAdministrator`] holds the SQL to run where the login may not do it.
pub async fn migrate(admin_url: &Secret, passwords: &LoginPasswords) -> Result<(), Error> {
    migrate_with(admin_url, passwords, &MIGRATIONS).await
}

/// Makes the roles in a database that a backup is restored into, which brings its own schema.
pub(crate) async fn prepare_for_restore(admin_url: &Secret) -> Result<(), Error> {
    let mut connection = PgConnection::connect(&admin_url.0).await?;
    sqlx::raw_sql(ROLES).execute(&mut connection).await?;
    sqlx::raw_sql("drop schema clinic").execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

/// [`migrate`] with other migrations than those that this program was built with.
pub async fn migrate_with(
    admin_url: &Secret,
    passwords: &LoginPasswords,
    migrations: &Migrator,
) -> Result<(), Error> {
    let mut connection = PgConnection::connect(&admin_url.0).await?;
    // Two servers that start together wait for each other.
    sqlx::query("select pg_advisory_lock(7217310645)").execute(&mut connection).await?;
    sqlx::raw_sql(ROLES).execute(&mut connection).await.map_err(|error| {
        match error.as_database_error().and_then(|error| error.code().map(String::from)).as_deref() {
            Some("42501") => Error::NeedsAdministrator,
            _ => Error::Sqlx(error),
        }
    })?;
    sqlx::raw_sql(PRIVILEGES).execute(&mut connection).await?;
    let is_superuser: bool = sqlx::query_scalar("select rolsuper from pg_roles where rolname = current_user")
        .fetch_one(&mut connection)
        .await?;
    if is_superuser {
        sqlx::raw_sql(SET_CONFIG).execute(&mut connection).await?;
    } else {
        tracing::warn!("only a superuser can take set_config away from clinic_app; this login is none");
    }
    sqlx::raw_sql("set role clinic_owner; set search_path = clinic").execute(&mut connection).await?;
    migrations.run(&mut connection).await?;
    crate::catalogue::store(&mut connection).await?;
    sqlx::raw_sql("reset role; reset search_path").execute(&mut connection).await?;
    sqlx::raw_sql(AFTERWARDS).execute(&mut connection).await?;
    for (login, password) in
        [("clinic_app", &passwords.app), ("clinic_ops", &passwords.ops), ("clinic_report", &passwords.report)]
    {
        if let Some(password) = password {
            sqlx::raw_sql(SET_PASSWORD).execute(&mut connection).await?;
            sqlx::query("select pg_temp.set_password($1, $2)")
                .bind(login)
                .bind(&password.0)
                .execute(&mut connection)
                .await?;
        }
    }
    connection.close().await?;
    Ok(())
}

/// So many connections of a server process; one of them listens.
pub const CONNECTIONS: u32 = 16;
/// So many statements are kept prepared on each: there are more of all tables together than the hundred that sqlx keeps,
/// and the one of a page takes 8 ms to plan anew.
const STATEMENTS: usize = 500;
/// So many of an operator's command.
const OPERATORS_CONNECTIONS: u32 = 4;

const LACKS_MIGRATIONS: &str = "the database lacks migrations; run `clinic-sync migrate` first.";

/// Connects the server, as `clinic_app`.
///
/// # Errors
///
/// [`Error::Refused`] for a login that goes around row security, and for a database that lacks migrations.
pub async fn connect_app(url: &Secret) -> Result<Db, Error> {
    connect_app_with(url, CONNECTIONS).await
}

/// [`connect_app`] with so many connections at most.
pub async fn connect_app_with(url: &Secret, connections: u32) -> Result<Db, Error> {
    // Every statement names its tenant first and finds its rows by an index that begins with it: the plan for one tenant
    // is the plan for all, and making it anew each time costs more than most statements do.
    let session = session(url)?
        .options([("plan_cache_mode", "force_generic_plan")])
        .statement_cache_capacity(STATEMENTS);
    let pool = pool_options(connections).connect_with(session).await?;
    let login = sqlx::query!(
        r#"select rolsuper as "is_superuser!", rolbypassrls as "bypasses_row_security!",
                  coalesce(pg_has_role(current_user, to_regrole('clinic_owner'), 'member'), false) as "is_owner!",
                  has_function_privilege('pg_catalog.set_config(text, text, boolean)', 'execute')
                      as "may_set_config!"
           from pg_roles where rolname = current_user"#
    )
    .fetch_one(&pool)
    .await?;
    if login.is_superuser {
        return Err(Error::Refused("its database login is a superuser, whom row security does not bind."));
    }
    if login.bypasses_row_security {
        return Err(Error::Refused("its database login has BYPASSRLS; log in as clinic_app."));
    }
    if login.is_owner {
        return Err(Error::Refused("its database login owns the tables; log in as clinic_app."));
    }
    if login.may_set_config {
        tracing::warn!("clinic_app may call set_config; let a superuser run `clinic-sync migrate` once");
    }
    let db = Db::new(pool);
    check_migrated(&db).await?;
    Ok(db)
}

/// Connects an operator's command, as `clinic_ops`.
///
/// # Errors
///
/// [`Error::Refused`] for a login to which row security would show nothing, and for a database that lacks migrations.
pub async fn connect_ops(url: &Secret) -> Result<Db, Error> {
    let pool = pool_options(OPERATORS_CONNECTIONS).connect_with(session(url)?).await?;
    let sees_all = sqlx::query_scalar!(
        r#"select rolsuper or rolbypassrls as "sees_all!" from pg_roles where rolname = current_user"#
    )
    .fetch_one(&pool)
    .await?;
    if !sees_all {
        return Err(Error::NotTheOperator);
    }
    let db = Db::new(pool);
    check_migrated(&db).await?;
    Ok(db)
}

/// Connects `tenant usage`, as `clinic_report` or `clinic_ops`: whoever may count the tenants.
///
/// # Errors
///
/// [`Error::MayNotCount`] for another login, and [`Error::Refused`] for a database that lacks migrations.
pub async fn connect_report(url: &Secret) -> Result<Db, Error> {
    let pool = pool_options(OPERATORS_CONNECTIONS).connect_with(session(url)?).await?;
    let may_count: Option<bool> = sqlx::query_scalar(
        "select has_function_privilege(oid, 'execute') from pg_proc
         where oid = to_regprocedure('clinic.tenant_usage(text)')",
    )
    .fetch_optional(&pool)
    .await?;
    match may_count {
        Some(true) => Ok(Db::new(pool)),
        Some(false) => Err(Error::MayNotCount),
        None => Err(Error::Refused(LACKS_MIGRATIONS)),
    }
}

/// Whether the database has every migration that this program knows.
pub(crate) async fn is_migrated(db: &Db) -> Result<bool, crate::error::Error> {
    let applied = db.applied_migrations().await?;
    Ok(MIGRATIONS.iter().all(|migration| applied.contains(&migration.version)))
}

async fn check_migrated(db: &Db) -> Result<(), Error> {
    match is_migrated(db).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(Error::Refused(LACKS_MIGRATIONS)),
        Err(crate::error::Error::Sqlx(sqlx::Error::Database(error)))
            if error.code().as_deref() == Some("42P01") =>
        {
            Err(Error::Refused("the database is empty; run `clinic-sync migrate` first."))
        }
        Err(error) => Err(error.into()),
    }
}

fn pool_options(connections: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(10))
        // A connection that the database closed meanwhile is found when it begins (`Db::start`).
        .test_before_acquire(false)
        .after_release(|connection, _| Box::pin(is_clean(connection)))
}

/// A connection that comes back answers within so long, or is closed: longer than a statement may take, which may still be
/// running on it.
const CLEAN_WITHIN: Duration = Duration::from_secs(20);

/// Whether a connection can begin a transaction, asked when it comes back, so that nobody waits for the answer. sqlx does
/// not know of a transaction whose first message failed, nor of one whose beginning was cancelled, as by a client that
/// goes away: the connection comes back inside of it. In the first the question fails; the second has begun before the
/// question, which is asked in one plain message.
///
/// # Errors
///
/// As with `false`, the pool closes the connection, and hands it to nobody.
async fn is_clean(connection: &mut PgConnection) -> sqlx::Result<bool> {
    let asked = sqlx::raw_sql("select now() = statement_timestamp()").fetch_one(connection);
    let answer = timeout(CLEAN_WITHIN, asked).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?;
    answer?.try_get(0)
}

/// How every connection of this program is made.
pub(crate) fn session(url: &Secret) -> Result<PgConnectOptions, sqlx::Error> {
    let options: PgConnectOptions = url.0.parse()?;
    Ok(options.application_name("clinic-sync").options([
        ("search_path", "clinic"),
        ("TimeZone", "UTC"),
        ("statement_timeout", "15s"),
        ("lock_timeout", "5s"),
        ("idle_in_transaction_session_timeout", "10s"),
    ]))
}

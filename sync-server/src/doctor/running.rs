use std::collections::BTreeMap;

use sqlx::PgConnection;
use sqlx::postgres::PgSslMode;
use time::{Duration, OffsetDateTime};

use super::Find::{Clock, Connection, Disk, Migrations, Roles, Sql, Version};
use super::{Check, Surroundings};
use crate::backup::LEFT_OVER;
use crate::database::MIGRATIONS;

/// How far the clocks of this machine and of the database may lie apart.
const CLOCK_OFFSET: Duration = Duration::seconds(2);
/// The least that must be free where the database keeps its data.
const FREE_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// What the others take for granted.
pub(super) const FIRST: &[Check] = &[
    Check {
        name: "postgres_version",
        rule: "Postgres is 15 or later: earlier ones let every login make tables in public, and know no \
               security_invoker.",
        remedy: "Upgrade Postgres (pg_upgrade, on a copy first).",
        find: Version,
    },
    Check {
        name: "roles_and_schema",
        rule: "The roles clinic_owner, clinic_app, clinic_ops and clinic_report and the schema clinic exist.",
        remedy: "Run `clinic-sync migrate` in this database; if it is not the right one, correct DATABASE_URL.",
        find: Roles,
    },
];

/// What is not the schema.
pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "migrations",
        rule: "The database has the migrations of this program, each as it was written, and no others.",
        remedy: "Lacking: run `clinic-sync migrate`. Unknown: this program is older than the database; use the \
                 newer one. Another text: someone changed a migration after it ran; compare the schema with that \
                 of a new database before anything else.",
        find: Migrations,
    },
    Check {
        name: "durability",
        rule: "What is committed survives a power cut (fsync, full_page_writes and synchronous_commit are on); \
               otherwise people are told \"saved\" falsely.",
        remedy: "Put them on in postgresql.conf and restart Postgres, and reset them for the role or the database \
                 named; if it ever crashed without them, restore a backup.",
        find: Sql(
            "select name || ' is ' || setting from pg_settings
             where name in ('fsync', 'full_page_writes', 'synchronous_commit') and setting = 'off'
             union all
             select coalesce(nullif(setrole, 0)::regrole::text, 'every role') || ': ' || setting
             from pg_db_role_setting, unnest(setconfig) setting
             where setrole in (0, 'clinic_app'::regrole, 'clinic_ops'::regrole)
               and setdatabase in (0, (select oid from pg_database where datname = current_database()))
               and setting in ('synchronous_commit=off', 'synchronous_commit=false', 'synchronous_commit=no', 'synchronous_commit=0')
             order by 1",
        ),
    },
    Check {
        name: "session_settings",
        rule: "A connection has the settings that the server asks for: its search path, UTC, and limits of time \
               for a statement, a lock and an idle transaction.",
        remedy: "A pooler in between must pass the start-up options on, or set the same ones for each connection.",
        find: Sql(
            "select name || ' is ' || setting from pg_settings
             where name in ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout')
                   and setting = '0'
                or name = 'TimeZone' and setting <> 'UTC' or name = 'search_path' and setting <> 'clinic'
             order by 1",
        ),
    },
    Check {
        name: "quiet_log",
        rule: "Postgres writes no values into its log (log_error_verbosity is terse, log_parameter_max_length_on_error \
               is 0): the details of an error quote the patient's row.",
        remedy: "Set both in postgresql.conf and reload Postgres, and reset them for the role or the database named; \
                 older logs may name patients: keep them as safe as the database, or delete them.",
        find: Sql(
            "select name || ' is ' || setting from pg_settings
             where name = 'log_error_verbosity' and setting <> 'terse'
                or name = 'log_parameter_max_length_on_error' and setting <> '0'
             union all
             select coalesce(nullif(setrole, 0)::regrole::text, 'every role') || ': ' || setting
             from pg_db_role_setting, unnest(setconfig) setting
             where setrole in (0, 'clinic_app'::regrole, 'clinic_ops'::regrole, 'clinic_report'::regrole)
               and setdatabase in (0, (select oid from pg_database where datname = current_database()))
               and split_part(setting, '=', 1) in ('log_error_verbosity', 'log_parameter_max_length_on_error')
               and lower(setting) not in ('log_error_verbosity=terse', 'log_parameter_max_length_on_error=0')
             order by 1",
        ),
    },
    Check {
        name: "encrypted_connection",
        rule: "The connection to a database on another machine is encrypted, and the certificate is checked.",
        remedy: "Add sslmode=verify-full (and sslrootcert=…) to DATABASE_URL, also where the server runs.",
        find: Connection,
    },
    Check {
        name: "clock",
        rule: "The clocks of this machine and of the database lie at most two seconds apart; tokens and the order \
               of changes depend on them.",
        remedy: "Let both machines set their clocks by NTP.",
        find: Clock,
    },
    Check {
        name: "free_disk",
        rule: "At least 2 GiB are free where the database keeps its data; a full disk stops the clinic.",
        remedy: "Make room, or move the data folder to a larger disk.",
        find: Disk,
    },
    Check {
        name: "no_trial_left",
        rule: "No database of a `backup verify` that was killed lies on this server: it has every tenant's patients.",
        remedy: "Run `clinic-sync backup verify` with this server as CLINIC_SYNC_SCRATCH_URL, or drop the database as \
                 an administrator.",
        find: Sql(LEFT_OVER),
    },
];

pub(super) async fn version(
    connection: &mut PgConnection,
    here: &Surroundings,
    notes: &mut Vec<String>,
) -> sqlx::Result<Vec<String>> {
    let (number, text): (i32, String) = sqlx::query_as(
        "select current_setting('server_version_num')::int, current_setting('server_version')",
    )
    .fetch_one(connection)
    .await?;
    notes.push(format!("Postgres {text}; see that it is the latest minor release of its line."));
    Ok(if number / 10_000 < here.oldest_postgres { vec![format!("Postgres {text}")] } else { Vec::new() })
}

pub(super) async fn missing_roles(connection: &mut PgConnection) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "select name from unnest(array['clinic_owner', 'clinic_app', 'clinic_ops', 'clinic_report']) name
         where to_regrole(name) is null
         union all select 'schema clinic' where to_regnamespace('clinic') is null
         union all select '_sqlx_migrations' where to_regclass('clinic._sqlx_migrations') is null
         order by 1",
    )
    .fetch_all(connection)
    .await
}

/// Migrations that are missing, unknown, unfinished or other ones than this program's.
pub(super) async fn migrations(connection: &mut PgConnection) -> sqlx::Result<Vec<String>> {
    let applied: Vec<(i64, bool, Vec<u8>)> =
        sqlx::query_as("select version, success, checksum from clinic._sqlx_migrations")
            .fetch_all(connection)
            .await?;
    let mut applied: BTreeMap<i64, (bool, Vec<u8>)> =
        applied.into_iter().map(|(version, success, checksum)| (version, (success, checksum))).collect();
    let mut wrong = Vec::new();
    for migration in MIGRATIONS.iter() {
        let what = match applied.remove(&migration.version) {
            None => "is lacking",
            Some((false, _)) => "broke off",
            Some((true, checksum)) if checksum != *migration.checksum => "has another text here",
            Some(_) => continue,
        };
        wrong.push(format!("{:04} {} {what}", migration.version, migration.description));
    }
    wrong.extend(applied.keys().map(|version| format!("{version:04} is unknown to this program")));
    Ok(wrong)
}

pub(super) fn connection(here: &Surroundings) -> Vec<String> {
    match here.ssl_mode {
        PgSslMode::VerifyFull => Vec::new(),
        _ if here.is_local => Vec::new(),
        PgSslMode::VerifyCa => {
            vec!["sslmode=verify-ca takes a certificate of any machine that its authority knows".to_owned()]
        }
        PgSslMode::Require => vec!["sslmode=require encrypts, but checks no certificate".to_owned()],
        PgSslMode::Disable | PgSslMode::Allow | PgSslMode::Prefer => {
            vec!["the connection need not be encrypted".to_owned()]
        }
    }
}

pub(super) async fn clock(
    connection: &mut PgConnection,
    here: &Surroundings,
    notes: &mut Vec<String>,
) -> sqlx::Result<Vec<String>> {
    let before = (here.clock)();
    let there: OffsetDateTime = sqlx::query_scalar("select clock_timestamp()").fetch_one(connection).await?;
    let took = (here.clock)() - before;
    let offset: Duration = there - (before + took / 2);
    // An answer that took long says less of the clock.
    if offset.abs() - took / 2 > CLOCK_OFFSET {
        return Ok(vec![format!(
            "the database's clock is {:.1} s from this machine's",
            offset.as_seconds_f64()
        )]);
    }
    notes.push(format!("The database's clock is {} ms from this machine's.", offset.whole_milliseconds()));
    Ok(Vec::new())
}

pub(super) fn disk(here: &Surroundings, notes: &mut Vec<String>) -> Vec<String> {
    let Some(free) = here.free_bytes else {
        notes.push("How much disk the database has free is not known from here; watch it there.".to_owned());
        return Vec::new();
    };
    let free_gib = free as f64 / f64::from(1 << 30);
    if free < FREE_BYTES {
        return vec![format!("{free_gib:.1} GiB free")];
    }
    notes.push(format!("{free_gib:.0} GiB are free where the database keeps its data."));
    Vec::new()
}

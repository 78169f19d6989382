//! Runs the statements of a step, each in a transaction of its own, without keeping the application waiting.

use std::io::Write;

use anyhow::{Context, bail};
use sqlx::{AssertSqlSafe, Connection, Executor, FromRow, PgConnection, Row};

use super::backfill;
use super::options::Pace;

/// `lock_not_available`.
pub(super) const LOCKED: &str = "55P03";

/// Statements that hold no lock which the application would notice may wait for it as long as this.
const PATIENT: &str = "set lock_timeout = '10min'; set statement_timeout = 0";

/// How a statement is run.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    /// In a transaction; it locks nothing that the application uses.
    Plain,
    /// Outside of a transaction: what is CONCURRENT, and validating, which reads much under a weak lock.
    Alone,
    /// In a transaction that first takes this lock on its tables.
    Locked(&'static str),
    /// In many transactions.
    Backfill,
}

/// A statement that a step still needs. Its text is built by the files of `migrations/in-place`, of names that the
/// catalogue gave and `format` quoted.
#[derive(Debug, PartialEq, FromRow)]
pub(super) struct Statement {
    lock: String,
    relations: Vec<String>,
    #[sqlx(rename = "statement")]
    text: String,
}

/// A sentence about something that a step found.
#[derive(Debug, FromRow)]
pub(super) struct Sentence {
    /// Whether the step must not begin.
    pub stops: bool,
    /// For the operator; no data of a row.
    pub sentence: String,
}

impl Statement {
    fn way(&self) -> Way {
        match self.lock.as_str() {
            "" => Way::Plain,
            "alone" => Way::Alone,
            "access exclusive" => Way::Locked("access exclusive"),
            "share row exclusive" => Way::Locked("share row exclusive"),
            "backfill" => Way::Backfill,
            other => unreachable!("BUG: a step asks for the lock {other:?}"),
        }
    }
}

/// The one place at which SQL that was built from names is let through.
pub(super) fn built(sql: String) -> AssertSqlSafe<String> {
    AssertSqlSafe(sql)
}

/// The statements that a step still needs.
pub(super) async fn ask(
    connection: &mut PgConnection,
    question: &'static str,
) -> sqlx::Result<Vec<Statement>> {
    sqlx::query_as(question).fetch_all(connection).await
}

/// What stands in the way of a step, and what is good to know.
pub(super) async fn look(connection: &mut PgConnection, check: &'static str) -> sqlx::Result<Vec<Sentence>> {
    let questions: Vec<String> = sqlx::query_scalar(check).fetch_all(&mut *connection).await?;
    let mut sentences = Vec::new();
    for question in questions {
        sentences.extend(sqlx::query_as(built(question)).fetch_all(&mut *connection).await?);
    }
    Ok(sentences)
}

/// Prints what a step would do first.
pub(super) async fn show(
    connection: &mut PgConnection,
    question: &'static str,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let statements = ask(connection, question).await?;
    for statement in &statements {
        writeln!(out, "{};", statement.text.trim())?;
    }
    if !statements.is_empty() {
        writeln!(out, "-- What needs these to be done first would follow.")?;
    }
    Ok(())
}

/// Whether a step came to its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum End {
    /// Nothing is left to do, after so many statements.
    Done(i32),
    /// It was told to stop before.
    Paused,
}

/// Runs statements until the step needs none.
///
/// # Errors
///
/// A lock that could not be had, with who holds it; what Postgres refuses. What was done stays, and the step can be
/// run again.
pub(super) async fn run_all(
    connection: &mut PgConnection,
    question: &'static str,
    pace: &Pace,
    out: &mut impl Write,
) -> anyhow::Result<End> {
    let mut count = 0;
    let mut before = Vec::new();
    loop {
        let statements = ask(connection, question).await?;
        if statements.is_empty() {
            return Ok(End::Done(count));
        }
        anyhow::ensure!(statements != before, "BUG: {:?} changes nothing", statements[0].text);
        for statement in &statements {
            match statement.way() {
                Way::Plain => in_transaction(connection, statement, None, pace).await?,
                Way::Locked(mode) => in_transaction(connection, statement, Some(mode), pace).await?,
                Way::Alone => alone(connection, statement).await?,
                Way::Backfill => {
                    let [relation, name] = statement.relations.as_slice() else {
                        unreachable!("BUG: a backfill has one table");
                    };
                    if backfill::fill(connection, relation, name, pace, out).await? == End::Paused {
                        return Ok(End::Paused);
                    }
                }
            }
            count += 1;
        }
        before = statements;
    }
}

async fn alone(connection: &mut PgConnection, statement: &Statement) -> anyhow::Result<()> {
    connection.execute(PATIENT).await?;
    let done = connection.execute(sqlx::raw_sql(built(statement.text.clone()))).await;
    done.map(drop).map_err(|error| refused(&error, statement))
}

/// Tries until the locks are there. One may be waited for, while none is held; the others are taken only if they are
/// free, so that nothing waits while it holds one, and no deadlock can come of it. The tables take turns in being the
/// one that is waited for: one that is always in use is never found free.
async fn in_transaction(
    connection: &mut PgConnection,
    statement: &Statement,
    mode: Option<&str>,
    pace: &Pace,
) -> anyhow::Result<()> {
    for tried in 0..pace.tries {
        if tried > 0 {
            tokio::time::sleep(Pace::rest(tried)).await;
        }
        match try_once(connection, statement, mode, pace, tried).await {
            Ok(()) => return Ok(()),
            Err(error) if has_code(&error, LOCKED) => {}
            Err(error) => return Err(refused(&error, statement)),
        }
    }
    let table = statement.relations.join(" or ");
    let holders = holders(connection, &statement.relations).await?;
    bail!(
        "Other sessions keep {table} locked{holders}. It was tried {} times; this step's statements up to this one \
         stay, and nothing else was changed. Run the step again when they have finished.",
        pace.tries
    )
}

async fn try_once(
    connection: &mut PgConnection,
    statement: &Statement,
    mode: Option<&str>,
    pace: &Pace,
    tried: u32,
) -> sqlx::Result<()> {
    let mut tx = connection.begin().await?;
    let limits =
        format!("set local lock_timeout = {}; set local statement_timeout = '5s'", pace.lock_timeout_ms);
    tx.execute(sqlx::raw_sql(built(limits))).await?;
    if let Some(mode) = mode {
        let tables = statement.relations.len();
        let turns = statement.relations.iter().cycle().skip(tried as usize % tables.max(1)).take(tables);
        for (place, relation) in turns.enumerate() {
            let nowait = if place == 0 { "" } else { " nowait" };
            tx.execute(built(format!("lock table {relation} in {mode} mode{nowait}"))).await?;
        }
    }
    tx.execute(sqlx::raw_sql(built(statement.text.clone()))).await?;
    tx.commit().await
}

/// Who holds a lock there: ": session 4711 of the login app, for 12 s".
async fn holders(connection: &mut PgConnection, relations: &[String]) -> sqlx::Result<String> {
    let rows = sqlx::query(
        "select distinct a.pid, a.usename::text, extract(epoch from now() - a.xact_start)::bigint
         from pg_locks l join pg_stat_activity a using (pid)
         where l.relation = any ($1::text[]::regclass[]) and l.granted and a.pid <> pg_backend_pid()
         order by 3 desc nulls last limit 3",
    )
    .bind(relations)
    .fetch_all(connection)
    .await?;
    let mut words = Vec::new();
    for row in rows {
        let (pid, login, seconds): (i32, Option<String>, Option<i64>) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        words.push(format!(
            "session {pid} of the login {}, for {} s",
            login.as_deref().unwrap_or("?"),
            seconds.unwrap_or_default()
        ));
    }
    Ok(if words.is_empty() { String::new() } else { format!(": {}", words.join("; ")) })
}

pub(super) fn has_code(error: &sqlx::Error, code: &str) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).is_some_and(|found| found == code)
}

/// What Postgres said, in its first line only: its details may show values of a row.
fn refused(error: &sqlx::Error, statement: &Statement) -> anyhow::Error {
    let words = match error.as_database_error() {
        Some(error) => error.message().to_owned(),
        None => error.to_string(),
    };
    let object = statement.relations.first().map(|relation| format!(" on {relation}")).unwrap_or_default();
    anyhow::anyhow!(
        "Postgres refused a statement{object}: {words}. The statements before it stay; mend this, and run the step \
         again. `--dry-run` shows the statement."
    )
}

/// The record of the adoption has one row of settings.
pub(super) async fn setting<T>(connection: &mut PgConnection, query: &'static str) -> anyhow::Result<T>
where
    T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
{
    sqlx::query_scalar(query)
        .fetch_one(connection)
        .await
        .context("BUG: the record of the adoption has no settings")
}

//! `clinic-sync adopt`: gives the tables of a single-tenant database tenants and walls where they stand, step by
//! step, while its application goes on, with a way back from each step. `docs/in-place-migration.md` tells how.

/// Tenants for the rows that are there.
mod backfill;
/// Trying the walls.
mod isolation;
/// Options.
mod options;
/// What was done.
mod record;
/// Running what a step needs.
mod statement;
/// The steps.
mod steps;

use std::io::Write;

use anyhow::{Context, bail, ensure};
use protocol::api::Secret;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor, PgConnection};
use time::format_description::well_known::Rfc3339;

pub use options::{Action, AdoptOptions, Pace, Start};
pub use steps::{STEPS, Step, StepName};

use record::{Record, Run, Standing};
use statement::{End, Sentence, ask, look, run_all, show};

/// What says that the old application is stopped.
const STOPPED: &str = "--old-application-is-stopped";

/// Does what the options say, as an administrator of the database.
///
/// # Errors
///
/// Sentences for the operator: what stands in a step's way, who holds a lock, what Postgres refused.
pub async fn run(url: &Secret, options: &AdoptOptions, out: &mut impl Write) -> anyhow::Result<()> {
    let mut connection = connect(url).await?;
    if options.action.status {
        return write_status(&mut connection, out).await;
    }
    // The lock belongs to the session: it also keeps a second command out while the server still ends a statement
    // of a first one that was killed.
    let is_alone: bool =
        sqlx::query_scalar("select pg_try_advisory_lock(7217310646)").fetch_one(&mut connection).await?;
    ensure!(is_alone, "Another `clinic-sync adopt` works in this database. Wait until it has ended.");
    let record = Record::read(&mut connection).await?;
    if options.action.rollback {
        let last = record.last().context("There is nothing to roll back.")?;
        if let Some(StepName(asked)) = options.action.step {
            ensure!(
                asked.number == last.number,
                "Steps are rolled back from the last one: {} {} is next.",
                last.number,
                last.name
            );
        }
        roll_back(&mut connection, last, options, out).await?;
    } else {
        let step = match options.action.step {
            Some(StepName(step)) => step,
            None => record.next().context("All steps are done.")?,
        };
        go(&mut connection, &record, step, options, out).await?;
    }
    connection.close().await?;
    Ok(())
}

async fn connect(url: &Secret) -> anyhow::Result<PgConnection> {
    let session: PgConnectOptions = url.0.parse()?;
    // Names are printed with their schema when it is not on the path.
    let session = session
        .application_name("clinic-sync adopt")
        .options([("search_path", "pg_catalog"), ("TimeZone", "UTC")]);
    let mut connection = session.connect().await.context("The database cannot be reached.")?;
    let (version, is_free): (i32, bool) = sqlx::query_as(
        "select current_setting('server_version_num')::int, rolsuper or rolbypassrls
         from pg_roles where rolname = current_user",
    )
    .fetch_one(&mut connection)
    .await?;
    ensure!(version >= 150_000, "This needs Postgres 15 or later.");
    ensure!(
        is_free,
        "This login is bound by row security, and would not see all rows. Use an administrator's, or one with BYPASSRLS."
    );
    Ok(connection)
}

async fn go(
    connection: &mut PgConnection,
    record: &Record,
    step: &'static Step,
    options: &AdoptOptions,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    if let Some(before) = record.missing_before(step) {
        bail!("Step {} ({}) comes first.", before.number, before.name);
    }
    if let Some(last) = record.last()
        && matches!(record.standing(last), Standing::HalfUndone(_))
    {
        bail!("The rollback of step {} ({}) was broken off; end it with --rollback.", last.number, last.name);
    }
    if !record.exists {
        if options.dry_run {
            return rehearse_start(connection, step, options, out).await;
        }
        let mut tx = connection.begin().await?;
        make_record(&mut tx, &options.start).await?;
        refuse_or_note(&mut tx, step.checks, out).await?;
        tx.commit().await?;
    }
    for before in STEPS.iter().take_while(|before| before.number < step.number) {
        ensure!(
            ask(connection, before.up).await?.is_empty(),
            "Step {0} ({1}) has more to do: has the application a new table or index? Run `adopt --step {0}` again.",
            before.number,
            before.name
        );
    }
    let is_done = matches!(record.standing(step), Standing::Done(_));
    if is_done && step.number != steps::ISOLATION && ask(connection, step.up).await?.is_empty() {
        writeln!(out, "Step {} ({}) is done already.", step.number, step.name)?;
        return Ok(());
    }
    refuse_or_note(connection, step.checks, out).await?;
    if options.dry_run {
        return show(connection, step.up, out).await;
    }
    ensure!(
        step.number != steps::SWITCH || options.old_application_is_stopped,
        "This step takes the old application's tenant away: it will see nothing. Stop it, and say so with {STOPPED}."
    );
    let run = record::begin(connection, step, "up").await?;
    if step.number == steps::ISOLATION {
        isolation::try_walls(connection, out).await?;
    }
    match run_all(connection, step.up, &options.pace, out).await? {
        End::Done(statements) => {
            record::finish(connection, run, statements).await?;
            writeln!(out, "Step {} ({}) is done.", step.number, step.name)?;
        }
        End::Paused => {
            writeln!(out, "Step {} ({}) is not done; run it again to go on.", step.number, step.name)?;
        }
    }
    Ok(())
}

/// Makes the record, looks, and takes everything back.
async fn rehearse_start(
    connection: &mut PgConnection,
    step: &'static Step,
    options: &AdoptOptions,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let mut tx = connection.begin().await?;
    make_record(&mut tx, &options.start).await?;
    refuse_or_note(&mut tx, step.checks, out).await?;
    show(&mut tx, step.up, out).await?;
    tx.rollback().await?;
    Ok(())
}

async fn make_record(connection: &mut PgConnection, start: &Start) -> anyhow::Result<()> {
    ensure!(
        !start.app_logins.is_empty(),
        "Name the login of the old application with --app-login: it gets its tenant from the database."
    );
    connection.execute(sqlx::raw_sql(steps::RECORD)).await?;
    sqlx::query(
        "insert into clinic_adoption.setup (schema_name, logins, shared, tenant_name)
         values ($1::text::name, $2::text[]::name[], $3::text[]::name[], $4)",
    )
    .bind(&start.schema)
    .bind(&start.app_logins)
    .bind(start.shared_tables())
    .bind(&start.tenant_name)
    .execute(connection)
    .await?;
    Ok(())
}

/// Prints what is good to know.
///
/// # Errors
///
/// Every sentence about what stands in the way.
async fn refuse_or_note(
    connection: &mut PgConnection,
    checks: &[&'static str],
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let mut obstacles = Vec::new();
    for check in checks {
        for Sentence { stops, sentence } in look(connection, check).await? {
            if stops {
                obstacles.push(sentence);
            } else {
                writeln!(out, "Note: {sentence}")?;
            }
        }
    }
    ensure!(obstacles.is_empty(), "Nothing was changed.\n{}", obstacles.join("\n"));
    Ok(())
}

async fn roll_back(
    connection: &mut PgConnection,
    step: &'static Step,
    options: &AdoptOptions,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    refuse_or_note(connection, &[steps::ROLLBACK_CHECK], out).await?;
    refuse_or_note(connection, step.down_checks, out).await?;
    if options.dry_run {
        return show(connection, step.down, out).await;
    }
    let run = record::begin(connection, step, "down").await?;
    let mut count = 0;
    // What the step replaced is made again by the steps before it.
    let before = STEPS.iter().take_while(|before| before.number < step.number).map(|before| before.up);
    for question in std::iter::once(step.down).chain(before) {
        if let End::Done(statements) = run_all(connection, question, &options.pace, out).await? {
            count += statements;
        }
    }
    if step.number == 1 {
        connection.execute("drop schema clinic_adoption cascade").await?;
        writeln!(out, "Step 1 ({}) is rolled back, and the record is gone: all is as before.", step.name)?;
        return Ok(());
    }
    record::finish(connection, run, count).await?;
    writeln!(out, "Step {} ({}) is rolled back.", step.number, step.name)?;
    if step.number == steps::SWITCH {
        writeln!(out, "Sessions of the old application that are open have no tenant: start it anew.")?;
    }
    Ok(())
}

async fn write_status(connection: &mut PgConnection, out: &mut impl Write) -> anyhow::Result<()> {
    let record = Record::read(connection).await?;
    for step in &STEPS {
        let standing = match record.standing(step) {
            Standing::ToDo => "to do".to_owned(),
            Standing::Begun(run) => format!("begun {}", by(&run)?),
            Standing::HalfUndone(run) => format!("rollback begun {}", by(&run)?),
            Standing::Done(run) if ask(connection, step.up).await?.is_empty() => {
                format!("done {}", by(&run)?)
            }
            Standing::Done(run) => format!("done {}, and more to do since", by(&run)?),
        };
        writeln!(out, "{} {:14} {:70} {standing}", step.number, step.name, step.about)?;
    }
    if record.exists {
        let filled: Vec<(String, i64, i64)> = sqlx::query_as(
            "select relation::text, next_block, blocks from clinic_adoption.backfill
             where finished_at is null order by relation",
        )
        .fetch_all(connection)
        .await?;
        for (table, page, pages) in filled {
            writeln!(out, "Backfill of {table}: page {page} of {pages}.")?;
        }
    }
    Ok(())
}

fn by(run: &Run) -> anyhow::Result<String> {
    let at = run.started_at.format(&Rfc3339)?;
    let took = run.finished_at.map(|end| format!(", {} ms", (end - run.started_at).whole_milliseconds()));
    Ok(format!("{at} by {}{}", run.started_by, took.unwrap_or_default()))
}

//! What is known of an adoption: its record in the database.

use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;

use super::steps::{STEPS, Step};

/// The last run of a step.
#[derive(Clone, Debug, FromRow)]
pub(super) struct Run {
    pub step: i16,
    direction: String,
    pub started_by: String,
    pub started_at: OffsetDateTime,
    pub finished_at: Option<OffsetDateTime>,
}

/// Where a step stands.
#[derive(Clone, Debug)]
pub(super) enum Standing {
    /// Never run, or undone.
    ToDo,
    /// Begun, and broken off.
    Begun(Run),
    /// Done.
    Done(Run),
    /// Its rollback was broken off.
    HalfUndone(Run),
}

/// Where every step stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    /// Whether the database has a record at all.
    pub exists: bool,
    runs: Vec<Run>,
}

impl Record {
    pub(super) async fn read(connection: &mut PgConnection) -> sqlx::Result<Self> {
        let exists: bool = sqlx::query_scalar("select to_regnamespace('clinic_adoption') is not null")
            .fetch_one(&mut *connection)
            .await?;
        if !exists {
            return Ok(Self::default());
        }
        let runs = sqlx::query_as(
            "select step, direction, started_by::text as started_by, started_at, finished_at
             from clinic_adoption.latest",
        )
        .fetch_all(connection)
        .await?;
        Ok(Self { exists, runs })
    }

    pub(super) fn standing(&self, step: &Step) -> Standing {
        match self.runs.iter().find(|run| run.step == step.number).cloned() {
            None => Standing::ToDo,
            Some(run) => match (run.direction.as_str(), run.finished_at) {
                ("up", Some(_)) => Standing::Done(run),
                ("up", None) => Standing::Begun(run),
                (_, None) => Standing::HalfUndone(run),
                (_, Some(_)) => Standing::ToDo,
            },
        }
    }

    /// The first step that is not done, if one is left.
    pub(super) fn next(&self) -> Option<&'static Step> {
        STEPS.iter().find(|step| !matches!(self.standing(step), Standing::Done(_)))
    }

    /// The step that a rollback undoes: the last of which anything is there.
    pub(super) fn last(&self) -> Option<&'static Step> {
        let last = STEPS.iter().rev().find(|step| !matches!(self.standing(step), Standing::ToDo));
        // A record without a run is that of a first step which was broken off at once.
        last.or(if self.exists { STEPS.first() } else { None })
    }

    /// The first step before this one whose rollback, or which itself, was broken off or never run.
    pub(super) fn missing_before(&self, step: &Step) -> Option<&'static Step> {
        STEPS
            .iter()
            .take_while(|before| before.number < step.number)
            .find(|before| !matches!(self.standing(before), Standing::Done(_)))
    }
}

/// Notes that a step, or its rollback, begins; the run's number.
pub(super) async fn begin(connection: &mut PgConnection, step: &Step, direction: &str) -> sqlx::Result<i64> {
    sqlx::query_scalar("insert into clinic_adoption.runs (step, direction) values ($1, $2) returning run")
        .bind(step.number)
        .bind(direction)
        .fetch_one(connection)
        .await
}

/// Notes that it ended.
pub(super) async fn finish(connection: &mut PgConnection, run: i64, statements: i32) -> sqlx::Result<()> {
    sqlx::query("update clinic_adoption.runs set finished_at = now(), statements = $2 where run = $1")
        .bind(run)
        .bind(statements)
        .execute(connection)
        .await?;
    Ok(())
}

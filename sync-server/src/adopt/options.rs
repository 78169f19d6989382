//! The options of `adopt`.

use std::time::Duration;

use clap::Args;

use super::steps::StepName;

/// Tables that tools keep for themselves, and that belong to no tenant.
const TOOLS_TABLES: &[&str] = &[
    "alembic_version",
    "django_migrations",
    "flyway_schema_history",
    "knex_migrations",
    "knex_migrations_lock",
    "schema_migrations",
    "_sqlx_migrations",
];

/// Options of `adopt`.
#[derive(Args, Clone, Debug)]
pub struct AdoptOptions {
    /// What to do.
    #[command(flatten)]
    pub action: Action,
    /// Prints the statements, and runs none.
    #[arg(long)]
    pub dry_run: bool,
    /// What the first step is told.
    #[command(flatten)]
    pub start: Start,
    /// How carefully to go.
    #[command(flatten)]
    pub pace: Pace,
    /// For the last step: the old application is stopped and will not come back.
    #[arg(long)]
    pub old_application_is_stopped: bool,
}

/// What to do.
#[derive(Args, Clone, Copy, Debug)]
#[group(required = true)]
pub struct Action {
    /// Says where the adoption stands.
    #[arg(long, conflicts_with_all = ["next", "step", "rollback"])]
    pub status: bool,
    /// Runs the next step, or goes on with one that was broken off.
    #[arg(long, conflicts_with_all = ["step", "rollback"])]
    pub next: bool,
    /// Runs this step, by number or name; with --rollback, undoes it.
    #[arg(long)]
    pub step: Option<StepName>,
    /// Undoes the last step.
    #[arg(long)]
    pub rollback: bool,
}

/// What the first step is told and the others remember.
#[derive(Args, Clone, Debug)]
pub struct Start {
    /// The schema of the application's tables.
    #[arg(long, default_value = "public")]
    pub schema: String,
    /// A login of the old application. Can be given more than once.
    #[arg(long = "app-login")]
    pub app_logins: Vec<String>,
    /// A table that belongs to no tenant. Can be given more than once; those of common migration tools are known.
    #[arg(long = "shared")]
    pub shared: Vec<String>,
    /// The name of the first tenant.
    #[arg(long, default_value = "Legacy Clinic")]
    pub tenant_name: String,
}

impl Start {
    /// Every table that belongs to no tenant.
    pub(super) fn shared_tables(&self) -> Vec<String> {
        TOOLS_TABLES.iter().map(|name| (*name).to_owned()).chain(self.shared.iter().cloned()).collect()
    }
}

/// How carefully to go.
#[derive(Args, Clone, Copy, Debug)]
pub struct Pace {
    /// How long a statement may wait for its lock, in milliseconds. While it waits, the application waits behind it.
    /// Keep it below Postgres's deadlock_timeout (one second): then it is never the application that gives way.
    #[arg(long = "lock-timeout-ms", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=900))]
    pub lock_timeout_ms: u32,
    /// How often a statement tries to get its lock.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub tries: u32,
    /// How many pages (of 8 KiB) of a table one batch of the backfill goes through.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub batch_pages: u32,
    /// How long the backfill rests between two batches, in milliseconds.
    #[arg(long, default_value_t = 20)]
    pub pause_ms: u32,
    /// After how many batches the backfill stops; without it, at the end. Ctrl-C is as good.
    #[arg(long)]
    pub batches: Option<u32>,
}

impl Pace {
    pub(super) fn pause(&self) -> Duration {
        Duration::from_millis(self.pause_ms.into())
    }

    /// The rest before the next try: the queue behind the last one must drain.
    pub(super) fn rest(tries: u32) -> Duration {
        Duration::from_millis(200 << tries.min(5))
    }
}

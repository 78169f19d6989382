//! Sides of a comparison, in turns.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Instant;

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::load::Scale;
use crate::work::{Asked, Kind, Work, id};

/// Questions to one tenant in one turn.
const QUESTIONS: usize = 20;

/// A login on one connection.
#[derive(Debug)]
pub struct Arm(PgConnection);

/// Two sides, in milliseconds for one question: medians over all turns, and the median of the turns' ratios.
#[derive(Debug)]
pub struct Comparison {
    pub value: f64,
    pub floor: f64,
    pub ratio: f64,
}

/// Equal runs ask equal questions.
#[derive(Debug)]
pub struct Dice(u64);

impl Dice {
    pub fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }

    /// From 0 to one less than `sides`.
    pub fn roll(&mut self, sides: i32) -> i32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let sides = u64::try_from(sides.max(1)).expect("BUG: positive");
        i32::try_from(self.0 % sides).expect("BUG: less than sides")
    }
}

impl Arm {
    pub async fn connect(url: &str) -> anyhow::Result<Self> {
        let mut connection = PgConnection::connect(url).await?;
        let backend: i32 = sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut connection).await?;
        pin(u32::try_from(backend)?, 1);
        // As the server's own connections.
        connection.execute("set plan_cache_mode = force_generic_plan").await?;
        Ok(Self(connection))
    }

    /// Asks a tenant these questions in one transaction, and undoes what they wrote. The milliseconds of each, when
    /// the same were asked just before: a clinic at work has its pages in memory, and neither side profits from
    /// the other's turn.
    async fn turn(&mut self, work: Work, tenant: i32, asked: &[Asked]) -> anyhow::Result<Vec<f64>> {
        let tenant = id(Kind::Tenant, tenant, 0);
        let set = if work.writes() { "begin_write" } else { "set_tenant" };
        let begin = format!("begin; select clinic.{set}('{tenant}')");
        self.0.execute(AssertSqlSafe(begin.clone())).await?;
        for asked in asked {
            asked.ask(work, &mut self.0).await?;
        }
        self.0.execute("rollback").await?;
        self.0.execute(AssertSqlSafe(begin)).await?;
        let mut times = Vec::with_capacity(asked.len());
        for asked in asked {
            let start = Instant::now();
            asked.ask(work, &mut self.0).await?;
            times.push(start.elapsed().as_secs_f64() * 1_000.0);
        }
        self.0.execute("rollback").await?;
        Ok(times)
    }
}

/// Keeps a process on one core, where there is a way to: whether two that talk share a core changes their times
/// more than all that is measured here.
pub fn pin(process: u32, core: u32) {
    let pinned = Command::new("taskset")
        .args(["--pid", "--cpu-list", &core.to_string(), &process.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !pinned.is_ok_and(|status| status.success()) {
        writeln!(std::io::stderr(), "process {process} runs on any core; expect more noise").ok();
    }
}

/// Lets two sides take turns.
pub async fn compare(
    one: &mut Arm,
    other: &mut Arm,
    work: Work,
    scale: Scale,
    blocks: usize,
    dice: &mut Dice,
) -> anyhow::Result<Comparison> {
    let (mut ones, mut others, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for block in 0..blocks + 5 {
        let tenant = 1 + dice.roll(scale.tenants);
        let asked: Vec<Asked> = (0..QUESTIONS).map(|_| Asked::of(tenant, scale, dice)).collect();
        let mut sums = [0.0; 2];
        for side in [0, 1, 1, 0] {
            let arm = if side == 0 { &mut *one } else { &mut *other };
            sums[side] += median(arm.turn(work, tenant, &asked).await?);
        }
        // The first turns compile statements.
        if block >= 5 {
            ones.push(sums[0] / 2.0);
            others.push(sums[1] / 2.0);
            ratios.push(sums[0] / sums[1]);
        }
    }
    Ok(Comparison { value: median(ones), floor: median(others), ratio: median(ratios) })
}

/// The 95th percentile of a question on each of these databases, which take turns.
pub async fn each(
    arms: &mut [(Scale, Arm)],
    work: Work,
    blocks: usize,
    dice: &mut Dice,
) -> anyhow::Result<Vec<f64>> {
    let mut times = vec![Vec::new(); arms.len()];
    for _ in 0..blocks {
        for ((scale, arm), times) in arms.iter_mut().zip(&mut times) {
            let tenant = 1 + dice.roll(scale.tenants);
            let asked: Vec<Asked> = (0..QUESTIONS).map(|_| Asked::of(tenant, *scale, dice)).collect();
            times.extend(arm.turn(work, tenant, &asked).await?);
        }
    }
    Ok(times.into_iter().map(|times| percentile(times, 95)).collect())
}

fn median(times: Vec<f64>) -> f64 {
    percentile(times, 50)
}

fn percentile(mut times: Vec<f64>, percent: usize) -> f64 {
    times.sort_by(f64::total_cmp);
    times[(times.len() * percent / 100).min(times.len() - 1)]
}

//! A Postgres that a test kills and starts again, and places in a database at which a test holds whoever comes there.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use clinic_sync::database;
use clinic_sync::embedded::{Embedded, Options, Urls};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::process::{output, wait_for};

/// A Postgres of its own, which loses nothing when it is killed.
pub struct Postgres {
    folder: PathBuf,
    running: Option<Embedded>,
    urls: Urls,
}

impl Postgres {
    /// Starts one on this folder, with all migrations.
    ///
    /// # Errors
    ///
    /// If Postgres does not start.
    pub async fn open(folder: PathBuf) -> anyhow::Result<Self> {
        let running = start(&folder)?;
        let urls = running.urls().clone();
        database::migrate(&urls.admin.0, running.passwords()).await?;
        Ok(Self { folder, running: Some(running), urls })
    }

    /// How to connect.
    pub fn urls(&self) -> &Urls {
        &self.urls
    }

    /// Kills its first process where it stands; the others end by themselves when they find out.
    ///
    /// # Errors
    ///
    /// If it does not run.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        kill(&self.folder)?;
        drop(self.running.take());
        Ok(())
    }

    /// Starts it again on what it left.
    ///
    /// # Errors
    ///
    /// If it does not start, or not where it was.
    pub fn start(&mut self) -> anyhow::Result<()> {
        let running = start(&self.folder)?;
        anyhow::ensure!(running.urls().app.0.0 == self.urls.app.0.0, "Postgres listens elsewhere now");
        self.running = Some(running);
        Ok(())
    }
}

fn start(folder: &Path) -> anyhow::Result<Embedded> {
    let options = Options { data_dir: folder.to_owned(), postgres_bin: None, durable: true };
    Ok(tokio::task::block_in_place(|| Embedded::start(&options))?)
}

/// Kills the first process of the Postgres that has its data in this folder, and waits until the others are gone as well.
///
/// # Errors
///
/// If it does not run.
pub fn kill(folder: &Path) -> anyhow::Result<()> {
    let file = std::fs::read_to_string(folder.join("postgres/postmaster.pid"))?;
    let first = file.lines().next().unwrap_or_default().trim().to_owned();
    let others = Command::new("pgrep").args(["-P", &first]).output()?.stdout;
    output(Command::new("kill").args(["-KILL", &first]), "")?;
    let all: Vec<String> =
        String::from_utf8_lossy(&others).lines().map(str::to_owned).chain([first]).collect();
    wait_for("Postgres to be gone", Duration::from_secs(30), || {
        Ok(all.iter().all(|id| is_gone(id)).then_some(()))
    })
}

fn is_gone(id: &str) -> bool {
    let state = Command::new("ps").args(["-o", "stat=", "-p", id]).stderr(Stdio::null()).output();
    state.is_ok_and(|state| matches!(state.stdout.first(), None | Some(b'Z')))
}

/// Where somebody is held.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    /// A push, before the receipt of the mutation of this number.
    Receipt(i64),
    /// A push that is done, while it commits; this is the number of one of its mutations.
    Commit(i64),
    /// Whoever reads or writes the patients.
    Patients,
}

/// Makes the places at which a push can be held; everybody passes them as long as no gate is shut.
const PLACES: &str = "
    create function public.pass_receipt() returns trigger language plpgsql set lock_timeout = 0 as $$ begin
        perform pg_advisory_xact_lock_shared(1, new.sequence::int); return new; end $$;
    create function public.pass_commit() returns trigger language plpgsql set lock_timeout = 0 as $$ begin
        perform pg_advisory_xact_lock_shared(2, new.sequence::int); return null; end $$;
    create trigger pass_receipt before insert on clinic.sync_mutations for each row
        execute function public.pass_receipt();
    create constraint trigger pass_commit after insert on clinic.sync_mutations deferrable initially deferred
        for each row execute function public.pass_commit();";

/// Makes places for gates in this database.
///
/// # Errors
///
/// If the database does not answer.
pub async fn make_places(urls: &Urls) -> anyhow::Result<()> {
    let mut admin = PgConnection::connect(&urls.admin.0.0).await?;
    sqlx::raw_sql(PLACES).execute(&mut admin).await?;
    Ok(())
}

/// A place in the database that nobody passes.
pub struct Gate {
    holder: PgConnection,
    urls: Urls,
}

impl Gate {
    /// Shuts this place.
    ///
    /// # Errors
    ///
    /// If the database does not answer.
    pub async fn shut(urls: &Urls, place: Place) -> anyhow::Result<Self> {
        let mut holder = PgConnection::connect(&urls.admin.0.0).await?;
        let sql = match place {
            Place::Receipt(sequence) => format!("select pg_advisory_lock(1, {sequence})"),
            Place::Commit(sequence) => format!("select pg_advisory_lock(2, {sequence})"),
            Place::Patients => "begin; lock table clinic.patients in access exclusive mode".to_owned(),
        };
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut holder).await?;
        Ok(Self { holder, urls: urls.clone() })
    }

    /// Waits until somebody stands before it.
    ///
    /// # Errors
    ///
    /// If nobody comes.
    pub async fn reached(&self) -> anyhow::Result<()> {
        let mut admin = PgConnection::connect(&self.urls.admin.0.0).await?;
        waiting(&mut admin, "somebody at the gate", 1).await
    }

    /// Lets everybody pass. Where Postgres was killed there is no gate any more.
    pub async fn open(self) {
        self.holder.close().await.ok();
    }
}

/// Waits until so many wait for a lock in this database.
///
/// # Errors
///
/// If they do not come.
pub async fn waiting(admin: &mut PgConnection, what: &str, count: i64) -> anyhow::Result<()> {
    let sql = "select count(distinct pid) from pg_locks join pg_stat_activity using (pid)
               where not granted and datname = current_database()";
    let wait = async {
        while sqlx::query_scalar::<_, i64>(sql).fetch_one(&mut *admin).await? < count {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        anyhow::Ok(())
    };
    match tokio::time::timeout(Duration::from_secs(30), wait).await {
        Ok(done) => done,
        Err(_) => anyhow::bail!("waited in vain for {what}"),
    }
}

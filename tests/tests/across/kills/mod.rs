//! Servers, databases and desktops that die at every moment of a push, a pull and the filling of a new desktop, and other
//! programs that write meanwhile. Afterwards every change has one fate, nothing is there twice, nothing is lost, and all
//! desktops have what the server has.

#[cfg(target_os = "linux")]
mod desktop;
mod other_writers;
mod postgres;
mod server;
mod two_servers;

use clinic_sync::config::DatabaseUrl;
use clinic_sync::embedded::Urls;
use clinic_sync::testing::TestDatabase;
use clinic_tests::clinic::{TestDesk, patient, register};
use clinic_tests::database::{Gate, Place, make_places};
use clinic_tests::network::{Fault, Network};
use clinic_tests::server::ServerProcess;
use protocol::api::Fate;
use replica::Depth;
use replica::view::LedgerFilter;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;

const PUSH: &str = "/v1/sync/push";
const PULL: &str = "/v1/sync/pull";
const BOOTSTRAP: &str = "/v1/sync/bootstrap";

/// So many patients are registered before something dies.
const MANY: usize = 20;

/// When something dies.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// While a message is held on its way.
    OnTheWay(Fault),
    /// While the server is held at a place in the database.
    In(fn(i64) -> Place),
}

/// The moments of a push: on its way to the server, in its middle, while it commits, and on its way back.
const OF_A_PUSH: [Moment; 5] = [
    Moment::OnTheWay(Fault::HeldRequest(400)),
    Moment::In(|last| Place::Receipt(last - MANY as i64 / 2)),
    Moment::In(Place::Commit),
    Moment::OnTheWay(Fault::HeldAnswer(0)),
    Moment::OnTheWay(Fault::HeldAnswer(300)),
];

/// The moments of a pull: while it reads, and on its way back.
const OF_A_PULL: [Moment; 4] = [
    Moment::In(|_| Place::Patients),
    Moment::OnTheWay(Fault::HeldAnswer(0)),
    Moment::OnTheWay(Fault::HeldAnswer(700)),
    Moment::OnTheWay(Fault::HeldAnswer(usize::MAX)),
];

/// The moments of filling a new desktop: while it reads, before today's rows are whole, behind them, and at the end.
const OF_A_BOOTSTRAP: [Moment; 4] = [
    Moment::In(|_| Place::Patients),
    Moment::OnTheWay(Fault::HeldAnswer(700)),
    Moment::OnTheWay(Fault::HeldAfterPortions(1)),
    Moment::OnTheWay(Fault::HeldAfterPortions(3)),
];

/// Something is held at a moment.
enum Held {
    OnTheWay(Network),
    In(Gate),
}

impl Held {
    /// Waits until that moment has come.
    async fn reached(&self) -> anyhow::Result<()> {
        match self {
            Self::OnTheWay(line) => line.holding().await,
            Self::In(gate) => gate.reached().await,
        }
    }

    /// Lets go what is held: a message is lost, and whoever is still there goes on.
    async fn let_go(self) {
        match self {
            Self::OnTheWay(line) => line.let_go(),
            Self::In(gate) => gate.open().await,
        }
    }
}

/// A clinic of two desktops, each with a line of its own to a server that is a process.
struct Clinic {
    urls: Urls,
    server: ServerProcess,
    tenant_code: String,
    one: TestDesk,
    line: Network,
    other: TestDesk,
    other_line: Network,
    /// The numbers of everybody who was registered.
    numbers: Vec<String>,
    // Goes last: the others have files in it.
    folder: TempDir,
}

/// A database in the Postgres that all tests share.
async fn shared() -> Urls {
    urls_of(TestDatabase::new().await)
}

fn urls_of(database: TestDatabase) -> Urls {
    let TestDatabase { admin, app, ops, .. } = database;
    Urls { admin: DatabaseUrl(admin), app: DatabaseUrl(app), ops: DatabaseUrl(ops) }
}

impl Clinic {
    /// A clinic on this database.
    async fn on(urls: &Urls) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        make_places(urls).await?;
        let server = ServerProcess::on(folder.path(), urls)?;
        let registered = register(&server.address(), "ASHA").await?;
        let (line, other_line) = (
            Network::before(server.address().parse()?).await?,
            Network::before(server.address().parse()?).await?,
        );
        let (one, other) = (TestDesk::new()?, TestDesk::new()?);
        one.enrol(line.address(), registered.enrolment.code, "Room 1").await?;
        let code = crate::crash::code(&server, &registered.tenant_code)?;
        other.enrol(other_line.address(), code, "Room 2").await?;
        Ok(Self {
            urls: urls.clone(),
            server,
            tenant_code: registered.tenant_code,
            one,
            line,
            other,
            other_line,
            numbers: Vec::new(),
            folder,
        })
    }

    /// Registers many patients at the first desktop; answers the number of its last change.
    fn register_many(&mut self) -> anyhow::Result<i64> {
        for _ in 0..MANY {
            let number = format!("98204{:05}", 10_000 + self.numbers.len());
            self.one.replica()?.register_patient(&patient(&format!("Patient {number}"), &number))?;
            self.numbers.push(number);
        }
        Ok(self.one.replica()?.store().sync_state()?.last_sequence)
    }

    /// Has the first desktop push, and holds that push at a moment.
    async fn held_push(&mut self, moment: Moment) -> anyhow::Result<Held> {
        self.line.set_down(true);
        let last = self.register_many()?;
        let held = hold(&self.urls, &self.line, PUSH, moment, last).await?;
        self.line.set_down(false);
        self.one.desk.sync_now();
        held.reached().await?;
        Ok(held)
    }

    /// Has the second desktop pull what the first one did, and holds that pull at a moment.
    async fn held_pull(&mut self, moment: Moment) -> anyhow::Result<Held> {
        self.other_line.set_down(true);
        self.register_many()?;
        self.one.synced().await?;
        let held = hold(&self.urls, &self.other_line, PULL, moment, 0).await?;
        self.other_line.set_down(false);
        self.other.desk.sync_now();
        held.reached().await?;
        Ok(held)
    }

    /// Has a new desktop fill itself over this line, and holds that at a moment.
    async fn held_bootstrap(&mut self, line: &Network, moment: Moment) -> anyhow::Result<(TestDesk, Held)> {
        let code = crate::crash::code(&self.server, &self.tenant_code)?;
        let new = TestDesk::new()?;
        // Until it can be held, nothing comes.
        line.plan(BOOTSTRAP, [Fault::LostRequest; 50]);
        new.enrol_only(line.address(), code, "Room 3").await?;
        let held = hold(&self.urls, line, BOOTSTRAP, moment, 0).await?;
        new.desk.sync_now();
        held.reached().await?;
        Ok((new, held))
    }

    /// Every change has one fate, nothing is there twice, nothing is lost, and these desktops have what the server has.
    async fn all_is_well(&self, new: &[&TestDesk]) -> anyhow::Result<()> {
        let desks: Vec<&TestDesk> = [&self.one, &self.other].into_iter().chain(new.iter().copied()).collect();
        // What the first one brings reaches the others.
        for desk in &desks {
            desk.synced().await?;
        }
        let (rows, n_patients) = (self.one.rows()?, i64::try_from(self.numbers.len())?);
        assert_eq!(self.one.desk.mend(Depth::Values).await?, 0, "it has what the server has");
        for desk in &desks {
            assert_eq!(desk.rows()?, rows, "and all have the same");
            let status = desk.desk.sync_status();
            assert_eq!((status.waiting, status.attention, status.only_here), (0, 0, 0));
            let report = desk.replica()?.verify()?;
            assert!(report.is_good() && i64::from(report.patients) == n_patients, "{report:?}");
        }
        let mut before = None;
        loop {
            let page = self.one.replica()?.ledger_page(&LedgerFilter::default(), before, 500)?;
            assert_eq!(page.total as usize, self.numbers.len());
            assert!(page.entries.iter().all(|entry| entry.fate == Some(Fate::Applied)));
            before = page.entries.last().map(|entry| entry.sequence);
            if page.entries.len() < 500 {
                break;
            }
        }
        let count = async |sql: &'static str| self.count(sql).await;
        assert_eq!(
            count("select count(*) from clinic.sync_mutations where fate = 'applied'").await?,
            n_patients
        );
        assert_eq!(count("select count(*) from clinic.sync_mutations").await?, n_patients, "one fate each");
        assert_eq!(count("select max(last_sequence) from clinic.devices").await?, n_patients);
        assert_eq!(count("select count(*) from clinic.patients").await?, n_patients);
        assert_eq!(count("select count(distinct mobile_number) from clinic.patients").await?, n_patients);
        assert_eq!(count("select count(*) from clinic.patients where needs_review").await?, 0);
        Ok(())
    }

    async fn count(&self, sql: &str) -> anyhow::Result<i64> {
        let mut admin = PgConnection::connect(&self.urls.admin.0.0).await?;
        Ok(sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut admin).await?)
    }
}

/// Holds the next message to this path at a moment; `last` is the number of the last change that it brings.
async fn hold(
    urls: &Urls,
    line: &Network,
    path: &'static str,
    moment: Moment,
    last: i64,
) -> anyhow::Result<Held> {
    let held = match moment {
        Moment::OnTheWay(fault) => {
            line.forget_plans();
            line.plan(path, [fault]);
            Held::OnTheWay(line.clone())
        }
        Moment::In(place) => {
            let gate = Gate::shut(urls, place(last)).await?;
            line.forget_plans();
            Held::In(gate)
        }
    };
    Ok(held)
}

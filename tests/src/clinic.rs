//! A clinic for one test: a real server on a real database, a network before it, and desktops with real
//! encrypted files.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use protocol::api::{NewDoctor, RegisterRequest, RegisterResponse, Secret};
use protocol::id::PatientId;
use protocol::permission::Role;
use protocol::table::Row;
use replica::view::{AppState, Connection, Enrolment, PatientForm};
use replica::{Clock, Desk, Keyring, Replica, SlotCost};
use sqlx::Connection as _;
use tempfile::TempDir;

use crate::network::Network;

/// The doctor's password in every test.
pub const PASSWORD: &str = "seven green parrots";

/// With what the doctor signs in.
pub const EMAIL: &str = "anjali@example.org";

/// Registers a clinic, with its first doctor, at the server of this address.
pub async fn register(server: &str, code: &str) -> anyhow::Result<RegisterResponse> {
    let request = RegisterRequest {
        clinic_name: format!("{code} Clinic"),
        clinic_code: code.to_owned(),
        admin_name: "Anjali Kulkarni".into(),
        admin_email: EMAIL.into(),
        admin_password: Secret(PASSWORD.into()),
        doctor: Some(NewDoctor {
            role: Role::Doctor,
            specialization: Some("General Medicine".into()),
            qualifications: Some("MBBS, MD".into()),
            registration_number: "2009/04/1187".into(),
            registration_council: "MMC".into(),
        }),
    };
    let answer = crate::network::http()?
        .post(format!("{server}/v1/clinics/register"))
        .header(protocol::api::PROTOCOL_HEADER, protocol::PROTOCOL_VERSION)
        .json(&request)
        .send()
        .await?
        .error_for_status()?;
    Ok(answer.json().await?)
}

/// The clinic: its tenant on a server.
pub struct Clinic {
    /// The line between its desktops and the server.
    pub network: Network,
    /// With what its doctor signs in.
    pub email: String,
    tenant_code: String,
    first_code: std::sync::Mutex<Option<Secret>>,
    server: Arc<clinic_sync::testing::Server>,
}

impl Clinic {
    /// A clinic on a server of its own.
    pub async fn open() -> anyhow::Result<Self> {
        let server = Arc::new(clinic_sync::testing::Server::start().await?);
        Self::on(server, "ASHA").await
    }

    /// Another clinic's owner on the same server.
    pub async fn neighbour(&self) -> anyhow::Result<Self> {
        Self::on(Arc::clone(&self.server), "NEXT").await
    }

    /// Opens a clinic on this server.
    pub async fn on(server: Arc<clinic_sync::testing::Server>, code: &str) -> anyhow::Result<Self> {
        let network = Network::before(server.url().parse()?).await?;
        let registered = register(server.url(), code).await?;
        Ok(Self {
            network,
            email: EMAIL.to_owned(),
            tenant_code: registered.tenant_code,
            first_code: Some(registered.enrolment.code).into(),
            server,
        })
    }

    /// The code of its tenant.
    pub fn tenant_code(&self) -> &str {
        &self.tenant_code
    }

    /// The server behind the network.
    pub fn server(&self) -> &clinic_sync::testing::Server {
        &self.server
    }

    /// Does something to the database, as its administrator.
    pub async fn sql(&self, statement: &'static str) -> anyhow::Result<()> {
        let mut admin = sqlx::PgConnection::connect(&self.server.database().admin.0).await?;
        sqlx::raw_sql(statement).execute(&mut admin).await?;
        Ok(())
    }

    /// How many rows of a table there are of which this holds.
    pub async fn count(&self, table: &str, condition: &str) -> anyhow::Result<i64> {
        let mut admin = sqlx::PgConnection::connect(&self.server.database().admin.0).await?;
        let sql = sqlx::AssertSqlSafe(format!("select count(*) from {table} where {condition}"));
        Ok(sqlx::query_scalar(sql).fetch_one(&mut admin).await?)
    }

    /// Waits until the desktops have told the audit log of these actions, in this order and of no others.
    pub async fn told(&self, actions: &[&str]) -> anyhow::Result<Vec<Told>> {
        let mut admin = sqlx::PgConnection::connect(&self.server.database().admin.0).await?;
        let sql =
            "select action::text as action, record_id as record, patient_id as patient, user_id as user,
                          occurred_at
                   from clinic.tenant_audit_log where lane like 'device:%' order by lane, seq";
        let mut told: Vec<Told> = vec![];
        let wait = async {
            while told.iter().map(|event| event.action.as_str()).ne(actions.iter().copied()) {
                tokio::time::sleep(Duration::from_millis(100)).await;
                told = sqlx::query_as(sql).fetch_all(&mut admin).await?;
            }
            anyhow::Ok(())
        };
        match tokio::time::timeout(Duration::from_secs(60), wait).await {
            Ok(done) => done?,
            Err(_) => anyhow::bail!("waited in vain for {actions:?}: {told:?}"),
        }
        Ok(told)
    }

    /// A one-time code for a new desktop.
    pub async fn code(&self) -> anyhow::Result<Secret> {
        let first = self.first_code.lock().ok().and_then(|mut code| code.take());
        match first {
            Some(code) => Ok(code),
            None => self.server.enrolment_code(&self.tenant_code).await,
        }
    }

    /// A new desktop of the clinic, enrolled and signed in.
    pub async fn desk(&self, name: &str) -> anyhow::Result<TestDesk> {
        let code = self.code().await?;
        let desk = TestDesk::new()?;
        desk.enrol(self.network.address(), code, name).await?;
        Ok(desk)
    }

    /// The same with a clock that the test sets.
    pub async fn desk_with(&self, name: &str, clock: &SetClock) -> anyhow::Result<TestDesk> {
        let code = self.code().await?;
        let desk = TestDesk::with_clock(clock)?;
        desk.enrol(self.network.address(), code, name).await?;
        Ok(desk)
    }

    /// The clinic on a server that signs its orders with another key, behind the same network.
    pub async fn with_another_order_key(self) -> anyhow::Result<Self> {
        let server = Arc::new(self.server.again_with_another_order_key().await?);
        self.network.lead_to(server.url().parse()?);
        Ok(Self { server, ..self })
    }
}

/// A clock that goes as the system's does, and that a test turns forward and back.
#[derive(Clone, Default)]
pub struct SetClock {
    set: Arc<AtomicI64>,
    ran: Arc<AtomicU64>,
}

impl SetClock {
    /// So much time goes by at once while the computer is off, or the clock is set.
    pub fn pass(&self, time: time::Duration) {
        self.set.fetch_add(time.whole_seconds(), Ordering::SeqCst);
    }

    /// So much time goes by at once while the program runs.
    pub fn run(&self, time: time::Duration) {
        self.pass(time);
        self.ran.fetch_add(time.unsigned_abs().as_secs(), Ordering::SeqCst);
    }

    fn clock(&self) -> Clock {
        let (set, ran, start) = (Arc::clone(&self.set), Arc::clone(&self.ran), Instant::now());
        let now =
            move || time::OffsetDateTime::now_utc() + time::Duration::seconds(set.load(Ordering::SeqCst));
        Clock::new(now, move || start.elapsed() + Duration::from_secs(ran.load(Ordering::SeqCst)))
    }
}

/// An event in a desktop's lane of the audit log.
#[derive(Debug, sqlx::FromRow)]
pub struct Told {
    /// What was done.
    pub action: String,
    /// To which row.
    pub record: Option<uuid::Uuid>,
    /// Whose record it is.
    pub patient: Option<uuid::Uuid>,
    /// Who did it.
    pub user: Option<uuid::Uuid>,
    /// When, by the desktop's clock.
    pub occurred_at: Option<time::OffsetDateTime>,
}

/// A desktop with its data folder and its keyring.
pub struct TestDesk {
    /// The desktop.
    pub desk: Arc<Desk>,
    keyring: Keyring,
    folder: TempDir,
    clock: Clock,
}

impl TestDesk {
    /// A desktop that belongs to no clinic yet.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self::on(TempDir::new()?, Keyring::in_memory(), Clock::system()))
    }

    /// The same with a clock that the test sets.
    pub fn with_clock(clock: &SetClock) -> anyhow::Result<Self> {
        Ok(Self::on(TempDir::new()?, Keyring::in_memory(), clock.clock()))
    }

    fn on(folder: TempDir, keyring: Keyring, clock: Clock) -> Self {
        let path = folder.path().join("desk");
        let desk = Desk::with_clock(path, keyring.clone(), SlotCost::QUICK, clock.clone());
        Self { desk, keyring, folder, clock }
    }

    /// Enrols it as the doctor's, and gets everything.
    pub async fn enrol(&self, server: String, code: Secret, name: &str) -> anyhow::Result<()> {
        self.enrol_only(server, code, name).await?;
        self.synced().await
    }

    /// Enrols it as the doctor's; it begins to get everything.
    pub async fn enrol_only(&self, server: String, code: Secret, name: &str) -> anyhow::Result<()> {
        let enrolment = Enrolment {
            server,
            code: code.0,
            email: EMAIL.into(),
            password: PASSWORD.into(),
            device_name: name.into(),
        };
        self.desk.enrol(enrolment).await?;
        Ok(())
    }

    /// Its keyring.
    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// Where its files lie.
    pub fn folder(&self) -> std::path::PathBuf {
        self.folder.path().join("desk")
    }

    /// The desktop after the program was started again: the same disk, the same keyring.
    pub fn restarted(self) -> Self {
        let ended = Arc::downgrade(&self.desk);
        drop(self.desk);
        // What it did in the background ends with the program: two never write one folder.
        let start = Instant::now();
        while ended.strong_count() > 0 && start.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(5));
        }
        let path = self.folder.path().join("desk");
        let desk = Desk::with_clock(path, self.keyring.clone(), SlotCost::QUICK, self.clock.clone());
        Self { desk, ..self }
    }

    /// Another computer with a copy of its disk and of its keyring. Nobody is signed in.
    ///
    /// # Errors
    ///
    /// If its files cannot be copied.
    pub fn copied(&self) -> anyhow::Result<Self> {
        let folder = TempDir::new()?;
        copy(&self.folder(), &folder.path().join("desk"))?;
        Ok(Self::on(folder, self.keyring.copied(), self.clock.clone()))
    }

    /// Waits until nobody is signed in any more.
    pub async fn locked(&self) -> anyhow::Result<()> {
        self.until("it is locked", |_| self.desk.replica().is_err()).await
    }

    /// Signs in.
    pub async fn unlock(&self, email: &str) -> anyhow::Result<AppState> {
        Ok(self.desk.unlock(email, PASSWORD).await?)
    }

    /// The unlocked replica.
    pub fn replica(&self) -> anyhow::Result<Arc<Replica>> {
        Ok(self.desk.replica()?)
    }

    /// Changes a patient's registration.
    pub fn change(&self, patient: PatientId, with: impl FnOnce(&mut PatientForm)) -> anyhow::Result<()> {
        let replica = self.replica()?;
        let seen = replica.chart(patient)?.form;
        let mut form = seen.clone();
        with(&mut form);
        replica.update_patient(patient, &seen, &form)?;
        Ok(())
    }

    /// Every row that it shows and that the server has, in the order of (table, id), but for deleted ones.
    pub fn rows(&self) -> anyhow::Result<Vec<Row>> {
        let held = self.replica()?.store().rows()?;
        Ok(held.into_iter().map(|held| held.shown).filter(|row| !row.deleted).collect())
    }

    /// Waits until everything of this desktop is acknowledged and it has everything of the server.
    pub async fn synced(&self) -> anyhow::Result<()> {
        // The rounds of sync go by the system's clock, whatever the desktop's own says.
        let (before, now) = (self.desk.sync_status(), Clock::system().now());
        self.desk.sync_now();
        self.until("it has synced", |status| status.has_synced_since(now, &before)).await
    }

    /// Waits until the desktop knows that nobody answers.
    pub async fn offline(&self) -> anyhow::Result<()> {
        self.desk.sync_now();
        self.until("it is offline", |status| matches!(status.connection, Connection::Offline { .. })).await
    }

    /// Waits until its sync status fits.
    pub async fn until(
        &self,
        what: &str,
        fits: impl Fn(&replica::view::SyncStatus) -> bool,
    ) -> anyhow::Result<()> {
        let mut events = self.desk.events();
        let wait = async {
            while !fits(&self.desk.sync_status()) {
                // A missed event only means that the status is asked again.
                tokio::time::timeout(Duration::from_millis(200), events.recv()).await.ok();
            }
        };
        // Two answers that are lost one after the other are waited for 20 s each.
        tokio::time::timeout(Duration::from_mins(3), wait)
            .await
            .with_context(|| format!("waited in vain until {what}: {:?}", self.desk.sync_status()))
    }
}

fn copy(from: &std::path::Path, to: &std::path::Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let (entry, to) = (entry?, to);
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to)?;
        } else {
            std::fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}

/// A patient as the front desk would type them.
pub fn patient(first_name: &str, mobile_number: &str) -> PatientForm {
    PatientForm {
        mobile_number: mobile_number.into(),
        first_name: first_name.into(),
        last_name: "Deshmukh".into(),
        sex: "female".into(),
        age_years: Some(54),
        allergy_status: "unknown".into(),
        blood_group: "unknown".into(),
        ..PatientForm::default()
    }
}

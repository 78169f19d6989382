//! For tests of this crate and of others: one Postgres for a test program, a fresh database for each test,
//! and a server on it. Everything runs as `clinic_app`, as in a clinic.

use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use anyhow::Context;
use axum::http::Method;
use protocol::api::{DeviceScope, Secret};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use time::OffsetDateTime;
use tokio::net::TcpListener;
use tokio::sync::{OnceCell, oneshot};
use tokio::task::JoinHandle;
use url::Url;

use crate::audit::Audit;
use crate::audit::heads::AuditKey;
use crate::auth::enrolment::{self, NewCode};
use crate::auth::password::PasswordCost;
use crate::auth::{Auth, token};
use crate::database::LoginPasswords;
use crate::embedded::{Embedded, Options, Urls};
use crate::files::Files;
pub use crate::openapi_check::Exchange;
use crate::order::OrderKey;
use crate::{AppState, Db, database, openapi_check, router, serve};

/// The name that devices sign for.
pub const SERVER_NAME: &str = "test";

const TEMPLATE: &str = "clinic_template";

struct Cluster {
    urls: Urls,
    /// The template, made by the first test that comes.
    template: OnceCell<()>,
    embedded: Embedded,
    folder: std::path::PathBuf,
    _reaper: Option<Child>,
}

/// A fresh, migrated database.
#[derive(Clone, Debug)]
pub struct TestDatabase {
    /// As an administrator.
    pub admin: Secret,
    /// As the server.
    pub app: Secret,
    /// As the operator: row security does not bind this login.
    pub ops: Secret,
    /// As whoever bills.
    pub report: Secret,
}

/// A server on a database of its own; it stops when this is dropped.
#[derive(Debug)]
pub struct Server {
    url: String,
    database: TestDatabase,
    state: AppState,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl TestDatabase {
    /// A fresh database, with all migrations and no rows.
    pub async fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let cluster = cluster();
        let admin = &cluster.urls.admin.0;
        cluster.template.get_or_init(|| make_template(cluster)).await;
        let name = format!("clinic_test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        run(admin, format!("create database {name} template {TEMPLATE}")).await;
        let database = Self {
            admin: on(admin, &name),
            app: on(&cluster.urls.app.0, &name),
            ops: on(&cluster.urls.ops.0, &name),
            report: as_login(&on(&cluster.urls.ops.0, &name), "clinic_report"),
        };
        // What is granted on a database is not copied with it.
        run(&database.admin, format!("revoke all on database {name} from public")).await;
        let logins = "clinic_app, clinic_ops, clinic_report";
        run(&database.admin, format!("grant connect on database {name} to {logins}")).await;
        database
    }

    /// The server's door to it.
    pub async fn app_db(&self) -> Db {
        database::connect_app(&self.app).await.expect("the database is migrated")
    }

    /// The server's door to it, with so many connections at most.
    pub async fn app_db_of(&self, connections: u32) -> Db {
        database::connect_app_with(&self.app, connections).await.expect("the database is migrated")
    }

    /// The files of its tenants.
    pub fn files(&self) -> anyhow::Result<Files> {
        Files::in_folder(&self.files_folder())
    }

    /// Where they lie: in a folder that is gone with the cluster.
    pub fn files_folder(&self) -> std::path::PathBuf {
        let name = self.admin.0.rsplit('/').next().unwrap_or_default();
        let name = name.split('?').next().unwrap_or_default();
        cluster().folder.join("files").join(name)
    }

    /// The operator's door to it.
    pub async fn ops_db(&self) -> Db {
        database::connect_ops(&self.ops).await.expect("the database is migrated")
    }
}

impl Server {
    /// Starts a server on a fresh database, on a free port.
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_on(TestDatabase::new().await).await
    }

    /// Starts a server on a database that is there, on a free port.
    pub async fn start_on(database: TestDatabase) -> anyhow::Result<Self> {
        let db = database.app_db().await;
        let keys = Arc::new(token::TokenKeys::new(&token::new_key()));
        Self::start_with(database, db, keys).await
    }

    /// Starts a server that reaches its database by this door and believes the tokens of these keys, on a free port.
    pub async fn start_with(
        database: TestDatabase,
        db: Db,
        keys: Arc<token::TokenKeys>,
    ) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let host = listener.local_addr()?.to_string();
        openapi_check::forget(&host);
        let url = format!("http://{host}");
        let order = OrderKey::new(token::new_key());
        let auth = Auth {
            keys,
            ..Auth::new(token::TokenKeys::new(&token::new_key()), order, SERVER_NAME, PasswordCost::LEAST)
        };
        let audit = Audit::new(Some(AuditKey::new(token::new_key())));
        let state = AppState { audit, ..AppState::new(db, auth, database.files()?) };
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(serve(listener, state.clone(), async {
            // A dropped sender stops the server as well.
            stopped.await.ok();
        }));
        Ok(Self { url, database, state, stop, task })
    }

    /// A second server on its database, with all keys of this one but the order key.
    pub async fn again_with_another_order_key(&self) -> anyhow::Result<Self> {
        let db = self.database.app_db().await;
        Self::start_with(self.database.clone(), db, Arc::clone(&self.state.auth.keys)).await
    }

    /// Gives a person another password, as they or an admin would; tokens of before end.
    pub async fn change_password(
        &self,
        tenant_code: &str,
        email: &str,
        password: &str,
    ) -> anyhow::Result<()> {
        let tenant = self.state.db.find_tenant(tenant_code).await?.context("no such tenant")?;
        let hash = self.state.auth.passwords.hash(&Secret(password.to_owned())).await?;
        let mut tx = self.state.db.write_unsynced(tenant).await?;
        sqlx::query(
            "update users set password_hash = $3, token_version = token_version + 1
             where tenant_id = $1 and email = $2",
        )
        .bind(tenant.0)
        .bind(email)
        .bind(hash)
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    /// Where it listens: `http://127.0.0.1:…`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its database.
    pub fn database(&self) -> &TestDatabase {
        &self.database
    }

    /// What it was asked first at each route, and what it said.
    pub fn exchanges(&self) -> Vec<Exchange> {
        openapi_check::seen(self.url.trim_start_matches("http://"))
    }

    /// What its handlers see.
    pub fn state(&self) -> &AppState {
        &self.state
    }

    /// A code that enrols one more clinical desktop in the tenant's first clinic.
    pub async fn enrolment_code(&self, tenant_code: &str) -> anyhow::Result<Secret> {
        self.enrolment_code_for(tenant_code, DeviceScope::Clinical).await
    }

    /// A code that enrols one more desktop of this scope in the tenant's first clinic.
    pub async fn enrolment_code_for(&self, tenant_code: &str, scope: DeviceScope) -> anyhow::Result<Secret> {
        let tenant = self.state.db.find_tenant(tenant_code).await?.context("no such tenant")?;
        let mut tx = self.state.db.write_unsynced(tenant).await?;
        let clinic = sqlx::query_scalar(
            "select id from clinics where tenant_id = $1 order by is_primary desc, id limit 1",
        )
        .bind(tenant.0)
        .fetch_one(&mut *tx)
        .await?;
        // As if an admin had asked for it.
        let admin = sqlx::query_scalar(
            "select id from users where tenant_id = $1 and is_active and 'admin' = any (roles) order by id limit 1",
        )
        .bind(tenant.0)
        .fetch_optional(&mut *tx)
        .await?;
        let new = NewCode {
            tenant: tenant.0,
            tenant_code,
            clinic,
            scope,
            life: time::Duration::minutes(10),
            created_by: admin,
        };
        let code = enrolment::issue(&mut tx, new, OffsetDateTime::now_utc()).await?;
        tx.commit().await?;
        Ok(code.code)
    }

    /// From now on the server refuses desktops whose protocol is older than this.
    pub fn require_protocol(&self, version: u32) {
        self.state.oldest_protocol.store(version, Ordering::Relaxed);
    }

    /// Stops it as a signal would, waits until it has stopped, and gives back its database.
    pub async fn stop(self) -> anyhow::Result<TestDatabase> {
        self.stop.send(()).ok();
        self.task.await?;
        Ok(self.database)
    }
}

/// The folder of an installed Postgres that has pg_dump, which the programs of the npm package lack.
pub fn postgres_with_dump() -> std::path::PathBuf {
    crate::embedded::programs::find_dump(None, 15).expect("pg_dump: install `postgresql`, with its client")
}

/// Every route of the server: how it is asked, and where.
pub fn routes() -> Vec<(Method, &'static str)> {
    router::routes().into_iter().map(|route| (route.method, route.path)).collect()
}

/// The texts of the statements that the server makes from the declaration of the tables, and from the catalogue of this
/// database.
pub async fn generated_statements(connection: &mut PgConnection) -> Vec<String> {
    let of_archives = crate::archive::catalogue::statements(connection).await.expect("the tables");
    [
        crate::sync::statements::all(),
        crate::clinic_move::statements::all(),
        crate::import::statements(),
        of_archives,
    ]
    .concat()
}

/// With this variable in its environment a process has a Postgres that waits for the disk, as a real one does.
pub const DURABLE: &str = "CLINIC_TEST_DURABLE";

fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| {
        let folder = tempfile::Builder::new().prefix("clinic-sync-test-").tempdir().expect("a folder");
        let folder = folder.keep();
        let durable = std::env::var_os(DURABLE).is_some();
        let options = Options { data_dir: folder.clone(), postgres_bin: None, durable };
        let embedded = Embedded::start(&options).unwrap_or_else(|error| panic!("{error}"));
        Cluster {
            urls: embedded.urls().clone(),
            template: OnceCell::new(),
            _reaper: start_reaper(&folder),
            embedded,
            folder,
        }
    })
}

/// A static is never dropped, so another process waits for the end of this one, stops Postgres and removes
/// its folder. It sees the end by its input, however this process ends.
fn start_reaper(folder: &std::path::Path) -> Option<Child> {
    const SCRIPT: &str = r#"
        cat >/dev/null
        read -r pid <"$0/postgres/postmaster.pid" && kill -QUIT "$pid"
        while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
        rm -rf -- "$0"
    "#;
    if !cfg!(unix) {
        return None;
    }
    let mut command = Command::new("sh");
    command.arg("-c").arg(SCRIPT).arg(folder);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn().ok()
}

async fn make_template(cluster: &Cluster) {
    let admin = &cluster.urls.admin.0;
    run(admin, format!("create database {TEMPLATE}")).await;
    let passwords = cluster.embedded.passwords();
    // The operator's, so that a test needs to know no other one.
    let passwords = LoginPasswords { report: passwords.ops.clone(), ..passwords.clone() };
    let migrated = database::migrate(&on(admin, TEMPLATE), &passwords).await;
    migrated.unwrap_or_else(|error| panic!("{error}"));
}

/// The names in these statements are made here, from constants and numbers.
async fn run(url: &Secret, sql: String) {
    let mut connection = PgConnection::connect(&url.0).await.expect("the test database is there");
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.expect("a good statement");
    connection.close().await.expect("a live connection");
}

fn as_login(url: &Secret, login: &str) -> Secret {
    let mut url: Url = url.0.parse().expect("a URL");
    url.set_username(login).expect("a URL with a login");
    Secret(url.into())
}

fn on(url: &Secret, database: &str) -> Secret {
    let mut url: Url = url.0.parse().expect("a URL");
    url.set_path(database);
    Secret(url.into())
}

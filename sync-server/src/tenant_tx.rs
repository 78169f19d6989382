//! The only door to tenant data: a transaction that has its tenant set. The pool never leaves this module.

use std::ops::{Deref, DerefMut};
use std::time::{Duration, Instant};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use protocol::id::{DeviceId, TenantId, UserId};
use sqlx::postgres::{PgListener, PgPool};
use sqlx::{AssertSqlSafe, PgConnection, Postgres, SqlSafeStr, Transaction};
use time::OffsetDateTime;
use tokio::time::timeout;
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::features::Rollout;
use crate::operator::TenantUsage;
use crate::sync::begun::{Asked, Begun};

/// The database. Hands out transactions for one tenant, and answers the few questions that come before a
/// tenant is known.
#[derive(Clone, Debug)]
pub struct Db {
    pool: PgPool,
    /// Transactions that found every connection in use.
    pub(crate) waits: Counter,
    /// Seconds to get a connection and begin.
    pub(crate) begin_times: Histogram,
    /// Ends of lanes of the audit log that no longer fitted when they were to be signed.
    pub(crate) broken_logs: Counter,
}

/// A transaction in which a tenant is set. Dropped without [`TenantTx::commit`], it leaves nothing.
#[derive(Debug)]
pub struct TenantTx {
    tx: Transaction<'static, Postgres>,
    tenant: TenantId,
}

/// A writing transaction: it holds the tenant's version from its first statement on, so that the writers of
/// one tenant come one after the other and every row they write bears that version.
#[derive(Debug)]
pub struct TenantWriteTx {
    tx: TenantTx,
    version: i64,
}

/// What the rows say of who sent a request.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "a row as it is read")]
pub(crate) struct Sender {
    pub(crate) clinic_id: Uuid,
    pub(crate) scope: String,
    pub(crate) is_revoked: bool,
    pub(crate) is_copied: bool,
    pub(crate) public_key: String,
    /// Of the device's mutations that the server has.
    pub(crate) last_sequence: i64,
    pub(crate) app_version: String,
    pub(crate) roles: Vec<String>,
    pub(crate) is_active: bool,
    pub(crate) token_version: i32,
    pub(crate) must_change_password: bool,
    pub(crate) tenant_is_active: bool,
    pub(crate) suspended_at: Option<OffsetDateTime>,
    pub(crate) expires_at: Option<OffsetDateTime>,
}

/// A connection gets out of the pool and answers the first question on it within so long, or another one is asked: a little
/// longer than the pool waits for a free one and the question for a lock.
const FIRST_WITHIN: Duration = Duration::from_secs(17);

/// Whether the database had closed a connection: it stops, has crashed or starts again, or the line broke.
fn was_closed(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| code.starts_with("57P")),
        _ => false,
    }
}

impl Db {
    pub(crate) fn new(pool: PgPool) -> Self {
        let begin_times = Histogram::new(exponential_buckets(0.0005, 4.0, 9));
        Self { pool, waits: Counter::default(), begin_times, broken_logs: Counter::default() }
    }

    /// Connections now, those of them that nobody uses, and how many there may be.
    pub(crate) fn pool_sizes(&self) -> (u32, u32, u32) {
        (self.pool.size(), self.pool.num_idle() as u32, self.pool.options().get_max_connections())
    }

    async fn start(&self, sql: impl SqlSafeStr) -> Result<Transaction<'static, Postgres>> {
        let sql = sql.into_sql_str();
        let (size, idle, most) = self.pool_sizes();
        if size >= most && idle == 0 {
            self.waits.inc();
        }
        let asked = Instant::now();
        let tx = self.first(|| self.pool.begin_with(sql.clone())).await?;
        self.begin_times.observe(asked.elapsed().as_secs_f64());
        Ok(tx)
    }

    /// Asks the first question on a connection, and asks it again on another one where the database had closed the first
    /// while nobody used it, or says nothing on it: nothing was done on that one.
    async fn first<T, F: Future<Output = sqlx::Result<T>>>(&self, ask: impl Fn() -> F) -> sqlx::Result<T> {
        // Each try uses up a dead one; new ones are made as long as there is a database.
        for _ in 0..self.pool.options().get_max_connections() {
            match timeout(FIRST_WITHIN, ask()).await {
                Err(_) => {}
                Ok(Err(error)) if was_closed(&error) => {}
                Ok(answer) => return answer,
            }
        }
        ask().await
    }

    /// Who sent a request, if the device and the person are known there together: one question, which sets the tenant for
    /// itself alone.
    pub(crate) async fn sender(
        &self,
        tenant: TenantId,
        device: DeviceId,
        user: UserId,
    ) -> Result<Option<Sender>> {
        let sender = self.first(|| {
            sqlx::query_as!(
                Sender,
                r#"select clinic_id as "clinic_id!", scope as "scope!", is_revoked as "is_revoked!",
                          is_copied as "is_copied!", public_key as "public_key!",
                          last_sequence as "last_sequence!", app_version as "app_version!", roles as "roles!",
                          is_active as "is_active!", token_version as "token_version!",
                          must_change_password as "must_change_password!",
                          tenant_is_active as "tenant_is_active!", suspended_at, expires_at
                   from clinic.sender($1, $2, $3)"#,
                tenant.0,
                device.0,
                user.0
            )
            .fetch_optional(&self.pool)
        });
        Ok(sender.await?)
    }

    /// Reads one consistent state of the tenant's data.
    pub async fn read(&self, tenant: TenantId) -> Result<TenantTx> {
        self.begin("begin isolation level repeatable read read only", tenant).await
    }

    /// Reads the very state that another transaction sees, which is still open: `snapshot` is what
    /// `pg_export_snapshot()` gave it.
    pub(crate) async fn read_at(&self, tenant: TenantId, snapshot: &str) -> Result<TenantTx> {
        if !snapshot.chars().all(|c| c.is_ascii_hexdigit() || c == '-') {
            return Err(Error::Invalid("This is no snapshot of a database."));
        }
        let begin =
            format!("begin isolation level repeatable read read only; set transaction snapshot '{snapshot}'");
        self.begin(&begin, tenant).await
    }

    /// Writes tables that are not synced (tokens, challenges, codes): takes no version.
    pub async fn write_unsynced(&self, tenant: TenantId) -> Result<TenantTx> {
        self.begin("begin", tenant).await
    }

    /// Begins and sets the tenant in one message. Its text holds nothing but a UUID and the name of a snapshot, which is why
    /// it may be put together here; should the tenant not be set, the connection is closed before anyone else gets it
    /// (`database::is_clean`).
    async fn begin(&self, begin: &str, tenant: TenantId) -> Result<TenantTx> {
        let sql = AssertSqlSafe(format!("{begin}; select clinic.set_tenant('{}')", tenant.0.hyphenated()));
        Ok(TenantTx { tx: self.start(sql).await?, tenant })
    }

    /// Writes synced rows: locks the tenant's version and takes the next one.
    pub async fn write(&self, tenant: TenantId) -> Result<TenantWriteTx> {
        let mut tx = self.start("begin").await?;
        let version = sqlx::query_scalar!(r#"select clinic.begin_write($1) as "version!""#, tenant.0)
            .fetch_one(&mut *tx)
            .await?;
        Ok(TenantWriteTx { tx: TenantTx { tx, tenant }, version })
    }

    /// The same for what people did on their desktops: each row is the doing of the person whom it names, and the audit log
    /// has it so. Begins in one message, and comes with what must be known first, in which the version stands.
    pub(crate) async fn write_for_people(&self, asked: &Asked<'_>) -> Result<(TenantWriteTx, Begun)> {
        let tenant = asked.tenant;
        let sql = format!(
            "begin; select clinic.set_actor('row'); select clinic.begin_write('{}')",
            tenant.0.hyphenated()
        );
        let mut tx = self.start(AssertSqlSafe(sql)).await?;
        let begun = Begun::ask(&mut tx, asked).await?;
        let version = begun.news.version;
        Ok((TenantWriteTx { tx: TenantTx { tx, tenant }, version }, begun))
    }

    /// Makes a new tenant, and goes on as its first write. A code that is taken violates
    /// `tenants_tenant_code_key`.
    pub async fn create_tenant(&self, tenant: TenantId, code: &str, name: &str) -> Result<TenantWriteTx> {
        let mut tx = self.start("begin").await?;
        let version = sqlx::query_scalar!(
            r#"select clinic.create_tenant($1, $2, $3) as "version!""#,
            tenant.0,
            code,
            name
        )
        .fetch_one(&mut *tx)
        .await?;
        Ok(TenantWriteTx { tx: TenantTx { tx, tenant }, version })
    }

    /// The active tenant that bears this code.
    pub async fn find_tenant(&self, code: &str) -> Result<Option<TenantId>> {
        let find = || sqlx::query_scalar!("select clinic.tenant_id_for_code($1)", code).fetch_one(&self.pool);
        Ok(self.first(find).await?.map(TenantId))
    }

    /// Counts of all tenants or of the one with this code, however long it takes. For `clinic_ops` and for
    /// `clinic_report`, which can read nothing else.
    pub(crate) async fn usage(&self, only_code: Option<&str>) -> Result<Vec<TenantUsage>> {
        let mut tx = self.start("begin read only; set local statement_timeout = 0").await?;
        let tenants = sqlx::query_as!(
            TenantUsage,
            r#"select tenant_code as "tenant_code!", tenant_name as "tenant_name!",
                      subscription_plan as "subscription_plan!", is_active as "is_active!", suspended_at,
                      expires_at, max_doctors as "max_doctors!", max_patients as "max_patients!",
                      clinics as "clinics!", users as "users!", doctors as "doctors!", devices as "devices!",
                      patients as "patients!", prescriptions as "prescriptions!", last_seen_at
               from clinic.tenant_usage($1)"#,
            only_code
        )
        .fetch_all(&mut *tx)
        .await?;
        Ok(tenants)
    }

    /// The tenants that have an audit log, also after they left, or the one with this code. For the operator.
    pub(crate) async fn audited_tenants(&self, code: Option<&str>) -> Result<Vec<TenantId>> {
        let tenants = sqlx::query_scalar!(
            r#"with recursive logged (id) as (
                   (select tenant_id from tenant_audit_log order by tenant_id limit 1)
                   union all
                   select (select l.tenant_id from tenant_audit_log l where l.tenant_id > logged.id
                           order by l.tenant_id limit 1)
                   from logged where logged.id is not null
               )
               select id as "id!" from tenants where $1::text is null or tenant_code = $1
               union
               select id from logged where id is not null and $1::text is null"#,
            code
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(tenants.into_iter().map(TenantId).collect())
    }

    /// The tenant that bears this code, active or not. For the operator.
    pub(crate) async fn find_any_tenant(&self, code: &str) -> Result<Option<TenantId>> {
        let id = sqlx::query_scalar!("select id from tenants where tenant_code = $1", code)
            .fetch_optional(&self.pool)
            .await?;
        Ok(id.map(TenantId))
    }

    /// What is being rolled out, with counts of tenants, for the operator.
    pub(crate) async fn list_features(&self) -> Result<Vec<Rollout>> {
        let rollouts = sqlx::query_as!(
            Rollout,
            r#"select f.name, f.percent,
                      (select count(*) from tenants t where t.settings -> 'features' -> f.name::text = 'true')
                          as "tenants_on!",
                      (select count(*) from tenants t where t.settings -> 'features' -> f.name::text = 'false')
                          as "tenants_off!"
               from features f order by f.name"#
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rollouts)
    }

    /// Makes a feature known, on for nobody yet; one that is known stays as it is. For the operator.
    pub(crate) async fn add_feature(&self, name: &str) -> Result<()> {
        sqlx::query!("insert into features (name) values ($1) on conflict do nothing", name)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Turns a feature on for so many of a hundred tenants. For the operator.
    pub(crate) async fn set_feature(&self, name: &str, percent: i16) -> Result<()> {
        sqlx::query!(
            "insert into features (name, percent) values ($1, $2)
             on conflict (name) do update set percent = excluded.percent",
            name,
            percent
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Turns a feature off for everybody; false if it was. For the operator.
    pub(crate) async fn remove_feature(&self, name: &str) -> Result<bool> {
        let gone = sqlx::query!("delete from features where name = $1", name).execute(&self.pool).await?;
        Ok(gone.rows_affected() > 0)
    }

    /// The versions of the migrations that the database has.
    pub(crate) async fn applied_migrations(&self) -> Result<Vec<i64>> {
        let versions = self.first(|| {
            sqlx::query_scalar("select version from clinic._sqlx_migrations where success")
                .fetch_all(&self.pool)
        });
        Ok(versions.await?)
    }

    /// Whether a computer was ever enrolled here. The server's login sees no rows without their tenant, so it asks what they
    /// take on the disk.
    pub(crate) async fn had_computers(&self) -> Result<bool> {
        let had = self.first(|| {
            sqlx::query_scalar::<_, bool>("select pg_relation_size('clinic.devices') > 0")
                .fetch_one(&self.pool)
        });
        Ok(had.await?)
    }

    /// A connection that hears of every tenant's new versions, and of desktops that are taken out of service.
    pub(crate) async fn listener(&self) -> sqlx::Result<PgListener> {
        let mut listener = self.first(|| PgListener::connect_with(&self.pool)).await?;
        listener.ignore_pool_close_event(true);
        listener.listen_all(["clinic_head", "clinic_device"]).await?;
        Ok(listener)
    }

    /// Waits for the connections in use and closes all.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

impl TenantTx {
    /// Whose data this is. Every statement names it as well: `where tenant_id = $1`.
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Keeps what was written.
    pub async fn commit(self) -> Result<()> {
        Ok(self.tx.commit().await?)
    }
}

impl TenantWriteTx {
    /// The version that all rows written here bear.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// Whose data this is.
    pub fn tenant(&self) -> TenantId {
        self.tx.tenant
    }

    /// Keeps what was written, and tells the tenant's desktops.
    pub async fn commit(self) -> Result<()> {
        self.tx.commit().await
    }
}

impl Deref for TenantTx {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.tx
    }
}

impl DerefMut for TenantTx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.tx
    }
}

impl Deref for TenantWriteTx {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.tx
    }
}

impl DerefMut for TenantWriteTx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.tx
    }
}

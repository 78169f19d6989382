//! One state of a tenant's data, as an archive and sheets are made of it.

use std::collections::BTreeMap;

use anyhow::ensure;
use futures_util::TryStreamExt;
use protocol::id::{Epoch, TenantId};
use serde_json::json;
use time::OffsetDateTime;

use super::catalogue::{self, TenantTable};
use super::line::Line;
use super::manifest::is_sha256;
use crate::{Db, TenantTx};

/// With which logins the data is read.
#[derive(Clone, Debug)]
pub struct Doors {
    /// `clinic_ops`, who sees every row.
    pub ops: Db,
    /// `clinic_app`, whom row security binds: with it, no row of another tenant can get into an archive, whatever the
    /// statement says. Without it, each row is asked whose it is.
    pub app: Option<Db>,
    /// Where attached files lie.
    pub files: crate::files::Files,
}

/// Everything of a tenant at one moment.
pub(super) struct Snapshot {
    tx: TenantTx,
    pub(super) tenant: TenantId,
    pub(super) tenant_code: String,
    pub(super) epoch: Epoch,
    pub(super) version: i64,
    pub(super) taken_at: OffsetDateTime,
    pub(super) migration_version: i64,
    with_credentials: bool,
    /// What is exported, and how many rows `clinic_ops` sees.
    tables: Vec<(TenantTable, i64)>,
}

impl Snapshot {
    pub(super) async fn take(
        doors: &Doors,
        tenant: TenantId,
        with_credentials: bool,
    ) -> anyhow::Result<Self> {
        let migration_version = doors.ops.applied_migrations().await?.into_iter().max().unwrap_or_default();
        let mut ops = doors.ops.read(tenant).await?;
        let patience = "set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0";
        sqlx::raw_sql(patience).execute(&mut *ops).await?;
        let head = sqlx::query!(
            "select t.tenant_code, s.epoch, s.version, now() as \"taken_at!\"
             from tenants t join tenant_sync s on s.tenant_id = t.id where t.id = $1",
            tenant.0
        )
        .fetch_one(&mut *ops)
        .await?;
        let mut tables = Vec::new();
        for table in catalogue::tenant_tables(&mut ops).await? {
            if !table.is_left_out() {
                let rows = table.count(&mut ops, tenant).await?;
                tables.push((table, rows));
            }
        }
        let mut tx = match &doors.app {
            None => ops,
            Some(app) => {
                let snapshot = sqlx::query_scalar!(r#"select pg_export_snapshot() as "snapshot!""#)
                    .fetch_one(&mut *ops)
                    .await?;
                let mut tx = app.read_at(tenant, &snapshot).await?;
                sqlx::raw_sql(patience).execute(&mut *tx).await?;
                tx
            }
        };
        // Held by whichever transaction reads to the end.
        let is_alone = sqlx::query_scalar!(
            r#"select pg_try_advisory_xact_lock(hashtextextended($1, 23)) as "is_alone!""#,
            tenant.to_string()
        )
        .fetch_one(&mut *tx)
        .await?;
        ensure!(
            is_alone,
            "This tenant is being exported already. Nothing was exported; try again after that."
        );
        Ok(Self {
            tx,
            tenant,
            tenant_code: head.tenant_code,
            epoch: Epoch(head.epoch),
            version: head.version,
            taken_at: head.taken_at,
            migration_version,
            with_credentials,
            tables,
        })
    }

    /// Ends it, so that the tenant can be exported once more.
    pub(super) async fn end(self) -> anyhow::Result<()> {
        Ok(self.tx.commit().await?)
    }

    /// The tables, in the order of the archive.
    pub(super) fn tables(&self) -> Vec<TenantTable> {
        self.tables.iter().map(|(table, _)| table.clone()).collect()
    }

    /// Hands over each row of a table.
    ///
    /// # Errors
    ///
    /// Those of `each`; and if a row is another tenant's, or rows are missing.
    pub(super) async fn read(
        &mut self,
        table: &TenantTable,
        mut each: impl FnMut(Line) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let tenant = self.tenant.to_string();
        let mut read = 0;
        let mut rows =
            sqlx::query_scalar::<_, String>(table.select_rows()).bind(self.tenant.0).fetch(&mut *self.tx);
        while let Some(text) = rows.try_next().await? {
            let mut line = Line::parse(&text)?;
            ensure!(
                line.text(table.tenant_column()).as_ref() == Some(&tenant),
                "A row of another tenant came up in {}. Nothing was exported; run `clinic-sync doctor`.",
                table.name
            );
            leave_secrets(&table.name, &mut line, self.with_credentials);
            each(line)?;
            read += 1;
        }
        let there = self.tables.iter().find(|(it, _)| it.name == table.name).map_or(0, |(_, rows)| *rows);
        ensure!(
            read == there,
            "{} has {there} rows of this tenant, of which {read} can be read. Nothing was exported; run \
             `clinic-sync doctor`.",
            table.name
        );
        Ok(())
    }
}

/// What opens doors stays here. Where no password's hash goes along, its place holds what no password fits, and the
/// person must choose a new one.
fn leave_secrets(table: &str, line: &mut Line, with_credentials: bool) {
    match table {
        "devices" => line.set("unlock_key", &json!("\\x")),
        "device_revocations" => line.set("token_hash", &json!(null)),
        "users" if !with_credentials => {
            line.set("password_hash", &json!("!"));
            line.set("must_change_password", &json!(true));
        }
        _ => {}
    }
}

/// The files that rows refer to, with their lengths where a row tells it.
pub(super) type Files = BTreeMap<String, Option<u64>>;

/// Notes the files that a row refers to.
pub(super) fn note_files(files: &mut Files, table: &TenantTable, line: &Line) {
    for column in &table.file_columns {
        if let Some(hash) = line.text(column).filter(|hash| is_sha256(hash)) {
            let length = line.get("byte_size").parse().ok().filter(|_| column == "sha256");
            let known = files.entry(hash).or_default();
            *known = known.or(length);
        }
    }
}

//! Deletes a tenant, after its data was exported.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use anyhow::{Context, ensure};
use protocol::audit::Action;
use protocol::id::TenantId;
use serde_json::json;
use sqlx::PgConnection;

use super::catalogue::{self, TenantTable};
use super::export::{Exported, export};
use super::read;
use super::seal::{Key, Lock};
use super::snapshot::Doors;
use crate::Db;
use crate::audit::{self, Event, Lane};

/// How many rows of each table a deletion would take. What is not counted stays: the log, which is kept for ever.
pub async fn preview(ops: &Db, tenant: TenantId) -> anyhow::Result<BTreeMap<String, u64>> {
    let mut tx = ops.read(tenant).await?;
    let mut counts = BTreeMap::new();
    for table in catalogue::tenant_tables(&mut tx).await? {
        if !table.is_witness() {
            let rows = table.count(&mut tx, tenant).await?;
            counts.insert(table.name, rows.unsigned_abs());
        }
    }
    Ok(counts)
}

/// A tenant that is gone.
#[derive(Clone, Debug)]
pub struct Deleted {
    /// Its archive.
    pub exported: Exported,
    /// Rows of each table.
    pub rows: BTreeMap<String, u64>,
}

/// Stops the tenant's writers, exports, reads the archive back, and deletes every row but the log's, which gets an
/// entry. The tenant's code is free afterwards; its id is not used again here.
///
/// # Errors
///
/// Those of the export and of reading it back; attached files that are not in it, unless they are given up; and if more or
/// fewer rows would be deleted than were exported. Nothing is deleted then; an archive that was written stays.
pub async fn delete(
    doors: &Doors,
    tenant: TenantId,
    lock: &Lock,
    key: &Key,
    path: &Path,
    leaves_missing_files: bool,
) -> anyhow::Result<Deleted> {
    let mut tx = doors.ops.write_unsynced(tenant).await?;
    sqlx::raw_sql("set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0")
        .execute(&mut *tx)
        .await?;
    let code = sqlx::query_scalar!(
        "select t.tenant_code from tenants t join tenant_sync s on s.tenant_id = t.id
         where t.id = $1 for update",
        tenant.0
    )
    .fetch_one(&mut *tx)
    .await?;
    let exported = export(doors, tenant, true, lock, path).await?;
    let (_, missing) = exported.files();
    ensure!(
        leaves_missing_files || missing == 0,
        "{missing} attached files of the tenant are not where the files lie, or damaged, and so not in {}. Nothing was deleted. \
         See that --files names the place that the server has. What never came to the server is on the computers at which it \
         was added; to give it up, say --leave-missing-files, and another --export-to.",
        path.display()
    );
    let read_back = read::check(&mut File::open(path)?, key)
        .context("The archive was written and does not open again. Nothing was deleted.")?;
    ensure!(
        read_back == exported.manifest,
        "The archive is not the one that was written. Nothing was deleted."
    );
    let tables = catalogue::tenant_tables(&mut tx).await?;
    let rows = purge(&mut tx, tenant, &tables).await?;
    for entry in &exported.manifest.tables {
        let deleted = rows.get(&entry.name).copied();
        ensure!(
            deleted.is_none_or(|deleted| deleted == entry.rows),
            "{} changed while it was exported. Nothing was deleted; try again.",
            entry.name
        );
    }
    let event = Event {
        table: Some("tenants"),
        record: Some(tenant.0),
        changes: Some(json!({
            "tenant_code": code,
            "rows": rows,
            "archive_sha256": exported.file_sha256,
        })),
        ..Event::new(Action::Delete)
    };
    audit::record(&mut tx, tenant, Lane::Operator, &event).await?;
    tx.commit().await?;
    doors.files.remove_all(tenant).await.context(
        "Every row is deleted and the archive is whole, but files of the tenant could not be removed: they lie under its id. \
         The same command once more removes them.",
    )?;
    Ok(Deleted { exported, rows })
}

/// Removes what a deletion has left that broke off behind its last row: files of a tenant of this code that is gone. The
/// answer is how many there were.
pub(super) async fn remove_left_files(doors: &Doors, code: &str) -> anyhow::Result<usize> {
    let mut removed = 0;
    for tenant in doors.ops.audited_tenants(None).await? {
        let mut tx = doors.ops.read(tenant).await?;
        let was_it = sqlx::query_scalar::<_, bool>(
            "select exists (
                 select from tenant_audit_log l
                 where l.tenant_id = $1 and l.lane = 'operator' and l.action = 'delete' and l.table_name = 'tenants'
                   and l.changes ->> 'tenant_code' = $2
             ) and not exists (select from tenants t where t.id = $1)",
        )
        .bind(tenant.0)
        .bind(code)
        .fetch_one(&mut *tx)
        .await?;
        if was_it {
            removed += doors.files.remove_all(tenant).await?;
        }
    }
    Ok(removed)
}

/// Deletes every row of the tenant but the log's, children first, and says how many of each table.
pub(super) async fn purge(
    tx: &mut PgConnection,
    tenant: TenantId,
    tables: &[TenantTable],
) -> anyhow::Result<BTreeMap<String, u64>> {
    // For each row that goes, its references are looked up: by their indexes, whatever the statistics say.
    sqlx::raw_sql("set constraints all deferred; set local enable_seqscan = off").execute(&mut *tx).await?;
    sqlx::query!("select clinic.set_purged($1)", tenant.0).execute(&mut *tx).await?;
    let mut rows = BTreeMap::new();
    for table in tables.iter().rev().filter(|table| !table.is_witness()) {
        let deleted = sqlx::query(table.delete()).bind(tenant.0).execute(&mut *tx).await?;
        rows.insert(table.name.clone(), deleted.rows_affected());
    }
    for table in tables.iter().filter(|table| !table.is_witness()) {
        ensure!(table.count(tx, tenant).await? == 0, "Rows of {} are left. Nothing was deleted.", table.name);
    }
    Ok(rows)
}

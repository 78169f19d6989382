//! Brings a tenant back from its archive.

use std::collections::BTreeMap;
use std::fs::File;

use anyhow::{Context, bail, ensure};
use futures_util::TryStreamExt;
use protocol::audit::Action;
use protocol::id::{Epoch, TenantId};
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::catalogue::{self, LEFT_OUT, TenantTable};
use super::delete::purge;
use super::line::{Line, Unordered};
use super::manifest::{Manifest, TableEntry};
use super::read::{Item, Reader, Refused, check};
use super::seal::Key;
use super::snapshot::Doors;
use crate::Db;
use crate::audit::{self, Event, Lane};
use crate::auth::code::is_tenant_code;
use crate::files::{Ended, Files, Named};

const BATCH_ROWS: u64 = 500;
const BATCH_BYTES: u64 = 4 << 20;

/// A tenant that came back.
#[derive(Clone, Debug)]
pub struct Restored {
    /// Its id: that of the archive, unless another tenant or a log has it here.
    pub tenant: TenantId,
    /// Its code.
    pub tenant_code: String,
    /// The new life of its data.
    pub epoch: Epoch,
    /// Rows of each table.
    pub rows: BTreeMap<String, u64>,
    /// What was restored.
    pub manifest: Manifest,
}

/// Where rows go.
struct Home {
    tenant: TenantId,
    tenant_code: String,
    version: i64,
    /// As the database writes it.
    now: Value,
}

/// Reads the whole archive and checks it, then puts it in and compares what is in the database with what was put in,
/// all in one transaction. Computers come back revoked, the data begins a new epoch.
///
/// # Errors
///
/// [`Refused`] for an archive that is not whole or not ours; sentences for a tenant that is there, for a database
/// that is older than the archive, and for rows that the database does not take.
pub async fn restore(
    doors: &Doors,
    file: &mut File,
    key: &Key,
    as_code: Option<&str>,
) -> anyhow::Result<Restored> {
    let ops = &doors.ops;
    let manifest = check(file, key)?;
    let code = as_code.unwrap_or(&manifest.tenant_code).trim().to_uppercase();
    ensure!(is_tenant_code(&code), "A tenant's code has 3 to 50 capital letters, digits and underscores.");
    let present = ops.find_any_tenant(&code).await?;
    let mut tx = ops.write_unsynced(free_id(ops, manifest.tenant_id).await?).await?;
    // To open an archive takes as long as its passphrase is meant to cost, and its log may be long.
    sqlx::raw_sql(
        "set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0;
         set constraints all deferred",
    )
    .execute(&mut *tx)
    .await?;
    let tables = known_tables(&mut tx, ops, &manifest).await?;
    if let Some(present) = present {
        remove_empty(&mut tx, present, &code, &tables).await?;
    }
    let now = sqlx::query_scalar!(r#"select to_jsonb(now()) as "now!""#).fetch_one(&mut *tx).await?;
    let mut home = Home { tenant: tx.tenant(), tenant_code: code, version: 0, now };
    let mut reader = Reader::open(file, key)?;
    let tallies = insert(&mut tx, &mut reader, &tables, &mut home, &manifest).await?;
    insert_files(&doors.files, &mut reader, home.tenant).await?;
    sqlx::raw_sql("set constraints all immediate").execute(&mut *tx).await.map_err(|error| {
        let constraint = failed_at(&error);
        anyhow::anyhow!("The rows of the archive do not fit together ({constraint}). Nothing was written.")
    })?;
    let rows = tallies.iter().map(|(table, tally)| (table.name.clone(), tally.rows)).collect();
    for (table, tally) in tallies {
        let entry = manifest.tables.iter().find(|entry| entry.name == table.name);
        let columns: Vec<String> = kept_columns(entry.expect("BUG: from the manifest")).cloned().collect();
        compare(&mut tx, table, &columns, home.tenant, &tally).await?;
    }
    if is_set_aside_in_the_log(&manifest) {
        set_beside(&mut tx, home.tenant).await?;
    }
    let epoch = sqlx::query_scalar!("select epoch from tenant_sync where tenant_id = $1", home.tenant.0)
        .fetch_one(&mut *tx)
        .await?;
    let event = Event {
        changes: Some(json!({
            "from_tenant": manifest.tenant_id,
            "from_epoch": manifest.epoch,
            "version": manifest.version,
            "content_sha256": manifest.content_sha256,
            "rows": rows,
        })),
        ..Event::new(Action::Restore)
    };
    audit::record(&mut tx, home.tenant, Lane::Operator, &event).await?;
    tx.commit().await?;
    Ok(Restored { tenant: home.tenant, tenant_code: home.tenant_code, epoch: Epoch(epoch), rows, manifest })
}

/// The archive's id, unless a tenant or the log of one that left has it: a log goes on with the rows it tells of.
async fn free_id(ops: &Db, wanted: TenantId) -> anyhow::Result<TenantId> {
    let mut tx = ops.read(wanted).await?;
    let is_taken = sqlx::query_scalar!(
        r#"select exists (select from tenants where id = $1)
               or exists (select from tenant_audit_log where tenant_id = $1) as "is_taken!""#,
        wanted.0
    )
    .fetch_one(&mut *tx)
    .await?;
    Ok(if is_taken { TenantId::new() } else { wanted })
}

/// This database's tables, if they can hold what the archive has.
async fn known_tables(
    tx: &mut PgConnection,
    ops: &Db,
    manifest: &Manifest,
) -> anyhow::Result<Vec<TenantTable>> {
    let here = ops.applied_migrations().await?.into_iter().max().unwrap_or_default();
    ensure!(
        manifest.migration_version <= here,
        "This archive comes from a newer version of the server (migration {}, here {here}). Update the server and \
         run `clinic-sync migrate` first. Nothing was written.",
        manifest.migration_version
    );
    let tables = catalogue::tenant_tables(tx).await?;
    for entry in &manifest.tables {
        let table = tables.iter().find(|table| table.name == entry.name && !table.is_left_out());
        let table =
            table.ok_or_else(|| Refused::damaged(&entry.path(), "this table does not belong there"))?;
        if let Some(column) = kept_columns(entry).find(|column| !table.columns.contains(column)) {
            bail!(Refused::damaged(&entry.path(), format!("the table has no column {column:.63}")));
        }
        // What is not in it would not be put there: its computers would come back in service.
        if entry.name == "devices" && !entry.columns.iter().any(|column| column == "revoked_at") {
            bail!(Refused::damaged(&entry.path(), "it lacks the column revoked_at"));
        }
    }
    if manifest.migration_version == here {
        let is_missing = |table: &&TenantTable| {
            !table.is_left_out() && !manifest.tables.iter().any(|entry| entry.name == table.name)
        };
        if let Some(table) = tables.iter().find(is_missing) {
            bail!(Refused::damaged("manifest.json", format!("it lacks the table {}", table.name)));
        }
    }
    Ok(tables)
}

/// Columns that tables had once and that say nothing more.
const GONE: &[(&str, &str)] = &[("sync_conflicts", "device_id"), ("sync_conflicts", "sequence")];

/// The columns of the archive that are put back.
fn kept_columns(entry: &TableEntry) -> impl Iterator<Item = &String> {
    let is_gone =
        |column: &String| GONE.iter().any(|(table, name)| *table == entry.name && *name == column.as_str());
    entry.columns.iter().filter(move |column| !is_gone(column))
}

/// Makes room where a tenant is that has nothing yet. Who is writing there is waited for, and nobody begins meanwhile.
async fn remove_empty(
    tx: &mut PgConnection,
    tenant: TenantId,
    code: &str,
    tables: &[TenantTable],
) -> anyhow::Result<()> {
    sqlx::query!(
        "select t.tenant_code from tenants t join tenant_sync s on s.tenant_id = t.id
         where t.id = $1 for update",
        tenant.0
    )
    .fetch_one(&mut *tx)
    .await?;
    for table in tables.iter().filter(|table| !table.is_witness()) {
        let is_its_own = table.name == "tenants" || LEFT_OUT.iter().any(|(name, _)| *name == table.name);
        if !is_its_own && table.count(tx, tenant).await? > 0 {
            bail!(
                "The tenant {code} is there and has data ({}). Nothing was written; give another code with \
                 --as-code.",
                table.name
            );
        }
    }
    purge(tx, tenant, tables).await?;
    Ok(())
}

/// Puts in every row, and says how the rows of each table must look now.
async fn insert<'t>(
    tx: &mut PgConnection,
    reader: &mut Reader<'_>,
    tables: &'t [TenantTable],
    home: &mut Home,
    checked: &Manifest,
) -> anyhow::Result<Vec<(&'t TenantTable, Unordered)>> {
    ensure!(reader.manifest == *checked, "The archive changed while it was read. Nothing was written.");
    let mut tallies = Vec::new();
    let mut batch = Batch::default();
    for (number, entry) in checked.tables.iter().enumerate() {
        let table = tables.iter().find(|table| table.name == entry.name).expect("BUG: a known table");
        let columns: Vec<String> = kept_columns(entry).cloned().collect();
        let mut tally = Unordered::default();
        loop {
            match reader.next()? {
                Some(Item::Row(mut line)) if !table.is_witness() => {
                    line.keep(&columns);
                    settle(table, &mut line, home);
                    let text = line.to_text();
                    tally.add(&text);
                    batch.add(&text);
                    if batch.is_full() {
                        batch.insert(tx, table, &columns).await?;
                    }
                }
                Some(Item::Row(_)) => {}
                Some(Item::End(end)) if end == number => break,
                Some(Item::End(_) | Item::Part(_) | Item::FileEnd) | None => {
                    bail!("BUG: tables come in the order of the manifest")
                }
            }
        }
        batch.insert(tx, table, &columns).await?;
        if table.name == "tenants" {
            home.version = begin(tx, home.tenant, checked.version).await?;
        }
        if !table.is_witness() {
            tallies.push((table, tally));
        }
    }
    Ok(tallies)
}

/// Puts in every file. They are named by what is in them: if the rows do not follow, they only lie there.
async fn insert_files(files: &Files, reader: &mut Reader<'_>, tenant: TenantId) -> anyhow::Result<()> {
    let entries = reader.manifest.attachments.clone();
    for entry in entries.iter().filter(|entry| entry.is_included) {
        let bytes = entry.bytes.context("BUG: a file that is included has a length")?;
        let named = Named { tenant, sha256: entry.sha256.clone(), bytes, mime: None };
        let mut writer = files.writer(&named);
        loop {
            match reader.next()? {
                Some(Item::Part(part)) => writer.put(part.into()).await?,
                Some(Item::FileEnd) => break,
                Some(Item::Row(_) | Item::End(_)) | None => {
                    bail!("BUG: files come in the order of the manifest")
                }
            }
        }
        ensure!(
            writer.end().await? == Ended::Stored,
            "A file did not come out of the archive as it went in. Nothing was written."
        );
    }
    ensure!(reader.next()?.is_none(), "BUG: the archive has more than its manifest");
    Ok(())
}

/// The tenant's versions go on after the archive's, in a new epoch.
async fn begin(tx: &mut PgConnection, tenant: TenantId, version: i64) -> anyhow::Result<i64> {
    sqlx::query!("insert into tenant_sync (tenant_id, version) values ($1, $2)", tenant.0, version)
        .execute(&mut *tx)
        .await?;
    Ok(sqlx::query_scalar!(r#"select clinic.begin_write($1) as "version!""#, tenant.0).fetch_one(tx).await?)
}

/// Makes a row of the archive one of this tenant, here and now.
fn settle(table: &TenantTable, line: &mut Line, home: &Home) {
    line.set(table.tenant_column(), &json!(home.tenant));
    if table.is_synced {
        line.set("sync_version", &json!(home.version));
    }
    match table.name.as_str() {
        "tenants" => line.set("tenant_code", &json!(home.tenant_code)),
        "devices" if line.get("revoked_at") == "null" => line.set("revoked_at", &home.now),
        _ => {}
    }
}

/// Whether the archive comes from before migration 161: what was set aside stands in the log of mutations, in which nothing
/// is ever forgotten.
fn is_set_aside_in_the_log(manifest: &Manifest) -> bool {
    let is_without =
        |entry: &TableEntry| entry.name == "sync_quarantine" && !entry.columns.iter().any(|it| it == "body");
    manifest.tables.iter().any(is_without)
}

/// What that migration did.
async fn set_beside(tx: &mut PgConnection, tenant: TenantId) -> anyhow::Result<()> {
    sqlx::query!(
        "update sync_quarantine q set body = m.body from sync_mutations m
         where q.tenant_id = $1 and m.tenant_id = q.tenant_id and m.device_id = q.device_id and m.sequence = q.sequence",
        tenant.0
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "update sync_mutations m set body = '' from sync_quarantine q
         where m.tenant_id = $1 and q.tenant_id = m.tenant_id and q.device_id = m.device_id and q.sequence = m.sequence",
        tenant.0
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Rows that go in together.
#[derive(Default)]
struct Batch {
    rows: u64,
    text: String,
}

impl Batch {
    fn add(&mut self, line: &str) {
        self.text.push(if self.rows == 0 { '[' } else { ',' });
        self.text.push_str(line);
        self.rows += 1;
    }

    fn is_full(&self) -> bool {
        self.rows >= BATCH_ROWS || self.text.len() as u64 >= BATCH_BYTES
    }

    async fn insert(
        &mut self,
        tx: &mut PgConnection,
        table: &TenantTable,
        columns: &[String],
    ) -> anyhow::Result<()> {
        let Self { rows, mut text } = std::mem::take(self);
        if rows == 0 {
            return Ok(());
        }
        text.push(']');
        let done = sqlx::query(table.insert(columns)).bind(text).execute(tx).await;
        let done = done.map_err(|error| {
            Refused::damaged(
                &format!("tables/{}.ndjson", table.name),
                format!("the database does not take its rows ({})", failed_at(&error)),
            )
        })?;
        ensure!(
            done.rows_affected() == rows,
            "Some rows of {} did not go in. Nothing was written.",
            table.name
        );
        Ok(())
    }
}

/// What a statement failed at, without any value.
fn failed_at(error: &sqlx::Error) -> String {
    let Some(error) = error.as_database_error() else { return "the connection broke".to_owned() };
    match (error.constraint(), error.code()) {
        (Some(constraint), _) => constraint.to_owned(),
        (None, Some(code)) => format!("SQLSTATE {code}"),
        (None, None) => "no reason was given".to_owned(),
    }
}

/// The rows in the database are those that were to go in, in every column of the archive.
async fn compare(
    tx: &mut PgConnection,
    table: &TenantTable,
    columns: &[String],
    tenant: TenantId,
    expected: &Unordered,
) -> anyhow::Result<()> {
    let mut found = Unordered::default();
    let mut rows = sqlx::query_scalar::<_, String>(table.select_rows()).bind(tenant.0).fetch(tx);
    while let Some(text) = rows.try_next().await? {
        let mut line = Line::parse(&text).context("BUG: the database writes JSON")?;
        line.keep(columns);
        found.add(&line.to_text());
    }
    ensure!(found == *expected, "What went into {} came out differently. Nothing was written.", table.name);
    Ok(())
}

//! Gives the rows that were there before the column their tenant. It goes through a table by its pages, which every
//! table has whatever its key is, each page once, in short transactions; where it is, is in the record.

use std::io::Write;

use anyhow::bail;
use sqlx::{Connection, Executor, PgConnection};
use uuid::Uuid;

use super::options::Pace;
use super::statement::{End, built, has_code, setting};

/// How often the rows that others hold are tried again.
const FRUITLESS_PASSES: u32 = 30;

/// `insufficient_privilege`.
const FORBIDDEN: &str = "42501";

struct Progress {
    next_block: i64,
    blocks: i64,
}

/// Fills one table, or goes on with it.
///
/// # Errors
///
/// Rows that other sessions keep locked; those of the database. What was filled stays.
pub(super) async fn fill(
    connection: &mut PgConnection,
    relation: &str,
    name: &str,
    pace: &Pace,
    out: &mut impl Write,
) -> anyhow::Result<End> {
    let tenant: Uuid = setting(connection, "select tenant_id from clinic_adoption.setup").await?;
    let mut batches = 0;
    let mut fruitless = 0;
    let mut progress = begin(connection, relation, name).await?;
    loop {
        let mut found = 0;
        while progress.next_block < progress.blocks {
            if pace.batches.is_some_and(|limit| batches >= limit) {
                writeln!(out, "{relation}: stopped at page {} of {}.", progress.next_block, progress.blocks)?;
                return Ok(End::Paused);
            }
            found += batch(connection, relation, name, tenant, &mut progress, pace).await?;
            batches += 1;
            tracing::info!(table = relation, page = progress.next_block, of = progress.blocks, "backfill");
            tokio::time::sleep(pace.pause()).await;
        }
        let rest = format!("select exists (select from {relation} where tenant_id is null)");
        if !sqlx::query_scalar::<_, bool>(built(rest)).fetch_one(&mut *connection).await? {
            let rows: i64 = sqlx::query_scalar(
                "update clinic_adoption.backfill set finished_at = now() where relation = $1
                 returning rows_filled",
            )
            .bind(name)
            .fetch_one(&mut *connection)
            .await?;
            writeln!(out, "{relation}: {rows} rows have their tenant.")?;
            return Ok(End::Done(1));
        }
        // Rows that someone held, or that moved to another page, are found by another pass.
        fruitless = if found == 0 { fruitless + 1 } else { 0 };
        if fruitless == FRUITLESS_PASSES {
            bail!(
                "Other sessions keep rows of {relation} locked. All other rows have their tenant by now. Run the \
                 step again when those sessions have finished."
            );
        }
        tokio::time::sleep(Pace::rest(fruitless)).await;
        progress = new_pass(connection, relation, name).await?;
    }
}

async fn begin(connection: &mut PgConnection, relation: &str, name: &str) -> sqlx::Result<Progress> {
    let found: Option<(i64, i64)> =
        sqlx::query_as("select next_block, blocks from clinic_adoption.backfill where relation = $1")
            .bind(name)
            .fetch_optional(&mut *connection)
            .await?;
    match found {
        Some((next_block, blocks)) => Ok(Progress { next_block, blocks }),
        None => new_pass(connection, relation, name).await,
    }
}

async fn new_pass(connection: &mut PgConnection, relation: &str, name: &str) -> sqlx::Result<Progress> {
    let blocks = sqlx::query_scalar(
        "insert into clinic_adoption.backfill (relation, blocks)
         values ($1, pg_relation_size($2::text::regclass) / current_setting('block_size')::bigint)
         on conflict (relation) do update set next_block = 0, blocks = excluded.blocks
         returning blocks",
    )
    .bind(name)
    .bind(relation)
    .fetch_one(connection)
    .await?;
    Ok(Progress { next_block: 0, blocks })
}

/// One batch: how many rows it filled. Rows that another session holds are left for later, so that neither waits for
/// the other; the application's triggers do not fire, for to them nothing has changed.
async fn batch(
    connection: &mut PgConnection,
    relation: &str,
    name: &str,
    tenant: Uuid,
    progress: &mut Progress,
    pace: &Pace,
) -> anyhow::Result<u64> {
    let end = (progress.next_block + i64::from(pace.batch_pages)).min(progress.blocks);
    let mut tx = connection.begin().await?;
    let quiet =
        sqlx::raw_sql("set local session_replication_role = replica; set local lock_timeout = '500ms'");
    tx.execute(quiet).await.map_err(|error| {
        if has_code(&error, FORBIDDEN) {
            anyhow::anyhow!(
                "This login may not set session_replication_role, so the application's triggers would fire for \
                 every row. Nothing was changed in {relation}. Grant it: GRANT SET ON PARAMETER \
                 session_replication_role TO this login."
            )
        } else {
            error.into()
        }
    })?;
    let filled = tx
        .execute(built(format!(
            "with batch as (
                 select ctid from {relation}
                 where ctid >= '({},0)'::tid and ctid < '({end},0)'::tid and tenant_id is null
                 for no key update skip locked
             )
             update {relation} t set tenant_id = '{tenant}' from batch where t.ctid = batch.ctid",
            progress.next_block
        )))
        .await?
        .rows_affected();
    sqlx::query(
        "update clinic_adoption.backfill set next_block = $2, rows_filled = rows_filled + $3 where relation = $1",
    )
    .bind(name)
    .bind(end)
    .bind(filled as i64)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    progress.next_block = end;
    Ok(filled)
}

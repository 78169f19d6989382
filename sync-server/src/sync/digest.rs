//! `GET /v1/sync/digest` and `POST /v1/sync/rows`: whether a desktop has what the server has, and what it lacks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use futures_util::TryStreamExt;
use protocol::api::DeviceScope;
use protocol::digest::{
    BUCKETS, Digest, DigestAnswer, DigestQuery, Hash64, MAX_ROWS_REQUEST, RowsAnswer, RowsRequest,
    TableDigest,
};
use protocol::id::{Epoch, TenantId};
use protocol::table::{TABLES, TableName};
use sqlx::PgConnection;
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::turns::Turns;
use super::{SpokenProtocol, head, rows, statements};
use crate::AppState;
use crate::auth::Caller;
use crate::error::{Error, Json, Query, Result};

/// A table is looked at in slices of so many rows, so that no statement takes long.
const SLICE: i64 = 50_000;
/// So many digests are made at once; they take a core each. Nor are more of one tenant's asked for at once.
const AT_ONCE: usize = 2;
/// So many are remembered.
const MOST_KEPT: usize = 2_000;

/// Digests of all tables, as long as nothing has changed.
#[derive(Clone, Debug)]
pub struct Digests(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    kept: Mutex<HashMap<(TenantId, DeviceScope), Kept>>,
    of_tenant: Turns,
    turns: Semaphore,
}

#[derive(Clone, Debug)]
struct Kept {
    epoch: Epoch,
    answer: DigestAnswer,
}

impl Default for Digests {
    fn default() -> Self {
        Self(Arc::new(Inner {
            kept: Mutex::default(),
            of_tenant: Turns::new(AT_ONCE),
            turns: Semaphore::new(AT_ONCE),
        }))
    }
}

impl Digests {
    fn kept(&self, caller: &Caller, epoch: Epoch, version: i64, catalogue: i64) -> Option<DigestAnswer> {
        let kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.get(&(caller.tenant, caller.scope))?;
        let is_same =
            kept.epoch == epoch && kept.answer.version == version && kept.answer.catalogue == catalogue;
        is_same.then(|| kept.answer.clone())
    }

    fn keep(&self, caller: &Caller, epoch: Epoch, answer: &DigestAnswer) {
        let mut kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        kept.insert((caller.tenant, caller.scope), Kept { epoch, answer: answer.clone() });
    }
}

#[cfg(feature = "testing")]
impl Digests {
    /// For tests: as many digests as can be are being made, until the answer is dropped.
    pub async fn busy(&self) -> Option<tokio::sync::SemaphorePermit<'_>> {
        self.0.turns.acquire_many(AT_ONCE as u32).await.ok()
    }
}

/// Answers with digests of what the device's scope sees, as of one version.
#[tracing::instrument(skip_all, fields(tenant = %caller.tenant, device = %caller.device))]
pub(crate) async fn digest(
    State(state): State<AppState>,
    caller: Caller,
    _: SpokenProtocol,
    Query(query): Query<DigestQuery>,
) -> Result<Json<DigestAnswer>> {
    // A busy tenant leaves connections for the others, and whoever waits for a turn holds none.
    let _turn = state.digests.0.of_tenant.take(caller.tenant).await;
    let (table, bucket) = match (&query.table, query.bucket) {
        (None, None) => return all(&state, &caller, query.epoch).await.map(Json),
        (Some(table), bucket) => (find(table, &caller)?, bucket),
        (None, Some(_)) => return Err(Error::Invalid("A bucket is one of a table.")),
    };
    let _core = match bucket {
        Some(_) => None,
        None => state.digests.0.turns.acquire().await.ok(),
    };
    let mut tx = state.db.read(caller.tenant).await?;
    let mut answer = begin(&mut tx, &caller, query.epoch).await?;
    if let Some(bucket) = bucket {
        let statement = statements::of_scope(caller.scope).bucket(table).ok_or(Error::NotFound)?;
        let mut found = sqlx::query_as::<_, (Uuid, i64)>(statement)
            .bind(caller.tenant.0)
            .bind(i32::from(bucket))
            .fetch(&mut *tx);
        while let Some(row) = found.try_next().await? {
            answer.rows.push(row);
        }
    } else {
        answer.buckets = buckets(&mut tx, &caller, table).await?.unwrap_or_default();
    }
    Ok(Json(answer))
}

/// Answers with rows by their ids. What the device's scope does not see, and what another tenant has, is not there.
#[tracing::instrument(skip_all, fields(tenant = %caller.tenant, device = %caller.device))]
pub(crate) async fn rows_by_id(
    State(state): State<AppState>,
    caller: Caller,
    _: SpokenProtocol,
    Json(request): Json<RowsRequest>,
) -> Result<Json<RowsAnswer>> {
    if request.ids.len() > MAX_ROWS_REQUEST {
        return Err(Error::TooLarge);
    }
    let table = find(&request.table, &caller)?;
    let _turn = state.pulls.take(caller.tenant).await;
    state.audit.record_pull(&state.db, &caller).await?;
    let mut tx = state.db.read(caller.tenant).await?;
    let version = head(&mut tx, caller.tenant, request.epoch).await?;
    let rows = rows::read(&mut tx, caller.tenant, caller.scope, table, &request.ids).await?;
    state.metrics.mended(rows.len());
    tracing::info!(rows = rows.len(), table = table.as_str(), "sent to mend a copy");
    Ok(Json(RowsAnswer { version, rows }))
}

/// The table of this name, if devices of the caller's scope may have it.
fn find(name: &str, caller: &Caller) -> Result<TableName> {
    let table = TableName::find(name).ok_or(Error::NotFound)?;
    statements::of_scope(caller.scope).bucket(table).map(|_| table).ok_or(Error::NotFound)
}

async fn begin(tx: &mut PgConnection, caller: &Caller, epoch: Epoch) -> Result<DigestAnswer> {
    let version = head(tx, caller.tenant, epoch).await?;
    let catalogue = sqlx::query_scalar!("select version from catalogue").fetch_one(tx).await?;
    Ok(DigestAnswer { version, catalogue, ..DigestAnswer::default() })
}

async fn all(state: &AppState, caller: &Caller, epoch: Epoch) -> Result<DigestAnswer> {
    let mut tx = state.db.read(caller.tenant).await?;
    let now = begin(&mut tx, caller, epoch).await?;
    if let Some(kept) = state.digests.kept(caller, epoch, now.version, now.catalogue) {
        return Ok(kept);
    }
    drop(tx);
    // Desktops come back together after an outage: the first one's digest serves them all.
    let _turn = state.digests.0.turns.acquire().await;
    let mut tx = state.db.read(caller.tenant).await?;
    let mut answer = begin(&mut tx, caller, epoch).await?;
    if let Some(kept) = state.digests.kept(caller, epoch, answer.version, answer.catalogue) {
        return Ok(kept);
    }
    for table in TABLES {
        if let Some(buckets) = buckets(&mut tx, caller, table.name).await? {
            let mut digest = Digest::default();
            for bucket in buckets {
                digest.join(bucket);
            }
            answer.tables.push(TableDigest { table: table.sql_name.to_owned(), digest });
        }
    }
    state.digests.keep(caller, epoch, &answer);
    Ok(answer)
}

/// The digest of each bucket; none for a table that the scope does not see.
async fn buckets(tx: &mut PgConnection, caller: &Caller, table: TableName) -> Result<Option<Vec<Digest>>> {
    let Some((slice_end, digests)) = statements::of_scope(caller.scope).digest(table) else {
        return Ok(None);
    };
    let mut found = vec![Digest::default(); BUCKETS];
    let mut after = Uuid::nil();
    loop {
        let end: Option<Uuid> = sqlx::query_scalar(slice_end.clone())
            .bind(caller.tenant.0)
            .bind(after)
            .bind(SLICE)
            .fetch_optional(&mut *tx)
            .await?;
        let mut rows = sqlx::query_as::<_, (i32, i64, i64)>(digests.clone())
            .bind(caller.tenant.0)
            .bind(after)
            .bind(end.unwrap_or(Uuid::max()))
            .fetch(&mut *tx);
        while let Some((bucket, rows, hash)) = rows.try_next().await? {
            let bucket = usize::try_from(bucket).ok().and_then(|bucket| found.get_mut(bucket));
            let bucket = bucket.ok_or_else(|| anyhow::anyhow!("a byte is none"))?;
            bucket.join(Digest { rows: rows.unsigned_abs(), hash: Hash64(hash.cast_unsigned()) });
        }
        drop(rows);
        match end {
            Some(end) => after = end,
            None => return Ok(Some(found)),
        }
    }
}

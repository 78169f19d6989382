//! Whether this computer has what the server has, found out by digests; what differs is fetched again. That something
//! does is a defect to find: it is logged, counted and shown.

use std::collections::HashMap;
use std::future::ready;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryFutureExt;
use futures_util::future::try_join;
use protocol::api::Secret;
use protocol::digest::{Digest, DigestAnswer, DigestQuery, MAX_ROWS_REQUEST, RowsRequest};
use protocol::error::ErrorCode;
use protocol::table::{TABLES, TableName};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::belief;
use super::engine::{Line, lock};
use super::plan::Happened;
use crate::desk::Event;
use crate::error::{Error, Result};
use crate::store::{Compared, Fetched, Store, SyncState};

/// Between two comparisons that nobody asked for.
const COMPARE_EVERY: Duration = Duration::from_hours(1);
/// The rows of so many buckets are held in memory at once: a sixteenth of a table.
const AT_ONCE: usize = 16;

/// How closely is looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// At the versions of all rows.
    Versions,
    /// At every value of every row: all of them are fetched.
    Values,
}

/// Someone waits for a comparison; they are told how many rows were mended, or that there is nothing to compare with.
pub(super) struct Asked {
    pub(super) depth: Depth,
    pub(super) answer: oneshot::Sender<Result<u32>>,
}

/// What a comparison is about.
struct Comparison {
    token: Secret,
    state: SyncState,
    mended: u32,
}

/// Why a comparison came to no end.
enum Stopped {
    /// Something has changed since it began, or was saved here: the next one comes after the next round.
    Changed,
    Failed(Error),
}

type Checked<T> = std::result::Result<T, Stopped>;

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Whether the server says that its data is not what it was, or may not be.
fn is_of_another_life(error: &Error) -> bool {
    matches!(
        error,
        Error::ServerWentBack
            | Error::Server {
                code: ErrorCode::EpochChanged | ErrorCode::EpochHeld | ErrorCode::DeviceUnknown,
                ..
            }
    )
}

impl Line {
    /// Compares with the server, if it is time or someone asked. Answers whether this computer may be called in step: one
    /// that was never found equal is not, nor is one that is known to differ.
    pub(super) async fn compare_when_due(self: &Arc<Self>, state: SyncState) -> bool {
        let last = state.compared.as_ref().and_then(Compared::at);
        let now = self.context.surroundings.now();
        let differs = state.differs;
        let is_due = differs || last.is_none_or(|at| (now - at).unsigned_abs() >= COMPARE_EVERY);
        let asked = mem::take(&mut *lock(&self.comparisons));
        if !is_due && asked.is_empty() {
            return true;
        }
        let depth = asked.iter().map(|asked| asked.depth).max().unwrap_or(Depth::Versions);
        match self.compare(state, depth).await {
            Ok(mended) => {
                for asked in asked {
                    // Whoever asked may have gone.
                    asked.answer.send(Ok(mended)).ok();
                }
                true
            }
            // A server that is older than this program: trying again does not help whoever asked.
            Err(Stopped::Failed(Error::Server { code: ErrorCode::NotFound, .. })) => {
                for asked in asked {
                    asked.answer.send(Err(Error::CannotCompare)).ok();
                }
                let may_be_called = last.is_some() && !differs;
                if !may_be_called {
                    self.outcome(Err::<Happened, _>(Error::CannotCompare), false).await;
                }
                may_be_called
            }
            // The server is not the one that this computer was level with a moment ago.
            Err(Stopped::Failed(error)) if is_of_another_life(&error) => {
                lock(&self.comparisons).extend(asked);
                let happened = self.outcome(Err::<Happened, _>(error), false).await;
                if matches!(happened, Happened::Pulled { .. }) {
                    // What it lost waits by now.
                    self.asked.notify_one();
                }
                false
            }
            Err(stopped) => {
                lock(&self.comparisons).extend(asked);
                let error = match stopped {
                    Stopped::Failed(error) => {
                        tracing::warn!(%error, "this computer could not be compared with the server");
                        Some(error)
                    }
                    Stopped::Changed => differs.then_some(Error::StillDiffers),
                };
                // One that was found to differ does so until a comparison comes to a good end, whatever ends the next ones.
                let is_found = matches!(error, Some(Error::StillDiffers));
                if is_found
                    && !differs
                    && let Err(error) = self.on_store(Store::note_differs).await
                {
                    tracing::error!(%error, "it was not noted that this computer still differs");
                }
                let differs = differs || is_found;
                let may_be_called = last.is_some() && !differs;
                if let Some(error) = error.filter(|_| !may_be_called) {
                    self.outcome(Err::<Happened, _>(error), false).await;
                }
                may_be_called
            }
        }
    }

    async fn compare(self: &Arc<Self>, state: SyncState, depth: Depth) -> Checked<u32> {
        let mut comparison = Comparison { token: self.token()?, state, mended: 0 };
        // Both sides count at the same time.
        let counted = self.joined_all().map_err(Stopped::from);
        let (answer, ours) = try_join(self.digest(&comparison, None, None), counted).await?;
        for theirs in &answer.tables {
            // Where there are many rows, counting them takes a while too.
            self.unless_saved(ready(())).await.ok_or(Stopped::Changed)?;
            // A newer server has tables that are only carried here.
            let Some(table) = TableName::find(&theirs.table) else { continue };
            if ours.get(&table) != Some(&theirs.digest) {
                self.mend_table(&mut comparison, table).await?;
                if self.joined(table).await? != theirs.digest {
                    // It is looked at again after the next round. While somebody works here, rows are counted twice or not at all.
                    if self.context.store.sync_state()?.last_sequence != comparison.state.last_sequence {
                        return Err(Stopped::Changed);
                    }
                    tracing::error!(table = table.as_str(), "this computer still differs from the server");
                    return Err(Error::StillDiffers.into());
                }
            }
        }
        if depth == Depth::Values {
            for table in TABLES {
                for buckets in (0..=u8::MAX).collect::<Vec<_>>().chunks(AT_ONCE) {
                    let buckets = buckets.to_vec();
                    let ids = self.on_store(move |store| store.held(table.name, &buckets)).await?;
                    self.fetch(&mut comparison, table.name, ids.into_keys().collect()).await?;
                }
            }
        }
        let (now, mended) = (self.context.surroundings.now(), comparison.mended);
        self.on_store(move |store| store.mark_compared(now, mended)).await?;
        Ok(mended)
    }

    async fn joined_all(self: &Arc<Self>) -> Result<HashMap<TableName, Digest>> {
        let mut all = HashMap::new();
        for table in TABLES {
            all.insert(table.name, self.joined(table.name).await?);
        }
        Ok(all)
    }

    async fn joined(self: &Arc<Self>, table: TableName) -> Result<Digest> {
        let digests = self.on_store(move |store| store.digests(table)).await?;
        let mut joined = Digest::default();
        for digest in digests {
            joined.join(digest);
        }
        Ok(joined)
    }

    /// Asks for digests as of the version that this computer is at.
    async fn digest(
        &self,
        comparison: &Comparison,
        table: Option<TableName>,
        bucket: Option<u8>,
    ) -> Checked<DigestAnswer> {
        let epoch = comparison.state.epoch;
        let query = DigestQuery { epoch, table: table.map(|table| table.as_str().to_owned()), bucket };
        let answer = self.unless_saved(self.context.client.digest(&comparison.token, &query)).await;
        let answer = answer.ok_or(Stopped::Changed)??;
        if comparison.state.head.is_some_and(|head| answer.version < head) {
            return Err(Error::ServerWentBack.into());
        }
        let is_same =
            Some(answer.version) == comparison.state.head && answer.catalogue == comparison.state.catalogue;
        if is_same { Ok(answer) } else { Err(Stopped::Changed) }
    }

    /// Looks for the buckets, then the rows, that differ.
    async fn mend_table(self: &Arc<Self>, comparison: &mut Comparison, table: TableName) -> Checked<()> {
        let theirs = self.digest(comparison, Some(table), None).await?.buckets;
        let ours = self.on_store(move |store| store.digests(table)).await?;
        let buckets = (0..=u8::MAX).zip(theirs.iter().zip(&ours));
        let differing: Vec<u8> =
            buckets.filter(|(_, (theirs, ours))| theirs != ours).map(|(bucket, _)| bucket).collect();
        for buckets in differing.chunks(AT_ONCE) {
            let mut theirs = Vec::new();
            for bucket in buckets {
                theirs.extend(self.digest(comparison, Some(table), Some(*bucket)).await?.rows);
            }
            let buckets = buckets.to_vec();
            let mut ours = self.on_store(move |store| store.held(table, &buckets)).await?;
            theirs.retain(|(id, version)| ours.remove(id) != Some(*version));
            let ids = theirs.into_iter().map(|(id, _)| id).chain(ours.into_keys()).collect();
            self.fetch(comparison, table, ids).await?;
        }
        Ok(())
    }

    /// Takes these rows as the server has them.
    async fn fetch(
        self: &Arc<Self>,
        comparison: &mut Comparison,
        table: TableName,
        ids: Vec<Uuid>,
    ) -> Checked<()> {
        let (mut ids, mut most) = (ids.as_slice(), MAX_ROWS_REQUEST);
        while !ids.is_empty() {
            let (some, rest) = ids.split_at(most.min(ids.len()));
            let request = RowsRequest {
                epoch: comparison.state.epoch,
                table: table.as_str().to_owned(),
                ids: some.to_vec(),
            };
            let answer = self.unless_saved(self.context.client.rows(&comparison.token, &request)).await;
            let answer = match answer.ok_or(Stopped::Changed)? {
                // Of fewer rows there is less to say.
                Err(Error::AnswerTooLong) if most > 1 => {
                    most /= 2;
                    continue;
                }
                answer => answer?,
            };
            ids = rest;
            belief::fetched(self.context.facts.tenant_id, &request, &answer, comparison.state.catalogue)?;
            if Some(answer.version) != comparison.state.head {
                return Err(Stopped::Changed);
            }
            let fetched = Fetched { table, ids: request.ids, rows: answer.rows };
            let mended = self.on_store(move |store| store.mend(&fetched)).await?;
            if mended > 0 {
                tracing::error!(rows = mended, table = table.as_str(), "rows differed from the server's");
                comparison.mended += mended;
                // Also if this comparison comes to no end.
                self.context.events.send(Event::RowsChanged).ok();
            }
        }
        Ok(())
    }
}

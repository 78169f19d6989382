//! The server's data was restored from a backup: from where this computer goes on.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use protocol::api::{Notice, NoticeCode, Recollection};
use protocol::error::ErrorCode;
use time::OffsetDateTime;

use super::belief;
use super::engine::Line;
use crate::desk::Event;
use crate::error::{Error, Result};
use crate::store::{Restored, Store};

/// So many epochs begin one after the other without any work between them.
const MOST_EPOCHS: u32 = 3;
/// For so long people are told.
const TOLD_FOR: Duration = Duration::from_hours(24 * 7);

impl Line {
    /// Asks what the server has now, and goes on with that.
    pub(super) async fn begin_epoch(self: &Arc<Self>) -> Result<()> {
        let state = self.context.client.epoch(&self.token()?).await?;
        belief::head(state.version, state.catalogue, None)?;
        if self.epochs_begun.fetch_add(1, Ordering::SeqCst) >= MOST_EPOCHS {
            return Err(Error::BadAnswer("it says again and again that its data is another"));
        }
        let epoch = state.epoch;
        if let Some(known) = self.on_store(move |store| store.recollection(epoch)).await? {
            self.recall(&known).await?;
        }
        let now = self.context.surroundings.now();
        tracing::warn!(epoch = %state.epoch, version = state.version, "the server's data began a new epoch");
        self.staged_catalogue.store(0, Ordering::SeqCst);
        self.on_store(move |store| store.begin_epoch(&state, now)).await?;
        // What it lost may be the key as well.
        self.own_key_due.store(self.context.own_key.is_some(), Ordering::SeqCst);
        self.context.events.send(Event::RowsChanged).ok();
        Ok(())
    }
}

impl Line {
    /// Tells what is known here of the time that the server lost. What it does not believe, or is too old to ask for, keeps
    /// nothing waiting.
    async fn recall(self: &Arc<Self>, known: &Recollection) -> Result<()> {
        match self.context.client.recall(&self.token()?, known).await {
            Err(Error::Server { code: ErrorCode::Invalid | ErrorCode::NotFound, detail }) => {
                tracing::warn!(detail, "the restored server did not take what this computer knows");
                Ok(())
            }
            Err(Error::TooLarge) => {
                tracing::warn!("what this computer knows is more than the restored server takes");
                Ok(())
            }
            // It has yet another one by now: whatever is asked next comes back here.
            Err(Error::Server { code: ErrorCode::EpochChanged, .. }) => Ok(()),
            told => told,
        }
    }

    /// After a comparison with a restored server: tells which rows only this computer has, if that was not told yet.
    pub(super) async fn tell_what_is_only_here(self: &Arc<Self>) {
        let told = async {
            let Some(report) = self.on_store(Store::untold).await? else { return Ok(()) };
            let told = self.unless_saved(self.recall(&report)).await;
            let Some(()) = told.transpose()? else { return Ok(()) };
            self.on_store(move |store| store.told(&report)).await
        };
        if let Err(error) = told.await {
            tracing::warn!(%error, "the server did not take which rows only this computer has");
        }
    }
}

/// What people are told of it.
pub(super) fn notice(restored: &Restored, now: OffsetDateTime) -> Option<Notice> {
    restored.at().filter(|at| (now - *at).unsigned_abs() < TOLD_FOR)?;
    let again = match restored.sent_again {
        0 => "The server had everything that was done on this computer.".to_owned(),
        1 => "1 change of this computer was missing there and is sent again.".to_owned(),
        count => format!("{count} changes of this computer were missing there and are sent again."),
    };
    let detail = format!(
        "The server's data was restored from a backup. Nothing on this computer was changed or lost. {again} Start every \
         other computer of the clinic once, so that each brings back what was done on it."
    );
    Some(Notice { code: NoticeCode::Restored, detail })
}

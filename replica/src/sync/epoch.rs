//! The server's data was restored from a backup: from where this computer goes on.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use protocol::api::{Notice, NoticeCode};
use time::OffsetDateTime;

use super::engine::Line;
use crate::desk::Event;
use crate::error::Result;
use crate::store::Restored;

/// For so long people are told.
const TOLD_FOR: Duration = Duration::from_hours(24 * 7);

impl Line {
    /// Asks what the server has now, and goes on with that.
    pub(super) async fn begin_epoch(self: &Arc<Self>) -> Result<()> {
        let state = self.context.client.epoch(&self.token()?).await?;
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

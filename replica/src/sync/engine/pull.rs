//! What others did comes in, page by page.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::StreamExt;
use protocol::api::{Position, PullLine, PullQuery, Secret};
use protocol::error::ErrorCode;
use time::OffsetDateTime;

use super::Line;
use crate::desk::Event;
use crate::error::{Error, Result};
use crate::store::{Contact, Store, SyncState};
use crate::sync::belief::Page;
use crate::sync::limits::MOST_HELD;
use crate::sync::news::Told;
use crate::view::Connection;

/// Rows are staged in portions of this many.
const STAGED_ROWS: usize = 500;

/// Rows that came with an event longer ago, or were read longer before they came, say nothing of how this computer stands
/// now.
const FRESH: Duration = Duration::from_secs(5);

/// A page as it was read.
struct Read {
    /// As of which it is, of the tenant's rows and of the shared medicines.
    version: i64,
    catalogue: i64,
    /// Whether more remains behind it.
    more: bool,
    /// Its last rows, which are not staged.
    last: Vec<protocol::table::Row>,
    contact: Contact,
}

impl Line {
    /// Pulls a page; answers whether more remains. What came already was not asked for at that time, but read before.
    pub(super) async fn pull(
        self: &Arc<Self>,
        state: SyncState,
        asked_at: &mut OffsetDateTime,
    ) -> Result<bool> {
        if let Some(read_at) = self.take_told(&state).await? {
            *asked_at = read_at.min(*asked_at);
            return Ok(false);
        }
        let token = self.token()?;
        self.news.forget();
        if state.head.is_none() {
            let filled = self.fill(state.clone()).await;
            if state.filling.is_none() && matches!(filled, Err(Error::AnswerTooLong | Error::BadAnswer(_))) {
                // Nor is anything believed that it said of how far it has come.
                self.on_store(Store::forget_filling).await?;
            }
            match filled {
                // A server that is older than this program: its pages bring everything as well.
                Err(Error::Server { code: ErrorCode::NotFound, .. }) => {}
                filled => return filled.map(|()| true),
            }
        }
        let page = self.read_page(&token, state).await;
        if matches!(page, Err(Error::AnswerTooLong | Error::BadAnswer(_))) {
            // Nothing of it is taken, nor of the pages that led there.
            self.staged_catalogue.store(0, Ordering::SeqCst);
            self.on_store(Store::forget_staged).await?;
        }
        let Read { version, catalogue, more, last, contact } = page?;
        self.staged_catalogue.store(catalogue, Ordering::SeqCst);
        let applied = self.on_store(move |store| {
            if more {
                store.stage(&last)?;
                store.note_contact(contact)?;
                return Ok(false);
            }
            store.apply_staged(last, (version, catalogue), contact)
        });
        if applied.await? {
            self.context.events.send(Event::RowsChanged).ok();
        }
        Ok(more)
    }

    /// Takes the rows that came with an event, if they are all that is missing here; then nobody asks for them. Answers when
    /// the server read them, by this computer's clock.
    pub(super) async fn take_told(self: &Arc<Self>, state: &SyncState) -> Result<Option<OffsetDateTime>> {
        let Some(Told { head, page, at }) = self.news.take() else { return Ok(None) };
        let Some(known) = state.head else { return Ok(None) };
        // A line that stood still, or a computer that slept, brings an event late. Nobody asked for it, so nothing else says
        // how long it was on its way; by the server's clock, as it is known here, it is seen.
        let read_at = page.server_time.saturating_sub(time::Duration::milliseconds(state.clock_offset_ms));
        if (self.context.surroundings.now() - at).unsigned_abs() > FRESH
            || (at - read_at).unsigned_abs() > FRESH
        {
            return Ok(None);
        }
        let is_nothing_staged = state.after.as_ref() == Some(&Position::after_version(known).to_string());
        // What is here already would stand for an answer that nobody gave.
        let fits = page.after <= known && known < head && page.catalogue == state.catalogue;
        if !(fits && is_nothing_staged && page.epoch == state.epoch) {
            return Ok(None);
        }
        let after = Position::after_version(page.after).to_string();
        let mut checked = Page::after(self.context.facts.tenant_id, Some(&after));
        checked.head(head, page.catalogue, state.head)?;
        for row in &page.rows {
            checked.row(row)?;
        }
        checked.end(false)?;
        self.heard_by_all(page.notices);
        // What time the server has now says only an answer to a question.
        let (rows, versions, contact) = (page.rows, (head, page.catalogue), (None, at));
        if self.on_store(move |store| store.apply_staged(rows, versions, contact)).await? {
            self.context.events.send(Event::RowsChanged).ok();
        }
        Ok(Some(read_at))
    }

    /// Reads a page, and stages its rows but for the last ones.
    async fn read_page(self: &Arc<Self>, token: &Secret, state: SyncState) -> Result<Read> {
        let mut page = Page::after(self.context.facts.tenant_id, state.after.as_deref());
        let query = PullQuery {
            epoch: state.epoch,
            after: state.after,
            catalogue: state.catalogue.max(self.staged_catalogue.load(Ordering::SeqCst)),
            limit: None,
        };
        let asked_at = self.context.surroundings.now();
        let lines = self.context.client.pull(token, &query).await?;
        let mut lines = std::pin::pin!(lines);
        let mut head: Option<(i64, i64, Contact)> = None;
        let (mut rows, mut unknown) = (Vec::new(), Vec::new());
        let (mut received, mut bytes) = (0_usize, 0);
        let more = loop {
            let line = match lines.next().await {
                Some(Ok((line, length))) => {
                    bytes += length;
                    line
                }
                // What came is good: it is kept, and the next try goes on behind it.
                None | Some(Err(Error::ServerUnreachable)) => {
                    self.stage(&mut rows).await?;
                    self.carry(&mut unknown).await?;
                    if let Some((.., contact)) = head {
                        self.on_store(move |store| store.note_contact(contact)).await?;
                    }
                    return Err(Error::ServerUnreachable);
                }
                Some(Err(error)) => return Err(error),
            };
            match line {
                PullLine::Head { version, catalogue, server_time, notices } => {
                    if state.head.is_some_and(|known| version < known)
                        || state.after_version.is_some_and(|after| version < after)
                    {
                        return Err(Error::ServerWentBack);
                    }
                    page.head(version, catalogue, state.head)?;
                    self.heard(notices);
                    head = Some((version, catalogue, self.contact(server_time, asked_at)));
                }
                PullLine::Unknown(row) => {
                    page.unknown(&row)?;
                    self.stage(&mut rows).await?;
                    unknown.push(row);
                }
                PullLine::Row(row) => {
                    page.row(&row)?;
                    self.carry(&mut unknown).await?;
                    rows.push(row);
                    received += 1;
                }
                PullLine::End { more } => {
                    page.end(more)?;
                    break more;
                }
            }
            if rows.len().max(unknown.len()) == STAGED_ROWS || bytes > MOST_HELD {
                bytes = 0;
                self.show(Connection::Receiving { rows: u32::try_from(received).unwrap_or(u32::MAX) });
                self.stage(&mut rows).await?;
                self.carry(&mut unknown).await?;
            }
        };
        let Some((version, catalogue, contact)) = head else { return Err(Error::ServerUnreachable) };
        self.carry(&mut unknown).await?;
        Ok(Read { version, catalogue, more, last: rows, contact })
    }

    async fn carry(self: &Arc<Self>, rows: &mut Vec<protocol::table::UnknownRow>) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let rows = std::mem::take(rows);
        self.on_store(move |store| store.carry(&rows, true)).await
    }

    async fn stage(self: &Arc<Self>, rows: &mut Vec<protocol::table::Row>) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let rows = std::mem::take(rows);
        self.on_store(move |store| store.stage(&rows)).await
    }
}

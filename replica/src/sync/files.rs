//! The queue of attached files, beside that of the rows and never before it: a file is sent once the server has its row,
//! one piece at a time, and only while no row waits. Where it stopped, the server says; it goes on there, for ever.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use protocol::error::ErrorCode;
use protocol::file::{MAX_FILE_BYTES, MAX_PIECE_BYTES, Upload};
use protocol::mutation::Hash;
use zeroize::Zeroizing;

use super::engine::Line;
use crate::attachments::Wanted;
use crate::desk::Event;
use crate::error::{Error, Result};
use crate::store::files::DueFile;

/// The first piece. It grows while the line carries it, and shrinks when it does not.
const FIRST_PIECE: usize = 256 * 1024;
/// No piece is asked to be smaller than this.
const SMALLEST_PIECE: usize = 16 * 1024;
/// The first pause after a failure; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A file that someone waits for is asked for so often before they are told that it does not come.
const MOST_REQUESTS: usize = 20;
/// So many requests in a row that bring nothing are enough.
const MOST_IN_VAIN: usize = 3;
/// How often, and for how long, a new token is waited for.
const TOKEN_PAUSE: Duration = Duration::from_millis(250);
const TOKEN_PAUSES: usize = 40;

/// How the sending of a file ended.
enum Ended {
    /// The server has it.
    Sent,
    /// Rows wait; it goes on after them.
    RowsFirst,
}

/// Sends what waits whenever a round of rows has ended, for ever: first what is to be noted in the audit log.
pub(super) async fn send_files(line: Arc<Line>) {
    let (mut piece, mut pause) = (FIRST_PIECE, FIRST_PAUSE);
    loop {
        line.files_due.notified().await;
        line.tell().await;
        let Ok(state) = line.context.store.sync_state() else { continue };
        // The server shows no clinical row to anybody else, so it would take none of their files.
        if state.files.waiting == 0 || !line.is_clinical() {
            continue;
        }
        // Rows that wait after a round are held up, and nothing is gained by waiting for them.
        match line.send_waiting_files(&mut piece, state.waiting).await {
            Ok(()) => pause = FIRST_PAUSE,
            Err(error) => {
                tracing::warn!(%error, "attached files are not sent now; it is tried again");
                piece = (piece / 2).max(SMALLEST_PIECE);
                if matches!(error, Error::Server { code: ErrorCode::Unauthorized, .. }) {
                    // The other queue gets a new token.
                    line.asked.notify_one();
                }
                line.context.surroundings.pause(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
                line.files_due.notify_one();
            }
        }
    }
}

impl Line {
    /// Sends one file after the other, until none is left or rows wait.
    async fn send_waiting_files(self: &Arc<Self>, piece: &mut usize, held_up: u32) -> Result<()> {
        let (mut tried, mut n_done): (Vec<Hash>, u32) = (Vec::new(), 0);
        loop {
            let but_for = tried.clone();
            let Some(due) = self.on_store(move |store| store.next_file(&but_for)).await? else { break };
            tried.push(due.sha256);
            let sha256 = due.sha256;
            match self.send_file(&due, piece, held_up).await {
                // One that waits on comes after the row for which it does.
                Ok(Ended::Sent) => {
                    n_done += u32::from(self.on_store(move |store| store.file_sent(&due)).await?);
                }
                Ok(Ended::RowsFirst) => return Ok(()),
                Err(Error::Server { code: ErrorCode::Invalid, detail }) => {
                    tracing::error!(attachment = %due.attachment, "the server refuses an attached file");
                    self.on_store(move |store| store.file_refused(&sha256, &detail)).await?;
                    n_done += 1;
                }
                Err(Error::FileDamaged) => {
                    tracing::error!(attachment = %due.attachment, "a file that waits is not here any more");
                }
                // The row was removed elsewhere, or the server lost it and another computer brings it back.
                Err(Error::Server { code: ErrorCode::NotFound, .. }) => {
                    tracing::info!(attachment = %due.attachment, "the server does not know the row of a file");
                }
                Err(error) => return Err(error),
            }
            self.publish();
        }
        if n_done > 0 {
            self.context.events.send(Event::RowsChanged).ok();
            // Only after one more round is this computer called in step.
            self.asked.notify_one();
        }
        Ok(())
    }

    async fn send_file(self: &Arc<Self>, due: &DueFile, piece: &mut usize, held_up: u32) -> Result<Ended> {
        let (client, id) = (&self.context.client, due.attachment);
        let mut there = client.upload(&self.token()?, id).await?;
        if there.stored && due.is_marked {
            return Ok(Ended::Sent);
        }
        while there.received < due.bytes && !there.stored {
            if self.context.store.sync_state()?.waiting > held_up {
                return Ok(Ended::RowsFirst);
            }
            there = self.send_piece(due, there.received, piece).await?;
        }
        // Also if it was there already: another row may have brought it, and this one does not know.
        if client.end_upload(&self.token()?, id).await?.stored {
            Ok(Ended::Sent)
        } else {
            Err(Error::ServerUnreachable)
        }
    }

    async fn send_piece(self: &Arc<Self>, due: &DueFile, from: u64, piece: &mut usize) -> Result<Upload> {
        let (sha256, length) = (due.sha256, *piece);
        let bytes = match self.on_store(move |store| store.piece(&sha256, from, length)).await {
            Ok(Some(bytes)) if !bytes.is_empty() => bytes,
            Ok(_) | Err(Error::FileDamaged) => {
                self.on_store(move |store| store.file_lost(&sha256)).await?;
                return Err(Error::FileDamaged);
            }
            Err(error) => return Err(error),
        };
        let after = from + bytes.len() as u64;
        let there =
            self.context.client.send_piece(&self.token()?, due.attachment, from, bytes.to_vec()).await?;
        if !there.stored && there.received < after {
            // Whoever answers did not keep it.
            return Err(Error::ServerUnreachable);
        }
        *piece = (*piece * 2).min(MAX_PIECE_BYTES);
        Ok(there)
    }

    /// Fetches a file, going on where a line broke, and checks that it is the one that the row names.
    ///
    /// # Errors
    ///
    /// [`Error::ServerUnreachable`]; [`Error::AnotherFile`], which was thrown away; what the server says, above all
    /// that it does not have the file yet.
    pub(super) async fn fetch_file(self: &Arc<Self>, wanted: &Wanted) -> Result<Zeroizing<Vec<u8>>> {
        if wanted.bytes > MAX_FILE_BYTES {
            tracing::error!(attachment = %wanted.id, "a row names a file that is longer than any");
            return Err(Error::AnotherFile);
        }
        let length = usize::try_from(wanted.bytes).map_err(Error::internal)?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(length));
        let mut n_in_vain = 0;
        for _ in 0..MOST_REQUESTS {
            let before = bytes.len();
            match self.fetch_on(wanted, &mut bytes, length).await {
                Ok(()) | Err(Error::ServerUnreachable) => {}
                Err(Error::Server { code: ErrorCode::Unauthorized, .. }) => self.another_token().await,
                Err(error) => return Err(error),
            }
            if bytes.len() == length {
                break;
            }
            n_in_vain = if bytes.len() == before { n_in_vain + 1 } else { 0 };
            if n_in_vain == MOST_IN_VAIN {
                break;
            }
        }
        if bytes.len() < length {
            return Err(Error::ServerUnreachable);
        }
        if Hash::of(&bytes) != wanted.sha256 {
            tracing::error!(attachment = %wanted.id, "what came is not the file that its row names");
            return Err(Error::AnotherFile);
        }
        Ok(bytes)
    }

    /// Takes what comes from where `bytes` end, at most up to the file's length.
    async fn fetch_on(&self, wanted: &Wanted, bytes: &mut Vec<u8>, length: usize) -> Result<()> {
        let from = bytes.len() as u64;
        let mut parts = self.context.client.file(&self.token()?, wanted.id.0, from).await?;
        while let Some(part) = parts.next().await {
            let part = part.map_err(|_| Error::ServerUnreachable)?;
            if bytes.len() + part.len() > length {
                return Err(Error::AnotherFile);
            }
            bytes.extend_from_slice(&part);
        }
        Ok(())
    }

    /// Waits a little until the other queue has a new token.
    async fn another_token(&self) {
        let old = self.token().ok();
        self.asked.notify_one();
        for _ in 0..TOKEN_PAUSES {
            self.context.surroundings.pause(TOKEN_PAUSE).await;
            let new = self.token().ok();
            if new.is_some() && new.as_ref().map(|new| &new.0) != old.as_ref().map(|old| &old.0) {
                return;
            }
        }
    }
}

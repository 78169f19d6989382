//! The stream's bytes: lines as the database writes them, compressed a portion at a time.

use std::io::Write;
use std::mem;

use bytes::Bytes;
use futures_util::TryStreamExt;
use protocol::bootstrap::BootstrapLine;
use sqlx::PgConnection;
use uuid::Uuid;
use zstd::stream::write::Encoder;

use crate::error::Result;

/// Little effort: the line is seldom what a desktop waits for.
const LEVEL: i32 = 3;
/// A desktop needs 4 MiB to decompress, and finds in them what portions before had.
const WINDOW_LOG: u32 = 22;

/// What was written and not yet taken.
pub(super) struct Wire {
    text: Vec<u8>,
    encoder: Option<Encoder<'static, Vec<u8>>>,
    is_ended: bool,
    /// The table whose rows came last.
    header: String,
}

/// What a COPY brought.
pub(super) struct Copied {
    pub(super) rows: i64,
    /// The id of the last one.
    pub(super) last: Option<Uuid>,
}

impl Wire {
    pub(super) fn new(is_compressed: bool) -> Result<Self> {
        let encoder = if is_compressed {
            let mut encoder = Encoder::new(Vec::new(), LEVEL).map_err(anyhow::Error::new)?;
            encoder.window_log(WINDOW_LOG).map_err(anyhow::Error::new)?;
            Some(encoder)
        } else {
            None
        };
        Ok(Self { text: Vec::new(), encoder, is_ended: false, header: String::new() })
    }

    pub(super) fn line(&mut self, line: &BootstrapLine) {
        serde_json::to_writer(&mut self.text, line).expect("BUG: a line is JSON");
        self.text.push(b'\n');
    }

    /// The rows that this COPY brings, after the line that names their table.
    pub(super) async fn copy(&mut self, tx: &mut PgConnection, header: &str, sql: &str) -> Result<Copied> {
        let mut rows = tx.copy_out_raw(sql).await?;
        let mut copied = Copied { rows: 0, last: None };
        let mut last = Bytes::new();
        while let Some(row) = rows.try_next().await? {
            if copied.rows == 0 && self.header != header {
                self.text.extend_from_slice(header.as_bytes());
                header.clone_into(&mut self.header);
            }
            self.text.extend_from_slice(&row);
            copied.rows += 1;
            last = row;
        }
        if copied.rows > 0 {
            let id = last.split(|byte| *byte == b'\t').next().and_then(|id| Uuid::try_parse_ascii(id).ok());
            copied.last = Some(id.ok_or_else(|| anyhow::anyhow!("a row does not begin with its id"))?);
        }
        Ok(copied)
    }

    /// Nothing comes after what was written.
    pub(super) fn end(&mut self) {
        self.is_ended = true;
    }

    /// What was written since, as it goes onto the line.
    pub(super) async fn take(&mut self) -> Result<Bytes> {
        let text = mem::take(&mut self.text);
        self.text.reserve(text.len());
        let Some(mut encoder) = self.encoder.take() else { return Ok(text.into()) };
        let is_ended = self.is_ended;
        // It takes milliseconds, which other requests on this thread should not wait for.
        let done = tokio::task::spawn_blocking(move || {
            encoder.write_all(&text)?;
            if is_ended {
                return Ok((None, encoder.finish()?));
            }
            encoder.flush()?;
            let bytes = mem::take(encoder.get_mut());
            std::io::Result::Ok((Some(encoder), bytes))
        });
        let (encoder, bytes) = done.await.map_err(anyhow::Error::new)?.map_err(anyhow::Error::new)?;
        self.encoder = encoder;
        Ok(bytes.into())
    }
}

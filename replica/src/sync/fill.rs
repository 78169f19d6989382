//! A new desktop fills itself: today's rows first, the rest while people already work.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use protocol::api::Notice;
use protocol::bootstrap::{BootstrapLine, BootstrapQuery, WireColumn};
use serde_json::Value;
use time::OffsetDateTime;
use tokio::io::{AsyncBufRead, AsyncBufReadExt};

use super::belief;
use super::engine::Line;
use super::limits::{self, MOST_HELD, broken};
use crate::desk::Event;
use crate::error::{Error, Result};
use crate::store::{Header, Portion, Store, SyncState};
use crate::view::Connection;

/// So many places may follow each other without a row between: there are fewer tables.
const MOST_EMPTY: u32 = 100;
/// So many bytes of rows are written together: the indexes' pages are touched once for all of them.
const AT_ONCE: usize = 2 * 1024 * 1024;
/// Between two looks of the window at what has come.
const LOOK_EVERY: Duration = Duration::from_secs(1);

impl Line {
    /// Goes on filling this computer. It ends when all is here, or to let something go out that was done meanwhile; a
    /// stream that breaks after something came is no failure either, and the next one goes on behind it.
    pub(super) async fn fill(self: &Arc<Self>, state: SyncState) -> Result<()> {
        let token = self.token()?;
        let known = state.filling.as_ref().map(|filling| filling.head);
        let (begun, waiting) = (state.filling.unwrap_or_default(), state.waiting);
        let catalogue = if begun.has_catalogue { begun.catalogue } else { state.catalogue };
        let query = BootstrapQuery { epoch: state.epoch, after: begun.after.clone(), catalogue };
        let reader = self.context.client.bootstrap(&token, &query).await?;
        let reader = pin!(reader);
        let mut stream = Stream::new(reader);
        let head = stream.head().await?;
        belief::head(head.version, head.catalogue, known)?;
        self.answered(head.server_time, head.notices).await?;
        let (version, catalogue) = (head.version, head.catalogue);
        let before = self.on_store(move |store| store.begin_filling(version, catalogue)).await?;
        if version < before.head {
            // What this computer never had whole, it begins anew: whatever said that it was further may have been wrong.
            return self.on_store(Store::forget_filling).await;
        }
        self.show(Connection::Online);
        let mut looked = self.context.surroundings.now();
        let mut portion = stream.portion().await?;
        loop {
            let is_end = portion.is_end;
            let is_new = is_end || portion.total.is_some();
            let written = pin!(self.on_store(move |store| store.fill(&portion)));
            if is_end {
                written.await?;
                self.filled(true, &mut looked);
                return Ok(());
            }
            // The next one comes while this one is written; nobody waits for it to see what is here.
            let (reached, next) = match select(written, pin!(stream.portion())).await {
                Either::Left((written, next)) => {
                    let reached = written?;
                    self.filled(is_new, &mut looked);
                    (reached, next.await)
                }
                Either::Right((next, written)) => {
                    let reached = written.await?;
                    self.filled(is_new, &mut looked);
                    (reached, next)
                }
            };
            let is_more_waiting = self.context.store.sync_state()?.waiting > waiting;
            match next {
                Ok(next) if !is_more_waiting => portion = next,
                Err(error @ (Error::AnswerTooLong | Error::BadAnswer(_))) => return Err(error),
                // Not even as far as the last time: whoever asks again at once would ask for ever.
                Err(error) if reached.place() == before.place() || !stream.has_rows => return Err(error),
                Ok(_) | Err(_) => return Ok(()),
            }
        }
    }

    /// Tells the window that something came, but not at every portion.
    fn filled(&self, is_new: bool, looked: &mut OffsetDateTime) {
        let now = self.context.surroundings.now();
        if is_new || (now - *looked).unsigned_abs() >= LOOK_EVERY {
            *looked = now;
            self.context.events.send(Event::RowsChanged).ok();
        }
        self.publish();
    }
}

/// What the first line says.
struct Head {
    version: i64,
    catalogue: i64,
    server_time: OffsetDateTime,
    notices: Vec<Notice>,
}

/// The stream as it is read. What is no stream of a server of ours is one that broke.
struct Stream<R> {
    reader: R,
    /// The line before the rows that come now, in case they fill more than one portion.
    table: Option<(String, Vec<WireColumn>)>,
    /// Whether any row has come.
    has_rows: bool,
    /// So many places were reached since the last row.
    n_empty: u32,
}

impl<R: AsyncBufRead + Unpin> Stream<R> {
    fn new(reader: R) -> Self {
        Self { reader, table: None, has_rows: false, n_empty: 0 }
    }

    async fn head(&mut self) -> Result<Head> {
        match self.line().await?.0 {
            Some(BootstrapLine::Head { version, catalogue, server_time, notices }) => {
                Ok(Head { version, catalogue, server_time, notices })
            }
            _ => Err(Error::ServerUnreachable),
        }
    }

    /// Reads until much has come and the stream can be resumed, or until more has come than is held. What came before it
    /// broke is good, if it can be resumed somewhere in it.
    async fn portion(&mut self) -> Result<Portion> {
        let mut portion = Portion::default();
        match self.read(&mut portion).await {
            Err(Error::ServerUnreachable) if portion.after.is_some() => Ok(portion),
            read => read.map(|()| portion),
        }
    }

    async fn read(&mut self, portion: &mut Portion) -> Result<()> {
        let mut bytes = 0;
        self.go_on_with(portion)?;
        loop {
            if self.is_line().await? {
                let (line, length) = self.line().await?;
                bytes += length;
                match line {
                    Some(BootstrapLine::Table { name, columns }) => {
                        let was_shared = portion.parts.last().is_some_and(|(header, _)| header.is_shared());
                        portion.has_catalogue |= was_shared;
                        self.table = Some((name, columns));
                        self.go_on_with(portion)?;
                        // The catalogue can be large, and is not asked for again.
                        if was_shared {
                            return Ok(());
                        }
                    }
                    Some(BootstrapLine::Today { rows }) => portion.total = Some(rows.unsigned_abs()),
                    Some(BootstrapLine::Reached { after }) => {
                        portion.has_catalogue = true;
                        portion.after = Some(after);
                        self.n_empty += 1;
                        if self.n_empty > MOST_EMPTY {
                            return Err(Error::BadAnswer("it goes on and brings nothing"));
                        }
                        // What today needs is shown at once.
                        if bytes >= AT_ONCE || portion.total.is_some() {
                            return Ok(());
                        }
                    }
                    Some(BootstrapLine::End {}) => {
                        portion.is_end = true;
                        return Ok(());
                    }
                    // A newer server may say more.
                    Some(BootstrapLine::Head { .. }) | None => {}
                }
            } else {
                let Some((_, rows)) = portion.parts.last_mut() else { return Err(Error::ServerUnreachable) };
                let whole = rows.len();
                match read_line(&mut self.reader, rows).await {
                    Ok(length) => bytes += length,
                    Err(error) => {
                        // Half a row can look like a whole one.
                        rows.truncate(whole);
                        return Err(error);
                    }
                }
                (self.has_rows, self.n_empty) = (true, 0);
            }
            // It is written at once, although the stream cannot be resumed there.
            if bytes > MOST_HELD {
                let has_rows = portion.parts.iter().any(|(_, rows)| !rows.is_empty());
                return if has_rows { Ok(()) } else { Err(Error::AnswerTooLong) };
            }
        }
    }

    fn go_on_with(&self, portion: &mut Portion) -> Result<()> {
        if let Some((name, columns)) = &self.table {
            let header = Header::new(name.clone(), columns.clone()).ok_or(Error::ServerUnreachable)?;
            portion.parts.push((header, Vec::new()));
        }
        Ok(())
    }

    /// Whether what comes is a line of the stream's own, and no row.
    async fn is_line(&mut self) -> Result<bool> {
        let next = self.reader.fill_buf().await.map_err(broken)?;
        next.first().map(|byte| *byte == b'{').ok_or(Error::ServerUnreachable)
    }

    /// A line of the stream's own, and its length in bytes; none for one that this program does not know.
    async fn line(&mut self) -> Result<(Option<BootstrapLine>, usize)> {
        let mut text = Vec::new();
        let length = read_line(&mut self.reader, &mut text).await?;
        match serde_json::from_slice(&text) {
            Ok(line) => Ok((Some(line), length)),
            Err(_) if serde_json::from_slice::<Value>(&text).is_ok() => Ok((None, length)),
            Err(_) => Err(Error::ServerUnreachable),
        }
    }
}

/// Reads a whole line behind what `text` has; answers how many bytes.
async fn read_line(reader: impl AsyncBufRead + Unpin, text: &mut Vec<u8>) -> Result<usize> {
    match limits::read_line(reader, text).await? {
        0 => Err(Error::ServerUnreachable),
        read => Ok(read),
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const HEAD: &str =
        "{\"head\":{\"version\":42,\"catalogue\":3,\"server_time\":\"2026-11-23T04:11:09Z\"}}\n";
    const MEDICINES: &str = "{\"table\":{\"name\":\"medicines\",\"columns\":[[\"id\",\"uuid\"],[\"sync_version\",\"int\"]]}}\nm1\t1\n";
    const CLINICS: &str = "{\"table\":{\"name\":\"clinics\",\"columns\":[[\"id\",\"uuid\"],[\"sync_version\",\"int\"]]}}\n\
        c1\t1\n{\"today\":{\"rows\":2}}\n{\"weather\":\"fine\"}\n{\"reached\":{\"after\":\"today\"}}\nc2\t1\nc3\t2\n\
        {\"reached\":{\"after\":\"clinics.c3\"}}\n{\"end\":{}}\n";

    fn read(text: &str) -> (Vec<Portion>, Option<Error>) {
        let mut stream = Stream::new(text.as_bytes());
        let head = stream.head().now_or_never().expect("BUG: it is here").expect("BUG: a head");
        assert_eq!((head.version, head.catalogue), (42, 3));
        let mut portions: Vec<Portion> = vec![];
        while portions.last().is_none_or(|last| !last.is_end) {
            match stream.portion().now_or_never().expect("BUG: it is here") {
                Ok(portion) => portions.push(portion),
                Err(error) => return (portions, Some(error)),
            }
        }
        (portions, None)
    }

    fn rows(portion: &Portion) -> String {
        portion.parts.iter().flat_map(|(_, lines)| lines.iter()).map(|byte| char::from(*byte)).collect()
    }

    #[test]
    fn a_stream_is_read_in_portions_that_can_be_resumed_in() {
        let (portions, error) = read(&format!("{HEAD}{MEDICINES}{CLINICS}"));
        assert!(error.is_none(), "{error:?}");
        let said: Vec<_> = portions
            .iter()
            .map(|portion| {
                (rows(portion), portion.has_catalogue, portion.total, portion.after.clone(), portion.is_end)
            })
            .collect();
        assert_eq!(
            said,
            [
                ("m1\t1\n".into(), true, None, None, false),
                ("c1\t1\n".into(), true, Some(2), Some("today".into()), false),
                ("c2\t1\nc3\t2\n".into(), true, None, Some("clinics.c3".into()), true),
            ]
        );
    }

    #[test]
    fn wherever_a_stream_breaks_off_it_has_no_end() {
        let whole = format!("{HEAD}{MEDICINES}{CLINICS}");
        for length in HEAD.len()..whole.len() {
            let (portions, error) = read(&whole[..length]);
            assert!(matches!(error, Some(Error::ServerUnreachable)), "{length}: {error:?}");
            assert!(portions.iter().all(|portion| !portion.is_end));
        }
    }

    #[test]
    fn what_came_before_a_stream_broke_is_kept_and_much_is_not_kept_back() {
        let whole = format!("{HEAD}{MEDICINES}{CLINICS}");
        let (portions, _) = read(whole.strip_suffix("{\"end\":{}}\n").expect("BUG: it has an end"));
        assert_eq!(portions.last().and_then(|last| last.after.as_deref()), Some("clinics.c3"));
        let row = format!("c2\t{}\n", "1".repeat(AT_ONCE));
        let reached = "{\"reached\":{\"after\":\"clinics.c2\"}}\n";
        let table = CLINICS.split_inclusive('\n').next().expect("BUG: a line");
        let (portions, _) = read(&format!("{HEAD}{MEDICINES}{table}{row}{reached}{row}{reached}"));
        assert_eq!(portions.len(), 3);
    }

    #[test]
    fn a_row_that_broke_off_behind_a_place_is_none() {
        let row = "c4\t12\n";
        let whole = format!("{HEAD}{MEDICINES}{CLINICS}").replace("{\"end\":{}}\n", row);
        for missing in 1..=row.len() {
            let (portions, error) = read(&whole[..whole.len() - missing]);
            let last = portions.last().expect("BUG: what came before");
            let came = (rows(last), last.after.as_deref());
            assert_eq!(came, ("c2\t1\nc3\t2\n".to_owned(), Some("clinics.c3")), "{missing}");
            assert!(matches!(error, Some(Error::ServerUnreachable)), "{missing}: {error:?}");
        }
    }

    #[test]
    fn a_stream_that_goes_on_and_brings_nothing_is_given_up() {
        let table =
            "{\"table\":{\"name\":\"clinics\",\"columns\":[[\"id\",\"uuid\"],[\"sync_version\",\"int\"]]}}\n";
        for line in [
            "{\"reached\":{\"after\":\"today\"}}\n",
            "{\"weather\":\"fine\"}\n",
            "{\"today\":{\"rows\":1}}\n",
            table,
        ] {
            let (portions, error) = read(&format!("{HEAD}{}", line.repeat(MOST_HELD / line.len() + 1_000)));
            assert_eq!(portions.len(), 0, "{line}");
            assert!(matches!(error, Some(Error::AnswerTooLong | Error::BadAnswer(_))), "{line}: {error:?}");
        }
    }

    #[test]
    fn rows_that_never_come_to_a_place_are_written_as_they_come() {
        let row = format!("m1\t{}\n", "1".repeat(10_000));
        let (portions, error) = read(&format!("{HEAD}{MEDICINES}{}", row.repeat(MOST_HELD / 4_000)));
        assert!(
            portions.iter().all(|portion| rows(portion).len() <= MOST_HELD + row.len()),
            "never much at once"
        );
        assert_eq!(portions.len(), 2);
        assert!(matches!(error, Some(Error::ServerUnreachable)));
    }

    #[test]
    fn what_is_no_stream_is_no_rows() {
        for text in ["<html>\n", "m1\t1\n", "{\"table\":{\"name\":\"clinics\",\"columns\":[]}}\nc1\n"] {
            let (portions, error) = read(&format!("{HEAD}{text}"));
            assert!(portions.is_empty() && matches!(error, Some(Error::ServerUnreachable)), "{text}");
        }
    }
}

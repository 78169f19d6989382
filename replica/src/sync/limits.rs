//! How much of an answer is taken, and how long something is listened to that makes no way. A server that means harm, or
//! is broken, must neither fill this computer's memory nor hold up its work for ever.

use std::io::{Error, ErrorKind, Result};
use std::time::Duration;

use bytes::{Buf, Bytes};
use futures_util::StreamExt;
use futures_util::future::ready;
use futures_util::stream::{BoxStream, unfold};
use protocol::bootstrap::MAX_ROW_BYTES;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};
use tokio::time::{Instant, timeout};
use zstd::stream::raw::{DParameter, Decoder, Operation};

use crate::error;

/// The body of an answer as it comes.
pub(super) type Body = BoxStream<'static, Result<Bytes>>;

/// An answer that is held whole, in bytes: as much as the server takes of a push.
pub(super) const MOST_WHOLE: usize = protocol::api::MAX_PUSH_DECODED_BYTES;
/// A refusal, in bytes.
pub(super) const MOST_PROBLEM: usize = 64 * 1024;
/// What is held of rows before they are written, in bytes.
pub(crate) const MOST_HELD: usize = 8 * 1024 * 1024;
/// An event of the live stream, in bytes: its rows and what stands around them.
const MOST_EVENT: usize = protocol::api::MAX_LIVE_BYTES + 16 * 1024;

/// A decompressor needs this much memory at most: 8 MiB.
const WINDOW_LOG_MAX: u32 = 23;
/// What is decompressed at once, in bytes.
const PIECE: usize = 64 * 1024;
/// Until so many bytes came out, nobody asks how many went in.
const FREE: u64 = 16 * 1024 * 1024;
/// After that, so many for each one that came over the line. Rows alone have ids that hardly compress.
const MOST_RATIO: u64 = 1_000;

/// What a server says without end must bring so many bytes …
pub(super) const PACE_BYTES: usize = 16 * 1024;
/// … in this time of waiting for it. A line of a telephone of long ago brings ten times as much.
pub(super) const PACE_TIME: Duration = Duration::from_mins(1);

/// The text of a body that is one zstd frame.
pub(super) fn decoded(body: Body) -> Result<Body> {
    let mut decoder = Decoder::new()?;
    decoder.set_parameter(DParameter::WindowLogMax(WINDOW_LOG_MAX))?;
    let frame =
        Frame { body, decoder, input: Bytes::new(), came: 0, gave: 0, is_full: false, is_whole: false };
    Ok(unfold(Some(frame), |frame| async move {
        let mut frame = frame?;
        match frame.next().await {
            Ok(Some(piece)) => Some((Ok(piece), Some(frame))),
            Ok(None) => None,
            Err(error) => Some((Err(error), None)),
        }
    })
    .boxed())
}

struct Frame {
    body: Body,
    decoder: Decoder<'static>,
    input: Bytes,
    came: u64,
    gave: u64,
    /// There may be more of what went in.
    is_full: bool,
    is_whole: bool,
}

impl Frame {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            if self.input.is_empty() && !self.is_full {
                match self.body.next().await {
                    Some(piece) => self.input = piece?,
                    None if self.is_whole => return Ok(None),
                    None => return Err(ErrorKind::UnexpectedEof.into()),
                }
                self.came += self.input.len() as u64;
                continue;
            }
            if self.is_whole {
                return Err(too_much("There is something behind the end of an answer."));
            }
            let mut piece = vec![0; PIECE];
            let done = self.decoder.run_on_buffers(&self.input, &mut piece)?;
            self.input.advance(done.bytes_read);
            self.is_whole = done.remaining == 0;
            self.is_full = done.bytes_written == PIECE && !self.is_whole;
            self.gave += done.bytes_written as u64;
            if self.gave > FREE && self.gave / MOST_RATIO > self.came {
                return Err(too_much("An answer grows without measure."));
            }
            if done.bytes_written > 0 {
                piece.truncate(done.bytes_written);
                return Ok(Some(piece.into()));
            }
        }
    }
}

/// The body, which breaks off if it brings less than so many bytes in so much time of waiting. The time that this computer
/// takes for what has come does not count.
pub(super) fn paced(body: Body, bytes: usize, time: Duration) -> Body {
    unfold(Some((body, 0, Duration::ZERO)), move |at| async move {
        let (mut body, came, waited) = at?;
        let asked = Instant::now();
        match timeout(time.saturating_sub(waited), body.next()).await {
            Ok(Some(Ok(piece))) => {
                let came = came + piece.len();
                let (came, waited) =
                    if came < bytes { (came, waited + asked.elapsed()) } else { (0, Duration::ZERO) };
                Some((Ok(piece), Some((body, came, waited))))
            }
            Ok(Some(Err(error))) => Some((Err(error), None)),
            Ok(None) => None,
            Err(_) => Some((Err(ErrorKind::TimedOut.into()), None)),
        }
    })
    .boxed()
}

/// A stream of events, which ends where one of them does not.
pub(super) fn with_short_events(body: Body) -> Body {
    let since_end = 0;
    body.scan(since_end, |since_end, piece| {
        if let Ok(piece) = &piece {
            let end = piece.windows(2).rposition(|two| two == b"\n\n");
            *since_end = end.map_or(*since_end + piece.len(), |at| piece.len() - at - 2);
        }
        ready((*since_end <= MOST_EVENT).then_some(piece))
    })
    .boxed()
}

/// All of a body, which has at most so many bytes.
pub(super) async fn whole(mut body: Body, most: usize) -> error::Result<Vec<u8>> {
    let mut whole = Vec::new();
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(broken)?;
        if whole.len() + piece.len() > most {
            return Err(error::Error::AnswerTooLong);
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole)
}

/// Reads a whole line behind what `text` has; answers how many bytes, none at the end of the stream.
pub(super) async fn read_line(reader: impl AsyncBufRead + Unpin, text: &mut Vec<u8>) -> error::Result<usize> {
    let most = u64::try_from(MAX_ROW_BYTES).unwrap_or(u64::MAX);
    let read = reader.take(most).read_until(b'\n', text).await.map_err(broken)?;
    match read {
        0 => Ok(0),
        _ if text.ends_with(b"\n") => Ok(read),
        MAX_ROW_BYTES => Err(error::Error::AnswerTooLong),
        _ => Err(error::Error::ServerUnreachable),
    }
}

/// What a body that cannot be read on means.
pub(super) fn broken(error: Error) -> error::Error {
    match error.kind() {
        ErrorKind::InvalidData => error::Error::AnswerTooLong,
        _ => error::Error::ServerUnreachable,
    }
}

fn too_much(why: &'static str) -> Error {
    Error::new(ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use futures_util::stream::{iter, pending, repeat_with};

    use super::*;

    fn body(pieces: Vec<Bytes>) -> Body {
        iter(pieces.into_iter().map(Ok)).boxed()
    }

    async fn all(body: Body) -> error::Result<Vec<u8>> {
        whole(body, usize::MAX).await
    }

    async fn text_of(bytes: &[u8], piece: usize) -> error::Result<Vec<u8>> {
        let pieces = bytes.chunks(piece).map(Bytes::copy_from_slice).collect();
        all(decoded(body(pieces)).expect("BUG: a decoder")).await
    }

    #[tokio::test]
    async fn a_frame_is_read_in_whatever_pieces_it_comes() {
        // Some that compresses well, and some that hardly does.
        let text: Vec<u8> = (0..40_000_u32).flat_map(|n| [0; 9].into_iter().chain(n.to_le_bytes())).collect();
        let frame = zstd::encode_all(text.as_slice(), 3).expect("BUG: compressed");
        for piece in [1, 7, 1_000, frame.len()] {
            assert_eq!(text_of(&frame, piece).await.ok().as_deref(), Some(text.as_slice()), "{piece}");
        }
        assert!(text_of(&frame[..frame.len() - 1], 100).await.is_err(), "it broke off");
        assert_eq!(text_of(&zstd::encode_all(&b""[..], 3).expect("BUG"), 1).await.ok(), Some(vec![]));
    }

    #[tokio::test]
    async fn what_comes_behind_a_frame_is_not_read() {
        let frame = zstd::encode_all(&b"{}"[..], 3).expect("BUG: compressed");
        let skippable = [0x50, 0x2A, 0x4D, 0x18, 2, 0, 0, 0, b'x', b'x'];
        for two in [[&frame[..], &frame].concat(), [&frame[..], &skippable].concat()] {
            let read = text_of(&two, 1_000).await;
            assert!(matches!(read, Err(error::Error::AnswerTooLong)), "{read:?}");
        }
    }

    #[tokio::test]
    async fn a_small_frame_that_grows_without_measure_is_given_up() {
        let bomb =
            zstd::encode_all(std::io::repeat(b' ').take(64 * 1024 * 1024), 3).expect("BUG: compressed");
        let mut came = 0;
        let mut pieces = decoded(body(vec![bomb.into()])).expect("BUG: a decoder");
        let ended = loop {
            match pieces.next().await {
                Some(Ok(piece)) => came += piece.len() as u64,
                other => break other,
            }
        };
        assert!(ended.is_some_and(|end| end.is_err_and(|error| error.kind() == ErrorKind::InvalidData)));
        assert!(came <= FREE + 100 * PIECE as u64, "{came}");
    }

    #[tokio::test]
    async fn a_frame_that_would_need_much_memory_is_refused() {
        let mut encoder = zstd::Encoder::new(Vec::new(), 3).expect("BUG: an encoder");
        encoder.window_log(WINDOW_LOG_MAX + 1).expect("BUG: a window");
        std::io::Write::write_all(&mut encoder, &vec![b' '; 100_000]).expect("BUG: written");
        let frame = encoder.finish().expect("BUG: finished");
        assert!(text_of(&frame, 1_000).await.is_err());
    }

    #[tokio::test]
    async fn an_endless_body_is_read_only_so_far() {
        let endless = repeat_with(|| Ok(Bytes::from_static(&[b' '; 1_000]))).boxed();
        assert!(matches!(whole(endless, MOST_PROBLEM).await, Err(error::Error::AnswerTooLong)));
    }

    #[tokio::test]
    async fn a_body_that_stands_still_breaks_off_and_one_that_flows_does_not() {
        let time = Duration::from_millis(20);
        let still = iter([Ok(Bytes::from_static(b"{"))]).chain(pending()).boxed();
        assert!(matches!(all(paced(still, 100, time)).await, Err(error::Error::ServerUnreachable)));
        // Nothing but a frame that is skipped comes out as nothing at all.
        let mut skipped = vec![0x50, 0x2A, 0x4D, 0x18, 0xFF, 0xFF, 0xFF, 0xFF];
        skipped.extend([0; 1_000]);
        let skipped = iter([Ok(skipped.into())]).chain(pending()).boxed();
        let skipped = decoded(skipped).expect("BUG: a decoder");
        assert!(matches!(all(paced(skipped, 100, time)).await, Err(error::Error::ServerUnreachable)));
        let flows = iter((0..1_000).map(|_| Ok(Bytes::from_static(&[b' '; 100])))).boxed();
        assert_eq!(
            all(paced(flows, 100, Duration::from_secs(60))).await.map(|text| text.len()).ok(),
            Some(100_000)
        );
    }

    #[tokio::test]
    async fn a_line_without_end_is_read_only_so_far() {
        let endless = tokio::io::repeat(b'x');
        let mut text = Vec::new();
        let read = read_line(tokio::io::BufReader::new(endless), &mut text).await;
        assert!(matches!(read, Err(error::Error::AnswerTooLong)));
        assert_eq!(text.len(), MAX_ROW_BYTES);
    }

    #[tokio::test]
    async fn an_event_without_end_ends_the_stream_and_many_short_ones_do_not() {
        let long = repeat_with(|| Ok(Bytes::from_static(b"data: x\n"))).boxed();
        assert!(all(with_short_events(long)).await.is_ok_and(|taken| taken.len() <= MOST_EVENT));
        let short = iter((0..5_000).map(|_| Ok(Bytes::from_static(b"data: 1\n\n")))).boxed();
        assert_eq!(all(with_short_events(short)).await.map(|taken| taken.len()).ok(), Some(45_000));
    }
}

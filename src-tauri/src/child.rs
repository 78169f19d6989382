//! Decoders read what came from outside, so they work in a process of their own: this program once more, which opens
//! neither window nor record. It gets the bytes of one file, gives back one picture, and has little memory and time.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::process::Stdio;
use std::time::Duration;

use protocol::file::MAX_FILE_BYTES;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::drawing::{self, Failure};

/// What the process is started with before anything else.
const ARGUMENT: &str = "--draw";
/// It has so much time.
const LONGEST: Duration = Duration::from_secs(10);
/// It has so much memory, in bytes.
#[cfg(unix)]
const MAX_MEMORY: u64 = 512 * 1024 * 1024;
/// It answers with at most so many bytes.
const MAX_DRAWN: u64 = 64 * 1024 * 1024;

/// So many work at once: a chart full of pictures leaves the rest of the computer to whoever works at it.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// A picture, small.
    Small,
    /// How many pages a PDF has, in digits.
    Count,
    /// A page of a PDF; the first one is 0.
    Page(u32),
}

impl Job {
    fn words(self) -> Vec<String> {
        match self {
            Self::Small => vec!["small".into()],
            Self::Count => vec!["count".into()],
            Self::Page(page) => vec!["page".into(), page.to_string()],
        }
    }

    fn read(words: &[String]) -> Option<Self> {
        match words {
            [job] if job == "small" => Some(Self::Small),
            [job] if job == "count" => Some(Self::Count),
            [job, page] if job == "page" => page.parse().ok().map(Self::Page),
            _ => None,
        }
    }
}

/// A place among those who draw. It is taken before a file is read, so that those who wait hold none in memory.
pub struct Turn(
    #[expect(dead_code, reason = "it is given back when this is dropped")] SemaphorePermit<'static>,
);

/// Waits for a place.
///
/// # Errors
///
/// [`Failure::NoChild`], never as the program stands.
pub async fn turn() -> Result<Turn, Failure> {
    AT_ONCE.acquire().await.map(Turn).map_err(|_| Failure::NoChild)
}

/// Draws something of a file, in a process of its own.
///
/// # Errors
///
/// [`Failure`], if there is nothing to be shown.
pub async fn draw(_turn: Turn, job: Job, file: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut child = Command::new(std::env::current_exe().map_err(no_child)?);
    child.arg(ARGUMENT).args(job.words()).stderr(Stdio::null());
    answer_of(child, file, LONGEST).await
}

/// What a process answers about a file. It is ended when its time is over.
async fn answer_of(child: Command, file: &[u8], longest: Duration) -> Result<Vec<u8>, Failure> {
    let answered = tokio::time::timeout(longest, ask(child, file)).await;
    answered.map_err(|_| Failure::TooMuch)?.map_err(no_child)?
}

fn no_child(error: std::io::Error) -> Failure {
    tracing::error!(kind = ?error.kind(), "the process that draws files did not work");
    Failure::NoChild
}

async fn ask(mut child: Command, file: &[u8]) -> std::io::Result<Result<Vec<u8>, Failure>> {
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
    let (Some(mut to), Some(from)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(std::io::Error::other("a child without pipes"));
    };
    let send = async move {
        // A child that ends before it has read everything says why by how it ends.
        to.write_all(file).await.ok();
        drop(to);
    };
    let mut from = from.take(MAX_DRAWN);
    let mut drawn = Vec::new();
    let ((), taken) = tokio::join!(send, from.read_to_end(&mut drawn));
    taken?;
    drop(from);
    let ended = child.wait().await?;
    Ok(if ended.success() { Ok(drawn) } else { Err(Failure::of(ended.code())) })
}

/// Whether this process is the one that draws.
pub fn is_one() -> bool {
    std::env::args_os().nth(1).as_deref() == Some(OsStr::new(ARGUMENT))
}

/// Draws what the parent asked for, and answers how the process ends.
pub fn draw_for_parent() -> i32 {
    let words = std::env::args_os().skip(2).map(|word| word.to_string_lossy().into_owned());
    let words: Vec<String> = words.collect();
    match Job::read(&words).ok_or(Failure::Damaged).and_then(draw_here) {
        Ok(drawn) if give(&drawn).is_ok() => 0,
        Ok(_) => Failure::NoChild.code(),
        Err(failure) => failure.code(),
    }
}

fn give(drawn: &[u8]) -> std::io::Result<()> {
    let mut to = std::io::stdout().lock();
    to.write_all(drawn)?;
    to.flush()
}

fn draw_here(job: Job) -> Result<Vec<u8>, Failure> {
    limit().map_err(|_| Failure::NoChild)?;
    let mut file = Vec::new();
    let all = std::io::stdin().lock().take(MAX_FILE_BYTES).read_to_end(&mut file);
    all.map_err(|_| Failure::NoChild)?;
    match job {
        Job::Small => drawing::small(&file),
        Job::Count => drawing::pages(file).map(|pages| pages.to_string().into_bytes()),
        Job::Page(page) => drawing::page(file, page),
    }
}

/// From here on this process has no more than it was given, also when its parent is gone.
#[cfg(unix)]
fn limit() -> std::io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};

    for (resource, most) in [(Resource::Data, MAX_MEMORY), (Resource::Cpu, LONGEST.as_secs())] {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    Ok(())
}

/// Elsewhere its parent ends it when its time is over, and the decoders' own limits hold.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "as on the other systems")]
fn limit() -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_read_as_it_was_written() {
        for job in [Job::Small, Job::Count, Job::Page(0), Job::Page(499)] {
            assert_eq!(Job::read(&job.words()), Some(job));
        }
        for words in [vec![], vec!["page".to_owned()], vec!["page".to_owned(), "-1".to_owned()]] {
            assert_eq!(Job::read(&words), None, "{words:?}");
        }
    }

    /// A shell in the place of the process that draws.
    #[cfg(unix)]
    fn shell(script: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", script]);
        shell
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn what_was_drawn_counts_only_if_the_process_ended_well() {
        assert_eq!(answer_of(shell("cat"), b"drawn", Duration::MAX).await, Ok(b"drawn".to_vec()));
        for (end, failure) in [
            ("exit 10", Failure::Damaged),
            ("exit 11", Failure::Encrypted),
            // As the system does at its limits.
            ("kill -KILL $$", Failure::TooMuch),
        ] {
            let answer = answer_of(shell(&format!("cat; {end}")), b"half", Duration::MAX).await;
            assert_eq!(answer, Err(failure), "{end}");
        }
        let nowhere = Command::new("/nowhere/clinic-desk");
        assert_eq!(answer_of(nowhere, b"", Duration::MAX).await, Err(Failure::NoChild));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_process_whose_time_is_over_is_ended_and_the_answer_says_so() {
        let (mut from, to) = std::io::pipe().expect("BUG: a pipe");
        let mut busy = shell("i=0; while [ $i -lt 50000000 ]; do i=$((i+1)); done; echo 'it went on' >&2");
        busy.stderr(to);
        assert_eq!(answer_of(busy, b"", Duration::ZERO).await, Err(Failure::TooMuch));
        // This comes to its end with the process.
        let mut said = String::new();
        from.read_to_string(&mut said).expect("BUG: read");
        assert_eq!(said, "");
    }
}

//! What the server tells by the way: that it came to another version, and what is new if it is little.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

use protocol::api::LivePage;
use time::OffsetDateTime;
use tokio::sync::Notify;

/// The rows of an event.
#[derive(Debug)]
pub(super) struct Told {
    pub head: i64,
    pub page: LivePage,
    /// When they came.
    pub at: OffsetDateTime,
}

/// The version of which the server last told, as long as it was not asked for rows since.
#[derive(Debug, Default)]
pub(super) struct News {
    version: AtomicI64,
    /// The rows of the last event that had some.
    told: Mutex<Option<Told>>,
    /// The server is to be asked, whatever it tells until then.
    must_ask: AtomicBool,
    came: Notify,
}

impl News {
    /// The server told of this version. An event may be older than an answer that came before it: of what that told there is
    /// more still.
    pub fn tell(&self, version: i64) {
        self.version.fetch_max(version, Ordering::SeqCst);
        self.came.notify_one();
    }

    /// The server told of these rows.
    pub fn bring(&self, told: Told) {
        let head = told.head;
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = Some(told);
        self.tell(head);
    }

    /// The rows that came last, if nothing newer was told of since and they are good enough.
    pub fn take(&self) -> Option<Told> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner).take();
        let is_good = !self.must_ask.load(Ordering::SeqCst);
        told.filter(|told| is_good && told.head >= self.version.load(Ordering::SeqCst))
    }

    /// The next rows are those that the server is asked for: what it told, or tells until then, may be of before that.
    pub fn must_ask(&self) {
        self.must_ask.store(true, Ordering::SeqCst);
    }

    /// The server is asked for rows: its answer has all of which it told before.
    pub fn forget(&self) {
        self.must_ask.store(false, Ordering::SeqCst);
        self.version.store(0, Ordering::SeqCst);
    }

    /// Waits until the server tells of something, if it did not since this was last waited for.
    pub async fn came(&self) {
        self.came.notified().await;
    }

    /// Whether it told of more than what is here: of a computer's own change it tells as well, often before it answers.
    pub fn is_beyond(&self, known: Option<i64>) -> bool {
        let told = self.version.load(Ordering::SeqCst);
        told > 0 && known.is_none_or(|known| known < told)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use protocol::id::Epoch;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_is_here_by_now_is_no_news_and_nothing_else_is_missed() {
        let news = News::default();
        assert!(!news.is_beyond(None) && !news.is_beyond(Some(0)), "nobody told of anything");
        news.tell(42);
        assert!(news.came().now_or_never().is_some(), "also for who waits only now");
        assert!(news.is_beyond(Some(41)) && !news.is_beyond(Some(42)) && !news.is_beyond(Some(43)));
        assert!(news.is_beyond(None), "a computer that is being filled has no version");
        assert!(news.came().now_or_never().is_none());
        news.tell(1_795_924_869_000);
        assert!(news.is_beyond(Some(42)), "a new epoch begins far ahead");
    }

    #[test]
    fn what_comes_while_the_server_is_asked_for_rows_is_not_forgotten() {
        let news = News::default();
        news.tell(42);
        news.forget();
        assert!(!news.is_beyond(Some(41)), "the answer has it");
        news.tell(43);
        assert!(news.is_beyond(Some(42)) && news.came().now_or_never().is_some());
    }

    #[test]
    fn rows_are_taken_once_and_not_when_something_newer_was_told_of_since() {
        let bring = |news: &News, head| {
            let page = LivePage {
                epoch: Epoch(Uuid::now_v7()),
                after: head - 1,
                catalogue: 1,
                server_time: OffsetDateTime::UNIX_EPOCH,
                notices: vec![],
                rows: vec![],
            };
            news.bring(Told { head, page, at: OffsetDateTime::UNIX_EPOCH });
        };
        let news = News::default();
        bring(&news, 42);
        assert!(news.came().now_or_never().is_some() && news.is_beyond(Some(41)));
        assert_eq!(news.take().map(|told| told.head), Some(42));
        assert!(news.take().is_none());
        bring(&news, 43);
        news.tell(44);
        assert!(news.take().is_none(), "the rows of 44 are missing");
        bring(&news, 45);
        news.must_ask();
        bring(&news, 46);
        assert!(news.take().is_none(), "somebody wants to know how it stands now");
        news.forget();
        bring(&news, 47);
        assert!(news.take().is_some());
        news.tell(49);
        bring(&news, 48);
        assert!(news.take().is_none(), "an answer told of 49 before the event came");
        assert!(news.is_beyond(Some(48)));
    }
}

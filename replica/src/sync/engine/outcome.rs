//! What an attempt means, for the plan and for whoever looks at the screen.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use protocol::api::{Notice, NoticeCode};
use protocol::error::ErrorCode;
use protocol::validate::moment_text;
use time::OffsetDateTime;

use super::status::problem;
use super::{Line, lock};
use crate::error::{Error, Result};
use crate::store::Contact;
use crate::sync::belief;
use crate::sync::plan::Happened;
use crate::view::Connection;

/// From what was longer on its way nobody learns what time it is: this computer may have slept meanwhile.
const MOST_ON_ITS_WAY: Duration = Duration::from_mins(1);

impl Line {
    /// What an attempt means for the plan, and for whoever looks at the screen.
    pub(in crate::sync) async fn outcome(
        self: &Arc<Self>,
        result: Result<Happened>,
        is_push: bool,
    ) -> Happened {
        let error = match result {
            Ok(happened) => {
                if matches!(happened, Happened::Pushed { .. } | Happened::Pulled { .. }) {
                    self.epochs_begun.store(0, Ordering::SeqCst);
                }
                self.publish();
                return happened;
            }
            Err(Error::Server { code: ErrorCode::EpochChanged, .. }) => match self.begin_epoch().await {
                Ok(()) => {
                    self.publish();
                    return Happened::Pulled { more: true };
                }
                Err(error) => error,
            },
            // What it does not have before the first mutation that waits, it had acknowledged.
            Err(Error::Server { code: ErrorCode::SequenceGap, .. }) => Error::ServerWentBack,
            Err(error) => error,
        };
        match error {
            Error::Server { code: ErrorCode::DeviceRevoked, .. } => self.ask_standing().await,
            // With the next password this computer goes on under an id of its own.
            Error::Server { code: ErrorCode::DeviceCopied, .. } => {
                if let Err(error) = self.on_store(|store| store.set_copied(true)).await {
                    tracing::error!(%error, "it was not noted that this computer's disk was copied");
                }
            }
            _ => {}
        }
        match &error {
            Error::TooLarge => {
                self.refused(error, is_push);
                Happened::TooLarge
            }
            Error::Server { code: ErrorCode::Unauthorized, .. } if lock(&self.token).take().is_some() => {
                Happened::Unauthorized
            }
            Error::Server { code: ErrorCode::Unauthorized, detail } if detail.is_empty() => {
                Happened::Unauthorized
            }
            // A computer that it does not know is slowed down: why it is not served stays what it was.
            Error::Server { code: ErrorCode::TooManyRequests, .. } if self.is_unknown() => Happened::Refused,
            Error::ServerUnreachable
            | Error::Server {
                code: ErrorCode::Unavailable | ErrorCode::Internal | ErrorCode::TooManyRequests,
                ..
            } => {
                self.lost();
                Happened::Unreachable
            }
            _ => {
                self.refused(error, is_push);
                Happened::Refused
            }
        }
    }

    /// Whether the server said that it does not know this computer.
    fn is_unknown(&self) -> bool {
        let shown = lock(&self.shown);
        shown.problem.as_ref().is_some_and(|problem| problem.code == ErrorCode::DeviceUnknown)
    }

    /// The server will not.
    fn refused(&self, error: Error, is_push: bool) {
        let problem = Some(problem(error));
        let mut shown = lock(&self.shown);
        shown.connection = Connection::Online;
        if is_push {
            shown.push_problem = problem;
        } else {
            shown.problem = problem;
        }
        drop(shown);
        self.publish();
    }

    /// The server does not take the own key of whoever is signed in, for this reason, or takes it. Nothing else ends by it.
    pub(in crate::sync) fn own_key_refused(&self, why: Option<String>) {
        lock(&self.shown).own_key_refused = why;
        self.publish();
    }

    /// Rows come: the server says what time it is, and what whoever is signed in should know.
    pub(in crate::sync) async fn answered(
        self: &Arc<Self>,
        server_time: OffsetDateTime,
        notices: Vec<Notice>,
    ) -> Result<()> {
        let now = self.context.surroundings.now();
        let offset_ms = belief::offset_ms(server_time, now);
        self.on_store(move |store| store.note_contact((offset_ms, now))).await?;
        self.heard(notices);
        Ok(())
    }

    /// That the server just answered what it was asked then, and how far this computer's clock is from its own, if the answer
    /// was not too long on its way to say that.
    pub(super) fn contact(&self, server_time: OffsetDateTime, asked_at: OffsetDateTime) -> Contact {
        let now = self.context.surroundings.now();
        let is_quick = (now - asked_at).unsigned_abs() <= MOST_ON_ITS_WAY;
        (is_quick.then(|| belief::offset_ms(server_time, now)).flatten(), now)
    }

    /// Keeps what whoever is signed in should know, which came with an answer.
    pub(super) fn heard(&self, notices: Vec<Notice>) {
        lock(&self.shown).notices = belief::notices(notices);
        self.reached();
    }

    /// The same with an event, which is for everybody: whether this person has a one-time password it does not say.
    pub(super) fn heard_by_all(&self, notices: Vec<Notice>) {
        let mut known = lock(&self.shown).notices.clone();
        known.retain(|notice| notice.code == NoticeCode::PasswordChangeRequired);
        known.extend(notices);
        self.heard(known);
    }

    /// The server answered.
    pub(super) fn reached(&self) {
        let mut shown = lock(&self.shown);
        shown.problem = None;
        if matches!(shown.connection, Connection::Connecting | Connection::Offline { .. }) {
            shown.connection = Connection::Online;
        }
        drop(shown);
        self.authorized.notify_one();
    }

    fn lost(&self) {
        let mut shown = lock(&self.shown);
        if !matches!(shown.connection, Connection::Offline { .. }) {
            shown.connection = Connection::Offline { since: moment_text(self.context.surroundings.now()) };
            shown.problem = None;
        }
        drop(shown);
        self.publish();
    }

    /// A round ended with nothing missing here of what the server had then.
    pub(super) async fn caught_up(self: &Arc<Self>, then: OffsetDateTime) {
        // What came meanwhile is asked for next.
        if !self.has_news()
            && let Err(error) = self.on_store(move |store| store.mark_level(then)).await
        {
            tracing::warn!(%error, "the time of the last sync was not kept");
        }
        lock(&self.shown).connection = Connection::Online;
        self.publish();
    }
}

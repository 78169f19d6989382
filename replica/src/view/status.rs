//! How this computer stands with the server.

use protocol::api::Notice;
use protocol::error::ErrorCode;
use protocol::validate::{moment_text, parse_moment};
use serde::Serialize;
use time::OffsetDateTime;

use super::LeaseView;
use crate::store::{Compared, Filling};

/// How this computer stands with the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct SyncStatus {
    /// Whether the server answers.
    pub connection: Connection,
    /// How far this computer has been filled; none once it holds all that it may have.
    pub filling: Option<FillingView>,
    /// When it was last compared with the server, row by row, and found equal; none before the first time.
    pub compared: Option<ComparedView>,
    /// How many records are here of which the server has nothing, or only something older: it lost them.
    pub only_here: u32,
    /// How many changes are saved here and not yet acknowledged by the server.
    pub waiting: u32,
    /// How many attached files are here and not yet on the server.
    pub files_waiting: u32,
    /// How many attached files the server will not take. They are kept here.
    pub files_refused: u32,
    /// How many changes of this computer were set aside, and how many items wait for a decision.
    pub attention: u32,
    /// How many of these are decisions.
    pub decisions: u32,
    /// When this computer last had everything that the server has, and nothing waited.
    pub last_level_at: Option<String>,
    /// When that was so and the server had everything that is here: nothing was `only_here`.
    pub last_synced_at: Option<String>,
    /// When the server last answered.
    pub last_contact_at: Option<String>,
    /// What keeps the computer from syncing although the server answers.
    pub problem: Option<SyncProblem>,
    /// What the server last said about the plan and the password, as long as it answers; before that, whatever the
    /// connection, that its audit log was changed.
    pub notices: Vec<Notice>,
    /// For how long this computer still works without contact; none if the server has not said.
    pub lease: Option<LeaseView>,
}

impl SyncStatus {
    /// Before anything is known: the engine has not begun.
    pub fn unknown() -> Self {
        Self {
            connection: Connection::Connecting,
            filling: None,
            compared: None,
            only_here: 0,
            waiting: 0,
            files_waiting: 0,
            files_refused: 0,
            attention: 0,
            decisions: 0,
            last_level_at: None,
            last_synced_at: None,
            last_contact_at: None,
            problem: None,
            notices: Vec::new(),
            lease: None,
        }
    }

    /// Whether this computer has synced since `then`, when it stood as in `before`: it has everything that the server had at
    /// some moment from `then` on, and nothing waits. A round that was under way at `then` is not enough.
    pub fn has_synced_since(&self, then: OffsetDateTime, before: &Self) -> bool {
        let at = self.last_level_at.as_deref().and_then(parse_moment);
        // A clock that was set back leaves a moment that is still to come.
        let is_new = self.last_level_at != before.last_level_at && at.is_some_and(|at| at >= then);
        is_new && self.waiting == 0
    }
}

/// The last comparison with the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct ComparedView {
    /// When both were equal.
    pub at: Option<String>,
    /// How many rows were other ones here when there last were any, and were fetched again.
    pub mended: u32,
    /// When that was.
    pub mended_at: Option<String>,
}

impl From<&Compared> for ComparedView {
    fn from(compared: &Compared) -> Self {
        let (mended, mended_at) = compared.mended().unzip();
        Self {
            at: compared.at().map(moment_text),
            mended: mended.unwrap_or(0),
            mended_at: mended_at.map(str::to_owned),
        }
    }
}

/// How far a new computer has been filled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct FillingView {
    /// Whether all that today needs is here.
    pub has_today: bool,
    /// How many rows have come of it, or after it.
    pub rows: u32,
    /// About how many come after it.
    pub total: Option<u32>,
}

impl From<Filling> for FillingView {
    fn from(filling: Filling) -> Self {
        let count = |rows: u64| u32::try_from(rows).unwrap_or(u32::MAX);
        Self {
            has_today: filling.after.is_some(),
            rows: count(filling.rows),
            total: filling.total.map(count),
        }
    }
}

/// Whether the server answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum Connection {
    /// Not tried yet.
    Connecting,
    /// It answers.
    Online,
    /// Changes are on their way.
    Sending {
        /// How many of them the server has acknowledged.
        sent: u32,
        /// How many there are.
        total: u32,
    },
    /// Rows are coming.
    Receiving {
        /// How many have come.
        rows: u32,
    },
    /// It does not answer.
    Offline {
        /// Since when.
        since: String,
    },
}

/// What keeps a computer from syncing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct SyncProblem {
    /// For programs.
    pub code: ErrorCode,
    /// What happened, what is safe and what to do.
    pub detail: String,
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn only_a_round_that_began_after_one_asked_counts_as_synced_since_then() {
        let then = datetime!(2026 - 12 - 01 09:30:00.250 UTC);
        let level = |at: &str, waiting| SyncStatus {
            last_level_at: Some(at.into()),
            waiting,
            ..SyncStatus::unknown()
        };
        let (never, before) = (SyncStatus::unknown(), level("2026-12-01T09:29:58.000Z", 0));
        assert!(!never.has_synced_since(then, &never));
        let was_under_way = level("2026-12-01T09:30:00.249Z", 0);
        assert!(
            !was_under_way.has_synced_since(then, &before) && !was_under_way.has_synced_since(then, &never)
        );
        let began_after = level("2026-12-01T09:30:00.250Z", 0);
        assert!(began_after.has_synced_since(then, &before) && began_after.has_synced_since(then, &never));
        assert!(!level("2026-12-01T09:30:01.000Z", 1).has_synced_since(then, &before), "something waits");
        let to_come = level("2026-12-09T08:00:00.000Z", 0);
        assert!(
            !to_come.has_synced_since(then, &to_come),
            "the clock was set back; no round has ended since"
        );
    }
}

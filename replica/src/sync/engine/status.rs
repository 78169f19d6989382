//! How this computer stands with the server, as it is shown.

use std::sync::Arc;
use std::time::Duration;

use protocol::api::{DeviceScope, Notice, NoticeCode};
use protocol::validate::moment_text;

use super::{Line, lock};
use crate::desk::Event;
use crate::error::Error;
use crate::sync::epoch;
use crate::view::{CommandError, ComparedView, Connection, SyncProblem, SyncStatus};

const LOG_CHANGED: &str = "The clinic's audit log on the server is not what this computer knew of it: entries were \
    changed or taken away. Your work is safe, and goes on. Tell whoever runs the server to leave the database as it is \
    and to run clinic-sync audit verify.";
/// The window shows a change of the sync status so much later.
const SHOWN_AFTER: Duration = Duration::from_millis(20);

/// What is shown.
pub(super) struct Shown {
    pub(super) connection: Connection,
    /// Why the server will not talk.
    pub(super) problem: Option<SyncProblem>,
    /// Why the server will not take what waits. It stays until it does: rows that still come do not end it.
    pub(super) push_problem: Option<SyncProblem>,
    /// Why what the server says of this computer is not believed.
    pub(super) standing_problem: Option<SyncProblem>,
    /// Why the server does not take the own key of whoever is signed in.
    pub(super) own_key_refused: Option<String>,
    /// What the server last said.
    pub(super) notices: Vec<Notice>,
}

/// Tells the window how this computer stands, each time that it is another thing. Nothing waits for it.
pub(super) async fn show_status(line: Arc<Line>) {
    loop {
        line.changed.notified().await;
        // The request that goes out at this moment comes first, and what follows at once is told with it.
        line.context.surroundings.pause(SHOWN_AFTER).await;
        // What nobody looks at is not counted.
        if line.context.events.receiver_count() > 0 {
            line.context.events.send(Event::Sync(Box::new(line.status()))).ok();
        }
    }
}

impl Line {
    pub(in crate::sync) fn show(&self, connection: Connection) {
        let mut shown = lock(&self.shown);
        // As long as nobody has answered, trying is not yet sending.
        if !matches!(shown.connection, Connection::Connecting | Connection::Offline { .. }) {
            shown.connection = connection;
        }
        drop(shown);
        self.publish();
    }

    pub(super) fn status(&self) -> SyncStatus {
        let (state, unreadable) = match self.context.store.sync_state() {
            Ok(state) => (Some(state), None),
            Err(error) => {
                tracing::error!(%error, "the sync state cannot be read");
                (None, Some(problem(error)))
            }
        };
        let (connection, problem, notices) = {
            let shown = lock(&self.shown);
            let said = shown.problem.as_ref().or(shown.push_problem.as_ref());
            let said = said.or(shown.standing_problem.as_ref());
            let is_online = !matches!(shown.connection, Connection::Offline { .. });
            let mut notices = if is_online { shown.notices.clone() } else { Vec::new() };
            let restored = state.as_ref().and_then(|state| state.restored.as_ref());
            if let Some(detail) = shown.own_key_refused.clone().filter(|_| is_online) {
                notices.insert(0, Notice { code: NoticeCode::OwnKeyRefused, detail });
            }
            let now = self.context.surroundings.now();
            if let Some(notice) = restored.and_then(|restored| epoch::notice(restored, now)) {
                notices.insert(0, notice);
            }
            if state.as_ref().is_some_and(|state| state.is_log_changed) {
                notices.insert(0, Notice { code: NoticeCode::LogChanged, detail: LOG_CHANGED.to_owned() });
            }
            // Between two comparisons nothing else says it, nor at the start.
            let differs = state.as_ref().is_some_and(|state| state.differs);
            let said = said.cloned().or_else(|| differs.then(|| problem(Error::StillDiffers)));
            let problem = unreadable.or_else(|| said.filter(|_| is_online));
            (shown.connection.clone(), problem, notices)
        };
        let decisions = self.decisions();
        let compared = state.as_ref().and_then(|state| state.compared.as_ref()).map(ComparedView::from);
        let is_new = state.as_ref().is_some_and(|state| state.head.is_none());
        let filling = state.as_ref().and_then(|state| state.filling.clone()).unwrap_or_default();
        SyncStatus {
            connection,
            filling: is_new.then(|| filling.into()),
            compared,
            only_here: state.as_ref().map_or(0, |state| state.only_here),
            waiting: state.as_ref().map_or(0, |state| state.waiting),
            files_waiting: state.as_ref().map_or(0, |state| state.files.waiting),
            files_refused: state.as_ref().map_or(0, |state| state.files.refused),
            attention: state.as_ref().map_or(0, |state| state.set_aside) + decisions,
            decisions,
            last_contact_at: state.as_ref().and_then(|state| state.last_contact_at).map(moment_text),
            last_level_at: state.as_ref().and_then(|state| state.last_level_at).map(moment_text),
            last_synced_at: state.and_then(|state| state.last_synced_at).map(moment_text),
            problem,
            notices,
            lease: self.context.guard.as_ref().and_then(|guard| guard.view()),
        }
    }

    /// How many items wait that whoever is signed in may see.
    fn decisions(&self) -> u32 {
        let context = &self.context;
        context.store.decisions(self.is_clinical()).unwrap_or_else(|error| {
            tracing::error!(%error, "the items that wait cannot be counted");
            0
        })
    }

    /// Whether the server shows clinical rows to whoever is signed in.
    pub(in crate::sync) fn is_clinical(&self) -> bool {
        let context = &self.context;
        context.facts.scope == DeviceScope::Clinical
            && matches!(context.store.staff(context.user), Ok(Some(person)) if person.roles.is_clinician())
    }

    pub(in crate::sync) fn publish(&self) {
        self.changed.notify_one();
    }
}

pub(super) fn problem(error: Error) -> SyncProblem {
    let error = CommandError::from(error);
    SyncProblem { code: error.code, detail: error.detail }
}

//! The commands of the window: each forwards to the replica and adds no rule of its own. A command takes no
//! user, tenant, role, path or query text from the window: who is signed in is known here.

pub mod audit;
pub mod chart;
pub mod computers;
pub mod day;
pub mod dental;
pub mod ledger;
pub mod letterhead;
pub mod medicines;
pub mod pad;
pub mod patients;
pub mod prescriptions;
pub mod recovery;
pub mod review;
pub mod session;
pub mod short_keys;
pub mod staff;
pub mod sync;

use std::sync::Arc;

use protocol::error::ErrorCode;
use replica::view::CommandError;
use replica::{Desk, Replica};
use tauri::State;

pub type Answer<T> = Result<T, CommandError>;
pub type Here<'a> = State<'a, Arc<Desk>>;

/// Runs a short piece of work on the unlocked replica, off the window's thread.
pub async fn ask<T: Send + 'static>(
    desk: Here<'_>,
    work: impl FnOnce(&Replica) -> replica::Result<T> + Send + 'static,
) -> Answer<T> {
    let replica = desk.replica()?;
    aside(move || Ok(work(&replica)?)).await
}

pub async fn aside<T: Send + 'static>(work: impl FnOnce() -> Answer<T> + Send + 'static) -> Answer<T> {
    tauri::async_runtime::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "a command did not end");
        failed("Something went wrong in this program. What was saved is safe; try again.")
    })?
}

pub fn failed(detail: &str) -> CommandError {
    CommandError::new(ErrorCode::Internal, detail)
}

//! Whether the process lives, and whether it can work.

use axum::extract::State;
use axum::http::StatusCode;

use crate::error::{Error, Result};
use crate::{AppState, database};

/// `GET /healthz`: the process answers.
pub(crate) async fn healthz() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// `GET /readyz`: the database answers, and has every migration.
pub(crate) async fn readyz(State(state): State<AppState>) -> Result<StatusCode> {
    if database::is_migrated(&state.db).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Error::Unavailable("the database lacks migrations"))
    }
}

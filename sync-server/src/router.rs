//! Every route of the server.

use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderValue, StatusCode};
use axum::routing::{get, post};
use tower_http::compression::CompressionLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;

use crate::AppState;
use crate::auth::{enrol, register, session};
use crate::error::Error;
use crate::health::{healthz, readyz};
use crate::sync::live::live;
use crate::sync::pull::pull;
use crate::sync::push::push;
use crate::sync::read;

/// Body and answer together take no longer than this.
const REQUEST_TIME: Duration = Duration::from_secs(30);
/// Of every request but a push.
const BODY_BYTES: usize = 64 * 1024;

/// The whole server.
pub(crate) fn router(state: AppState) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/v1/clinics/register", post(register::register))
        .route("/v1/devices/enrol", post(enrol::enrol))
        .route("/v1/devices/codes", post(enrol::issue_code))
        .route("/v1/auth/challenge", post(session::challenge))
        .route("/v1/auth/login", post(session::login))
        .route("/v1/auth/refresh", post(session::refresh))
        .route("/v1/tenant", get(read::tenant))
        .route("/v1/patients/{id}", get(read::patient))
        .route("/v1/prescriptions/{id}", get(read::prescription))
        .route("/v1/sync/push", post(push))
        .route("/v1/sync/pull", get(pull).layer(CompressionLayer::new()))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, REQUEST_TIME))
        // No end is set to this one but its own.
        .route("/v1/sync/live", get(live))
        .fallback(async || Error::NotFound)
        .method_not_allowed_fallback(async || Error::NotFound)
        // A push, which may be longer, looks at its length itself.
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(SetResponseHeaderLayer::overriding(CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .with_state(state)
}

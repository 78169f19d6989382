//! Every route of the server.

use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware;
use axum::routing::{self, MethodRouter};
use axum::{Extension, Router};
use tower_http::compression::CompressionLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;

use crate::audit::desk::keep as audit_of_desk;
use crate::audit::read::audit;
use crate::auth::caller::WhileSuspended;
use crate::auth::{enrol, register, session};
use crate::error::Error;
use crate::health::{healthz, readyz};
use crate::sync::live::live;
use crate::sync::pull::pull;
use crate::sync::push::push;
use crate::sync::read;
use crate::{AppState, metrics};

/// Body and answer together take no longer than this.
const REQUEST_TIME: Duration = Duration::from_secs(30);
/// Of every request but a push.
const BODY_BYTES: usize = 64 * 1024;

/// One route.
pub(crate) struct Route {
    /// How it is asked, which only tests want to know.
    #[cfg_attr(not(feature = "testing"), expect(dead_code))]
    pub(crate) method: Method,
    /// Where.
    pub(crate) path: &'static str,
    answer: MethodRouter<AppState>,
}

fn get<H: Handler<T, AppState>, T: 'static>(path: &'static str, handler: H) -> Route {
    Route { method: Method::GET, path, answer: routing::get(handler) }
}

fn post<H: Handler<T, AppState>, T: 'static>(path: &'static str, handler: H) -> Route {
    Route { method: Method::POST, path, answer: routing::post(handler) }
}

impl Route {
    /// What waits on desktops is taken in, however the tenant stands.
    fn while_suspended(self) -> Self {
        Self { answer: self.answer.layer(Extension(WhileSuspended)), ..self }
    }

    fn compressed(self) -> Self {
        Self { answer: self.answer.layer(CompressionLayer::new()), ..self }
    }
}

/// Every route: the tests ask each of them as another tenant.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        get("/healthz", healthz),
        get("/readyz", readyz),
        post("/v1/clinics/register", register::register),
        post("/v1/devices/enrol", enrol::enrol),
        post("/v1/devices/codes", enrol::issue_code),
        post("/v1/auth/challenge", session::challenge),
        post("/v1/auth/login", session::login),
        post("/v1/auth/refresh", session::refresh),
        get("/v1/tenant", read::tenant),
        get("/v1/audit", audit),
        post("/v1/audit/events", audit_of_desk).while_suspended(),
        get("/v1/patients/{id}", read::patient),
        get("/v1/prescriptions/{id}", read::prescription),
        post("/v1/sync/push", push).while_suspended(),
        get("/v1/sync/pull", pull).compressed(),
        get(LIVE, live),
    ]
}

/// No end is set to this one but its own.
const LIVE: &str = "/v1/sync/live";

/// The whole server.
pub(crate) fn router(state: AppState) -> Router {
    let (endless, timed): (Vec<_>, Vec<_>) = routes().into_iter().partition(|route| route.path == LIVE);
    let add = |router: Router<AppState>, route: Route| router.route(route.path, route.answer);
    let timed = timed
        .into_iter()
        .fold(Router::new(), add)
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, REQUEST_TIME));
    endless
        .into_iter()
        .fold(timed, add)
        .fallback(async || Error::NotFound)
        .method_not_allowed_fallback(async || Error::NotFound)
        // A push, which may be longer, looks at its length itself.
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(SetResponseHeaderLayer::overriding(CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .layer(middleware::from_fn_with_state(state.metrics.clone(), metrics::count))
        .with_state(state)
}

//! Every route of the server.

use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware;
use axum::routing::{self, MethodRouter};
use axum::{Extension, Router};
use protocol::file::MAX_PIECE_BYTES;
use protocol::permission::Capability as May;
use tower_http::compression::CompressionLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;

use crate::audit::desk::keep as audit_of_desk;
use crate::audit::ends::ends as audit_ends;
use crate::audit::read::audit;
use crate::auth::{Access, enrol, farewell, register, renew, session, standing};
use crate::error::Error;
use crate::files::routes as files;
use crate::health::{healthz, readyz};
use crate::manage::{clinics, devices, passwords, users};
use crate::sync::bootstrap::bootstrap;
use crate::sync::digest::{digest, rows_by_id};
use crate::sync::epoch::epoch;
use crate::sync::live::live;
use crate::sync::pull::pull;
use crate::sync::push::push;
use crate::sync::read;
use crate::sync::receipts::receipts;
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
    access: Access,
    answer: MethodRouter<AppState>,
}

/// Reading always can, however the tenant stands.
fn get<H: Handler<T, AppState>, T: 'static>(path: &'static str, access: Access, handler: H) -> Route {
    Route { method: Method::GET, path, access: access.also_suspended(), answer: routing::get(handler) }
}

fn post<H: Handler<T, AppState>, T: 'static>(path: &'static str, access: Access, handler: H) -> Route {
    Route { method: Method::POST, path, access, answer: routing::post(handler) }
}

/// A piece of a file.
fn put<H: Handler<T, AppState>, T: 'static>(path: &'static str, access: Access, handler: H) -> Route {
    let answer = routing::put(handler).layer(DefaultBodyLimit::max(MAX_PIECE_BYTES));
    Route { method: Method::PUT, path, access, answer }
}

fn patch<H: Handler<T, AppState>, T: 'static>(path: &'static str, access: Access, handler: H) -> Route {
    Route { method: Method::PATCH, path, access, answer: routing::patch(handler) }
}

impl Route {
    fn compressed(self) -> Self {
        Self { answer: self.answer.layer(CompressionLayer::new()), ..self }
    }

    /// The answer, and to whom it may be given.
    fn guarded(self) -> MethodRouter<AppState> {
        self.answer.layer(Extension(self.access))
    }
}

/// Every route, and who may ask it: the tests ask each of them as every role, as a tenant that is not served, and as
/// another tenant.
pub(crate) fn routes() -> Vec<Route> {
    const OPEN: Access = Access::OPEN;
    /// What goes on also with a one-time password.
    const WORK: Access = Access::to(May::Work).also_one_time();
    let to = Access::to;
    vec![
        get("/healthz", OPEN, healthz),
        get("/readyz", OPEN, readyz),
        post("/v1/clinics/register", OPEN, register::register),
        get("/v1/clinics", to(May::Work), clinics::list),
        post("/v1/clinics", to(May::ManageClinics), clinics::add),
        patch("/v1/clinics/{id}", to(May::ManageClinics), clinics::change),
        get("/v1/users", to(May::ManageUsers), users::list),
        post("/v1/users", to(May::ManageUsers), users::add),
        patch("/v1/users/{id}", to(May::ManageUsers), users::change),
        post("/v1/users/{id}/password", to(May::ManageUsers), passwords::reset),
        post("/v1/devices/enrol", OPEN, enrol::enrol),
        post("/v1/devices/codes", to(May::ManageDevices), enrol::issue_code),
        get("/v1/devices", to(May::ManageDevices), devices::list),
        post("/v1/devices/{id}/revoke", to(May::ManageDevices), devices::revoke),
        post("/v1/devices/renew", WORK, renew::renew),
        post("/v1/devices/standing", OPEN, standing::standing),
        post("/v1/devices/handover", OPEN, farewell::handover),
        post("/v1/devices/farewell", OPEN, farewell::farewell),
        post("/v1/devices/wiped", OPEN, farewell::wiped),
        post("/v1/auth/challenge", OPEN, session::challenge),
        post("/v1/auth/login", OPEN, session::login),
        post("/v1/auth/refresh", OPEN, session::refresh),
        post("/v1/auth/password", WORK, passwords::change_own),
        get("/v1/tenant", WORK, read::tenant),
        get("/v1/audit", to(May::ReadAudit), audit),
        post("/v1/audit/events", WORK.also_suspended(), audit_of_desk),
        post("/v1/audit/ends", WORK.also_suspended(), audit_ends),
        get("/v1/patients/{id}", to(May::OpenDemographics), read::patient),
        get("/v1/prescriptions/{id}", to(May::ReadPrescriptions), read::prescription),
        get("/v1/dental_attachments/{id}/file", to(May::ReadPrescriptions), files::file),
        get("/v1/dental_attachments/{id}/upload", to(May::ReadPrescriptions), files::upload),
        put("/v1/dental_attachments/{id}/upload", to(May::ReadPrescriptions).also_suspended(), files::piece),
        post("/v1/dental_attachments/{id}/upload", to(May::ReadPrescriptions).also_suspended(), files::end),
        get("/v1/sync/epoch", WORK, epoch),
        post("/v1/sync/push", WORK.also_suspended(), push),
        post("/v1/sync/receipts", WORK.also_suspended(), receipts).compressed(),
        get("/v1/sync/pull", WORK, pull).compressed(),
        get(BOOTSTRAP, WORK, bootstrap),
        get("/v1/sync/digest", WORK, digest).compressed(),
        post("/v1/sync/rows", WORK, rows_by_id).compressed(),
        get(LIVE, WORK, live),
    ]
}

/// No end is set to these but their own.
const BOOTSTRAP: &str = "/v1/sync/bootstrap";
const LIVE: &str = "/v1/sync/live";

/// The whole server.
pub(crate) fn router(state: AppState) -> Router {
    let (endless, timed): (Vec<_>, Vec<_>) =
        routes().into_iter().partition(|route| [BOOTSTRAP, LIVE].contains(&route.path));
    let add = |router: Router<AppState>, route: Route| router.route(route.path, route.guarded());
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

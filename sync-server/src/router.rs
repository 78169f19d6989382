//! Every route of the server.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware;
use axum::routing::{self, MethodRouter};
use axum::{Extension, Router};
use protocol::api;
use protocol::audit::{AuditPage, AuditQuery, DeskEvents, DeskEventsKept};
use protocol::bootstrap::{BootstrapLine, BootstrapQuery};
use protocol::digest::{DigestAnswer, DigestQuery, RowsAnswer, RowsRequest};
use protocol::farewell as farewells;
use protocol::file::{MAX_PIECE_BYTES, Upload};
use protocol::log_end::{KnownEnds, LogEnds};
use protocol::manage;
use protocol::own_key::{OwnKeyInfo, OwnKeyRequest};
use protocol::permission::Capability as May;
use protocol::recovery::RecoveryMade;
use protocol::settlement::RefusedMutation;
use protocol::standing::SignedOrder;
use protocol::table::{Row, Values};
use serde_json::Value;
use tower_http::compression::CompressionLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;

use crate::audit::desk::keep as audit_of_desk;
use crate::audit::ends::ends as audit_ends;
use crate::audit::read::audit;
use crate::auth::addresses::{self, Addresses};
use crate::auth::{Access, enrol, farewell, own_keys, recovery, register, renew, session, signed, standing};
use crate::error::Error;
use crate::files::routes as files;
use crate::health::{healthz, readyz};
use crate::manage::{admins, clinics, devices, passwords, users};
use crate::openapi::{Says, openapi, says};
use crate::sync::bootstrap::bootstrap;
use crate::sync::digest::{digest, rows_by_id};
use crate::sync::epoch::epoch;
use crate::sync::live::live;
use crate::sync::pull::pull;
use crate::sync::push::push;
use crate::sync::read;
use crate::sync::receipts::receipts;
use crate::sync::refused::refused;
use crate::sync::restored::restored;
use crate::{AppState, metrics};

/// A request's body and its handler together take no longer than this. How long an answer is sent, `Limits` says.
const REQUEST_TIME: Duration = Duration::from_secs(30);
/// Of every request but a push.
pub(crate) const BODY_BYTES: usize = 64 * 1024;

/// One route.
pub(crate) struct Route {
    /// How it is asked.
    pub(crate) method: Method,
    /// Where.
    pub(crate) path: &'static str,
    /// To whom it answers.
    pub(crate) access: Access,
    /// What it takes and gives.
    pub(crate) says: Says,
    answer: MethodRouter<AppState>,
}

/// Reading always can, however the tenant stands.
fn get<H: Handler<T, AppState>, T: 'static>(
    path: &'static str,
    access: Access,
    handler: H,
    says: Says,
) -> Route {
    Route { method: Method::GET, path, access: access.also_suspended(), answer: routing::get(handler), says }
}

fn post<H: Handler<T, AppState>, T: 'static>(
    path: &'static str,
    access: Access,
    handler: H,
    says: Says,
) -> Route {
    Route { method: Method::POST, path, access, answer: routing::post(handler), says }
}

/// A piece of a file.
fn put<H: Handler<T, AppState>, T: 'static>(
    path: &'static str,
    access: Access,
    handler: H,
    says: Says,
) -> Route {
    let answer = routing::put(handler).layer(DefaultBodyLimit::max(MAX_PIECE_BYTES));
    Route { method: Method::PUT, path, access, answer, says }
}

fn patch<H: Handler<T, AppState>, T: 'static>(
    path: &'static str,
    access: Access,
    handler: H,
    says: Says,
) -> Route {
    Route { method: Method::PATCH, path, access, answer: routing::patch(handler), says }
}

impl Route {
    fn compressed(self) -> Self {
        Self { answer: self.answer.layer(CompressionLayer::new()), ..self }
    }

    /// The answer, and to whom it may be given.
    fn guarded(self, addresses: &Arc<Addresses>) -> MethodRouter<AppState> {
        let answer = if self.access.is_signed() {
            self.answer.layer(middleware::from_fn(signed::hash_body))
        } else {
            self.answer
        };
        // Whoever has a token or signs guesses nothing, and works on wherever others guess.
        let answer = if TYPED.contains(&self.path) {
            answer.layer(middleware::from_fn_with_state(Arc::clone(addresses), addresses::hold))
        } else {
            answer
        };
        let answer = if self.access.is_open() && self.path != "/healthz" {
            answer.layer(middleware::from_fn_with_state(Arc::clone(addresses), addresses::pace))
        } else {
            answer
        };
        answer.layer(Extension(self.access))
    }
}

/// Every route, and who may ask it: the tests ask each of them as every role, as a tenant that is not served, and as
/// another tenant.
pub(crate) fn routes() -> Vec<Route> {
    const OPEN: Access = Access::OPEN;
    /// What goes on also with a one-time password.
    const WORK: Access = Access::to(May::Work).also_one_time();
    let to = Access::to;
    // What an admin changes takes the device's key as well.
    let admin = |may| Access::to(may).signed();
    vec![
        get("/healthz", OPEN, healthz, says("Whether the process runs.")),
        get("/openapi.json", OPEN, openapi, says("This description.").gives::<Value>()),
        get(addresses::READY, OPEN, readyz, says("Whether it reaches its database.")),
        post(
            "/v1/clinics/register",
            OPEN,
            register::register,
            says("A new tenant with its first clinic and its admin.")
                .takes::<api::RegisterRequest>()
                .gives::<api::RegisterResponse>()
                .status(StatusCode::CREATED),
        ),
        get("/v1/clinics", to(May::Work), clinics::list, says("The tenant's clinics.").gives::<Vec<Row>>()),
        post(
            "/v1/clinics",
            admin(May::ManageClinics),
            clinics::add,
            says("A further clinic: its columns by name.")
                .takes::<Values>()
                .gives::<Row>()
                .status(StatusCode::CREATED),
        ),
        patch(
            "/v1/clinics/{id}",
            admin(May::ManageClinics),
            clinics::change,
            says("Changes columns of a clinic.").takes::<Values>().gives::<Row>(),
        ),
        get(
            "/v1/users",
            to(May::ManageUsers),
            users::list,
            says("The tenant's staff.").gives::<Vec<manage::UserInfo>>(),
        ),
        post(
            "/v1/users",
            admin(May::ManageUsers),
            users::add,
            says("A new member of staff.")
                .takes::<manage::NewUser>()
                .gives::<manage::UserAdded>()
                .status(StatusCode::CREATED),
        ),
        patch(
            "/v1/users/{id}",
            admin(May::ManageUsers),
            users::change,
            says("Changes a member of staff.").takes::<manage::UserChange>().gives::<manage::UserInfo>(),
        ),
        post(
            "/v1/users/{id}/password",
            admin(May::ManageUsers),
            passwords::reset,
            says("A one-time password for a member of staff.").gives::<manage::OneTimePassword>(),
        ),
        post(
            "/v1/devices/enrol",
            OPEN,
            enrol::enrol,
            says("A new desktop, with a one-time code.")
                .takes::<api::EnrolRequest>()
                .gives::<api::EnrolResponse>(),
        ),
        post(
            "/v1/devices/codes",
            admin(May::ManageDevices),
            enrol::issue_code,
            says("A code that enrols one desktop.")
                .takes::<api::CodeRequest>()
                .gives::<api::EnrolmentCode>()
                .status(StatusCode::CREATED),
        ),
        get(
            "/v1/devices",
            to(May::ManageDevices),
            devices::list,
            says("The tenant's desktops.").gives::<Vec<manage::DeviceInfo>>(),
        ),
        post(
            "/v1/devices/{id}/revoke",
            admin(May::ManageDevices),
            devices::revoke,
            says("Takes a desktop out of service, or consents to its wipe.")
                .takes::<manage::RevokeRequest>()
                .gives::<manage::DeviceInfo>(),
        ),
        post(
            "/v1/devices/renew",
            // Whoever has a token without the computer's key would stay for good.
            WORK.also_suspended().signed(),
            renew::renew,
            says("A desktop whose disk was copied or restored goes on under an id of its own.")
                .takes::<api::RenewRequest>()
                .gives::<api::EnrolResponse>(),
        ),
        post(
            "/v1/devices/recovery",
            WORK.also_suspended().signed(),
            recovery::made,
            says("Which recovery code opens the caller's desktop.").takes::<RecoveryMade>(),
        ),
        post(
            "/v1/devices/standing",
            OPEN,
            standing::standing,
            says("How a desktop stands, signed by the order key.")
                .takes::<api::StandingRequest>()
                .gives::<SignedOrder>(),
        ),
        post(
            "/v1/devices/handover",
            OPEN,
            farewell::handover,
            says("What a desktop out of service had not sent, for review.")
                .takes::<farewells::HandoverRequest>()
                .gives::<farewells::HandoverResponse>(),
        ),
        post(
            "/v1/devices/farewell",
            OPEN,
            farewell::farewell,
            says("The first half of a wipe: it has locked, and what it had is handed over.")
                .takes::<farewells::SignedFarewell>()
                .gives::<farewells::FarewellToken>(),
        ),
        post(
            "/v1/devices/wiped",
            OPEN,
            farewell::wiped,
            says("The second half: everything is destroyed.").takes::<farewells::Wiped>(),
        ),
        post(
            "/v1/auth/challenge",
            OPEN,
            session::challenge,
            says("Something fresh for a desktop to sign.")
                .takes::<api::ChallengeRequest>()
                .gives::<api::ChallengeResponse>(),
        ),
        post(
            "/v1/auth/login",
            OPEN,
            session::login,
            says("A person signs in on an enrolled desktop.")
                .takes::<api::LoginRequest>()
                .gives::<api::Session>(),
        ),
        post(
            "/v1/auth/refresh",
            OPEN,
            session::refresh,
            says("New tokens for a person known on the desktop.")
                .takes::<api::RefreshRequest>()
                .gives::<api::Tokens>(),
        ),
        post(
            "/v1/auth/password",
            WORK.also_suspended(),
            passwords::change_own,
            says("Chooses another password.").takes::<manage::PasswordChange>(),
        ),
        get(
            "/v1/own-keys",
            WORK,
            own_keys::list,
            says("The keys with which the tenant's people sign.").gives::<Vec<OwnKeyInfo>>(),
        )
        .compressed(),
        post(
            "/v1/own-keys",
            WORK.also_suspended().signed(),
            own_keys::register,
            says("Whoever has just given their password says which key is theirs on this desktop.")
                .takes::<OwnKeyRequest>(),
        ),
        get(
            "/v1/tenant",
            WORK,
            read::tenant,
            says("The tenant, its version and its plan.").gives::<api::TenantInfo>(),
        ),
        post(
            "/v1/tenant/objection",
            to(May::ObjectToAdmin).also_suspended(),
            admins::object,
            says("Nobody becomes an admin whom the operator was going to make one."),
        ),
        get(
            "/v1/audit",
            to(May::ReadAudit),
            audit,
            says("The audit log, the newest first.").query::<AuditQuery>().gives::<AuditPage>(),
        ),
        post(
            "/v1/audit/events",
            // Whoever tells of a later event takes those before it for told.
            WORK.also_suspended().signed(),
            audit_of_desk,
            says("What happened on a desktop's own copy.").takes::<DeskEvents>().gives::<DeskEventsKept>(),
        ),
        post(
            "/v1/audit/ends",
            WORK.also_suspended(),
            audit_ends,
            says("The signed ends of the audit log, and the hashes at places that a desktop knows.")
                .takes::<KnownEnds>()
                .gives::<LogEnds>(),
        ),
        get("/v1/patients/{id}", to(May::OpenDemographics), read::patient, says("A patient.").gives::<Row>()),
        get(
            "/v1/prescriptions/{id}",
            to(May::ReadPrescriptions),
            read::prescription,
            says("A prescription, without its lines.").gives::<Row>(),
        ),
        get(
            "/v1/dental_attachments/{id}/file",
            to(May::ReadPrescriptions),
            files::file,
            says("The bytes of an attached file.").query::<files::From>().gives_bytes(),
        ),
        get(
            "/v1/dental_attachments/{id}/upload",
            to(May::ReadPrescriptions),
            files::upload,
            says("How much of the file the server has.").gives::<Upload>(),
        ),
        put(
            "/v1/dental_attachments/{id}/upload",
            to(May::ReadPrescriptions).also_suspended(),
            files::piece,
            says("The next piece of the file.").query::<files::From>().takes_bytes().gives::<Upload>(),
        ),
        post(
            "/v1/dental_attachments/{id}/upload",
            to(May::ReadPrescriptions).also_suspended(),
            files::end,
            says("The file is whole: it is checked and kept.").gives::<Upload>(),
        ),
        get(
            "/v1/sync/epoch",
            WORK,
            epoch,
            says("The life of the tenant's data, and the last of this desktop that the server has.")
                .gives::<api::EpochState>(),
        ),
        post(
            "/v1/sync/push",
            WORK.also_suspended(),
            push,
            says("Mutations, in the desktop's order; plain or as one zstd frame.")
                .takes::<api::PushRequest>()
                .gives::<api::PushResponse>(),
        ),
        post(
            "/v1/sync/receipts",
            WORK.also_suspended(),
            receipts,
            says("What became by now of mutations that waited for a person.")
                .takes::<api::ReceiptsRequest>()
                .gives::<api::ReceiptsAnswer>(),
        )
        .compressed(),
        post(
            "/v1/sync/restored",
            WORK.also_suspended(),
            restored,
            says("What a desktop knows of the time that a restored server lost.")
                .takes::<api::Recollection>(),
        ),
        get(
            "/v1/sync_conflicts/{id}/refused",
            to(May::ManageDevices),
            refused,
            says("What a refused mutation says that is before the admins.").gives::<RefusedMutation>(),
        ),
        get(
            "/v1/sync/pull",
            WORK,
            pull,
            says("What changed, in the order of versions: a line each.")
                .query::<api::PullQuery>()
                .gives_lines::<api::PullLine>(),
        )
        .compressed(),
        get(
            BOOTSTRAP,
            WORK,
            bootstrap,
            says("Everything for a new desktop: lines, and rows between them.")
                .query::<BootstrapQuery>()
                .gives_text::<BootstrapLine>(),
        ),
        get(
            "/v1/sync/digest",
            WORK,
            digest,
            says("What the server's rows are, in short, to compare with.")
                .query::<DigestQuery>()
                .gives::<DigestAnswer>(),
        )
        .compressed(),
        post(
            "/v1/sync/rows",
            WORK.also_suspended(), // It reads; the ids are too many for a GET.
            rows_by_id,
            says("Rows by their ids, where a comparison found a difference.")
                .takes::<RowsRequest>()
                .gives::<RowsAnswer>(),
        )
        .compressed(),
        get(
            LIVE,
            WORK,
            live,
            says("The tenant's version whenever it changes, with what is new if it is little.")
                .query::<api::LiveQuery>()
                .gives_events::<api::LiveEvent>(),
        ),
    ]
}

/// Where passwords and one-time codes are typed, and guessed.
const TYPED: [&str; 3] = ["/v1/clinics/register", "/v1/devices/enrol", "/v1/auth/login"];

/// No end is set to these but their own.
const BOOTSTRAP: &str = "/v1/sync/bootstrap";
const LIVE: &str = "/v1/sync/live";

/// The whole server.
pub(crate) fn router(state: AppState) -> Router {
    let (endless, timed): (Vec<_>, Vec<_>) =
        routes().into_iter().partition(|route| [BOOTSTRAP, LIVE].contains(&route.path));
    let addresses = Arc::clone(&state.auth.addresses);
    let add = |router: Router<AppState>, route: Route| router.route(route.path, route.guarded(&addresses));
    let timed = timed
        .into_iter()
        .fold(Router::new(), add)
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, REQUEST_TIME));
    let router = endless
        .into_iter()
        .fold(timed, add)
        .fallback(async || Error::NotFound)
        .method_not_allowed_fallback(async || Error::NotFound)
        // A push, which may be longer, looks at its length itself.
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(SetResponseHeaderLayer::overriding(CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .layer(middleware::from_fn_with_state(state.metrics.clone(), metrics::count))
        .with_state(state);
    #[cfg(feature = "testing")]
    let router = router.layer(middleware::from_fn(crate::openapi_check::check));
    router
}

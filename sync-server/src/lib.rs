//! The sync server: joins the desktops of all clinics that share a tenant.

pub mod adopt;
pub mod archive;
pub mod audit;
pub mod auth;
pub mod backup;
pub mod catalogue;
pub mod clinic_move;
pub mod config;
pub mod connections;
pub mod database;
pub mod demo;
pub mod distribute;
pub mod doctor;
pub mod embedded;
pub mod error;
pub mod features;
pub mod files;
mod health;
pub mod import;
pub mod limits;
pub mod manage;
pub mod metrics;
mod openapi;
#[cfg(feature = "testing")]
mod openapi_check;
pub mod operator;
pub mod order;
mod router;
pub mod schema_doc;
pub mod sync;
mod tenant_tx;
#[cfg(feature = "testing")]
pub mod testing;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use protocol::PROTOCOL_VERSION;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use tenant_tx::{Db, TenantTx, TenantWriteTx};

/// How long requests under way may still take once the server was told to stop.
const SHUTDOWN_SECS: u64 = 20;

/// What every handler can reach.
#[derive(Clone, Debug)]
pub struct AppState {
    /// The door to the data.
    pub db: Db,
    /// Who may come in.
    pub auth: auth::Auth,
    /// Where reading and signing in are recorded.
    pub audit: audit::Audit,
    /// Who hears of new versions.
    pub live: sync::live::Hub,
    /// How much of their plans tenants use.
    pub counts: limits::Counts,
    /// Whose turn it is to push.
    pub pushes: sync::turns::Turns,
    /// Whose turn it is to pull.
    pub pulls: sync::turns::Turns,
    /// Whose turn it is to be filled.
    pub bootstraps: sync::bootstrap::Bootstraps,
    /// What tenants' data looked like, as long as nothing has changed.
    pub digests: sync::digest::Digests,
    /// The bytes of attached files.
    pub files: files::Files,
    /// What is counted.
    pub metrics: metrics::Metrics,
    /// The oldest protocol that is served.
    pub oldest_protocol: Arc<AtomicU32>,
    /// What is taken from whoever connects.
    pub limits: connections::Limits,
}

impl AppState {
    /// The state of a server that has heard of nothing yet.
    pub fn new(db: Db, auth: auth::Auth, files: files::Files) -> Self {
        Self {
            metrics: metrics::Metrics::new(&db),
            db,
            auth,
            files,
            audit: audit::Audit::new(None),
            live: sync::live::Hub::default(),
            counts: limits::Counts::default(),
            pushes: sync::turns::Turns::new(sync::turns::PUSHES_AT_ONCE),
            pulls: sync::turns::Turns::new(sync::turns::PULLS_AT_ONCE),
            bootstraps: sync::bootstrap::Bootstraps::default(),
            digests: sync::digest::Digests::default(),
            oldest_protocol: Arc::new(PROTOCOL_VERSION.saturating_sub(2).max(1).into()),
            limits: connections::Limits::default(),
        }
    }
}

/// Serves until `shutdown`; then live streams end, requests under way finish, and it returns.
pub async fn serve(
    listener: TcpListener,
    state: AppState,
    shutdown: impl Future<Output = ()> + Send + 'static,
) {
    let stop = CancellationToken::new();
    let db = state.db.clone();
    let hub = tokio::spawn(state.live.clone().run(db.clone(), stop.clone()));
    let signer = tokio::spawn(state.audit.clone().run(db.clone(), stop.clone()));
    let limits = state.limits;
    let app = router::router(state);
    let signal = {
        let stop = stop.clone();
        async move {
            shutdown.await;
            tracing::info!("stopping");
            stop.cancel();
        }
    };
    let overdue = async {
        stop.cancelled().await;
        tokio::time::sleep(Duration::from_secs(SHUTDOWN_SECS)).await;
    };
    tokio::select! {
        () = connections::serve(listener, app, limits, signal) => {}
        () = overdue => tracing::warn!("some requests did not finish in time"),
    }
    stop.cancel();
    if hub.await.is_err() {
        tracing::error!("the live hub broke off");
    }
    if signer.await.is_err() {
        tracing::error!("the audit log's signer broke off");
    }
    db.close().await;
}

//! Numbers for Prometheus, on a listener of their own. Labels are names of routes, codes, fates, versions and groups
//! of tenants: few, and none of them says whose a request was.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_TYPE, USER_AGENT};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use protocol::PROTOCOL_VERSION;
use protocol::api::{Fate, Receipt};
use protocol::error::ErrorCode;
use protocol::id::TenantId;
use serde::Serialize;
use tokio::net::TcpListener;

use crate::error::{Error, Result};
use crate::{Db, connections, features};

/// So many versions of the desktop are told apart; a made-up one must not fill the memory.
const MOST_VERSIONS: usize = 20;

/// What this process counts.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Arc<Registry>,
    requests: Family<Answered, Counter>,
    times: Family<Route, Histogram>,
    problems: Family<Code, Counter>,
    mutations: Family<OfFate, Counter>,
    behind: Histogram,
    pulls: Family<Desktop, Counter>,
    versions: Arc<Mutex<BTreeSet<String>>>,
    mended: Counter,
    live: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    route: String,
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Code {
    code: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfFate {
    fate: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Desktop {
    app_version: String,
    tenants: &'static str,
}

impl Metrics {
    /// Counts from nothing, and looks at the pool of this door whenever it is asked.
    pub fn new(db: &Db) -> Self {
        let times = || Histogram::new(exponential_buckets(0.001, 2.5, 12));
        let metrics = Self {
            registry: Arc::default(),
            requests: Family::default(),
            times: Family::new_with_constructor(times),
            problems: Family::default(),
            mutations: Family::default(),
            behind: Histogram::new([0.0, 1.0, 10.0, 100.0, 1_000.0, 10_000.0, 100_000.0]),
            pulls: Family::default(),
            versions: Arc::default(),
            mended: Counter::default(),
            live: Gauge::default(),
        };
        Self { registry: Arc::new(metrics.register(db)), ..metrics }
    }

    fn register(&self, db: &Db) -> Registry {
        let mut registry = Registry::with_prefix("clinic_sync");
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let build = Info::new([("version", version), ("protocol", PROTOCOL_VERSION.to_string())]);
        registry.register("build", "What runs", build);
        registry.register("requests", "Requests that were answered", self.requests.clone());
        registry.register_with_unit(
            "request",
            "Time to the head of the answer",
            Unit::Seconds,
            self.times.clone(),
        );
        registry.register("problems", "Requests that were refused or failed, by code", self.problems.clone());
        registry.register(
            "mutations",
            "Mutations of desktops, by what became of them",
            self.mutations.clone(),
        );
        registry.register(
            "pull_behind_versions",
            "Versions a desktop lacked when it pulled",
            self.behind.clone(),
        );
        registry.register(
            "pulls",
            "Pulls, by version of the desktop and group of tenants",
            self.pulls.clone(),
        );
        registry.register(
            "mended_rows",
            "Rows sent one by one because a desktop's copy differed: look for the defect",
            self.mended.clone(),
        );
        registry.register("live_streams", "Desktops that listen for changes", self.live.clone());
        registry.register("pool_waits", "Transactions that found every connection in use", db.waits.clone());
        registry.register(
            "failed_checks",
            "Times that a lane of an audit log did not fit the end that was signed before",
            db.broken_logs.clone(),
        );
        registry.register_with_unit(
            "begin",
            "Time to get a connection and begin",
            Unit::Seconds,
            db.begin_times.clone(),
        );
        registry.register_collector(Box::new(Pool(db.clone())));
        registry
    }

    /// Everything, in the text form of OpenMetrics.
    pub fn text(&self) -> Result<String> {
        let mut text = String::new();
        text::encode(&mut text, &self.registry).map_err(anyhow::Error::from)?;
        Ok(text)
    }

    /// Mutations that were kept.
    pub(crate) fn pushed<'a>(&self, receipts: impl Iterator<Item = &'a Receipt>) {
        for Receipt { fate, .. } in receipts {
            self.mutations.get_or_create(&OfFate { fate: word::<Fate>(*fate) }).inc();
        }
    }

    /// A pull of a desktop that has this version, while the tenant's is that one.
    pub(crate) fn pulled(&self, tenant: TenantId, headers: &HeaderMap, known: i64, head: i64) {
        self.behind.observe((head - known).max(0) as f64);
        let app_version = self.app_version(headers);
        self.pulls.get_or_create(&Desktop { app_version, tenants: group(tenant) }).inc();
    }

    /// Rows that a desktop asked for because its copy differed.
    pub(crate) fn mended(&self, rows: usize) {
        self.mended.inc_by(rows as u64);
    }

    fn app_version(&self, headers: &HeaderMap) -> String {
        let agent = headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        let Some(version) = agent.strip_prefix("clinic-desk/").filter(|text| is_version(text)) else {
            return "unknown".to_owned();
        };
        let mut known = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        if known.contains(version) || known.len() < MOST_VERSIONS {
            known.insert(version.to_owned());
            version.to_owned()
        } else {
            "other".to_owned()
        }
    }

    /// A desktop that listens, until this is dropped.
    pub(crate) fn listening(&self) -> Listening {
        self.live.inc();
        Listening(self.live.clone())
    }
}

/// A live stream that is open.
#[derive(Debug)]
pub(crate) struct Listening(Gauge);

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// `1.20.3`.
fn is_version(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    parts.len() == 3
        && parts
            .iter()
            .all(|part| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// When a roll-out in the usual steps reaches the tenant.
fn group(tenant: TenantId) -> &'static str {
    match features::place(tenant) {
        0..10 => "first_10",
        10..50 => "next_40",
        _ => "last_50",
    }
}

/// As it travels.
fn word<T: Serialize>(name: T) -> String {
    let name = serde_json::to_value(name).expect("BUG: a name is JSON");
    name.as_str().expect("BUG: a name is a text").to_owned()
}

/// The pool as it is when it is looked at.
#[derive(Debug)]
struct Pool(Db);

impl Collector for Pool {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        let (size, idle, most) = self.0.pool_sizes();
        for (name, help, value) in [
            ("pool_connections", "Connections to the database", size),
            ("pool_idle", "Connections that nobody uses", idle),
            ("pool_limit", "Connections at most", most),
        ] {
            let gauge = ConstGauge::new(i64::from(value));
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
        }
        Ok(())
    }
}

/// Counts a request, whatever becomes of it.
pub(crate) async fn count(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    let asked = Instant::now();
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let response = next.run(request).await;
    let status = match response.status().as_u16() {
        100..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        _ => "5xx",
    };
    if let Some(code) = response.extensions().get::<ErrorCode>() {
        metrics.problems.get_or_create(&Code { code: word(*code) }).inc();
    }
    metrics.times.get_or_create(&Route { route: route.clone() }).observe(asked.elapsed().as_secs_f64());
    metrics.requests.get_or_create(&Answered { route, status }).inc();
    response
}

/// Serves `GET /metrics`, and nothing else, until `stop`.
pub async fn serve(listener: TcpListener, metrics: Metrics, stop: impl Future<Output = ()>) {
    let answer = async |State(metrics): State<Metrics>| {
        let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        Ok::<_, Error>(([(CONTENT_TYPE, kind)], metrics.text()?).into_response())
    };
    let app = Router::new().route("/metrics", get(answer)).with_state(metrics);
    connections::serve(listener, app, connections::Limits::default(), stop).await;
}

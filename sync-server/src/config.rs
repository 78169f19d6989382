//! Flags and environment variables.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use axum::http::HeaderName;
use clap::{Args, ValueEnum};
use protocol::api::Secret;

use crate::connections::Limits;
use crate::database;
use crate::files::Files;

/// A URL with a password in it, so its `Debug` shows nothing.
#[derive(Clone, Debug)]
pub struct DatabaseUrl(pub Secret);

impl FromStr for DatabaseUrl {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(Secret(text.to_owned())))
    }
}

/// How the log is written.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What every command takes.
#[derive(Args, Debug)]
pub struct CommonOptions {
    /// Folder of the embedded database, its passwords, and the keys of the server.
    #[arg(long, global = true, env = "CLINIC_SYNC_DATA_DIR", default_value = "clinic-sync-data")]
    pub data_dir: PathBuf,
    /// How the log is written.
    #[arg(long, global = true, env = "CLINIC_SYNC_LOG_FORMAT", value_enum, default_value = "text")]
    pub log_format: LogFormat,
    /// URL of the database; without it, that of the embedded database running in the data folder.
    ///
    /// For `serve` the login is clinic_app, for `migrate` an administrator's, else clinic_ops; clinic_report will do
    /// for `tenant usage`.
    #[arg(long, global = true, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<DatabaseUrl>,
    /// Folder of the Postgres programs (initdb, pg_ctl, postgres) for the embedded database.
    #[arg(long, global = true, env = "CLINIC_SYNC_POSTGRES_BIN")]
    pub postgres_bin: Option<PathBuf>,
    /// Where attached files lie, the same for every process of one server: a folder, or `s3://bucket/prefix` with its keys in
    /// AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; without it, `files` in the data folder.
    #[arg(long, global = true, env = "CLINIC_SYNC_FILES")]
    pub files: Option<String>,
}

impl CommonOptions {
    /// The place of attached files.
    ///
    /// # Errors
    ///
    /// A folder that cannot be made, a place of another kind.
    pub fn open_files(&self) -> anyhow::Result<Files> {
        match &self.files {
            Some(place) => Files::open(place),
            None => Files::in_folder(&self.data_dir.join("files")),
        }
    }
}

/// Options of `serve`.
#[derive(Args, Debug)]
pub struct ServeOptions {
    /// Where to listen. Put a proxy with TLS before it for other computers.
    #[arg(long, env = "CLINIC_SYNC_LISTEN", default_value = "127.0.0.1:8787")]
    pub listen: SocketAddr,
    /// At most so many connections to the database, one of which listens; all processes together need as many in it.
    #[arg(long, env = "CLINIC_SYNC_CONNECTIONS", default_value_t = database::CONNECTIONS,
          value_parser = clap::value_parser!(u32).range(2..))]
    pub connections: u32,
    /// At most so many connections of desktops or of the proxy at once; further ones wait. Each desktop that listens has
    /// one, and the process needs as many open files, and some more.
    #[arg(long, env = "CLINIC_SYNC_CLIENT_CONNECTIONS", default_value_t = Limits::CONNECTIONS,
          value_parser = clap::value_parser!(u32).range(10..))]
    pub client_connections: u32,
    /// Where `GET /metrics` answers for Prometheus; without it, nowhere. Not for the internet: it asks for no password.
    #[arg(long, env = "CLINIC_SYNC_METRICS_LISTEN")]
    pub metrics_listen: Option<SocketAddr>,
    /// The name that devices sign for; every process of one server has the same.
    #[arg(long, env = "CLINIC_SYNC_SERVER_NAME", default_value = "clinic-sync")]
    pub server_name: String,
    /// PEM file of the key that signs access tokens; without it, `token-key.pem` in the data folder,
    /// made when it is missing.
    #[arg(long, env = "CLINIC_SYNC_TOKEN_KEY")]
    pub token_key: Option<PathBuf>,
    /// PEM file of the key that signs the ends of the audit log, the same for every process of one server;
    /// without it, `audit-key.pem` in the data folder, made when it is missing.
    #[arg(long, env = "CLINIC_SYNC_AUDIT_KEY")]
    pub audit_key: Option<PathBuf>,
    /// Refuses whoever wants to register a clinic by themselves: the operator makes all tenants, with `tenant create`.
    #[arg(long, env = "CLINIC_SYNC_NO_REGISTRATION")]
    pub no_registration: bool,
    /// Header in which the proxy says from which address a request came, such as `X-Real-IP`: from one address 300 failed
    /// sign-ins a minute are taken. The proxy must set it itself, in every request. Without it the address of the connection
    /// counts, unless it is this computer's or of a private network, where a proxy may stand.
    #[arg(long, env = "CLINIC_SYNC_ADDRESS_HEADER")]
    pub address_header: Option<HeaderName>,
    /// PEM file of the key that signs orders to desktops, the same for every process of one server; without it,
    /// `order-key.pem` in the data folder, made when it is missing and no computer was enrolled yet.
    #[arg(long, env = "CLINIC_SYNC_ORDER_KEY")]
    pub order_key: Option<PathBuf>,
    /// Starts a database of its own in the data folder and brings it up to date.
    #[arg(long)]
    pub embedded: bool,
}

//! `clinic-sync`: the sync server and its operator's commands.

#[cfg(test)]
mod pages;

use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::{Parser, Subcommand};
use clinic_sync::adopt::{self, AdoptOptions};
use clinic_sync::archive::command::ArchiveCommand;
use clinic_sync::archive::{self, Doors};
use clinic_sync::audit::command::{AuditCommand, run_audit};
use clinic_sync::audit::{Audit, heads};
use clinic_sync::auth::password::{PasswordCost, Passwords};
use clinic_sync::auth::{Auth, token};
use clinic_sync::backup::{self, BackupCommand};
use clinic_sync::config::{CommonOptions, DatabaseUrl, LogFormat, ServeOptions};
use clinic_sync::connections::Limits;
use clinic_sync::database::{self, LoginPasswords};
use clinic_sync::demo::{self, DemoOptions};
use clinic_sync::distribute;
use clinic_sync::doctor::{self, DoctorOptions};
use clinic_sync::embedded::{self, Embedded};
use clinic_sync::features::command::{RolloutCommand, run_rollout};
use clinic_sync::import::{self, ImportCommand};
use clinic_sync::metrics;
use clinic_sync::operator::{self, ClinicCommand, DeviceCommand, TenantCommand, UserCommand};
use clinic_sync::{AppState, Db, order, schema_doc, serve};
use protocol::api::Secret;
use sqlx::migrate::Migrator;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// Between two looks at the embedded database.
const LOOK_EVERY: Duration = Duration::from_secs(5);

#[derive(Debug, Parser)]
#[command(name = "clinic-sync", version, about = "The sync server of Clinic Desk")]
struct Cli {
    #[command(flatten)]
    common: CommonOptions,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes roles and schema in the database, or brings them up to date.
    ///
    /// CLINIC_SYNC_APP_PASSWORD, CLINIC_SYNC_OPS_PASSWORD and CLINIC_SYNC_REPORT_PASSWORD, if set, become the
    /// passwords of the logins clinic_app, clinic_ops and clinic_report. They are never arguments, which every user
    /// of the machine could read.
    Migrate {
        /// Also spreads the tables over the workers of a Citus cluster, by tenant; needs its extension.
        #[arg(long)]
        distributed: bool,
    },
    /// Serves desktops until it is stopped.
    Serve(ServeOptions),
    /// Makes a new key for signing access tokens.
    Keygen {
        /// The file to write; it must not exist.
        #[arg(long)]
        out: PathBuf,
    },
    /// The key that signs orders to desktops.
    #[command(subcommand)]
    OrderKey(order::OrderKeyCommand),
    /// Tenants.
    #[command(subcommand)]
    Tenant(AnyTenantCommand),
    /// Clinics.
    #[command(subcommand)]
    Clinic(ClinicCommand),
    /// Desktops.
    #[command(subcommand)]
    Device(DeviceCommand),
    /// Members of staff.
    #[command(subcommand)]
    User(UserCommand),
    /// Checks roles, walls, schema and settings of the database, and says what is wrong. Exit code 1 if anything is.
    ///
    /// The login is clinic_ops or an administrator. No row of a tenant is read.
    Doctor(DoctorOptions),
    /// Gives a single-tenant database tenants and walls where it stands, step by step, while its application runs.
    ///
    /// DATABASE_URL is an administrator's of that database. docs/in-place-migration.md tells what each step does.
    Adopt(AdoptOptions),
    /// Brings in what a clinic has already.
    #[command(subcommand)]
    Import(ImportCommand),
    /// The audit log.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Backups of the whole database.
    #[command(subcommand)]
    Backup(BackupCommand),
    /// Features that not every tenant has yet.
    #[command(subcommand)]
    Rollout(RolloutCommand),
    /// Makes a tenant with sample patients and a year of prescriptions.
    DemoData(DemoOptions),
    /// Writes docs/schema.md, as the database has its tables, to the standard output.
    #[command(hide = true)]
    SchemaDoc,
    /// Runs a command with DATABASE_URL set to a new, migrated database, which is gone afterwards.
    #[command(hide = true)]
    WithScratchDatabase {
        /// The folder of the migrations; without it, those that this program was built with.
        #[arg(long)]
        migrations: Option<PathBuf>,
        /// The command and what it takes.
        #[arg(last = true, required = true)]
        command: Vec<OsString>,
    },
}

/// Commands on tenants: keeping the list, and leaving it.
#[derive(Debug, Subcommand)]
enum AnyTenantCommand {
    #[command(flatten)]
    List(TenantCommand),
    #[command(flatten)]
    Archive(ArchiveCommand),
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            writeln!(std::io::stderr(), "clinic-sync: {error:#}").ok();
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<()> {
    let cli = Cli::parse();
    start_log(cli.common.log_format);
    match cli.command {
        Command::Migrate { distributed } => run_migrate(&cli.common, distributed).await,
        Command::Serve(options) => run_serve(&cli.common, options).await,
        Command::WithScratchDatabase { migrations, command } => {
            run_with_scratch(&cli.common, migrations.as_deref(), command).await
        }
        Command::Keygen { out } => token::write_new_key(&out),
        Command::OrderKey(command) => order::run(&cli.common.data_dir, command, &mut std::io::stdout()),
        Command::Tenant(AnyTenantCommand::Archive(command)) => {
            archive::command::run(&doors(&cli.common).await?, command, &mut std::io::stdout()).await
        }
        Command::Tenant(AnyTenantCommand::List(command)) => {
            let passwords = Passwords::new(PasswordCost::STANDARD);
            let db = match command {
                // The one command of clinic_report.
                TenantCommand::Usage(_) => database::connect_report(&operators_url(&cli.common)?.0).await?,
                _ => operators_db(&cli.common).await?,
            };
            operator::run_tenant(&db, &passwords, command, &mut std::io::stdout()).await
        }
        Command::Clinic(command) => {
            let files = || cli.common.open_files();
            operator::run_clinic(&operators_db(&cli.common).await?, files, command, &mut std::io::stdout())
                .await
        }
        Command::Device(command) => {
            operator::run_device(&operators_db(&cli.common).await?, command, &mut std::io::stdout()).await
        }
        Command::User(command) => {
            let passwords = Passwords::new(PasswordCost::STANDARD);
            operator::run_user(&operators_db(&cli.common).await?, &passwords, command, &mut std::io::stdout())
                .await
        }
        Command::Doctor(options) => doctor::run(&cli.common, options, &mut std::io::stdout()).await,
        Command::Adopt(options) => {
            let url = cli
                .common
                .database_url
                .context("Give DATABASE_URL, of an administrator of that database.")?;
            adopt::run(&url.0, &options, &mut std::io::stdout()).await
        }
        Command::Import(command) => {
            import::run(async || operators_db(&cli.common).await, command, &mut std::io::stdout()).await
        }
        Command::SchemaDoc => {
            let url = cli.common.database_url.context("Give DATABASE_URL.")?;
            Ok(write!(std::io::stdout(), "{}", schema_doc::write(&url).await?)?)
        }
        Command::Audit(command) => {
            let db = operators_db(&cli.common).await?;
            run_audit(&db, &cli.common.data_dir, command, &mut std::io::stdout()).await
        }
        Command::Backup(command) => {
            let url = || operators_url(&cli.common);
            let bin = cli.common.postgres_bin.as_deref();
            backup::run(url, bin, command, stop_signal(), &mut std::io::stdout()).await
        }
        Command::Rollout(command) => {
            run_rollout(&operators_db(&cli.common).await?, command, &mut std::io::stdout()).await
        }
        Command::DemoData(options) => {
            demo::run(&operators_db(&cli.common).await?, &options, &mut std::io::stdout()).await
        }
    }
}

async fn operators_db(common: &CommonOptions) -> anyhow::Result<Db> {
    Ok(database::connect_ops(&operators_url(common)?.0).await?)
}

fn operators_url(common: &CommonOptions) -> anyhow::Result<DatabaseUrl> {
    Ok(match &common.database_url {
        Some(url) => url.clone(),
        None => embedded::Urls::of_running(&common.data_dir)?.ops,
    })
}

/// The operator's login, and the server's where it is known.
async fn doors(common: &CommonOptions) -> anyhow::Result<Doors> {
    let app = match (&common.database_url, std::env::var("CLINIC_SYNC_APP_DATABASE_URL")) {
        (_, Ok(url)) => Some(Secret(url)),
        (None, Err(_)) => Some(embedded::Urls::of_running(&common.data_dir)?.app.0),
        (Some(_), Err(_)) => None,
    };
    let app = match app {
        Some(url) => Some(database::connect_app(&url).await?),
        None => None,
    };
    Ok(Doors { ops: operators_db(common).await?, app, files: common.open_files()? })
}

async fn run_migrate(common: &CommonOptions, is_distributed: bool) -> anyhow::Result<()> {
    let url = match &common.database_url {
        Some(url) => url.clone(),
        None => embedded::Urls::of_running(&common.data_dir)?.admin,
    };
    let password = |name: &str| std::env::var(name).ok().filter(|set| !set.is_empty()).map(Secret);
    let passwords = LoginPasswords {
        app: password("CLINIC_SYNC_APP_PASSWORD"),
        ops: password("CLINIC_SYNC_OPS_PASSWORD"),
        report: password("CLINIC_SYNC_REPORT_PASSWORD"),
    };
    if is_distributed {
        distribute::check(&url.0).await?;
    }
    database::migrate(&url.0, &passwords).await?;
    if is_distributed {
        let tables = distribute::distribute(&url.0).await?;
        tracing::info!(tables, "spread over the cluster");
    }
    tracing::info!("the database is up to date");
    Ok(())
}

async fn run_serve(common: &CommonOptions, options: ServeOptions) -> anyhow::Result<()> {
    let mut running = None;
    let url = if options.embedded {
        let embedded = Arc::new(start_embedded(common, &common.data_dir, true).await?);
        database::migrate(&embedded.urls().admin.0, embedded.passwords()).await?;
        running.insert(embedded).urls().app.clone()
    } else {
        common.database_url.clone().context("Give --database-url (or DATABASE_URL), or --embedded.")?
    };
    let db = database::connect_app_with(&url.0, options.connections).await?;
    std::fs::create_dir_all(&common.data_dir)?;
    let key_file = options.token_key.unwrap_or_else(|| common.data_dir.join("token-key.pem"));
    if !key_file.exists() {
        token::write_new_key(&key_file)?;
        tracing::info!(file = %key_file.display(), "made a key for access tokens");
    }
    let keys = token::TokenKeys::load(&key_file)?;
    let order_key = options.order_key.unwrap_or_else(|| order::default_file(&common.data_dir));
    let order_key = order::OrderKey::load_or_first(&order_key, &db).await?;
    let auth = Auth::new(keys, order_key, &options.server_name, PasswordCost::STANDARD);
    if options.no_registration {
        auth.registrations.close();
    }
    if let Some(header) = options.address_header {
        auth.addresses.believe(header);
    }
    let audit_key = options.audit_key.unwrap_or_else(|| common.data_dir.join("audit-key.pem"));
    let audit = Audit::new(Some(heads::AuditKey::load_or_create(&audit_key)?));
    let listener = TcpListener::bind(options.listen)
        .await
        .with_context(|| format!("Nothing can listen on {}.", options.listen))?;
    let address = format!("http://{}", listener.local_addr()?);
    let address_file = common.data_dir.join("listen");
    std::fs::write(&address_file, &address)?;
    writeln!(std::io::stdout(), "listening on {address}")?;
    let limits = Limits { connections: options.client_connections, ..Limits::default() };
    let state = AppState { audit, limits, ..AppState::new(db, auth, common.open_files()?) };
    if let Some(address) = options.metrics_listen {
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("Nothing can listen on {address} for Prometheus."))?;
        tokio::spawn(metrics::serve(listener, state.metrics.clone(), std::future::pending()));
    }
    tokio::select! {
        () = serve(listener, state, stop_signal()) => {}
        () = keep_running(running.as_ref()) => {}
    }
    // Another process of the same folder may have stopped before.
    std::fs::remove_file(address_file).ok();
    // Whoever is just starting it again stops it as well.
    if let Some(embedded) = running.and_then(Arc::into_inner) {
        tokio::task::spawn_blocking(|| embedded.stop()).await??;
    }
    Ok(())
}

/// Starts the embedded database again whenever it is gone, for ever.
async fn keep_running(embedded: Option<&Arc<Embedded>>) {
    let Some(embedded) = embedded else { return std::future::pending().await };
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let embedded = Arc::clone(embedded);
        match tokio::task::spawn_blocking(move || embedded.start_again()).await {
            Ok(Ok(false)) => {}
            Ok(Ok(true)) => tracing::warn!("the embedded database was gone and was started again"),
            Ok(Err(error)) => tracing::error!(%error, "the embedded database is gone and does not start"),
            Err(error) => tracing::error!(%error, "nobody could look whether the embedded database runs"),
        }
    }
}

async fn run_with_scratch(
    common: &CommonOptions,
    migrations: Option<&Path>,
    command: Vec<OsString>,
) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let embedded = start_embedded(common, folder.path(), false).await?;
    let admin = &embedded.urls().admin.0;
    match migrations {
        None => database::migrate(admin, embedded.passwords()).await?,
        Some(folder) => {
            let migrations = Migrator::new(folder).await?;
            database::migrate_with(admin, embedded.passwords(), &migrations).await?;
        }
    }
    let (program, arguments) = command.split_first().context("Give a command.")?;
    let status = tokio::process::Command::new(program)
        .args(arguments)
        .env("DATABASE_URL", format!("{}?options=-csearch_path%3Dclinic", admin.0))
        .status()
        .await?;
    tokio::task::spawn_blocking(|| embedded.stop()).await??;
    anyhow::ensure!(status.success(), "the command ended with {status}");
    Ok(())
}

async fn start_embedded(common: &CommonOptions, data_dir: &Path, durable: bool) -> anyhow::Result<Embedded> {
    let options = embedded::Options {
        data_dir: data_dir.to_owned(),
        postgres_bin: common.postgres_bin.clone(),
        durable,
    };
    Ok(tokio::task::spawn_blocking(move || Embedded::start(&options)).await??)
}

/// Ctrl-C, or the signal by which service managers stop a program.
async fn stop_signal() {
    let interrupt = async {
        // Without a handler the process can only be killed, which it survives.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}

fn start_log(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("info,sqlx::postgres::notice=warn"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
}

//! A Postgres of one's own: for a clinic with one server and nobody to run a database, for trying out, and
//! for tests. It listens on 127.0.0.1 only and asks for a password.

pub(crate) mod programs;
mod user;

use std::fs::{self, File};
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use protocol::api::Secret;
use serde::{Deserialize, Serialize};

use crate::config::DatabaseUrl;
use user::User;

const ADMIN: &str = "clinic_admin";
const START_TRIES: u32 = 5;

/// Why the embedded database does not run. The sentences are for whoever runs the server.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No programs.
    #[error(
        "There are no Postgres programs (15 or later) here. Install Postgres, or run `npm ci` in \
         sync-server/postgres, or name the folder of initdb, pg_ctl and postgres with --postgres-bin."
    )]
    NoPrograms,
    /// Programs, and none that take the database that is there.
    #[error(
        "The database was made by Postgres {0}, and the programs of that version are not here. Install them, or name their \
         folder with --postgres-bin. Nothing was changed."
    )]
    OtherVersion(u32),
    /// Postgres does not run as root, and the other user cannot get there.
    #[error(
        "Postgres refuses to run as root, so it runs as user {} here, who cannot enter {}. Choose a data \
         folder that every user can enter, such as /var/lib/clinic-sync, or do not run this as root.",
        user::UNPRIVILEGED, .0.display()
    )]
    Unreachable(PathBuf),
    /// Two servers for one folder.
    #[error("Another clinic-sync works with {}.", .0.display())]
    InUse(PathBuf),
    /// No server for this folder.
    #[error("No embedded database runs in {}. Start `clinic-sync serve --embedded` first.", .0.display())]
    NotRunning(PathBuf),
    /// A program of Postgres.
    #[error("{program} failed: {output}")]
    Failed {
        /// Which one.
        program: &'static str,
        /// What it said.
        output: String,
    },
    /// A file.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// How to run it.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder for its data and passwords.
    pub data_dir: PathBuf,
    /// The folder of its programs, if not to be looked for.
    pub postgres_bin: Option<PathBuf>,
    /// Whether a power cut may lose nothing. Only tests say no.
    pub durable: bool,
}

/// Where it listens and how to get in; kept in the data folder, readable by its owner only.
#[derive(Serialize, Deserialize)]
struct Access {
    port: u16,
    admin: Secret,
    app: Secret,
    ops: Secret,
}

/// How to connect to a running embedded database.
#[derive(Clone, Debug)]
pub struct Urls {
    /// As its administrator, for migrations.
    pub admin: DatabaseUrl,
    /// As the server.
    pub app: DatabaseUrl,
    /// As the operator.
    pub ops: DatabaseUrl,
}

/// A running embedded database; it stops when this is dropped.
#[derive(Debug)]
pub struct Embedded {
    urls: Urls,
    passwords: crate::database::LoginPasswords,
    bin: PathBuf,
    cluster: PathBuf,
    user: User,
    port: u16,
    settings: &'static str,
    stop_mode: &'static str,
    // Held until the process ends: one server for one folder.
    lock: File,
}

impl Embedded {
    /// Starts the database of this folder; makes it first where there is none. What a crash left behind is
    /// cleaned up. Blocks for a second or two.
    pub fn start(options: &Options) -> Result<Self, Error> {
        let data_dir = std::path::absolute(&options.data_dir)?;
        fs::create_dir_all(&data_dir)?;
        let data_dir = data_dir.canonicalize()?;
        let lock = File::create(data_dir.join("lock"))?;
        lock.try_lock().map_err(|_| Error::InUse(data_dir.clone()))?;
        let user = User::for_postgres(&data_dir)?;
        user.open_folder(&data_dir)?;
        let cluster = data_dir.join("postgres");
        let bin = programs::find(options.postgres_bin.as_deref(), made_by(&cluster))?;
        let bin = user.reachable_programs(bin, &data_dir)?;
        let access_file = data_dir.join("access.json");
        if !cluster.exists() {
            let access = Access { port: 0, admin: new_password(), app: new_password(), ops: new_password() };
            write_private(&access_file, &access)?;
            init(&bin, &cluster, user, &access.admin, options.durable)?;
        }
        let mut access = read_access(&access_file)?;
        let settings = if options.durable {
            ""
        } else {
            "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off "
        };
        let mut embedded = Self {
            urls: Urls::of(&access),
            passwords: crate::database::LoginPasswords {
                app: Some(access.app.clone()),
                ops: Some(access.ops.clone()),
                report: None,
            },
            bin,
            cluster,
            user,
            port: access.port,
            settings,
            stop_mode: if options.durable { "fast" } else { "immediate" },
            lock,
        };
        if embedded.is_running() {
            // Its clinic-sync was killed; the lock says that no other one has it.
            embedded.run_stop()?;
        }
        // On the port of last time, if no one has it now.
        let last_port = access.port;
        let mut first_try = Some(last_port).filter(|port| *port != 0 && is_free(*port));
        for tries_left in (0..START_TRIES).rev() {
            access.port = first_try.take().map_or_else(free_port, Ok)?;
            embedded.port = access.port;
            match embedded.run_start() {
                Err(error) if tries_left == 0 => return Err(error),
                Err(error) => tracing::debug!(%error, "once more, on another port"),
                Ok(()) => break,
            }
        }
        if access.port != last_port {
            write_private(&access_file, &access)?;
        }
        embedded.urls = Urls::of(&access);
        Ok(embedded)
    }

    /// How to connect.
    pub fn urls(&self) -> &Urls {
        &self.urls
    }

    /// The passwords that `migrate` gives to the logins.
    pub fn passwords(&self) -> &crate::database::LoginPasswords {
        &self.passwords
    }

    /// Starts it again where it was if it does not run any more, as after a system without memory has killed it. Answers
    /// whether it did. Blocks for a second or two.
    pub fn start_again(&self) -> Result<bool, Error> {
        if self.is_running() {
            return Ok(false);
        }
        self.run_start().map(|()| true)
    }

    /// Stops it and waits until it has stopped.
    pub fn stop(self) -> Result<(), Error> {
        self.run_stop()
    }

    fn pg_ctl(&self, action: &str) -> Command {
        let mut command = Command::new(programs::program(&self.bin, "pg_ctl"));
        self.user.become_in(&mut command);
        command.arg(action).arg("-D").arg(&self.cluster).stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    fn is_running(&self) -> bool {
        self.pg_ctl("status").stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    }

    fn run_start(&self) -> Result<(), Error> {
        let Self { port, settings, .. } = self;
        let log = self.cluster.join("server.log");
        // Opened outputs would be inherited by the server and never end.
        let status = self
            .pg_ctl("start")
            .stderr(Stdio::null())
            .arg("-w")
            .args(["-t", "60"])
            .arg("-l")
            .arg(&log)
            .arg("-o")
            // The details of an error quote the row.
            .arg(format!(
                "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200 \
                 -c log_error_verbosity=terse {settings}"
            ))
            .status()?;
        if status.success() {
            return Ok(());
        }
        let text = fs::read_to_string(&log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let output = lines[lines.len().saturating_sub(10)..].join("\n");
        Err(Error::Failed { program: "pg_ctl start", output })
    }

    fn run_stop(&self) -> Result<(), Error> {
        let output = self.pg_ctl("stop").args(["-w", "-t", "60", "-m", self.stop_mode]).output()?;
        // One that was killed is taken for a running one until the system forgets it; then it has stopped as well.
        if output.status.success() || !self.is_running() {
            Ok(())
        } else {
            Err(failed("pg_ctl stop", &output.stderr))
        }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        if self.is_running()
            && let Err(error) = self.run_stop()
        {
            tracing::error!(%error, "the embedded database did not stop");
        }
        // A program that is just being started has a copy of the file; only this ends the lock for it as well.
        self.lock.unlock().ok();
    }
}

impl Urls {
    /// Those of the database that runs in this folder, for the operator's commands.
    pub fn of_running(data_dir: &Path) -> Result<Self, Error> {
        let file = data_dir.join("access.json");
        if !file.exists() {
            return Err(Error::NotRunning(data_dir.to_owned()));
        }
        let access = read_access(&file)?;
        if std::net::TcpStream::connect(("127.0.0.1", access.port)).is_err() {
            return Err(Error::NotRunning(data_dir.to_owned()));
        }
        Ok(Self::of(&access))
    }

    fn of(access: &Access) -> Self {
        let url = |login: &str, password: &Secret| {
            let Secret(password) = password;
            DatabaseUrl(Secret(format!("postgres://{login}:{password}@127.0.0.1:{}/postgres", access.port)))
        };
        Self {
            admin: url(ADMIN, &access.admin),
            app: url("clinic_app", &access.app),
            ops: url("clinic_ops", &access.ops),
        }
    }
}

/// The major version of Postgres that made the database, if there is one.
fn made_by(cluster: &Path) -> Option<u32> {
    fs::read_to_string(cluster.join("PG_VERSION")).ok()?.trim().parse().ok()
}

/// Makes the database in a folder beside, so that a half-made one is never taken for a whole one.
fn init(bin: &Path, cluster: &Path, user: User, password: &Secret, durable: bool) -> Result<(), Error> {
    let unfinished = cluster.with_extension("new");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished)?;
    }
    fs::create_dir(&unfinished)?;
    user.own(&unfinished)?;
    let password_file = cluster.with_extension("password");
    private_file(&password_file)?.write_all(password.0.as_bytes())?;
    user.own(&password_file)?;
    let mut command = Command::new(programs::program(bin, "initdb"));
    user.become_in(&mut command);
    let output = command
        .arg("-D")
        .arg(&unfinished)
        .args(["-U", ADMIN, "-A", "scram-sha-256", "-E", "UTF8", "--locale=C"])
        .args((!durable).then_some("--no-sync"))
        .arg(format!("--pwfile={}", password_file.display()))
        .output();
    fs::remove_file(&password_file)?;
    let output = output?;
    if !output.status.success() {
        return Err(failed("initdb", &output.stderr));
    }
    rename(&unfinished, cluster)?;
    Ok(())
}

fn failed(program: &'static str, output: &[u8]) -> Error {
    Error::Failed { program, output: String::from_utf8_lossy(output).trim().to_owned() }
}

fn new_password() -> Secret {
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes).expect("BUG: the system gives random bytes");
    Secret(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}

fn read_access(file: &Path) -> Result<Access, Error> {
    Ok(serde_json::from_slice(&fs::read(file)?).map_err(std::io::Error::from)?)
}

fn write_private(file: &Path, access: &Access) -> Result<(), Error> {
    let unfinished = file.with_extension("new");
    let mut out = private_file(&unfinished)?;
    out.write_all(&serde_json::to_vec(access).map_err(std::io::Error::from)?)?;
    // On disk before it takes the place of the old one: without its passwords a whole database is locked away.
    out.sync_all()?;
    rename(&unfinished, file)?;
    Ok(())
}

/// Renames within a folder, so that a power cut does not undo it.
fn rename(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::rename(from, to)?;
    #[cfg(unix)]
    if let Some(folder) = to.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// An empty file that only its owner reads.
fn private_file(path: &Path) -> std::io::Result<File> {
    if path.exists() {
        fs::remove_file(path)?;
    }
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

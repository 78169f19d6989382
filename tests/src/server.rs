//! The sync server as a process: with a Postgres of its own, as a small clinic would run it, or on one that is there.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::Context;
use clinic_sync::embedded::Urls;

use crate::process::{Process, output, program, wait_for};

/// `clinic-sync serve` on a folder, with a database of its own but where one is given.
pub struct ServerProcess {
    folder: PathBuf,
    listen: String,
    /// The database that is not its own.
    urls: Option<Urls>,
    process: Option<Process>,
}

impl ServerProcess {
    /// Starts it on this folder; always at the same address.
    ///
    /// # Errors
    ///
    /// Its last words, if it ends instead.
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let address_file = folder.join("address");
        let listen = match std::fs::read_to_string(&address_file) {
            Ok(address) => address,
            Err(_) => free_address()?,
        };
        std::fs::write(&address_file, &listen)?;
        Self::at(folder, listen, None)
    }

    /// Starts one on a database that is there. Several on one folder and one database are one server.
    ///
    /// # Errors
    ///
    /// Its last words, if it ends instead.
    pub fn on(folder: &Path, urls: &Urls) -> anyhow::Result<Self> {
        Self::at(folder, free_address()?, Some(urls.clone()))
    }

    fn at(folder: &Path, listen: String, urls: Option<Urls>) -> anyhow::Result<Self> {
        let mut server = Self { folder: folder.to_owned(), listen, urls, process: None };
        server.start()?;
        Ok(server)
    }

    /// Starts it where it was before; desktops find it again by themselves.
    ///
    /// # Errors
    ///
    /// Its last words, if it ends instead.
    pub fn start(&mut self) -> anyhow::Result<()> {
        let log_file = self.folder.join("server.log");
        let log = std::fs::File::options().create(true).append(true).open(&log_file)?;
        let mut command = Command::new(program("clinic-sync")?);
        command.args(["serve", "--listen", &self.listen, "--data-dir"]).arg(self.data());
        match &self.urls {
            None => command.arg("--embedded"),
            Some(urls) => command.env("DATABASE_URL", &urls.app.0.0),
        };
        let mut process = Process::spawn(command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log))?;
        wait_for("the sync server", Duration::from_secs(120), || {
            if let Some(status) = process.child().try_wait()? {
                let log = std::fs::read_to_string(&log_file)?;
                let last: Vec<&str> = log.lines().rev().take(5).collect();
                anyhow::bail!(
                    "the sync server ended with {status}: {}",
                    last.into_iter().rev().collect::<Vec<_>>().join("\n")
                );
            }
            Ok(std::net::TcpStream::connect(&self.listen).ok())
        })?;
        self.process = Some(process);
        Ok(())
    }

    /// Stops it: an outage.
    ///
    /// # Errors
    ///
    /// If it does not stop.
    pub fn stop(&mut self) -> anyhow::Result<()> {
        self.process.take().map_or(Ok(()), Process::stop)
    }

    /// Kills it where it stands; its database goes on alone.
    ///
    /// # Errors
    ///
    /// If it cannot be killed.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.process.take().map_or(Ok(()), Process::kill_alone)
    }

    /// Kills it and its database: a power cut.
    ///
    /// # Errors
    ///
    /// If it cannot be killed.
    pub fn cut_power(&mut self) -> anyhow::Result<()> {
        self.process.take().map_or(Ok(()), Process::kill)?;
        // Postgres has a process group of its own, and would go on.
        if self.urls.is_none() { crate::database::kill(&self.data()) } else { Ok(()) }
    }

    /// Where desktops find it.
    pub fn address(&self) -> String {
        format!("http://{}", self.listen)
    }

    /// Runs an operator's command.
    ///
    /// # Errors
    ///
    /// Its own words.
    pub fn operator(&self, args: &[&str]) -> anyhow::Result<String> {
        self.operator_with(args, "")
    }

    /// Runs an operator's command with this on its standard input.
    ///
    /// # Errors
    ///
    /// Its own words.
    pub fn operator_with(&self, args: &[&str], input: &str) -> anyhow::Result<String> {
        let mut command = Command::new(program("clinic-sync")?);
        command.args(args).arg("--data-dir").arg(self.data());
        if let Some(urls) = &self.urls {
            command.env("DATABASE_URL", &urls.ops.0.0);
        }
        output(&mut command, input)
    }

    /// Copies its data, as a backup of a disk does. It stands still meanwhile.
    ///
    /// # Errors
    ///
    /// If that fails.
    pub fn back_up(&mut self) -> anyhow::Result<()> {
        self.stop()?;
        copy(&self.data(), &self.folder.join("backup"))?;
        self.start()
    }

    /// Stops it, and puts the data of the backup in the place of what it has. It stands still until it is started.
    ///
    /// # Errors
    ///
    /// If that fails.
    pub fn restore(&mut self) -> anyhow::Result<()> {
        self.stop()?;
        std::fs::remove_dir_all(self.data())?;
        copy(&self.folder.join("backup"), &self.data())
    }

    /// Where its data lie, and its database if it has one of its own.
    pub fn data(&self) -> PathBuf {
        self.folder.join("server")
    }
}

/// Where nobody else listens, nor will before the server does: the system itself gives away higher ports alone.
fn free_address() -> anyhow::Result<String> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let ports =
        (0..10_000).map(|_| 20_000 + (std::process::id() + NEXT.fetch_add(1, Ordering::Relaxed)) % 10_000);
    let mut addresses = ports.map(|port| format!("127.0.0.1:{port}"));
    addresses.find(|address| std::net::TcpListener::bind(address).is_ok()).context("there is no free port")
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    output(Command::new("cp").arg("-a").arg(from).arg(to), "")?;
    Ok(())
}

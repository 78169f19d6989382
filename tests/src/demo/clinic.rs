//! The demo's clinic: its server as a process, its staff, and the computer that is enrolled with it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context;
use clinic_tests::process::{Process, output, program, wait_for};
use serde::{Deserialize, Serialize};

use crate::say;

/// The demo tenant's code.
pub const TENANT: &str = "ASHA_DENTAL";
/// The clinic where the demo's computer stands.
const CLINIC: &str = "ANDHERI";
/// How many patients the demo has.
const PATIENTS: &str = "2000";
/// Equal seeds give equal patients.
const SEED: &str = "7";

/// What `clinic-sync demo-data --json` prints when it makes the tenant.
#[derive(Serialize, Deserialize)]
pub struct DemoData {
    /// The staff with their first passwords.
    pub staff: Vec<Staff>,
}

/// A member of the demo's staff.
#[derive(Clone, Serialize, Deserialize)]
pub struct Staff {
    /// Their name.
    pub full_name: String,
    /// With what they sign in.
    pub email: String,
    /// What they may do.
    pub roles: Vec<String>,
    /// Made for this demo alone.
    pub password: String,
}

/// The clinic.
pub struct Clinic {
    folder: PathBuf,
    server: Option<Process>,
    address: String,
    staff: Vec<Staff>,
}

impl Clinic {
    /// Starts the server, and makes the tenant with its patients if there is none.
    pub fn open(folder: PathBuf) -> anyhow::Result<Self> {
        let mut clinic = Self { folder, server: None, address: String::new(), staff: vec![] };
        clinic.start_server()?;
        let kept = clinic.folder.join("staff.json");
        if !kept.exists() {
            say("Making a clinic with 2,000 patients and a year of prescriptions …");
            let data = clinic.operator(&[
                "demo-data",
                "--tenant-code",
                TENANT,
                "--patients",
                PATIENTS,
                "--seed",
                SEED,
                "--json",
            ])?;
            write_private(&kept, &data)?;
        }
        let data: DemoData = serde_json::from_slice(&std::fs::read(&kept)?)?;
        clinic.staff = data.staff;
        Ok(clinic)
    }

    /// Starts the server where it was before; a desktop finds it again at the same address.
    pub fn start_server(&mut self) -> anyhow::Result<()> {
        let data = self.folder.join("server");
        let address_file = self.folder.join("address");
        let listen = match std::fs::read_to_string(&address_file) {
            Ok(address) => address,
            Err(_) => std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string(),
        };
        std::fs::write(&address_file, &listen)?;
        let log = std::fs::File::options().create(true).append(true).open(self.folder.join("server.log"))?;
        let mut server = Process::spawn(
            Command::new(program("clinic-sync")?)
                .args(["serve", "--embedded", "--listen", &listen, "--data-dir"])
                .arg(&data)
                .stdin(Stdio::null())
                .stdout(log.try_clone()?)
                .stderr(log),
        )?;
        self.address = format!("http://{listen}");
        wait_for("the sync server", Duration::from_secs(120), || {
            if let Some(status) = server.child().try_wait()? {
                let log = std::fs::read_to_string(self.folder.join("server.log"))?;
                let last: Vec<&str> = log.lines().rev().take(5).collect();
                anyhow::bail!(
                    "the sync server ended with {status}: {}",
                    last.into_iter().rev().collect::<Vec<_>>().join("\n")
                );
            }
            Ok(std::net::TcpStream::connect(&listen).ok())
        })?;
        self.server = Some(server);
        Ok(())
    }

    /// Stops the server: an outage.
    pub fn stop_server(&mut self) -> anyhow::Result<()> {
        self.server.take().map_or(Ok(()), Process::stop)
    }

    /// Runs an operator's command.
    fn operator(&self, args: &[&str]) -> anyhow::Result<String> {
        output(
            Command::new(program("clinic-sync")?)
                .args(args)
                .arg("--data-dir")
                .arg(self.folder.join("server")),
            "",
        )
    }

    /// The first member of the staff who has this role.
    pub fn staff(&self, role: &str) -> anyhow::Result<&Staff> {
        let found = self.staff.iter().find(|person| person.roles.iter().any(|had| had == role));
        found.with_context(|| format!("the demo has no {role}"))
    }

    /// The data folder of one of the clinic's computers.
    pub fn desk(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Enrols the demo's computer the first time.
    pub fn enrol_once(&self, command: impl Fn(PathBuf) -> Command) -> anyhow::Result<()> {
        if !self.desk("desk").join("clinic/slots.json").exists() {
            self.enrol("desk", "Demo desk", command)?;
        }
        Ok(())
    }

    /// Enrols a computer, as an admin would: with a one-time code and a doctor's password.
    pub fn enrol(
        &self,
        name: &str,
        device_name: &str,
        command: impl Fn(PathBuf) -> Command,
    ) -> anyhow::Result<()> {
        let code = self.operator(&[
            "device",
            "code",
            "--tenant-code",
            TENANT,
            "--clinic-code",
            CLINIC,
            "--scope",
            "clinical",
            "--json",
        ])?;
        let code: serde_json::Value = serde_json::from_str(&code)?;
        let code = code["code"].as_str().context("a code")?;
        let doctor = self.staff("doctor")?;
        let mut tool = command(program("clinic-replica")?);
        tool.args([
            "enrol",
            "--server",
            &self.address,
            "--email",
            &doctor.email,
            "--device-name",
            device_name,
            "--data",
        ])
        .arg(self.desk(name));
        output(&mut tool, &format!("{code}\n{}\n", doctor.password))?;
        Ok(())
    }

    /// Runs the support tool on one of the clinic's computers, signed in as the doctor.
    #[cfg(target_os = "linux")]
    pub fn replica<S: AsRef<OsStr>>(
        &self,
        name: &str,
        args: &[S],
        command: impl Fn(PathBuf) -> Command,
    ) -> anyhow::Result<String> {
        let doctor = self.staff("doctor")?;
        let mut tool = command(program("clinic-replica")?);
        tool.args(args).args(["--email", &doctor.email, "--data"]).arg(self.desk(name));
        output(&mut tool, &format!("{}\n", doctor.password))
    }

    /// What the person at the terminal needs to know.
    pub fn welcome(&self) -> String {
        let mut text = format!(
            "\nAsha Dental & Family Clinic is open. Its server: {}\nSign in as one of its staff:\n\n",
            self.address
        );
        for person in &self.staff {
            text += &format!(
                "  {:<24} {:<34} {:<18} {}\n",
                person.full_name,
                person.email,
                person.roles.join(", "),
                person.password
            );
        }
        text + "\nCtrl-C stops everything; the data stays in target/demo. `--fresh` starts anew.\n"
    }

    /// Shows the window until it is closed or the person presses Ctrl-C.
    pub async fn window(
        mut self,
        interrupted: impl Future<Output = std::io::Result<()>>,
    ) -> anyhow::Result<()> {
        let mut window =
            Process::spawn(Command::new(program("clinic-desk")?).env("CLINIC_DESK_DATA", self.desk("desk")))?;
        let closed = async {
            loop {
                if let Ok(Some(_)) = window.child().try_wait() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        tokio::select! {
            () = closed => say("The window was closed."),
            _ = interrupted => say("Stopping."),
        }
        drop(window);
        self.stop_server()
    }
}

/// Writes a file that only its owner may read.
fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut options = std::fs::File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    Ok(std::io::Write::write_all(&mut options.open(path)?, text.as_bytes())?)
}

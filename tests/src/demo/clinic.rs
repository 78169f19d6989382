//! The demo's clinic: its server as a process, its staff, and the computer that is enrolled with it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context;
use clinic_tests::process::{Process, output, program};
use clinic_tests::server::ServerProcess;
use serde::{Deserialize, Serialize};

use crate::say;

/// The demo tenant's code.
pub const TENANT: &str = "ASHA_DENTAL";
/// The clinic where the demo's computer stands.
const CLINIC: &str = "ANDHERI";
/// The computer on which a person tries the demo.
pub const DESK: &str = "desk";
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
    /// Its sync server.
    pub server: ServerProcess,
    staff: Vec<Staff>,
}

impl Clinic {
    /// Starts the server, and makes the tenant with its patients if there is none.
    pub fn open(folder: PathBuf) -> anyhow::Result<Self> {
        let server = ServerProcess::open(&folder)?;
        let kept = folder.join("staff.json");
        if !kept.exists() {
            say("Making a clinic with 2,000 patients and a year of prescriptions …");
            let data = server.operator(&[
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
        Ok(Self { folder, server, staff: data.staff })
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

    /// Enrols a computer the first time.
    pub fn enrol_once(&self, name: &str, command: impl Fn(PathBuf) -> Command) -> anyhow::Result<()> {
        if !self.desk(name).join("clinic/slots.json").exists() {
            self.enrol(name, "Demo desk", command)?;
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
        let code = self.server.operator(&[
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
            &self.server.address(),
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
    pub fn replica<S: AsRef<std::ffi::OsStr>>(
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
            self.server.address()
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
            Process::spawn(Command::new(program("clinic-desk")?).env("CLINIC_DESK_DATA", self.desk(DESK)))?;
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
        self.server.stop()
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

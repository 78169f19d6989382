//! `clinic-replica`: looks after the data of a desktop from a terminal. Secrets come from standard input, never
//! from arguments, which every user of the machine could read.

use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Parser, Subcommand};
use replica::view::{AppState, CommandError, Enrolment, SyncStatus};
use replica::{Desk, Keyring, Replica, default_data_dir};
use serde_json::json;

#[derive(Parser)]
#[command(name = "clinic-replica", version, about = "Looks after the data of a desktop of Clinic Desk")]
struct Args {
    /// The data folder; without it, that of this account.
    #[arg(long, global = true, env = "CLINIC_DESK_DATA")]
    data: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Enrols this computer. Standard input: the one-time code on a line, the password on the next.
    Enrol {
        /// The server's address.
        #[arg(long)]
        server: String,
        /// The e-mail of whoever enrols it.
        #[arg(long)]
        email: String,
        /// What staff will call this computer.
        #[arg(long)]
        device_name: String,
    },
    /// Says whether this computer is enrolled and its data can be opened. Asks for no password.
    Status {
        /// Answers in JSON.
        #[arg(long)]
        json: bool,
    },
    /// Sends what waits and gets what is new. Standard input: the password. Exit code 1 if not all is in step.
    Sync {
        /// Who signs in.
        #[arg(long)]
        email: String,
        /// How many seconds it may take.
        #[arg(long, default_value_t = 60)]
        timeout: u64,
        /// Answers in JSON.
        #[arg(long)]
        json: bool,
    },
    /// Checks that the data is whole and as it was signed. Standard input: the password.
    Verify {
        /// Who signs in.
        #[arg(long)]
        email: String,
    },
    /// Shows the ends of the server's audit log that this computer keeps, for `clinic-sync audit verify --head-file`.
    /// Standard input: the password.
    LogEnds {
        /// Who signs in.
        #[arg(long)]
        email: String,
    },
    /// Checks the code on a printed prescription against the record on this computer; fails if the paper is not what was
    /// signed, or does not hold any more. Standard input: the password, then the text of the code.
    VerifyPrescription {
        /// Who signs in; a clinician.
        #[arg(long)]
        email: String,
    },
    /// Shows a prescription with every column as stored. Standard input: the password.
    ShowPrescription {
        /// Its number, as printed.
        number: String,
        /// Who signs in; a clinician.
        #[arg(long)]
        email: String,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let data = match args.data {
        Some(data) => data,
        None => default_data_dir().map_err(sentence)?,
    };
    let desk = Desk::new(data, Keyring::system());
    match args.command {
        Command::Enrol { server, email, device_name } => {
            let (code, password) = (line("the one-time code")?, line("the password")?);
            desk.enrol(Enrolment { server, code, email, password, device_name }).await.map_err(sentence)?;
            answer("This computer is enrolled.")
        }
        Command::Status { json } => {
            let desk = Arc::clone(&desk);
            let state = tokio::task::spawn_blocking(move || desk.state()).await?;
            if json { answer(&serde_json::to_string(&state)?) } else { answer(&words(&state)) }
        }
        Command::Sync { email, timeout, json } => {
            unlock(&desk, &email).await?;
            let waited = tokio::time::timeout(Duration::from_secs(timeout), in_step(&desk)).await;
            let status = desk.sync_status();
            if json {
                answer(&serde_json::to_string(&status)?)?;
            } else {
                answer(&format!(
                    "{} waiting, {} need a person, last in step {}",
                    status.waiting,
                    status.attention,
                    status.last_synced_at.as_deref().unwrap_or("never"),
                ))?;
            }
            match waited {
                Ok(()) => Ok(()),
                Err(_) => bail!(
                    status
                        .problem
                        .map_or("The server did not answer in time.".into(), |problem| problem.detail)
                ),
            }
        }
        Command::Verify { email } => {
            let replica = unlock(&desk, &email).await?;
            let report = tokio::task::spawn_blocking(move || replica.verify()).await?.map_err(sentence)?;
            answer(&serde_json::to_string_pretty(&report)?)?;
            if report.is_good() { Ok(()) } else { bail!("{} things are wrong", report.problems.len()) }
        }
        Command::LogEnds { email } => {
            let replica = unlock(&desk, &email).await?;
            let ends = tokio::task::spawn_blocking(move || replica.log_ends()).await?.map_err(sentence)?;
            answer(&serde_json::to_string_pretty(&ends)?)
        }
        Command::VerifyPrescription { email } => {
            let replica = unlock(&desk, &email).await?;
            let code = line("the text of the code")?;
            let report =
                tokio::task::spawn_blocking(move || replica.verify_paper(&code)).await?.map_err(sentence)?;
            answer(&serde_json::to_string_pretty(&report)?)?;
            match (report.is_genuine, report.status.as_str()) {
                (true, "finalised") => Ok(()),
                (true, status) => bail!("The paper is genuine, and its prescription was {status} since."),
                (false, _) => bail!("This paper is not what was signed."),
            }
        }
        Command::ShowPrescription { number, email } => {
            let replica = unlock(&desk, &email).await?;
            let shown = tokio::task::spawn_blocking(move || replica.export_prescription(&number)).await?;
            answer(&serde_json::to_string_pretty(&shown.map_err(sentence)?)?)
        }
    }
}

async fn unlock(desk: &Arc<Desk>, email: &str) -> anyhow::Result<Arc<Replica>> {
    let password = line("the password")?;
    desk.unlock(email, &password).await.map_err(sentence)?;
    desk.replica().map_err(sentence)
}

/// Waits until a round after now has ended with nothing waiting.
async fn in_step(desk: &Desk) {
    let before = desk.sync_status().last_synced_at;
    let done = |status: SyncStatus| {
        status.waiting == 0 && status.last_synced_at.is_some() && status.last_synced_at != before
    };
    while !done(desk.sync_status()) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn line(what: &str) -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin().lock().read_line(&mut text)?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        bail!("standard input must give {what}");
    }
    Ok(text.to_owned())
}

fn words(state: &AppState) -> String {
    match state {
        AppState::NotEnrolled => "This computer belongs to no clinic yet.".into(),
        AppState::Locked { tenant_name, clinic_name, people, lease, waiting } => {
            let contact = match lease {
                Some(lease) if lease.has_ended => {
                    format!("{} days without contact: only the server opens it.", lease.days_without)
                }
                Some(lease) => format!("It opens without the server for {} hours more.", lease.hours_left),
                None => "Only the server opens it.".to_owned(),
            };
            format!(
                "{tenant_name}, {clinic_name}: {} people have signed in here, {waiting} changes wait. {contact}",
                people.len()
            )
        }
        AppState::Revoked { waiting, needs_password, wipes_at, .. } => format!(
            "This computer was taken out of service. {waiting} changes wait to be handed over{}. Its data is destroyed \
             at {}.",
            if *needs_password { "; `sync` with someone's password does it" } else { "" },
            wipes_at.as_deref().unwrap_or("a time that is not known yet"),
        ),
        AppState::Wiping => "This computer was taken out of service; its data is being destroyed.".into(),
        AppState::Unlocked { session } => format!("{} is signed in.", session.person.full_name),
        AppState::Broken { detail, .. } => detail.clone(),
    }
}

fn sentence(error: replica::Error) -> anyhow::Error {
    let CommandError { code, detail } = error.into();
    anyhow::anyhow!("{detail} ({})", json!(code).as_str().unwrap_or_default())
}

fn answer(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{text}").context("standard output is closed")
}

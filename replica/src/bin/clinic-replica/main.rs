//! `clinic-replica`: looks after the data of a desktop from a terminal. Secrets come from standard input, never
//! from arguments, which every user of the machine could read. `docs/support.md` says what each command answers.

mod exit;
mod options;
mod words;

use std::io::{BufRead, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use replica::view::{AuditFilter, Enrolment, LedgerFormat, RecoveryForm};
use replica::{Clock, Desk, Keyring, Replica, default_data_dir, save_file};
use serde::Serialize;
use serde_json::json;

use exit::Failure;
use options::{Args, AuditAsked, Command, Form, What};

type Answer = Result<(), Failure>;

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let is_json = args.json;
    match run(args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.told(is_json),
    }
}

async fn run(args: Args) -> Answer {
    let data = match args.data {
        Some(data) => data,
        None => default_data_dir()?,
    };
    let desk = Desk::new(data, Keyring::system());
    let out = Out { is_json: args.json };
    match args.command {
        Command::Enrol { server, email, device_name } => {
            let (code, password) = (line("the one-time code")?, line("the password")?);
            desk.enrol(Enrolment { server, code, email, password, device_name }).await?;
            hand_out(&desk, "This computer is enrolled.", out).await
        }
        Command::Recover { who } => recover(&desk, who.email, out).await,
        Command::RecoveryCode { who } => {
            let password = line("the password")?;
            desk.unlock(&who.email, &password).await?;
            desk.new_recovery_code(&password).await?;
            hand_out(&desk, "The recovery code before this one opens nothing any more.", out).await
        }
        Command::Code { who, scope, timeout } => {
            let replica = unlock(&desk, &who.email).await?;
            // Behind a password that opens it here, the line to the server comes a little later.
            tokio::time::timeout(Duration::from_secs(timeout), in_step(&desk)).await.ok();
            let made = desk.new_computer_code(replica.session().clinic_id, scope.into()).await?;
            out.say(&made, &words::computer_code(&made))
        }
        Command::Status => {
            let state = state(&desk).await?;
            let words = words::state(&state);
            out.say(&state, &words)
        }
        Command::Sync { who, timeout } => {
            unlock(&desk, &who.email).await?;
            sync(&desk, timeout, out).await
        }
        Command::Ledger { who, filter, limit } => {
            let replica = unlock(&desk, &who.email).await?;
            let filter = filter.read()?;
            let page = aside(move || replica.ledger_page(&filter, None, limit)).await?;
            out.say(&page, &words::ledger(&page))
        }
        Command::Conflicts { who, decided } => {
            let replica = unlock(&desk, &who.email).await?;
            let (conflicts, refused) =
                aside(move || Ok((replica.conflicts(!decided)?, replica.refused()?))).await?;
            let words = words::conflicts(&conflicts, &refused);
            out.say(&json!({ "conflicts": conflicts, "refused": refused }), &words)
        }
        Command::Verify { who, deep, timeout } => {
            let replica = unlock(&desk, &who.email).await?;
            verify(&desk, replica, deep.then_some(timeout), out).await
        }
        Command::Export { who, what, form, to, filter } => {
            let replica = unlock(&desk, &who.email).await?;
            let filter = filter.read()?;
            let target = to.clone();
            let n_written = aside(move || Ok(export(&replica, what, form, &filter, &target))).await??;
            out.say(&json!({ "written": n_written, "to": to }), &format!("{n_written} lines were written."))
        }
        Command::Wipe { who, force } => {
            unlock(&desk, &who.email).await?;
            let code = line("the code of the clinic, to make sure")?;
            let lost = desk.wipe(&code, force).await?;
            let words =
                "Keys and data of this computer are destroyed. Have an admin take it out of service as well.";
            out.say(&json!({ "lost": lost }), words)
        }
        Command::LogEnds { who } => {
            let replica = unlock(&desk, &who.email).await?;
            out.show(&aside(move || replica.log_ends()).await?)
        }
        Command::Audit { who, asked, timeout } => {
            unlock(&desk, &who.email).await?;
            audit(&desk, asked, timeout, out).await
        }
        Command::VerifyPrescription { who } => {
            let replica = unlock(&desk, &who.email).await?;
            verify_paper(replica, line("the text of the code")?, out).await
        }
        Command::ShowPrescription { number, who } => {
            let replica = unlock(&desk, &who.email).await?;
            let shown = aside(move || replica.export_prescription(&number)).await?;
            out.show(&shown)
        }
    }
}

/// Where answers go.
#[derive(Clone, Copy)]
struct Out {
    is_json: bool,
}

impl Out {
    fn say(self, answer: &impl Serialize, words: &str) -> Answer {
        if self.is_json { print(&serde_json::to_string(answer)?) } else { print(words) }
    }

    /// What has no other words.
    fn show(self, answer: &impl Serialize) -> Answer {
        self.say(answer, &serde_json::to_string_pretty(answer)?)
    }
}

async fn state(desk: &Arc<Desk>) -> Result<replica::view::AppState, Failure> {
    let desk = Arc::clone(desk);
    aside(move || Ok(desk.state())).await
}

async fn recover(desk: &Arc<Desk>, email: String, out: Out) -> Answer {
    let (recovery_code, code) = (line("the recovery code")?, line("the one-time code")?);
    let password = line("the password")?;
    desk.recover(RecoveryForm { recovery_code, code, email, password }).await?;
    let is_another = desk.recovery_page()?.is_some();
    let done = if is_another {
        "This computer's data is open again, under another id. What it had not sent waits for an admin once it \
         has synced."
    } else {
        "The server knows this computer again, as what it was. The recovery code stays."
    };
    hand_out(desk, done, out).await
}

/// Says what was done, with the recovery code that was made: whoever reads this has it.
async fn hand_out(desk: &Arc<Desk>, done: &str, out: Out) -> Answer {
    let (state, page) = (state(desk).await?, desk.recovery_page()?);
    let mut answer = serde_json::to_value(&state)?;
    answer["recoveryPage"] = json!(page);
    out.say(&answer, &words::recovery(done, page.as_ref()))?;
    let desk = Arc::clone(desk);
    aside(move || desk.recovery_is_kept()).await.map(|_| ())
}

async fn sync(desk: &Desk, timeout: u64, out: Out) -> Answer {
    let waited = tokio::time::timeout(Duration::from_secs(timeout), in_step(desk)).await;
    let status = desk.sync_status();
    out.say(&status, &words::status(&status))?;
    exit::of_sync(waited.is_ok(), status)
}

async fn verify(desk: &Arc<Desk>, replica: Arc<Replica>, deep: Option<u64>, out: Out) -> Answer {
    let report = aside(move || replica.verify()).await?;
    let compared = match deep {
        None => None,
        Some(timeout) => {
            let waited = tokio::time::timeout(Duration::from_secs(timeout), in_step(desk)).await;
            waited.map_err(|_| {
                Failure::Not(
                    "This computer is not in step with the server: sync first. Nothing was compared.".into(),
                )
            })?;
            Some(desk.compare().await?)
        }
    };
    let n_wrong = report.problems.len()
        + compared.as_ref().map_or(0, |compared| usize::try_from(compared.wrong).unwrap_or(usize::MAX));
    let mut answer = serde_json::to_value(&report)?;
    answer["compared"] = json!(compared);
    out.show(&answer)?;
    if n_wrong == 0 { Ok(()) } else { Err(Failure::Not(format!("{n_wrong} things are wrong."))) }
}

async fn audit(desk: &Desk, asked: AuditAsked, timeout: u64, out: Out) -> Answer {
    // With the first round comes what the server is asked with; if none comes, the question itself says so.
    tokio::time::timeout(Duration::from_secs(timeout), in_step(desk)).await.ok();
    let AuditAsked { from, until, action, person, older } = asked;
    let person = match person {
        None => None,
        Some(email) => {
            let mut staff = desk.staff().await?.people.into_iter();
            let found = staff.find(|one| one.form.email.eq_ignore_ascii_case(&email));
            let nobody = || Failure::Usage(format!("Nobody on the staff has the e-mail {email}."));
            Some(found.ok_or_else(nobody)?.id)
        }
    };
    let filter = AuditFilter { from, to: until, action, person, patient: None };
    let list = desk.audit_log(filter, older).await?;
    out.say(&list, &words::audit(&list))
}

async fn verify_paper(replica: Arc<Replica>, code: String, out: Out) -> Answer {
    let report = aside(move || replica.verify_paper(&code)).await?;
    out.say(&report, &words::paper(&report))?;
    match (report.is_genuine, report.status.as_str()) {
        (true, "finalised") => Ok(()),
        (true, status) => {
            Err(Failure::Not(format!("The code is genuine, and its prescription was {status} since.")))
        }
        (false, _) => Err(Failure::Not("The code on this paper is not that of what was signed.".into())),
    }
}

/// Writes a file that only this account reads, or a folder of such. One that is there is left as it is.
fn export(
    replica: &Replica,
    what: What,
    form: Form,
    filter: &replica::view::LedgerFilter,
    to: &Path,
) -> Result<u32, Failure> {
    if to.symlink_metadata().is_ok() {
        return Err(std::io::Error::from(std::io::ErrorKind::AlreadyExists).into());
    }
    let format = match form {
        Form::Csv => LedgerFormat::Csv,
        Form::Ndjson => LedgerFormat::Ndjson,
    };
    match what {
        What::Ledger => save_file(to, |file| Ok(replica.export_ledger(filter, format, file)?)),
        What::Rows => save_file(to, |file| Ok(replica.export_rows(file)?)),
        What::Files => {
            std::fs::create_dir(to)?;
            Ok(replica.export_files(to)?)
        }
    }
}

async fn unlock(desk: &Arc<Desk>, email: &str) -> Result<Arc<Replica>, Failure> {
    let password = line("the password")?;
    desk.unlock(email, &password).await?;
    Ok(desk.replica()?)
}

async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> replica::Result<T> + Send + 'static,
) -> Result<T, Failure> {
    Ok(tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other)??)
}

/// Waits until a round after now has ended with nothing waiting.
async fn in_step(desk: &Desk) {
    let (before, now) = (desk.sync_status(), Clock::system().now());
    desk.sync_now();
    while !desk.sync_status().has_synced_since(now, &before) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn line(what: &str) -> Result<String, Failure> {
    let mut text = String::new();
    std::io::stdin().lock().read_line(&mut text)?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err(Failure::Usage(format!("Standard input must give {what}.")));
    }
    Ok(text.to_owned())
}

fn print(text: &str) -> Answer {
    Ok(writeln!(std::io::stdout(), "{text}")?)
}

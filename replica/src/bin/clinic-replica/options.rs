//! What can be asked for.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use protocol::api::DeviceScope;
use replica::view::{LedgerFilter, LedgerState};

use crate::exit::Failure;

/// Looks after the data of a desktop of Clinic Desk.
#[derive(Parser)]
#[command(
    name = "clinic-replica",
    version,
    after_help = "Exit codes: 0 done; 1 the answer is no, or not in time; \
    2 wrong usage or input; 3 the server does not answer; 4 not signed in, or not allowed; 5 this computer's data \
    cannot be opened; 6 all is in step, and the server lost records that are kept here; 70 a mistake in this program."
)]
pub struct Args {
    /// The data folder; without it, that of this account.
    #[arg(long, global = true, env = "CLINIC_DESK_DATA")]
    pub data: Option<PathBuf>,
    /// Answers in JSON, one value on one line; failures on standard error.
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
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
    /// Opens this computer, whose keyring is lost, with its recovery code, and enrols it under another id. Standard input:
    /// the recovery code, the one-time code, the password, a line each. Answers with another recovery code.
    Recover {
        #[command(flatten)]
        who: Who,
    },
    /// Makes another recovery code for this computer; the one before opens nothing any more. Standard input: the password.
    RecoveryCode {
        #[command(flatten)]
        who: Who,
    },
    /// Makes a one-time code with which a computer comes in, new or recovered, at this computer's clinic. For an admin.
    /// Standard input: the password.
    Code {
        #[command(flatten)]
        who: Who,
        /// What that computer will hold.
        #[arg(long, value_enum)]
        scope: Scope,
        /// How many seconds to wait for the server.
        #[arg(long, default_value_t = 60)]
        timeout: u64,
    },
    /// Says whether this computer is enrolled and its data can be opened. Asks for no password.
    Status,
    /// Sends what waits and gets what is new. Standard input: the password. Exit code 1 if not all is in step, 6
    /// if it is but the server lost records that are kept here.
    Sync {
        #[command(flatten)]
        who: Who,
        /// How many seconds it may take.
        #[arg(long, default_value_t = 60)]
        timeout: u64,
    },
    /// Lists what was done on this computer and what became of it, newest first. Standard input: the password.
    Ledger {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        filter: Filter,
        /// At most this many entries, up to 500.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Lists what waits for a person: what differs, and what the server refused. Standard input: the password.
    Conflicts {
        #[command(flatten)]
        who: Who,
        /// Those that were decided instead of those that wait.
        #[arg(long)]
        decided: bool,
    },
    /// Checks that the data is whole and as it was signed. Standard input: the password.
    Verify {
        #[command(flatten)]
        who: Who,
        /// Also compares every row with the server's, value by value.
        #[arg(long)]
        deep: bool,
        /// How many seconds it may take to come into step before comparing.
        #[arg(long, default_value_t = 60)]
        timeout: u64,
    },
    /// Writes a file of the ledger or of all rows that this person may read, or a folder of the attached files that are
    /// here. Standard input: the password.
    Export {
        #[command(flatten)]
        who: Who,
        /// Of what.
        #[arg(long, value_enum, default_value_t = What::Ledger)]
        what: What,
        /// How; rows are always JSON lines.
        #[arg(long, value_enum, default_value_t = Form::Ndjson)]
        form: Form,
        /// The new file, or folder; one that is there is not touched.
        #[arg(long)]
        to: PathBuf,
        #[command(flatten)]
        filter: Filter,
    },
    /// Destroys keys and data of this computer. Standard input: the password, then the clinic's code. Refuses while
    /// something is on this computer alone.
    Wipe {
        #[command(flatten)]
        who: Who,
        /// Destroys what is on this computer alone as well: the number of changes, files and drafts, as it was said.
        #[arg(long, value_name = "COUNT")]
        force: Option<u32>,
    },
    /// Shows the ends of the server's audit log that this computer keeps, for `clinic-sync audit verify --head-file`.
    /// Standard input: the password.
    LogEnds {
        #[command(flatten)]
        who: Who,
    },
    /// Lists who opened, changed, signed or printed what in the clinic, newest first, as the server tells its admins.
    /// Standard input: the password.
    Audit {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        asked: AuditAsked,
        /// How many seconds it may take to reach the server.
        #[arg(long, default_value_t = 60)]
        timeout: u64,
    },
    /// Checks the code on a printed prescription against the record on this computer; exit code 1 if the paper is not what
    /// was signed, or does not hold any more. Standard input: the password, then the text of the code.
    VerifyPrescription {
        #[command(flatten)]
        who: Who,
    },
    /// Shows a prescription with every column as stored. Standard input: the password.
    ShowPrescription {
        /// Its number, as printed.
        number: String,
        #[command(flatten)]
        who: Who,
    },
}

#[derive(clap::Args)]
pub struct Who {
    /// Who signs in.
    #[arg(long)]
    pub email: String,
}

#[derive(clap::Args)]
pub struct Filter {
    /// A patient's name or number, or `#` and the number of a change.
    #[arg(long, default_value = "")]
    query: String,
    /// What became of it: waiting, applied, merged, conflict, quarantined, blocked, replaced or discarded.
    #[arg(long)]
    state: Option<String>,
    /// What was done, such as `register_patient`.
    #[arg(long)]
    kind: Option<String>,
    /// From this day, such as 2026-11-23.
    #[arg(long)]
    from: Option<String>,
    /// Until this day.
    #[arg(long)]
    until: Option<String>,
}

impl Filter {
    pub fn read(self) -> Result<LedgerFilter, Failure> {
        let state = self.state.map(|word| {
            LedgerState::of(&word).ok_or_else(|| Failure::Usage(format!("{word} is no state of a change.")))
        });
        Ok(LedgerFilter {
            query: self.query,
            kind: self.kind,
            state: state.transpose()?,
            from: self.from,
            to: self.until,
            author: None,
        })
    }
}

#[derive(clap::Args)]
pub struct AuditAsked {
    /// From this day, such as 2026-11-23.
    #[arg(long)]
    pub from: Option<String>,
    /// Until this day.
    #[arg(long, alias = "to")]
    pub until: Option<String>,
    /// What was done, such as `view`.
    #[arg(long)]
    pub action: Option<String>,
    /// The e-mail of whoever did it.
    #[arg(long)]
    pub person: Option<String>,
    /// The entries after those of a page: what it gave as `older`.
    #[arg(long)]
    pub older: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Scope {
    /// Everything.
    Clinical,
    /// No clinical column.
    FrontDesk,
}

impl From<Scope> for DeviceScope {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Clinical => Self::Clinical,
            Scope::FrontDesk => Self::FrontDesk,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
pub enum What {
    /// What was done on this computer.
    Ledger,
    /// The clinic's rows.
    Rows,
    /// The attached files that are on this computer, each under the id of its row.
    Files,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Form {
    /// For spreadsheets.
    Csv,
    /// One JSON object a line.
    Ndjson,
}

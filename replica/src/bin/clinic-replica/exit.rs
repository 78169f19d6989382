//! How a command ends when it does not do what was asked. The numbers are stable: scripts look at them.

use std::io::Write;
use std::process::ExitCode;

use protocol::error::ErrorCode;
use replica::view::{CommandError, SyncStatus};
use serde_json::json;

/// Why it did not.
#[derive(Debug)]
pub enum Failure {
    /// The answer is no, or did not come in time.
    Not(String),
    /// Nothing waits and nothing is missing here, but the server lacks so many records of this computer.
    OnlyHere(u32),
    /// What was typed.
    Usage(String),
    /// What the replica or the server says.
    Replica(CommandError),
    /// The machine.
    Machine(String),
}

impl Failure {
    fn code(&self) -> u8 {
        match self {
            Self::Not(_) => 1,
            Self::OnlyHere(_) => 6,
            Self::Usage(_) => 2,
            Self::Replica(error) => of(error.code),
            Self::Machine(_) => 70,
        }
    }

    /// Says it on standard error, and ends with its number.
    pub fn told(self, is_json: bool) -> ExitCode {
        let exit = self.code();
        let (code, detail) = match self {
            Self::Not(detail) => ("no".to_owned(), detail),
            Self::OnlyHere(count) => ("only_here".to_owned(), only_here(count)),
            Self::Usage(detail) => ("invalid".to_owned(), detail),
            Self::Replica(error) => (json!(error.code).as_str().unwrap_or_default().to_owned(), error.detail),
            Self::Machine(detail) => ("internal".to_owned(), detail),
        };
        let text = if is_json {
            json!({ "error": { "code": code, "detail": detail }, "exit": exit }).to_string()
        } else {
            format!("{detail} ({code})")
        };
        // Nobody is left to tell that standard error is closed.
        writeln!(std::io::stderr(), "{text}").ok();
        ExitCode::from(exit)
    }
}

/// How a sync ends that has come into step in time, or not.
pub fn of_sync(is_in_step: bool, status: SyncStatus) -> Result<(), Failure> {
    match (is_in_step, status.only_here, status.problem) {
        (true, 0, _) => Ok(()),
        (true, count, _) => Err(Failure::OnlyHere(count)),
        (false, _, Some(problem)) => Err(Failure::Not(problem.detail)),
        (false, _, None) => Err(Failure::Not("The server did not answer in time.".into())),
    }
}

fn only_here(count: u32) -> String {
    let records = if count == 1 { "1 record is".to_owned() } else { format!("{count} records are") };
    format!(
        "{records} only on this computer: the server lost them. They are kept here. Start every other computer of the \
         clinic once: each brings back what was done on it."
    )
}

fn of(code: ErrorCode) -> u8 {
    match code {
        ErrorCode::Invalid | ErrorCode::EmailTaken | ErrorCode::NotFound | ErrorCode::Held => 2,
        ErrorCode::ServerUnreachable
        | ErrorCode::Unavailable
        | ErrorCode::TooManyRequests
        | ErrorCode::UpgradeRequired
        | ErrorCode::EpochChanged
        | ErrorCode::EpochHeld
        | ErrorCode::FileNotHere
        | ErrorCode::SequenceGap
        | ErrorCode::QuarantineFull => 3,
        ErrorCode::WrongPassword
        | ErrorCode::WrongCode
        | ErrorCode::Unauthorized
        | ErrorCode::DeviceCopied
        | ErrorCode::DeviceRevoked
        | ErrorCode::DeviceUnknown
        | ErrorCode::TenantSuspended
        | ErrorCode::TenantExpired
        | ErrorCode::Forbidden
        | ErrorCode::PasswordChangeRequired
        | ErrorCode::NotSigned
        | ErrorCode::ClockOff
        | ErrorCode::SignInOnline
        | ErrorCode::LeaseEnded
        | ErrorCode::OrderNotBelieved
        | ErrorCode::Locked => 4,
        ErrorCode::KeyringLocked
        | ErrorCode::KeyringMissing
        | ErrorCode::KeyringEntryMissing
        | ErrorCode::KeyringReplaced
        | ErrorCode::StoreDamaged
        | ErrorCode::StoreTooNew
        | ErrorCode::DiskFull
        | ErrorCode::NotEnrolled => 5,
        ErrorCode::Internal | ErrorCode::Other => 70,
    }
}

impl From<replica::Error> for Failure {
    fn from(error: replica::Error) -> Self {
        Self::Replica(error.into())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::AlreadyExists => {
                Self::Usage("There is a file of this name already. It was not touched.".into())
            }
            _ => Self::Machine(error.to_string()),
        }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Machine(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::well;

    #[test]
    fn a_sync_after_which_records_are_only_here_has_a_number_of_its_own() {
        let number = |is_in_step, only_here| {
            let ended = of_sync(is_in_step, SyncStatus { only_here, ..well() });
            ended.err().map_or(0, |failure| failure.code())
        };
        assert_eq!([number(true, 0), number(true, 1), number(true, 3), number(false, 3)], [0, 6, 6, 1]);
        assert_eq!(only_here(1).split(" only ").next(), Some("1 record is"));
        assert_eq!(only_here(3).split(" only ").next(), Some("3 records are"));
    }
}

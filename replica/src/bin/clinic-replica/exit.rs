//! How a command ends when it does not do what was asked. The numbers are stable: scripts look at them.

use std::io::Write;
use std::process::ExitCode;

use protocol::error::ErrorCode;
use replica::view::CommandError;
use serde_json::json;

/// Why it did not.
#[derive(Debug)]
pub enum Failure {
    /// The answer is no, or did not come in time.
    Not(String),
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

fn of(code: ErrorCode) -> u8 {
    match code {
        ErrorCode::Invalid | ErrorCode::NotFound | ErrorCode::Held => 2,
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

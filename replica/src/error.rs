//! What can go wrong here, each with the sentence that staff read. No sentence bears SQL or a patient's data.

use protocol::error::{ErrorCode, Refusal};
use protocol::standing::NotBelieved;
use time::OffsetDateTime;

use crate::view::CommandError;

/// The result of everything here.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong. Its text is what the window shows.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No slot opens with this password, and the server does not know it either.
    #[error("The e-mail or the password is wrong. Nothing on this computer was changed.")]
    WrongPassword,
    /// Whoever changes their password does not know the one that they have.
    #[error(
        "The old password is wrong, and your password is as it was. Type the old one again; if you have forgotten it, an admin gives you a one-time password."
    )]
    WrongOldPassword,
    /// A password is to be changed, and the server does not answer.
    #[error(
        "The server does not answer, and a password is changed only with it. Your password is as it was. Connect this computer to the internet and try again."
    )]
    PasswordNeedsServer,
    /// A password was being changed when something broke off.
    #[error(
        "The change of your password broke off. Nothing of your work was lost. Perhaps the new password holds already: sign in with it as soon as the server answers, and if it is refused, with the old one."
    )]
    PasswordUnsure,
    /// Staff are to be seen or changed, and there is no open line to the server.
    #[error(
        "This computer has no open line to the server, and staff are seen and changed only with it. Nothing was changed. Connect this computer to the internet and try again in a moment."
    )]
    StaffNeedsServer,
    /// Staff were being changed when the answer did not come.
    #[error(
        "The server's answer did not come, so perhaps this was done and perhaps not. Look at the list of staff before you try again. If somebody was added, or has a new one-time password that you did not see, give them another one."
    )]
    StaffUnsure,
    /// The audit log is to be read, and there is no open line to the server.
    #[error(
        "This computer has no open line to the server, and the audit log is read only with it. Connect this computer to the internet and try again in a moment."
    )]
    AuditNeedsServer,
    /// A code for a computer is asked for, and there is no open line to the server, or its answer did not come.
    #[error(
        "This computer has no open line to the server, and only the server makes a code for a computer. Connect this computer to the internet and try again in a moment."
    )]
    CodeNeedsServer,
    /// There is no slot for this person yet, and the server does not answer.
    #[error(
        "The server does not answer, and this person has not yet signed in on this computer. Connect it to the internet once and sign in again."
    )]
    SignInOnline,
    /// This computer was without contact for longer than its tenant allows.
    #[error(
        "This computer was without contact for {days} days. Connect it to the internet and sign in to open it again. Nothing on it was lost; what waits goes out first."
    )]
    LeaseEnded {
        /// So many were allowed.
        days: u32,
    },
    /// Nobody opens this computer without the server.
    #[error(
        "The server does not answer, and this computer opens only with it. Connect it to the internet and sign in. Nothing on it was lost."
    )]
    NeedsServer,
    /// What the server says of this computer's standing is not signed by whom it knows.
    #[error(
        "What answers is not the server that this computer was set up with, or the server lost its order key. What is stored here is safe; tell whoever runs the server."
    )]
    OrderNotBelieved(#[source] NotBelieved),
    /// Nobody is signed in.
    #[error("This computer is locked. Sign in to go on.")]
    Locked,
    /// There is nothing here yet.
    #[error("This computer belongs to no clinic yet. Enrol it with a code from the clinic's admin.")]
    NotEnrolled,
    /// There is something here already.
    #[error("This computer already belongs to a clinic. What is stored on it was not touched.")]
    AlreadyEnrolled,
    /// The keyring is there and closed.
    #[error(
        "The keyring of this computer is locked, and the key to the clinic's data lies in it. The data is safe; unlock the keyring or sign in to the computer again."
    )]
    KeyringLocked,
    /// The system has no keyring.
    #[error(
        "This computer has no keyring, and keys are never kept in a plain file. Install one (on Linux: gnome-keyring or KWallet), sign in to the computer again and start Clinic Desk anew."
    )]
    KeyringMissing,
    /// The keyring works and does not know this installation.
    #[error(
        "The keyring of this computer has no entry for the clinic's data, perhaps because the computer's account was changed or reset. The data is still here and unchanged; go back to the account in which Clinic Desk was set up, or use the recovery code."
    )]
    KeyringEntryMissing,
    /// The recovery code is one, and not this computer's.
    #[error(
        "This is not the recovery code of this computer, or a later one was made since. Compare the fingerprint on the paper with the one shown here. Nothing was changed."
    )]
    WrongRecoveryCode,
    /// The slots were made with another device secret.
    #[error(
        "The keyring of this computer has other keys than those with which the clinic's data was sealed, so its slots do not open here. The data is still here and unchanged; go back to the account and computer in which Clinic Desk was set up, or use the recovery code."
    )]
    SlotOfAnotherDevice,
    /// The file of slots cannot be read.
    #[error(
        "The file slots.json in the data folder is damaged or missing. The database beside it was not touched. Keep the folder as it is and call support."
    )]
    SlotsDamaged,
    /// The database file is not there.
    #[error(
        "The database is missing from the data folder, and no empty one was made in its place. Keep the folder as it is and call support."
    )]
    StoreMissing,
    /// The key is right for the slots and does not open the file.
    #[error(
        "The database does not open with its key: it is damaged, or of another computer. It was not changed. Keep the folder as it is and call support."
    )]
    StoreDoesNotOpen,
    /// The file opens and is not whole.
    #[error(
        "The database on this computer is damaged. Nothing more is written to it; keep the folder as it is and call support."
    )]
    StoreDamaged,
    /// An attached file on this computer is not what was kept, and the server does not have it.
    #[error(
        "This file is damaged on this computer, and the server does not have it. Nothing else is harmed. If the original is still somewhere, add it again; otherwise call support."
    )]
    FileDamaged,
    /// What came for an attached file is something else.
    #[error(
        "What came from the server is not the file that the record names, so it was thrown away. Nothing on this computer was changed. Try again; if it stays so, tell whoever runs the server."
    )]
    AnotherFile,
    /// The file was made by a later version of the program.
    #[error(
        "The data on this computer was written by a newer version of Clinic Desk and was not changed. Install the newer version again."
    )]
    StoreTooNew,
    /// The file must be upgraded, and another process has it open.
    #[error(
        "The data on this computer must be brought into another form, and another program has it open. Close that program and try again. Nothing was changed."
    )]
    StoreInUse,
    /// The upgraded copy of the file is not what the file was.
    #[error(
        "The data on this computer could not be brought to this version of Clinic Desk. It was not changed: the version that you had before still opens it. Call support."
    )]
    UpgradeFailed,
    /// The disk takes no more.
    #[error(
        "This was not saved: the disk of this computer is full or does not answer. All that was saved before is safe; free some space and save again."
    )]
    DiskFull,
    /// The disk takes no more, and something must be written before anybody is signed in.
    #[error(
        "Nobody was signed in: the disk of this computer is full or does not answer. All that was saved before is safe; free some space and sign in again."
    )]
    NoRoomToSignIn,
    /// What was typed cannot be taken.
    #[error("{0}")]
    Invalid(String),
    /// A check holds lines of the prescription.
    #[error(
        "Nothing was signed yet: {0} is held by a safety check. Replace it, remove it, give a reason to keep it, or sign without it."
    )]
    Held(String),
    /// The person may not do this.
    #[error("{0}")]
    Forbidden(&'static str),
    /// The row is not on this computer.
    #[error("This is not on this computer. It may have been deleted, or it has not arrived yet.")]
    NotFound,
    /// The same verdict that the server would give.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// No server answers, or what answers is not one of ours.
    #[error(
        "The server does not answer. What was saved is safe on this computer; check the connection and the address."
    )]
    ServerUnreachable,
    /// What the server says is longer than it should be, or has no end.
    #[error(
        "What the server answers is longer than it should be. Nothing of it was taken. What is stored here is safe, and the server is asked again by itself; if it stays so, tell whoever runs it."
    )]
    AnswerTooLong,
    /// What the server says no server of ours says.
    #[error(
        "What the server answers cannot be right: {0}. Nothing of it was taken. What is stored here is safe, and the server is asked again by itself; if it stays so, tell whoever runs it."
    )]
    BadAnswer(&'static str),
    /// The server takes no more in one piece.
    #[error("The server takes no more in one piece. What was saved is safe and goes out in smaller pieces.")]
    TooLarge,
    /// The server knows less than this computer, and does not say that it was restored.
    #[error(
        "The server knows less than this computer, perhaps after it was restored from a backup. What is stored here is safe and was not changed. Tell whoever runs the server: it must begin a new epoch, then every computer brings back what was done on it."
    )]
    ServerWentBack,
    /// What differed was fetched again, and both sides still differ.
    #[error(
        "This computer still differs from the server after its records were fetched again. Nothing here was given up, and it is compared again by itself; if it stays so, call support."
    )]
    StillDiffers,
    /// The server is older than this program, and has nothing to compare with.
    #[error(
        "This server cannot compare: it is older than Clinic Desk on this computer, and nothing was compared. What was saved is safe and still sent. Tell whoever runs the server to update it."
    )]
    CannotCompare,
    /// What was signed here is of another time than the server's.
    #[error(
        "The clocks of this computer and of the server do not agree, so the server did not do this. Nothing was changed. Set this computer's clock and try again; if it stays so, tell whoever runs the server."
    )]
    ClockOff {
        /// The server's time, as it says.
        server_time: OffsetDateTime,
    },
    /// The server answered with a refusal.
    #[error("{detail}")]
    Server {
        /// For programs.
        code: ErrorCode,
        /// The server's sentence.
        detail: String,
    },
    /// A mistake in this program, or a system that does not do what it promises.
    #[error("Something went wrong in this program. What was saved is safe; try again.")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// A mistake that no person can do anything about; its text goes to the log only.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(source.into())
    }

    /// What the window does about it.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::WrongPassword | Self::WrongOldPassword => ErrorCode::WrongPassword,
            Self::SignInOnline | Self::NeedsServer => ErrorCode::SignInOnline,
            Self::LeaseEnded { .. } => ErrorCode::LeaseEnded,
            Self::OrderNotBelieved(_) => ErrorCode::OrderNotBelieved,
            Self::Locked => ErrorCode::Locked,
            Self::NotEnrolled => ErrorCode::NotEnrolled,
            Self::AlreadyEnrolled | Self::Invalid(_) | Self::Refused(_) => ErrorCode::Invalid,
            Self::KeyringLocked => ErrorCode::KeyringLocked,
            Self::KeyringMissing => ErrorCode::KeyringMissing,
            Self::KeyringEntryMissing => ErrorCode::KeyringEntryMissing,
            Self::SlotOfAnotherDevice => ErrorCode::KeyringReplaced,
            Self::WrongRecoveryCode => ErrorCode::WrongCode,
            Self::SlotsDamaged
            | Self::StoreMissing
            | Self::StoreDoesNotOpen
            | Self::UpgradeFailed
            | Self::FileDamaged
            | Self::StoreDamaged => ErrorCode::StoreDamaged,
            Self::StoreTooNew => ErrorCode::StoreTooNew,
            Self::DiskFull | Self::NoRoomToSignIn => ErrorCode::DiskFull,
            Self::Held(_) => ErrorCode::Held,
            Self::Forbidden(_) => ErrorCode::Forbidden,
            Self::NotFound => ErrorCode::NotFound,
            Self::ServerUnreachable
            | Self::PasswordNeedsServer
            | Self::StaffNeedsServer
            | Self::AuditNeedsServer
            | Self::CodeNeedsServer => ErrorCode::ServerUnreachable,
            Self::TooLarge
            | Self::PasswordUnsure
            | Self::StaffUnsure
            | Self::StoreInUse
            | Self::AnotherFile
            | Self::AnswerTooLong
            | Self::BadAnswer(_)
            | Self::StillDiffers
            | Self::CannotCompare => ErrorCode::Unavailable,
            Self::ServerWentBack => ErrorCode::EpochChanged,
            Self::ClockOff { .. } => ErrorCode::ClockOff,
            Self::Server { code, .. } => *code,
            Self::Internal(_) => ErrorCode::Internal,
        }
    }
}

impl From<Error> for CommandError {
    fn from(error: Error) -> Self {
        if let Error::Internal(source) = &error {
            tracing::error!(%source, "a command failed");
        }
        Self::new(error.code(), error.to_string())
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Sqlite;
        match error.sqlite_error_code() {
            Some(Sqlite::DiskFull | Sqlite::SystemIoFailure) => Self::DiskFull,
            Some(Sqlite::DatabaseCorrupt | Sqlite::NotADatabase) => Self::StoreDamaged,
            _ => Self::internal(error),
        }
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        // The text of a serde error may quote the value that it did not take.
        Self::internal(format!("JSON: {:?} at line {}", error.classify(), error.line()))
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::internal(error),
        }
    }
}

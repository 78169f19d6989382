//! Codes that travel. A code exists only if the window or the sync loop does something different for it.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// What went wrong, for programs; the sentence for people stands in [`Problem::detail`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum ErrorCode {
    /// The e-mail or the password is wrong.
    WrongPassword,
    /// The enrolment code is wrong, used or too old, or its clinic is not known here.
    WrongCode,
    /// The access token is missing, expired or not ours.
    Unauthorized,
    /// The refresh token is of an earlier generation although the device signed: a copied disk.
    DeviceCopied,
    /// The device was revoked.
    DeviceRevoked,
    /// The server knows no such device: its data was restored from before the device was enrolled.
    DeviceUnknown,
    /// The tenant is suspended: what waits can be sent, and all can be read and exported.
    TenantSuspended,
    /// The tenant's plan has ended; the same holds.
    TenantExpired,
    /// The person may not do this.
    Forbidden,
    /// The person signed in with a one-time password and must choose one of their own first.
    PasswordChangeRequired,
    /// The computer must sign this request, and it is not signed, not as it is, or was sent before.
    NotSigned,
    /// The time that the computer signed is too far from the server's, which [`Problem::server_time`] tells.
    ClockOff,
    /// There is no such row, or it is another tenant's.
    NotFound,
    /// The request is not of the right form.
    Invalid,
    /// Someone else of the staff signs in with this e-mail.
    EmailTaken,
    /// Too many tries; `Retry-After` says when.
    TooManyRequests,
    /// The desktop speaks a protocol that this server no longer serves.
    UpgradeRequired,
    /// The server's data was restored: versions begin anew.
    EpochChanged,
    /// The server's data was restored, and no desktop is served before the operator says so.
    EpochHeld,
    /// Mutations are missing before the first one of this push.
    SequenceGap,
    /// So much of this computer's work waits for a person that the server takes no more of it for now.
    QuarantineFull,
    /// The bytes of a file have not come to the server yet.
    FileNotHere,
    /// A check holds a line of the prescription.
    Held,
    /// The server cannot work just now.
    Unavailable,
    /// The server made a mistake.
    Internal,
    /// No server answers at that address, or what answers is not one of ours.
    ServerUnreachable,
    /// The keyring is locked.
    KeyringLocked,
    /// This computer has no keyring.
    KeyringMissing,
    /// The keyring has no entry for this computer's data.
    KeyringEntryMissing,
    /// The keyring's entry for this computer's data is not the one with which it was sealed.
    KeyringReplaced,
    /// The file of key slots, or the database, is damaged or of another computer.
    StoreDamaged,
    /// The database is of a newer program.
    StoreTooNew,
    /// The disk is full.
    DiskFull,
    /// The person must sign in with the server's help.
    SignInOnline,
    /// The computer was without contact for too long.
    LeaseEnded,
    /// Another order key than the known one speaks for the server.
    OrderNotBelieved,
    /// The computer is locked.
    Locked,
    /// The computer is not enrolled.
    NotEnrolled,
    /// A later server has a word that this program does not know: its sentence says all.
    #[serde(other)]
    #[cfg_attr(feature = "schema", schemars(skip))]
    Other,
}

/// A refusal, as `application/problem+json` (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Problem {
    /// Always `about:blank`: the code is the type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The HTTP status.
    pub status: u16,
    /// What went wrong.
    pub code: ErrorCode,
    /// What happened, what is safe and what to do, in words for staff.
    pub detail: String,
    /// The server's time, where the computer's is too far from it.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub server_time: Option<OffsetDateTime>,
}

/// Why the server set a mutation aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum RefusalCode {
    /// The person may not write this.
    NotAllowed,
    /// A value is not one that its column can hold.
    BadValue,
    /// A row that it points at does not exist in this tenant.
    MissingParent,
    /// The row does not exist in this tenant.
    MissingRow,
    /// A new row bears the id of one that exists.
    IdTaken,
    /// A signed prescription does not change.
    Fixed,
    /// The desktop knows a table or column that this server does not.
    Unknown,
    /// The computer had been taken out of service.
    DeviceRevoked,
    /// It is not signed with its author's own key, or that key counts no more.
    NotSigned,
    /// The computer's keys had been lost: what it had not sent was found on its disk.
    Adopted,
    /// A later server has a word that this program does not know: its sentence says all.
    #[serde(other)]
    #[cfg_attr(feature = "schema", schemars(skip))]
    Other,
}

/// A refusal of a mutation's content: it waits for a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Refusal {
    /// Why, for programs.
    pub code: RefusalCode,
    /// Why, in words for staff; names columns, never values.
    pub detail: String,
}

impl Refusal {
    /// A refusal with its sentence.
    pub fn new(code: RefusalCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }
}

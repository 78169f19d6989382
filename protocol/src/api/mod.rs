//! The bodies of requests and answers. All times are RFC 3339; all binary values are base64.

mod enrolment;
mod pull;
mod push;
mod restored;
mod session;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::id::{Epoch, TenantId};

pub use enrolment::{
    CodeRequest, Earlier, EnrolAgain, EnrolRequest, EnrolResponse, EnrolmentCode, LostDevice, NewDoctor,
    RegisterRequest, RegisterResponse, RenewRequest,
};
pub use pull::{
    LiveEvent, LivePage, LiveQuery, MAX_LIVE_BYTES, MAX_LIVE_ROWS, MAX_PULL_ROWS, Position, PullLine,
    PullQuery,
};
pub use push::{
    Fate, MAX_MUTATION_BYTES, MAX_MUTATION_CHANGES, MAX_PUSH_BYTES, MAX_PUSH_DECODED_BYTES,
    MAX_PUSH_MUTATIONS, MAX_PUSH_RATIO, MAX_QUARANTINE_BYTES, MIN_RATED_BYTES, PushRequest, PushResponse,
    Receipt, ReceiptsAnswer, ReceiptsRequest, may_grow_to,
};
pub use restored::{EpochState, MAX_RECALLED, OnlyHere, RecalledPerson, Recollection};
pub use session::{
    ChallengeRequest, ChallengeResponse, LoginRequest, RefreshRequest, Session, StaffMember, StandingRequest,
    Tokens,
};

/// The header in which a desktop says its [`crate::PROTOCOL_VERSION`].
pub const PROTOCOL_HEADER: &str = "clinic-protocol";

/// No version is greater. An epoch begins with the milliseconds since 1970, and a version more is a transaction more: no
/// clinic comes here before the year 2248.
pub const MAX_VERSION: i64 = 1 << 43;

/// A password, a code or a token. Its `Debug` never shows it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<redacted>")
    }
}

/// Which columns a device may receive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum DeviceScope {
    /// All columns.
    Clinical,
    /// No clinical column.
    FrontDesk,
}

/// `GET /v1/tenant`: what a desktop may know of its own tenant.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TenantInfo {
    /// Its id.
    pub tenant_id: TenantId,
    /// Its name.
    pub tenant_name: String,
    /// Its code.
    pub tenant_code: String,
    /// Its version.
    pub head: i64,
    /// Its epoch.
    pub epoch: Epoch,
    /// What its people should know of its plan.
    #[serde(default)]
    pub notices: Vec<Notice>,
    /// What it has that other tenants may not have yet, by name.
    #[serde(default)]
    pub features: BTreeSet<String>,
}

/// What a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum NoticeCode {
    /// Nine places of ten are taken.
    NearLimit,
    /// All are: what is done online is refused.
    AtLimit,
    /// Desktops brought more than there are places for. All of it is kept.
    OverLimit,
    /// The plan ends soon.
    TenantExpiresSoon,
    /// It has ended.
    TenantExpired,
    /// The tenant is suspended.
    TenantSuspended,
    /// Whoever signed in did so with a one-time password.
    PasswordChangeRequired,
    /// The operator is going to make somebody an admin; any admin, doctor or dentist can object.
    AdminComes,
    /// The audit log on the server is not what this desktop knew of it. Said by the desktop, never by the server.
    LogChanged,
    /// The server's data was restored from a backup. Said by the desktop as well.
    Restored,
    /// The server does not take the own key of whoever is signed in. Said by the desktop.
    OwnKeyRefused,
    /// A later server has a word that this program does not know: its sentence says all.
    #[serde(other)]
    #[cfg_attr(feature = "schema", schemars(skip))]
    Other,
}

/// Something that the tenant's people should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct Notice {
    /// For programs.
    pub code: NoticeCode,
    /// For people.
    pub detail: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_shown() {
        assert_eq!(format!("{:?}", Secret("open sesame".into())), "<redacted>");
    }
}

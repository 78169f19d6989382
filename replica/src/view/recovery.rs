//! The recovery code: how it stands, its page, and what is typed where the keys are lost.

use serde::{Deserialize, Serialize};

/// How the recovery code of this computer stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct RecoveryView {
    /// What tells it from others; none if none was made.
    pub fingerprint: Option<String>,
    /// When it was made.
    pub made_at: Option<String>,
    /// Whether someone said that it is written down.
    pub is_kept: bool,
    /// Whether it is shown now, to whoever is signed in: nothing else comes before that.
    pub is_shown: bool,
}

/// A recovery code, to be printed or written down: shown once.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct RecoveryPage {
    /// The code, in groups.
    pub code: String,
    /// What tells it from others.
    pub fingerprint: String,
    /// What staff call the computer that it opens.
    pub device_name: String,
    /// The tenant's name.
    pub tenant_name: String,
    /// The clinic's name.
    pub clinic_name: String,
    /// When it was made.
    pub made_at: String,
}

/// What is typed at a computer whose keys are lost.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct RecoveryForm {
    /// The recovery code, as typed.
    pub recovery_code: String,
    /// The one-time code of an admin.
    pub code: String,
    /// The e-mail of whoever does it.
    pub email: String,
    /// Their password.
    pub password: String,
}

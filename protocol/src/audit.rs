//! The audit log as it is asked for and shown: who did what to which row. It holds names of columns and counts,
//! never a clinical value.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::id::{ClinicId, DeviceId, PatientId, UserId};

/// The most entries in one page.
pub const MAX_AUDIT_ENTRIES: i64 = 200;

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// What was done.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Action {$(
            $(#[$doc])*
            #[serde(rename = $word)]
            $name,
        )*}

        impl Action {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its word in the log.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

actions! {
    /// Someone signed in.
    Login = "login",
    /// Someone signed out.
    Logout = "logout",
    /// Someone tried to sign in and could not.
    LoginFailed = "login_failed",
    /// A row was read by its name, or the log itself.
    View = "view",
    /// Someone searched.
    Search = "search",
    /// A row is new.
    Create = "create",
    /// A row changed.
    Update = "update",
    /// A row was marked as deleted, or is gone.
    Delete = "delete",
    /// Something was signed on a desktop.
    Sign = "sign",
    /// A prescription was signed.
    Finalise = "finalise",
    /// A prescription was signed that corrects another.
    Amend = "amend",
    /// A prescription was made void.
    Void = "void",
    /// A prescription was printed.
    Print = "print",
    /// Data left the system.
    Export = "export",
    /// Data came into the system.
    Import = "import",
    /// Data came back from a backup.
    Restore = "restore",
    /// Two patients became one.
    Merge = "merge",
    /// They became two again.
    Unmerge = "unmerge",
    /// A person decided between two values, or about a change that was set aside.
    ConflictResolve = "conflict_resolve",
    /// An alert was overridden.
    AlertOverride = "alert_override",
    /// What a member of staff may do changed.
    RoleChange = "role_change",
    /// A desktop came in.
    DeviceEnrol = "device_enrol",
    /// A desktop was taken out of service.
    DeviceRevoke = "device_revoke",
    /// Someone opened what they may not usually see, and gave a reason.
    BreakGlass = "break_glass",
    /// The server's operator ran a command on the tenant.
    OperatorAccess = "operator_access",
    /// A desktop brought changes.
    SyncPush = "sync_push",
    /// A desktop fetched changes.
    SyncPull = "sync_pull",
    /// Someone began to work in another clinic.
    ContextSet = "context_set",
}

impl Action {
    /// The action of this word.
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.as_str() == word)
    }
}

/// `GET /v1/audit?from&to&action&user&patient&table&after&limit`. All are texts, so that the server can say in
/// words what is wrong with one.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuditQuery {
    /// Not before this moment, in RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Before this moment, in RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// An [`Action`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Whose record it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patient: Option<String>,
    /// The table's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// [`AuditPage::next`] of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// At most so many, 1 to [`MAX_AUDIT_ENTRIES`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
}

/// The newest entries first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditPage {
    /// The entries.
    pub entries: Vec<AuditEntry>,
    /// Asks for the page after this one; absent after the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Its chain.
    pub lane: String,
    /// Its number in the chain, from 1.
    pub seq: i64,
    /// When the server took it.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// When it happened, by the device's clock.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub occurred_at: Option<OffsetDateTime>,
    /// What was done.
    pub action: Action,
    /// In which table.
    pub table: Option<String>,
    /// To which row.
    pub record: Option<Uuid>,
    /// Whose record it is.
    pub patient: Option<PatientId>,
    /// In which clinic.
    pub clinic: Option<ClinicId>,
    /// Who did it; absent when another program wrote directly.
    pub user: Option<UserId>,
    /// On which desktop.
    pub device: Option<DeviceId>,
    /// The desktop's version.
    pub app_version: Option<String>,
    /// The database's login that wrote the entry.
    pub login: String,
    /// Names of the changed columns, counts, and what roles and the like were before and are now.
    pub changes: Option<Value>,
    /// Why, in words.
    pub reason: Option<String>,
}

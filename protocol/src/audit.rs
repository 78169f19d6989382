//! The audit log as it is asked for and shown: who did what to which row. It holds names of columns and counts,
//! never a clinical value.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::id::{ClinicId, DeviceId, PatientId, UserId};
use crate::mutation::Hash;
use crate::table::TableName;

/// The most events of a desktop in one request.
pub const MAX_DESK_EVENTS: usize = 200;

/// The most entries in one page.
pub const MAX_AUDIT_ENTRIES: i64 = 200;

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// What was done.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub enum Action {$(
            $(#[$doc])*
            #[serde(rename = $word)]
            $name,
        )*
            /// A later server has a word that this program does not know.
            #[serde(other)]
            #[cfg_attr(feature = "schema", schemars(skip))]
            Other,
        }

        impl Action {
            /// All that this program knows.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its word in the log.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                    Self::Other => "other",
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
    /// A prescription, or the slip of a token, was printed.
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
    /// Whether a desktop may say that it happened there. What writes rows is recorded where they are written.
    pub fn is_of_desktops(self) -> bool {
        matches!(self, Self::Login | Self::Logout | Self::View | Self::Print | Self::Export)
    }

    /// The action of this word.
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.as_str() == word)
    }
}

/// `GET /v1/audit?from&to&action&user&patient&table&after&limit`. All are texts, so that the server can say in
/// words what is wrong with one.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AuditPage {
    /// The entries.
    pub entries: Vec<AuditEntry>,
    /// Asks for the page after this one; absent after the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AuditEntry {
    /// Its chain.
    pub lane: String,
    /// Its number in the chain, from 1.
    pub seq: i64,
    /// When the server took it.
    #[serde(with = "time::serde::rfc3339")]
    #[cfg_attr(feature = "schema", schemars(with = "String", extend("format" = "date-time")))]
    pub at: OffsetDateTime,
    /// When it happened, by the device's clock.
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>", extend("format" = "date-time")))]
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

/// Something that a person did with this computer's own copy, of which the server knows nothing by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeskEvent {
    /// Its number on this computer, from 1.
    pub sequence: i64,
    /// When, by this computer's clock.
    #[serde(with = "time::serde::rfc3339")]
    #[cfg_attr(feature = "schema", schemars(with = "String", extend("format" = "date-time")))]
    pub at: OffsetDateTime,
    /// Who.
    pub user: UserId,
    /// What; one of those that are [`Action::is_of_desktops`].
    pub action: Action,
    /// In which table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<TableName>,
    /// To which row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Uuid>,
    /// Whose record it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient: Option<PatientId>,
}

/// An event as it was written down: its text, and the hash over the hash before it and that text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChainedEvent {
    /// A [`DeskEvent`] as JSON.
    pub body: String,
    /// Of the event before, and `body`.
    pub hash: Hash,
}

impl ChainedEvent {
    /// Writes an event down behind the one that has this hash.
    ///
    /// # Errors
    ///
    /// The event is no JSON, which does not happen.
    pub fn new(event: &DeskEvent, previous: Hash) -> serde_json::Result<Self> {
        let body = serde_json::to_string(event)?;
        let hash = Hash::chained(previous, &body);
        Ok(Self { body, hash })
    }

    /// The event, if it follows what has this hash and a desktop may tell of it.
    pub fn open(&self, previous: Hash) -> Option<DeskEvent> {
        let event: DeskEvent = serde_json::from_str(&self.body).ok()?;
        (Hash::chained(previous, &self.body) == self.hash && event.action.is_of_desktops()).then_some(event)
    }
}

/// `POST /v1/audit/events`: what happened on a desktop since it last told, at most [`MAX_DESK_EVENTS`] in their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeskEvents {
    /// Of the event before the first of these; zeros before the very first.
    pub previous_hash: Hash,
    /// The events.
    pub events: Vec<ChainedEvent>,
}

/// The answer: the number of the last event that the server keeps. Those up to it need not be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeskEventsKept {
    /// 0 if it keeps none.
    pub last: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(action: Action) -> DeskEvent {
        let at = time::macros::datetime!(2026-11-23 05:11:08 UTC);
        DeskEvent {
            sequence: 1,
            at,
            user: UserId(Uuid::nil()),
            action,
            table: None,
            record: None,
            patient: None,
        }
    }

    #[test]
    fn an_event_opens_behind_the_one_before_it_and_nowhere_else() {
        let chained = ChainedEvent::new(&event(Action::View), Hash::ZERO).expect("BUG: JSON");
        assert_eq!(chained.open(Hash::ZERO), Some(event(Action::View)));
        assert_eq!(chained.open(chained.hash), None);
        let changed = ChainedEvent { body: chained.body.replace("view", "print"), ..chained };
        assert_eq!(changed.open(Hash::ZERO), None);
    }

    #[test]
    fn an_action_of_a_later_server_is_read_and_is_none_that_anybody_asks_for() {
        let action: Action = serde_json::from_str("\"teleport\"").expect("BUG: read");
        assert_eq!((action, Action::find(action.as_str())), (Action::Other, None));
        assert!(!action.is_of_desktops());
    }

    #[test]
    fn a_desktop_does_not_tell_of_what_only_the_server_sees() {
        for action in [Action::Finalise, Action::RoleChange, Action::OperatorAccess, Action::SyncPush] {
            let chained = ChainedEvent::new(&event(action), Hash::ZERO).expect("BUG: JSON");
            assert_eq!(chained.open(Hash::ZERO), None);
        }
    }
}

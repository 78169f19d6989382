//! Who is signed in on this computer, and what the window shows before anyone is.

use protocol::api::DeviceScope;
use protocol::error::ErrorCode;
use protocol::id::{ClinicId, DoctorId, UserId};
use protocol::permission::Roles;
use serde::{Deserialize, Serialize};

use super::RecoveryView;

/// What the window shows first.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum AppState {
    /// This computer belongs to no clinic yet.
    NotEnrolled,
    /// Someone must sign in.
    Locked {
        /// The tenant's name.
        tenant_name: String,
        /// The clinic's name.
        clinic_name: String,
        /// Who has signed in here before; last first.
        people: Vec<Person>,
        /// For how long it opens without the server; none if the server has not said.
        lease: Option<LeaseView>,
        /// How many changes waited to be sent when someone was last signed in.
        waiting: u32,
        /// How many attached files did.
        files_waiting: u32,
        /// Whether whoever was signed in last was signed out since they had given their password more than 12 hours ago.
        was_too_long: bool,
    },
    /// Someone is signed in.
    Unlocked {
        /// Who and where.
        session: SessionView,
        /// Whether this computer's data can be opened if its keyring is lost.
        recovery: RecoveryView,
    },
    /// This computer was taken out of service. Nobody works on it any more; it hands over what waits, and destroys its
    /// keys and files.
    Revoked {
        /// The tenant's name.
        tenant_name: String,
        /// The clinic's name.
        clinic_name: String,
        /// Who has signed in here before; last first.
        people: Vec<Person>,
        /// How many changes wait to be handed over.
        waiting: u32,
        /// Whether someone must give their password so that these can be read.
        needs_password: bool,
        /// When the data is destroyed, if the program runs until then.
        wipes_at: Option<String>,
        /// Why something of it is not handed over, or is lost, in words for people.
        problem: Option<String>,
    },
    /// This computer was taken out of service, and its keys and files are being destroyed.
    Wiping,
    /// The data on this computer cannot be opened; nothing of it was changed.
    Broken {
        /// What is wrong, for programs.
        code: ErrorCode,
        /// What is wrong and what to do, for people.
        detail: String,
        /// The fingerprint of the recovery code that opens it, if the keys are lost and such a code was made.
        recovery: Option<String>,
    },
}

/// For how long a computer works without contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct LeaseView {
    /// So many days without contact are allowed; with 0 nobody opens it without the server.
    pub days_allowed: u32,
    /// Whole days since the last contact.
    pub days_without: u32,
    /// Whole hours until it locks.
    pub hours_left: u32,
    /// Whether four fifths of the time are over.
    pub ends_soon: bool,
    /// Whether all of it is: only the server opens it now.
    pub has_ended: bool,
    /// Whether it was so long that rights are no longer taken for granted.
    pub roles_lapsed: bool,
}

/// A person who has signed in on this computer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct Person {
    /// Who.
    pub user_id: UserId,
    /// Their name.
    pub full_name: String,
    /// With what they sign in.
    pub email: String,
    /// What they may do.
    pub roles: Roles,
}

/// Who is signed in, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[expect(clippy::struct_excessive_bools, reason = "each answers a question of its own for the window")]
pub struct SessionView {
    /// Who.
    pub person: Person,
    /// Their profile as a prescriber.
    pub doctor_id: Option<DoctorId>,
    /// Whether they may sign prescriptions.
    pub may_prescribe: bool,
    /// Whether they may read clinical columns.
    pub may_read_clinical: bool,
    /// Whether they may say that two registrations are one person; whoever may not proposes it.
    pub may_merge: bool,
    /// The tenant's name.
    pub tenant_name: String,
    /// Where this computer stands.
    pub clinic_id: ClinicId,
    /// The clinic's name.
    pub clinic_name: String,
    /// What staff call this computer.
    pub device_name: String,
    /// The letter before the numbers that this computer gives.
    pub lane: String,
    /// What this computer may receive.
    pub scope: DeviceScope,
    /// Whether rights beyond those of all staff wait for contact with the server.
    pub roles_lapsed: bool,
    /// Whether the safety checks of this program failed their own test: then nothing is checked.
    pub checks_broken: bool,
    /// After so many minutes in which nobody touches the window it locks.
    pub idle_lock_minutes: u32,
}

/// What the enrolment screen sends.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct Enrolment {
    /// The server's address, with or without `https://`.
    pub server: String,
    /// The one-time code.
    pub code: String,
    /// The e-mail of whoever enrols this computer.
    pub email: String,
    /// Their password.
    pub password: String,
    /// What staff will call this computer.
    pub device_name: String,
}

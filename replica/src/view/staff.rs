//! The clinic's staff, as its admins see and change them.

use protocol::id::{ClinicId, UserId};
use protocol::manage::UserInfo;
use protocol::permission::Role;
use protocol::validate::moment_text;
use serde::{Deserialize, Serialize};

/// The staff of a tenant, and the clinics in which they may work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct StaffList {
    /// Everybody; those who can sign in first.
    pub people: Vec<StaffView>,
    /// The clinics that are open, by name.
    pub clinics: Vec<StaffClinic>,
}

/// A clinic in which somebody may work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct StaffClinic {
    /// Which.
    pub id: ClinicId,
    /// Its name.
    pub name: String,
}

/// A member of staff, as the clinic's admins see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct StaffView {
    /// Who.
    pub id: UserId,
    /// Whether it is who is signed in.
    pub is_you: bool,
    /// Whether they have a one-time password, and are asked for another one.
    pub has_one_time_password: bool,
    /// Whether they have, or had, a profile as a prescriber. Its registration may not have come to this computer yet.
    pub is_registered: bool,
    /// When they last gave their password.
    pub last_login_at: Option<String>,
    /// What an admin may change of them.
    pub form: StaffForm,
}

/// What an admin writes of a member of staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct StaffForm {
    /// Their name.
    pub full_name: String,
    /// With what they sign in.
    pub email: String,
    /// As people write it; empty for none.
    pub mobile_number: String,
    /// What they are.
    pub roles: Vec<Role>,
    /// Whether they can sign in.
    pub is_active: bool,
    /// Where they work, the place where they mostly are first; none means in all clinics.
    pub clinics: Vec<ClinicId>,
    /// For a doctor or a dentist.
    pub registration: StaffRegistration,
}

/// What stands under every prescription of somebody. Empty texts are not given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct StaffRegistration {
    /// The number in the council's register.
    pub number: String,
    /// The council that keeps the register.
    pub council: String,
    /// For example "MBBS, MD".
    pub qualifications: String,
    /// For example "General Medicine".
    pub specialization: String,
}

impl StaffView {
    /// A member of staff as they are shown to this person, with the registration that is known here.
    pub fn of(info: UserInfo, you: UserId, registration: StaffRegistration) -> Self {
        Self {
            is_you: info.id == you,
            id: info.id,
            has_one_time_password: info.must_change_password,
            is_registered: info.doctor_id.is_some(),
            last_login_at: info.last_login_at.map(moment_text),
            form: StaffForm {
                full_name: info.full_name,
                email: info.email,
                mobile_number: info.mobile_number.unwrap_or_default(),
                roles: info.roles,
                is_active: info.is_active,
                clinics: info.clinics,
                registration,
            },
        }
    }
}

//! The bodies with which a tenant's admins manage its staff and computers, and anyone their own password. Clinics are
//! rows of [`crate::table::TableName::Clinics`], and travel as such.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::api::{DeviceScope, NewDoctor, Secret};
use crate::id::{ClinicId, DeviceId, DoctorId, UserId};
use crate::permission::Role;

/// A member of staff, as admins see them: `GET /v1/users`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UserInfo {
    /// Who.
    pub id: UserId,
    /// Their name.
    pub full_name: String,
    /// With what they sign in.
    pub email: String,
    /// In E.164.
    pub mobile_number: Option<String>,
    /// What they are.
    pub roles: Vec<Role>,
    /// Whether they can sign in.
    pub is_active: bool,
    /// Whether they have a one-time password.
    pub must_change_password: bool,
    /// Their profile as a prescriber, active or not.
    pub doctor_id: Option<DoctorId>,
    /// Where they work, the place where they mostly are first; none means in all clinics.
    pub clinics: Vec<ClinicId>,
    /// When they last gave their password.
    #[serde(with = "time::serde::rfc3339::option")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub last_login_at: Option<OffsetDateTime>,
}

/// `POST /v1/users`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// Their name.
    pub full_name: String,
    /// With what they will sign in.
    pub email: String,
    /// As people write it.
    #[serde(default)]
    pub mobile_number: Option<String>,
    /// At least one.
    pub roles: Vec<Role>,
    /// Their registration, for a doctor or a dentist.
    #[serde(default)]
    pub doctor: Option<NewDoctor>,
    /// As in [`UserInfo::clinics`].
    #[serde(default)]
    pub clinics: Vec<ClinicId>,
}

/// The answer to [`NewUser`].
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UserAdded {
    /// Who was added.
    pub user: UserInfo,
    /// With this they sign in, and choose their own.
    pub one_time_password: Secret,
}

/// `PATCH /v1/users/{id}`: what is not given stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct UserChange {
    /// Their name, also as a prescriber.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_name: Option<String>,
    /// With what they will sign in. Their password stays; their access tokens end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// As people write it; empty for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mobile_number: Option<String>,
    /// All of their roles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<Role>>,
    /// Whether they can sign in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_active: Option<bool>,
    /// Their registration: for who becomes a doctor or a dentist, and to correct or complete that of who is one. What is
    /// signed already keeps what it was signed with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doctor: Option<DoctorChange>,
    /// All of their clinics, as in [`UserInfo::clinics`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clinics: Option<Vec<ClinicId>>,
}

/// What is given of a profile as a prescriber: the rest stays. An empty text takes away what was given, where that may be
/// absent; who has no profile yet needs a number and a council.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DoctorChange {
    /// [`Role::Doctor`] or [`Role::Dentist`].
    pub role: Role,
    /// For example "General Medicine".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub specialization: Option<String>,
    /// For example "MBBS, MD".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qualifications: Option<String>,
    /// The number in the council's register; printed on every prescription.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration_number: Option<String>,
    /// The council that keeps the register.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration_council: Option<String>,
}

impl From<DoctorChange> for NewDoctor {
    fn from(given: DoctorChange) -> Self {
        Self {
            role: given.role,
            specialization: given.specialization,
            qualifications: given.qualifications,
            registration_number: given.registration_number.unwrap_or_default(),
            registration_council: given.registration_council.unwrap_or_default(),
        }
    }
}

/// The answer to `POST /v1/users/{id}/password`: the one before is void, and this one signs in for ten minutes.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OneTimePassword {
    /// With this they sign in, and choose their own.
    pub one_time_password: Secret,
}

/// `POST /v1/auth/password`: one's own. The access token is void afterwards; the refresh token is not.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The one that holds now, also if it is a one-time password.
    pub old_password: Secret,
    /// 12 to 128 characters.
    pub new_password: Secret,
}

/// A computer: `GET /v1/devices`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeviceInfo {
    /// Which.
    pub id: DeviceId,
    /// What staff call it.
    pub name: String,
    /// Where it stands.
    pub clinic_id: ClinicId,
    /// `windows`, `macos` or `linux`.
    pub platform: String,
    /// The program's version when it was enrolled.
    pub app_version: String,
    /// What it may receive.
    pub scope: DeviceScope,
    /// The letters in the numbers that it gives.
    pub lane: String,
    /// When it came in.
    #[serde(with = "time::serde::rfc3339")]
    #[cfg_attr(feature = "schema", schemars(with = "String", extend("format" = "date-time")))]
    pub enrolled_at: OffsetDateTime,
    /// By whom.
    pub enrolled_by: UserId,
    /// When it last brought something.
    #[serde(with = "time::serde::rfc3339::option")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub last_seen_at: Option<OffsetDateTime>,
    /// Since when it is out of service.
    #[serde(with = "time::serde::rfc3339::option")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub revoked_at: Option<OffsetDateTime>,
    /// Whether a copy of it was seen since the last password sign-in.
    pub is_copied: bool,
    /// The computer that it was until its disk was copied or restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copied_from: Option<DeviceId>,
    /// The computer that it was until its keys were lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovered_from: Option<DeviceId>,
    /// The computer that it became after its keys were lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovered_as: Option<DeviceId>,
    /// The fingerprint of the recovery code that opens it; none was made if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_fingerprint: Option<String>,
    /// When that code was made, by the computer's clock.
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub recovery_made_at: Option<OffsetDateTime>,
    /// Until when it opens without contact, by what it was last told.
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub lease_until: Option<OffsetDateTime>,
    /// What became of it, once it is out of service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation: Option<RevocationInfo>,
}

/// How far a computer has come that was taken out of service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum RevocationState {
    /// It has not heard of it yet.
    Asked,
    /// It has not heard of it, and opens to nobody any more: its lease is over. Nobody knows what became of its disk.
    NeverConfirmed,
    /// It is locked.
    Acknowledged,
    /// It has signed what it left behind, and destroys its keys and files.
    Leaving,
    /// Its keys and files are gone.
    Done,
    /// A later server has a word that this program does not know.
    #[serde(other)]
    #[cfg_attr(feature = "schema", schemars(skip))]
    Other,
}

/// What became of a computer that was taken out of service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RevocationInfo {
    /// How far it has come.
    pub state: RevocationState,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    #[cfg_attr(feature = "schema", schemars(with = "String", extend("format" = "date-time")))]
    pub asked_at: OffsetDateTime,
    /// Why, in words.
    pub reason: Option<String>,
    /// Whether an admin's computer agreed that it destroys its data at once.
    pub has_consent: bool,
    /// When it heard of it.
    #[serde(with = "time::serde::rfc3339::option")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub acknowledged_at: Option<OffsetDateTime>,
    /// How much was lost with it: changes that nobody handed over, files, and records that only it had.
    pub lost: Option<u32>,
    /// When its keys and files were gone.
    #[serde(with = "time::serde::rfc3339::option")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub done_at: Option<OffsetDateTime>,
}

/// `POST /v1/devices/{id}/revoke`; an empty body is one without reason and consent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct RevokeRequest {
    /// Why, in at most 300 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The caller's computer agrees that the other one destroys its data at once: its signature over
    /// [`crate::signing::consent_message`]. It can be given later too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<String>,
}

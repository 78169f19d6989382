//! How a tenant begins, and how a desktop becomes one of its own.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{DeviceScope, Secret, Session};
use crate::id::{ClinicId, DeviceId, DoctorId, Epoch, TenantId, UserId};
use crate::mutation::Hash;
use crate::permission::Role;
use crate::recovery::Recovers;
use crate::standing::SignedOrder;

/// `POST /v1/clinics/register`: a new tenant with its first clinic and its admin.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RegisterRequest {
    /// The clinic's name; the tenant bears it too.
    pub clinic_name: String,
    /// A short code for the clinic, unique in the tenant.
    pub clinic_code: String,
    /// The admin's name.
    pub admin_name: String,
    /// The admin's e-mail, with which they sign in.
    pub admin_email: String,
    /// The admin's password, 12 to 128 characters.
    pub admin_password: Secret,
    /// Filled if the admin prescribes as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doctor: Option<NewDoctor>,
}

/// A doctor's profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NewDoctor {
    /// `Role::Doctor` or `Role::Dentist`.
    pub role: Role,
    /// For example "General Medicine".
    pub specialization: Option<String>,
    /// For example "MBBS, MD".
    pub qualifications: Option<String>,
    /// The number in the council's register; printed on every prescription.
    pub registration_number: String,
    /// The council that keeps the register.
    pub registration_council: String,
}

/// The answer to [`RegisterRequest`].
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RegisterResponse {
    /// The new tenant.
    pub tenant_id: TenantId,
    /// Its code, unique over all tenants.
    pub tenant_code: String,
    /// Its first clinic.
    pub clinic_id: ClinicId,
    /// Its admin.
    pub admin_user_id: UserId,
    /// The admin's profile as a doctor, if asked for.
    pub doctor_id: Option<DoctorId>,
    /// Enrols the first desktop.
    pub enrolment: EnrolmentCode,
}

/// `POST /v1/devices/codes`: where the new desktop will stand, and what it may receive.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CodeRequest {
    /// Where it will stand.
    pub clinic_id: ClinicId,
    /// What it may receive.
    pub scope: DeviceScope,
}

/// A one-time code that enrols one desktop.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EnrolmentCode {
    /// `TENANT_CODE-XXXX-XXXX-XXXX`, letters and digits of Crockford's base 32.
    pub code: Secret,
    /// When it stops working.
    #[serde(with = "time::serde::rfc3339")]
    #[cfg_attr(feature = "schema", schemars(with = "String", extend("format" = "date-time")))]
    pub expires_at: OffsetDateTime,
}

/// `POST /v1/devices/enrol`: a new desktop.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EnrolRequest {
    /// The one-time code.
    pub code: Secret,
    /// Who enrols it.
    pub email: String,
    /// Their password.
    pub password: Secret,
    /// What staff call this computer.
    pub device_name: String,
    /// `windows`, `macos` or `linux`.
    pub platform: String,
    /// The program's version.
    pub app_version: String,
    /// The device's Ed25519 public key.
    pub public_key: String,
    /// Over [`crate::signing::enrol_message`].
    pub signature: String,
    /// The desktop that it was, if the server does not know it any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<EnrolAgain>,
    /// The computer that it was, if it comes back after its keys were lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovers: Option<Recovers>,
}

/// A desktop that a restored server does not know: it goes on under the id that it has, with its key, its file and all that
/// was done on it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EnrolAgain {
    /// Whose device it is.
    pub tenant_id: TenantId,
    /// Its id.
    pub device_id: DeviceId,
    /// Where it stands; the code must be for this clinic.
    pub clinic_id: ClinicId,
    /// What it has received; the code must be for the same.
    pub scope: DeviceScope,
    /// The letter before the numbers that it gave: it keeps it if nobody else was given it since.
    pub lane: String,
    /// The server's half of its server slot, 32 random bytes in base64: what the server had was lost.
    pub unlock_key: Secret,
    /// What it was before, if it ever was another one: its mutations go on behind that one's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<Earlier>,
    /// What it was before that, the earliest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<Earlier>,
    /// The last lease that it was given, if that names one of those as out of service whose disk was copied: the server knows
    /// that one again by it, should it have lost it as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<SignedOrder>,
}

/// In [`EnrolAgain`]: what a desktop was until its disk was copied or its keys were lost.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Earlier {
    /// Under which id.
    pub device_id: DeviceId,
    /// Up to which of its mutations; 0 if there is none.
    pub until: i64,
    /// The hash of that mutation.
    pub until_hash: Hash,
    /// Whether its keys were lost, and it brings what that one had not sent.
    pub is_recovered: bool,
    /// By what the server knows that one again, if its keys were lost, or it was out of service, and the server lost it as
    /// well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<LostDevice>,
}

/// In [`Earlier`]: what a desktop knows of the one that it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LostDevice {
    /// The key by which its signatures are checked: Ed25519, 32 bytes in base64.
    pub public_key: String,
    /// The letter before the numbers that it gave.
    pub lane: String,
    /// The last lease that the server gave it.
    pub lease: SignedOrder,
}

/// The answer to [`EnrolRequest`].
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EnrolResponse {
    /// Whose device it is.
    pub tenant_id: TenantId,
    /// The tenant's name.
    pub tenant_name: String,
    /// The new device.
    pub device_id: DeviceId,
    /// The letter before the numbers that this device gives: no other device of the tenant has it.
    pub lane: String,
    /// Where it stands.
    pub clinic_id: ClinicId,
    /// The clinic's name.
    pub clinic_name: String,
    /// What it may receive.
    pub scope: DeviceScope,
    /// The server's name, part of all that the device signs for it.
    pub server_name: String,
    /// The epoch of the tenant's data.
    pub epoch: Epoch,
    /// The public key of the computer that it was, if it came back after its keys were lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovered_key: Option<String>,
    /// Who enrolled it.
    pub session: Session,
}

/// `POST /v1/devices/renew`: a desktop whose disk was copied or restored asks to go on under an id of its own. The answer
/// is an [`EnrolResponse`].
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RenewRequest {
    /// The public key with which it goes on, Ed25519 in base64.
    pub public_key: String,
    /// That key's signature over [`crate::signing::renew_message`].
    pub signature: String,
    /// The number of its last mutation that the server has as well; 0 if there is none.
    pub after: i64,
    /// The hash of that mutation.
    pub after_hash: Hash,
    /// The hash of its next mutation, under whose number the server has another one; none if nothing waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_hash: Option<Hash>,
    /// What the lease in the answer must bear.
    pub nonce: String,
}

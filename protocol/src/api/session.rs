//! Who is at a desktop, and how it stands.

use serde::{Deserialize, Serialize};

use super::{Notice, Secret};
use crate::id::{DeviceId, DoctorId, TenantId, UserId};
use crate::permission::Roles;
use crate::standing::SignedOrder;

/// `POST /v1/auth/challenge`: something fresh for a device to sign.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChallengeRequest {
    /// The device's tenant.
    pub tenant_id: TenantId,
    /// The device.
    pub device_id: DeviceId,
}

/// The answer to [`ChallengeRequest`]; works once, for 60 seconds.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChallengeResponse {
    /// 32 random bytes.
    pub challenge: String,
}

/// `POST /v1/auth/login`: a person signs in on an enrolled device.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LoginRequest {
    /// The device's tenant.
    pub tenant_id: TenantId,
    /// The device.
    pub device_id: DeviceId,
    /// Who signs in.
    pub email: String,
    /// Their password.
    pub password: Secret,
    /// From [`ChallengeResponse`].
    pub challenge: String,
    /// Over [`crate::signing::login_message`].
    pub signature: String,
    /// Comes back in the lease.
    #[serde(default)]
    pub nonce: String,
}

/// `POST /v1/auth/refresh`: new tokens for a person known on the device.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RefreshRequest {
    /// The device's tenant.
    pub tenant_id: TenantId,
    /// The device.
    pub device_id: DeviceId,
    /// Who is at the device now; they have signed in on it before.
    pub user_id: UserId,
    /// The device's current refresh token.
    pub refresh_token: Secret,
    /// Its generation.
    pub generation: i64,
    /// From [`ChallengeResponse`].
    pub challenge: String,
    /// Over [`crate::signing::refresh_message`].
    pub signature: String,
    /// Comes back in the lease.
    #[serde(default)]
    pub nonce: String,
}

/// `POST /v1/devices/standing`: how a computer stands, whoever is at it. The answer is a [`SignedOrder`].
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StandingRequest {
    /// The device's tenant.
    pub tenant_id: TenantId,
    /// The device.
    pub device_id: DeviceId,
    /// From [`ChallengeResponse`].
    pub challenge: String,
    /// Over [`crate::signing::standing_message`].
    pub signature: String,
    /// Comes back in the lease.
    #[serde(default)]
    pub nonce: String,
    /// Whether the computer knows that it is out of service, and has locked.
    #[serde(default)]
    pub is_locked: bool,
}

/// The answer to [`RefreshRequest`].
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Tokens {
    /// A JWT (EdDSA, `typ` `at+jwt`) for the header `Authorization: Bearer`.
    pub access_token: Secret,
    /// Its life in seconds.
    pub expires_in: i64,
    /// The next refresh token; the one before stays good until this one is used.
    pub refresh_token: Secret,
    /// Its generation.
    pub generation: i64,
    /// For how long the computer may work without contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<SignedOrder>,
}

/// The answer to a sign-in.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Session {
    /// Who signed in.
    pub user: StaffMember,
    /// The server's half of the device's server slot: 256 bits. Alone it opens nothing.
    pub unlock_key: Secret,
    /// Tokens for the device.
    pub tokens: Tokens,
    /// What they should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Notice>,
}

/// A member of staff.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StaffMember {
    /// Who.
    pub id: UserId,
    /// Their name.
    pub full_name: String,
    /// With what they sign in.
    pub email: String,
    /// What they may do.
    pub roles: Roles,
    /// Their profile as a prescriber.
    pub doctor_id: Option<DoctorId>,
}

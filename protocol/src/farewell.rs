//! How a computer that was taken out of service takes its leave: it hands over what it still has, signs what it leaves
//! behind, and says once more when its keys and files are gone.

use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::api::{Receipt, Secret};
use crate::id::{DeviceId, TenantId};
use crate::mutation::SignedMutation;
use crate::signing;

/// `POST /v1/devices/handover`: what was done on a computer that is out of service, in its order, within the limits of a
/// push. All of it waits for a person. So does what was done on a computer whose keys were lost, which the one that it
/// became hands over, itself in service or not, and what a computer out of service did before its disk was copied, which
/// the copy does.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HandoverRequest {
    /// The device's tenant.
    pub tenant_id: TenantId,
    /// The device.
    pub device_id: DeviceId,
    /// From [`crate::api::ChallengeResponse`].
    pub challenge: String,
    /// Over [`crate::signing::handover_message`].
    pub signature: String,
    /// The computer that this one was until its keys were lost, or until its disk was copied, if it was done under that one's id
    /// and signed by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<DeviceId>,
    /// What was done.
    pub mutations: Vec<SignedMutation>,
}

/// The answer to [`HandoverRequest`].
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HandoverResponse {
    /// One for each mutation, in their order.
    pub receipts: Vec<Receipt>,
}

/// What a computer says before it destroys its keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Farewell {
    /// The device's tenant.
    pub tenant_id: TenantId,
    /// The device.
    pub device_id: DeviceId,
    /// From [`crate::api::ChallengeResponse`].
    pub challenge: String,
    /// The number of the last mutation that was made on it.
    pub last_sequence: i64,
    /// How much is lost with it: mutations that nobody opened the computer to send, attached files that were not sent, and
    /// rows that the server had lost.
    pub lost: u32,
    /// Whether every mutation was handed over; else nobody opened the computer for it.
    #[serde(default)]
    pub has_sent_all: bool,
    /// Whether an admin's computer agreed; else the computer has waited.
    pub has_consent: bool,
    /// When, by the server's clock as far as the computer knows it.
    #[serde(with = "time::serde::rfc3339")]
    #[cfg_attr(feature = "schema", schemars(with = "String", extend("format" = "date-time")))]
    pub at: OffsetDateTime,
}

/// `POST /v1/devices/farewell`: a [`Farewell`] as it was signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SignedFarewell {
    /// The [`Farewell`] as JSON. The text itself is what is signed.
    pub body: String,
    /// By the device, over [`SignedFarewell::message`].
    pub signature: String,
}

impl SignedFarewell {
    /// Signs what a computer says last.
    pub fn sign(farewell: &Farewell, key: &SigningKey) -> serde_json::Result<Self> {
        let body = serde_json::to_string(farewell)?;
        let signature = signing::sign(key, &Self::message(&body));
        Ok(Self { body, signature })
    }

    /// What is signed.
    pub fn message(body: &str) -> String {
        format!("cd-farewell-1\n{body}")
    }
}

/// The answer to [`SignedFarewell`].
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FarewellToken {
    /// With this the computer, which will have no key, says that it is done.
    pub token: Secret,
}

/// `POST /v1/devices/wiped`: keys and files are gone.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Wiped {
    /// The device's tenant.
    pub tenant_id: TenantId,
    /// The device.
    pub device_id: DeviceId,
    /// From [`FarewellToken`].
    pub token: Secret,
}

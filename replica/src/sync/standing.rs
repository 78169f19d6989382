//! Asking the server how this computer stands, whoever is at it.

use ed25519_dalek::SigningKey;
use protocol::api::{ChallengeRequest, StandingRequest};
use protocol::id::{DeviceId, TenantId};
use protocol::signing;
use protocol::standing::SignedOrder;

use super::client::Client;
use crate::error::Result;

/// Asks as this device. The answer is believed by nobody yet.
pub(crate) async fn ask(
    client: &Client,
    server_name: &str,
    (tenant_id, device_id): (TenantId, DeviceId),
    device_key: &SigningKey,
    nonce: &str,
    is_locked: bool,
) -> Result<SignedOrder> {
    let challenge = client.challenge(&ChallengeRequest { tenant_id, device_id }).await?.challenge;
    let message = signing::standing_message(server_name, tenant_id, device_id, &challenge);
    let signature = signing::sign(device_key, &message);
    let nonce = nonce.to_owned();
    client.standing(&StandingRequest { tenant_id, device_id, challenge, signature, nonce, is_locked }).await
}

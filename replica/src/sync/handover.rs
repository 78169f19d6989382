//! Handing over what waits for a person, whatever is in it: of a computer that is out of service, or of the one that this
//! computer was before.

use ed25519_dalek::SigningKey;
use protocol::api::{ChallengeRequest, Receipt};
use protocol::farewell::HandoverRequest;
use protocol::id::{DeviceId, TenantId};
use protocol::mutation::SignedMutation;
use protocol::signing;

use super::belief;
use super::client::Client;
use crate::error::Result;

/// Hands a batch over as this device; `of` is the one that signed it, if it is another.
pub(crate) async fn hand_over(
    client: &Client,
    server_name: &str,
    (tenant_id, device_id): (TenantId, DeviceId),
    device_key: &SigningKey,
    of: Option<DeviceId>,
    mutations: Vec<SignedMutation>,
) -> Result<Vec<Receipt>> {
    let challenge = client.challenge(&ChallengeRequest { tenant_id, device_id }).await?.challenge;
    let message = signing::handover_message(server_name, tenant_id, device_id, &challenge);
    let signature = signing::sign(device_key, &message);
    let request = HandoverRequest { tenant_id, device_id, challenge, signature, of, mutations };
    let answer = client.hand_over(&request).await?;
    belief::receipts(&request.mutations, &answer.receipts)?;
    Ok(answer.receipts)
}

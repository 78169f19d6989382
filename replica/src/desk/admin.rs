//! What whoever is signed in asks of the server as an admin.

use protocol::id::DeviceId;
use protocol::manage::{DeviceInfo, RevokeRequest};
use protocol::signing;

use super::Desk;
use crate::error::Result;
use crate::sync::signer::Signer;

impl Desk {
    /// The computers of the tenant, as its admins see them.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Locked`]; what the server says, if it does not answer or this person is no admin.
    pub async fn devices(&self) -> Result<Vec<DeviceInfo>> {
        let (client, token) = self.line()?;
        client.devices(&token).await
    }

    /// Takes another computer of the tenant out of service, for good, with this computer's consent that it destroys its
    /// data at once.
    ///
    /// # Errors
    ///
    /// As for [`Desk::devices`]; and if it is this computer.
    pub async fn revoke_device(&self, id: DeviceId, reason: Option<String>) -> Result<DeviceInfo> {
        let (client, token) = self.line()?;
        let signer = self.signer()?;
        let message = signing::consent_message(signer.tenant, id);
        let consent = Some(signing::sign(&signer.key, &message));
        client.revoke(&token, &signer, id, &RevokeRequest { reason, consent }).await
    }

    /// With what this computer signs what whoever is signed in asks as an admin.
    pub(super) fn signer(&self) -> Result<Signer> {
        let replica = self.replica()?;
        let here = self.here()?;
        let about = here.slots.about();
        let offset = time::Duration::milliseconds(replica.store.sync_state()?.clock_offset_ms);
        Ok(Signer {
            server_name: about.server_name.clone(),
            tenant: about.tenant_id,
            device: about.device_id,
            user: replica.person.id,
            key: here.secrets.key.clone(),
            now: self.clock.now().saturating_add(offset),
        })
    }

    /// Objects to an admin whom the operator of the server is going to make: nobody becomes one.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Locked`]; what the server says, if it does not answer, this person may not object, or it is over already.
    pub async fn object_to_admin(&self) -> Result<()> {
        let (client, token) = self.line()?;
        client.object(&token).await?;
        // What it has to say is another thing now.
        self.sync_now();
        Ok(())
    }
}

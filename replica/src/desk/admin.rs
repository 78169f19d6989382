//! What whoever is signed in asks of the server as an admin.

use protocol::api::{CodeRequest, DeviceScope};
use protocol::id::{ClinicId, DeviceId};
use protocol::manage::{DeviceInfo, RevokeRequest};
use protocol::permission::Capability;
use protocol::signing;
use protocol::validate::moment_text;

use super::staff::open_clinics;
use super::{Desk, blocking};
use crate::error::{Error, Result};
use crate::sync::address::as_typed;
use crate::sync::signer::Signer;
use crate::view::{ComputerCode, ComputerList, ComputerView};

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

    /// The same as they are shown, with the clinics in which another one can stand.
    ///
    /// # Errors
    ///
    /// As for [`Desk::devices`].
    pub async fn computers(&self) -> Result<ComputerList> {
        let replica = self.replica()?;
        let this = replica.device();
        let devices = self.devices().await?;
        let clinics = blocking(move || replica.store.read(open_clinics)).await?;
        Ok(ComputerList {
            computers: devices.into_iter().map(|info| ComputerView::of(info, this)).collect(),
            clinics,
        })
    }

    /// Makes a one-time code with which a computer comes in, new or recovered: it will stand in this clinic and receive this.
    /// The code is told once.
    ///
    /// # Errors
    ///
    /// [`Error::Locked`], [`Error::Forbidden`]; [`Error::CodeNeedsServer`] if it does not answer; what it says, if it refuses.
    pub async fn new_computer_code(&self, clinic_id: ClinicId, scope: DeviceScope) -> Result<ComputerCode> {
        let replica = self.replica()?;
        if !replica.person.roles.has(Capability::ManageDevices) {
            return Err(Error::Forbidden("Only an admin makes a code for a computer."));
        }
        let signer = self.signer()?;
        let (client, token) = self.line().map_err(|error| self.no_code(error))?;
        let asked = client.enrolment_code(&token, &signer, &CodeRequest { clinic_id, scope }).await;
        let made = asked.map_err(|error| self.no_code(error))?;
        Ok(ComputerCode {
            code: made.code.0,
            expires_at: moment_text(made.expires_at),
            server: as_typed(&replica.facts.server).to_owned(),
        })
    }

    /// A code whose answer was lost was seen by nobody and ends by itself: all that matters is that there is none.
    fn no_code(&self, error: Error) -> Error {
        match self.no_line(error) {
            Error::StaffNeedsServer | Error::AnswerTooLong => Error::CodeNeedsServer,
            error => error,
        }
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

//! A computer that was taken out of service: what the desk does step by step, over another network.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use uuid::Uuid;

use crate::error::{Error, Result};
use crate::guard::Guard;
use crate::keyring::Keyring;
use crate::leaving::{Handover, Left, say_farewell};
use crate::sync::client::Client;
use crate::sync::standing;
use crate::sync::surroundings::Surroundings;
use crate::sync::wire::Wire;

/// A computer that was taken out of service, opened so that what waits can be handed over.
pub struct Leaving {
    pub(super) handover: Arc<Handover>,
    pub(super) guard: Arc<Guard>,
    pub(super) surroundings: Arc<dyn Surroundings>,
}

impl Leaving {
    /// Hands over what waits. If an admin's computer agreed, or the time has come, signs what is left behind and writes that
    /// into the data folder; answers whether it did.
    pub async fn go_on(&self, data_dir: &Path, installation: Uuid) -> Result<bool> {
        let Self { handover, guard, surroundings } = self;
        if !guard.is_revoked() {
            self.ask_standing().await?;
        }
        if !guard.has_handed_over() {
            handover.all(&**surroundings, guard, || surroundings.now(), || {}).await?;
        }
        if !guard.may_wipe() {
            self.ask_standing().await?;
        }
        if !guard.may_wipe() {
            return Ok(false);
        }
        let (tenant_id, device_id) = (handover.tenant_id, handover.device_id);
        let said = say_farewell(&handover.client, guard, (tenant_id, device_id), &handover.key).await?;
        // What the server lost since is handed over once more.
        let token = said.ok_or(Error::ServerWentBack)?;
        let server = handover.store.facts()?.server;
        let left =
            Left { server, tenant_id, device_id, installation_id: installation, token, is_destroyed: false };
        left.save(data_dir)?;
        Ok(true)
    }

    async fn ask_standing(&self) -> Result<()> {
        let Handover { client, server_name, tenant_id, device_id, key, store } = &*self.handover;
        let nonce = self.surroundings.nonce()?;
        let order = standing::ask(client, server_name, (*tenant_id, *device_id), key, &nonce, true).await?;
        self.guard.take(&order, &nonce)?;
        store.remember(&order)
    }
}

/// A data folder of which it is signed what was left behind.
pub struct Gone {
    data_dir: PathBuf,
    left: Left,
}

impl Gone {
    /// If there is something left to do or to say.
    pub fn find(data_dir: &Path) -> Result<Option<Self>> {
        let left = Left::find(data_dir)?;
        Ok(left.map(|left| Self { data_dir: data_dir.to_owned(), left }))
    }

    /// Whether keys and files are gone.
    pub fn is_destroyed(&self) -> bool {
        self.left.is_destroyed
    }

    /// Destroys keys and files.
    pub fn destroy(self, keyring: &Keyring) -> Result<Self> {
        let left = self.left.destroy(&self.data_dir, keyring)?;
        Ok(Self { left, ..self })
    }

    /// Says that they are gone.
    pub async fn say_so(&self, wire: Arc<dyn Wire>) -> Result<()> {
        self.left.say(&Client::over(wire), &self.data_dir).await
    }
}

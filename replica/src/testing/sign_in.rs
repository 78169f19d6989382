//! Who opens a computer: with a slot of their own, or with the server's help, as `desk/sign_in.rs` has it.

use std::path::PathBuf;
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use protocol::api::{Secret, StaffMember};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{DatabaseKey, Facts, Standing, Store, Surroundings, Wire};
use crate::error::Result;
use crate::keyring::{DeviceSecrets, Keyring, RefreshToken};
use crate::slots::{About, Password, SlotCost, Slots, UserSlot};
use crate::sync::client::Client;
use crate::sync::engine::{Typed, login};

/// Who signs in, and with what.
#[derive(Clone)]
pub struct SignIn {
    /// Who.
    pub person: StaffMember,
    /// What they typed.
    pub password: String,
    /// The computer's key.
    pub device_key: SigningKey,
    /// The computer's secret.
    pub secret: [u8; 32],
    /// The clinic's folder, with the slots.
    pub home: PathBuf,
    /// The computer's keyring.
    pub keyring: Keyring,
    /// Where its tokens stand in the keyring.
    pub installation: Uuid,
    /// How the computer stands.
    pub standing: Standing,
}

impl SignIn {
    /// Writes slots beside the data and keys into the keyring, as enrolling does. `unlock_key` is the server's half.
    pub fn enrol(&self, facts: &Facts, unlock_key: &Secret, key: &DatabaseKey) -> Result<()> {
        let secrets = self.secrets();
        self.keyring.put_device(self.installation, &secrets)?;
        let about = About::of(self.installation, facts);
        let mut slots = Slots::new(&self.home, about, 1, &secrets);
        slots.put_server(unlock_key, &secrets, key)?;
        self.put_user(&mut slots, &self.person, key)
    }

    /// Whether this person's own slot opens the data, without the server.
    pub fn opens_offline(&self) -> Result<bool> {
        let Some(slots) = Slots::find(&self.home)? else { return Ok(false) };
        let tried = slots.open_user(&self.person.email, &self.password, &self.secrets())?;
        Ok(matches!(tried, UserSlot::Open(_)))
    }

    /// Signs in at the server, which alone opens the computer: answers with an access token.
    pub async fn online(
        &self,
        store: &Store,
        wire: Arc<dyn Wire>,
        surroundings: &dyn Surroundings,
    ) -> Result<Secret> {
        let facts = store.facts()?;
        let typed =
            Typed { email: self.person.email.clone(), password: Zeroizing::new(self.password.clone()) };
        let (who, nonce) = ((facts.tenant_id, facts.device_id), surroundings.nonce()?);
        let client = Client::over(wire);
        let session = login(&client, &facts.server_name, who, &self.device_key, &typed, &nonce).await?;
        if let Some(order) = &session.tokens.standing {
            self.standing.take(order, &nonce)?;
            store.remember(order)?;
        }
        store.put_staff(&session.user)?;
        let (token, generation) = (session.tokens.refresh_token, session.tokens.generation);
        let token = RefreshToken { token, generation };
        self.keyring.put_refresh_token(self.installation, &token, &store.token_key)?;
        // Taking the lease may have closed slots.
        if let Some(mut slots) = Slots::find(&self.home)? {
            let key = slots.open_server(&session.unlock_key, &self.secrets())?;
            self.put_user(&mut slots, &session.user, &key)?;
        }
        Ok(session.tokens.access_token)
    }

    fn put_user(&self, slots: &mut Slots, person: &StaffMember, key: &DatabaseKey) -> Result<()> {
        let people = self.standing.lease().map(|lease| lease.people).unwrap_or_default();
        let colleague = people.into_iter().find(|colleague| colleague.user_id == person.id);
        let typed = Password {
            text: &self.password,
            cost: SlotCost::QUICK,
            version: colleague.map_or(0, |colleague| colleague.password_version),
            opens_offline: self.standing.opens_offline(),
        };
        slots.put_user(person, &typed, &self.secrets(), key, None, 0)?;
        slots.save()
    }

    fn secrets(&self) -> DeviceSecrets {
        DeviceSecrets { secret: Zeroizing::new(self.secret), key: self.device_key.clone() }
    }
}

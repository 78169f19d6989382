//! A computer becomes one of a clinic.

use std::sync::Arc;

use protocol::api::{EnrolRequest, Secret, Session};
use protocol::recovery::Recovers;
use protocol::signing;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::sign_in::{Access, SignIn};
use super::{Desk, blocking};
use crate::error::{Error, Result};
use crate::files;
use crate::guard::Guard;
use crate::keyring::{DeviceSecrets, TokenKey};
use crate::own_key::OwnKey;
use crate::recovery_code::RecoveryCode;
use crate::slots::{About, Slots};
use crate::store::{DatabaseKey, Facts, Store};
use crate::sync::address::parse_address;
use crate::sync::client::Client;
use crate::sync::engine::Typed;
use crate::view::{AppState, Enrolment};

impl Desk {
    /// Enrols this computer, and signs in whoever did it.
    ///
    /// # Errors
    ///
    /// Nothing is left behind; a computer that belongs to a clinic already is not touched.
    pub async fn enrol(self: &Arc<Self>, enrolment: Enrolment) -> Result<AppState> {
        let Ok(_alone) = self.enrolling.try_lock() else { return Err(Error::AlreadyEnrolled) };
        if self.slots()?.is_some() || self.home().exists() || self.is_being_wiped() {
            return Err(Error::AlreadyEnrolled);
        }
        let server = parse_address(&enrolment.server)?;
        if enrolment.device_name.trim().is_empty() {
            return Err(Error::Invalid("This computer needs a name by which staff know it.".into()));
        }
        // The keyring first: without one the code would be used up for nothing.
        let installation = Uuid::new_v4();
        let secrets = DeviceSecrets::random()?;
        let (keyring, kept) = (
            self.keyring.clone(),
            DeviceSecrets { secret: secrets.secret.clone(), key: secrets.key.clone() },
        );
        blocking(move || keyring.put_device(installation, &kept)).await?;
        let enrolled = self.enrol_with(&server, &enrolment, installation, secrets).await;
        // Once the clinic's folder is in its place its keys stay, whatever failed after that.
        if enrolled.is_err() && !self.home().exists() {
            let (keyring, unfinished) = (self.keyring.clone(), self.unfinished());
            blocking(move || {
                // The answer to the enrolment says what went wrong, not this.
                keyring.forget(installation).ok();
                files::remove_dir(&unfinished)
            })
            .await?;
        }
        enrolled
    }

    async fn enrol_with(
        self: &Arc<Self>,
        server: &url::Url,
        enrolment: &Enrolment,
        installation: Uuid,
        secrets: DeviceSecrets,
    ) -> Result<AppState> {
        let client = Client::new(server)?;
        let request = enrol_request(enrolment, &secrets, None);
        let tenant_code = request.code.0.rsplitn(4, '-').nth(3).map(str::to_owned);
        let answer = client.enrol(&request).await?;
        let facts = Facts {
            tenant_id: answer.tenant_id,
            tenant_name: answer.tenant_name,
            device_id: answer.device_id,
            device_name: enrolment.device_name.trim().to_owned(),
            lane: answer.lane,
            clinic_id: answer.clinic_id,
            clinic_name: answer.clinic_name,
            scope: answer.scope,
            server: server.to_string(),
            server_name: answer.server_name,
            epoch: answer.epoch,
        };
        let (desk, password) = (Arc::clone(self), Zeroizing::new(enrolment.password.clone()));
        let session = answer.session;
        blocking(move || {
            let state = desk.settle(facts, &session, &password, installation, secrets)?;
            if let Some(code) = tenant_code {
                desk.replica()?.store.put_tenant_code(&code)?;
            }
            Ok(state)
        })
        .await
    }

    /// Makes the clinic's folder beside its place, and moves it there as a whole.
    fn settle(
        self: &Arc<Self>,
        facts: Facts,
        session: &Session,
        password: &str,
        installation: Uuid,
        secrets: DeviceSecrets,
    ) -> Result<AppState> {
        let unfinished = self.unfinished();
        if unfinished.exists() {
            std::fs::remove_dir_all(&unfinished)?;
        }
        files::make_private_dir(&self.data_dir)?;
        files::make_private_dir(&unfinished)?;
        let key = DatabaseKey::random()?;
        let about = About::of(installation, &facts);
        let device = (about.tenant_id, about.device_id);
        let mut slots = Slots::new(&unfinished, about, 1, &secrets);
        slots.put_server(&session.unlock_key, &secrets, &key)?;
        let code = RecoveryCode::random()?;
        let made = slots.put_recovery(&code, &key, self.clock.now())?;
        slots.save()?;
        let guard = Guard::open(&unfinished, device, &secrets, self.clock.clone());
        if let Some(order) = &session.tokens.standing {
            guard.take(order, "")?;
        }
        let typed = self.password(password, session, &guard);
        let own_key = OwnKey::born(0)?;
        slots.put_user(&session.user, &typed, &secrets, &key, Some(&own_key), self.now_ms())?;
        slots.save()?;
        let store = Store::create(&slots.database(), &key, &facts)?;
        store.put_staff(&session.user)?;
        if let Some(order) = &session.tokens.standing {
            store.remember(order)?;
        }
        store.put_recovery(&made)?;
        drop(store);
        self.keep_refresh_token(installation, session, &TokenKey::of(&key))?;
        files::rename(&unfinished, &self.home())?;
        let here = self.here()?;
        self.show_code(&code, &made, &facts, Some(session.user.id));
        let sign_in = SignIn {
            store: Arc::new(Store::open(&here.slots.database(), &key)?),
            person: session.user.clone(),
            password_version: typed.version,
            access: Access::Token(session.tokens.access_token.clone()),
            own_key: Some((own_key, Typed::new(&session.user.email, password))),
        };
        self.sign_in(here, sign_in)
    }
}

/// With what a computer comes in.
pub(crate) fn enrol_request(
    enrolment: &Enrolment,
    secrets: &DeviceSecrets,
    recovers: Option<Recovers>,
) -> EnrolRequest {
    let public_key = signing::public_key_text(&secrets.key.verifying_key());
    let code = enrolment.code.trim().to_uppercase();
    let signature = signing::sign(&secrets.key, &signing::enrol_message(&code, &public_key));
    EnrolRequest {
        code: Secret(code),
        email: enrolment.email.trim().to_owned(),
        password: Secret(enrolment.password.clone()),
        device_name: enrolment.device_name.trim().to_owned(),
        platform: std::env::consts::OS.to_owned(),
        app_version: env!("CARGO_PKG_VERSION").to_owned(),
        public_key,
        signature,
        again: None,
        recovers,
    }
}

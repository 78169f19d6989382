//! How a computer stands with its server: for how long it may work without contact, and that it was taken out of
//! service. These are signed by the server's order key, which a computer learns when it is enrolled, so that no box on
//! the way can say them.

use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::api::DeviceScope;
use crate::id::{DeviceId, DoctorId, Epoch, TenantId, UserId};
use crate::permission::Roles;
use crate::signing;

/// The longest that a computer works without contact, in days; what a tenant has not chosen is this as well.
pub const MAX_OFFLINE_DAYS: u8 = 14;
/// The longest that roles hold without contact, in days.
pub const MAX_ROLE_DAYS: u8 = 7;
/// A tenant that allows no work without contact still has so long when the line breaks.
pub const GRACE: Duration = Duration::hours(1);
/// Without the consent of an admin's computer a revoked one runs so long, in sight, before it destroys anything. A key
/// of an admin's computer does not count before the program has run so long since it learnt of it.
pub const WIPE_WAIT: Duration = Duration::hours(24);
/// At most so many computers out of service, and so many closed accounts, stand in a lease.
pub const MAX_REMEMBERED: usize = 100;
/// At most so many computers of admins stand in a lease, those that were last used.
pub const MAX_ADMIN_DEVICES: usize = 32;

/// What the order key says of one computer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "order", rename_all = "snake_case")]
pub enum Order {
    /// It may go on.
    Lease(Lease),
    /// It was taken out of service.
    Revoked(Revocation),
}

impl Order {
    /// Whom it concerns.
    pub fn device(&self) -> (TenantId, DeviceId) {
        match self {
            Self::Lease(lease) => (lease.tenant_id, lease.device_id),
            Self::Revoked(revocation) => (revocation.tenant_id, revocation.device_id),
        }
    }
}

/// A computer may work without contact for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Lease {
    /// Whose computer.
    pub tenant_id: TenantId,
    /// Which computer.
    pub device_id: DeviceId,
    /// What it may receive.
    pub scope: DeviceScope,
    /// The server's time.
    #[serde(with = "time::serde::rfc3339")]
    #[cfg_attr(feature = "schema", schemars(with = "String", extend("format" = "date-time")))]
    pub issued_at: OffsetDateTime,
    /// How many days without contact the tenant allows, 0 to [`MAX_OFFLINE_DAYS`]; with 0 nobody opens the computer
    /// without the server.
    pub offline_days: u8,
    /// What the computer asked with: an answer that was held back is none.
    #[serde(default)]
    pub nonce: String,
    /// Who may work on it: all who have signed in there, as they are now.
    pub people: Vec<Colleague>,
    /// Other computers on which an admin has signed in. What they sign counts on this one.
    pub admin_devices: Vec<AdminDevice>,
    /// The life of the server's data in which it was given. What follows is told so that a server which is restored from a
    /// backup hears again what it said since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<Epoch>,
    /// Computers out of service, at most [`MAX_REMEMBERED`], the latest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revoked: Vec<DeviceId>,
    /// Accounts that were closed, at most [`MAX_REMEMBERED`], the latest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub closed: Vec<UserId>,
}

impl Lease {
    /// The end of work without contact, by the server's time.
    pub fn not_after(&self) -> OffsetDateTime {
        self.issued_at
            .saturating_add(Duration::days(self.offline_days.min(MAX_OFFLINE_DAYS).into()).max(GRACE))
    }

    /// Until when the roles of its people hold without contact, by the server's time.
    pub fn roles_until(&self) -> OffsetDateTime {
        self.issued_at.saturating_add(Duration::days(self.offline_days.min(MAX_ROLE_DAYS).into()).max(GRACE))
    }

    /// What it says of this person.
    pub fn colleague(&self, user: UserId) -> Option<&Colleague> {
        self.people.iter().find(|colleague| colleague.user_id == user)
    }
}

/// A computer was taken out of service: it locks at once, hands over what it has, and destroys the rest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Revocation {
    /// Whose computer.
    pub tenant_id: TenantId,
    /// Which computer.
    pub device_id: DeviceId,
    /// When it was asked for, by the server's clock.
    #[serde(with = "time::serde::rfc3339")]
    #[cfg_attr(feature = "schema", schemars(with = "String", extend("format" = "date-time")))]
    pub asked_at: OffsetDateTime,
    /// That of an admin's computer, without which this one waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<Consent>,
}

/// An admin's computer agrees that another one destroys what is on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Consent {
    /// The admin's computer.
    pub device_id: DeviceId,
    /// Over [`crate::signing::consent_message`].
    pub signature: String,
}

/// Someone who has signed in on a computer, as they are now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Colleague {
    /// Who.
    pub user_id: UserId,
    /// With what they sign in; an earlier server does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// What they are.
    pub roles: Roles,
    /// Their profile as a prescriber.
    pub doctor_id: Option<DoctorId>,
    /// One more for each password that they had: an earlier one opens nothing.
    pub password_version: i32,
}

/// A computer on which an admin has signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AdminDevice {
    /// Which.
    pub device_id: DeviceId,
    /// Its Ed25519 public key.
    pub public_key: String,
}

/// An [`Order`] as it travels: its exact text, signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SignedOrder {
    /// The [`Order`] as JSON. The text itself is what is signed: it is never written anew.
    pub body: String,
    /// The public half of the order key that signed it.
    pub key: String,
    /// Over `cd-order-1` and `body`.
    pub signature: String,
    /// How order keys followed each other, for whoever knows an earlier one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub handovers: Vec<KeyHandover>,
}

/// An order key names the one that follows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct KeyHandover {
    /// The public half of the earlier key.
    pub from: String,
    /// The public half of the later key.
    pub to: String,
    /// By the earlier key, over `cd-order-key-1` and both.
    pub signature: String,
}

/// Why an order was not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotBelieved {
    /// Its key is not the known one, nor does one that is known lead to it.
    #[error("another order key signed it")]
    Key,
    /// The signature is not that key's.
    #[error("the signature does not fit")]
    Signature,
    /// The text is not an order that this program knows.
    #[error("the text is not an order")]
    Body,
    /// It is for another computer.
    #[error("it is for another computer")]
    Device,
}

impl KeyHandover {
    /// Lets one key follow another.
    pub fn sign(from: &SigningKey, to: &str) -> Self {
        let old = signing::public_key_text(&from.verifying_key());
        let signature = signing::sign(from, &handover_message(&old, to));
        Self { from: old, to: to.to_owned(), signature }
    }

    fn is_good(&self) -> bool {
        signing::parse_public_key(&self.from).is_some_and(|key| {
            signing::verify(&key, &handover_message(&self.from, &self.to), &self.signature)
        })
    }
}

impl SignedOrder {
    /// Signs an order.
    pub fn sign(order: &Order, key: &SigningKey, handovers: &[KeyHandover]) -> serde_json::Result<Self> {
        let body = serde_json::to_string(order)?;
        let signature = signing::sign(key, &order_message(&body));
        let key = signing::public_key_text(&key.verifying_key());
        Ok(Self { body, key, signature, handovers: handovers.to_vec() })
    }

    /// The order, if the known key signed it, or one to which the known one leads. Without a known key the one that
    /// signed is believed: a computer that is enrolled learns it so.
    pub fn open(&self, known: Option<&str>, device: (TenantId, DeviceId)) -> Result<Order, NotBelieved> {
        if !self.follows(known) {
            return Err(NotBelieved::Key);
        }
        let key = signing::parse_public_key(&self.key).ok_or(NotBelieved::Key)?;
        if !signing::verify(&key, &order_message(&self.body), &self.signature) {
            return Err(NotBelieved::Signature);
        }
        let order: Order = serde_json::from_str(&self.body).map_err(|_| NotBelieved::Body)?;
        if order.device() == device { Ok(order) } else { Err(NotBelieved::Device) }
    }

    fn follows(&self, known: Option<&str>) -> bool {
        let Some(mut key) = known else { return true };
        // As many steps as there are handovers: a circle ends.
        for _ in &self.handovers {
            if key == self.key {
                break;
            }
            let next = self.handovers.iter().find(|handover| handover.from == key && handover.is_good());
            let Some(next) = next else { return false };
            key = &next.to;
        }
        key == self.key
    }
}

fn order_message(body: &str) -> String {
    format!("cd-order-1\n{body}")
}

fn handover_message(from: &str, to: &str) -> String {
    format!("cd-order-key-1\n{from}\n{to}")
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use uuid::Uuid;

    use super::*;

    const DEVICE: (TenantId, DeviceId) = (TenantId(Uuid::nil()), DeviceId(Uuid::max()));

    fn key(byte: u8) -> SigningKey {
        SigningKey::from_bytes(&[byte; 32])
    }

    fn public(key: &SigningKey) -> String {
        signing::public_key_text(&key.verifying_key())
    }

    fn lease(offline_days: u8) -> Lease {
        Lease {
            tenant_id: DEVICE.0,
            device_id: DEVICE.1,
            scope: DeviceScope::Clinical,
            issued_at: datetime!(2026-11-23 05:00 UTC),
            offline_days,
            nonce: String::new(),
            people: vec![],
            admin_devices: vec![],
            epoch: None,
            revoked: vec![],
            closed: vec![],
        }
    }

    fn signed(key: &SigningKey, handovers: &[KeyHandover]) -> SignedOrder {
        SignedOrder::sign(&Order::Lease(lease(14)), key, handovers).expect("BUG: an order is JSON")
    }

    #[test]
    fn an_order_is_believed_of_the_known_key_and_for_its_own_computer() {
        let order = signed(&key(1), &[]);
        assert_eq!(order.open(Some(&public(&key(1))), DEVICE), Ok(Order::Lease(lease(14))));
        assert_eq!(order.open(None, DEVICE), Ok(Order::Lease(lease(14))));
        assert_eq!(order.open(Some(&public(&key(2))), DEVICE), Err(NotBelieved::Key));
        let elsewhere = (DEVICE.0, DeviceId(Uuid::nil()));
        assert_eq!(order.open(Some(&public(&key(1))), elsewhere), Err(NotBelieved::Device));
        let longer = SignedOrder { body: order.body.replace(":14", ":13"), ..order.clone() };
        assert_eq!(longer.open(Some(&public(&key(1))), DEVICE), Err(NotBelieved::Signature));
        let renamed = SignedOrder { key: public(&key(2)), ..order };
        assert_eq!(renamed.open(Some(&public(&key(1))), DEVICE), Err(NotBelieved::Key));
    }

    #[test]
    fn a_key_is_followed_by_the_one_that_it_named_and_by_no_other() {
        let first = KeyHandover::sign(&key(1), &public(&key(2)));
        let second = KeyHandover::sign(&key(2), &public(&key(3)));
        let order = signed(&key(3), &[second.clone(), first.clone()]);
        for known in [1, 2, 3] {
            assert!(order.open(Some(&public(&key(known))), DEVICE).is_ok(), "{known}");
        }
        // One step is missing, one is not signed by who is followed, one goes back.
        let forged = KeyHandover { to: public(&key(9)), ..first.clone() };
        let back = KeyHandover::sign(&key(3), &public(&key(1)));
        for (by, handovers) in [(3, vec![first.clone()]), (9, vec![forged]), (9, vec![first, second, back])] {
            let order = signed(&key(by), &handovers);
            assert_eq!(order.open(Some(&public(&key(1))), DEVICE), Err(NotBelieved::Key), "{by}");
        }
    }

    #[test]
    fn a_lease_ends_after_the_days_that_the_tenant_allows_and_roles_after_a_week_at_most() {
        for (days, end, roles) in [(14, 14, 7), (200, 14, 7), (7, 7, 7), (2, 2, 2)] {
            let lease = lease(days);
            assert_eq!(lease.not_after() - lease.issued_at, Duration::days(end));
            assert_eq!(lease.roles_until() - lease.issued_at, Duration::days(roles));
        }
        assert_eq!(lease(0).not_after() - lease(0).issued_at, GRACE);
    }

    #[test]
    fn a_lease_of_the_last_day_that_there_is_ends_that_day() {
        let last = datetime!(9999-12-31 23:00 UTC);
        let lease = Lease { issued_at: last, ..lease(14) };
        assert_eq!((lease.not_after().date(), lease.roles_until().date()), (last.date(), last.date()));
    }
}

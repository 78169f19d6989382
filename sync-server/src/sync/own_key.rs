//! Whether a mutation that only its author may make bears the signature of their own key.

use ed25519_dalek::VerifyingKey;
use protocol::error::{Refusal, RefusalCode};
use protocol::id::{DeviceId, TenantId, UserId};
use protocol::mutation::{Mutation, SignedMutation};
use protocol::signing::parse_public_key;
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::error::Result;

/// What its author's own key says of a mutation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Own {
    /// It signed it.
    Signed,
    /// The server knows of no key that they had when they made it.
    NoKey,
    /// It signed it, and counted no more when the server got it.
    Late,
    /// It did not sign it.
    Missing,
}

/// Judges by the key that its author had on its device when they made the mutation. `received` is when the server got it,
/// if that was not now.
pub(super) fn judge(key: Option<&Key>, signed: &SignedMutation, received: Option<OffsetDateTime>) -> Own {
    let Some(key) = key else { return Own::NoKey };
    let is_signed = key.public.is_some_and(|key| signed.is_signed_by(&key));
    let counted = match (key.revoked_at, received) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(revoked), Some(received)) => received < revoked,
    };
    match (is_signed, counted) {
        (false, _) => Own::Missing,
        (true, true) => Own::Signed,
        (true, false) => Own::Late,
    }
}

/// A key that somebody had.
#[derive(Debug)]
pub(super) struct Key {
    user: UserId,
    /// It counts for what was made behind this one.
    after_sequence: i64,
    /// None if it is no key.
    pub(super) public: Option<VerifyingKey>,
    revoked_at: Option<OffsetDateTime>,
}

/// All keys that people had on a device, the latest first.
pub(super) async fn all(tx: &mut PgConnection, tenant: TenantId, device: DeviceId) -> Result<Vec<Key>> {
    let keys = sqlx::query!(
        "select user_id, after_sequence, public_key, revoked_at from own_keys
         where tenant_id = $1 and device_id = $2
         order by after_sequence desc, created_at desc",
        tenant.0,
        device.0
    )
    .fetch_all(tx)
    .await?;
    let keys = keys.into_iter().map(|key| Key {
        user: UserId(key.user_id),
        after_sequence: key.after_sequence,
        public: parse_public_key(&key.public_key),
        revoked_at: key.revoked_at,
    });
    Ok(keys.collect())
}

/// The one of a device's keys that the author of a mutation had when they made it.
pub(super) fn of_author<'a>(keys: &'a [Key], mutation: &Mutation) -> Option<&'a Key> {
    keys.iter().find(|key| key.user == mutation.actor_user_id && key.after_sequence < mutation.sequence)
}

impl Own {
    /// Why what is judged so is set aside, if it is.
    pub(super) fn refusal(self) -> Option<Refusal> {
        let detail = match self {
            Self::Signed | Self::NoKey => return None,
            Self::Late => {
                "It was signed with a key that counts no more: its author's password was reset, or they or the computer \
                 were taken out before it arrived. It is kept: its author signs in there and tries it again, an admin \
                 lets it in, or it is discarded."
            }
            Self::Missing => {
                "It does not bear the signature of the person in whose name it was made, who has a key of their own on \
                 that computer. It is kept: if it is theirs, they sign in there and try it again; if not, it is discarded \
                 and an admin should know of it."
            }
        };
        Some(Refusal::new(RefusalCode::NotSigned, detail))
    }
}

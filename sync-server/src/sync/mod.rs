//! How a desktop and the server come to the same rows.

mod after_merge;
pub(crate) mod begun;
pub mod bootstrap;
pub(crate) mod conflicts;
mod copies;
pub mod digest;
pub(crate) mod epoch;
pub mod forget;
pub mod live;
mod live_page;
pub(crate) mod log;
mod mutation;
pub(crate) mod news;
mod own;
mod own_key;
mod people;
mod prescription;
pub mod pull;
pub mod push;
mod quarantine;
pub mod read;
pub mod receipts;
pub(crate) mod refused;
pub(crate) mod restored;
pub(crate) mod rows;
mod session;
pub(crate) mod set_aside;
mod settle;
pub(crate) mod statements;
pub mod turns;

use std::sync::atomic::Ordering;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use protocol::PROTOCOL_VERSION;
use protocol::api::PROTOCOL_HEADER;
use protocol::id::{Epoch, TenantId};
use sqlx::PgConnection;

use crate::AppState;
use crate::error::{Error, Result};

/// Passes desktops whose protocol is this one or one of the two before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SpokenProtocol;

impl FromRequestParts<AppState> for SpokenProtocol {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self> {
        let oldest = state.oldest_protocol.load(Ordering::Relaxed);
        said(parts)
            .filter(|version| (oldest..=PROTOCOL_VERSION).contains(version))
            .map(|_| Self)
            .ok_or(Error::UpgradeRequired)
    }
}

/// Passes every desktop of this program or an earlier one: what people did is taken also from one that must be updated
/// before it gets anything.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OnceSpokenProtocol {
    /// Whether it gets anything as it is.
    is_spoken: bool,
}

impl FromRequestParts<AppState> for OnceSpokenProtocol {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self> {
        let oldest = state.oldest_protocol.load(Ordering::Relaxed);
        said(parts)
            .filter(|version| (1..=PROTOCOL_VERSION).contains(version))
            .map(|version| Self { is_spoken: version >= oldest })
            .ok_or(Error::UpgradeRequired)
    }
}

/// The version of the protocol that the desktop says it speaks.
fn said(parts: &Parts) -> Option<u32> {
    parts.headers.get(PROTOCOL_HEADER)?.to_str().ok()?.parse().ok()
}

/// The tenant's version, once it is sure that the desktop speaks of the same data.
async fn head(tx: &mut PgConnection, tenant: TenantId, epoch: Epoch) -> Result<i64> {
    let row = sqlx::query!(
        r#"select version, epoch, held_at is not null as "is_held!" from tenant_sync where tenant_id = $1"#,
        tenant.0
    )
    .fetch_one(tx)
    .await?;
    known_head((row.version, Epoch(row.epoch), row.is_held), epoch)
}

/// Refuses as long as the operator looks at data that was restored.
pub(crate) async fn must_not_be_held(tx: &mut PgConnection, tenant: TenantId) -> Result<()> {
    let is_held = sqlx::query_scalar!(
        r#"select held_at is not null as "is_held!" from tenant_sync where tenant_id = $1"#,
        tenant.0
    )
    .fetch_one(tx)
    .await?;
    if is_held { Err(Error::EpochHeld) } else { Ok(()) }
}

fn known_head((version, now, is_held): (i64, Epoch, bool), epoch: Epoch) -> Result<i64> {
    if is_held {
        return Err(Error::EpochHeld);
    }
    if now == epoch { Ok(version) } else { Err(Error::EpochChanged) }
}

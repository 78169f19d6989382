//! How a desktop and the server come to the same rows.

mod after_merge;
pub mod bootstrap;
pub(crate) mod conflicts;
mod copies;
pub mod digest;
pub mod live;
mod log;
mod mutation;
mod own;
mod prescription;
pub mod pull;
pub mod push;
mod quarantine;
pub mod read;
pub mod receipts;
pub(crate) mod rows;
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
        parts
            .headers
            .get(PROTOCOL_HEADER)
            .and_then(|header| header.to_str().ok())
            .and_then(|text| text.parse::<u32>().ok())
            .filter(|version| (oldest..=PROTOCOL_VERSION).contains(version))
            .map(|_| Self)
            .ok_or(Error::UpgradeRequired)
    }
}

/// The tenant's version, once it is sure that the desktop speaks of the same data.
async fn head(tx: &mut PgConnection, tenant: TenantId, epoch: Epoch) -> Result<i64> {
    let row = sqlx::query!("select version, epoch from tenant_sync where tenant_id = $1", tenant.0)
        .fetch_one(tx)
        .await?;
    if row.epoch == epoch.0 { Ok(row.version) } else { Err(Error::EpochChanged) }
}

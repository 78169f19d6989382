//! `GET /v1/sync/epoch`: from where a desktop goes on when the data began a new life.

use axum::extract::State;
use protocol::api::EpochState;
use protocol::id::Epoch;
use protocol::mutation::Hash;

use super::OnceSpokenProtocol;
use crate::AppState;
use crate::auth::Caller;
use crate::error::{Error, Json, Result};

/// Answers with what the server has now, and how far it has come with this device.
#[tracing::instrument(skip_all, fields(tenant = %caller.tenant, device = %caller.device))]
pub(crate) async fn epoch(
    State(state): State<AppState>,
    caller: Caller,
    _: OnceSpokenProtocol,
) -> Result<Json<EpochState>> {
    let mut tx = state.db.read(caller.tenant).await?;
    let now = sqlx::query!(
        r#"select s.epoch, s.version, s.held_at is not null as "is_held!", d.last_sequence, d.last_hash, d.lane,
                  (select version from catalogue) as "catalogue!"
           from tenant_sync s join devices d on d.tenant_id = s.tenant_id
           where s.tenant_id = $1 and d.id = $2"#,
        caller.tenant.0,
        caller.device.0
    )
    .fetch_one(&mut *tx)
    .await?;
    if now.is_held {
        return Err(Error::EpochHeld);
    }
    Ok(Json(EpochState {
        epoch: Epoch(now.epoch),
        version: now.version,
        catalogue: now.catalogue,
        last_sequence: now.last_sequence,
        last_hash: Hash::parse(&now.last_hash).unwrap_or(Hash::ZERO),
        lane: Some(now.lane),
    }))
}

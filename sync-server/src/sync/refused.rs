//! `GET /v1/sync_conflicts/{id}/refused`: what a refused change says that is before the admins.

use axum::extract::{Path, State};
use protocol::api::DeviceScope;
use protocol::audit::Action;
use protocol::conflict::Kind;
use protocol::id::DeviceId;
use protocol::settlement::RefusedMutation;
use protocol::table::{TableName, Values};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::{SpokenProtocol, quarantine, rows};
use crate::AppState;
use crate::audit::Event;
use crate::auth::Caller;
use crate::error::{Error, Json, Result};

/// Shows an admin the change itself that an item is about, as far as they may read it: nobody else may be left to ask.
#[tracing::instrument(skip_all, fields(tenant = %caller.tenant, device = %caller.device))]
pub(crate) async fn refused(
    State(state): State<AppState>,
    caller: Caller,
    _: SpokenProtocol,
    Path(id): Path<String>,
) -> Result<Json<RefusedMutation>> {
    let id: Uuid = id.parse().map_err(|_| Error::NotFound)?;
    let mut tx = state.db.read(caller.tenant).await?;
    let items = rows::read(&mut tx, caller.tenant, caller.sees(), TableName::SyncConflicts, &[id]).await?;
    let item = items.into_iter().next().ok_or(Error::NotFound)?.values;
    let Some((device, sequence)) = place_of(&item) else {
        return Err(Error::Invalid("This is not about a refused change."));
    };
    let aside = quarantine::find(&mut tx, caller.tenant, device, sequence).await?;
    let aside = aside
        .filter(|aside| !aside.is_settled)
        .ok_or(Error::Invalid("Somebody has seen to this change already."))?;
    let mutation =
        aside.mutation.map_err(|_| Error::Invalid("This change is of no form that can be read."))?;
    let behind = quarantine::behind(&mut tx, caller.tenant, device, sequence).await?.len();
    drop(tx);
    let patient = item.get("patient_id").and_then(Value::as_str).and_then(|id| id.parse().ok());
    let event = Event {
        table: Some(TableName::SyncConflicts.as_str()),
        record: Some(id),
        patient,
        ..Event::by(&caller, Action::View)
    };
    // Nobody gets to see what is not on record.
    state.audit.record(&state.db, caller.tenant, &event).await?;
    let (mutation, is_whole) = RefusedMutation::readable(&mutation, caller.sees() == DeviceScope::Clinical);
    let behind = u32::try_from(behind).unwrap_or(u32::MAX);
    Ok(Json(RefusedMutation { mutation, is_whole, is_lost: aside.is_lost, detail: aside.detail, behind }))
}

/// Of which device it is, and its number there.
fn place_of(item: &Values) -> Option<(DeviceId, i64)> {
    #[derive(Deserialize)]
    struct Place {
        device_id: DeviceId,
        sequence: i64,
    }
    let place = item.get("ours").filter(|_| Kind::of(item) == Some(Kind::Refused))?;
    Place::deserialize(place).ok().map(|place| (place.device_id, place.sequence))
}

//! `POST /v1/sync/receipts`: what became of a desktop's mutations that waited for a person.

use axum::extract::State;
use protocol::api::{MAX_PUSH_MUTATIONS, ReceiptsAnswer, ReceiptsRequest};
use protocol::mutation::Mutation;

use super::session::Written;
use super::{SpokenProtocol, head, log, push};
use crate::AppState;
use crate::auth::Caller;
use crate::error::{Error, Json, Result};

/// Answers with the receipts as they stand now, and with the rows of what went in. Somebody at another desktop may have
/// settled it, and an answer may have been lost: a desktop asks as long as anything waits.
#[tracing::instrument(skip_all, fields(tenant = %caller.tenant, device = %caller.device))]
pub(crate) async fn receipts(
    State(state): State<AppState>,
    caller: Caller,
    _: SpokenProtocol,
    Json(request): Json<ReceiptsRequest>,
) -> Result<Json<ReceiptsAnswer>> {
    if request.sequences.len() > MAX_PUSH_MUTATIONS {
        return Err(Error::TooLarge);
    }
    let mut tx = state.db.read(caller.tenant).await?;
    head(&mut tx, caller.tenant, request.epoch).await?;
    let receipts = log::receipts(&mut tx, caller.tenant, caller.device, &request.sequences).await?;
    let went_in: Vec<i64> =
        receipts.iter().filter(|receipt| receipt.fate.is_in()).map(|receipt| receipt.sequence).collect();
    let mut named = Written::new();
    for body in log::bodies(&mut tx, caller.tenant, caller.device, &went_in).await? {
        let Ok(mutation) = serde_json::from_str::<Mutation>(&body) else { continue };
        for change in &mutation.changes {
            named.entry(change.table).or_default().insert(change.id);
        }
    }
    let rows = push::read(&mut tx, &caller, named).await?;
    Ok(Json(ReceiptsAnswer { receipts, rows }))
}

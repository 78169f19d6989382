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
    let (mut device, mut sequences) = (caller.device, request.sequences);
    let (mut receipts, mut named) = (Vec::new(), Written::new());
    while !sequences.is_empty() {
        let original = log::original(&mut tx, caller.tenant, device).await?;
        // What was done before a disk was copied is the other desktop's as well, and stands under its id.
        let (before, own): (Vec<i64>, Vec<i64>) =
            sequences.into_iter().partition(|sequence| original.is_some_and(|(_, until)| *sequence <= until));
        let found = log::receipts(&mut tx, caller.tenant, device, &own).await?;
        let went_in: Vec<i64> =
            found.iter().filter(|receipt| receipt.fate.is_in()).map(|receipt| receipt.sequence).collect();
        for body in log::bodies(&mut tx, caller.tenant, device, &went_in).await? {
            let Ok(mutation) = serde_json::from_str::<Mutation>(&body) else { continue };
            for change in &mutation.changes {
                named.entry(change.table).or_default().insert(change.id);
            }
        }
        receipts.extend(found);
        let Some((original, _)) = original else { break };
        (device, sequences) = (original, before);
    }
    receipts.sort_by_key(|receipt| receipt.sequence);
    let rows = push::read(&mut tx, &caller, named).await?;
    Ok(Json(ReceiptsAnswer { receipts, rows }))
}

//! An attachment's bytes on their way. What is another tenant's, what does not exist and what this person or computer may not
//! see get the same answer.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use protocol::api::DeviceScope;
use protocol::audit::Action;
use protocol::file::{MAX_PIECE_BYTES, Upload};
use serde::Deserialize;
use uuid::Uuid;

use super::{Ended, Named};
use crate::AppState;
use crate::audit::Event;
use crate::auth::Caller;
use crate::error::{Error, Json, Query, Result};

/// Where a piece begins, or reading goes on.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(crate) struct From {
    /// So many bytes come before it.
    #[serde(default)]
    from: u64,
}

/// The file of this attachment, and whose record it is in.
async fn find(state: &AppState, caller: &Caller, id: &str) -> Result<(Uuid, Uuid, Named)> {
    let id: Uuid = id.parse().map_err(|_| Error::NotFound)?;
    let mut tx = state.db.read(caller.tenant).await?;
    let row = sqlx::query!(
        "select patient_id, sha256, byte_size, mime from dental_attachments
         where tenant_id = $1 and id = $2 and deleted_at is null",
        caller.tenant.0,
        id
    )
    .fetch_optional(&mut *tx)
    .await?;
    // All of it is clinical.
    let row = row.filter(|_| caller.sees() == DeviceScope::Clinical).ok_or(Error::NotFound)?;
    let file = Named {
        tenant: caller.tenant,
        sha256: row.sha256,
        bytes: u64::try_from(row.byte_size).unwrap_or_default(),
        mime: Some(row.mime),
    };
    Ok((id, row.patient_id, file))
}

/// `GET /v1/dental_attachments/{id}/upload`: how far the file has come.
#[tracing::instrument(skip_all, fields(tenant = %caller.tenant))]
pub(crate) async fn upload(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Upload>> {
    let (_, _, file) = find(&state, &caller, &id).await?;
    Ok(Json(state.files.upload(&file).await?))
}

/// `PUT /v1/dental_attachments/{id}/upload?from=N`: the piece that begins there. Sent twice, it is kept once.
#[tracing::instrument(skip_all, fields(tenant = %caller.tenant))]
pub(crate) async fn piece(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    Query(From { from }): Query<From>,
    body: std::result::Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<Json<Upload>> {
    let piece = body.map_err(|_| Error::TooLarge)?;
    let (_, _, file) = find(&state, &caller, &id).await?;
    let there = state.files.upload(&file).await?;
    if there.stored {
        return Ok(Json(there));
    }
    if piece.is_empty() || piece.len() > MAX_PIECE_BYTES {
        return Err(Error::Invalid("A piece of a file has 1 to 1048576 bytes."));
    }
    let end = from.saturating_add(piece.len() as u64);
    if end > file.bytes {
        return Err(Error::Invalid("A piece of a file ends within it."));
    }
    // Another computer, or a restore, may have taken away what came before it: that is no word on these bytes.
    if from > there.received || end <= there.received {
        return Ok(Json(there));
    }
    // What is there already is not kept once more: pieces that overlap would fill the disk.
    let known = usize::try_from(there.received - from).map_err(anyhow::Error::from)?;
    state.files.keep(&file, there.received, piece.slice(known..)).await?;
    Ok(Json(state.files.upload(&file).await?))
}

/// `POST /v1/dental_attachments/{id}/upload`: the file is all there. It is looked at, and every desktop hears of it.
#[tracing::instrument(skip_all, fields(tenant = %caller.tenant))]
pub(crate) async fn end(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Upload>> {
    let (_, _, file) = find(&state, &caller, &id).await?;
    match state.files.end(&file).await? {
        Ended::Stored => {}
        // What is missing is sent next: that is no word on the bytes, which another computer may have had thrown away.
        Ended::Short => return Ok(Json(state.files.upload(&file).await?)),
        Ended::Another => {
            return Err(Error::Invalid(
                "These bytes are not the file that the record names; they were thrown away.",
            ));
        }
    }
    let mut tx = state.db.write(caller.tenant).await?;
    sqlx::query!(
        "update dental_attachments set upload_state = 'stored'
         where tenant_id = $1 and sha256 = $2 and upload_state <> 'stored'",
        caller.tenant.0,
        file.sha256
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(Json(Upload { stored: true, received: file.bytes }))
}

/// `GET /v1/dental_attachments/{id}/file?from=N`: its bytes from there on.
#[tracing::instrument(skip_all, fields(tenant = %caller.tenant))]
pub(crate) async fn file(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    Query(From { from }): Query<From>,
) -> Result<Response> {
    let (id, patient, file) = find(&state, &caller, &id).await?;
    if from >= file.bytes {
        return Err(Error::Invalid("The file is not as long as that."));
    }
    let bytes = state.files.read(&file, from).await?.ok_or(Error::FileNotHere)?;
    let event = Event {
        table: Some("dental_attachments"),
        record: Some(id),
        patient: Some(patient),
        ..Event::by(&caller, Action::View)
    };
    // Nobody gets to see what is not on record.
    state.audit.record(&state.db, caller.tenant, &event).await?;
    let headers = [
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (CONTENT_LENGTH, (file.bytes - from).to_string()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    Ok((headers, Body::from_stream(bytes)).into_response())
}

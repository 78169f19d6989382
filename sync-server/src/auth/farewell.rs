//! The last that is heard of a desktop that was taken out of service: what it still had, which a person looks at, what
//! it signed before it destroyed its keys, and that it has.

use axum::extract::State;
use axum::http::StatusCode;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use protocol::api::Secret;
use protocol::audit::Action;
use protocol::error::{Refusal, RefusalCode};
use protocol::farewell::{Farewell, FarewellToken, HandoverRequest, HandoverResponse, SignedFarewell, Wiped};
use protocol::id::{DeviceId, TenantId};
use protocol::signing::handover_message;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::code::random_bytes;
use super::device;
use super::recovery;
use super::session::proven_device;
use super::throttle::Who;
use crate::AppState;
use crate::audit::{self, Event, Lane};
use crate::error::{Error, Json, Result};
use crate::sync::push::Packed;
use crate::sync::{log, must_not_be_held, set_aside};

/// Who hands over.
#[derive(Deserialize)]
struct Bearer {
    tenant_id: TenantId,
    device_id: DeviceId,
    challenge: String,
    signature: String,
}

/// Takes what a desktop still had. All of it waits for a person: whoever had the desktop last may have written it. So does
/// what was on a desktop whose keys were lost, brought by the one that it became, and of one out of service what a copy of
/// its disk has.
#[tracing::instrument(skip_all)]
pub(crate) async fn handover(
    State(state): State<AppState>,
    packed: Packed,
) -> Result<Json<HandoverResponse>> {
    let now = OffsetDateTime::now_utc();
    // Anybody can send much in little: it is kept for whoever has proven which computer they are.
    let Bearer { tenant_id: tenant, device_id: id, challenge, signature } = packed.open()?;
    let message = handover_message(&state.auth.server_name, tenant, id, &challenge);
    let device = proven_device(&state, tenant, id, &challenge, &message, &signature, now).await?;
    let request: HandoverRequest = packed.open()?;
    if request.of.is_none() {
        must_be_revoked(&device)?;
    }
    let mut tx = state.db.write(tenant).await?;
    must_not_be_held(&mut tx, tenant).await?;
    let out_of_service = Refusal::new(
        RefusalCode::DeviceRevoked,
        "It came from a computer that had been taken out of service. A person decides about it.",
    );
    let (device, refusal, reason) = if let Some(was) = request.of {
        let (was, is_recovered) = recovery::earlier(&mut tx, tenant, id, was).await?;
        if is_recovered {
            let reason = "The computer's keys had been lost: what was found on its disk waits for a person.";
            (was, recovery::adopted(), reason)
        } else {
            let reason = "The computer is out of service: what a copy of its disk has waits for a person.";
            (was, out_of_service, reason)
        }
    } else {
        acknowledge(&mut tx, tenant, id, now).await?;
        let reason = "The computer had been taken out of service: what it brought waits for a person.";
        (device, out_of_service, reason)
    };
    let of = DeviceId(device.id);
    let from = set_aside::From { tenant, device: of, key: device.public_key };
    let receipts = set_aside::all(&mut tx, &from, &request.mutations, &refusal).await?;
    let changes = json!({ "handed_over": receipts.len() });
    let event = Event {
        device: Some(of),
        clinic: Some(device.clinic),
        changes: Some(changes),
        reason: Some(reason),
        ..Event::new(Action::SyncPush)
    };
    audit::record(&mut tx, tenant, Lane::Writes, &event).await?;
    tx.commit().await?;
    state.audit.added(tenant, 1);
    Ok(Json(HandoverResponse { receipts }))
}

/// Keeps what the desktop signed, once the server has all that it handed over, and gives it a token with which it says that
/// it is done, since it will have no key.
#[tracing::instrument(skip_all)]
pub(crate) async fn farewell(
    State(state): State<AppState>,
    Json(request): Json<SignedFarewell>,
) -> Result<Json<FarewellToken>> {
    let now = OffsetDateTime::now_utc();
    let said: Farewell = serde_json::from_str(&request.body)
        .map_err(|_| Error::Invalid("The body is not the receipt of a computer."))?;
    let (tenant, id) = (said.tenant_id, said.device_id);
    let device = proven_device(
        &state,
        tenant,
        id,
        &said.challenge,
        &SignedFarewell::message(&request.body),
        &request.signature,
        now,
    )
    .await?;
    must_be_revoked(&device)?;
    if said.last_sequence < 0 {
        return Err(Error::Invalid("No mutation has that number."));
    }
    let token = Secret(BASE64_URL_SAFE_NO_PAD.encode(random_bytes::<32>()));
    let mut tx = state.db.write_unsynced(tenant).await?;
    must_not_be_held(&mut tx, tenant).await?;
    let known = log::progress(&mut tx, tenant, id).await?.sequence;
    if said.has_sent_all && known < said.last_sequence {
        // A restore lost what the desktop handed over, and it still has it.
        return Err(Error::SequenceGap { expected: known.saturating_add(1) });
    }
    acknowledge(&mut tx, tenant, id, now).await?;
    // A repeat brings another token: the answer before this one may have been lost.
    sqlx::query!(
        "update device_revocations
         set receipt = $3, receipt_signature = $4, receipt_at = $5, token_hash = $6
         where tenant_id = $1 and device_id = $2 and done_at is null",
        tenant.0,
        id.0,
        request.body,
        request.signature,
        now,
        Sha256::digest(token.0.as_bytes()).to_vec()
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    tracing::info!(%tenant, device = %id, "a desktop that was taken out of service gave up what it had");
    Ok(Json(FarewellToken { token }))
}

/// The keys and files of the desktop are gone. Said twice, it is said.
#[tracing::instrument(skip_all)]
pub(crate) async fn wiped(State(state): State<AppState>, Json(said): Json<Wiped>) -> Result<StatusCode> {
    let (tenant, id) = (said.tenant_id, said.device_id);
    let mut tx = state.db.write_unsynced(tenant).await?;
    let is_known = note_wiped(&mut tx, tenant, id, &said.token).await?;
    tx.commit().await?;
    if !is_known {
        return Err(state.auth.failed(&Who::unknown_device(tenant.0), Error::Unauthorized));
    }
    tracing::info!(%tenant, device = %id, "a desktop was wiped");
    Ok(StatusCode::NO_CONTENT)
}

async fn note_wiped(tx: &mut PgConnection, tenant: TenantId, id: DeviceId, token: &Secret) -> Result<bool> {
    let noted = sqlx::query!(
        "update device_revocations set done_at = coalesce(done_at, $4)
         where tenant_id = $1 and device_id = $2 and token_hash = $3",
        tenant.0,
        id.0,
        Sha256::digest(token.0.as_bytes()).to_vec(),
        OffsetDateTime::now_utc()
    )
    .execute(tx)
    .await?;
    Ok(noted.rows_affected() == 1)
}

fn must_be_revoked(device: &device::Device) -> Result<()> {
    if device.is_revoked { Ok(()) } else { Err(Error::Invalid("This computer is in service.")) }
}

/// The desktop knows it, and is locked.
pub(super) async fn acknowledge(
    tx: &mut PgConnection,
    tenant: TenantId,
    id: DeviceId,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "insert into device_revocations (tenant_id, device_id, asked_at, acknowledged_at)
         select d.tenant_id, d.id, d.revoked_at, $3 from devices d
         where d.tenant_id = $1 and d.id = $2 and d.revoked_at is not null
         on conflict (tenant_id, device_id) do update set
             acknowledged_at = coalesce(device_revocations.acknowledged_at, excluded.acknowledged_at)",
        tenant.0,
        id.0,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

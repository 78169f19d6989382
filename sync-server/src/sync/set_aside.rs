//! Mutations of which none goes in by itself: those of a desktop that was taken out of service, or whose keys were lost.

use ed25519_dalek::VerifyingKey;
use protocol::api::{DeviceScope, Receipt};
use protocol::error::Refusal;
use protocol::id::{DeviceId, TenantId};
use protocol::mutation::SignedMutation;
use time::OffsetDateTime;

use super::begun::{self, Asked, Begun};
use super::log::{self, Entry, Keeper};
use super::mutation::Opened;
use super::push::repeated;
use super::session::Session;
use super::settle;
use crate::TenantWriteTx;
use crate::error::Result;
use crate::limits::Room;

/// Whose mutations.
#[derive(Debug)]
pub(crate) struct From {
    pub(crate) tenant: TenantId,
    pub(crate) device: DeviceId,
    pub(crate) key: VerifyingKey,
}

/// Brings before the admins what waits of a device, of which another one goes on from here.
pub(crate) async fn before_admins(
    tx: &mut TenantWriteTx,
    tenant: TenantId,
    device: DeviceId,
    now: OffsetDateTime,
) -> Result<()> {
    let waiting = sqlx::query_scalar!(
        "select sequence from sync_quarantine
         where tenant_id = $1 and device_id = $2 and resolved_at is null and blocked_by is null",
        tenant.0,
        device.0
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut session = Session::new(tenant, device, DeviceScope::FrontDesk, Room::UNASKED, now);
    session.lapsed.extend(waiting);
    settle::hand_over_lapsed(tx, &mut session).await
}

/// Brings before the admins what waits of computers that are out of service.
pub(crate) async fn of_lost(tx: &mut TenantWriteTx, tenant: TenantId, by: DeviceId) -> Result<()> {
    let now = OffsetDateTime::now_utc();
    let mut session = Session::new(tenant, by, DeviceScope::FrontDesk, Room::UNASKED, now);
    settle::hand_over_lost(tx, &mut session).await
}

/// Keeps them in the device's order, each with this answer. Those that came before keep the one that they got.
pub(crate) async fn all(
    tx: &mut TenantWriteTx,
    from: &From,
    mutations: &[SignedMutation],
    refusal: &Refusal,
) -> Result<Vec<Receipt>> {
    let opened: Vec<Opened<'_>> =
        mutations.iter().map(|signed| Opened::open(signed, from.device, &from.key)).collect::<Result<_>>()?;
    log::must_follow(&opened)?;
    let (authors, scope) = (begun::authors(&opened), DeviceScope::FrontDesk);
    let asked = Asked { tenant: from.tenant, device: from.device, authors: &authors, scope, listening: &[] };
    let Begun { device, people, .. } = Begun::ask(tx, &asked).await?;
    let mut progress = device.progress;
    let old = opened.iter().take_while(|opened| opened.sequence <= progress.sequence).count();
    let (old, new) = opened.split_at(old);
    let mut receipts = repeated(tx, from.tenant, from.device, old).await?;
    let now = OffsetDateTime::now_utc();
    let mut session = Session::new(from.tenant, from.device, scope, Room::UNASKED, now);
    session.learn(&authors, people);
    let mut keeper = Keeper::new(from.tenant, from.device, tx.version());
    for opened in new {
        progress = progress.followed_by(opened)?;
        progress.done_at = session.done_at(tx, opened, progress.done_at).await?;
        let receipt = log::refused(opened.sequence, opened.signed.hash, refusal.clone());
        let entry = Entry {
            actor: opened.actor,
            signed: opened.signed,
            receipt: &receipt,
            row_ids: &opened.row_ids,
            place: None,
            done_at: progress.done_at,
        };
        keeper.keep(tx, &entry).await?;
        receipts.push(receipt);
    }
    log::must_have_room(tx, from.tenant, from.device).await?;
    settle::hand_over_lost(tx, &mut session).await?;
    Ok(receipts)
}

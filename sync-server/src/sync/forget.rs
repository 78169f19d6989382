//! What a refused change says is not kept for ever, once somebody has decided about it.

use protocol::id::TenantId;

use crate::Db;
use crate::error::Result;

/// So many days what never went in is kept after it was decided: a desktop that has not heard of that works on for at
/// most 14, and what it builds on it is laid onto what is there as long as this is known.
pub const DECIDED_DAYS: i32 = 30;
/// So many are forgotten at once; the others the next time.
const AT_ONCE: i64 = 200;

/// Deletes what the tenant's refused changes say, as far as it is time, and says of how many. That there was one, by whom,
/// when, about which rows, its hash and what became of it stay; each deletion is in the audit log. What nobody has decided
/// stays, for the server may be the only one that has it. What went in later is the record of a change, and stays.
///
/// Of several processes each takes what no other one is at.
///
/// # Errors
///
/// Those of the database.
pub async fn forget(db: &Db, tenant: TenantId) -> Result<usize> {
    let mut tx = db.write_unsynced(tenant).await?;
    let due = sqlx::query!(
        "select q.device_id, q.sequence from sync_quarantine q
         where q.tenant_id = $1 and q.body is not null
           and q.fate in ('replaced', 'discarded') and q.resolved_at < now() - make_interval(days => $2)
         order by q.device_id, q.sequence limit $3
         for update of q skip locked",
        tenant.0,
        DECIDED_DAYS,
        AT_ONCE
    )
    .fetch_all(&mut *tx)
    .await?;
    for row in &due {
        sqlx::query!(
            "update sync_quarantine set body = null, forgotten_at = now()
             where tenant_id = $1 and device_id = $2 and sequence = $3",
            tenant.0,
            row.device_id,
            row.sequence
        )
        .execute(&mut *tx)
        .await?;
    }
    tx.commit().await?;
    Ok(due.len())
}

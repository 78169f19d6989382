//! What a refused change says is not kept for ever: until somebody has decided, or for 400 days.

use protocol::id::TenantId;

use crate::Db;
use crate::error::Result;

/// So many days what waits for a person is kept, if the computer where it was made has it as well.
pub const WAITING_DAYS: i32 = 400;
/// So many days what never went in is kept after it was decided: a desktop that has not heard of that works on for at
/// most 14, and what it builds on it is laid onto what is there as long as this is known.
pub const DECIDED_DAYS: i32 = 30;
/// A computer that brought something in so many days has what it brought before: each mutation bears the hash of the one
/// before it.
const SEEN_DAYS: i32 = 30;
/// So many are forgotten at once; the others the next time.
const AT_ONCE: i64 = 200;

/// Deletes what the tenant's refused changes say, as far as it is time, and says of how many. That there was one, by whom,
/// when, about which rows, its hash and what became of it stay; each deletion is in the audit log. What nobody has decided
/// stays if the computer is out of service or was not here lately: the server may be the only one that has it. What went
/// in later is the record of a change, and stays.
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
         join sync_mutations m on m.tenant_id = $1 and m.device_id = q.device_id and m.sequence = q.sequence
         join devices d on d.tenant_id = $1 and d.id = q.device_id
         where q.tenant_id = $1 and q.body is not null
           and (q.fate in ('replaced', 'discarded') and q.resolved_at < now() - make_interval(days => $2)
                or q.resolved_at is null and m.received_at < now() - make_interval(days => $3)
                   and d.revoked_at is null and d.last_seen_at > now() - make_interval(days => $4))
         order by q.device_id, q.sequence limit $5
         for update of q skip locked",
        tenant.0,
        DECIDED_DAYS,
        WAITING_DAYS,
        SEEN_DAYS,
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

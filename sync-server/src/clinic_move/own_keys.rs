//! The keys with which was signed what goes along.

use protocol::id::TenantId;
use protocol::table::TableName;
use sqlx::PgConnection;

use super::choose::Chosen;
use crate::error::Result;

/// Copies the keys of whoever signed the prescriptions that go, so that it is told there, too, whose signature they bear.
/// Nothing new that is signed with them counts in the other tenant.
pub(super) async fn copy(
    from: &mut PgConnection,
    to: &mut PgConnection,
    [source, target]: [TenantId; 2],
    chosen: &Chosen,
) -> Result<()> {
    let keys = sqlx::query!(
        "select k.device_id, k.user_id, k.public_key, k.after_sequence, k.created_at, k.revoked_at
         from own_keys k
         where k.tenant_id = $1 and k.user_id in (
             select p.finalised_by from prescriptions p where p.tenant_id = $1 and p.id = any ($2)
         )",
        source.0,
        &chosen.of(TableName::Prescriptions)
    )
    .fetch_all(from)
    .await?;
    for key in keys {
        sqlx::query!(
            "insert into own_keys
                 (tenant_id, device_id, user_id, public_key, after_sequence, created_at, revoked_at)
             values ($1, $2, $3, $4, $5, $6, coalesce($7, now()))
             on conflict (tenant_id, device_id, user_id, public_key) do nothing",
            target.0,
            key.device_id,
            key.user_id,
            key.public_key,
            key.after_sequence,
            key.created_at,
            key.revoked_at
        )
        .execute(&mut *to)
        .await?;
    }
    Ok(())
}

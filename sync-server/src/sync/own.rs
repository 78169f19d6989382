//! What belongs to one person: others with the same role do not write it.

use protocol::error::{Refusal, RefusalCode};
use protocol::merge::Current;
use protocol::mutation::Change;
use protocol::table::{TableName, Values};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::mutation::Failure;
use super::rows::Origin;

/// The doctor whose own short key or template, or whose case study this is; none if it is the tenant's, or of another
/// table.
pub(super) fn doctor_of(table: TableName, values: &Values) -> Option<Uuid> {
    let is_own = match table {
        TableName::CaseStudies => true,
        TableName::ShortKeys | TableName::DentalObservationTemplates => {
            values.get("scope").and_then(Value::as_str) == Some("doctor")
        }
        _ => false,
    };
    let doctor = values.get("doctor_id").and_then(Value::as_str).filter(|_| is_own)?;
    doctor.parse().ok()
}

/// Refuses a change of what is another doctor's own, or would be.
pub(super) async fn check(
    tx: &mut PgConnection,
    origin: Origin,
    change: &Change,
    before: Option<Uuid>,
    after: &Current,
) -> Result<(), Failure> {
    let doctors: Vec<Uuid> = before.into_iter().chain(doctor_of(change.table, &after.values)).collect();
    if !doctors.is_empty() {
        let others = sqlx::query_scalar!(
            r#"select exists (
                   select from doctors
                   where tenant_id = $1 and id = any ($2) and user_id is distinct from $3
               ) as "are_others!""#,
            origin.tenant.0,
            &doctors,
            origin.actor.0
        )
        .fetch_one(tx)
        .await?;
        if others {
            let detail = format!("This row of {} is another doctor's own.", change.table.as_str());
            return Err(Refusal::new(RefusalCode::NotAllowed, detail).into());
        }
    }
    Ok(())
}

//! What today's screens need: everything that is no patient's, then today's patients with their rows.

use protocol::api::DeviceScope;
use protocol::table::TableName;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::wire::Wire;
use crate::auth::Caller;
use crate::error::Result;
use crate::sync::copies::{self, Value};

/// At most this many patients are today's.
const MOST_PATIENTS: i64 = 500;
/// So many prescriptions of each come at once, the latest.
const RECENT: i64 = 5;

/// Writes it all, as this transaction sees it.
pub(super) async fn write(
    tx: &mut PgConnection,
    caller: &Caller,
    wire: &mut Wire,
    catalogue: i64,
) -> Result<()> {
    let tenant = Value::Id(caller.tenant.0);
    let all = copies::of_scope(caller.scope);
    for copies in all.iter().filter(|copies| copies::is_needed_first(copies.table)) {
        let whose = if copies.table.is_shared() { Value::Number(catalogue) } else { tenant };
        wire.copy(tx, &copies.header, &copies.whole.with(&[whose])).await?;
    }
    let is_clinical = caller.scope == DeviceScope::Clinical;
    let patients = patients(tx, caller, is_clinical).await?;
    let prescriptions = if is_clinical { prescriptions(tx, caller, &patients).await? } else { vec![] };
    // Parts first: what stands on a screen is whole.
    for copies in all.iter().rev() {
        let (copy, ids) = match (copies.table.name, &copies.of_prescriptions, &copies.of_patients) {
            (TableName::Patients, ..) => (&copies.by_ids, &patients),
            (TableName::Prescriptions, ..) => (&copies.by_ids, &prescriptions),
            (_, Some(copy), _) => (copy, &prescriptions),
            (_, None, Some(copy)) => (copy, &patients),
            (_, None, None) => continue,
        };
        if !ids.is_empty() {
            wire.copy(tx, &copies.header, &copy.with(&[tenant, Value::Ids(ids)])).await?;
        }
    }
    Ok(())
}

/// Who has an appointment today in the device's clinic, was seen or registered there, or was asked to come back.
async fn patients(tx: &mut PgConnection, caller: &Caller, is_clinical: bool) -> Result<Vec<Uuid>> {
    let today = sqlx::query!(
        r#"select (now() at time zone time_zone)::date as "day!",
                  date_trunc('day', now() at time zone time_zone) at time zone time_zone as "midnight!"
           from clinics where tenant_id = $1 and id = $2"#,
        caller.tenant.0,
        caller.clinic.0
    )
    .fetch_one(&mut *tx)
    .await?;
    let patients = sqlx::query_scalar!(
        r#"select patient as "patient!" from (
               select patient_id as patient from appointments
               where tenant_id = $1 and clinic_id = $2 and deleted_at is null and appointment_date = $3
               union
               select id from patients
               where tenant_id = $1 and registered_clinic_id = $2 and deleted_at is null and id >= $4
               union
               select patient_id from prescriptions
               where tenant_id = $1 and clinic_id = $2 and deleted_at is null and $5 and id >= $4
               union
               select patient_id from prescriptions
               where tenant_id = $1 and clinic_id = $2 and deleted_at is null and $5 and follow_up_date = $3
           ) found limit $6"#,
        caller.tenant.0,
        caller.clinic.0,
        today.day,
        first_id_since(today.midnight),
        is_clinical,
        MOST_PATIENTS
    )
    .fetch_all(tx)
    .await?;
    Ok(patients)
}

/// An id of version 7 begins with the moment of its making.
fn first_id_since(moment: OffsetDateTime) -> Uuid {
    let ms = u64::try_from(moment.unix_timestamp()).unwrap_or(0) * 1_000;
    uuid::Builder::from_unix_timestamp_millis(ms, &[0; 10]).into_uuid()
}

/// The latest prescriptions of each of them.
async fn prescriptions(tx: &mut PgConnection, caller: &Caller, patients: &[Uuid]) -> Result<Vec<Uuid>> {
    let prescriptions = sqlx::query_scalar!(
        r#"select id as "id!" from (
               select id, row_number() over (partition by patient_id order by visit_date desc, id desc) as place
               from prescriptions
               where tenant_id = $1 and patient_id = any ($2) and deleted_at is null
           ) ranked where place <= $3"#,
        caller.tenant.0,
        patients,
        RECENT
    )
    .fetch_all(tx)
    .await?;
    Ok(prescriptions)
}

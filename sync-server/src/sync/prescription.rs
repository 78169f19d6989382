//! Signing: the moment after which a prescription and its lines never change.

use protocol::error::{Refusal, RefusalCode};
use protocol::id::{TenantId, UserId};
use protocol::merge::Current;
use protocol::permission::Roles;
use protocol::prescription::content_hash;
use protocol::table::{TableName, Values};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::mutation::Failure;
use super::rows;

fn status(values: &Values) -> Option<&str> {
    values.get("status").and_then(Value::as_str)
}

/// Looks at a prescription before it is written. If it is being signed it is written as a draft first, so
/// that its lines can follow, and the answer is true: [`sign`] must come at the end.
pub(super) fn hold_back(before: Option<&str>, row: &mut Current, roles: &Roles) -> Result<bool, Refusal> {
    match (before, status(&row.values)) {
        (None | Some("draft"), Some("finalised")) => {
            row.values.insert("status".to_owned(), Value::from("draft"));
            Ok(true)
        }
        (None, Some("superseded" | "voided")) => Err(Refusal::new(
            RefusalCode::BadValue,
            "A new prescription is a draft or signed; status says otherwise.",
        )),
        (Some("finalised"), Some("superseded" | "voided")) if !roles.is_prescriber() => Err(Refusal::new(
            RefusalCode::NotAllowed,
            "Only a doctor or dentist can amend or void a signed prescription.",
        )),
        _ => Ok(false),
    }
}

/// The status of a prescription as it was read.
pub(super) fn status_of(current: &Current) -> Option<String> {
    status(&current.values).map(str::to_owned)
}

/// Signs a prescription whose lines are all there: what the doctor signed must be what stands here now.
pub(super) async fn sign(
    tx: &mut PgConnection,
    tenant: TenantId,
    actor: UserId,
    roles: &Roles,
    id: Uuid,
) -> Result<(), Failure> {
    let row = rows::lock(tx, tenant, TableName::Prescriptions, id).await?;
    let values = row.map(|row| row.values).unwrap_or_default();
    let text = |name: &str| values.get(name).and_then(Value::as_str);
    if !roles.is_prescriber() {
        return Err(Refusal::new(RefusalCode::NotAllowed, "Only a doctor or dentist can sign.").into());
    }
    if text("finalised_by") != Some(&actor.to_string()) || text("finalised_at").is_none() {
        return Err(Refusal::new(RefusalCode::BadValue, "finalised_by must be whoever signed.").into());
    }
    let lines = rows::lines(tx, tenant, id).await?;
    if text("content_sha256") != Some(&content_hash(id, &values, &lines).to_string()) {
        return Err(Refusal::new(
            RefusalCode::BadValue,
            "content_sha256 does not fit the prescription: what was signed is not what is stored.",
        )
        .into());
    }
    let signed = sqlx::query!(
        "update prescriptions p set status = 'finalised'
         from doctors d
         where p.tenant_id = $1 and p.id = $2
           and d.tenant_id = p.tenant_id and d.id = p.doctor_id and d.user_id = $3",
        tenant.0,
        id,
        actor.0
    )
    .execute(tx)
    .await?;
    if signed.rows_affected() == 0 {
        return Err(Refusal::new(RefusalCode::NotAllowed, "doctor_id must be whoever signed.").into());
    }
    Ok(())
}

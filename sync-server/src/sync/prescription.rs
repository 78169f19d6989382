//! Signing: the moment after which a prescription and its lines never change.

use protocol::error::{Refusal, RefusalCode};
use protocol::id::{TenantId, UserId};
use protocol::merge::Current;
use protocol::mutation::{Change, Mutation};
use protocol::permission::Roles;
use protocol::prescription::{Withdrawal, check_lines, content_hash};
use protocol::signing::{prescription_message, verify};
use protocol::table::Values;
use protocol::validate::moment_text;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::mutation::Failure;
use super::rows::{self, Origin};
use super::session::Session;

fn status(values: &Values) -> Option<&str> {
    values.get("status").and_then(Value::as_str)
}

/// What happens to a prescription beyond the columns that are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It is written as a draft first, so that its lines can follow; [`sign`] must come at the end.
    Sign,
    /// It was signed and is amended or made void; [`check_withdrawal`] must come at the end.
    Withdraw,
}

/// Looks at a prescription before it is written.
pub(super) fn step(
    before: Option<&str>,
    row: &mut Current,
    roles: &Roles,
    origin: Origin,
) -> Result<Option<Step>, Refusal> {
    match (before, status(&row.values)) {
        (None | Some("draft"), Some("finalised")) => {
            row.values.insert("status".to_owned(), Value::from("draft"));
            Ok(Some(Step::Sign))
        }
        (None, Some("superseded" | "voided")) => Err(Refusal::new(
            RefusalCode::BadValue,
            "A new prescription is a draft or signed; status says otherwise.",
        )),
        (Some("finalised"), Some("superseded" | "voided")) if !roles.is_prescriber() => Err(Refusal::new(
            RefusalCode::NotAllowed,
            "Only a doctor or dentist can amend or void a signed prescription.",
        )),
        (Some("finalised"), Some("superseded")) => Ok(Some(Step::Withdraw)),
        (Some("finalised"), Some("voided")) => {
            let by = row.values.entry("voided_by".to_owned()).or_default();
            if by.is_null() {
                *by = origin.actor.to_string().into();
            }
            if by.as_str() != Some(&origin.actor.to_string()) {
                return Err(Refusal::new(RefusalCode::BadValue, "voided_by must be whoever made it void."));
            }
            let at = row.values.entry("voided_at".to_owned()).or_default();
            if at.is_null() {
                *at = moment_text(origin.recorded_at).into();
            }
            Ok(Some(Step::Withdraw))
        }
        _ => Ok(None),
    }
}

/// Says whose a draft is that is given to the doctors: whoever says so, by the name that the server knows.
pub(super) fn name_preparer(change: &Change, row: &mut Current, name: &str) {
    if let Some(by) = row.values.get_mut("prepared_by")
        && change.set.contains_key("prepared_by")
        && !by.is_null()
    {
        *by = Value::from(name);
    }
}

/// The status of a prescription as it was read.
pub(super) fn status_of(current: &Current) -> Option<String> {
    status(&current.values).map(str::to_owned)
}

/// Signs a prescription whose lines are all there: what the doctor signed must be what stands here now.
pub(super) async fn sign(
    tx: &mut PgConnection,
    session: &mut Session,
    mutation: &Mutation,
    roles: &Roles,
    id: Uuid,
) -> Result<(), Failure> {
    let (tenant, actor) = (session.tenant, mutation.actor_user_id);
    let (values, lines) = rows::whole(tx, tenant, id).await?.unwrap_or_default();
    let text = |name: &str| values.get(name).and_then(Value::as_str);
    if !roles.is_prescriber() {
        return Err(Refusal::new(RefusalCode::NotAllowed, "Only a doctor or dentist can sign.").into());
    }
    if text("finalised_by") != Some(&actor.to_string()) || text("finalised_at").is_none() {
        return Err(Refusal::new(RefusalCode::BadValue, "finalised_by must be whoever signed.").into());
    }
    check_lines(&lines)?;
    if text("content_sha256") != Some(&content_hash(id, &values, &lines).to_string()) {
        return Err(Refusal::new(
            RefusalCode::BadValue,
            "content_sha256 does not fit the prescription: what was signed is not what is stored.",
        )
        .into());
    }
    if let Some(signature) = text("own_signature")
        && let Some(key) = session.own_key(tx, mutation).await?
    {
        let message = prescription_message(id, text("content_sha256").unwrap_or_default());
        if !key.public.is_some_and(|key| verify(&key, &message, signature)) {
            let detail = "own_signature is not that of whoever signed.";
            return Err(Refusal::new(RefusalCode::BadValue, detail).into());
        }
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

/// Checks why and by what a signed prescription was withdrawn. Voiding takes a reason, another doctor's prescription
/// always does, and an amendment is there, signed, for the same patient.
pub(super) async fn check_withdrawal(
    tx: &mut PgConnection,
    tenant: TenantId,
    actor: UserId,
    id: Uuid,
) -> Result<(), Failure> {
    let withdrawal = sqlx::query_as!(
        Withdrawal,
        r#"select p.status = 'voided' as "is_void!",
                  coalesce(d.user_id = $3, false) as "is_own!",
                  coalesce(btrim(p.void_reason), '') <> '' as "has_reason!",
                  exists (
                      select from prescriptions a
                      where a.tenant_id = p.tenant_id and a.id = p.superseded_by_id and a.amends_id = p.id
                        and a.patient_id = p.patient_id and a.status not in ('draft', 'discarded')
                  ) as "is_amended!"
           from prescriptions p
           join doctors d on d.tenant_id = p.tenant_id and d.id = p.doctor_id
           where p.tenant_id = $1 and p.id = $2"#,
        tenant.0,
        id,
        actor.0
    )
    .fetch_one(tx)
    .await?;
    withdrawal.check().map_err(Failure::from)
}

//! One-time codes that enrol a desktop, as rows.

use protocol::api::{DeviceScope, EnrolmentCode};
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::code::EnrolmentSecret;
use super::device::{scope, scope_name};

/// How long a code that an admin issues can be used.
pub const CODE_LIFE: Duration = Duration::minutes(10);
/// How long a new tenant's first code can be used.
pub const FIRST_CODE_LIFE: Duration = Duration::hours(24);
/// After so many tries a code is spent.
const MAX_TRIES: i32 = 5;

/// For what a new code is.
#[derive(Clone, Copy, Debug)]
pub struct NewCode<'a> {
    /// Whose.
    pub tenant: Uuid,
    /// Whose, as people write it.
    pub tenant_code: &'a str,
    /// Where the desktop will stand.
    pub clinic: Uuid,
    /// What it may receive.
    pub scope: DeviceScope,
    /// How long it can be used.
    pub life: Duration,
    /// Who issues it; the operator is nobody of the tenant's.
    pub created_by: Option<Uuid>,
}

/// A code that someone has tried.
pub struct TriedCode {
    /// Its row.
    pub id: Uuid,
    /// Where the desktop will stand.
    pub clinic: Uuid,
    /// What it may receive.
    pub scope: DeviceScope,
    /// Whether the operator issued it.
    pub is_operators: bool,
    /// Whether the secret was right.
    pub is_right: bool,
}

/// Makes a code. Its text is nowhere but in the answer.
pub async fn issue(
    tx: &mut PgConnection,
    new: NewCode<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<EnrolmentCode> {
    let expires_at = now + new.life;
    sqlx::query!(
        "delete from enrolment_codes where tenant_id = $1 and expires_at < $2",
        new.tenant,
        now - Duration::days(1)
    )
    .execute(&mut *tx)
    .await?;
    loop {
        let secret = EnrolmentSecret::new(new.tenant_code);
        let inserted = sqlx::query!(
            "insert into enrolment_codes
                (tenant_id, id, selector, code_hash, clinic_id, scope, expires_at, created_by)
             values ($1, $2, $3, $4, $5, $6, $7, $8)
             on conflict (tenant_id, selector) do nothing",
            new.tenant,
            Uuid::now_v7(),
            secret.selector,
            secret.hash(new.tenant),
            new.clinic,
            scope_name(new.scope),
            expires_at,
            new.created_by,
        )
        .execute(&mut *tx)
        .await?;
        if inserted.rows_affected() == 1 {
            return Ok(EnrolmentCode { code: secret.text(), expires_at });
        }
    }
}

/// Counts a try. None: there is no such code, or it is used, spent or too old. The caller commits before it
/// looks at the answer, or guessing would be free.
pub async fn try_code(
    tx: &mut PgConnection,
    tenant: Uuid,
    secret: &EnrolmentSecret,
    now: OffsetDateTime,
) -> sqlx::Result<Option<TriedCode>> {
    let row = sqlx::query!(
        "update enrolment_codes set tries = tries + 1
         where tenant_id = $1 and selector = $2 and used_at is null and expires_at >= $3 and tries < $4
         returning id, clinic_id, scope, code_hash, created_by",
        tenant,
        secret.selector,
        now,
        MAX_TRIES,
    )
    .fetch_optional(tx)
    .await?;
    Ok(row.map(|row| TriedCode {
        id: row.id,
        clinic: row.clinic_id,
        scope: scope(&row.scope),
        is_operators: row.created_by.is_none(),
        is_right: row.code_hash == secret.hash(tenant),
    }))
}

/// Uses a code up: true for exactly one caller.
pub async fn use_code(
    tx: &mut PgConnection,
    tenant: Uuid,
    id: Uuid,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let used = sqlx::query!(
        "update enrolment_codes set used_at = $3 where tenant_id = $1 and id = $2 and used_at is null",
        tenant,
        id,
        now,
    )
    .execute(tx)
    .await?;
    Ok(used.rows_affected() == 1)
}

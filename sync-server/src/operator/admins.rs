//! `clinic-sync user restore-admin | confirm-admin | finish-admin | cancel-admin`: a tenant whose admins are all lost gets
//! one back, by two operators, after a day in the sight of its people.

use std::io::Write;

use anyhow::{Context, bail, ensure};
use protocol::api::Secret;
use protocol::id::TenantId;
use protocol::password::check_new_password;
use protocol::settlement::MAX_REASON;
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::options::{AdminCancel, AdminConfirm, AdminFinish, AdminRestore};
use super::password::{read_password, read_secret};
use super::people::{answer, nobody};
use super::{audited, find_tenant};
use crate::Db;
use crate::auth::code::new_one_time_password;
use crate::auth::password::Passwords;
use crate::auth::person::normalise_email;

/// Asks for somebody to become an admin. Nothing follows before another operator has confirmed it.
pub(super) async fn restore(db: &Db, options: AdminRestore, out: &mut impl Write) -> anyhow::Result<()> {
    let (tenant, code) = find_tenant(db, &options.tenant_code).await?;
    let email = normalise_email(&options.email);
    let operator = named(&options.operator)?;
    let reason = options.reason.trim();
    ensure!(
        !reason.is_empty() && reason.chars().count() <= MAX_REASON,
        "Say why, in at most {MAX_REASON} characters."
    );
    let secret = new_one_time_password();
    let mut tx = db.write_unsynced(tenant).await?;
    let user = sqlx::query_scalar!(
        "select id from users where tenant_id = $1 and email = $2 and is_active",
        tenant.0,
        email
    )
    .fetch_optional(&mut *tx)
    .await?
    .with_context(|| nobody(&code))?;
    let waits = sqlx::query_scalar!(
        r#"select exists (
               select from admin_restorations
               where tenant_id = $1 and ended_at is null and confirmed_at is not null
           ) as "waits!""#,
        tenant.0
    )
    .fetch_one(&mut *tx)
    .await?;
    ensure!(
        !waits,
        "Somebody of {code} is going to be an admin already: finish-admin, or cancel-admin first."
    );
    // What was asked and never confirmed.
    cancel_open(&mut tx, tenant).await?;
    sqlx::query!(
        "insert into admin_restorations (tenant_id, user_id, asked_by, reason, code_hash)
         values ($1, $2, $3, $4, $5)",
        tenant.0,
        user,
        operator,
        reason,
        hash(tenant, &secret)
    )
    .execute(&mut *tx)
    .await?;
    audited(&mut tx, tenant, "user restore-admin", Some(reason)).await?;
    tx.commit().await?;
    let sentence = format!(
        "{}\nAnother operator calls the clinic back, at the number that is known, and confirms with this code within an \
         hour: user confirm-admin.",
        secret.0
    );
    let told = json!({ "tenant_code": code, "email": email, "code": secret.0 });
    answer(out, options.output.json, told, &sentence)
}

/// Confirms it as a second person. From now on every desktop of the tenant shows it.
pub(super) async fn confirm(db: &Db, options: AdminConfirm, out: &mut impl Write) -> anyhow::Result<()> {
    let (tenant, code) = find_tenant(db, &options.tenant_code).await?;
    let operator = named(&options.operator)?;
    let given = read_secret(options.code_file.as_deref(), "Code of the first operator: ")?;
    let given = Secret(given.0.trim().to_uppercase());
    let mut tx = db.write_unsynced(tenant).await?;
    let open = sqlx::query!(
        r#"select asked_by, code_hash, confirmed_at is not null as "is_confirmed!",
                  asked_at > now() - interval '1 hour' as "is_fresh!"
           from admin_restorations where tenant_id = $1 and ended_at is null for update"#,
        tenant.0
    )
    .fetch_optional(&mut *tx)
    .await?
    .with_context(|| format!("Nobody asked for an admin of {code}: user restore-admin."))?;
    ensure!(!open.is_confirmed, "It is confirmed already.");
    ensure!(open.is_fresh, "The code was good for an hour. Let it be asked for anew.");
    ensure!(
        open.asked_by.to_lowercase() != operator.to_lowercase(),
        "{operator} asked for it: another person confirms it."
    );
    ensure!(
        open.code_hash == hash(tenant, &given),
        "This is not the code that the first operator was given."
    );
    let ready = sqlx::query_scalar!(
        r#"update admin_restorations set confirmed_by = $2, confirmed_at = now()
           where tenant_id = $1 and ended_at is null returning now() + interval '1 day' as "ready!""#,
        tenant.0,
        operator
    )
    .fetch_one(&mut *tx)
    .await?;
    audited(&mut tx, tenant, "user confirm-admin", None).await?;
    tx.commit().await?;
    let ready = ready.format(&Rfc3339)?;
    let sentence = format!(
        "Every desktop of {code} shows it now, and any admin, doctor or dentist there can object. From {ready} on: user \
         finish-admin."
    );
    answer(out, options.output.json, json!({ "tenant_code": code, "ready_at": ready }), &sentence)
}

/// Makes them an admin with a one-time password, if a day has passed and nobody objected.
pub(super) async fn finish(
    db: &Db,
    passwords: &Passwords,
    options: AdminFinish,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let (tenant, code) = find_tenant(db, &options.tenant_code).await?;
    let mut tx = db.read(tenant).await?;
    let Some((email, ready_at)) = open(&mut tx, tenant).await? else {
        bail!(no_more(&mut tx, tenant, &code).await?);
    };
    drop(tx);
    if ready_at > OffsetDateTime::now_utc() {
        bail!("Not before {}: the people of {code} have a day to object.", ready_at.format(&Rfc3339)?);
    }
    let password = read_password(&options.password)?;
    check_new_password(&password, &[&email])?;
    let password = passwords.hash(&password).await?;
    let mut tx = db.write_unsynced(tenant).await?;
    // Somebody may have objected meanwhile.
    let user = sqlx::query_scalar!(
        "update admin_restorations set ended_at = now(), ending = 'done'
         where tenant_id = $1 and ended_at is null and confirmed_at <= now() - interval '1 day' returning user_id",
        tenant.0
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(user) = user else {
        bail!(no_more(&mut tx, tenant, &code).await?);
    };
    let changed = sqlx::query!(
        "update users set password_hash = $3, must_change_password = true, token_version = token_version + 1,
                          one_time_until = now() + interval '1 day', updated_at = now(),
                          roles = case when 'admin' = any (roles) then roles else array_append(roles, 'admin') end
         where tenant_id = $1 and id = $2 and is_active",
        tenant.0,
        user,
        password
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    ensure!(changed > 0, "Their account was closed meanwhile. Nothing was changed.");
    audited(&mut tx, tenant, "user finish-admin", None).await?;
    tx.commit().await?;
    answer(
        out,
        options.output.json,
        json!({ "tenant_code": code, "email": email, "user_id": user }),
        "They are an admin. They must sign in with this password within a day, online, and choose another one.",
    )
}

/// Ends it before it happens.
pub(super) async fn cancel(db: &Db, options: AdminCancel, out: &mut impl Write) -> anyhow::Result<()> {
    let (tenant, code) = find_tenant(db, &options.tenant_code).await?;
    let mut tx = db.write_unsynced(tenant).await?;
    let is_cancelled = cancel_open(&mut tx, tenant).await?;
    ensure!(is_cancelled, "Nobody is going to be made an admin of {code}.");
    audited(&mut tx, tenant, "user cancel-admin", None).await?;
    tx.commit().await?;
    let told = json!({ "tenant_code": code, "cancelled": true });
    answer(out, options.output.json, told, "Nobody will be made an admin.")
}

/// Who is going to be an admin, and from when on.
async fn open(tx: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Option<(String, OffsetDateTime)>> {
    let open = sqlx::query!(
        r#"select u.email, r.confirmed_at + interval '1 day' as "ready_at!" from admin_restorations r
           join users u on u.tenant_id = $1 and u.id = r.user_id
           where r.tenant_id = $1 and r.ended_at is null and r.confirmed_at is not null"#,
        tenant.0
    )
    .fetch_optional(tx)
    .await?;
    Ok(open.map(|open| (open.email, open.ready_at)))
}

/// Why there is nothing to finish.
async fn no_more(tx: &mut PgConnection, tenant: TenantId, code: &str) -> anyhow::Result<String> {
    let objector = sqlx::query_scalar!(
        r#"select (select u.full_name from users u where u.tenant_id = $1 and u.id = r.objected_by) as "name?"
           from admin_restorations r where r.tenant_id = $1 order by r.asked_at desc limit 1"#,
        tenant.0
    )
    .fetch_optional(tx)
    .await?
    .flatten();
    Ok(match objector {
        Some(name) => format!("{name} of {code} objected. Nothing was changed; call the clinic."),
        None => {
            format!("Nobody of {code} is going to be an admin, or another operator has not confirmed it yet.")
        }
    })
}

async fn cancel_open(tx: &mut PgConnection, tenant: TenantId) -> anyhow::Result<bool> {
    let cancelled = sqlx::query!(
        "update admin_restorations set ended_at = now(), ending = 'cancelled'
         where tenant_id = $1 and ended_at is null",
        tenant.0
    )
    .execute(tx)
    .await?;
    Ok(cancelled.rows_affected() > 0)
}

/// The operator's name, as it will stand in the tenant's log.
fn named(operator: &str) -> anyhow::Result<&str> {
    let operator = operator.trim();
    ensure!(
        !operator.is_empty() && operator.chars().count() <= 100,
        "Say who you are, in at most 100 characters."
    );
    Ok(operator)
}

fn hash(tenant: TenantId, code: &Secret) -> Vec<u8> {
    let mut hasher = Sha256::new();
    hasher.update(b"cd-admin-restoration-1\n");
    hasher.update(tenant.0.as_bytes());
    hasher.update(code.0.as_bytes());
    hasher.finalize().to_vec()
}

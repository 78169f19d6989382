//! `clinic-sync user reset-password | deactivate`, `clinic-sync device list | revoke`, `clinic-sync clinic add`.

use std::io::Write;

use anyhow::{Context, bail, ensure};
use protocol::id::{DeviceId, TenantId};
use protocol::password::check_new_password;
use protocol::table::TableName;
use serde_json::{Value, json};
use sqlx::PgConnection;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use super::options::{ClinicAdd, DeviceRevoke, TenantChoice, UserDeactivate, UserReset};
use super::password::read_password;
use super::{audited, called, find_tenant};
use crate::Db;
use crate::auth::code::is_clinic_code;
use crate::auth::device;
use crate::auth::password::Passwords;
use crate::auth::person::normalise_email;
use crate::auth::register::fits;
use crate::auth::tenant::{NewClinic, insert_clinic};
use crate::error::violated_constraint;
use crate::manage::staff;
use crate::sync::set_aside;

/// Gives a person a password that they must change, and ends their sign-ins.
pub(super) async fn reset_password(
    db: &Db,
    passwords: &Passwords,
    options: UserReset,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let (tenant, code) = find_tenant(db, &options.tenant_code).await?;
    let email = normalise_email(&options.email);
    let mut tx = db.read(tenant).await?;
    must_not_be_guarded(&mut tx, tenant, &code, &email).await?;
    let called = called(&mut tx, tenant).await?;
    drop(tx);
    if !options.yes {
        return answer(
            out,
            options.output.json,
            json!({ "tenant_code": code, "email": email, "changed": false }),
            &format!(
                "{email} of {called} would be signed out everywhere, and get a new password; say --yes to do it."
            ),
        );
    }
    let password = read_password(&options.password)?;
    check_new_password(&password, &[&email])?;
    let hash = passwords.hash(&password).await?;
    let mut tx = db.write_unsynced(tenant).await?;
    let changed = sqlx::query!(
        "update users set password_hash = $3, must_change_password = true, token_version = token_version + 1,
                          one_time_until = now() + interval '1 day', updated_at = now()
         where tenant_id = $1 and email = $2 and is_active",
        tenant.0,
        email,
        hash
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if changed == 0 {
        bail!(nobody(&code));
    }
    // They may have become one while the password was typed.
    must_not_be_guarded(&mut tx, tenant, &code, &email).await?;
    audited(&mut tx, tenant, "user reset-password", None).await?;
    tx.commit().await?;
    answer(
        out,
        options.output.json,
        json!({ "tenant_code": code, "email": email, "changed": true }),
        "The password is changed. They must sign in with it within a day, online, and choose another one.",
    )
}

/// Refuses an admin of a tenant that has had a computer.
async fn must_not_be_guarded(
    tx: &mut PgConnection,
    tenant: TenantId,
    code: &str,
    email: &str,
) -> anyhow::Result<()> {
    // Before the first computer, as after an import, there is nobody who could object. One that was revoked counts: else
    // whoever has all of them revoked would be there again.
    let is_guarded = sqlx::query_scalar!(
        r#"select 'admin' = any (u.roles) and exists (
                      select from devices d where d.tenant_id = $1
                  ) as "is_guarded!"
           from users u where u.tenant_id = $1 and u.email = $2 and u.is_active"#,
        tenant.0,
        email
    )
    .fetch_optional(tx)
    .await?
    .with_context(|| nobody(code))?;
    ensure!(
        !is_guarded,
        "They are an admin of {code}, and whoever has an admin's password has the tenant. Another admin gives them a \
         new one; if there is none left, two operators do: user restore-admin."
    );
    Ok(())
}

pub(super) fn nobody(tenant_code: &str) -> String {
    format!("The tenant {tenant_code} has no active member of staff with this e-mail.")
}

/// Ends what a person may do. Their work, and their name on it, stays.
pub(super) async fn deactivate(db: &Db, options: UserDeactivate, out: &mut impl Write) -> anyhow::Result<()> {
    let (tenant, code) = find_tenant(db, &options.tenant_code).await?;
    let email = normalise_email(&options.email);
    let mut tx = db.write(tenant).await?;
    let person = sqlx::query!(
        r#"select u.id, 'admin' = any (u.roles) as "is_admin!"
           from users u where u.tenant_id = $1 and u.email = $2 and u.is_active"#,
        tenant.0,
        email
    )
    .fetch_optional(&mut *tx)
    .await?
    .with_context(|| nobody(&code))?;
    if person.is_admin && !staff::has_other_admin(&mut tx, tenant, person.id).await? {
        bail!("They are the only admin of {code}. Make another one first; nothing was changed.");
    }
    if !options.yes {
        let called = called(&mut tx, tenant).await?;
        return answer(
            out,
            options.output.json,
            json!({ "tenant_code": code, "user_id": person.id, "deactivated": false }),
            &format!(
                "{email} of {called} would be signed out everywhere and could not sign in any more; say --yes to do it."
            ),
        );
    }
    sqlx::query!(
        "update users set is_active = false, token_version = token_version + 1, updated_at = now()
         where tenant_id = $1 and id = $2",
        tenant.0,
        person.id
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "update doctors set is_active = false where tenant_id = $1 and user_id = $2 and is_active",
        tenant.0,
        person.id
    )
    .execute(&mut *tx)
    .await?;
    audited(&mut tx, tenant, "user deactivate", None).await?;
    tx.commit().await?;
    answer(
        out,
        options.output.json,
        json!({ "tenant_code": code, "user_id": person.id, "deactivated": true }),
        "They are signed out everywhere. What they wrote stays under their name.",
    )
}

/// Prints a line for each desktop.
pub(super) async fn list_devices(
    db: &Db,
    options: &TenantChoice,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let (tenant, _) = find_tenant(db, &options.tenant_code).await?;
    let mut tx = db.read(tenant).await?;
    let devices = sqlx::query!(
        r#"select d.id, d.name, d.lane, d.scope, d.platform, d.app_version, c.clinic_code, d.enrolled_at,
                d.last_seen_at, d.revoked_at, d.copied_at, r.acknowledged_at as "acknowledged_at?",
                r.done_at as "done_at?"
         from devices d join clinics c on c.tenant_id = d.tenant_id and c.id = d.clinic_id
         left join device_revocations r on r.tenant_id = d.tenant_id and r.device_id = d.id
         where d.tenant_id = $1 order by c.clinic_code, d.lane"#,
        tenant.0
    )
    .fetch_all(&mut *tx)
    .await?;
    let moment = |at: Option<OffsetDateTime>| at.and_then(|at| at.format(&Rfc3339).ok());
    let state = |revoked: bool, copied: bool| match (revoked, copied) {
        (true, _) => "revoked",
        (false, true) => "copied",
        (false, false) => "in service",
    };
    if options.output.json {
        let rows = devices.iter().map(|device| {
            json!({
                "device_id": device.id, "name": device.name, "lane": device.lane, "scope": device.scope,
                "clinic_code": device.clinic_code, "platform": device.platform,
                "app_version": device.app_version, "enrolled_at": moment(Some(device.enrolled_at)),
                "last_seen_at": moment(device.last_seen_at),
                "state": state(device.revoked_at.is_some(), device.copied_at.is_some()),
                "revoked_at": moment(device.revoked_at),
                "acknowledged_at": moment(device.acknowledged_at), "wiped_at": moment(device.done_at),
            })
        });
        return Ok(writeln!(out, "{:#}", Value::Array(rows.collect()))?);
    }
    for device in devices {
        writeln!(
            out,
            "{} {:4} {:12} {:10} {:30} {:8} {:10} last seen {}",
            device.id,
            device.lane,
            device.clinic_code,
            device.scope,
            device.name,
            device.app_version,
            state(device.revoked_at.is_some(), device.copied_at.is_some()),
            moment(device.last_seen_at).unwrap_or_else(|| "never".into())
        )?;
    }
    Ok(())
}

/// Takes a desktop out of service: its tokens end at once.
pub(super) async fn revoke_device(
    db: &Db,
    options: DeviceRevoke,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let (tenant, code) = find_tenant(db, &options.tenant_code).await?;
    let mut tx = db.write(tenant).await?;
    let name = sqlx::query_scalar!(
        "select name from devices where tenant_id = $1 and id = $2 and revoked_at is null for update",
        tenant.0,
        options.device_id
    )
    .fetch_optional(&mut *tx)
    .await?
    .with_context(|| format!("The tenant {code} has no such computer in service."))?;
    if !options.yes {
        let called = called(&mut tx, tenant).await?;
        return answer(
            out,
            options.output.json,
            json!({ "tenant_code": code, "device_id": options.device_id, "name": name, "revoked": false }),
            &format!("\"{name}\" of {called} would be taken out of service for good; say --yes to do it."),
        );
    }
    device::revoke(&mut tx, tenant.0, options.device_id, device::Revoke::default()).await?;
    set_aside::of_lost(&mut tx, tenant, DeviceId(options.device_id)).await?;
    audited(&mut tx, tenant, "device revoke", None).await?;
    tx.commit().await?;
    answer(
        out,
        options.output.json,
        json!({ "tenant_code": code, "device_id": options.device_id, "name": name, "revoked": true }),
        &format!(
            "\"{name}\" is out of service, and locks as soon as it hears of it. It hands over what it had not sent yet. \
             It destroys its data after its program has run for another day, or at once when an admin agrees from their own \
             computer."
        ),
    )
}

/// Adds a clinic to a tenant: it shares the patients, and has its own letterhead and hours.
pub(super) async fn add_clinic(db: &Db, options: ClinicAdd, out: &mut impl Write) -> anyhow::Result<()> {
    let (tenant, code) = find_tenant(db, &options.tenant_code).await?;
    let clinic_code = options.clinic_code.trim().to_uppercase();
    let name = options.name.trim();
    if !is_clinic_code(&clinic_code) {
        bail!(
            "A clinic's code has 2 to 20 letters, digits and underscores; it is part of every prescription's number."
        );
    }
    if !fits(TableName::Clinics, "clinic_name", name) {
        bail!("A clinic needs a name of at most 200 characters.");
    }
    for (column, given) in [("address", &options.address), ("city", &options.city), ("phone", &options.phone)]
    {
        if given.as_ref().is_some_and(|text| !fits(TableName::Clinics, column, text)) {
            bail!("--{column} is too long, or has signs that cannot be printed. Nothing was added.");
        }
    }
    let id = Uuid::now_v7();
    let mut tx = db.write(tenant).await?;
    let new = NewClinic {
        id,
        name,
        code: &clinic_code,
        address: options.address.as_deref(),
        phone: options.phone.as_deref(),
        city: options.city.as_deref(),
        ..NewClinic::default()
    };
    insert_clinic(&mut tx, tenant.0, &new).await.map_err(|error| match violated_constraint(&error) {
        Some("clinics_clinic_code_key") => {
            anyhow::anyhow!("The tenant {code} has a clinic {clinic_code} already.")
        }
        _ => error.into(),
    })?;
    audited(&mut tx, tenant, "clinic add", None).await?;
    tx.commit().await?;
    answer(
        out,
        options.output.json,
        json!({ "tenant_code": code, "clinic_id": id, "clinic_code": clinic_code }),
        &format!("Added the clinic {clinic_code} to {code}. Its desktops are enrolled with `device code`."),
    )
}

pub(super) fn answer(out: &mut impl Write, json: bool, value: Value, sentence: &str) -> anyhow::Result<()> {
    Ok(if json { writeln!(out, "{value:#}") } else { writeln!(out, "{sentence}") }?)
}

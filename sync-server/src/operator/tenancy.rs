//! `clinic-sync tenant list | show | usage | suspend | resume | set-plan | set-offline`.

use std::io::Write;

use anyhow::{Context, bail};
use serde::Serialize;
use serde_json::json;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::options::{OutputOptions, Plan, TenantChoice, TenantOffline, TenantPlan, TenantSuspend};
use super::{audited, find_tenant};
use crate::Db;

/// How much of what a tenant has; nothing of a patient.
#[derive(Clone, Debug, Serialize)]
pub struct TenantUsage {
    /// Its code.
    pub tenant_code: String,
    /// Its name.
    pub tenant_name: String,
    /// trial, solo, clinic, group or enterprise.
    pub subscription_plan: String,
    /// Whether it is served at all.
    pub is_active: bool,
    /// Since when it is suspended.
    #[serde(with = "time::serde::rfc3339::option")]
    pub suspended_at: Option<OffsetDateTime>,
    /// Until when it is paid for.
    #[serde(with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
    /// How many prescribers it may have.
    pub max_doctors: i32,
    /// How many patients it may have.
    pub max_patients: i32,
    /// Clinics in use.
    pub clinics: i64,
    /// Active members of staff.
    pub users: i64,
    /// Active prescribers.
    pub doctors: i64,
    /// Desktops in service.
    pub devices: i64,
    /// Patients, each counted once.
    pub patients: i64,
    /// Signed prescriptions.
    pub prescriptions: i64,
    /// When a desktop last brought something.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_seen_at: Option<OffsetDateTime>,
}

impl TenantUsage {
    /// In one word.
    fn state(&self) -> &'static str {
        if !self.is_active || self.suspended_at.is_some() {
            "suspended"
        } else if self.expires_at.is_some_and(|at| at <= OffsetDateTime::now_utc()) {
            "expired"
        } else {
            "active"
        }
    }

    /// How full its plan is, of whichever limit is nearer.
    fn percent(&self) -> i64 {
        let of = |has: i64, may: i32| if may == 0 { 100 * has.min(1) } else { has * 100 / i64::from(may) };
        of(self.doctors, self.max_doctors).max(of(self.patients, self.max_patients))
    }
}

/// Prints a line for each tenant; those nearest to their limits first if `by_usage`.
pub(super) async fn list(
    db: &Db,
    output: OutputOptions,
    by_usage: bool,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let mut tenants = db.usage(None).await?;
    if by_usage {
        tenants.sort_by_key(|tenant| std::cmp::Reverse(tenant.percent()));
    }
    if output.json {
        return Ok(writeln!(out, "{:#}", serde_json::to_value(&tenants)?)?);
    }
    for tenant in &tenants {
        writeln!(
            out,
            "{:24} {:40} {:10} {:10} {:3} % {:3} clinics {:4} staff {:4} computers {:7} patients {:8} prescriptions",
            tenant.tenant_code,
            tenant.tenant_name,
            tenant.subscription_plan,
            tenant.state(),
            tenant.percent(),
            tenant.clinics,
            tenant.users,
            tenant.devices,
            tenant.patients,
            tenant.prescriptions
        )?;
    }
    Ok(())
}

/// Prints all that is known of one tenant.
pub(super) async fn show(db: &Db, options: &TenantChoice, out: &mut impl Write) -> anyhow::Result<()> {
    let (_, code) = find_tenant(db, &options.tenant_code).await?;
    write_one(&one(db, &code).await?, options.output, out)
}

fn write_one(tenant: &TenantUsage, output: OutputOptions, out: &mut impl Write) -> anyhow::Result<()> {
    if output.json {
        return Ok(writeln!(out, "{:#}", serde_json::to_value(tenant)?)?);
    }
    let moment = |at: Option<OffsetDateTime>| at.and_then(|at| at.format(&Rfc3339).ok());
    writeln!(out, "{}  {}", tenant.tenant_code, tenant.tenant_name)?;
    writeln!(out, "plan           {} ({})", tenant.subscription_plan, tenant.state())?;
    writeln!(out, "paid until     {}", moment(tenant.expires_at).unwrap_or_else(|| "no end".into()))?;
    writeln!(out, "prescribers    {} of {}", tenant.doctors, tenant.max_doctors)?;
    writeln!(out, "patients       {} of {}", tenant.patients, tenant.max_patients)?;
    writeln!(out, "prescriptions  {}", tenant.prescriptions)?;
    writeln!(out, "clinics        {}", tenant.clinics)?;
    writeln!(out, "staff          {}", tenant.users)?;
    writeln!(out, "computers      {}", tenant.devices)?;
    writeln!(out, "last seen      {}", moment(tenant.last_seen_at).unwrap_or_else(|| "never".into()))?;
    Ok(())
}

async fn one(db: &Db, code: &str) -> anyhow::Result<TenantUsage> {
    let tenant = db.usage(Some(code)).await?.into_iter().next();
    tenant.with_context(|| format!("There is no tenant {code}."))
}

/// Closes a tenant for all but reading, exporting, and sending what waits.
pub(super) async fn suspend(db: &Db, options: TenantSuspend, out: &mut impl Write) -> anyhow::Result<()> {
    let reason = options.reason.trim();
    if reason.is_empty() || reason.chars().count() > 300 {
        bail!("Say why in at most 300 characters; it stands in the tenant's audit log.");
    }
    let (tenant, code) = find_tenant(db, &options.tenant_code).await?;
    if !options.yes {
        let usage = one(db, &code).await?;
        let sentence = format!(
            "({}) would be suspended, with {} staff and {} computers in service; say --yes to do it.",
            usage.tenant_name, usage.users, usage.devices
        );
        return said(out, options.output, &code, usage.state(), &sentence);
    }
    let mut tx = db.write_unsynced(tenant).await?;
    sqlx::query!(
        "update tenants set suspended_at = coalesce(suspended_at, $3), suspended_reason = $2 where id = $1",
        tenant.0,
        reason,
        OffsetDateTime::now_utc()
    )
    .execute(&mut *tx)
    .await?;
    audited(&mut tx, tenant, "tenant suspend", Some(reason)).await?;
    tx.commit().await?;
    said(
        out,
        options.output,
        &code,
        "suspended",
        "is suspended. Its desktops go on offline, send what waits, and read; nothing else is served.",
    )
}

/// Opens a suspended tenant again.
pub(super) async fn resume(db: &Db, options: &TenantChoice, out: &mut impl Write) -> anyhow::Result<()> {
    let (tenant, code) = find_tenant(db, &options.tenant_code).await?;
    let mut tx = db.write_unsynced(tenant).await?;
    sqlx::query!(
        "update tenants set suspended_at = null, suspended_reason = null, is_active = true where id = $1",
        tenant.0
    )
    .execute(&mut *tx)
    .await?;
    audited(&mut tx, tenant, "tenant resume", None).await?;
    tx.commit().await?;
    let state = one(db, &code).await?.state();
    let sentence = if state == "active" {
        "is served as before."
    } else {
        "is not suspended any more, but its plan has ended: `tenant set-plan` gives it another last day."
    };
    said(out, options.output, &code, state, sentence)
}

/// Changes the plan, its limits and its end.
pub(super) async fn set_plan(db: &Db, options: TenantPlan, out: &mut impl Write) -> anyhow::Result<()> {
    let expires_at = match (options.expires_on.as_deref(), options.no_end) {
        (Some(day), _) => {
            let day =
                protocol::validate::parse_day(day).context("The last day is written like 2027-03-31.")?;
            // That day is still paid for, wherever on earth the clinic is.
            let end = day.midnight().assume_utc().checked_add(Duration::hours(36));
            Some(Some(end.context("That day is too far away. For a plan that does not end, say --no-end.")?))
        }
        (None, true) => Some(None),
        (None, false) => None,
    };
    let (tenant, code) = find_tenant(db, &options.tenant_code).await?;
    let mut tx = db.write(tenant).await?;
    sqlx::query!(
        "update tenants
         set subscription_plan = coalesce($2, subscription_plan), max_doctors = coalesce($3, max_doctors),
             max_patients = coalesce($4, max_patients),
             expires_at = case when $5 then $6 else expires_at end
         where id = $1",
        tenant.0,
        options.plan.map(Plan::as_str),
        options.max_doctors,
        options.max_patients,
        expires_at.is_some(),
        expires_at.flatten()
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "update patients set beyond_plan = false
         where tenant_id = $1 and beyond_plan
           and (select count(*) from patients
                where tenant_id = $1 and deleted_at is null and merged_into_id is null)
               <= (select max_patients from tenants where id = $1)",
        tenant.0
    )
    .execute(&mut *tx)
    .await?;
    if !options.yes {
        let would_be = sqlx::query!(
            "select subscription_plan, max_doctors, max_patients, expires_at from tenants where id = $1",
            tenant.0
        )
        .fetch_one(&mut *tx)
        .await?;
        drop(tx);
        let would_be = TenantUsage {
            subscription_plan: would_be.subscription_plan,
            max_doctors: would_be.max_doctors,
            max_patients: would_be.max_patients,
            expires_at: would_be.expires_at,
            ..one(db, &code).await?
        };
        write_one(&would_be, options.output, out)?;
        if !options.output.json {
            writeln!(out, "This is how it would be. Nothing was changed; say --yes to do it.")?;
        }
        return Ok(());
    }
    audited(&mut tx, tenant, "tenant set-plan", None).await?;
    tx.commit().await?;
    show(db, &TenantChoice { tenant_code: code, output: options.output }, out).await
}

/// Says for how many days its computers may work without contact.
pub(super) async fn set_offline(db: &Db, options: TenantOffline, out: &mut impl Write) -> anyhow::Result<()> {
    let (tenant, code) = find_tenant(db, &options.tenant_code).await?;
    if !options.yes {
        let usage = one(db, &code).await?;
        let sentence = format!(
            "({}) would work {} days without contact, on {} computers; say --yes to do it.",
            usage.tenant_name, options.days, usage.devices
        );
        return said(out, options.output, &code, "unchanged", &sentence);
    }
    let mut tx = db.write_unsynced(tenant).await?;
    sqlx::query!(
        "update tenants set settings = settings || $2::jsonb where id = $1",
        tenant.0,
        json!({ "offline": { "max_days_without_sync": options.days } })
    )
    .execute(&mut *tx)
    .await?;
    audited(&mut tx, tenant, "tenant set-offline", None).await?;
    tx.commit().await?;
    let sentence = match options.days {
        0 => "opens no computer without the server any more, once each has been in contact.".to_owned(),
        days => format!("works {days} days without contact, from the next contact of each computer on."),
    };
    said(out, options.output, &code, "set", &sentence)
}

fn said(
    out: &mut impl Write,
    output: OutputOptions,
    code: &str,
    state: &str,
    sentence: &str,
) -> anyhow::Result<()> {
    if output.json {
        writeln!(out, "{:#}", json!({ "tenant_code": code, "state": state }))?;
    } else {
        writeln!(out, "{code} {sentence}")?;
    }
    Ok(())
}

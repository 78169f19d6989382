//! The operator's commands: tenants, the first codes, people. They run as `clinic_ops`.

/// Admins of tenants that lost theirs.
mod admins;
/// Options.
mod epoch_report;
mod epochs;
mod options;
/// Passwords.
mod password;
/// Staff, desktops and clinics.
mod people;
/// Clinics that go to another tenant.
mod relocation;
/// Tenants.
mod tenancy;

use std::io::Write;

use anyhow::{Context, bail, ensure};
use protocol::api::{DeviceScope, NewDoctor, Secret};
use protocol::audit::Action;
use protocol::id::TenantId;
use protocol::password::check_new_password;
use protocol::permission::Role;
use protocol::table::TableName;
use serde_json::json;
use sqlx::PgConnection;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

pub use options::{
    AdminCancel, AdminConfirm, AdminFinish, AdminRestore, ClinicAdd, ClinicCommand, ClinicMove, DeviceCode,
    DeviceCommand, DeviceRevoke, EpochTenants, OutputOptions, PasswordSource, Plan, ScopeOption,
    TenantChoice, TenantCommand, TenantCreate, TenantNewEpoch, TenantOffline, TenantPlan, TenantRelease,
    TenantSuspend, UserAdd, UserCommand, UserDeactivate, UserReset,
};
use password::read_password;
pub(crate) use password::read_secret;
pub use tenancy::TenantUsage;

use crate::Db;
use crate::audit::{self, Event, Lane};
use crate::auth::enrolment::{self, NewCode};
use crate::auth::password::Passwords;
use crate::auth::person::normalise_email;
use crate::auth::register::{self, NewTenant, check_doctor, check_email, fits};
use crate::auth::tenant::{NewProfile, NewUser, insert_profile, insert_user};
use crate::error::{Error, violated_constraint};
use crate::files::Files;
use crate::limits;

/// Runs `tenant …`.
pub async fn run_tenant(
    db: &Db,
    passwords: &Passwords,
    command: TenantCommand,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    match command {
        TenantCommand::Create(options) => {
            let admin_password = read_password(&options.password)?;
            let new = NewTenant {
                name: options.name,
                code: options.code,
                clinic_name: options.clinic_name,
                clinic_code: options.clinic_code,
                admin_name: options.admin_name,
                admin_email: options.admin_email,
                admin_password,
                // The operator knows it.
                one_time_days: Some(1),
                doctor: None,
            };
            let made =
                register::create(db, passwords, new, OffsetDateTime::now_utc()).await.map_err(in_words)?;
            if options.output.json {
                writeln!(out, "{:#}", serde_json::to_value(&made)?)?;
            } else {
                writeln!(
                    out,
                    "Made the tenant {}. Its admin signs in with this password within a day, and is asked for another one.",
                    made.tenant_code
                )?;
                write_code(out, &made.enrolment.code, made.enrolment.expires_at)?;
            }
        }
        TenantCommand::List(output) => tenancy::list(db, output, false, out).await?,
        TenantCommand::Usage(output) => tenancy::list(db, output, true, out).await?,
        TenantCommand::Show(options) => tenancy::show(db, &options, out).await?,
        TenantCommand::Suspend(options) => tenancy::suspend(db, options, out).await?,
        TenantCommand::Resume(options) => tenancy::resume(db, &options, out).await?,
        TenantCommand::SetPlan(options) => tenancy::set_plan(db, options, out).await?,
        TenantCommand::SetOffline(options) => tenancy::set_offline(db, options, out).await?,
        TenantCommand::NewEpoch(options) => epochs::new_epoch(db, options, out).await?,
        TenantCommand::Release(options) => epochs::release(db, options, out).await?,
        TenantCommand::EpochReport(options) => epoch_report::epoch_report(db, &options, out).await?,
    }
    Ok(())
}

/// Runs `device …`.
pub async fn run_device(db: &Db, command: DeviceCommand, out: &mut impl Write) -> anyhow::Result<()> {
    match command {
        DeviceCommand::Code(options) => issue_code(db, options, out).await,
        DeviceCommand::List(options) => people::list_devices(db, &options, out).await,
        DeviceCommand::Revoke(options) => people::revoke_device(db, options, out).await,
    }
}

/// Runs `clinic …`. Only a move opens the place of the files.
pub async fn run_clinic(
    db: &Db,
    open_files: impl FnOnce() -> anyhow::Result<Files>,
    command: ClinicCommand,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    match command {
        ClinicCommand::Add(options) => people::add_clinic(db, options, out).await,
        ClinicCommand::Move(options) => relocation::move_clinic(db, &open_files()?, options, out).await,
    }
}

async fn issue_code(db: &Db, options: DeviceCode, out: &mut impl Write) -> anyhow::Result<()> {
    let (tenant, tenant_code) = find_tenant(db, &options.tenant_code).await?;
    let mut tx = db.write_unsynced(tenant).await?;
    let clinic = sqlx::query_scalar!(
        "select id from clinics where tenant_id = $1 and clinic_code = $2 and is_active and deleted_at is null",
        tenant.0,
        options.clinic_code.trim().to_uppercase(),
    )
    .fetch_optional(&mut *tx)
    .await?
    .with_context(|| format!("The tenant {tenant_code} has no clinic {}.", options.clinic_code))?;
    let new = NewCode {
        tenant: tenant.0,
        tenant_code: &tenant_code,
        clinic,
        scope: match options.scope {
            ScopeOption::Clinical => DeviceScope::Clinical,
            ScopeOption::FrontDesk => DeviceScope::FrontDesk,
        },
        life: Duration::minutes(options.minutes.into()),
        created_by: None,
    };
    let code = enrolment::issue(&mut tx, new, OffsetDateTime::now_utc()).await?;
    audited(&mut tx, tenant, "device code", None).await?;
    tx.commit().await?;
    if options.output.json {
        writeln!(out, "{:#}", serde_json::to_value(&code)?)?;
    } else {
        write_code(out, &code.code, code.expires_at)?;
    }
    Ok(())
}

/// Runs `user …`.
pub async fn run_user(
    db: &Db,
    passwords: &Passwords,
    command: UserCommand,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    match command {
        UserCommand::Add(options) => add_user(db, passwords, options, out).await,
        UserCommand::ResetPassword(options) => people::reset_password(db, passwords, options, out).await,
        UserCommand::Deactivate(options) => people::deactivate(db, options, out).await,
        UserCommand::RestoreAdmin(options) => admins::restore(db, options, out).await,
        UserCommand::ConfirmAdmin(options) => admins::confirm(db, options, out).await,
        UserCommand::FinishAdmin(options) => admins::finish(db, passwords, options, out).await,
        UserCommand::CancelAdmin(options) => admins::cancel(db, options, out).await,
    }
}

async fn add_user(
    db: &Db,
    passwords: &Passwords,
    options: UserAdd,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let (tenant, tenant_code) = find_tenant(db, &options.tenant_code).await?;
    let email = normalise_email(&options.email);
    check_email(&email).map_err(in_words)?;
    let name = options.name.trim();
    if !fits(TableName::Doctors, "first_name", name) {
        bail!("A member of staff needs a name of at most 100 characters.");
    }
    let doctor = prescriber(&options)?;
    if let Some(doctor) = &doctor {
        check_doctor(doctor).map_err(in_words)?;
    }
    let password = read_password(&options.password)?;
    check_new_password(&password, &[name, &email])?;
    let password_hash = passwords.hash(&password).await?;
    let user = Uuid::now_v7();
    let mut tx = db.write(tenant).await?;
    if options.roles.contains(&Role::Admin) {
        let has_admin = sqlx::query_scalar!(
            r#"select exists (
                   select from users where tenant_id = $1 and is_active and 'admin' = any (roles)
               ) and exists (
                   select from devices where tenant_id = $1
               ) as "has_admin!""#,
            tenant.0
        )
        .fetch_one(&mut *tx)
        .await?;
        ensure!(
            !has_admin,
            "{tenant_code} has an admin, who makes others. If no admin can sign in any more, add them without that role, \
             and let two operators give it: user restore-admin. Nobody was added."
        );
    }
    if doctor.is_some() {
        limits::must_have_room_for_doctor(&mut tx, tenant).await.map_err(in_words)?;
    }
    let new = NewUser {
        id: user,
        email: &email,
        full_name: name,
        roles: options.roles,
        password_hash: &password_hash,
        // The operator knows it. No longer than one that is given again: that of a first computer is known by its time.
        one_time_days: Some(1),
        mobile_number: None,
    };
    insert_user(&mut tx, tenant.0, &new).await.map_err(|error| match violated_constraint(&error) {
        Some("users_email_key") => anyhow::anyhow!("The tenant {tenant_code} has someone with this e-mail."),
        _ => error.into(),
    })?;
    if let Some(doctor) = doctor {
        let clinic = sqlx::query_scalar!(
            "select id from clinics where tenant_id = $1 and is_active and deleted_at is null
             order by is_primary desc, id limit 1",
            tenant.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .with_context(|| format!("All clinics of {tenant_code} are closed. Nobody was added."))?;
        let profile = NewProfile::of(user, name, &doctor, clinic);
        insert_profile(&mut tx, tenant.0, &profile).await.map_err(|error| match violated_constraint(&error) {
            Some("doctors_registration_key") => anyhow::anyhow!(
                "Another doctor or dentist of {tenant_code} has this registration number of this council. Nobody \
                 was added."
            ),
            _ => error.into(),
        })?;
    }
    audited(&mut tx, tenant, "user add", None).await?;
    tx.commit().await?;
    if options.output.json {
        writeln!(out, "{:#}", json!({"tenant_code": tenant_code, "user_id": user, "email": email}))?;
    } else {
        writeln!(
            out,
            "Added a member of staff to {tenant_code}. They must sign in with this password within a day, online, and \
             choose another one."
        )?;
    }
    Ok(())
}

/// The profile of a doctor or dentist, who needs a registration to sign anything.
fn prescriber(options: &UserAdd) -> anyhow::Result<Option<NewDoctor>> {
    let role = options.roles.iter().copied().find(|role| matches!(role, Role::Doctor | Role::Dentist));
    match (role, &options.registration_number, &options.registration_council) {
        (Some(role), Some(number), Some(council)) => Ok(Some(NewDoctor {
            role,
            specialization: None,
            qualifications: options.qualifications.clone(),
            registration_number: number.clone(),
            registration_council: council.clone(),
        })),
        (Some(_), ..) => bail!(
            "A doctor or dentist needs --registration-number and --registration-council: they stand on every \
             prescription."
        ),
        (None, None, None) => Ok(None),
        (None, ..) => bail!("Only a doctor or dentist has a registration."),
    }
}

pub(crate) async fn find_tenant(db: &Db, code: &str) -> anyhow::Result<(TenantId, String)> {
    let code = code.trim().to_uppercase();
    let tenant = db.find_tenant(&code).await?.with_context(|| format!("There is no tenant {code}."))?;
    Ok((tenant, code))
}

/// What the tenant is called, and its code: whoever typed another one's code sees it before anything happens.
pub(crate) async fn called(tx: &mut PgConnection, tenant: TenantId) -> sqlx::Result<String> {
    let row = sqlx::query!("select tenant_name, tenant_code from tenants where id = $1", tenant.0)
        .fetch_one(tx)
        .await?;
    Ok(format!("{} ({})", row.tenant_name, row.tenant_code))
}

/// Leaves the operator's command in the tenant's own log; last in its transaction.
pub(crate) async fn audited(
    tx: &mut PgConnection,
    tenant: TenantId,
    command: &str,
    reason: Option<&str>,
) -> anyhow::Result<()> {
    let event =
        Event { changes: Some(json!({ "command": command })), reason, ..Event::new(Action::OperatorAccess) };
    Ok(audit::record(tx, tenant, Lane::Operator, &event).await?)
}

fn write_code(out: &mut impl Write, code: &Secret, expires_at: OffsetDateTime) -> anyhow::Result<()> {
    writeln!(out, "{}", code.0)?;
    writeln!(out, "Enrols one computer, once, until {}.", expires_at.format(&Rfc3339)?)?;
    Ok(())
}

/// For the operator the sentence of a refusal is enough.
fn in_words(error: Error) -> anyhow::Error {
    match error {
        Error::Invalid(sentence) => anyhow::anyhow!(sentence),
        error => error.into(),
    }
}

//! The operator's commands: tenants, the first codes, people. They run as `clinic_ops`.

/// Options.
mod options;
/// Passwords.
mod password;

use std::io::Write;

use anyhow::{Context, bail};
use protocol::api::{DeviceScope, NewDoctor, Secret};
use protocol::id::TenantId;
use protocol::permission::Role;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

pub use options::{
    DeviceCode, DeviceCommand, OutputOptions, PasswordSource, ScopeOption, TenantCommand, TenantCreate,
    UserAdd, UserCommand,
};
use password::read_password;

use crate::Db;
use crate::auth::enrolment::{self, NewCode};
use crate::auth::password::{Passwords, check_new_password};
use crate::auth::person::normalise_email;
use crate::auth::register::{self, NewTenant, check_email};
use crate::auth::tenant::{NewProfile, NewUser, insert_profile, insert_user, split_name};
use crate::error::{Error, violated_constraint};

/// A tenant in the operator's list: counts, and nothing of a patient.
#[derive(Debug)]
pub struct TenantCounts {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Clinics.
    pub clinics: i64,
    /// Active members of staff.
    pub users: i64,
    /// Desktops in service.
    pub devices: i64,
    /// Patients.
    pub patients: i64,
    /// Signed prescriptions.
    pub prescriptions: i64,
}

/// Runs `tenant create` or `tenant list`.
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
                doctor: None,
            };
            let made =
                register::create(db, passwords, new, OffsetDateTime::now_utc()).await.map_err(in_words)?;
            if options.output.json {
                writeln!(out, "{:#}", serde_json::to_value(&made)?)?;
            } else {
                writeln!(out, "Made the tenant {}.", made.tenant_code)?;
                write_code(out, &made.enrolment.code, made.enrolment.expires_at)?;
            }
        }
        TenantCommand::List(output) => {
            let tenants = db.list_tenants().await?;
            if output.json {
                let rows: Vec<Value> = tenants.iter().map(counts_json).collect();
                writeln!(out, "{:#}", Value::Array(rows))?;
            } else {
                for tenant in tenants {
                    writeln!(
                        out,
                        "{:24} {:40} {:3} clinics {:4} staff {:4} computers {:7} patients {:8} prescriptions",
                        tenant.code,
                        tenant.name,
                        tenant.clinics,
                        tenant.users,
                        tenant.devices,
                        tenant.patients,
                        tenant.prescriptions
                    )?;
                }
            }
        }
    }
    Ok(())
}

/// Runs `device code`.
pub async fn run_device(db: &Db, command: DeviceCommand, out: &mut impl Write) -> anyhow::Result<()> {
    let DeviceCommand::Code(options) = command;
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
    tx.commit().await?;
    if options.output.json {
        writeln!(out, "{:#}", serde_json::to_value(&code)?)?;
    } else {
        write_code(out, &code.code, code.expires_at)?;
    }
    Ok(())
}

/// Runs `user add`.
pub async fn run_user(
    db: &Db,
    passwords: &Passwords,
    command: UserCommand,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let UserCommand::Add(options) = command;
    let (tenant, tenant_code) = find_tenant(db, &options.tenant_code).await?;
    let email = normalise_email(&options.email);
    check_email(&email).map_err(in_words)?;
    let name = options.name.trim();
    if name.is_empty() || name.chars().count() > 100 {
        bail!("A member of staff needs a name of at most 100 characters.");
    }
    let doctor = prescriber(&options)?;
    let password = read_password(&options.password)?;
    check_new_password(&password, &[name, &email])?;
    let password_hash = passwords.hash(&password).await?;
    let user = Uuid::now_v7();
    let mut tx = db.write(tenant).await?;
    let new = NewUser {
        id: user,
        email: &email,
        full_name: name,
        roles: options.roles,
        password_hash: &password_hash,
    };
    insert_user(&mut tx, tenant.0, &new).await.map_err(|error| match violated_constraint(&error) {
        Some("users_email_key") => anyhow::anyhow!("The tenant {tenant_code} has someone with this e-mail."),
        _ => error.into(),
    })?;
    if let Some(doctor) = doctor {
        let clinic = sqlx::query_scalar!(
            "select id from clinics where tenant_id = $1 order by is_primary desc, id limit 1",
            tenant.0
        )
        .fetch_one(&mut *tx)
        .await?;
        let (first_name, last_name) = split_name(name);
        let profile = NewProfile {
            id: Uuid::now_v7(),
            user,
            first_name,
            last_name,
            role: doctor.role,
            specialization: None,
            qualifications: doctor.qualifications.as_deref(),
            registration_number: &doctor.registration_number,
            registration_council: &doctor.registration_council,
            registration_year: None,
            clinic,
        };
        insert_profile(&mut tx, tenant.0, &profile).await?;
    }
    tx.commit().await?;
    if options.output.json {
        writeln!(out, "{:#}", json!({"tenant_code": tenant_code, "user_id": user, "email": email}))?;
    } else {
        writeln!(out, "Added a member of staff to {tenant_code}.")?;
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

async fn find_tenant(db: &Db, code: &str) -> anyhow::Result<(TenantId, String)> {
    let code = code.trim().to_uppercase();
    let tenant = db.find_tenant(&code).await?.with_context(|| format!("There is no tenant {code}."))?;
    Ok((tenant, code))
}

fn write_code(out: &mut impl Write, code: &Secret, expires_at: OffsetDateTime) -> anyhow::Result<()> {
    writeln!(out, "{}", code.0)?;
    writeln!(out, "Enrols one computer, once, until {}.", expires_at.format(&Rfc3339)?)?;
    Ok(())
}

fn counts_json(tenant: &TenantCounts) -> Value {
    json!({
        "tenant_code": tenant.code,
        "tenant_name": tenant.name,
        "clinics": tenant.clinics,
        "users": tenant.users,
        "devices": tenant.devices,
        "patients": tenant.patients,
        "prescriptions": tenant.prescriptions,
    })
}

/// For the operator the sentence of a refusal is enough.
fn in_words(error: Error) -> anyhow::Error {
    match error {
        Error::Invalid(sentence) => anyhow::anyhow!(sentence),
        error => error.into(),
    }
}

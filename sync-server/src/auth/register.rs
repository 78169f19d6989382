//! A new tenant, with its first clinic and its admin.

use std::time::Instant;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use protocol::api::{DeviceScope, EnrolmentCode, NewDoctor, RegisterRequest, RegisterResponse, Secret};
use protocol::id::{ClinicId, DoctorId, TenantId, UserId};
use protocol::manage::DoctorChange;
use protocol::password::check_new_password;
use protocol::permission::Role;
use protocol::table::TableName;
use protocol::validate::check_value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::addresses::CountedAs;
use super::code::{is_clinic_code, is_tenant_code, new_tenant_code};
use super::enrolment::{self, FIRST_CODE_LIFE, NewCode};
use super::password::Passwords;
use super::person::normalise_email;
use super::tenant::{NewClinic, NewProfile, NewUser, insert_clinic, insert_profile, insert_user};
use crate::error::{Error, Json, Result, violated_constraint};
use crate::{AppState, Db};

/// How often a tenant's code is made anew when another tenant has it already.
const CODE_TRIES: usize = 5;

/// A tenant as it is asked for.
#[derive(Clone, Debug)]
pub struct NewTenant {
    /// Its name.
    pub name: String,
    /// Its code; without one, it is made of the clinic's name.
    pub code: Option<String>,
    /// The first clinic's name.
    pub clinic_name: String,
    /// The first clinic's code.
    pub clinic_code: String,
    /// The admin's name.
    pub admin_name: String,
    /// The admin's e-mail.
    pub admin_email: String,
    /// The admin's password.
    pub admin_password: Secret,
    /// For how many days it serves, if somebody else knows it and it is a one-time password.
    pub one_time_days: Option<i32>,
    /// Filled if the admin prescribes as well.
    pub doctor: Option<NewDoctor>,
}

/// `POST /v1/clinics/register`.
#[tracing::instrument(skip_all)]
pub(crate) async fn register(
    State(state): State<AppState>,
    Extension(CountedAs(from)): Extension<CountedAs>,
    Json(request): Json<RegisterRequest>,
) -> Result<(StatusCode, Json<RegisterResponse>)> {
    let place = state.auth.registrations.take(from, Instant::now())?;
    let new = NewTenant {
        name: request.clinic_name.clone(),
        code: None,
        clinic_name: request.clinic_name,
        clinic_code: request.clinic_code,
        admin_name: request.admin_name,
        admin_email: request.admin_email,
        admin_password: request.admin_password,
        one_time_days: None,
        doctor: request.doctor,
    };
    let response = create(&state.db, &state.auth.strangers, new, OffsetDateTime::now_utc()).await?;
    place.used();
    tracing::info!(tenant = %response.tenant_id, "a tenant was registered");
    Ok((StatusCode::CREATED, Json(response)))
}

/// Adds a tenant in one transaction, and issues the code for its first desktop.
pub async fn create(
    db: &Db,
    passwords: &Passwords,
    new: NewTenant,
    now: OffsetDateTime,
) -> Result<RegisterResponse> {
    let new = check(new)?;
    let password_hash = passwords.hash(&new.admin_password).await?;
    let mut tries = 0;
    loop {
        let code = new.code.clone().unwrap_or_else(|| new_tenant_code(&new.clinic_name));
        tries += 1;
        match insert(db, &new, &code, &password_hash, now).await {
            Err(Error::Sqlx(error)) if violated_constraint(&error) == Some("tenants_tenant_code_key") => {
                if new.code.is_some() {
                    return Err(Error::Invalid("Another tenant has this code. Choose another code."));
                }
                if tries == CODE_TRIES {
                    return Err(Error::Sqlx(error));
                }
            }
            result => return result,
        }
    }
}

async fn insert(
    db: &Db,
    new: &NewTenant,
    code: &str,
    password_hash: &str,
    now: OffsetDateTime,
) -> Result<RegisterResponse> {
    let tenant = TenantId::new();
    let (clinic, user) = (Uuid::now_v7(), Uuid::now_v7());
    let mut tx = db.create_tenant(tenant, code, &new.name).await?;
    let new_clinic = NewClinic {
        id: clinic,
        name: &new.clinic_name,
        code: &new.clinic_code,
        is_primary: true,
        ..NewClinic::default()
    };
    insert_clinic(&mut tx, tenant.0, &new_clinic).await?;
    let mut roles = vec![Role::Admin];
    roles.extend(new.doctor.as_ref().map(|doctor| doctor.role));
    let new_user = NewUser {
        id: user,
        email: &new.admin_email,
        full_name: &new.admin_name,
        roles,
        password_hash,
        one_time_days: new.one_time_days,
        mobile_number: None,
    };
    insert_user(&mut tx, tenant.0, &new_user).await?;
    let mut doctor_id = None;
    if let Some(doctor) = &new.doctor {
        let profile = NewProfile::of(user, &new.admin_name, doctor, clinic);
        insert_profile(&mut tx, tenant.0, &profile).await?;
        doctor_id = Some(DoctorId(profile.id));
    }
    let first_code = NewCode {
        tenant: tenant.0,
        tenant_code: code,
        clinic,
        scope: DeviceScope::Clinical,
        life: FIRST_CODE_LIFE,
        created_by: Some(user),
    };
    let enrolment: EnrolmentCode = enrolment::issue(&mut tx, first_code, now).await?;
    tx.commit().await?;
    Ok(RegisterResponse {
        tenant_id: tenant,
        tenant_code: code.to_owned(),
        clinic_id: ClinicId(clinic),
        admin_user_id: UserId(user),
        doctor_id,
        enrolment,
    })
}

/// Trims what was typed, and refuses what cannot be stored or should not be.
fn check(new: NewTenant) -> Result<NewTenant> {
    let new = NewTenant {
        name: tidy(&new.name),
        code: new.code.map(|code| code.trim().to_uppercase()),
        clinic_name: tidy(&new.clinic_name),
        clinic_code: new.clinic_code.trim().to_uppercase(),
        admin_name: tidy(&new.admin_name),
        admin_email: normalise_email(&new.admin_email),
        admin_password: new.admin_password,
        one_time_days: new.one_time_days,
        doctor: new.doctor,
    };
    if !fits(TableName::Clinics, "clinic_name", &new.clinic_name)
        || !fits(TableName::Clinics, "clinic_name", &new.name)
    {
        return Err(Error::Invalid("The clinic needs a name of at most 200 characters."));
    }
    if !is_clinic_code(&new.clinic_code) {
        return Err(Error::Invalid("The clinic's code must have 2 to 20 letters or digits, like ANDHERI."));
    }
    if new.code.as_deref().is_some_and(|code| !is_tenant_code(code)) {
        return Err(Error::Invalid("The tenant's code must have 3 to 50 letters, digits or underscores."));
    }
    if !fits(TableName::Doctors, "first_name", &new.admin_name) {
        return Err(Error::Invalid("The admin needs a name of at most 100 characters."));
    }
    check_email(&new.admin_email)?;
    check_new_password(&new.admin_password, &[&new.clinic_name, &new.admin_name, &new.admin_email])
        .map_err(|weak| Error::Invalid(weak.sentence()))?;
    if let Some(doctor) = &new.doctor {
        check_doctor(doctor)?;
    }
    Ok(new)
}

/// Whether a text fits its column.
pub(crate) fn fits(table: TableName, column: &str, text: &str) -> bool {
    let column = table.table().column(column).expect("BUG: no such column");
    check_value(column, &text.into()).is_ok()
}

/// Refuses a prescriber without a registration.
pub(crate) fn check_doctor(doctor: &NewDoctor) -> Result<()> {
    if !matches!(doctor.role, Role::Doctor | Role::Dentist) {
        return Err(Error::Invalid("Only a doctor or a dentist has a profile as a prescriber."));
    }
    check_given([
        ("registration_number", Some(doctor.registration_number.as_str())),
        ("registration_council", Some(doctor.registration_council.as_str())),
        ("specialization", doctor.specialization.as_deref()),
        ("qualifications", doctor.qualifications.as_deref()),
    ])
}

/// Refuses what does not fit of a change of a profile.
pub(crate) fn check_doctor_change(doctor: &DoctorChange) -> Result<()> {
    check_given([
        ("registration_number", doctor.registration_number.as_deref()),
        ("registration_council", doctor.registration_council.as_deref()),
        ("specialization", doctor.specialization.as_deref()),
        ("qualifications", doctor.qualifications.as_deref()),
    ])
}

fn check_given(given: [(&str, Option<&str>); 4]) -> Result<()> {
    let all_fit = given
        .into_iter()
        .all(|(column, text)| text.is_none_or(|text| fits(TableName::Doctors, column, text)));
    if all_fit {
        Ok(())
    } else {
        Err(Error::Invalid("A prescriber needs the registration number and the council that gave it."))
    }
}

/// Refuses what is no e-mail address.
pub fn check_email(email: &str) -> Result<()> {
    let good = email.len() <= 254
        && !email.chars().any(|c| c.is_whitespace() || c.is_control())
        && email.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && domain.contains('.') && !domain.contains('@') && !domain.starts_with('.')
        });
    if good { Ok(()) } else { Err(Error::Invalid("The e-mail must be like name@clinic.example.")) }
}

fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

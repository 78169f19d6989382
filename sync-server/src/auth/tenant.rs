//! The rows with which a tenant begins: its clinics, its staff, their profiles.

use protocol::api::NewDoctor;
use protocol::permission::Role;
use sqlx::PgConnection;
use uuid::Uuid;

/// A new clinic.
#[derive(Clone, Debug, Default)]
pub struct NewClinic<'a> {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: &'a str,
    /// Its code, unique in the tenant.
    pub code: &'a str,
    /// Street.
    pub address: Option<&'a str>,
    /// Telephone.
    pub phone: Option<&'a str>,
    /// Town.
    pub city: Option<&'a str>,
    /// `MH`.
    pub state_code: Option<&'a str>,
    /// Pin code.
    pub pincode: Option<&'a str>,
    /// Whether it is the tenant's first.
    pub is_primary: bool,
}

/// A new member of staff.
#[derive(Clone)]
pub struct NewUser<'a> {
    /// Their id.
    pub id: Uuid,
    /// In small letters.
    pub email: &'a str,
    /// Their name.
    pub full_name: &'a str,
    /// What they are.
    pub roles: Vec<Role>,
    /// From [`super::password::Passwords::hash`].
    pub password_hash: &'a str,
    /// For so many days it signs in, if it is a one-time password.
    pub one_time_days: Option<i32>,
    /// In E.164.
    pub mobile_number: Option<&'a str>,
}

/// A new prescriber.
#[derive(Clone, Debug)]
pub struct NewProfile<'a> {
    /// Their id as a prescriber.
    pub id: Uuid,
    /// Their id as a member of staff.
    pub user: Uuid,
    /// Given name.
    pub first_name: &'a str,
    /// Family name.
    pub last_name: Option<&'a str>,
    /// [`Role::Doctor`] or [`Role::Dentist`].
    pub role: Role,
    /// For example "General Medicine".
    pub specialization: Option<&'a str>,
    /// For example "MBBS, MD".
    pub qualifications: Option<&'a str>,
    /// The number in the council's register.
    pub registration_number: &'a str,
    /// The council.
    pub registration_council: &'a str,
    /// Since when.
    pub registration_year: Option<i32>,
    /// Where they mostly work.
    pub clinic: Uuid,
}

impl<'a> NewProfile<'a> {
    /// The profile of a member of staff who begins here as this prescriber.
    pub fn of(user: Uuid, full_name: &'a str, doctor: &'a NewDoctor, clinic: Uuid) -> Self {
        let (first_name, last_name) = split_name(full_name);
        let given = |text: &'a Option<String>| text.as_deref().filter(|text| !text.is_empty());
        Self {
            id: Uuid::now_v7(),
            user,
            first_name,
            last_name,
            role: doctor.role,
            specialization: given(&doctor.specialization),
            qualifications: given(&doctor.qualifications),
            registration_number: &doctor.registration_number,
            registration_council: &doctor.registration_council,
            registration_year: None,
            clinic,
        }
    }
}

/// Adds a clinic.
pub async fn insert_clinic(tx: &mut PgConnection, tenant: Uuid, clinic: &NewClinic<'_>) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into clinics
            (tenant_id, id, clinic_name, clinic_code, address, phone, city, state_code, pincode, is_primary)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        tenant,
        clinic.id,
        clinic.name,
        clinic.code,
        clinic.address,
        clinic.phone,
        clinic.city,
        clinic.state_code,
        clinic.pincode,
        clinic.is_primary,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Adds a member of staff.
pub async fn insert_user(tx: &mut PgConnection, tenant: Uuid, user: &NewUser<'_>) -> sqlx::Result<()> {
    let roles: Vec<String> = user.roles.iter().map(|role| role.as_str().to_owned()).collect();
    sqlx::query!(
        "insert into users (tenant_id, id, email, full_name, roles, password_hash, must_change_password,
                            mobile_number, one_time_until)
         values ($1, $2, $3, $4, $5, $6, $7, $8, now() + $9::integer * interval '1 day')",
        tenant,
        user.id,
        user.email,
        user.full_name,
        &roles,
        user.password_hash,
        user.one_time_days.is_some(),
        user.mobile_number,
        user.one_time_days,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Adds a prescriber.
pub async fn insert_profile(
    tx: &mut PgConnection,
    tenant: Uuid,
    profile: &NewProfile<'_>,
) -> sqlx::Result<()> {
    let kind = match profile.role {
        Role::Doctor => "physician",
        Role::Dentist => "dentist",
        Role::Admin | Role::Receptionist | Role::Nurse => "other",
    };
    sqlx::query!(
        "insert into doctors
            (tenant_id, id, user_id, first_name, last_name, kind, specialization, qualifications,
             registration_number, registration_council, registration_year, default_clinic_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        tenant,
        profile.id,
        profile.user,
        profile.first_name,
        profile.last_name,
        kind,
        profile.specialization,
        profile.qualifications,
        profile.registration_number,
        profile.registration_council,
        profile.registration_year,
        profile.clinic,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The parts of a name as typed, without the title: `Dr. Asha Rane` → `Asha`, `Rane`.
pub fn split_name(full_name: &str) -> (&str, Option<&str>) {
    let name = full_name.trim();
    let name = ["Dr. ", "Dr ", "DR. ", "DR ", "dr. ", "dr "]
        .iter()
        .find_map(|title| name.strip_prefix(title))
        .unwrap_or(name)
        .trim();
    match name.split_once(char::is_whitespace) {
        Some((first, last)) => (first, Some(last.trim())),
        None => (name, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_no_part_of_the_name() {
        for (typed, name) in [
            ("Dr. Asha Rane", ("Asha", Some("Rane"))),
            ("Dr Asha  van Rane ", ("Asha", Some("van Rane"))),
            ("Drishti", ("Drishti", None)),
            ("Asha Rane", ("Asha", Some("Rane"))),
        ] {
            assert_eq!(split_name(typed), name, "{typed}");
        }
    }
}

use protocol::id::{ClinicId, DoctorId, TenantId, UserId};
use protocol::manage::{DoctorChange, UserInfo};
use protocol::permission::Role;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::auth::person;
use crate::auth::tenant::split_name;
use crate::error::{Error, Result, violated_constraint};

/// The members of staff of a tenant, or one of them; those who can sign in first.
pub(crate) async fn read(
    tx: &mut PgConnection,
    tenant: TenantId,
    only: Option<Uuid>,
) -> Result<Vec<UserInfo>> {
    let rows = sqlx::query!(
        r#"select u.id, u.full_name, u.email, u.mobile_number, u.roles, u.is_active, u.must_change_password,
                  u.last_login_at, d.id as "doctor_id?",
                  array(
                      select k.clinic_id from user_clinics k where k.tenant_id = u.tenant_id and k.user_id = u.id
                      order by k.is_default desc, k.clinic_id
                  ) as "clinics!"
           from users u
           left join doctors d on d.tenant_id = u.tenant_id and d.user_id = u.id and d.deleted_at is null
           where u.tenant_id = $1 and ($2::uuid is null or u.id = $2)
           order by not u.is_active, u.full_name, u.id"#,
        tenant.0,
        only
    )
    .fetch_all(tx)
    .await?;
    let users = rows.into_iter().map(|row| UserInfo {
        id: UserId(row.id),
        full_name: row.full_name,
        email: row.email,
        mobile_number: row.mobile_number,
        roles: person::roles(&row.roles).0,
        is_active: row.is_active,
        must_change_password: row.must_change_password,
        doctor_id: row.doctor_id.map(DoctorId),
        clinics: row.clinics.into_iter().map(ClinicId).collect(),
        last_login_at: row.last_login_at,
    });
    Ok(users.collect())
}

/// Whether the tenant has another admin who can sign in: whose one-time password is over cannot, nor who came without one from
/// an archive or an earlier program. In a writing transaction, so that two admins do not leave at once.
pub(crate) async fn has_other_admin(tx: &mut PgConnection, tenant: TenantId, user: Uuid) -> Result<bool> {
    let has = sqlx::query_scalar!(
        r#"select exists (
               select from users
               where tenant_id = $1 and id <> $2 and is_active and 'admin' = any (roles)
                 and not coalesce(must_change_password and one_time_until < now(), false) and password_hash <> '!'
           ) as "has!""#,
        tenant.0,
        user
    )
    .fetch_one(tx)
    .await?;
    Ok(has)
}

/// Says where someone works, and nowhere else; the first is where they mostly are.
pub(crate) async fn set_clinics(
    tx: &mut PgConnection,
    tenant: TenantId,
    user: Uuid,
    clinics: &[ClinicId],
) -> Result<()> {
    sqlx::query!("delete from user_clinics where tenant_id = $1 and user_id = $2", tenant.0, user)
        .execute(&mut *tx)
        .await?;
    for (place, clinic) in clinics.iter().enumerate() {
        sqlx::query!(
            "insert into user_clinics (tenant_id, user_id, clinic_id, is_default) values ($1, $2, $3, $4)
             on conflict (tenant_id, user_id, clinic_id) do nothing",
            tenant.0,
            user,
            clinic.0,
            place == 0
        )
        .execute(&mut *tx)
        .await
        .map_err(|error| {
            Error::on_constraint(error, "user_clinics_clinic_fkey", || {
                Error::Invalid("One of these clinics is not one of yours.")
            })
        })?;
    }
    Ok(())
}

/// What the roles and the standing of a person mean for their profile as a prescriber.
pub(crate) async fn set_profile(
    tx: &mut PgConnection,
    tenant: TenantId,
    user: Uuid,
    kind: Option<Role>,
) -> Result<()> {
    let name = match kind {
        Some(Role::Dentist) => Some("dentist"),
        Some(_) => Some("physician"),
        None => None,
    };
    sqlx::query!(
        "update doctors set is_active = $3::text is not null, kind = coalesce($3, kind)
         where tenant_id = $1 and user_id = $2
           and (is_active, kind) is distinct from ($3::text is not null, coalesce($3, kind))",
        tenant.0,
        user,
        name
    )
    .execute(tx)
    .await
    .map_err(in_words)?;
    Ok(())
}

/// Another name of someone who prescribes, as it stands under every prescription.
pub(crate) async fn set_name(
    tx: &mut PgConnection,
    tenant: TenantId,
    user: Uuid,
    full_name: &str,
) -> Result<()> {
    let (first_name, last_name) = split_name(full_name);
    sqlx::query!(
        "update doctors set first_name = $3, last_name = $4 where tenant_id = $1 and user_id = $2",
        tenant.0,
        user,
        first_name,
        last_name
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Corrects or completes what is given of what stands under every prescription of someone. An empty text that may be absent
/// is taken away.
pub(crate) async fn set_registration(
    tx: &mut PgConnection,
    tenant: TenantId,
    user: Uuid,
    doctor: &DoctorChange,
) -> Result<()> {
    sqlx::query!(
        "update doctors
         set registration_number = coalesce($3, registration_number),
             registration_council = coalesce($4, registration_council),
             specialization = nullif(coalesce($5, specialization), ''),
             qualifications = nullif(coalesce($6, qualifications), '')
         where tenant_id = $1 and user_id = $2",
        tenant.0,
        user,
        doctor.registration_number,
        doctor.registration_council,
        doctor.specialization,
        doctor.qualifications
    )
    .execute(tx)
    .await
    .map_err(in_words)?;
    Ok(())
}

/// What is wrong with a new or changed row of staff, in words.
pub(crate) fn in_words(error: sqlx::Error) -> Error {
    match violated_constraint(&error) {
        Some("users_email_key") => Error::EmailTaken,
        Some("doctors_registration_key") => {
            Error::Invalid("Another of your doctors has this registration number of this council.")
        }
        _ => error.into(),
    }
}

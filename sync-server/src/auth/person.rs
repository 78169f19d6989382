//! Members of staff, as far as signing in is concerned.

use protocol::api::StaffMember;
use protocol::id::{DoctorId, UserId};
use protocol::permission::{Role, Roles};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// A member of staff who may sign in.
#[derive(Clone)]
pub struct Person {
    /// Their id.
    pub id: Uuid,
    /// Their name.
    pub full_name: String,
    /// In small letters.
    pub email: String,
    /// What they are.
    pub roles: Roles,
    /// The PHC string of their password.
    pub password_hash: String,
    /// Whether it is a one-time password.
    pub must_change_password: bool,
    /// Whether it is one, and its time is over: it signs nobody in any more.
    pub has_old_one_time_password: bool,
    /// See [`super::token::Claims::tv`].
    pub token_version: i32,
    /// Their profile as a prescriber.
    pub doctor: Option<Uuid>,
}

impl Person {
    /// What a desktop learns of them.
    pub fn staff_member(&self) -> StaffMember {
        StaffMember {
            id: UserId(self.id),
            full_name: self.full_name.clone(),
            email: self.email.clone(),
            roles: self.roles.clone(),
            doctor_id: self.doctor.map(DoctorId),
        }
    }
}

/// A member of staff as they are stored, with what is worked out of it.
struct Found {
    id: Uuid,
    full_name: String,
    email: String,
    roles: Vec<String>,
    password_hash: String,
    must_change_password: bool,
    token_version: i32,
    doctor: Option<Uuid>,
    is_old: bool,
}

impl From<Found> for Person {
    fn from(found: Found) -> Self {
        Self {
            id: found.id,
            full_name: found.full_name,
            email: found.email,
            roles: roles(&found.roles),
            password_hash: found.password_hash,
            must_change_password: found.must_change_password,
            has_old_one_time_password: found.is_old,
            token_version: found.token_version,
            doctor: found.doctor,
        }
    }
}

/// The roles of these names.
pub fn roles(names: &[String]) -> Roles {
    Roles(names.iter().filter_map(|name| Role::find(name)).collect())
}

/// An e-mail as it is stored and compared.
pub fn normalise_email(email: &str) -> String {
    email.trim().to_lowercase()
}

/// The active member of staff with this e-mail.
pub async fn find_by_email(tx: &mut PgConnection, tenant: Uuid, email: &str) -> sqlx::Result<Option<Person>> {
    let found = sqlx::query_as!(
        Found,
        r#"select u.id, u.full_name, u.email, u.roles, u.password_hash, u.must_change_password,
                  u.token_version, d.id as "doctor?",
                  coalesce(u.must_change_password and u.one_time_until < now(), false) as "is_old!"
           from users u
           left join doctors d
             on d.tenant_id = u.tenant_id and d.user_id = u.id and d.is_active and d.deleted_at is null
           where u.tenant_id = $1 and u.email = $2 and u.is_active"#,
        tenant,
        normalise_email(email),
    )
    .fetch_optional(tx)
    .await?;
    Ok(found.map(Person::from))
}

/// The active member of staff with this id, if they have signed in on this device before.
pub async fn find_on_device(
    tx: &mut PgConnection,
    tenant: Uuid,
    device: Uuid,
    user: Uuid,
) -> sqlx::Result<Option<Person>> {
    let found = sqlx::query_as!(
        Found,
        r#"select u.id, u.full_name, u.email, u.roles, u.password_hash, u.must_change_password,
                  u.token_version, d.id as "doctor?",
                  coalesce(u.must_change_password and u.one_time_until < now(), false) as "is_old!"
           from users u
           join device_users k
             on k.tenant_id = u.tenant_id and k.user_id = u.id and k.device_id = $2
           left join doctors d
             on d.tenant_id = u.tenant_id and d.user_id = u.id and d.is_active and d.deleted_at is null
           where u.tenant_id = $1 and u.id = $3 and u.is_active"#,
        tenant,
        device,
        user,
    )
    .fetch_optional(tx)
    .await?;
    Ok(found.map(Person::from))
}

/// Whether a tenant's people know somebody without the operator's word: they signed in at a computer there, and their
/// password is their own; or two operators made them an admin in the sight of all, with the password that they have. Before
/// the first computer nobody can know anybody, and all count as known; so does who enrolled it, with the one-time password
/// that they have still: they may never have heard that they are in.
pub async fn is_known(tx: &mut PgConnection, tenant: Uuid, user: Uuid) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select not exists (select from devices d
                              where d.tenant_id = $1
                                and not exists (select from users u
                                                where u.tenant_id = $1 and u.id = $2 and u.id = d.enrolled_by
                                                  and u.must_change_password
                                                  and u.one_time_until <= d.enrolled_at + interval '1 day'))
               or exists (select from users u
                          join device_users k on k.tenant_id = $1 and k.user_id = u.id
                          where u.tenant_id = $1 and u.id = $2 and not u.must_change_password)
               or exists (select from admin_restorations r
                          join users u on u.tenant_id = $1 and u.id = r.user_id
                          where r.tenant_id = $1 and r.user_id = $2 and r.ending = 'done'
                            and u.one_time_until <= r.ended_at + interval '1 day') as "is_known!""#,
        tenant,
        user
    )
    .fetch_one(tx)
    .await
}

/// Notes that somebody worked at a device before it was enrolled again, since it has its id: what they did there was signed
/// as it was then. `first` is the id under which it began, its own or that of the one that it was.
pub async fn note_earlier(
    tx: &mut PgConnection,
    tenant: Uuid,
    (device, first): (Uuid, Uuid),
    user: Uuid,
) -> sqlx::Result<()> {
    let seconds = first.get_timestamp().map_or(0, |time| time.to_unix().0);
    let made = i64::try_from(seconds).ok().and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok());
    sqlx::query!(
        "update device_users set first_signed_in_at = least(first_signed_in_at, $4)
         where tenant_id = $1 and device_id = $2 and user_id = $3",
        tenant,
        device,
        user,
        made
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Notes that somebody worked at a device then, as the server had said itself. Who is known there stays as they are.
pub async fn note_known(
    tx: &mut PgConnection,
    tenant: Uuid,
    (device, user): (Uuid, Uuid),
    at: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into device_users (tenant_id, device_id, user_id, first_signed_in_at, last_signed_in_at)
         select $1, $2, u.id, $4, $4 from users u where u.tenant_id = $1 and u.id = $3
         on conflict (tenant_id, device_id, user_id) do nothing",
        tenant,
        device,
        user,
        at
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Notes that they signed in with their password on this device.
pub async fn note_sign_in(tx: &mut PgConnection, tenant: Uuid, device: Uuid, user: Uuid) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into device_users (tenant_id, device_id, user_id) values ($1, $2, $3)
         on conflict (tenant_id, device_id, user_id) do update set last_signed_in_at = excluded.last_signed_in_at",
        tenant,
        device,
        user,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!("update users set last_login_at = now() where tenant_id = $1 and id = $2", tenant, user)
        .execute(tx)
        .await?;
    Ok(())
}

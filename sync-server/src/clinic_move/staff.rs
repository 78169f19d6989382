//! The people of a clinic that moves.

use std::collections::BTreeMap;

use protocol::id::TenantId;
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::choose::Chosen;
use crate::error::Result;

/// What became of them.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct StaffCounts {
    /// New in the other tenant, with the password that they have.
    pub added: usize,
    /// There already, by their e-mail.
    pub known: usize,
    /// Those of them whose account is closed there, and stays so.
    pub closed: usize,
    /// Admins and nothing else, who stay admins of their own tenant.
    pub left: usize,
    /// They work in every clinic of their tenant, not in this one above others, and stay there.
    pub everywhere: usize,
}

/// Who is who: ids here and in the other tenant.
#[derive(Debug, Default)]
pub(super) struct Staff {
    pub(super) ids: BTreeMap<Uuid, Uuid>,
    pub(super) counts: StaffCounts,
}

/// Copies whoever works in the clinic, and its own prescribers. Nobody becomes an admin by this.
pub(super) async fn copy(
    from: &mut PgConnection,
    to: &mut PgConnection,
    [source, target]: [TenantId; 2],
    clinic: Uuid,
    chosen: &Chosen,
) -> Result<Staff> {
    let doctors: Vec<Uuid> = chosen.own_doctors.iter().copied().collect();
    // Without any row in user_clinics people work in all clinics; of the last one that is open they are the staff.
    let is_last = sqlx::query_scalar!(
        r#"select not exists (
               select from clinics
               where tenant_id = $1 and id <> $2 and is_active and deleted_at is null
           ) as "is_last!""#,
        source.0,
        clinic
    )
    .fetch_one(&mut *from)
    .await?;
    let people = sqlx::query!(
        "select u.id, u.email, u.full_name, u.roles, u.password_hash, u.must_change_password, u.mobile_number,
                u.preferred_locale, u.one_time_until
         from users u
         where u.tenant_id = $1 and u.is_active
           and (exists (select from user_clinics k
                        where k.tenant_id = u.tenant_id and k.user_id = u.id and k.clinic_id = $2)
                or exists (select from doctors d
                           where d.tenant_id = u.tenant_id and d.user_id = u.id and d.id = any ($3))
                or $4 and not exists (select from user_clinics k where k.tenant_id = $1 and k.user_id = u.id))
         order by u.id",
        source.0,
        clinic,
        &doctors,
        is_last
    )
    .fetch_all(&mut *from)
    .await?;
    let mut staff = Staff::default();
    if !is_last {
        staff.counts.everywhere = count_everywhere(from, source, &doctors).await?;
    }
    for person in people {
        let known = sqlx::query!(
            "select id, is_active from users where tenant_id = $1 and email = $2",
            target.0,
            person.email
        )
        .fetch_optional(&mut *to)
        .await?;
        let roles: Vec<String> = person.roles.into_iter().filter(|role| role != "admin").collect();
        match known {
            Some(known) => {
                staff.ids.insert(person.id, known.id);
                staff.counts.known += 1;
                staff.counts.closed += usize::from(!known.is_active);
                // Without any row they work in all clinics, and go on to.
                sqlx::query!(
                    "insert into user_clinics (tenant_id, user_id, clinic_id)
                     select k.tenant_id, k.user_id, $3 from user_clinics k
                     where k.tenant_id = $1 and k.user_id = $2 limit 1
                     on conflict (tenant_id, user_id, clinic_id) do nothing",
                    target.0,
                    known.id,
                    clinic
                )
                .execute(&mut *to)
                .await?;
            }
            None if roles.is_empty() => staff.counts.left += 1,
            None => {
                sqlx::query!(
                    "insert into users (tenant_id, id, email, full_name, roles, password_hash,
                                        must_change_password, mobile_number, preferred_locale, one_time_until)
                     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                    target.0,
                    person.id,
                    person.email,
                    person.full_name,
                    &roles,
                    person.password_hash,
                    person.must_change_password,
                    person.mobile_number,
                    person.preferred_locale,
                    person.one_time_until
                )
                .execute(&mut *to)
                .await?;
                sqlx::query!(
                    "insert into user_clinics (tenant_id, user_id, clinic_id, is_default)
                     values ($1, $2, $3, true)",
                    target.0,
                    person.id,
                    clinic
                )
                .execute(&mut *to)
                .await?;
                staff.ids.insert(person.id, person.id);
                staff.counts.added += 1;
            }
        }
    }
    Ok(staff)
}

/// Those of no clinic above others, who are not the clinic's own prescribers either.
async fn count_everywhere(from: &mut PgConnection, source: TenantId, doctors: &[Uuid]) -> Result<usize> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from users u
           where u.tenant_id = $1 and u.is_active and u.roles <> '{admin}'
             and not exists (select from user_clinics k where k.tenant_id = $1 and k.user_id = u.id)
             and not exists (select from doctors d
                             where d.tenant_id = $1 and d.user_id = u.id and d.id = any ($2))"#,
        source.0,
        doctors
    )
    .fetch_one(from)
    .await?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

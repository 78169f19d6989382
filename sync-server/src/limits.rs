//! What a tenant's plan allows, and what is served when it does not. Work that was done offline is never refused:
//! it is kept, and said to be beyond the plan.

use protocol::api::{Notice, NoticeCode};
use protocol::id::TenantId;
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};

use crate::error::{Error, Result};

/// From here on, of a hundred, people are warned.
const NEARLY: i64 = 90;
/// So long before its end, too.
const ENDS_SOON: Duration = Duration::days(14);

/// How a tenant stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Served.
    Active,
    /// Stopped by the operator.
    Suspended,
    /// Not paid for any more.
    Expired,
}

impl Standing {
    /// From the columns of `tenants`.
    pub(crate) fn of(
        is_active: bool,
        suspended_at: Option<OffsetDateTime>,
        expires_at: Option<OffsetDateTime>,
        now: OffsetDateTime,
    ) -> Self {
        if !is_active || suspended_at.is_some() {
            Self::Suspended
        } else if expires_at.is_some_and(|at| at <= now) {
            Self::Expired
        } else {
            Self::Active
        }
    }

    /// Refuses whoever is not served.
    pub(crate) fn must_be_active(self) -> Result<()> {
        match self {
            Self::Active => Ok(()),
            Self::Suspended => Err(Error::TenantSuspended),
            Self::Expired => Err(Error::TenantExpired),
        }
    }
}

/// A tenant's plan and what it has of it.
struct Usage {
    standing: Standing,
    expires_at: Option<OffsetDateTime>,
    doctors: i64,
    max_doctors: i64,
    patients: i64,
    max_patients: i64,
}

/// Patients are counted by the index of their natural key, which holds just those.
async fn usage(tx: &mut PgConnection, tenant: TenantId) -> Result<Usage> {
    let row = sqlx::query!(
        r#"select t.is_active, t.suspended_at, t.expires_at, t.max_doctors, t.max_patients,
                  (select count(*) from doctors
                   where tenant_id = $1 and is_active and deleted_at is null) as "doctors!",
                  (select count(*) from patients
                   where tenant_id = $1 and deleted_at is null and merged_into_id is null) as "patients!"
           from tenants t where t.id = $1"#,
        tenant.0
    )
    .fetch_one(tx)
    .await?;
    Ok(Usage {
        standing: Standing::of(row.is_active, row.suspended_at, row.expires_at, OffsetDateTime::now_utc()),
        expires_at: row.expires_at,
        doctors: row.doctors,
        max_doctors: row.max_doctors.into(),
        patients: row.patients,
        max_patients: row.max_patients.into(),
    })
}

/// What people of this tenant should know of their plan.
pub(crate) async fn notices(tx: &mut PgConnection, tenant: TenantId) -> Result<Vec<Notice>> {
    Ok(usage(tx, tenant).await?.notices(OffsetDateTime::now_utc()))
}

/// Refuses a tenant that is not served.
pub(crate) async fn must_be_active(tx: &mut PgConnection, tenant: TenantId) -> Result<()> {
    let row = sqlx::query!("select is_active, suspended_at, expires_at from tenants where id = $1", tenant.0)
        .fetch_one(tx)
        .await?;
    let now = OffsetDateTime::now_utc();
    Standing::of(row.is_active, row.suspended_at, row.expires_at, now).must_be_active()
}

/// Refuses another prescriber where the plan has no room for one.
pub(crate) async fn must_have_room_for_doctor(tx: &mut PgConnection, tenant: TenantId) -> Result<()> {
    let usage = usage(tx, tenant).await?;
    if usage.doctors < usage.max_doctors {
        return Ok(());
    }
    Err(Error::Invalid(
        "The plan has no room for another doctor or dentist. Deactivate one, or ask for a larger plan.",
    ))
}

impl Usage {
    fn notices(&self, now: OffsetDateTime) -> Vec<Notice> {
        let mut notices = Vec::new();
        let mut say = |code, detail: String| notices.push(Notice { code, detail });
        match self.standing {
            Standing::Suspended => say(NoticeCode::TenantSuspended, Error::TenantSuspended.sentence().into()),
            Standing::Expired => say(NoticeCode::TenantExpired, Error::TenantExpired.sentence().into()),
            Standing::Active => {
                if let Some(at) = self.expires_at.filter(|at| *at - now <= ENDS_SOON) {
                    let days = (at - now).whole_days();
                    say(
                        NoticeCode::TenantExpiresSoon,
                        format!("The plan ends in {days} days. Renew it in time."),
                    );
                }
            }
        }
        let limits = [
            ("doctors and dentists", self.doctors, self.max_doctors),
            ("patients", self.patients, self.max_patients),
        ];
        for (what, has, may) in limits {
            if has > may {
                say(
                    NoticeCode::OverLimit,
                    format!(
                        "There are {has} {what}, {} more than the plan has room for. All of them are kept; ask for \
                         a larger plan.",
                        has - may
                    ),
                );
            } else if has == may {
                say(NoticeCode::AtLimit, format!("All {may} places for {what} in the plan are taken."));
            } else if has * 100 >= may * NEARLY {
                say(
                    NoticeCode::NearLimit,
                    format!("{has} of {may} places for {what} in the plan are taken."),
                );
            }
        }
        notices
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-23 05:11:08 UTC);

    fn codes(doctors: i64, patients: i64, expires_at: Option<OffsetDateTime>) -> Vec<NoticeCode> {
        let standing = Standing::of(true, None, expires_at, NOW);
        let usage = Usage { standing, expires_at, doctors, max_doctors: 5, patients, max_patients: 1_000 };
        usage.notices(NOW).into_iter().map(|notice| notice.code).collect()
    }

    #[test]
    fn people_are_warned_from_ninety_of_a_hundred_on() {
        assert_eq!(codes(1, 899, None), []);
        assert_eq!(codes(1, 900, None), [NoticeCode::NearLimit]);
        assert_eq!(codes(5, 1_000, None), [NoticeCode::AtLimit, NoticeCode::AtLimit]);
        assert_eq!(codes(1, 1_001, None), [NoticeCode::OverLimit]);
    }

    #[test]
    fn a_plan_that_ends_says_so_before_and_after() {
        assert_eq!(codes(1, 1, Some(NOW + Duration::days(15))), []);
        assert_eq!(codes(1, 1, Some(NOW + Duration::days(3))), [NoticeCode::TenantExpiresSoon]);
        assert_eq!(codes(1, 1, Some(NOW)), [NoticeCode::TenantExpired]);
    }
}

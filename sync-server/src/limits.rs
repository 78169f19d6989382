//! What a tenant's plan allows, and what is served when it does not. Work that was done offline is never refused:
//! it is kept, and said to be beyond the plan.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use protocol::api::{Notice, NoticeCode};
use protocol::id::TenantId;
use serde::Deserialize;
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};

use crate::error::{Error, Result};

/// From here on, of a hundred, people are warned.
const NEARLY: i64 = 90;
/// So long before its end, too.
const ENDS_SOON: Duration = Duration::days(14);
/// How long a count serves for warnings.
const COUNT_SERVES: std::time::Duration = std::time::Duration::from_mins(15);
/// Of so many tenants at most a process remembers the counts.
const MOST_COUNTS: usize = 20_000;

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

/// What this process has counted of each tenant. A warning may be some minutes late, so that a push of a large clinic
/// does not count all its patients; whoever adds something counts by themselves, in their own transaction.
#[derive(Clone, Debug, Default)]
pub struct Counts(Arc<Mutex<HashMap<TenantId, Count>>>);

/// How many of what a plan limits a tenant had at some moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Count {
    doctors: i64,
    patients: i64,
    at: Instant,
}

impl Count {
    /// Patients are counted by the index of their natural key, which holds just those.
    async fn of(tx: &mut PgConnection, tenant: TenantId) -> Result<Self> {
        let row = sqlx::query!(
            r#"select (select count(*) from doctors
                       where tenant_id = $1 and is_active and deleted_at is null) as "doctors!",
                      (select count(*) from patients
                       where tenant_id = $1 and deleted_at is null and merged_into_id is null) as "patients!""#,
            tenant.0
        )
        .fetch_one(tx)
        .await?;
        Ok(Self { doctors: row.doctors, patients: row.patients, at: Instant::now() })
    }
}

impl Counts {
    /// What people of this tenant should know of their plan, by a count that may be some minutes old.
    pub(crate) async fn notices(
        &self,
        tx: &mut PgConnection,
        tenant: TenantId,
        plan: &Plan,
    ) -> Result<Vec<Notice>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&tenant).copied();
        let count = match known.filter(|known| known.at.elapsed() < COUNT_SERVES) {
            Some(known) => known,
            None => self.recount(tx, tenant).await?,
        };
        Ok(plan.with(count).notices(OffsetDateTime::now_utc()))
    }

    /// The same, counted now.
    pub(crate) async fn notices_now(&self, tx: &mut PgConnection, tenant: TenantId) -> Result<Vec<Notice>> {
        let plan = Plan::of(tx, tenant).await?;
        Ok(plan.with(self.recount(tx, tenant).await?).notices(OffsetDateTime::now_utc()))
    }

    /// How many more patients the plan has room for. In a writing transaction, so that nobody else adds any meanwhile.
    pub(crate) async fn room(&self, tx: &mut PgConnection, tenant: TenantId, plan: &Plan) -> Result<Room> {
        Ok(Room(i64::from(plan.max_patients) - self.recount(tx, tenant).await?.patients))
    }

    /// Counts anew, as in the transaction that added something.
    pub(crate) async fn recount(&self, tx: &mut PgConnection, tenant: TenantId) -> Result<Count> {
        let count = Count::of(tx, tenant).await?;
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST_COUNTS {
            all.clear();
        }
        all.insert(tenant, count);
        Ok(count)
    }
}

/// How many more patients a plan has room for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room(i64);

impl Room {
    /// For a push that adds no patient.
    pub(crate) const UNASKED: Self = Self(0);

    /// A place for one more; the answer is whether there was one.
    pub(crate) fn take(&mut self) -> bool {
        self.0 -= 1;
        self.0 >= 0
    }
}

/// A tenant's plan.
#[derive(Debug, Deserialize)]
pub(crate) struct Plan {
    is_active: bool,
    #[serde(with = "time::serde::rfc3339::option")]
    suspended_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    expires_at: Option<OffsetDateTime>,
    max_doctors: i32,
    max_patients: i32,
}

impl Plan {
    pub(crate) async fn of(tx: &mut PgConnection, tenant: TenantId) -> Result<Self> {
        let plan = sqlx::query_as!(
            Self,
            "select is_active, suspended_at, expires_at, max_doctors, max_patients from tenants where id = $1",
            tenant.0
        )
        .fetch_one(tx)
        .await?;
        Ok(plan)
    }

    /// Refuses a tenant that is suspended or whose plan has ended.
    pub(crate) fn must_be_active(&self) -> Result<()> {
        self.standing().must_be_active()
    }

    fn standing(&self) -> Standing {
        Standing::of(self.is_active, self.suspended_at, self.expires_at, OffsetDateTime::now_utc())
    }

    fn with(&self, count: Count) -> Usage {
        Usage {
            standing: self.standing(),
            expires_at: self.expires_at,
            doctors: count.doctors,
            max_doctors: self.max_doctors.into(),
            patients: count.patients,
            max_patients: self.max_patients.into(),
        }
    }
}

/// Refuses a tenant that is not served.
pub(crate) async fn must_be_active(tx: &mut PgConnection, tenant: TenantId) -> Result<()> {
    Plan::of(tx, tenant).await?.standing().must_be_active()
}

/// Refuses another prescriber where the plan has no room for one. In a writing transaction, so that nobody else adds
/// one meanwhile.
pub(crate) async fn must_have_room_for_doctor(tx: &mut PgConnection, tenant: TenantId) -> Result<()> {
    let plan = Plan::of(tx, tenant).await?;
    if Count::of(tx, tenant).await?.doctors < i64::from(plan.max_doctors) {
        return Ok(());
    }
    Err(Error::Invalid(
        "The plan has no room for another doctor or dentist. Deactivate one, or ask for a larger plan.",
    ))
}

/// How many doctors and dentists there are more than the plan has room for.
pub(crate) async fn doctors_beyond(tx: &mut PgConnection, tenant: TenantId) -> Result<i64> {
    let plan = Plan::of(tx, tenant).await?;
    Ok((Count::of(tx, tenant).await?.doctors - i64::from(plan.max_doctors)).max(0))
}

/// Refuses so many patients more, registered or imported online, where the plan has no room for them. What desktops
/// push is never refused for this. In a writing transaction, as above.
///
/// # Errors
///
/// [`Error::Invalid`], with a sentence for whoever imports.
pub async fn must_have_room_for_patients(tx: &mut PgConnection, tenant: TenantId, more: i64) -> Result<()> {
    let plan = Plan::of(tx, tenant).await?;
    if Count::of(tx, tenant).await?.patients.saturating_add(more) <= i64::from(plan.max_patients) {
        return Ok(());
    }
    Err(Error::Invalid(
        "The plan has no room for so many patients. Nothing was added; ask for a larger plan.",
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

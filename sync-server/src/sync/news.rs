//! What a desktop hears with every answer: how far its tenant's data has come, and what its people should know.

use protocol::api::{Notice, NoticeCode};
use protocol::id::{Epoch, TenantId};
use sqlx::PgConnection;

use super::known_head;
use crate::AppState;
use crate::error::{Error, Result};
use crate::limits::Plan;
use crate::manage::admins::Coming;

/// Read in one question, before anything else of an answer.
#[derive(Debug)]
pub(crate) struct News {
    tenant: TenantId,
    /// The tenant's version.
    pub(crate) version: i64,
    /// Of its data.
    pub(crate) epoch: Epoch,
    is_held: bool,
    /// The version of the shared medicines.
    pub(crate) catalogue: i64,
    pub(crate) plan: Plan,
    coming: Option<Coming>,
}

impl News {
    pub(crate) async fn of(tx: &mut PgConnection, tenant: TenantId) -> Result<Self> {
        let row = sqlx::query!(
            r#"select s.version, s.epoch, s.held_at is not null as "is_held!", c.version as catalogue,
                      t.is_active, t.suspended_at, t.expires_at, t.max_doctors, t.max_patients,
                      u.full_name as "coming?", r.confirmed_at + interval '1 day' as "coming_at?"
               from tenant_sync s
               join tenants t on t.id = $1
               cross join catalogue c
               left join admin_restorations r
                 on r.tenant_id = $1 and r.ended_at is null and r.confirmed_at is not null
               left join users u on u.tenant_id = $1 and u.id = r.user_id
               where s.tenant_id = $1"#,
            tenant.0
        )
        .fetch_one(tx)
        .await?;
        let coming = row.coming.zip(row.coming_at);
        Ok(Self {
            tenant,
            version: row.version,
            epoch: Epoch(row.epoch),
            is_held: row.is_held,
            catalogue: row.catalogue,
            plan: Plan {
                is_active: row.is_active,
                suspended_at: row.suspended_at,
                expires_at: row.expires_at,
                max_doctors: row.max_doctors,
                max_patients: row.max_patients,
            },
            coming: coming.map(|(name, ready_at)| Coming { name, ready_at }),
        })
    }

    /// The tenant's version, once it is sure that the desktop speaks of the same data.
    pub(crate) fn head(&self, epoch: Epoch) -> Result<i64> {
        known_head((self.version, self.epoch, self.is_held), epoch)
    }

    /// What someone who signs in or syncs should know.
    pub(crate) async fn notices(
        &self,
        state: &AppState,
        tx: &mut PgConnection,
        has_one_time_password: bool,
    ) -> Result<Vec<Notice>> {
        let mut notices = state.counts.notices(tx, self.tenant, &self.plan).await?;
        notices.extend(self.coming.as_ref().map(Coming::notice).transpose()?);
        if has_one_time_password {
            notices.push(Notice {
                code: NoticeCode::PasswordChangeRequired,
                detail: Error::PasswordChangeRequired.sentence().to_owned(),
            });
        }
        Ok(notices)
    }
}

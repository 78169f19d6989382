//! What a desktop hears with every answer: how far its tenant's data has come, and what its people should know.

use protocol::api::{Notice, NoticeCode};
use protocol::id::{Epoch, TenantId};
use serde::Deserialize;
use sqlx::PgConnection;
use sqlx::types::Json;

use super::known_head;
use crate::AppState;
use crate::error::{Error, Result};
use crate::limits::Plan;
use crate::manage::admins::Coming;

/// A row of the view `news`: read before anything else of an answer.
#[derive(Debug, Deserialize)]
pub(crate) struct News {
    #[serde(rename = "tenant_id")]
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
        let news = sqlx::query_scalar!(
            r#"select to_jsonb(n) as "news!: Json<News>" from news n where n.tenant_id = $1"#,
            tenant.0
        )
        .fetch_one(tx)
        .await?;
        Ok(news.0)
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

use axum::extract::State;
use axum::http::StatusCode;
use protocol::api::{Notice, NoticeCode};
use serde::Deserialize;
use time::OffsetDateTime;
use time::macros::format_description;

use crate::AppState;
use crate::audit::{self, Actor};
use crate::auth::Caller;
use crate::error::{Error, Result};

/// Ends it, if the operator is going to make somebody of the tenant an admin.
#[tracing::instrument(skip_all, fields(tenant = %caller.tenant, user = %caller.user))]
pub(crate) async fn object(State(state): State<AppState>, caller: Caller) -> Result<StatusCode> {
    let mut tx = state.db.write_unsynced(caller.tenant).await?;
    audit::set_actor(&mut tx, Actor::Person(caller.user)).await?;
    let ended = sqlx::query!(
        "update admin_restorations set ended_at = now(), ending = 'objected', objected_by = $2
         where tenant_id = $1 and ended_at is null and confirmed_at is not null",
        caller.tenant.0,
        caller.user.0
    )
    .execute(&mut *tx)
    .await?;
    if ended.rows_affected() == 0 {
        return Err(Error::NotFound);
    }
    tx.commit().await?;
    state.audit.added(caller.tenant, 1);
    Ok(StatusCode::NO_CONTENT)
}

/// Somebody whom the operator is going to make an admin.
#[derive(Debug, Deserialize)]
pub(crate) struct Coming {
    name: String,
    /// Not before.
    #[serde(with = "time::serde::rfc3339")]
    ready_at: OffsetDateTime,
}

impl Coming {
    /// What all people of the tenant are told, so that one of them can object.
    pub(crate) fn notice(&self) -> Result<Notice> {
        let format = format_description!("[day padding:none] [month repr:long] [year], [hour]:[minute] UTC");
        let ready_at = self.ready_at.format(format).map_err(anyhow::Error::from)?;
        let detail = format!(
            "The operator of the server was told that no admin of yours can sign in any more, and will make {} one, not before \
             {ready_at}. If that is not so, any admin, doctor or dentist can object until then.",
            self.name
        );
        Ok(Notice { code: NoticeCode::AdminComes, detail })
    }
}

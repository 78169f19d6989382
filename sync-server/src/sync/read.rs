//! What a desktop may ask for by name: its tenant, and single rows.

use axum::extract::{Path, State};
use protocol::api::TenantInfo;
use protocol::audit::Action;
use protocol::table::{Row, TableName};
use serde_json::Value;
use uuid::Uuid;

use super::news::News;
use super::rows;
use crate::audit::Event;
use crate::auth::Caller;
use crate::error::{Error, Json, Result};
use crate::{AppState, features};

/// `GET /v1/tenant`.
#[tracing::instrument(skip_all, fields(tenant = %caller.tenant))]
pub(crate) async fn tenant(State(state): State<AppState>, caller: Caller) -> Result<Json<TenantInfo>> {
    let mut tx = state.db.read(caller.tenant).await?;
    let row = sqlx::query!("select tenant_name, tenant_code from tenants where id = $1", caller.tenant.0)
        .fetch_one(&mut *tx)
        .await?;
    state.counts.recount(&mut tx, caller.tenant).await?;
    let news = News::of(&mut tx, caller.tenant).await?;
    let notices = news.notices(&state, &mut tx, false).await?;
    let features = features::of_tenant(&mut tx, caller.tenant).await?;
    Ok(Json(TenantInfo {
        tenant_id: caller.tenant,
        tenant_name: row.tenant_name,
        tenant_code: row.tenant_code,
        head: news.version,
        epoch: news.epoch,
        notices,
        features,
    }))
}

/// `GET /v1/patients/{id}`.
pub(crate) async fn patient(state: State<AppState>, caller: Caller, id: Path<String>) -> Result<Json<Row>> {
    row(state, caller, TableName::Patients, id).await
}

/// `GET /v1/prescriptions/{id}`.
pub(crate) async fn prescription(
    state: State<AppState>,
    caller: Caller,
    id: Path<String>,
) -> Result<Json<Row>> {
    row(state, caller, TableName::Prescriptions, id).await
}

/// What is another tenant's, what does not exist, and what is no id at all get the same answer.
#[tracing::instrument(skip_all, fields(tenant = %caller.tenant))]
async fn row(
    State(state): State<AppState>,
    caller: Caller,
    table: TableName,
    Path(id): Path<String>,
) -> Result<Json<Row>> {
    let id: Uuid = id.parse().map_err(|_| Error::NotFound)?;
    let mut tx = state.db.read(caller.tenant).await?;
    let rows = rows::read(&mut tx, caller.tenant, caller.sees(), table, &[id]).await?;
    drop(tx);
    let row = rows.into_iter().next().ok_or(Error::NotFound)?;
    let patient = match table {
        TableName::Patients => Some(id),
        _ => row.values.get("patient_id").and_then(Value::as_str).and_then(|id| id.parse().ok()),
    };
    let event =
        Event { table: Some(table.as_str()), record: Some(id), patient, ..Event::by(&caller, Action::View) };
    // Nobody gets to see what is not on record.
    state.audit.record(&state.db, caller.tenant, &event).await?;
    Ok(Json(row))
}

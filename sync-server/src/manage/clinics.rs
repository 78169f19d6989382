use axum::extract::{Path, State};
use axum::http::StatusCode;
use protocol::api::DeviceScope;
use protocol::merge::Current;
use protocol::table::{Column, Row, TableName, Values, Writer};
use protocol::validate::{check_row, check_value};
use serde_json::Value;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::AppState;
use crate::audit::{self, Actor};
use crate::auth::Caller;
use crate::auth::code::is_clinic_code;
use crate::error::{Error, Json, Result};
use crate::sync::rows::{self, Origin};

/// What an admin sets online only.
const ONLINE: &[&str] = &["time_zone", "is_active"];

/// All clinics of the tenant.
#[tracing::instrument(skip_all, fields(tenant = %caller.tenant))]
pub(crate) async fn list(State(state): State<AppState>, caller: Caller) -> Result<Json<Vec<Row>>> {
    let mut tx = state.db.read(caller.tenant).await?;
    let ids = sqlx::query_scalar!(
        "select id from clinics where tenant_id = $1 and deleted_at is null",
        caller.tenant.0
    )
    .fetch_all(&mut *tx)
    .await?;
    Ok(Json(rows::read(&mut tx, caller.tenant, DeviceScope::FrontDesk, TableName::Clinics, &ids).await?))
}

/// Adds a clinic, which shares the tenant's patients and has its own letterhead and hours. The body holds the
/// columns' values.
#[tracing::instrument(skip_all, fields(tenant = %caller.tenant, user = %caller.user))]
pub(crate) async fn add(
    State(state): State<AppState>,
    caller: Caller,
    Json(mut given): Json<Values>,
) -> Result<(StatusCode, Json<Row>)> {
    let code = given.get("clinic_code").and_then(Value::as_str).unwrap_or_default().trim().to_uppercase();
    if !is_clinic_code(&code) {
        return Err(Error::Invalid("The clinic's code must have 2 to 20 letters or digits, like ANDHERI."));
    }
    given.remove("clinic_code");
    check(&given)?;
    given.insert("clinic_code".to_owned(), code.into());
    let table = TableName::Clinics.table();
    let default = |column: &Column| {
        let default = column.default.and_then(|text| serde_json::from_str(text).ok());
        (column.name.to_owned(), default.unwrap_or(Value::Null))
    };
    let mut values: Values = table.columns.iter().map(default).collect();
    values.extend(given);
    if values["clinic_name"].is_null() {
        return Err(Error::Invalid("The clinic needs a name of at most 200 characters."));
    }
    let id = Uuid::now_v7();
    let mut tx = state.db.write(caller.tenant).await?;
    let row = Current { values, ..Current::default() };
    let row = write(&mut tx, &caller, id, &row, false).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(row)))
}

/// Changes what is given of a clinic. Its code stays: it is part of the numbers on paper.
#[tracing::instrument(skip_all, fields(tenant = %caller.tenant, user = %caller.user))]
pub(crate) async fn change(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    Json(given): Json<Values>,
) -> Result<Json<Row>> {
    check(&given)?;
    let id: Uuid = id.parse().map_err(|_| Error::NotFound)?;
    let mut tx = state.db.write(caller.tenant).await?;
    let found = rows::lock(&mut tx, caller.tenant, TableName::Clinics, id).await?;
    let mut row = found.filter(|row| !row.deleted).ok_or(Error::NotFound)?;
    if given.get("is_active") == Some(&Value::Bool(false)) && row.values["is_primary"] == true {
        return Err(Error::Invalid("The tenant's first clinic stays open."));
    }
    let now = i64::try_from(OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
    for (name, value) in given {
        row.clocks.insert(name.clone(), now);
        row.values.insert(name, value);
    }
    let row = write(&mut tx, &caller, id, &row, true).await?;
    tx.commit().await?;
    Ok(Json(row))
}

/// Refuses what is no column of a clinic, what nobody changes, and what a column does not hold.
fn check(given: &Values) -> Result<()> {
    for (name, value) in given {
        let column = TableName::Clinics
            .table()
            .column(name)
            .filter(|column| column.writer == Writer::Admin || ONLINE.contains(&column.name));
        let Some(column) = column else {
            return Err(Error::Invalid("The request names a field that a clinic does not have or keeps."));
        };
        // A default is for a new clinic; here null would not be stored.
        if check_value(column, value).is_err() || value.is_null() && !column.nullable {
            return Err(Error::Refused(format!("{} does not hold a value that fits.", column.name)));
        }
    }
    Ok(())
}

async fn write(tx: &mut PgConnection, caller: &Caller, id: Uuid, row: &Current, exists: bool) -> Result<Row> {
    check_row(TableName::Clinics, &row.values).map_err(|refusal| Error::Refused(refusal.detail))?;
    let knows_zone = sqlx::query_scalar!(
        r#"select exists (select from pg_timezone_names where name = $1) as "known!""#,
        row.values["time_zone"].as_str()
    )
    .fetch_one(&mut *tx)
    .await?;
    if !knows_zone {
        return Err(Error::Invalid("There is no such time zone; one is written like Asia/Kolkata."));
    }
    audit::set_actor(tx, Actor::Person(caller.user)).await?;
    let now = OffsetDateTime::now_utc();
    let origin =
        Origin { tenant: caller.tenant, device: caller.device, actor: caller.user, recorded_at: now, now };
    rows::write(tx, origin, TableName::Clinics, id, row, exists).await.map_err(|error| {
        Error::on_constraint(error, "clinics_clinic_code_key", || {
            Error::Invalid("Another clinic of yours has this code.")
        })
    })?;
    let written = rows::read(tx, caller.tenant, DeviceScope::FrontDesk, TableName::Clinics, &[id]).await?;
    Ok(written.into_iter().next().expect("BUG: the row was just written"))
}

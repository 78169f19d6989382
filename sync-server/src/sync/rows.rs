//! Synced rows in and out of the database.

use protocol::api::DeviceScope;
use protocol::conflict::Source;
use protocol::id::{DeviceId, TenantId, UserId};
use protocol::merge::{Clocks, Current};
use protocol::table::{Row, TableName, Values};
use protocol::validate::moment_text;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::types::Json;
use sqlx::{PgConnection, Postgres, SqlStr};
use time::OffsetDateTime;
use uuid::Uuid;

use super::statements;
use crate::error::Result;

/// On whose behalf rows are written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    pub(crate) tenant: TenantId,
    pub(crate) device: DeviceId,
    pub(crate) actor: UserId,
    /// By the device's clock; shown, never compared.
    pub(crate) recorded_at: OffsetDateTime,
    /// By the server's clock.
    pub(crate) now: OffsetDateTime,
}

/// Whether a device of this scope may receive a row: only the row itself can say it of some.
pub(crate) fn may_see(scope: DeviceScope, table: TableName, values: &Values) -> bool {
    let said = table.table().row_scope.and_then(|name| values.get(name));
    scope == DeviceScope::Clinical || said.is_none_or(|said| said == "everyone")
}

/// The row as it is, locked until the transaction ends.
pub(crate) async fn lock(
    tx: &mut PgConnection,
    tenant: TenantId,
    table: TableName,
    id: Uuid,
) -> sqlx::Result<Option<Current>> {
    Ok(lock_all(tx, tenant, table, &[id]).await?.pop().map(|(_, row)| row))
}

/// Those of these rows that there are, locked until the transaction ends.
pub(crate) async fn lock_all(
    tx: &mut PgConnection,
    tenant: TenantId,
    table: TableName,
    ids: &[Uuid],
) -> sqlx::Result<Vec<(Uuid, Current)>> {
    let rows: Vec<(Uuid, bool, Json<Clocks>, Json<Values>)> =
        sqlx::query_as(statements::of_table(table).lock.clone())
            .bind(tenant.0)
            .bind(ids)
            .fetch_all(tx)
            .await?;
    let row = |(id, deleted, clocks, values): (_, _, Json<_>, Json<_>)| {
        (id, Current { deleted, values: values.0, clocks: clocks.0 })
    };
    Ok(rows.into_iter().map(row).collect())
}

/// Writes the whole row.
pub(crate) async fn write(
    tx: &mut PgConnection,
    origin: Origin,
    table: TableName,
    id: Uuid,
    row: &Current,
    exists: bool,
) -> sqlx::Result<()> {
    if !exists {
        return insert(tx, origin, table, &[(id, row.clone())]).await;
    }
    written(statements::of_table(table).update.clone(), origin, [(id, row)]).execute(tx).await?;
    Ok(())
}

/// Inserts whole rows of one table, a few with each statement.
pub(crate) async fn insert(
    tx: &mut PgConnection,
    origin: Origin,
    table: TableName,
    mut rows: &[(Uuid, Current)],
) -> sqlx::Result<()> {
    while !rows.is_empty() {
        let (at_once, sql) = statements::of_table(table).insert(rows.len());
        let (now, later) = rows.split_at(at_once);
        written(sql, origin, now.iter().map(|(id, row)| (*id, row))).execute(&mut *tx).await?;
        rows = later;
    }
    Ok(())
}

fn written<'a>(
    sql: SqlStr,
    origin: Origin,
    rows: impl IntoIterator<Item = (Uuid, &'a Current)>,
) -> Query<'static, Postgres, PgArguments> {
    let query = sqlx::query(sql).bind(origin.tenant.0).bind(origin.actor.0).bind(origin.device.0);
    rows.into_iter().fold(query.bind(origin.recorded_at), |query, (id, row)| {
        let deleted_at = row.deleted.then_some(origin.now);
        query.bind(id).bind(Json(&row.values)).bind(deleted_at).bind(Json(&row.clocks))
    })
}

/// Who last wrote a row, where and when, as far as it is known.
pub(crate) async fn source(
    tx: &mut PgConnection,
    tenant: TenantId,
    table: TableName,
    id: Uuid,
) -> sqlx::Result<Source> {
    type Written = (Option<Uuid>, Option<String>, Option<Uuid>, Option<String>, OffsetDateTime);
    let written: Option<Written> = sqlx::query_as(statements::of_table(table).source.clone())
        .bind(tenant.0)
        .bind(id)
        .fetch_optional(tx)
        .await?;
    let source = written.map(|(by, name, device, device_name, at)| Source {
        by: by.map(UserId),
        name,
        device_id: device.map(DeviceId),
        device: device_name,
        at: Some(moment_text(at)),
    });
    Ok(source.unwrap_or_default())
}

/// These rows as a device of this scope may see them; those that it may not see, or that do not exist, are
/// not among them.
pub(crate) async fn read(
    tx: &mut PgConnection,
    tenant: TenantId,
    scope: DeviceScope,
    table: TableName,
    ids: &[Uuid],
) -> Result<Vec<Row>> {
    let Some(sql) = statements::of_scope(scope).rows(table) else {
        return Ok(vec![]);
    };
    let texts: Vec<String> = sqlx::query_scalar(sql).bind(tenant.0).bind(ids).fetch_all(tx).await?;
    let rows = texts.iter().map(|text| serde_json::from_str(text)).collect::<Result<_, _>>();
    rows.map_err(|error| anyhow::Error::new(error).context("a row is not a Row").into())
}

/// The lines of a prescription: their ids and values.
pub(crate) type Lines = Vec<(Uuid, Values)>;

/// A prescription as it stands here, and its lines that are not deleted.
pub(crate) async fn whole(
    tx: &mut PgConnection,
    tenant: TenantId,
    prescription: Uuid,
) -> sqlx::Result<Option<(Values, Lines)>> {
    let row: Option<(Json<Values>, Json<Lines>)> = sqlx::query_as(statements::WHOLE.clone())
        .bind(tenant.0)
        .bind(prescription)
        .fetch_optional(tx)
        .await?;
    Ok(row.map(|(values, lines)| (values.0, lines.0)))
}

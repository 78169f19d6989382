//! `GET /v1/sync/pull`, and what a server of a later version sends.

use protocol::api::{DeviceScope, LiveEvent, LivePage, Position, PullLine};
use protocol::error::ErrorCode;
use protocol::id::{DeviceId, Epoch, TenantId};
use protocol::table::{Row, TableName};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{Caller, Mistake, Query, Refused, Reply, Result, Server, Tenant, broken, must_be_of, seen};

/// More rows than these are asked for.
const MOST_TOLD: usize = 6;

impl Server {
    pub(super) fn pull(&self, now: OffsetDateTime, caller: Caller, query: &Query) -> Result<Reply> {
        let tenant = self.tenant(caller.tenant);
        must_be_of(tenant, query.epoch()?)?;
        // What stands behind a row from the future is the row of the patient beside which it stood.
        let asked = query.get("after");
        let text = asked.as_deref().map(|text| text.replace(".vaccinations.", ".patients."));
        let is_from_future = text != asked;
        let after: Position = match &text {
            None => Position::after_version(0),
            Some(text) => text.parse().map_err(|why| Refused(400, ErrorCode::Invalid, why))?,
        };
        let (catalogue, known_catalogue) = (self.catalogue_version(), query.number("catalogue"));
        let (version, server_time) = (tenant.version, now);
        let mut lines = vec![PullLine::Head { version, catalogue, server_time, notices: Vec::new() }];
        lines.extend(
            self.catalogue.iter().filter(|row| row.version > known_catalogue).cloned().map(PullLine::Row),
        );
        let mut rows = self.rows_after(tenant, caller.scope, after, is_from_future);
        let more = rows.len() > self.page;
        rows.truncate(self.page);
        let rows = rows.into_iter().map(|row| self.as_sent(row));
        lines.extend(rows.map(PullLine::Row));
        lines.push(PullLine::End { more });
        let mut text = String::new();
        for line in &lines {
            if let (true, PullLine::Row(row)) = (self.is_newer, line)
                && let Some(row) = from_the_future(row)
            {
                text.push_str(&format!("{}\n", json!({ "row": row })));
            }
            text.push_str(&serde_json::to_string(line).map_err(|_| broken())?);
            text.push('\n');
        }
        Ok(Reply { status: 200, kind: "application/x-ndjson", body: text.into_bytes(), live: None })
    }

    /// What a live event brings to a device that listens and has everything up to this version; none if that is much, or
    /// the device may have nothing now.
    pub(crate) fn told(
        &self,
        now: OffsetDateTime,
        (tenant, device): (TenantId, DeviceId),
        (epoch, after): (Epoch, i64),
    ) -> Option<LiveEvent> {
        let tenant = self.tenants.get(&tenant)?;
        must_be_of(tenant, epoch).ok()?;
        let device = tenant.devices.get(&device).filter(|device| !device.is_revoked && !device.is_copied)?;
        let rows = self.rows_after(tenant, device.scope, Position::after_version(after), false);
        let is_little = rows.len() <= MOST_TOLD;
        let is_known = !self.is_newer || rows.iter().all(|row| from_the_future(row).is_none());
        (is_little && is_known).then(|| LiveEvent {
            head: tenant.version,
            ask_standing: false,
            page: Some(LivePage {
                epoch,
                after,
                catalogue: self.catalogue_version(),
                server_time: now,
                notices: Vec::new(),
                rows: rows.into_iter().map(|row| self.as_sent(row)).collect(),
            }),
        })
    }

    /// What a device of this scope lacks that has everything up to this place, or up to before it.
    fn rows_after(&self, tenant: &Tenant, scope: DeviceScope, after: Position, with_it: bool) -> Vec<Row> {
        let scope = if self.mistake == Some(Mistake::Leaks) { DeviceScope::Clinical } else { scope };
        let held = tenant.rows.iter().filter(|((table, id), held)| {
            let place = Position { version: held.version, table: *table, id: *id };
            place > after || with_it && place == after
        });
        let mut rows: Vec<Row> = held.filter_map(|(key, held)| seen(scope, *key, held)).collect();
        if self.mistake == Some(Mistake::SkipsRows) {
            rows.retain(|row| row.id.as_bytes()[15] % 8 > 0);
        }
        rows.sort_by_key(|row| (row.version, row.table, row.id));
        rows
    }

    /// A row as this server's version sends it.
    pub(super) fn as_sent(&self, mut row: Row) -> Row {
        if self.is_newer {
            row.values.insert(FUTURE_COLUMN.to_owned(), row.version.into());
        }
        row
    }
}

/// A table that no desktop knows.
pub const FUTURE_TABLE: &str = "vaccinations";
/// A column that no desktop knows.
pub const FUTURE_COLUMN: &str = "of_the_future";

/// A row of a table that no desktop knows, beside each row of a patient. It stands in the stream before that row, with
/// the same version, so that a stream which breaks off behind it goes on with the patient.
pub(super) fn from_the_future(row: &Row) -> Option<Value> {
    (row.table == TableName::Patients).then(|| {
        json!({ "table": FUTURE_TABLE, "id": row.id, "version": row.version, "values": { "patient_id": row.id } })
    })
}

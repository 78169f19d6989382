//! `GET /v1/sync/pull`, and what a server of a later version sends.

use protocol::api::{DeviceScope, Position, PullLine};
use protocol::error::ErrorCode;
use protocol::table::{Row, TableName};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{Caller, Mistake, Query, Refused, Reply, Result, Server, broken, must_be_of, seen};

impl Server {
    pub(super) fn pull(&self, now: OffsetDateTime, caller: Caller, query: &Query) -> Result<Reply> {
        let tenant = self.tenant(caller.tenant);
        let is_leaking = self.mistake == Some(Mistake::Leaks);
        let scope = if is_leaking { DeviceScope::Clinical } else { caller.scope };
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
        let mut rows: Vec<Row> = tenant
            .rows
            .iter()
            .filter(|((table, id), held)| {
                let place = Position { version: held.version, table: *table, id: *id };
                place > after || is_from_future && place == after
            })
            .filter_map(|(key, held)| seen(scope, *key, held))
            .collect();
        if self.mistake == Some(Mistake::SkipsRows) {
            rows.retain(|row| row.id.as_bytes()[15] % 8 > 0);
        }
        rows.sort_by_key(|row| (row.version, row.table, row.id));
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

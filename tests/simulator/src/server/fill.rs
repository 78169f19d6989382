//! `GET /v1/sync/bootstrap`, `GET /v1/sync/digest`, `POST /v1/sync/rows`: a new desktop's rows, and copies compared.

use std::collections::BTreeMap;

use protocol::api::DeviceScope;
use protocol::bootstrap::{BootstrapLine, WireColumn, WireKind};
use protocol::digest::{BUCKETS, Digest, DigestAnswer, RowsAnswer, RowsRequest, TableDigest, bucket};
use protocol::error::ErrorCode;
use protocol::table::{Row, Scope, TABLES, Table, TableName};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Caller, Query, Refused, Reply, Result, Server, Tenant, broken, json, must_be_of, must_not_be_held, seen,
};

/// What today's screens need.
const TODAY: &[TableName] = &[TableName::Clinics, TableName::Doctors];

impl Server {
    pub(super) fn bootstrap(&self, now: OffsetDateTime, caller: Caller, query: &Query) -> Result<Reply> {
        let tenant = self.tenant(caller.tenant);
        must_be_of(tenant, query.epoch()?)?;
        let after = query.get("after");
        let mut stream = Stream { scope: caller.scope, text: String::new() };
        let (version, catalogue) = (tenant.version, self.catalogue_version());
        stream.line(&BootstrapLine::Head { version, catalogue, server_time: now, notices: Vec::new() })?;
        if catalogue > query.number("catalogue") {
            stream.table(TableName::Medicines.table(), self.catalogue.iter().collect(), usize::MAX)?;
        }
        let rows = |table: TableName| live(tenant, caller.scope, table);
        if after.is_none() {
            for table in TODAY {
                let rows = rows(*table);
                stream.table(table.table(), rows.iter().collect(), usize::MAX)?;
            }
            stream.line(&BootstrapLine::Today { rows: tenant.rows.len() as i64 })?;
            stream.line(&BootstrapLine::Reached { after: "today".to_owned() })?;
        }
        let place = after.as_deref().and_then(|after| after.split_once('.'));
        let place: Option<(TableName, Uuid)> =
            place.and_then(|(table, id)| Some((TableName::find(table)?, id.parse().ok()?)));
        for table in Table::of_tenant().filter(|table| visible(caller.scope, table)) {
            let mut rows = rows(table.name);
            rows.retain(|row| place.is_none_or(|place| (row.table, row.id) > place));
            stream.table(table, rows.iter().collect(), self.page)?;
        }
        stream.line(&BootstrapLine::End {})?;
        Ok(Reply { status: 200, kind: "text/plain", body: stream.text.into_bytes(), live: None })
    }

    pub(super) fn digest(&self, caller: Caller, query: &Query) -> Result<Reply> {
        let tenant = self.tenant(caller.tenant);
        must_be_of(tenant, query.epoch()?)?;
        let held = |table: TableName| -> Vec<(Uuid, i64)> {
            if table == TableName::Medicines {
                return self.catalogue.iter().map(|row| (row.id, row.version)).collect();
            }
            live(tenant, caller.scope, table).into_iter().map(|row| (row.id, row.version)).collect()
        };
        let (version, catalogue) = (tenant.version, self.catalogue_version());
        let mut answer = DigestAnswer { version, catalogue, ..DigestAnswer::default() };
        let Some(name) = query.get("table") else {
            for table in TABLES.iter().filter(|table| visible(caller.scope, table)) {
                let mut digest = Digest::default();
                for (id, version) in held(table.name) {
                    digest.add(id, version);
                }
                answer.tables.push(TableDigest { table: table.sql_name.to_owned(), digest });
            }
            return json(&answer);
        };
        let rows = held(must_see(caller.scope, &name)?);
        let wanted = query.get("bucket").and_then(|bucket| bucket.parse::<u8>().ok());
        if let Some(wanted) = wanted {
            answer.rows = rows.into_iter().filter(|(id, _)| bucket(*id) == wanted).collect();
        } else {
            answer.buckets = vec![Digest::default(); BUCKETS];
            for (id, version) in rows {
                answer.buckets[usize::from(bucket(id))].add(id, version);
            }
        }
        json(&answer)
    }

    pub(super) fn rows(&self, caller: Caller, request: &RowsRequest) -> Result<Reply> {
        let tenant = self.tenant(caller.tenant);
        must_be_of(tenant, request.epoch)?;
        let table = must_see(caller.scope, &request.table)?;
        let rows = if table == TableName::Medicines {
            self.catalogue.iter().filter(|row| request.ids.contains(&row.id)).cloned().collect()
        } else {
            let row = |id: &Uuid| seen(caller.scope, (table, *id), tenant.rows.get(&(table, *id))?);
            request.ids.iter().filter_map(row).map(|row| self.as_sent(row)).collect()
        };
        json(&RowsAnswer { version: tenant.version, rows })
    }

    /// What the tenant's data is now, and how far the server has come with the device that asks.
    pub(super) fn epoch(&self, caller: Caller) -> Result<Reply> {
        let tenant = self.tenant(caller.tenant);
        must_not_be_held(tenant)?;
        let log = &tenant.devices.get(&caller.device).ok_or(broken())?.log;
        let last_hash = log.last().map_or(protocol::mutation::Hash::ZERO, |entry| entry.receipt.hash);
        json(&serde_json::json!({ "epoch": tenant.epoch, "version": tenant.version,
            "catalogue": self.catalogue_version(), "last_sequence": log.len(), "last_hash": last_hash }))
    }
}

fn visible(scope: DeviceScope, table: &Table) -> bool {
    scope == DeviceScope::Clinical || !table.is_clinical()
}

fn must_see(scope: DeviceScope, name: &str) -> Result<TableName> {
    let table = TableName::find(name).filter(|table| visible(scope, table.table()));
    table.ok_or(Refused(404, ErrorCode::NotFound, "There is no such thing here."))
}

/// The rows of a table that are not deleted, as a device of this scope may see them, in the order of their ids.
fn live(tenant: &Tenant, scope: DeviceScope, table: TableName) -> Vec<Row> {
    let all = tenant.rows.range((table, Uuid::nil())..=(table, Uuid::max()));
    all.filter_map(|(key, held)| seen(scope, *key, held)).filter(|row| !row.deleted).collect()
}

struct Stream {
    scope: DeviceScope,
    text: String,
}

impl Stream {
    fn line(&mut self, line: &BootstrapLine) -> Result<()> {
        self.text.push_str(&serde_json::to_string(line).map_err(|_| broken())?);
        self.text.push('\n');
        Ok(())
    }

    /// The rows of a table; the stream can be resumed behind every so many.
    fn table(&mut self, table: &Table, rows: Vec<&Row>, portion: usize) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let may = |scope: Scope| self.scope == DeviceScope::Clinical || scope == Scope::Everyone;
        let columns: BTreeMap<&str, WireKind> = table
            .columns
            .iter()
            .filter(|column| may(column.scope))
            .map(|column| (column.name, WireKind::from(column.kind)))
            .collect();
        let fixed = [("id", WireKind::Uuid), ("sync_version", WireKind::Int)];
        let wire = fixed.into_iter().chain(columns.iter().map(|(name, kind)| (*name, *kind)));
        let wire = wire.map(|(name, kind)| WireColumn(name.to_owned(), kind)).collect();
        self.line(&BootstrapLine::Table { name: table.sql_name.to_owned(), columns: wire })?;
        for rows in rows.chunks(portion) {
            for row in rows {
                self.text.push_str(&format!("{}\t{}", row.id, row.version));
                for (name, kind) in &columns {
                    self.text.push('\t');
                    self.text.push_str(&field(*kind, row.values.get(*name).unwrap_or(&Value::Null)));
                }
                self.text.push('\n');
            }
            let last = rows.last().filter(|_| !table.is_shared() && portion < usize::MAX);
            if let Some(last) = last {
                let after = format!("{}.{}", table.sql_name, last.id);
                self.line(&BootstrapLine::Reached { after })?;
            }
        }
        Ok(())
    }
}

fn field(kind: WireKind, value: &Value) -> String {
    let text = match (kind, value) {
        (_, Value::Null) => return r"\N".to_owned(),
        (WireKind::Bool, Value::Bool(flag)) => return if *flag { "t" } else { "f" }.to_owned(),
        (WireKind::Json, value) => value.to_string(),
        (_, Value::String(text)) => text.clone(),
        (_, value) => value.to_string(),
    };
    text.replace('\\', r"\\").replace('\t', r"\t").replace('\n', r"\n").replace('\r', r"\r")
}

//! A new desktop's rows: written as they come, a portion of the stream at a time.

use std::borrow::Cow;
use std::collections::HashSet;

use protocol::api::MAX_VERSION;
use protocol::bootstrap::{WireColumn, WireKind, fields};
use protocol::table::{Kind, Row, TableName, Values};
use rusqlite::types::Value as Sql;
use rusqlite::{CachedStatement, Transaction};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::rows::{default_value, fill_statement, index};
use super::{Facts, Store, carried, confirmed, meta, set_meta, staged};
use crate::error::{Error, Result};

/// How far a new desktop has been filled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filling {
    /// The tenant's version when the first stream began: what changed after it is pulled in the end.
    pub head: i64,
    /// The version of the shared catalogue at that time.
    pub catalogue: i64,
    /// Whether all of that catalogue is here.
    pub has_catalogue: bool,
    /// Where the next stream goes on; none before today's rows are here.
    pub after: Option<String>,
    /// How many rows have come; of those after today's, once these are here.
    pub rows: u64,
    /// About how many rows there are after today's.
    pub total: Option<u64>,
}

impl Filling {
    /// Behind what the next stream begins.
    pub fn place(&self) -> (bool, Option<&str>) {
        (self.has_catalogue, self.after.as_deref())
    }
}

/// The line before a table's rows.
#[derive(Debug, PartialEq, Eq)]
pub struct Header {
    name: String,
    /// None for a table that this program does not know.
    table: Option<TableName>,
    columns: Vec<WireColumn>,
}

impl Header {
    /// What the line says; none if its rows do not begin with their id and version.
    pub fn new(name: String, columns: Vec<WireColumn>) -> Option<Self> {
        let begins = matches!(columns.as_slice(), [id, version, ..]
            if id.0 == "id" && id.1 == WireKind::Uuid && version.0 == "sync_version" && version.1 == WireKind::Int);
        begins.then(|| Self { table: TableName::find(&name), name, columns })
    }

    /// Whether all tenants share its rows.
    pub fn is_shared(&self) -> bool {
        self.table.is_some_and(|table| table.table().is_shared())
    }
}

/// What comes before the stream can be resumed again.
#[derive(Debug, Default)]
pub struct Portion {
    /// The rows, as lines, of one table after another.
    pub parts: Vec<(Header, Vec<u8>)>,
    /// Whether the last of the shared catalogue is in it or was before it.
    pub has_catalogue: bool,
    /// How many rows there are about, if the stream said it.
    pub total: Option<u64>,
    /// Where the stream can be resumed.
    pub after: Option<String>,
    /// Whether nothing comes after it.
    pub is_end: bool,
}

impl Store {
    /// Notes the versions at which the first stream began; those of a later one do not matter.
    pub fn begin_filling(&self, head: i64, catalogue: i64) -> Result<Filling> {
        self.write(|tx| {
            if let Some(begun) = meta(tx, "filling")? {
                return Ok(begun);
            }
            let filling = Filling { head, catalogue, ..Filling::default() };
            set_meta(tx, "filling", &filling)?;
            Ok(filling)
        })
    }

    /// Forgets how far this file has been filled: it begins anew. The rows that have come stay.
    pub fn forget_filling(&self) -> Result<()> {
        self.write(|tx| Ok(tx.execute("delete from meta where name = 'filling'", []).map(|_| ())?))
    }

    /// Takes a portion in one transaction with the place that it reaches. What was done here and has no final answer
    /// is laid over the rows; with the end this file holds the tenant's data at the version of the first stream.
    ///
    /// # Errors
    ///
    /// [`Error::ServerUnreachable`] for what is no row: the stream is broken; [`Error::BadAnswer`] for one that no server of
    /// ours has.
    pub fn fill(&self, portion: &Portion) -> Result<Filling> {
        let take = |tx: &Transaction<'_>| {
            let mut filling = meta::<Filling>(tx, "filling")?.ok_or(Error::StoreDamaged)?;
            let worked_on = worked_on(tx)?;
            for (header, lines) in &portion.parts {
                filling.rows += put(tx, header, lines, &worked_on)?;
            }
            filling.has_catalogue |= portion.has_catalogue;
            if portion.total.is_some() {
                filling.total = portion.total;
                filling.rows = 0;
            }
            if portion.after.is_some() {
                filling.after.clone_from(&portion.after);
            }
            if portion.is_end {
                tx.execute("delete from meta where name = 'filling'", [])?;
                // What an earlier program had begun to pull.
                staged::forget(tx)?;
                staged::set_cursor(tx, filling.head, filling.catalogue)?;
            } else {
                set_meta(tx, "filling", &filling)?;
            }
            Ok(filling)
        };
        // What is lost on the way comes again; nobody is told that it is here before the end is on disk.
        if portion.is_end { self.write(take) } else { self.write_later(take) }
    }
}

/// The rows over which something is laid that was done here.
fn worked_on(tx: &Transaction<'_>) -> Result<HashSet<(String, String)>> {
    let sql = "select table_name, id from pending_rows union select table_name, id from confirmed_rows";
    let mut statement = tx.prepare_cached(sql)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// Writes the rows of a table; answers how many.
fn put(
    tx: &Transaction<'_>,
    header: &Header,
    lines: &[u8],
    worked_on: &HashSet<(String, String)>,
) -> Result<u64> {
    let lines = std::str::from_utf8(lines).map_err(|_| Error::ServerUnreachable)?;
    let mut filler = Filler::new(tx, header)?;
    // Rows do not say whose they are; those that do must not say another's.
    let whose = header.columns.iter().position(|column| column.0 == "tenant_id");
    let tenant = whose.map(|_| meta::<Facts>(tx, "facts")).transpose()?.flatten();
    let tenant = tenant.map(|facts| facts.tenant_id.to_string());
    let (mut rows, mut values) = (0, Vec::with_capacity(header.columns.len()));
    for line in lines.lines() {
        values.clear();
        values.extend(fields(line));
        let [Some(id), ..] = values.as_slice() else { return Err(Error::ServerUnreachable) };
        if values.len() != header.columns.len() {
            return Err(Error::ServerUnreachable);
        }
        if !(1..=MAX_VERSION).contains(&number(values[1].as_deref())?) {
            return Err(Error::BadAnswer("it is at a version that no clinic comes to"));
        }
        if whose.is_some_and(|place| values[place].as_deref() != tenant.as_deref()) {
            return Err(Error::BadAnswer("it sends rows of another clinic"));
        }
        let is_worked_on =
            !worked_on.is_empty() && worked_on.contains(&(header.name.clone(), id.clone().into_owned()));
        match &mut filler {
            Some(filler) if !is_worked_on => filler.put(tx, &values)?,
            _ => put_slowly(tx, header, &values)?,
        }
        rows += 1;
    }
    Ok(rows)
}

/// Takes a row as if it had been pulled.
fn put_slowly(tx: &Transaction<'_>, header: &Header, fields: &[Option<Cow<'_, str>>]) -> Result<()> {
    let broken = || Error::ServerUnreachable;
    let mut values = Values::new();
    for (WireColumn(name, kind), field) in header.columns.iter().zip(fields) {
        values.insert(name.clone(), kind.value(field.as_deref()).ok_or_else(broken)?);
    }
    let id = values.remove("id").and_then(|id| id.as_str()?.parse::<Uuid>().ok()).ok_or_else(broken)?;
    let version = values.remove("sync_version").and_then(|version| version.as_i64()).ok_or_else(broken)?;
    let Some(table) = header.table else {
        let row = json!({ "table": header.name, "id": id, "version": version, "values": values });
        return carried::put_unknown(tx, &header.name, &id.to_string(), &row.to_string());
    };
    let row = Row { table, id, version, deleted: false, values };
    if header.is_shared() {
        staged::put_shared(tx, row)?
    } else {
        confirmed::apply(tx, &row)?
    };
    Ok(())
}

/// Writes rows straight from their lines.
struct Filler<'a> {
    header: &'a Header,
    table: TableName,
    statement: CachedStatement<'a>,
    /// Of each column of the table: where in a line it stands, or what it holds.
    columns: Vec<(Kind, Source)>,
}

enum Source {
    Field(usize),
    Always(Sql),
}

impl<'a> Filler<'a> {
    /// None if the table, or one of the columns that come, is not known.
    fn new(tx: &'a Transaction<'_>, header: &'a Header) -> Result<Option<Self>> {
        let Some(table) = header.table else { return Ok(None) };
        let is_known = |column: &WireColumn| table.table().column(&column.0).is_some();
        if !header.columns[2..].iter().all(is_known) {
            return Ok(None);
        }
        let columns = table.table().columns.iter().map(|column| {
            let place = header.columns.iter().position(|sent| sent.0 == column.name);
            (column.kind, place.map_or_else(|| Source::Always(default_value(column)), Source::Field))
        });
        let statement = tx.prepare_cached(fill_statement(table))?;
        Ok(Some(Self { header, table, statement, columns: columns.collect() }))
    }

    fn put(&mut self, tx: &Transaction<'_>, fields: &[Option<Cow<'_, str>>]) -> Result<()> {
        self.statement.raw_bind_parameter(1, fields[0].as_deref())?;
        self.statement.raw_bind_parameter(2, number(fields[1].as_deref())?)?;
        self.statement.raw_bind_parameter(3, 0)?;
        for (place, (kind, source)) in self.columns.iter().enumerate() {
            match source {
                Source::Always(value) => self.statement.raw_bind_parameter(place + 4, value)?,
                Source::Field(field) => {
                    bind(&mut self.statement, place + 4, *kind, fields[*field].as_deref())?;
                }
            }
        }
        let mut rows = self.statement.raw_query();
        let rowid: Option<i64> = rows.next()?.map(|row| row.get(0)).transpose()?;
        // The statement is done only when it has been asked for the end.
        while rows.next()?.is_some() {}
        drop(rows);
        let Some(rowid) = rowid else { return Ok(()) };
        let text = |name: &str| {
            let place = self.header.columns.iter().position(|column| column.0 == name);
            place.and_then(|place| fields[place].as_deref()).unwrap_or_default()
        };
        index(tx, self.table, rowid, false, text)
    }
}

fn number(field: Option<&str>) -> Result<i64> {
    field.and_then(|text| text.parse().ok()).ok_or(Error::ServerUnreachable)
}

/// Binds a field as the column's kind is stored.
fn bind(statement: &mut CachedStatement<'_>, place: usize, kind: Kind, field: Option<&str>) -> Result<()> {
    let Some(text) = field else { return Ok(statement.raw_bind_parameter(place, Sql::Null)?) };
    match kind {
        Kind::Text(_) | Kind::Choice(_) | Kind::Uuid | Kind::Date | Kind::Timestamp => {
            statement.raw_bind_parameter(place, text)?;
        }
        Kind::Json if matches!(text, "{}" | "[]") => statement.raw_bind_parameter(place, text)?,
        // The database's spacing is not this file's.
        Kind::Json => match serde_json::from_str::<Value>(text) {
            Ok(Value::Null) => statement.raw_bind_parameter(place, Sql::Null)?,
            Ok(value) => statement.raw_bind_parameter(place, value.to_string())?,
            Err(_) => return Err(Error::ServerUnreachable),
        },
        Kind::Int(..) => statement.raw_bind_parameter(place, number(field)?)?,
        Kind::Decimal => {
            let number: f64 = text.parse().map_err(|_| Error::ServerUnreachable)?;
            statement.raw_bind_parameter(place, number)?;
        }
        Kind::Bool => match text {
            "t" => statement.raw_bind_parameter(place, 1)?,
            "f" => statement.raw_bind_parameter(place, 0)?,
            _ => return Err(Error::ServerUnreachable),
        },
    }
    Ok(())
}

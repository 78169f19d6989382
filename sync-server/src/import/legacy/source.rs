//! The old database: read as it was at one moment, row by row, and never written.

use std::collections::BTreeMap;

use anyhow::{Context, anyhow, ensure};
use encoding_rs::WINDOWS_1252;
use protocol::api::Secret;
use protocol::table::TableName;
use serde::Deserialize;
use serde_json::value::RawValue;
use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::{ConnectOptions, Executor, PgConnection, Row};

use super::references::{self, Parents, Reference, Unique};
use super::row::OldRow;
use super::statements::{Lines, Shape, count, declare, fetch, is_of_many_tenants};
use super::tables::OldTable;
use crate::import::words;

/// So many rows are read, and written, at once.
pub(super) const BATCH: usize = 500;

/// The old database, in one transaction that sees one moment of it.
#[derive(Debug)]
pub(super) struct Source {
    connection: PgConnection,
    schema: String,
    only_tenant: Option<String>,
    tables: BTreeMap<OldTable, Shape>,
    parents: Parents,
    /// Tables that nothing here is made of, with their rows.
    pub(super) unknown_tables: Vec<(String, i64)>,
}

/// A line as the old database sends it beside its prescription.
#[derive(Deserialize)]
struct SentLine<'a> {
    key: String,
    mark: String,
    #[serde(borrow)]
    row: &'a RawValue,
    is_shared: bool,
    is_again: bool,
}

impl Source {
    /// Looks at what is there.
    ///
    /// # Errors
    ///
    /// Sentences for the operator.
    pub(super) async fn open(url: &Secret, schema: &str, only_tenant: Option<&str>) -> anyhow::Result<Self> {
        let options: PgConnectOptions =
            url.0.parse().ok().context("The address of the old database is not a Postgres URL.")?;
        let options = options.application_name("clinic-sync import legacy").options([
            ("default_transaction_read_only", "on"),
            // Rows that the login may not see are an error, and not left out.
            ("row_security", "off"),
            ("statement_timeout", "0"),
            ("idle_in_transaction_session_timeout", "0"),
            ("search_path", "pg_catalog"),
            ("timezone", "UTC"),
        ]);
        let mut connection = options.connect().await.context("The old database cannot be reached.")?;
        connection.execute("begin isolation level repeatable read read only").await?;
        let mut source = Self {
            connection,
            schema: schema.to_owned(),
            only_tenant: only_tenant.map(str::to_owned),
            tables: BTreeMap::new(),
            parents: Parents::new(),
            unknown_tables: Vec::new(),
        };
        source.look().await?;
        ensure!(
            source.tables.contains_key(&OldTable::Patients),
            "The schema {schema} has no table patients; name another with --schema."
        );
        Ok(source)
    }

    async fn look(&mut self) -> anyhow::Result<()> {
        let columns: Vec<(String, String, String, bool)> = sqlx::query_as(
            "select c.relname::text, a.attname::text, a.atttypid::regtype::text, row_security_active(c.oid)
             from pg_class c
             join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
             where c.relnamespace = to_regnamespace(quote_ident($1)) and c.relkind in ('r', 'p', 'v', 'f')
             order by c.relname, a.attnum",
        )
        .bind(&self.schema)
        .fetch_all(&mut self.connection)
        .await?;
        ensure!(!columns.is_empty(), "There is no schema {} with tables in the old database.", self.schema);
        let mut shapes: BTreeMap<String, Shape> = BTreeMap::new();
        for (table, column, kind, is_hidden) in columns {
            ensure!(
                !is_hidden,
                "Row security hides rows of {table} from this login of the old database. Use one that may read \
                 everything: an administrator's, or one with BYPASSRLS."
            );
            let shape = shapes.entry(table.clone()).or_insert_with(|| Shape::new(&self.schema, &table));
            if kind == "bytea" {
                shape.byte_columns.push(column);
                continue;
            }
            shape.kinds.insert(column.clone(), kind);
            shape.columns.push(column);
        }
        for (name, mut shape) in shapes {
            if let Some(only) = &self.only_tenant
                && shape.columns.iter().any(|column| column == "tenant_id")
            {
                shape.only_tenant = Some(only.clone());
            }
            let Some(table) = OldTable::find(&name) else {
                let counted = sqlx::query_scalar(count(&shape)).fetch_one(&mut self.connection).await;
                let rows = counted.map_err(|error| unreadable(&name, error))?;
                self.unknown_tables.push((name, rows));
                continue;
            };
            if shape.columns.iter().any(|column| column == "tenant_id") && self.only_tenant.is_none() {
                let many =
                    sqlx::query_scalar(is_of_many_tenants(&shape)).fetch_one(&mut self.connection).await;
                let many: bool = many.map_err(|error| unreadable(&name, error))?;
                ensure!(
                    !many,
                    "The table {name} has rows of several tenants; say with --only-tenant whose are brought."
                );
            }
            self.tables.insert(table, shape);
        }
        if let Some(only) = &self.only_tenant {
            let mut has_any = false;
            for shape in self.tables.values().filter(|shape| shape.only_tenant.is_some()) {
                let rows: i64 = sqlx::query_scalar(count(shape)).fetch_one(&mut self.connection).await?;
                has_any |= rows > 0;
            }
            ensure!(has_any, "No row of the old database is of the tenant {only}. Nothing was written.");
        }
        let (uniques, references) = (self.uniques().await?, self.references().await?);
        self.parents = references::settle(&mut self.tables, &uniques, &references)?;
        Ok(())
    }

    /// Primary keys and unique indexes, as far as they bind every row.
    async fn uniques(&mut self) -> anyhow::Result<BTreeMap<OldTable, Vec<Unique>>> {
        let indexes: Vec<(String, Vec<String>, bool, bool)> = sqlx::query_as(
            "select c.relname::text, k.columns, i.indisprimary, k.is_whole
             from pg_index i
             join pg_class c on c.oid = i.indrelid
             cross join lateral (
                 select array_agg(a.attname::text order by u.place) filter (where a.attname <> 'tenant_id') as columns,
                        bool_and(a.attnotnull) as is_whole
                 from unnest(i.indkey::int2[]) with ordinality u (number, place)
                 join pg_attribute a on a.attrelid = c.oid and a.attnum = u.number
                 where u.place <= i.indnkeyatts
             ) k
             where c.relnamespace = to_regnamespace(quote_ident($1)) and c.relkind in ('r', 'p')
               -- An index of a parent in the old way does not bind the rows of its children.
               and (c.relkind = 'p' or not c.relhassubclass)
               and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null
               and k.columns is not null",
        )
        .bind(&self.schema)
        .fetch_all(&mut self.connection)
        .await?;
        let mut uniques: BTreeMap<OldTable, Vec<Unique>> = BTreeMap::new();
        for (table, columns, is_primary, is_whole) in indexes {
            if let Some(table) = OldTable::find(&table) {
                uniques.entry(table).or_default().push(Unique { columns, is_primary, is_whole });
            }
        }
        Ok(uniques)
    }

    async fn references(&mut self) -> anyhow::Result<Vec<Reference>> {
        let keys: Vec<(String, String, Vec<String>, Vec<String>)> = sqlx::query_as(
            "select c.relname::text, p.relname::text, array_agg(a.attname::text order by u.place),
                    array_agg(b.attname::text order by u.place)
             from pg_constraint k
             join pg_class c on c.oid = k.conrelid
             join pg_class p on p.oid = k.confrelid and p.relnamespace = c.relnamespace
             cross join unnest(k.conkey, k.confkey) with ordinality u (here, there, place)
             join pg_attribute a on a.attrelid = c.oid and a.attnum = u.here and a.attname <> 'tenant_id'
             join pg_attribute b on b.attrelid = p.oid and b.attnum = u.there
             where k.contype = 'f' and c.relnamespace = to_regnamespace(quote_ident($1))
             group by k.oid, c.relname, p.relname order by c.relname, k.oid",
        )
        .bind(&self.schema)
        .fetch_all(&mut self.connection)
        .await?;
        let known = |(child, parent, here, there): (String, String, Vec<String>, Vec<String>)| {
            Some(Reference {
                child: OldTable::find(&child)?,
                parent: OldTable::find(&parent)?,
                columns: here.into_iter().zip(there).collect(),
            })
        };
        Ok(keys.into_iter().filter_map(known).collect())
    }

    pub(super) fn has(&self, table: OldTable) -> bool {
        self.tables.contains_key(&table)
    }

    /// Columns with files in them, which are not brought.
    pub(super) fn byte_columns(&self) -> Vec<String> {
        let of = |(table, shape): (&OldTable, &Shape)| {
            let table = table.name();
            shape.byte_columns.iter().map(|column| format!("{table}.{column}")).collect::<Vec<_>>()
        };
        self.tables.iter().flat_map(of).collect()
    }

    /// To which tables the columns of a table refer, and those of the lines that are read with it.
    pub(super) fn parents(&self, table: OldTable) -> BTreeMap<String, OldTable> {
        let mut parents = self.parents.get(&table).cloned().unwrap_or_default();
        if table == OldTable::Prescriptions {
            parents.extend(self.parents.get(&OldTable::PrescriptionItems).cloned().unwrap_or_default());
        }
        parents
    }

    /// How many rows there are.
    pub(super) async fn count(&mut self, table: OldTable) -> anyhow::Result<i64> {
        let Some(shape) = self.tables.get(&table) else { return Ok(0) };
        let rows = sqlx::query_scalar(count(shape)).fetch_one(&mut self.connection).await;
        rows.map_err(|error| unreadable(table.name(), error))
    }

    /// Begins to read a table; prescriptions come with their lines, lines only where they have no prescription.
    pub(super) async fn begin(&mut self, table: OldTable) -> anyhow::Result<()> {
        let Some(shape) = self.tables.get(&table) else { return Ok(()) };
        let lines = match table {
            OldTable::Prescriptions => self.lines().map(|(shape, column)| Lines::Beside { shape, column }),
            OldTable::PrescriptionItems => match (self.lines(), self.tables.get(&OldTable::Prescriptions)) {
                (Some((_, column)), Some(parent)) => Some(Lines::Without { parent, column }),
                _ => None,
            },
            _ => None,
        };
        let sql = declare(shape, lines.as_ref());
        self.connection.execute(sqlx::raw_sql(sql)).await?;
        Ok(())
    }

    /// The table of lines, and its column that names the prescription.
    fn lines(&self) -> Option<(&Shape, String)> {
        let items = self.tables.get(&OldTable::PrescriptionItems)?;
        let names = words::names(TableName::PrescriptionItems, "prescription_id");
        let column = names.into_iter().find(|name| items.columns.iter().any(|column| column == name))?;
        Some((items, column.to_owned()))
    }

    /// The next rows; none at the end.
    pub(super) async fn next(&mut self) -> anyhow::Result<Vec<OldRow>> {
        let rows = self.connection.fetch_all(sqlx::raw_sql(fetch(BATCH))).await?;
        if rows.is_empty() {
            self.connection.execute("close old_rows").await?;
        }
        rows.iter().map(old_row).collect()
    }
}

/// What hinders a table from being read as a whole, as far as that can be said.
fn unreadable(table: &str, error: sqlx::Error) -> anyhow::Error {
    match error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref() {
        Some("42501") => anyhow!(
            "This login of the old database may not read all of {table}. Use one that may read everything: an \
             administrator's, or one with BYPASSRLS and the right to SELECT."
        ),
        _ => error.into(),
    }
}

fn old_row(row: &PgRow) -> anyhow::Result<OldRow> {
    let (key, _) = decode(row, 0)?;
    let (mark, _) = decode(row, 1)?;
    let (text, was_recoded) = decode(row, 2)?;
    let (lines, lines_recoded) = decode(row, 3)?;
    let mut old = OldRow::new(&key, &mark, text).context("The old database sent a row that is no JSON.")?;
    (old.is_shared, old.is_again) = (row.try_get(4)?, row.try_get(5)?);
    old.was_recoded = was_recoded;
    if !lines.is_empty() {
        let sent: Vec<SentLine<'_>> =
            serde_json::from_str(&lines).context("The old database sent lines that are no JSON.")?;
        for line in sent {
            let text = line.row.get().to_owned();
            let mut read = OldRow::new(&line.key, &line.mark, text)?;
            (read.is_shared, read.is_again) = (line.is_shared, line.is_again);
            read.was_recoded = lines_recoded;
            old.lines.push(read);
        }
    }
    Ok(old)
}

/// A text, which a database without an encoding (`SQL_ASCII`) sends as whatever bytes were put in.
fn decode(row: &PgRow, place: usize) -> anyhow::Result<(String, bool)> {
    let value = row.try_get_raw(place)?;
    let Ok(bytes) = value.as_bytes() else { return Ok((String::new(), false)) };
    Ok(match std::str::from_utf8(bytes) {
        Ok(text) => (text.to_owned(), false),
        Err(_) => (WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned(), true),
    })
}

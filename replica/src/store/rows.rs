//! Reading and writing rows of any synced table. The statements come from the declaration of the tables;
//! their texts are built once, of constants only.

use std::str::FromStr;
use std::sync::LazyLock;

use protocol::patient::normalise_name;
use protocol::table::{Column, Kind, Row, TABLES, Table, TableName, Values};
use rusqlite::types::{Value as Sql, ValueRef};
use rusqlite::{OptionalExtension, Params, Transaction, params_from_iter};
use serde_json::Value;
use uuid::Uuid;

use crate::error::Result;

/// A row as this file holds it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stored {
    pub version: i64,
    pub is_deleted: bool,
    pub values: Values,
}

impl Stored {
    /// The same as it travels.
    pub fn into_row(self, table: TableName, id: Uuid) -> Row {
        Row { table, id, version: self.version, deleted: self.is_deleted, values: self.values }
    }
}

impl From<Row> for Stored {
    fn from(row: Row) -> Self {
        Self { version: row.version, is_deleted: row.deleted, values: row.values }
    }
}

struct Statements {
    select: String,
    upsert: String,
    /// The same, which leaves a newer row alone.
    fill: String,
}

static STATEMENTS: LazyLock<Vec<Statements>> = LazyLock::new(|| TABLES.iter().map(statements).collect());

fn statements(table: &Table) -> Statements {
    let names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
    let name = table.sql_name;
    let columns = names.join(", ");
    let marks: Vec<String> = (1..=names.len() + 3).map(|place| format!("?{place}")).collect();
    let updates: Vec<String> = names.iter().map(|column| format!("{column} = excluded.{column}")).collect();
    let put = format!(
        "insert into {name} (id, sync_version, is_deleted, {columns}) values ({}) \
         on conflict (id) do update set sync_version = excluded.sync_version, \
         is_deleted = excluded.is_deleted, {}",
        marks.join(", "),
        updates.join(", "),
    );
    Statements {
        select: format!("select sync_version, is_deleted, {columns} from {name} where id = ?1"),
        upsert: format!("{put} returning rowid"),
        fill: format!("{put} where excluded.sync_version >= {name}.sync_version returning rowid"),
    }
}

/// The row, deleted or not.
pub(crate) fn get_row(tx: &Transaction<'_>, table: TableName, id: Uuid) -> Result<Option<Stored>> {
    let mut statement = tx.prepare_cached(&STATEMENTS[table as usize].select)?;
    let stored = statement.query_row([id.to_string()], |row| {
        let mut values = Values::new();
        for (place, column) in table.table().columns.iter().enumerate() {
            values.insert(column.name.to_owned(), to_json(column, row.get_ref(place + 2)?));
        }
        Ok(Stored { version: row.get(0)?, is_deleted: row.get(1)?, values })
    });
    Ok(stored.optional()?)
}

/// The ids that a query answers with, in its order. What is no id of that kind is passed over.
pub(crate) fn query_ids<T: FromStr>(tx: &Transaction<'_>, sql: &str, params: impl Params) -> Result<Vec<T>> {
    let mut statement = tx.prepare_cached(sql)?;
    let texts = statement.query_map(params, |row| row.get::<_, String>(0))?;
    let mut ids = Vec::new();
    for text in texts {
        ids.extend(text?.parse::<T>().ok());
    }
    Ok(ids)
}

/// Writes the row as it is shown, and what finds it. Answers whether the table has all of its columns.
pub(crate) fn put_row(tx: &Transaction<'_>, table: TableName, id: Uuid, stored: &Stored) -> Result<bool> {
    let fixed =
        [Sql::Text(id.to_string()), Sql::Integer(stored.version), Sql::Integer(stored.is_deleted.into())];
    let mut n_known = 0;
    let columns = table.table().columns.iter().map(|column| {
        let value = stored.values.get(column.name);
        n_known += usize::from(value.is_some());
        to_sql(column, value)
    });
    let mut statement = tx.prepare_cached(&STATEMENTS[table as usize].upsert)?;
    let rowid: i64 =
        statement.query_row(params_from_iter(fixed.into_iter().chain(columns)), |row| row.get(0))?;
    index(tx, table, rowid, stored.is_deleted, |name| text(&stored.values, name))?;
    Ok(n_known == stored.values.len())
}

/// Takes out a row that never came to be. What people know it by is kept: its name in the ledger, and its number,
/// which may stand on paper and is never given again. A token is kept from the moment at which it is given.
pub(super) fn remove_row(tx: &Transaction<'_>, table: TableName, id: Uuid) -> Result<()> {
    let Some(row) = get_row(tx, table, id)? else { return Ok(()) };
    let sql = format!("delete from {} where id = ?1 returning rowid", table.table().sql_name);
    let rowid: i64 = tx.prepare_cached(&sql)?.query_row([id.to_string()], |row| row.get(0))?;
    index(tx, table, rowid, true, |name| text(&row.values, name))?;
    match table {
        TableName::Patients => {
            let name = format!("{} {}", text(&row.values, "first_name"), text(&row.values, "last_name"));
            tx.prepare_cached("update mutations set patient_name = ?1 where patient_id = ?2")?
                .execute((name.trim(), id.to_string()))?;
        }
        TableName::Prescriptions => {
            let number = text(&row.values, "prescription_number");
            super::set_meta(tx, &format!("given/{number}"), &true)?;
        }
        _ => {}
    }
    Ok(())
}

/// The statement that writes a row which is not deleted, unless a newer one is there: its id, its version, 0, and a
/// value for each column of the table in their order. It answers with the row's place, if it wrote.
pub(super) fn fill_statement(table: TableName) -> &'static str {
    &STATEMENTS[table as usize].fill
}

/// Whether this file would hold the same of both, in those columns that were sent and that it knows.
pub(super) fn are_same(table: TableName, held: &Values, sent: &Values) -> bool {
    sent.iter().all(|(name, value)| match (table.table().column(name), held.get(name)) {
        (Some(column), Some(held)) if column.kind == Kind::Json => held == value,
        (Some(column), held) => to_sql(column, held) == to_sql(column, Some(value)),
        (None, _) => true,
    })
}

/// What a column holds that did not come.
pub(super) fn default_value(column: &Column) -> Sql {
    to_sql(column, None)
}

/// Makes a row to be found by its texts, where its table has a finder.
pub(super) fn index<'a>(
    tx: &Transaction<'_>,
    table: TableName,
    rowid: i64,
    is_deleted: bool,
    text: impl Fn(&str) -> &'a str,
) -> Result<()> {
    let (finder, rowid) = match table {
        TableName::Patients => ("finder", rowid),
        TableName::Medicines => ("medicine_finder", rowid * 2),
        TableName::TenantMedicines => ("medicine_finder", rowid * 2 + 1),
        _ => return Ok(()),
    };
    tx.prepare_cached(&format!("delete from {finder} where rowid = ?1"))?.execute([rowid])?;
    if !is_deleted {
        let words = match table {
            TableName::Patients => patient_words(text),
            _ => crate::medicines::split_words(text("search_text")),
        };
        tx.prepare_cached(&format!("insert into {finder} (rowid, words) values (?1, ?2)"))?
            .execute((rowid, words))?;
    }
    Ok(())
}

fn text<'a>(values: &'a Values, name: &str) -> &'a str {
    values.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn patient_words<'a>(text: impl Fn(&str) -> &'a str) -> String {
    let mut words = format!(
        "{} {} {}",
        normalise_name(text("first_name")),
        normalise_name(text("last_name")),
        text("patient_code"),
    );
    for number in ["mobile_number", "alternate_mobile"] {
        let national = text(number).trim_start_matches("+91").trim_start_matches('+');
        // Every ending is a word, so that any run of digits is the beginning of one.
        for (start, _) in national.char_indices().rev().skip(2) {
            words.push(' ');
            words.push_str(&national[start..]);
        }
    }
    words
}

fn to_sql(column: &Column, value: Option<&Value>) -> Sql {
    match (value, column.kind) {
        // A column that this device may not receive is not even null: only its default keeps the table whole.
        (None, _) => column.default.map_or(Sql::Null, |default| {
            let default = serde_json::from_str(default).unwrap_or(Value::Null);
            to_sql(column, Some(&default))
        }),
        (Some(Value::Null), _) => Sql::Null,
        (Some(value), Kind::Json) => Sql::Text(value.to_string()),
        (Some(Value::String(text)), _) => Sql::Text(text.clone()),
        (Some(Value::Bool(flag)), _) => Sql::Integer((*flag).into()),
        (Some(Value::Number(number)), Kind::Decimal) => number.as_f64().map_or(Sql::Null, Sql::Real),
        (Some(Value::Number(number)), _) => number.as_i64().map_or(Sql::Null, Sql::Integer),
        (Some(other), _) => Sql::Text(other.to_string()),
    }
}

fn to_json(column: &Column, value: ValueRef<'_>) -> Value {
    match (value, column.kind) {
        (ValueRef::Integer(number), Kind::Bool) => Value::Bool(number != 0),
        (ValueRef::Integer(number), _) => number.into(),
        (ValueRef::Real(number), _) => number.into(),
        (ValueRef::Text(text), Kind::Json) => serde_json::from_slice(text).unwrap_or(Value::Null),
        (ValueRef::Text(text), _) => String::from_utf8_lossy(text).into_owned().into(),
        (ValueRef::Null | ValueRef::Blob(_), _) => Value::Null,
    }
}

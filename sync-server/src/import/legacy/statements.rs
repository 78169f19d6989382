//! All SQL of the import that is put together from names: those of the old database's catalogue, quoted, and those of
//! our own tables.

use protocol::table::TableName;
use sqlx::AssertSqlSafe;
use uuid::Uuid;

/// A table of the old database.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    /// With its schema, quoted.
    pub(super) name: String,
    /// All but those with bytes.
    pub(super) columns: Vec<String>,
    /// Those with bytes.
    pub(super) byte_columns: Vec<String>,
    /// The columns of its primary key, by place.
    pub(super) key: Vec<(i32, String)>,
    /// Whose rows are read, if it has rows of several.
    pub(super) only_tenant: Option<Uuid>,
}

/// How lines and prescriptions are read.
pub(super) enum Lines<'a> {
    /// Prescriptions, each with its lines of this table, whose column names the prescription.
    Beside {
        /// The lines.
        shape: &'a Shape,
        /// Its column.
        column: String,
    },
    /// Lines without a prescription.
    Without {
        /// The prescriptions.
        parent: &'a Shape,
        /// The column of the lines.
        column: String,
    },
}

impl Shape {
    pub(super) fn new(schema: &str, table: &str) -> Self {
        Self {
            name: format!("{}.{}", quoted(schema), quoted(table)),
            columns: Vec::new(),
            byte_columns: Vec::new(),
            key: Vec::new(),
            only_tenant: None,
        }
    }

    /// Settles what its key is: without a primary key its column `id`, if it has one.
    pub(super) fn settle(&mut self) {
        self.key.sort();
        self.key.retain(|(_, column)| column != "tenant_id");
        if self.key.is_empty() && self.columns.iter().any(|column| column == "id") {
            self.key.push((1, "id".to_owned()));
        }
    }

    /// The rows without bytes.
    fn rows(&self) -> String {
        let columns: Vec<String> = self.columns.iter().map(|column| quoted(column)).collect();
        let only = self.only_tenant.map(|tenant| format!(" where tenant_id::text = '{tenant}'"));
        format!("select {} from {}{}", columns.join(", "), self.name, only.unwrap_or_default())
    }

    /// The key of a row of `alias` as text; without any, what the row says.
    fn key_of(&self, alias: &str) -> String {
        let parts: Vec<String> =
            self.key.iter().map(|(_, column)| format!("{alias}.{}::text", quoted(column))).collect();
        if parts.is_empty() { format!("md5(row_to_json({alias})::text)") } else { parts.join(" || '|' || ") }
    }

    fn order_of(&self, alias: &str) -> String {
        let primary = self.columns.iter().any(|column| column == "is_primary");
        let first = primary.then(|| format!("{alias}.is_primary desc nulls last"));
        let key = self.key.iter().map(|(_, column)| format!("{alias}.{}", quoted(column)));
        let order: Vec<String> = first.into_iter().chain(key).collect();
        if order.is_empty() { "1".to_owned() } else { order.join(", ") }
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// How many rows.
pub(super) fn count(shape: &Shape) -> AssertSqlSafe<String> {
    AssertSqlSafe(format!("select count(*) from ({}) r", shape.rows()))
}

/// Whether its rows are of more than one tenant.
pub(super) fn is_of_many_tenants(shape: &Shape) -> AssertSqlSafe<String> {
    AssertSqlSafe(format!("select count(distinct tenant_id::text) > 1 from {}", shape.name))
}

/// Opens `old_rows`: key, row and lines, each as text.
pub(super) fn declare(shape: &Shape, lines: Option<&Lines<'_>>) -> AssertSqlSafe<String> {
    let (key, order, rows) = (shape.key_of("r"), shape.order_of("r"), shape.rows());
    let query = match lines {
        None => format!("select {key}, row_to_json(r)::text, '' from ({rows}) r order by {order}"),
        Some(Lines::Beside { shape: items, column }) => {
            let item_rows = items.rows();
            let item_key = items.key_of("i");
            let place = protocol_positions(items);
            let place = place.map(|column| format!("i.{}, ", quoted(&column))).unwrap_or_default();
            let item_order = items.order_of("i");
            let column = quoted(column);
            format!(
                "select {key}, row_to_json(r)::text, coalesce(l.lines::text, '')
                 from ({rows}) r
                 left join (
                     select i.{column}::text as owner,
                            json_agg(json_build_object('key', {item_key}, 'row', row_to_json(i))
                                     order by {place}{item_order}) as lines
                     from ({item_rows}) i where i.{column} is not null group by 1
                 ) l on l.owner = {key}
                 order by {order}"
            )
        }
        Some(Lines::Without { parent, column }) => {
            let (parent_key, parent_rows, column) = (parent.key_of("p"), parent.rows(), quoted(column));
            format!(
                "select {key}, row_to_json(r)::text, ''
                 from ({rows}) r
                 where not exists (select from ({parent_rows}) p where {parent_key} = r.{column}::text)
                 order by {order}"
            )
        }
    };
    AssertSqlSafe(format!("declare old_rows no scroll cursor for {query}"))
}

fn protocol_positions(items: &Shape) -> Option<String> {
    let names = super::words::names(TableName::PrescriptionItems, "position");
    names.into_iter().find(|name| items.columns.iter().any(|column| column == name)).map(str::to_owned)
}

/// The next rows of `old_rows`.
pub(super) fn fetch(rows: usize) -> AssertSqlSafe<String> {
    AssertSqlSafe(format!("fetch {rows} from old_rows"))
}

/// `(tenant, ids)` → those that rows of this table have.
pub(super) fn taken_ids(table: &str) -> AssertSqlSafe<String> {
    AssertSqlSafe(format!("select id from {table} where tenant_id = $1 and id = any ($2)"))
}

/// `(rows)`: puts in an array of JSON objects with these columns.
pub(super) fn insert(table: &str, columns: &[&str]) -> AssertSqlSafe<String> {
    let columns = columns.join(", ");
    AssertSqlSafe(format!(
        "insert into {table} ({columns}) select {columns} from jsonb_populate_recordset(null::{table}, $1)"
    ))
}

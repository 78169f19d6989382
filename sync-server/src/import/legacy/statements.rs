//! All SQL of this import that is put together from names: those of the old database's catalogue, quoted, and those of
//! our own tables.

use std::collections::BTreeMap;

use protocol::table::TableName;
use sqlx::AssertSqlSafe;

/// A table of the old database.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    /// With its schema, quoted.
    pub(super) name: String,
    /// All but those with bytes.
    pub(super) columns: Vec<String>,
    /// Those with bytes.
    pub(super) byte_columns: Vec<String>,
    /// The type of each column.
    pub(super) kinds: BTreeMap<String, String>,
    /// The columns by which its rows are known.
    pub(super) key: Vec<String>,
    /// Whether the old database itself sees to it that no two rows have one key.
    pub(super) is_unique: bool,
    /// Whose rows are read, if it has rows of several.
    pub(super) only_tenant: Option<String>,
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

/// What is asked of each row; all but the last as text.
struct Reading {
    /// Its key as it stands there, or what stands for one.
    key: String,
    row: String,
    /// What tells rows of one key from each other.
    mark: String,
    /// Whether other rows, which say something else, have its key.
    is_shared: String,
    /// Whether the very same row stands there before it.
    is_again: String,
}

impl Shape {
    pub(super) fn new(schema: &str, table: &str) -> Self {
        Self {
            name: format!("{}.{}", quoted(schema), quoted(table)),
            columns: Vec::new(),
            byte_columns: Vec::new(),
            kinds: BTreeMap::new(),
            key: Vec::new(),
            is_unique: false,
            only_tenant: None,
        }
    }

    /// The rows without bytes.
    fn rows(&self) -> String {
        let columns: Vec<String> = self.columns.iter().map(|column| quoted(column)).collect();
        let only =
            self.only_tenant.as_deref().map(|tenant| format!(" where tenant_id::text = {}", text(tenant)));
        format!("select {} from {}{}", columns.join(", "), self.name, only.unwrap_or_default())
    }

    /// How a row of `alias` is read. Only where the database allows one key for several rows are they compared.
    fn reading(&self, alias: &str) -> Reading {
        let row = format!("row_to_json({alias})::text");
        let parts: Vec<String> =
            self.key.iter().map(|column| trimmed(&format!("{alias}.{}", quoted(column)))).collect();
        let named = if parts.is_empty() { "null::text".to_owned() } else { parts.join(" || '|' || ") };
        if self.is_unique {
            let (mark, no) = ("''".to_owned(), "false".to_owned());
            return Reading { key: named, row, mark, is_shared: no.clone(), is_again: no };
        }
        let key = format!("coalesce({named}, md5({row}))");
        let place = format!("row_number() over (partition by {key}, {row})");
        let is_shared =
            format!("(count(*) over (partition by {key}) > count(*) over (partition by {key}, {row}))");
        let mark = format!(
            "(case when {is_shared} then '#' || md5({row}) else '' end
              || case when {place} > 1 then '#' || {place} else '' end)"
        );
        let is_again = format!("({named} is not null and {place} > 1)");
        Reading { key, row, mark, is_shared, is_again }
    }

    /// What rows of `alias` are ordered by: a primary clinic is the first.
    fn order_of(&self, alias: &str) -> Vec<String> {
        let has_primary = self.columns.iter().any(|column| column == "is_primary");
        let primary = format!("case when {alias}.is_primary::text in ('true', '1') then 0 else 1 end");
        let key = self.key.iter().map(|column| format!("{alias}.{}", quoted(column)));
        let row = format!("row_to_json({alias})::text");
        has_primary
            .then_some(primary)
            .into_iter()
            .chain(key)
            .chain((!self.is_unique).then_some(row))
            .collect()
    }
}

/// A column that is a key or names one, as [`key_text`](super::row::key_text) has it.
fn trimmed(column: &str) -> String {
    format!("btrim({column}::text, E' \\t\\n\\f\\r')")
}

/// A constant, whatever is in it and however the old database reads backslashes.
fn text(constant: &str) -> String {
    format!("E'{}'", constant.replace('\\', "\\\\").replace('\'', "''"))
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

/// Opens `old_rows`: of each row its key, what marks it among those of this key, the row, its lines, whether it shares
/// its key, and whether it stands there again.
pub(super) fn declare(shape: &Shape, lines: Option<&Lines<'_>>) -> AssertSqlSafe<String> {
    let (reading, rows) = (shape.reading("r"), shape.rows());
    let order = shape.order_of("r").join(", ");
    let Reading { key, row, mark, is_shared, is_again } = &reading;
    let query = match lines {
        None => format!(
            "select {key}, {mark}, {row}, '', {is_shared}, {is_again} from ({rows}) r order by {order}"
        ),
        Some(Lines::Beside { shape: items, column }) => {
            let item_rows = items.rows();
            let item = items.reading("i");
            let place = protocol_positions(items).map(|column| format!("i.{}", quoted(&column)));
            let order_columns: Vec<String> = place.into_iter().chain(items.order_of("i")).collect();
            let places: Vec<String> = (1..=order_columns.len()).map(|place| format!("l.o{place}")).collect();
            let order_columns: Vec<String> = order_columns
                .iter()
                .enumerate()
                .map(|(place, column)| format!("{column} as o{}", place + 1))
                .collect();
            let (order_columns, places) = (order_columns.join(", "), places.join(", "));
            let owner = trimmed(&format!("i.{}", quoted(column)));
            // Which of two prescriptions with one key a line belongs to, nobody knows.
            format!(
                "select {key}, {mark}, {row},
                        case when {is_shared} or {is_again} then '' else coalesce(l.lines::text, '') end,
                        {is_shared}, {is_again}
                 from ({rows}) r
                 left join (
                     select l.owner,
                            json_agg(json_build_object('key', l.key, 'mark', l.mark, 'row', l.old,
                                                       'is_shared', l.is_shared, 'is_again', l.is_again)
                                     order by {places}) as lines
                     from (
                         select {owner} as owner, {} as key, {} as mark, row_to_json(i) as old,
                                {} as is_shared, {} as is_again, {order_columns}
                         from ({item_rows}) i
                     ) l where l.owner is not null group by l.owner
                 ) l on l.owner = {key}
                 order by {order}",
                item.key, item.mark, item.is_shared, item.is_again
            )
        }
        Some(Lines::Without { parent, column }) => {
            let (of_parent, parent_rows) = (parent.reading("p"), parent.rows());
            let owner = trimmed(&format!("r.{}", quoted(column)));
            format!(
                "select l.key, l.mark, l.row, '', l.is_shared, l.is_again
                 from (select {key} as key, {mark} as mark, {row} as row, {is_shared} as is_shared,
                              {is_again} as is_again, {owner} as owner
                       from ({rows}) r) l
                 where not exists (
                     select from (select {} as key, {} as is_shared from ({parent_rows}) p) p
                     where p.key = l.owner and not p.is_shared
                 )
                 order by l.key, l.mark",
                of_parent.key, of_parent.is_shared
            )
        }
    };
    AssertSqlSafe(format!("declare old_rows no scroll cursor for {query}"))
}

fn protocol_positions(items: &Shape) -> Option<String> {
    let names = crate::import::words::names(TableName::PrescriptionItems, "position");
    names.into_iter().find(|name| items.columns.iter().any(|column| column == name)).map(str::to_owned)
}

/// The next rows of `old_rows`.
pub(super) fn fetch(rows: usize) -> AssertSqlSafe<String> {
    AssertSqlSafe(format!("fetch {rows} from old_rows"))
}

/// `(tenant, ids)` → those that rows of this table have.
pub(in crate::import) fn taken_ids(table: &str) -> AssertSqlSafe<String> {
    AssertSqlSafe(format!("select id from {table} where tenant_id = $1 and id = any ($2)"))
}

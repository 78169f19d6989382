//! SQL built from the declaration of the synced tables, once, at first use. This is the only module whose
//! SQL is not a constant text; nothing but names of the declaration goes into it.

use std::fmt::Write;
use std::sync::LazyLock;

use protocol::api::DeviceScope;
use protocol::table::{Column, Kind, Scope, TABLES, Table, TableName};
use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

/// How many rows one statement inserts: a few sizes, so that each is prepared once.
const INSERTED_AT_ONCE: [usize; 4] = [8, 4, 2, 1];

/// The statements for one table.
#[derive(Debug)]
pub(crate) struct TableStatements {
    /// `(tenant, ids)` → id, deleted, clocks, values; locks the rows.
    pub(crate) lock: SqlStr,
    /// `(tenant, actor, device, recorded_at)`, and of each row `id, values, deleted_at, clocks`: so many rows at once as
    /// [`INSERTED_AT_ONCE`] says at the same place.
    inserts: [SqlStr; INSERTED_AT_ONCE.len()],
    /// The same parameters, of one row that is there.
    pub(crate) update: SqlStr,
    /// `(tenant, id)` → who last wrote the row: person, their name, device, its name, when.
    pub(crate) source: SqlStr,
    /// `(tenant, version)` → some rows after that version whose writing is not in the audit log.
    pub(crate) unrecorded: SqlStr,
    /// `(tenant)` → some rows that are in the audit log and not in the table.
    pub(crate) vanished: SqlStr,
}

/// What devices of one scope may read.
#[derive(Debug)]
pub(crate) struct ScopeStatements {
    /// `(tenant, version, place, id, limit)` → the rows after that position, as JSON texts, in order.
    pub(crate) page: SqlStr,
    /// `(tenant)` → how many rows there are that are not deleted.
    pub(crate) count: SqlStr,
    /// Of each table; none for one that the scope does not see.
    tables: Vec<Option<TableReads>>,
}

/// How one table is read.
#[derive(Debug)]
struct TableReads {
    rows: SqlStr,
    slice_end: SqlStr,
    digest: SqlStr,
    bucket: SqlStr,
}

impl ScopeStatements {
    fn table(&self, table: TableName) -> Option<&TableReads> {
        self.tables[table as usize].as_ref()
    }

    /// `(tenant, ids)` → these rows as JSON texts.
    pub(crate) fn rows(&self, table: TableName) -> Option<SqlStr> {
        self.table(table).map(|reads| reads.rows.clone())
    }

    /// `(tenant, id, n)` → the id that many rows after that one, if there is one; and `(tenant, after, until)` → number,
    /// count of rows and digest of each bucket, of the rows with these ids that are not deleted.
    pub(crate) fn digest(&self, table: TableName) -> Option<(SqlStr, SqlStr)> {
        self.table(table).map(|reads| (reads.slice_end.clone(), reads.digest.clone()))
    }

    /// `(tenant, bucket)` → id and version of each row that is not deleted.
    pub(crate) fn bucket(&self, table: TableName) -> Option<SqlStr> {
        self.table(table).map(|reads| reads.bucket.clone())
    }
}

impl TableReads {
    fn of(table: &Table, scope: DeviceScope) -> Self {
        let name = table.sql_name;
        // The shared medicines have no tenant and are never deleted; their statements take one all the same.
        let (version, deleted, whose, live) = if table.is_shared() {
            ("catalogue_version", "false", "$1::uuid is not null", "true")
        } else {
            ("sync_version", "deleted_at is not null", "tenant_id = $1", "deleted_at is null")
        };
        let whose = format!("{whose}{}", only(table, scope));
        let row = row(table, version, deleted, |column| sees(scope, column));
        let rows = format!("select {row} from {name} where {whose} and id = any($2) order by id");
        let slice_end =
            format!("select id from {name} where {whose} and id > $2 order by id limit 1 offset $3");
        // As protocol/src/digest.rs has it. There is no shorter way from bytes to a number before Postgres 18.
        let hash = format!(
            "('x' || encode(substr(sha256(uuid_send(id) || int8send({version})), 1, 8), 'hex'))::bit(64)::bigint"
        );
        let digest = format!(
            "select get_byte(uuid_send(id), 15), count(*), bit_xor({hash}) from {name}
             where {whose} and id > $2 and id <= $3 and {live} group by 1"
        );
        let bucket = format!(
            "select id, {version} from {name}
             where {whose} and get_byte(uuid_send(id), 15) = $2 and {live} order by id"
        );
        let [rows, slice_end, digest, bucket] =
            [rows, slice_end, digest, bucket].map(|sql| AssertSqlSafe(sql).into_sql_str());
        Self { rows, slice_end, digest, bucket }
    }
}

/// `(tenant, prescription)` → the prescription's values, and pairs of id and values of its lines that are not deleted.
pub(crate) static WHOLE: LazyLock<SqlStr> = LazyLock::new(|| {
    let [own, of_line] =
        [TableName::Prescriptions, TableName::PrescriptionItems].map(|table| values(table.table(), |_| true));
    let sql = format!(
        "select {own}, (select coalesce(json_agg(json_build_array(id, {of_line})), '[]') from prescription_items
                        where tenant_id = $1 and prescription_id = $2 and deleted_at is null)
         from prescriptions where tenant_id = $1 and id = $2"
    );
    AssertSqlSafe(sql).into_sql_str()
});

/// `(version)` → the rows of the shared catalogue that are newer, as JSON texts.
pub(crate) static CATALOGUE: LazyLock<SqlStr> = LazyLock::new(|| {
    let row = row(TableName::Medicines.table(), "catalogue_version", "false", |_| true);
    let sql =
        format!("select {row} from medicines where catalogue_version > $1 order by catalogue_version, id");
    AssertSqlSafe(sql).into_sql_str()
});

static TABLE_STATEMENTS: LazyLock<Vec<TableStatements>> =
    LazyLock::new(|| TABLES.iter().map(TableStatements::of).collect());

static CLINICAL: LazyLock<ScopeStatements> = LazyLock::new(|| ScopeStatements::of(DeviceScope::Clinical));

static FRONT_DESK: LazyLock<ScopeStatements> = LazyLock::new(|| ScopeStatements::of(DeviceScope::FrontDesk));

/// Whether devices of this scope may have this column.
pub(super) fn sees(scope: DeviceScope, column: &Column) -> bool {
    scope == DeviceScope::Clinical || column.scope == Scope::Everyone
}

/// What keeps a row from a device of this scope, where the row itself says it.
pub(super) fn only(table: &Table, scope: DeviceScope) -> String {
    let by_row = table.row_scope.filter(|_| scope == DeviceScope::FrontDesk);
    by_row.map_or_else(String::new, |column| format!(" and {column} = 'everyone'"))
}

/// The statements that write this table.
pub(crate) fn of_table(table: TableName) -> &'static TableStatements {
    &TABLE_STATEMENTS[table as usize]
}

/// The statements that read for devices of this scope.
pub(crate) fn of_scope(scope: DeviceScope) -> &'static ScopeStatements {
    match scope {
        DeviceScope::Clinical => &CLINICAL,
        DeviceScope::FrontDesk => &FRONT_DESK,
    }
}

impl TableStatements {
    fn of(table: &Table) -> Self {
        let name = table.sql_name;
        let names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
        let columns = names.join(", ");
        let given = |values: usize| table.columns.iter().map(move |column| given(column, values));
        let set: Vec<String> =
            names.iter().zip(given(6)).map(|(column, given)| format!("{column} = {given}")).collect();
        let set = set.join(", ");
        let lock = format!(
            "select id, deleted_at is not null, clocks, {} from {name}
             where tenant_id = $1 and id = any ($2) order by id for update",
            values(table, |_| true)
        );
        // sync_version comes from the table's trigger.
        let row = |place: usize| {
            let first = 5 + 4 * place;
            let (id, values, deleted_at, clocks) = (first, first + 1, first + 2, first + 3);
            let given = given(values).collect::<Vec<_>>().join(", ");
            format!("($1, ${id}, {given}, $2, $2, ${deleted_at}, $3, $4, ${clocks})")
        };
        let inserts = INSERTED_AT_ONCE.map(|rows| {
            let rows: Vec<String> = (0..rows).map(row).collect();
            let sql = format!(
                "insert into {name} (tenant_id, id, {columns}, created_by, updated_by, deleted_at,
                                     origin_device_id, client_recorded_at, clocks)
                 values {}",
                rows.join(", ")
            );
            AssertSqlSafe(sql).into_sql_str()
        });
        let update = format!(
            "update {name} set {set}, updated_by = $2,
                 deleted_at = case when $7::timestamptz is not null then coalesce(deleted_at, $7) end,
                 origin_device_id = $3, client_recorded_at = $4, clocks = $8
             where tenant_id = $1 and id = $5"
        );
        let source = format!(
            "select r.updated_by, u.full_name, r.origin_device_id, d.name::text,
                    coalesce(r.client_recorded_at, r.updated_at)
             from {name} r
             left join users u on u.tenant_id = $1 and u.id = r.updated_by
             left join devices d on d.tenant_id = $1 and d.id = r.origin_device_id
             where r.tenant_id = $1 and r.id = $2"
        );
        let unrecorded = format!(
            "select r.id from {name} r
             where r.tenant_id = $1 and r.sync_version > $2 and not exists (
                 select from tenant_audit_log l
                 where l.tenant_id = $1 and l.lane = 'writes' and l.table_name = '{name}'
                   and l.record_id = r.id and l.sync_version = r.sync_version
             ) limit 20"
        );
        let vanished = format!(
            "select distinct l.record_id from tenant_audit_log l
             where l.tenant_id = $1 and l.lane = 'writes' and l.table_name = '{name}'
               and not exists (select from {name} r where r.tenant_id = $1 and r.id = l.record_id) limit 20"
        );
        let [lock, update, source, unrecorded, vanished] =
            [lock, update, source, unrecorded, vanished].map(|sql| AssertSqlSafe(sql).into_sql_str());
        Self { lock, inserts, update, source, unrecorded, vanished }
    }

    /// The statement that inserts the first of so many rows, and how many of them it inserts.
    ///
    /// # Panics
    ///
    /// If there are none.
    pub(crate) fn insert(&self, rows: usize) -> (usize, SqlStr) {
        let place = INSERTED_AT_ONCE.iter().position(|at_once| *at_once <= rows);
        let place = place.expect("BUG: there is a row to insert");
        (INSERTED_AT_ONCE[place], self.inserts[place].clone())
    }
}

impl ScopeStatements {
    fn of(scope: DeviceScope) -> Self {
        let sees = |column: &Column| sees(scope, column);
        let visible = |table: &&Table| table.columns.iter().any(sees);
        let (mut places, mut lines) = (Vec::new(), String::new());
        for table in Table::of_tenant().filter(visible) {
            let (name, place) = (table.sql_name, table.name as usize);
            let row = row(table, "sync_version", "deleted_at is not null", sees);
            let only = only(table, scope);
            places.push(format!(
                "(select sync_version, {place} as place, id from {name}
                  where tenant_id = $1{only} and sync_version >= $2
                    and (sync_version, {place}, id) > ($2, $3::int, $4)
                  order by sync_version, id limit $5)"
            ));
            write!(
                lines,
                " when {place} then (select {row} from {name} where tenant_id = $1 and id = page.id{only})"
            )
            .expect("BUG: a string takes all text");
        }
        let counts: Vec<String> = Table::of_tenant()
            .filter(visible)
            .map(|table| {
                let (name, only) = (table.sql_name, only(table, scope));
                format!("(select count(*) from {name} where tenant_id = $1 and deleted_at is null{only})")
            })
            .collect();
        let count = format!("select {}", counts.join(" + "));
        // Which rows those are is read from the indexes; lines are made of these alone.
        let page = format!(
            "with page as materialized (
                 select sync_version, place, id from ({}) places order by sync_version, place, id limit $5
             )
             select case place{lines} end from page order by sync_version, place, id",
            places.join(" union all ")
        );
        let tables =
            TABLES.iter().map(|table| visible(&table).then(|| TableReads::of(table, scope))).collect();
        Self { page: AssertSqlSafe(page).into_sql_str(), count: AssertSqlSafe(count).into_sql_str(), tables }
    }
}

/// The text of every statement here, for the tests that look at them.
#[cfg(feature = "testing")]
pub(crate) fn all() -> Vec<String> {
    let of_tables = TABLES.iter().filter(|table| !table.is_shared()).flat_map(|table| {
        let TableStatements { lock, inserts, update, source, unrecorded, vanished } = of_table(table.name);
        inserts.iter().chain([lock, update, source, unrecorded, vanished])
    });
    let of_scopes =
        [&*CLINICAL, &*FRONT_DESK].into_iter().flat_map(|ScopeStatements { page, count, tables }| {
            let reads = tables
                .iter()
                .flatten()
                .flat_map(|TableReads { rows, slice_end, digest, bucket }| [rows, slice_end, digest, bucket]);
            [page, count].into_iter().chain(reads)
        });
    let single = [&*WHOLE, &*CATALOGUE];
    let texts = of_tables.chain(of_scopes).chain(single).map(|sql| sql.as_str().to_owned());
    texts.chain(super::copies::texts()).collect()
}

/// A [`protocol::table::Row`] as an expression that is its JSON text. Nothing in it but the values can need escaping.
fn row(table: &Table, version: &str, deleted: &str, sees: impl Fn(&Column) -> bool) -> String {
    format!(
        r#"'{{"table":"{}","id":"' || id || '","version":' || {version} || ',"deleted":' || ({deleted})
           || ',"values":' || {} || '}}'"#,
        table.sql_name,
        values(table, sees)
    )
}

/// A column's value out of the parameter of this number, the row's values in the form that they travel in. `jsonb_populate_record` would know
/// the types by itself, but is a query, which a Citus cluster takes neither in an insert under row security nor in an
/// update.
fn given(column: &Column, values: usize) -> String {
    let name = column.name;
    let text = format!("(${values}::jsonb ->> '{name}')");
    match column.kind {
        Kind::Text(_) | Kind::Choice(_) => text,
        Kind::Uuid => format!("{text}::uuid"),
        Kind::Int(..) => format!("{text}::bigint"),
        Kind::Decimal => format!("{text}::numeric"),
        Kind::Bool => format!("{text}::boolean"),
        Kind::Date => format!("{text}::date"),
        Kind::Timestamp => format!("{text}::timestamptz"),
        Kind::Json => format!("nullif(${values}::jsonb -> '{name}', 'null')"),
    }
}

/// The columns' values, in the form that they travel in, as a JSON expression. A row becomes JSON in half the time of
/// `json_build_object`, which looks up of each of its arguments, names and values, how it is written. `jsonb` would be
/// sorted besides.
fn values(table: &Table, sees: impl Fn(&Column) -> bool) -> String {
    let columns: Vec<String> = table
        .columns
        .iter()
        .filter(|column| sees(column))
        .map(|column| format!("{} as {}", selected(column), column.name))
        .collect();
    format!("(select row_to_json(v) from (select {}) v)", columns.join(", "))
}

/// A column's value in the form that it travels in.
pub(super) fn selected(column: &Column) -> String {
    let name = column.name;
    match column.kind {
        Kind::Timestamp => format!(r#"to_char({name} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"#),
        Kind::Date => format!("to_char({name}, 'YYYY-MM-DD')"),
        Kind::Text(_)
        | Kind::Choice(_)
        | Kind::Uuid
        | Kind::Int(..)
        | Kind::Decimal
        | Kind::Bool
        | Kind::Json => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_front_desk_statement_names_no_clinical_column_and_no_clinical_table() {
        let page = FRONT_DESK.page.as_str();
        assert!(page.contains("as allergy_status"));
        assert!(!page.contains("chronic_conditions"));
        assert!(!page.contains("from prescriptions"));
        let reads = page.matches("from sync_conflicts").count();
        assert_eq!((reads, page.matches("scope = 'everyone'").count()), (2, 2), "each names whom it is for");
        let items = FRONT_DESK.table(TableName::SyncConflicts).expect("BUG: it sees some");
        for read in [&items.rows, &items.slice_end, &items.digest, &items.bucket] {
            assert!(read.as_str().contains("tenant_id = $1 and scope = 'everyone'"), "{}", read.as_str());
        }
        assert!(FRONT_DESK.rows(TableName::PrescriptionItems).is_none());
        assert!(CLINICAL.rows(TableName::PrescriptionItems).is_some());
    }

    #[test]
    fn no_statement_of_the_shared_catalogue_takes_a_tenant() {
        assert!(!CLINICAL.rows(TableName::Medicines).is_some_and(|sql| sql.as_str().contains("tenant_id")));
        assert!(!CLINICAL.page.as_str().contains("from medicines"));
    }
}
